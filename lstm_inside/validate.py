"""What is let in: each helper names the argument, what was expected and what came.

A helper returns what it has checked where that saves a line, in the form that is computed with,
and raises TypeError for the wrong kind of thing, ValueError for a wrong size or value.
Call it as `validate.count("B", B)`, so that the name says what is going on.

`lstm_core` stands alone and has slim checks of its own that raise the same errors.
"""

import os
from pathlib import Path

import numpy as np

from lstm_core import LSTMParams, RNNParams
from lstm_inside.words import say

DTYPES = {np.dtype(np.float32), np.dtype(np.float64)}

# ---------------------------------------------------------------- in words


def describe(x) -> str:
    """What came, in a few words for an error: an array's shape and dtype, else type and value."""
    if isinstance(x, np.ndarray):
        return say("an array of shape {shape}, dtype {dtype}", shape=x.shape, dtype=x.dtype)
    return f"{type(x).__name__}: {str(x)[:40]}"


def said_of(name, function, *arguments):
    """function(*arguments), whose errors say first which argument of ours they are about."""
    try:
        return function(*arguments)
    except (ValueError, TypeError) as off:
        raise type(off)(f"{name}: {off}") from None


# ---------------------------------------------------------------- single values


def count(name, n):
    """A whole number of at least 1; a bool is none."""
    if isinstance(n, bool) or not isinstance(n, int | np.integer):
        raise TypeError(f"{name}: expected a whole number of at least 1, got {describe(n)}")
    if n < 1:
        raise ValueError(f"{name}: expected a whole number of at least 1, got {n}")


def whole(name, n, least=1, most=None):
    """A whole number of at least `least`, at most `most`; a bool is none."""
    if isinstance(n, bool) or not isinstance(n, int | np.integer):
        raise TypeError(f"{name}: expected a whole number, got {describe(n)}")
    if n < least or (most is not None and n > most):
        wanted = f"at least {least}" if most is None else f"{least} to {most}"
        raise ValueError(f"{name}: expected {wanted}, got {n}")


def number(name, x, wanted="", holds=np.isfinite):
    """One finite number for which `holds` is true; `wanted` says in words what that means."""
    if not (np.isfinite(real(name, x, ndim=0)) and holds(x)):
        wanted = say(wanted or "a finite number")
        raise ValueError(say("{name}: expected {wanted}, got {x}", name=name, wanted=wanted, x=x))


def positive(name, x):
    """One finite number above 0."""
    if not 0 < real(name, x, ndim=0) < np.inf:  # NaN is not, either
        raise ValueError(
            say("{name}: expected a number above 0 and finite, got {x}", name=name, x=x)
        )


def share(name, x):
    """One number from 0 up to, but not, 1."""
    if not 0 <= real(name, x, ndim=0) < 1:
        raise ValueError(f"{name}: expected a share, 0 <= {name} < 1, got {x}")


def choice(name, chosen, choices):
    """One of some words."""
    if not isinstance(chosen, str) or chosen not in choices:
        raise ValueError(f"{name}: expected one of {list(choices)}, got {chosen!r}")


def function(name, f):
    """Anything that can be called."""
    if not callable(f):
        raise TypeError(f"{name}: expected a function, got {describe(f)}")


def several(name, things):
    """A list or tuple of at least one."""
    if not isinstance(things, list | tuple):
        raise TypeError(f"{name}: expected a list, got {describe(things)}")
    if not things:
        raise ValueError(f"{name}: expected at least one, got none")


def engine(engine):
    """A module with the sequence functions of `lstm_core`, such as that itself."""
    for kind in ("lstm", "rnn"):
        for way in ("forward", "backward"):
            if not callable(getattr(engine, f"{kind}_{way}", None)):
                raise TypeError(
                    f"engine: expected a module with {kind}_{way}, such as lstm_core, "
                    f"got {describe(engine)}"
                )


def generator(rng):
    """A numpy.random.Generator."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng: expected a numpy.random.Generator, got {describe(rng)}")


def dtype(dtype) -> np.dtype:
    """float32 or float64, as a dtype."""
    try:
        dtype = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype: expected float32 or float64, got {dtype!r}") from None
    if dtype not in DTYPES:
        raise ValueError(f"dtype: expected float32 or float64, got {dtype}")
    return dtype


def path(path, name="path") -> Path:
    """A path, as a Path."""
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"{name}: expected a path, got {describe(path)}")
    return Path(path)


# ---------------------------------------------------------------- arrays


def real(name, x, ndim=None) -> np.ndarray:
    """An array of real numbers, of `ndim` axes if that is given."""
    try:
        array = np.asarray(x)
    except (ValueError, TypeError):  # ragged lists
        raise TypeError(_no_reals(name, x)) from None
    if array.dtype.kind not in "fiub":
        raise TypeError(_no_reals(name, x))
    if ndim is not None and array.ndim != ndim:
        raise ValueError(
            say("{name}: expected {ndim} axes, got shape {shape}", name=name, ndim=ndim,
                shape=array.shape)
        )  # fmt: skip
    return array


def _no_reals(name, x):
    return say("{name}: expected a real-number array, got {what}", name=name, what=describe(x))


def finite(name, x):
    """An array without NaN or infinity; the error tells the first place and how many there are."""
    if not np.isfinite(x).all():
        bad = np.argwhere(~np.isfinite(x))
        value = x[tuple(bad[0])]
        raise ValueError(
            say(
                "{name}: expected finite numbers, got {value} at {place} ({bad} of {size} not "
                "finite)",
                name=name,
                value=value,
                place=tuple(map(int, bad[0])),
                bad=len(bad),
                size=x.size,
            )
        )


def array(name, x, shape, axes, dtype) -> np.ndarray:
    """A finite array of the given shape and dtype; `axes` names the shape in errors."""
    x = real(name, x)
    if x.shape != shape:
        raise ValueError(f"{name}: expected shape {axes} = {shape}, got {x.shape}")
    with np.errstate(over="ignore"):
        x = x.astype(dtype, copy=False)
    finite(name, x)
    return x


def parts(name, x):
    """A (named) tuple of float64 arrays as [(name, array)], and the way back from their list."""
    if isinstance(x, tuple):
        names = getattr(x, "_fields", [f"{name}[{n}]" for n in range(len(x))])
        found = [(n, _float64(n, p)) for n, p in zip(names, x, strict=True)]
        rebuild = type(x)._make if hasattr(x, "_make") else tuple
    else:
        found, rebuild = [(name, _float64(name, x))], lambda arrays: arrays[0]
    if not found or not all(p.size for _, p in found):
        raise ValueError(f"{name}: expected at least one number in every array, got none")
    return found, rebuild


def _float64(name, x):
    x = real(name, x)
    if x.dtype.kind == "f" and x.dtype != np.float64:
        raise ValueError(f"{name}: expected float64, as differences need it, got {x.dtype}")
    finite(name, x)
    return x.astype(np.float64)


# ---------------------------------------------------------------- networks


def init(D, H, rng, recurrent, dtype_):
    """What `lstm_core.init_rnn` and its kin are given; returns the dtype."""
    count("D", D)
    count("H", H)
    generator(rng)
    if not isinstance(recurrent, str) or recurrent not in ("uniform", "orthogonal"):
        raise ValueError(f'recurrent: expected "uniform" or "orthogonal", got {recurrent!r}')
    return dtype(dtype_)


def rnn_params(params) -> RNNParams:
    """W_x (D, H), W_h (H, H), b (H,), of one dtype."""
    return _params(params, RNNParams, 1)


def lstm_params(params) -> LSTMParams:
    """W_x (D, 4H), W_h (H, 4H), b (4H,), of one dtype."""
    return _params(params, LSTMParams, 4)


def _params(params, kind, blocks):
    if not isinstance(params, tuple) or len(params) != 3:
        what = describe(params)
        raise TypeError(
            say("params: expected {kind}(W_x, W_h, b), got {what}", kind=kind.__name__, what=what)
        )
    W_x, W_h, b = params = kind(*map(real, kind._fields, params))
    dtypes = {p.dtype for p in params}
    if len(dtypes) > 1 or not dtypes <= DTYPES:
        got = ", ".join(f"{n} {p.dtype}" for n, p in params._asdict().items())
        raise ValueError(
            say("params: expected float32 or float64, one for all three, got {got}", got=got)
        )
    if W_h.ndim != 2 or min(W_h.shape) < 1 or W_h.shape[1] != blocks * W_h.shape[0]:
        raise ValueError(
            say("W_h: expected shape (H, {blocks}H) with H >= 1, got {shape}", blocks=blocks,
                shape=W_h.shape)
        )  # fmt: skip
    columns = W_h.shape[1]
    if W_x.ndim != 2 or W_x.shape[0] < 1 or W_x.shape[1] != columns:
        raise ValueError(
            say("W_x: expected shape (D, {columns}) with D >= 1, got {shape}", columns=columns,
                shape=W_x.shape)
        )  # fmt: skip
    if b.shape != (columns,):
        raise ValueError(
            say("b: expected shape ({columns},), got {shape}", columns=columns, shape=b.shape)
        )
    for name, p in params._asdict().items():
        finite(name, p)
    return params


def sizes(rng, **sizes):
    """A Generator, and whole numbers given as name=(size, the least it may be)."""
    for name, (size, least) in sizes.items():
        whole(name, size, least)
    generator(rng)


def sequence(params, xs, **states):
    """[xs (T, B, D), initial states (B, H) ...] in the dtype of the parameters; None becomes 0."""
    W_x, W_h, _ = params
    xs = real("xs", xs, ndim=3)
    T, B, _ = xs.shape
    if T < 1 or B < 1:
        raise ValueError(f"xs: expected T >= 1 and B >= 1 in (T, B, D), got shape {xs.shape}")
    checked = [array("xs", xs, (T, B, len(W_x)), "(T, B, D)", W_h.dtype)]
    for name, state in states.items():
        state = 0 if state is None else array(name, state, (B, len(W_h)), "(B, H)", W_h.dtype)
        checked.append(state)
    return checked


def of_kind(name, thing, *kinds) -> type:
    """Which of these classes a thing is of, told by the class's name.

    A reader who edits a module and reloads it, `lstm_core` above all, has new classes.
    """
    for kind in kinds:
        if type(thing).__name__ == kind.__name__:
            return kind
    wanted = " or ".join(kind.__name__ for kind in kinds)
    raise TypeError(f"{name}: expected {wanted}, got {describe(thing)}")


def backward(params, kind, trace, dhs, dc_last=None):
    """dhs (T, B, H) and dc_last (B, H) that fit a trace (of class `kind`) of the parameters."""
    W_x, W_h, _ = params
    of_kind("trace", trace, kind)
    T, B, D = trace.xs.shape
    H = trace.h.shape[-1]
    if (len(W_x), len(W_h)) != (D, H) or trace.h.dtype != W_h.dtype:
        raise ValueError(
            f"trace: expected D = {len(W_x)}, H = {len(W_h)}, {W_h.dtype} as in params, "
            f"got D = {D}, H = {H}, {trace.h.dtype}"
        )
    dhs = array("dhs", dhs, (T, B, H), "(T, B, H)", W_h.dtype)
    if dc_last is None:
        return dhs, 0
    return dhs, array("dc_last", dc_last, (B, H), "(B, H)", W_h.dtype)
