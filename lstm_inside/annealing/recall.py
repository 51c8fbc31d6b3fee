"""Recall without a gradient: one LSTM unit, many starts, one score for all (notebook 06)."""

from typing import NamedTuple

import numpy as np

from lstm_core import init_lstm
from lstm_inside import validate
from lstm_inside.gates.recall import last_flag_problem
from lstm_inside.tasks import recall_problem
from lstm_inside.training import Adam, Model, init_readout

from .many import Crowd

LENGTH = 20  # steps, as in notebook 05


class RecallHunt(NamedTuple):
    """What a search for the latch's weights needs: where to start, and who judges.

    crowd: one LSTM unit with a read-out, on training sets of its own for every start.
    starts (S, P): fresh weights, as notebook 05 draws them. unseen: the same network on 500
    sequences that no search sees.
    """

    crowd: Crowd
    starts: np.ndarray
    unseen: Crowd


def recall_hunt(count=12, B=32) -> RecallHunt:
    """`count` starts and as many training sets of B sequences of recall, 20 steps long.

    Raises ValueError or TypeError for counts below 1.
    """
    validate.count("count", count)
    validate.count("B", B)
    models, batches = [], []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        models.append(Model(init_lstm(2, 1, rng=rng, forget_bias=3.0), init_readout(1, 1, rng=rng)))
        batches.append(recall_problem(LENGTH, B, rng=rng))
    judge = recall_problem(LENGTH, 500, rng=np.random.default_rng(9))
    crowd = Crowd(models[0], batches, dtype=np.float32)
    return RecallHunt(crowd, crowd.rows(models), Crowd(models[0], [judge]))


def r_squared(crowd, rows) -> np.ndarray:
    """R squared of each network on its batch, (K, P) -> (K,): 1 is perfect, 0 one fixed answer.

    Raises ValueError or TypeError for no Crowd, and as `Crowd.losses` does.
    """
    if not isinstance(crowd, Crowd):
        raise TypeError(f"crowd: expected a Crowd, got {validate.describe(crowd)}")
    losses = crowd.losses(rows)
    spread = crowd.targets.var(axis=(1, 2))
    return 1 - losses / np.tile(spread, len(losses) // len(spread))


def learn_fresh(hunt: RecallHunt, problem, *, rate, count, B=32, rngs) -> np.ndarray:
    """Adam from the hunt's starts, on B new sequences of `problem` at every step: (R, S, P).

    The recipe of notebook 05, for all starts and draws at once: gradients longer than 1 are
    clipped. problem: `recall_problem` or one like it, (T, B, rng=) -> Sequences. rngs: R
    Generators, one for each draw; every start of every draw has sequences of its own.
    Raises ValueError or TypeError for no hunt, no function, a rate not above 0, counts below 1,
    what is no list of Generators.
    """
    _check_hunt(hunt)
    validate.function("problem", problem)
    validate.positive("rate", rate)
    validate.count("count", count)
    validate.count("B", B)
    validate.several("rngs", rngs)
    for rng in rngs:
        validate.generator(rng)
    S, optimiser, here = len(hunt.starts), Adam(rate), np.tile(hunt.starts, (len(rngs), 1))
    moments = optimiser.start(here)
    for _ in range(count):
        batches = [problem(LENGTH, S * B, rng=rng) for rng in rngs]
        _, grads = Crowd(hunt.crowd.form, batches, parts=S, dtype=np.float32).gradients(here)
        length = np.linalg.norm(grads, axis=1, keepdims=True)
        here, moments = optimiser.step(here, grads / np.maximum(length, 1), moments)
    return here.reshape(len(rngs), S, -1)


class TwoFlags(NamedTuple):
    """What one-unit networks do when two numbers of a sequence carry a flag; the last one counts.

    r2 (K,): R squared on 500 unseen sequences, a few of which have one flag only. first, last,
    constant (K,): the answer as a weighted sum of the two flagged numbers and a 1, by least
    squares over those with two; a latch has 0, 1 and 0. explained (K,): the share of the answer's
    variance that the sum has. f_at_flag, f_elsewhere (K,): the forget gate's mean at flagged
    steps and at all others.
    """

    r2: np.ndarray
    first: np.ndarray
    last: np.ndarray
    constant: np.ndarray
    explained: np.ndarray
    f_at_flag: np.ndarray
    f_elsewhere: np.ndarray


def two_flags(hunt: RecallHunt, rows) -> TwoFlags:
    """Give each network (K, P) sequences with two flags: does it latch, or mix?

    Raises ValueError or TypeError for no hunt, and as `Crowd.losses` does.
    """
    _check_hunt(hunt)
    batch = last_flag_problem(LENGTH, 500, rng=np.random.default_rng(9))
    numbers, flags = batch.xs[..., 0], batch.xs[..., 1]
    both = flags.sum(axis=0) == 2  # a flag at the first step stands alone
    crowd = Crowd(hunt.crowd.form, [batch])
    answers = crowd.answers(rows)[:, both, 0]
    first = numbers[flags.argmax(axis=0), np.arange(500)][both]
    seen = np.column_stack([first, batch.targets[both, 0], np.ones(both.sum())])
    weights = np.linalg.lstsq(seen, answers.T, rcond=None)[0]
    explained = (seen @ weights).var(axis=0) / answers.var(axis=1)
    f = np.moveaxis(crowd.gates(rows)[1, ..., 0], 1, 0)  # (K, T, 500)
    at, off = f[:, flags == 1].mean(axis=1), f[:, flags == 0].mean(axis=1)
    return TwoFlags(r_squared(crowd, rows), *weights, explained, at, off)


def _check_hunt(hunt):
    if not isinstance(hunt, RecallHunt):
        raise TypeError(f"hunt: expected a RecallHunt, got {validate.describe(hunt)}")
