"""What every page is made of: explorers with their controls, one style, verdicts, questions."""

from .artists import Lines, Pixels, Words
from .controls import choice, slider, toggle, whole
from .explorer import Challenge, Explorer
from .question import Question, Questions, ask
from .style import COLOURS, Picture, picture
from .verdict import Verdict, compare, right, run, shape_of, wrong

__all__ = [
    "COLOURS",
    "Challenge",
    "Explorer",
    "Lines",
    "Picture",
    "Pixels",
    "Question",
    "Questions",
    "Verdict",
    "Words",
    "ask",
    "choice",
    "compare",
    "picture",
    "right",
    "run",
    "shape_of",
    "slider",
    "toggle",
    "whole",
    "wrong",
]
