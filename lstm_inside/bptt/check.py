"""Checkers of notebook 04: the cell's total, the carousel."""

import numpy as np

from lstm_inside.page import asks, checker, compare, question, run

WORDS = {
    "cell": "both paths: along the cell line and through h.",
    "cell_no_line": "only the path through h: what comes along the cell line is missing (4.11).",
    "cell_no_h": "only the carousel: c_t also shows in h_t, so add the path through h (4.7).",
    "cell_no_slope": "the slope of tanh at c_t is missing in the path through h.",
    "cell_no_o": "the output gate o_t is missing in the path through h.",
    "cell_no_f": "one step back along the cell line multiplies the gradient by f_next.",
    "cell_all_f": "f_next stands on the cell line only; what comes through h_t does not pass it.",
    "cell_after": "that is step t + 1's total: f_next and the path through h are missing.",
    "cell_tanh": "tanh' = 1 - tanh(c)^2: c is the value before tanh.",
    "carousel": "dc_T/dc_t along the cell line, for every t from 0 to T.",
    "carousel_forward": "that is the product from the start on; it must run from the end back.",
    "carousel_whole": "that is the whole product only; each t has its own, from t + 1 to T.",
    "carousel_no_end": "one step is missing: at t = T no gate has been passed and the answer is 1.",
    "carousel_shift": "off by one: entry t = T is 1, and entry t = 0 has all T factors.",
    "carousel_sum": "one step follows the other, so the factors multiply; they do not add.",
}

QUESTIONS = {
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
    "lstm_of_1997": question(
        "What was in the LSTM of 1997?",
        right="d",
        a=(
            "a forget gate and full BPTT",
            "neither: the gate came in 2000 (Gers et al.), full BPTT later (Graves & Schmidhuber 2005)",
        ),
        b=(
            "a forget gate, but a truncated gradient",
            "the truncated gradient is right; the forget gate came in 2000 (Gers et al.)",
        ),
        c=(
            "no forget gate, but full BPTT",
            "the forget gate was missing, right; but the gradient was cut where it left the cell line",
        ),
        d=(
            "no forget gate, and a gradient cut where it would leave the cell line",
            "f was fixed at 1, and only the carousel carried errors back in time",
        ),
    ),
    "zero_start": question(
        "From h_0 = c_0 = 0, two steps, loss on h only, checking W_h: how many of the 7 patients pass?",
        right="c",
        a=(
            "1: a gradient check is a gradient check",
            "Then every fault would show in W_h. Write the "
            "gradient of W_h as a sum over the two steps: what multiplies the first one?",
        ),
        b=(
            "2: the healthy one and the += one",
            "The += one does pass, as nobody hands it an array. "
            "But two more faults lie between the steps, where this check sees nothing.",
        ),
        c=(
            "4: the healthy one and three of the ill",
            "Yes: only the last step is seen, and whatever travels between steps goes unread.",
        ),
        d=(
            "7: nothing can fail it",
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
    compare("your dc", got, line + dh * o * slope, hints=hints)
    return WORDS["cell"]


@checker
def carousel(function) -> str:
    """Check a function fs (T, B, H) -> dc_T/dc_t along the cell line, t = 0..T, (T+1, B, H)."""
    fs = np.random.default_rng(43).uniform(0.5, 1, (6, 2, 3))
    got = run(function, fs)
    one = np.ones((1, 2, 3))
    back = fs[::-1].cumprod(axis=0)[::-1]
    ahead = fs.cumprod(axis=0)
    hints = [
        (ahead, WORDS["carousel_forward"]),
        (np.concatenate([one, ahead]), WORDS["carousel_forward"]),
        (np.concatenate([back, one])[::-1], WORDS["carousel_forward"]),
        (back[::-1], WORDS["carousel_forward"]),
        (fs.prod(axis=0), WORDS["carousel_whole"]),
        (back, WORDS["carousel_no_end"]),
        (np.concatenate([one, back]), WORDS["carousel_shift"]),
        (np.concatenate([fs[::-1].cumsum(axis=0)[::-1], one]), WORDS["carousel_sum"]),
        (np.concatenate([fs[::-1].cumsum(axis=0)[::-1], 0 * one]), WORDS["carousel_sum"]),
    ]
    compare("your answer", got, np.concatenate([back, one]), hints=hints)
    return WORDS["carousel"]
