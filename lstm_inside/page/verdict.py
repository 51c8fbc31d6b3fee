"""What every exercise checker shares: running the reader's code and comparing."""

import copy
import traceback
from collections.abc import Callable

import numpy as np

WORDS = {
    "right": "✓ Right:",
    "wrong": "✗ Not yet:",
    "none": "{name} returned None. Is the return line still missing?",
    "no_function": "expected a function, got {what}. Hand it over without calling it.",
    "raised": "{name} raised {error}{where}.",
    "no_numbers": "{name} returned {what}; expected an array of real numbers.",
    "shape": "{name} returned shape {got}; expected {want}.",
    "transposed": "{name} returned shape {got}, which is the right answer transposed.",
    "not_finite": "{name} returned {value} at {place}; expected finite numbers.",
    "sign": "the sign is turned round: {name} returned minus the right answer.",
    "factor": "{name} returned {factor:.4g} times the right answer.",
    "value": "{name} returned {got:.6g} at {place}; expected {want:.6g}.",
    "changed": "{name} changed the array it was given (argument {number}); work on a new one.",
    "count": "{name} returned {got}; expected {want} values.",
}


class Verdict:
    """What a checker says: true when the answer is right; its text says what is off."""

    def __init__(self, ok: bool, message: str):
        self.ok, self.message = ok, message

    def __bool__(self):
        return self.ok

    def __repr__(self):
        return f"{WORDS['right'] if self.ok else WORDS['wrong']} {self.message}"


def right(message) -> Verdict:
    """The answer is right; the message says what was tried or what follows."""
    return Verdict(True, message)


def wrong(message, **details) -> Verdict:
    """Not yet; the message (a key of WORDS, or the words themselves) says what is off."""
    text = WORDS.get(message, message)
    return Verdict(False, text.format(**details) if details else text)


def run(function: Callable, *arguments):
    """Call the reader's function on copies: (value, None), or (None, Verdict) if it failed.

    An exception inside is shown as the reader's own, with the line it happened on; a changed
    argument is a fault too. KeyboardInterrupt passes, so an endless loop can be stopped.
    (Ask `failed is not None`: a Verdict that refuses is false.)
    """
    if not callable(function):
        return None, wrong("no_function", what=type(function).__name__)
    name = getattr(function, "__name__", "your function")
    given = copy.deepcopy(arguments)
    try:
        value = function(*given)
    except (Exception, SystemExit) as error:
        return None, wrong("raised", name=name, error=_error(error), where=_where(error, function))
    for number, (before, after) in enumerate(zip(arguments, given, strict=True), 1):
        if not _same(before, after):
            return None, wrong("changed", name=name, number=number)
    if value is None:
        return None, wrong("none", name=name)
    return value, None


def shape_of(value) -> tuple | None:
    """The shape of what a reader returned, None for what no array can be made of."""
    try:
        return np.shape(value)
    except Exception:
        return None


def compare(name, got, want, *, hints=(), rtol=1e-6) -> Verdict | None:
    """None if `got` is `want` to rounding, else a Verdict that says what is off.

    hints: (what a known mistake returns, the words for it) pairs, tried first.
    rtol: how far a value may be off, relative to the largest entry of `want`.
    """
    want = np.asarray(want, dtype=float)
    try:
        array = np.asarray(got)
        if array.dtype.kind not in "fiub":
            raise TypeError
        array = array.astype(float)
    except Exception:  # an object may raise anything when it is asked for its numbers
        return wrong("no_numbers", name=name, what=type(got).__name__)
    scale = max(np.abs(want).max(), 1e-12)

    def like(other):
        other = np.asarray(other, dtype=float)
        return array.shape == other.shape and bool(
            np.allclose(array, other, rtol=0, atol=rtol * max(np.abs(other).max(), 1e-12))
        )

    if like(want):
        return None
    for mistake, words in hints:
        if like(mistake):
            return wrong(words)
    if array.shape != want.shape:
        if array.ndim > 1 and array.shape[::-1] == want.shape and like(want.T):
            return wrong("transposed", name=name, got=array.shape)
        return wrong("shape", name=name, got=array.shape, want=want.shape)
    if not np.isfinite(array).all():
        place = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
        return wrong("not_finite", name=name, value=array[place], place=place)
    if like(-want):
        return wrong("sign", name=name)
    factor = (array * want).sum() / (want**2).sum() if want.any() else 0
    if factor and like(factor * want):
        return wrong("factor", name=name, factor=factor)
    place = np.unravel_index(np.abs(array - want).argmax(), want.shape)
    off = {"got": array[place], "want": want[place], "place": tuple(int(k) for k in place)}
    if np.abs(array - want).max() <= rtol * scale:
        return None
    return wrong("value", name=name, **off)


def _same(before, after):
    if isinstance(before, np.ndarray):
        return before.shape == np.shape(after) and np.array_equal(before, after, equal_nan=True)
    if isinstance(before, tuple | list):
        return len(before) == len(after) and all(map(_same, before, after))
    return True


def _error(error):
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _where(error, function):
    """The reader's own line: the last frame in the file that the function was written in."""
    code = getattr(function, "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if code is not None and f.filename == code.co_filename]
    if not own:
        return ""
    line = f": {own[-1].line}" if own[-1].line else ""
    return f" in line {own[-1].lineno - code.co_firstlineno + 1} of the function{line}"
