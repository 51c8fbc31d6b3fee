"""docs/teaching.md speaks of explorers and presets that are there."""

import re

import pytest

from lstm_inside import EXPLORERS
from tools import lab

TEXT = (lab.NOTEBOOKS.parent / "docs" / "teaching.md").read_text(encoding="utf-8")
# "`gate_explorer`: *preset*, *preset*", up to the next cell of the table or the next explorer
SHOWN = re.findall(r"`(\w+_explorer)`((?:(?!`|\|).)*)", TEXT)


@pytest.mark.parametrize(("name", "words"), SHOWN)
def test_what_a_lesson_shows_is_there(name, words):
    wanted, offered = set(re.findall(r"\*([^*]+)\*", words)), []
    for make in EXPLORERS.values():
        if make.__name__ == name:  # two rooms have a wiring
            explorer = make()
            offered.append(set(explorer.presets))
            explorer.close()
    assert any(wanted <= presets for presets in offered), f"{wanted} not in {offered}"


def test_the_lessons_show_something():
    assert len(SHOWN) >= 10
