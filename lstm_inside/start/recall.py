"""Recall with one LSTM unit: gates driven from outside, gates that read the flag, the score.

Notebook 00, on top of `lstm_core`, NumPy only. A stream is what `tasks.recall_problem` makes:
T pairs (number, flag). The unit's answer is READOUT times its last hidden state.
"""

from typing import NamedTuple

import numpy as np

from lstm_core import LSTMParams, LSTMTrace, lstm_forward
from lstm_inside import validate
from lstm_inside.tasks import Sequences, recall_problem

READOUT = 2.2  # undoes g = tanh(x / 2) and h = tanh(c): 2.2 tanh(tanh(x / 2)) is x within 0.1
SURE = 12  # a gate at sigmoid(-12) lets 6 parts in a million through
_NUMBER, _FLAG = 0, 1  # inputs of a step
_I, _F, _G, _O = range(4)  # blocks of the gates


def flagged_at(step, T, B, *, rng) -> Sequences:
    """B streams of T steps as `recall_problem` makes them, all flagged at `step`, 1 to T.

    Raises ValueError or TypeError as `recall_problem` does, and for a step outside 1 to T.
    """
    streams = recall_problem(T, B, rng=rng)
    validate.whole("step", step, least=1, most=T)
    xs = streams.xs
    xs[..., _FLAG] = 0
    xs[step - 1, :, _FLAG] = 1
    return streams._replace(xs=xs, targets=xs[step - 1, :, :1].copy())


def one_stream(step=6, T=20) -> Sequences:
    """The stream that notebook 00 tells its story on, (T, 1, 2), flagged at `step`.

    Its numbers are the same wherever the flag is. Raises as `flagged_at`.
    """
    return flagged_at(step, T, 1, rng=np.random.default_rng(10))


def driven(xs, *, write, keep, show) -> LSTMTrace:
    """Run one unit over streams (T, B, 2) whose gates are set from outside.

    write, keep, show: what input, forget and output gate hold, one number or one a step (T,),
    from 0 to 1. `lstm_core` runs it: each gate gets an input of its own that carries its
    pre-activation, and the candidate reads the number, g = tanh(x / 2). Exactly 0 and 1 would
    need infinite pre-activations; gates stop at 1e-6 from either end.
    Raises ValueError or TypeError for xs that are no streams and for gates outside 0 to 1.
    """
    xs = validate.real("xs", xs, ndim=3)
    T, B, D = xs.shape
    if D != 2:
        raise ValueError(f"xs: expected (T, B, 2), number and flag, got shape {xs.shape}")
    if not xs.size:
        raise ValueError(f"xs: expected T and B of at least 1, got shape {xs.shape}")
    validate.finite("xs", xs)
    wires = np.zeros((T, B, 4))
    wires[..., _G] = xs[..., _NUMBER]
    for block, name, gate in ((_I, "write", write), (_F, "keep", keep), (_O, "show", show)):
        gate = validate.real(name, gate)
        if gate.shape not in ((), (T,)):
            raise ValueError(f"{name}: expected one number or ({T},), got shape {gate.shape}")
        if not ((gate >= 0) & (gate <= 1)).all():
            raise ValueError(f"{name}: expected numbers from 0 to 1, got {gate}")
        share = np.clip(gate, 1e-6, 1 - 1e-6)
        wires[..., block] = np.broadcast_to(np.log(share / (1 - share)), T)[:, None]
    W_x = np.diag([1.0, 1.0, 0.5, 1.0])  # a wire to each of i, f, g, o
    return lstm_forward(wires, LSTMParams(W_x, np.zeros((1, 4)), np.zeros(4)))


def flag_gates(write, keep) -> LSTMParams:
    """One unit whose gates read the flag: write and keep are pairs (without flag, with flag).

    Each pair holds the gate's two pre-activations, so bias and weight of the flag follow:
    b = without, w = with - without. The candidate is tanh(x / 2), the output gate is open.
    Raises ValueError or TypeError for what is no pair of finite numbers.
    """
    W_x, b = np.zeros((2, 4)), np.zeros(4)
    for block, name, pair in ((_I, "write", write), (_F, "keep", keep)):
        without, flagged = validate.array(name, pair, (2,), "(2,)", np.float64)
        W_x[_FLAG, block], b[block] = flagged - without, without
    W_x[_NUMBER, _G] = 0.5
    b[_O] = SURE
    return LSTMParams(W_x, np.zeros((1, 4)), b)


def latch(sure=SURE) -> LSTMParams:
    """The hand-set latch: the flag opens the input gate and shuts the forget gate.

    sure: how far the flag drives both pre-activations, from -sure to +sure and back; at 0
    both gates stand half open. Raises ValueError or TypeError for what is no finite number.
    """
    validate.number("sure", sure)
    return flag_gates((-sure, sure), (sure, -sure))


class Course(NamedTuple):
    """What one unit did on one stream, by step: `.f[7]` is keep at step 7. All are (T + 1,).

    Cell and hidden state start at step 0; the others have none, and NaN stands there.
    """

    number: np.ndarray
    i: np.ndarray
    f: np.ndarray
    g: np.ndarray
    o: np.ndarray
    c: np.ndarray
    h: np.ndarray


def by_step(stream, unit) -> Course:
    """Run one unit, LSTMParams, over one stream as `one_stream` makes it: all it did, by step.

    Raises TypeError for what is no such thing, ValueError for more streams or units than one and
    as `lstm_forward` does.
    """
    validate.of_kind("stream", stream, Sequences)
    validate.of_kind("unit", unit, LSTMParams)
    trace = lstm_forward(stream.xs, unit)
    if trace.i.shape[1:] != (1, 1):
        raise ValueError(f"expected one stream and one unit, got {trace.i.shape[1:]}")
    number, *gates = (
        np.append(np.nan, quantity[:, 0, 0])
        for quantity in (stream.xs, trace.i, trace.f, trace.g, trace.o)
    )
    return Course(number, *gates, trace.c[:, 0, 0], trace.h[:, 0, 0])


def said(trace):
    """What a unit answers at the end of each stream: READOUT times its last h, (B,).

    Raises TypeError for what is no LSTMTrace.
    """
    validate.of_kind("trace", trace, LSTMTrace)
    return READOUT * trace.h[-1, :, 0]


def score(answers, targets) -> float:
    """R2 = 1 - sum of squared errors / sum of squared targets: 1 is exact, always 0 scores 0.

    answers, targets: as many numbers each, (B,) or (B, 1). Raises ValueError or TypeError for
    other shapes, NaN, infinity, and targets that are all 0.
    """
    targets = validate.real("targets", targets).reshape(-1)
    answers = validate.real("answers", answers).reshape(-1)
    answers = validate.array("answers", answers, targets.shape, "as targets", np.float64)
    validate.finite("targets", targets)
    if not targets.any():
        raise ValueError("targets: expected at least one that is not 0, got none")
    return float(1 - ((answers - targets) ** 2).sum() / (targets**2).sum())


class Habits(NamedTuple):
    """What a unit's gates do on average, a pair each: (at the flagged steps, at all others)."""

    i: tuple[float, float]
    f: tuple[float, float]
    g: tuple[float, float]  # size of the candidate, whatever its sign
    o: tuple[float, float]


def habits(trace, flags) -> Habits:
    """Average the gates of a run over flagged steps and over all others.

    trace: of one unit. flags (T, B): 1 at flagged steps, 0 elsewhere; at least one of each.
    Raises ValueError or TypeError for what is no trace, and for flags that do not fit it.
    """
    validate.of_kind("trace", trace, LSTMTrace)
    flags = validate.array("flags", flags, trace.i.shape[:2], "(T, B)", np.float64)
    up = flags == 1
    if up.all() or not up.any():
        raise ValueError("flags: expected flagged steps and others, got one kind only")

    def pair(gate):
        return float(gate[up].mean()), float(gate[~up].mean())

    return Habits(pair(trace.i), pair(trace.f), pair(np.abs(trace.g)), pair(trace.o))
