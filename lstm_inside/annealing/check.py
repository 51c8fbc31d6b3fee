"""Checkers of notebook 06: the acceptance rule, a cooling schedule, the best so far."""

import numpy as np

from lstm_inside.annealing.search import acceptance as right_acceptance
from lstm_inside.annealing.search import geometric_cooling
from lstm_inside.page import asks, checker, compare, question, run

WORDS = {
    "acceptance": "always downhill, sometimes uphill, and less often the further up it goes.",
    "no_cap": "a better candidate is always taken: a chance never exceeds 1.",
    "turned": "the sign is turned round: it is the WORSE candidates that are taken less often.",
    "times": "the change is DIVIDED by the temperature: more heat, more climbing.",
    "greedy": "no worse candidate is ever taken here: that is descent by trial, T = 0.",
    "no_temperature": "the temperature is missing.",
    "base": "the base is e: numpy.exp.",
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

QUESTIONS = {
    "uphill": question(
        "A candidate raises the loss by 0.2. At T = 0.2, how often is it taken?",
        right="b",
        a=("never: it is worse", "that is T = 0; with heat, worse is taken sometimes"),
        b=("in 37 % of the cases", "exp(-0.2 / 0.2) = exp(-1) = 0.368"),
        c=("in 50 % of the cases", "a half would need a change of T ln 2 = 0.139"),
        d=("always, as the change is not larger than T", "T is no threshold"),
    ),
    "more_weights": question(
        "A guess hits each weight's good range with chance 1/2. "
        "From 10 weights to 120: guesses needed?",
        right="c",
        a=("12 times as many", "that would be growth in proportion; chances multiply"),
        b=("144 times as many", "a square is far too small: chances multiply"),
        c=("2 to the power of 110 times as many", "(6.6): 2^120 / 2^10, more than 10^33"),
        d=("as many: each weight is guessed at once", "one draw, but ALL must be right"),
    ),
}
ask = asks(QUESTIONS)


@checker
def acceptance(function) -> str:
    """Check (change, temperature) -> chance of being taken (6.2); change an array (N,)."""
    change = np.array([-2.0, -0.3, 0.0, 0.1, 0.4, 1.5])
    for T in (0.25, 2.0):
        with np.errstate(all="ignore"):
            got = run(function, change, T)
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
        compare("your chance", got, want, hints=hints)
    return WORDS["acceptance"]


@checker
def cooling(function) -> str:
    """Check (start, end, count) -> temperatures (count,) that fall by one factor (6.3)."""
    for start, end, count in ((2.0, 0.1, 5), (0.5, 0.001, 8)):
        got = run(function, start, end, count)
        factor = (end / start) ** (1 / (count - 1))
        want = geometric_cooling(start, factor, count)
        hints = [
            (want * factor, WORDS["late"]),
            (np.linspace(start, end, count), WORDS["linear"]),
            (want[::-1], WORDS["turned_schedule"]),
            (start * (end / start) ** (np.arange(count) / count), WORDS["all_end"]),
            (start * (end / start) ** (np.arange(1, count + 1) / count), WORDS["late"]),
        ]
        compare("your temperatures", got, want, hints=hints)
    return WORDS["cooling"]


@checker
def best_so_far(function) -> str:
    """Check losses (N,) -> the smallest among the first n, for every n (6.4)."""
    losses = np.random.default_rng(65).uniform(0.1, 1, 9)
    losses[[3, 7]] = 0.08, 0.03
    got = run(function, losses)
    hints = [
        (np.maximum.accumulate(losses), WORDS["maximum"]),
        (losses.min(), WORDS["one_number"]),
        (np.sort(losses)[::-1], WORDS["sorted"]),
        (np.sort(losses), WORDS["sorted"]),
        (losses, WORDS["unchanged"]),
        (np.minimum.accumulate(losses[::-1])[::-1], WORDS["from_behind"]),
    ]
    compare("your curve", got, np.minimum.accumulate(losses), hints=hints)
    return WORDS["best"]
