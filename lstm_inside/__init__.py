"""The LSTM from the inside: everything that the notebooks lean on, a room a topic.

The rooms stand in the order of the course. A room imports `lstm_core`, `validate`, `page`,
`words`, `tasks` and rooms before it, never one that comes after; `tests/test_house.py` holds that.

EXPLORERS: dict name -> a function that makes that explorer with its defaults, for every
explorer of the series. It is gathered when it is asked for, so that a room's math can be
imported without a picture. `language(code)`: English or Chinese.
"""

import importlib

from .words import language as language

# In the order of the course; `start` tells the whole story and may use rooms up to `training`.
ROOMS = (
    "foundations",
    "convolution",
    "rnn",
    "gates",
    "bptt",
    "training",
    "start",
    "annealing",
    "simulation",
    "replication",
    "beyond",
    "practice",
)


def __getattr__(name):
    if name != "EXPLORERS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = {}
    for room in ROOMS:
        found |= importlib.import_module(f"{__name__}.{room}.explorers").EXPLORERS
    globals()["EXPLORERS"] = found
    return found
