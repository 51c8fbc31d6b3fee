"""What every exercise checker shares: running the reader's code, comparing, saying what is off.

A checker is written the way that comes naturally and cannot accept by accident: `run` and
`compare` raise `NotYet` at the first thing that is off, and what the function returns at its
end is the sentence for the right answer. `@checker` makes a `Verdict` of either.
"""

import copy
import functools
import inspect
import sys
import traceback
from collections.abc import Callable

import numpy as np

from lstm_inside.words import Sentences, say

from .style import true_minus

WORDS = Sentences(
    {
        "right": "✓ Right: {message}",
        "wrong": "✗ Not yet: {message}",
        "none": "{name} returned None. Does its last line return your answer?",
        "no_function": "expected a function, got {what}. Hand it over without calling it.",
        "raised": "{name} raised {error}.",
        "raised at": "{name} raised {error} in line {line} of the function.",
        "raised by": "{name} raised {error} in line {line} of the function: {code}.",
        "no_numbers": "{name} returned {what}; expected an array of real numbers.",
        "shape": "{name} returned shape {got}; expected {want}.",
        "transposed": "{name} returned shape {got}, which is the right answer transposed.",
        "not_finite": "{name} returned {value} at {place}; expected finite numbers.",
        "not_finite alone": "{name} returned {value}; expected finite numbers.",
        "sign": "the sign is turned round: {name} returned minus the right answer.",
        "factor": "{name} returned {factor:.4g} times the right answer.",
        "digits": "{name} returned {got:.6g} at {place}; expected {want:.6g}. "
        "That is right to a few digits only: is something rounded?",
        "digits alone": "{name} returned {got:.6g}; expected {want:.6g}. "
        "That is right to a few digits only: is something rounded?",
        "value": "{name} returned {got:.6g} at {place}; expected {want:.6g}.",
        "value alone": "{name} returned {got:.6g}; expected {want:.6g}.",
        "changed": "{name} changed the array it was given (argument {number}); work on a new one.",
        "count": "{name} returned {got}; expected {want} values.",
    }
)
_NEAR = 0.01  # an answer this close, relative to its size, is a rounded one


def unreached(score, goal, shown) -> str:
    """A score as the format `shown` has it; below the goal with as many digits as tell it so.

    0.98996 is no 0.990 where 0.99 is wanted: it has one digit more, or two, until it reads less.
    """
    text, digits = format(score, shown), 0
    while score < goal <= float(text):
        digits += 1
        text = f"{score:.{digits}f}"
    return true_minus(text)


class Verdict:
    """What a checker says: true when the answer is right; its text says what is off.

    `.ok`, `.message`, and `.kind`: what a general failure goes by, the first word of its key in
    WORDS ("none", "shape", "sign", ...), "" for all others.
    """

    def __init__(self, ok: bool, message: str, kind: str = ""):
        self.ok, self.message, self.kind = ok, message, kind

    def __bool__(self):
        return self.ok

    def __repr__(self):
        words = WORDS["right" if self.ok else "wrong"].format(message=self.message)
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"  # a console may know no tick
        return words.encode(encoding, "replace").decode(encoding)


class NotYet(Exception):
    """What is off with an answer; a checker raises it, `@checker` shows it as a Verdict.

    message: a key of WORDS, whose sentence takes `details`, or the sentence itself.
    `.kind` is the first word of that key, "" for a sentence; `.details` what it was given.
    """

    def __init__(self, message, **details):
        self.kind, self.details = (message.split()[0] if message in WORDS else ""), details
        text = WORDS.get(message, message)
        self.message = text.format(**details) if details else text
        super().__init__(self.message)


def checker(check: Callable[..., str]) -> Callable[..., Verdict]:
    """Make a function that raises `NotYet`, or returns the words for a right answer, a checker.

    What comes back is always a Verdict; anything but a sentence at the function's end is a
    mistake in the checker and raises TypeError.
    """

    @functools.wraps(check)
    def checked(*arguments, **options) -> Verdict:
        try:
            words = check(*arguments, **options)
        except NotYet as off:
            return Verdict(False, off.message, off.kind)
        if not isinstance(words, str) or not words:
            raise TypeError(f"{check.__name__}: expected words at its end, got {words!r}")
        return Verdict(True, words)

    signature = inspect.signature(check).replace(return_annotation=Verdict)
    vars(checked).update(__wrapped__=None, __signature__=signature)  # it returns no words
    return checked


def run(function: Callable, *arguments, shapes=""):
    """Call the reader's function on copies of the arguments and return what it returned.

    shapes: the words for a ValueError inside, which is what NumPy raises where shapes do not fit.
    Raises NotYet for what is no function, for an exception inside (shown as the reader's own,
    with the line it happened on), for a changed argument and for None. KeyboardInterrupt
    passes, so an endless loop can be stopped.
    """
    if not callable(function):
        raise NotYet("no_function", what=type(function).__name__)
    name = name_of(function)
    given = copy.deepcopy(arguments)
    try:
        value = function(*given)
    except (Exception, SystemExit) as error:
        if shapes and isinstance(error, ValueError):
            raise NotYet(shapes) from None
        key, where = _where(error, function)
        raise NotYet(key, name=name, error=_error(error), **where) from None
    for number, (before, after) in enumerate(zip(arguments, given, strict=True), 1):
        if not _same(before, after):
            raise NotYet("changed", name=name, number=number)
    if value is None:
        raise NotYet("none", name=name)
    return value


def name_of(function) -> str:
    """What the reader calls a function."""
    name = getattr(function, "__name__", "")
    return say("your function") if name in ("", "<lambda>") else name


def shape_of(value) -> tuple | None:
    """The shape of what a reader returned, None for what no array can be made of."""
    try:
        return np.shape(value)
    except Exception:
        return None


def compare(name, got, want, *, also=(), hints=(), rtol=1e-6):
    """Nothing if `got` is `want` to rounding; else NotYet is raised and says what is off.

    also: other answers that are as right.
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
        raise NotYet("no_numbers", name=name, what=type(got).__name__) from None

    def like(other, rtol=rtol):
        other = np.asarray(other, dtype=float)
        return array.shape == other.shape and bool(
            np.allclose(array, other, rtol=0, atol=rtol * max(np.abs(other).max(), 1e-12))
        )

    if any(map(like, [want, *also])):
        return
    for mistake, words in hints:
        if like(mistake):
            raise NotYet(words)
    if array.shape != want.shape:
        if array.shape[::-1] == want.shape and like(want.T):
            raise NotYet("transposed", name=name, got=array.shape)
        raise NotYet("shape", name=name, got=array.shape, want=want.shape)
    alone = "" if array.ndim else " alone"  # one number has no place to tell
    if not np.isfinite(array).all():
        place = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
        raise NotYet(f"not_finite{alone}", name=name, value=array[place], place=place)
    if like(-want):
        raise NotYet("sign", name=name)
    place = np.unravel_index(np.abs(array - want).argmax(), want.shape)
    off = {"got": array[place], "want": want[place], "place": tuple(int(k) for k in place)}
    if like(want, _NEAR):
        raise NotYet(f"digits{alone}", name=name, **off)
    # One number is always some multiple of another: a factor is news from three on.
    if np.count_nonzero(want) > 2:
        factor = (array * want).sum() / (want**2).sum()
        if factor and like(factor * want):
            raise NotYet("factor", name=name, factor=factor)
    raise NotYet(f"value{alone}", name=name, **off)


def _same(before, after):
    if isinstance(before, np.ndarray):
        return before.shape == np.shape(after) and np.array_equal(before, after, equal_nan=True)
    if isinstance(before, tuple | list):
        return len(before) == len(after) and all(map(_same, before, after))
    return True


def _error(error):
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _where(error, function):
    """The words for what was raised, and the reader's own line.

    That is the last frame in the file that the function was written in.
    """
    code = getattr(function, "__code__", None)
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if code is not None and f.filename == code.co_filename]
    if not own:
        return "raised", {}
    last = own[-1]
    where = {"line": last.lineno - code.co_firstlineno + 1, "code": last.line}
    return ("raised by" if last.line else "raised at"), where
