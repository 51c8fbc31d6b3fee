"""Checker of notebook 00: what is left of a value that is kept in part, again and again."""

from lstm_inside.page import Verdict, compare, right, run, wrong

WORDS = {
    "right": "what is left falls by the same factor at every step.",
    "product": "that is f times k; every step multiplies what is left with f again.",
    "line": "that loses the same amount at each step; each step loses a share of what is left.",
    "forgotten": "(1 - f) is the share that is lost; what is kept is f.",
    "swapped": "base and exponent are swapped: f is multiplied, k counts how often.",
    "early": "that is one step too few: after one step f is left.",
    "late": "that is one step too many: after no step all is left.",
    "lost": "that is what was lost; the question is what is left.",
}


def keep(function) -> Verdict:
    """Check a function (f, k) -> what is left of 1 after k steps that each keep the share f."""
    for f, k in ((0.9, 10), (0.5, 3), (0.99, 100), (1.0, 7), (0.7, 0)):
        left, failed = run(function, f, k)
        if failed is not None:
            return failed
        hints = [
            (f * k, WORDS["product"]),
            (1 - k * (1 - f), WORDS["line"]),
            ((1 - f) ** k, WORDS["forgotten"]),
            (k**f, WORDS["swapped"]),
            (f ** (k - 1), WORDS["early"]),
            (f ** (k + 1), WORDS["late"]),
            (1 - f**k, WORDS["lost"]),
        ]
        off = compare("keep", left, f**k, hints=hints)
        if off is not None:
            return wrong(f"for f = {f:g}, k = {k}: {off.message}")
    return right(WORDS["right"])
