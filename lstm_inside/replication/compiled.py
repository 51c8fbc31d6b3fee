"""Trials of memory blocks, compiled: many side by side, and a million sequences in each.

`train_trials`, `learn_without_cells`, `settle_without_cells` and `reber_trials` do what their
namesakes in `trials` and `strings` do, with the same generators, and to rounding with the same
numbers, until a training has doubled its rounding errors often enough: a test compares them on
short runs. The equations are those of `blocks` and `realtime`; read them there.

Up to 32 networks go through the loops side by side, as lanes: every array's last axis is the lane,
so that a step is computed for all of them at once. A lane whose trial has ended takes the next.

Axes: T time steps, B sequences, D inputs, P outputs, N gates, C cells, R rows that a unit sees,
L lanes.

Optional: needs numba (`pip install numba`). Importing this module without it raises ImportError.
"""

from typing import NamedTuple

import numpy as np

from lstm_inside import validate
from lstm_inside.compiled import jit, sigmoid

from .blocks import BlockParams, Blocks, check_blocks, check_rngs
from .grammar import PLACES
from .realtime import as_rates
from .strings import Marks, check_reber, examined, prepared
from .trials import (
    CHUNK,
    WINDOW,
    Episodes,
    Trial,
    check_task,
    check_without_cells,
    lengths_of,
    still_falls,
)

LANES = 32  # at most; enough for whole vector instructions, few enough for the cache


def train_trials(params, net, task, rate, *, rngs, cap, loss="squared", tests=2560,
                 keep=False):  # fmt: skip
    """K trials of memory blocks, with plain descent: `trials.train_trials`, compiled.

    Takes the wiring and a rate where that takes a model and an optimiser. Each `Trial` also says
    how far its gates `opened` and, with `keep`, its last `weights`. Raises as that does.
    """
    params = check_blocks(params, net)
    check_task(task)
    validate.positive("rate", rate)
    check_rngs(rngs, len(params.hidden))
    validate.count("cap", cap)
    validate.count("tests", tests)
    validate.choice("loss", loss, ("squared", "entropy"))
    L = min(LANES, len(rngs))
    lanes, trials = _Lanes(net, L), [None] * len(rngs)
    exam = task.exam or Episodes(*(np.zeros((0, 0, n)) for n in (net.inputs, net.outputs)),
                                 np.zeros((0, 0)))  # fmt: skip
    exam, every = _in_line([exam]), task.every if task.exam else 0
    waiting, feed = list(range(len(rngs))), _Feed(task, L)
    trial, seen = np.full(L, -1), np.zeros(L, dtype=int)
    recent, highest = np.zeros((L, task.window)), np.zeros((lanes.net.N, L))
    curves, thousand = [[] for _ in range(L)], np.zeros(L)
    while True:
        for lane in np.flatnonzero(trial < 0):
            if waiting:
                trial[lane] = waiting.pop(0)
                lanes.take(lane, params, trial[lane])
                seen[lane], thousand[lane], curves[lane] = 0, 0.0, []
                recent[lane], highest[:, lane] = np.inf, 0
        alive = trial >= 0
        if not alive.any():
            return trials
        feed.draw([rngs[k] if k >= 0 else None for k in trial])
        lanes.fit(max(feed.steps, len(exam.due[0])))
        limit = np.where(alive, np.minimum(CHUNK, cap - seen), 0)
        done, met, errors = _train(
            lanes.net, lanes.wires, lanes.weights, lanes.work, feed.episodes, feed.order,
            feed.lengths, limit, rate, loss == "squared", True, seen, task.within, task.mean,
            recent, exam, every, highest,
        )  # fmt: skip
        seen += done
        thousand += errors
        for lane in np.flatnonzero(alive):
            if seen[lane] % 1000 == 0:
                curves[lane].append((thousand[lane] / 1000, *highest[:, lane].tolist()))
                thousand[lane], highest[:, lane] = 0.0, 0
            if met[lane] or seen[lane] == cap:
                k, left = trial[lane], -1
                if met[lane]:
                    left = lanes.wrong(lane, task.draw(tests, rngs[k]), task.within)
                error, *opened = zip(*curves[lane], strict=True) if curves[lane] else ((),)
                trials[k] = Trial(bool(met[lane]), int(seen[lane]), left, tuple(map(float, error)),
                                  opened=tuple(opened),
                                  weights=lanes.flat(lane) if keep else ())  # fmt: skip
                trial[lane] = -1


def learn_without_cells(params, net, task, rate, *, rngs, count) -> BlockParams:
    """`trials.learn_without_cells`, compiled. Raises as that does."""
    params = check_without_cells(params, net, task, rate, rngs)
    validate.whole("count", count, least=0)
    learned = BlockParams(params.hidden.copy(), params.output.copy())
    for some in _groups(len(rngs)):
        if count:
            next(_without_cells(learned, net, task, rate, rngs, some, count))
    return learned


def settle_without_cells(params, net, task, rate, *, rngs):
    """`trials.settle_without_cells`, compiled. Raises as that does."""
    params = check_without_cells(params, net, task, rate, rngs)
    learned = BlockParams(params.hidden.copy(), params.output.copy())
    losses = [[] for _ in rngs]
    for some in _groups(len(rngs)):
        going = list(some)
        for found in _without_cells(learned, net, task, rate, rngs, going, WINDOW):
            for k, loss in zip(list(going), found, strict=True):
                losses[k].append(loss)
                if not still_falls(losses[k]):
                    going.remove(k)
            if not going:
                break
    return learned, tuple(WINDOW * len(each) for each in losses)


def _groups(K):
    return [range(k, min(k + LANES, K)) for k in range(0, K, LANES)]


def _without_cells(params, net, task, rate, rngs, going, count):
    """Train the read-outs of the networks `going`, which may become fewer, in place.

    Yields the mean loss of each, in their order, after every `count` sequences.
    """
    L = len(going)
    lanes, feed = _Lanes(net, L), _Feed(task, L)
    place = {k: lane for lane, k in enumerate(going)}
    for k, lane in place.items():
        lanes.take(lane, params, k)
    lanes.weights.output[: net.cells] = 0
    left = np.zeros(L, dtype=int)  # of the chunk that was drawn last
    while True:
        total, togo = np.zeros(L), count
        alive = np.array([lane in {place[k] for k in going} for lane in range(L)])
        while togo:
            if not left[alive].any():
                by_lane = {place[k]: rngs[k] for k in going}
                feed.draw([by_lane.get(lane) for lane in range(L)])
                lanes.fit(feed.steps)
                left[:] = CHUNK
            n = min(togo, int(left[alive][0]))
            at = CHUNK - int(left[alive][0])
            _, _, losses = _train(
                lanes.net, lanes.wires, lanes.weights, lanes.work, feed.episodes,
                feed.order[:, at:].copy(), feed.lengths, np.where(alive, n, 0), rate, True, False,
                np.zeros(L, dtype=int), 0.0, 0.0, np.zeros((L, 1)), feed.episodes, 0,
                np.zeros((lanes.net.N, L)),
            )  # fmt: skip
            total += losses
            left -= n
            togo -= n
        for k in going:
            params.output[k, net.cells :] = lanes.weights.output[net.cells :, :, place[k]]
        yield [total[place[k]] / count for k in going]


def reber_trials(params, net, sets, *, rate, rngs, cap, every=100, online=True, aim="next"):
    """K trials of experiment 1: `strings.reber_trials`, compiled. Raises as that does.

    Raises ValueError for a wiring with forget gates, which experiment 1 has not.
    """
    params = check_reber(params, net, sets, rngs, aim, cap=cap, every=every)
    if net.plain or not net.output_gate or net.forget:
        raise ValueError(f"net: expected output gates, no forget gates, plain=False, got {net!r}")
    rates = as_rates(rate, len(rngs))
    parts, lengths, exams, mine = prepared(sets)
    strings = parts[0], parts[2 if aim == "legal" else 1], lengths
    asked = _stacked(exams)
    L = min(LANES, len(rngs))
    lanes, trials = _Lanes(net, L), [None] * len(rngs)
    waiting, marks = list(range(len(rngs))), [[] for _ in rngs]
    trial, seen = np.full(L, -1), np.zeros(L, dtype=int)
    pair, next_string = np.zeros((2, L), dtype=int)
    while True:
        for lane in np.flatnonzero(trial < 0):
            if waiting:
                k = trial[lane] = waiting.pop(0)
                lanes.take(lane, params, k)
                seen[lane], pair[lane] = 0, mine[k]
                next_string[lane] = rngs[k].integers(lengths.shape[1])
        alive = trial >= 0
        if not alive.any():
            return trials
        count = np.where(alive, np.minimum(every, cap - seen), 0)
        order = np.zeros((L, every), dtype=int)
        for lane in np.flatnonzero(alive):
            rng = rngs[trial[lane]]
            for n in range(count[lane]):
                order[lane, n] = next_string[lane]
                next_string[lane] = rng.integers(lengths.shape[1])
        rate = np.where(alive, rates[trial], 0.0)
        _learn_strings(lanes.net, lanes.wires, lanes.weights, strings, pair, order, count, rate,
                       online)  # fmt: skip
        seen += count
        wrong, illegal, at = _examine(lanes.net, lanes.weights, asked, pair, len(PLACES))
        for lane in np.flatnonzero(alive):
            k, exam = trial[lane], exams[pair[lane]]
            off, known = wrong[lane, : exam.size], exam.trained
            marks[k].append(
                Marks(int(off[:known].sum()), int(off[known:].sum()), int(illegal[lane].sum()),
                      tuple(at[lane].sum(axis=0).tolist()))
            )  # fmt: skip
            if not marks[k][-1].wrong or seen[lane] >= cap:
                trials[k] = examined(marks[k], exam, seen[lane], every)
                trial[lane] = -1


def _stacked(exams):
    """All exams in one: xs, legal (exams, T, S, 7), places (exams, T, S), lengths (exams, S)."""
    T, S = (max(exam.places.shape[axis] for exam in exams) for axis in (0, 1))
    xs, legal = np.zeros((2, len(exams), T, S, exams[0].coded.xs.shape[2]))
    places, lengths = np.zeros((len(exams), T, S), dtype=int), np.zeros((len(exams), S), dtype=int)
    for n, (coded, _, where) in enumerate(exams):
        t, s = where.shape
        xs[n, :t, :s], legal[n, :t, :s], places[n, :t, :s] = coded.xs, coded.legal, where
        lengths[n, :s] = coded.steps.sum(axis=0)
    return xs, legal, places, lengths


# ---------------------------------------------------------------- lanes and what runs in them


class _Net(NamedTuple):
    """`Blocks` in what compiled code can read. o, f: where these gates' columns begin, or -1."""

    D: int
    P: int
    blocks: int
    size: int
    N: int
    C: int
    o: int
    f: int
    recurrent: bool
    shortcut: bool
    plain: bool
    g_within: float
    h_within: float


def _plain_net(net: Blocks) -> _Net:
    o, f = (net.gate(kind).start if kind in net.kinds else -1 for kind in "of")
    return _Net(net.inputs, net.outputs, net.blocks, net.size, net.gates, net.cells, o, f,
                net.recurrent, net.shortcut, net.plain, net.g_within, net.h_within)  # fmt: skip


class _Work(NamedTuple):
    """What a pass over T steps leaves behind, and room for the gradient.

    rows (T + 1, R, L): what gates and cells see at a step, and after it its own; c (T + 1, C, L);
    g, h (T, C, L); y (T, P, L); off (T, P, L): y less its target, 0 where none is due; hidden,
    output: as the weights.
    """

    rows: np.ndarray
    c: np.ndarray
    g: np.ndarray
    h: np.ndarray
    y: np.ndarray
    off: np.ndarray
    hidden: np.ndarray
    output: np.ndarray


class _Lanes:
    """L networks of one wiring: weights (R, N + C, L) and (C + D + 1, P, L), changed in place."""

    def __init__(self, net, L):
        self.net, self.wires, self.L = _plain_net(net), net.wiring(), L
        self.weights = BlockParams(*(np.zeros((*wire.shape, L)) for wire in self.wires))
        self.work = self._room(1)

    def _room(self, T):
        D, N, C, L = self.net.D, self.net.N, self.net.C, self.L
        sizes = ((T + 1, D + N + C + 1, L), (T + 1, C, L), *((T, C, L),) * 2,
                 *((T, self.net.P, L),) * 2)  # fmt: skip
        return _Work(*map(np.zeros, sizes), *map(np.zeros_like, self.weights))

    def fit(self, T):
        if len(self.work.y) < T:
            self.work = self._room(T)

    def take(self, lane, params, k):
        """Put the weights of network k into a lane."""
        for mine, theirs in zip(self.weights, params, strict=True):
            mine[..., lane] = theirs[k]

    def flat(self, lane):
        """A lane's weights that have a wire, those of `hidden` first, in the order of `wiring`."""
        parts = zip(self.weights, self.wires, strict=True)
        return tuple(np.concatenate([a[wire > 0, lane] for a, wire in parts]).tolist())

    def wrong(self, lane, episodes, within):
        """How many of the episodes the network of a lane gets wrong."""
        self.fit(len(episodes.due))
        found = _wrong(self.net, self.weights, self.work, _in_line([episodes]), within)
        return int(found[lane])


def _in_line(many):
    """`Episodes` of one lane or of each as arrays with a leading axis, the shorter filled up."""
    T = max(len(each.due) for each in many)
    parts = []
    for part in zip(*many, strict=True):
        array = np.zeros((len(part), T, *part[0].shape[1:]))
        for lane, each in enumerate(part):
            array[lane, : len(each)] = each
        parts.append(array)
    return Episodes(*parts)


class _Feed:
    """The next hundred training sequences of each lane.

    episodes: with a leading axis of L, or of 1 where all pick from a pool; order (L, CHUNK):
    which of them; lengths (L, B); steps: the longest.
    """

    def __init__(self, task, L):
        self.task, self.L = task, L
        if task.pool:
            self.episodes = _in_line([task.pool])
            self.lengths = np.tile(lengths_of(task.pool), (L, 1))

    def draw(self, rngs):
        """Draw for the lanes that have a generator."""
        if self.task.pool:
            of = self.task.pool.due.shape[1]
            self.order = np.array([
                np.zeros(CHUNK, dtype=int) if rng is None else rng.integers(of, size=CHUNK)
                for rng in rngs
            ])  # fmt: skip
        else:
            drawn = [rng and self.task.draw(CHUNK, rng) for rng in rngs]
            some = next(each for each in drawn if each is not None)
            drawn = [some if each is None else each for each in drawn]
            self.episodes = _in_line(drawn)
            self.lengths = np.array([lengths_of(each) for each in drawn])
            self.order = np.tile(np.arange(CHUNK), (self.L, 1))
        self.steps = self.episodes.due.shape[1]


# ---------------------------------------------------------------- the loops


@jit
def _train(net, wires, weights, work, drawn, order, lengths, limit, rate, squared, with_cells,
           seen, within, mean, recent, exam, every, highest):  # fmt: skip
    """Learn from at most `limit` (L,) sequences a lane, in turn, until a lane meets the rule.

    Returns for each lane how many it learned from, whether it met the rule, and the sum of its
    errors, without the cells that of its losses.
    """
    L = weights.hidden.shape[-1]
    done, met, total = np.zeros(L, np.int64), np.zeros(L, np.bool_), np.zeros(L)
    b, rates, past_exam = np.zeros(L, np.int64), np.zeros(L), np.zeros(L, np.int64)
    for n in range(limit.max()):
        T = 0
        for k in range(L):
            rates[k] = rate if n < limit[k] and not met[k] else 0.0
            b[k] = order[k, n]
            T = max(T, lengths[k, b[k]])
        _forward(net, weights, work, drawn, b, T, with_cells)
        for k in range(L):
            for t in range(1, lengths[k, b[k]] + 1):
                for gate in range(net.N):
                    if rates[k] > 0:
                        highest[gate, k] = max(highest[gate, k], work.rows[t, net.D + gate, k])
        error, worst, losses = _errors(net, work, drawn, b, T)
        _backward(net, wires, weights, work, drawn, b, T, rates, squared, with_cells)
        asked = every > 0 and _any_exam(seen, n, every, rates)
        if asked:
            past_exam = _wrong(net, weights, work, exam, within)
        for k in range(L):
            if rates[k] == 0:
                continue
            done[k] += 1
            total[k] += error[k] if with_cells else losses[k]
            step = seen[k] + done[k]
            recent[k, step % recent.shape[1]] = np.inf if worst[k] >= within else error[k]
            if every == 0:
                met[k] = worst[k] < within and _mean_below(recent[k], mean)
            else:
                met[k] = step % every == 0 and past_exam[k] == 0
    return done, met, total


@jit
def _any_exam(seen, n, every, rates):
    L = len(rates)
    found = False
    for k in range(L):
        found |= rates[k] > 0 and (seen[k] + n + 1) % every == 0
    return found


@jit
def _mean_below(recent, mean):
    """Whether the mean of `recent`, where a wrong sequence counts as infinite, is below `mean`."""
    total = 0.0
    for n in range(len(recent)):
        if recent[n] == np.inf:
            return False
        total += recent[n]
    return total < mean * len(recent)


@jit
def _wrong(net, weights, work, episodes, within):
    """How many of the episodes, the same for all lanes, each gets wrong by `within` or more."""
    L = weights.hidden.shape[-1]
    _, T, B = episodes.due.shape
    wrong, b = np.zeros(L, np.int64), np.zeros(L, np.int64)
    for n in range(B):
        b[:] = n
        _forward(net, weights, work, episodes, b, T, True)
        worst = _errors(net, work, episodes, b, T)[1]
        for k in range(L):
            wrong[k] += worst[k] >= within
    return wrong


@jit
def _errors(net, work, drawn, b, T):
    """Of a sequence a lane: mean absolute error, the largest one, half the sum of squares."""
    L = len(b)
    total, worst, squares, due = np.zeros(L), np.zeros(L), np.zeros(L), np.zeros(L)
    own = len(drawn.due) > 1
    for t in range(T):
        asked = False
        for k in range(L):
            weight = drawn.due[k * own, t, b[k]]
            due[k] += weight
            asked |= weight != 0
        if asked:
            for p in range(net.P):
                for k in range(L):
                    off = abs(work.off[t, p, k])
                    total[k] += off
                    squares[k] += off * off
                    worst[k] = max(worst[k], off)
    for k in range(L):
        total[k] /= due[k] * net.P
    return total, worst, squares / 2


@jit
def _forward(net, weights, work, drawn, b, T, with_cells):
    """A sequence a lane through the networks; outputs only where one is due."""
    L = len(b)
    rows, c = work.rows, work.c
    rows[0] = 0
    c[0] = 0
    a, weight = np.empty((net.N + net.C, L)), np.empty(L)
    own = len(drawn.due) > 1
    for t in range(T):
        row, asked = rows[t], False
        for k in range(L):
            asked |= drawn.due[k * own, t, b[k]] != 0
            for d in range(net.D):
                row[d, k] = drawn.xs[k * own, t, b[k], d]
            row[-1, k] = 1
        if with_cells:
            _step(net, weights.hidden, row, a, c[t], c[t + 1], work.g[t], work.h[t], rows[t + 1])
        if asked:
            y, off = work.y[t], work.off[t]
            _show(net, weights.output, row, rows[t + 1], y)
            for p in range(net.P):
                for k in range(L):
                    off[p, k] = drawn.targets[k * own, t, b[k], p]
            for k in range(L):
                weight[k] = drawn.due[k * own, t, b[k]]
            for p in range(net.P):
                for k in range(L):
                    off[p, k] = (y[p, k] - off[p, k]) * weight[k]


@jit
def _any(x):
    L = len(x)
    found = False
    for k in range(L):
        found |= x[k] != 0
    return found


@jit
def _step(net, hidden, row, a, c_prev, c, g, h, following):
    """One step of the blocks: from what they see (`row`) to gates and cells in `following`."""
    L = row.shape[-1]
    D, N = net.D, net.N
    last = len(row) - 1
    a[:] = hidden[last]
    for r in range(last if net.recurrent else D):
        x = row[r]
        if _any(x):
            for u in range(len(a)):
                for k in range(L):
                    a[u, k] += x[k] * hidden[r, u, k]
    for u in range(len(a)):
        for k in range(L):
            a[u, k] = sigmoid(a[u, k])
    following[D : D + N] = a[:N]
    for block in range(net.blocks):
        for cell in range(block * net.size, (block + 1) * net.size):
            for k in range(L):
                s = a[N + cell, k]
                g[cell, k] = s if net.plain else net.g_within * (2 * s - 1)
                f = a[net.f + block, k] if net.f >= 0 else 1.0
                c[cell, k] = f * c_prev[cell, k] + a[block, k] * g[cell, k]  # (8.2)
            for k in range(L):
                squashed = net.h_within * (2 * sigmoid(c[cell, k]) - 1)
                h[cell, k] = c[cell, k] if net.plain else squashed
                o = a[net.o + block, k] if net.o >= 0 else 1.0
                following[D + N + cell, k] = o * h[cell, k]


@jit
def _show(net, output, row, following, y):
    """The outputs of one step, from the cells that it ends with and, by a shortcut, its inputs."""
    L = row.shape[-1]
    D, N, C = net.D, net.N, net.C
    y[:] = output[C + D]
    for cell in range(C):
        x = following[D + N + cell]
        for p in range(net.P):
            for k in range(L):
                y[p, k] += x[k] * output[cell, p, k]
    if net.shortcut:
        for d in range(D):
            x = row[d]
            if _any(x):
                for p in range(net.P):
                    for k in range(L):
                        y[p, k] += x[k] * output[C + d, p, k]
    for p in range(net.P):
        for k in range(L):
            y[p, k] = sigmoid(y[p, k])


@jit
def _slope(net, y, limit):
    """The slope of a squashing function from its value; of experiment 2a's, a sigmoid's."""
    return y * (1 - y) if net.plain else (limit - y * y / limit) / 2


@jit
def _backward(net, wires, weights, work, drawn, b, T, rates, squared, with_cells):
    """The truncated gradient of a sequence a lane, and the step along it."""
    L = len(b)
    D, P, N, C, size = net.D, net.P, net.N, net.C, net.size
    rows, c, g, h, hidden, output = work.rows, work.c, work.g, work.h, work.hidden, work.output
    hidden[:] = 0
    output[:] = 0
    e, dc, d, dy = np.zeros((P, L)), np.zeros((C, L)), np.zeros((N + C, L)), np.zeros(L)
    own = len(drawn.due) > 1
    for t in range(T - 1, -1, -1):
        row, after, asked = rows[t], rows[t + 1], False
        for k in range(L):
            asked |= drawn.due[k * own, t, b[k]] != 0
        if asked:
            for p in range(P):
                for k in range(L):
                    y = work.y[t, p, k]
                    e[p, k] = work.off[t, p, k]
                    if squared:
                        e[p, k] *= y * (1 - y)  # A.1 (19)
                    output[C + D, p, k] += e[p, k]
            if net.shortcut:
                for n in range(D):
                    x = row[n]
                    if _any(x):
                        for p in range(P):
                            for k in range(L):
                                output[C + n, p, k] += x[k] * e[p, k]
        if not with_cells:
            continue
        d[:N] = 0
        for cell in range(C):
            block = cell // size
            dy[:] = 0
            if asked:
                shown = after[D + N + cell]
                for p in range(P):
                    for k in range(L):
                        output[cell, p, k] += shown[k] * e[p, k]
                        dy[k] += weights.output[cell, p, k] * e[p, k]
            for k in range(L):
                o = after[D + net.o + block, k] if net.o >= 0 else 1.0
                if net.f >= 0 and t + 1 < T:
                    dc[cell, k] *= rows[t + 2, D + net.f + block, k]
                slope = 1.0 if net.plain else _slope(net, h[t, cell, k], net.h_within)
                dc[cell, k] += dy[k] * o * slope
                i = after[D + block, k]
                d[block, k] += dc[cell, k] * g[t, cell, k]
                d[N + cell, k] = dc[cell, k] * i * _slope(net, g[t, cell, k], net.g_within)
                if net.o >= 0:
                    d[net.o + block, k] += dy[k] * h[t, cell, k]
                if net.f >= 0:
                    d[net.f + block, k] += dc[cell, k] * c[t, cell, k]
        for n in range(N):
            for k in range(L):
                d[n, k] *= after[D + n, k] * (1 - after[D + n, k])
        for r in range(len(row) if net.recurrent else D):
            x = row[r]
            if _any(x):
                for u in range(N + C):
                    for k in range(L):
                        hidden[r, u, k] += x[k] * d[u, k]
        if not net.recurrent:
            hidden[-1] += d
    first = 0 if with_cells else C
    _descend(weights.output[first:], output[first:], wires.output[first:], rates)
    if with_cells:
        _descend(weights.hidden, hidden, wires.hidden, rates)


@jit
def _descend(weights, change, wires, rates):
    """weights -= rate change, where there are wires."""
    L = len(rates)
    for r in range(len(weights)):
        for u in range(weights.shape[1]):
            if wires[r, u] > 0:
                for k in range(L):
                    weights[r, u, k] -= rates[k] * change[r, u, k]


@jit
def _learn_strings(net, wires, weights, strings, pair, order, count, rate, online):
    """Experiment 1: learn forward in time, as `RealTime` does, each lane from its own strings.

    A lane reads `count` strings, those of `order` (L, n) in turn, from its pair of sets.
    """
    L = len(pair)
    D, P, N, C, size = net.D, net.P, net.N, net.C, net.size
    xs, targets, lengths = strings
    R = len(weights.hidden)
    row, after, a = np.zeros((R, L)), np.zeros((R, L)), np.empty((N + C, L))
    g, h, c, c_prev, dy = (np.zeros((C, L)), np.zeros((C, L)), np.zeros((C, L)),
                           np.zeros((C, L)), np.zeros((C, L)))  # fmt: skip
    ds, slope = np.zeros((C, L)), np.zeros((C, L))
    y, e, gate = np.zeros((P, L)), np.zeros((P, L)), np.zeros(L)
    of_i, of_g = np.zeros((R, C, L)), np.zeros((R, C, L))  # ds/dw for weights into i, into g
    hidden, output = np.zeros_like(weights.hidden), np.zeros_like(weights.output)
    to_hidden, to_output = (weights.hidden, weights.output) if online else (hidden, output)
    at, nth, kept, rates = np.zeros(L, np.int64), np.zeros(L, np.int64), np.zeros(L), np.zeros(L)
    while True:
        going = False
        for k in range(L):
            rates[k] = rate[k] if nth[k] < count[k] else 0.0
            going |= nth[k] < count[k]
            kept[k] = 0.0 if at[k] == 0 else 1.0  # a string begins with all at zero
        if not going:
            return
        for k in range(L):
            string = order[k, min(nth[k], order.shape[1] - 1)]
            for n in range(D):
                row[n, k] = xs[pair[k], at[k], string, n]
            for p in range(P):
                e[p, k] = targets[pair[k], at[k], string, p]
            row[-1, k] = 1
        for r in range(D, R - 1):
            for k in range(L):
                row[r, k] *= kept[k]
        for cell in range(C):
            for k in range(L):
                c_prev[cell, k] = c[cell, k] * kept[k]
        _step(net, weights.hidden, row, a, c_prev, c, g, h, after)
        _show(net, weights.output, row, after, y)
        for p in range(P):
            for k in range(L):
                e[p, k] = rates[k] * (e[p, k] - y[p, k]) * y[p, k] * (1 - y[p, k])  # A.1 (19)
        for cell in range(C):
            block = cell // size
            dy[cell] = 0
            for p in range(P):
                for k in range(L):
                    dy[cell, k] += weights.output[cell, p, k] * e[p, k]
            for k in range(L):
                i = a[block, k]
                ds[cell, k] = (
                    dy[cell, k] * a[net.o + block, k] * _slope(net, h[cell, k], net.h_within)
                )
                slope[cell, k] = g[cell, k] * i * (1 - i)
                g[cell, k] = i * _slope(net, g[cell, k], net.g_within)
        for r in range(R):
            for cell in range(C):
                for k in range(L):
                    of_i[r, cell, k] = of_i[r, cell, k] * kept[k] + row[r, k] * slope[cell, k]
                    of_g[r, cell, k] = of_g[r, cell, k] * kept[k] + row[r, k] * g[cell, k]
        for cell in range(C):
            for p in range(P):
                for k in range(L):
                    to_output[cell, p, k] += after[D + N + cell, k] * e[p, k]
        for n in range(D + 1):
            for p in range(P):
                if wires.output[C + n, p] > 0:
                    for k in range(L):
                        x = row[n, k] if n < D else 1.0
                        to_output[C + n, p, k] += x * e[p, k]
        for block in range(net.blocks):
            first, o = block * size, net.o + block
            gate[:] = 0
            for cell in range(first, first + size):
                for k in range(L):
                    gate[k] += dy[cell, k] * h[cell, k]
            for k in range(L):
                gate[k] *= a[o, k] * (1 - a[o, k])  # A.1 (21)
            for r in range(R):
                if wires.hidden[r, o] > 0:
                    for k in range(L):
                        to_hidden[r, o, k] += row[r, k] * gate[k]
                if wires.hidden[r, block] > 0:
                    for cell in range(first, first + size):
                        for k in range(L):
                            to_hidden[r, block, k] += ds[cell, k] * of_i[r, cell, k]  # A.1 (26)
        for r in range(R):
            for cell in range(C):
                if wires.hidden[r, N + cell] > 0:
                    for k in range(L):
                        to_hidden[r, N + cell, k] += ds[cell, k] * of_g[r, cell, k]  # A.1 (28)
        row, after = after, row
        for k in range(L):
            if rates[k] == 0:
                continue
            at[k] += 1
            if at[k] == lengths[pair[k], order[k, nth[k]]]:
                at[k] = 0
                nth[k] += 1
                if not online:
                    weights.hidden[:, :, k] += hidden[:, :, k]
                    weights.output[:, :, k] += output[:, :, k]
                    hidden[:, :, k] = 0
                    output[:, :, k] = 0


@jit
def _examine(net, weights, asked, pair, places):
    """Mark each string as in `strings.mark`: wrong, illegal (L, S), and where (L, S, places)."""
    L = len(pair)
    xs, legal, where, lengths = asked
    S, R = lengths.shape[1], len(weights.hidden)
    wrong, illegal = np.zeros((L, S), np.bool_), np.zeros((L, S), np.bool_)
    at = np.zeros((L, S, places), np.bool_)
    row, after, a = np.zeros((R, L)), np.zeros((R, L)), np.empty((net.N + net.C, L))
    g, h, c, c_prev = (np.zeros((net.C, L)), np.zeros((net.C, L)), np.zeros((net.C, L)),
                       np.zeros((net.C, L)))  # fmt: skip
    y = np.zeros((net.P, L))
    for s in range(S):
        row[:] = 0
        c[:] = 0
        T = 0
        for k in range(L):
            T = max(T, lengths[pair[k], s])
        for t in range(T):
            for k in range(L):
                for n in range(net.D):
                    row[n, k] = xs[pair[k], t, s, n]
                row[-1, k] = 1
            c_prev[:] = c
            _step(net, weights.hidden, row, a, c_prev, c, g, h, after)
            _show(net, weights.output, row, after, y)
            for k in range(L):
                if t >= lengths[pair[k], s]:
                    continue
                least, most, best = np.inf, -np.inf, 0
                for p in range(net.P):
                    if legal[pair[k], t, s, p] > 0:
                        least = min(least, y[p, k])
                    else:
                        most = max(most, y[p, k])
                    if y[p, k] > y[best, k]:
                        best = p
                if not least > most:  # (8.1)
                    wrong[k, s] = True
                    at[k, s, where[pair[k], t, s]] = True
                if legal[pair[k], t, s, best] == 0:
                    illegal[k, s] = True
            row, after = after, row
    return wrong, illegal, at
