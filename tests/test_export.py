"""Out of the notebook: as HTML, as slides, as a script, as a handout."""

import ast
import copy
import functools
import json
import re
import subprocess
import sys

import nbformat
import pytest
from bs4 import BeautifulSoup
from reader import NOTEBOOKS

from tools import lab

sys.path.append(str(lab.NOTEBOOKS.parent / "tools"))  # its scripts import each other

import handout
import metadata

PAGE = lab.NOTEBOOKS / "03_gates.ipynb"


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    @functools.cache
    def convert(to):
        folder = tmp_path_factory.mktemp(to)
        command = [
            sys.executable,
            "-m",
            "nbconvert",
            "--to",
            to,
            f"--output-dir={folder}",
            str(PAGE),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        (file,) = folder.iterdir()
        return file.name, file.read_text(encoding="utf-8")

    return convert


def stored_alts(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", ())]
    return [o["metadata"]["image/png"]["alt"] for o in outputs if "image/png" in o.get("data", {})]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_stored_notebook_is_a_deck_and_says_its_language(path):
    notebook = nbformat.read(path, as_version=4)
    marked = copy.deepcopy(notebook)
    metadata.mark(marked)
    assert marked == notebook, "python tools/metadata.py stores it"
    kinds = [cell.metadata.slideshow.slide_type for cell in notebook.cells]
    assert kinds[0] == "slide"
    assert kinds.count("slide") >= 5
    for cell, kind in zip(notebook.cells, kinds, strict=True):
        if cell.cell_type == "markdown":
            unfolded = metadata.FOLDED.sub("", cell.source).strip()
            assert (kind == "skip") == (not unfolded), cell.source[:80]
            assert (kind == "slide") == bool(re.search("^##? ", unfolded, re.M)), cell.source[:80]


@pytest.mark.parametrize("to", ["html", "slides"])
def test_exported_pictures_have_their_words(export, to):
    name, page = export(to)
    assert name == ("03_gates.html" if to == "html" else "03_gates.slides.html")
    pictures = BeautifulSoup(page, "html.parser").select("img")
    assert [picture["alt"] for picture in pictures] == stored_alts(PAGE)
    if to == "slides":
        sections = BeautifulSoup(page, "html.parser").select(".reveal .slides > section")
        assert len(sections) >= 5


def test_a_script_is_python(export):
    name, source = export("script")
    assert name == "03_gates.py"
    tree = compile(source, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST)
    assert len(tree.body) > 20


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_handout_holds_pictures_and_no_answers(path):
    page = handout.handout(path)
    assert [
        image["alt"] for image in BeautifulSoup(page, "html.parser").select("img")
    ] == stored_alts(path)
    notebook = path.read_text(encoding="utf-8")
    assert "<details>" in notebook
    assert "<details" not in page


def test_an_exported_question_does_not_hold_its_answer(export):
    """The reply to an answer comes from the room, when it is chosen."""
    from lstm_inside.gates.check import QUESTIONS

    _, page = export("html")
    words = " ".join(BeautifulSoup(page, "html.parser").get_text().split())
    asked = [question for question in QUESTIONS.values() if question.text in words]
    assert asked
    replies = [reply for question in asked for _, reply in question.answers.values()]
    assert not [reply for reply in replies if " ".join(reply.split()) in words]
