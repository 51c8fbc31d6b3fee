"""Arrays and traces to figures and explorers. Every explorer of the series is in EXPLORERS."""

from . import gates
from .engine import Explorer, Pixels, choice, slider, toggle, whole
from .gates import (
    cell_line_explorer,
    gate_explorer,
    half_life_explorer,
    sequence_explorer,
    wiring_explorer,
)
from .style import COLOURS, Picture, picture

EXPLORERS = {**gates.EXPLORERS}

__all__ = [
    "COLOURS",
    "EXPLORERS",
    "Explorer",
    "Picture",
    "Pixels",
    "cell_line_explorer",
    "choice",
    "gate_explorer",
    "half_life_explorer",
    "picture",
    "sequence_explorer",
    "slider",
    "toggle",
    "whole",
    "wiring_explorer",
]
