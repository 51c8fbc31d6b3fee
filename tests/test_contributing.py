"""The templates of CONTRIBUTING.md are code that runs."""

import re
import warnings
from pathlib import Path

import pytest

import lstm_inside

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def template(name):
    """(source, names that it defines) of one of the templates."""
    source = re.search(rf"<!-- template: {name} -->\n```python\n(.*?)```", TEXT, re.S)[1]
    names = {}
    exec(compile(source, name, "exec"), names)
    return source, names


def code_lines(source):
    return [line for line in source.splitlines() if line.strip() and "import" not in line]


def test_the_explorer_moves_and_is_short():
    source, names = template("explorer")
    assert len(code_lines(source)) <= 25
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        explorer = names["EXPLORERS"]["squash"]()
    frames = {explorer.frame}
    for preset in explorer.presets:
        explorer.show_preset(preset)
        frames.add(explorer.frame)
    assert len(frames) == 3
    assert explorer.error is None
    assert explorer.values["f"] > 0.99
    assert f"f = {explorer.values['f']:.3f}" in explorer.caption
    explorer.close()


@pytest.mark.parametrize(
    ("answer", "ok", "words"),
    [
        (lambda f, c: f * c, True, "scales every cell"),
        (lambda f, c: f + c, False, "multiplies"),
        (lambda f, c: (1 - f) * c, False, "KEPT"),
        (lambda f, c: None, False, "returned None"),
    ],
)
def test_the_exercise_accepts_and_refuses(answer, ok, words):
    source, names = template("exercise")
    assert len(code_lines(source)) <= 15
    verdict = names["kept"](answer)
    assert bool(verdict) is ok
    assert words in verdict.message


def test_every_place_that_it_names_is_there():
    for place in re.findall(r"`((?:\w+/)*\w+(?:/|\.py|\.md))`", TEXT):
        house = ROOT / "lstm_inside"
        folders = [ROOT, house, *(house / room for room in lstm_inside.ROOMS)]
        assert any((folder / place).exists() for folder in folders), place
