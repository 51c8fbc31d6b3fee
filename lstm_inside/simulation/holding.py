"""What is asked of held cells: both ends of a few, borrowed values, the furthest measured again.

Notebook 07, (7.6) and (7.7), sections 5.4 and 5.5.
"""

import numpy as np

from lstm_inside import validate
from lstm_inside.simulation.dissection import (
    WARM,
    Held,
    hold,
    inside_and_outside,
    levels,
    mean_and_error,
    scores,
    share_of,
    times_as_likely,
)
from lstm_inside.simulation.reading import check_mark, check_reading, costs, read
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


def borrowed_bits(model, searched, reading, mark, unit):
    """Further bits while a cell is given its own values of the stretch beside: two (bits, error).

    First where the borrowed value contradicts its own, one of them on and the other not, then
    where both are on or both off. On: on the far side of the middle of its `levels`.
    Raises as `levels` and `hold` do.
    """
    middle = np.mean(levels(searched, unit, mark))
    check_reading(reading)
    own = reading.c[1:, :, unit]
    other = np.roll(own, 1, axis=1)
    agrees = ((own > middle) == (other > middle))[WARM:]
    held = hold(model, reading, {"any": " "}, unit, other)  # no chances are asked for
    further = held.bits - costs(model, reading)[WARM:]
    return mean_and_error(further, ~agrees), mean_and_error(further, agrees)


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
