"""Checkers and questions of notebook 04: the cell's total, a step, a diagnosis."""

from types import SimpleNamespace

import numpy as np

from lstm_core import init_lstm, lstm_step
from lstm_inside.bptt.faults import DIAGNOSES, FAULTS, IN_WORDS, take_step
from lstm_inside.page import (
    NotYet,
    Question,
    Questions,
    asks,
    checker,
    compare,
    question,
    run,
    shape_of,
)
from lstm_inside.words import Sentences, say

WORDS = Sentences(
    {
        "cell": "both paths: along the cell line and through h.",
        "cell_no_line": "only the path through h: what comes along the cell line is missing (4.11).",
        "cell_no_h": "only the carousel: c_t also shows in h_t, so add the path through h (4.7).",
        "cell_no_slope": "the slope of tanh at c_t is missing in the path through h.",
        "cell_no_o": "the output gate o_t is missing in the path through h.",
        "cell_no_f": "one step back along the cell line multiplies the gradient by f_next.",
        "cell_all_f": "f_next stands on the cell line only; what comes through h_t does not pass it.",
        "cell_after": "that is step t + 1's total: f_next and the path through h are missing.",
        "cell_tanh": "tanh' = 1 - tanh(c)^2: c is the value before tanh.",
        "pair": "{name} returned {got}; expected the two arrays da (B, 4H) and dc_prev (B, H).",
        "step": "all four blocks and the carousel, for a batch of 2 and 3 units.",
        "order": "the four blocks are there, in another order than i, f, g, o.",
        "cell_path": "the path from c to c_prev is missing: dc_prev is dc * f (4.11).",
        "forget": "the forget gate's block is 0: df = dc * c_prev (4.8) is missing.",
        "slope": "i, f and o are activations already: the slope is i * (1 - i), without a sigmoid.",
        "tanh": "tanh(c) is forgotten: h = o * tanh(c), so do = dh * tanh(c), with its slope in dc.",
        "carry": "dh_from was never added: h_t also acts through step t + 1 (4.1).",
        "no_direct": "dh_direct was never added: the loss looks at h_t itself, too (4.1).",
        "no_future": "dh_from and dc_line are both missing: the step after sends two things back.",
        "in_place": "an array of the caller's was changed ({which}): write dc = dc_line + ..., not +=.",
        "no_h_path": "dc misses the path through h_t (4.7).",
        "c_not_before": "df takes the cell BEFORE the step: f stands beside c_prev, not c (4.8).",
        "tanh_in_do": "do is dh times what stands beside o in h, and that is tanh(c), not c (4.6).",
        "no_slope": "tanh's slope 1 - tanh(c)^2 is missing on the way from h to c (4.7).",
        "line_alone": "dc_prev takes the TOTAL dc, with the path through h, times f (4.7), (4.11).",
        "no_slopes": "that is di, df, dg, do; each still takes its gate's slope to become da (4.12).",
        "swapped": "the right arrays, the other way round: return da, dc_prev.",
    }
)

QUESTIONS = {
    "second_term": question(
        "The loss looks at h_2 only. What is dL/dh_1?",
        right="c",
        a=(
            "0: the loss does not look at h_1",
            "Not directly. But step 2 reads h_1, so a nudge of h_1 changes h_2 and with it the loss",
        ),
        b=(
            "what the loss says about h_1, as always",
            "that is the first term, and it is 0 here; h_1 also acts through the next step",
        ),
        c=(
            "only what step 2 sends back",
            "the first term of (4.1) is 0, and the second one carries everything",
        ),
        d=(
            "the same as dL/dh_2",
            "between them lie the slope of tanh and W_h: the gradient is not handed on unchanged",
        ),
    ),
    "cell_line": question(
        "Which of these stands between dL/dc_t and dL/dc_{t-1} on the cell line?",
        right="b",
        a=(
            "the recurrent matrix W_h",
            "W_h stands between h_{t-1} and the gates, not on the cell line",
        ),
        b=("the forget gate's value f_t", "one number per unit, between 0 and 1"),
        c=(
            "the slope of tanh",
            "that stands between c_t and h_t: the cell line itself is never squashed",
        ),
        d=(
            "nothing: the gradient passes unchanged",
            "so it was in 1997, with f fixed at 1; with a forget gate it is multiplied by f_t",
        ),
    ),
    "before_flag": question(
        "The latch is flagged at step 15 of 60. Where is the gradient of the cell, dL/dc_t, large?",
        right="b",
        a=(
            "at the end only: it fades on the way",
            "It would if f were 0.7. Here f is 0.9997 on 45 steps, and 0.9997^45 is 0.98",
        ),
        b=(
            "from the end back to step 15, and not before it",
            "f is near 1 until the flag; the flag itself shuts f, and nothing passes it",
        ),
        c=(
            "at step 15 only",
            "that is dL/dx_t: the cell itself has to carry the gradient all the way from the end",
        ),
        d=(
            "everywhere, back to step 1",
            "what the cell held before the flag is wiped out at the flag, so it cannot matter",
        ),
    ),
    "zero_start": question(
        "From h_0 = c_0 = 0, two steps, loss on h only, checking W_h: how many of the 8 patients pass?",
        right="c",
        a=(
            "1: a gradient check is a gradient check",
            "Then every fault would show in W_h. Write the "
            "gradient of W_h as a sum over the two steps: what multiplies the first one?",
        ),
        b=(
            "2: the healthy one and the += one",
            "The += one does pass, as nobody hands it an array. "
            "But three more faults lie between the steps, where this check sees nothing.",
        ),
        c=(
            "5: the healthy one and four of the ill",
            "only the last step is seen, and whatever travels between steps goes unread.",
        ),
        d=(
            "8: nothing can fail it",
            "That is one step's check. With two, the last step's own "
            "mistakes (f, sigmoid', tanh) still show.",
        ),
    ),
}
ask = asks(QUESTIONS)


@checker
def cell_total(function) -> str:
    """Check a function (dh, dc_after, f_next, o, c) -> dL/dc_t against (4.7) and (4.11), (B, H)."""
    rng = np.random.default_rng(42)
    dh, dc_after, c = rng.normal(size=(3, 2, 3))
    f_next, o = rng.uniform(0.1, 0.9, (2, 2, 3))
    got = run(function, dh, dc_after, f_next, o, c)
    line, slope = f_next * dc_after, 1 - np.tanh(c) ** 2
    hints = [
        (dh * o * slope, WORDS["cell_no_line"]),
        (line, WORDS["cell_no_h"]),
        (line + dh * o, WORDS["cell_no_slope"]),
        (line + dh * slope, WORDS["cell_no_o"]),
        (dc_after + dh * o * slope, WORDS["cell_no_f"]),
        (f_next * (dc_after + dh * o * slope), WORDS["cell_all_f"]),
        (dc_after, WORDS["cell_after"]),
        (line + dh * o * (1 - c**2), WORDS["cell_tanh"]),
        (line + dh * o * np.tanh(c), WORDS["cell_tanh"]),
    ]
    compare(say("your dc"), got, line + dh * o * slope, hints=hints)
    return WORDS["cell"]


# ---------------------------------------------------------------- one step


@checker
def step_lines(function) -> str:
    """Check (dh_direct, dh_from, dc_line, c_prev, i, f, g, o, c) -> (da, dc_prev), (4.1)-(4.12)."""
    rng = np.random.default_rng(45)
    params = init_lstm(12, 3, rng=rng)
    dh_direct, dh_from, dc_line, c_prev, h_prev = rng.normal(size=(5, 2, 3))
    _, c, (*_, i, f, g, o, _) = lstm_step(rng.normal(size=(2, 12)), h_prev, c_prev, params)
    given = {"dh_direct": dh_direct, "dh_from": dh_from, "dc_line": dc_line, "c_prev": c_prev,
             "i": i, "f": f, "g": g, "o": o, "c": c}  # fmt: skip
    got = _two_arrays(function, given)
    da, dc_prev = _answer(given)
    hints = [(_joined(mistake), WORDS[name]) for name, mistake in _slips(given)]
    try:
        compare(say("your step"), np.concatenate(got, axis=1), _joined((da, dc_prev)), hints=hints)
    except NotYet as off:
        if not off.kind:  # a known mistake
            raise
        blocks = (np.split(np.asarray(a), 4, axis=1) for a in (got[0], da))
        for name, mine, want in zip("ifgo", *blocks, strict=True):
            compare(say("block {name} of your da", name=name), mine, want)
        compare(say("your dc_prev"), got[1], dc_prev)
    return WORDS["step"]


def _two_arrays(function, given):
    """What the reader's function returns, once it is two arrays of the right shapes."""
    try:
        got = run(function, *given.values())
    except NotYet as off:
        if off.kind != "changed":
            raise
        raise NotYet(WORDS["in_place"], which=list(given)[off.details["number"] - 1]) from None
    shapes = [shape_of(a) for a in got] if isinstance(got, tuple | list) else []
    if shapes == [(2, 3), (2, 12)]:
        raise NotYet(WORDS["swapped"])
    if shapes != [(2, 12), (2, 3)]:
        raise NotYet(WORDS["pair"], name=say("your function"), got=shapes or type(got).__name__)
    return got


def _answer(given, fault=None, **changed):
    """(da, dc_prev) of a step with a fault of FAULTS, or with other numbers given to it."""
    s = SimpleNamespace(**{key: value.copy() for key, value in (given | changed).items()})
    s.tanh_c, s.W_h, s.W_x = np.tanh(s.c), np.zeros((3, 12)), np.zeros((1, 12))
    take_step(s, FAULTS[fault] if fault else None)
    return s.da, s.dc_prev


def _joined(answer):
    return np.concatenate(answer, axis=1)


def _slips(given):
    """(key of WORDS, the (da, dc_prev) that it returns) of what is easily written instead."""
    nothing = np.zeros((2, 3))
    for name in ("cell_path", "forget", "slope", "tanh"):
        yield name, _answer(given, name)
    yield "no_future", _answer(given, dh_from=nothing, dc_line=nothing)
    yield "carry", _answer(given, dh_from=nothing)
    yield "no_direct", _answer(given, dh_direct=nothing)
    da, dc_prev = _answer(given)
    da_i, da_f, da_g, da_o = np.split(da, 4, axis=1)
    for order in ((da_i, da_g, da_f, da_o), (da_f, da_i, da_g, da_o), (da_i, da_f, da_o, da_g)):
        yield "order", (_joined(order), dc_prev)
    i, f, g, o, c = (given[name] for name in "ifgoc")
    slopes = {"i": i * (1 - i), "f": f * (1 - f), "g": 1 - g**2, "o": o * (1 - o)}
    dh, dc = given["dh_direct"] + given["dh_from"], given["dc_line"]
    line_i, line_f = dc * g * slopes["i"], dc * given["c_prev"] * slopes["f"]
    yield "no_h_path", (_joined((line_i, line_f, dc * i * slopes["g"], da_o)), dc * f)
    yield "line_alone", (da, dc * f)
    yield "no_slopes", (da / _joined(list(slopes.values())), dc_prev)
    wrong_da, wrong_dc_prev = _answer(given, "tanh")
    yield "no_slope", (np.concatenate([wrong_da[:, :9], da_o], axis=1), wrong_dc_prev)
    c_in_do = np.concatenate([da[:, :9], dh * c * slopes["o"]], axis=1)
    yield "tanh_in_do", (c_in_do, dc_prev)
    c_in_df = da_f / given["c_prev"] * c
    yield "c_not_before", (_joined((da_i, c_in_df, da_g, da_o)), dc_prev)


# ---------------------------------------------------------------- diagnoses

_LOOKS = Sentences(
    {
        "cell_path": "the last step is right in all four blocks; one step earlier o is still right "
        "(it hangs on dh alone), while i, f and g have lost what the cell line brings.",
        "forget": "f is exactly 0 at every step, the last one too, where i, g and o are right.",
        "slope": "i, f and o are wrong already at the last step, where g, which takes tanh, is right.",
        "tanh": "all four blocks are wrong already at the last step: o by the factor c / tanh(c), "
        "and i, f and g by one factor that they share.",
        "carry": "the last step is right, and before it o is exactly 0, as this loss sees h at the "
        "last step only; i, f and g keep the cell line's share.",
        "in_place": "the first visit agrees everywhere, the second with the same arrays does not.",
        "no_future": "the last step is right, and before it all four blocks are exactly 0.",
        "healthy": "every visit agrees with the finite differences, in every block and at every step.",
    }
)


def diagnosis(letter) -> Question:
    """The question what ails a patient, "A" to "H"; a wrong answer's reply says how that looks.

    Raises KeyError for a patient that does not exist.
    """
    truth = DIAGNOSES[letter] or "healthy"
    healthy = say("nothing: this one is right")
    answers = {}
    for name, looks in _LOOKS.items():  # not FAULTS: a reader may have added one to them
        if name == truth:
            reply = looks
        elif truth == "healthy":
            reply = say(
                "That would look otherwise: {looks} This patient agrees on every visit: do not "
                "accuse it.",
                looks=looks,
            )
        else:
            reply = say("That would look otherwise: {looks}", looks=looks)
        answers[name] = (healthy if name == "healthy" else IN_WORDS[name], reply)
    asked = say("What ails patient {letter}?", letter=letter)
    return Question(*question(asked, right=truth, **answers))


def diagnoses(letters) -> Questions:
    """`diagnosis` for several patients in one view, a tab for each."""
    return Questions(
        {say("patient {letter}", letter=letter): diagnosis(letter) for letter in letters}
    )
