"""Many small LSTMs in one layer, so that one pass trains all of them (notebook 04)."""

import numpy as np

from lstm_core import LSTMParams
from lstm_inside import validate


def side_by_side(units, streams) -> tuple[LSTMParams, LSTMParams]:
    """LSTMs of one unit each as one layer, in which none of them hears another.

    units: K LSTMParams of D inputs and one unit. streams: K whole numbers, the stream that each
    of them reads; stream s is the layer's inputs s D to (s + 1) D.
    Returns the layer, of K units and as many inputs as the highest stream asks for, and in the
    same form its `own` weights: 1 for a unit's weight, 0 where a unit has nothing to do with
    another unit or stream. A gradient times `own` keeps it so.
    Raises ValueError or TypeError for no units, parameters of another form, streams that are not
    as many or below 0.
    """
    validate.several("units", units)
    validate.several("streams", streams)
    if len(streams) != len(units):
        raise ValueError(f"streams: expected {len(units)}, one a unit, got {len(streams)}")
    units = [validate.lstm_params(unit) for unit in units]
    D = len(units[0].W_x)
    for unit in units:
        if (unit.W_x.shape, len(unit.W_h)) != ((D, 4), 1):
            raise ValueError(
                f"units: expected W_x ({D}, 4), one unit each, got {validate.describe(unit.W_x)}"
            )
    for stream in streams:
        validate.whole("streams", stream, least=0)
    K = len(units)
    W_x, own_x = np.zeros((2, max(streams) + 1, D, 4, K))
    W_h, own_h = np.zeros((2, K, 4, K))
    for n, (unit, stream) in enumerate(zip(units, streams, strict=True)):
        W_x[stream, ..., n], W_h[n, :, n] = unit.W_x, unit.W_h[0]
        own_x[stream, ..., n] = own_h[n, :, n] = 1
    b = np.stack([unit.b for unit in units], axis=-1)  # (4, K): the block comes first
    layer, own = ((x.reshape(-1, 4 * K), h.reshape(K, -1)) for x, h in ((W_x, W_h), (own_x, own_h)))
    return LSTMParams(*layer, b.ravel()), LSTMParams(*own, np.ones(4 * K))
