"""Notebook 05: which gate leaks, whose view of h matters, and the tables that say so."""

import numpy as np
import pytest
from training_nets import rng

from lstm_core import LSTMParams, init_lstm, lstm_forward
from lstm_inside.tasks import recall_problem
from lstm_inside.training import Model, ReadoutParams, answers, init_readout, leaks
from lstm_inside.training.explorers import leak_explorer
from lstm_inside.training.losses import mean_squared_error
from lstm_inside.training.tables import table

BATCH = recall_problem(12, 30, rng=rng(1))
UNIT = Model(init_lstm(2, 1, rng=rng(2), forget_bias=3.0), init_readout(1, 1, rng=rng(2)))


def test_a_forced_gate_stands_off_the_flag_and_is_as_it_was_at_the_flag():
    flag = BATCH.xs[..., 1] == 1
    blind = UNIT._replace(cell=UNIT.cell._replace(W_h=np.zeros((1, 4))))  # no way round through h
    before = lstm_forward(BATCH.xs, blind.cell)
    for shut in (False, True):
        for opened in (False, True):
            cell = leaks.forced(blind, shut=shut, opened=opened).cell
            trace = lstm_forward(BATCH.xs, cell)
            for gate, old, held, at in (("i", before.i, shut, 0), ("f", before.f, opened, 1)):
                new = getattr(trace, gate)
                np.testing.assert_allclose(new[flag], old[flag])
                if held:
                    np.testing.assert_allclose(new[~flag], at, atol=1e-12)
                else:
                    np.testing.assert_allclose(new[~flag], old[~flag])


def test_with_both_forced_the_cell_stands_still_after_the_flag():
    trace = lstm_forward(BATCH.xs, leaks.forced(UNIT, shut=True, opened=True).cell)
    after = leaks.after_flag(BATCH)
    np.testing.assert_allclose(np.diff(trace.c[..., 0], axis=0)[after], 0, atol=1e-12)


def test_a_refitted_read_out_is_the_best_line():
    own, refitted = leaks.losses(UNIT, BATCH)
    assert own == pytest.approx(mean_squared_error(answers(UNIT, BATCH), BATCH.targets)[0])
    h = lstm_forward(BATCH.xs, UNIT.cell).h[-1][:, 0]
    slope, shift = np.polyfit(h, BATCH.targets[:, 0], 1)
    line = UNIT._replace(readout=ReadoutParams(np.array([[slope]]), np.array([shift])))
    assert refitted == pytest.approx(leaks.losses(line, BATCH)[0])
    assert refitted < own


def test_blind_to_nothing_is_the_run_itself():
    own, refitted, cells = leaks.blinded(UNIT, BATCH, "")
    assert (own, refitted) == pytest.approx(leaks.losses(UNIT, BATCH))
    np.testing.assert_allclose(cells, lstm_forward(BATCH.xs, UNIT.cell).c[..., 0])


def test_a_blinded_gate_sees_the_mean_once_the_flag_has_passed():
    cells = leaks.blinded(UNIT, BATCH, "ig")[2]
    trace, after = lstm_forward(BATCH.xs, UNIT.cell), leaks.after_flag(BATCH)
    mean = trace.h[:-1][after].mean()
    h, c = np.zeros(30), np.zeros(30)
    for t, x in enumerate(BATCH.xs):
        seen = np.where(after[t], mean, h)
        a = {k: x @ UNIT.cell.W_x[:, n] + UNIT.cell.b[n] + (seen if k in "ig" else h) * UNIT.cell.W_h[0, n]
             for n, k in enumerate("ifgo")}  # fmt: skip
        i, f, o = (1 / (1 + np.exp(-a[k])) for k in "ifo")
        c = f * c + i * np.tanh(a["g"])
        h = o * np.tanh(c)
        np.testing.assert_allclose(cells[t + 1], c)


def test_the_drift_of_cells_that_fade_is_a_slope():
    after = leaks.after_flag(BATCH)
    assert (after == (np.cumsum(BATCH.xs[..., 1], axis=0) - BATCH.xs[..., 1] > 0)).all()
    cells = 0.9 ** np.arange(13)[:, None] * rng(3).normal(size=30)
    held, change = leaks.drift(cells, BATCH, bins=5)
    np.testing.assert_allclose(change, -0.1 * held)
    assert (np.diff(held) > 0).all()
    assert len(held) == 5


def test_what_is_no_unit_or_has_no_flags_is_refused():
    two = Model(init_lstm(2, 2, rng=rng(1)), init_readout(2, 1, rng=rng(1)))
    with pytest.raises(ValueError, match="one LSTM unit"):
        leaks.forced(two)
    with pytest.raises(ValueError, match="number and flag"):
        leaks.losses(UNIT, BATCH._replace(xs=BATCH.xs[..., :1]))
    with pytest.raises(ValueError, match="ifgo"):
        leaks.blinded(UNIT, BATCH, "x")
    with pytest.raises(ValueError, match="cells"):
        leaks.drift(np.zeros((3, 30)), BATCH)
    silent = BATCH._replace(xs=BATCH.xs * [1, 0])
    with pytest.raises(ValueError, match="after a flag"):
        leaks.drift(np.zeros((13, 30)), silent)
    single = LSTMParams(*(a.astype(np.float32) for a in UNIT.cell))
    assert leaks.forced(UNIT._replace(cell=single), shut=True).cell.b.dtype == np.float32


def test_a_table_stands_in_columns_in_either_language():
    said = table(
        ["loss", "步数"], {"one": [0.12345, 7], "第二个": [1.0, None]}, marked={("one", 0)}
    )
    assert said.split("\n") == [
        "          loss  步数",
        "one     [0.123]    7",
        "第二个   1.000     –",
    ]
    with pytest.raises(ValueError, match="expected 1"):
        table(["a"], {"x": [1, 2]})
    with pytest.raises(ValueError, match="marked"):
        table(["a"], {"x": [1]}, marked={("x", 1)})
    assert table(["a"], {"x": [1234]}).endswith("1,234")


# ---------------------------------------------------------------- the explorer


@pytest.fixture(scope="module")
def leak():
    view = leak_explorer({"one": UNIT, "two": leaks.forced(UNIT, opened=True)}, steps=60)
    yield view
    view.close()


def test_the_view_shows_what_the_unit_does(leak):
    leak.set(unit=0, gates="free", cut="", T=40)
    v = leak.values
    assert leak.error is None
    assert v["cells"].shape == (61, 48)
    before = leak.caption
    leak.set(gates="both")
    np.testing.assert_allclose(np.diff(leak.values["cells"][5:], axis=0), 0, atol=1e-12)
    assert leak.values["i"] == pytest.approx(0, abs=1e-12)
    assert leak.values["lost"] == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(leak.values["come"], 0, atol=1e-12)
    assert leak.caption != before


def test_in_the_view_what_comes_less_what_goes_is_how_the_cell_changes(leak):
    for cut in ("", "g", "ifo", "ifgo"):
        leak.set(unit=0, gates="free", cut=cut, T=60)
        v = leak.values
        change = (v["cells"][60] - v["cells"][5]) / 55
        np.testing.assert_allclose(v["come"] - v["gone"], change, atol=1e-12)


def test_the_views_refitted_read_out_is_the_best_line(leak):
    leak.set(unit=1, gates="free", cut="", T=30)
    v = leak.values
    assert v["refitted"] <= v["loss"]
    assert v["refitted"] <= v["lazy"]


def test_where_h_is_not_to_be_cut_there_is_no_control_of_it():
    view = leak_explorer({"one": UNIT}, steps=40, cuts=False)
    assert set(view.controls) == {"unit", "gates", "T"}
    assert not any("cut" in name for name in view.presets)
    view.close()


@pytest.mark.parametrize("units", [{}, [UNIT], {"a": 3}, {"a": UNIT._replace(cell=None)}])
def test_the_view_refuses_what_are_no_units(units):
    with pytest.raises((TypeError, ValueError)):
        leak_explorer(units)


def test_a_unit_made_blind_sees_the_number_given():
    blind = leaks.unseeing(UNIT, "ig", 0.3)
    h, x = np.full((1, 1), 0.3), np.array([[0.2, 1.0]])
    pre = [x @ m.cell.W_x + state @ m.cell.W_h + m.cell.b
           for m, state in ((UNIT, h), (blind, np.full((1, 1), 0.9)))]  # fmt: skip
    np.testing.assert_allclose(pre[0][0, [0, 2]], pre[1][0, [0, 2]])
    assert not np.allclose(pre[0][0, [1, 3]], pre[1][0, [1, 3]])
