"""What an RNN keeps of a difference, strip after strip (notebook 01, section 8)."""

from functools import lru_cache

import numpy as np

from lstm_core import init_rnn
from lstm_inside import validate

from .network import init_mlp, mlp_forward
from .pictures import strips

SIZES = (432, 8, 4)  # the MLP: a strip of 72 x 6 pixels in, four numbers out
STATES = 6  # neurons of the RNN
AGAIN = 5  # times the whole photograph, in its own order, after the swap: fifty more strips
SWAP = (1, 5)  # the two strips that `measure_memory` swaps, counted from 0


@lru_cache(maxsize=1)
def readings():
    """What an untrained tanh MLP says to each of the photograph's ten strips: (10, 4)."""
    items = strips()
    reader = init_mlp(SIZES, rng=np.random.default_rng(9), scale=0.2)
    y = mlp_forward(items.reshape(len(items), -1) - 0.5, reader, "tanh").y
    y.flags.writeable = False
    return y


def swapped(one, other):
    """The order of the ten strips with two of them swapped, all counted from 0.

    Raises ValueError or TypeError for a place that is no whole number from 0 to 9.
    """
    order = np.arange(len(readings()))
    for name, place in (("one", one), ("other", other)):
        validate.whole(name, place, least=0, most=len(order) - 1)
    order[[one, other]] = order[[other, one]]
    return order


def measure_memory(inputs=1.0, recurrent=1.0, count=10):
    """How much of a swap is left in the states of random RNNs, and of a gradient sent back.

    Each of `count` RNNs of six tanh neurons (1.11) reads the photograph twice, once with strips
    2 and 6 swapped, then five times more in its own order. W_h is a random rotation times
    `recurrent`, W_x random times `inputs`. Returns a dict. "kept" (51, count): the difference of
    the two states after each of the last fifty strips, in units of the one before them.
    "gradient" (51, count): the size of dL/dh, sent back over 0 to 50 of those strips, where dL/dh
    after them has size 1 (root mean square over all its directions).
    Raises ValueError or TypeError for a scale that is no finite number above 0, a count below 1.
    """
    for name, scale in (("inputs", inputs), ("recurrent", recurrent)):
        validate.number(name, scale, "a finite number above 0", lambda scale: scale > 0)
    validate.count("count", count)
    come_in, W_h = _readers(count)
    W_h = recurrent * W_h
    h, states = np.zeros(come_in.shape[1:]), []
    for x in inputs * come_in:
        h = np.tanh(x + h @ W_h)  # (1.11), with b = 0
        states.append(h)
    start = len(readings()) - 1  # the last strip before the fifty
    one, other = np.moveaxis(np.array(states[start:]), 2, 0)
    apart = np.linalg.norm(one - other, axis=-1)
    back = [np.broadcast_to(np.eye(STATES), W_h.shape)]
    for h in one[:0:-1]:
        back.append(back[-1] * (1 - h[:, None] ** 2) @ W_h.swapaxes(1, 2))
    sizes = np.sqrt((np.array(back) ** 2).sum(axis=(2, 3)) / STATES)
    return {"kept": apart / apart[0], "gradient": sizes}


@lru_cache(maxsize=2)
def _readers(count):
    """What comes in at each strip, x_t W_x (60, count, 2, 6), and every RNN's W_h (count, 6, 6)."""
    y = readings()
    D = y.shape[1]
    rnns = [
        init_rnn(D, STATES, rng=np.random.default_rng(seed), recurrent="orthogonal")
        for seed in range(count)
    ]
    rest = np.tile(y, (AGAIN, 1))
    xs = np.stack(
        [np.concatenate([y[order], rest]) for order in (np.arange(len(y)), swapped(*SWAP))]
    )
    come_in = np.einsum("otd,ndh->tnoh", xs, np.stack([p.W_x for p in rnns]))
    return come_in, np.stack([p.W_h for p in rnns])
