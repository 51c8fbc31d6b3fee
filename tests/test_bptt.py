"""Notebook 04, first half: the splits, the Jacobians, truncation, checkers and explorers."""

import numpy as np
import pytest

from lstm_core import (
    LSTMTrace,
    RNNTrace,
    init_lstm,
    init_rnn,
    lstm_backward,
    lstm_forward,
    lstm_step,
    rnn_backward,
    rnn_forward,
    rnn_step,
)
from lstm_inside.bptt import (
    UPDATES,
    PlainRun,
    check,
    compare_gradients,
    figures,
    flagged_sequence,
    learn_recall,
    left_at_flag,
    lstm_jacobians,
    plain_rnn_learns,
    products_to_end,
    recall_at,
    rnn_jacobians,
    side_by_side,
    split_step,
    split_way,
    truncated_at_every,
    truncated_backward,
    twenty_draws,
    units_after,
)
from lstm_inside.bptt.explorers import EXPLORERS
from lstm_inside.gates import LATCH, BothParams, latch
from lstm_inside.tasks import eeg, recall_problem
from lstm_inside.training import SGD, Adam

D, H, B, T = 3, 4, 2, 12


@pytest.fixture
def lstm():
    rng = np.random.default_rng(1)
    params = init_lstm(D, H, rng=rng)
    params = params._replace(W_h=2 * params.W_h)
    trace = lstm_forward(rng.normal(size=(T, B, D)), params, *rng.normal(size=(2, B, H)))
    return params, trace, rng.normal(size=(T, B, H)), rng.normal(size=(B, H))


@pytest.fixture
def rnn():
    rng = np.random.default_rng(2)
    params = init_rnn(D, H, rng=rng)
    params = params._replace(W_h=2 * params.W_h)
    return params, rnn_forward(rng.normal(size=(T, B, D)), params), rng.normal(size=(T, B, H))


def close(a, b, rtol=1e-12):
    return np.abs(np.asarray(a) - b).max() <= rtol * np.abs(b).max()


# ---------------------------------------------------------------- the two splits


def test_a_steps_shares_add_up_and_both_matter(lstm):
    params, trace, dhs, dc_last = lstm
    grads = lstm_backward(dhs, trace, params, dc_last)
    shares = split_step(trace, grads, dc_last)
    assert close(shares.carousel + shares.rest, grads.c)
    assert not shares.rest[0].any()
    assert (np.abs(shares.carousel[1:]).max(axis=(1, 2)) > 1e-3).all()
    assert (np.abs(shares.rest[1:]).max(axis=(1, 2)) > 1e-3).all()


def test_the_ways_carousel_is_the_gradient_of_a_cell_with_frozen_gates(lstm):
    """Nudge c_t and let the gates stay as they were: only the cell line answers."""
    params, trace, dhs, dc_last = lstm
    grads = lstm_backward(dhs, trace, params, dc_last)
    shares = split_way(dhs, trace, grads, dc_last)
    assert close(shares.carousel + shares.rest, grads.c)

    def loss(c, t):
        total = (trace.o[t - 1] * np.tanh(c) * dhs[t - 1]).sum() if t else 0
        for s in range(t, T):
            c = trace.f[s] * c + trace.i[s] * trace.g[s]
            total += (trace.o[s] * np.tanh(c) * dhs[s]).sum()
        return total + (c * dc_last).sum()

    for t in (0, 5, T):
        for place in np.ndindex(B, H):
            nudge = np.zeros((B, H))
            nudge[place] = 1e-5
            c = trace.c[t]
            slope = (loss(c + nudge, t) - loss(c - nudge, t)) / 2e-5
            assert abs(slope - shares.carousel[t][place]) < 1e-8


def test_with_a_loss_at_the_end_the_carousel_is_the_product_of_forget_gates(lstm):
    params, trace, dhs, _ = lstm
    dhs = np.concatenate([0 * dhs[:-1], dhs[-1:]])
    grads = lstm_backward(dhs, trace, params)
    carousel = split_way(dhs, trace, grads).carousel
    for t in range(T + 1):
        assert close(carousel[t], trace.f[t:].prod(axis=0) * grads.c[T])


def test_without_recurrent_weights_there_is_nothing_else():
    rng = np.random.default_rng(3)
    params = init_lstm(D, H, rng=rng)
    params = params._replace(W_h=0 * params.W_h)
    trace = lstm_forward(rng.normal(size=(T, B, D)), params)
    dhs = rng.normal(size=(T, B, H))
    grads = lstm_backward(dhs, trace, params)
    assert np.abs(split_way(dhs, trace, grads).rest).max() < 1e-14


def test_where_the_loss_stands_nothing_has_gone_another_way_to_the_last_bit(lstm):
    """Rounding left there would be drawn: on a logarithmic axis it is a line that falls."""
    params, trace, dhs, _ = lstm
    dhs[:-1], dhs[-1] = 0, 1  # the loss is the sum of the last hidden state, as in the views
    grads = lstm_backward(dhs, trace, params)
    assert not split_way(dhs, trace, grads).rest[-1].any()


# ---------------------------------------------------------------- Jacobians


def numeric_jacobian(function, state, step=1e-6):
    columns = []
    for k in range(len(state)):
        nudge = np.zeros(len(state))
        nudge[k] = step
        columns.append((function(state + nudge) - function(state - nudge)) / (2 * step))
    return np.stack(columns, axis=1)


def test_lstm_jacobians_are_finite_differences(lstm):
    params, trace, _, _ = lstm
    for t in (0, 7):

        def step(state, t=t):
            h, c, _ = lstm_step(trace.xs[t, 1:], state[None, :H], state[None, H:], params)
            return np.concatenate([h[0], c[0]])

        state = np.concatenate([trace.h[t, 1], trace.c[t, 1]])
        want = numeric_jacobian(step, state)
        assert close(lstm_jacobians(trace, params, sequence=1)[t], want, 1e-8)


def test_rnn_jacobians_are_finite_differences(rnn):
    params, trace, _ = rnn
    want = numeric_jacobian(lambda h: rnn_step(trace.xs[5, :1], h[None], params)[0][0],
                            trace.h[5, 0])  # fmt: skip
    assert close(rnn_jacobians(trace, params)[5], want, 1e-8)


def test_products_carry_the_gradient_to_every_step(lstm, rnn):
    params, trace, dhs, dc_last = lstm
    dhs = np.concatenate([0 * dhs[:-1], dhs[-1:]])
    grads = lstm_backward(dhs, trace, params, dc_last)
    line = split_step(trace, grads, dc_last).carousel
    end = np.concatenate([dhs[-1, 0], dc_last[0]])
    for t, product in enumerate(products_to_end(lstm_jacobians(trace, params))[:-1]):
        want = np.concatenate([grads.h[t, 0], line[t, 0]])  # (4.7): h_t counts on its own here
        assert close(end @ product, want, 1e-10)
    params, trace, dhs = rnn
    dhs = np.concatenate([0 * dhs[:-1], dhs[-1:]])
    grads = rnn_backward(dhs, trace, params)
    for t, product in enumerate(products_to_end(rnn_jacobians(trace, params))):
        assert close(dhs[-1, 0] @ product, grads.h[t, 0], 1e-10)


# ---------------------------------------------------------------- truncation


@pytest.mark.parametrize("k", [1, 3, 5, 7, 11, 12, 40])
def test_truncation_is_a_backward_pass_for_each_chunk(lstm, rnn, k):
    for (params, trace, dhs, *_), backward in ((lstm, lstm_backward), (rnn, rnn_backward)):
        got = truncated_backward(dhs, trace, params, k)
        total, h = [0 * p for p in params], np.zeros_like(trace.h)
        for start in range(0, T, k):
            end = min(start + k, T)
            xs, hs = trace.xs[start:end], trace.h[start : end + 1]
            if backward is rnn_backward:
                chunk = RNNTrace(xs, hs)
            else:
                within = (trace.tanh_c, trace.i, trace.f, trace.g, trace.o)
                cs, rest = trace.c[start : end + 1], (a[start:end] for a in within)
                chunk = LSTMTrace(xs, hs, cs, *rest)
            part = backward(dhs[start:end], chunk, params)
            total = [a + b for a, b in zip(total, part.params, strict=True)]
            h[start + 1 : end + 1] = part.h[1:]
            h[0] = part.h[0] if start == 0 else h[0]
        assert all(close(a, b) for a, b in zip(got.params, total, strict=True))
        assert close(got.h, h)
        assert got.xs.shape == trace.xs.shape


def test_uncut_it_is_the_full_gradient_and_cut_it_is_not(lstm):
    params, trace, dhs, _ = lstm
    full = lstm_backward(dhs, trace, params)
    whole = truncated_backward(dhs, trace, params, T)
    assert close(whole.h, full.h)
    assert close(whole.c, full.c)
    assert compare_gradients(whole.params, full.params) == pytest.approx((1, 1))
    cut = truncated_backward(dhs, trace, params, 2)
    assert compare_gradients(cut.params, full.params)[0] < 0.99


def test_all_cuts_at_once_are_the_cuts_one_by_one(lstm, rnn):
    for params, trace, dhs, *_ in (lstm, rnn):
        every = truncated_at_every(dhs, trace, params)
        for k in range(1, T + 1):
            want = truncated_backward(dhs, trace, params, k).params
            assert all(close(a[k - 1], b) for a, b in zip(every, want, strict=True))
        assert type(every) is type(params)


def test_truncation_refuses_what_is_no_length(lstm):
    params, trace, dhs, _ = lstm
    with pytest.raises(ValueError, match="k: expected"):
        truncated_backward(dhs, trace, params, 0)
    with pytest.raises(TypeError, match="k: expected"):
        truncated_backward(dhs, trace, params, 2.5)


def test_comparing_with_nothing(lstm):
    params = lstm[0]
    nothing = type(params)(*(0 * p for p in params))
    assert compare_gradients(nothing, params) == (0.0, 0.0)
    assert compare_gradients(params._replace(b=params.b * 1), params) == pytest.approx((1, 1))


@pytest.mark.parametrize(
    ("dtype", "size"), [("f4", 1e-30), ("f4", 1e30), ("f8", 1e-200), ("f8", 1e200)]
)
def test_comparing_where_squares_leave_the_range_of_the_dtype(lstm, dtype, size):
    full = type(lstm[0])(*(p.astype(dtype) for p in lstm[0]))
    given = full._replace(W_x=0 * full.W_x)
    wanted = compare_gradients(given, full)
    assert 0.1 < wanted[0] < 0.99
    scaled = [type(p)(*(a * np.array(size, dtype) for a in p)) for p in (given, full)]
    assert compare_gradients(*scaled) == pytest.approx(wanted, rel=1e-5)


# ---------------------------------------------------------------- side by side


def test_units_side_by_side_are_the_units_alone():
    """Forward, and one update each: nothing passes from a unit to another, or to another's stream."""
    rng = np.random.default_rng(4)
    units = [type(LATCH)(*(rng.normal(size=p.shape) for p in LATCH)) for _ in range(3)]
    streams, xs, dhs = [1, 0, 1], rng.normal(size=(2, T, B, 2)), rng.normal(size=(T, B, 3))
    layer, own = side_by_side(units, streams)
    trace = lstm_forward(np.concatenate(xs, axis=2), layer)
    grads = lstm_backward(dhs, trace, layer).params
    stepped = type(layer)(*(p - dp * mine for p, dp, mine in zip(layer, grads, own, strict=True)))
    alone = []
    for n, (unit, stream) in enumerate(zip(units, streams, strict=True)):
        one = lstm_forward(xs[stream], unit)
        assert close(trace.h[..., n], one.h[..., 0])
        back = lstm_backward(dhs[..., n : n + 1], one, unit).params
        alone.append(type(unit)(*(p - dp for p, dp in zip(unit, back, strict=True))))
    assert all(close(a, b) for a, b in zip(stepped, side_by_side(alone, streams)[0], strict=True))
    assert all((np.asarray(p)[mine == 0] == 0).all() for p, mine in zip(layer, own, strict=True))


def test_side_by_side_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="streams: expected 2, one a unit, got 1"):
        side_by_side([LATCH, LATCH], [0])
    wide = init_lstm(2, 2, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="one unit each"):
        side_by_side([LATCH, wide], [0, 0])
    with pytest.raises(ValueError, match="streams"):
        side_by_side([LATCH, LATCH], [0, -1])


# ---------------------------------------------------------------- learning recall


def soft(b_f=2):
    """A unit that hears no flag yet."""
    return latch(b_i=-2, w_i=0, b_f=b_f, w_f=0, w_g=0.5)


def test_recall_is_learned_as_by_hand():
    """One unit, one data set at a time, the whole gradient: as many updates at the same rate."""
    run, until = learn_recall(soft()), []
    for seed in (0, 1):
        data, unit = recall_problem(10, 100, rng=np.random.default_rng(seed)), soft()
        dhs = np.zeros((10, 100, 1))
        for update in range(100):
            trace = lstm_forward(data.xs, unit)
            off = trace.h[-1] - data.targets
            if (off**2).mean() < 0.1:
                break
            dhs[-1] = off / 100
            grads = lstm_backward(dhs, trace, unit).params
            if seed == update == 0:
                assert run.told == pytest.approx(grads.W_x[1, 0])
            unit = type(unit)(*(p - run.rate * dp for p, dp in zip(unit, grads, strict=True)))
        until.append(update)
    assert run.updates == max(until) < 50


def test_the_more_the_gradient_fades_the_less_a_unit_learns():
    shut, half, nearly_open = (learn_recall(soft(b_f), steps=16) for b_f in (0, 2, 4))
    assert shut.updates is None
    assert 2 * nearly_open.updates < half.updates
    assert 500 * abs(shut.told) < abs(nearly_open.told)
    assert 100 * abs(shut.told) < abs(half.told) < abs(nearly_open.told)


def test_fading_on_the_way_back_alone_keeps_a_unit_from_learning_by_one_rate():
    """The gradient of the first update is the unit's own, each part faded by its steps back."""
    steps, line, unit = 16, 0.5, soft(4)
    run = learn_recall(unit, steps=steps, line=line)
    assert run.updates is None
    assert len(run.errors) == UPDATES + 1
    data = recall_problem(steps, 100, rng=np.random.default_rng(0))
    trace, dhs = lstm_forward(data.xs, unit), np.zeros((steps, 100, 1))
    dhs[-1] = (trace.h[-1] - data.targets) / 100
    dc = lstm_backward(dhs, trace, unit).c[1:, :, 0]  # W_h is 0: the cell line is the only way
    i, flag = trace.i[..., 0], data.xs[..., 1]
    faded = line ** np.arange(steps)[::-1, None] * dc
    told = (faded * trace.g[..., 0] * i * (1 - i) * flag).sum()
    assert run.told == pytest.approx(told)
    by_size = learn_recall(unit, steps=steps, line=line, rule="adam")
    assert by_size.told == run.told
    assert learn_recall(unit, steps=steps, rule="adam").updates < by_size.updates < UPDATES


@pytest.mark.parametrize("rule", ["one rate", "adam"])
def test_where_no_rate_gets_there_the_nearest_is_told(rule):
    """Each rate alone, on either data set, by the optimisers of notebook 05."""
    rates, updates, nearest = (1, 3, 10, 30, 60, 100, 300), 12, []
    got = learn_recall(soft(0), 16, rule=rule, sets=(4, 7), updates=updates)
    for rate in rates:
        optimiser = SGD(rate) if rule == "one rate" else Adam(rate / 100)
        worse = np.zeros(updates + 1)
        for seed in (4, 7):
            data, unit = recall_problem(16, 100, rng=np.random.default_rng(seed)), soft(0)
            moments = optimiser.start(unit)
            for update in range(updates + 1):
                trace, dhs = lstm_forward(data.xs, unit), np.zeros((16, 100, 1))
                off = trace.h[-1] - data.targets
                worse[update] = max(worse[update], (off**2).mean())
                dhs[-1] = off / 100
                grads = lstm_backward(dhs, trace, unit).params
                if seed == 4 and update == 0:
                    assert got.told == pytest.approx(grads.W_x[1, 0])
                unit, moments = optimiser.step(unit, grads, moments)
        nearest.append((worse.min(), optimiser.rate, worse))
    _, rate, errors = min(nearest, key=lambda tried: tried[0])
    assert (got.updates, got.rate) == (None, pytest.approx(rate))
    np.testing.assert_allclose(got.errors, errors, rtol=1e-6)
    assert got.zero > got.errors.min() > 0.1


def test_a_unit_is_given_up_after_400_updates_at_one_of_seven_rates():
    from lstm_inside.bptt import learning

    assert (learning.RATES, UPDATES) == ((1, 3, 10, 30, 60, 100, 300), 400)
    shut = learn_recall(soft(-8))
    assert (shut.updates, len(shut.errors)) == (None, 401)
    assert len(learn_recall(soft(), 2, updates=1).errors) == 2  # the shortest sequences
    start, later = units_after(soft(), (0, 1), 2.0, 2)
    assert later.W_x[1, 0] != start.W_x[1, 0]


def test_a_line_of_one_is_the_backward_pass_itself():
    from lstm_inside.bptt import learning

    data = recall_problem(10, 5, rng=np.random.default_rng(1))
    unit = type(LATCH)(
        *(np.random.default_rng(n).normal(size=p.shape) for n, p in enumerate(LATCH))
    )
    trace, dhs = lstm_forward(data.xs, unit), np.random.default_rng(2).normal(size=(10, 5, 1))
    got, want = learning._backward_fading(dhs, trace, unit, 1), lstm_backward(dhs, trace, unit)
    assert all(close(a, b) for a, b in zip(got, want.params, strict=True))


def test_a_rule_divides_only_the_gradients_that_it_names(monkeypatch):
    """A first step by the own size is the rate's hundredth, whatever the gradient."""
    from lstm_inside.bptt import learning

    seen = []

    def forward(xs, units):
        seen.append(units)
        return lstm_forward(xs, units)

    monkeypatch.setattr(learning, "lstm_forward", forward)
    moved = {}
    for rule in learning.RULES:
        seen.clear()
        learn_recall(soft(), rule=rule, updates=1)
        moved[rule] = [after - before for before, after in zip(*seen, strict=True)]
    plain, every, alone, rest = moved.values()
    n = len(learning.RATES)
    for got, at_w_i, elsewhere in ((alone, every, plain), (rest, plain, every)):
        assert close(got[0][1, :n], at_w_i[0][1, :n])  # w_i of the first data set's copies
        assert close(got[0][0], elsewhere[0][0])
        assert close(got[0][1, 2 * n :], elsewhere[0][1, 2 * n :])
        assert close(got[2], elsewhere[2])
    np.testing.assert_allclose(np.abs(every[0][1, :n]), np.array(learning.RATES) / 100, rtol=1e-2)
    assert not close(plain[0][1, :n], every[0][1, :n], 0.1)


def test_other_data_sets_and_an_earlier_end():
    run, first = learn_recall(soft(), sets=(2, 3)), learn_recall(soft())
    assert 0.5 < first.gate < 1
    longer = learn_recall(soft(), beyond=7)
    assert (longer.updates, longer.gate) == (first.updates, first.gate)
    assert len(longer.errors) == len(first.errors) + 7
    np.testing.assert_array_equal(longer.errors[:-7], first.errors)
    assert run.told != first.told
    assert run.updates < 100
    means = [(recall_problem(10, 100, rng=np.random.default_rng(n)).targets ** 2).mean()
             for n in (2, 3)]  # fmt: skip
    assert run.zero == pytest.approx(max(means))
    short = learn_recall(soft(), updates=5)
    assert (short.updates, len(short.errors)) == (None, 6)


def test_one_data_set_is_judged_by_itself():
    """Alone it is as beside another one; a goal on both at one rate may come later, never sooner."""
    alone = [learn_recall(soft(), sets=(seed,)) for seed in (0, 1)]
    both = learn_recall(soft())
    assert both.updates >= max(run.updates for run in alone)
    assert alone[0].told == both.told
    short = [learn_recall(soft(-8), sets=sets, updates=3) for sets in ((0,), (1,), (0, 1))]
    worse = np.maximum(short[0].errors, short[1].errors)
    np.testing.assert_allclose(short[2].errors, worse, rtol=1e-3)  # the best rate may be another
    assert short[2].zero == max(short[0].zero, short[1].zero)
    with pytest.raises(ValueError, match="sets: expected one or two seeds, got 3"):
        learn_recall(soft(), sets=(0, 1, 2))


@pytest.mark.parametrize(
    ("rule", "seed"), [("adam", 3), ("adam on w_i", 5), ("adam on the rest", 1)]
)
def test_twice_as_many_updates_add_a_data_set_to_each_row_of_the_appendix(rule, seed):
    fading = {"steps": 16, "line": 0.5 / 0.982, "updates": 150}
    assert learn_recall(soft(4), rule=rule, sets=(seed,), **fading).updates > 75


# ---------------------------------------------------------------- a plain RNN


def test_recall_with_the_flag_where_it_is_told():
    data = recall_at((3, 5), 9, 40, np.random.default_rng(0))
    step, each = np.nonzero(data.xs[..., 1])
    assert set(step) == {2, 3, 4}
    assert sorted(each) == list(range(40))
    np.testing.assert_array_equal(data.xs[step, each, 0], data.targets[each, 0])
    assert np.abs(data.xs[..., 0]).max() < 1
    assert (data.xs[step, each, 1] == 1).all()
    assert (data.last == 8).all()  # asked after the last step
    assert len(recall_at((1, 2), 2, 1, np.random.default_rng(0)).xs) == 2  # the shortest, and one


def test_the_plain_networks_are_trained_by_the_gradient():
    """The first update's gradient and the flag's part of it are those of `rnn_backward`."""
    from lstm_inside.bptt import far_flag

    data = recall_at((2, 4), 6, 20, np.random.default_rng(3))
    drawn = [init_rnn(2, 8, rng=np.random.default_rng(n)) for n in range(2)]
    stacked = [np.stack(p) for p in zip(*drawn, strict=True)]
    stacked[2] = stacked[2][:, None]
    grads, da = far_flag._gradient(data, stacked)
    for n, params in enumerate(drawn):
        trace = rnn_forward(data.xs, params)
        dhs = np.zeros_like(trace.h[1:])
        dhs[-1] = (trace.h[-1].sum(axis=1, keepdims=True) - data.targets) / 20
        want = rnn_backward(dhs, trace, params).params
        assert all(close(g[n].reshape(w.shape), w) for g, w in zip(grads, want, strict=True))
        parts = np.einsum("tbd,tbh->tdh", data.xs, da[:, n])
        assert close(parts.sum(axis=0), want.W_x)


@pytest.mark.parametrize(("rule", "rates"), [("one rate", (0.1, 0.3)), ("adam", (0.01, 0.02))])
def test_plain_networks_learn_what_each_would_learn_alone(rule, rates):
    """By the core, one network at a time, and by the optimisers of notebook 05."""
    steps, updates = 4, 300
    got = plain_rnn_learns((1, 2), rule, steps=steps, rng=np.random.default_rng(5))
    make = SGD if rule == "one rate" else Adam
    for n in range(3):
        errors = []
        for rate in rates:
            rng = np.random.default_rng(5)
            test = recall_at((1, 2), steps, 500, rng)
            params, optimiser = init_rnn(2, 8, rng=np.random.default_rng(n)), make(rate)
            moments = optimiser.start(params)
            for update in range(updates):
                data = recall_at((1, 2), steps, 32, rng)
                trace = rnn_forward(data.xs, params)
                dhs = np.zeros_like(trace.h[1:])
                dhs[-1] = (trace.h[-1].sum(axis=1, keepdims=True) - data.targets) / 32
                grads = rnn_backward(dhs, trace, params)
                if update == 0:
                    da = grads.h[1:] * (1 - trace.h[1:] ** 2)
                    at_flag = np.einsum("tbd,tbh,tb->dh", data.xs, da, data.xs[..., 1])
                    part = np.linalg.norm(at_flag) / np.linalg.norm(grads.params.W_x)
                    assert got.share[n] == pytest.approx(part)
                params, moments = optimiser.step(params, grads.params, moments)
            off = rnn_forward(test.xs, params).h[-1].sum(axis=1) - test.targets[:, 0]
            errors.append((off**2).mean())
        assert got.errors[n] == pytest.approx(min(errors), rel=1e-6)


def test_a_plain_network_learns_a_near_flag_and_no_far_one():
    def run(places, rule):
        return plain_rnn_learns(places, rule, steps=30, rng=np.random.default_rng(0))

    near, far = (run(places, "adam") for places in ((26, 28), (1, 3)))
    assert near.errors.max() < 0.1
    assert far.errors.min() > 0.3
    assert near.share.min() > 1e4 * far.share.max()
    kept = plain_rnn_learns(
        (1, 3), "adam", recurrent="orthogonal", updates=1, rng=np.random.default_rng(0)
    )
    assert kept.share.min() > near.share.min()  # an orthogonal W_h brings it back
    assert near.errors.shape == near.share.shape == (3,)


def test_a_unit_learns_to_which_step_the_gradient_belongs():
    start, later, end = units_after(soft(4), (0, 48, 400))
    assert all(np.array_equal(a, b) for a, b in zip(start, soft(4), strict=True))
    figure = figures.choosing()
    assert figure.alt.count("the flagged one gets 5%, 15%, 63%.") == 1
    assert (
        "by a factor of 0.75, 1.42, 1.07; with W_h set to 0 it would be 0.75, 0.81, 0.91."
        in figure.alt
    )
    bars = [[bar.get_height() for bar in ax.patches] for ax in figure.axes]
    assert np.argmax(bars[1]) == np.argmax(bars[2]) == 4  # the flagged step
    assert max(bars[0]) < 2.5 * min(bars[0])
    assert later.W_x[1, 0] < end.W_x[1, 0]  # w_i goes on rising
    with pytest.raises(ValueError, match="counts"):
        units_after(soft(), (3, 3))


def test_the_errors_of_runs_are_drawn_and_told():
    runs = {"wide": [learn_recall(soft(4), rule=rule) for rule in ("one rate", "adam")]}
    figure = figures.errors(runs)
    for ax, run in zip(figure.axes, runs["wide"], strict=True):
        goal, zero, line = ax.lines[:3]
        np.testing.assert_array_equal(line.get_ydata(), run.errors)
        assert (goal.get_ydata()[0], zero.get_ydata()[0]) == (0.1, run.zero)
        assert run.errors[-1] < 0.1
        assert (run.errors[:-1] >= 0.1).sum() > 3
    plain, adam = (run.updates for run in runs["wide"])
    assert f"wide: {plain} and {adam}." in figure.alt


def test_a_firm_forget_gate_learns_nothing_and_need_not(monkeypatch):
    """With its weights held the counts of the page's rows with a firm forget gate are the same."""
    from lstm_inside.bptt import learning

    units = [latch(b_i=-i, w_i=0, b_f=8, w_f=0, w_g=0.5) for i in (2, 8)]
    free = [learn_recall(unit) for unit in units]

    def held(*arguments):
        layer, own = side_by_side(*arguments)
        for weights in own:
            np.split(weights, 4, axis=-1)[1][:] = 0
        return layer, own

    monkeypatch.setattr(learning, "side_by_side", held)
    assert [learn_recall(unit).updates for unit in units] == [run.updates for run in free]


def test_what_is_left_at_the_flag():
    xs, dhs = flagged_sequence(), np.zeros((100, 1, 8))
    assert np.flatnonzero(xs[:, 0, 1]).tolist() == [9]  # step 10
    dhs[-1] = 1
    plain = init_rnn(2, 8, rng=np.random.default_rng(3), recurrent="orthogonal")
    dh = rnn_backward(dhs, rnn_forward(xs, plain), plain).h[:, 0]
    left = left_at_flag(plain)
    assert left[0] == pytest.approx(np.linalg.norm(dh[10]) / np.linalg.norm(dh[-1]))
    assert np.isnan(left[1])
    np.testing.assert_array_equal(twenty_draws("rnn", "orthogonal")[:, 3], left)
    twice = left_at_flag(plain._replace(W_h=2 * plain.W_h))
    np.testing.assert_array_equal(twenty_draws("rnn", "orthogonal", strength=2)[:, 3], twice)
    lstm = init_lstm(2, 8, rng=np.random.default_rng(3), forget_bias=4.0)
    dc, pure = measured(lstm, xs, dhs)
    whole, alone, last = (np.linalg.norm(a) for a in (dc[10], pure[10], dc[-1]))
    assert left_at_flag(lstm) == pytest.approx([whole / last, alone / last])
    np.testing.assert_array_equal(twenty_draws("lstm", b_f=4)[:, 3], left_at_flag(lstm))
    assert twenty_draws("rnn").shape == (2, 20)
    assert left_at_flag(LATCH) == pytest.approx([0.97, 0.97], abs=1e-3)  # W_h is 0: one way only


# ---------------------------------------------------------------- checkers


def total_by_parts(dh, dc_line, o, c):
    return dc_line + dh * o / np.cosh(c) ** 2


RIGHT = [
    (check.cell_total, lambda dh, n, o, c: n + dh * o * (1 - np.tanh(c) ** 2)),
    (check.cell_total, total_by_parts),
    (check.cell_total, lambda dh, n, o, c: sum((n, o * (1 - np.tanh(c) ** 2) * dh))),
    (check.cell_total, lambda *a: (a[1] + a[0] * a[2] * (1 - np.tanh(a[3]) ** 2)).tolist()),
]


@pytest.mark.parametrize(("checker", "function"), RIGHT)
def test_right_forms_are_accepted(checker, function):
    verdict = checker(function)
    assert verdict, verdict


WRONG = [
    (check.cell_total, lambda dh, n, o, c: dh * o * (1 - np.tanh(c) ** 2), "cell_no_line"),
    (check.cell_total, lambda dh, n, o, c: n.copy(), "cell_no_h"),
    (check.cell_total, lambda dh, n, o, c: n + dh * o, "cell_no_slope"),
    (check.cell_total, lambda dh, n, o, c: n + dh * (1 - np.tanh(c) ** 2), "cell_no_o"),
    (check.cell_total, lambda dh, n, o, c: n + dh * o * (1 - c**2), "cell_tanh"),
    (check.cell_total, lambda dh, n, o, c: None, "returned None"),
]


@pytest.mark.parametrize(("checker", "function", "hint"), WRONG)
def test_wrong_forms_are_refused_with_the_right_hint(checker, function, hint):
    verdict = checker(function)
    assert not verdict
    assert check.WORDS.get(hint, hint) in verdict.message


def test_an_argument_changed_in_place_is_refused():
    def cell_total(dh, dc_line, o, c):
        dc_line += dh * o * (1 - np.tanh(c) ** 2)
        return dc_line

    assert "changed the array" in check.cell_total(cell_total).message


# ---------------------------------------------------------------- explorers


def measured(lstm, xs, dhs):
    """dL/dc of every step, and its pure carousel for a loss at the end, both (T+1, B, H)."""
    trace = lstm_forward(xs, lstm)
    dc = lstm_backward(dhs, trace, lstm).c
    ones = np.ones_like(trace.f[:1])
    return dc, np.concatenate([trace.f, ones])[::-1].cumprod(axis=0)[::-1] * dc[-1]


def test_the_microscope_shows_the_backward_passes():
    explorer = EXPLORERS["gradient_flow"]()
    assert list(explorer.controls) == ["b_f", "strength"]
    explorer.set(b_f=2, strength=3)
    rnn = init_rnn(2, 8, rng=np.random.default_rng(2))
    lstm = init_lstm(2, 8, rng=np.random.default_rng(2), forget_bias=2.0)
    kept = init_rnn(2, 8, rng=np.random.default_rng(2), recurrent="orthogonal")
    rnn, kept, lstm = (p._replace(W_h=3 * p.W_h) for p in (rnn, kept, lstm))
    xs, dhs = flagged_sequence(), np.zeros((100, 1, 8))
    dhs[-1] = 1
    dc, pure = measured(lstm, xs, dhs)
    v = explorer.values
    for key, plain in (("rnn_dh", rnn), ("orthogonal_dh", kept)):
        dh = rnn_backward(dhs, rnn_forward(xs, plain), plain).h
        assert close(v[key], np.linalg.norm(dh[:, 0], axis=1))
    assert close(v["dc"], np.linalg.norm(dc[:, 0], axis=1))
    assert close(v["alone"], np.linalg.norm(pure[:, 0], axis=1))
    held, _ = measured(LATCH, xs, dhs[:, :, :1])
    assert close(v["latch"], held[:, 0, 0])
    drawn = [line.get_ydata() for line in explorer.figure.axes[0].lines]
    assert any(len(y) == 101 and close(y, v["latch"] / v["latch"][-1]) for y in drawn)
    told = v["dc"][10] / v["dc"][-1]
    assert f"The gradient at step 10 is {told:.2g} times that at step 100" in explorer.caption
    assert explorer.caption.endswith("The flag stands at step 10.")
    explorer.close()


def test_the_microscope_takes_the_readers_own_networks(lstm, rnn):
    (params, trace, *_), (plain, *_) = lstm, rnn
    explorer = EXPLORERS["gradient_flow"](params=params, xs=trace.xs, rnn=plain)
    assert (explorer.controls["b_f"].value, explorer.controls["T"].value) == (0, T)
    dhs = np.zeros((T, B, H))
    dhs[-1] = 1
    back = rnn_backward(dhs, rnn_forward(trace.xs, plain), plain).h
    assert close(explorer.values["rnn_dh"], np.linalg.norm(back, axis=(1, 2)))
    explorer.set(b_f=2)
    more = params.b.copy()
    more[H : 2 * H] += 2
    dc, pure = measured(params._replace(b=more), trace.xs, dhs)
    assert close(explorer.values["dc"], np.linalg.norm(dc, axis=(1, 2)))
    assert close(explorer.values["alone"], np.linalg.norm(pure, axis=(1, 2)))
    explorer.set(every=True, T=T - 1)
    dc, _ = measured(params._replace(b=more), trace.xs[:-1], np.ones((T - 1, B, H)))
    assert close(explorer.values["dc"], np.linalg.norm(dc, axis=(1, 2)))
    explorer.show_preset("gates more open")
    assert explorer.values["every"]  # a preset leaves the loss as it is
    explorer.close()
    mine = EXPLORERS["gradient_flow"](rnn=init_rnn(2, 8, rng=np.random.default_rng(1)))
    assert "in the RNN." in mine.caption or "in the RNN," in mine.caption
    assert "uniform" not in mine.caption
    mine.close()
    alone = EXPLORERS["gradient_flow"](params=params, xs=trace.xs)
    assert not {"rnn_dh", "latch"} & alone.values.keys()
    assert "flag" not in alone.caption
    assert "The gradient at step 0 is" in alone.caption
    assert "RNN" not in alone.caption
    assert alone.error is None
    alone.close()


OWN = {"params": init_lstm(2, 3, rng=np.random.default_rng(0)), "xs": np.ones((6, 2, 2))}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"params": 3}, "params: expected LSTMParams"),
        (
            {"params": (LATCH, LATCH)},
            "one layer in one direction, as only sequence_explorer takes more, got tuple",
        ),
        (
            {"params": BothParams(LATCH, LATCH)},
            "one layer in one direction, as only sequence_explorer takes more, got BothParams",
        ),
        ({"params": init_rnn(2, 4, rng=np.random.default_rng(0))}, "W_h: expected shape"),
        ({"xs": np.ones((6, 2))}, "xs: expected 3 axes"),
        ({"xs": np.ones((6, 2, 3))}, "xs: expected shape"),
        ({"xs": np.full((6, 2, 2), np.nan)}, "xs: expected finite"),
        ({"xs": np.ones((1, 2, 2))}, "xs: expected T >= 2"),
        (
            {"xs": None, "params": init_lstm(3, 3, rng=np.random.default_rng(0))},
            "xs: expected shape",
        ),
        ({"rnn": "plain"}, "rnn: params: expected RNNParams"),
        ({"rnn": init_rnn(3, 4, rng=np.random.default_rng(0))}, "rnn: xs: expected shape"),
    ],
)
def test_the_microscope_names_what_does_not_fit(wrong, words):
    with pytest.raises((ValueError, TypeError), match=words):
        EXPLORERS["gradient_flow"](**OWN | wrong)


def test_a_lines_name_stands_at_its_size_and_on_no_other():
    explorer = EXPLORERS["gradient_flow"]()
    names = [a for a in explorer._moving if getattr(a, "get_ha", str)() == "right"][1:]
    keys = ("rnn_dh", "orthogonal_dh", "dc", "alone", "latch")
    for b_f in (-4, 1, 6, 8):
        for strength in (0, 1, 6):
            explorer.set(b_f=b_f, strength=strength)
            y = np.log10([name.get_position()[1] for name in names if name.get_text()])
            assert np.diff(np.sort(y)).min() > 1.1
            assert -14 < y.min() < y.max() < 8
    explorer.set(b_f=1, strength=1)
    y = np.log10([name.get_position()[1] for name in names])
    v = explorer.values
    ends = [v["dc" if key == "alone" else key][-1] for key in keys]
    sizes = np.log10([v[key][10] / end for key, end in zip(keys, ends, strict=True)])
    assert close(y[1:], sizes[1:])  # the first is below the frame
    assert y[0] == -13.5
    assert names[0].get_text() == "RNN, uniform W_h: ↓ 2.1e-24"
    assert names[2].get_text() == "LSTM: 1.1e-07"
    explorer.set(strength=0)
    assert [bool(name.get_text()) for name in names] == [False, False, True, True, True]
    explorer.close()


def test_without_a_way_through_the_weights_the_carousel_is_all():
    explorer = EXPLORERS["gradient_flow"]()
    explorer.show_preset("no way through W_h")
    np.testing.assert_allclose(explorer.values["alone"], explorer.values["dc"], rtol=1e-9)
    explorer.close()


def test_the_walk_back_is_a_power():
    explorer = EXPLORERS["walk_back"]()
    explorer.set(w=1.3, walked=4)
    assert close(explorer.values["dh"], 1.3 ** np.arange(7.0, -1, -1))
    assert explorer.values["far"] == pytest.approx(1.3**50)
    assert "4 steps back the gradient is 2.86, and 50 steps back" in explorer.caption
    explorer.close()


def test_the_two_steps_are_the_pages_own_numbers():
    explorer = EXPLORERS["two_steps"]()
    explorer.show_preset("none from L")
    v = explorer.values
    found = v["da_2"], v["dh_1"], v["da_1"], v["dw"]
    assert found == pytest.approx((0.726, 0.363, 0.152, 0.614), abs=5e-4)  # cell n01 prints them
    assert v["part_1"] + v["part_2"] == pytest.approx(v["dw"])
    explorer.reset()
    both = explorer.values
    assert both["dh_1"] == pytest.approx(1 + v["dh_1"])
    h_1 = np.tanh(0.8 + 0.5 * 0.4)
    assert both["da_1"] == pytest.approx(both["dh_1"] * (1 - h_1**2))
    assert "come 1.000 from the loss and 0.363 from step 2, together 1.363." in explorer.caption
    explorer.show_preset("none from a₂")
    assert (explorer.values["dh_1"], explorer.values["back"]) == (1, 0)
    explorer.close()


def test_a_number_stands_on_an_arrow_once_the_walk_is_there():
    explorer = EXPLORERS["two_steps"]()
    seen = []
    for walked in range(1, 6):
        explorer.set(walked=walked)
        seen.append(sum(bool(words.get_text()) for words in explorer._moving))
    assert seen == [1, 2, 5, 9, 10]
    arrows = [a for a in explorer.figure.axes[0].texts if getattr(a, "arrow_patch", None)]
    shown = sum(a.get_visible() for a in arrows)
    explorer.set(from_loss=False)
    assert sum(a.get_visible() for a in arrows) == shown - 2  # forward and back
    assert sum(bool(words.get_text()) for words in explorer._moving) == 9
    explorer.close()


def test_what_is_not_yet_walked_is_not_shown():
    explorer = EXPLORERS["walk_back"]()
    assert "50 steps back it is 1.8e-08" in explorer.caption
    bars = [a for a in explorer._moving if hasattr(a, "get_height")]
    heights = [bar.get_height() for bar in bars]
    assert heights[0] == pytest.approx(0.7**7)
    explorer.set(walked=2)
    lines = [a for a in explorer._moving if hasattr(a, "get_xdata") and len(a.get_xdata()) > 2]
    assert [bar.get_height() for bar in bars] == [0] * 5 + heights[5:]  # no bar changes
    assert sorted(line.get_xdata()[-1] for line in lines) == [2, 50]
    explorer.show_preset("growing")  # keeps what has been walked
    assert explorer.values["walked"] == 2
    assert "50 steps back it is 5e+05" in explorer.caption
    explorer.close()


def test_a_cuts_curve_is_drawn_as_far_as_the_reader_has_been():
    explorer = EXPLORERS["truncation"]()
    explorer.set(k=8)
    curve = next(a for a in explorer._moving if getattr(a, "get_marker", str)() == "o"
                 and a.axes is explorer.figure.axes[1])  # fmt: skip
    assert curve.get_xdata().tolist() == list(range(1, 9))
    explorer.set(k=48)
    assert len(curve.get_xdata()) == 48
    explorer.close()


def test_the_answers_gradient_reaches_the_flagged_number_and_no_other():
    explorer = EXPLORERS["recall_gradient"]()
    explorer.set(at=20)
    v = explorer.values
    assert v["at_flag"] > 0.97
    assert (v["dc"][20:] > 0.98 * v["dc"][-1]).all()
    assert v["dc"][:20].max() < 1e-3
    slope = (1 - np.tanh(v["number"] / 2) ** 2) / 2  # of the candidate, by the number
    assert v["dx"][19] == pytest.approx(v["dc"][20] * slope, rel=1e-3)
    explorer.set(drive=0)
    assert explorer.values["at_flag"] < 1e-3
    explorer.set(drive=8)  # notebook 03's own latch
    xs = np.zeros((60, 1, 2))
    xs[:, 0, 0], xs[19, 0, 1] = np.random.default_rng(3).uniform(-1, 1, 60), 1
    dhs = np.zeros((60, 1, 1))
    dhs[-1] = 1
    assert close(
        explorer.values["dx"], lstm_backward(dhs, lstm_forward(xs, LATCH), LATCH).xs[:, 0, 0]
    )
    explorer.close()


def test_the_ellipse_is_the_product_of_the_steps():
    explorer = EXPLORERS["ellipse"]()
    explorer.set(long=1.4, short=0.3, turn=35, n=3)
    angle = np.deg2rad(35)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    step = (np.diag([1.4, 0.3]) @ turn).T  # dh_t/dh_{t-1} = W_h transposed, at rest
    want = np.linalg.svd(step @ step @ step, compute_uv=False)
    assert explorer.values["together"][3] == pytest.approx(want[0])
    assert explorer.values["least"][3] == pytest.approx(want[1])
    assert close(explorer.values["each"], np.full(30, 1.4))
    explorer.show_preset("turned by 90°")
    assert explorer.values["each"].min() > 1 > explorer.values["together"][30]
    explorer.show_preset("no step stretches")
    assert (np.diff(explorer.values["together"]) < 0).all()
    explorer.close()


def test_the_cuts_are_measured_against_the_full_gradient():
    explorer = EXPLORERS["truncation"]()
    explorer.set(b_f=2, strength=3, k=7, draw=4)
    lstm = init_lstm(4, 6, rng=np.random.default_rng(4), forget_bias=2.0)
    lstm = lstm._replace(W_h=3 * lstm.W_h)
    trace = lstm_forward(eeg(100, 48)[:, None], lstm)
    target = np.random.default_rng(6).uniform(-0.5, 0.5, (48, 1, 6))
    dhs = trace.h[1:] - target
    full = lstm_backward(dhs, trace, lstm)
    cut = truncated_backward(dhs, trace, lstm, 7)
    want = compare_gradients(cut.params, full.params)
    assert (explorer.values["cosine"], explorer.values["ratio"]) == pytest.approx(want)
    assert explorer.values["near"][-1] == pytest.approx([1, 1])
    explorer.close()


def test_the_preset_shows_the_worst_of_twenty_draws():
    explorer = EXPLORERS["truncation"]()
    cosines = []
    for draw in range(20):
        explorer.set(draw=draw)
        cosines.append(explorer.values["near"][:, 0])
    fallen = (np.maximum.accumulate(cosines, axis=1) - cosines).max(axis=1)
    explorer.show_preset("the worst of 20 draws")
    assert explorer.controls["draw"].value == fallen.argmax()  # none falls so far below its best
    assert explorer.values["cosine"] == min(map(min, cosines))
    explorer.close()


def test_the_gradient_is_carried_to_the_flag_or_not():
    figure = figures.carried()
    at_flag = []
    for ax, most in zip(figure.axes, (1e-3, 1e-3, 4, 1), strict=True):
        (line, _flag), bars = ax.lines, [bar.get_height() for bar in ax.patches]
        assert (len(line.get_ydata()), len(bars), line.get_ydata()[-1]) == (101, 100, 1)
        at_flag.append(line.get_ydata()[10])
        assert at_flag[-1] < most
    rnn, one, six, latched = at_flag
    assert (rnn, one, six) == pytest.approx(
        (twenty_draws("rnn")[0, 2], twenty_draws("lstm")[0, 2], twenty_draws("lstm", b_f=6)[0, 2])
    )
    assert latched == pytest.approx(left_at_flag(LATCH)[0])
    assert np.argmax(bars) == 9  # the latch's: the flagged number
    assert sorted(bars)[-2] < 1e-3 * max(bars)
    assert f"at forget bias 6 {six:.2g}, the latch 0.97" in figure.alt


def test_every_draw_is_a_dot_and_the_cell_line_alone_a_stroke():
    lstm, rnn = (
        np.array([[1e-3, 0.1, 4.0], [1e-6, 0.2, 0.5]]),
        np.array([[0.3] * 3, [np.nan] * 3]),
    )
    figure = figures.draws({"lstm": lstm, "rnn": rnn, "latch": lstm[:, :1]})
    whole, alone, middle, plain, none = figure.axes[0].lines[:5]
    np.testing.assert_array_equal(whole.get_xdata(), lstm[0])
    np.testing.assert_array_equal(alone.get_xdata(), lstm[1])
    assert max(whole.get_ydata()) < min(alone.get_ydata()) < 0.5  # the strokes stand below
    assert (whole.get_marker(), alone.get_marker()) == ("o", "|")
    np.testing.assert_array_equal(plain.get_xdata(), rnn[0])
    assert plain.get_color() != whole.get_color()
    assert np.isnan(none.get_xdata()).all()
    assert list(middle.get_xdata()) == [0.1]
    assert "from the top: 0.1, 0.3, 0.001." in figure.alt
    assert figure.alt.endswith(  # the 90th roots of 0.1, 0.3, 0.001, and of 0.2 and 1e-6
        "Per step that is 0.975, 0.987, 0.926, and along the cell line alone 0.982, none, 0.858."
    )


def test_a_cut_keeps_the_last_loss_from_all_before_it():
    explorer = EXPLORERS["truncation"]()
    assert "exactly 0" not in explorer.caption
    explorer.show_preset("loss at the end only")  # k = 8
    assert explorer.caption.endswith(" Up to step 40 dL/dc is exactly 0.")
    dc = explorer.values["cut_dc"]
    assert not dc[:41].any()
    assert dc[41:].all()
    explorer.set(k=48)
    assert "exactly 0" not in explorer.caption
    explorer.close()


def test_near_and_far_flags_are_drawn_and_told():
    run = PlainRun(np.array([0.2, 1e-6, 3e-9]), np.array([0.006, 0.3, 1 / 3]))
    figure = figures.near_and_far({"near": run, "far": run._replace(errors=run.errors / 2)})
    _, near, far = figure.axes[0].lines
    np.testing.assert_array_equal(near.get_xdata(), run.share)
    np.testing.assert_array_equal(far.get_ydata(), run.errors / 2)
    assert "near: parts 0.2, 1e-06, 3e-09, errors 0.006, 0.300, 0.333; far:" in figure.alt
