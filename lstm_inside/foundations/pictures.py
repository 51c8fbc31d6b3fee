"""A photograph as numbers, and cut into strips: a sequence of items for notebooks 01 and 11."""

import numpy as np
from matplotlib import cbook
from PIL import Image

from lstm_inside import validate


def photograph(size=(72, 60), *, colour=False) -> np.ndarray:
    """The head of Grace Hopper's portrait, a photograph that matplotlib ships, from 0 to 1.

    size: (height, width) of the result, each from 1 to 432 and 360, best at 6 to 5.
    Returns (1, height, width) in grey, or (3, height, width) with the channels red, green
    and blue. Raises ValueError or TypeError for another size.
    Source: `grace_hopper.jpg` of matplotlib's sample data.
    """
    if np.ndim(size) != 1 or len(size) != 2:
        raise ValueError(f"size: expected (height, width), got {validate.describe(size)}")
    for side, most in zip(size, (432, 360), strict=True):
        validate.whole("size", side, most=most)
    height, width = size
    with cbook.get_sample_data("grace_hopper.jpg") as file:
        image = Image.open(file).convert("RGB" if colour else "L").crop((90, 0, 450, 432))
    pixels = np.asarray(image.resize((width, height), Image.Resampling.BOX)) / 255
    return np.moveaxis(pixels, -1, 0) if colour else pixels[None]


def strips(count=10) -> np.ndarray:
    """The photograph cut into upright strips, a sequence of items: (count, 1, 72, 60 // count).

    Raises ValueError or TypeError unless count is a whole number that divides 60.
    """
    validate.count("count", count)
    if 60 % count:
        raise ValueError(f"count: expected a divisor of 60, got {count}")
    return np.stack(np.split(photograph(), count, axis=-1))
