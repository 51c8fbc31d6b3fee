"""The trainings that notebooks run: recall and adding, side by side, and what they come to."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

import lstm_core
from lstm_core import init_lstm, init_rnn
from lstm_inside import validate
from lstm_inside.tasks import Sequences, adding_problem, recall_problem

from .model import Model, check_last, check_model, init_readout, is_lstm, loss_at_end
from .optimisers import Adam
from .training import Training


class Problem(NamedTuple):
    """A problem with one answer at the end of each sequence, and what a lazy answer costs.

    draw: (T, B, rng=) -> Sequences of flagged numbers, None for your own data. asked: what is
    asked for, in words. lazy: the best answer of who looks at nothing, always the same;
    lazy_loss: its mean squared error over very many sequences, of your own data over those
    kept from the training. low, high: between which the right answers lie.
    """

    draw: Callable | None
    asked: str
    lazy: float
    lazy_loss: float
    low: float
    high: float


RECALL = Problem(recall_problem, "flagged number", 0, 1 / 3, -1, 1)
ADDING = Problem(adding_problem, "sum", 1, 1 / 6, 0, 2)


def recall_training(
    cell, T, *, B=32, optimiser=None, clip=1.0, rng, batch_rng=None, engine=lstm_core
) -> Training:
    """A training of a cell (RNNParams or LSTMParams with D = 2) on recall, T steps long.

    rng draws the read-out's weights and, if there is no `batch_rng`, the mini-batches of B
    sequences too. The optimiser is Adam with rate 0.02 for an LSTM, 0.005 for an RNN, unless
    given. Raises ValueError or TypeError for another kind of cell, T below 2, B below 1, no
    optimiser, a clip not above 0, no Generator, no engine.
    """
    return _training(RECALL, 2, cell, T, B, optimiser, clip, rng, batch_rng, engine)


def adding_training(
    cell, T, *, B=32, optimiser=None, clip=1.0, rng, batch_rng=None, engine=lstm_core
) -> Training:
    """The same on the adding problem. Raises so, and for T below 4."""
    return _training(ADDING, 4, cell, T, B, optimiser, clip, rng, batch_rng, engine)


def _training(problem, least, cell, T, B, optimiser, clip, rng, batch_rng, engine):
    lstm = is_lstm(cell)
    (validate.lstm_params if lstm else validate.rnn_params)(cell)
    if len(cell.W_x) != 2:
        raise ValueError(f"W_x: expected D = 2 rows, number and flag, got {len(cell.W_x)}")
    validate.whole("T", T, least=least)
    validate.count("B", B)
    validate.engine(engine)
    model = Model(cell, init_readout(len(cell.W_h), 1, rng=rng, dtype=cell.W_h.dtype))
    return Training(
        model, partial(loss_at_end, engine=engine),
        lambda rng: problem.draw(T, B, rng=rng, dtype=cell.W_h.dtype),
        Adam(0.02 if lstm else 0.005) if optimiser is None else optimiser,
        rng=rng if batch_rng is None else batch_rng, clip=clip,
    )  # fmt: skip


def adding_duel(T, seed=1, *, engine=lstm_core, dtype=np.float64) -> tuple[Training, Training]:
    """An LSTM (8 units) and an RNN (16 units, orthogonal start) set out on the adding problem.

    T: the length of the sequences, at least 4. seed: a whole number from 0, for weights and
    mini-batches. Both have about 340 weights and see the same mini-batches; their rates are 0.02
    and 0.005. dtype: float64 or float32.
    Raises ValueError or TypeError for another T or seed, no engine, an unknown dtype.
    """
    validate.whole("seed", seed, least=0)
    rng, rng_rnn = (np.random.default_rng(seed) for _ in range(2))
    lstm = init_lstm(2, 8, rng=rng, forget_bias=3.0, dtype=dtype)
    rnn = init_rnn(2, 16, rng=rng_rnn, recurrent="orthogonal", dtype=dtype)
    draws = np.random.default_rng([seed, 2])  # only its state is taken over: one serves both
    return (
        adding_training(lstm, T, rng=rng, batch_rng=draws, engine=engine),
        adding_training(rnn, T, rng=rng_rnn, batch_rng=draws, engine=engine),
    )


def data_training(
    model, data, *, B=32, optimiser=None, clip=1.0, rng
) -> tuple[Training, Sequences]:
    """A training of your own `Model` on your own data, and sequences that it is not trained on.

    model: any cell with a read-out of K answers. data: a function draw(B, *, rng) -> `Sequences`
    of B sequences, or fixed `Sequences` of at least 4, of which the last quarter is kept from the
    training. The second value is 64 drawn sequences, or of that quarter at most 64. B: sequences a
    mini-batch, of fixed ones no more than there are. The optimiser is Adam with rate 0.01 unless
    given. rng: for the sequences kept, then for the mini-batches.
    Raises ValueError or TypeError for data that are neither, a draw of another number of
    sequences, sequences that do not fit the model, and as `Training` does.
    """
    check_model(model)
    validate.count("B", B)
    validate.generator(rng)
    draw, kept = _drawn(data, rng) if callable(data) else _split(data)
    loss_at_end(model, kept)  # does the model fit the data? Its errors say what does not
    optimiser = Adam(0.01) if optimiser is None else optimiser
    run = Training(model, loss_at_end, lambda rng: draw(B, rng=rng), optimiser, rng=rng, clip=clip)
    return run, kept


def _drawn(data, rng):
    def draw(B, *, rng):
        batch = data(B, rng=rng)
        if check_last(batch)[1] != B:
            raise ValueError(f"data: expected {B} sequences from draw({B}), got {len(batch.last)}")
        return batch

    return draw, draw(64, rng=rng)


def _split(data):
    if not isinstance(data, Sequences):
        raise TypeError(
            "data: expected a function draw(B, *, rng) or Sequences(xs, targets, last), "
            f"got {validate.describe(data)}"
        )
    count = check_last(data)[1]
    if count < 4:
        raise ValueError(f"data: expected at least 4 sequences, got {count}")
    first = count - count // 4  # the first that is kept from the training

    def some(which):
        return Sequences(data.xs[:, which], data.targets[which], data.last[which])

    def draw(B, *, rng):
        return some(rng.choice(first, min(B, first), replace=False))

    return draw, some(np.arange(first, min(count, first + 64)))


# ---------------------------------------------------------------- what a training came to


def smoothed(losses, width=20) -> np.ndarray:
    """The mean of each loss and up to `width` - 1 before it: what a noisy curve comes to.

    Raises ValueError or TypeError for what is no row of numbers, a width below 1.
    """
    losses = validate.real("losses", losses, ndim=1).astype(float)
    validate.count("width", width)
    total = np.concatenate([[0], np.cumsum(losses)])
    end = np.arange(1, len(losses) + 1)
    start = np.maximum(end - width, 0)
    return (total[end] - total[start]) / (end - start)


def solved_at(losses, below, width=20) -> int | None:
    """The first step where the mean of the last `width` losses is below a limit; None if never.

    Raises ValueError or TypeError as `smoothed` does, and for a limit that is no finite number.
    """
    validate.number("below", below, "a finite number", lambda x: True)
    mean = smoothed(losses, width)
    found = np.flatnonzero(mean[width - 1 :] < below)
    return int(found[0]) + width if len(found) else None
