"""The pictures of notebook 07 about cells that are held."""

from itertools import pairwise
from textwrap import fill

import matplotlib
import numpy as np
from matplotlib.patches import FancyBboxPatch

from lstm_inside.page.style import CELL_LINE, FAINT, HIDDEN, RC, SIGNAL, true_minus
from lstm_inside.simulation.dissection import times_as_likely
from lstm_inside.simulation.explorers_parts import (
    CONTROL,
    SECOND,
    learned_picture,
    named,
    spread,
)
from lstm_inside.words import say

_OTHERS = "#b9c4ce"  # cells that are not in question


def effects_picture(effects, others=None):
    """How many times as likely kinds of character become (7.7): name -> (off, on).

    off: the cell held off, inside brackets. on: the cell held on, outside them.
    others: name of another cell, two at most, -> its effects; thin bars below those of the first.
    In place of a number of theirs there may be two, held low (hollow) and held high (filled).
    """
    others = others or {}
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900, 110 + (36 + 8 * bool(others)) * len(effects),
            say("what holding one cell does to the chances of several kinds of character."),
        )  # fmt: skip
        told = []
        for ax, factors, title in zip(
            figure.subplots(1, 2, sharey=True),
            zip(*effects.values(), strict=True),
            (say("Held off, inside brackets"), say("Held on, outside brackets")),
            strict=True,
        ):
            for row, factor in enumerate(factors):
                colour = CELL_LINE
                up = row - 0.17 * bool(others)
                ax.plot([1, factor], [up, up], color=colour, lw=14, solid_capstyle="butt")
                ax.annotate(f"{factor:.2f}", (factor, up), (7 if factor > 1 else -7, 0),
                            va="center", ha="left" if factor > 1 else "right",
                            textcoords="offset points", weight="bold")  # fmt: skip
            for k, (colour, (name, theirs)) in enumerate(zip(_PALE, others.items(), strict=False)):
                for row, pair in enumerate(theirs.values()):
                    down = row + 0.1 + 0.17 * k
                    ends = np.atleast_1d(pair[len(told)])
                    for end, fill in zip(ends, ("white", colour), strict=False):
                        marker = "o" if len(ends) > 1 else ""
                        ax.plot([1, end], [down, down], color=colour, lw=4.5, marker=marker, ms=7,
                                mfc=fill, markevery=[1], solid_capstyle="butt")  # fmt: skip
                if told:
                    ax.text(0.98, 0.2 - 0.1 * k, name, color=colour, weight="bold", ha="right",
                            transform=ax.transAxes)  # fmt: skip
            ax.axvline(1, color="#333333", lw=1.4)
            ax.set(xscale="log", xlim=(1 / 14, 20), ylim=(len(effects) - 0.5, -0.5), title=title)
            ax.set_xticks(
                [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8], ["1/8", "1/4", "1/2", "1", "2", "4", "8"]
            )
            ax.minorticks_off()
            ax.grid(False, axis="y")
            ax.set(yticks=range(len(effects)), xlabel=say("times as likely as in the free network"))
            ax.set_yticklabels([named(name) for name in effects])
            factors = (
                say("{name} {factor:.2f}", name=named(name), factor=factor)
                for name, factor in zip(effects, factors, strict=True)
            )
            told.append(say("{title}: {units}", title=title, units=say(", ").join(factors)))
        figure.alt = say(
            "Times as likely as in the free network. {told}.", told=say("; ").join(told)
        )
    return figure


def ends_picture(held, inside, outside, unit, second, control):
    """`effects_picture` of what `hold_ends` found: three cells held at their ends (7.7)."""
    free = held["free"].shares

    def times(cell, end, symbols, at):
        return times_as_likely(held[cell, end].shares[symbols], free[symbols], at)[0]

    pairs = [
        {s: (times(cell, "off", s, inside), times(cell, "on", s, outside)) for s in free}
        for cell in (unit, second)
    ]
    both = {
        s: [[times(control, end, s, at) for end in ("low", "high")] for at in (inside, outside)]
        for s in free
    }
    beside = say("second-best, cell {second}", second=second)
    return effects_picture(pairs[0], {beside: pairs[1], say("control: ○ low, ● high"): both})


def spreading_picture():
    """One cell held, unrolled: what it shows reaches every cell at the next step (7.6)."""
    with matplotlib.rc_context(RC):
        figure = learned_picture(900, 300, say("one cell held, and how it reaches all others."))
        figure.colours = 32
        ax = figure.subplots()
        ax.set_axis_off()
        ax.set(xlim=(-0.27, 1.0), ylim=(-0.13, 1.16))
        columns, rows = (0.12, 0.47, 0.82), (0.62, 0.47, 0.32, 0.17)
        for k, x in enumerate(columns):
            box = FancyBboxPatch((x - 0.04, 0.09), 0.08, 0.62, boxstyle="round,pad=0.012",
                                 fc="#f4f6f8", ec="#9fb4c7", lw=1.4)  # fmt: skip
            ax.add_patch(box)
            words = say("step t") if not k else say("step t + {k}", k=k)
            ax.text(x, -0.02, words, ha="center", va="center")
            for row in rows[1:]:
                ax.plot(x, row, "o", ms=19, color=HIDDEN if k else "#dfe5ea", mec="#8a98a5")
            ax.plot(x, rows[0], "o", ms=23, color=CELL_LINE)
            ax.text(x, rows[0], "v", color="white", ha="center", va="center", weight="bold")
            ax.annotate("", (x, 0.89), (x, 0.74), arrowprops={"arrowstyle": "->", "lw": 1.8})
            ax.text(x, 0.94, say("next character?"), ha="center", va="center",
                    bbox={"boxstyle": "round", "fc": "white", "ec": "#9fb4c7"})  # fmt: skip
        for x, further in pairwise(columns):
            for row in rows:
                look = {"arrowstyle": "->", "color": CELL_LINE, "lw": 1.8}
                if row == rows[0]:
                    look |= {"ls": ":", "color": "#8a98a5"}
                tip, tail = (further - 0.025, row), (x + 0.025, rows[0])
                ax.annotate("", tip, tail, arrowprops=look)
        looks = {"ha": "right", "va": "center"}
        ax.text(
            0.05, rows[0], say("the held cell u: c ← v"), color=CELL_LINE, weight="bold", **looks
        )
        ax.text(0.05, rows[2], say("all other cells"), color="#555555", **looks)
        ax.text((columns[0] + columns[1]) / 2, 0.79, say("its h = o·tanh(v)"), color=CELL_LINE,
                ha="center", va="center", weight="bold")  # fmt: skip
        ax.text((columns[1] + columns[2]) / 2, 0.685, say("its own path: overwritten"),
                color="#5f6d79", fontsize=11.5, ha="center", va="center")  # fmt: skip
        ax.text((columns[1] + columns[2]) / 2, 0.13, say("blue: have read\nthe false h"),
                color="#2a6f97", ha="center", va="center")  # fmt: skip
        ax.set_title(say("One cell is held; what it shows reaches all others at the next step"))
        figure.alt = say(
            "A network unrolled over three steps. One cell is overwritten with v at each. From it "
            "arrows lead to every other cell of the next step; from each step one leads up to the "
            "prediction of the next character."
        )
    return figure


_PALE = (SECOND, CONTROL)  # the second-best cell and the control


def every_cell_picture(r, every, chosen, control):
    """What holding each cell does against its |r|: r (H,), every an `EveryCell` (7.7)."""
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900,
            360,
            say("the effect of holding each cell against how well it goes along with a mark."),
        )
        axes = figure.subplots(1, 2, sharey=True)
        size, told = np.abs(r), []
        for ax, effect, title in zip(
            axes,
            every,
            (say("Held off, inside brackets"), say("Held on, outside brackets")),
            strict=True,
        ):
            ax.axhline(1, color=FAINT, lw=1.2)
            ax.plot([0, size[chosen]], [1, effect[chosen]], color="#8a8a8a", lw=1.2, ls=(0, (4, 3)))
            ax.scatter(size, effect, color=_OTHERS, s=28)
            ax.set(yscale="log", xlabel=say("|r| with brackets"), xlim=(0, 1), title=title)
            moved = np.abs(np.log(effect))
            far = np.argsort(-moved)[:3]
            for unit, colour in ((chosen, CELL_LINE), (control, CONTROL)):
                ax.scatter(size[unit], effect[unit], color=colour, s=70, zorder=3)
            left = size[chosen] > 0.65  # where there is room
            ax.annotate(
                say("bracket cell {chosen}", chosen=chosen),
                (size[chosen], effect[chosen]),
                (-9 if left else 9, 0),
                textcoords="offset points",
                color=CELL_LINE,
                weight="bold",
                ha="right" if left else "left",
                va="center",
            )
            rivals = np.flatnonzero(moved >= _NEARLY * moved[chosen]).tolist()
            others = [unit for unit in rivals if unit not in (chosen, control)]
            others.sort(key=lambda unit: -effect[unit])
            for unit, higher in zip(others, [None, *others], strict=False):
                x, y = size[unit], effect[unit]
                close = (
                    higher is not None
                    and abs(x - size[higher]) < 0.15
                    and effect[higher] < 1.25 * y
                )  # the higher one's name stands where this one's would
                away = (6, 3) if not close else (28, -3) if x > size[higher] else (6, -13)
                ax.annotate(say("cell {unit}", unit=unit), (x, y), away, fontsize=11.5,
                            textcoords="offset points",
                            arrowprops={"arrowstyle": "-", "color": "#888888"})  # fmt: skip
            units = (say("cell {u} {effect:.2f}", u=u, effect=effect[u]) for u in far)
            told.append(say("{title}: {units}", title=title, units=say(", ").join(units)))
        axes[0].annotate(
            say("control cell {control}", control=control),
            (size[control], every.off_inside[control]),
            (0.12, 3),
            color=CONTROL,
            weight="bold",
            va="center",
            arrowprops={"arrowstyle": "-", "color": CONTROL},
        )
        axes[1].annotate(
            say("control"),
            (size[control], every.on_outside[control]),
            (0.1, 0.45),
            color=CONTROL,
            weight="bold",
            va="center",
            arrowprops={"arrowstyle": "-", "color": CONTROL},
        )
        words = say("dashed: where they would lie if |r| told the effect")
        axes[1].text(0.98, 0.03, words, color="#666666", fontsize=11.5, ha="right",
                     transform=axes[1].transAxes)  # fmt: skip
        axes[0].set_ylabel(say("closings, times as likely (7.7)"))
        axes[0].set_yticks([0.25, 0.5, 1, 2, 4, 8], ["1/4", "1/2", "1", "2", "4", "8"])
        axes[0].minorticks_off()
        figure.alt = say("The largest effects. {told}.", told=say("; ").join(told))
    return figure


_NEARLY = 0.8  # a cell is named whose effect, as a logarithm, is so much of the chosen one's


def chances_picture(chances):
    """A probability inside and outside, on a logarithmic scale: name -> (inside, outside)."""
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900, 90 + 42 * len(chances),
            say("how likely a closing bracket is held to be, inside brackets and outside."),
        )  # fmt: skip
        ax, told = figure.subplots(), []
        for row, (name, (inside, outside)) in enumerate(chances.items()):
            colour = CELL_LINE if row in (1, 2) else SIGNAL
            ax.plot([outside, inside], [row, row], color=colour, lw=2, alpha=0.5)
            ax.plot(outside, row, "o", ms=10, mfc="white", mew=2, color=colour)
            ax.plot(inside, row, "o", ms=10, color=colour)
            for share, side, x in ((outside, "right", -11), (inside, "left", 11)):
                ax.annotate(f"{share:.2%}", (share, row), (x, 0), va="center", ha=side,
                            textcoords="offset points", color=colour)  # fmt: skip
            words = say("{ratio:.1f} to 1", ratio=inside / outside)
            ax.text(0.98, row, words, weight="bold", ha="right", va="center", color=colour,
                    transform=ax.get_yaxis_transform())  # fmt: skip
            told.append(
                say("{name}: {inside:.2%} and {outside:.2%}", name=name, inside=inside,
                    outside=outside)
            )  # fmt: skip
        ax.set(xscale="log", xlim=(4e-4, 0.5), ylim=(len(chances) - 0.5, -1.1))
        ax.set_xticks([0.001, 0.003, 0.01, 0.03, 0.1], ["0.1 %", "0.3 %", "1 %", "3 %", "10 %"])
        ax.minorticks_off()
        ax.set_yticks(range(len(chances)), list(chances))
        ax.grid(False, axis="y")
        ax.text(0.98, -0.75, say("ratio"), ha="right", va="center", color=SIGNAL,
                transform=ax.get_yaxis_transform())  # fmt: skip
        ax.text(4.5e-4, -0.75, say("○ outside    ● inside brackets"), va="center", color=SIGNAL)
        ax.set_title(say("How likely the next character is a closing bracket, on average"))
        figure.alt = say(
            "Mean probability of a closing bracket inside brackets and outside. {told}.",
            told=say("; ").join(told),
        )
    return figure


def harm_picture(panels):
    """Further bits a character while one of two cells is held, the found one and the control.

    panels: title -> name of a place -> (bits, standard error) of either cell, in that order.
    """
    with matplotlib.rc_context(RC):
        figure = learned_picture(900, 380, say("what holding a cell costs, by what is open."))
        figure.colours = 64
        figure.suptitle(say("What holding a cell costs, by what is open"), weight="bold")
        most, told = max(len(rows) for rows in panels.values()), []
        grid, wide = figure.add_gridspec(most, len(panels)), next(iter(panels.values()))
        for column, (title, rows) in enumerate(panels.items()):
            ax = figure.add_subplot(grid[: len(rows), column])
            for row, cells in enumerate(rows.values()):
                for colour, up, (bits, error) in zip(
                    (CELL_LINE, CONTROL), (-0.18, 0.18), cells, strict=True
                ):
                    ax.barh(row + up, bits, height=0.32, color=colour, xerr=error,
                            error_kw={"elinewidth": 1.2, "ecolor": "#333333"})  # fmt: skip
                    words = true_minus(f"{round(bits, 2) + 0:.2f}")
                    ax.text(max(bits, 0) + error + 0.015, row + up, words, va="center",
                            color=colour, fontsize=12)  # fmt: skip
            ax.set(xlim=(-0.01, 0.7), ylim=(len(rows) - 0.5, -0.6))
            ax.set_title(title, fontsize=13)
            names = [named(name) for name in rows]
            ax.set_yticks(range(len(rows)), [fill(name, 20) for name in names], fontsize=12.5)
            ax.tick_params(labelleft=not column or list(rows) != list(wide))
            ax.set_xticks([0, 0.2, 0.4, 0.6])
            ax.grid(False, axis="y")
            ax.axvline(0, color="#333333", lw=1.2)
            ax.set_xlabel(say("further bits per character"))
            costs = (
                say("{name} {one:.2f}, control {other:.2f}", name=name, one=round(one[0], 2) + 0,
                    other=round(other[0], 2) + 0)
                for name, (one, other) in zip(names, rows.values(), strict=True)
            )  # fmt: skip
            told.append(say("{title}: {units}", title=title, units=say("; ").join(costs)))
        looks = {"weight": "bold", "ha": "right"}
        figure.text(0.98, 0.4, say("gold: bracket cell"), color=CELL_LINE, **looks)
        figure.text(0.98, 0.33, say("violet: control"), color=CONTROL, **looks)
        figure.text(0.98, 0.26, say("lines: one standard error"), color=SIGNAL, ha="right")
        figure.alt = true_minus(say("Further bits. {told}.", told=say("; ").join(told)))
    return figure


def kept_picture(found):
    """How often a cell is on, step by step from an opening bracket: a `Kept`."""
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900, 290, say("how long the bracket cell stays on after a bracket has opened.")
        )
        figure.colours = 64
        ax, steps = figure.subplots(), np.arange(len(found.alone))
        last, told = steps[-1], []
        alone = say("no other bracket closes inside: {count}", count=found.alone_brackets)
        nested = say("another closes inside: {count}", count=found.nested_brackets)
        ends = spread([found.nested[-1], found.alone[-1]], 0.1)[::-1]
        for rows, words, colour, height, up in (
            (found.alone, alone, CELL_LINE, ends[0], True),
            (found.nested, nested, SIGNAL, ends[1], False),
        ):
            ax.plot(steps[1:], rows[1:], color=colour, lw=2.4, ls="-" if up else "--")
            ax.text(last + 0.6, height, f"{rows[-1]:.0%}", color=colour, weight="bold",
                    va="center")  # fmt: skip
            k = len(rows) // 4
            ax.annotate(words, (k, rows[k]), (4, 9 if up else -11), textcoords="offset points",
                        color=colour, weight="bold", va="bottom" if up else "top",
                        ha="left" if up else "right")  # fmt: skip
            shares = say(", ").join(f"{rows[t]:.0%}" for t in (1, last // 2, last))
            told.append(say("{words}: {shares}", words=words, shares=shares))
        written = found.alone_brackets + found.nested_brackets
        ax.set(ylim=(0, 1.18), xlim=(0, last + 3.5))
        ax.set_xlabel(
            say(
                "characters after the bracket opened (the {written} of {count} brackets that it "
                "was on for at 1)",
                written=written,
                count=found.brackets,
            )
        )
        ax.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
        ax.set_title(say("How often the cell is still on, so many characters after the bracket"))
        figure.alt = say(
            "Of {count} brackets the cell is on for {written} at 1. Share still on, 1, {half} and "
            "{last} characters on. {told}.",
            count=found.brackets, written=written, half=last // 2, last=last,
            told=say("; ").join(told),
        )  # fmt: skip
    return figure


def networks_picture(networks):
    """What holding each cell does in several networks: name -> (r (H,), `EveryCell`, chosen).

    Cells that move the symbols further than the chosen one are named.
    """
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900, 470, say("the effect of holding each cell of several small networks.")
        )
        figure.colours = 64
        axes, told = figure.subplots(2, len(networks), sharex=True, sharey="row", squeeze=False), []
        rows = (say("Held off, inside"), say("Held on, outside"))
        for column, (name, (r, every, chosen)) in zip(axes.T, networks.items(), strict=True):
            size = np.abs(r)
            for ax, effect, row, sign in zip(column, every, rows, (-1, 1), strict=True):
                ax.axhline(1, color=FAINT, lw=1.2)
                ax.scatter(size, effect, color=_OTHERS, s=22)
                ax.scatter(size[chosen], effect[chosen], color=CELL_LINE, s=70, zorder=3)
                words = say("bracket cell {chosen}", chosen=chosen)
                ax.annotate(words, (size[chosen], effect[chosen]), (0, 9 * sign), ha="center",
                            textcoords="offset points", color=CELL_LINE, weight="bold",
                            va="bottom" if sign > 0 else "top", fontsize=12)  # fmt: skip
                further = np.flatnonzero(sign * effect > sign * effect[chosen]).tolist()
                for unit in further:
                    ax.annotate(say("cell {unit}", unit=unit), (size[unit], effect[unit]), (6, 0),
                                textcoords="offset points", va="center", fontsize=11.5)  # fmt: skip
                told.append(
                    say("{name}, {row}: bracket cell {effect:.2f}; moved further by cells: {count}",
                        name=name, row=row, effect=effect[chosen], count=len(further))
                )  # fmt: skip
                ax.set(yscale="log", xlim=(-0.02, 0.75))
            column[0].set_title(name)
            column[1].set_xlabel(say("|r| with brackets"))
        ticks = ([1 / 8, 1 / 4, 1 / 2, 1, 2], ["1/8", "1/4", "1/2", "1", "2"])
        axes[0, 0].set(ylim=(0.08, 2.2))
        axes[0, 0].set_yticks(*ticks)
        axes[1, 0].set(ylim=(0.4, 6))
        for ax, row in zip(axes[:, 0], rows, strict=True):
            ax.set_ylabel(say("{row}:\nclosings, times as likely", row=row), fontsize=12)
        figure.suptitle(say("Every cell of each network held in turn: who moves closings?"))
        axes[1, 0].set_yticks([1 / 2, 1, 2, 4], ["1/2", "1", "2", "4"])
        for ax in axes.ravel():
            ax.minorticks_off()
        figure.alt = say("Closings, times as likely. {told}.", told=say("; ").join(told))
    return figure
