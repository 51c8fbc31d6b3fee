"""A one-unit LSTM that has to hold a number: which gate leaks, what steers it (notebook 05).

A unit reads (number, flag) pairs, as `recall_problem` draws them, and is asked at the end.
"""

import numpy as np

from lstm_core import lstm_forward, lstm_step
from lstm_inside import validate

from .losses import mean_squared_error
from .model import Model, check_last, check_model, is_lstm, readout

PUSH = 40  # added to a pre-activation, it holds a gate within 1e-15 of 0 or 1


def forced(model, *, shut=False, opened=False) -> Model:
    """A one-unit model whose gates are held off the flag; at the flag they are as they were.

    shut: the input gate at 0. opened: the forget gate at 1. A push goes into the gate's bias and,
    turned round, into the flag's weight, so that it is gone where the flag is 1.
    Raises ValueError or TypeError for no `Model` of one LSTM unit that reads number and flag.
    """
    _check_unit(model)
    push = np.array(
        [-PUSH * bool(shut), PUSH * bool(opened), 0, 0], model.cell.b.dtype
    )  # i, f, g, o
    W_x, b = model.cell.W_x.copy(), model.cell.b + push
    W_x[1] -= push
    return model._replace(cell=model.cell._replace(W_x=W_x, b=b))


def unseeing(model, gates, h) -> Model:
    """A one-unit model some of whose gates see a fixed number h in place of the unit's state.

    gates: which of i, f, g (the candidate) and o.
    Raises ValueError or TypeError for no `Model` of one LSTM unit that reads number and flag,
    other gates, an h that is not a finite number.
    """
    _check_unit(model)
    _check_gates(gates)
    validate.number("h", h, "a finite number", lambda x: True)
    W_h, b = model.cell.W_h.copy(), model.cell.b.copy()
    for gate in map("ifgo".index, gates):
        b[gate], W_h[0, gate] = b[gate] + h * W_h[0, gate], 0
    return model._replace(cell=model.cell._replace(W_h=W_h, b=b))


def losses(model, batch):
    """The loss of a one-unit model's answers, and that with its read-out refitted.

    Refitted are the read-out's two numbers, by least squares on this very batch.
    Raises ValueError or TypeError for no `Model` of one LSTM unit, no batch of numbers and flags.
    """
    _check_unit(model)
    _check_flags(batch)
    return _losses(model, lstm_forward(batch.xs, model.cell).h[-1], batch)


def blinded(model, batch, gates="ifgo"):
    """A run in which some gates no longer see h once the flag has passed: losses, cells.

    gates: which of i, f, g (the candidate) and o get the mean of h, taken over all sequences and
    all steps after the flag, in place of h. Returns the loss, that with a read-out refitted (as
    `losses` does), and the cells c (T + 1, B).
    Raises as `losses` does, and for other gates.
    """
    _check_unit(model)
    _check_flags(batch)
    _check_gates(gates)
    past = after_flag(batch)[..., None]
    mean = lstm_forward(batch.xs, model.cell).h[:-1][past].mean() if past.any() else 0.0
    blind = unseeing(model, gates, mean).cell
    h = c = np.zeros(past.shape[1:])
    cells = [c[:, 0]]
    for x, cut in zip(batch.xs, past, strict=True):
        seen, unseen = (lstm_step(x, h, c, cell)[:2] for cell in (model.cell, blind))
        h, c = (np.where(cut, a, b) for a, b in zip(unseen, seen, strict=True))
        cells.append(c[:, 0])
    return *_losses(model, h, batch), np.array(cells)


def after_flag(batch):
    """Which steps of each sequence come after its flag: (T, B) of bools.

    Raises ValueError or TypeError for no batch of numbers and flags.
    """
    _check_flags(batch)
    flags = batch.xs[..., 1]
    return (np.cumsum(flags, axis=0) > 0) & (flags == 0)


def drift(cells, batch, bins=12):
    """How a cell changes in one step, by what it holds: the middles of bins, the mean changes.

    cells: (T + 1, B), as `blinded` gives them; only the steps after each flag count. A bin holds
    as many steps as another; its middle is the mean of the cell in it.
    Raises ValueError or TypeError for cells that are not those of the batch, bins below 1.
    """
    past = after_flag(batch)
    cells = validate.real("cells", cells, ndim=2)
    validate.finite("cells", cells)
    if cells.shape != (len(past) + 1, past.shape[1]):
        raise ValueError(f"cells: expected {(len(past) + 1, past.shape[1])}, got {cells.shape}")
    validate.count("bins", bins)
    if not past.any():
        raise ValueError("batch: expected steps after a flag, got none")
    held, change = cells[:-1][past], np.diff(cells, axis=0)[past]
    parts = np.array_split(np.argsort(held), min(bins, len(held)))
    return tuple(np.array([values[some].mean() for some in parts]) for values in (held, change))


def _losses(model, h, batch):
    own = mean_squared_error(readout(h, model.readout), batch.targets)[0]
    sees = np.hstack([h, np.ones_like(h)])
    refitted = sees @ np.linalg.lstsq(sees, batch.targets, rcond=None)[0]
    return own, mean_squared_error(refitted, batch.targets)[0]


def _check_unit(model):
    check_model(model)
    if not is_lstm(model.cell) or model.cell.W_x.shape != (2, 4):
        raise ValueError("model: expected one LSTM unit that reads number and flag")


def _check_gates(gates):
    if not isinstance(gates, str) or not set(gates) <= set("ifgo"):
        raise ValueError(f"gates: expected letters of 'ifgo', got {gates!r}")


def _check_flags(batch):
    check_last(batch)
    if batch.xs.shape[2] != 2:
        raise ValueError(f"xs: expected number and flag, (T, B, 2), got {batch.xs.shape}")
    validate.finite("xs", batch.xs)
