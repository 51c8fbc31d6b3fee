"""The comparisons of notebook 06, each computed once: its answer lays them side by side."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from lstm_core import init_lstm, init_rnn
from lstm_inside.annealing.landscape import (
    HERE,
    HIGH,
    LOW,
    valley_gradient,
    valley_loss,
    walled,
)
from lstm_inside.annealing.many import Crowd, Found, anneal_all, descend_all, guess_all
from lstm_inside.annealing.recall import RecallHunt, learn_fresh, r_squared, recall_hunt
from lstm_inside.annealing.search import GRADIENT_COST, anneal_many, geometric_cooling
from lstm_inside.annealing.tours import anneal_tours, guess_tours, tour_lengths
from lstm_inside.gates.recall import LATCH, recall_score
from lstm_inside.tasks import recall_problem, two_sequence_problem
from lstm_inside.training import Model, init_readout

LOW_LOSS = 0.05  # on the map
ENOUGH = 0.9  # a share right, or R squared, above which a network has found the rule, or recalls
RIDGE_HEATS = (0, 0.1, 0.25, 0.5, 1, 2)
RIDGE_STEPS, RIDGE_ENDS = (1.5, 0.3), (0.22, 0.01, 1)
RIDGE_WALKS, RIDGE_LOOKS = 96, 1000
GUESSES, MOVES = 1000, (0.1, 0.5)


@cache
def ridge_walks() -> dict[tuple[float, float], np.ndarray]:
    """Of 16 walks on the map from `landscape.HERE`: how many end low, how many met a low place.

    (step size, end) -> (2, 6), a column for each start temperature of RIDGE_HEATS, which falls to
    `end` times itself by (6.4); 1 keeps it. A mean over 96 walks of 1,000 looks. Section 4.
    """
    found = {}
    for step in RIDGE_STEPS:
        for end in RIDGE_ENDS:
            heats = np.repeat(RIDGE_HEATS, RIDGE_WALKS)
            cooling = end ** (np.arange(RIDGE_LOOKS) / RIDGE_LOOKS)
            _, losses, _ = anneal_many(
                walled(valley_loss), np.tile(HERE, (len(heats), 1)), np.outer(cooling, heats),
                step=step, rng=np.random.default_rng(1),
            )  # fmt: skip
            low = np.array([losses[-1], losses.min(axis=0)]) < LOW_LOSS
            found[step, end] = 16 * low.reshape(2, -1, RIDGE_WALKS).mean(axis=2)
    return found


class SignSearch(NamedTuple):
    """What the runs of one kind of search came to on the sign.

    own, unseen: the crowds that ask a run's network for its own training set, and for 200 unseen
    sequences. best (K, P): the weights with the lowest training loss. right (K,): the share of the
    unseen sequences that they answer rightly.
    """

    own: Crowd
    unseen: Crowd
    best: np.ndarray
    right: np.ndarray


@cache
def sign_searches() -> dict[str, SignSearch]:
    """Searches for the sign of the first three numbers, 600 looks each from 12 starts. Section 5.

    By name: walks with two step sizes from three temperatures, guessing (four draws of each),
    descent on the RNN and on the LSTM with an open forget gate (two rates of each).
    A look at the LSTM takes about four times as long, and is charged as one.
    """
    own, unseen, starts = _sign_crowd(init_rnn)
    settings = [(step, T) for step in (1.0, 0.3) for T in (0, 0.03, 0.1)]
    each_walk = [setting for setting in settings for _ in range(4)]
    walks = anneal_all(
        own, starts, [geometric_cooling(T, 0.995, 599) for _, T in each_walk],  # to a twentieth
        step=[step for step, _ in each_walk], rng=np.random.default_rng(0),
    )  # fmt: skip
    found = {
        f"walk, step {step}, T = {T}": _signs(own, unseen, walks[4 * k : 4 * k + 4])
        for k, (step, T) in enumerate(settings)
    }
    guesses = [guess_all(own, 10, 600, rng=np.random.default_rng(draw)) for draw in range(4)]
    found["guessing, ±10"] = _signs(own, unseen, guesses)
    found["descent, RNN"] = _sign_descent(init_rnn)
    found["descent, LSTM, open"] = _sign_descent(init_lstm, forget_bias=5.0)
    return found


def half_open() -> SignSearch:
    """The control of "descent, LSTM, open": the same, its forget gates half open. Section 5."""
    return _sign_descent(init_lstm, forget_bias=0.0)


def _sign_descent(cell, **options):
    own, unseen, starts = _sign_crowd(cell, **options)
    paths = descend_all(own, starts, (0.01, 0.05), 600 // GRADIENT_COST)
    return _signs(own, unseen, paths)


def _sign_crowd(cell, **options):
    """12 networks of 3 units, each with 16 sequences of its own, and 200 unseen for all."""
    sets = [two_sequence_problem(50, 16, rng=np.random.default_rng(seed)) for seed in range(12)]
    judged = two_sequence_problem(50, 200, rng=np.random.default_rng(100))
    models = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        models.append(Model(cell(1, 3, rng=rng, **options), init_readout(3, 1, rng=rng)))
    own, unseen = (
        Crowd(models[0], asked, two_class=True, dtype=np.float32) for asked in (sets, [judged])
    )
    return own, unseen, own.rows(models)


def _signs(own, unseen, found):
    best = np.concatenate([each.best for each in found])
    return SignSearch(own, unseen, best, unseen.shares_right(best))


WALKS = tuple((step, T) for step in (0.1, 0.3) for T in (0.0, 0.003, 0.01))  # step, start T
WIDTH, RATES = 3, (0.03, 0.1)  # of guesses, of descent
BUDGET = 1200  # looks at the loss for each search
DRAWS = 2  # of every walk
FORGET_BIAS = 13  # which of the 18 weights it is
AROUND = 3.0 * (np.arange(18) == FORGET_BIAS)  # what guesses lie around: an open forget gate


@cache
def recall_searches() -> tuple[RecallHunt, dict[str, list[Found]]]:
    """One hunt for the weights of recall, every search at BUDGET looks from 12 starts. Section 7.

    By name: walks with the settings of WALKS (T = 0 is the control), DRAWS of each;
    guessing, around a forget gate as open as that of the starts; descent at two rates.
    """
    hunt, found = recall_hunt(), {}
    for settings, seed in ((WALKS[:4], 0), (WALKS[4:], 2)):
        each_walk = [setting for setting in settings for _ in range(DRAWS)]
        walks = anneal_all(
            hunt.crowd, hunt.starts,
            [geometric_cooling(T, 0.997, BUDGET - 1) for _, T in each_walk],
            step=[step for step, _ in each_walk], rng=np.random.default_rng(seed),
        )  # fmt: skip
        for n, (step, T) in enumerate(settings):
            found[f"walk, step {step}, T = {T:g}"] = walks[n * DRAWS : (n + 1) * DRAWS]
    rng = np.random.default_rng(1)
    found[f"guessing, ±{WIDTH}"] = [guess_all(hunt.crowd, WIDTH, BUDGET, around=AROUND, rng=rng)]
    paths = descend_all(hunt.crowd, hunt.starts, RATES, BUDGET // GRADIENT_COST)
    for rate, path in zip(RATES, paths, strict=True):
        found[f"descent, rate {rate:g}"] = [path]
    return hunt, found


def recall_best() -> dict[str, np.ndarray]:
    """The weights (K, P) with the lowest training loss that each kind of search found."""
    searches = recall_searches()[1]
    return {name: np.concatenate([each.best for each in found]) for name, found in searches.items()}


class Count(NamedTuple):
    """How many of the runs succeed."""

    found: int
    runs: int

    @property
    def percent(self) -> float:
        return 100 * self.found / self.runs


def single_guesses() -> tuple[Count, Count]:
    """How many guesses are good one by one: at the sign, at recall. Section 7.

    At the sign, GUESSES new ones on unseen sequences. At recall all of the searches, on their own
    training sequences.
    """
    guessed = sign_searches()["guessing, ±10"]
    rows = np.random.default_rng(5).uniform(-10, 10, (GUESSES, guessed.best.shape[1]))
    hunt, draws = recall_searches()
    losses = draws[f"guessing, ±{WIDTH}"][0].losses
    recall = 1 - losses / hunt.crowd.targets.var(axis=(1, 2)) > ENOUGH
    return _count(guessed.unseen.shares_right(rows) > ENOUGH), _count(recall)


def moved() -> dict[float, tuple[Count, Count]]:
    """Of good networks, how many stay good if every weight moves by up to a share of itself.

    Of MOVES each share -> those of the good guesses at the sign and of the networks of descent that
    recall; three moves of each.
    """
    guessed, hunt = sign_searches()["guessing, ±10"], recall_searches()[0]
    good = guessed.best[guessed.right > ENOUGH], recall_learned()
    by = [np.random.default_rng(1).uniform(-1, 1, (3, *each.shape)) for each in good]
    found = {}
    for share in MOVES:
        sign, recall = (
            (each * (1 + share * way)).reshape(-1, each.shape[1])
            for each, way in zip(good, by, strict=True)
        )
        found[share] = (_count(guessed.unseen.shares_right(sign) > ENOUGH),
                        _count(r_squared(hunt.unseen, recall) > ENOUGH))  # fmt: skip
    return found


def recall_learned() -> np.ndarray:
    """The networks of descent that recall, one a row."""
    hunt, best = recall_searches()[0], recall_best()
    rows = np.concatenate([best[name] for name in best if "descent" in name])
    return rows[r_squared(hunt.unseen, rows) > ENOUGH]


def recall_shown() -> tuple[dict[str, np.ndarray], dict[str, tuple[float | None, float]], float]:
    """What section 7 shows, of every search of recall and of descent on fresh sequences.

    By name: R squared on unseen sequences (K,); the median loss on the training sequences (None
    for fresh ones) and on unseen ones. And R squared of the latch, set by hand.
    """
    hunt, best = recall_searches()[0], recall_best()
    losses = {
        name: (np.median(hunt.crowd.losses(rows)), np.median(hunt.unseen.losses(rows)))
        for name, rows in best.items()
    }
    best["descent, fresh"] = recall_fresh()
    losses["descent, fresh"] = None, np.median(hunt.unseen.losses(best["descent, fresh"]))
    recalls = {name: r_squared(hunt.unseen, rows) for name, rows in best.items()}
    unseen = recall_problem(20, 500, rng=np.random.default_rng(9))
    return recalls, losses, recall_score(LATCH, unseen.xs, unseen.targets).r2


@cache
def recall_fresh() -> np.ndarray:
    """What descent makes of the 12 starts on 12,800 fresh sequences: (12, P)."""
    rng = np.random.default_rng(1)
    hunt = recall_searches()[0]
    (rows,) = learn_fresh(
        hunt, recall_problem, rate=0.03, count=BUDGET // GRADIENT_COST, rngs=[rng]
    )
    return rows


TRIP_HEATS = (0.005, 0.02, 0.05)  # of the walks that never cool


class RoundTrips(NamedTuple):
    """Round trips on three maps of 40 cities, run r on map r modulo 3; 20,000 looks each.

    None of them is the map of the explorer, on which the start temperature was chosen.
    maps (3, 40, 2). guessed (1, 3, 40). cold, four, hot (24, 3, 40): the shortest tour that a walk
    without heat met, the shortest of four such of 5,000 looks, that of a walk that cools.
    fixed: temperature -> that of a walk which keeps it. shortest (3,): the length of the shortest
    tour that any of them found.
    """

    maps: np.ndarray
    guessed: np.ndarray
    cold: np.ndarray
    four: np.ndarray
    hot: np.ndarray
    fixed: dict[float, np.ndarray]
    shortest: np.ndarray

    def beyond(self, tours) -> np.ndarray:
        """By how many per cent tours (..., 3, 40) are longer than the shortest: (..., 3)."""
        return 100 * (tour_lengths(self.maps, tours) / self.shortest - 1)

    def near(self, tours) -> int:
        """How many of the tours (..., 3, 40) are at most 2 % longer than the shortest."""
        return int((self.beyond(tours) <= 2).sum())

    @property
    def best_fixed(self) -> float:
        """The fixed temperature with the most tours near the shortest."""
        return max(self.fixed, key=lambda T: self.near(self.fixed[T]))


@cache
def round_trips() -> RoundTrips:
    """Annealing from 0.1 to a twentieth of it, by (6.4), beside its controls. Section 8."""
    looks, runs = 20_000, 24
    maps = np.random.default_rng(0).random((4, 40, 2))[1:]  # the first is that of the explorer
    cities = np.tile(np.arange(40), (4 * 3 * runs, 1))
    starts = np.random.default_rng(1).permuted(cities, axis=1)
    cooling = 0.05 ** (np.arange(looks) / looks)
    heats = np.outer(cooling, np.repeat((0, 0.1), 3 * runs))
    walks = anneal_tours(maps, starts[: 2 * 3 * runs], heats, rng=np.random.default_rng(2))
    cold, hot = walks.best.reshape(2, runs, 3, 40)
    short = np.zeros((looks // 4, len(starts)))
    each = anneal_tours(maps, starts, short, rng=np.random.default_rng(3)).best
    each = each.reshape(runs, 4, 3, 40)
    best = tour_lengths(maps, each).argmin(axis=1)[:, None, :, None]
    four = np.take_along_axis(each, best, axis=1)[:, 0]
    guessed = guess_tours(maps, looks, rng=np.random.default_rng(4))[None]
    kept = np.tile(np.repeat(TRIP_HEATS, 3 * runs), (looks, 1))
    steady = anneal_tours(maps, starts[: kept.shape[1]], kept, rng=np.random.default_rng(5)).best
    steady = steady.reshape(-1, runs, 3, 40)
    found = np.concatenate([guessed, cold, four, hot, *steady])
    shortest = tour_lengths(maps, found).min(axis=0)
    fixed = dict(zip(TRIP_HEATS, steady, strict=True))
    return RoundTrips(maps, guessed, cold, four, hot, fixed, shortest)


class Score(NamedTuple):
    """How many runs succeed on one task.

    By name of search, as `figures.search_in_words` knows it. walks: without heat, and with the
    best heat that cools. rivals: all other searches. fixed: a walk that never cools. others:
    searches in another network.
    """

    walks: dict[str, tuple[Count, Count]]
    rivals: dict[str, Count]
    fixed: Count | None = None
    others: Mapping[str, Count] = MappingProxyType({})


def successes() -> list[Score]:
    """What the searches came to on the map, the sign, recall and the round trip. Section 9.

    On the map descent sets out anywhere, five times. The cold walks of the round trip have four
    starts.
    """
    ridge = ridge_walks()
    on_map = {
        f"walk, step {step}": (_of_walks(ridge[step, 1][1, 0]),
                               _of_walks(ridge[step, 0.22][1, 1:].max()))
        for step in sorted(RIDGE_STEPS)
    }  # fmt: skip
    drawn = np.random.default_rng(1).uniform(LOW, HIGH, (RIDGE_LOOKS, RIDGE_WALKS, 2))
    lowest = np.min([valley_loss(each) for each in drawn], axis=0)
    signs = {name: search.right for name, search in sign_searches().items()}
    hunt = recall_searches()[0]
    recalls = {name: r_squared(hunt.unseen, best) for name, best in recall_best().items()}
    trips = round_trips()
    cold, hot, guessed, fixed = (
        _count(trips.beyond(tours) <= 2)
        for tours in (trips.four, trips.hot, trips.guessed, trips.fixed[trips.best_fixed])
    )
    return [
        Score(on_map, {"guessing": _count(lowest < LOW_LOSS),
                       "descent, five starts": _count(_lowest_of_descent() < LOW_LOSS)}),
        Score(_walks(signs, (0.3, 1.0)),
              {"guessing": _found(signs, "guessing"), "descent": _found(signs, "RNN")},
              others={"descent, LSTM, open": _found(signs, "LSTM")}),
        Score(_walks(recalls, (0.1, 0.3)),
              {"guessing": _found(recalls, "guessing"), "descent": _found(recalls, "descent")}),
        Score({"walk": (cold, hot)}, {"guessing": guessed}, fixed),
    ]  # fmt: skip


DESCENTS = 5  # starts of a run of descent on the map, which share its looks


def _lowest_of_descent():
    """The lowest loss that RIDGE_WALKS runs of descent meet, from DESCENTS places anywhere each."""
    here = np.random.default_rng(2).uniform(LOW, HIGH, (DESCENTS * RIDGE_WALKS, 2))
    lowest = valley_loss(here)
    for _ in range(RIDGE_LOOKS // DESCENTS // GRADIENT_COST - 1):
        here = here - 0.1 * valley_gradient(here)
        lowest = np.minimum(lowest, valley_loss(here))
    return lowest.reshape(DESCENTS, -1).min(axis=0)


def _walks(scores, steps):
    """Of scores by name of search: for each step size the cold walk and the best hot one."""
    found = {}
    for step in steps:
        walk = f"walk, step {step}"
        cold, *hot = (_count(scores[name] > ENOUGH) for name in scores if walk in name)
        found[walk] = cold, max(hot)
    return found


def _found(scores, words):
    """The runs above ENOUGH among the searches whose names have these words."""
    return _count(np.concatenate([scores[name] for name in scores if words in name]) > ENOUGH)


def _of_walks(of_16):
    """A mean of 16 walks as the count of all RIDGE_WALKS."""
    return Count(round(of_16 * RIDGE_WALKS / 16), RIDGE_WALKS)


def _count(true):
    return Count(int(np.sum(true)), np.size(true))
