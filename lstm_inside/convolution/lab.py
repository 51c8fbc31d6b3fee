"""What notebook 11 holds against its CNN, and how it counts what was answered correctly."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lstm_inside import validate
from lstm_inside.foundations import init_mlp, mlp_backward, mlp_forward
from lstm_inside.words import say


class Net(NamedTuple):
    """A network as the three functions that training needs; `weights` is a tuple of arrays.

    start(rng) -> weights; run(images, weights) -> the answers (B, N), the features that its last
    layer sees (B, D), and the caches for back(dy, caches) -> the gradients of the weights.
    """

    start: Callable
    run: Callable
    back: Callable


def span(shares) -> str:
    """The least and the largest of some shares in per cent, such as "46% to 56%" or "100%".

    shares: numbers from 0 to 1, at least one.
    Raises ValueError or TypeError for anything else.
    """
    shares = validate.real("shares", shares, ndim=1)
    if not len(shares):
        raise ValueError("shares: expected at least one")
    validate.finite("shares", shares)
    low, high = (f"{share:.0%}" for share in (shares.min(), shares.max()))
    return low if low == high else say("{low} to {high}", low=low, high=high)


def right(answers, wanted) -> float:
    """The share of answers whose larger one is the right one.

    answers, wanted: (B, N) each. Raises ValueError or TypeError for other shapes.
    """
    answers = validate.real("answers", answers, ndim=2)
    wanted = validate.array("wanted", wanted, answers.shape, "as `answers`", float)
    if not len(answers):
        raise ValueError("answers: expected at least one")
    return float((answers.argmax(axis=1) == wanted.argmax(axis=1)).mean())


def least_squares(x, wanted):
    """The fully connected layer (11.10) with the smallest squared error on these pictures.

    x (B, D): what the layer sees; wanted (B, N). Returns W (D, N) and b (N,).
    Raises ValueError or TypeError for other shapes.
    """
    x, wanted = validate.real("x", x, ndim=2), validate.real("wanted", wanted, ndim=2)
    if not len(x) or len(x) != len(wanted):
        raise ValueError(f"x, wanted: expected as many rows each, got {len(x)}, {len(wanted)}")
    with_one = np.hstack([x, np.ones((len(x), 1))])  # the bias meets a 1
    best = np.linalg.lstsq(with_one, wanted, rcond=None)[0]
    return best[:-1], best[-1]


def mlp(hidden):
    """An MLP for pictures of 3 x 12 x 12 with one hidden layer of `hidden` tanh neurons: a Net."""

    def run(images, weights):
        trace = mlp_forward(images.reshape(len(images), -1), weights, "tanh")
        return trace.y, trace.h[-2], (trace, weights)

    def back(dy, caches):
        return mlp_backward(dy, *caches).params

    def start(rng):
        weights = init_mlp((3 * 12 * 12, hidden, 2), rng=rng)
        return tuple(w / len(w) ** 0.5 for w in weights)

    return Net(start, run, back)
