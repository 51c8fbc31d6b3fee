"""Checkers of notebook 02: the recurrent step, recall, and the bound on the gradient."""

import numpy as np

from lstm_core import RNNParams, rnn_forward
from lstm_inside.page import asks, checker, compare, question, run

WORDS = {
    "states": "seven steps from a zero state, checked against rnn_forward.",
    "no_state": "every step starts from zero: h of the step before never enters.",
    "no_tanh": "the sum is right, but it is not squashed by tanh.",
    "no_bias": "the bias b is missing.",
    "last_only": "that is the last state only; keep the state of every step.",
    "with_start": "that includes h_0; the answer starts with h_1.",
    "wrong_side": "h is multiplied from the wrong side: it is h @ W_h, not W_h @ h.",
    "recall": "1 for perfect recall, 0 for a guess no better than the mean.",
    "correlation": "that is a correlation; a guess with the wrong scale would still get 1.",
    "error_only": "that is the mean squared error; hold it against the spread of the truth.",
    "share_left": "that is the share NOT recovered; recall is one minus it.",
    "around_zero": "the spread is measured around the mean of the truth, not around 0.",
    "bound": "(gamma times the largest singular value) to the power of k.",
    "eigenvalue": "that uses the spectral radius; what a matrix can do to a length in one step "
    "is its largest SINGULAR value.",
    "one_too_many": "one factor too many: k steps back there are k factors of W_h.",
    "no_gamma": "gamma, the activation's steepest slope, is missing: one factor a step.",
    "gamma_once": "gamma enters at every step, so it is raised to k as well.",
    "not_raised": "that is one step's factor; k steps multiply k of them.",
    "frobenius": "that is the Frobenius norm (all entries); numpy.linalg.norm(W, 2) is the largest "
    "singular value.",
}

QUESTIONS = {
    "louder_input": question(
        "The spectral radius is 0.9 and the input strength goes up from 1 to 3. What happens to the memory?",
        right="c",
        a=(
            "it gets longer: louder inputs leave a deeper trace",
            "they do, for one step; but the next loud input then overwrites it, as tanh is already flat",
        ),
        b=(
            "nothing: R² does not depend on scale",
            "it would not in a linear network; tanh makes the difference",
        ),
        c=(
            "it gets shorter: tanh saturates, and old contents hardly count",
            "compare the rows of radius 0.9: the capacity falls from 8.1 to 4.6",
        ),
    ),
    "singular_value": question(
        "A tanh RNN's recurrent matrix has a largest singular value of 1.5. What follows for its gradients?",
        right="d",
        a=(
            "they explode",
            "that is the popular slip: 1.5 permits growth, the slopes and directions decide",
        ),
        b=(
            "they vanish",
            "for that the value would have to be below 1; above it nothing is settled",
        ),
        c=("they neither vanish nor explode", "they may do either"),
        d=(
            "nothing yet: growth is possible, not certain",
            "the condition is necessary for exploding, not sufficient",
        ),
    ),
}
ask = asks(QUESTIONS)


@checker
def states(function) -> str:
    """Check a function (xs, W_x, W_h, b) -> hs (T, H) against (2.1), xs (T, D), from zero."""
    rng = np.random.default_rng(21)
    xs, W_x = rng.normal(size=(7, 2)), rng.normal(size=(2, 3))
    W_h, b = rng.normal(size=(3, 3)) / 2, rng.normal(size=3)
    hs = run(function, xs, W_x, W_h, b)

    def reference(W_h=W_h, b=b):
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
    compare("your hs", hs, want[1:], hints=hints)
    return WORDS["states"]


@checker
def recall(function) -> str:
    """Check a function (truth, guess) -> R^2 (2.4)."""
    rng = np.random.default_rng(22)
    truth = rng.normal(size=50) + 2
    guess = 0.6 * truth + 0.3 * rng.normal(size=50)
    got = run(function, truth, guess)
    error = ((truth - guess) ** 2).mean()
    correlation = np.corrcoef(truth, guess)[0, 1]
    hints = [
        (correlation, WORDS["correlation"]),
        (correlation**2, WORDS["correlation"]),
        (error, WORDS["error_only"]),
        (error / truth.var(), WORDS["share_left"]),
        (1 - error / (truth**2).mean(), WORDS["around_zero"]),
    ]
    compare("your R^2", got, 1 - error / truth.var(), hints=hints)
    return WORDS["recall"]


@checker
def bound(function) -> str:
    """Check a function (W_h, k, gamma) -> bound on what is left of a gradient (2.6)."""
    W_h = np.random.default_rng(23).normal(size=(4, 4)) / 2
    for k, gamma in ((6, 0.25), (9, 1.0)):
        got = run(function, W_h, k, gamma)
        sigma = np.linalg.norm(W_h, 2)
        radius = np.abs(np.linalg.eigvals(W_h)).max()
        want = (gamma * sigma) ** k
        hints = [
            ((gamma * radius) ** k, WORDS["eigenvalue"]),
            ((gamma * sigma) ** (k + 1), WORDS["one_too_many"]),
            (sigma ** (k + 1) * gamma**k, WORDS["one_too_many"]),
            ((gamma * np.linalg.norm(W_h)) ** k, WORDS["frobenius"]),
            (gamma * sigma, WORDS["not_raised"]),
        ]
        if gamma != 1:
            hints += [(sigma**k, WORDS["no_gamma"]), (gamma * sigma**k, WORDS["gamma_once"])]
        compare(f"your bound for k = {k}", got, want, hints=hints)
    return WORDS["bound"]
