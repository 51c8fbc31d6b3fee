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
        "lstm_inside.compiled: expected numba, which is optional: pip install numba"
    ) from missing

_compiled = njit(cache=True, error_model="numpy", fastmath={"contract"})  # a * b + c in one
_PLAIN = lstm_core._forward_steps, lstm_core._backward_steps
_SMALL = 32768  # up to this many multiplications a product in line beats the way to BLAS


def accelerate():
    """Let `lstm_core.lstm_forward` and `lstm_backward` run compiled time loops."""
    lstm_core._forward_steps, lstm_core._backward_steps = _forward_steps, _backward_steps


def plain():
    """Let `lstm_core.lstm_forward` and `lstm_backward` run their own NumPy loops again."""
    lstm_core._forward_steps, lstm_core._backward_steps = _PLAIN


# ---------------------------------------------------------------- the loops


def _forward_steps(trace, now, from_x, times_W_h):
    """As `lstm_core._forward_steps`; a product that is not small goes through BLAS."""
    gates = tuple(gate[now] for gate in (trace.i, trace.f, trace.g, trace.o))
    after = slice(now.start, now.stop + 1)
    h, c, tanh_c = trace.h[after], trace.c[after], trace.tanh_c[now]
    from_h = np.empty_like(from_x[0])
    if _is_small(times_W_h.W, from_h):
        _small_forward(from_x, from_h, times_W_h.W, gates, h, c, tanh_c)
        return
    for t in range(len(from_x)):
        times_W_h(h[t], from_h)
        _forward_step(t, from_x, from_h, gates, h, c, tanh_c)


def _backward_steps(trace, now, times_W_hT, dh, dc, carried, _, da):
    """As `lstm_core._backward_steps`; a product that is not small goes through BLAS."""
    gates = tuple(gate[now] for gate in (trace.i, trace.f, trace.g, trace.o))
    after = slice(now.start, now.stop + 1)
    c, tanh_c, dh, dc = trace.c[now], trace.tanh_c[now], dh[after], dc[after]
    if _is_small(times_W_hT.W, da[0]):
        _small_backward(gates, c, tanh_c, dh, dc, carried, da, times_W_hT.W)
        return
    from_da = np.empty_like(dh[0])
    for t in reversed(range(len(da))):
        _backward_step(t, gates, c, tanh_c, dh, dc, carried, da)
        times_W_hT(da[t], from_da)  # (4.3)
        dh[t] += from_da  # (4.1)


def _is_small(W, rows):
    return len(rows) * W.size <= _SMALL


@_compiled
def _small_forward(from_x, from_h, W_h, gates, h, c, tanh_c):
    for t in range(len(from_x)):
        from_h[:] = 0
        _add_product(from_h, h[t], W_h)
        _forward_step(t, from_x, from_h, gates, h, c, tanh_c)


@_compiled
def _small_backward(gates, c, tanh_c, dh, dc, carried, da, W_hT):
    for back in range(len(da)):
        t = len(da) - 1 - back
        _backward_step(t, gates, c, tanh_c, dh, dc, carried, da)
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
def _forward_step(t, from_x, from_h, gates, h, c, tanh_c):
    """Step t, from the two parts of the pre-activations to gates, c[t+1], its tanh and h[t+1]."""
    for n in range(len(from_h)):
        i, f, g, o = gates[0][t, n], gates[1][t, n], gates[2][t, n], gates[3][t, n]
        x_i, x_f, x_g, x_o = _split_gates(from_x[t, n])
        h_i, h_f, h_g, h_o = _split_gates(from_h[n])
        c_prev, c_now, tanh_c_now, h_now = c[t, n], c[t + 1, n], tanh_c[t, n], h[t + 1, n]
        for k in range(len(i)):
            f[k] = _sigmoid(x_f[k] + h_f[k])  # (3.2)
            i[k] = _sigmoid(x_i[k] + h_i[k])  # (3.3)
            g[k] = _tanh(x_g[k] + h_g[k])  # (3.4)
            o[k] = _sigmoid(x_o[k] + h_o[k])  # (3.5)
            c_now[k] = f[k] * c_prev[k] + i[k] * g[k]  # (3.1)
            tanh_c_now[k] = _tanh(c_now[k])
            h_now[k] = o[k] * tanh_c_now[k]  # (3.6)


@_compiled
def _backward_step(t, gates, c, tanh_c, dh, dc, carried, da):
    """Step t: dc[t+1], da[t], and what is carried on to c[t]; dh[t] is left to the caller."""
    one = da.dtype.type(1)
    for n in range(da.shape[1]):
        i, f, g, o = gates[0][t, n], gates[1][t, n], gates[2][t, n], gates[3][t, n]
        da_i, da_f, da_g, da_o = _split_gates(da[t, n])
        c_prev, tanh_c_now, dh_now = c[t, n], tanh_c[t, n], dh[t + 1, n]
        dc_now, carried_now = dc[t + 1, n], carried[n]
        for k in range(len(i)):
            da_o[k] = dh_now[k] * tanh_c_now[k] * o[k] * (one - o[k])  # (4.6), (4.12)
            from_h = dh_now[k] * o[k] * (one - tanh_c_now[k] * tanh_c_now[k])
            dc_now[k] = carried_now[k] + from_h  # (4.7)
            da_f[k] = dc_now[k] * c_prev[k] * f[k] * (one - f[k])  # (4.8), (4.12)
            da_i[k] = dc_now[k] * g[k] * i[k] * (one - i[k])  # (4.9), (4.12)
            da_g[k] = dc_now[k] * i[k] * (one - g[k] * g[k])  # (4.10), (4.12)
            carried_now[k] = dc_now[k] * f[k]  # (4.11)


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
