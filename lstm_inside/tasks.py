"""What several rooms need: sequences to learn from, real data from the packages, set gates."""

from typing import NamedTuple

import numpy as np
from matplotlib import cbook

from lstm_core import LSTMParams
from lstm_inside import validate

EEG_RATE = 80  # samples a second: matplotlib plots the 800 samples as 10 seconds


def eeg(start=0, length=None) -> np.ndarray:
    """Four channels of the EEG that matplotlib ships, (T, 4), each to mean 0 and deviation 1.

    start, length: which samples of the 800 to return; scaling is that of the whole record.
    Raises ValueError or TypeError for a window that does not lie inside the record.
    Source: `eeg.dat` of matplotlib's sample data, 800 samples of float64.
    """
    path = cbook.get_sample_data("eeg.dat", asfileobj=False)
    record = np.fromfile(path, dtype=np.float64).reshape(-1, 4)
    validate.whole("start", start, least=0, most=len(record) - 1)
    length = len(record) - start if length is None else length
    validate.whole("length", length, most=len(record) - start)
    record = (record - record.mean(axis=0)) / record.std(axis=0)
    return record[start : start + length]


class Sequences(NamedTuple):
    """A batch to learn from: an answer is wanted at the last step of each sequence.

    xs (T, B, D): the inputs; shorter sequences are filled up with zeros at the end.
    targets (B, K): the answers. last (B,): the step, counted from 0, at which each is due.
    """

    xs: np.ndarray
    targets: np.ndarray
    last: np.ndarray


def adding_problem(T, B, *, rng, protocol="modern", dtype=np.float64) -> Sequences:
    """B sequences of the adding problem: add the two numbers that carry a marker.

    Each step's input is a pair (number, marker), so xs is (T, B, 2) and targets (B, 1).
    protocol "modern": length T, numbers within [0, 1), one marker 1 in each half, the target
    is the sum. Always answering 1 has a mean squared error of 1/6 (Le, Jaitly & Hinton 2015).
    protocol "1997": experiment 4 of Hochreiter & Schmidhuber 1997. Lengths are drawn from
    T to 1.1 T, numbers lie within [-1, 1]; one marker 1 is among the first ten pairs, one
    among the first T/2 - 1 still unmarked ones; the first and the last pair carry -1, and a
    marked first pair counts as 0. The target is 0.5 + (X1 + X2) / 4, and an answer within
    0.04 of it is right.
    Raises ValueError or TypeError for T below 4, B below 1, an unknown protocol or dtype, no
    Generator.
    """
    validate.sizes(rng, T=(T, 4), B=(B, 1))
    validate.choice("protocol", protocol, _ADDING)
    validate.dtype(dtype)
    xs, targets, last = _ADDING[protocol](T, B, rng)
    return Sequences(xs.astype(dtype), targets.astype(dtype), last)


def _adding_modern(T, B, rng):
    each = np.arange(B)
    xs = np.zeros((T, B, 2))
    xs[..., 0] = rng.random((T, B))
    first, second = rng.integers(0, T // 2, B), rng.integers(T // 2, T, B)
    xs[first, each, 1] = xs[second, each, 1] = 1
    targets = xs[first, each, :1] + xs[second, each, :1]
    return xs, targets, np.full(B, T - 1)


def _adding_1997(T, B, rng):
    each = np.arange(B)
    last = rng.integers(T, T + T // 10 + 1, B) - 1
    numbers = rng.uniform(-1, 1, (last.max() + 1, B))
    first = rng.integers(0, min(10, T // 2), B)
    second = rng.integers(0, T // 2 - 1, B)
    second += second >= first  # among those still unmarked
    numbers[0, (first == 0) | (second == 0)] = 0
    markers = np.zeros_like(numbers)
    markers[first, each] = markers[second, each] = 1
    markers[0] = markers[last, each] = -1
    xs = np.stack([numbers, markers], axis=2)
    xs[np.arange(len(xs))[:, None] > last] = 0
    targets = 0.5 + (numbers[first, each] + numbers[second, each])[:, None] / 4
    return xs, targets, last


_ADDING = {"modern": _adding_modern, "1997": _adding_1997}


def recall_problem(T, B, *, rng, places=None, dtype=np.float64) -> Sequences:
    """B sequences of recall, the thread of the course: say the number that carried the flag.

    Each step's input is a pair (number, flag), so xs is (T, B, 2): numbers within [-1, 1), and
    a flag of 1 at one of the first `places` steps (None: of the first half), 0 elsewhere. The
    target (B, 1) is the flagged number, due at the last step. Always answering 0 has a mean
    squared error of 1/3.
    Raises ValueError or TypeError for T below 2, B below 1, places outside 1 to T, an unknown
    dtype, no Generator.
    """
    validate.sizes(rng, T=(T, 2), B=(B, 1))
    validate.dtype(dtype)
    if places is not None:
        validate.whole("places", places, most=T)
    each = np.arange(B)
    xs = np.zeros((T, B, 2))
    xs[..., 0] = rng.uniform(-1, 1, (T, B))
    flagged = rng.integers(0, T // 2 if places is None else places, B)
    xs[flagged, each, 1] = 1
    targets = xs[flagged, each, :1]
    return Sequences(xs.astype(dtype), targets.astype(dtype), np.full(B, T - 1))


def hold_problem(T, B, *, rng, dtype=np.float64) -> Sequences:
    """B sequences of the simplest test of memory: hold the first number until the end.

    xs (T, B, 1) starts with a number within [0, 1) and goes on with T - 1 zeros; the target
    (B, 1) is that number. Always answering 1/2 has a mean squared error of 1/12.
    Raises ValueError or TypeError for T below 2, B below 1, an unknown dtype, no Generator.
    """
    validate.sizes(rng, T=(T, 2), B=(B, 1))
    validate.dtype(dtype)
    xs = np.zeros((T, B, 1), dtype)
    xs[0, :, 0] = rng.random(B)
    return Sequences(xs, xs[0].copy(), np.full(B, T - 1))


def two_sequence_problem(T, B, *, rng, dtype=np.float64) -> Sequences:
    """B sequences of the 2-sequence problem: which class did the first three numbers belong to?

    xs (last.max() + 1, B, 1): three numbers around +1 or -1 (deviation 0.2), then noise around
    0 of variance 0.2, over a length drawn from T to 1.1 T. The target (B, 1) is 1 or 0, due at
    the last step. Always answering 1/2 has a mean squared error of 1/4.
    Raises ValueError or TypeError for T below 4, B below 1, an unknown dtype, no Generator.
    Source: after Bengio, Simard & Frasconi 1994, in the form of Hochreiter & Schmidhuber 1997.
    """
    validate.sizes(rng, T=(T, 4), B=(B, 1))
    validate.dtype(dtype)
    last = rng.integers(T, T + T // 10 + 1, B) - 1
    targets = (np.arange(B) % 2)[:, None]  # as many of the one as of the other
    numbers = rng.normal(0, np.sqrt(0.2), (last.max() + 1, B))
    numbers[:3] = 2 * targets[:, 0] - 1 + rng.normal(0, 0.2, (3, B))
    numbers[np.arange(len(numbers))[:, None] > last] = 0
    return Sequences(numbers[..., None].astype(dtype), targets.astype(dtype), last)


def temporal_order(B, *, rng, dtype=np.float64) -> Sequences:
    """B sequences of experiment 6a of 1997: in which order did X and Y come?

    Eight symbols, one-hot in the order E, B, a, b, c, d, X, Y. A sequence of 100 to 110 steps
    starts with E and ends with B; an X or a Y stands at a step between 10 and 20 and another
    between 50 and 60 (counted from 1), and a, b, c, d are drawn for the rest. targets (B, 4) is
    one-hot, due at the last step: XX, XY, YX, YY. Raises ValueError or TypeError as
    `adding_problem` does. Source: Hochreiter & Schmidhuber 1997, section 5.6.
    """
    validate.sizes(rng, B=(B, 1))
    validate.dtype(dtype)
    each = np.arange(B)
    last = rng.integers(100, 111, B) - 1
    symbols = rng.integers(2, 6, (last.max() + 1, B))
    first, second = rng.integers(0, 2, (2, B))
    symbols[rng.integers(10, 21, B) - 1, each] = 6 + first
    symbols[rng.integers(50, 61, B) - 1, each] = 6 + second
    symbols[0], symbols[last, each] = 0, 1
    xs = np.eye(8, dtype=dtype)[symbols]
    xs[np.arange(len(xs))[:, None] > last] = 0
    return Sequences(xs, np.eye(4, dtype=dtype)[2 * first + second], last)


def long_lag(p, *, dtype=np.float64):
    """The two sequences of experiment 2a of 1997: xs and targets, both (p, 2, p + 1).

    Symbols a_1 ... a_{p-1}, x, y are one-hot in that order. The sequences are
    x, a_1, ..., a_{p-1}, x and y, a_1, ..., a_{p-1}, y; at every step the next symbol is asked
    for, and only the last one needs the first. Raises ValueError or TypeError for p below 2.
    Source: Hochreiter & Schmidhuber 1997, section 5.2.
    """
    validate.whole("p", p, least=2)
    validate.dtype(dtype)
    symbols = np.tile(np.arange(-1, p)[:, None], (1, 2))
    symbols[0] = symbols[-1] = p - 1, p
    coded = np.eye(p + 1, dtype=dtype)[symbols]
    return coded[:-1], coded[1:]


def constant_gates(f, i, g, o=0.5) -> LSTMParams:
    """An LSTM with D = H = 1 whose gates hold these values whatever comes in.

    All weights are 0, so each gate is its bias's: b = logit(f), logit(i), artanh(g), logit(o).
    Raises ValueError or TypeError for what is no number, f, i or o outside 0 to 1, g outside -1
    to 1.
    """
    for name, value in (("f", f), ("i", i), ("o", o)):
        validate.number(name, value, "a number from 0 to 1", lambda v: 0 <= v <= 1)
    validate.number("g", g, "a number from -1 to 1", lambda v: -1 <= v <= 1)
    share = np.clip([i, f, o], 1e-16, 1 - 1e-16)
    b_i, b_f, b_o = np.log(share) - np.log1p(-share)
    b_g = np.arctanh(np.clip(g, -1 + 1e-16, 1 - 1e-16))
    return LSTMParams(np.zeros((1, 4)), np.zeros((1, 4)), np.array([b_i, b_f, b_g, b_o]))
