"""Compiled time loops behind `lstm_core`: for those who train long, not for those who read.

`accelerate()` puts them behind `lstm_forward` and `lstm_backward`, `plain()` takes them away.
Arguments, errors and results (to rounding) stay the same: only the private loops
`_forward_steps` and `_backward_steps` are exchanged. The equations are those of `lstm_step`
and `lstm_step_backward`, under the same numbers.

Optional: needs numba (`pip install numba`), which compiles a loop at its first use and keeps
the result in `__pycache__`. Importing this module without numba raises ImportError.
"""

import math

import numpy as np

import lstm_core

try:
    from numba import njit, types
    from numba.extending import overload
except ImportError as missing:
    raise ImportError(
        "lstm_fast: expected numba, which is optional: pip install numba"
    ) from missing

_compiled = njit(cache=True, error_model="numpy", fastmath={"contract"})  # a * b + c in one
_PLAIN = lstm_core._forward_steps, lstm_core._backward_steps
_SMALL = 8192  # up to this B x H x H a product in line beats the way to BLAS and back


def accelerate():
    """Let `lstm_core.lstm_forward` and `lstm_backward` run compiled time loops."""
    lstm_core._forward_steps, lstm_core._backward_steps = _forward_steps, _backward_steps


def plain():
    """Let `lstm_core.lstm_forward` and `lstm_backward` run their own NumPy loops again."""
    lstm_core._forward_steps, lstm_core._backward_steps = _PLAIN


# ---------------------------------------------------------------- the loops


def _forward_steps(gates, W_h, h, c, tanh_c):
    """As `lstm_core._forward_steps`; a product that is not small goes through BLAS."""
    if h[0].size * len(W_h) <= _SMALL:
        return _small_forward(gates, np.ascontiguousarray(W_h), h, c, tanh_c)
    from_h = np.empty_like(gates[0])
    times_W_h = _times(W_h, len(from_h))
    for t, gates_now in enumerate(gates):
        times_W_h(h[t], from_h)
        gates_now += from_h
        _forward_step(gates_now, c[t], c[t + 1], tanh_c[t], h[t + 1])


def _backward_steps(trace, now, W_hT, dh, dc):
    """As `lstm_core._backward_steps`; a product that is not small goes through BLAS."""
    gates, tanh_c, c = trace.gates, trace.tanh_c, trace.c
    da = np.empty_like(gates[now], order="C")
    if dh[0].size * dh.shape[2] <= _SMALL:
        _small_backward(gates[now], tanh_c[now], c[now], W_hT, dh[now.start :], dc[now.start :], da)
        return da
    from_da = np.empty_like(dh[0])
    times_W_hT = _times(W_hT, len(from_da))
    for t in reversed(range(now.start, now.stop)):
        da_now = da[t - now.start]
        _backward_step(gates[t], tanh_c[t], c[t], dh[t + 1], dc[t + 1], dc[t], da_now)
        times_W_hT(da_now, from_da)  # (4.3)
        dh[t] += from_da  # (4.1)
    return da


def _times(W, rows):
    """A function f(x, out) that puts x @ W, x (rows, K) and W (K, N), into out (rows, N).

    Large float32 products are made of blocks: OpenBLAS multiplies small matrices where they
    lie, but copies large ones first into another order, W anew at every step. Here W is
    copied once; at H = 512 that takes a third off the time. (float64 gains nothing.)
    """
    K, N = W.shape
    depth = min(K, 512)
    width = min(N, _BLOCK // (16 * depth))
    uneven = rows % 16 or K % depth or N % width
    if uneven or W.dtype != np.float32 or rows * K * N <= 2 * _BLOCK:
        return lambda x, out: np.dot(x, W, out=out)
    m, k, n = rows // 16, K // depth, N // width
    W = W.reshape(k, 1, depth, n, width).swapaxes(2, 3).copy()
    sums = np.empty((k, rows, N), W.dtype)

    def times(x, out):
        x = np.moveaxis(x.reshape(m, 1, 16, k, depth), 3, 0)
        parts = sums if k > 1 else out
        np.matmul(x, W, out=parts.reshape(k, m, 16, n, width).swapaxes(2, 3))
        if k > 1:
            np.add.reduce(sums, axis=0, out=out)

    return times


_BLOCK = 2**19  # multiplications; up to 10^6 are what OpenBLAS calls small


@_compiled
def _small_forward(gates, W_h, h, c, tanh_c):
    for t in range(len(gates)):
        _add_product(gates[t], h[t], W_h)
        _forward_step(gates[t], c[t], c[t + 1], tanh_c[t], h[t + 1])


@_compiled
def _small_backward(gates, tanh_c, c, W_hT, dh, dc, da):
    for back in range(len(da)):
        t = len(da) - 1 - back
        _backward_step(gates[t], tanh_c[t], c[t], dh[t + 1], dc[t + 1], dc[t], da[t])
        _add_product(dh[t], da[t], W_hT)  # (4.1), (4.3)


@_compiled
def _add_product(out, x, W):
    """out += x @ W"""
    for n in range(len(x)):
        row = out[n]
        for k in range(len(W)):
            factor, weights = x[n, k], W[k]
            for j in range(len(row)):
                row[j] += factor * weights[j]


# ---------------------------------------------------------------- one step


@_compiled
def _forward_step(gates, c_prev, c, tanh_c, h):
    """From pre-activations to gates in the same place, and to the new c, tanh(c) and h."""
    for n in range(len(h)):
        i, f, g, o = _split_gates(gates[n])
        for k in range(len(i)):
            f[k] = _sigmoid(f[k])  # (3.2)
            i[k] = _sigmoid(i[k])  # (3.3)
            g[k] = _tanh(g[k])  # (3.4)
            o[k] = _sigmoid(o[k])  # (3.5)
            c[n, k] = f[k] * c_prev[n, k] + i[k] * g[k]  # (3.1)
            tanh_c[n, k] = _tanh(c[n, k])
            h[n, k] = o[k] * tanh_c[n, k]  # (3.6)


@_compiled
def _backward_step(gates, tanh_c, c_prev, dh, dc, dc_prev, da):
    """Fill da and dc_prev, and make dc the total derivative; dh_prev is left to the caller."""
    one = da.dtype.type(1)
    for n in range(len(dh)):
        i, f, g, o = _split_gates(gates[n])
        da_i, da_f, da_g, da_o = _split_gates(da[n])
        for k in range(len(i)):
            da_o[k] = dh[n, k] * tanh_c[n, k] * o[k] * (one - o[k])  # (4.6), (4.12)
            dc[n, k] += dh[n, k] * o[k] * (one - tanh_c[n, k] * tanh_c[n, k])  # (4.7)
            da_f[k] = dc[n, k] * c_prev[n, k] * f[k] * (one - f[k])  # (4.8), (4.12)
            da_i[k] = dc[n, k] * g[k] * i[k] * (one - i[k])  # (4.9), (4.12)
            da_g[k] = dc[n, k] * i[k] * (one - g[k] * g[k])  # (4.10), (4.12)
            dc_prev[n, k] = dc[n, k] * f[k]  # (4.11)


@_compiled
def _split_gates(a):
    """`lstm_core.split_gates` for one row: slices counted from 0 are what becomes SIMD."""
    H = len(a) // 4
    return a[:H], a[H : 2 * H], a[2 * H : 3 * H], a[3 * H :]


# ---------------------------------------------------------------- exp, as plain arithmetic


@_compiled
def _sigmoid(x):
    one = type(x)(1)
    scale, rest = _exp_parts(-abs(x))  # exp(-|x|) cannot overflow
    e = scale + rest
    return (one if x >= 0 else e) / (one + e)


@_compiled
def _tanh(x):
    one = type(x)(1)
    scale, rest = _exp_parts(-abs(x) - abs(x))
    less = rest + (scale - one)  # exp(-2|x|) - 1, exact for small x too
    return math.copysign(less / (less + one + one), x)


def _exp_parts(y):
    """exp(y) for y <= 0, as 2^n and 2^n (exp(r) - 1) where y = n ln 2 + r, |r| <= ln(2) / 2.

    Compiled code gets `_typed_exp_parts`, whose constants have y's type: the library's exp
    would be called number by number, this becomes SIMD.
    """
    n = round(y / math.log(2))
    return 2.0**n, 2.0**n * math.expm1(y - n * math.log(2))


@overload(_exp_parts)
def _typed_exp_parts(y):
    if y == types.float32:
        real, mantissa, bias, degree = np.float32, 23, 127, 7
        as_exponent = njit(lambda b: np.int32(np.float32(b).view(np.int32) << 23).view(np.float32))
    else:
        real, mantissa, bias, degree = np.float64, 52, 1023, 13
        as_exponent = njit(lambda b: np.int64(np.float64(b).view(np.int64) << 52).view(np.float64))
    ln2 = math.log(2)
    lowest = real(-bias * ln2)  # 2^n is 0 from here on
    per_ln2, ln2_high, ln2_low = real(1 / ln2), real(0.693359375), real(ln2 - 0.693359375)
    to_bits = real(1.5 * 2**mantissa + bias)  # the last bits of n + to_bits hold n + bias
    terms = tuple(real(1 / math.factorial(k)) for k in range(degree, 0, -1))

    def parts(y):
        bits = max(y, lowest) * per_ln2 + to_bits
        n = bits - to_bits
        r = max(y, lowest) - n * ln2_high - n * ln2_low  # in two parts, for more digits
        series = terms[0]
        for term in terms[1:]:
            series = series * r + term
        scale = as_exponent(bits)
        return scale, scale * (series * r)

    return parts
