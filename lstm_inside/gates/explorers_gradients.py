"""Gradients of notebook 03: an RNN beside an LSTM."""

import matplotlib
import numpy as np

from lstm_core import (
    init_lstm,
    init_rnn,
    lstm_backward,
    lstm_forward,
    rnn_backward,
    rnn_forward,
    split_gates,
)
from lstm_inside import validate
from lstm_inside.gates.explorers_time import name_curves
from lstm_inside.page import Explorer, slider
from lstm_inside.page.measure import step_lengths
from lstm_inside.page.style import CELL_LINE, FAINT, GATES, GRADIENT, RC, picture
from lstm_inside.tasks import eeg
from lstm_inside.words import say

_FLOOR = 1e-30  # below every log axis here


def two_gradients_explorer(rnn=None, lstm=None, xs=None) -> Explorer:
    """RNN and LSTM on shared axes: what is left of the gradient at step t.

    Both read the same sequence, and the loss is the sum of the last state. RNN: dL/dh_t, whose
    every step back is a matrix times a slope. LSTM: dL/dc_t along the cell line, whose every
    step back is a forget gate, and, apart from it, the whole dL/dc_t, side path included.
    rnn, lstm: parameters of D inputs and any numbers of units; without them 8 untrained units
    each (recurrent matrices orthogonal: by themselves they keep lengths). The forget bias's
    slider adds to what a given lstm holds. xs (T, 1, D): without it 100 steps of four EEG
    channels. Your own:

        two_gradients_explorer(rnn=RNNParams(W, U, b), lstm=LSTMParams(W_x, W_h, b_4), xs=series)

    Raises ValueError or TypeError as `rnn_forward` and `lstm_forward` do, and for B above 1.
    """
    rng, own = np.random.default_rng(4), lstm is not None
    rnn = init_rnn(4, 8, rng=rng, recurrent="orthogonal") if rnn is None else rnn
    if lstm is None:
        lstm = init_lstm(4, 8, rng=rng, forget_bias=0.0, recurrent="orthogonal")
    xs = eeg(100, 100)[:, None, :] if xs is None else xs
    xs = lstm_forward(xs, lstm).xs  # says what does not fit
    rnn_forward(xs, rnn)
    if xs.shape[1] > 1:
        raise ValueError(f"xs: expected one sequence, (T, 1, D), got shape {xs.shape}")
    rnn, lstm = validate.rnn_params(rnn), validate.lstm_params(lstm)
    steps = len(xs)
    t = np.arange(steps + 1)

    with matplotlib.rc_context(RC):
        figure = picture(900, 360)
        ax = figure.subplots()
        ax.set(xlim=(0, steps), ylim=(1e-14, 1e3), yscale="log", yticks=[1e-12, 1e-8, 1e-4, 1])
        ax.set_xlabel(say("step t: the loss is at the right end"))
        ax.set_title(say("What is left, from right to left"))
        ax.axhline(1, color=FAINT, lw=1.2)
        name_curves(
            ax,
            (0.3, say("RNN (dashed)"), "#6b6b6b"),
            (0.46, say("LSTM, cell line"), CELL_LINE),
            (0.65, say("LSTM, with the side path (thin)"), GRADIENT),
        )
        (lstm_left,) = ax.plot([], [], color=CELL_LINE, lw=5)
        (rnn_left,) = ax.plot([], [], color="#6b6b6b", ls=(0, (4, 2.5)))
        (every_path,) = ax.plot([], [], color=GRADIENT, lw=1.6)

    def update(b_f, strength):
        plain = rnn._replace(W_h=rnn.W_h * rnn.W_h.dtype.type(strength))
        b = lstm.b.copy()
        split_gates(b)[GATES["f"].block][:] += b_f
        gated = lstm._replace(b=b)
        was, trace = rnn_forward(xs, plain), lstm_forward(xs, gated)
        loss = np.zeros(was.h[1:].shape)
        loss[-1] = 1
        back = step_lengths(rnn_backward(loss, was, plain).h)
        loss = np.zeros(trace.h[1:].shape)
        loss[-1] = 1
        grads = lstm_backward(loss, trace, gated)
        gates = np.concatenate([trace.f, np.ones_like(trace.f[:1])])
        along = step_lengths(grads.c[-1] * np.cumprod(gates[::-1], axis=0)[::-1])
        total = step_lengths(grads.c)
        shares = {"rnn": back / back[-1], "cell_line": along / along[-1], "all": total / total[-1]}
        for line, key in ((rnn_left, "rnn"), (lstm_left, "cell_line"), (every_path, "all")):
            line.set_data(t, np.maximum(shares[key], _FLOOR))
        return {"left": shares}

    def describe(v):
        return say(
            "Of the gradient's length, left at step 0: RNN {rnn:.2g}, LSTM along the cell line "
            "{cell_line:.2g}, LSTM with the side path {all:.2g}.",
            **{key: share[0] for key, share in v["left"].items()},
        )

    label = say("LSTM: forget bias b_f: add" if own else "LSTM: forget bias b_f")
    forget_bias = slider(label, -2, 8, 0.1, 0 if own else 1, quantity="f", digits=1)
    return Explorer(
        "two_gradients",
        figure=figure,
        controls={
            "b_f": forget_bias,
            "strength": slider("RNN's W_h: ×", 0, 1.5, 0.05, 1, quantity="h"),
        },
        moving=[lstm_left, rnn_left, every_path],
        update=update,
        describe=describe,
        presets={
            **({} if own else {"LSTM: forget bias 5": {"b_f": 5}}),
            "RNN: W_h × 1.5": {"strength": 1.5},
        },
    )
