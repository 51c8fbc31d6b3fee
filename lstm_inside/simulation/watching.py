"""How often a cell says that a bracket is open, and where.

Notebook 07. Axes: T characters, B windows side by side, H hidden units.
"""

from typing import NamedTuple

import numpy as np

from lstm_inside.simulation.dissection import WARM, levels, turns
from lstm_inside.simulation.reading import check_mark, line_brackets
from lstm_inside.simulation.text import encode


class Case(NamedTuple):
    """Places of one kind, and at how many of them a cell says that a bracket is open."""

    where: str
    share: float
    count: int
    wanted: bool  # whether a bracket is open there
    brackets: int  # outermost brackets that these places are in


def watch(searched, reading, unit) -> list[Case]:
    """Where a cell says that a bracket is open: cases in pairs, the first of each a control.

    It says so where it is on that side of the middle between its two `levels` in `searched`.
    Raises as `levels` does.
    """
    says = _says(searched, reading, unit)
    for mark in ("brackets", "string", "comment"):
        check_mark(reading, mark)
    inside, string = reading.marks["brackets"], reading.marks["string"]
    program = ~(string | reading.marks["comment"])
    ids, T = reading.ids[:-1], len(inside)
    opening, line_end = (np.isin(ids, encode(these)) for these in ("([{", "\n"))

    def after(event, holds):
        """From an event to 3 steps after it, where `holds` has held since."""
        found, still = np.zeros_like(event), event.copy()
        for k in range(min(4, T)):
            still[: T - k] &= holds[k:]
            found[k:] |= still[: T - k]
        return found

    begun = np.maximum.accumulate(np.where(turns(inside)[0], np.arange(T)[:, None], -1))
    lines = line_end.cumsum(axis=0)
    broken = lines > np.take_along_axis(lines, np.maximum(begun, 0), axis=0)
    since = np.arange(T)[:, None] - begun  # characters since the outermost bracket was opened
    some = inside & (begun >= 0) & (since >= 20) & (since < 40)
    before, behind = np.zeros((2, *inside.shape), bool)  # the same breaks: both ends are judged
    within = inside[WARM:-3] & (line_end & program & inside)[WARM + 1 : -2] & inside[WARM + 3 :]
    before[WARM:-3] = behind[WARM + 3 :] = within
    cases = (
        ("at an opening bracket and 3 on", after(opening & program, inside), True),
        ("the same in a string, none open", after(opening & string, string & ~inside), False),
        ("20 to 39 characters on, same line", some & ~broken, True),
        ("the same, past a line break", some & broken, True),
        ("just before a line break", before, True),
        ("2 characters after that break", behind, True),
        ("inside brackets, all places", inside, True),
        ("in no bracket, all places", ~inside, False),
    )  # fmt: skip
    found = []
    for where, here, wanted in cases:
        t, b = np.nonzero(here[WARM:])
        share = float(says[WARM:][t, b].mean()) if len(t) else 0.0
        theirs = set(zip(begun[WARM:][t, b], b, strict=True)) if wanted else ()
        found.append(Case(where, share, len(t), wanted, len(theirs)))
    return found


def watch_line(searched, reading, unit) -> list[Case]:
    """The same for two marks: a bracket is open; one is that was opened on this line.

    Four kinds of place: both hold, one of them, the other, neither; then all where the second
    holds, and all others. Wanted is that the second holds (`line_brackets`), be it only text.
    Raises as `watch` does.
    """
    says = _says(searched, reading, unit)
    check_mark(reading, "brackets")
    inside, line = reading.marks["brackets"], line_brackets(reading)
    places = (
        ("both", inside & line, True),
        ("open, but not opened on this line", inside & ~line, False),
        ("opened on this line, as text", ~inside & line, True),
        ("neither", ~inside & ~line, False),
        ("opened on this line, all places", line, True),
        ("not so, all places", ~line, False),
    )
    return [
        Case(where, float(says[WARM:][at[WARM:]].mean()) if at[WARM:].any() else 0.0,
             int(at[WARM:].sum()), wanted, 0)
        for where, at, wanted in places
    ]  # fmt: skip


def _says(searched, reading, unit):
    """Where the cell is on: on that side of the middle of its `levels` in `searched`, (T, B)."""
    off, on = levels(searched, unit, "brackets")
    check_mark(reading, "brackets")
    return (reading.c[1:, :, unit] > (off + on) / 2) == (on > off)
