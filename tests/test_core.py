"""The math: step against sequence, backward against differences and against PyTorch, errors."""

import ast
import importlib
import re
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import lstm_core as core
from lstm_core import LSTMParams, RNNParams, gradient_check

SIZES = [(1, 1, 1, 1), (7, 3, 2, 5), (600, 1, 2, 3), (40, 30, 3, 4), (3, 33, 2, 65)]


def problem(kind, T, B, D, H, seed=0, dtype=np.float64):
    """Parameters and inputs with every entry away from 0, biases too."""
    rng = np.random.default_rng(seed)
    init = {"rnn": core.init_rnn, "lstm": core.init_lstm}[kind]
    params = init(D, H, rng=rng, dtype=dtype)
    params = params._replace(b=(params.b + rng.normal(size=params.b.shape)).astype(dtype))
    xs, dhs = (rng.normal(size=(T, B, n)).astype(dtype) for n in (D, H))
    states = [rng.normal(size=(B, H)).astype(dtype) for _ in range(3)]
    return params, xs, dhs, *states


def relative(a, b):
    return np.abs(a - b).max() / np.abs(b).max()


@pytest.mark.parametrize("size", SIZES)
def test_rnn_sequence_is_the_steps(size):
    params, xs, dhs, h0, _, _ = problem("rnn", *size)
    trace = core.rnn_forward(xs, params, h0)
    h, caches = h0, []
    for t, x in enumerate(xs):
        h, cache = core.rnn_step(x, h, params)
        caches.append(cache)
        np.testing.assert_allclose(trace.h[t + 1], h, rtol=1e-10, atol=1e-12)
    grads = core.rnn_backward(dhs, trace, params)
    dh, total = 0, [0, 0, 0]
    for t in reversed(range(len(xs))):
        np.testing.assert_allclose(grads.h[t + 1], dh + dhs[t], rtol=1e-9, atol=1e-12)
        dx, dh, dparams = core.rnn_step_backward(dh + dhs[t], caches[t], params)
        np.testing.assert_allclose(grads.xs[t], dx, rtol=1e-9, atol=1e-12)
        total = [a + b for a, b in zip(total, dparams, strict=True)]
    np.testing.assert_allclose(grads.h[0], dh, rtol=1e-9, atol=1e-12)
    assert max(map(relative, grads.params, total)) < 1e-10


@pytest.mark.parametrize("size", SIZES)
def test_lstm_sequence_is_the_steps(size):
    params, xs, dhs, h0, c0, dc_last = problem("lstm", *size)
    trace = core.lstm_forward(xs, params, h0, c0)
    h, c, caches = h0, c0, []
    for t, x in enumerate(xs):
        h, c, cache = core.lstm_step(x, h, c, params)
        caches.append(cache)
        np.testing.assert_allclose(trace.h[t + 1], h, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(trace.c[t + 1], c, rtol=1e-10, atol=1e-12)
        for name, gate in zip("ifgo", cache[3:7], strict=True):
            np.testing.assert_allclose(getattr(trace, name)[t], gate, rtol=1e-10, atol=1e-12)
    grads = core.lstm_backward(dhs, trace, params, dc_last)
    dh, dc, total = 0, dc_last, [0, 0, 0]
    for t in reversed(range(len(xs))):
        np.testing.assert_allclose(grads.h[t + 1], dh + dhs[t], rtol=1e-9, atol=1e-12)
        dx, dh, dc, dparams = core.lstm_step_backward(dh + dhs[t], dc, caches[t], params)
        np.testing.assert_allclose(grads.xs[t], dx, rtol=1e-9, atol=1e-12)
        total = [a + b for a, b in zip(total, dparams, strict=True)]
    np.testing.assert_allclose(grads.h[0], dh, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(grads.c[0], dc, rtol=1e-9, atol=1e-12)
    assert max(map(relative, grads.params, total)) < 1e-10


def test_rnn_gradients_against_differences():
    params, xs, dhs, h0, _, _ = problem("rnn", 6, 2, 3, 4)
    grads = core.rnn_backward(dhs, core.rnn_forward(xs, params, h0), params)

    def loss(everything):
        W_x, W_h, b, xs, h0 = everything
        return (core.rnn_forward(xs, RNNParams(W_x, W_h, b), h0).h[1:] * dhs).sum()

    report = gradient_check(loss, (*params, xs, h0), (*grads.params, grads.xs, grads.h[0]))
    assert report, str(report)


def test_lstm_gradients_against_differences():
    params, xs, dhs, h0, c0, dc_last = problem("lstm", 6, 2, 3, 4)
    grads = core.lstm_backward(dhs, core.lstm_forward(xs, params, h0, c0), params, dc_last)

    def loss(everything):
        W_x, W_h, b, xs, h0, c0 = everything
        trace = core.lstm_forward(xs, LSTMParams(W_x, W_h, b), h0, c0)
        return (trace.h[1:] * dhs).sum() + (trace.c[-1] * dc_last).sum()

    report = gradient_check(
        loss, (*params, xs, h0, c0), (*grads.params, grads.xs, grads.h[0], grads.c[0])
    )
    assert report, str(report)


def test_gradient_flow_is_the_total_derivative_at_every_step():
    """grads.h[t] and grads.c[t] against restarting the network from a nudged h_t, c_t."""
    params, xs, dhs, h0, c0, _ = problem("lstm", 5, 2, 3, 4)
    trace = core.lstm_forward(xs, params, h0, c0)
    grads = core.lstm_backward(dhs, trace, params)
    for t in range(1, 5):

        def rest(h, c, t=t):
            after = core.lstm_forward(xs[t:], params, h, c).h[1:]
            return (after * dhs[t:]).sum() + (h * dhs[t - 1]).sum()

        def shown(c, t=t):  # a nudge of c_t moves h_t too: that is what "total" means
            return rest(trace.o[t - 1] * np.tanh(c), c)

        by_h = gradient_check(lambda h, t=t: rest(h, trace.c[t]), trace.h[t], grads.h[t])
        by_c = gradient_check(shown, trace.c[t], grads.c[t])
        assert by_h, f"h at t = {t}: {by_h}"
        assert by_c, f"c at t = {t}: {by_c}"


@pytest.mark.parametrize(("dtype", "bound"), [(np.float64, 1e-10), (np.float32, 2e-4)])
def test_against_pytorch(dtype, bound):
    torch = pytest.importorskip("torch", reason="PyTorch is optional")
    T, B, D, H = 60, 5, 4, 6
    params, xs, dhs, h0, c0, dc_last = problem("lstm", T, B, D, H, dtype=dtype)
    peer = torch.nn.LSTM(D, H).to(torch.from_numpy(xs).dtype)
    with torch.no_grad():
        for name, value in (("weight_ih", params.W_x.T), ("weight_hh", params.W_h.T),
                            ("bias_ih", params.b), ("bias_hh", 0 * params.b)):  # fmt: skip
            getattr(peer, name + "_l0").copy_(torch.from_numpy(value.copy()))
    x, h, c = (torch.from_numpy(a).requires_grad_() for a in (xs, h0[None], c0[None]))
    out, (_, c_T) = peer(x, (h, c))
    ((out * torch.from_numpy(dhs)).sum() + (c_T * torch.from_numpy(dc_last)).sum()).backward()

    trace = core.lstm_forward(xs, params, h0, c0)
    grads = core.lstm_backward(dhs, trace, params, dc_last)
    for ours, theirs in (
        (trace.h[1:], out.detach()),
        (trace.c[-1], c_T[0].detach()),
        (grads.xs, x.grad),
        (grads.h[0], h.grad[0]),
        (grads.c[0], c.grad[0]),
        (grads.params.W_x, peer.weight_ih_l0.grad.T),
        (grads.params.W_h, peer.weight_hh_l0.grad.T),
        (grads.params.b, peer.bias_ih_l0.grad),
    ):
        assert ours.dtype == dtype
        assert relative(ours, theirs.numpy()) < bound


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
def test_splitting_a_sequence_and_carrying_the_state_changes_nothing(kind):
    params, xs, _, h0, c0, _ = problem(kind, 12, 2, 3, 4)
    forward = getattr(core, f"{kind}_forward")
    start = (h0,) if kind == "rnn" else (h0, c0)
    whole = forward(xs, params, *start)
    first = forward(xs[:5], params, *start)
    carried = (first.h[-1],) if kind == "rnn" else (first.h[-1], first.c[-1])
    second = forward(xs[5:], params, *carried)
    np.testing.assert_allclose(whole.h[5:], second.h, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
def test_batch_items_do_not_see_each_other(kind):
    params, xs, dhs, *_ = problem(kind, 9, 4, 3, 5)
    forward, backward = (getattr(core, f"{kind}_{way}") for way in ("forward", "backward"))
    whole = backward(dhs, forward(xs, params), params)
    alone = backward(dhs[:, 2:3], forward(xs[:, 2:3], params), params)
    np.testing.assert_allclose(whole.xs[:, 2:3], alone.xs, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(whole.h[:, 2:3], alone.h, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e4, 1e30])
@pytest.mark.filterwarnings("error")
def test_saturated_gates_stay_finite_and_silent(dtype, size):
    params, xs, dhs, *_ = problem("lstm", 20, 2, 3, 4, dtype=dtype)
    params = params._replace(b=np.where(params.b > 0, size, -size).astype(dtype))
    with np.errstate(all="raise"):
        trace = core.lstm_forward(xs, params)
    grads = core.lstm_backward(dhs, trace, params)
    for a in (*vars(trace).values(), grads.xs, grads.h, grads.c, *grads.params):
        assert np.isfinite(a).all()
    assert {0, 1} >= set(np.unique(trace.f))


# ---------------------------------------------------------------- steps and sequences


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["rnn", "lstm"])
def test_sequence_is_the_steps_to_the_last_bit(kind, size, dtype):
    params, xs, dhs, h0, c0, dc_last = problem(kind, *size, dtype=dtype)
    states, last = ((h0,), ()) if kind == "rnn" else ((h0, c0), (dc_last,))
    forward, backward, step, step_backward = (
        getattr(core, f"{kind}_{name}") for name in ("forward", "backward", "step", "step_backward")
    )
    trace = forward(xs, params, *states)
    caches = []
    for t, x in enumerate(xs):
        *states, cache = step(x, *states, params)
        caches.append(cache)
        for name, state in zip("hc", states, strict=False):
            assert np.array_equal(getattr(trace, name)[t + 1], state), (name, t)
        for name, gate in zip("ifgo", cache[3:7] if kind == "lstm" else (), strict=False):
            assert np.array_equal(getattr(trace, name)[t], gate), (name, t)
    grads = backward(dhs, trace, params, *last)
    following = [np.zeros_like(h0), *last]
    for t in reversed(range(len(xs))):
        following[0] = following[0] + dhs[t]
        assert np.array_equal(grads.h[t + 1], following[0])
        dx, *following, _ = step_backward(*following, caches[t], params)
        assert np.array_equal(grads.xs[t], dx)
        for name, d in zip("hc", following, strict=False):
            assert t or np.array_equal(getattr(grads, name)[0], d)


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
def test_what_is_kept_of_a_pass_keeps_only_itself_alive(kind):
    params, xs, dhs, *_ = problem(kind, 30, 4, 3, 5)
    trace = getattr(core, f"{kind}_forward")(xs, params)
    grads = getattr(core, f"{kind}_backward")(dhs, trace, params)
    arrays = vars(trace) | {"d" + name: a for name, a in vars(grads).items() if name != "params"}
    arrays |= {"d" + name: a for name, a in grads.params._asdict().items()}
    assert arrays.pop("xs") is xs
    for name, a in arrays.items():
        assert a.base is None, name
        assert a.flags.owndata, name
    assert len({a.ctypes.data for a in arrays.values()}) == len(arrays)


# ---------------------------------------------------------------- the file


SOURCE = Path(core.__file__).read_text(encoding="utf-8")


def test_the_core_is_read_in_one_sitting_and_stands_alone():
    assert SOURCE.count("\n") <= 450
    imported = set()
    for node in ast.walk(ast.parse(SOURCE)):
        if isinstance(node, ast.ImportFrom):
            assert not node.level
            imported.add(node.module.split(".")[0])
        elif isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
    assert imported <= {"numpy", *sys.stdlib_module_names}
    assert "numpy" in imported


def test_every_equation_stands_once_forward_and_once_backward():
    """The number of an equation is the first thing in its line's comment."""
    numbers = Counter(re.findall(r"\S  # \((\d\.\d+)\)", SOURCE))
    once = {"1.1", "2.1", *(f"3.{n}" for n in range(1, 7)), *(f"4.{n}" for n in range(1, 13))}
    for_both = {"4.1", "4.3"}  # the RNN's and the LSTM's step back
    assert numbers == Counter(once) + Counter(for_both)
    inside = {
        node.name: ast.get_source_segment(SOURCE, node)
        for node in ast.parse(SOURCE).body
        if isinstance(node, ast.FunctionDef)
    }
    for name in ("rnn_step", "rnn_forward", "lstm_step", "lstm_forward"):
        assert "_step(" in inside[name].split('"""')[2], name
        assert not re.search(r"np\.(tanh|exp)", inside[name]), name


def test_a_reloaded_core_takes_what_was_made_before():
    """Readers edit the core and load it again, while their parameters and traces stay."""
    made = {}
    for kind in ("rnn", "lstm"):
        params, xs, dhs, *_ = problem(kind, 5, 2, 3, 4)
        made[kind] = params, xs, dhs, getattr(core, f"{kind}_forward")(xs, params)
    specification = importlib.util.spec_from_file_location("lstm_core_again", core.__file__)
    again = importlib.util.module_from_spec(specification)
    sys.modules["lstm_core_again"] = again  # dataclasses look their module up
    try:
        specification.loader.exec_module(again)
    finally:
        del sys.modules["lstm_core_again"]
    assert again.LSTMParams is not core.LSTMParams
    for kind, (params, xs, dhs, trace) in made.items():
        forward, backward = (getattr(again, f"{kind}_{way}") for way in ("forward", "backward"))
        assert np.array_equal(forward(xs, params).h, trace.h)
        grads = backward(dhs, trace, params)
        assert type(grads.params) is getattr(again, f"{kind.upper()}Params")
        wanted = getattr(core, f"{kind}_backward")(dhs, forward(xs, params), params)
        assert np.array_equal(grads.params.W_h, wanted.params.W_h)
        same = backward(dhs, SimpleNamespace(**vars(trace)), tuple(params))
        assert np.array_equal(same.h, grads.h)


# ---------------------------------------------------------------- the extremes


@pytest.mark.filterwarnings("error")
def test_sigmoid_is_exact_and_silent():
    z = np.array([-np.inf, -1e308, -800, -40, -1, 0, 1, 40, 1e308, np.inf])
    s = core.sigmoid(z)
    assert np.isfinite(s).all()
    assert s[0] == 0
    assert s[-1] == 1
    np.testing.assert_allclose(s[3], np.exp(-40) / (1 + np.exp(-40)), rtol=1e-14)
    np.testing.assert_allclose(s + core.sigmoid(-z), 1, rtol=1e-14)
    assert core.sigmoid(np.float32(3)).dtype == np.float32
    assert core.sigmoid(0) == 0.5
    with pytest.raises(TypeError, match="z: expected a real-number array"):
        core.sigmoid("0")


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
def test_no_argument_is_changed(kind):
    params, xs, dhs, h0, c0, dc_last = problem(kind, 6, 2, 3, 4)
    forward, backward = (getattr(core, f"{kind}_{way}") for way in ("forward", "backward"))
    step, step_backward = (getattr(core, f"{kind}_step{way}") for way in ("", "_backward"))
    states = (h0,) if kind == "rnn" else (h0, c0)
    last = () if kind == "rnn" else (dc_last,)
    for a in (*params, xs, dhs, h0, c0, dc_last):
        a.flags.writeable = False  # a change would raise
    trace = forward(xs, params, *states)
    for a in vars(trace).values():
        a.flags.writeable = False
    backward(dhs, trace, params, *last)
    *_, cache = step(xs[0], *states, params)
    step_backward(dhs[0], *last, cache, params)


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
def test_initialisers(kind):
    init = getattr(core, f"init_{kind}")
    params = init(3, 8, rng=np.random.default_rng(1), recurrent="orthogonal", dtype=np.float32)
    again = init(3, 8, rng=np.random.default_rng(1), recurrent="orthogonal", dtype=np.float32)
    for a, b in zip(params, again, strict=True):
        assert a.dtype == np.float32
        assert np.array_equal(a, b)
    assert params.W_h.shape == (8, params.W_x.shape[1]) == (8, len(params.b))
    for block in np.split(params.W_h, params.W_h.shape[1] // 8, axis=1):
        np.testing.assert_allclose(block @ block.T, np.eye(8), atol=1e-5)
    uniform = init(3, 8, rng=np.random.default_rng(1))
    for W in uniform[:2]:
        assert 0.8 < np.sqrt(8) * W.max() <= 1
        assert -1 <= np.sqrt(8) * W.min() < -0.8


def test_an_orthogonal_start_mirrors_as_often_as_not():
    """One unit: a QR decomposition alone gives 1 every time."""
    rngs = map(np.random.default_rng, range(20))
    starts = [core.init_rnn(1, 1, rng=rng, recurrent="orthogonal").W_h.item() for rng in rngs]
    assert 5 <= starts.count(1.0) <= 15
    assert starts.count(1.0) + starts.count(-1.0) == 20


def test_forget_bias_is_the_forget_gates():
    start = core.split_gates(core.init_lstm(3, 4, rng=np.random.default_rng(0)).b)
    assert [float(b.max()) for b in start] == [float(b.min()) for b in start] == [0, 1, 0, 0]
    i, f, g, o = core.split_gates(
        core.init_lstm(3, 4, rng=np.random.default_rng(0), forget_bias=2.5).b
    )
    assert (f == 2.5).all()
    assert not np.any([i, g, o])


X, R = np.zeros((5, 2, 3)), np.random.default_rng(0)
P = core.init_lstm(3, 4, rng=R)
Q = core.init_rnn(3, 4, rng=R)
TRACE = core.lstm_forward(X, P)


def as_float32(params):
    return type(params)(*(p.astype(np.float32) for p in params))


NAN, INF = np.where(np.arange(3) == 1, np.nan, X), np.where(np.arange(3) == 1, np.inf, X)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: core.lstm_forward(X[0], P), ValueError, r"xs: expected 3 axes, got shape \(2, 3\)"),
        (lambda: core.lstm_forward(X[:, :, :2], P), ValueError, r"xs: .*\(T, B, D\) = \(5, 2, 3\).*got \(5, 2, 2\)"),
        (lambda: core.lstm_forward(X[:0], P), ValueError, r"xs: .*none 0, got \(0, 2, 3\)"),
        (lambda: core.lstm_forward(X[:, :0], P), ValueError, r"xs: .*none 0, got \(5, 0, 3\)"),
        (lambda: core.lstm_forward(NAN, P), ValueError, r"xs: expected finite.*nan at \(0, 0, 1\)"),
        (lambda: core.lstm_forward(INF, P), ValueError, "xs: expected finite numbers, got inf"),
        (lambda: core.lstm_forward(None, P), TypeError, "xs: expected a real-number array"),
        (lambda: core.lstm_forward("abc", P), TypeError, "xs: expected a real-number array"),
        (lambda: core.lstm_forward(X + 1j, P), TypeError, "xs: expected a real-number array"),
        (lambda: core.lstm_forward([[[1, 2], [3]]], P), TypeError, "xs: expected a real-number"),
        (lambda: core.lstm_forward(X, P, h0=np.zeros((2, 3))), ValueError, r"h0: .*\(B, H\) = \(2, 4\)"),
        (lambda: core.lstm_forward(X, P, c0=np.full((2, 4), np.nan)), ValueError, "c0: expected fin"),
        (lambda: core.lstm_forward(X, None), TypeError, r"params: expected \(W_x, W_h, b\), got NoneType"),
        (lambda: core.lstm_forward(X, Q), ValueError, "W_h: expected shape .H, 4H"),
        (lambda: core.rnn_forward(X, P), ValueError, r"W_h: expected shape \(H, H\)"),
        (lambda: core.lstm_forward(X, P._replace(b=P.b[:-1])), ValueError, r"b: expected shape \(4H\) = \(16,\)"),
        (lambda: core.lstm_forward(X, P._replace(W_x=P.W_x[:, :4])), ValueError, "W_x: expected shape"),
        (lambda: core.lstm_forward(X, P._replace(W_x=P.W_x[:0])), ValueError, r"W_x: .*none 0, got \(0, 16\)"),
        (lambda: core.lstm_forward(X, P._replace(b=P.b.astype("f4"))), ValueError, "b: expected float32 or float64, all alike, got float32"),
        (lambda: core.lstm_forward(X, P._replace(b=None)), TypeError, "b: expected a real-number"),
        (lambda: core.lstm_forward(X, P._replace(b=P.b * np.nan)), ValueError, "b: expected finite"),
        (lambda: core.lstm_backward(X, TRACE, P), ValueError, r"dhs: .*\(5, 2, 4\).*got \(5, 2, 3\)"),
        (lambda: core.lstm_backward(TRACE.h, TRACE, P), ValueError, "dhs: expected shape"),
        (lambda: core.lstm_backward(TRACE.o, X, P), TypeError, r"trace: expected \(xs, h, c, tanh_c, i, f, g, o\)"),
        (lambda: core.lstm_backward(TRACE.o, TRACE, P, dc_last=[1]), ValueError, "dc_last: expected"),
        (lambda: core.lstm_backward(TRACE.o, TRACE, as_float32(P)), ValueError, "trace.h: .*got float64"),
        (lambda: core.lstm_backward(TRACE.o, vars(TRACE), P), TypeError, "trace: expected"),
        (lambda: core.lstm_forward(X, list(P)), TypeError, "params: expected .* got list"),
        (lambda: core.lstm_forward(X, P[:2]), TypeError, "params: expected"),
        (lambda: core.lstm_forward(X, LSTMParams(*(p.astype(int) for p in P))), ValueError, "W_h: expected float32 or float64"),
        (lambda: core.lstm_forward(X, P._replace(W_h=1.0)), ValueError, "W_h: expected 2 axes"),
        (lambda: core.lstm_forward(X, RNNParams(P.W_x[:, :0], P.W_h[:0, :0], P.b[:0])), ValueError, "W_h: .*none 0"),
        (lambda: core.lstm_forward(X + 1e300, as_float32(P)), ValueError, "xs: expected finite"),
        (lambda: core.rnn_backward(TRACE.o, TRACE, Q), TypeError, r"trace: expected \(xs, h\), got LSTMTrace"),
        (
            lambda: core.lstm_backward(TRACE.o, TRACE, core.init_lstm(3, 5, rng=R)),
            ValueError, r"trace.h: .*\(5, 2, 5\).*got \(5, 2, 4\)",
        ),
        (lambda: core.lstm_step(X, X, X, P), ValueError, "x: expected 2 axes"),
        (lambda: core.lstm_step(X[0], X[0], X[0], P), ValueError, r"h_prev: .*\(B, H\) = \(2, 4\)"),
        (lambda: core.rnn_step(X[0], None, Q), TypeError, "h_prev: expected a real-number array"),
        (lambda: core.init_lstm(3, 4, rng=R, dtype="nonsense"), ValueError, "dtype: expected float32"),
        (lambda: core.init_lstm(3, 4, rng=R, recurrent=X), ValueError, 'recurrent: expected "uniform"'),
        (lambda: core.split_gates(np.zeros((2, 7))), ValueError, "a: expected four blocks of columns"),
        (lambda: core.split_gates(None), TypeError, "a: expected a real-number array"),
        (lambda: core.lstm_step_backward(X[0, :1, :1] + np.zeros(4), np.zeros((2, 4)), core.lstm_step(X[0], np.zeros((2, 4)), np.zeros((2, 4)), P)[2], P), ValueError, r"got \(1, 4\)"),
        (lambda: core.rnn_step_backward(np.zeros((1, 4)), core.rnn_step(X[0], np.zeros((2, 4)), Q)[1], Q), ValueError, r"got \(1, 4\)"),
        (lambda: core.lstm_step_backward(np.zeros((2, 4)), np.zeros((2, 4)), None, P), TypeError, r"cache: expected \(x, h_prev, c_prev, i, f, g, o, c\)"),
        (lambda: core.gradient_check(np.sum, np.ones(2), np.ones(2), step=0), ValueError, "step: expected a finite number above 0"),
        (lambda: core.gradient_check(np.sum, np.ones(2), np.ones(2), tolerance=np.nan), ValueError, "tolerance: expected a finite"),
        (lambda: core.init_lstm(0, 4, rng=R), ValueError, "D: expected a whole number of at least 1"),
        (lambda: core.init_rnn(3, 2.0, rng=R), TypeError, "H: expected a whole number"),
        (lambda: core.init_rnn(3, True, rng=R), TypeError, "H: expected a whole number"),
        (lambda: core.init_lstm(3, 4, rng=7), TypeError, "rng: expected a numpy.random.Generator"),
        (lambda: core.init_lstm(3, 4, rng=R, forget_bias=np.nan), ValueError, "forget_bias: expected"),
        (lambda: core.init_lstm(3, 4, rng=R, dtype="i4"), ValueError, "dtype: expected float32"),
        (lambda: core.init_rnn(3, 4, rng=R, recurrent="eye"), ValueError, 'recurrent: expected "uni'),
    ],
)  # fmt: skip
def test_bad_input_is_named(call, error, words):
    with pytest.raises(error, match=words):
        call()


# ---------------------------------------------------------------- gradient_check itself


def test_gradient_check_finds_one_wrong_entry():
    x = np.arange(6.0).reshape(2, 3)
    right = 3 * x**2
    assert gradient_check(lambda x: (x**3).sum(), x, right)
    wrong = right.copy()
    wrong[1, 2] *= 1.001
    report = gradient_check(lambda x: (x**3).sum(), x, wrong)
    assert not report.ok
    assert report.where == "x[1, 2]"
    assert "WRONG" in str(report)


def test_gradient_check_by_directions():
    rng = np.random.default_rng(0)
    x = rng.normal(size=50)
    assert gradient_check(lambda x: np.sin(x).sum(), x, np.cos(x), directions=3, rng=rng)
    assert not gradient_check(lambda x: np.sin(x).sum(), x, np.sin(x), directions=3, rng=rng)


def test_a_direction_is_one_step_long():
    places, x = [], np.linspace(0, 1, 50)

    def loss(place):
        places.append(place)
        return place.sum()

    assert gradient_check(
        loss, x, np.ones(50), directions=3, rng=np.random.default_rng(1), step=1e-3
    )
    lengths = np.linalg.norm(np.array(places) - x, axis=1)
    np.testing.assert_allclose(lengths, 1e-3, rtol=1e-9)


def test_gradient_check_names_the_array_and_sees_small_ones():
    """A wrong b counts by b's own size, however large W is."""
    x = {"W": np.full(3, 1e6), "b": np.full(2, 1e-3)}
    report = gradient_check(
        lambda x: (x[0] ** 2).sum() / 1e6 + 1e-3 * x[1].sum(),
        (x["W"], x["b"]),
        (2 * x["W"] / 1e6, np.full(2, 1.1e-3)),
    )
    assert report.where.startswith("x[1]")
    assert not report


def test_gradient_check_says_when_it_could_not_fail():
    report = gradient_check(lambda x: 0 * x.sum(), np.ones(3), np.zeros(3))
    assert report.vacuous
    assert str(report._replace(ok=False)).startswith("WRONG")
    assert "says nothing" in str(report)


@pytest.mark.parametrize("directions", [None, 6])
def test_gradient_check_reports_the_worst_place_and_counts_the_tolerance_in(directions):
    x = np.array([2.0, 1.0]), np.array([3.0])
    wrong = np.array([5.0, 2.0]), 2 * x[1]  # the first should be 4

    def check(grad=wrong, factor=1, directions=directions, **how):
        def loss(x):
            return factor * ((x[0] ** 2).sum() + (x[1] ** 2).sum())

        rng = np.random.default_rng(0)
        return gradient_check(loss, x, grad, directions=directions, rng=rng, **how)

    worst, where = pytest.approx(0.2), "x[0][0]"
    if directions:
        errors = [check(directions=k + 1).error for k in range(directions)]  # the worst so far
        worst, where = errors[-1], f"direction {np.argmax(errors)}"
        assert where != f"direction {directions - 1}"
    report = check()
    assert (report.error, report.where) == (worst, where)
    assert check(tolerance=report.error).ok
    assert check((0 * x[0], 0 * x[1]), factor=0).vacuous


def test_directions_that_show_a_slope_are_not_vacuous():
    x = np.array([0.5, 100.0])
    report = gradient_check(
        lambda x: (x**2).sum(), x, 2 * x, directions=3, rng=np.random.default_rng(0)
    )
    assert report
    assert not report.vacuous


def test_finite_steps_are_as_large_as_is_said():
    """`step` times max(1, |x|), forward and back."""
    x, seen = np.array([0.5, 100.0]), []

    def loss(x):
        seen.append(x)
        return (x**2).sum()

    report = gradient_check(loss, x, 2 * x, step=1e-5)
    assert report
    assert not report.vacuous
    moves = np.array([each - x for each in seen])
    np.testing.assert_allclose(moves, [[1e-5, 0], [-1e-5, 0], [0, 1e-3], [0, -1e-3]], rtol=1e-6)


def test_gradient_check_hands_out_copies():
    x = np.ones(3)

    def greedy(x):
        x *= 0
        return float(x.sum())

    gradient_check(greedy, x, np.zeros(3))
    assert (x == 1).all()


@pytest.mark.parametrize(
    ("x", "grad", "error", "words"),
    [
        (np.ones(3), np.ones(2), ValueError, "grad: expected the shapes of x"),
        (np.ones(3, "f4"), np.ones(3), ValueError, "x: expected float64"),
        (np.array([1, np.nan]), np.ones(2), ValueError, "x: expected finite"),
        (np.ones(0), np.ones(0), ValueError, "x: expected float64, at least one number"),
        ("x", np.ones(2), TypeError, "x: expected a real-number array"),
    ],
)
def test_gradient_check_refuses(x, grad, error, words):
    with pytest.raises(error, match=words):
        gradient_check(np.sum, x, grad)


def test_gradient_check_refuses_a_loss_that_is_no_number():
    with pytest.raises(ValueError, match=r"loss\(x\): expected 0 axes"):
        gradient_check(lambda x: x, np.ones(2), np.ones(2))
    with pytest.raises(ValueError, match=r"loss\(x\): expected finite numbers"):
        gradient_check(lambda x: np.inf, np.ones(2), np.ones(2))


# ---------------------------------------------------------------- losses that compute in float32


def squares32(x):
    return np.float32((x**2).sum())


def inside32(x):
    """float32 on the way, float64 at the end: its type does not show it."""
    return float((x.astype(np.float32) ** 2).astype(np.float64).sum() + np.pi)


def large32(x):
    """So large that steps of 1e-5 do not show in it at all."""
    return np.float32(1000 + (x**2).sum())


@pytest.mark.parametrize("loss", [squares32, lambda x: float(squares32(x)), inside32, large32])
@pytest.mark.parametrize("size", [3, 40])
@pytest.mark.parametrize("directions", [None, 3])
def test_a_float32_loss_does_not_make_a_right_gradient_wrong(loss, size, directions):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        x = np.ones(size) if seed == 0 else rng.normal(size=size)
        report = gradient_check(loss, x, 2 * x, directions=directions, rng=rng)
        assert "WRONG" not in str(report)
        assert report.coarse
        assert "the loss is too coarse to tell more" in str(report)
        assert report.ok or loss is large32, str(report)


@pytest.mark.parametrize("loss", [squares32, inside32, large32])
@pytest.mark.parametrize("factor", [1.5, -1, 0])
@pytest.mark.parametrize("directions", [None, 3])
def test_a_float32_loss_does_not_hide_a_wrong_gradient(loss, factor, directions):
    rng = np.random.default_rng(0)
    x = rng.normal(size=6)
    report = gradient_check(loss, x, 2 * x * factor, directions=directions, rng=rng)
    assert not report
    assert "WRONG" in str(report), str(report)
    assert not report.coarse


def test_a_curve_between_the_steps_is_no_coarse_loss():
    """x cubed: the difference at a step of 0.01 is 1e-4, and a smooth curve all the way."""
    report = gradient_check(lambda x: (x**3).sum(), np.zeros(1), np.full(1, -1e-4), step=0.01)
    assert not report
    assert not report.coarse


def test_a_report_is_not_of_a_coarse_loss_unless_it_says_so():
    assert not core.GradientReport(True, 1e-9, "x[0]", 2.0, 2.0, vacuous=False).coarse


@pytest.mark.parametrize("loss", [squares32, inside32])
def test_how_fine_a_float32_loss_can_tell(loss):
    x = np.random.default_rng(0).normal(size=6)
    assert "WRONG" in str(gradient_check(loss, x, 2 * x * 1.02))
    assert gradient_check(loss, x, 2 * x * 1.002).coarse


@pytest.mark.parametrize("off", [1e-5, 1e-4, 1e-3, 1e-2])
def test_a_float64_loss_is_held_to_the_tolerance_it_was(off):
    """Small faults stay faults, and a loss that does not depend on x is not called coarse."""
    x = np.random.default_rng(0).normal(size=6)
    for loss, slope in ((np.sin, np.cos), (np.exp, np.exp), (lambda x: 3 * x, lambda x: 3 + 0 * x)):
        report = gradient_check(lambda x, loss=loss: loss(x).sum(), x, (1 + off) * slope(x))
        assert "WRONG" in str(report)
        assert report.error == pytest.approx(off, rel=0.02)
    report = gradient_check(lambda x: 1 / 3, x, off * np.ones(6))
    assert "WRONG" in str(report)
    assert gradient_check(lambda x: np.abs(x).sum(), np.zeros(2), np.ones(2)).error == 1


def test_a_loss_too_coarse_for_any_step_leaves_it_open():
    report = gradient_check(lambda x: np.float32(1e8 + x.sum()), np.ones(3), np.ones(3))
    assert not report
    assert str(report).startswith("cannot be told")


def test_a_right_gradient_of_a_network_in_float32():
    params, xs, dhs, *_ = problem("lstm", 6, 2, 3, 4)
    grads = core.lstm_backward(dhs, core.lstm_forward(xs, params), params)

    def loss(params):
        params = as_float32(params)
        return (core.lstm_forward(xs, params).h[1:] * dhs).sum()

    report = gradient_check(loss, params, grads.params)
    assert report, str(report)
    assert report.coarse
    wrong = grads.params._replace(b=grads.params.b * 1.05)
    assert "WRONG" in str(gradient_check(loss, params, wrong))
