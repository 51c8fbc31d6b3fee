"""The cell line and its gates (notebook 03)."""

from .latch import Recalled, last_flag_problem, latch, recall_score

__all__ = ["Recalled", "last_flag_problem", "latch", "recall_score"]
