"""Exercises and questions of notebook 01: XOR by hand, a delta carried back, a weight updated."""

import numpy as np

from lstm_core import sigmoid
from lstm_inside.page import NotYet, asks, checker, compare, name_of, question, run
from lstm_inside.words import Sentences, say

from .learning import XOR_INPUTS, XOR_TARGETS
from .network import mlp_forward

WORDS = Sentences(
    {
        "xor": "one line for each hidden neuron, and the output joins them. It holds for 100 points "
        "within 0.1 of the corners, too.",
        "xor_form": "{name} returned {what}; expected weights and biases (W_1, b_1, W_2, b_2), a list "
        "of numbers for each row of a W.",
        "xor_shape": "{part} has shape {got}; expected {want}: a row for each number that comes into "
        "the layer, a column for each of its neurons.",
        "xor_bias": "{part} has shape {got}; expected {want}: a number for each column of {weights}.",
        "xor_size": "expected 2 inputs and 1 output: W_1 with 2 rows and the last W with 1 column.",
        "xor_one": "that is a single neuron, one line: no weights of it solve XOR. Put a hidden layer "
        "before it.",
        "xor_side": "at {place} the answer should be {want}; yours is {got:.2f}. {right} of 4 "
        "corners are right.",
        "xor_clear": "every point is on the right side of ½, but {got:.2f} at {place} is not clear; "
        "wanted: {want}. Multiply all weights and biases by the same number: the lines stay where "
        "they are and the steps get steeper.",
        "xor_near": "the corners are right, but near them at ({x:.2f}, {y:.2f}) the answer is {got:.2f}: "
        "a line passes too close to a corner.",
        "delta": "for a batch of 3, 4 neurons that feed 2.",
        "delta_no_slope": "the slope of the neuron itself is missing: h * (1 - h) for its own h.",
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
)

QUESTIONS = {
    "three_sigmoids": question(
        "A nudge enters three sigmoid neurons in a row (weights 1, biases as you like). What fraction "
        "of it comes out at most?",
        right="c",
        a=(
            "1: it can arrive in full",
            "That would need slopes of 1, which tanh has at 0; the sigmoid's is never above 0.25.",
        ),
        b=(
            "3/4: three times a quarter",
            "Factors along a chain multiply, they do not add: that is the chain rule.",
        ),
        c=("1/64", "A quarter of a quarter of a quarter. Keep the quarter in mind."),
        d=(
            "1/4, the slope of the last one",
            "Every neuron on the way takes its share, not the last alone.",
        ),
    ),
    "two_paths": question(
        "A nudge reaches the loss along two paths. The factors along the one multiply to +0.3, along "
        "the other to −0.2. A small nudge of size ε changes L by",
        right="d",
        a=("−0.06 ε", "Factors multiply along a path. Two paths are two effects: they add."),
        b=("0.3 ε, the stronger path", "Nothing chooses between paths: both effects happen."),
        c=("0.5 ε", "Their sizes add only where the signs agree; here the second one takes away."),
        d=("0.1 ε", "0.3 ε − 0.2 ε: multiply along a path, add over the paths."),
    ),
}
ask = asks(QUESTIONS)


@checker
def xor_by_hand(function) -> str:
    """Check a function () -> (W_1, b_1, W_2, b_2): sigmoid layers that compute "one, not both".

    More layers are fine. Wanted: at most 0.1 and at least 0.9 at the corners, the right side
    of 1/2 at 100 points within 0.1 of them.
    """
    parts = run(function)
    try:
        params = tuple(np.asarray(part, float) for part in parts)
        _check_shapes(params)
        mlp_forward(XOR_INPUTS[:, : len(params[0])], params)
    except (ValueError, TypeError, IndexError):
        raise NotYet(WORDS["xor_form"], name=name_of(function), what=type(parts).__name__) from None
    if len(params[0]) != 2 or params[-1].shape != (1,):
        raise NotYet(WORDS["xor_size"])
    y, wanted = mlp_forward(XOR_INPUTS, params).y[:, 0], XOR_TARGETS[:, 0].astype(bool)
    wants = [say("at least 0.9") if one else say("at most 0.1") for one in wanted]
    off = np.where(wanted, 0.9 - y, y - 0.1)  # above 0: not right
    wrong_side = np.flatnonzero((y > 0.5) != wanted)
    if wrong_side.size:
        if len(params) == 2:
            raise NotYet(WORDS["xor_one"])
        place, right = int(wrong_side[0]), int((off <= 0).sum())
        says = {"place": _corner(place), "want": wants[place], "got": y[place], "right": right}
        raise NotYet(WORDS["xor_side"], **says)
    if off.max() > 0:
        place = int(off.argmax())
        raise NotYet(WORDS["xor_clear"], place=_corner(place), got=y[place], want=wants[place])
    near = np.repeat(XOR_INPUTS, 25, axis=0)
    near = near + np.random.default_rng(13).uniform(-0.1, 0.1, near.shape)
    y = mlp_forward(near, params).y[:, 0]
    missed = np.flatnonzero((y > 0.5) != np.repeat(wanted, 25))
    if missed.size:
        (x_1, x_2), got = near[missed[0]], y[missed[0]]
        raise NotYet(WORDS["xor_near"], x=x_1, y=x_2, got=got)
    return WORDS["xor"]


def _check_shapes(params):
    """Name the first array of an even number of them that does not fit the layer before it."""
    if len(params) % 2:
        return
    rows = len(params[0])
    for n in range(0, len(params), 2):
        W, b, layer = *params[n : n + 2], n // 2 + 1
        if W.ndim != 2 or len(W) != rows:
            want = (rows, 1 if n == len(params) - 2 else max(b.size, 1))
            raise NotYet(WORDS["xor_shape"], part=f"W_{layer}", got=W.shape, want=want)
        rows = W.shape[1]
        if b.shape != (rows,):
            says = {"part": f"b_{layer}", "weights": f"W_{layer}", "want": (rows,)}
            raise NotYet(WORDS["xor_bias"], got=b.shape, **says)


def _corner(place):
    x_1, x_2 = XOR_INPUTS[place].astype(int)
    return f"({x_1}, {x_2})"


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
            (back, WORDS["delta_no_slope"]),
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
        compare(say("your delta"), delta, back * own, hints=hints)
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
        compare(say("your new W"), got, W - rate * gradient, hints=hints)
    return WORDS["update"]


def yours_or_ours(names):
    """The reader's two functions, each where its checker takes it; where not yet, the solution.

    names: the notebook's `globals()`. In it `hidden_delta` and `updated_weights` are the
    reader's, once their cells have run. Returns the two functions; both give arrays.
    """
    solutions = (
        (hidden_delta, lambda delta_next, W_next, h: (delta_next @ W_next.T) * h * (1 - h)),
        (updated_weights, lambda W, h_prev, delta, rate: W - rate * h_prev.T @ delta),
    )
    yours = [names.get(accepts.__name__) for accepts, _ in solutions]
    return tuple(
        _as_array(own if accepts(own) else ours)
        for own, (accepts, ours) in zip(yours, solutions, strict=True)
    )


def _as_array(function):
    """The function, whose lists become arrays."""
    return lambda *arguments: np.asarray(function(*arguments))
