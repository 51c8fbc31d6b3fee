"""The wiring diagram of notebook 03: one LSTM step with the number on every wire."""

import matplotlib
import numpy as np
from matplotlib.patches import Circle, FancyBboxPatch

from lstm_core import LSTMParams, lstm_backward, lstm_forward
from lstm_inside import validate
from lstm_inside.page import Explorer, Words, plain, slider, toggle
from lstm_inside.page.style import (
    CELL,
    CELL_LINE,
    GATES,
    HIDDEN,
    HIDDEN_LINE,
    RC,
    SIGNAL,
    picture,
)
from lstm_inside.words import Sentences, say

# Labels of the sliders that move a gate's bias.
BIAS = Sentences(
    {
        "f": "forget bias b_f",
        "i": "input bias b_i",
        "g": "candidate bias b_g",
        "o": "output bias b_o",
    }
)
_TITLES = Sentences(  # whether the way back is drawn
    {
        False: "Forward: the number on every wire",
        True: "Backward: how much h changes when the number on a wire changes a little",
    }
)
# One unit, one input; weights chosen so that every slider moves every number a little.
WIRING = LSTMParams(
    np.array([[0.8, -0.4, 1.2, 0.6]]), np.array([[0.5, 0.7, -0.8, 0.9]]), np.array([0.0, 1, 0, 0])
)
_FROM_OUTSIDE = "#a3a3a3"  # the input's wire: it must not outshine the cell line
_AT = {"f": 2.5, "i": 4.1, "g": 5.7, "o": 7.2}  # where each box stands
# name: colour, the wire's corners, where its number stands
WIRES = {
    "c_prev": (CELL, [(0.3, 4.6), (2.27, 4.6)], (0.95, 4.85)),
    "kept": (CELL, [(2.73, 4.6), (4.97, 4.6)], (3.75, 4.85)),
    "c": (CELL, [(5.43, 4.6), (7.7, 4.6)], (6.2, 4.85)),
    "c_on": (CELL, [(7.7, 4.6), (10.2, 4.6)], (9.5, 4.85)),  # to the next step
    "to_tanh": (CELL, [(7.7, 4.6), (7.7, 3.85)], None),
    "tanh_c": (CELL, [(7.7, 3.25), (7.7, 2.63)], (8.28, 2.95)),
    "f": (GATES["f"].colour, [(2.5, 1.9), (2.5, 4.37)], (2.95, 3.6)),
    "i": (GATES["i"].colour, [(4.1, 1.9), (4.1, 3.0), (4.97, 3.0)], (3.75, 2.4)),
    "g": (GATES["g"].colour, [(5.7, 1.9), (5.7, 3.0), (5.43, 3.0)], (6.15, 2.4)),
    "written": (CELL, [(5.2, 3.23), (5.2, 4.37)], (5.68, 3.85)),
    "o": (GATES["o"].colour, [(7.2, 1.9), (7.2, 2.4), (7.47, 2.4)], (6.9, 2.62)),
    "h": (HIDDEN, [(7.93, 2.4), (10.2, 2.4)], (9.2, 2.65)),
    "h_prev": (HIDDEN, [(0.3, 0.65), (1.3, 0.65)], (0.75, 0.9)),
    "x": (_FROM_OUTSIDE, [(0.3, 0.0), (1.3, 0.0)], (0.75, 0.22)),
}
_HEIGHTS = (-0.75, -1.12, -1.49, -1.86, -2.28, -2.65, -3.02)  # lines for f, i, g, o, c, h and x
_FORWARD = [  # what a line computes; its numbers stand to the right of it
    *(rf"$a_{k} = w_x\,x_t + w_h\,h_{{t-1}} + b_{k}$" for k in GATES),
    r"$c_t = f\,c_{t-1} + i\,g$",
    r"$h_t = o\,\tanh(c_t)$",
]
_BACKWARD = [  # two to a line
    (r"$dh/df = dh/dc_t\cdot c_{t-1}$", r"$dh/da_f = dh/df\cdot f\,(1-f)$"),
    (r"$dh/di = dh/dc_t\cdot g$", r"$dh/da_i = dh/di\cdot i\,(1-i)$"),
    (r"$dh/dg = dh/dc_t\cdot i$", r"$dh/da_g = dh/dg\cdot (1-g^2)$"),
    (r"$dh/do = \tanh(c_t)$", r"$dh/da_o = dh/do\cdot o\,(1-o)$"),
    (r"$dh/dc_t = o\,(1-\tanh^2 c_t)$", r"$dh/dc_{t-1} = f\cdot dh/dc_t$"),
    (r"$dh/dh_{t-1} = \sum\, w_h\cdot dh/da$",),
    (r"$dh/dx_t = \sum\, w_x\cdot dh/da$",),
]


def times(a, b, places=3):
    """A product to be multiplied by the reader: a negative factor stands in brackets."""
    return "·".join(f"({v})" if v.startswith("−") else v for v in map(plain, (a, b), (places,) * 2))


def _plus(*terms):
    """A sum: the terms' own minus signs serve as signs."""
    return " + ".join(terms).replace("+ −", "− ")


def wiring_explorer(params=WIRING) -> Explorer:
    """One LSTM step as a wiring diagram: the number on every wire, forward or backward.

    Below the drawing stand the sums with their weights, so that every number can be computed
    anew; backward, the derivatives of h (the loss is h itself).
    params: an LSTM of one unit and one input, W_x (1, 4), W_h (1, 4), b (4,); its biases are
    where the sliders start, cut off at their ends. Yours:

        from lstm_core import init_lstm
        wiring_explorer(init_lstm(1, 1, rng=np.random.default_rng(1)))

    Raises ValueError or TypeError for other parameters.
    """
    params = validate.lstm_params(params)
    if params.W_x.shape != (1, 4):
        raise ValueError(
            f"params: expected one input and one unit, W_x (1, 4), got shape {params.W_x.shape}"
        )
    blocks = {letter: gate.block for letter, gate in GATES.items()}
    w_x, w_h, start = (
        {letter: float(np.ravel(p)[n]) for letter, n in blocks.items()} for p in params
    )

    weights = np.concatenate([params.W_x, params.W_h])
    places = 2 if np.allclose(weights, weights.round(2), rtol=0, atol=1e-9) else 3

    with matplotlib.rc_context(RC):
        figure = picture(900, 708)
        figure.set_layout_engine("none")
        ax = figure.add_axes((0.01, 0.01, 0.98, 0.98))
        ax.set(xlim=(0, 11), ylim=(-3.17, 5.86), xticks=(), yticks=())
        ax.set_axis_off()
        _draw_body(ax)
        title = ax.text(0.3, 5.62, "", weight="bold", fontsize=14, va="center")
        wires = {
            name: ax.plot(*zip(*path, strict=True), color=colour, solid_capstyle="butt", zorder=2)
            for name, (colour, path, _) in WIRES.items()
        }
        numbers = {
            name: Words(ax, *at, fontsize=12.5, zorder=6)
            for name, (_, _, at) in WIRES.items()
            if at
        }
        below = {  # at each box's foot: what goes in, or what comes back
            k: Words(ax, x + 0.12, 1.02, ha="left", fontsize=11, color=GATES[k].line, zorder=6)
            for k, x in _AT.items()
        }
        ahead, back, first, second = _draw_sums(ax)

    def forward_sums(x, h_prev, c_prev, b, a, q):
        for n, (k, gate) in enumerate(GATES.items()):
            terms = _plus(times(w_x[k], x, places), times(w_h[k], h_prev, places), plain(b[k]))
            first[n].set_text(f"= {terms} = {plain(a[k])}")
            second[n].set_text(f"{k} = {gate.act}({plain(a[k])}) = {plain(q[k], 3)}")
        kept, written = times(q["f"], c_prev), times(q["i"], q["g"])
        first[4].set_text(f"= {_plus(kept, written)} = {plain(q['c'], 3)}")
        second[4].set_text("")
        first[5].set_text(f"= {times(q['o'], q['tanh_c'])} = {plain(q['h'], 3)}")
        first[6].set_text("")

    def backward_sums(c_prev, q, s, da):
        dc, beside = s["c"], {"f": c_prev, "i": q["g"], "g": q["i"]}
        for n, k in enumerate(GATES):
            product = f"{times(dc, beside[k])} = " if k in beside else ""
            steep = 1 - q[k] ** 2 if k == "g" else q[k] * (1 - q[k])
            first[n].set_text(f"= {product}{plain(s[k], 3)}")
            second[n].set_text(f"= {times(s[k], steep)} = {plain(da[k], 3)}")
        first[4].set_text(f"= {times(q['o'], 1 - q['tanh_c'] ** 2)} = {plain(dc, 3)}")
        second[4].set_text(f"= {times(q['f'], dc)} = {plain(s['c_prev'], 3)}")
        for n, weights_of, key in ((5, w_h, "h_prev"), (6, w_x, "x")):
            terms = _plus(*(times(weights_of[k], da[k]) for k in GATES))
            first[n].set_text(f"= {terms} = {plain(s[key], 3)}")

    def update(x, h_prev, c_prev, b_f, b_i, b_g, b_o, backward):
        b = {"f": b_f, "i": b_i, "g": b_g, "o": b_o}
        moved = params._replace(b=np.array([b_i, b_f, b_g, b_o], dtype=params.b.dtype))
        trace = lstm_forward([[[x]]], moved, [[h_prev]], [[c_prev]])
        grads = lstm_backward([[[1.0]]], trace, moved)  # the loss is h itself
        i, f, g, o = (float(gate[0, 0, 0]) for gate in (trace.i, trace.f, trace.g, trace.o))
        c, tanh_c = float(trace.c[1, 0, 0]), float(trace.tanh_c[0, 0, 0])
        flow = {
            "x": x, "h_prev": h_prev, "c_prev": c_prev, "f": f, "i": i, "g": g, "o": o,
            "kept": f * c_prev, "written": i * g, "c": c, "c_on": c, "to_tanh": c,
            "tanh_c": tanh_c, "h": float(trace.h[1, 0, 0]),
        }  # fmt: skip
        dc = float(grads.c[1, 0, 0])
        slope = {
            "x": float(grads.xs[0, 0, 0]), "h_prev": float(grads.h[0, 0, 0]),
            "c_prev": float(grads.c[0, 0, 0]), "f": dc * c_prev, "i": dc * g, "g": dc * i,
            "o": tanh_c, "kept": dc, "written": dc, "c": dc, "c_on": 0.0, "to_tanh": dc,
            "tanh_c": o, "h": 1.0,
        }  # fmt: skip
        # One step, one unit: the biases' gradients are those of the four pre-activations.
        da = {k: float(grads.params.b[n]) for k, n in blocks.items()}
        shown = slope if backward else flow
        for name, (wire,) in wires.items():
            wire.set_linewidth(1.0 + 8 * min(abs(shown[name]), 3) / 3)  # |c| stays below 3
        for name, number in numbers.items():
            number.set_text(("+" if shown[name] > 0 else "") + plain(shown[name]))
        if backward:
            numbers["c"].set_text(f"dh/dcₜ = {plain(dc, 3)}")
            numbers["c_on"].set_text(say("from step t+1: 0"))
        title.set_text(_TITLES[backward])
        a = {k: w_x[k] * x + w_h[k] * h_prev + b[k] for k in GATES}
        for k, foot in below.items():
            foot.set_text(f"dh/da = {plain(da[k], 3)}" if backward else f"a = {plain(a[k])}")
        for formula in (*ahead, *back):
            formula.set_visible((formula in back) == backward)
        for numbers_of_one in second:
            numbers_of_one.set_x(7.9 if backward else 7.7)
        if backward:
            backward_sums(c_prev, flow, slope, da)
        else:
            forward_sums(x, h_prev, c_prev, b, a, flow)
        return {"backward": backward, "flow": flow, "slope": slope, "a": a, "da": da}

    def describe(v):
        if v["backward"]:
            q = v["slope"]
            return say(
                "Backward: dh/dcₜ₋₁ = {c_prev:.3f}, dh/dhₜ₋₁ = {h_prev:.3f}, dh/dxₜ = {x:.3f}. "
                "On the forget gate's wire: dh/df = {f:.3f}.",
                **q,
            )
        q = v["flow"]
        return say(
            "Forward: f = {f:.3f} keeps {kept:+.3f} of the old {c_prev:+.2f}; {written:+.3f} is "
            "written, so c = {c:+.3f}; o = {o:.3f} shows h = {h:+.3f}. A wide wire carries a "
            "large number.",
            **q,
        )

    def bias(letter, width=6):
        at = float(np.clip(start[letter], -width, width))
        return slider(BIAS[letter], -width, width, 0.1, at, quantity=letter, digits=1)

    return Explorer(
        "wiring",
        figure=figure,
        controls={
            "x": slider("input xₜ", -2, 2, 0.1, 1, quantity="x", digits=1),
            "h_prev": slider("h before: hₜ₋₁", -1, 1, 0.05, 0.3, quantity="h"),
            "c_prev": slider("c before: cₜ₋₁", -2, 2, 0.1, 0.8, quantity="c", digits=1),
            "b_f": bias("f"),
            "b_i": bias("i"),
            "b_g": bias("g", 3),
            "b_o": bias("o"),
            "backward": toggle("go backward: how much h answers to each wire"),
        },
        moving=[
            *(w for (w,) in wires.values()), *numbers.values(), *below.values(), *first, *second
        ],
        update=update,
        describe=describe,
        redraw_on=("backward",),
        presets={
            "forward": {},
            "backward": {"backward": True},
            "cell state hidden": {"c_prev": 2, "b_f": 6, "b_o": -6},
        },
    )  # fmt: skip


def draw_sign(ax, x, y, sign):
    """A × or a + in its circle, where wires meet."""
    ax.add_patch(Circle((x, y), 0.23, fc="white", ec="#555555", lw=1.6, zorder=4))
    ax.text(x, y - 0.01, sign, ha="center", va="center", fontsize=17, zorder=5)


def _draw_sums(ax):
    """Below the drawing, a line each for f, i, g, o, c, h and x: its formulas and its numbers.

    Returns four lists of texts: the formulas forward and those backward, which stand still, and
    the two columns of numbers beside them.
    """
    ahead, back, first, second = [], [], [], []
    colours = [*(gate.line for gate in GATES.values()), CELL_LINE, HIDDEN_LINE, SIGNAL]
    for n, (y, colour) in enumerate(zip(_HEIGHTS, colours, strict=True)):
        looks = {"color": colour, "va": "center", "fontsize": 13}
        if n < len(_FORWARD):  # x is given
            ahead.append(ax.text(0.3, y, _FORWARD[n], **looks))
        back += [
            ax.text(x, y, words, **looks)
            for x, words in zip((0.3, 5.2), _BACKWARD[n], strict=False)
        ]
        first.append(Words(ax, 2.9, y, ha="left", fontsize=12, color=colour))
        second.append(Words(ax, 7.7, y, ha="left", fontsize=12, color=colour))
    return ahead, back, first, second


def _draw_body(ax):
    """All of the diagram that stands still."""
    body = FancyBboxPatch(
        (1.55, 0.3), 7.05, 4.8, boxstyle="round,pad=0.1,rounding_size=0.25",
        fc="#f6f6f4", ec="#cfcfca", lw=1.5, zorder=0,
    )  # fmt: skip
    ax.add_patch(body)
    grey = {"color": "#9a9a9a", "lw": 2, "zorder": 1}
    ax.plot([1.3, 7.2], [0.65, 0.65], **grey)
    ax.plot([1.3, 1.3], [0.0, 0.65], **grey)
    ax.plot([1.3], [0.65], "o", color="#555555", ms=8, zorder=4)  # every box sees both
    ax.text(1.72, 0.4, "$[h_{t-1}, x_t]$", color="#555555", va="center", fontsize=12)
    for letter, x in _AT.items():
        gate = GATES[letter]
        ax.plot([x, x], [0.65, 1.4], **grey)
        box = FancyBboxPatch(
            (x - 0.42, 1.4), 0.84, 0.5, boxstyle="round,pad=0,rounding_size=0.08",
            fc=gate.line, ec="none", zorder=4,
        )  # fmt: skip
        ax.add_patch(box)
        ax.text(x, 1.65, f"{letter}: {gate.act}", color="white", ha="center", va="center",
                weight="bold", zorder=5)  # fmt: skip
    for x, y, sign in ((2.5, 4.6, "×"), (5.2, 4.6, "+"), (5.2, 3.0, "×"), (7.7, 2.4, "×")):
        draw_sign(ax, x, y, sign)
    squash = FancyBboxPatch(
        (7.32, 3.3), 0.76, 0.5, boxstyle="round,pad=0,rounding_size=0.2",
        fc="white", ec="#555555", lw=1.6, zorder=4,
    )  # fmt: skip
    ax.add_patch(squash)
    ax.text(7.7, 3.55, "tanh", ha="center", va="center", fontsize=12, zorder=5)
    for x, y, words, colour, side in (
        (0.3, 5.15, "$c_{t-1}$", CELL_LINE, "left"),
        (0.3, 1.2, "$h_{t-1}$", HIDDEN_LINE, "left"),
        (0.3, -0.28, "$x_t$", SIGNAL, "left"),
        (10.4, 4.6, "$c_t$", CELL_LINE, "left"),
        (10.4, 2.4, "$h_t$", HIDDEN_LINE, "left"),
        (2.25, 3.05, GATES["f"].word, GATES["f"].line, "right"),
        (3.65, 3.15, GATES["i"].word, GATES["i"].line, "left"),
        (6.0, 3.15, GATES["g"].word, GATES["g"].line, "left"),
        (6.7, 2.1, GATES["o"].word, GATES["o"].line, "right"),
    ):
        size = 15 if words.startswith("$") else 12
        ax.text(x, y, words, color=colour, ha=side, va="center", weight="bold", fontsize=size)
    ax.text(
        7.5, 4.85, say("the cell line"), color=CELL_LINE, ha="center", fontsize=11.5, style="italic"
    )
