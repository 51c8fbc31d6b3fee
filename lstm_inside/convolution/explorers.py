"""What a reader moves in notebook 11: a kernel, pooling, a kernel that learns its weights back."""

import itertools

import matplotlib
import numpy as np
from matplotlib.patches import FancyArrowPatch, Polygon

from lstm_inside.foundations import photograph
from lstm_inside.page import Explorer, Words, choice, plain, slider, toggle, whole
from lstm_inside.page.style import GRADIENT, RC, SIGNAL, SIGNED, SIZE
from lstm_inside.words import Sentences, say

from .explorers_moved import line_explorer
from .figures import (
    Numbers,
    Stamp,
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
    "brighter to the right": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 4,
    "brighter downwards": np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]]) / 4,
    "edges, all round": np.array([[0, 1, 0], [1, -4, 1], [0, 1, 0]]) / 2,
    "random 5 × 5": np.random.default_rng(3).uniform(-0.4, 0.4, (5, 5)),
}
IN_WORDS = Sentences(  # the names of KERNELS and of the losses
    {
        "copy": "copy",
        "blur 3 × 3": "blur 3 × 3",
        "blur 5 × 5": "blur 5 × 5",
        "sharpen": "sharpen",
        "brighter to the right": "brighter to the right",
        "brighter downwards": "brighter downwards",
        "edges, all round": "edges, all round",
        "random 5 × 5": "random 5 × 5",
        ONE: "the marked value",
        ALL: "½ · sum of squares",
        SUM: "the sum of all values",
    }
)
CURVED = "#0072B2"  # the most curved direction
LEARNED = [name for name, W in KERNELS.items() if len(W) == 3]  # those that the reader lets learn


# ---------------------------------------------------------------- convolution


def window_explorer(size=(72, 60)) -> Explorer:
    """A kernel on the photograph (11.1): forward only."""
    photo = photograph(size)
    with matplotlib.rc_context(RC):
        figure, ax = stage(900, 330, **_places(30))
        show = _forward(figure, ax, photo, 30)

    def update(**settings):
        return show(**settings)[0]

    return Explorer(
        "window",
        figure=figure,
        controls=_kernel_controls(),
        moving=show.moving,
        update=update,
        describe=_says_forward,
    )


def convolution_explorer(size=(72, 60)) -> Explorer:
    """A kernel on the photograph (11.1), and the gradients that come back (11.3), (11.5)."""
    photo = photograph(size)
    with matplotlib.rc_context(RC):
        figure, ax = stage(900, 660, **_places(360), **_places(28, "dx", "dW", "dy", lift=52))
        forward = _forward(figure, ax, photo, 360)
        for key, title in (
            ("dx", say("For the photograph: dx")),
            ("dy", say("Backward: dy arrives")),
        ):
            canvas(ax[key], title, *size, margin=5)
        slope = Numbers(ax["dW"], say("For the kernel: dW"), above=16)
        _arrow(figure, 638, 602, 185, "× x")
        _arrow(figure, 638, 270, 40, "× W", at=0.8)
        images = {key: image_on(ax[key], SIGNED) for key in ("dx", "dy")}
        frames = {key: frame_on(ax[key]) for key in ("dx", "dy")}
        stamp = Stamp(ax["dx"], rows=(14, 46), left=68)
        notes = notes_under({key: ax[key] for key in ("dx", "dy")}, *size, 5)
        notes |= notes_under({"dW": ax["dW"]}, 5, 5, 0.1)

    def update(loss, **settings):
        values, W, out, cache = forward(**settings)
        row, column, stride = values["row"], values["column"], values["stride"]
        if loss == ONE:
            dy = np.zeros_like(out)
            dy[0, 0, row, column] = 1
        else:
            dy = out
        dx, dW, _ = conv2d_backward(dy, cache)

        k, padding = len(W), values["padding"]
        slope.show(dW[0, 0])
        most = show_signed(images["dy"], dy[0, 0], window=k, stride=stride, padding=padding)
        notes["dy"].set_text(say("L is {loss}; to ±{most:.2f}", loss=IN_WORDS[loss], most=most))
        most = show_signed(images["dx"], dx[0, 0])
        top, left = row * stride - padding, column * stride - padding
        surround(frames["dx"], top, left, k)
        middle = (k - stride) / 2
        surround(frames["dy"], top + middle, left + middle, stride)
        stamp.show(W if loss == ONE else None, frames["dx"])
        notes["dW"].set_text(
            say("dW = the pixels in the window")
            if loss == ONE
            else say("every window's pixels × its dy, added up")
        )
        notes["dW"].set_position((2.5, (5 - k) // 2 - 5.3))  # close under its numbers
        notes["dx"].set_text(
            say("the kernel, stamped; to ±{most:.2f}", most=most)
            if loss == ONE
            else say("all the stamps, added up; to ±{most:.2f}", most=most)
        )
        return values | {"dy": dy[0, 0], "dx": dx[0, 0], "dW": dW[0, 0], "loss": loss}

    def describe(v):
        return say(
            "{forward} With L = {loss}, {touched} of the photograph's {size} pixels get "
            "a gradient.",
            forward=_says_forward(v),
            loss=IN_WORDS[v["loss"]],
            touched=np.count_nonzero(v["dx"]),
            size=f"{size[0] * size[1]:,}",
        )

    controls = _kernel_controls()
    return Explorer(
        "convolution",
        figure=figure,
        controls={
            "name": controls.pop("name"),
            "loss": choice("loss L", [ONE, ALL], ONE),
            **controls,
        },
        moving=[
            *forward.moving, *images.values(), *slope.artists, *frames.values(),
            *stamp.artists, *notes.values(),
        ],
        update=update,
        describe=describe,
    )  # fmt: skip


def _places(low, left="x", middle="W", right="out", lift=30):
    """Where a row of `stage` has its three parts: photograph, kernel, map; its foot at `low`.

    lift: how much higher the kernel stands.
    """
    return {
        left: (30, low, 231, 270),
        middle: (384, low + lift, 210, 210),
        right: (645, low, 231, 270),
    }


def _arrow(figure, start, end, y, words="", at=0.5):
    """An arrow to the left or right, in pixels of the figure; words above it, `at` its length."""
    width, height = 72 * figure.get_size_inches()
    looks = {"arrowstyle": "-|>", "mutation_scale": 16, "lw": 2, "color": "#111111"}
    ends = (start / width, y / height), (end / width, y / height)
    figure.add_artist(FancyArrowPatch(*ends, transform=figure.transFigure, **looks))
    place = (start + at * (end - start)) / width, (y + 12) / height
    figure.text(*place, words, ha="center", va="center", weight="bold")


def _kernel_controls():
    return {
        "name": choice("kernel", list(KERNELS), "brighter to the right"),
        "stride": whole("stride", 1, 4, 1),
        "padding": whole("padding", 0, 4, 0),
        "down": whole("window, down (%)", 0, 100, 94),
        "across": whole("window, across (%)", 0, 100, 63),
    }


class _forward:
    """The row of photograph, kernel and map; called with the settings it shows them.

    A call returns what is shown, the kernel, the map (1, 1, rows, columns) and the cache.
    """

    def __init__(self, figure, ax, photo, low):
        self.photo, self.size = photo, photo.shape[1:]
        for key, title in (("x", say("The photograph x")), ("out", say("The map y"))):
            canvas(ax[key], title, *self.size, margin=5)
        self.kernel = Numbers(ax["W"], say("The kernel W"), above=38)
        _arrow(figure, 270, 312, low + 135)
        _arrow(figure, 602, 644, low + 135)
        place_image(image_on(ax["x"], "gray"), photo[0])
        self.image = image_on(ax["out"], SIGNED)
        self.zeros = ax["x"].add_patch(Polygon(frame_of_zeros(*self.size, 0), fc="black", lw=0))
        self.frames = {key: frame_on(ax[key]) for key in ("x", "out")}
        self.notes = notes_under({key: ax[key] for key in ("x", "out")}, *self.size, 5)
        self.notes |= notes_under({"W": ax["W"]}, 5, 5, 0.1)
        self.moving = [
            self.image, *self.kernel.artists, self.zeros, *self.frames.values(),
            *self.notes.values(),
        ]  # fmt: skip

    def __call__(self, name, stride, padding, down, across):
        W, notes = KERNELS[name], self.notes
        out, cache = conv2d_forward(self.photo[None], W[None, None], [0.0], stride, padding)
        rows, columns = out.shape[2:]
        row, column = pick(down, rows), pick(across, columns)
        value, k = out[0, 0, row, column], len(W)
        self.kernel.show(W)
        most = show_signed(self.image, out[0, 0], window=k, stride=stride, padding=padding)
        brightness = np.isclose(W.sum(), 1)
        self.image.set_cmap("gray" if brightness else SIGNED)
        if brightness:
            self.image.set_clim(0, 1)
        self.zeros.set_xy(frame_of_zeros(*self.size, padding))
        top, left, middle = row * stride - padding, column * stride - padding, (k - stride) / 2
        surround(self.frames["x"], top, left, k)
        surround(self.frames["out"], top + middle, left + middle, stride)
        height, width = self.size
        notes["x"].set_text(
            say(
                "{size} × {size_2}, with padding {padding}",
                size=height,
                size_2=width,
                padding=padding,
            )
        )
        notes["W"].set_text(say("Σ window × kernel = {value}", value=plain(value, 3)))
        notes["out"].set_text(
            say("{rows} × {columns}; black 0 or less, white 1 or more", rows=rows, columns=columns)
            if brightness
            else say(
                "{rows} × {columns}; blue −, orange +, to ±{out:.2f}",
                rows=rows,
                columns=columns,
                out=most,
            )
        )
        values = {
            "out": out[0, 0], "rows": rows, "columns": columns, "row": row, "column": column,
            "value": value, "kernel": name, "stride": stride, "padding": padding,
            "size": self.size,
        }  # fmt: skip
        return values, W, out, cache


def _says_forward(v):
    return say(
        "Kernel “{kernel}”, stride {stride}, padding {padding}: {size} × {size_2} pixels "
        "become {rows} × {columns} values. The marked one, in row {row} and column {column}, "
        "is {value}.",
        kernel=IN_WORDS[v["kernel"]],
        stride=v["stride"],
        padding=v["padding"],
        size=v["size"][0],
        size_2=v["size"][1],
        rows=v["rows"],
        columns=v["columns"],
        row=v["row"],
        column=v["column"],
        value=plain(v["value"], 3),
    )


# ---------------------------------------------------------------- pooling


def pooling_explorer(size=(72, 60)) -> Explorer:
    """Mean and max pooling of the photograph (11.6), (11.7), and where the gradient goes."""
    photo = photograph(size)
    with matplotlib.rc_context(RC):
        figure, ax = stage(
            900, 418, x=(10, 44, 289, 340), out=(305, 44, 289, 340), dx=(600, 44, 289, 340)
        )
        for key, title in (
            ("x", say("The photograph x")),
            ("out", say("Pooled: one value a window")),
            ("dx", say("Backward: dx")),
        ):
            canvas(ax[key], title, *size, margin=5)
        place_image(image_on(ax["x"], "gray"), photo[0])
        images = {"out": image_on(ax["out"], "gray"), "dx": image_on(ax["dx"], SIZE)}
        grids = [ax[key].plot([], [], color="#888888", lw=0.4)[0] for key in ("x", "dx")]
        frames = {key: frame_on(ax[key]) for key in ax}
        notes = notes_under(ax, *size, 5)

    def update(kind, window, stride, loss, down, across):
        out, cache = pool_forward(photo[None], window, kind, stride)
        rows, columns = out.shape[2:]
        row, column = pick(down, rows), pick(across, columns)
        if loss == ONE:
            dy = np.zeros_like(out)
            dy[0, 0, row, column] = 1
        else:
            dy = np.ones_like(out)
        dx = pool_backward(dy, cache)[0, 0]

        place_image(images["out"], out[0, 0], window=window, stride=stride)
        place_image(images["dx"], dx)
        images["dx"].set_clim(0, 1)
        lines = _grid(rows, columns, window) if window == stride > 1 else ([], [])
        for grid in grids:
            grid.set_data(*lines)
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
        told = {"loss": IN_WORDS[loss], "reached": reached, "size": f"{dx.size:,}"}
        most = format(dx.max(), ".3g")
        notes["dx"].set_text(
            say("L is {loss}; black: 1\n{reached} of {size} pixels reached", **told)
            if most == "1"
            else say(
                "L is {loss}; black: 1, largest: {most}\n{reached} of {size} pixels reached",
                most=most,
                **told,
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
            "window": whole("window size", 1, 8, 3),
            "stride": whole("stride", 1, 8, 3),
            "down": whole("window, down (%)", 0, 100, 50, step=5),
            "across": whole("window, across (%)", 0, 100, 50, step=5),
        },
        moving=[*images.values(), *grids, *frames.values(), *notes.values()],
        update=update,
        describe=describe,
    )


def _grid(rows, columns, side):
    """The borders of windows that lie side by side, as one broken line: x, y."""
    height, width = rows * side, columns * side
    x, y = [], []
    for n in range(rows + 1):
        x += [0, width, np.nan]
        y += [-n * side, -n * side, np.nan]
    for n in range(columns + 1):
        x += [n * side, n * side, np.nan]
        y += [0, -height, np.nan]
    return x, y


# ---------------------------------------------------------------- a kernel that learns

STEPS = 300  # how far the two explorers go
LOW, HIGH = 1e-9, 1.0  # the losses that they draw


def _distance(start, curvature, rate, steps):
    """To the goal, along each direction, after each of `steps`: (..., 9), kept finite.

    Gradient descent in a quadratic bowl has a closed form: along each eigenvector the distance
    is multiplied by 1 - rate * eigenvalue a step. So any step is there at once.
    """
    factor = 1 - rate * curvature
    size = np.exp(np.minimum(steps[..., None] * np.log(np.abs(factor) + 1e-300), 300))
    return start * size * np.where(factor < 0, (-1.0) ** steps[..., None], 1)


def _map_of(photo, W):
    return conv2d_forward(photo, W[None, None], [0.0])[0][0, 0]


def lost_explorer() -> Explorer:
    """A kernel of zeros on its way back at a rate of 4, and its map beside the wanted one."""
    photo = photograph()[None]
    photo = photo - photo.mean()
    curvature, directions = bowl(photo, 3)
    at, low, high = np.arange(STEPS + 1), LOW, HIGH
    maps = {name: _map_of(photo, KERNELS[name]) for name in LEARNED}
    with matplotlib.rc_context(RC):
        figure, ax = stage(
            900, 530, W=(16, 290, 190, 190), goal=(16, 30, 190, 190), map=(250, 272, 192, 230),
            wanted=(250, 8, 192, 230), loss=(540, 70, 335, 380),
        )  # fmt: skip
        mine, goal = (
            Numbers(ax["W"], say("learned so far"), above=-22),
            Numbers(ax["goal"], say("to be found"), above=-22),
        )
        images = {}
        for key, title in (("map", say("the map it makes")), ("wanted", say("the wanted map"))):
            canvas(ax[key], title, 70, 58)
            images[key] = image_on(ax[key], SIGNED)
        for y in (385, 125):
            _arrow(figure, 190, 240, y)
        notes = notes_under({"W": ax["W"]}, 5, 5, 0.1)
        ax["loss"].set(
            xlim=(0, STEPS),
            ylim=(low, high),
            yscale="log",
            xlabel=say("step"),
            ylabel=say("loss L"),
        )
        ax["loss"].set_title(say("The loss on the way (not drawn below 10⁻⁹)"))
        notes["now"] = Words(ax["loss"], 0, 0, ha="left", color="#B34700", weight="bold")
        (curve,) = ax["loss"].plot([], [], color=GRADIENT, lw=2.5)
        (now,) = ax["loss"].plot([], [], "o", color="#D55E00", ms=10)

    def update(name, step):
        W = KERNELS[name]
        distance = _distance(directions.T @ -W.ravel(), curvature, 4.0, at)
        losses = (curvature * distance**2).sum(axis=-1) / 2
        learned = W + (directions @ distance[step]).reshape(3, 3)
        made, wanted = _map_of(photo, learned), maps[name]
        scale = np.abs(W).max()  # one for both
        mine.show(learned, scale)
        goal.show(W, scale)
        most = show_signed(images["wanted"], wanted)
        place_image(images["map"], made)
        images["map"].set_clim(-most, most)
        seen = losses > low
        curve.set_data(at[seen], losses[seen])
        shown = max(losses[step], low)
        now.set_data([step], [shown])
        left = step > STEPS / 2
        notes["now"].set_text(say("step {step}: {loss}", step=step, loss=_small(losses[step])))
        notes["now"].set_position((step + (-8 if left else 8), min(6 * shown, high / 3)))
        notes["now"].set_ha("right" if left else "left")
        off = float(np.abs(learned - W).max())
        notes["W"].set_text(say("furthest off by {off:.2g}", off=off))
        return {
            "kernel": name, "step": step, "learned": learned, "made": made, "wanted": wanted,
            "loss": float(losses[step]), "off": off,
        }  # fmt: skip

    def describe(v):
        return say(
            "Kernel “{kernel}”, step {step}: loss {loss:.2g}; the weight that is furthest off is "
            "off by {off:.2g}. Above, the kernel learned so far and its map; below, the kernel to "
            "be found and the wanted map.",
            kernel=IN_WORDS[v["kernel"]],
            step=v["step"],
            loss=v["loss"],
            off=v["off"],
        )

    return Explorer(
        "lost_kernel",
        figure=figure,
        controls={
            "name": choice("kernel to be found", LEARNED, "brighter to the right"),
            "step": whole("step", 0, STEPS, 3),
        },
        moving=[*mine.artists, *goal.artists, *images.values(), curve, now, *notes.values()],
        update=update,
        describe=describe,
        play="step",
        interval=120,
    )


def learning_explorer() -> Explorer:
    """A kernel of zeros on its way to the one that made the map, and each direction's part."""
    photo = photograph()[None]
    bowls = {True: bowl(photo - photo.mean(), 3), False: bowl(photo, 3)}
    at, low, high = np.arange(STEPS + 1), LOW, HIGH
    with matplotlib.rc_context(RC):
        figure, ax = stage(
            900, 400, W=(20, 86, 190, 190), goal=(230, 86, 190, 190), loss=(505, 60, 370, 254)
        )
        mine, goal = (
            Numbers(ax["W"], say("learned so far"), above=-22),
            Numbers(ax["goal"], say("the kernel to be found"), above=-22),
        )
        notes = notes_under({"W": ax["W"]}, 5, 5, 0.1)
        ax["loss"].set(
            xlim=(0, STEPS),
            ylim=(low, high),
            yscale="log",
            xlabel=say("step"),
            ylabel=say("loss L"),
        )
        ax["loss"].set_title(say("The loss, and each direction's part"), pad=50)
        keys = (
            ("loss", 0, 1.13, GRADIENT, "bold"),
            ("top", 70, 1.13, CURVED, "bold"),
            ("rest", 0, 1.05, SIGNAL, "normal"),
        )
        for key, x, y, colour, weight in keys:
            notes[key] = Words(
                ax["loss"], x / 370, y, ha="left", fontsize=11,
                color=colour, weight=weight, transform=ax["loss"].transAxes,
            )  # fmt: skip
        notes["end"] = Words(ax["loss"], STEPS - 4, high / 3, ha="right", color="#555555")
        notes["now"] = Words(ax["loss"], 0, 0, ha="left", color="#B34700", weight="bold")
        factors = [Words(ax["loss"], 0, 0, fontsize=10, color=SIGNAL) for _ in range(8)]
        parts = [ax["loss"].plot([], [], color="#999999", lw=1)[0] for _ in range(8)]
        parts += ax["loss"].plot([], [], color=CURVED, lw=2)
        (curve,) = ax["loss"].plot([], [], color=GRADIENT, lw=2.5)
        (now,) = ax["loss"].plot([], [], "o", color="#D55E00", ms=10)

    def update(name, step, rate, centred):
        W = KERNELS[name]
        curvature, directions = bowls[centred]
        start = directions.T @ -W.ravel()  # from the goal to the kernel of zeros

        part = curvature * _distance(start, curvature, rate, at) ** 2 / 2  # (STEPS + 1, 9)
        loss = part.sum(axis=-1)
        here = _distance(start, curvature, rate, np.array(step))
        learned = W + (directions @ here).reshape(3, 3)
        scale = np.abs(W).max()  # one for both
        mine.show(learned, scale)
        goal.show(W, scale)
        for line, values in zip([*parts, curve], [*part.T, loss], strict=True):
            seen = (values > low) & (values < high)
            line.set_data(at[seen], values[seen])
        shown = np.clip(loss[step], low, high)
        now.set_data([step], [shown])
        left = step > STEPS / 2  # where there is room for the words, beside the dot and above it
        above = shown * (200 if left and loss[-1] < loss[0] else 4)
        notes["now"].set_text(say("step {step}: {loss}", step=step, loss=_small(loss[step])))
        notes["now"].set_position((step + (-8 if left else 8), np.clip(above, 8 * low, high / 30)))
        notes["now"].set_ha("right" if left else "left")
        taken = [(step + (-58 if left else 58), notes["now"].get_position()[1], 85)]
        curves = np.column_stack([part, loss])
        times = (1 - rate * curvature) ** 2  # the loss shrinks with the square of the error
        for words, factor, values in zip(factors, times, part.T, strict=False):
            place = _place_on(values, low, high, curves, taken)
            words.set_text(say("loss × {factor}", factor=plain(factor, 3)) if place else "")
            if place:
                words.set_position(place)
                taken.append((*place, 45))
        notes["loss"].set_text(say("the loss"))
        notes["top"].set_text(
            say(
                "most curved, λ = {most:.3f}: loss × {factor} a step",
                most=curvature[-1],
                factor=plain(times[-1]),
            )
        )
        notes["rest"].set_text(say("the other eight, with a step's factor; not drawn below 10⁻⁹"))
        notes["end"].set_text(say("above 1: not drawn") if loss[-1] > high else "")
        off = float(np.abs(learned - W).max())
        notes["W"].set_text(say("furthest off by {off:.2g}", off=off))
        return {
            "kernel": name, "step": step, "rate": rate, "centred": centred, "learned": learned,
            "loss": float(loss[step]), "off": off, "most": 2 / curvature[-1],
            "curvature": float(curvature[-1]), "parts": part[step],
        }  # fmt: skip

    def describe(v):
        way = say("with its mean subtracted") if v["centred"] else say("as it is")
        return say(
            "Kernel “{kernel}”, the photograph {way}, rate {rate:.1f}, step {step}: loss "
            "{loss:.2g}; the weight that is furthest off is off by {off:.2g}. The most curved "
            "direction has λ = {curvature:.3f}.",
            kernel=IN_WORDS[v["kernel"]],
            way=way,
            rate=v["rate"],
            step=v["step"],
            loss=v["loss"],
            off=v["off"],
            curvature=v["curvature"],
        )

    return Explorer(
        "learned_kernel",
        figure=figure,
        controls={
            "name": choice("kernel to be found", LEARNED, "brighter to the right"),
            "step": whole("step", 0, STEPS, 20),
            "rate": slider("learning rate η", 0.1, 5, 0.1, 4, digits=1),
            "centred": toggle("subtract the mean brightness", True),
        },
        moving=[*mine.artists, *goal.artists, *parts, curve, now, *notes.values(), *factors],
        update=update,
        describe=describe,
        play="step",
        interval=60,
        presets={
            "found": {"step": STEPS},
            "mean left in": {"centred": False},
            "mean left in, slower": {"centred": False, "rate": 1, "step": STEPS},
        },
    )


def _place_on(values, low, high, curves, taken):
    """Where a label stands free beside a curve that stays in view for long: step, value; or None.

    values (STEPS + 1,); curves (STEPS + 1, n): what may not run through it; taken: labels that
    stand already, as (step, value, how far apart in steps).
    """
    drawn = np.count_nonzero((values > low) & (values < high))
    if drawn <= 100:
        return None
    for step, lift in itertools.product((drawn // 2, drawn * 7 // 10), (6, 1 / 6)):
        value = lift * values[step]
        near = curves[max(0, step - 24) : step + 25]
        crossed = ((near > value / 2.2) & (near < value * 2.2)).any()
        beside = any(abs(step - s) < far and 0.1 < value / v < 10 for s, v, far in taken)
        if 3 * low < value < high / 3 and not crossed and not beside:
            return step, value
    return None


def _small(number):
    """A number in words such as 7·10⁻⁵."""
    digit, power = f"{number:.0e}".split("e")
    raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{digit}·10{raised}"


EXPLORERS = {
    "window": window_explorer,
    "convolution": convolution_explorer,
    "pooling": pooling_explorer,
    "lost_kernel": lost_explorer,
    "learned_kernel": learning_explorer,
    "moved_line": line_explorer,
}
