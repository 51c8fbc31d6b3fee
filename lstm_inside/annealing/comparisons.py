"""The comparisons of notebook 06, each computed once: its answer lays them side by side."""

from functools import cache
from typing import NamedTuple

import numpy as np

from lstm_core import init_lstm, init_rnn
from lstm_inside.annealing.landscape import (
    HERE,
    HIGH,
    LOW,
    descent_path,
    valley_loss,
    walled,
)
from lstm_inside.annealing.many import Crowd, Found, anneal_all, descend_all, guess_all
from lstm_inside.annealing.recall import RecallHunt, learn_fresh, r_squared, recall_hunt
from lstm_inside.annealing.search import GRADIENT_COST, anneal_many, geometric_cooling
from lstm_inside.annealing.tours import anneal_tours, guess_tours, tour_lengths
from lstm_inside.tasks import recall_problem, two_sequence_problem
from lstm_inside.training import Model, init_readout

LOW_LOSS = 0.05  # on the map
RIDGE_HEATS = (0, 0.1, 0.25, 0.5, 1, 2)
RIDGE_STEPS, RIDGE_ENDS = (1.5, 0.3), (0.22, 1)
RIDGE_WALKS, RIDGE_LOOKS = 96, 1000


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

    By name: annealing with two step sizes from three temperatures, guessing (four draws of each),
    descent on the RNN and on the LSTM with an open and a half open forget gate (two rates of each).
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
        f"annealing, step {step}, T = {T}": _signs(own, unseen, walks[4 * k : 4 * k + 4])
        for k, (step, T) in enumerate(settings)
    }
    guesses = [guess_all(own, 10, 600, rng=np.random.default_rng(draw)) for draw in range(4)]
    found["guessing, ±10"] = _signs(own, unseen, guesses)
    for name, cell, options in (
        ("RNN", init_rnn, {}),
        ("LSTM, open", init_lstm, {"forget_bias": 5.0}),
        ("LSTM, half open", init_lstm, {"forget_bias": 0.0}),
    ):
        own, unseen, starts = _sign_crowd(cell, **options)
        paths = descend_all(own, starts, (0.01, 0.05), 600 // GRADIENT_COST)
        found[f"descent, {name}"] = _signs(own, unseen, paths)
    return found


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


WALKS = ((0.1, 0.0), (0.1, 0.003), (0.1, 0.01), (0.3, 0.0))  # step, start temperature
WIDTH, RATES = 3, (0.03, 0.1)  # of guesses, of descent
BUDGET = 1200  # looks at the loss for each search
DRAWS = 2  # of every walk
FORGET_BIAS = 13  # which of the 18 weights it is


@cache
def recall_searches() -> tuple[RecallHunt, dict[str, list[Found]]]:
    """One hunt for the weights of recall, every search at BUDGET looks from 12 starts. Section 7.

    By name: annealing with the settings of WALKS (T = 0 is the control), DRAWS walks of each;
    guessing, around a forget gate as open as that of the starts; descent at two rates.
    """
    hunt, found = recall_hunt(), {}
    each_walk = [walk for walk in WALKS for _ in range(DRAWS)]
    walks = anneal_all(
        hunt.crowd, hunt.starts, [geometric_cooling(T, 0.997, BUDGET - 1) for _, T in each_walk],
        step=[step for step, _ in each_walk], rng=np.random.default_rng(0),
    )  # fmt: skip
    for n, (step, T) in enumerate(WALKS):
        found[f"annealing, step {step}, T = {T:g}"] = walks[n * DRAWS : (n + 1) * DRAWS]
    around = np.zeros(hunt.crowd.size)
    around[FORGET_BIAS] = 3
    rng = np.random.default_rng(1)
    found[f"guessing, ±{WIDTH}"] = [guess_all(hunt.crowd, WIDTH, BUDGET, around=around, rng=rng)]
    paths = descend_all(hunt.crowd, hunt.starts, RATES, BUDGET // GRADIENT_COST)
    for rate, path in zip(RATES, paths, strict=True):
        found[f"descent, rate {rate:g}"] = [path]
    return hunt, found


def recall_best() -> dict[str, np.ndarray]:
    """The weights (K, P) with the lowest training loss that each kind of search found."""
    searches = recall_searches()[1]
    return {name: np.concatenate([each.best for each in found]) for name, found in searches.items()}


@cache
def recall_fresh() -> np.ndarray:
    """What descent makes of the 12 starts on 12,800 fresh sequences: (12, P)."""
    rng = np.random.default_rng(1)
    hunt = recall_searches()[0]
    (rows,) = learn_fresh(
        hunt, recall_problem, rate=0.03, count=BUDGET // GRADIENT_COST, rngs=[rng]
    )
    return rows


class RoundTrips(NamedTuple):
    """Round trips on three maps of 40 cities, run r on map r modulo 3; 20,000 looks each.

    maps (3, 40, 2). guessed (1, 3, 40). cold, four, hot (24, 3, 40): the shortest tour that a walk
    without heat met, the shortest of four such of 5,000 looks, that of a walk with heat.
    shortest (3,): the length of the shortest tour that any of them found.
    """

    maps: np.ndarray
    guessed: np.ndarray
    cold: np.ndarray
    four: np.ndarray
    hot: np.ndarray
    shortest: np.ndarray

    def beyond(self, tours) -> np.ndarray:
        """By how many per cent tours (..., 3, 40) are longer than the shortest: (..., 3)."""
        return 100 * (tour_lengths(self.maps, tours) / self.shortest - 1)


@cache
def round_trips() -> RoundTrips:
    """Annealing from 0.1 to a twentieth of it, by (6.4), beside its controls. Section 8."""
    looks, runs = 20_000, 24
    maps = np.random.default_rng(0).random((3, 40, 2))
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
    found = np.concatenate([guessed, cold, four, hot])
    shortest = tour_lengths(maps, found).min(axis=0)
    return RoundTrips(maps, guessed, cold, four, hot, shortest)


def successes() -> list[tuple[float | None, ...]]:
    """% of runs that succeed without heat, with the best heat, by guessing, by descent.

    A row each for the map with steps of 0.3 and 1.5, the sign with steps of 0.3 and 1.0, recall
    with steps of 0.1, the round trip (its cold walks have four starts; no descent: None).
    """
    ridge = ridge_walks()
    drawn = np.random.default_rng(1).uniform(LOW, HIGH, (RIDGE_LOOKS, RIDGE_WALKS, 2))
    lowest = np.min([valley_loss(each) for each in drawn], axis=0)
    stuck = valley_loss(descent_path(count=RIDGE_LOOKS // GRADIENT_COST - 1)).min()
    rows: list[tuple[float | None, ...]] = [
        (ridge[step, 1][1, 0] / 0.16, ridge[step, 0.22][1, 1:].max() / 0.16,
         _percent(lowest < LOW_LOSS), _percent(stuck < LOW_LOSS))
        for step in (0.3, 1.5)
    ]  # fmt: skip
    signs = {name: search.right for name, search in sign_searches().items()}
    rows += [_row(signs, f"step {step}", "descent, RNN") for step in (0.3, 1.0)]
    hunt = recall_searches()[0]
    recalls = {name: r_squared(hunt.unseen, best) for name, best in recall_best().items()}
    rows.append(_row(recalls, "step 0.1", "rate"))
    trips = round_trips()
    rows.append(
        (*(_percent(trips.beyond(t) <= 2) for t in (trips.four, trips.hot, trips.guessed)), None)
    )
    return rows


def _row(scores, walks, rival):
    """Of scores by name of search: the cold walk, the best hot one, guessing, descent."""
    cold, *hot = (_percent(each > 0.9) for name, each in scores.items() if walks in name)
    rivals = [
        _percent(np.concatenate([each > 0.9 for name, each in scores.items() if word in name]))
        for word in ("guessing", rival)
    ]
    return cold, max(hot), *rivals


def _percent(true):
    return float(100 * np.mean(true))
