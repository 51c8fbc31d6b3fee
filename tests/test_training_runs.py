"""Notebook 05: the trainings that it runs, what they came to, and the pictures of that."""

import numpy as np
import pytest
from training_nets import rng, same

from lstm_core import init_lstm
from lstm_inside.page.measure import step_lengths
from lstm_inside.tasks import recall_problem
from lstm_inside.training import (
    ADDING,
    RECALL,
    Adam,
    answers,
    checkpoints,
    figures,
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
    assert problem.low <= targets.min() < targets.max() <= problem.high


def test_smoothed_is_the_mean_of_what_came_before():
    losses = rng(2).random(9)
    want = [losses[max(0, k - 3) : k + 1].mean() for k in range(9)]
    np.testing.assert_allclose(smoothed(losses, 4), want)


def test_solved_at_is_the_first_whole_window_below():
    losses = np.array([0.0, 4.0, 1.0, 1.0, 1.0, 0.5])
    assert solved_at(losses, 1.1, width=3) == 5  # 1, 1, 1; a first short window does not count
    assert solved_at(losses, 0.1, width=3) is None
    assert solved_at(losses[:2], 9.0, width=3) is None


def test_checkpoints_lie_at_even_distances_also_of_a_training_under_way():
    run = recall_training(init_lstm(2, 2, rng=rng(3)), 6, rng=rng(3))
    list(run.steps(5))
    kept = checkpoints(run, 8, count=5)
    assert [step for step, _ in kept] == [5, 7, 9, 11, 13]
    assert same(kept[-1][1], run.params)


def test_step_lengths_see_what_squares_lose():
    grads = np.zeros((3, 2, 2))
    grads[0] = 3e-200
    grads[1] = [[3, 0], [0, 4]]
    np.testing.assert_allclose(step_lengths(grads), [6e-200, 5, 0])


def test_the_pictures_draw_what_was_measured():
    cells = {"one": init_lstm(2, 1, rng=rng(4)), "two": init_lstm(2, 1, rng=rng(5))}
    batch = recall_problem(12, 3, rng=rng(6))
    figure = figures.compare_gates(cells, batch, 1, alt="two cells")
    assert len(figure.axes) == 6
    flagged = np.flatnonzero(batch.xs[:, 1, 1])[0] + 1
    for ax in figure.axes:
        assert ax.lines[-1].get_xdata()[0] == flagged
    errors = {0.01: [0.2, 0.3], 0.1: [0.01, 0.03], 1.0: [0.5, 0.4]}
    (ax,) = figures.compare_rates(errors, lazy=1 / 6, alt="a valley").axes
    assert ax.lines[1].get_ydata().tolist() == pytest.approx([0.25, 0.02, 0.45])
    low, high = ax.get_ylim()
    assert low < 0.01 < 0.5 < high
    assert ax.lines[-1].get_xdata()[0] == 0.1  # the best rate stands out
    (ax,) = figures.seen_and_unseen(
        [1, 2, 3], [1, 0.1, 0.01], [1, 0.5, 0.7], lazy=0.2, alt="x"
    ).axes
    assert ax.lines[-1].get_xdata()[0] == 2  # where the unseen loss turns
    norms = {"LSTM": rng(7).random(60), "RNN": rng(8).random(60)}
    (ax,) = figures.norms_over_training(norms, 0.5, alt="lengths").axes
    assert [line.get_ydata().tolist() for line in ax.lines[1:]] == [
        n.tolist() for n in norms.values()
    ]
    assert ax.figure.png()
