"""Forward plus backward of `lstm_core` and `lstm_inside.compiled`, as ratios against named peers.

Peers: `torch.nn.LSTM` (optional: pip install -r requirements-torch.txt), the usual tutorial
code (four products a step on the joined [h, x], gradients added step by step), and the bare
matrix products that no LSTM can do without. One thread, float32, medians of alternating runs in
processor time, which a busy machine disturbs less. A ratio above 1 means that ours is faster;
targets stand beside it. Each size has a line for the core, written to be read, and, where numba
is installed (optional: pip install numba), one for the compiled passes, which are what long
trainings use.
"""

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import platform
import statistics
import time
import tracemalloc
from functools import partial

import numpy as np

import lstm_core
from lstm_core import init_lstm, lstm_backward, lstm_forward, split_gates

try:
    import torch

    torch.set_num_threads(1)
except ImportError:
    torch = None
try:
    from lstm_inside import compiled
except ImportError:
    compiled = None

SIZES = [  # T, B, D, H
    (25, 1, 8, 8),
    (50, 1, 16, 16),
    (100, 1, 8, 32),
    (50, 16, 32, 64),
    (100, 32, 64, 128),
    (50, 64, 256, 512),
]
TUTORIAL = 1.0  # the core is at least as fast as the usual code
TORCH, CORE = 1.0, 1.0  # the compiled passes are at least level with PyTorch and with the core
LINEAR = 4.4  # at most this for four times as much, noise included


def forward_and_backward(xs, dhs, params, engine=lstm_core):
    return engine.lstm_backward(dhs, engine.lstm_forward(xs, params), params)


def tutorial(xs, dhs, params):
    """The LSTM as tutorials write it, forward and backward over xs (T, B, D)."""

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    H = dhs.shape[-1]
    blocks = zip(split_gates(params.W_h), split_gates(params.W_x), strict=True)
    W_i, W_f, W_g, W_o = (np.concatenate(pair) for pair in blocks)
    b_i, b_f, b_g, b_o = split_gates(params.b)
    h = c = np.zeros_like(dhs[0])
    steps = []
    for x in xs:
        joined = np.concatenate([h, x], axis=1)
        i, f = sigmoid(joined @ W_i + b_i), sigmoid(joined @ W_f + b_f)
        g, o = np.tanh(joined @ W_g + b_g), sigmoid(joined @ W_o + b_o)
        c_prev, c = c, f * c + i * g
        h = o * np.tanh(c)
        steps.append((joined, i, f, g, o, c_prev, c))
    dW = [np.zeros_like(W_i) for _ in range(4)]
    db = [np.zeros_like(b_i) for _ in range(4)]
    dh_next = dc_next = np.zeros_like(dhs[0])
    dxs = np.empty_like(xs)
    for t in reversed(range(len(xs))):
        joined, i, f, g, o, c_prev, c = steps[t]
        dh = dhs[t] + dh_next
        dc = dc_next + dh * o * (1 - np.tanh(c) ** 2)
        das = (dc * g * i * (1 - i), dc * c_prev * f * (1 - f), dc * i * (1 - g**2),
               dh * np.tanh(c) * o * (1 - o))  # fmt: skip
        djoined = 0
        for n, (da, W) in enumerate(zip(das, (W_i, W_f, W_g, W_o), strict=True)):
            dW[n] += joined.T @ da
            db[n] += da.sum(axis=0)
            djoined = djoined + da @ W.T
        dh_next, dxs[t], dc_next = djoined[:, :H], djoined[:, H:], dc * f
    return dW, db, dxs


def bare_products(xs, dhs, params):
    """Only the matrix products of a forward and a backward pass."""
    T, B, D = xs.shape
    W_x, W_h, _ = params
    flat, h = xs.reshape(T * B, D), dhs[0]
    a = flat @ W_x
    W_hT, W_xT = np.ascontiguousarray(W_h.T), np.ascontiguousarray(W_x.T)
    for _ in range(T):
        h @ W_h
        a[:B] @ W_hT
    return flat.T @ a, dhs.reshape(T * B, -1).T @ a, a @ W_xT


def torch_peer(xs, dhs, params):
    """The same through torch.nn.LSTM, and the largest relative difference of dW_x."""
    peer = torch.nn.LSTM(xs.shape[2], dhs.shape[2])
    with torch.no_grad():
        peer.weight_ih_l0.copy_(torch.from_numpy(params.W_x.T.copy()))
        peer.weight_hh_l0.copy_(torch.from_numpy(params.W_h.T.copy()))
        peer.bias_ih_l0.copy_(torch.from_numpy(params.b))
        peer.bias_hh_l0.zero_()
    x, dh = torch.from_numpy(xs).requires_grad_(), torch.from_numpy(dhs)

    def run():
        peer.zero_grad()
        x.grad = None
        peer(x)[0].backward(dh)

    run()
    ours = lstm_backward(dhs, lstm_forward(xs, params), params).params.W_x
    theirs = peer.weight_ih_l0.grad.numpy().T
    assert np.abs(ours - theirs).max() < 2e-4 * np.abs(theirs).max()
    return run


def medians(runs, seconds=4.0):
    """Median processor time of each callable, run in turn until the seconds are over."""
    times = {name: [] for name in runs}
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or min(map(len, times.values())) < 5:
        for name, run in runs.items():
            start = time.thread_time()
            run()
            times[name].append(time.thread_time() - start)
    return {name: statistics.median(values) for name, values in times.items()}


def verdict(value, target, at_most=False):
    if target is None:
        return f"{value:6.2f}        "
    good = value <= target if at_most else value >= target
    return f"{value:6.2f} {'pass ' if good else 'short'} ({'<=' if at_most else '>='}{target})"


def memory(xs, dhs, params):
    """Megabytes of forward plus backward: at the peak, and of the trace and the gradients alone."""
    tracemalloc.start()
    trace = lstm_forward(xs, params)
    grads = lstm_backward(dhs, trace, params)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    kept = [a for name, a in vars(trace).items() if name != "xs"]
    kept += [grads.xs, grads.h, grads.c, *grads.params]
    return peak / 1e6, sum(a.nbytes for a in kept) / 1e6


def growth(axis, times=4):
    """How many times as long forward plus backward takes with `times` the steps or the batch."""
    params = init_lstm(16, 32, rng=np.random.default_rng(0), dtype=np.float32)
    runs = {}
    for n in (1, times):
        T, B = (50 * n, 16) if axis == "T" else (50, 16 * n)
        xs, dhs = np.zeros((T, B, 16), np.float32), np.zeros((T, B, 32), np.float32)
        runs[n] = partial(forward_and_backward, xs, dhs, params)
    taken = medians(runs, seconds=2)
    return taken[times] / taken[1]


def main():
    versions = [f"Python {platform.python_version()}", f"NumPy {np.__version__}"]
    versions.append(f"PyTorch {torch.__version__}" if torch else "no PyTorch")
    versions.append("numba" if compiled else "no numba: the core only")
    print(f"{platform.machine()}, {', '.join(versions)}")
    print("one thread, float32, medians of alternating runs")
    print(f"{'T, B, D, H':20} {'ours':>9} {'ms':>8}   torch / ours    tutorial / ours core / ours"
          "     ours / bare products")  # fmt: skip
    for T, B, D, H in SIZES:
        rng = np.random.default_rng(0)
        params = init_lstm(D, H, rng=rng, dtype=np.float32)
        xs, dhs = (rng.normal(size=(T, B, n)).astype(np.float32) for n in (D, H))
        runs = {
            "core": partial(forward_and_backward, xs, dhs, params),
            "tutorial": partial(tutorial, xs, dhs, params),
            "bare": partial(bare_products, xs, dhs, params),
        }
        if torch:
            runs["torch"] = torch_peer(xs, dhs, params)
        if compiled:
            runs["compiled"] = partial(forward_and_backward, xs, dhs, params, compiled)
            runs["compiled"]()  # compile before the clock runs
        ms = {name: 1e3 * t for name, t in medians(runs).items()}
        for ours in ("core", "compiled") if compiled else ("core",):
            fast = ours == "compiled"
            print(
                f"{T:4}, {B:3}, {D:4}, {H:4} {ours:>9} {ms[ours]:8.2f}   "
                + (verdict(ms["torch"] / ms[ours], TORCH if fast else None) if torch else "     -")
                + f"   {verdict(ms['tutorial'] / ms[ours], None if fast else TUTORIAL)}"
                + f"   {verdict(ms['core'] / ms[ours], CORE if fast else None)}"
                + f"   {verdict(ms[ours] / ms['bare'], None)}",
                flush=True,
            )
    peak, kept = memory(xs, dhs, params)
    print(
        f"\nmemory of the core at the largest: peak {peak:.1f} MB, trace and gradients "
        f"{kept:.1f} MB, ratio {peak / kept:.2f}"
    )
    for axis in "TB":
        print(f"time at 4 x {axis} / time at {axis}: {verdict(growth(axis), LINEAR, at_most=True)}")


if __name__ == "__main__":
    main()
