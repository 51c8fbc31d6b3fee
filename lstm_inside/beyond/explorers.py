"""The views of notebook 09: two layouts of the same weights, and a batch shared out."""

from itertools import pairwise

import matplotlib
import numpy as np
from matplotlib.patches import Rectangle

from lstm_core import init_lstm, lstm_backward, lstm_forward, split_gates
from lstm_inside.page import Explorer, Pixels, Words, choice, signed, slider, strokes, toggle, whole
from lstm_inside.page.style import BLOCKS, FAINT, GATES, GRADIENT, RC, SIGNED, picture
from lstm_inside.simulation.text import V, encode, one_hot, windows
from lstm_inside.training import Model, arrays_of, each_array, init_readout, loss_every_step
from lstm_inside.words import say

# ---------------------------------------------------------------- two layouts


def layout_explorer(D=3, H=4) -> Explorer:
    """The weights of one LSTM as lstm_core and as PyTorch keep them (9.1), (9.2).

    Shown are the weights themselves or, by the real backward pass, the loss's gradient by
    them; one gate of one unit is framed in both.
    """
    rng = np.random.default_rng(91)
    base = init_lstm(D, H, rng=rng)
    xs, dhs = rng.normal(size=(12, 2, D)), np.zeros((12, 2, H))
    dhs[-1] = 1 / 2  # the loss: the sum over the units of the last h, the mean of 2 sequences
    rows, gap = D + H + 1, 4 * H  # (4H columns here, 4H rows there)

    with matplotlib.rc_context(RC):
        figure = picture(920, 450)
        figure.set_layout_engine("none")
        ours = figure.add_axes((0.07, 0.3, 0.46, 0.46))
        theirs = figure.add_axes((0.68, 0.07, 0.26, 0.74))
        here = Pixels.on(ours, np.zeros((rows, gap)), cmap=SIGNED, vmin=-1, vmax=1)
        there = Pixels.on(theirs, np.zeros((gap, rows + 1)), cmap=SIGNED, vmin=-1, vmax=1)
        edges = _dress_layouts(ours, theirs, D, H)
        frames = [
            ax.add_patch(Rectangle((0, 0), w, h, fill=False, lw=2.6, clip_on=False, zorder=5))
            for ax, w, h in ((ours, 1, rows), (theirs, rows + 1, 1))
        ]
        lines = [
            Words(ours, -0.5, y, ha="left", fontsize=12.5, weight=w)
            for y, w in ((-2.0, "bold"), (-3.1, "normal"))
        ]
        key = figure.add_axes((0.155, 0.05, 0.24, 0.03))
        key.set(xticks=[], yticks=[])
        Pixels.on(key, np.linspace(-1, 1, 61)[None], cmap=SIGNED, vmin=-1, vmax=1)
        key.text(30, -0.9, "0", ha="center", va="top", fontsize=11.5)
        ends = [
            Words(key, x, 0, ha=side, fontsize=11.5, color="#333333")
            for x, side in ((-2, "right"), (62, "left"))
        ]

    def update(gate, unit, b_f, share, gradients):
        b = base.b.copy()
        split_gates(b)[1][:] = b_f
        params = base._replace(b=b)
        grads = lstm_backward(dhs, lstm_forward(xs, params), params).params
        weight_ih, weight_hh = params.W_x.T, params.W_h.T  # (9.1)
        both = np.stack([share * b, (1 - share) * b], axis=1)  # (9.2)
        shown, peers = params, (weight_ih, weight_hh, both)
        if gradients:
            shown, peers = grads, (grads.W_x.T, grads.W_h.T, np.stack([grads.b] * 2, axis=1))
        top = 1.0 if not gradients else max(np.abs(g).max() for g in grads)
        for image, table in ((here, np.vstack(shown)), (there, np.hstack(peers))):
            image.set_data(table[::-1])  # the first row on top
            image.set_clim(-top, top)
        for end, value in zip(ends, (-top, top), strict=True):
            end.set_text(signed(value, 2 if not gradients else 3))
        k = GATES[gate].block * H + unit
        frames[0].set_xy((k - 0.5, -0.5))
        frames[1].set_xy((-0.5, gap - 1 - k - 0.5))
        for frame in frames:
            frame.set_edgecolor(GATES[gate].line)
        lines[0].set_text(say("column {k} of W_x, W_h  =  row {k} of weight_ih, weight_hh", k=k))
        lines[0].set_color(GATES[gate].line)
        one, two = both[k]
        lines[1].set_text(
            say(
                "dL/db = {b}: each of the two biases has this whole derivative",
                b=signed(grads.b[k], 3),
            )
            if gradients
            else say(
                "b = {b} here;  bias_ih + bias_hh = {one} + ({two}) there",
                b=signed(b[k]),
                one=signed(one),
                two=signed(two),
            )
        )
        return {
            "column": k,
            "gate": gate,
            "unit": unit,
            "b": b[k],
            "biases": both[k],
            "weights": params,
            "grads": grads,
            "gradients": gradients,
        }

    def describe(v):
        framed = {
            "unit": v["unit"],
            "name": GATES[v["gate"]].name,
            "column": v["column"],
            "b": v["b"],
        }
        if v["gradients"]:
            return say(
                "The gradient of unit {unit}'s {name}: column {column} here, row {column} in "
                "PyTorch. Its bias is {b:+.2f}, in PyTorch the sum of two.",
                **framed,
            )
        return say(
            "The weights of unit {unit}'s {name}: column {column} here, row {column} in PyTorch. "
            "Its bias is {b:+.2f}, in PyTorch the sum of two.",
            **framed,
        )

    return Explorer(
        "layout",
        figure=figure,
        controls={
            "gate": choice("gate", [(GATES[g].short, g) for g in BLOCKS], "f"),
            "unit": whole("unit", 0, H - 1, 1, quantity="h"),
            "b_f": slider("forget bias b_f", -1, 1, 0.1, 1, quantity="f", digits=1),
            "share": slider("share of b in bias_ih", 0, 1, 0.05, 1),
            "gradients": toggle("show the gradient instead of the weights"),
        },
        moving=[here, there, *edges, *frames, *lines, *ends],
        update=update,
        describe=describe,
    )


def _dress_layouts(ours, theirs, D, H):
    """Names of the parts and gates around the two tables; returns the lines that divide them."""
    rows, gap = D + H + 1, 4 * H
    for ax in (ours, theirs):
        ax.set(xticks=[], yticks=[])
    named = {"fontsize": 12, "va": "center"}
    for name, at in (("W_x", D / 2), ("W_h", D + H / 2), ("b", D + H + 0.5)):
        ours.text(-0.8, rows - at - 0.5, name, ha="right", **named)
    look = {"color": "#222222", "lw": 1.4}
    edges = [ours.axhline(rows - y - 0.5, **look) for y in (D, D + H)]
    for name, at in (("weight_ih", D / 2), ("weight_hh", D + H / 2)):
        theirs.text(at - 0.5, gap + 0.2, name, ha="center", **named)
    theirs.text(rows - 0.5, gap + 1.3, say("bias_ih, bias_hh"), ha="center", **named)
    edges += [theirs.axvline(x - 0.5, **look) for x in (D, D + H, D + H + 1)]
    for n, gate in enumerate(BLOCKS):
        look = {"color": GATES[gate].line, "clip_on": False, "lw": 0}
        ours.add_patch(Rectangle((n * H - 0.45, rows - 0.35), H - 0.1, 0.25, **look))
        theirs.add_patch(Rectangle((rows + 0.65, gap - (n + 1) * H - 0.45), 0.25, H - 0.1, **look))
        bold = {"color": GATES[gate].line, "weight": "bold", "va": "center", "ha": "center"}
        ours.text((n + 0.5) * H - 0.5, rows + 0.45, GATES[gate].short, fontsize=11.5, **bold)
        theirs.text(rows + 1.6, gap - (n + 0.5) * H - 0.5, gate, fontsize=13, **bold)
    figure = ours.figure
    for x, words in (
        (0.07, say("lstm_core: one column per gate and unit")),
        (0.68, say("PyTorch: one row per gate and unit")),
    ):
        figure.text(x, 0.95, words, fontsize=13.5, weight="bold", va="center")
    return edges


# ---------------------------------------------------------------- a batch shared out

TEXT = (
    "One worker reads the first half of the batch, the other reads the second. Neither sees "
    "what the other has read, and each finds a slope of its own: two opinions on where to go. "
    "Averaged, they are the opinion of one who has read it all. That holds for means, and for "
    "equal shares (or weights that say how large each share was); it does not hold for much else."
)
SEQUENCES, LENGTH, UNITS, MOST_WORKERS = 12, 12, 8, 4


_TOP, _EDGE = 0.16, 0.13  # of the axis for dL/db; what goes beyond the edge is drawn at it


def shared_batch():
    """A small character model, float64, and a batch of 12 texts for it: Model, (xs, labels)."""
    rng = np.random.default_rng(92)
    model = Model(init_lstm(V, UNITS, rng=rng), init_readout(UNITS, V, rng=rng))
    model = each_array(lambda a: 3 * a, model)  # past the start, where all gates have their say
    ids = windows(encode(TEXT), SEQUENCES, LENGTH + 1)
    return model, (one_hot(ids[:-1]), ids[1:])


def shares_of(workers, extra=0, count=SEQUENCES) -> list[int]:
    """How many of `count` sequences each worker reads: the first `extra` more than its part."""
    first = min(count // workers + extra, count - workers + 1)
    others = workers - 1
    if not others:
        return [count]
    rest = count - first
    return [first, *(rest // others + (n < rest % others) for n in range(others))]


def gradient_of(model, batch):
    """dL/dweights of a batch's mean loss, by the real forward and backward pass."""
    return loss_every_step(model, batch)[1]


def averaged(gradients, weights=None):
    """The mean of several gradients of one form: plain (9.6), or with weights (9.5)."""
    weights = [1 / len(gradients)] * len(gradients) if weights is None else weights
    return each_array(lambda *g: sum(w * a for w, a in zip(weights, g, strict=True)), *gradients)


def off_by(got, want) -> np.ndarray:
    """Largest difference of each array, as a share of the largest entry wanted: (arrays,)."""
    pairs = zip(arrays_of(got), arrays_of(want), strict=True)
    return np.array([np.abs(a - b).max() / np.abs(b).max() for a, b in pairs])


def all_reduce_explorer() -> Explorer:
    """Several workers' gradients, their average, and the whole batch's (9.3)-(9.6).

    Differences below 100 units in the last place are rounding and drawn at that floor.
    """
    model, (xs, labels) = shared_batch()
    names = ["W_x", "W_h", "b", "W_y", "b_y"]
    place = np.arange(4 * UNITS)
    with matplotlib.rc_context(RC):
        figure = picture(920, 490)
        ax = figure.subplot_mosaic(
            [["split", "split"], ["b", "off"]], height_ratios=(1, 3.4), width_ratios=(3, 2)
        )
        ax["split"].set(xlim=(-0.1, SEQUENCES + 0.1), ylim=(-0.1, 1.75))
        ax["split"].set_axis_off()
        ax["split"].set_title(say("The batch: 12 sequences, shared out among the workers"))
        for n in range(SEQUENCES):
            ax["split"].add_patch(Rectangle((n + 0.06, 0), 0.88, 0.55, fc="#dddddd", lw=0))
        (cut_line,) = ax["split"].plot([], [], color="#111111", lw=3)
        heads, says = (
            [Words(ax["split"], 0, y, fontsize=12, color="#333333") for _ in range(MOST_WORKERS)]
            for y in (1.4, 0.88)
        )
        ax["b"].set(xlim=(-0.8, 4 * UNITS - 0.2), ylim=(-_TOP, _TOP), xticks=[])
        ax["b"].set_title(say("dL/db: one place for each gate of each unit"))
        ax["b"].axhline(0, color=FAINT, lw=1)
        for n, gate in enumerate(BLOCKS):
            ax["b"].text(
                (n + 0.5) * UNITS - 0.5,
                -0.94 * _TOP,
                GATES[gate].short,
                ha="center",
                color=GATES[gate].line,
                weight="bold",
                fontsize=12,
            )
        ax["b"].text(
            -0.3, 0.9 * _TOP, say("• each worker"), color="#777777", weight="bold", va="center"
        )
        ax["b"].text(
            9, 0.9 * _TOP, say("+ their average"), color="#111111", weight="bold", va="center"
        )
        ax["b"].text(
            19.5, 0.9 * _TOP, say("▮ the whole batch"), color=GRADIENT, weight="bold", va="center"
        )
        stems = [
            ax["b"].plot([], [], color=GATES[gate].line, lw=7, alpha=0.5, solid_capstyle="butt")[0]
            for gate in BLOCKS
        ]
        (dots,) = ax["b"].plot([], [], "o", color="#777777", ms=3.4, mec="none")
        (mean,) = ax["b"].plot([], [], "+", color="#111111", ms=9, mew=1.8)
        ax["off"].set(xscale="log", xlim=(1e-15, 3), ylim=(-0.6, 5.4), yticks=range(5))
        ax["off"].set_yticklabels(names[::-1])
        ax["off"].set_xticks([1e-14, 1e-10, 1e-6, 1e-2])
        ax["off"].minorticks_off()
        ax["off"].set_title(say("Average minus whole batch"))
        ax["off"].set_xlabel(say("largest difference / largest entry"))
        gaps = ax["off"].barh(range(5), np.ones(5), left=1e-15, height=0.62, color=GRADIENT)
        edge = ax["off"].axvline(1, color="#777777", lw=1.6, ls=(0, (3, 2)))
        floor_name = Words(ax["off"], 1, 5.0, ha="left", fontsize=11.5, color="#666666")

    def update(workers, extra, b_f, weighted, single):
        b = model.cell.b.copy()
        split_gates(b)[1][:] = b_f
        dtype = np.float32 if single else np.float64
        now = each_array(lambda a: a.astype(dtype), model._replace(cell=model.cell._replace(b=b)))
        sizes = shares_of(workers, extra)
        ends = np.cumsum([0, *sizes])
        cuts = [slice(*pair) for pair in pairwise(ends)]
        own = [gradient_of(now, (xs[:, cut], labels[:, cut])) for cut in cuts]
        total = gradient_of(now, (xs, labels))
        weights = [size / SEQUENCES for size in sizes] if weighted else None
        average = averaged(own, weights)
        floor = 100 * np.finfo(dtype).eps
        off = np.maximum(off_by(average, total), floor)

        cut_line.set_data(*strokes(ends[1:-1], -0.1, 1.65))
        for n, (head, line) in enumerate(zip(heads, says, strict=True)):
            head.set_text(_head(n, sizes))
            line.set_text(_weight(n, sizes, weighted))
            for words in (head, line):
                words.set_x((ends[n] + ends[n + 1]) / 2 if n < workers else 0)
        for n, stem in enumerate(stems):
            mine = slice(n * UNITS, (n + 1) * UNITS)
            stem.set_data(*strokes(place[mine], 0, np.clip(total.cell.b[mine], -_EDGE, _EDGE)))
        each = np.concatenate([g.cell.b for g in own])
        dots.set_data(np.tile(place, workers), np.clip(each, -_EDGE, _EDGE))
        mean.set_data(place, np.clip(average.cell.b, -_EDGE, _EDGE))
        for bar, value in zip(gaps, off[::-1], strict=True):
            bar.set_width(value - 1e-15)
        edge.set_xdata([floor, floor])
        floor_name.set_text(say("rounding, {name}", name=np.dtype(dtype).name))
        floor_name.set_x(floor * 1.6)
        return {
            "sizes": sizes,
            "own": own,
            "average": average,
            "whole": total,
            "floor": floor,
            "off": dict(zip(names, off, strict=True)),
            "same": bool((off <= floor).all()),
            "weighted": weighted,
            "precision": np.dtype(dtype).name,
        }

    def describe(v):
        many = len(v["sizes"])
        who = say(
            "{many} workers read {shares} sequences",
            many=many,
            shares=" + ".join(map(str, v["sizes"])),
        )
        if many == 1:
            who = say("One worker reads all 12 sequences")
        average = say("the weighted average") if v["weighted"] else say("the plain average")
        if v["same"]:
            return say(
                "{who}: {average} is the whole batch's gradient, to {precision}'s rounding.",
                who=who,
                average=average,
                precision=v["precision"],
            )
        return say(
            "{who}: {average} is off the whole batch's gradient by up to {most:.0%} of the "
            "largest entry.",
            who=who,
            average=average,
            most=max(v["off"].values()),
        )

    return Explorer(
        "all_reduce",
        figure=figure,
        controls={
            "workers": whole("workers", 1, MOST_WORKERS, 2, quantity="x"),
            "extra": whole("more for worker 1", 0, 6, 1, quantity="x"),
            "b_f": slider("forget bias b_f", -2, 6, 0.1, 1, quantity="f", digits=1),
            "weighted": toggle("weight each worker by its share"),
            "single": toggle("float32 instead of float64"),
        },
        moving=[cut_line, *heads, *says, *stems, dots, mean, *gaps, edge, floor_name],
        update=update,
        describe=describe,
    )


def _head(worker, sizes):
    """What stands above a worker's part of the batch: its name, or its number where it is small."""
    if worker >= len(sizes):
        return ""
    return (
        say("worker {worker}: {sizes}", worker=worker + 1, sizes=sizes[worker])
        if sizes[worker] > 1
        else f"{worker + 1}: 1"
    )


def _weight(worker, sizes, weighted):
    """The factor of a worker's gradient in the average, in words."""
    if worker >= len(sizes):
        return ""
    factor = f"{sizes[worker]}/{SEQUENCES}" if weighted else f"1/{len(sizes)}"
    return say("weight {factor}", factor=factor) if sizes[worker] > 1 else factor


EXPLORERS = {"layout": layout_explorer, "all_reduce": all_reduce_explorer}
