"""Notebook 05: the trainings that it runs, what they came to, and the pictures of that."""

import numpy as np
import pytest
from training_nets import rng, same

from lstm_core import init_lstm, init_rnn, lstm_forward, split_gates
from lstm_inside.page.measure import step_lengths
from lstm_inside.page.style import FORGET
from lstm_inside.tasks import Sequences, hold_problem, recall_problem
from lstm_inside.training import (
    ADDING,
    RECALL,
    Adam,
    adding_training,
    answers,
    arrays_of,
    data_training,
    derivatives_right,
    each_array,
    figures,
    init_model,
    is_lstm,
    loss_at_end,
    recall_training,
    smoothed,
    solved_at,
)


def test_one_unit_learns_recall():
    """The notebook's first training: a mean squared error below 0.01 of 0.333 in 400 steps."""
    cell = init_lstm(2, 1, rng=rng(1), forget_bias=3.0)
    run = recall_training(cell, 20, optimiser=Adam(0.03), rng=rng(1))
    list(run.steps(400))
    unseen = recall_problem(20, 200, rng=rng(9))
    assert loss_at_end(run.params, unseen)[0] < 0.01
    assert np.corrcoef(answers(run.params, unseen)[:, 0], unseen.targets[:, 0])[0, 1] > 0.98


@pytest.mark.parametrize("problem", [RECALL, ADDING])
def test_the_lazy_answers_price_is_what_the_problem_says(problem):
    targets = problem.draw(10, 20_000, rng=rng(1)).targets
    assert ((targets - problem.lazy) ** 2).mean() == pytest.approx(problem.lazy_loss, rel=0.03)
    assert problem.low <= targets.min() < problem.low + 0.05
    assert problem.high - 0.05 < targets.max() <= problem.high


@pytest.mark.parametrize(("training", "least"), [(recall_training, 2), (adding_training, 4)])
def test_what_is_left_out_and_the_shortest_sequences(training, least):
    run = training(init_rnn(2, 3, rng=rng(1)), least, rng=rng(1))
    assert run.clip == 1
    assert run.batches(rng(1)).xs.shape == (least, 32, 2)
    with pytest.raises(ValueError, match=f"T: expected .*{least}"):
        training(init_rnn(2, 3, rng=rng(1)), least - 1, rng=rng(1))


def test_smoothed_is_the_mean_of_what_came_before():
    losses = rng(2).random(9)
    want = [losses[max(0, k - 3) : k + 1].mean() for k in range(9)]
    np.testing.assert_allclose(smoothed(losses, 4), want)
    losses = rng(2).random(50)
    np.testing.assert_array_equal(smoothed(losses), smoothed(losses, 20))


def test_solved_at_is_the_first_whole_window_below():
    losses = np.array([0.0, 4.0, 1.0, 1.0, 1.0, 0.5])
    assert solved_at(losses, 1.1, width=3) == 5  # 1, 1, 1; a first short window does not count
    assert solved_at(losses, 0.1, width=3) is None
    assert solved_at(losses[:2], 9.0, width=3) is None
    assert solved_at(np.ones(30), 1.1) == 20
    assert solved_at(np.ones(30), 1.0) is None  # below, not at


def test_step_lengths_see_what_squares_lose():
    grads = np.zeros((3, 2, 2))
    grads[0] = 3e-200
    grads[1] = [[3, 0], [0, 4]]
    np.testing.assert_allclose(step_lengths(grads), [6e-200, 5, 0])


def test_the_pictures_draw_what_was_measured():
    cells = {"one": init_lstm(2, 1, rng=rng(4)), "two": init_lstm(2, 1, rng=rng(5))}
    batch = recall_problem(12, 3, rng=rng(6))
    figure = figures.compare_gates(cells, batch, 1, trained=7, alt="two cells")
    assert len(figure.axes) == 6
    flagged = np.flatnonzero(batch.xs[:, 1, 1])[0] + 1
    for ax in figure.axes:
        assert ax.lines[-1].get_xdata()[0] == flagged
    for (gates, candidate, memory), cell in zip(
        (figure.axes[:3], figure.axes[3:]), cells.values(), strict=True
    ):
        trace = lstm_forward(batch.xs, cell)
        np.testing.assert_array_equal(gates.lines[1].get_ydata(), trace.i[:7, 1, 0])
        np.testing.assert_array_equal(candidate.lines[0].get_ydata(), trace.g[:7, 1, 0])
        written, kept = memory.lines[:2]
        np.testing.assert_array_equal(kept.get_ydata(), trace.c[1:, 1, 0])
        assert set(written.get_ydata()) == {trace.c[flagged, 1, 0]}
        assert written.get_xdata().tolist() == list(range(flagged, 13))
        assert memory.patches[0].get_width() == 7  # shaded: what they were trained on
    (ax,) = figures.seen_and_unseen(
        [1, 2, 3], [1, 0.1, 0.01], [1, 0.5, 0.7], lazy=0.2, alt="x"
    ).axes
    assert ax.lines[-1].get_xdata()[0] == 2  # where the unseen loss turns
    races = {
        "as it is": {"LSTM": [rng(1).random(51), rng(2).random(50)], "RNN": [rng(3).random(300)]},
        "quiet": {"LSTM": [rng(4).random(30)], "RNN": [rng(5).random(90)]},
    }
    noisy, quiet = figures.compare_runs(races, goal=0.05, title="races", alt="two").axes
    for ax, ends in ((noisy, [51, 50, 300]), (quiet, [30, 90])):
        curves = [line for line in ax.lines[2:] if line.get_marker() == "None"]
        assert [len(line.get_xdata()) for line in curves] == ends
    assert noisy.get_xlim() == quiet.get_xlim()
    assert noisy.figure.png()


def test_cells_that_drift_and_are_held_are_drawn_as_they_are():
    held = np.linspace(-1, 1, 5)
    panels = {"a": (0.1, {"as": [(held, 0 * held)]}), "b": (1, {"as": [(held, held)], "cut": [(held, -held)]})}  # fmt: skip
    left, right = figures.cell_drift(panels, alt="two", title="x").axes
    assert left.get_ylim() == (-0.1, 0.1)
    drawn = {line.get_marker(): line for line in right.lines[-3:]}  # a line, where it goes
    np.testing.assert_array_equal(drawn["None"].get_ydata(), -held)
    assert (drawn["<"].get_ydata() < 0).all()
    assert (drawn[">"].get_ydata() > 0).all()
    assert {"as", "cut"} <= {words.get_text() for words in right.texts}
    named = {"a": (1, {"as": [(held, held / 2, "first"), (held, -held / 2)]})}
    (ax,) = figures.cell_drift(named, alt="one", title="x").axes
    assert {words.get_text(): words.xy for words in ax.texts if hasattr(words, "xy")} == {
        "first": (held[2], held[2] / 2)
    }


def test_losses_stand_over_the_sequences_read():
    (ax,) = figures.compare_batches(
        {4: [rng(1).random(30)], 8: [rng(2).random(25), rng(3).random(40)]},
        goal=0.05, alt="two", title="x",
    ).axes  # fmt: skip
    assert [line.get_xdata()[-1] for line in ax.lines[1:]] == [120, 200, 320]
    assert {"B = 4", "B = 8"} <= {words.get_text() for words in ax.texts}


def test_a_sweep_shows_every_seed_and_the_best_rate():
    steps = {
        "one": {0.01: [None, 90, 80], 0.1: [20, 30, 40], 1.0: [10, None, None]},
        "two": {0.1: [50, 60, 70], 1.0: [90, 20, 80]},
    }
    (ax,) = figures.compare_rates(steps, most=100, alt="two valleys", title="x").axes
    valley, *dots = ax.lines
    low, high = ax.get_ylim()
    assert low < 10
    assert valley.get_xdata().tolist() == [0.01, 0.1, 1.0]
    assert dots[3].get_xdata().tolist() == [0.1, 1.0]
    assert valley.get_ydata()[:2].tolist() == [90, 30]
    assert 100 < valley.get_ydata()[2] < high  # most seeds are not done: in the grey
    assert dots[1].get_ydata().tolist() == [20, 30, 40]
    names = {words.get_text(): words.get_position() for words in ax.texts}
    assert names["one"] == pytest.approx((0.112, 20))  # a rule's name beside its best rate
    assert names["two"] == pytest.approx((0.09, 50))
    rule = "line: the middle seed; large marks: the rate whose slowest seed is quickest"
    assert {"not within 100 steps", rule} < set(names)
    assert ax.get_ylabel() == "steps until solved"
    assert [line.get_markersize() for line in dots[:3]] == [6, 9, 6]


def test_a_walk_that_climbs_out_is_drawn_until_it_leaves_its_panel():
    inside = np.linspace([-1.6, 3.4], [1, -0.5], 11)
    out = np.array([[0, 0], [2, 3], [4, 5], [1, 1]])
    figure = figures.bowl_walks({"in": inside, "out": out}, alt="two walks", title="x")
    for ax, places, ring in zip(figure.axes, (inside, out[:3]), (1, 0), strict=True):
        cross, path, *rings = ax.lines
        assert cross.get_xydata().tolist() == [[1, -0.5]]
        np.testing.assert_array_equal(path.get_xydata(), places)
        assert len(rings) == ring


def test_losses_stand_over_the_lengths_tested_at_a_line_a_seed():
    costs = {"short": [[0.01, 1.0], [0.02, 2.0]], "long": [[0.3, 0.33], [0.001, 0.002]]}
    (ax,) = figures.compare_lengths(costs, (20, 100), lazy=1 / 3, alt="four", title="x").axes
    lazy, *lines = ax.lines
    assert set(lazy.get_ydata()) == {1 / 3}
    rows = [row for rows in costs.values() for row in rows]
    assert [line.get_ydata().tolist() for line in lines] == [list(row) for row in rows]
    assert {tuple(line.get_xdata()) for line in lines} == {(20, 100)}
    said = {words.get_text() for words in ax.texts}
    assert "short" in said
    assert "long (1 of 2 learned nothing)" in said  # one lies on the grey line at both lengths


def test_the_sizes_of_gradients_stand_in_the_rows_of_their_gates():
    sizes = each_array(lambda a: 10.0 + 0 * a, init_model(2, 3, 1, rng=rng(1)))
    split_gates(sizes.cell.W_h)[1][:] = 1e-3  # 9 of the forget gate's 18
    split_gates(sizes.cell.b)[1][:] = 1e-4
    sizes.readout.W_y[:] = 5.0
    (ax,) = figures.gradient_sizes(sizes, title="x", alt="dots").axes
    rows, (common,) = ax.lines[:-1], ax.lines[-1:]
    names = [words.get_text() for words in ax.get_yticklabels()]
    assert names == ["input gate", "forget gate", "candidate", "output gate", "read-out"]
    for row, (small, median) in enumerate(zip(rows[::2], rows[1::2], strict=True)):
        assert np.abs(small.get_ydata() - row).max() < 0.3
        assert median.get_ydata() == [row]
        assert median.get_xdata() == [np.median(small.get_xdata())]
        assert small.get_color() == median.get_color() == ax.get_yticklabels()[row].get_color()
    assert sorted(rows[2].get_xdata()) == [1e-4] * 3 + [1e-3] * 9 + [10] * 6
    assert sorted(rows[8].get_xdata()) == [5, 5, 5, 10]
    assert rows[2].get_color() == FORGET
    every = np.concatenate([a.ravel() for a in arrays_of(sizes)])
    assert sum(len(small.get_xdata()) for small in rows[::2]) == every.size
    assert common.get_xdata()[0] == pytest.approx(np.sqrt((every**2).mean()))


def test_starts_are_numbered_alike_on_both_sides():
    results = {"a": [(0.1, 20), (1e-9, None)], "b": [(2.0, 40), (3.0, 60)]}
    shares, steps = figures.compare_starts(results, most=100, alt="x").axes
    for ax in (shares, steps):
        assert [words.get_text() for words in ax.texts] == ["0", "1", "0", "1"]
    for one, other in zip(shares.texts, steps.texts, strict=True):
        assert one.get_position()[1] == other.get_position()[1]
    assert steps.texts[1].get_position()[0] > 100  # not solved: in the grey


def test_your_own_data_are_trained_on_but_for_the_last_quarter():
    data = recall_problem(8, 41, rng=rng(1))
    run, kept = data_training(init_model(2, 3, 1, rng=rng(2)), data, B=7, rng=rng(3))
    assert same(kept, Sequences(data.xs[:, 31:], data.targets[31:], data.last[31:]))
    trained = {tuple(x) for _ in range(40) for x in run.batches(rng(_)).xs[..., 0].T}
    assert trained == {tuple(x) for x in data.xs[:, :31, 0].T}
    assert all(len(np.unique(run.batches(rng(k)).targets)) == 7 for k in range(5))


def test_what_is_refused_draws_nothing():
    generator, model = rng(3), init_model(2, 3, 1, rng=rng(2))

    def draw(B, *, rng):
        return hold_problem(6, B, rng=rng)

    with pytest.raises(TypeError, match="model"):
        data_training(model.cell, draw, rng=generator)
    assert generator.random() == rng(3).random()
    with pytest.raises(TypeError, match="rng: expected"):
        data_training(model, lambda B, *, rng: pytest.fail("was asked to draw"), rng=3)


def test_of_many_sequences_64_are_kept_and_of_too_few_none_can_be():
    model = init_model(2, 3, 1, rng=rng(2))
    run, kept = data_training(model, recall_problem(4, 400, rng=rng(1)), rng=rng(3))
    assert (len(kept.last), len(run.batches(rng(1)).last)) == (64, 32)
    assert (run.clip, run.optimiser) == (1, Adam(0.01))
    _, kept = data_training(model, recall_problem(4, 4, rng=rng(1)), rng=rng(3))
    assert len(kept.last) == 1
    with pytest.raises(ValueError, match="data: expected at least 4 sequences, got 3"):
        data_training(model, recall_problem(4, 3, rng=rng(1)), rng=rng(3))


def test_your_own_draw_makes_the_batches_and_what_is_kept():
    asked = []

    def draw(B, *, rng):
        asked.append(B)
        return hold_problem(6, B, rng=rng)

    model = init_model(1, 4, 1, rng=rng(4), forget_bias=3.0)
    run, kept = data_training(model, draw, B=16, optimiser=Adam(0.03), rng=rng(5))
    before = loss_at_end(model, kept)[0]
    list(run.steps(150))
    assert asked == [64] + [16] * 150
    assert loss_at_end(run.params, kept)[0] < 0.2 * before


def test_a_fresh_model_keeps_most_of_its_cell_and_draws_nothing_when_refused():
    model = init_model(2, 3, 1, rng=rng(1))
    np.testing.assert_array_equal(model.cell.b[3:6], 1)  # Jozefowicz 2015
    generator = rng(2)
    with pytest.raises(ValueError, match="K: expected"):
        init_model(2, 3, 0, rng=generator)
    assert generator.random() == rng(2).random()


@pytest.mark.parametrize("shape", [(3, 5), (0, 0)])
def test_a_cell_of_neither_one_block_nor_four_is_refused(shape):
    cell = init_model(2, 3, 1, rng=rng(1)).cell._replace(W_h=np.zeros(shape))
    with pytest.raises(ValueError, match=r"W_h: expected shape \(H, H\) or \(H, 4H\), got"):
        is_lstm(cell)


def test_derivatives_are_right_only_when_every_one_was_checked_and_agrees():
    model, batch = init_model(2, 3, 1, rng=rng(1)), recall_problem(5, 4, rng=rng(2))

    def spoilt(factor):
        return lambda *at: (loss_at_end(*at)[0], each_array(factor, loss_at_end(*at)[1]))

    def one_off(g):
        return g + 0.01 * (np.arange(g.size).reshape(g.shape) == 0)

    assert derivatives_right(loss_at_end, model, batch) is True
    assert derivatives_right(spoilt(one_off), model, batch) is False
    assert (
        derivatives_right(lambda *at: (1.0, spoilt(np.zeros_like)(*at)[1]), model, batch) is False
    )
    with pytest.raises(TypeError, match="model: expected"):
        derivatives_right(lambda *_: (0.0, None), "no model", batch)
