"""What a reader moves in notebook 10: sizes, reading, pieces, pads, depth, dropout, symptoms."""

import matplotlib
import numpy as np

from lstm_core import LSTMParams, lstm_backward, lstm_forward, split_gates
from lstm_inside.gates import both_backward, both_forward, stack_backward, stack_forward
from lstm_inside.page import Explorer, Words, choice, slider, strokes, toggle, whole
from lstm_inside.page.measure import step_lengths
from lstm_inside.page.style import (
    CELL_LINE,
    FAINT,
    FORGET,
    GRADIENT,
    HIDDEN,
    HIDDEN_LINE,
    OUTPUT,
    RC,
    SIGNAL,
    picture,
)
from lstm_inside.practice.carry import MODES, in_pieces
from lstm_inside.practice.dropout import PLACES, drawn_gradients
from lstm_inside.practice.explorers_sizes import sizes_explorer
from lstm_inside.practice.explorers_symptoms import blow_up_explorer, echo_explorer
from lstm_inside.practice.masks import SIDES, mask_of, masked_backward, masked_forward
from lstm_inside.words import Sentences, say

_UNITS = 8
_FLOOR = 1e-7  # a gradient's line ends here


def network(b_f, D=1, seed=6) -> LSTMParams:
    """The explorers' LSTM: eight units as drawn, random biases, forget bias b_f."""
    rng = np.random.default_rng(seed)
    W_x, W_h, b = (0.6 * rng.normal(size=s) for s in ((D, 32), (_UNITS, 32), (32,)))
    split_gates(b)[1][:] = b_f
    return LSTMParams(W_x, W_h, b)


def _shown(sizes):
    """Sizes on a log axis: what is 0, or too small for the axis, is a gap."""
    return np.where(sizes > _FLOOR, sizes, np.nan)


def _reach(ax, T, title):
    """A log axis for a gradient's length over the steps."""
    ax.set(yscale="log", ylim=(_FLOOR, 10), xlim=(0.3, T + 0.7), xlabel=say("step t"))
    ax.set_yticks([1e-6, 1e-4, 1e-2, 1])
    ax.minorticks_off()
    ax.set_title(title)


# ---------------------------------------------------------------- where the loss reads


def reading_explorer(T=24) -> Explorer:
    """The loss reads h at some steps: its gradient enters there, and walks back from there."""
    xs, t = np.random.default_rng(3).normal(size=(T, 1, 1)), np.arange(1, T + 1)
    push = np.random.default_rng(4).normal(size=_UNITS)
    push /= np.linalg.norm(push)
    with matplotlib.rc_context(RC):
        figure = picture(900, 400)
        enters, arrives = figure.subplots(2, 1, sharex=True, height_ratios=(2, 3))
        enters.set(ylim=(0, 1.15), yticks=(0, 1))
        enters.set_title(say("Where the loss reads: dL/dh enters directly"))
        _reach(arrives, T, say("What arrives at each step, over all paths: length of the gradient"))
        bars = enters.vlines(t, 0, 0 * t + 1e-9, color=FORGET, lw=9)
        (cell,) = arrives.plot([], [], "o-", color=CELL_LINE, ms=5)
        (state,) = arrives.plot([], [], "s--", color=HIDDEN_LINE, ms=4, lw=1.6)
        arrives.text(
            T, 2e-6, say("along the cell: dL/dc"), color=CELL_LINE, weight="bold", ha="right"
        )
        arrives.text(T, 3e-7, "dL/dh", color=HIDDEN_LINE, weight="bold", ha="right")

    def update(first, last, b_f):
        first, last = min(first, last), max(first, last)
        reads = (t >= first) & (t <= last)
        dhs = np.zeros((T, 1, _UNITS))
        dhs[reads, 0] = push / reads.sum()
        params = network(b_f)
        grads = lstm_backward(dhs, lstm_forward(xs, params), params)
        direct, dc, dh = step_lengths(dhs), step_lengths(grads.c[1:]), step_lengths(grads.h[1:])
        bars.set_segments(
            [[(k, 0), (k, reads.sum() * size)] for k, size in zip(t, direct, strict=True)]
        )
        cell.set_data(t, _shown(dc))
        state.set_data(t, _shown(dh))
        return {"first": first, "last": last, "dc": dc, "dh": dh, "direct": direct}

    def describe(v):
        n, dc = v["last"] - v["first"] + 1, v["dc"][0]
        if n == 1:
            return say(
                "Of {T} steps the loss reads step {last} only, and sends it a gradient of length "
                "1. At step 1 arrives dL/dc of length {dc:.2g}; after the reading nothing arrives.",
                T=T,
                last=v["last"],
                dc=dc,
            )
        return say(
            "Of {T} steps the loss reads steps {first} to {last}: into each of them it sends 1/{n} "
            "of a gradient of length 1. At step 1 arrives dL/dc of length {dc:.2g}; after the last "
            "reading nothing arrives.",
            T=T,
            first=v["first"],
            last=v["last"],
            n=n,
            dc=dc,
        )

    return Explorer(
        "reading",
        figure=figure,
        controls={
            "first": whole("loss reads from step", 1, T, T, quantity="gradient"),
            "last": whole("to step", 1, T, T, quantity="gradient"),
            "b_f": slider("forget bias b_f", -2, 6, 0.5, 0, quantity="f", digits=1),
        },
        moving=[bars, cell, state],
        update=update,
        describe=describe,
        presets={
            "many-to-one": {}, "many-to-many": {"first": 1},
            "in the middle": {"first": 12, "last": 12},
        },
    )  # fmt: skip


# ---------------------------------------------------------------- state between pieces

_BETWEEN = Sentences({"zero": "zero", "carry and cut": "carry and cut", "carry": "carry"})


def pieces_explorer(T=40) -> Explorer:
    """A stream in pieces: the state and the gradient at their edges (10.2)."""
    xs, t = np.random.default_rng(8).normal(size=(T, 1, 1)), np.arange(1, T + 1)
    dhs = np.zeros((T, 1, _UNITS))
    dhs[-1] = 1 / np.sqrt(_UNITS)
    with matplotlib.rc_context(RC):
        figure = picture(900, 430)
        states, reach = figure.subplots(2, 1, sharex=True)
        states.set(ylim=(-1, 1), yticks=(-1, 0, 1))
        states.set_title(say("h of three units: coloured in pieces, black run in one"))
        _reach(
            reach, T, say("How far dL/dc of the last step reaches: dark in pieces, grey run in one")
        )
        colours = (CELL_LINE, HIDDEN_LINE, OUTPUT)
        units = [states.plot([], [], color=c, lw=4.5, alpha=0.75)[0] for c in colours]
        in_one = [states.plot([], [], color="#111111", lw=1.1)[0] for _ in colours]
        (whole_line,) = reach.plot([], [], color=FAINT, lw=5)
        (line,) = reach.plot([], [], color=GRADIENT)
        edges = [ax.plot([], [], color=FORGET, lw=1, ls=(0, (3, 3)))[0] for ax in (states, reach)]

    def update(mode, length, b_f):
        params = network(b_f)
        trace = lstm_forward(xs, params)
        full = step_lengths(lstm_backward(dhs, trace, params).c[1:])
        pieces = in_pieces(xs, dhs, params, length, mode)
        for n, (unit, thin) in enumerate(zip(units, in_one, strict=True)):
            unit.set_data(t, pieces.h[:, 0, n])
            thin.set_data(t, trace.h[1:, 0, n])
        dc = step_lengths(pieces.dc)
        whole_line.set_data(t, _shown(full))
        line.set_data(t, _shown(dc))
        at = np.arange(length, T, length) + 0.5
        for ax, (low, high) in zip(edges, ((-1, 1), (_FLOOR, 10)), strict=True):
            ax.set_data(*strokes(at, low, high))
        off = float(np.abs(pieces.h - trace.h[1:]).max())
        return {"mode": mode, "dc": dc, "full": full, "off": off, "reached": int((dc > 0).sum())}

    def describe(v):
        return say(
            "State between pieces: {mode}. h differs from a run in one piece by {off:.2g} at "
            "most. The gradient of the last step reaches back over {reached} of {T} steps; at "
            "the first of them dL/dc has the length {dc:.2g}.",
            mode=_BETWEEN[v["mode"]],
            off=v["off"],
            reached=v["reached"],
            T=T,
            dc=v["dc"][v["dc"] > 0][0],
        )

    return Explorer(
        "pieces",
        figure=figure,
        controls={
            "mode": choice("between pieces", list(MODES), "zero"),
            "length": whole("steps a piece", 2, 20, 10, quantity="x"),
            "b_f": slider("forget bias b_f", -2, 6, 0.5, 0.5, quantity="f", digits=1),
        },
        moving=[whole_line, line, *units, *in_one, *edges],
        update=update,
        describe=describe,
        presets={
            "start from zero": {}, "stateful": {"mode": "carry and cut"},
            "uncut": {"mode": "carry"},
        },
    )  # fmt: skip


# ---------------------------------------------------------------- pads

_PADS = Sentences(  # side, whether a mask holds
    {
        ("right", True): "Pads on the right: {k}, held by a mask.",
        ("right", False): "Pads on the right: {k}, no mask.",
        ("left", True): "Pads on the left: {k}, held by a mask.",
        ("left", False): "Pads on the left: {k}, no mask.",
    }
)


def pads_explorer(real=10, most=20) -> Explorer:
    """Ten real steps and k pads: h drifts and the gradient fades, unless a mask holds (10.3)."""
    xs_real = np.random.default_rng(5).normal(size=(real, 1, 1))
    with matplotlib.rc_context(RC):
        figure = picture(900, 430)
        states, reach = figure.subplots(2, 1, sharex=True, height_ratios=(4, 3))
        T = real + most
        states.set(ylim=(-1, 0.9), yticks=(-1, -0.5, 0, 0.5))
        states.set_title(say("h of four units. Rings: what should stand at the step that is read"))
        _reach(reach, T, say("What arrives at each step, over all paths: length of dL/dc"))
        pads = [ax.axvspan(0, 1, color="#efe6d3", zorder=0) for ax in (states, reach)]
        colours = {0: CELL_LINE, 4: HIDDEN_LINE, 5: OUTPUT, 6: SIGNAL}  # units that lie apart
        lines = [states.plot([], [], color=colour, lw=2)[0] for colour in colours.values()]
        rings = [
            states.plot([], [], "o", mfc="none", mec=colour, mew=2, ms=10)[0]
            for colour in colours.values()
        ]
        label = Words(states, 0, 0.75, color="#7a6a45", weight="bold")
        (line,) = reach.plot([], [], "o-", color=CELL_LINE, ms=4)

    def update(k, side, held, b_f):
        params, T = network(b_f), real + k
        pad = np.zeros((k, 1, 1))
        xs = np.concatenate([xs_real, pad] if side == "right" else [pad, xs_real])
        mask = mask_of(np.array([real]), T, side)
        run = masked_forward(xs, mask if held else np.ones_like(mask), params)
        dhs = np.zeros((T, 1, _UNITS))
        dhs[-1] = 1 / np.sqrt(_UNITS)
        grads = masked_backward(dhs, run, params)
        alone = lstm_forward(xs_real, params).h[-1]
        for n, h_line, ring in zip(colours, lines, rings, strict=True):
            h_line.set_data(np.arange(1, T + 1), run.h[1:, 0, n])
            ring.set_data([T], [alone[0, n]])
        arrives = step_lengths(grads.c[1:])
        line.set_data(np.arange(1, T + 1), _shown(arrives))
        low = real + 0.5 if side == "right" else 0.5
        for span, (bottom, height) in zip(pads, ((0, 1), (0, 1)), strict=True):
            span.set_bounds(low, bottom, k, height)
        label.set_x(low + k / 2)
        label.set_text(say("pads") if k >= 3 else "")
        off = float(np.linalg.norm(run.h[-1] - alone) / np.linalg.norm(alone))
        to_real = float(arrives[mask[:, 0]][-1])
        return {
            "k": k, "side": side, "held": held, "off": off, "to_real": to_real, "arrives": arrives,
        }  # fmt: skip

    def describe(v):
        return say(
            "{pads} The state that is read differs from the right one by {off:.0%} of its length; "
            "at the last real step dL/dc has the length {to_real:.2g}.",
            pads=_PADS[v["side"], v["held"]].format(k=v["k"]),
            off=v["off"],
            to_real=v["to_real"],
        )

    return Explorer(
        "pads",
        figure=figure,
        controls={
            "k": whole("pads k", 0, most, most, quantity="x"),
            "side": choice("pads stand", [("right", "right"), ("left", "left")], SIDES[0]),
            "held": toggle("a mask holds the state at pads"),
            "b_f": slider("forget bias b_f", -2, 6, 0.5, -0.5, quantity="f", digits=1),
        },
        moving=[*pads, *lines, *rings, label, line],
        update=update,
        describe=describe,
        presets={
            "right, no mask": {}, "right, mask": {"held": True},
            "left, no mask": {"side": "left"}, "left, mask": {"side": "left", "held": True},
        },
    )  # fmt: skip


# ---------------------------------------------------------------- depth and direction

_NETWORKS = Sentences(
    {
        "one layer": "one layer",
        "two layers": "two layers",
        "both directions": "both directions",
    }
)


def depth_explorer(T=24, D=4) -> Explorer:
    """Which inputs an answer at step t learns from: one layer, two, two directions (10.4)."""
    xs, s = np.random.default_rng(9).normal(size=(T, 1, D)), np.arange(1, T + 1)
    push = np.random.default_rng(4).normal(size=_UNITS)
    push /= np.linalg.norm(push)
    looks = {
        "one layer": {"color": HIDDEN, "lw": 7, "alpha": 0.6},
        "two layers": {"color": CELL_LINE, "lw": 2.4, "ls": (0, (4, 2))},
        "both directions": {"color": GRADIENT, "lw": 1.8, "marker": "o", "ms": 4},
    }
    with matplotlib.rc_context(RC):
        figure = picture(900, 340)
        ax = figure.subplots()
        _reach(ax, T, say("What arrives at every input from one answer: length of dL/dx"))
        ax.set(ylim=(_FLOOR, 300), xlabel=say("input at step s"))
        lines = {kind: ax.plot([], [], **look)[0] for kind, look in looks.items()}
        for n, kind in enumerate(looks):
            colour = {"one layer": HIDDEN_LINE}.get(kind, lines[kind].get_color())
            ax.text(0.6 + 4 * n, 60, _NETWORKS[kind], color=colour, weight="bold")
        (mark,) = ax.plot([], [], color=FORGET, lw=1.6, ls=(0, (3, 3)))
        label = Words(ax, 0, 3.5, color=FORGET, weight="bold")

    def update(t, b_f):
        lower, upper, back = network(b_f, D), network(b_f, _UNITS, 7), network(b_f, D, 17)
        dhs = np.zeros((T, 1, _UNITS))
        dhs[t - 1] = push
        dxs = {}
        layers = lower, upper
        stack = stack_forward(xs, layers)
        for n, kind in enumerate(("one layer", "two layers"), 1):
            dxs[kind] = stack_backward(dhs, stack[:n], layers[:n])[0].xs
        traces, both = both_forward(xs, lower, back), np.concatenate((dhs, dhs), axis=2)
        dxs["both directions"] = both_backward(both, traces, lower, back).xs
        sizes = {kind: step_lengths(dx) for kind, dx in dxs.items()}
        for kind, line in lines.items():
            line.set_data(s, _shown(sizes[kind]))
        mark.set_data([t, t], [_FLOOR, 1.5])
        label.set_x(np.clip(t, 3, T - 2))
        label.set_text(say("answer at {t}", t=t))
        return {"t": t, "dx": sizes, "after": {k: float(dx[t:].sum()) for k, dx in sizes.items()}}

    def describe(v):
        parts = []
        for kind, dx in v["dx"].items():
            found = {"kind": _NETWORKS[kind], "first": dx[0], "at": dx[v["t"] - 1], "t": v["t"]}
            parts.append(
                say(
                    "{kind} {first:.2g} at step 1, {at:.2g} at step {t}, something at later ones",
                    **found,
                )
                if v["after"][kind]
                else say(
                    "{kind} {first:.2g} at step 1, {at:.2g} at step {t}, nothing at later ones",
                    **found,
                )
            )
        return say(
            "One answer at step {t} of {T}. Length of dL/dx: {parts}.",
            t=v["t"],
            T=T,
            parts=say("; ").join(parts),
        )

    return Explorer(
        "depth",
        figure=figure,
        controls={
            "t": whole("answer at step t", 1, T, 16, quantity="gradient"),
            "b_f": slider("forget bias b_f", -2, 6, 0.5, 0, quantity="f", digits=1),
        },
        moving=[*lines.values(), mark, label],
        update=update,
        describe=describe,
        presets={"in the middle": {}, "first step": {"t": 1}, "last step": {"t": T}},
    )


# ---------------------------------------------------------------- dropout

_WIRES = Sentences({"input": "input", "recurrent": "recurrent", "cell": "cell"})
_DROPPED = Sentences(  # wires, whether one mask serves all steps
    {
        ("input", True): "{drop:.0%} dropped on the input wires, one mask for the whole sequence.",
        ("input", False): "{drop:.0%} dropped on the input wires, a new mask every step.",
        ("recurrent", True): "{drop:.0%} dropped on the recurrent wires, one mask for the whole "
        "sequence.",
        ("recurrent", False): "{drop:.0%} dropped on the recurrent wires, a new mask every step.",
        ("cell", True): "{drop:.0%} dropped on the cell wires, one mask for the whole sequence.",
        ("cell", False): "{drop:.0%} dropped on the cell wires, a new mask every step.",
    }
)


def dropout_explorer(T=16, draws=100) -> Explorer:
    """Which wires are cut, and what of the gradient survives, over a hundred draws (10.4)."""
    xs, t = np.random.default_rng(9).normal(size=(T, 1)), np.arange(1, T + 1)
    aside = np.linspace(-0.25, 0.25, draws)  # the draws of one place stand side by side
    dhs = np.zeros((T, 1, _UNITS))
    dhs[-1] = 1 / np.sqrt(_UNITS)
    with matplotlib.rc_context(RC):
        figure = picture(900, 360)
        ax, ends = figure.subplots(1, 2, width_ratios=(3, 2), sharey=True)
        _reach(ax, T, say("dL/dc at each step; dropped: what is coloured on the right"))
        band = ax.fill_between([0, 1], [1, 1], [1, 1], color=CELL_LINE, alpha=0.3, lw=0)
        (plain,) = ax.plot([], [], color="#111111", lw=1.4, ls=(0, (4, 2)))
        (median,) = ax.plot([], [], color=CELL_LINE, lw=2.6)
        ax.text(T, 5e-6, say("dashed: no dropout"), color="#111111", ha="right", weight="bold")
        ax.text(
            T,
            8e-7,
            say("line, band: middle, and 90 % of {draws} draws", draws=draws),
            color=CELL_LINE,
            ha="right",
            weight="bold",
        )
        ends.set(xlim=(-0.6, 2.6), xticks=(0, 1, 2))
        ends.set_xticklabels([_WIRES[place] for place in PLACES])
        ends.set_title(say("{draws} draws at step 1, wire by wire", draws=draws))
        (level,) = ends.plot([], [], color="#111111", lw=1.4, ls=(0, (4, 2)))
        dots = {place: ends.plot([], [], "o", ms=3)[0] for place in PLACES}

    def update(place, drop, once, b_f):
        params = network(b_f)

        def reaching(wire):
            rng = np.random.default_rng(12)
            return drawn_gradients(xs, params, wire, drop, once=once, draws=draws, rng=rng)[0]

        reached = {wire: reaching(wire) for wire in PLACES}
        dc = reached[place]
        undropped = lstm_backward(dhs, lstm_forward(xs[:, None], params), params)
        without = step_lengths(undropped.c[1:])
        first = {wire: lengths[0] for wire, lengths in reached.items()}
        quantiles = (np.quantile(dc, q, axis=1) for q in (0.05, 0.5, 0.95))
        low, middle, high = (np.maximum(lengths, _FLOOR) for lengths in quantiles)
        band.set_data(t, low, high)
        median.set_data(t, _shown(middle))
        plain.set_data(t, _shown(without))
        level.set_data([-0.6, 2.6], [without[0], without[0]])
        for n, (wire, dot) in enumerate(dots.items()):
            dot.set_data(n + aside, np.maximum(first[wire], 1.3 * _FLOOR))
            dot.set_color(CELL_LINE if wire == place else FAINT)
        return {
            "place": place, "drop": drop, "once": once,
            "dc": dc, "without": without, "first": first,
        }  # fmt: skip

    def describe(v):
        first = np.median(v["dc"][0])
        return say(
            "{dropped} At step 1 the middle of {draws} draws is {first:.2g}, without dropout "
            "{without:.2g}.",
            dropped=_DROPPED[v["place"], v["once"]].format(drop=v["drop"]),
            draws=draws,
            first=first,
            without=v["without"][0],
        )

    return Explorer(
        "dropout",
        figure=figure,
        controls={
            "place": choice(
                "dropped",
                [("input x", "input"), ("recurrent h, into the gates", "recurrent"),
                 ("the cell line c", "cell")],
                "cell",
            ),
            "drop": slider("share dropped", 0, 0.8, 0.1, 0.3, digits=1),
            "once": toggle("one mask for all steps"),
            "b_f": slider("forget bias b_f", -2, 6, 0.5, 3, quantity="f", digits=1),
        },
        moving=[band, plain, median, level, *dots.values()],
        update=update,
        describe=describe,
        presets={
            "input": {"place": "input"}, "recurrent": {"place": "recurrent"},
            "the cell line": {}, "the cell line, one mask": {"once": True},
        },
    )  # fmt: skip


EXPLORERS = {
    "sizes": sizes_explorer,
    "reading": reading_explorer,
    "pieces": pieces_explorer,
    "pads": pads_explorer,
    "depth": depth_explorer,
    "dropout": dropout_explorer,
    "blow_up": blow_up_explorer,
    "echo": echo_explorer,
}
