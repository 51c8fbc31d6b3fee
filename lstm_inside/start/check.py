"""Questions and the exercise of notebook 00: gates that read the flag."""

import numpy as np

from lstm_core import lstm_forward, sigmoid
from lstm_inside.page import NotYet, asks, checker, name_of, plain, question, run, unreached
from lstm_inside.start.recall import flag_gates, said, score
from lstm_inside.tasks import recall_problem
from lstm_inside.words import Sentences, say

STEPS, GOAL = 100, 0.99

WORDS = Sentences(
    {
        "right": "the score is {r2:.3f} on a hundred streams of {steps} numbers.",
        "two": "{name} returned {what}; expected two numbers, a_write and a_keep.",
        "finite": "{name} returned {what}; expected finite numbers. Something like 12 is sure enough.",
        "gates": "{name} returned the gates themselves. The sigmoid is still to come: σ(1) is 0.73 and "
        "σ(0) is 0.50, so give it numbers far from 0.",
        "swapped": "write and keep have changed places: a_write comes first.",
        "turned": "write is turned round: with the flag it is {i1:.2f}, without it {i0:.2f}.",
        "shut": "with the flag, write is {i1:.2f}: only that share of the flagged number gets in.",
        "leak": "without a flag, write is still {i0:.4f}. A hundred numbers come by, and that share of "
        "each gets in: the score is {r2}.",
        "forgets": "without a flag, keep is {f0:.4f}. After 50 steps {left:.3f} of the number is left.",
        "score": "the score is {r2}, wanted {goal}.",
    }
)

QUESTIONS = {
    "other_streams": question(
        "First reach a score of 0.99 on streams flagged at step 6, and leave your gates there. "
        "What will they score on streams flagged at other steps?",
        right="c",
        a=(
            "0.99 too",
            "The gates do not see the flag: they open and shut at the same steps whatever comes.",
        ),
        b=(
            "A little lower",
            "What is kept is number 6, which has nothing to do with the one wanted.",
        ),
        c=(
            "Below 0",
            "It answers with number 6, an unrelated one: twice the squared error of always "
            "answering 0.",
        ),
    ),
    "reach": question(
        "The latch's flag is at step 6. On its way back from step 20, how far does the gradient "
        "get along the cell line?",
        right="b",
        a=(
            "It fades, a little at every step",
            "It would with keep below 1. Between the flag and the end the latch's keep is all but 1.",
        ),
        b=(
            "In full to step 6, and no further",
            "Keep is 1 from the end to step 7 and 0 at the flag: nothing gets past step 6.",
        ),
        c=("In full to step 1", "At the flag keep is shut: a step back there multiplies by 0."),
    ),
}
ask = asks(QUESTIONS)


@checker
def flag_reader(function) -> str:
    """Check a function flag -> (a_write, a_keep), pre-activations of the two gates.

    It is asked for a flag of 0 and of 1; the unit made of the answers must score 0.99.
    """
    (i0, f0), (i1, f1) = (_two_numbers(function, flag) for flag in (0, 1))
    streams = recall_problem(STEPS, 100, rng=np.random.default_rng(3))
    trace = lstm_forward(streams.xs, flag_gates((i0, i1), (f0, f1)))
    r2 = score(said(trace), streams.targets)
    if r2 >= GOAL:
        return WORDS["right"].format(r2=r2, steps=STEPS)
    if all(0 <= a <= 1 for a in (i0, f0, i1, f1)):
        raise NotYet(WORDS["gates"].format(name=name_of(function)))
    swapped = lstm_forward(streams.xs, flag_gates((f0, f1), (i0, i1)))
    if score(said(swapped), streams.targets) >= GOAL:
        raise NotYet(WORDS["swapped"])
    i0, i1, f0 = (float(sigmoid(a)) for a in (i0, i1, f0))
    raise NotYet(_what_is_off(i0, i1, f0, r2))


def _two_numbers(function, flag):
    pair, name = run(function, flag), name_of(function)
    try:
        pair = np.asarray(pair, dtype=float)
    except Exception:  # an object may raise anything when it is asked for its numbers
        raise NotYet(WORDS["two"].format(name=name, what=type(pair).__name__)) from None
    if pair.size != 2:
        what = say("{size} number" if pair.size == 1 else "{size} numbers", size=pair.size)
        raise NotYet(WORDS["two"].format(name=name, what=what))
    if not np.isfinite(pair).all():
        raise NotYet(WORDS["finite"].format(name=name, what=f"{pair.ravel()}"))
    return tuple(np.clip(pair.ravel(), -1e6, 1e6).tolist())


def _what_is_off(i0, i1, f0, r2):
    """The first thing that keeps gates from a good score, in words."""
    if i0 > 0.5 > i1:
        return WORDS["turned"].format(i0=i0, i1=i1)
    if i1 < 0.9:
        return WORDS["shut"].format(i1=i1)
    if i0 > 0.002:
        return WORDS["leak"].format(i0=i0, r2=plain(r2, 3))
    if f0**50 < 0.95:
        return WORDS["forgets"].format(f0=f0, left=f0**50)
    return WORDS["score"].format(r2=unreached(r2, GOAL, ".3f"), goal=GOAL)
