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

RULES = ("true", "missing")  # the true gradient, and the one with missing slopes
_TINY = 1e-300  # in place of a length of 0


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
    starts, x, target, rate, steps, *, direction="true", length="true", keep=None
) -> Cohort:
    """Train every network by (1.4)-(1.9): each takes `steps` steps downhill on all examples.

    starts: the networks' parameters, one or more, of one shape; sigmoid neurons. x (B, D),
    target (B, N). direction, length: where a layer's step goes and how long it is, each by the
    "true" gradient or by the one with "missing" slopes; "missing" for both is the faulty rule.
    rate: one number, or one for each layer.
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
    layers = len(starts[0]) // 2
    rates = list(rate) if isinstance(rate, list | tuple) else [rate] * layers
    if len(rates) != layers:
        raise ValueError(f"rate: expected one number, or {layers}, one a layer, got {len(rates)}")
    for each in rates:
        validate.number("rate", each)
    validate.whole("steps", steps, least=0)
    if keep is not None:
        validate.count("keep", keep)
    validate.choice("direction", direction, RULES)
    validate.choice("length", length, RULES)
    x, target = np.asarray(seen[0].h[0]), np.asarray(target)
    W = [np.stack([p[n] for p in starts]) for n in range(0, len(starts[0]), 2)]
    b = [np.stack([p[n] for p in starts])[:, None] for n in range(1, len(starts[0]), 2)]

    losses, kept, history = np.empty((steps + 1, len(starts))), [], []
    for step in range(steps + 1):
        h = _forward(x, W, b)
        dh = h[-1] - target
        losses[step] = (dh**2).sum(axis=(1, 2)) / 2  # (1.5)
        if step in (0, steps) or (keep and step % keep == 0):
            kept.append(step)
            history.append(
                [part for W_n, b_n in zip(W, b, strict=True) for part in (W_n, b_n[:, 0])]
            )
        if step < steps:
            found = _gradients(W, h, dh, direction)
            if length != direction:
                wanted = _gradients(W, h, dh, length)
                found = [_as_long_as(*pair) for pair in zip(found, wanted, strict=True)]
            steps_down = list(zip(W, b, rates, found, strict=True))
            W = [W_n - each * dW for W_n, _, each, (dW, _) in steps_down]  # (1.9)
            b = [b_n - each * db for _, b_n, each, (_, db) in steps_down]
    return Cohort(losses, np.array(kept), tuple(map(np.stack, zip(*history, strict=True))))


def compare_steps(cohort, x, target):
    """How the missing-slope rule's gradient differs from the true one at every kept step.

    cohort: a Cohort that learned from x (B, D) and target (B, N). Returns two arrays (K, S,
    layers): how many times as long it is, and by how many degrees it points elsewhere (1 and
    90 where both are 0). A layer's weights and biases count together.
    Raises ValueError or TypeError, naming the argument, for what does not fit.
    """
    if not isinstance(cohort, Cohort):
        raise TypeError(f"cohort: expected Cohort, got {validate.describe(cohort)}")
    seen = mlp_forward(x, cohort.network(int(cohort.kept[0]), 0))
    half_squared_error(seen.y, target)  # says what is wrong with a target
    ratios, angles = [], []
    for place in range(len(cohort.kept)):
        W = [p[place] for p in cohort.params[::2]]
        b = [p[place][:, None] for p in cohort.params[1::2]]
        h = _forward(seen.h[0], W, b)
        true, missing = (
            [_flat(*layer) for layer in _gradients(W, h, h[-1] - target, rule)] for rule in RULES
        )
        lengths = [  # (layers, S) for each rule
            np.maximum([np.linalg.norm(g, axis=1) for g in found], _TINY)
            for found in (true, missing)
        ]
        dots = np.array([(t * m).sum(axis=1) for t, m in zip(true, missing, strict=True)])
        cosines = np.clip(dots / lengths[0] / lengths[1], -1, 1)
        ratios.append((lengths[1] / lengths[0]).T)
        angles.append(np.degrees(np.arccos(cosines)).T)
    return np.stack(ratios), np.stack(angles)


def _forward(x, W, b):
    """Every layer's output (1.4), for every network: x (B, D), then arrays (S, B, N)."""
    h = [x]
    for W_n, b_n in zip(W, b, strict=True):
        h.append(sigmoid(h[-1] @ W_n + b_n))
    return h


def _gradients(W, h, dh, rule):
    """dL/dW (S, D, N) and dL/db (S, 1, N) of every layer (1.6)-(1.8), or the faulty rule's."""
    found = []
    for n in reversed(range(len(W))):
        delta = dh * h[n + 1] * (1 - h[n + 1])
        dh = (dh if rule == "missing" else delta) @ W[n].swapaxes(1, 2)
        found.insert(0, (h[n].swapaxes(-1, -2) @ delta, delta.sum(axis=1, keepdims=True)))
    return found


def _flat(dW, db):
    """One layer's gradient in every network, weights and biases in a row: (S, D * N + N)."""
    return np.concatenate([dW.reshape(len(dW), -1), db[:, 0]], axis=1)


def _as_long_as(gradient, other):
    """One layer's gradient, made as long as another one in every network."""
    own, wanted = (np.linalg.norm(_flat(*g), axis=1) for g in (gradient, other))
    factor = (wanted / np.maximum(own, _TINY))[:, None, None]
    return tuple(part * factor for part in gradient)


def compare_rules(params, x, target):
    """All derivatives with respect to the weights, three ways.

    params: MLPParams. x (B, D), target (B, N). Returns a dict: "true", "missing" and
    "differences" hold the three layers' gradients.
    Raises ValueError or TypeError, naming the argument, for what does not fit.
    """
    trace = mlp_forward(x, params)
    _, dy = half_squared_error(trace.y, target)

    def loss(weights):
        moved = [part for pair in zip(weights, params[1::2], strict=True) for part in pair]
        return half_squared_error(mlp_forward(x, tuple(moved)).y, target)[0]

    return {
        "true": mlp_backward(dy, trace, params).params[::2],
        "missing": mlp_backward_missing_slopes(dy, trace, params).params[::2],
        "differences": finite_differences(loss, params[::2]),
    }


def measure_rules(count=200):
    """Both rules on the random networks 0 .. count - 1 of `random_case`.

    Returns a dict of arrays, a row for each network. "ratio" (count, 3): how many times as long
    the missing-slope rule's gradient is as the true one, by layer. "size" (count, 3): the true
    gradient of a weight, root mean square by layer. "true" and "missing" (count,): whether that
    rule's derivatives equal the finite differences. "downhill" (count,): whether a small step
    against the missing-slope rule's gradient lowers the loss.
    Raises ValueError or TypeError for a count below 1.
    """
    validate.count("count", count)
    rows = []
    for seed in range(count):
        found = compare_rules(*random_case(np.random.default_rng(seed)))
        pairs = list(zip(found["missing"], found["true"], strict=True))
        rows.append(
            {
                "ratio": [np.linalg.norm(m) / np.linalg.norm(t) for m, t in pairs],
                "size": [np.sqrt(np.mean(t**2)) for _, t in pairs],
                **{
                    rule: all(map(np.allclose, found[rule], found["differences"])) for rule in RULES
                },
                "downhill": sum((m * t).sum() for m, t in pairs) > 0,
            }
        )
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}
