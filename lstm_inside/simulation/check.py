"""Checkers of notebook 07: bits per character, temperature, a cell's score, holding a cell."""

import numpy as np

from lstm_core import init_lstm, lstm_step
from lstm_inside.page import NotYet, asks, checker, compare, question, run, shape_of
from lstm_inside.simulation.dissection import clamp_effect, correlation
from lstm_inside.simulation.reading import read
from lstm_inside.simulation.writer import stored_writer
from lstm_inside.training import softmax
from lstm_inside.words import Sentences, say

WORDS = Sentences(
    {
        "bits": "the mean of -log2 of what each character was given.",
        "bits_nats": "that is in nats: bits take the logarithm to base 2.",
        "bits_sign": "the logarithm of a probability is negative; bits are minus that.",
        "bits_sum": "that is the whole text's sum; divide by its length for bits PER CHARACTER.",
        "bits_mean_first": "that takes the logarithm of the mean; it is the mean of the logarithms.",
        "bits_entropy": "that is the prediction's own entropy: it does not look at what came.",
        "bits_pairs": "that mixes all places: of row n only the probability of ids[n] counts.",
        "shares": "scores divided by the temperature, then softmax; checked from 0.1 to 5.",
        "shares_times": "turned round: a high temperature must flatten, so DIVIDE the scores by it.",
        "shares_outside": "the temperature goes inside the softmax; outside, they do not add to 1.",
        "shares_plain": "that is temperature 1 whatever the temperature.",
        "shares_raw": "these are the scores over the temperature; softmax is still to come.",
        "shares_sum": "softmax runs along the last axis, over the symbols of ONE place.",
        "shares_draw": "that is a draw, one symbol chosen; the probabilities themselves are wanted.",
        "hold": "cell u holds v, shows o * tanh(v), and the others go on from what they then see.",
        "hold_pair": "return two arrays, h and c, (B, H) each, after the last step.",
        "hold_free": "that is the free network: overwrite cell u after each step.",
        "hold_end": "cell u is overwritten after the last step only: the others never saw it.",
        "hold_c": "c[:, u] is held, but h[:, u] still shows what the step computed.",
        "hold_h": "h[:, u] is right; c[:, u] must be v, too.",
        "hold_tanh": "h[:, u] is o * v there: what passes the output gate is tanh(v).",
        "hold_gate": "h[:, u] is tanh(v) there: the output gate is missing.",
        "hold_all": "that is not cell u alone: the cells are the columns of h and c, [:, u].",
        "clamp": "held there, the model opens {factor:.2f} times as many brackets inside brackets.",
        "clamp_pair": "return two numbers: a cell (0 to {last}) and the value to hold it at.",
        "clamp_weak": "openings inside brackets: {factor:.2f} times as likely. Wanted: 0.50 or less. "
        "Measure every cell, with the symbols that open a bracket in place of those that close one.",
        "score": "Pearson's r of every cell with the mark.",
        "score_covariance": "that is the covariance; divide by both deviations, or loud cells win.",
        "score_cosine": "take both means away first: else a cell that is always high scores high.",
        "score_absolute": "keep the sign: it says whether the cell goes up or down with the mark.",
        "score_square": "that is r squared; the sign is lost.",
        "score_axis": "every cell has a mean and a sum of its own: take them along axis=0.",
        "score_one": "that is one number; every cell has its own.",
    }
)

QUESTIONS = {
    "context": question(
        "Each table looks one character further back than the one before. Does every further "
        "character make a character cheaper, on text that no table has seen?",
        right="c",
        a=(
            "yes: who sees more cannot do worse",
            "on the text that was counted, perhaps; elsewhere a long context has seldom been seen, "
            "and few counts mislead",
        ),
        b=(
            "yes, and each saves as much as the one before",
            "what stands far back is mostly told by what stands nearer: the savings shrink",
        ),
        c=(
            "each saves less than the one before, and in the end one more does harm",
            "longer contexts say more but are rarer; the code below shows where the two meet",
        ),
        d=(
            "only the first helps: what comes is too varied for more",
            "programs repeat themselves: after two or three letters of a word the rest is often clear",
        ),
    ),
    "kept": question(
        "A bracket stays open and on its line for 40 characters, and in the end the cell is off. "
        "Was the bracket never noticed, or noticed and lost on the way?",
        right="c",
        a=(
            "never noticed: what was written stays",
            "only with a forget gate of exactly 1 would it stay; look at the golden curve",
        ),
        b=(
            "noticed and lost: every bracket opens the input gate",
            "the picture says for how many brackets the cell was on at 1: not for all",
        ),
        c=(
            "there are brackets of either kind",
            "some are not written, and of those that are, some are lost, even where no other bracket closes",
        ),
        d=(
            "neither: within a line the cell is always on",
            "even at an opening bracket or just after it was on at 80 % of the places only",
        ),
    ),
    "does_it_use_it": question(
        "A cell follows brackets with r = 0.6. Does the model USE this cell when it expects a "
        "closing bracket?",
        right="c",
        a=(
            "yes: a correlation that high cannot be chance",
            "it is no chance, but the read-out may ignore the cell and use others that know the same",
        ),
        b=(
            "no: a cell that is used would have r above 0.9",
            "no value of r can say it: r compares the cell with the text, not with the prediction",
        ),
        c=(
            "r alone cannot say: that takes an experiment",
            "an intervention: clamp the cell, leave all else as it is, and compare",
        ),
        d=(
            "only if the weight from the cell to the closing bracket is large",
            "that is one path only: the cell also acts through the gates of all other units, step after step",
        ),
    ),
}
ask = asks(QUESTIONS)


@checker
def bits(function) -> str:
    """Check a function (shares (N, V), ids (N,)) -> bits per character (7.2)."""
    rng = np.random.default_rng(71)
    shares = softmax(rng.normal(size=(7, 5)) * 2)
    ids = rng.integers(0, 5, 7)
    got = run(function, shares, ids)
    given = shares[np.arange(7), ids]
    want = -np.log2(given).mean()
    hints = [
        (-np.log(given).mean(), WORDS["bits_nats"]),
        (-want, WORDS["bits_sign"]),
        (7 * want, WORDS["bits_sum"]),
        (-np.log2(given.mean()), WORDS["bits_mean_first"]),
        (-(shares * np.log2(shares)).sum(axis=1).mean(), WORDS["bits_entropy"]),
        (-np.log2(shares[:, ids]).mean(), WORDS["bits_pairs"]),
    ]
    compare(say("your number"), got, want, also=[[want]], hints=hints)
    return WORDS["bits"]


@checker
def at_temperature(function) -> str:
    """Check a function (z (..., V), temperature) -> shares (..., V) (7.4)."""
    z = np.random.default_rng(72).normal(size=(3, 4))
    for temperature in (0.5, 0.1, 5.0):
        got = run(function, z, temperature)
        hints = [
            (softmax(z * temperature), WORDS["shares_times"]),
            (softmax(z) / temperature, WORDS["shares_outside"]),
            (softmax(z), WORDS["shares_plain"]),
            (z / temperature, WORDS["shares_raw"]),
            (softmax((z / temperature).T).T, WORDS["shares_sum"]),
            (softmax((z / temperature).ravel()).reshape(z.shape), WORDS["shares_sum"]),
        ]
        if shape_of(got) == z.shape and np.isin(got, (0, 1)).all():
            raise NotYet(WORDS["shares_draw"])
        compare(say("your shares"), got, softmax(z / temperature), hints=hints)
    return WORDS["shares"]


@checker
def score(function) -> str:
    """Check a function (shown (N, H), mark (N,)) -> r (H,) (7.5)."""
    rng = np.random.default_rng(73)
    mark = rng.random(50) < 0.4
    shown = rng.normal(size=(50, 4)) * (1, 3, 0.2, 1) + (0, 1, -2, 0)
    shown[:, 1] -= 4 * mark
    got = run(function, shown, mark)
    want = correlation(shown, mark)
    apart = (shown - shown.mean(axis=0)) * (mark - mark.mean())[:, None]
    raw = shown * mark[:, None]
    of_mark = ((mark - mark.mean()) ** 2).sum()
    one_mean = apart.sum(axis=0) / np.sqrt(((shown - shown.mean()) ** 2).sum(axis=0) * of_mark)
    one_sum = apart.sum(axis=0) / np.sqrt(((shown - shown.mean(axis=0)) ** 2).sum() * of_mark)
    cosine = raw.sum(axis=0) / np.sqrt((shown**2).sum(axis=0) * mark.sum())
    hints = [
        (apart.mean(axis=0), WORDS["score_covariance"]),
        (apart.sum(axis=0) / 49, WORDS["score_covariance"]),
        (cosine, WORDS["score_cosine"]),
        (one_mean, WORDS["score_axis"]),
        (one_sum, WORDS["score_axis"]),
        (np.abs(want), WORDS["score_absolute"]),
        (want**2, WORDS["score_square"]),
    ]
    if shape_of(got) == () and not isinstance(got, str):
        raise NotYet(WORDS["score_one"])
    compare(say("your r"), got, want, hints=hints)
    return WORDS["score"]


@checker
def hold(function) -> str:
    """Check a function (xs, h, c, params, u, v) -> h and c, cell u held at v throughout (7.6)."""
    rng = np.random.default_rng(74)
    params = init_lstm(3, 4, rng=rng)
    xs, (h, c), u, v = rng.normal(size=(6, 2, 3)), 0.1 * rng.normal(size=(2, 2, 4)), 1, 1.3
    got = run(function, xs, h, c, params, u, v)
    try:
        got_h, got_c = got
    except Exception:  # an object may raise anything when it is taken apart
        raise NotYet(WORDS["hold_pair"]) from None

    def held(shown, *, c_too=True, where=(slice(None), u), last_only=False):
        now, kept = h, c
        for t, x in enumerate(xs):
            now, kept, cache = lstm_step(x, now, kept, params)
            if not last_only or t == len(xs) - 1:
                now[where] = shown(now, cache[6])[where]
                if c_too:
                    kept[where] = v
        return now, kept

    def right(h, o):
        return o * np.tanh(v)

    want_h, want_c = held(right)
    hints = [
        (held(lambda h, o: h, c_too=False)[0], WORDS["hold_free"]),
        (held(right, last_only=True)[0], WORDS["hold_end"]),
        (held(lambda h, o: h)[0], WORDS["hold_c"]),
        (held(lambda h, o: o * v)[0], WORDS["hold_tanh"]),
        (held(lambda h, o: 0 * o + np.tanh(v))[0], WORDS["hold_gate"]),
        (held(right, where=...)[0], WORDS["hold_all"]),
        (held(right, where=u)[0], WORDS["hold_all"]),
    ]
    compare("h", got_h, want_h, hints=hints)
    compare("c", got_c, want_c, hints=[(held(right, c_too=False)[1], WORDS["hold_h"])])
    return WORDS["hold"]


@checker
def clamp(function) -> str:
    """Check a function () -> (cell, value): held so, openings inside brackets are halved (7.7)."""
    model = stored_writer().model
    got, last = run(function), len(model.cell.W_h) - 1
    try:
        unit, value = (float(number) for number in got)
    except Exception:  # an object may raise anything when it is asked for its numbers
        raise NotYet(WORDS["clamp_pair"].format(last=last)) from None
    if not (unit.is_integer() and 0 <= unit <= last and np.isfinite(value)):
        raise NotYet(WORDS["clamp_pair"].format(last=last))
    reading = read(model, "measure", B=8, T=120)
    free = clamp_effect(model, reading, "brackets", "([{")
    held = clamp_effect(model, reading, "brackets", "([{", int(unit), float(value))
    factor = held.inside / free.inside
    if factor > 0.5:
        raise NotYet(WORDS["clamp_weak"].format(factor=factor))
    return WORDS["clamp"].format(factor=factor)
