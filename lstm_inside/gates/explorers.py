"""The views of notebook 03: the cell line, each gate, the wiring, the cell over time."""

from functools import partial

import matplotlib
import numpy as np

from lstm_core import LSTMParams, init_lstm, lstm_backward, lstm_forward, sigmoid, split_gates
from lstm_inside.page import Explorer, Pixels, Words, slider, toggle, whole
from lstm_inside.page.style import (
    CANDIDATE,
    CANDIDATE_LINE,
    CELL,
    CELL_LINE,
    FAINT,
    FORGET,
    GRADIENT,
    HIDDEN,
    HIDDEN_LINE,
    INPUT,
    OUTPUT,
    RC,
    SIGNAL,
    SIGNED,
    picture,
)
from lstm_inside.tasks import constant_gates, eeg

WORDS = {
    "f": "forget gate",
    "i": "input gate",
    "g": "candidate",
    "o": "output gate",
}
GATE_LINES = {"f": FORGET, "i": INPUT, "g": CANDIDATE_LINE, "o": OUTPUT}
_BLOCK = {"i": 0, "f": 1, "g": 2, "o": 3}  # the order of the column blocks


def _sizes(grads):
    """The length of a gradient at every step, kept above what a log axis can show."""
    return np.maximum(np.linalg.norm(grads, axis=(1, 2)), 1e-30)


def _name_curves(ax, *names):
    """Direct labels in the title's row: (x as a share of the width, words, colour)."""
    for x, words, colour in names:
        ax.text(x, 1.02, words, color=colour, transform=ax.transAxes, weight="bold", fontsize=11.5,
                va="bottom")  # fmt: skip


# ---------------------------------------------------------------- the cell line


def cell_line_explorer(steps=40) -> Explorer:
    """c_t = f c_{t-1} + i g with the three held constant, and what dL/dc_t answers (3.1)."""
    with matplotlib.rc_context(RC):
        figure = picture(900, 330)
        cells, slopes = figure.subplots(1, 2, width_ratios=(3, 2))
        cells.set(xlim=(0, steps), ylim=(-7, 7), xlabel="step t")
        cells.set_title("The cell: kept part and written part")
        cells.axhline(0, color=FAINT, lw=1)
        slopes.set(xlim=(0, steps), ylim=(-0.05, 1.08), xlabel="step t")
        slopes.set_title(f"Its gradient: dc$_{{{steps}}}$ / dc$_t$")
        kept = cells.fill_between([0, steps], [0, 0], color=FORGET, alpha=0.25, lw=0)
        (cell,) = cells.plot([], [], color=CELL_LINE, marker="o", ms=4)
        (rest,) = cells.plot([], [], color=INPUT, ls=":", lw=1.6)
        label = cells.text(steps, 6, "", color=INPUT, ha="right")
        cells.text(0.6, 6, "cell c", color=CELL_LINE, weight="bold")
        cells.text(6.5, 6, "of it kept: f × c before", color=FORGET)
        (slope,) = slopes.plot([], [], color=GRADIENT)

    def update(f, i, g, c0):
        params = constant_gates(f, i, g)
        trace = lstm_forward(np.zeros((steps, 1, 1)), params, c0=[[c0]])
        grads = lstm_backward(np.zeros((steps, 1, 1)), trace, params, dc_last=[[1.0]])
        t = np.arange(steps + 1)
        c = trace.c[:, 0, 0]
        cell.set_data(t, c)
        kept.set_data(t[1:], np.zeros(steps), trace.f[:, 0, 0] * c[:-1])
        end = i * g / (1 - f) if f < 1 else np.inf
        shown = abs(end) <= 6.5
        rest.set_data([0, steps] if shown else [], [end, end] if shown else [])
        label.set_text(f"settles at i g / (1 − f) = {end:.2f}" if shown else "")
        slope.set_data(t, grads.c[:, 0, 0])
        return {"c": c, "dc": grads.c[:, 0, 0], "settles_at": end, "f": f, "i": i, "g": g}

    def describe(v):
        return (
            f"c = {v['f']:.2f} × c before + {v['i']:.2f} × {v['g']:+.2f}. After {steps} steps the "
            f"cell holds {v['c'][-1]:+.3f}; a nudge of c_0 still counts {v['dc'][0]:.3g}."
        )

    return Explorer(
        "cell_line",
        figure=figure,
        controls={
            "f": slider("keep: f", 0, 1, 0.01, 0.9, quantity="f"),
            "i": slider("write: i", 0, 1, 0.01, 0.2, quantity="i"),
            "g": slider("what to write: g", -1, 1, 0.01, 0.5, quantity="g"),
            "c0": slider("cell at the start: c_0", -2, 2, 0.1, 2, quantity="c", digits=1),
        },
        moving=[kept, cell, rest, label, slope],
        update=update,
        describe=describe,
    )


# ---------------------------------------------------------------- one gate at a time


def gate_explorer(gate="f", steps=100) -> Explorer:
    """One gate of a one-unit LSTM on the EEG: its curve, its course, the cell, the gradient.

    gate: "f", "i", "g" or "o" (3.2)-(3.5). The other three keep moderate settings.
    Raises ValueError for another letter.
    """
    if gate not in _BLOCK:
        raise ValueError(f'gate: expected "f", "i", "g" or "o", got {gate!r}')
    name, colour, block = WORDS[gate], GATE_LINES[gate], _BLOCK[gate]
    act, low = (np.tanh, -1.1) if gate == "g" else (sigmoid, -0.1)
    xs = eeg(100, steps)[:, :1].reshape(steps, 1, 1)
    dhs = np.zeros((steps, 1, 1))
    dhs[-1] = 1  # the loss is the last hidden state

    with matplotlib.rc_context(RC):
        figure = picture(900, 560)
        axes = figure.subplot_mosaic(
            [["curve", "gate"], ["curve", "cell"], ["slope", "gradient"]], width_ratios=(2, 3)
        )
        z = np.linspace(-8, 8, 201)
        axes["curve"].plot(z, act(z), color=FAINT, lw=3)
        axes["curve"].set(xlim=(-8, 8), ylim=(low, 1.1))
        axes["curve"].set_title(f"Where the {name}'s steps land")
        slope_of = (lambda s: 1 - s**2) if gate == "g" else (lambda s: s * (1 - s))
        axes["slope"].plot(z, slope_of(act(z)), color=FAINT, lw=3)
        axes["slope"].set(xlim=(-8, 8), ylim=(0, slope_of(0 if gate == "g" else 0.5) * 1.15))
        axes["slope"].set_title("Slope there: what a gradient gets")
        axes["slope"].set_xlabel("pre-activation a = w x + b")
        axes["gate"].set(xlim=(0, steps), ylim=(low, 1.1))
        axes["gate"].set_title(f"The {name} {gate} over time")
        axes["cell"].set(xlim=(0, steps), ylim=(-8, 8))
        axes["cell"].set_title("The memory")
        _name_curves(
            axes["cell"],
            (0.32, "cell c", CELL_LINE),
            (0.48, "output h", HIDDEN_LINE),
            (0.68, "input x (EEG)", "#777777"),
        )
        axes["cell"].plot(np.arange(1, steps + 1), xs[:, 0, 0], color="#cccccc", lw=1)
        axes["gradient"].set(
            xlim=(0, steps), yscale="log", ylim=(1e-9, 3), xlabel="step t (80 a second)"
        )
        axes["gradient"].set_title(f"dh$_{{{steps}}}$/dc$_t$: who in the past is heard at the end")
        (dots,) = axes["curve"].plot([], [], "o", color=colour, ms=4.5, mec="none")
        (slope_dots,) = axes["slope"].plot([], [], "o", color=colour, ms=4.5, mec="none")
        (course,) = axes["gate"].plot([], [], color=colour)
        (cell,) = axes["cell"].plot([], [], color=CELL_LINE)
        (hidden,) = axes["cell"].plot([], [], color=HIDDEN_LINE, lw=1.8)
        (gradient,) = axes["gradient"].plot([], [], color=GRADIENT)

    def update(b, w):
        params = LSTMParams(
            np.array([[0.0, 0.0, 1.5, 0.0]]), np.zeros((1, 4)), np.array([0.0, 2.5, 0.0, 1.0])
        )
        params.W_x[0, block], params.b[block] = w, b
        trace = lstm_forward(xs, params)
        grads = lstm_backward(dhs, trace, params)
        value = (trace.i, trace.f, trace.g, trace.o)[block][:, 0, 0]
        a = w * xs[:, 0, 0] + b
        t = np.arange(steps + 1)
        inside = np.clip(a, -7.9, 7.9)
        dots.set_data(inside, value)
        slope_dots.set_data(inside, slope_of(value))
        course.set_data(t[1:], value)
        cell.set_data(t, trace.c[:, 0, 0])
        hidden.set_data(t, trace.h[:, 0, 0])
        gradient.set_data(t, _sizes(grads.c))
        return {
            gate: value,
            "c": trace.c[:, 0, 0],
            "h": trace.h[:, 0, 0],
            "dc": grads.c[:, 0, 0],
            "mean": value.mean(),
            "slope": slope_of(value).mean(),
        }

    def describe(v):
        mean = f"{v['mean']:{'+' if gate == 'g' else ''}.3f}"
        return (
            f"On average the {name} is {mean} and its slope {v['slope']:.3f}. The last "
            f"output feels the cell of 20 steps before by {v['dc'][-21]:.2g}, "
            f"of {steps} steps before by {v['dc'][0]:.2g}."
        )

    start = {"f": (2.5, 0.0), "i": (0.0, 1.0), "g": (0.0, 1.5), "o": (1.0, 0.0)}[gate]
    return Explorer(
        f"gate_{gate}",
        figure=figure,
        controls={
            "b": slider(f"bias b_{gate}", -6, 6, 0.1, start[0], quantity=gate, digits=1),
            "w": slider(f"weight w_{gate} of the input", -4, 4, 0.1, start[1], quantity=gate),
        },
        moving=[dots, slope_dots, course, cell, hidden, gradient],
        update=update,
        describe=describe,
    )


# ---------------------------------------------------------------- the wiring

# One unit, one input; weights chosen so that every slider moves every number a little.
_WIRING = LSTMParams(
    np.array([[0.8, -0.4, 1.2, 0.6]]), np.array([[0.5, 0.7, -0.8, 0.9]]), np.zeros(4)
)
# name: colour, the wire's corners, where its number stands
_WIRES = {
    "c_prev": (CELL, [(0.3, 4.6), (2.27, 4.6)], (0.95, 4.85)),
    "kept": (CELL, [(2.73, 4.6), (4.97, 4.6)], (3.75, 4.85)),
    "c": (CELL, [(5.43, 4.6), (10.2, 4.6)], (9.2, 4.85)),
    "to_tanh": (CELL, [(7.7, 4.6), (7.7, 3.85)], None),
    "tanh_c": (CELL, [(7.7, 3.25), (7.7, 2.63)], (8.28, 2.95)),
    "f": (FORGET, [(2.5, 1.7), (2.5, 4.37)], (2.95, 3.6)),
    "i": (INPUT, [(4.1, 1.7), (4.1, 3.0), (4.97, 3.0)], (3.75, 2.4)),
    "g": (CANDIDATE, [(5.7, 1.7), (5.7, 3.0), (5.43, 3.0)], (6.15, 2.4)),
    "written": (CELL, [(5.2, 3.23), (5.2, 4.37)], (5.68, 3.85)),
    "o": (OUTPUT, [(7.2, 1.7), (7.2, 2.4), (7.47, 2.4)], (6.9, 2.62)),
    "h": (HIDDEN, [(7.93, 2.4), (10.2, 2.4)], (9.2, 2.65)),
    "h_prev": (HIDDEN, [(0.3, 0.75), (1.3, 0.75)], (0.75, 1.0)),
    "x": (SIGNAL, [(0.3, 0.1), (1.3, 0.1)], (0.75, 0.3)),
}


def _signed(value):
    """A number with its sign and two decimals; nothing is never minus nothing."""
    return f"{round(value, 2) + 0.0:+.2f}".replace("-", "−")


def _plain(value):
    """A number as the result of a sum shown with factors of three decimals."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def _times(a, b):
    """Two factors of a product, precise enough to be multiplied by the reader."""
    shown = (f"{round(v, 3) + 0.0:.3f}".replace("-", "−") for v in (a, b))
    return "·".join(f"({v})" if v.startswith("−") else v for v in shown)


def wiring_explorer() -> Explorer:
    """One LSTM step as a wiring diagram: the number on every wire, forward or backward."""
    with matplotlib.rc_context(RC):
        figure = picture(900, 560)
        figure.set_layout_engine("none")
        ax = figure.add_axes((0.01, 0.01, 0.98, 0.97))
        ax.set(xlim=(0, 11), ylim=(-1.75, 5.35))
        ax.set_axis_off()
        _draw_cell_body(ax)
        wires = {
            name: ax.plot(*zip(*path, strict=True), color=colour, solid_capstyle="butt", zorder=2)
            for name, (colour, path, _) in _WIRES.items()
        }
        numbers = {
            name: Words(ax, *at, fontsize=12.5, zorder=6)
            for name, (_, _, at) in _WIRES.items()
            if at
        }
        lines = [
            ax.text(0.3, y, "", fontsize=13, family="DejaVu Sans Mono", va="center", color=colour)
            for y, colour in ((-0.75, CELL_LINE), (-1.15, HIDDEN_LINE), (-1.55, "#444444"))
        ]

    def update(x, h_prev, c_prev, b_f, b_i, b_g, b_o, backward):
        params = _WIRING._replace(b=np.array([b_i, b_f, b_g, b_o], dtype=float))
        trace = lstm_forward([[[x]]], params, [[h_prev]], [[c_prev]])
        grads = lstm_backward([[[1.0]]], trace, params)  # the loss is h itself
        i, f, g, o = (gate[0, 0, 0] for gate in (trace.i, trace.f, trace.g, trace.o))
        c, tanh_c, h = trace.c[1, 0, 0], trace.tanh_c[0, 0, 0], trace.h[1, 0, 0]
        flow = {
            "x": x, "h_prev": h_prev, "c_prev": c_prev, "f": f, "i": i, "g": g, "o": o,
            "kept": f * c_prev, "written": i * g, "c": c, "to_tanh": c, "tanh_c": tanh_c, "h": h,
        }  # fmt: skip
        dc, da = grads.c[1, 0, 0], grads.params.b
        # One step, one unit: the biases' gradients are those of the four pre-activations.
        slope = {
            "x": grads.xs[0, 0, 0], "h_prev": grads.h[0, 0, 0], "c_prev": grads.c[0, 0, 0],
            "i": da[0], "f": da[1], "g": da[2], "o": da[3],
            "kept": dc, "written": dc, "c": dc, "to_tanh": dc, "tanh_c": o, "h": 1.0,
        }  # fmt: skip
        shown = slope if backward else flow
        for name, (wire,) in wires.items():
            wire.set_linewidth(1.0 + 8 * min(abs(shown[name]), 1.5) / 1.5)
        for name, number in numbers.items():
            number.set_text(_signed(shown[name]))
        if backward:
            lines[0].set_text(
                f"dh/dc      = o·(1 − tanh²c) = {_times(o, 1 - tanh_c**2)} = {_plain(dc)}"
            )
            lines[1].set_text(f"dh/dc_prev = f·dh/dc        = {_times(f, dc)} = {_plain(f * dc)}")
            lines[2].set_text("on a gate's wire: dh by its pre-activation a")
        else:
            lines[0].set_text(
                f"c = f·c_prev + i·g = {_times(f, c_prev)} + {_times(i, g)} = {_plain(c)}"
            )
            lines[1].set_text(f"h = o·tanh(c)      = {_times(o, tanh_c)} = {_plain(h)}")
            lines[2].set_text("")
        return {"backward": backward, "flow": flow, "slope": slope}

    def describe(v):
        q = v["slope" if v["backward"] else "flow"]
        if v["backward"]:
            return (
                f"Backward: a nudge of c_prev moves h by {q['c_prev']:.3f}, of h_prev by "
                f"{q['h_prev']:+.3f}, of x by {q['x']:+.3f}. A wide wire carries a large gradient."
            )
        return (
            f"Forward: keep {q['kept']:+.3f} of the old cell, write {q['written']:+.3f}, so "
            f"c = {q['c']:+.3f}; show it through o = {q['o']:.3f}, so h = {q['h']:+.3f}. "
            "A wide wire carries a large number."
        )

    return Explorer(
        "wiring",
        figure=figure,
        controls={
            "x": slider("input x", -2, 2, 0.1, 1, quantity="x", digits=1),
            "h_prev": slider("hidden before: h_prev", -1, 1, 0.05, 0.3, quantity="h"),
            "c_prev": slider("cell before: c_prev", -2, 2, 0.1, 0.8, quantity="c", digits=1),
            "b_f": slider("forget bias b_f", -6, 6, 0.1, 1, quantity="f", digits=1),
            "b_i": slider("input bias b_i", -6, 6, 0.1, 0, quantity="i", digits=1),
            "b_g": slider("candidate bias b_g", -3, 3, 0.1, 0, quantity="g", digits=1),
            "b_o": slider("output bias b_o", -6, 6, 0.1, 0, quantity="o", digits=1),
            "backward": toggle("show the gradients dh/d(wire) instead"),
        },
        moving=[*(w for (w,) in wires.values()), *numbers.values(), *lines],
        update=update,
        describe=describe,
    )


def _draw_cell_body(ax):
    """All of the wiring diagram that stands still."""
    from matplotlib.patches import Circle, FancyBboxPatch

    body = FancyBboxPatch(
        (1.55, 0.35), 7.05, 4.75, boxstyle="round,pad=0.1,rounding_size=0.25",
        fc="#f6f6f4", ec="#cfcfca", lw=1.5, zorder=0,
    )  # fmt: skip
    ax.add_patch(body)
    ax.plot([1.3, 7.2], [0.75, 0.75], color="#9a9a9a", lw=2, zorder=1)
    ax.plot([1.3, 1.3], [0.1, 0.75], color="#9a9a9a", lw=2, zorder=1)
    for x, letter, act in ((2.5, "f", "σ"), (4.1, "i", "σ"), (5.7, "g", "tanh"), (7.2, "o", "σ")):
        ax.plot([x, x], [0.75, 1.2], color="#9a9a9a", lw=2, zorder=1)
        gate = FancyBboxPatch(
            (x - 0.42, 1.2), 0.84, 0.5, boxstyle="round,pad=0,rounding_size=0.08",
            fc=GATE_LINES[letter], ec="none", zorder=4,
        )  # fmt: skip
        ax.add_patch(gate)
        ax.text(
            x, 1.45, f"{letter}: {act}", color="white", ha="center", va="center", weight="bold",
            zorder=5,
        )  # fmt: skip
    for x, y, sign in ((2.5, 4.6, "×"), (5.2, 4.6, "+"), (5.2, 3.0, "×"), (7.7, 2.4, "×")):
        ax.add_patch(Circle((x, y), 0.23, fc="white", ec="#555555", lw=1.6, zorder=4))
        ax.text(x, y - 0.01, sign, ha="center", va="center", fontsize=17, zorder=5)
    squash = FancyBboxPatch(
        (7.32, 3.3), 0.76, 0.5, boxstyle="round,pad=0,rounding_size=0.2",
        fc="white", ec="#555555", lw=1.6, zorder=4,
    )  # fmt: skip
    ax.add_patch(squash)
    ax.text(7.7, 3.55, "tanh", ha="center", va="center", fontsize=12, zorder=5)
    for x, y, words, colour, side in (
        (0.3, 5.15, "c before", CELL_LINE, "left"),
        (0.3, 1.3, "h before", HIDDEN_LINE, "left"),
        (0.3, -0.2, "input x", SIGNAL, "left"),
        (10.4, 4.6, "c", CELL_LINE, "left"),
        (10.4, 2.4, "h", HIDDEN_LINE, "left"),
        (2.25, 3.05, "keep", FORGET, "right"),
        (3.65, 3.15, "write", INPUT, "left"),
        (6.0, 3.15, "what", CANDIDATE_LINE, "left"),
        (6.7, 2.1, "show", OUTPUT, "right"),
    ):
        ax.text(x, y, words, color=colour, ha=side, va="center", weight="bold", fontsize=12)
    ax.text(6.6, 4.85, "the cell line", color=CELL_LINE, ha="center", fontsize=11.5, style="italic")


# ---------------------------------------------------------------- the cell over time


def sequence_explorer(steps=120, units=8) -> Explorer:
    """An LSTM of `units` cells on four EEG channels: gates, cells and gradient flow over time.

    The network is as `init_lstm` drew it, untrained; the biases and the recurrent weights
    are shifted and scaled by the sliders. The loss is the sum of the last hidden state.
    """
    xs = eeg(100, steps)[:, None, :]
    base = init_lstm(4, units, rng=np.random.default_rng(7), forget_bias=0.0)
    dhs = np.zeros((steps, 1, units))
    dhs[-1] = 1
    time = np.arange(steps + 1)

    with matplotlib.rc_context(RC):
        figure = picture(940, 590)
        ax = figure.subplot_mosaic(
            [["x", "cells"], ["gates", "flow"], ["memory", "now"]], width_ratios=(10, 9)
        )
        for key in ("x", "gates", "memory", "flow"):
            ax[key].set_xlim(0, steps)
        ax["x"].plot(time[1:], xs[:, 0], lw=1, color="#c4c4c4")
        ax["x"].plot(time[1:], xs[:, 0, 0], lw=1.6, color=SIGNAL)
        ax["x"].set(ylim=(-4, 4))
        ax["x"].set_title("The input: EEG, four channels")
        ax["gates"].set(ylim=(-1.08, 1.08))
        ax["gates"].set_title("The unit's gates")
        _name_curves(
            ax["gates"],
            *(
                (x, f"{WORDS[letter].split()[0]} {letter}", GATE_LINES[letter])
                for x, letter in zip((0.32, 0.48, 0.62, 0.84), "figo", strict=True)
            ),
        )
        ax["memory"].set(ylim=(-3.1, 3.1), xlabel="step t (80 a second)")
        ax["memory"].set_title("The unit's cell")
        _name_curves(ax["memory"], (0.32, "cell c", CELL_LINE), (0.48, "hidden h", HIDDEN_LINE))
        cells = Pixels.on(ax["cells"], np.zeros((units, steps)), cmap=SIGNED, vmin=-2, vmax=2)
        ax["cells"].set(yticks=range(0, units, 2), ylabel="unit")
        ax["cells"].set_title("Every cell: blue below 0, orange above")
        ax["flow"].set(yscale="log", ylim=(1e-8, 1e3))
        ax["flow"].set_title("Gradient flow, size")
        _name_curves(ax["flow"], (0.42, "dL/dc", CELL_LINE), (0.58, "dL/dh", HIDDEN_LINE))
        ax["now"].set(xlim=(-2.6, 2.6), ylim=(-0.6, 6.4), yticks=range(6))
        ax["now"].set_yticklabels(["h", "c", "o", "g", "i", "f"])
        ax["now"].axvline(0, color="#888888", lw=1)
        ax["now"].set_title("At the cursor")
        bar_colours = [HIDDEN, CELL, OUTPUT, CANDIDATE, INPUT, FORGET]
        bars = ax["now"].barh(range(6), np.zeros(6), color=bar_colours, height=0.7)
        sums = Words(ax["now"], -2.5, 5.85, ha="left", fontsize=11.5, color="#333333")
        curves = {
            letter: ax["gates"].plot([], [], color=GATE_LINES[letter], lw=1.8)[0]
            for letter in "figo"
        }
        (cell,) = ax["memory"].plot([], [], color=CELL_LINE)
        (hidden,) = ax["memory"].plot([], [], color=HIDDEN_LINE, lw=1.8)
        (flow_c,) = ax["flow"].plot([], [], color=CELL_LINE)
        (flow_h,) = ax["flow"].plot([], [], color=HIDDEN_LINE, lw=1.8)
        cursors = [
            ax[key].axvline(0, color="#111111", lw=1.1, ls=(0, (3, 2)), zorder=5)
            for key in ("x", "gates", "memory", "cells", "flow")
        ]
        (row,) = ax["cells"].plot([], [], marker=">", ms=8, color="#111111", clip_on=False)

    def update(t, unit, b_f, b_i, b_o, strength):
        b = base.b.copy()
        b_blocks = split_gates(b)
        b_blocks[0][:], b_blocks[1][:], b_blocks[3][:] = b_i, b_f, b_o
        params = LSTMParams(base.W_x, base.W_h * strength, b)
        trace = lstm_forward(xs, params)
        grads = lstm_backward(dhs, trace, params)
        for letter, curve in curves.items():
            curve.set_data(time[1:], getattr(trace, letter)[:, 0, unit])
        cell.set_data(time, trace.c[:, 0, unit])
        hidden.set_data(time, trace.h[:, 0, unit])
        cells.set_data(trace.c[1:, 0].T)
        size_c, size_h = _sizes(grads.c), _sizes(grads.h)
        flow_c.set_data(time, size_c)
        flow_h.set_data(time, size_h)
        for cursor in cursors:
            cursor.set_xdata([t, t])
        row.set_data([-0.5], [unit])
        f, i, g, o = (float(getattr(trace, k)[t - 1, 0, unit]) for k in "figo")
        c_prev, c, h = trace.c[t - 1, 0, unit], trace.c[t, 0, unit], trace.h[t, 0, unit]
        for bar, value in zip(bars, (h, np.clip(c, -2.6, 2.6), o, g, i, f), strict=True):
            bar.set_width(value)
        sums.set_text(f"c = {_times(f, c_prev)} + {_times(i, g)} = {_plain(c)}")
        return {
            "t": t, "unit": unit, "f": f, "i": i, "g": g, "o": o, "c": c, "h": h,
            "dc": np.linalg.norm(grads.c, axis=(1, 2)),
            "dh": np.linalg.norm(grads.h, axis=(1, 2)),
            "cells": trace.c[:, 0],
        }  # fmt: skip

    def describe(v):
        return (
            f"Step {v['t']}, unit {v['unit']}: f = {v['f']:.2f}, i = {v['i']:.2f}, "
            f"g = {v['g']:+.2f}, o = {v['o']:.2f}; c = {v['c']:+.2f}, h = {v['h']:+.2f}. From the "
            f"last step back to the first, the cells' gradient goes from {v['dc'][-1]:.2g} to "
            f"{v['dc'][0]:.2g}."
        )

    return Explorer(
        "sequence",
        figure=figure,
        controls={
            "t": whole("time t", 1, steps, 60, quantity="x"),
            "unit": whole("unit", 0, units - 1, 0, quantity="h"),
            "b_f": slider("forget bias b_f", -4, 8, 0.1, 1, quantity="f", digits=1),
            "b_i": slider("input bias b_i", -6, 4, 0.1, 0, quantity="i", digits=1),
            "b_o": slider("output bias b_o", -6, 4, 0.1, 0, quantity="o", digits=1),
            "strength": slider("recurrent: × W_h", 0, 6, 0.1, 1, quantity="h", digits=1),
        },
        moving=[
            *curves.values(), cell, hidden, cells, flow_c, flow_h, *cursors, row, *bars, sums,
        ],
        update=update,
        describe=describe,
        play="t",
    )  # fmt: skip


# ---------------------------------------------------------------- half-life


def half_life_explorer(steps=200) -> Explorer:
    """How long a cell keeps a value, against the forget gate's bias.

    A one-unit LSTM starts with c_0 = 1 and nothing is written: what is left after k steps is
    the product of k forget gates, and so is the gradient that comes back.
    """
    with matplotlib.rc_context(RC):
        figure = picture(900, 360)
        left, right = figure.subplots(1, 2)
        left.set(xlim=(0, steps), ylim=(1e-4, 1.5), yscale="log", xlabel="steps k")
        left.set_title("What is left of the cell after k steps")
        left.axhline(0.5, color=FAINT, lw=1.2, ls=":")
        left.text(steps, 0.53, "half", color="#666666", ha="right", va="bottom", fontsize=11)
        (decay,) = left.plot([], [], color=CELL_LINE, lw=3)
        (back,) = left.plot([], [], color=GRADIENT, lw=1.5, ls=(0, (4, 3)))
        (mark,) = left.plot([], [], color=FORGET, marker="o", ms=9, ls="none")
        at_k = left.axvline(0, color="#111111", lw=1.1, ls=(0, (3, 2)))
        for y, words, colour in (
            (0.13, "cell: $c_k / c_0$", CELL_LINE),
            (0.05, "gradient (dashed): $dc_k / dc_0$", GRADIENT),
        ):
            left.text(0.98, y, words, color=colour, transform=left.transAxes, ha="right")
        b = np.linspace(-2, 8, 201)
        right.plot(b, _half_life(sigmoid(b)), color=FAINT, lw=3)
        right.set(xlim=(-2.3, 8.3), ylim=(0.1, 8000), yscale="log", xlabel="forget bias $b_f$")
        right.set_title("Half-life in steps: − ln 2 / ln f")
        (dot,) = right.plot([], [], color=FORGET, marker="o", ms=10, ls="none")
        label = right.text(0, 1, "", color=FORGET, weight="bold", va="center")

    def update(b_f, k):
        params = constant_gates(sigmoid(b_f), i=0, g=0)
        trace = lstm_forward(np.zeros((steps, 1, 1)), params, c0=[[1.0]])
        grads = lstm_backward(np.zeros((steps, 1, 1)), trace, params, dc_last=[[1.0]])
        f, cell = float(trace.f[0, 0, 0]), trace.c[:, 0, 0]
        half = _half_life(f)
        decay.set_data(np.arange(steps + 1), np.maximum(cell, 1e-30))
        back.set_data(np.arange(steps + 1), np.maximum(grads.c[::-1, 0, 0], 1e-30))
        mark.set_data([half] if half <= steps else [], [0.5] if half <= steps else [])
        at_k.set_xdata([k, k])
        dot.set_data([b_f], [half])
        label.set_text(f"{half:.1f} steps")
        low = b_f < 5.5
        label.set_position((b_f + 0.3, half / 1.7) if low else (b_f - 0.3, half * 1.7))
        label.set_ha("left" if low else "right")
        return {"f": f, "half_life": half, "k": k, "left": cell[k], "dc": grads.c[:, 0, 0]}

    def describe(v):
        return (
            f"f = {v['f']:.4f}: half of the cell is gone after {v['half_life']:.1f} steps; "
            f"after {v['k']} steps {v['left']:.3g} of it is left."
        )

    return Explorer(
        "half_life",
        figure=figure,
        controls={
            "b_f": slider("forget bias b_f", -2, 8, 0.1, 1, quantity="f", digits=1),
            "k": whole("look after k steps", 1, steps, 100, quantity="c"),
        },
        moving=[decay, back, at_k, mark, dot, label],
        update=update,
        describe=describe,
    )


def _half_life(f):
    """Steps until a product of equal forget gates f is one half."""
    return -np.log(2) / np.log(f)


EXPLORERS = {
    "cell_line": cell_line_explorer,
    **{f"gate_{gate}": partial(gate_explorer, gate) for gate in "figo"},
    "wiring": wiring_explorer,
    "sequence": sequence_explorer,
    "half_life": half_life_explorer,
}
