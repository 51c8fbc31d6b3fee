"""Recurrent networks from the inside: forward and backward passes in plain NumPy.

The equations of each cell stand here once: forward in `_rnn_step` and `_lstm_step`, backward
right under them. All else is built on these: a step that checks what it is given, and a loop
of steps over a whole sequence. Numbers in brackets, such as (3.1), are the equations of the
notebooks: (2.x) in 02_rnn, (3.x) in 03_gates, (4.x) in 04_bptt.

Axes: T time steps, B batch, D input size, H hidden size; arrays are time-major. Names: `dz` is
dL/dz, and the four gates stand in PyTorch's order i, f, g, o (input gate, forget gate,
candidate, output gate). The candidate g is often written C-tilde, and a textbook's
W_f [h, x] + b_f is `h @ W_h[:, f] + x @ W_x[:, f] + b[f]` with f the forget gate's columns.
`h.dot(W)` is `h @ W`, only quicker where matrices are small.

float32 and float64 both work; the parameters' dtype is the result's dtype. No function changes
an array that it was given. All raise ValueError or TypeError, naming the argument, what was
expected and what came: a wrong rank or size, T, B, D or H below 1, parameters or a trace that
do not fit, NaN or infinity, or what is no array of real numbers.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

_DTYPES = {np.dtype(np.float32), np.dtype(np.float64)}


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

    D, H: input and hidden size. rng: a numpy.random.Generator. dtype: float32 or float64.
    recurrent: "uniform", or "orthogonal" for a W_h that keeps lengths (Saxe et al. 2014).
    """
    return RNNParams(*_draw(D, H, 1, rng, recurrent, dtype))


def init_lstm(D, H, *, rng, forget_bias=1.0, recurrent="uniform", dtype=np.float64) -> LSTMParams:
    """Draw fresh LSTM parameters: weights within 1/sqrt(H), bias 0 but for the forget gate's.

    forget_bias: start of the forget gate's bias; 1 lets the cell remember from the first
    step on (Gers et al. 2000; Jozefowicz et al. 2015). The other arguments are those of
    `init_rnn`; "orthogonal" draws one orthogonal matrix for each gate.
    """
    params = LSTMParams(*_draw(D, H, 4, rng, recurrent, dtype))
    split_gates(params.b)[1][:] = _real("forget_bias", forget_bias, ndim=0, finite=True)
    return params


def split_gates(a):
    """Views of the four blocks i, f, g, o along the last axis: (..., 4H) -> 4 x (..., H)."""
    a = _real("a", a)
    if not a.ndim or a.shape[-1] % 4:
        raise ValueError(f"a: expected four blocks of columns, (..., 4H), got shape {a.shape}")
    H = a.shape[-1] // 4
    return a[..., :H], a[..., H : 2 * H], a[..., 2 * H : 3 * H], a[..., 3 * H :]


def sigmoid(z):
    """1 / (1 + exp(-z)), elementwise: exact, silent and finite for any float (1.1)."""
    z = _real("z", z) * 1.0  # whole numbers become float64
    with np.errstate(under="ignore"):
        e = np.exp(-np.abs(z))  # never above 1, so it cannot overflow
        return np.where(z >= 0, 1, e)[()] / (1 + e)


# ---------------------------------------------------------------- the RNN
def _rnn_step(a_x, h_prev, W_h):
    """From a_x = x @ W_x + b and h_prev to h, all (B, H). Elman 1990."""
    return np.tanh(a_x + h_prev.dot(W_h))  # (2.1)


def _rnn_step_backward(dh, h, W_h):
    """From dh, the total derivative with respect to h_t, to da and dh_prev, all (B, H)."""
    da = dh * (1 - h**2)  # (4.2) tanh' = 1 - tanh^2
    dh_prev = da.dot(W_h.T)  # (4.3)
    return da, dh_prev


def _to_x_and_params(da, x, h_prev, params):
    """From da to dx and the parameters' gradients, for one step or for all steps at once."""
    dx = da @ params.W_x.T  # (4.4)
    da, x, h_prev = (rows.reshape(-1, rows.shape[-1]) for rows in (da, x, h_prev))
    return dx, type(params)(x.T @ da, h_prev.T @ da, da.sum(axis=0))  # (4.5)


def rnn_step(x, h_prev, params):
    """One step of a tanh RNN (2.1): x (B, D), h_prev (B, H) -> h (B, H), cache."""
    (W_x, W_h, b), x, h_prev = _fit(RNNParams, params, x=x, h_prev=h_prev)
    h = _rnn_step(x @ W_x + b, h_prev, W_h)
    return h, (x, h_prev, h)


def rnn_step_backward(dh, cache, params):
    """From dh (B, H), the total derivative (4.1), to dx (B, D), dh_prev (B, H) and dparams."""
    x, h_prev, h = _parts("cache", cache, ("x", "h_prev", "h"))
    params, x, dh = _fit(RNNParams, params, x=x, dh=dh)
    da, dh_prev = _rnn_step_backward(dh, h, params.W_h)
    dx, dparams = _to_x_and_params(da, x, h_prev, params)
    return dx, dh_prev, dparams


@dataclass(frozen=True, eq=False)
class RNNTrace:
    """What a forward pass saw: xs (T, B, D) and h (T+1, B, H), where h[0] is the start."""

    xs: np.ndarray
    h: np.ndarray


@dataclass(frozen=True, eq=False)
class RNNGrads:
    """dL/dparams, dL/dxs (T, B, D) and, over every path, the total dL/dh_t (T+1, B, H)."""

    params: RNNParams
    xs: np.ndarray
    h: np.ndarray


def rnn_forward(xs, params, h0=None) -> RNNTrace:
    """Run a tanh RNN over xs (T, B, D) from h0 (B, H), zero if missing (2.1)."""
    (W_x, W_h, b), xs, h0 = _fit(RNNParams, params, xs=xs, h0=h0)
    h = np.repeat(h0[None], len(xs) + 1, axis=0)  # filled below, step by step
    a_x = xs @ W_x + b  # of all steps at once: none waits for another
    for t in range(len(xs)):
        h[t + 1] = _rnn_step(a_x[t], h[t], W_h)
    return RNNTrace(xs, h)


def rnn_backward(dhs, trace, params) -> RNNGrads:
    """Backpropagation through time (4.1)-(4.5; Werbos 1990), from dhs (T, B, H): the loss's
    direct derivative with respect to each h_t, t = 1..T."""
    xs, h = _parts("trace", trace, RNNTrace.__dataclass_fields__)
    params, *_, dhs = _fit(RNNParams, params, (xs, h), dhs=dhs)
    dh, da, dh_next = np.empty_like(h), np.empty_like(dhs), np.zeros_like(h[0])
    for t in reversed(range(len(dhs))):
        dh[t + 1] = dh_now = dhs[t] + dh_next  # (4.1)
        da[t], dh_next = _rnn_step_backward(dh_now, h[t + 1], params.W_h)
    dh[0] = dh_next
    dxs, dparams = _to_x_and_params(da, xs, h[:-1], params)
    return RNNGrads(dparams, dxs, dh)


# ---------------------------------------------------------------- the LSTM
def _lstm_step(a_x, h_prev, c_prev, W_h):
    """From a_x = x @ W_x + b (B, 4H), h_prev and c_prev to i, f, g, o, c, tanh_c, h (B, H).
    Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000."""
    H = len(W_h)
    a = a_x + h_prev.dot(W_h)  # (B, 4H) + (B, H) @ (H, 4H) -> (B, 4H)
    s = 1 / (1 + np.exp(-a))  # (1.1) of all blocks at once, as it is quicker; 1 / inf is 0
    f = s[:, H : 2 * H]  # (3.2) how much of the cell to keep
    i = s[:, :H]  # (3.3) how much of the candidate to write
    g = np.tanh(a[:, 2 * H : 3 * H])  # (3.4) the candidate
    o = s[:, 3 * H :]  # (3.5) how much of the cell to show
    c = f * c_prev + i * g  # (3.1) the cell: elementwise products
    tanh_c = np.tanh(c)
    h = o * tanh_c  # (3.6) the hidden state
    return i, f, g, o, c, tanh_c, h


def _lstm_slopes(i, f, g, o, tanh_c):
    """How the gates (..., B, 4H) move with a, and h with c (..., B, H), in one step or in all."""
    gates = np.concatenate((i * (1 - i), f * (1 - f), 1 - g**2, o * (1 - o)), axis=-1)
    return gates, o * (1 - tanh_c**2)


def _lstm_step_backward(dh, dc_next, c_prev, i, f, g, tanh_c, gate_slopes, h_slope, W_h):
    """From dh and, along the cell line, dc_next to da (B, 4H), dc (total), dh_prev, dc_prev."""
    do = dh * tanh_c  # (4.6)
    dc = dc_next + dh * h_slope  # (4.7) along the cell line, and through h_t
    df = dc * c_prev  # (4.8)
    di = dc * g  # (4.9)
    dg = dc * i  # (4.10)
    dc_prev = dc * f  # (4.11) the carousel
    da = np.concatenate((di, df, dg, do), axis=1) * gate_slopes  # (4.12)
    dh_prev = da.dot(W_h.T)  # (4.3)
    return da, dc, dh_prev, dc_prev


def lstm_step(x, h_prev, c_prev, params):
    """One LSTM step (3.1)-(3.6): x (B, D), h_prev and c_prev (B, H) -> h, c (B, H), cache."""
    (W_x, W_h, b), x, h_prev, c_prev = _fit(LSTMParams, params, x=x, h_prev=h_prev, c_prev=c_prev)
    with np.errstate(over="ignore", under="ignore"):
        i, f, g, o, c, _, h = _lstm_step(x @ W_x + b, h_prev, c_prev, W_h)
    return h, c, (x, h_prev, c_prev, i, f, g, o, c)


def lstm_step_backward(dh, dc, cache, params):
    """From dh (B, H), total (4.1), and dc (B, H), along the cell line only, as the way through
    h_t is added here (4.7), to dx (B, D), dh_prev and dc_prev (B, H) and dparams."""
    names = "x", "h_prev", "c_prev", "i", "f", "g", "o", "c"
    x, h_prev, c_prev, i, f, g, o, c = _parts("cache", cache, names)
    params, x, dh, dc = _fit(LSTMParams, params, x=x, dh=dh, dc=dc)
    tanh_c = np.tanh(c)
    seen = c_prev, i, f, g, tanh_c, *_lstm_slopes(i, f, g, o, tanh_c), params.W_h
    da, _, dh_prev, dc_prev = _lstm_step_backward(dh, dc, *seen)
    dx, dparams = _to_x_and_params(da, x, h_prev, params)
    return dx, dh_prev, dc_prev, dparams


@dataclass(frozen=True, eq=False)
class LSTMTrace:
    """What a forward pass saw: xs (T, B, D), h and c (T+1, B, H) from h_0 on, others (T, B, H)."""

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
    """dL/dparams, dL/dxs (T, B, D) and, over every path, dL/dh_t and dL/dc_t (T+1, B, H)."""

    params: LSTMParams
    xs: np.ndarray
    h: np.ndarray
    c: np.ndarray


def lstm_forward(xs, params, h0=None, c0=None) -> LSTMTrace:
    """Run an LSTM over xs (T, B, D) from h0 and c0 (B, H), zero if missing (3.1)-(3.6)."""
    (W_x, W_h, b), xs, h0, c0 = _fit(LSTMParams, params, xs=xs, h0=h0, c0=c0)
    h, c = (np.repeat(start[None], len(xs) + 1, axis=0) for start in (h0, c0))
    i, f, g, o, tanh_c = (np.empty_like(h[1:]) for _ in range(5))
    with np.errstate(over="ignore", under="ignore"):
        a_x = xs @ W_x + b  # of all steps at once: none waits for another
        for t in range(len(xs)):
            step = _lstm_step(a_x[t], h[t], c[t], W_h)
            i[t], f[t], g[t], o[t], c[t + 1], tanh_c[t], h[t + 1] = step
    return LSTMTrace(xs, h, c, tanh_c, i, f, g, o)


def lstm_backward(dhs, trace, params, dc_last=None) -> LSTMGrads:
    """Backpropagation through time (4.1)-(4.12), from dhs (T, B, H) and dc_last (B, H): the
    loss's direct derivatives with respect to each h_t, and to the last c_t, zero if missing."""
    xs, h, c, tanh_c, i, f, g, o = _parts("trace", trace, LSTMTrace.__dataclass_fields__)
    params, *_, dhs, dc_next = _fit(LSTMParams, params, (xs, h), dhs=dhs, dc_last=dc_last)
    dh, dc, dh_next = np.empty_like(h), np.empty_like(c), np.zeros_like(h[0])
    slopes, h_slopes = _lstm_slopes(i, f, g, o, tanh_c)
    da = slopes  # each step's da takes the place of its slopes
    for t in reversed(range(len(dhs))):
        dh[t + 1] = dh_now = dhs[t] + dh_next  # (4.1)
        seen = c[t], i[t], f[t], g[t], tanh_c[t], slopes[t], h_slopes[t], params.W_h
        da[t], dc[t + 1], dh_next, dc_next = _lstm_step_backward(dh_now, dc_next, *seen)
    dh[0], dc[0] = dh_next, dc_next
    dxs, dparams = _to_x_and_params(da, xs, h[:-1], params)
    return LSTMGrads(dparams, dxs, dh, dc)


# ---------------------------------------------------------------- gradient check
class GradientReport(NamedTuple):
    """What `gradient_check` found; true in an `if` when the gradient is right."""

    ok: bool  # error <= tolerance
    error: float  # largest |given - numeric|, relative to the largest of both
    where: str  # the worst place, e.g. "W_h[0, 3]" or "direction 2"
    given: float  # the derivative handed in, at the worst place
    numeric: float  # the finite difference there
    vacuous: bool  # every finite difference is 0: the check could not have failed
    coarse: bool = False  # the loss is too coarse for this tolerance, as in float32

    def __bool__(self):
        return self.ok

    def __str__(self):
        if self.vacuous and self.ok:
            return "says nothing: every finite difference is 0 here, choose another point"
        verdict = "right" if self.ok else "cannot be told" if self.coarse else "WRONG"
        verdict += " (the loss is too coarse to tell more: in float32?)" if self.coarse else ""
        worst = f"given {self.given:+.6e}, finite difference {self.numeric:+.6e}"
        return f"{verdict}: relative error {self.error:.1e} at {self.where}, {worst}"


def gradient_check(loss, x, grad, *, directions=None, rng=None, step=1e-5, tolerance=1e-6):
    """Hold a gradient against central finite differences of the loss -> GradientReport.

    loss: any function of `x` that returns one real number; it is only given copies of `x`.
    x: a float64 array, or a (named) tuple of them, such as LSTMParams. grad: dL/dx in the same
    form. directions: None checks element by element, two calls of `loss` each; a count checks
    that many random directions drawn from `rng`. step: the finite step, times max(1, |x|) for
    elements. tolerance: the largest relative error that still counts as right; each array's is
    relative to its own largest entry, so a wrong b hides behind no large W. A loss too coarse
    for this, as in float32, is judged with 5e-3 for both; the report then says so.
    """
    places, xs = _float64_parts("x", x)
    grads = _float64_parts("grad", grad)[1]
    shapes, ends, values = [p.shape for p in xs], np.cumsum([p.size for p in xs]), []
    if shapes != [g.shape for g in grads]:
        raise ValueError(f"grad: expected the shapes of x, {shapes}, got {_describe(grad)}")
    if not callable(loss):
        raise TypeError(f"loss: expected a function, got {_describe(loss)}")
    for name, number in (("step", step), ("tolerance", tolerance)):
        if not 0 < _real(name, number, ndim=0) < np.inf:
            raise ValueError(f"{name}: expected a finite number above 0, got {number!r}")
    start, given = (np.concatenate([p.ravel() for p in parts]) for parts in (xs, grads))

    def loss_at(numbers):
        parts = zip(np.split(numbers, ends[:-1]), shapes, strict=True)
        parts = [part.reshape(shape) for part, shape in parts]
        value = loss(getattr(x, "_make", tuple)(parts) if isinstance(x, tuple) else parts[0])
        values.append(float(_real("loss(x)", value, ndim=0, finite=True)))
        return values[-1]

    def slope(k, step):
        move = np.zeros_like(start)
        move[k] = width = step * max(1.0, abs(start[k]))
        return (loss_at(start + move) - loss_at(start - move)) / (2 * width)

    if directions is not None:  # check the loss as a function of how far to go along each
        _check_counts(rng, directions=directions)
        lines = rng.standard_normal((directions, start.size))
        lines /= np.linalg.norm(lines, axis=1, keepdims=True)
        far, slopes = (0.0,) * directions, tuple(lines @ given)
        how = {"step": step, "tolerance": tolerance}
        report = gradient_check(lambda far: loss_at(start + far @ lines), far, slopes, **how)
        return report._replace(where=report.where.replace("x[", "direction ")[:-1])
    numeric = np.array([slope(k, step) for k in range(start.size)])
    scale = np.maximum(np.maximum(np.abs(given), np.abs(numeric)), np.finfo(float).tiny)
    scale = np.concatenate([np.full(part.shape, part.max()) for part in np.split(scale, ends[:-1])])
    errors = np.abs(given - numeric) / scale
    k = errors.argmax()
    ok, coarse = bool(errors[k] <= tolerance), False
    if not ok:  # may the loss's own rounding be to blame?
        jumps = np.ptp([slope(k, step * part) for part in np.linspace(0.95, 1, 8)])
        eps = np.finfo("f4" if all(float(np.float32(v)) == v for v in values) else "f8").eps
        coarse = bool(errors[k] * scale[k] <= 3 * jumps + eps * np.abs(values).max() / step)
        if coarse and step < 5e-3:
            report = gradient_check(loss, x, grad, step=5e-3, tolerance=max(tolerance, 5e-3))
            return report._replace(coarse=report.ok or report.coarse)
    worst = float(errors[k]), places[k], float(given[k]), float(numeric[k])
    return GradientReport(ok, *worst, not numeric.any(), coarse)


def _float64_parts(name, x):
    """The places, such as "W_h[0, 3]", and arrays of an array or a (named) tuple of them."""
    many = isinstance(x, tuple) and x
    names = getattr(x, "_fields", [f"{name}[{n}]" for n in range(len(x))]) if many else [name]
    places, parts = [], []
    for n, p in zip(names, x if many else [x], strict=True):
        p = _real(n, p, finite=True)
        if not p.size or (p.dtype.kind == "f" and p.dtype != np.float64):
            raise ValueError(f"{n}: expected float64, at least one number, got {_describe(p)}")
        places += [f"{n}{list(place) or ''}" for place in np.ndindex(p.shape)]
        parts.append(p.astype(np.float64))
    return places, parts


# ---------------------------------------------------------------- what is let in
def _fit(kind, params, trace=None, **arrays):
    """Parameters of this kind, and arrays that fit them and one another in T, B, D and H."""
    W_x, W_h, b = map(_real, kind._fields, _parts("params", params, kind._fields))
    H, columns = len(W_h) if W_h.ndim else 0, "4H" if kind is LSTMParams else "H"
    sizes = {"H": H, "4H": 4 * H}  # the others are what they are where they come first
    axes = {"W_h": f"H, {columns}", "W_x": f"D, {columns}", "b": columns}
    axes |= {"x": "B, D", "xs": "T, B, D", "dhs": "T, B, H"}
    axes |= {"trace.xs": "T, B, D", "trace.h": "T, B, H"}
    past = {"trace.xs": trace[0], "trace.h": trace[1][1:]} if trace else {}
    arrays = {"W_h": W_h, "W_x": W_x, "b": b} | past | arrays
    for name, x in arrays.items():
        letters = axes.get(name, "B, H")
        if x is None and name in ("h0", "c0", "dc_last"):
            x = np.zeros((sizes["B"], H))
        x = _real(name, x, ndim=letters.count(",") + 1)
        shape = tuple(map(sizes.setdefault, letters.split(", "), x.shape))
        if x.shape != shape or 0 in shape:
            raise ValueError(f"{name}: expected shape ({letters}) = {shape}, none 0, got {x.shape}")
        if name in ("W_h", "W_x", "b", "trace.h") and x.dtype not in ({W_h.dtype} & _DTYPES):
            raise ValueError(f"{name}: expected float32 or float64, all alike, got {x.dtype}")
        with np.errstate(over="ignore"):
            arrays[name] = _real(name, x.astype(W_h.dtype, copy=False), finite=True)
    W_h, W_x, b, *arrays = arrays.values()
    return kind(W_x, W_h, b), *arrays


def _parts(name, x, names):
    """What a tuple or a trace holds. Its class does not matter: it may have been loaded anew."""
    inside = getattr(x, "__dict__", {})
    parts = x if isinstance(x, tuple) else tuple(inside.values())
    if len(parts) != len(names) or (inside and list(inside) != list(names)):
        raise TypeError(f"{name}: expected ({', '.join(names)}), got {_describe(x)}")
    return parts


def _real(name, x, ndim=None, finite=False):
    """x as an array of real numbers."""
    try:
        array = np.asarray(x)
    except (ValueError, TypeError):  # ragged lists
        array = np.empty(0, object)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name}: expected a real-number array, got {_describe(x)}")
    if ndim not in (None, array.ndim):
        raise ValueError(f"{name}: expected {ndim} axes, got shape {array.shape}")
    if finite and not np.isfinite(array).all():
        bad = np.argwhere(~np.isfinite(array))
        got = f"{array[tuple(bad[0])]} at {tuple(map(int, bad[0]))}"
        raise ValueError(f"{name}: expected finite numbers, got {got} ({len(bad)} not finite)")
    return array


def _describe(x):
    return f"{type(x).__name__} {getattr(x, 'dtype', '')}{getattr(x, 'shape', str(x)[:40])}"


def _check_counts(rng, **counts):
    for name, n in counts.items():
        if isinstance(n, bool) or not isinstance(n, int | np.integer):
            raise TypeError(f"{name}: expected a whole number of at least 1, got {_describe(n)}")
        if n < 1:
            raise ValueError(f"{name}: expected a whole number of at least 1, got {n}")
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng: expected a numpy.random.Generator, got {_describe(rng)}")


def _draw(D, H, blocks, rng, recurrent, dtype):
    """W_x, W_h and b = 0 of a cell with so many blocks of columns."""
    _check_counts(rng, D=D, H=H)
    if not isinstance(recurrent, str) or recurrent not in ("uniform", "orthogonal"):
        raise ValueError(f'recurrent: expected "uniform" or "orthogonal", got {recurrent!r}')
    if dtype not in list(_DTYPES):
        raise ValueError(f"dtype: expected float32 or float64, got {dtype!r}")
    W_x = rng.uniform(-1, 1, (D, blocks * H)) / np.sqrt(H)
    if recurrent == "uniform":
        W_h = rng.uniform(-1, 1, (H, blocks * H)) / np.sqrt(H)
    else:
        q, r = np.linalg.qr(rng.standard_normal((blocks, H, H)))
        q *= np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None]  # uniform over all rotations
        W_h = np.concatenate(q, axis=1)
    return W_x.astype(dtype), W_h.astype(dtype), np.zeros(blocks * H, dtype)
