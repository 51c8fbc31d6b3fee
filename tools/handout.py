"""Handouts for a class: every notebook as one HTML file, pictures inside, answers left out.

`make handout` -> build/handout/. What a notebook folds away (answers, solutions) is not in there.
"""

import argparse
from pathlib import Path

import nbformat
from metadata import FOLDED
from nbconvert import HTMLExporter

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "handout"


def without_answers(notebook):
    """A copy of the notebook without what is folded; a cell that held nothing else is gone."""
    kept = []
    for cell in notebook.cells:
        cell = nbformat.from_dict(cell)
        if cell.cell_type == "markdown":
            cell.source = FOLDED.sub("", cell.source).strip()
        if cell.source:
            kept.append(cell)
    return nbformat.from_dict({**notebook, "cells": kept})


def handout(path: Path) -> str:
    """The handout of a stored notebook, as HTML. Raises FileNotFoundError if there is none."""
    notebook = nbformat.read(path, as_version=4)
    title = notebook.cells[0].source.splitlines()[0].removeprefix("# ")
    exporter = HTMLExporter(
        template_name="lstm-inside", exclude_input_prompt=True, exclude_output_prompt=True
    )
    return exporter.from_notebook_node(
        without_answers(notebook), resources={"metadata": {"name": title}}
    )[0]


def main(names):
    for path in [Path(name) for name in names] or sorted(ROOT.glob("notebooks/**/*.ipynb")):
        edition = OUT / ("zh" if path.parent.name == "zh" else "")
        edition.mkdir(parents=True, exist_ok=True)
        file = edition / path.with_suffix(".html").name
        file.write_text(handout(path), encoding="utf-8")
        print(file)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="all without any")
    main(parser.parse_args().notebooks)
