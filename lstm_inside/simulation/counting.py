"""What counting can do: n-grams of characters and the bits that they cost.

Notebook 07, (7.2) and (7.3). Axes: T characters, B places side by side, V symbols.
"""

import numpy as np

from lstm_inside import validate
from lstm_inside.simulation.text import V, as_ids


def ngram(ids, order, alpha=0.1) -> np.ndarray:
    """Shares of every symbol after every `order` - 1 symbols, from counts plus alpha (7.3).

    Returns (V,) for order 1 (single characters), (V, V) for 2 (bigrams), (V, V, V) for 3.
    `alpha` is added to every count, so that nothing unseen has probability 0.
    Raises ValueError or TypeError for other numbers than 0 to V - 1, fewer than `order` of them,
    another order, an alpha below 0 or not finite.
    """
    ids = as_ids("ids", ids, ndim=1)
    validate.whole("order", order, most=3)
    validate.number("alpha", alpha, "a finite number of at least 0", lambda alpha: alpha >= 0)
    if len(ids) < order:
        raise ValueError(f"ids: expected at least {order} numbers, got {len(ids)}")
    places = np.ravel_multi_index(
        [ids[k : len(ids) - order + 1 + k] for k in range(order)], (V,) * order
    )
    counts = np.bincount(places, minlength=V**order).reshape((V,) * order) + alpha
    return counts / counts.sum(axis=-1, keepdims=True)


def ngram_bits(shares, held, warm=0) -> float:
    """Mean of -log2 of the share of each character of held (T, B) from row `warm` on (7.2).

    shares: what `ngram` returned. Raises ValueError or TypeError for what is none, other numbers
    than 0 to V - 1, no row left to judge.
    """
    shares = validate.real("shares", shares)
    order = shares.ndim
    if not 1 <= order <= 3 or shares.shape != (V,) * order:
        raise ValueError(f"shares: expected 1 to 3 axes of {V}, got shape {shares.shape}")
    validate.finite("shares", shares)
    held = as_held(held, warm, order - 1)
    warm = max(warm, order - 1)
    rows = [held[warm - k : len(held) - k] for k in reversed(range(order))]
    return float(-np.log2(shares[tuple(rows)]).mean())


def as_held(held, warm, least):
    """held (T, B), of which rows are left after `warm` and after `least`."""
    held = as_ids("held", held, ndim=2)
    if len(held) <= least or not held.size:
        raise ValueError(f"held: expected more than {least} row(s), got shape {held.shape}")
    validate.whole("warm", warm, least=0, most=len(held) - 1)
    return held
