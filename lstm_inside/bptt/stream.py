"""A stream that asks at every step for the last flagged number (notebook 04, truncated BPTT)."""

import numpy as np

from lstm_inside import validate


def flag_stream(T, B, *, rng) -> tuple[np.ndarray, np.ndarray]:
    """Numbers and flags xs (T, B, 2), and targets (T, B, 1): the last flagged number so far.

    Numbers are uniform in [-0.8, 0.8]; one step in twenty carries a flag, drawn at random, and
    the first one always does.
    Raises ValueError or TypeError for sizes below 1, no Generator.
    """
    validate.count("T", T)
    validate.count("B", B)
    validate.generator(rng)
    xs = np.empty((T, B, 2))
    xs[..., 0] = rng.uniform(-0.8, 0.8, (T, B))
    xs[..., 1] = rng.random((T, B)) < 0.05
    xs[0, :, 1] = 1
    latest = np.maximum.accumulate(np.where(xs[..., 1] == 1, np.arange(T)[:, None], 0), axis=0)
    return xs, np.take_along_axis(xs[..., :1], latest[..., None], axis=0)
