"""Exercises and questions of notebook 11: a kernel set by hand, its gradient, max pooling back."""

import numpy as np

from lstm_inside.convolution.layers import (
    conv2d_backward,
    conv2d_forward,
    pool_backward,
    pool_forward,
)
from lstm_inside.page import (
    NotYet,
    asks,
    checker,
    compare,
    name_of,
    question,
    run,
    shape_of,
)
from lstm_inside.words import Sentences, say

WORDS = Sentences(
    {
        "shift": "on 100 random pictures: a single 1, one place to the right of the middle.",
        "shift_left": "the picture moves to the right: the kernel is not flipped, so each output must "
        "read the pixel to its right.",
        "shift_copy": "that copies the picture where it is.",
        "shift_vertical": "that moves the picture up or down: rows come first, W[row, column].",
        "shift_empty": "every weight is 0, so the map is empty. Which pixel of the window should count?",
        "shift_faint": "the picture moves, but its brightness changes: the weights must add up to 1.",
        "shift_size": "{name} returned shape {got}; expected a kernel of (3, 3).",
        "kernel": "for kernels of 3 x 4 and 2 x 2, against conv2d_backward.",
        "kernel_turned": "your dW is turned by 180 degrees: the kernel is not flipped here.",
        "kernel_no_dout": "dy is missing: every window counts as much as its output's gradient.",
        "kernel_mean": "a mean over the windows; one weight serves them all, so its paths add up.",
        "kernel_size": "the result has dy's shape; expected the kernel's, {want}: in every direction "
        "x's size minus dy's plus 1.",
        "pool": "for windows of 2 and 3, negative numbers among them.",
        "pool_mean": "that is mean pooling's backward: a maximum gives everything to one pixel.",
        "pool_all": "every pixel of a window gets something; only the largest moves the maximum.",
        "pool_ones": "the places are right, but each should hold its window's dy, not 1.",
        "pool_value": "the places are right, but the gradient is dy itself: the maximum's "
        "slope is 1, whatever the pixel's value.",
        "pool_global": "only the largest pixel of the whole image got something; every window has one.",
        "pool_min": "that is where each window's smallest pixel is.",
        "pool_place": "that is the place inside the window; add where the window starts, r * size and "
        "c * size.",
        "pool_size": "the result has dy's shape; expected x's, {want}: every pixel has a gradient.",
    }
)

QUESTIONS = {
    "output_size": question(
        "A kernel of 5 × 5 with stride 2 and padding 1 goes over the 72 × 60 photograph. How large is the output?",
        right="b",
        a=(
            "36 × 30",
            "That would be every second pixel. The window of 5 needs room at the edges, and "
            "a padding of 1 does not make up for all of it; 2 would.",
        ),
        b=("35 × 29", "(72 + 2 - 5) // 2 + 1 = 35, and (60 + 2 - 5) // 2 + 1 = 29."),
        c=("34 × 28", "That is without padding: (72 - 5) // 2 + 1 = 34."),
        d=(
            "70 × 58",
            "That is right for 3 × 3 and stride 1. A stride of 2 about halves each side.",
        ),
    ),
    "weight_shape": question(
        "A first layer has made 8 maps. The second one has 16 kernels of 3 × 3. The shape of its W is",
        right="c",
        a=(
            "(16, 1, 3, 3)",
            "A depth of 1 fits one channel. This input has 8, the first layer's maps.",
        ),
        b=(
            "(16, 3, 3, 3)",
            "The colours were the first layer's input. The second one sees 8 maps.",
        ),
        c=("(16, 8, 3, 3)", "N, C, k_h, k_w: 16 kernels, each reaching through all of the 8 maps."),
        d=("(8, 16, 3, 3)", "The count of kernels N comes first, then the depth C that they need."),
    ),
    "one_output": question(
        "L is one output value alone. You double every weight of the kernel. What happens to dL/dW?",
        right="c",
        a=(
            "It doubles",
            "dL/dx does. In dL/dW stands what the weights were multiplied by, not the weights.",
        ),
        b=(
            "It halves",
            "A nudge of 0.01 moves y by just as much, however large the weight is already.",
        ),
        c=(
            "It stays as it is",
            "It is made of the pixels in the window. No pixel changes with the weights.",
        ),
        d=("It becomes 0", "It is made of the pixels in the window, and these are not 0."),
    ),
    "pooled_gradient": question(
        "Max pooling with windows of 4 × 4, side by side, and L the sum of all outputs. How many of "
        "the photograph's 4,320 pixels get a gradient?",
        right="b",
        a=("all 4,320, 1/16 each", "That is mean pooling, where every pixel has a share."),
        b=("270", "18 × 15 windows with one winner each: 270 pixels get 1, and 4,050 get nothing."),
        c=(
            "as many as are bright",
            "Brightness counts inside a window only: dark windows, too, have a largest pixel.",
        ),
        d=("1", "Every window has its own maximum, and the loss sums them all."),
    ),
}
ask = asks(QUESTIONS)


@checker
def shift_kernel(function) -> str:
    """Check () -> W (3, 3), a kernel that moves every picture one pixel to the left."""
    W = run(function)
    if shape_of(W) != (3, 3):
        raise NotYet(WORDS["shift_size"], name=name_of(function), got=shape_of(W))
    pictures = np.random.default_rng(10).uniform(0, 1, (100, 1, 6, 7))
    middle, beside = pictures[:, :, 1:-1, 1:-1], pictures[:, :, 1:-1, 2:]
    try:
        moved, _ = conv2d_forward(pictures, np.asarray(W)[None, None], [0.0])
    except (ValueError, TypeError):
        raise NotYet("no_numbers", name=name_of(function), what=type(W).__name__) from None
    hints = [
        (np.zeros(beside.shape), WORDS["shift_empty"]),
        (pictures[:, :, 1:-1, :-2], WORDS["shift_left"]),
        (middle, WORDS["shift_copy"]),
        (pictures[:, :, 2:, 1:-1], WORDS["shift_vertical"]),
        (pictures[:, :, :-2, 1:-1], WORDS["shift_vertical"]),
    ]
    factor = (moved * beside).sum() / (beside**2).sum()
    if factor and not np.isclose(factor, 1):
        hints.append((factor * beside, WORDS["shift_faint"]))
    compare(say("your map"), moved, beside, hints=hints)
    return WORDS["shift"]


@checker
def kernel_gradient(function) -> str:
    """Check (dy, x) -> dW of one 2-D kernel, stride 1, no padding, against (11.3)."""
    rng = np.random.default_rng(12)
    for sides, kernel in (((7, 6), (3, 4)), ((5, 8), (2, 2))):
        x = rng.normal(size=sides)
        out, cache = conv2d_forward(x[None, None], np.zeros((1, 1, *kernel)), [0.0])
        dy = rng.normal(size=out.shape[2:])
        want = conv2d_backward(dy[None, None], cache)[1][0, 0]
        alone = conv2d_backward(np.ones_like(out), cache)[1][0, 0]
        dW = run(function, dy, x)
        hints = [
            (want[::-1, ::-1], WORDS["kernel_turned"]),
            (alone, WORDS["kernel_no_dout"]),
            (want / dy.size, WORDS["kernel_mean"]),
        ]
        if shape_of(dW) == dy.shape:
            raise NotYet(WORDS["kernel_size"], want=kernel)
        compare(say("your dW"), dW, want, hints=hints)
    return WORDS["kernel"]


@checker
def max_backward(function) -> str:
    """Check (dy, x, size) -> dx of max pooling, windows side by side, 2-D, against (11.9)."""
    rng = np.random.default_rng(18)
    for sides, size, shift in (((4, 6), 2, 0.0), ((9, 6), 3, -20.0)):
        x = rng.permutation(sides[0] * sides[1]).reshape(sides) / 4 + shift
        out, cache = pool_forward(x[None, None], size)
        dy = rng.normal(size=out.shape[2:])
        want = pool_backward(dy[None, None], cache)[0, 0]
        dx = run(function, dy, x, size)
        spread = np.kron(dy, np.ones((size, size)))
        least = pool_backward(dy[None, None], pool_forward(-x[None, None], size)[1])[0, 0]
        hints = [
            (spread / size**2, WORDS["pool_mean"]),
            (spread, WORDS["pool_all"]),
            (want != 0, WORDS["pool_ones"]),
            (want * x, WORDS["pool_value"]),
            (np.where(x == x.max(), spread, 0), WORDS["pool_global"]),
            (least, WORDS["pool_min"]),
            *((inside, WORDS["pool_place"]) for inside in _in_the_corner(dy, x, size)),
        ]
        if shape_of(dx) == dy.shape:
            raise NotYet(WORDS["pool_size"], want=x.shape)
        compare(say("your dx"), dx, want, hints=hints)
    return WORDS["pool"]


def _in_the_corner(dy, x, size):
    """What comes of taking places inside a window for places in the image: by = and by +=."""
    put, added = np.zeros(x.shape), np.zeros(x.shape)
    for r, c in np.ndindex(dy.shape):
        window = x[r * size : (r + 1) * size, c * size : (c + 1) * size]
        place = np.unravel_index(window.argmax(), window.shape)
        put[place] = dy[r, c]
        added[place] += dy[r, c]
    return put, added
