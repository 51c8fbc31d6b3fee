"""What can be trained many at a time: memory blocks, and the cells of `variants`."""

from typing import NamedTuple

import numpy as np

from lstm_core import sigmoid
from lstm_inside import validate
from lstm_inside.training import Model, ReadoutParams, each_array, init_readout

from .blocks import Blocks, blocks_backward, blocks_forward, check_rngs, outer
from .variants import Trace, backward, forward, init_variant


class BlockModel(NamedTuple):
    """Memory blocks as a model that `train_trials` can train."""

    net: Blocks

    def forward(self, xs, params):
        """The outputs (T, K, B, P) and the trace."""
        return blocks_forward(xs, params, self.net)

    def backward(self, da, trace, params):
        """The truncated gradient."""
        return blocks_backward(da, trace, params, self.net)


class VariantModel(NamedTuple):
    """A cell of `variants` and a read-out through sigmoids: params (cell, ReadoutParams)."""

    variant: str

    def start(self, D, H, P, *, rngs):
        """The parameters of one network for each generator of `rngs`.

        Raises ValueError or TypeError for sizes below 1, an unknown variant, no Generators.
        """
        check_rngs(rngs)
        validate.count("P", P)
        drawn = [
            Model(init_variant(self.variant, D, H, rng=rng), init_readout(H, P, rng=rng))
            for rng in rngs
        ]
        return each_array(lambda *arrays: np.stack(arrays), *drawn)

    def forward(self, xs, params, state0=None):
        """The outputs (T, K, B, P) and the trace. Raises as `variants.forward` does."""
        (W_y, b_y), cell = self._readout(params), params.cell
        trace = forward(xs, cell, self.variant, state0)
        return sigmoid(trace.h[1:] @ W_y + b_y[:, None]), trace

    def backward(self, da, trace, params):
        """The gradient as the variant's paper has it, truncated or full.

        Raises ValueError or TypeError for what does not fit the trace, NaN, infinity.
        """
        W_y, b_y = self._readout(params)
        if not isinstance(trace, Trace):
            raise TypeError(f"trace: expected a Trace of `forward`, got {validate.describe(trace)}")
        shape = (*trace.h[1:].shape[:-1], b_y.shape[-1])
        da = validate.array("da", da, shape, "(T, K, B, P)", float)
        readout = ReadoutParams(outer(trace.h[1:], da), da.sum(axis=(0, 2)))
        dhs = da @ W_y.swapaxes(1, 2)
        return Model(backward(dhs, trace, params.cell).params, readout)

    def _readout(self, params):
        """W_y (K, H, P) and b_y (K, P) that fit the cell."""
        if not isinstance(params, Model) or not isinstance(params.readout, ReadoutParams):
            raise TypeError(
                f"params: expected Model(cell, readout), got {validate.describe(params)}"
            )
        b_y = validate.real("b_y", params.readout.b_y, ndim=2)
        K, H = np.shape(params.cell.W_h)[:-1]
        W_y = params.readout.W_y
        return (
            validate.array("W_y", W_y, (K, H, b_y.shape[1]), "(K, H, P)", float),
            validate.array("b_y", b_y, (K, b_y.shape[1]), "(K, P)", float),
        )
