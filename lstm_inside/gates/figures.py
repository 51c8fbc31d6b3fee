"""What stands still in notebook 03."""

import matplotlib
import numpy as np
from matplotlib.patches import Circle, FancyBboxPatch

from lstm_core import init_lstm, init_rnn, lstm_backward, lstm_forward, rnn_forward
from lstm_inside.gates.explorers_gradients import MIDDLE, lstm_left, rnn_left, untrained
from lstm_inside.gates.explorers_time import name_curves
from lstm_inside.gates.explorers_wiring import WIRES, draw_sign
from lstm_inside.gates.recall import LATCH, last_flag_problem, latch
from lstm_inside.page import plain
from lstm_inside.page.style import (
    CELL,
    CELL_LINE,
    FAINT,
    GATES,
    GRADIENT,
    HIDDEN,
    HIDDEN_LINE,
    RC,
    SIGNAL,
    Picture,
    picture,
)
from lstm_inside.words import say

_DRAWS = 20
# A unit's wire to itself: places (80, 2), seen from the unit.
_LOOP = np.array(
    [(0.85 * np.sin(a), 0.7 - 0.75 * np.cos(a)) for a in np.linspace(0, 2 * np.pi, 80)]
)


def recall(sequences) -> Picture:
    """The first of some `Sequences` of the recall problem: its numbers, the flag, the question."""
    numbers, flags = sequences.xs[:, 0].T
    steps, at = len(numbers), int(flags.argmax())
    with matplotlib.rc_context(RC):
        figure = picture(900, 220)
        figure.alt = say(
            "A stream of {steps} numbers between -1 and 1. The one at step {at}, {numbers:+.2f}, "
            "carries a flag. After step {steps} it is asked for.",
            steps=steps,
            at=at + 1,
            numbers=numbers[at],
        )
        ax = figure.subplots()
        ax.set(xlim=(0, steps + 13), ylim=(-1.25, 1.6), yticks=(-1, 0, 1), xlabel=say("step t"))
        ax.set_xticks(range(0, steps + 1, 20))
        ax.set_title(say("What was the number that carried the flag?"))
        ax.vlines(np.arange(1, steps + 1), 0, numbers, color="#b9b9b9", lw=1.5)
        ax.plot(np.arange(1, steps + 1), numbers, "o", color="#b9b9b9", ms=3.5)
        ax.vlines(at + 1, 0, numbers[at], color="#111111", lw=2.5)
        ax.plot([at + 1], [numbers[at]], "o", color="#111111", ms=9)
        ax.annotate(say("flag"), (at + 1, 1.12), ha="center", weight="bold")
        ax.text(steps + 4, 0, "?", fontsize=22, weight="bold", va="center")
    return figure


def cell_line() -> Picture:
    """The cell line of (3.1) alone, as the wiring explorer has it at its top."""
    with matplotlib.rc_context(RC):
        figure = picture(900, 180)
        figure.alt = say(
            "A line from c(t−1) to c(t). At a × the forget gate f comes in from below: keep. At a "
            "+ the input gate times the candidate, i × g, comes in from below: write."
        )
        ax = figure.subplots()
        ax.set(xlim=(0, 11), ylim=(3.05, 5.25))
        ax.set_axis_off()
        for name in ("c_prev", "kept", "c", "c_on"):
            colour, path, _ = WIRES[name]
            ax.plot(*zip(*path, strict=True), color=colour, lw=5, solid_capstyle="round", zorder=2)
        for name in ("f", "written"):
            colour, (*_, (x, top)), _ = WIRES[name]
            ax.plot([x, x], [3.5, top], color=colour, lw=5, solid_capstyle="butt", zorder=2)
            draw_sign(ax, x, 4.6, "×" if name == "f" else "+")
        for x, y, words, colour, side in (
            (0.3, 5.0, "$c_{t-1}$", CELL_LINE, "left"),
            (10.4, 4.6, "$c_t$", CELL_LINE, "left"),
            (7.9, 4.95, say("the cell line"), CELL_LINE, "center"),
            (2.5, 3.25, say("keep: {letter}", letter="f"), GATES["f"].line, "center"),
            (5.2, 3.25, say("write: {letter}", letter="i"), GATES["i"].line, "right"),
            (5.2, 3.25, " × g", GATES["g"].line, "left"),
        ):
            size = 16 if words.startswith("$") else 13
            ax.text(x, y, words, color=colour, ha=side, va="center", weight="bold", fontsize=size)
    return figure


def side_path() -> Picture:
    """Two steps of an LSTM, and both ways from one cell state to the next (3.1)-(3.6)."""
    with matplotlib.rc_context(RC):
        figure = picture(900, 240)
        figure.alt = say(
            "Two steps side by side. The cell line runs straight from c(t−1) to c(t), past one × "
            "and one +. The side path leaves it in the step before: down through tanh and × o to "
            "h(t−1), through W_h into the f, i and g of step t, and up to the × and the +."
        )
        ax = figure.subplots()
        ax.set(xlim=(0, 12), ylim=(0, 3.2))
        ax.set_axis_off()
        ax.set_title(say("Two ways from c(t−1) to c(t)"))
        name_curves(
            ax, (0.4, say("the cell line"), CELL_LINE), (0.6, say("the side path"), HIDDEN_LINE)
        )
        for left, right, words in ((1.2, 4.2, say("step t − 1")), (6.4, 10.8, say("step t"))):
            _box(ax, left, right, 0.05, 3.15, "#f6f6f4", "#cfcfca", zorder=0)
            ax.text(left + 0.15, 0.28, words, color="#666666", va="center", fontsize=12)
        _path(ax, CELL, (0.2, 2.7), (11.8, 2.7))
        _path(ax, HIDDEN, (3.0, 2.7), (3.0, 2.05))
        _path(ax, HIDDEN, (3.0, 1.45), (3.0, 0.6), (9.6, 0.6), arrow=False)
        _box(ax, 2.35, 3.65, 1.45, 2.05, "white", "#555555", "tanh, × o", "#111111")
        _box(ax, 5.05, 5.75, 0.32, 0.88, "white", HIDDEN_LINE, "$W_h$", HIDDEN_LINE)
        _path(ax, HIDDEN, (7.5, 1.45), (7.5, 2.48))
        for letter, x, side in (("f", 7.5, 0), ("i", 8.4, -0.22), ("g", 9.6, 0.22)):
            _path(ax, HIDDEN, (x, 0.6), (x, 0.98))
            if letter != "f":  # i and g meet in a ×, as in (3.1)
                _path(ax, HIDDEN, (x, 1.45), (x, 1.9), (9.0 + side, 1.9))
            _box(ax, x - 0.3, x + 0.3, 0.98, 1.48, GATES[letter].line, "none", letter, "white")
        _path(ax, HIDDEN, (9.0, 1.9), (9.0, 2.48))
        for x, y, sign in ((7.5, 2.7, "×"), (9.0, 1.9, "×"), (9.0, 2.7, "+")):
            draw_sign(ax, x, y, sign)
        for x, y, words, colour in (
            (5.3, 2.95, "$c_{t-1}$", CELL_LINE),
            (11.3, 2.95, "$c_t$", CELL_LINE),
            (4.6, 0.86, "$h_{t-1}$", HIDDEN_LINE),
        ):
            ax.text(x, y, words, color=colour, ha="center", va="center", fontsize=14)
    return figure


def gradient_draws() -> Picture:
    """How long the gradients of untrained networks are: pale a draw, dark the median.

    Each draw reads its own first stream; the loss is the sum of the last h. An RNN, and two LSTMs
    along the cell line and as a whole. What leaves the picture at the bottom has its end written.
    """

    def left(of, init, **setting):
        drawn = [of(*untrained(init, seed, **setting)) for seed in range(_DRAWS)]
        return np.array(drawn).swapaxes(0, -2).reshape(-1, _DRAWS, 101)

    low, high, told = 1e-10, 1e6, []
    line, whole = (say("cell line alone"), CELL_LINE), (say("whole"), GRADIENT)
    with matplotlib.rc_context(RC):
        figure = picture(900, 380)
        axes = figure.subplots(1, 3, sharex=True, sharey=True)
        for ax, top, title, families, names in (
            (
                axes[0],
                1e5,
                say("RNN:\nnothing gets back"),
                left(rnn_left, init_rnn),
                [(say("RNN"), "#777777")],
            ),
            (
                axes[1],
                1e5,
                say("LSTM, forget bias 1:\na little, by the side path"),
                left(lstm_left, init_lstm, forget_bias=1.0),
                [line, whole],
            ),
            (
                axes[2],
                1e-7,
                say("LSTM, forget bias 5: half by the\ncell line alone, the whole grows"),
                left(lstm_left, init_lstm, forget_bias=5.0),
                [line, whole],
            ),
        ):
            ax.set(xlim=(0, 100), yscale="log", ylim=(low, high), yticks=[1e-8, 1e-4, 1, 1e4])
            ax.set_xticks((0, 50, 100))
            ax.set_title(title, fontsize=12.5)
            ax.axhline(1, color=FAINT, lw=1.2)
            for n, (shares, (name, colour)) in enumerate(zip(families, names, strict=True)):
                middle = np.median(shares, axis=0)
                ends = {"name": name, "middle": middle[0]}
                over = {"zorder": 3 - n}  # the cell line lies on top
                ax.plot(shares.T, color=colour, lw=0.8, alpha=0.3, **over)
                ax.plot(middle, color=colour, lw=4, **over)
                arrow = "↓ " if middle[0] < low else ""
                words = say("{name}: {middle:.2g}", **ends)
                ax.text(4, top / 30**n, arrow + words, color=colour, va="center", weight="bold",
                        fontsize=12)  # fmt: skip
                words = say(
                    "{name}: {middle:.2g} at step 0 ({low:.2g} to {high:.2g})",
                    **ends, low=shares[:, 0].min(), high=shares[:, 0].max(),
                )  # fmt: skip
                told.append(say("{title}, {words}", title=title.replace("\n", " "), words=words))
        axes[1].set_xlabel(say("step t: the loss is at the right end; the numbers: left at step 0"))
        axes[0].set_ylabel(say("gradient's length,\nrelative to step {steps}", steps=100))
        figure.alt = say(
            "The gradient's length relative to that at step 100, in {draws} draws. {told}.",
            draws=_DRAWS,
            told=say("; ").join(told),
        )
    return figure


def latch_gradients() -> Picture:
    """How much the answer of a memory depends on the cell state, and on the number, of step t.

    One stream of 100 steps and two flags; the loss is the last h, of an LSTM of more units their
    sum. Above `LATCH` beside a unit that keeps and one that forgets, both without a flag at the
    forget gate. Below `LATCH`, the one that keeps and an untrained LSTM.
    """
    xs = last_flag_problem(100, 1, rng=np.random.default_rng(2)).xs
    flagged = np.flatnonzero(xs[:, 0, 1]) + 1

    def back(params):
        loss = np.zeros((100, 1, len(params.W_h)))
        loss[-1] = 1
        return lstm_backward(loss, lstm_forward(xs, params), params)

    def shares(params):
        sizes = np.abs(back(params).xs[:, 0, 0])
        return sizes, sizes[flagged - 1] / sizes.sum()

    keeps, grey = latch(-8, 16, 8, 0, 0.5), {"color": "#777777"}
    drawn = [untrained(init_lstm, seed, forget_bias=5.0)[0] for seed in range(_DRAWS)]
    at_last = [shares(params)[1][1] for params in drawn]
    with matplotlib.rc_context(RC):
        figure = picture(900, 640)
        ax, *rows = figure.subplots(4, sharex=True, height_ratios=(5, 2, 2, 2))
        ax.set(xlim=(0, 100), yscale="log", ylim=(1e-8, 40), yticks=[1e-6, 1e-4, 1e-2, 1])
        ax.set_title(
            say("dh$_{{{steps}}}$/dc$_t$: how much the answer depends on the cell state of step t",
                steps=100)
        )  # fmt: skip
        for at, words in zip(flagged, (say("first flag"), say("last flag")), strict=True):
            ax.text(at, 9, words, ha="center", va="center", weight="bold", fontsize=11.5)
            for each in (ax, *rows):
                high = 0.86 if each is ax else 1
                each.axvline(at, ymax=high, color="#111111", lw=1.2, ls=(0, (1, 2)), zorder=1)
        for params, x, y, words, looks in (
            (keeps, 13, 1.7, say("keeps"), grey | {"lw": 2}),
            (latch(-8, 16, 3, 0, 0.5), 18, 0.05, say("forgets"), grey | {"ls": "--"}),
            (LATCH, 13, 7e-5, "LATCH", {"color": GRADIENT, "lw": 3}),
        ):
            dc = back(params).c[:, 0, 0]
            ax.plot(dc, **looks)
            ax.text(x, y, words, color=looks["color"], weight="bold", va="center")
        before, first = dc[flagged - 1][::-1]
        told = []
        for row, params, title in (
            (rows[0], LATCH, say("LATCH: the answer depends on one number")),
            (rows[1], keeps, say("The unit that keeps: on both flagged numbers")),
            (rows[2], drawn[MIDDLE], say("LSTM at random, forget bias 5: on nearly all")),
        ):
            sizes, (early, late) = shares(params)
            row.set(ylim=(0, 0.46), yticks=(0, 0.4))
            row.set_title(title)
            row.vlines(np.arange(1, 101), 0, sizes, color=GRADIENT, lw=3)
            words = say("first flag {early:.1%}, last flag {late:.1%}", early=early, late=late)
            row.text(1, 1.03, words, transform=row.transAxes, ha="right", va="bottom",
                     fontsize=11.5, **grey)  # fmt: skip
            told.append(say("{title}, {words}", title=title, words=words))
        rows[1].set_ylabel("$|dh_{100}/dx_t|$")
        rows[2].set_xlabel(say("step t"))
        figure.alt = say(
            "Three units that hold a number, the gradient of the last h from right to left. In one "
            "that keeps it is nearly flat, in one that forgets it falls steadily. In LATCH it is "
            "flat, and falls at both flags: to {before:.1e} a step before the last one, to "
            "{first:.1e} a step before the first. Below: how much the answer depends on each "
            "number, and which share of it the flagged ones have. {told}. In {draws} such LSTMs "
            "the last flag has {low:.1%} to {high:.1%}.",
            before=before,
            first=first,
            told=say("; ").join(told),
            draws=_DRAWS,
            low=min(at_last),
            high=max(at_last),
        )
    return figure


def plain_latch(params) -> Picture:
    """The wires of four plain units that hold a number, and what r holds around a flag (3.10).

    params: the RNN of (number, flag) -> u, v, d, r. It reads the stream of `latch_gradients`.
    """
    xs = last_flag_problem(100, 1, rng=np.random.default_rng(2)).xs
    flag = int(np.flatnonzero(xs[:, 0, 1])[-1]) + 1  # the step of the last one
    held = rnn_forward(xs, params).h[flag - 2 : flag + 3, 0, 3]
    with matplotlib.rc_context(RC):
        figure = picture(900, 430)
        ax = figure.subplots()
        ax.set(xlim=(0, 12), ylim=(-2.05, 4.1))
        ax.set_axis_off()
        ax.set_title(say("Four plain units hold a number in r, too"))
        name_curves(ax, (0.6, say("dashed: from the step before"), "#666666"))
        inputs = [((1.1, 3.4), say("number")), ((1.1, 0.9), say("flag"))]
        units = [(4.9, 3.4), (4.9, 2.15), (4.9, 0.9), (9.0, 2.15)]
        for (x, y), words in inputs:
            ax.text(x, y, words, ha="center", va="center", weight="bold", color=SIGNAL)
        for rows, starts, late in (
            (params.W_x, [place for place, _ in inputs], False),
            (params.W_h, units, True),
        ):
            for row, start in zip(rows, starts, strict=True):
                for weight, end in zip(row, units, strict=True):
                    if weight and start != end:
                        _wire(ax, start, end, _sign(weight), late)
        ax.plot(*_LOOP.T + np.array([[9.0], [2.15]]), color=CELL_LINE, lw=3, ls=(0, (3, 1)))
        ax.text(9.0, 3.9, _sign(params.W_h[3, 3]), ha="center", va="center", fontsize=17,
                weight="bold", color=CELL_LINE)  # fmt: skip
        for (x, y), name, bias in zip(units, "uvdr", params.b, strict=True):
            fill, edge, ink = "white", "#555555", "#111111"
            if name == "r":
                fill, edge, ink = CELL_LINE, CELL_LINE, "white"
            ax.add_patch(Circle((x, y), 0.42, fc=fill, ec=edge, lw=1.6, zorder=4))
            ax.text(x, y, name, color=ink, ha="center", va="center", fontsize=16, zorder=5)
            if bias:
                words = say("bias {bias}", bias=_sign(bias))
                ax.text(x, y + 0.6, words, ha="center", va="center", fontsize=10.5, color="#666666")
        for x, y, words in (
            (5.7, 3.5, say("u, v write")),
            (5.7, 0.75, say("d clears")),
            (9.65, 2.15, say("r holds")),
        ):
            ax.text(x, y, words, va="center", fontsize=12)
        happens = (
            say("holds the old number"), "", say("flag: pushed to 1"),
            say("−1, and the new number"), say("holds the new number"),
        )  # fmt: skip
        for n, (value, words) in enumerate(zip(held, happens, strict=True)):
            x = 1.6 + 2.3 * n
            fill = CELL_LINE if n == 2 else "white"
            number = f"{value:+.4f}".replace("-", "−")
            _box(ax, x - 0.85, x + 0.85, -1.25, -0.65, fill, CELL_LINE, number,
                 "white" if n == 2 else CELL_LINE)  # fmt: skip
            ax.text(x, -0.42, say("step {t}", t=flag - 2 + n), ha="center", va="center",
                    fontsize=11, color="#666666")  # fmt: skip
            ax.text(x, -1.65, words, ha="center", va="center", fontsize=11.5)
            if n:
                _path(ax, CELL, (x - 1.45, -0.95), (x - 0.85, -0.95))
        ax.text(0.1, -0.95, "r", va="center", fontsize=16, weight="bold", color=CELL_LINE)
        figure.alt = say(
            "Wires from the number and the flag to four units u, v, d and r. From u, v and d wires "
            "of weights {weights} lead to r one step later; its wire to itself has weight {own}. "
            "Around a flag at step {flag} r holds {held}.",
            weights=", ".join(map(_sign, params.W_h[:3, 3])),
            own=_sign(params.W_h[3, 3]),
            flag=flag,
            held=", ".join(f"{value:+.4f}" for value in held),
        )
    return figure


def wrong_weights(sizes, plain_scores, latch_scores) -> Picture:
    """R squared of a plain network and of `LATCH` with wrong weights: a dot a draw, and the median.

    sizes: the size of the errors, as shares of the weights. Scores: (sizes, draws), or a list.
    """
    families = (
        (np.array(latch_scores), "LATCH", CELL_LINE, "-", 1.2),
        (np.array(plain_scores), say("plain RNN"), "#6b6b6b", (0, (4, 2)), -0.27),
    )
    with matplotlib.rc_context(RC):
        figure = picture(900, 340)
        ax = figure.subplots()
        ax.set(ylim=(-0.4, 1.35), yticks=(0, 0.5, 1), ylabel="R²", xlabel=say("size of the errors"))
        ax.set(xlim=(-1.05, len(sizes) - 0.5), xticks=range(len(sizes)))
        ax.set_xticklabels([f"{100 * size:g} %" for size in sizes])
        ax.set_title(say("The plain network fails early, LATCH late"))
        told = []
        for scores, name, colour, style, y in families:
            places = np.arange(len(sizes))
            spread = np.linspace(-0.16, 0.16, scores.shape[1])
            looks = {"ms": 4, "alpha": 0.45, "mec": "none"}
            ax.plot(places[:, None] + spread, scores, "o", color=colour, **looks)
            ax.plot(places, np.median(scores, axis=1), color=colour, lw=3, ls=style)
            ax.text(-1.0, y, name, color=colour, weight="bold", va="center")
            for place, row in zip(places, scores, strict=True):
                many = {"many": int((row > 0.9).sum()), "draws": len(row)}
                ax.text(place, y, say("{many} of {draws}", **many), color=colour, ha="center",
                        va="center", fontsize=11.5, weight="bold")  # fmt: skip
                told.append(
                    say("{name}, errors of {size}: {many} of {draws} above 0.9, median {middle}",
                        name=name, size=f"{100 * sizes[place]:g} %", **many,
                        middle=plain(np.median(row)))
                )  # fmt: skip
        name_curves(ax, (0.62, say("in numbers: draws with R² above 0.9"), "#666666"))
        figure.alt = say("R² with wrong weights. {told}.", told=say("; ").join(told))
    return figure


def _box(ax, left, right, low, high, fill, edge, words="", colour="", zorder=3):
    """A rounded box with words in its middle."""
    place, size = (left, low), (right - left, high - low)
    shape = "round,pad=0,rounding_size=0.1"
    ax.add_patch(FancyBboxPatch(place, *size, shape, fc=fill, ec=edge, lw=1.5, zorder=zorder))
    middle = (left + right) / 2, (low + high) / 2
    ax.text(*middle, words, color=colour or None, ha="center", va="center", weight="bold",
            zorder=zorder + 1)  # fmt: skip


def _sign(weight):
    """A weight as it is written, with a true minus."""
    return f"{weight:g}".replace("-", "−")


def _wire(ax, start, end, words, late):
    """An arrow between two units or from an input, with its weight near its middle."""
    ax.annotate("", end, start, zorder=2, arrowprops={
        "arrowstyle": "-|>", "color": "#888888", "lw": 1.4, "shrinkA": 38, "shrinkB": 33,
        "mutation_scale": 15,
        "ls": (0, (4, 2)) if late else "-",
    })  # fmt: skip
    at = np.array(start) + 0.55 * (np.array(end) - start)
    ax.text(*at, words, ha="center", va="center", fontsize=11.5, zorder=3,
            bbox={"fc": "white", "ec": "none", "pad": 1})  # fmt: skip


def _path(ax, colour, *places, arrow=True):
    """A thick line through some places; an arrow head at its end."""
    ax.plot(*zip(*places, strict=True), color=colour, lw=4, solid_capstyle="butt", zorder=2)
    if arrow:
        ax.annotate("", places[-1], places[-2], zorder=2, arrowprops={
            "arrowstyle": "-|>", "color": colour, "lw": 0, "mutation_scale": 22,
        })  # fmt: skip
