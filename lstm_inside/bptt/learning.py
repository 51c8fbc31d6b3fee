"""A unit learns recall: who asks for the answer, and where the gradient is cut (notebook 04)."""

from typing import NamedTuple

import numpy as np

from lstm_core import LSTMParams, lstm_forward
from lstm_inside import validate
from lstm_inside.bptt.abreast import side_by_side
from lstm_inside.bptt.shares import truncated_backward
from lstm_inside.tasks import recall_problem

RATES = (1, 3, 10, 30, 60, 100, 300)
UPDATES = 600  # as many as are tried
GOAL = 0.1  # mean squared error of the last answer
_SEQUENCES, _SETS = 100, 2


class Learned(NamedTuple):
    """How a unit learned: the updates until GOAL and their rate, None where no rate got there.

    told, kept: the gradients of the weight from the flag to the input gate, and of the forget
    gate's bias, at the first update.
    """

    updates: int | None
    rate: float | None
    told: float
    kept: float


def learn_recall(unit, asks="end", cut=None, steps=10) -> Learned:
    """Train copies of a unit on recall, one copy for each of RATES and two data sets.

    unit: LSTMParams that read (number, flag) and hold one unit. asks: "end", the loss sees the
    last step only, or "every", it asks for the flagged number at each step from the flag on.
    cut: the gradient is cut every that many steps; None: not at all. steps: how long a sequence
    is; the flag stands in its first half. Counted is until, at some rate, the last answer has
    reached GOAL on both data sets.
    Raises ValueError or TypeError for a unit of another form, other words, a cut below 1, steps
    below 2.
    """
    validate.choice("asks", asks, ("end", "every"))
    validate.whole("steps", steps, least=2)
    cut = steps if cut is None else cut
    validate.count("cut", cut)
    K = len(RATES)
    units, own = side_by_side([unit] * (_SETS * K), np.repeat(np.arange(_SETS), K).tolist())
    data = [recall_problem(steps, _SEQUENCES, rng=np.random.default_rng(n)) for n in range(_SETS)]
    xs = np.concatenate([d.xs for d in data], axis=2)
    targets = np.concatenate([np.repeat(d.targets, K, axis=1) for d in data], axis=1)
    asked = np.repeat(xs[..., 1::2].cumsum(axis=0), K, axis=2)  # 1 from the flag on
    if asks == "end":
        asked[:-1] = 0
    share = asked / asked.sum(axis=0) / _SEQUENCES
    rates, reached, told = np.tile(RATES, 4 * _SETS), np.zeros((_SETS, K), bool), (None, None)
    for update in range(UPDATES + 1):
        now = lstm_forward(xs, units)
        off = now.h[1:] - targets
        reached |= (off[-1] ** 2).mean(axis=0).reshape(_SETS, K) < GOAL
        if reached.all(axis=0).any():
            return Learned(update, RATES[reached.all(axis=0).argmax()], *told)
        back = truncated_backward(share * off, now, units, cut).params  # of the mean of off^2 / 2
        if update == 0:
            told = float(back.W_x[1, 0]), float(back.b[_SETS * K])
        units = LSTMParams(*(p - rates * dp * w for p, dp, w in zip(units, back, own, strict=True)))
    return Learned(None, None, *told)
