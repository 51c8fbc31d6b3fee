"""Arrays and traces to figures and explorers: one module a topic, `engine` below them all.

Every explorer of the series is in EXPLORERS: name -> a function that makes it.
"""

from . import (
    annealing,
    beyond,
    bptt,
    foundations,
    gates,
    layers,
    memory,
    patients,
    replication,
    simulation,
    start,
    training,
    variants,
)
from .engine import Explorer, Pixels, Words, choice, slider, toggle, whole
from .style import COLOURS, Picture, picture

EXPLORERS = {
    **annealing.EXPLORERS,
    **beyond.EXPLORERS,
    **bptt.EXPLORERS,
    **foundations.EXPLORERS,
    **gates.EXPLORERS,
    **layers.EXPLORERS,
    **memory.EXPLORERS,
    **patients.EXPLORERS,
    **simulation.EXPLORERS,
    **start.EXPLORERS,
    **training.EXPLORERS,
    **variants.EXPLORERS,
}

__all__ = [
    "COLOURS",
    "EXPLORERS",
    "Explorer",
    "Picture",
    "Pixels",
    "Words",
    "annealing",
    "beyond",
    "bptt",
    "choice",
    "foundations",
    "gates",
    "layers",
    "memory",
    "patients",
    "picture",
    "replication",
    "simulation",
    "slider",
    "start",
    "toggle",
    "training",
    "variants",
    "whole",
]
