"""What a reader waits for before anything moves, and what a notebook leaves in memory.

    python benchmarks/pages.py [NUMBERS of notebooks; all without any]

Start: seconds from starting JupyterLab to the first slider of the twenty-minute page, with
everything installed and read once before. Imports: seconds of a notebook's first code cell in a
fresh process, the median of three. Run All: seconds of all its cells in a kernel, and the
kernel's memory after them.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient

sys.path.insert(0, str(Path(__file__).parent.parent))  # a script's own folder is not the root
from tools import arithmetic, lab

START, IMPORTS, MEMORY = 10, 0.8, 400  # seconds, seconds, MB
TIMED = "import time; began = time.perf_counter()\n{}\nprint('took', time.perf_counter() - began)"
ASK = "import psutil; print('memory', psutil.Process().memory_info().rss / 1e6)"


def told(figure, most, digits=1):
    return f"{figure:.{digits}f} {'pass' if figure <= most else 'short'} (<={most})"


def seconds_to_first_slider():
    """From the start of the server to a slider of 00 that can be moved."""
    began = time.perf_counter()
    with lab.server() as served, lab.browser() as page:
        lab.open_notebook(page, *served, "00_start_here.ipynb")
        page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        page.wait_for_selector(".lstm-explorer:not(.jupyter-widgets-disconnected) .noUi-handle")
        return time.perf_counter() - began


def import_seconds(notebook):
    first = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
    environment = os.environ | {"PYTHONPATH": str(lab.NOTEBOOKS.parent)}
    times = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", TIMED.format(first)], env=environment, cwd=lab.NOTEBOOKS,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        times.append(float(done.stdout.split("took ")[1]))
    return statistics.median(times)


def run_all(notebook):
    """Seconds of all cells, and the kernel's megabytes at their end."""
    notebook.cells.append(nbformat.v4.new_code_cell(ASK))
    began = time.perf_counter()
    NotebookClient(notebook, resources={"metadata": {"path": str(lab.NOTEBOOKS)}}).execute()
    printed = notebook.cells[-1].outputs[0].text
    return time.perf_counter() - began, float(printed.split()[1])


def main(numbers):
    arithmetic.settle()
    seconds_to_first_slider()  # files and fonts are read once
    print(f"JupyterLab, to the first slider: {told(seconds_to_first_slider(), START)} s")
    for path in sorted(lab.NOTEBOOKS.glob("*.ipynb")):
        if numbers and path.name[:2] not in numbers:
            continue
        notebook = nbformat.read(path, as_version=4)
        imports = told(import_seconds(notebook), IMPORTS, 2)
        seconds, memory = run_all(notebook)
        print(
            f"{path.stem:20} imports {imports} s, Run All {seconds:.0f} s, "
            f"kernel {told(memory, MEMORY, 0)} MB",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "numbers", nargs="*", metavar="NUMBER", help="of notebooks, as 03; all without any"
    )
    main(parser.parse_args().numbers)
