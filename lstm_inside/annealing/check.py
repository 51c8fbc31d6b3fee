"""Checkers of notebook 06: the acceptance rule, a cooling schedule, the whole walk."""

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
        "walk": "propose, compare, accept, cool.",
        "count": "one place for the start and one for every temperature, as an array: "
        "np.array(places).",
        "start": "the first place is the start itself.",
        "asked": "one candidate for every temperature: propose(here, rng).",
        "nowhere": "a step leads either to the candidate or nowhere.",
        "from_start": "a candidate is proposed from where the walk STANDS: propose(here, rng).",
        "moved": "the start was changed in place: write here + ..., not here += ....",
        "refused": "a better candidate is always taken.",
        "no_heat": "with T close to 0 nothing worse is taken.",
        "not_cooled": "the first temperature was used throughout; each step has its own.",
        "one_by_one": "always downhill, sometimes uphill, and less often the further up it goes. Yours "
        "takes one change at a time; for a whole array write np.minimum in place of min, np.where in "
        "place of if.",
        "by_chance": "of {count} candidates, each worse by {share:g} T, {found} were taken, and "
        "{expected:.0f} are to be expected: let chance decide, rng.random() < p.",
        "too_few": "of the worse candidates {found} were taken, and {expected:.0f} are to be "
        "expected by (6.2).",
    }
)

QUESTIONS = {
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
}
ask = asks(QUESTIONS)

COLD = 1e-12  # a temperature at which no candidate is taken that is worse, and (6.2) can divide by


@checker
def acceptance(function) -> str:
    """Check (change, temperature) -> chance of being taken (6.2); change an array (N,).

    A function of one change at a time is asked for each, and told how to take an array.
    """
    change = np.array([-2.0, -0.3, 0.0, 0.1, 0.4, 1.5, 0.02, 0.05, 0.2])
    for T in (0.25, 2.0):
        with np.errstate(all="ignore"):
            got, at_once = _chances(function, change, T)
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
    return WORDS["acceptance" if at_once else "one_by_one"]


def _chances(function, change, T):
    """The chances of all changes (N,), and whether the function took them at once as an array."""
    try:
        return _row(run(function, change, T), change.size), True
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
        return np.concatenate(each) if all(shape_of(x) == (1,) for x in each) else each, False


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
def walk(function) -> str:
    """Check (loss, start, temperatures, propose, rng) -> where the walk stood, (N + 1, size).

    The `propose` handed in notes what it is asked for; decisions are read from that.
    """
    start, N = np.array([1.0, -2.0, 0.5]), 400
    for T in (np.full(N, COLD), np.where(np.arange(N) < N // 2, 1e6, COLD), np.full(N, 0.4)):
        asked, dice = [], np.random.default_rng(65)

        def propose(place, rng, asked=asked, dice=dice):
            place = np.array(place, dtype=float)
            asked.append((place, place + 0.3 * dice.standard_normal(place.shape)))
            return asked[-1][1].copy()

        def loss(place):
            return float((np.asarray(place) ** 2).sum())

        _judge_walk(_places(function, loss, start, T, propose), asked, T)
    for share in (0.4, 0.8, 1.6):
        _judge_chance(function, share, N)
    return WORDS["walk"]


def _places(function, loss, start, temperatures, propose):
    """Where a walk from `start` stood, (N + 1, size). Raises NotYet for anything else."""
    kept, wanted = start.copy(), (len(temperatures) + 1, len(start))
    with np.errstate(all="ignore"):  # exp(-change / T) of a change far below 0
        places = run(function, loss, start, temperatures, propose, np.random.default_rng(66))
    if not (start == kept).all():
        raise NotYet(WORDS["moved"])
    if shape_of(places) != wanted:
        compare(say("your places"), places, np.zeros(wanted), hints=[])
        raise NotYet(WORDS["count"])
    places = np.asarray(places, dtype=float)
    if not (places[0] == start).all():
        raise NotYet(WORDS["start"])
    return places


def _judge_chance(function, share, count):
    """Raise NotYet unless chance decides on `count` candidates, each worse by `share` times T."""
    T = 0.5

    def loss(place):
        return share * T * float(np.asarray(place)[0])

    def higher(place, rng):
        return np.asarray(place) + np.eye(1, 3)[0]

    places = _places(function, loss, np.zeros(3), np.full(count, T), higher)
    found, chance = int(places[-1, 0]), np.exp(-share)
    if abs(found - count * chance) > 4 * np.sqrt(count * chance * (1 - chance)):
        raise NotYet(WORDS["by_chance"].format(
            count=count, share=share, found=found, expected=count * chance
        ))  # fmt: skip


def _judge_walk(places, asked, temperatures):
    """Raise NotYet unless these places follow (6.2) from the candidates asked for.

    asked: pairs, from where a candidate was proposed, and the candidate.
    """
    if len(asked) != len(temperatures) or any(each.shape != (3,) for each, _ in asked):
        raise NotYet(WORDS["asked"])
    origin, there = np.moveaxis(np.array(asked), 1, 0)
    here = places[:-1]
    taken = (places[1:] == there).all(axis=1)
    if not (taken | (places[1:] == here).all(axis=1)).all():
        raise NotYet(WORDS["nowhere"])
    if not (origin == here).all():
        raise NotYet(WORDS["from_start"])
    change = (there**2).sum(axis=1) - (here**2).sum(axis=1)
    if not taken[change < 0].all():
        raise NotYet(WORDS["refused"])
    worse = change > 0
    chance = np.array(
        [right_acceptance(d, T) for d, T in zip(change[worse], temperatures[worse], strict=True)]
    )
    found, expected = int(taken[worse].sum()), chance.sum()
    if abs(found - expected) <= 4 * np.sqrt((chance * (1 - chance)).sum()) + 1e-3:
        return
    if (temperatures == COLD).all():
        raise NotYet(WORDS["no_heat"])
    hot = temperatures[worse] > COLD
    if (temperatures == COLD).any() and taken[worse][hot].all():
        raise NotYet(WORDS["not_cooled"])
    raise NotYet(WORDS["too_few"].format(found=found, expected=expected))
