"""A read-out on a recurrent cell, and the loss of the two together (notebook 05).

A model is a NamedTuple of NamedTuples of arrays; gradients and moments have the same form.
Axes: T time steps, B batch, D input size, H hidden size, K outputs; arrays are time-major.
"""

from typing import NamedTuple

import numpy as np

from lstm_core import (
    LSTMParams,
    LSTMTrace,
    RNNParams,
    RNNTrace,
    lstm_backward,
    lstm_forward,
    rnn_backward,
    rnn_forward,
)
from lstm_inside import validate

from .losses import mean_squared_error, softmax_cross_entropy

# ---------------------------------------------------------------- read-out


class ReadoutParams(NamedTuple):
    """Weights of a linear read-out: W_y (H, K), b_y (K,)."""

    W_y: np.ndarray
    b_y: np.ndarray


class Model(NamedTuple):
    """A recurrent cell (RNNParams or LSTMParams) and the read-out that answers from its h."""

    cell: RNNParams | LSTMParams
    readout: ReadoutParams


def init_readout(H, K, *, rng, dtype=np.float64) -> ReadoutParams:
    """Draw fresh read-out weights within 1/sqrt(H), bias 0.

    Raises ValueError or TypeError for sizes below 1, an unknown dtype, no Generator.
    """
    validate.count("K", K)
    dtype = validate.init(1, H, rng, "uniform", dtype)
    W_y = rng.uniform(-1, 1, (H, K)) / np.sqrt(H)
    return ReadoutParams(W_y.astype(dtype), np.zeros(K, dtype))


def readout(h, params):
    """y = h W_y + b_y (5.1): h (..., H) -> y (..., K).

    Raises ValueError or TypeError for shapes that do not fit, NaN, infinity, no real numbers.
    """
    h, (W_y, b_y) = check_readout(h, params)
    return h @ W_y + b_y


def readout_backward(dy, h, params):
    """From dy (..., K) to dh (..., H) and the parameters' gradients (5.2).

    Raises as `readout` does, and for a dy that is no gradient of its y.
    """
    h, (W_y, _) = check_readout(h, params)
    dy = validate.array("dy", dy, (*h.shape[:-1], W_y.shape[1]), "(..., K)", W_y.dtype)
    rows_h, rows_dy = h.reshape(-1, h.shape[-1]), dy.reshape(-1, dy.shape[-1])
    return dy @ W_y.T, ReadoutParams(rows_h.T @ rows_dy, rows_dy.sum(axis=0))


def check_readout(h, params):
    """h (..., H) in the dtype of a read-out (H, K), (K,) whose parts fit together."""
    if not isinstance(params, tuple) or len(params) != 2:
        raise TypeError(
            f"params: expected ReadoutParams(W_y, b_y), got {validate.describe(params)}"
        )
    W_y, b_y = validate.real("W_y", params[0], ndim=2), validate.real("b_y", params[1])
    for name, p in (("W_y", W_y), ("b_y", b_y)):
        if p.dtype.kind != "f":
            raise TypeError(f"{name}: expected floating-point numbers, got {p.dtype}")
    if not W_y.size:
        raise ValueError(f"W_y: expected (H, K), each at least 1, got shape {W_y.shape}")
    b_y = validate.array("b_y", b_y, W_y.shape[1:], "(K,)", W_y.dtype)
    validate.finite("W_y", W_y)
    h = validate.real("h", h)
    if h.ndim < 1:
        raise ValueError("h: expected at least one axis, (..., H), got a single number")
    shape = (*h.shape[:-1], len(W_y))
    return validate.array("h", h, shape, "(..., H)", W_y.dtype), (W_y, b_y)


# ---------------------------------------------------------------- a model's loss


def run_cell(xs, cell):
    """The trace of an RNN or an LSTM over xs (T, B, D), by the kind of its parameters.

    Raises as `rnn_forward` and `lstm_forward` do, and TypeError for another kind of cell.
    """
    _check_cell(cell)
    return (lstm_forward if isinstance(cell, LSTMParams) else rnn_forward)(xs, cell)


def cell_backward(dhs, trace, cell):
    """The gradients that belong to `run_cell`: RNNGrads or LSTMGrads. Raises like that."""
    _check_cell(cell)
    return (lstm_backward if isinstance(cell, LSTMParams) else rnn_backward)(dhs, trace, cell)


def answers(model, batch, trace=None):
    """What the model says at the end of each sequence of a `Sequences` batch: (B, K).

    trace: the cell's run over the batch if it is at hand. Raises as `run_cell` and `readout`
    do, and ValueError or TypeError for what is no model, no batch or no run over it, and for a
    `last` that is no step of the batch.
    """
    check_model(model)
    T, B = check_last(batch)
    if trace is None:
        trace = run_cell(batch.xs, model.cell)
    elif not isinstance(trace, RNNTrace | LSTMTrace):
        raise TypeError(f"trace: expected RNNTrace or LSTMTrace, got {validate.describe(trace)}")
    elif trace.h.shape != (T + 1, B, len(model.cell.W_h)):
        raise ValueError(
            f"trace: expected h of {(T + 1, B, len(model.cell.W_h))}, as model and batch, "
            f"got {trace.h.shape}"
        )
    return readout(trace.h[batch.last + 1, np.arange(len(batch.last))], model.readout)


def flow(model, batch):
    """One forward and backward pass: (loss, trace, gradients with the flow, read-out's).

    Raises as `answers` does, and for targets that are not shaped like the answers.
    """
    check_model(model)
    check_last(batch)
    trace = run_cell(batch.xs, model.cell)
    due = batch.last + 1, np.arange(len(batch.last))
    h = trace.h[due]  # (B, H): each sequence's own last step
    loss, dy = mean_squared_error(
        readout(h, model.readout), validate.real("targets", batch.targets)
    )
    dh, dreadout = readout_backward(dy, h, model.readout)
    dhs = np.zeros_like(trace.h[1:])
    dhs[batch.last, due[1]] = dh
    return loss, trace, cell_backward(dhs, trace, model.cell), dreadout


def _check_cell(cell):
    if not isinstance(cell, RNNParams | LSTMParams):
        raise TypeError(f"cell: expected RNNParams or LSTMParams, got {validate.describe(cell)}")


def check_model(model):
    if not isinstance(model, Model):
        raise TypeError(f"model: expected Model(cell, readout), got {validate.describe(model)}")
    _check_cell(model.cell)


def check_last(batch):
    """T and B of a batch of sequences whose `last` are steps of them."""
    if not all(hasattr(batch, name) for name in ("xs", "targets", "last")):
        raise TypeError(
            f"batch: expected Sequences(xs, targets, last), got {validate.describe(batch)}"
        )
    T, B = validate.real("xs", batch.xs, ndim=3).shape[:2]
    last = validate.real("last", batch.last)
    if last.shape != (B,) or last.dtype.kind not in "iu" or not ((last >= 0) & (last < T)).all():
        raise ValueError(f"last: expected {B} whole numbers from 0 to {T - 1}, got {last}")
    return T, B


def loss_at_end(model, batch):
    """Mean squared error of the answers at the end of a `Sequences` batch: loss, gradients.

    Raises as `flow` does.
    """
    loss, _, grads, dreadout = flow(model, batch)
    return loss, Model(grads.params, dreadout)


def loss_every_step(model, batch):
    """Softmax cross-entropy at every step: loss, gradients.

    batch: (xs (T, B, D), labels (T, B)), the right class of every step.
    Raises as `run_cell` and `softmax_cross_entropy` do, and TypeError for no model or no pair.
    """
    check_model(model)
    xs, labels = check_pair(batch)
    trace = run_cell(xs, model.cell)
    loss, dz = softmax_cross_entropy(readout(trace.h[1:], model.readout), labels)
    dhs, dreadout = readout_backward(dz, trace.h[1:], model.readout)
    return loss, Model(cell_backward(dhs, trace, model.cell).params, dreadout)


def check_pair(batch):
    if not isinstance(batch, tuple) or len(batch) != 2:
        raise TypeError(f"batch: expected (xs, labels), got {validate.describe(batch)}")
    return batch
