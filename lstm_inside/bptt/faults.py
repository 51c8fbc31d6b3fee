"""Faulty backward passes of the LSTM to be found by gradient checks (notebook 04).

`LINES` is one step of the backward pass, a named line an equation. A patient is that step
with the lines of a `Fault` in their place, modelled on mistakes in published
tutorials; one patient is healthy. A test holds `LINES` against `lstm_core.lstm_step_backward`.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np

from lstm_core import (
    LSTMParams,
    LSTMTrace,
    gradient_check,
    init_lstm,
    lstm_forward,
    sigmoid,
)
from lstm_inside import validate
from lstm_inside.words import Sentences


class Point(NamedTuple):
    """Everything a loss over a sequence depends on, or its gradient by each of them.

    W_x (D, 4H), W_h (H, 4H), b (4H,); xs (T, B, D); h0 and c0 (B, H).
    """

    W_x: np.ndarray
    W_h: np.ndarray
    b: np.ndarray
    xs: np.ndarray
    h0: np.ndarray
    c0: np.ndarray


# ---------------------------------------------------------------- one step, line by line

# Each line is worked out from what stands in `s`, and put there under its name. At the start
# `s` holds x, h_prev, c_prev, i, f, g, o, c, tanh_c of the step, W_x and W_h, the loss's own
# dh_direct, and dh_from and dc_line, what the step after has sent.
LINES = {
    "dh": lambda s: s.dh_direct + s.dh_from,  # (4.1)
    "do": lambda s: s.dh * s.tanh_c,  # (4.6)
    "dc": lambda s: s.dc_line + s.dh * s.o * (1 - s.tanh_c**2),  # (4.7)
    "df": lambda s: s.dc * s.c_prev,  # (4.8)
    "di": lambda s: s.dc * s.g,  # (4.9)
    "dg": lambda s: s.dc * s.i,  # (4.10)
    "dc_prev": lambda s: s.dc * s.f,  # (4.11)
    "da_i": lambda s: s.di * s.i * (1 - s.i),  # (4.12)
    "da_f": lambda s: s.df * s.f * (1 - s.f),
    "da_g": lambda s: s.dg * (1 - s.g**2),
    "da_o": lambda s: s.do * s.o * (1 - s.o),
    "da": lambda s: np.concatenate([s.da_i, s.da_f, s.da_g, s.da_o], axis=1),
    "dh_prev": lambda s: s.da @ s.W_h.T,  # (4.3)
    "dx": lambda s: s.da @ s.W_x.T,  # (4.4)
    "dh_from": lambda s: s.dh_prev,  # handed to the step before, which adds it in (4.1)
    "dc_line": lambda s: s.dc_prev,  # and this in (4.7)
}


class Fault(NamedTuple):
    """A mistake: its name in words, and the lines of `LINES` that it changes, name -> line."""

    words: str
    lines: dict[str, Callable]


def _add_in_place(s):
    s.dc_line += s.dh * s.o * (1 - s.tanh_c**2)
    return s.dc_line


IN_WORDS = Sentences(  # the names of FAULTS
    {
        "cell_path": "no path from c_t to c_{t-1}",
        "forget": "the forget gate's derivative is missing",
        "slope": "sigmoid' is applied to an activation as though it were a pre-activation",
        "tanh": "tanh(c) is forgotten: backward treats h as o * c",
        "carry": "dh_from is never carried to the step before",
        "in_place": "an in-place += alters the caller's array",
        "no_future": "nothing is carried to the step before, neither dh_from nor dc_line",
    }
)
FAULTS = {
    "cell_path": Fault(
        IN_WORDS["cell_path"],
        {"dc_prev": lambda s: 0 * s.dc},
    ),
    "forget": Fault(
        IN_WORDS["forget"],
        {"df": lambda s: 0 * s.dc},
    ),
    "slope": Fault(
        IN_WORDS["slope"],
        {
            "da_i": lambda s: s.di * sigmoid(s.i) * (1 - sigmoid(s.i)),
            "da_f": lambda s: s.df * sigmoid(s.f) * (1 - sigmoid(s.f)),
            "da_o": lambda s: s.do * sigmoid(s.o) * (1 - sigmoid(s.o)),
        },
    ),
    "tanh": Fault(
        IN_WORDS["tanh"],
        {"do": lambda s: s.dh * s.c, "dc": lambda s: s.dc_line + s.dh * s.o},
    ),
    "carry": Fault(
        IN_WORDS["carry"],
        {"dh_from": lambda s: 0 * s.dh},
    ),
    "in_place": Fault(
        IN_WORDS["in_place"],
        {"dc": _add_in_place},
    ),
    "no_future": Fault(
        IN_WORDS["no_future"],
        {"dh_from": lambda s: 0 * s.dh, "dc_line": lambda s: 0 * s.dc},
    ),
}


def take_step(s, fault=None):
    """Work out the lines of one step, or those of a Fault in their place, in the namespace `s`."""
    for name, line in (LINES | (fault.lines if fault else {})).items():
        setattr(s, name, line(s))


def backward_by_steps(dhs, trace, params, dc_last=None, fault=None) -> Point:
    """Backpropagation through time, one `take_step` a step (4.1)-(4.12): the gradient as a Point.

    dhs (T, B, H): the loss's direct derivative by each h_t. dc_last (B, H): by the last cell
    state, zero if missing. fault: a Fault whose lines stand in for the right ones.
    Raises as `lstm_backward` does, and ValueError or TypeError for what is no Fault or one with
    a line that `LINES` does not have.
    """
    _check_fault(fault)
    params = validate.lstm_params(params)
    dhs, _ = validate.backward(params, LSTMTrace, trace, dhs, dc_last)
    s = SimpleNamespace(W_x=params.W_x, W_h=params.W_h)
    s.dh_from = np.zeros_like(trace.c[0])
    s.dc_line = np.zeros_like(trace.c[0]) if dc_last is None else np.asarray(dc_last)  # no copy
    dxs = np.empty_like(trace.xs)
    dW_x, dW_h, db = map(np.zeros_like, params)
    for t in reversed(range(len(dhs))):
        s.x, s.h_prev, s.c_prev, s.c = trace.xs[t], trace.h[t], trace.c[t], trace.c[t + 1]
        s.i, s.f, s.g, s.o = trace.i[t], trace.f[t], trace.g[t], trace.o[t]
        s.tanh_c, s.dh_direct = trace.tanh_c[t], dhs[t]
        take_step(s, fault)
        dxs[t] = s.dx
        dW_x += s.x.T @ s.da  # (4.5)
        dW_h += s.h_prev.T @ s.da
        db += s.da.sum(axis=0)
    return Point(dW_x, dW_h, db, dxs, s.dh_prev, s.dc_prev)


def _check_fault(fault):
    if fault is None:
        return
    if not isinstance(fault, Fault):
        raise TypeError(f"fault: expected a Fault, got {validate.describe(fault)}")
    for name, line in fault.lines.items():
        if name not in LINES or not callable(line):
            raise ValueError(f"fault: expected functions for some of {list(LINES)}, got {name!r}")


def with_fault(name) -> Callable:
    """The backward pass (dhs, trace, params, dc_last=None) with a fault of FAULTS; None: without.

    Raises ValueError for an unknown fault, or one that changes a line which `LINES` has not.
    """
    if name is not None:
        validate.choice("name", name, FAULTS)
    fault = FAULTS[name] if name is not None else None
    _check_fault(fault)

    def backward(dhs, trace, params, dc_last=None) -> Point:
        return backward_by_steps(dhs, trace, params, dc_last, fault)

    return backward


DIAGNOSES = {
    "A": "carry",
    "B": "tanh",
    "C": None,
    "D": "cell_path",
    "E": "in_place",
    "F": "slope",
    "G": "forget",
    "H": "no_future",
}
PATIENTS = {letter: with_fault(fault) for letter, fault in DIAGNOSES.items()}

# ---------------------------------------------------------------- examining a patient


def draw_point(T=5, *, zero_start=False, D=2, H=3, B=2, rng) -> Point:
    """A place to check at: random weights, biases, inputs and, unless zero, initial states.

    Raises ValueError or TypeError for sizes below 1, no Generator.
    """
    validate.count("T", T)
    validate.count("B", B)
    params = init_lstm(D, H, rng=rng)
    params = params._replace(b=params.b + rng.normal(size=4 * H))
    h0, c0 = np.zeros((2, B, H)) if zero_start else rng.normal(size=(2, B, H)) * [[[0.5]], [[1]]]
    return Point(*params, rng.normal(size=(T, B, D)), h0, c0)


def examine(backward, point, dhs, dc_last=None, *, only=None):
    """Hold a patient's gradient against finite differences, as notebook 04 teaches it.

    The loss is sum(dhs * h) + sum(dc_last * c_T), and it reads the very arrays that were
    handed to the patient, so a patient that alters them is caught. only: names of the parts
    of `point` to check, all if missing. Returns a GradientReport.
    Raises ValueError or TypeError for what is no function, no Point or no part of one, and as
    `lstm_backward` does for dhs and dc_last.
    """
    validate.function("backward", backward)
    _check_point(point)
    if only is not None:
        if not isinstance(only, tuple | list) or not only:
            raise TypeError(f"only: expected names of parts, got {validate.describe(only)}")
        for name in only:
            validate.choice("only", name, Point._fields)
    params = LSTMParams(*point[:3])
    trace = lstm_forward(point.xs, params, point.h0, point.c0)
    validate.backward(params, LSTMTrace, trace, dhs, dc_last)
    grads = backward(dhs, trace, params, dc_last)
    kept = Point._fields if only is None else only
    Part = NamedTuple("Part", [(name, np.ndarray) for name in kept])

    def loss(part):
        p = point._replace(**part._asdict())
        trace = lstm_forward(p.xs, LSTMParams(*p[:3]), p.h0, p.c0)
        along_c = 0 if dc_last is None else (dc_last * trace.c[-1]).sum()
        return (dhs * trace.h[1:]).sum() + along_c

    at, given = (Part(*(getattr(p, name) for name in kept)) for p in (point, grads))
    return gradient_check(loss, at, given)


def who_passes(T=5, *, zero_start=False, with_dc=True, only=None) -> str:
    """Letters of the patients that pass one check, over T steps.

    zero_start: h_0 and c_0 are 0. with_dc: the loss sees the last cell, too. only: as for
    `examine`.
    Raises ValueError or TypeError for a T below 1, and as `examine` does for `only`.
    """
    passed = []
    for letter, backward in PATIENTS.items():
        rng = np.random.default_rng(4)
        point = draw_point(T, zero_start=zero_start, rng=rng)
        dhs, dc_last = rng.normal(size=(T, 2, 3)), rng.normal(size=(2, 3))
        if examine(backward, point, dhs, dc_last if with_dc else None, only=only):
            passed.append(letter)
    return " ".join(passed)


def _check_point(point):
    if not isinstance(point, Point):
        raise TypeError(f"point: expected a Point, got {validate.describe(point)}")


def step_errors(backward, point, dhs, steps, dtype=np.float64) -> np.ndarray:
    """A gradient check's relative error for each of several finite steps, of the bias's gradient.

    The loss sum(dhs * h) is computed forward in `dtype`; the patient's gradient and the
    division are float64. steps (N,): the finite steps. Returns (N,): the largest difference,
    relative to the largest entry, as `gradient_check` takes it.
    Raises ValueError or TypeError for what is no function or no Point, steps that are not above
    0, a dtype that is not float32 or float64, and as `lstm_backward` does for dhs.
    """
    validate.function("backward", backward)
    _check_point(point)
    dtype = validate.dtype(dtype)
    steps = validate.real("steps", steps, ndim=1)
    validate.finite("steps", steps)
    if not steps.size or not (steps > 0).all():
        raise ValueError(f"steps: expected numbers above 0, got {validate.describe(steps)}")
    params = LSTMParams(*point[:3])
    trace = lstm_forward(point.xs, params, point.h0, point.c0)
    dhs, _ = validate.backward(params, LSTMTrace, trace, dhs)
    given = backward(dhs, trace, params).b
    low = point._replace(**{n: a.astype(dtype) for n, a in point._asdict().items()})
    weights = dhs.astype(dtype)

    def loss(b):
        p = LSTMParams(low.W_x, low.W_h, b.astype(dtype))
        return float((weights * lstm_forward(low.xs, p, low.h0, low.c0).h[1:]).sum())

    errors = []
    for step in steps:
        numeric = np.empty_like(given)
        for place, nudge in enumerate(step * np.eye(len(given))):
            numeric[place] = (loss(point.b + nudge) - loss(point.b - nudge)) / (2 * step)
        scale = max(np.abs(given).max(), np.abs(numeric).max(), np.finfo(float).tiny)
        errors.append(np.abs(given - numeric).max() / scale)
    return np.array(errors)
