"""Checkers of notebook 05: a setting that learns recall, clipping, one step of Adam, and (for 07)
the gradient of the cross-entropy."""

import numpy as np

from lstm_core import init_lstm
from lstm_inside import validate
from lstm_inside.page import NotYet, asks, checker, compare, question, run, shape_of
from lstm_inside.training import Adam, abreast, recall_training
from lstm_inside.words import Sentences, say

WORDS = Sentences(
    {
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
        "square_of_mean": "s is the mean of the SQUARED gradient, not of m squared or of the gradient.",
        "uphill": "that steps uphill: the step is subtracted.",
        "no_mean_m": "that steps along the gradient itself; Adam steps along the running mean m.",
        "three_numbers": "expected three numbers: units, forget bias and rate; got {got}.",
        "no_setting": "{error}.",
        "too_few": "{learned} of 6 seeds learned it; their last losses are {ends}. {hint}",
        "start_low": "The forget gates lose the number on the way: start them more open.",
        "rate_high": "A smaller rate settles more surely.",
        "more_units": "Gates and rate may do, but one unit needs a lucky start: where some are stuck, "
        "give the network more units.",
        "rate_low": "After 400 steps some are still on their way, or never set out: try another rate.",
        "enough_learned": "{learned} of 6 seeds learned it; their last losses are {ends}.",
        "three_things": "that is p alone: return three things, p, m and s.",
        "tiny_within": "epsilon stands outside the root: it is added to the square root of s.",
        "no_tiny": "a gradient of exactly 0 gives 0 / 0: epsilon keeps the root from dividing by 0.",
        "kept_hat": "p is right, but m or s was handed on corrected; the running means stay as they are.",
        "order": "the values are right, in another order: return p, m, s.",
    }
)

QUESTIONS = {
    "adams_second_step": question(
        "Adam with rate 0.01, from the start: a weight's gradient is 1000 at step 1 and 0 at step 2. How far does the weight move at step 2?",
        right="b",
        a=("not at all: its gradient is 0", "that is SGD; Adam steps along the running mean m"),
        b=(
            "0.0067, two thirds of the rate",
            "m̂ = 90 / 0.19 = 474 and √ŝ = √(999 / 0.002) = 707: the first gradient is still in both",
        ),
        c=(
            "0.01, the rate itself",
            "that is step 1, where m̂ / √ŝ is 1; now m has forgotten more of the 1000 than s",
        ),
        d=(
            "4.7: the rate times what is left of the gradient",
            "that leaves out the division by √ŝ, without which Adam would not ignore a fixed scale",
        ),
    ),
    "clip_by_value": question(
        "A gradient along (10, 1) grows and grows. Each entry is clipped at 1 by itself. Where does it end up pointing?",
        right="c",
        a=("still along (10, 1)", "that is clipping by norm: one factor for both entries"),
        b=(
            "along the first axis, (1, 0)",
            "the second entry is not made smaller before it is above 1 itself",
        ),
        c=(
            "along (1, 1): every entry at the limit",
            "the steeper the wall, the less is left of its direction",
        ),
        d=("nowhere: it is cut to 0", "an entry above the limit is set to the limit"),
    ),
    "a_thousand_steps": question(
        "Your sequences are 1,000 steps long and their first number matters. With which forget bias does a fair part of a gradient reach step 1 along the cell line, before training?",
        right="c",
        a=("1: the gates start at σ(1) = 0.73", "0.73 to the power of 1,000 is 1e-136"),
        b=("3: they start at σ(3) = 0.953", "enough for 30 steps; over 1,000 it leaves 1e-21"),
        c=(
            "7: they start at σ(7) = 0.9991",
            "0.9991 to the power of 1,000 is 0.4: the gate has to fit the time it is to bridge",
        ),
        d=(
            "any: clipping takes care of it",
            "clipping shortens what is too long; it brings back nothing that has vanished",
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


RECALL_LENGTH, RECALL_STEPS, RECALL_SEEDS, RECALL_GOAL = 40, 400, range(6), 0.02
RECALL_ENOUGH, RECALL_UNITS = 5, 16


@checker
def recall_setting(function) -> str:
    """Check () -> (units, forget bias, rate): recall over 40 steps, from 5 of 6 seeds at least."""
    got = run(function)
    if not isinstance(got, tuple | list) or len(got) != 3:
        raise NotYet(WORDS["three_numbers"], got=shape_of(got))
    units, bias, rate = got
    try:
        validate.whole(say("units"), units, most=RECALL_UNITS)
        validate.number(say("forget bias"), bias, "a finite number", lambda x: True)
        validate.positive(say("rate"), rate)
    except (TypeError, ValueError) as error:
        raise NotYet(WORDS["no_setting"], error=error) from None
    runs = []
    for rng in map(np.random.default_rng, RECALL_SEEDS):
        cell = init_lstm(2, int(units), rng=rng, forget_bias=float(bias))
        runs.append(recall_training(cell, RECALL_LENGTH, optimiser=Adam(float(rate)), rng=rng))
    try:
        abreast(runs, RECALL_STEPS, below=RECALL_GOAL, width=50)
    except ArithmeticError as error:
        raise NotYet(WORDS["no_setting"], error=error) from None
    ends = [one.losses[-50:].mean() for one in runs]
    learned = sum(end < RECALL_GOAL for end in ends)
    told = ", ".join(f"{end:.4f}" for end in ends)
    if learned < RECALL_ENOUGH:
        hint = (
            "start_low" if bias < 2.5 else "rate_high" if rate > 0.06
            else "more_units" if units < 3 else "rate_low"
        )  # fmt: skip
        raise NotYet(WORDS["too_few"], learned=learned, ends=told, hint=WORDS[hint])
    return WORDS["enough_learned"].format(learned=learned, ends=told)


@checker
def adam(function) -> str:
    """Check (p, g, m, s, t) -> p, m, s: one step of Adam (5.7), rate 0.01, b1 0.9, b2 0.999.

    t counts from 1 and is the number of the step to take.
    """
    rng = np.random.default_rng(53)
    for t in (1, 7):
        p, g, m = rng.normal(size=(3, 4))
        m, s = m * (t > 1), rng.random(4) * (t > 1)
        if t == 1:
            g[:2] *= (
                0,
                1e-5,
            )  # exactly 0: 0 / 0 without epsilon; tiny: it shows where epsilon stands
        with np.errstate(all="ignore"):
            got = run(function, p, g, m, s, t)
        if t == 1 and shape_of(got) == (3, 4) and np.isnan(np.asarray(got, dtype=float)[0, 0]):
            raise NotYet(WORDS["no_tiny"])
        if shape_of(got) == (4,):
            raise NotYet(WORDS["three_things"])
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
          along=None, within=False):  # fmt: skip
    """One step of Adam, or of a slip in it: rows p, m, s."""
    m = b1 * m + (1 - b1) * g
    s = b2 * s + (1 - b2) * {None: g**2, "g": g, "m": m**2}[square]
    m_hat = m / (1 - b1**t) if fix_m else m
    s_hat = s / (1 - b2**t) if fix_s else s
    with np.errstate(all="ignore"):
        size = np.sqrt(s_hat) if root else s_hat
        size = np.sqrt(s_hat + 1e-8) if within else size + 1e-8
        p = p - sign * 0.01 * (g if along else m_hat) / size
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
    ("tiny_within", {"within": True}),
]
