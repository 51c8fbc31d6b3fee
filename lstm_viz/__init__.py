"""Arrays and traces to figures and explorers: one module a topic, `engine` below them all.

Every explorer of the series is in EXPLORERS: name -> a function that makes it.
"""

from . import gates
from .engine import Explorer, Pixels, choice, slider, toggle, whole
from .style import COLOURS, Picture, picture

EXPLORERS = {
    **gates.EXPLORERS,
}

__all__ = [
    "COLOURS",
    "EXPLORERS",
    "Explorer",
    "Picture",
    "Pixels",
    "choice",
    "gates",
    "picture",
    "slider",
    "toggle",
    "whole",
]
