"""A latch set by hand, drawn as the cell that was found is: gates and state around two flags."""

import numpy as np

from lstm_core import lstm_forward
from lstm_inside.page.style import CELL_LINE, FAINT, FORGET, INPUT
from lstm_inside.words import say

BACK, ON = 4, 8  # steps drawn before an event and after it


def draw_course(ax, k, name, values, colour, *, named):
    """Line k of a panel: values (BACK + 1 + ON,) around step 0; its name, if it is to stand."""
    dashes = (0, (4, 1.5)) if colour == FORGET else "-"  # two oranges
    ax.plot(np.arange(-BACK, ON + 1), values, color=colour, marker="o", ms=4, ls=dashes)
    if named:  # between what is held and what is forgotten
        ax.text(0.02, 0.84 - 0.1 * k, name, color=colour, weight="bold", transform=ax.transAxes)


def settle_panel(ax, threshold=None, *, named=False):
    """Scales of a panel, the line at step 0, and that above which the cell is on, if given."""
    ax.axvline(0, color=FAINT, lw=1, zorder=0)
    ax.axhline(0, color=FAINT, lw=1, zorder=0)
    if threshold is not None:
        ax.axhline(threshold, color=CELL_LINE, lw=1, ls=(0, (6, 3)), zorder=1)
        if named:
            ax.text(ON, threshold + 0.02, say("above: on"), color=CELL_LINE, fontsize=12,
                    ha="right", va="bottom")  # fmt: skip
    ax.set(ylim=(-0.35, 1.05), xticks=range(-BACK, ON + 1, 2))


def draw_latch(axes, params):
    """Draw a unit that reads a number and a flag, such as `LATCH` (3.9), in two panels.

    Left its flag brings a 3, right, 16 steps later, a 0. All other numbers are random. Returns
    what is drawn, in words.
    """
    flags = {10: 3, 26: 0}  # step -> what comes with the flag
    xs = np.zeros((40, 1, 2))
    xs[:, 0, 0] = np.random.default_rng(0).normal(size=len(xs))
    for at, number in flags.items():
        xs[at, 0] = number, 1
    trace = lstm_forward(xs, params)
    titles = (say("Set by hand: a flag brings a 3"), say("Set by hand: a flag brings a 0"))
    told = []
    for ax, at, title in zip(axes, flags, titles, strict=True):
        now = slice(at - BACK, at + ON + 1)
        for k, (name, values, colour) in enumerate((
            (say("forget f"), trace.f, FORGET),
            (say("input i"), trace.i, INPUT),
            ("tanh(c)", np.tanh(trace.c[1:]), CELL_LINE),
        )):  # fmt: skip
            draw_course(ax, k, name, values[now, 0, 0], colour, named=ax is axes[0])
            means = ", ".join(f"{value:.2f}" for value in values[now, 0, 0][BACK - 1 : BACK + 3])
            told.append(
                say("begin {name} {means}", name=name, means=means)
                if ax is axes[0]
                else say("end {name} {means}", name=name, means=means)
            )
        settle_panel(ax)
        ax.set_title(title)
    return say("; ").join(told)
