"""The plain states (0.1) of notebook 00: many random ones, and how well the best recalls."""

import numpy as np

from lstm_core import RNNParams
from lstm_inside.start.recall import score
from lstm_inside.tasks import recall_problem


def searched(steps):
    """The 500 streams on which the best plain state is looked for, flagged in their first half."""
    return recall_problem(steps, 500, rng=np.random.default_rng(11))


def plain_units(units, rng):
    """W_x (2, units) and b (units,) among which the best plain state is looked for."""
    return rng.normal(size=(2, units)) * [[1], [2]], rng.normal(size=units) / 2


def plain_unit(w, W_x, b, k):
    """Unit k of them alone, with w from state to state, as `lstm_core` runs it."""
    return RNNParams(W_x[:, [k]], np.full((1, 1), float(w)), b[[k]])


def last_states(xs, w, W_x, b):
    """The last states (B, units) by (0.1): each unit reads its own state only."""
    h = 0.0
    for x in xs:
        h = np.tanh(w * h + x @ W_x + b)
    return h


def best_column(h, target):
    """Which column of h (B, units) gives target (B,) best by a straight line; line and score."""
    away = h - h.mean(axis=0)
    spread = (away**2).sum(axis=0)
    told = (away * target[:, None]).sum(axis=0) ** 2 / np.maximum(spread, 1e-12)
    k = int(np.argmax(told))  # the larger what the line explains, the smaller its squared error
    line = np.polynomial.Polynomial.fit(h[:, k], target, 1)
    return k, line, score(line(h[:, k]), target)
