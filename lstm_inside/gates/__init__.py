"""The cell line and its gates (notebook 03)."""

from .recall import LATCH, Recalled, last_flag_problem, latch, recall_score

__all__ = ["LATCH", "Recalled", "last_flag_problem", "latch", "recall_score"]
