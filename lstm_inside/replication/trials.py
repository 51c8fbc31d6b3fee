"""The networks and the training of the 1997 and 2000 papers, many trials at once.

A network has blocks of memory cells; the cells of a block share their gates. Every trial is a
network with weights of its own, and K trials run as one array with a leading trial axis.
Numbers in brackets, such as (8.3), are the equations of notebook 08_replication; "A.1 (14)"
is equation 14 in appendix A.1 of Hochreiter & Schmidhuber 1997.

Axes: T time steps, K trials, B sequences a trial, D inputs, P outputs, N gates, C cells.
Everything is computed in float64.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice
from typing import NamedTuple

import numpy as np

from lstm_core import sigmoid
from lstm_inside import validate
from lstm_inside.replication.grammar import (
    SYMBOLS,
    Coded,
    StringSets,
    code,
    continual_stream,
    right_steps,
)
from lstm_inside.replication.variants import Trace, backward, forward, init_variant
from lstm_inside.tasks import adding_problem, long_lag, temporal_order
from lstm_inside.training import (
    Model,
    ReadoutParams,
    arrays_of,
    check_last,
    check_optimiser,
    each_array,
    init_readout,
)

# ---------------------------------------------------------------- networks


@dataclass(frozen=True)
class Blocks:
    """How a network of memory blocks is wired; its weights are counted as the papers count.

    blocks, size: how many blocks, and cells in each. forget: whether a block has a forget gate
    (2000) or not (1997). output_gate: whether it has an output gate (2a of 1997 has none).
    gates_feed: whether gates and cells also see the gates of the step before (1997).
    recurrent: whether they see the step before at all. biases: which units have one, of
    "gates", "output" and "cells". shortcut: whether outputs see the inputs. g_within, h_within:
    the ranges of candidate and squashed state, +-2 and +-1 in the text of 1997. plain: the
    squashing of experiment 2a, a candidate within (0, 1) and a cell that shows its state as it
    is. Raises ValueError or TypeError for sizes below 1, ranges that are not above 0, other
    units with a bias.
    """

    inputs: int
    outputs: int
    blocks: int
    size: int
    forget: bool = False
    output_gate: bool = True
    gates_feed: bool = True
    recurrent: bool = True
    biases: tuple[str, ...] = ("gates",)
    shortcut: bool = False
    g_within: float = 2.0
    h_within: float = 1.0
    plain: bool = False

    def __post_init__(self):
        for name in ("inputs", "outputs", "blocks", "size"):
            validate.count(name, getattr(self, name))
        for name in ("g_within", "h_within"):
            validate.positive(name, getattr(self, name))
        units = ("gates", "output", "cells")
        if not isinstance(self.biases, tuple | list) or not all(b in units for b in self.biases):
            raise ValueError(f"biases: expected some of {units}, got {self.biases!r}")

    @property
    def kinds(self) -> str:
        """The gates that a block has, in the order of their columns: of i, o and f."""
        return "i" + "o" * self.output_gate + "f" * self.forget

    @property
    def gates(self) -> int:
        """How many gates there are."""
        return len(self.kinds) * self.blocks

    @property
    def cells(self) -> int:
        """How many memory cells there are."""
        return self.blocks * self.size

    def gate(self, kind) -> slice:
        """The columns of one kind of gate: "i", "o" or "f". ValueError for one it has not."""
        validate.choice("kind", kind, tuple(self.kinds))
        start = self.kinds.index(kind) * self.blocks
        return slice(start, start + self.blocks)

    def wiring(self) -> "BlockParams":
        """The network's connections: 1 where there is a weight, 0 where there is none.

        Their sum is the number of weights.
        """
        N, C, D = self.gates, self.cells, self.inputs
        hidden = np.zeros((D + N + C + 1, N + C))
        hidden[:D] = 1
        hidden[D : D + N] = self.recurrent and self.gates_feed
        hidden[D + N : -1] = self.recurrent
        hidden[-1, :N] = "gates" in self.biases
        hidden[-1, N:] = "cells" in self.biases
        output = np.ones((C + D + 1, self.outputs))
        output[C : C + D] = self.shortcut
        output[-1] = "output" in self.biases
        return BlockParams(hidden, output)


class BlockParams(NamedTuple):
    """The weights of K networks of memory blocks.

    hidden (K, D + N + C + 1, N + C): rows see the inputs, the gates and the cells of the step
    before, and 1; columns are the gates (i, then o, then f, a column a block), then the cells.
    output (K, C + D + 1, P): rows see the cells, the inputs and 1.
    """

    hidden: np.ndarray
    output: np.ndarray


def init_blocks(net, within, *, rngs, **biases) -> BlockParams:
    """Draw the weights of one network for each generator of `rngs`, within +-`within`.

    biases: i, o or f = the starting biases of those gates, a number a block; those left out
    are drawn like the weights. Raises ValueError or TypeError for gates that the network does
    not have, a range that is not above 0, biases that are not finite, no Generators.
    """
    _check_net(net)
    validate.positive("within", within)
    _check_rngs(rngs)
    hidden, output = net.wiring()
    drawn = [
        BlockParams(rng.uniform(-within, within, hidden.shape) * hidden,
                    rng.uniform(-within, within, output.shape) * output)
        for rng in rngs
    ]  # fmt: skip
    params = BlockParams(*map(np.stack, zip(*drawn, strict=True)))
    for kind, values in biases.items():
        if kind not in net.kinds:
            raise ValueError(f"biases: expected gates among {net.kinds!r}, got {kind!r}")
        values = validate.array(f"biases {kind}", values, (net.blocks,), "(blocks,)", float)
        params.hidden[:, -1, net.gate(kind)] = values
    return params


class BlockTrace(NamedTuple):
    """All that a run of the blocks leaves behind: arrays (T, K, B, ...), `seen` one step more.

    xs: inputs. seen (..., N + C): gates and cells' outputs, from before the first step on.
    c, g, h (..., blocks, size): states, candidates, squashed states; c has one step more.
    """

    xs: np.ndarray
    seen: np.ndarray
    c: np.ndarray
    g: np.ndarray
    h: np.ndarray


def blocks_forward(xs, params, net):
    """Run K networks over xs (T, K, B, D): the outputs (T, K, B, P) and the trace.

    c = f c_prev + i g (8.4), where f is 1 without forget gates (8.3); h = 2 sigmoid(c) - 1 =
    tanh(c/2) (A.1 (4)), g = 4 sigmoid(a) - 2 = 2 tanh(a/2) (A.1 (5)), a cell's output is o h, the
    outputs are sigmoids.
    Raises ValueError or TypeError for what does not fit the wiring, NaN, infinity.
    """
    params = _check_blocks(params, net)
    xs = validate.real("xs", xs, ndim=4)
    shape = (len(xs), len(params.hidden), xs.shape[2], net.inputs)
    if not xs.size:
        raise ValueError(f"xs: expected T, K, B and D of at least 1, got shape {xs.shape}")
    xs = validate.array("xs", xs, shape, "(T, K, B, D)", float)
    (T, K, B, D), N, C = shape, net.gates, net.cells
    W_seen = params.hidden[:, D:-1]
    a = xs @ params.hidden[:, :D] + params.hidden[:, -1:]
    seen = np.zeros((T + 1, K, B, N + C))
    c = np.zeros((T + 1, K, B, net.blocks, net.size))
    g, h = np.empty_like(c[1:]), np.empty_like(c[1:])
    i, o, f = (net.gate(kind) if kind in net.kinds else None for kind in "iof")
    for t in range(T):
        if net.recurrent:
            a[t] += seen[t] @ W_seen
        s = seen[t + 1]
        np.tanh(a[t] / 2, out=s)  # sigmoid(a) = (1 + tanh(a / 2)) / 2, in one call a step
        s += 1
        s /= 2
        candidate = s[..., N:].reshape(g[t].shape)
        g[t] = candidate if net.plain else net.g_within * (2 * candidate - 1)
        c[t + 1] = s[..., i, None] * g[t] + (s[..., f, None] * c[t] if net.forget else c[t])
        h[t] = c[t + 1] if net.plain else net.h_within * np.tanh(c[t + 1] / 2)
        shown = s[..., o, None] * h[t] if net.output_gate else h[t]
        s[..., N:] = shown.reshape(K, B, C)
    y = _readout(xs, seen[1:, ..., N:], params, net)
    return y, BlockTrace(xs, seen, c, g, h)


def _readout(xs, cells, params, net):
    a = cells @ params.output[:, : net.cells] + params.output[:, -1:]
    if net.shortcut:
        a += xs @ params.output[:, net.cells : -1]
    return sigmoid(a)


def blocks_backward(da, trace, params, net) -> BlockParams:
    """The truncated gradient of A.1: error flows back through the states, nowhere else.

    da (T, K, B, P): the loss's derivative by the outputs' pre-activations. What the gates and
    cells see of the step before counts as input: no error goes back through it. Within a
    sequence the weights stand still, and its contributions are summed, as A.1 says.
    Raises ValueError or TypeError for what does not fit the wiring or the trace, NaN, infinity.
    """
    params = _check_blocks(params, net)
    if not isinstance(trace, BlockTrace):
        raise TypeError(f"trace: expected BlockTrace, got {validate.describe(trace)}")
    xs, seen, c, g, h = trace
    (T, K, B, _), N, C = xs.shape, net.gates, net.cells
    want = (T + 1, len(params.hidden), B, N + C)
    if seen.shape != want or c.shape[3:] != (net.blocks, net.size) or xs.shape[3] != net.inputs:
        raise ValueError(f"trace: expected the wiring of net, `seen` of {want}, got {seen.shape}")
    da = validate.array("da", da, (T, K, B, net.outputs), "(T, K, B, P)", float)
    s = seen[1:]
    i, o, f = (net.gate(kind) if kind in net.kinds else None for kind in "iof")
    dy = (da @ params.output[:, :C].swapaxes(1, 2)).reshape(g.shape)
    open_ = s[..., o, None] if net.output_gate else 1.0
    dc = dy * open_ * (1 if net.plain else _slope_within(h, net.h_within))
    if net.forget:
        for t in range(T - 2, -1, -1):
            dc[t] += s[t + 1][..., f, None] * dc[t + 1]
    else:
        dc = np.cumsum(dc[::-1], axis=0)[::-1]  # the carousel: the error stays as it is
    d = np.empty_like(s)
    d[..., i] = (dc * g).sum(-1) * _slope(s[..., i])
    if net.output_gate:
        d[..., o] = (dy * h).sum(-1) * _slope(s[..., o])
    if net.forget:
        d[..., f] = (dc * c[:-1]).sum(-1) * _slope(s[..., f])
    slope = _slope(g) if net.plain else _slope_within(g, net.g_within)
    d[..., N:] = (dc * s[..., i, None] * slope).reshape(T, K, B, C)

    hidden, output = net.wiring()
    ones = np.ones((T, K, B, 1))
    into = np.concatenate([xs, seen[:-1], ones], axis=-1)
    shown = np.concatenate([s[..., N:], xs, ones], axis=-1)
    return BlockParams(_outer(into, d) * hidden, _outer(shown, da) * output)


def _check_net(net):
    if not isinstance(net, Blocks):
        raise TypeError(f"net: expected Blocks, got {validate.describe(net)}")


def _check_rngs(rngs, K=None):
    """A Generator for each of K networks."""
    if not isinstance(rngs, tuple | list):
        raise TypeError(
            f"rngs: expected a list of numpy.random.Generator, got {validate.describe(rngs)}"
        )
    for rng in rngs:
        if not isinstance(rng, np.random.Generator):
            raise TypeError(f"rngs: expected numpy.random.Generator, got {validate.describe(rng)}")
    if not rngs or (K is not None and len(rngs) != K):
        raise ValueError(f"rngs: expected {K or 'at least 1'}, one a network, got {len(rngs)}")


def _check_blocks(params, net):
    """The weights of networks wired like `net`, in float64."""
    _check_net(net)
    if not isinstance(params, BlockParams):
        raise TypeError(f"params: expected BlockParams, got {validate.describe(params)}")
    hidden, output = map(validate.real, BlockParams._fields, params)
    N, C, D = net.gates, net.cells, net.inputs
    K = len(hidden) if hidden.ndim else 0
    if not K:
        raise ValueError(f"hidden: expected at least one network, got shape {hidden.shape}")
    return BlockParams(
        validate.array("hidden", hidden, (K, D + N + C + 1, N + C), "(K, D+N+C+1, N+C)", float),
        validate.array("output", output, (K, C + D + 1, net.outputs), "(K, C+D+1, P)", float),
    )


def _slope(y):
    return y * (1 - y)


def _slope_within(y, limit):
    """The slope of y = limit tanh(a / 2), from y."""
    return (limit - y**2 / limit) / 2


def _outer(a, b):
    """The sum over time and batch of a (T, K, B, m) times b (T, K, B, n): (K, m, n)."""
    a, b = (np.ascontiguousarray(np.moveaxis(v, 1, 0)) for v in (a, b))  # or matmul crawls
    K = len(a)
    return a.reshape(K, -1, a.shape[-1]).swapaxes(1, 2) @ b.reshape(K, -1, b.shape[-1])


# ---------------------------------------------------------------- learning a sequence at a time


class Episodes(NamedTuple):
    """Sequences with the answers wanted of them: xs (T, B, D), targets (T, B, P).

    due (T, B): 1 at the steps at which an answer is wanted, 0 elsewhere and after the end.
    """

    xs: np.ndarray
    targets: np.ndarray
    due: np.ndarray


class Task(NamedTuple):
    """What to learn, and when the paper calls it learned.

    draw: (count, rng) -> Episodes. within: a sequence is right when no answer is off by this
    much or more. mean, window: training ends when the last `window` sequences were all right
    and their mean absolute error is below `mean` (the paper's ST3, table 11). Where there is
    an exam, training ends instead when every one of its sequences is right with the weights
    as they stand, looked at every `every` sequences.
    """

    draw: Callable
    within: float
    mean: float = np.inf
    window: int = 2000
    exam: Episodes | None = None
    every: int = 10


class Trial(NamedTuple):
    """How one trial went.

    solved: whether the stop rule was met. sequences: how many were trained on until then.
    wrong: of sequences drawn anew (of experiment 1: of strings it was never trained on), how
    many came out wrong with the weights standing still; -1 when these were not asked, as the
    rule was not met.
    errors: the mean absolute error of each successive thousand training sequences.
    wrong_trained: of a fixed set of training sequences, how many came out wrong; -1 where
    training sequences are drawn anew, without end.
    """

    solved: bool
    sequences: int
    wrong: int
    errors: tuple[float, ...]
    wrong_trained: int = -1


def at_the_end(sequences) -> Episodes:
    """Episodes of `lstm_inside.tasks.Sequences`, whose one answer is due at the last step.

    Raises ValueError or TypeError for what is none.
    """
    T, B = check_last(sequences)
    xs, answers, last = sequences
    answers = validate.real("targets", answers, ndim=2)
    answers = validate.array("targets", answers, (B, answers.shape[1]), "(B, P)", float)
    validate.finite("xs", xs)
    due = np.zeros((T, B))
    due[last, range(B)] = 1
    return Episodes(xs, due[..., None] * answers, due)


_CHUNK = 100  # sequences drawn at a time: one at a time would cost more than learning from it


class _Feed:
    """One trial's endless training sequences, drawn from its own generator."""

    def __init__(self, draw, rng):
        self.draw, self.rng, self.next = draw, rng, _CHUNK

    def __call__(self):
        if self.next == _CHUNK:
            self.drawn, self.next = self.draw(_CHUNK, self.rng), 0
            T = len(self.drawn.due)
            self.length = T - np.argmax(self.drawn.due[::-1] > 0, axis=0)
        b, self.next = self.next, self.next + 1
        return tuple(part[: self.length[b], b] for part in self.drawn)


def _stack(episodes):
    """Episodes of several lengths, one a trial, as arrays (T, K, 1, ...) filled up with zeros."""
    T = max(len(xs) for xs, _, _ in episodes)
    stacked = []
    for parts in zip(*episodes, strict=True):
        array = np.zeros((T, len(parts), 1, *parts[0].shape[1:]))
        for k, part in enumerate(parts):
            array[: len(part), k, 0] = part
        stacked.append(array)
    return Episodes(*stacked)


def train_trials(params, model, task, optimiser, *, rngs, cap, loss="squared", tests=2560):
    """Train K networks one sequence at a time until each meets the stop rule: K `Trial`s.

    params: a tree of arrays (K, ...). model: has forward(xs, params) -> y, trace and
    backward(da, trace, params) -> gradients, da being the derivative by the outputs'
    pre-activations. optimiser: SGD, Momentum or Adam. rngs: a generator a trial, which draws
    its sequences, so that a trial is the same whatever others run beside it. cap: when to give
    up. loss: "squared" as in 1997, where the update is along (t - y) y' (A.1 (19)), or
    "entropy", along t - y. A trial that has met the rule drops out.
    Raises ValueError or TypeError for an unknown loss, counts below 1, no task, no model, no
    optimiser, not as many generators as networks.
    """
    _check_trials(params, model, optimiser, rngs, cap=cap, tests=tests)
    _check_task(task)
    validate.choice("loss", loss, ("squared", "entropy"))
    K = len(rngs)
    feeds, alive, moments = [_Feed(task.draw, rng) for rng in rngs], np.arange(K), None
    recent = np.full((K, task.window), np.inf)  # each trial's last mean errors; inf when wrong
    means, trials = [[] for _ in rngs], [None] * K
    moments = optimiser.start(params)
    thousand = np.zeros(K)
    for step in range(1, cap + 1):
        xs, targets, due = _stack([feeds[k]() for k in alive])
        y, trace = model.forward(xs, params)
        off = (y - targets) * due[..., None]
        grads = model.backward(off * _slope(y) if loss == "squared" else off, trace, params)
        params, moments = optimiser.step(params, grads, moments)
        size = np.abs(off)
        error = size.sum((0, 2, 3)) / due.sum((0, 2)) / size.shape[-1]
        thousand[alive] += error
        if step % 1000 == 0:
            for k in alive:
                means[k].append(float(thousand[k]) / 1000)
            thousand[:] = 0
        wrong = size.max((0, 2, 3)) >= task.within
        recent[alive, step % task.window] = np.where(wrong, np.inf, error)
        if task.exam is None:
            met = recent[alive].mean(axis=1) < task.mean
        elif step % task.every == 0:
            met = np.array([not _wrong(_pick(params, [k]), model, task, task.exam)
                            for k in range(len(alive))])  # fmt: skip
        else:
            met = np.zeros(len(alive), dtype=bool)
        if met.any() or step == cap:
            for at in np.flatnonzero(met | (step == cap)):
                k, mine = alive[at], _pick(params, [at])
                left = -1
                if met[at]:
                    left = _wrong(mine, model, task, task.draw(tests, rngs[k]))
                trials[k] = Trial(bool(met[at]), step, left, tuple(means[k]))
            alive, kept = alive[~met], np.flatnonzero(~met)
            params, moments = _pick(params, kept), _pick(moments, kept)
        if not len(alive):
            break
    return trials


def learn_without_cells(params, net, task, rate, *, rngs, count) -> BlockParams:
    """Train K networks on `count` sequences before their cells are wired up: new parameters.

    The "sequential network construction" of 1997, used in experiment 2a: what can be learned
    without a memory is learned first, and only then the cells come in, with weights as drawn.
    Raises ValueError or TypeError for what does not fit the wiring, a count below 0, a rate not
    above 0, no task, not as many generators as networks.
    """
    params = _check_blocks(params, net)
    _check_task(task)
    validate.positive("rate", rate)
    _check_rngs(rngs, len(params.hidden))
    validate.whole("count", count, least=0)
    cells = params.output[:, : net.cells].copy()
    params = BlockParams(params.hidden, params.output.copy())
    params.output[:, : net.cells] = 0
    feeds = [_Feed(task.draw, rng) for rng in rngs]
    for _ in range(count):
        xs, targets, due = _stack([feed() for feed in feeds])
        y, trace = blocks_forward(xs, params, net)
        da = (y - targets) * due[..., None] * _slope(y)
        change = blocks_backward(da, trace, params, net).output
        change[:, : net.cells] = 0
        params = params._replace(output=params.output - rate * change)
    params.output[:, : net.cells] = cells
    return params


def _check_task(task):
    if not isinstance(task, Task):
        raise TypeError(f"task: expected Task, got {validate.describe(task)}")


def _check_trials(params, model, optimiser, rngs, **counts):
    """What every training of K networks is given; `counts` are at least 1."""
    if not all(callable(getattr(model, name, None)) for name in ("forward", "backward")):
        raise TypeError(
            f"model: expected one with forward and backward, got {validate.describe(model)}"
        )
    if not isinstance(params, tuple) or not params:
        raise TypeError(
            f"params: expected the parameters of K networks, got {validate.describe(params)}"
        )
    check_optimiser(optimiser)
    _check_rngs(rngs, len(next(iter(arrays_of(params)))))
    for name, count in counts.items():
        validate.count(name, count)


def _pick(tree, which):
    """The trials `which` of a tree of arrays (K, ...); what has no such axis stays."""
    return each_array(lambda a: a[which] if np.ndim(a) else a, tree)


def _wrong(params, model, task, episodes):
    """How many of the episodes the one network of `params` gets wrong."""
    xs, targets, due = episodes
    y, _ = model.forward(xs[:, None], params)
    off = np.abs(y[:, 0] - targets) * due[..., None]
    return int((off.max((0, 2)) >= task.within).sum())


class BlockModel(NamedTuple):
    """Memory blocks as a model that `train_trials` can train."""

    net: Blocks

    def forward(self, xs, params):
        """The outputs (T, K, B, P) and the trace."""
        return blocks_forward(xs, params, self.net)

    def backward(self, da, trace, params):
        """The truncated gradient."""
        return blocks_backward(da, trace, params, self.net)


class VariantModel(NamedTuple):
    """A cell of `variants` and a read-out through sigmoids: params (cell, ReadoutParams)."""

    variant: str

    def start(self, D, H, P, *, rngs):
        """The parameters of one network for each generator of `rngs`.

        Raises ValueError or TypeError for sizes below 1, an unknown variant, no Generators.
        """
        _check_rngs(rngs)
        validate.count("P", P)
        drawn = [
            Model(init_variant(self.variant, D, H, rng=rng), init_readout(H, P, rng=rng))
            for rng in rngs
        ]
        return each_array(lambda *arrays: np.stack(arrays), *drawn)

    def forward(self, xs, params, state0=None):
        """The outputs (T, K, B, P) and the trace. Raises as `lstm_variants.forward` does."""
        (W_y, b_y), cell = self._readout(params), params.cell
        trace = forward(xs, cell, self.variant, state0)
        return sigmoid(trace.h[1:] @ W_y + b_y[:, None]), trace

    def backward(self, da, trace, params):
        """The gradient as the variant's paper has it, truncated or full.

        Raises ValueError or TypeError for what does not fit the trace, NaN, infinity.
        """
        W_y, b_y = self._readout(params)
        if not isinstance(trace, Trace):
            raise TypeError(f"trace: expected a Trace of `forward`, got {validate.describe(trace)}")
        shape = (*trace.h[1:].shape[:-1], b_y.shape[-1])
        da = validate.array("da", da, shape, "(T, K, B, P)", float)
        readout = ReadoutParams(_outer(trace.h[1:], da), da.sum(axis=(0, 2)))
        dhs = da @ W_y.swapaxes(1, 2)
        return Model(backward(dhs, trace, params.cell).params, readout)

    def _readout(self, params):
        """W_y (K, H, P) and b_y (K, P) that fit the cell."""
        if not isinstance(params, Model) or not isinstance(params.readout, ReadoutParams):
            raise TypeError(
                f"params: expected Model(cell, readout), got {validate.describe(params)}"
            )
        b_y = validate.real("b_y", params.readout.b_y, ndim=2)
        K, H = np.shape(params.cell.W_h)[:-1]
        W_y = params.readout.W_y
        return (
            validate.array("W_y", W_y, (K, H, b_y.shape[1]), "(K, H, P)", float),
            validate.array("b_y", b_y, (K, b_y.shape[1]), "(K, P)", float),
        )


def string_trials(params, model, sets, optimiser, *, rngs, cap, every=100):
    """Train K networks on embedded Reber strings, an update a string: K `Trial`s.

    Cross-entropy and an optimiser of `lstm_inside.training` where 1997 had squared error and plain
    descent; strings, exams and results are those of `reber_trials`. sets: a `StringSets` for
    all trials. params: a tree of arrays (K, ...) that `model` understands.
    Raises ValueError or TypeError for no such sets, counts below 1, no model, no optimiser, not
    as many generators as networks.
    """
    _check_trials(params, model, optimiser, rngs, cap=cap, every=every)
    _check_sets(sets)
    train = code(sets.train)
    exam = _exam(sets)
    lengths, alive = train.steps.sum(axis=0).astype(int), np.arange(len(rngs))
    shares, trials = [[] for _ in rngs], [None] * len(rngs)
    moments = optimiser.start(params)
    for seen in range(1, cap + 1):
        string = np.array([rngs[k].integers(len(lengths)) for k in alive])
        T = lengths[string].max()
        xs, targets, steps = (
            part[:T, string, None] for part in (train.xs, train.targets, train.steps)
        )
        y, trace = model.forward(xs, params)
        grads = model.backward((y - targets) * steps[..., None], trace, params)
        params, moments = optimiser.step(params, grads, moments)
        if seen % every and seen < cap:
            continue
        left = []
        for at, k in enumerate(alive):
            one = _pick(params, [at])
            wrong = _wrong_of(exam, lambda xs, one=one: model.forward(xs, one)[0])
            shares[k].append(sum(wrong) / exam.size)
            if not any(wrong) or seen == cap:
                trials[k] = _examined(wrong, seen, shares[k])
            else:
                left.append(at)
        if not left:
            break
        alive, params, moments = alive[left], _pick(params, left), _pick(moments, left)
    return trials


def _check_sets(sets):
    if not isinstance(sets, StringSets):
        raise TypeError(f"sets: expected StringSets, got {validate.describe(sets)}")


class Stream(NamedTuple):
    """How one trial on a stream without resets went, measured on the stream's continuation.

    right: the share of steps at which every legal next symbol was above all others, in each
    tenth of the test. state: the largest |c| in each tenth. lost: how many units ended with
    |c| above 100.
    """

    right: tuple[float, ...]
    state: tuple[float, ...]
    lost: int


def stream_trials(params, model, optimiser, *, rngs, chunks, length=40, test=2000):
    """Train K networks on continual Reber streams, then let each read on: K `Stream`s.

    A stream is cut into chunks of `length` symbols; each is an update, and the state is carried
    on from one to the next (truncated backpropagation through time, as in notebook 04). The
    test is the next `test` symbols, read with the weights standing still. Nothing resets the
    state, in training, in the test, or between. Cross-entropy on the symbol that follows.
    Raises ValueError or TypeError for counts below 1, a `test` that is no multiple of 10, no
    model, no optimiser, not as many generators as networks.
    """
    _check_trials(params, model, optimiser, rngs, chunks=chunks, length=length, test=test)
    if test % 10:
        raise ValueError(f"test: expected a multiple of 10, got {test}")
    streams = [continual_stream(rng=rng) for rng in rngs]
    xs, legal = _symbols(streams, 1)
    moments, state = optimiser.start(params), None
    for _ in range(chunks):
        xs, legal = _read_on(streams, length, xs, legal)
        y, trace = model.forward(xs[:-1], params, state)
        grads = model.backward(y - xs[1:], trace, params)
        params, moments = optimiser.step(params, grads, moments)
        state = tuple(part[-1] for part in trace.states)
    xs, legal = _read_on(streams, test, xs, legal)
    y, trace = model.forward(xs[:-1], params, state)
    right = right_steps(y, legal[:-1])[:, :, 0].reshape(10, -1, len(rngs)).mean(axis=1)
    size = np.abs(trace.c[1:]).max(axis=(2, 3)).reshape(10, -1, len(rngs)).max(axis=1)
    lost = (np.abs(trace.c[-1]) > 100).sum(axis=(1, 2))
    return [
        Stream(tuple(right[:, k].tolist()), tuple(size[:, k].tolist()), int(lost[k]))
        for k in range(len(rngs))
    ]


def _read_on(streams, length, xs, legal):
    """The last symbol of xs and the `length` that follow it, with what may follow each."""
    parts = zip((xs, legal), _symbols(streams, length), strict=True)
    return tuple(np.concatenate([part[-1:], following]) for part, following in parts)


def _symbols(streams, length):
    """The next symbols of every stream, one-hot, and what may follow each: (length, K, 1, 7)."""
    xs, legal = np.zeros((2, length, len(streams), 1, len(SYMBOLS)))
    for k, stream in enumerate(streams):
        for t, (symbol, following) in enumerate(islice(stream, length)):
            xs[t, k, 0, SYMBOLS.index(symbol)] = 1
            legal[t, k, 0, [SYMBOLS.index(other) for other in following]] = 1
    return xs, legal


# ---------------------------------------------------------------- the protocols of 1997


class Protocol(NamedTuple):
    """An experiment of 1997 as its text and its tables 10 and 11 state it.

    within: weights start within +-`within`. biases: the gates' starting biases, a number a
    block; those not named start like weights. rate: the learning rate.
    """

    net: Blocks
    within: float
    biases: dict[str, tuple[float, ...]]
    rate: float
    task: Task


def adding_protocol(T=100) -> Protocol:
    """Experiment 4: add the two marked numbers; right is an answer off by less than 0.04.

    Raises ValueError or TypeError for T below 4.
    """
    validate.whole("T", T, least=4)
    net = Blocks(2, 1, 2, 2, biases=("gates", "output", "cells"))

    def draw(count, rng):
        return at_the_end(adding_problem(T, count, rng=rng, protocol="1997"))

    return Protocol(net, 0.1, {"i": (-3.0, -6.0)}, 0.5, Task(draw, within=0.04, mean=0.01))


def order_protocol() -> Protocol:
    """Experiment 6a: which came first, X or Y? Right is every output off by less than 0.3."""
    net = Blocks(8, 4, 2, 2, biases=("gates", "output", "cells"))

    def draw(count, rng):
        return at_the_end(temporal_order(count, rng=rng))

    return Protocol(net, 0.1, {"i": (-2.0, -4.0)}, 0.5, Task(draw, within=0.3, mean=0.1))


def lag_protocol(p=100) -> Protocol:
    """Experiment 2a: two sequences that differ in their first and last symbol only.

    With two sequences in all, 10,000 right ones in a row are these two right at every step,
    which is looked at every ten sequences with the weights standing still.
    Raises ValueError or TypeError for p below 2.
    """
    validate.whole("p", p, least=2)
    net = Blocks(p + 1, p + 1, 1, 1, output_gate=False, recurrent=False, biases=(),
                 shortcut=True, plain=True)  # fmt: skip
    both = Episodes(*long_lag(p), np.ones((p, 2)))

    def draw(count, rng):
        which = rng.integers(2, size=count)
        return Episodes(*(part[:, which] for part in both))

    return Protocol(net, 0.2, {}, 1.0, Task(draw, within=0.25, exam=both))


def reber_protocol(blocks=4, size=1, rate=0.1) -> Protocol:
    """Experiment 1: 4 blocks of 1 cell or 3 of 2; `reber_trials` has its strings and its rule.

    Raises ValueError or TypeError for sizes below 1, a rate that is not above 0.
    """
    validate.count("blocks", blocks)
    validate.positive("rate", rate)
    opening = tuple(-1.0 - n for n in range(blocks))
    return Protocol(Blocks(7, 7, blocks, size), 0.2, {"o": opening}, rate, None)


# ---------------------------------------------------------------- what was measured


def stored_results() -> list[dict]:
    """The records that `benchmarks/replication.py` has stored, a row of the table each."""
    path = files(__package__) / "results.json"
    return json.loads(path.read_text(encoding="utf-8"))


# ---------------------------------------------------------------- how sure a few trials make us


def wilson(solved, trials, z=1.96):
    """The range of success rates that `solved` of `trials` leave plausible (8.8): low, high.

    Wilson's score interval (1927); z = 1.96 is 95 %. Raises ValueError or TypeError for fewer
    than one trial, successes that are no count among them, a z that is not above 0.
    """
    validate.count("trials", trials)
    validate.whole("solved", solved, least=0, most=trials)
    validate.positive("z", z)
    share, width = solved / trials, z**2 / trials
    middle = share + width / 2
    spread = z * np.sqrt(share * (1 - share) / trials + width / (4 * trials))
    return float((middle - spread) / (1 + width)), float((middle + spread) / (1 + width))


def bootstrap(values, *, rng, draws=2000):
    """A 95 % range for the mean of what `values` were drawn from: low, high.

    The middle 95 % of the means of `draws` samples with replacement (Efron 1979).
    Raises ValueError or TypeError for no value, NaN, infinity, draws below 1, no Generator.
    """
    values = validate.real("values", values, ndim=1)
    if not values.size:
        raise ValueError("values: expected at least one, got none")
    validate.finite("values", values)
    validate.generator(rng)
    validate.count("draws", draws)
    means = rng.choice(values, (draws, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


# ---------------------------------------------------------------- learning a step at a time


class RealTime:
    """K networks of memory blocks that learn while they read, a symbol each at a time.

    Forward in time, as A.1 has it: for every weight into a gate or a cell a trace keeps how the
    cell's state depends on it, ds/dw, A.1 (25) and (27). It gives the gradient of
    `blocks_backward` without looking back, so the weights can change at every step.

    online: change the weights at every step, else sum the changes up until `reset` (the two
    readings of "on-line" in 1997). `.params` are the weights, `.c` (K, blocks, size) the states.
    Raises ValueError or TypeError for weights that do not fit the wiring, a wiring without
    output gates or with the squashing of experiment 2a.
    """

    def __init__(self, params, net, *, online=True):
        params = _check_blocks(params, net)
        if net.plain or not net.output_gate:
            raise ValueError("net: expected output gates and plain=False, got " + repr(net))
        self.params, self.net, self.online = params, net, online
        self.wiring = net.wiring()
        K, rows, _ = params.hidden.shape
        self.into = np.zeros((K, rows))  # inputs, gates and cells of the step before, 1
        self.into[:, -1] = 1
        self.c = np.zeros((K, net.blocks, net.size))
        self.traces = {k: np.zeros((K, rows, net.blocks, net.size)) for k in _KINDS[net.forget]}
        self.sums = BlockParams(*map(np.zeros_like, params))

    def step(self, x, target=None, rate=0.0):
        """Read x (K, D), answer, learn from target (K, P) at `rate` (K,): the answers (K, P).

        Without a target nothing is learned, and no trace is kept.
        Raises ValueError or TypeError for other shapes, NaN, infinity, before anything changes.
        """
        net, N, into = self.net, self.net.gates, self.into
        K, D = len(into), net.inputs
        x = validate.array("x", x, (K, D), "(K, D)", float)
        if target is not None:
            target = validate.array("target", target, (K, net.outputs), "(K, P)", float)
            rate = _as_rates(rate, K)
        into[:, :D] = x
        s = np.tanh((into[:, None] @ self.params.hidden)[:, 0] / 2)
        s = (s + 1) / 2
        i, o = s[:, net.gate("i"), None], s[:, net.gate("o"), None]
        g = net.g_within * (2 * s[:, N:].reshape(self.c.shape) - 1)
        f = s[:, net.gate("f"), None] if net.forget else None
        if target is not None:
            slopes = {"i": g * _slope(i), "g": i * _slope_within(g, net.g_within)}  # A.1 (25), (27)
            if net.forget:
                slopes["f"] = self.c * _slope(f)
            for kind, trace in self.traces.items():
                if net.forget:
                    trace *= f[:, None]
                trace += into[:, :, None, None] * slopes[kind][:, None]
        self.c = (f * self.c if net.forget else self.c) + i * g
        h = net.h_within * np.tanh(self.c / 2)
        cells = (o * h).reshape(K, -1)
        shown = np.concatenate([cells, x, np.ones((K, 1))], axis=1)
        y = sigmoid((shown[:, None] @ self.params.output)[:, 0])
        if target is not None:
            self._learn(target - y, y, shown, o, h, rate)
        into[:, D : D + N], into[:, D + N : -1] = s[:, :N], cells
        return y

    def _learn(self, off, y, shown, o, h, rate):
        net, N, C = self.net, self.net.gates, self.net.cells
        e = off * _slope(y)  # A.1 (19)
        dy = (self.params.output[:, :C] @ e[..., None]).reshape(h.shape)
        ds = dy * o * _slope_within(h, self.net.h_within)  # A.1 (23)
        change = np.empty_like(self.params.hidden)
        for kind, trace in self.traces.items():
            moved = ds[:, None] * trace
            if kind == "g":
                change[..., N:] = moved.reshape(*change.shape[:2], C)  # A.1 (28)
            else:
                change[..., net.gate(kind)] = moved.sum(axis=-1)  # A.1 (26)
        e_out = (dy * h).sum(-1) * _slope(o[..., 0])  # A.1 (21)
        change[..., net.gate("o")] = self.into[..., None] * e_out[:, None]
        rate = rate[:, None, None]
        step = BlockParams(rate * change * self.wiring.hidden,
                           rate * shown[..., None] * e[:, None] * self.wiring.output)  # fmt: skip
        if self.online:
            self.params = _plus(self.params, step)
        else:
            self.sums = _plus(self.sums, step)

    def reset(self, which):
        """Start afresh in the trials `which` (K,): states, activations and traces go to zero.

        which: a boolean for each trial. Raises ValueError or TypeError for what is none.
        """
        which = self._which(which)
        self.c[which] = 0
        self.into[which, :-1] = 0
        for trace in self.traces.values():
            trace[which] = 0
        if not self.online:
            for array, change in zip(self.params, self.sums, strict=True):
                array[which] += change[which]
                change[which] = 0

    def keep(self, which):
        """Go on with the trials `which` only; raises as `reset` does."""
        which = self._which(which)
        self.params, self.sums = _pick(self.params, which), _pick(self.sums, which)
        self.into, self.c = self.into[which], self.c[which]
        self.traces = {kind: trace[which] for kind, trace in self.traces.items()}

    def _which(self, which):
        which = validate.real("which", which)
        if which.dtype != bool or which.shape != (len(self.into),):
            raise ValueError(
                f"which: expected {len(self.into)} booleans, got {which.dtype} {which.shape}"
            )
        return which


def _as_rates(rate, K):
    """One learning rate of at least 0 for each of K networks, from one number or K."""
    rate = validate.real("rate", rate)
    if rate.shape not in ((), (K,)) or not (np.isfinite(rate) & (rate >= 0)).all():
        raise ValueError(f"rate: expected a number or {K}, finite and not below 0, got {rate}")
    return np.broadcast_to(rate.astype(float), K)


_KINDS = {False: "ig", True: "ifg"}  # whose weights reach the state: gates i and f, cells g


def _plus(a, b):
    return BlockParams(a.hidden + b.hidden, a.output + b.output)


def reber_trials(params, net, sets, *, rate, rngs, cap, every=100, online=True, aim="next"):
    """Train K networks on embedded Reber strings as in experiment 1 of 1997: K `Trial`s.

    sets: a `StringSets` a trial. rate: one number, or one a trial. rngs: a generator a trial,
    which picks its training strings. every: after how many strings a trial is examined: solved
    is a network that, with its weights standing still, puts every legal next symbol above all
    others at every step of all its training and test strings. aim: what an output is told,
    "next" (1 for the symbol that came, as in 1997) or "legal" (1 for all that might have).
    A trial's `wrong` and `wrong_trained` count the different test and training strings that are
    wrong at the end; its `errors` are the shares of both at the exams. Raises ValueError or
    TypeError for another aim, weights that do not fit the wiring, counts below 1, rates below
    0, not as many sets or generators as networks.
    """
    params = _check_blocks(params, net)
    K = len(params.hidden)
    _check_rngs(rngs, K)
    for name, size in (("cap", cap), ("every", every)):
        validate.count(name, size)
    validate.choice("aim", aim, ("next", "legal"))
    if not isinstance(sets, tuple | list) or len(sets) != K:
        raise TypeError(f"sets: expected {K} StringSets, got {validate.describe(sets)}")
    for each in sets:
        _check_sets(each)
    which = {id(s): s for s in sets}
    order = {key: n for n, key in enumerate(which)}
    coded = [code(s.train) for s in which.values()]
    exams = [_exam(s) for s in which.values()]
    T = max(len(c.xs) for c in coded)
    xs, targets, legal = (_pad([getattr(c, name) for c in coded], T) for name in Coded._fields[:3])
    targets = legal if aim == "legal" else targets
    lengths = np.array([c.steps.sum(axis=0) for c in coded]).astype(int)
    count = lengths.shape[1]

    learner = RealTime(params, net, online=online)
    alive, mine = np.arange(K), np.array([order[id(s)] for s in sets])
    rate = _as_rates(rate, K)
    string = np.array([int(rng.integers(count)) for rng in rngs])
    at, seen = np.zeros(K, dtype=int), np.zeros(K, dtype=int)
    shares, trials = [[] for _ in rngs], [None] * K
    while len(alive):
        now = mine, at, string
        learner.step(xs[now], targets[now], rate)
        at += 1
        ended = at == lengths[mine, string]
        if not ended.any():
            continue
        learner.reset(ended)
        seen += ended
        at[ended] = 0
        finished = np.zeros(len(alive), dtype=bool)
        for j in np.flatnonzero(ended):
            k = alive[j]
            string[j] = int(rngs[k].integers(count))
            if seen[j] % every and seen[j] < cap:
                continue
            exam, one = exams[mine[j]], _pick(learner.params, [j])
            wrong = _wrong_of(exam, lambda xs, one=one: blocks_forward(xs, one, net)[0])
            shares[k].append(sum(wrong) / exam.size)
            if not any(wrong) or seen[j] >= cap:
                trials[k] = _examined(wrong, seen[j], shares[k])
                finished[j] = True
        if finished.any():
            left = ~finished
            learner.keep(left)
            alive, mine, rate, string = alive[left], mine[left], rate[left], string[left]
            at, seen = at[left], seen[left]
    return trials


def _pad(arrays, T):
    """Arrays (t, B, n) of several lengths as one (len(arrays), T, B, n)."""
    return np.stack([np.pad(a, ((0, T - len(a)), (0, 0), (0, 0))) for a in arrays])


def _examined(wrong, seen, shares):
    """The trial that ends after `seen` strings with so many wrong in training and test."""
    trained, new = wrong
    return Trial(not any(wrong), int(seen), new, tuple(shares), trained)


class _Exam(NamedTuple):
    """The different strings of a pair of sets: `trained` training strings, then the others."""

    coded: Coded
    trained: int

    @property
    def size(self):
        return self.coded.steps.shape[1]


def _exam(sets):
    train, test = ({string.text: string for string in part} for part in sets)
    return _Exam(code([*train.values(), *test.values()]), len(train))


def _wrong_of(exam, answers):
    """How many strings of training and test one network gets wrong, each different one once.

    answers: from xs (T, 1, B, 7) to the outputs.
    """
    coded = exam.coded
    right = right_steps(answers(coded.xs[:, None])[:, 0], coded.legal) | (coded.steps == 0)
    wrong = ~right.all(axis=0)
    return int(wrong[: exam.trained].sum()), int(wrong[exam.trained :].sum())


class Continual(NamedTuple):
    """How one trial on a continual stream went.

    best: symbols predicted before the first error, the mean over the test streams at the best
    test. perfect: whether then all of them went through to the cap. tests: that mean at every
    test. streams: how many training streams there were. state: the largest |c| at the end of
    training, the drift that a forget gate undoes.
    """

    best: float
    perfect: bool
    tests: tuple[float, ...]
    streams: int
    state: float


def continual_trials(params, net, *, rngs, symbols, rate=0.5, decay=1.0, reset=False, every=20_000,
                     longest=100_000, tests=10, cap=1_000):  # fmt: skip
    """Learn to predict an endless stream of embedded Reber strings (Gers et al. 2000).

    A training stream runs until the first wrong prediction or `longest` symbols; then states
    go to zero and a new one starts, at the beginning of a string. An answer is right when each
    output is within 0.7 of its target (a squared error below 0.49). The weights change at every
    step, at `rate * decay**t` at step t of a stream. reset: whether somebody from outside also
    resets the states at every string's end. After every `every` symbols, `tests` streams are
    read with the weights standing still, up to `cap` symbols each. symbols: how many to train
    on in all. Returns a `Continual` for each generator of `rngs`.
    Raises ValueError or TypeError for weights that do not fit the wiring, counts below 1, fewer
    symbols than `every`, a rate or decay below 0, not as many generators as networks.
    """
    learner = RealTime(params, net)
    K = len(learner.c)
    _check_rngs(rngs, K)
    for name, size in (("every", every), ("longest", longest), ("tests", tests), ("cap", cap)):
        validate.count(name, size)
    validate.whole("symbols", symbols, least=every)
    for name, number in (("rate", rate), ("decay", decay)):
        validate.number(name, number, "a finite number of at least 0", lambda x: x >= 0)
    streams = [continual_stream(rng=rng) for rng in rngs]
    now = np.array([SYMBOLS.index(next(stream)[0]) for stream in streams])
    at, ended = np.zeros(K, dtype=int), np.zeros(K, dtype=int)
    scores = []
    for step in range(1, symbols + 1):
        following = np.array([SYMBOLS.index(next(stream)[0]) for stream in streams])
        target = _EYE[following]
        y = learner.step(_EYE[now], target, rate * decay**at)
        at += 1
        over = (np.abs(y - target) >= 0.7).any(axis=1) | (at == longest)
        new_string = reset & (following == SYMBOLS.index("B")) & (now == SYMBOLS.index("E"))
        if (over | new_string).any():
            learner.reset(over | new_string)
            at[over] = 0
            ended += over
            for k in np.flatnonzero(over):
                streams[k] = continual_stream(rng=rngs[k])
                following[k] = SYMBOLS.index(next(streams[k])[0])
        now = following
        if step % every == 0:
            scores.append(_streams_right(learner.params, net, rngs, tests, cap, reset))
    scores = np.array(scores)  # (exams, K, tests)
    means = scores.mean(axis=2)
    best = means.argmax(axis=0)
    return [
        Continual(float(means[best[k], k]), bool((scores[best[k], k] == cap).all()),
                  tuple(means[:, k].tolist()), int(ended[k]), float(np.abs(learner.c[k]).max()))
        for k in range(K)
    ]  # fmt: skip


_EYE = np.eye(len(SYMBOLS))


def _streams_right(params, net, rngs, tests, cap, reset):
    """Symbols predicted before the first error, of `tests` streams a trial: (K, tests)."""
    reader = RealTime(each_array(lambda a: np.repeat(a, tests, axis=0), params), net)
    streams = [continual_stream(rng=rng) for rng in rngs for _ in range(tests)]
    now = np.array([SYMBOLS.index(next(stream)[0]) for stream in streams])
    right = np.zeros(len(streams), dtype=int)
    going = np.ones(len(streams), dtype=bool)
    for _ in range(cap):
        following = np.array([SYMBOLS.index(next(stream)[0]) for stream in streams])
        going &= (np.abs(reader.step(_EYE[now]) - _EYE[following]) < 0.7).all(axis=1)
        right += going
        if not going.any():
            break
        if reset:
            reader.reset((following == SYMBOLS.index("B")) & (now == SYMBOLS.index("E")))
        now = following
    return right.reshape(len(rngs), tests)
