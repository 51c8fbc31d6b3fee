"""A read-out on a recurrent cell, and the loss of the two together (notebook 05).

A model is a NamedTuple of NamedTuples of arrays; gradients and moments have the same form.
Axes: T time steps, B batch, D input size, H hidden size, K outputs; arrays are time-major.
"""

from typing import NamedTuple

import numpy as np

import lstm_core
from lstm_core import LSTMParams, RNNParams, gradient_check, init_lstm
from lstm_inside import validate

from .losses import mean_squared_error, softmax_cross_entropy
from .trees import arrays_of, each_array

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


def init_model(D, H, K, *, rng, forget_bias=1.0, dtype=np.float64) -> Model:
    """Draw a fresh LSTM, D inputs and H units, and its read-out of K answers.

    Raises ValueError or TypeError for sizes below 1, an unknown dtype, no Generator, a forget
    bias that is not a finite number.
    """
    validate.count("K", K)
    cell = init_lstm(D, H, rng=rng, forget_bias=forget_bias, dtype=dtype)
    return Model(cell, init_readout(H, K, rng=rng, dtype=dtype))


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


def is_lstm(cell) -> bool:
    """Whether a cell's parameters are an LSTM's, with a block of columns for each of i, f, g, o.

    Told by their form, not by their class: a reader who edits and reloads `lstm_core` has new
    classes. Raises TypeError for what has no W_x, W_h and b, ValueError for neither one block
    (an RNN) nor four.
    """
    if not isinstance(cell, tuple) or getattr(cell, "_fields", ()) != RNNParams._fields:
        raise TypeError(f"cell: expected RNNParams or LSTMParams, got {validate.describe(cell)}")
    rows, columns = validate.real("W_h", cell[1], ndim=2).shape
    if not rows or columns not in (rows, 4 * rows):
        raise ValueError(f"W_h: expected shape (H, H) or (H, 4H), got {(rows, columns)}")
    return columns == 4 * rows


def run_cell(xs, cell, *, engine=lstm_core):
    """The trace of an RNN or an LSTM over xs (T, B, D), by the form of its parameters.

    engine: the module whose `lstm_forward` or `rnn_forward` does it.
    Raises as these do, and as `is_lstm` for another kind of cell, TypeError for no engine.
    """
    validate.engine(engine)
    return (engine.lstm_forward if is_lstm(cell) else engine.rnn_forward)(xs, cell)


def cell_backward(dhs, trace, cell, *, engine=lstm_core):
    """The gradients that belong to `run_cell`: RNNGrads or LSTMGrads. Raises like that."""
    validate.engine(engine)
    return (engine.lstm_backward if is_lstm(cell) else engine.rnn_backward)(dhs, trace, cell)


def answers(model, batch, trace=None, *, engine=lstm_core):
    """What the model says at the end of each sequence of a `Sequences` batch: (B, K).

    trace: the cell's run over the batch if it is at hand; otherwise `engine` makes it. Raises
    as `run_cell` and `readout` do, and ValueError or TypeError for what is no model, no batch or
    no run over it, and for a `last` that is no step of the batch.
    """
    check_model(model)
    T, B = check_last(batch)
    validate.engine(engine)
    if trace is None:
        trace = run_cell(batch.xs, model.cell, engine=engine)
    elif not all(hasattr(trace, name) for name in ("xs", "h")):
        raise TypeError(f"trace: expected RNNTrace or LSTMTrace, got {validate.describe(trace)}")
    elif trace.h.shape != (T + 1, B, len(model.cell.W_h)):
        raise ValueError(
            f"trace: expected h of {(T + 1, B, len(model.cell.W_h))}, as model and batch, "
            f"got {trace.h.shape}"
        )
    return readout(trace.h[batch.last + 1, np.arange(len(batch.last))], model.readout)


def flow(model, batch, *, engine=lstm_core):
    """One forward and backward pass: (loss, trace, gradients with the flow, read-out's).

    engine: as for `run_cell`. Raises as `answers` does, and for targets that are not shaped like
    the answers.
    """
    check_model(model)
    check_last(batch)
    trace = run_cell(batch.xs, model.cell, engine=engine)
    due = batch.last + 1, np.arange(len(batch.last))
    h = trace.h[due]  # (B, H): each sequence's own last step
    loss, dy = mean_squared_error(
        readout(h, model.readout), validate.real("targets", batch.targets)
    )
    dh, dreadout = readout_backward(dy, h, model.readout)
    dhs = np.zeros_like(trace.h[1:])
    dhs[batch.last, due[1]] = dh
    return loss, trace, cell_backward(dhs, trace, model.cell, engine=engine), dreadout


def check_model(model):
    """A `Model` whose cell is an RNN's or an LSTM's."""
    if not isinstance(model, Model):
        raise TypeError(f"model: expected Model(cell, readout), got {validate.describe(model)}")
    is_lstm(model.cell)


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


def loss_at_end(model, batch, *, engine=lstm_core):
    """Mean squared error of the answers at the end of a `Sequences` batch: loss, gradients.

    engine: as for `run_cell`. Raises as `flow` does.
    """
    loss, _, grads, dreadout = flow(model, batch, engine=engine)
    return loss, Model(grads.params, dreadout)


def loss_every_step(model, batch, *, engine=lstm_core):
    """Softmax cross-entropy at every step: loss, gradients.

    batch: (xs (T, B, D), labels (T, B)), the right class of every step. engine: as for `run_cell`.
    Raises as `run_cell` and `softmax_cross_entropy` do, and TypeError for no model or no pair.
    """
    check_model(model)
    xs, labels = check_pair(batch)
    trace = run_cell(xs, model.cell, engine=engine)
    loss, dz = softmax_cross_entropy(readout(trace.h[1:], model.readout), labels)
    dhs, dreadout = readout_backward(dz, trace.h[1:], model.readout)
    return loss, Model(cell_backward(dhs, trace, model.cell, engine=engine).params, dreadout)


def check_pair(batch):
    """The two parts, inputs and labels, of a batch with an answer a step."""
    if not isinstance(batch, tuple) or len(batch) != 2:
        raise TypeError(f"batch: expected (xs, labels), got {validate.describe(batch)}")
    return batch


def derivatives_right(loss, model, batch) -> bool:
    """Whether the gradient that `loss` returns for a model passes the gradient check, every array.

    loss: (model, batch) -> (loss, gradients); model: float64. A gradient that is 0 throughout
    does not pass, since nothing was checked. Raises TypeError for no function or no model, and
    as `gradient_check` and the loss do.
    """
    validate.function("loss", loss)
    check_model(model)

    def value(arrays):
        found = iter(arrays)
        return loss(each_array(lambda _: next(found), model), batch)[0]

    gradient = loss(model, batch)[1]
    report = gradient_check(value, tuple(arrays_of(model)), tuple(arrays_of(gradient)))
    return report.ok and not report.vacuous
