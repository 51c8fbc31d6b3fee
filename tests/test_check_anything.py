"""Whatever a reader hands to a checker, the answer is a verdict in words, never an exception."""

import importlib
import inspect
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import lstm_inside
from lstm_inside.page import NotYet, Verdict, run

ROOMS = Path(lstm_inside.__file__).parent
MODULES = [
    importlib.import_module(f"lstm_inside.{path.parent.name}.{path.stem}")
    for path in sorted(ROOMS.glob("*/check*.py"))
]
CHECKERS = {
    f"{module.__name__.split('.', 1)[1]}.{name}": checker
    for module in MODULES
    for name, checker in inspect.getmembers(module, inspect.isfunction)
    if checker.__module__ == module.__name__
    and not name.startswith("_")
    and inspect.signature(checker).return_annotation in (Verdict, "Verdict")
}

OF_FUNCTIONS = [  # a few take settings or words instead
    name
    for name, checker in CHECKERS.items()
    if next(iter(inspect.signature(checker).parameters)) == "function"
]


class Odd:
    """Something that NumPy cannot make an array of."""

    def __array__(self, *args, **kwargs):
        raise RuntimeError("no array here")


def recursive(*args):
    return recursive(*args)


def changes_what_it_gets(*args):
    for a in args:
        if isinstance(a, np.ndarray) and a.dtype.kind == "f":
            a[...] = 7
    return args[0]


def leaves(*args):
    raise SystemExit("bye")


ANSWERS = {
    "nothing": lambda *args: None,
    "a string": lambda *args: "0.5",
    "a complex number": lambda *args: 1j,
    "NaN": lambda *args: np.nan,
    "a generator": lambda *args: (x for x in args),
    "a ragged list": lambda *args: [[1.0], [2.0, 3.0]],
    "an empty array": lambda *args: np.zeros((0, 3)),
    "a 0-dimensional array": lambda *args: np.array(0.25),
    "far too many dimensions": lambda *args: np.ones((2,) * 9),
    "a dict": lambda *args: {"c": 1},
    "what it was given": lambda *args: args,
    "the first it was given": lambda *args: args[0],
    "many Nones": lambda *args: (None,) * 6,
    "objects": lambda *args: np.array([object(), None]),
    "no array at all": lambda *args: Odd(),
    "booleans": lambda *args: True,
    "itself": lambda *args: leaves,
    "an error": lambda *args: 1 / 0,
    "a wrong signature": lambda: 1,
    "endless recursion": recursive,
    "changed arguments": changes_what_it_gets,
    "an exit": leaves,
    "keyword only": lambda *, x: x,
}
NO_FUNCTIONS = {
    "None": None,
    "a number": 3.0,
    "an array": np.ones(3),
    "a class": Odd,
    "a word": "f",
}


def test_every_module_has_checkers():
    assert len(CHECKERS) >= 15
    assert len(CHECKERS) - len(OF_FUNCTIONS) <= 3


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", CHECKERS)
def test_no_answer_makes_a_checker_raise(name):
    for what, answer in {**ANSWERS, **NO_FUNCTIONS}.items():
        verdict = CHECKERS[name](answer)
        assert isinstance(verdict, Verdict), what
        assert not verdict, f"{name} accepts {what}"
        assert len(repr(verdict)) > 15


def test_the_readers_own_line_is_named():
    def mine(x):
        y = x * 2
        return y.no_such_thing

    with pytest.raises(NotYet, match="AttributeError") as off:
        run(mine, np.ones(2))
    assert "in line 3 of the function: return y.no_such_thing" in off.value.message


@pytest.mark.parametrize("name", OF_FUNCTIONS)
def test_every_checker_shows_an_exception_with_the_readers_line(name):
    def mine(*args, **kwargs):
        return {}["what is not there"]

    said = repr(CHECKERS[name](mine))
    assert "mine raised KeyError" in said
    assert """in line 2 of the function: return {}["what is not there"]""" in said


@pytest.mark.parametrize("name", OF_FUNCTIONS)
def test_every_checker_lets_an_interrupt_through(name):
    def stopped(*args, **kwargs):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        CHECKERS[name](stopped)


def test_an_endless_loop_can_be_interrupted():
    """What the Stop button of JupyterLab raises passes through the checker."""

    def endless(*args):
        while True:
            time.sleep(0.01)

    def interrupt():
        import _thread

        _thread.interrupt_main()

    timer = threading.Timer(0.3, interrupt)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored behind a shell's &
    try:
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            run(endless, 1)
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)
