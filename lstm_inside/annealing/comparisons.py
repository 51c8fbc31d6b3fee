"""The comparisons of notebook 06, each computed once: its answer lays them side by side."""

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from lstm_core import init_rnn
from lstm_inside import validate
from lstm_inside.annealing.landscape import (
    HERE,
    HIGH,
    LOW,
    descent_path,
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
from lstm_inside.annealing.search import (
    GRADIENT_COST,
    acceptance,
    anneal_many,
    geometric_cooling,
)
from lstm_inside.annealing.tours import (
    anneal_tours,
    double_bridge,
    guess_tours,
    reversal_change,
    tour_lengths,
)
from lstm_inside.gates.recall import LATCH, recall_score
from lstm_inside.tasks import recall_problem, two_sequence_problem
from lstm_inside.training import Model, init_readout

LOW_LOSS = 0.05  # on the map
ENOUGH = 0.9  # a share right, or R squared, above which a network has found the rule, or recalls
LESS = 0.2  # the same of walks on the map that cool less
END = 0.05  # the last temperature of every walk that is annealed, as a share of its first
BLIND = 1e9  # so hot that every candidate is taken
RIDGE_HEATS = (0, 0.125, 0.25, 0.5, 1, 2, 4, np.inf)
SMALL, LARGE = 0.3, 1.5  # steps on the map
RIDGE_WALKS, RIDGE_LOOKS = 480, 1000


class Count(NamedTuple):
    """How many of the runs succeed."""

    found: int
    runs: int

    @property
    def percent(self) -> float:
        return 100 * self.found / self.runs

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share, in %: E. Wilson, J. Am. Stat. Assoc. 22, 1927."""
        n, share, z = self.runs, self.found / self.runs, 1.96
        middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
        return 100 * max(middle - half, 0.0), 100 * min(middle + half, 1.0)


def cooled(start, looks) -> np.ndarray:
    """The temperatures of so many looks by (6.4), from start to END times start.

    Raises ValueError or TypeError for a start below 0 and for fewer than 2 looks.
    """
    validate.whole("looks", looks, 2)
    return geometric_cooling(start, END ** (1 / (looks - 1)), looks)


def ridge_walks() -> dict[str, np.ndarray]:
    """How many of the walks on the map met a low place, and how many end in one. Section 4.

    "fixed" and "annealed" -> (2, 8), a column for each temperature of RIDGE_HEATS. The last
    one takes every candidate on the map and has nothing to cool. 480 walks of 1,000 looks with
    small steps from `landscape.HERE` each, all with the same random numbers.
    """
    return _ridge()[0]


@cache
def _ridge():
    """What `ridge_walks` returns; and the share of candidates taken at each fixed T but 0 and ∞."""
    heats = np.repeat(RIDGE_HEATS[:-1], RIDGE_WALKS)
    places, *_ = _walks_on_map(lambda each: 0 * each[:, 0], SMALL, np.zeros(RIDGE_WALKS), 1)
    blind, found = np.array([valley_loss(each) for each in places]), {}
    for name, course in (("fixed", np.ones(RIDGE_LOOKS)), ("annealed", cooled(1.0, RIDGE_LOOKS))):
        _, heights, moved = _walks_on_map(valley_loss, SMALL, heats, course[:, None])
        if name == "fixed":
            taken = moved[1:].mean(axis=0).reshape(-1, RIDGE_WALKS)
        low = np.concatenate([heights, blind], axis=1) < LOW_LOSS
        low = np.array([low.any(axis=0), low[-1]])
        found[name] = low.reshape(2, -1, RIDGE_WALKS).sum(axis=2)
    return found, taken[1:].mean(axis=1)


@cache
def ridge_cooled_less() -> tuple[float, Count]:
    """The best start of walks that cool to a fifth, and how many of them end low. Section 4.

    Tried from 0.25 to 2.
    """
    tried = RIDGE_HEATS[2:-2]
    heats = np.repeat(tried, RIDGE_WALKS)
    course = geometric_cooling(1.0, LESS ** (1 / (RIDGE_LOOKS - 1)), RIDGE_LOOKS)
    low = _walks_on_map(valley_loss, SMALL, heats, course[:, None])[1][-1] < LOW_LOSS
    low = low.reshape(-1, RIDGE_WALKS)
    best = int(low.sum(axis=1).argmax())
    return tried[best], _count(low[best])


def best_heats(which="end") -> dict[str, int]:
    """For "fixed" and "annealed", the column of RIDGE_HEATS from which most walks end low.

    which: "end", or "met" for the one from which most meet a low place. Raises ValueError for
    anything else.
    """
    validate.choice("which", which, ("met", "end"))
    row = ("met", "end").index(which)
    return {name: 1 + int(each[row, 1:-1].argmax()) for name, each in ridge_walks().items()}


def _walks_on_map(loss, step, heats, course):
    """Walks driven by `loss`, RIDGE_WALKS at each of the heats; what `anneal_many` returns."""
    drawn = [np.random.default_rng(1) for _ in range(len(heats) // RIDGE_WALKS)]
    return anneal_many(
        walled(loss), np.tile(HERE, (len(heats), 1)), heats * course * np.ones((RIDGE_LOOKS, 1)),
        step=step, rng=drawn,
    )  # fmt: skip


def guesses_on_map() -> Count:
    """How many runs of as many guesses as the walks have looks meet a low place. Section 4."""
    drawn = np.random.default_rng(1).uniform(LOW, HIGH, (RIDGE_LOOKS, RIDGE_WALKS, 2))
    return _count(np.min([valley_loss(each) for each in drawn], axis=0) < LOW_LOSS)


@cache
def leaps_on_map() -> Count:
    """How many downhill walks with large steps meet a low place, from `landscape.HERE`."""
    _, heights, _ = _walks_on_map(valley_loss, LARGE, np.zeros(RIDGE_WALKS), 1)
    return _count(heights.min(axis=0) < LOW_LOSS)


STARTS = (1, 5, 20)  # anywhere on the map, of a run that shares its looks among them
START_RUNS = 480


@cache
def starts_on_map() -> dict[str, dict[int, Count]]:
    """How many runs from one to twenty places anywhere on the map meet a low place. Section 4.

    "starts": one of the places is low already. "descent". "downhill", "annealed": walks with small
    steps; these cool from the start that is best in `ridge_walks`. START_RUNS of each.
    """
    found = {"starts": {}, "descent": {}, "downhill": {}, "annealed": {}}
    hot = RIDGE_HEATS[best_heats()["annealed"]]
    for starts in STARTS:
        here = np.random.default_rng(3).uniform(LOW, HIGH, (starts * START_RUNS, 2))
        looks = RIDGE_LOOKS // starts
        heats = np.outer(cooled(hot, looks - 1), np.ones(len(here)))
        cold, warm = (_heights(here, T) for T in (0 * heats, heats))
        lowest = {"starts": cold[0], "downhill": cold[-1], "annealed": warm.min(axis=0),
                  "descent": valley_loss(here)}  # fmt: skip
        for _ in range(looks // GRADIENT_COST - 1):
            here = here - 0.1 * valley_gradient(here)
            lowest["descent"] = np.minimum(lowest["descent"], valley_loss(here))
        for name, each in lowest.items():
            found[name][starts] = _count(each.reshape(starts, -1).min(axis=0) < LOW_LOSS)
    return found


def _heights(here, temperatures):
    """The losses of walks with small steps from `here` (K, 2): (looks, K)."""
    rng = np.random.default_rng(1)
    return anneal_many(walled(valley_loss), here, temperatures, step=SMALL, rng=rng)[1]


# ---------------------------------------------------------------- round trips

MAPS, RUNS, TOUR_LOOKS = 10, 12, 20_000
BRIDGE = 0  # of the moves of a kick: no blind ones, but a double bridge
TRIP_STARTS, KICK_EVERY, KICK_MOVES = (1, 2, 4, 8), (500, 1000, 2000, 4000), (1, 2, BRIDGE)
TRIP_HEATS = {
    "fixed": (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32),
    "annealed": (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64),
}
FOUR, FIXED, HEAT = 4, 0.02, 0.08  # what is best on the map for practice
KICKS = {"kicked": (2000, 2), "bridge": (2000, BRIDGE)}  # the best kick, and the best of its kind
NEAR = 2  # %, by which a tour may be longer than the shortest
# The shortest tours of the ten maps, proved by benchmarks/optimal_tours.py.
SHORTEST = (5.2091997945, 5.1679389794, 5.0099545153, 5.1557589124, 5.2786683748,
            5.4153553116, 5.0194139583, 4.3647450982, 5.3791139834, 5.2325433848)  # fmt: skip


SHORTEST_PRACTICE = 5.5306158376  # of the map of the explorer, proved likewise


def practice_map() -> np.ndarray:
    """The 40 cities of the explorer, on which settings are chosen: (40, 2). Section 5."""
    return np.random.default_rng(0).random((40, 2))


def practice_trips() -> dict[str, dict[float, np.ndarray]]:
    """The shortest that 24 runs met on the map of the explorer, to choose settings by. Section 5.

    "downhill": by the number of starts that share the looks; "kicked": by how many looks lie
    between two kicks, and how many candidates each takes blindly (BRIDGE: one double bridge);
    "fixed", "annealed": by temperature. The shares of all candidates that its fixed walks take
    are in `shares_taken`.
    """
    return _practice()[0]


@cache
def _practice():
    """What `practice_trips` returns; and where its walks at a fixed T ended, (7, 24, 40)."""
    cities, runs, rng = practice_map()[None], 24, np.random.default_rng
    found = {"downhill": {n: _shared_trips(cities, n, runs, 1)[:, 0] for n in TRIP_STARTS}}
    kicks = [(every, moves) for every in KICK_EVERY for moves in KICK_MOVES]
    kicked = _kicked_trips(cities, *np.repeat(kicks, runs, axis=0).T, 41)[:, 0]
    found["kicked"] = dict(zip(kicks, kicked.reshape(-1, runs), strict=True))
    heats = np.concatenate([
        np.outer(course, TRIP_HEATS[name])
        for name, course in (("fixed", np.ones(TOUR_LOOKS)), ("annealed", cooled(1.0, TOUR_LOOKS)))
    ], axis=1)  # fmt: skip
    starts = _random_tours(rng(1), heats.shape[1] * runs)
    walks = anneal_tours(cities, starts, np.repeat(heats, runs, axis=1), rng=rng(2))
    lengths = tour_lengths(cities, walks.best).reshape(2, -1, runs)
    for name, each in zip(("fixed", "annealed"), lengths, strict=True):
        found[name] = dict(zip(TRIP_HEATS[name], each, strict=True))
    return found, walks.path[-1].reshape(2, -1, runs, 40)[0]


@cache
def shares_taken() -> dict[str, dict[float, float]]:
    """The share of candidates that walks at a fixed T take, by temperature. Section 5.

    "map": counted, over all looks of `ridge_walks`. "trip": expected by (6.2), over all reversals
    of the tours where the practice walks ended.
    """
    ends, cities = _practice()[1], practice_map()[None]
    first, last = 1 + np.array(np.triu_indices(39, 1))
    return {
        "map": dict(zip(RIDGE_HEATS[1:-1], _ridge()[1], strict=True)),
        "trip": {
            T: float(acceptance(reversal_change(cities, tours, first, last), T).mean())
            for T, tours in zip(TRIP_HEATS["fixed"], ends, strict=True)
        },
    }


class RoundTrips(NamedTuple):
    """Round trips on ten maps of 40 cities, twelve runs of 20,000 looks on each.

    None of them is the map of the explorer, on which the settings were chosen.
    maps (10, 40, 2). downhill (12, 10, 40): where one downhill walk of all the looks ends.
    met: name of a search -> lengths (R, 10) of the shortest tours that it met. last: of those
    where it ended. shortest (10,): the length of the shortest tour there is.
    """

    maps: np.ndarray
    downhill: np.ndarray
    met: dict[str, np.ndarray]
    last: dict[str, np.ndarray]
    shortest: np.ndarray

    def beyond(self, lengths) -> np.ndarray:
        """By how many per cent lengths (..., 10) are longer than the shortest: (..., 10)."""
        return 100 * (lengths / self.shortest - 1)

    def better(self, name) -> int:
        """On how many maps the median tour of a search is shorter than four starts and kicks.

        Raises ValueError for a search that is not in `met`.
        """
        validate.choice("name", name, tuple(self.met))
        medians = {key: np.median(each, axis=0) for key, each in self.met.items()}
        return int((medians[name] < np.minimum(medians["four"], medians["kicked"])).sum())

    def near(self, lengths) -> Count:
        """How many of the lengths (..., 10) are at most NEAR % longer than the shortest."""
        return _count(self.beyond(lengths) <= NEAR)


@cache
def round_trips() -> RoundTrips:
    """Annealing beside its controls, each at the setting that did best in practice. Section 5."""
    rng = np.random.default_rng
    maps = rng(0).random((MAPS + 1, 40, 2))[1:]  # the first is that of the explorer
    courses = {"downhill": 0.0, "fixed": FIXED, "annealed": cooled(HEAT, TOUR_LOOKS),
               "blind": BLIND}  # fmt: skip
    heats = np.stack([course * np.ones(TOUR_LOOKS) for course in courses.values()], axis=1)
    starts = np.tile(_random_tours(rng(21), RUNS * MAPS), (len(courses), 1))
    walks = anneal_tours(maps, starts, np.repeat(heats, RUNS * MAPS, axis=1), rng=rng(22))
    met, last = (
        dict(zip(courses, tour_lengths(maps, each.reshape(-1, RUNS, MAPS, 40)), strict=True))
        for each in (walks.best, walks.path[-1])
    )
    met["four"] = _shared_trips(maps, FOUR, RUNS, 23)
    kicked = _kicked_trips(maps, *np.repeat([*KICKS.values()], RUNS, axis=0).T, 27)
    met |= dict(zip(KICKS, kicked.reshape(len(KICKS), RUNS, MAPS), strict=True))
    met["guessing"] = tour_lengths(maps, guess_tours(maps, TOUR_LOOKS, rng=rng(25))[None])
    downhill = walks.best[: RUNS * MAPS].reshape(RUNS, MAPS, 40)
    return RoundTrips(maps, downhill, met, last, np.array(SHORTEST))


def _shared_trips(maps, starts, runs, seed):
    """The length of the shortest tour of so many downhill walks that share the looks: (runs, M)."""
    R = runs * starts * len(maps)
    tours = _random_tours(np.random.default_rng(seed), R)
    cold = np.zeros((TOUR_LOOKS // starts, R))
    found = anneal_tours(maps, tours, cold, rng=np.random.default_rng(seed + 1)).best
    return tour_lengths(maps, found.reshape(runs, starts, len(maps), 40)).min(axis=1)


def _kicked_trips(maps, every, moves, seed):
    """The lengths of downhill walks that are kicked now and then: (R, M).

    After every[r] looks run r goes back to the shortest tour it has met, takes moves[r] candidates
    blindly or, at BRIDGE, one double bridge, and goes on downhill; both (R,), `every` in multiples
    of its smallest entry.
    """
    every, moves = (np.repeat(each, len(maps)) for each in (every, moves))
    rng, block = np.random.default_rng(seed + 1), int(every.min())
    here = best = _random_tours(np.random.default_rng(seed), len(every))
    for looks in range(0, TOUR_LOOKS, block):
        due = (looks % every == 0) & (looks > 0)
        kick = (np.arange(block)[:, None] < moves) & due
        back = np.where((moves == BRIDGE)[:, None], double_bridge(best, rng=rng), best)
        walks = anneal_tours(maps, np.where(due[:, None], back, here), BLIND * kick, rng=rng)
        here, both = walks.path[-1], np.stack([best, walks.best])
        shorter = tour_lengths(maps, both).argmin(axis=0)
        best = both[shorter, np.arange(len(best))]
    return tour_lengths(maps, best.reshape(-1, len(maps), 40))


def _random_tours(rng, count):
    return rng.permuted(np.tile(np.arange(40), (count, 1)), axis=1)


# ---------------------------------------------------------------- recall

STEPS = (0.1, 0.3)  # of the walks
SHRINKING = 0.3, 0.01  # the first step and the last of a walk whose steps shrink
HEATS = (0.003, 0.01, 0.03)  # start temperatures of the annealed walks
STEADY = 0.01  # the fixed one
WIDTHS, SHOWN = (1, 3, 10), 3  # of guesses; which is drawn
RATES = (0.03, 0.1)  # of descent
BUDGET = 1200  # looks at the loss for each search
DRAWS = 2  # of every walk
MORE = 128  # sequences, four times as many, of one more hunt
FORGET_BIAS = 13  # which of the 18 weights it is
AROUND = 3.0 * (np.arange(18) == FORGET_BIAS)  # what guesses lie around: an open forget gate


@cache
def recall_searches() -> tuple[RecallHunt, dict[str, list[Found]]]:
    """One hunt for the weights of recall, every search at BUDGET looks from 12 starts. Section 6.

    By name: walks, DRAWS with each step size, and twice as many whose steps shrink; guessing
    within each of WIDTHS, around a forget gate as open as that of the starts; descent at two rates.
    """
    hunt, ones = recall_hunt(), np.ones(BUDGET - 1)
    courses = {"downhill": 0 * ones, "downhill, shrinking": 0 * ones,
               f"fixed, T = {STEADY:g}": STEADY * ones}  # fmt: skip
    courses |= {f"annealed, T = {T:g}": cooled(T, BUDGET - 1) for T in HEATS}
    courses["blind"] = BLIND * ones
    even = np.outer(np.repeat(STEPS, DRAWS), ones)
    shrinking = np.tile(np.geomspace(*SHRINKING, BUDGET - 1), (len(even), 1))
    steps = [shrinking if "shrinking" in name else even for name in courses]
    walks = anneal_all(
        hunt.crowd, hunt.starts, np.repeat([*courses.values()], len(even), axis=0),
        step=np.concatenate(steps), rng=np.random.default_rng(0),
    )  # fmt: skip
    many = len(even)
    found = {name: walks[n * many : (n + 1) * many] for n, name in enumerate(courses)}
    for width in WIDTHS:
        rng = np.random.default_rng(1)
        guesses = guess_all(hunt.crowd, width, BUDGET, around=AROUND, rng=rng)
        found[f"guessing, ±{width}"] = [guesses]
    found["descent"] = descend_all(hunt.crowd, hunt.starts, RATES, BUDGET // GRADIENT_COST)
    return hunt, found


@cache
def recall_shrinking() -> dict[str, Count]:
    """How many walks with heat recall whose steps shrink, as those of the downhill walk. Section 6.

    By name: annealed from each of HEATS, and at the lowest of them all the time; 48 of each.
    """
    hunt, each = recall_searches()[0], len(STEPS) * DRAWS
    courses = {f"annealed, T = {T:g}": cooled(T, BUDGET - 1) for T in HEATS}
    courses[f"fixed, T = {HEATS[0]:g}"] = np.full(BUDGET - 1, HEATS[0])
    schedules = np.repeat([*courses.values()], each, axis=0)
    steps = np.tile(np.geomspace(*SHRINKING, BUDGET - 1), (len(schedules), 1))
    walks = anneal_all(hunt.crowd, hunt.starts, schedules, step=steps,
                       rng=np.random.default_rng(9))  # fmt: skip
    rows = np.array([walk.best for walk in walks]).reshape(len(courses), -1, hunt.crowd.size)
    return {
        name: _count(r_squared(hunt.unseen, found) > ENOUGH)
        for name, found in zip(courses, rows, strict=True)
    }


@cache
def recall_with_more() -> tuple[Count, tuple[float, float]]:
    """Annealed walks from the lowest of HEATS with MORE training sequences. Section 6.

    How many recall; and their median losses on the training sequences and on unseen ones.
    """
    starts, hunt = recall_searches()[0].starts, recall_hunt(B=MORE)
    walks = anneal_all(hunt.crowd, starts, [cooled(HEATS[0], BUDGET - 1)] * len(STEPS), step=STEPS,
                       rng=np.random.default_rng(3))  # fmt: skip
    rows = np.concatenate([each.best for each in walks])
    losses = (np.median(hunt.crowd.losses(rows)), np.median(hunt.unseen.losses(rows)))
    return _count(r_squared(hunt.unseen, rows) > ENOUGH), losses


def recall_found(which="best") -> dict[str, np.ndarray]:
    """The weights (K, P) with the lowest training loss that each kind of search found.

    which: "best", or "last" for where it ended. Raises ValueError for anything else.
    """
    validate.choice("which", which, ("best", "last"))
    searches = recall_searches()[1]
    return {
        name: np.concatenate([getattr(each, which) for each in found])
        for name, found in searches.items()
    }


def recall_shown() -> tuple[dict[str, np.ndarray], dict[str, tuple[float | None, float]], float]:
    """What section 6 draws: every search of recall and descent on fresh sequences.

    Of guesses one range, and of the start temperatures the one from which most recall.
    By name: R squared on unseen sequences (K,); the median loss on the training sequences (None
    for fresh ones) and on unseen ones. And R squared of the latch, set by hand.
    """
    hunt, best = recall_searches()[0], recall_found()
    for width in WIDTHS:
        if width != SHOWN:
            del best[f"guessing, ±{width}"]
    counts = recall_annealed()
    for T in sorted(HEATS, key=counts.get, reverse=True)[1:]:
        del best[f"annealed, T = {T:g}"]
    losses = {
        name: (np.median(hunt.crowd.losses(rows)), np.median(hunt.unseen.losses(rows)))
        for name, rows in best.items()
    }
    best["descent, fresh"] = recall_fresh()
    losses["descent, fresh"] = None, np.median(hunt.unseen.losses(best["descent, fresh"]))
    recalls = {name: r_squared(hunt.unseen, rows) for name, rows in best.items()}
    unseen = recall_problem(LENGTH, 500, rng=np.random.default_rng(9))
    return recalls, losses, recall_score(LATCH, unseen.xs, unseen.targets).r2


def recall_annealed() -> dict[float, int]:
    """How many annealed walks recall, by their start temperature. Section 6."""
    unseen, found = recall_searches()[0].unseen, recall_found()
    return {
        T: int((r_squared(unseen, found[f"annealed, T = {T:g}"]) > ENOUGH).sum()) for T in HEATS
    }


@cache
def recall_fresh() -> np.ndarray:
    """What descent makes of the 12 starts on fresh sequences at every step: (12, P)."""
    hunt = recall_searches()[0]
    return learn_fresh(
        hunt.crowd, hunt.starts, lambda B, rng: recall_problem(LENGTH, B, rng=rng),
        rate=0.03, count=BUDGET // GRADIENT_COST, rng=np.random.default_rng(1),
    )  # fmt: skip


CANDIDATES = 200
SMALLER = 0.01
DOWN_STEPS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


@cache
def ways_down() -> dict[str, np.ndarray]:
    """How many % of the steps from a place have a lower loss, by DOWN_STEPS: (6,) each. Section 6.

    "starts": CANDIDATES from each of the starts. "ends": from where the downhill walks ended.
    """
    crowd, rng = recall_searches()[0].crowd, np.random.default_rng(7)
    places = {"starts": recall_searches()[0].starts, "ends": recall_found("last")["downhill"]}
    return {
        name: np.array([_lower(crowd.losses, rows, step, rng) for step in DOWN_STEPS])
        for name, rows in places.items()
    }


BOWL_SIZES = (2, 6, 18, 60, 200)  # numbers of weights
BOWL_GOAL = 0.01  # of the mean loss of its starts
BOWL_RATE, BOWL_STEP = 0.1, 1.2  # of descent; of a walk, times its distance over n: what pays most


@cache
def bowl_looks() -> dict[str, np.ndarray]:
    """How many looks a plain bowl takes, by BOWL_SIZES: (5,) each. Section 6.

    The loss is half the squared distance of n weights from 0, starts are uniform within 1 of it.
    "guessing": on average, within the same range. "downhill": the median of 20 walks, their steps
    always as large as pays most. "descent": at one rate, three looks a step.
    """
    found = {"guessing": [], "downhill": [], "descent": []}
    rng = np.random.default_rng(5)
    for n in BOWL_SIZES:
        goal = BOWL_GOAL * n / 3  # of the squared distance, n / 3 on average
        log_ball = n / 2 * math.log(math.pi * goal) - math.lgamma(n / 2 + 1)
        found["guessing"].append(math.exp(n * math.log(2) - log_ball))
        here = rng.uniform(-1, 1, (20, n))
        square, needed, looks = (here**2).sum(axis=1), np.zeros(20), 0
        while not needed.all():
            needed[(square <= goal) & (needed == 0)] = looks + 1
            there = here + BOWL_STEP / n * np.sqrt(square)[:, None] * rng.standard_normal((20, n))
            value = (there**2).sum(axis=1)
            here[value < square] = there[value < square]
            square, looks = np.minimum(value, square), looks + 1
        found["downhill"].append(np.median(needed))
        steps = math.ceil(math.log(BOWL_GOAL) / math.log(1 - BOWL_RATE) / 2)
        found["descent"].append(GRADIENT_COST * steps)
    return {name: np.array(each) for name, each in found.items()}


@cache
def going_on() -> dict[str, tuple[Count, float]]:
    """What becomes of the downhill walks of recall with as many looks again. Section 6.

    "before"; "downhill": with SMALLER steps; "descent": at the lower of RATES. How many recall,
    and their median training loss.
    """
    hunt, ends = recall_searches()[0], recall_found("last")["downhill"]
    walks = anneal_all(hunt.crowd, ends, np.zeros((1, BUDGET)), step=SMALLER,
                       rng=np.random.default_rng(8))[0]  # fmt: skip
    learned = descend_all(hunt.crowd, ends, RATES[:1], BUDGET // GRADIENT_COST)[0]
    rows = {"before": ends, "downhill": walks.best, "descent": learned.best}
    return {
        name: (_count(r_squared(hunt.unseen, each) > ENOUGH),
               float(np.median(hunt.crowd.losses(each))))
        for name, each in rows.items()
    }  # fmt: skip


def _lower(losses, rows, step, rng, at_once=20):
    """How many % of CANDIDATES around each row (K, P) lower its loss, of all rows together."""
    now, lower = losses(rows), 0
    for _ in range(CANDIDATES // at_once):
        there = rows + step * rng.standard_normal((at_once, *rows.shape))
        values = losses(there.reshape(-1, rows.shape[1])).reshape(at_once, -1)
        lower += (values < now).sum()
    return 100 * lower / (CANDIDATES * len(rows))


@cache
def recall_starts() -> int:
    """From how many starts some walk recalls, but for heat with shrinking steps. Section 6."""
    unseen, found = recall_searches()[0].unseen, recall_found()
    scores = {name: r_squared(unseen, rows) for name, rows in found.items()}
    walks = [each for name, each in scores.items() if not name.startswith(("guess", "desc"))]
    own = len(recall_searches()[0].starts)
    ever = (np.concatenate(walks).reshape(-1, own) > ENOUGH).any(axis=0)
    return int(ever.sum())


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

    By name: walks with steps of 1, downhill and annealed, and guessing (four draws of each),
    descent on 16 sequences and on fresh ones (two rates of each).
    """
    own, unseen, starts = _sign_crowd()
    walks = anneal_all(own, starts, [cooled(T, 599) for T in (0, 0.03) for _ in range(4)],
                       step=1.0, rng=np.random.default_rng(0))  # fmt: skip
    found = {"downhill": walks[:4], "annealed, T = 0.03": walks[4:]}
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

SEARCHES = ("guessing", "descent", "downhill", "helped", "fixed", "annealed", "blind")


def successes() -> list[dict[str, Count | None]]:
    """On the map, the round trip and recall: how many runs of each of SEARCHES succeed. Section 7.

    On the map all but guessing set out from `landscape.HERE`; descent from there draws nothing, so
    it is one run. "helped": the downhill walk with large steps, kicks, shrinking steps. On the map
    the temperatures are those from which most walks END low, at recall annealing has the start
    from which most recall. None where there is no such search.
    """
    ridge, at = ridge_walks(), best_heats()
    stuck = descent_path(count=RIDGE_LOOKS // GRADIENT_COST - 1)
    on_map = {
        "guessing": guesses_on_map(),
        "descent": _count(valley_loss(stuck).min(keepdims=True) < LOW_LOSS),
        "downhill": Count(int(ridge["fixed"][0, 0]), RIDGE_WALKS),
        "helped": leaps_on_map(),
        **{name: Count(int(ridge[name][0, n]), RIDGE_WALKS) for name, n in at.items()},
        "blind": Count(int(ridge["fixed"][0, -1]), RIDGE_WALKS),
    }
    trips = round_trips()
    own = {"downhill": "four", "helped": "kicked"}
    on_trip = {
        name: None if name == "descent" else trips.near(trips.met[own.get(name, name)])
        for name in SEARCHES
    }
    hunt = recall_searches()[0]
    right = {name: r_squared(hunt.unseen, rows) > ENOUGH for name, rows in recall_found().items()}
    right["helped"] = right.pop("downhill, shrinking")
    on_recall = {}
    for name in SEARCHES:
        own = [each for key, each in right.items() if key.startswith(name)]
        best = max(own, key=np.sum) if name == "annealed" else np.concatenate(own)
        on_recall[name] = _count(best)
    return [{name: each[name] for name in SEARCHES} for each in (on_map, on_trip, on_recall)]


def settings() -> list[dict[str, float]]:
    """The temperatures of "fixed" and "annealed" (its first) on the three tasks of `successes`."""
    on_map = {name: RIDGE_HEATS[n] for name, n in best_heats().items()}
    counts = recall_annealed()
    on_recall = {"fixed": STEADY, "annealed": max(counts, key=counts.get)}
    return [on_map, {"fixed": FIXED, "annealed": HEAT}, on_recall]


def endings() -> list[dict[str, Count]]:
    """Of the same walks as in `successes`: how many end in what they met. Section 7.

    On the round trip, of the walks with heat: the others keep their best. At recall every run hands
    in the best that it met.
    """
    ridge, trips = ridge_walks(), round_trips()
    leaps = _walks_on_map(valley_loss, LARGE, np.zeros(RIDGE_WALKS), 1)[1][-1]
    on_map = {
        "downhill": Count(int(ridge["fixed"][1, 0]), RIDGE_WALKS),
        "helped": _count(leaps < LOW_LOSS),
        **{name: Count(int(ridge[name][1, n]), RIDGE_WALKS) for name, n in best_heats().items()},
        "blind": Count(int(ridge["fixed"][1, -1]), RIDGE_WALKS),
    }
    on_trip = {name: trips.near(trips.last[name]) for name in ("fixed", "annealed", "blind")}
    return [on_map, on_trip, {}]


def _count(true):
    return Count(int(np.sum(true)), np.size(true))
