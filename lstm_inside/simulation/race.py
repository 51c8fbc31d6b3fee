"""What the race of notebook 07 is run on: the tables' costs, what each runner read and keeps."""

import numpy as np

from lstm_inside import validate
from lstm_inside.simulation.counting import ladder_costs, table_size
from lstm_inside.simulation.dissection import WARM
from lstm_inside.simulation.text import fresh_part, library_ids, windows
from lstm_inside.simulation.writer import stored_writer
from lstm_inside.training import check_model


def judged_tables() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The 64 stretches (T + 1, B) on which all are judged, and what each table pays there.

    The costs are those of `ladder_costs`: name -> (T + 1 - WARM, B).
    """
    judged = windows(library_ids("measure"), 64, 1001, fresh_part("measure"))
    return judged, ladder_costs(judged, WARM)


def sizes(model, steps) -> list[tuple[int, int]]:
    """Characters read and numbers kept: by a page's own model, the stored one and the 5-gram.

    steps: those that the model was trained for, of 32 characters at 32 places each.
    Raises ValueError or TypeError for no model or steps below 0.
    """
    check_model(model)
    validate.whole("steps", steps, least=0)
    stored, about = stored_writer()
    weights = (sum(array.size for part in of for array in part) for of in (model, stored))
    read = (steps * 32 * 32, about["steps"] * about["characters a step"])
    table = (len(library_ids("learn")), table_size(5))
    return [*zip(read, weights, strict=True), table]
