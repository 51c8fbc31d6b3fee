"""The views of notebook 05: optimisers, clipping, mini-batches, and a training as it runs."""

import asyncio
import html
import threading
import time
from functools import lru_cache
from itertools import pairwise

import ipywidgets as widgets
import matplotlib
import numpy as np
from matplotlib.ticker import MaxNLocator

from lstm_core import LSTMParams, RNNParams, init_lstm, init_rnn, rnn_backward, rnn_forward
from lstm_inside.page import Explorer, Pixels, Words, choice, slider, whole
from lstm_inside.page.style import (
    CELL_LINE,
    FAINT,
    FORGET,
    GRADIENT,
    HIDDEN_LINE,
    INPUT,
    OUTPUT,
    RC,
    SIGNAL,
    SIZE,
    picture,
)
from lstm_inside.tasks import adding_problem
from lstm_inside.training import (
    SGD,
    Adam,
    Model,
    Momentum,
    ReadoutParams,
    SideBySide,
    Training,
    answers,
    arrays_of,
    clip_by_norm,
    flow,
    init_readout,
    loss_at_end,
    mean_squared_error,
    norm,
    readout,
    readout_backward,
    run_cell,
)
from lstm_inside.training import training as lstm_train

WORDS = {
    "train": "Train",
    "train_tip": "Start the training",
    "go_on": "Continue",
    "go_on_tip": "Go on from what was learned",
    "stop": "Stop",
    "stop_tip": "Stop after this step and keep what was learned",
    "over": "Start over",
    "over_tip": "Forget what was learned and set out at this length",
    "ready": "not started",
    "started": "step {step} of {goal}",
    "running": "step {step} of {goal} · {left:.0f} s left",
    "stopped": "stopped at step {step} of {goal}; nothing is lost",
    "done": "done: {step} steps",
    "failed": "stopped at step {step}, as the next one failed: {error}",
}
ALWAYS_ONE = 1 / 6  # the adding problem's mean squared error of always answering 1


def adding_training(cell, T, *, B=32, optimiser=None, clip=1.0, rng, batch_rng=None) -> Training:
    """A training of a cell (RNNParams or LSTMParams with D = 2) on the adding problem.

    rng draws the read-out's weights and, if there is no `batch_rng`, the mini-batches too.
    The optimiser is Adam with rate 0.02 for an LSTM, 0.005 for an RNN, unless given.
    """
    model = Model(cell, init_readout(len(cell.W_h), 1, rng=rng))
    if optimiser is None:
        optimiser = Adam(0.02 if isinstance(cell, LSTMParams) else 0.005)
    return Training(
        model, loss_at_end, lambda rng: adding_problem(T, B, rng=rng), optimiser,
        rng=batch_rng or rng, clip=clip,
    )  # fmt: skip


def smoothed(losses, width=20) -> np.ndarray:
    """The mean of each loss and up to `width` - 1 before it: what a noisy curve comes to."""
    losses = np.asarray(losses, dtype=float)
    total = np.concatenate([[0], np.cumsum(losses)])
    end = np.arange(1, len(losses) + 1)
    start = np.maximum(end - width, 0)
    return (total[end] - total[start]) / (end - start)


def _thinned(*curves, most=300):
    """Curves of one length with at most about `most` points: what a screen can show."""
    stride = max(1, len(curves[0]) // most)
    return [np.append(c[:-1:stride], c[-1:]) for c in curves]


def compare_runs(runs, *, alt, title, least=1e-4):
    """A picture of smoothed losses on the adding problem: name -> losses, direct labels.

    A name with "RNN" in it is dashed, as everywhere.
    """
    colours = ["#0072B2", "#D55E00", "#009E73", "#333333", "#CC79A7"]
    steps = max(map(len, runs.values()))
    with matplotlib.rc_context(RC):
        figure = picture(900, 360, alt)
        ax = figure.subplots()
        ax.set(xlim=(0, steps * 1.3), yscale="log", ylim=(least, 0.6))
        ax.set_xticks(np.linspace(0, steps, 6))
        ax.set(xlabel="training step", ylabel="mean squared error")
        ax.set_title(title)
        ax.axhline(ALWAYS_ONE, color=FAINT, lw=1.2)
        ax.text(0.99, 0.93, "grey line: always answering 1", color="#777777", ha="right",
                transform=ax.transAxes)  # fmt: skip
        ends = [np.log10(smoothed(losses)[-1]) for losses in runs.values()]
        heights = _apart(ends, 0.16, lowest=np.log10(least) + 0.08)
        for (name, losses), colour, height in zip(runs.items(), colours, heights, strict=False):
            t, curve = _thinned(np.arange(1, len(losses) + 1), smoothed(losses))
            ax.plot(t, np.maximum(curve, least), color=colour, ls="--" if "RNN" in name else "-")
            ax.text(steps * 1.01, 10**height, name, color=colour, va="center",
                    weight="bold")  # fmt: skip
    return figure


def compare_starts(results, *, most, alt):
    """A picture of how kinds of start fare: name -> list of (share of gradient, steps or None).

    share: of the gradient by the last input, what reaches the first. steps: until the problem
    was solved, None for not within `most` steps. One dot a training.
    """
    with matplotlib.rc_context(RC):
        figure = picture(900, 60 + 44 * len(results), alt)
        shares, steps = figure.subplots(1, 2, sharey=True)
        shares.set(xscale="log", xlim=(1e-8, 1e2), ylim=(len(results) - 0.5, -0.5))
        shares.set(yticks=range(len(results)), yticklabels=list(results))
        shares.set_title("Gradient by the first input / by the last")
        steps.set(xlim=(0, most * 1.15))
        steps.set_title(f"Training steps until solved (grey: not within {most})")
        steps.axvspan(most, most * 1.15, color="#f0f0f0", lw=0)
        for row, dots in enumerate(results.values()):
            spread = row + 0.12 * (np.arange(len(dots)) - (len(dots) - 1) / 2)
            share = np.clip([s for s, _ in dots], 1e-8, 1e2)
            until = [most * 1.075 if n is None else n for _, n in dots]
            shares.plot(share, spread, "o", color=GRADIENT, ms=6, alpha=0.7, mec="none")
            steps.plot(until, spread, "o", color=OUTPUT, ms=6, alpha=0.7, mec="none")
    return figure


def _apart(heights, gap, lowest):
    """Heights moved where needed, so that labels at them do not overlap; none below `lowest`."""
    heights, floor, ceiling = list(heights), lowest, np.inf
    order = sorted(range(len(heights)), key=lambda k: heights[k])
    for k in reversed(order):  # from the top, each below the one before it
        heights[k] = ceiling = min(heights[k], ceiling - gap)
    for k in order:  # and up again from the bottom
        heights[k] = max(heights[k], floor)
        floor = heights[k] + gap
    return heights


# ---------------------------------------------------------------- optimisers on a bowl

_POINTS = np.linspace(-2.5, 5.5, 20)[:, None]  # 20 inputs of a read-out with one weight
_ANSWERS = 1.0 * _POINTS - 0.5


def _bowl(params):
    """Loss and gradient of the read-out y = w x + b on 20 points: a bowl over (w, b)."""
    loss, dy = mean_squared_error(readout(_POINTS, params), _ANSWERS)
    return loss, readout_backward(dy, _POINTS, params)[1]


def bowl_curvatures() -> np.ndarray:
    """The bowl's two curvatures, the steep one last: SGD diverges above 2 / the steep one."""
    x = _POINTS[:, 0]
    return np.linalg.eigvalsh(2 * np.array([[(x**2).mean(), x.mean()], [x.mean(), 1]]))


def bowl_explorer(steps=50) -> Explorer:
    """SGD, momentum and Adam on the loss of a two-weight read-out (5.7)-(5.9)."""
    w, b = np.meshgrid(np.linspace(-2.2, 4.2, 201), np.linspace(-4, 4, 201))
    off = w[..., None] * _POINTS[:, 0] + b[..., None] - _ANSWERS[:, 0]
    with matplotlib.rc_context(RC):
        figure = picture(900, 400)
        bowl, course = figure.subplots(1, 2, width_ratios=(3, 2))
        bowl.contour(w, b, (off**2).mean(axis=2), levels=np.geomspace(0.05, 200, 13), cmap=SIZE,
                     vmin=-150, linewidths=1.1)  # fmt: skip
        bowl.set(xlim=(-2.2, 4.2), ylim=(-4, 4), xlabel="weight w", ylabel="bias b")
        bowl.set_title("The way down: a loss seen from above")
        bowl.plot([1], [-0.5], "x", color=OUTPUT, ms=11, mew=3)
        course.set(xlim=(0, steps), yscale="log", ylim=(1e-9, 1e3), xlabel="step")
        course.set_title("The loss along it")
        (path,) = bowl.plot([], [], color=GRADIENT, lw=1.4, marker="o", ms=3.5)
        (here,) = bowl.plot([], [], "o", color=FORGET, ms=9)
        (losses,) = course.plot([], [], color=GRADIENT)
        (now,) = course.plot([], [], "o", color=FORGET, ms=9)
    makers = {
        "SGD": lambda rate, keep: SGD(rate),
        "momentum": Momentum,
        "Adam": Adam,
    }

    @lru_cache(maxsize=4)  # moving the last slider walks the same way again
    def walk(optimiser, rate, keep):
        method = makers[optimiser](rate, keep)
        params = ReadoutParams(np.array([[-1.6]]), np.array([3.4]))
        moments, places, heights = method.start(params), [], []
        for _ in range(steps + 1):
            loss, grads = _bowl(params)
            places.append((params.W_y[0, 0], params.b_y[0]))
            heights.append(loss)
            params, moments = method.step(params, grads, moments)
        return method, np.clip(places, -30, 30), np.array(heights)

    def update(optimiser, rate, keep, t):
        method, places, heights = walk(optimiser, rate, keep)
        path.set_data(*places[: t + 1].T)
        here.set_data(*places[t : t + 1].T)
        shown = np.clip(heights, 1e-9, 1e3)
        losses.set_data(np.arange(t + 1), shown[: t + 1])
        now.set_data([t], shown[t : t + 1])
        return {"losses": heights, "path": places, "t": t, "method": method}

    def describe(v):
        said = ", ".join(f"{k} {x:g}" for k, x in list(vars(v["method"]).items())[:2])
        start, loss = v["losses"][0], v["losses"][v["t"]]
        verdict = "it climbs out of the bowl" if loss > start else f"it started at {start:.3g}"
        return (
            f"{type(v['method']).__name__} ({said}): after {v['t']} steps the loss is "
            f"{loss:.3g}; {verdict}."
        )

    return Explorer(
        "bowl",
        figure=figure,
        controls={
            "optimiser": choice("optimiser", list(makers), "momentum"),
            "rate": slider("rate", 0.005, 0.4, 0.005, 0.05, quantity="gradient", digits=3),
            "keep": slider("kept: μ, or Adam's β₁", 0, 0.99, 0.01, 0.5, quantity="gradient"),
            "t": whole("steps taken", 0, steps, steps, quantity="x"),
        },
        moving=[path, here, losses, now],
        update=update,
        describe=describe,
        play="t",
        interval=120,
    )


# ---------------------------------------------------------------- mini-batches


def _gradients_one_by_one(count, rng):
    """Each sequence's own gradient, as rows: (count, number of weights)."""
    model = Model(init_lstm(2, 4, rng=rng), init_readout(4, 1, rng=rng))
    model.readout.b_y[:] = 1  # where a training soon is: every answer about 1
    batch = adding_problem(10, count, rng=rng)
    rows = []
    for k in range(count):
        one = type(batch)(batch.xs[:, k : k + 1], batch.targets[k : k + 1], batch.last[k : k + 1])
        grads = loss_at_end(model, one)[1]
        rows.append(np.concatenate([a.ravel() for a in arrays_of(grads)]))
    return np.array(rows)


def batch_explorer(count=256, draws=150) -> Explorer:
    """How far a mini-batch's gradient is from the gradient of all sequences (5.6)."""
    rows = _gradients_one_by_one(count, np.random.default_rng(51))
    full = rows.mean(axis=0)
    length = np.linalg.norm(full)
    ahead = full / length
    rest = rows - np.outer(rows @ ahead, ahead)
    sideways = np.linalg.svd(rest, full_matrices=False)[2][0]  # where they differ most
    spread = np.sqrt(((rows - full) ** 2).sum(axis=1).mean()) / length
    sizes = np.arange(1, count + 1)
    with matplotlib.rc_context(RC):
        figure = picture(900, 390)
        cloud, curve = figure.subplots(1, 2, width_ratios=(3, 2))
        cloud.set(xlim=(-7, 9), ylim=(-3, 3), xlabel="along the gradient of all sequences",
                  ylabel="sideways")  # fmt: skip
        cloud.set_title(f"{draws} mini-batches: where each one's gradient points")
        cloud.axhline(0, color=FAINT, lw=1)
        cloud.axvline(0, color=FAINT, lw=1)
        cloud.plot([0, 1], [0, 0], color=OUTPUT, lw=4, zorder=4)
        cloud.text(1.2, 0.3, "all sequences: length 1", color=OUTPUT, weight="bold", zorder=6,
                   bbox={"fc": "white", "ec": "none", "alpha": 0.75, "pad": 1})  # fmt: skip
        cloud.text(0.99, 0.02, "dots on the frame lie beyond it", color="#777777", ha="right",
                   transform=cloud.transAxes)  # fmt: skip
        curve.plot(sizes, spread / np.sqrt(sizes), color=FAINT, lw=3)
        curve.set(xscale="log", yscale="log", xlim=(1, count), ylim=(spread / 30, spread * 2))
        curve.set(xlabel="sequences in a mini-batch, B")
        curve.set_title("Typical error / length of gradient")
        curve.text(0.06, 0.1, r"grey: $1/\sqrt{B}$", color="#777777", transform=curve.transAxes)
        (dots,) = cloud.plot([], [], "o", color=GRADIENT, ms=4.5, alpha=0.5, mec="none")
        (mark,) = curve.plot([], [], "o", color=FORGET, ms=10)

    def update(B, again):
        rng = np.random.default_rng(again)
        shares = rng.multinomial(B, np.full(count, 1 / count), size=draws) / B
        # In products too small for BLAS to start a thread: waiting for one can take 8 ms.
        means = np.concatenate([some @ rows for some in np.array_split(shares, draws // 6)])
        x, y = means @ ahead / length, means @ sideways / length
        error = np.sqrt(((means - full) ** 2).sum(axis=1).mean()) / length
        dots.set_data(np.clip(x, -7, 9), np.clip(y, -3, 3))
        mark.set_data([B], [error])
        return {"B": B, "error": error, "uphill": (x < 0).mean(), "law": spread / np.sqrt(B)}

    def describe(v):
        sequences = "1 sequence" if v["B"] == 1 else f"{v['B']} sequences"
        return (
            f"With {sequences} in a mini-batch its gradient is typically off by "
            f"{v['error']:.2f} times the length of the gradient of all; {v['uphill']:.0%} of the "
            "mini-batches point uphill."
        )

    return Explorer(
        "batch",
        figure=figure,
        controls={
            "B": whole("mini-batch size B", 1, count, 4, quantity="x"),
            "again": whole("another draw", 1, 20, 1, quantity="x"),
        },
        moving=[dots, mark],
        update=update,
        describe=describe,
    )


# ---------------------------------------------------------------- clipping at a cliff

_CLIFF_STEPS = 10  # time steps of the one-unit RNN
_CLIFF_START = 0.5  # its first state; the wish is 0 at the end


def _run_one_unit_networks(w, b):
    """One network of N units with a diagonal W_h: N networks that do not know of each other."""
    params = RNNParams(np.zeros((1, len(w))), np.diag(w), b)
    start = np.full((1, len(w)), _CLIFF_START)
    return params, rnn_forward(np.zeros((_CLIFF_STEPS, 1, 1)), params, start)


def cliff(w, b):
    """Loss h_T^2 and gradient (2, N) of N one-unit RNNs h = tanh(w h + b); w, b (N,) floats."""
    params, trace = _run_one_unit_networks(w, b)
    dhs = np.zeros((_CLIFF_STEPS, 1, len(w)))
    dhs[-1] = 2 * trace.h[-1]
    grads = rnn_backward(dhs, trace, params).params
    return trace.h[-1, 0] ** 2, np.array([np.diag(grads.W_h), grads.b])


def cliff_explorer(steps=40) -> Explorer:
    """Gradient descent into the canyon of a one-unit RNN's loss, with and without clipping."""
    ws, bs = np.linspace(0.2, 2.6, 289), np.linspace(-1, 0.8, 217)
    ends = [_run_one_unit_networks(ws, np.full(len(ws), b))[1].h[-1, 0] for b in bs]
    heights = np.log10(np.square(ends) + 1e-3)
    with matplotlib.rc_context(RC):
        figure = picture(900, 420)
        view, course = figure.subplots(1, 2, width_ratios=(3, 2))
        ground = Pixels.on(view, heights, cmap=SIZE.reversed(), vmin=-4.5, vmax=0.2)
        ground.set_extent((ws[0], ws[-1], bs[0], bs[-1]))
        view.set(xlim=(ws[0], ws[-1]), ylim=(bs[0], bs[-1]), xlabel="recurrent weight w",
                 ylabel="bias b", aspect="auto")  # fmt: skip
        view.set_title("A canyon in the loss (dark is low)")
        course.set(xlim=(0, steps), yscale="log", ylim=(1e-4, 1e3), xlabel="step")
        course.set_title("Length of the gradient met")
        course.text(0.03, 0.95, "clipped", color=INPUT, weight="bold", transform=course.transAxes)
        course.text(0.3, 0.95, "not clipped", color=FORGET, weight="bold",
                    transform=course.transAxes)  # fmt: skip
        looks = {"clipped": (INPUT, "-"), "free": (FORGET, (0, (3, 1.5)))}
        paths, lengths = {}, {}
        for name, (colour, dash) in looks.items():
            (paths[name],) = view.plot([], [], color=colour, ls=dash, lw=1.5, marker="o", ms=3)
            (lengths[name],) = course.plot([], [], color=colour, ls=dash, lw=1.8)
        (limit_line,) = course.plot([], [], color="#111111", lw=1.2, ls=":")

    @lru_cache(maxsize=4)
    def descend(w, rate, limit):
        """Both descents at once: one row clipped, one free."""
        place = np.array([[w, w], [0.2, 0.2]])
        places, met = [place], []
        for _ in range(steps):
            _, grads = cliff(*place)
            kept, length = clip_by_norm(grads[:, 0], limit)
            met.append((length, norm(grads[:, 1])))
            place = place - rate * np.stack([kept, grads[:, 1]], axis=1)
            places.append(place)
        return np.array(places), np.array(met)

    def update(rate, limit, w, t):
        places, met = descend(w, rate, limit)
        losses = cliff(*places[t])[0]
        for k, name in enumerate(looks):
            paths[name].set_data(*np.clip(places[: t + 1, :, k], -40, 40).T)
            lengths[name].set_data(np.arange(t), np.clip(met[:t, k], 1e-4, 1e3))
        limit_line.set_data([0, steps], [limit, limit])
        clipped, free = places[:, :, 0], places[:, :, 1]
        return {
            "clipped": clipped,
            "free": free,
            "lengths": met,
            "loss_clipped": losses[0],
            "loss_free": losses[1],
            "t": t,
            "rate": rate,
            "limit": limit,
            "longest": max(np.linalg.norm(b - a) for a, b in pairwise(free[: t + 1])) if t else 0,
        }

    def describe(v):
        return (
            f"After {v['t']} steps the loss is {v['loss_clipped']:.3f} with clipping and "
            f"{v['loss_free']:.3f} without. No step with clipping is longer than "
            f"{v['rate'] * v['limit']:.2f}; the longest without went {v['longest']:.2f} far."
        )

    return Explorer(
        "cliff",
        figure=figure,
        controls={
            "rate": slider("rate", 0.02, 0.3, 0.01, 0.1, quantity="gradient"),
            "limit": slider("longest allowed: λ", 0.1, 3, 0.1, 1, quantity="i", digits=1),
            "w": slider("start at w", 1.2, 2.5, 0.05, 1.8, quantity="x"),
            "t": whole("steps taken", 0, steps, steps, quantity="x"),
        },
        moving=[*paths.values(), *lengths.values(), limit_line],
        update=update,
        describe=describe,
        play="t",
        interval=120,
    )


# ---------------------------------------------------------------- gradient flow over a training


def checkpoints(training, steps, count=25) -> list:
    """Train for `steps` steps; the (step, model) pairs at `count` even distances, ends included."""
    wanted = set(np.linspace(0, steps, count).round().astype(int).tolist())
    kept = [(training.step, training.params)]
    for _ in training.steps(steps):
        if training.step in wanted:
            kept.append((training.step, training.params))
    return kept


def flow_explorer(T=20, steps=300, H=8, B=16) -> Explorer:
    """Gradient flow and gates at stored moments of a training, LSTM beside RNN.

    T: length of the adding problem's sequences; H units each; B sequences a mini-batch.
    Training happens here: a few hundredths of a millisecond a step, sequence and time step.
    """
    seeds = [np.random.default_rng(1) for _ in range(2)]
    lstm = adding_training(
        init_lstm(2, H, rng=seeds[0], forget_bias=2.0), T, B=B, optimiser=Adam(0.03), rng=seeds[0]
    )
    rnn = adding_training(init_rnn(2, H, rng=seeds[1]), T, B=B, rng=seeds[1])
    kept = list(zip(checkpoints(lstm, steps), checkpoints(rnn, steps), strict=True))
    batch = adding_problem(T, 32, rng=np.random.default_rng(52))
    with matplotlib.rc_context(RC):
        figure = picture(900, 520)
        ax = figure.subplot_mosaic([["flow", "loss"], ["gates", "cells"]], width_ratios=(1, 1))
        ax["flow"].set(xlim=(0, T), yscale="log", ylim=(1e-9, 10))
        ax["flow"].set_title("Gradient at step t / at the last step")
        for words, colour, x in (("LSTM, by c", CELL_LINE, 0.02), ("LSTM, by h", GRADIENT, 0.32),
                                 ("RNN, by h (dashed)", "#777777", 0.62)):  # fmt: skip
            ax["flow"].text(x, 0.05, words, color=colour, weight="bold", fontsize=11,
                            transform=ax["flow"].transAxes)  # fmt: skip
        ax["loss"].set(xlim=(0, steps), yscale="log", ylim=(1e-3, 1), xlabel="training step")
        ax["loss"].set_title("The losses, and where we are")
        for run, dash in ((lstm, "-"), (rnn, "--")):
            curve = np.maximum(smoothed(run.losses), 1e-3)
            ax["loss"].plot(np.arange(1, steps + 1), curve, color=GRADIENT, ls=dash)
        ax["loss"].axhline(ALWAYS_ONE, color=FAINT, lw=1.2)
        ax["loss"].text(0.03, 0.05, "LSTM solid, RNN dashed", color="#555555",
                        transform=ax["loss"].transAxes)  # fmt: skip
        ax["gates"].set(xlim=(0, T), ylim=(0, 1.18), xlabel="time step t", yticks=(0, 0.5, 1))
        ax["gates"].set_title("LSTM: mean gates on one sequence")
        for words, colour, x in (("forget", FORGET, 0.02), ("input", INPUT, 0.2),
                                 ("output", OUTPUT, 0.36)):  # fmt: skip
            ax["gates"].text(x, 0.9, words, color=colour, weight="bold", fontsize=11,
                             transform=ax["gates"].transAxes)  # fmt: skip
        ax["gates"].text(0.98, 0.9, "dotted: markers", color="#777777", fontsize=11, ha="right",
                         transform=ax["gates"].transAxes)  # fmt: skip
        ax["cells"].set(xlim=(0, T), ylim=(-8, 8), xlabel="time step t")
        ax["cells"].set_title("LSTM: every cell on that sequence (cut at ±8)")
        for key in ("flow", "gates", "cells"):
            ax[key].xaxis.set_major_locator(MaxNLocator(10, integer=True))
        curves = {
            "c": ax["flow"].plot([], [], color=CELL_LINE)[0],
            "h": ax["flow"].plot([], [], color=GRADIENT)[0],
            "rnn": ax["flow"].plot([], [], color="#777777", ls="--")[0],
        }
        gates = {
            "f": ax["gates"].plot([], [], color=FORGET)[0],
            "i": ax["gates"].plot([], [], color=INPUT)[0],
            "o": ax["gates"].plot([], [], color=OUTPUT)[0],
        }
        cells = ax["cells"].plot(np.zeros((2, H)), np.zeros((2, H)), color=CELL_LINE, lw=1.4)
        marks = [
            ax[key].axvline(0, ymax=0.85, color=SIGNAL, lw=1.3, ls=":")
            for key in ("gates", "cells")
            for _ in range(2)
        ]  # fmt: skip
        cursor = ax["loss"].axvline(0, color="#111111", lw=1.1, ls=(0, (3, 2)), zorder=5)
        said = Words(ax["cells"], T / 2, 7, color="#333333", weight="bold")

    def update(moment, sequence):
        (step, model), (_, plain) = kept[moment]
        loss, trace, grads, _ = flow(model, batch)
        loss_rnn, _, grads_rnn, _ = flow(plain, batch)
        # by c_T only the direct path through h_T counts, so every curve starts at 1 there
        sizes = {
            "c": np.linalg.norm(grads.c, axis=(1, 2)),
            "h": np.linalg.norm(grads.h, axis=(1, 2)),
            "rnn": np.linalg.norm(grads_rnn.h, axis=(1, 2)),
        }
        shares = {k: np.clip(v / max(v[-1], 1e-300), 1e-9, 10) for k, v in sizes.items()}
        for key, curve in curves.items():
            curve.set_data(np.arange(T + 1), shares[key])
        for key, line in gates.items():
            line.set_data(np.arange(1, T + 1), getattr(trace, key)[:, sequence].mean(axis=1))
        for line, c in zip(cells, trace.c[:, sequence].T, strict=True):
            line.set_data(np.arange(T + 1), np.clip(c, -8, 8))
        marked = np.flatnonzero(batch.xs[:, sequence, 1]) + 1
        for line, t in zip(marks, [*marked, *marked], strict=True):
            line.set_xdata([t, t])
        cursor.set_xdata([step, step])
        truth = batch.targets[sequence, 0]
        answer = answers(model, batch, trace)[sequence, 0]
        said.set_text(f"sum {truth:.2f}, answer {answer:.2f}")
        return {"step": step, "loss": loss, "loss_rnn": loss_rnn, "shares": shares,
                "forget": trace.f.mean(axis=(0, 1)), "answer": answer, "truth": truth}  # fmt: skip

    def describe(v):
        first = {k: s[1] for k, s in v["shares"].items()}
        return (
            f"After {v['step']} steps of training the loss is {v['loss']:.3f} (LSTM) and "
            f"{v['loss_rnn']:.3f} (RNN). Of the gradient at the last step, the first step gets "
            f"{first['c']:.2g} by the LSTM's cell, {first['rnn']:.2g} in the RNN."
        )

    return Explorer(
        "flow_training",
        figure=figure,
        controls={
            "moment": whole("moment of the training", 0, len(kept) - 1, 0, quantity="x"),
            "sequence": whole("sequence shown below", 0, 31, 0, quantity="x"),
        },
        moving=[*curves.values(), *gates.values(), *cells, *marks, cursor, said],
        update=update,
        describe=describe,
        play="moment",
        interval=300,
    )


# ---------------------------------------------------------------- a training as it runs


class LiveTraining(Explorer):
    """A training that is watched while it runs, with Train / Continue and Stop.

    run: the `lstm_train.Training`, of a `Model` on sequences with one answer at the end.
    batch: the `Sequences` that it is judged and shown on. steps: what Train aims at.
    rival: another training on the same problem that takes its steps in turn with this one.
    remake: (T, seed) -> (run, rival, batch) for sequences of T steps; with it there are
    sliders for both, and a button to start over with them.
    `await view.train()` runs it from a cell; the buttons run it beside the kernel's other
    work. Either way sliders and buttons answer meanwhile.
    """

    def __init__(self, run, batch, *, rival=None, steps=400, remake=None):
        self._set_out(run, rival, batch)
        self.goal = self._first_goal = steps
        self._remake = remake
        self.running, self._task = False, None
        self._drawing = threading.RLock()  # a cell may move a slider while a task trains
        H = len(run.params.cell.W_h)
        self._gated = isinstance(run.params.cell, LSTMParams)
        with matplotlib.rc_context(RC):
            figure = picture(900, 470)
            self._axes = figure.subplot_mosaic(
                [["loss", "gates"], ["answers", "memory"]], width_ratios=(2, 3)
            )
            moving = self._lay_out(len(batch.xs))
        super().__init__(
            "live",
            figure=figure,
            controls={
                "sequence": whole("sequence shown", 0, batch.xs.shape[1] - 1, 0, quantity="x"),
                "unit": whole("unit shown", 0, H - 1, 0, quantity="c"),
            },
            moving=moving,
            update=self._update_picture,
            describe=self._in_a_sentence,
        )
        # What it shows depends on what was learned, not on its controls alone.
        self.remove_class("lstm-explorer").add_class("lstm-live")

    def _set_out(self, run, rival, batch):
        self.run, self.rival, self.batch = run, rival, batch
        self.both = run if rival is None else SideBySide(run, rival)

    def _lay_out(self, T):
        ax = self._axes
        ax["loss"].set(xlim=(0, self.goal), yscale="log", ylim=(3e-4, 1), xlabel="training step")
        ax["loss"].set_title("Loss of each mini-batch")
        ax["loss"].axhline(ALWAYS_ONE, color=FAINT, lw=1.2)
        rule = "grey line: always answering 1"
        if self.rival is not None:
            rule = "LSTM solid, RNN dashed\n" + rule
        ax["loss"].text(0.98, 0.98, rule, color="#777777", fontsize=11, ha="right", va="top",
                        linespacing=1.05, transform=ax["loss"].transAxes)  # fmt: skip
        ax["answers"].set(xlim=(0, 2), ylim=(-0.2, 2.2), xlabel="true sum", ylabel="answer")
        ax["answers"].set_title("Answers to sequences never seen")
        ax["answers"].plot([0, 2], [0, 2], color=FAINT, lw=2)
        if self.rival is not None:
            for words, colour, x in (("● LSTM", HIDDEN_LINE, 0.03), ("○ RNN", "#777777", 0.28)):
                ax["answers"].text(x, 0.9, words, color=colour, weight="bold", fontsize=11,
                                   transform=ax["answers"].transAxes)  # fmt: skip
        ax["gates"].set(xlim=(0, T), ylim=(-0.03, 1.25), yticks=(0, 0.5, 1))
        ax["gates"].set_title("The unit's gates" if self._gated else "A plain RNN has no gates")
        if self._gated:
            for words, colour, x in (("forget", FORGET, 0.02), ("input", INPUT, 0.15),
                                     ("output", OUTPUT, 0.27)):  # fmt: skip
                ax["gates"].text(x, 0.89, words, color=colour, weight="bold", fontsize=11.5,
                                 transform=ax["gates"].transAxes)  # fmt: skip
        ax["gates"].text(0.98, 0.89, "dotted: marked numbers", color="#777777", ha="right",
                         fontsize=11.5, transform=ax["gates"].transAxes)  # fmt: skip
        span = 10 if self._gated else 1.1
        ax["memory"].set(xlim=(0, T), ylim=(-span, span), xlabel="time step t")
        ax["memory"].yaxis.set_major_locator(MaxNLocator(4))
        ax["memory"].set_title(
            "The unit's cell c (cut at ±10)" if self._gated else "The unit's state h"
        )
        for key in ("gates", "memory"):
            ax[key].xaxis.set_major_locator(MaxNLocator(10, integer=True))
        (self._noise,) = ax["loss"].plot([], [], color=FAINT, lw=1)
        (self._loss,) = ax["loss"].plot([], [], color=GRADIENT)
        (self._other_loss,) = ax["loss"].plot([], [], color=GRADIENT, ls="--", lw=1.8)
        (self._other_dots,) = ax["answers"].plot([], [], "o", color="#777777", ms=5, mfc="none")
        (self._dots,) = ax["answers"].plot([], [], "o", color=HIDDEN_LINE, ms=5, alpha=0.6,
                                           mec="none")  # fmt: skip
        (self._one,) = ax["answers"].plot([], [], "o", color=FORGET, ms=9)
        self._gates = {
            key: ax["gates"].plot([], [], color=colour)[0]
            for key, colour in (("f", FORGET), ("i", INPUT), ("o", OUTPUT))
        }
        colour = CELL_LINE if self._gated else HIDDEN_LINE
        (self._memory,) = ax["memory"].plot([], [], color=colour)
        self._marks = [
            ax[key].axvline(0, ymax=0.85, color=SIGNAL, lw=1.3, ls=":")
            for key in ("gates", "memory")
            for _ in range(2)
        ]
        return [
            self._noise, self._loss, self._other_loss, self._other_dots, self._dots, self._one,
            self._memory, *self._gates.values(), *self._marks,
        ]  # fmt: skip

    def _buttons(self, play, interval):
        self.start_button = _button("train", "play", self._start_beside)
        self.stop_button = _button("stop", "stop", lambda: self.both.stop())
        self.stop_button.disabled = True
        self.bar = widgets.IntProgress(max=self.goal, layout={"width": "180px"})
        # HTML, as a Label never breaks its line, and an error can be long
        self.status = widgets.HTML(WORDS["ready"], layout={"flex": "1 1 0", "min_width": "0"})
        rows = [widgets.HBox([self.start_button, self.stop_button, self.bar, self.status])]
        if self._remake:
            T = len(self.batch.xs)
            self.length = whole("sequence length T", 10, 100, T, step=5, quantity="x")
            self.seed = whole("seed", 1, 20, 1, quantity="x")
            for control, width in ((self.length, "380px"), (self.seed, "290px")):
                control.layout.flex, control.layout.width = "0 1 auto", width
            self.seed.style.description_width = "60px"
            self.over_button = _button("over", "undo", self.start_over)
            rows.insert(0, widgets.HBox([self.length, self.seed, self.over_button]))
        return [widgets.VBox(rows)]

    # ------------------------------------------------------------ what it shows

    def _show(self, changed):
        with self._drawing:
            super()._show(changed)

    def refresh(self):
        """Draw what the trainings have come to, after steps that were taken elsewhere."""
        step = self.both.step
        self._say("ready" if not step else "stopped" if step < self.goal else "done")
        self._show(set())

    def _update_picture(self, sequence, unit):
        run, rival, batch = self.run, self.rival, self.batch
        trace = run_cell(batch.xs, run.params.cell)
        said = answers(run.params, batch, trace)[:, 0]
        truth = batch.targets[:, 0]
        self._draw_losses()
        shown = np.clip(said, -0.2, 2.2)
        self._dots.set_data(truth, shown)
        self._one.set_data(truth[[sequence]], shown[[sequence]])
        time_steps = np.arange(len(trace.h))
        if self._gated:
            for key, line in self._gates.items():
                line.set_data(time_steps[1:], getattr(trace, key)[:, sequence, unit])
        memory = (trace.c if self._gated else trace.h)[:, sequence, unit]
        self._memory.set_data(time_steps, np.clip(memory, -10, 10))
        marked = np.flatnonzero(batch.xs[:, sequence, 1] == 1) + 1
        for line, at in zip(self._marks, [*marked, *marked], strict=True):
            line.set_xdata([at, at])
        values = {"step": run.step, "T": len(batch.xs), "answers": said, "memory": memory,
                  "truth": truth[sequence], "answer": said[sequence],
                  "error": mean_squared_error(said, truth)[0]}  # fmt: skip
        if rival is not None:
            other = answers(rival.params, batch)[:, 0]
            self._other_dots.set_data(truth, np.clip(other, -0.2, 2.2))
            values |= {"answers_rnn": other, "error_rnn": mean_squared_error(other, truth)[0]}
        return values

    def _draw_losses(self):
        for run, lines in (
            (self.run, (self._noise, self._loss)),
            (self.rival, (None, self._other_loss)),
        ):
            if run is None:
                continue
            losses = run.losses  # once: a step may be under way
            steps = np.arange(1, len(losses) + 1)
            curves = _thinned(steps, losses, smoothed(losses)) if len(losses) else [[], [], []]
            for line, curve in zip(lines, curves[1:], strict=True):
                if line is not None:
                    line.set_data(curves[0], np.clip(curve, 3e-4, 1))

    def _in_a_sentence(self, v):
        errors = _short(v["error"], 3)
        if "error_rnn" in v:
            errors = f"{errors} (LSTM) and {_short(v['error_rnn'], 3)} (RNN)"
        return (
            f"Sequences of {v['T']} steps. After {v['step']} training steps the mean squared "
            f"error on sequences never trained on is {errors}; always answering 1 gives "
            f"{ALWAYS_ONE:.3f}. On the sequence shown the sum is {v['truth']:.2f} and the answer "
            f"{_short(v['answer'], 2)}."
        )

    # ------------------------------------------------------------ running

    async def train(self, steps=None) -> int:
        """Train until `steps` steps are done (what was aimed at, if missing); watch meanwhile.

        Once there, another call without `steps` aims as far again. Returns the steps taken in
        this call; fewer than asked after Stop. A second call while it runs does nothing.
        """
        first = self.both.step
        if steps is None:
            steps = self.goal if first < self.goal else first + self._first_goal
        if self.running or steps <= first:
            return 0
        self._now_running(True)
        self.goal = self.bar.max = steps
        self._say("started")
        self._make_room()
        began = time.perf_counter()

        def show():
            if self.figure is None:  # closed meanwhile
                return
            done = self.both.step - first
            left = (time.perf_counter() - began) / max(done, 1) * (self.goal - self.both.step)
            self._say("running", left=left)
            self._show(set())

        try:
            return await lstm_train.train(self.both, steps - first, show=show)
        finally:
            self._now_running(False)
            if self.figure is not None:
                self._say("done" if self.both.step >= self.goal else "stopped")

    def start_over(self):
        """Forget what was learned and set out again, at the length and seed of the sliders."""
        if self.running:
            return
        self._set_out(*self._remake(self.length.value, self.seed.value))
        for key in ("gates", "memory"):
            self._axes[key].set_xlim(0, self.length.value)
        self.goal = self.bar.max = self._first_goal
        self._axes["loss"].set_xlim(0, self.goal)
        self._name_start("train")
        with self._drawing:
            self._draw_still()
        self.refresh()

    def _make_room(self):
        if self._axes["loss"].get_xlim()[1] < self.goal:
            self._axes["loss"].set_xlim(0, self.goal)
            with self._drawing:
                self._draw_still()

    def _now_running(self, running):
        self.running = running
        if self.figure is None:
            return
        self.start_button.disabled, self.stop_button.disabled = running, not running
        if self._remake:
            self.over_button.disabled = running
        self._name_start("go_on")

    def _name_start(self, what):
        self.start_button.description = WORDS[what]
        self.start_button.tooltip = WORDS[what + "_tip"]

    def _say(self, what, **details):
        step = self.both.step
        self.bar.value = step
        said = WORDS[what].format(step=step, goal=self.goal, **details)
        self.status.value = html.escape(said, quote=False)
        if step and not self.running:
            self._name_start("go_on")

    def _start_beside(self):
        """Train as a task beside the kernel's other work; what goes wrong is said here."""

        async def guarded():
            try:
                await self.train()
            except Exception as error:  # nobody awaits a task, so nobody else would tell
                if self.figure is not None:
                    self._say("failed", error=error)

        self._task = asyncio.ensure_future(guarded())

    def close(self):
        """Stop, and let go of figure and widgets."""
        self.both.stop()
        super().close()


def _short(x, digits):
    """A number in few characters, even that of a training which has left all bounds."""
    return f"{x:.{digits}f}" if abs(x) < 1e4 else f"{x:.0e}"


def _button(what, icon, press):
    button = widgets.Button(
        description=WORDS[what], tooltip=WORDS[what + "_tip"], icon=icon, layout={"width": "110px"}
    )
    button.on_click(lambda _: press())
    return button


def live_training(run=None, batch=None, *, rival=None, steps=400) -> LiveTraining:
    """Watch a training on the adding problem (see `LiveTraining`); a small LSTM if none given."""
    if run is None:
        rng = np.random.default_rng(1)
        run = adding_training(init_lstm(2, 16, rng=rng, forget_bias=2.0), 20, rng=rng)
    if batch is None:
        T = len(run.batches(np.random.default_rng(0)).xs)
        batch = _unseen(T)
    return LiveTraining(run, batch, rival=rival, steps=steps)


def adding_duel(T, seed=1) -> tuple[Training, Training]:
    """An LSTM (16 units) and an RNN (32 units, orthogonal start) set out on the adding problem.

    T: the length of the sequences, at least 4. seed: a whole number from 0, for weights and
    mini-batches. Both have about 1,200 weights and see the same mini-batches.
    """
    rng, rng_rnn = (np.random.default_rng(seed) for _ in range(2))
    lstm = init_lstm(2, 16, rng=rng, forget_bias=3.0)
    rnn = init_rnn(2, 32, rng=rng_rnn, recurrent="orthogonal")
    draws = np.random.default_rng([seed, 2])  # only its state is taken over: one serves both
    return (
        adding_training(lstm, T, rng=rng, batch_rng=draws),
        adding_training(rnn, T, rng=rng_rnn, batch_rng=draws),
    )


def live_duel(T=20, steps=500) -> LiveTraining:
    """Watch the two trainings of `adding_duel` in turn, with sliders for length T and seed."""

    def remake(T, seed=1):
        return *adding_duel(T, seed), _unseen(T)

    run, rival, batch = remake(T)
    return LiveTraining(run, batch, rival=rival, steps=steps, remake=remake)


def _unseen(T):
    return adding_problem(T, 64, rng=np.random.default_rng(53))


EXPLORERS = {
    "batch": batch_explorer,
    "bowl": bowl_explorer,
    "cliff": cliff_explorer,
    "flow_training": flow_explorer,
    "live": live_duel,
}
