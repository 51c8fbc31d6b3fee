"""Learning seen: small networks trained side by side, and what the missing slopes change.

Notebook 01, from section 6 on. A cohort is S networks of one shape that see the same examples:
their weights stand one behind the other, so that a step of all costs about as much as of one.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lstm_inside import validate
from lstm_inside.words import say

from .network import (
    ACTS,
    MLPParams,
    activation,
    finite_differences,
    half_squared_error,
    init_mlp,
    mlp_backward,
    mlp_backward_missing_slopes,
    mlp_forward,
    random_case,
    slope,
)

# The "exclusive or": one of two, but not both.
XOR_INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=float)
XOR_TARGETS = np.array([[0], [1], [1], [0]], dtype=float)

RULES = ("true", "missing")  # the true gradient, and the one with missing slopes
LENGTHS = (*RULES, "last")  # how long a layer's step is: by either, or as long as the last layer's
# What the hidden layers of a cohort may squash with, and its slope (1.3). `slope` looks at what it
# is given every time, and a training asks for ten thousand.
_SLOPES = {"sigmoid": lambda h: h * (1 - h), "tanh": lambda h: 1 - h**2}
HIDDEN_ACTS = tuple(_SLOPES)
STEP = 0.1  # the learning rate with which `measure_rules` tries a gradient
LEARNED = 0.05  # a network has learned once its loss is lower
_TINY = 1e-300  # in place of a squared length of 0
_SILENT = np.errstate(over="ignore", under="ignore")  # exp(-a) far out


@dataclass(frozen=True, eq=False)
class Cohort:
    """A training of S networks: losses (steps + 1, S), and the weights at every kept step.

    kept: the steps (K,) whose weights were kept. params: as one network's, each array with the
    axes (K, S) in front of its own. Printed, it says how many have learned.
    """

    losses: np.ndarray
    kept: np.ndarray
    params: tuple

    def __repr__(self):
        learned, count = np.isfinite(self.learned_at()).sum(), self.losses.shape[1]
        return say("{learned} of {count} learned", learned=learned, count=count)

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

    def learned_at(self, below=LEARNED):
        """The first step at which each network's loss is lower than `below`, (S,); inf: never.

        Raises ValueError or TypeError for what is no finite number above 0.
        """
        validate.positive("below", below)
        down = self.losses < below
        return np.where(down.any(axis=0), down.argmax(axis=0), np.inf)

    def moved(self, layer):
        """How far the weights into a layer, counted from 1, have moved from first to last step.

        Returns the root mean square over its weights, (S,).
        Raises ValueError or TypeError for a layer that the networks do not have.
        """
        validate.whole("layer", layer, least=1, most=len(self.params) // 2)
        W = self.params[2 * (layer - 1)]
        return np.sqrt(((W[-1] - W[0]) ** 2).mean(axis=(1, 2)))


@_SILENT
def train_cohort(
    starts, x, target, rate, steps, *, act="sigmoid", direction="true", length="true", keep=None
) -> Cohort:
    """Train every network by (1.4)-(1.9): each takes `steps` steps downhill on all examples.

    starts: the networks' parameters, one or more, of one shape. x (B, D), target (B, N).
    act: what the hidden layers squash with, "sigmoid" or "tanh"; the last layer is of sigmoids.
    direction, length: where a layer's step goes and how long it is, each by the "true" gradient
    or by the one with "missing" slopes; "missing" for both is the faulty rule. A length of "last"
    gives every layer the step of the last one, by the root mean square over weights and biases.
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
    validate.number("rate", rate)
    validate.whole("steps", steps, least=0)
    if keep is not None:
        validate.count("keep", keep)
    validate.choice("act", act, HIDDEN_ACTS)
    validate.choice("direction", direction, RULES)
    validate.choice("length", length, LENGTHS)
    target = np.asarray(target).T[..., None]
    W = [
        np.stack([np.vstack([p[n], p[n + 1]]) for p in starts], axis=-1)
        for n in range(0, 2 * layers, 2)
    ]
    before, after = _room(seen[0].h[0], W)

    losses, kept, history = np.empty((steps + 1, len(starts))), [], []
    for step in range(steps + 1):
        dh = _forward(W, before, after, act) - target
        losses[step] = np.einsum("nbs,nbs->s", dh, dh) / 2  # (1.5)
        if step in (0, steps) or (keep and step % keep == 0):
            kept.append(step)
            history.append([part.copy() for W_n in W for part in _weights_and_biases(W_n)])
        if step < steps:
            slopes = [_SLOPES[act](y) for y in after[:-1]] + [_SLOPES["sigmoid"](after[-1])]
            found = _gradients(W, before, slopes, dh, direction)
            if length == "last":
                wanted = [_mean_square(found[-1])] * (layers - 1)
                found = [*map(_as_long_as, found[:-1], wanted), found[-1]]
            elif length != direction:
                others = _gradients(W, before, slopes, dh, length)
                found = map(_as_long_as, found, map(_mean_square, others))
            for W_n, dW in zip(W, found, strict=True):
                W_n -= rate * dW  # (1.9)
    return Cohort(losses, np.array(kept), tuple(map(np.stack, zip(*history, strict=True))))


# Inside, the networks are the last axis: adding up over a few neurons takes a few long rows then,
# where a product of matrices would be one tiny product a network. And a bias is one more weight,
# the last row of W (D + 1, N, S), whose input is always 1.


def _room(x, W):
    """Room for what goes into every layer, (D + 1, B, S), and what comes out, (N, B, S).

    What comes out of a layer is what goes into the next, but for the last row, which stays 1.
    """
    sizes = [x.shape[1], *(W_n.shape[1] for W_n in W)]
    rooms = [np.ones((N + 1, len(x), W[0].shape[-1])) for N in sizes]
    rooms[0][:-1] = x.T[..., None]
    return rooms[:-1], [room[:-1] for room in rooms[1:]]


def _forward(W, before, after, act):
    """Write every layer's output (1.4) into its room; the last one's is returned."""
    for W_n, x, y in zip(W, before, after, strict=True):
        np.einsum("dbs,dns->nbs", x, W_n, out=y)
        if act == "tanh" and y is not after[-1]:
            np.tanh(y, out=y)
            continue
        np.exp(np.negative(y, out=y), out=y)  # may be infinite: the output is 0 then
        y += 1
        np.reciprocal(y, out=y)  # (1.1), in place
    return after[-1]


def _gradients(W, before, slopes, dh, rule):
    """The loss's derivatives with respect to every W (1.6)-(1.8), or the faulty rule's."""
    found = []
    for n in reversed(range(len(W))):
        delta = dh * slopes[n]
        found.insert(0, np.einsum("dbs,nbs->dns", before[n], delta))
        if n:
            dh = np.einsum("nbs,dns->dbs", dh if rule == "missing" else delta, W[n][:-1])
    return found


def _weights_and_biases(W):
    """One layer's weights (S, D, N) and biases (S, N)."""
    W = np.moveaxis(W, -1, 0)
    return W[:, :-1], W[:, -1]


def _mean_square(gradient):
    """The mean square of one layer's gradient (D + 1, N, S) in every network: (S,)."""
    return np.einsum("dns,dns->s", gradient, gradient) / gradient[..., 0].size


def _as_long_as(gradient, mean_square):
    """One layer's gradient, given the length of one with this mean square in every network."""
    own = np.maximum(_mean_square(gradient), _TINY)
    return gradient * np.sqrt(mean_square / own)


def compare_rules(params, x, target):
    """All derivatives with respect to the weights, three ways, and what a step against each does.

    params: MLPParams. x (B, D), target (B, N). Returns a dict: "true", "missing" and
    "differences" hold the three layers' gradients. Beside them, "cosine" is the cosine of the
    angle between the "true" and the "missing" one, all layers together. "losses" are five: the
    loss before, and after a step of learning rate `STEP` against the "true" gradient, against
    the "missing" one, against the true one with its sign flipped, and against the "missing" one
    made as long as the true one, all layers together.
    Raises ValueError or TypeError, naming the argument, for what does not fit.
    """
    trace = mlp_forward(x, params)
    before, dy = half_squared_error(trace.y, target)

    def loss(weights):
        moved = [part for pair in zip(weights, params[1::2], strict=True) for part in pair]
        return half_squared_error(mlp_forward(x, tuple(moved)).y, target)[0]

    true = mlp_backward(dy, trace, params).params[::2]
    missing = mlp_backward_missing_slopes(dy, trace, params).params[::2]

    def after(gradient, rate=STEP):
        return loss(tuple(W - rate * dW for W, dW in zip(params[::2], gradient, strict=True)))

    one, other = (np.concatenate([dW.ravel() for dW in found]) for found in (true, missing))
    own, others = np.linalg.norm(one), max(np.linalg.norm(other), _TINY)
    return {
        "true": true,
        "missing": missing,
        "differences": finite_differences(loss, params[::2]),
        "cosine": one @ other / max(own * others, _TINY),
        "losses": (
            before,
            after(true),
            after(missing),
            after(true, -STEP),
            after(missing, STEP * own / others),
        ),
    }


def measure_rules(count=200):
    """Both rules on the random networks 0 .. count - 1 of `random_case`.

    Returns a dict of arrays, a row for each network. "sizes": a dict with the root mean square
    of a layer's derivatives, (count, 3) each, by "true", "missing" and "differences".
    "true" and "missing" (count,): whether that rule's derivatives equal the finite differences.
    "cosine" (count,) and "losses" (count, 5): as in `compare_rules`.
    Raises ValueError or TypeError for a count below 1.
    """
    validate.count("count", count)
    cases = [compare_rules(*random_case(np.random.default_rng(seed))) for seed in range(count)]
    sizes = {
        way: np.array([[_size(layer) for layer in found[way]] for found in cases])
        for way in (*RULES, "differences")
    }
    equal = {
        rule: np.array(
            [all(map(np.allclose, found[rule], found["differences"])) for found in cases]
        )
        for rule in RULES
    }
    measured = {way: np.array([found[way] for found in cases]) for way in ("cosine", "losses")}
    return {"sizes": sizes, **equal, **measured}


def measure_depth(layers=10, count=200, *, scale=1.0, act="sigmoid", weights="normal"):
    """What deep random networks leave of a delta on its way back, and of XOR on its way forward.

    The networks have 2 inputs, 3 neurons a layer and 1 output neuron; weights and inputs are
    drawn as in `random_case`, then every weight is multiplied by scale. act: what the hidden
    layers squash with, "sigmoid", "tanh" or "relu". weights: "normal", or "rotations" (some
    reflect, too) between two layers of 3, before scale. A delta of 1 starts in the last layer.
    Returns a dict of arrays. "true" and "slopes 1" (count, layers): its size in each layer, the
    root mean square, by (1.7), and with every slope on the way back set to 1, so that the weights
    act alone. "apart" (count, layers - 1): by how much the outputs for XOR's four corners differ
    in each hidden layer, the largest range of any neuron.
    Raises ValueError or TypeError for layers or a count below 1, a scale that is no finite
    number, another act or weights.
    """
    validate.count("layers", layers)
    validate.count("count", count)
    validate.number("scale", scale)
    validate.choice("act", act, ACTS)
    validate.choice("weights", weights, ("normal", "rotations"))
    x, W = _deep_networks(layers, count, weights)
    h, slopes, apart = x, [], np.empty((count, layers - 1))
    for n, W_n in enumerate(W[:-1]):
        h = activation(scale * h @ W_n, act)  # (count, 5, D) @ (count, D, N) -> (count, 5, N)
        slopes.append(slope(h[:, 0], act))
        apart[:, n] = np.ptp(h[:, 1:], axis=1).max(axis=1)
    sizes = {"true": [], "slopes 1": []}
    true = bare = np.ones((count, 1))
    for n in reversed(range(layers)):
        for way, delta in (("true", true), ("slopes 1", bare)):
            sizes[way].insert(0, np.sqrt((delta**2).mean(axis=1)))
        if n:
            true, bare = (scale * np.einsum("sn,sdn->sd", delta, W[n]) for delta in (true, bare))
            true = true * slopes[n - 1]  # (1.7)
    return {way: np.stack(found, axis=1) for way, found in sizes.items()} | {"apart": apart}


@lru_cache(maxsize=2)
def _deep_networks(layers, count, kind):
    """The inputs, a random one and XOR's (count, 5, 2), and each layer's weights (count, D, N)."""
    xs, weights = [], []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        weights.append(init_mlp((2, *[3] * (layers - 1), 1), rng=rng)[::2])
        xs.append(rng.uniform(-1, 1, 2))
    x = np.concatenate([np.array(xs)[:, None], np.tile(XOR_INPUTS, (count, 1, 1))], axis=1)
    W = [np.stack(W_n) for W_n in zip(*weights, strict=True)]
    if kind == "rotations":
        W[1:-1] = (np.linalg.qr(W_n)[0] for W_n in W[1:-1])
    return x, W


def push_left(params, x, target, *, layer=1):
    """How much of the pushes on a layer is left once the examples' pushes add up: 0 to 1.

    Every example pushes every weight into the layer by its own derivative. What is left of a
    weight's pushes is the size of their sum over the sum of their sizes: 1 where all push the same
    way, 0 where they cancel. Returned is the mean over the weights that are pushed at all.
    params: of a sigmoid network. x (B, D), target (B, N). layer: counted from 1.
    Raises ValueError or TypeError, naming the argument, for what does not fit.
    """
    trace = mlp_forward(x, params)
    validate.whole("layer", layer, least=1, most=len(trace.h) - 1)
    _, dy = half_squared_error(trace.y, target)
    delta = mlp_backward(dy, trace, params).deltas[layer - 1]
    pushes = trace.h[layer - 1][:, :, None] * delta[:, None, :]  # (1.8), example by example
    together, apart = np.abs(pushes.sum(axis=0)), np.abs(pushes).sum(axis=0)
    pushed = apart > 0
    return float((together[pushed] / apart[pushed]).mean()) if pushed.any() else 0.0


def _size(numbers):
    """The typical size of some numbers: square, average, take the root."""
    return np.sqrt(np.mean(numbers**2))
