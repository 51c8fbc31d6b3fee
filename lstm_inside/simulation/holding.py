"""What is asked of held cells: both ends of a few, what they cost, whole networks.

Notebook 07, (7.6) and (7.7), sections 5.4 and 5.5.
"""

from typing import NamedTuple

import numpy as np

from lstm_inside import validate
from lstm_inside.simulation.dissection import (
    WARM,
    EveryCell,
    Held,
    clamp_every_cell,
    hold,
    inside_and_outside,
    levels,
    mean_and_error,
    scores,
    share_of,
    times_as_likely,
)
from lstm_inside.simulation.reading import check_mark, read
from lstm_inside.simulation.text import check_text
from lstm_inside.training import check_model


def hold_ends(model, searched, reading, mark, sets, cells, control) -> dict[object, Held]:
    """Read a text once more while each of some cells is held at either end of its scale (7.6).

    The ends are the `levels` of `searched`. Keys: "free"; (cell, "off") and (cell, "on") of each
    of `cells`; (control, "low") and (control, "high"), as its ends do not go with the mark.
    Raises as `hold` and `levels` do.
    """
    check_mark(searched, mark)
    if not isinstance(cells, tuple | list):
        raise TypeError(f"cells: expected some cells, got {validate.describe(cells)}")
    held = {"free": hold(model, reading, sets)}
    validate.whole("control", control, least=0, most=searched.c.shape[-1] - 1)
    ends = {cell: (("off", "on"), levels(searched, cell, mark)) for cell in cells}
    for cell, (names, values) in [
        *ends.items(),
        (control, (("low", "high"), sorted(levels(searched, control, mark)))),
    ]:
        for name, value in zip(names, values, strict=True):
            held[cell, name] = hold(model, reading, sets, cell, value)
    return held


def ends_times(held, name, inside, outside):
    """(7.7) for some symbols at each end of each cell that `hold_ends` held.

    name: that of the symbols in its `sets`. inside, outside (T, B), from WARM on. Returns
    (cell, end) -> two (times as likely, standard error), inside and outside.
    Raises ValueError or TypeError for what `hold_ends` did not find, and as `times_as_likely`.
    """
    free = _held_free(held)
    validate.choice("name", name, free.shares)
    return {
        key: tuple(
            times_as_likely(what.shares[name], free.shares[name], where)
            for where in (inside, outside)
        )
        for key, what in held.items()
        if key != "free"
    }


def further_bits(held, places, keys):
    """What it costs to hold a cell at an end, by kind of place: bits beyond those of "free".

    places: name -> (T, B) bool of the whole text. keys: some of `hold_ends`, as (3, "off").
    Returns name -> one (bits, standard error) a key.
    Raises ValueError or TypeError for what `hold_ends` did not find, and as `mean_and_error`.
    """
    free = _held_free(held)
    if not isinstance(places, dict):
        raise TypeError(f"places: expected a dict of marks, got {validate.describe(places)}")
    validate.several("keys", keys)
    for key in keys:
        if not isinstance(key, tuple) or key not in held:
            raise ValueError(f"keys: expected some of {list(held)[1:]}, got {key!r}")
    further = [held[key].bits - free.bits for key in keys]
    shape = (WARM + len(free.bits), *free.bits.shape[1:])
    return {
        name: [
            mean_and_error(bits, validate.array("places", at, shape, "(T, B)", bool)[WARM:])
            for bits in further
        ]
        for name, at in places.items()
    }


def _held_free(held):
    if not isinstance(held, dict) or not all(isinstance(what, Held) for what in held.values()):
        raise TypeError(f"held: expected what hold_ends found, got {validate.describe(held)}")
    if "free" not in held:
        raise ValueError('held: expected a key "free", got none')
    return held["free"]


class Searched(NamedTuple):
    """A network searched for a mark's cell, and what was found measured on other text."""

    r: np.ndarray  # (H,), of `scores`
    every: EveryCell
    best: int  # the cell with the largest |r|
    again: dict[str, dict[int, tuple[float, float]]]  # of `measure_again`


def search_network(model, mark, symbols, *, B=64, T=500) -> Searched:
    """Search a network as section 5 does: score its cells, hold each, measure the furthest again.

    B, T: how much is read for the scores and measured; each cell is held for 12 x 80 characters.
    Raises as `scores`, `clamp_every_cell` and `measure_again` do.
    """
    searched = read(model, "search", B=B, T=T)
    every = clamp_every_cell(model, searched, read(model, "search", B=12, T=80), mark, symbols)
    again = measure_again(model, searched, every, mark, symbols, B=B, T=T)
    r = scores(searched, mark)
    return Searched(r, every, int(np.abs(r).argmax()), again)


def measure_again(model, searched, every, mark, symbols, *, B=64, T=500, others=2):
    """(7.7) on the part to measure, for those cells that a search found to move most.

    every: what `clamp_every_cell` found. Returns {"off": ..., "on": ...}: held off inside, held
    on outside, each {cell: (times as likely, standard error)}, first the best by its score, then
    the `others` that went furthest in the search.
    Raises as `hold` and `scores` do.
    """
    check_model(model)
    check_mark(searched, mark)
    check_text("symbols", symbols)
    validate.count("others", others)
    if len(getattr(every, "off_inside", ())) != searched.c.shape[-1]:
        raise TypeError(f"every: expected an EveryCell of it, got {validate.describe(every)}")
    best = int(np.abs(scores(searched, mark)).argmax())
    reading, sets = read(model, "measure", B=B, T=T), {"": symbols}
    free, again = share_of(model, reading.h[1 + WARM :], symbols), {}
    orders = (np.argsort(every.off_inside), np.argsort(-every.on_outside))
    for k, (name, order, where) in enumerate(
        zip(("off", "on"), orders, inside_and_outside(reading, mark), strict=True)
    ):
        cells = [best, *(int(cell) for cell in order if cell != best)][: 1 + others]
        again[name] = {
            cell: times_as_likely(
                hold(model, reading, sets, cell, levels(searched, cell, mark)[k]).shares[""],
                free, where,
            )
            for cell in cells
        }  # fmt: skip
    return again
