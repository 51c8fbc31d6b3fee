"""Notebook 05: what the explorers show."""

import numpy as np
import pytest
from training_nets import same

from lstm_core import RNNParams, gradient_check, rnn_backward, rnn_forward
from lstm_inside import EXPLORERS
from lstm_inside.training import (
    Adam,
    adding_duel,
    arrays_of,
    bowl_curvatures,
    cliff,
    cliff_descents,
    clip_by_norm,
    figures,
)
from lstm_inside.training import explorers as views


def test_the_bowl_walks_as_the_optimisers_do():
    explorer = EXPLORERS["bowl"]()
    explorer.set(rate=0.05, keep=0, t=50)  # momentum that keeps nothing is SGD
    curvatures = bowl_curvatures()
    best = np.array([1, -0.5])
    p = np.array([-1.2, 3.4]) - best
    x = np.linspace(-2.5, 5.5, 20)
    hessian = 2 * np.array([[(x**2).mean(), x.mean()], [x.mean(), 1]])
    np.testing.assert_allclose(np.linalg.eigvalsh(hessian), curvatures)
    for k in range(51):
        np.testing.assert_allclose(explorer.values["path"][k], p + best, atol=1e-9)
        assert explorer.values["losses"][k] == pytest.approx(p @ hessian @ p / 2, abs=1e-9)
        p = p - 0.05 * hessian @ p
    for rate, climbs in ((0.9, False), (1.1, True)):  # of the steepest rate that still converges
        explorer.set(rate=round(rate * 2 / curvatures[-1] / 0.005) * 0.005)
        assert bool(explorer.values["losses"][-1] > explorer.values["losses"][0]) is climbs
    explorer.set(optimiser="Adam", rate=0.2, keep=0.5)
    first = np.diff(explorer.values["path"][:2], axis=0)[0]
    np.testing.assert_allclose(first, [0.2, -0.2], rtol=1e-6)  # both move by the rate
    explorer.close()


def test_the_cliffs_gradient_is_the_losss():
    place = np.array([[1.3, 0.7, 2.0], [-0.1, 0.2, 0.3]])
    grads = cliff(*place)[1]
    report = gradient_check(lambda p: cliff(*p)[0].sum(), place, grads)
    with pytest.raises(ValueError, match="w: expected at least one number, got none"):
        cliff(np.zeros(0), np.zeros(0))
    assert report, report


def test_the_cliff_is_a_recurrent_network_of_one_unit():
    for w, b in ((1.3, -0.1), (0.7, 0.2), (2.0, 0.3)):
        cell = RNNParams(np.zeros((1, 1)), np.array([[w]]), np.array([b]))
        start = np.full((1, 1), 0.5)
        trace = rnn_forward(np.zeros((10, 1, 1)), cell, start)
        dhs = np.zeros((10, 1, 1))
        dhs[-1] = 2 * trace.h[-1]
        grads = rnn_backward(dhs, trace, cell).params
        loss, slopes = cliff(np.array([w]), np.array([b]))
        np.testing.assert_allclose(loss, trace.h[-1, 0] ** 2, rtol=1e-12)
        np.testing.assert_allclose(slopes[:, 0], [grads.W_h[0, 0], grads.b[0]], rtol=1e-12)


def test_the_cliff_view_clips_one_walk_only():
    explorer = EXPLORERS["cliff"]()
    v = explorer.values
    steps = np.linalg.norm(np.diff(v["clipped"], axis=0), axis=1)
    np.testing.assert_allclose(steps, 0.1 * np.minimum(v["lengths"][:, 0], 1))
    free = np.linalg.norm(np.diff(v["free"], axis=0), axis=1)
    np.testing.assert_allclose(free, 0.1 * v["lengths"][:, 1])
    for met, lengths in zip(explorer.figure.axes[1].lines[:2], v["lengths"].T, strict=True):
        assert met.get_xdata().tolist() == list(range(1, 101))  # step 1 has the first gradient
        np.testing.assert_allclose(met.get_ydata(), np.clip(lengths, 1e-4, 1e3))
    explorer.close()


def test_descents_side_by_side_are_those_of_one_alone():
    ws, limits = [1.8, 1.8, 1.7], [1, np.inf, 1]
    places, lengths = cliff_descents(ws, rate=0.1, limit=limits, steps=30)
    assert places.shape == (31, 2, 3)
    assert lengths.shape == (30, 3)
    for k, (w, limit) in enumerate(zip(ws, limits, strict=True)):
        place = np.array([[w], [0.2]])
        for n in range(30):
            np.testing.assert_allclose(places[n, :, k], place[:, 0], rtol=1e-9)
            grads = cliff(*place)[1]
            assert lengths[n, k] == pytest.approx(np.hypot(*grads[:, 0]))
            place = place - 0.1 * clip_by_norm(grads, min(limit, 1e9))[0]
    free = cliff_descents(ws, rate=0.1, steps=30)[0]
    np.testing.assert_array_equal(free[..., 1], places[..., 1])


def test_the_batch_view_follows_the_square_root_law():
    explorer = EXPLORERS["batch"]()
    for B in (1, 16, 256):
        errors = []
        for place in ("start", "plateau"):
            explorer.set(place=place, B=B)
            assert explorer.values["error"] == pytest.approx(explorer.values["law"], rel=0.25)
            errors.append(explorer.values["error"])
        assert errors[0] < errors[1] / 10  # before training all sequences say the same
    hill = explorer.figure.axes[0].patches[-1].get_xy()
    assert hill[:, 1].max() == 1
    middle = hill[np.argmax(hill[:, 1]), 0]
    assert 0 < middle < 2  # with 256 sequences all lie about that of all
    explorer.close()


def test_both_sides_of_a_duel_have_about_as_many_weights_and_rates_of_their_own():
    lstm, rnn = adding_duel(10)
    np.testing.assert_array_equal(lstm.params.cell.b[8:16], 3)
    assert [sum(a.size for a in arrays_of(run.params)) for run in (lstm, rnn)] == [361, 321]
    assert [run.optimiser for run in (lstm, rnn)] == [Adam(0.02), Adam(0.005)]


def test_both_sides_of_a_duel_see_the_same_mini_batches_and_another_seed_others():
    seen = []
    for seed in (1, 2):
        for run in adding_duel(10, seed):
            draw, xs = run.batches, []
            run.batches = lambda rng, draw=draw, xs=xs: xs.append(draw(rng)) or xs[-1]
            list(run.steps(3))
            seen.append(np.array([batch.xs for batch in xs]))
    assert same(seen[0], seen[1])
    assert same(seen[2], seen[3])
    assert not same(seen[0], seen[2])


def test_the_cut_goes_along_the_longest_step_without_clipping():
    walk = views.cliff_explorer().values
    figure = figures.cliff_cut(walk, alt="said")
    curve, here, short, leap = figure.axes[0].lines
    k = walk["lengths"][:, 1].argmax()
    before, after = walk["free"][k : k + 2]
    assert leap.get_xdata()[0] == pytest.approx(np.linalg.norm(after - before))
    assert leap.get_xdata()[0] == pytest.approx(walk["rate"] * walk["lengths"][k, 1])
    assert short.get_xdata()[0] == pytest.approx(walk["rate"] * walk["limit"])
    assert here.get_ydata()[0] == pytest.approx(cliff(*before[:, None])[0][0])
    assert leap.get_ydata()[0] == pytest.approx(cliff(*after[:, None])[0][0])
    assert curve.get_ydata().min() < 0.1 * here.get_ydata()[0]


def test_a_network_with_held_gates_that_never_arrives_has_no_dot():
    losses = np.linspace(1, 0.1, 40)
    races = {"a": {"RNN": [losses], "held": [losses[:20]]}, "b": {"RNN": [losses[:30]]}}
    first = figures.compare_runs(races, alt="two", title="x", goal=0.6).axes[0]
    arrived = [line.get_xdata() for line in first.lines if line.get_marker() == "o"]
    assert [place.tolist() for place in arrived] == [[40]]
    assert first.lines[-1].get_xdata()[-1] == 20
    assert "LSTM, gates held: dotted" in {words.get_text() for words in first.texts}
    alone = figures.compare_runs({"b": races["b"]}, alt="one", title="x", goal=0.6).axes[0]
    assert "LSTM, gates held: dotted" not in {words.get_text() for words in alone.texts}


def test_the_canyon_is_dark_all_along():
    """Its floor is narrower than a row, so that each shows the lowest loss within it."""
    figure = views.cliff_explorer().figure
    lowest = figure.axes[0].images[0].get_array()
    ws = np.linspace(0.2, 2.6, 289)
    assert (lowest[:, ws < 2.2].min(axis=0) < np.log10(0.1)).all()
    at_rows = [cliff(ws, np.full(len(ws), b))[0] for b in np.linspace(-1, 0.8, 217)]
    assert (lowest <= np.log10(np.array(at_rows) + 1e-3) + 1e-12).all()
