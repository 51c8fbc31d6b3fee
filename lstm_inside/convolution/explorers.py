"""What a reader moves in notebook 11: a kernel, pooling, a kernel that learns its weights back."""

import matplotlib
import numpy as np
from matplotlib.colors import PowerNorm
from matplotlib.patches import FancyArrowPatch, Polygon

from lstm_inside.foundations import photograph
from lstm_inside.page import Explorer, Words, choice, slider, toggle, whole
from lstm_inside.page.style import GRADIENT, RC, SIGNED, SIZE
from lstm_inside.words import Sentences, say

from .figures import (
    Numbers,
    canvas,
    frame_of_zeros,
    frame_on,
    image_on,
    notes_under,
    pick,
    place_image,
    show_signed,
    stage,
    surround,
)
from .layers import conv2d_backward, conv2d_forward, pool_backward, pool_forward
from .learning import bowl

ONE, ALL, SUM = "the marked value", "½ · sum of squares", "the sum of all values"
KERNELS = {
    "copy": np.eye(9)[4].reshape(3, 3),
    "blur 3 × 3": np.full((3, 3), 1 / 9),
    "blur 5 × 5": np.full((5, 5), 1 / 25),
    "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "edges, left to right": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 4,
    "edges, top to bottom": np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]) / 4,
    "edges, all round": np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]) / 2,
    "random 5 × 5": np.random.default_rng(3).uniform(-0.4, 0.4, (5, 5)),
}
IN_WORDS = Sentences(  # the names of KERNELS and of the losses
    {
        "copy": "copy",
        "blur 3 × 3": "blur 3 × 3",
        "blur 5 × 5": "blur 5 × 5",
        "sharpen": "sharpen",
        "edges, left to right": "edges, left to right",
        "edges, top to bottom": "edges, top to bottom",
        "edges, all round": "edges, all round",
        "random 5 × 5": "random 5 × 5",
        ONE: "the marked value",
        ALL: "½ · sum of squares",
        SUM: "the sum of all values",
    }
)
LEARNED = [name for name, W in KERNELS.items() if len(W) == 3]  # those that the reader lets learn


# ---------------------------------------------------------------- convolution


def convolution_explorer(size=(72, 60)) -> Explorer:
    """A kernel on the photograph (11.1), and the gradients that come back (11.3), (11.5)."""
    photo = photograph(size)
    with matplotlib.rc_context(RC):
        figure, ax = stage(
            900, 660,
            x=(30, 362, 231, 270), W=(345, 390, 210, 210), out=(639, 362, 231, 270),
            dx=(30, 28, 231, 270), dW=(345, 84, 210, 210), dout=(639, 28, 231, 270),
        )  # fmt: skip
        for key, title in (
            ("x", say("Forward: the photograph x")),
            ("out", say("the output")),
            ("dx", say("back on the photograph: dL/dx")),
            ("dout", say("Backward: dL/d(output)")),
        ):
            canvas(ax[key], title, *size, margin=5)
        kernel = Numbers(ax["W"], say("the kernel W"))
        slope = Numbers(ax["dW"], say("for the kernel: dL/dW"))
        for x, sign in ((303, "∗"), (597, "=")):
            figure.text(x / 900, 497 / 660, sign, fontsize=24, ha="center", va="center")
        for start, end, y, word in ((633, 560, 189, say("with x")), (633, 270, 40, say("with W"))):
            ends = (start / 900, y / 660), (end / 900, y / 660)
            looks = {"arrowstyle": "-|>", "mutation_scale": 16, "lw": 2, "color": "#111111"}
            figure.add_artist(FancyArrowPatch(*ends, transform=figure.transFigure, **looks))
            middle = (start + end) / 1800, (y + 12) / 660
            figure.text(*middle, word, ha="center", va="center", weight="bold")
        place_image(image_on(ax["x"], "gray"), photo[0])
        images = {key: image_on(ax[key], SIGNED) for key in ("out", "dx", "dout")}
        zeros = ax["x"].add_patch(Polygon(frame_of_zeros(*size, 0), fc="black", lw=0))
        frames = {key: frame_on(ax[key]) for key in ("x", "out", "dx", "dout")}
        lens, rim = image_on(ax["dx"], SIGNED), frame_on(ax["dx"])  # the stamp, enlarged
        photos = {key: ax[key] for key in ("x", "out", "dx", "dout")}
        notes = notes_under(photos, *size, 5)
        notes |= notes_under({"W": ax["W"], "dW": ax["dW"]}, 5, 5, 0.1)

    def update(name, stride, padding, down, across, loss):
        W = KERNELS[name]
        out, cache = conv2d_forward(photo[None], W[None, None], [0.0], stride, padding)
        rows, columns = out.shape[2:]
        row, column = pick(down, rows), pick(across, columns)
        if loss == ONE:
            dout = np.zeros_like(out)
            dout[0, 0, row, column] = 1
        else:
            dout = out
        dx, dW, _ = conv2d_backward(dout, cache)

        k = len(W)
        where = {"window": k, "stride": stride, "padding": padding}
        kernel.show(W)
        slope.show(dW[0, 0])
        largest = {
            "out": show_signed(images["out"], out[0, 0], **where),
            "dout": show_signed(images["dout"], dout[0, 0], **where),
            "dx": show_signed(images["dx"], dx[0, 0]),
        }
        lens.set_clim(-largest["dx"], largest["dx"])
        brightness = np.isclose(W.sum(), 1)
        images["out"].set_cmap("gray" if brightness else SIGNED)
        if brightness:
            images["out"].set_clim(0, 1)
        zeros.set_xy(frame_of_zeros(*size, padding))
        top, left = row * stride - padding, column * stride - padding
        middle = (k - stride) / 2
        for key, frame in frames.items():
            if key in ("x", "dx"):
                surround(frame, top, left, k)
            else:
                surround(frame, top + middle, left + middle, stride)
        for artist in (lens, rim):
            artist.set_visible(loss == ONE)
        near = np.pad(dx[0, 0], 6)[top + 5 : top + 7 + k, left + 5 : left + 7 + k]
        low, wide = -38 if top > size[0] / 2 else -68, 30  # away from the window
        lens.set_data(near[::-1])
        lens.set_extent((15, 15 + wide, low, low + wide))
        rim.set_bounds(15, low, wide, wide)
        value = out[0, 0, row, column]
        notes["x"].set_text(
            say(
                "{size} × {size_2}, with padding {padding}",
                size=size[0],
                size_2=size[1],
                padding=padding,
            )
        )
        total = say("Σ window × kernel = {value:+.3f}", value=value)
        notes["W"].set_text(total.replace("-", "−"))
        notes["out"].set_text(
            say("{rows} × {columns}; black 0, white 1", rows=rows, columns=columns)
            if brightness
            else say(
                "{rows} × {columns}; blue −, orange +, to ±{out:.2f}",
                rows=rows,
                columns=columns,
                out=largest["out"],
            )
        )
        notes["dout"].set_text(
            say("L is {loss}; to ±{most:.2f}", loss=IN_WORDS[loss], most=largest["dout"])
        )
        notes["dW"].set_text(
            say("= the pixels in the window") if loss == ONE else say("a sum over all windows")
        )
        notes["dx"].set_text(
            say("the kernel, stamped (and enlarged); to ±{most:.2f}", most=largest["dx"])
            if loss == ONE
            else say("every window's kernel, added up; to ±{most:.2f}", most=largest["dx"])
        )
        return {
            "out": out[0, 0], "dout": dout[0, 0], "dx": dx[0, 0], "dW": dW[0, 0], "loss": loss,
            "rows": rows, "columns": columns, "row": row, "column": column, "value": value,
            "kernel": name, "stride": stride, "padding": padding,
        }  # fmt: skip

    def describe(v):
        touched = np.count_nonzero(v["dx"])
        return say(
            "Kernel “{kernel}”, stride {stride}, padding {padding}: {size} × {size_2} pixels "
            "become {rows} × {columns} values. The marked one, in row {row} and column {column}, "
            "is {value:+.3f}. With L = {loss}, {touched} of the photograph's {size_3} pixels get "
            "a gradient.",
            kernel=IN_WORDS[v["kernel"]],
            stride=v["stride"],
            padding=v["padding"],
            size=size[0],
            size_2=size[1],
            rows=v["rows"],
            columns=v["columns"],
            row=v["row"],
            column=v["column"],
            value=v["value"],
            loss=IN_WORDS[v["loss"]],
            touched=touched,
            size_3=size[0] * size[1],
        )

    return Explorer(
        "convolution",
        figure=figure,
        controls={
            "name": choice("kernel", list(KERNELS), "edges, left to right"),
            "loss": choice("loss L", [ONE, ALL], ALL),
            "stride": whole("stride", 1, 4, 1),
            "padding": whole("padding", 0, 4, 0),
            "down": whole("window, down (%)", 0, 100, 94),
            "across": whole("window, across (%)", 0, 100, 63),
        },
        moving=[
            *images.values(), *kernel.artists, *slope.artists, zeros, *frames.values(),
            lens, rim, *notes.values(),
        ],
        update=update,
        describe=describe,
    )  # fmt: skip


# ---------------------------------------------------------------- pooling


def pooling_explorer(size=(72, 60)) -> Explorer:
    """Mean and max pooling of the photograph (11.6), (11.7), and where the gradient goes."""
    photo = photograph(size)
    with matplotlib.rc_context(RC):
        figure, ax = stage(
            900, 400, x=(10, 26, 289, 340), out=(305, 26, 289, 340), dx=(600, 26, 289, 340)
        )
        for key, title in (
            ("x", say("The photograph x")),
            ("out", say("Pooled: one value a window")),
            ("dx", say("Back on x: dL/dx")),
        ):
            canvas(ax[key], title, *size, margin=5)
        place_image(image_on(ax["x"], "gray"), photo[0])
        images = {"out": image_on(ax["out"], "gray"), "dx": image_on(ax["dx"], SIZE)}
        images["dx"].set_norm(PowerNorm(0.5, 0, 1))  # a share of 1/64 still shows
        frames = {key: frame_on(ax[key]) for key in ax}
        notes = notes_under(ax, *size, 5)

    def update(kind, window, stride, loss, down, across):
        out, cache = pool_forward(photo[None], window, kind, stride)
        rows, columns = out.shape[2:]
        row, column = pick(down, rows), pick(across, columns)
        if loss == ONE:
            dout = np.zeros_like(out)
            dout[0, 0, row, column] = 1
        else:
            dout = np.ones_like(out)
        dx = pool_backward(dout, cache)[0, 0]

        place_image(images["out"], out[0, 0], window=window, stride=stride)
        place_image(images["dx"], dx)
        images["dx"].set_clim(0, max(1, dx.max()))
        top, left = row * stride, column * stride
        middle = (window - stride) / 2
        surround(frames["x"], top, left, window)
        surround(frames["dx"], top, left, window)
        surround(frames["out"], top + middle, left + middle, stride)
        reached = np.count_nonzero(dx)
        value = out[0, 0, row, column]
        notes["x"].set_text(
            say(
                "{size} × {size_2}; window {window} × {window}",
                size=size[0],
                size_2=size[1],
                window=window,
            )
        )
        notes["out"].set_text(
            say(
                "{rows} × {columns}; the marked value: {value:.3f}",
                rows=rows,
                columns=columns,
                value=value,
            )
        )
        notes["dx"].set_text(
            say(
                "largest {max:.3g}; {reached} of {size} pixels reached",
                max=dx.max(),
                reached=reached,
                size=dx.size,
            )
        )
        return {
            "out": out[0, 0], "dx": dx, "rows": rows, "columns": columns, "value": value,
            "reached": reached, "kind": kind, "window": window, "stride": stride,
            "total": dx.sum(), "loss": loss,
        }  # fmt: skip

    def describe(v):
        return say(
            "{pooling}, window {window}, stride {stride}: {size} × {size_2} pixels become "
            "{rows} × {columns}. With L = {loss}, the gradient reaches {reached} pixels and adds "
            "up to {total:.0f}.",
            pooling=say("Max pooling") if v["kind"] == "max" else say("Mean pooling"),
            window=v["window"],
            stride=v["stride"],
            size=size[0],
            size_2=size[1],
            rows=v["rows"],
            columns=v["columns"],
            loss=IN_WORDS[v["loss"]],
            reached=v["reached"],
            total=v["total"],
        )

    return Explorer(
        "pooling",
        figure=figure,
        controls={
            "kind": choice("kind", ["max", "mean"], "max"),
            "loss": choice("loss L", [ONE, SUM], SUM),
            "window": whole("window size", 1, 8, 4),
            "stride": whole("stride", 1, 8, 4),
            "down": whole("window, down (%)", 0, 100, 50, step=5),
            "across": whole("window, across (%)", 0, 100, 50, step=5),
        },
        moving=[*images.values(), *frames.values(), *notes.values()],
        update=update,
        describe=describe,
    )


# ---------------------------------------------------------------- a kernel that learns

STEPS = 1000


def learning_explorer() -> Explorer:
    """A kernel of zeros on its way to the one that made the map; see `learning.learn_kernel`.

    Gradient descent in a quadratic bowl has a closed form: along each eigenvector the distance
    to the goal is multiplied by 1 - rate * eigenvalue a step. So any step is there at once.
    """
    photo = photograph()[None]
    bowls = {True: bowl(photo - photo.mean(), 3), False: bowl(photo, 3)}
    at = np.arange(0, STEPS + 1, 5)
    with matplotlib.rc_context(RC):
        figure, ax = stage(
            900, 380, W=(20, 76, 190, 190), goal=(230, 76, 190, 190), loss=(505, 60, 370, 280)
        )
        mine, goal = (
            Numbers(ax["W"], say("learned so far")),
            Numbers(ax["goal"], say("what made the map")),
        )
        notes = notes_under({"W": ax["W"], "goal": ax["goal"]}, 5, 5, 0.1)
        ax["loss"].set(
            xlim=(0, STEPS),
            ylim=(1e-9, 1e6),
            yscale="log",
            xlabel=say("step"),
            ylabel=say("loss L"),
        )
        ax["loss"].set_title(say("Does it come down?"))
        notes["end"] = Words(ax["loss"], STEPS - 10, 0, ha="right", color="#555555", weight="bold")
        (curve,) = ax["loss"].plot([], [], color=GRADIENT)
        (now,) = ax["loss"].plot([], [], "o", color="#D55E00", ms=10)

    def update(name, step, rate, centred):
        W = KERNELS[name]
        steepness, directions = bowls[centred]
        start = directions.T @ -W.ravel()  # from the goal to the kernel of zeros

        def distance(steps):
            """To the goal, along each direction, after each of `steps`: (..., 9), kept finite."""
            factor = 1 - rate * steepness
            size = np.exp(np.minimum(steps[..., None] * np.log(np.abs(factor) + 1e-300), 300))
            return start * size * np.where(factor < 0, (-1.0) ** steps[..., None], 1)

        loss = (steepness * distance(at) ** 2).sum(axis=-1) / 2
        here = distance(np.array(step))
        learned = W + (directions @ here).reshape(3, 3)
        loss_here = float((steepness * here**2).sum() / 2)
        mine.show(learned)
        goal.show(W)
        low, high = 1e-9, 1e6
        curve.set_data(at, np.where((loss > low) & (loss < high), loss, np.nan))
        now.set_data([step], [np.clip(loss_here, low, high)])
        notes["end"].set_y(3 * low if loss[-1] < low else high / 3)
        notes["end"].set_text(
            say("below 10⁻⁹: not drawn")
            if loss[-1] < low
            else say("above 10⁶: not drawn")
            if loss[-1] > high
            else ""
        )
        off = float(np.abs(learned - W).max())
        notes["W"].set_text(say("furthest off by {off:.2g}", off=off))
        notes["goal"].set_text(say("steepest direction: {steepness:.2f}", steepness=steepness[-1]))
        return {
            "kernel": name, "step": step, "rate": rate, "centred": centred, "learned": learned,
            "loss": loss_here, "off": off, "most": 2 / steepness[-1],
        }  # fmt: skip

    def describe(v):
        way = say("its mean taken away") if v["centred"] else say("as it is")
        return say(
            "Kernel “{kernel}”, the photograph {way}, rate {rate:.1f}, step {step}: loss "
            "{loss:.2g}; the weight that is furthest off is off by {off:.2g}. The largest rate "
            "that comes down is {most:.2f}.",
            kernel=IN_WORDS[v["kernel"]],
            way=way,
            rate=v["rate"],
            step=v["step"],
            loss=v["loss"],
            off=v["off"],
            most=v["most"],
        )

    return Explorer(
        "learned_kernel",
        figure=figure,
        controls={
            "name": choice("kernel to be found", LEARNED, "edges, left to right"),
            "step": whole("step", 0, STEPS, 20, step=5),
            "rate": slider("learning rate η", 0.1, 5, 0.1, 4, digits=1),
            "centred": toggle("take the mean brightness away", True),
        },
        moving=[*mine.artists, *goal.artists, *notes.values(), curve, now],
        update=update,
        describe=describe,
        play="step",
        interval=60,
        presets={
            "on its way": {},
            "found": {"step": STEPS},
            "mean left in": {"centred": False},
            "mean left in, slower": {"centred": False, "rate": 1, "step": STEPS},
        },
    )


EXPLORERS = {
    "convolution": convolution_explorer,
    "pooling": pooling_explorer,
    "learned_kernel": learning_explorer,
}
