"""Neuron, multilayer perceptron, backpropagation, a first training (notebook 01)."""

from .learning import (
    XOR_INPUTS,
    XOR_TARGETS,
    Cohort,
    compare_rules,
    measure_rules,
    train_cohort,
)
from .network import (
    CLASSIC,
    EXAMPLE,
    MLPGrads,
    MLPParams,
    MLPTrace,
    activation,
    descend,
    finite_differences,
    half_squared_error,
    init_mlp,
    mlp_backward,
    mlp_backward_missing_slopes,
    mlp_forward,
    random_case,
    slope,
)
from .pictures import photograph, strips

__all__ = [
    "CLASSIC",
    "EXAMPLE",
    "XOR_INPUTS",
    "XOR_TARGETS",
    "Cohort",
    "MLPGrads",
    "MLPParams",
    "MLPTrace",
    "activation",
    "compare_rules",
    "descend",
    "finite_differences",
    "half_squared_error",
    "init_mlp",
    "measure_rules",
    "mlp_backward",
    "mlp_backward_missing_slopes",
    "mlp_forward",
    "photograph",
    "random_case",
    "slope",
    "strips",
    "train_cohort",
]
