"""What stands still in notebook 11, and the steady axes that its explorers draw images on."""

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle
from matplotlib.patheffects import withStroke

from lstm_inside import validate
from lstm_inside.foundations import photograph
from lstm_inside.page import Pixels, Words, picture, plain
from lstm_inside.page.style import FAINT, GRADIENT, RC, SIGNED
from lstm_inside.words import say

from .layers import conv2d_forward, pool_backward, pool_forward

AMOUNT = LinearSegmentedColormap.from_list("amount", ["#f7f7f7", "#f7f7f7", "#6f7f8f"])  # from 0 on

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
    """A square of at most 5 x 5 numbers on colours, centred on its axes.

    above: how far its title stands above the place of 5 x 5, in pixels.
    """

    def __init__(self, ax, title, above=6):
        canvas(ax, "", 5, 5)
        ax.set_title(title, loc="center", pad=above)
        self.image = image_on(ax, SIGNED)
        self.texts = [
            Words(ax, j + 0.5, -i - 0.5, fontsize=11, color="#111111") for i, j in np.ndindex(5, 5)
        ]
        self.artists = [self.image, *self.texts]

    def show(self, values, scale=0):
        """Write a square of numbers; beyond 9999 as a power of ten.

        scale: the size whose colour is the strongest; 0 for that of the largest value.
        """
        size = len(values)
        margin = (5 - size) // 2
        place_image(self.image, values, padding=-margin)
        largest = max(np.abs(values).max(), 1e-12)
        strongest = 1.8 * (scale or largest)  # pale enough to read on
        self.image.set_clim(-strongest, strongest)
        digits = 2 if largest < 9.995 else 1 if largest < 99.95 else 0
        grid = np.full((5, 5), "", dtype=object)
        grid[margin : margin + size, margin : margin + size] = [
            [_short(v, digits) for v in row]
            for row in values.round(digits) + 0.0  # no minus in front of 0.00
        ]
        for text, words in zip(self.texts, grid.flat, strict=True):
            text.set_text(words)


def _short(value, digits):
    words = f"{value:.{digits}f}" if abs(value) < 9999.5 else f"{value:.0e}".replace("e+", "e")
    return words.replace("-", "−")


class Stamp:
    """A kernel drawn large beside a map, two lines leading to the frame where it was stamped.

    ax: the map's axes, laid out by `canvas`. rows: from where to where the kernel reaches, in
    pixels of the map; left: where it begins.
    """

    def __init__(self, ax, rows, left):
        self.top, self.left, self.side = rows[0], left, rows[1] - rows[0]
        self.image = image_on(ax, SIGNED)
        self.image.set_clip_on(False)
        self.image.set_extent((left, left + self.side, -rows[1], -rows[0]))
        (self.grid,) = ax.plot([], [], color="#888888", lw=0.6, clip_on=False, zorder=6)
        (self.ties,) = ax.plot([], [], color="#888888", lw=0.8, clip_on=False, zorder=6)
        self.texts = [Words(ax, 0, 0, fontsize=10, color="#111111") for _ in range(9)]
        self.artists = [self.image, self.grid, self.ties, *self.texts]

    def show(self, W, frame):
        """Draw the kernel W (k, k), with its numbers when there is room; nothing for None."""
        for artist in self.artists:
            artist.set_visible(W is not None)
        if W is None:
            return
        k, most = len(W), np.abs(W).max()
        self.image.set_data(W[::-1])
        self.image.set_clim(-1.8 * most, 1.8 * most)
        lines = self.side * np.arange(k + 1) / k
        far, gap = np.full(k + 1, self.side), np.full(k + 1, np.nan)
        down = np.stack([lines, lines, gap, 0 * far, far, gap], axis=1).ravel()
        right = np.stack([0 * far, far, gap, lines, lines, gap], axis=1).ravel()
        self.grid.set_data(self.left + right, -self.top - down)
        x, y = frame.get_x() + frame.get_width(), frame.get_y()
        self.ties.set_data(
            [self.left, x, np.nan, self.left, x],
            [-self.top, y + frame.get_height(), np.nan, -self.top - self.side, y],
        )
        middles = self.side * (np.arange(k) + 0.5) / k
        for text in self.texts:
            text.set_text("")
        if k == 3:
            for n, (i, j) in enumerate(np.ndindex(3, 3)):
                self.texts[n].set_position((self.left + middles[j], -self.top - middles[i]))
                self.texts[n].set_text(plain(W[i, j]))


# ---------------------------------------------------------------- pictures that stand still


def numbers_picture():
    """The photograph, and ten by eight of its pixels as the numbers that they are."""
    photo = photograph()[0]
    top, left, rows, columns = 29, 17, 8, 10
    with matplotlib.rc_context(RC):
        figure = picture(860, 360)
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


def window_picture(window, kernel):
    """One value of a convolution (11.1), b = 0: a window's pixels times the weights, added up.

    window, kernel: (k, k) each. Raises ValueError or TypeError for anything else.
    """
    window = validate.real("window", window, ndim=2)
    kernel = validate.array("kernel", kernel, window.shape, "of the window", float)
    products = window * kernel
    with matplotlib.rc_context(RC):
        figure, ax = stage(
            860, 210,
            window=(10, 10, 165, 165), kernel=(230, 10, 165, 165), products=(450, 10, 165, 165),
        )  # fmt: skip
        for key, values, title, colours, low, places in (
            ("window", window, say("pixels in a window"), "gray", 0, 2),
            ("kernel", kernel, say("weights of the kernel"), SIGNED, -1, 2),
            ("products", products, say("products"), SIGNED, -1, 3),
        ):
            canvas(ax[key], title, *values.shape)
            place_image(image_on(ax[key], colours, low, 1), values)
            for (i, j), value in np.ndenumerate(values):
                ax[key].text(
                    j + 0.5, -i - 0.5, f"{value + 0.0:.{places}f}".replace("-", "−"),
                    ha="center", va="center",
                    color="white" if low == 0 and value < 0.5 else "black",
                )  # fmt: skip
        total = f"{products.sum():.3f}".replace("-", "−")
        for x, words in ((202, "×"), (422, "="), (675, "Σ =")):
            figure.text(x / 860, 92 / 210, words, ha="center", va="center", fontsize=18)
        figure.text(765 / 860, 92 / 210, total, ha="center", va="center", fontsize=18,
                    weight="bold")  # fmt: skip
        figure.text(765 / 860, 183 / 210, say("one value"), ha="center", weight="bold")
        figure.text(765 / 860, 30 / 210, say("(all rounded)"), ha="center", fontsize=11)
    figure.alt = say(
        "The pixels of one window, the weights of the kernel, their products place by place. The "
        "products add up to {total}, one value of the output.",
        total=total,
    )
    return figure


def shift_picture(changes, sizes):
    """How much a map changes when the picture moves by a pixel, by window size.

    changes: what was done to the map -> for each of the `sizes` the change by the shift, as a
    share of the change by mirroring the picture; the first size is 1, where nothing was done.
    """
    places = np.arange(len(sizes))
    with matplotlib.rc_context(RC):
        figure = picture(720, 320)
        ax = figure.subplots()
        ax.grid(visible=False)
        for n, (name, shares) in enumerate(changes.items()):
            style = ("-", (0, (5, 2)), (0, (1, 1.5)))[n % 3]
            ax.plot(places, shares, "o", color=GRADIENT, ms=8, ls=style, lw=2.2)
            ax.text(
                places[-1] + 0.08,
                shares[-1],
                say("{name}: {share:.0%}", name=name, share=shares[-1]),
                va="center",
            )
        first = next(iter(changes.values()))[0]
        ax.text(0, first + 0.05, say("no pooling: {share:.0%}", share=first), ha="center")
        ax.set(xlim=(-0.35, len(sizes) - 0.1), ylim=(0, 0.8), yticks=np.arange(0, 0.8, 0.25))
        ax.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        ax.set_xticks(places, [f"k = {size}" for size in sizes])
        ax.set_ylabel(say("change by the shift, relative\nto the change by mirroring"))
        ax.set_title(say("Pooling softens a shift by one pixel"))
    shown = [
        say("{name} {answers}", name=name, answers=", ".join(f"{share:.0%}" for share in shares))
        for name, shares in changes.items()
    ]
    figure.alt = say(
        "How much the map changes when the picture moves by one pixel, relative to how much it "
        "changes when the picture is mirrored. For k = {sizes}: {listed}.",
        sizes=", ".join(map(str, sizes)),
        listed=say("; ").join(shown),
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
        figure = picture(900, 560)
        figure.colours = None  # the one photograph in colour; 256 do for the grey ones
        ax = figure.subplot_mosaic([["r", "g", "b", "photo"], ["pr", "pg", "pb", "out"]])
        share, sign = ("+1", "−½", "−½"), ("+", "+", "=")
        names = {"r": say("red"), "g": say("green"), "b": say("blue")}
        for n, (key, name) in enumerate(names.items()):
            canvas(ax[key], say("channel {n}: {name}", n=n, name=name), *photo.shape[1:])
            place_image(image_on(ax[key], "gray"), photo[n])
            canvas(
                ax["p" + key],
                say("{share} × {name},\naveraged over 3 × 3", share=share[n], name=name),
                *parts[n].shape,
            )
            place_image(image_on(ax["p" + key], SIGNED, -1, 1), parts[n])
            ax["p" + key].text(
                1.08, 0.5, sign[n], transform=ax["p" + key].transAxes, ha="center", va="center",
                fontsize=20, weight="bold",
            )  # fmt: skip
        canvas(ax["photo"], say("the photograph"), *photo.shape[1:])
        height, width = photo.shape[1:]
        ax["photo"].imshow(np.moveaxis(photo, 0, -1), extent=(0, width, -height, 0))
        canvas(ax["out"], say("the sum: one map"), *out.shape)
        place_image(image_on(ax["out"], SIGNED, -1, 1), out)
        figure.supxlabel(say("below: one scale, from blue, −1, to orange, +1"), fontsize=11)
    figure.alt = say(
        "Above, the red, green and blue channel of the portrait and the portrait in colour. "
        "Below, what each channel adds: red counts for, green and blue against. Their sum, one "
        "map, is orange on the flag's red and on the skin, blue on the blue background, and near "
        "zero on black and white."
    )
    return figure


def moved_maps_picture(pictures, maps, pixels):
    """A photograph above the same one moved to the right, each beside its map.

    pictures (2, height, width), maps (2, rows, columns); pixels: how far it moved.
    Raises ValueError or TypeError for other shapes.
    """
    pictures, maps = (
        validate.real(name, values, ndim=3)
        for name, values in (("pictures", pictures), ("maps", maps))
    )
    if len(pictures) != 2 or len(maps) != 2:
        raise ValueError(f"pictures, maps: expected two each, got {len(pictures)}, {len(maps)}")
    validate.count("pixels", pixels)
    column = maps[0, :, :-pixels].min(axis=0).argmin()  # that of the strongest edge
    with matplotlib.rc_context(RC):
        figure = picture(620, 640)
        axes = figure.subplots(2, 2)
        names = (
            (say("the picture"), say("its map")),
            (say("moved by {pixels} pixels", pixels=pixels), say("its map has moved along")),
        )
        for n, (line, titles) in enumerate(zip(axes, names, strict=True)):
            for ax, table, title, cmap in zip(
                line, (pictures[n], maps[n]), titles, ("gray", SIGNED), strict=True
            ):
                canvas(ax, title, *table.shape)
                image = image_on(ax, cmap)
                show_signed(image, table) if cmap is SIGNED else place_image(image, table)
            ax = line[1]
            for at, style in ((column, "--"), (column + pixels, "-"))[: n + 1]:
                look = "-" if at == column + n * pixels else style
                ax.axvline(at + 0.5, color="#111111", lw=1.2, ls=look)
        looks = {"arrowstyle": "-|>", "mutation_scale": 12, "color": "#111111", "lw": 1.4}
        ends = ((column + 0.5, -20), (column + pixels + 0.5, -20))
        axes[1, 1].add_patch(FancyArrowPatch(*ends, shrinkA=0, shrinkB=0, **looks))
        seam = say("seam: here the rim\ncomes in again")
        axes[1, 1].set_xlabel(seam, loc="left", fontsize=11, color="#555555")
    figure.alt = say(
        "Above, the portrait and its map of edges; below, the portrait moved to the right by "
        "{pixels} pixels, and its map, which has moved by {pixels} as well. A line marks the "
        "same edge in both maps.",
        pixels=pixels,
    )
    return figure


def receptive_picture():
    """What one value of a second layer sees: 3 x 3 values of the first, 5 x 5 pixels."""
    with matplotlib.rc_context(RC):
        figure = picture(860, 290)
        ax = figure.subplots()
        ax.set(xlim=(-0.2, 24), ylim=(-7.3, 0.9), aspect="equal")
        ax.axis("off")
        grids = (
            (0, 7, 5, say("pixels: 5 × 5"), "#F3D2B8"),
            (10, 5, 3, say("layer 1: 3 × 3 values"), "#E39A62"),
            (18.5, 3, 1, say("layer 2: one value"), "#B34700"),
        )
        for left, side, seen, title, colour in grids:
            top, first = -(7 - side) / 2, (side - seen) // 2
            ax.text(left + side / 2, top + 0.3, title, ha="center", weight="bold")
            for i, j in np.ndindex(side, side):
                inside = first <= i < first + seen and first <= j < first + seen
                ax.add_patch(
                    Rectangle(
                        (left + j, top - i - 1), 1, 1, fc=colour if inside else "white",
                        ec="#999999", lw=0.8,
                    )
                )  # fmt: skip
        # the windows: of the one value, and of the corner of its window
        for (left, up, side), (x, y) in (
            (((11, -2, 3)), (19.5, -3)),
            (((1, -1, 3)), (11, -2)),
        ):
            ax.add_patch(Rectangle((left, up - side), side, side, fill=False, ec="#111111", lw=2))
            for away, to in ((up, y), (up - side, y - 1)):
                ax.plot([left + side, x], [away, to], color="#111111", lw=1)
            ax.add_patch(Rectangle((x, y - 1), 1, 1, fill=False, ec="#111111", lw=2))
    figure.alt = say(
        "Three grids. One value of layer 2 has a window of 3 by 3 values in layer 1. The value in "
        "the corner of that window has a window of 3 by 3 pixels. All nine windows together cover "
        "5 by 5 pixels."
    )
    return figure


def stack_picture(photo, maps, second):
    """A photograph, the four maps of a first layer after ReLU, and one map of a second layer.

    photo (1, 1, height, width); maps (1, 4, rows, columns); second (1, 1, rows, columns).
    Raises ValueError for other shapes.
    """
    photo, maps, second = (
        validate.real(name, values, ndim=4)
        for name, values in (("photo", photo), ("maps", maps), ("second", second))
    )
    if maps.shape[:2] != (1, 4):
        raise ValueError(f"maps: expected (1, 4, rows, columns), got {maps.shape}")
    names = (
        say("brighter to the right"), say("brighter to the left"),
        say("brighter downwards"), say("brighter upwards"),
    )  # fmt: skip
    with matplotlib.rc_context(RC):
        figure = picture(900, 440)
        places = [["photo", 0, 1, "second"], ["photo", 2, 3, "second"]]
        ax = figure.subplot_mosaic(places, width_ratios=(1.5, 1, 1, 1.9))
        canvas(ax["photo"], say("the photograph"), *photo.shape[2:])
        place_image(image_on(ax["photo"], "gray"), photo[0, 0])
        for n, name in enumerate(names):
            canvas(ax[n], "", *maps.shape[2:])
            ax[n].set_title(name, fontsize=11)
            show_signed(image_on(ax[n], SIGNED), maps[0, n])
        canvas(ax["second"], say("orange: vertical edges, blue: horizontal"), *second.shape[2:])
        show_signed(image_on(ax["second"], SIGNED), second[0, 0])
        figure.supxlabel(
            say(
                "the photograph; four maps of layer 1 after ReLU; "
                "one map of layer 2, averaged over 3 × 3"
            ),
            fontsize=11,
        )
    figure.alt = say(
        "The portrait; four maps of a first layer, orange where it gets brighter to the right, to "
        "the left, downwards, upwards; and one map of a second layer, orange along vertical edges, "
        "such as collar and stripes, blue along horizontal ones, such as the rim of the cap."
    )
    return figure


def pool_numbers_picture():
    """Max and mean pooling of 4 x 4 numbers, forward and backward, 2 x 2 windows."""
    x = np.array([[1, 3, 2, 0], [5, 2, 1, 4], [0, 1, 3, 3], [2, 6, 8, 1]], float)
    dy = np.array([[12.0, -2.0], [-3.0, 10.0]])
    with matplotlib.rc_context(RC):
        figure, ax = stage(
            860, 480,
            x=(10, 130, 200, 200), dy=(460, 180, 100, 100),
            max_y=(290, 295, 100, 100), max_dx=(640, 250, 200, 200),
            mean_y=(290, 60, 100, 100), mean_dx=(640, 10, 200, 200),
        )  # fmt: skip
        _tiles(ax["x"], x, "x", AMOUNT)
        _tiles(ax["dy"], dy, say("dy arrives"), SIGNED)
        for kind, name in (("max", say("max")), ("mean", say("mean"))):
            y, cache = pool_forward(x[None, None], 2, kind)
            dx = pool_backward(dy[None, None], cache)[0, 0]
            _tiles(ax[kind + "_y"], y[0, 0], say("{kind}: y", kind=name), AMOUNT)
            _tiles(ax[kind + "_dx"], dx, say("{kind}: dx", kind=name), SIGNED)
            if kind == "max":
                for i, j in np.argwhere(dx):
                    for axes in (ax["x"], ax["max_dx"]):
                        ring = Circle((j + 0.5, -i - 0.5), 0.4, fill=False, ec="#111111", lw=1.4)
                        axes.add_patch(ring)
        looks = {"arrowstyle": "-|>", "mutation_scale": 14, "lw": 1.5, "color": "#555555"}
        for start, end in ((218, 282), (568, 632)):
            for y in (340, 120):
                tail, head = (start / 860, 230 / 480), (end / 860, y / 480)
                arrow = FancyArrowPatch(tail, head, transform=figure.transFigure, **looks)
                figure.add_artist(arrow)
    figure.alt = say(
        "On the left a 4 by 4 table x, its largest number in each 2 by 2 block ringed. Max "
        "pooling keeps these four, mean pooling the four means. On the right the four gradients "
        "dy arrive: max pooling puts each at its ringed place and 0 elsewhere, mean pooling gives "
        "each of the four places a quarter."
    )
    return figure


def _tiles(ax, values, title, colours):
    """A table of small numbers on colours, 2 x 2 blocks set apart."""
    rows, columns = values.shape
    canvas(ax, title, rows, columns)
    place_image(image_on(ax, colours, -20, 20), values)
    for (i, j), value in np.ndenumerate(values):
        ax.text(j + 0.5, -i - 0.5, f"{value:g}".replace("-", "−"), ha="center", va="center")
    step = 2 if rows > 2 else 1
    for n in range(0, rows + 1, step):
        ax.plot([0, columns], [-n, -n], color="white", lw=3)
        ax.plot([n, n], [0, -rows], color="white", lw=3)


def directions_picture(curvature, directions, rate, kernel):
    """The directions of `learning.bowl` as patterns of weights, with λ and the factor 1 - ηλ.

    curvature (k²,), directions (k², k²), one in a column; rate: η; kernel (k, k): the one to be
    found, whose component along each direction is the error of a start of zeros. The two largest
    are framed.
    Raises ValueError or TypeError for other shapes and for a rate that is no finite number.
    """
    curvature = validate.real("curvature", curvature, ndim=1)
    count = len(curvature)
    directions = validate.array("directions", directions, (count, count), "a column each", float)
    validate.number("rate", rate)
    side = round(count**0.5)
    kernel = validate.array("kernel", kernel, (side, side), "as the directions", float)
    errors = np.abs(kernel.ravel() @ directions)
    with matplotlib.rc_context(RC):
        figure = picture(900, 215)
        axes = figure.subplots(1, count)
        for n, (ax, bend, pattern) in enumerate(zip(axes, curvature, directions.T, strict=True)):
            pattern = pattern * np.sign(pattern[np.abs(pattern).argmax()])  # either way is the same
            canvas(ax, "", side, side)
            show_signed(image_on(ax, SIGNED), pattern.reshape(side, side))
            ax.set_title(f"λ = {bend:.3f}", loc="center", fontsize=11)
            framed = errors[n] in np.sort(errors)[-2:]
            ax.set_xlabel(
                f"{errors[n]:.2f}\n× {plain(1 - rate * bend)}",
                fontsize=12, weight="bold" if framed else "normal",
            )  # fmt: skip
            if framed:
                frame_on(ax).set_bounds(0, -side, side, side)
        axes[0].set_ylabel(say("error\nfactor"), rotation=0, ha="right", va="top", fontsize=12)
        axes[0].yaxis.set_label_coords(-0.08, -0.06)
        figure.suptitle(
            say("The steepest limits the rate; the flat ones with an error take the time"),
            weight="bold",
        )
        figure.supxlabel(
            say(
                "error: the edge kernel's in this direction (the two largest framed); "
                "factor: what a step at rate {rate:g} multiplies it by",
                rate=rate,
            ),
            fontsize=11,
        )
    figure.alt = say(
        "{count} patterns of weights, blue below 0 and orange above, from the least curved to the "
        "most curved. λ is {curvatures}. The edge kernel's error is {errors}, and a step at rate "
        "{rate:g} multiplies it by {factors}. The first pattern changes sign from weight to "
        "weight; in the last all weights have one sign.",
        count=count,
        curvatures=", ".join(f"{bend:.3f}" for bend in curvature),
        errors=", ".join(f"{error:.2f}" for error in errors),
        rate=rate,
        factors=", ".join(plain(1 - rate * bend) for bend in curvature),
    )
    return figure


def bowl_picture(rate):
    """The loss of a kernel of two weights, side by side, from above, and gradient descent in it.

    The bowl is the photograph's, its mean subtracted; both weights are shown as errors. rate: η.
    Raises ValueError or TypeError for a rate that is no finite number.
    """
    validate.number("rate", rate)
    photo = photograph()[0]
    pairs = np.stack([photo[:, :-1].ravel(), photo[:, 1:].ravel()]) - photo.mean()
    bends, axes = np.linalg.eigh(pairs @ pairs.T / pairs.shape[1])  # flat first, then steep
    axes *= np.sign(axes[1])  # the right weight's error rises along both
    factors = 1 - rate * bends
    walk = axes @ (np.array([[1.0], [0.6]]) * factors[:, None] ** np.arange(13))
    grid = np.stack(np.meshgrid(*[np.linspace(-1.3, 1.3, 121)] * 2))
    loss = (bends[:, None, None] * np.tensordot(axes.T, grid, 1) ** 2).sum(axis=0) / 2
    with matplotlib.rc_context(RC):
        figure = picture(680, 470)
        ax = figure.subplots()
        ax.grid(False)
        levels = bends[1] * np.linspace(0.06, 1.35, 10) ** 2 / 2
        ax.contour(*grid, loss, levels, colors=FAINT, linewidths=1)
        for bend, factor, axis, words, place in (
            (bends[1], factors[1], axes[:, 1], say("both rise: steep"), (0.35, 1.08)),
            (bends[0], factors[0], axes[:, 0], say("one rises, one falls: flat"), (0.25, -1.08)),
        ):
            ax.plot(*np.outer(axis, (-1.7, 1.7)), color="#0072B2", lw=1.6, ls="--")
            note = say("λ = {bend:.3f}: × {factor} a step", bend=bend, factor=plain(factor))
            ax.text(1.38, place[1], words + "\n" + note, va="center", fontsize=11, color="#0072B2")
        ax.plot(*walk, "-", color=GRADIENT, lw=1)
        ax.scatter(*walk, s=36, c=range(walk.shape[1]), cmap="cividis", zorder=3)
        ax.annotate(
            say("an arbitrary start"), walk[:, 0], walk[:, 0] + (0.08, 0.02), fontsize=11,
            va="center",
        )  # fmt: skip
        ax.plot(0, 0, "+", color="#111111", ms=12)
        ax.set(
            xlim=(-1.3, 1.3), ylim=(-1.3, 1.3), aspect="equal", xticks=(-1, 0, 1),
            yticks=(-1, 0, 1), xlabel=say("error of the left weight"),
            ylabel=say("error of the right weight"),
        )  # fmt: skip
        ax.set_title(say("Fast along the steep axis, slow along the flat one"))
    figure.alt = say(
        "The loss of two weights as contour lines, a long and narrow bowl with two dashed axes. "
        "Where both weights rise, λ is {steep:.3f}; where one rises and one falls, {flat:.3f}. "
        "{steps} steps at rate {rate:g} jump across the steep axis with × {across}, and creep "
        "along the flat one with × {along}.",
        steep=bends[1],
        flat=bends[0],
        steps=walk.shape[1] - 1,
        rate=rate,
        across=plain(factors[1]),
        along=plain(factors[0]),
    )
    return figure
