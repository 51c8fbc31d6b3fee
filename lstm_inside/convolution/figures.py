"""What stands still in notebook 11, and the steady axes that its explorers draw images on."""

import matplotlib
import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from lstm_inside.foundations import photograph
from lstm_inside.page import Pixels, Words, picture
from lstm_inside.page.style import RC, SIGNED
from lstm_inside.words import say

from .layers import conv2d_forward, dense_backward, dense_forward, pool_backward, pool_forward

# ---------------------------------------------------------------- images on steady axes


def canvas(ax, title, rows, columns, margin=0):
    """An empty place for an image of rows x columns: x = column, y = minus row."""
    ax.set(
        xlim=(-margin, columns + margin), ylim=(-rows - margin, margin), aspect="equal",
        xticks=[], yticks=[],
    )  # fmt: skip
    ax.grid(False)
    ax.spines[:].set_visible(False)
    ax.set_title(title, pad=8 if margin else None)


def image_on(ax, cmap, low=0, high=1) -> Pixels:
    """An image that `place_image` fills later; the axes' limits stay as they are."""
    limits = ax.get_xlim(), ax.get_ylim()
    image = Pixels.on(ax, np.zeros((1, 1)), cmap=cmap, vmin=low, vmax=high)
    ax.set(xlim=limits[0], ylim=limits[1])
    return image


def place_image(image, data, *, window=1, stride=1, padding=0):
    """Show (rows, columns) with every value in the middle of the window that it came from.

    A value is drawn as a square of stride x stride pixels of the input.
    """
    rows, columns = data.shape
    edge = (window - stride) / 2 - padding
    image.set_data(data[::-1])
    image.set_extent((edge, edge + stride * columns, -edge - stride * rows, -edge))


def show_signed(image, data, **where):
    """As `place_image`, blue below zero and orange above; returns the largest size."""
    largest = max(float(np.abs(data).max()), 1e-12)
    image.set_clim(-largest, largest)
    place_image(image, data, **where)
    return largest


def frame_on(ax):
    """Marks the window, or the output value that it makes: black on white, seen on any picture."""
    frame = Rectangle((0, 0), 1, 1, fill=False, ec="#111111", lw=1.6, zorder=5, joinstyle="miter")
    frame.set_path_effects([withStroke(linewidth=4.4, foreground="white")])
    return ax.add_patch(frame)


def surround(frame, top, left, size):
    """Lay a frame around size x size pixels, a little outside of them."""
    frame.set_bounds(left - 0.5, -top - size - 0.5, size + 1, size + 1)


def frame_of_zeros(rows, columns, padding):
    """The corners of the frame of zeros around an image: once outside, once back inside."""
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])
    inner = corners * (columns, -rows)
    outer = inner + (2 * corners - 1) * (padding, -padding)
    return np.concatenate([outer, inner[::-1]])


def stage(width, height, **boxes):
    """A figure with axes at fixed places: name = (left, bottom, width, height) in pixels."""
    figure = picture(width, height)
    figure.set_layout_engine("none")
    figure.colours = None
    scale = np.array([width, height, width, height])
    return figure, {name: figure.add_axes(np.array(box) / scale) for name, box in boxes.items()}


def notes_under(ax, rows, columns, margin):
    """A label below each of the named axes that `canvas` laid out."""
    return {
        key: Words(
            axes,
            columns / 2,
            -rows - margin - 0.032 * (rows + 2 * margin),
            fontsize=11,
            color="#111111",
        )
        for key, axes in ax.items()
    }


def pick(share, count):
    """The place at this share (in per cent) of a side with `count` places."""
    return round(share / 100 * (count - 1))


class Numbers:
    """A square of at most 5 x 5 numbers on colours, centred on its axes."""

    def __init__(self, ax, title):
        canvas(ax, title, 5, 5)
        self.image = image_on(ax, SIGNED)
        self.texts = [
            Words(ax, j + 0.5, -i - 0.5, fontsize=11, color="#111111") for i, j in np.ndindex(5, 5)
        ]
        self.artists = [self.image, *self.texts]

    def show(self, values):
        """Write a square of numbers; what is beyond 9999 is shown as that."""
        values = np.clip(values, -9999, 9999)
        size = len(values)
        margin = (5 - size) // 2
        place_image(self.image, values, padding=-margin)
        largest = max(np.abs(values).max(), 1e-12)
        self.image.set_clim(-1.8 * largest, 1.8 * largest)  # pale enough to read on
        digits = 2 if largest < 9.995 else 1 if largest < 99.95 else 0
        grid = np.full((5, 5), "", dtype=object)
        grid[margin : margin + size, margin : margin + size] = [
            [f"{v:.{digits}f}".replace("-", "−") for v in row]
            for row in values.round(digits) + 0.0  # no minus in front of 0.00
        ]
        for text, words in zip(self.texts, grid.flat, strict=True):
            text.set_text(words)


# ---------------------------------------------------------------- pictures that stand still


def numbers_picture():
    """The photograph, and ten by eight of its pixels as the numbers that they are."""
    photo = photograph()[0]
    top, left, rows, columns = 29, 17, 8, 10
    with matplotlib.rc_context(RC):
        figure = picture(860, 360)
        figure.colours = None
        whole_ax, part_ax = figure.subplots(1, 2, width_ratios=(2, 3))
        canvas(whole_ax, say("72 × 60 pixels"), *photo.shape)
        place_image(image_on(whole_ax, "gray"), photo)
        frame = frame_on(whole_ax)
        frame.set_bounds(left, -top - rows, columns, rows)
        canvas(part_ax, say("The marked ones: 0 is black, 1 is white"), rows, columns)
        part = photo[top : top + rows, left : left + columns]
        place_image(image_on(part_ax, "gray"), part)
        for (i, j), value in np.ndenumerate(part):
            part_ax.text(
                j + 0.5, -i - 0.5, f"{value:.2f}", ha="center", va="center", fontsize=10.5,
                color="white" if value < 0.5 else "black",
            )  # fmt: skip
    figure.alt = say(
        "Left, a grey portrait of Grace Hopper, 72 by 60 pixels, with a small frame at an eye. "
        "Right, the 8 by 10 pixels in the frame, each with its brightness between 0 and 1."
    )
    return figure


def depth_picture():
    """One kernel of depth 3 on the colour photograph: a part from each channel, added (11.1)."""
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
        names = {"r": say("red"), "g": say("green"), "b": say("blue")}
        for n, (key, name) in enumerate(names.items()):
            canvas(ax[key], say("channel {n}: {name}", n=n, name=name), *photo.shape[1:])
            place_image(image_on(ax[key], "gray"), photo[n])
            canvas(
                ax["p" + key],
                say(
                    "its part: {value}{value_2:g} × mean", value="+−−"[n], value_2=(1, 0.5, 0.5)[n]
                ),
                *parts[n].shape,
            )
            place_image(image_on(ax["p" + key], SIGNED, -1, 1), parts[n])
        canvas(ax["photo"], say("the photograph"), *photo.shape[1:])
        height, width = photo.shape[1:]
        ax["photo"].imshow(np.moveaxis(photo, 0, -1), extent=(0, width, -height, 0))
        canvas(ax["out"], say("the sum: one map"), *out.shape)
        place_image(image_on(ax["out"], SIGNED, -0.6, 0.6), out)
    figure.alt = say(
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
        titles = {
            "max": (say("max of each"), say("max: dL/dx")),
            "mean": (say("mean of each"), say("mean: dL/dx")),
        }
        for row, (kind, (pooled, back)) in zip(axes, titles.items(), strict=True):
            out, cache = pool_forward(x[None, None], 2, kind)
            dx = pool_backward(dout[None, None], cache)[0, 0]
            for ax, values, title in zip(
                row,
                (x, out[0, 0], dout, dx),
                ("x", pooled, "dL/d(output)", back),
                strict=True,
            ):
                _tiles(ax, values, title)
    figure.alt = say(
        "Two rows. Max pooling turns a 4 by 4 table into the largest number of each 2 by 2 "
        "block, and its backward pass puts each incoming gradient at the place of that number, "
        "0 elsewhere. Mean pooling averages, and gives each of the four places a quarter."
    )
    return figure


def _tiles(ax, values, title):
    """A table of small numbers on colours, 2 x 2 blocks set apart."""
    rows, columns = values.shape
    canvas(ax, title, rows, columns)
    place_image(image_on(ax, SIGNED, -14, 14), values)
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
            (
                say("the input x"),
                say("its weights W"),
                say("gradient dL/dW"),
                say("gradient dL/dx"),
            ),
            strict=True,
        ):
            canvas(ax, title, height, width)
            if values is photo or values is dW:
                place_image(image_on(ax, "gray"), values.reshape(height, width))
            else:
                show_signed(image_on(ax, SIGNED), values.reshape(height, width))
    figure.alt = say(
        "Four pictures of 72 by 60: the portrait; random weights, one a pixel; the gradient of "
        "the weights, which is the portrait again; the gradient of the pixels, which is the "
        "picture of the weights again."
    )
    return figure
