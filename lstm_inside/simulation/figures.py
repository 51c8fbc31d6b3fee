"""The pictures of notebook 07 that stand still."""

import matplotlib
import numpy as np
from matplotlib.patches import Rectangle

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
    TINT,
    dotted,
    learned_picture,
    said,
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
    """Texts side by side under their names, at most three in a row: name -> text."""
    rows = -(-len(samples) // 3)
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900, 40 + 265 * rows, "text that the model wrote at several moments or temperatures."
        )
        figure.alt = "Text written by the model: " + ", ".join(samples) + "."
        axes = figure.subplots(rows, min(len(samples), 3), squeeze=False).ravel()
        for ax in axes:
            ax.set_axis_off()
        for ax, (name, text) in zip(axes, samples.items(), strict=False):
            ax.set(xlim=(0, 1), ylim=(0, 1))
            ax.set_title(name, color=INPUT, fontsize=13)
            shown = two_inks("", dotted(text), 34, 13)[1]
            looks = {"family": MONO, "fontsize": 13, "va": "top", "linespacing": 1.25}
            ax.text(0, 0.99, shown, parse_math=False, **looks)
    return figure


def matches_picture(matches):
    """Rows of text around the places where a cell is highest, coloured by it: a list of `Match`."""
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900, 40 + 24 * len(matches), "the places of the text where one cell is at its highest."
        )
        figure.alt = "Where the cell is highest: " + "; ".join(
            "".join(map(said, m.text[m.at - 8 : m.at + 1])) for m in matches
        )
        ax = figure.subplots()
        shown = np.array([m.shown for m in matches])
        ax.imshow(shown, cmap=TINT, vmin=-1, vmax=1, aspect="auto")
        ax.set_axis_off()
        ax.set_title("Each row: one place, its peak in the box; orange +1, blue -1")
        for row, m in enumerate(matches):
            for k, symbol in enumerate(m.text):
                ax.text(k, row, said(symbol), family=MONO, fontsize=13, ha="center", va="center",
                        parse_math=False)  # fmt: skip
            ax.add_patch(Rectangle((m.at - 0.5, row - 0.5), 1, 1, fill=False, lw=2))
    return figure


def every_cell_picture(r, every, chosen, control):
    """What holding each cell does against its |r|: r (H,), every an `EveryCell` (7.7)."""
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900, 360, "the effect of holding each cell against how well it goes along with a mark."
        )
        axes = figure.subplots(1, 2, sharey=True)
        size, told = np.abs(r), []
        for ax, effect, title in zip(
            axes, every, ("Held off, inside brackets", "Held on, outside brackets"), strict=True
        ):
            ax.axhline(1, color=FAINT, lw=1.2)
            ax.scatter(size, effect, color="#9fb4c7", s=28)
            ax.set(yscale="log", xlabel="|r| with brackets", xlim=(0, 1), title=title)
            for unit, colour in ((chosen, CELL_LINE), (control, HIDDEN_LINE)):
                ax.scatter(size[unit], effect[unit], color=colour, s=70, zorder=3)
            far = np.argsort(-np.abs(np.log(effect)))[:3]
            for unit in {chosen, control, *far.tolist()}:
                ax.annotate(f"unit {unit}", (size[unit], effect[unit]), (6, 4),
                            textcoords="offset points", fontsize=11.5)  # fmt: skip
            told += [f"{title}: " + ", ".join(f"unit {u} {effect[u]:.2f}" for u in far)]
        axes[0].set_ylabel("closings, times as likely (7.7)")
        axes[0].set_yticks([0.25, 0.5, 1, 2, 4, 8], ["1/4", "1/2", "1", "2", "4", "8"])
        axes[0].minorticks_off()
        figure.alt = "The largest effects. " + "; ".join(told) + "."
    return figure


def lags_picture(lags, horizon):
    """Correlation of forecasts with earlier signal: name -> rows of `lag_correlations` (7.12)."""
    with matplotlib.rc_context(RC):
        figure = learned_picture(
            900, 330, "correlation of each forecast with the signal some steps earlier."
        )
        ax = figure.subplots()
        looks = {"persistence": METHODS["persistence"], "linear": METHODS["linear"]}
        for name, of in lags.items():
            row = of[horizon - 1]
            ax.plot(row, color=looks.get(name, OUTPUT), marker="o", ms=5, label=name)
        ax.axvline(horizon, color=FAINT, lw=1.2)
        ax.text(horizon, 1.02, "the last value seen", ha="center", fontsize=12)
        ax.set(ylim=(-0.5, 1.12), xlabel="shift: steps before the time that is forecast")
        ax.set_ylabel("correlation")
        ax.set_title(f"A forecast {horizon} steps ahead, held against the signal, shifted")
        ax.legend(frameon=False, loc="lower right")
        figure.alt = f"Forecasts {horizon} steps ahead. " + "; ".join(
            f"{name}: {of[horizon - 1, 0]:.2f} unshifted, highest at shift "
            f"{of[horizon - 1].argmax()}" for name, of in lags.items()
        ) + "."  # fmt: skip
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
    """Mean probability of some symbols: name -> `Effect`; a log axis where they are far apart."""
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
            log = key != "bits" and lengths.max() > 2 * lengths.min()
            colours = ["#aaaaaa" if k == 0 else HIDDEN_LINE if "control" in n else CELL_LINE
                       for k, n in enumerate(names)]  # fmt: skip
            ax.scatter(lengths, range(len(names)), color=colours, s=90, zorder=3)
            ax.axvline(lengths[0], color=FAINT, lw=1.2)
            if log:
                ax.set(xlim=(lengths.min() / 2, lengths.max() * 12))
            else:
                ax.set(xlim=(0, lengths.max() * 1.5))
            if log:
                ax.set_xscale("log")
            ax.set_title(title, fontsize=12.5)
            ax.grid(False, axis="y")
            for k, length in enumerate(lengths):
                x = length * 1.25 if log else length + lengths.max() / 20
                ax.text(x, k, f"{length:.2f}" if key == "bits" else f"{length:.2%}", va="center")
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
