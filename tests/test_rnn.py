"""Notebook 02: memory, bounds, its views' numbers and its checkers."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from lstm_core import RNNParams, rnn_backward, rnn_forward
from lstm_inside import EXPLORERS
from lstm_inside.rnn import (
    check,
    gradient_bound,
    largest_singular_value,
    memory_curve,
    recall_inputs,
    reservoir,
    spectral_radius,
)
from lstm_inside.rnn import explorers as memory


def test_a_delay_line_remembers_exactly_as_long_as_it_is():
    """States that hold the last 5 inputs recall lags 0 to 4 and nothing beyond."""
    x = np.random.default_rng(0).normal(size=800)
    states = np.stack([np.roll(x, k) for k in range(5)], axis=1)[5:]
    curve = memory_curve(states, x[5:], 12)
    np.testing.assert_allclose(curve[:5], 1, atol=1e-6)
    assert curve[5:].max() < 0.05


def test_memory_is_judged_on_steps_it_was_not_fitted_on():
    rng = np.random.default_rng(1)
    curve = memory_curve(rng.normal(size=(300, 60)), rng.normal(size=300), 5)
    assert curve.max() < 0.05  # 60 random features fit 180 random numbers, and recall none


def test_every_lag_is_an_ordinary_least_squares_fit():
    """One solve for all lags gives what a fit for each lag alone gives; guesses line up."""
    rng = np.random.default_rng(7)
    x = rng.normal(size=200)
    states = rng.normal(size=(200, 4)) + 0.5 * np.stack([np.roll(x, k) for k in range(4)], axis=1)
    recalled = recall_inputs(states, x, 10, ridge=0, train=0.5)
    cut = 10 + int(0.5 * 190)
    features = np.column_stack([states, np.ones(200)])
    for k in (0, 3, 10):
        past = x[np.arange(200) - k]
        weights = np.linalg.lstsq(features[10:cut], past[10:cut])[0]
        np.testing.assert_allclose(recalled.truth[:, k], past[cut:])
        np.testing.assert_allclose(recalled.guess[:, k], features[cut:] @ weights, atol=1e-9)
        error = ((past[cut:] - features[cut:] @ weights) ** 2).mean() / past[cut:].var()
        assert recalled.r2[k] == pytest.approx(max(0, 1 - error))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: memory_curve(np.zeros((100, 30)), np.zeros(100), 50),
            "expected at least 60 steps",
        ),
        (lambda: memory_curve(np.zeros((100, 3)), np.zeros(99), 5), "inputs: expected shape"),
        (lambda: reservoir(4, -1, rng=np.random.default_rng(0)), "strength: expected a finite"),
        (lambda: reservoir(0, 1, rng=np.random.default_rng(0)), "H: expected a whole number"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("symmetric", [False, True])
def test_reservoir_has_the_strength_asked_for(symmetric):
    W = reservoir(12, 0.7, rng=np.random.default_rng(2), symmetric=symmetric).W_h
    assert spectral_radius(W) == pytest.approx(0.7)
    assert (largest_singular_value(W) == pytest.approx(0.7)) is symmetric


@pytest.mark.parametrize("strength", [0.3, 0.9, 2.0])
def test_no_gradient_is_above_the_bound(strength):
    params = reservoir(8, strength, rng=np.random.default_rng(3))
    trace = rnn_forward(np.random.default_rng(4).normal(size=(40, 5, 1)), params)
    dhs = np.zeros((40, 5, 8))
    dhs[-1] = np.random.default_rng(5).normal(size=(5, 8))
    dh = rnn_backward(dhs, trace, params).h
    length = np.linalg.norm(dh, axis=2)[::-1]
    assert (length <= gradient_bound(params.W_h, 40)[:, None] * length[0] * (1 + 1e-9)).all()


def test_the_bound_is_reached_where_it_can_be():
    """Symmetric W_h, no input: the slopes are 1 and a gradient along the top direction fits."""
    params = reservoir(6, 1.2, rng=np.random.default_rng(6), symmetric=True)
    values, vectors = np.linalg.eigh(params.W_h)
    dhs = np.zeros((20, 1, 6))
    dhs[-1, 0] = vectors[:, np.abs(values).argmax()]
    dh = rnn_backward(dhs, rnn_forward(np.zeros((20, 1, 1)), params), params).h
    np.testing.assert_allclose(
        np.linalg.norm(dh[:, 0], axis=1)[::-1], gradient_bound(params.W_h, 20), rtol=1e-9
    )


def test_the_memory_view_shows_the_memory_curve():
    explorer = EXPLORERS["memory"]()
    explorer.set(strength=0.6, input_strength=0.5, k=3)
    noise = np.random.default_rng(23).uniform(-1, 1, 900)
    h = rnn_forward(noise[:, None, None], memory.scaled(0.6, 0.5)).h[1:, 0]
    np.testing.assert_allclose(explorer.values["memory"], memory_curve(h, noise, 100))
    assert explorer.values["capacity"] == pytest.approx(memory_curve(h, noise, 100).sum())
    np.testing.assert_array_equal(explorer.values["truth"], noise[-63:-3])
    guess = recall_inputs(h, noise, 100).guess[-60:, 3]
    np.testing.assert_allclose(explorer.values["guess"], guess)
    explorer.close()


def test_the_vanishing_view_shows_the_real_gradient():
    explorer = EXPLORERS["vanishing"]()
    explorer.set(strength=0.5, T=30, input_strength=0)
    W_h, length = memory.scaled(0.5).W_h, []
    dh = np.full(24, 1 / np.sqrt(24))
    for _ in range(31):
        length.append(np.linalg.norm(dh))
        dh = dh @ W_h.T  # no input: the state is 0 and every slope is 1
    np.testing.assert_allclose(explorer.values["length"], length, rtol=1e-9)
    assert (explorer.values["length"] <= explorer.values["bound"] * (1 + 1e-9)).all()
    explorer.close()


def test_the_vanishing_view_agrees_with_finite_differences():
    """What is left after T steps is the slope of the loss by h_0: relative error below 1e-6."""
    explorer = EXPLORERS["vanishing"]()
    explorer.set(strength=0.9, input_strength=1, T=12)
    noise = np.random.default_rng(24).uniform(-1, 1, 100)[-12:, None, None]
    slope = []
    for nudge in 1e-5 * np.eye(24)[:, None]:
        up, down = (rnn_forward(noise, memory.scaled(0.9), h0=s * nudge).h[-1] for s in (1, -1))
        slope.append((up - down).sum() / np.sqrt(24) / 2e-5)
    assert explorer.values["length"][-1] == pytest.approx(np.linalg.norm(slope), rel=1e-6)
    explorer.close()


@pytest.mark.parametrize(
    ("strength", "symmetric", "words"),
    [
        (0.6, False, "must vanish"),
        (0.65, False, "may grow, and it may vanish"),
        (1.0, True, "cannot grow"),
        (0.95, True, "must vanish"),
        (1.05, True, "may grow, and it may vanish"),
    ],
)
def test_sufficient_and_necessary_are_kept_apart(strength, symmetric, words):
    sigma = largest_singular_value(memory.scaled(strength, symmetric=symmetric).W_h)
    assert words in memory._what_follows(sigma)


def test_a_singular_value_above_1_does_not_make_an_explosion():
    explorer = EXPLORERS["vanishing"]()
    explorer.set(strength=0.9, input_strength=1, T=60)
    assert explorer.values["sigma"] > 1.4
    assert explorer.values["length"][-1] < 1e-5
    explorer.set(strength=2, input_strength=0)
    assert explorer.values["length"][-1] > 1e17
    explorer.close()


def test_the_unrolled_picture_carries_the_networks_numbers():
    params = RNNParams(np.array([[0.5]]), np.array([[-2.0]]), np.zeros(1))
    figure = memory.unrolled_picture(np.array([[[1.0]], [[0.0]]]), params)
    words = " ".join(t.get_text() for t in figure.axes[0].texts)
    assert f"({np.tanh(0.5):.2f})" in words
    assert f"(−{np.tanh(2 * np.tanh(0.5)):.2f})" in words
    assert "over 2 steps" in figure.alt


def test_the_unrolling_view_shows_the_state():
    explorer = EXPLORERS["unrolling"]()
    xs = np.zeros((60, 1, 1))
    xs[5] = 1
    np.testing.assert_array_equal(
        explorer.values["h"], rnn_forward(xs, memory.scaled(0.9)).h[1:, 0]
    )
    explorer.close()


# ---------------------------------------------------------------- checkers


def loop(xs, W_x, W_h, b, squash=np.tanh, start=False, last=False, keep=True):
    h, hs = np.zeros(len(W_h)), []
    if start:
        hs.append(h)
    for x in xs:
        h = squash(x @ W_x + (h if keep else 0 * h) @ W_h + b)
        hs.append(h)
    return hs[-1] if last else hs


def r2(truth, guess):
    return 1 - ((truth - guess) ** 2).mean() / truth.var()


RIGHT = [
    (check.states, loop),
    (check.states, lambda *a: np.array(loop(*a))),
    (
        check.states,
        lambda xs, W_x, W_h, b: rnn_forward(xs[:, None], RNNParams(W_x, W_h, b)).h[1:, 0],
    ),
    (check.states, lambda *a: np.stack(loop(*a)).tolist()),
    (check.recall, r2),
    (check.recall, lambda t, g: float(1 - np.sum((t - g) ** 2) / np.sum((t - t.mean()) ** 2))),
    (check.recall, lambda t, g: (t.var() - np.square(g - t).mean()) / np.std(t) ** 2),
    (check.recall, lambda t, g: np.array(r2(t, g))),
    (check.bound, lambda W, k, gamma: (gamma * np.linalg.norm(W, 2)) ** k),
    (check.bound, lambda W, k, gamma: (gamma * np.linalg.svd(W)[1][0]) ** k),
    (check.bound, lambda W, k, gamma: (gamma**2 * np.linalg.eigvalsh(W @ W.T).max()) ** (k / 2)),
    (check.bound, lambda W, k, gamma: gradient_bound(W, k, gamma)[-1]),
]
WRONG = [
    (check.states, lambda xs, W_x, W_h, b: None, "returned None"),
    (check.states, lambda *a: loop(*a, keep=False), "never enters"),
    (check.states, lambda *a: loop(*a, squash=lambda z: z), "not squashed"),
    (check.states, lambda xs, W_x, W_h, b: loop(xs, W_x, W_h, 0 * b), "bias b is missing"),
    (check.states, lambda *a: loop(*a, last=True), "the last state only"),
    (check.states, lambda *a: loop(*a, start=True), "starts with h_1"),
    (check.states, lambda xs, W_x, W_h, b: loop(xs, W_x, W_h.T, b), "wrong side"),
    (check.recall, lambda t, g: np.corrcoef(t, g)[0, 1], "correlation"),
    (check.recall, lambda t, g: ((t - g) ** 2).mean(), "mean squared error"),
    (check.recall, lambda t, g: 1 - r2(t, g), "NOT recovered"),
    (check.recall, lambda t, g: 1 - ((t - g) ** 2).mean() / (t**2).mean(), "around the mean"),
    (check.recall, lambda t, g: t / 0, "RuntimeWarning|returned shape"),
    (
        check.bound,
        lambda W, k, gamma: (gamma * np.abs(np.linalg.eigvals(W)).max()) ** k,
        "SINGULAR",
    ),
    (
        check.bound,
        lambda W, k, gamma: (gamma * np.linalg.norm(W, 2)) ** (k + 1),
        "one factor too many",
    ),
    (check.bound, lambda W, k, gamma: np.linalg.norm(W, 2) ** k, "gamma, the activation"),
    (check.bound, lambda W, k, gamma: gamma * np.linalg.norm(W, 2) ** k, "raised to k as well"),
    (check.bound, lambda W, k, gamma: (gamma * np.linalg.norm(W)) ** k, "Frobenius"),
    (check.bound, lambda W, k, gamma: gamma * np.linalg.norm(W, 2), "one step's factor"),
]


def test_the_printed_solutions_are_right():
    path = Path(__file__).parent.parent / "notebooks" / "02_rnn.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    written = {"np": np}
    for solution in re.findall(r"```python\n(.*?)```", text, re.S):
        exec(solution, written)
    for checker, name in (
        (check.states, "states"),
        (check.recall, "r_squared"),
        (check.bound, "bound"),
    ):
        assert checker(written[name]), name


@pytest.mark.parametrize(("checker", "answer"), RIGHT)
def test_right_answers_are_accepted(checker, answer):
    verdict = checker(answer)
    assert verdict.ok, verdict


@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.parametrize(("checker", "answer", "hint"), WRONG)
def test_wrong_answers_are_refused_with_the_right_hint(checker, answer, hint):
    verdict = checker(answer)
    assert not verdict
    assert any(part in repr(verdict) for part in hint.split("|"))
