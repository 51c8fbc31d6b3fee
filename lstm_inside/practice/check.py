"""Checkers and questions of notebook 10: count, read a padded batch, stop a leak, name a fault."""

import numpy as np

from lstm_inside.page import NotYet, asks, checker, compare, question, run
from lstm_inside.practice.diagnose import shared_steps
from lstm_inside.practice.figures import NAMES
from lstm_inside.practice.sizes import layer_size
from lstm_inside.words import Sentences, say

WORDS = Sentences(
    {
        "count": "four blocks of H columns, D + H + 1 rows each, and the read-out's (H + 1) K.",
        "one_block": "that is one block of columns; an LSTM has four: i, f, g and o.",
        "three_blocks": "that is three blocks: the candidate has weights as well.",
        "no_bias": "the LSTM's biases are missing: one a column.",
        "two_biases": "that counts two biases a column, as PyTorch stores them; here there is one.",
        "no_readout": "that is the LSTM alone; the read-out has W_y (H, K) and b_y (K,).",
        "no_readout_bias": "the read-out's K biases are missing.",
        "no_recurrent": "the H rows of W_h are missing: the gates read the old state, too.",
        "read": "each sequence is read at its own last real step.",
        "read_pads": "that is the last row for all of them: for a short sequence it stands among the pads.",
        "read_late": "that is one step late: length L ends at index L - 1.",
        "read_first": "that is the first step of every sequence.",
        "read_mean": "that is the mean over all steps, pads included.",
        "pair": "{name} returned {what}; expected two arrays: train and test, first steps of windows.",
        "starts": "{part}: expected whole numbers from 0 to {most}, the first steps of windows.",
        "leaks": "{share:.0%} of your test windows share steps with a training window.",
        "before": "no step is shared, but some of your test windows lie before a training window. In "
        "use the future is not there to train on: test on what comes last.",
        "few": "no leak, and too little left: {train} training and {test} test windows of {total}. "
        "Keep at least 60 % for training and 10 % for the test.",
        "sealed": "no test window shares a step with training, and all of them come after it.",
        "faults_form": "expected a dict with a word for each of A to F.",
        "faults_word": "{letter}: expected one of {words}, got {got!r}.",
        "faults": "five faults and one healthy model are named.",
        "echo": "A: slide the forecast one step to the left. What does it lie on?",
        "overfitting": "B: where do the two losses part, and which of them counts?",
        "constant": "C: do the answers follow what is wanted, or are they all alike?",
        "healthy": "D: could the loss go lower than the noise? Do the two losses part?",
        "infinite": "E: which power of ten is reached before the line ends?",
        "dies when fed with itself": "F: what changes at the dashed line?",
    }
)

QUESTIONS = {
    "units": question(
        "LSTM(32) reads sequences of 3 steps with 5 numbers a step. What is the 32?",
        right="c",
        a=("the number of steps", "that is T = 3. A layer runs as often as there are steps, with any width"),
        b=(
            "32 cells with weights of their own, used one after the other",
            "every step uses the same weights; the 32 units work side by side at each step",
        ),
        c=(
            "the width H: h and c are 32 numbers at every step",
            "num_units, units and hidden_size all name this width",
        ),
        d=("the four gates times eight", "H is the width of each gate; the four together have 4H = 128 columns"),
    ),
    "h_n": question(
        "A framework returns output (all steps) and h_n for one layer without pads. Which holds more?",
        right="b",
        a=("h_n: it holds the cell as well", "the cell's last value is c_n, a third result"),
        b=("output: its last step is h_n", "the same numbers twice; c_n alone is nowhere in output"),
        c=("neither: one is before, the other after the output gate", "both are h, after the output gate"),
    ),
    "shuffle": question(
        "You train on many independent sequences. What may be shuffled?",
        right="a",
        a=("the sequences, not the steps inside", "each starts from its own zero state, so their order is free"),
        b=("the steps inside, not the sequences", "the order of the steps is what the state is for"),
        c=(
            "nothing",
            "nothing if the state is carried from batch to batch; independent sequences start from zero",
        ),
    ),
    "echo": question(
        "Your forecast looks like the series, one step late. What follows?",
        right="d",
        a=("a bug: an index is off by one", "possible, and to be checked, but a right forecast can look like this"),
        b=("the window is too short", "here it had eight values and used the last"),
        c=("the network is good: it looks like the series", "so does persistence, which knows nothing"),
        d=(
            "nothing yet: compare its error with that of persistence",
            "if it is no lower, the model has found no more than the last value",
        ),
    ),
}  # fmt: skip
ask = asks(QUESTIONS)


@checker
def parameters(function) -> str:
    """Check a function (D, H, K) -> the number of parameters of an LSTM with a read-out (10.1)."""
    for D, H, K in ((1, 9, 1), (5, 32, 3), (7, 2, 4)):
        got = run(function, D, H, K)
        lstm, out = layer_size(D, H), (H + 1) * K
        hints = [
            (lstm, WORDS["no_readout"]),
            (lstm // 4 + out, WORDS["one_block"]),
            (3 * lstm // 4 + out, WORDS["three_blocks"]),
            (lstm - 4 * H + out, WORDS["no_bias"]),
            (layer_size(D, H, biases=2) + out, WORDS["two_biases"]),
            (lstm + H * K, WORDS["no_readout_bias"]),
            (lstm - 4 * H * H + out, WORDS["no_recurrent"]),
        ]
        compare(
            say("your count for D = {D}, H = {H}, K = {K}", D=D, H=H, K=K),
            got,
            lstm + out,
            hints=hints,
        )
    return WORDS["count"]


@checker
def read_padded(function) -> str:
    """Check a function (states (T, B, H), lengths (B,)) -> the last real states (B, H)."""
    states = np.random.default_rng(31).normal(size=(7, 4, 3))
    lengths, each = np.array([4, 6, 2, 5]), np.arange(4)
    got = run(function, states, lengths)
    hints = [
        (states[-1], WORDS["read_pads"]),
        (states[lengths, each], WORDS["read_late"]),
        (states[0], WORDS["read_first"]),
        (states.mean(axis=0), WORDS["read_mean"]),
    ]
    compare(say("your answer"), got, states[lengths - 1, each], hints=hints)
    return WORDS["read"]


@checker
def split(function) -> str:
    """Check a function (T, length) -> (train, test), first steps of windows that share none."""
    for T, length in ((100, 20), (200, 20), (331, 12)):
        pair = run(function, T, length)
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise NotYet(WORDS["pair"], name=say("your function"), what=type(pair).__name__)
        total = T - length + 1
        train, test = (
            _starts(part, name, total - 1)
            for part, name in zip(pair, ("train", "test"), strict=True)
        )
        leak = shared_steps(train, test, length)
        if leak:
            raise NotYet(WORDS["leaks"].format(share=leak))
        if test.min() < train.max():
            raise NotYet(WORDS["before"])
        sizes = {"train": len(set(train)), "test": len(set(test)), "total": total}
        if sizes["train"] < 0.6 * total or sizes["test"] < 0.1 * total:
            raise NotYet(WORDS["few"].format(**sizes))
    return WORDS["sealed"]


def _starts(part, name, most):
    """A reader's first steps as whole numbers; NotYet for anything else."""
    try:
        found = np.asarray(part)
    except ValueError:
        found = np.array([])
    if found.ndim != 1 or not found.size or found.dtype.kind not in "iu":
        raise NotYet(WORDS["starts"].format(part=name, most=most))
    if found.min() < 0 or found.max() > most:
        raise NotYet(WORDS["starts"].format(part=name, most=most))
    return found.astype(int)


RIGHT = {
    "A": "echo",
    "B": "overfitting",
    "C": "constant",
    "D": "healthy",
    "E": "infinite",
    "F": "dies when fed with itself",
}


@checker
def faults(named) -> str:
    """Check the words for the pictures of `six_models`: a dict letter -> one of NAMES."""
    if not isinstance(named, dict) or set(named) != set(RIGHT):
        raise NotYet(WORDS["faults_form"])
    for letter, right in RIGHT.items():
        word = named[letter]
        if word is None:
            raise NotYet(WORDS[right])
        if word not in NAMES:
            raise NotYet(WORDS["faults_word"].format(letter=letter, words=list(NAMES), got=word))
        if word != right:
            raise NotYet(WORDS[right])
    return WORDS["faults"]
