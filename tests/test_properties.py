"""What holds for every shape, dtype and size: gradients, symmetries, and nothing changed.

Each forward and its backward is a `Case`, drawn at random: arrays in, arrays out, and the way
back. What every case must keep stands first; laws of one kind of layer follow. The draws are
the same in every run. The variants of the LSTM have their own tests.
"""

import itertools
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import lstm_core as core
from lstm_core import LSTMParams, RNNParams, gradient_check
from lstm_inside import training as learn
from lstm_inside.annealing import acceptance, side_by_side, two_class_loss
from lstm_inside.beyond.bridge import torch_or_none
from lstm_inside.bptt import backward_by_steps
from lstm_inside.bptt import shares as bptt
from lstm_inside.convolution import layers
from lstm_inside.foundations import network as mlp
from lstm_inside.rnn import memory
from lstm_inside.simulation import clamped_forward
from lstm_inside.simulation.forecast import Windows, forecast_loss
from lstm_inside.tasks import Sequences

few = settings(
    derandomize=True, database=None, deadline=None, max_examples=12,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
more = settings(few, max_examples=40)
small = st.integers(1, 4)
seeds = st.integers(0, 2**32 - 1)


# ---------------------------------------------------------------- every forward and backward


class Case(NamedTuple):
    """A function of some arrays and its backward pass.

    inputs: what it is differentiated by. run: inputs -> outputs, both tuples. back: (douts,
    inputs) -> gradients shaped like the inputs. torch: (torch, tensors) -> tensors, the same
    in PyTorch. batch: the batch axis of each input (None for weights, whose gradients are sums
    over the batch); empty where items share one mean.
    """

    inputs: tuple
    run: Callable
    back: Callable
    torch: Callable
    batch: tuple = ()


def still(thing):
    """The same, every array in it read-only: whoever changes one raises."""
    if isinstance(thing, np.ndarray):
        thing.flags.writeable = False
    elif isinstance(thing, tuple):
        for part in thing:
            still(part)
    elif is_dataclass(thing):
        for field in fields(thing):
            still(getattr(thing, field.name))
    return thing


def weights(normal, blocks, D, H):
    """W_x, W_h, b of one cell."""
    n = blocks * H
    return normal(D, n) / D**0.5, normal(H, n) / H**0.5, normal(n)


def rnn(draw, normal):
    T, B, D, H = (draw(small) for _ in range(4))

    def forward(inputs):
        return still(core.rnn_forward(inputs[3], RNNParams(*inputs[:3]), inputs[4]))

    def back(douts, inputs):
        grads = core.rnn_backward(douts[0], forward(inputs), RNNParams(*inputs[:3]))
        return *grads.params, grads.xs, grads.h[0]

    def torch(torch, inputs):
        W_x, W_h, b, xs, h = inputs
        hs = []
        for x in xs:
            h = torch.tanh(x @ W_x + h @ W_h + b)
            hs.append(h)
        return (torch.stack(hs),)

    inputs = (*weights(normal, 1, D, H), normal(T, B, D), normal(B, H))
    return Case(inputs, lambda p: (forward(p).h[1:],), back, torch, (None, None, None, 1, 0))


def rnn_step(draw, normal):
    B, D, H = (draw(small) for _ in range(3))

    def step(inputs):
        return still(core.rnn_step(inputs[3], inputs[4], RNNParams(*inputs[:3])))

    def back(douts, inputs):
        _, cache = step(inputs)
        dx, dh_prev, dparams = core.rnn_step_backward(douts[0], cache, RNNParams(*inputs[:3]))
        return *dparams, dx, dh_prev

    def torch(torch, inputs):
        W_x, W_h, b, x, h = inputs
        return (torch.tanh(x @ W_x + h @ W_h + b),)

    inputs = (*weights(normal, 1, D, H), normal(B, D), normal(B, H))
    return Case(inputs, lambda p: step(p)[:1], back, torch, (None, None, None, 0, 0))


def torch_lstm_step(torch, x, h, c, W_x, W_h, b):
    i, f, g, o = (x @ W_x + h @ W_h + b).chunk(4, dim=1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def lstm(draw, normal, backward=core.lstm_backward):
    T, B, D, H = (draw(small) for _ in range(4))

    def forward(inputs):
        return still(core.lstm_forward(inputs[3], LSTMParams(*inputs[:3]), *inputs[4:]))

    def run(inputs):
        trace = forward(inputs)
        return trace.h[1:], trace.c[-1]

    def back(douts, inputs):
        grads = backward(douts[0], forward(inputs), LSTMParams(*inputs[:3]), douts[1])
        if backward is backward_by_steps:
            return grads
        return *grads.params, grads.xs, grads.h[0], grads.c[0]

    def torch(torch, inputs):
        W_x, W_h, b, xs, h, c = inputs
        hs = []
        for x in xs:
            h, c = torch_lstm_step(torch, x, h, c, W_x, W_h, b)
            hs.append(h)
        return torch.stack(hs), c

    inputs = (*weights(normal, 4, D, H), normal(T, B, D), normal(B, H), normal(B, H))
    return Case(inputs, run, back, torch, (None, None, None, 1, 0, 0))


def lstm_by_steps(draw, normal):
    return lstm(draw, normal, backward_by_steps)


def lstm_step(draw, normal):
    B, D, H = (draw(small) for _ in range(3))

    def step(inputs):
        return still(core.lstm_step(*inputs[3:], LSTMParams(*inputs[:3])))

    def back(douts, inputs):
        cache = step(inputs)[2]
        *dstates, dparams = core.lstm_step_backward(*douts, cache, LSTMParams(*inputs[:3]))
        return *dparams, *dstates

    def torch(torch, inputs):
        return torch_lstm_step(torch, *inputs[3:], *inputs[:3])

    inputs = (*weights(normal, 4, D, H), normal(B, D), normal(B, H), normal(B, H))
    return Case(inputs, lambda p: step(p)[:2], back, torch, (None, None, None, 0, 0, 0))


def readout(draw, normal):
    T, B, H, K = (draw(small) for _ in range(4))

    def back(douts, inputs):
        h, *params = inputs
        dh, dparams = learn.readout_backward(douts[0], h, learn.ReadoutParams(*params))
        return dh, *dparams

    return Case(
        (normal(T, B, H), normal(H, K), normal(K)),
        lambda p: (learn.readout(p[0], learn.ReadoutParams(*p[1:])),),
        back,
        lambda torch, p: (p[0] @ p[1] + p[2],),
        (1, None, None),
    )


def a_loss(inputs, loss, torch_loss, kept=()):
    """A case of a function that returns its number and its gradients by the inputs at once."""
    still(kept)
    return Case(
        inputs,
        lambda p: (np.array(loss(*p)[0], p[0].dtype),),
        lambda douts, p: tuple(g * douts[0] for g in loss(*p)[1]),
        lambda torch, p: (torch_loss(torch, *p),),
    )


def squared_error(draw, normal):
    y, target = normal(*(draw(small) for _ in range(draw(small)))), None
    target = normal(*y.shape)

    def loss(y):
        value, dy = learn.mean_squared_error(y, target)
        return value, (dy,)

    def torch(torch, y):
        return torch.nn.functional.mse_loss(y, torch.from_numpy(target.copy()))

    return a_loss((y,), loss, torch, target)


def half_squared_error(draw, normal):
    B, N = draw(small), draw(small)
    target = normal(B, N)

    def loss(y):
        value, dy = mlp.half_squared_error(y, target)
        return value, (dy,)

    def torch(torch, y):
        return ((y - torch.from_numpy(target.copy())) ** 2).sum() / 2

    return a_loss((normal(B, N),), loss, torch, target)


def cross_entropy(draw, normal):
    T, B, K = (draw(small) for _ in range(3))
    labels = np.arange(T * B).reshape(T, B) % K

    def loss(z):
        value, dz = learn.softmax_cross_entropy(z, labels)
        return value, (dz,)

    def torch(torch, z):
        rows = torch.from_numpy(labels.flatten())
        return torch.nn.functional.cross_entropy(z.flatten(0, 1), rows)

    return a_loss((normal(T, B, K + 1),), loss, torch, labels)


def model_loss(draw, normal, kind, loss, torch_loss):
    """A model's loss by all of its weights, for a batch of random sequences."""
    T, B, D, H, K = (draw(small) for _ in range(5))
    xs, targets = normal(T, B, D), normal(B, K)
    last = np.arange(B) % T
    labels = np.arange(T * B).reshape(T, B) % K
    blocks, cell = (1, RNNParams) if kind == "rnn" else (4, LSTMParams)

    def both(*inputs):
        model = learn.Model(cell(*inputs[:3]), learn.ReadoutParams(*inputs[3:]))
        value, grads = loss(model, Sequences(xs, targets, last), labels)
        return value, (*grads.cell, *grads.readout)

    def torch(torch, W_x, W_h, b, W_y, b_y):
        state = [torch.zeros((B, H), dtype=b.dtype) for _ in range(blocks // 4 + 1)]
        hs = []
        for x in torch.from_numpy(xs.copy()):
            if kind == "rnn":
                state = [torch.tanh(x @ W_x + state[0] @ W_h + b)]
            else:
                state = torch_lstm_step(torch, x, *state, W_x, W_h, b)
            hs.append(state[0])
        y = torch.stack(hs) @ W_y + b_y
        return torch_loss(torch, y, torch.from_numpy(targets.copy()), last, labels)

    inputs = (*weights(normal, blocks, D, H), normal(H, K), normal(K))
    return a_loss(inputs, both, torch, (xs, targets, last, labels))


def at_end(draw, normal):
    return model_loss(
        draw, normal, draw(st.sampled_from(["rnn", "lstm"])),
        lambda model, batch, _: learn.loss_at_end(model, batch),
        lambda torch, y, targets, last, _: ((y[last.tolist(), range(len(last))] - targets) ** 2).mean(),
    )  # fmt: skip


def every_step(draw, normal):
    return model_loss(
        draw, normal, draw(st.sampled_from(["rnn", "lstm"])),
        lambda model, batch, labels: learn.loss_every_step(model, (batch.xs, labels)),
        lambda torch, y, targets, last, labels: torch.nn.functional.cross_entropy(
            y.flatten(0, 1), torch.from_numpy(labels.flatten())
        ),
    )  # fmt: skip


def two_classes(draw, normal):
    return model_loss(
        draw, normal, draw(st.sampled_from(["rnn", "lstm"])),
        lambda model, batch, _: two_class_loss(model, batch),
        lambda torch, y, targets, last, _: (
            (y[last.tolist(), range(len(last))].sigmoid() - targets) ** 2
        ).mean(),
    )  # fmt: skip


def forecast(draw, normal):
    W, B, C, H, K = (draw(small) for _ in range(5))
    warm, change = draw(st.integers(0, W - 1)), draw(st.booleans())
    batch = Windows(normal(W, B, C), normal(W, B, K, C))

    def loss(*inputs):
        model = learn.Model(LSTMParams(*inputs[:3]), learn.ReadoutParams(*inputs[3:]))
        value, grads = forecast_loss(model, batch, change=change, warm=warm)
        return value, (*grads.cell, *grads.readout)

    def torch(torch, W_x, W_h, b, W_y, b_y):
        xs, ahead = (torch.from_numpy(a.copy()) for a in batch)
        h = c = torch.zeros((B, H), dtype=b.dtype)
        off = []
        for t in range(W):
            h, c = torch_lstm_step(torch, xs[t], h, c, W_x, W_h, b)
            said = (h @ W_y + b_y).reshape(B, K, C)
            off.append(said + change * xs[t][:, None] - ahead[t])
        return (torch.stack(off[warm:]) ** 2).mean()

    inputs = (*weights(normal, 4, C, H), normal(H, K * C), normal(K * C))
    return a_loss(inputs, loss, torch, batch)


def network(draw, normal):
    """A multilayer perceptron."""
    B, sizes = draw(small), [draw(small) for _ in range(draw(st.integers(2, 4)))]
    act = draw(st.sampled_from(["sigmoid", "tanh"]))
    params = []
    for before, after in itertools.pairwise(sizes):
        params += [normal(before, after), normal(after)]

    def forward(inputs):
        return still(mlp.mlp_forward(inputs[0], inputs[1:], act))

    def back(douts, inputs):
        grads = mlp.mlp_backward(douts[0], forward(inputs), inputs[1:])
        return grads.x, *grads.params

    def torch(torch, inputs):
        h, *params = inputs
        for W, b in zip(params[::2], params[1::2], strict=True):
            h = getattr(torch, act)(h @ W + b)
        return (h,)

    inputs = (normal(B, sizes[0]), *params)
    return Case(inputs, lambda p: (forward(p).y,), back, torch, (0, *[None] * len(params)))


def convolution(draw, normal):
    B, C, N, k_h, k_w, stride = (draw(small) for _ in range(6))
    padding = draw(st.integers(0, 2))
    height, width = k_h + draw(st.integers(0, 4)), k_w + draw(st.integers(0, 4))

    def forward(inputs):
        return still(layers.conv2d_forward(*inputs, stride, padding))

    return Case(
        (normal(B, C, height, width), normal(N, C, k_h, k_w), normal(N)),
        lambda p: forward(p)[:1],
        lambda douts, p: layers.conv2d_backward(douts[0], forward(p)[1]),
        lambda torch, p: (torch.nn.functional.conv2d(*p, stride=stride, padding=padding),),
        (0, None, None),
    )


def pooling(draw, normal, kind, torch_kind):
    B, C, size, stride = (draw(small) for _ in range(4))
    height, width = (size + draw(st.integers(0, 4)) for _ in range(2))
    x = normal(B, C, height, width)
    gaps = np.argsort(np.argsort(x, axis=None)).reshape(x.shape)
    x = (x + np.abs(x).max() * gaps / 4).astype(x.dtype)  # no two values are near a tie

    def forward(inputs):
        return still(layers.pool_forward(inputs[0], size, kind, stride))

    def torch(torch, inputs):
        return (getattr(torch.nn.functional, torch_kind)(inputs[0], size, stride),)

    return Case(
        (x,), lambda p: forward(p)[:1],
        lambda douts, p: (layers.pool_backward(douts[0], forward(p)[1]),),
        torch, (0,),
    )  # fmt: skip


def max_pooling(draw, normal):
    return pooling(draw, normal, "max", "max_pool2d")


def mean_pooling(draw, normal):
    return pooling(draw, normal, "mean", "avg_pool2d")


def dense(draw, normal):
    B, D, N = (draw(small) for _ in range(3))

    def forward(inputs):
        return still(layers.dense_forward(*inputs))

    return Case(
        (normal(B, D), normal(D, N), normal(N)),
        lambda p: forward(p)[:1],
        lambda douts, p: layers.dense_backward(douts[0], forward(p)[1]),
        lambda torch, p: (p[0] @ p[1] + p[2],),
        (0, None, None),
    )


MAKE = {
    make.__name__: make
    for make in (
        rnn, rnn_step, lstm, lstm_by_steps, lstm_step, readout, squared_error, half_squared_error,
        cross_entropy, at_end, every_step, two_classes, forecast, network, convolution,
        max_pooling, mean_pooling, dense,
    )
}  # fmt: skip
every_case = pytest.mark.parametrize("name", MAKE)


def draw_case(data, name, dtype=np.float64, scales=(0.01, 0.3, 1.0)):
    """A case and derivatives for its outputs, all read-only."""
    rng = np.random.default_rng(data.draw(seeds))
    scale = data.draw(st.sampled_from(scales))

    def normal(*shape):
        return (scale * rng.standard_normal(shape)).astype(dtype)

    case = MAKE[name](data.draw, normal)
    douts = tuple(rng.standard_normal(out.shape).astype(dtype) for out in case.run(case.inputs))
    return case._replace(inputs=still(tuple(a.astype(dtype) for a in case.inputs))), still(douts)


def assert_close(got, wanted, bound):
    """Every array of `got` within `bound` of its wanted one, relative to its largest entry.

    Some units in the last place of 1 are let through, for what is left when terms of that
    size cancel: a saturated unit's slope, the shares' sum less 1.
    """
    for n, (a, b) in enumerate(zip(got, wanted, strict=True)):
        assert np.shape(a) == np.shape(b), n
        assert np.abs(a - b).max() <= bound * np.abs(b).max() + 32 * np.finfo(a.dtype).eps, n


@every_case
@few
@given(data=st.data())
def test_gradients_are_those_of_finite_differences(name, data):
    case, douts = draw_case(data, name)
    grads = case.back(douts, case.inputs)
    length = np.sqrt(sum((g**2).sum() for g in grads))
    rng = np.random.default_rng(0)

    def loss(inputs):
        return sum((d * out).sum() for d, out in zip(douts, case.run(inputs), strict=True))

    for _ in range(3):  # one at a time, as a direction may happen to be nearly level
        report = gradient_check(loss, case.inputs, tuple(grads), directions=1, rng=rng)
        assert report or abs(report.given - report.numeric) < 1e-7 * length, str(report)


@every_case
@pytest.mark.parametrize(("dtype", "bound"), [(np.float64, 1e-10), (np.float32, 2e-4)])
@few
@given(data=st.data())
def test_results_and_gradients_are_those_of_automatic_differentiation(name, dtype, bound, data):
    torch = torch_or_none()
    if torch is None:
        pytest.skip("PyTorch is optional")
    case, douts = draw_case(data, name, dtype, (1e-3, 0.3, 1.0))
    tensors = tuple(torch.from_numpy(a.copy()).requires_grad_() for a in case.inputs)
    outs = case.torch(torch, tensors)
    sum((o * torch.from_numpy(d.copy())).sum() for o, d in zip(outs, douts, strict=True)).backward()
    assert_close(case.run(case.inputs), [o.detach().numpy() for o in outs], bound)
    assert_close(case.back(douts, case.inputs), [t.grad.numpy() for t in tensors], bound)


@every_case
@few
@given(data=st.data(), dtype=st.sampled_from([np.float32, np.float64]))
def test_the_dtype_stays_and_no_argument_is_changed(name, data, dtype):
    case, douts = draw_case(data, name, dtype)  # read-only: a change would raise
    for a in (*case.run(case.inputs), *case.back(douts, case.inputs)):
        assert a.dtype == dtype
        assert np.isfinite(a).all()


@every_case
@few
@given(data=st.data(), factor=st.sampled_from([-3.0, 0.5, 1e6]))
def test_the_way_back_is_linear(name, data, factor):
    case, douts = draw_case(data, name)
    others = tuple(d[::-1] if d.ndim else -d for d in douts)
    both = tuple(factor * d + e for d, e in zip(douts, others, strict=True))
    once, twice = case.back(douts, case.inputs), case.back(others, case.inputs)
    wanted = [factor * a + b for a, b in zip(once, twice, strict=True)]
    sizes = [factor * np.abs(a).max() + np.abs(b).max() for a, b in zip(once, twice, strict=True)]
    for got, want, size in zip(case.back(both, case.inputs), wanted, sizes, strict=True):
        assert np.abs(got - want).max() <= 1e-12 * abs(size) + 1e-30
    nothing = case.back(tuple(0 * d for d in douts), case.inputs)
    assert not any(g.any() for g in nothing)


@pytest.mark.parametrize(
    "name", [n for n in MAKE if n not in {"squared_error", "half_squared_error", "cross_entropy",
                                          "at_end", "every_step", "two_classes", "forecast"}]
)  # fmt: skip
@few
@given(data=st.data())
def test_each_item_of_a_batch_is_computed_as_if_alone(name, data):
    case, douts = draw_case(data, name)
    whole, grads = case.run(case.inputs), case.back(douts, case.inputs)
    B = next(
        a.shape[axis] for a, axis in zip(case.inputs, case.batch, strict=True) if axis is not None
    )
    summed = [0] * len(grads)
    for n in range(B):

        def item(a, axis, n=n):
            return a if axis is None else np.take(a, [n], axis)

        axes = tuple(1 if out.ndim == 3 else 0 for out in whole)  # (T, B, .) or (B, ...)
        alone = tuple(map(item, case.inputs, case.batch))
        assert_close(case.run(alone), list(map(item, whole, axes)), 1e-12)
        for k, g in enumerate(case.back(tuple(map(item, douts, axes)), alone)):
            if case.batch[k] is None:
                summed[k] = summed[k] + g
            else:
                assert_close([g], [item(grads[k], case.batch[k])], 1e-11)
    for total, g, axis in zip(summed, grads, case.batch, strict=True):
        if axis is None:
            np.testing.assert_allclose(total, g, rtol=1e-10, atol=1e-13)


# ---------------------------------------------------------------- recurrent cells


class Run(NamedTuple):
    """A cell, its inputs, and a loss's derivatives: by every h, and by the last state."""

    kind: str
    params: tuple
    xs: np.ndarray
    states: tuple
    dhs: np.ndarray
    dlast: tuple

    def forward(self, xs=None, states=None, params=None):
        xs, states = self.xs if xs is None else xs, self.states if states is None else states
        run = getattr(core, f"{self.kind}_forward")
        return run(xs, params or self.params, *states)

    def backward(self, dhs, trace, dlast, params=None):
        run = getattr(core, f"{self.kind}_backward")
        return run(dhs, trace, params or self.params, *dlast)


def states_of(thing):
    return (thing.h, thing.c) if hasattr(thing, "c") else (thing.h,)


@st.composite
def runs(draw, kinds=("rnn", "lstm"), dtypes=(np.float64,), scales=(0.1, 1.0, 3.0), T=None):
    rng = np.random.default_rng(draw(seeds))
    kind, dtype = draw(st.sampled_from(kinds)), draw(st.sampled_from(dtypes))
    scale = draw(st.sampled_from(scales))
    T, B, D, H = draw(st.integers(1, 9) if T is None else T), draw(small), draw(small), draw(small)

    def normal(*shape):
        return rng.standard_normal(shape).astype(dtype)

    blocks = 1 if kind == "rnn" else 4
    params = tuple((scale * w).astype(dtype) for w in weights(normal, blocks, D, H))
    params = (RNNParams if kind == "rnn" else LSTMParams)(*params)
    states = tuple(normal(B, H) for _ in range(1 if kind == "rnn" else 2))
    dlast = () if kind == "rnn" else (normal(B, H),)
    return Run(kind, params, normal(T, B, D), states, normal(T, B, H), dlast)


def close(a, b, dtype=np.float64):
    bound = 1e-10 if dtype == np.float64 else 2e-4
    np.testing.assert_allclose(a, b, rtol=bound, atol=bound * max(1e-20, np.abs(b).max()))


@more
@given(runs(dtypes=(np.float32, np.float64), T=st.integers(1, 9) | st.just(530)))
def test_the_sequence_is_its_steps(run):
    """530 steps are more than the LSTM's backward pass takes as one block."""
    assume(len(run.xs) < 10 or run.xs.dtype == np.float64)  # so many float32 steps drift apart
    dtype = run.xs.dtype
    step, step_backward = (getattr(core, f"{run.kind}_step{way}") for way in ("", "_backward"))
    trace, states, caches = run.forward(), run.states, []
    for t, x in enumerate(run.xs):
        *states, cache = step(x, *states, run.params)
        caches.append(cache)
        for whole, state in zip(states_of(trace), states, strict=True):
            np.testing.assert_allclose(
                whole[t + 1], state, rtol=0, atol=1e-10 if dtype == np.float64 else 1e-4
            )
    assume(len(run.xs) < 10)  # over 500 steps gradients of such cells grow beyond comparing
    grads = run.backward(run.dhs, trace, run.dlast)
    dh, dline, total = 0, run.dlast, [0, 0, 0]
    for t in reversed(range(len(run.xs))):
        dx, dh, *dline, dparams = step_backward(dh + run.dhs[t], *dline, caches[t], run.params)
        close(grads.xs[t], dx, dtype)
        total = [a + b for a, b in zip(total, dparams, strict=True)]
    for got, want in zip(states_of(grads), (dh, *dline), strict=True):
        close(got[0], want, dtype)
    for got, want in zip(grads.params, total, strict=True):
        close(got, want, dtype)


@more
@given(runs(scales=(0.1, 1.0)), st.data())
def test_a_sequence_may_be_cut_and_carried_on_both_ways(run, data):
    """Forward, h and c are carried; backward, their total derivatives at the cut are."""
    cut = data.draw(st.integers(0, len(run.xs)))
    assume(0 < cut < len(run.xs))
    whole = run.forward()
    grads = run.backward(run.dhs, whole, run.dlast)
    first = run.forward(run.xs[:cut])
    second = run.forward(run.xs[cut:], tuple(s[-1] for s in states_of(first)))
    for name, start, end in zip(states_of(whole), states_of(first), states_of(second), strict=True):
        close(name, np.concatenate([start, end[1:]]))
    late = run.backward(run.dhs[cut:], second, run.dlast)
    dhs = run.dhs[:cut].copy()
    dhs[-1] += late.h[0]
    early = run.backward(dhs, first, tuple(s[0] for s in states_of(late)[1:]))
    close(np.concatenate([early.xs, late.xs]), grads.xs)
    close(np.concatenate([early.h, late.h[1:]]), grads.h)
    for name, start, end in zip(states_of(grads), states_of(early), states_of(late), strict=True):
        close(name[0], start[0])
        close(name[cut + 1 :], end[1:])
    for total, a, b in zip(grads.params, early.params, late.params, strict=True):
        close(total, a + b)


@more
@given(runs(), st.randoms(use_true_random=False))
def test_hidden_units_have_no_order(run, random):
    """Units permuted in the weights and in the states: all results permuted, none changed."""
    H = run.dhs.shape[2]
    order = np.array(random.sample(range(H), H))
    columns = np.concatenate([order + H * k for k in range(len(run.params.b) // H)])

    def moved(p):
        return type(p)(p.W_x[:, columns], p.W_h[order][:, columns], p.b[columns])

    one = run.forward()
    other = run.forward(states=tuple(s[:, order] for s in run.states), params=moved(run.params))
    grads = run.backward(run.dhs, one, run.dlast)
    moved_dlast = tuple(d[:, order] for d in run.dlast)
    theirs = run.backward(run.dhs[..., order], other, moved_dlast, moved(run.params))
    for a, b in zip(
        states_of(one) + states_of(grads), states_of(other) + states_of(theirs), strict=True
    ):
        close(a[..., order], b)
    close(grads.xs, theirs.xs)
    for a, b in zip(moved(grads.params), theirs.params, strict=True):
        close(a, b)


@more
@given(runs())
def test_a_cell_turned_over_gives_minus_the_states(run):
    """tanh is odd: with the signs of what feeds the state turned, h and c change sign, exactly."""
    W_x, W_h, b = (p.copy() for p in run.params)
    H = len(W_h)
    if run.kind == "rnn":
        W_x, b = -W_x, -b
    else:
        candidate = slice(2 * H, 3 * H)
        W_x[:, candidate] *= -1
        b[candidate] *= -1
        W_h *= -1  # the gates see -h and have to answer the same ...
        W_h[:, candidate] *= -1  # ... the candidate has to answer the opposite
    over = run.forward(states=tuple(-s for s in run.states), params=type(run.params)(W_x, W_h, b))
    for a, b in zip(states_of(run.forward()), states_of(over), strict=True):
        np.testing.assert_array_equal(a, -b)


@more
@given(runs(), st.data())
def test_the_future_is_not_seen_and_the_past_gets_no_gradient_from_before_it(run, data):
    t = data.draw(st.integers(0, len(run.xs) - 1))
    later = run.xs.copy()
    later[t:] += 1
    one, other = run.forward(), run.forward(later)
    for a, b in zip(states_of(one), states_of(other), strict=True):
        np.testing.assert_allclose(a[: t + 1], b[: t + 1], rtol=1e-13, atol=1e-15)
    dhs = run.dhs.copy()
    dhs[t:] = 0
    grads = run.backward(dhs, one, ())
    for a in (grads.xs[t:], *(s[t + 1 :] for s in states_of(grads))):
        assert not a.any()


@more
@given(runs(dtypes=(np.float32, np.float64), scales=(1e-30, 1e-8, 30.0, 1e4, 1e15)))
@pytest.mark.filterwarnings("error")
def test_any_size_of_weights_stays_finite_and_silent(run):
    trace = run.forward()
    step = getattr(core, f"{run.kind}_step")
    for a in (*states_of(trace), *step(run.xs[0], *run.states, run.params)[:-1]):
        assert np.isfinite(a).all()
    assert (np.abs(trace.h[1:]) <= 1).all()


@more
@given(runs(), st.integers(9, 12))
def test_a_cut_behind_the_end_cuts_nothing(run, k):
    trace = run.forward()
    full = run.backward(run.dhs, trace, ())
    cut = bptt.truncated_backward(run.dhs, trace, run.params, k)
    for a, b in zip(
        (*full.params, full.xs, *states_of(full)),
        (*cut.params, cut.xs, *states_of(cut)),
        strict=True,
    ):
        close(a, b)


@more
@given(runs(kinds=("lstm",)))
def test_both_splits_of_the_cells_gradient_add_up(run):
    trace = run.forward()
    grads = run.backward(run.dhs, trace, run.dlast)
    for shares in (
        bptt.split_step(trace, grads, *run.dlast),
        bptt.split_way(run.dhs, trace, grads, *run.dlast),
    ):
        close(shares.carousel + shares.rest, grads.c)


@more
@given(runs(scales=(0.1, 1.0)))
def test_products_of_jacobians_carry_the_last_gradient_to_every_step(run):
    trace = run.forward()
    dhs = np.zeros_like(run.dhs)
    dhs[-1] = run.dhs[-1]
    grads = run.backward(dhs, trace, run.dlast)
    jacobians = getattr(bptt, f"{run.kind}_jacobians")
    for n in range(dhs.shape[1]):
        products = bptt.products_to_end(jacobians(trace, run.params, sequence=n))
        last = np.concatenate([d[n] for d in (dhs[-1], *run.dlast)])
        H = dhs.shape[2]
        for t in range(len(dhs)):
            close((last @ products[t])[:H], grads.h[t, n])
        for s, part in zip(
            states_of(grads), np.split(last @ products[0], len(run.states)), strict=True
        ):
            close(s[0, n], part)


@more
@given(runs(kinds=("rnn",)))
def test_a_gradient_keeps_within_its_bound(run):
    """(2.6): what is left k steps back, against the largest singular value to the k."""
    dhs = np.zeros_like(run.dhs)
    dhs[-1] = run.dhs[-1]
    grads = run.backward(dhs, run.forward(), ())
    bound = memory.gradient_bound(run.params.W_h, len(dhs))
    lengths = np.linalg.norm(grads.h[::-1], axis=2)  # from the last step back
    assert (lengths <= bound[:, None] * lengths[0] * (1 + 1e-12)).all()
    assert memory.spectral_radius(run.params.W_h) <= bound[1] * (1 + 1e-12)


@more
@given(runs(kinds=("lstm",)), small, seeds)
def test_networks_side_by_side_do_not_know_of_each_other(run, K, seed):
    rng = np.random.default_rng(seed)
    cells = [LSTMParams(*(rng.permutation(w) for w in run.params)) for _ in range(K)]
    joined = side_by_side(LSTMParams(*map(np.stack, zip(*cells, strict=True))))
    together = core.lstm_forward(run.xs, joined)
    H = run.dhs.shape[2]
    for k, cell in enumerate(cells):
        close(together.h[..., k * H : (k + 1) * H], core.lstm_forward(run.xs, cell).h)


@more
@given(runs(kinds=("lstm",)), st.data())
def test_a_clamped_cell_is_still_and_the_other_rows_run_free(run, data):
    _, B, H = run.dhs.shape
    units = np.array([data.draw(st.integers(-1, H - 1)) for _ in range(B)])
    h, c = clamped_forward(run.xs, run.params, units, 0.5, *run.states)
    free = run.forward()
    close(h[:, units < 0], free.h[:, units < 0]) if (units < 0).any() else None
    assert (c[1:, units >= 0, units[units >= 0]] == 0.5).all()
    assert np.abs(h[1:]).max() <= 1


# ---------------------------------------------------------------- shares and losses


def scores(draw_from):
    return st.builds(
        lambda B, K, seed, scale: scale * np.random.default_rng(seed).standard_normal((B, K)),
        small, small, seeds, st.sampled_from(draw_from),
    )  # fmt: skip


@more
@given(scores((1e-3, 1.0, 30.0, 1e4)), st.sampled_from([-700.0, 0.1, 5.0, 1e3]))
def test_softmax_is_shares_that_a_shift_leaves_alone(z, shift):
    shares = learn.softmax(z)
    np.testing.assert_allclose(shares.sum(axis=-1), 1, rtol=1e-14)
    assert (shares >= 0).all()
    np.testing.assert_allclose(learn.softmax(z + shift), shares, rtol=1e-9, atol=1e-300)
    close(learn.softmax(z[:, ::-1]), shares[:, ::-1])
    labels = np.zeros(len(z), int)
    loss, dz = learn.softmax_cross_entropy(z, labels)
    assert loss >= 0
    np.testing.assert_allclose(
        loss, learn.softmax_cross_entropy(z + shift, labels)[0], rtol=1e-9, atol=1e-12
    )
    np.testing.assert_allclose(dz.sum(axis=-1), 0, atol=1e-15)
    close(dz * len(z) + np.eye(z.shape[1])[labels], shares)


@more
@given(
    st.lists(scores((1e-3, 1.0, 1e4)), min_size=1, max_size=3), st.sampled_from([1e-6, 0.5, 1e9])
)
def test_clipping_keeps_the_direction(arrays, limit):
    tree = tuple(arrays)
    clipped, before = learn.clip_by_norm(tree, limit)
    flat, was = (np.concatenate([a.ravel() for a in t]) for t in (clipped, tree))
    np.testing.assert_allclose(before, np.linalg.norm(was), rtol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(flat), min(before, limit), rtol=1e-12)
    close(flat * before, was * np.linalg.norm(flat))


@more
@given(scores((1e-3, 1.0, 30.0)), st.floats(1e-3, 1e3))
def test_a_worse_candidate_has_a_smaller_chance_and_heat_raises_it(change, temperature):
    chance = acceptance(change, temperature)
    assert ((chance >= 0) & (chance <= 1)).all()
    assert (chance[change <= 0] == 1).all()
    assert (acceptance(change + 1, temperature) <= chance).all()
    assert (acceptance(change, 2 * temperature) >= chance).all()
    close(acceptance(2 * change, 2 * temperature), chance)


# ---------------------------------------------------------------- layers of a convolutional network


@st.composite
def images(draw):
    rng = np.random.default_rng(draw(seeds))
    B, C = draw(small), draw(small)
    height, width = draw(st.integers(3, 7)), draw(st.integers(3, 7))
    return rng.standard_normal((B, C, height, width)), rng


@more
@given(images(), small, st.integers(1, 3), st.integers(0, 2))
def test_convolution_moves_with_the_image_and_is_linear(image, N, k, padding):
    x, rng = image
    W, b = rng.standard_normal((N, x.shape[1], k, k)), rng.standard_normal(N)

    def conv(x, W=W, b=b, padding=padding):
        return layers.conv2d_forward(x, W, b, 1, padding)[0]

    if min(x.shape[2:]) > k:
        close(conv(x, padding=0)[:, :, 1:, 1:], conv(x[:, :, 1:, 1:], padding=0))
    zero = np.zeros(N)
    y = rng.standard_normal(x.shape)
    np.testing.assert_allclose(
        conv(2 * x - y, b=zero), 2 * conv(x, b=zero) - conv(y, b=zero), atol=1e-12
    )
    np.testing.assert_allclose(
        conv(x, -W, b) - b[:, None, None], b[:, None, None] - conv(x), atol=1e-12
    )
    order = rng.permutation(x.shape[1])
    close(conv(x[:, order], W[:, order]), conv(x))


@more
@given(images(), small)
def test_a_kernel_as_large_as_the_image_is_a_fully_connected_layer(image, N):
    x, rng = image
    W, b = rng.standard_normal((N, *x.shape[1:])), rng.standard_normal(N)
    out, cache = layers.conv2d_forward(x, W, b)
    flat, dense_cache = layers.dense_forward(x.reshape(len(x), -1), W.reshape(N, -1).T, b)
    close(out[:, :, 0, 0], flat)
    dout = rng.standard_normal(out.shape)
    dx, dW, db = layers.conv2d_backward(dout, cache)
    dflat, dmatrix, dbias = layers.dense_backward(dout[:, :, 0, 0], dense_cache)
    for a, b in ((dx, dflat.reshape(x.shape)), (dW, dmatrix.T.reshape(W.shape)), (db, dbias)):
        close(a, b)


@more
@given(images(), st.integers(1, 3), small)
def test_mean_pooling_is_a_convolution_with_equal_weights(image, size, stride):
    x, rng = image
    C = x.shape[1]
    W = np.zeros((C, C, size, size))
    W[range(C), range(C)] = 1 / size**2
    out, cache = layers.pool_forward(x, size, "mean", stride)
    same, conv_cache = layers.conv2d_forward(x, W, np.zeros(C), stride)
    np.testing.assert_allclose(out, same, atol=1e-12)
    dout = rng.standard_normal(out.shape)
    np.testing.assert_allclose(
        layers.pool_backward(dout, cache), layers.conv2d_backward(dout, conv_cache)[0], atol=1e-12
    )


@more
@given(images(), st.integers(1, 3), st.sampled_from(["max", "mean"]), st.integers(1, 4))
def test_pooling_hands_on_the_whole_gradient_and_a_scale(image, size, kind, stride):
    x, rng = image
    out, cache = layers.pool_forward(x, size, kind, stride)
    close(layers.pool_forward(3 * x + 1, size, kind, stride)[0], 3 * out + 1)
    dout = rng.standard_normal(out.shape)
    dx = layers.pool_backward(dout, cache)
    np.testing.assert_allclose(dx.sum(axis=(2, 3)), dout.sum(axis=(2, 3)), atol=1e-12)
    rows, columns = out.shape[2:]
    sides = (layers.output_size(n, size, stride) for n in x.shape[2:])
    assert (rows, columns) == tuple(sides)


# ---------------------------------------------------------------- neurons and networks of them


@more
@given(scores((1e-3, 1.0, 30.0)))
def test_activations_are_squashed_symmetric_and_never_steeper_than_their_bound(a):
    s, t = mlp.activation(a), mlp.activation(a, "tanh")
    np.testing.assert_allclose(s + mlp.activation(-a), 1, rtol=1e-15)
    np.testing.assert_array_equal(mlp.activation(-a, "tanh"), -t)
    np.testing.assert_allclose(2 * mlp.activation(2 * a) - 1, t, atol=1e-15)
    assert (mlp.slope(s) <= memory.SLOPE_BOUND["sigmoid"]).all()
    assert (mlp.slope(t, "tanh") <= memory.SLOPE_BOUND["tanh"]).all()


@more
@given(small, st.integers(2, 4), st.sampled_from(["sigmoid", "tanh"]), seeds)
def test_neurons_of_a_layer_have_no_order(B, N, act, seed):
    rng = np.random.default_rng(seed)
    W_1, b_1, W_2, b_2 = params = mlp.init_mlp((3, N, 2), rng=rng)
    x, dy, order = rng.standard_normal((B, 3)), rng.standard_normal((B, 2)), rng.permutation(N)
    moved = W_1[:, order], b_1[order], W_2[order], b_2
    one, other = mlp.mlp_forward(x, params, act), mlp.mlp_forward(x, moved, act)
    close(one.y, other.y)
    mine, theirs = mlp.mlp_backward(dy, one, params), mlp.mlp_backward(dy, other, moved)
    close(mine.x, theirs.x)
    for place, take in enumerate((np.s_[:, order], np.s_[order], np.s_[order], np.s_[:])):
        close(mine.params[place][take], theirs.params[place])


@few
@given(st.lists(small, min_size=2, max_size=4), st.sampled_from(["sigmoid", "tanh"]), seeds)
def test_nudging_every_number_gives_the_gradient_and_descent_follows_it(sizes, act, seed):
    rng = np.random.default_rng(seed)
    params = mlp.init_mlp(sizes, rng=rng)
    x, target = rng.standard_normal((2, sizes[0])), rng.uniform(0, 1, (2, sizes[-1]))

    def loss(params):
        return mlp.half_squared_error(mlp.mlp_forward(x, params, act).y, target)[0]

    trace = mlp.mlp_forward(x, params, act)
    grads = mlp.mlp_backward(mlp.half_squared_error(trace.y, target)[1], trace, params).params
    for a, b in zip(mlp.finite_differences(loss, params), grads, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9)
    assert loss(mlp.descend(params, grads, 1e-3)) <= loss(params)
