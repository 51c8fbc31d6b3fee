"""How long gradients are, as pictures and rooms measure it."""

import numpy as np


def lengths(grads, axis):
    """The lengths of an array of gradients along one axis, or along a tuple of axes.

    Measured in units of a power of two near the largest entry, which rounds nothing: the squares
    of large entries do not overflow, those of tiny ones are not lost.
    """
    largest = np.abs(grads).max(axis=axis, keepdims=True)
    scale = np.ldexp(np.ones_like(largest), np.frexp(largest)[1] - 1)
    return np.linalg.norm(grads / scale, axis=axis) * scale.squeeze(axis)


def step_lengths(grads):
    """The length of a gradient (T, B, H) at each step, (T,)."""
    return lengths(grads, (1, 2))
