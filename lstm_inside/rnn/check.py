"""Checkers of notebook 02: the recurrent step, a delay line, a matrix that keeps gradients."""

import numpy as np

from lstm_core import RNNParams, rnn_forward
from lstm_inside import validate
from lstm_inside.page import NotYet, asks, checker, compare, name_of, question, run, shape_of
from lstm_inside.rnn.memory import recall_inputs, spectral_radius
from lstm_inside.words import Sentences, say

WORDS = Sentences(
    {
        "states": "seven steps from a zero state, checked against rnn_forward.",
        "no_state": "every step starts from zero: h of the step before never enters.",
        "no_tanh": "the sum is right, but it is not squashed by tanh.",
        "no_bias": "the bias b is missing.",
        "last_only": "that is the last state only; keep the state of every step.",
        "with_start": "that includes h_0, which is one too many: the answer starts with h_1.",
        "wrong_side": "h is multiplied from the wrong side: it is h @ W_h, not W_h @ h.",
        "wrong_side_x": "x is multiplied from the wrong side: it is x @ W_x, not W_x @ x.",
        "wrong_sides": "x and h are multiplied from the wrong side: it is x @ W_x + h @ W_h.",
        "line": "run on random inputs, your {H} units hold {capacity:.1f} inputs.",
        "pair": "{name} returned {what}; expected two arrays, W_x and W_h.",
        "shapes": "for H = {H} {name} returned shapes {x} and {h}; expected {want_x} and {want_h}.",
        "not_finite": "a weight of yours is not a finite number.",
        "no_input": "nothing comes in: W_x is all zeros.",
        "backwards": "the line runs backwards: W_h[m, n] is the weight FROM unit m TO unit n, so unit n "
        "hands on to unit n + 1 through W_h[n, n + 1]. Your {H} units hold {capacity:.1f} inputs.",
        "ring": "the last unit hands its value back to the first, so old values are added to new ones. "
        "Your {H} units hold {capacity:.1f} inputs.",
        "diagonal": "the units hand their values to themselves, so each adds up all that comes in. "
        "Your {H} units hold {capacity:.1f} inputs.",
        "bent": "the line is right, and its values are so large that tanh bends them: your {H} units "
        "hold {capacity:.1f} inputs. Let the input in more softly.",
        "faded": "the line is right, and its values shrink from unit to unit until they are lost: your "
        "{H} units hold {capacity:.1f} inputs.",
        "holds": "your {H} units hold {capacity:.1f} inputs; {H} is possible.",
        "keeps": "every singular value is 1, so every gradient keeps its length.",
        "keeps_shape": "for H = {H} {name} returned {what}; expected a matrix of shape ({H}, {H}).",
        "keeps_some": "in one step back a gradient's length is multiplied by {low:.2f} to {high:.2f}, "
        "depending on its direction.",
        "keeps_radius": "the spectral radius is 1, but that speaks of the long run: in one step back a "
        "gradient's length is multiplied by {low:.2f} to {high:.2f}, depending on its direction.",
        "keeps_factor": "every gradient is multiplied by {high:.2f} a step, so {steps} steps leave "
        "{left:.1e} of it.",
        "keeps_grows": "every gradient is multiplied by {high:.2f} a step, so after {steps} steps it "
        "is {left:.1e} times as long.",
    }
)

QUESTIONS = {
    "perfect_memory": question(
        "A state holds all 20 numbers exactly, but it has not seen the flag, which stands at one of "
        "the first 10 steps. What R² can a read-out of this state reach?",
        right="c",
        a=(
            "1",
            "the number is there, but the read-out has one weight for each place, and the flag is at "
            "another place in the next sequence",
        ),
        b=(
            "about 0.5",
            "with two places it is 0.5; with ten the right number is one of ten in the sum",
        ),
        c=(
            "about 0.1",
            "the best sum is a tenth of each of the ten numbers; it explains a tenth of the answer's "
            "variance. Without the flag no read-out could do better; the program below asks whether "
            "the flag helps",
        ),
        d=(
            "0",
            "it knows that the answer is one of ten numbers, and their mean goes along with it a little",
        ),
    ),
}
ask = asks(QUESTIONS)


@checker
def states(function) -> str:
    """Check a function (xs, W_x, W_h, b) -> hs (T, H) against (2.1), xs (T, D), from zero.

    D = H comes first: there W_x @ x is a number like any other, and gets its own words.
    """
    for D in (3, 2):
        _states(function, D, np.random.default_rng(21))
    return WORDS["states"]


def _states(function, D, rng):
    """NotYet where the states of 3 units with D inputs are not those of (2.1)."""
    xs, W_x = rng.normal(size=(7, D)), rng.normal(size=(D, 3))
    W_h, b = rng.normal(size=(3, 3)) / 2, rng.normal(size=3)
    hs = run(function, xs, W_x, W_h, b)

    def reference(W_h=W_h, b=b, W_x=W_x):
        return rnn_forward(xs[:, None], RNNParams(W_x, W_h, b)).h[:, 0]

    want, linear = reference(), [np.zeros(3)]
    for x in xs:
        linear.append(x @ W_x + linear[-1] @ W_h + b)
    hints = [
        (reference(W_h=0 * W_h)[1:], WORDS["no_state"]),
        (linear[1:], WORDS["no_tanh"]),
        (reference(b=0 * b)[1:], WORDS["no_bias"]),
        (want[-1], WORDS["last_only"]),
        (want, WORDS["with_start"]),
        (reference(W_h=W_h.T)[1:], WORDS["wrong_side"]),
    ]
    if D == 3:
        hints += [
            (reference(W_x=W_x.T)[1:], WORDS["wrong_side_x"]),
            (reference(W_h=W_h.T, W_x=W_x.T)[1:], WORDS["wrong_sides"]),
        ]
    compare(say("your states"), hs, want[1:], hints=hints)


@checker
def line(function) -> str:
    """Check a function H -> (W_x (1, H), W_h (H, H)) whose H units hold H inputs (2.5).

    Any weights that do it are right: the network is run on noise and its memory measured.
    """
    for H in (5, 24):
        W_x, W_h = _two_arrays(run(function, H), H, name_of(function))
        capacity = _capacity(W_x, W_h)
        found = {"H": H, "capacity": capacity}
        if capacity < H - 0.5:
            raise NotYet(WORDS[_what_is_off(W_x, W_h)].format(**found))
    return WORDS["line"].format(**found)


def _two_arrays(pair, H, name):
    """W_x (1, H), also given as (H,), and W_h (H, H) as float64; NotYet for anything else."""
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise NotYet(WORDS["pair"].format(name=name, what=type(pair).__name__))
    shapes, want = tuple(map(shape_of, pair)), ((1, H), (H, H))
    if shapes[0] not in ((1, H), (H,)) or shapes[1] != want[1]:
        raise NotYet(WORDS["shapes"].format(
            name=name, H=H, x=shapes[0], h=shapes[1], want_x=want[0], want_h=want[1]
        ))  # fmt: skip
    try:
        W_x, W_h = (np.asarray(part, dtype=float) for part in pair)
    except (TypeError, ValueError):
        raise NotYet(WORDS["not_finite"]) from None
    if not (np.isfinite(W_x).all() and np.isfinite(W_h).all()):
        raise NotYet(WORDS["not_finite"])
    return W_x.reshape(1, H), W_h


def _capacity(W_x, W_h):
    """How many inputs the network holds: 900 steps of noise, lags up to twice its size."""
    H = len(W_h)
    noise = np.random.default_rng(22).uniform(-1, 1, 900)
    h = rnn_forward(noise[:, None, None], RNNParams(W_x, W_h, np.zeros(H))).h[1:, 0]
    return recall_inputs(h, noise, 2 * H).capacity


def _what_is_off(W_x, W_h):
    """The key of the words for a line that loses something."""
    if not W_x.any():
        return "no_input"
    if np.abs(np.diag(W_h)).sum() > np.abs(W_h).sum() / 2:
        return "diagonal"
    if _capacity(W_x, W_h.T) > len(W_h) - 0.5:
        return "backwards"
    links = np.where(W_h != 0, 1.0, 0.0)
    if _capacity(0.01 * (W_x != 0), links) > len(W_h) - 0.5:
        return "faded" if np.abs(W_h).max() < 1 else "bent"
    links[-1, 0] = 0
    return "ring" if W_h[-1, 0] and _capacity(0.01 * (W_x != 0), links) > 1 else "holds"


@checker
def keeps(function) -> str:
    """Check a function H -> W_h (H, H) under which every gradient keeps its length (2.7).

    The slopes count as 1. Any matrix whose singular values are all 1 is right.
    """
    for H in (3, 8):
        W_h = run(function, H)
        try:
            W_h = validate.array("W_h", W_h, (H, H), "(H, H)", np.float64)
        except Exception:  # an object may raise anything when it is asked for its numbers
            what = say("shape {W_h}", W_h=shape_of(W_h)) if shape_of(W_h) else type(W_h).__name__
            raise NotYet(
                WORDS["keeps_shape"].format(H=H, name=name_of(function), what=what)
            ) from None
        sizes = np.linalg.svd(W_h, compute_uv=False)
        found = {"low": sizes.min(), "high": sizes.max()}
        if found["high"] - found["low"] > 1e-6:
            radius = abs(spectral_radius(W_h) - 1) < 1e-6
            raise NotYet(WORDS["keeps_radius" if radius else "keeps_some"].format(**found))
        if abs(found["high"] - 1) > 1e-6:
            left = {"steps": 60, "left": found["high"] ** 60}
            key = "keeps_grows" if found["high"] > 1 else "keeps_factor"
            raise NotYet(WORDS[key].format(**found, **left))
    return WORDS["keeps"]
