"""Notebook 07: the text model's parts, its dissection, the forecasts, checkers and explorers."""

import asyncio
import dataclasses
import itertools

import numpy as np
import pytest

from lstm_core import gradient_check, init_lstm, lstm_forward, lstm_step
from lstm_inside.simulation import check
from lstm_inside.simulation import explorers as simulation
from lstm_inside.simulation import text as lt
from lstm_inside.simulation.forecast import (
    Windows,
    eeg_windows,
    fit_linear,
    forecast_loss,
    forecast_training,
    linear_forecast,
    lstm_forecast,
    mean_forecast,
    persistence,
    rms_error,
    windows_of,
)
from lstm_inside.training import Model, arrays_of, init_readout, readout, softmax

SOURCE = '''def f(a, b=[1, 2]):  # a (note)
    x = "in ( a" + a
    """two
    lines"""
    return (x,
            b)
'''


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def model():
    return simulation.sketch()


# ---------------------------------------------------------------- text


def test_the_library_is_split_by_file_and_holds_no_private_module():
    parts = lt.standard_library()
    names = [name for part in parts for name in part]
    assert len(names) == len(set(names)) > 50
    assert not any(name.startswith("_") for name in names)
    assert "csv" in parts.measure
    assert "datetime" in parts.search or "datetime" not in names
    assert "argparse" in parts.learn


def test_encode_and_decode_are_inverse_but_for_strangers():
    assert lt.decode(lt.encode("a = {}\n")) == "a = {}\n"
    assert lt.decode(lt.encode("é\t")) == "¤¤"
    x = lt.one_hot(lt.encode("ab"))
    assert x.shape == (2, lt.V)
    assert x.sum() == 2
    assert x[1, lt.encode("b")[0]] == 1


def test_windows_are_neighbours_and_reach_both_ends():
    cut = lt.windows(np.arange(100), 5, 10)
    assert cut.shape == (10, 5)
    assert (np.diff(cut, axis=0) == 1).all()
    assert cut[0, 0] == 0
    assert cut[-1, -1] == 99
    with pytest.raises(ValueError, match="T: expected"):
        lt.windows(np.arange(5), 2, 6)


def test_ngram_counts_by_hand():
    ids = lt.encode("abab")
    a, b = lt.encode("ab")
    shares = lt.ngram(ids, 2, alpha=1)
    assert shares.shape == (lt.V, lt.V)
    assert shares.sum(axis=1) == pytest.approx(1)
    assert shares[a, b] == pytest.approx(3 / (2 + lt.V))
    assert shares[b, a] == pytest.approx(2 / (1 + lt.V))
    held = ids[:, None]
    p = [shares[a, b], shares[b, a], shares[a, b]]
    assert lt.ngram_bits(shares, held) == pytest.approx(-np.log2(p).mean())
    assert lt.ngram_bits(lt.ngram(ids, 1, 0.0), held) == pytest.approx(1)  # a and b, half each
    assert lt.ngram_bits(lt.ngram(ids, 3, 1), held) == pytest.approx(-np.log2(2 / (1 + lt.V)))


def test_model_bits_are_those_of_its_shares(model):
    held = lt.windows(lt.library_ids("measure"), 3, 21)
    trace = lstm_forward(lt.one_hot(held[:-1]), model.cell)
    shares = softmax(readout(trace.h[5:], model.readout).astype(float))
    given = np.take_along_axis(shares, held[5:, :, None], -1)
    assert lt.model_bits(model, held, 5) == pytest.approx(-np.log2(given).mean(), rel=1e-5)


def test_a_stream_carries_place_and_state_along():
    ids = lt.encode(SOURCE)
    params = Model(init_lstm(lt.V, 4, rng=rng(1), dtype=np.float32),
                   init_readout(4, lt.V, rng=rng(2), dtype=np.float32))  # fmt: skip
    one, two = (lt.Stream(ids, 2, T, 4, rng=rng(3)) for T in (5, 10))
    seen = list(itertools.islice(one.chunks(), 2))
    xs, labels = two.batch(two.start)
    assert np.array_equal(np.concatenate([s[0] for s in seen]), xs)
    assert np.array_equal(labels[:-1].ravel(), xs[1:].argmax(axis=-1).ravel())
    at = one.start
    for batch in seen:
        assert np.array_equal(one.batch(at)[0], batch[0])
        _, _, at = one.loss(params, batch, at)
    _, _, end = two.loss(params, (xs, labels), two.start)
    assert np.array_equal(at.places, end.places)
    assert at.h == pytest.approx(end.h, abs=1e-6)
    assert at.c == pytest.approx(end.c, abs=1e-6)


def test_the_streams_gradient_is_right():
    """Relative error below 1e-6 in float64 against finite differences in 20 directions."""
    ids = lt.encode(SOURCE)
    params = Model(init_lstm(lt.V, 3, rng=rng(4)), init_readout(3, lt.V, rng=rng(5)))
    stream = lt.Stream(ids, 2, 6, 3, rng=rng(6))
    h, c = rng(7).normal(size=(2, 2, 3))
    start = stream.start._replace(h=h, c=c)
    batch = stream.batch(start)

    def loss(flat):
        return stream.loss(Model(type(params.cell)(*flat[:3]), type(params.readout)(*flat[3:])),
                           batch, start)[0]  # fmt: skip

    _, grads, _ = stream.loss(params, batch, start)
    flat = (*params.cell, *params.readout)
    report = gradient_check(loss, flat, (*grads.cell, *grads.readout), directions=20, rng=rng(8))
    assert report, report
    assert not report.vacuous


def test_training_goes_below_single_characters_and_repeats_itself():
    ids = lt.library_ids("learn")
    runs = [lt.text_training(ids, H=16, B=8, steps=60, rng=rng(9)) for _ in range(2)]
    for run in runs:
        for _ in run.steps(60):
            pass
    assert np.array_equal(runs[0].losses, runs[1].losses)
    assert runs[0].losses[-10:].mean() < runs[0].losses[0] - 1
    assert runs[0].params.cell.W_h.dtype == np.float32


def test_a_saved_text_training_goes_on_as_if_it_had_not_stopped(tmp_path):
    """Bit for bit: parameters, moments, losses, and the stream's place and state."""
    ids = lt.encode(SOURCE * 3)

    def fresh():
        return lt.text_training(ids, H=5, T=4, B=3, steps=30, rng=rng(9))

    whole, first, second = fresh(), fresh(), fresh()
    list(whole.steps(30))
    list(first.steps(13))
    first.save(tmp_path / "text.npz")
    list(second.steps(5))  # has been elsewhere meanwhile
    second.load(tmp_path / "text.npz")
    list(second.steps(17))
    assert np.array_equal(second.losses, whole.losses)
    for part in ("params", "moments", "carried"):
        one, other = getattr(second.state, part), getattr(whole.state, part)
        assert all(map(np.array_equal, arrays_of(one), arrays_of(other)))
    assert whole.state.carried.h.any()


def test_a_step_broken_off_does_not_move_the_stream():
    ids = lt.encode(SOURCE * 3)
    plain, broken = (lt.text_training(ids, H=5, T=4, B=3, steps=9, rng=rng(9)) for _ in range(2))
    loss = broken.loss
    list(broken.steps(4))

    def interrupted(params, batch, at):
        loss(params, batch, at)
        raise KeyboardInterrupt

    broken.loss = interrupted
    with pytest.raises(KeyboardInterrupt):
        list(broken.steps(1))
    broken.loss = loss
    list(broken.steps(5))
    list(plain.steps(9))
    assert np.array_equal(broken.losses, plain.losses)


# ---------------------------------------------------------------- writing


def test_temperature_sharpens_and_flattens(model):
    h, _ = lt.states_after(model, "import ")
    cold, one, hot = (lt.next_shares(h[0], model.readout, t) for t in (0.2, 1, 5))
    assert cold.max() > one.max() > hot.max()
    assert one == pytest.approx(softmax(readout(h[0], model.readout).astype(float)))
    frozen = lt.next_shares(h[0], model.readout, 0)
    assert frozen[one.argmax()] == frozen.sum() == 1


def test_writing_is_reproducible_and_greedy_at_zero(model):
    h, c = lt.states_after(model, "def ")
    texts = [lt.write(model, h, c, 30, temperature=0.8, rng=rng(s)) for s in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]
    assert len(texts[0]) == 30
    cold = [lt.write(model, h, c, 30, temperature=0, rng=rng(s)) for s in (1, 2)]
    assert cold[0] == cold[1]
    best = lt.next_shares(h[0], model.readout).argmax()
    assert cold[0][0] == lt.SYMBOLS[best]


def test_writing_is_the_step_the_read_out_and_a_draw_in_turn(model):
    start = h, c = lt.states_after(model, "def ")
    ids = []
    for u in rng(3).random(60):
        shares = lt.next_shares(h[0], model.readout, 0.7).cumsum()
        ids.append(int(np.argmax(shares > u * shares[-1])))
        h, c, _ = lstm_step(lt.one_hot(ids[-1:]), h, c, model.cell)
    before = [s.copy() for s in start]
    assert lt.write(model, *start, 60, temperature=0.7, rng=rng(3)) == lt.decode(ids)
    assert all((s == b).all() for s, b in zip(start, before, strict=True))


# ---------------------------------------------------------------- marks and scores


def test_marks_say_what_holds_after_each_character():
    marks = lt.marks(SOURCE)

    def held(name):
        return "".join(c if m else "." for c, m in zip(SOURCE, marks[name], strict=True))

    assert "(a, b=[1, 2]." in held("brackets")
    assert "note" not in held("brackets")
    assert "in (" not in held("brackets")
    assert "(x,\n            b." in held("brackets")
    assert '"in ( a.' in held("string")
    assert '"""two\n    lines"".' in held("string")
    assert "# a (note)." in held("comment")
    assert held("indentation").count("\n") == SOURCE.count("\n")
    lines = held("indentation").split("\n")
    assert lines[1].startswith("    .")
    assert lines[0].strip(".") == ""


def test_marks_of_f_strings_hold_over_the_whole_string():
    text = 'x = f"a{b(1)}c"\n'
    marks = lt.marks(text)
    assert marks["string"].tolist() == [4 <= k < 14 for k in range(len(text))]
    assert not marks["brackets"].any()


def test_files_that_are_no_python_are_left_out():
    row, marks = lt.labelled({"bad": "x = (\n", "good": SOURCE})
    assert lt.decode(row) == SOURCE
    assert len(marks["string"]) == len(row)


def test_costs_are_the_bits_of_what_came_and_kinds_are_kinds(model):
    ids = lt.encode("if (ab_c):\n    x")[:, None]
    trace = lstm_forward(lt.one_hot(ids[:-1]), model.cell)
    reading = lt.Reading(ids, trace, {})
    costs = lt.costs(model, reading)
    shares = softmax(readout(trace.h[1:], model.readout))[:, 0]
    by_hand = [-np.log2(share[n]) for share, n in zip(shares, ids[1:, 0], strict=True)]
    assert costs[:, 0] == pytest.approx(by_hand, rel=1e-5)
    came = {name: lt.decode(ids[1:][where]) for name, where in lt.kinds(reading).items()}
    assert came == {
        "space after a space": "   ", "letter inside a word": "fb_c",
        "first letter of a word": "ax", "closing bracket": ")",
    }  # fmt: skip


def test_around_averages_what_surrounds_events_and_turns_finds_them():
    mark = np.array([[0, 0, 1, 1, 0, 0, 1, 0, 0]], dtype=bool).T
    begins, ends = lt.turns(mark)
    assert np.flatnonzero(begins).tolist() == [2, 6]
    assert np.flatnonzero(ends).tolist() == [4, 7]
    values = np.arange(9.0)[:, None] ** 2
    assert lt.around(values, begins, back=1, on=2) == pytest.approx(
        [(1 + 25) / 2, (4 + 36) / 2, (9 + 49) / 2, (16 + 64) / 2]
    )
    assert lt.around(values, begins, back=1, on=3) == pytest.approx([1, 4, 9, 16, 25][:5])


def test_correlation_is_numpys():
    shown, mark = rng(10).normal(size=(40, 3)), rng(11).random(40) < 0.5
    want = [np.corrcoef(shown[:, k], mark)[0, 1] for k in range(3)]
    assert lt.correlation(shown, mark) == pytest.approx(want)
    assert lt.correlation(np.ones((5, 2)), np.arange(5) > 2).tolist() == [0, 0]


def test_the_search_finds_a_planted_cell(model):
    reading = lt.read(model, "search", B=4, T=120)
    c = reading.trace.c.copy()
    c[1:, :, 7] = np.where(reading.marks["string"], -1.5, 1.5)
    planted = reading._replace(trace=dataclasses.replace(reading.trace, c=c))
    chosen, control = lt.chosen_and_control(planted, "string")
    assert chosen == 7
    assert lt.scores(planted, "string")[7] == pytest.approx(-1)
    assert control != 7
    assert abs(lt.scores(planted, "string")[control]) < 0.15
    assert lt.levels(planted, 7, "string") == pytest.approx((1.5, -1.5))


# ---------------------------------------------------------------- the clamp


def test_a_clamp_of_nothing_is_the_ordinary_pass_and_a_clamp_holds():
    params = init_lstm(3, 5, rng=rng(12))
    xs, h0, c0 = rng(13).normal(size=(9, 2, 3)), *rng(14).normal(size=(2, 2, 5))
    trace = lstm_forward(xs, params, h0, c0)
    h, c = lt.clamped_forward(xs, params, -1, 0.0, h0, c0)
    assert h == pytest.approx(trace.h, abs=1e-12)
    assert c == pytest.approx(trace.c, abs=1e-12)
    h, c = lt.clamped_forward(xs, params, [2, -1], [0.7, 9.0], h0, c0)
    assert (c[1:, 0, 2] == 0.7).all()
    assert h[:, 1] == pytest.approx(trace.h[:, 1], abs=1e-12)
    assert np.abs(h[2:, 0, [0, 1, 3, 4]] - trace.h[2:, 0, [0, 1, 3, 4]]).max() > 1e-3


def test_what_is_held_comes_through_the_output_gate():
    params = init_lstm(3, 5, rng=rng(15))
    xs = rng(16).normal(size=(1, 2, 3))
    trace = lstm_forward(xs, params)
    h, _ = lt.clamped_forward(xs, params, 4, -0.9)
    assert h[1, :, 4] == pytest.approx(trace.o[0, :, 4] * np.tanh(-0.9), abs=1e-12)
    assert h[1, :, :4] == pytest.approx(trace.h[1, :, :4], abs=1e-12)


def test_the_effect_is_a_difference_of_means(model):
    reading = lt.read(model, "measure", B=4, T=80)
    free = lt.clamp_effect(model, reading, "brackets", ")]}")
    share = lt.share_of(model, reading.trace.h[1:], ")]}")[lt.WARM :]
    inside = reading.marks["brackets"][lt.WARM :]
    assert free.inside == pytest.approx(share[inside].mean(), rel=1e-4)
    assert free.outside == pytest.approx(share[~inside].mean(), rel=1e-4)
    held = lt.clamp_effect(model, reading, "brackets", ")]}", 3, 2.0)
    assert held.bits != free.bits


# ---------------------------------------------------------------- forecasts


def test_windows_of_a_signal_hold_what_comes():
    signal = np.arange(20.0)[:, None] * (1, 10)
    xs, ahead = windows_of(signal, W=4, K=3)
    assert xs.shape == (4, 14, 2)
    assert ahead.shape == (4, 14, 3, 2)
    assert xs[:, 2, 0].tolist() == [2, 3, 4, 5]
    assert ahead[-1, 2, :, 1].tolist() == [60, 70, 80]
    with pytest.raises(ValueError, match="signal: expected at least"):
        windows_of(signal[:6], W=4, K=3)


def test_learning_and_test_windows_share_no_sample():
    learn, test = eeg_windows()
    assert learn.xs.shape[1] == 560 - 48 + 1
    assert test.xs.shape[1] == 240 - 48 + 1
    known = np.concatenate([learn.xs.reshape(-1, 4), learn.ahead.reshape(-1, 4)])
    assert known[:, 0].max() == pytest.approx(learn.xs[..., 0].max(), abs=2)
    everything = np.unique(known, axis=0)
    assert everything.mean(axis=0) == pytest.approx(0, abs=0.02)
    tested = np.unique(test.xs.reshape(-1, 4), axis=0)
    assert not (tested[:, None] == everything).all(axis=2).any()


def test_least_squares_finds_a_linear_law_and_no_other_does_better():
    signal = np.sin(np.arange(120)[:, None] * (0.3, 0.5))
    windows = windows_of(signal, W=6, K=3)
    a = fit_linear(windows.xs, windows.ahead[-1])
    assert rms_error(linear_forecast(windows.xs, a), windows.ahead[-1]).max() < 1e-8
    noisy = windows_of(signal + 0.3 * rng(17).normal(size=signal.shape), W=6, K=3)
    a = fit_linear(noisy.xs, noisy.ahead[-1])
    best = (rms_error(linear_forecast(noisy.xs, a), noisy.ahead[-1]) ** 2).sum()
    other = a + 0.01 * rng(18).normal(size=a.shape)
    assert best < (rms_error(linear_forecast(noisy.xs, other), noisy.ahead[-1]) ** 2).sum()


def test_baselines_by_hand():
    xs = rng(19).normal(size=(4, 3, 2))
    assert (persistence(xs, 5) == xs[-1][:, None]).all()
    assert persistence(xs, 5).shape == mean_forecast(xs, 5).shape == (3, 5, 2)
    assert rms_error(np.zeros((2, 1, 1)), np.array([[[3.0]], [[4.0]]])) == pytest.approx(12.5**0.5)


@pytest.mark.parametrize("change", [True, False])
def test_the_forecast_losss_gradient_is_right(change):
    """Relative error below 1e-6 against finite differences in 20 directions."""
    params = Model(init_lstm(2, 3, rng=rng(20)), init_readout(3, 6, rng=rng(21)))
    batch = Windows(rng(22).normal(size=(7, 4, 2)), rng(23).normal(size=(7, 4, 3, 2)))

    def loss(flat):
        made = Model(type(params.cell)(*flat[:3]), type(params.readout)(*flat[3:]))
        return forecast_loss(made, batch, change=change)[0]

    _, grads = forecast_loss(params, batch, change=change)
    flat = (*params.cell, *params.readout)
    report = gradient_check(loss, flat, (*grads.cell, *grads.readout), directions=20, rng=rng(24))
    assert report, report
    said = lstm_forecast(params, batch.xs, change=change)
    last = forecast_loss(params, batch, change=change, warm=6)[0]
    assert last == pytest.approx(((said - batch.ahead[-1]) ** 2).mean())


def test_the_lstm_of_changes_beats_persistence_and_loses_to_the_line():
    learn, test = eeg_windows()
    run = forecast_training(learn, rng=rng(0))
    for _ in run.steps(100):
        pass
    w, truth = 8, test.ahead[-1]
    lstm = rms_error(lstm_forecast(run.params, test.last(w)), truth)
    line = fit_linear(learn.last(w), learn.ahead[-1])
    linear = rms_error(linear_forecast(test.last(w), line), truth)
    assert (lstm[1:] < rms_error(persistence(test.xs), truth)[1:]).all()
    assert (linear[:4] < lstm[:4]).all()


# ---------------------------------------------------------------- checkers


def softly(z, t):
    e = np.exp(z / t)
    return e / e.sum(axis=-1, keepdims=True)


def covariance(s, m):
    return ((s - s.mean(axis=0)) * (m - m.mean())[:, None]).mean(axis=0)


def r_of(s, m):
    return covariance(s, m) / s.std(axis=0) / m.std()


def given(p, ids):
    return p[np.arange(len(ids)), ids]


RIGHT = [
    (check.bits, lambda p, ids: -np.log2(given(p, ids)).mean()),
    (check.bits, lambda p, ids: -np.log(given(p, ids)).mean() / np.log(2)),
    (check.bits, lambda p, ids: sum(-np.log2(p[n, k]) for n, k in enumerate(ids)) / len(ids)),
    (check.bits, lambda p, ids: float(np.log2(1 / p[range(7), ids]).sum() / 7)),
    (check.at_temperature, softly),
    (check.at_temperature, lambda z, t: softmax(z / t)),
    (
        check.at_temperature,
        lambda z, t: (softmax(z) ** (1 / t)) / (softmax(z) ** (1 / t)).sum(-1, keepdims=True),
    ),
    (check.at_temperature, lambda z, t: softly(z - z.max(-1, keepdims=True), t).tolist()),
    (check.score, r_of),
    (check.score, lambda s, m: [np.corrcoef(s[:, k], m)[0, 1] for k in range(4)]),
    (check.score, lt.correlation),
    (
        check.score,
        lambda s, m: ((s - s.mean(0)) / s.std(0) * ((m - m.mean()) / m.std())[:, None]).mean(0),
    ),
]
WRONG = [
    (check.bits, lambda p, ids: None, "returned None"),
    (check.bits, lambda p, ids: -np.log(given(p, ids)).mean(), "in nats"),
    (check.bits, lambda p, ids: np.log2(given(p, ids)).mean(), "bits are minus that"),
    (check.bits, lambda p, ids: -np.log2(given(p, ids)).sum(), "divide by its length"),
    (check.bits, lambda p, ids: -np.log2(given(p, ids).mean()), "mean of the logarithms"),
    (check.bits, lambda p, ids: -(p * np.log2(p)).sum(1).mean(), "does not look at what came"),
    (check.at_temperature, lambda z, t: None, "returned None"),
    (check.at_temperature, lambda z, t: softmax(z * t), "DIVIDE"),
    (check.at_temperature, lambda z, t: softmax(z) / t, "inside the softmax"),
    (check.at_temperature, lambda z, t: softmax(z), "temperature 1 whatever"),
    (check.at_temperature, lambda z, t: z / t, "softmax is still to come"),
    (check.at_temperature, lambda z, t: np.exp(z / t) / np.exp(z / t).sum(), "last axis"),
    (check.at_temperature, lambda z, t: softmax((z / t).T).T, "last axis"),
    (check.score, lambda s, m: None, "returned None"),
    (check.score, covariance, "covariance"),
    (check.score, lambda s, m: np.abs(r_of(s, m)), "keep the sign"),
    (check.score, lambda s, m: r_of(s, m) ** 2, "sign is lost"),
    (check.score, lambda s, m: m @ s / np.sqrt((s**2).sum(0) * m.sum()), "means away first"),
    (check.score, lambda s, m: r_of(s, m).max(), "every cell has its own"),
    (check.score, lambda s, m: -r_of(s, m), "sign is turned round"),
]  # fmt: skip


@pytest.mark.parametrize(("checker", "answer"), RIGHT)
def test_right_answers_are_accepted(checker, answer):
    verdict = checker(answer)
    assert verdict.ok, verdict


@pytest.mark.parametrize(("checker", "answer", "hint"), WRONG)
def test_wrong_answers_are_refused_with_the_right_hint(checker, answer, hint):
    verdict = checker(answer)
    assert not verdict.ok
    assert hint in repr(verdict)


# ---------------------------------------------------------------- explorers


def test_the_temperature_explorer_shows_the_models_own_shares(model):
    view = simulation.temperature_explorer(model)
    before, text, _ = simulation.passage()
    view.set(temperature=0.5, at=30)
    h, _ = lt.states_after(model, before + text[:31])
    assert view.values["shares"] == pytest.approx(
        lt.next_shares(h[0], model.readout, 0.5), abs=1e-5
    )
    assert view.values["came"] == text[31]
    view.close()


def test_the_cell_explorers_gradient_is_that_of_the_whole_text(model):
    """Cutting the trace to 40 characters changes no derivative inside it: error < 1e-4."""
    view = simulation.cell_explorer(model)
    before, text, _ = simulation.passage()
    at, ids = 50, lt.encode(before + text)
    view.set(at=at, unit=3)
    k = len(before) + at + 1
    now = slice(k - 40, k)
    trace = lstm_forward(lt.one_hot(ids)[:, None], model.cell)
    loss, _, whole = simulation._backward_from(model, trace, ids, slice(0, k))
    assert view.values["loss"] == pytest.approx(loss, rel=1e-4)
    assert view.values["dc"] == pytest.approx(whole.c[now.start :, 0], abs=1e-4)
    assert np.abs(whole.c[now.start]).max() > 0
    assert view.values["c"] == pytest.approx(trace.c[k, 0, 3], rel=1e-5)
    view.close()


def test_the_loss_behind_the_flow_has_that_gradient(model):
    ids = lt.encode("if x in (1, 2")
    params = type(model.cell)(*(p.astype(float) for p in model.cell))
    exact = Model(params, type(model.readout)(*(p.astype(float) for p in model.readout)))
    trace = lstm_forward(lt.one_hot(ids[:-1])[:, None], params)
    _, _, grads = simulation._backward_from(exact, trace, ids, slice(0, 12))

    def loss(c0):
        end = lstm_forward(lt.one_hot(ids[:-1])[:, None], params, c0=c0).h[-1, 0]
        return -np.log2(lt.next_shares(end, exact.readout)[ids[-1]])

    report = gradient_check(loss, np.zeros((1, 32)), grads.c[0], tolerance=1e-4)  # dz is float32
    assert report, report


def test_the_clamp_explorer_shows_a_real_clamp(model):
    view = simulation.clamp_explorer(model)
    before, text, _ = simulation.passage()
    view.set(value=1.5, at=40, length=12)
    v = view.values
    ids = lt.encode(before + text)[: len(before) + 41]
    trace = lstm_forward(lt.one_hot(ids[:-12])[:, None], model.cell)
    h, _ = lt.clamped_forward(lt.one_hot(ids[-12:])[:, None], model.cell, v["suspect"].unit, 1.5,
                              trace.h[-1], trace.c[-1])  # fmt: skip
    assert v["shares"][0, 1] == pytest.approx(lt.share_of(model, h[-1, 0], ")]}"), rel=1e-4)
    view.close()


def test_the_forecast_explorers_errors_are_those_of_the_methods():
    view = simulation.forecast_explorer()
    learn, test = eeg_windows()
    view.set(window=5, horizon=3)
    line = fit_linear(learn.last(5), learn.ahead[-1])
    want = rms_error(linear_forecast(test.last(5), line), test.ahead[-1])[2]
    assert view.values["off"]["linear"] == pytest.approx(want)
    view.close()


def test_texts_stored_with_trained_explorers_hold_no_figures(model):
    view = simulation.clamp_explorer(model)
    data, metadata = view._repr_mimebundle_()
    assert not any(symbol.isdigit() for symbol in data["text/plain"])
    assert metadata["image/png"]["alt"] == view.caption
    view.close()


async def _train(view, steps):
    return await view.train(steps)


def test_live_text_trains_stops_and_goes_on():
    view = simulation.live_text(steps=12)
    first = view.values["text"]
    assert asyncio.run(_train(view, 4)) == 4
    assert view.values["step"] == 4
    assert asyncio.run(_train(view, 12)) == 8
    assert view.values["text"] != first
    assert view.values["bits"] == pytest.approx(view.run.losses.mean() / np.log(2))
    assert "done" in view.status.value
    view.close()


def test_still_pictures_say_what_they_show(model):
    reading = lt.read(model, "search", B=8, T=200)
    effect = lt.Effect(0.1, 0.01, 2.5)
    for shown in (
        simulation.bits_picture({"bigram": 3.4, "LSTM": 2.3}),
        simulation.samples_picture({"a": "def $x$\n" * 9, "b": "y" * 99}),
        simulation.scores_picture(reading),
        simulation.effects_picture({"left alone": effect, "control held": effect}, ")"),
        simulation.errors_picture({"mean": np.ones(16), "LSTM, values": np.ones((3, 16))}),
        simulation.learning_picture(
            {20: dict.fromkeys("abcd", 5.0), 400: {"a": 4.0, "b": 1.0, "c": 3.9, "d": 2.0}}
        ),
        simulation.turns_picture(reading, "brackets", 3),
    ):
        data, metadata = shown._repr_mimebundle_()
        assert len(data["image/png"]) > 2000
        assert len(metadata["image/png"]["alt"]) > 20
        assert not any(symbol.isdigit() for symbol in data["text/plain"])


def test_every_control_moves_the_picture_of_a_model_of_another_size():
    small = lt.text_training(lt.encode(SOURCE), H=5, T=4, B=3, steps=9, rng=rng(9)).params
    for make in ("temperature", "cell", "clamp"):
        view = getattr(simulation, f"{make}_explorer")(small)
        start = view.frame
        for name, control in view.controls.items():
            value = control.value
            ends = [control.min, control.max] if hasattr(control, "min") else control.options
            frames = set()
            for end in ends:
                control.value = end[1] if isinstance(end, tuple) else end
                assert 'role="alert"' not in view._over.value, (make, name, end)
                frames.add(view.frame)
            assert len(frames) > 1, f"{make}: {name} moves nothing"
            control.value = value
        assert view.frame == start
        view.close()


def test_the_learning_picture_draws_and_tells_what_was_measured():
    measured = {20: dict(zip("abcd", (5.0, 4, 3, 2), strict=True)),
                400: dict(zip("abcd", (4.25, 1, 2, 1.5), strict=True))}  # fmt: skip
    figure = simulation.learning_picture(measured)
    drawn = [line.get_xydata().tolist() for line in figure.axes[0].lines]
    assert drawn == [[[20, y], [400, measured[400][n]]] for n, y in measured[20].items()]
    assert "20 steps a 5.00, b 4.00, c 3.00, d 2.00; after 400 steps a 4.25, b 1.00" in figure.alt
    assert simulation.learning_picture({7: measured[20]}).png()  # Train was pressed instead


def test_the_turns_picture_draws_what_surrounds_a_marks_ends(model):
    reading = lt.read(model, "search", B=8, T=200)
    figure = simulation.turns_picture(reading, "brackets", 3)
    begins, ends = lt.turns(reading.marks["brackets"])
    for ax, event in zip(figure.axes, (begins, ends), strict=True):
        drawn = {line.get_color(): line.get_xydata() for line in ax.lines}
        for colour, course in (
            (simulation.FORGET, reading.trace.f[:, :, 3]),
            (simulation.INPUT, reading.trace.i[:, :, 3]),
            (simulation.CELL_LINE, np.abs(np.tanh(reading.trace.c[1:, :, 3]))),
        ):
            want = lt.around(course[lt.WARM :], event[lt.WARM :])
            assert drawn[colour][:, 0].tolist() == list(range(-4, 9))
            assert drawn[colour][:, 1] == pytest.approx(want)
    drawn = figure.axes[0].lines[0].get_ydata()[3:7]
    assert f"begin forget f {', '.join(f'{y:.2f}' for y in drawn)};" in figure.alt


def test_a_training_begun_by_the_button_is_waited_for_by_a_cell():
    view = simulation.live_text(steps=8)

    async def both():
        view.start_button.click()
        await asyncio.sleep(0)
        return await view.train(10), view.run.step

    assert asyncio.run(both()) == (2, 10)
    view.close()
