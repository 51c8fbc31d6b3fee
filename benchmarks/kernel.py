"""Kernel time of every explorer's every slider: what one change costs in Python alone.

Medians and 95th percentiles of 40 changes a slider, in milliseconds, and how many times as long
the whole picture takes to draw by matplotlib, which is what a tutorial's `interact` does on every
change. The first lines are the dearest sliders; the last says how many keep to 15 milliseconds.
Arguments: names of explorers (all without any).
"""

import argparse
import os
import sys
from pathlib import Path

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))  # a script's own folder is not the root
from benchmarks.sliders import TARGETS, drawing_milliseconds, kernel_milliseconds
from lstm_inside import EXPLORERS
from tests.reader import slider_names

CHANGES = 40


def main(names):
    """Print a line for each slider, the dearest first."""
    rows = []
    for name in names or EXPLORERS:
        explorer = EXPLORERS[name]()
        drawn = drawing_milliseconds(explorer)
        for slider in slider_names(explorer):
            p50, p95 = np.percentile(kernel_milliseconds(explorer, slider, CHANGES), (50, 95))
            rows.append((p95, p50, drawn / p50, name, slider))
        explorer.close()
    print("    p95     p50   whole picture / p50   explorer, slider")
    for p95, p50, times, name, slider in sorted(rows, reverse=True):
        print(f"{p95:7.1f} {p50:7.1f} {times:21.1f}   {name}, {slider}")
    kept = sum(row[0] <= TARGETS["kernel"] for row in rows)
    print(f"{kept} of {len(rows)} sliders at most {TARGETS['kernel']} ms at p95")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("explorers", nargs="*", metavar="EXPLORER", help="all without any")
    main(parser.parse_args().explorers)
