"""A long stream in short pieces: what happens to the state between them (notebook 10)."""

from typing import NamedTuple

import numpy as np

from lstm_core import lstm_backward, lstm_forward
from lstm_inside import validate
from lstm_inside.training import (
    Adam,
    Model,
    check_model,
    clip_by_norm,
    init_readout,
    mean_squared_error,
    readout,
    readout_backward,
)

MODES = ("zero", "carry and cut", "carry")


class Pieces(NamedTuple):
    """A stream run in pieces: h, c, dh and dc (T, B, H), and dL/dparams, summed over the pieces."""

    h: np.ndarray
    c: np.ndarray
    dh: np.ndarray
    dc: np.ndarray
    params: tuple


def in_pieces(xs, dhs, params, length, mode) -> Pieces:
    """Run xs (T, B, D) in pieces of `length` steps, forward and backward from dhs (T, B, H).

    mode "zero": every piece starts from zeros. "carry and cut": it starts where the one before
    ended, and the gradient stops at its edge (stateful). "carry": the gradient goes on as well.
    Raises ValueError or TypeError for a length outside 1 to T, another mode, and as the core does.
    """
    params = validate.lstm_params(params)
    (xs,) = validate.sequence(params, xs)
    dhs = validate.array("dhs", dhs, (*xs.shape[:2], len(params.W_h)), "(T, B, H)", xs.dtype)
    validate.whole("length", length, most=len(xs))
    validate.choice("mode", mode, MODES)
    state, traces = (None, None), []
    for start in range(0, len(xs), length):
        traces.append(lstm_forward(xs[start : start + length], params, *state))
        state = (None, None) if mode == "zero" else (traces[-1].h[-1], traces[-1].c[-1])
    dh_next = dc_next = np.zeros(state[0].shape if state[0] is not None else dhs.shape[1:])
    pieces = []
    for n, trace in reversed(list(enumerate(traces))):
        direct = dhs[n * length : (n + 1) * length].copy()
        direct[-1] += dh_next
        grads = lstm_backward(direct, trace, params, dc_next)
        if mode == "carry":
            dh_next, dc_next = grads.h[0], grads.c[0]
        pieces.insert(0, grads)
    return Pieces(
        np.concatenate([trace.h[1:] for trace in traces]),
        np.concatenate([trace.c[1:] for trace in traces]),
        np.concatenate([grads.h[1:] for grads in pieces]),
        np.concatenate([grads.c[1:] for grads in pieces]),
        type(params)(*(sum(parts) for parts in zip(*(g.params for g in pieces), strict=True))),
    )


def latest_stream(T, B, *, every=10, rng):
    """A stream whose answer at each step is the latest flagged number: xs (T, B, 2), (T, B, 1).

    Numbers within [-1, 1); a flag at a step with chance 1 / every. Always at the first step.
    Raises ValueError or TypeError for sizes below 1 and no Generator.
    """
    validate.sizes(rng, T=(T, 1), B=(B, 1), every=(every, 1))
    xs = np.stack([rng.uniform(-1, 1, (T, B)), rng.random((T, B)) < 1 / every], axis=2)
    xs[0, :, 1] = 1
    latest = np.maximum.accumulate(np.where(xs[..., 1] == 1, np.arange(T)[:, None], 0))
    return xs, np.take_along_axis(xs[..., 0], latest, axis=0)[..., None]


def train_stream(cell, mode, *, length=5, steps=300, B=16, rate=0.02, rng):
    """Train on endless streams, piece by piece: the model, and the loss of every step (steps,).

    cell: the LSTM's start, D = 2. mode: "zero" or "carry and cut". rng draws read-out and data.
    Raises ValueError or TypeError for another mode, sizes below 1, no Generator.
    """
    validate.choice("mode", mode, MODES[:2])
    validate.sizes(rng, length=(length, 1), steps=(steps, 1), B=(B, 1))
    validate.positive("rate", rate)
    if len(validate.lstm_params(cell).W_x) != 2:
        raise ValueError(f"cell: expected D = 2 as in the stream, got D = {len(cell.W_x)}")
    model = Model(cell, init_readout(len(cell.W_h), 1, rng=rng))
    xs, targets = latest_stream(length * steps, B, rng=rng)
    optimiser, state, losses = Adam(rate), (None, None), []
    moments = optimiser.start(model)
    for start in range(0, len(xs), length):
        piece = slice(start, start + length)
        trace, loss, dy = _run_piece(model, xs[piece], targets[piece], state)
        dhs, dreadout = readout_backward(dy, trace.h[1:], model.readout)
        grads = Model(lstm_backward(dhs, trace, model.cell).params, dreadout)
        model, moments = optimiser.step(model, clip_by_norm(grads, 1.0)[0], moments)
        state = (None, None) if mode == "zero" else (trace.h[-1], trace.c[-1])
        losses.append(loss)
    return model, np.array(losses)


def use_on_stream(model, xs, targets, mode, *, length=5) -> float:
    """The mean squared error of a model that runs over a stream piece by piece.

    model: D = 2, K = 1. xs (T, B, 2), targets (T, B, 1) as `latest_stream` makes them.
    mode: "zero" or "carry and cut". A last piece may be shorter than `length`.
    Raises ValueError or TypeError for another model or mode, arrays that do not fit, length < 1.
    """
    check_model(model)
    params = validate.lstm_params(model.cell)
    (xs,) = validate.sequence(params, xs)
    targets = validate.array("targets", targets, (*xs.shape[:2], 1), "(T, B, 1)", xs.dtype)
    validate.choice("mode", mode, MODES[:2])
    validate.count("length", length)
    state, total = (None, None), 0.0
    for start in range(0, len(xs), length):
        piece = slice(start, start + length)
        trace, loss, _ = _run_piece(model, xs[piece], targets[piece], state)
        state = (None, None) if mode == "zero" else (trace.h[-1], trace.c[-1])
        total += loss * len(xs[piece])
    return total / len(xs)


def _run_piece(model, xs, targets, state):
    """Run a piece from a state (h, c): its trace, its loss, and dL/dy of every step."""
    trace = lstm_forward(xs, model.cell, *state)
    return trace, *mean_squared_error(readout(trace.h[1:], model.readout), targets)
