"""Notebook 05: read-out and losses, with their gradients."""

import numpy as np
import pytest
from training_nets import flat, model_of, rng, unflat

from lstm_core import gradient_check
from lstm_inside.tasks import adding_problem
from lstm_inside.training import (
    answers,
    arrays_of,
    init_readout,
    loss_at_end,
    loss_every_step,
    mean_squared_error,
    readout,
    readout_backward,
    run_cell,
    softmax,
    softmax_cross_entropy,
)


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


def test_one_class_costs_nothing():
    loss, dz = softmax_cross_entropy(rng().normal(size=(3, 1)), [0, 0, 0])
    assert loss == 0
    assert not dz.any()


def test_a_sequence_may_end_at_its_first_step():
    params, batch = model_of("lstm"), adding_problem(4, 3, rng=rng())
    short = batch._replace(xs=batch.xs[:1], last=np.zeros(3, dtype=int))
    trace = run_cell(short.xs, params.cell)
    assert np.array_equal(answers(params, short), readout(trace.h[1], params.readout))


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
