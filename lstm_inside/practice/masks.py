"""Sequences of unequal length in one batch: pads, masks, and where the loss reads (notebook 10)."""

from typing import NamedTuple

import numpy as np

from lstm_core import LSTMParams, lstm_step, lstm_step_backward
from lstm_inside import validate

SIDES = ("right", "left")


class MaskedRun(NamedTuple):
    """A run that stands still at pads: h and c (T+1, B, H) from the start on, mask (T, B)."""

    h: np.ndarray
    c: np.ndarray
    mask: np.ndarray
    caches: tuple


class MaskedGrads(NamedTuple):
    """dL/dparams, dL/dxs (T, B, D) and the total dL/dh_t and dL/dc_t (T+1, B, H)."""

    params: LSTMParams
    xs: np.ndarray
    h: np.ndarray
    c: np.ndarray


def mask_of(lengths, T, side="right"):
    """True where a step is real: (T, B) for lengths (B,), with the pads on that side.

    Raises ValueError or TypeError for lengths outside 1 to T or another side.
    """
    validate.count("T", T)
    validate.choice("side", side, SIDES)
    lengths = validate.real("lengths", lengths, ndim=1)
    if lengths.dtype.kind not in "iu" or not lengths.size:
        raise TypeError(f"lengths: expected whole numbers, got {validate.describe(lengths)}")
    if lengths.min() < 1 or lengths.max() > T:
        raise ValueError(f"lengths: expected 1 to {T}, got {lengths}")
    real = np.arange(T)[:, None] < lengths
    return real if side == "right" else real[::-1]


def last_real(mask):
    """The step, counted from 0, at which each sequence of a mask (T, B) really ends: (B,).

    Raises ValueError or TypeError for what is no mask, and for a sequence without a real step.
    """
    mask = check_mask(mask)
    return len(mask) - 1 - mask[::-1].argmax(axis=0)


def read_last(states, mask):
    """Each sequence's state at its own last real step: states (T, B, H) -> (B, H).

    Raises ValueError or TypeError for states and a mask that do not fit.
    """
    last = last_real(mask)
    states = validate.real("states", states, ndim=3)
    validate.array("states", states, (*np.shape(mask), states.shape[2]), "(T, B, H)", states.dtype)
    return states[last, np.arange(len(last))]


def read_last_backward(dh, mask):
    """From dh (B, H) of what `read_last` read to dhs (T, B, H): zero at all other steps.

    Raises ValueError or TypeError as `read_last` does.
    """
    last = last_real(mask)
    dh = validate.real("dh", dh, ndim=2)
    dh = validate.array("dh", dh, (len(last), dh.shape[1]), "(B, H)", np.float64)
    dhs = np.zeros((len(mask), *dh.shape))
    dhs[last, np.arange(len(last))] = dh
    return dhs


def masked_forward(xs, mask, params) -> MaskedRun:
    """Run xs (T, B, D) from a zero state; where mask (T, B) is False, h and c are held (10.3).

    Raises ValueError or TypeError for a mask of another shape, and as `lstm_step` does.
    """
    params = validate.lstm_params(params)
    (xs,), mask = validate.sequence(params, xs), check_mask(mask)
    if mask.shape != xs.shape[:2]:
        raise ValueError(f"mask: expected shape (T, B) = {xs.shape[:2]}, got {mask.shape}")
    h, c = (np.zeros((len(xs) + 1, xs.shape[1], len(params.W_h))) for _ in range(2))
    caches = []
    for t, real in enumerate(mask[..., None]):
        new_h, new_c, cache = lstm_step(xs[t], h[t], c[t], params)
        h[t + 1], c[t + 1] = np.where(real, new_h, h[t]), np.where(real, new_c, c[t])
        caches.append(cache)
    return MaskedRun(h, c, mask, tuple(caches))


def masked_backward(dhs, run, params) -> MaskedGrads:
    """From dhs (T, B, H), direct, to all gradients: a held state hands its gradient on whole.

    Raises ValueError or TypeError for dhs or a run that do not fit, and as the core does.
    """
    if not isinstance(run, MaskedRun):
        raise TypeError(f"run: expected MaskedRun, got {validate.describe(run)}")
    params = check_params(params, run)
    dhs = validate.array("dhs", dhs, run.h[1:].shape, "(T, B, H)", params.W_h.dtype)
    dh, dc = np.zeros_like(run.h), np.zeros_like(run.c)
    dxs, total = [None] * len(dhs), [np.zeros_like(p) for p in params]
    for t in reversed(range(len(dhs))):
        real = run.mask[t][:, None]
        dh[t + 1] += dhs[t]
        dxs[t], dh_prev, dc_prev, dparams = lstm_step_backward(
            real * dh[t + 1], real * dc[t + 1], run.caches[t], params
        )
        dh[t], dc[t] = dh_prev + ~real * dh[t + 1], dc_prev + ~real * dc[t + 1]
        *_, o, c = run.caches[t]
        dc[t + 1] += real * dh[t + 1] * o * (1 - np.tanh(c) ** 2)  # (4.7) through h_t
        total = [a + b for a, b in zip(total, dparams, strict=True)]
    return MaskedGrads(LSTMParams(*total), np.array(dxs), dh, dc)


def check_params(params, run):
    """An LSTM's parameters of the sizes that a run of this room was made with."""
    params, x = validate.lstm_params(params), run.caches[0][0]
    wanted, got = (x.shape[1], run.h.shape[2]), (len(params.W_x), len(params.W_h))
    if got != wanted:
        raise ValueError(f"params: expected D, H = {wanted} as in the run, got {got}")
    return params


def check_mask(mask):
    """A boolean array (T, B) with a real step in every sequence."""
    mask = np.asarray(mask) if isinstance(mask, np.ndarray | list | tuple) else mask
    if not isinstance(mask, np.ndarray) or mask.dtype != bool or mask.ndim != 2 or not mask.size:
        raise TypeError(f"mask: expected booleans (T, B), got {validate.describe(mask)}")
    if not mask.any(axis=0).all():
        raise ValueError("mask: expected a real step in every sequence, got one with none")
    return mask
