"""Neuron and MLP: gradients against differences, the two rules, the checkers, the explorers."""

import re

import numpy as np
import pytest

from lstm_core import gradient_check, sigmoid
from lstm_inside.foundations import check
from lstm_inside.foundations import explorers as views
from lstm_inside.foundations import network as mlp


def problem(sizes=(2, 3, 2, 1), B=4, seed=0):
    """Parameters with biases away from 0, inputs, targets."""
    rng = np.random.default_rng(seed)
    params = mlp.init_mlp(sizes, rng=rng)
    biases = [p if p.ndim == 2 else rng.normal(size=p.shape) for p in params]
    params = mlp.MLPParams(*biases) if isinstance(params, mlp.MLPParams) else tuple(biases)
    return params, rng.normal(size=(B, sizes[0])), rng.uniform(0, 1, (B, sizes[-1]))


def gradients(params, x, target, act="sigmoid", rule=mlp.mlp_backward):
    trace = mlp.mlp_forward(x, params, act)
    _, dy = mlp.half_squared_error(trace.y, target)
    return rule(dy, trace, params)


@pytest.mark.parametrize("act", ["sigmoid", "tanh"])
@pytest.mark.parametrize("sizes", [(2, 3, 2, 1), (1, 1), (4, 5, 3), (3, 2, 4, 2), (2, 3, 3, 2, 2)])
def test_gradient_is_right_within_1e_minus_7(sizes, act):
    params, x, target = problem(sizes)

    def loss(params, x=x):
        return mlp.half_squared_error(mlp.mlp_forward(x, params, act).y, target)[0]

    grads = gradients(params, x, target, act)
    report = gradient_check(loss, params, grads.params, tolerance=1e-7)
    assert report.ok, report
    assert not report.vacuous
    report = gradient_check(lambda x: loss(params, x), x, grads.x, tolerance=1e-7)
    assert report.ok, report


def test_delta_is_the_derivative_by_the_pre_activation():
    params, x, target = problem(B=1)
    grads = gradients(params, x, target)
    for n, delta in enumerate(grads.deltas):
        # A bias is added to its pre-activation, so nudging it nudges the pre-activation.
        np.testing.assert_allclose(delta[0], grads.params[2 * n + 1], rtol=1e-12)
    numeric = mlp.finite_differences(
        lambda p: mlp.half_squared_error(mlp.mlp_forward(x, p).y, target)[0], params
    )
    for delta, by_bias in zip(grads.deltas, numeric[1::2], strict=True):
        np.testing.assert_allclose(delta[0], by_bias, rtol=1e-6, atol=1e-10)


def test_forward_is_the_equation():
    params, x, _ = problem()
    h = x
    for W, b in ((params.W_1, params.b_1), (params.W_2, params.b_2), (params.W_3, params.b_3)):
        h = 1 / (1 + np.exp(-(h @ W + b)))
    np.testing.assert_allclose(mlp.mlp_forward(x, params).y, h, rtol=1e-12)


def test_picture_rule_is_as_the_pictures_have_it():
    params, x, target = problem(B=1)
    trace = mlp.mlp_forward(x, params)
    grads = gradients(params, x, target, rule=mlp.mlp_backward_picture_rule)
    error = target[0] - trace.y[0]  # the tutorial's sign
    for n in (2, 1, 0):
        h, before = trace.h[n + 1][0], trace.h[n][0]
        update = np.outer(before, error * h * (1 - h))
        np.testing.assert_allclose(grads.params[2 * n], -update, rtol=1e-12)
        error = params[2 * n] @ error


def test_picture_rule_is_ten_times_too_large_in_the_first_layer():
    ratios = views.measure_ratios(200)
    assert ratios[:, 0].min() > 10
    assert 18 < np.median(ratios[:, 0]) < 23
    assert ratios[:, 1].min() >= 4
    np.testing.assert_allclose(ratios[:, 2], 1, rtol=1e-12)


def test_picture_rule_fails_the_gradient_check():
    params, x, target = problem()
    grads = gradients(params, x, target, rule=mlp.mlp_backward_picture_rule)
    assert not gradient_check(
        lambda p: mlp.half_squared_error(mlp.mlp_forward(x, p).y, target)[0], params, grads.params
    )


def test_step_goes_downhill_and_changes_nothing_it_was_given():
    params, x, target = problem()
    kept = [p.copy() for p in (*params, x, target)]
    grads = gradients(params, x, target)
    new = mlp.descend(params, grads.params, 0.01)
    assert isinstance(new, mlp.MLPParams)
    before, after = (
        mlp.half_squared_error(mlp.mlp_forward(x, p).y, target)[0] for p in (params, new)
    )
    assert after < before
    assert all(map(np.array_equal, kept, (*params, x, target)))


P, X, Y = problem()
TRACE = mlp.mlp_forward(X, P)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: mlp.mlp_forward(X, P, "relu"), ValueError, "act: expected"),
        (lambda: mlp.mlp_forward(X[0], P), ValueError, "x: expected 2 axes"),
        (lambda: mlp.mlp_forward(X[:, :1], P), ValueError, r"x: expected shape \(B, D\)"),
        (lambda: mlp.mlp_forward(X * np.nan, P), ValueError, "x: expected finite"),
        (lambda: mlp.mlp_forward("x", P), TypeError, "x: expected a real-number"),
        (lambda: mlp.mlp_forward(X, list(P)), TypeError, "params: expected"),
        (lambda: mlp.mlp_forward(X, P[:3]), TypeError, "params: expected"),
        (lambda: mlp.mlp_forward(X, P._replace(W_2=P.W_1)), ValueError, "W_2: expected shape"),
        (lambda: mlp.mlp_forward(X, P._replace(b_2=P.b_1)), ValueError, "b_2: expected shape"),
        (lambda: mlp.mlp_forward(X, P._replace(b_3=[np.inf])), ValueError, "b_3: expected finite"),
        (lambda: mlp.mlp_backward(Y, P, P), TypeError, "trace: expected MLPTrace"),
        (lambda: mlp.mlp_backward(Y, TRACE, P[:4]), ValueError, "trace: expected layers"),
        (lambda: mlp.mlp_backward(Y[:2], TRACE, P), ValueError, "dy: expected shape"),
        (lambda: mlp.half_squared_error(Y, Y[0]), ValueError, "target: expected shape"),
        (lambda: mlp.init_mlp((3,), rng=np.random.default_rng(0)), ValueError, "sizes: expected"),
        (lambda: mlp.init_mlp((3, 0), rng=np.random.default_rng(0)), ValueError, "sizes: expected"),
        (lambda: mlp.init_mlp((3, 1), rng=0), TypeError, "rng: expected"),
    ],
)
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_float32_stays_float32():
    params, x, target = problem()
    single = mlp.MLPParams(*(p.astype(np.float32) for p in params))
    exact = gradients(params, x, target)
    grads = gradients(single, x, target)
    for a, b in zip(grads.params, exact.params, strict=True):
        assert a.dtype == np.float32
        assert np.abs(a - b).max() < 2e-4 * np.abs(b).max()


# ---------------------------------------------------------------- checkers


def delta_by_loop(delta_next, W_next, h):
    out = np.zeros_like(h)
    for n in range(len(h)):
        for j in range(h.shape[1]):
            out[n, j] = (W_next[j] * delta_next[n]).sum() * h[n, j] * (1 - h[n, j])
    return out


RIGHT = [
    (check.hidden_delta, lambda d, W, h: (d @ W.T) * h * (1 - h)),
    (check.hidden_delta, lambda d, W, h: np.einsum("bk,nk->bn", d, W) * (h - h**2)),
    (check.hidden_delta, lambda d, W, h: ((W @ d.T).T * h * (1 - h)).tolist()),
    (check.hidden_delta, delta_by_loop),
    (check.updated_weights, lambda W, h, d, rate: W - rate * h.T @ d),
    (check.updated_weights, lambda W, h, d, rate: W - rate * np.einsum("bn,bk->nk", h, d)),
    (
        check.updated_weights,
        lambda W, h, d, rate: W - sum(rate * np.outer(a, b) for a, b in zip(h, d, strict=True)),
    ),
    (check.updated_weights, lambda W, h, d, rate: (W - rate * (d.T @ h).T).tolist()),
]


@pytest.mark.parametrize(("checker", "function"), RIGHT)
def test_right_forms_are_accepted(checker, function):
    verdict = checker(function)
    assert verdict, verdict


def update_in_place(W, h, d, rate):
    W -= rate * h.T @ d
    return W


def slope(h):
    return h * (1 - h)


WRONG = [
    (check.hidden_delta, lambda d, W, h: d @ W.T, "the slip of the pictures"),
    (check.hidden_delta, lambda d, W, h: (d @ W.T) * slope(sigmoid(h)), "squashed already"),
    (check.hidden_delta, lambda d, W, h: (d @ W.T) * (1 - h**2), "slope of tanh"),
    (check.hidden_delta, lambda d, W, h: (d @ W.T) * h, "with h alone"),
    (check.hidden_delta, lambda d, W, h: (d @ W.T) * (1 - h), "with 1 - h alone"),
    (check.hidden_delta, lambda d, W, h: (W.T @ d) * slope(h), r"(B, K) @ (K, N)"),
    (check.hidden_delta, lambda d, W, h: (d @ W.T) @ slope(h), "elementwise"),
    (check.hidden_delta, lambda d, W, h: slope(h), "slope alone"),
    (check.hidden_delta, lambda d, W, h: (d @ W) * slope(h), "W_next.T"),
    (check.hidden_delta, lambda d, W, h: d.dot(W) * slope(h), "W_next.T"),
    (check.hidden_delta, lambda d, W, h: -(d @ W.T) * slope(h), "sign"),
    (check.hidden_delta, lambda d, W, h: ((d @ W.T) * slope(h)).T, "transposed"),
    (check.hidden_delta, lambda d, W, h: None, "returned None"),
    (check.updated_weights, lambda W, h, d, rate: W + rate * h.T @ d, "uphill"),
    (check.updated_weights, lambda W, h, d, rate: h.T @ d, "gradient alone"),
    (check.updated_weights, lambda W, h, d, rate: rate * h.T @ d, "step alone"),
    (check.updated_weights, lambda W, h, d, rate: W - h.T @ d, "learning rate is missing"),
    (check.updated_weights, lambda W, h, d, rate: W - rate * d.sum(axis=0), "h_prev, is missing"),
    (check.updated_weights, lambda W, h, d, rate: W - rate * h.T @ d / len(h), "no mean"),
    (
        check.updated_weights,
        lambda W, h, d, rate: W - rate * np.outer(h[0], d[0]),
        "one example of the batch",
    ),
    (check.updated_weights, update_in_place, "changed the array"),
    (check.updated_weights, lambda W, h, d, rate: W - rate * d.T @ h, "W's shape (N, K)"),
    (check.updated_weights, lambda W, h, d, rate: W - rate * np.outer(d, h), "W's shape (N, K)"),
    (check.updated_weights, lambda W, h, d, rate: W - rate * h @ d, "W's shape (N, K)"),
    (check.updated_weights, lambda W, h, d, rate: W - rate * h.nothing, "raised AttributeError"),
]


@pytest.mark.parametrize(("checker", "function", "hint"), WRONG)
def test_wrong_forms_get_their_hint(checker, function, hint):
    verdict = checker(function)
    assert not verdict
    assert hint in verdict.message


# ---------------------------------------------------------------- explorers


def test_neuron_explorer_shows_the_neuron():
    explorer = views.neuron_explorer()
    explorer.set(w_1=-1.5, w_2=0.5, b=0.3, x_1=0.7, x_2=-2, act="tanh")
    v = explorer.values
    a = -1.5 * 0.7 + 0.5 * -2 + 0.3
    np.testing.assert_allclose([v["a"], v["h"]], [a, np.tanh(a)])
    np.testing.assert_allclose(v["slope"], 1 / np.cosh(a) ** 2)
    np.testing.assert_allclose(v["dw"], v["slope"] * np.array([0.7, -2]))
    np.testing.assert_allclose(v["dx"], v["slope"] * np.array([-1.5, 0.5]))
    np.testing.assert_allclose(v["plane"][0, -1], np.tanh((-1.5 - 0.5) * 120 / 41 + 0.3))
    explorer.close()


@pytest.mark.parametrize(("w_1", "w_2", "b"), [(2, 1, -0.5), (0, 1, 2), (4, 0, -6), (0, 0, 1)])
def test_border_is_where_the_sum_is_zero(w_1, w_2, b):
    xs, ys = views._border(w_1, w_2, b)
    np.testing.assert_allclose(w_1 * np.array(xs) + w_2 * np.array(ys) + b, 0, atol=1e-12)
    assert len(xs) > 50 or (w_1, w_2) == (0, 0)


@pytest.mark.parametrize("rule", list(views.RULES))
def test_backprop_explorer_shows_the_pass_it_names(rule):
    explorer = views.backprop_explorer()
    explorer.set(x_1=-0.5, x_2=1.2, target=0.2, rate=5, rule=rule, step=views.STEPS)
    v = explorer.values
    x, target = np.array([[-0.5, 1.2]]), np.array([[0.2]])
    grads = gradients(views.CLASSIC, x, target, rule=views.RULES[rule])
    np.testing.assert_allclose(list(v["deltas"].values()), np.concatenate(grads.deltas, axis=1)[0])
    for n in range(3):
        want = views.CLASSIC[2 * n] - 5 * grads.params[2 * n]
        np.testing.assert_allclose(v["W_new"][n], want)
    h = x
    for W in v["W_new"]:
        h = sigmoid(h @ W)
    np.testing.assert_allclose(v["loss_new"], (h - target).item() ** 2 / 2)
    assert f"{v['loss_new']:.4f}" in explorer.caption
    explorer.close()


def test_backprop_explorer_walks_forward_and_back():
    explorer = views.backprop_explorer()
    frames = []
    for step in range(views.STEPS + 1):
        explorer.set(step=step)
        frames.append(explorer.frame)
    assert len(set(frames)) == views.STEPS + 1
    for step in reversed(range(views.STEPS + 1)):
        explorer.set(step=step)
        assert explorer.frame == frames[step]
    explorer.set(step=9)
    assert "δ₄ = (−0.14373)·0.2264 = −0.03255" in explorer.caption
    assert explorer.frame.decode().count(">δ ") == 2  # neurons 6 and 4; the others are to come
    explorer.set(step=views.STEPS)  # a new forward pass: the old deltas are not its own
    assert ">δ " not in explorer.frame.decode()
    explorer.close()


def test_what_the_picture_rule_sends_on_stands_on_the_drawing():
    explorer = views.backprop_explorer()
    explorer.set(rule=views.PICTURE, step=12)
    dy = explorer.values["y"] - explorer.values["target"]
    W = views.CLASSIC.W_3[:, 0]
    shown = re.findall("−e = (−?[0-9.]+)<", explorer.frame.decode())
    shown = [float(number.replace("−", "-")) for number in shown]
    np.testing.assert_allclose(shown, [dy * W[0], dy * W[1], dy], atol=1e-5)
    explorer.set(rule=views.TRUE)
    assert "−e = " not in explorer.frame.decode()
    explorer.close()


def test_rules_explorer_agrees_with_the_measurement():
    explorer = views.rules_explorer()
    ratios = views.measure_ratios(8)
    for network in (1, 8):
        explorer.set(network=network)
        np.testing.assert_allclose(explorer.values["ratio"], ratios[network - 1])
        for t, d in zip(explorer.values["true"], explorer.values["differences"], strict=True):
            np.testing.assert_allclose(t, d, atol=1e-9)
        assert explorer.values["agree"]
    explorer.set(network=7, act="tanh")
    assert "is 0.5 times the true one in layer 1" in explorer.caption
    explorer.close()


def test_every_ratio_is_inside_the_frame():
    for act in ("sigmoid", "tanh"):
        ratios = views.measure_ratios(act=act)
        assert 0.3 < ratios.min() <= ratios.max() < 1000
    np.testing.assert_allclose(np.median(ratios, axis=0), [1.7, 1.2, 1], atol=0.05)  # tanh
    assert ratios[:, 0].min() < 0.5
    assert ratios[:, 0].max() > 600
