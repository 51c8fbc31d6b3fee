"""The LSTM in twenty minutes (notebook 00)."""

from .recall import (
    READOUT,
    Habits,
    driven,
    flag_gates,
    flagged_at,
    habits,
    latch,
    one_stream,
    said,
    score,
    sealed,
)

__all__ = [
    "READOUT",
    "Habits",
    "driven",
    "flag_gates",
    "flagged_at",
    "habits",
    "latch",
    "one_stream",
    "said",
    "score",
    "sealed",
]
