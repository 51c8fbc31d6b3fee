"""Neuron and MLP: gradients against differences, two rules, learning, the checkers, the explorers."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from lstm_core import (
    RNNParams,
    gradient_check,
    init_rnn,
    rnn_backward,
    rnn_forward,
    sigmoid,
)
from lstm_inside.foundations import (
    XOR_INPUTS,
    XOR_TARGETS,
    check,
    figures,
    learning,
    measure_depth,
    measure_memory,
    measure_rules,
    memory,
    photograph,
    push_left,
    strips,
    train_cohort,
)
from lstm_inside.foundations import explorers as views
from lstm_inside.foundations import explorers_nudges as nudges
from lstm_inside.foundations import explorers_walk as walk
from lstm_inside.foundations import network as mlp

ROOT = Path(__file__).parent.parent


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


def test_missing_slope_rule_is_as_the_tutorial_has_it():
    params, x, target = problem(B=1)
    trace = mlp.mlp_forward(x, params)
    grads = gradients(params, x, target, rule=mlp.mlp_backward_missing_slopes)
    error = target[0] - trace.y[0]  # the tutorial's sign
    for n in (2, 1, 0):
        h, before = trace.h[n + 1][0], trace.h[n][0]
        update = np.outer(before, error * h * (1 - h))
        np.testing.assert_allclose(grads.params[2 * n], -update, rtol=1e-12)
        error = params[2 * n] @ error


def test_missing_slope_rule_is_ten_times_too_large_in_the_first_layer():
    measured = measure_rules(200)
    sizes = measured["sizes"]
    ratios = sizes["missing"] / sizes["true"]
    assert ratios[:, 0].min() > 10
    assert 18 < np.median(ratios[:, 0]) < 23
    assert ratios[:, 1].min() >= 4
    np.testing.assert_allclose(ratios[:, 2], 1, rtol=1e-12)
    assert measured["true"].all()
    assert not measured["missing"].any()
    before, true, missing, flipped, as_long = measured["losses"].T
    assert (true < before).all()
    assert (missing < true).all()  # a longer step, and no better one:
    assert (true < as_long).all()
    assert (as_long < before).all()
    assert (flipped > before).all()
    assert (measured["cosine"] > 0.2).all()
    for seed in (0, 7):
        true, missing = (
            gradients(*mlp.random_case(np.random.default_rng(seed)), rule=rule).params[::2]
            for rule in (mlp.mlp_backward, mlp.mlp_backward_missing_slopes)
        )
        size = [np.sqrt((t**2).mean()) for t in true]
        np.testing.assert_allclose(sizes["true"][seed], size)
        faulty = [np.sqrt((m**2).mean()) for m in missing]
        np.testing.assert_allclose(sizes["missing"][seed], faulty)
        one, other = (np.concatenate([dW.ravel() for dW in rule]) for rule in (true, missing))
        one, other = one / np.linalg.norm(one), other / np.linalg.norm(other)
        np.testing.assert_allclose(measured["cosine"][seed], one @ other)
    np.testing.assert_allclose(sizes["differences"], sizes["true"], rtol=1e-5)


def test_a_step_by_either_rule_is_tried_not_inferred(monkeypatch):
    params, x, target = mlp.random_case(np.random.default_rng(7))
    for way, rule in ((1, mlp.mlp_backward), (2, mlp.mlp_backward_missing_slopes)):
        grads = gradients(params, x, target, rule=rule)
        moved = params._replace(
            **{f"W_{n}": params[2 * n - 2] - 0.1 * grads.params[2 * n - 2] for n in (1, 2, 3)}
        )
        loss, _ = mlp.half_squared_error(mlp.mlp_forward(x, moved).y, target)
        np.testing.assert_allclose(measure_rules(8)["losses"][7, way], loss)
    there = measure_rules(20)["losses"]
    monkeypatch.setattr(learning, "STEP", -0.1)  # uphill
    back = measure_rules(20)["losses"]
    np.testing.assert_array_equal(there[:, [1, 3]], back[:, [3, 1]])
    assert (back[:, 2] > back[:, 0]).all()


@pytest.mark.parametrize("act", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("scale", [1.0, 2.5])
def test_depth_is_measured_with_the_slopes_and_without(act, scale):
    measured = measure_depth(layers=4, count=3, scale=scale, act=act)
    rng = np.random.default_rng(2)
    W = [scale * W_n for W_n in mlp.init_mlp((2, 3, 3, 3, 1), rng=rng)[::2]]
    x = rng.uniform(-1, 1, 2)

    def last(biases):
        """The last pre-activation, with something added to every other one."""
        h = x
        for W_n, b in zip(W[:-1], biases, strict=True):
            a = h @ W_n + b
            h = {"sigmoid": sigmoid(a), "tanh": np.tanh(a), "relu": np.maximum(a, 0)}[act]
        return (h @ W[-1])[0]

    nudged = mlp.finite_differences(last, tuple(np.zeros(3) for _ in range(3)))
    sizes = [*(np.sqrt((delta**2).mean()) for delta in nudged), 1]
    np.testing.assert_allclose(measured["true"][2], sizes, rtol=1e-5, atol=1e-9)
    back = W[3].T @ W[2].T @ W[1].T
    np.testing.assert_allclose(measured["slopes 1"][2, 0], np.sqrt((back**2).mean()))
    np.testing.assert_allclose(measured["slopes 1"][:, -1], 1)
    assert measure_depth(layers=1, count=2)["true"].shape == (2, 1)
    h = XOR_INPUTS
    for n, W_n in enumerate(W[:-1]):
        a = h @ W_n
        h = {"sigmoid": sigmoid(a), "tanh": np.tanh(a), "relu": np.maximum(a, 0)}[act]
        np.testing.assert_allclose(measured["apart"][2, n], np.ptp(h, axis=0).max())


def test_rotations_alone_keep_a_delta_and_the_slopes_of_tanh_little_less():
    measured = measure_depth(act="tanh", weights="rotations")
    sizes = measured["slopes 1"]
    np.testing.assert_allclose(sizes[:, :-1] / sizes[:, [-2]], 1)  # from layer 9 to layer 1
    assert 0.2 < np.median(measured["true"][:, 0]) < 0.4
    assert np.median(measured["apart"][:, -1]) > 0.5


@pytest.mark.parametrize("edition", [".", "zh"])
def test_the_tables_behind_the_explorers_are_what_is_measured(edition):
    path = ROOT / "notebooks" / edition / "01_foundations.ipynb"
    page = json.loads(path.read_text(encoding="utf-8"))
    text = "".join("".join(cell["source"]) for cell in page["cells"])
    rows = [
        ("sigmoid", "normal", 0.5), ("sigmoid", "normal", 1), ("sigmoid", "normal", 3),
        ("sigmoid", "normal", 8), ("tanh", "normal", 0.5), ("tanh", "normal", 1),
        ("tanh", "rotations", 1), ("relu", "normal", 1), ("relu", "normal", 2),
    ]  # fmt: skip
    for act, weights, scale in rows:
        measured = measure_depth(scale=scale, act=act, weights=weights)
        true, bare = measured["true"][:, 0], measured["slopes 1"][:, 0]
        arrives = true > 0
        together, alone = (np.median(sizes[arrives]) ** (1 / 9) for sizes in (true, bare))
        assert f"| {scale} | {alone:.2f} | {together / alone:.2f} | {together:.2f} |" in text
    for inputs, recurrent in ((0.25, 1), (1, 1), (2, 1), (1, 1.1), (0.25, 1.1)):
        found = measure_memory(inputs, recurrent)
        kept, back = np.median(found["kept"][-1]), np.median(found["gradient"][-1])
        (row,) = re.findall(rf"\| {inputs} \| {recurrent} \| (.*) \| (.*) \| (.*) \|\n", text)
        np.testing.assert_allclose([float(row[0]), float(row[2])], [kept, back], rtol=0.03)
        assert row[1] == f"{kept ** (1 / 50):.2f}"


def test_no_size_of_the_weights_lets_a_sigmoid_delta_through():
    for scale in np.arange(0.5, 8.1, 0.5):
        measured = {
            way: np.median(found[:, 0]) for way, found in measure_depth(scale=scale).items()
        }
        assert measured["true"] < 3e-4
        assert scale < 1 or measured["slopes 1"] > 1
    assert (measure_depth(act="relu")["true"][:, 0] == 0).sum() == 143


def test_what_is_left_of_the_pushes_is_their_sum_against_their_sizes():
    params = problem()[0]
    for layer in (1, 2, 3):
        by_corner = [
            gradients(params, x[None], target[None]).params[2 * (layer - 1)]
            for x, target in zip(XOR_INPUTS, XOR_TARGETS, strict=True)
        ]
        left = np.abs(np.sum(by_corner, axis=0)) / np.abs(by_corner).sum(axis=0)
        np.testing.assert_allclose(
            push_left(params, XOR_INPUTS, XOR_TARGETS, layer=layer), left.mean()
        )
    assert push_left(params, XOR_INPUTS[1:2], XOR_TARGETS[1:2]) == 1  # one corner: nothing cancels
    assert push_left(params, np.zeros((2, 2)), np.ones((2, 1))) == 0  # nothing is pushed


def test_memory_is_measured_on_the_rnn_s_own_states():
    measured = measure_memory(inputs=0.5, recurrent=0.9, count=2)
    y = memory.readings()
    p = init_rnn(4, 6, rng=np.random.default_rng(1), recurrent="orthogonal")
    p = p._replace(W_x=0.5 * p.W_x, W_h=0.9 * p.W_h)
    assert not p.b.any()
    orders = [
        np.r_[order, np.tile(np.arange(10), 5)] for order in (np.arange(10), memory.swapped(1, 5))
    ]
    trace = rnn_forward(y[np.array(orders)].swapaxes(0, 1), p)
    apart = np.linalg.norm(trace.h[10:, 0] - trace.h[10:, 1], axis=1)
    np.testing.assert_allclose(measured["kept"][:, 1], apart / apart[0])
    assert measured["kept"].shape == (51, 2)
    own = rnn_forward(y[orders[0]][:, None], p)
    after = rnn_forward(own.xs[10:], p, h0=own.h[10])
    squares = 0
    for direction in np.eye(6):
        dhs = np.zeros((50, 1, 6))
        dhs[-1] = direction
        squares += (rnn_backward(dhs, after, p).h[0] ** 2).sum()
    np.testing.assert_allclose(measured["gradient"][:, 1][[0, -1]], [1, np.sqrt(squares / 6)])


def test_missing_slope_rule_fails_the_gradient_check():
    params, x, target = problem()
    grads = gradients(params, x, target, rule=mlp.mlp_backward_missing_slopes)
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


# ---------------------------------------------------------------- learning


RULES = {"true": mlp.mlp_backward, "missing": mlp.mlp_backward_missing_slopes}


@pytest.mark.parametrize("rule", list(RULES))
def test_a_cohort_learns_as_each_network_alone(rule):
    starts = [problem(seed=seed)[0] for seed in range(3)]
    cohort = train_cohort(
        starts, XOR_INPUTS, XOR_TARGETS, 0.7, 25, direction=rule, length=rule, keep=10
    )
    assert cohort.losses.shape == (26, 3)
    np.testing.assert_array_equal(cohort.kept, [0, 10, 20, 25])
    for n in (1, 2, 3):
        step = [cohort.network(25, s)[2 * n - 2] - starts[s][2 * n - 2] for s in range(3)]
        np.testing.assert_allclose(cohort.moved(n), [np.sqrt((d**2).mean()) for d in step])
    np.testing.assert_array_equal(cohort.learned_at(below=1e-9), [np.inf] * 3)
    for below in (cohort.losses[0].max() + 1, np.median(cohort.losses)):
        first = [next((t for t, x in enumerate(c) if x < below), np.inf) for c in cohort.losses.T]
        np.testing.assert_array_equal(cohort.learned_at(below), first)
    for number, params in enumerate(starts):
        for step in range(26):
            if step in cohort.kept:
                for mine, theirs in zip(params, cohort.network(step, number), strict=True):
                    np.testing.assert_allclose(theirs, mine, rtol=1e-9)
            grads = gradients(params, XOR_INPUTS, XOR_TARGETS, rule=RULES[rule])
            loss, _ = mlp.half_squared_error(mlp.mlp_forward(XOR_INPUTS, params).y, XOR_TARGETS)
            np.testing.assert_allclose(cohort.losses[step, number], loss, rtol=1e-9)
            params = mlp.descend(params, grads.params, 0.7)


def test_far_out_a_cohort_is_silent_and_its_answers_are_0_or_1():
    start = tuple(1000.0 * p for p in problem()[0])  # exp(-a) is beyond any float
    cohort = train_cohort([start], XOR_INPUTS, XOR_TARGETS, 0.5, 2)
    loss, _ = mlp.half_squared_error(mlp.mlp_forward(XOR_INPUTS, start).y, XOR_TARGETS)
    np.testing.assert_allclose(cohort.losses, loss)


def by_layer(grads):
    """A layer's derivatives in one array, weights and biases together."""
    return [np.concatenate([W.ravel(), b]) for W, b in zip(grads[::2], grads[1::2], strict=True)]


@pytest.mark.parametrize(("direction", "length"), [("true", "missing"), ("missing", "true")])
def test_a_step_has_the_direction_of_one_rule_and_the_length_of_the_other(direction, length):
    start = problem()[0]
    cohort = train_cohort(
        [start], XOR_INPUTS, XOR_TARGETS, 0.7, 1, direction=direction, length=length
    )
    step = [a - b for a, b in zip(start, cohort.network(1, 0), strict=True)]
    want = {
        name: by_layer(gradients(start, XOR_INPUTS, XOR_TARGETS, rule=rule).params)
        for name, rule in RULES.items()
    }
    for moved, way, size in zip(by_layer(step), want[direction], want[length], strict=True):
        np.testing.assert_allclose(np.linalg.norm(moved), 0.7 * np.linalg.norm(size))
        np.testing.assert_allclose(
            moved / np.linalg.norm(moved), way / np.linalg.norm(way), atol=1e-9
        )


def test_a_layer_s_step_can_be_as_long_as_the_last_layer_s():
    start = problem()[0]
    cohort = train_cohort([start], XOR_INPUTS, XOR_TARGETS, 0.7, 1, length="last")
    step = by_layer([a - b for a, b in zip(start, cohort.network(1, 0), strict=True)])
    true = by_layer(gradients(start, XOR_INPUTS, XOR_TARGETS).params)
    for moved, way in zip(step, true, strict=True):
        np.testing.assert_allclose(
            moved / np.linalg.norm(moved), way / np.linalg.norm(way), atol=1e-9
        )
        np.testing.assert_allclose((moved**2).mean(), (0.7 * true[-1] ** 2 * 0.7).mean())


def test_a_cohort_with_tanh_inside_goes_down_its_own_loss():
    start = problem()[0]

    def loss(params):
        inside = mlp.mlp_forward(XOR_INPUTS, tuple(params[:-2]), "tanh").y
        y = mlp.mlp_forward(inside, tuple(params[-2:])).y
        return mlp.half_squared_error(y, XOR_TARGETS)[0]

    cohort = train_cohort([start], XOR_INPUTS, XOR_TARGETS, 0.7, 1, act="tanh")
    np.testing.assert_allclose(cohort.losses[:, 0], [loss(start), loss(cohort.network(1, 0))])
    want = mlp.descend(start, mlp.finite_differences(loss, start), 0.7)
    for mine, theirs in zip(want, cohort.network(1, 0), strict=True):
        np.testing.assert_allclose(theirs, mine, atol=1e-8)


def test_a_cohort_takes_networks_of_any_depth_and_keeps_the_ends():
    starts = [mlp.init_mlp((2, 4, 1), rng=np.random.default_rng(seed)) for seed in range(2)]
    cohort = train_cohort(starts, XOR_INPUTS, XOR_TARGETS, 0.1, 5)
    np.testing.assert_array_equal(cohort.kept, [0, 5])
    assert type(cohort.network(5, 1)) is tuple
    assert all(map(np.array_equal, cohort.network(0, 1), starts[1]))
    with pytest.raises(ValueError, match="step: expected a kept step"):
        cohort.network(3, 0)
    with pytest.raises(ValueError, match="number: expected 0 to 1, got 2"):
        cohort.network(5, 2)
    with pytest.raises(ValueError, match="starts: expected networks of one shape"):
        train_cohort([*starts, problem()[0]], XOR_INPUTS, XOR_TARGETS, 0.1, 5)


def test_photograph_and_its_strips():
    grey, colour = photograph(), photograph(colour=True)
    assert grey.shape == (1, 72, 60)
    assert colour.shape == (3, 72, 60)
    assert 0 <= grey.min() < 0.1
    assert 0.9 < grey.max() <= 1
    assert np.corrcoef(grey.ravel(), colour.mean(axis=0).ravel())[0, 1] > 0.9
    cut = strips(10)
    assert cut.shape == (10, 1, 72, 6)
    np.testing.assert_array_equal(np.concatenate(list(cut), axis=-1), grey)


P, X, Y = problem()
TRACE = mlp.mlp_forward(X, P)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: mlp.mlp_forward(X, P, "step"), ValueError, "act: expected"),
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


def by_one_line():
    return [[5.0], [5.0]], [-2.5]


def by_two_lines(scale=10.0, second=-15.0):
    """OR, and AND taken away from it."""
    W_1 = [[scale, scale], [scale, scale]]
    return W_1, [-scale / 2, second * scale / 10], [[scale], [-scale]], [-scale / 2]


def by_nor_and_and():
    """Neither of "none" and "both": other lines, negative weights, as arrays of whole numbers."""
    W_1 = np.array([[-20, 20], [-20, 20]])
    return [W_1, np.array([10, -30]), np.array([[-20], [-20]]), np.array([10])]


def by_three_layers():
    return (
        *by_two_lines()[:2],
        [[20.0, 0.0], [0.0, 20.0]],
        [-10.0, -10.0],
        [[20.0], [-20.0]],
        [-10.0],
    )


RIGHT = [
    (check.xor_by_hand, by_two_lines),
    (check.xor_by_hand, by_nor_and_and),
    (check.xor_by_hand, by_three_layers),
    (check.xor_by_hand, lambda: mlp.MLPParams(*map(np.array, by_three_layers()))),
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
    (check.xor_by_hand, by_one_line, "single neuron"),
    (check.xor_by_hand, lambda: by_two_lines(second=-5.0), "2 of 4 corners are right"),
    (check.xor_by_hand, lambda: by_two_lines(scale=0.0), "0.9; yours is 0.50. 0 of 4 corners"),
    (check.xor_by_hand, lambda: by_two_lines(scale=4.0), "not clear"),
    (check.xor_by_hand, lambda: by_two_lines(scale=200.0, second=-10.5), "too close to a corner"),
    (check.xor_by_hand, lambda: by_two_lines()[:3], "weights and biases (W_1, b_1, W_2, b_2)"),
    (check.xor_by_hand, lambda: ([[1.0]], [0.0]), "2 inputs and 1 output"),
    (check.xor_by_hand, lambda: ([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0]), "2 inputs and 1 output"),
    (check.xor_by_hand, lambda: None, "returned None"),
    (
        check.xor_by_hand,
        lambda: (*by_two_lines()[:2], [[10.0, -10.0]], [-5.0]),
        "W_2 has shape (1, 2); expected (2, 1)",
    ),
    (
        check.xor_by_hand,
        lambda: (by_two_lines()[0], [[-5.0, -15.0]], *by_two_lines()[2:]),
        "b_1 has shape (1, 2); expected (2,)",
    ),
    (check.hidden_delta, lambda d, W, h: d @ W.T, "slope of the neuron itself is missing"),
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


@pytest.mark.parametrize("checker", [check.hidden_delta, check.updated_weights])
def test_yours_takes_over_where_it_is_right_and_ours_where_it_is_not(checker):
    rng = np.random.default_rng(5)
    delta, W, h = rng.normal(size=(3, 2)), rng.normal(size=(4, 2)), rng.uniform(size=(3, 4))
    given = (delta, W, h) if checker is check.hidden_delta else (W, h, delta, 0.3)
    want = RIGHT[4 if checker is check.hidden_delta else 8][1](*given)

    def taken(function):
        place = 0 if checker is check.hidden_delta else 1
        return check.yours_or_ours({checker.__name__: function})[place]

    calls = []
    for accepts, function in RIGHT:
        if accepts is checker:
            mine = taken(lambda *a, function=function: calls.append(1) or function(*a))
            calls.clear()  # the checker's own calls
            got = mine(*given)
            assert isinstance(got, np.ndarray)
            np.testing.assert_allclose(got, want)
            assert calls == [1]
    for accepts, function, _ in WRONG:
        if accepts is checker:
            np.testing.assert_allclose(taken(function)(*given), want)


def test_the_page_prints_the_same_with_the_exercises_open_and_solved(capsys):
    page = json.loads((ROOT / "notebooks" / "01_foundations.ipynb").read_text(encoding="utf-8"))
    cells = {cell["id"]: "".join(cell["source"]) for cell in page["cells"]}
    solved = dict(cells)
    for exercise, answer in (("a21", "a22"), ("a23", "a24")):
        solved[exercise] = re.search(r"```python\n(.*?)```", cells[answer], re.S)[1]
    said = []
    for page_cells in (cells, solved):
        names = {}
        for cell in ("a01", "a09", "a21", "a23"):
            exec(page_cells[cell], names)
        capsys.readouterr()
        for cell in ("a15", "learn"):
            exec(page_cells[cell], names)
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert "to nine decimals" in said[0]
    assert "answers [0.01 0.98 0.99 0.02]" in said[0]


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
    x_1, x_2 = at(explorer, "a = 0")
    np.testing.assert_allclose(-1.5 * x_1 + 0.5 * x_2 + 0.3, 0, atol=1e-9)
    x_1, x_2 = at(explorer, "your input")
    assert (x_1, abs(x_2 + 2)) == (0.7, pytest.approx(0.36))
    explorer.set(w_1=0, w_2=0)  # no line, no tag
    assert ">a = 0<" not in explorer.frame.decode()
    explorer.close()


def test_neuron_explorer_shows_a_relu_and_an_input_beyond_the_axis():
    explorer = views.neuron_explorer()
    explorer.set(act="relu")
    v = explorer.values
    assert (v["a"], v["h"], v["slope"], tuple(v["dw"])) == (2, 2, 1, (1, 0.5))
    assert "slope · x₂ = 1.000 · 0.5 = +0.500" in explorer.caption
    explorer.set(w_1=-4)
    assert (explorer.values["h"], explorer.values["slope"]) == (0, 0)
    marks = [a for a in explorer._moving if getattr(a, "get_marker", str)() in ("o", "<", ">")]
    assert {mark.get_marker() for mark in marks} == {"o"}
    explorer.set(x_1=-3)  # a = 12
    assert [mark.get_marker() for mark in marks].count(">") == 2
    explorer.close()


def _texts(explorer):
    return [a.get_text() for a in explorer._moving if hasattr(a, "get_text")]


def at(explorer, words):
    """Where these words stand, in the data of their axes."""
    (found,) = (a for a in explorer._moving if getattr(a, "get_text", str)() == words)
    return found.get_position()


@pytest.mark.parametrize(("w_1", "w_2", "b"), [(2, 1, -0.5), (0, 1, 2), (4, 0, -6), (0, 0, 1)])
def test_border_is_where_the_sum_is_zero(w_1, w_2, b):
    xs, ys = views.border_line(w_1, w_2, b)
    np.testing.assert_allclose(w_1 * np.array(xs) + w_2 * np.array(ys) + b, 0, atol=1e-12)
    assert len(xs) > 50 or (w_1, w_2) == (0, 0)


@pytest.mark.parametrize("rule", list(walk.RULES))
def test_backprop_explorer_shows_the_pass_it_names(rule):
    explorer = walk.backprop_explorer()
    explorer.set(x_1=-0.5, x_2=1.2, target=0.2, rate=5, rule=rule, step=walk.STEPS)
    v = explorer.values
    x, target = np.array([[-0.5, 1.2]]), np.array([[0.2]])
    grads = gradients(mlp.CLASSIC, x, target, rule=walk.RULES[rule])
    np.testing.assert_allclose(list(v["deltas"].values()), np.concatenate(grads.deltas, axis=1)[0])
    for n in range(3):
        want = mlp.CLASSIC[2 * n] - 5 * grads.params[2 * n]
        np.testing.assert_allclose(v["W_new"][n], want)
    h = x
    for W in v["W_new"]:
        h = sigmoid(h @ W)
    np.testing.assert_allclose(v["loss_new"], (h - target).item() ** 2 / 2)
    assert f"{v['loss_new']:.4f}" in explorer.caption
    explorer.close()


def test_backprop_explorer_walks_forward_and_back():
    explorer = walk.backprop_explorer()
    assert explorer.frame.decode().count(">δ ") == 4  # it opens at neuron 1
    explorer.show_preset("at the loss")
    assert ">δ " not in explorer.frame.decode()  # no δ given away
    frames = []
    for step in range(walk.STEPS + 1):
        explorer.set(step=step)
        frames.append(explorer.frame)
    assert len(set(frames)) == walk.STEPS + 1
    for step in reversed(range(walk.STEPS + 1)):
        explorer.set(step=step)
        assert explorer.frame == frames[step]
    explorer.set(step=9)
    assert "δ₄ = (−0.14373)·0.2264 = −0.03255" in explorer.caption
    assert explorer.frame.decode().count(">δ ") == 2  # neurons 6 and 4; the others are to come
    explorer.set(step=walk.STEPS)  # a new forward pass: the old deltas are not its own
    assert ">δ " not in explorer.frame.decode()
    explorer.close()


@pytest.mark.parametrize("rule", list(walk.RULES))
def test_what_comes_back_along_a_line_adds_up_to_the_delta(rule):
    explorer = walk.backprop_explorer()
    explorer.set(rule=rule, step=9)  # neurons 6 and 4
    assert explorer.frame.decode().count(">← ") == 1
    explorer.set(step=13)
    shown = re.findall(">← ([+−][0-9.]+)<", explorer.frame.decode())
    shown = [float(number.replace("−", "-")) for number in shown]
    v, W = explorer.values, mlp.CLASSIC.W_2
    assert len(shown) == 8
    for j in range(3):
        back = sum(W[j, k] * walk._carried(v)[1, k] for k in range(2))
        local = v["h"][1, j] * (1 - v["h"][1, j])
        np.testing.assert_allclose(back * local, v["deltas"][0, j])
        for k in range(2):
            assert any(abs(W[j, k] * walk._carried(v)[1, k] - n) < 6e-5 for n in shown)
    explorer.close()


def test_what_the_missing_slope_rule_sends_on_stands_on_the_drawing():
    explorer = walk.backprop_explorer()
    explorer.set(rule=walk.MISSING, step=12)
    dy = explorer.values["y"] - explorer.values["target"]
    W = mlp.CLASSIC.W_3[:, 0]
    shown = re.findall(">e = (−?[0-9.]+)<", explorer.frame.decode())
    shown = [float(number.replace("−", "-")) for number in shown]
    np.testing.assert_allclose(shown, [dy * W[0], dy * W[1], dy], atol=1e-5)
    explorer.set(rule=walk.TRUE)
    assert ">e = " not in explorer.frame.decode()
    explorer.close()


def test_line_explorer_counts_the_points_on_their_side():
    explorer = views.line_explorer()
    explorer.set(task="AND", w_1=2, w_2=2, b=-3)
    assert explorer.values["right"] == 4
    assert "Reached" in explorer.challenge.words(explorer.values)
    assert "wrong side" not in explorer.frame.decode()
    explorer.set(task="OR")
    assert explorer.values["right"] == 2
    assert explorer.frame.decode().count(">wanted 1: wrong side<") == 2
    crosses, at_sums = (a for a in explorer._moving if getattr(a, "get_marker", str)() == "x")
    np.testing.assert_array_equal(crosses.get_xydata(), [[0, 1], [1, 0]])  # on these corners
    np.testing.assert_allclose(at_sums.get_xdata(), explorer.values["a"][1:3])
    for preset in ("OR", "AND", "XOR"):
        explorer.show_preset(preset)
        assert explorer.values["right"] == 3, preset
    assert explorer.challenge.words(explorer.values).startswith("Now 3 of 4. Can you beat 3?")
    explorer.close()


def test_no_line_gets_xor_right():
    explorer = views.line_explorer()
    rng = np.random.default_rng(3)
    for _ in range(100):
        w_1, w_2, b = rng.uniform(-4, 4, 3).round(1)
        explorer.set(task="XOR", w_1=w_1, w_2=w_2, b=b)
        a = explorer.values["a"]
        assert explorer.values["right"] < 4
        np.testing.assert_allclose(a[0] + a[3], a[1] + a[2], atol=1e-12)
        np.testing.assert_allclose(explorer.values["middle"], (a[0] + a[3]) / 2, atol=1e-12)
    explorer.close()


@pytest.mark.parametrize("what", ["x", "w"])
def test_chain_explorer_multiplies_the_slopes(what):
    explorer = nudges.chain_explorer()
    explorer.set(what=what, x=0.7, w=-1.2, target=0.9, nudge=0.05)
    v = explorer.values

    def loss(x, w):
        return (sigmoid(np.array(x * w)) - 0.9) ** 2 / 2

    step = 1e-6
    ends = [loss(0.7 + s, -1.2) if what == "x" else loss(0.7, -1.2 + s) for s in (step, -step)]
    np.testing.assert_allclose(v["derivative"], (ends[0] - ends[1]) / (2 * step), rtol=1e-6)
    np.testing.assert_allclose(v["told"], 0.05 * v["derivative"])
    moved = loss(0.75, -1.2) if what == "x" else loss(0.7, -1.15)
    np.testing.assert_allclose(v["change"], moved - loss(0.7, -1.2))
    np.testing.assert_allclose(v["change"], v["told"], rtol=0.05)
    explorer.set(nudge=1)
    v = explorer.values
    gap = abs(v["told"] - v["change"])
    assert gap > 0.002
    shown = abs(round(v["told"], 5) - round(v["change"], 5))  # as the two numbers beside it
    share = shown / abs(round(v["change"], 5))
    assert f">] gap: {shown:.5f} = {share:.1%} of L's change<" in explorer.frame.decode()
    (bracket,) = (a for a in explorer._moving if getattr(a, "get_linewidth", int)() == 2.8)
    np.testing.assert_allclose(np.ptp(bracket.get_ydata()), gap)
    name = {"x": "the input x", "w": "the weight w"}[what]
    assert f">{name} (the number nudged)<" in explorer.frame.decode()
    explorer.set(nudge=0)  # no change, of which the gap would be a share
    assert ">] gap: 0.00000<" in explorer.frame.decode()
    explorer.close()


def test_two_paths_add_up_to_the_delta():
    explorer = nudges.paths_explorer()
    assert (explorer.values["paths"] < 0).all()  # as drawn, the paths help each other
    explorer.show_preset("they cancel")
    assert abs(explorer.values["together"]) < 0.01 * abs(explorer.values["paths"]).max()
    for w_15 in (-2, -0.7, 0, 2):
        explorer.set(w_14=1.1, w_15=w_15, nudge=0.05)
        v = explorer.values
        np.testing.assert_allclose(v["paths"].sum(), v["together"])
        np.testing.assert_allclose(v["measured"], v["together"], rtol=0.05)
    explorer.show_preset("as drawn")
    assert "through 4: 0.233 · 1.1 · 0.226 · 1.4 · 0.244 · (−0.421)" in explorer.frame.decode()
    x, target = mlp.EXAMPLE
    delta_1 = gradients(mlp.CLASSIC, x, target).deltas[0][0, 0]
    np.testing.assert_allclose(explorer.values["together"], delta_1)
    assert (explorer.values["paths"] < 0).all()
    explorer.close()


def test_learning_explorer_shows_the_training_step_by_step():
    explorer = views.learning_explorer()
    explorer.set(start=2, rate=2, step=300)
    params = mlp.init_mlp((2, 3, 2, 1), rng=np.random.default_rng(1))
    for _ in range(300):
        params = mlp.descend(params, gradients(params, XOR_INPUTS, XOR_TARGETS).params, 2.0)
    y = mlp.mlp_forward(XOR_INPUTS, params).y
    np.testing.assert_allclose(explorer.values["y"], y[:, 0], rtol=1e-8)
    loss = mlp.half_squared_error(y, XOR_TARGETS)[0]
    np.testing.assert_allclose(explorer.values["loss"], loss, rtol=1e-8)
    assert "start 2, step 300" in explorer.frame.decode()
    for name, w, b in zip("₁₂₃", params.W_1.T, params.b_1, strict=True):
        np.testing.assert_allclose(w @ at(explorer, f"a{name} = 0") + b, 0, atol=1e-6)
    assert explorer.values["solved"] == 11
    assert "11 of 12 starts" in explorer.caption
    assert "start 12" in explorer.frame.decode()
    explorer.set(eleven=False)
    assert "of 12 starts" not in explorer.caption
    assert "start 12" not in explorer.frame.decode()
    explorer.show_preset("not learned")
    assert 0.33 < explorer.values["loss"] < 0.34
    frame = explorer.frame.decode()
    assert "Three corners get the same answer" in frame
    assert "The loss stops at 0.33" in frame
    assert ">start 12<" not in frame  # it is the one chosen
    explorer.set(rate=5)
    assert explorer.values["solved"] == 12
    explorer.show_preset("steps too long")
    assert explorer.values["solved"] == 0
    assert "Steps too long: the loss jumps up" in explorer.frame.decode()
    explorer.set(start=4, rate=5)
    assert "The loss jumps up, then falls" in explorer.frame.decode()
    explorer.show_preset("before")
    assert "All corners get nearly the same answer" in explorer.frame.decode()
    assert explorer.frame.decode().count("The loss waits near ½<") == 1
    explorer.show_preset("learned")
    assert "All four corners are right" in explorer.frame.decode()
    params = mlp.init_mlp((2, 3, 2, 1), rng=np.random.default_rng(1))
    explorer.set(step=0)
    assert explorer.values["left"] == push_left(params, XOR_INPUTS, XOR_TARGETS)
    explorer.close()


def test_tags_of_lines_that_meet_keep_apart():
    explorer = views.learning_explorer()
    for start in range(1, 13):
        for step in (0, 460, 1500):
            explorer.set(start=start, step=step)
            shown = [f"a{n} = 0" for n in "₁₂₃" if f">a{n} = 0<" in explorer.frame.decode()]
            places = [np.array(at(explorer, name)) for name in shown]
            for n, place in enumerate(places):
                for other in places[:n]:
                    apart = abs(place - other)
                    if (apart < (0.2, 0.08)).all():  # no free place on the line
                        assert step != 1500, (start, step)
    explorer.close()


def test_a_cohort_says_how_many_have_learned():
    starts = [mlp.init_mlp((2, 3, 2, 1), rng=np.random.default_rng(seed)) for seed in range(12)]
    cohort = train_cohort(starts, XOR_INPUTS, XOR_TARGETS, 2, 1500)
    assert repr(cohort) == "11 of 12 learned"


def test_order_explorer_moves_the_rnn_from_the_swap_on():
    explorer = views.order_explorer()
    v = explorer.values
    assert v["order"].tolist() == [1, 6, 3, 4, 5, 2, 7, 8, 9, 10]
    assert v["rnn"][0] == 0  # read before the swap
    assert (v["rnn"][1:] > 0.2).all()
    assert "RNN: 9 of 10" in explorer.frame.decode()
    assert "MLP: 0 of 10" in explorer.frame.decode()
    for one, other in ((1, 10), (9, 3), (4, 5)):
        explorer.set(one=one, other=other, strength=1.0)
        v, first = explorer.values, min(one, other) - 1
        assert v["mlp"].max() < 1e-12
        assert not v["rnn"][:first].any()
        assert (v["rnn"][first:] > 0.01).all()
        explorer.set(strength=0.0)  # a state without a way to the next step is no state
        assert explorer.values["rnn"].max() < 1e-12
    explorer.show_preset("original order")
    assert not explorer.values["rnn"].any()
    assert "RNN: 0 of 10" in explorer.frame.decode()
    explorer.close()


def test_network_picture_says_what_it_shows():
    figure = figures.network_picture()
    assert "14 lines" in figure.alt
    assert figure.png()[:4] == b"\x89PNG"


def test_rules_picture_holds_both_gradients_against_the_measured_one():
    measured = measure_rules(3)
    sizes = measured["sizes"] = {k: s.copy() for k, s in measured["sizes"].items()}
    for way, size in (("differences", 0.5), ("true", 0.25), ("missing", 3.0)):
        sizes[way][:] = size
    sizes["missing"][0] = 1000  # one network does not move a median
    measured["losses"] = np.array(
        [[1.0, 0.8, 0.9, 1.1], [1.0, 0.7, 0.5, 1.3], [1.0, 0.9, 1.2, 0.9]]
    )
    figure = figures.rules_picture(measured)
    assert "Medians of 3 networks" in figure.alt
    assert "left out 6.0, 6.0, 6.0, the true one 0.5, 0.5, 0.5." in figure.alt
    assert "in 3 of the 3 by the true gradient, in 2 by the faulty one, and in 1" in figure.alt
    sizes_ax, losses_ax = figure.axes
    assert [bar.get_height() for bar in sizes_ax.patches] == [6, 6, 6]
    titles = [ax.get_title(loc="left") + ax.get_title() for ax in figure.axes]
    assert titles == [
        "The referee sees it: layer 1 is 6 times too large",
        "One step's loss hides it (rate 0.1)",
    ]
    for line, change in zip(
        losses_ax.lines[1:], ([-30, -20, -10], [-50, -10, 20], [-10, 10, 30]), strict=True
    ):
        np.testing.assert_allclose(line.get_ydata(), change)
    low, high = losses_ax.get_ylim()
    assert low < -50
    assert high > 30
    assert figure.png()[:4] == b"\x89PNG"


def test_loop_picture_steps_as_the_rnn_does():
    figure = figures.loop_picture()
    x = np.array(figures.LOOP["inputs"])[:, None, None]
    weights = [np.full((1, 1), figures.LOOP[name]) for name in ("W_x", "W_h")]
    h = rnn_forward(x, RNNParams(*weights, np.zeros(1))).h[1:, 0, 0]
    assert f"its states are {', '.join(f'{state:.3f}' for state in h)}," in figure.alt
    passed = figures.LOOP["W_h"] * (1 - h[1:] ** 2)
    assert "multiplied by {:.3f} and {:.3f}".format(*passed) in figure.alt
    assert figure.png()[:4] == b"\x89PNG"


def test_many_layers_explorer_splits_a_step_into_weights_and_slopes():
    explorer = views.many_layers_explorer()
    for scale, act in ((1.0, "sigmoid"), (3.0, "tanh"), (2.0, "relu")):
        explorer.set(scale=scale, act=act)
        v, measured = explorer.values, measure_depth(scale=scale, act=act)
        arrives = measured["true"][:, 0] > 0
        together = np.median(measured["true"][arrives, 0]) ** (1 / 9)
        weights = np.median(measured["slopes 1"][arrives, 0]) ** (1 / 9)
        np.testing.assert_allclose(v["factors"], [weights, together / weights, together])
        assert v["lost"] == (~arrives).sum()
        numbers = [figures.short(factor) for factor in (weights, together / weights, together)]
        places = [at(explorer, number) for number in numbers]
        assert all(scale < x < 1.3 * scale for x, _ in places)  # beside the dots
        assert all(0.7 < y / f < 1.4 for (_, y), f in zip(places, v["factors"], strict=True))
    apart = np.median(measured["apart"][arrives, -1])
    assert f"by {figures.short(apart)} in layer 9" in explorer.caption
    assert "in 143 of 200 nothing arrives" in explorer.frame.decode()
    assert "in the 57 of 200 networks where it arrives" in explorer.frame.decode()
    assert "In 143 of 200 networks nothing arrives" in explorer.caption
    for scale in (0.5, 8):  # no words on other words, none outside
        for act in ("sigmoid", "tanh", "relu", "rotations"):
            explorer.set(scale=scale, act=act)
            tags = [at(explorer, text)[1] for text in ("weights alone", "slopes", "together")]
            assert np.diff(np.log(sorted(tags))).min() > 0.3
            (bare,) = (text for text in _texts(explorer) if text.startswith("if every slope"))
            (true,) = (text for text in _texts(explorer) if text.startswith("δ arrives"))
            ends = at(explorer, bare)[1], at(explorer, true)[1]
            assert 1e9 > ends[0] > 20 * ends[1] > 2e-8, (scale, act)
    explorer.close()


def test_fading_explorer_shows_what_was_measured():
    explorer = views.fading_explorer()
    v, measured = explorer.values, measure_memory()
    kept, gradient = np.median(measured["kept"][-1]), np.median(measured["gradient"][-1])
    assert (v["kept"], v["gradient"], v["bare"]) == (kept, gradient, 1)
    assert f"keep {figures.short(kept)} of the difference" in explorer.caption
    assert "without: 1.0 left, × 1.00 per step" in explorer.frame.decode()
    explorer.set(recurrent=0.9)
    np.testing.assert_allclose(explorer.values["bare"], 0.9**50)
    assert explorer.values["kept"] < kept
    explorer.show_preset("small inputs")
    assert explorer.values["kept"] > 50 * kept
    assert "still keeps a part" in explorer.frame.decode()
    explorer.close()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0533, "0.053"),
        (4.42e-7, "4.4·10⁻⁷"),
        (20.3, "20"),
        (117.0, "117"),
        (12345.0, "1.2·10⁴"),
        (0, "0"),
    ],
)
def test_a_short_number_has_two_digits_that_count(value, words):
    assert figures.short(value) == words


def test_learning_explorer_puts_plates_between_lines_and_answers():
    explorer = views.learning_explorer()
    moving = explorer._moving
    words = {a.get_text(): n for n, a in enumerate(moving) if hasattr(a, "get_text")}
    below_tags, plates = (
        n for n, a in enumerate(moving) if getattr(a, "get_alpha", float)() == 0.8
    )
    lines = [n for n, a in enumerate(moving) if len(getattr(a, "get_xdata", list)()) == 201]
    assert all(n < min(below_tags, plates) for n in lines)
    assert below_tags < words["a₁ = 0"]
    assert plates < words["0.14"]
    explorer.close()


def test_corners_picture_says_what_each_neuron_answers():
    params = problem()[0]
    figure = figures.corners_picture(params)
    for layer in mlp.mlp_forward(XOR_INPUTS, params).h[1:]:
        for answers in layer.T:
            assert ", ".join(f"{v:.2f}" for v in answers) in figure.alt
    assert "neuron 2" in [ax.get_title() for ax in figure.axes]
    one, two, three = mlp.mlp_forward(XOR_INPUTS, params).h[1].T
    figure = figures.corners_picture(params, signs=(1, -1, 1))
    added = ", ".join(f"{v:.2f}" for v in one - two + three).replace("-", "−")
    assert f"1 − 2 + 3: {added}" in figure.alt
    figure = figures.corners_picture(params, roles=("", "both", *[""] * 4))
    assert "neuron 2:\nboth" in [ax.get_title() for ax in figure.axes]
    assert figure.png()[:4] == b"\x89PNG"
