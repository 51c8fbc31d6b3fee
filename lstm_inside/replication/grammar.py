"""The Reber grammar and its embedded and continual forms: strings, and what may come next.

The grammar is a graph: each node names the symbols that may come next and the node each leads
to. Numbers in brackets, such as (8.1), are the equations of notebook 08_replication.

Source: Reber 1967; embedded form Smith & Zipser 1989, Cleeremans et al. 1989, Fahlman 1991; as
used in experiment 1 of Hochreiter & Schmidhuber 1997 (figures 3 and 4), and as a stream
without ends in Gers, Schmidhuber & Cummins 2000.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lstm_inside import validate

SYMBOLS = "BTPSXVE"

# node -> ((symbol, next node), ...); a choice between two is an even one, END has none
REBER = (
    (("B", 1),),
    (("T", 2), ("P", 3)),
    (("S", 2), ("X", 4)),
    (("T", 3), ("V", 5)),
    (("X", 3), ("S", 6)),
    (("P", 4), ("V", 6)),
    (("E", 7),),
)
END = 7
# where a step of an embedded string asks for its symbol: T or P at the start, a node of the
# graph within, the remembered symbol, the last E
PLACES = ("which", *(f"node {n}" for n in range(END)), "kept", "end")


class String(NamedTuple):
    """A string of the grammar, and for each symbol the set that was legal in its place.

    text: n symbols. legal: n strings; text[t] is one of the symbols in legal[t].
    """

    text: str
    legal: tuple[str, ...]


def reber_string(*, rng) -> String:
    """Walk the Reber grammar once, each choice an even one: B...E, at least 5 symbols.

    Raises TypeError when rng is no Generator.
    """
    validate.sizes(rng)
    return _walk(rng)


def _walk(rng):
    text, legal, node = [], [], 0
    while node != END:
        ways = REBER[node]
        symbol, node = ways[int(rng.integers(len(ways)))]
        text.append(symbol)
        legal.append("".join(way[0] for way in ways))
    return String("".join(text), tuple(legal))


def embedded_string(*, rng) -> String:
    """Draw a string of the embedded Reber grammar: B, T or P, a Reber string, the same, E.

    The last symbol but one repeats the second: at least 5 symbols lie between them, and a
    predictor has to remember it across a Reber string that itself uses T and P.
    At least 9 symbols, 12 on average. Raises TypeError when rng is no Generator.
    """
    validate.sizes(rng)
    kept = "TP"[int(rng.integers(2))]
    inner = _walk(rng)
    return String(f"B{kept}{inner.text}{kept}E", ("B", "TP", *inner.legal, kept, "E"))


def places(text) -> tuple[str, ...]:
    """Where in the grammar each symbol of an embedded string but the first is asked for.

    text: n symbols. Returns n - 1 of `PLACES`. Raises TypeError for what is no text, ValueError
    for one that the embedded grammar does not spell.
    """
    if not isinstance(text, str):
        raise TypeError(f"text: expected a string of symbols, got {validate.describe(text)}")
    node, found = 0, ["which"]
    for symbol in text[2:-2]:
        ways = dict(REBER[node]) if node != END else {}
        if symbol not in ways:
            break
        found.append(f"node {node}")
        node = ways[symbol]
    if len(found) != len(text) - 3 or node != END or text[:1] + text[-1:] != "BE":
        raise ValueError(f"text: expected an embedded Reber string, got {text!r}")
    return (*found, "kept", "end")


class StringSets(NamedTuple):
    """Strings to train on and others to test on, each a tuple of `String`."""

    train: tuple[String, ...]
    test: tuple[String, ...]


def embedded_sets(count=256, *, rng, distinct=False) -> StringSets:
    """Draw `count` training strings, and `count` test strings that are not among them.

    Short strings come up several times in a set, as they do when strings are drawn at random;
    the test set loses every string that is used for training, so it is made of longer ones.
    distinct: leave out strings that are in a set already, the other reading of the paper.
    Raises ValueError or TypeError for a count below 1, no Generator.
    """
    validate.sizes(rng, count=(count, 1))
    train = _draw(count, set(), distinct, rng)
    return StringSets(train, _draw(count, {s.text for s in train}, distinct, rng))


def _draw(count, barred, distinct, rng):
    drawn = []
    while len(drawn) < count:
        string = embedded_string(rng=rng)
        if string.text not in barred:
            drawn.append(string)
            if distinct:
                barred.add(string.text)
    return tuple(drawn)


def continual_stream(*, rng) -> Iterator[tuple[str, str]]:
    """Embedded Reber strings without end, one after the other: yields (symbol, legal next).

    Nothing marks where a string ends and no state is reset there (Gers et al. 2000).
    Raises TypeError when rng is no Generator.
    """
    validate.sizes(rng)
    return _stream(rng)


def _stream(rng):
    string = embedded_string(rng=rng)
    while True:
        following = embedded_string(rng=rng)
        yield from zip(string.text, (*string.legal[1:], following.legal[0]), strict=True)
        string = following


class Coded(NamedTuple):
    """Strings as arrays: at each step a symbol goes in and the next one is asked for.

    xs (T, B, 7): the symbols read, one-hot; targets (T, B, 7): the symbols that follow.
    legal (T, B, 7): 1 for every symbol that might have followed. steps (T, B): 1 where a
    string still runs; shorter strings are filled up with zeros at the end.
    """

    xs: np.ndarray
    targets: np.ndarray
    legal: np.ndarray
    steps: np.ndarray


def code(strings, dtype=np.float64) -> Coded:
    """Strings (B of them) as arrays of length T, the longest one's symbols minus 1.

    Raises ValueError or TypeError for what is no tuple or list of at least one `String`, a
    dtype that is neither float32 nor float64.
    """
    if not isinstance(strings, tuple | list) or not all(isinstance(s, String) for s in strings):
        raise TypeError(f"strings: expected a tuple of String, got {validate.describe(strings)}")
    if not strings:
        raise ValueError("strings: expected at least one, got none")
    dtype = validate.dtype(dtype)
    T, B = max(len(s.text) for s in strings) - 1, len(strings)
    coded = Coded(*np.zeros((3, T, B, len(SYMBOLS)), dtype), np.zeros((T, B), dtype))
    for b, (text, legal) in enumerate(strings):
        n, k = len(text) - 1, [SYMBOLS.index(symbol) for symbol in text]
        coded.xs[range(n), b, k[:-1]] = coded.targets[range(n), b, k[1:]] = 1
        coded.steps[:n, b] = 1
        for t in range(n):
            coded.legal[t, b, [SYMBOLS.index(symbol) for symbol in legal[t + 1]]] = 1
    return coded


def right_steps(y, legal):
    """True where every legal next symbol is more active than every other (8.1).

    y (..., 7): the outputs. legal (..., 7): 1 for each legal symbol. Returns (...) booleans.
    Raises ValueError or TypeError for shapes that differ, NaN or infinity, no real numbers.
    """
    y, legal = validate.real("y", y), validate.real("legal", legal)
    if y.shape != legal.shape:
        raise ValueError(f"legal: expected the shape of y, {y.shape}, got {legal.shape}")
    validate.finite("y", y)
    validate.finite("legal", legal)
    least = np.where(legal > 0, y, np.inf).min(axis=-1)
    return least > np.where(legal > 0, -np.inf, y).max(axis=-1)
