"""Trials of memory blocks, compiled: for many trials, and for a million sequences in each.

`train_trials`, `learn_without_cells`, `settle_without_cells` and `reber_trials` do what their
namesakes in `trials` and `strings` do, with the same generators, and to rounding with the same
numbers, until a training has doubled its rounding errors often enough: a test compares them on
short runs. The equations are those of `blocks` and `realtime`; read them there.
Here a trial runs alone, one after the other.

Optional: needs numba (`pip install numba`). Importing this module without it raises ImportError.
"""

from typing import NamedTuple

import numpy as np

from lstm_inside import validate
from lstm_inside.compiled import jit, sigmoid

from .blocks import BlockParams, Blocks, check_blocks, check_rngs
from .grammar import PLACES, code
from .realtime import as_rates
from .strings import Marks, check_reber, exam_of, examined
from .trials import (
    CHUNK,
    WINDOW,
    Episodes,
    Trial,
    check_task,
    check_without_cells,
    lengths_of,
    still_falls,
)


def train_trials(params, net, task, rate, *, rngs, cap, loss="squared", tests=2560,
                 keep=False):  # fmt: skip
    """K trials of memory blocks, with plain descent: `trials.train_trials`, compiled.

    Takes the wiring and a rate where that takes a model and an optimiser. Each `Trial` also says
    how far its gates `opened` and, with `keep`, its last `weights`. Raises as that does.
    """
    params = check_blocks(params, net)
    check_task(task)
    validate.positive("rate", rate)
    check_rngs(rngs, len(params.hidden))
    validate.count("cap", cap)
    validate.count("tests", tests)
    validate.choice("loss", loss, ("squared", "entropy"))
    return [
        _train_one(_Network(params, k, net), task, rate, rng, cap, loss, tests, keep)
        for k, rng in enumerate(rngs)
    ]


def _train_one(network, task, rate, rng, cap, loss, tests, keep):
    net = network.net
    exam = task.exam or Episodes(*(np.zeros((0, 0, n)) for n in (net.D, net.P)), np.zeros((0, 0)))
    every = task.every if task.exam else 0
    exam, recent = _in_line(exam), np.full(task.window, np.inf)
    means, opened, thousand, highest = [], [], 0.0, np.zeros(net.N)
    seen, met = 0, False
    while seen < cap and not met:
        drawn, order, lengths = _drawn(task, rng)
        network.fit(max(len(drawn.due), len(exam.due)))
        done, met, errors = _train(
            net, network.wires, network.weights, network.work, drawn, order[: cap - seen], lengths,
            rate, loss == "squared", seen, task.within, task.mean, recent, exam, every, highest,
        )  # fmt: skip
        seen += done
        thousand += errors
        if seen % 1000 == 0:
            means.append(thousand / 1000)
            opened.append(highest.copy())
            thousand, highest[:] = 0.0, 0
    left = -1
    if met:
        fresh = _in_line(task.draw(tests, rng))
        network.fit(len(fresh.due))
        left = int(_wrong(net, network.weights, network.work, fresh, task.within))
    curves = tuple(map(tuple, np.transpose(opened).tolist())) if opened else ()
    weights = network.flat() if keep else ()
    return Trial(bool(met), seen, left, tuple(means), opened=curves, weights=weights)


def _drawn(task, rng):
    """The next training sequences: `Episodes`, which of them in turn, and the length of each.

    Sequences of a pool are not copied: that would take most of the time.
    """
    if task.pool:
        drawn, order = task.pool, rng.integers(task.pool.due.shape[1], size=CHUNK)
    else:
        drawn, order = task.draw(CHUNK, rng), np.arange(CHUNK)
    return _in_line(drawn), order, lengths_of(drawn)


def _in_line(episodes):
    return Episodes(*map(np.ascontiguousarray, episodes))


def learn_without_cells(params, net, task, rate, *, rngs, count) -> BlockParams:
    """`trials.learn_without_cells`, compiled. Raises as that does."""
    params = check_without_cells(params, net, task, rate, rngs)
    validate.whole("count", count, least=0)
    learned = []
    for k, rng in enumerate(rngs):
        network = _Network(params, k, net)
        next(network.without_cells(task, rate, rng, count), None)
        learned.append(network.weights)
    return BlockParams(*map(np.stack, zip(*learned, strict=True)))


def settle_without_cells(params, net, task, rate, *, rngs):
    """`trials.settle_without_cells`, compiled. Raises as that does."""
    params = check_without_cells(params, net, task, rate, rngs)
    learned, counts = [], []
    for k, rng in enumerate(rngs):
        network, losses = _Network(params, k, net), []
        for loss in network.without_cells(task, rate, rng, WINDOW):
            losses.append(loss)
            if not still_falls(losses):
                break
        learned.append(network.weights)
        counts.append(WINDOW * len(losses))
    return BlockParams(*map(np.stack, zip(*learned, strict=True))), tuple(counts)


def reber_trials(params, net, sets, *, rate, rngs, cap, every=100, online=True, aim="next"):
    """K trials of experiment 1: `strings.reber_trials`, compiled. Raises as that does.

    Raises ValueError for a wiring with forget gates, which experiment 1 has not.
    """
    params = check_reber(params, net, sets, rngs, aim, cap=cap, every=every)
    if net.plain or not net.output_gate or net.forget:
        raise ValueError(f"net: expected output gates, no forget gates, plain=False, got {net!r}")
    rates = as_rates(rate, len(rngs))
    return [
        _read_one(_Network(params, k, net), sets[k], float(rates[k]), rng, cap, every, online, aim)
        for k, rng in enumerate(rngs)
    ]


def _read_one(network, sets, rate, rng, cap, every, online, aim):
    train, exam = code(sets.train), exam_of(sets)
    targets = train.legal if aim == "legal" else train.targets
    lengths, sizes = (c.steps.sum(axis=0).astype(int) for c in (train, exam.coded))
    strings, asked = (train.xs, targets, lengths), (exam.coded.xs, exam.coded.legal, sizes)
    seen, marks = 0, []
    next_string = int(rng.integers(len(lengths)))
    while True:
        order = np.empty(min(every, cap - seen), dtype=np.int64)
        for n in range(len(order)):
            order[n], next_string = next_string, int(rng.integers(len(lengths)))
        _learn_strings(network.net, network.wires, network.weights, strings, order, rate, online)
        seen += len(order)
        wrong, illegal = np.zeros((2, exam.size), dtype=bool)
        at = np.zeros((exam.size, len(PLACES)), dtype=bool)
        _examine(network.net, network.weights, asked, exam.places, wrong, illegal, at)
        marks.append(Marks(int(wrong[: exam.trained].sum()), int(wrong[exam.trained :].sum()),
                           int(illegal.sum()), tuple(at.sum(axis=0).tolist())))  # fmt: skip
        if not marks[-1].wrong or seen >= cap:
            return examined(marks, exam, seen, every)


# ---------------------------------------------------------------- one network


class _Net(NamedTuple):
    """`Blocks` in what compiled code can read. o, f: where these gates' columns begin, or -1."""

    D: int
    P: int
    blocks: int
    size: int
    N: int
    C: int
    o: int
    f: int
    recurrent: bool
    shortcut: bool
    plain: bool
    g_within: float
    h_within: float


def _plain_net(net: Blocks) -> _Net:
    o, f = (net.gate(kind).start if kind in net.kinds else -1 for kind in "of")
    return _Net(net.inputs, net.outputs, net.blocks, net.size, net.gates, net.cells, o, f,
                net.recurrent, net.shortcut, net.plain, net.g_within, net.h_within)  # fmt: skip


class _Work(NamedTuple):
    """What a pass over T steps leaves behind.

    rows (T + 1, D + N + C + 1): what gates and cells see at a step, and after it its own;
    c (T + 1, C); g, h (T, C); y (T, P).
    """

    rows: np.ndarray
    c: np.ndarray
    g: np.ndarray
    h: np.ndarray
    y: np.ndarray


class _Network:
    """Network k of the parameters: weights of its own that the loops change in place."""

    def __init__(self, params, k, net):
        self.net = _plain_net(net)
        self.wires = BlockParams(*net.wiring())
        self.weights = BlockParams(params.hidden[k].copy(), params.output[k].copy())
        self.work = self.room(1)

    def room(self, T):
        D, N, C = self.net.D, self.net.N, self.net.C
        sizes = (T + 1, D + N + C + 1), (T + 1, C), (T, C), (T, C), (T, self.net.P)
        return _Work(*map(np.zeros, sizes))

    def fit(self, T):
        if len(self.work.y) < T:
            self.work = self.room(T)

    def flat(self):
        """The weights that have a wire, those of `hidden` first, in the order of `wiring`."""
        parts = zip(self.weights, self.wires, strict=True)
        return tuple(np.concatenate([a[wire > 0] for a, wire in parts]).tolist())

    def without_cells(self, task, rate, rng, count):
        """Train the read-out alone, without end: yields the mean loss of every `count`."""
        C, at, order = self.net.C, 0, ()
        cells = self.weights.output[:C].copy()
        while count:
            self.weights.output[:C] = 0
            total, left = 0.0, count
            while left:
                if at == len(order):
                    (drawn, order, lengths), at = _drawn(task, rng), 0
                    self.fit(len(drawn.due))
                n = min(left, len(order) - at)
                total += _train_readout(self.net, self.wires, self.weights, self.work, drawn,
                                        order[at : at + n], lengths, rate)  # fmt: skip
                at, left = at + n, left - n
            self.weights.output[:C] = cells
            yield total / count


# ---------------------------------------------------------------- the loops


@jit
def _train(net, wires, weights, work, drawn, order, lengths, rate, squared, seen, within, mean,
           recent, exam, every, highest):  # fmt: skip
    """Learn from the drawn sequences until the rule is met: how many, whether, sum of errors."""
    total = 0.0
    for n, b in enumerate(order):
        T = lengths[b]
        _forward(net, weights, work, drawn.xs, drawn.due, b, T, True)
        for t in range(1, T + 1):
            for gate in range(net.N):
                highest[gate] = max(highest[gate], work.rows[t, net.D + gate])
        error, worst, _ = _errors(net, work, drawn, b, T)
        _backward(net, wires, weights, work, drawn, b, T, rate, squared, True)
        total += error
        step = seen + n + 1
        recent[step % len(recent)] = np.inf if worst >= within else error
        if every == 0:
            met = worst < within and _mean_below(recent, mean)
        else:
            met = step % every == 0 and _wrong(net, weights, work, exam, within) == 0
        if met:
            return n + 1, True, total
    return len(order), False, total


@jit
def _mean_below(recent, mean):
    """Whether the mean of `recent`, where a wrong sequence counts as infinite, is below `mean`."""
    total = 0.0
    for n in range(len(recent)):
        if recent[n] == np.inf:
            return False
        total += recent[n]
    return total < mean * len(recent)


@jit
def _train_readout(net, wires, weights, work, drawn, order, lengths, rate):
    """Learn from the drawn sequences, the cells left alone: the sum of the losses."""
    total = 0.0
    for b in order:
        _forward(net, weights, work, drawn.xs, drawn.due, b, lengths[b], False)
        total += _errors(net, work, drawn, b, lengths[b])[2]
        _backward(net, wires, weights, work, drawn, b, lengths[b], rate, True, False)
    return total


@jit
def _wrong(net, weights, work, episodes, within):
    """How many of the episodes have an answer that is off by `within` or more."""
    wrong, (T, B) = 0, episodes.due.shape
    for b in range(B):
        _forward(net, weights, work, episodes.xs, episodes.due, b, T, True)
        wrong += _errors(net, work, episodes, b, T)[1] >= within
    return wrong


@jit
def _errors(net, work, drawn, b, T):
    """Of sequence b: mean absolute error, the largest one, half the sum of squares."""
    total, worst, squares, due = 0.0, 0.0, 0.0, 0.0
    for t in range(T):
        if drawn.due[t, b] == 0:
            continue
        due += drawn.due[t, b]
        for p in range(net.P):
            off = abs(work.y[t, p] - drawn.targets[t, b, p]) * drawn.due[t, b]
            total += off
            squares += off * off
            worst = max(worst, off)
    return total / due / net.P, worst, squares / 2


@jit
def _forward(net, weights, work, xs, due, b, T, with_cells):
    """Sequence b through the network; outputs only where they are due."""
    rows, c, y = work.rows, work.c, work.y
    rows[0] = 0
    c[0] = 0
    a = np.empty(net.N + net.C)
    for t in range(T):
        row = rows[t]
        for k in range(net.D):
            row[k] = xs[t, b, k]
        row[-1] = 1
        if with_cells:
            _step(net, weights.hidden, row, a, c[t], c[t + 1], work.g[t], work.h[t], rows[t + 1])
        if due[t, b] != 0:
            _show(net, weights.output, row, rows[t + 1], y[t])


@jit
def _step(net, hidden, row, a, c_prev, c, g, h, following):
    """One step of the blocks: from what they see (`row`) to gates and cells in `following`."""
    D, N = net.D, net.N
    last = len(row) - 1
    for u in range(len(a)):
        a[u] = hidden[last, u]
    for r in range(last if net.recurrent else D):
        x = row[r]
        if x != 0:
            for u in range(len(a)):
                a[u] += x * hidden[r, u]
    for u in range(len(a)):
        a[u] = sigmoid(a[u])
    for n in range(N):
        following[D + n] = a[n]
    for block in range(net.blocks):
        i = a[block]
        f = a[net.f + block] if net.f >= 0 else 1.0
        for cell in range(block * net.size, (block + 1) * net.size):
            s = a[N + cell]
            g[cell] = s if net.plain else net.g_within * (2 * s - 1)
            c[cell] = f * c_prev[cell] + i * g[cell]  # (8.3)
    for cell in range(net.C):  # a loop of its own becomes SIMD
        h[cell] = c[cell] if net.plain else net.h_within * (2 * sigmoid(c[cell]) - 1)
    for block in range(net.blocks):
        o = a[net.o + block] if net.o >= 0 else 1.0
        for cell in range(block * net.size, (block + 1) * net.size):
            following[D + N + cell] = o * h[cell]


@jit
def _show(net, output, row, following, y):
    """The outputs of one step, from the cells that it ends with and, by a shortcut, its inputs."""
    D, N, C = net.D, net.N, net.C
    for p in range(net.P):
        y[p] = output[C + D, p]
    for cell in range(C):
        shown = following[D + N + cell]
        if shown != 0:
            for p in range(net.P):
                y[p] += shown * output[cell, p]
    if net.shortcut:
        for k in range(D):
            if row[k] != 0:
                for p in range(net.P):
                    y[p] += row[k] * output[C + k, p]
    for p in range(net.P):
        y[p] = sigmoid(y[p])


@jit
def _slope(net, y, limit):
    """The slope of a squashing function from its value; of experiment 2a's, a sigmoid's."""
    return y * (1 - y) if net.plain else (limit - y * y / limit) / 2


@jit
def _backward(net, wires, weights, work, drawn, b, T, rate, squared, with_cells):
    """The truncated gradient of sequence b, and the step along it."""
    D, P, N, C, size = net.D, net.P, net.N, net.C, net.size
    rows, c, g, h = work.rows, work.c, work.g, work.h
    to_hidden, to_output = np.zeros_like(weights.hidden), np.zeros_like(weights.output)
    e, dc, d = np.zeros(P), np.zeros(C), np.zeros(N + C)
    for t in range(T - 1, -1, -1):
        row, after = rows[t], rows[t + 1]
        due = drawn.due[t, b]
        if due != 0:
            for p in range(P):
                y = work.y[t, p]
                e[p] = (y - drawn.targets[t, b, p]) * due
                if squared:
                    e[p] *= y * (1 - y)  # A.1 (19)
            for p in range(P):
                to_output[C + D, p] += e[p]
            if net.shortcut:
                for k in range(D):
                    if row[k] != 0:
                        for p in range(P):
                            to_output[C + k, p] += row[k] * e[p]
        if not with_cells:
            continue
        for n in range(N):
            d[n] = 0
        for cell in range(C):
            block, dy = cell // size, 0.0
            if due != 0:
                shown = after[D + N + cell]
                for p in range(P):
                    to_output[cell, p] += shown * e[p]
                    dy += weights.output[cell, p] * e[p]
            o = after[D + net.o + block] if net.o >= 0 else 1.0
            if net.f >= 0 and t + 1 < T:
                dc[cell] *= rows[t + 2, D + net.f + block]
            dc[cell] += dy * o * (1.0 if net.plain else _slope(net, h[t, cell], net.h_within))
            i = after[D + block]
            d[block] += dc[cell] * g[t, cell]
            d[N + cell] = dc[cell] * i * _slope(net, g[t, cell], net.g_within)
            if net.o >= 0:
                d[net.o + block] += dy * h[t, cell]
            if net.f >= 0:
                d[net.f + block] += dc[cell] * c[t, cell]
        for n in range(N):
            d[n] *= after[D + n] * (1 - after[D + n])
        for r in range(len(row)):
            if row[r] != 0:
                for u in range(N + C):
                    to_hidden[r, u] += row[r] * d[u]
    first = 0 if with_cells else C
    _add(weights.output[first:], to_output[first:], wires.output[first:], -rate)
    if with_cells:
        _add(weights.hidden, to_hidden, wires.hidden, -rate)


@jit
def _add(weights, change, wires, rate):
    """weights += rate change, where there are wires."""
    for r in range(len(weights)):
        for u in range(weights.shape[1]):
            weights[r, u] += rate * change[r, u] * wires[r, u]


@jit
def _learn_strings(net, wires, weights, strings, order, rate, online):
    """Experiment 1: learn forward in time from one string after the other, as `RealTime` does."""
    D, P, N, C, size = net.D, net.P, net.N, net.C, net.size
    xs, targets, lengths = strings
    R = len(weights.hidden)
    row, after = np.zeros(R), np.zeros(R)
    a, g, h, c, c_prev = np.empty(N + C), np.zeros(C), np.zeros(C), np.zeros(C), np.zeros(C)
    y, e, dy, ds, slope = np.zeros(P), np.zeros(P), np.zeros(C), np.zeros(C), np.zeros(C)
    of_i, of_g = np.zeros((R, C)), np.zeros((R, C))  # ds/dw for weights into gate i, into g
    hidden, output = np.zeros_like(weights.hidden), np.zeros_like(weights.output)
    if online:
        to_hidden, to_output = weights.hidden, weights.output
    else:
        to_hidden, to_output = hidden, output
    for string in order:
        row[:] = 0
        c[:] = 0
        of_i[:] = 0
        of_g[:] = 0
        for t in range(lengths[string]):
            for k in range(D):
                row[k] = xs[t, string, k]
            row[-1] = 1
            c_prev[:] = c
            _step(net, weights.hidden, row, a, c_prev, c, g, h, after)
            _show(net, weights.output, row, after, y)
            for p in range(P):
                e[p] = (targets[t, string, p] - y[p]) * y[p] * (1 - y[p])  # A.1 (19)
            for cell in range(C):
                block = cell // size
                dy[cell] = 0
                for p in range(P):
                    dy[cell] += weights.output[cell, p] * e[p]
                ds[cell] = dy[cell] * a[net.o + block] * _slope(net, h[cell], net.h_within)
                i = a[block]
                slope[cell] = g[cell] * i * (1 - i)
                g[cell] = i * _slope(net, g[cell], net.g_within)
            for r in range(R):
                x = row[r]
                if x != 0:
                    for cell in range(C):
                        of_i[r, cell] += x * slope[cell]  # A.1 (27)
                        of_g[r, cell] += x * g[cell]  # A.1 (25)
            for cell in range(C):
                for p in range(P):
                    to_output[cell, p] += rate * after[D + N + cell] * e[p] * wires.output[cell, p]
            for k in range(D):
                if row[k] != 0:
                    for p in range(P):
                        to_output[C + k, p] += rate * row[k] * e[p] * wires.output[C + k, p]
            for p in range(P):
                to_output[C + D, p] += rate * e[p] * wires.output[C + D, p]
            for block in range(net.blocks):
                e_o, first = 0.0, block * size
                for cell in range(first, first + size):
                    e_o += dy[cell] * h[cell]
                at = net.o + block
                e_o *= a[at] * (1 - a[at])  # A.1 (21)
                for r in range(R):
                    into_i = 0.0
                    for cell in range(first, first + size):
                        into_i += ds[cell] * of_i[r, cell]  # A.1 (26)
                    to_hidden[r, block] += rate * into_i * wires.hidden[r, block]
                    to_hidden[r, at] += rate * row[r] * e_o * wires.hidden[r, at]
            for r in range(R):
                for cell in range(C):
                    u = N + cell
                    to_hidden[r, u] += rate * ds[cell] * of_g[r, cell] * wires.hidden[r, u]
            row, after = after, row
        if not online:
            _add(weights.hidden, hidden, wires.hidden, 1.0)
            _add(weights.output, output, wires.output, 1.0)
            hidden[:] = 0
            output[:] = 0


@jit
def _examine(net, weights, asked, places, wrong, illegal, at):
    """Mark each string as in `strings.mark`: wrong, illegal (S,), and where (S, places)."""
    xs, legal, lengths = asked
    R = len(weights.hidden)
    row, after, a = np.zeros(R), np.zeros(R), np.empty(net.N + net.C)
    g, h, c, c_prev = np.zeros(net.C), np.zeros(net.C), np.zeros(net.C), np.zeros(net.C)
    y = np.zeros(net.P)
    for s in range(len(lengths)):
        row[:] = 0
        c[:] = 0
        for t in range(lengths[s]):
            for k in range(net.D):
                row[k] = xs[t, s, k]
            row[-1] = 1
            c_prev[:] = c
            _step(net, weights.hidden, row, a, c_prev, c, g, h, after)
            _show(net, weights.output, row, after, y)
            least, most, best = np.inf, -np.inf, 0
            for p in range(net.P):
                if legal[t, s, p] > 0:
                    least = min(least, y[p])
                else:
                    most = max(most, y[p])
                if y[p] > y[best]:
                    best = p
            if not least > most:  # (8.1)
                wrong[s] = True
                at[s, places[t, s]] = True
            if legal[t, s, best] == 0:
                illegal[s] = True
            row, after = after, row
