"""Arrays and traces to figures and explorers: one module a topic, `engine` below them all.

Every explorer of the series is in EXPLORERS: name -> a function that makes it.
"""

from . import bptt, foundations, gates, layers, memory, patients, start
from .engine import Explorer, Pixels, Words, choice, slider, toggle, whole
from .style import COLOURS, Picture, picture

EXPLORERS = {
    **bptt.EXPLORERS,
    **foundations.EXPLORERS,
    **gates.EXPLORERS,
    **layers.EXPLORERS,
    **memory.EXPLORERS,
    **patients.EXPLORERS,
    **start.EXPLORERS,
}

__all__ = [
    "COLOURS",
    "EXPLORERS",
    "Explorer",
    "Picture",
    "Pixels",
    "Words",
    "bptt",
    "choice",
    "foundations",
    "gates",
    "layers",
    "memory",
    "patients",
    "picture",
    "slider",
    "start",
    "toggle",
    "whole",
]
