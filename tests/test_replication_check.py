"""The checkers of notebook 08 on right answers in several forms, and on wrong ones."""

import numpy as np
import pytest

from lstm_inside.replication import check


def count(D, P, blocks, size, gates=True, targets=True, biases=True, outputs=True):
    N, C = 2 * blocks, blocks * size
    units = N + C if targets else C
    return units * (D + (N + C if gates else C)) + biases * N + outputs * C * P


def wilson(k, n, middle=True, z=1.96):
    p, w = k / n, z * z / n
    spread = z * np.sqrt(p * (1 - p) / n + w / 4 / n) / (1 + w)
    centre = (p + w / 2) / (1 + w) if middle else p
    return centre - spread, centre + spread


def wald(k, n):
    p = k / n
    error = 1.96 * np.sqrt(p * (1 - p) / n)
    return p - error, p + error


def loops(D, P, blocks, size):
    sources = ["x"] * D + ["gate"] * 2 * blocks + ["cell"] * blocks * size
    total = sum(1 for unit in sources if unit != "x" for _ in sources)
    return total + 2 * blocks + P * blocks * size


RIGHT = [
    (check.count_weights, count),
    (check.count_weights, loops),
    (check.count_weights, lambda D, P, b, s: np.int64((2 * b + b * s) * (D + 2 * b + b * s) + 2 * b + b * s * P)),
    (check.count_weights, lambda D, P, b, s: float(count(D, P, b, s))),
    (check.coupled_cell, lambda f, c, g: f * c + (1 - f) * g),
    (check.coupled_cell, lambda f, c, g: g + f * (c - g)),
    (check.coupled_cell, lambda f, c, g: np.where(True, f * c + g - f * g, 0)),
    (check.coupled_cell, lambda f, c, g: (f * c + (1 - f) * g).tolist()),
    (check.interval, wilson),
    (check.interval, lambda k, n: list(wilson(k, n))),
    (check.interval, lambda k, n: np.array(wilson(k, n))),
    (check.interval, lambda k, n: wilson(k, n, z=1.959964)),
]  # fmt: skip
WRONG = [
    (check.count_weights, lambda D, P, b, s: None, "returned None"),
    (check.count_weights, lambda *a: count(*a, gates=False), "as sources"),
    (check.count_weights, lambda *a: count(*a, targets=False), "weights of its own"),
    (check.count_weights, lambda *a: count(*a, biases=False), "biases are missing"),
    (check.count_weights, lambda *a: count(*a, outputs=False), "to the outputs are missing"),
    (
        check.count_weights,
        lambda D, P, b, s: (3 * b + b * s) * (D + 3 * b + b * s + 1) - b * s + b * s * P,
        "three gates a block",
    ),
    (check.count_weights, lambda D, P, b, s: count(D, P, b, s) + b * s, "the cells have none"),
    (check.count_weights, lambda D, P, b, s: count(D, P, b, s) + P, "the outputs have none"),
    (check.count_weights, lambda D, P: 1, "TypeError"),
    (check.coupled_cell, lambda f, c, g: None, "returned None"),
    (check.coupled_cell, lambda f, c, g: f * c + f * g, "both gates are f"),
    (check.coupled_cell, lambda f, c, g: (1 - f) * c + f * g, "changed places"),
    (check.coupled_cell, lambda f, c, g: f * c + g, "counts in full"),
    (check.coupled_cell, lambda f, c, g: f @ c, "in your line"),
    (check.interval, lambda k, n: None, "returned None"),
    (check.interval, lambda k, n: 0.5, "expected two numbers"),
    (check.interval, wald, "claims to be certain"),
    (check.interval, lambda k, n: wilson(k, n, middle=False), "the middle is not"),
    (check.interval, lambda k, n: wilson(k, n)[::-1], "low first"),
    (check.interval, lambda k, n: k / 0, "ZeroDivisionError"),
]


@pytest.mark.parametrize(("checker", "answer"), RIGHT)
def test_right_answers_are_accepted(checker, answer):
    assert checker(answer), checker(answer)


@pytest.mark.parametrize(("checker", "answer", "hint"), WRONG)
def test_wrong_answers_are_refused_with_the_right_hint(checker, answer, hint):
    verdict = checker(answer)
    assert not verdict
    assert hint in repr(verdict)
