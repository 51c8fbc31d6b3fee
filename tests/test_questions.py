"""docs/questions.md: every link leads to a heading that is there, and the counts are right."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
LINKS = re.findall(r"\]\(\.\./notebooks/([\w.]+)#([^)\s]+)\)", TEXT)
ROWS = re.findall(r"^\| (\d+) \|(.*)\|(.*)\| (shown|words|out of scope: .+) \|$", TEXT, re.M)


def anchors(name):
    """The anchors of a notebook's headings, as JupyterLab makes them."""
    notebook = json.loads((ROOT / "notebooks" / name).read_text(encoding="utf-8"))
    markdown = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown"]
    headings = re.findall(r"^#+ (.+)$", "\n".join(markdown), re.M)
    return {heading.strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(("name", "anchor"), sorted(set(LINKS)))
def test_no_anchor_is_dead(name, anchor):
    assert unquote(anchor) in anchors(name)


def test_every_question_has_a_place_or_a_reason():
    assert len(ROWS) == len(re.findall(r"^\| \d", TEXT, re.M)) > 60
    for _, _, where, how in ROWS:
        assert bool(where.strip()) == (not how.startswith("out of scope"))


def test_the_counts_are_those_of_the_table():
    hows = [how.split(":")[0] for *_, how in ROWS]
    said = re.search(r"(\d+) shown, (\d+) in words, (\d+) out of scope\.", TEXT)
    wanted = [hows.count(how) for how in ("shown", "words", "out of scope")]
    assert [int(n) for n in said.groups()] == wanted
