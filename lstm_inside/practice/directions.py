"""Two passes over one stretch: an LSTM from left to right and one back (notebook 10)."""

from typing import NamedTuple

import numpy as np

from lstm_core import LSTMGrads, LSTMTrace, lstm_backward, lstm_forward
from lstm_inside import validate


class BothTraces(NamedTuple):
    """The run from the first step to the last, and the run from the last step to the first.

    The second trace counts its steps as it met them: its step 1 is the stretch's last.
    """

    ahead: LSTMTrace
    back: LSTMTrace


class BothGrads(NamedTuple):
    """Both cells' gradients, and dL/dxs (T, B, D), to which both runs contribute."""

    ahead: LSTMGrads
    back: LSTMGrads
    xs: np.ndarray


def both_forward(xs, ahead, back) -> BothTraces:
    """Run xs (T, B, D) in both directions with two LSTMs (Schuster & Paliwal 1997).

    Raises ValueError or TypeError as `lstm_forward` does.
    """
    xs = validate.real("xs", xs, ndim=3)
    return BothTraces(lstm_forward(xs, ahead), lstm_forward(xs[::-1], back))


def both_states(traces):
    """What each step knows of both sides: (T, B, 2H), left to right first.

    Raises TypeError for what is no BothTraces.
    """
    check_both(traces)
    return np.concatenate((traces.ahead.h[1:], traces.back.h[:0:-1]), axis=2)


def both_backward(dhs, traces, ahead, back) -> BothGrads:
    """From dhs (T, B, 2H), the derivative with respect to `both_states`, to all gradients.

    Raises ValueError or TypeError as `lstm_backward` does, and for dhs of another shape.
    """
    check_both(traces)
    ahead, back = validate.lstm_params(ahead), validate.lstm_params(back)
    H = len(ahead.W_h)
    T, B, _ = traces.ahead.xs.shape
    dhs = validate.array("dhs", dhs, (T, B, H + len(back.W_h)), "(T, B, 2H)", ahead.W_h.dtype)
    to_ahead = lstm_backward(dhs[..., :H], traces.ahead, ahead)
    to_back = lstm_backward(dhs[::-1, :, H:], traces.back, back)
    return BothGrads(to_ahead, to_back, to_ahead.xs + to_back.xs[::-1])


def check_both(traces):
    """The two traces of `both_forward`."""
    if not isinstance(traces, BothTraces):
        raise TypeError(f"traces: expected BothTraces, got {validate.describe(traces)}")
