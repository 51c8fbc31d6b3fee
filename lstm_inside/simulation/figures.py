"""The pictures of notebook 07 that stand still."""

import re

import matplotlib
import numpy as np
from matplotlib.patches import Rectangle

from lstm_inside.page.style import (
    CANDIDATE_LINE,
    CELL_LINE,
    FORGET,
    INPUT,
    OUTPUT,
    RC,
    SIGNAL,
    true_minus,
)
from lstm_inside.simulation.dissection import (
    WARM,
    around,
    correlation,
    levels,
    mean_and_error,
    scores,
    turns,
)
from lstm_inside.simulation.explorers_forecast import METHODS
from lstm_inside.simulation.explorers_parts import (
    GREY,
    MONO,
    TINT,
    Page,
    dotted,
    learned_picture,
    named,
    passage,
    said,
    spread,
    two_inks,
)
from lstm_inside.simulation.figures_latch import BACK, ON, draw_course, draw_latch, settle_panel
from lstm_inside.simulation.forecast import HORIZONS
from lstm_inside.simulation.reading import MARKS, gates_of
from lstm_inside.simulation.text import encode
from lstm_inside.simulation.writer import states_of
from lstm_inside.words import say


def page_picture(model, unit):
    """Real code coloured by one cell of a model; underlined where a bracket is open."""
    before, text, found = passage()
    _, c = states_of(model.cell, encode(before + text)[:, None])
    with matplotlib.rc_context(RC):
        figure = learned_picture(900, 255, say("real code coloured by one cell of a trained LSTM."))
        figure.set_layout_engine("none")
        figure.colours = 64  # letters and one tint
        page = Page(figure, text, 36)
        page.colour(np.tanh(c[1 + len(before) :, 0, unit]))
        page.underline(found["brackets"])
        words = say("One cell of a trained LSTM over real code. Underlined: a bracket is open.")
        page.ax.set_title(words)
        figure.alt = say(
            "Code coloured by cell {unit} of a trained LSTM: where brackets open the colour "
            "mostly begins, where they close it mostly ends.",
            unit=unit,
        )
    return figure


def bits_picture(bits, *, close=False):
    """Bits per character of several models on the same text: name -> number.

    close: dots on a scale that begins near the least, for models that are near each other.
    """
    names, lengths = [named(name) for name in bits], list(bits.values())
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900,
            60 + 42 * len(bits),
            say("bits per character of each model on the measuring part."),
        )
        figure.alt = say(
            "Bits per character on the measuring part: {told}.",
            told=say(", ").join(
                f"{name} {length:.2f}" for name, length in zip(names, lengths, strict=True)
            ),
        )
        ax = figure.subplots()
        colours = [OUTPUT if "LSTM" in name else "#9fb4c7" for name in bits]
        first, last = (min(lengths) // 0.5 * 0.5 - 0.5, max(lengths) + 0.3) if close else (0, 7)
        if close:
            ax.scatter(lengths, range(len(names)), color=colours, s=110, zorder=3)
        else:
            ax.barh(range(len(names)), lengths, color=colours, height=0.62)
        ax.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5))
        xlabel = say("bits per character on the measuring part (fewer is better)")
        ax.set(xlim=(first, last), xlabel=xlabel)
        ax.grid(close, axis="y")
        for k, length in enumerate(lengths):
            ax.annotate(f"{length:.2f}", (length, k), (12 if close else 5, 0), va="center",
                        textcoords="offset points", weight="bold")  # fmt: skip
        best, second = np.argsort(lengths, kind="stable")[:2]
        ax.axvline(lengths[best], color=SIGNAL, lw=1.2, ls=(0, (3, 2)))
        if close:
            ax.annotate(names[best], (lengths[best], -0.5), (5, -4), va="top", color=SIGNAL,
                        textcoords="offset points", weight="bold")  # fmt: skip
        ax.set_title(
            say("{best} wins, {second} comes next", best=names[best], second=names[second])
        )
    return figure


def samples_picture(samples, start="", strong=""):
    """Texts side by side under their names, at most three in a row: name -> text.

    start: what each of them goes on from, in grey before it; empty first lines are not drawn.
    strong: symbols that are drawn bold and in colour.
    """
    rows = -(-len(samples) // 3)
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900,
            20 + 290 * rows,
            say("texts that the model wrote, side by side."),
        )
        figure.alt = say("Text written by the model: {names}.", names=say(", ").join(samples))
        figure.set_layout_engine("none")
        for k, (name, text) in enumerate(samples.items()):
            row, column = divmod(k, 3)
            ax = figure.add_axes((0.01 + 0.33 * column, 1 - (row + 0.97) / rows, 0.32, 0.87 / rows))
            ax.set_axis_off()
            ax.set(xlim=(0, 1), ylim=(0, 1))
            ax.set_title(name, color=OUTPUT, fontsize=13)
            inks = two_inks(dotted(start.lstrip("\n")), dotted(text), 34, 15)
            looks = {"family": MONO, "fontsize": 13, "va": "top", "linespacing": 1.25}
            for ink, colour in zip(inks, (GREY, "#111111"), strict=True):
                ax.text(0, 0.99, ink, color=colour, parse_math=False, **looks)
            if strong:
                only = (s if s in strong or s == "\n" else "\u00a0" for s in inks[1])
                ax.text(0, 0.99, "".join(only), color=FORGET, weight="bold", parse_math=False,
                        **looks)  # fmt: skip
    return figure


REACH = 4  # characters that a 5-gram sees
_FAR = ((1, REACH), (REACH + 1, 15), (16, 40), (41, np.inf))  # how far back a bracket was opened


def closings_picture(distances, costs):
    """Bits of closing brackets by how far back they were opened: distances, and name -> bits.

    distances (T, B) as of `closings`, and for each of three models, at most, what each character
    cost. Bars: one standard error, of the stretches (columns) as they were drawn.
    """
    places = [(first <= distances) & (distances <= last) for first, last in _FAR]
    names = [
        say("{first} to {last}", first=first, last=last)
        if last < np.inf
        else say("over {first}", first=first - 1)
        for first, last in _FAR
    ]
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900,
            350,
            say("what a closing bracket costs, model by model, by how far back it was opened."),
        )
        ax = figure.subplots()
        ax.axvspan(-0.5, 0.5, color="#eef2f5", zorder=0)
        ax.text(
            0, 0.25, say("within the 5-gram's sight"), ha="center", fontsize=12.5, color="#555555"
        )
        told = []
        looks = ((SIGNAL, "-", 0), (OUTPUT, "-", 0.19), (SIGNAL, (0, (2, 1.5)), -0.19))
        for (name, bits), (colour, dashes, aside) in zip(costs.items(), looks, strict=False):
            means, errors = np.array([mean_and_error(bits, at) for at in places]).T
            x = np.arange(len(places)) + aside
            ax.plot(x, means, color=colour, lw=1, ls=dashes, alpha=0.6)
            ax.errorbar(x, means, errors, color=colour, fmt="o", ms=8, capsize=4, lw=1.8,
                        mfc="white" if aside < 0 else colour)  # fmt: skip
            for at, mean, error in zip(x, means, errors, strict=True):
                ax.text(at, mean + error + 0.12, f"{mean:.2f}", color=colour, ha="center")
            ax.text(3.42, means[-1], name, color=colour, weight="bold", va="center")
            pairs = zip(means, errors, strict=True)
            told.append(f"{name} {', '.join(f'{mean:.2f} ± {error:.2f}' for mean, error in pairs)}")
        labels = [
            say("{name}\n{sum} brackets", name=name, sum=at.sum())
            for name, at in zip(names, places, strict=True)
        ]
        ax.set(xlim=(-0.5, 4.6), ylim=(0, 7.2), ylabel=say("bits per closing bracket"))
        ax.set_xticks(range(len(labels)), labels)
        ax.set_title(say("A closing bracket's cost, by how many characters back it was opened"))
        figure.alt = say(
            "Bits per closing bracket opened {names} characters before: {told}.",
            names=say(", ").join(names),
            told=say("; ").join(told),
        )
    return figure


def cases_picture(cases, title=None):
    """How often a cell says that a bracket is open, in pairs: a list of `Case`."""
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900,
            70 + 37 * len(cases),
            say("how often the bracket cell says that a bracket is open, place by place."),
        )
        figure.colours = 64  # bars of one colour
        ax = figure.subplots()
        rows = [k + 0.45 * (k // 2) for k in range(len(cases))]
        inks = {True: CELL_LINE, False: "white"}  # filled: the cell should be on
        for row, case in zip(rows, cases, strict=True):
            ax.barh(row, case.share, color=inks[case.wanted], edgecolor=CELL_LINE, lw=1.6,
                    height=0.64)  # fmt: skip
            ax.text(case.share + 0.012, row, f"{case.share:.0%}", va="center", weight="bold")
            for x, count in ((1.18, case.count), (1.37, case.brackets or "")):
                ax.text(x, row, f"{count}", va="center", ha="right", color="#666666")
        heads = ((1.18, say("places")), (1.37, say("outermost\nbrackets")))
        heads = heads[: 2 if any(case.brackets for case in cases) else 1]
        for x, words in heads:
            ax.text(x, -0.5, words, ha="right", va="bottom", color="#666666")
        for x, words in (
            (0.2, say("filled: should be 100 %")),
            (0.62, say("hollow: should be 0 %")),
        ):
            ax.text(x, -0.5, words, color=CELL_LINE, weight="bold", ha="center", va="bottom")
        ax.set(xlim=(0, 1.38), ylim=(rows[-1] + 0.5, -1.6 if len(heads) > 1 else -1.1), yticks=rows)
        ax.set_yticklabels([named(case.where) for case in cases])
        ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
        ax.grid(False, axis="y")
        ax.set_title(say("How often the cell says “a bracket is open”") if title is None else title)
        figure.alt = say(
            "The cell says that a bracket is open: {told}.",
            told=say("; ").join(f"{named(case.where)} {case.share:.0%}" for case in cases),
        )
    return figure


def matches_picture(matches):
    """Rows of text around the places where a cell is highest, coloured by it: a list of `Match`."""
    with matplotlib.rc_context(RC):
        height = 40 + 27 * len(matches)
        figure = learned_picture(
            900, height, say("the places of the text where one cell is at its highest.")
        )
        figure.set_layout_engine("none")
        figure.alt = say(
            "Where the cell is highest: {told}",
            told="; ".join("".join(map(said, m.text[m.at - 8 : m.at + 1])) for m in matches),
        )
        ax = figure.add_axes((0.01, 0.01, 0.98, 1 - 36 / height))
        c = np.array([m.c for m in matches])
        most = np.abs(c).max()
        size = 0.98 * 900 / c.shape[1] / 0.602  # of a font whose letters are a cell wide
        ax.imshow(c, cmap=TINT, vmin=-most, vmax=most, aspect="auto")
        ax.set_axis_off()
        title = say(
            "Each row: one place, its peak in the box; c from −{most:.1f} (grey) to {most:.1f} "
            "(gold)",
            most=most,
        )
        ax.set_title(title)
        for row, m in enumerate(matches):
            for word in re.finditer(r"[^ ]+", m.text.replace("\n", said("\n"))):
                ax.text(word.start() - 0.5, row, word[0], family=MONO, fontsize=size,
                        va="center_baseline", parse_math=False)  # fmt: skip
            ax.add_patch(Rectangle((m.at - 0.5, row - 0.5), 1, 1, fill=False, lw=2))
    return figure


def scores_picture(reading, again=None, untrained=None):
    """|r| of every cell for every mark, sorted; the best is named (7.5).

    In grey the same with the marks of another stretch, where there is nothing to find. again: a
    reading of another text, on which the best cell is scored once more. untrained: a reading of
    the same text by a model that learned nothing; its best cell is a dashed line.
    """
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900, 300, say("how closely each cell goes along with four marks, sorted, best first.")
        )
        axes = figure.subplots(1, len(MARKS), sharey=True)
        best, shown = [], np.tanh(reading.c[1 + WARM :])
        for ax, mark in zip(axes, MARKS, strict=True):
            r = scores(reading, mark)
            order = np.argsort(-np.abs(r))
            unit = int(order[0])
            elsewhere = np.roll(reading.marks[mark], 1, axis=1)[WARM:]
            chance = np.abs(correlation(shown, elsewhere))
            ax.plot(np.sort(chance)[::-1], ".", ms=3, color="#999999")
            ax.plot(np.abs(r[order]), "o", ms=3, color="#9fb4c7")
            ax.plot(np.abs(r[unit]), "o", ms=9, color=CELL_LINE, clip_on=False)
            found = {"mark": named(mark), "unit": unit, "r": r[unit], "most": chance.max()}
            if again is None:
                best.append(say("{mark} cell {unit} with {r:.2f}, by chance {most:.2f}", **found))
            else:
                other = scores(again, mark)[unit]
                ax.plot(np.abs(other), "o", ms=9, mfc="none", mew=2, color=CELL_LINE)
                best.append(
                    say(
                        "{mark} cell {unit} with {r:.2f}, on the measuring part {other:.2f}, by "
                        "chance {most:.2f}",
                        **found,
                        other=other,
                    )
                )
            if untrained is not None:
                blind = np.abs(scores(untrained, mark)).max()
                ax.axhline(blind, color=SIGNAL, lw=1.4, ls=(0, (4, 2)))
                words = say("untrained {blind:.2f}", blind=blind)
                ax.text(0.97, blind + 0.015, words, color=SIGNAL, fontsize=12, ha="right",
                        va="bottom", transform=ax.get_yaxis_transform())  # fmt: skip
                best[-1] = say(
                    "{told}, in an untrained LSTM {blind:.2f}", told=best[-1], blind=blind
                )
            ax.set(ylim=(0, 1), xlabel=say("cells, sorted"))
            ax.set_xticks([])
            ax.set_title(named(mark))
            looks = {"ha": "right", "va": "top", "transform": ax.transAxes}
            words = true_minus(say("cell {unit}: r = {r:.2f}", unit=unit, r=r[unit]))
            ax.text(0.97, 0.95, words, color=CELL_LINE, weight="bold", **looks)
            if again is not None:
                words = true_minus(say("○ measuring part: {other:.2f}", other=other))
                ax.text(0.97, 0.85, words, color=CELL_LINE, fontsize=12, **looks)
            if ax is axes[0]:
                words = say("grey: marks of other text")
                ax.text(0.97, 0.72, words, color="#777777", fontsize=11.5, **looks)
        axes[0].set_ylabel("|r|")
        told = say("; ").join(best)
        figure.alt = true_minus(
            say("Correlation of each cell with four marks, sorted. Best: {best}.", best=told)
        )
    return figure


def learning_picture(measured):
    """Bits of kinds of character, five at most, while a model learns: step -> name -> bits."""
    steps, names = list(measured), list(next(iter(measured.values())))
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900,
            330,
            say("bits per character of several kinds of character after more and more steps."),
        )
        ax = figure.subplots()
        ax.set(xscale="log", xlim=(steps[0] * 0.9, steps[-1] * 4), ylim=(0, 7.2))
        ax.set_xticks(steps, [str(step) for step in steps])
        ax.minorticks_off()
        ax.set(xlabel=say("training steps"), ylabel=say("bits per character"))
        ends = [measured[steps[-1]][name] for name in names]
        for name, height, colour in zip(names, spread(ends, 0.55), _KINDS, strict=False):
            ax.plot(steps, [measured[step][name] for step in steps], color=colour, marker="o", ms=5)
            ax.text(steps[-1] * 1.1, height, named(name), color=colour, weight="bold", va="center")
        ax.set_title(say("What the next character costs, by its kind, on text not learned from"))
        told = []
        for step, of in measured.items():
            costs = say(", ").join(f"{named(name)} {of[name]:.2f}" for name in names)
            told.append(say("after {step} steps {costs}", step=step, costs=costs))
        figure.alt = say("Bits per character by kind: {told}.", told=say("; ").join(told))
    return figure


_KINDS = (SIGNAL, INPUT, CANDIDATE_LINE, CELL_LINE, "#888888")


def turns_picture(model, reading, mark, unit, *, by_hand=None, searched=None):
    """Mean course of one unit's gates and cell where a mark begins and where it ends.

    tanh(c) is turned so that it goes up with the mark; dashed: half-way between its `levels`,
    above which the cell is on (those of `searched`, if given).

    Only marks that last through all steps drawn are taken, where they begin and where they end.
    Shaded: the middle half of the cell's values.
    by_hand: a unit that reads a number and a flag, such as `LATCH`, to be drawn above (3.9).
    """
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900,
            300 if by_hand is None else 540,
            say("a unit's gates and cell around the places where a mark begins and ends."),
        )
        figure.colours = 64  # few lines, and half as much again to store otherwise
        *above, axes = figure.subplots(1 if by_hand is None else 2, 2, sharey=True, squeeze=False)
        for row in above:
            hand = draw_latch(row, by_hand)
            row[0].set_ylabel(say("set by hand"), weight="bold")
            axes[0].set_ylabel(say("found: cell {unit}, mean", unit=unit), weight="bold")
        i, f = gates_of(model, reading, unit)
        off, on = levels(reading if searched is None else searched, unit, mark)
        up = np.sign(on - off)  # drawn so that "on" is up
        values = (
            (say("forget f"), f, FORGET),
            (say("input i"), i, INPUT),
            ("tanh(c)", up * np.tanh(reading.c[1:, :, unit]), CELL_LINE),
        )
        told, holds = [], reading.marks[mark]
        begun, ended = turns(holds)
        for step in range(1, ON + 1):
            begun[:-step] &= holds[step:]
        for step in range(1, ON + 2):  # the turn itself is the first place without the mark
            ended[:step] = False
            ended[step:] &= holds[:-step]
        for ax, event, what in zip(axes, (begun, ended), ("begin", "end"), strict=True):
            for k, (name, course, colour) in enumerate(values):
                mean = around(course[WARM:], event[WARM:], back=BACK, on=ON)
                draw_course(ax, k, name, mean, colour, named=what == "begin")
                if colour == CELL_LINE:
                    half = [around(course[WARM:], event[WARM:], back=BACK, on=ON, q=q)
                            for q in (0.25, 0.75)]  # fmt: skip
                    ax.fill_between(np.arange(-BACK, ON + 1), *half, color=colour, alpha=0.18, lw=0)
                means = ", ".join(f"{m:.2f}" for m in mean[BACK - 1 : BACK + 3])
                told.append(
                    say("begin {name} {means}", name=name, means=means)
                    if what == "begin"
                    else say("end {name} {means}", name=name, means=means)
                )
            settle_panel(ax, threshold=up * np.tanh((off + on) / 2), named=what == "begin")
            if what == "end":
                low, high = (course[BACK] for course in half)
                told.append(
                    say(
                        "at the end half of tanh(c) lie between {low:.2f} and {high:.2f}",
                        low=low,
                        high=high,
                    )
                )
            ax.set_xlabel(say("characters from there on"))
            count = event[WARM + BACK : len(event) - ON].sum()  # that `around` has room for
            ax.set_title(
                say(
                    "Where {mark} begin that last {on} or more ({count} places)",
                    mark=named(mark),
                    on=ON,
                    count=count,
                )
                if what == "begin"
                else say(
                    "Where {mark} end that lasted {on} or more ({count} places)",
                    mark=named(mark),
                    on=ON,
                    count=count,
                )
            )
        figure.alt = say(
            "Cell {unit}, from one character before to two after: {told}.",
            unit=unit,
            told=say("; ").join(told),
        )
        if above:
            figure.alt = say("Set by hand: {hand}. {found}", hand=hand, found=figure.alt)
    return figure


def errors_picture(errors):
    """Forecast errors by horizon: name -> (K,) or (runs, K), of which the range is drawn (7.11)."""
    ahead = np.arange(1, HORIZONS + 1)
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900,
            390,
            say("typical forecast error by steps ahead, for four ways to forecast the EEG."),
        )
        ax = figure.subplots()
        ends = {name: np.atleast_2d(e).mean(axis=0) for name, e in errors.items()}
        heights = spread([e[-1] for e in ends.values()], 0.11)
        for (name, runs), height in zip(errors.items(), heights, strict=True):
            runs = np.atleast_2d(runs)
            if len(runs) > 1:
                ax.fill_between(ahead, runs.min(axis=0), runs.max(axis=0), color=METHODS[name],
                                alpha=0.25, lw=0)  # fmt: skip
            looks = {"ls": (0, (4, 2)), "zorder": 5} if name == "mean" else {}  # over the others
            ax.plot(ahead, runs.mean(axis=0), color=METHODS[name], marker="o", ms=4, **looks)
            ax.plot([HORIZONS, HORIZONS + 0.6], [ends[name][-1], height], color=METHODS[name], lw=1)
            ax.text(HORIZONS + 0.7, height, named(name), color=METHODS[name], weight="bold",
                    va="center")  # fmt: skip
        ax.set(xlim=(0.5, HORIZONS + 4.9), ylim=(0, 2.05), xlabel=say("steps ahead (80 a second)"))
        ax.set_ylabel(say("error (7.11)"))
        ax.set(xticks=(1, 4, 8, 12, 16))
        ax.set_title(say("Error on the test part, in standard deviations of the learning part"))
        figure.alt = say(
            "Typical forecast error 1, 4 and 16 steps ahead: {told}.",
            told=say(", ").join(
                f"{named(name)} {e[0]:.2f}, {e[3]:.2f}, {e[-1]:.2f}" for name, e in ends.items()
            ),
        )
    return figure
