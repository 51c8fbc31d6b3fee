"""Checkers of notebook 04: one step back in an RNN, the cell's total, the carousel."""

import numpy as np

from .base import Verdict, compare, right, run

WORDS = {
    "rnn": "(4.2) and (4.3), for a batch of 2 and 3 units.",
    "rnn_slope": "the slope of tanh is missing: multiply dh by 1 - h^2 before the matrix.",
    "rnn_order": "the slope belongs to step t, so to h, and comes before the matrix.",
    "rnn_untransposed": "W_h goes forward; backward its transpose is needed.",
    "rnn_twice": "h is already tanh(a): its slope is 1 - h^2, without another tanh.",
    "rnn_prev": "the slope is taken at h_prev; step t's tanh gave h.",
    "cell": "both paths: along the cell line and through h.",
    "cell_no_line": "only the path through h: what comes along the cell line is missing (4.11).",
    "cell_no_h": "only the carousel: c_t also shows in h_t, so add the path through h (4.7).",
    "cell_no_slope": "the slope of tanh at c_t is missing in the path through h.",
    "cell_no_o": "the output gate o_t is missing in the path through h.",
    "cell_no_f": "one step back along the cell line multiplies the gradient by f_next.",
    "cell_tanh": "tanh' = 1 - tanh(c)^2: c is the value before tanh.",
    "carousel": "dc_T/dc_t along the cell line, for every t from 0 to T.",
    "carousel_forward": "that is the product from the start on; it must run from the end back.",
    "carousel_whole": "that is the whole product only; each t has its own, from t + 1 to T.",
    "carousel_no_end": "one step is missing: at t = T no gate has been passed and the answer is 1.",
    "carousel_shift": "off by one: entry t = T is 1, and entry t = 0 has all T factors.",
    "carousel_sum": "one step follows the other, so the factors multiply; they do not add.",
}


def step_back(function) -> Verdict:
    """Check a function (dh, h_prev, h, W_h) -> dh_prev against (4.2) and (4.3), (B, H)."""
    rng = np.random.default_rng(41)
    dh, h_prev = rng.normal(size=(2, 3)), rng.uniform(-0.9, 0.9, (2, 3))
    W_h = rng.normal(size=(3, 3))
    h = np.tanh(h_prev @ W_h + rng.normal(size=(2, 3)))
    got, failed = run(function, dh, h_prev, h, W_h)
    if failed is not None:
        return failed
    slope = 1 - h**2
    hints = [
        (dh @ W_h.T, WORDS["rnn_slope"]),
        ((dh @ W_h.T) * slope, WORDS["rnn_order"]),
        ((dh @ W_h.T) * (1 - h_prev**2), WORDS["rnn_order"]),
        ((dh * slope) @ W_h, WORDS["rnn_untransposed"]),
        ((dh * (1 - np.tanh(h) ** 2)) @ W_h.T, WORDS["rnn_twice"]),
        ((dh * (1 - h_prev**2)) @ W_h.T, WORDS["rnn_prev"]),
    ]
    off = compare("your dh_prev", got, (dh * slope) @ W_h.T, hints=hints)
    return right(WORDS["rnn"]) if off is None else off


def cell_total(function) -> Verdict:
    """Check a function (dh, dc_next, f_next, o, c) -> dL/dc_t against (4.7) and (4.11), (B, H)."""
    rng = np.random.default_rng(42)
    dh, dc_next, c = rng.normal(size=(3, 2, 3))
    f_next, o = rng.uniform(0.1, 0.9, (2, 2, 3))
    got, failed = run(function, dh, dc_next, f_next, o, c)
    if failed is not None:
        return failed
    line, slope = f_next * dc_next, 1 - np.tanh(c) ** 2
    hints = [
        (dh * o * slope, WORDS["cell_no_line"]),
        (line, WORDS["cell_no_h"]),
        (line + dh * o, WORDS["cell_no_slope"]),
        (line + dh * slope, WORDS["cell_no_o"]),
        (dc_next + dh * o * slope, WORDS["cell_no_f"]),
        (line + dh * o * (1 - c**2), WORDS["cell_tanh"]),
        (line + dh * o * np.tanh(c), WORDS["cell_tanh"]),
    ]
    off = compare("your dc", got, line + dh * o * slope, hints=hints)
    return right(WORDS["cell"]) if off is None else off


def carousel(function) -> Verdict:
    """Check a function fs (T, B, H) -> dc_T/dc_t along the cell line, t = 0..T, (T+1, B, H)."""
    fs = np.random.default_rng(43).uniform(0.5, 1, (6, 2, 3))
    got, failed = run(function, fs)
    if failed is not None:
        return failed
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
    off = compare("your answer", got, np.concatenate([back, one]), hints=hints)
    return right(WORDS["carousel"]) if off is None else off
