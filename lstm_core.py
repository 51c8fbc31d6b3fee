"""Recurrent networks from the inside: forward and backward passes in plain NumPy.

Read the step functions first: `rnn_step` and `lstm_step` are the equations, and each
backward stands right under its forward. The sequence functions compute the same numbers,
only faster. Numbers in brackets, such as (3.1), are the equations of the notebooks:
(2.x) in 02_rnn, (3.x) in 03_gates, (4.x) in 04_bptt.

Axes: T time steps, B batch, D input size, H hidden size; arrays are time-major.
Names: `dz` is dL/dz, and the four gates stand in the order i, f, g, o
(input gate, forget gate, candidate, output gate), which is PyTorch's. The candidate g is
often written C-tilde, and a textbook's W_f [h, x] + b_f is
`h @ W_h[:, f] + x @ W_x[:, f] + b[f]` with f the forget gate's columns.

float32 and float64 both work; the parameters' dtype is the result's dtype.
No function changes an array that it was given.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

# ---------------------------------------------------------------- parameters


class RNNParams(NamedTuple):
    """Weights of a tanh RNN: W_x (D, H), W_h (H, H), b (H,). Also known as U, W and b."""

    W_x: np.ndarray
    W_h: np.ndarray
    b: np.ndarray


class LSTMParams(NamedTuple):
    """Weights of an LSTM: W_x (D, 4H), W_h (H, 4H), b (4H,); column blocks i, f, g, o."""

    W_x: np.ndarray
    W_h: np.ndarray
    b: np.ndarray


def init_rnn(D, H, *, rng, recurrent="uniform", dtype=np.float64) -> RNNParams:
    """Draw fresh RNN parameters: weights within 1/sqrt(H), bias 0.

    D, H: input and hidden size. rng: a numpy.random.Generator.
    recurrent: "uniform", or "orthogonal" for a W_h that keeps lengths (Saxe et al. 2014).
    Raises ValueError or TypeError for sizes below 1, an unknown kind or dtype, no Generator.
    """
    dtype = _check_init(D, H, rng, recurrent, dtype)
    W_x = _uniform((D, H), H, rng)
    W_h = _orthogonal(H, rng) if recurrent == "orthogonal" else _uniform((H, H), H, rng)
    return RNNParams(W_x.astype(dtype), W_h.astype(dtype), np.zeros(H, dtype))


def init_lstm(D, H, *, rng, forget_bias=1.0, recurrent="uniform", dtype=np.float64) -> LSTMParams:
    """Draw fresh LSTM parameters: weights within 1/sqrt(H), bias 0 but for the forget gate's.

    forget_bias: start of the forget gate's bias; 1 lets the cell remember from the first
    step on (Gers et al. 2000; Jozefowicz et al. 2015).
    The other arguments and errors are those of `init_rnn`; "orthogonal" draws one
    orthogonal matrix for each gate.
    """
    dtype = _check_init(D, H, rng, recurrent, dtype)
    if not np.isfinite(_as_real("forget_bias", forget_bias, ndim=0)):
        raise ValueError(f"forget_bias: expected a finite number, got {forget_bias!r}")
    W_x = _uniform((D, 4 * H), H, rng)
    if recurrent == "orthogonal":
        W_h = np.concatenate([_orthogonal(H, rng) for _ in range(4)], axis=1)
    else:
        W_h = _uniform((H, 4 * H), H, rng)
    b = np.zeros(4 * H, dtype)
    split_gates(b)[1][:] = forget_bias
    return LSTMParams(W_x.astype(dtype), W_h.astype(dtype), b)


def split_gates(a):
    """Views of the four blocks i, f, g, o along the last axis: (..., 4H) -> 4 x (..., H).

    Raises ValueError or TypeError for a number of columns that is no multiple of 4.
    """
    a = _as_real("a", a)
    if not a.ndim or a.shape[-1] % 4:
        raise ValueError(f"a: expected four blocks of columns, (..., 4H), got shape {a.shape}")
    H = a.shape[-1] // 4
    return a[..., :H], a[..., H : 2 * H], a[..., 2 * H : 3 * H], a[..., 3 * H :]


def sigmoid(z):
    """1 / (1 + exp(-z)), elementwise: exact, silent and finite for any float (1.1)."""
    z = _as_real("z", z)
    if z.dtype.kind != "f":
        z = z.astype(np.float64)
    with np.errstate(under="ignore"):
        e = np.exp(-np.abs(z))  # never above 1, so it cannot overflow
        return np.where(z >= 0, 1, e)[()] / (1 + e)


# ---------------------------------------------------------------- RNN, one step


def rnn_step(x, h_prev, params):
    """One step of a tanh RNN (2.1; Elman 1990): x (B, D), h_prev (B, H) -> h (B, H), cache."""
    W_x, W_h, b = params = _check_rnn_params(params)
    x, h_prev = _check_step(params, x=x, h_prev=h_prev)

    h = np.tanh(x @ W_x + h_prev @ W_h + b)  # (2.1)
    return h, (x, h_prev, h)


def rnn_step_backward(dh, cache, params):
    """From dh = dL/dh_t (B, H) to dx (B, D), dh_prev (B, H) and the parameters' gradients.

    `dh` is the total: the loss's direct share plus what comes from step t + 1.
    """
    W_x, W_h, _ = params = _check_rnn_params(params)
    x, h_prev, h = _check_cache(cache, 3)
    x, dh = _check_step(params, x=x, dh=dh)

    da = dh * (1 - h**2)  # (4.2) tanh' = 1 - tanh^2
    dh_prev = da @ W_h.T  # (4.3)
    dx = da @ W_x.T  # (4.4)
    dparams = RNNParams(x.T @ da, h_prev.T @ da, da.sum(axis=0))  # (4.5)
    return dx, dh_prev, dparams


# ---------------------------------------------------------------- LSTM, one step


def lstm_step(x, h_prev, c_prev, params):
    """One LSTM step (3.1)-(3.6): x (B, D), h_prev and c_prev (B, H) -> h, c (B, H), cache.

    Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al. 2000.
    """
    W_x, W_h, b = params = _check_lstm_params(params)
    x, h_prev, c_prev = _check_step(params, x=x, h_prev=h_prev, c_prev=c_prev)

    a = x @ W_x + h_prev @ W_h + b  # (B, D) @ (D, 4H) + (B, H) @ (H, 4H) -> (B, 4H)
    a_i, a_f, a_g, a_o = split_gates(a)
    f = sigmoid(a_f)  # (3.2) how much of the cell to keep
    i = sigmoid(a_i)  # (3.3) how much of the candidate to write
    g = np.tanh(a_g)  # (3.4) the candidate
    o = sigmoid(a_o)  # (3.5) how much of the cell to show
    c = f * c_prev + i * g  # (3.1) the cell: elementwise products
    h = o * np.tanh(c)  # (3.6) the hidden state
    return h, c, (x, h_prev, c_prev, i, f, g, o, c)


def lstm_step_backward(dh, dc, cache, params):
    """From dL/dh_t and what comes to c_t from step t + 1 to dx, dh_prev, dc_prev, dparams.

    dh (B, H): the total derivative by h_t. dc (B, H): the derivative by c_t along the cell
    line only; the path from c_t through h_t is added here (4.7).
    """
    W_x, W_h, _ = params = _check_lstm_params(params)
    x, h_prev, c_prev, i, f, g, o, c = _check_cache(cache, 8)
    x, dh, dc = _check_step(params, x=x, dh=dh, dc=dc)

    tanh_c = np.tanh(c)
    do = dh * tanh_c  # (4.6)
    dc = dc + dh * o * (1 - tanh_c**2)  # (4.7) not +=: the caller's dc stays as it was
    df = dc * c_prev  # (4.8)
    di = dc * g  # (4.9)
    dg = dc * i  # (4.10)
    dc_prev = dc * f  # (4.11) the carousel
    da = np.concatenate(  # (4.12) slopes by the activations' own values; (B, 4H)
        [di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)], axis=1
    )
    dh_prev = da @ W_h.T  # (4.3)
    dx = da @ W_x.T  # (4.4)
    dparams = LSTMParams(x.T @ da, h_prev.T @ da, da.sum(axis=0))  # (4.5)
    return dx, dh_prev, dc_prev, dparams


# ---------------------------------------------------------------- RNN, whole sequence


@dataclass(frozen=True, eq=False)
class RNNTrace:
    """What a forward pass saw: xs (T, B, D) and h (T+1, B, H), where h[0] is the start."""

    xs: np.ndarray
    h: np.ndarray


@dataclass(frozen=True, eq=False)
class RNNGrads:
    """The loss's derivatives: params (RNNParams), xs (T, B, D), h (T+1, B, H).

    `h[t]` is the total derivative by h_t, over every path; `h[0]` is the initial state's.
    """

    params: RNNParams
    xs: np.ndarray
    h: np.ndarray


def rnn_forward(xs, params, h0=None) -> RNNTrace:
    """Run a tanh RNN over xs (T, B, D) from h0 (B, H), zero if missing (2.1).

    Raises ValueError or TypeError, naming the argument, for a wrong rank or size, T, B, D
    or H below 1, parameters that do not fit together, NaN or infinity, no real numbers.
    """
    W_x, W_h, b = params = _check_rnn_params(params)
    xs, h0 = _check_sequence(params, xs, h0=h0)
    T, B, _ = xs.shape

    h = np.empty((T + 1, B, len(W_h)), W_h.dtype)
    h[0] = h0
    np.matmul(xs, W_x, out=h[1:])  # every step's x @ W_x at once
    h[1:] += b
    for t in range(T):
        h[t + 1] += h[t] @ W_h
        np.tanh(h[t + 1], out=h[t + 1])
    return RNNTrace(xs, h)


def rnn_backward(dhs, trace, params) -> RNNGrads:
    """Backpropagation through time for `rnn_forward` (4.1)-(4.5; Werbos 1990).

    dhs (T, B, H): the loss's direct derivative by each h_t, t = 1..T.
    Raises as `rnn_forward` does, and for a trace that does not belong to the parameters.
    """
    W_x, W_h, _ = params = _check_rnn_params(params)
    dhs, _ = _check_backward(params, RNNTrace, trace, dhs)
    xs, h = trace.xs, trace.h
    T, B, D = xs.shape

    dh = np.zeros_like(h)
    dh[1:] = dhs
    da = 1 - h[1:] ** 2  # the slopes of all steps at once
    W_hT = np.ascontiguousarray(W_h.T)
    for t in reversed(range(T)):
        da[t] *= dh[t + 1]  # (4.2)
        dh[t] += da[t] @ W_hT  # (4.1), (4.3)
    da = da.reshape(T * B, -1)
    dW_x = xs.reshape(T * B, D).T @ da  # (4.5), summed over the steps
    dW_h = h[:-1].reshape(T * B, -1).T @ da
    dxs = (da @ W_x.T).reshape(T, B, D)  # (4.4)
    return RNNGrads(RNNParams(dW_x, dW_h, da.sum(axis=0)), dxs, dh)


# ---------------------------------------------------------------- LSTM, whole sequence


@dataclass(frozen=True, eq=False)
class LSTMTrace:
    """What a forward pass saw, for every view and for the backward pass.

    xs (T, B, D); h and c (T+1, B, H), index 0 being the start; tanh_c and the gates i, f, g
    and o (T, B, H).
    """

    xs: np.ndarray
    h: np.ndarray
    c: np.ndarray
    tanh_c: np.ndarray
    i: np.ndarray
    f: np.ndarray
    g: np.ndarray
    o: np.ndarray


@dataclass(frozen=True, eq=False)
class LSTMGrads:
    """The loss's derivatives: params (LSTMParams), xs (T, B, D), h and c (T+1, B, H).

    `h[t]` and `c[t]` are total derivatives by h_t and c_t, over every path; index 0 is the
    initial state's.
    """

    params: LSTMParams
    xs: np.ndarray
    h: np.ndarray
    c: np.ndarray


def lstm_forward(xs, params, h0=None, c0=None) -> LSTMTrace:
    """Run an LSTM over xs (T, B, D) from h0 and c0 (B, H), zero if missing (3.1)-(3.6).

    Raises ValueError or TypeError, naming the argument, for a wrong rank or size, T, B, D
    or H below 1, parameters that do not fit together, NaN or infinity, no real numbers.
    """
    W_x, W_h, b = params = _check_lstm_params(params)
    xs, h0, c0 = _check_sequence(params, xs, h0=h0, c0=c0)
    T, B, D = xs.shape
    H = len(W_h)

    block = _steps_a_block(T, B)
    shapes = (3, T + 1, B, H), (4, T, B, H), (block, B, 4 * H)
    (h, c, tanh_c), gates, from_x = _empty(W_h.dtype, *shapes)
    h[0], c[0] = h0, c0
    trace = LSTMTrace(xs, h, c, tanh_c[1:], *gates)
    times_W_x, times_W_h = _Times(W_x, block * B), _Times(W_h, B)
    for start in range(0, T, block):
        now = slice(start, min(start + block, T))
        from_x = from_x[: now.stop - start]
        times_W_x(xs[now].reshape(-1, D), from_x.reshape(-1, 4 * H))  # x @ W_x of many steps
        from_x += b
        _forward_steps(trace, now, from_x, times_W_h)
    return trace


def _forward_steps(trace, now, from_x, times_W_h):
    """The loop of `lstm_forward` over the steps `now`; from_x (n, B, 4H) is their x @ W_x + b.

    `lstm_step` written straight into the trace: every new array costs time, and so does every
    gap between the rows of an array that is cut in four, hence `_by_gate`.
    """
    tanh, exp, divide, multiply = np.tanh, np.exp, np.divide, np.multiply
    a = np.empty((4, *trace.h[0].shape), from_x.dtype)
    a_i, a_f, a_g, a_o = a
    from_h = np.empty_like(from_x[0])
    from_h_by_gate = _by_gate(from_h)
    one = np.ones((), a.dtype)
    h_prev, c_prev = trace.h[now.start], trace.c[now.start]
    after = slice(now.start + 1, now.stop + 1)  # step t leads from h[t], c[t] to h[t+1], c[t+1]
    gates = (gate[now] for gate in (trace.i, trace.f, trace.g, trace.o))
    results = *gates, trace.c[after], trace.tanh_c[now], trace.h[after]
    with np.errstate(over="ignore", under="ignore"):  # 1 / (1 + inf) is the 0 we want
        for from_x_now, i, f, g, o, c, tanh_c, h in zip(_by_gate(from_x), *results, strict=True):
            times_W_h(h_prev, from_h)
            np.add(from_h_by_gate, from_x_now, a)
            tanh(a_g, g)  # (3.4) the candidate
            np.negative(a, a)
            exp(a, a)
            a += one  # 1 + exp(-a): each sigmoid is 1 divided by it
            divide(one, a_f, f)  # (3.2) how much of the cell to keep
            divide(one, a_i, i)  # (3.3) how much of the candidate to write
            divide(one, a_o, o)  # (3.5) how much of the cell to show
            multiply(f, c_prev, c)  # (3.1) keep ...
            written = multiply(i, g, tanh_c)  # a place that is free until tanh
            c += written  # (3.1) ... and write
            tanh(c, tanh_c)
            multiply(o, tanh_c, h)  # (3.6)
            h_prev, c_prev = h, c


def lstm_backward(dhs, trace, params, dc_last=None) -> LSTMGrads:
    """Backpropagation through time for `lstm_forward` (4.1)-(4.12).

    dhs (T, B, H): the loss's direct derivative by each h_t, t = 1..T.
    dc_last (B, H): its direct derivative by the last cell state, zero if missing.
    Raises as `lstm_forward` does, and for a trace that does not belong to the parameters.

    Everything that does not wait for the future (each gate's slope times what the gate was
    multiplied with) is computed for a block of steps at once; what is left to the loop is
    the recurrence itself.
    """
    W_x, W_h, _ = params = _check_lstm_params(params)
    dhs, dc_last = _check_backward(params, LSTMTrace, trace, dhs, dc_last)
    xs, h = trace.xs, trace.h
    T, B, D = xs.shape
    H = len(W_h)

    block = _steps_a_block(T, B)
    shapes = (2, T + 1, B, H), (T, B, D), (block, 4, B, H), (block, B, 4 * H)
    (dh, dc), dxs, da_by_gate, da = _empty(W_h.dtype, *shapes)
    if B == 1:
        da = da_by_gate.reshape(da.shape)  # one and the same
    dh[0], dh[1:] = 0, dhs
    carried = np.zeros((B, H), W_h.dtype)
    carried += dc_last
    dW_x, dW_h, db = (np.zeros_like(p) for p in params)
    times_W_xT, times_W_hT = _Times(W_x.T, block * B), _Times(W_h.T, B)
    for end in range(T, 0, -block):
        now = slice(max(0, end - block), end)
        da_by_gate, da = da_by_gate[: end - now.start], da[: end - now.start]
        _backward_steps(trace, now, times_W_hT, dh, dc, carried, da_by_gate, da)
        rows = da.reshape(-1, 4 * H)
        times_W_xT(rows, dxs[now].reshape(-1, D))  # (4.4)
        dW_x += _transposed_times(xs[now].reshape(-1, D), rows)  # (4.5), summed over the steps
        dW_h += _transposed_times(h[now].reshape(-1, H), rows)
        db += rows.sum(axis=0)
    dc[0] = carried
    return LSTMGrads(LSTMParams(dW_x, dW_h, db), dxs, dh, dc)


def _backward_steps(trace, now, times_W_hT, dh, dc, carried, da_by_gate, da):
    """The loop of `lstm_backward` over the steps `now`: fills dh, dc, and da in both orders.

    carried (B, H) is what comes along the cell line from the step after, and then what goes on
    to the step before. da_by_gate (n, 4, B, H) and da (n, B, 4H) hold the same.
    """
    after = slice(now.start + 1, now.stop + 1)  # step t leads from h[t], c[t] to h[t+1], c[t+1]
    _local_slopes(trace, now, da_by_gate, dc[after])
    multiply, apart = np.multiply, dh.shape[1] > 1
    from_da = np.empty_like(carried)
    ifg, os = da_by_gate[:, :3], da_by_gate[:, 3]
    over_time = (trace.f[now], dh[now], dc[after], ifg, os, da_by_gate, _by_gate(da), da)
    steps = zip(*(a[::-1] for a in over_time), strict=True)  # from the last step to the first
    dh_now = dh[now.stop]
    for f, dh_prev, dc_now, da_ifg, da_o, da_ifgo, as_rows, da_now in steps:
        dc_now *= dh_now
        dc_now += carried  # (4.7)
        da_ifg *= dc_now  # (4.8)-(4.10), (4.12): i, f, g
        da_o *= dh_now  # (4.6), (4.12): o
        multiply(f, dc_now, carried)  # (4.11)
        if apart:
            as_rows[...] = da_ifgo
        times_W_hT(da_now, from_da)
        dh_prev += from_da  # (4.1), (4.3)
        dh_now = dh_prev


def _local_slopes(trace, now, by_gate, by_c):
    """What (4.6)-(4.12) multiply dc and dh with, for the steps `now`.

    Into by_gate (n, 4, B, H): dc/da for i, f and g, dh/da for o. Into by_c (n, B, H): dh/dc.
    """
    multiply, subtract = np.multiply, np.subtract
    i, f, g, o = trace.i[now], trace.f[now], trace.g[now], trace.o[now]
    c_prev, tanh_c = trace.c[now], trace.tanh_c[now]
    by_i, by_f, by_g, by_o = by_gate.swapaxes(0, 1)
    for gate, slope, factor in ((i, by_i, g), (f, by_f, c_prev), (o, by_o, tanh_c)):
        subtract(1, gate, slope)
        slope *= gate  # sigmoid' = s (1 - s)
        slope *= factor
    for value, slope, factor in ((g, by_g, i), (tanh_c, by_c, o)):
        multiply(value, value, slope)
        subtract(1, slope, slope)  # tanh' = 1 - tanh^2
        slope *= factor


# ---------------------------------------------------------------- memory and products, for speed


def _empty(dtype, *shapes):
    """New arrays of these shapes in one piece of memory.

    GNU's C library keeps freed memory only up to twice the largest piece it has seen; the rest
    goes back to the system and is fetched anew, page by page, at the next call. So all large
    arrays of a pass are one piece, those that serve for the time of the pass among them.
    """
    sizes = [math.prod(shape) for shape in shapes]
    whole, arrays, start = np.empty(sum(sizes), dtype), [], 0
    for shape, size in zip(shapes, sizes, strict=True):
        arrays.append(whole[start : start + size].reshape(shape))
        start += size
    return arrays


def _by_gate(a):
    """The four blocks of columns one after the other: (n, B, 4H) -> a view (n, 4, B, H)."""
    *steps, B, columns = a.shape
    return a.reshape(*steps, B, 4, columns // 4).swapaxes(-2, -3)


def _steps_a_block(T, B):
    """How many steps are worked off together: enough rows, steps x B, for a good product."""
    return min(T, max(1, _ROWS_PER_BLOCK // B))


_ROWS_PER_BLOCK = 512


class _Times:
    """x @ W into a given array, for one W (K, N) and many x of at most `rows` rows.

    OpenBLAS for AVX-512 multiplies small matrices where they lie, but copies large ones first
    into another order, W anew at every step. There a large product is made of small ones, with
    W copied once: a quarter to a third off its time.
    """

    def __init__(self, W, rows):
        self.tiles = None
        K, N = W.shape
        if _IN_TILES and rows >= _TILE and rows * K * N > 2 * _SMALL:
            depth = min(K, _DEPTH)
            widths = range(min(N, _SMALL // (_TILE * depth)) // _TILE * _TILE, 0, -_TILE)
            width = next((w for w in widths if N % w == 0), 0)
            if width and K % depth == 0:
                parts = W.reshape(K // depth, 1, depth, N // width, width)
                self.tiles = np.ascontiguousarray(parts.swapaxes(2, 3))  # (k, 1, n, depth, width)
                self.sums = np.empty((K // depth) * rows * N, W.dtype)
        self.W = np.ascontiguousarray(W) if self.tiles is None else W

    def __call__(self, x, out):
        if self.tiles is None or len(x) % _TILE:
            x.dot(self.W, out)
            return
        m = len(x) // _TILE
        k, _, n, depth, width = self.tiles.shape
        x = x.reshape(m, 1, _TILE, k, depth).transpose(3, 0, 1, 2, 4)
        parts = out if k == 1 else self.sums[: k * out.size].reshape(k, *out.shape)
        np.matmul(x, self.tiles, out=parts.reshape(k, m, _TILE, n, width).swapaxes(2, 3))
        if k > 1:
            np.add.reduce(parts, axis=0, out=out)


def _transposed_times(x, y):
    """x.T @ y, x (K, M) and y (K, N), for the weights' gradients; in tiles like `_Times`."""
    (K, M), N = x.shape, y.shape[1]
    if not _IN_TILES or K < _TILE or M % _TILE or N % _TILE or max(K, N) > _DEPTH:
        return x.T @ y
    out = np.empty((M, N), x.dtype)
    x = x.reshape(K, M // _TILE, 1, _TILE).transpose(1, 2, 3, 0)
    y = y.reshape(K, N // _TILE, _TILE).swapaxes(0, 1)
    np.matmul(x, y, out=out.reshape(M // _TILE, _TILE, N // _TILE, _TILE).swapaxes(1, 2))
    return out


def _has_openblas_for_avx512():
    """Whether this NumPy multiplies with OpenBLAS, on a processor with AVX-512."""
    about = np.show_config(mode="dicts")
    blas = about.get("Build Dependencies", {}).get("blas", {}).get("name", "")
    found = about.get("SIMD Extensions", {}).get("found", ())
    return "openblas" in blas and not {"AVX512_SKX", "X86_V4"}.isdisjoint(found)


_IN_TILES = _has_openblas_for_avx512()  # elsewhere tiles cost up to a fifth more than they save
_TILE, _DEPTH = 32, 512  # rows or columns, and the longest sum, of a small product
_SMALL = 2**19  # its multiplications; up to 10^6 are what OpenBLAS calls small


# ---------------------------------------------------------------- gradient check


class GradientReport(NamedTuple):
    """What `gradient_check` found; true in an `if` when the gradient is right."""

    ok: bool  # error <= tolerance
    error: float  # largest |given - numeric|, relative to the largest of both
    where: str  # the worst place, e.g. "W_h[0, 3]" or "direction 2"
    given: float  # the derivative handed in, at the worst place
    numeric: float  # the finite difference there
    vacuous: bool  # every finite difference is 0: the check could not have failed

    def __bool__(self):
        return self.ok

    def __str__(self):
        if self.vacuous and self.ok:
            return "says nothing: every finite difference is 0 here, choose another point"
        verdict = "right" if self.ok else "WRONG"
        return (
            f"{verdict}: relative error {self.error:.1e} at {self.where}, "
            f"given {self.given:+.6e}, finite difference {self.numeric:+.6e}"
        )


def gradient_check(
    loss: Callable, x, grad, *, directions=None, rng=None, step=1e-5, tolerance=1e-6
) -> GradientReport:
    """Hold a gradient against central finite differences of the loss.

    loss: any function of `x` that returns one real number; it is never given `x` itself,
    only copies. x: a float64 array, or a (named) tuple of them, such as LSTMParams.
    grad: dL/dx in the same form. directions: None checks element by element, two calls of
    `loss` an element; a count checks that many random directions drawn from `rng`, two
    calls each. step: the finite step, times max(1, |x|) for elements.
    tolerance: the largest relative error that still counts as right.

    The error of each array is taken relative to its own largest entry, so a wrong b hides
    behind no large W. Raises ValueError or TypeError for shapes that differ, values that
    are not finite, float32 (too coarse for differences), or a loss that is no number.
    """
    parts, rebuild = _parts("x", x)
    grads, _ = _parts("grad", grad)
    if [p.shape for _, p in parts] != [g.shape for _, g in grads]:
        raise ValueError(
            f"grad: expected the shapes of x, {[p.shape for _, p in parts]}, "
            f"got {[g.shape for _, g in grads]}"
        )
    if not callable(loss):
        raise TypeError(f"loss: expected a function, got {_describe(loss)}")
    arrays = [p for _, p in parts]
    for name, number in (("step", step), ("tolerance", tolerance)):
        if not _as_real(name, number, ndim=0) > 0 or not np.isfinite(number):
            raise ValueError(f"{name}: expected a finite number above 0, got {number!r}")

    def slope(moves, width):
        """(loss(x + moves) - loss(x - moves)) / (2 width)."""
        ends = []
        for sign in (1, -1):
            value = loss(rebuild([p + sign * m for p, m in zip(arrays, moves, strict=True)]))
            ends.append(float(_as_real("loss(x)", value, ndim=0)))
            if not np.isfinite(ends[-1]):
                raise ValueError(f"loss(x): expected a finite number, got {ends[-1]}")
        return (ends[0] - ends[1]) / (2 * width)

    found = []  # (error, where, given, numeric) of every array or direction
    still = True
    if directions is None:
        for n, (name, p) in enumerate(parts):
            numeric = np.empty_like(p)
            for place in np.ndindex(p.shape):
                moves = [np.zeros_like(q) for q in arrays]
                moves[n][place] = width = step * max(1.0, abs(p[place]))
                numeric[place] = slope(moves, width)
            given = grads[n][1]
            difference = np.abs(given - numeric)
            scale = max(np.abs(given).max(), np.abs(numeric).max(), np.finfo(float).tiny)
            worst = np.unravel_index(difference.argmax(), p.shape)
            where = name + (f"[{', '.join(map(str, worst))}]" if p.ndim else "")
            found.append((difference[worst] / scale, where, given[worst], numeric[worst]))
            still &= not numeric.any()
    else:
        _check_count("directions", directions)
        _check_rng(rng)
        for k in range(directions):
            moves = [rng.standard_normal(p.shape) for p in arrays]
            length = np.sqrt(sum((m**2).sum() for m in moves))
            given = sum((g * m).sum() for (_, g), m in zip(grads, moves, strict=True)) / length
            numeric = slope([m * (step / length) for m in moves], step)
            scale = max(abs(given), abs(numeric), np.finfo(float).tiny)
            found.append((abs(given - numeric) / scale, f"direction {k}", given, numeric))
            still &= numeric == 0
    error, where, given, numeric = max(found, key=lambda row: row[0])
    ok = bool(error <= tolerance)
    return GradientReport(ok, float(error), where, float(given), float(numeric), bool(still))


def _parts(name, x):
    """A (named) tuple of arrays as [(name, array)], and the way back from a list of arrays."""
    if isinstance(x, tuple):
        names = getattr(x, "_fields", [f"{name}[{n}]" for n in range(len(x))])
        parts = [(n, _as_float64(n, p)) for n, p in zip(names, x, strict=True)]
        rebuild = type(x)._make if hasattr(x, "_make") else tuple
    else:
        parts, rebuild = [(name, _as_float64(name, x))], lambda arrays: arrays[0]
    if not parts or not all(p.size for _, p in parts):
        raise ValueError(f"{name}: expected at least one number in every array, got none")
    return parts, rebuild


def _as_float64(name, x):
    x = _as_real(name, x)
    if x.dtype.kind == "f" and x.dtype != np.float64:
        raise ValueError(f"{name}: expected float64, as differences need it, got {x.dtype}")
    _check_finite(name, x)
    return x.astype(np.float64)


# ---------------------------------------------------------------- what is let in


def _describe(x):
    if isinstance(x, np.ndarray):
        return f"an array of shape {x.shape}, dtype {x.dtype}"
    return f"{type(x).__name__}: {str(x)[:40]}"


def _as_real(name, x, ndim=None):
    try:
        array = np.asarray(x)
    except (ValueError, TypeError):  # ragged lists
        raise TypeError(f"{name}: expected a real-number array, got {_describe(x)}") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name}: expected a real-number array, got {_describe(x)}")
    if ndim is not None and array.ndim != ndim:
        raise ValueError(f"{name}: expected {ndim} axes, got shape {array.shape}")
    return array


def _check_finite(name, x):
    if not np.isfinite(x).all():
        bad = np.argwhere(~np.isfinite(x))
        value = x[tuple(bad[0])]
        raise ValueError(
            f"{name}: expected finite numbers, got {value} at {tuple(map(int, bad[0]))} "
            f"({len(bad)} of {x.size} not finite)"
        )


def _as_array(name, x, shape, axes, dtype):
    """x as a finite array of the given shape and dtype; `axes` names the shape in errors."""
    x = _as_real(name, x)
    if x.shape != shape:
        raise ValueError(f"{name}: expected shape {axes} = {shape}, got {x.shape}")
    with np.errstate(over="ignore"):
        x = x.astype(dtype, copy=False)
    _check_finite(name, x)
    return x


def _check_params(params, kind, blocks):
    """The parameters as arrays of one dtype whose shapes fit together; blocks: 1 or 4."""
    if not isinstance(params, tuple) or len(params) != 3:
        raise TypeError(f"params: expected {kind.__name__}(W_x, W_h, b), got {_describe(params)}")
    W_x, W_h, b = params = kind(*map(_as_real, kind._fields, params))
    dtypes = {p.dtype for p in params}
    if len(dtypes) > 1 or not dtypes <= _DTYPES:
        raise ValueError(
            "params: expected float32 or float64, one for all three, got "
            + ", ".join(f"{n} {p.dtype}" for n, p in params._asdict().items())
        )
    if W_h.ndim != 2 or min(W_h.shape) < 1 or W_h.shape[1] != blocks * W_h.shape[0]:
        raise ValueError(f"W_h: expected shape (H, {blocks}H) with H >= 1, got {W_h.shape}")
    columns = W_h.shape[1]
    if W_x.ndim != 2 or W_x.shape[0] < 1 or W_x.shape[1] != columns:
        raise ValueError(f"W_x: expected shape (D, {columns}) with D >= 1, got {W_x.shape}")
    if b.shape != (columns,):
        raise ValueError(f"b: expected shape ({columns},), got {b.shape}")
    for name, p in params._asdict().items():
        _check_finite(name, p)
    return params


def _check_rnn_params(params):
    return _check_params(params, RNNParams, 1)


def _check_lstm_params(params):
    return _check_params(params, LSTMParams, 4)


def _check_cache(cache, parts):
    if not isinstance(cache, tuple) or len(cache) != parts:
        raise TypeError(
            f"cache: expected the {parts} arrays that a step left, got {_describe(cache)}"
        )
    return cache


def _check_step(params, **arrays):
    """The arrays of one step, all with the first one's batch size; x has D columns."""
    W_x, W_h, _ = params
    checked, B = [], None
    for name, x in arrays.items():
        size, letter = (len(W_x), "D") if name == "x" else (len(W_h), "H")
        x = _as_real(name, x, ndim=2)
        B = len(x) if B is None else B
        if B < 1:
            raise ValueError(f"{name}: expected a batch of at least 1, got shape {x.shape}")
        checked.append(_as_array(name, x, (B, size), f"(B, {letter})", W_h.dtype))
    return checked


def _check_sequence(params, xs, **states):
    """xs (T, B, D) and the initial states (B, H), a missing one as zeros."""
    W_x, W_h, _ = params
    xs = _as_real("xs", xs, ndim=3)
    T, B, _ = xs.shape
    if T < 1 or B < 1:
        raise ValueError(f"xs: expected T >= 1 and B >= 1 in (T, B, D), got shape {xs.shape}")
    checked = [_as_array("xs", xs, (T, B, len(W_x)), "(T, B, D)", W_h.dtype)]
    for name, state in states.items():
        state = 0 if state is None else _as_array(name, state, (B, len(W_h)), "(B, H)", W_h.dtype)
        checked.append(state)
    return checked


def _check_backward(params, kind, trace, dhs, dc_last=None):
    """dhs (T, B, H) and dc_last (B, H) that fit a trace which fits the parameters."""
    W_x, W_h, _ = params
    if not isinstance(trace, kind):
        raise TypeError(f"trace: expected {kind.__name__}, got {_describe(trace)}")
    T, B, D = trace.xs.shape
    H = trace.h.shape[-1]
    if (len(W_x), len(W_h)) != (D, H) or trace.h.dtype != W_h.dtype:
        raise ValueError(
            f"trace: expected D = {len(W_x)}, H = {len(W_h)}, {W_h.dtype} as in params, "
            f"got D = {D}, H = {H}, {trace.h.dtype}"
        )
    dhs = _as_array("dhs", dhs, (T, B, H), "(T, B, H)", W_h.dtype)
    if dc_last is None:
        return dhs, 0
    return dhs, _as_array("dc_last", dc_last, (B, H), "(B, H)", W_h.dtype)


_DTYPES = {np.dtype(np.float32), np.dtype(np.float64)}


def _check_count(name, n):
    if isinstance(n, bool) or not isinstance(n, int | np.integer):
        raise TypeError(f"{name}: expected a whole number of at least 1, got {_describe(n)}")
    if n < 1:
        raise ValueError(f"{name}: expected a whole number of at least 1, got {n}")


def _check_rng(rng):
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng: expected a numpy.random.Generator, got {_describe(rng)}")


def _check_init(D, H, rng, recurrent, dtype):
    _check_count("D", D)
    _check_count("H", H)
    _check_rng(rng)
    if not isinstance(recurrent, str) or recurrent not in ("uniform", "orthogonal"):
        raise ValueError(f'recurrent: expected "uniform" or "orthogonal", got {recurrent!r}')
    return _check_dtype(dtype)


def _check_dtype(dtype):
    try:
        dtype = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype: expected float32 or float64, got {dtype!r}") from None
    if dtype not in _DTYPES:
        raise ValueError(f"dtype: expected float32 or float64, got {dtype}")
    return dtype


def _uniform(shape, H, rng):
    return rng.uniform(-1, 1, shape) / np.sqrt(H)


def _orthogonal(H, rng):
    q, r = np.linalg.qr(rng.standard_normal((H, H)))
    return q * np.sign(np.diag(r))  # the signs make the draw uniform over all rotations
