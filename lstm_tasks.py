"""Sequences to learn from: real data that came with the installed packages."""

import numpy as np
from matplotlib import cbook

EEG_RATE = 80  # samples a second: matplotlib plots the 800 samples as 10 seconds


def eeg(start=0, length=None) -> np.ndarray:
    """Four channels of the EEG that matplotlib ships, (T, 4), each to mean 0 and deviation 1.

    start, length: which samples of the 800 to return; scaling is that of the whole record.
    Raises ValueError for a window that does not lie inside the record.
    Source: `eeg.dat` of matplotlib's sample data, 800 samples of float64.
    """
    with cbook.get_sample_data("eeg.dat") as file:
        record = np.frombuffer(file.read(), dtype=np.float64).reshape(-1, 4)
    length = len(record) - start if length is None else length
    if not (0 <= start < len(record) and 1 <= length <= len(record) - start):
        raise ValueError(
            f"start, length: expected a window inside the {len(record)} samples, "
            f"got start {start}, length {length}"
        )
    record = (record - record.mean(axis=0)) / record.std(axis=0)
    return record[start : start + length]
