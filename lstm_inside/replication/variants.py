"""The LSTM's relatives, each as a few changed lines: 1997, 2000, peepholes, coupled gates, GRU.

Each variant is a step and, right under it, its step backward, written line for line like
`lstm_core.lstm_step`, so that a diff between two of them shows what one paper changed.
`forward` and `backward` run any of them over a sequence. Numbers in brackets, such as (8.4),
are the equations of notebook 08_replication; (3.x) and (4.x) are those of 03_gates and 04_bptt.

Axes: T time steps, B batch, D input size, H hidden size, n blocks of columns, one for each gate
or candidate. Every array but b may have further axes before B, the parameters the same ones
before D, H or nH: K networks with weights of their own then run as one, xs (T, K, B, D) with
W_x (K, D, nH). float32 and float64 both work; no function changes an array it was given.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from lstm_core import LSTMParams, sigmoid
from lstm_inside import validate


class PeepholeParams(NamedTuple):
    """LSTM weights and three peepholes a cell, W_c (3H,): how i, f and o see the cell."""

    W_x: np.ndarray
    W_h: np.ndarray
    b: np.ndarray
    W_c: np.ndarray


# ---------------------------------------------------------------- modern


def modern_step(x, state, params):
    """Today's LSTM (8.4), which is (3.1)-(3.6): x (B, D), state h and c (B, H)."""
    W_x, W_h, b = params
    h_prev, c_prev = state
    a_i, a_f, a_g, a_o = _blocks(x @ W_x + h_prev @ W_h + _row(b), 4)
    f = sigmoid(a_f)
    i = sigmoid(a_i)
    g = np.tanh(a_g)
    o = sigmoid(a_o)
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return (h, c), (x, h_prev, c_prev, i, f, g, o, c)


def modern_step_backward(dstate, cache, params):
    """From dL/dh_t (total) and dL/dc_t (along the cell line) to dx, dstate_prev, dparams."""
    x, h_prev, c_prev, i, f, g, o, c = cache
    dh, dc = dstate
    tanh_c = np.tanh(c)
    do = dh * tanh_c
    dc = dc + dh * o * (1 - tanh_c**2)
    df = dc * c_prev
    di = dc * g
    dg = dc * i
    dc_prev = dc * f
    da = _join(di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o))
    dx, dh_prev, dparams = _through(da, x, h_prev, params)
    return dx, (dh_prev, dc_prev), dparams


# ---------------------------------------------------------------- 2000: truncated gradient


def gers2000_step(x, state, params):
    """The forget gate of Gers, Schmidhuber & Cummins 2000 (8.5): wider candidate, h in (-1, 1).

    2 sigmoid(z) - 1 = tanh(z / 2).
    """
    W_x, W_h, b = params
    h_prev, c_prev = state
    a_i, a_f, a_g, a_o = _blocks(x @ W_x + h_prev @ W_h + _row(b), 4)
    f = sigmoid(a_f)
    i = sigmoid(a_i)
    g = 2 * np.tanh(a_g / 2)
    o = sigmoid(a_o)
    c = f * c_prev + i * g
    h = o * np.tanh(c / 2)
    return (h, c), (x, h_prev, c_prev, i, f, g, o, c)


def gers2000_step_backward(dstate, cache, params):
    """The truncated gradient: dL/dh_{t-1} is left at zero, only the cell line goes on."""
    x, h_prev, c_prev, i, f, g, o, c = cache
    dh, dc = dstate
    tanh_c = np.tanh(c / 2)
    do = dh * tanh_c
    dc = dc + dh * o * (1 - tanh_c**2) / 2
    df = dc * c_prev
    di = dc * g
    dg = dc * i
    dc_prev = dc * f
    da = _join(di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2 / 4), do * o * (1 - o))
    dx, _, dparams = _through(da, x, h_prev, params)
    return dx, (np.zeros_like(dh), dc_prev), dparams


# ---------------------------------------------------------------- 1997: and no forget gate


def hochreiter1997_step(x, state, params):
    """The first LSTM (8.2; Hochreiter & Schmidhuber 1997): the cell can only add.

    A block of one cell; several cells to a block, and gates that see the gates of the step
    before, are in `blocks.Blocks`.
    """
    W_x, W_h, b = params
    h_prev, c_prev = state
    a_i, a_g, a_o = _blocks(x @ W_x + h_prev @ W_h + _row(b), 3)
    i = sigmoid(a_i)
    g = 2 * np.tanh(a_g / 2)
    o = sigmoid(a_o)
    c = c_prev + i * g
    h = o * np.tanh(c / 2)
    return (h, c), (x, h_prev, c_prev, i, g, o, c)


def hochreiter1997_step_backward(dstate, cache, params):
    """The truncated gradient along a cell line without a gate: what arrives goes on unchanged."""
    x, h_prev, _, i, g, o, c = cache
    dh, dc = dstate
    tanh_c = np.tanh(c / 2)
    do = dh * tanh_c
    dc = dc + dh * o * (1 - tanh_c**2) / 2
    di = dc * g
    dg = dc * i
    dc_prev = dc
    da = _join(di * i * (1 - i), dg * (1 - g**2 / 4), do * o * (1 - o))
    dx, _, dparams = _through(da, x, h_prev, params)
    return dx, (np.zeros_like(dh), dc_prev), dparams


# ---------------------------------------------------------------- peepholes


def peephole_step(x, state, params):
    """Gates that see the cell (8.7; Gers & Schmidhuber 2000): i and f the old one, o the new."""
    W_x, W_h, b, W_c = params
    h_prev, c_prev = state
    p_i, p_f, p_o = _blocks(_row(W_c), 3)
    a_i, a_f, a_g, a_o = _blocks(x @ W_x + h_prev @ W_h + _row(b), 4)
    f = sigmoid(a_f + p_f * c_prev)
    i = sigmoid(a_i + p_i * c_prev)
    g = np.tanh(a_g)
    c = f * c_prev + i * g
    o = sigmoid(a_o + p_o * c)
    h = o * np.tanh(c)
    return (h, c), (x, h_prev, c_prev, i, f, g, o, c)


def peephole_step_backward(dstate, cache, params):
    """As (4.6)-(4.12), and along the peepholes: from o to c_t, from i and f to c_{t-1}."""
    x, h_prev, c_prev, i, f, g, o, c = cache
    dh, dc = dstate
    p_i, p_f, p_o = _blocks(_row(params.W_c), 3)
    tanh_c = np.tanh(c)
    da_o = dh * tanh_c * o * (1 - o)
    dc = dc + dh * o * (1 - tanh_c**2) + p_o * da_o
    da_f = dc * c_prev * f * (1 - f)
    da_i = dc * g * i * (1 - i)
    dg = dc * i
    dc_prev = dc * f + p_f * da_f + p_i * da_i
    da = _join(da_i, da_f, dg * (1 - g**2), da_o)
    dx, dh_prev, dparams = _through(da, x, h_prev, LSTMParams(*params[:3]))
    dW_c = _join(da_i * c_prev, da_f * c_prev, da_o * c).sum(axis=-2)
    return dx, (dh_prev, dc_prev), PeepholeParams(*dparams, dW_c)


# ---------------------------------------------------------------- coupled gates


def coupled_step(x, state, params):
    """One gate for both (8.6; "CIFG" in Greff et al. 2017): what is not kept is written."""
    W_x, W_h, b = params
    h_prev, c_prev = state
    a_f, a_g, a_o = _blocks(x @ W_x + h_prev @ W_h + _row(b), 3)
    f = sigmoid(a_f)
    i = 1 - f
    g = np.tanh(a_g)
    o = sigmoid(a_o)
    c = f * c_prev + i * g
    h = o * np.tanh(c)
    return (h, c), (x, h_prev, c_prev, f, g, o, c)


def coupled_step_backward(dstate, cache, params):
    """As (4.6)-(4.12), with the two gates' derivatives in one."""
    x, h_prev, c_prev, f, g, o, c = cache
    dh, dc = dstate
    tanh_c = np.tanh(c)
    do = dh * tanh_c
    dc = dc + dh * o * (1 - tanh_c**2)
    df = dc * (c_prev - g)
    dg = dc * (1 - f)
    dc_prev = dc * f
    da = _join(df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o))
    dx, dh_prev, dparams = _through(da, x, h_prev, params)
    return dx, (dh_prev, dc_prev), dparams


# ---------------------------------------------------------------- GRU


def gru_step(x, state, params):
    """The gated recurrent unit (8.8; Cho et al. 2014): no cell apart from h, two gates.

    r says how much of h the candidate sees, z how much of h is kept. (PyTorch's GRU applies r
    after the product with W_h instead of before it.)
    """
    W_x, W_h, b = params
    (h_prev,) = state
    x_r, x_z, x_g = _blocks(x @ W_x + _row(b), 3)
    W_r, W_z, W_g = _blocks(W_h, 3)
    r = sigmoid(x_r + h_prev @ W_r)
    z = sigmoid(x_z + h_prev @ W_z)
    g = np.tanh(x_g + (r * h_prev) @ W_g)
    h = z * h_prev + (1 - z) * g
    return (h,), (x, h_prev, r, z, g)


def gru_step_backward(dstate, cache, params):
    """From dL/dh_t to dx, dstate_prev and dparams, along four ways back to h_{t-1}."""
    x, h_prev, r, z, g = cache
    (dh,) = dstate
    W_r, W_z, W_g = _blocks(params.W_h, 3)
    dz = dh * (h_prev - g)
    da_g = dh * (1 - z) * (1 - g**2)
    dseen = da_g @ _T(W_g)  # by r * h_prev
    da_r = dseen * h_prev * r * (1 - r)
    da_z = dz * z * (1 - z)
    dh_prev = dh * z + dseen * r + da_r @ _T(W_r) + da_z @ _T(W_z)
    da = _join(da_r, da_z, da_g)
    dW_h = _join(_T(h_prev) @ da_r, _T(h_prev) @ da_z, _T(r * h_prev) @ da_g)
    return da @ _T(params.W_x), (dh_prev,), LSTMParams(_T(x) @ da, dW_h, da.sum(axis=-2))


# ---------------------------------------------------------------- what all of them share


def _T(a):
    """The transpose of the last two axes; what stands before them are networks."""
    return a.swapaxes(-1, -2)


def _row(b):
    """A bias (nH,), or one a network (K, nH), that adds to (B, nH) or (K, B, nH)."""
    return b[..., None, :]


def _blocks(a, n):
    """The n blocks of columns of a, as views: `np.split` without what it costs a step."""
    H = a.shape[-1] // n
    return [a[..., k * H : (k + 1) * H] for k in range(n)]


def _join(*parts):
    return np.concatenate(parts, axis=-1)


def _through(da, x, h_prev, params):
    """From the pre-activations' derivatives to dx, dh_prev and dparams: (4.3)-(4.5)."""
    dparams = LSTMParams(_T(x) @ da, _T(h_prev) @ da, da.sum(axis=-2))
    return da @ _T(params.W_x), da @ _T(params.W_h), dparams


@dataclass(frozen=True)
class Variant:
    """A recurrent cell: its two step functions and what their arrays are called.

    columns: the gates and the candidate, in the order of the parameters' column blocks.
    cache: the names of what a step leaves behind. truncated: whether the gradient stops at the
    recurrent weights.
    """

    step: Callable
    step_backward: Callable
    columns: str
    cache: tuple[str, ...]
    states: int = 2
    truncated: bool = False
    params: type = LSTMParams


_LSTM = ("x", "h_prev", "c_prev", "i", "f", "g", "o", "c")
VARIANTS = {
    "1997": Variant(
        hochreiter1997_step, hochreiter1997_step_backward, "igo",
        ("x", "h_prev", "c_prev", "i", "g", "o", "c"), truncated=True,
    ),
    "2000": Variant(gers2000_step, gers2000_step_backward, "ifgo", _LSTM, truncated=True),
    "modern": Variant(modern_step, modern_step_backward, "ifgo", _LSTM),
    "peephole": Variant(
        peephole_step, peephole_step_backward, "ifgo", _LSTM, params=PeepholeParams
    ),
    "coupled": Variant(
        coupled_step, coupled_step_backward, "fgo",
        ("x", "h_prev", "c_prev", "f", "g", "o", "c"),
    ),
    "GRU": Variant(
        gru_step, gru_step_backward, "rzg", ("x", "h_prev", "r", "z", "g"), states=1
    ),
}  # fmt: skip


def init_variant(variant, D, H, *, rng, within=None, biases=None, dtype=np.float64):
    """Draw one network's parameters: weights within +-`within` (1/sqrt(H) if missing), bias 0.

    variant: a key of `VARIANTS`. biases: dict column name -> a number or H numbers, such as
    {"i": -3.0}; gates that keep, f and the GRU's z, start at 1 unless they are named.
    Peepholes start like weights.
    Raises ValueError or TypeError for an unknown variant or column, sizes below 1, a `within`
    that is no positive number, no Generator.
    """
    cell = _variant(variant)
    dtype = validate.init(D, H, rng, "uniform", dtype)
    within = 1 / np.sqrt(H) if within is None else within
    if not (np.isscalar(within) and np.isreal(within) and 0 < within < np.inf):
        raise ValueError(f"within: expected a positive number, got {within!r}")
    if biases is not None and not isinstance(biases, dict):
        raise TypeError(f"biases: expected a dict of column names, got {validate.describe(biases)}")
    n = len(cell.columns)
    shapes = [(D, n * H), (H, n * H)]
    W_x, W_h = (rng.uniform(-within, within, shape).astype(dtype) for shape in shapes)
    b = np.zeros((n, H), dtype)
    starts = {name: 1.0 for name in "fz" if name in cell.columns} | (biases or {})
    for name, value in starts.items():
        if name not in cell.columns:
            raise ValueError(f"biases: expected columns among {cell.columns!r}, got {name!r}")
        value = validate.real(f"biases[{name!r}]", value)
        if value.shape not in ((), (H,)) or not np.isfinite(value).all():
            raise ValueError(f"biases[{name!r}]: expected a number or {H}, all finite, got {value}")
        b[cell.columns.index(name)] = value
    params = W_x, W_h, b.ravel()
    if cell.params is PeepholeParams:
        params += (rng.uniform(-within, within, 3 * H).astype(dtype),)
    return cell.params(*params)


@dataclass(frozen=True, eq=False)
class Trace:
    """What a forward pass saw: xs (T, ..., B, D), states (T+1, ..., B, H), the steps' caches."""

    variant: str
    xs: np.ndarray
    states: tuple[np.ndarray, ...]
    caches: tuple[tuple, ...]

    @property
    def h(self):
        """The hidden state, (T+1, ..., B, H); index 0 is the start."""
        return self.states[0]

    @property
    def c(self):
        """The cell, (T+1, ..., B, H); of a GRU, whose h is its memory, h."""
        return self.states[-1]

    def over_time(self, name):
        """A gate, the candidate or whatever else a step leaves behind, (T, ..., B, H)."""
        names = VARIANTS[self.variant].cache
        if name not in names:
            raise ValueError(f"name: expected one of {names}, got {name!r}")
        return np.stack([cache[names.index(name)] for cache in self.caches])


class Grads(NamedTuple):
    """The loss's derivatives: params; xs (T, ..., B, D); states, a tuple of (T+1, ..., B, H).

    states[0] is the total derivative by each h_t. states[1], where there is a cell, is what
    reaches c_t along the cell line, from step t + 1 on; what comes by h_t is not in it.
    """

    params: Any
    xs: np.ndarray
    states: tuple[np.ndarray, ...]


def forward(xs, params, variant, state0=None) -> Trace:
    """Run a variant over xs (T, B, D), or K networks over xs (T, K, B, D).

    variant: a key of `VARIANTS`. state0: the start, a tuple of arrays (B, H) or (K, B, H): h and
    c, or h alone for the GRU; zeros if missing.
    Raises ValueError or TypeError, naming the argument, for an unknown variant, a wrong rank or
    size, parameters that do not fit together, NaN or infinity, no real numbers.
    """
    cell = _variant(variant)
    params = _check_params(params, cell)
    xs, state0 = _check_sequence(xs, state0, params, cell)
    states, caches = [state0], []
    for x in xs:
        state, cache = cell.step(x, states[-1], params)
        states.append(state)
        caches.append(cache)
    states = tuple(np.stack(each) for each in zip(*states, strict=True))
    return Trace(variant, xs, states, tuple(caches))


def backward(dhs, trace, params) -> Grads:
    """Backpropagation through time for `forward`, truncated where the variant's paper did.

    dhs (T, ..., B, H): the loss's direct derivative by each h_t, t = 1..T.
    Raises as `forward` does, and for a trace that is none.
    """
    if not isinstance(trace, Trace):
        raise TypeError(f"trace: expected a Trace of `forward`, got {type(trace).__name__}")
    cell = _variant(trace.variant)
    params = _check_params(params, cell)
    T = len(trace.xs)
    D = trace.xs.shape[-1]
    if params.W_x.shape[-2] != D:
        raise ValueError(f"W_x: expected D = {D} as in trace, got shape {params.W_x.shape}")
    dhs = validate.array("dhs", dhs, trace.h[1:].shape, "(T, ..., B, H)", params.W_h.dtype)
    totals = tuple(np.zeros_like(state) for state in trace.states)
    totals[0][1:] = dhs
    dxs = np.empty_like(trace.xs)
    dparams = cell.params(*map(np.zeros_like, params))
    for t in reversed(range(T)):
        dstate = tuple(total[t + 1] for total in totals)
        dxs[t], dstate_prev, share = cell.step_backward(dstate, trace.caches[t], params)
        for total, part in zip(totals, dstate_prev, strict=True):
            total[t] += part
        for summed, part in zip(dparams, share, strict=True):
            summed += part
    return Grads(dparams, dxs, totals)


# ---------------------------------------------------------------- what is let in


def _variant(name):
    if not isinstance(name, str) or name not in VARIANTS:
        raise ValueError(f"variant: expected one of {list(VARIANTS)}, got {name!r}")
    return VARIANTS[name]


def _check_params(params, cell):
    """The parameters as arrays whose shapes fit the variant: (D, nH), (H, nH), (nH,), ..."""
    names = cell.params._fields
    if not isinstance(params, tuple) or len(params) != len(names):
        raise TypeError(f"params: expected {cell.params.__name__}, got {type(params).__name__}")
    params = cell.params(*map(validate.real, names, params))
    W_x, W_h = params[:2]
    if W_h.dtype not in validate.DTYPES or any(p.dtype != W_h.dtype for p in params):
        raise ValueError(
            "params: expected float32 or float64, one for all, got "
            + ", ".join(f"{name} {p.dtype}" for name, p in zip(names, params, strict=True))
        )
    n = len(cell.columns)
    if W_h.ndim < 2 or min(W_h.shape) < 1 or W_h.shape[-1] != n * W_h.shape[-2]:
        raise ValueError(f"W_h: expected shape (..., H, {n}H) with H >= 1, got {W_h.shape}")
    *networks, H, columns = W_h.shape
    if W_x.ndim < 2 or W_x.shape[-2] < 1 or W_x.shape != (*networks, W_x.shape[-2], columns):
        shape = ", ".join(map(str, [*networks, "D", columns]))
        raise ValueError(f"W_x: expected shape ({shape}) with D >= 1, got {W_x.shape}")
    for name, p, size in zip(names[2:], params[2:], (columns, 3 * H), strict=False):
        if p.shape != (*networks, size):
            raise ValueError(f"{name}: expected shape {(*networks, size)}, got {p.shape}")
    for name, p in zip(names, params, strict=True):
        validate.finite(name, p)
    return params


def _check_sequence(xs, state0, params, cell):
    *networks, D, _ = params.W_x.shape
    H, dtype = params.W_h.shape[-2], params.W_h.dtype
    xs = validate.real("xs", xs, ndim=3 + len(networks))
    T, B = xs.shape[0], xs.shape[-2]
    if T < 1 or B < 1:
        raise ValueError(f"xs: expected T >= 1 and B >= 1 in (T, ..., B, D), got {xs.shape}")
    xs = validate.array("xs", xs, (T, *networks, B, D), "(T, ..., B, D)", dtype)
    shape = (*networks, B, H)
    if state0 is None:
        return xs, tuple(np.zeros(shape, dtype) for _ in range(cell.states))
    if not isinstance(state0, tuple) or len(state0) != cell.states:
        raise TypeError(f"state0: expected a tuple of {cell.states} arrays, got {state0!r:.40}")
    names = ("h0", "c0")[: cell.states]
    return xs, tuple(
        validate.array(name, part, shape, "(..., B, H)", dtype)
        for name, part in zip(names, state0, strict=True)
    )
