"""What every notebook says about itself: its language, and which cells begin a slide.

So `jupyter nbconvert --to script` gives a .py file and `--to slides` a deck: a heading begins a
slide, what shows a picture a slide below it, and a cell that is folded away is skipped.
`tools/run_notebooks.py` stores it with a notebook's outputs; `python tools/metadata.py` stores it
without running anything.
"""

import argparse
import re
from pathlib import Path

import nbformat

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
FOLDED = re.compile(r"<details\b.*?</details>", re.S)
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {
        "name": "python",
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "nbconvert_exporter": "python",
    },
}


def slide_type(cell) -> str:
    """`slide`, `subslide`, `skip`, or `-` (goes on with the one before) for a stored cell."""
    if cell.cell_type == "markdown":
        unfolded = FOLDED.sub("", cell.source).strip()
        if not unfolded:
            return "skip"
        return "slide" if re.search(r"^##? ", unfolded, re.M) else "-"
    shown = any("image/png" in output.get("data", {}) for output in cell.outputs)
    return "subslide" if shown else "-"


def mark(notebook):
    """Say the language, and give every cell its place in the deck."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata["slideshow"] = {"slide_type": slide_type(cell)}


def main(names):
    for path in [Path(name) for name in names] or sorted(NOTEBOOKS.glob("**/*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        mark(notebook)
        path.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="all without any")
    main(parser.parse_args().notebooks)
