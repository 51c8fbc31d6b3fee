"""The experiments of 1997 as the paper's text and its tables 10 and 11 state them."""

from typing import NamedTuple

import numpy as np

from lstm_inside import validate
from lstm_inside.tasks import adding_problem, long_lag, temporal_order

from .blocks import Blocks
from .trials import Episodes, Task, at_the_end


class Protocol(NamedTuple):
    """An experiment of 1997 as its text and its tables 10 and 11 state it.

    within: weights start within +-`within`. biases: the gates' starting biases, a number a
    block; those not named start like weights. rate: the learning rate.
    """

    net: Blocks
    within: float
    biases: dict[str, tuple[float, ...]]
    rate: float
    task: Task


def adding_protocol(T=100) -> Protocol:
    """Experiment 4: add the two marked numbers; right is an answer off by less than 0.04.

    Raises ValueError or TypeError for T below 4.
    """
    validate.whole("T", T, least=4)
    net = Blocks(2, 1, 2, 2, biases=("gates", "output", "cells"))

    def draw(count, rng):
        return at_the_end(adding_problem(T, count, rng=rng, protocol="1997"))

    return Protocol(net, 0.1, {"i": (-3.0, -6.0)}, 0.5, Task(draw, within=0.04, mean=0.01))


def order_protocol() -> Protocol:
    """Experiment 6a: which came first, X or Y? Right is every output off by less than 0.3."""
    net = Blocks(8, 4, 2, 2, biases=("gates", "output", "cells"))

    def draw(count, rng):
        return at_the_end(temporal_order(count, rng=rng))

    return Protocol(net, 0.1, {"i": (-2.0, -4.0)}, 0.5, Task(draw, within=0.3, mean=0.1))


def lag_protocol(p=100) -> Protocol:
    """Experiment 2a: two sequences that differ in their first and last symbol only.

    With two sequences in all, 10,000 right ones in a row are these two right at every step,
    which is looked at every ten sequences with the weights standing still. The text does not
    say at which steps; table 11 says "at sequence end".
    Raises ValueError or TypeError for p below 2.
    """
    validate.whole("p", p, least=2)
    net = Blocks(p + 1, p + 1, 1, 1, output_gate=False, recurrent=False, biases=(),
                 shortcut=True, plain=True)  # fmt: skip
    both = Episodes(*long_lag(p), np.ones((p, 2)))

    def draw(count, rng):
        which = rng.integers(2, size=count)
        return Episodes(*(part.take(which, axis=1) for part in both))

    return Protocol(net, 0.2, {}, 1.0, Task(draw, within=0.25, exam=both, pool=both))


def reber_protocol(blocks=4, size=1, rate=0.1) -> Protocol:
    """Experiment 1: 4 blocks of 1 cell or 3 of 2; `reber_trials` has its strings and its rule.

    Raises ValueError or TypeError for sizes below 1, a rate that is not above 0.
    """
    validate.count("blocks", blocks)
    validate.positive("rate", rate)
    opening = tuple(-1.0 - n for n in range(blocks))
    return Protocol(Blocks(7, 7, blocks, size), 0.2, {"o": opening}, rate, None)
