"""What stands still in notebook 03."""

import matplotlib
import numpy as np
from matplotlib.patches import Circle, FancyBboxPatch

from lstm_core import lstm_backward, lstm_forward
from lstm_inside.gates.explorers_time import name_curves
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
    Picture,
    picture,
)
from lstm_inside.words import say


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
        ax.set_title(say("Which number carried the flag?"))
        ax.vlines(np.arange(1, steps + 1), 0, numbers, color="#b9b9b9", lw=1.5)
        ax.plot(np.arange(1, steps + 1), numbers, "o", color="#b9b9b9", ms=3.5)
        ax.vlines(at + 1, 0, numbers[at], color="#111111", lw=2.5)
        ax.plot([at + 1], [numbers[at]], "o", color="#111111", ms=9)
        ax.annotate(say("flag"), (at + 1, 1.12), ha="center", weight="bold")
        ax.text(steps + 4, 0, "?", fontsize=22, weight="bold", va="center")
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
        for left, right, words in ((1.2, 4.2, say("step t − 1")), (6.2, 10.6, say("step t"))):
            _box(ax, left, right, 0.1, 3.1, "#f6f6f4", "#cfcfca", zorder=0)
            ax.text(left + 0.15, 0.35, words, color="#666666", va="center", fontsize=12)
        _path(ax, CELL, (0.2, 2.5), (11.6, 2.5))
        _path(ax, HIDDEN, (3.0, 2.5), (3.0, 0.85), (9.4, 0.85), arrow=False)
        _box(ax, 2.35, 3.65, 1.35, 1.95, "white", "#555555", "tanh, × o", "#111111")
        _path(ax, HIDDEN, (7.3, 0.85), (7.3, 2.3))
        _path(ax, HIDDEN, (8.8, 1.85), (8.8, 2.5), arrow=False)  # i and g meet in a ×, as in (3.1)
        for letter, x in (("f", 7.3), ("i", 8.2), ("g", 9.4)):
            if letter != "f":
                _path(ax, HIDDEN, (x, 0.85), (x, 1.85), (8.8, 1.85), arrow=False)
            _box(ax, x - 0.3, x + 0.3, 1.05, 1.55, GATES[letter].line, "none", letter, "white")
        for x, y, sign in ((7.3, 2.5, "×"), (8.8, 1.85, "×"), (8.8, 2.5, "+")):
            ax.add_patch(Circle((x, y), 0.22, fc="white", ec="#555555", lw=1.6, zorder=4))
            ax.text(x, y - 0.01, sign, ha="center", va="center", fontsize=16, zorder=5)
        for x, y, words, colour in (
            (5.2, 2.75, "$c_{t-1}$", CELL_LINE),
            (11.2, 2.75, "$c_t$", CELL_LINE),
            (4.8, 1.1, "$h_{t-1}$", HIDDEN_LINE),
            (5.8, 1.1, "$W_h$", HIDDEN_LINE),
        ):
            ax.text(x, y, words, color=colour, ha="center", va="center", fontsize=14)
    return figure


def latch_gradients() -> Picture:
    """How much the last h of three units feels the cell state of step t, on one stream.

    One unit keeps and hears no flag at its forget gate, one forgets and does not either, the
    third is `LATCH`. The stream has 100 steps and two flags; the loss is the last h.
    """
    xs = last_flag_problem(100, 1, rng=np.random.default_rng(2)).xs
    loss = np.zeros((100, 1, 1))
    loss[-1] = 1
    with matplotlib.rc_context(RC):
        figure = picture(900, 330)
        ax = figure.subplots()
        ax.set(xlim=(0, 100), yscale="log", ylim=(1e-8, 40), xlabel=say("step t"))
        ax.set_yticks([1e-6, 1e-4, 1e-2, 1])
        ax.set_title(
            say("dh$_{{{steps}}}$/dc$_t$: how much the answer feels the cell state of step t",
                steps=100)
        )  # fmt: skip
        flagged = np.flatnonzero(xs[:, 0, 1]) + 1
        for at, words in zip(flagged, (say("first flag"), say("last flag")), strict=True):
            ax.axvline(at, ymax=0.86, color="#111111", lw=1.2, ls=(0, (1, 2)))
            ax.text(at, 9, words, ha="center", va="center", weight="bold", fontsize=11.5)
        for params, x, y, words, looks in (
            (latch(-8, 16, 8, 0, 0.5), 13, 1.7, say("keeps"), {"color": "#777777", "lw": 2}),
            (latch(-8, 16, 3, 0, 0.5), 18, 0.05, say("forgets"), {"color": "#777777", "ls": "--"}),
            (LATCH, 13, 7e-5, "LATCH", {"color": GRADIENT, "lw": 3}),
        ):
            dc = lstm_backward(loss, lstm_forward(xs, params), params).c[:, 0, 0]
            ax.plot(dc, **looks)
            ax.text(x, y, words, color=looks["color"], weight="bold", va="center")
        before, first = dc[flagged - 1][::-1]
        figure.alt = say(
            "Three units that hold a number, the gradient of the last h from right to left. In one "
            "that keeps it is nearly flat, in one that forgets it falls steadily. In LATCH it is "
            "flat, and falls at both flags: to {before:.1e} a step before the last one, to "
            "{first:.1e} a step before the first.",
            before=before,
            first=first,
        )
    return figure


def answers(scores) -> Picture:
    """The answers of some networks beside the right ones: name -> a `Recalled`, a panel each."""
    with matplotlib.rc_context(RC):
        figure = picture(900, 270)
        figure.alt = say(
            "Answers against the flagged numbers. R²: {scores}.",
            scores=say("; ").join(
                say("{name}: {score}", name=name, score=plain(one.r2, 3))
                for name, one in scores.items()
            ),
        )
        axes = figure.subplots(1, len(scores), sharey=True, squeeze=False)[0]
        steps = len(next(iter(scores.values())).trace.xs)
        axes[0].set_ylabel(say("the answer at step {steps}", steps=steps))
        for ax, (name, score) in zip(axes, scores.items(), strict=True):
            ax.set(xlim=(-1.1, 1.1), ylim=(-1.3, 1.6), xticks=(-1, 0, 1), yticks=(-1, 0, 1))
            ax.set(xlabel=say("the flagged number"))
            ax.set_title(name)
            ax.plot([-1, 1], [-1, 1], color=FAINT, lw=2.5)
            ax.plot(score.targets, score.answers, "o", color=HIDDEN_LINE, ms=4.5, mec="none")
            ax.text(-1, 1.32, f"R² = {plain(score.r2, 3)}", fontsize=13, weight="bold")
    return figure


def _box(ax, left, right, low, high, fill, edge, words="", colour="", zorder=3):
    """A rounded box with words in its middle."""
    place, size = (left, low), (right - left, high - low)
    shape = "round,pad=0,rounding_size=0.1"
    ax.add_patch(FancyBboxPatch(place, *size, shape, fc=fill, ec=edge, lw=1.5, zorder=zorder))
    middle = (left + right) / 2, (low + high) / 2
    ax.text(*middle, words, color=colour or None, ha="center", va="center", weight="bold",
            zorder=zorder + 1)  # fmt: skip


def _path(ax, colour, *places, arrow=True):
    """A thick line through some places; an arrow head at its end."""
    ax.plot(*zip(*places, strict=True), color=colour, lw=4, solid_capstyle="butt", zorder=2)
    if arrow:
        ax.annotate("", places[-1], places[-2], zorder=2, arrowprops={
            "arrowstyle": "-|>", "color": colour, "lw": 0, "mutation_scale": 22,
        })  # fmt: skip
