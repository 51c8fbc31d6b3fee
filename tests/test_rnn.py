"""Notebook 02: memory, bounds, its views' numbers and its checkers."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from lstm_core import RNNParams, rnn_backward, rnn_forward
from lstm_inside import EXPLORERS
from lstm_inside.page import plain
from lstm_inside.rnn import (
    check,
    delay_line,
    door_and_store,
    explorers,
    figures,
    fit_readout,
    gradient_bound,
    gradient_lengths,
    largest_singular_value,
    memory_curve,
    nudge_lengths,
    r_squared,
    read,
    recall_inputs,
    recall_score,
    reservoir,
    spectral_radius,
)
from lstm_inside.tasks import recall_problem


def test_a_delay_line_holds_as_many_inputs_as_it_has_units():
    x = np.random.default_rng(0).uniform(-1, 1, 800)
    params = delay_line(5)
    recalled = recall_inputs(rnn_forward(x[:, None, None], params).h[1:, 0], x, 12)
    np.testing.assert_allclose(recalled.r2[:5], 1, atol=1e-3)
    assert recalled.r2[5:].max() < 0.05
    assert recalled.capacity == pytest.approx(5, abs=0.1)
    assert spectral_radius(params.W_h) == 0


def test_memory_is_judged_on_steps_it_was_not_fitted_on():
    """60 random features fit 180 random numbers, recall none, and say worse than the mean."""
    rng = np.random.default_rng(1)
    recalled = recall_inputs(rng.normal(size=(300, 60)), rng.normal(size=300), 5)
    assert recalled.r2.max() < 0
    assert recalled.capacity == 0


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
        assert recalled.r2[k] == pytest.approx(1 - error)


def test_the_readout_has_a_bias_and_r_squared_may_be_negative():
    rng = np.random.default_rng(8)
    states = rng.normal(size=(50, 3))
    wanted = states @ rng.normal(size=(3, 2)) + [5, -2]
    guess = read(states, fit_readout(states, wanted, ridge=0))
    np.testing.assert_allclose(guess, wanted)
    np.testing.assert_allclose(r_squared(wanted, guess), 1)
    np.testing.assert_allclose(r_squared(wanted, -wanted + 2 * wanted.mean(axis=0)), -3)


@pytest.mark.parametrize("places", [1, 2, 5, 10])
def test_a_perfect_memory_that_does_not_choose_gets_one_over_the_places(places):
    score = recall_score(delay_line(24, D=2), 20, places=places, rng=np.random.default_rng(3))
    assert score == pytest.approx(1 / places, abs=0.04)


@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0])
def test_noise_at_every_step_takes_its_share_of_the_score(noise):
    """One straight unit that adds up two numbers and two noises: the first number is a part."""
    params = RNNParams(np.array([[0.001], [0.0]]), np.ones((1, 1)), np.zeros(1))
    score = recall_score(params, 2, rng=np.random.default_rng(0), noise=noise / 1000)
    assert score == pytest.approx((1 / 3) / (2 / 3 + 2 * noise**2), abs=0.03)


def test_recall_score_is_judged_on_other_sequences():
    """As many sequences as weights are fitted exactly; fresh ones are not."""
    params = reservoir(24, 0.9, D=2, rng=np.random.default_rng(0))
    assert recall_score(params, 40, rng=np.random.default_rng(1), count=48) < -0.2


@pytest.mark.parametrize("places", [None, 1, 3, 8])
def test_the_flag_stands_where_it_may(places):
    batch = recall_problem(8, 400, rng=np.random.default_rng(0), places=places)
    where = batch.xs[..., 1].argmax(axis=0)
    assert (batch.xs[..., 1].sum(axis=0) == 1).all()
    assert set(where) == set(range(4 if places is None else places))
    np.testing.assert_array_equal(batch.targets[:, 0], batch.xs[where, np.arange(400), 0])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: recall_inputs(np.zeros((100, 30)), np.zeros(100), 50),
            "expected at least 60 steps",
        ),
        (lambda: recall_inputs(np.zeros((100, 3)), np.zeros(99), 5), "inputs: expected shape"),
        (lambda: reservoir(4, -1, rng=np.random.default_rng(0)), "strength: expected a finite"),
        (lambda: reservoir(0, 1, rng=np.random.default_rng(0)), "H: expected a whole number"),
        (lambda: fit_readout(np.zeros((9, 5)), np.zeros((9, 1))), "at least 2 H = 10 examples"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("kind", ["random", "symmetric", "orthogonal", "identity"])
def test_reservoir_has_the_strength_asked_for(kind):
    params = reservoir(12, 0.7, rng=np.random.default_rng(2), D=2, kind=kind)
    assert params.W_x.shape == (2, 12)
    assert spectral_radius(params.W_h) == pytest.approx(0.7)
    equal = largest_singular_value(params.W_h) == pytest.approx(0.7)
    assert equal is (kind != "random")


@pytest.mark.parametrize("strength", [0.3, 0.9, 2.0])
def test_no_gradient_is_above_the_bound(strength):
    params = reservoir(8, strength, rng=np.random.default_rng(3))
    trace = rnn_forward(np.random.default_rng(4).normal(size=(40, 5, 1)), params)
    dhs = np.zeros((40, 5, 8))
    dhs[-1] = np.random.default_rng(5).normal(size=(5, 8))
    dh = rnn_backward(dhs, trace, params).h
    length = np.linalg.norm(dh, axis=2)[::-1]
    assert (length <= gradient_bound(params.W_h, 40)[:, None] * length[0] * (1 + 1e-9)).all()


def test_gradient_lengths_are_slopes_of_the_sum_of_the_last_state():
    """Each sequence of the batch alone, against finite differences of the start."""
    rng = np.random.default_rng(11)
    params, xs = reservoir(6, 1.1, rng=rng, D=2), rng.normal(size=(9, 3, 2))
    h0 = rng.normal(size=(3, 6)) / 2
    length = gradient_lengths(xs, params, h0)
    assert length.shape == (10, 3)
    np.testing.assert_allclose(length[0], 1)
    slope = np.empty((3, 6))
    for j, nudge in enumerate(1e-5 * np.eye(6)):
        up, down = (rnn_forward(xs, params, h0 + s * nudge).h[-1].sum(axis=1) for s in (1, -1))
        slope[:, j] = (up - down) / np.sqrt(6) / 2e-5
    np.testing.assert_allclose(length[-1], np.linalg.norm(slope, axis=1), rtol=1e-6)


def test_gradient_lengths_in_float32_are_those_of_float64_where_squares_leave_its_range():
    params = reservoir(4, 1.0, rng=np.random.default_rng(12))
    for scale, back in ((1e-3, 10), (1e4, 7)):
        double = params._replace(W_h=params.W_h * scale)
        single = double._make(a.astype(np.float32) for a in double)
        xs = np.zeros((back, 2, 1))
        wanted = gradient_lengths(xs, double)
        assert not 1e-23 < wanted[-1, 0] < 1e23
        np.testing.assert_allclose(gradient_lengths(xs, single), wanted, rtol=1e-4)


def test_the_bound_is_reached_where_it_can_be():
    """Symmetric W_h, no input: the slopes are 1 and a gradient along the top direction fits."""
    params = reservoir(6, 1.2, rng=np.random.default_rng(6), kind="symmetric")
    values, vectors = np.linalg.eigh(params.W_h)
    dhs = np.zeros((20, 1, 6))
    dhs[-1, 0] = vectors[:, np.abs(values).argmax()]
    dh = rnn_backward(dhs, rnn_forward(np.zeros((20, 1, 1)), params), params).h
    np.testing.assert_allclose(
        np.linalg.norm(dh[:, 0], axis=1)[::-1], gradient_bound(params.W_h, 20), rtol=1e-9
    )


@pytest.fixture
def shown():
    """Explorers by name, closed at the end."""
    made = []

    def show(name):
        made.append(EXPLORERS[name]())
        return made[-1]

    yield show
    for explorer in made:
        explorer.close()


@pytest.mark.parametrize("kind", ["random", "orthogonal", "delay line"])
def test_the_memory_view_shows_the_memory_curve(shown, kind):
    explorer = shown("memory")
    explorer.set(kind=kind, strength=0.6, input_strength=0.5)
    noise = np.random.default_rng(23).uniform(-1, 1, 900)
    h = rnn_forward(noise[:, None, None], explorers.network(kind, 0.6, 0.5)).h[1:, 0]
    recalled = recall_inputs(h, noise, 60)
    np.testing.assert_allclose(explorer.values["memory"], recalled.r2)
    assert explorer.values["capacity"] == recalled.capacity
    half = explorer.values["half"]
    assert (recalled.r2[:half] >= 0.5).all()
    assert recalled.r2[half] < 0.5
    assert f"below one half at k = {half}" in explorer.caption


def test_a_memory_that_is_spread_thinly_is_not_said_to_fall(shown):
    explorer = shown("memory")
    explorer.set(kind="orthogonal", strength=1, input_strength=0.05)
    assert explorer.values["memory"].max() < 0.5
    assert "below one half for every k" in explorer.caption
    assert "falls" not in explorer.caption


def test_a_memory_view_of_random_weights_has_no_kind_to_choose(shown):
    explorer = shown("random_memory")
    assert set(explorer.controls) == {"strength", "input_strength"}
    assert all(name.startswith("random") for name in explorer.presets)
    assert f"{explorer.values['capacity']:.1f}" == "8.0"


def test_the_memory_views_presets_hold_what_the_page_says(shown):
    explorer = shown("memory")
    explorer.show_preset("delay line")
    assert explorer.values["capacity"] == pytest.approx(24, abs=0.1)
    explorer.show_preset("orthogonal, soft input")
    assert 22 < explorer.values["capacity"] < 24


@pytest.mark.parametrize(("loud", "capacity"), [(0.05, "15.6"), (1, "8.0"), (3, "4.5")])
def test_louder_inputs_shorten_the_memory_as_the_page_says(shown, loud, capacity):
    explorer = shown("memory")
    explorer.set(input_strength=loud)
    assert f"{explorer.values['capacity']:.1f}" == capacity


@pytest.mark.parametrize(
    ("settings", "low", "high"),
    [
        ({}, 0.05, 0.15),
        ({"places": 2}, 0.45, 0.55),
        ({"places": 1}, 0.99, 1.0),
        ({"places": 1, "T": 24}, 0.99, 1.0),
        ({"places": 1, "T": 25}, -0.1, 0.05),
        ({"kind": "random", "strength": 0.9, "places": 10}, -0.1, 0.2),
        ({"T": 10}, 0.05, 0.15),
    ],
)
def test_holding_is_not_choosing(shown, settings, low, high):
    explorer = shown("choosing")
    explorer.set(**settings)
    v = explorer.values
    assert low < v["r2"] <= high
    truth, guess = v["truth"], v["guess"]
    assert v["r2"] == pytest.approx(1 - ((truth - guess) ** 2).mean() / truth.var())
    assert v["ceiling"] == 1 / settings.get("places", 10)


def test_a_line_too_short_for_the_sequence_says_so(shown):
    explorer = shown("choosing")
    for settings, too_long in (
        ({"T": 25}, True), ({"T": 24}, False), ({"T": 25, "kind": "random"}, False),
    ):  # fmt: skip
        explorer.set(**{"kind": "delay line", **settings})
        assert ("holds the last 24 numbers only" in explorer.caption) == too_long, settings


@pytest.mark.parametrize(
    ("settings", "gradient", "nudge", "ceiling"),
    [
        ({}, "gradient, back: 4.5e-06", "nudge, forward: 1.4e-05", "ceiling (σ max)ᵏ: 1.4e+10"),
        (
            {"strength": 0.5},
            "gradient, back, at k = 60: 8.1e-20",
            "nudge, forward, at k = 60: 2.8e-19",
            "ceiling (σ max)ᵏ: 6.6e-06",
        ),
        (
            {"strength": 3.0},
            "gradient, back: 6.3e+03",
            "nudge, forward: 6.8e+02",
            "ceiling (σ max)ᵏ at k = 60: 3.2e+41",
        ),
        (
            {"kind": "delay line", "T": 40},
            "gradient, back: 0.018 at k = 23, then 0",
            "nudge, forward: 0.018 at k = 23, then 0",
            "ceiling (σ max)ᵏ: 0.015",
        ),
        (
            {"strength": 0.0},
            "gradient, back: 1 at k = 0, then 0",
            "nudge, forward: 1 at k = 0, then 0",
            "ceiling (σ max)ᵏ: 1 at k = 0, then 0",
        ),
    ],
)
def test_a_line_that_ends_early_has_a_mark_and_says_for_which_step(
    shown, settings, gradient, nudge, ceiling
):
    """The same digits as in the caption; no words on others, and what follows apart from all."""
    explorer = shown("vanishing")
    explorer.set(**settings)
    (ax,) = explorer.figure.axes
    words = {text.get_text(): text.get_position()[1] for text in ax.texts}
    assert {gradient, nudge, ceiling} <= set(words)
    marks = [line.get_marker() for line in ax.lines if line.get_marker() in ("^", "v", "x")]
    assert marks.count("x") == sum("then 0" in said for said in words)
    assert len(marks) == sum("at k =" in said for said in words)
    heights = np.sort(np.log10([words[said] for said in (gradient, nudge, ceiling)]))
    assert np.diff(heights).min() > 1.8
    assert next(y for said, y in words.items() if "σ max =" in said) > 10 ** (heights[-1] + 1.8)
    at = int(re.search(r"After (\d+) steps", explorer.caption)[1])
    assert ("nothing is left of either" in explorer.caption) == (at < explorer.values["T"])
    for key, kind in (("length", gradient), ("nudge", nudge), ("bound", ceiling)):
        left = f"{explorer.values[key][at]:.2g}"
        assert left in explorer.caption
        assert left in kind or "then 0" not in gradient or key == "bound"


def test_a_line_that_falls_out_of_the_picture_is_named_where_it_does(shown):
    """The nudge climbs until it falls off the line's end; the gradient has gone long before."""
    explorer = shown("vanishing")
    explorer.set(kind="delay line", strength=3, input_strength=0.05)
    (ax,) = explorer.figure.axes
    words = {text.get_text(): text.get_position() for text in ax.texts}
    at, height = next(place for said, place in words.items() if said.startswith("nudge"))
    assert at == pytest.approx(23.8)
    assert 1e8 < height < 1e10
    at, height = next(place for said, place in words.items() if said.startswith("gradient"))
    assert at == pytest.approx(11.8)
    assert height < 1e-11


@pytest.mark.parametrize("preset", ["rising ceiling", "grows", "delay line", "must vanish"])
def test_nudge_and_gradient_stay_under_one_ceiling(shown, preset):
    explorer = shown("vanishing")
    explorer.show_preset(preset)
    v = explorer.values
    for key in ("nudge", "length"):
        assert (v[key] <= v["bound"] * (1 + 1e-9)).all()
    lines = explorer.figure.axes[0].lines[:3]
    for line, key in zip(lines, ("bound", "nudge", "length"), strict=True):
        inside = (v[key] >= 1e-12) & (v[key] <= 1e12)
        np.testing.assert_array_equal(line.get_ydata()[inside], v[key][inside])


def test_nudge_lengths_are_what_a_small_nudge_becomes():
    """Each sequence of the batch alone, against finite differences, from a start of its own."""
    rng = np.random.default_rng(13)
    params, xs = reservoir(6, 1.1, rng=rng, D=2), rng.normal(size=(9, 3, 2))
    h0 = rng.normal(size=(3, 6)) / 2
    length = nudge_lengths(xs, params, h0)
    np.testing.assert_allclose(length[0], 1)
    up, down = (rnn_forward(xs, params, h0 + s * 1e-5 / np.sqrt(6)).h for s in (1, -1))
    np.testing.assert_allclose(length, np.linalg.norm(up - down, axis=2) / 2e-5, rtol=1e-6)


def test_the_vanishing_view_shows_the_real_gradient(shown):
    explorer = shown("vanishing")
    explorer.set(strength=0.5, T=30, input_strength=0)
    W_h, length = explorers.network("random", 0.5).W_h, []
    dh = np.full(24, 1 / np.sqrt(24))
    for _ in range(31):
        length.append(np.linalg.norm(dh))
        dh = dh @ W_h.T  # no input: the state is 0 and every slope is 1
    np.testing.assert_allclose(explorer.values["length"], length, rtol=1e-9)
    assert (explorer.values["length"] <= explorer.values["bound"] * (1 + 1e-9)).all()


@pytest.mark.parametrize("kind", explorers.KINDS)
def test_the_vanishing_view_agrees_with_finite_differences(shown, kind):
    """What is left after T steps is the slope of the loss by h_0: relative error below 1e-6."""
    explorer = shown("vanishing")
    explorer.set(kind=kind, strength=0.9, input_strength=1, T=12)
    noise = np.random.default_rng(24).uniform(-1, 1, 100)[-12:, None, None]
    params, slope = explorers.network(kind, 0.9), []
    for nudge in 1e-5 * np.eye(24)[:, None]:
        up, down = (rnn_forward(noise, params, h0=s * nudge).h[-1] for s in (1, -1))
        slope.append((up - down).sum() / np.sqrt(24) / 2e-5)
    assert explorer.values["length"][-1] == pytest.approx(np.linalg.norm(slope), rel=1e-6)


@pytest.mark.parametrize(
    ("strength", "kind", "words"),
    [
        (0.6, "random", "must vanish"),
        (0.65, "random", "may grow, and it may vanish"),
        (0.95, "orthogonal", "must vanish"),
        (1.05, "orthogonal", "may grow, and it may vanish"),
        (1.0, "orthogonal", "cannot grow"),
        (1.0, "delay line", "cannot grow"),
    ],
)
def test_sufficient_and_necessary_are_kept_apart(strength, kind, words):
    sigma = largest_singular_value(explorers.network(kind, strength).W_h)
    assert words in explorers.what_follows(sigma)


def test_a_singular_value_above_1_does_not_make_an_explosion(shown):
    explorer = shown("vanishing")
    explorer.show_preset("rising ceiling")
    assert explorer.values["sigma"] > 1.4
    assert explorer.values["length"][-1] < 1e-5
    explorer.show_preset("grows")  # driven by noise, not at rest
    assert 1e3 < explorer.values["length"][-1] < 1e5


def test_under_the_rising_ceiling_the_gradient_never_lies_near_the_best_direction(shown):
    """Before each step back: the cosine with the direction that W_h stretches most."""
    noise = np.random.default_rng(24).uniform(-1, 1, 100)[-60:, None, None]
    params = explorers.network("random", 0.9)
    h = rnn_forward(noise, params).h[:, 0]
    best = np.linalg.svd(params.W_h)[2][0]
    dh, lengths = np.full(24, 1 / np.sqrt(24)), [1.0]
    for t in range(60, 0, -1):
        met = dh * (1 - h[t] ** 2)
        assert abs(met @ best) < 0.5 * np.linalg.norm(met)
        dh = met @ params.W_h.T
        lengths.append(np.linalg.norm(dh))
    np.testing.assert_allclose(shown("vanishing").values["length"], lengths, rtol=1e-9)
    assert lengths[-1] ** (1 / 60) == pytest.approx(0.81, abs=0.005)


def test_a_delay_lines_gradient_and_nudge_get_as_far_as_its_memory_reaches(shown):
    explorer = shown("vanishing")
    explorer.show_preset("delay line")
    for key in ("length", "nudge"):
        assert explorer.values[key][23] == pytest.approx(1 / np.sqrt(24), rel=0.02)
        assert not explorer.values[key][24:].any()


def test_an_orthogonal_matrix_keeps_the_gradient_while_tanh_is_straight(shown):
    explorer = shown("vanishing")
    explorer.show_preset("orthogonal, soft input")
    assert 0.5 < explorer.values["length"][-1] <= 1
    explorer.set(input_strength=1)
    assert explorer.values["length"][-1] < 1e-4


def test_the_units_view_carries_the_networks_numbers(shown):
    explorer = shown("units")
    explorer.set(x=-0.5, w=-1.2, back=0.4)
    params = RNNParams(
        np.array([[0.5, -1.0]]), np.array([[-1.2, -0.4], [0.4, 0.3]]), np.array([0.1, 0.0])
    )
    h = rnn_forward(np.array([[[-0.5]], [[0.0]], [[0.0]]]), params).h[:, 0]
    np.testing.assert_array_equal(explorer.values["h"], h)
    words = [text.get_text() for text in explorer.figure.axes[0].texts]
    for pair in h:
        assert f"({plain(pair[0])}, {plain(pair[1])})" in words
    assert words.count("0.0") == 2
    assert "−0.5 comes in at step 1" in explorer.caption


def test_the_tanh_picture_draws_the_curve_and_touches_it():
    figure = figures.tanh_picture()
    (ax,) = figure.axes
    curve, *rest = ax.lines
    a, squashed = curve.get_data()
    np.testing.assert_array_equal(squashed, np.tanh(a))
    for tangent, point in (rest[:2], rest[2:]):
        (at,), (value,) = point.get_data()
        x, y = tangent.get_data()
        assert value == np.tanh(at) == pytest.approx(y.mean(), abs=1e-12)
        rise = (np.tanh(at + 1e-5) - np.tanh(at - 1e-5)) / 2e-5
        assert np.diff(y) / np.diff(x) == pytest.approx(rise, rel=1e-5)
    assert f"at −3: slope {1 - np.tanh(3) ** 2:.2f}" in [t.get_text() for t in ax.texts]


def test_the_bend_picture_is_flat_without_the_flag_and_rises_with_it():
    figure = figures.bend_picture()
    lifted, shut = (line.get_ydata() for line in figure.axes[0].lines)
    assert np.ptp(shut) < 1e-4 < 0.9 < np.ptp(lifted)
    assert f"rises from {plain(np.tanh(-0.5))} to {plain(np.tanh(0.5))}" in figure.alt


def test_the_line_picture_shows_the_states():
    h = rnn_forward(np.ones((9, 1, 1)), delay_line(4)).h[1:, 0]
    figure = figures.line_picture(h)
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), h.T)
    assert "leaves at unit 3" in figure.alt


def test_the_memories_picture_shows_every_draw_and_the_range_of_capacities():
    noise = np.random.default_rng(0).uniform(-1, 1, 500)

    def recalled(units):
        return recall_inputs(
            rnn_forward(noise[:, None, None], delay_line(units)).h[1:, 0], noise, 9
        )

    runs = {"two": [recalled(5), recalled(3)], "one": [recalled(4)]}
    figure = figures.memories_picture(runs)
    for ax, (title, draws) in zip(figure.axes, runs.items(), strict=True):
        assert ax.get_title(loc="left") == title
        for line, draw in zip(ax.lines, draws, strict=False):
            np.testing.assert_array_equal(line.get_ydata(), draw.r2)
        (area,) = ax.collections  # of the middle draw alone
        middle = sorted(draws, key=lambda draw: draw.capacity)[len(draws) // 2].r2
        corners = area.get_paths()[0].vertices
        for k, r2 in enumerate(middle):
            assert max(y for x, y in corners if x == k) == pytest.approx(max(0, r2))
        assert ax.get_xlim() == (0, len(middle) - 1)
    assert "two: capacity 3.0–5.0. one: capacity 4.0." in figure.alt
    assert "3.0–5.0" in [text.get_text() for text in figure.axes[0].texts]


def test_the_learning_picture_draws_every_start_and_counts_those_that_learn():
    runs = {"one": [[0.0, 0.2, -0.1], [0.4, 0.9, 0.6], [0.71, 0.8, 0.7]],
            "other": [[0.0, 0.1], [0.1, 0.2], [0.2, 0.3]]}  # fmt: skip
    figure = figures.learning_picture(runs, every=50, places=4, learned=0.7)
    for ax, (title, scores), learned in zip(figure.axes, runs.items(), (2, 0), strict=False):
        assert ax.get_title(loc="left") == title
        bar, unchosen, *lines = ax.lines
        assert [set(level.get_ydata()) for level in (bar, unchosen)] == [{0.7}, {0.25}]
        for line, course in zip(lines, np.transpose(scores), strict=True):
            np.testing.assert_array_equal(line.get_xdata(), [50, 100, 150])
            np.testing.assert_array_equal(line.get_ydata(), course)
            assert (line.get_color() == figures.HIDDEN_LINE) == (course[-1] > 0.7)
        said = [text.get_text() for text in ax.texts]
        assert said[0] == f"{learned} of {len(scores[0])} learn"
        levels = ["0.7: the most if\nonly the sign is kept", "1 / 4: the most\nwithout choosing"]
        assert said[1:] == (levels if title == "other" else [])  # where the least is drawn
    assert len(figure.axes) == 2
    assert "one: 2 of 3 learn. other: 0 of 2 learn." in figure.alt


def test_the_distances_picture_colours_the_places_and_counts_the_steps_to_the_end():
    figure = figures.distances_picture(12, {"near": 5, "far": 0}, places=4)
    bars = figure.axes[0].patches
    for row, first in enumerate((5, 0)):
        where = [
            n for n in range(12) if bars[12 * row + n].get_facecolor() != bars[11].get_facecolor()
        ]
        assert where == list(range(first, first + 4))
    assert "near: one flag, at one of these steps, 3 to 6 before the end." in figure.alt
    assert "far: one flag, at one of these steps, 8 to 11 before the end." in figure.alt


def test_the_knocks_picture_draws_a_unit_and_compares_whole_states():
    rng = np.random.default_rng(3)
    runs = {s: {k: rng.uniform(-1, 1, (20, 3)) for k in (0.1, 2, -2)} for s in (0.5, 1.5)}
    figure = figures.knocks_picture(runs, unit=1)
    for ax, (strength, knocks) in zip(figure.axes, runs.items(), strict=True):
        soft, hard, turned = knocks.values()
        for line, h in zip(ax.lines, (hard, turned, soft), strict=True):
            np.testing.assert_array_equal(line.get_ydata(), h[:, 1])
        for pair, h in (("0.1 and 2", soft), ("2 and −2", turned)):
            words = f"all units: {pair} end {np.linalg.norm(hard[-1] - h[-1]):.2g} apart"
            assert words in [text.get_text() for text in ax.texts]
            assert f"Strength {strength}: {words}." in figure.alt


def test_the_sums_picture_has_a_bar_a_score_and_the_ceiling():
    figure = figures.sums_picture({"this": 0.2, "that": 1.0, "none": -0.1}, places=5)
    (ax,) = figure.axes
    assert [bar.get_width() for bar in ax.patches] == [0.2, 1.0, 0]
    assert set(ax.lines[0].get_xdata()) == {0.2}
    assert [t.get_text() for t in ax.texts][:3] == ["0.20", "1.00", "−0.10"]
    assert "this 0.20; that 1.00; none −0.10." in figure.alt


def test_the_gains_picture_draws_a_line_a_noise():
    figure = figures.gains_picture((0.01, 0.1), {0: [1.0, 0.5], 0.001: [0.1, 0.4]})
    (ax,) = figure.axes
    for line, r2 in zip(ax.lines, ([1.0, 0.5], [0.1, 0.4]), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), r2)
    assert "no noise: 0.01: 1.00, 0.1: 0.50. noise 0.001: 0.01: 0.10, 0.1: 0.40." in figure.alt


def test_a_door_and_a_store_recall_and_a_store_that_leaks_does_not_know_since_when():
    for keep, low, high in ((1.0, 0.99, 1.0), (0.99, 0.7, 0.85)):
        score = recall_score(
            door_and_store(keep), 100, places=50, rng=np.random.default_rng(1), count=1000
        )
        assert low < score <= high


def test_the_memory_curve_is_that_of_the_networks_own_states():
    params = reservoir(5, 0.8, rng=np.random.default_rng(4))
    x = np.random.default_rng(6).uniform(-1, 1, 300)
    wanted = recall_inputs(rnn_forward(x[:, None, None], params).h[1:, 0], x, 9)
    curve = memory_curve(params, rng=np.random.default_rng(6), steps=300, lags=9)
    np.testing.assert_array_equal(curve.r2, wanted.r2)
    noisy = memory_curve(params, rng=np.random.default_rng(6), steps=300, lags=9, noise=0.5)
    np.testing.assert_array_equal(noisy.truth, wanted.truth)  # the same inputs
    assert noisy.capacity < curve.capacity - 0.5


def test_the_opened_picture_shows_a_state_and_what_it_keeps():
    """A door and a store: what is turned shows from the flag on, and the number can be read."""
    params = door_and_store(gain=0.02)
    batch = recall_problem(12, 7, rng=np.random.default_rng(5), places=4)
    figure = figures.opened_picture(params, batch, 4, 16, rng=np.random.default_rng(0))
    h = rnn_forward(batch.xs, params).h[:, 0]
    said, short, long, changed = figure.axes[:4]  # and two scales
    at = int(batch.xs[:, 0, 1].argmax())
    turned = batch.xs.copy()
    turned[at, 0, 0] *= -1
    after = rnn_forward(turned, params).h[:, 0]
    order = np.argsort(np.abs(after[-1] - h[-1]))
    for ax, states in ((said, h), (changed, after - h)):
        np.testing.assert_array_equal(ax.images[0].get_array(), states[1:, order].T)
        assert [label.get_text() for label in ax.get_yticklabels()] == [str(n) for n in order]
    for ax in (short, long):
        wanted, answers = ax.lines[0].get_data()
        assert len(wanted) == 200
        assert np.abs(answers - wanted).max() < 0.1
        assert ax.lines[2].get_ydata().tolist() == [-0.5, -0.5, 0.5, 0.5]
    assert f"Nothing changes before the flag at step {at + 1}" in figure.alt
    assert "correlate with 1.00 after 12 steps and with 1.00 after 16." in figure.alt
    for bad, name in (((12, 16), "places"), ((4, 11), "longer")):
        with pytest.raises(ValueError, match=name):
            figures.opened_picture(params, batch, *bad, rng=np.random.default_rng(0))


def test_the_door_view_shows_weights_states_and_score(shown):
    explorer = shown("door")
    explorer.set(keep=0.95, gain=0.02)
    wires, _, door, store = explorer.figure.axes
    words = {text.get_text() for text in wires.texts}
    assert {"0.5", "6", "gain 0.020", "bias −6", "bias 0.020", "keeps 0.95", "store"} <= words
    v = explorer.values
    assert f"R² = {plain(v['r2'])}" in words & {part for part in words if part in explorer.caption}
    np.testing.assert_array_equal(door.lines[0].get_ydata(), v["door"])
    np.testing.assert_allclose(store.lines[1].get_ydata(), v["store"] / 0.02)
    xs = np.zeros((100, 1, 2))
    xs[11, 0] = (-0.84, 1)  # a shut door adds nothing, whatever number comes
    end = rnn_forward(xs, door_and_store(0.95, 0.02)).h[-1, 0, 1]
    assert v["end"] == pytest.approx(end, rel=0.01)
    labels = [text.get_text() for text in store.texts]
    assert f"{plain(end / 0.02)} (flagged: −0.84)" in labels
    assert f"{plain(end, 4)} = {plain(end / 0.02)} × gain" in explorer.caption


@pytest.mark.parametrize(
    ("settings", "places", "noise"),
    [({}, 50, 0), ({"keep": 0.99}, 50, 0), ({"gain": 0.1}, 50, 0),
     ({"gain": 0.06}, 50, 0.001), ({"gain": 0.01}, 50, 0.001)],
)  # fmt: skip
def test_the_door_views_score_is_that_of_recall(shown, settings, places, noise):
    explorer = shown("door")
    explorer.set(**settings, noise=noise)
    wanted = recall_score(
        door_and_store(**settings), 100, places=places, noise=noise, rng=np.random.default_rng(1)
    )
    assert explorer.values["r2"] == pytest.approx(wanted, abs=0.08)


def test_a_second_flag_adds_to_the_first_in_either_order(shown):
    explorer = shown("door")
    explorer.show_preset("second flag")
    v = explorer.values
    assert v["end"] == pytest.approx(v["other"], rel=0.01)
    assert 0.4 < v["r2"] < 0.55
    assert "0.60, then −0.84" in " ".join(t.get_text() for t in explorer.figure.axes[3].texts)
    explorer.show_preset("by hand")
    assert explorer.values["other"] > 1.3 * explorer.values["end"]


def test_the_recall_picture_names_the_flagged_number():
    batch = recall_problem(20, 3, rng=np.random.default_rng(4))
    figure = figures.recall_picture(batch, 1)
    said = f"{batch.targets[1, 0]:.2f}".replace("-", "−")
    assert said in figure.alt
    assert any(said in t.get_text() for t in figure.axes[0].texts)
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["1", "5", "10", "15", "20"]


def test_at_strength_1_2_a_hard_and_a_soft_knock_end_alike(shown):
    explorer, ends = shown("unrolling"), []
    for size in (0.1, 2, -2):
        explorer.set(strength=1.2, knock_size=size)
        ends.append(explorer.values["h"][-1])
    assert np.abs(ends[0]).max() > 0.1
    np.testing.assert_allclose(ends[0], ends[1], atol=1e-5)
    np.testing.assert_allclose(ends[1], -ends[2], atol=1e-12)


def test_the_unrolling_view_shows_the_state_and_its_line_is_straight(shown):
    explorer = shown("unrolling")
    h = explorer.values["h"]
    assert not h[:5].any()
    assert h[5].any()
    size = explorer.values["size"]
    np.testing.assert_allclose(size, np.linalg.norm(h, axis=1))
    map_ = explorer.figure.axes[0].images[0].get_array()
    np.testing.assert_array_equal(map_[:, :21], h[:21].T)  # what is to come is pale
    np.testing.assert_array_equal(map_[:, 21:], 0.25 * h[21:].T)
    words = [text.get_text() for ax in explorer.figure.axes for text in ax.texts]
    assert f"t = 20: length {size[20]:.2g}" in words
    np.testing.assert_allclose(size[21:] / size[20:-1], 0.9, rtol=0.02)


# ---------------------------------------------------------------- checkers


def loop(xs, W_x, W_h, b, squash=np.tanh, start=False, last=False, keep=True):
    h, hs = np.zeros(len(W_h)), []
    if start:
        hs.append(h)
    for x in xs:
        h = squash(x @ W_x + (h if keep else 0 * h) @ W_h + b)
        hs.append(h)
    return hs[-1] if last else hs


def shift(H, link=1.0, soft=0.05, place=0):
    W_x = np.zeros((1, H))
    W_x[0, place] = soft
    return W_x, link * np.eye(H, k=1)


def backwards(H):
    W_x, W_h = shift(H)
    return W_x, W_h.T


def ring(H):
    W_x, W_h = shift(H)
    W_h[-1, 0] = 1
    return W_x, W_h


def shuffled(H):
    order = np.random.default_rng(0).permutation(H)
    W_x, W_h = shift(H)
    return W_x[:, order], W_h[np.ix_(order, order)]


RIGHT = [
    (check.states, loop),
    (check.states, lambda *a: np.array(loop(*a))),
    (
        check.states,
        lambda xs, W_x, W_h, b: rnn_forward(xs[:, None], RNNParams(W_x, W_h, b)).h[1:, 0],
    ),
    (check.states, lambda *a: np.stack(loop(*a)).tolist()),
    (check.line, shift),
    (check.line, shuffled),
    (check.line, lambda H: (shift(H)[0][0], shift(H)[1])),
    (check.line, lambda H: [part.tolist() for part in shift(H)]),
    (check.line, lambda H: (shift(H)[0][:, ::-1], shift(H)[1].T)),  # from the last to the first
    (check.line, lambda H: shift(H, link=0.9)),
    (check.line, lambda H: shift(H, link=-1)),
    (check.keeps, np.eye),
    (check.keeps, lambda H: -np.eye(H)),
    (check.keeps, lambda H: np.roll(np.eye(H), 1, axis=0).tolist()),
    (check.keeps, lambda H: np.linalg.qr(np.random.default_rng(0).normal(size=(H, H)))[0]),
]
WRONG = [
    (check.states, lambda xs, W_x, W_h, b: None, "returned None"),
    (check.states, lambda *a: loop(*a, keep=False), "never enters"),
    (check.states, lambda *a: loop(*a, squash=lambda z: z), "not squashed"),
    (check.states, lambda xs, W_x, W_h, b: loop(xs, W_x, W_h, 0 * b), "bias b is missing"),
    (check.states, lambda *a: loop(*a, last=True), "the last state only"),
    (check.states, lambda *a: loop(*a, start=True), "starts with h_1"),
    (check.states, lambda xs, W_x, W_h, b: loop(xs, W_x, W_h.T, b), "wrong side"),
    (
        check.states,
        lambda xs, W_x, W_h, b: loop(xs, W_x.T, W_h, b),
        "x is multiplied from the wrong side",
    ),
    (check.states, lambda xs, W_x, W_h, b: loop(xs, W_x.T, W_h.T, b), "x and h are multiplied"),
    (
        check.states,
        lambda xs, W_x, W_h, b: loop(xs, W_x, W_h, b) if len(W_x) == len(W_h) else [],
        "your states",
    ),
    (check.line, lambda H: None, "returned None"),
    (check.line, lambda H: shift(H)[1], "expected two arrays"),
    (check.line, lambda H: shift(H)[::-1], "expected (1, 5) and (5, 5)"),
    (check.line, lambda H: shift(24), "expected (1, 5) and (5, 5)"),
    (check.line, lambda H: ("a", "b"), "your function returned shapes"),
    (check.line, lambda H: (shift(H)[0], np.full((H, H), np.nan)), "not a finite number"),
    (check.line, lambda H: (shift(H)[0], np.full((H, H), "x")), "not a finite number"),
    (check.line, lambda H: shift(H, soft=0), "nothing comes in"),
    (check.line, backwards, "runs backwards"),
    (check.line, lambda H: shift(H, place=-1), "runs backwards|inputs; 5 is possible"),
    (check.line, ring, "hands its value back to the first"),
    (check.line, lambda H: (shift(H)[0], np.eye(H)), "to themselves"),
    (check.line, lambda H: shift(H, soft=2.0), "tanh bends them"),
    (check.line, lambda H: shift(H, link=0.3), "shrink from unit to unit"),
    (check.line, lambda H: reservoir(H, 0.9, rng=np.random.default_rng(0))[:2], "is possible"),
    (check.keeps, lambda H: None, "returned None"),
    (check.keeps, lambda H: np.eye(H)[0], "returned shape (3,); expected a matrix of shape (3, 3)"),
    (check.keeps, lambda H: 1.0, "returned float"),
    (check.keeps, lambda H: np.full((H, H), np.nan), "expected a matrix"),
    (check.keeps, lambda H: 0.9 * np.eye(H), "60 steps leave 1.8e-03"),
    (check.keeps, lambda H: 1.2 * np.eye(H), "after 60 steps it is 5.6e+04 times as long"),
    (check.keeps, lambda H: np.eye(H, k=1), "multiplied by 0.00 to 1.00"),
    (check.keeps, lambda H: np.ones((H, H)) / H, "spectral radius is 1"),
    (check.keeps, lambda H: reservoir(H, 1, rng=np.random.default_rng(0)).W_h, "long run"),
]


def test_the_printed_solutions_are_right():
    path = Path(__file__).parent.parent / "notebooks" / "02_rnn.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    written = {"np": np}
    for solution in re.findall(r"^```python\n(.*?)```", text, re.S | re.M):
        exec(solution, written)
    for checker, name in ((check.states, "states"), (check.line, "line")):
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


def test_the_way_there_and_back_shows_nudge_gradient_and_product_at_every_state():
    deltas, dhs = np.arange(6.0).reshape(3, 2) - 2, np.arange(6.0).reshape(3, 2) / 4
    figure = figures.backward_picture(deltas, dhs)
    words = [t.get_text() for t in figure.axes[0].texts]
    for t, (delta, dh) in enumerate(zip(deltas, dhs, strict=True), 1):
        assert f"$\\delta_{t}$\n({plain(delta[0])}, {plain(delta[1])})" in words
        assert f"$dh_{t}$\n({plain(dh[0])}, {plain(dh[1])})" in words
        assert f"{delta @ dh:.4f}" in words
    assert words.count("× $W_h$, × slopes") == words.count(r"× slopes, × $W_h^\top$") == 2
    assert "The nudge is (−2.00, −1.00) at h_1 and (2.00, 3.00) at h_3" in figure.alt
    assert "the gradient (0.00, 0.25) and (1.00, 1.25)" in figure.alt
    assert "Their products at the 3 states are -0.2500, 0.7500, 5.7500." in figure.alt
