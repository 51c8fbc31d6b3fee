"""Dropout on the input, on the recurrent wires, or (by mistake) on the cell line (notebook 10)."""

from typing import NamedTuple

import numpy as np

from lstm_core import LSTMParams, lstm_step, lstm_step_backward
from lstm_inside import validate

from .masks import check_params

PLACES = ("input", "recurrent", "cell")


class DroppedRun(NamedTuple):
    """A run with dropout: h and c (T+1, B, H) from the start on, and what the way back needs."""

    h: np.ndarray
    c: np.ndarray
    masks: dict
    caches: tuple


class DroppedGrads(NamedTuple):
    """dL/dparams, dL/dxs (T, B, D) and the total dL/dh_t and dL/dc_t (T+1, B, H)."""

    params: LSTMParams
    xs: np.ndarray
    h: np.ndarray
    c: np.ndarray


def drop_mask(shape, keep, *, rng):
    """0 for what is dropped, 1 / keep for what is kept, so that the mean stays (10.4).

    shape: a tuple of whole numbers. keep: the share that stays, above 0 to 1. rng: a Generator.
    Raises ValueError or TypeError for anything else. Source: Srivastava et al. 2014.
    """
    if not isinstance(shape, tuple):
        raise TypeError(f"shape: expected a tuple of sizes, got {validate.describe(shape)}")
    for size in shape:
        validate.count("shape", size)
    validate.number("keep", keep, "a share above 0, at most 1", lambda k: 0 < k <= 1)
    validate.generator(rng)
    return (rng.random(shape) < keep) / keep


def dropped_forward(xs, params, masks) -> DroppedRun:
    """Run xs (T, B, D) from a zero state through an LSTM whose wires carry masks.

    masks: dict place -> (T, B, D) for "input", (T, B, H) for "recurrent" (h on its way into the
    gates) and for "cell" (c on its way to the next step); what is missing is not dropped.
    Raises ValueError or TypeError for unknown places or shapes, and as `lstm_step` does.
    """
    params = validate.lstm_params(params)
    (xs,) = validate.sequence(params, xs)
    masks = check_masks(masks, *xs.shape, len(params.W_h))
    h, c = (np.zeros((len(xs) + 1, xs.shape[1], len(params.W_h))) for _ in range(2))
    caches = []
    for t, x in enumerate(xs):
        on_x, on_h, on_c = (masks[place][t] for place in PLACES)
        h[t + 1], c[t + 1], cache = lstm_step(x * on_x, h[t] * on_h, c[t] * on_c, params)
        caches.append(cache)
    return DroppedRun(h, c, masks, tuple(caches))


def dropped_backward(dhs, run, params) -> DroppedGrads:
    """From dhs (T, B, H), direct, to all gradients: what was dropped hands none on.

    Raises ValueError or TypeError for dhs or a run that do not fit, and as the core does.
    """
    if not isinstance(run, DroppedRun):
        raise TypeError(f"run: expected DroppedRun, got {validate.describe(run)}")
    params = check_params(params, run)
    dhs = validate.array("dhs", dhs, run.h[1:].shape, "(T, B, H)", params.W_h.dtype)
    dh, dc = np.zeros_like(run.h), np.zeros_like(run.c)
    dxs, total = [None] * len(dhs), [np.zeros_like(p) for p in params]
    for t in reversed(range(len(dhs))):
        on_x, on_h, on_c = (run.masks[place][t] for place in PLACES)
        dh[t + 1] += dhs[t]
        dx, dh_prev, dc_prev, dparams = lstm_step_backward(
            dh[t + 1], dc[t + 1], run.caches[t], params
        )
        dxs[t], dh[t], dc[t] = dx * on_x, dh_prev * on_h, dc_prev * on_c
        *_, o, c = run.caches[t]
        dc[t + 1] += dh[t + 1] * o * (1 - np.tanh(c) ** 2)  # (4.7) through h_t
        total = [a + b for a, b in zip(total, dparams, strict=True)]
    return DroppedGrads(LSTMParams(*total), np.array(dxs), dh, dc)


def drawn_gradients(xs, params, place, drop, *, once=False, draws=100, rng):
    """How much of a gradient from the last step arrives, over many draws of masks (10.4).

    xs (T, D): one sequence. place: one of PLACES. drop: the share dropped there, below 1. once: one
    mask for all steps. The gradient enters h_T with length 1, alike in all H units. Returns the
    lengths of dL/dc (T, draws) over all paths, and the lengths (draws,) at step 1 of what came
    along the cell line alone. Raises ValueError or TypeError as `drop_mask` and `dropped_forward`
    do, and for another place or draws below 1.
    """
    params = validate.lstm_params(params)
    (xs,) = validate.sequence(params, validate.real("xs", xs, ndim=2)[:, None])
    validate.choice("place", place, PLACES)
    validate.share("drop", drop)
    validate.count("draws", draws)
    T, H = len(xs), len(params.W_h)
    width = xs.shape[2] if place == "input" else H
    mask = drop_mask((1 if once else T, draws, width), 1 - drop, rng=rng)
    masks = {place: np.broadcast_to(mask, (T, draws, width))}
    run = dropped_forward(np.repeat(xs, draws, axis=1), params, masks)
    dhs = np.zeros((T, draws, H))
    dhs[-1] = 1 / np.sqrt(H)
    dc = dropped_backward(dhs, run, params).c[1:]
    along = dc[-1]
    for t in range(T - 1, 0, -1):
        *_, f, _, _, _ = run.caches[t]
        along = along * f * run.masks["cell"][t]
    return np.linalg.norm(dc, axis=-1), np.linalg.norm(along, axis=-1)


def check_masks(masks, T, B, D, H):
    """A mask a place, ones where none was given."""
    if not isinstance(masks, dict) or not masks.keys() <= set(PLACES):
        raise TypeError(f"masks: expected a dict with some of {PLACES}, got {masks!r:.60}")
    shapes = {"input": (T, B, D), "recurrent": (T, B, H), "cell": (T, B, H)}
    return {
        place: validate.array(f"masks, {place}", masks.get(place, np.ones(shape)), shape,
                              "(T, B, size)", np.float64)
        for place, shape in shapes.items()
    }  # fmt: skip
