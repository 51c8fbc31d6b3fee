"""docs/questions.md and the readers' pages of it: no dead link, nothing left out, true counts."""

import json
import re
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from tools import questions

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "questions.md").read_text(encoding="utf-8")
LINKS = re.findall(r"\]\(\.\./notebooks/([\w.]+)#([^)\s]+)\)", TEXT)
TOPICS = questions.topics(TEXT)
ROWS = [row for _, rows in TOPICS for row in rows]
SETTLED = [row for row in ROWS if row.settled]
LETTERS = re.compile(r"[\u4e00-\u9fff]")


def headings(path):
    """{heading: id of its cell} of a notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    prose = [("".join(c["source"]), c["id"]) for c in cells if c["cell_type"] == "markdown"]
    return {h.strip(): cell for text, cell in prose for h in re.findall(r"^#+ (.+)$", text, re.M)}


@pytest.fixture(params=questions.PAGES)
def language(request):
    return request.param


def written(language):
    """(question, [(number, title, notebook, fragment)]) of each line of a written page."""
    text = questions.PAGES[language].read_text(encoding="utf-8")
    link = re.compile(r"\[(\d\d)[,，] ?([^]]+)\]\(([\w.]+)#([^)\s]+)\)")
    lines = [line for line in text.splitlines() if line.startswith("- ")]
    return [(line[2 : line.index("[")].strip(), link.findall(line)) for line in lines]


@pytest.mark.parametrize(("name", "anchor"), sorted(set(LINKS)))
def test_no_anchor_is_dead(name, anchor):
    anchors = [heading.replace(" ", "-") for heading in headings(ROOT / "notebooks" / name)]
    assert unquote(anchor) in anchors


def test_no_link_of_a_page_is_dead(language):
    """The cell is there, and has a heading with the title that the link says."""
    for asked, links in written(language):
        assert links, asked
        for number, title, name, fragment in links:
            assert name.startswith(f"{number}_")
            found = headings(questions.PAGES[language].parent / name)
            cell = {re.sub(r"^\d+ · ", "", heading): cell for heading, cell in found.items()}
            assert fragment == f"cell-id={cell.get(title)}", asked


def test_a_page_is_what_the_table_makes(language):
    text = questions.PAGES[language].read_text(encoding="utf-8")
    assert text == questions.page(language), "python tools/questions.py writes it"


def test_a_page_has_every_settled_question_and_every_topic(language):
    assert [asked for asked, _ in written(language)] == [row.words[language] for row in SETTLED]
    text = questions.PAGES[language].read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.M) == [topic[language] for topic, _ in TOPICS]
    assert all(row.words[language] in text.splitlines()[-1] for row in ROWS if not row.settled)


def test_both_pages_lead_to_the_same_cells():
    english, chinese = (
        [[link[2:] for link in links] for _, links in written(language)]
        for language in ("en", "zh")
    )
    assert english == chinese


def test_every_question_is_asked_in_both_languages():
    for words in [row.words for row in ROWS] + [topic for topic, _ in TOPICS]:
        assert LETTERS.search(words["zh"])
        assert not LETTERS.search(words["en"])
    for row in ROWS:
        assert row.words["en"].endswith("?")
        assert row.words["zh"].endswith("？")


def test_every_question_has_a_place_or_a_reason():
    assert len(ROWS) == len(re.findall(r"^\| \d", TEXT, re.M)) > 60
    assert len({row.number for row in ROWS}) == len(ROWS)
    for row in ROWS:
        assert re.fullmatch(r"shown|words|out of scope: .+", row.how)
        assert bool(row.places) == row.settled


def test_the_counts_are_those_of_the_table():
    hows = [row.how.split(":")[0] for row in ROWS]
    said = re.search(r"(\d+) shown, (\d+) in words, (\d+) out of scope\.", TEXT)
    wanted = [hows.count(how) for how in ("shown", "words", "out of scope")]
    assert [int(n) for n in said.groups()] == wanted


def test_a_page_that_is_behind_is_named_and_written(monkeypatch, capsys, tmp_path):
    pages = {language: tmp_path / f"{language}.md" for language in questions.PAGES}
    monkeypatch.setattr(questions, "PAGES", pages)
    monkeypatch.setattr(sys, "argv", ["questions.py", "--check"])
    assert questions.main() == 1
    assert capsys.readouterr().out.count("is behind") == 2
    assert not pages["en"].exists()
    monkeypatch.setattr(sys, "argv", ["questions.py"])
    assert questions.main() == 0
    assert pages["zh"].read_text(encoding="utf-8") == questions.page("zh")
    monkeypatch.setattr(sys, "argv", ["questions.py", "--check"])
    assert questions.main() == 0
