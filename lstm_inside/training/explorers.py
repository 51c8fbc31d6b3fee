"""The views of notebook 05: optimisers, mini-batches, clipping, gradient flow while it learns."""

from functools import cache, lru_cache
from itertools import pairwise

import matplotlib
import numpy as np
from matplotlib.ticker import MaxNLocator

from lstm_core import init_lstm, init_rnn
from lstm_inside.page import Explorer, Pixels, Words, choice, slider, whole
from lstm_inside.page.measure import step_lengths
from lstm_inside.page.style import (
    CELL_LINE,
    FAINT,
    FORGET,
    GATES,
    GRADIENT,
    INPUT,
    OUTPUT,
    RC,
    SIGNAL,
    SIZE,
    picture,
    true_minus,
)
from lstm_inside.tasks import adding_problem
from lstm_inside.words import say

from .explorers_live import LiveTraining, live_duel, live_recall, live_training
from .figures import draw_bowl
from .landscapes import bowl, cliff
from .model import Model, ReadoutParams, answers, flow, init_readout, loss_at_end
from .optimisers import SGD, Adam, Momentum
from .runs import ADDING, adding_training, checkpoints, smoothed
from .trees import arrays_of

__all__ = [
    "EXPLORERS",
    "LiveTraining",
    "batch_explorer",
    "bowl_explorer",
    "cliff_explorer",
    "flow_explorer",
    "live_duel",
    "live_recall",
    "live_training",
]

# ---------------------------------------------------------------- optimisers on a bowl


def bowl_explorer(steps=50) -> Explorer:
    """SGD, momentum and Adam on the loss of a two-weight read-out (5.5)-(5.7)."""
    with matplotlib.rc_context(RC):
        figure = picture(900, 400)
        seen, course = figure.subplots(1, 2, width_ratios=(3, 2))
        draw_bowl(seen)
        seen.set(xlabel=say("weight w"), ylabel=say("bias b"))
        seen.set_title(say("The way down: a loss seen from above"))
        course.set(xlim=(0, steps), yscale="log", ylim=(1e-9, 1e3), xlabel=say("step"))
        course.set_title(say("The loss along it"))
        (path,) = seen.plot([], [], color=GRADIENT, lw=1.4, marker="o", ms=3.5)
        (here,) = seen.plot([], [], "o", color=FORGET, ms=15, mew=2.5, mfc="none")
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
            loss, grads = bowl(params)
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
        method, start, loss = v["method"], v["losses"][0], v["losses"][v["t"]]
        if isinstance(method, SGD):
            said = say("rate {rate:g}", rate=method.rate)
        else:
            said = say("rate {rate:g}, keep {keep:g}", rate=method.rate, keep=method.keep)
        values = {"name": type(method).__name__, "said": said, "t": v["t"], "loss": loss}
        if loss > start:
            return say(
                "{name} ({said}): after {t} steps the loss is {loss:.3g}; it climbs out of the "
                "bowl.",
                **values,
            )
        return say(
            "{name} ({said}): after {t} steps the loss is {loss:.3g}; it started at {start:.3g}.",
            start=start,
            **values,
        )

    return Explorer(
        "bowl",
        figure=figure,
        controls={
            "optimiser": choice(
                "optimiser",
                [("SGD", "SGD"), ("momentum", "momentum"), ("Adam", "Adam")],
                "momentum",
            ),
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


def _gradients_one_by_one(count, rng, bias):
    """Each sequence's own gradient, as rows: (count, number of weights)."""
    model = Model(init_lstm(2, 4, rng=rng), init_readout(4, 1, rng=rng))
    model.readout.b_y[:] = bias
    batch = adding_problem(10, count, rng=rng)
    rows = []
    for k in range(count):
        one = type(batch)(batch.xs[:, k : k + 1], batch.targets[k : k + 1], batch.last[k : k + 1])
        grads = loss_at_end(model, one)[1]
        rows.append(np.concatenate([a.ravel() for a in arrays_of(grads)]))
    return np.array(rows)


def _across(rows):
    """The mean row, its length, a direction at right angles, the typical distance of a row."""
    full = rows.mean(axis=0)
    length = np.linalg.norm(full)
    rest = rows - np.outer(rows @ full, full) / length**2
    sideways = np.linalg.svd(rest, full_matrices=False)[2][0]  # where they differ most
    return full, length, sideways, np.sqrt(((rows - full) ** 2).sum(axis=1).mean()) / length


def batch_explorer(count=256, draws=150) -> Explorer:
    """How far a mini-batch's gradient is from the gradient of all sequences (5.4).

    At two places: where a training starts, and where it soon is, every answer about 1.
    """
    places = {}
    for name, bias in (("start", 0), ("plateau", 1)):
        rows = _gradients_one_by_one(count, np.random.default_rng(51), bias)
        places[name] = rows, *_across(rows)
    sizes = np.arange(1, count + 1)
    with matplotlib.rc_context(RC):
        figure = picture(900, 390)
        cloud, curve = figure.subplots(1, 2, width_ratios=(3, 2))
        cloud.set(xlim=(-7, 9), ylim=(-3, 3), ylabel=say("sideways of it"))
        cloud.set_xlabel(say("how far along the gradient of all sequences (its length is 1)"))
        cloud.set_title(say("{draws} mini-batches: left of 0 leads uphill", draws=draws))
        cloud.axvspan(-7, 0, color="#f5e9e2", lw=0, zorder=0)
        cloud.axhline(0, color=FAINT, lw=1)
        cloud.axvline(0, color=FAINT, lw=1)
        cloud.plot([0, 1], [0, 0], color=OUTPUT, lw=4, zorder=4)
        cloud.annotate(say("green bar: all sequences, length 1"), (0.5, 0.05), (1, 2.4),
                       color=OUTPUT, weight="bold",
                       arrowprops={"arrowstyle": "-", "color": OUTPUT})  # fmt: skip
        cloud.text(0.99, 0.02, say("dots on the frame lie beyond it"), color="#777777", ha="right",
                   transform=cloud.transAxes)  # fmt: skip
        curve.set(xscale="log", yscale="log", xlim=(1, count), ylim=(0.02, 15))
        curve.set(xlabel=say("sequences in a mini-batch, B"))
        curve.set_title(say("Typical error / length of gradient"))
        for name, at, words in (
            ("plateau", 12, say("on the plateau")), ("start", 12, say("at the start"))
        ):  # fmt: skip
            curve.plot(sizes, places[name][4] / np.sqrt(sizes), color=FAINT, lw=3)
            curve.text(at, 1.25 * places[name][4] / np.sqrt(at), words, color="#777777")
        curve.text(0.06, 0.06, say("grey: falls like 1/√B"), color="#777777",
                   transform=curve.transAxes)  # fmt: skip
        (dots,) = cloud.plot([], [], "o", color=GRADIENT, ms=4.5, alpha=0.5, mec="none")
        (mark,) = curve.plot([], [], "o", color=FORGET, ms=10)
        uphill = Words(cloud, -6.8, 2.4, ha="left", color=FORGET, weight="bold")

    def update(place, B, again):
        rows, full, length, sideways, spread = places[place]
        rng = np.random.default_rng(again)
        shares = rng.multinomial(B, np.full(count, 1 / count), size=draws) / B
        # In products too small for BLAS to start a thread: waiting for one can take 8 ms.
        means = np.concatenate([some @ rows for some in np.array_split(shares, draws // 6)])
        x, y = means @ full / length**2, means @ sideways / length
        error = np.sqrt(((means - full) ** 2).sum(axis=1).mean()) / length
        dots.set_data(np.clip(x, -7, 9), np.clip(y, -3, 3))
        mark.set_data([B], [error])
        uphill.set_text(say("uphill: {share:.0%}", share=(x < 0).mean()))
        return {"B": B, "error": error, "uphill": (x < 0).mean(), "law": spread / np.sqrt(B)}

    def describe(v):
        values = {"error": v["error"], "uphill": v["uphill"]}
        if v["B"] == 1:
            return say(
                "With 1 sequence in a mini-batch its gradient is typically off by {error:.2f} "
                "times the length of the gradient of all; {uphill:.0%} of the mini-batches lead "
                "uphill.",
                **values,
            )
        return say(
            "With {B} sequences in a mini-batch its gradient is typically off by {error:.2f} times "
            "the length of the gradient of all; {uphill:.0%} of the mini-batches lead uphill.",
            B=v["B"],
            **values,
        )

    return Explorer(
        "batch",
        figure=figure,
        controls={
            "place": choice(
                "where", [("at the start", "start"), ("on the plateau", "plateau")], "plateau"
            ),
            "B": whole("mini-batch size B", 1, count, 4, quantity="x"),
            "again": whole("another draw", 1, 20, 1, quantity="x"),
        },
        moving=[dots, mark, uphill],
        update=update,
        describe=describe,
    )


# ---------------------------------------------------------------- clipping at a cliff


def cliff_explorer(steps=100) -> Explorer:
    """Gradient descent into the canyon of a one-unit RNN's loss, with and without clipping."""
    ws, bs = np.linspace(0.2, 2.6, 289), np.linspace(-1, 0.8, 217)
    heights = np.log10([cliff(ws, np.full(len(ws), b))[0] + 1e-3 for b in bs])
    with matplotlib.rc_context(RC):
        figure = picture(900, 420)
        view, course = figure.subplots(1, 2, width_ratios=(3, 2))
        ground = Pixels.on(view, heights, cmap=SIZE.reversed(), vmin=-4.5, vmax=0.2)
        ground.set_extent((ws[0], ws[-1], bs[0], bs[-1]))
        view.contour(ws, bs, heights, levels=np.log10([0.1, 0.5, 0.9]), colors="#555555",
                     linestyles="-", linewidths=0.7)  # fmt: skip
        view.set(xlim=(ws[0], ws[-1]), ylim=(bs[0], bs[-1]), xlabel=say("recurrent weight w"),
                 ylabel=say("bias b"), aspect="auto")  # fmt: skip
        view.set_title(say("A canyon in the loss (dark is low; lines at 0.1, 0.5, 0.9); ○ start"))
        course.set(xlim=(0, steps), yscale="log", ylim=(1e-4, 1e3), xlabel=say("step"))
        course.set_title(say("Length of the gradient met"))
        course.text(
            0.03, 0.95, say("clipped"), color=INPUT, weight="bold", transform=course.transAxes
        )
        course.text(0.3, 0.95, say("not clipped"), color=FORGET, weight="bold",
                    transform=course.transAxes)  # fmt: skip
        looks = {"clipped": (INPUT, "-", 2.8), "free": (FORGET, (0, (3, 1.5)), 1.3)}
        paths, lengths = {}, {}
        for name, (colour, dash, width) in looks.items():
            (paths[name],) = view.plot([], [], color=colour, ls=dash, lw=width, marker="o",
                                       ms=width + 1.4)  # fmt: skip
            (lengths[name],) = course.plot([], [], color=colour, ls=dash, lw=width)
        (start,) = view.plot([], [], "o", ms=10, mfc="none", mec="#111111", mew=1.8, zorder=5)
        (limit_line,) = course.plot([], [], color="#111111", lw=1.2, ls=":")
        limit_said = Words(course, 0.98 * steps, 1, ha="right", color="#111111")
        limit_said.set_text(say("limit"))
        away = Words(view, 1.15, -0.84, ha="left", color=FORGET, weight="bold")

    @lru_cache(maxsize=4)
    def descend(w, rate, limit):
        """Both descents at once: one row clipped, one free."""
        place = np.array([[w, w], [0.2, 0.2]])
        places, met = [place], []
        for _ in range(steps):
            _, grads = cliff(*place)
            lengths = np.hypot(*grads)
            met.append(lengths)
            shorter = min(1, limit / max(lengths[0], 1e-300))  # (5.8)
            place = place - rate * grads * [shorter, 1]
            places.append(place)
        return np.array(places), np.array(met)

    def update(rate, limit, w, t):
        places, met = descend(w, rate, limit)
        losses = cliff(*places[t])[0]
        for k, name in enumerate(looks):
            paths[name].set_data(*np.clip(places[: t + 1, :, k], -40, 40).T)
            lengths[name].set_data(np.arange(1, t + 1), np.clip(met[:t, k], 1e-4, 1e3))
        limit_line.set_data([0, steps], [limit, limit])
        limit_said.set_position((0.98 * steps, 1.7 * limit))
        start.set_data([w], [0.2])
        clipped, free = places[:, :, 0], places[:, :, 1]
        longest = max(np.linalg.norm(b - a) for a, b in pairwise(free[: t + 1])) if t else 0
        outside = (np.abs(free[t] - (1.4, -0.1)) > (1.2, 0.9)).any()
        leap = say("not clipped: out of the picture\nby a step of {longest:.1f}", longest=longest)
        away.set_text(leap if outside else "")
        return {
            "clipped": clipped,
            "free": free,
            "lengths": met,
            "loss_clipped": losses[0],
            "loss_free": losses[1],
            "t": t,
            "rate": rate,
            "limit": limit,
            "longest": longest,
        }

    def describe(v):
        return say(
            "After {t} steps the loss is {loss_clipped:.3f} with clipping and {loss_free:.3f} "
            "without. No step with clipping is longer than {rate:.2f}; the longest without went "
            "{longest:.2f} far.",
            t=v["t"],
            loss_clipped=v["loss_clipped"],
            loss_free=v["loss_free"],
            rate=v["rate"] * v["limit"],
            longest=v["longest"],
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
        moving=[*paths.values(), *lengths.values(), limit_line, limit_said, away, start],
        update=update,
        describe=describe,
        play="t",
        interval=120,
    )


# ---------------------------------------------------------------- gradient flow over a training


@lru_cache(maxsize=2)  # a page shows it in one cell and asks it in the next
def _watched(T, steps, H, B):
    """An LSTM's and an RNN's training: their (step, model) pairs by moments, and their losses."""
    seeds = [np.random.default_rng(1) for _ in range(2)]
    lstm = adding_training(
        init_lstm(2, H, rng=seeds[0], forget_bias=2.0), T, B=B, optimiser=Adam(0.03), rng=seeds[0]
    )
    rnn = adding_training(init_rnn(2, H, rng=seeds[1]), T, B=B, rng=seeds[1])
    kept = zip(checkpoints(lstm, steps), checkpoints(rnn, steps), strict=True)
    return list(kept), (lstm.losses, rnn.losses)


def flow_explorer(T=20, steps=300, H=8, B=16) -> Explorer:
    """Gradient flow and gates at stored moments of a training, LSTM beside RNN.

    T: length of the adding problem's sequences; H units each; B sequences a mini-batch.
    Training happens here: a few hundredths of a millisecond a step, sequence and time step.
    """
    kept, losses = _watched(T, steps, H, B)
    batch = adding_problem(T, 32, rng=np.random.default_rng(52))
    with matplotlib.rc_context(RC):
        figure = picture(900, 520)
        ax = figure.subplot_mosaic([["flow", "loss"], ["gates", "cells"]], width_ratios=(1, 1))
        ax["flow"].set(xlim=(0, T), yscale="log", ylim=(1e-9, 10))
        ax["flow"].set_title(say("dL/dc, dL/dh at step t / at the last step"))
        for words, colour, x in (
            (say("LSTM, c"), CELL_LINE, 0.02),
            (say("LSTM, h"), GRADIENT, 0.27),
            (say("RNN, h (dashed)"), "#777777", 0.52),
        ):
            ax["flow"].text(x, 0.05, words, color=colour, weight="bold", fontsize=11,
                            transform=ax["flow"].transAxes)  # fmt: skip
        ax["loss"].set(xlim=(-0.02 * steps, steps), yscale="log", ylim=(1e-3, 3))
        ax["loss"].set_xlabel(say("training step"))
        ax["loss"].set_title(say("Loss of each mini-batch; orange: this moment"))
        for each, dash in zip(losses, ("-", "--"), strict=True):
            curve = np.maximum(smoothed(each), 1e-3)
            ax["loss"].plot(np.arange(1, steps + 1), curve, color=GRADIENT, ls=dash)
        ax["loss"].axhline(ADDING.lazy_loss, color=FAINT, lw=1.2)
        ax["loss"].text(0.03, 0.05, say("LSTM solid, RNN dashed\ngrey line: always answering 1"),
                        color="#555555", fontsize=11, transform=ax["loss"].transAxes)  # fmt: skip
        ax["gates"].set(xlim=(0, T), ylim=(0, 1.18), xlabel=say("time step t"), yticks=(0, 0.5, 1))
        ax["gates"].set_title(say("LSTM: mean gates on one sequence"))
        for key, x in (("f", 0.02), ("i", 0.2), ("o", 0.36)):
            gate = GATES[key]
            ax["gates"].text(x, 0.9, gate.short, color=gate.line, weight="bold", fontsize=11,
                             transform=ax["gates"].transAxes)  # fmt: skip
        ax["gates"].text(
            0.98,
            0.9,
            say("dotted: flagged"),
            color="#777777",
            fontsize=11,
            ha="right",
            transform=ax["gates"].transAxes,
        )
        ax["cells"].set(xlim=(0, T), ylim=(-8, 8), xlabel=say("time step t"))
        ax["cells"].set_title(say("LSTM: every cell on that sequence (cut at ±8)"))
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
        cursor = ax["loss"].axvline(0, color=FORGET, lw=2.5, zorder=5)
        said = Words(ax["cells"], T / 2, 7, color="#333333", weight="bold")

    @cache  # another sequence, or a moment seen before: the same passes
    def passes(moment):
        (step, model), (_, plain) = kept[moment]
        loss, trace, grads, _ = flow(model, batch)
        loss_rnn, _, grads_rnn, _ = flow(plain, batch)
        # dL/dc_T has the direct path through h_T alone, so every curve starts at 1 there
        sizes = {
            "c": step_lengths(grads.c),
            "h": step_lengths(grads.h),
            "rnn": step_lengths(grads_rnn.h),
        }
        shares = {k: np.clip(v / max(v[-1], 1e-300), 1e-9, 10) for k, v in sizes.items()}
        given = answers(model, batch, trace)[:, 0]
        return {"step": step, "loss": loss, "loss_rnn": loss_rnn, "shares": shares}, trace, given

    def update(moment, sequence):
        values, trace, answered = passes(moment)
        step, shares = values["step"], values["shares"]
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
        answer = answered[sequence]
        words = say("sum {truth}, answer {answer}", truth=f"{truth:.2f}", answer=f"{answer:.2f}")
        said.set_text(true_minus(words))
        return values | {"forget": trace.f.mean(axis=(0, 1)), "answer": answer, "truth": truth}

    def describe(v):
        first = {k: s[1] for k, s in v["shares"].items()}
        return say(
            "After {step} steps of training the loss is {loss:.3f} (LSTM) and {loss_rnn:.3f} "
            "(RNN). Of the gradient at the last step, the first step gets {c:.2g} in the LSTM's "
            "cell, {rnn:.2g} in the RNN.",
            step=v["step"],
            loss=v["loss"],
            loss_rnn=v["loss_rnn"],
            c=first["c"],
            rnn=first["rnn"],
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


EXPLORERS = {
    "batch": batch_explorer,
    "bowl": bowl_explorer,
    "cliff": cliff_explorer,
    "flow_training": flow_explorer,
    "live": live_duel,
    "live_recall": live_recall,
}
