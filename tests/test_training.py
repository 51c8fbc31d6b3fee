"""Notebook 05: losses, optimisers, a training that stops and goes on, its views and checkers."""

import asyncio
import json
import os
import re
import time

import numpy as np
import pytest
from jupyter_client.manager import start_new_kernel

from lstm_core import gradient_check, init_lstm, init_rnn
from lstm_inside import EXPLORERS
from lstm_inside.tasks import adding_problem, hold_problem
from lstm_inside.training import (
    SGD,
    Adam,
    Model,
    Momentum,
    ReadoutParams,
    SideBySide,
    Training,
    answers,
    arrays_of,
    cell_backward,
    check,
    clip_by_norm,
    each_array,
    init_readout,
    loss_at_end,
    loss_every_step,
    mean_squared_error,
    norm,
    readout,
    readout_backward,
    run_cell,
    softmax,
    softmax_cross_entropy,
    train,
)
from lstm_inside.training import explorers as views
from lstm_inside.training import training as lstm_train


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


# ---------------------------------------------------------------- the adding problem


def test_adding_modern_is_what_it_says():
    xs, targets, last = adding_problem(11, 500, rng=rng())
    assert xs.shape == (11, 500, 2)
    assert (last == 10).all()
    markers = xs[..., 1]
    assert set(np.unique(markers)) == {0, 1}
    np.testing.assert_array_equal(markers[:5].sum(axis=0), 1)
    np.testing.assert_array_equal(markers[5:].sum(axis=0), 1)
    np.testing.assert_allclose((xs[..., 0] * markers).sum(axis=0), targets[:, 0])
    assert (targets[:, 0] - 1) @ (targets[:, 0] - 1) / 500 == pytest.approx(1 / 6, rel=0.2)


def test_adding_1997_keeps_the_papers_protocol():
    xs, targets, last = adding_problem(30, 4000, rng=rng(), protocol="1997")
    lengths = last + 1
    assert (lengths.min(), lengths.max(), len(xs)) == (30, 33, 33)
    each = np.arange(4000)
    assert (xs[0, :, 1] == -1).all()
    assert (xs[last, each, 1] == -1).all()
    for length in (30, 33):
        assert not xs[length:, lengths == length].any()
    marked = xs[..., 1] == 1
    counts = marked.sum(axis=0)
    assert set(counts) == {1, 2}  # 1 where the first pair itself was drawn
    assert np.flatnonzero(marked.any(axis=1)).max() == 14  # within the first T/2
    two = counts == 2
    assert marked[:10].sum(axis=0)[two].min() >= 1  # one of them among the first ten
    assert (xs[0, ~two, 0] == 0).all()
    sums = (xs[..., 0] * marked).sum(axis=0)
    np.testing.assert_allclose(targets[:, 0], 0.5 + sums / 4)
    assert -1 <= xs[..., 0].min() < -0.99
    assert 0.99 < xs[..., 0].max() <= 1


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: adding_problem(3, 2, rng=rng()), ValueError, "T: expected at least 4"),
        (lambda: adding_problem(9, 0, rng=rng()), ValueError, "B: expected at least 1"),
        (lambda: adding_problem(9.0, 2, rng=rng()), TypeError, "T: expected a whole"),
        (lambda: adding_problem(9, 2, rng=3), TypeError, "rng: expected"),
        (lambda: adding_problem(9, 2, rng=rng(), protocol="x"), ValueError, "protocol: expected"),
        (lambda: mean_squared_error(np.zeros((3, 1)), np.zeros(3)), ValueError, "target: expected"),
        (lambda: softmax_cross_entropy(np.zeros((3, 2)), [0, 1]), ValueError, "labels: expected"),
        (lambda: softmax_cross_entropy(np.zeros((2, 2)), [0, 2]), ValueError, "expected 0 to 1"),
        (lambda: softmax_cross_entropy(np.zeros((2, 2)), [0, -1]), ValueError, "expected 0 to 1"),
        (lambda: adding_training_with(np.random.RandomState(0)), TypeError, "rng: expected"),
    ],
)
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


GOOD = ReadoutParams(np.zeros((4, 2)), np.zeros(2))
NAN = np.full((3, 4), np.nan)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: init_readout(0, 1, rng=rng()), ValueError, "H: expected a whole number"),
        (lambda: init_readout(4, 1.5, rng=rng()), TypeError, "K: expected a whole number"),
        (lambda: init_readout(4, 1, rng=3), TypeError, "rng: expected"),
        (lambda: readout(np.zeros((3, 5)), GOOD), ValueError, r"h: expected shape \(..., H\)"),
        (lambda: readout(1.0, GOOD), ValueError, "h: expected at least one axis"),
        (lambda: readout(NAN, GOOD), ValueError, "h: expected finite"),
        (lambda: readout("abcd", GOOD), TypeError, "h: expected a real-number array"),
        (lambda: readout(np.zeros(4), None), TypeError, "params: expected ReadoutParams"),
        (lambda: readout(np.zeros(4), GOOD._replace(b_y=np.zeros(3))), ValueError, "b_y: expected"),
        (
            lambda: readout(np.zeros(4), GOOD._replace(W_y=np.zeros(4))),
            ValueError,
            "W_y: expected 2",
        ),
        (
            lambda: readout_backward(np.zeros((3, 3)), np.zeros((3, 4)), GOOD),
            ValueError,
            "dy: expected",
        ),
        (lambda: readout_backward(np.zeros(2), np.zeros((3, 4)), GOOD), ValueError, "dy: expected"),
        (lambda: mean_squared_error(NAN, np.zeros((3, 4))), ValueError, "y: expected finite"),
        (lambda: mean_squared_error(np.zeros(0), np.zeros(0)), ValueError, "target: expected"),
        (lambda: softmax_cross_entropy(NAN, [0, 1, 2]), ValueError, "z: expected finite"),
        (
            lambda: softmax_cross_entropy(np.zeros((0, 4)), np.zeros(0, int)),
            ValueError,
            "at least one",
        ),
        (lambda: softmax(3.0), ValueError, "z: expected scores"),
        (lambda: SGD(0.0), ValueError, "rate: expected a number above 0"),
        (lambda: SGD(np.nan), ValueError, "rate: expected a number above 0"),
        (lambda: SGD("fast"), TypeError, "rate: expected"),
        (lambda: Momentum(-0.1), ValueError, "rate: expected"),
        (lambda: Momentum(0.1, 1.0), ValueError, "keep: expected a share"),
        (lambda: Adam(0.1, keep_square=1.1), ValueError, "keep_square: expected a share"),
        (
            lambda: SGD().step(GOOD, GOOD._replace(b_y=np.zeros(1)), ()),
            ValueError,
            "for params.b_y",
        ),
        (lambda: SGD().step(GOOD, np.zeros(3), ()), ValueError, "grads: expected the form"),
        (lambda: clip_by_norm(GOOD, 0), ValueError, "limit: expected a number above 0"),
        (lambda: clip_by_norm((NAN,), 1), ValueError, "grads: expected finite"),
        (lambda: adding(clip=-1.0), ValueError, "clip: expected a number above 0"),
        (lambda: adding().steps(2.5), TypeError, "count: expected a whole number"),
        (lambda: adding().steps(0), ValueError, "count: expected a whole number"),
        (lambda: Training((NAN,), None, None, SGD(), rng=rng()), ValueError, "expected finite"),
        (
            lambda: Training((np.zeros(2, int),), None, None, SGD(), rng=rng()),
            TypeError,
            "floating",
        ),
        (
            lambda: answers(
                model_of("rnn"), adding_problem(6, 2, rng=rng())._replace(last=np.array([5, 6]))
            ),
            ValueError,
            "last: expected",
        ),
        (lambda: hold_problem(1, 2, rng=rng()), ValueError, "T: expected at least 2"),
    ],
)
def test_bad_numbers_and_shapes_are_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_holding_is_what_it_says():
    xs, targets, last = hold_problem(7, 5, rng=rng())
    assert xs.shape == (7, 5, 1)
    np.testing.assert_array_equal(xs[0], targets)
    assert not xs[1:].any()
    assert (last == 6).all()


def test_side_by_side_stays_level():
    one, two = adding(), adding(kind="rnn")
    both = SideBySide(one, two)
    list(one.steps(1))  # as an interrupt between the two would leave them
    for _ in both.steps(9):
        if both.step == 4:
            both.stop()
    assert (one.step, two.step) == (4, 4)
    alone = adding(kind="rnn")
    list(alone.steps(4))
    assert same(alone.params, two.params)


def test_a_duel_starts_over_at_another_length():
    view = views.live_duel(T=10, steps=5)
    asyncio.run(view.train())
    assert view.run.step == view.rival.step == 5
    view.length.value = 30
    assert view.run.step == 5  # the slider alone forgets nothing
    view.over_button.click()
    assert view.run.step == view.rival.step == 0
    assert view.values["T"] == len(view.batch.xs) == 30
    assert view._axes["gates"].get_xlim()[1] == 30
    assert view.start_button.description == views.WORDS["train"]
    asyncio.run(view.train())
    plain, rnn = views.adding_duel(30)
    list(plain.steps(5)), list(rnn.steps(5))
    assert same(view.run.params, plain.params)
    assert same(view.rival.params, rnn.params)
    view.close()


def adding_training_with(generator):
    return Training(model_of("rnn"), loss_at_end, None, SGD(), rng=generator)


class Costly:
    """A training whose steps take a time of their own, on a clock that they move."""

    def __init__(self, monkeypatch, each):
        self.now, self.each, self.step, self.shown = 0.0, each, 0, []
        monkeypatch.setattr(lstm_train.time, "perf_counter", lambda: self.now)

    def steps(self, count):
        for _ in range(count):
            self.now += self.each
            self.step += 1
            yield

    def show(self, cost):
        self.shown.append(self.now)
        self.now += cost


@pytest.mark.parametrize("cost", [0.0625, 1.0])
def test_redrawing_takes_its_share_of_the_time_and_no_more(monkeypatch, cost):
    run = Costly(monkeypatch, each=2**-7)
    asyncio.run(train(run, 4000, show=lambda: run.show(cost), share=1 / 16))
    assert run.shown[0] == run.each  # at once, so that one sees that it runs
    assert run.shown[1] - run.shown[0] == cost + 16 * cost  # to the step
    spent = cost * (len(run.shown) - 1)  # but for the last one, which ends it
    assert 0.9 / 16 < spent / (4000 * run.each) < 1.2 / 16


def test_what_costs_nothing_is_still_not_drawn_at_every_step(monkeypatch):
    run = Costly(monkeypatch, each=2**-10)
    asyncio.run(train(run, 1024, show=lambda: run.show(0), share=1 / 16))
    assert 45 <= len(run.shown) <= 52  # fifty times a second


def test_others_get_their_turn_when_a_breath_is_over_and_no_sooner(monkeypatch):
    monkeypatch.setattr(lstm_train, "_BREATH", 0.25)
    run, turns = Costly(monkeypatch, each=0.0625), []

    async def other():
        while True:
            turns.append(run.step)
            await asyncio.sleep(0)

    async def main():
        task = asyncio.create_task(other())
        await train(run, 20, show=lambda: None)
        task.cancel()

    asyncio.run(main())
    assert turns == [4, 8, 12, 16, 20]


def test_a_count_that_is_none_is_refused_before_anything_is_shown():
    shown = []
    with pytest.raises(ValueError, match="count: expected"):
        asyncio.run(train(adding(), 0, show=lambda: shown.append(1)))
    assert not shown


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


# ---------------------------------------------------------------- gradients


def test_readout_gradients():
    params, h = init_readout(4, 3, rng=rng()), rng(1).normal(size=(5, 2, 4))
    dy = rng(2).normal(size=(5, 2, 3))
    dh, dparams = readout_backward(dy, h, params)
    assert gradient_check(lambda p: (readout(h, p) * dy).sum(), params, dparams)
    assert gradient_check(lambda h: (readout(h, params) * dy).sum(), h, dh)


def test_a_fresh_readout_lies_within_one_over_root_h():
    W_y, b_y = init_readout(400, 50, rng=rng())
    assert W_y.shape == (400, 50)
    assert 0.0499 < W_y.max() < 0.05
    assert -0.05 < W_y.min() < -0.0499
    assert not b_y.any()


def test_what_is_no_cell_or_readout_is_named():
    params = model_of("lstm")
    with pytest.raises(ValueError, match=r"W_y: expected \(H, K\), each at least 1"):
        readout(np.zeros((2, 0)), ReadoutParams(np.zeros((0, 1)), np.zeros(1)))
    for call in (
        lambda: run_cell(np.zeros((3, 2, 2)), params.readout),
        lambda: cell_backward(np.zeros((3, 2, 4)), None, params.readout),
        lambda: answers(params._replace(cell=params.readout), adding_problem(8, 2, rng=rng())),
        lambda: answers(params._replace(cell=params.readout), None),  # before the batch
    ):
        with pytest.raises(TypeError, match="cell: expected RNNParams or LSTMParams, got"):
            call()


def test_one_class_costs_nothing():
    loss, dz = softmax_cross_entropy(rng().normal(size=(3, 1)), [0, 0, 0])
    assert loss == 0
    assert not dz.any()


def test_a_sequence_may_end_at_its_first_step():
    params, batch = model_of("lstm"), adding_problem(4, 3, rng=rng())
    short = batch._replace(xs=batch.xs[:1], last=np.zeros(3, dtype=int))
    trace = run_cell(short.xs, params.cell)
    assert np.array_equal(answers(params, short), readout(trace.h[1], params.readout))


def test_the_rates_left_out_are_the_usual_ones():
    """Adam's is the paper's (Kingma & Ba 2015, algorithm 1)."""
    assert (SGD().rate, Momentum().rate, Adam().rate) == (0.1, 0.1, 0.001)


def test_moments_of_other_shapes_are_not_stretched_to_fit():
    two, one = (np.ones(2),), (np.zeros(1),)
    good = Adam().start(two)
    for moments in (good._replace(mean=one), good._replace(square=one)):
        with pytest.raises(ValueError, match="moments"):
            Adam().step(two, two, moments)


def test_what_is_half_an_optimiser_is_none():
    class Starts:
        start = staticmethod(lambda params: None)

    with pytest.raises(TypeError, match="optimiser: expected SGD, Momentum or Adam, got Starts"):
        adding(optimiser=Starts())


def test_mean_squared_error_gradient():
    y, target = rng().normal(size=(2, 3, 4))
    loss, dy = mean_squared_error(y, target)
    assert loss == pytest.approx(np.mean((y - target) ** 2))
    assert gradient_check(lambda y: mean_squared_error(y, target)[0], y, dy)


def test_softmax_cross_entropy_gradient():
    z, labels = rng().normal(size=(3, 2, 5)), rng(1).integers(0, 5, (3, 2))
    loss, dz = softmax_cross_entropy(z, labels)
    by_hand = -np.mean([np.log(softmax(z)[i, j, labels[i, j]]) for i in range(3) for j in range(2)])
    assert loss == pytest.approx(by_hand)
    assert gradient_check(lambda z: softmax_cross_entropy(z, labels)[0], z, dz)


@pytest.mark.filterwarnings("error")
def test_softmax_cross_entropy_of_huge_scores_is_exact():
    z = np.array([[1e4, -1e4], [1e4, -1e4]])
    loss, dz = softmax_cross_entropy(z, [0, 1])
    assert loss == pytest.approx(1e4)
    np.testing.assert_allclose(dz, [[0, 0], [0.5, -0.5]])


@pytest.mark.parametrize("kind", ["lstm", "rnn"])
@pytest.mark.parametrize("protocol", ["modern", "1997"])
def test_gradients_of_a_model_with_one_answer(kind, protocol):
    """Also where sequences end at different steps."""
    model, batch = model_of(kind), adding_problem(20, 5, rng=rng(2), protocol=protocol)
    assert protocol == "modern" or len(set(batch.last)) > 1
    _, grads = loss_at_end(model, batch)

    def loss(arrays):
        said = answers(unflat(model, arrays), batch)
        return ((said - batch.targets) ** 2).mean()

    report = gradient_check(loss, flat(model), flat(grads))
    assert report, report
    assert not report.vacuous


@pytest.mark.parametrize("kind", ["lstm", "rnn"])
def test_gradients_of_a_model_with_an_answer_a_step(kind):
    model = model_of(kind, K=3)
    batch = rng(2).normal(size=(6, 4, 2)), rng(3).integers(0, 3, (6, 4))
    _, grads = loss_every_step(model, batch)
    report = gradient_check(
        lambda arrays: loss_every_step(unflat(model, arrays), batch)[0], flat(model), flat(grads)
    )
    assert report, report


def test_padding_after_the_end_changes_nothing():
    model, batch = model_of("lstm"), adding_problem(20, 5, rng=rng(2), protocol="1997")
    longer = np.concatenate([batch.xs, rng().normal(size=(4, 5, 2))])
    loss, grads = loss_at_end(model, batch)
    loss_longer, grads_longer = loss_at_end(model, batch._replace(xs=longer))
    assert loss == pytest.approx(loss_longer)
    for a, b in zip(arrays_of(grads), arrays_of(grads_longer), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-15)


# ---------------------------------------------------------------- optimisers and clipping


def walk(optimiser, count=4):
    """Some steps on fixed gradients; the inputs must stay as they were."""
    params = ReadoutParams(np.array([[1.0], [2.0]]), np.array([3.0]))
    moments = optimiser.start(params)
    for k in range(count):
        grads = ReadoutParams(np.array([[k + 1.0], [-2.0]]), np.array([0.5 * k]))
        before = [a.copy() for a in arrays_of((params, grads, moments))]
        given = params, grads, moments
        params, moments = optimiser.step(*given)
        assert same(tuple(before), tuple(arrays_of(given)))
    return np.concatenate([a.ravel() for a in params])


def grads_by_hand(count=4):
    return [np.array([k + 1.0, -2.0, 0.5 * k]) for k in range(count)]


def test_sgd_and_momentum_by_hand():
    start = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(walk(SGD(0.1)), start - 0.1 * sum(grads_by_hand()), atol=1e-12)
    speed, p = 0, start
    for g in grads_by_hand():
        speed = 0.8 * speed + g
        p = p - 0.1 * speed
    np.testing.assert_allclose(walk(Momentum(0.1, 0.8)), p)
    np.testing.assert_allclose(walk(Momentum(0.1, 0.0)), walk(SGD(0.1)))


def test_adam_as_its_paper_writes_it():
    """Algorithm 1 of Kingma & Ba, from sums instead of running means."""
    p = np.array([1.0, 2.0, 3.0])
    for t in range(1, 5):
        seen = grads_by_hand(t)
        m = sum((1 - 0.9) * 0.9 ** (t - i) * g for i, g in enumerate(seen, 1)) / (1 - 0.9**t)
        v = sum((1 - 0.99) * 0.99 ** (t - i) * g**2 for i, g in enumerate(seen, 1)) / (1 - 0.99**t)
        p = p - 0.1 * m / (np.sqrt(v) + 1e-8)
    np.testing.assert_allclose(walk(Adam(0.1, 0.9, 0.99)), p)


def test_adam_agrees_with_pytorch():
    torch = pytest.importorskip("torch")
    w = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
    adam = torch.optim.Adam([w], lr=0.1)
    for g in grads_by_hand():
        w.grad = torch.tensor(g)
        adam.step()
    np.testing.assert_allclose(walk(Adam(0.1)), w.detach().numpy(), rtol=1e-12)


def test_clipping_shortens_and_keeps_the_direction():
    grads = model_of("lstm")
    length = np.sqrt(sum((a**2).sum() for a in arrays_of(grads)))
    clipped, before = clip_by_norm(grads, 0.5)
    assert before == pytest.approx(length) == norm(grads)
    assert norm(clipped) == pytest.approx(0.5)
    for a, b in zip(arrays_of(clipped), arrays_of(grads), strict=True):
        np.testing.assert_allclose(a, b * (0.5 / length))
    assert clip_by_norm(grads, length)[0] is grads
    untouched, _ = clip_by_norm(grads, length * 1.01)
    assert same(untouched, grads)


@pytest.mark.parametrize("optimiser", [SGD(0.01), Momentum(0.01), Adam(0.01)])
def test_float32_stays_float32(optimiser):
    training = adding(dtype=np.float32, optimiser=optimiser)
    for _ in training.steps(3):
        pass
    assert {a.dtype for a in arrays_of(training.params)} == {np.dtype(np.float32)}


# ---------------------------------------------------------------- training


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


# ---------------------------------------------------------------- the file


@pytest.fixture
def saved(tmp_path):
    training = adding()
    list(training.steps(3))
    return training.save(tmp_path / "training.npz")


def unchanged_after(path, training, words, error=ValueError):
    before = training.state
    with pytest.raises(error, match=words):
        training.load(path)
    assert training.state is before
    assert training.step == 0


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(saved, share):
    whole = saved.read_bytes()
    saved.write_bytes(whole[: int(len(whole) * share)])
    unchanged_after(saved, adding(), "not a whole saved training")


def test_every_damaged_part_is_refused_or_harmless(saved):
    """One byte changed anywhere: refused with a clear error, or exactly the same state."""
    whole, original = saved.read_bytes(), adding()
    original.load(saved)
    refused = 0
    for at in np.linspace(0, len(whole) - 1, 120).astype(int):
        saved.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        training = adding()
        try:
            training.load(saved)
        except ValueError:  # and nothing else
            refused += 1
        else:
            assert same(training.params, original.params)
            assert training.state.random == original.state.random
    assert refused > 60


def test_files_of_other_shapes_are_refused(saved):
    other = adding(H=5)
    unchanged_after(saved, other, r"expected params.cell.W_x of shape \(2, 20\)")
    other = adding(dtype=np.float32)
    unchanged_after(saved, other, "float32, got")
    unchanged_after(saved, adding(optimiser=SGD()), "expected a training with SGD, got Adam")
    unchanged_after(saved, adding(kind="rnn"), r"W_x of shape \(2, 4\)")


class Evil:
    """What a pickle may do when it is opened."""

    opened = False

    def __reduce__(self):
        return setattr, (Evil, "opened", True)


def rewritten(path, **changes):
    """A saved training with other arrays in it; None takes one out."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files} | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"losses": np.zeros(2)}, "expected 3 losses and norms"),
        ({"norms": np.zeros(4)}, "expected 3 losses and norms"),
        ({"params.cell.W_x": None}, "params.cell.W_x is missing"),
        ({"more": np.zeros(1)}, "more has no place in this training"),
        ({"losses": np.array([Evil()], dtype=object)}, "not a whole saved training"),
    ],
)
def test_files_with_other_parts_are_refused(saved, changes, words):
    rewritten(saved, **changes)
    unchanged_after(saved, adding(), words)
    assert not Evil.opened


def test_a_file_says_its_format_and_no_other_is_read(saved):
    with np.load(saved) as file:
        about = json.loads(str(file["about"]))
    assert about["format"] == 1
    rewritten(saved, about=np.array(json.dumps(about | {"format": 2})))
    unchanged_after(saved, adding(), "expected format 1, got 2")


def test_what_is_put_in_place_has_reached_the_disk_whole(tmp_path, monkeypatch):
    done = []

    def fsync(number):
        done.append(("on disk", os.fstat(number).st_size))

    def replace(old, new):
        done.append(("in place", os.stat(old).st_size))

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    adding().save(tmp_path / "training.npz")
    (first, size), (second, whole) = done
    assert (first, second) == ("on disk", "in place")
    assert size == whole > 1000


def test_what_went_wrong_is_told_even_if_nothing_was_left_to_clear_away(tmp_path, monkeypatch):
    def replace(old, new):
        os.unlink(old)
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(OSError, match="disk full"):
        adding().save(tmp_path / "training.npz")


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "x.npz"
    unchanged_after(path, adding(), "No such file", FileNotFoundError)
    path.write_text("hello")
    unchanged_after(path, adding(), "not a whole saved training")
    np.savez(path, a=np.zeros(3))
    unchanged_after(path, adding(), "not a whole saved training")
    np.savez(path, about=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    unchanged_after(path, adding(), "not a whole saved training")


def test_saving_fails_whole_and_leaves_the_old_file(saved, monkeypatch):
    old = saved.read_bytes()
    training = adding()
    monkeypatch.setattr(np, "savez", lambda *a, **k: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        training.save(saved)
    assert saved.read_bytes() == old
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]


# ---------------------------------------------------------------- the coroutine


def test_others_live_while_it_trains_and_stop_is_heard_within_a_second():
    training = adding(T=30)
    beats = []

    async def heart():
        while True:
            beats.append(time.perf_counter())
            await asyncio.sleep(0.01)

    async def main():
        other = asyncio.ensure_future(heart())
        asked = []
        asyncio.get_running_loop().call_later(
            0.3, lambda: (asked.append(time.perf_counter()), training.stop())
        )
        taken = await train(training, 10**6)
        waited = time.perf_counter() - asked[0]
        other.cancel()
        return taken, waited

    taken, waited = asyncio.run(main())
    assert taken == training.step > 0
    assert waited < 1
    assert len(beats) > 2
    assert np.diff(beats).max() < 1


@pytest.mark.parametrize("price", [0.002, 0.02])
def test_watching_costs_less_than_a_tenth(price):
    training, shows = adding(T=20), []

    def show():
        until = time.perf_counter() + price
        while time.perf_counter() < until:
            pass
        shows.append(training.step)

    began = time.perf_counter()
    asyncio.run(train(training, 250, show=show))
    spent = time.perf_counter() - began
    drawn = (len(shows) - 2) * price  # but for the first and the last, which are always shown
    assert drawn < 0.1 * spent
    assert shows[-1] == training.step == 250


def test_watched_is_bit_for_bit_unwatched():
    watched, plain = adding(), adding()
    asyncio.run(train(watched, 30, show=lambda: None))
    list(plain.steps(30))
    assert same(watched.params, plain.params)


# ---------------------------------------------------------------- views


@pytest.fixture
def live():
    view = views.live_training(steps=40)
    yield view
    view.close()


def test_the_live_view_stops_goes_on_and_keeps_what_was_learned(live):
    async def main():
        asyncio.get_running_loop().call_later(0.05, live.stop_button.click)
        taken = await live.train(100_000)
        assert live.run.step == taken == live.bar.value
        assert 0 < taken < 100_000
        assert live.stop_button.disabled
        assert not live.start_button.disabled
        assert live.start_button.description == views.WORDS["go_on"]
        assert live.status.value.startswith(f"stopped at step {taken} of 100000")
        assert f"After {taken} training steps" in live.caption
        assert await live.train(taken + 5) == 5
        assert live.status.value == f"done: {taken + 5} steps"

    asyncio.run(main())
    plain = views.live_training(steps=40).run
    list(plain.steps(live.run.step))
    assert same(plain.params, live.run.params)


def test_the_live_views_buttons_train_beside_the_kernel(live):
    async def main():
        live.start_button.click()
        await asyncio.sleep(0)
        assert live.running
        assert live.start_button.disabled
        assert await live.train() == 0  # one at a time
        live.controls["unit"].value = 3  # a slider answers while it trains
        assert 'role="alert"' not in live._over.value
        await live._task
        assert live.run.step == 40
        live.start_button.click()  # Continue aims as far again
        await asyncio.sleep(0)
        await live._task

    asyncio.run(main())
    assert live.run.step == live.goal == live.bar.max == 80
    assert live._axes["loss"].get_xlim()[1] == 80


def test_a_diverged_live_training_is_told_in_the_view(live):
    def loss(params, batch):
        return np.nan, params

    live.run.loss = loss

    async def main():
        live.start_button.click()
        await asyncio.sleep(0)
        await live._task

    asyncio.run(main())
    assert "step 1: the loss is nan" in live.status.value
    assert not live.running


def test_the_live_view_shows_the_models_answers(live):
    asyncio.run(live.train(10))
    said = answers(live.run.params, live.batch)[:, 0]
    np.testing.assert_array_equal(live.values["answers"], said)
    assert live.values["error"] == pytest.approx(((said - live.batch.targets[:, 0]) ** 2).mean())


def test_a_plain_rnn_can_be_watched_too():
    run = views.adding_training(init_rnn(2, 6, rng=rng()), 12, rng=rng())
    view = views.live_training(run, steps=5)
    asyncio.run(view.train())
    assert view.values["step"] == 5
    view.close()


def test_the_bowl_walks_as_the_optimisers_do():
    explorer = EXPLORERS["bowl"]()
    explorer.set(optimiser="SGD", rate=0.05, t=50)
    curvatures = views.bowl_curvatures()
    best = np.array([1, -0.5])
    p = np.array([-1.6, 3.4]) - best
    x = views._POINTS[:, 0]
    hessian = 2 * np.array([[(x**2).mean(), x.mean()], [x.mean(), 1]])
    np.testing.assert_allclose(np.linalg.eigvalsh(hessian), curvatures)
    for k in range(51):
        np.testing.assert_allclose(explorer.values["path"][k], p + best, atol=1e-9)
        assert explorer.values["losses"][k] == pytest.approx(p @ hessian @ p / 2, abs=1e-9)
        p = p - 0.05 * hessian @ p
    for rate, climbs in ((0.9, False), (1.1, True)):  # of the steepest rate that still converges
        explorer.set(rate=round(rate * 2 / curvatures[-1] / 0.005) * 0.005)
        assert bool(explorer.values["losses"][-1] > explorer.values["losses"][0]) is climbs
    explorer.close()


def test_the_cliffs_gradient_is_the_losss():
    place = np.array([[1.3, 0.7, 2.0], [-0.1, 0.2, 0.3]])
    grads = views.cliff(*place)[1]
    report = gradient_check(lambda p: views.cliff(*p)[0].sum(), place, grads)
    assert report, report


def test_the_cliff_view_clips_one_walk_only():
    explorer = EXPLORERS["cliff"]()
    v = explorer.values
    steps = np.linalg.norm(np.diff(v["clipped"], axis=0), axis=1)
    np.testing.assert_allclose(steps, 0.1 * np.minimum(v["lengths"][:, 0], 1))
    free = np.linalg.norm(np.diff(v["free"], axis=0), axis=1)
    np.testing.assert_allclose(free, 0.1 * v["lengths"][:, 1])
    explorer.close()


def test_the_batch_view_follows_the_square_root_law():
    explorer = EXPLORERS["batch"]()
    for B in (1, 16, 256):
        explorer.controls["B"].value = B
        assert explorer.values["error"] == pytest.approx(explorer.values["law"], rel=0.25)
    explorer.close()


def test_the_flow_view_shows_checkpoints_of_a_real_training():
    explorer = views.flow_explorer(T=10, steps=24, H=3, B=4)
    generator = rng(1)
    cell = init_lstm(2, 3, rng=generator, forget_bias=2.0)
    run = views.adding_training(cell, 10, B=4, optimiser=Adam(0.03), rng=generator)
    list(run.steps(12))
    batch = adding_problem(10, 32, rng=rng(52))
    explorer.set(moment=12, sequence=5)
    assert explorer.values["step"] == 12
    assert explorer.values["answer"] == pytest.approx(answers(run.params, batch)[5, 0])
    np.testing.assert_allclose([s[-1] for s in explorer.values["shares"].values()], 1)
    explorer.close()


def test_both_sides_of_a_duel_see_the_same_mini_batches_and_another_seed_others():
    seen = []
    for seed in (1, 2):
        for run in views.adding_duel(10, seed):
            draw, xs = run.batches, []
            run.batches = lambda rng, draw=draw, xs=xs: xs.append(draw(rng)) or xs[-1]
            list(run.steps(3))
            seen.append(np.array([batch.xs for batch in xs]))
    assert same(seen[0], seen[1])
    assert same(seen[2], seen[3])
    assert not same(seen[0], seen[2])


def test_a_duel_starts_over_from_another_seed():
    view = views.live_duel(T=10, steps=5)
    view.seed.value = 7
    view.over_button.click()
    asyncio.run(view.train())
    plain, _ = views.adding_duel(10, 7)
    list(plain.steps(5))
    assert same(view.run.params, plain.params)
    view.close()


def test_whatever_goes_wrong_beside_the_kernel_is_told_in_the_view(live):
    live.run.loss = lambda params, batch: [][0]

    async def main():
        live.start_button.click()
        await asyncio.sleep(0)
        await live._task

    asyncio.run(main())
    assert live.status.value == "stopped at step 0, as the next one failed: list index out of range"
    assert not live.running
    assert not live.start_button.disabled


@pytest.mark.filterwarnings("ignore:overflow")
def test_what_has_left_all_bounds_is_told_in_few_words():
    view = views.live_training(steps=5)
    view.run.state = view.run.state._replace(
        params=each_array(lambda array: np.full_like(array, 1e100), view.run.params)
    )
    view.refresh()
    assert max(map(len, view.caption.split())) < 20
    view.close()


@pytest.mark.filterwarnings("ignore:overflow")
def test_a_step_into_infinity_is_not_taken():
    run = adding(optimiser=Adam(1e308))
    before = run.params
    with pytest.raises(ArithmeticError, match="step 1: a parameter would no longer be finite"):
        list(run.steps(5))
    assert run.step == len(run.losses) == 0
    assert same(run.params, before)


def test_the_interrupt_button_stops_a_cell_and_not_what_a_button_started():
    """In a real kernel: nothing is lost either way, and the view says what is so."""
    manager, client = start_new_kernel(kernel_name="python3")

    def told(code):
        said = []
        reply = client.execute_interactive(
            code, output_hook=lambda message: said.append(message["content"])
        )
        assert reply["content"]["status"] == "ok", reply["content"]
        return json.loads("".join(c["text"] for c in said if c.get("name") == "stdout"))

    state = "print(json.dumps([v.run.step, v.running, v.status.value]))"
    try:
        setup = "import json\nfrom lstm_inside.training import explorers\nv = explorers.live_duel(steps=10**6)"
        button = told(setup + "\nprint(json.dumps(v.start_button.model_id))")
        click = {"method": "custom", "content": {"event": "click"}}
        content = {"comm_id": button, "data": click}
        client.shell_channel.send(client.session.msg("comm_msg", content))
        first, running, _ = told(state)
        assert running
        manager.interrupt_kernel()
        time.sleep(1)  # the signal is heard before the next cell begins
        later, running, said = told("import asyncio; await asyncio.sleep(1)\n" + state)
        assert running
        assert later > first
        assert re.match(r"step \d+ of 1000000", said)

        kept = told("v.both.stop(); await v._task\n" + state)[0]
        request = client.execute("await v.train()", stop_on_error=False)  # ask on, at once
        time.sleep(1)
        manager.interrupt_kernel()
        while (reply := client.get_shell_msg(timeout=30))["parent_header"]["msg_id"] != request:
            pass
        assert reply["content"]["status"] == "error"
        step, running, said = told(state)
        assert not running
        assert step > kept
        assert said == f"stopped at step {step} of 1000000; nothing is lost"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


# ---------------------------------------------------------------- checkers


def test_cross_entropy_checker():
    def one_hot(z, labels):
        return (softmax(z) - np.eye(z.shape[1])[labels]) / len(z)

    def in_place_copy(z, labels):
        p = softmax(z)
        p[np.arange(len(z)), labels] -= 1
        return p / len(z)

    def rows(z, labels):
        out = []
        for row, label in zip(z, labels, strict=True):
            e = np.exp(row - row.max())
            p = e / e.sum()
            p[label] -= 1
            out.append(p / len(z))
        return out

    for good in (lambda z, y: softmax_cross_entropy(z, y)[1], one_hot, in_place_copy, rows):
        assert check.cross_entropy_gradient(good)

    def naive(z, labels):
        e = np.exp(z)
        return (e / e.sum(axis=1, keepdims=True) - np.eye(z.shape[1])[labels]) / len(z)

    def axis_0(z, labels):
        e = np.exp(z - z.max(axis=0))
        return (e / e.sum(axis=0) - np.eye(z.shape[1])[labels]) / len(z)

    for bad, words in [
        (lambda z, y: softmax(z) / len(z), "minus 1 at the right class"),
        (lambda z, y: -one_hot(z, y), "sign"),
        (lambda z, y: one_hot(z, y) * len(z), "MEAN"),
        (axis_0, "wrong axis"),
        (naive, "overflows"),
        (lambda z, y: (z - np.eye(z.shape[1])[y]) / len(z), "where their softmax belongs"),
        (lambda z, y: one_hot(z, y) * np.eye(z.shape[1])[y], "only the right class"),
        (lambda z, y: None, "None"),
    ]:
        verdict = check.cross_entropy_gradient(bad)
        assert not verdict
        assert words in verdict.message


def test_clip_checker():
    def plain(g, limit):
        length = np.linalg.norm(g)
        return g * (limit / length) if length > limit else g

    def least(g, limit):
        return g * min(1.0, limit / max(np.sqrt((g**2).sum()), 1e-12))

    def divided(g, limit):
        return g / max(1.0, np.linalg.norm(g.ravel()) / limit)

    for good in (plain, least, divided, lambda g, limit: clip_by_norm(g, limit)[0]):
        assert check.clip(good)
    for bad, words in [
        (lambda g, limit: np.clip(g, -limit, limit), "every entry by itself"),
        (lambda g, limit: g * limit / np.linalg.norm(g), "must stay as it is"),
        (lambda g, limit: g, "came out unchanged"),
        (
            lambda g, limit: (
                plain(g, 1.0) * limit if np.linalg.norm(g) < 0 else g / np.linalg.norm(g)
            ),
            "of length 1",
        ),
        (lambda g, limit: g * limit if np.linalg.norm(g) > limit else g, "multiplies by the limit"),
        (lambda g, limit: g * limit / (g**2).sum(), "squared length"),
        (lambda g, limit: g * limit / np.abs(g).max(), "largest entry"),
    ]:
        verdict = check.clip(bad)
        assert not verdict
        assert words in verdict.message


def test_adam_checker():
    def solution(p, g, m, s, t):
        m = 0.9 * m + 0.1 * g
        s = 0.999 * s + 0.001 * g**2
        m_hat, s_hat = m / (1 - 0.9**t), s / (1 - 0.999**t)
        return p - 0.01 * m_hat / (np.sqrt(s_hat) + 1e-8), m, s

    def from_the_module(p, g, m, s, t):
        from lstm_inside.training import AdamMoments

        p, moments = Adam(0.01).step((p,), (g,), AdamMoments((m,), (s,), np.array(t - 1)))
        return np.array([p[0], moments.mean[0], moments.square[0]])

    def one_rate(p, g, m, s, t):
        """As the paper's section 2 suggests: the corrections in the rate."""
        m = m + 0.1 * (g - m)
        s = s + 0.001 * (g * g - s)
        rate = 0.01 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        return [p - rate * m / (np.sqrt(s) + 1e-8 * np.sqrt(1 - 0.999**t)), m, s]

    def power(p, g, m, s, t):
        m, s = m * 0.9 + g * 0.1, s * 0.999 + g * g * 0.001
        return p - 0.01 * (m / (1 - 0.9**t)) * (s / (1 - 0.999**t)) ** -0.5, m, s

    for good in (solution, from_the_module, one_rate, power):
        assert check.adam(good), check.adam(good)

    def slip(**settings):
        return lambda p, g, m, s, t: check._adam(p, g, m, s, t, **settings)

    def wrong_order(p, g, m, s, t):
        p, m, s = solution(p, g, m, s, t)
        return p, s, m

    for bad, words in [
        (slip(fix_m=False, fix_s=False), "divide by 1 - beta^t"),
        (slip(fix_s=False), "one of the two"),
        (slip(root=False), "square root"),
        (slip(b1=0.1, b2=0.001), "swapped"),
        (slip(square="m"), "SQUARED"),
        (slip(sign=-1), "uphill"),
        (slip(along="g"), "running mean m"),
        (wrong_order, "another order"),
        (lambda p, g, m, s, t: solution(p, g, m, s, t)[0], "shape"),
    ]:
        verdict = check.adam(bad)
        assert not verdict
        assert words in verdict.message, (words, verdict)
