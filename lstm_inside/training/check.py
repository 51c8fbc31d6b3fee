"""Checkers of notebook 05: the gradient of the cross-entropy, clipping, one step of Adam."""

import numpy as np

from lstm_inside.page import Verdict, compare, right, run
from lstm_inside.training import softmax, softmax_cross_entropy

WORDS = {
    "scores": "what the network believes, minus 1 at the right class, over the batch.",
    "no_one": "those are the shares p; minus 1 at the right class is missing.",
    "turned": "the sign is turned round: it is p minus the one-hot label.",
    "no_mean": "the loss is a MEAN over the batch, so its gradient is divided by B.",
    "wrong_axis": "softmax runs over the wrong axis: the K scores of ONE sequence make up 1.",
    "over_all": "softmax runs over the whole array: the K scores of ONE sequence make up 1.",
    "no_softmax": "the scores z went in where their softmax belongs.",
    "only_right": "only the right class gets a gradient here; the other scores must come down too.",
    "large": "softmax overflows for large scores: subtract the largest score first.",
    "clip": "long gradients are shortened, short ones pass, the direction stays.",
    "by_value": "that clips every entry by itself, which changes the direction.",
    "always": "a gradient shorter than the limit must stay as it is; this one was stretched.",
    "never": "a gradient longer than the limit came out unchanged.",
    "unit": "that is the direction, of length 1; its length should be the limit.",
    "times_limit": "that multiplies by the limit; the length should BE the limit afterwards.",
    "squared": "that divides by the squared length; the square root is missing.",
    "largest": "that measures the largest entry; the length is the root of the summed squares.",
    "adam": "two running means, each corrected for its start at 0.",
    "uncorrected": "the means start at 0, and that is not corrected: divide by 1 - beta^t.",
    "half_corrected": "one of the two means is not corrected for its start at 0.",
    "no_root": "the step is divided by s; it is its square root that belongs there.",
    "swapped": "the shares are swapped: beta keeps the OLD mean, 1 - beta takes the new value.",
    "square_of_mean": "s is the mean of the SQUARED gradient, not of m squared or of g.",
    "uphill": "that steps uphill: the step is subtracted.",
    "no_mean_m": "that steps along g itself; Adam steps along the running mean m.",
    "order": "the values are right, in another order: return p, m, s.",
}


def cross_entropy_gradient(function) -> Verdict:
    """Check a function (z (B, K), labels (B,)) -> dL/dz of the mean cross-entropy (5.5)."""
    rng = np.random.default_rng(51)
    z, labels = rng.normal(size=(5, 4)) * 2, np.array([1, 0, 3, 3, 2])
    dz, failed = run(function, z, labels)
    if failed is not None:
        return failed
    p, one, B = softmax(z), np.eye(4)[labels], len(z)
    hints = [
        (p / B, WORDS["no_one"]),
        (p, WORDS["no_one"]),
        ((one - p) / B, WORDS["turned"]),
        (one - p, WORDS["turned"]),
        (p - one, WORDS["no_mean"]),
        ((softmax(z.T).T - one) / B, WORDS["wrong_axis"]),
        (softmax(z.T).T - one, WORDS["wrong_axis"]),
        ((np.exp(z) / np.exp(z).sum() - one) / B, WORDS["over_all"]),
        ((z - one) / B, WORDS["no_softmax"]),
        ((p - one) * one / B, WORDS["only_right"]),
        (-one / p / B, WORDS["only_right"]),
    ]
    off = compare("your dz", dz, softmax_cross_entropy(z, labels)[1], hints=hints)
    if off is not None:
        return off
    large = z + 1000
    with np.errstate(all="ignore"):
        dz, failed = run(function, large, labels)
    if failed is not None:
        return failed
    off = compare("your dz", dz, softmax_cross_entropy(large, labels)[1])
    if off is not None and not np.isfinite(np.asarray(dz, dtype=float)).all():
        return Verdict(False, WORDS["large"])
    return right(WORDS["scores"]) if off is None else off


def clip(function) -> Verdict:
    """Check a function (g, limit) -> g, at most `limit` long (5.10); g of any shape."""
    rng = np.random.default_rng(52)
    for g, limit in (
        (rng.normal(size=6), 0.7),
        (rng.normal(size=(3, 4)), 1.5),
        (rng.normal(size=5) / 100, 2.0),
        (np.zeros(3), 1.0),
    ):
        with np.errstate(all="ignore"):
            got, failed = run(function, g, limit)
        if failed is not None:
            return failed
        length = np.linalg.norm(g)
        want = g * min(1, limit / length) if length else g
        hints = []
        if length > limit:
            hints = [
                (g, WORDS["never"]),
                (np.clip(g, -limit, limit), WORDS["by_value"]),
                (g / length, WORDS["unit"]),
                (g * limit, WORDS["times_limit"]),
                (g * limit / length**2, WORDS["squared"]),
                (g * limit / np.abs(g).max(), WORDS["largest"]),
            ]
        elif length:
            hints = [(g * limit / length, WORDS["always"]), (g / length, WORDS["always"])]
        off = compare("your gradient", got, want, hints=hints)
        if off is not None:
            return off
    return right(WORDS["clip"])


def adam(function) -> Verdict:
    """Check (p, g, m, s, t) -> p, m, s: one step of Adam (5.9), rate 0.01, b1 0.9, b2 0.999.

    t counts from 1 and is the number of the step to take.
    """
    rng = np.random.default_rng(53)
    for t in (1, 7):
        p, g, m = rng.normal(size=(3, 4))
        m, s = m * (t > 1), rng.random(4) * (t > 1)
        got, failed = run(function, p, g, m, s, t)
        if failed is not None:
            return failed
        hints = [(_adam(p, g, m, s, t, **wrong), WORDS[key]) for key, wrong in _ADAM_SLIPS]
        want = _adam(p, g, m, s, t)
        hints += [(want[order], WORDS["order"]) for order in ([0, 2, 1], [1, 2, 0], [1, 0, 2])]
        off = compare("your p, m, s", got, want, hints=hints, rtol=1e-5)
        if off is not None:
            return off
    return right(WORDS["adam"])


def _adam(p, g, m, s, t, b1=0.9, b2=0.999, fix_m=True, fix_s=True, root=True, sign=1, square=None,
          along=None):  # fmt: skip
    """One step of Adam, or of a slip in it: rows p, m, s."""
    m = b1 * m + (1 - b1) * g
    s = b2 * s + (1 - b2) * {None: g**2, "g": g, "m": m**2}[square]
    m_hat = m / (1 - b1**t) if fix_m else m
    s_hat = s / (1 - b2**t) if fix_s else s
    with np.errstate(all="ignore"):
        size = np.sqrt(s_hat) if root else s_hat
        p = p - sign * 0.01 * (g if along else m_hat) / (size + 1e-8)
    return np.nan_to_num(np.array([p, m, s]), nan=1e9)


_ADAM_SLIPS = [
    ("uncorrected", {"fix_m": False, "fix_s": False}),
    ("half_corrected", {"fix_m": False}),
    ("half_corrected", {"fix_s": False}),
    ("no_root", {"root": False}),
    ("swapped", {"b1": 0.1, "b2": 0.001}),
    ("square_of_mean", {"square": "m"}),
    ("square_of_mean", {"square": "g"}),
    ("uphill", {"sign": -1}),
    ("no_mean_m", {"along": "g"}),
]
