"""Layers and directions: their passes, and the explorer that draws any one of them.

Every backward pass is held against finite differences, and against PyTorch where it is there.
"""

import numpy as np
import pytest
from layer_nets import B, D, H, T, cell, needs_torch, torch

from lstm_core import gradient_check, lstm_backward, lstm_forward
from lstm_inside.beyond import bridge
from lstm_inside.gates import (
    BothParams,
    both_backward,
    both_forward,
    both_states,
    explorers,
    stack_backward,
    stack_forward,
)
from lstm_inside.gates.layers import directions
from lstm_inside.page.style import CELL_LINE
from lstm_inside.training import arrays_of, each_array


@pytest.fixture
def rng():
    return np.random.default_rng(10)


def networks(rng):
    """Every form of a network: name -> layers, whose sizes differ where they may."""
    both = BothParams(cell(rng, D, 3), cell(rng, D, 2))
    return {
        "one": cell(rng),
        "stack": (cell(rng), cell(rng, H, 3)),
        "both": both,
        "both, stacked": (both, BothParams(cell(rng, 5, 2), cell(rng, 5, 4))),
        "both below one": (both, cell(rng, 5, 3)),
    }


FORMS = tuple(networks(np.random.default_rng(0)))


def top(trace):
    """What a layer hands up: its states, or both directions' side by side."""
    return both_states(trace) if len(directions(trace)) == 2 else trace.h[1:]


def dparams_of(grads):
    """Every array's gradient, in the order of the layers' arrays."""
    return [array for part in grads for one in directions(part) for array in one.params]


# ---------------------------------------------------------------- the passes


@pytest.mark.parametrize("form", FORMS)
def test_gradients_are_right_by_finite_differences(rng, form):
    layers, xs = networks(rng)[form], rng.normal(size=(T, B, D))
    traces = stack_forward(xs, layers)
    dhs = rng.normal(size=top(traces[-1]).shape)

    def loss(parts):
        xs, *arrays = parts
        given = iter(arrays)
        return (top(stack_forward(xs, each_array(lambda _: next(given), layers))[-1]) * dhs).sum()

    grads = stack_backward(dhs, traces, layers)
    report = gradient_check(loss, (xs, *arrays_of(layers)), (grads[0].xs, *dparams_of(grads)))
    assert report, report
    assert not report.vacuous


def test_two_directions_are_two_runs(rng):
    xs, pair = rng.normal(size=(T, B, D)), BothParams(cell(rng), cell(rng))
    traces = both_forward(xs, *pair)
    back = lstm_forward(xs[::-1], pair.back)
    np.testing.assert_array_equal(both_states(traces)[:, :, H:], back.h[:0:-1])
    (only,) = stack_forward(xs, pair)
    np.testing.assert_array_equal(both_states(only), both_states(traces))
    dhs = rng.normal(size=(T, B, 2 * H))
    (grads,) = stack_backward(dhs, (only,), pair)
    np.testing.assert_array_equal(grads.xs, both_backward(dhs, traces, *pair).xs)


def test_the_first_step_knows_the_last_only_by_the_way_back(rng):
    xs, pair = rng.normal(size=(T, B, D)), (cell(rng), cell(rng))
    other = xs.copy()
    other[-1] += 1
    before, after = (both_states(both_forward(x, *pair)) for x in (xs, other))
    moved = np.abs(before - after)[0]
    assert not moved[:, :H].any()
    assert moved[:, H:].all()


@needs_torch
@pytest.mark.parametrize("num_layers", [1, 2, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_pytorchs_layers_and_directions_run_here(rng, num_layers, bidirectional, bias):
    torch.manual_seed(4)
    module = torch.nn.LSTM(
        D, H, num_layers, bidirectional=bidirectional, bias=bias, dtype=torch.float64
    )
    layers = bridge.from_torch(module)
    xs, dhs = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, (1 + bidirectional) * H))
    theirs = torch.from_numpy(xs).requires_grad_()
    output, (h_n, c_n) = module(theirs)
    output.backward(torch.from_numpy(dhs))
    traces = stack_forward(xs, layers)
    assert len(traces) == num_layers
    np.testing.assert_allclose(top(traces[-1]), output.detach(), atol=1e-12)
    runs = [run for trace in traces for run in directions(trace)]
    for run, h, c in zip(runs, h_n, c_n, strict=True):
        np.testing.assert_allclose(run.h[-1], h.detach(), atol=1e-12)
        np.testing.assert_allclose(run.c[-1], c.detach(), atol=1e-12)
    grads = stack_backward(dhs, traces, layers)
    np.testing.assert_allclose(grads[0].xs, theirs.grad, atol=1e-12)
    found = arrays_of(bridge.gradients_from_torch(module))
    for array, peer in zip(dparams_of(grads), found, strict=True):
        if bias or array.ndim == 2:  # a bias that is not there has no gradient
            np.testing.assert_allclose(array, peer, atol=1e-12)


# ---------------------------------------------------------------- the explorer


@pytest.fixture
def made():
    """Makes the explorer, and closes it after the test."""
    kept = []

    def make(**arguments):
        kept.append(explorers.sequence_explorer(**arguments))
        return kept[-1]

    yield make
    for explorer in kept:
        explorer.close()


def choices(explorer):
    """Every layer and direction that can be chosen, as settings."""
    layers = range(1, explorer.controls["layer"].max + 1) if "layer" in explorer.controls else [1]
    ways = ("ahead", "back") if "direction" in explorer.controls else ("ahead",)
    for layer in layers:
        for way in ways:
            settings = {"layer": layer, "direction": way}
            yield {key: value for key, value in settings.items() if key in explorer.controls}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.filterwarnings("error")
def test_it_shows_the_layer_and_direction_that_is_chosen(made, rng, form):
    layers, xs = networks(rng)[form], rng.normal(size=(T, B, D))
    traces = stack_forward(xs, layers)
    dhs = rng.normal(size=top(traces[-1]).shape)
    grads = stack_backward(dhs, traces, layers)
    mine = made(params=layers, xs=xs, dhs=dhs)
    assert ("layer" in mine.controls) == (len(traces) > 1)
    assert ("direction" in mine.controls) == form.startswith("both")
    frames = set()
    for chosen in choices(mine):
        mine.set(unit=1, sequence=2, t=2, **chosen)
        assert mine.error is None
        n = chosen.get("layer", 1) - 1
        way = chosen.get("direction") == "back" and len(directions(traces[n])) == 2
        run, grad = directions(traces[n])[way], directions(grads[n])[way]
        v, s = mine.values, T - 1 if way else 2  # the way back meets step 2 as its T - 1st
        for key in "figo":
            assert v[key] == pytest.approx(getattr(run, key)[s - 1, 2, 1], rel=1e-12)
        assert (v["c"], v["h"]) == pytest.approx((run.c[s, 2, 1], run.h[s, 2, 1]), rel=1e-12)
        np.testing.assert_allclose(v["cells"], run.c[:, 2], rtol=1e-12)
        for key, array in (("dc", grad.c), ("dh", grad.h)):
            np.testing.assert_allclose(v[key], np.linalg.norm(array[:, 2], axis=1), rtol=1e-12)
        frames.add(mine.frame)
        drawn = dict(zip(*cell_line(mine), strict=True))
        assert drawn[2] == pytest.approx(v["c"], rel=1e-12)
        assert drawn[T + 1 if way else 0] == 0  # where this direction starts
        assert (f"Layer {n + 1} of {len(traces)}." in mine.caption) == (len(traces) > 1)
        assert ("from the last step to the first" in mine.caption) == way
    assert len(frames) == len(traces) + sum(len(directions(trace)) == 2 for trace in traces)


def cell_line(explorer):
    """The steps and the values of the cell state's line."""
    (ax,) = (ax for ax in explorer.figure.axes if ax.get_title("left").startswith("Its cell"))
    (line,) = (line for line in ax.lines if line.get_color() == CELL_LINE)
    return line.get_data()


def nudged(xs, cell, t, by):
    """The states h (T, B, H) of a run whose c_t is moved, and with it h_t."""
    run = lstm_forward(xs, cell)
    c = run.c[t] + by
    h = run.o[t - 1] * np.tanh(c)
    rest = lstm_forward(xs[t:], cell, h, c).h[1:] if t < len(xs) else run.h[:0]
    return np.concatenate([run.h[1:t], h[None], rest])


def test_the_gradient_below_is_that_of_the_loss_at_the_top(made, rng):
    """By finite differences; the loss is the sum of what each direction of the top computes last."""
    lower, upper = (BothParams(cell(rng, n), cell(rng, n)) for n in (D, 2 * H))
    xs = rng.normal(size=(T, 1, D))
    mine = made(params=(lower, upper), xs=xs)

    def loss(ahead, back, t, by):
        ahead = nudged(xs, lower.ahead, t, ahead * by)
        back = nudged(xs[::-1], lower.back, t, back * by)[::-1]
        ends = both_forward(np.concatenate([ahead, back], axis=2), *upper)
        return (ends.ahead.h[-1] + ends.back.h[-1]).sum()

    for direction, way in (("ahead", (1, 0)), ("back", (0, 1))):
        mine.set(direction=direction)
        for t in (1, 3, T):
            slopes = [loss(*way, t, 1e-6 * e) - loss(*way, t, -1e-6 * e) for e in np.eye(H)]
            slope = np.linalg.norm(slopes) / 2e-6
            assert mine.values["dc"][t] == pytest.approx(slope, rel=1e-6)


def test_without_a_loss_of_the_readers_each_direction_ends_in_it(made, rng):
    xs, pair = rng.normal(size=(T, 1, D)), BothParams(cell(rng), cell(rng))
    mine = made(params=pair, xs=xs)
    ends = np.zeros((T, 1, H))
    ends[-1] = 1
    for way, run, params in (("ahead", xs, pair.ahead), ("back", xs[::-1], pair.back)):
        mine.set(direction=way)
        grads = lstm_backward(ends, lstm_forward(run, params), params)
        np.testing.assert_allclose(mine.values["dh"], np.linalg.norm(grads.h[:, 0], axis=1))


def test_the_sliders_move_the_chosen_layer_and_direction_alone(made, rng):
    both = networks(rng)["both"]
    layers, xs = (both, BothParams(cell(rng, 5, 3), cell(rng, 5, 3))), rng.normal(size=(T, 1, D))
    mine = made(params=layers, xs=xs)
    mine.set(layer=1, direction="back", b_f=1.5, b_i=-0.5, b_o=2, strength=0.5)
    b = both.back.b + np.repeat([-0.5, 1.5, 0, 2], 2)  # i, f, g, o
    moved = both._replace(back=both.back._replace(W_h=0.5 * both.back.W_h, b=b))
    lower, _ = stack_forward(xs, (moved, layers[1]))
    np.testing.assert_allclose(mine.values["cells"], lower.back.c[:, 0], rtol=1e-12)
    mine.set(direction="ahead")  # what was moved is as it was given
    lower, _ = stack_forward(xs, layers)
    assert np.abs(mine.values["cells"] - lower.ahead.c[:, 0]).max() > 0.01
    b = layers[1].back.b + np.repeat([-0.5, 1.5, 0, 2], 3)
    moved = layers[1].back._replace(W_h=0.5 * layers[1].back.W_h, b=b)
    mine.set(layer=2, direction="back")
    _, upper = stack_forward(xs, (both, layers[1]._replace(back=moved)))
    np.testing.assert_allclose(mine.values["cells"], upper.back.c[:, 0], rtol=1e-12)


def test_reset_returns_to_the_lowest_layer_as_it_was_given(made, rng):
    mine = made(params=networks(rng)["both, stacked"], xs=rng.normal(size=(T, B, D)))
    frame, caption = mine.frame, mine.caption
    mine.set(layer=2, direction="back", b_f=3, strength=2, unit=1, sequence=2)
    assert mine.frame != frame
    mine.reset()
    assert (mine.frame, mine.caption) == (frame, caption)
    assert mine.caption.startswith("Layer 1 of 2. The direction from the first step to the last.")


def test_a_narrow_layer_shows_its_last_unit_and_leaves_the_map_blank(made, rng):
    mine = made(params=networks(rng)["both, stacked"], xs=rng.normal(size=(T, 1, D)))
    assert mine.controls["unit"].max == 3
    (map_,) = (image for ax in mine.figure.axes[:2] for image in ax.images)
    mine.set(layer=2, direction="back", unit=3)
    np.testing.assert_array_equal(map_.get_array()[:, :0:-1], mine.values["cells"].T)
    assert np.isnan(np.asarray(map_.get_array())[:, 0]).all()  # before the first step it has none
    assert mine.values["unit"] == 3
    mine.set(layer=1)
    assert mine.values["unit"] == 1
    seen = np.asarray(map_.get_array())
    np.testing.assert_array_equal(np.isnan(seen).all(axis=1), [False, False, True, True])


@needs_torch
def test_pytorchs_model_is_handed_over_as_it_is(made, rng):
    torch.manual_seed(5)
    module = torch.nn.LSTM(D, H, num_layers=2, bidirectional=True)
    xs = rng.normal(size=(T, B, D)).astype(np.float32)
    output = module(torch.from_numpy(xs))[0].detach().numpy()
    mine = made(params=bridge.from_torch(module), xs=xs)
    for t in (1, 4, T):
        for n, way in enumerate(("ahead", "back")):
            mine.set(layer=2, direction=way, t=t, unit=3, sequence=1)
            assert mine.values["h"] == pytest.approx(output[t - 1, 1, n * H + 3], abs=1e-6)
