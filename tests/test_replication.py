"""The tasks, networks, trainings and stored results of notebook 08."""

import itertools
import json
import os
import runpy
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from lstm_core import gradient_check, sigmoid
from lstm_inside.page.style import CELL_LINE, FORGET, INPUT
from lstm_inside.replication import (
    PLACES,
    VARIANTS,
    BlockModel,
    BlockParams,
    Blocks,
    Episodes,
    RealTime,
    VariantModel,
    adding_protocol,
    blocks_backward,
    blocks_forward,
    bootstrap,
    continual_trials,
    embedded_sets,
    explorers,
    figures,
    grammar,
    init_blocks,
    lag_protocol,
    learn_without_cells,
    reber_protocol,
    reber_trials,
    settle_without_cells,
    stored_results,
    stream_trials,
    streams,
    string_trials,
    strings,
    train_trials,
    wilson,
    with_weights,
)
from lstm_inside.replication.trials import still_falls
from lstm_inside.tasks import long_lag, temporal_order
from lstm_inside.training import SGD, Adam, each_array

EVERYWHERE = ("gates", "cells", "output")

# ---------------------------------------------------------------- the grammar

# the graph a second time, an edge each: node, symbol, node
EDGES = ["0B1", "1T2", "1P3", "2S2", "2X4", "3T3", "3V5", "4X3", "4S6", "5P4", "5V6", "6E7"]


def nodes_after(text):
    """The nodes in which the Reber graph can be after `text`; none if it cannot read it."""
    nodes = {"0"}
    for symbol in text:
        nodes = {e[2] for e in EDGES if e[0] in nodes and e[1] == symbol}
    return nodes


def is_embedded(text):
    inside, kept = text[2:-2], text[1]
    return (
        text[0] == "B" and kept in "TP" and text[-2:] == kept + "E" and nodes_after(inside) == {"7"}
    )


def may_follow(start):
    """The symbols that can follow the start of an embedded string, by trying them all."""
    if start == "":
        return {"B"}
    if start == "B":
        return {"T", "P"}
    if nodes_after(start[2:]) == {"7"}:
        return {start[1]}
    if len(start) > 3 and start[-1] == start[1] and nodes_after(start[2:-1]) == {"7"}:
        return {"E"}
    return {s for s in "BTPSXVE" if nodes_after(start[2:] + s)}


def test_strings_and_their_legal_successors_are_those_of_the_graph():
    rng = np.random.default_rng(1)
    for _ in range(300):
        text, legal = grammar.embedded_string(rng=rng)
        assert is_embedded(text)
        for t in range(len(text)):
            assert set(legal[t]) == may_follow(text[:t]), text[:t]
    text, legal = grammar.reber_string(rng=rng)
    assert nodes_after(text) == {"7"}
    assert len(text) == len(legal)


def test_every_short_string_comes_and_their_shares_are_those_of_even_choices():
    """All embedded strings of at most 10 symbols, with their chances, by brute force."""
    chances = {}
    for n in (5, 6):
        for inside in map("".join, itertools.product("BTPSXVE", repeat=n)):
            if nodes_after(inside) != {"7"}:
                continue
            chance = 0.5  # T or P at the start
            for t in range(n):
                chance /= sum(bool(nodes_after(inside[:t] + s)) for s in "BTPSXVE")
            for kept in "TP":
                chances[f"B{kept}{inside}{kept}E"] = chance
    rng = np.random.default_rng(2)
    drawn = [grammar.embedded_string(rng=rng).text for _ in range(4000)]
    assert {t for t in drawn if len(t) <= 10} == set(chances)
    for text, chance in chances.items():
        assert abs(drawn.count(text) / 4000 - chance) < 5 * np.sqrt(chance / 4000)
    assert np.mean([len(t) for t in drawn]) == pytest.approx(12, abs=0.3)


def test_test_strings_are_other_strings():
    sets = grammar.embedded_sets(rng=np.random.default_rng(3))
    assert len(sets.train) == len(sets.test) == 256
    assert not {s.text for s in sets.train} & {s.text for s in sets.test}
    assert sets == grammar.embedded_sets(rng=np.random.default_rng(3))


def test_a_stream_is_strings_end_to_end_and_legal_looks_one_symbol_ahead():
    stream = list(itertools.islice(grammar.continual_stream(rng=np.random.default_rng(4)), 500))
    text = "".join(symbol for symbol, _ in stream)
    start = 0
    for t in range(len(text) - 1):
        so_far = text[start : t + 1]
        ended = len(so_far) > 1 and is_embedded(so_far)
        start = t + 1 if ended else start
        assert set(stream[t][1]) == ({"B"} if ended else may_follow(so_far))
        assert text[t + 1] in stream[t][1]


def test_every_step_has_its_place_in_the_grammar():
    rng = np.random.default_rng(7)
    for _ in range(100):
        text, legal = grammar.embedded_string(rng=rng)
        found = grammar.places(text)
        assert len(found) == len(text) - 1
        assert set(found) <= set(grammar.PLACES)
        assert (found[0], found[-2:]) == ("which", ("kept", "end"))
        for t, place in enumerate(found, 1):
            inside = text[2:t]
            if place.startswith("node"):
                assert nodes_after(inside) == {place[-1]}
            else:
                assert set(legal[t]) == {"which": set("TP"), "kept": {text[1]}, "end": {"E"}}[place]
    with pytest.raises(ValueError, match="text: expected an embedded Reber string"):
        grammar.places("BTBTXSEPX")


def test_an_exam_marks_both_readings_and_where():
    """A network that always prefers T and then P: right where both may come, else not."""
    rng = np.random.default_rng(8)
    exam = strings.exam_of(grammar.embedded_sets(20, rng=rng))
    y = np.tile([0, 0.9, 0.8, 0, 0, 0, 0.0], (*exam.coded.steps.shape, 1))
    marks = strings.mark(exam, lambda xs: y[:, None])
    everywhere = dict(zip(grammar.PLACES, marks.places, strict=True))
    assert everywhere["which"] == everywhere["node 1"] == 0
    assert everywhere["end"] == everywhere["node 0"] == marks.wrong == marks.illegal == exam.size
    assert 0 < everywhere["node 3"] <= exam.size  # T or V: T above, but P is above V
    legal = exam.coded.legal + 0.1 * exam.coded.targets
    right = strings.mark(exam, lambda xs: legal[:, None])
    assert (right.wrong, right.illegal, set(right.places)) == (0, 0, {0})
    picky = strings.mark(exam, lambda xs: exam.coded.targets[:, None])  # knows the future
    assert picky.illegal == 0 < picky.wrong  # its best is legal, the other legal one is no better


def test_coded_strings_read_back():
    rng = np.random.default_rng(5)
    strings = [grammar.embedded_string(rng=rng) for _ in range(6)]
    coded = grammar.code(strings)
    for b, (text, legal) in enumerate(strings):
        n = len(text) - 1
        assert coded.steps[:, b].tolist() == [1] * n + [0] * (len(coded.steps) - n)
        read = [grammar.SYMBOLS[k] for k in coded.xs[:n, b].argmax(-1)]
        asked = [grammar.SYMBOLS[k] for k in coded.targets[:n, b].argmax(-1)]
        assert "".join(read) == text[:-1]
        assert "".join(asked) == text[1:]
        for t in range(n):
            assert {grammar.SYMBOLS[k] for k in np.flatnonzero(coded.legal[t, b])} == set(
                legal[t + 1]
            )
        assert not coded.xs[n:, b].any()


def test_right_means_all_legal_symbols_above_all_others():
    legal = np.array([0, 1, 1, 0, 0, 0, 0])
    y = np.array([0.1, 0.4, 0.3, 0.2, 0, 0, 0])
    assert grammar.right_steps(y, legal)
    assert not grammar.right_steps(np.where(np.arange(7) == 2, 0.2, y), legal)  # a draw is wrong
    assert not grammar.right_steps(np.where(np.arange(7) == 2, 0.1, y), legal)
    with pytest.raises(ValueError, match="legal"):
        grammar.right_steps(y, legal[:3])


def test_the_grammar_refuses_what_it_cannot_use():
    with pytest.raises(TypeError, match="rng"):
        grammar.embedded_string(rng=5)
    with pytest.raises(TypeError, match="rng"):
        grammar.continual_stream(rng=None)
    with pytest.raises(ValueError, match="count"):
        grammar.embedded_sets(0, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="strings"):
        grammar.code([])


# ---------------------------------------------------------------- the other tasks


def test_temporal_order_by_the_papers_words():
    xs, targets, last = temporal_order(500, rng=np.random.default_rng(6))
    assert xs.shape == (110, 500, 8)
    assert set(last + 1) == set(range(100, 111))
    where = {1: set(), 2: set()}
    for b in range(500):
        n = last[b] + 1
        symbols = ["EBabcdXY"[k] for k in xs[:n, b].argmax(-1)]
        assert (xs[:n, b].sum(-1) == 1).all()
        assert not xs[n:, b].any()
        assert (symbols[0], symbols[-1]) == ("E", "B")
        assert set(symbols[1:-1]) <= set("abcdXY")
        first, second = (t for t in range(n) if symbols[t] in "XY")
        where[1].add(first + 1), where[2].add(second + 1)
        kind = ["XX", "XY", "YX", "YY"].index(symbols[first] + symbols[second])
        assert targets[b].tolist() == np.eye(4)[kind].tolist()
    assert where[1] == set(range(10, 21))
    assert where[2] == set(range(50, 61))
    assert (targets.sum(0) > 90).all()
    with pytest.raises(ValueError, match="B"):
        temporal_order(0, rng=np.random.default_rng(0))


def test_long_lag_by_the_papers_words():
    xs, targets = long_lag(5)
    names = ["a1", "a2", "a3", "a4", "x", "y"]
    for b, ends in enumerate("xy"):
        symbols = [names[k] for k in xs[:, b].argmax(-1)]
        assert symbols == [ends, "a1", "a2", "a3", "a4"]
        assert [names[k] for k in targets[:, b].argmax(-1)] == [*symbols[1:], ends]
    assert (xs.sum(-1) == 1).all()
    for p, error in ((1, ValueError), (0, ValueError), (2.5, TypeError)):
        with pytest.raises(error, match="p"):
            long_lag(p)


# ---------------------------------------------------------------- networks

NETS = {
    "1997": Blocks(3, 2, 3, 2),
    "2000": Blocks(3, 2, 2, 2, forget=True, gates_feed=False, shortcut=True,
                   biases=("gates", "output")),
    "everywhere": Blocks(3, 2, 2, 1, forget=True, biases=EVERYWHERE),
    "2a": Blocks(3, 2, 1, 2, output_gate=False, recurrent=False, biases=(), shortcut=True,
                 plain=True),
}  # fmt: skip


@pytest.mark.parametrize(
    ("net", "weights"),
    [
        (Blocks(7, 7, 4, 1), 264),  # table 1 of 1997
        (Blocks(7, 7, 3, 2), 276),
        (NETS["2a"].__class__(101, 101, 1, 1, output_gate=False, recurrent=False, biases=(),
                              shortcut=True, plain=True), 10504),  # table 2
        (Blocks(2, 1, 2, 2, biases=EVERYWHERE), 93),  # table 7
        (Blocks(8, 4, 2, 2, biases=EVERYWHERE), 156),  # table 9
        (Blocks(7, 7, 4, 2, forget=True, gates_feed=False, shortcut=True,
                biases=("gates", "output")), 424),  # Gers et al. 2000
    ],
)  # fmt: skip
def test_weights_are_as_many_as_the_papers_count(net, weights):
    assert sum(part.sum() for part in net.wiring()) == weights


def fresh(net, K=2, within=0.9, seed=7):
    return init_blocks(net, within, rngs=np.random.default_rng(seed).spawn(K))


def given(net, T=6, K=2, B=3, seed=8):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(T, K, B, net.inputs)), rng.random((T, K, B, net.outputs))


def slow(xs, params, net, frozen=None):
    """The same network unit by unit, A.1 (6) to (9). frozen: what the units see of the step
    before, from another run: a perturbation then cannot travel through it."""
    seen, shown = [np.zeros(net.gates + net.cells)], []
    c = np.zeros(net.cells)
    for t, x in enumerate(xs):
        into = np.concatenate([x, (frozen or seen)[t], [1]])
        net_in = [sum(into[m] * params.hidden[m, u] for m in range(len(into)))
                  for u in range(net.gates + net.cells)]  # fmt: skip
        y = [1 / (1 + np.exp(-a)) for a in net_in]
        for cell in range(net.cells):
            block = cell // net.size
            g = y[net.gates + cell]
            g = g if net.plain else 4 * g - 2
            f = y[net.kinds.index("f") * net.blocks + block] if net.forget else 1
            c[cell] = f * c[cell] + y[block] * g
            h = c[cell] if net.plain else 2 / (1 + np.exp(-c[cell])) - 1
            y[net.gates + cell] = h * (y[net.blocks + block] if net.output_gate else 1)
        seen.append(np.array(y))
        into = np.concatenate([y[net.gates :], x, [1]])
        shown.append(1 / (1 + np.exp(-into @ params.output)))
    return np.array(shown), seen


@pytest.mark.parametrize("name", NETS)
def test_forward_is_the_appendix_unit_by_unit(name):
    net = NETS[name]
    params, (xs, _) = fresh(net), given(net)
    y, trace = blocks_forward(xs, params, net)
    for k, b in itertools.product(range(2), range(3)):
        want, seen = slow(xs[:, k, b], each_array(lambda a, k=k: a[k], params), net)
        np.testing.assert_allclose(y[:, k, b], want, rtol=0, atol=1e-13)
        np.testing.assert_allclose(trace.seen[:, k, b], seen, rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", NETS)
def test_the_truncated_gradient_is_the_slope_with_the_step_before_held_still(name):
    net = NETS[name]
    params, (xs, targets) = fresh(net, K=1), given(net, K=1, B=1)
    y, trace = blocks_forward(xs, params, net)
    grads = blocks_backward((y - targets) * y * (1 - y), trace, params, net)
    one = BlockParams(*(a[0].copy() for a in params))
    frozen = list(trace.seen[:, 0, 0])

    def loss():
        shown, _ = slow(xs[:, 0, 0], one, net, frozen)
        return ((shown - targets[:, 0, 0]) ** 2).sum() / 2

    for part, wires, got in zip(one, net.wiring(), grads, strict=True):
        for place in zip(*np.nonzero(wires), strict=True):
            kept = part[place]
            part[place] = kept + 1e-5
            above = loss()
            part[place] = kept - 1e-5
            slope = (above - loss()) / 2e-5
            part[place] = kept
            assert got[0][place] == pytest.approx(slope, abs=1e-8)
        assert not got[0][wires == 0].any()


@pytest.mark.parametrize("name", ["1997", "2000", "everywhere"])
def test_forward_in_time_gives_the_gradient_of_looking_back(name):
    net = NETS[name]
    params, (xs, targets) = fresh(net, K=3), given(net, K=3, B=1)
    y, trace = blocks_forward(xs, params, net)
    grads = blocks_backward((y - targets) * y * (1 - y), trace, params, net)
    learner = RealTime(each_array(np.copy, params), net, online=False)
    rate = np.array([1.0, 0.5, 2.0])
    for t in range(len(xs)):
        got = learner.step(xs[t, :, 0], targets[t, :, 0], rate)
        np.testing.assert_allclose(got, y[t, :, 0], rtol=0, atol=1e-13)
    learner.reset(np.array([True, True, False]))
    for new, old, grad in zip(learner.params, params, grads, strict=True):
        want = -rate[:, None, None] * grad
        np.testing.assert_allclose((new - old)[:2], want[:2], rtol=0, atol=1e-13)
        assert (new[2] == old[2]).all()
    assert not learner.c[:2].any()
    assert learner.c[2].any()


def test_online_changes_the_weights_at_every_step():
    net = NETS["1997"]
    params, (xs, targets) = fresh(net, K=1), given(net, K=1, B=1)
    learner = RealTime(each_array(np.copy, params), net)
    y, trace = blocks_forward(xs[:1], params, net)
    first = blocks_backward((y - targets[:1]) * y * (1 - y), trace, params, net)
    learner.step(xs[0, :, 0], targets[0, :, 0], 0.1)
    for new, old, grad in zip(learner.params, params, first, strict=True):
        np.testing.assert_allclose(new, old - 0.1 * grad, rtol=0, atol=1e-14)


def test_starting_biases_are_where_they_should_be():
    net = Blocks(2, 1, 2, 2, forget=True, biases=EVERYWHERE)
    rngs = np.random.default_rng(0).spawn(3)
    params = init_blocks(net, 0.1, rngs=rngs, i=[-3, -6], f=[1, 2])
    assert (params.hidden[:, -1, :2] == [-3, -6]).all()
    assert (params.hidden[:, -1, 4:6] == [1, 2]).all()
    assert 0 < np.abs(params.hidden[:, -1, 2:4]).max() <= 0.1
    assert (
        len(
            {
                a.hidden.tobytes()
                for a in map(lambda k: each_array(lambda p: p[k], params), range(3))
            }
        )
        == 3
    )
    with pytest.raises(ValueError, match="biases"):
        init_blocks(Blocks(2, 1, 2, 2), 0.1, rngs=rngs, f=[1, 2])


# ---------------------------------------------------------------- training many at once


def small_lag(K, seed=0, p=6):
    protocol = lag_protocol(p)
    rngs = np.random.default_rng(seed).spawn(K)
    return protocol, init_blocks(protocol.net, protocol.within, rngs=rngs), rngs


def test_a_short_lag_is_learned_and_the_rule_is_met():
    protocol, params, rngs = small_lag(3)
    model = BlockModel(protocol.net)
    trials = train_trials(params, model, protocol.task, SGD(1.0), rngs=rngs, cap=4_000)
    assert [trial.solved for trial in trials] == [True] * 3
    assert [trial.wrong for trial in trials] == [0] * 3
    assert all(trial.sequences % 10 == 0 and trial.sequences < 4_000 for trial in trials)
    protocol, params, rngs = small_lag(3)
    short = train_trials(params, model, protocol.task, SGD(1.0), rngs=rngs, cap=20)
    assert [(t.solved, t.sequences, t.wrong) for t in short] == [(False, 20, -1)] * 3


def test_cells_come_in_when_the_error_has_stopped_decreasing():
    assert still_falls([5.0])
    assert still_falls([5.0, 4.9])
    assert not still_falls([5.0, 4.96])
    assert not still_falls([5.0, 5.1])
    assert not still_falls([2.0**-n for n in range(100)])  # after 50,000, whatever
    protocol, params, rngs = small_lag(2)
    settled, counts = settle_without_cells(params, protocol.net, protocol.task, 1.0, rngs=rngs)
    cells = protocol.net.cells
    for k in range(2):  # the same as that many sequences, learned without a rule
        protocol, params, rngs = small_lag(2)
        fixed = learn_without_cells(params, protocol.net, protocol.task, 1.0, rngs=rngs,
                                    count=counts[k])  # fmt: skip
        np.testing.assert_allclose(fixed.output[k], settled.output[k], rtol=1e-12)
    assert (settled.output[:, :cells] == params.output[:, :cells]).all()
    assert (settled.hidden == params.hidden).all()


def test_a_network_comes_back_from_its_weights_in_a_row():
    net = NETS["1997"]
    params = fresh(net, K=1)
    wires = net.wiring()
    flat = np.concatenate([a[0][w > 0] for a, w in zip(params, wires, strict=True)])
    for a, b, w in zip(with_weights(net, flat), params, wires, strict=True):
        np.testing.assert_array_equal(a[0], b[0] * w)


def test_trials_side_by_side_are_trials_one_by_one():
    protocol, params, rngs = small_lag(3)
    model = BlockModel(protocol.net)
    together = train_trials(params, model, protocol.task, SGD(1.0), rngs=rngs, cap=400)
    protocol, params, rngs = small_lag(3)
    for k in range(3):
        one = each_array(lambda a, k=k: a[k : k + 1], params)
        alone = train_trials(one, model, protocol.task, SGD(1.0), rngs=rngs[k : k + 1], cap=400)
        assert alone[0].sequences == together[k].sequences
        np.testing.assert_allclose(alone[0].errors, together[k].errors, rtol=1e-9)


def test_the_update_is_the_gradient_step_of_a_single_sequence():
    protocol, params, rngs = small_lag(1)
    both = Episodes(*long_lag(6), np.ones((6, 2)))
    picked = int(np.random.default_rng(0).spawn(1)[0].integers(2, size=100)[0])
    del rngs
    fresh = np.random.default_rng(0).spawn(1)
    captured = {}

    class Seen(SGD):
        def step(self, params, grads, moments):
            captured.setdefault("grads", grads)
            return super().step(params, grads, moments)

    params = init_blocks(protocol.net, 0.2, rngs=np.random.default_rng(5).spawn(1))
    train_trials(params, BlockModel(protocol.net), protocol.task, Seen(1.0), rngs=fresh, cap=1)
    xs, targets = both.xs[:, None, picked : picked + 1], both.targets[:, None, picked : picked + 1]

    def loss(output):  # the read-out's gradient is the full one, whatever is truncated
        y, _ = blocks_forward(xs, params._replace(output=output), protocol.net)
        return ((y - targets) ** 2).sum() / 2

    mask = protocol.net.wiring().output
    report = gradient_check(lambda o: loss(o * mask), params.output, captured["grads"].output)
    assert report, str(report)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_with_its_read_out_has_the_gradient_of_the_cross_entropy(name):
    rng = np.random.default_rng(1)
    model = VariantModel(name)
    params = model.start(3, 4, 2, rngs=rng.spawn(2))
    xs, targets = rng.normal(size=(5, 2, 1, 3)), rng.integers(2, size=(5, 2, 1, 2)).astype(float)
    y, trace = model.forward(xs, params)
    np.testing.assert_allclose(
        y, sigmoid(trace.h[1:] @ params.readout.W_y + params.readout.b_y[:, None]), rtol=1e-12
    )
    grads = model.backward(y - targets, trace, params)

    def loss(part, key):
        y, _ = model.forward(xs, params._replace(**{key: part}))
        return -(targets * np.log(y) + (1 - targets) * np.log(1 - y)).sum()

    assert gradient_check(lambda p: loss(p, "readout"), params.readout, grads.readout)
    full = gradient_check(lambda p: loss(p, "cell"), params.cell, grads.cell)
    assert full.ok is not VARIANTS[name].truncated


def test_reber_strings_are_learned_better_than_by_chance_and_the_exam_is_fair():
    sets = grammar.embedded_sets(40, rng=np.random.default_rng(3))
    model, rngs = VariantModel("modern"), np.random.default_rng(4).spawn(2)
    params = model.start(7, 8, 7, rngs=rngs)
    trials = string_trials(params, model, [sets] * 2, Adam(0.02), rngs=rngs, cap=600, every=200)
    for trial in trials:
        assert trial.errors[-1] <= 0.75 < 1 == trial.errors[0]
        assert trial.solved is (trial.wrong == trial.wrong_trained == 0)
        different = [len({string.text for string in part}) for part in sets]
        assert 0 <= trial.wrong_trained <= different[0]
        share = (trial.wrong + trial.wrong_trained) / sum(different)
        assert trial.errors[-1] == pytest.approx(share)
    reber = reber_protocol(3, 2)
    params = init_blocks(reber.net, 0.2, rngs=rngs, o=(-1, -2, -3))
    slow = reber_trials(params, reber.net, [sets] * 2, rate=0.5, rngs=rngs, cap=100)
    assert [trial.sequences for trial in slow] == [100] * 2
    with pytest.raises(ValueError, match="aim: expected"):
        reber_trials(params, reber.net, [sets] * 2, rate=0.5, rngs=rngs, cap=1, aim="x")


def test_without_a_forget_gate_the_memory_drifts_on_a_stream():
    found = {}
    for name in ("1997", "2000"):
        model, rngs = VariantModel(name), np.random.default_rng(0).spawn(3)
        params = model.start(7, 8, 7, rngs=rngs)
        found[name] = stream_trials(params, model, Adam(0.01), rngs=rngs, chunks=60, test=500)
    old, new = ([trial.state for trial in found[name]] for name in found)
    assert all((np.diff(state) > 0).all() for state in old)  # on and on, in training as in the test
    assert np.min(old) > 10 * np.max(new)
    assert all(0 < trial.lost <= 8 for trial in found["1997"])
    assert not any(trial.lost for trial in found["2000"])
    assert all(0 <= share <= 1 for trials in found.values() for t in trials for share in t.right)
    for trial in found["1997"] + found["2000"]:
        assert 0 < trial.wrong_kept < trial.wrong == round(500 * (1 - np.mean(trial.right)))
        assert trial.gates == ()  # no gate f in 1997, no lost unit in 2000


def test_a_streams_remembered_symbol_is_where_one_of_t_and_p_alone_may_come():
    text = [*islice(grammar.continual_stream(rng=np.random.default_rng(1)), 400)]
    legal = np.array([[symbol in may for symbol in grammar.SYMBOLS] for _, may in text], float)
    due = streams._remembered(legal)
    assert due.any()
    assert all(may in "TP" for (_, may), at in zip(text, due, strict=True) if at)
    # each remembered symbol is followed by the last E of its string
    after = [text[t + 2][0] for t in np.flatnonzero(due[:-2])]
    assert set(after) == {"E"}
    assert due.sum() > 20


def test_after_an_error_a_stream_begins_with_a_string(monkeypatch):
    """A rate of 0 leaves the network as it is, so it errs at nearly every symbol."""
    read, afresh = [], []

    class Watched(RealTime):
        def step(self, x, target=None, rate=0.0):
            if target is not None:
                read.append(grammar.SYMBOLS[int(x[0].argmax())])
            return super().step(x, target, rate)

        def reset(self, which):
            afresh.append(len(read))  # the place of the next symbol
            super().reset(which)

    monkeypatch.setattr(streams, "RealTime", Watched)
    net = Blocks(7, 7, 2, 1, forget=True, gates_feed=False, shortcut=True, biases=("gates",))
    rngs = np.random.default_rng(0).spawn(1)
    params = init_blocks(net, 5, rngs=rngs)
    [trial] = continual_trials(params, net, rngs=rngs, symbols=200, rate=0.0, every=200, tests=1)
    assert trial.streams == len(afresh) > 20
    assert {read[n] for n in afresh if n < len(read)} == {"B"}


def test_a_stream_is_read_on_where_training_left_it():
    """Not from a memory of zero: the cell that cannot forget enters the test as far off as it is."""
    model, rngs = VariantModel("1997"), np.random.default_rng(0).spawn(1)
    params = model.start(7, 4, 7, rngs=rngs)
    still = SGD(1e-12)
    [short] = stream_trials(params, model, still, rngs=rngs, chunks=1, test=10)
    rngs = np.random.default_rng(0).spawn(1)
    params = model.start(7, 4, 7, rngs=rngs)
    [long] = stream_trials(params, model, still, rngs=rngs, chunks=100, test=10)
    assert long.state[0] > 10 * short.state[-1]


def test_a_continual_trial_counts_streams_and_looks_in_time():
    net = Blocks(7, 7, 2, 1, forget=True, gates_feed=False, shortcut=True, biases=("gates",))
    rngs = np.random.default_rng(0).spawn(2)
    params = init_blocks(net, 0.2, rngs=rngs)
    for trial in continual_trials(params, net, rngs=rngs, symbols=200, every=100, cap=20):
        assert len(trial.tests) == 2
        assert trial.best == max(trial.tests)
        assert 1 <= trial.streams <= 200


# ---------------------------------------------------------------- intervals and what is stored


def test_wilson_is_where_the_score_test_says_and_covers():
    for solved, trials in [(0, 8), (3, 10), (20, 20)]:
        for edge in wilson(solved, trials):
            if 0 < edge < 1:  # the edge p for which |k/n - p| is z standard errors of p
                error = np.sqrt(edge * (1 - edge) / trials)
                assert abs(abs(solved / trials - edge) - 1.96 * error) < 1e-6
    low, high = bootstrap([1.0, 2.0, 3.0], rng=np.random.default_rng(0))
    assert 1 <= low < 2 < high <= 3
    for bad in [(5, 4), (-1, 4), (0, 0)]:
        with pytest.raises(ValueError, match=r"(solved|trials): expected"):
            wilson(*bad)


@pytest.mark.parametrize(("count", "low", "high"), [(5, 0.72, 0.88), (10, 0.82, 0.94)])
def test_of_few_values_the_bootstrap_promises_too_much(count, low, high):
    """Its 95 % range holds the true mean in 80 to 90 of 100 cases."""
    rng = np.random.default_rng(0)
    ranges = np.array([bootstrap(rng.normal(size=count), rng=rng, draws=500) for _ in range(600)])
    assert low < np.mean((ranges[:, 0] < 0) & (ranges[:, 1] > 0)) < high


def test_every_row_of_the_benchmark_is_stored_as_it_would_be_run_again(monkeypatch):
    """Same seed, settings and cap: the command in the file makes the file."""
    pytest.importorskip("numba", reason="numba is optional: pip install numba")
    monkeypatch.setattr(os, "environ", os.environ.copy())  # the benchmark keeps to one thread
    rows = runpy.run_path(str(Path(__file__).parent.parent / "benchmarks" / "replication.py"))[
        "ROWS"
    ]
    records = {record["row"]: record for record in stored_results()}
    assert list(records) == list(rows)
    for seed, (name, row) in enumerate(rows.items()):
        record = records[name]
        now = {"seed": seed, "cap": row.cap, "weights": row.weights, "settings": row.settings,
               "departures": row.departures, "paper": row.paper}  # fmt: skip
        assert json.loads(json.dumps(now)) == {key: record[key] for key in now}, name
        assert len(record["trials"]) == row.trials


def test_stored_results_agree_with_their_own_trials():
    records = stored_results()
    assert len({record["row"] for record in records}) == len(records) >= 8
    for record in records:
        trials, found = record["trials"], record["summary"]
        assert record["command"] == f"python benchmarks/replication.py {record['row']}"
        assert {"seed", "cap", "weights", "departures", "python", "numpy"} <= set(record)
        assert len(trials) == found["of"]
        if "right" in found:
            right = np.mean([trial["right"] for trial in trials])
            assert abs(right - found["right"]) < 2e-3
            continue
        key = "perfect" if "perfect" in trials[0] else "solved"
        assert sum(trial[key] for trial in trials) == found["solved"]
        low, high = wilson(found["solved"], found["of"])
        assert (round(low, 3), round(high, 3)) == (found["share_low"], found["share_high"])
        until = [t["sequences"] for t in trials if t.get("solved")]
        if until:
            assert round(np.mean(until)) == found["sequences"]
            assert (min(until), max(until)) == (found["least"], found["most"])
            assert ("low" in found) is (len(until) >= 5)
            assert found.get("low", 0) <= found["sequences"] <= found.get("high", np.inf)


def fresh_start(name, cap):
    """The first trial of a stored row again, for a few sequences: by the readable engine."""
    record = next(r for r in stored_results() if r["row"] == name)
    settings, rngs = record["settings"], np.random.default_rng(record["seed"]).spawn(1)
    protocol = adding_protocol() if name.startswith("adding") else reber_protocol(3, 2)
    net = protocol.net
    if "g_within" in settings:
        net = replace(net, g_within=settings["g_within"], h_within=settings["h_within"])
    params = init_blocks(net, settings["within"], rngs=rngs, **settings["biases"])
    if name.startswith("adding"):
        rate = SGD(settings["rate"])
        [trial] = train_trials(params, BlockModel(net), protocol.task, rate, rngs=rngs, cap=cap)
    else:
        sets = [embedded_sets(rng=np.random.default_rng(1997))]
        [trial] = reber_trials(params, net, sets, rate=settings["rate"], rngs=rngs, cap=cap,
                               online=settings["online"], aim=settings["aim"])  # fmt: skip
    return trial, record["trials"][0]


@pytest.mark.parametrize(
    "name", ["adding-1997", "adding-3-3", "reber-3x2-1997", "reber-3x2-ranges"]
)
def test_a_stored_curve_begins_as_a_fresh_run_does(name):
    """Stored curves have four digits; their first value is that of the first exam or thousand."""
    fresh, stored = fresh_start(name, 1_000 if name.startswith("adding") else 100)
    assert stored["errors"][0] == pytest.approx(fresh.errors[0], rel=1e-3)


def test_the_weights_that_are_stored_answer_as_their_row_says():
    """The network that gave up has an error of about the 0.01 that it could not reach; the other
    one's rule was met."""
    draw = adding_protocol().task.draw
    for name in ("adding-1997", "adding-3-3"):
        record = next(r for r in stored_results() if r["row"] == name)
        trial = record["trials"][0]
        net = adding_protocol().net
        params = with_weights(net, trial["weights"])
        xs, targets, due = draw(1_000, np.random.default_rng(0))
        y, trace = blocks_forward(xs[:, None], params, net)
        error = (np.abs(y[:, 0] - targets) * due[..., None]).sum(axis=0).mean()
        assert error == pytest.approx(trial["errors"][-1], rel=0.15)
        highest = trace.seen[1:, 0, :, net.gate("i")].max(axis=(0, 1))
        opened = [gate[-1] for gate in trial["opened"][:2]]
        np.testing.assert_allclose(highest, opened, rtol=0.15)


# ---------------------------------------------------------------- what stands still


def test_the_reber_picture_has_every_way_of_the_grammar():
    figure = figures.reber_picture()
    ways = [way for ways in grammar.REBER for way in ways]
    graph, whole = figure.axes
    letters = [t.get_text() for t in graph.texts if t.get_text() in grammar.SYMBOLS]
    drawn = sorted(letter for letter in letters if letter)
    assert drawn == sorted(symbol for symbol, _ in ways)
    assert {str(n) for n in range(grammar.END)} <= {t.get_text() for t in graph.texts}
    for symbol, to in ways:
        assert f"{symbol} to {'end' if to == grammar.END else to}" in figure.alt
    around = sorted(t.get_text() for t in whole.texts if len(t.get_text().strip()) == 1)
    assert "".join(around) == "BEPPTT"


def test_departures_are_keys_that_are_said():
    records = {record["row"]: record for record in stored_results()}
    for record in records.values():
        said = figures.departures(record)
        assert len(said.split("; ")) == len(record["departures"])
        assert "{" not in said
    assert records["lag-settled"]["departures"]["with_cell"] == records["lag-settled"]["cap"]
    assert list(records["adding-3-3"]["departures"]) == ["trials", "sequences", "biases"]
    assert "biases −3 and −3" in figures.departures(records["adding-3-3"])


def drawn(ax, marker, colour):
    """The lines of an axis with this marker and colour."""
    return [line for line in ax.lines if (line.get_marker(), line.get_color()) == (marker, colour)]


def test_the_picture_of_rows_has_every_solved_trial_and_the_paper():
    figure = figures.rows_picture({"order-1997": "order", "adding-slower": "no figure"})
    shares, until = figure.axes
    [record] = [r for r in stored_results() if r["row"] == "order-1997"]
    names = [label.get_text() for label in shares.get_yticklabels()]
    assert names == ["order: 9 of 10", "no figure: 0 of 10"]
    share, nothing = drawn(shares, "o", INPUT)
    assert (share.get_xdata()[0], nothing.get_xdata()[0]) == (0.9, 0)
    [trials] = drawn(until, "o", INPUT)
    assert list(trials.get_xdata()) == [t["sequences"] for t in record["trials"] if t["solved"]]
    [mean] = drawn(until, "|", INPUT)
    assert mean.get_xdata()[0] == record["summary"]["sequences"] == 23_644
    [assumed] = drawn(shares, "D", FORGET)
    assert assumed.get_markerfacecolor() == "white"
    [paper] = drawn(until, "D", FORGET)
    assert paper.get_xdata()[0] == 31_390
    beside = [text.get_text() for text in until.texts]
    assert {"23,644", "31,390", "1 stopped at 60,000", "10 stopped at 300,000"} <= set(beside)
    assert "order: 9 of 10 solved, 60 to 98 %, after 14,509 to 36,816 sequences" in figure.alt


def test_the_same_figure_of_the_paper_stands_once():
    figure = figures.rows_picture({"lag-added-1000": "early", "lag-added-5000": "late"})
    assert len(drawn(figure.axes[1], "D", FORGET)) == 1
    assert figure.alt.count("the paper") == 1


def test_lengths_that_differ_by_much_stand_on_a_logarithmic_axis():
    for rows, scale in [(("order-1997",), "linear"), (("order-1997", "adding-3-3"), "log")]:
        until = figures.rows_picture({row: row for row in rows}).axes[1]
        assert until.get_xscale() == scale
        low, high = until.get_xlim()
        dots = np.concatenate([line.get_xdata() for line in drawn(until, "o", INPUT)])
        assert low < dots.min() < dots.max() < high


def test_the_cells_picture_draws_both_sequences():
    curves = [np.outer(np.arange(5.0), [1, 2]), np.outer(np.arange(5.0), [3, 4])]
    figure = figures.cell_picture(curves, ["one", "other"])
    for ax, c in zip(figure.axes, curves, strict=True):
        np.testing.assert_array_equal([line.get_ydata() for line in ax.lines], c.T)
    assert "other: at the last step 12.00 and 16.00" in figure.alt


def test_the_picture_of_opening_gates_counts_what_is_stored():
    record = next(r for r in stored_results() if r["row"] == "adding-6-6")
    figure = figures.opening_picture([record, record], ["one", "other"])
    assert figure.axes[0].get_title(loc="left") == "one\n0 of 8 solved"
    assert len(figure.axes[0].lines) == 2 * len(record["trials"])
    top = np.array([[max(gate) for gate in t["opened"][:2]] for t in record["trials"]])
    assert f"at most {top[:, 0].min():.2g} to {top[:, 0].max():.2g} in block 1" in figure.alt
    assert f"both beyond 0.05 in {(top > 0.05).all(axis=1).sum()} of 8" in figure.alt


def test_the_picture_of_places_says_where_unsolved_networks_are_wrong():
    figure = figures.places_picture({"reber-3x2-1997": "text", "reber-3x2-ranges": "table"})
    for ax, row in zip(figure.axes, ("reber-3x2-1997", "reber-3x2-ranges"), strict=True):
        record = next(r for r in stored_results() if r["row"] == row)
        places = [t["places"] for t in record["trials"] if not t["solved"]]
        wanted = [sum(n > 0 for n in place) / len(places) for place in zip(*places, strict=True)]
        np.testing.assert_allclose([bar.get_height() for bar in ax.patches], wanted)
        assert len(wanted) == len(PLACES)
    assert "of 75 unsolved networks 47 are wrong in the Reber graph only" in figure.alt


def test_the_picture_of_streams_has_a_dot_a_network():
    figure = figures.streams_picture({"stream-1997": "old", "stream-GRU": "GRU"}, 0.96)
    record = next(r for r in stored_results() if r["row"] == "stream-1997")
    rights, sizes = figure.axes
    right = drawn(rights, "o", INPUT)[0].get_xdata()
    np.testing.assert_allclose(right, [np.mean(t["right"]) for t in record["trials"]])
    largest = drawn(sizes, "o", CELL_LINE)[0].get_xdata()
    assert list(largest) == [t["state"][-1] for t in record["trials"]]
    assert f"{100 * right.min():.1f} to {100 * right.max():.1f} % right" in figure.alt


# ---------------------------------------------------------------- the dead block


def test_a_dead_block_is_shut_learns_nothing_and_is_missed_by_nobody():
    explorer = explorers.dead_block_explorer()
    v = explorer.values
    assert v["highest"][1] < 0.01 < 0.1 < v["highest"][0]
    assert v["sizes"][1] < 0.02 * v["sizes"][0]
    assert v["without"][1] == pytest.approx(v["error"], rel=0.05)
    assert v["without"][0] > 5 * v["error"]
    explorer.show_preset("pushed open")
    pushed = explorer.values
    assert pushed["highest"][1] > 0.1
    assert pushed["sizes"][1] > 10 * v["sizes"][1]
    explorer.show_preset("both at work")
    both = explorer.values
    assert both["highest"].min() > 0.02
    assert both["without"].min() > 2 * both["error"]
    explorer.close()


def test_the_dead_blocks_picture_shows_its_own_numbers():
    """The gradient of block 2's weights, and the error without it, in one other way each."""
    explorer = explorers.dead_block_explorer()
    explorer.set(network="−3, −6: as drawn", shift=2.0, sequence=5)
    v, protocol = explorer.values, adding_protocol()
    net = protocol.net
    biases = {"i": (-3.0, -4.0)}
    rngs = [np.random.default_rng(1997)]
    params = init_blocks(net, protocol.within, rngs=rngs, **biases)
    drawn = protocol.task.draw(64, np.random.default_rng(22))
    two = [b for b in range(64) if (drawn.xs[:, b, 1] == 1).sum() == 2][:32]
    xs, targets, due = (part[:, two][:, None] for part in drawn)
    y, trace = blocks_forward(xs, params, net)
    off = (y - targets) * due[..., None]
    assert v["error"] == pytest.approx(np.abs(off).sum() / 32)
    change = blocks_backward(off * y * (1 - y) / 32, trace, params, net).hidden[0]
    assert v["sizes"][1] == pytest.approx(np.sqrt((change[:, [1, 6, 7]] ** 2).sum()))
    assert v["highest"][1] == pytest.approx(trace.seen[1:, ..., 1].max())
    length = int(due[:, 0, 4].argmax()) + 1
    np.testing.assert_allclose(v["c"], trace.c[1 : length + 1, 0, 4])
    explorer.close()
