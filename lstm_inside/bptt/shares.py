"""Looking into backpropagation through time: where the gradient comes from, and what is cut.

First half of notebook 04, on top of `lstm_core`, NumPy only: the two shares of dL/dc_t, the
Jacobian of one step, and truncated backpropagation. Axes, names and equation numbers are
those of `lstm_core`.
"""

from dataclasses import fields
from typing import NamedTuple

import numpy as np

from lstm_core import (
    LSTMGrads,
    LSTMTrace,
    RNNTrace,
    lstm_backward,
    lstm_step_backward,
    rnn_backward,
    rnn_step_backward,
)
from lstm_inside import validate
from lstm_inside.page.measure import lengths


class CellShares(NamedTuple):
    """Two shares of dL/dc, each (T+1, B, H), which add up to `LSTMGrads.c`."""

    carousel: np.ndarray
    rest: np.ndarray


def split_step(trace, grads, dc_last=None) -> CellShares:
    """One step's split of dL/dc_t: along the cell line, and through h_t (4.7), (4.11).

    trace, grads: what `lstm_forward` and `lstm_backward` returned. dc_last (B, H): as it was
    given to `lstm_backward`. `carousel[t]` is f_{t+1} * dL/dc_{t+1}; `rest[t]` is dL/dh_t
    times o_t (1 - tanh(c_t)^2). No step ends in c_0, so `rest[0]` is 0.
    Raises ValueError or TypeError for a trace, gradients or dc_last that do not fit together.
    """
    dc_last = _check_flow(trace, grads, dc_last)
    carousel, rest = np.zeros((2, *grads.c.shape), grads.c.dtype)
    carousel[:-1] = trace.f * grads.c[1:]  # trace.f[t] is f_{t+1}
    carousel[-1] = dc_last
    rest[1:] = grads.h[1:] * trace.o * (1 - trace.tanh_c**2)
    return CellShares(carousel, rest)


def split_way(dhs, trace, grads, dc_last=None) -> CellShares:
    """The whole way's split of dL/dc_t: paths that stay on the cell line, and all others.

    dhs (T, B, H), dc_last (B, H): as they were given to `lstm_backward`. `carousel[t]` is
    what reaches c_t from the losses through forget gates only, never through a weight matrix;
    for a loss at the last step it is dL/dc_T times f_T ... f_{t+1}.
    Raises as `split_step` does, and for a dhs that does not fit.
    """
    dc_last = _check_flow(trace, grads, dc_last)
    dhs = validate.array("dhs", dhs, trace.tanh_c.shape, "(T, B, H)", grads.c.dtype)
    direct = dhs * trace.o * (1 - trace.tanh_c**2)  # (4.7) of the loss's own dh alone
    carousel = np.zeros_like(grads.c)
    carousel[-1] = dc_last
    for t in reversed(range(len(direct))):
        carousel[t + 1] += direct[t]
        carousel[t] = trace.f[t] * carousel[t + 1]  # (4.11)
    return CellShares(carousel, grads.c - carousel)


def _check_flow(trace, grads, dc_last):
    """dc_last (B, H), zero if missing; the trace and the gradients are those of one LSTM."""
    for name, thing, kind in (("trace", trace, LSTMTrace), ("grads", grads, LSTMGrads)):
        validate.of_kind(name, thing, kind)
    if grads.c.shape != trace.c.shape:
        raise ValueError(f"grads: expected c of {trace.c.shape}, as trace, got {grads.c.shape}")
    if dc_last is None:
        return 0
    return validate.array("dc_last", dc_last, trace.c.shape[1:], "(B, H)", grads.c.dtype)


# ---------------------------------------------------------------- the Jacobian of one step


def rnn_jacobians(trace, params, sequence=0) -> np.ndarray:
    """dh_t / dh_{t-1} of every step of one sequence of the batch, (T, H, H).

    Row k holds the derivatives of unit k of h_t. Each comes from `rnn_step_backward` with a
    unit vector as dh, all of them as one batch.
    Raises ValueError or TypeError for a trace that does not belong to the parameters, and for a
    sequence that is not in the batch.
    """
    _check_run(validate.rnn_params(params), RNNTrace, trace, sequence)
    T, _, H = trace.h[1:].shape
    cache = tuple(
        np.repeat(a[:, sequence], H, axis=0) for a in (trace.xs, trace.h[:-1], trace.h[1:])
    )  # (T, .) -> (T * H, .)
    dh = np.tile(np.eye(H, dtype=trace.h.dtype), (T, 1))
    _, dh_prev, _ = rnn_step_backward(dh, cache, params)
    return dh_prev.reshape(T, H, H)


def lstm_jacobians(trace, params, sequence=0) -> np.ndarray:
    """d(h_t, c_t) / d(h_{t-1}, c_{t-1}) of every step of one sequence, (T, 2H, 2H).

    Rows are the H units of h_t, then those of c_t; columns the same of step t - 1. Each row
    comes from `lstm_step_backward` with a unit vector as (dh, dc). Raises as `rnn_jacobians`.
    """
    _check_run(validate.lstm_params(params), LSTMTrace, trace, sequence)
    T, _, H = trace.tanh_c.shape
    seen = (trace.xs, trace.h[:-1], trace.c[:-1], trace.i, trace.f, trace.g, trace.o, trace.c[1:])
    cache = tuple(np.repeat(a[:, sequence], 2 * H, axis=0) for a in seen)
    units = np.tile(np.eye(2 * H, dtype=trace.h.dtype), (T, 1))
    _, dh_prev, dc_prev, _ = lstm_step_backward(units[:, :H], units[:, H:], cache, params)
    return np.concatenate([dh_prev, dc_prev], axis=1).reshape(T, 2 * H, 2 * H)


def _check_run(params, kind, trace, sequence):
    """That the trace belongs to the parameters and has such a sequence."""
    validate.of_kind("trace", trace, kind)
    validate.backward(params, kind, trace, trace.h[1:])
    validate.whole("sequence", sequence, least=0, most=trace.xs.shape[1] - 1)


def products_to_end(jacobians) -> np.ndarray:
    """J_T ... J_{t+1} for t = 0..T, (T+1, N, N): how the last state answers to that of step t.

    jacobians (T, N, N). The last product is the empty one, the identity.
    Raises ValueError or TypeError for what are no square matrices of finite numbers.
    """
    jacobians = validate.real("jacobians", jacobians, ndim=3)
    T, N, columns = jacobians.shape
    if columns != N or not N:
        raise ValueError(f"jacobians: expected (T, N, N), N >= 1, got shape {jacobians.shape}")
    validate.finite("jacobians", jacobians)
    product = np.empty((T + 1, N, N), jacobians.dtype)
    product[T] = np.eye(N)
    for t in reversed(range(T)):
        product[t] = product[t + 1] @ jacobians[t]
    return product


# ---------------------------------------------------------------- truncated


def truncated_backward(dhs, trace, params, k):
    """Backpropagation cut every k steps: the forward state goes on, the gradient does not.

    dhs (T, B, H), trace and params: as for `rnn_backward` and `lstm_backward`; the trace says
    which of the two it is. Chunks are counted from the start, the last may be shorter.
    Returns RNNGrads or LSTMGrads; each h[t] and c[t] holds only what its own chunk saw.
    Raises as they do, and for k below 1.
    """
    validate.count("k", k)
    lstm = validate.of_kind("trace", trace, RNNTrace, LSTMTrace) is LSTMTrace
    params = (validate.lstm_params if lstm else validate.rnn_params)(params)
    dhs, _ = validate.backward(params, LSTMTrace if lstm else RNNTrace, trace, dhs)
    T = len(trace.xs)
    if k >= T:
        return (lstm_backward if lstm else rnn_backward)(dhs, trace, params)
    n, left = divmod(T, k)
    parts = []
    for start, length, count in ((0, k, n), (n * k, left, 1)):
        if length and count:  # chunks of equal length run side by side, as a batch
            parts.append(_backward_in_chunks(dhs, trace, params, start, length, count))
    if len(parts) == 1:
        return parts[0]
    first, last = parts
    total = type(first.params)(*(a + b for a, b in zip(first.params, last.params, strict=True)))
    joined = {"params": total, "xs": np.concatenate([first.xs, last.xs])}
    for name in _states(first):
        joined[name] = np.concatenate([getattr(first, name), getattr(last, name)[1:]])
    return type(first)(**joined)


def _backward_in_chunks(dhs, trace, params, start, length, count):
    """`count` chunks of `length` steps, each with its own zero at the end."""
    B = trace.xs.shape[1]
    steps = start + np.arange(count) * length + np.arange(length + 1)[:, None]  # (k+1, n)

    def fold(a, rows):
        return a[rows].reshape(len(rows), count * B, a.shape[-1])

    kept = {
        f.name: fold(getattr(trace, f.name), steps if f.name in ("h", "c") else steps[:-1])
        for f in fields(trace)
    }
    backward = lstm_backward if hasattr(trace, "c") else rnn_backward
    grads = backward(fold(dhs, steps[:-1]), type(trace)(**kept), params)

    def unfold(a):
        a = a.reshape(len(a), count, B, -1).swapaxes(0, 1)
        return a.reshape(-1, B, a.shape[-1])  # (k, n * B, .) -> (n * k, B, .)

    whole = {"params": grads.params, "xs": unfold(grads.xs)}
    for name in _states(grads):
        state = getattr(grads, name)
        whole[name] = np.concatenate([state[:1, :B], unfold(state[1:])])
    return type(grads)(**whole)


def _states(grads):
    return ("h", "c") if hasattr(grads, "c") else ("h",)


def truncated_at_every(dhs, trace, params) -> tuple[np.ndarray, ...]:
    """The parameters' gradient of `truncated_backward` for every k = 1..T at once.

    dhs (T, B, H), trace and params: as there. Returns RNNParams or LSTMParams whose arrays have
    one axis more in front: entry k - 1 is that of k. Work grows with T * T, not T * T * T: a
    chunk's gradient depends on where it ends, so one walk back from every end serves all k.
    Raises as `truncated_backward` does.
    """
    lstm = validate.of_kind("trace", trace, RNNTrace, LSTMTrace) is LSTMTrace
    params = (validate.lstm_params if lstm else validate.rnn_params)(params)
    dhs, _ = validate.backward(params, LSTMTrace if lstm else RNNTrace, trace, dhs)
    T, B, D = trace.xs.shape
    N = len(params.b)
    # N more inputs, all zero, with the unit matrix as weights: their derivative is dL/da_t.
    seen = params._replace(W_x=np.concatenate([params.W_x, np.eye(N, dtype=dhs.dtype)]))
    kept = {f.name: np.tile(getattr(trace, f.name), (1, T, 1)) for f in fields(trace)}
    kept["xs"] = np.concatenate([kept["xs"], np.zeros((T, T * B, N), dhs.dtype)], axis=2)
    # Copy e of the batch ends after step e: it hears no loss behind it.
    heard = np.arange(T)[:, None] <= np.arange(T)
    ends = np.where(heard[:, :, None, None], dhs[:, None], 0).reshape(T, T * B, -1)
    backward = lstm_backward if lstm else rnn_backward
    da = backward(ends, type(trace)(**kept), seen).xs[:, :, D:].reshape(T, T, B, N)
    t, k = np.arange(T), np.arange(1, T + 1)[:, None]
    end = np.minimum((t // k + 1) * k, T) - 1  # (k, t): the last step of t's chunk
    da = da[t, end].reshape(T, T * B, N)
    rows = (a.reshape(T * B, -1).T for a in (trace.xs, trace.h[:-1]))
    return type(params)(*(row @ da for row in rows), da.sum(axis=1))


def compare_gradients(given, full) -> tuple[float, float]:
    """(cosine, ratio of lengths) of two parameter gradients, every array laid end to end.

    given, full: RNNParams or LSTMParams. A gradient of length 0 has cosine 0 with anything.
    Raises ValueError or TypeError for gradients of other parameters, NaN or infinity.
    """
    for name, params in (("given", given), ("full", full)):
        if not isinstance(params, tuple) or not params:
            raise TypeError(
                f"{name}: expected RNNParams or LSTMParams, got {validate.describe(params)}"
            )
    if len(given) != len(full):
        raise ValueError(f"full: expected {len(given)} arrays, as given, got {len(full)}")
    given = [validate.real(f"given[{n}]", p) for n, p in enumerate(given)]
    full = [
        validate.array(f"full[{n}]", p, g.shape, "of given", np.result_type(g, np.float32))
        for n, (p, g) in enumerate(zip(full, given, strict=True))
    ]
    for n, g in enumerate(given):
        validate.finite(f"given[{n}]", g)
    a, b = (np.concatenate([p.ravel() for p in params]) for params in (given, full))
    length_a, length_b = lengths(a, 0), lengths(b, 0)
    if not (length_a and length_b):
        return 0.0, float(length_a > 0)
    return float((a / length_a) @ (b / length_b)), float(length_a / length_b)
