"""The recall problem, its score, and the latch: one LSTM unit, set by hand, that solves it."""

from typing import NamedTuple

import numpy as np

from lstm_core import LSTMParams, LSTMTrace, RNNParams, RNNTrace, lstm_forward, rnn_forward
from lstm_inside import validate
from lstm_inside.tasks import Sequences, recall_problem


def latch(b_i, w_i, b_f, w_f, w_g, b_o=2.0) -> LSTMParams:
    """One unit that reads (number, flag): D = 2, H = 1, nothing fed back (3.9).

    i = sigmoid(w_i flag + b_i), f = sigmoid(w_f flag + b_f), g = tanh(w_g number) and
    o = sigmoid(b_o).
    Raises ValueError or TypeError for what is no finite number.
    """
    for name, value in (("b_i", b_i), ("w_i", w_i), ("b_f", b_f), ("w_f", w_f), ("w_g", w_g)):
        validate.number(name, value)
    validate.number("b_o", b_o)
    from_number = [0.0, 0.0, w_g, 0.0]
    from_flag = [w_i, w_f, 0.0, 0.0]
    b = np.array([b_i, b_f, 0.0, b_o], dtype=float)
    return LSTMParams(np.array([from_number, from_flag], dtype=float), np.zeros((1, 4)), b)


LATCH = latch(b_i=-8, w_i=16, b_f=8, w_f=-16, w_g=0.5)  # one that works


def plain_latch(pair=0.1) -> RNNParams:
    """Four plain units u, v, d, r that do the latch's work with exact weights (3.10).

    They read (number, flag): D = 2, H = 4. r holds the number by a weight of 1 to itself, u and v
    write it by weights of `pair` and -`pair`, d clears it. A larger pair bends the number, a
    smaller one tolerates less of what is added to the weights.
    Raises ValueError or TypeError for what is no finite number.
    """
    validate.number("pair", pair)
    W_x = np.array([[0.5, 0.0, 0.0, 0.0], [10.0, 10.0, 20.0, 20.0]])
    W_h = np.zeros((4, 4))
    W_h[:, 3] = pair, -pair, -1, 1
    return RNNParams(W_x, W_h, np.array([-10.0, -10.0, 0.0, 0.0]))


def last_flag_problem(T, B, *, rng) -> Sequences:
    """`recall_problem` with a second, earlier flag in each sequence: only the last one counts.

    xs (T, B, 2), targets (B, 1). The earlier flag stands at any step before the other one; a
    sequence whose only flag is at its first step keeps that one alone.
    Raises ValueError or TypeError as `recall_problem` does.
    """
    xs, targets, last = recall_problem(T, B, rng=rng)
    flagged = xs[..., 1].argmax(axis=0)
    earlier = (rng.random(B) * flagged).astype(int)
    xs[earlier, np.arange(B), 1] = 1
    return Sequences(xs, targets, last)


class Recalled(NamedTuple):
    """What a network recalls: answers and targets (B,), R squared, and the forward pass."""

    answers: np.ndarray
    targets: np.ndarray
    r2: float
    trace: LSTMTrace | RNNTrace


def recall_score(params, xs, targets) -> Recalled:
    """How well a straight line from the last hidden state tells the target.

    The line (a weight for each unit, and a bias) is fitted by least squares on the first half
    of the batch; answers, targets and R squared are those of the second half.
    R squared is 1 for perfect answers; 0 is what one fixed answer gets; it can be below 0.
    params: an LSTM or an RNN of any size that fits xs (T, B, D), B >= 4. targets (B, 1), due at
    the end.
    Raises ValueError or TypeError as `lstm_forward` does, and for targets that do not fit or
    are all the same.
    """
    plain = validate.of_kind("params", params, RNNParams, LSTMParams) is RNNParams
    trace = (rnn_forward if plain else lstm_forward)(xs, params)
    B = trace.xs.shape[1]
    if B < 4:
        raise ValueError(f"xs: expected B >= 4, half to fit and half to score, got B = {B}")
    wanted = validate.array("targets", targets, (B, 1), "(B, 1)", np.float64)[:, 0]
    if np.ptp(wanted[B // 2 :]) == 0:
        raise ValueError(f"targets: expected some that differ, got {wanted[-1]} for all")
    seen = np.column_stack([trace.h[-1], np.ones(B)])
    line = np.linalg.lstsq(seen[: B // 2], wanted[: B // 2], rcond=None)[0]
    answers, wanted = seen[B // 2 :] @ line, wanted[B // 2 :]
    missed = ((wanted - answers) ** 2).sum() / ((wanted - wanted.mean()) ** 2).sum()
    return Recalled(answers, wanted, float(1 - missed), trace)
