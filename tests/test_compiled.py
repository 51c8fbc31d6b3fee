"""The compiled loops against the plain ones: same numbers, same errors, and a way back."""

import importlib
import sys

import numpy as np
import pytest

import lstm_core as core

SIZES = [(1, 1, 1, 1), (7, 3, 2, 5), (600, 1, 2, 3), (40, 30, 3, 4), (9, 2, 5, 64), (5, 17, 3, 33)]
SIZES += [(3, 32, 2, 128), (3, 32, 2, 256)]  # products in tiles
DTYPES = [(np.float64, 1e-10), (np.float32, 2e-4)]


@pytest.fixture
def fast():
    pytest.importorskip("numba", reason="numba is optional: pip install numba")
    module = importlib.import_module("lstm_inside.compiled")
    yield module
    module.plain()


def problem(T, B, D, H, dtype, size=1.0):
    rng = np.random.default_rng(0)
    params = core.init_lstm(D, H, rng=rng, dtype=dtype)
    params = params._replace(b=rng.normal(size=4 * H).astype(dtype))
    xs, dhs = (size * rng.normal(size=(T, B, n)) for n in (D, H))
    h0, c0, dc_last = (rng.normal(size=(B, H)).astype(dtype) for _ in range(3))
    return xs.astype(dtype), dhs.astype(dtype), params, h0, c0, dc_last


def run(xs, dhs, params, h0, c0, dc_last):
    """Every number of a forward and a backward pass, by name."""
    trace = core.lstm_forward(xs, params, h0, c0)
    grads = core.lstm_backward(dhs, trace, params, dc_last)
    found = vars(trace) | {"d" + name: a for name, a in vars(grads).items() if name != "params"}
    return found | {"d" + name: a for name, a in grads.params._asdict().items()}


def both(fast, *arguments):
    fast.plain()
    expected = run(*arguments)
    fast.accelerate()
    return expected, run(*arguments)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("dtype", "bound"), DTYPES)
def test_same_numbers(fast, size, dtype, bound):
    expected, found = both(fast, *problem(*size, dtype))
    assert core._forward_steps is fast._forward_steps
    assert expected.keys() == found.keys()
    for name, a in expected.items():
        assert found[name].dtype == a.dtype, name
        assert found[name].shape == a.shape, name
        assert np.abs(found[name] - a).max() <= bound * np.abs(a).max(), name


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e4, 1e8, 1e30])
@pytest.mark.parametrize(("dtype", "bound"), DTYPES)
@pytest.mark.parametrize("H", [4, 65])  # in line, and through BLAS
def test_saturation_is_finite_and_silent(fast, size, dtype, bound, H):
    xs, dhs, *rest = problem(6, 2, 3, H, dtype, size)
    expected, found = both(fast, xs, dhs / dtype(size), *rest)
    for name in ("h", "c", "tanh_c", *"ifgo", "dh", "dc"):
        assert np.isfinite(found[name]).all(), name
        np.testing.assert_allclose(found[name], expected[name], rtol=bound, atol=bound)
    assert {0, 1} <= set(np.unique([found[gate] for gate in "ifo"]))  # to the very end


@pytest.mark.parametrize(("dtype", "bound"), [(np.float64, 1e-13), (np.float32, 1e-6)])
def test_sigmoid_and_tanh_to_the_last_digits(fast, dtype, bound):
    """One step with W_x = 1 and no recurrence shows the two functions over their whole range."""
    a = np.concatenate([np.linspace(-80, 80, 4001), np.logspace(-30, 0, 500), [0.0]]).astype(dtype)
    one = core.LSTMParams(np.ones((1, 4), dtype), np.zeros((1, 4), dtype), np.zeros(4, dtype))
    fast.accelerate()
    trace = core.lstm_forward(a[None, :, None], one)
    wide = a.astype(np.longdouble)
    np.testing.assert_allclose(trace.o[0, :, 0], 1 / (1 + np.exp(-wide)), rtol=bound)
    np.testing.assert_allclose(trace.g[0, :, 0], np.tanh(wide), rtol=bound)


def test_gradients_against_differences(fast):
    xs, dhs, params, h0, c0, dc_last = problem(6, 2, 3, 4, np.float64)
    fast.accelerate()
    found = run(xs, dhs, params, h0, c0, dc_last)

    def loss(everything):
        W_x, W_h, b, xs, h0, c0 = everything
        trace = core.lstm_forward(xs, core.LSTMParams(W_x, W_h, b), h0, c0)
        return (trace.h[1:] * dhs).sum() + (trace.c[-1] * dc_last).sum()

    grads = *(found[name] for name in ("dW_x", "dW_h", "db", "dxs")), found["dh"][0], found["dc"][0]
    report = core.gradient_check(loss, (*params, xs, h0, c0), grads)
    assert report, str(report)


@pytest.mark.parametrize("H", [4, 65])
def test_no_argument_is_changed_and_any_layout_will_do(fast, H):
    xs, dhs, params, *states = problem(6, 2, 3, H, np.float64)
    params = params._replace(W_h=np.asfortranarray(params.W_h))
    arrays = (*params, xs, dhs, *states)
    for a in arrays:
        a.flags.writeable = False  # a change would raise
    before = [a.copy() for a in arrays]
    expected, found = both(fast, xs, dhs, params, *states)
    assert all(map(np.array_equal, arrays, before))  # compiled code might not ask the flag
    np.testing.assert_allclose(found["dW_h"], expected["dW_h"], rtol=1e-10)


def test_part_of_a_trace_has_a_backward_pass(fast):
    xs, dhs, params, h0, c0, _ = problem(9, 4, 3, 5, np.float64)
    whole = core.lstm_forward(xs, params, h0, c0)
    item = core.LSTMTrace(*(a[:, 1:2] for a in vars(whole).values()))
    expected = core.lstm_backward(dhs[:, 1:2], item, params)
    fast.accelerate()
    found = core.lstm_backward(dhs[:, 1:2], item, params)
    np.testing.assert_allclose(found.h, expected.h, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found.params.W_h, expected.params.W_h, rtol=1e-10, atol=1e-12)


def test_errors_are_raised_as_before(fast):
    xs, dhs, params, *_ = problem(5, 2, 3, 4, np.float64)
    calls = [
        lambda: core.lstm_forward(xs[0], params),
        lambda: core.lstm_forward(xs * np.nan, params),
        lambda: core.lstm_forward("abc", params),
        lambda: core.lstm_forward(xs, params, c0=xs[0]),
        lambda: core.lstm_backward(xs, core.lstm_forward(xs, params), params),
        lambda: core.lstm_backward(dhs, xs, params),
    ]
    for call in calls:
        with pytest.raises((ValueError, TypeError)) as expected:
            call()
        fast.accelerate()
        with pytest.raises(type(expected.value)) as found:
            call()
        fast.plain()
        assert str(found.value) == str(expected.value)


def test_the_way_there_and_back(fast):
    steps = core._forward_steps, core._backward_steps
    fast.accelerate()
    fast.accelerate()
    assert core._forward_steps is not steps[0]
    assert core._backward_steps is not steps[1]
    fast.plain()
    assert (core._forward_steps, core._backward_steps) == steps


def test_without_numba_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "lstm_inside.compiled", raising=False)
    with pytest.raises(ImportError, match="pip install numba"):
        importlib.import_module("lstm_inside.compiled")
    assert core.lstm_forward(np.zeros((2, 1, 1)), problem(2, 1, 1, 1, np.float64)[2]).h.shape
