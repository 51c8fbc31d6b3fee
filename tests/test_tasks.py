"""What several rooms learn from: the sequences of `lstm_inside.tasks`."""

import numpy as np
import pytest
from training_nets import rng

from lstm_inside.tasks import adding_problem, hold_problem


def test_adding_modern_is_what_it_says():
    xs, targets, last = adding_problem(11, 500, rng=rng())
    assert xs.shape == (11, 500, 2)
    assert (last == 10).all()
    markers = xs[..., 1]
    assert set(np.unique(markers)) == {0, 1}
    np.testing.assert_array_equal(markers[:5].sum(axis=0), 1)
    np.testing.assert_array_equal(markers[5:].sum(axis=0), 1)
    np.testing.assert_allclose((xs[..., 0] * markers).sum(axis=0), targets[:, 0])
    assert (targets[:, 0] - 1) @ (targets[:, 0] - 1) / 500 == pytest.approx(1 / 6, rel=0.2)


def test_adding_1997_keeps_the_papers_protocol():
    xs, targets, last = adding_problem(30, 4000, rng=rng(), protocol="1997")
    lengths = last + 1
    assert (lengths.min(), lengths.max(), len(xs)) == (30, 33, 33)
    each = np.arange(4000)
    assert (xs[0, :, 1] == -1).all()
    assert (xs[last, each, 1] == -1).all()
    for length in (30, 33):
        assert not xs[length:, lengths == length].any()
    marked = xs[..., 1] == 1
    counts = marked.sum(axis=0)
    assert set(counts) == {1, 2}  # 1 where the first pair itself was drawn
    assert np.flatnonzero(marked.any(axis=1)).max() == 14  # within the first T/2
    two = counts == 2
    assert 1 - two.mean() == pytest.approx(0.1 + 0.9 / 14, abs=0.02)  # the first pair, either way
    assert marked[:10].sum(axis=0)[two].min() >= 1  # one of them among the first ten
    assert (xs[0, ~two, 0] == 0).all()
    sums = (xs[..., 0] * marked).sum(axis=0)
    np.testing.assert_allclose(targets[:, 0], 0.5 + sums / 4)
    assert -1 <= xs[..., 0].min() < -0.99
    assert 0.99 < xs[..., 0].max() <= 1


def test_holding_is_what_it_says():
    xs, targets, last = hold_problem(7, 5, rng=rng())
    assert xs.shape == (7, 5, 1)
    np.testing.assert_array_equal(xs[0], targets)
    assert not xs[1:].any()
    assert (last == 6).all()
