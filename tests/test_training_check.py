"""Notebook 05: the checkers of its exercises."""

import numpy as np

from lstm_inside.training import (
    Adam,
    check,
    clip_by_norm,
)


def test_clip_checker():
    def plain(g, limit):
        length = np.linalg.norm(g)
        return g * (limit / length) if length > limit else g

    def least(g, limit):
        return g * min(1.0, limit / max(np.sqrt((g**2).sum()), 1e-12))

    def divided(g, limit):
        return g / max(1.0, np.linalg.norm(g.ravel()) / limit)

    for good in (plain, least, divided, lambda g, limit: clip_by_norm(g, limit)[0]):
        assert check.clip(good)
    for bad, words in [
        (lambda g, limit: np.clip(g, -limit, limit), "every entry by itself"),
        (lambda g, limit: g * limit / np.linalg.norm(g), "must stay as it is"),
        (lambda g, limit: g, "came out unchanged"),
        (
            lambda g, limit: (
                plain(g, 1.0) * limit if np.linalg.norm(g) < 0 else g / np.linalg.norm(g)
            ),
            "of length 1",
        ),
        (lambda g, limit: g * limit if np.linalg.norm(g) > limit else g, "multiplies by the limit"),
        (lambda g, limit: g * limit / (g**2).sum(), "squared length"),
        (lambda g, limit: g * limit / np.abs(g).max(), "largest entry"),
    ]:
        verdict = check.clip(bad)
        assert not verdict
        assert words in verdict.message


def test_adam_checker():
    def solution(p, g, m, s, t):
        m = 0.9 * m + 0.1 * g
        s = 0.999 * s + 0.001 * g**2
        m_hat, s_hat = m / (1 - 0.9**t), s / (1 - 0.999**t)
        return p - 0.01 * m_hat / (np.sqrt(s_hat) + 1e-8), m, s

    def from_the_module(p, g, m, s, t):
        from lstm_inside.training import AdamMoments

        p, moments = Adam(0.01).step((p,), (g,), AdamMoments((m,), (s,), np.array(t - 1)))
        return np.array([p[0], moments.mean[0], moments.square[0]])

    def one_rate(p, g, m, s, t):
        """As the paper's section 2 suggests: the corrections in the rate."""
        m = m + 0.1 * (g - m)
        s = s + 0.001 * (g * g - s)
        rate = 0.01 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        return [p - rate * m / (np.sqrt(s) + 1e-8 * np.sqrt(1 - 0.999**t)), m, s]

    def power(p, g, m, s, t):
        m, s = m * 0.9 + g * 0.1, s * 0.999 + g * g * 0.001
        return p - 0.01 * (m / (1 - 0.9**t)) * (s / (1 - 0.999**t)) ** -0.5, m, s

    for good in (solution, from_the_module, one_rate):
        assert check.adam(good), check.adam(good)

    def kept_corrected(p, g, m, s, t):
        p, m, s = solution(p, g, m, s, t)
        return p, m / (1 - 0.9**t), s

    def slip(**settings):
        return lambda p, g, m, s, t: check._adam(p, g, m, s, t, **settings)

    def wrong_order(p, g, m, s, t):
        p, m, s = solution(p, g, m, s, t)
        return p, s, m

    for bad, words in [
        (slip(fix_m=False, fix_s=False), "divide by 1 - beta^t"),
        (slip(fix_s=False), "one of the two"),
        (slip(root=False), "square root"),
        (slip(b1=0.1, b2=0.001), "swapped"),
        (slip(square="m"), "SQUARED"),
        (slip(sign=-1), "uphill"),
        (slip(along="g"), "running mean m"),
        (wrong_order, "another order"),
        (lambda p, g, m, s, t: solution(p, g, m, s, t)[0], "return three things"),
        (lambda p, g, m, s, t: solution(p, g, m, s, t)[:2], "shape"),
        (slip(within=True), "outside the root"),
        (power, "epsilon keeps the root"),
        (kept_corrected, "was handed on corrected"),
    ]:
        verdict = check.adam(bad)
        assert not verdict
        assert words in verdict.message, (words, verdict)


def test_recall_setting_checker():
    verdict = check.recall_setting(lambda: [4, 3, np.float64(0.03)])  # the folded solution
    assert verdict
    assert "6 of 6" in verdict.message
    verdict = check.recall_setting(lambda: (1, 3.0, 0.03))  # section 1's own: the exercise says so
    assert not verdict
    assert "2 of 6 seeds" in verdict.message
    assert "more units" in verdict.message


def test_recall_setting_says_what_is_off(monkeypatch):
    monkeypatch.setattr(check, "RECALL_STEPS", 50)
    for bad, words in [
        (lambda: None, "None"),
        (lambda: 3.0, "expected three numbers"),
        (lambda: (3.0, 0.03), "expected three numbers"),
        (lambda: (2, 1.0, 0.03), "start them more open"),
        (lambda: (1, 3.0, 1.0), "smaller rate"),
        (lambda: (4, 0.0, 0.1), "start them more open"),
        (lambda: (3, 5.0, 1e-4), "another rate"),
        (lambda: (3, 3.0, -1), "rate: expected a number above 0"),
        (lambda: (3, "high", 0.03), "forget bias: expected"),
        (lambda: (17, 3.0, 0.03), "units: expected"),
        (lambda: (2.5, 3.0, 0.03), "units: expected"),
    ]:
        verdict = check.recall_setting(bad)
        assert not verdict
        assert words in verdict.message, verdict.message
