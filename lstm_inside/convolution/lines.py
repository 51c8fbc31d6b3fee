"""Short bright lines, across or down, in noisy pictures: what notebook 11's networks learn from."""

import numpy as np

from lstm_inside import validate

SIDE, LENGTH, NOISE = 12, 4, 0.2


def short_lines(count, rng, low=2, high=10):
    """Pictures of noise, each with one bright line, across or down with equal probability.

    count: how many. low, high: the line lies in rows and columns low to high - 1, anywhere with
    equal probability. A line has 4 pixels either way, so the brightness does not tell the kind.
    Returns images (count, 3, 12, 12) and the wanted answers (count, 2): 1 for the kind that it
    is, -1 for the other; across comes first.
    Raises ValueError or TypeError, naming the argument, for what does not fit.
    """
    validate.count("count", count)
    validate.generator(rng)
    validate.whole("low", low, least=0, most=SIDE - LENGTH)
    validate.whole("high", high, least=low + LENGTH, most=SIDE)
    images, down = rng.normal(0, NOISE, (count, 3, SIDE, SIDE)), rng.integers(0, 2, count)
    aside = rng.integers(low, high, count)  # a line's row, or its column
    along = rng.integers(low, high - LENGTH + 1, count)  # where it begins in it
    for image, turned, line, first in zip(images, down, aside, along, strict=True):
        view = image.swapaxes(1, 2) if turned else image
        view[:, line, first : first + LENGTH] += 1
    return images, 2.0 * np.eye(2)[down] - 1
