"""The lecture's notebook: a PyTorch model and a series of its own in the explorers."""

import nbformat
import pytest
from nbclient import NotebookClient

from tools import lab

LECTURE = lab.NOTEBOOKS.parent / "docs" / "lecture.ipynb"
pytest.importorskip("torch")


def said(notebook):
    """What the cells print, and the text of what they show."""
    return [
        output.get("text") or output.data["text/plain"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.get("name") != "stderr"
    ]


def test_it_has_ten_cells_and_gives_what_is_stored():
    stored = nbformat.read(LECTURE, as_version=4)
    assert len(stored.cells) == 10
    fresh = nbformat.read(LECTURE, as_version=4)
    NotebookClient(
        fresh, timeout=300, resources={"metadata": {"path": str(LECTURE.parent)}}
    ).execute()
    names = [words.split()[1] for words in said(fresh) if words.startswith("Explorer ")]
    assert names == ["sequence:", "gradient_flow:", "sequence:", "wiring:"]
    assert sum("sequence: Layer 2 of 2." in words for words in said(fresh)) == 1
    printed = [words for words in said(fresh) if not words.startswith("Explorer ")]
    assert printed == [words for words in said(stored) if not words.startswith("Explorer ")]
    assert sum(words.count("True") for words in printed) == 2  # trained; the same h as PyTorch
