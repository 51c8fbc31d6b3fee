"""One unit that learns recall: its training, and what its gates have come to (notebook 00)."""

import numpy as np

from lstm_core import LSTMParams, init_lstm, init_rnn, lstm_forward
from lstm_inside import validate
from lstm_inside.start.recall import Habits, habits, score
from lstm_inside.tasks import Sequences, recall_problem
from lstm_inside.training import (
    Adam,
    Model,
    Training,
    answers,
    init_readout,
    loss_at_end,
)

LEARNING_STEPS, FAR = 600, 100
_T, _BATCH, _RATE, _FORGET_BIAS = 20, 16, 0.03, 3


def learner(seed, cell="lstm") -> Training:
    """A training of one unit with a read-out on recall over 20 steps: Adam, batches of 16.

    seed: of the starting weights and of the streams. cell: "lstm", its forget bias 3 at the
    start, or "rnn". Raises ValueError or TypeError for a seed below 0 and for another cell.
    """
    validate.whole("seed", seed, least=0)
    validate.choice("cell", cell, ("lstm", "rnn"))
    rng = np.random.default_rng(seed)
    if cell == "lstm":
        unit = init_lstm(2, 1, rng=rng, forget_bias=_FORGET_BIAS)
    else:
        unit = init_rnn(2, 1, rng=rng)
    return Training(
        Model(unit, init_readout(1, 1, rng=rng)),
        loss_at_end,
        lambda rng: recall_problem(_T, _BATCH, rng=rng),
        Adam(rate=_RATE),
        rng=rng,
    )


def unseen() -> Sequences:
    """A hundred streams that no training draws, to judge a unit on."""
    return recall_problem(_T, 100, rng=np.random.default_rng(0))


def far_streams() -> Sequences:
    """A hundred unseen streams of 100 steps, five times as long as those of the training."""
    return recall_problem(FAR, 100, rng=np.random.default_rng(0))


def report(run) -> str:
    """In a few lines: how far a training of one unit has come, and what its gates do.

    Raises TypeError for what is no `Training`.
    """
    if not isinstance(run, Training):
        raise TypeError(f"run: expected a Training, got {validate.describe(run)}")
    r2, gates = judged(run.params)
    far = far_streams()
    r2_far = score(answers(run.params, far), far.targets)
    words = (
        f"after {run.step} training steps: score {round(r2, 2) + 0.0:.2f}, "
        f"on streams of {FAR} numbers {round(r2_far, 2) + 0.0:.2f}"
    )
    if gates is not None:
        pairs = zip(gates.i, gates.f, gates.g, strict=True)
        for place, (i, f, g) in zip(("at the flag", "elsewhere  "), pairs, strict=True):
            words += f"\n  {place} write {i:.2f}, keep {f:.2f}, size of the candidate {g:.2f}"
    return words


def judged(model) -> tuple[float, Habits | None]:
    """Score and gate habits of a `Model` with one unit on unseen streams; an RNN has no habits.

    Raises as `training.answers`.
    """
    batch = unseen()
    r2 = score(answers(model, batch), batch.targets)
    if not isinstance(model.cell, LSTMParams):
        return r2, None
    return r2, habits(lstm_forward(batch.xs, model.cell), batch.xs[..., 1])
