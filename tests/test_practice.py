"""Notebook 10's room: masks, dropout, pieces, depth and symptoms.

Every backward pass is held against finite differences, and against PyTorch where it is there.
"""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from layer_nets import B, D, H, T, cell, needs_torch, torch
from matplotlib.text import Text

import lstm_core as core
from lstm_inside import practice
from lstm_inside.beyond import bridge
from lstm_inside.practice import check, explorers, figures
from lstm_inside.practice.dropout import PLACES
from lstm_inside.training import Model, ReadoutParams

PAGE = json.loads(
    (Path(__file__).parent.parent / "notebooks" / "10_practice.ipynb").read_text(encoding="utf-8")
)


@pytest.fixture
def rng():
    return np.random.default_rng(10)


# ---------------------------------------------------------------- masks

LENGTHS = np.array([6, 3, 4])


@pytest.mark.parametrize("side", ["right", "left"])
def test_a_masked_run_is_right_by_finite_differences(rng, side):
    xs, dhs, params = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H)), cell(rng)
    mask = practice.mask_of(LENGTHS, T, side)

    def loss(parts):
        run = practice.masked_forward(parts[0], mask, core.LSTMParams(*parts[1:]))
        return (run.h[1:] * dhs).sum()

    grads = practice.masked_backward(dhs, practice.masked_forward(xs, mask, params), params)
    assert core.gradient_check(loss, (xs, *params), (grads.xs, *grads.params))
    assert not grads.xs[~mask].any()


@pytest.mark.parametrize("side", ["right", "left"])
def test_a_masked_batch_ends_where_each_sequence_alone_ends(rng, side):
    xs, params, mask = rng.normal(size=(T, B, D)), cell(rng), practice.mask_of(LENGTHS, T, side)
    ended = practice.masked_forward(xs, mask, params).h[-1]
    for b in range(B):
        alone = core.lstm_forward(xs[mask[:, b], b : b + 1], params).h[-1, 0]
        np.testing.assert_allclose(ended[b], alone, atol=1e-14)


def test_reading_the_last_real_step_is_the_same_answer_and_gradient(rng):
    xs, params, mask = rng.normal(size=(T, B, D)), cell(rng), practice.mask_of(LENGTHS, T)
    held, plain = practice.masked_forward(xs, mask, params), core.lstm_forward(xs, params)
    np.testing.assert_allclose(practice.read_last(plain.h[1:], mask), held.h[-1], atol=1e-14)
    dh = rng.normal(size=(B, H))
    by_reading = core.lstm_backward(practice.read_last_backward(dh, mask), plain, params)
    at_end = np.zeros((T, B, H))
    at_end[-1] = dh
    by_mask = practice.masked_backward(at_end, held, params)
    for one, other in zip(by_reading.params, by_mask.params, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-13)


@needs_torch
def test_a_masked_batch_is_what_pytorch_packs(rng):
    xs, params = rng.normal(size=(T, B, D)), cell(rng)
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        torch.from_numpy(xs), torch.from_numpy(LENGTHS), enforce_sorted=False
    )
    _, (h_n, c_n) = bridge.to_torch(params)(packed)
    run = practice.masked_forward(xs, practice.mask_of(LENGTHS, T), params)
    np.testing.assert_allclose(run.h[-1], h_n[0].detach(), atol=1e-12)
    np.testing.assert_allclose(run.c[-1], c_n[0].detach(), atol=1e-12)


# ---------------------------------------------------------------- dropout


def test_dropout_everywhere_is_right_by_finite_differences(rng):
    xs, dhs, params = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H)), cell(rng)
    masks = {p: practice.drop_mask((T, B, D if p == "input" else H), 0.6, rng=rng) for p in PLACES}

    def loss(parts):
        run = practice.dropped_forward(parts[0], core.LSTMParams(*parts[1:]), masks)
        return (run.h[1:] * dhs).sum()

    run = practice.dropped_forward(xs, params, masks)
    grads = practice.dropped_backward(dhs, run, params)
    report = core.gradient_check(loss, (xs, *params), (grads.xs, *grads.params))
    assert report, report
    assert not report.vacuous
    assert not grads.xs[masks["input"] == 0].any()


def test_without_a_mask_dropout_is_the_core(rng):
    xs, params = rng.normal(size=(T, B, D)), cell(rng)
    np.testing.assert_allclose(
        practice.dropped_forward(xs, params, {}).h, core.lstm_forward(xs, params).h, atol=1e-14
    )


def test_the_totals_of_every_step_are_the_cores(rng):
    xs, dhs, params = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H)), cell(rng)
    core_grads = core.lstm_backward(dhs, core.lstm_forward(xs, params), params)
    all_real = practice.masked_forward(xs, np.ones((T, B), bool), params)
    for grads in (
        practice.masked_backward(dhs, all_real, params),
        practice.dropped_backward(dhs, practice.dropped_forward(xs, params, {}), params),
    ):
        np.testing.assert_allclose(grads.h, core_grads.h, atol=1e-13)
        np.testing.assert_allclose(grads.c, core_grads.c, atol=1e-13)


def test_what_is_kept_is_raised_so_that_the_mean_stays(rng):
    mask = practice.drop_mask((200, 200), 0.8, rng=rng)
    assert set(np.unique(mask)) == {0, 1 / 0.8}
    assert abs(mask.mean() - 1) < 0.02


def test_what_came_along_the_cell_line_is_the_gates_and_masks_alone(rng):
    params = cell(rng)
    open_gates = params._replace(W_x=0 * params.W_x, W_h=0 * params.W_h)  # f is one number a unit
    settings = {"draws": 400, "rng": rng}
    dc, along = practice.drawn_gradients(np.zeros((T, D)), open_gates, "cell", 0.5, **settings)
    np.testing.assert_allclose(along, dc[0])  # nothing comes by way of h
    assert abs((along > 0).mean() - (1 - (1 - 0.5 ** (T - 1)) ** H)) < 0.1
    dc, along = practice.drawn_gradients(np.ones((T, D)), params, "input", 0, **settings)
    assert np.ptp(dc[0]) == np.ptp(along) == 0
    assert not np.isclose(along[0], dc[0, 0])


# ---------------------------------------------------------------- pieces of a stream


def test_a_stream_carried_with_its_gradient_is_one_piece(rng):
    xs, dhs, params = rng.normal(size=(7, B, D)), rng.normal(size=(7, B, H)), cell(rng)
    trace = core.lstm_forward(xs, params)
    whole = core.lstm_backward(dhs, trace, params)
    pieces = practice.in_pieces(xs, dhs, params, 3, "carry")
    np.testing.assert_allclose(pieces.h, trace.h[1:], atol=1e-14)
    np.testing.assert_allclose(pieces.dc, whole.c[1:], atol=1e-13)
    for one, other in zip(pieces.params, whole.params, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-13)


def test_a_cut_stream_has_the_same_states_and_a_gradient_that_ends_at_the_edge(rng):
    xs, params, dhs = rng.normal(size=(6, B, D)), cell(rng), np.zeros((6, B, H))
    dhs[-1] = 1
    cut = practice.in_pieces(xs, dhs, params, 3, "carry and cut")
    zero = practice.in_pieces(xs, dhs, params, 3, "zero")
    np.testing.assert_allclose(cut.h, core.lstm_forward(xs, params).h[1:], atol=1e-14)
    assert not cut.dc[:3].any()
    assert cut.dc[3:].all()
    np.testing.assert_allclose(zero.h[3:], core.lstm_forward(xs[3:], params).h[1:], atol=1e-14)


def test_the_streams_answer_is_the_latest_flagged_number(rng):
    xs, wanted = practice.latest_stream(40, 2, every=7, rng=rng)
    for b in range(2):
        latest = None
        for x, want in zip(xs[:, b], wanted[:, b], strict=True):
            latest = x[0] if x[1] else latest
            assert want == latest


# ---------------------------------------------------------------- sizes and symptoms


@pytest.mark.parametrize(("D", "H"), [(1, 1), (2, 9), (7, 3)])
def test_sizes_are_counted_on_the_arrays(rng, D, H):
    params = core.init_lstm(D, H, rng=rng)
    assert practice.layer_size(D, H) == sum(p.size for p in params)
    assert practice.layer_size(D, H, "RNN") == sum(p.size for p in core.init_rnn(D, H, rng=rng))
    trace = core.lstm_forward(np.zeros((T, B, D)), params)
    found = {"xs": trace.xs, "h": trace.h, "c": trace.c, **params._asdict()}
    assert practice.array_shapes(T, B, D, H) == {k: a.shape for k, a in found.items()}


@needs_torch
@pytest.mark.parametrize("kind", practice.GATES_OF)
def test_sizes_are_pytorchs_with_two_biases(kind):
    made = getattr(torch.nn, kind)(3, 5)
    assert practice.layer_size(3, 5, kind, biases=2) == sum(p.numel() for p in made.parameters())


def test_with_tanh_the_run_is_the_cores_and_with_relu_it_can_leave_the_numbers(rng):
    xs, params = rng.normal(size=(T, B, D)), cell(rng)
    c, h = practice.activated_forward(xs, params, "tanh")
    np.testing.assert_allclose(h, core.lstm_forward(xs, params).h[1:], atol=1e-14)
    np.testing.assert_allclose(c, core.lstm_forward(xs, params).c[1:], atol=1e-14)
    loud = core.LSTMParams(*(np.float32(np.abs(2 * p)) for p in params))
    long = np.ones((300, 1, D), np.float32)
    assert practice.first_infinite(practice.activated_forward(long, loud, "ReLU")[1]) is not None
    assert practice.first_infinite(practice.activated_forward(long, loud, "tanh")[1]) is None


def test_an_echo_is_found_one_step_late(rng):
    truth = np.cumsum(rng.normal(size=200))
    echo = np.concatenate([[0], truth[:-1]])
    scores = practice.shift_scores(echo, truth, 5)
    assert scores.argmax() == 1
    assert scores[1] == pytest.approx(1)
    assert practice.shift_scores(truth, truth, 5).argmax() == 0


def test_a_forecast_fed_with_itself_starts_where_the_teacher_stops(rng):
    model = Model(cell(rng, 1), ReadoutParams(rng.normal(size=(H, 1)), np.zeros(1)))
    series = rng.normal(size=12)
    forced = practice.forecast_run(series, model, 12)
    free = practice.forecast_run(series, model, 5)
    np.testing.assert_array_equal(free[:5], forced[:5])
    fed = np.concatenate([series[:5], free[4:-1]])
    np.testing.assert_allclose(free, practice.forecast_run(fed, model, 12), atol=1e-14)


def test_many_forecasts_are_each_the_forecast_alone(rng):
    model = Model(cell(rng, 1), ReadoutParams(rng.normal(size=(H, 1)), np.zeros(1)))
    series = rng.normal(size=(9, 4))
    together = practice.forecast_run(series, model, 5)
    alone = [practice.forecast_run(one, model, 5) for one in series.T]
    np.testing.assert_allclose(together, np.transpose(alone), atol=1e-14)


def test_a_training_is_a_constant_first_and_then_follows_its_targets():
    cell = core.init_lstm(2, 2, rng=np.random.default_rng(0))
    rows = practice.spread_of_answers(cell, steps=[0, 20, 200], rng=np.random.default_rng(1))
    (_, _, start, _), (_, lazy, alike, wanted), (_, loss, spread, _) = rows
    assert alike < start < 0.2 * wanted
    assert lazy == pytest.approx(wanted**2, rel=0.05)
    assert spread > 0.8 * wanted
    assert loss < 0.2 * lazy


def test_windows_that_share_steps_are_counted():
    assert practice.shared_steps(np.arange(50), np.arange(50, 80), 10) == pytest.approx(9 / 30)
    assert practice.shared_steps(np.arange(50), np.arange(60, 80), 10) == 0


# ---------------------------------------------------------------- exercises


def test_the_count_is_accepted_and_its_slips_are_named():
    assert check.parameters(lambda D, H, K: 4 * H * (D + H + 1) + (H + 1) * K)
    slips = {
        "one_block": lambda D, H, K: H * (D + H + 1) + (H + 1) * K,
        "no_bias": lambda D, H, K: 4 * H * (D + H) + (H + 1) * K,
        "two_biases": lambda D, H, K: 4 * H * (D + H + 2) + (H + 1) * K,
        "no_readout": lambda D, H, K: 4 * H * (D + H + 1),
        "no_recurrent": lambda D, H, K: 4 * H * (D + 1) + (H + 1) * K,
    }
    for name, slip in slips.items():
        verdict = check.parameters(slip)
        assert not verdict
        assert verdict.message == check.WORDS[name]
    assert not check.parameters(lambda D, H, K: None)


def test_reading_a_padded_batch_is_accepted_and_its_slips_are_named():
    each = np.arange(4)
    assert check.read_padded(lambda s, n: s[n - 1, each])
    assert check.read_padded(lambda s, n: np.array([s[k - 1, b] for b, k in enumerate(n)]))
    for name, slip in (
        ("read_pads", lambda s, n: s[-1]),
        ("read_late", lambda s, n: s[n, each]),
        ("read_first", lambda s, n: s[0]),
    ):
        assert check.read_padded(slip).message == check.WORDS[name]


def test_a_split_is_accepted_only_without_a_leak():
    def honest(T, length):
        cut = int(0.62 * (T - length + 1))
        return np.arange(cut), np.arange(cut + length - 1, T - length + 1)

    def shuffled(T, length):
        starts = np.random.default_rng(0).permutation(T - length + 1)
        return starts[: int(0.8 * len(starts))], starts[int(0.8 * len(starts)) :]

    assert check.split(honest)
    assert "share steps" in check.split(shuffled).message
    half = check.split(lambda T, n: (np.arange(T // 2), np.arange(T // 2, T - n + 1)))
    assert "share steps" in half.message
    assert check.split(lambda T, n: honest(T, n)[::-1]).message == check.WORDS["before"]
    assert "too little" in check.split(lambda T, n: ([0], [T - n])).message
    late = check.split(lambda T, n: (np.arange(60), np.arange(60 + n - 1, T - n + 1)))
    assert "60 training and 2 test windows of 81" in late.message
    assert not check.split(lambda T, n: (np.arange(10), [T]))
    assert not check.split(lambda T, n: None)


def test_only_the_right_names_of_the_six_pictures_pass():
    right = check.RIGHT
    assert sorted(right.values()) == sorted(figures.NAMES)
    assert check.faults(dict(right))
    assert not check.faults(right | {"A": "healthy", "D": "echo"})
    for letter, word in right.items():
        assert check.faults(right | {letter: None}).message == check.WORDS[word]
        assert not check.faults(right | {letter: "late"})
    assert not check.faults({"A": "echo"})
    assert not check.faults(None)


# ---------------------------------------------------------------- what the page shows


def shown(name, **settings):
    explorer = explorers.EXPLORERS[name]()
    explorer.set(**settings)
    assert explorer.error is None
    values = explorer.values
    explorer.close()
    return values


def test_a_mask_keeps_the_state_and_the_gradient_over_pads():
    bare, held = (shown("pads", k=20, held=held) for held in (False, True))
    assert held["off"] == 0
    assert bare["off"] > 0.1
    assert held["to_real"] > 3 * bare["to_real"]


def test_only_a_network_of_both_directions_reads_ahead():
    after = shown("depth", t=12)["after"]
    assert after["one layer"] == after["two layers"] == 0
    assert after["both directions"] > 0


def test_relu_leaves_float32_and_tanh_does_not():
    assert shown("blow_up")["first"] is not None
    assert shown("blow_up", activation="tanh")["first"] is None


def test_the_loss_behind_its_last_reading_sends_nothing():
    values = shown("reading", first=5, last=12)
    assert not values["dc"][12:].any()
    assert values["dc"][:12].all()


def test_the_challenge_of_120_parameters_can_be_reached():
    explorer = explorers.EXPLORERS["sizes"]()
    explorer.set(D=1, H=4)
    assert explorer.values["size"] < 120
    found = [(D, H) for D in range(1, 9) for H in range(1, 17) if practice.layer_size(D, H) == 120]
    assert found
    explorer.set(D=found[0][0], H=found[0][1])
    assert explorer.challenge.words(explorer.values).startswith("✓")
    explorer.close()


def test_the_six_pictures_are_what_their_answers_say():
    picture = figures.six_models()
    drawn = dict(zip(check.RIGHT.values(), picture.axes, strict=True))
    lines = {name: [line.get_ydata() for line in ax.lines] for name, ax in drawn.items()}
    true, forecast = lines["echo"]
    np.testing.assert_array_equal(forecast[1:], true[:-1])
    trained, judged = lines["overfitting"][:2]
    assert trained[-1] < 0.02
    assert judged[-1] > judged.min() + 0.1
    trained, judged = lines["healthy"][:2]
    assert np.abs(trained - judged)[-4:].max() < 0.03
    assert 0.15 < judged[-1] < 0.25
    assert np.ptp(lines["constant"][1]) < 0.6
    assert lines["infinite"][0].max() > 1e37
    wave, said = lines["dies when fed with itself"][:2]
    assert np.abs(wave - said)[20:40].max() < 0.3
    assert np.ptp(said[-16:]) < 0.3 * np.ptp(wave[-16:])
    assert picture.alt


def test_the_dashed_line_of_the_sixth_picture_has_its_label_beside_it():
    """In any language: the label begins at the line, whatever its length."""
    last = figures.six_models().axes[-1]
    (label,) = last.texts
    dashed = last.lines[-1].get_xdata()[0]
    assert label.get_ha() == "left"
    assert dashed < label.get_position()[0] < dashed + 4


def test_errors_step_by_step_are_drawn_as_they_are():
    errors = {"every": [[0.1, 0.2], [0.3, 0.4]], "last": [[0.9, 0.01], [0.8, 0.02]]}
    picture = figures.errors_by_step(errors, constant=0.5)
    drawn = [line.get_ydata() for line in picture.axes[0].lines[1:]]
    np.testing.assert_array_equal(drawn, [*errors["every"], *errors["last"]])
    assert set(picture.axes[0].lines[0].get_ydata()) == {0.5}
    assert "every: at step 1 up to 0.300, at step 2 up to 0.4000" in picture.alt
    assert "last: at step 1 up to 0.900, at step 2 up to 0.0200" in picture.alt


def test_a_loss_at_every_step_mends_the_early_answers():
    """What the page draws of three starts: far better early, a little worse at the end."""
    cells = {c["id"]: "".join(c["source"]) for c in PAGE["cells"]}
    names = {}
    for key in ("setup", "every", "everytable"):
        exec(cells[key], names)
    every, last = (np.array(starts) for starts in names["errors"].values())
    assert every[:, 0].max() < 0.1 * last[:, 0].min()
    assert last[:, 0].max() > (names["test"].targets ** 2).mean()
    assert last[:, -1].max() < every[:, -1].min()


def test_one_of_a_thing_is_not_spoken_of_as_many():
    """Captions and labels at the settings where a count is 1."""
    texts = []
    for name, settings in (
        ("sizes", {"T": 1, "B": 1, "D": 1, "H": 1}),
        ("reading", {"first": 7, "last": 7}),
        ("pads", {"k": 1}),
        ("echo", {}),
    ):
        explorer = explorers.EXPLORERS[name]()
        explorer.set(**settings)
        texts += [explorer.caption, *(t.get_text() for t in explorer.figure.findobj(Text))]
        explorer.close()
    many = re.compile(r"\b1 (?:rows|inputs|units|steps|sequences|pads|numbers|parameters)\b")
    assert len(texts) > 20
    assert not [text for text in texts if many.search(text)]


def test_the_map_at_the_top_leads_to_cells_that_are_there():
    """Each row's link names a cell, and the heading that it promises begins in it."""
    cells = {c["id"]: "".join(c["source"]) for c in PAGE["cells"]}
    rows = re.findall(r"\[([^]]+)\]\(10_practice\.ipynb#cell-id=([\w-]+)\) \|$", cells["top"], re.M)
    assert len(rows) == 13
    for words, key in rows:
        section = words[0]
        assert re.search(rf"^(## {section} ·|### )", cells[key], re.M), words


def test_carrying_a_state_helps_in_use_and_helps_more_when_trained():
    xs, targets = practice.latest_stream(300, 20, rng=np.random.default_rng(9))
    loss = {}
    for mode in ("zero", "carry and cut"):
        rng = np.random.default_rng(0)
        model, losses = practice.train_stream(
            core.init_lstm(2, 8, rng=rng), mode, steps=200, B=8, rng=rng
        )
        assert len(losses) == 200
        for used in ("zero", "carry and cut"):
            loss[mode, used] = practice.use_on_stream(model, xs, targets, used)
    carried = "carry and cut"
    assert loss[carried, carried] < loss["zero", carried] < loss["zero", "zero"]


def test_a_stream_in_use_is_one_run_when_it_is_carried(rng):
    model = Model(cell(rng), ReadoutParams(rng.normal(size=(H, 1)), rng.normal(size=1)))
    xs, targets = practice.latest_stream(7, B, rng=rng)
    said = core.lstm_forward(xs, model.cell).h[1:] @ model.readout.W_y + model.readout.b_y
    wanted = ((said - targets) ** 2).mean()
    got = practice.use_on_stream(model, xs, targets, "carry and cut", length=3)
    assert got == pytest.approx(wanted)
    assert practice.use_on_stream(model, xs, targets, "zero", length=3) != pytest.approx(wanted)


def test_the_best_forecast_of_a_pendulum_is_that_nobody_pushes():
    series = figures.shaken_sines(400, 200, rng=np.random.default_rng(3))
    ahead = figures.unpushed(series[:300], 100)
    errors = ((ahead - series[300:]) ** 2).mean(axis=1)
    assert errors[0] < 0.1
    assert errors[-1] == pytest.approx((series[-1] ** 2).mean(), rel=0.1)
    assert (errors[:20] < 0.95 * (series[300:320] ** 2).mean()).all()


# ---------------------------------------------------------------- the table of frameworks


@needs_torch
def test_the_table_says_what_pytorch_does(rng):
    xs = torch.from_numpy(rng.normal(size=(T, B, D)))
    both = torch.nn.LSTM(D, H, num_layers=2, bidirectional=True, dtype=torch.float64)
    output, (h_n, c_n) = both(xs)
    assert output.shape == (T, B, 2 * H)
    assert h_n.shape == c_n.shape == (2 * 2, B, H)
    np.testing.assert_array_equal(h_n[-2].detach(), output[-1, :, :H].detach())
    np.testing.assert_array_equal(h_n[-1].detach(), output[0, :, H:].detach())
    first = torch.nn.LSTM(D, H, batch_first=True, dtype=torch.float64)
    output, (h_n, _) = first(xs.transpose(0, 1))
    assert output.shape == (B, T, H)
    assert h_n.shape == (1, B, H)
    swapped, _ = first(xs)  # axes in the wrong order raise no error
    assert swapped.shape == (T, B, H)


@needs_torch
def test_the_table_says_what_pytorch_drops(rng):
    xs = torch.from_numpy(rng.normal(size=(T, B, D)))
    with pytest.warns(UserWarning, match="dropout"):
        single = torch.nn.LSTM(D, H, dropout=0.9, dtype=torch.float64)
    torch.testing.assert_close(single(xs)[0], single(xs)[0])  # trains, and drops nothing
    double = torch.nn.LSTM(D, H, num_layers=2, dropout=0.9, dtype=torch.float64)
    assert not torch.equal(double(xs)[0], double(xs)[0])
    kept = torch.nn.Dropout(0.9)(torch.ones(10_000))
    assert (kept != 0).float().mean() < 0.2
