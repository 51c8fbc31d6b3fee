"""What pictures of gradients measure."""

import numpy as np


def step_lengths(grads):
    """The length of a gradient (T, B, H) at each step, (T,); tiny entries' squares are not lost."""
    largest = np.abs(grads).max(axis=(1, 2))
    scale = np.where(largest > 0, largest, 1)
    return scale * np.linalg.norm(grads / scale[:, None, None], axis=(1, 2))
