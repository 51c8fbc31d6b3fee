"""What the tests of layers, masks and dropout share: sizes, a cell, and PyTorch where it is."""

import pytest

from lstm_core import LSTMParams
from lstm_inside.beyond import bridge

torch = bridge.torch_or_none()
needs_torch = pytest.mark.skipif(torch is None, reason="PyTorch is optional")
T, B, D, H = 6, 3, 2, 4


def cell(rng, D=D, H=H):
    return LSTMParams(*(rng.normal(size=s) for s in ((D, 4 * H), (H, 4 * H), (4 * H,))))
