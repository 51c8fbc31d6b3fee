"""How often a cell says that a bracket is open, where, and for how long.

Notebook 07. Axes: T characters, B windows side by side, H hidden units.
"""

from typing import NamedTuple

import numpy as np

from lstm_inside import validate
from lstm_inside.simulation.dissection import WARM, levels, mean_and_error, turns
from lstm_inside.simulation.reading import check_mark, line_brackets
from lstm_inside.simulation.text import decode, encode


class Case(NamedTuple):
    """Places of one kind, and at how many of them a cell says that a bracket is open."""

    where: str
    share: float
    count: int
    wanted: bool  # whether a bracket is open there
    brackets: int  # outermost brackets that these places are in
    error: float = np.nan  # standard error of the share, the stretches taken as independent


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
    before, behind = np.zeros((2, *inside.shape), bool)  # the same breaks: both ends are judged
    within = inside[WARM:-3] & (line_end & program & inside)[WARM + 1 : -2] & inside[WARM + 3 :]
    before[WARM:-3] = behind[WARM + 3 :] = within
    cases = (
        ("at an opening bracket and 3 on", after(opening & program, inside), True),
        ("the same in a string, none open", after(opening & string, string & ~inside), False),
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

    Both hold, only the first; of these, after a comma on this line and before one; only the
    second, neither; all where the second holds, and all others. Wanted is that the second holds
    (`line_brackets`), be it only text.
    Raises as `watch` does.
    """
    says = _says(searched, reading, unit)[WARM:]
    both, earlier, as_text, neither = (where[WARM:] for where in line_places(reading).values())
    ids, at = reading.ids[:-1], np.arange(len(reading.ids) - 1)[:, None]
    comma, ended = (
        np.maximum.accumulate(np.where(np.isin(ids, encode(sign)), at, -1), axis=0)[WARM:]
        for sign in ",\n"
    )
    kinds = (both, earlier, as_text, neither)
    first, second, third, fourth = zip(LINE_PLACES, kinds, strict=True)
    places = dict([first, second]) | {
        "of an earlier line, after a comma": earlier & (comma > ended),
        "of an earlier line, no comma yet": earlier & (comma <= ended),
        **dict([third, fourth]),
        "opened on this line, all places": both | as_text,
        "not so, all places": earlier | neither,
    }
    found = []
    for k, (where, here) in enumerate(places.items()):
        share, error = mean_and_error(says, here) if here.any() else (0.0, np.nan)
        found.append(Case(where, share, int(here.sum()), k in (0, 4, 6), 0, error))
    return found


LINE_PLACES = (
    "both",
    "open, but not opened on this line",
    "opened on this line, as text",
    "neither",
)


def line_places(reading) -> dict[str, np.ndarray]:
    """Each place by the two marks "brackets" and `line_brackets`: name -> (T, B) bool.

    Raises ValueError or TypeError for no Reading or one that lacks the mark "brackets".
    """
    check_mark(reading, "brackets")
    inside, line = reading.marks["brackets"], line_brackets(reading)
    where = (inside & line, inside & ~line, ~inside & line, ~inside & ~line)
    return dict(zip(LINE_PLACES, where, strict=True))


class Kept(NamedTuple):
    """How often a cell is on, step by step from an opening bracket: rows (steps,).

    Of those brackets for which it was on one character after they opened: over those in which no
    other bracket closes, and over those in which one does.
    """

    alone: np.ndarray
    nested: np.ndarray
    alone_brackets: int
    nested_brackets: int
    brackets: int  # of both kinds, those too for which it was off at 1
    lost: list[str]  # text of those in which none closes and that it is off for in the end
    late: int = 0  # for how many of those that it was off for at 1 it comes on later
    words: tuple[int, int] = (0, 0)  # how many of the lost, and of the others in which none
    # closes, hold the words of a message: three spaces or more in a string


def kept(searched, reading, unit, steps=40) -> Kept:
    """How long a cell stays on in a bracket: the same brackets at every step.

    They are the outermost ones that open on a line, and at `steps` - 1 characters after it are
    still open and on that line. What closes inside counts in a string, too. NaN where there is
    none. Raises as `levels` does, and for fewer than 2 steps or more than there are after WARM.
    """
    says = _says(searched, reading, unit)
    inside, ids = reading.marks["brackets"], reading.ids[:-1]
    validate.whole("steps", steps, least=2, most=max(len(ids) - WARM, 2))
    lines = (ids == encode("\n")[0]).cumsum(axis=0)
    closed = (~inside).cumsum(axis=0)
    rows = len(ids) - steps + 1
    begun = turns(inside)[0][:rows].copy()
    begun[:WARM] = False
    for count in (lines, closed):
        begun &= count[steps - 1 :] == count[:rows]
    t, b = np.nonzero(begun)
    span = t + np.arange(steps)[:, None]  # (steps, brackets)
    on = says[span, b]
    closes = np.isin(ids[span, b], encode(")]}")).any(axis=0)
    kinds = [on[1] & ~closes, on[1] & closes]
    shares = [on[:, k].mean(axis=1) if k.any() else np.full(steps, np.nan) for k in kinds]
    lost = np.flatnonzero(kinds[0] & ~on[-1])
    check_mark(reading, "string")
    spaces = (ids == encode(" ")[0]) & reading.marks["string"]
    message = spaces[span, b].sum(axis=0) > 2
    words = tuple(int((kinds[0] & message & ends).sum()) for ends in (~on[-1], on[-1]))
    return Kept(
        *shares, *(int(k.sum()) for k in kinds), on.shape[1],
        [decode(ids[t[k] : t[k] + steps, b[k]]) for k in lost],
        int((~on[1] & on[1:].any(axis=0)).sum()), words,
    )  # fmt: skip


def _says(searched, reading, unit):
    """Where the cell is on: on that side of the middle of its `levels` in `searched`, (T, B)."""
    off, on = levels(searched, unit, "brackets")
    check_mark(reading, "brackets")
    return (reading.c[1:, :, unit] > (off + on) / 2) == (on > off)
