"""Round trips through N cities: walks that reverse stretches of a tour (notebook 06).

A tour is a row of city numbers; its last city leads back to the first. It is an order, so it has
no gradient. Many runs go side by side: run r of R has map r modulo M of M maps, as in a `Crowd`.
The move is that of G. Croes, Operations Research 6, 1958; annealed by S. Kirkpatrick et al.,
Science 220, 1983.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from lstm_inside import validate

from .search import highest_climbs

_LOOKS_AT_ONCE = 500  # whose random numbers are drawn together
_GUESSES_AT_ONCE = 2000
_MANY, _SMALL = 12, 64  # tours to be reversed in one pass, cities up to which a table is kept
_SAME = 1e-9  # two lengths that differ by less are the same


class TourWalks(NamedTuple):
    """What R walks from tour to tour came to.

    best (R, N): the shortest tour that each walk met. path (C + 1, R, N): where the walks stood at
    the start, and after every so many looks.
    """

    best: np.ndarray
    path: np.ndarray


def tour_lengths(maps, tours) -> np.ndarray:
    """How long each tour is, the way home with it: (..., R).

    maps (M, N, 2): the places of N cities. tours (..., R, N): run r has map r modulo M.
    Raises ValueError or TypeError for maps of another shape or not finite, tours that do not
    name each of the N cities once, R that is no multiple of M.
    """
    maps, tours = _checked(maps, "tours", tours)
    return _lengths(_distances(maps), _through_all(maps, tours))


def reversal_change(maps, tours, first, last) -> np.ndarray:
    """By how much reversing a stretch makes a tour longer, from four distances (6.5): (R, P).

    The stretch of each of the P candidates begins at place `first` of the tour and ends at `last`,
    whole numbers (P,), 1 <= first <= last <= N - 1: the city at place 0 stays where it is, which
    leaves no round trip out. maps (M, N, 2), tours (R, N).
    Raises ValueError or TypeError as `tour_lengths` does, and for places outside a tour.
    """
    maps, tours = _checked(maps, "tours", tours, ndim=2)
    N = maps.shape[1]
    first, last = (_whole_numbers(name, x) for name, x in (("first", first), ("last", last)))
    if first.ndim != 1 or first.shape != last.shape:
        raise ValueError(f"first, last: expected both (P,), got {first.shape} and {last.shape}")
    if (first < 1).any() or (last < first).any() or (last >= N).any():
        raise ValueError(
            f"first, last: expected 1 <= first <= last <= {N - 1}, got {first} and {last}"
        )
    flat = _through_all(maps, tours).ravel()
    own = N * np.arange(len(tours))[:, None]
    return _change(_distances(maps), flat, _ends(first[None], last[None], N) + own)


def way_out(cities, tour) -> tuple[np.ndarray, np.ndarray] | None:
    """The two reversals that shorten a tour most, if no single one does: the tours after each.

    cities (1, N, 2), tour (N,). None if one reversal shortens the tour, or no two in a row.
    Raises ValueError or TypeError as `reversal_change` does.
    """
    tour = validate.real("tour", tour, ndim=1)
    N = validate.real("cities", cities, ndim=3).shape[1]
    first, last = 1 + np.array(np.triu_indices(N - 1, 1))
    climb = reversal_change(cities, tour[None], first, last)[0]
    if climb.min() < -_SAME:
        return None
    after = np.tile(tour, (len(first), 1))
    for row, i, j in zip(after, first, last, strict=True):
        row[i : j + 1] = row[i : j + 1][::-1]
    change = climb[:, None] + reversal_change(cities, after, first, last)
    one, two = np.unravel_index(change.argmin(), change.shape)
    if change[one, two] > -_SAME:
        return None
    end = after[one].copy()
    end[first[two] : last[two] + 1] = end[first[two] : last[two] + 1][::-1]
    return after[one], end


def anneal_tours(maps, starts, temperatures, *, rng, every=None) -> TourWalks:
    """R annealing walks whose candidate reverses one random stretch of the tour (6.2), (6.5).

    maps (M, N, 2). starts (R, N): tours; run r has map r modulo M. temperatures (looks, R): one
    look is one candidate. every: keep where the walks stand after so many looks; without it the
    path holds start and end.
    Raises ValueError or TypeError as `tour_lengths` does, for fewer than 4 cities, temperatures
    of another shape, below 0 or not finite, no Generator, an `every` below 1.
    """
    maps, starts = _checked(maps, "starts", starts, ndim=2)
    (R, N), temperatures = starts.shape, validate.real("temperatures", temperatures, ndim=2)
    if temperatures.shape[1] != R or not len(temperatures):
        raise ValueError(f"temperatures: expected (looks, {R}), got {temperatures.shape}")
    if N < 4:
        raise ValueError(f"maps: expected at least 4 cities, got {N}")
    every = len(temperatures) if every is None else every
    validate.count("every", every)
    distances, here = _distances(maps), _through_all(maps, starts)
    flat, own = here.reshape(-1), N * np.arange(R)  # flat: the same numbers, to be taken from
    length = _lengths(distances, here)
    best, shortest, path, looks = here.copy(), length.copy(), [here.copy()], 0
    for block in np.split(temperatures, range(_LOOKS_AT_ONCE, len(temperatures), _LOOKS_AT_ONCE)):
        climbs = highest_climbs(block, rng=rng)
        first, last = _random_stretches(block.shape, N, rng)
        ends = np.moveaxis(_ends(first, last, N) + own, 2, 0)  # (looks, 2, 4, R)
        for n, at in enumerate(ends):
            change = _change(distances, flat, at)
            taken = np.flatnonzero(change <= climbs[n])  # (6.2)
            if taken.size:
                _reverse(here, taken, first[n], last[n])
                length[taken] += change[taken]
                better = taken[length[taken] < shortest[taken]]
                best[better], shortest[better] = here[better], length[better]
            looks += 1
            if looks % every == 0:
                path.append(here.copy())
    return TourWalks(best % N, np.array(path) % N)


def double_bridge(tours, *, rng) -> np.ndarray:
    """Each tour (R, N), cut into four stretches that come home in another order: (R, N).

    A B C D becomes A D C B, none of them reversed: four legs are replaced, and no one or two
    reversals undo it. The kick of O. Martin, S. Otto, E. Felten (Complex Systems 5, 1991).
    Raises ValueError or TypeError for tours that do not name each of N >= 4 cities once, no tour,
    no Generator.
    """
    tours = _whole_numbers("tours", validate.real("tours", tours, ndim=2))
    validate.generator(rng)
    R, N = tours.shape
    if not R or N < 4:
        raise ValueError(f"tours: expected (R, N), R >= 1 and N >= 4, got {tours.shape}")
    _each_city_once("tours", tours)
    cuts = 1 + np.sort(rng.random((R, N - 1)).argsort(axis=1)[:, :3], axis=1)
    i, j, k = (cuts[:, n, None] for n in range(3))
    at = np.arange(N)
    source = np.where(at < i + N - j, at + k + j - i - N, at + j - N)  # C, then B
    source = np.where(at < i + N - k, at + k - i, source)  # before them D
    return np.take_along_axis(tours, np.where(at < i, at, source), axis=1)


def guess_tours(maps, count, *, rng) -> np.ndarray:
    """The shortest of `count` random tours through each map (M, N, 2): (M, N).

    Raises ValueError or TypeError for maps of another shape or not finite, a count below 1, no
    Generator.
    """
    maps = _checked_maps(maps)
    validate.count("count", count)
    validate.generator(rng)
    found = []
    for cities in maps[:, None]:
        distances, best = _distances(cities), None
        for done in range(0, count, _GUESSES_AT_ONCE):
            tours = np.tile(np.arange(cities.shape[1]), (min(_GUESSES_AT_ONCE, count - done), 1))
            tours = rng.permuted(tours, axis=1)
            tours = tours if best is None else np.vstack([best, tours])
            best = tours[_lengths(distances, tours).argmin()]
        found.append(best)
    return np.array(found)


# ---------------------------------------------------------------- a tour and its distances


def _distances(maps):
    """Between all cities of all maps, which are numbered through: (M N, M N)."""
    x, y = maps.reshape(-1, 2).T
    return np.hypot(x[:, None] - x, y[:, None] - y)


def _through_all(maps, tours):
    """Tours in the numbers of the cities of all maps; modulo N they are their own again."""
    M, N, _ = maps.shape
    return tours + N * (np.arange(tours.shape[-2]) % M)[:, None]


def _lengths(distances, tours):
    return distances[tours, np.roll(tours, -1, axis=-1)].sum(axis=-1)


def _ends(first, last, N):
    """The places between which ways are gained (two) and lost (two): (2, 4, ...), from and to."""
    after = (last + 1) % N
    return np.array([[first - 1, first, first - 1, last], [last, after, first, after]])


def _change(distances, flat, at):
    """(6.5): the ways that reversing a stretch gains, less those it loses."""
    here, there = flat.take(at)
    ways = distances.take(here * len(distances) + there)
    return ways[0] + ways[1] - ways[2] - ways[3]


def _random_stretches(shape, N, rng):
    """First and last places of stretches of at least two cities, without place 0."""
    one = rng.integers(1, N, shape)
    other = 1 + (one - 1 + rng.integers(1, N - 1, shape)) % (N - 1)  # any place but that one
    return np.minimum(one, other), np.maximum(one, other)


def _reverse(tours, runs, first, last):
    N = tours.shape[1]
    if len(runs) > _MANY and N <= _SMALL:  # one pass for all is faster then
        places = _reversed_places(N)[first[runs], last[runs]]
        tours[runs] = tours.ravel().take(places + N * runs[:, None])
        return
    for r, i, j in zip(runs.tolist(), first[runs].tolist(), last[runs].tolist(), strict=True):
        tours[r, i : j + 1] = tours[r, i : j + 1][::-1]


@lru_cache(maxsize=1)
def _reversed_places(N):
    """Where each place takes its city from, by first and last of the stretch: (N, N, N)."""
    i, j, place = np.ogrid[:N, :N, :N]
    return np.where((i <= place) & (place <= j), i + j - place, place)


# ---------------------------------------------------------------- what is let in


def _checked_maps(maps):
    maps = validate.real("maps", maps, ndim=3)
    if maps.shape[2] != 2 or not maps.size:
        raise ValueError(f"maps: expected (M, N, 2), each at least 1, got {maps.shape}")
    validate.finite("maps", maps)
    return maps


def _whole_numbers(name, x):
    x = validate.real(name, x)
    if x.dtype.kind not in "iu":
        raise TypeError(f"{name}: expected whole numbers, got {validate.describe(x)}")
    return x.astype(int)


def _checked(maps, name, tours, ndim=None):
    """Maps and tours that fit; `ndim`: how many axes the tours must have, at least 2 without it."""
    maps, tours = _checked_maps(maps), _whole_numbers(name, validate.real(name, tours, ndim))
    M, N, _ = maps.shape
    if tours.ndim < 2 or tours.shape[-1] != N or not tours.size or tours.shape[-2] % M:
        raise ValueError(f"{name}: expected (R, {N}), R a multiple of {M}, got {tours.shape}")
    _each_city_once(name, tours)
    return maps, tours


def _each_city_once(name, tours):
    N = tours.shape[-1]
    off = (np.sort(tours, axis=-1) != np.arange(N)).any(axis=-1)
    if off.any():
        raise ValueError(f"{name}: expected each of {N} cities once, got a tour {tours[off][0]}")
