"""Short bright lines, horizontal or vertical, in noisy pictures (notebook 11)."""

import numpy as np

from lstm_inside import validate

SIDE, LENGTH, NOISE = 12, 4, 0.2


def short_lines(count, rng, low=2, high=10):
    """Pictures of noise, each with one bright line, horizontal or vertical with equal probability.

    count: how many. low, high: the line lies in rows and columns low to high - 1, anywhere with
    equal probability. A line has 4 pixels either way, so the brightness does not tell the kind.
    Returns images (count, 3, 12, 12) and the wanted answers (count, 2): 1 for the kind that it
    is, -1 for the other; horizontal comes first.
    Raises ValueError or TypeError, naming the argument, for what does not fit.
    """
    validate.count("count", count)
    validate.generator(rng)
    validate.whole("low", low, least=0, most=SIDE - LENGTH)
    validate.whole("high", high, least=low + LENGTH, most=SIDE)
    images, vertical = rng.normal(0, NOISE, (count, 3, SIDE, SIDE)), rng.integers(0, 2, count)
    aside = rng.integers(low, high, (count, 1))  # a line's row, or its column
    first = rng.integers(low, high - LENGTH + 1, (count, 1))  # where it begins in it
    along, turned = first + np.arange(LENGTH), vertical[:, None] == 1
    rows, columns = np.where(turned, along, aside), np.where(turned, aside, along)
    images[np.arange(count)[:, None], :, rows, columns] += 1
    return images, 2.0 * np.eye(2)[vertical] - 1
