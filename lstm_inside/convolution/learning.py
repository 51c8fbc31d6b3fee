"""A kernel that learns its weights back from a picture and the map that it makes (notebook 11)."""

import numpy as np

from lstm_inside import validate

from .layers import conv2d_backward, conv2d_forward


def learn_kernel(x, wanted, rate, steps):
    """Gradient descent from a kernel of zeros towards the one that made a map.

    x (1, 1, height, width): the picture. wanted (1, 1, rows, columns): the map to be made; the
    kernel's size follows from the two. The loss is half the mean of the squared differences.
    Returns the kernels (steps + 1, k_h, k_w) and the losses (steps + 1,), a start of zeros first.
    Raises ValueError or TypeError, naming the argument, for what does not fit.
    """
    x, wanted = validate.real("x", x, ndim=4), validate.real("wanted", wanted, ndim=4)
    for name, array in (("x", x), ("wanted", wanted)):
        if array.shape[:2] != (1, 1) or not array.size:
            raise ValueError(f"{name}: expected one picture of one channel, got {array.shape}")
        validate.finite(name, array)
    shape = np.subtract(x.shape[2:], wanted.shape[2:]) + 1
    if min(shape) < 1:
        raise ValueError(f"wanted: expected at most x's {x.shape[2:]}, got {wanted.shape[2:]}")
    validate.number("rate", rate)
    validate.whole("steps", steps, least=0)
    kernels, losses = np.zeros((steps + 1, *shape)), np.empty(steps + 1)
    for step in range(steps + 1):
        y, cache = conv2d_forward(x, kernels[None, None, step], [0.0])  # (11.1)
        dy = (y - wanted) / y.size
        losses[step] = ((y - wanted) ** 2).mean() / 2
        if step < steps:
            _, dW, _ = conv2d_backward(dy, cache)  # (11.3)
            kernels[step + 1] = kernels[step] - rate * dW[0, 0]
    return kernels, losses


def bowl(x, size):
    """How curved the loss of `learn_kernel` is, in each direction of a kernel's weights.

    That loss is a quadratic bowl around the right kernel W*: its gradient is A (W - W*), where A
    (size², size²) is the mean product of two pixels of a window. Along an eigenvector of A with
    eigenvalue λ, the curvature, the loss is λ/2 e² for the error e, and a step of gradient
    descent with rate η makes it (1 - ηλ) e: so it shrinks while 0 < η < 2/λ.
    x (1, 1, height, width).
    Returns the curvatures (size²,), smallest first, and their directions in columns.
    Raises ValueError or TypeError, naming the argument, for what does not fit.
    """
    x = validate.real("x", x, ndim=4)
    validate.count("size", size)
    if x.shape[:2] != (1, 1) or min(x.shape[2:]) < size:
        raise ValueError(
            f"x: expected one picture of one channel, at least {size} x {size}, got {x.shape}"
        )
    validate.finite("x", x)
    windows = np.lib.stride_tricks.sliding_window_view(x[0, 0], (size, size)).reshape(-1, size**2)
    return np.linalg.eigh(windows.T @ windows / len(windows))
