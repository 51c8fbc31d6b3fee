"""Gradients of notebook 03: an RNN beside an LSTM."""

import matplotlib
import numpy as np

from lstm_core import (
    LSTMParams,
    RNNParams,
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
from lstm_inside.page import Explorer, Words, plain, slider
from lstm_inside.page.measure import step_lengths
from lstm_inside.page.style import CELL_LINE, FAINT, GATES, GRADIENT, RC, picture
from lstm_inside.tasks import recall_problem
from lstm_inside.words import say

_FLOOR = 1e-40  # below every log axis here
MIDDLE = 8  # the draw that stands for the others


def rnn_left(params, xs) -> np.ndarray:
    """The length of an RNN's dL/dh_t relative to that at the end, (T + 1,).

    L is the sum of the last h; xs (T, 1, D).
    """
    trace = rnn_forward(xs, params)
    lengths = step_lengths(rnn_backward(_last(trace), trace, params).h)
    return lengths / lengths[-1]


def lstm_left(params, xs) -> tuple[np.ndarray, np.ndarray]:
    """An LSTM's dL/dc_t in the same way: along the cell line alone, and with the side path.

    Along the cell line it is dL/dc_T times the forget gates on the way.
    """
    trace = lstm_forward(xs, params)
    grads = lstm_backward(_last(trace), trace, params).c
    gates = np.concatenate([trace.f, np.ones_like(trace.f[:1])])
    along = step_lengths(grads[-1] * np.cumprod(gates[::-1], axis=0)[::-1])
    whole = step_lengths(grads)
    return along / along[-1], whole / whole[-1]


def untrained(init, seed, **setting) -> tuple[RNNParams | LSTMParams, np.ndarray]:
    """A network of draw `seed` at 100 steps, as section 1 draws it, and the first of its streams.

    12 units; xs (100, 1, 2).
    """
    rng = np.random.default_rng(seed)
    xs = recall_problem(T=100, B=1000, rng=rng).xs
    return init(2, 12, rng=rng, **setting), xs[:, :1]


def _last(trace):
    """dL/dh_t (T, B, H) for the sum of the last h."""
    loss = np.zeros(trace.h[1:].shape)
    loss[-1] = 1
    return loss


def _short(share):
    """A share in two digits, one above 10 as a whole number."""
    return f"{share:.2g}" if share < 10 else f"{share:.0f}"


def two_gradients_explorer(rnn=None, lstm=None, xs=None) -> Explorer:
    """RNN and LSTM on shared axes: what is left of the gradient at step t.

    Both read the same sequence, and the loss is the sum of the last state. RNN: dL/dh_t, whose
    every step back is a matrix times a slope. LSTM: dL/dc_t along the cell line, whose every
    step back is a forget gate, and, apart from it, the whole dL/dc_t, side path included.
    rnn, lstm: parameters of D inputs and any numbers of units; without them 12 untrained units
    each (an orthogonal W_h), of twenty draws one near the middle. The forget bias's slider
    adds to what a given lstm holds. xs (T, 1, D): without it that draw's stream of the recall
    problem. Your own:

        two_gradients_explorer(rnn=RNNParams(W, U, b), lstm=LSTMParams(W_x, W_h, b_4), xs=series)

    Raises ValueError or TypeError as `rnn_forward` and `lstm_forward` do, and for B above 1.
    """
    own = lstm is not None
    drawn, stream = untrained(init_rnn, MIDDLE, recurrent="orthogonal")
    rnn = drawn if rnn is None else rnn
    lstm = lstm if own else untrained(init_lstm, MIDDLE, forget_bias=0.0)[0]
    xs = stream if xs is None else xs
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
        ax.set(xlim=(0, steps), ylim=(1e-15, 1e5), yscale="log", yticks=[1e-12, 1e-8, 1e-4, 1, 1e4])
        ax.set_xlabel(say("step t: the loss is at the right end"))
        ax.set_ylabel(say("gradient's length, relative to step {steps}", steps=steps))
        ax.set_title(say("Gradient left at step t"))
        ax.axhline(1, color=FAINT, lw=1.2)
        name_curves(
            ax,
            (0.3, say("RNN (dashed)"), "#6b6b6b"),
            (0.46, say("LSTM, cell line alone"), CELL_LINE),
            (0.65, say("LSTM, whole (thin)"), GRADIENT),
        )
        name_bias = Words(ax, steps - 1, 2e4, ha="right", fontsize=13, weight="bold",
                          color=GATES["f"].line)  # fmt: skip
        name_factor = Words(ax, 0.72 * steps, 2e4, ha="right", fontsize=13, weight="bold",
                            color="#6b6b6b")  # fmt: skip
        (along_line,) = ax.plot([], [], color=CELL_LINE, lw=5)
        (plain_line,) = ax.plot([], [], color="#6b6b6b", ls=(0, (4, 2.5)))
        (every_path,) = ax.plot([], [], color=GRADIENT, lw=1.6)

    def update(b_f, strength):
        turned = rnn._replace(W_h=rnn.W_h * rnn.W_h.dtype.type(strength))
        b = lstm.b.copy()
        split_gates(b)[GATES["f"].block][:] += b_f
        gated = lstm._replace(b=b)
        along, whole = lstm_left(gated, xs)
        name_bias.set_text("" if own else say("LSTM: forget bias {b_f}", b_f=plain(b_f, 1)))
        name_factor.set_text(say("RNN: W_h × {factor}", factor=f"{strength:g}"))
        shares = {"rnn": rnn_left(turned, xs), "cell_line": along, "all": whole}
        for line, key in ((plain_line, "rnn"), (along_line, "cell_line"), (every_path, "all")):
            line.set_data(t, np.maximum(shares[key], _FLOOR))
        return {"left": shares, "factor": strength}

    def describe(v):
        return say(
            "Of the gradient's length, left at step 0: RNN, its W_h times {factor}, {rnn}; LSTM, "
            "cell line alone, {cell_line}; LSTM, whole, {all}.",
            factor=f"{v['factor']:g}",
            **{key: _short(share[0]) for key, share in v["left"].items()},
        )

    label = say("LSTM: forget bias b_f: add" if own else "LSTM: forget bias b_f")
    forget_bias = slider(label, -2, 8, 0.1, 0 if own else 2, quantity="f", digits=1)
    return Explorer(
        "two_gradients",
        figure=figure,
        controls={
            "b_f": forget_bias,
            "strength": slider("RNN's W_h: ×", 0, 1.5, 0.05, 1, quantity="h"),
        },
        moving=[name_bias, name_factor, along_line, plain_line, every_path],
        update=update,
        describe=describe,
        presets={
            **(
                {}
                if own
                else {"LSTM: forget bias 1": {"b_f": 1}, "LSTM: forget bias 5": {"b_f": 5}}
            ),
            "RNN: W_h × 1.1": {"strength": 1.1},
        },
    )
