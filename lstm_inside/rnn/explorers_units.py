"""The two units that notebook 02 starts with, unrolled, in the reader's hands."""

import matplotlib
import numpy as np

from lstm_core import RNNParams, rnn_forward
from lstm_inside.page import Explorer, Words, picture, plain, slider
from lstm_inside.page.style import HIDDEN_LINE, RC, SIGNAL
from lstm_inside.rnn.figures import unrolled_layers
from lstm_inside.words import say

_T = 3
_W_X, _BIAS = np.array([[0.5, -1.0]]), np.array([0.1, 0.0])
_W_H = np.array([[0.6, -0.4], [0.8, 0.3]])


def units_explorer() -> Explorer:
    """Two units over three steps: the numbers that the same weights hand on (2.1)."""
    with matplotlib.rc_context(RC):
        figure = picture(980, 330)
        ax = figure.subplots()
        inputs, states = unrolled_layers(ax, _T)
        came = [Words(ax, *place, color=SIGNAL) for place in inputs]
        held = [Words(ax, *place, color=HIDDEN_LINE) for place in states]

    def update(x, w, back):
        xs, W_h = np.zeros((_T, 1, 1)), _W_H.copy()
        xs[0], W_h[0, 0], W_h[1, 0] = x, w, back
        h = rnn_forward(xs, RNNParams(_W_X, W_h, _BIAS)).h[:, 0]
        for words, value in zip(came, xs[:, 0, 0], strict=True):
            words.set_text(plain(value, 1))
        for words, pair in zip(held, h, strict=True):
            words.set_text(f"({plain(pair[0])}, {plain(pair[1])})")
        return {"h": h, "x": x, "w": w, "back": back}

    def describe(v):
        first, last = ([plain(value) for value in v["h"][t]] for t in (1, _T))
        return say(
            "{x} comes in at step 1, nothing after it. The state is ({a}, {b}) at step 1 and "
            "({c}, {d}) at step {T}. Each step adds x · 0.5 + {w} · unit 0 + {back} · unit 1 + 0.1 "
            "for unit 0, and x · (−1) − 0.4 · unit 0 + 0.3 · unit 1 for unit 1, and squashes both.",
            x=plain(v["x"], 1),
            a=first[0],
            b=first[1],
            c=last[0],
            d=last[1],
            T=_T,
            w=plain(v["w"], 1),
            back=plain(v["back"], 1),
        )

    return Explorer(
        "units",
        figure=figure,
        controls={
            "x": slider("input of step 1", -2, 2, 0.1, 1, quantity="x", digits=1),
            "w": slider("W_h, unit 0 to itself", -1.5, 1.5, 0.1, 0.6, quantity="h", digits=1),
            "back": slider("W_h, unit 1 to unit 0", -1.5, 1.5, 0.1, 0.8, quantity="h", digits=1),
        },
        moving=[*came, *held],
        update=update,
        describe=describe,
    )
