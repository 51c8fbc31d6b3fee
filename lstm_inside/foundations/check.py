"""Checkers of notebook 01, first half: a delta carried back, a weight updated."""

import numpy as np

from lstm_core import sigmoid
from lstm_inside.page import asks, checker, compare, question, run

WORDS = {
    "delta": "for a batch of 3, 4 neurons that feed 2.",
    "delta_picture": "the slope of the neuron itself is missing: h * (1 - h) for its own h. "
    "That is the slip of the pictures.",
    "delta_slope_of_h": "h is squashed already: its slope is h * (1 - h), without another sigmoid.",
    "delta_tanh": "1 - h**2 is the slope of tanh; these neurons are sigmoids.",
    "delta_only_h": "h * (1 - h) has lost a factor: you multiplied with h alone.",
    "delta_only_1_h": "h * (1 - h) has lost a factor: you multiplied with 1 - h alone.",
    "delta_local": "that is the neuron's slope alone; weigh the delta it feeds and multiply.",
    "delta_transposed": "the weights are the wrong way round: going back takes W_next.T.",
    "delta_shapes": "the shapes do not fit: the matrix product is (B, K) @ (K, N), that is "
    "delta_next @ W_next.T; the slope is multiplied elementwise, with *.",
    "delta_slope_first": "the slope belongs to the neuron itself, not to the ones it feeds.",
    "update": "for a layer of 4 inputs and 2 neurons, batches of 1 and of 3.",
    "update_uphill": "that walks uphill: the gradient is taken away, W - rate * gradient.",
    "update_gradient": "that is the gradient alone; take rate times it away from W.",
    "update_step": "that is the step alone, without the weight it is taken away from.",
    "update_no_rate": "the learning rate is missing.",
    "update_no_h": "every weight is moved by delta alone; what came along it, h_prev, is missing.",
    "update_mean": "the loss is summed over the batch, so the gradient is too: no mean.",
    "update_shape": "the gradient must have W's shape (N, K): h_prev.T @ delta, which also adds up "
    "the batch.",
    "update_first": "only one example of the batch was used.",
}

QUESTIONS = {
    "three_sigmoids": question(
        "A number passes through three sigmoid neurons in a row, all weights 1, biases as you like. A "
        "nudge of the input arrives at the end multiplied by the three slopes. By what factor at most?",
        right="c",
        a=(
            "1: it can arrive in full",
            "That would need slopes of 1, which tanh has at 0; the sigmoid's is never above 0.25.",
        ),
        b=(
            "3/4: three times a quarter",
            "Slopes along a chain multiply, they do not add: that is the chain rule.",
        ),
        c=("1/64", "A quarter of a quarter of a quarter. Keep the quarter in mind."),
        d=(
            "1/4, the slope of the last one",
            "Every neuron on the way takes its share, not the last alone.",
        ),
    ),
}
ask = asks(QUESTIONS)


@checker
def hidden_delta(function) -> str:
    """Check a function (delta_next, W_next, h) -> delta of a hidden sigmoid layer (1.7)."""
    rng = np.random.default_rng(11)
    h = sigmoid(rng.normal(size=(3, 4)))
    for neurons in (2, 4):  # with 4 the weights are square: a forgotten .T slips through shapes
        delta_next, W_next = rng.normal(size=(3, neurons)), rng.normal(size=(4, neurons))
        delta = run(function, delta_next, W_next, h, shapes=WORDS["delta_shapes"])
        back = delta_next @ W_next.T
        own = h * (1 - h)
        hints = [
            (back, WORDS["delta_picture"]),
            (back * sigmoid(h) * (1 - sigmoid(h)), WORDS["delta_slope_of_h"]),
            (back * (1 - h**2), WORDS["delta_tanh"]),
            (back * h, WORDS["delta_only_h"]),
            (back * (1 - h), WORDS["delta_only_1_h"]),
            (own, WORDS["delta_local"]),
        ]
        if neurons == 4:
            hints += [
                (delta_next @ W_next * own, WORDS["delta_transposed"]),
                ((delta_next * own) @ W_next.T, WORDS["delta_slope_first"]),
            ]
        compare("your delta", delta, back * own, hints=hints)
    return WORDS["delta"]


@checker
def updated_weights(function) -> str:
    """Check a function (W, h_prev, delta, rate) -> the weights after one step (1.8), (1.9)."""
    rng = np.random.default_rng(12)
    rate = 0.3
    for B in (1, 3):
        W, h_prev, delta = (rng.normal(size=s) for s in ((4, 2), (B, 4), (B, 2)))
        got = run(function, W, h_prev, delta, rate, shapes=WORDS["update_shape"])
        gradient = h_prev.T @ delta
        hints = [
            (W + rate * gradient, WORDS["update_uphill"]),
            (gradient, WORDS["update_gradient"]),
            (rate * gradient, WORDS["update_step"]),
            (-rate * gradient, WORDS["update_step"]),
            (W - gradient, WORDS["update_no_rate"]),
            (W - rate * delta.sum(axis=0), WORDS["update_no_h"]),
        ]
        if B > 1:
            hints += [
                (W - rate * gradient / B, WORDS["update_mean"]),
                (W - rate * np.outer(h_prev[0], delta[0]), WORDS["update_first"]),
            ]
        compare("your new W", got, W - rate * gradient, hints=hints)
    return WORDS["update"]
