"""Checkers of notebook 03: the cell line, the gates, how long a cell remembers."""

import numpy as np

from lstm_core import init_lstm, lstm_step, sigmoid, split_gates
from lstm_inside.page import NotYet, asks, checker, compare, question, run

WORDS = {
    "cell": "kept part plus written part, for a batch of 2 and 3 units.",
    "cell_matrix": "that is a matrix product; a gate multiplies element by element: f * c_prev.",
    "cell_swapped": "f and i have changed places: f keeps the old cell, i admits the new.",
    "cell_no_write": "the written part i * g is missing.",
    "cell_no_keep": "the kept part f * c_prev is missing: this is a network without a memory.",
    "cell_difference": "the written part is added to the kept one, not taken away.",
    "gates": "i, f, g and o as in lstm_step.",
    "gates_count": "gates returned {got}; expected the four arrays i, f, g, o.",
    "gates_order": "{name} holds what {other} should: the blocks stand in the order i, f, g, o.",
    "gates_bias": "{name} is right but for the bias b.",
    "gates_state": "{name} does not see h_prev: x @ W_x is only half of the pre-activation.",
    "gates_raw": "{name} is still the pre-activation: squash it.",
    "gates_squash": "{name} has the other squashing: i, f, o take the sigmoid, g takes tanh.",
    "bias": "checked for half-lives from 7 to 1,000 steps.",
    "bias_gate": "that is the gate f itself; the bias is what the sigmoid turns into f.",
    "bias_log10": "the logarithm's base is e here: numpy.log.",
    "bias_sign": "the sign is turned round: a longer memory needs a larger bias.",
    "left": "the product of the forget gates over time, for each sequence and unit.",
    "left_sum": "the gates act one after the other, so they multiply; they do not add.",
    "left_mean": "an average forgets the length: 100 steps leave less than 10 do.",
    "left_course": "that is the course over time; only the last step's value was asked for.",
    "left_axis": "that is the product over another axis; time is axis 0 of (T, B, H).",
    "left_one": "that is a product over everything; every sequence and unit keeps its own.",
}

QUESTIONS = {
    "half_gone": question(
        "The forget gate stands at 0.9. After about how many steps is half of the cell gone?",
        right="b",
        a=(
            "5 steps: it loses 0.1 of the start each time",
            "that would be a loss of 0.1 of the START; a gate takes its share of what is still there",
        ),
        b=("7 steps", "0.9 to the power of 7 is 0.478: the losses shrink along with the cell"),
        c=(
            "never: an LSTM remembers no matter how far",
            "only f = 1 never forgets, and a learned gate never quite reaches 1",
        ),
        d=("2 steps: half, then half again", "that would be f = 0.7; check 0.9 * 0.9"),
    ),
    "hold_a_value": question(
        "A value was stored at step 10 and must still be there, unchanged, at step 90. "
        "How do the gates have to stand in between?",
        right="c",
        a=(
            "forget gate near 0, input gate near 0",
            "the name misleads: the forget gate says how much is KEPT, so near 0 it wipes the cell",
        ),
        b=(
            "forget gate near 1, input gate near 1",
            "keeping is right, but with the input gate open every step adds its candidate on top",
        ),
        c=("forget gate near 1, input gate near 0", "keep everything, write nothing"),
        d=(
            "output gate near 0, the others do not matter",
            "the output gate only hides the cell; what is in it changes all the same",
        ),
    ),
}
ask = asks(QUESTIONS)


@checker
def cell_update(function) -> str:
    """Check a function (f, c_prev, i, g) -> c against the cell line (3.1), arrays (B, H)."""
    rng = np.random.default_rng(31)
    f, i = rng.uniform(0.1, 0.9, (2, 2, 3))
    c_prev, g = rng.normal(size=(2, 2, 3))
    square = rng.uniform(0.1, 0.9, (4, 3, 3))
    c = run(function, f, c_prev, i, g, shapes=WORDS["cell_matrix"])
    hints = [
        (i * c_prev + f * g, WORDS["cell_swapped"]),
        (f * c_prev, WORDS["cell_no_write"]),
        (i * g, WORDS["cell_no_keep"]),
        (f * c_prev - i * g, WORDS["cell_difference"]),
    ]
    compare("your c", c, f * c_prev + i * g, hints=hints)
    f, c_prev, i, g = square  # a matrix product fits here, and would have slipped through
    c = run(function, f, c_prev, i, g)
    hints = [(f @ c_prev + i @ g, WORDS["cell_matrix"]), (f @ c_prev + i * g, WORDS["cell_matrix"])]
    compare("your c", c, f * c_prev + i * g, hints=hints)
    return WORDS["cell"]


@checker
def gates(function) -> str:
    """Check a function (x, h_prev, params) -> (i, f, g, o) against (3.2)-(3.5)."""
    rng = np.random.default_rng(32)
    params = init_lstm(3, 2, rng=rng)
    params = params._replace(b=rng.normal(size=8))
    x, h_prev = rng.normal(size=(2, 3)), rng.normal(size=(2, 2))
    got = run(function, x, h_prev, params)
    if not isinstance(got, tuple | list) or len(got) != 4:
        what = f"{len(got)} values" if isinstance(got, tuple | list) else type(got).__name__
        raise NotYet(WORDS["gates_count"], got=what)
    _, _, cache = lstm_step(x, h_prev, np.zeros((2, 2)), params)
    wants = dict(zip("ifgo", cache[3:7], strict=True))
    raw = dict(
        zip("ifgo", split_gates(x @ params.W_x + h_prev @ params.W_h + params.b), strict=True)
    )
    for n, name in enumerate("ifgo"):
        act, other_act = (np.tanh, sigmoid) if name == "g" else (sigmoid, np.tanh)
        block = slice(2 * n, 2 * n + 2)
        from_x, from_h = x @ params.W_x[:, block], h_prev @ params.W_h[:, block]
        hints = [
            (raw[name], WORDS["gates_raw"].format(name=name)),
            (other_act(raw[name]), WORDS["gates_squash"].format(name=name)),
            (act(from_x + from_h), WORDS["gates_bias"].format(name=name)),
            (act(from_x + params.b[block]), WORDS["gates_state"].format(name=name)),
        ]
        hints += [
            (squash(raw[other]), WORDS["gates_order"].format(name=name, other=other))
            for other in "ifgo"
            if other != name
            for squash in (sigmoid, np.tanh)
        ]
        compare(name, got[n], wants[name], hints=hints)
    return WORDS["gates"]


@checker
def bias_for_half_life(function) -> str:
    """Check a function k -> b_f such that a cell loses half in k steps (3.8)."""
    for k in (7, 100, 1000):
        b = run(function, k)
        f = 0.5 ** (1 / k)
        want = -np.log(2 ** (1 / k) - 1)  # f / (1 - f) = 1 / (1 / f - 1)
        hints = [
            (f, WORDS["bias_gate"]),
            (want / np.log(10), WORDS["bias_log10"]),
            (-want, WORDS["bias_sign"]),
            (1 - f, WORDS["bias_gate"]),
        ]
        compare(f"b_f for k = {k}", b, want, hints=hints)
    return WORDS["bias"]


@checker
def what_is_left(function) -> str:
    """Check a function fs (T, B, H) -> share of c_0 left after T steps, (B, H) (3.7)."""
    fs = np.random.default_rng(33).uniform(0.6, 1, (5, 2, 3))
    got = run(function, fs)
    hints = [
        (fs.sum(axis=0), WORDS["left_sum"]),
        (fs.mean(axis=0), WORDS["left_mean"]),
        (fs.cumprod(axis=0), WORDS["left_course"]),
        (fs.prod(axis=1), WORDS["left_axis"]),
        (fs.prod(axis=2), WORDS["left_axis"]),
        (fs.prod(), WORDS["left_one"]),
    ]
    compare("your answer", got, fs.prod(axis=0), hints=hints)
    return WORDS["left"]
