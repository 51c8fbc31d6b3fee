"""From gradients to new parameters: SGD, momentum, Adam, and clipping (notebook 05).

Settings tuples with pure functions: parameters, gradients and moments in, new ones out.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from lstm_inside import validate

from .trees import arrays_of, each_array, named


@dataclass(frozen=True)
class SGD:
    """Gradient descent on mini-batches (5.5; Robbins & Monro 1951).

    Raises ValueError or TypeError for a rate that is not a finite number above 0. `start` and
    `step` raise them for what are no finite floats, and for gradients of other parameters.
    """

    rate: float = 0.1

    def __post_init__(self):
        validate.positive("rate", self.rate)

    def start(self, params):
        """The moments before the first step: none."""
        check_floats(params=params)
        return ()

    def step(self, params, grads, moments):
        """New parameters and moments."""
        _check_same_shapes(params, grads)
        return each_array(lambda p, g: p - self.rate * g, params, grads), moments


@dataclass(frozen=True)
class Momentum:
    """Gradient descent that keeps a share of its speed (5.6; Polyak 1964).

    Raises as `SGD` does, and for a share outside 0 <= keep < 1 or moments of other parameters.
    """

    rate: float = 0.1
    keep: float = 0.9

    def __post_init__(self):
        validate.positive("rate", self.rate)
        validate.share("keep", self.keep)

    def start(self, params):
        """The moments before the first step: the speed, 0."""
        check_floats(params=params)
        return each_array(np.zeros_like, params)

    def step(self, params, grads, moments):
        """New parameters and moments."""
        _check_same_shapes(params, grads)
        _check_same_shapes(params, moments, "moments")
        speed = each_array(lambda v, g: self.keep * v + g, moments, grads)
        return each_array(lambda p, v: p - self.rate * v, params, speed), speed


class AdamMoments(NamedTuple):
    """Running means of the gradient and of its square, and the steps taken so far."""

    mean: Any
    square: Any
    t: np.ndarray


@dataclass(frozen=True)
class Adam:
    """Steps by the gradient's running mean over its running size (5.7; Kingma & Ba 2015).

    Raises as `Momentum` does, and for a `tiny` not above 0.
    """

    rate: float = 1e-3
    keep: float = 0.9  # beta_1 of the paper
    keep_square: float = 0.999  # beta_2
    tiny: float = 1e-8  # epsilon

    def __post_init__(self):
        validate.positive("rate", self.rate)
        validate.share("keep", self.keep)
        validate.share("keep_square", self.keep_square)
        validate.positive("tiny", self.tiny)

    def start(self, params):
        """The moments before the first step: zeros."""
        check_floats(params=params)
        return AdamMoments(
            each_array(np.zeros_like, params), each_array(np.zeros_like, params), np.array(0)
        )

    def step(self, params, grads, moments):
        """New parameters and moments."""
        _check_same_shapes(params, grads)
        check_adam(moments)
        _check_same_shapes(params, moments.mean, "moments")
        _check_same_shapes(params, moments.square, "moments")
        b1, b2, t = self.keep, self.keep_square, int(moments.t) + 1
        mean = each_array(lambda m, g: b1 * m + (1 - b1) * g, moments.mean, grads)
        square = each_array(lambda s, g: b2 * s + (1 - b2) * g**2, moments.square, grads)
        rate = self.rate / (1 - b1**t)  # both means start at 0: undo that
        size = 1 / (1 - b2**t)
        params = each_array(
            lambda p, m, s: p - rate * m / (np.sqrt(s * size) + self.tiny), params, mean, square
        )
        return params, AdamMoments(mean, square, np.array(t))


@dataclass(frozen=True)
class CoolingAdam:
    """Adam whose rate stays for 40 % of the steps, then falls in a straight line to 5 %.

    Raises as `Adam` does, and for steps below 1.
    """

    rate: float = 0.02
    steps: int = 2000

    def __post_init__(self):
        validate.positive("rate", self.rate)
        validate.count("steps", self.steps)

    def start(self, params):
        """The moments before the first step."""
        return Adam().start(params)

    def step(self, params, grads, moments):
        """New parameters and moments."""
        check_adam(moments)
        left = 1 - int(moments.t) / self.steps
        return Adam(self.rate * min(1, max(0.05, left / 0.6))).step(params, grads, moments)


def norm(tree) -> float:
    """The length of all the arrays of a tree taken as one vector, whatever their dtype can square.

    Raises TypeError for what are no real numbers.
    """
    return _length("tree", tree)


def _length(name, tree):
    arrays = [validate.real(name, a) for a in arrays_of(tree)]
    with np.errstate(over="ignore", under="ignore"):
        total = sum(float((a * a).sum()) for a in arrays)
        if np.finfo(np.float32).tiny < total < np.inf:
            return float(np.sqrt(total))
        # A square left the range of its dtype, or all are 0: measure in units of the largest.
        largest = float(np.max([np.abs(a).max() for a in arrays if a.size], initial=0))
        if largest == 0 or not np.isfinite(largest):
            return largest
        return largest * float(np.sqrt(sum(float(((a / largest) ** 2).sum()) for a in arrays)))


def clip_by_norm(grads, limit):
    """Gradients shortened to length `limit` if they are longer (5.8), and their length before.

    The direction stays. Pascanu, Mikolov & Bengio 2013.
    Raises ValueError or TypeError for a limit that is not a finite number above 0, and for
    gradients with NaN or infinity.
    """
    validate.positive("limit", limit)
    length = _length("grads", grads)
    if not np.isfinite(length):
        for name, array in named(grads=grads).items():
            validate.finite(name, array)
        # The numbers are finite, their length is not: shorten first, which keeps the direction.
        return clip_by_norm(each_array(lambda g: g * 2.0**-64, grads), limit)[0], length
    if length <= limit:
        return grads, length
    return each_array(lambda g: g * (limit / length), grads), length


def check_optimiser(optimiser):
    if not (hasattr(optimiser, "start") and hasattr(optimiser, "step")):
        raise TypeError(
            f"optimiser: expected SGD, Momentum or Adam, got {validate.describe(optimiser)}"
        )


def check_adam(moments):
    if not isinstance(moments, AdamMoments):
        raise TypeError(f"moments: expected AdamMoments, got {validate.describe(moments)}")


def check_floats(**trees):
    """Trees of finite floating-point arrays."""
    for name, array in named(**trees).items():
        if validate.real(name, array).dtype.kind != "f":
            raise TypeError(f"{name}: expected floating-point numbers, got {array.dtype}")
        validate.finite(name, array)


def _check_same_shapes(params, tree, called="grads"):
    """Floating-point parameters, and a tree of real numbers in their form."""
    if _plainly_alike(params, tree, finite=called == "grads"):
        return
    wanted, got = named(params=params), named(params=tree)
    if wanted.keys() != got.keys():
        raise ValueError(f"{called}: expected the form of params, {list(wanted)}, got {list(got)}")
    if called == "grads":
        check_floats(params=params)
    for name, p in wanted.items():
        a = validate.real(f"{called}, at {name}", got[name])
        if p.shape != a.shape:
            raise ValueError(f"{called}: expected {p.shape} for {name}, got {a.shape}")
        if called == "grads":
            validate.finite(f"{called}, at {name}", a)


def _plainly_alike(params, tree, finite):
    """Whether two trees are of one class and shape, floats throughout: quick to see at each step.

    What this does not see as alike is looked at closely, place by place, and named.
    """
    if isinstance(params, tuple):
        return (
            type(tree) is type(params)
            and len(tree) == len(params)
            and all(_plainly_alike(p, a, finite) for p, a in zip(params, tree, strict=True))
        )
    if not (type(params) is type(tree) is np.ndarray) or params.shape != tree.shape:
        return False
    if params.dtype.kind != "f" or tree.dtype.kind != "f":
        return False
    return not finite or bool(np.isfinite(params).all() and np.isfinite(tree).all())
