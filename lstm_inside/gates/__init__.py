"""The cell line and its gates; layers of them, and two directions (notebooks 03 and 10)."""

from .layers import (
    BothGrads,
    BothParams,
    BothTraces,
    both_backward,
    both_forward,
    both_states,
    stack_backward,
    stack_forward,
)
from .recall import LATCH, Recalled, last_flag_problem, latch, plain_latch, recall_score

__all__ = [
    "LATCH",
    "BothGrads",
    "BothParams",
    "BothTraces",
    "Recalled",
    "both_backward",
    "both_forward",
    "both_states",
    "last_flag_problem",
    "latch",
    "plain_latch",
    "recall_score",
    "stack_backward",
    "stack_forward",
]
