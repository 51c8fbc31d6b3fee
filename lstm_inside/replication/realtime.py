"""Memory blocks that learn while they read: real-time recurrent learning, A.1 (19) to (28)."""

import numpy as np

from lstm_core import sigmoid
from lstm_inside import validate

from .blocks import BlockParams, check_blocks, sigmoid_slope, slope_within
from .trials import pick


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
        params = check_blocks(params, net)
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
            rate = as_rates(rate, K)
        into[:, :D] = x
        s = np.tanh((into[:, None] @ self.params.hidden)[:, 0] / 2)
        s = (s + 1) / 2
        i, o = s[:, net.gate("i"), None], s[:, net.gate("o"), None]
        g = net.g_within * (2 * s[:, N:].reshape(self.c.shape) - 1)
        f = s[:, net.gate("f"), None] if net.forget else None
        if target is not None:
            slopes = {
                "i": g * sigmoid_slope(i),
                "g": i * slope_within(g, net.g_within),
            }  # A.1 (25), (27)
            if net.forget:
                slopes["f"] = self.c * sigmoid_slope(f)
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
        e = off * sigmoid_slope(y)  # A.1 (19)
        dy = (self.params.output[:, :C] @ e[..., None]).reshape(h.shape)
        ds = dy * o * slope_within(h, self.net.h_within)  # A.1 (23)
        change = np.empty_like(self.params.hidden)
        for kind, trace in self.traces.items():
            moved = ds[:, None] * trace
            if kind == "g":
                change[..., N:] = moved.reshape(*change.shape[:2], C)  # A.1 (28)
            else:
                change[..., net.gate(kind)] = moved.sum(axis=-1)  # A.1 (26)
        e_out = (dy * h).sum(-1) * sigmoid_slope(o[..., 0])  # A.1 (21)
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
        self.params, self.sums = pick(self.params, which), pick(self.sums, which)
        self.into, self.c = self.into[which], self.c[which]
        self.traces = {kind: trace[which] for kind, trace in self.traces.items()}

    def _which(self, which):
        which = validate.real("which", which)
        if which.dtype != bool or which.shape != (len(self.into),):
            raise ValueError(
                f"which: expected {len(self.into)} booleans, got {which.dtype} {which.shape}"
            )
        return which


def as_rates(rate, K):
    """One learning rate of at least 0 for each of K networks, from one number or K."""
    rate = validate.real("rate", rate)
    if rate.shape not in ((), (K,)) or not (np.isfinite(rate) & (rate >= 0)).all():
        raise ValueError(f"rate: expected a number or {K}, finite and not below 0, got {rate}")
    return np.broadcast_to(rate.astype(float), K)


_KINDS = {False: "ig", True: "ifg"}  # whose weights reach the state: gates i and f, cells g


def _plus(a, b):
    return BlockParams(a.hidden + b.hidden, a.output + b.output)
