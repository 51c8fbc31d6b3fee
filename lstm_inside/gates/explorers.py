"""What a reader moves in notebook 03; wiring, courses and gradients have files of their own."""

import matplotlib
import numpy as np
from matplotlib.markers import CARETDOWN, CARETUP

from lstm_core import LSTMParams, lstm_backward, lstm_forward, sigmoid
from lstm_inside.gates.explorers_exact import flat_explorer, memory_gradient_explorer
from lstm_inside.gates.explorers_gradients import two_gradients_explorer
from lstm_inside.gates.explorers_time import (
    Beyond,
    latch_explorer,
    name_curves,
    sequence_explorer,
)
from lstm_inside.gates.explorers_wiring import wiring_explorer
from lstm_inside.page import Explorer, Words, choice, plain, signed, slider, strokes, toggle, whole
from lstm_inside.page.style import (
    CELL,
    CELL_LINE,
    FAINT,
    GATES,
    GRADIENT,
    HIDDEN_LINE,
    RC,
    picture,
)
from lstm_inside.tasks import constant_gates, recall_problem
from lstm_inside.words import Sentences, say

# ---------------------------------------------------------------- the cell line


def cell_line_explorer(steps=20) -> Explorer:
    """c_t = f c_{t-1} + i g with the three held constant, and what dL/dc_t answers (3.1)."""
    forget, write = GATES["f"].line, GATES["i"].line
    with matplotlib.rc_context(RC):
        figure = picture(900, 360)
        cells, slopes = figure.subplots(1, 2, width_ratios=(3, 2))
        cells.set(xlim=(0, steps), ylim=(-3.2, 3.2), xlabel=say("step t"))
        cells.set_title(say("The cell state: kept part + written part"), pad=24)
        cells.set_xticks(range(0, steps + 1, 5))
        cells.axhline(0, color=FAINT, lw=1)
        slopes.set(
            xlim=(0, steps), ylim=(-0.05, 1.08), xlabel=say("step t, computed from right to left")
        )
        slopes.set_title(say("Its gradient: dc$_{{{steps}}}$ / dc$_t$", steps=steps), pad=24)
        slopes.set_xticks(range(0, steps + 1, 5))
        kept = cells.fill_between([0, steps], [0, 0], color=forget, alpha=0.25, lw=0)
        (written,) = cells.plot([], [], color=write, lw=2, solid_capstyle="butt")
        (heads,) = cells.plot([], [], color=write, ls="none", ms=6, mec="none")
        (cell,) = cells.plot([], [], color=CELL_LINE, marker="o", ms=4.5, lw=1.6)
        (rest,) = cells.plot([], [], color="#666666", ls=":", lw=1.6)
        label = Words(cells, steps, 0, color="#666666", ha="right", fontsize=12)
        name_curves(
            cells,
            (0, say("cell state c"), CELL_LINE),
            (0.26, say("kept: f × c before (shaded)"), forget),
            (0.68, say("written: i × g (arrows)"), write),
        )
        beyond = Beyond(cells, steps)
        (slope,) = slopes.plot([], [], color=GRADIENT)

    def update(f, i, g, c0):
        params = constant_gates(f, i, g)
        trace = lstm_forward(np.zeros((steps, 1, 1)), params, c0=[[c0]])
        grads = lstm_backward(np.zeros((steps, 1, 1)), trace, params, dc_last=[[1.0]])
        t = np.arange(steps + 1)
        c = trace.c[:, 0, 0]
        kept_part = trace.f[:, 0, 0] * c[:-1]
        cell.set_data(t, c)
        kept.set_data(t[1:], np.zeros(steps), kept_part)
        written.set_data(*strokes(t[1:], kept_part, c[1:]))
        tips = t[1:] if abs(i * g) > 0.05 else t[:0]  # a shorter arrow is all head
        heads.set_data(tips, c[1 : len(tips) + 1])
        heads.set_marker(CARETUP if i * g > 0 else CARETDOWN)
        end = i * g / (1 - f) if f < 1 else np.inf
        shown = abs(end) <= 3.1
        rest.set_data([0, steps] if shown else [], [end, end] if shown else [])
        settles = say("settles at i g / (1 − f) = {end}", end=plain(end))
        label.set_text(settles if f < 1 else "")
        label.set_y(2.85 if end < -3.1 else -2.85)  # an end below has its arrow there
        beyond.show(c[-1])
        slope.set_data(t, grads.c[:, 0, 0])
        return {"c": c, "dc": grads.c[:, 0, 0], "settles_at": end, "f": f, "i": i, "g": g}

    def describe(v):
        return say(
            "c = {f:.2f} × c before + {i:.2f} × {g:+.2f}. After {steps} steps the cell state is "
            "{c:+.3f}; of a nudge to c_0, {dc:.3g} is left.",
            f=v["f"],
            i=v["i"],
            g=v["g"],
            steps=steps,
            c=v["c"][-1],
            dc=v["dc"][0] if v["f"] else 0.0,  # the gate shut: a sigmoid is never quite 0
        )

    return Explorer(
        "cell_line",
        figure=figure,
        controls={
            "f": slider("keep: f", 0, 1, 0.01, 0.9, quantity="f"),
            "i": slider("write: i", 0, 1, 0.01, 0.5, quantity="i"),
            "g": slider("what to write: g", -1, 1, 0.01, -0.5, quantity="g"),
            "c0": slider("cell state at start: c_0", -2, 2, 0.1, 2, quantity="c", digits=1),
        },
        moving=[kept, written, heads, cell, rest, label, beyond, slope],
        update=update,
        describe=describe,
        presets={
            "keep all, write nothing": {"f": 1, "i": 0},
            "keep all, write": {"f": 1, "i": 0.5, "g": 0.4, "c0": -2},
            "forget fast": {"f": 0.5, "i": 0},
        },
    )


# ---------------------------------------------------------------- a gate

# Where the three that are not moved stand: bias, weight of the number (g) or the flag (f, i, o).
STAY = {"f": (2.5, 0.0), "i": (0.0, 0.0), "g": (0.0, 1.5), "o": (1.0, 0.0)}
CHOSEN = {letter: {"b": b, "w": w} for letter, (b, w) in STAY.items()}  # one that is chosen, too,
CHOSEN["i"] = {"b": -6.0, "w": 12.0}  # but the input gate: it reads the flag
_PALE = "#b59344"  # the cell state as in the table: a wide, pale curve
_SAID = Sentences(  # what there is to see of each box
    {
        "f": "At the flag (step {step}) the forget gate is {at:.3f}, elsewhere {mean:.3f} on "
        "average. At step {steps} {dc:.2g} is left of a nudge to c at step {early}, and {dc_2:.2g} "
        "of one at step 0.",
        "i": "At the flag (step {step}) the input gate is {at:.3f}, elsewhere {mean:.3f} on "
        "average. The cell state lies between {low} and {high}, and ends at {end}.",
        "g": "At the flag (step {step}) the candidate is {at:+.3f}. The cell state lies between "
        "{low} and {high}, and ends at {end}.",
        "o": "At the flag (step {step}) the output gate is {at:.3f}, elsewhere {mean:.3f} on "
        "average. It changes nothing in the cell state; what it shows of it, h, is at most "
        "{h:.3f} in size.",
    }
)
# Where the pictures lie: below, for the forget gate alone, its curve and the gradient.
_PLACES = {
    True: {
        "gate": (0.05, 0.58, 0.35, 0.36),
        "cell": (0.46, 0.58, 0.525, 0.36),
        "curve": (0.05, 0.1, 0.35, 0.32),
        "left": (0.46, 0.1, 0.525, 0.32),
    },
    False: {"gate": (0.05, 0.1, 0.35, 0.84), "cell": (0.46, 0.1, 0.525, 0.84)},
}
_READ = {"f": 1, "i": 1, "g": 0, "o": 1}  # the candidate reads the number, the gates the flag


def _one_unit(four):
    """An LSTM of (number, flag) -> one unit without feedback, from each box's bias and weight."""
    params = LSTMParams(np.zeros((2, 4)), np.zeros((1, 4)), np.zeros(4))
    for letter, (bias, weight) in four.items():
        block = GATES[letter].block
        params.W_x[_READ[letter], block], params.b[block] = weight, bias
    return params


def gate_explorer(steps=100) -> Explorer:
    """A one-unit LSTM on a stream with one flag, one of whose four boxes is moved (3.2)-(3.5).

    The candidate reads the number, the gates read the flag. Left what the box does: its curve,
    where the steps lie on it, its course. Right what comes of it: the memory and its gradient.
    The three boxes that are not chosen stand at `STAY`, and so does the forget gate at first; the
    input gate may read the flag instead.
    Curve and gradient are drawn for the forget gate alone: no other box moves this gradient.
    """
    xs = recall_problem(steps, 1, rng=np.random.default_rng(14)).xs
    numbers, flags = xs[:, 0].T
    at = int(flags.argmax())  # step at + 1 carries the flag
    dhs, end = np.zeros((steps, 1, 1)), {"dc_last": [[1.0]]}  # the loss is the last cell state
    z = np.linspace(-8, 8, 161)

    with matplotlib.rc_context(RC):
        figure = picture(900, 500)
        figure.set_layout_engine("none")
        ax = {key: figure.add_axes(place) for key, place in _PLACES[True].items()}
        ax["curve"].set(xlim=(-8, 8), xlabel=say("pre-activation a"))
        titles = {key: ax[key].set_title("") for key in ("curve", "gate")}  # they name the gate
        ax["gate"].set(xlim=(0, steps), xlabel=say("step t"))
        ax["cell"].set(xlim=(0, steps))
        ax["cell"].set_xlabel(say("step t"))
        ax["cell"].set_title(say("The memory"))
        name_curves(
            ax["cell"],
            (0.24, say("cell state c"), CELL_LINE),
            (0.45, say("hidden state h"), HIDDEN_LINE),
            (0.7, say("pale: as it opened"), _PALE),
        )
        (number,) = ax["cell"].plot([at + 1], [numbers[at]], "o", color="#111111", ms=7, zorder=3)
        ax["cell"].text(
            at - 1, 0.86, say("flag (dot: its number)"), weight="bold", fontsize=12,
            transform=ax["cell"].get_xaxis_transform(),
        )  # fmt: skip
        for key in ("gate", "left", "cell"):
            ax[key].axvline(at + 1, ymax=0.82, color="#111111", lw=1, ls=(0, (1, 2)))
        ax["left"].set(xlim=(0, steps), yscale="log", ylim=(1e-9, 3))
        ax["left"].set_title(
            say("dc$_{{{steps}}}$/dc$_t$: what of step t is left at the end", steps=steps)
        )
        (curve,) = ax["curve"].plot([], [], color=FAINT, lw=3)
        (dots,) = ax["curve"].plot([], [], "o", ms=7, mec="none")
        slope = Words(ax["curve"], 7.8, 0, ha="right", fontsize=12, weight="bold")
        places = [Words(ax["curve"], 0, 0, ha="center", fontsize=12, weight="bold") for _ in "12"]
        (course,) = ax["gate"].plot([], [], drawstyle="steps-mid")
        (table,) = ax["cell"].plot([], [], color=CELL, lw=2, alpha=0.55)
        beyond = Beyond(ax["cell"], steps)
        (cell,) = ax["cell"].plot([], [], color=CELL_LINE, lw=3.5)
        (hidden,) = ax["cell"].plot([], [], color=HIDDEN_LINE, lw=1.5)
        (pale,) = ax["left"].plot([], [], color=FAINT, lw=7, alpha=0.6)
        (gradient,) = ax["left"].plot([], [], color=GRADIENT, lw=3)
        ax["left"].text(
            2, 4e-9, say("as it opened (pale)"), color="#777777", weight="bold", fontsize=11.5,
            va="center",
        )  # fmt: skip
        stays = _one_unit(STAY)
        trace = lstm_forward(xs, stays)
        table.set_data(np.arange(steps + 1), trace.c[:, 0, 0])
        pale.set_data(np.arange(steps + 1), lstm_backward(dhs, trace, stays, **end).c[:, 0, 0])

    def update(gate, b, w, reads):
        act, slope_of = (
            (np.tanh, lambda s: 1 - s**2) if gate == "g" else (sigmoid, lambda s: s * (1 - s))
        )
        meanwhile = {"i": tuple(CHOSEN["i"].values())} if reads else {}
        params = _one_unit({**STAY, **meanwhile, gate: (b, w)})
        trace = lstm_forward(xs, params)
        grads = lstm_backward(dhs, trace, params, **end)
        value = getattr(trace, gate)[:, 0, 0]
        name = GATES[gate].name.capitalize()
        titles["curve"].set_text(
            say("{name}: the {steps} steps on its curve", name=name, steps=steps)
        )
        titles["gate"].set_text(say("{name}, over time", name=name))
        for key in ("curve", "gate"):
            ax[key].set_ylim(-1.1 if gate == "g" else -0.05, 1.1)
            ax[key].set_yticks((-1, 0, 1) if gate == "g" else (0, 0.5, 1))
        calm = reads or gate == "i"  # one number alone
        ax["cell"].set_ylim(*((-1.6, 2.4) if calm else (-2.8, 5.2)))
        ax["cell"].set_yticks((-1, 0, 1) if calm else (-2, 0, 2, 4))
        for key, place in _PLACES[gate == "f"].items():
            ax[key].set_position(place)
        for artist in (ax["curve"], ax["left"], curve, dots, slope, *places, gradient):
            artist.set_visible(gate == "f")
        inside = np.clip(w * xs[:, 0, _READ[gate]] + b, -7.9, 7.9)
        t = np.arange(steps + 1)
        curve.set_data(z, act(z))
        dots.set_data(inside, value)
        steep = slope_of(value).mean()
        slope.set_text(say("mean slope there: {slope:.3f}", slope=steep))
        slope.set_y(-0.88 if gate == "g" else 0.08)
        course.set_data(t[1:], value)
        split = gate != "g" and abs(w) >= 5  # the flag's dot lies apart from the others
        other = (at + 1) % steps
        names = (at, say("the flag")), (other, say("{steps} steps", steps=steps - 1))
        for place, (step, words) in zip(places, names, strict=True):
            place.set_text(words if split else "")
            place.set_x(np.clip(inside[step], -6.6, 6.6))
            place.set_y(value[step] + (-0.12 if value[step] > 0.5 else 0.09))
        for artist in (dots, slope, course, *places):
            artist.set_color(GATES[gate].line)
        cell.set_data(t, trace.c[:, 0, 0])
        beyond.show(trace.c[-1, 0, 0])
        hidden.set_data(t, trace.h[:, 0, 0])
        gradient.set_data(t, np.maximum(np.abs(grads.c[:, 0, 0]), 1e-30))
        return {
            "gate": gate,
            "value": value,
            "c": trace.c[:, 0, 0],
            "h": trace.h[:, 0, 0],
            "dc": grads.c[:, 0, 0],
            "at": value[at],
            "elsewhere": np.delete(value, at).mean(),
            "slope": steep,
        }

    def describe(v):
        return _SAID[v["gate"]].format(
            step=at + 1,
            at=v["at"],
            mean=v["elsewhere"],
            low=signed(v["c"].min()),
            high=signed(v["c"].max()),
            end=signed(v["c"][-1]),
            h=np.abs(v["h"]).max(),
            early=steps - 20,
            dc=v["dc"][-21],
            dc_2=v["dc"][0],
            steps=steps,
        )

    boxes = [(say("{name} {letter}", name=g.name, letter=k), k) for k, g in GATES.items()]
    return Explorer(
        "gate",
        figure=figure,
        controls={
            "gate": choice("which of the four", boxes, "f"),
            "b": slider("its bias b", -6, 6, 0.1, STAY["f"][0], digits=1),
            "w": slider("its weight w", -12, 12, 0.5,
                        STAY["f"][1], digits=1),
            "reads": toggle("meanwhile the input gate reads the flag"),
        },
        moving=[curve, slope, *places, dots, course, cell, beyond, hidden, number, gradient],
        update=update,
        describe=describe,
        redraw_on=("gate", "reads"),
        brings={"gate": CHOSEN},
        presets={
            "as before": {},
            "forget: wide open": {"gate": "f", "b": 6, "w": 0},
            "forget: half open": {"gate": "f", "b": 0, "w": 0},
            "input: reads the flag": {"gate": "i", **CHOSEN["i"]},
            "both: wide open, reads the flag": {"gate": "f", "b": 6, "w": 0, "reads": True},
            "output: shut": {"gate": "o", "b": -6, "w": 0},
        },
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
        left.set(xlim=(0, steps), ylim=(1e-4, 1.5), yscale="log", xlabel=say("steps k"))
        left.set_title(say("What is left after k steps"))
        left.axhline(0.5, color=FAINT, lw=1.2, ls=":")
        left.text(
            1.01, 0.5, say("half"), color="#666666", va="center", fontsize=11,
            transform=left.get_yaxis_transform(),
        )  # fmt: skip
        (decay,) = left.plot([], [], color=CELL_LINE, lw=3)
        (back,) = left.plot([], [], color=GRADIENT, lw=1.5, ls=(0, (4, 3)))
        (mark,) = left.plot([], [], color=GATES["f"].line, marker="o", ms=9, ls="none")
        at_k = left.axvline(0, color="#999999", lw=1.1)
        name_k = Words(left, 0, 1, ha="center", fontsize=11.5, weight="bold", color=CELL_LINE)
        name_curves(
            left,
            (0.53, say("cell state c"), CELL_LINE),
            (0.73, say("gradient (dashed)"), GRADIENT),
        )
        b = np.linspace(-2, 8, 201)
        right.plot(b, _half_life(sigmoid(b)), color=FAINT, lw=3)
        right.set(xlim=(-2.3, 8.3), ylim=(0.1, 8000), yscale="log", xlabel=say("forget bias $b_f$"))
        right.set_title(say("Half-life in steps: − ln 2 / ln f"))
        (dot,) = right.plot([], [], color=GATES["f"].line, marker="o", ms=10, ls="none")
        label = right.text(0, 1, "", color=GATES["f"].line, weight="bold", va="center")

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
        name_k.set_text(f"k = {k}: {cell[k]:.2g}")
        room, high = k < 0.7 * steps, max(cell[k], 2e-4)  # above the line, or to its left below
        name_k.set_x(k + 3 if room else k - 3)
        name_k.set_y(min(1.25 * high, 1) if room else high / 1.6)
        name_k.set_ha("left" if room else "right")
        dot.set_data([b_f], [half])
        label.set_text(say("{half:.1f} steps", half=half))
        low = b_f < 5.5
        label.set_position((b_f + 0.3, half / 1.7) if low else (b_f - 0.3, half * 1.7))
        label.set_ha("left" if low else "right")
        return {"f": f, "half_life": half, "k": k, "left": cell[k], "dc": grads.c[:, 0, 0]}

    def describe(v):
        return say(
            "f = {f:.4f}: half of the cell state is gone after {half_life:.1f} steps; at k = {k} "
            "{left:.4g} of it is left.",
            **v,
        )

    return Explorer(
        "half_life",
        figure=figure,
        controls={
            "b_f": slider("forget bias b_f", -2, 8, 0.1, 3, quantity="f", digits=1),
            "k": whole("look after k steps", 1, steps, 100, quantity="c"),
        },
        moving=[decay, back, at_k, name_k, mark, dot, label],
        update=update,
        describe=describe,
    )


def _half_life(f):
    """Steps until a product of equal forget gates f is one half."""
    return -np.log(2) / np.log(f)


EXPLORERS = {
    "cell_line": cell_line_explorer,
    "gate": gate_explorer,
    "wiring": wiring_explorer,
    "half_life": half_life_explorer,
    "two_gradients": two_gradients_explorer,
    "sequence": sequence_explorer,
    "latch": latch_explorer,
    "flat": flat_explorer,
    "memory_gradient": memory_gradient_explorer,
}
