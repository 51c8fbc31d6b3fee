"""Notebook 05: a training that stops, is interrupted, and goes on."""

import importlib.util
import sys

import numpy as np
import pytest
from training_nets import adding, model_of, rng, same

import lstm_core
from lstm_inside.tasks import adding_problem
from lstm_inside.training import (
    SGD,
    Adam,
    Momentum,
    SideBySide,
    Training,
    adding_duel,
    adding_training,
    answers,
    each_array,
    loss_at_end,
    run_cell,
)

OWN = sys.modules[Training.__module__].__file__


def test_side_by_side_stays_level():
    one, two = adding(), adding(kind="rnn")
    both = SideBySide(one, two)
    assert not both.stopping
    list(one.steps(1))  # as an interrupt between the two would leave them
    for _ in both.steps(9):
        if both.step == 4:
            both.stop()
    assert (one.step, two.step) == (4, 4)
    alone = adding(kind="rnn")
    list(alone.steps(4))
    assert same(alone.params, two.params)


def test_steps_yield_their_losses():
    run = adding()
    assert not run.stopping
    assert list(run.steps(3)) == run.losses.tolist()


@pytest.mark.parametrize("spoiled", ["loss", "gradient"])
def test_a_loss_or_a_gradient_that_is_not_finite_ends_the_run(spoiled):
    def loss(params, batch):
        value, grads = loss_at_end(params, batch)
        if spoiled == "loss":
            return np.nan, grads
        return value, each_array(lambda g: g * np.inf, grads)

    run = adding()
    run.loss = loss
    with pytest.raises(ArithmeticError, match="step 1: the loss is"):
        list(run.steps(1))
    assert run.step == 0


@pytest.mark.filterwarnings("ignore:overflow")
def test_a_step_into_infinity_is_not_taken():
    run = adding(optimiser=Adam(1e308))
    before = run.params
    with pytest.raises(ArithmeticError, match="step 1: a parameter would no longer be finite"):
        list(run.steps(5))
    assert run.step == len(run.losses) == 0
    assert same(run.params, before)


def test_a_tiny_set_can_be_overfitted():
    batch = adding_problem(10, 4, rng=rng())
    training = Training(
        model_of("lstm", H=8), loss_at_end, lambda _: batch, Adam(0.03), rng=rng(), clip=1.0
    )
    for _ in training.steps(500):
        pass
    assert training.losses[0] > 0.1
    assert training.losses[-1] < 1e-3


def test_training_leaves_what_it_was_given():
    generator = rng(7)
    before = generator.bit_generator.state
    params = model_of("rnn")
    copy = each_array(np.copy, params)
    training = Training(params, loss_at_end, lambda r: adding_problem(8, 2, rng=r), SGD(0.1),
                        rng=generator)  # fmt: skip
    assert len(list(training.steps(5))) == training.step == len(training.losses) == 5
    assert generator.bit_generator.state == before
    assert same(params, copy)
    assert not same(training.params, copy)


def test_stop_ends_after_the_step_under_way():
    training = adding()
    for _ in training.steps(100):
        if training.step == 7:
            training.stop()
    assert training.step == 7
    assert len(list(training.steps(3))) == 3  # and it can go on


@pytest.mark.parametrize("kind", ["lstm", "rnn"])
@pytest.mark.parametrize("optimiser", [SGD(0.05), Momentum(0.05), Adam(0.01)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_resumed_is_bit_for_bit_uninterrupted(tmp_path, kind, optimiser, dtype):
    settings = {"kind": kind, "optimiser": optimiser, "dtype": dtype}
    whole = adding(**settings)
    list(whole.steps(17))
    first = adding(**settings)
    list(first.steps(9))
    path = first.save(tmp_path / "training.npz")
    later = adding(**settings, seed=99)  # its own generator is replaced by the saved one
    list(later.steps(2))
    later.load(path)
    assert same(later.params, first.params)
    list(later.steps(8))
    assert later.step == whole.step
    assert same(later.params, whole.params)
    assert same(later.state.moments, whole.state.moments)
    assert later.state.random == whole.state.random
    assert later.losses.tobytes() == whole.losses.tobytes()
    assert later.norms.tobytes() == whole.norms.tobytes()


def test_resume_test_would_see_other_batches(tmp_path):
    """Without the generator's state the numbers differ: the comparison can fail."""
    whole, first = adding(), adding()
    list(whole.steps(6))
    list(first.steps(3))
    first.state = first.state._replace(random=rng(1).bit_generator.state)
    list(first.steps(3))
    assert not same(first.params, whole.params)


@pytest.mark.parametrize("where", ["batch", "loss", "step"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupt_anywhere_loses_nothing(where, error):
    whole, broken = adding(), adding()
    list(whole.steps(9))
    list(broken.steps(4))
    kept = broken.loss, broken.batches, broken.optimiser

    def fail(*arguments):
        if where == "batch":
            arguments[0].random(3)  # the interrupt comes after numbers were drawn
        raise error

    class Failing(Adam):
        step = fail

    if where == "batch":
        broken.batches = fail
    elif where == "loss":
        broken.loss = fail
    else:
        broken.optimiser = Failing(0.01)
    with pytest.raises(error):
        list(broken.steps(5))
    assert broken.step == len(broken.losses) == 4
    broken.loss, broken.batches, broken.optimiser = kept
    list(broken.steps(5))
    assert same(broken.params, whole.params)
    assert broken.losses.tobytes() == whole.losses.tobytes()


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_a_diverged_training_says_so_and_keeps_the_last_finite_state():
    def loss(params, _):
        (p,) = params
        return float((p**2).sum()), (2 * p,)

    training = Training((np.array([1.0]),), loss, lambda r: None, SGD(1e100), rng=rng())
    with pytest.raises(ArithmeticError, match=r"step \d+: the loss is inf.*kept"):
        list(training.steps(50))
    assert np.isfinite(training.params[0]).all()
    assert np.isfinite(training.losses).all()


# ---------------------------------------------------------------- what a step hands to the next


def counting(seed=3, carried=None):
    """A training whose batches hang on a count that each step takes over from the one before."""

    def batches(rng, at):
        return rng.normal(size=2) + at[0]

    def loss(params, batch, at):
        off = params[0] - batch
        return float((off**2).mean()), (off,), (at[0] + 1, at[1] * 0.5 + off)

    start = (np.array(0), np.ones(2)) if carried is None else carried
    return Training((np.zeros(2),), loss, batches, Adam(0.1), rng=rng(seed), carried=start)


def test_what_is_carried_is_saved_and_resumed_bit_for_bit(tmp_path):
    whole, first, later = counting(), counting(), counting(seed=9)
    list(whole.steps(11))
    list(first.steps(4))
    list(later.steps(2))
    later.load(first.save(tmp_path / "counting.npz"))
    assert later.state.carried[0] == 4
    list(later.steps(7))
    assert same(later.state.carried, whole.state.carried)
    assert same(later.params, whole.params)
    assert later.losses.tobytes() == whole.losses.tobytes()


def test_a_step_that_breaks_off_carries_nothing_on():
    whole, broken = counting(), counting()
    list(whole.steps(6))
    list(broken.steps(3))
    loss = broken.loss

    def interrupted(params, batch, at):
        loss(params, batch, at)
        raise KeyboardInterrupt

    broken.loss = interrupted
    with pytest.raises(KeyboardInterrupt):
        list(broken.steps(1))
    broken.loss = loss
    list(broken.steps(3))
    assert same(broken.state.carried, whole.state.carried)
    assert same(broken.params, whole.params)


def test_a_file_that_carries_something_else_is_refused(tmp_path):
    path = counting().save(tmp_path / "counting.npz")
    other = counting(carried=(np.array(0), np.ones(3)))
    with pytest.raises(ValueError, match=r"expected carried\.1 of shape \(3,\)"):
        other.load(path)
    with pytest.raises(TypeError, match=r"carried\.0: expected a real-number array"):
        counting(carried=("x",))


# ---------------------------------------------------------------- engines and reloaded cores


def test_losses_and_trainings_run_on_the_engine_that_they_are_handed():
    calls = []

    class Counted:
        """lstm_core, counting."""

        def __getattr__(self, name):
            calls.append(name)
            return getattr(lstm_core, name)

    plain, counted = adding_duel(10, 0), adding_duel(10, 0, engine=Counted())
    for one, other, kind in zip(plain, counted, ("lstm", "rnn"), strict=True):
        calls.clear()
        list(one.steps(2))
        assert not calls
        list(other.steps(2))
        assert {f"{kind}_forward", f"{kind}_backward"} <= set(calls)
        assert same(one.params, other.params)


def test_after_a_reload_of_the_core_the_readers_own_parameters_are_taken():
    """Readers edit the core and reload it: its classes are new then, its parameters are right."""
    spec = importlib.util.spec_from_file_location("reloaded_core", lstm_core.__file__)
    edited = importlib.util.module_from_spec(spec)
    sys.modules["reloaded_core"] = edited  # dataclasses look their module up
    try:
        spec.loader.exec_module(edited)
        for init, seed in ((edited.init_lstm, 1), (edited.init_rnn, 2)):
            cell = init(2, 3, rng=rng(seed))
            assert type(cell) not in (lstm_core.LSTMParams, lstm_core.RNNParams)
            run = adding_training(cell, 8, rng=rng(3), engine=edited)
            list(run.steps(2))
            assert type(run.params.cell) is type(cell)
            plain = adding_training(getattr(lstm_core, type(cell).__name__)(*cell), 8, rng=rng(3))
            list(plain.steps(2))
            assert same(run.params, plain.params)
            batch = adding_problem(8, 4, rng=rng(4))
            assert answers(run.params, batch, run_cell(batch.xs, cell)).shape == (4, 1)
    finally:
        del sys.modules["reloaded_core"]


# ---------------------------------------------------------------- interrupts


def test_an_interrupt_at_any_line_loses_no_more_than_the_step_under_way():
    """Every line of training.py once: what follows is what would have been."""
    plain = adding()
    wanted = list(plain.steps(4))
    for line in range(1, 200):
        training, passed = adding(), 0
        list(training.steps(1))

        def interrupt(frame, event, _, line=line):
            nonlocal passed
            if frame.f_code.co_filename != OWN:
                return None
            passed += event == "line"
            if passed == line and event == "line":
                raise KeyboardInterrupt
            return interrupt

        before = sys.gettrace()
        sys.settrace(interrupt)
        try:
            list(training.steps(2))
        except KeyboardInterrupt:
            pass
        else:
            break  # there are no more lines
        finally:
            sys.settrace(before)
        assert len(training.losses) == len(training.norms) == training.step
        list(training.steps(4 - training.step))
        assert training.losses.tolist() == wanted
        assert same(training.params, plain.params)
    assert 40 < line < 199
