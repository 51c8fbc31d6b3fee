"""Checkers of notebook 06: the acceptance rule, a cooling schedule, the best so far."""

import math

import numpy as np

from lstm_inside.annealing.search import acceptance as right_acceptance
from lstm_inside.annealing.search import geometric_cooling
from lstm_inside.page import NotYet, asks, checker, compare, question, run, shape_of
from lstm_inside.words import Sentences, say

WORDS = Sentences(
    {
        "acceptance": "always downhill, sometimes uphill, and less often the further up it goes.",
        "no_cap": "a better candidate is always taken: a chance never exceeds 1.",
        "turned": "the sign is turned round: it is the WORSE candidates that are taken less often.",
        "times": "the change is DIVIDED by the temperature: more heat, more climbing.",
        "greedy": "no worse candidate is ever taken here: that is descent by trial, T = 0.",
        "no_temperature": "the temperature is missing.",
        "base": "the base is e: numpy.exp.",
        "sampled": "those are decisions, True or False. Return the chance itself; the walk draws.",
        "cooling": "the same factor at every step.",
        "late": "the first temperature is the start itself: the power begins at 0.",
        "linear": "that falls by equal amounts; here it is equal FACTORS.",
        "turned_schedule": "the order is turned round: hot first.",
        "all_end": "the LAST temperature should be `end`, not one factor above it.",
        "best": "the smallest of the first n losses, for every n.",
        "maximum": "that keeps the LARGEST so far.",
        "one_number": "that is only the last entry; the course over time was asked for.",
        "sorted": "that sorts the losses: it uses good ones before they were met.",
        "unchanged": "those are the losses as they came; a curve of the best never rises.",
        "from_behind": "that runs from the end: it knows losses that are not met yet.",
    }
)

QUESTIONS = {
    "uphill": question(
        "A candidate raises the loss by 0.2. At T = 0.2, how often is it taken?",
        right="b",
        a=("never: it is worse", "that is T = 0; with heat, worse is taken sometimes"),
        b=("in 37 % of the cases", "exp(-0.2 / 0.2) = exp(-1) = 0.368"),
        c=("in 50 % of the cases", "a half would need a change of T ln 2 = 0.139"),
        d=("always, as the change is not larger than T", "T is no threshold"),
    ),
    "visits": question(
        "Two places differ by 0.2 in loss. A walk at T = 0.2 goes to and fro between them. "
        "How often does it stand on the higher one?",
        right="c",
        a=("never: it falls down and stays", "that is T = 0; with heat it climbs again"),
        b=(
            "half of the time",
            "that is T without end; at T = 0.2 down is taken more often than up",
        ),
        c=(
            "in 27 % of the steps",
            "the visits stand as 1 to exp(-1) = 0.368, and 0.368 / 1.368 = 0.27",
        ),
        d=("in 37 % of the steps", "0.37 is the RATIO of the two, not the share of all steps"),
    ),
    "more_weights": question(
        "A guess hits each weight's good range with chance 1/2, and ALL weights must hit. "
        "From 10 such weights to 120: how many times as many guesses are needed?",
        right="c",
        a=("12 times as many", "that would be growth in proportion; chances multiply"),
        b=("144 times as many", "a square is far too small: chances multiply"),
        c=("2 to the power of 110 times as many", "(6.7): 2^120 / 2^10, more than 10^33"),
        d=("as many: each weight is guessed at once", "one draw, but ALL must be right"),
    ),
}
ask = asks(QUESTIONS)


@checker
def acceptance(function) -> str:
    """Check (change, temperature) -> chance of being taken (6.2); change an array (N,).

    A function of one change at a time is as right: it is asked for each.
    """
    change = np.array([-2.0, -0.3, 0.0, 0.1, 0.4, 1.5, 0.02, 0.05, 0.2])
    for T in (0.25, 2.0):
        with np.errstate(all="ignore"):
            got = _chances(function, change, T)
        want = right_acceptance(change, T)
        worse = np.maximum(change, 0)
        hints = [
            (np.exp(-change / T), WORDS["no_cap"]),
            (np.minimum(1, np.exp(change / T)), WORDS["turned"]),
            (np.exp(change / T), WORDS["turned"]),
            (np.exp(worse / T), WORDS["turned"]),
            (np.exp(-worse * T), WORDS["times"]),
            ((change <= 0).astype(float), WORDS["greedy"]),
            ((change < 0).astype(float), WORDS["greedy"]),
            (np.exp(-worse), WORDS["no_temperature"]),
            (10 ** (-worse / T), WORDS["base"]),
            (2 ** (-worse / T), WORDS["base"]),
        ]
        if shape_of(got) == change.shape and np.isin(got, (0, 1)).all():
            hints.append((np.asarray(got), WORDS["sampled"]))
        compare(say("your chance"), got, want, hints=hints)
    return WORDS["acceptance"]


def _chances(function, change, T):
    """The chances of all changes (N,), from a function of arrays or of one number at a time."""
    try:
        return _row(run(function, change, T), change.size)
    except NotYet as off:
        if off.kind != "raised":
            raise
        try:
            each = [_row(run(function, np.array([x]), T), 1) for x in change]
        except NotYet:
            try:
                each = [_row(run(function, float(x), T), 1) for x in change]
            except NotYet:
                raise off from None
        return np.concatenate(each) if all(shape_of(x) == (1,) for x in each) else each


def _row(got, size):
    """What was returned as (size,) where only axes of length 1 stand in the way."""
    shape = shape_of(got)
    if shape is None or max(shape, default=1) != size or math.prod(shape) != size:
        return got
    return np.reshape(got, size)


@checker
def cooling(function) -> str:
    """Check (start, end, count) -> temperatures (count,) that fall by one factor (6.4)."""
    for start, end, count in ((2.0, 0.1, 5), (0.5, 0.001, 8)):
        got = _row(run(function, start, end, count), count)
        factor = (end / start) ** (1 / (count - 1))
        want = geometric_cooling(start, factor, count)
        hints = [
            (want * factor, WORDS["late"]),
            (np.linspace(start, end, count), WORDS["linear"]),
            (want[::-1], WORDS["turned_schedule"]),
            (start * (end / start) ** (np.arange(count) / count), WORDS["all_end"]),
            (start * (end / start) ** (np.arange(1, count + 1) / count), WORDS["late"]),
        ]
        compare(say("your temperatures"), got, want, hints=hints)
    return WORDS["cooling"]


@checker
def best_so_far(function) -> str:
    """Check losses (N,) -> the smallest among the first n, for every n (6.5)."""
    losses = np.random.default_rng(65).uniform(0.1, 1, 9)
    losses[[3, 7]] = 0.08, 0.03
    got = _row(run(function, losses), losses.size)
    hints = [
        (np.maximum.accumulate(losses), WORDS["maximum"]),
        (losses.min(), WORDS["one_number"]),
        (np.sort(losses)[::-1], WORDS["sorted"]),
        (np.sort(losses), WORDS["sorted"]),
        (losses, WORDS["unchanged"]),
        (np.minimum.accumulate(losses[::-1])[::-1], WORDS["from_behind"]),
    ]
    compare(say("your curve"), got, np.minimum.accumulate(losses), hints=hints)
    return WORDS["best"]
