"""What several rooms learn from: the sequences of `lstm_inside.tasks`."""

import numpy as np
import pytest
from matplotlib import cbook
from training_nets import rng

from lstm_core import lstm_forward
from lstm_inside.tasks import (
    EEG_RATE,
    adding_problem,
    constant_gates,
    eeg,
    hold_problem,
    long_lag,
    recall_problem,
    temporal_order,
    two_sequence_problem,
)


def test_adding_modern_is_what_it_says():
    xs, targets, last = adding_problem(11, 500, rng=rng())
    assert xs.shape == (11, 500, 2)
    assert (last == 10).all()
    markers = xs[..., 1]
    assert set(np.unique(markers)) == {0, 1}
    np.testing.assert_array_equal(markers[:5].sum(axis=0), 1)
    np.testing.assert_array_equal(markers[5:].sum(axis=0), 1)
    np.testing.assert_allclose((xs[..., 0] * markers).sum(axis=0), targets[:, 0])
    assert set(markers.argmax(axis=0)) == set(range(5))  # every place of each half is used
    assert set(10 - markers[::-1].argmax(axis=0)) == set(range(5, 11))
    assert (targets[:, 0] - 1) @ (targets[:, 0] - 1) / 500 == pytest.approx(1 / 6, rel=0.2)


def test_the_smallest_of_every_task():
    assert adding_problem(4, 1, rng=rng()).xs.shape == (4, 1, 2)
    assert recall_problem(2, 1, rng=rng()).xs.shape == (2, 1, 2)
    assert hold_problem(2, 1, rng=rng()).xs.shape == (2, 1, 1)
    assert two_sequence_problem(4, 1, rng=rng()).xs.shape == (4, 1, 1)
    assert temporal_order(1, rng=rng()).xs.shape[1:] == (1, 8)
    assert long_lag(2)[0].shape == (2, 2, 3)


@pytest.mark.parametrize(("places", "most"), [(None, 5), (3, 3), (11, 11)])
def test_recall_is_what_it_says(places, most):
    xs, targets, last = recall_problem(11, 500, rng=rng(), places=places)
    assert xs.shape == (11, 500, 2)
    assert (last == 10).all()
    flags = xs[..., 1]
    np.testing.assert_array_equal(flags.sum(axis=0), 1)
    assert set(flags.argmax(axis=0)) == set(range(most))  # every place that is allowed is used
    np.testing.assert_array_equal((xs[..., 0] * flags).sum(axis=0), targets[:, 0])
    assert -1 <= xs[..., 0].min() < -0.99
    assert 0.99 < xs[..., 0].max() < 1


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


def test_a_short_sequence_of_1997_has_its_first_marker_in_its_first_half():
    xs, _, _ = adding_problem(12, 4000, rng=rng(), protocol="1997")
    one = (xs[..., 1] == 1).sum(axis=0) == 1  # the first pair was drawn, by either marker
    assert one.mean() == pytest.approx(1 / 6 + 5 / 6 / 5, abs=0.03)


@pytest.mark.parametrize(
    ("f", "i", "g", "o"), [(0.9, 0.2, -0.7, 0.4), (0, 0, -1, 0), (1, 1, 1, 1), (0.5, 0, 1, 0.3)]
)
def test_gates_hold_their_values_whatever_comes_in(f, i, g, o):
    params = constant_gates(f, i, g, o)
    assert all(np.isfinite(p).all() for p in params)
    trace = lstm_forward(100 * rng().normal(size=(5, 3, 1)), params)
    for name, value in (("f", f), ("i", i), ("g", g), ("o", o)):
        np.testing.assert_allclose(getattr(trace, name), value, rtol=1e-12, atol=2e-16)


def test_an_output_gate_that_nobody_set_is_half_open():
    assert constant_gates(0.9, 0.2, 0.3).b[3] == 0


def test_holding_is_what_it_says():
    xs, targets, last = hold_problem(7, 5, rng=rng())
    assert xs.shape == (7, 5, 1)
    np.testing.assert_array_equal(xs[0], targets)
    assert not xs[1:].any()
    assert (last == 6).all()


def test_two_sequences_begin_with_their_class():
    xs, targets, last = two_sequence_problem(30, 4000, rng=rng())
    lengths, numbers = last + 1, xs[..., 0]
    assert xs.shape == (33, 4000, 1)
    assert set(lengths) == {30, 31, 32, 33}
    for length in (30, 31, 32):
        assert not numbers[length:, lengths == length].any()
    assert numbers[last, np.arange(4000)].all()  # the last step is noise, too, and no filling
    np.testing.assert_array_equal(targets[:, 0], np.arange(4000) % 2)
    signs = 2 * targets[:, 0] - 1
    assert (numbers[:3] - signs).mean() == pytest.approx(0, abs=0.01)
    assert (numbers[:3] - signs).std() == pytest.approx(0.2, rel=0.05)
    assert numbers[3:30].mean() == pytest.approx(0, abs=0.01)
    assert numbers[3:30].var() == pytest.approx(0.2, rel=0.05)


def test_the_class_is_seen_in_each_draw_of_its_noise():
    """The same draws as here: what is added to the sign is added, not taken away."""
    xs, targets, _ = two_sequence_problem(4, 6, rng=rng())
    draws = rng()
    draws.integers(4, 5, 6)
    draws.normal(0, np.sqrt(0.2), (4, 6))
    noise = draws.normal(0, 0.2, (3, 6))
    np.testing.assert_array_equal(xs[:3, :, 0], 2 * targets[:, 0] - 1 + noise)


def test_temporal_order_keeps_the_papers_protocol():
    xs, targets, last = temporal_order(6000, rng=rng())
    lengths, each = last + 1, np.arange(6000)
    assert xs.shape == (110, 6000, 8)
    assert set(lengths) == set(range(100, 111))
    inside = np.arange(110)[:, None] <= last
    np.testing.assert_array_equal(xs.sum(axis=2), inside)  # one symbol a step, then zeros
    symbols = xs.argmax(axis=2)
    assert (symbols[0] == 0).all()
    assert (symbols[last, each] == 1).all()
    asked = (symbols >= 6) & inside
    np.testing.assert_array_equal(asked.sum(axis=0), 2)
    first, second = asked.argmax(axis=0) + 1, 110 - asked[::-1].argmax(axis=0)
    assert set(first) == set(range(10, 21))
    assert set(second) == set(range(50, 61))
    wanted = 2 * (symbols[first - 1, each] - 6) + symbols[second - 1, each] - 6
    np.testing.assert_array_equal(targets, np.eye(4)[wanted])
    assert np.bincount(wanted) == pytest.approx([1500] * 4, abs=150)
    rest = symbols[1:99][~asked[1:99]]
    assert np.bincount(rest) / rest.size == pytest.approx([0, 0] + [1 / 4] * 4, abs=0.01)


def test_the_long_lag_asks_for_the_next_symbol():
    xs, targets = long_lag(4)
    assert xs.argmax(axis=2).T.tolist() == [[3, 0, 1, 2], [4, 0, 1, 2]]
    assert targets.argmax(axis=2).T.tolist() == [[0, 1, 2, 3], [0, 1, 2, 4]]
    np.testing.assert_array_equal(xs.sum(axis=2), 1)
    np.testing.assert_array_equal(targets.sum(axis=2), 1)


def test_the_eeg_is_the_whole_record_scaled_and_cut():
    record = eeg()
    assert record.shape == (EEG_RATE * 10, 4)
    np.testing.assert_allclose(record.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(record.std(axis=0), 1)
    np.testing.assert_array_equal(eeg(700), record[700:])
    np.testing.assert_array_equal(eeg(start=790, length=10), record[790:])
    np.testing.assert_array_equal(eeg(799, 1), record[799:])
    for start, length in ((800, None), (790, 11), (-1, 3), (0, 0)):
        with pytest.raises(ValueError, match=r"start|length"):
            eeg(start, length)
    raw = np.fromfile(cbook.get_sample_data("eeg.dat", asfileobj=False))
    assert np.corrcoef(record[:, 1], raw.reshape(-1, 4)[:, 1])[0, 1] == pytest.approx(1)
