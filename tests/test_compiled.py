"""The compiled passes against those of the core: same numbers, same errors."""

import ast
import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import lstm_core as core

SIZES = [(1, 1, 1, 1), (7, 3, 2, 5), (600, 1, 2, 3), (40, 30, 3, 4), (9, 2, 5, 64), (5, 17, 3, 33)]
SIZES += [(3, 32, 2, 129), (3, 1, 2, 100), (2, 600, 2, 3), (20, 65, 3, 65)]  # in line, BLAS, blocks
DTYPES = [(np.float64, 1e-10), (np.float32, 2e-4)]


@pytest.fixture
def compiled():
    pytest.importorskip("numba", reason="numba is optional: pip install numba")
    return importlib.import_module("lstm_inside.compiled")


def problem(T, B, D, H, dtype, size=1.0):
    rng = np.random.default_rng(0)
    params = core.init_lstm(D, H, rng=rng, dtype=dtype)
    params = params._replace(b=rng.normal(size=4 * H).astype(dtype))
    xs, dhs = (size * rng.normal(size=(T, B, n)) for n in (D, H))
    h0, c0, dc_last = (rng.normal(size=(B, H)).astype(dtype) for _ in range(3))
    return xs.astype(dtype), dhs.astype(dtype), params, h0, c0, dc_last


def run(engine, xs, dhs, params, h0=None, c0=None, dc_last=None):
    """Every number of a forward and a backward pass, by name."""
    trace = engine.lstm_forward(xs, params, h0, c0)
    grads = engine.lstm_backward(dhs, trace, params, dc_last)
    assert type(trace) is core.LSTMTrace
    assert type(grads) is core.LSTMGrads
    assert type(grads.params) is core.LSTMParams
    found = vars(trace) | {"d" + name: a for name, a in vars(grads).items() if name != "params"}
    return found | {"d" + name: a for name, a in grads.params._asdict().items()}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("dtype", "bound"), DTYPES)
@pytest.mark.parametrize("states", [True, False])
def test_same_numbers(compiled, size, dtype, bound, states):
    arguments = problem(*size, dtype)[: 6 if states else 3]
    expected, found = run(core, *arguments), run(compiled, *arguments)
    assert expected.keys() == found.keys()
    for name, a in expected.items():
        assert found[name].dtype == a.dtype, name
        assert found[name].shape == a.shape, name
        assert np.abs(found[name] - a).max() <= bound * np.abs(a).max(), name


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e4, 1e8, 1e30])
@pytest.mark.parametrize(("dtype", "bound"), DTYPES)
@pytest.mark.parametrize("H", [4, 65])  # in line, and through BLAS
def test_saturation_is_finite_and_silent(compiled, size, dtype, bound, H):
    xs, dhs, *rest = problem(6, 2, 3, H, dtype, size)
    arguments = xs, dhs / dtype(size), *rest
    expected, found = run(core, *arguments), run(compiled, *arguments)
    for name in ("h", "c", "tanh_c", *"ifgo", "dh", "dc"):
        assert np.isfinite(found[name]).all(), name
        np.testing.assert_allclose(found[name], expected[name], rtol=bound, atol=bound)
    assert {0, 1} <= set(np.unique([found[gate] for gate in "ifo"]))  # to the very end


@pytest.mark.parametrize(("dtype", "bound"), [(np.float64, 1e-13), (np.float32, 1e-6)])
def test_sigmoid_and_tanh_to_the_last_digits(compiled, dtype, bound):
    """One step with W_x = 1 and no recurrence shows the two functions over their whole range."""
    a = np.concatenate([np.linspace(-80, 80, 4001), np.logspace(-30, 0, 500), [0.0]]).astype(dtype)
    one = core.LSTMParams(np.ones((1, 4), dtype), np.zeros((1, 4), dtype), np.zeros(4, dtype))
    trace = compiled.lstm_forward(a[None, :, None], one)
    wide = a.astype(np.longdouble)
    np.testing.assert_allclose(trace.o[0, :, 0], 1 / (1 + np.exp(-wide)), rtol=bound)
    np.testing.assert_allclose(trace.g[0, :, 0], np.tanh(wide), rtol=bound)


def test_gradients_against_differences(compiled):
    xs, dhs, params, h0, c0, dc_last = problem(6, 2, 3, 4, np.float64)
    found = run(compiled, xs, dhs, params, h0, c0, dc_last)

    def loss(everything):
        W_x, W_h, b, xs, h0, c0 = everything
        trace = compiled.lstm_forward(xs, core.LSTMParams(W_x, W_h, b), h0, c0)
        return (trace.h[1:] * dhs).sum() + (trace.c[-1] * dc_last).sum()

    grads = *(found[name] for name in ("dW_x", "dW_h", "db", "dxs")), found["dh"][0], found["dc"][0]
    report = core.gradient_check(loss, (*params, xs, h0, c0), grads)
    assert report, str(report)


@pytest.mark.parametrize("H", [4, 65, 100])
def test_no_argument_is_changed_and_any_layout_will_do(compiled, H):
    xs, dhs, params, *states = problem(6, 2, 3, H, np.float64)
    params = core.LSTMParams(
        np.asfortranarray(params.W_x), np.asfortranarray(params.W_h), params.b.repeat(2)[::2]
    )
    xs, dhs, *states = (np.asfortranarray(a) for a in (xs, dhs, *states))
    arrays = (*params, xs, dhs, *states)
    for a in arrays:
        a.flags.writeable = False  # a change would raise
    before = [a.copy() for a in arrays]
    expected, found = (run(engine, xs, dhs, params, *states) for engine in (core, compiled))
    assert all(map(np.array_equal, arrays, before))  # compiled code might not ask the flag
    for name in ("h", "c", "dxs", "dW_x", "dW_h", "db"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-10, atol=1e-12)


def test_a_trace_of_either_engine_serves_the_other(compiled):
    xs, dhs, params, h0, c0, dc_last = problem(9, 4, 3, 5, np.float64)
    expected = core.lstm_backward(dhs, core.lstm_forward(xs, params, h0, c0), params, dc_last)
    for forward, backward in ((core, compiled), (compiled, core)):
        trace = forward.lstm_forward(xs, params, h0, c0)
        before = {name: a.copy() for name, a in vars(trace).items()}
        found = backward.lstm_backward(dhs, trace, params, dc_last)
        np.testing.assert_allclose(found.params.W_h, expected.params.W_h, rtol=1e-10, atol=1e-12)
        assert all(np.array_equal(a, before[name]) for name, a in vars(trace).items())


def test_part_of_a_trace_has_a_backward_pass(compiled):
    xs, dhs, params, h0, c0, _ = problem(9, 4, 3, 5, np.float64)
    whole = core.lstm_forward(xs, params, h0, c0)
    item = core.LSTMTrace(*(a[:, 1:2] for a in vars(whole).values()))
    expected = core.lstm_backward(dhs[:, 1:2], item, params)
    found = compiled.lstm_backward(dhs[:, 1:2], item, params)
    np.testing.assert_allclose(found.h, expected.h, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found.params.W_h, expected.params.W_h, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("H", [5, 100])
def test_what_is_kept_of_a_pass_keeps_only_itself_alive(compiled, H):
    xs, dhs, params, *_ = problem(30, 4, 3, H, np.float64)
    arrays = run(compiled, xs, dhs, params)
    assert arrays.pop("xs") is xs
    for name, a in arrays.items():
        assert a.flags.owndata or a.base.nbytes == a.nbytes, name


def test_errors_are_the_core_s(compiled):
    """Of the same type, about the same argument."""
    xs, dhs, params, h0, *_ = problem(5, 2, 3, 4, np.float64)
    trace = core.lstm_forward(xs, params)
    nan, inf = xs.copy(), xs.copy()
    nan[1, 1, 1], inf[0, 0, 0] = np.nan, np.inf
    bad = params._replace
    calls = [
        ("xs", "lstm_forward", (x, params))
        for x in (
            xs[0],
            xs[:0],
            xs[:, :0],
            xs[..., :2],
            nan,
            inf,
            "abc",
            None,
            xs + 1j,
            [[1], [2, 3]],
        )
    ]
    calls += [
        ("h0", "lstm_forward", (xs, params, state))
        for state in (h0[:1], h0[:, :2], h0 * np.nan, "a", 1j * h0)
    ]
    calls += [
        ("c0", "lstm_forward", (xs, params, h0, xs[0])),
        ("params", "lstm_forward", (xs, None)),
        ("params", "lstm_forward", (xs, list(params))),
        ("W_x", "lstm_forward", (xs, bad(W_x=params.W_x[:, :4]))),
        ("W_x", "lstm_forward", (xs, bad(W_x=params.W_x[:0]))),
        ("W_h", "lstm_forward", (xs, bad(W_h=params.W_h[:, :4]))),
        ("b", "lstm_forward", (xs, bad(b=params.b[1:]))),
        ("b", "lstm_forward", (xs, bad(b=params.b * np.nan))),
        ("b", "lstm_forward", (xs, bad(b=None))),
        ("", "lstm_forward", (xs, bad(b=params.b.astype(np.float32)))),
        ("dhs", "lstm_backward", (xs, trace, params)),
        ("dhs", "lstm_backward", (dhs[1:], trace, params)),
        ("dhs", "lstm_backward", (None, trace, params)),
        ("dc_last", "lstm_backward", (dhs, trace, params, dhs)),
        ("trace", "lstm_backward", (dhs, xs, params)),
        ("trace", "lstm_backward", (dhs, None, params)),
        ("trace", "lstm_backward", (dhs, core.RNNTrace(xs, trace.h), params)),
        ("trace", "lstm_backward", (dhs, trace, problem(5, 2, 3, 5, np.float64)[2])),
        ("trace", "lstm_backward", (dhs, trace, problem(5, 2, 3, 4, np.float32)[2])),
    ]
    for name, function, arguments in calls:
        errors = []
        for engine in (core, compiled):
            with pytest.raises(
                (ValueError, TypeError), match=rf"\A{name}.*: expected .* got "
            ) as e:
                getattr(engine, function)(*arguments)
            errors.append(type(e.value))
        assert errors[0] is errors[1], (name, function, arguments)


def test_the_module_stands_in_for_the_core(compiled):
    """`engine=` takes either; the RNN's passes, of two functions a step, are the core's own."""
    names = [f"{cell}_{way}" for cell in ("rnn", "lstm") for way in ("forward", "backward")]
    assert sorted(compiled.__all__) == sorted(names)
    assert compiled.rnn_forward is core.rnn_forward
    assert compiled.rnn_backward is core.rnn_backward
    assert compiled.lstm_forward is not core.lstm_forward


def test_the_core_is_neither_patched_nor_borrowed_from(compiled):
    """Importing it leaves the core as it was, and no name with an underscore is asked for."""
    assert core.lstm_forward.__module__ == "lstm_core"
    tree = ast.parse(Path(compiled.__file__).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            assert not [n.name for n in node.names if n.name.startswith("_")]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert node.value.id != "validate" or not node.attr.startswith("_")


def test_a_reloaded_core_s_parameters_and_traces_are_taken(compiled):
    xs, dhs, params, h0, c0, dc_last = problem(5, 2, 3, 4, np.float64)
    expected = run(compiled, xs, dhs, params, h0, c0, dc_last)
    old = type("LSTMParams", (tuple,), {})(params)
    trace = compiled.lstm_forward(xs, old, h0, c0)
    same = type("LSTMTrace", (SimpleNamespace,), {})(**vars(trace))
    grads = compiled.lstm_backward(dhs, same, old, dc_last)
    assert np.array_equal(grads.params.W_h, expected["dW_h"])
    assert type(grads.params) is core.LSTMParams


def test_without_numba_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.delitem(sys.modules, "lstm_inside.compiled", raising=False)
    with pytest.raises(ImportError, match="pip install numba"):
        importlib.import_module("lstm_inside.compiled")
    assert core.lstm_forward(np.zeros((2, 1, 1)), problem(2, 1, 1, 1, np.float64)[2]).h.shape
