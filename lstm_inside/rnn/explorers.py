"""The views of notebook 02: the state unrolled, its short memory, its gradients in time."""

import matplotlib
import numpy as np

from lstm_core import RNNParams, rnn_backward, rnn_forward
from lstm_inside.page import Explorer, Pixels, Words, slider, toggle, whole
from lstm_inside.page.style import (
    FAINT,
    FORGET,
    GRADIENT,
    HIDDEN,
    HIDDEN_LINE,
    RC,
    SIGNAL,
    SIGNED,
    SIZE,
    picture,
)
from lstm_inside.rnn.memory import gradient_bound, largest_singular_value, recall_inputs, reservoir

_UNITS = 24
_BASE = reservoir(_UNITS, 1.0, rng=np.random.default_rng(22))  # spectral radius 1
_SYMMETRIC = reservoir(_UNITS, 1.0, rng=np.random.default_rng(22), symmetric=True)
_FLOOR, _CEILING = 1e-12, 1e12  # a gradient's line ends here; beyond is room for words


def scaled(strength, input_strength=1.0, *, symmetric=False) -> RNNParams:
    """The views' network of 24 units, with W_h's spectral radius set to `strength`."""
    base = _SYMMETRIC if symmetric else _BASE
    return RNNParams(base.W_x * input_strength, base.W_h * strength, base.b)


# ---------------------------------------------------------------- unrolling


def unrolled_picture(xs, params):
    """The steps of an RNN side by side, with the numbers that flow (2.2).

    xs (T, 1, 1): up to four steps of one input. params: an RNN's with D = 1.
    """
    h = rnn_forward(xs, params).h[:, 0]
    T = len(xs)
    with matplotlib.rc_context(RC):
        figure = picture(900, 250)
        ax = figure.subplots()
        ax.set(xlim=(-0.5, T + 0.75), ylim=(-0.15, 1.75))
        ax.set_axis_off()
        arrow = {"arrowstyle": "-|>", "shrinkA": 0, "shrinkB": 0, "lw": 2, "mutation_scale": 15}
        box = {"boxstyle": "round,pad=0.45", "lw": 1.8, "fc": "white"}
        for t in range(T + 1):
            numbers = "(" + ", ".join(f"{v:.2f}" for v in h[t]).replace("-", "−") + ")"
            ax.text(t, 1.2, f"$h_{t}$\n{numbers}", ha="center", va="center", linespacing=1.5,
                    bbox={**box, "ec": HIDDEN_LINE})  # fmt: skip
            ax.annotate("", (t + 0.72, 1.2), (t + 0.28, 1.2),
                        arrowprops={**arrow, "color": HIDDEN_LINE})  # fmt: skip
            ax.text(t + 0.5, 1.3, "$W_h$", color=HIDDEN_LINE, ha="center", va="bottom")
            if t:
                ax.text(t, 0.05, f"$x_{t}$ = {xs[t - 1, 0, 0]:g}", ha="center", va="center",
                        bbox={**box, "ec": SIGNAL})  # fmt: skip
                ax.annotate("", (t, 0.88), (t, 0.26), arrowprops={**arrow, "color": SIGNAL})
                ax.text(t + 0.04, 0.55, "$W_x$", color=SIGNAL, va="center")
        ax.set_title("Unrolled: one copy of the network a step, the same weights in each")
    figure.alt = (
        f"An RNN unrolled over {T} steps: every state h_t is made from the input x_t through W_x "
        f"and from the state before through W_h; the same two matrices serve every step."
    )
    return figure


def unrolling_explorer(steps=60) -> Explorer:
    """A single knock at step 5, and what the 24 units of an RNN make of it (2.1)."""
    with matplotlib.rc_context(RC):
        figure = picture(900, 470)
        ax = figure.subplot_mosaic([["x", "w"], ["h", "w"], ["size", "size2"]],
                                   width_ratios=(3, 2), height_ratios=(1, 2, 2))  # fmt: skip
        ax["x"].set(xlim=(-0.5, steps - 0.5), ylim=(-0.2, 2.2))
        ax["x"].set_title("The input: one knock")
        heat = Pixels.on(ax["h"], np.zeros((_UNITS, steps)), cmap=SIGNED, vmin=-1, vmax=1)
        ax["h"].set(ylabel="unit", yticks=(0, 8, 16))
        ax["h"].set_title("The state h: every unit over time")
        ax["size"].set(xlim=(-0.5, steps - 0.5), yscale="log", ylim=(1e-6, 20), xlabel="step t")
        ax["size"].set_title("What is left of the knock: length of h")
        weights = Pixels.on(ax["w"], np.zeros((_UNITS, _UNITS)), cmap=SIGNED, vmin=-1, vmax=1)
        ax["w"].set(xticks=(0, 8, 16), yticks=(0, 8, 16), xlabel="to unit", ylabel="from unit")
        ax["w"].set_title("$W_h$: who talks to whom")
        ax["size2"].set(xlim=(-1.05, 1.05), ylim=(-1.05, 1.05), xlabel="unit 0", ylabel="unit 1")
        ax["size2"].set(xticks=(-1, 0, 1), yticks=(-1, 0, 1))
        ax["size2"].set_title("Two units' path through time")
        (knock,) = ax["x"].plot([], [], color=SIGNAL, drawstyle="steps-mid")
        (length,) = ax["size"].plot([], [], color=HIDDEN_LINE)
        (path,) = ax["size2"].plot([], [], color=HIDDEN_LINE, lw=1.4, marker="o", ms=3.5)
        cursors = [
            ax[key].axvline(0, color="#111111", lw=1.1, ls=(0, (3, 2)), zorder=5)
            for key in ("x", "h", "size")
        ]
        (here,) = ax["size2"].plot([], [], "o", color="#111111", ms=8)

    def update(t, strength, knock_size):
        params = scaled(strength)
        xs = np.zeros((steps, 1, 1))
        xs[5] = knock_size
        h = rnn_forward(xs, params).h[1:, 0]
        size = np.linalg.norm(h, axis=1)
        time = np.arange(steps)
        knock.set_data(time, xs[:, 0, 0])
        heat.set_data(h.T)
        weights.set_data(params.W_h)
        length.set_data(time, np.maximum(size, _FLOOR))
        path.set_data(h[5 : t + 1, 0], h[5 : t + 1, 1])
        here.set_data([h[t, 0]], [h[t, 1]])
        for cursor in cursors:
            cursor.set_xdata([t, t])
        return {"t": t, "h": h, "size": size, "strength": strength}

    def describe(v):
        return (
            f"Spectral radius {v['strength']:.2f}. The knock makes a state of length "
            f"{v['size'][5]:.2f}; at step {v['t']} its length is {v['size'][v['t']]:.2g}, "
            f"at the last step {v['size'][-1]:.2g}."
        )

    return Explorer(
        "unrolling",
        figure=figure,
        controls={
            "t": whole("time t", 0, steps - 1, 20, quantity="x"),
            "strength": slider("spectral radius of W_h", 0, 1.5, 0.05, 0.9, quantity="h"),
            "knock_size": slider("size of the knock", 0.1, 2, 0.1, 1, quantity="x", digits=1),
        },
        moving=[knock, heat, weights, length, path, here, *cursors],
        update=update,
        describe=describe,
        play="t",
    )


# ---------------------------------------------------------------- short memory


def memory_explorer(steps=900, lags=100) -> Explorer:
    """How much of the input of k steps ago a linear read-out finds in the state (2.4)."""
    shown = np.arange(60)
    noise = np.random.default_rng(23).uniform(-1, 1, steps)
    with matplotlib.rc_context(RC):
        figure = picture(900, 360)
        curve, course = figure.subplots(1, 2, width_ratios=(3, 2))
        curve.set(xlim=(0, lags), ylim=(0, 1.03), xlabel="k steps ago")
        curve.set_title("Memory curve: $R^2$ of the input of k steps ago")
        course.set(xlim=(0, 60), ylim=(-1.5, 2.0), xlabel="step (of the part it was not fitted on)")
        course.set_title("Input of k steps ago, read from h")
        (r2,) = curve.plot([], [], color=HIDDEN_LINE, lw=2.6)
        area = curve.fill_between([0, 1], [0, 0], color=HIDDEN, alpha=0.25, lw=0)
        (mark,) = curve.plot([], [], "o", color=FORGET, ms=9)
        total = Words(curve, 0.97 * lags, 0.9, ha="right", color=HIDDEN_LINE, weight="bold")
        (truth,) = course.plot([], [], color=FAINT, lw=3)
        (read,) = course.plot([], [], color=FORGET, lw=1.6)
        course.text(1, 1.68, "true input", color="#777777", weight="bold")
        course.text(20, 1.68, "read-out", color=FORGET, weight="bold")

    def update(strength, input_strength, k):
        h = rnn_forward(noise[:, None, None], scaled(strength, input_strength)).h[1:, 0]
        recalled = recall_inputs(h, noise, lags)
        memory, last = recalled.r2, slice(-len(shown), None)
        past, guess = recalled.truth[last, k], recalled.guess[last, k]
        lag = np.arange(lags + 1)
        r2.set_data(lag, memory)
        area.set_data(lag, np.zeros(lags + 1), memory)
        mark.set_data([k], [memory[k]])
        total.set_text(f"in all {memory.sum():.1f} inputs' worth")
        truth.set_data(shown, past)
        read.set_data(shown, np.clip(guess, -1.5, 1.5))
        half = int(np.argmax(memory < 0.5)) if (memory < 0.5).any() else lags
        return {
            "memory": memory, "capacity": memory.sum(), "k": k, "half": half,
            "truth": past, "guess": guess,
        }  # fmt: skip

    def describe(v):
        return (
            f"The input of {v['k']} steps ago is recovered with R² = {v['memory'][v['k']]:.2f}. "
            f"Below one half from k = {v['half']} on; all lags together hold "
            f"{v['capacity']:.1f} inputs' worth, and {_UNITS} units can hold {_UNITS} at most."
        )

    return Explorer(
        "memory",
        figure=figure,
        controls={
            "strength": slider("spectral radius of W_h", 0, 1.5, 0.05, 0.9, quantity="h"),
            "input_strength": slider("input strength", 0.05, 3, 0.05, 1, quantity="x"),
            "k": whole("look back k steps", 0, lags, 5, quantity="f"),
        },
        moving=[area, r2, mark, total, truth, read],
        update=update,
        describe=describe,
    )


# ---------------------------------------------------------------- gradients in time


def vanishing_explorer(most=100) -> Explorer:
    """The gradient of the last state, step by step back, under its bound (2.5), (2.6)."""
    noise = np.random.default_rng(24).uniform(-1, 1, most)
    with matplotlib.rc_context(RC):
        figure = picture(900, 400)
        flow, heat = figure.subplots(1, 2, width_ratios=(5, 4))
        flow.set(xlim=(0, most), yscale="log", ylim=(1e-16, 1e16), xlabel="k steps before the end")
        flow.set_yticks([10.0**n for n in range(-12, 13, 6)])
        flow.minorticks_off()
        flow.set_title("Length of the gradient, k steps back")
        flow.axhline(1, color=FAINT, lw=1.2)
        (bound,) = flow.plot([], [], color=FORGET, lw=1.8)
        (real,) = flow.plot([], [], color=GRADIENT, ls=(0, (4, 2)), lw=2.4)
        flow.text(0.03 * most, 1e14, "bound: $(\\gamma\\,\\sigma_{max})^k$", color=FORGET,
                  va="center", weight="bold")  # fmt: skip
        flow.text(0.97 * most, 1e14, "the real gradient (dashed)", color=GRADIENT, ha="right",
                  va="center", weight="bold")  # fmt: skip
        said = Words(flow, most / 2, 1e-14, color="#222222", weight="bold")
        sizes = Pixels.on(heat, np.zeros((_UNITS, most)), cmap=SIZE, vmin=-12, vmax=2)
        heat.set(xlabel="k steps before the end", ylabel="unit", yticks=(0, 8, 16))
        heat.set_facecolor("#efe6d3")  # where there is no step
        before = Words(heat, 0, _UNITS / 2 - 0.5, color="#7a6a45")
        heat.set_title("dL/dh of every unit (dark: large)")
        image = figure.colorbar(sizes, ax=heat, shrink=0.9)
        image.set_label("power of ten")

    def update(strength, input_strength, T, symmetric):
        params = scaled(strength, input_strength, symmetric=symmetric)
        trace = rnn_forward(noise[-T:, None, None], params)
        dhs = np.zeros((T, 1, _UNITS))
        dhs[-1] = 1 / np.sqrt(_UNITS)  # a loss whose gradient by the last state has length 1
        dh = rnn_backward(dhs, trace, params).h[:, 0]
        length = np.linalg.norm(dh, axis=1)[::-1]
        sigma = largest_singular_value(params.W_h)
        most_left = gradient_bound(params.W_h, T)
        k = np.arange(T + 1)
        real.set_data(k, _inside(length))
        bound.set_data(k, _inside(most_left))
        shown = np.full((_UNITS, most), np.nan)
        shown[:, :T] = np.log10(np.maximum(np.abs(dh[:0:-1].T), _FLOOR))
        sizes.set_data(shown)
        before.set_x((T + most) / 2)
        before.set_text("before the start" if most - T >= 40 else "")
        said.set_text(f"σ max = {sigma:.2f}: {_what_follows(sigma)}")
        return {"length": length, "bound": most_left, "sigma": sigma, "T": T}

    def describe(v):
        return (
            f"Largest singular value {v['sigma']:.2f}. After {v['T']} steps back "
            f"{v['length'][-1]:.2g} of the gradient is left; the bound allows "
            f"{v['bound'][-1]:.2g}."
        )

    return Explorer(
        "vanishing",
        figure=figure,
        controls={
            "strength": slider("spectral radius of W_h", 0, 3, 0.05, 0.9, quantity="h"),
            "input_strength": slider("input strength", 0, 3, 0.05, 1, quantity="x"),
            "T": whole("sequence length T", 5, most, 60, quantity="x"),
            "symmetric": toggle("symmetric W_h (radius = largest singular value)"),
        },
        moving=[bound, real, said, sizes, before],
        update=update,
        describe=describe,
    )


def _inside(length):
    """The lengths that the axes show; a line ends where the others begin."""
    return np.where((length >= _FLOOR) & (length <= _CEILING), length, np.nan)


def _what_follows(sigma):
    """What the largest singular value alone says about a tanh network (2.6)."""
    if abs(sigma - 1) < 1e-9:
        return "the gradient cannot grow"
    return "the gradient must vanish" if sigma < 1 else "it may grow, and it may vanish"


EXPLORERS = {
    "unrolling": unrolling_explorer,
    "memory": memory_explorer,
    "vanishing": vanishing_explorer,
}
