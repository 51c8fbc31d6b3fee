"""What stands still in notebook 04: the LSTM's graph with its equations, runs, a finite step."""

from functools import partial
from itertools import cycle

import matplotlib
import numpy as np

from lstm_core import (
    RNNParams,
    init_lstm,
    init_rnn,
    lstm_backward,
    lstm_forward,
    rnn_backward,
    rnn_forward,
)
from lstm_inside.bptt.draws import FLAG, flagged_sequence
from lstm_inside.bptt.explorers_flow import ALONE, RNN_LINE, name_lines
from lstm_inside.bptt.faults import PATIENTS, Fault, backward_by_steps, draw_point, step_errors
from lstm_inside.bptt.figures_graph import FORWARD, PRE_ACTIVATION, WEIGHTS, back, node
from lstm_inside.bptt.learning import GOAL, units_after
from lstm_inside.gates import LATCH, latch
from lstm_inside.page import Picture, picture
from lstm_inside.page.measure import step_lengths
from lstm_inside.page.style import (
    CANDIDATE_LINE,
    CELL_LINE,
    FORGET,
    GRADIENT,
    HIDDEN_LINE,
    INPUT,
    OUTPUT,
    RC,
    SIGNAL,
)
from lstm_inside.words import say

_UNITS = (FORGET, INPUT, GRADIENT, CANDIDATE_LINE)  # colours of `errors`
_FRAME = 3.4  # the height of a panel of `carried`


def _canvas(width, height, xlim, ylim, alt):
    figure = picture(width, height, alt)
    ax = figure.subplots()
    ax.set(xlim=xlim, ylim=ylim)
    ax.set_axis_off()
    return figure, ax


def lstm_graph() -> Picture:
    """One step of an LSTM: each gradient's arrow, its factor, its equation's number."""
    with matplotlib.rc_context(RC):
        figure, ax = _canvas(
            900, 540, (-0.5, 11.9), (-2.3, 4.7),
            say(
                "One LSTM step. Arrows run backward and bear what the gradient is multiplied by. "
                "The cell collects what comes along the cell line and, times o and the slope of "
                "tanh, through h (4.7). From it arrows lead to f, times the cell before (4.8), to "
                "i, times g (4.9), to g, times i (4.10), and along the cell line to the cell "
                "before, times f alone (4.11); from h one leads to o, times tanh c (4.6). Every "
                "gate hands on to its pre-activation, times its slope (4.12), and the four "
                "together to the state before (4.3), the input (4.4) and the weights (4.5)."),
        )  # fmt: skip
        ax.set_title(
            say("One LSTM step: along the cell line the gradient is multiplied by f alone")
        )
        c_prev, c, h = (0, 4), (6, 4), (10, 2.3)
        gates = {
            "i": (1.6, INPUT, r"$\times\,g$", "4.9", (2.9, 3.15), r"$\times\,i(1-i)$"),
            "f": (3.6, FORGET, r"$\times\,c_{t-1}$", "4.8", (4.3, 2.75), r"$\times\,f(1-f)$"),
            "g": (5.6, CANDIDATE_LINE, r"$\times\,i$", "4.10", (5.75, 2.75), r"$\times\,(1-g^2)$"),
            "o": (7.6, OUTPUT, r"$\times\,\tanh c_t$", "4.6", (8.5, 2.5), r"$\times\,o(1-o)$"),
        }
        down = (5.0, -0.3)
        back(ax, c, c_prev, CELL_LINE, r"$\times\,f_t$", "4.11", (2.6, 4.32), thick=6)
        back(ax, (11.9, 2.3), h, GRADIENT, "dh$_t$", "4.1", (10.95, 2.62))
        back(ax, (11.9, 4), c, CELL_LINE, say("along the cell line: dc_line"), "4.7", (8.9, 4.32),
              thick=6)  # fmt: skip
        words = r"$\times\,o\,(1-\tanh^2 c_t)$"
        back(ax, h, c, HIDDEN_LINE, words, "4.7", (9.2, 3.4))
        for name, (x, colour, words, number, label, slope) in gates.items():
            y = 2.0
            back(ax, h if name == "o" else c, (x, y), colour, words, number, label)
            back(ax, (x, y), (x, 0.75), PRE_ACTIVATION, slope, "4.12", (x + 0.68, 1.37))
            ax.annotate("", down, (x, 0.75), arrowprops=FORWARD | {"arrowstyle": "-|>"})
            node(ax, (x, y), name)
            node(ax, (x, 0.75), f"a$_{name}$", size=27)
        back(ax, down, (0, -0.3), HIDDEN_LINE, r"$\cdot\,W_h^{\top}$", "4.3", (2.4, -0.6))
        back(ax, down, (10, -0.3), SIGNAL, r"$\cdot\,W_x^{\top}$", "4.4", (7.6, -0.6))
        node(ax, down, "da", size=27, square=True)
        for place, words in ((c_prev, "c$_{t-1}$"), (c, "c$_t$"), (h, "h$_t$"),
                             ((0, -0.3), "h$_{t-1}$"), ((10, -0.3), "x$_t$")):  # fmt: skip
            node(ax, place, words, size=34)
        ax.text(2.3, 0.35, say("side by side"), ha="center", va="top", color="#777777", fontsize=11)
        weights = (down[0], -1.85)
        words = r"$x_t^{\top} da,\; h_{t-1}^{\top} da,\; \Sigma\, da$"
        back(ax, down, weights, WEIGHTS, words, "4.5", (down[0] + 1.3, -1.1))
        node(ax, weights, "W$_x$ W$_h$ b", size=0)
    return figure


def detour() -> Picture:
    """Two LSTM steps: the gradient goes back along the cell line, or takes a detour."""
    with matplotlib.rc_context(RC):
        figure, ax = _canvas(
            900, 300, (-0.6, 10.6), (-0.7, 3.7),
            say(
                "Two LSTM steps, backward. The cell line leads from c to the cell before, times f. "
                "One detour is drawn beside it: from c to the candidate's pre-activation, times i "
                "and a slope, through W_h transposed to the state before, and from there, times o "
                "and a slope, to the cell before. Two more lead through i and f; the step before "
                "has the same ways."),
        )  # fmt: skip
        ax.set_title(say("One step back: along the cell line, or by a detour through W$_h$"))
        cells = {"t-2": (0, 3), "t-1": (5, 3), "t": (10, 3)}
        for (before, end), (now, start) in zip(
            list(cells.items())[:-1], list(cells.items())[1:], strict=True
        ):
            gate, state = (start[0] - 0.9, 0), (end[0] + 0.9, 0)
            words = rf"$\times\,f_{{{now}}}$"
            back(ax, start, end, CELL_LINE, words, "4.11", (start[0] - 2.6, 3.4), thick=6)
            if now == "t":
                middle = (gate[0] + state[0]) / 2
                detour = (
                    (start, gate, r"$\times\,i\,(1-g^2)$", "4.10, 4.12", (8.3, 1.6)),
                    (gate, state, r"$\cdot\,W_h^{\top}$", "4.3", (middle, -0.4)),
                    (state, end, r"$\times\,o\,(1-\tanh^2 c)$", "4.7", (6.6, 1.0)),
                )
                for tail, head, factor, number, label in detour:
                    back(ax, tail, head, HIDDEN_LINE, factor, number, label)
                ax.text(gate[0] + 0.35, -0.4, say("(or through i or f)"), ha="center", va="center",
                        color=HIDDEN_LINE, fontsize=12)  # fmt: skip
            else:
                for tail, head in ((start, gate), (gate, state), (state, end)):
                    ax.annotate("", head, tail, arrowprops=FORWARD | {"arrowstyle": "-|>"})
                ax.text(2.5, 1.6, say("the same again,\none step earlier"), ha="center",
                        va="center", color="#777777", fontsize=12)  # fmt: skip
            node(ax, gate, "a$_g$", size=28)
            node(ax, state, f"h$_{{{before}}}$", size=34)
        for name, place in cells.items():
            node(ax, place, f"c$_{{{name}}}$", size=34)
    return figure


def carried() -> Picture:
    """The same answer's gradient on its way back through an RNN, two untrained LSTMs, the latch."""
    xs = flagged_sequence()

    def draw():  # that of gradient_flow_explorer
        return np.random.default_rng(2)

    drawn = {
        say("RNN with a uniform W$_h$: gone after a few steps"): init_rnn(2, 8, rng=draw()),
        say("LSTM, forget bias 1: it lasts some steps more"): init_lstm(2, 8, rng=draw()),
        say(
            "LSTM, forget bias 6: it reaches the flag, but the last number gets the most"
        ): init_lstm(2, 8, rng=draw(), forget_bias=6.0),
        say("Latch: it reaches the flag, and only the flagged number gets a share"): LATCH,
    }
    left, slopes = [], []
    with matplotlib.rc_context(RC):
        figure = picture(900, 600)
        axes = figure.subplots(len(drawn), 1, sharex=True)
        for ax, (title, params) in zip(axes, drawn.items(), strict=True):
            plain = isinstance(params, RNNParams)
            trace = (rnn_forward if plain else lstm_forward)(xs, params)
            dhs = np.zeros_like(trace.h[1:])
            dhs[-1] = 1
            grads = (rnn_backward if plain else lstm_backward)(dhs, trace, params)
            size = step_lengths(grads.h if plain else grads.c)
            left.append(size[FLAG] / size[-1])
            slopes.append(1 if plain else (1 - np.tanh(trace.c[-1]) ** 2).mean())
            t = np.arange(len(size))
            ax.step(t, size / size[-1], color=RNN_LINE if plain else CELL_LINE, lw=3,
                    where="mid")  # fmt: skip
            ax.bar(t[1:], np.abs(grads.xs[:, 0, 0]) / size[-1], color=GRADIENT, width=0.8)
            ax.set_title(title)
            words = say("at step {last} its length is {size:.2f}", last=len(xs), size=size[-1])
            name_lines(ax, (0.6, 0.62, words, "#666666"))
            ax.set(xlim=(0, len(xs) + 1), ylim=(-0.1, _FRAME), yticks=range(4))
            if size.max() > _FRAME * size[-1]:  # it leaves the frame: say how far it goes
                words = say("↑ up to {most:.1f} at the start", most=size.max() / size[-1])
                ax.text(FLAG + 4, 2.9, words, color=CELL_LINE, fontsize=12, va="center")
            ax.axvline(FLAG, color=SIGNAL, lw=1.4, ls=(0, (1, 1.5)), zorder=1)
        axes[0].text(FLAG + 0.8, 2.7, say("flag"), color=SIGNAL, fontsize=12, va="center")
        name_lines(axes[0], (0.6, 0.9, say("to the state: dL/dh$_t$"), RNN_LINE))
        name_lines(axes[1], (0.6, 0.9, say("to the cell: dL/dc$_t$"), CELL_LINE))
        name_lines(axes[0], (0.6, 0.34, say("to the number that came in: dL/dx$_t$"), GRADIENT))
        figure.supylabel(say("multiple of the last step's"), fontsize=12)
        axes[-1].set_xlabel(say("step t"))
        figure.alt = say(
            "Four panels, one under the other: how much of the last step's gradient there is at "
            "each of 100 steps. At the flag, at step {at}, the RNN has {rnn:.1g} left, the LSTM at "
            "forget bias 1 {one:.1g}, at forget bias 6 {six:.2g}, the latch {latch:.2g}. At forget "
            "bias 6 the last number gets the largest share, in the latch the flagged one alone has "
            "one. The slope of tanh at the last cell is {flat:.2f} at forget bias "
            "6, {steep:.2f} at forget bias 1.",
            flat=slopes[2], steep=slopes[1], at=FLAG,
            rnn=left[0], one=left[1], six=left[2], latch=left[3],
        )  # fmt: skip
    return figure


def draws(drawn) -> Picture:
    """What is left of the gradient, a dot a draw, and what the cell line alone brings, a stroke.

    drawn: a setting's words -> what `twenty_draws` returns, (2, draws), or one column of it. At
    the right the medians: what is left, and the factor per step that takes it there.
    """
    away = len(flagged_sequence()) - FLAG
    medians, steps, lines = [], [], []
    with matplotlib.rc_context(RC):
        figure = picture(900, 470)
        ax = figure.subplots()
        for row, (left, alone) in enumerate(drawn.values()):
            # side by side, so that none hides; the strokes in the lower half of the row
            y = row + np.linspace(-0.36, 0.04, len(left))
            colour = RNN_LINE if np.isnan(alone).all() else CELL_LINE
            ax.plot(left, y, "o", ms=5, color=colour)
            ax.plot(alone, np.full(len(alone), row + 0.26), "|", ms=11, color=ALONE, mew=1.4)
            medians.append(f"{np.median(left):.2g}")
            steps.append(f"{np.median(left) ** (1 / away):.3f}")
            lines.append(say("none") if colour == RNN_LINE else
                         f"{np.median(alone) ** (1 / away):.3f}")  # fmt: skip
            ax.plot([np.median(left)], [row - 0.16], "D", ms=9, mfc="white", mec=GRADIENT, mew=2)
        columns = {  # points to the right of the frame
            32: (say("left"), medians, GRADIENT),
            80: (say("per step"), steps, GRADIENT),
            134: (say("its line"), lines, ALONE),
        }
        for right, (head, column, colour) in columns.items():
            for row, words in zip(range(-1, len(drawn)), (head, *column), strict=True):
                ax.annotate(words, (1, row + 0.2 * (row < 0)), (right, 0),
                            xycoords=ax.get_yaxis_transform(), textcoords="offset points",
                            ha="center", va="center", fontsize=11, color=colour,
                            weight="bold" if row < 0 else "normal",
                            annotation_clip=False)  # fmt: skip
        ax.axvline(1, color="#999999", lw=1.2, zorder=0)
        ax.set(xscale="log", yticks=range(len(drawn)), ylim=(len(drawn) - 0.5, -1.1))
        ax.set(xlabel=say("length at the flag, as a multiple of the last step's"))
        ax.set_yticklabels(drawn)
        ax.set_title(
            say(
                "How W$_h$ is drawn hardly changes what the cell line brings (brown strokes),\n"
                "but it does change the whole gradient (dots)"
            )
        )
        name_lines(
            ax,
            (0.01, 0.99, say("● RNN"), RNN_LINE),
            (0.16, 0.99, say("● LSTM"), CELL_LINE),
            (0.32, 0.99, say("| cell line alone"), ALONE),
            (0.66, 0.99, say("◇ median of the dots"), GRADIENT),
        )
        figure.alt = say(
            "Dots, one for each draw of the weights, a row for each setting: how much of the "
            "gradient is left at the flag, on a log scale; under an LSTM's dots, as strokes, what "
            "the cell line alone would bring. The medians from the top: {medians}. Per step that "
            "is {steps}, and along the cell line alone {lines}.",
            medians=", ".join(medians), steps=", ".join(steps), lines=", ".join(lines),
        )  # fmt: skip
    return figure


def near_and_far(runs) -> Picture:
    """How the flagged steps' part of the gradient and what RNNs learn go together, a dot a draw.

    runs: a setting's words -> what `plain_rnn_learns` returned of it.
    """
    colours = (INPUT, HIDDEN_LINE, FORGET, CANDIDATE_LINE, GRADIENT)
    with matplotlib.rc_context(RC):
        figure = picture(900, 350)
        ax = figure.subplots()
        ax.set(xscale="log", xlim=(1e-9, 1), ylim=(-0.02, 0.38))
        ax.set(xlabel=say("the flagged steps' part of the first gradient"))
        ax.set_ylabel(say("error after training"))
        ax.set_title(say("No part, nothing learned; but a part alone is not enough"))
        ax.axhline(1 / 3, color="#999999", lw=1.2, zorder=0)
        ax.text(1e-4, 0.337, say("always answering 0"), color="#666666", fontsize=11, va="bottom",
                ha="center")  # fmt: skip
        below = 0  # how many names stand under points at the left
        for n, (words, run) in enumerate(runs.items()):
            colour = colours[n % len(colours)]
            looks = {"ms": 7, "marker": "x"} if n % 2 else {"ms": 11, "marker": "o", "mfc": "none"}
            ax.plot(run.share, run.errors, ls="", color=colour, mew=2.2, **looks)
            first, middle = run.share.min(), (run.errors.min() + run.errors.max()) / 2
            if first > 1e-4:  # its name to the left of its points, else under them
                place, looks = (first / 1.35, middle), {"ha": "right", "va": "center"}
            else:
                place, looks = (first / 1.25, middle - 0.02 - 0.033 * below), {"va": "top"}
                below += 1
            ax.text(*place, words, color=colour, fontsize=12, weight="bold", **looks)
        told = [
            say(
                "{unit}: parts {parts}, errors {errors}",
                unit=words,
                parts=say(", ").join(f"{part:.2g}" for part in run.share),
                errors=say(", ").join(f"{error:.3f}" for error in run.errors),
            )
            for words, run in runs.items()
        ]
        figure.alt = say(
            "Dots, three draws of the weights for each setting: the flagged steps' part of the "
            "first gradient against the error after training; the grey line is always answering "
            "0. {told}.",
            told=say("; ").join(told),
        )
    return figure


def errors(runs) -> Picture:
    """How the error of the last answer falls while units learn, a panel for each rule.

    runs: a unit's words -> what `learn_recall` returned of it by one rate, and by Adam; a dot
    marks where it reached the goal.
    """
    titles = (
        say("One rate: one of the three learns"),
        say("Adam: all three reach the goal"),
    )
    with matplotlib.rc_context(RC):
        figure = picture(900, 330)
        axes = figure.subplots(1, 2, sharex=True, sharey=True)
        most = max(len(run.errors) - 1 for both in runs.values() for run in both)
        for ax, title, column in zip(axes, titles, zip(*runs.values(), strict=True), strict=True):
            ax.set(ylim=(-0.16, 0.7), xlim=(-0.01 * most, 1.02 * most), xlabel=say("updates"))
            ax.set_yticks(np.arange(0, 0.71, 0.1))
            ax.set_title(title)
            ax.axhline(GOAL, color="#999999", lw=1.2, zorder=0)
            ax.text(most, GOAL, say("goal"), color="#666666", fontsize=11, ha="right", va="bottom")
            zero = max(run.zero for run in column)
            ax.axhline(zero, color="#999999", lw=1.2, ls=(0, (3, 2)), zorder=0)
            ax.text(most, zero + 0.012, say("always answering 0"), color="#666666", fontsize=11,
                    ha="right", va="bottom")  # fmt: skip
            for words, run, colour in zip(runs, column, cycle(_UNITS), strict=False):
                ax.plot(run.errors, color=colour, lw=2)
                end = len(run.errors) - 1 if run.updates is None else run.updates
                last = run.errors[end]
                if run.updates is None:  # its name at its end, below the dashed line
                    rank = sorted((r.errors[-1] for r in column if not r.updates), reverse=True)
                    ax.text(end, last - 0.03 - 0.05 * rank.index(last), words, color=colour,
                            fontsize=11, weight="bold", ha="right", va="top")  # fmt: skip
                    continue
                ax.plot([end], [last], "o", color=colour, ms=6)
                rank = sorted(r.updates for r in column if r.updates).index(end)
                ax.text(end, -0.01 - 0.05 * rank, f"{words}: {end}", color=colour, fontsize=11,
                        weight="bold", ha="left", va="top")  # fmt: skip
        axes[0].set_ylabel(say("error of the last answer"))
        found = [
            say("{unit}: {plain} and {adam}", unit=words, plain=_told(plain), adam=_told(adam))
            for words, (plain, adam) in runs.items()
        ]
        figure.alt = say(
            "Two panels of error against updates, on the left with one rate for all weights, on "
            "the right with Adam; a grey line marks the goal, a dashed one at {zero:.2f} always "
            "answering 0. "
            "Updates until the goal, by unit: {found}. With Adam the lines end at {ends}.",
            found=say("; ").join(found),
            zero=zero,
            ends=say(", ").join(f"{adam.errors[-1]:.2f}" for _, adam in runs.values()),
        )
    return figure


def _told(run):
    return say("never") if run.updates is None else str(run.updates)


def choosing(counts=(0, 48, 400), steps=16, at=5) -> Picture:
    """The answer's gradient in one unit before its training and after so many updates."""
    xs, dhs = np.zeros((steps, 1, 2)), np.zeros((steps, 1, 1))
    xs[:, 0, 0] = np.random.default_rng(3).uniform(-1, 1, steps)
    xs[at - 1, 0, 1] = dhs[-1] = 1
    unit = latch(b_i=-2, w_i=0, b_f=4, w_f=0, w_g=0.5)  # the page's, which hears no flag yet
    shares, kept, grown, alone = [], [], [], []  # the last two: from the end to the start
    with matplotlib.rc_context(RC):
        figure = picture(900, 420)
        axes = figure.subplots(len(counts), 1, sharex=True, sharey=True)
        for ax, count, after in zip(axes, counts, units_after(unit, counts), strict=True):
            trace = lstm_forward(xs, after)
            grads = lstm_backward(dhs, trace, after)
            told = np.abs(grads.xs[:, 0, 0])
            shares.append(told[at - 1] / told.sum())
            kept.append(trace.f[at - 1, 0, 0])
            cut = after._replace(W_h=0 * after.W_h)
            for ratios, dc in (
                (grown, grads.c),
                (alone, lstm_backward(dhs, lstm_forward(xs, cut), cut).c),
            ):
                ratios.append(dc[0, 0, 0] / dc[-1, 0, 0])
            t = np.arange(steps + 1)
            ax.step(t, np.abs(grads.c[:, 0, 0]), color=CELL_LINE, lw=3, where="mid")
            ax.bar(t[1:], told, color=GRADIENT, width=0.7)
            ax.plot(t[1:], trace.i[:, 0, 0], "o", color=INPUT, ms=6, zorder=4)
            ax.set(xlim=(-0.1, steps + 1), ylim=(-0.03, 1.1), yticks=(0, 0.5, 1))
            ax.axvline(at, color=SIGNAL, lw=1.4, ls=(0, (1, 1.5)), zorder=1)
            values = {"count": count, "share": shares[-1]}
            ax.set_title(
                say("After {count} updates: the flagged number gets {share:.0%}", **values)
                if count
                else say("Before training: every number gets a little, the flagged one {share:.0%}",
                         **values)
            )  # fmt: skip
        axes[0].text(at + 0.15, 0.97, say("flag"), color=SIGNAL, fontsize=12, va="center")
        name_lines(
            axes[0],
            (0.5, 0.64, say("line: the gradient at the cell, dL/dc$_t$"), CELL_LINE),
            (0.5, 0.48, say("dots: the input gate i$_t$, 0 to 1"), INPUT),
            (0.5, 0.32, say("bars: the gradient at the incoming number, dL/dx$_t$"), GRADIENT),
        )
        figure.supylabel(say("gradient, or gate"), fontsize=12)
        axes[-1].set_xlabel(say("step t"))
        figure.alt = say(
            "The answer's gradient and, as dots, the input gate of one LSTM unit, {steps} steps "
            "with the flag at step {at}, a panel each before the training and after {counts} "
            "updates. Of the gradient that reaches the numbers, the flagged one gets {shares}. The "
            "forget gate at the flag is {kept}. From the end to the start the line changes by a "
            "factor of {grown}; with W_h set to 0 it would be {alone}.",
            steps=steps, at=at, counts=say(", ").join(map(str, counts[1:])),
            shares=say(", ").join(f"{share:.0%}" for share in shares),
            kept=say(", ").join(f"{f:.2f}" for f in kept),
            grown=say(", ").join(f"{r:.2f}" for r in grown),
            alone=say(", ").join(f"{r:.2f}" for r in alone),
        )  # fmt: skip
    return figure


def step_size() -> Picture:
    """A gradient check's error against its finite step, in float64, in float32, and of two bugs."""
    rng = np.random.default_rng(4)
    point, dhs = draw_point(5, rng=rng), rng.normal(size=(5, 2, 3))
    steps = 10.0 ** np.arange(-12, 0.1, 0.5)
    healthy, ill = PATIENTS["C"], PATIENTS["G"]
    slight = Fault("df times 1.005", {"df": lambda s: 1.005 * s.dc * s.c_prev})
    slightly = partial(backward_by_steps, fault=slight)
    least = step_errors(slightly, point, dhs, steps, np.float64).min()
    with matplotlib.rc_context(RC):
        figure = picture(
            820,
            330,
            say(
                "Error of a gradient check against its finite step, both on log scales. For a "
                "right gradient it makes a V: in float64 the lowest point is near a step of "
                "1e-5, in float32 near 3e-3 and about 700,000 times higher. For a wrong "
                "gradient it is a floor, whatever the step: near 0.3 where df is missing, "
                "{floor:.1g} where df is 1.005 times as large.",
                floor=least,
            ),
        )
        ax = figure.subplots()
        ax.set(xscale="log", yscale="log", xlim=(1e-12, 1), ylim=(1e-12, 30))
        ax.set(xlabel=say("finite step"), ylabel=say("relative error"))
        ax.set_title(say("A right gradient makes a V, a wrong one a floor"))
        for backward, dtype, colour, style in (
            (healthy, np.float64, GRADIENT, "-"),
            (healthy, np.float32, INPUT, "--"),
            (ill, np.float64, FORGET, "-"),
            (slightly, np.float64, CELL_LINE, "-"),
        ):
            errors = step_errors(backward, point, dhs, steps, dtype)
            ax.plot(steps, errors, color=colour, ls=style)
        ax.axhline(1e-6, color="#999999", lw=1.2)
        name_lines(
            ax,
            (0.02, 0.84, say("df missing, float64"), FORGET),
            (0.02, 0.64, say("df times 1.005, float64"), CELL_LINE),
            (0.36, 0.98, say("right, computed in float32 (dashed)"), INPUT),
            (0.2, 0.34, say("right, float64"), GRADIENT),
            (0.86, 0.43, say("tolerance"), "#888888"),
        )
    return figure
