"""Gradients taken apart, and faulty backward passes to be found (notebook 04)."""

from .abreast import side_by_side
from .answer_key import (
    FIRST_BIASES,
    FIRST_KEY,
    SECOND_KEY,
    course_exercise,
    in_course_layout,
    patients_with,
)
from .faults import (
    DIAGNOSES,
    FAULTS,
    LINES,
    PATIENTS,
    Fault,
    Point,
    backward_by_steps,
    draw_point,
    examine,
    step_errors,
    take_step,
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
    truncated_at_every,
    truncated_backward,
)
from .stream import flag_stream

__all__ = [
    "DIAGNOSES",
    "FAULTS",
    "FIRST_BIASES",
    "FIRST_KEY",
    "LINES",
    "PATIENTS",
    "SECOND_KEY",
    "CellShares",
    "Fault",
    "Point",
    "backward_by_steps",
    "compare_gradients",
    "course_exercise",
    "draw_point",
    "examine",
    "flag_stream",
    "in_course_layout",
    "lstm_jacobians",
    "patients_with",
    "products_to_end",
    "rnn_jacobians",
    "side_by_side",
    "split_step",
    "split_way",
    "step_errors",
    "take_step",
    "truncated_at_every",
    "truncated_backward",
    "with_fault",
]
