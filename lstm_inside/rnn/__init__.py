"""How much of its past a state holds, and bounds on its gradients (notebook 02)."""

from .memory import (
    SLOPE_BOUND,
    Recall,
    delay_line,
    door_and_store,
    fit_readout,
    gradient_bound,
    gradient_lengths,
    largest_singular_value,
    memory_curve,
    nudge_lengths,
    r_squared,
    read,
    recall_inputs,
    recall_score,
    reservoir,
    spectral_radius,
)

__all__ = [
    "SLOPE_BOUND",
    "Recall",
    "delay_line",
    "door_and_store",
    "fit_readout",
    "gradient_bound",
    "gradient_lengths",
    "largest_singular_value",
    "memory_curve",
    "nudge_lengths",
    "r_squared",
    "read",
    "recall_inputs",
    "recall_score",
    "reservoir",
    "spectral_radius",
]
