"""The checkers of notebook 07: right answers in other shapes, wrong ones with their hint."""

import numpy as np
import pytest

from lstm_core import lstm_step
from lstm_inside import simulation as lt
from lstm_inside.simulation import check
from lstm_inside.training import softmax


def softly(z, t):
    e = np.exp(z / t)
    return e / e.sum(axis=-1, keepdims=True)


def covariance(s, m):
    return ((s - s.mean(axis=0)) * (m - m.mean())[:, None]).mean(axis=0)


def r_of(s, m):
    return covariance(s, m) / s.std(axis=0) / m.std()


def given(p, ids):
    return p[np.arange(len(ids)), ids]


def holding(shown=lambda h, o, v: o * np.tanh(v), *, c_too=True, where=None, after=False):
    """A reader's loop: what is shown, whether c is overwritten, where, and only at the end."""

    def loop(xs, h, c, params, u, v):
        def overwrite(h, c, o):
            at = (slice(None), u) if where is None else where(u)
            h[at] = shown(h, o, v)[at]
            if c_too:
                c[at] = v

        for x in xs:
            h, c, cache = lstm_step(x, h, c, params)
            if not after:
                overwrite(h, c, cache[6])
        if after:
            overwrite(h, c, cache[6])
        return h, c

    return loop


def free(xs, h, c, params, u, v):
    for x in xs:
        h, c, _ = lstm_step(x, h, c, params)
    return h, c


def clamped(xs, h, c, params, u, v):
    hs, cs = lt.clamped_forward(xs, params, u, v, h, c)
    return hs[-1], cs[-1]


RIGHT = [
    (check.hold, holding()),
    (check.hold, clamped),
    (check.hold, lambda *given: [part.tolist() for part in clamped(*given)]),
    (check.bits, lambda p, ids: -np.log2(given(p, ids)).mean()),
    (check.bits, lambda p, ids: -np.log(given(p, ids)).mean() / np.log(2)),
    (check.bits, lambda p, ids: sum(-np.log2(p[n, k]) for n, k in enumerate(ids)) / len(ids)),
    (check.bits, lambda p, ids: float(np.log2(1 / p[range(7), ids]).sum() / 7)),
    (check.bits, lambda p, ids: [-np.log2(given(p, ids)).mean()]),
    (check.at_temperature, softly),
    (check.at_temperature, lambda z, t: softmax(z / t)),
    (
        check.at_temperature,
        lambda z, t: (softmax(z) ** (1 / t)) / (softmax(z) ** (1 / t)).sum(-1, keepdims=True),
    ),
    (check.at_temperature, lambda z, t: softly(z - z.max(-1, keepdims=True), t).tolist()),
    (check.score, r_of),
    (check.score, lambda s, m: [np.corrcoef(s[:, k], m)[0, 1] for k in range(4)]),
    (check.score, lt.correlation),
    (
        check.score,
        lambda s, m: ((s - s.mean(0)) / s.std(0) * ((m - m.mean()) / m.std())[:, None]).mean(0),
    ),
]
WRONG = [
    (check.bits, lambda p, ids: None, "returned None"),
    (check.bits, lambda p, ids: -np.log(given(p, ids)).mean(), "in nats"),
    (check.bits, lambda p, ids: np.log2(given(p, ids)).mean(), "bits are minus that"),
    (check.bits, lambda p, ids: -np.log2(given(p, ids)).sum(), "divide by its length"),
    (check.bits, lambda p, ids: -np.log2(given(p, ids).mean()), "mean of the logarithms"),
    (check.bits, lambda p, ids: -(p * np.log2(p)).sum(1).mean(), "does not look at what came"),
    (check.bits, lambda p, ids: -np.log2(p[:, ids]).mean(), "only the probability of ids"),
    (check.at_temperature, lambda z, t: None, "returned None"),
    (check.at_temperature, lambda z, t: softmax(z * t), "DIVIDE"),
    (check.at_temperature, lambda z, t: softmax(z) / t, "inside the softmax"),
    (check.at_temperature, lambda z, t: softmax(z), "temperature 1 whatever"),
    (check.at_temperature, lambda z, t: z / t, "softmax is still to come"),
    (check.at_temperature, lambda z, t: np.exp(z / t) / np.exp(z / t).sum(), "last axis"),
    (check.at_temperature, lambda z, t: softmax((z / t).T).T, "last axis"),
    (check.at_temperature, lambda z, t: np.eye(4)[z.argmax(-1)], "a draw"),
    (check.at_temperature, lambda z, t: z == z.max(-1, keepdims=True), "a draw"),
    (check.hold, lambda *given: None, "returned None"),
    (check.hold, lambda *given: 3, "return two arrays"),
    (check.hold, free, "the free network"),
    (check.hold, holding(after=True), "after the last step only"),
    (check.hold, holding(lambda h, o, v: h), "still shows what the step computed"),
    (check.hold, holding(c_too=False), "must be v, too"),
    (check.hold, holding(lambda h, o, v: o * v), "what passes the output gate is tanh(v)"),
    (check.hold, holding(lambda h, o, v: 0 * o + np.tanh(v)), "the output gate is missing"),
    (check.hold, holding(where=lambda u: u), "the columns of h and c"),
    (check.hold, holding(where=lambda u: ...), "the columns of h and c"),
    (check.clamp, lambda: None, "returned None"),
    (check.clamp, lambda: 3, "two numbers"),
    (check.clamp, lambda: (9999, 1.0), "two numbers"),
    (check.clamp, lambda: (np.nan, 1.0), "two numbers"),
    (check.clamp, lambda: (0, 0.0), "Measure every cell"),
    (check.score, lambda s, m: None, "returned None"),
    (check.score, covariance, "covariance"),
    (check.score, lambda s, m: np.abs(r_of(s, m)), "keep the sign"),
    (check.score, lambda s, m: r_of(s, m) ** 2, "sign is lost"),
    (check.score, lambda s, m: m @ s / np.sqrt((s**2).sum(0) * m.sum()), "means away first"),
    (check.score, lambda s, m: covariance(s, m) / np.sqrt(((s - s.mean()) ** 2).mean(0)) / m.std(),
     "along axis=0"),
    (check.score, lambda s, m: len(s) * covariance(s, m)
     / np.sqrt(((s - s.mean(0)) ** 2).sum() * ((m - m.mean()) ** 2).sum()), "along axis=0"),
    (check.score, lambda s, m: r_of(s, m).max(), "every cell has its own"),
    (check.score, lambda s, m: -r_of(s, m), "sign is turned round"),
]  # fmt: skip


@pytest.mark.parametrize(("checker", "answer"), RIGHT)
def test_right_answers_are_accepted(checker, answer):
    verdict = checker(answer)
    assert verdict.ok, verdict


@pytest.mark.parametrize(("checker", "answer", "hint"), WRONG)
def test_wrong_answers_are_refused_with_the_right_hint(checker, answer, hint):
    verdict = checker(answer)
    assert not verdict.ok
    assert hint in repr(verdict)


def test_some_other_cell_than_the_best_scored_opens_brackets():
    """The exercise's own way: measure the openings under a clamp of every cell."""
    model = lt.stored_writer().model
    searched, short = lt.read(model, "search"), lt.read(model, "measure", B=12, T=80)
    opening = lt.clamp_every_cell(model, searched, short, "brackets", "([{")
    cell = opening.off_inside.argmin()
    off, on = lt.levels(searched, cell, "brackets")
    assert check.clamp(lambda: (cell, off)).ok
    assert not check.clamp(lambda: (cell, on)).ok
    unit = lt.chosen_and_control(searched, "brackets")[0]
    assert not any(
        check.clamp(lambda v=v: (unit, v)).ok for v in lt.levels(searched, unit, "brackets")
    )
