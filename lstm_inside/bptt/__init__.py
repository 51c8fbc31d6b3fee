"""Gradients taken apart, and faulty backward passes to be found (notebook 04)."""

from .faults import (
    DIAGNOSES,
    FAULTS,
    PATIENTS,
    Fault,
    Point,
    backward_by_steps,
    draw_point,
    examine,
    with_fault,
)
from .shares import (
    CellShares,
    compare_gradients,
    lstm_jacobians,
    products_to_end,
    rnn_jacobians,
    split_step,
    split_way,
    truncated_backward,
)

__all__ = [
    "DIAGNOSES",
    "FAULTS",
    "PATIENTS",
    "CellShares",
    "Fault",
    "Point",
    "backward_by_steps",
    "compare_gradients",
    "draw_point",
    "examine",
    "lstm_jacobians",
    "products_to_end",
    "rnn_jacobians",
    "split_step",
    "split_way",
    "truncated_backward",
    "with_fault",
]
