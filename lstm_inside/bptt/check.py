"""Checkers and questions of notebook 04: the cell's total, a coupled step, a diagnosis."""

import numpy as np

from lstm_core import gradient_check, sigmoid
from lstm_inside.bptt.faults import DIAGNOSES, IN_WORDS
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
        "cell_no_line": "only the path through h: what comes along the cell line is missing.",
        "cell_no_h": "only the cell line: c_t also shows in h_t, so add the path through h.",
        "cell_no_slope": "the slope of tanh at c_t is missing in the path through h.",
        "cell_no_o": "the output gate o_t is missing in the path through h.",
        "cell_tanh": "tanh' = 1 - tanh(c)^2: c is the value before tanh.",
        "pair": "{name} returned {got}; expected the two arrays da (B, 3H) and dc_line_prev (B, H).",
        "step": "three blocks and the carousel: the coupled cell's backward step is right.",
        "order": "the three blocks are there, in another order than f, g, o.",
        "no_write": "f stands twice in c: f * c_prev keeps, (1 - f) * g writes. df has a term of each.",
        "write_sign": "1 - f falls as f rises, so g stands in df with a minus.",
        "no_i": "beside g in c stands 1 - f, and not f: that is what dg takes.",
        "carried": "dc_line_prev takes what stands beside c_prev, and that is f alone (4.11).",
        "in_place": "an array of the caller's was changed ({which}): write dc = dc_line + ..., not +=.",
        "no_h_path": "dc misses the path through h_t (4.7).",
        "c_not_before": "df takes the cell BEFORE the step: f stands beside c_prev, not c (4.8).",
        "tanh_in_do": "do is dh times what stands beside o in h, and that is tanh(c), not c (4.6).",
        "no_slope": "tanh's slope 1 - tanh(c)^2 is missing on the way from h to c (4.7).",
        "line_alone": "dc_line_prev takes the TOTAL dc, with the path through h, times f (4.7), (4.11).",
        "no_slopes": "that is df, dg, do; each still takes its gate's slope to become da (4.12).",
        "no_f": "dc_line_prev is dc times what stands beside c_prev in c (4.11): the forget gate.",
        "swapped": "the right arrays, the other way round: return da, dc_line_prev.",
    }
)

QUESTIONS = {
    "second_term": question(
        "Suppose the arrow from L to h_1 were missing. What is dL/dh_1?",
        right="c",
        a=(
            "0: the loss does not look at h_1",
            "step 2 reads h_1, so a nudge of h_1 changes h_2 and with it the loss",
        ),
        b=(
            "the direct part, the arrow from L to h_1",
            "that is the direct arrow, and it is missing; h_1 also acts through the next step",
        ),
        c=(
            "only what step 2 sends back",
            "the direct arrow is gone, and the one from step 2 carries everything",
        ),
        d=(
            "the same as dL/dh_2",
            "between them lie the slope of tanh and W_h: the gradient is not handed on unchanged",
        ),
    ),
    "half_hearted": question(
        "Driven to ±4, f is 0.982 at each of the 45 steps between flag and end. What part of the "
        "cell's gradient arrives at the flag?",
        right="b",
        a=(
            "about 0.98: f is nearly 1",
            "that is what ONE step keeps; the gradient is multiplied by f at each of 45 steps",
        ),
        b=("a little under a half", "0.982^45 is 0.44; the rest goes to the numbers in between"),
        c=(
            "next to nothing",
            "it would at f = 0.5, where 45 steps leave 0.5^45; 0.982 fades far more slowly",
        ),
        d=(
            "all of it: the cell line has no weight matrix",
            "it has no matrix, but its factor is f (4.11), and f is not 1",
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
    """Check a function (dh, dc_line, o, c) -> dL/dc_t, all (B, H), against (4.7)."""
    rng = np.random.default_rng(42)
    dh, dc_line, c = rng.normal(size=(3, 2, 3))
    o, slope = rng.uniform(0.1, 0.9, (2, 3)), 1 - np.tanh(c) ** 2
    got = run(function, dh, dc_line, o, c)
    hints = [
        (dh * o * slope, WORDS["cell_no_line"]),
        (dc_line, WORDS["cell_no_h"]),
        (dc_line + dh * o, WORDS["cell_no_slope"]),
        (dc_line + dh * slope, WORDS["cell_no_o"]),
        (dc_line + dh * o * (1 - c**2), WORDS["cell_tanh"]),
        (dc_line + dh * o * np.tanh(c), WORDS["cell_tanh"]),
    ]
    compare(say("your dc"), got, dc_line + dh * o * slope, hints=hints)
    return WORDS["cell"]


# ---------------------------------------------------------------- one step


@checker
def coupled_lines(function) -> str:
    """Check (dh, dc_line, c_prev, f, g, o, c) -> (da, dc_line_prev) of a cell whose i is 1 - f.

    c = f * c_prev + (1 - f) * g, h = o * tanh(c); da (B, 3H) has the blocks f, g, o. The right
    answer is by finite differences of that forward step.
    """
    rng = np.random.default_rng(45)
    a, (dh, dc_line, c_prev) = rng.normal(size=(2, 9)), rng.normal(size=(3, 2, 3))
    f, g, o, c, _ = _coupled(a, c_prev)
    given = {"dh": dh, "dc_line": dc_line, "c_prev": c_prev, "f": f, "g": g, "o": o, "c": c}
    got = _two_arrays(function, given)

    def loss(a, c_prev):
        *_, c, h = _coupled(a, c_prev)
        return (dh * h + dc_line * c).sum()

    da, dc_prev = _answer(given)
    assert gradient_check(lambda a: loss(a, c_prev), a, da)
    assert gradient_check(lambda c_prev: loss(a, c_prev), c_prev, dc_prev)
    hints = [(_joined(mistake), WORDS[name]) for name, mistake in _slips(given)]
    try:
        compare(say("your step"), np.concatenate(got, axis=1), _joined((da, dc_prev)), hints=hints)
    except NotYet as off:
        if not off.kind:  # a known mistake
            raise
        blocks = (np.split(np.asarray(a), 3, axis=1) for a in (got[0], da))
        for name, mine, want in zip("fgo", *blocks, strict=True):
            compare(say("block {name} of your da", name=name), mine, want)
        compare(say("your dc_line_prev"), got[1], dc_prev)
    return WORDS["step"]


def _coupled(a, c_prev):
    """A step forward from the pre-activations (B, 3H) of f, g and o: f, g, o, c, h."""
    a_f, a_g, a_o = np.split(a, 3, axis=1)
    f, g, o = sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)
    c = f * c_prev + (1 - f) * g
    return f, g, o, c, o * np.tanh(c)


def _two_arrays(function, given):
    """What the reader's function returns, once it is two arrays of the right shapes."""
    try:
        got = run(function, *given.values())
    except NotYet as off:
        if off.kind != "changed":
            raise
        raise NotYet(WORDS["in_place"], which=list(given)[off.details["number"] - 1]) from None
    shapes = [shape_of(a) for a in got] if isinstance(got, tuple | list) else []
    if shapes == [(2, 3), (2, 9)]:
        raise NotYet(WORDS["swapped"])
    if shapes != [(2, 9), (2, 3)]:
        raise NotYet(WORDS["pair"], name=say("your function"), got=shapes or type(got).__name__)
    return got


def _answer(given, slip=""):
    """(da, dc_prev) of a step back, or with one of the slips that `WORDS` has a word for."""
    dh, dc_line, c_prev, f, g, o, c = given.values()
    slope_c = 1 if slip == "no_slope" else 1 - np.tanh(c) ** 2
    dc = dc_line + (0 if slip == "no_h_path" else dh * o * slope_c)
    df = dc * {"no_write": c_prev, "write_sign": c_prev + g, "c_not_before": c - g}.get(
        slip, c_prev - g
    )
    dg = dc * (f if slip == "no_i" else 1 - f)
    do = dh * (c if slip == "tanh_in_do" else np.tanh(c))
    blocks = [df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)]
    if slip == "no_slopes":
        blocks = [df, dg, do]
    dc_prev = {"line_alone": dc_line * f, "carried": dc * (1 - f), "no_f": dc}.get(slip, dc * f)
    return np.concatenate(blocks, axis=1), dc_prev


def _joined(answer):
    return np.concatenate(answer, axis=1)


def _slips(given):
    """(key of WORDS, the (da, dc_prev) that it returns) of what is easily written instead."""
    for name in ("no_write", "write_sign", "no_i", "carried", "no_h_path", "c_not_before",
                 "tanh_in_do", "no_slope", "line_alone", "no_f", "no_slopes"):  # fmt: skip
        yield name, _answer(given, name)
    da, dc_prev = _answer(given)
    da_f, da_g, da_o = np.split(da, 3, axis=1)
    for order in ((da_g, da_f, da_o), (da_f, da_o, da_g), (da_o, da_f, da_g)):
        yield "order", (_joined(order), dc_prev)


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

    Its answers have the numbers of the page's table of mistakes; the last one is the healthy.
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
        words = healthy if name == "healthy" else IN_WORDS[name]
        answers[name] = (f"{len(answers) + 1} · {words}", reply)
    asked = say("What ails patient {letter}?", letter=letter)
    return Question(*question(asked, right=truth, **answers))


class _Ward(Questions):
    """Questions that have the same answers: where text must do, these stand there once."""

    def _repr_mimebundle_(self, **kwargs):
        data = super()._repr_mimebundle_(**kwargs)
        texts = [q._repr_mimebundle_()["text/plain"] for q in self.questions.values()]
        asked = [text.split("\n", 1)[0] for text in texts]
        data["text/plain"] = "\n".join([*asked, texts[-1].split("\n", 1)[1]])
        return data


def diagnoses(letters) -> Questions:
    """`diagnosis` for several patients in one view, a tab for each."""
    return _Ward({say("patient {letter}", letter=letter): diagnosis(letter) for letter in letters})
