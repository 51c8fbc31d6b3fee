"""The cell over time (notebook 03): the latch, and an LSTM over a whole sequence."""

import matplotlib
import numpy as np

from lstm_core import init_lstm, split_gates
from lstm_inside.gates.explorers_wiring import times
from lstm_inside.gates.layers import (
    BothParams,
    check_layers,
    directions,
    stack_backward,
    stack_forward,
)
from lstm_inside.gates.recall import last_flag_problem, latch, recall_score
from lstm_inside.page import (
    Challenge,
    Explorer,
    Pixels,
    Words,
    choice,
    plain,
    signed,
    slider,
    toggle,
    whole,
)
from lstm_inside.page.measure import step_lengths
from lstm_inside.page.style import (
    CELL,
    CELL_LINE,
    FAINT,
    GATES,
    HIDDEN,
    HIDDEN_LINE,
    RC,
    SIGNAL,
    SIGNED,
    picture,
)
from lstm_inside.tasks import eeg, recall_problem
from lstm_inside.words import Sentences, say

_FLOOR = 1e-30  # below every log axis here
GOAL = 0.99  # R squared of a latch
_SEEN = Sentences(  # whether the gates are right, but not yet the score
    {
        False: "At the flag (step {at}): i = {i:.4f}, f = {f:.4f}. Elsewhere: i = {mean:.4f}, f = "
        "{mean_2:.4f}. To hold: {held:+.2f}; held at step {steps}: {c:+.2f}. Over {sequences} "
        "streams R² = {r2:.3f}.",
        True: "At the flag (step {at}): i = {i:.4f}, f = {f:.4f}. Elsewhere: i = {mean:.4f}, f = "
        "{mean_2:.4f}. To hold: {held:+.2f}; held at step {steps}: {c:+.2f}. Over {sequences} "
        "streams R² = {r2:.3f}. The gates are right: look at the bend of the dots.",
    }
)
_LANE = 1.4  # how far above the forget gate the latch's input gate is drawn
_ADD = Sentences(
    {"f": "forget bias b_f: add", "i": "input bias b_i: add", "o": "output bias b_o: add"}
)
_WAYS = "ahead", "back"
_DIRECTION = Sentences(
    {
        "ahead": "The direction from the first step to the last. ",
        "back": "The direction from the last step to the first. ",
    }
)
_FLOW = Sentences(  # whether the way back is drawn
    {
        False: " From the last step back to the first, the size of dL/dc goes from {last:.2g} to "
        "{first:.2g}.",
        True: " From the first step, where this direction ends, to the last, the size of dL/dc "
        "goes from {last:.2g} to {first:.2g}.",
    }
)


def name_curves(ax, *names):
    """Direct labels in the title's row: (x as a share of the width, words, colour)."""
    for x, words, colour in names:
        ax.text(
            x, 1.02, words, color=colour, transform=ax.transAxes, weight="bold", fontsize=11.5,
            va="bottom",
        )  # fmt: skip


class Beyond(Words):
    """An arrow and the number where a curve ends that has left its axis."""

    def __init__(self, ax, x):
        super().__init__(ax, x, 0, ha="right", fontsize=12, weight="bold", color=CELL_LINE)

    def show(self, last):
        """Say where the curve ends, if it does so outside."""
        edge = self.axes.get_ylim()[int(last > 0)]  # one below 0, one above
        outside = abs(last) > abs(edge)
        self.set_text(f"{'↑' if last > 0 else '↓'} {signed(last)}" if outside else "")
        self.set_y(0.85 * edge)


# ---------------------------------------------------------------- the latch


def latch_explorer(steps=100, sequences=100) -> Explorer:
    """One unit, set by hand, that has to say at the end which number carried the flag (3.9).

    Left one sequence in time, right the answers to all of them; R squared is computed on
    `sequences` that the read-out's line was not fitted on.
    """
    one = recall_problem(steps, 2 * sequences, rng=np.random.default_rng(100))
    two = last_flag_problem(steps, 2 * sequences, rng=np.random.default_rng(101))
    time = np.arange(steps + 1)

    with matplotlib.rc_context(RC):
        figure = picture(940, 560)
        ax = figure.subplot_mosaic(
            [["x", "answers"], ["gates", "answers"], ["cell", "answers"]], width_ratios=(10, 9)
        )
        for key in ("x", "gates", "cell"):
            ax[key].set_xlim(0, steps + 0.8)
        ax["x"].set(ylim=(-1.7, 1.7), yticks=(-1, 0, 1), xticklabels=[])
        ax["x"].set_title(say("The stream"))
        ax["gates"].set(ylim=(-0.1, 1 + _LANE + 0.1), xticklabels=[])
        ax["gates"].set_yticks((0, 1, _LANE, 1 + _LANE), (0, 1, 0, 1))
        ax["gates"].axhline(0.5 + _LANE / 2, color=FAINT, lw=1)
        ax["gates"].set_title(say("Its gates"))
        name_curves(
            ax["gates"],
            (0.22, say("above: input gate i"), GATES["i"].line),
            (0.62, say("below: forget gate f"), GATES["f"].line),
        )
        ax["cell"].set(ylim=(-1.6, 1.6), yticks=(-1, 0, 1), xlabel=say("step t"))
        ax["cell"].set_title(say("Its cell state"))
        name_curves(
            ax["cell"],
            (0.34, say("cell state c"), CELL_LINE),
            (0.62, say("what to hold (dotted)"), "#111111"),
        )
        ax["answers"].set(
            xlim=(-1.1, 1.1), ylim=(-1.45, 1.45), xticks=(-1, 0, 1), yticks=(-1, 0, 1),
            xlabel=say("the flagged number"), ylabel=say("the answer at step {steps}", steps=steps),
        )  # fmt: skip
        ax["answers"].set_title(
            say("{sequences} streams, {sequences} answers", sequences=sequences)
        )
        ax["answers"].plot([-1, 1], [-1, 1], color=FAINT, lw=2.5)
        ax["answers"].text(
            0.62, 0.78, say("right answers"), color="#777777", ha="right", fontsize=11.5
        )
        first, last = (
            Words(ax["x"], 0, y, ha="left", fontsize=12, weight="bold") for y in (-1.42, 1.38)
        )
        (stream,) = ax["x"].plot([], [], color="#b9b9b9", lw=1)
        (flags,) = ax["x"].plot([], [], "o", color="#111111", ms=9)
        marks = [
            ax[key].plot([], [], color="#111111", lw=1, ls=(0, (1, 2)))[0]
            for key in ("x", "gates", "cell")
        ]
        curves = {
            k: ax["gates"].plot([], [], color=GATES[k].line, drawstyle="steps-mid")[0]
            for k in ("i", "f")
        }
        beyond = Beyond(ax["cell"], steps)
        (cell,) = ax["cell"].plot([], [], color=CELL_LINE, lw=4)
        (wanted,) = ax["cell"].plot([], [], color="#111111", ls=(0, (1, 2)), lw=1.6)
        (dots,) = ax["answers"].plot([], [], "o", color=HIDDEN_LINE, ms=5, mec="none")
        (shown,) = ax["answers"].plot([], [], "o", mfc="none", mec="#111111", mew=1.6, ms=11)
        score = Words(ax["answers"], -1.0, 1.25, ha="left", fontsize=17, weight="bold")

    def update(w_i, b_i, w_f, b_f, w_g, n, twice):
        xs, targets, _ = two if twice else one
        params = latch(b_i, w_i, b_f, w_f, w_g)
        answers, right, r2, trace = recall_score(params, xs, targets)
        row = sequences + n - 1  # of those that are scored
        numbers, flag = xs[:, row].T
        flagged = np.flatnonzero(flag)
        stream.set_data(time[1:], numbers)
        flags.set_data(flagged + 1, numbers[flagged])
        for words, at, name in (
            (first, flagged[0], say("first flag") if len(flagged) > 1 else ""),
            (last, flagged[-1],
             say("last flag: this one counts") if len(flagged) > 1 else say("flag")),
        ):  # fmt: skip
            words.set_text(name)
            words.set_x(at + 2.2)
        for mark in marks:  # a line from top to bottom at each flag, with a gap between them
            mark.set_data(np.repeat(flagged + 1, 3), np.tile([-2, 3, np.nan], len(flagged)))
        for k, curve in curves.items():
            lane = _LANE if k == "i" else 0
            curve.set_data(time[1:], lane + getattr(trace, k)[:, row, 0])
        c = trace.c[:, row, 0]
        cell.set_data(time, c)
        beyond.show(c[-1])
        held = np.tanh(w_g * numbers[flagged[-1]])
        wanted.set_data([flagged[-1] + 1, steps], [held, held])
        dots.set_data(right, answers)
        shown.set_data([right[n - 1]], [answers[n - 1]])
        score.set_text(f"R² = {plain(r2, 3)}")
        before = np.s_[: flagged[-1]], row, 0
        return {
            "r2": r2, "answers": answers, "targets": right, "c": c, "held": held,
            "i": trace.i[:, row, 0], "f": trace.f[:, row, 0], "g": trace.g[:, row, 0],
            "flagged": flagged + 1, "written_before": float(np.abs(trace.c[before]).max(initial=0)),
        }  # fmt: skip

    def describe(v):
        at = v["flagged"][-1] - 1
        rest = np.ones(steps, bool)
        rest[v["flagged"] - 1] = False
        shut, keeps = v["i"][rest].max() < 1e-3, v["f"][rest].min() > 0.999
        clears = v["f"][at] < 1e-3 or len(v["flagged"]) == 1
        right = v["i"][at] > 0.999 and shut and keeps and clears and v["r2"] < GOAL
        return _SEEN[bool(right)].format(
            at=at + 1,
            i=v["i"][at],
            f=v["f"][at],
            mean=v["i"][rest].mean(),
            mean_2=v["f"][rest].mean(),
            held=v["held"],
            steps=steps,
            c=v["c"][-1],
            sequences=sequences,
            r2=v["r2"],
        )

    return Explorer(
        "latch",
        figure=figure,
        controls={
            "w_i": slider("flag to input gate: w_i", -24, 24, 0.5, 0, quantity="i", digits=1),
            "b_i": slider("input bias b_i", -12, 12, 0.5, -2, quantity="i", digits=1),
            "w_f": slider("flag to forget gate: w_f", -24, 24, 0.5, 0, quantity="f", digits=1),
            "b_f": slider("forget bias b_f", -12, 12, 0.5, 2, quantity="f", digits=1),
            "w_g": slider("to candidate: w_g", 0, 4, 0.1, 1, quantity="g", digits=1),
            "n": whole("stream shown", 1, sequences, 14, quantity="x"),
            "twice": toggle("two flags: only the last one counts"),
        },
        moving=[
            *marks,
            first,
            last,
            stream,
            flags,
            *curves.values(),
            cell,
            wanted,
            beyond,
            dots,
            shown,
            score,
        ],
        update=update,
        describe=describe,
        presets={
            "everything is written": {"w_i": 0, "b_i": 6, "b_f": 6},
            "nothing is written": {"w_i": 0, "b_i": -12, "b_f": 6},
            "it leaks away": {"w_i": 8, "b_i": -4, "b_f": 3},
            "two flags: they add up": {
                "w_i": 16, "b_i": -8, "b_f": 8, "w_g": 0.5, "twice": True,
            },
        },
        challenge=Challenge(
            task="get the flagged number, of two the last one, through to step 100, scored by R².",
            score=lambda values: values["r2"],
            goal=GOAL,
            shown=".3f",
        ),
    )  # fmt: skip


# ---------------------------------------------------------------- the cell over a sequence


def _at_the_ends(trace):
    """dL/dh_t of the sum of the hidden state that each direction computes last."""
    parts = [np.zeros(run.h[1:].shape) for run in directions(trace)]
    for part, last in zip(parts, (-1, 0), strict=False):
        part[last] = 1
    return np.concatenate(parts, axis=2)


def _moved(cell, shifts, strength):
    """A cell with something added to its gates' biases, and its W_h times a factor."""
    b = cell.b.copy()
    for k, shift in shifts.items():
        split_gates(b)[GATES[k].block][:] += shift
    return cell._replace(W_h=cell.W_h * cell.W_h.dtype.type(strength), b=b)


def sequence_explorer(params=None, xs=None, dhs=None, names=None, name="sequence") -> Explorer:
    """An LSTM over a sequence: one unit's gates, the cell states, the gradient at every step.

    params: an LSTM of D inputs and H units; without it 8 untrained units, as `init_lstm` draws
    them. xs (T, B, D): the input; without it 1.5 seconds of EEG, four channels. dhs (T, B, H):
    the loss's direct derivatives by each h_t; without it the loss is the sum of the last hidden
    state. names: D names of the inputs. The biases' sliders add to what params holds; sliders
    that could change nothing are left out. Your own network in three lines:

        params = LSTMParams(W_x, W_h, b)             # (D, 4H), (H, 4H), (4H,); blocks i, f, g, o
        xs = my_series[:, None, :]                   # (T, D) -> (T, 1, D)
        sequence_explorer(params=params, xs=xs, names=["temperature", "pressure"])

    Several layers or two directions are handed over alike, `BothParams(ahead, back)` being a layer
    of two directions and a tuple of layers, the lowest first, a stack:

        params = from_torch(torch.nn.LSTM(2, 8, num_layers=2, bidirectional=True))
        explorer = sequence_explorer(params=params, xs=xs)
        explorer.set(layer=2, direction="back")

    Two more controls then choose whose gates, cells and gradients are drawn; a layer of fewer
    units, or of one direction, shows what it has. The biases' sliders and the recurrent strength
    move that layer in that direction alone, the others stay as given. The loss reads the top layer:
    dhs is by its h, of two directions side by side (T, B, 2H); without dhs it is the sum of the
    hidden state that each direction computes last, at step 1 for the way back. `.values` has the
    way back as it runs, the last step first.

    name: what the explorer is called in `EXPLORERS`.
    Raises ValueError or TypeError as `stack_forward` and `stack_backward` do, and for names that
    do not fit D.
    """
    default = params is None and xs is None
    params = init_lstm(4, 8, rng=np.random.default_rng(7)) if params is None else params
    layers = check_layers(params, "params")
    xs = eeg(100, 120)[:, None, :] if xs is None else xs
    traces = stack_forward(xs, layers)  # says what does not fit
    runs = [run for trace in traces for run in directions(trace)]
    xs, two = runs[0].xs, len(runs) > len(layers)
    steps, batch, inputs = xs.shape
    units = max(run.h.shape[-1] for run in runs)
    dhs = _at_the_ends(traces[-1]) if dhs is None else dhs
    stack_backward(dhs, traces, layers)
    if names is None:
        names = [say("EEG {n}", n=n + 1) if default else f"x{n + 1}" for n in range(inputs)]
    if isinstance(names, str) or len(names) != inputs or not all(isinstance(n, str) for n in names):
        raise ValueError(f"names: expected D = {inputs} words, got {names!r}")
    time, end = np.arange(steps + 1), steps + two  # the way back starts behind the last step
    across = max(1.0, float(np.abs(xs).max())) * 1.15
    highest = max(float(np.abs(run.c).max()) for run in runs)
    reach = max(0.5, 1.5 * highest)  # room for what the sliders do
    widest = max(1.1, reach)

    with matplotlib.rc_context(RC):
        figure = picture(940, 590)
        ax = figure.subplot_mosaic(
            [["x", "cells" if units > 1 else "flow"], ["gates", "flow"], ["memory", "now"]],
            width_ratios=(10, 9),
        )
        for key in ("x", "gates", "memory", "flow"):
            ax[key].set_xlim(0, end)
        ax["x"].set(ylim=(-across, across))
        ax["x"].set_title(say("The input"))
        greys = ["#8a8a8a", "#111111"] if inputs == 2 else [SIGNAL, *["#bdbdbd"] * (inputs - 1)]
        labels = names if inputs < 4 else [names[0], say("and {inputs} more", inputs=inputs - 1)]
        name_curves(
            ax["x"],
            *(
                (0.34 + 0.22 * n, *label)
                for n, label in enumerate(zip(labels, greys, strict=False))
            ),
        )
        ax["gates"].set(ylim=(-1.08, 1.08))
        ax["gates"].set_title(say("The unit's gates"))
        at = dict(zip(GATES, (0.34, 0.49, 0.62, 0.84), strict=True))
        name_curves(
            ax["gates"],
            *(
                (at[k], say("{name} {letter}", name=g.short, letter=k), g.line)
                for k, g in GATES.items()
            ),
        )
        ax["memory"].set(ylim=(-reach, reach), xlabel=say("step t"))
        ax["memory"].set_title(say("Its cell state and output"))
        name_curves(
            ax["memory"],
            (0.48, say("cell state c"), CELL_LINE),
            (0.74, say("hidden state h"), HIDDEN_LINE),
        )
        if units > 1:  # a map of one unit would say what its curve says
            nothing = np.zeros((units, end + 1))
            cells = Pixels.on(ax["cells"], nothing, cmap=SIGNED, vmin=-reach, vmax=reach)
            ax["cells"].set(yticks=range(0, units, max(1, units // 4)), ylabel=say("unit"))
            ax["cells"].set_title(say("All cell states"))
            bar = figure.colorbar(cells, ax=ax["cells"], pad=0.02, aspect=12)
            bar.outline.set_visible(False)
            (row,) = ax["cells"].plot([], [], marker=">", ms=8, color="#111111", clip_on=False)
        ax["flow"].set(yscale="log", ylim=(1e-8, 1e3))
        ax["flow"].set_title(say("Gradient, size"))
        name_curves(ax["flow"], (0.42, "dL/dc", CELL_LINE), (0.62, "dL/dh", HIDDEN_LINE))
        ax["now"].set(xlim=(-widest, widest), ylim=(-0.6, 6.4), yticks=range(6))
        ax["now"].set_yticklabels(["h", "c", "o", "g", "i", "f"])
        ax["now"].axvline(0, color="#888888", lw=1)
        ax["now"].set_title(say("At the cursor"))
        colours = [HIDDEN, CELL, *(GATES[k].colour for k in "ogif")]
        bars = ax["now"].barh(range(6), np.zeros(6), color=colours, height=0.7)
        sums = Words(ax["now"], -0.96 * widest, 5.85, ha="left", fontsize=11.5, color="#333333")
        streams = [
            ax["x"].plot([], [], lw=1.6 if greys[n] != "#bdbdbd" else 1, color=greys[n])[0]
            for n in reversed(range(inputs))
        ][::-1]
        curves = {k: ax["gates"].plot([], [], color=g.line, lw=1.8)[0] for k, g in GATES.items()}
        (cell,) = ax["memory"].plot([], [], color=CELL_LINE)
        (hidden,) = ax["memory"].plot([], [], color=HIDDEN_LINE, lw=1.8)
        (flow_c,) = ax["flow"].plot([], [], color=CELL_LINE)
        (flow_h,) = ax["flow"].plot([], [], color=HIDDEN_LINE, lw=1.8)
        cursors = [
            ax[key].axvline(0, color="#111111", lw=1.1, ls=(0, (3, 2)), zorder=5)
            for key in ax
            if key != "now"
        ]

    def update(t, b_f, b_i, b_o, unit=0, sequence=0, strength=1.0, layer=1, direction="ahead"):
        n, both = layer - 1, isinstance(layers[layer - 1], BothParams)
        way = _WAYS.index(direction) if both else 0
        moved = _moved(directions(layers[n])[way], {"f": b_f, "i": b_i, "o": b_o}, strength)
        moved = layers[n]._replace(**{direction: moved}) if both else moved
        network = (*layers[:n], moved, *layers[layer:])
        one = np.s_[:, sequence : sequence + 1]
        traces = stack_forward(xs[one], network)
        grads = stack_backward(dhs[one], traces[n:], network[n:])  # from the top to this layer
        trace, grads = directions(traces[n])[way], directions(grads[0])[way]
        unit = min(unit, trace.h.shape[-1] - 1)
        when = steps + 1 - time if way else time  # of this way's states, its start first
        for stream, numbers in zip(streams, xs[:, sequence].T, strict=True):
            stream.set_data(time[1:], numbers)
        for k, curve in curves.items():
            curve.set_data(when[1:], getattr(trace, k)[:, 0, unit])
        cell.set_data(when, trace.c[:, 0, unit])
        hidden.set_data(when, trace.h[:, 0, unit])
        size_c, size_h = step_lengths(grads.c), step_lengths(grads.h)
        flow_c.set_data(when, np.maximum(size_c, _FLOOR))
        flow_h.set_data(when, np.maximum(size_h, _FLOOR))
        for cursor in cursors:
            cursor.set_xdata([t, t])
        if units > 1:
            seen = np.full((units, end + 1), np.nan, trace.c.dtype)  # no unit, no state: blank
            seen[: trace.c.shape[-1], when] = trace.c[:, 0].T
            cells.set_data(seen)
            row.set_data([-0.5], [unit])
        at = when[t]  # this step, as this way counts them
        f, i, g, o = (float(getattr(trace, k)[at - 1, 0, unit]) for k in "figo")
        c_prev, c, h = map(float, (*trace.c[at - 1 : at + 1, 0, unit], trace.h[at, 0, unit]))
        for bar, value in zip(bars, (h, np.clip(c, -widest, widest), o, g, i, f), strict=True):
            bar.set_width(value)
        sums.set_text(f"c = {times(f, c_prev)} + {times(i, g)} = {plain(c)}")
        return {
            "t": t, "unit": unit, "f": f, "i": i, "g": g, "o": o, "c": c, "h": h,
            "dc": size_c, "dh": size_h, "cells": trace.c[:, 0],
            "layer": layer, "direction": direction if both else None,
        }  # fmt: skip

    def describe(v):
        words = ""
        if len(layers) > 1:
            words += say("Layer {layer} of {layers}. ", layer=v["layer"], layers=len(layers))
        if v["direction"] is not None:
            words += _DIRECTION[v["direction"]]
        words += say(
            "Step {t}, unit {unit}: f = {f:.2f}, i = {i:.2f}, g = {g:+.2f}, o = {o:.2f}; c = "
            "{c:+.2f}, h = {h:+.2f}.",
            **{key: v[key] for key in ("t", "unit", *"figoch")},
        )
        return words + _FLOW[v["direction"] == "back"].format(last=v["dc"][-1], first=v["dc"][0])

    controls = {"t": whole("time t", 1, steps, max(1, steps // 2), quantity="x")}
    if len(layers) > 1:
        controls["layer"] = whole("layer", 1, len(layers), 1, quantity="h")
    if two:
        controls["direction"] = choice(
            "direction",
            [("ahead: first step to last", "ahead"), ("back: last step to first", "back")],
            "ahead",
        )
    if units > 1:
        controls["unit"] = whole("unit", 0, units - 1, 0, quantity="h")
    if batch > 1:
        controls["sequence"] = whole("sequence", 0, batch - 1, 0, quantity="x")
    controls |= {
        f"b_{k}": slider(label, -8, 8, 0.1, 0, quantity=k, digits=1) for k, label in _ADD.items()
    }
    if any(part.W_h.any() for layer in layers for part in directions(layer)):
        controls["strength"] = slider("recurrent: × W_h", 0, 6, 0.1, 1, quantity="h", digits=1)
    return Explorer(
        name,
        figure=figure,
        controls=controls,
        moving=[
            *streams, *curves.values(), cell, hidden, flow_c, flow_h, *bars, sums,
            *([cells, row] if units > 1 else []), *cursors,
        ],
        update=update,
        describe=describe,
        play="t",
    )  # fmt: skip
