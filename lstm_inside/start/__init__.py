"""The LSTM in twenty minutes (notebook 00)."""

from .recall import (
    READOUT,
    Course,
    Habits,
    by_step,
    driven,
    flag_gates,
    flagged_at,
    habits,
    latch,
    one_stream,
    said,
    score,
)

__all__ = [
    "READOUT",
    "Course",
    "Habits",
    "by_step",
    "driven",
    "flag_gates",
    "flagged_at",
    "habits",
    "latch",
    "one_stream",
    "said",
    "score",
]
