"""What stands still in notebook 03."""

import matplotlib
import numpy as np
from matplotlib.patches import Circle, FancyBboxPatch

from lstm_core import (
    LSTMParams,
    init_lstm,
    init_rnn,
    lstm_forward,
    rnn_forward,
)
from lstm_inside.gates.explorers_gradients import lstm_left, rnn_left, untrained
from lstm_inside.gates.explorers_time import name_curves
from lstm_inside.gates.explorers_wiring import WIRES, draw_sign
from lstm_inside.gates.recall import LATCH, last_flag_problem
from lstm_inside.page import plain, signed
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


def chain() -> Picture:
    """A plain recurrent network over a hundred steps: each hands its state to the next."""
    with matplotlib.rc_context(RC):
        figure = picture(900, 190)
        figure.alt = say(
            "A chain of steps from left to right. Step t takes in x(t) from below and the state "
            "h(t−1) from the step before, and hands h(t) on. After step 100 the read-out takes "
            "h(100)."
        )
        ax = figure.subplots()
        ax.set(xlim=(0, 12), ylim=(0, 2.1))
        ax.set_axis_off()
        ax.set_title(say("Each step hands its state to the next; the weights stay the same"))
        for left, t in ((1.2, 1), (3.9, 2), (7.4, 100)):
            _path(ax, "#999999", (left + 0.7, 0.45), (left + 0.7, 0.98))
            _box(ax, left, left + 1.4, 1.0, 1.8, "white", "#555555", say("step {t}", t=t),
                 "#111111")  # fmt: skip
            ax.text(left + 0.7, 0.2, f"$x_{{{t}}}$", color="#555555", ha="center", va="center",
                    fontsize=14)  # fmt: skip
        _box(ax, 10.1, 11.8, 1.0, 1.8, "white", "#555555", say("read-out"), "#111111")
        for start, end, words in (
            (0.2, 1.15, "$h_0$"), (2.6, 3.85, "$h_1$"), (5.3, 6.0, "$h_2$"),
            (6.7, 7.35, "$h_{99}$"), (8.8, 10.05, "$h_{100}$"),
        ):  # fmt: skip
            _path(ax, HIDDEN, (start, 1.4), (end, 1.4))
            ax.text((start + end) / 2, 1.72, words, color=HIDDEN_LINE, ha="center", va="center",
                    fontsize=14)  # fmt: skip
        ax.text(6.35, 1.4, "…", color=HIDDEN_LINE, ha="center", va="center", fontsize=16)
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


def recall_scores(rnn, lstm) -> Picture:
    """R squared of untrained networks, a dot a draw: as asked, and with all other numbers 0.

    A draw below the picture is drawn at its edge, with an arrow and its number.
    rnn, lstm: (2, draws), or lists: a row for each of the two.
    """
    families = (
        (np.array(rnn), say("RNN"), "#666666", -0.18),
        (np.array(lstm), "LSTM", CELL_LINE, 0.18),
    )
    settings = say("as asked"), say("all other numbers 0")
    told = []
    with matplotlib.rc_context(RC):
        figure = picture(900, 300)
        ax = figure.subplots()
        ax.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.55), yticks=(0, 0.5, 1), ylabel="R²")
        ax.set_xticks(range(2), settings)
        ax.axhline(0, color=FAINT, lw=1.2)
        ax.set_title(say("Time alone does the LSTM little harm, the other numbers do"))
        for scores, name, colour, aside in families:
            for n, row in enumerate(scores):
                middle, at = float(np.median(row)), n + aside
                spread = at + np.linspace(-0.07, 0.07, len(row))
                ax.plot(spread, np.maximum(row, -0.45), "o", color=colour, ms=5,
                        alpha=0.5, mec="none")  # fmt: skip
                for x, score in zip(spread, row, strict=True):
                    if score < -0.45:  # it lies below the picture
                        ax.text(x + 0.02, -0.45, f"↓ {plain(score)}", color=colour,
                                va="center", fontsize=11)  # fmt: skip
                ax.plot([at - 0.09, at + 0.09], [middle, middle], color=colour, lw=3)
                ax.text(at, row.max() + 0.04, f"{name}\n{plain(middle)}", color=colour,
                        weight="bold", ha="center", va="bottom", fontsize=11,
                        bbox={"fc": "white", "ec": "none", "pad": 1})  # fmt: skip
                told.append(
                    say("{name}, {setting}: {middle} ({low} to {high})",
                        name=name, setting=settings[n], middle=plain(middle),
                        low=plain(row.min()), high=plain(row.max()))
                )  # fmt: skip
        figure.alt = say(
            "R² of {draws} untrained networks each, the median, lowest and highest. {told}.",
            draws=len(rnn[0]),
            told=say("; ").join(told),
        )
    return figure


def fed_back(spreads, always_open, shut) -> Picture:
    """R squared of two latches whose candidates see both h: a dot a draw, and the median.

    spreads: the standard deviations of the weights that feed back. Scores: (spreads, draws), or a
    list; with output gates that are open all the time, and with gates shut until the question.
    """
    figure, ax = _scores_of_draws(
        [f"{spread:g}" for spread in spreads],
        (np.array(shut), say("o shut\nuntil asked"), GATES["o"].line, "-", 1.22),
        (np.array(always_open), say("o open"), "#6b6b6b", (0, (4, 2)), -0.27),
        told=say("{name}, spread {size}: {many} of {draws} above 0.9, median {middle}"),
    )
    with matplotlib.rc_context(RC):
        ax.set_xlabel(say("spread s of the weights from h to the candidates (the number's is 0.5)"))
        ax.set_title(say("What is shown disturbs what is written"))
        name_curves(ax, (0.62, say("in numbers: draws with R² above 0.9"), "#666666"))
        figure.alt = say("R² of two units fed back. {told}.", told=figure.alt)
    return figure


# What is read, and last the word to be written; + or - marks a noun, ? the word after which it is.
def sentence() -> Picture:
    """What the gates of a latch should do in a sentence: the flag is set by hand at a word.

    It is `LATCH`, with an output gate that stays shut until it is asked. Each noun brings a number,
    +1 the one that is to be kept and -1 the others. The last word is the one to be written.
    """
    *words, wanted = say(
        "The|+keys|that|my|-grandmother|left|on|the|-table|by|the|?-door|are"
    ).split("|")
    marks = [word[: len(word) - len(word.lstrip("+-?"))] for word in words]
    key, asked = marks.index("+"), len(words) - 1
    xs = np.zeros((len(words), 1, 3))  # number, flag, and the question that opens o
    xs[:, 0, 0] = [("+" in mark) - ("-" in mark) for mark in marks]
    xs[key, 0, 1] = xs[asked, 0, 2] = 1
    unit = LSTMParams(
        np.vstack([LATCH.W_x, [0, 0, 0, 16]]), LATCH.W_h, LATCH.b + np.array([0, 0, 0, -10])
    )
    trace = lstm_forward(xs, unit)
    cells, at = trace.c[1:, 0, 0], np.arange(len(words))
    with matplotlib.rc_context(RC):
        figure = picture(900, 390)
        ax = figure.subplots()
        ax.set(xlim=(-1.95, len(words) + 1.2), ylim=(-1.05, 4.35))
        ax.set_axis_off()
        ax.set_title(say("What the gates should do: set by hand, not trained"))
        for letter, low in (("i", 3.3), ("f", 2.2), ("o", 1.1)):
            gate, values = GATES[letter], getattr(trace, letter)[:, 0, 0]
            ax.bar(at, 0.85 * values, bottom=low, width=0.82, color=gate.colour, zorder=2)
            ax.plot([-0.5, len(words) - 0.5], [low, low], color=FAINT, lw=1)
            label = say("{name} {letter}", name=gate.short, letter=letter)
            ax.text(-0.6, low + 0.4, label, ha="right", va="center", weight="bold",
                    color=gate.line, fontsize=13)  # fmt: skip
        ax.plot([-0.4, key], [0.4, 0.4], color=CELL, lw=1.2)
        ax.plot([key, asked + 0.25], [0.4, 0.4], color=CELL, lw=11, solid_capstyle="round",
                zorder=2)  # fmt: skip
        middle = say("holds {number:+.2f}", number=cells[asked])
        ax.text((key + asked) / 2, 0.72, middle, ha="center", va="center", fontsize=12,
                color=CELL_LINE, weight="bold")  # fmt: skip
        ax.text(-0.6, 0.4, say("cell state c"), ha="right", va="center", weight="bold",
                color=CELL_LINE, fontsize=13)  # fmt: skip
        shown = [word.lstrip("+-?") for word in words]
        next_at = len(words) + 0.45
        ax.text(next_at, -0.3, wanted, ha="center", va="center", weight="bold", fontsize=12.5,
                color=GATES["o"].line)  # fmt: skip
        ax.text(next_at, 0.4, "?", ha="center", va="center", weight="bold", fontsize=20,
                color=GATES["o"].line)  # fmt: skip
        ax.text(next_at, -0.8, say("next word"), ha="center", va="center", fontsize=12)
        for x, (word, mark) in enumerate(zip(shown, marks, strict=True)):
            strong = "+" in mark
            ax.text(x, -0.3, word, ha="center", va="center",
                    weight="bold" if strong else "normal", fontsize=12.5 if strong else 11,
                    color="#111111" if mark else "#777777")  # fmt: skip
        ax.text(key, -0.8, say("flag: write"), ha="center", va="center", fontsize=12)
        ax.text(asked, -0.8, say("asked: show"), ha="center", va="center", fontsize=12)
        figure.alt = say(
            "The words of the sentence from left to right. At {key} the input gate is {i:.3f} and "
            "the forget gate {f:.3f}; at all the others it is {i_else:.4f} and {f_else:.4f}. The "
            "output gate is {o:.3f} at {asked}, after which {wanted} has to be written, and "
            "{o_else:.4f} at the others. The cell state is {first:+.2f} at {key} and {last:+.2f} "
            "at {asked}.",
            key=shown[key],
            asked=shown[asked],
            wanted=wanted,
            i=trace.i[key, 0, 0],
            f=trace.f[key, 0, 0],
            i_else=trace.i[0, 0, 0],
            f_else=trace.f[0, 0, 0],
            o=trace.o[asked, 0, 0],
            o_else=trace.o[0, 0, 0],
            first=cells[key],
            last=cells[asked],
        )
    return figure


def gradient_draws() -> Picture:
    """How long the gradients of untrained networks are: pale a draw, dark the median.

    Each draw reads its own first stream; the loss is the sum of the last h. Two RNNs, and two
    LSTMs along the cell line and as a whole. What leaves the picture at the bottom has its end
    written where it does so.
    """

    def left(of, init, factor=1.0, **setting):
        nets = (untrained(init, seed, **setting) for seed in range(_DRAWS))
        drawn = [of(type(p)(p.W_x, factor * p.W_h, p.b), xs) for p, xs in nets]
        return np.array(drawn).swapaxes(0, -2).reshape(-1, _DRAWS, 101)

    told = []
    line, whole, rnn = say("cell line alone"), say("whole"), say("RNN")
    grey = "#777777"
    with matplotlib.rc_context(RC):
        figure = picture(900, 560)
        axes = figure.subplots(2, 2, sharex=True, sharey=True)
        for ax, title, families, names in (
            (
                axes[0, 0],
                say("Weak RNN"),
                left(rnn_left, init_rnn),
                [(rnn, grey, (1.5, 3e-7, "left"))],
            ),
            (
                axes[0, 1],
                say("RNN of section 1"),
                left(rnn_left, init_rnn, 1.1, recurrent="orthogonal"),
                [(rnn, grey, (1.5, 30, "left"))],
            ),
            (
                axes[1, 0],
                say("LSTM, forget bias 1"),
                left(lstm_left, init_lstm, forget_bias=1.0),
                [(line, CELL_LINE, (37, 6e-10, "left")), (whole, GRADIENT, (1.5, 4e-3, "left"))],
            ),
            (
                axes[1, 1],
                say("LSTM, forget bias 5"),
                left(lstm_left, init_lstm, forget_bias=5.0),
                [(line, CELL_LINE, (1.5, 3e-2, "left")), (whole, GRADIENT, (1.5, 1.5e5, "left"))],
            ),
        ):
            ax.set(xlim=(0, 100), yscale="log", ylim=(1e-10, 1e6), yticks=[1e-8, 1e-4, 1, 1e4])
            ax.set_xticks((0, 50, 100))
            ax.set_title(title, fontsize=12.5)
            ax.axhline(1, color=FAINT, lw=1.2)
            for n, (shares, (name, colour, (x, y, side))) in enumerate(
                zip(families, names, strict=True)
            ):
                middle = np.median(shares, axis=0)
                ends = {"name": name, "middle": middle[0]}
                over = {"zorder": 3 - n}  # the cell line lies on top
                ax.plot(shares.T, color=colour, lw=0.8, alpha=0.3, **over)
                ax.plot(middle, color=colour, lw=4, **over)
                below = middle[0] < ax.get_ylim()[0]
                words = say("↓ {name}: {middle:.2g} at step 0" if below else
                            "{name}: {middle:.2g}", **ends)  # fmt: skip
                ax.text(x, y, words, color=colour, va="center", ha=side, weight="bold",
                        fontsize=12)  # fmt: skip
                words = say(
                    "{name}: {middle:.2g} at step 0 ({low:.2g} to {high:.2g})",
                    **ends, low=shares[:, 0].min(), high=shares[:, 0].max(),
                )  # fmt: skip
                told.append(say("{title}, {words}", title=title, words=words))
        figure.supxlabel(say("step t: the loss is at the right end"), fontsize=12)
        figure.supylabel(say("gradient's length, relative to step {steps}", steps=100), fontsize=12)
        figure.alt = say(
            "The gradient's length relative to that at step 100, in {draws} draws. {told}.",
            draws=_DRAWS,
            told=say("; ").join(told),
        )
    return figure


def plain_latch(params) -> Picture:
    """The wires of four plain units that hold a number, and what they do around a flag (3.10).

    params: the RNN of (number, flag) -> u, v, d, r. It reads the stream of
    `memory_gradient_explorer`.
    """
    xs = last_flag_problem(100, 1, rng=np.random.default_rng(2)).xs
    flag = int(np.flatnonzero(xs[:, 0, 1])[-1]) + 1  # the step of the last one
    around = rnn_forward(xs, params).h[flag - 2 : flag + 3, 0]  # of the step before them, too
    held = around[:, 3]
    with matplotlib.rc_context(RC):
        figure = picture(900, 560)
        ax = figure.subplots()
        ax.set(xlim=(0, 12), ylim=(-3.95, 4.1))
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
            say("r holds the old number"), "", say("flag: r is pushed to 1"),
            say("r: −1, and the new number"), say("r holds the new number"),
        )  # fmt: skip
        for n, (values, words) in enumerate(zip(around, happens, strict=True)):
            x = 1.6 + 2.3 * n
            for row, (value, name) in enumerate(zip(values, "uvdr", strict=True)):
                y, ink = -0.92 - 0.72 * row, CELL_LINE if name == "r" else "#555555"
                full = n == 2  # the step of the flag
                number = signed(value, 4) if name == "r" else plain(value)
                _box(ax, x - 0.85, x + 0.85, y - 0.27, y + 0.27, ink if full else "white", ink,
                     number, "white" if full else ink)  # fmt: skip
                if n and name == "r":
                    _path(ax, CELL, (x - 1.45, y), (x - 0.85, y))
                if n == 0:
                    ax.text(0.1, y, name, va="center", fontsize=16, weight="bold", color=ink)
            ax.text(x, -0.45, say("step {t}", t=flag - 2 + n), ha="center", va="center",
                    fontsize=11, color="#666666")  # fmt: skip
            ax.text(x, -3.66, words, ha="center", va="center", fontsize=11.5)
        figure.alt = say(
            "Wires from the number and the flag to four units u, v, d and r. From u, v and d wires "
            "of weights {weights} lead to r one step later; its wire to itself has weight {own}. "
            "Around a flag at step {flag} u is {u}, v {v} and d {d}. r holds {held}.",
            u=", ".join(map(plain, around[:, 0])),
            v=", ".join(map(plain, around[:, 1])),
            d=", ".join(map(plain, around[:, 2])),
            weights=", ".join(map(_sign, params.W_h[:3, 3])),
            own=_sign(params.W_h[3, 3]),
            flag=flag,
            held=", ".join(signed(value, 4) for value in held),
        )
    return figure


def wrong_weights(sizes, plain_scores, latch_scores) -> Picture:
    """R squared of a plain network and of `LATCH` with wrong weights: a dot a draw, and the median.

    sizes: the size of the errors, as shares of the weights. Scores: (sizes, draws), or a list.
    """
    figure, ax = _scores_of_draws(
        [f"{100 * size:g} %" for size in sizes],
        (np.array(latch_scores), "LATCH", CELL_LINE, "-", 1.2),
        (np.array(plain_scores), say("plain RNN"), "#6b6b6b", (0, (4, 2)), -0.27),
        told=say("{name}, errors of {size}: {many} of {draws} above 0.9, median {middle}"),
    )
    with matplotlib.rc_context(RC):
        ax.set_xlabel(say("size s of the errors"))
        ax.set_title(say("How large an error does each network survive?"))
        name_curves(ax, (0.62, say("in numbers: draws with R² above 0.9"), "#666666"))
        figure.alt = say("R² with wrong weights. {told}.", told=figure.alt)
    return figure


def _scores_of_draws(sizes, *families, told):
    """A dot a draw, a line through the medians, how many are above 0.9: figure (told), axes.

    sizes: the words below each place. families: (scores, name, colour, line style, its row).
    """
    with matplotlib.rc_context(RC):
        figure = picture(900, 340)
        ax = figure.subplots()
        ax.set(ylim=(-0.4, 1.35), yticks=(0, 0.5, 1), ylabel="R²")
        ax.set(xlim=(-1.05, len(sizes) - 0.5), xticks=range(len(sizes)))
        ax.set_xticklabels(sizes)
        lines = []
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
                middle = plain(np.median(row))
                lines.append(told.format(name=name.replace("\n", " "), size=sizes[place],
                                         middle=middle, **many))  # fmt: skip
        figure.alt = say("; ").join(lines)
    return figure, ax


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
