"""Checkers of notebook 09: a foreign layout, unequal shares, clipping among several workers."""

import numpy as np

from lstm_core import LSTMParams, init_lstm, split_gates
from lstm_inside.page import NotYet, asks, checker, compare, question, run
from lstm_inside.words import Sentences, say

WORDS = Sentences(
    {
        "onnx": "transposed, in the order i, f, g, o, and with both biases in one.",
        "onnx_count": "from_onnx returned {got}; expected the three arrays W_x, W_h, b.",
        "onnx_order": "{name} still stands in ONNX's order i, o, f, g; ours is i, f, g, o.",
        "onnx_gates": "{name} has its gates in neither order: cut i, o, f, g, then join i, f, g, o.",
        "onnx_upright": "{name} is not transposed yet: here a gate of a unit is a column.",
        "onnx_half": "b is only one of the two biases; the cell sees their sum.",
        "onnx_mean": "b is the mean of the two biases; the cell adds them up.",
        "shares": "for equal shares, unequal ones, and a worker that read one sequence.",
        "shares_plain": "that is the plain average: right for equal shares only (9.6).",
        "shares_sum": "that is the sum; a mean loss has a mean gradient.",
        "shares_open": "the weights do not add up to 1: divide by all sequences together.",
        "shares_over": "a worker that read more must count more, not less.",
        "clip": "averaged, then shortened where it was too long.",
        "clip_before": "that clips every worker's gradient before averaging: a long opinion loses "
        "its weight, and the average turns.",
        "clip_sum": "that is the length of the sum; average first.",
        "clip_each": "that clips number by number, which turns the gradient; shorten it as a whole.",
        "clip_never": "the average is longer than the limit, and it came back as it was.",
        "clip_always": "this average is shorter than the limit: it stays as it is.",
    }
)

QUESTIONS = {
    "two_biases": question(
        "You load our weights into torch.nn.LSTM, let both biases learn, and train it beside ours: "
        "plain gradient descent, same data, same rate. What do you see?",
        right="b",
        a=(
            "The same losses: only the sum of the biases counts",
            "forward, yes; but the sum is moved by two steps where ours is moved by one",
        ),
        b=(
            "The same first loss, then losses that drift apart",
            "the first loss comes before any step; after it the biases have gone twice as far",
        ),
        c=(
            "Other losses from the start",
            "the sum of the biases is b, so the first outputs are equal",
        ),
        d=(
            "Half the steps for the biases: each has half the gradient",
            "the derivative by one summand is the derivative by the sum: both have all of it",
        ),
    ),
    "four_workers": question(
        "Somebody's four workers ADD UP their gradients instead of averaging them, and then take "
        "a step of plain gradient descent. What is that?",
        right="c",
        a=(
            "The same: a direction is a direction",
            "the direction is, but the step's length is not",
        ),
        b=("A random step", "the sum points where the average points; nothing random about it"),
        c=(
            "A step with four times the rate",
            "the sum is 4 times the average. Adam, which divides by the gradient's size, would hardly "
            "notice: a fault that one optimiser hides and another shows",
        ),
        d=("A more exact gradient", "four times a number is not a more exact number"),
    ),
    "two_directions": question(
        "One recording of 10,000 steps is to be read by an LSTM. How much sooner is it done with "
        "eight data-parallel workers than with one?",
        right="d",
        a=(
            "8 times",
            "that holds, at best, for eight recordings: the batch is shared out, not time",
        ),
        b=(
            "7 times, as averaging takes its part",
            "there is nothing to average: one sequence, one worker",
        ),
        c=("1.75 times: 2(N-1)/N for N = 8", "that is how many gradients' worth each worker sends"),
        d=("No sooner", "h_t waits for h_(t-1); and seven workers wait for a batch to share"),
    ),
}
ask = asks(QUESTIONS)


@checker
def from_onnx(function) -> str:
    """Check a function (W (4H, D), R (4H, H), B (8H,)) in ONNX's layout -> (W_x, W_h, b)."""
    D, H = 3, 2
    rng = np.random.default_rng(901)
    want = init_lstm(D, H, rng=rng)._replace(b=rng.normal(size=4 * H))
    first = rng.normal(size=4 * H)
    W, R, Wb, Rb = (_in_order(a, "iofg").T for a in (want.W_x, want.W_h, first, want.b - first))
    got = run(function, W, R, np.concatenate([Wb, Rb]))
    if not isinstance(got, tuple | list) or len(got) != 3:
        what = (
            say("{got} values", got=len(got))
            if isinstance(got, tuple | list)
            else type(got).__name__
        )
        raise NotYet(WORDS["onnx_count"], got=what)
    halves = (first, want.b - first)
    for name, value, right_one in zip(LSTMParams._fields, got, want, strict=True):
        hints = [(_in_order(right_one, "iofg"), WORDS["onnx_order"].format(name=name))]
        hints += [
            (_in_order(right_one, order), WORDS["onnx_gates"].format(name=name))
            for order in ("igof", "ogif", "fiog", "gfio", "iogf", "ifog", "igfo")
        ]
        if name == "b":
            for half in halves:
                hints += [(half, WORDS["onnx_half"]), (_in_order(half, "iofg"), WORDS["onnx_half"])]
            hints += [(want.b / 2, WORDS["onnx_mean"])]
        else:
            upright = WORDS["onnx_upright"].format(name=name)
            hints += [(right_one.T, upright), (_in_order(right_one, "iofg").T, upright)]
        compare(name, value, right_one, hints=hints)
    return WORDS["onnx"]


def _in_order(a, order):
    """The blocks of a (..., 4H), which stand in the order i, f, g, o, in another order."""
    blocks = dict(zip("ifgo", split_gates(a), strict=True))
    return np.concatenate([blocks[gate] for gate in order], axis=-1)


@checker
def average_of_shares(function) -> str:
    """Check a function (gradients (N, P), sizes (N,)) -> the whole batch's gradient (P,)."""
    rng = np.random.default_rng(902)
    for sizes in (np.array([5, 2, 1]), np.array([4, 4]), np.array([1, 7])):
        gradients = rng.normal(size=(len(sizes), 6))
        got = run(function, gradients, sizes)
        weights = sizes / sizes.sum()
        over = (1 / sizes) / (1 / sizes).sum()
        hints = [
            (gradients.mean(axis=0), WORDS["shares_plain"]),
            (gradients.sum(axis=0), WORDS["shares_sum"]),
            (sizes @ gradients, WORDS["shares_open"]),
            (sizes @ gradients / len(sizes), WORDS["shares_open"]),
            (over @ gradients, WORDS["shares_over"]),
        ]
        if len(set(sizes)) == 1:  # here these two are right
            hints = hints[1:-1]
        compare(say("your gradient"), got, weights @ gradients, hints=hints)
    return WORDS["shares"]


@checker
def clipped_average(function) -> str:
    """Check a function (gradients (N, P), limit) -> their average, no longer than limit, (P,)."""
    rng = np.random.default_rng(903)
    gradients = rng.normal(size=(3, 5)) * np.array([[0.5], [4], [1]]) + 1
    average = gradients.mean(axis=0)
    length = np.linalg.norm(average)
    for limit in (length / 2, length * 4):
        got = run(function, gradients, limit)
        want = average * min(1, limit / length)
        each = np.linalg.norm(gradients, axis=1, keepdims=True)
        total = np.linalg.norm(gradients.sum(axis=0))
        hints = [
            ((gradients * np.minimum(1, limit / each)).mean(axis=0), WORDS["clip_before"]),
            (gradients.sum(axis=0) * min(1, limit / total), WORDS["clip_sum"]),
            (gradients.sum(axis=0), WORDS["clip_sum"]),
            (average * min(1, limit / total), WORDS["clip_sum"]),
            (np.clip(average, -limit, limit), WORDS["clip_each"]),
            (average, WORDS["clip_never"]),
            (average * limit / length, WORDS["clip_always"]),
        ]
        compare(say("your gradient"), got, want, hints=hints)
    return WORDS["clip"]
