"""The neuron and the multilayer perceptron, forward and backward (notebook 01)."""

from .network import (
    MLPGrads,
    MLPParams,
    MLPTrace,
    activation,
    descend,
    finite_differences,
    half_squared_error,
    init_mlp,
    mlp_backward,
    mlp_backward_picture_rule,
    mlp_forward,
    random_case,
    slope,
)

__all__ = [
    "MLPGrads",
    "MLPParams",
    "MLPTrace",
    "activation",
    "descend",
    "finite_differences",
    "half_squared_error",
    "init_mlp",
    "mlp_backward",
    "mlp_backward_picture_rule",
    "mlp_forward",
    "random_case",
    "slope",
]
