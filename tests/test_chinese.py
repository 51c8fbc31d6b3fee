"""The Chinese edition: cell beside cell with the English one, and Chinese in all that it shows."""

import json
import re
import string
from pathlib import Path

import nbformat
import numpy as np
import pytest
from babel.messages import pofile
from matplotlib.text import Text

import lstm_inside
from lstm_core import init_lstm
from lstm_inside import EXPLORERS
from lstm_inside.gates import BothParams
from lstm_inside.gates.explorers import sequence_explorer
from lstm_inside.words import say
from tools import twins

ROOT = Path(__file__).parent.parent
ENGLISH = sorted((ROOT / "notebooks").glob("*.ipynb"))
CHINESE = sorted((ROOT / "notebooks" / "zh").glob("*.ipynb"))
README = ROOT / "README.zh.md"
QUESTIONS = ROOT / "notebooks" / "zh" / "questions.md"
CATALOGUE = ROOT / "lstm_inside" / "locale" / "zh" / "LC_MESSAGES" / "lstm_inside.po"
LETTERS = re.compile(r"[\u4e00-\u9fff]")
# Other words for what the glossary calls 单元状态, 隐藏状态, 长短期记忆网络, 通过时间反向传播.
VARIANTS = re.compile(r"细胞状态|记忆元|隐状态|隐含状态|长短时记忆|随时间反向传播|沿时间反向传播")
# Two English words in a row are a sentence begun; names, code and formulas have none.
CORE = {"relative error", "finite difference"}  # lstm_core.gradient_check speaks English only
SENTENCE = re.compile(r"(?<![\w.$\\])[a-z]{2,} [a-z]{2,}(?![\w.(])")


def english_in(text):
    """English words in a row, code and formulas left out."""
    bare = re.sub(r"`[^`]*`|\$[^$]*\$|“[\w -]+”|\([^()]*=[^()]*\)", " ", text)
    return [words for words in SENTENCE.findall(bare) if words not in CORE]


def test_english_would_be_found():
    assert english_in("保留 the cell state 的份额") == ["the cell"]
    assert not english_in("tanh的斜率，`np.allclose(a, b)`，$c \\text{of all}$，lstm_core.py")


@pytest.fixture
def chinese():
    lstm_inside.language("zh")
    yield
    lstm_inside.language("en")


# ------------------------------------------------------------ pages


@pytest.mark.parametrize("path", ENGLISH, ids=lambda path: path.stem)
def test_every_cell_has_its_twin_and_none_has_moved_on(path):
    assert twins.drifted(path, twins.CHINESE / path.name) == []


def test_a_cell_that_moved_on_would_be_named(tmp_path):
    page = nbformat.read(ENGLISH[0], as_version=4)
    words = next(cell for cell in page.cells if cell.cell_type == "markdown")
    code = next(cell for cell in page.cells if cell.cell_type == "code")
    words.source += " One more sentence."
    code.source += "\nx = 1"
    page.cells.append(nbformat.v4.new_markdown_cell("New.", id="new"))
    changed = tmp_path / ENGLISH[0].name
    nbformat.write(page, changed)
    found = twins.drifted(changed, twins.CHINESE / changed.name)
    assert sorted(found) == sorted(
        [
            "new: no Chinese twin",
            f"{words.id}: the English has moved on",
            f"{code.id}: another program",
        ]
    )


def test_a_program_may_differ_in_words_only():
    def same(one, other):
        return twins.program(one) == twins.program(other)

    assert same('print(f"a {x:.2f} and {y}")', 'print(f"{y}和{x:.2f}")')
    assert same('print(f"{name:14} is {x}")', 'print(f"{name:8}是{x}")')
    assert same("x = 1  # one", 'import lstm_inside\nlstm_inside.language("zh")\nx = 1')
    assert not same('print(f"a {x:.2f}")', 'print(f"a {x:.3f}")')
    assert not same('print(f"a {x}")', 'print(f"a {y}")')
    assert not same("x = 1", "x = 2")


@pytest.mark.parametrize("path", CHINESE, ids=lambda path: path.stem)
def test_a_page_speaks_chinese(path):
    """Its prose, and what explorers, pictures, questions and verdicts say.

    What else a cell prints are its own words and keys of the program, which the page explains.
    """
    left = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "markdown":
            prose = re.sub(r"```.*?```|\$\$.*?\$\$|^- [A-Z].*$|<[^>]*>|\]\([^)]*\)", " ",
                           "".join(cell["source"]), flags=re.S | re.M)  # fmt: skip
            assert LETTERS.search(prose) or not prose.strip(), cell["id"]
        for output in cell.get("outputs", ()):
            words = "".join(output.get("data", {}).get("text/plain", ""))
            left += [(cell["id"], found) for found in english_in(words)]
    assert not left


@pytest.mark.parametrize(
    "path", [*CHINESE, README, QUESTIONS, CATALOGUE], ids=lambda path: path.stem
)
def test_one_word_for_one_thing(path):
    """The glossary names the others once, as what other books call it."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join(s for cell in cells for s in cell["source"] if not s.startswith("|"))
    assert not VARIANTS.findall(text)


def minutes(path):
    """The time that a page asks for, by its first lines."""
    first = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"])
    return int(re.search(r"\*\*(?:Time|时间)\*\*[^\d\n]*(\d+)", first)[1])


def test_the_minutes_are_those_of_the_english_pages():
    """On each page, in 00's map and in README."""
    wanted = {path.name: minutes(path) for path in ENGLISH}
    assert {path.name: minutes(path) for path in CHINESE} == wanted
    row = re.compile(r"^\| \[.*\((?:notebooks/zh/)?([\w.]+\.ipynb)\) \|.*\| (\d+) \|$", re.M)
    readme = {name: int(time) for name, time in row.findall(README.read_text(encoding="utf-8"))}
    assert readme == wanted
    cells = json.loads(CHINESE[0].read_text(encoding="utf-8"))["cells"]
    found = row.findall("\n".join("".join(cell["source"]) for cell in cells))
    assert {name: int(time) for name, time in found} == dict(list(wanted.items())[1:])


def test_readme_lists_the_pages_that_exist():
    named = re.findall(r"\(notebooks/zh/([\w.]+\.ipynb)\)", README.read_text(encoding="utf-8"))
    assert named == [path.name for path in CHINESE]


@pytest.mark.parametrize("path", [*CHINESE, README, QUESTIONS], ids=lambda path: path.stem)
def test_links_lead_somewhere(path):
    cells = [path.read_text(encoding="utf-8")]
    if path.suffix == ".ipynb":
        cells = ["".join(c["source"]) for c in json.loads(cells[0])["cells"]]
    for cell in cells:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", cell):
            assert (path.parent / link).exists(), link


# ------------------------------------------------------------ the catalogue


@pytest.fixture(scope="module")
def sentences():
    with CATALOGUE.open("rb") as file:
        return [message for message in pofile.read_po(file) if message.id]


def test_the_catalogue_lacks_nothing(sentences):
    assert [m.id for m in sentences if not m.string] == []


def test_every_place_is_filled_as_in_english(sentences):
    def places(text):
        found = string.Formatter().parse(text)
        named = ((name, spec, form) for _, name, spec, form in found if name is not None)
        return sorted(place for place in named if place[0].isidentifier())  # math text: $_{t-1}$

    for message in sentences:
        assert places(message.string) == places(message.id), message.id
        assert message.string.count("\n") == message.id.count("\n"), message.id


def test_no_chinese_letter_stands_beside_math_text(sentences):
    """Matplotlib's fonts for mathematics have none."""
    mixed = [m.string for m in sentences if "$" in m.string and LETTERS.search(m.string)]
    assert not mixed


@pytest.fixture
def layered(chinese):
    """The explorer of a stack of two layers in two directions, with controls of its own."""
    rng = np.random.default_rng(0)
    both = [BothParams(init_lstm(D, 2, rng=rng), init_lstm(D, 2, rng=rng)) for D in (3, 4)]
    explorer = sequence_explorer(params=tuple(both), xs=rng.normal(size=(5, 1, 3)))
    yield explorer
    explorer.close()


def test_layers_and_directions_speak_chinese(layered):
    texts = [control.description for control in layered.controls.values()]
    texts += [text for text, _ in layered.controls["direction"].options]
    for layer in (1, 2):
        for direction in ("ahead", "back"):
            layered.set(layer=layer, direction=direction)
            texts.append(layered.caption)
    assert len(set(texts)) == len(texts)
    assert all(LETTERS.search(text) for text in texts)
    assert not [found for text in texts for found in english_in(text)]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", EXPLORERS)
def test_an_explorer_speaks_chinese(name, chinese, caplog):
    explorer = EXPLORERS[name]()
    try:
        texts = [control.description for control in explorer.controls.values()]
        for control in explorer.controls.values():
            options = getattr(control, "options", ())
            texts += [o[0] if isinstance(o, tuple) else str(o) for o in options]
        for preset in (None, *explorer.presets):
            if preset is not None:
                texts.append(say(preset))
                explorer.show_preset(preset)
            assert explorer.error is None, preset
            texts.append(explorer.caption)
            texts += [text.get_text() for text in explorer.figure.findobj(Text)]
            if explorer.challenge is not None:
                texts.append(explorer.challenge.words(explorer.values))
        assert LETTERS.search(explorer.caption)
        assert not [found for text in texts for found in english_in(text)]
        explorer.figure.png()
        assert "does not have a glyph" not in caplog.text  # Chinese in math text
    finally:
        explorer.close()
