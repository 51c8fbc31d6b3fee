"""Notebook 09: the same numbers in PyTorch, on one process and on two; without it, a notebook.

Tests that need PyTorch are skipped where it is missing; `.ci/run` installs it.
"""

import contextlib
import importlib.util
import io
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest

from lstm_core import LSTMParams, init_lstm, init_rnn, lstm_backward, lstm_forward, rnn_forward
from lstm_inside.beyond import bridge, check, distributed, figures
from lstm_inside.beyond import explorers as beyond
from lstm_inside.gates import BothParams
from lstm_inside.training import (
    SGD,
    Model,
    Training,
    arrays_of,
    cell_backward,
    init_readout,
    loss_every_step,
    run_cell,
)

NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "09_beyond_numpy.ipynb"
needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason="PyTorch is optional: pip install -r requirements-torch.txt",
)
T, B, D, H = 12, 3, 4, 5
KINDS = pytest.mark.parametrize("init", [init_lstm, init_rnn])


@pytest.fixture
def rng():
    return np.random.default_rng(90)


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="PyTorch is optional")


def with_bias(params, rng):
    """No bias of these is 0, so that one forgotten would be seen."""
    return params._replace(b=rng.normal(size=params.b.shape).astype(params.b.dtype))


def model_of(torch, **more):
    """A module with a cell and a read-out."""
    module = torch.nn.Module()
    module.cell, module.readout = torch.nn.LSTM(D, H, **more), torch.nn.Linear(H, 1)
    return module


def apart(a, b):
    """Largest difference, as a share of the largest entry."""
    a, b = np.asarray(a), np.asarray(b)
    assert a.shape == b.shape
    return np.abs(a - b).max() / np.abs(a).max()


# ---------------------------------------------------------------- the same numbers


@needs_torch
@KINDS
@pytest.mark.parametrize(("dtype", "bound"), [(np.float64, 1e-10), (np.float32, 2e-4)])
def test_outputs_and_every_gradient_agree(torch, rng, init, dtype, bound):
    params = with_bias(init(D, H, rng=rng, dtype=dtype), rng)
    xs, dhs = (rng.normal(size=(T, B, n)).astype(dtype) for n in (D, H))
    starts = rng.normal(size=(2, B, H)).astype(dtype)
    forward = lstm_forward if init is init_lstm else rnn_forward
    trace = forward(xs, params, *starts[: 2 if init is init_lstm else 1])
    grads = cell_backward(dhs, trace, params)

    module = bridge.to_torch(params)
    x = torch.from_numpy(xs.copy()).requires_grad_()
    h0, c0 = (torch.from_numpy(s[None].copy()).requires_grad_() for s in starts)
    hs, last = module(x, (h0, c0) if init is init_lstm else h0)
    (hs * torch.from_numpy(dhs)).sum().backward()
    theirs = bridge.gradients_from_torch(module)

    assert hs.detach().numpy().dtype == dtype
    assert apart(trace.h[1:], hs.detach()) < bound
    assert apart(grads.xs, x.grad) < bound
    assert apart(grads.h[0], h0.grad[0]) < bound
    for name, ours, peer in zip(params._fields, grads.params, theirs, strict=True):
        assert apart(ours, peer) < bound, name
    if init is init_lstm:
        assert apart(grads.c[0], c0.grad[0]) < bound
        assert apart(trace.c[-1], last[1][0].detach()) < bound


@needs_torch
@KINDS
def test_weights_drawn_by_pytorch_run_here(torch, rng, init):
    """The reverse: both of its biases count, forward and backward."""
    kind = torch.nn.LSTM if init is init_lstm else torch.nn.RNN
    torch.manual_seed(3)
    module = kind(D, H, dtype=torch.float64)
    assert module.bias_hh_l0.abs().min() > 0
    xs, dhs = rng.normal(size=(T, B, D)), rng.normal(size=(T, B, H))
    params = bridge.from_torch(module)
    trace = run_cell(xs, params)
    hs, _ = module(torch.from_numpy(xs))
    (hs * torch.from_numpy(dhs)).sum().backward()
    assert apart(hs.detach(), trace.h[1:]) < 1e-10
    grads = cell_backward(dhs, trace, params).params
    for ours, peer in zip(grads, bridge.gradients_from_torch(module), strict=True):
        assert apart(ours, peer) < 1e-10
    one, two = module.bias_ih_l0.grad, module.bias_hh_l0.grad
    assert apart(one, two) < 1e-12  # each has all of it


@needs_torch
@KINDS
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_there_and_back_changes_nothing(rng, init, dtype):
    cell = with_bias(init(D, H, rng=rng, dtype=dtype), rng)
    model = Model(cell, init_readout(H, 3, rng=rng, dtype=dtype))
    kept = [a.copy() for a in arrays_of(model)]
    module = bridge.to_torch(model)
    back = bridge.from_torch(module)
    assert type(back.cell) is type(cell)
    for before, now, found in zip(kept, arrays_of(model), arrays_of(back), strict=True):
        assert np.array_equal(before, found)
        assert found.dtype == dtype
        assert found.flags["C_CONTIGUOUS"]
        found += 1  # a copy: neither side may feel this
        assert np.array_equal(before, now)
    assert all(map(np.array_equal, arrays_of(bridge.from_torch(module)), kept))


@needs_torch
def test_a_whole_models_loss_and_gradients(torch, rng):
    model = Model(with_bias(init_lstm(D, H, rng=rng), rng), init_readout(H, 6, rng=rng))
    xs, labels = rng.normal(size=(T, B, D)), rng.integers(0, 6, (T, B))
    loss, grads = loss_every_step(model, (xs, labels))
    module = bridge.to_torch(model)
    scores, (h, c) = module(torch.from_numpy(xs))
    peer = torch.nn.functional.cross_entropy(scores.flatten(0, 1), torch.from_numpy(labels.ravel()))
    peer.backward()
    assert h.shape == c.shape == (1, B, H)
    assert float(peer.detach()) == pytest.approx(loss, rel=1e-12)
    found = bridge.gradients_from_torch(module)
    for ours, theirs in zip(arrays_of(grads), arrays_of(found), strict=True):
        assert apart(ours, theirs) < 1e-10


@needs_torch
@KINDS
def test_layers_and_directions_come_as_tuples_of_cells(torch, rng, init):
    """An RNN's, too; layer by layer they compute what the module does."""
    kind, cells = (torch.nn.LSTM if init is init_lstm else torch.nn.RNN), type(init(1, 1, rng=rng))
    torch.manual_seed(6)
    pair = bridge.from_torch(kind(D, H, bidirectional=True))
    assert isinstance(pair, BothParams)
    assert [type(way) for way in pair] == [cells, cells]
    module = kind(D, H, num_layers=2, bidirectional=True, dropout=0.5, dtype=torch.float64)
    xs = rng.normal(size=(T, B, D))
    hs, _ = module.eval()(torch.from_numpy(xs))
    hs.sum().backward()
    layers = bridge.from_torch(module)
    assert type(layers) is tuple
    kept = [array.copy() for array in arrays_of(layers)]
    for ahead, back in layers:
        there, here = run_cell(xs, ahead).h[1:], run_cell(xs[::-1], back).h[:0:-1]
        xs = np.concatenate([there, here], axis=2)
    assert apart(xs, hs.detach()) < 1e-10
    grads = bridge.gradients_from_torch(module)
    assert [type(layer) for layer in grads] == [BothParams, BothParams]
    assert apart(grads[1].back.W_h, module.weight_hh_l1_reverse.grad.T) == 0
    with torch.no_grad():
        module.weight_ih_l1.zero_()
    assert all(map(np.array_equal, arrays_of(layers), kept))  # copies
    module.bias_ih_l1_reverse.grad = None
    with pytest.raises(ValueError, match="bias_ih_l1_reverse has no gradient yet"):
        bridge.gradients_from_torch(module)
    stack = bridge.from_torch(kind(D, H, num_layers=3))
    assert [type(layer) for layer in stack] == [cells] * 3
    assert [len(layer.W_x) for layer in stack] == [D, H, H]


@needs_torch
def test_modules_without_biases_and_what_has_no_form_here(torch, rng):
    plain = torch.nn.LSTM(D, H, bias=False)
    assert not bridge.from_torch(plain).b.any()
    assert not bridge.from_torch(torch.nn.Linear(H, 2, bias=False)).b_y.any()
    for odd, named in (
        (torch.nn.LSTM(D, H, proj_size=2), "proj_size"),
        (torch.nn.LSTM(D, H, num_layers=2, proj_size=2), "proj_size"),
        (torch.nn.RNN(D, H, nonlinearity="relu"), "nonlinearity"),
        (model_of(torch, num_layers=2), "num_layers"),
        (model_of(torch, bidirectional=True), "bidirectional"),
    ):
        with pytest.raises(ValueError, match=named):
            bridge.from_torch(odd)
    with pytest.raises(TypeError, match="module: expected"):
        bridge.from_torch(torch.nn.GRU(D, H))
    with pytest.raises(TypeError, match="params: expected"):
        bridge.to_torch([np.zeros((D, H))])
    with pytest.raises(ValueError, match="W_h"):
        bridge.to_torch(LSTMParams(np.zeros((D, 8)), np.zeros((3, 8)), np.zeros(8)))
    with pytest.raises(ValueError, match="has no gradient yet"):
        bridge.gradients_from_torch(bridge.to_torch(init_rnn(D, H, rng=rng)))


@needs_torch
def test_the_gradient_flow_of_both_engines():
    """The page's own cells, run as they stand: step by step, each state keeping its gradient."""
    cells = {c.id: c.source for c in nbformat.read(NOTEBOOK, as_version=4).cells}
    names = {}
    for cell in ("a01", "a13", "a14", "a18", "cell-flow"):
        exec(cells[cell], names)
    grads, (dh, dc) = names["grads"], names["flow"]
    assert apart(grads.h, dh) < 1e-10
    assert apart(grads.c, dc) < 1e-10
    assert "agree within 1e-10" in figures.two_flows(grads, (dh, dc)).alt
    assert "DIFFER" in figures.two_flows(grads, (dh, dc * 1.001)).alt


def test_digits_are_counted_in_the_largest_number():
    ours = np.array([[2.0, 0.002], [1.0, -0.5]])
    off = np.array([[0, 2e-4], [2e-9, 0]])
    assert figures.digits_alike(ours, ours + off) == pytest.approx([17, 4, 9, 17], abs=1e-4)
    pair = {"h": (ours, ours), "dL/dx": (ours, ours + off)}
    picture = figures.agreement({"one": {"h": pair["h"]}, "other": pair})
    assert "one: at least 17; other: at least 4." in picture.alt
    one, other = picture.axes[0].lines
    assert np.sort(other.get_xdata())[:2] == pytest.approx([4, 9], abs=1e-4)
    assert one.get_color() != other.get_color()


def test_what_comes_back_says_whether_h_n_is_the_last_step(rng):
    output, c_n = rng.normal(size=(T, B, H)), rng.normal(size=(1, B, H))
    picture = figures.what_comes_back(output, output[-1:], c_n)
    assert f"output {output.shape} holds h of {T} steps; its last column is h_n" in picture.alt
    upper, lower = (ax.images[0] for ax in picture.axes[:2])
    np.testing.assert_array_equal(upper.get_array(), output[:, 0].T)
    np.testing.assert_array_equal(lower.get_array(), c_n[0, :1].T)
    assert lower.get_extent()[:2] == [T - 0.5, T + 0.5]
    assert "NOT h_n" in figures.what_comes_back(output, output[:1], c_n).alt


def torch_losses(torch, module, batch, rate, steps):
    weights = [w for w in module.parameters() if w.requires_grad]
    sgd = torch.optim.SGD(weights, lr=rate)
    xs, labels = torch.from_numpy(batch[0]), torch.from_numpy(batch[1].ravel())
    losses = []
    for _ in range(steps):
        sgd.zero_grad()
        loss = torch.nn.functional.cross_entropy(module(xs)[0].flatten(0, 1), labels)
        loss.backward()
        sgd.step()
        losses.append(float(loss.detach()))
    return losses


@needs_torch
def test_two_biases_that_learn_are_another_training(torch, rng):
    """What the notebook asks about: the first loss is the same, the second is not."""
    model = Model(init_lstm(D, H, rng=rng), init_readout(H, 3, rng=rng))
    batch = rng.normal(size=(T, B, D)), rng.integers(0, 3, (T, B))
    training = Training(model, loss_every_step, lambda rng: batch, SGD(0.5), rng=rng)
    ours = list(training.steps(6))
    assert torch_losses(torch, bridge.to_torch(model), batch, 0.5, 6) == pytest.approx(
        ours, rel=1e-12
    )
    both = bridge.to_torch(model)
    both.cell.bias_hh_l0.requires_grad_(True)
    theirs = torch_losses(torch, both, batch, 0.5, 6)
    assert theirs[0] == pytest.approx(ours[0], rel=1e-12)
    assert abs(theirs[1] - ours[1]) > 1e-4


# ---------------------------------------------------------------- several processes

SMALL = distributed.Plan(H=12, T=16, B=8, steps=12, clip=0.25)


@pytest.fixture(scope="module")
def two():
    """What two processes came to: each of them takes seconds to import PyTorch."""
    return distributed.launch(SMALL, processes=2)


def test_losses_are_drawn_as_far_apart_as_they_are():
    """Left one on the other, each thinner than the one below; right the largest gap so far."""
    one = np.array([2.0, 1.5, 1.0])
    off = np.array([0, 3e-13, 1e-13, 5e-13])
    losses = {"one": one, "other": one * (1 + off[:3]), "third": one}
    four = np.array([*one, 0.5])
    longer = losses | {"one": four, "other": four * (1 + off)}
    figure = figures.loss_curves(losses, longer)
    left, right = figure.axes
    widths = [line.get_linewidth() for line in left.lines]
    assert widths[0] > 1.5 * widths[1] > 3 * widths[2]
    other, third = (line.get_ydata() for line in right.lines)
    assert other == pytest.approx([2e-17, 3e-13, 3e-13, 5e-13], rel=1e-2)
    assert len(third) == 3
    assert max(third) < 1e-15
    assert right.get_ylim()[1] == pytest.approx(5e-12, rel=0.1)  # no empty half above
    assert "the same" in figure.alt
    wrong = {"one": one, "other": one * 1.001}
    assert "NOT the same" in figures.loss_curves(wrong, wrong).alt


def test_what_a_clip_before_averaging_does_to_the_losses_is_drawn():
    right = [2.0, 1.5, 1.0]
    picture = figures.how_far_off(
        {"whole": right, "halves": [2.0, 1.5 * (1 + 1e-15), 1.0], "first": [2.0, 1.53, 1.0]}
    )
    halves, first = (line.get_ydata() for line in picture.axes[0].lines)
    assert halves == pytest.approx(1e-14)
    assert first == pytest.approx([1e-14, 0.02, 1e-14])
    assert "halves: rounding only; first: from step 2 on, by up to 2.0%." in picture.alt


def test_what_a_restart_lacks_is_drawn_beside_what_lost_nothing():
    picture = figures.what_was_lost(
        {"nothing": 0.5, "h": 0.25, "all": 1.0},
        {"nothing": [1.0, 2.0], "h": [1.05, 2.0], "all": [1.0, 1.7]},
        start=21,
    )
    bars = [[bar.get_width() for bar in ax.patches] for ax in picture.axes[::2]]
    heights = [[bar.get_height() for bar in ax.patches] for ax in picture.axes[1::2]]
    assert bars == [[0.25], [1.0]]
    assert heights[0] == pytest.approx([0.05, 0])
    assert heights[1] == pytest.approx([0, -0.1])  # drawn at the edge
    assert [line.get_xdata()[0] for line in picture.axes[0].lines] == [0.5]
    assert "h lost: by 0.25, its loss off by +0.0500, later ones by up to 0.000" in picture.alt
    assert "all lost: by 1.00, its loss off by +0.0000, later ones by up to 0.300" in picture.alt


@needs_torch
def test_two_processes_give_the_losses_of_one(two):
    """Measured: 4e-16 relative on the losses, 1e-12 on the weights after 40 steps of Adam."""
    numpy, one = distributed.in_numpy(SMALL), distributed.in_torch(SMALL)
    assert two.agreed
    for outcome in (one, two):
        assert 0 < outcome.seconds < 60
        assert outcome.losses == pytest.approx(numpy.losses, rel=1e-10)
        for ours, theirs in zip(arrays_of(numpy.model), arrays_of(outcome.model), strict=True):
            assert np.abs(ours - theirs).max() < 1e-8
    assert numpy.losses[-1] < numpy.losses[0] - 0.2


@needs_torch
def test_a_killed_process_costs_no_loss_and_no_digit(two):
    """Killed before step 9 of 12, saved every 5: all go on from step 5."""
    killed = distributed.launch(SMALL, save_every=5, kill=9)
    assert (two.resumed, killed.resumed) == (0, 5)
    assert killed.agreed
    assert len(killed.losses) == SMALL.steps
    np.testing.assert_array_equal(killed.losses, two.losses)
    for a, b in zip(arrays_of(killed.model), arrays_of(two.model), strict=True):
        np.testing.assert_array_equal(a, b)


@needs_torch
def test_without_a_saved_state_a_killed_process_is_the_end(tmp_path):
    with pytest.raises(RuntimeError, match=r"Signal 9|SIGKILL|exitcode"):
        distributed.launch(SMALL, save_every=20, kill=3, timeout=120)
    with pytest.raises(ValueError, match="save_every: expected a count where kill is 3"):
        distributed.launch(SMALL, kill=3)
    saving = distributed.Saving(tmp_path / "state.npz", every=6)
    whole = distributed.in_torch(SMALL, saving=saving)
    again = distributed.in_torch(SMALL, saving=saving)  # of its last step: nothing left to do
    assert (whole.resumed, again.resumed) == (0, SMALL.steps)
    with pytest.raises(ValueError, match="path: expected a state of"):
        distributed.in_torch(SMALL._replace(seed=1), saving=saving)


@needs_torch
@pytest.mark.parametrize("left_out", ["w", "m", "v", "state"])
def test_all_that_is_saved_is_needed(tmp_path, left_out):
    saving = distributed.Saving(tmp_path / "state.npz", every=7)  # of 12 steps: after 7
    through = distributed.in_torch(SMALL, saving=saving)
    resumed = distributed.in_torch(SMALL, saving=saving._replace(every=20))
    assert resumed.resumed == 7
    np.testing.assert_array_equal(resumed.losses, through.losses)
    with np.load(saving.path) as file:
        arrays = dict(file)
    for name in arrays:
        if name.strip("0123456789") == left_out:
            arrays[name] = np.zeros_like(arrays[name])
    np.savez(saving.path, **arrays)
    lacking = distributed.in_torch(SMALL, saving=saving._replace(every=20))
    assert np.abs(lacking.losses - through.losses)[7:].max() > 1e-3


def test_the_clip_is_at_work_in_that_run():
    """Else the order of averaging and clipping would not have been tested."""
    model, stream = distributed.start(SMALL)
    lengths = []
    at = stream.start
    for _ in range(3):
        _, grads, at = stream.loss(model, stream.batch(at), at)
        lengths.append(np.sqrt(sum((a**2).sum() for a in arrays_of(grads))))
    assert min(lengths) > SMALL.clip


@needs_torch
def test_shares_that_are_not_equal_are_refused():
    with pytest.raises(ValueError, match="a multiple of 3 processes, got 8"):
        distributed.in_torch(SMALL, world=3)
    with pytest.raises(ValueError, match="a multiple of 3 processes, got 8"):
        distributed.launch(SMALL, processes=3)


@needs_torch
def test_processes_that_fail_or_hang_are_reported(monkeypatch):
    def says(code):
        monkeypatch.setattr(distributed, "command", lambda *_: ["python", "-c", code])

    says("print('out of luck'); raise SystemExit(3)")
    with pytest.raises(RuntimeError, match="out of luck"):
        distributed.launch(SMALL)
    says("import time; time.sleep(60)")
    with pytest.raises(TimeoutError, match="2 processes took over"):
        distributed.launch(SMALL, timeout=0.5)


def test_the_command_holds_no_place_and_no_port():
    words = " ".join(distributed.command())
    assert words.startswith("python -m torch.distributed.run --rdzv-backend=c10d")
    assert "127.0.0.1" in words
    assert "/" not in words
    assert ":" not in words


# ---------------------------------------------------------------- without PyTorch


@pytest.fixture
def no_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)


def test_without_pytorch_the_error_says_how_to_get_it(no_torch, rng):
    assert bridge.torch_or_none() is None
    for call in (
        lambda: bridge.to_torch(init_rnn(2, 2, rng=rng)),
        lambda: bridge.from_torch(None),
        lambda: distributed.in_torch(SMALL),
        lambda: distributed.launch(SMALL),
    ):
        with pytest.raises(ImportError, match=r"pip install -r requirements-torch\.txt"):
            call()


def test_pytorch_is_not_imported_before_it_is_needed():
    code = "import sys, lstm_inside.beyond.distributed, lstm_inside; lstm_inside.EXPLORERS; sys.exit(bool(sys.modules.get('torch')))"
    where = str(NOTEBOOK.parent.parent)
    assert subprocess.run([sys.executable, "-c", code], cwd=where).returncode == 0


def test_without_pytorch_the_notebook_runs_through_and_prints_what_is_stored(no_torch):
    """Every cell runs; all but the tagged ones print the very text that PyTorch's owner gets."""
    cells = [c for c in nbformat.read(NOTEBOOK, as_version=4).cells if c.cell_type == "code"]
    names, tagged = {}, []
    for cell in cells:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(cell.source, "cell", "exec"), names)
        stored = "".join(o.text for o in cell.outputs if o.output_type == "stream")
        if "nbval-ignore-output" in cell.metadata.get("tags", []):
            tagged.append(said.getvalue())
        else:
            assert said.getvalue() == stored, cell.source
    assert len(tagged) == 8
    assert all(bridge.MISSING in said for said in tagged)
    for explorer in (names["layout"], names["shared"]):
        explorer.close()


def test_stored_are_the_outputs_with_pytorch():
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    outputs = [o for c in cells for o in c.get("outputs", [])]
    texts = "".join(o.get("text", "") + o.get("data", {}).get("text/plain", "") for o in outputs)
    assert bridge.MISSING not in texts
    digits = {name: int(n) for name, n in re.findall(r"(\w[\w,' ]*): at least (\d+)[;.]", texts)}
    assert digits.pop("control, a block turned") < 3
    assert len(digits) == 3
    assert min(digits.values()) >= 13
    assert "they agree within 1e-10" in texts
    assert "the 40 losses agree within 1e-10" in texts
    assert "went on from step 20; of 40 losses differ: 0" in texts
    far, farther = map(float, re.findall(r"losses up to (\S+) apart", texts))
    assert 100 * far < farther < 1e-9  # what the text says: it grows with the steps


# ---------------------------------------------------------------- the explorers


def test_the_layout_shows_one_lstm_in_two_orders():
    explorer = beyond.layout_explorer()
    explorer.set(gate="o", unit=3, share=0.25, b_f=0.5)
    v = explorer.values
    assert v["column"] == 15
    assert v["biases"].sum() == pytest.approx(v["b"])
    explorer.set(gate="f", unit=0)
    assert explorer.values["b"] == 0.5
    assert explorer.values["biases"] == pytest.approx([0.125, 0.375])
    explorer.set(gradients=True)
    v = explorer.values
    rng = np.random.default_rng(91)
    init_lstm(3, 4, rng=rng)
    xs, dhs = rng.normal(size=(12, 2, 3)), np.zeros((12, 2, 4))
    dhs[-1] = 0.5
    want = lstm_backward(dhs, lstm_forward(xs, v["weights"]), v["weights"]).params
    assert all(map(np.array_equal, v["grads"], want))
    explorer.close()


@pytest.mark.parametrize("workers", range(1, 5))
@pytest.mark.parametrize("extra", range(7))
def test_every_sequence_goes_to_one_worker(workers, extra):
    sizes = beyond.shares_of(workers, extra)
    assert len(sizes) == workers
    assert sum(sizes) == beyond.SEQUENCES
    assert min(sizes) >= 1


def test_all_reduce_against_the_whole_batch():
    explorer = beyond.all_reduce_explorer()
    for settings, same in (
        ({"workers": 3, "extra": 0}, True),
        ({"workers": 3, "extra": 2}, False),
        ({"workers": 3, "extra": 2, "weighted": True}, True),
        ({"workers": 4, "extra": 0, "single": True, "b_f": -1.5}, True),
    ):
        explorer.reset()
        explorer.set(**settings)
        v = explorer.values
        assert v["same"] is same, settings
        weights = np.array(v["sizes"]) / sum(v["sizes"])
        right = sum(w * g.cell.W_h.astype(float) for w, g in zip(weights, v["own"], strict=True))
        assert apart(v["whole"].cell.W_h, right) < v["floor"]
        assert (v["whole"].cell.b.dtype == np.float32) == settings.get("single", False)
    explorer.close()


# ---------------------------------------------------------------- the exercises


def turned(order):
    def from_onnx(W, R, B):
        blocks = np.eye(4)[["iofg".index(gate) for gate in order]]
        turn = np.kron(blocks, np.eye(R.shape[1]))
        return (turn @ W).T, (turn @ R).T, turn @ (B[: len(B) // 2] + B[len(B) // 2 :])

    return from_onnx


def by_slices(W, R, B):
    H = R.shape[1]

    def turn(a):
        i, o, f, g = a[:H], a[H : 2 * H], a[2 * H : 3 * H], a[3 * H :]
        return np.concatenate([i, f, g, o]).T

    return turn(W), turn(R), turn(B[: 4 * H] + B[4 * H :])


def by_index(W, R, B):
    H = R.shape[1]
    rows = np.arange(4 * H).reshape(4, H)[[0, 2, 3, 1]].ravel()
    return LSTMParams(W[rows].T, R[rows].T, B.reshape(2, -1).sum(axis=0)[rows])


def by_loop(W, R, B):
    out = []
    for a in (W, R, np.add(*np.split(B, 2))[:, None]):
        i, o, f, g = np.split(a, 4)
        out.append(np.vstack([i, f, g, o]).T)
    return [out[0], out[1], out[2][0]]


def only(part):
    def from_onnx(W, R, B):
        first, second = np.split(B, 2)
        return by_slices(W, R, np.concatenate([part(first, second), 0 * second]))

    return from_onnx


def weighted_loop(gradients, sizes):
    total = 0
    for g, n in zip(gradients, sizes, strict=True):
        total = total + g * n
    return total / sum(sizes)


def clip_by_loop(gradients, limit):
    average = sum(gradients) / len(gradients)
    length = (average**2).sum() ** 0.5
    if length > limit:
        return [x * limit / length for x in average]
    return average


def each_clipped(g, limit):
    return (g * np.minimum(1, limit / np.linalg.norm(g, axis=1, keepdims=True))).mean(axis=0)


def shortened(v, limit):
    return v * min(1, limit / np.linalg.norm(v))


RIGHT = [
    (check.from_onnx, turned("ifgo")),
    (check.from_onnx, by_slices),
    (check.from_onnx, by_index),
    (check.from_onnx, by_loop),
    (check.average_of_shares, lambda g, n: (n / n.sum()) @ g),
    (check.average_of_shares, lambda g, n: np.average(g, axis=0, weights=n)),
    (check.average_of_shares, weighted_loop),
    (check.average_of_shares, lambda g, n: (g * n[:, None]).sum(axis=0) / n.sum()),
    (check.clipped_average, lambda g, m: shortened(g.mean(axis=0), m)),
    (check.clipped_average, clip_by_loop),
    (check.clipped_average, lambda g, m: shortened(np.ones(len(g)) @ g / len(g), m)),
    (check.clipped_average, lambda g, m: g.mean(0) / max(1, np.linalg.norm(g.mean(0)) / m)),
]
WRONG = [
    (check.from_onnx, lambda W, R, B: (W.T, R.T, B[:8] + B[8:]), "ONNX's order"),
    (check.from_onnx, turned("igof"), "in neither order"),
    (check.from_onnx, lambda W, R, B: (W, R, B[:8]), "not transposed yet"),
    (check.from_onnx, only(lambda a, b: a), "only one of the two biases"),
    (check.from_onnx, only(lambda a, b: (a + b) / 2), "mean of the two biases"),
    (check.from_onnx, lambda W, R, B: by_slices(W, R, B)[:2], "2 values"),
    (check.average_of_shares, lambda g, n: g.mean(axis=0), "plain average"),
    (check.average_of_shares, lambda g, n: g.sum(axis=0), "that is the sum"),
    (check.average_of_shares, lambda g, n: n @ g, "do not add up to 1"),
    (check.average_of_shares, lambda g, n: (1 / n) @ g / (1 / n).sum(), "must count more"),
    (check.average_of_shares, lambda g, n: -(n / n.sum()) @ g, "sign is turned round"),
    (check.clipped_average, each_clipped, "before averaging"),
    (check.clipped_average, lambda g, m: shortened(g.sum(axis=0), m), "length of the sum"),
    (check.clipped_average, lambda g, m: np.clip(g.mean(axis=0), -m, m), "number by number"),
    (check.clipped_average, lambda g, m: g.mean(axis=0), "came back as it was"),
    (check.clipped_average, lambda g, m: shortened(g.mean(0) * 1e9, m), "it stays as it is"),
]


@pytest.mark.parametrize(("checker", "answer"), RIGHT)
def test_right_answers_are_accepted(checker, answer):
    verdict = checker(answer)
    assert verdict, verdict


@pytest.mark.parametrize(("checker", "answer", "hint"), WRONG)
def test_wrong_answers_get_the_hint_that_fits(checker, answer, hint):
    verdict = checker(answer)
    assert not verdict
    assert hint in verdict.message


@pytest.mark.parametrize(
    "checker", [check.from_onnx, check.average_of_shares, check.clipped_average]
)
def test_odd_answers_are_refused_without_an_exception(checker):
    for odd in (
        None,
        3,
        lambda *a: None,
        lambda *a: 1 / 0,
        lambda *a: "text",
        lambda *a: (1, 2, 3),
    ):
        assert not checker(odd)


def test_the_solutions_in_the_notebook_are_right():
    """The folded solutions, run as they stand."""
    words = "\n".join(c.source for c in nbformat.read(NOTEBOOK, as_version=4).cells)
    solutions = words.split("<summary>Solution</summary>")[1:]
    assert len(solutions) == 3
    for solution in solutions:
        names = {"np": np}
        exec(solution.split("```python\n")[1].split("```")[0], names)
        name = next(n for n in names if n in solution and hasattr(check, n) and n != "np")
        assert getattr(check, name)(names[name]), name


@needs_torch
@pytest.mark.parametrize(
    ("dtype", "size"), [("float32", 1e20), ("float32", 1e-30), ("float64", 1e200)]
)
def test_clipping_in_pytorch_holds_where_squares_leave_the_range_of_the_dtype(dtype, size):
    torch = bridge.require_torch()
    weights = [torch.zeros(n, dtype=getattr(torch, dtype)) for n in (4, 12)]
    for w, sign in zip(weights, (1, -1), strict=True):
        w.grad = torch.full_like(w, sign * size)
    distributed.clip_by_norm(weights, 8 * size)  # their length is 4 times the size
    assert float(weights[0].grad[0]) == pytest.approx(size)
    distributed.clip_by_norm(weights, size)
    for w, sign in zip(weights, (1, -1), strict=True):
        np.testing.assert_allclose(w.grad.numpy(), sign * size / 4, rtol=1e-6)
        assert w.grad.dtype is w.dtype
    weights[1].grad[3] = torch.nan
    with pytest.raises(ValueError, match=r"grads\.1: expected finite numbers, got nan at"):
        distributed.clip_by_norm(weights, 1.0)
