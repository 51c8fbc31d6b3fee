"""The hand-set latch of notebook 03, for notebook 04 to send a gradient back through."""

import numpy as np

from lstm_core import LSTMParams
from lstm_inside import validate


def latch(drive=12.0) -> LSTMParams:
    """One unit that keeps the flagged number: inputs (number, flag), gates driven to +-drive.

    The flag takes the input gate's pre-activation from -drive to +drive and the forget gate's
    from +drive to -drive; the candidate is tanh(number / 2), and the output gate is open.
    Raises ValueError or TypeError for what is no finite number.
    """
    validate.number("drive", drive)
    W_x = np.array([[0, 0, 0.5, 0], [2 * drive, -2 * drive, 0, 0]])  # columns i, f, g, o
    return LSTMParams(W_x, np.zeros((1, 4)), np.array([-drive, drive, 0, 12.0]))
