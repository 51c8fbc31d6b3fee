"""The views of notebook 00: a bit that lives or fades, a gradient that arrives or does not."""

import matplotlib
import numpy as np

from lstm_core import init_lstm, init_rnn, lstm_backward, lstm_forward, rnn_backward, rnn_forward
from lstm_inside.page import Explorer, choice, slider
from lstm_inside.page.style import CELL_LINE, FAINT, FORGET, GRADIENT, RC, SIGNAL, picture
from lstm_inside.tasks import constant_gates

STEPS = 100
SURE = 2  # a bit can be told while the cell stands this many noise levels off zero
_FLOOR = 1e-18


def bit_explorer() -> Explorer:
    """A bit in a cell at t = 0, kept by a constant forget gate, read through noise (3.1)."""
    noises = np.random.default_rng(0).normal(size=STEPS + 1)
    times = np.arange(STEPS + 1)
    with matplotlib.rc_context(RC):
        figure = picture(900, 340)
        cells, slopes = figure.subplots(1, 2, width_ratios=(3, 2))
        cells.set(xlim=(0, STEPS), ylim=(-3, 3), xlabel="step t")
        cells.set_title("The bit in the cell, and what a noisy reader sees")
        cells.axhline(0, color=FAINT, lw=1)
        slopes.set(xlim=(0, STEPS), ylim=(1e-13, 30), yscale="log", xlabel="step t")
        slopes.set_title(f"The gradient: dc$_{{{STEPS}}}$ / dc$_t$")
        band = cells.fill_between([0, STEPS], [0, 0], color=SIGNAL, alpha=0.15, lw=0)
        (dots,) = cells.plot([], [], color="#999999", ls="", marker=".", ms=4)
        (cell,) = cells.plot([], [], color=CELL_LINE, lw=2.5)
        end = cells.axvline(0, 0.1, 0.9, color=FORGET, ls=":", lw=1.6)
        cells.text(2, 2.55, "cell c", color=CELL_LINE, weight="bold")
        cells.text(20, 2.55, "readings", color=SIGNAL)
        cells.text(98, -2.75, "grey band: too near zero to tell", color=SIGNAL, ha="right")
        (slope,) = slopes.plot([], [], color=GRADIENT)

    def update(f, bit, noise):
        params = constant_gates(f, i=0, g=0)
        trace = lstm_forward(np.zeros((STEPS, 1, 1)), params, c0=[[float(bit)]])
        grads = lstm_backward(np.zeros((STEPS, 1, 1)), trace, params, dc_last=[[1.0]])
        c, dc = trace.c[:, 0, 0], grads.c[:, 0, 0]
        told = np.abs(c) >= SURE * noise
        last = STEPS if told.all() else int(told.argmin()) - 1
        cell.set_data(times, c)
        dots.set_data(times, np.clip(c + noise * noises, -2.4, 2.4))
        band.set_data([0, STEPS], [-SURE * noise] * 2, [SURE * noise] * 2)
        end.set_xdata([last, last])
        end.set_visible(0 <= last < STEPS)
        slope.set_data(times, np.maximum(dc, _FLOOR))
        return {"f": f, "bit": bit, "c": c, "gradient": dc, "last": last}

    def describe(values):
        last = values["last"]
        told = "at no step" if last < 0 else f"up to step {last}"
        return (
            f"A bit of {values['bit']:+d} is written at t = 0 and each step keeps "
            f"{values['f']:.3f} of it. After {STEPS} steps {values['c'][-1]:.3g} is left; the bit "
            f"can be told {told}. The gradient from step {STEPS} back to step 0 is "
            f"{values['gradient'][0]:.3g}."
        )

    return Explorer(
        "bit",
        figure=figure,
        controls={
            "f": slider("keep: forget gate f", 0.75, 1, 0.005, 0.95, quantity="f", digits=3),
            "bit": choice("bit written", [("+1", 1), ("−1", -1)], 1),
            "noise": slider("noise of the reader", 0.02, 0.5, 0.02, 0.1, quantity="x"),
        },
        moving=[band, dots, cell, end, slope],
        update=update,
        describe=describe,
    )


def flow_explorer() -> Explorer:
    """How much of step 100's gradient reaches each earlier step: RNN and LSTM, same input."""
    rng = np.random.default_rng(3)
    D, H = 4, 16
    xs = 0.5 * rng.normal(size=(STEPS, 1, D))
    plain = init_rnn(D, H, rng=rng, recurrent="orthogonal")
    gated = init_lstm(D, H, rng=rng)
    dhs = np.zeros((STEPS, 1, H))
    dhs[-1] = 1  # the loss is the sum of the last hidden state
    times = np.arange(STEPS + 1)
    with matplotlib.rc_context(RC):
        figure = picture(900, 350)
        ax = figure.subplots()
        ax.set(xlim=(0, STEPS), ylim=(1e-16, 1e8), yscale="log", xlabel="step t")
        ax.set_title("Size of the gradient at step t, as a share of step 100's")
        ax.axhline(1, color=FAINT, lw=1)
        ax.text(1, 1e6, "dashed: RNN, by h", color=GRADIENT)
        ax.text(28, 1e6, "solid: LSTM, by its cell c", color=GRADIENT, weight="bold")
        ax.text(98, 1e6, "the loss is read at step 100; follow the lines to the left",
                color=SIGNAL, ha="right")  # fmt: skip
        (rnn_line,) = ax.plot([], [], color=GRADIENT, ls="--")
        (lstm_line,) = ax.plot([], [], color=GRADIENT, lw=2.5)

    def update(w, b_f):
        rnn = plain._replace(W_h=w * plain.W_h)
        b = gated.b.copy()
        b[H : 2 * H] = b_f
        lstm = gated._replace(b=b)
        rnn_size = _shares(rnn_backward(dhs, rnn_forward(xs, rnn), rnn).h)
        lstm_size = _shares(lstm_backward(dhs, lstm_forward(xs, lstm), lstm).c)
        rnn_line.set_data(times, np.clip(rnn_size, _FLOOR, 1e9))
        lstm_line.set_data(times, np.clip(lstm_size, _FLOOR, 1e9))
        return {"w": w, "b_f": b_f, "rnn": rnn_size, "lstm": lstm_size}

    def describe(values):
        return (
            f"Of the gradient at step {STEPS}, a share of {values['rnn'][0]:.1e} reaches step 0 in "
            f"the RNN (recurrent strength {values['w']:.2f}) and {values['lstm'][0]:.1e} in the "
            f"LSTM (forget bias {values['b_f']:.1f})."
        )

    return Explorer(
        "flow",
        figure=figure,
        controls={
            "w": slider("RNN: recurrent strength", 0.2, 2, 0.05, 0.9, quantity="h"),
            "b_f": slider("LSTM: forget bias", -2, 8, 0.25, 2, quantity="f"),
        },
        moving=[rnn_line, lstm_line],
        update=update,
        describe=describe,
    )


def _shares(grads):
    """The gradient's length at every step as a share of the last step's: (T+1, B, H) -> (T+1)."""
    sizes = np.linalg.norm(grads, axis=(1, 2))
    return sizes / max(sizes[-1], _FLOOR)


EXPLORERS = {"bit": bit_explorer, "flow": flow_explorer}
