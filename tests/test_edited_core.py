"""Readers edit lstm_core.py while a kernel runs: that is what it is for. Nothing minds.

In a Python of its own, whose lstm_core is a copy that may be edited.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
CODE = """
import importlib, json, pathlib, pkgutil, sys
import numpy as np
import lstm_core

file = pathlib.Path(lstm_core.__file__)
assert file.parent == pathlib.Path(sys.argv[1])
file.write_text("# my\\n# own\\n# remarks\\n" + file.read_text(encoding="utf-8"), encoding="utf-8")

import lstm_inside
for room in lstm_inside.ROOMS:
    for found in pkgutil.iter_modules(importlib.import_module(f"lstm_inside.{room}").__path__):
        importlib.import_module(f"lstm_inside.{room}.{found.name}")
lstm_inside.EXPLORERS["half_life"]().close()

from lstm_inside import tasks, training
from lstm_inside.annealing import Crowd, side_by_side
from lstm_inside.beyond.bridge import from_torch, to_torch
from lstm_inside.bptt import shares
from lstm_inside.gates.recall import recall_score
from lstm_inside.start import learning, recall

def results():
    "What the series computes with parameters and traces that lstm_core makes now: name -> numbers."
    found, rng = {}, np.random.default_rng
    for kind in ("rnn", "lstm"):
        cell = getattr(lstm_core, f"init_{kind}")(2, 1, rng=rng(1))
        batch = tasks.recall_problem(6, 20, rng=rng(2))
        trace = getattr(lstm_core, f"{kind}_forward")(batch.xs, cell)
        dhs = rng(3).normal(size=trace.h[1:].shape)
        model = training.Model(cell, training.init_readout(1, 1, rng=rng(4)))
        found[kind] = {
            "truncated": shares.truncated_backward(dhs, trace, cell, 2).params,
            "chunks of one length": shares.truncated_backward(dhs, trace, cell, 3).h,
            "every": shares.truncated_at_every(dhs, trace, cell),
            "jacobians": getattr(shares, f"{kind}_jacobians")(trace, cell),
            "recall": [recall_score(cell, batch.xs, batch.targets).r2],
            "judged": [learning.judged(model)[0]],
            "loss": training.loss_at_end(model, batch)[1],
            "crowd": Crowd(model, [batch]).losses(np.ones((2, sum(map(np.size, training.arrays_of(model)))))),
        }
        if importlib.util.find_spec("torch"):
            found[kind]["torch"] = from_torch(to_torch(model))
        if kind == "lstm":
            grads = lstm_core.lstm_backward(dhs, trace, cell)
            flags = batch.xs[..., 1]
            found[kind] |= {
                "split": shares.split_step(trace, grads),
                "way": shares.split_way(dhs, trace, grads),
                "beside": side_by_side(cell._make([np.stack([p, p]) for p in cell])),
                "said": recall.said(trace),
                "habits": recall.habits(trace, flags).f,
                "gates": learning.judged(model)[1].f,
            }
    return {
        f"{kind}, {name}": [np.ravel(a).tolist() for a in training.arrays_of(tree)]
        for kind, trees in found.items()
        for name, tree in trees.items()
    }

before = results()
old = lstm_core.LSTMParams
importlib.reload(lstm_core)
assert lstm_core.LSTMParams is not old
after = results()
print(json.dumps({name: before[name] == after[name] for name in before}))
"""


def test_a_core_that_was_edited_and_reloaded_is_as_good_as_the_old_one(tmp_path):
    """Remarks put on top of it after its import, and classes made anew by a reload."""
    (tmp_path / "lstm_core.py").write_bytes((ROOT / "lstm_core.py").read_bytes())
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(tmp_path)],
        env=os.environ | {"PYTHONPATH": path}, cwd=tmp_path,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    same = json.loads(done.stdout)
    assert len(same) >= 24
    assert all(same.values()), same
