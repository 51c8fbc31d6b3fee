"""`lstm_core`'s passes over a sequence, compiled: for those who train long, not for those who read.

`lstm_forward` and `lstm_backward` take, raise and return what those of `lstm_core` do; their
results agree to rounding. Wherever a function has an `engine=`, this module can be passed in
place of `lstm_core`. The equations are those of `lstm_core`, under the same numbers.

Optional: needs numba (`pip install numba`), which compiles a function at its first use and keeps
the result in `__pycache__`. Importing this module without numba raises ImportError.
"""

import math

import numpy as np

from lstm_core import LSTMGrads, LSTMParams, LSTMTrace, rnn_backward, rnn_forward
from lstm_inside import validate

try:
    from numba import njit, types
    from numba.extending import overload
except ImportError as missing:
    raise ImportError(
        "lstm_inside.compiled: expected numba, which is optional: pip install numba"
    ) from missing

__all__ = ["lstm_backward", "lstm_forward", "rnn_backward", "rnn_forward"]

jit = njit(cache=True, error_model="numpy", fastmath={"contract"})  # a * b + c in one
_SMALL = 4096  # up to this many multiplications a product in line beats the way to BLAS
_ROWS = 512  # rows, steps x B, that make a good product


def lstm_forward(xs, params, h0=None, c0=None) -> LSTMTrace:
    """Run an LSTM over xs (T, B, D) from h0 and c0 (B, H), zero if missing (3.1)-(3.6).

    Raises as `lstm_core.lstm_forward` does.
    """
    W_x, W_h, b = params = validate.lstm_params(params)
    xs, h0, c0 = validate.sequence(params, xs, h0=h0, c0=c0)
    T, B, D = xs.shape
    H = len(W_h)
    h, c = (np.empty((T + 1, B, H), W_h.dtype) for _ in range(2))
    tanh_c, *gates = (np.empty((T, B, H), W_h.dtype) for _ in range(5))
    h[0], c[0] = h0, c0
    small, W_h, b = B * W_h.size <= _SMALL, np.array(W_h, order="C"), b.copy()
    block = min(T, max(1, _ROWS // B))
    a_x = np.empty((block * B, 4 * H), W_h.dtype)  # x @ W_x of so many steps
    from_h = np.empty((B, 4 * H), W_h.dtype)
    for start in range(0, T, block):
        end = min(start + block, T)
        now, past = slice(start, end), slice(start, end + 1)
        rows = xs[now].reshape(-1, D)
        rows.dot(W_x, a_x[: len(rows)])
        arrays = a_x.reshape(block, B, 4 * H), b, from_h, h[past], c[past], tanh_c[now]
        arrays += tuple(gate[now] for gate in gates)
        if small:
            _small_forward(W_h, *arrays)
        else:
            for t in _forward_steps(*arrays):
                h[start + t].dot(W_h, from_h)
    return LSTMTrace(xs, h, c, tanh_c, *gates)


def lstm_backward(dhs, trace, params, dc_last=None) -> LSTMGrads:
    """Backpropagation through time for `lstm_forward` (4.1)-(4.12).

    dhs (T, B, H): the loss's direct derivative with respect to each h_t, t = 1..T.
    dc_last (B, H): its direct derivative with respect to the last cell state, zero if missing.
    Raises as `lstm_core.lstm_backward` does.
    """
    W_x, W_h, _ = params = validate.lstm_params(params)
    dhs, dc_last = validate.backward(params, LSTMTrace, trace, dhs, dc_last)
    T, B, D = trace.xs.shape
    H = len(W_h)
    xs, h, c, tanh_c, i, f, g, o = (
        np.ascontiguousarray(getattr(trace, name)) for name in LSTMTrace.__dataclass_fields__
    )
    dh, dc = np.empty_like(h), np.empty_like(c)
    dh[0], dh[1:], dc[0] = 0, dhs, dc_last
    da = np.empty((T, B, 4 * H), W_h.dtype)
    W_hT = np.ascontiguousarray(W_h.T)
    arrays = c, tanh_c, i, f, g, o, dh, dc, da
    if B * W_h.size <= _SMALL:
        _small_backward(W_hT, *arrays)
    else:
        from_da = np.empty_like(dh[0])
        for t in _backward_steps(from_da, *arrays):
            da[t].dot(W_hT, from_da)  # (4.3)
    rows = da.reshape(-1, 4 * H)
    dW_x, dW_h = xs.reshape(-1, D).T @ rows, h[:-1].reshape(-1, H).T @ rows  # (4.5)
    dxs = (rows @ W_x.T).reshape(T, B, D)  # (4.4)
    return LSTMGrads(LSTMParams(dW_x, dW_h, rows.sum(axis=0)), dxs, dh, dc)


# ---------------------------------------------------------------- the loops


@jit
def _forward_steps(a_x, b, from_h, h, c, tanh_c, i, f, g, o):
    """All steps: asks, by yielding t, for `from_h` = h[t] @ W_h, which goes through BLAS."""
    for t in range(len(o)):
        yield t
        _forward_step(t, a_x, b, from_h, h, c, tanh_c, i, f, g, o)


@jit
def _small_forward(W_h, a_x, b, from_h, h, c, tanh_c, i, f, g, o):
    for t in range(len(o)):
        from_h[:] = 0
        _add_product(from_h, h[t], W_h)
        _forward_step(t, a_x, b, from_h, h, c, tanh_c, i, f, g, o)


@jit
def _backward_steps(from_da, c, tanh_c, i, f, g, o, dh, dc, da):
    """All steps, from the last: asks, by yielding t, for `from_da` = da[t] @ W_h.T."""
    for back in range(len(da)):
        t = len(da) - 1 - back
        _backward_step(t, c, tanh_c, i, f, g, o, dh, dc, da)
        yield t
        for n in range(len(from_da)):
            for k in range(from_da.shape[1]):
                dh[t, n, k] += from_da[n, k]  # (4.1)


@jit
def _small_backward(W_hT, c, tanh_c, i, f, g, o, dh, dc, da):
    for back in range(len(da)):
        t = len(da) - 1 - back
        _backward_step(t, c, tanh_c, i, f, g, o, dh, dc, da)
        _add_product(dh[t], da[t], W_hT)  # (4.1), (4.3)


@jit
def _add_product(out, x, W):
    """out += x @ W"""
    for n in range(len(x)):
        row = out[n]
        for k in range(len(W)):
            factor, weights = x[n, k], W[k]
            for j in range(len(row)):
                row[j] += factor * weights[j]


# ---------------------------------------------------------------- one step


@jit
def _forward_step(t, a_x, b, from_h, h, c, tanh_c, i, f, g, o):
    """Step t, from the two parts of the pre-activations to gates, c[t+1], its tanh and h[t+1]."""
    b_i, b_f, b_g, b_o = _split_gates(b)
    for n in range(len(from_h)):
        i_now, f_now, g_now, o_now = i[t, n], f[t, n], g[t, n], o[t, n]
        x_i, x_f, x_g, x_o = _split_gates(a_x[t, n])
        h_i, h_f, h_g, h_o = _split_gates(from_h[n])
        c_prev, c_now, tanh_c_now, h_now = c[t, n], c[t + 1, n], tanh_c[t, n], h[t + 1, n]
        for k in range(len(i_now)):
            f_now[k] = sigmoid(x_f[k] + h_f[k] + b_f[k])  # (3.2)
            i_now[k] = sigmoid(x_i[k] + h_i[k] + b_i[k])  # (3.3)
            g_now[k] = _tanh(x_g[k] + h_g[k] + b_g[k])  # (3.4)
            o_now[k] = sigmoid(x_o[k] + h_o[k] + b_o[k])  # (3.5)
            c_now[k] = f_now[k] * c_prev[k] + i_now[k] * g_now[k]  # (3.1)
            tanh_c_now[k] = _tanh(c_now[k])
            h_now[k] = o_now[k] * tanh_c_now[k]  # (3.6)


@jit
def _backward_step(t, c, tanh_c, i, f, g, o, dh, dc, da):
    """Step t: dc[t+1], da[t], and what is carried on to c[t]; dh[t] is left to the caller.

    Until then dc[0] holds what is carried along the cell line.
    """
    one = da.dtype.type(1)
    for n in range(da.shape[1]):
        i_now, f_now, g_now, o_now = i[t, n], f[t, n], g[t, n], o[t, n]
        da_i, da_f, da_g, da_o = _split_gates(da[t, n])
        c_prev, tanh_c_now, dh_now = c[t, n], tanh_c[t, n], dh[t + 1, n]
        dc_now, carried = dc[t + 1, n], dc[0, n]
        for k in range(len(i_now)):
            da_o[k] = dh_now[k] * tanh_c_now[k] * o_now[k] * (one - o_now[k])  # (4.6), (4.12)
            through_h = dh_now[k] * o_now[k] * (one - tanh_c_now[k] * tanh_c_now[k])
            dc_now[k] = carried[k] + through_h  # (4.7)
            da_f[k] = dc_now[k] * c_prev[k] * f_now[k] * (one - f_now[k])  # (4.8), (4.12)
            da_i[k] = dc_now[k] * g_now[k] * i_now[k] * (one - i_now[k])  # (4.9), (4.12)
            da_g[k] = dc_now[k] * i_now[k] * (one - g_now[k] * g_now[k])  # (4.10), (4.12)
            carried[k] = dc_now[k] * f_now[k]  # (4.11)


@jit
def _split_gates(a):
    """`lstm_core.split_gates` for one row: slices counted from 0 are what becomes SIMD."""
    H = len(a) // 4
    return a[:H], a[H : 2 * H], a[2 * H : 3 * H], a[3 * H :]


# ---------------------------------------------------------------- exp, as plain arithmetic


@jit
def sigmoid(x):
    one = type(x)(1)
    scale, rest = _exp_parts(-abs(x))  # exp(-|x|) cannot overflow
    e = scale + rest
    return (one if x >= 0 else e) / (one + e)


@jit
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
