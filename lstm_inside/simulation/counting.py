"""What counting can do: n-grams of characters and the bits that they cost.

Notebook 07, (7.2) and (7.3). An n-gram is n neighbouring characters; its context is the first
n - 1 of them. Axes: T characters, B places side by side, V symbols.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from lstm_inside import validate
from lstm_inside.simulation.text import (
    V,
    as_ids,
    check_text,
    encode,
    library_ids,
    open_brackets,
    standard_library,
)

LONGEST_NGRAM = 9  # V**9 is the highest power that a 64-bit whole number holds


class NGrams(NamedTuple):
    """How often every n-gram of a text came, and every context: keys sorted, each with its count.

    A key is the n-gram read as a number with digits to the base V. `followers` says how many
    different characters came after each context.
    """

    order: int
    keys: np.ndarray
    counts: np.ndarray
    contexts: np.ndarray
    totals: np.ndarray
    followers: np.ndarray


def count_ngrams(ids, order, where=None) -> NGrams:
    """Count the n-grams of `order` characters in a row of numbers (N,).

    where: (N,) bool; only n-grams whose last character stands where it is True are counted.
    Raises ValueError or TypeError for other numbers than 0 to V - 1, fewer than `order` of them,
    an order below 1 or above 9, a where that does not fit or leaves none.
    """
    ids = as_ids("ids", ids, ndim=1)
    validate.whole("order", order, most=LONGEST_NGRAM)
    if len(ids) < order:
        raise ValueError(f"ids: expected at least {order} numbers, got {len(ids)}")
    keys = _keys(ids[:, None], order)
    if where is not None:
        where = validate.array("where", where, ids.shape, "(N,)", bool)
        keys = keys[where[order - 1 :]]
        if not len(keys):
            raise ValueError("where: expected an n-gram that ends where it is True, got none")
    count = len(keys)
    keys.sort()  # in place: of millions there is no second copy
    keys, firsts = _distinct(keys)
    counts = np.diff(firsts, append=count)
    contexts, starts = _distinct(keys // V)
    totals, followers = np.add.reduceat(counts, starts), np.diff(starts, append=len(keys))
    counts, totals, followers = (x.astype(np.int32) for x in (counts, totals, followers))
    return NGrams(order, keys, counts, contexts, totals, followers)


def _distinct(ordered):
    """The different numbers of a row in order, and where the first of each stands."""
    new = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    firsts = np.flatnonzero(new)
    return ordered[firsts], firsts


@lru_cache(maxsize=LONGEST_NGRAM)
def _learned(order) -> NGrams:
    return count_ngrams(library_ids("learn"), order)


def _keys(ids, order):
    """The n-grams that end at each place of ids (T, B) from `order` - 1 on, as numbers: (N,)."""
    last = len(ids) - order + 1
    keys = np.zeros((last, ids.shape[1]), np.int64)
    for k in range(order):
        keys *= V
        keys += ids[k : last + k]
    return keys.ravel()


def _looked_up(wanted, keys, values):
    """The value of each wanted key, 0 where there is none."""
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0)


def interpolated_costs(tables, held, warm=0) -> np.ndarray:
    """-log2 of what interpolated counts give each character of held (T, B), from `warm` on (7.3).

    Returns (rows, B): rows from `warm` on, or from where the longest context fits. Every order
    leans on the one below, down to 1 / V for each symbol.

    tables: the `NGrams` of orders 1, 2, ... in turn. After a context that was seen N times with
    R different followers, a character with count n gets (n + R p) / (N + R), where p is what
    the shorter context gives it (the smoothing of Witten and Bell, 1991).
    Raises ValueError or TypeError for no `NGrams` or other orders, other numbers than 0 to V - 1,
    no row left to judge.
    """
    if not isinstance(tables, list | tuple):
        raise TypeError(f"tables: expected a list of NGrams, got {validate.describe(tables)}")
    for table in tables:
        _check_table("tables", table)
    if not tables or [t.order for t in tables] != list(range(1, len(tables) + 1)):
        raise ValueError(f"tables: expected orders 1, 2, ..., got {[t.order for t in tables]}")
    held = as_held(held, warm, len(tables) - 1)
    first = max(warm, len(tables) - 1)
    *_, p = _shares(tables, held, first)
    return -np.log2(p).reshape(-1, held.shape[1])


def _shares(tables, held, first):
    """What tables 1, 1 to 2, ... give the characters of held from row `first` on: (N,) each."""
    p = np.full((len(held) - first) * held.shape[1], 1 / V)
    for table in tables:
        keys = _keys(held[first - table.order + 1 :], table.order)
        n = _looked_up(keys, table.keys, table.counts)
        N = _looked_up(keys // V, table.contexts, table.totals)
        R = _looked_up(keys // V, table.contexts, table.followers)
        seen = N > 0
        p = np.where(seen, (n + R * p) / np.where(seen, N + R, 1), p)
        yield p


def ladder_costs(held, warm=0) -> dict[str, np.ndarray]:
    """`interpolated_costs` of held (T, B) by ever longer contexts, counted in the learning part.

    Returns name -> costs (rows, B), from "single characters" to "6-gram"; `warm` as there, 5 at
    least, so that all have the same rows.
    Raises ValueError or TypeError as `interpolated_costs` does.
    """
    names = ("single characters", "bigram", "trigram", *(f"{n}-gram" for n in range(4, 7)))
    held = as_held(held, warm, len(names) - 1)
    tables = [_learned(n) for n in range(1, len(names) + 1)]
    shares = _shares(tables, held, max(warm, len(names) - 1))
    costs = (-np.log2(p).reshape(-1, held.shape[1]) for p in shares)
    return dict(zip(names, costs, strict=True))


def table_size(order) -> int:
    """How many counts the tables up to `order` keep of the learning part, one an n-gram (7.3).

    Raises ValueError or TypeError for an order below 1 or above 6.
    """
    validate.whole("order", order, most=6)
    return sum(len(_learned(n).keys) for n in range(1, order + 1))


def inside_costs(held, warm=0, *, order=5) -> np.ndarray:
    """`interpolated_costs` of tables that are told: a bracket is open.

    They are counted in the learning part only where one is, so what they say of a character
    holds where one is open before it. held (T, B); order: n, 6 at most. Returns (rows, B), as
    `interpolated_costs` does (7.3).
    Raises ValueError or TypeError as there, or for another order.
    """
    validate.whole("order", order, most=6)
    ids = library_ids("learn")
    after = np.concatenate([open_brackets(text) for text in standard_library().learn.values()])
    before = np.concatenate([[False], after[:-1]])
    return interpolated_costs(
        [count_ngrams(ids, n, before) for n in range(1, order + 1)], held, warm
    )


def counted_share(held, symbols, warm=0, *, order=5) -> np.ndarray:
    """What an interpolated n-gram gives to some symbols, before each character of held (T, B).

    The tables are counted in the learning part. order: n, 6 at most. Returns (rows, B), rows from
    `warm` on or from where the context fits, as `interpolated_costs` does (7.3).
    Raises ValueError or TypeError as there, for what is no text or none, or another order.
    """
    check_text("symbols", symbols)
    if not symbols:
        raise ValueError("symbols: expected at least one, got none")
    validate.whole("order", order, most=6)
    held = as_held(held, warm, order - 1)
    tables = [_learned(n) for n in range(1, order + 1)]
    first = max(warm, order - 1)
    seen = np.stack([held[first - back : len(held) - back].ravel() for back in range(order)][::-1])
    given = 0.0
    for symbol in np.unique(encode(symbols)):
        seen[-1] = symbol  # as if this one had come
        *_, p = _shares(tables, seen, order - 1)
        given = given + p
    return given.reshape(-1, held.shape[1])


def times_seen(table, held, warm=0) -> np.ndarray:
    """How often the context of each character of held (T, B) was counted, from row `warm` on.

    table: `NGrams`. Returns (rows, B), from `warm` on or from where its context fits: the rows
    of `interpolated_costs` if no table there is of a higher order.
    Raises ValueError or TypeError for no `NGrams`, and as `interpolated_costs` does.
    """
    _check_table("table", table)
    held = as_held(held, warm, table.order - 1)
    first = max(warm, table.order - 1)
    contexts = _keys(held[first - table.order + 1 :], table.order) // V
    return _looked_up(contexts, table.contexts, table.totals).reshape(-1, held.shape[1])


def _check_table(name, table):
    if not isinstance(table, NGrams):
        raise TypeError(f"{name}: expected NGrams, got {validate.describe(table)}")


def as_held(held, warm, least):
    """held (T, B) as whole numbers, of which rows are left after `warm` and after `least`."""
    held = as_ids("held", held, ndim=2)
    if len(held) <= least or not held.size:
        raise ValueError(f"held: expected more than {least} row(s), got shape {held.shape}")
    validate.whole("warm", warm, least=0, most=len(held) - 1)
    return held
