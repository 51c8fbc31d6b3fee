"""How much of its past a state holds, and bounds on its gradients (notebook 02)."""

from .memory import (
    SLOPE_BOUND,
    Recall,
    delay_line,
    fit_readout,
    gradient_bound,
    gradient_lengths,
    largest_singular_value,
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
    "fit_readout",
    "gradient_bound",
    "gradient_lengths",
    "largest_singular_value",
    "r_squared",
    "read",
    "recall_inputs",
    "recall_score",
    "reservoir",
    "spectral_radius",
]
