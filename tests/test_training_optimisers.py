"""Notebook 05: SGD, momentum, Adam, and clipping."""

import numpy as np
import pytest
from training_nets import adding, model_of, same

from lstm_inside.training import (
    SGD,
    Adam,
    CoolingAdam,
    Momentum,
    ReadoutParams,
    arrays_of,
    clip_by_norm,
    norm,
    optimisers,
)


def test_the_rates_left_out_are_the_usual_ones():
    """Adam's is the paper's (Kingma & Ba 2015, algorithm 1)."""
    assert (SGD().rate, Momentum().rate, Adam().rate) == (0.1, 0.1, 0.001)
    assert (CoolingAdam().rate, CoolingAdam().steps) == (0.02, 2000)
    assert Momentum().keep == 0.9
    assert (Adam().keep, Adam().keep_square, Adam().tiny) == (0.9, 0.999, 1e-8)


def test_moments_of_other_shapes_are_not_stretched_to_fit():
    two, one = (np.ones(2),), (np.zeros(1),)
    good = Adam().start(two)
    for moments in (good._replace(mean=one), good._replace(square=one)):
        with pytest.raises(ValueError, match="moments"):
            Adam().step(two, two, moments)


@pytest.mark.parametrize("optimiser", [SGD(0.1), Momentum(0.1), Adam(0.1)])
def test_what_is_plainly_alike_is_not_looked_at_place_by_place(optimiser, monkeypatch):
    """It is seen at every step of every training: that would cost more than the step."""
    params = (np.ones((2, 3)), (np.zeros(3), np.float32([1])))
    moments = optimiser.start(params)
    monkeypatch.setattr(optimisers, "named", None)
    for _ in range(2):
        params, moments = optimiser.step(params, params, moments)
    if isinstance(optimiser, Adam):
        moments.square[0][0] = np.inf  # what grew too large in a long training is no error
        optimiser.step(params, params, moments)
    with pytest.raises(TypeError, match="NoneType"):
        optimiser.step(params, (np.ones((2, 3)), (np.zeros(3), np.array([1]))), moments)


def test_what_is_half_an_optimiser_is_none():
    class Starts:
        start = staticmethod(lambda params: None)

    with pytest.raises(TypeError, match="optimiser: expected SGD, Momentum or Adam, got Starts"):
        adding(optimiser=Starts())


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


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_lengths_hold_where_squares_leave_the_range_of_the_dtype(dtype):
    for size in (1e20, 1e-30) if dtype is np.float32 else (1e200, 1e-200):
        grads = (np.full(4, size, dtype), np.full((2, 6), -size, dtype))
        assert norm(grads) == pytest.approx(4 * size, rel=1e-6)
        clipped, before = clip_by_norm(grads, size / 2)
        assert before == pytest.approx(4 * size, rel=1e-6)
        assert {a.dtype for a in clipped} == {np.dtype(dtype)}
        np.testing.assert_allclose(clipped[0], size / 8, rtol=1e-6)
        np.testing.assert_allclose(clipped[1], -size / 8, rtol=1e-6)
    assert norm((np.zeros(3, dtype),)) == 0


def test_even_a_length_that_no_float_can_hold_is_clipped():
    clipped, before = clip_by_norm((np.full(16, 1.5e308),), 2.0)
    assert before == np.inf
    np.testing.assert_allclose(clipped[0], 0.5)


def test_a_length_is_not_finite_only_where_a_number_is_not():
    assert np.isnan(norm((np.ones(2), np.array([np.nan]))))
    assert norm((np.array([1.0, -np.inf]), np.ones(2))) == np.inf


def test_the_rate_stays_and_then_falls():
    params = np.array([0.0])
    sizes = []
    for t in (0, 39, 70, 100, 500):
        moments = CoolingAdam().start(params)._replace(t=np.array(t))
        grown = CoolingAdam(0.1, 100).step(params, np.array([1.0]), moments)[0]
        plain = Adam(0.1).step(params, np.array([1.0]), moments)[0]
        sizes.append(float((grown / plain)[0]))
    assert sizes == pytest.approx([1, 1, 0.5, 0.05, 0.05])
