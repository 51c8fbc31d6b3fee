"""Checkers of notebook 08: counting weights, a coupled cell, how sure a few trials make us."""

import numpy as np

from lstm_inside.page import NotYet, asks, checker, compare, question, run, shape_of
from lstm_inside.replication import Blocks, wilson
from lstm_inside.words import Sentences, say

WORDS = Sentences(
    {
        "count": "four networks of the paper counted.",
        "count_sources": "that leaves out the gates as sources: each unit sees cells AND gates.",
        "count_targets": "every gate needs weights of its own, not only the cells.",
        "count_biases": "the gates' biases are missing.",
        "count_forget": "that is three gates a block; 1997 has two, it knows no forget gate.",
        "count_cells": "in experiment 1 only the gates have biases: the cells have none.",
        "count_answers": "in experiment 1 only the gates have biases: the outputs have none.",
        "count_outputs": "the weights from the cells to the outputs are missing.",
        "coupled": "what is forgotten makes room for what is written, and for no more.",
        "coupled_free": "both gates are f: what is kept is written once more. (8.4) with i = 1 - f.",
        "coupled_swapped": "keep and write have changed places: f keeps the old cell.",
        "coupled_written": "the written part counts in full; it gets the share 1 - f.",
        "interval": "for few and for many trials, at the ends and in the middle.",
        "interval_wald": "that is share +- 1.96 standard errors: for 0 of 10 it claims to be certain. "
        "Wilson's interval moves the middle towards 1/2.",
        "interval_middle": "the spread is Wilson's, the middle is not: (share + w / 2) / (1 + w).",
        "interval_order": "low first, then high.",
        "interval_two": "interval returned {got}; expected two numbers, low and high.",
    }
)

QUESTIONS = {
    "cannot_empty": question(
        "Why can the cell of 1997 not empty itself when a new string begins?",
        right="b",
        a=("Its gradient is truncated", "that concerns learning; here nothing is learned"),
        b=(
            "Nothing in its equation makes |c| smaller but a candidate that happens to have the "
            "opposite sign",
            "the old cell enters with the factor 1, always",
        ),
        c=("Its output gate is shut", "that hides the cell and leaves it as it is"),
    ),
    "resets_from_outside": question(
        "With resets from outside at every string's end, a cell of 1997 does not drift either. "
        "What does the forget gate add?",
        right="c",
        a=("A larger memory", "it has as many cells"),
        b=("A better gradient", "both are truncated in the same way"),
        c=("Nobody has to tell it where a string ends", "it learns when to empty the cell"),
    ),
}
ask = asks(QUESTIONS)


@checker
def count_weights(function) -> str:
    """Check a function (D, P, blocks, size) -> weights of a network of 1997, gates feeding back."""
    for D, P, blocks, size in [(7, 7, 4, 1), (7, 7, 3, 2), (8, 4, 2, 2), (2, 1, 1, 1)]:
        got = run(function, D, P, blocks, size)
        net = Blocks(D, P, blocks, size)
        N, C = net.gates, net.cells
        want = _of(net)
        hints = [
            (want - N * (N + C), WORDS["count_sources"]),
            (C * (D + N + C) + N + C * P, WORDS["count_targets"]),
            (want - N, WORDS["count_biases"]),
            (want - C * P, WORDS["count_outputs"]),
            (_of(Blocks(D, P, blocks, size, forget=True)), WORDS["count_forget"]),
            (want + C, WORDS["count_cells"]),
            (want + P, WORDS["count_answers"]),
        ]
        compare(say("count"), got, np.array(want), hints=hints)
    return WORDS["count"]


def _of(net):
    """How many weights a network of blocks has."""
    return sum(int(part.sum()) for part in net.wiring())


@checker
def coupled_cell(function) -> str:
    """Check a function (f, c_prev, g) (B, H) -> c (B, H) of a cell whose gates are coupled."""
    rng = np.random.default_rng(802)
    f, c_prev, g = rng.uniform(0.1, 0.9, (3, 4)), rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    got = run(function, f, c_prev, g)
    hints = [
        (f * c_prev + f * g, WORDS["coupled_free"]),
        ((1 - f) * c_prev + f * g, WORDS["coupled_swapped"]),
        (f * c_prev + g, WORDS["coupled_written"]),
    ]
    compare("c", got, f * c_prev + (1 - f) * g, hints=hints)
    return WORDS["coupled"]


@checker
def interval(function) -> str:
    """Check a function (solved, trials) -> low, high: Wilson's 95 % interval (8.3)."""
    z = 1.96
    for solved, trials in [(3, 10), (10, 10), (0, 4), (180, 200)]:
        got = run(function, solved, trials)
        if shape_of(got) != (2,):
            raise NotYet(WORDS["interval_two"], got=type(got).__name__)
        share = solved / trials
        want = np.array(wilson(solved, trials))
        error = z * np.sqrt(share * (1 - share) / trials)
        spread = (want[1] - want[0]) / 2
        hints = [
            (want[::-1], WORDS["interval_order"]),
            (np.array([share - error, share + error]), WORDS["interval_wald"]),
            (np.array([share - spread, share + spread]), WORDS["interval_middle"]),
        ]
        compare(say("interval"), got, want, hints=hints, rtol=1e-3)
    return WORDS["interval"]
