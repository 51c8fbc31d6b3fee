"""Notebook 05: trainings that go abreast learn what each learns alone."""

import numpy as np
import pytest
from training_nets import rng

from lstm_core import init_lstm, init_rnn
from lstm_inside.tasks import hold_problem, recall_problem
from lstm_inside.training import (
    SGD,
    Adam,
    CoolingAdam,
    Momentum,
    Training,
    abreast,
    adding_training,
    arrays_of,
    each_array,
    init_model,
    loss_at_end,
    recall_training,
    solved_at,
)

RULES = (Adam(0.01), Adam(0.1), Adam(0.01), Momentum(0.1), CoolingAdam(0.05, 50), SGD(0.3))


def several(kind, H=3, dtype=np.float64):
    """Trainings that differ in seed, optimiser and clip; two share their optimiser."""
    runs = []
    for seed, rule in enumerate(RULES):
        draws = rng(seed)
        cell = (
            init_lstm(2, H, rng=draws, forget_bias=2.0, dtype=dtype)
            if kind == "lstm"
            else init_rnn(2, H, rng=draws, dtype=dtype)
        )
        clip = None if seed == 2 else 0.2
        runs.append(adding_training(cell, 8, B=5, optimiser=rule, rng=draws, clip=clip))
    return runs


def alike(one, other, rtol=1e-9):
    assert one.step == other.step
    assert one.state.random == other.state.random
    np.testing.assert_allclose(one.losses, other.losses, rtol)
    np.testing.assert_allclose(one.norms, other.norms, rtol)
    for name in ("params", "moments"):
        pair = arrays_of(getattr(one.state, name)), arrays_of(getattr(other.state, name))
        for mine, theirs in zip(*pair, strict=True):
            assert mine.dtype == theirs.dtype
            np.testing.assert_allclose(mine, theirs, rtol, 1e-12)


@pytest.mark.parametrize("kind", ["lstm", "rnn"])
@pytest.mark.parametrize("H", [1, 3, 30])  # 30: more units than one layer takes
def test_each_learns_what_it_learns_alone_and_can_go_on_alone(kind, H):
    together, alone = several(kind, H), several(kind, H)
    abreast(together, 7)
    abreast(together, 5)  # from where they are
    for one, other in zip(together, alone, strict=True):
        list(other.steps(12))
        alike(one, other)
        list(one.steps(3))
        list(other.steps(3))
        alike(one, other)


class OneSize(Adam):
    """An optimiser that looks at all weights of a training: none that takes a stack of them."""

    def step(self, params, grads, moments):
        _, moments = super().step(params, grads, moments)
        size = np.sqrt(np.concatenate([s.ravel() for s in arrays_of(moments.square)]).mean())
        moved = each_array(lambda p, m: p - self.rate * m / size, params, moments.mean)
        return moved, moments


@pytest.mark.parametrize("rates", [(0.01, 0.01), (0.01, 0.02)])  # in one group, and in two
def test_an_optimiser_of_ones_own_sees_one_training_at_a_time(rates):
    def runs():
        return [
            recall_training(init_lstm(2, 2, rng=rng(seed)), 6, optimiser=OneSize(rate), rng=rng(seed))
            for seed, rate in enumerate(rates)
        ]  # fmt: skip

    together, alone = runs(), runs()
    abreast(together, 5)
    for one, other in zip(together, alone, strict=True):
        list(other.steps(5))
        alike(one, other)


def test_in_float32_they_stay_float32():
    together, alone = several("lstm", dtype=np.float32), several("lstm", dtype=np.float32)
    abreast(together, 4)
    for one, other in zip(together, alone, strict=True):
        list(other.steps(4))
        for mine, theirs in zip(arrays_of(one.params), arrays_of(other.params), strict=True):
            assert mine.dtype == theirs.dtype == np.float32
            np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-5)


def test_each_ends_when_it_has_arrived():
    def units():
        starts = [(seed, init_lstm(2, 1, rng=rng(seed), forget_bias=3.0)) for seed in (1, 2, 4)]
        return [
            recall_training(cell, 10, B=8, optimiser=Adam(0.05), rng=rng(seed))
            for seed, cell in starts
        ]

    together, alone = units(), units()
    abreast(together, 150, below=0.05, width=10)
    ends = []
    for one, other in zip(together, alone, strict=True):
        list(other.steps(150))
        solved = solved_at(other.losses, 0.05, 10)
        ends.append(solved or 150)
        assert one.step == ends[-1]
        np.testing.assert_allclose(one.losses, other.losses[: one.step], rtol=1e-7)
    assert len(set(ends)) > 1
    before = [run.step for run in together]
    abreast([together[0]], 5, below=0.05, width=10)  # has arrived: not a step more
    assert [run.step for run in together] == before


def test_a_change_is_made_to_every_gradient():
    def shut(grads):
        return grads._replace(cell=each_array(np.zeros_like, grads.cell))

    together, alone = several("lstm"), several("lstm")
    starts = [run.params.cell for run in together]
    abreast(together, 3, change=shut)
    for run, other, start in zip(together, alone, starts, strict=True):
        for before, after in zip(start, run.params.cell, strict=True):
            assert (before == after).all()
        other.loss = lambda *at: (loss_at_end(*at)[0], shut(loss_at_end(*at)[1]))
        list(other.steps(3))
        alike(run, other)


def test_answers_of_several_numbers_and_gaps():
    def wide(seed):
        def draw(rng):
            batch = hold_problem(6, 4, rng=rng)
            return batch._replace(
                targets=np.hstack([batch.targets, 1 - batch.targets]),
                last=np.array([5, 3, 5, 4]),
            )

        model = init_model(1, 3, 2, rng=rng(seed))
        return Training(model, loss_at_end, draw, Adam(0.02), rng=rng(seed), clip=1.0)

    together, alone = [wide(seed) for seed in (1, 2)], [wide(seed) for seed in (1, 2)]
    abreast(together, 4)
    for one, other in zip(together, alone, strict=True):
        list(other.steps(4))
        alike(one, other)


@pytest.mark.parametrize("kind", ["lstm", "rnn"])
def test_each_may_read_sequences_of_its_own_lengths(kind):
    def changing(seed):
        first = init_lstm if kind == "lstm" else init_rnn
        cell = first(2, 3, rng=rng(seed))
        run = recall_training(cell, 6, B=5, optimiser=Adam(0.02), rng=rng(seed), clip=0.1)
        run.batches = lambda rng: recall_problem(int(rng.choice([4, 7, 9])), 5, rng=rng)
        return run

    together, alone = ([changing(seed) for seed in (1, 2, 4)] for _ in range(2))
    abreast(together, 6)
    for one, other in zip(together, alone, strict=True):
        list(other.steps(6))
        alike(one, other)


def test_what_cannot_go_abreast():
    runs = several("lstm")
    list(runs[0].steps(1))
    with pytest.raises(ValueError, match="equally many steps"):
        abreast(runs, 1)
    with pytest.raises(ValueError, match="one form"):
        abreast([several("lstm")[0], several("lstm", H=4)[1]], 1)
    with pytest.raises(ValueError, match="one kind of cell"):
        abreast([several("lstm")[0], several("rnn")[1]], 1)
    other = several("lstm")[0]
    other.loss = lambda *at: loss_at_end(*at)
    with pytest.raises(ValueError, match="loss_at_end"):
        abreast([other], 1)
    with pytest.raises(TypeError, match="runs: expected Trainings, got int: 3"):
        abreast([several("lstm")[0], 3], 1)
    bare = several("lstm")[0]
    bare.state = bare.state._replace(params=bare.params.cell)
    with pytest.raises(TypeError, match="Model"):
        abreast([bare], 1)
    many = adding_training(init_lstm(2, 3, rng=rng(1)), 9, B=6, rng=rng(1))
    with pytest.raises(ValueError, match="equally many sequences"):
        abreast([several("lstm")[0], many], 1)


@pytest.mark.parametrize("H", [3, 30])  # 30: the others have taken their steps by then
def test_a_training_that_explodes_leaves_all_as_they_were(H):
    runs = several("lstm", H)[:2]
    wild = several("lstm", H)[0]
    wild.optimiser, wild.clip = SGD(1e200), None
    before = [run.state for run in (*runs, wild)]
    wild.state = wild.state._replace(moments=())
    before[-1] = wild.state
    with pytest.raises((ArithmeticError, ValueError)):
        abreast([*runs, wild], 30)
    for run, state in zip((*runs, wild), before, strict=True):
        assert run.state is state


@pytest.mark.filterwarnings("ignore:overflow")
@pytest.mark.parametrize("spoiled", ["loss", "gradient", "parameter"])
def test_what_is_no_longer_finite_is_said_with_its_step(spoiled):
    """A loss alone: squares overflow, while the errors, of both signs, take each other away."""
    runs = several("lstm")[:2]
    wild = runs[1]
    draw, wild.clip = wild.batches, None
    if spoiled == "parameter":
        wild.optimiser = SGD(1.7e308)
        wild.state = wild.state._replace(moments=())
        size = [1, 1, 1, 1, 1e3]
    else:
        size = [9e153, -9e153, 0, 9e153, -9e153] if spoiled == "loss" else [1e200] * 5

    def targets(generator):
        batch = draw(generator)
        return batch._replace(targets=np.array(size)[:, None])

    wild.batches = targets
    before = [run.state for run in runs]
    with pytest.raises(ArithmeticError, match="step 1 of this call: a loss, a gradient or a"):
        abreast(runs, 2)
    assert all(run.state is state for run, state in zip(runs, before, strict=True))


def test_left_out_the_losses_of_20_steps_are_averaged_and_the_limit_itself_is_not_below():
    def steps_until(below):
        run = several("lstm")[0]
        abreast([run], 40, below=below)
        return run

    losses = steps_until(-1).losses
    means = [losses[n : n + 20].mean() for n in range(21)]
    first = next(n for n in range(3, 20) if means[n] < min(means[:n]))
    assert steps_until(np.nextafter(means[first], 1)).step == 20 + first
    assert steps_until(means[first]).step > 20 + first
