"""Trials on streams without an end: the forget gate's own experiment (Gers et al. 2000)."""

from itertools import islice
from typing import NamedTuple

import numpy as np

from lstm_inside import validate
from lstm_inside.training import each_array

from .blocks import check_rngs
from .grammar import SYMBOLS, continual_stream, right_steps
from .realtime import RealTime
from .trials import check_trials
from .variants import VARIANTS


class Stream(NamedTuple):
    """How one trial on a stream without resets went, measured on the stream's continuation.

    right: the share of steps at which every legal next symbol was above all others, in each
    tenth of the test. state: the largest |c| in each tenth. lost: how many units ended with
    |c| above 100. wrong, wrong_kept: at how many steps some legal symbol was not above the
    others, and at how many of these the remembered symbol was due. gates: how far i and f stood
    open in the test, the mean over the units that are lost, where a cell has both.
    """

    right: tuple[float, ...]
    state: tuple[float, ...]
    lost: int
    wrong: int
    wrong_kept: int
    gates: tuple[float, ...]


def stream_trials(params, model, optimiser, *, rngs, chunks, length=40, test=2000):
    """Train K networks on continual Reber streams, then let each read on: K `Stream`s.

    A stream is cut into chunks of `length` symbols; each is an update, and the state is carried
    on from one to the next (truncated backpropagation through time, as in notebook 04). The
    test is the next `test` symbols, read with the weights standing still. Nothing resets the
    state, in training, in the test, or between. Cross-entropy on the symbol that follows.
    Raises ValueError or TypeError for counts below 1, a `test` that is no multiple of 10, no
    model, no optimiser, not as many generators as networks.
    """
    check_trials(params, model, optimiser, rngs, chunks=chunks, length=length, test=test)
    if test % 10:
        raise ValueError(f"test: expected a multiple of 10, got {test}")
    streams = [continual_stream(rng=rng) for rng in rngs]
    xs, legal = _symbols(streams, 1)
    moments, state = optimiser.start(params), None
    for _ in range(chunks):
        xs, legal = _read_on(streams, length, xs, legal)
        y, trace = model.forward(xs[:-1], params, state)
        grads = model.backward(y - xs[1:], trace, params)
        params, moments = optimiser.step(params, grads, moments)
        state = tuple(part[-1] for part in trace.states)
    xs, legal = _read_on(streams, test, xs, legal)
    y, trace = model.forward(xs[:-1], params, state)
    wrong = ~right_steps(y, legal[:-1])[:, :, 0]
    wrong_kept = wrong & _remembered(legal[:-1])[:, :, 0]
    right = 1 - wrong.reshape(10, -1, len(rngs)).mean(axis=1)
    size = np.abs(trace.c[1:]).max(axis=(2, 3)).reshape(10, -1, len(rngs)).max(axis=1)
    lost = np.abs(trace.c[-1]) > 100
    both = {"i", "f"} <= set(VARIANTS[trace.variant].cache)
    opened = [trace.over_time(gate).mean(axis=0) for gate in "if"] if both else []
    return [
        Stream(tuple(right[:, k].tolist()), tuple(size[:, k].tolist()), int(lost[k].sum()),
               int(wrong[:, k].sum()), int(wrong_kept[:, k].sum()),
               tuple(float(gate[k][lost[k]].mean()) for gate in opened) if lost[k].any() else ())
        for k in range(len(rngs))
    ]  # fmt: skip


def _remembered(legal):
    """Where the remembered symbol is due: T alone may come, or P alone. legal (..., 7)."""
    alone = legal.sum(axis=-1) == 1
    return alone & (legal[..., [SYMBOLS.index(symbol) for symbol in "TP"]].sum(axis=-1) == 1)


def _read_on(streams, length, xs, legal):
    """The last symbol of xs and the `length` that follow it, with what may follow each."""
    parts = zip((xs, legal), _symbols(streams, length), strict=True)
    return tuple(np.concatenate([part[-1:], following]) for part, following in parts)


def _symbols(streams, length):
    """The next symbols of every stream, one-hot, and what may follow each: (length, K, 1, 7)."""
    xs, legal = np.zeros((2, length, len(streams), 1, len(SYMBOLS)))
    for k, stream in enumerate(streams):
        for t, (symbol, following) in enumerate(islice(stream, length)):
            xs[t, k, 0, SYMBOLS.index(symbol)] = 1
            legal[t, k, 0, [SYMBOLS.index(other) for other in following]] = 1
    return xs, legal


class Continual(NamedTuple):
    """How one trial on a continual stream went.

    best: symbols predicted before the first error, the mean over the test streams at the best
    test. perfect: whether then all of them went through to the cap. tests: that mean at every
    test. streams: how many training streams there were. state: the largest |c| at the end of
    training, the drift that a forget gate undoes.
    """

    best: float
    perfect: bool
    tests: tuple[float, ...]
    streams: int
    state: float


def continual_trials(params, net, *, rngs, symbols, rate=0.5, decay=1.0, reset=False, every=20_000,
                     longest=100_000, tests=10, cap=1_000):  # fmt: skip
    """Learn to predict an endless stream of embedded Reber strings (Gers et al. 2000).

    A training stream runs until the first wrong prediction or `longest` symbols; then states
    go to zero and a new one starts, at the beginning of a string. An answer is right when each
    output is within 0.7 of its target (a squared error below 0.49). The weights change at every
    step, at `rate * decay**t` at step t of a stream. reset: whether somebody from outside also
    resets the states at every string's end. After every `every` symbols, `tests` streams are
    read with the weights standing still, up to `cap` symbols each. symbols: how many to train
    on in all. Returns a `Continual` for each generator of `rngs`.
    Raises ValueError or TypeError for weights that do not fit the wiring, counts below 1, fewer
    symbols than `every`, a rate or decay below 0, not as many generators as networks.
    """
    learner = RealTime(params, net)
    K = len(learner.c)
    check_rngs(rngs, K)
    for name, size in (("every", every), ("longest", longest), ("tests", tests), ("cap", cap)):
        validate.count(name, size)
    validate.whole("symbols", symbols, least=every)
    for name, number in (("rate", rate), ("decay", decay)):
        validate.number(name, number, "a finite number of at least 0", lambda x: x >= 0)
    streams = [continual_stream(rng=rng) for rng in rngs]
    now = np.array([SYMBOLS.index(next(stream)[0]) for stream in streams])
    at, ended = np.zeros(K, dtype=int), np.zeros(K, dtype=int)
    scores = []
    for step in range(1, symbols + 1):
        following = np.array([SYMBOLS.index(next(stream)[0]) for stream in streams])
        target = _EYE[following]
        y = learner.step(_EYE[now], target, rate * decay**at)
        at += 1
        over = (np.abs(y - target) >= 0.7).any(axis=1) | (at == longest)
        new_string = reset & (following == SYMBOLS.index("B")) & (now == SYMBOLS.index("E"))
        if (over | new_string).any():
            learner.reset(over | new_string)
            at[over] = 0
            ended += over
            for k in np.flatnonzero(over):
                streams[k] = continual_stream(rng=rngs[k])
                following[k] = SYMBOLS.index(next(streams[k])[0])
        now = following
        if step % every == 0:
            scores.append(_streams_right(learner.params, net, rngs, tests, cap, reset))
    scores = np.array(scores)  # (exams, K, tests)
    means = scores.mean(axis=2)
    best = means.argmax(axis=0)
    return [
        Continual(float(means[best[k], k]), bool((scores[best[k], k] == cap).all()),
                  tuple(means[:, k].tolist()), int(ended[k]), float(np.abs(learner.c[k]).max()))
        for k in range(K)
    ]  # fmt: skip


_EYE = np.eye(len(SYMBOLS))


def _streams_right(params, net, rngs, tests, cap, reset):
    """Symbols predicted before the first error, of `tests` streams a trial: (K, tests)."""
    reader = RealTime(each_array(lambda a: np.repeat(a, tests, axis=0), params), net)
    streams = [continual_stream(rng=rng) for rng in rngs for _ in range(tests)]
    now = np.array([SYMBOLS.index(next(stream)[0]) for stream in streams])
    right = np.zeros(len(streams), dtype=int)
    going = np.ones(len(streams), dtype=bool)
    for _ in range(cap):
        following = np.array([SYMBOLS.index(next(stream)[0]) for stream in streams])
        going &= (np.abs(reader.step(_EYE[now]) - _EYE[following]) < 0.7).all(axis=1)
        right += going
        if not going.any():
            break
        if reset:
            reader.reset((following == SYMBOLS.index("B")) & (now == SYMBOLS.index("E")))
        now = following
    return right.reshape(len(rngs), tests)
