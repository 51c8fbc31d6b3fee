"""Checkers of notebook 01, second half: a kernel's gradient, max pooling back."""

import numpy as np

from lstm_inside.convolution.layers import (
    conv2d_backward,
    conv2d_forward,
    pool_backward,
    pool_forward,
)
from lstm_inside.page import Verdict, compare, right, run, shape_of, wrong

WORDS = {
    "kernel": "for kernels of 3 x 4 and 2 x 2, against conv2d_backward.",
    "kernel_turned": "your dW is turned by 180 degrees: the kernel is not flipped here.",
    "kernel_no_dout": "dout is missing: every window counts as much as its output's gradient.",
    "kernel_mean": "a mean over the windows; one weight serves them all, so its paths add up.",
    "kernel_size": "the result has dout's shape; expected the kernel's, {want}: in every direction "
    "x's size minus dout's plus 1.",
    "pool": "for windows of 2 and 3, negative numbers among them.",
    "pool_mean": "that is mean pooling's backward: a maximum gives everything to one pixel.",
    "pool_all": "every pixel of a window gets something; only the largest moves the maximum.",
    "pool_ones": "the places are right, but each should hold its window's dout, not 1.",
    "pool_value": "the places are right, but the gradient is dout itself: the maximum's "
    "slope is 1, whatever the pixel's value.",
    "pool_global": "only the largest pixel of the whole image got something; every window has one.",
    "pool_min": "that is where each window's smallest pixel is.",
    "pool_place": "that is the place inside the window; add where the window starts, r * size and "
    "q * size.",
    "pool_size": "the result has dout's shape; expected x's, {want}: every pixel has a gradient.",
}


def kernel_gradient(function) -> Verdict:
    """Check (dout, x) -> dW of one 2-D kernel, stride 1, no padding, against (1.12)."""
    rng = np.random.default_rng(12)
    for sides, kernel in (((7, 6), (3, 4)), ((5, 8), (2, 2))):
        x = rng.normal(size=sides)
        out, cache = conv2d_forward(x[None, None], np.zeros((1, 1, *kernel)), [0.0])
        dout = rng.normal(size=out.shape[2:])
        want = conv2d_backward(dout[None, None], cache)[1][0, 0]
        alone = conv2d_backward(np.ones_like(out), cache)[1][0, 0]
        dW, failed = run(function, dout, x)
        if failed is not None:
            return failed
        hints = [
            (want[::-1, ::-1], WORDS["kernel_turned"]),
            (alone, WORDS["kernel_no_dout"]),
            (want / dout.size, WORDS["kernel_mean"]),
        ]
        if shape_of(dW) == dout.shape:
            return wrong(WORDS["kernel_size"], want=kernel)
        off = compare("your dW", dW, want, hints=hints)
        if off is not None:
            return off
    return right(WORDS["kernel"])


def max_backward(function) -> Verdict:
    """Check (dout, x, size) -> dx of max pooling, windows side by side, 2-D, against (1.18)."""
    rng = np.random.default_rng(18)
    for sides, size, shift in (((4, 6), 2, 0.0), ((9, 6), 3, -20.0)):
        x = rng.permutation(sides[0] * sides[1]).reshape(sides) / 4 + shift
        out, cache = pool_forward(x[None, None], size)
        dout = rng.normal(size=out.shape[2:])
        want = pool_backward(dout[None, None], cache)[0, 0]
        dx, failed = run(function, dout, x, size)
        if failed is not None:
            return failed
        spread = np.kron(dout, np.ones((size, size)))
        least = pool_backward(dout[None, None], pool_forward(-x[None, None], size)[1])[0, 0]
        hints = [
            (spread / size**2, WORDS["pool_mean"]),
            (spread, WORDS["pool_all"]),
            (want != 0, WORDS["pool_ones"]),
            (want * x, WORDS["pool_value"]),
            (np.where(x == x.max(), spread, 0), WORDS["pool_global"]),
            (least, WORDS["pool_min"]),
            *((inside, WORDS["pool_place"]) for inside in _in_the_corner(dout, x, size)),
        ]
        if shape_of(dx) == dout.shape:
            return wrong(WORDS["pool_size"], want=x.shape)
        off = compare("your dx", dx, want, hints=hints)
        if off is not None:
            return off
    return right(WORDS["pool"])


def _in_the_corner(dout, x, size):
    """What comes of taking places inside a window for places in the image: by = and by +=."""
    put, added = np.zeros(x.shape), np.zeros(x.shape)
    for r, q in np.ndindex(dout.shape):
        window = x[r * size : (r + 1) * size, q * size : (q + 1) * size]
        place = np.unravel_index(window.argmax(), window.shape)
        put[place] = dout[r, q]
        added[place] += dout[r, q]
    return put, added
