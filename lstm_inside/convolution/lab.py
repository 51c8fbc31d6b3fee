"""The networks of notebook 11, how they are trained, and how it counts what they answer."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from lstm_inside import validate
from lstm_inside.foundations import init_mlp, mlp_backward, mlp_forward
from lstm_inside.words import say

from .layers import (
    conv2d_backward,
    conv2d_forward,
    dense_backward,
    dense_forward,
    pool_backward,
    pool_forward,
)
from .lines import short_lines


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


def right(net, weights, pictures) -> float:
    """The share of pictures for which a network's larger answer is the right one.

    net: a Net; pictures: images (B, 3, height, width) and wanted answers (B, N).
    Raises ValueError or TypeError for other shapes.
    """
    images, wanted = pictures
    answers, _, _ = net.run(images, weights)
    answers = validate.real("answers", answers, ndim=2)
    wanted = validate.array("wanted", wanted, answers.shape, "as the answers", float)
    if not len(answers):
        raise ValueError("pictures: expected at least one")
    return float((answers.argmax(axis=1) == wanted.argmax(axis=1)).mean())


def guessing(pictures):
    """What one gets right by always giving the same answer: the smaller share and the larger.

    pictures: images and wanted answers (B, 2), as `short_lines` makes them.
    Raises ValueError or TypeError for other shapes.
    """
    wanted = validate.real("wanted", pictures[1], ndim=2)
    if not len(wanted):
        raise ValueError("pictures: expected at least one")
    share = (wanted.argmax(axis=1) == 0).mean()
    return np.sort([share, 1 - share])


def train(net, rng, marks, rate, draw=short_lines):
    """Gradient descent on 32 new pictures a step; the loss is half the squared error.

    It is the loop of notebook 11, section 5. draw(count, rng) -> images, wanted answers.
    Returns the weights at the start and after each number of steps in `marks`.
    """
    weights = net.start(rng)
    kept = [weights]
    for step in range(1, max(marks) + 1):
        images, goal = draw(32, rng)
        answers, _, caches = net.run(images, weights)
        slopes = net.back((answers - goal) / len(images), caches)
        weights = tuple(w - rate * dw for w, dw in zip(weights, slopes, strict=True))
        if step in marks:
            kept.append(weights)
    return kept


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


def refit(net, weights, pictures):
    """The same weights with a new last layer: the least squares on these pictures."""
    images, wanted = pictures
    _, features, _ = net.run(images, weights)
    return *weights[:-2], *least_squares(features, wanted)


def cnn(size, kind="max"):
    """The CNN of notebook 11, section 5, for pictures of 3 x 12 x 12: a Net.

    Four kernels of 3 x 3, tanh, pooling over windows of `size`, a fully connected layer.
    """

    def run(images, weights):
        W1, b1, W2, b2 = weights
        a, conv_cache = conv2d_forward(images, W1, b1)
        h = np.tanh(a)
        pooled, pool_cache = pool_forward(h, size, kind)
        features = pooled.reshape(len(images), -1)
        y, dense_cache = dense_forward(features, W2, b2)
        return y, features, (h, conv_cache, pooled.shape, pool_cache, dense_cache)

    def back(dy, caches):
        h, conv_cache, shape, pool_cache, dense_cache = caches
        dfeatures, dW2, db2 = dense_backward(dy, dense_cache)
        dh = pool_backward(dfeatures.reshape(shape), pool_cache)
        _, dW1, db1 = conv2d_backward(dh * (1 - h**2), conv_cache)
        return dW1, db1, dW2, db2

    def start(rng):
        features = 4 * (10 // size) ** 2
        return (
            rng.normal(size=(4, 3, 3, 3)) / 3, np.zeros(4),
            rng.normal(size=(features, 2)) / features**0.5, np.zeros(2),
        )  # fmt: skip

    return Net(start, run, back)


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
