"""Faulty backward passes of the LSTM to be found by gradient checks (notebook 04).

A patient is `backward_by_steps` below, together with `lstm_core.lstm_step_backward`, with
the one or two changed lines of a `Fault` in it, modelled on mistakes in published
tutorials. All else is the real code, so nothing but the fault can be to blame. One of the
patients is healthy.
"""

import inspect
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

import lstm_core
from lstm_core import (
    LSTMParams,
    LSTMTrace,
    gradient_check,
    init_lstm,
    lstm_forward,
    lstm_step_backward,
)
from lstm_inside import validate


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


def backward_by_steps(dhs, trace, params, dc_last=None):
    """Backpropagation through time with `lstm_step_backward` (4.1)-(4.12): the gradient as a Point.

    dhs (T, B, H): the loss's direct derivative by each h_t. dc_last (B, H): by the last cell
    state, zero if missing. Raises as `lstm_backward` does.
    """
    params = validate.lstm_params(params)
    dhs, _ = validate.backward(params, LSTMTrace, trace, dhs, dc_last)
    T, B, H = dhs.shape
    dh_from = np.zeros((B, H))
    dc_line = np.zeros((B, H)) if dc_last is None else dc_last
    dxs = np.empty_like(trace.xs)
    sums = LSTMParams(*map(np.zeros_like, params))
    for t in reversed(range(T)):
        gates = trace.i[t], trace.f[t], trace.g[t], trace.o[t]
        cache = (trace.xs[t], trace.h[t], trace.c[t], *gates, trace.c[t + 1])
        dh = dhs[t] + dh_from  # (4.1)
        dxs[t], dh_prev, dc_prev, dparams = lstm_step_backward(dh, dc_line, cache, params)
        sums = LSTMParams(*(s + d for s, d in zip(sums, dparams, strict=True)))
        dh_from = dh_prev
        dc_line = dc_prev
    return Point(*sums, dxs, dh_prev, dc_prev)


# ---------------------------------------------------------------- the faults


class Fault(NamedTuple):
    """A mistake: its name in words, and each changed line as (correct, faulty)."""

    words: str
    edits: tuple[tuple[str, str], ...]


FAULTS = {
    "cell_path": Fault(
        "no path from c_t to c_{t-1}",
        (("dc_prev = dc * f", "dc_prev = np.zeros_like(dc)"),),
    ),
    "forget": Fault(
        "the forget gate's derivative is missing",
        (("df = dc * c_prev", "df = np.zeros_like(dc)"),),
    ),
    "slope": Fault(
        "sigmoid' is applied to an activation as though it were a pre-activation",
        (
            (
                "[di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)]",
                "[di * sigmoid(i) * (1 - sigmoid(i)), df * sigmoid(f) * (1 - sigmoid(f)),"
                " dg * (1 - g**2), do * sigmoid(o) * (1 - sigmoid(o))]",
            ),
        ),
    ),
    "tanh": Fault(
        "tanh(c) is forgotten: backward treats h as o * c",
        (
            ("do = dh * tanh_c", "do = dh * c"),
            ("dc = dc + dh * o * (1 - tanh_c**2)", "dc = dc + dh * o"),
        ),
    ),
    "carry": Fault(
        "dh_from is never carried to the step before",
        (("dh_from = dh_prev", "pass"),),
    ),
    "in_place": Fault(
        "an in-place += alters the caller's array",
        (("dc = dc + dh * o", "dc += dh * o"),),
    ),
}


def with_fault(name, function="backward_by_steps") -> Callable:
    """The real backward pass with one fault of FAULTS in it; None: with no fault.

    function: "backward_by_steps", or "lstm_step_backward" for the step alone.
    Raises ValueError for an unknown fault or function, and if a line to change is not found
    exactly once.
    """
    if name is not None:
        validate.choice("name", name, FAULTS)
    validate.choice("function", function, ("backward_by_steps", "lstm_step_backward"))
    source = inspect.getsource(lstm_step_backward) + "\n\n" + inspect.getsource(backward_by_steps)
    for correct, faulty in FAULTS[name].edits if name is not None else ():
        if source.count(correct) != 1:
            raise ValueError(f"{name}: expected one line {correct!r}, got {source.count(correct)}")
        source = source.replace(correct, faulty)
    scope = {**vars(lstm_core), "Point": Point, "validate": validate}
    exec(compile(source, f"<backward pass: {name}>", "exec"), scope)
    return scope[function]


DIAGNOSES = {
    "A": "carry",
    "B": "tanh",
    "C": None,
    "D": "cell_path",
    "E": "in_place",
    "F": "slope",
    "G": "forget",
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
    if not isinstance(point, Point):
        raise TypeError(f"point: expected a Point, got {validate.describe(point)}")
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
