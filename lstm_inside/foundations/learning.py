"""Learning seen: small networks trained side by side, and what the missing slopes change.

Notebook 01, sections 5 and 6. A cohort is S networks of one shape that see the same examples:
their weights stand one behind the other, so that a step of all costs about as much as of one.
"""

from dataclasses import dataclass

import numpy as np

from lstm_core import sigmoid
from lstm_inside import validate

from .network import (
    MLPParams,
    finite_differences,
    half_squared_error,
    mlp_backward,
    mlp_backward_missing_slopes,
    mlp_forward,
    random_case,
)

# The "exclusive or": one of two, but not both.
XOR_INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
XOR_TARGETS = np.array([[0], [1], [1], [0]], dtype=float)


@dataclass(frozen=True, eq=False)
class Cohort:
    """A training of S networks: losses (steps + 1, S), and the weights at every kept step.

    kept: the steps (K,) whose weights were kept. params: as one network's, each array with the
    axes (K, S) in front of its own.
    """

    losses: np.ndarray
    kept: np.ndarray
    params: tuple

    def network(self, step, number):
        """The parameters of one network at a kept step.

        Raises ValueError or TypeError for a step that was not kept, a number beyond S.
        """
        validate.whole("step", step, least=0)
        validate.whole("number", number, least=0, most=self.losses.shape[1] - 1)
        place = np.flatnonzero(self.kept == step)
        if not place.size:
            raise ValueError(f"step: expected a kept step, one of {self.kept.tolist()}, got {step}")
        parts = [p[place[0], number] for p in self.params]
        return MLPParams(*parts) if len(parts) == 6 else tuple(parts)


def train_cohort(
    starts, x, target, rate, steps, *, missing_slopes=False, factors=None, keep=None
) -> Cohort:
    """Train every network by (1.4)-(1.9): each takes `steps` steps downhill on all examples.

    starts: the networks' parameters, one or more, of one shape; sigmoid neurons. x (B, D),
    target (B, N). missing_slopes: follow the faulty rule instead of the true gradient.
    factors: multiply the rate, layer by layer (None: one rate for all).
    keep: the weights of every `keep`-th step stay in the result (None: only the first and last).
    Raises ValueError or TypeError, naming the argument, for what does not fit.
    """
    if not isinstance(starts, list | tuple) or not starts or not isinstance(starts[0], tuple):
        raise TypeError(f"starts: expected networks in a list, got {validate.describe(starts)}")
    seen = [mlp_forward(x, params) for params in starts]
    shapes = {tuple(np.shape(p) for p in params) for params in starts}
    if len(shapes) > 1:
        raise ValueError(f"starts: expected networks of one shape, got {len(shapes)} shapes")
    half_squared_error(seen[0].y, target)  # says what is wrong with a target
    validate.number("rate", rate)
    validate.whole("steps", steps, least=0)
    if keep is not None:
        validate.count("keep", keep)
    layers = len(starts[0]) // 2
    factors = validate.array(
        "factors", np.ones(layers) if factors is None else factors, (layers,), "one a layer", float
    )
    x, target = np.asarray(seen[0].h[0]), np.asarray(target)
    W = [np.stack([p[n] for p in starts]) for n in range(0, len(starts[0]), 2)]
    b = [np.stack([p[n] for p in starts])[:, None] for n in range(1, len(starts[0]), 2)]

    losses, kept, history = np.empty((steps + 1, len(starts))), [], []
    for step in range(steps + 1):
        h = [x]
        for W_n, b_n in zip(W, b, strict=True):
            h.append(sigmoid(h[-1] @ W_n + b_n))  # (1.4), for every network: (S, B, N)
        dh = h[-1] - target
        losses[step] = (dh**2).sum(axis=(1, 2)) / 2  # (1.5)
        if step in (0, steps) or (keep and step % keep == 0):
            kept.append(step)
            history.append(
                [part for W_n, b_n in zip(W, b, strict=True) for part in (W_n, b_n[:, 0])]
            )
        if step < steps:
            W, b = _stepped(W, b, h, dh, rate * factors, missing_slopes)
    return Cohort(losses, np.array(kept), tuple(map(np.stack, zip(*history, strict=True))))


def _stepped(W, b, h, dh, rates, missing_slopes):
    """Weights and biases after one step (1.6)-(1.9), or after one by the faulty rule."""
    W, b = list(W), list(b)
    for n in reversed(range(len(W))):
        delta = dh * h[n + 1] * (1 - h[n + 1])
        dh = (dh if missing_slopes else delta) @ W[n].swapaxes(1, 2)
        W[n] = W[n] - rates[n] * (h[n].swapaxes(-1, -2) @ delta)
        b[n] = b[n] - rates[n] * delta.sum(axis=1, keepdims=True)
    return W, b


def compare_rules(params, x, target, act="sigmoid"):
    """All derivatives by the weights, three ways, and how much too large the faulty rule's are.

    params: MLPParams. x (B, D), target (B, N). Returns a dict: "true", "missing" and
    "differences" hold the three layers' weight gradients; "ratio" (3,) the length of the
    missing-slope rule's gradient over the true one's, by layer; "turned" how many signs differ.
    Raises ValueError or TypeError, naming the argument, for what does not fit.
    """
    trace = mlp_forward(x, params, act)
    _, dy = half_squared_error(trace.y, target)
    found = {
        "true": mlp_backward(dy, trace, params).params[::2],
        "missing": mlp_backward_missing_slopes(dy, trace, params).params[::2],
    }

    def loss(weights):
        moved = [part for pair in zip(weights, params[1::2], strict=True) for part in pair]
        return half_squared_error(mlp_forward(x, tuple(moved), act).y, target)[0]

    found["differences"] = finite_differences(loss, params[::2])
    pairs = list(zip(found["missing"], found["true"], strict=True))
    found["ratio"] = np.array([_ratio(m, t) for m, t in pairs])
    found["turned"] = int(sum((np.sign(m) != np.sign(t)).sum() for m, t in pairs))
    return found


def measure_ratios(count=200, act="sigmoid"):
    """The missing-slope rule's gradient over the true one's, by layer: (count, 3).

    Random networks 0 .. count - 1 of `random_case`. act: "sigmoid" or "tanh".
    Raises ValueError or TypeError for a count below 1, another activation.
    """
    validate.count("count", count)
    validate.choice("act", act, ("sigmoid", "tanh"))
    ratios = np.empty((count, 3))
    for seed in range(count):
        params, x, target = random_case(np.random.default_rng(seed))
        trace = mlp_forward(x, params, act)
        _, dy = half_squared_error(trace.y, target)
        both = (
            rule(dy, trace, params).params[::2]
            for rule in (mlp_backward_missing_slopes, mlp_backward)
        )
        ratios[seed] = [_ratio(m, t) for m, t in zip(*both, strict=True)]
    return ratios


def _ratio(one, other):
    """The length of one array over that of another."""
    return np.linalg.norm(one) / max(np.linalg.norm(other), 1e-300)
