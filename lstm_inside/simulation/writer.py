"""A character model: how it learns from a text, what it costs on one, how it writes.

Notebook 07; numbers in brackets, such as (7.4), are its equations.

Axes: T characters, B places in the text read side by side, V symbols, H hidden units.
"""

import json
import sys
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

import lstm_core
from lstm_core import LSTMParams, init_lstm, lstm_forward
from lstm_inside import validate
from lstm_inside.simulation.counting import as_held
from lstm_inside.simulation.text import V, as_ids, check_text, decode, encode, library_ids, one_hot
from lstm_inside.training import (
    CoolingAdam,
    Model,
    ReadoutParams,
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
        ids = as_ids("ids", ids, ndim=1).astype(np.uint8, copy=False)
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
        return one_hot(ids[:-1]), ids[1:].astype(np.intp)

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


def model_bits(model, held, warm=0) -> float:
    """Bits per character of held (T, B), read from zero states, from row `warm` on (7.2).

    Raises ValueError or TypeError for no model, and as `interpolated_costs` does.
    """
    check_model(model)
    held = as_held(held, warm, 1)
    h, _ = states_of(model.cell, held[:-1])
    from_here = max(warm, 1)  # the first character has nothing before it
    return float(bits_of(h[from_here:], model.readout, held[from_here:]).mean())


# ---------------------------------------------------------------- reading


def bits_of(h, params, came) -> np.ndarray:
    """-log2 of what the read-out gave to what came: h (T, B, H), came (T, B) -> (T, B).

    Some steps at a time: of a long text the shares would be most of what is held.
    Raises as `next_shares` does.
    """
    bits = np.empty(came.shape)
    for t in range(0, len(came), 100):
        shares = next_shares(h[t : t + 100], params)
        given = np.take_along_axis(shares, came[t : t + 100, :, None], -1)
        bits[t : t + 100] = -np.log2(given[..., 0])
    return bits


def after_symbol(a_x, h, c, W_h):
    """One step of an LSTM (3.1)-(3.6) from what its input adds, a_x = x W_x + b (..., 4H).

    Returns h, c and o, (..., H) each. `lstm_step` without its checks, which took two thirds of
    the time, and without the product x W_x: x is one-hot, so it is a row of W_x.
    """
    H = len(W_h)
    a = a_x + h @ W_h
    s = 1 / (1 + np.exp(-a))  # 1 / (1 + inf) is the 0 we want
    c = s[..., H : 2 * H] * c + s[..., :H] * np.tanh(a[..., 2 * H : 3 * H])  # (3.1)
    o = s[..., 3 * H :]
    return o * np.tanh(c), c, o  # (3.6)


def states_of(cell, ids):
    """h and c, (T+1, B, H) each, of a cell that reads the symbols ids (T, B) from zero states.

    To the last bit those of `lstm_forward` on their one-hot vectors (a test says so).
    Raises ValueError or TypeError for no cell of V inputs, other numbers than 0 to V - 1.
    """
    W_x, W_h, b = validate.lstm_params(cell)
    H = len(W_h)
    validate.array("W_x", W_x, (V, 4 * H), "(V, 4H)", W_h.dtype)
    ids, of_symbol = as_ids("ids", ids, ndim=2), W_x + b
    h, c = np.zeros((2, len(ids) + 1, ids.shape[1], H), b.dtype)
    with np.errstate(over="ignore", under="ignore"):
        for t in range(len(ids)):
            h[t + 1], c[t + 1], _ = after_symbol(of_symbol[ids[t]], h[t], c[t], W_h)
    return h, c


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
    check_text("text", text)
    if not text:
        raise ValueError("text: expected at least one character, got none")
    trace = lstm_forward(one_hot(encode(text))[:, None], model.cell)
    return trace.h[-1], trace.c[-1]


def write(model, h, c, count, *, temperature=1.0, rng, held=None) -> str:
    """`count` characters, each drawn from (7.4) and read as the next input; h, c (1, H).

    held: (unit, value), a cell that is held there from the first of them on (7.6).

    One number of `rng` a character, whatever the temperature: neighbouring temperatures
    differ only where a draw falls on the other side of an edge.
    Raises ValueError or TypeError for no model, states that do not fit it, a count below 1, a
    temperature below 0, no Generator, a held that is no pair of a unit and a finite value.
    """
    check_model(model)
    W_x, W_h, b = validate.lstm_params(model.cell)
    H = len(W_h)
    h, c = (validate.array(n, s, (1, H), "(1, H)", W_h.dtype) for n, s in (("h", h), ("c", c)))
    validate.count("count", count)
    validate.generator(rng)
    _check_temperature(temperature)
    _, (W_y, b_y) = check_readout(h, model.readout)
    of_symbol = validate.array("W_x", W_x, (V, 4 * H), "(V, 4H)", W_h.dtype) + b
    if held is not None:
        if not isinstance(held, tuple) or len(held) != 2:
            raise TypeError(f"held: expected (unit, value), got {validate.describe(held)}")
        validate.whole("held", held[0], least=0, most=H - 1)
        validate.number("held", held[1])
    h, c, ids = h[0], c[0], []
    with np.errstate(over="ignore", under="ignore"):
        for u in rng.random(count):
            shares = _shares(h @ W_y + b_y, temperature).cumsum()
            ids.append(min(int(np.searchsorted(shares, u * shares[-1], side="right")), V - 1))
            h, c, o = after_symbol(of_symbol[ids[-1]], h, c, W_h)
            if held is not None:
                unit, value = held
                c[unit], h[unit] = value, o[unit] * np.tanh(value)  # (7.6)
    return decode(ids)


def drafts(model, start, *, count=300, temperature=0.6, texts=20, held=None) -> list[str]:
    """Several texts that a model writes from the same start, draw by draw: rng 0, 1, 2, ...

    Raises as `states_after` and `write` do, and for fewer than one text.
    """
    validate.count("texts", texts)
    states = states_after(model, start)
    return [
        write(model, *states, count, temperature=temperature, rng=np.random.default_rng(draw),
              held=held)
        for draw in range(texts)
    ]  # fmt: skip


def trained_run(seed, steps=None) -> Training:
    """The training of the page's small writer, from a seed: all of its `STEPS`, or the first ones.

    Raises ValueError or TypeError for a seed below 0 or steps below 1, or what is no whole number.
    """
    validate.whole("seed", seed, least=0)
    steps = STEPS if steps is None else steps
    validate.count("steps", steps)
    run = text_training(library_ids("learn"), H=64, steps=STEPS, rng=np.random.default_rng(seed))
    for _ in run.steps(steps):
        pass
    return run


@lru_cache(maxsize=1)
def sketch() -> Model:
    """A model that learned for a second or so: 32 units, 100 steps."""
    run = text_training(library_ids("learn"), H=32, B=16, steps=100, rng=np.random.default_rng(70))
    for _ in run.steps(100):
        pass
    return run.params


STEPS = 400 if sys.platform == "emscripten" else 600  # of the page: slower in a browser tab
STORED = Path(__file__).with_name("writer.npz")


class StoredWriter(NamedTuple):
    """A model that was trained for long, and what is known of how: command, versions, seed."""

    model: Model
    about: dict


def store_writer(model, about, path=STORED) -> Path:
    """Write a model in half precision, with what `about` (name -> text or number) tells of it.

    Raises ValueError or TypeError for no model, no dict or no path; OSError where it cannot write.
    """
    check_model(model)
    if not isinstance(about, dict):
        raise TypeError(f"about: expected a dict, got {validate.describe(about)}")
    path = validate.path(path)
    arrays = {**model.cell._asdict(), **model.readout._asdict()}
    halves = {name: array.astype(np.float16) for name, array in arrays.items()}
    np.savez_compressed(path, about=np.array(json.dumps(about)), **halves)
    return path


@lru_cache(maxsize=1)
def stored_writer() -> StoredWriter:
    """The model that comes with this package, as float32; tools/train_writer.py makes it again."""
    with np.load(STORED, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    about = json.loads(str(arrays.pop("about")))
    arrays = {name: array.astype(np.float32) for name, array in arrays.items()}
    cell = LSTMParams(*(arrays[name] for name in LSTMParams._fields))
    return StoredWriter(
        Model(cell, ReadoutParams(*(arrays[name] for name in ReadoutParams._fields))), about
    )
