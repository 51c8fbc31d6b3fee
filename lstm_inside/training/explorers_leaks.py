"""One trained unit that has to hold a number (notebook 05): what leaks, what is put back."""

from functools import lru_cache

import matplotlib
import numpy as np

from lstm_core import init_lstm, lstm_forward
from lstm_inside import validate
from lstm_inside.page import Explorer, Words, choice, whole
from lstm_inside.page.style import (
    CELL_LINE,
    FAINT,
    FORGET,
    GRADIENT,
    INPUT,
    RC,
    SIGNAL,
    picture,
)
from lstm_inside.tasks import recall_problem
from lstm_inside.words import say

from . import leaks
from .figures import label
from .model import readout
from .optimisers import Adam
from .runs import recall_training
from .together import abreast

__all__ = ["leak_explorer"]

_FLAGGED = 5  # the step at which every sequence has its flag
_COUNT = 48  # sequences
_SHOWN = 9  # of them, as lines
_FORCED = {
    "free": {},
    "shut": {"shut": True},
    "opened": {"opened": True},
    "both": {"shut": True, "opened": True},
}
_GREY = "#777777"


@lru_cache(maxsize=1)
def _trained_units():
    """Two units trained on 20 steps: seeds 1 and 2 of the notebook's first section."""
    runs = []
    for rng in map(np.random.default_rng, (1, 2)):
        cell = init_lstm(2, 1, rng=rng, forget_bias=3.0)
        runs.append(recall_training(cell, 20, optimiser=Adam(0.03), rng=rng))
    abreast(runs, 600)
    return [run.params for run in runs]


def _flagged_together(steps):
    """Sequences of recall that all have their flag at one step: xs, targets (B,)."""
    rng = np.random.default_rng(54)
    late = recall_problem(steps - _FLAGGED + 1, _COUNT, rng=rng, places=1)
    before = np.zeros((_FLAGGED - 1, _COUNT, 2))
    before[..., 0] = rng.uniform(-1, 1, before.shape[:2])
    order = np.argsort(late.targets[:, 0])
    return np.concatenate([before, late.xs])[:, order], late.targets[order, 0]


def _hold(model, xs, gates, cut):
    """One unit over xs, gates forced, h cut from some: c, h (T + 1, B), and i, f, g (T, B)."""
    model = leaks.forced(model, **_FORCED[gates])
    writes = lstm_forward(xs[:_FLAGGED], model.cell)
    waits = lstm_forward(xs[_FLAGGED:], model.cell, writes.h[-1], writes.c[-1])
    if cut:
        blind = leaks.unseeing(model, cut, waits.h[:-1].mean())
        waits = lstm_forward(xs[_FLAGGED:], blind.cell, writes.h[-1], writes.c[-1])
    states = (np.concatenate([getattr(writes, k), getattr(waits, k)[1:]]) for k in "ch")
    gates = (np.concatenate([getattr(writes, k), getattr(waits, k)]) for k in "ifg")
    return [rows[..., 0] for rows in (*states, *gates)]


def _nice(x):
    """The next of 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1, ... above x."""
    steps = np.array([1, 1.5, 2, 3, 5, 7, 10]) * 10 ** np.floor(np.log10(x))
    return float(steps[steps >= x * (1 - 1e-9)][0])


def leak_explorer(units=None, steps=400, *, cuts=True) -> Explorer:
    """A trained unit holds 48 numbers: force its gates, cut h, ask early or late (notebook 05).

    units: words -> `Model` of one LSTM unit that reads number and flag; None for two that are
    trained on 20 steps here. steps: the latest step at which it can be asked, at least 40. cuts:
    whether h can be cut.
    Raises ValueError or TypeError for no dict of such models, fewer than 40 steps.
    """
    name = "leak" if units is None else "leak_own"
    if units is None:
        units = {f"seed {seed}": unit for seed, unit in zip((1, 2), _trained_units(), strict=True)}
    if not isinstance(units, dict) or not units:
        raise TypeError(f"units: expected a dict of models, got {validate.describe(units)}")
    validate.whole("steps", steps, least=40)
    models = list(units.values())
    xs, numbers = _flagged_together(steps)

    @lru_cache(maxsize=8)
    def hold(unit, gates, cut):
        return _hold(models[unit], xs, gates, cut)

    reach = []  # of cell, and of what comes and goes in a step, for each unit as it is
    for k in range(len(models)):
        c, _, i, _, g = hold(k, "free", "")
        inflow = np.abs(i * g)[_FLAGGED:].mean(axis=0).max()
        reach.append(((c.min(), c.max()), _nice(1.2 * max(inflow, 0.002))))
    drawn = _Drawn(steps, numbers)

    def update(unit, gates, T, cut=""):
        drawn.look_at(*reach[unit])
        c, h, i, f, g = hold(unit, gates, cut)
        own = readout(h[T][:, None], models[unit].readout)[:, 0]
        refitted = np.polyval(np.polyfit(h[T], numbers, 1), h[T]) if np.ptp(h[T]) else 0 * own
        wait = slice(_FLAGGED, T)
        come, gone = (i * g)[wait].mean(axis=0), ((1 - f) * c[:-1])[wait].mean(axis=0)
        drawn.show(T, c, come, gone, own, refitted)
        return {
            "T": T, "cells": c, "come": come, "gone": gone,
            "loss": ((own - numbers) ** 2).mean(), "refitted": ((refitted - numbers) ** 2).mean(),
            "lazy": (numbers**2).mean(), "i": i[wait].mean(), "lost": 1 - f[wait].mean(),
        }  # fmt: skip

    def describe(v):
        return say(
            "{count} sequences, asked at step {T}: the loss is {loss:.3f}, with the read-out "
            "refitted {refitted:.3f}; on these, always answering 0 costs {lazy:.3f}. After the "
            "flag the input gate is {i:.1%} open on average, and the forget gate lets {lost:.1%} "
            "of the cell go at each step.",
            count=_COUNT, **{k: v[k] for k in ("T", "loss", "refitted", "lazy", "i", "lost")},
        )  # fmt: skip

    controls = {
        "unit": choice("unit", [(words, k) for k, words in enumerate(units)], len(models) - 1),
        "gates": choice(
            "gates, off the flag",
            [
                ("as trained", "free"),
                ("input gate held at 0", "shut"),
                ("forget gate held at 1", "opened"),
                ("both held", "both"),
            ],
            "free",
        ),
        "T": whole("asked at step T", 20, steps, steps, quantity="x", step=10),
    }
    if cuts:
        controls["cut"] = choice(
            "h after the flag",
            [
                ("seen by all", ""),
                ("cut from the candidate", "g"),
                ("cut from the three gates", "ifo"),
                ("cut from all", "ifgo"),
            ],
            "",
        )
    return Explorer(
        name,
        figure=drawn.figure,
        controls=controls,
        moving=drawn.moving,
        update=update,
        describe=describe,
        redraw_on=("unit",),
        presets={
            "as trained": {},
            "input gate shut": {"gates": "shut"},
            "forget gate open": {"gates": "opened"},
            **({"candidate cut": {"cut": "g"}, "three gates cut": {"cut": "ifo"}} if cuts else {}),
        },
        stays=("unit", "T"),
    )


class _Drawn:
    """The picture: cells over time, what comes and goes, what is answered."""

    def __init__(self, steps, numbers):
        self._numbers, self._steps = numbers, steps
        self._some = np.linspace(0, _COUNT - 1, _SHOWN).round().astype(int)
        self._at = np.union1d(np.arange(0, steps + 1, max(1, steps // 100)), [_FLAGGED])
        with matplotlib.rc_context(RC):
            self.figure = picture(900, 430)
            self.figure.colours = 64  # few lines, and a third more to store otherwise
            self._axes = self.figure.subplot_mosaic(
                [["cell", "flows"], ["cell", "answers"]], width_ratios=(3, 2)
            )
            self._draw_axes(steps)
            self.moving = self._draw_moving()

    def _draw_axes(self, steps):
        cell, flows, said = (self._axes[key] for key in ("cell", "flows", "answers"))
        cell.set(xlim=(0, steps), xlabel=say("time step t"), ylabel=say("cell c"))
        cell.set_title(say("Nine numbers, written at step {step}", step=_FLAGGED))
        cell.axvline(_FLAGGED, color=SIGNAL, lw=1.3, ls=":")
        flows.set(xlim=(-1, 1), xticks=(-1, 0, 1))
        flows.set_title(say("What a cell gets and loses in a step"))
        flows.axhline(0, color=FAINT, lw=1.2)
        label(flows, 0.03, 0.87, say("gets i·g"), INPUT)
        label(flows, 0.3, 0.87, say("loses (1 − f)·c"), FORGET)
        said.set(xlim=(-1, 1), ylim=(-2.3, 2.7), xticks=(-1, 0, 1), yticks=(-1, 0, 1))
        said.set(xlabel=say("the number written"))
        said.set_title(say("Answers at step T (cut at ±1.6)"))
        said.plot([-1, 1], [-1, 1], color=FAINT, lw=2)
        label(said, 0.03, 0.88, say("as trained"), _GREY)
        label(said, 0.97, 0.06, say("read-out refitted"), GRADIENT, ha="right")

    def _draw_moving(self):
        cell, flows, said = (self._axes[key] for key in ("cell", "flows", "answers"))
        self._cells = [cell.plot([], [], color=CELL_LINE, lw=1.6)[0] for _ in self._some]
        (self._asked,) = cell.plot([], [], color=GRADIENT, lw=1.4)
        self._when = Words(cell, 0, 0, color=GRADIENT, weight="bold")
        (self._gone,) = flows.plot([], [], "o", color=FORGET, ms=6, mfc="none")
        (self._come,) = flows.plot([], [], "o", color=INPUT, ms=3.5, mec="none")
        (self._own,) = said.plot([], [], "o", color=_GREY, ms=6, mfc="none")
        (self._refitted,) = said.plot([], [], "o", color=GRADIENT, ms=3.5, mec="none")
        return [*self._cells, self._asked, self._when, self._gone, self._come, self._own,
                self._refitted]  # fmt: skip

    def look_at(self, cells, flow):
        """Fit the axes to a unit: the ends of its cell, how much comes and goes in a step."""
        low, high = cells
        room = 0.15 * (high - low)
        self._ends, self._flow = (low - room, high + room), flow
        self._axes["cell"].set_ylim(low - 1.2 * room, high + 2.2 * room)
        self._axes["flows"].set_ylim(-flow, 1.5 * flow)
        self._axes["flows"].set_yticks((-flow, 0, flow))

    def show(self, T, cells, come, gone, own, refitted):
        """Draw what the cells did and what is asked of them at step T; beyond the axes is cut."""
        (low, high), flow = self._ends, self._flow
        for line, k in zip(self._cells, self._some, strict=True):
            line.set_data(self._at, np.clip(cells[self._at, k], low, high))
        self._asked.set_data([T, T], [low, high])
        self._when.set_position(
            (np.clip(T, 0.07 * self._steps, 0.93 * self._steps), high + 0.05 * (high - low))
        )
        self._when.set_text(say("asked"))
        for line, y in ((self._come, come), (self._gone, gone)):
            line.set_data(self._numbers, np.clip(y, -flow, flow))
        for line, y in ((self._own, own), (self._refitted, refitted)):
            line.set_data(self._numbers, np.clip(y, -1.6, 1.6))
