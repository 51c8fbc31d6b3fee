"""Search without a gradient: simulated annealing and guessing (notebook 06)."""

from .search import (
    GRADIENT_COST,
    Search,
    acceptance,
    anneal,
    anneal_many,
    descend,
    evaluations_until,
    geometric_cooling,
    guess,
    linear_cooling,
    share_right,
    side_by_side,
    two_class_error,
    two_class_loss,
)

__all__ = [
    "GRADIENT_COST",
    "Search",
    "acceptance",
    "anneal",
    "anneal_many",
    "descend",
    "evaluations_until",
    "geometric_cooling",
    "guess",
    "linear_cooling",
    "share_right",
    "side_by_side",
    "two_class_error",
    "two_class_loss",
]
