"""Units that learn recall: their training, and what their gates have come to (notebook 00)."""

from typing import NamedTuple

import numpy as np

from lstm_core import init_lstm, init_rnn, lstm_forward
from lstm_inside import training, validate
from lstm_inside.start.recall import Habits, habits, score
from lstm_inside.tasks import Sequences, recall_problem
from lstm_inside.training import (
    Adam,
    Model,
    Training,
    answers,
    init_readout,
    is_lstm,
    loss_at_end,
)
from lstm_inside.training.saving import generator
from lstm_inside.words import Sentences, say

LEARNING_STEPS, FAR = 600, 100
_GATES = Sentences(
    {
        "flag": "  at the flag     write {i:.2f}, keep {f:.2f}, show {o:.2f}",
        "elsewhere": "  at other steps  write {i:.2f}, keep {f:.2f}, show {o:.2f}",
    }
)
_T, _BATCH, _RATE = 20, 16, 0.03
_SECOND = _T - 4  # index of the second flag, long after the first half


def learner(seed, cell="lstm", forget_bias=3.0, units=1, w=None, u=None, numbers=_T) -> Training:
    """A training of one unit with a read-out on recall: Adam, batches of 16.

    seed: of the starting weights and of the streams. cell: "lstm" or "rnn". forget_bias: of an
    LSTM at the start. units: how many of them. w: where all weights from the last state start;
    u: where those from the number start; None for random ones. numbers: how long the streams
    are. Raises ValueError or TypeError for a seed below 0, another cell, units below 1, a bias, w
    or u that is no finite number, and fewer than 2 numbers.
    """
    validate.whole("seed", seed, least=0)
    validate.choice("cell", cell, ("lstm", "rnn"))
    validate.number("forget_bias", forget_bias)
    validate.count("units", units)
    validate.whole("numbers", numbers, least=2)
    rng = np.random.default_rng(seed)
    if cell == "lstm":
        layer = init_lstm(2, units, rng=rng, forget_bias=forget_bias)
    else:
        layer = init_rnn(2, units, rng=rng)
    if w is not None:
        validate.number("w", w)
        layer.W_h[:] = w
    if u is not None:
        validate.number("u", u)
        layer.W_x[0] = u
    return Training(
        Model(layer, init_readout(units, 1, rng=rng)),
        loss_at_end,
        lambda rng: recall_problem(numbers, _BATCH, rng=rng),
        Adam(rate=_RATE),
        rng=rng,
    )


def abreast(runs, steps) -> list[Model]:
    """What fresh `learner`s come to after `steps` steps, all of them trained at once.

    runs: trainings by `learner`, of one kind and size; they are left as they were. Their units
    stand in one layer without wires from one to another, and each draws its own streams, so
    every one learns what it learns alone, up to the last digits: 25 cost little more than one.
    Raises TypeError for what are no `Training`s, ValueError for none, for one that has begun,
    for two kinds of cell and for steps below 1.
    """
    validate.several("runs", runs)
    for run in runs:
        if not isinstance(run, Training):
            raise TypeError(f"runs: expected Trainings, got {validate.describe(run)}")
        if run.step:
            raise ValueError(f"runs: expected fresh trainings, got one after {run.step} steps")
    again = [
        Training(run.params, run.loss, run.batches, run.optimiser, rng=generator(run.state.random))
        for run in runs
    ]
    training.abreast(again, steps)
    return [run.params for run in again]


def unseen(numbers=_T) -> Sequences:
    """A hundred streams that no training draws, to judge a unit on; numbers: how long they are.

    Raises ValueError or TypeError for fewer than 2 numbers.
    """
    validate.whole("numbers", numbers, least=2)
    return recall_problem(numbers, 100, rng=np.random.default_rng(0))


def far_streams() -> Sequences:
    """A hundred unseen streams of 100 steps, five times as long as those of the training."""
    return recall_problem(FAR, 100, rng=np.random.default_rng(0))


def scores(models, streams) -> np.ndarray:
    """The score of each of `models`, a list, on `streams`: (number of models,).

    Raises TypeError for what is no list, ValueError for none, and as `training.answers` does.
    """
    validate.several("models", models)
    return np.array([score(answers(model, streams), streams.targets) for model in models])


class Drift(NamedTuple):
    """Where an LSTM unit drifts, on average over `far_streams`.

    near and far are its cell after 20 and 100 steps of those streams without their flags; off is
    its answer less the number that is wanted, flags and all.
    """

    near: float
    far: float
    off: float


def drift(model) -> Drift:
    """What small leaks add up to in one LSTM unit, in its cell and in its answers.

    Raises TypeError for what is no `Model`, ValueError for one that is not of one LSTM unit, and
    as `training.answers` does.
    """
    _one_lstm(model)
    streams = far_streams()
    cells = lstm_forward(streams.xs * [1, 0], model.cell).c[:, :, 0].mean(axis=1)
    off = (answers(model, streams) - streams.targets).mean()
    return Drift(float(cells[_T]), float(cells[FAR]), float(off))


class Reach(NamedTuple):
    """How the flagged number reaches the end in an LSTM unit, on the streams of `unseen`.

    line is what keep leaves of it in the cell, their mean; cut is the score once the candidate no
    longer reads h, and best the same with the read-out that then fits these streams best.
    """

    line: float
    cut: float
    best: float


def reach(model) -> Reach:
    """How much of the flagged number one LSTM unit keeps, and what it scores by that alone.

    Raises TypeError for what is no `Model`, ValueError for one that is not of one LSTM unit, and
    as `training.answers` does.
    """
    _one_lstm(model)
    streams = unseen()
    after = np.arange(_T)[:, None] > streams.xs[..., 1].argmax(axis=0)
    keep = lstm_forward(streams.xs, model.cell).f[..., 0]
    line = np.where(after, keep, 1).prod(axis=0)
    blind = model._replace(cell=model.cell._replace(W_h=model.cell.W_h * [1, 1, 0, 1]))
    said, wanted = answers(blind, streams)[:, 0], streams.targets[:, 0]
    shown = np.column_stack([said, np.ones(len(said))])
    best = shown @ np.linalg.lstsq(shown, wanted, rcond=None)[0]
    return Reach(float(line.mean()), score(said, wanted), score(best, wanted))


def _one_lstm(model):
    """Raise for a `model` that is not of one LSTM unit."""
    validate.of_kind("model", model, Model)
    if not is_lstm(model.cell) or model.cell.W_h.shape != (1, 4):
        raise ValueError(f"model: expected one LSTM unit, got {validate.describe(model.cell)}")


def of_two_flags(model) -> tuple[float, float, float]:
    """How much of the first and of the second flagged number is in a `Model`'s answer; the fit.

    The streams are `unseen`, each with a second flag at its last step but three. The answers are
    fitted by a share of each number and a constant, by least squares; how much of their variance
    that explains comes third. The latch has shares (0, 1), a sum (1, 1).
    Raises as `training.answers`.
    """
    streams = unseen()
    xs = streams.xs.copy()
    xs[_SECOND, :, 1] = 1
    said = answers(model, streams._replace(xs=xs))[:, 0]
    numbers = np.column_stack([streams.targets[:, 0], xs[_SECOND, :, 0], np.ones(len(said))])
    fit = np.linalg.lstsq(numbers, said, rcond=None)[0]
    explained = 1 - (said - numbers @ fit).var() / said.var()
    return float(fit[0]), float(fit[1]), float(explained)


def report(run) -> str:
    """In a few lines: how far a training of one unit has come, and what its gates do.

    Raises TypeError for what is no `Training`.
    """
    if not isinstance(run, Training):
        raise TypeError(f"run: expected a Training, got {validate.describe(run)}")
    r2, gates = judged(run.params)
    far = far_streams()
    r2_far = score(answers(run.params, far), far.targets)
    lines = [
        say(
            "after {step} updates: score {r2:.2f}, on streams of {FAR} numbers {far:.2f}",
            step=run.step,
            r2=round(r2, 2) + 0.0,
            FAR=FAR,
            far=round(r2_far, 2) + 0.0,
        )
    ]
    if gates is not None:
        pairs = zip(gates.i, gates.f, gates.o, strict=True)
        for place, (i, f, o) in zip(("flag", "elsewhere"), pairs, strict=True):
            lines.append(_GATES[place].format(i=i, f=f, o=o))
    return "\n".join(lines)


def judged(model) -> tuple[float, Habits | None]:
    """Score and gate habits of a `Model` with one unit on unseen streams; an RNN has no habits.

    Raises as `training.answers`.
    """
    batch = unseen()
    r2 = score(answers(model, batch), batch.targets)
    if not is_lstm(model.cell):
        return r2, None
    return r2, habits(lstm_forward(batch.xs, model.cell), batch.xs[..., 1])
