"""What every page is made of: explorers with their controls, one style, verdicts, questions."""

from .artists import Lines, Pixels, Words, strokes
from .controls import choice, slider, toggle, whole
from .explorer import Challenge, Explorer
from .question import Question, Questions, asks, question
from .style import COLOURS, Picture, picture, plain, signed
from .verdict import NotYet, Verdict, checker, compare, name_of, run, shape_of, unreached

__all__ = [
    "COLOURS",
    "Challenge",
    "Explorer",
    "Lines",
    "NotYet",
    "Picture",
    "Pixels",
    "Question",
    "Questions",
    "Verdict",
    "Words",
    "asks",
    "checker",
    "choice",
    "compare",
    "name_of",
    "picture",
    "plain",
    "question",
    "run",
    "shape_of",
    "signed",
    "slider",
    "strokes",
    "toggle",
    "unreached",
    "whole",
]
