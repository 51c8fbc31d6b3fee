"""Write the readers' pages of questions, notebooks/questions.md and notebooks/zh/questions.md.

python tools/questions.py, after a change in docs/questions.md or in the headings of a notebook;
with --check it writes nothing and names the pages that are behind. The pages have the questions
that are settled, each with the sections that settle it. docs/questions.md names these by their
English headings; a page's link leads to the cell with the heading, which has one name in both
languages. JupyterLab finds it by that, and not by a heading with a letter outside ASCII.
"""

import argparse
import functools
import re
import sys
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import nbformat

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "docs" / "questions.md"
NOTEBOOKS = {"en": ROOT / "notebooks", "zh": ROOT / "notebooks" / "zh"}
PAGES = {language: folder / "questions.md" for language, folder in NOTEBOOKS.items()}
WORDS = {
    "en": {
        "opening": "# What people ask\n\nFind your question by topic, or search this page for a "
        "word of it; the links lead to the sections where you can see the answer.",
        "section": "[{number}, {title}]({link})",
        "between": " ",
        "and": "; ",
        "closing": "Also asked, and not settled in these notebooks: {questions}",
    },
    "zh": {
        "opening": "# 大家都问什么\n\n按主题找到你的问题，或者在本页里搜一个词；"
        "链接带你到看得见答案的那一节。\n\n[English edition](../questions.md)",
        "section": "[{number}，{title}]({link})",
        "between": "",
        "and": "；",
        "closing": "也有人问，这套笔记本没有解答：{questions}",
    },
}


class Question(NamedTuple):
    """A row: its words by language, its places as (notebook's file, heading's anchor)."""

    number: int
    words: dict[str, str]
    places: list[tuple[str, str]]
    how: str  # "shown", "words" or "out of scope: why"

    @property
    def settled(self):
        return not self.how.startswith("out of scope")


def topics(text: str) -> list[tuple[dict[str, str], list[Question]]]:
    """The tables of docs/questions.md in their order: a topic's names by language, its rows."""
    found = []
    for part in text.split("\n## ")[1:]:
        heading, *lines = part.splitlines()
        rows = [_question(line) for line in lines if re.match(r"\| \d", line)]
        found.append((_by_language(heading.split(" · ")), rows))
    return found


def _question(line):
    number, english, chinese, where, how = (cell.strip() for cell in line.strip("|").split("|"))
    places = [(file, unquote(a)) for file, a in re.findall(r"\]\([\w./]*/([\w.]+)#(\S+?)\)", where)]
    return Question(int(number), _by_language([english, chinese]), places, how)


def _by_language(words):
    return dict(zip(NOTEBOOKS, words, strict=True))


@functools.cache
def headings(path: Path) -> list[tuple[str, str]]:
    """(heading, id of its cell) of a notebook, from top to bottom."""
    cells = nbformat.read(path, as_version=4).cells
    return [
        (heading, cell.id)
        for cell in cells
        if cell.cell_type == "markdown"
        for heading in re.findall(r"^#+ (.+)$", cell.source, re.M)
    ]


def page(language: str) -> str:
    """The page of questions in one language."""
    words, beyond = WORDS[language], []
    lines = [words["opening"]]
    for topic, questions in topics(SOURCE.read_text(encoding="utf-8")):
        lines += ["", f"## {topic[language]}", ""]
        for question in questions:
            asked = question.words[language]
            if question.settled:
                sections = words["and"].join(
                    _section(*place, language) for place in question.places
                )
                lines.append(f"- {asked}{words['between']}{sections}")
            else:
                beyond.append(asked)
    closing = words["closing"].format(questions=words["between"].join(beyond))
    return "\n".join([*lines, "", closing, ""])


def _section(file, english_anchor, language):
    """A link to a section, by its notebook's number and its title."""
    anchors = [heading.replace(" ", "-") for heading, _ in headings(NOTEBOOKS["en"] / file)]
    heading, cell = headings(NOTEBOOKS[language] / file)[anchors.index(english_anchor)]
    title = re.sub(r"^\d+ · ", "", heading)
    link = f"{file}#cell-id={cell}"
    return WORDS[language]["section"].format(number=file[:2], title=title, link=link)


def main() -> int:
    """Write the pages that are behind, or only name them."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    behind = []
    for language, path in PAGES.items():
        text = page(language)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            behind.append(path)
            if not check:
                path.write_text(text, encoding="utf-8")
    for path in behind:
        print(f"{path.parent.name}/{path.name}: {'is behind' if check else 'written'}")
    return bool(check and behind)


if __name__ == "__main__":
    sys.exit(main())
