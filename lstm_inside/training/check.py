"""Checkers of notebook 05: a setting that learns recall, clipping, one step of Adam, and (for 07)
the gradient of the cross-entropy."""

import numpy as np

from lstm_core import init_lstm
from lstm_inside import validate
from lstm_inside.page import NotYet, asks, checker, compare, question, run, shape_of
from lstm_inside.training import Adam, recall_training, softmax, softmax_cross_entropy
from lstm_inside.words import Sentences, say

WORDS = Sentences(
    {
        "scores": "what the network believes, minus 1 at the right class, over the batch.",
        "no_one": "those are the shares p; minus 1 at the right class is missing.",
        "turned": "the sign is turned round: it is p minus the one-hot label.",
        "no_mean": "the loss is a MEAN over the batch, so its gradient is divided by B.",
        "wrong_axis": "softmax runs over the wrong axis: the K scores of ONE sequence make up 1.",
        "over_all": "softmax runs over the whole array: the K scores of ONE sequence make up 1.",
        "no_softmax": "the scores z went in where their softmax belongs.",
        "only_right": "only the right class gets a gradient here; the other scores must come down too.",
        "large": "softmax overflows for large scores: subtract the largest score first.",
        "clip": "long gradients are shortened, short ones pass, the direction stays.",
        "by_value": "that clips every entry by itself, which changes the direction.",
        "always": "a gradient shorter than the limit must stay as it is; this one was stretched.",
        "never": "a gradient longer than the limit came out unchanged.",
        "unit": "that is the direction, of length 1; its length should be the limit.",
        "times_limit": "that multiplies by the limit; the length should BE the limit afterwards.",
        "squared": "that divides by the squared length; the square root is missing.",
        "largest": "that measures the largest entry; the length is the root of the summed squares.",
        "adam": "two running means, each corrected for its start at 0.",
        "uncorrected": "the means start at 0, and that is not corrected: divide by 1 - beta^t.",
        "half_corrected": "one of the two means is not corrected for its start at 0.",
        "no_root": "the step is divided by s; it is its square root that belongs there.",
        "swapped": "the shares are swapped: beta keeps the OLD mean, 1 - beta takes the new value.",
        "square_of_mean": "s is the mean of the SQUARED gradient, not of m squared or of g.",
        "uphill": "that steps uphill: the step is subtracted.",
        "no_mean_m": "that steps along g itself; Adam steps along the running mean m.",
        "two_numbers": "expected two numbers, forget bias and rate; got {got}.",
        "no_setting": "{error}.",
        "not_all": "{learned} of 3 seeds learned it; their last losses are {ends}. {hint}",
        "start_low": "The forget gates lose the number on the way: start them more open.",
        "rate_high": "A smaller rate settles more surely.",
        "rate_low": "After 400 steps some are still on their way, or never set out: try another rate.",
        "all_learned": "all three seeds learned it; their last losses are {ends}.",
        "no_tiny": "a gradient of exactly 0 gives 0 / 0: epsilon keeps the root from dividing by 0.",
        "kept_hat": "p is right, but m or s was handed on corrected; the running means stay as they are.",
        "order": "the values are right, in another order: return p, m, s.",
    }
)

QUESTIONS = {
    "adams_first_step": question(
        "After one single step from the start, Adam with rate 0.01 has moved a weight whose gradient was 1000. By how much?",
        right="b",
        a=("10: the rate times the gradient", "that is SGD; Adam divides by the gradient's size"),
        b=("0.01: the rate itself", "at t = 1 the corrected means are g and g², and g / √g² is ±1"),
        c=(
            "0.001: m is only a tenth of the gradient",
            "it is, but the mean of the squares is small as well; the two corrections undo both",
        ),
        d=(
            "0.03: the rate times 0.1 / √0.001",
            "that leaves out the corrections for the start at 0",
        ),
    ),
    "clip_the_length": question(
        "Why clip the length, and not every entry of the gradient by itself?",
        right="c",
        a=("it is faster", "both take next to no time"),
        b=(
            "entries cannot be too large by themselves",
            "they can, and one such entry makes the whole gradient long",
        ),
        c=(
            "cutting single entries turns the direction",
            "only a common factor leaves the ratios, and so the way downhill, as they were",
        ),
        d=(
            "it makes the gradient's length always equal to the limit",
            "only if it was longer; short gradients pass untouched",
        ),
    ),
    "zero_biases": question(
        "A colleague starts an LSTM with all biases 0 and trains it on long sequences. What is the likely trouble?",
        right="a",
        a=(
            "the forget gates start at ½, so early inputs are hardly heard",
            "twenty-nine factors of about ½ along the cell: see the first row of the picture",
        ),
        b=("the gradients explode", "factors of ½ shrink; clipping would not help here"),
        c=(
            "all units stay alike",
            "the weights are random, so the units differ; only equal WEIGHTS would keep them alike",
        ),
        d=(
            "none: biases are learned anyway",
            "they are, from a gradient; of that a few millionths arrive, and within 300 steps none of three learned it",
        ),
    ),
    "what_to_save": question(
        "Adam's training is saved at step 25 and resumed. Which of these must be in the file?",
        right="d",
        a=("the parameters only", "then Adam starts again with m = s = 0, and other batches come"),
        b=(
            "parameters and the running means m, s",
            "the batches would be others, and so would the count t in the corrections",
        ),
        c=(
            "parameters and the random generator's state",
            "then the batches are right, but Adam has forgotten its running means",
        ),
        d=(
            "parameters, m, s, the step count and the generator's state",
            "all that the next step depends on; loss and rate are in your program already",
        ),
    ),
}
ask = asks(QUESTIONS)


@checker
def cross_entropy_gradient(function) -> str:
    """Check a function (z (B, K), labels (B,)) -> dL/dz of the mean cross-entropy (5.5)."""
    rng = np.random.default_rng(51)
    z, labels = rng.normal(size=(5, 4)) * 2, np.array([1, 0, 3, 3, 2])
    dz = run(function, z, labels)
    p, one, B = softmax(z), np.eye(4)[labels], len(z)
    hints = [
        (p / B, WORDS["no_one"]),
        (p, WORDS["no_one"]),
        ((one - p) / B, WORDS["turned"]),
        (one - p, WORDS["turned"]),
        (p - one, WORDS["no_mean"]),
        ((softmax(z.T).T - one) / B, WORDS["wrong_axis"]),
        (softmax(z.T).T - one, WORDS["wrong_axis"]),
        ((np.exp(z) / np.exp(z).sum() - one) / B, WORDS["over_all"]),
        ((z - one) / B, WORDS["no_softmax"]),
        ((p - one) * one / B, WORDS["only_right"]),
        (-one / p / B, WORDS["only_right"]),
    ]
    compare(say("your dz"), dz, softmax_cross_entropy(z, labels)[1], hints=hints)
    large = z + 1000
    with np.errstate(all="ignore"):
        dz = run(function, large, labels)
    try:
        compare(say("your dz"), dz, softmax_cross_entropy(large, labels)[1])
    except NotYet as off:
        raise NotYet(WORDS["large"]) if off.kind == "not_finite" else off from None
    return WORDS["scores"]


@checker
def clip(function) -> str:
    """Check a function (g, limit) -> g, at most `limit` long (5.8); g of any shape."""
    rng = np.random.default_rng(52)
    for g, limit in (
        (rng.normal(size=6), 0.7),
        (rng.normal(size=(3, 4)), 1.5),
        (rng.normal(size=5) / 100, 2.0),
        (np.zeros(3), 1.0),
    ):
        with np.errstate(all="ignore"):
            got = run(function, g, limit)
        length = np.linalg.norm(g)
        want = g * np.minimum(1, limit / length) if length else g
        hints = []
        if length > limit:
            hints = [
                (g, WORDS["never"]),
                (np.clip(g, -limit, limit), WORDS["by_value"]),
                (g / length, WORDS["unit"]),
                (g * limit, WORDS["times_limit"]),
                (g * limit / length**2, WORDS["squared"]),
                (g * limit / np.abs(g).max(), WORDS["largest"]),
            ]
        elif length:
            hints = [(g * limit / length, WORDS["always"]), (g / length, WORDS["always"])]
        compare(say("your gradient"), got, want, hints=hints)
    return WORDS["clip"]


RECALL_LENGTH, RECALL_STEPS, RECALL_SEEDS, RECALL_GOAL = 40, 400, (0, 1, 2), 0.02


@checker
def recall_setting(function) -> str:
    """Check () -> (forget bias, rate): one unit learns recall over 40 steps, from every seed."""
    got = run(function)
    if not isinstance(got, tuple | list) or len(got) != 2:
        raise NotYet(WORDS["two_numbers"], got=shape_of(got))
    bias, rate = got
    try:
        validate.number(say("forget bias"), bias, "a finite number", lambda x: True)
        validate.positive(say("rate"), rate)
    except (TypeError, ValueError) as error:
        raise NotYet(WORDS["no_setting"], error=error) from None
    ends = []
    for seed in RECALL_SEEDS:
        rng = np.random.default_rng(seed)
        cell = init_lstm(2, 1, rng=rng, forget_bias=float(bias))
        one = recall_training(cell, RECALL_LENGTH, optimiser=Adam(float(rate)), rng=rng)
        try:
            ends.append(np.mean(list(one.steps(RECALL_STEPS))[-50:]))
        except ArithmeticError as error:
            raise NotYet(WORDS["no_setting"], error=error) from None
    learned = sum(end < RECALL_GOAL for end in ends)
    told = ", ".join(f"{end:.3f}" for end in ends)
    if learned < len(ends):
        hint = "rate_high" if rate > 0.08 else "start_low" if bias < 4.5 else "rate_low"
        raise NotYet(WORDS["not_all"], learned=learned, ends=told, hint=WORDS[hint])
    return WORDS["all_learned"].format(ends=told)


@checker
def adam(function) -> str:
    """Check (p, g, m, s, t) -> p, m, s: one step of Adam (5.9), rate 0.01, b1 0.9, b2 0.999.

    t counts from 1 and is the number of the step to take.
    """
    rng = np.random.default_rng(53)
    for t in (1, 7):
        p, g, m = rng.normal(size=(3, 4))
        m, s = m * (t > 1), rng.random(4) * (t > 1)
        g[0] *= t > 1  # a gradient of exactly 0 at the start: 0 / 0 without epsilon
        with np.errstate(all="ignore"):
            got = run(function, p, g, m, s, t)
        if t == 1 and shape_of(got) == (3, 4) and np.isnan(np.asarray(got, dtype=float)[0, 0]):
            raise NotYet(WORDS["no_tiny"])
        hints = [(_adam(p, g, m, s, t, **wrong), WORDS[key]) for key, wrong in _ADAM_SLIPS]
        want = _adam(p, g, m, s, t)
        kept_hat = np.stack([want[0], want[1] / (1 - 0.9**t), want[2] / (1 - 0.999**t)])
        hints += [
            (np.stack([want[0], *(kept_hat[k] if k in kept else want[k] for k in (1, 2))]),
             WORDS["kept_hat"])
            for kept in ((1, 2), (1,), (2,))
        ]  # fmt: skip
        hints += [(want[order], WORDS["order"]) for order in ([0, 2, 1], [1, 2, 0], [1, 0, 2])]
        compare(say("your p, m, s"), got, want, hints=hints, rtol=1e-5)
    return WORDS["adam"]


def _adam(p, g, m, s, t, b1=0.9, b2=0.999, fix_m=True, fix_s=True, root=True, sign=1, square=None,
          along=None):  # fmt: skip
    """One step of Adam, or of a slip in it: rows p, m, s."""
    m = b1 * m + (1 - b1) * g
    s = b2 * s + (1 - b2) * {None: g**2, "g": g, "m": m**2}[square]
    m_hat = m / (1 - b1**t) if fix_m else m
    s_hat = s / (1 - b2**t) if fix_s else s
    with np.errstate(all="ignore"):
        size = np.sqrt(s_hat) if root else s_hat
        p = p - sign * 0.01 * (g if along else m_hat) / (size + 1e-8)
    return np.nan_to_num(np.array([p, m, s]), nan=1e9)


_ADAM_SLIPS: list[tuple[str, dict]] = [
    ("uncorrected", {"fix_m": False, "fix_s": False}),
    ("half_corrected", {"fix_m": False}),
    ("half_corrected", {"fix_s": False}),
    ("no_root", {"root": False}),
    ("swapped", {"b1": 0.1, "b2": 0.001}),
    ("square_of_mean", {"square": "m"}),
    ("square_of_mean", {"square": "g"}),
    ("uphill", {"sign": -1}),
    ("no_mean_m", {"along": "g"}),
]
