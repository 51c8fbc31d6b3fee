"""Networks of memory blocks as in 1997 and 2000, forward and backward, K of them at once.

The cells of a block share their gates. Every network has weights of its own, and K networks run
as one array with a leading axis. Numbers in brackets, such as (8.2), are the equations of
notebook 08_replication; "A.1 (14)" is equation 14 in appendix A.1 of Hochreiter & Schmidhuber
1997.

Axes: T time steps, K networks, B sequences each, D inputs, P outputs, N gates, C cells.
Everything is computed in float64.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lstm_core import sigmoid
from lstm_inside import validate


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
    check_net(net)
    validate.positive("within", within)
    check_rngs(rngs)
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


def with_weights(net, weights) -> BlockParams:
    """One network from its weights in a row, as a stored trial has them: K = 1.

    weights: as many numbers as the wiring has ones, those of `hidden` first, row by row.
    Raises ValueError or TypeError for no wiring, another number of weights, NaN, infinity.
    """
    check_net(net)
    wires = net.wiring()
    sizes = [int(wire.sum()) for wire in wires]
    weights = validate.array("weights", weights, (sum(sizes),), "(weights,)", float)
    parts = []
    for wire, values in zip(wires, np.split(weights, sizes[:1]), strict=True):
        array = np.zeros_like(wire)
        array[wire > 0] = values
        parts.append(array[None])
    return BlockParams(*parts)


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

    c = f c_prev + i g (8.5), where f is 1 without forget gates (8.2); h = 2 sigmoid(c) - 1 =
    tanh(c/2) (A.1 (4)), g = 4 sigmoid(a) - 2 = 2 tanh(a/2) (A.1 (5)), a cell's output is o h, the
    outputs are sigmoids.
    Raises ValueError or TypeError for what does not fit the wiring, NaN, infinity.
    """
    params = check_blocks(params, net)
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
    params = check_blocks(params, net)
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
    dc = dy * open_ * (1 if net.plain else slope_within(h, net.h_within))
    if net.forget:
        for t in range(T - 2, -1, -1):
            dc[t] += s[t + 1][..., f, None] * dc[t + 1]
    else:
        dc = np.cumsum(dc[::-1], axis=0)[::-1]  # the carousel: the error stays as it is
    d = np.empty_like(s)
    d[..., i] = (dc * g).sum(-1) * sigmoid_slope(s[..., i])
    if net.output_gate:
        d[..., o] = (dy * h).sum(-1) * sigmoid_slope(s[..., o])
    if net.forget:
        d[..., f] = (dc * c[:-1]).sum(-1) * sigmoid_slope(s[..., f])
    slope = sigmoid_slope(g) if net.plain else slope_within(g, net.g_within)
    d[..., N:] = (dc * s[..., i, None] * slope).reshape(T, K, B, C)

    hidden, output = net.wiring()
    ones = np.ones((T, K, B, 1))
    into = np.concatenate([xs, seen[:-1], ones], axis=-1)
    shown = np.concatenate([s[..., N:], xs, ones], axis=-1)
    return BlockParams(outer(into, d) * hidden, outer(shown, da) * output)


def check_net(net):
    if not isinstance(net, Blocks):
        raise TypeError(f"net: expected Blocks, got {validate.describe(net)}")


def check_rngs(rngs, K=None):
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


def check_blocks(params, net):
    """The weights of networks wired like `net`, in float64."""
    check_net(net)
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


def sigmoid_slope(y):
    """The slope of a sigmoid, from its own value y."""
    return y * (1 - y)


def slope_within(y, limit):
    """The slope of y = limit tanh(a / 2), from y."""
    return (limit - y**2 / limit) / 2


def outer(a, b):
    """The sum over time and batch of a (T, K, B, m) times b (T, K, B, n): (K, m, n)."""
    a, b = (np.ascontiguousarray(np.moveaxis(v, 1, 0)) for v in (a, b))  # or matmul crawls
    K = len(a)
    return a.reshape(K, -1, a.shape[-1]).swapaxes(1, 2) @ b.reshape(K, -1, b.shape[-1])
