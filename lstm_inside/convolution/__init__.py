"""A CNN's three kinds of layer, forward and backward; a kernel that learns (notebook 11)."""

from .layers import (
    conv2d_backward,
    conv2d_forward,
    dense_backward,
    dense_forward,
    output_size,
    pool_backward,
    pool_forward,
)
from .learning import bowl, learn_kernel
from .lines import short_lines

__all__ = [
    "bowl",
    "conv2d_backward",
    "conv2d_forward",
    "dense_backward",
    "dense_forward",
    "learn_kernel",
    "output_size",
    "pool_backward",
    "pool_forward",
    "short_lines",
]
