"""Text as numbers: the source of Python's own standard library, split into three parts.

Notebook 07; numbers in brackets, such as (7.1), are its equations. The text is the source
of this interpreter's standard library, which differs a little from version to version, and
so do all figures measured on it.

Axes: T characters, B places in the text read side by side, V symbols, H hidden units.
"""

import re
import sys
import sysconfig
import zlib
from functools import lru_cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lstm_inside import validate
from lstm_inside.words import say

SYMBOLS = "\n" + "".join(map(chr, range(32, 127))) + "¤"  # ¤ stands for all others
V = len(SYMBOLS)
# The number of each ASCII code; the last is no symbol, as all beyond it.
_NUMBERS = np.full(128, V - 1, dtype=np.intp)
_NUMBERS[[ord(symbol) for symbol in SYMBOLS[:-1]]] = np.arange(V - 1)
_ONE_HOT = np.eye(V, dtype=np.float32)


class Corpus(NamedTuple):
    """Three parts of a library, name -> source: to learn from, to search in, to measure on."""

    learn: dict[str, str]
    search: dict[str, str]
    measure: dict[str, str]


@lru_cache(maxsize=1)
def standard_library() -> Corpus:
    """The top-level modules of this interpreter's standard library, split by file.

    A module's part hangs on its name alone (CRC-32 modulo 10: 0 is searched, 1 is measured
    on, 2 to 9 are learned from), so it is the same in every version. Names with a leading
    underscore are left out. Raises RuntimeError for an interpreter that came without source.
    """
    folder = Path(sysconfig.get_paths()["stdlib"])
    # the folder, or the archive that stands for it where Python came as one file
    places = [str(folder), str(folder.parent / "python{}{}.zip".format(*sys.version_info))]
    parts = Corpus({}, {}, {})
    for name in sorted(n for n in sys.stdlib_module_names if not n.startswith("_")):
        found = PathFinder.find_spec(name, places)
        if found is None or found.submodule_search_locations or not found.has_location:
            continue  # built in, or a package
        if (text := found.loader.get_source(name)) is not None:
            part = {0: parts.search, 1: parts.measure}.get(zlib.crc32(name.encode()) % 10)
            (parts.learn if part is None else part)[name] = text
    if not all(parts):
        raise RuntimeError(
            say(
                "this Python came without the source of its standard library (an embedded one?): "
                "use one from python.org, conda or your system's packages"
            )
        )
    return parts


def encode(text) -> np.ndarray:
    """Each character's number in SYMBOLS, (len(text),); all that is not there becomes ¤.

    Raises TypeError for what is no text.
    """
    check_text("text", text)
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return _NUMBERS[codes.clip(max=len(_NUMBERS) - 1)]


def decode(ids) -> str:
    """The text of a row of numbers. Raises ValueError or TypeError for other numbers than ours."""
    return "".join(SYMBOLS[n] for n in as_ids("ids", ids, ndim=1))


def check_text(name, text):
    if not isinstance(text, str):
        raise TypeError(f"{name}: expected text, got {validate.describe(text)}")


def as_ids(name, ids, ndim=None):
    """Numbers of symbols: whole ones from 0 to V - 1. Those of one byte each stay so."""
    ids = validate.real(name, ids, ndim)
    if ids.size and (ids.dtype.kind not in "iu" or not 0 <= ids.min() <= ids.max() < V):
        raise ValueError(
            f"{name}: expected whole numbers from 0 to {V - 1}, got {validate.describe(ids)}"
        )
    return ids if ids.dtype == np.uint8 else ids.astype(np.intp, copy=False)


@lru_cache(maxsize=4)
def _joined(part) -> np.ndarray:
    return encode("".join(getattr(standard_library(), part).values())).astype(np.uint8)


def library_ids(part) -> np.ndarray:
    """A part ("learn", "search" or "measure") of the standard library as one row of numbers.

    They are kept in one byte each: good to look up with, not to compute with.
    Raises ValueError for another part.
    """
    validate.choice("part", part, Corpus._fields)
    return _joined(part)


def one_hot(ids) -> np.ndarray:
    """(...) whole numbers -> (..., V) float32: a 1 at each one's place (7.1).

    Raises ValueError or TypeError for other numbers than 0 to V - 1.
    """
    return _ONE_HOT[as_ids("ids", ids)]


_BRACKETS = re.compile(  # what hides brackets, or one that opens, or one that closes
    r"""(?:\"{3}(?:\\.|[^\\])*?\"{3}|'{3}(?:\\.|[^\\])*?'{3}"""
    r"""|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\#[^\n]*)|([(\[{])|([)\]}])""",
    re.DOTALL,
)


def open_brackets(source) -> np.ndarray:
    """Whether a bracket of the program is open once each character is read: (len(source),) bool.

    What the mark "brackets" of `marks` says, from one search for strings, comments and brackets
    in place of Python's tokenizer: forty times as quick, and the same on all of this library.
    Raises TypeError for what is no text.
    """
    check_text("source", source)
    turns = np.zeros(len(source), np.int8)
    for found in _BRACKETS.finditer(source):
        if found.lastindex:
            turns[found.start()] = 1 if found.lastindex == 1 else -1
    return turns.cumsum(dtype=np.int32) > 0


def copied(row, known, length=60) -> np.ndarray:
    """Which characters of a row (N,) stand in a stretch that `known` holds too: (N,) bool.

    A stretch is `length` neighbouring characters. Stretches are compared by 64-bit hashes, so
    that all of them are looked at in a second; those of `known` some at a time, as they are many.
    Raises ValueError or TypeError for other numbers than 0 to V - 1, a length below 1.
    """
    row, known = as_ids("row", row, ndim=1), as_ids("known", known, ndim=1)
    validate.count("length", length)
    if min(len(row), len(known)) < length:
        return np.zeros(len(row), bool)
    own, which = np.unique(_hashes(row, length), return_inverse=True)
    found = np.zeros(len(own), bool)
    for start in range(0, len(known) - length + 1, _AT_ONCE):
        some = np.sort(_hashes(known[start : start + _AT_ONCE + length - 1], length))
        places = np.searchsorted(own, some).clip(max=len(own) - 1)
        found[places[own[places] == some]] = True
    edges = np.zeros(len(row) + 1, int)  # +1 where a copy starts, -1 after it ends
    at = np.flatnonzero(found[which])
    np.add.at(edges, at, 1)
    np.add.at(edges, at + length, -1)
    return edges[:-1].cumsum() > 0


_AT_ONCE = 250_000  # stretches whose hashes are worked out together
_BASE = 0x9E3779B97F4A7C15  # odd, so that no digit of a hash is lost


def _hashes(row, length):
    """A hash of every stretch of `length` numbers, modulo 2**64: (N - length + 1,).

    A long stretch is made of two halves, so that few passes over the row are needed.
    """
    if length == 1:
        return row.astype(np.uint64)
    half = length // 2
    halves = _hashes(row, half)
    hashes = halves[:-half] * np.uint64(pow(_BASE, half, 2**64)) + halves[half:]
    if length % 2:
        hashes = hashes[:-1] * np.uint64(_BASE) + row[length - 1 :].astype(np.uint64)
    return hashes


@lru_cache(maxsize=4)
def _fresh(part):
    return ~copied(_joined(part), _joined("learn"))


def fresh_part(part) -> np.ndarray:
    """Which characters of `library_ids(part)` are no copy of the part to learn from: (N,) bool.

    Raises ValueError for another part.
    """
    validate.choice("part", part, Corpus._fields)
    return _fresh(part)


def windows(row, B, T, fresh=None) -> np.ndarray:
    """B windows of T neighbours, evenly spread over a row: (T, B).

    fresh: (N,) bool; a window holds only places where it is True.
    Raises ValueError or TypeError for what is no row, B below 1, T below 1 or too long, a fresh
    that does not fit or leaves no window.
    """
    row = validate.real("row", row, ndim=1)
    validate.count("B", B)
    validate.whole("T", T, most=len(row))
    starts = np.arange(len(row) - T + 1)
    if fresh is not None:
        fresh = validate.array("fresh", fresh, row.shape, "(N,)", bool)
        stale = np.concatenate([[0], np.cumsum(~fresh)])
        starts = starts[stale[starts + T] == stale[starts]]
        if not len(starts):
            raise ValueError(f"fresh: expected {T} fresh neighbours somewhere, got none")
    starts = starts[np.linspace(0, len(starts) - 1, B).astype(int)]
    return row[starts + np.arange(T)[:, None]]
