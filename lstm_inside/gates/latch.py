"""The latch: one LSTM unit, set by hand, that keeps the number that carries a flag."""

from typing import NamedTuple

import numpy as np

from lstm_core import LSTMParams, LSTMTrace, lstm_forward
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
    trace: LSTMTrace


def recall_score(params, sequences) -> Recalled:
    """How well a straight line from the last hidden state tells the target.

    The line (a weight for each unit, and a bias) is fitted by least squares on the first half
    of the sequences; answers, targets and R squared are those of the second half.
    R squared is 1 for perfect answers; 0 is what one fixed answer gets; it can be below 0.
    params: an LSTM of any size that fits the inputs. sequences: `Sequences` of at least four,
    all of the full length, with one target each.
    Raises ValueError or TypeError for what does not fit.
    """
    if not isinstance(sequences, Sequences):
        raise TypeError(f"sequences: expected Sequences, got {validate.describe(sequences)}")
    xs, targets, last = sequences
    T, B = xs.shape[:2]
    if B < 4 or targets.shape != (B, 1) or (np.asarray(last) != T - 1).any():
        raise ValueError(
            f"sequences: expected B >= 4 of full length with targets (B, 1), got B = {B}, "
            f"targets of shape {targets.shape}, last from {np.min(last)} to {np.max(last)}"
        )
    trace = lstm_forward(xs, params)
    seen = np.column_stack([trace.h[-1], np.ones(B)])
    half, wanted = B // 2, targets[:, 0]
    line = np.linalg.lstsq(seen[:half], wanted[:half], rcond=None)[0]
    answers, wanted = seen[half:] @ line, wanted[half:]
    missed = ((wanted - answers) ** 2).sum() / ((wanted - wanted.mean()) ** 2).sum()
    return Recalled(answers, wanted, float(1 - missed), trace)
