"""The pictures of notebook 07 that stand still."""

import matplotlib
import numpy as np

from lstm_inside.page.style import (
    CANDIDATE_LINE,
    CELL_LINE,
    FAINT,
    FORGET,
    HIDDEN_LINE,
    INPUT,
    OUTPUT,
    RC,
    SIGNAL,
)
from lstm_inside.simulation.dissection import WARM, around, scores, turns
from lstm_inside.simulation.explorers_forecast import METHODS
from lstm_inside.simulation.explorers_parts import (
    MONO,
    dotted,
    learned_picture,
    spread,
    two_inks,
)
from lstm_inside.simulation.forecast import HORIZONS
from lstm_inside.simulation.reading import MARKS


def bits_picture(bits):
    """Bits per character of several models on the same held-out text: name -> number."""
    names, lengths = list(bits), list(bits.values())
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900, 60 + 42 * len(bits), "bits per character of each model on the same held-out text."
        )
        figure.alt = (
            "Bits per character on held-out text: "
            + ", ".join(f"{name} {length:.2f}" for name, length in bits.items())
            + "."
        )
        ax = figure.subplots()
        colours = [OUTPUT if "LSTM" in name else "#9fb4c7" for name in names]
        ax.barh(range(len(names)), lengths, color=colours, height=0.62)
        ax.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5))
        ax.set(xlim=(0, 7), xlabel="bits per character, held-out text (fewer is better)")
        ax.grid(False, axis="y")
        for k, length in enumerate(lengths):
            ax.text(length + 0.06, k, f"{length:.2f}", va="center", weight="bold")
    return figure


def samples_picture(samples):
    """Texts in a row of columns under their names: name -> text."""
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900, 330, "text that the model wrote at three temperatures, side by side."
        )
        figure.alt = "Text written by the model at " + ", ".join(samples) + "."
        for ax, (name, text) in zip(figure.subplots(1, len(samples)), samples.items(), strict=True):
            ax.set_axis_off()
            ax.set(xlim=(0, 1), ylim=(0, 1))
            ax.set_title(name, color=INPUT, fontsize=13)
            shown = two_inks("", dotted(text), 34, 17)[1]
            ax.text(0, 0.99, shown, family=MONO, fontsize=13, va="top", linespacing=1.25,
                    parse_math=False)  # fmt: skip
    return figure


def scores_picture(reading):
    """|r| of every cell for every mark, sorted; the best is named (7.5)."""
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900, 270, "how closely each cell goes along with four marks, sorted, best first."
        )
        axes = figure.subplots(1, len(MARKS), sharey=True)
        best = {}
        for ax, mark in zip(axes, MARKS, strict=True):
            r = scores(reading, mark)
            order = np.argsort(-np.abs(r))
            unit = int(order[0])
            best[mark] = f"{mark} unit {unit} with {r[unit]:.2f}"
            ax.bar(range(len(r)), np.abs(r[order]), color=[CELL_LINE] + ["#9fb4c7"] * (len(r) - 1),
                   width=0.9)  # fmt: skip
            ax.set(ylim=(0, 1), xlabel="cells, sorted")
            ax.set_xticks([])
            ax.set_title(mark)
            ax.text(0.97, 0.93, f"unit {unit}: r = {r[unit]:.2f}", color=CELL_LINE, ha="right",
                    va="top", weight="bold", transform=ax.transAxes)  # fmt: skip
        axes[0].set_ylabel("|r|")
        figure.alt = (
            "Correlation of each cell with four marks, sorted. Best: "
            + ", ".join(best.values())
            + "."
        )
    return figure


def learning_picture(measured):
    """Bits of four kinds of character while a model learns: step -> name -> bits."""
    steps, names = list(measured), list(next(iter(measured.values())))
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900, 330, "bits per character of four kinds of character after more and more steps."
        )
        ax = figure.subplots()
        ax.set(xscale="log", xlim=(steps[0] * 0.9, steps[-1] * 4), ylim=(0, 7.2))
        ax.set_xticks(steps, [str(step) for step in steps])
        ax.minorticks_off()
        ax.set(xlabel="training steps", ylabel="bits per character")
        ends = [measured[steps[-1]][name] for name in names]
        for name, height, colour in zip(names, spread(ends, 0.55), _KINDS, strict=True):
            ax.plot(steps, [measured[step][name] for step in steps], color=colour, marker="o", ms=5)
            ax.text(steps[-1] * 1.1, height, name, color=colour, weight="bold", va="center")
        ax.set_title("What the next character costs, by its kind, on text not learned from")
        figure.alt = "Bits per character by kind: " + "; ".join(
            f"after {step} steps " + ", ".join(f"{name} {of[name]:.2f}" for name in names)
            for step, of in measured.items()
        ) + "."  # fmt: skip
    return figure


_KINDS = (SIGNAL, INPUT, CANDIDATE_LINE, CELL_LINE)


def turns_picture(reading, mark, unit):
    """Mean course of one unit's gates and cell where a mark begins and where it ends."""
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900, 300, "a unit's gates and cell around the places where a mark begins and ends."
        )
        axes = figure.subplots(1, 2, sharey=True)
        values = {
            "forget f": (reading.trace.f[..., unit], FORGET),
            "input i": (reading.trace.i[..., unit], INPUT),
            "size of tanh(c)": (np.abs(np.tanh(reading.trace.c[1:, :, unit])), CELL_LINE),
        }
        told = []
        for ax, event, what in zip(axes, turns(reading.marks[mark]), ("begin", "end"), strict=True):
            for k, (name, (course, colour)) in enumerate(values.items()):
                mean = around(course[WARM:], event[WARM:])
                steps = np.arange(len(mean)) - 4
                ax.plot(steps, mean, color=colour, marker="o", ms=4)
                told.append(f"{what} {name} {', '.join(f'{m:.2f}' for m in mean[3:7])}")
                if what == "begin":  # between what is held and what is forgotten
                    ax.text(0.02, 0.78 - 0.1 * k, name, color=colour, weight="bold",
                            transform=ax.transAxes)  # fmt: skip
            ax.axvline(0, color=FAINT, lw=1, zorder=0)
            ax.set(ylim=(0, 1.03), xticks=range(-4, 9, 2))
            ax.set_xlabel("characters from there on")
            ax.set_title(f"Where {mark} {what}")
        figure.alt = f"Unit {unit}, from one character before to two after: {'; '.join(told)}."
    return figure


def effects_picture(effects, symbols):
    """Mean probability of some symbols: name -> `Effect`, on a log axis."""
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900, 90 + 40 * len(effects),
            "what holding a cell does to a prediction, with a control cell beside it.",
        )  # fmt: skip
        axes = figure.subplots(1, 3, sharey=True, width_ratios=(3, 3, 2))
        names = list(effects)
        for ax, key, title in zip(
            axes, ("inside", "outside", "bits"),
            (f"Chance of {symbols} where the mark holds", "elsewhere", "bits per character"),
            strict=True,
        ):  # fmt: skip
            lengths = np.array([getattr(effect, key) for effect in effects.values()])
            log = key != "bits"
            low = lengths.min() / 3 if log else 0
            ax.barh(range(len(names)), lengths - low, left=low, height=0.62,
                    color=["#aaaaaa" if k == 0 else HIDDEN_LINE if "control" in n else CELL_LINE
                           for k, n in enumerate(names)])  # fmt: skip
            ax.set(xlim=(low, lengths.max() * (12 if log else 1.35)))
            if log:
                ax.set_xscale("log")
            ax.set_title(title, fontsize=12.5)
            ax.grid(False, axis="y")
            for k, length in enumerate(lengths):
                ax.text(length * 1.08 if log else length + 0.05, k,
                        f"{length:.2%}" if log else f"{length:.2f}", va="center")  # fmt: skip
        axes[0].set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5))
        told = (f"{n} {e.inside:.2%} and {e.outside:.2%}" for n, e in effects.items())
        figure.alt = f"Mean probability of {symbols}, inside and outside: {'; '.join(told)}."
    return figure


def errors_picture(errors):
    """Forecast errors by horizon: name -> (K,) or (runs, K), of which the range is drawn (7.11)."""
    colours = {**METHODS, "LSTM, values": CANDIDATE_LINE, "LSTM, changes": OUTPUT}
    ahead = np.arange(1, HORIZONS + 1)
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900, 390, "typical forecast error by steps ahead, for five ways to forecast the EEG."
        )
        ax = figure.subplots()
        ends = {name: np.atleast_2d(e).mean(axis=0) for name, e in errors.items()}
        heights = spread([e[-1] for e in ends.values()], 0.11)
        for (name, runs), height in zip(errors.items(), heights, strict=True):
            runs = np.atleast_2d(runs)
            if len(runs) > 1:
                ax.fill_between(ahead, runs.min(axis=0), runs.max(axis=0), color=colours[name],
                                alpha=0.25, lw=0)  # fmt: skip
            ax.plot(ahead, runs.mean(axis=0), color=colours[name], marker="o", ms=4)
            ax.text(HORIZONS + 0.3, height, name, color=colours[name], weight="bold", va="center")
        ax.set(xlim=(0.5, HORIZONS + 4.2), ylim=(0, 2.05), xlabel="steps ahead (80 a second)")
        ax.set(xticks=(1, 4, 8, 12, 16))
        ax.set_title("Typical error on the last 3 seconds, in deviations of the signal")
        figure.alt = (
            "Typical forecast error 1, 4 and 16 steps ahead: "
            + ", ".join(f"{name} {e[0]:.2f}, {e[3]:.2f}, {e[-1]:.2f}" for name, e in ends.items())
            + "."
        )
    return figure
