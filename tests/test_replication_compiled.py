"""The compiled trials of notebook 08 against the readable ones: same generators, same numbers."""

import importlib
import sys
from dataclasses import replace

import numpy as np
import pytest

from lstm_inside.replication import (
    BlockModel,
    Blocks,
    Trial,
    adding_protocol,
    embedded_sets,
    init_blocks,
    lag_protocol,
    learn_without_cells,
    order_protocol,
    reber_protocol,
    reber_trials,
    settle_without_cells,
    train_trials,
)
from lstm_inside.training import SGD


@pytest.fixture
def compiled():
    pytest.importorskip("numba", reason="numba is optional: pip install numba")
    return importlib.import_module("lstm_inside.replication.compiled")


def close(a, b, rtol=1e-9):
    """The same trials, their curves to rounding."""
    assert len(a) == len(b)
    for one, other in zip(a, b, strict=True):
        assert one._replace(errors=(), opened=()) == other._replace(errors=(), opened=())
        np.testing.assert_allclose(one.errors, other.errors, rtol=rtol)


def started(protocol, K, net=None, **biases):
    rngs = np.random.default_rng(3).spawn(K)
    net = net or protocol.net
    return init_blocks(net, protocol.within, rngs=rngs, **protocol.biases | biases), rngs


FORGETTING = Blocks(2, 1, 2, 2, forget=True, biases=("gates", "output", "cells"), shortcut=True)
RUNS = {
    "adding": (adding_protocol(20), None, {}),
    "order": (order_protocol(), None, {}),
    "lag": (lag_protocol(8), None, {}),
    "forgetting": (adding_protocol(20), FORGETTING, {"f": (1.0, 2.0)}),
}


@pytest.mark.parametrize("loss", ["squared", "entropy"])
@pytest.mark.parametrize("name", RUNS)
def test_training_by_sequences_is_the_readable_one(compiled, name, loss):
    protocol, net, biases = RUNS[name]
    net = net or protocol.net
    cap = 40 if name == "order" else 2_040
    # a mild rule, so that some trials end early and are tested
    task = protocol.task._replace(within=0.45, mean=0.17, window=100)
    both = []
    for _ in range(2):
        params, rngs = started(protocol, 3, net, **biases)
        both.append((params, rngs))
    (params, rngs), (again, rngs_again) = both
    want = train_trials(params, BlockModel(net), task, SGD(protocol.rate), rngs=rngs, cap=cap,
                        loss=loss, tests=50)  # fmt: skip
    got = compiled.train_trials(again, net, task, protocol.rate, rngs=rngs_again, cap=cap,
                                loss=loss, tests=50)  # fmt: skip
    close(got, want)
    assert name == "order" or any(trial.solved for trial in got)
    assert np.shape(got[0].opened) in ((net.gates, got[0].sequences // 1000), (0,))


def test_a_lane_that_is_free_takes_the_next_trial(compiled, monkeypatch):
    """Five trials in two lanes, in one lane each, and by the readable engine."""
    protocol = lag_protocol(6)
    found = []
    for lanes in (2, 5):
        monkeypatch.setattr(compiled, "LANES", lanes)
        params, rngs = started(protocol, 5)
        found.append(compiled.train_trials(params, protocol.net, protocol.task, 1.0, rngs=rngs,
                                           cap=4_000))  # fmt: skip
    params, rngs = started(protocol, 5)
    want = train_trials(params, BlockModel(protocol.net), protocol.task, SGD(1.0), rngs=rngs,
                        cap=4_000)  # fmt: skip
    assert len({trial.sequences for trial in want}) > 1
    for some in found:
        close(some, want)


def test_the_readout_alone_is_the_readable_one(compiled):
    protocol = lag_protocol(9)
    for learn, extra in ((learn_without_cells, {"count": 330}), (settle_without_cells, {})):
        found = []
        for engine in (sys.modules[learn.__module__], compiled):
            params, rngs = started(protocol, 2)
            function = getattr(engine, learn.__name__)
            found.append(function(params, protocol.net, protocol.task, 1.0, rngs=rngs, **extra))
        if extra:
            want, got = found
        else:  # with how many sequences each trial took
            (want, counts), (got, counts_again) = found
            assert counts == counts_again
            assert all(count % 500 == 0 and count >= 1_000 for count in counts)
        for a, b in zip(got, want, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("online", "aim"), [(True, "next"), (False, "legal")])
@pytest.mark.parametrize("ranges", [(2.0, 1.0), (1.0, 4.0)])
def test_learning_strings_is_the_readable_one(compiled, online, aim, ranges):
    protocol = reber_protocol(3, 2, 0.5)
    net = replace(protocol.net, g_within=ranges[0], h_within=ranges[1])
    sets = [embedded_sets(30, rng=np.random.default_rng(seed)) for seed in (1, 2)]
    found = []
    for function in (reber_trials, compiled.reber_trials):
        params, rngs = started(protocol, 2, net)
        found.append(function(params, net, sets, rate=0.1, rngs=rngs, cap=90, every=20,
                              online=online, aim=aim))  # fmt: skip
    close(*found)
    assert all(len(trial.errors) == 5 for trial in found[0])
    assert all(sum(trial.places) > 0 for trial in found[0])
    assert isinstance(found[1][0], Trial)
