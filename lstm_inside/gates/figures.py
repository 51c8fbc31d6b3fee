"""What stands still in notebook 03."""

import matplotlib
import numpy as np
from matplotlib.patches import Circle, FancyBboxPatch

from lstm_inside.gates.explorers_time import name_curves
from lstm_inside.page.style import (
    CELL,
    CELL_LINE,
    GATES,
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


def survivors(sizes, counts, bold) -> Picture:
    """How many draws survive errors of each of the `sizes`, a line for each of some networks.

    counts: name -> as many numbers as sizes. bold: which two of them stand out, counted from 0.
    """
    names, rows = [name.strip() for name in counts], list(counts.values())
    shares = [f"{size:.0%}" for size in sizes]
    looks = (  # colour, line, where the name stands
        ("#6b6b6b", (0, (4, 2.5)), (0.025, 3.6)),
        (GATES["f"].line, "-", (0.33, 17.6)),
    )
    with matplotlib.rc_context(RC):
        figure = picture(900, 260)
        figure.alt = say(
            "Draws above 0.9 at errors of {sizes}. {name}: {left}. {name_2}: {left_2}.",
            sizes=", ".join(shares),
            **{key: names[n] for key, n in zip(("name", "name_2"), bold, strict=True)},
            **{
                key: ", ".join(map(str, rows[n]))
                for key, n in zip(("left", "left_2"), bold, strict=True)
            },
        )
        ax = figure.subplots()
        ax.set(xlim=(-0.01, sizes[-1] + 0.01), ylim=(-1, 22), yticks=(0, 5, 10, 15, 20))
        ax.set_xticks(sizes, ["0", *shares[1:]])
        ax.set_xlabel(say("size of the errors, s"))
        ax.set_title(say("Draws above 0.9"))
        named = {"weight": "bold", "fontsize": 11.5}
        for n, row in enumerate(rows):
            ax.plot(sizes, row, "o-", color="#6b6b6b", lw=1.2, ms=3)
            if n not in bold:
                ax.text(sizes[-2] + 0.03, row[-2] + 0.4, names[n], color="#6b6b6b", **named)
        for n, (colour, line, at) in zip(bold, looks, strict=True):
            ax.plot(sizes, rows[n], color=colour, ls=line, marker="o", lw=4, ms=7)
            ax.text(*at, names[n], color=colour, **named)
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
