"""Gradients of notebook 03: what a latch's answer feels, and an RNN beside an LSTM."""

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
from lstm_inside.gates.recall import last_flag_problem, latch
from lstm_inside.page import Explorer, slider
from lstm_inside.page.measure import step_lengths
from lstm_inside.page.style import FAINT, GATES, GRADIENT, RC, picture
from lstm_inside.tasks import eeg
from lstm_inside.words import say

_FLOOR = 1e-30  # below every log axis here


# ---------------------------------------------------------------- the latch's gradient


def latch_gradient_explorer(steps=100) -> Explorer:
    """How much the answer of a unit that stores flagged numbers feels the cell state of step t.

    The unit is `LATCH` but for its forget gate, which the sliders set; the loss is the last h,
    the stream has two flags. It opens as `LATCH` itself.
    """
    xs = last_flag_problem(steps, 1, rng=np.random.default_rng(2)).xs
    flagged = np.flatnonzero(xs[:, 0, 1]) + 1
    loss = np.zeros((steps, 1, 1))
    loss[-1] = 1
    t = np.arange(steps + 1)
    with matplotlib.rc_context(RC):
        figure = picture(900, 330)
        ax = figure.subplots()
        ax.set(xlim=(0, steps), yscale="log", ylim=(1e-8, 40), xlabel=say("step t"))
        ax.set_yticks([1e-6, 1e-4, 1e-2, 1])
        ax.set_title(
            say(
                "dh$_{{{steps}}}$/dc$_t$: how much the answer feels the cell state of step t",
                steps=steps,
            )
        )
        for at, words in zip(flagged, (say("first flag"), say("last flag")), strict=True):
            ax.axvline(at, ymax=0.86, color="#111111", lw=1.2, ls=(0, (1, 2)))
            ax.text(at, 9, words, ha="center", va="center", weight="bold", fontsize=11.5)
        (line,) = ax.plot([], [], color=GRADIENT, lw=3)

    def update(b_f, w_f):
        params = latch(b_i=-8, w_i=16, b_f=b_f, w_f=w_f, w_g=0.5)
        trace = lstm_forward(xs, params)
        dc = lstm_backward(loss, trace, params).c[:, 0, 0]
        line.set_data(t, np.maximum(dc, _FLOOR))
        return {"dc": dc, "flagged": flagged, "f": trace.f[:, 0, 0]}

    def describe(v):
        first, last = v["flagged"]
        dc, f = v["dc"], v["f"]
        return say(
            "Forget gate: {f:.4f} at the flags, {f_2:.4f} elsewhere. dh/dc is {dc:.2g} at step "
            "{steps}, {dc_2:.2g} at the last flag (step {last}), {dc_3:.2g} a step before it, "
            "and {dc_4:.2g} before the first flag.",
            f=f[last - 1],
            f_2=f[last],
            dc=dc[steps],
            steps=steps,
            dc_2=dc[last],
            last=last,
            dc_3=dc[last - 1],
            dc_4=dc[first - 1],
        )

    return Explorer(
        "latch_gradient",
        figure=figure,
        controls={
            "b_f": slider("forget bias b_f", 1, 12, 0.5, 8, quantity="f", digits=1),
            "w_f": slider("flag to forget gate: w_f", -24, 0, 0.5, -16, quantity="f", digits=1),
        },
        moving=[line],
        update=update,
        describe=describe,
        presets={
            "forget (b_f = 3)": {"b_f": 3, "w_f": 0},
            "keep (b_f = 8)": {"b_f": 8, "w_f": 0},
            "keep, and clear at a flag (LATCH)": {"b_f": 8, "w_f": -16},
        },
    )


# ---------------------------------------------------------------- two gradients


def two_gradients_explorer(rnn=None, lstm=None, xs=None) -> Explorer:
    """RNN and LSTM on shared axes: the factor of each step, and what is left of the gradient.

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
        figure = picture(900, 520)
        factor, left = figure.subplots(2, 1, sharex=True, height_ratios=(2, 3))
        factor.set(xlim=(0, steps), ylim=(0, 1.6))
        factor.set_title(say("Factor of one step back"))
        factor.axhline(1, color=FAINT, lw=1.2)
        left.set(
            ylim=(1e-14, 1e10), yscale="log", xlabel=say("step t: the loss is at the right end")
        )
        left.set_yticks([1e-12, 1e-8, 1e-4, 1, 1e4, 1e8])
        left.set_title(say("What is left, from right to left"))
        for ax in (factor, left):
            name_curves(
                ax,
                (0.3, say("RNN (dashed)"), "#6b6b6b"),
                (0.46, say("LSTM, cell line"), GATES["f"].line),
                (0.65, say("LSTM, with the side path (thin)"), GRADIENT),
            )
        dashed = {"color": "#6b6b6b", "ls": (0, (4, 2.5))}
        (lstm_factor,) = factor.plot([], [], color=GATES["f"].line, lw=4)
        (rnn_factor,) = factor.plot([], [], **dashed)
        (every_factor,) = factor.plot([], [], color=GRADIENT, lw=1.6)
        (lstm_left,) = left.plot([], [], color=GATES["f"].line, lw=5)
        (rnn_left,) = left.plot([], [], **dashed)
        (every_path,) = left.plot([], [], color=GRADIENT, lw=1.6)

    def update(b_f, strength, loud):
        heard = xs * loud
        plain = rnn._replace(W_h=rnn.W_h * rnn.W_h.dtype.type(strength))
        b = lstm.b.copy()
        split_gates(b)[GATES["f"].block][:] += b_f
        gated = lstm._replace(b=b)
        was, trace = rnn_forward(heard, plain), lstm_forward(heard, gated)
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
        factors = {}
        for key in shares:
            before, after = shares[key][:-1], shares[key][1:]
            factors[key] = np.divide(before, after, out=np.zeros(steps), where=after > 0)
        rnn_factor.set_data(t[:-1], factors["rnn"])
        lstm_factor.set_data(t[:-1], factors["cell_line"])
        every_factor.set_data(t[:-1], factors["all"])
        return {"factors": factors, "left": shares}

    def describe(v):
        few = min(20, steps)
        near = {k: (v["left"][k][-1 - few] / v["left"][k][-1]) ** (1 / few) for k in v["factors"]}
        return say(
            "On average over the last {few} steps, a step back multiplies the RNN's gradient by "
            "{rnn:.2f} and the LSTM's along the cell line by {cell_line:.2f}. Left at step 0: "
            "RNN {rnn_2:.1e}, LSTM along the cell line {cell_line_2:.1e}, with the side path "
            "{all:.1e}.",
            few=few,
            rnn=near["rnn"],
            cell_line=near["cell_line"],
            rnn_2=v["left"]["rnn"][0],
            cell_line_2=v["left"]["cell_line"][0],
            all=v["left"]["all"][0],
        )

    label = say("LSTM: forget bias b_f: add" if own else "LSTM: forget bias b_f")
    forget_bias = slider(label, -2, 8, 0.1, 0 if own else 1, quantity="f", digits=1)
    return Explorer(
        "two_gradients",
        figure=figure,
        controls={
            "b_f": forget_bias,
            "strength": slider("RNN's W_h: ×", 0, 1.5, 0.05, 1, quantity="h"),
            "loud": slider("input: × x", 0, 3, 0.05, 1, quantity="x"),
        },
        moving=[lstm_factor, rnn_factor, every_factor, lstm_left, rnn_left, every_path],
        update=update,
        describe=describe,
        presets={
            **({} if own else {"b_f = 5": {"b_f": 5}, "b_f = 8": {"b_f": 8}}),
            "silence": {"loud": 0},
            "silence, forget gate wide open": {"loud": 0, "b_f": 5},
            "silence, RNN's W_h × 1.2": {"loud": 0, "strength": 1.2},
            "driven, RNN's W_h × 1.2": {"strength": 1.2},
        },
    )
