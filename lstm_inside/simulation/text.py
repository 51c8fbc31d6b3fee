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
from importlib.machinery import PathFinder
from pathlib import Path
from typing import NamedTuple

import numpy as np

import lstm_core
from lstm_core import (
    LSTMParams,
    LSTMTrace,
    init_lstm,
    lstm_forward,
    lstm_step,
    split_gates,
)
from lstm_inside import validate
from lstm_inside.training import (
    CoolingAdam,
    Model,
    Training,
    check_model,
    check_pair,
    check_readout,
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
            "this Python came without the source of its standard library (an embedded one?): use "
            "one from python.org, conda or your system's packages"
        )
    return parts


def encode(text) -> np.ndarray:
    """Each character's number in SYMBOLS, (len(text),); all that is not there becomes ¤.

    Raises TypeError for what is no text.
    """
    _check_text("text", text)
    return np.array([_NUMBER.get(c, V - 1) for c in text], dtype=np.intp)


def decode(ids) -> str:
    """The text of a row of numbers. Raises ValueError or TypeError for other numbers than ours."""
    return "".join(SYMBOLS[n] for n in _as_ids("ids", ids, ndim=1))


def _check_text(name, text):
    if not isinstance(text, str):
        raise TypeError(f"{name}: expected text, got {validate.describe(text)}")


def _as_ids(name, ids, ndim=None):
    """Numbers of symbols: whole ones from 0 to V - 1."""
    ids = validate.real(name, ids, ndim)
    if ids.size and (ids.dtype.kind not in "iu" or not 0 <= ids.min() <= ids.max() < V):
        raise ValueError(
            f"{name}: expected whole numbers from 0 to {V - 1}, got {validate.describe(ids)}"
        )
    return ids.astype(np.intp, copy=False)


@lru_cache(maxsize=4)
def _joined(part) -> np.ndarray:
    return encode("".join(getattr(standard_library(), part).values()))


def library_ids(part) -> np.ndarray:
    """A part ("learn", "search" or "measure") of the standard library as one row of numbers.

    Raises ValueError for another part.
    """
    validate.choice("part", part, Corpus._fields)
    return _joined(part)


def one_hot(ids) -> np.ndarray:
    """(...) whole numbers -> (..., V) float32: a 1 at each one's place (7.1).

    Raises ValueError or TypeError for other numbers than 0 to V - 1.
    """
    return _ONE_HOT[_as_ids("ids", ids)]


def windows(row, B, T) -> np.ndarray:
    """B windows of T neighbours, evenly spread over a row: (T, B).

    Raises ValueError or TypeError for what is no row, B below 1, T below 1 or too long.
    """
    row = validate.real("row", row, ndim=1)
    validate.count("B", B)
    validate.whole("T", T, most=len(row))
    starts = np.linspace(0, len(row) - T, B).astype(int)
    return row[starts + np.arange(T)[:, None]]


# ---------------------------------------------------------------- what counting can do


def ngram(ids, order, alpha=0.1) -> np.ndarray:
    """Shares of every symbol after every `order` - 1 symbols, from counts plus alpha (7.3).

    Returns (V,) for order 1 (single characters), (V, V) for 2 (bigrams), (V, V, V) for 3.
    `alpha` is added to every count, so that nothing unseen has probability 0.
    Raises ValueError or TypeError for other numbers than 0 to V - 1, fewer than `order` of them,
    another order, an alpha below 0 or not finite.
    """
    ids = _as_ids("ids", ids, ndim=1)
    validate.whole("order", order, most=3)
    validate.number("alpha", alpha, "a finite number of at least 0", lambda alpha: alpha >= 0)
    if len(ids) < order:
        raise ValueError(f"ids: expected at least {order} numbers, got {len(ids)}")
    places = np.ravel_multi_index(
        [ids[k : len(ids) - order + 1 + k] for k in range(order)], (V,) * order
    )
    counts = np.bincount(places, minlength=V**order).reshape((V,) * order) + alpha
    return counts / counts.sum(axis=-1, keepdims=True)


def ngram_bits(shares, held, warm=0) -> float:
    """Mean of -log2 of the share of each character of held (T, B) from row `warm` on (7.2).

    shares: what `ngram` returned. Raises ValueError or TypeError for what is none, other numbers
    than 0 to V - 1, no row left to judge.
    """
    shares = validate.real("shares", shares)
    order = shares.ndim
    if not 1 <= order <= 3 or shares.shape != (V,) * order:
        raise ValueError(f"shares: expected 1 to 3 axes of {V}, got shape {shares.shape}")
    validate.finite("shares", shares)
    held = _as_held(held, warm, order - 1)
    warm = max(warm, order - 1)
    rows = [held[warm - k : len(held) - k] for k in reversed(range(order))]
    return float(-np.log2(shares[tuple(rows)]).mean())


def model_bits(model, held, warm=0) -> float:
    """The same for a model that reads held (T, B) from zero states: bits a character (7.2).

    Raises ValueError or TypeError for no model, and as `ngram_bits` does.
    """
    check_model(model)
    held = _as_held(held, warm, 1)
    trace = lstm_forward(one_hot(held[:-1]), model.cell)
    from_here = max(warm, 1)  # the first character has nothing before it
    z = readout(trace.h[from_here:], model.readout)
    return float(softmax_cross_entropy(z, held[from_here:])[0] / np.log(2))


def _as_held(held, warm, least):
    """held (T, B), of which rows are left after `warm` and after `least`."""
    held = _as_ids("held", held, ndim=2)
    if len(held) <= least or not held.size:
        raise ValueError(f"held: expected more than {least} row(s), got shape {held.shape}")
    validate.whole("warm", warm, least=0, most=len(held) - 1)
    return held


# ---------------------------------------------------------------- learning


class Position(NamedTuple):
    """Where a `Stream` stands: places in the text (B,), and the h and c (B, H) brought there."""

    places: np.ndarray
    h: np.ndarray
    c: np.ndarray


class Stream:
    """B places in a text; every batch moves each on by T characters, its state carried along.

    `batch` and `loss` are what a `lstm_inside.training.Training` asks for, and `start` is the
    `Position` that it carries from step to step. h and c at the end of one batch are where the
    next one starts, as numbers only: no gradient flows from batch to batch (truncated
    backpropagation through time, 4.18). engine: the module that runs the LSTM.
    Raises ValueError or TypeError for no number or others than 0 to V - 1, sizes below 1, no
    Generator, an unknown dtype, no engine.
    """

    def __init__(self, ids, B, T, H, *, rng, dtype=np.float32, engine=lstm_core):
        ids = _as_ids("ids", ids, ndim=1)
        if not len(ids):
            raise ValueError("ids: expected at least one number, got none")
        for name, size in (("B", B), ("T", T), ("H", H)):
            validate.count(name, size)
        validate.generator(rng)
        validate.engine(engine)
        self._ids, self._T, self._engine = ids, T, engine
        h, c = np.zeros((2, B, H), validate.dtype(dtype))
        self.start = Position(rng.integers(0, len(ids), B), h, c)

    def batch(self, at):
        """The next T characters of every place, and for each the one after it: xs, labels.

        at: the `Position` to read from. Raises TypeError for none.
        """
        _check_position(at)
        ids = self._ids[(at.places + np.arange(self._T + 1)[:, None]) % len(self._ids)]
        return one_hot(ids[:-1]), ids[1:]

    def chunks(self):
        """The batches from the start on, one after the other, without end."""
        at = self.start
        while True:
            yield self.batch(at)
            at = at._replace(places=at.places + self._T)

    def loss(self, model, batch, at):
        """Softmax cross-entropy at every character, its gradients, and the next `Position`.

        Raises ValueError or TypeError for no model, no position, no batch that fits them.
        """
        check_model(model)
        xs, labels = check_pair(batch)
        _check_position(at)
        trace = self._engine.lstm_forward(xs, model.cell, at.h, at.c)
        loss, dz = softmax_cross_entropy(readout(trace.h[1:], model.readout), labels)
        dhs, dreadout = readout_backward(dz, trace.h[1:], model.readout)
        grads = self._engine.lstm_backward(dhs, trace, model.cell).params
        onwards = Position(at.places + self._T, trace.h[-1], trace.c[-1])
        return loss, Model(grads, dreadout), onwards


def _check_position(at):
    if not isinstance(at, Position):
        raise TypeError(f"at: expected a Position, got {validate.describe(at)}")


def text_training(
    ids, *, H=64, T=32, B=32, steps=2000, rate=0.025, rng, engine=lstm_core
) -> Training:
    """A training of a character model on a row of numbers: float32, Adam, clipped at 1.

    Its place in the text and the h and c carried there are part of its state: saved and loaded,
    or interrupted within a step, it goes on to the very same numbers.
    Raises as `Stream` and `CoolingAdam` do.
    """
    model = Model(
        init_lstm(V, H, rng=rng, dtype=np.float32), init_readout(H, V, rng=rng, dtype=np.float32)
    )
    stream = Stream(ids, B, T, H, rng=rng, engine=engine)
    return Training(
        model, stream.loss, lambda _, at: stream.batch(at), CoolingAdam(rate, steps),
        rng=rng, clip=1.0, carried=stream.start,
    )  # fmt: skip


# ---------------------------------------------------------------- writing


def next_shares(h, params, temperature=1.0) -> np.ndarray:
    """softmax(z / temperature) of the read-out's scores z (7.4): h (..., H) -> (..., V).

    At temperature 0 the likeliest symbol has all.
    Raises as `readout` does, and for a temperature below 0 or not finite.
    """
    _check_temperature(temperature)
    return _shares(readout(h, params), temperature)


def _check_temperature(temperature):
    validate.number("temperature", temperature, "a finite number of at least 0", lambda T: T >= 0)


def _shares(z, temperature):
    z = z.astype(float)
    if temperature == 0:
        return (z == z.max(axis=-1, keepdims=True)).astype(float)
    return softmax(z / temperature)


def states_after(model, text):
    """h and c, (1, H) each, after reading a text of at least one character.

    Raises ValueError or TypeError for no model, no text or none in it.
    """
    check_model(model)
    _check_text("text", text)
    if not text:
        raise ValueError("text: expected at least one character, got none")
    trace = lstm_forward(one_hot(encode(text))[:, None], model.cell)
    return trace.h[-1], trace.c[-1]


def write(model, h, c, count, *, temperature=1.0, rng) -> str:
    """`count` characters, each drawn from (7.4) and read as the next input; h, c (1, H).

    One number of `rng` a character, whatever the temperature: neighbouring temperatures
    differ only where a draw falls on the other side of an edge.
    Raises ValueError or TypeError for no model, states that do not fit it, a count below 1, a
    temperature below 0, no Generator.
    """
    check_model(model)
    W_x, W_h, b = validate.lstm_params(model.cell)
    H = len(W_h)
    h, c = (validate.array(n, s, (1, H), "(1, H)", W_h.dtype) for n, s in (("h", h), ("c", c)))
    validate.count("count", count)
    validate.generator(rng)
    _check_temperature(temperature)
    _, (W_y, b_y) = check_readout(h, model.readout)
    read = (
        validate.array("W_x", W_x, (V, 4 * H), "(V, 4H)", W_h.dtype) + b
    )  # (3.2)-(3.5), x one-hot
    h, c, ids = h[0], c[0], []
    with np.errstate(over="ignore", under="ignore"):  # 1 / (1 + inf) is the 0 we want
        for u in rng.random(count):
            shares = _shares(h @ W_y + b_y, temperature).cumsum()
            ids.append(min(int(np.searchsorted(shares, u * shares[-1], side="right")), V - 1))
            # `lstm_step` without its checks, which took two thirds of the time.
            a = read[ids[-1]] + h @ W_h
            i, f, _, o = split_gates(1 / (1 + np.exp(-a)))
            c = f * c + i * np.tanh(a[2 * H : 3 * H])  # (3.1)
            h = o * np.tanh(c)  # (3.6)
    return decode(ids)


# ---------------------------------------------------------------- what is true at each character

MARKS = ("brackets", "string", "indentation", "comment")


def marks(source) -> dict[str, np.ndarray]:
    """What holds once each character is read: name -> (len(source),) bool, by Python's tokenizer.

    "brackets": inside one or more open brackets. "string": inside a string's quotes, prefix
    included. "indentation": nothing but spaces on this line so far, or nothing at all.
    "comment": from # to the end of the line.
    Raises TypeError for what is no text, SyntaxError or tokenize.TokenError for no Python.
    """
    _check_text("source", source)
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
        _check_text("sources", text)
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
    return labelled(getattr(standard_library(), part))


class Reading(NamedTuple):
    """A text read by a model: ids (T+1, B), its trace over the first T, and marks (T, B)."""

    ids: np.ndarray
    trace: LSTMTrace
    marks: dict[str, np.ndarray]


def read(model, part, *, B=64, T=500) -> Reading:
    """Read B windows of T characters spread over a part of the library, from zero states.

    part: "learn", "search" or "measure".
    Raises ValueError or TypeError for no model, another part, B or T below 1 or T too long.
    """
    check_model(model)
    validate.choice("part", part, Corpus._fields)
    validate.count("T", T)
    row, found = _library_labelled(part)
    ids = windows(row, B, T + 1)
    at = {name: windows(mark, B, T + 1)[:-1] for name, mark in found.items()}
    return Reading(ids, lstm_forward(one_hot(ids[:-1]), model.cell), at)


def costs(model, reading) -> np.ndarray:
    """-log2 of what each next character was given, in bits: (T, B). Their mean is (7.2).

    Raises as `next_shares` does, and for no model or no Reading.
    """
    check_model(model)
    _check_reading(reading)
    shares = next_shares(reading.trace.h[1:], model.readout)
    return -np.log2(np.take_along_axis(shares, reading.ids[1:, :, None], -1)[..., 0])


def kinds(reading) -> dict[str, np.ndarray]:
    """What kind of character comes next: name -> (T, B) bool. A word is letters and _.

    Raises TypeError for no Reading.
    """
    _check_reading(reading)
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


# ---------------------------------------------------------------- dissection

WARM = 20  # characters at the start of a window that are read and not judged
USUAL = (0.05, 0.95)  # a cell is held at the ends of where it is nine tenths of the time


def scores(reading, mark) -> np.ndarray:
    """How closely tanh(c) of each cell goes along with a mark: Pearson's r, (H,) (7.5).

    Raises ValueError or TypeError for no Reading or a mark that it does not have.
    """
    _check_mark(reading, mark)
    return correlation(np.tanh(reading.trace.c[1 + WARM :]), reading.marks[mark][WARM:])


def correlation(shown, mark) -> np.ndarray:
    """Pearson's r of each column of shown (..., H) with mark (...): (H,), 0 for a still one.

    Raises ValueError or TypeError for shapes that differ, NaN or infinity, no number.
    """
    shown, mark = validate.real("shown", shown), validate.real("mark", mark)
    if not shown.size or shown.shape[:-1] != mark.shape:
        raise ValueError(
            f"shown, mark: expected (..., H) and (...), got {shown.shape}, {mark.shape}"
        )
    validate.finite("shown", shown)
    validate.finite("mark", mark)
    shown = shown.reshape(-1, shown.shape[-1]).astype(float)
    shown = shown - shown.mean(axis=0)
    mark = np.ravel(mark) - np.mean(mark)
    size = np.sqrt((shown**2).sum(axis=0) * (mark**2).sum())
    return mark @ shown / np.where(size > 0, size, 1)


def _check_reading(reading):
    if not isinstance(reading, Reading):
        raise TypeError(f"reading: expected a Reading, got {validate.describe(reading)}")


def _check_mark(reading, mark):
    _check_reading(reading)
    validate.choice("mark", mark, reading.marks)


def around(values, event, *, back=4, on=8) -> np.ndarray:
    """Mean of values (T, B) from `back` steps before an event (T, B) to `on` after it.

    Returns (back + 1 + on,). Raises ValueError or TypeError for shapes that differ, a count
    below 0, or where no event has that much room.
    """
    values, event = (
        validate.real("values", values, ndim=2),
        validate.real("event", event).astype(bool),
    )
    validate.finite("values", values)
    if values.shape != event.shape:
        raise ValueError(f"event: expected the shape of values, {values.shape}, got {event.shape}")
    validate.whole("back", back, least=0)
    validate.whole("on", on, least=0)
    t, b = np.nonzero(event[back : max(len(event) - on, 0)])
    if not len(t):
        raise ValueError(
            f"event: expected one with {back} steps before it and {on} after, got none"
        )
    return values[back + t[:, None] + np.arange(-back, on + 1), b[:, None]].mean(axis=0)


def turns(mark):
    """Where a mark (T, B) begins to hold and where it ends: two (T, B) bool.

    Raises ValueError or TypeError for what has not two axes.
    """
    mark = validate.real("mark", mark, ndim=2).astype(bool)
    before = np.concatenate([mark[:1], mark[:-1]])
    return mark & ~before, before & ~mark


def chosen_and_control(reading, mark):
    """The cell with the largest |r| for a mark, and a control: (chosen, control).

    The control is lively but ignorant: of all cells whose tanh(c) differs between their two
    `levels` at least half as much as the chosen one's, that with the smallest |r|.
    Raises as `scores` does.
    """
    r = np.abs(scores(reading, mark))
    low, high = np.tanh(np.quantile(reading.trace.c[1 + WARM :], USUAL, axis=(0, 1)))
    chosen = int(r.argmax())
    lively = high - low >= (high - low)[chosen] / 2
    return chosen, int(np.where(lively, r, np.inf).argmin())


def levels(reading, unit, mark):
    """A low and a high value of a cell, (off, on): below them it is 5 % and 95 % of the time.

    "On" is the end that goes with the mark: the two change places where r is negative.
    Raises as `scores` does, and for a unit that is none.
    """
    _check_mark(reading, mark)
    validate.whole("unit", unit, least=0, most=reading.trace.c.shape[-1] - 1)
    low, high = np.quantile(reading.trace.c[1 + WARM :, :, unit], USUAL).astype(float)
    return (low, high) if scores(reading, mark)[unit] >= 0 else (high, low)


def clamped_forward(xs, params: LSTMParams, units, values, h0=None, c0=None):
    """Run an LSTM while one cell of each row is held: h and c, (T+1, B, H) each (7.6).

    Every step is `lstm_step`; then cell `units[b]` of row b is set to `values[b]` and its
    output to o * tanh(value), which is what the next step and the read-out see. A unit of -1
    leaves its row alone. xs (T, B, D); units (B,) whole numbers, values (B,), h0 and c0 (B, H),
    each of them also one for all.
    Raises as `lstm_forward` does, and for units or values that are none.
    """
    params = validate.lstm_params(params)
    (xs,) = validate.sequence(params, xs)
    T, B, _ = xs.shape
    H = len(params.W_h)
    units, values = validate.real("units", units), validate.real("values", values)
    for name, each in (("units", units), ("values", values)):
        if each.shape not in ((), (B,)):
            raise ValueError(f"{name}: expected one number or {B}, got shape {each.shape}")
    if units.dtype.kind not in "iu" or units.min() < -1 or units.max() >= H:
        raise ValueError(f"units: expected whole numbers from -1 to {H - 1}, got {units}")
    validate.finite("values", values)
    units, values = np.broadcast_to(units, B), np.broadcast_to(values, B)
    held = np.flatnonzero(units >= 0)
    unit, value = units[held], values[held]
    h, c = np.zeros((2, T + 1, B, H), params.b.dtype)
    for name, states, start in (("h0", h, h0), ("c0", c, c0)):
        if start is not None:
            start = validate.real(name, start)
            rows = 1 if start.shape[:1] == (1,) else B
            states[0] = validate.array(name, start, (rows, H), "(B, H) or (1, H)", states.dtype)
    for t in range(T):
        h[t + 1], c[t + 1], cache = lstm_step(xs[t], h[t], c[t], params)
        o = cache[6]
        c[t + 1, held, unit] = value  # (7.6)
        h[t + 1, held, unit] = o[held, unit] * np.tanh(value)
    return h, c


def share_of(model, h, symbols) -> np.ndarray:
    """The probability that the next character is one of `symbols`: h (..., H) -> (...).

    Raises as `next_shares` does, and for no model or what is no text.
    """
    check_model(model)
    _check_text("symbols", symbols)
    return next_shares(h, model.readout)[..., encode(symbols)].sum(axis=-1)


class Effect(NamedTuple):
    """Mean probability of some symbols where a mark holds and where it does not, and the bits."""

    inside: float
    outside: float
    bits: float


def clamp_effect(model, reading, mark, symbols, unit=-1, value=0.0) -> Effect:
    """What holding one cell at a value does to a reading (7.7); unit -1: nothing is held.

    Raises as `scores`, `share_of` and `clamped_forward` do.
    """
    check_model(model)
    _check_mark(reading, mark)
    _check_text("symbols", symbols)
    validate.whole("unit", unit, least=-1, most=len(model.cell.W_h) - 1)
    validate.number("value", value)
    h, _ = clamped_forward(reading.trace.xs, model.cell, unit, value)
    h, inside = h[1 + WARM :], reading.marks[mark][WARM:]
    share = share_of(model, h, symbols)
    loss, _ = softmax_cross_entropy(readout(h, model.readout), reading.ids[1 + WARM :])
    return Effect(float(share[inside].mean()), float(share[~inside].mean()), loss / np.log(2))
