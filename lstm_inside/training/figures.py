"""Pictures of notebook 05 that stand still: losses of several trainings, starts, norms, gates."""

import matplotlib
import numpy as np

from lstm_inside.page.style import FAINT, GRADIENT, OUTPUT, RC, picture

from .runs import ADDING, smoothed

_SERIES = ["#0072B2", "#D55E00", "#009E73", "#333333", "#CC79A7"]
_GREY = "#777777"


def label(ax, x, y, words, colour, **looks):
    """Words in the colour of what they name, at shares x, y of the axes."""
    looks = {"weight": "bold", "fontsize": 11.5} | looks
    return ax.text(x, y, words, color=colour, transform=ax.transAxes, **looks)


def thinned(*curves, most=300):
    """Curves of one length with at most about `most` points: what a screen can show."""
    stride = max(1, len(curves[0]) // most)
    return [np.append(c[:-1:stride], c[-1:]) for c in curves]


def compare_runs(runs, *, alt, title, least=1e-4):
    """A picture of smoothed losses on the adding problem: name -> losses, direct labels.

    A name with "RNN" in it is dashed, as everywhere.
    """
    steps = max(map(len, runs.values()))
    with matplotlib.rc_context(RC):
        figure = picture(900, 360, alt)
        ax = figure.subplots()
        ax.set(xlim=(0, steps * 1.3), yscale="log", ylim=(least, 0.6))
        ax.set_xticks(np.linspace(0, steps, 6))
        ax.set(xlabel="training step", ylabel="mean squared error")
        ax.set_title(title)
        ax.axhline(ADDING.lazy_loss, color=FAINT, lw=1.2)
        ax.text(0.99, 0.93, "grey line: always answering 1", color=_GREY, ha="right",
                transform=ax.transAxes)  # fmt: skip
        ends = [np.log10(smoothed(losses)[-1]) for losses in runs.values()]
        heights = _apart(ends, 0.16, lowest=np.log10(least) + 0.08)
        for (name, losses), colour, height in zip(runs.items(), _SERIES, heights, strict=False):
            t, curve = thinned(np.arange(1, len(losses) + 1), smoothed(losses))
            ax.plot(t, np.maximum(curve, least), color=colour, ls="--" if "RNN" in name else "-")
            ax.text(steps * 1.01, 10**height, name, color=colour, va="center",
                    weight="bold")  # fmt: skip
    return figure


def compare_starts(results, *, most, alt):
    """A picture of how kinds of start fare: name -> list of (share of gradient, steps or None).

    share: of the gradient by the last input, what reaches the first. steps: until the problem
    was solved, None for not within `most` steps. One dot a training.
    """
    with matplotlib.rc_context(RC):
        figure = picture(900, 60 + 44 * len(results), alt)
        shares, steps = figure.subplots(1, 2, sharey=True)
        shares.set(xscale="log", xlim=(1e-8, 1e2), ylim=(len(results) - 0.5, -0.5))
        shares.set(yticks=range(len(results)), yticklabels=list(results))
        shares.set_title("Gradient by the first input / by the last")
        steps.set(xlim=(0, most * 1.15))
        steps.set_title(f"Training steps until solved (grey: not within {most})")
        steps.axvspan(most, most * 1.15, color="#f0f0f0", lw=0)
        for row, dots in enumerate(results.values()):
            spread = row + 0.12 * (np.arange(len(dots)) - (len(dots) - 1) / 2)
            share = np.clip([s for s, _ in dots], 1e-8, 1e2)
            until = [most * 1.075 if n is None else n for _, n in dots]
            shares.plot(share, spread, "o", color=GRADIENT, ms=6, alpha=0.7, mec="none")
            steps.plot(until, spread, "o", color=OUTPUT, ms=6, alpha=0.7, mec="none")
    return figure


def _apart(heights, gap, lowest):
    """Heights moved where needed, so that labels at them do not overlap; none below `lowest`."""
    heights, floor, ceiling = list(heights), lowest, np.inf
    order = sorted(range(len(heights)), key=lambda k: heights[k])
    for k in reversed(order):  # from the top, each below the one before it
        heights[k] = ceiling = min(heights[k], ceiling - gap)
    for k in order:  # and up again from the bottom
        heights[k] = max(heights[k], floor)
        floor = heights[k] + gap
    return heights
