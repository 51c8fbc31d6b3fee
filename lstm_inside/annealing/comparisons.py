"""The comparisons of notebook 06, each computed once: its answer lays them side by side."""

from functools import cache
from typing import NamedTuple

import numpy as np

from lstm_core import init_rnn
from lstm_inside.annealing.landscape import (
    HERE,
    HIGH,
    LOW,
    valley_gradient,
    valley_loss,
    walled,
)
from lstm_inside.annealing.many import (
    Crowd,
    Found,
    anneal_all,
    descend_all,
    guess_all,
    learn_fresh,
)
from lstm_inside.annealing.recall import LENGTH, RecallHunt, r_squared, recall_hunt
from lstm_inside.annealing.search import GRADIENT_COST, anneal_many, geometric_cooling
from lstm_inside.annealing.tours import anneal_tours, guess_tours, tour_lengths
from lstm_inside.gates.recall import LATCH, recall_score
from lstm_inside.tasks import recall_problem, two_sequence_problem
from lstm_inside.training import Model, init_readout

LOW_LOSS = 0.05  # on the map
ENOUGH = 0.9  # a share right, or R squared, above which a network has found the rule, or recalls
END = 0.05  # the last temperature of every walk that cools, as a share of its first
RIDGE_HEATS = (0, 0.1, 0.25, 0.5, 1, 2, 4, np.inf)
RIDGE_STEPS = (0.3, 1.5)
RIDGE_WALKS, RIDGE_LOOKS = 96, 1000


class Count(NamedTuple):
    """How many of the runs succeed."""

    found: int
    runs: int

    @property
    def percent(self) -> float:
        return 100 * self.found / self.runs


def cooled(start, looks) -> np.ndarray:
    """The temperatures of so many looks by (6.4), from start to END times start."""
    return geometric_cooling(start, END ** (1 / (looks - 1)), looks)


@cache
def ridge_walks() -> dict[tuple[float, bool], np.ndarray]:
    """How many % of the walks on the map end low, and how many met a low place. Section 4.

    (step size, whether it cools) -> (2, 8), a column for each start temperature of RIDGE_HEATS.
    The last one takes every candidate on the map and has nothing to cool. 96 walks of 1,000 looks
    from `landscape.HERE` each, all with the same random numbers.
    """
    heats = np.repeat(RIDGE_HEATS[:-1], RIDGE_WALKS)
    found = {}
    for step in RIDGE_STEPS:
        blind = _walks_on_map(lambda places: 0 * places[:, 0], step, np.zeros(RIDGE_WALKS), 1)
        for cools in (True, False):
            course = cooled(1.0, RIDGE_LOOKS) if cools else np.ones(RIDGE_LOOKS)
            places = _walks_on_map(valley_loss, step, heats, course[:, None])
            low = np.concatenate([places, blind], axis=1) < LOW_LOSS
            low = np.array([low[-1], low.any(axis=0)])
            found[step, cools] = 100 * low.reshape(2, -1, RIDGE_WALKS).mean(axis=2)
    return found


def _walks_on_map(loss, step, heats, course):
    """The losses of where walks stand that are driven by `loss`: (looks + 1, K)."""
    drawn = [np.random.default_rng(1) for _ in range(len(heats) // RIDGE_WALKS)]
    places, _, _ = anneal_many(
        walled(loss), np.tile(HERE, (len(heats), 1)), heats * course * np.ones((RIDGE_LOOKS, 1)),
        step=step, rng=drawn,
    )  # fmt: skip
    return valley_loss(places.reshape(-1, 2)).reshape(places.shape[:2])


def guesses_on_map() -> Count:
    """How many runs of as many guesses as the walks have looks meet a low place. Section 4."""
    drawn = np.random.default_rng(1).uniform(LOW, HIGH, (RIDGE_LOOKS, RIDGE_WALKS, 2))
    return _count(np.min([valley_loss(each) for each in drawn], axis=0) < LOW_LOSS)


DESCENTS = (1, 5, 20)  # starts of a run of descent on the map, which share its looks


@cache
def descents_on_map() -> dict[int, Count]:
    """How many runs of descent meet a low place, from one to twenty places anywhere. Section 4."""
    found = {}
    for starts in DESCENTS:
        here = np.random.default_rng(2).uniform(LOW, HIGH, (starts * RIDGE_WALKS, 2))
        lowest = valley_loss(here)
        for _ in range(RIDGE_LOOKS // starts // GRADIENT_COST - 1):
            here = here - 0.1 * valley_gradient(here)
            lowest = np.minimum(lowest, valley_loss(here))
        found[starts] = _count(lowest.reshape(starts, -1).min(axis=0) < LOW_LOSS)
    return found


# ---------------------------------------------------------------- round trips

MAPS, RUNS, TOUR_LOOKS = 10, 12, 20_000
TRIP_STARTS, TRIP_HEATS, TRIP_FIXED = (1, 2, 4, 8), (0.03, 0.1, 0.3), (0.005, 0.02, 0.05)
FOUR, FIXED, HEAT = 4, 0.02, 0.1  # what is best on the map for practice
NEAR = 2  # %, by which a tour may be longer than the shortest that was found


@cache
def practice_trips() -> dict[str, dict[float, float]]:
    """The mean length of 24 tours on the map of the explorer, to choose settings by. Section 5.

    "cold": by the number of starts that share the looks; "fixed", "cooled": by temperature.
    """
    cities, runs, rng = np.random.default_rng(0).random((1, 40, 2)), 24, np.random.default_rng
    found = {"cold": {n: _cold_trips(cities, n, runs, 1).mean() for n in TRIP_STARTS}}
    heats = np.concatenate([np.outer(np.ones(TOUR_LOOKS), TRIP_FIXED),
                            np.outer(cooled(1.0, TOUR_LOOKS), TRIP_HEATS)], axis=1)  # fmt: skip
    starts = _random_tours(rng(1), heats.shape[1] * runs)
    walks = anneal_tours(cities, starts, np.repeat(heats, runs, axis=1), rng=rng(2))
    lengths = tour_lengths(cities, walks.best).reshape(-1, runs).mean(axis=1)
    found["fixed"] = dict(zip(TRIP_FIXED, lengths, strict=False))
    found["cooled"] = dict(zip(TRIP_HEATS, lengths[len(TRIP_FIXED) :], strict=True))
    return found


class RoundTrips(NamedTuple):
    """Round trips on ten maps of 40 cities, twelve runs of 20,000 looks on each.

    None of them is the map of the explorer, on which the settings were chosen.
    maps (10, 40, 2). cold (12, 10, 40): where one cold walk of all the looks ends. met: name of a
    search -> lengths (R, 10) of the shortest tours that it met. last: of those where it ended.
    shortest (10,): the length of the shortest tour that any of them met.
    """

    maps: np.ndarray
    cold: np.ndarray
    met: dict[str, np.ndarray]
    last: dict[str, np.ndarray]
    shortest: np.ndarray

    def beyond(self, lengths) -> np.ndarray:
        """By how many per cent lengths (..., 10) are longer than the shortest: (..., 10)."""
        return 100 * (lengths / self.shortest - 1)

    def near(self, lengths) -> Count:
        """How many of the lengths (..., 10) are at most NEAR % longer than the shortest."""
        return _count(self.beyond(lengths) <= NEAR)


@cache
def round_trips() -> RoundTrips:
    """Annealing beside its controls, each at the setting that did best in practice. Section 5."""
    rng = np.random.default_rng
    maps = rng(0).random((MAPS + 1, 40, 2))[1:]  # the first is that of the explorer
    heats = np.stack([0 * np.ones(TOUR_LOOKS), FIXED * np.ones(TOUR_LOOKS),
                      cooled(HEAT, TOUR_LOOKS)], axis=1)  # fmt: skip
    starts = np.tile(_random_tours(rng(21), RUNS * MAPS), (3, 1))
    walks = anneal_tours(maps, starts, np.repeat(heats, RUNS * MAPS, axis=1), rng=rng(22))
    names = ("cold", "fixed", "cooled")
    met, last = (
        dict(zip(names, tour_lengths(maps, each.reshape(3, RUNS, MAPS, 40)), strict=True))
        for each in (walks.best, walks.path[-1])
    )
    met["four"] = _cold_trips(maps, FOUR, RUNS, 23)
    met["guessing"] = tour_lengths(maps, guess_tours(maps, TOUR_LOOKS, rng=rng(25))[None])
    shortest = np.concatenate(list(met.values())).min(axis=0)
    cold = walks.best[: RUNS * MAPS].reshape(RUNS, MAPS, 40)
    return RoundTrips(maps, cold, met, last, shortest)


def _cold_trips(maps, starts, runs, seed):
    """The length of the shortest tour of so many cold walks that share the looks: (runs, M)."""
    R = runs * starts * len(maps)
    tours = _random_tours(np.random.default_rng(seed), R)
    cold = np.zeros((TOUR_LOOKS // starts, R))
    found = anneal_tours(maps, tours, cold, rng=np.random.default_rng(seed + 1)).best
    return tour_lengths(maps, found.reshape(runs, starts, len(maps), 40)).min(axis=1)


def _random_tours(rng, count):
    return rng.permuted(np.tile(np.arange(40), (count, 1)), axis=1)


# ---------------------------------------------------------------- recall

STEPS = (0.1, 0.3)  # of the walks
HEATS = (0.0, 0.003, 0.01, 0.03)  # their start temperatures; 0 is the control
WIDTHS, SHOWN = (1, 3, 10), 3  # of guesses; which is drawn
RATES = (0.03, 0.1)  # of descent
BUDGET = 1200  # looks at the loss for each search
DRAWS = 2  # of every walk
FORGET_BIAS = 13  # which of the 18 weights it is
AROUND = 3.0 * (np.arange(18) == FORGET_BIAS)  # what guesses lie around: an open forget gate


@cache
def recall_searches() -> tuple[RecallHunt, dict[str, list[Found]]]:
    """One hunt for the weights of recall, every search at BUDGET looks from 12 starts. Section 6.

    By name: walks from each of HEATS (T = 0 is the control), DRAWS with each step size; guessing
    within each of WIDTHS, around a forget gate as open as that of the starts; descent at two rates.
    """
    hunt = recall_hunt()
    each = [(T, step) for T in HEATS for step in STEPS for _ in range(DRAWS)]
    walks = anneal_all(
        hunt.crowd, hunt.starts, [cooled(T, BUDGET - 1) for T, _ in each],
        step=[step for _, step in each], rng=np.random.default_rng(0),
    )  # fmt: skip
    many = DRAWS * len(STEPS)
    found = {f"walk, T = {T:g}": walks[n * many : (n + 1) * many] for n, T in enumerate(HEATS)}
    for width in WIDTHS:
        rng = np.random.default_rng(1)
        guesses = guess_all(hunt.crowd, width, BUDGET, around=AROUND, rng=rng)
        found[f"guessing, ±{width}"] = [guesses]
    found["descent"] = descend_all(hunt.crowd, hunt.starts, RATES, BUDGET // GRADIENT_COST)
    return hunt, found


def recall_found(which="best") -> dict[str, np.ndarray]:
    """The weights (K, P) with the lowest training loss that each kind of search found.

    which: "best", or "last" for where it ended.
    """
    searches = recall_searches()[1]
    return {
        name: np.concatenate([getattr(each, which) for each in found])
        for name, found in searches.items()
    }


def recall_shown() -> tuple[dict[str, np.ndarray], dict[str, tuple[float | None, float]], float]:
    """What section 6 draws, of every search of recall and of descent on fresh sequences.

    By name: R squared on unseen sequences (K,); the median loss on the training sequences (None
    for fresh ones) and on unseen ones. And R squared of the latch, set by hand.
    """
    hunt, best = recall_searches()[0], recall_found()
    for width in WIDTHS:
        if width != SHOWN:
            del best[f"guessing, ±{width}"]
    losses = {
        name: (np.median(hunt.crowd.losses(rows)), np.median(hunt.unseen.losses(rows)))
        for name, rows in best.items()
    }
    best["descent, fresh"] = recall_fresh()
    losses["descent, fresh"] = None, np.median(hunt.unseen.losses(best["descent, fresh"]))
    recalls = {name: r_squared(hunt.unseen, rows) for name, rows in best.items()}
    unseen = recall_problem(LENGTH, 500, rng=np.random.default_rng(9))
    return recalls, losses, recall_score(LATCH, unseen.xs, unseen.targets).r2


@cache
def recall_fresh() -> np.ndarray:
    """What descent makes of the 12 starts on fresh sequences at every step: (12, P)."""
    hunt = recall_searches()[0]
    return learn_fresh(
        hunt.crowd, hunt.starts, lambda B, rng: recall_problem(LENGTH, B, rng=rng),
        rate=0.03, count=BUDGET // GRADIENT_COST, rng=np.random.default_rng(1),
    )  # fmt: skip


CANDIDATES = 1000


@cache
def ways_down() -> dict[str, np.ndarray]:
    """Of CANDIDATES around a place, how many have a loss at least 1 % lower. Section 6.

    By name: from the starts of recall and from where its cold walks ended, with both step sizes,
    and from where the cold walks on the map with small steps ended.
    """
    hunt, rng = recall_searches()[0], np.random.default_rng(7)
    ends = recall_found("last")["walk, T = 0"].reshape(len(STEPS), -1, hunt.crowd.size)
    places, _, _ = anneal_many(
        walled(valley_loss), np.tile(HERE, (RIDGE_WALKS, 1)), np.zeros((RIDGE_LOOKS, RIDGE_WALKS)),
        step=0.3, rng=np.random.default_rng(1),
    )  # fmt: skip
    return {
        "recall, starts": np.concatenate([
            _lower(hunt.crowd.losses, hunt.starts, step, rng) for step in STEPS]),
        "recall, cold ends": np.concatenate([
            _lower(hunt.crowd.losses, each, step, rng)
            for step, each in zip(STEPS, ends, strict=True)]),
        "map, cold ends": _lower(walled(valley_loss), places[-1], 0.3, rng),
    }  # fmt: skip


def _lower(losses, rows, step, rng, at_once=20):
    """How many of CANDIDATES around each row (K, P) lower its loss by 1 % or more: (K,)."""
    now, found = losses(rows), np.zeros(len(rows), int)
    for _ in range(CANDIDATES // at_once):
        there = rows + step * rng.standard_normal((at_once, *rows.shape))
        values = losses(there.reshape(-1, rows.shape[1])).reshape(at_once, -1)
        found += (values < 0.99 * now).sum(axis=0)
    return found


# ---------------------------------------------------------------- a sign, in the appendix


class SignSearch(NamedTuple):
    """What the runs of one kind of search came to on the sign.

    right (K,): the share of 200 unseen sequences that each network with the lowest training loss
    answers rightly. losses: the median loss on the training sequences (None for fresh ones), and
    on unseen ones.
    """

    right: np.ndarray
    losses: tuple[float | None, float]


@cache
def sign_searches() -> dict[str, SignSearch]:
    """Searches for the sign of the first three numbers, 600 looks each from 12 starts. Appendix.

    By name: walks with steps of 1, cold and hot, and guessing (four draws of each), descent on 16
    sequences and on fresh ones (two rates of each).
    """
    own, unseen, starts = _sign_crowd()
    walks = anneal_all(own, starts, [cooled(T, 599) for T in (0, 0.03) for _ in range(4)],
                       step=1.0, rng=np.random.default_rng(0))  # fmt: skip
    found = {"walk, T = 0": walks[:4], "walk, T = 0.03": walks[4:]}
    for width in (3, 10):
        found[f"guessing, ±{width}"] = [
            guess_all(own, width, 600, rng=np.random.default_rng(draw)) for draw in range(4)
        ]
    found["descent"] = descend_all(own, starts, (0.01, 0.05), 600 // GRADIENT_COST)
    best = {name: np.concatenate([each.best for each in runs]) for name, runs in found.items()}
    searches = {
        name: SignSearch(unseen.shares_right(rows),
                         (np.median(own.losses(rows)), np.median(unseen.losses(rows))))
        for name, rows in best.items()
    }  # fmt: skip
    fresh = np.concatenate([
        learn_fresh(own, starts, lambda B, rng: two_sequence_problem(50, B, rng=rng), rate=rate,
                    count=600 // GRADIENT_COST, rng=np.random.default_rng(3))
        for rate in (0.01, 0.05)
    ])  # fmt: skip
    searches["descent, fresh"] = SignSearch(
        unseen.shares_right(fresh), (None, np.median(unseen.losses(fresh)))
    )
    return searches


def _sign_crowd():
    """12 RNNs of 3 units, each with 16 sequences of its own, and 200 unseen for all."""
    sets = [two_sequence_problem(50, 16, rng=np.random.default_rng(seed)) for seed in range(12)]
    judged = two_sequence_problem(50, 200, rng=np.random.default_rng(100))
    models = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        models.append(Model(init_rnn(1, 3, rng=rng), init_readout(3, 1, rng=rng)))
    own, unseen = (
        Crowd(models[0], asked, two_class=True, dtype=np.float32) for asked in (sets, [judged])
    )
    return own, unseen, own.rows(models)


# ---------------------------------------------------------------- the answer

SEARCHES = ("guessing", "descent", "cold", "heat")


def successes() -> list[dict[str, Count | None]]:
    """On the map, the round trip and recall: how many runs of each of SEARCHES succeed. Section 7.

    Each at the best setting that was tried; None where there is no such search.
    """
    small = ridge_walks()[0.3, True][1]
    on_map = {
        "guessing": guesses_on_map(),
        "descent": max(descents_on_map().values(), key=lambda count: count.percent),
        "cold": _of_walks(small[0]),
        "heat": _of_walks(small[1:-1].max()),
    }
    trips = round_trips()
    names = {"guessing": "guessing", "cold": "four", "heat": "cooled"}
    on_trip = {"descent": None, **{name: trips.near(trips.met[own]) for name, own in names.items()}}
    hunt = recall_searches()[0]
    recalls = {
        name: _count(r_squared(hunt.unseen, rows) > ENOUGH) for name, rows in recall_found().items()
    }
    on_recall = {
        "guessing": max(recalls[f"guessing, ±{width}"] for width in WIDTHS),
        "descent": recalls["descent"],
        "cold": recalls["walk, T = 0"],
        "heat": max(recalls[f"walk, T = {T:g}"] for T in HEATS[1:]),
    }
    return [on_map, on_trip, on_recall]


def _of_walks(percent):
    return Count(round(percent * RIDGE_WALKS / 100), RIDGE_WALKS)


def _count(true):
    return Count(int(np.sum(true)), np.size(true))
