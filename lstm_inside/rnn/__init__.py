"""How much of its past a state holds, and bounds on its gradients (notebook 02)."""

from .memory import (
    SLOPE_BOUND,
    Recall,
    gradient_bound,
    largest_singular_value,
    memory_curve,
    recall_inputs,
    reservoir,
    spectral_radius,
)

__all__ = [
    "SLOPE_BOUND",
    "Recall",
    "gradient_bound",
    "largest_singular_value",
    "memory_curve",
    "recall_inputs",
    "reservoir",
    "spectral_radius",
]
