"""`make test` as a whole, and the longest notebook in it, beside what they may take.

    python benchmarks/suite.py              both editions
    python benchmarks/suite.py --english    the English one alone

Minutes and seconds of this machine, with everything installed already; for the figures to
mean something nothing else should run.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
BOTH, ENGLISH, NOTEBOOK = 540, 360, 60  # seconds
WITHOUT_CHINESE = " --ignore=notebooks/zh --ignore-glob=tests/test_chinese*"
DURATION = re.compile(r"^([\d.]+)s (?:setup|call|teardown) +(notebooks/[\w./]+\.ipynb)", re.M)


def seconds_of_notebooks(printed):
    """Notebook -> seconds of all its cells, from what pytest prints with --durations=0."""
    seconds = Counter()
    for duration, notebook in DURATION.findall(printed):
        seconds[notebook] += float(duration)
    return seconds


def verdict(seconds, most):
    whole = f"{int(seconds) // 60}:{int(seconds) % 60:02}"
    return f"{whole} {'pass' if seconds <= most else 'short'} (<={most // 60}:{most % 60:02})"


def main():
    parser = argparse.ArgumentParser(description="How long `make test` takes.")
    parser.add_argument("--english", action="store_true", help="the English edition alone")
    english = parser.parse_args().english
    options = f"{os.environ.get('PYTEST_ADDOPTS', '')} --durations=0"
    if english:
        options += WITHOUT_CHINESE
    start = time.perf_counter()
    done = subprocess.run(
        ["make", "test"], cwd=ROOT, env=os.environ | {"PYTEST_ADDOPTS": options},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    taken = time.perf_counter() - start
    print(f"make test, {os.cpu_count()} cores: {verdict(taken, ENGLISH if english else BOTH)}")
    for notebook, seconds in seconds_of_notebooks(done.stdout).most_common(1):
        print(f"longest in it, {notebook}: {verdict(seconds, NOTEBOOK)}")
    printed = done.stdout.strip().splitlines()
    print(
        *(line for line in printed if line.startswith(("FAILED", "ERROR"))), printed[-1], sep="\n"
    )
    if done.returncode:
        sys.exit("make test failed: the figures say nothing")


if __name__ == "__main__":
    main()
