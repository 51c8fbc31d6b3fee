"""Every variant against lstm_core, finite differences and automatic differentiation."""

import numpy as np
import pytest

import lstm_core
from lstm_core import gradient_check
from lstm_inside.replication import VARIANTS, backward, forward, init_variant
from lstm_inside.training import each_array

FULL = [name for name, variant in VARIANTS.items() if not variant.truncated]
TRUNCATED = [name for name, variant in VARIANTS.items() if variant.truncated]


def case(name, T=7, B=3, D=4, H=5, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    params = init_variant(name, D, H, rng=rng, within=0.8, dtype=dtype)
    params = params._replace(b=params.b + rng.normal(size=params.b.shape).astype(dtype))
    xs = rng.normal(size=(T, B, D)).astype(dtype)
    dhs = rng.normal(size=(T, B, H)).astype(dtype)
    start = tuple(rng.normal(size=(B, H)).astype(dtype) for _ in range(VARIANTS[name].states))
    return xs, params, dhs, start


def test_modern_is_the_core():
    xs, params, dhs, start = case("modern")
    trace, grads = forward(xs, params, "modern", start), None
    core = lstm_core.lstm_forward(xs, params, *start)
    grads, core_grads = backward(dhs, trace, params), lstm_core.lstm_backward(dhs, core, params)
    for ours, theirs in [
        (trace.h, core.h), (trace.c, core.c), (trace.over_time("f"), core.f),
        (grads.xs, core_grads.xs), (grads.states[0], core_grads.h),
        *zip(grads.params, core_grads.params, strict=True),
    ]:  # fmt: skip
        np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-13)
    tanh_c = np.tanh(trace.c[1:])  # what comes by h_t is the difference to the core's total
    by_h = grads.states[0][1:] * trace.over_time("o") * (1 - tanh_c**2)
    np.testing.assert_allclose(grads.states[1][1:] + by_h, core_grads.c[1:], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", FULL)
def test_full_gradients_against_finite_differences(name):
    xs, params, dhs, start = case(name)
    grads = backward(dhs, forward(xs, params, name, start), params)

    def loss(params, xs=xs, start=start):
        return (forward(xs, params, name, start).h[1:] * dhs).sum()

    for x, grad, function in [
        (params, grads.params, loss),
        (xs, grads.xs, lambda xs: loss(params, xs=xs)),
        (start, tuple(part[0] for part in grads.states), lambda s: loss(params, start=s)),
    ]:
        report = gradient_check(function, x, grad)
        assert report.ok, str(report)
        assert not report.vacuous


def in_torch(torch, name, params, xs, start, cut):
    """The variant's equations written once more, for PyTorch to differentiate; all of h.

    cut: whether h_{t-1} is detached where a weight sees it, which truncates the gradient.
    """
    W_x, W_h, b, *rest = params
    state, seen, out = start, None, []
    for x in xs:
        h = state[0].detach() if cut else state[0]
        if name == "GRU":
            H = h.shape[-1]
            a = x @ W_x + b
            r = torch.sigmoid(a[..., :H] + h @ W_h[:, :H])
            z = torch.sigmoid(a[..., H : 2 * H] + h @ W_h[:, H : 2 * H])
            seen = torch.tanh(a[..., 2 * H :] + (r * h) @ W_h[:, 2 * H :])
            state = (z * h + (1 - z) * seen,)
            out.append(state[0])
            continue
        c = state[1]
        a = dict(zip(VARIANTS[name].columns,
                     (x @ W_x + h @ W_h + b).chunk(len(VARIANTS[name].columns), -1),
                     strict=True))  # fmt: skip
        wide = 2 if name in TRUNCATED else 1
        squash = torch.sigmoid
        if name == "peephole":
            p_i, p_f, p_o = rest[0].chunk(3)
            a["i"], a["f"] = a["i"] + p_i * c, a["f"] + p_f * c
        f = squash(a["f"]) if "f" in a else 1.0
        i = squash(a["i"]) if "i" in a else 1 - f
        c = f * c + i * wide * torch.tanh(a["g"] / wide)
        o = squash(a["o"] + p_o * c if name == "peephole" else a["o"])
        state = (o * torch.tanh(c / wide), c)
        out.append(state[0])
    return torch.stack(out)


@pytest.mark.parametrize("name", VARIANTS)
def test_gradients_against_automatic_differentiation(name):
    torch = pytest.importorskip("torch", reason="pip install -r requirements-torch.txt")
    xs, params, dhs, start = case(name, T=20)
    trace = forward(xs, params, name, start)
    grads = backward(dhs, trace, params)
    leaves = [torch.tensor(a, requires_grad=True) for a in (*params, xs)]
    h = in_torch(torch, name, leaves[:-1], leaves[-1], [torch.tensor(s) for s in start],
                 cut=VARIANTS[name].truncated)  # fmt: skip
    (h * torch.tensor(dhs)).sum().backward()
    np.testing.assert_allclose(trace.h[1:], h.detach(), rtol=1e-10, atol=1e-12)
    for ours, leaf in zip((*grads.params, grads.xs), leaves, strict=True):
        theirs = leaf.grad.numpy()
        assert np.abs(ours - theirs).max() <= 1e-10 * np.abs(theirs).max()


@pytest.mark.parametrize("name", TRUNCATED)
def test_the_truncated_gradient_is_not_the_full_one(name):
    xs, params, dhs, start = case(name)
    grads = backward(dhs, forward(xs, params, name, start), params)

    def loss(params):
        return (forward(xs, params, name, start).h[1:] * dhs).sum()

    assert not gradient_check(loss, params, grads.params, tolerance=1e-2).ok
    np.testing.assert_array_equal(grads.states[0][1:], dhs)  # h passes nothing on


def test_without_a_forget_gate_the_cell_line_passes_everything_on():
    xs, params, dhs, _ = case("1997")
    dhs[:-1] = 0
    line = backward(dhs, forward(xs, params, "1997"), params).states[1]
    np.testing.assert_array_equal(line[0], line[-2])
    assert np.abs(line[0]).min() > 0


@pytest.mark.parametrize("name", VARIANTS)
def test_networks_side_by_side_are_networks_one_by_one(name):
    cases = [case(name, seed=seed) for seed in range(3)]
    xs, dhs = (np.stack([c[n] for c in cases], axis=1) for n in (0, 2))
    params = each_array(lambda *a: np.stack(a), *(c[1] for c in cases))
    start = each_array(lambda *a: np.stack(a), *(c[3] for c in cases))
    trace = forward(xs, params, name, start)
    grads = backward(dhs, trace, params)
    for k, (one_xs, one_params, one_dhs, one_start) in enumerate(cases):
        one = forward(one_xs, one_params, name, one_start)
        np.testing.assert_allclose(trace.h[:, k], one.h, rtol=1e-12)
        one_grads = backward(one_dhs, one, one_params)
        np.testing.assert_allclose(grads.xs[:, k], one_grads.xs, rtol=1e-9, atol=1e-12)
        for ours, alone in zip(grads.params, one_grads.params, strict=True):
            np.testing.assert_allclose(ours[k], alone, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", VARIANTS)
def test_dtype_is_kept_and_no_argument_is_changed(name):
    for dtype in (np.float32, np.float64):
        xs, params, dhs, start = given = case(name, dtype=dtype)
        before = each_array(np.copy, given)
        trace = forward(xs, params, name, start)
        grads = backward(dhs, trace, params)
        for array in (trace.h, trace.c, grads.xs, *grads.params, *grads.states):
            assert array.dtype == dtype
        each_array(np.testing.assert_array_equal, before, given)


def test_gates_start_where_they_are_told_to():
    params = init_variant("2000", 3, 4, rng=np.random.default_rng(0), within=0.1,
                          biases={"i": (-1, -2, -3, -4), "o": -6})  # fmt: skip
    i, f, g, o = np.split(params.b, 4)
    assert i.tolist() == [-1, -2, -3, -4]
    assert (f == 1).all()
    assert (g == 0).all()
    assert (o == -6).all()
    assert 0.05 < np.abs(params.W_x).max() <= 0.1


GOOD = case("modern")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: forward(GOOD[0], GOOD[1], "lstm"), "variant: expected one of"),
        (lambda: forward(GOOD[0], GOOD[1], None), "variant: expected one of"),
        (lambda: forward(GOOD[0][0], GOOD[1], "modern"), "xs: expected 3 axes"),
        (lambda: forward(GOOD[0][..., :2], GOOD[1], "modern"), "xs: expected shape"),
        (lambda: forward(GOOD[0] * np.nan, GOOD[1], "modern"), "xs: expected finite"),
        (lambda: forward(None, GOOD[1], "modern"), "xs: expected a real-number"),
        (lambda: forward(GOOD[0][:0], GOOD[1], "modern"), "xs: expected T >= 1"),
        (lambda: forward(GOOD[0], GOOD[1], "GRU"), "W_h: expected shape"),
        (lambda: forward(GOOD[0], GOOD[1], "peephole"), "params: expected PeepholeParams"),
        (lambda: forward(GOOD[0], GOOD[1]._replace(b=GOOD[1].b[1:]), "modern"), "b: expected shape"),
        (lambda: forward(GOOD[0], GOOD[1]._replace(W_x=GOOD[1].W_x[:, 1:]), "modern"), "W_x: expected shape"),
        (lambda: forward(GOOD[0], GOOD[1]._replace(b=GOOD[1].b.astype("f")), "modern"), "params: expected float32 or float64"),
        (lambda: forward(GOOD[0], GOOD[1], "modern", (GOOD[3][0],)), "state0: expected a tuple of 2"),
        (lambda: forward(GOOD[0], GOOD[1], "modern", (GOOD[3][0], 1.0)), "c0: expected shape"),
        (lambda: backward(GOOD[2], None, GOOD[1]), "trace: expected a Trace"),
        (lambda: backward(GOOD[2][1:], forward(GOOD[0], GOOD[1], "modern"), GOOD[1]), "dhs: expected shape"),
        (lambda: forward(GOOD[0], GOOD[1], "modern").over_time("z"), "name: expected one of"),
        (lambda: init_variant("GRU", 0, 2, rng=np.random.default_rng(0)), "D: expected a whole number"),
        (lambda: init_variant("GRU", 2, 2, rng=0), "rng: expected a numpy.random.Generator"),
        (lambda: init_variant("GRU", 2, 2, rng=np.random.default_rng(0), within=-1), "within: expected a positive"),
        (lambda: init_variant("GRU", 2, 2, rng=np.random.default_rng(0), biases={"f": 1}), "biases: expected columns"),
        (lambda: init_variant("GRU", 2, 2, rng=np.random.default_rng(0), biases={"z": [1, 2, 3]}), "expected a number or 2"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_name(call, says):
    with pytest.raises((ValueError, TypeError), match=says):
        call()
