"""The neuron and the multilayer perceptron, forward and backward, in plain NumPy.

Notebook 01; numbers in brackets, such as (1.7), are its equations.

Axes: B batch, D inputs, N neurons of a layer. Names: a is a pre-activation, h what a neuron
gives out, and delta is dL/da, the derivative of the loss with respect to the pre-activation.
(In the tutorial of the missing slopes an "error" stands for -dL/dh, with respect to the
neuron's *output*; notebook 01 calls minus this e, and then delta = e * slope.)
No function changes an array it was given.
"""

import itertools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lstm_core import sigmoid
from lstm_inside import validate


class MLPParams(NamedTuple):
    """Three layers: W_n (inputs, N) and b_n (N,). Column j holds the weights into neuron j.

    The functions below also take a plain tuple (W_1, b_1, ..., W_n, b_n) of any depth.
    """

    W_1: np.ndarray
    b_1: np.ndarray
    W_2: np.ndarray
    b_2: np.ndarray
    W_3: np.ndarray
    b_3: np.ndarray


# The network and the example of notebook 01's walk: all three layers alive, weights of both signs.
CLASSIC = MLPParams(
    W_1=np.array([[0.4, -0.6, 0.9], [0.7, 0.5, -0.8]]),
    b_1=np.zeros(3),
    W_2=np.array([[1.1, -0.7], [0.6, 0.9], [-0.5, 1.2]]),
    b_2=np.zeros(2),
    W_3=np.array([[1.4], [-0.9]]),
    b_3=np.zeros(1),
)
EXAMPLE = np.array([[0.8, 0.3]]), np.array([[1.0]])  # inputs (1, 2), target (1, 1)


@dataclass(frozen=True, eq=False)
class MLPTrace:
    """What a forward pass saw: a and h, one array (B, N) a layer; h[0] is the input (B, D)."""

    a: tuple
    h: tuple
    act: str

    @property
    def y(self):
        """The network's output: the last layer's h."""
        return self.h[-1]


@dataclass(frozen=True, eq=False)
class MLPGrads:
    """The loss's derivatives: params (as the parameters), deltas (B, N) a layer, x (B, D)."""

    params: tuple
    deltas: tuple
    x: np.ndarray


def init_mlp(sizes, *, rng, scale=1.0):
    """Draw weights from a normal distribution of the given width; every bias is 0.

    sizes: neurons a layer with the inputs first, such as (2, 3, 2, 1).
    rng: a numpy.random.Generator. Returns MLPParams for three layers, else a plain tuple.
    Raises ValueError or TypeError for fewer than two sizes, a size below 1, no Generator, a
    scale that is no finite number.
    """
    if np.ndim(sizes) != 1 or len(sizes) < 2:
        raise ValueError(
            f"sizes: expected two or more whole numbers, got {validate.describe(sizes)}"
        )
    for size in sizes:
        validate.whole("sizes", size)
    validate.generator(rng)
    validate.number("scale", scale)
    parts = []
    for before, after in itertools.pairwise(sizes):
        parts += [scale * rng.normal(size=(before, after)), np.zeros(after)]
    return MLPParams(*parts) if len(parts) == 6 else tuple(parts)


def random_case(rng):
    """A random classic network and one example: MLPParams (2-3-2-1), x (1, 2), target (1, 1).

    Weights are standard normal, biases 0 (the classic drawing has none), inputs uniform
    between -1 and 1, the target uniform between 0 and 1.
    """
    params = init_mlp((2, 3, 2, 1), rng=rng)
    return params, rng.uniform(-1, 1, (1, 2)), rng.uniform(0, 1, (1, 1))


_ACTS = {  # the activation, and its slope from its own output (1.3)
    "sigmoid": (sigmoid, lambda h: h * (1 - h)),
    "tanh": (np.tanh, lambda h: 1 - h**2),
    "relu": (lambda a: np.maximum(a, 0), lambda h: (h > 0).astype(h.dtype)),
}
ACTS = tuple(_ACTS)


def activation(a, act="sigmoid"):
    """Squash a pre-activation (1.1), elementwise: "sigmoid", "tanh" or "relu".

    Raises ValueError or TypeError for another act, for what are no numbers.
    """
    a = validate.real("a", a)
    validate.choice("act", act, ACTS)
    return _ACTS[act][0](a)


def slope(h, act="sigmoid"):
    """The activation's derivative (1.3) from its own value h = activation(a), elementwise.

    Raises ValueError or TypeError for another act, for what are no numbers.
    """
    h = validate.real("h", h)
    validate.choice("act", act, ACTS)
    return _ACTS[act][1](h)


def mlp_forward(x, params, act="sigmoid") -> MLPTrace:
    """Run the network (1.2), (1.4): x (B, D) -> trace, whose .y (B, N) is the output.

    act: "sigmoid", "tanh" or "relu", for every layer.
    Raises ValueError or TypeError, naming the argument, for what does not fit.
    """
    validate.choice("act", act, ACTS)
    params = _check_params(params)
    x = validate.real("x", x, ndim=2)
    if not len(x):
        raise ValueError(f"x: expected a batch of at least 1, got shape {x.shape}")
    x = validate.array("x", x, (len(x), len(params[0])), "(B, D)", params[0].dtype)

    a, h = [], [x]
    for W, b in zip(params[::2], params[1::2], strict=True):
        a.append(h[-1] @ W + b)  # (1.4): (B, D) @ (D, N) -> (B, N)
        h.append(activation(a[-1], act))
    return MLPTrace(tuple(a), tuple(h), act)


def mlp_backward(dy, trace, params) -> MLPGrads:
    """Backpropagation (1.6)-(1.8): from dy = dL/dy (B, N) to every delta and gradient.

    Raises ValueError or TypeError for a `dy` not shaped like the output, or for a trace that
    does not fit. Source: Rumelhart, Hinton & Williams 1986.
    """
    dh, params = _check_backward(dy, trace, params)
    deltas, grads = [], []
    for n in reversed(range(len(trace.a))):
        delta = dh * slope(trace.h[n + 1], trace.act)  # (1.6), (1.7)
        dh = delta @ params[2 * n].T  # (1.7): (B, N) @ (N, D) -> (B, D)
        deltas.insert(0, delta)
        grads[:0] = [trace.h[n].T @ delta, delta.sum(axis=0)]  # (1.8)
    return MLPGrads(_like(params, grads), tuple(deltas), dh)


def mlp_backward_missing_slopes(dy, trace, params) -> MLPGrads:
    """FAULTY on purpose: the rule of a well-known tutorial, to be held against the true one.

    It carries the error back through the weights alone; a slope enters only in each neuron's
    own update. So every slope between a neuron and the loss is left out, but its own.
    Arguments, returns and errors are those of `mlp_backward`; a "delta" is what the rule
    multiplies a neuron's inputs with. Source: Bernacki & Wlodarczyk 2004.
    """
    dh, params = _check_backward(dy, trace, params)
    deltas, grads = [], []
    for n in reversed(range(len(trace.a))):
        delta = dh * slope(trace.h[n + 1], trace.act)
        dh = dh @ params[2 * n].T  # the fault: dh goes on, where it should be delta
        deltas.insert(0, delta)
        grads[:0] = [trace.h[n].T @ delta, delta.sum(axis=0)]
    return MLPGrads(_like(params, grads), tuple(deltas), dh)


def half_squared_error(y, target):
    """The loss (1.5), summed over everything, and its derivative: float, dy shaped like y.

    Raises ValueError or TypeError for no number at all, a target that is not shaped like y, NaN
    or infinity.
    """
    y = validate.real("y", y)
    if not y.size:
        raise ValueError(f"y: expected at least one number, got shape {y.shape}")
    validate.finite("y", y)
    target = validate.array("target", target, y.shape, "of y", np.result_type(y, np.float32))
    dy = y - target
    return float((dy**2).sum() / 2), dy


def descend(params, grads, rate):
    """One step downhill (1.9): every parameter minus rate times its gradient.

    Raises ValueError or TypeError for gradients that are not shaped like the parameters, and
    for a rate that is no finite number.
    """
    params = _check_params(params)
    validate.number("rate", rate)
    if not isinstance(grads, tuple) or len(grads) != len(params):
        raise TypeError(
            f"grads: expected {len(params)} arrays as params, got {validate.describe(grads)}"
        )
    grads = [
        validate.array(f"grads[{n}]", g, p.shape, "of the parameter", p.dtype)
        for n, (p, g) in enumerate(zip(params, grads, strict=True))
    ]
    return _like(params, [p - rate * g for p, g in zip(params, grads, strict=True)])


def finite_differences(loss, params, step=1e-5):
    """dL/dparams without any backward pass: nudge every number both ways, run forward twice.

    loss: a function of the parameters that returns a number. params: a (named) tuple of
    float64 arrays. Returns the slopes in the same form; `lstm_core.gradient_check` gives the
    verdict on a gradient in one go.
    Raises ValueError or TypeError for no function, no finite float64 arrays, a step that is not
    above 0, a loss that is no finite number.
    """
    validate.function("loss", loss)
    validate.number("step", step, "a finite number above 0", lambda step: step > 0)
    parts, rebuild = validate.parts("params", params)
    arrays = [p for _, p in parts]
    slopes = [np.empty_like(p) for p in arrays]
    for n, p in enumerate(arrays):
        for place in np.ndindex(p.shape):
            ends = []
            for move in (step, -step):
                nudged = p.copy()
                nudged[place] += move
                ends.append(loss(rebuild([*arrays[:n], nudged, *arrays[n + 1 :]])))
                validate.number("loss(params)", ends[-1])
            slopes[n][place] = (ends[0] - ends[1]) / (2 * step)
    return rebuild(slopes)


def _like(params, arrays):
    """The arrays in the same kind of tuple as the parameters."""
    return type(params)(*arrays) if hasattr(params, "_fields") else tuple(arrays)


def _check_params(params):
    """The parameters as arrays whose shapes fit together."""
    if not isinstance(params, tuple) or len(params) < 2 or len(params) % 2:
        raise TypeError(
            f"params: expected (W_1, b_1, ..., W_n, b_n), got {validate.describe(params)}"
        )
    before, checked = None, []
    for n, (W, b) in enumerate(zip(params[::2], params[1::2], strict=True), 1):
        W, b = validate.real(f"W_{n}", W), validate.real(f"b_{n}", b)
        if W.ndim != 2 or min(W.shape) < 1 or before not in (None, W.shape[0]):
            rows = "inputs" if before is None else before
            raise ValueError(f"W_{n}: expected shape ({rows}, neurons), got {W.shape}")
        before = W.shape[1]
        if b.shape != (before,):
            raise ValueError(f"b_{n}: expected shape ({before},), got {b.shape}")
        for name, p in ((f"W_{n}", W), (f"b_{n}", b)):
            if p.dtype.kind != "f":
                raise TypeError(f"{name}: expected floating-point numbers, got {p.dtype}")
            validate.finite(name, p)
            checked.append(p)
    return _like(params, checked)


def _check_backward(dy, trace, params):
    """dy (B, N) and the parameters, which fit the trace."""
    params = _check_params(params)
    if not isinstance(trace, MLPTrace):
        raise TypeError(f"trace: expected MLPTrace, got {validate.describe(trace)}")
    got = [h.shape[1] for h in trace.h]
    want = [len(params[0]), *(len(b) for b in params[1::2])]
    if got != want:
        raise ValueError(f"trace: expected layers of {want} as in params, got {got}")
    return validate.array("dy", dy, trace.y.shape, "(B, N)", trace.y.dtype), params
