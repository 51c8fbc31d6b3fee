"""What the tests of training share: small networks, a training, and when two are the same."""

import numpy as np

from lstm_core import init_lstm, init_rnn
from lstm_inside.tasks import adding_problem
from lstm_inside.training import (
    Adam,
    Model,
    Training,
    arrays_of,
    each_array,
    init_readout,
    loss_at_end,
)


def rng(seed=0):
    return np.random.default_rng(seed)


def model_of(kind, H=4, K=1, seed=0, D=2, dtype=np.float64):
    init = {"lstm": init_lstm, "rnn": init_rnn}[kind]
    cell = init(D, H, rng=rng(seed), dtype=dtype)
    return Model(cell, init_readout(H, K, rng=rng(seed + 1), dtype=dtype))


def adding(kind="lstm", T=8, H=4, optimiser=None, clip=1.0, dtype=np.float64, seed=3):
    return Training(
        model_of(kind, H=H, dtype=dtype), loss_at_end,
        lambda r: adding_problem(T, 6, rng=r, dtype=dtype),
        optimiser or Adam(0.01), rng=rng(seed), clip=clip,
    )  # fmt: skip


def flat(model):
    """The model's arrays as one tuple, which gradient_check takes."""
    return tuple(arrays_of(model))


def unflat(like, arrays):
    found = iter(arrays)
    return each_array(lambda _: next(found), like)


def same(one, two):
    """Bit for bit: dtype, shape and every byte."""
    one, two = arrays_of(one), arrays_of(two)
    return len(one) == len(two) and all(
        (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
        for a, b in zip(one, two, strict=True)
    )
