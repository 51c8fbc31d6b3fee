"""Notebook 10's view of the four sizes: what a run makes, and what is learned."""

import matplotlib
from matplotlib.patches import Rectangle

from lstm_inside.page import Challenge, Explorer, Words, choice, whole
from lstm_inside.page.style import (
    BLOCKS,
    FAINT,
    GATES,
    HIDDEN,
    HIDDEN_LINE,
    RC,
    SIGNAL,
    picture,
)
from lstm_inside.practice.sizes import GATES_OF, layer_size
from lstm_inside.words import say

_BLOCKS = {"LSTM": "ifgo", "GRU": "rzn", "RNN": "h"}  # the usual letters of their columns


def sizes_explorer() -> Explorer:
    """Which arrays grow with T, which with H; the count (10.1) as coloured blocks."""
    with matplotlib.rc_context(RC):
        figure = picture(900, 400)
        run, weights = figure.subplots(1, 2, width_ratios=(1, 1))
        run.set(
            xlim=(-1, 41), ylim=(-2.2, 28), xlabel=say("steps: as many columns as T"), yticks=()
        )
        run.set_title(say("What a run makes"))
        weights.set(xlim=(-1.5, 65), ylim=(27, -2), xticks=(), yticks=())
        weights.set_title(say("What is learned"))
        for ax in (run, weights):
            ax.grid(False)
        weights.set_xlabel(say("columns: blocks of H units each"))
        look = {"ec": "white", "lw": 0.8}
        arrays = {
            "xs": (run.add_patch(Rectangle((0, 0), 1, 1, fc=FAINT, **look)), 17, SIGNAL),
            "h": (run.add_patch(Rectangle((0, 0), 1, 1, fc=HIDDEN, **look)), -0.5, HIDDEN_LINE),
        }
        names = {
            k: Words(run, 0, 0, ha="left", color=v[2], weight="bold") for k, v in arrays.items()
        }
        batch = Words(run, 0, 26.2, ha="left", color="#555555")
        blocks = {}
        for gate in BLOCKS:
            for rows, alpha in (("D", 0.5), ("H", 0.85), ("1", 1.0)):
                patch = Rectangle((0, 0), 1, 1, fc=GATES[gate].colour, alpha=alpha, **look)
                blocks[gate, rows] = weights.add_patch(patch)
        letters = [Words(weights, 0, -0.8, weight="bold", color="#222222") for _ in GATES]
        rows_words = {
            name: Words(weights, 0, 0, ha="left", color="#222222", weight="bold")
            for name in ("D", "H", "1")
        }
        total = Words(weights, 64, 26, ha="right", color="#222222", weight="bold")

    def update(T, B, D, H, kind):
        for name, size in (("xs", D), ("h", H)):
            patch, bottom, _ = arrays[name]
            patch.set_bounds(0, bottom, T, size)
            names[name].set_position((0, bottom - 0.8))
        names["xs"].set_text(say("xs: steps {T} × inputs {D}", T=T, D=D))
        names["h"].set_text(say("h: steps {T} × units {H} (c: as many)", T=T, H=H))
        batch.set_text(say("sequences: {B}; numbers in h: {run}", B=B, run=T * B * H))
        used = {"LSTM": "ifgo", "GRU": "ifg", "RNN": "g"}[kind]
        for (gate, rows), patch in blocks.items():
            top, height = {"D": (0, D), "H": (D + 0.4, H), "1": (D + H + 0.8, 1)}[rows]
            column = used.index(gate) if gate in used else 0
            patch.set_bounds(column * H, top, H if gate in used else 0, height)
        for name, label, middle in (
            ("D", say("W_x, rows: {D}", D=D), D / 2),
            ("H", say("W_h, rows: {H}", H=H), D + 0.4 + H / 2),
            ("1", say("b, rows: 1"), D + H + 1.3),
        ):
            rows_words[name].set_position((len(used) * H + 0.8 if H < 12 else 1, middle))
            rows_words[name].set_text(label)
        for n, letter in enumerate(letters):
            letter.set_x((n + 0.5) * H)
            letter.set_text(_BLOCKS[kind][n] if n < len(used) else "")
        size = layer_size(D, H, kind)
        total.set_text(
            say(
                "{used} × {H} × ({D} + {H} + 1) = {size} parameters",
                used=len(used),
                H=H,
                D=D,
                size=size,
            )
        )
        return {"T": T, "B": B, "D": D, "H": H, "kind": kind, "size": size, "run": T * B * H}

    def describe(v):
        return say(
            "{kind} layer, inputs D = {D}, units H = {H}: {size} parameters, whatever T is. A run "
            "over T = {T}, B = {B} makes an h of T × B × H = {run}.",
            **v,
        )

    return Explorer(
        "sizes",
        figure=figure,
        controls={
            "T": whole("steps T", 1, 40, 20, quantity="x"),
            "H": whole("units H", 1, 16, 9, quantity="h"),
            "D": whole("inputs D", 1, 8, 1, quantity="x"),
            "B": whole("sequences B", 1, 64, 4),
            "kind": choice("layer", list(GATES_OF), "LSTM"),
        },
        moving=[a[0] for a in arrays.values()]
        + [*names.values(), batch, *blocks.values(), *rows_words.values(), *letters, total],
        update=update,
        describe=describe,
        presets={"396 parameters": {}, "long": {"T": 40}, "wide": {"H": 16}, "one unit": {"H": 1}},
        challenge=Challenge(
            "Find an LSTM layer of exactly 120 parameters.",
            score=lambda values: -abs((values["kind"] == "LSTM") * values["size"] - 120),
            goal=0, shown=".0f",
        ),
    )  # fmt: skip
