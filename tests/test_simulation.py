"""Notebook 07: the text model's parts, its dissection, the forecasts."""

import itertools

import numpy as np
import pytest

from lstm_core import gradient_check, init_lstm, lstm_forward, lstm_step
from lstm_inside import simulation as lt
from lstm_inside.simulation import dissection
from lstm_inside.simulation import reading as readings
from lstm_inside.simulation import text as texts
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
    return lt.sketch()


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


def test_a_part_is_kept_in_a_byte_a_character():
    row = lt.library_ids("search")
    assert row.dtype == np.uint8
    assert np.array_equal(row, lt.encode("".join(lt.standard_library().search.values())))
    assert lt.count_ngrams(row[:5000], 6).keys.dtype == np.int64
    assert np.array_equal(lt.count_ngrams(row[:5000], 6).keys,
                          lt.count_ngrams(row[:5000].astype(int), 6).keys)  # fmt: skip


def test_windows_are_neighbours_and_reach_both_ends():
    cut = lt.windows(np.arange(100), 5, 10)
    assert cut.shape == (10, 5)
    assert (np.diff(cut, axis=0) == 1).all()
    assert cut[0, 0] == 0
    assert cut[-1, -1] == 99
    with pytest.raises(ValueError, match="T: expected"):
        lt.windows(np.arange(5), 2, 6)


def test_copies_are_found_and_windows_keep_clear_of_them():
    known = lt.encode("once upon a time there was")
    row = lt.encode("xxupon a timeyyupon a tzzz")
    assert (
        "".join("c" if c else "." for c in lt.copied(row, known, 9)) == "..ccccccccccc............."
    )
    assert not lt.copied(row[:4], known, 9).any()
    fresh = ~lt.copied(row, known, 9)
    cut = lt.windows(row, 4, 6, fresh)
    at = lt.windows(np.arange(len(row)), 4, 6, fresh)
    assert fresh[at].all()
    assert at[0, 0] == 13
    assert at[-1, -1] == len(row) - 1
    assert lt.decode(cut[:, 0]) == "yyupon"
    with pytest.raises(ValueError, match="fresh: expected"):
        lt.windows(row, 1, 20, fresh)


def test_hashes_find_the_copies_that_a_plain_search_finds(monkeypatch):
    known, row = (rng(seed).integers(0, 3, 80) for seed in (0, 1))
    for length in (1, 3, 5, 6):
        text = lt.decode(known)
        want = np.zeros(80, bool)
        for k in range(80 - length + 1):
            if lt.decode(row[k : k + length]) in text:
                want[k : k + length] = True
        assert (lt.copied(row, known, length) == want).all()
        with monkeypatch.context() as few:  # many stretches or few at a time
            few.setattr(texts, "_AT_ONCE", 7)
            assert (lt.copied(row, known, length) == want).all()


def test_what_is_marked_is_as_fresh_as_the_part():
    row, _, fresh = readings._library_labelled("search")
    assert row.shape == fresh.shape
    assert (~fresh).any()
    assert (fresh == ~lt.copied(row, lt.library_ids("learn"))).all()


def test_ngrams_are_counted_by_hand():
    table = lt.count_ngrams(lt.encode("abab"), 2)
    a, b = lt.encode("ab")
    assert table.keys.tolist() == [a * lt.V + b, b * lt.V + a]
    assert table.counts.tolist() == [2, 1]
    assert table.contexts.tolist() == [a, b]
    assert table.totals.tolist() == [2, 1]
    assert table.followers.tolist() == [1, 1]


def test_interpolated_costs_by_hand():
    """Witten and Bell: (n + R p) / (N + R), from 1 / V on."""
    tables = [lt.count_ngrams(lt.encode("abab"), n) for n in (1, 2)]
    p1 = (2 + 2 / lt.V) / (4 + 2)  # of a and of b: 2 of 4, 2 different ones
    held = lt.encode("abb")[:, None]
    assert lt.interpolated_costs(tables[:1], held).mean() == pytest.approx(-np.log2(p1))
    want = [(2 + p1) / 3, p1 / 2]  # b after a: 2 of 2; b after b: 0 of 1
    assert lt.interpolated_costs(tables, held).mean() == pytest.approx(-np.log2(want).mean())
    unseen = lt.encode("zz")[:, None]  # z was never a context: the shorter one speaks alone
    z = 2 / lt.V / 6
    assert lt.interpolated_costs(tables, unseen).mean() == pytest.approx(-np.log2(z))
    assert lt.interpolated_costs(tables, held) == pytest.approx(-np.log2(want)[:, None])
    assert lt.times_seen(tables[1], lt.encode("aba#b")[:, None]).tolist() == [[2], [1], [2], [0]]
    with pytest.raises(ValueError, match="tables: expected orders"):
        lt.interpolated_costs(tables[1:], held).mean()


def test_the_share_of_symbols_is_what_each_would_have_had():
    held = lt.windows(lt.library_ids("measure"), 3, 40)
    share = lt.counted_share(held, ")]a)", 9)
    assert share.shape == (len(held) - 9, 3)
    for t in (9, 25):
        want = 0
        for symbol in lt.encode(")]a"):
            came = held[: t + 1].copy()
            came[t] = symbol
            want = want + 2.0 ** -lt.ladder_costs(came, t)["5-gram"][0]
        assert share[t - 9] == pytest.approx(want)
    assert lt.counted_share(held, ")", order=1).shape == held.shape
    everything = lt.counted_share(held, lt.SYMBOLS, 9, order=3)
    assert everything == pytest.approx(np.ones((len(held) - 9, 3)))


def test_a_longer_context_helps_where_it_was_seen():
    ids = lt.library_ids("learn")[:200_000]
    tables = [lt.count_ngrams(ids, n) for n in (1, 2, 3)]
    held = lt.windows(lt.library_ids("measure"), 16, 300)
    bits = [lt.interpolated_costs(tables[:n], held, 9).mean() for n in (1, 2, 3)]
    assert bits[0] > bits[1] + 0.5 > bits[2] + 0.7


def test_the_ladder_is_the_same_counting_step_by_step():
    held = lt.windows(lt.library_ids("measure"), 4, 60)
    costs = lt.ladder_costs(held, 9)
    tables = [lt.count_ngrams(lt.library_ids("learn"), n) for n in (1, 2, 3)]
    assert np.array_equal(costs["trigram"], lt.interpolated_costs(tables, held, 9))
    assert {cost.shape for cost in costs.values()} == {(51, 4)}
    assert lt.ladder_costs(held)["bigram"].shape == (55, 4)  # a 6-gram has five characters before
    assert list(costs)[-1] == "6-gram"
    tables += [lt.count_ngrams(lt.library_ids("learn"), n) for n in (4, 5, 6)]
    assert np.array_equal(costs["6-gram"], lt.interpolated_costs(tables, held, 9))


def test_the_stored_writer_is_what_its_recipe_says():
    stored = lt.stored_writer()
    H = stored.about["units"]
    assert stored.model.cell.W_h.shape == (H, 4 * H)
    assert stored.model.cell.W_h.dtype == np.float32
    assert {"command", "seed", "steps", "python", "numpy"} < stored.about.keys()
    assert lt.STORED.stat().st_size < 500_000
    held = lt.windows(lt.library_ids("measure"), 8, 400, lt.fresh_part("measure"))
    assert lt.model_bits(stored.model, held, 50) < 2.5


def test_a_writer_is_stored_and_no_pickle_is_needed(tmp_path, model):
    path = lt.store_writer(model, {"seed": 1}, tmp_path / "w.npz")
    with np.load(path, allow_pickle=False) as file:
        assert file["W_h"].dtype == np.float16
        assert file["W_h"] == pytest.approx(model.cell.W_h, abs=2e-3)
        assert str(file["about"]) == '{"seed": 1}'


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


def test_a_reading_is_one_forward_pass_however_long(model):
    reading = lt.read(model, "search", B=3, T=230)
    trace = lstm_forward(lt.one_hot(reading.ids[:-1]), model.cell)
    assert reading.h.tobytes() == trace.h.tobytes()
    assert reading.c.tobytes() == trace.c.tobytes()
    assert reading.xs.tobytes() == trace.xs.tobytes()
    i, f = lt.gates_of(model, reading, 5)
    assert i == pytest.approx(trace.i[..., 5], rel=1e-5)
    assert f == pytest.approx(trace.f[..., 5], rel=1e-5)


def test_costs_are_the_bits_of_what_came_and_kinds_are_kinds(model):
    ids = lt.encode("if (ab_c):\n    x")[:, None]
    trace = lstm_forward(lt.one_hot(ids[:-1]), model.cell)
    reading = lt.Reading(ids, trace.h, trace.c, {})
    costs = lt.costs(model, reading)
    shares = softmax(readout(trace.h[1:], model.readout))[:, 0]
    by_hand = [-np.log2(share[n]) for share, n in zip(shares, ids[1:, 0], strict=True)]
    assert costs[:, 0] == pytest.approx(by_hand, rel=1e-5)
    came = {name: lt.decode(ids[1:][where]) for name, where in lt.kinds(reading).items()}
    assert came == {
        "space after a space": "   ", "letter inside a word": "fb_c",
        "first letter of a word": "ax", "closing bracket": ")",
    }  # fmt: skip


def test_closings_say_how_far_back_each_was_opened(model):
    row, found = lt.labelled({"f": 'f(a[1], ")(")  # (\n[\n]\n'})
    trace = lstm_forward(lt.one_hot(row[:-1, None]), model.cell)
    reading = lt.Reading(
        row[:, None], trace.h, trace.c, {n: m[:-1, None] for n, m in found.items()}
    )
    ends = {int(t) + 1: int(d) for t, d in enumerate(lt.closings(reading)[:, 0]) if d}
    assert ends == {5: 2, 12: 11, 21: 2}  # not those in the string or the comment


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
    for N in (40, 12_000):  # at once, and in three goes
        shown, mark = rng(10).normal(2, 1, size=(N, 3)), rng(11).random(N) < 0.5
        want = [np.corrcoef(shown[:, k], mark)[0, 1] for k in range(3)]
        assert lt.correlation(shown, mark) == pytest.approx(want)
    assert lt.correlation(np.ones((5, 2)), np.arange(5) > 2).tolist() == [0, 0]


def test_the_search_finds_a_planted_cell(model):
    reading = lt.read(model, "search", B=4, T=120)
    c = reading.c.copy()
    c[1:, :, 7] = np.where(reading.marks["string"], -1.5, 1.5)
    planted = reading._replace(c=c)
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


def test_holding_over_symbols_is_the_clamp_over_their_vectors(model):
    ids = lt.windows(lt.library_ids("measure"), 5, 40)
    units, values = [3, -1, 7, 7, 0], [0.5, 9.0, -1.0, 2.0, 0.0]
    want, _ = lt.clamped_forward(lt.one_hot(ids), model.cell, units, values)
    after = slice(1 + lt.WARM, None)
    assert held(model, ids, units, values) == pytest.approx(want[after], abs=1e-6)
    want, _ = lt.clamped_forward(lt.one_hot(ids), model.cell, 4, -0.5)
    assert held(model, ids, 4, -0.5) == pytest.approx(want[after], abs=1e-6)
    course = np.tile(np.linspace(-1, 1, len(ids))[:, None], (1, ids.shape[1]))
    one = [lt.clamped_forward(lt.one_hot(ids[:t]), model.cell, 4, 0.0)[0][-1] for t in (30, 31)]
    assert held(model, ids, 4, 0 * course)[30 - lt.WARM] == pytest.approx(one[1], abs=1e-6)
    moved = held(model, ids, 4, course)
    assert moved == pytest.approx(held(model, ids, np.full(5, 4), course), abs=1e-6)
    assert np.abs(moved[-1] - held(model, ids, 4, 1.0)[-1]).max() > 1e-4  # the past was another


def held(model, ids, units, values):
    return np.concatenate([h.copy() for h in dissection._held(model.cell, ids, units, values)])


def test_what_is_held_place_by_place_is_the_clamp(model):
    reading = lt.read(model, "measure", B=3, T=130)
    free = lt.hold(model, reading, {"close": ")]}", "space": " "})
    assert free.bits == pytest.approx(lt.costs(model, reading)[lt.WARM :], rel=1e-4)
    for name, symbols in (("close", ")]}"), ("space", " ")):
        share = lt.share_of(model, reading.h[1 + lt.WARM :], symbols)
        assert free.shares[name] == pytest.approx(share, rel=1e-4)
    h, _ = lt.clamped_forward(reading.xs, model.cell, 3, 2.0)
    one = lt.hold(model, reading, {"close": ")]}"}, 3, 2.0)
    share = lt.share_of(model, h[1 + lt.WARM :], ")]}")
    assert one.shares["close"] == pytest.approx(share, rel=1e-4)
    own = lt.hold(model, reading, {"close": ")]}"}, 3, reading.c[1:, :, 3])
    assert own.bits == pytest.approx(free.bits, rel=1e-3)  # its own values change nothing


def test_a_mean_and_its_error_over_columns():
    values = rng(3).normal(size=(50, 40)) + rng(4).normal(size=40)
    mean, error = lt.mean_and_error(values, np.ones(values.shape, bool))
    columns = values.mean(axis=0)
    assert mean == pytest.approx(values.mean())
    assert error == pytest.approx(columns.std(ddof=1) / np.sqrt(40))
    some = values > 0
    assert lt.mean_and_error(values, some)[0] == pytest.approx(values[some].mean())
    assert np.isnan(lt.mean_and_error(values, np.zeros(values.shape, bool))).all()
    assert np.isnan(lt.mean_and_error(values[:, :1], some[:, :1])[1])


def test_brackets_of_a_line_are_closed_by_its_end():
    row = lt.encode("f(a, '(', [b,\n  c])  # ((\n) + (d)\n")
    h = np.zeros((len(row), 1, 2))
    still = lt.line_brackets(lt.Reading(row[:, None], h, h, {}))[:, 0]
    want = "0" + "1" * 12 + "0" + "0" * 9 + "11" + "0" + "0000110"
    assert "".join("01"[s] for s in still.astype(int)) == want


def test_open_brackets_are_those_of_the_tokenizer():
    library = lt.standard_library()
    for text in [
        *library.search.values(),
        SOURCE,
        "x = r'\\\\(' + f'{a[0]}('\n",
        '"""(""" [\'(\']\n',
    ]:
        np.testing.assert_array_equal(lt.open_brackets(text), lt.marks(text)["brackets"])


def test_a_table_counted_where_a_bracket_is_open_is_told_that_one_is():
    ids = lt.encode("a(b)b(b)ab")
    inside = lt.open_brackets("a(b)b(b)ab")
    before = np.concatenate([[False], inside[:-1]])
    table = lt.count_ngrams(ids, 2, before)
    told = {
        lt.decode([k // lt.V, k % lt.V]): n for k, n in zip(table.keys, table.counts, strict=True)
    }
    assert told == {"(b": 2, "b)": 2}  # and not "bb", "b(" or "ab"
    judged = lt.windows(lt.library_ids("measure"), 8, 300, lt.fresh_part("measure"))
    reading_marks = lt.open_brackets("".join(lt.standard_library().measure.values()))
    open_before = lt.windows(reading_marks, 8, 300, lt.fresh_part("measure"))[19:-1]
    costs, plain = lt.inside_costs(judged, 20), lt.ladder_costs(judged, 20)["5-gram"]
    assert costs.shape == plain.shape
    closing = np.isin(judged[20:], lt.encode(")]}"))
    assert costs[open_before & closing].mean() < plain[open_before & closing].mean() - 0.5
    assert costs[~open_before].mean() > plain[~open_before].mean() + 0.5


def test_what_is_held_comes_through_the_output_gate():
    params = init_lstm(3, 5, rng=rng(15))
    xs = rng(16).normal(size=(1, 2, 3))
    trace = lstm_forward(xs, params)
    h, _ = lt.clamped_forward(xs, params, 4, -0.9)
    assert h[1, :, 4] == pytest.approx(trace.o[0, :, 4] * np.tanh(-0.9), abs=1e-12)
    assert h[1, :, :4] == pytest.approx(trace.h[1, :, :4], abs=1e-12)


def test_a_cell_is_held_while_the_model_writes(model):
    h, c = lt.states_after(model, "x = f(")
    text = lt.write(model, h, c, 30, rng=rng(5), held=(3, 1.5))
    held_h, held_c = lt.clamped_forward(
        lt.one_hot(lt.encode(text))[:, None], model.cell, 3, 1.5, h, c
    )
    shares = lt.next_shares(np.concatenate([h, held_h[1:-1, 0]]), model.readout).cumsum(axis=-1)
    draws = rng(5).random(30)[:, None] * shares[:, -1:]
    assert lt.decode((shares <= draws).sum(axis=-1)) == text
    assert np.all(held_c[1:, :, 3] == 1.5)
    assert text != lt.write(model, h, c, 30, rng=rng(5))


def test_the_effect_is_a_difference_of_means(model):
    reading = lt.read(model, "measure", B=4, T=80)
    free = lt.clamp_effect(model, reading, "brackets", ")]}")
    share = lt.share_of(model, reading.h[1:], ")]}")[lt.WARM :]
    inside = reading.marks["brackets"][lt.WARM :]
    assert free.inside == pytest.approx(share[inside].mean(), rel=1e-4)
    text = (reading.marks["string"] | reading.marks["comment"])[lt.WARM :]
    assert free.outside == pytest.approx(share[~inside & ~text].mean(), rel=1e-4)
    assert free.outside != pytest.approx(share[~inside].mean(), rel=1e-4)
    held = lt.clamp_effect(model, reading, "brackets", ")]}", 3, 2.0)
    assert held.bits != free.bits
    cost = lt.costs(model, reading)[lt.WARM :]
    assert free.bits == pytest.approx(cost.mean(), rel=1e-4)
    assert free.bits_inside == pytest.approx(cost[inside].mean(), rel=1e-4)
    assert free.bits_outside == pytest.approx(cost[~inside & ~text].mean(), rel=1e-4)


def test_both_ends_of_some_cells_are_held(model):
    searched, reading = (lt.read(model, part, B=4, T=60) for part in ("search", "measure"))
    sets = {"close": ")]}"}
    held = lt.hold_ends(model, searched, reading, "brackets", sets, (3, 7), 5)
    assert list(held) == [
        "free",
        (3, "off"),
        (3, "on"),
        (7, "off"),
        (7, "on"),
        (5, "low"),
        (5, "high"),
    ]
    off, on = lt.levels(searched, 7, "brackets")
    for end, value in (("off", off), ("on", on)):
        want = lt.hold(model, reading, sets, 7, value)
        np.testing.assert_array_equal(held[7, end].bits, want.bits)
    low = min(lt.levels(searched, 5, "brackets"))
    want = lt.hold(model, reading, sets, 5, low)
    np.testing.assert_array_equal(held[5, "low"].shares["close"], want.shares["close"])


def test_ends_and_costs_are_compared_with_the_free_network(model):
    searched, reading = (lt.read(model, part, B=4, T=60) for part in ("search", "measure"))
    held = lt.hold_ends(model, searched, reading, "brackets", {"close": ")]}"}, (3,), 5)
    places = lt.inside_and_outside(reading, "brackets")
    found = lt.ends_times(held, "close", *places)
    assert list(found) == [(3, "off"), (3, "on"), (5, "low"), (5, "high")]
    free = held["free"].shares["close"]
    for k, at in enumerate(places):
        want = lt.times_as_likely(held[5, "low"].shares["close"], free, at)
        assert found[5, "low"][k] == pytest.approx(want, nan_ok=True)
    places = {"in": reading.marks["brackets"], "out": ~reading.marks["brackets"]}
    costs = lt.further_bits(held, places, [(3, "on"), (5, "high")])
    further = held[5, "high"].bits - held["free"].bits
    want = lt.mean_and_error(further, places["out"][lt.WARM :])
    assert costs["out"][1] == pytest.approx(want)


def test_a_network_is_searched_and_measured(model):
    found = lt.search_network(model, "brackets", ")]}", B=5, T=70)
    searched = lt.read(model, "search", B=5, T=70)
    np.testing.assert_array_equal(found.r, lt.scores(searched, "brackets"))
    assert found.best == np.abs(found.r).argmax()
    assert found.again == lt.measure_again(
        model, searched, found.every, "brackets", ")]}", B=5, T=70
    )


def test_the_furthest_cells_of_a_search_are_measured_again(model):
    searched = lt.read(model, "search", B=6, T=80)
    best = int(np.abs(lt.scores(searched, "brackets")).argmax())
    effect = np.ones(32)
    others = [unit for unit in (3, 7, 9) if unit != best][:2]
    effect[others] = 0.2, 0.4
    every = lt.EveryCell(effect, 1 / effect)
    again = lt.measure_again(model, searched, every, "brackets", ")]}", B=4, T=60)
    assert [list(cells) for cells in again.values()] == [[best, *others]] * 2
    reading = lt.read(model, "measure", B=4, T=60)
    places = lt.inside_and_outside(reading, "brackets")
    free = lt.hold(model, reading, {"": ")]}"}).shares[""]
    for end, value, at in zip(
        ("off", "on"), lt.levels(searched, best, "brackets"), places, strict=True
    ):
        held = lt.hold(model, reading, {"": ")]}"}, best, value).shares[""]
        assert again[end][best] == pytest.approx(lt.times_as_likely(held, free, at), rel=1e-4)


def test_drafts_are_written_draw_by_draw(model):
    texts = lt.drafts(model, "x = ", count=9, texts=3, held=(3, 0.5))
    states = lt.states_after(model, "x = ")
    for draw, text in enumerate(texts):
        assert text == lt.write(model, *states, 9, temperature=0.6, rng=rng(draw), held=(3, 0.5))


def test_the_race_is_run_on_what_the_page_says(model):
    judged, counted = lt.judged_tables()
    assert judged.shape == (1001, 64)
    assert {cost.shape for cost in counted.values()} == {(1001 - lt.WARM, 64)}
    own, stored, table = lt.sizes(model, 7)
    assert own == (7 * 1024, sum(array.size for array in arrays_of(model)))
    assert stored[0] == 4_000_000
    assert table == (len(lt.library_ids("learn")), lt.table_size(5))


def test_a_small_writer_begins_as_the_pages_own_does():
    run = lt.trained_run(1, steps=2)
    again = lt.text_training(lt.library_ids("learn"), H=64, steps=lt.STEPS, rng=rng(1))
    list(again.steps(2))
    assert run.step == 2
    assert all(map(np.array_equal, arrays_of(run.params), arrays_of(again.params)))


def test_holding_every_cell_is_holding_each(model):
    searched = lt.read(model, "search", B=6, T=80)
    reading = lt.read(model, "measure", B=4, T=60)
    every = lt.clamp_every_cell(model, searched, reading, "brackets", ")]}", at_once=5)
    free = lt.clamp_effect(model, reading, "brackets", ")]}")
    for unit in (0, 7, 31):
        off, on = lt.levels(searched, unit, "brackets")
        held = [lt.clamp_effect(model, reading, "brackets", ")]}", unit, v) for v in (off, on)]
        assert every.off_inside[unit] == pytest.approx(held[0].inside / free.inside, rel=1e-3)
        assert every.on_outside[unit] == pytest.approx(held[1].outside / free.outside, rel=1e-3)


def test_nearest_matches_are_the_peaks(model):
    reading = lt.read(model, "search", B=5, T=120)
    for sign in (1, -1):
        found = lt.nearest_matches(reading, 3, sign=sign, count=4)
        course = sign * np.tanh(reading.c[1:, :, 3])[40:-24]
        peaks = [sign * m.shown[m.at] for m in found]
        assert peaks == pytest.approx(np.sort(course.max(axis=0))[:0:-1])
        assert all(len(m.text) == len(m.shown) == 65 for m in found)


def test_a_planted_cell_is_a_perfect_witness(model):
    reading = lt.read(model, "search", B=8, T=300)
    c = reading.c.copy()
    c[1:, :, 7] = np.where(reading.marks["brackets"], -1.5, 1.5)
    planted = reading._replace(c=c)
    cases = lt.watch(planted, planted, 7)
    assert all(case.share == case.wanted for case in cases if case.count)
    wanted = [True, False, True, True, True, False]
    assert [case.wanted for case in cases] == wanted


def test_places_by_two_marks_are_all_places(model):
    reading = lt.read(model, "search", B=8, T=300)
    both, earlier, after, before, as_text, neither, line, rest = lt.watch_line(reading, reading, 7)
    assert line.count + rest.count == both.count + earlier.count + as_text.count + neither.count
    assert line.count == both.count + as_text.count
    assert earlier.count == after.count + before.count
    inside = reading.marks["brackets"][lt.WARM :]
    assert both.count + earlier.count == inside.sum()
    off, on = lt.levels(reading, 7, "brackets")
    says = ((reading.c[1:, :, 7] > (off + on) / 2) == (on > off))[lt.WARM :].astype(float)
    want = lt.mean_and_error(says, lt.line_places(reading)["neither"][lt.WARM :])
    assert (neither.share, neither.error) == pytest.approx(want)
    commas = 0
    for text, inside, line in zip(
        reading.ids[:-1].T, reading.marks["brackets"].T, lt.line_brackets(reading).T, strict=True
    ):
        for t in range(lt.WARM, len(text)):
            begun = lt.decode(text[: t + 1]).rpartition("\n")[2]
            commas += bool("," in begun and inside[t] and not line[t])
    assert after.count == commas
    c = reading.c.copy()
    c[1:, :, 7] = np.where(lt.line_brackets(reading), 1.5, -1.5)
    planted = reading._replace(c=c)
    cases = lt.watch_line(planted, planted, 7)
    assert all(case.share == case.wanted for case in cases if case.count)


def test_depths_are_the_brackets_that_are_open(model):
    source = "3) = 4\nf([1, '((', {2}], 5)  # ((\n"
    row, found = lt.labelled({"f": "x = (1,\n" + source})
    row, found = row[8:], {name: mark[8:] for name, mark in found.items()}  # begin inside
    trace = lstm_forward(lt.one_hot(row[:-1, None]), model.cell)
    marks = {name: mark[:-1, None] for name, mark in found.items()}
    depths = lt.depths(lt.Reading(row[:, None], trace.h, trace.c, marks))[:, 0]
    depth = "".join("-0123"[n + 1] for n in depths)
    assert depth == "-" + "0" * 7 + "1" + "2" * 10 + "3" * 2 + "2" + "1" * 4 + "0" * 7
    assert len(depth) == len(source) - 1


def test_the_cases_are_where_they_say(model):
    source = "x = f(g(1), 2,\n" + " " * 25 + "3)\ny = '( a'\n"
    row, found = lt.labelled({"f": source * 2})
    trace = lstm_forward(lt.one_hot(row[:-1, None]), model.cell)
    marks = {name: mark[:-1, None] for name, mark in found.items()}
    reading = lt.Reading(row[:, None], trace.h, trace.c, marks)
    cases = lt.watch(reading, reading, 7)
    counts = [case.count for case in cases]
    # Judged from character 20 on, so f( and g( count the second time only: 6 places together.
    # The bracket in the string comes twice, with 3 places. The break in f( is judged the second
    # time only.
    assert counts[:4] == [6, 6, 1, 1]
    assert counts[4] + counts[5] == len(row) - 1 - lt.WARM
    assert [case.brackets for case in cases] == [1, 0, 1, 1, 2, 0]


def test_a_bracket_is_followed_while_it_is_open_and_on_its_line(model):
    source = "#" * 24 + "\nf(a, b, c)\ng(a,\n  b, c)\nh(a, b, c, d)\nk(l(a), b, c)\n"
    row, found = lt.labelled({"f": source})
    trace = lstm_forward(lt.one_hot(row[:-1, None]), model.cell)
    marks = {name: mark[:-1, None] for name, mark in found.items()}
    c = trace.c.copy()
    text, shown = lt.decode(row[:-1]), np.full(len(row) - 1, -1.0)
    for name, steps in (("f(", 5), ("g(", 9), ("k(", 11)):  # on from the bracket on, so long
        shown[(at := text.index(name) + 1) : at + steps] = 1
    c[1:, 0, 3] = shown
    reading = lt.Reading(row[:, None], trace.h, c, marks)
    turned = lt.levels(reading, 3, "brackets")
    assert turned[1] > turned[0]
    found = lt.kept(reading, reading, 3, steps=8)
    assert found.brackets == 3  # f(, h( and k(; g('s line ends
    assert (found.alone_brackets, found.nested_brackets) == (1, 1)  # off at h( from the start
    assert found.alone.tolist() == [1.0] * 5 + [0.0] * 3
    assert found.nested.tolist() == [1.0] * 8
    assert found.lost == ["(a, b, c"]
    none = lt.kept(reading, reading, 3, steps=14)
    assert none.brackets == 0
    assert np.isnan(none.alone).all()
    assert none.lost == []


def test_words_of_a_message_and_what_comes_on_late_are_counted(model):
    source = "#" * 24 + '\nf("a b c d e")\ng("x", "y", z)\nh("x", y, z)\n'
    row, found = lt.labelled({"f": source})
    trace = lstm_forward(lt.one_hot(row[:-1, None]), model.cell)
    marks = {name: mark[:-1, None] for name, mark in found.items()}
    c = trace.c.copy()
    text, shown = lt.decode(row[:-1]), np.full(len(row) - 1, -1.0)
    for name, late, steps in (("f(", 0, 5), ("g(", 0, 12), ("h(", 4, 8)):
        shown[(at := text.index(name) + 1) + late : at + steps] = 1
    c[1:, 0, 3] = shown
    reading = lt.Reading(row[:, None], trace.h, c, marks)
    assert lt.levels(reading, 3, "brackets")[1] > 0
    found = lt.kept(reading, reading, 3, steps=9)
    assert (found.brackets, found.alone_brackets, found.late) == (3, 2, 1)  # h( comes on late
    assert found.words == (1, 0)  # f( is lost, in a message
    assert found.lost == ['("a b c d']


def test_places_by_what_is_open_and_the_mark_of_the_line(model):
    reading = lt.read(model, "search", B=8, T=300)
    places = lt.line_places(reading)
    assert tuple(places) == lt.LINE_PLACES
    assert (sum(where.astype(int) for where in places.values()) == 1).all()
    line = lt.with_line(reading).marks["line"]
    assert (line == lt.line_brackets(reading)).all()
    assert "line" not in reading.marks
    assert (places["both"] | places["opened on this line, as text"] == line).all()


def test_costs_by_kind_are_means_over_their_places(model):
    reading = lt.read(model, "measure", B=4, T=120)
    cost, found = lt.costs(model, reading)[19:], lt.cost_by_kind(model, reading, 19)
    assert found.pop("every character") == pytest.approx(cost.mean())
    for name, where in lt.kinds(reading).items():
        assert found[name] == pytest.approx(cost[where[19:]].mean())


def test_times_as_likely_is_a_ratio_of_sums_with_its_error():
    free, where = rng().random((30, 50)) + 0.5, rng(1).random((30, 50)) < 0.4
    assert lt.times_as_likely(3 * free, free, where) == pytest.approx((3, 0), abs=1e-9)
    held = free * rng(2).uniform(1, 3, 50)  # each column by a factor of its own
    ratio, error = lt.times_as_likely(held, free, where)
    assert ratio == pytest.approx(held[where].sum() / free[where].sum())
    jackknife = [lt.times_as_likely(*(np.delete(x, k, 1) for x in (held, free, where)))[0]
                 for k in range(50)]  # fmt: skip
    assert error == pytest.approx(np.sqrt(49 * np.var(jackknife)), rel=0.05)
    with pytest.raises(ValueError, match="free: expected numbers above 0"):
        lt.times_as_likely(held, 0 * free, where)
    assert np.isnan(lt.times_as_likely(held, free, where & False)).all()


def test_the_tables_keep_a_count_for_every_n_gram():
    each = [len(lt.count_ngrams(lt.library_ids("learn"), n).keys) for n in (1, 2, 3)]
    assert lt.table_size(3) == sum(each)


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
