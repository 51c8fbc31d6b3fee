"""Recall without a gradient: one LSTM unit, many starts, one score for all (notebook 06)."""

from typing import NamedTuple

import numpy as np

from lstm_core import init_lstm
from lstm_inside import validate
from lstm_inside.tasks import recall_problem
from lstm_inside.training import Model, init_readout

from .many import Crowd, check_crowd

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
    check_crowd(crowd)
    losses = crowd.losses(rows)
    spread = crowd.targets.var(axis=(1, 2))
    return 1 - losses / np.tile(spread, len(losses) // len(spread))
