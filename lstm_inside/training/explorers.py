"""The views of notebook 05: optimisers, mini-batches, clipping."""

from functools import lru_cache
from itertools import pairwise

import matplotlib
import numpy as np

from lstm_core import init_lstm
from lstm_inside.page import Explorer, Pixels, Words, choice, slider, whole
from lstm_inside.page.style import (
    FAINT,
    FORGET,
    GRADIENT,
    INPUT,
    OUTPUT,
    RC,
    SIZE,
    picture,
)
from lstm_inside.tasks import adding_problem
from lstm_inside.words import say

from .explorers_leaks import leak_explorer
from .explorers_live import LiveTraining, live_duel, live_recall, live_training
from .figures import draw_bowl
from .landscapes import bowl, cliff, cliff_descents
from .model import Model, ReadoutParams, init_readout, loss_at_end
from .optimisers import SGD, Adam, Momentum
from .trees import arrays_of

__all__ = [
    "EXPLORERS",
    "LiveTraining",
    "batch_explorer",
    "bowl_explorer",
    "cliff_explorer",
    "leak_explorer",
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
        course.text(0.98 * steps, 3e-9, say("cut at 1e-9 and at 1e3"), color="#777777", ha="right")

    def rule(optimiser, rate, keep):
        if optimiser == "momentum":
            return Momentum(rate, keep) if keep else SGD(rate)
        return Adam(rate, keep)

    @lru_cache(maxsize=4)  # moving the last slider walks the same way again
    def walk(optimiser, rate, keep):
        method = rule(optimiser, rate, keep)
        params = ReadoutParams(np.array([[-1.2]]), np.array([3.4]))
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
                [("SGD, or momentum if a share is kept", "momentum"), ("Adam", "Adam")],
                "momentum",
            ),
            "rate": slider("rate", 0.005, 0.4, 0.001, 0.03, quantity="gradient", digits=3),
            "keep": slider("kept: μ, or Adam's β₁", 0, 0.99, 0.01, 0, quantity="gradient"),
            "t": whole("steps taken", 0, steps, steps, quantity="x"),
        },
        moving=[path, here, losses, now],
        update=update,
        describe=describe,
        play="t",
        interval=120,
        presets={
            "creep": {"rate": 0.03},
            "zigzag": {"rate": 0.1},
            "climb out": {"rate": 0.125},
            "momentum": {"rate": 0.05, "keep": 0.5},
            "Adam": {"optimiser": "Adam", "rate": 0.2, "keep": 0.5},
        },
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
    """The mean row, its length, and the typical distance of a row, in units of that length."""
    full = rows.mean(axis=0)
    length = np.linalg.norm(full)
    return full, length, np.sqrt(((rows - full) ** 2).sum(axis=1).mean()) / length


_EDGES = np.linspace(-6, 8, 29)  # of the bars, in units of the length of the gradient of all
_OUTLINE = np.repeat(_EDGES, 2)  # the bars' edge, from left to right: up, along, down


def batch_explorer(count=256, draws=240) -> Explorer:
    """How far a mini-batch's gradient is from the gradient of all sequences (5.4).

    At two places: where a training starts, and where it soon is, every answer about 1.
    """
    places = {}
    for name, bias in (("start", 0), ("plateau", 1)):
        rows = _gradients_one_by_one(count, np.random.default_rng(51), bias)
        places[name] = rows, *_across(rows)
    sizes = np.arange(1, count + 1)
    with matplotlib.rc_context(RC):
        figure = picture(900, 370)
        heap, curve = figure.subplots(1, 2, width_ratios=(3, 2))
        heap.set(xlim=(_EDGES[0] - 0.3, _EDGES[-1] + 0.3), ylim=(0, 1.16), yticks=())
        heap.set_xticks(range(-6, 9, 2), ["≤−6", "−4", "−2", "0", "2", "4", "6", "≥8"])
        heap.set_xlabel(say("its projection on the gradient of all (whose length is 1)"))
        heap.set_title(say("{draws} mini-batches: left of 0 leads uphill", draws=draws))
        heap.axvspan(_EDGES[0] - 0.3, 0, color="#f5e9e2", lw=0, zorder=0)
        heap.axvline(0, color=FAINT, lw=1.5)
        heap.axvline(1, color=OUTPUT, lw=2)
        heap.text(1.15, 1.08, say("all sequences: 1"), color=OUTPUT, weight="bold", va="center")
        (bars,) = heap.fill(_OUTLINE, 0 * _OUTLINE, color=GRADIENT, alpha=0.75, lw=0)
        curve.set(xscale="log", yscale="log", xlim=(0.8, 1.25 * count), ylim=(0.02, 15))
        curve.set(xlabel=say("sequences in a mini-batch, B"))
        curve.set_title(say("Typical error / length of gradient"))
        for name, at, words in (
            ("plateau", 12, say("on the plateau")), ("start", 12, say("at the start"))
        ):  # fmt: skip
            curve.plot(sizes, places[name][3] / np.sqrt(sizes), color=FAINT, lw=3)
            curve.text(at, 1.25 * places[name][3] / np.sqrt(at), words, color="#777777")
        curve.text(0.06, 0.06, say("grey: falls like 1/√B"), color="#777777",
                   transform=curve.transAxes)  # fmt: skip
        (mark,) = curve.plot([], [], "o", color=FORGET, ms=10)
        uphill = Words(heap, _EDGES[0] + 0.2, 1.08, ha="left", color=FORGET, weight="bold")

    def update(place, B, again):
        rows, full, length, spread = places[place]
        rng = np.random.default_rng(again)
        shares = rng.multinomial(B, np.full(count, 1 / count), size=draws) / B
        # In products too small for BLAS to start a thread: waiting for one can take 8 ms.
        means = np.concatenate([some @ rows for some in np.array_split(shares, draws // 6)])
        x = means @ full / length**2
        error = np.sqrt(((means - full) ** 2).sum(axis=1).mean()) / length
        inside = np.clip(x, _EDGES[0] + 1e-9, _EDGES[-1] - 1e-9)
        heights = np.histogram(inside, _EDGES)[0] / draws
        tall = np.repeat(heights / heights.max(), 2)
        bars.set_xy(np.column_stack([_OUTLINE, np.concatenate([[0], tall, [0]])]))
        mark.set_data([B], [error])
        uphill.set_text(say("uphill: {share:.1%}", share=(x < 0).mean()))
        return {"B": B, "error": error, "uphill": (x < 0).mean(), "law": spread / np.sqrt(B)}

    def describe(v):
        values = {"error": v["error"], "uphill": v["uphill"]}
        if v["B"] == 1:
            return say(
                "With 1 sequence in a mini-batch its gradient is typically off by {error:.2f} "
                "times the length of the gradient of all; {uphill:.1%} of the mini-batches lead "
                "uphill.",
                **values,
            )
        return say(
            "With {B} sequences in a mini-batch its gradient is typically off by {error:.2f} times "
            "the length of the gradient of all; {uphill:.1%} of the mini-batches lead uphill.",
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
            "B": choice("mini-batch size B", [2**n for n in range(count.bit_length())], 4),
            "again": whole("another draw", 1, 20, 1, quantity="x"),
        },
        moving=[bars, mark, uphill],
        update=update,
        describe=describe,
    )


# ---------------------------------------------------------------- clipping at a cliff


@lru_cache(maxsize=1)
def _canyon(ws, bs):
    """log10 of the loss over b and w: the lowest within each row, and that at the row itself.

    The canyon is narrower than a row, so that the loss at the rows alone would miss it.
    """
    fine = np.add.outer(bs, (bs[1] - bs[0]) * (np.arange(8) / 8 - 0.5))
    w, b = np.broadcast_arrays(np.array(ws), fine[..., None])
    loss = cliff(w.ravel(), b.ravel())[0].reshape(w.shape)
    return np.log10(loss.min(axis=1) + 1e-3), np.log10(loss[:, 4] + 1e-3)


def cliff_explorer(steps=100) -> Explorer:
    """Gradient descent into the canyon of a one-unit RNN's loss, with and without clipping."""
    ws, bs = np.linspace(0.2, 2.6, 289), np.linspace(-1, 0.8, 217)
    lowest, heights = _canyon(tuple(ws), tuple(bs))
    with matplotlib.rc_context(RC):
        figure = picture(900, 420)
        view, course = figure.subplots(1, 2, width_ratios=(3, 2))
        ground = Pixels.on(view, lowest, cmap=SIZE.reversed(), vmin=-4.5, vmax=0.2)
        ground.set_extent((ws[0], ws[-1], bs[0], bs[-1]))
        view.contour(ws, bs, heights, levels=np.log10([0.1, 0.5, 0.9]), colors="#555555",
                     linestyles="-", linewidths=0.7)  # fmt: skip
        view.set(xlim=(ws[0], ws[-1]), ylim=(bs[0], bs[-1]), xlabel=say("recurrent weight w"),
                 ylabel=say("bias b"), aspect="auto")  # fmt: skip
        view.set_title(say("A canyon in the loss (dark is low; lines at 0.1, 0.5, 0.9); ○ start"))
        view.annotate(say("wall"), (1.9, -0.39), (1.99, -0.2), ha="center", weight="bold",
                      arrowprops={"arrowstyle": "->"})  # fmt: skip
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
        course.text(0.98 * steps, 1.6e-4, say("cut at 1e-4"), color="#777777", ha="right")
        away = Words(view, 1.15, -0.84, ha="left", color=FORGET, weight="bold")

    @lru_cache(maxsize=4)
    def descend(w, rate, limit):
        """Both descents at once: one clipped, one free."""
        return cliff_descents([w, w], rate=rate, limit=[limit, np.inf], steps=steps)

    def update(rate, limit, w, t):
        places, met = descend(w, rate, limit)
        losses = cliff(*places[t])[0]
        for k, name in enumerate(looks):
            paths[name].set_data(*np.clip(places[: t + 1, :, k], -40, 40).T)
            lengths[name].set_data(np.arange(1, t + 1), np.clip(met[:t, k], 1e-4, 1e3))
        limit_line.set_data([0, steps], [limit, limit])
        limit_said.set_position((0.98 * steps, 1.7 * limit))
        start.set_data(*places[0, :, :1])
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
        presets={
            "thrown out": {},
            "another start": {"w": 1.7},
            "a larger rate": {"rate": 0.2},
            "steps too short": {"rate": 0.02},
        },
    )


EXPLORERS = {
    "batch": batch_explorer,
    "bowl": bowl_explorer,
    "cliff": cliff_explorer,
    "leak": leak_explorer,
    "live": live_duel,
    "live_recall": live_recall,
}
