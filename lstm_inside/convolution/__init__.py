"""A CNN's three kinds of layer, forward and backward."""

from .layers import (
    conv2d_backward,
    conv2d_forward,
    dense_backward,
    dense_forward,
    output_size,
    pool_backward,
    pool_forward,
)

__all__ = [
    "conv2d_backward",
    "conv2d_forward",
    "dense_backward",
    "dense_forward",
    "output_size",
    "pool_backward",
    "pool_forward",
]
