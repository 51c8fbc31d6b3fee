"""A character model of Python's own standard library: data, baselines, writing, dissection.

Notebook 07; numbers in brackets, such as (7.3), are its equations. The text is the source
of this interpreter's standard library, which differs a little from version to version, and
so do all figures measured on it.

Axes: T characters, B places in the text read side by side, V symbols, H hidden units.
"""

import io
import sys
import sysconfig
import tokenize
import zlib
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lstm_core import LSTMParams, LSTMTrace, init_lstm, lstm_backward, lstm_forward, lstm_step
from lstm_train import (
    Adam,
    Model,
    Training,
    init_readout,
    readout,
    readout_backward,
    softmax,
    softmax_cross_entropy,
)

# ---------------------------------------------------------------- text

SYMBOLS = "\n" + "".join(map(chr, range(32, 127))) + "¤"  # ¤ stands for all others
V = len(SYMBOLS)
_NUMBER = {symbol: n for n, symbol in enumerate(SYMBOLS)}
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
    names = sorted(n for n in sys.stdlib_module_names if not n.startswith("_"))
    parts = Corpus({}, {}, {})
    for name in names:
        if (folder / f"{name}.py").is_file():
            part = {0: parts.search, 1: parts.measure}.get(zlib.crc32(name.encode()) % 10)
            text = (folder / f"{name}.py").read_text(encoding="utf-8", errors="replace")
            (parts.learn if part is None else part)[name] = text
    if not all(parts):
        raise RuntimeError(
            "this Python came without the source of its standard library (an embedded or zipped "
            "one?): use one from python.org, conda or your system's packages"
        )
    return parts


def encode(text) -> np.ndarray:
    """Each character's number in SYMBOLS, (len(text),); all that is not there becomes ¤."""
    return np.array([_NUMBER.get(c, V - 1) for c in text], dtype=np.intp)


def decode(ids) -> str:
    """The text of a row of numbers."""
    return "".join(SYMBOLS[n] for n in ids)


@lru_cache(maxsize=4)
def _joined(part) -> np.ndarray:
    return encode("".join(getattr(standard_library(), part).values()))


def library_ids(part) -> np.ndarray:
    """A part ("learn", "search" or "measure") of the standard library as one row of numbers."""
    return _joined(part)


def one_hot(ids) -> np.ndarray:
    """(...) whole numbers -> (..., V) float32: a 1 at each one's place (7.1)."""
    return _ONE_HOT[ids]


def windows(row, B, T) -> np.ndarray:
    """B windows of T neighbours, evenly spread over a row: (T, B). ValueError if T is too long."""
    if not 1 <= T <= len(row):
        raise ValueError(f"T: expected 1 to {len(row)}, the length of the row, got {T}")
    starts = np.linspace(0, len(row) - T, B).astype(int)
    return row[starts + np.arange(T)[:, None]]


# ---------------------------------------------------------------- what counting can do


def ngram(ids, order, alpha=0.1) -> np.ndarray:
    """Shares of every symbol after every `order` - 1 symbols, from counts plus alpha (7.3).

    Returns (V,) for order 1 (single characters), (V, V) for 2 (bigrams), (V, V, V) for 3.
    `alpha` is added to every count, so that nothing unseen has probability 0.
    """
    places = np.ravel_multi_index(
        [ids[k : len(ids) - order + 1 + k] for k in range(order)], (V,) * order
    )
    counts = np.bincount(places, minlength=V**order).reshape((V,) * order) + alpha
    return counts / counts.sum(axis=-1, keepdims=True)


def ngram_bits(shares, held, warm=0) -> float:
    """Mean of -log2 of the share of each character of held (T, B) from row `warm` on (7.2)."""
    order = shares.ndim
    warm = max(warm, order - 1)
    rows = [held[warm - k : len(held) - k] for k in reversed(range(order))]
    return float(-np.log2(shares[tuple(rows)]).mean())


def model_bits(model, held, warm=0) -> float:
    """The same for a model that reads held (T, B) from zero states: bits a character (7.2)."""
    trace = lstm_forward(one_hot(held[:-1]), model.cell)
    from_here = max(warm, 1)  # the first character has nothing before it
    z = readout(trace.h[from_here:], model.readout)
    return softmax_cross_entropy(z, held[from_here:])[0] / np.log(2)


# ---------------------------------------------------------------- learning


class Stream:
    """B places in a text; every batch moves each on by T characters, its state carried along.

    `batch` and `loss` are what a `lstm_train.Training` asks for. h and c at the end of one
    batch are where the next one starts, as numbers only: no gradient flows from batch to
    batch (truncated backpropagation through time, 4.18). They are not part of a saved state.
    """

    def __init__(self, ids, B, T, H, *, rng):
        self._ids, self._T = ids, T
        self._places = rng.integers(0, len(ids), B)
        self.h, self.c = np.zeros((2, B, H), np.float32)

    def batch(self, rng=None):
        """The next T characters of every place, and for each the one after it: xs, labels."""
        places = self._places + np.arange(self._T + 1)[:, None]
        ids = self._ids[places % len(self._ids)]
        self._places = places[-1]
        return one_hot(ids[:-1]), ids[1:]

    def loss(self, model, batch):
        """Softmax cross-entropy at every character, and its gradients; carries the state on."""
        xs, labels = batch
        trace = lstm_forward(xs, model.cell, self.h, self.c)
        loss, dz = softmax_cross_entropy(readout(trace.h[1:], model.readout), labels)
        dhs, dreadout = readout_backward(dz, trace.h[1:], model.readout)
        grads = lstm_backward(dhs, trace, model.cell).params
        self.h, self.c = trace.h[-1], trace.c[-1]
        return loss, Model(grads, dreadout)


class CoolingAdam(NamedTuple):
    """Adam whose rate stays for 40 % of the steps, then falls in a straight line to 5 %."""

    rate: float = 0.02
    steps: int = 2000

    def start(self, params):
        """The moments before the first step."""
        return Adam().start(params)

    def step(self, params, grads, moments):
        """New parameters and moments."""
        left = 1 - int(moments.t) / self.steps
        return Adam(self.rate * min(1, max(0.05, left / 0.6))).step(params, grads, moments)


def text_training(ids, *, H=64, T=32, B=32, steps=2000, rate=0.025, rng) -> Training:
    """A training of a character model on a row of numbers: float32, Adam, clipped at 1."""
    model = Model(
        init_lstm(V, H, rng=rng, dtype=np.float32), init_readout(H, V, rng=rng, dtype=np.float32)
    )
    stream = Stream(ids, B, T, H, rng=rng)
    return Training(model, stream.loss, stream.batch, CoolingAdam(rate, steps), rng=rng, clip=1.0)


# ---------------------------------------------------------------- writing


def next_shares(h, params, temperature=1.0) -> np.ndarray:
    """softmax(z / temperature) of the read-out's scores z (7.4): h (..., H) -> (..., V).

    At temperature 0 the likeliest symbol has all.
    """
    z = readout(h, params).astype(float)
    if temperature <= 0:
        return (z == z.max(axis=-1, keepdims=True)).astype(float)
    return softmax(z / temperature)


def states_after(model, text):
    """h and c, (1, H) each, after reading a text of at least one character."""
    trace = lstm_forward(one_hot(encode(text))[:, None], model.cell)
    return trace.h[-1], trace.c[-1]


def write(model, h, c, count, *, temperature=1.0, rng) -> str:
    """`count` characters, each drawn from (7.4) and read as the next input; h, c (1, H).

    One number of `rng` a character, whatever the temperature: neighbouring temperatures
    differ only where a draw falls on the other side of an edge.
    """
    ids = []
    for u in rng.random(count):
        shares = next_shares(h[0], model.readout, temperature).cumsum()
        ids.append(min(int(np.searchsorted(shares, u * shares[-1], side="right")), V - 1))
        h, c, _ = lstm_step(one_hot(ids[-1:]), h, c, model.cell)
    return decode(ids)


# ---------------------------------------------------------------- what is true at each character

MARKS = ("brackets", "string", "indentation", "comment")


def marks(source) -> dict[str, np.ndarray]:
    """What holds once each character is read: name -> (len(source),) bool, by Python's tokenizer.

    "brackets": inside one or more open brackets. "string": inside a string's quotes, prefix
    included. "indentation": nothing but spaces on this line so far, or nothing at all.
    "comment": from # to the end of the line.
    Raises SyntaxError or tokenize.TokenError for what is no Python.
    """
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
    """
    texts, found = [], []
    for text in sources.values():
        try:
            found.append(marks(text))
        except (SyntaxError, tokenize.TokenError):
            continue
        texts.append(text)
    return encode("".join(texts)), {m: np.concatenate([f[m] for f in found]) for m in MARKS}


@lru_cache(maxsize=4)
def _library_labelled(part):
    return labelled(getattr(standard_library(), part))


class Reading(NamedTuple):
    """A text read by a model: ids (T+1, B), its trace over the first T, and marks (T, B)."""

    ids: np.ndarray
    trace: LSTMTrace
    marks: dict[str, np.ndarray]


def read(model, part, *, B=64, T=500) -> Reading:
    """Read B windows of T characters spread over a part of the library, from zero states.

    part: "learn", "search" or "measure".
    """
    row, found = _library_labelled(part)
    ids = windows(row, B, T + 1)
    at = {name: windows(mark, B, T + 1)[:-1] for name, mark in found.items()}
    return Reading(ids, lstm_forward(one_hot(ids[:-1]), model.cell), at)


# ---------------------------------------------------------------- dissection

WARM = 20  # characters at the start of a window that are read and not judged


def scores(reading, mark) -> np.ndarray:
    """How closely tanh(c) of each cell goes along with a mark: Pearson's r, (H,) (7.5)."""
    return correlation(np.tanh(reading.trace.c[1 + WARM :]), reading.marks[mark][WARM:])


def correlation(shown, mark) -> np.ndarray:
    """Pearson's r of each column of shown (..., H) with mark (...): (H,), 0 for a still one."""
    shown = shown.reshape(-1, shown.shape[-1]).astype(float)
    shown = shown - shown.mean(axis=0)
    mark = np.ravel(mark) - np.mean(mark)
    size = np.sqrt((shown**2).sum(axis=0) * (mark**2).sum())
    return mark @ shown / np.where(size > 0, size, 1)


def chosen_and_control(reading, mark):
    """The cell with the largest |r| for a mark, and a control: (chosen, control).

    The control is as lively but ignorant: of the half of all cells whose tanh(c) moves most,
    the one with the smallest |r|.
    """
    r = np.abs(scores(reading, mark))
    spread = np.tanh(reading.trace.c[1 + WARM :]).std(axis=(0, 1))
    lively = spread >= np.median(spread)
    return int(r.argmax()), int(np.where(lively, r, np.inf).argmin())


def levels(reading, unit, mark):
    """A low and a high value of a cell, (off, on): what it passes 5 % and 95 % of the time.

    "On" is the end that goes with the mark: the two change places where r is negative.
    """
    low, high = np.quantile(reading.trace.c[1 + WARM :, :, unit], (0.05, 0.95)).astype(float)
    return (low, high) if scores(reading, mark)[unit] >= 0 else (high, low)


def clamped_forward(xs, params: LSTMParams, units, values, h0=None, c0=None):
    """Run an LSTM while one cell of each row is held: h and c, (T+1, B, H) each (7.6).

    Every step is `lstm_step`; then cell `units[b]` of row b is set to `values[b]` and its
    output to o * tanh(value), which is what the next step and the read-out see. A unit of -1
    leaves its row alone. xs (T, B, D); units (B,) whole numbers, values (B,), or one for all.
    """
    T, B, _ = xs.shape
    H = len(params.W_h)
    units, values = np.broadcast_to(units, B), np.broadcast_to(values, B)
    held = np.flatnonzero(units >= 0)
    unit, value = units[held], values[held]
    h, c = np.zeros((2, T + 1, B, H), params.b.dtype)
    h[0], c[0] = 0 if h0 is None else h0, 0 if c0 is None else c0
    for t in range(T):
        h[t + 1], c[t + 1], cache = lstm_step(xs[t], h[t], c[t], params)
        o = cache[6]
        c[t + 1, held, unit] = value  # (7.6)
        h[t + 1, held, unit] = o[held, unit] * np.tanh(value)
    return h, c


def share_of(model, h, symbols) -> np.ndarray:
    """The probability that the next character is one of `symbols`: h (..., H) -> (...)."""
    return next_shares(h, model.readout)[..., encode(symbols)].sum(axis=-1)


class Effect(NamedTuple):
    """Mean probability of some symbols where a mark holds and where it does not, and the bits."""

    inside: float
    outside: float
    bits: float


def clamp_effect(model, reading, mark, symbols, unit=-1, value=0.0) -> Effect:
    """What holding one cell at a value does to a reading (7.7); unit -1: nothing is held."""
    h, _ = clamped_forward(reading.trace.xs, model.cell, unit, value)
    h, inside = h[1 + WARM :], reading.marks[mark][WARM:]
    share = share_of(model, h, symbols)
    loss, _ = softmax_cross_entropy(readout(h, model.readout), reading.ids[1 + WARM :])
    return Effect(float(share[inside].mean()), float(share[~inside].mean()), loss / np.log(2))
