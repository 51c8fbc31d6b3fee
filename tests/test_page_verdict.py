"""Verdicts that cannot accept by accident, and questions that reply to every answer."""

import functools
import importlib
import inspect
import io
import os
import re
import subprocess
import sys

import numpy as np
import pytest

import lstm_inside
from lstm_inside.page import NotYet, Question, Verdict, asks, checker, compare, question, run
from lstm_inside.page.verdict import shape_of, unreached

WANT = np.array([[1.0, 2.0, -3.0], [0.5, 4.0, 6.0]])


@checker
def doubled(function):
    """A checker written the natural way: nothing is asked, nothing can be forgotten."""
    got = run(function, WANT)
    compare("your answer", got, 2 * WANT, hints=[(WANT + 2, "that adds 2.")])
    return "twice as much."


@pytest.mark.parametrize(
    ("score", "goal", "shown", "words"),
    [
        (9.6, 10, ".0f", "9.6"),
        (0.98996, 0.99, ".3f", "0.98996"),
        (0.9893, 0.99, ".3f", "0.989"),
        (0.99, 0.99, ".3f", "0.990"),
        (0.9949, 0.99, ".2f", "0.99"),
        (-3.0, 0.99, ".1f", "−3.0"),
    ],
)
def test_a_score_has_the_digits_that_tell_it_from_the_goal(score, goal, shown, words):
    assert unreached(score, goal, shown) == words


@pytest.mark.parametrize(
    ("got", "want", "words"),
    [
        ([1.0005e-3], [1e-3], "expected 0.001"),  # far off for a number this small
        ([1e-8], [0.0], "returned 1e-08 at (0,); expected 0"),
        (WANT.T + 1, WANT, "returned shape (3, 2); expected (2, 3)"),
        (np.ones((2, 2)), WANT, "returned shape (2, 2); expected (2, 3)"),
        (WANT.T, WANT, "the right answer transposed"),
    ],
)
def test_what_is_off_is_measured_by_the_size_of_what_is_wanted(got, want, words):
    with pytest.raises(NotYet) as caught:
        compare("it", got, want)
    assert words in str(caught.value)


def test_the_right_answer_is_right():
    verdict = doubled(lambda x: 2 * x)
    assert verdict
    assert repr(verdict) == "✓ Right: twice as much."


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (lambda x: x + 2, "", "that adds 2."),
        (lambda x: None, "none", "your function returned None"),
        (lambda x: -2 * x, "sign", "minus the right answer"),
        (lambda x: 3 * x, "factor", "1.5 times the right answer"),
        (lambda x: (2 * x).T, "transposed", "transposed"),
        (lambda x: 2 * x[0], "shape", r"shape \(3,\)"),
        (lambda x: 2 * x / 0.0, "not_finite", "inf"),
        (lambda x: "no", "no_numbers", "real numbers"),
        (lambda x: x.fill(1), "changed", "argument 1"),
        (lambda x: 1 / 0, "raised", "ZeroDivisionError"),
        (lambda x: 2 * x + 0.004, "digits", "rounded"),
        (lambda x: 2 * x + np.eye(2, 3), "value", "expected"),
        (7, "no_function", "expected a function"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_checker_written_naturally_refuses_wrong_answers(answer, kind, words):
    verdict = doubled(answer)
    assert isinstance(verdict, Verdict)
    assert not verdict
    assert verdict.kind == kind
    assert re.search(words, repr(verdict))


@pytest.mark.parametrize("got", [["2", "4"], [2 + 1j, 4], np.array(["2", "4"], "S1")])
def test_what_only_looks_like_numbers_is_none(got):
    with pytest.raises(NotYet) as off:
        compare("your answer", got, [2.0, 4.0])
    assert off.value.kind == "no_numbers"


@pytest.mark.parametrize(
    ("value", "shape"), [([[1, 2, 3], [4, 5, 6]], (2, 3)), (7, ()), ([[1, 2], [3]], None)]
)
def test_the_shape_of_what_came(value, shape):
    assert shape_of(value) == shape


def test_one_number_is_no_multiple_of_another():
    """An answer near the right one is rounded, one far away is just wrong: neither a factor."""
    for got, kind in ((0.9646, "digits"), (0.2, "value")):
        with pytest.raises(NotYet) as off:
            compare("it", got, 0.9689)
        assert off.value.kind == kind


@pytest.mark.parametrize(
    ("want", "kind"),
    [([1.0, 2.0], "value"), ([1.0, 2.0, 0.0], "value"), ([1.0, 2.0, 4.0], "factor")],
)
def test_a_factor_is_news_from_three_numbers_on(want, kind):
    with pytest.raises(NotYet) as off:
        compare("it", 3 * np.array(want), want)
    assert off.value.kind == kind


def test_where_it_is_off_the_most_is_where_the_difference_is_largest():
    with pytest.raises(NotYet, match=r"returned 2 at \(1,\); expected 1\.") as off:
        compare("it", [10.0, 2.0, -7.0], [10.0, 1.0, -7.0])
    assert off.value.details["place"] == (1,)


@pytest.mark.parametrize("got", [0.9646, 0.2, np.nan])
def test_one_number_has_no_place(got):
    with pytest.raises(NotYet, match=r"^it returned [\d.na]+; expected") as off:
        compare("it", got, 0.9689)
    assert "()" not in off.value.message


def test_a_verdict_in_chinese_is_one_sentence():
    lstm_inside.language("zh")
    try:
        assert repr(Verdict(True, "好。")) == "✓ 对：好。"
        assert repr(doubled(lambda x: 1 / 0)).startswith("✗ 还不对：你的函数运行到第1行（")
    finally:
        lstm_inside.language("en")


@pytest.mark.parametrize("end", [None, "", True, 3])
def test_a_checker_must_end_in_words(end):
    @checker
    def forgetful(function):
        run(function)
        return end

    with pytest.raises(TypeError, match="forgetful: expected words"):
        forgetful(lambda: 1)


def test_what_is_seen_of_a_checker_is_that_it_gives_a_verdict():
    signature = inspect.signature(doubled)
    assert signature.return_annotation is Verdict
    assert list(signature.parameters) == ["function"]
    assert "natural way" in doubled.__doc__


def test_what_is_off_is_the_exceptions_text():
    off = NotYet("shape", name="it", got=(2,), want=(3,))
    assert str(off) == off.message == "it returned shape (2,); expected (3,)."
    assert off.details == {"name": "it", "got": (2,), "want": (3,)}
    assert NotYet("{braces} stay").message == "{braces} stay"


def test_a_verdict_needs_no_console(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())  # a stream of no encoding
    assert repr(Verdict(True, "é")) == "✓ Right: é"
    monkeypatch.setattr(sys, "stdout", None)
    assert repr(Verdict(True, "é")) == "✓ Right: é"


def test_the_readers_own_name_and_line_are_named():
    def my_gate(x):
        y = x + 1
        return y @ y

    verdict = doubled(my_gate)
    assert "my_gate raised ValueError" in verdict.message
    assert "line 3 of the function: return y @ y" in verdict.message


def test_words_for_shapes_that_do_not_fit():
    with pytest.raises(NotYet, match=r"^rows times columns$"):
        run(lambda x: x @ x, WANT, shapes="rows times columns")


@pytest.mark.parametrize(
    "change",
    [
        lambda x, pair, number: pair[0].fill(0),
        lambda x, pair, number: pair[1][0].fill(0),
        lambda x, pair, number: pair.pop(),
        lambda x, pair, number: pair[1].append(x),
    ],
)
def test_what_is_changed_inside_of_a_list_is_changed(change):
    with pytest.raises(NotYet, match=r"changed the array it was given \(argument 2\)"):
        run(change, WANT, [WANT.copy(), [WANT.copy()]], 3)


def test_what_was_left_alone_is_not_changed():
    with_nan = np.array([np.nan, 1.0])
    assert run(lambda x, pair, number: number, with_nan, [WANT, [with_nan]], 3) == 3


@pytest.mark.parametrize(
    ("error", "words"),
    [(KeyError(), "raised KeyError in"), (OSError("no"), "raised OSError: no in")],
)
def test_an_error_is_named_with_what_it_says(error, words):
    def my_gate(x):
        raise error

    assert words in doubled(my_gate).message


def test_what_has_no_lines_of_its_own_has_none_named():
    with pytest.raises(NotYet) as off:
        run(functools.partial(np.linalg.inv), np.zeros((2, 2)))
    assert off.value.message == "your function raised LinAlgError: Singular matrix."


def test_an_interrupt_passes():
    def endless(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        doubled(endless)


def test_a_verdict_can_be_printed_where_no_tick_can():
    code = "from lstm_inside.page import Verdict; print(Verdict(True, 'yes'), Verdict(False, 'no'))"
    said = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
        capture_output=True,
        text=True,
        cwd=os.path.dirname(os.path.dirname(__file__)),
    )
    assert said.returncode == 0, said.stderr
    assert "Right: yes" in said.stdout
    assert "Not yet: no" in said.stdout


def test_a_question_replies_to_every_answer():
    asked = question("2 + 2?", right="b", a=("22", "that joins the digits"), b=("4", "they add"))
    shown = asks({"sum": asked})("sum")
    assert isinstance(shown, Question)
    assert shown.verdict is None
    shown.choice.value = "22"
    assert not shown.verdict
    assert "joins the digits" in shown.reply
    shown.choice.value = "4"
    assert shown.verdict
    assert shown._repr_mimebundle_()["text/plain"] == "2 + 2?\n  ○ 22\n  ○ 4"


def test_questions_are_named():
    with pytest.raises(ValueError, match="right: expected one of"):
        question("?", right="c", a=("x", "y"))
    with pytest.raises(ValueError, match=r"name: expected one of \['sum'\], got 'product'"):
        asks({"sum": question("?", right="a", a=("x", "y"))})("product")


@pytest.mark.parametrize("room", lstm_inside.ROOMS)
def test_every_question_of_a_room_can_be_asked(room):
    """Each has a right answer, two wrong ones, and a reply of its own for every answer."""
    check = importlib.import_module(f"lstm_inside.{room}.check")
    for name, asked in getattr(check, "QUESTIONS", {}).items():
        shown = check.ask(name)
        rights = [right for right, _ in asked.answers.values()]
        assert sum(rights) == 1, name
        assert len(rights) >= 3, name
        replies = [reply for _, reply in asked.answers.values()]
        assert len(set(replies)) == len(replies), name
        shown.close()
