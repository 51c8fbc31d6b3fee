"""The language of the package: what it says, what a catalogue lacks, and what a choice does."""

import base64
import subprocess
import sys

import matplotlib
import pytest

import lstm_inside
from lstm_inside import words
from lstm_inside.page import picture, svg
from lstm_inside.page.style import RC
from lstm_inside.words import Sentences, say
from tools.words import said


@pytest.fixture
def chinese():
    lstm_inside.language("zh")
    yield
    lstm_inside.language("en")


def test_a_sentence_is_said_in_the_language_chosen(chinese):
    assert say("Reset") == "复位"
    assert Sentences({"reset": "Reset"})["reset"] == "复位"
    lstm_inside.language("en")
    assert say("Reset") == "Reset"


def test_what_the_catalogue_lacks_is_said_in_english(chinese):
    assert say("nobody ever says {what}", what=3) == "nobody ever says 3"


def test_braces_are_filled_only_where_values_come():
    assert say("a set {1, 2}") == "a set {1, 2}"
    assert say("{n:.1f} of {{4}}", n=2) == "2.0 of {4}"


@pytest.mark.parametrize(
    ("code", "error"), [("fr", ValueError), ("", ValueError), (None, TypeError)]
)
def test_another_language_is_refused_and_the_old_one_kept(chinese, code, error):
    with pytest.raises(error, match=r"language: expected one of \('en', 'zh'\)"):
        lstm_inside.language(code)
    assert words.spoken() == "zh"


@pytest.mark.parametrize(("code", "first"), [("zh", "复位"), ("", "Reset")])
def test_the_environment_sets_the_start(code, first, monkeypatch):
    monkeypatch.setenv("LSTM_INSIDE_LANGUAGE", code)
    ask = "from lstm_inside.words import say; import sys; sys.stdout.buffer.write(say('Reset').encode())"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, check=True)
    assert done.stdout.decode() == first


def test_an_unknown_start_is_refused(monkeypatch):
    monkeypatch.setenv("LSTM_INSIDE_LANGUAGE", "fr")
    done = subprocess.run(
        [sys.executable, "-c", "import lstm_inside"], capture_output=True, text=True
    )
    assert "LSTM_INSIDE_LANGUAGE: expected one of ('en', 'zh'), got 'fr'" in done.stderr


def test_the_catalogues_are_what_the_code_says():
    done = subprocess.run(
        [sys.executable, "tools/words.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, f"run `python tools/words.py`: {done.stdout}{done.stderr}"


def test_gathering_finds_what_is_said_and_leaves_keys():
    source = """
W = Sentences({"key": "a value"})
slider("a label", 0, 1)
choice("which", [("an option", "value"), ("another", "v2")], "value")
Explorer(presets={"a preset": {"f": 1}, **({} if own else {"one more": {"f": 2}})}, challenge=Challenge(task="a task", score=f))
question("why?", right="a", a=("because", "yes"))
say("a {place}", place=1)
print("not said")
"""
    assert {text for _, text in said(source)} == {
        "a value", "a label", "which", "an option", "another", "a preset", "one more", "a task",
        "why?", "because", "yes", "a {place}",
    }  # fmt: skip


def test_chinese_letters_stand_as_text_in_what_stands_still(chinese):
    """A kernel may have no font for them; the reader's browser has. Latin stays outlines."""
    with matplotlib.rc_context(RC):
        figure = picture(300, 200)
        ax = figure.subplots()
        ax.set(title="单元状态 c", xlabel="step t")
    still = base64.b64decode(svg.still(figure, [], "test").split(",")[1]).decode()
    assert "单元状态 c</text>" in still
    assert still.count("<text") == 1
