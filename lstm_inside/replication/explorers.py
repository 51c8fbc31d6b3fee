"""The views of notebook 08 on the cells: variants side by side, and a state that drifts away."""

from functools import lru_cache
from itertools import islice

import matplotlib
import numpy as np

from lstm_core import lstm_backward, lstm_forward
from lstm_inside.bptt import split_step
from lstm_inside.page import Explorer, Pixels, Words, choice, slider, whole
from lstm_inside.page.measure import step_lengths
from lstm_inside.page.style import (
    CELL_LINE,
    FAINT,
    FORGET,
    GATES,
    GRADIENT,
    HIDDEN_LINE,
    INPUT,
    RC,
    SIGNAL,
    SIZE,
    picture,
)
from lstm_inside.replication.explorers_dead import dead_block_explorer
from lstm_inside.replication.grammar import SYMBOLS, continual_stream
from lstm_inside.replication.variants import VARIANTS, backward, forward, init_variant
from lstm_inside.words import Sentences, say

STEPS, STREAM = 60, 100
_UNITS, _PULSE = 8, 5
_FLOOR = 1e-12
_GRU = Sentences({"r": "reset r", "z": "keep z"})  # its gates; the others' are in GATES
_CALLED = Sentences(
    {
        "1997": "1997",
        "2000": "2000",
        "modern": "modern",
        "peephole": "peephole",
        "coupled": "coupled",
        "GRU": "GRU",
    }
)
_KEEP = {"GRU": "z"}  # the gate that keeps; elsewhere it is f, and 1997 has none


def variant_explorer() -> Explorer:
    """A pulse and then noise, read by each variant with random weights: memory and gradient."""
    rng = np.random.default_rng(8)
    noise = rng.normal(size=(STEPS, 1, 1))
    noise[: _PULSE + 1] = 0
    pulse = np.zeros((STEPS, 1, 1))
    pulse[_PULSE] = 3
    drawn = {name: _taking_the_pulse(name) for name in VARIANTS}
    dhs = np.zeros((STEPS, 1, _UNITS))
    dhs[-1] = 1  # the loss is the sum of the last hidden state
    times = np.arange(STEPS + 1)
    with matplotlib.rc_context(RC):
        figure = picture(900, 520)
        axes = figure.subplots(3, 2, height_ratios=(2, 3, 4))
        for ax in axes.flat:
            ax.set_xlim(0, STEPS)
        (inputs, gates, memory), right = axes.T
        for ax in right:
            ax.remove()
        flow = figure.add_subplot(axes[0, 0].get_gridspec()[:, 1])
        flow.set(xlim=(0, STEPS), ylim=(1e-8, 1e4), yscale="log", xlabel=say("step t"))
        flow.set_title(say("Size of the gradient with respect\nto the memory at step t"))
        flow.text(1, 1e3, say("this variant (solid)"), color=GRADIENT, weight="bold")
        flow.text(28, 1e3, say("dashed: the modern LSTM"), color=SIGNAL)
        inputs.set_title(say("The input x: a pulse, then silence or noise"))
        inputs.set_ylim(-4, 4)
        gates.set_title(say("Unit 1: its gates and its candidate"))
        gates.set(ylim=(-2.2, 3.6), yticks=(-2, -1, 0, 1, 2))
        words = {
            key: Words(gates, 1 + 15 * n, 2.9, color=GATES[key].line, weight="bold", ha="left")
            for n, key in enumerate("figo")
        }
        memory.set_title(say("Unit 1: memory (orange), shown outside as h (blue)"))
        memory.set_yscale("symlog", linthresh=1, linscale=1.2)  # even up to 1, then by factors
        memory.set(ylim=(-20, 100), yticks=(-10, -1, 0, 1, 10), xlabel=say("step t"))
        memory.set_yticklabels(("−10", "−1", "0", "1", "10"))
        memory.minorticks_off()
        beyond = say("even up to ±1, logarithmic beyond")
        memory.text(59, -13, beyond, color=SIGNAL, ha="right", va="center", fontsize=9)
        memory.axhline(0, color=FAINT, lw=1)
        (x_line,) = inputs.plot([], [], color=SIGNAL)
        lines = {k: gates.plot([], [], color=GATES[k].line)[0] for k in "ifgo"}
        (c_line,) = memory.plot([], [], color=CELL_LINE, lw=2.5)
        (h_line,) = memory.plot([], [], color=HIDDEN_LINE)
        (slope,) = flow.plot([], [], color=GRADIENT, lw=2.5)
        (modern,) = flow.plot([], [], color=SIGNAL, ls=(0, (4, 2)), lw=1.4)

    def params_of(name, keep, recurrent):
        params = drawn[name]
        columns = VARIANTS[name].columns
        b = params.b.reshape(len(columns), _UNITS).copy()
        kept = _KEEP.get(name, "f")
        if kept in columns:
            b[columns.index(kept)] = keep
        return params._replace(W_h=recurrent * params.W_h, b=b.ravel())

    def run(name, xs, keep, recurrent):
        params = params_of(name, keep, recurrent)
        trace = forward(xs, params, name)
        line = backward(dhs, trace, params).states[-1]
        return trace, step_lengths(line)

    @lru_cache(maxsize=1)  # the reference stays while only the variant changes
    def reference(loud, keep, recurrent):
        """The modern LSTM's gradient line by `lstm_core`, whose loops take half the time."""
        params = params_of("modern", keep, recurrent)
        trace = lstm_forward(pulse + loud * noise, params)
        line = split_step(trace, lstm_backward(dhs, trace, params)).carousel
        return step_lengths(line)

    def update(variant, loud, keep, recurrent):
        xs = pulse + loud * noise
        trace, size = run(variant, xs, keep, recurrent)
        other = reference(loud, keep, recurrent)
        x_line.set_data(times[1:], np.clip(xs[:, 0, 0], -3.9, 3.9))
        columns = VARIANTS[variant].columns
        stand_ins = {"f": "z", "i": "r"} if variant == "GRU" else {}
        for key, line in lines.items():
            name = stand_ins.get(key, key)
            line.set_visible(name in columns)
            words[key].set_text(_name_of(name) if name in columns else "")
            if name in columns:
                line.set_data(times[1:], trace.over_time(name)[:, 0, 0])
        c, h = trace.c[:, 0, 0], trace.h[:, 0, 0]
        c_line.set_data(times, c)
        h_line.set_data(times, h)
        last = STEPS if VARIANTS[variant].states == 1 else STEPS - 1  # c_T is read through h_T
        slope.set_data(times[: last + 1], _inside(size[: last + 1]))
        modern.set_data(times[:STEPS], _inside(other[:STEPS]))
        share = size[_PULSE + 1] / size[last] if size[last] else 0.0
        return {
            "variant": variant, "c": c, "h": h, "size": size, "share": share,
            "columns": columns, "largest": float(np.abs(c).max()),
        }  # fmt: skip

    def describe(v):
        gates = say(", ").join(_name_of(k) for k in v["columns"])
        truncated = VARIANTS[v["variant"]].truncated
        path = say("truncated gradient") if truncated else say("full gradient")
        return say(
            "{variant}: {gates}; {path}. The memory of unit 1 reaches {largest:.1f} and "
            "ends at {c:.2f}, shown as h = {h:.2f}. Of the gradient at the end, {share:.3g} % "
            "comes back to the pulse.",
            variant=_CALLED[v["variant"]],
            gates=gates,
            path=path,
            largest=v["largest"],
            c=v["c"][-1],
            h=v["h"][-1],
            share=100 * v["share"],
        )

    return Explorer(
        "variant",
        figure=figure,
        controls={
            "variant": choice("variant", [(_CALLED[name], name) for name in VARIANTS], "1997"),
            "loud": slider("noise after the pulse", 0, 3, 0.1, 0, quantity="x"),
            "keep": slider("keeping gate: bias", -2, 6, 0.25, 2, quantity="f"),
            "recurrent": slider("recurrent: × W_h", 0, 4, 0.1, 1, quantity="h"),
        },
        moving=[x_line, *lines.values(), *words.values(), c_line, h_line, slope, modern],
        update=update,
        describe=describe,
    )


def _name_of(key):
    """A gate or the candidate by its name and its letter."""
    return _GRU[key] if key in _GRU else say("{gate} {letter}", gate=GATES[key].short, letter=key)


def drift_explorer() -> Explorer:
    """A stream of Reber strings without ends, through a cell of 1997 and one of 2000."""
    text = "".join(s for s, _ in islice(continual_stream(rng=np.random.default_rng(0)), STREAM))
    symbols = np.array([SYMBOLS.index(symbol) for symbol in text])
    xs = np.eye(len(SYMBOLS))[symbols][:, None]
    old, new = _a_pair_alike()
    times = np.arange(STREAM + 1)
    with matplotlib.rc_context(RC):
        figure = picture(900, 520)
        stream, cells, shown, slopes = figure.subplots(4, 1, height_ratios=(2, 4, 3, 3))
        Pixels.on(stream, xs[:, 0].T, cmap=SIZE, vmin=0, vmax=1)
        stream.set(yticks=range(len(SYMBOLS)), xticks=[])
        stream.set_yticklabels(SYMBOLS, fontsize=8)
        stream.set_title(say("The stream: one symbol a step, string after string"))
        cells.set_title(say("The cell c"))
        cells.set_ylim(-8, 28)
        cells.text(1, 22, say("1997: can only add"), color=INPUT, weight="bold")
        cells.text(30, 22, say("2000: can forget"), color=FORGET, weight="bold")
        shown.set_title(say("What it can show: tanh(c/2)"))
        shown.set_ylim(-1.15, 1.15)
        slopes.set_title(say("What the gradient gets: the slope of tanh(c/2)"))
        slopes.set(ylim=(1e-12, 2), yscale="log", xlabel=say("step t"))
        for ax in (cells, shown, slopes):
            ax.set_xlim(0, STREAM)
        pairs = [
            [ax.plot([], [], color=colour, lw=2)[0] for ax in (cells, shown, slopes)]
            for colour in (INPUT, FORGET)
        ]
        cursors = [ax.axvline(0, color=SIGNAL, ls=":") for ax in (cells, shown, slopes)]

    def run(name, b_f, b_g):
        params = old if name == "1997" else new
        columns = VARIANTS[name].columns
        b = params.b.copy()
        b[columns.index("g")] = b_g
        if name == "2000":
            b[columns.index("f")] = b_f
        return forward(xs, params._replace(b=b), name).c[:, 0, 0]

    # one memory each: moving the cursor or the forget gate does not concern the old cell
    runs = {name: lru_cache(maxsize=1)(run) for name in ("1997", "2000")}

    def update(b_f, b_g, t):
        values = {"b_f": b_f, "b_g": b_g, "t": t}
        for (name, cached), lines in zip(runs.items(), pairs, strict=True):
            c = cached(name, None if name == "1997" else b_f, b_g)
            squashed = np.tanh(c / 2)
            slope = 0.5 / np.cosh(c / 2) ** 2
            for line, y in zip(lines, (c, squashed, _inside(slope)), strict=True):
                line.set_data(times, y)
            values |= {f"c_{name}": c, f"slope_{name}": slope}
        for cursor in cursors:
            cursor.set_xdata([t, t])
        return values

    def describe(v):
        t = v["t"]
        return say(
            "Candidate bias {b_g:.1f}: after {t} symbols the cell of 1997 stands at {c_1997:.2f}, "
            "where tanh(c/2) has slope {slope_1997:.1e}; with a forget gate of bias {b_f:.2f} the "
            "cell stands at {c_2000:.2f}, slope {slope_2000:.1e}.",
            b_g=v["b_g"],
            t=t,
            c_1997=v["c_1997"][t],
            slope_1997=v["slope_1997"][t],
            b_f=v["b_f"],
            c_2000=v["c_2000"][t],
            slope_2000=v["slope_2000"][t],
        )

    return Explorer(
        "drift",
        figure=figure,
        controls={
            "b_f": slider("forget bias (2000)", -2, 6, 0.25, 1, quantity="f"),
            "b_g": slider("bias of the candidate g", 0, 0.6, 0.1, 0.4, quantity="g"),
            "t": whole("time t", 1, STREAM, STREAM),
        },
        moving=[*pairs[0], *pairs[1], *cursors],
        play="t",
        update=update,
        describe=describe,
    )


def _a_pair_alike():
    """Random cells of 1997 and of 2000 that differ in nothing but the forget gate."""
    rng = np.random.default_rng(3)
    cells = [init_variant(name, len(SYMBOLS), 1, rng=rng, within=0.2) for name in ("1997", "2000")]
    old, new = (
        [part.reshape(-1, len(VARIANTS[name].columns)) for part in params]
        for name, params in zip(("1997", "2000"), cells, strict=True)
    )
    for key in VARIANTS["1997"].columns:  # one unit: a column each
        for mine, theirs in zip(new, old, strict=True):
            mine[:, VARIANTS["2000"].columns.index(key)] = theirs[
                :, VARIANTS["1997"].columns.index(key)
            ]
    return cells


def _taking_the_pulse(name):
    """Random weights, and a unit 1 that takes the pulse in, whatever its gates are called."""
    params = init_variant(name, 1, _UNITS, rng=np.random.default_rng(1), within=0.5)
    columns = VARIANTS[name].columns
    writes = "i" if "i" in columns else columns[columns.index("g") - 1]
    W_x = params.W_x.reshape(len(columns), _UNITS).copy()
    W_x[columns.index("g"), 0] = 1
    W_x[columns.index(writes), 0] = 1 if writes == "i" else -1  # not to keep is to write
    return params._replace(W_x=W_x.reshape(1, -1))


def _inside(size):
    """What a logarithmic axis can show of the sizes; a line ends where the others begin."""
    return np.where(size >= _FLOOR, size, np.nan)


EXPLORERS = {
    "variant": variant_explorer,
    "drift": drift_explorer,
    "dead_block": dead_block_explorer,
}
