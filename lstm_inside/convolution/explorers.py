"""The views of notebook 01, second half: a CNN's layers on a photograph, forward and backward."""

import matplotlib
import numpy as np
from matplotlib import cbook
from matplotlib.colors import PowerNorm
from matplotlib.patches import Polygon, Rectangle
from matplotlib.patheffects import withStroke
from PIL import Image

from lstm_core import init_rnn, rnn_forward
from lstm_inside.convolution.layers import (
    conv2d_backward,
    conv2d_forward,
    dense_backward,
    dense_forward,
    pool_backward,
    pool_forward,
)
from lstm_inside.page import Explorer, Pixels, Words, choice, slider, whole
from lstm_inside.page.style import FAINT, HIDDEN_LINE, INPUT, RC, SIGNED, SIZE, picture

ONE, ALL = "the marked value", "½ · sum of squares"
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


def photograph(size=(72, 60), *, colour=False) -> np.ndarray:
    """The head of Grace Hopper's portrait, a photograph that matplotlib ships, from 0 to 1.

    size: (height, width) of the result, each from 1 to 432 and 360, best at 6 to 5.
    Returns (1, height, width) in grey, or (3, height, width) with the channels red, green
    and blue. Raises ValueError for another size.
    Source: `grace_hopper.jpg` of matplotlib's sample data.
    """
    height, width = size
    if not (1 <= height <= 432 and 1 <= width <= 360):
        raise ValueError(f"size: expected (height, width) up to (432, 360), got {size}")
    with cbook.get_sample_data("grace_hopper.jpg") as file:
        image = Image.open(file).convert("RGB" if colour else "L").crop((90, 0, 450, 432))
    pixels = np.asarray(image.resize((width, height), Image.Resampling.BOX)) / 255
    return np.moveaxis(pixels, -1, 0) if colour else pixels[None]


# ---------------------------------------------------------------- images on steady axes


def _canvas(ax, title, rows, columns, margin=0):
    """An empty place for an image of rows x columns: x = column, y = minus row."""
    ax.set(
        xlim=(-margin, columns + margin), ylim=(-rows - margin, margin), aspect="equal",
        xticks=[], yticks=[],
    )  # fmt: skip
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.set_title(title, pad=8 if margin else None)


def _image(ax, cmap, low=0, high=1) -> Pixels:
    """An image that `_place` fills later; the axes' limits stay as they are."""
    limits = ax.get_xlim(), ax.get_ylim()
    image = Pixels.on(ax, np.zeros((1, 1)), cmap=cmap, vmin=low, vmax=high)
    ax.set(xlim=limits[0], ylim=limits[1])
    return image


def _place(image, data, *, window=1, stride=1, padding=0):
    """Show (rows, columns) with every value in the middle of the window that it came from.

    A value is drawn as a square of stride x stride pixels of the input.
    """
    rows, columns = data.shape
    edge = (window - stride) / 2 - padding
    image.set_data(data[::-1])
    image.set_extent((edge, edge + stride * columns, -edge - stride * rows, -edge))


def _signed(image, data, **where):
    """As `_place`, blue below zero and orange above; returns the largest size."""
    largest = max(float(np.abs(data).max()), 1e-12)
    image.set_clim(-largest, largest)
    _place(image, data, **where)
    return largest


def _frame(ax):
    """Marks the window, or the output value that it makes: black on white, seen on any picture."""
    frame = Rectangle((0, 0), 1, 1, fill=False, ec="#111111", lw=1.6, zorder=5, joinstyle="miter")
    frame.set_path_effects([withStroke(linewidth=4.4, foreground="white")])
    return ax.add_patch(frame)


def _surround(frame, top, left, size):
    """Lay a frame around size x size pixels, a little outside of them."""
    frame.set_bounds(left - 0.5, -top - size - 0.5, size + 1, size + 1)


def _zeros(rows, columns, padding):
    """The corners of the frame of zeros around an image: once outside, once back inside."""
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])
    inner = corners * (columns, -rows)
    outer = inner + (2 * corners - 1) * (padding, -padding)
    return np.concatenate([outer, inner[::-1]])


def _stage(width, height, **boxes):
    """A figure with axes at fixed places: name = (left, bottom, width, height) in pixels."""
    figure = picture(width, height)
    figure.set_layout_engine("none")
    figure.colours = None
    scale = np.array([width, height, width, height])
    return figure, {name: figure.add_axes(np.array(box) / scale) for name, box in boxes.items()}


def _under_axes(ax, rows, columns, margin):
    """A label below each of the named axes that `_canvas` laid out."""
    return {
        key: Words(
            place,
            columns / 2,
            -rows - margin - 0.032 * (rows + 2 * margin),
            fontsize=11,
            color="#111111",
        )
        for key, place in ax.items()
    }


def _pick(share, count):
    """The place at this share (in per cent) of a side with `count` places."""
    return round(share / 100 * (count - 1))


class _Numbers:
    """A square of at most 5 x 5 numbers on colours, centred on its axes."""

    def __init__(self, ax, title):
        _canvas(ax, title, 5, 5)
        self.image = _image(ax, SIGNED)
        self.texts = [
            Words(ax, j + 0.5, -i - 0.5, fontsize=11, color="#111111") for i, j in np.ndindex(5, 5)
        ]
        self.artists = [self.image, *self.texts]

    def show(self, values):
        size = len(values)
        margin = (5 - size) // 2
        _place(self.image, values, padding=-margin)
        largest = max(np.abs(values).max(), 1e-12)
        self.image.set_clim(-1.8 * largest, 1.8 * largest)  # pale enough to read on
        digits = 2 if largest < 9.995 else 1 if largest < 99.95 else 0
        grid = np.full((5, 5), "", dtype=object)
        grid[margin : margin + size, margin : margin + size] = [
            [f"{v:.{digits}f}".replace("-", "−") for v in row] for row in values
        ]
        for text, words in zip(self.texts, grid.flat, strict=True):
            text.set_text(words)


# ---------------------------------------------------------------- convolution


def convolution_explorer(size=(72, 60)) -> Explorer:
    """A kernel on the photograph (1.10), and the gradients that come back (1.12), (1.14)."""
    photo = photograph(size)
    with matplotlib.rc_context(RC):
        figure, ax = _stage(
            900, 660,
            x=(30, 362, 231, 270), W=(345, 390, 210, 210), out=(639, 362, 231, 270),
            dx=(30, 28, 231, 270), dW=(345, 56, 210, 210), dout=(639, 28, 231, 270),
        )  # fmt: skip
        for key, title in (
            ("x", "Forward: the photograph x"),
            ("out", "the output"),
            ("dx", "back on the photograph: dL/dx"),
            ("dout", "Backward: dL/d(output)"),
        ):
            _canvas(ax[key], title, *size, margin=5)
        kernel = _Numbers(ax["W"], "the kernel W")
        slope = _Numbers(ax["dW"], "for the kernel: dL/dW")
        for x, y, sign in ((303, 497, "∗"), (597, 497, "="), (303, 163, "←"), (597, 163, "←")):
            figure.text(x / 900, y / 660, sign, fontsize=24, ha="center", va="center")
        _place(_image(ax["x"], "gray"), photo[0])
        images = {key: _image(ax[key], SIGNED) for key in ("out", "dx", "dout")}
        zeros = ax["x"].add_patch(Polygon(_zeros(*size, 0), fc="black", lw=0))
        frames = {key: _frame(ax[key]) for key in ("x", "out", "dx", "dout")}
        photos = {key: ax[key] for key in ("x", "out", "dx", "dout")}
        notes = _under_axes(photos, *size, 5)
        notes |= _under_axes({"W": ax["W"], "dW": ax["dW"]}, 5, 5, 0.1)

    def update(name, stride, padding, down, across, loss):
        W = KERNELS[name]
        out, cache = conv2d_forward(photo[None], W[None, None], [0.0], stride, padding)
        rows, columns = out.shape[2:]
        row, column = _pick(down, rows), _pick(across, columns)
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
            "out": _signed(images["out"], out[0, 0], **where),
            "dout": _signed(images["dout"], dout[0, 0], **where),
            "dx": _signed(images["dx"], dx[0, 0]),
        }
        brightness = np.isclose(W.sum(), 1)
        images["out"].set_cmap("gray" if brightness else SIGNED)
        if brightness:
            images["out"].set_clim(0, 1)
        zeros.set_xy(_zeros(*size, padding))
        top, left = row * stride - padding, column * stride - padding
        middle = (k - stride) / 2
        for key, frame in frames.items():
            if key in ("x", "dx"):
                _surround(frame, top, left, k)
            else:
                _surround(frame, top + middle, left + middle, stride)
        value = out[0, 0, row, column]
        notes["x"].set_text(f"{size[0]} × {size[1]}, with padding {padding}")
        notes["W"].set_text(f"Σ window × kernel = {value:+.3f}".replace("-", "−"))
        notes["out"].set_text(
            f"{rows} × {columns}; "
            + ("black 0, white 1" if brightness else f"blue −, orange +, to ±{largest['out']:.2f}")
        )
        notes["dout"].set_text("L is " + loss + f"; to ±{largest['dout']:.2f}")
        notes["dW"].set_text(
            "= the pixels in the window" if loss == ONE else "a sum over all windows"
        )
        notes["dx"].set_text(
            ("the kernel, stamped" if loss == ONE else "every window's kernel, added up")
            + f"; to ±{largest['dx']:.2f}"
        )
        return {
            "out": out[0, 0], "dout": dout[0, 0], "dx": dx[0, 0], "dW": dW[0, 0], "loss": loss,
            "rows": rows, "columns": columns, "row": row, "column": column, "value": value,
            "kernel": name, "stride": stride, "padding": padding,
        }  # fmt: skip

    def describe(v):
        touched = np.count_nonzero(v["dx"])
        return (
            f"Kernel “{v['kernel']}”, stride {v['stride']}, padding {v['padding']}: "
            f"{size[0]} × {size[1]} pixels become {v['rows']} × {v['columns']} values. The marked "
            f"one, in row {v['row']} and column {v['column']}, is {v['value']:+.3f}. With L = "
            f"{v['loss']}, {touched} of the photograph's {size[0] * size[1]} pixels get a gradient."
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
            *notes.values(),
        ],
        update=update,
        describe=describe,
    )  # fmt: skip


# ---------------------------------------------------------------- pooling


def pooling_explorer(size=(72, 60)) -> Explorer:
    """Mean and max pooling of the photograph (1.15), (1.16), and where the gradient goes."""
    photo = photograph(size)
    with matplotlib.rc_context(RC):
        figure, ax = _stage(
            900, 400, x=(10, 26, 289, 340), out=(305, 26, 289, 340), dx=(600, 26, 289, 340)
        )
        for key, title in (
            ("x", "The photograph x"),
            ("out", "Pooled: one value a window"),
            ("dx", "Back on x: dL/dx"),
        ):
            _canvas(ax[key], title, *size, margin=5)
        _place(_image(ax["x"], "gray"), photo[0])
        images = {"out": _image(ax["out"], "gray"), "dx": _image(ax["dx"], SIZE)}
        images["dx"].set_norm(PowerNorm(0.5, 0, 1))  # a share of 1/64 still shows
        frames = {key: _frame(ax[key]) for key in ax}
        notes = _under_axes(ax, *size, 5)

    def update(kind, window, stride, loss, down, across):
        out, cache = pool_forward(photo[None], window, kind, stride)
        rows, columns = out.shape[2:]
        row, column = _pick(down, rows), _pick(across, columns)
        if loss == ONE:
            dout = np.zeros_like(out)
            dout[0, 0, row, column] = 1
        else:
            dout = np.ones_like(out)
        dx = pool_backward(dout, cache)[0, 0]

        _place(images["out"], out[0, 0], window=window, stride=stride)
        _place(images["dx"], dx)
        images["dx"].set_clim(0, max(1, dx.max()))
        top, left = row * stride, column * stride
        middle = (window - stride) / 2
        _surround(frames["x"], top, left, window)
        _surround(frames["dx"], top, left, window)
        _surround(frames["out"], top + middle, left + middle, stride)
        reached = np.count_nonzero(dx)
        value = out[0, 0, row, column]
        notes["x"].set_text(f"{size[0]} × {size[1]}; window {window} × {window}")
        notes["out"].set_text(f"{rows} × {columns}; the marked value: {value:.3f}")
        notes["dx"].set_text(f"largest {dx.max():.3g}; {reached} of {dx.size} pixels reached")
        return {
            "out": out[0, 0], "dx": dx, "rows": rows, "columns": columns, "value": value,
            "reached": reached, "kind": kind, "window": window, "stride": stride,
            "total": dx.sum(), "loss": loss,
        }  # fmt: skip

    def describe(v):
        return (
            f"{v['kind'].capitalize()} pooling, window {v['window']}, stride {v['stride']}: "
            f"{size[0]} × {size[1]} pixels become {v['rows']} × {v['columns']}. With L = "
            f"{v['loss']}, the gradient reaches {v['reached']} pixels and adds up to "
            f"{v['total']:.0f}."
        )

    return Explorer(
        "pooling",
        figure=figure,
        controls={
            "kind": choice("kind", ["max", "mean"], "max"),
            "loss": choice("loss L", [ONE, "the sum of all values"], "the sum of all values"),
            "window": whole("window size", 1, 8, 4),
            "stride": whole("stride", 1, 8, 4),
            "down": whole("window, down (%)", 0, 100, 50, step=5),
            "across": whole("window, across (%)", 0, 100, 50, step=5),
        },
        moving=[*images.values(), *frames.values(), *notes.values()],
        update=update,
        describe=describe,
    )


# ---------------------------------------------------------------- order


def strips(count=10) -> np.ndarray:
    """The photograph cut into upright strips, a sequence of items: (count, 1, 72, 60 // count).

    Raises ValueError unless count divides 60.
    """
    if count < 1 or 60 % count:
        raise ValueError(f"count: expected a divisor of 60, got {count}")
    return np.stack(np.split(photograph(), count, axis=-1))


def small_cnn(x):
    """Convolution, tanh, pooling, fully connected: x (B, 1, 72, 6) -> 4 numbers an image (B, 4).

    The weights are drawn once and stay; nothing else is kept between two calls.
    """
    rng = np.random.default_rng(28)
    W, W_dense = rng.uniform(-1, 1, (3, 1, 3, 3)), rng.uniform(-1, 1, (3 * 17 * 1, 4)) / 3
    maps, _ = conv2d_forward(x - 0.5, W, np.zeros(3))  # (B, 3, 70, 4)
    pooled, _ = pool_forward(np.tanh(maps), 4)  # (B, 3, 17, 1)
    return dense_forward(pooled.reshape(len(x), -1), W_dense, np.zeros(4))[0]


def order_explorer() -> Explorer:
    """Ten strips of the photograph in two orders: a CNN's answers stay, an RNN's change."""
    items = strips()
    T = len(items)
    params = init_rnn(4, 6, rng=np.random.default_rng(18), recurrent="orthogonal")
    features = small_cnn(items)[:, None]  # (T, 1, 4)
    scale = np.abs(features[..., 0]).max()

    with matplotlib.rc_context(RC):
        figure, ax = _stage(
            900, 390, strips=(12, 68, 292, 270), cnn=(370, 68, 240, 270), rnn=(654, 68, 240, 270)
        )
        _canvas(ax["strips"], "The order they are fed in", 72, 78)
        numbers = [
            Words(ax["strips"], 8 * n + 3, -75, fontsize=11, color="#111111") for n in range(T)
        ]
        image = _image(ax["strips"], "gray")
        answers, tags = {}, {}
        for key, title, colour in (
            ("cnn", "CNN's answers", INPUT),
            ("rnn", "RNN's answers", HIDDEN_LINE),
        ):
            ax[key].set(
                xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), xticks=(-1, 0, 1), yticks=(-1, 0, 1)
            )
            ax[key].set(xlabel="to the item, in order", title=title)
            ax[key].set_ylabel("to the same item, in this order", labelpad=-6)
            ax[key].plot([-1.15, 1.15], [-1.15, 1.15], color=FAINT, lw=1.4, zorder=0)
            (answers[key],) = ax[key].plot([], [], "o", color=colour, ms=9)
            tags[key] = [Words(ax[key], 0, 0, fontsize=10.5, color="#111111") for _ in range(T)]
        ax["cnn"].text(1.1, -1.08, "on the line: the same answer", color="#666666", ha="right",
                       fontsize=11)  # fmt: skip

    def update(order, strength):
        shuffled = _order(order, T)
        W = params._replace(W_h=params.W_h * strength)
        found = {}
        for key in answers:
            if key == "cnn":
                first = features[:, 0, 0] / scale
                other = small_cnn(items[shuffled])[:, 0] / scale
            else:
                first = rnn_forward(features, W).h[1:, 0, 0]
                other = rnn_forward(features[shuffled], W).h[1:, 0, 0]
            again = np.empty(T)
            again[shuffled] = other  # back to the item that each answer belongs to
            answers[key].set_data(first, again)
            for rank, n in enumerate(np.argsort(first)):  # numbers to either side, in turn
                side = 0.085 * (-1) ** rank
                tags[key][n].set(x=first[n] - side, y=again[n] + side, text=f"{n + 1}")
            found[key] = np.abs(again - first).max()
            found[key + "_answers"] = np.stack([first, again])
        row = np.full((72, 8 * T - 2), np.nan)  # gaps stay empty
        for n, item in enumerate(shuffled):
            row[:, 8 * n : 8 * n + 6] = items[item, 0]
            numbers[n].set_text(f"{item + 1}")
        _place(image, row)
        return {"order": shuffled + 1, "strength": strength, **found}

    def describe(v):
        return (
            f"Fed in the order {', '.join(map(str, v['order']))}. The CNN's answers differ by "
            f"{v['cnn']:.3f} at most; the RNN's, with W_h × {v['strength']:.1f}, by {v['rnn']:.3f}."
        )

    return Explorer(
        "item_order",
        figure=figure,
        controls={
            "order": whole("order number (0: as it is)", 0, 20, 1),
            "strength": slider("RNN's state: × W_h", 0, 2, 0.1, 1, quantity="h", digits=1),
        },
        moving=[image, *numbers, *answers.values(), *tags["cnn"], *tags["rnn"]],
        update=update,
        describe=describe,
    )


def _order(number, T):
    """The places 0 .. T-1 in an order of their own for every number; 0 leaves them."""
    return np.random.default_rng(number).permutation(T) if number else np.arange(T)


# ---------------------------------------------------------------- pictures that stand still


def numbers_picture():
    """The photograph, and ten by eight of its pixels as the numbers that they are."""
    photo = photograph()[0]
    top, left, rows, columns = 29, 17, 8, 10
    with matplotlib.rc_context(RC):
        figure = picture(860, 360)
        figure.colours = None
        whole_ax, part_ax = figure.subplots(1, 2, width_ratios=(2, 3))
        _canvas(whole_ax, "72 × 60 pixels", *photo.shape)
        _place(_image(whole_ax, "gray"), photo)
        frame = _frame(whole_ax)
        frame.set_bounds(left, -top - rows, columns, rows)
        _canvas(part_ax, "The marked ones: 0 is black, 1 is white", rows, columns)
        part = photo[top : top + rows, left : left + columns]
        _place(_image(part_ax, "gray"), part)
        for (i, j), value in np.ndenumerate(part):
            part_ax.text(
                j + 0.5, -i - 0.5, f"{value:.2f}", ha="center", va="center", fontsize=10.5,
                color="white" if value < 0.5 else "black",
            )  # fmt: skip
    figure.alt = (
        "Left, a grey portrait of Grace Hopper, 72 by 60 pixels, with a small frame at an eye. "
        "Right, the 8 by 10 pixels in the frame, each with its brightness between 0 and 1."
    )
    return figure


def depth_picture():
    """One kernel of depth 3 on the colour photograph: a part from each channel, added (1.10)."""
    photo = photograph(colour=True)
    W = np.array([1.0, -0.5, -0.5])[:, None, None] * np.full((3, 3), 1 / 9)
    parts = [
        conv2d_forward(photo[None, [c]], W[None, [c]], [0.0])[0][0, 0] for c in range(len(photo))
    ]
    out = conv2d_forward(photo[None], W[None], [0.0])[0][0, 0]
    with matplotlib.rc_context(RC):
        figure = picture(900, 540)
        figure.colours = None
        ax = figure.subplot_mosaic([["r", "g", "b", "photo"], ["pr", "pg", "pb", "out"]])
        for n, name in enumerate(("red", "green", "blue")):
            _canvas(ax[name[0]], f"channel {n}: {name}", *photo.shape[1:])
            _place(_image(ax[name[0]], "gray"), photo[n])
            key = "p" + name[0]
            _canvas(ax[key], f"its part: {'+−−'[n]}{(1, 0.5, 0.5)[n]:g} × mean", *parts[n].shape)
            _place(_image(ax[key], SIGNED, -1, 1), parts[n])
        _canvas(ax["photo"], "the photograph", *photo.shape[1:])
        height, width = photo.shape[1:]
        ax["photo"].imshow(np.moveaxis(photo, 0, -1), extent=(0, width, -height, 0))
        _canvas(ax["out"], "the sum: one map", *out.shape)
        _place(_image(ax["out"], SIGNED, -0.6, 0.6), out)
    figure.alt = (
        "Above, the red, green and blue channel of the portrait and the portrait in colour. "
        "Below, what each channel adds: red counts for, green and blue against. Their sum, one "
        "map, is orange on the flag's red and on the skin, blue on the blue background, and near "
        "zero on black and white."
    )
    return figure


def pool_numbers_picture():
    """Mean and max pooling of 4 x 4 numbers, forward and backward, 2 x 2 windows."""
    x = np.array([[1, 3, 2, 0], [5, 2, 1, 4], [0, 1, 3, 3], [2, 6, 8, 1]], float)
    dout = np.array([[4.0, -2.0], [1.0, 8.0]])
    with matplotlib.rc_context(RC):
        figure = picture(860, 430)
        axes = figure.subplots(2, 4, width_ratios=(2, 1, 1, 2))
        for row, kind in zip(axes, ("max", "mean"), strict=True):
            out, cache = pool_forward(x[None, None], 2, kind)
            dx = pool_backward(dout[None, None], cache)[0, 0]
            for ax, values, title in zip(
                row,
                (x, out[0, 0], dout, dx),
                ("x", f"{kind} of each", "dL/d(output)", f"{kind}: dL/dx"),
                strict=True,
            ):
                _tiles(ax, values, title)
    figure.alt = (
        "Two rows. Max pooling turns a 4 by 4 table into the largest number of each 2 by 2 "
        "block, and its backward pass puts each incoming gradient at the place of that number, "
        "0 elsewhere. Mean pooling averages, and gives each of the four places a quarter."
    )
    return figure


def _tiles(ax, values, title):
    """A table of small numbers on colours, 2 x 2 blocks set apart."""
    rows, columns = values.shape
    _canvas(ax, title, rows, columns)
    _place(_image(ax, SIGNED, -14, 14), values)
    for (i, j), value in np.ndenumerate(values):
        ax.text(j + 0.5, -i - 0.5, f"{value:g}".replace("-", "−"), ha="center", va="center")
    step = 2 if rows > 2 else 1
    for n in range(0, rows + 1, step):
        ax.plot([0, columns], [-n, -n], color="white", lw=3)
        ax.plot([n, n], [0, -rows], color="white", lw=3)


def dense_picture():
    """One output of a fully connected layer: a weight a pixel, and that weight's gradient."""
    photo = photograph()
    height, width = photo.shape[1:]
    W = np.random.default_rng(1).uniform(-1, 1, (height * width, 1)) / np.sqrt(height * width)
    _, cache = dense_forward(photo.reshape(1, -1), W, [0.0])
    dx, dW, _ = dense_backward([[1.0]], cache)
    with matplotlib.rc_context(RC):
        figure = picture(900, 320)
        figure.colours = None
        for ax, values, title in zip(
            figure.subplots(1, 4),
            (photo, W, dW, dx),
            ("the input x", "its weights W", "gradient dL/dW", "gradient dL/dx"),
            strict=True,
        ):
            _canvas(ax, title, height, width)
            if values is photo:
                _place(_image(ax, "gray"), photo[0])
            else:
                _signed(_image(ax, SIGNED), values.reshape(height, width))
    figure.alt = (
        "Four pictures of 72 by 60: the portrait; random weights, one a pixel; the gradient of "
        "the weights, which is the portrait again; the gradient of the pixels, which is the "
        "picture of the weights again."
    )
    return figure


EXPLORERS = {
    "convolution": convolution_explorer,
    "pooling": pooling_explorer,
    "item_order": order_explorer,
}
