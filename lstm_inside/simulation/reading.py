"""What is true at each character of a text, and texts read by a model.

Notebook 07. Axes: T characters, B windows side by side, H hidden units.
"""

import io
import tokenize
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from lstm_core import sigmoid
from lstm_inside import validate
from lstm_inside.simulation.text import (
    SYMBOLS,
    Corpus,
    as_ids,
    check_text,
    copied,
    encode,
    fresh_part,
    library_ids,
    one_hot,
    standard_library,
    windows,
)
from lstm_inside.simulation.writer import bits_of, states_of
from lstm_inside.training import check_model

MARKS = ("brackets", "string", "indentation", "comment")


def marks(source) -> dict[str, np.ndarray]:
    """What holds once each character is read: name -> (len(source),) bool, by Python's tokenizer.

    "brackets": inside one or more open brackets. "string": inside a string's quotes, prefix
    included. "indentation": nothing but spaces on this line so far, or nothing at all.
    "comment": from # to the end of the line.
    Raises TypeError for what is no text, SyntaxError or tokenize.TokenError for no Python.
    """
    check_text("source", source)
    lines = list(io.StringIO(source))
    first = np.concatenate([[0], np.cumsum([len(line) for line in lines])]).astype(int)
    found = {name: np.zeros(len(source), bool) for name in MARKS}
    turns = np.zeros(len(source), int)  # +1 where a bracket opens, -1 where one closes
    nested = []  # starts of f-strings, which newer versions take apart
    for token in tokenize.generate_tokens(iter([*lines, ""]).__next__):
        start, end = (first[row - 1] + column for row, column in (token.start, token.end))
        kind = tokenize.tok_name[token.type]
        if kind.endswith("STRING_START"):  # f, and from 3.14 t
            nested.append(start)
        elif kind.endswith("STRING_END"):
            found["string"][nested.pop() : end - 1] = True
        elif kind == "STRING":
            found["string"][start : end - 1] = True
        elif kind == "COMMENT":
            found["comment"][start:end] = True
        elif kind == "OP" and not nested and token.string in "([{)]}":
            turns[start] = 1 if token.string in "([{" else -1
    found["brackets"] = turns.cumsum() > 0
    for at, line in zip(first, lines, strict=False):
        spaces = len(line) - len(line.lstrip(" "))
        found["indentation"][at : at + spaces] = True
        found["indentation"][at + len(line) - 1] |= line.endswith("\n")
    return found


def labelled(sources):
    """All of some sources (name -> text) in one row: numbers (N,), and name -> marks (N,).

    A file that this Python's tokenizer does not accept is left out.
    Raises ValueError or TypeError for no such texts, or where all of them are left out.
    """
    if not isinstance(sources, dict):
        raise TypeError(f"sources: expected a dict of texts, got {validate.describe(sources)}")
    texts, found = [], []
    for text in sources.values():
        check_text("sources", text)
        try:
            found.append(marks(text))
        except (SyntaxError, tokenize.TokenError):
            continue
        texts.append(text)
    if not texts:
        raise ValueError(f"sources: expected at least one of Python, got none of {len(sources)}")
    return encode("".join(texts)), {m: np.concatenate([f[m] for f in found]) for m in MARKS}


@lru_cache(maxsize=4)
def _library_labelled(part):
    """Numbers and marks of a part, and which of its characters are no copy of what is learned."""
    row, found = labelled(getattr(standard_library(), part))
    if part == "learn":
        return row, found, None
    if np.array_equal(row, library_ids(part)):  # no file was left out
        return library_ids(part), found, fresh_part(part)
    return row, found, ~copied(row, library_ids("learn"))


class Reading(NamedTuple):
    """A text read by a model: ids (T+1, B), the states it passed, marks (T, B).

    Of long texts the gates would be most of what is held; `gates_of` works out a unit's own.
    """

    ids: np.ndarray
    h: np.ndarray  # (T+1, B, H), of the first T characters, from h_0 on
    c: np.ndarray  # (T+1, B, H)
    marks: dict[str, np.ndarray]

    @property
    def xs(self):
        """The characters that were read, as the cell gets them: (T, B, V)."""
        return one_hot(self.ids[:-1])


def read(model, part, *, B=64, T=500) -> Reading:
    """Read B windows of T characters spread over a part of the library, from zero states.

    Windows of the parts to search and to measure hold no copy of what is learned from.

    part: "learn", "search" or "measure".
    Raises ValueError or TypeError for no model, another part, B or T below 1 or T too long.
    """
    check_model(model)
    validate.choice("part", part, Corpus._fields)
    validate.count("T", T)
    row, found, fresh = _library_labelled(part)
    ids = windows(row, B, T + 1, fresh)
    at = {name: windows(mark, B, T + 1, fresh)[:-1] for name, mark in found.items()}
    return Reading(ids.astype(np.intp), *states_of(model.cell, ids[:-1]), at)


def gates_of(model, reading, unit):
    """One unit's input and forget gate while this model read: i (3.3) and f (3.2), (T, B) each.

    Raises ValueError or TypeError for no model, no Reading, or a unit that is none.
    """
    check_model(model)
    check_reading(reading)
    W_x, W_h, b = model.cell
    H = len(W_h)
    validate.whole("unit", unit, least=0, most=H - 1)
    own = [unit, H + unit]  # its columns in the blocks of i and f
    a = W_x[:, own][reading.ids[:-1]] + reading.h[:-1] @ W_h[:, own] + b[own]
    return tuple(np.moveaxis(sigmoid(a), -1, 0))


def costs(model, reading) -> np.ndarray:
    """-log2 of what each next character was given, in bits: (T, B). Their mean is (7.2).

    Raises as `next_shares` does, and for no model or no Reading.
    """
    check_model(model)
    check_reading(reading)
    return bits_of(reading.h[1:], model.readout, reading.ids[1:])


def kinds(reading) -> dict[str, np.ndarray]:
    """What kind of character comes next: name -> (T, B) bool. A word is letters and _.

    Raises TypeError for no Reading.
    """
    check_reading(reading)
    symbols = np.array(list(SYMBOLS))
    letter = np.char.isalpha(symbols) | (symbols == "_")
    last, here = reading.ids[:-1], reading.ids[1:]
    space = encode(" ")
    return {
        "space after a space": (last == space) & (here == space),
        "letter inside a word": letter[last] & letter[here],
        "first letter of a word": ~letter[last] & letter[here],
        "closing bracket": np.isin(here, encode(")]}")),
    }


def closings(reading) -> np.ndarray:
    """How far back its partner stands, where a closing bracket comes next: (T, B) whole numbers.

    0 where no closing bracket of the program comes next, or its partner is not in the window,
    and in the last row, whose next character has no marks.
    Brackets in strings and comments are text and do not count.
    Raises ValueError or TypeError for no Reading, or marks that are not those of Python.
    """
    opening, closing = _program_brackets(reading)
    distances = np.zeros(opening.shape, int)
    for b in range(opening.shape[1]):
        still_open = []
        for t in np.flatnonzero((opening | closing)[:, b]):
            if opening[t, b]:
                still_open.append(t)
            elif still_open:
                distances[t - 1, b] = t - still_open.pop()
    return distances


def depths(reading) -> np.ndarray:
    """How many brackets of the program are open after each character: (T, B) whole numbers.

    -1 where a window began inside brackets and has not left them since. Brackets in strings and
    comments are text and do not count.
    Raises ValueError or TypeError for no Reading, or marks that are not those of Python.
    """
    opening, closing = _program_brackets(reading)
    check_mark(reading, "brackets")
    count = (opening.astype(int) - closing).cumsum(axis=0)
    steps = np.arange(len(count))[:, None]
    outside = np.maximum.accumulate(np.where(reading.marks["brackets"], -1, steps), axis=0)
    since = count - np.take_along_axis(count, np.maximum(outside, 0), axis=0)
    return np.where(outside < 0, -1, since)


def line_brackets(reading) -> np.ndarray:
    """Whether a bracket that was opened on this line is open after each character: (T, B) bool.

    Every bracket counts, in strings and comments too, and a line's end closes them all.
    Raises TypeError for no Reading.
    """
    check_reading(reading)
    return opened_on_line(reading.ids[:-1])


def opened_on_line(ids) -> np.ndarray:
    """`line_brackets` of texts that nobody has read: ids (T, B) -> (T, B) bool.

    Raises ValueError or TypeError for what is no symbols in two axes.
    """
    ids = as_ids("ids", ids, ndim=2)
    opening, closing = (np.isin(ids, encode(these)) for these in ("([{", ")]}"))
    still, found = np.zeros(ids.shape[1], int), np.zeros(ids.shape, bool)
    for t, ended in enumerate(ids == encode("\n")[0]):
        still = np.where(ended, 0, np.maximum(still + opening[t] - closing[t], 0))
        found[t] = still > 0
    return found


def with_line(reading) -> Reading:
    """The same reading with one mark more, "line": what `line_brackets` says.

    Raises TypeError for no Reading.
    """
    line = line_brackets(reading)
    return reading._replace(marks=reading.marks | {"line": line})


def cost_by_kind(model, reading, warm=0) -> dict[str, float]:
    """Mean bits of each of the `kinds` from step `warm` on, and of "every character" (7.2).

    NaN for a kind that does not come. Raises as `costs` does, and for a warm that leaves nothing.
    """
    cost = costs(model, reading)
    validate.whole("warm", warm, least=0, most=len(cost) - 1)
    every = kinds(reading) | {"every character": np.ones(cost.shape, bool)}
    found = ((name, cost[warm:][where[warm:]]) for name, where in every.items())
    return {name: float(bits.mean()) if bits.size else np.nan for name, bits in found}


def _program_brackets(reading):
    """Where the program opens a bracket and where it closes one: two (T, B) bool."""
    check_mark(reading, "string")
    check_mark(reading, "comment")
    program = ~(reading.marks["string"] | reading.marks["comment"])
    ids = reading.ids[:-1]
    return [program & np.isin(ids, encode(these)) for these in ("([{", ")]}")]


def check_reading(reading):
    if not isinstance(reading, Reading):
        raise TypeError(f"reading: expected a Reading, got {validate.describe(reading)}")


def check_mark(reading, mark):
    check_reading(reading)
    validate.choice("mark", mark, reading.marks)
