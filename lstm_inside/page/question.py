"""Questions to predict: every answer has a reply of its own."""

import html
from collections.abc import Callable
from typing import NamedTuple

import ipywidgets as widgets

from lstm_inside.words import say

from . import cells
from .asleep import WAKES, asleep
from .verdict import Verdict


class Question(widgets.VBox):
    """A question with answers to choose from; each answer has its own reply.

    `.choice` is the widget to pick with (its value is the answer's text), `.reply` what is
    shown for it, `.verdict` the same as a Verdict.
    """

    def __init__(self, text, answers):
        self.text, self._answers = text, answers
        self.verdict = None
        self.reply = ""
        self._words = widgets.HTML(f"<b>{html.escape(text)}</b>")
        self.choice = widgets.RadioButtons(
            options=list(answers),
            value=None,
            layout=widgets.Layout(width="auto"),
            style={"description_width": "0"},
        )
        self._shown = widgets.HTML()
        self.choice.observe(lambda _: self._answered(), names="value")
        super().__init__([asleep(), self._words, self.choice, self._shown])
        self.add_class(WAKES)
        self.add_class("lstm-question")  # access.js keeps the arrow keys for it
        cells.made(self)

    def _answered(self):
        if self.choice.value is None:
            self.verdict, self.reply, self._shown.value = None, "", ""
            return
        ok, words = self._answers[self.choice.value]
        self.verdict = Verdict(ok, words)
        self.reply = repr(self.verdict)
        colour = "#009E73" if ok else "#D55E00"
        self._shown.value = (
            f'<div role="status" style="border-left:4px solid {colour};padding-left:8px;'
            f'line-height:1.45">{html.escape(self.reply)}</div>'
        )

    def _repr_mimebundle_(self, **kwargs):
        cells.shown(self)
        data = super()._repr_mimebundle_(**kwargs)
        data["text/plain"] = "\n".join([self.text, *(f"  ○ {a}" for a in self._answers)])
        return data


class Questions(widgets.Tab):
    """Several questions in one place: title -> Question, a tab for each."""

    def __init__(self, questions: dict[str, Question]):
        self.questions = questions
        super().__init__(list(questions.values()), titles=list(questions))
        cells.made(self)

    def _repr_mimebundle_(self, **kwargs):
        cells.shown(self)
        data = super()._repr_mimebundle_(**kwargs)
        texts = (q._repr_mimebundle_()["text/plain"] for q in self.questions.values())
        data["text/plain"] = "\n\n".join(texts)
        return data


class Asked(NamedTuple):
    """A question in words: its text, and a reply for each answer, answer -> (right?, reply)."""

    text: str
    answers: dict[str, tuple[bool, str]]


def question(text, *, right, **answers) -> Asked:
    """A question whose answers are a=(answer, reply), b=..., the right one named by `right`.

    Example: question("Half is left after ...", right="b", a=("3 steps", "That is ..."), ...).
    Raises ValueError when `right` names no answer.
    """
    if right not in answers:
        raise ValueError(f"right: expected one of {sorted(answers)}, got {right!r}")
    return Asked(text, {words: (key == right, reply) for key, (words, reply) in answers.items()})


def asks(questions: dict[str, Asked]) -> Callable[[str], Question]:
    """The function `ask` of a room's `check.py`: it shows one of the room's questions by name.

    The questions and their replies live in the room, so that no client shows an answer before
    the question is asked: a notebook's cell says `check.ask("half_left")`.
    """

    def ask(name) -> Question:
        """A question of this room, to be answered. Raises ValueError for an unknown name."""
        if name not in questions:
            raise ValueError(f"name: expected one of {list(questions)}, got {name!r}")
        text, answers = questions[name]
        said = {say(words): (right, say(reply)) for words, (right, reply) in answers.items()}
        return Question(say(text), said)

    return ask
