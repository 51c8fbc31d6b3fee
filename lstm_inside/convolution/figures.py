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
    figure.alt = say(
        "The pixels of one window, the weights of the kernel, their products place by place. The "
        "products add up to {total}, one value of the output.",
        total=total,
    )
    return figure


def shift_picture(changes, sizes):
    """How much a map changes when the picture moves by a pixel, by window size.

    changes: what was done to the map -> a share for each of the `sizes`; the first size is 1,
    where nothing was done.
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
        ax.text(0, first + 0.07, say("as it is: {share:.0%}", share=first), ha="center")
        ax.set(xlim=(-0.35, len(sizes) - 0.1), ylim=(0, 1.1), yticks=np.arange(0, 1.1, 0.25))
        ax.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        ax.set_xticks(places, [f"k = {size}" for size in sizes])
        ax.set_ylabel(say("change, share of the mean\nof the map as it is"))
        ax.set_title(say("How much a shift by one pixel changes the map"))
    shown = [
        say("{name} {answers}", name=name, answers=", ".join(f"{share:.0%}" for share in shares))
        for name, shares in changes.items()
    ]
    figure.alt = say(
        "How much the map changes when the picture moves by one pixel, as a share of the mean of "
        "the map as it is. For k = {sizes}: {listed}.",
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
        figure.colours = None
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
        figure.supxlabel(say("below: blue −, orange +, all four to ±{most:g}", most=1), fontsize=11)
    figure.alt = say(
        "Above, the red, green and blue channel of the portrait and the portrait in colour. "
        "Below, what each channel adds: red counts for, green and blue against. Their sum, one "
        "map, is orange on the flag's red and on the skin, blue on the blue background, and near "
        "zero on black and white."
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


def directions_picture(curvature, directions, rate):
    """The directions of `learning.bowl` as patterns of weights, with λ and the factor 1 - ηλ.

    curvature (k²,), directions (k², k²), one in a column; rate: η.
    Raises ValueError or TypeError for other shapes and for a rate that is no finite number.
    """
    curvature = validate.real("curvature", curvature, ndim=1)
    count = len(curvature)
    directions = validate.array("directions", directions, (count, count), "a column each", float)
    validate.number("rate", rate)
    side = round(count**0.5)
    with matplotlib.rc_context(RC):
        figure = picture(900, 190)
        axes = figure.subplots(1, count)
        for ax, bend, pattern in zip(axes, curvature, directions.T, strict=True):
            pattern = pattern * np.sign(pattern[np.abs(pattern).argmax()])  # either way is the same
            canvas(ax, "", side, side)
            show_signed(image_on(ax, SIGNED), pattern.reshape(side, side))
            ax.set_title(f"λ = {bend:.3f}", loc="center", fontsize=11)
            ax.set_xlabel(f"× {plain(1 - rate * bend)}", fontsize=12, weight="bold")
        figure.supxlabel(
            say("below each: what a step at rate {rate:g} multiplies its error by", rate=rate),
            fontsize=11,
        )
    figure.alt = say(
        "{count} patterns of weights, blue below 0 and orange above, from the least curved to the "
        "most curved. λ is {curvatures}; a step at rate {rate:g} multiplies the error by "
        "{factors}. The first pattern changes sign from weight to weight; in the last all "
        "weights have one sign.",
        count=count,
        curvatures=", ".join(f"{bend:.3f}" for bend in curvature),
        rate=rate,
        factors=", ".join(plain(1 - rate * bend) for bend in curvature),
    )
    return figure


def overshoot_picture(curvature):
    """Gradient descent on the parabola L = curvature/2 · e², six steps from e = 1 at three rates.

    Raises ValueError or TypeError for a curvature that is no finite number above 0.
    """
    validate.positive("curvature", curvature)
    rates, steps = (1, 4, 5), 6
    wide = np.linspace(-2.75, 2.75, 200)
    with matplotlib.rc_context(RC):
        figure = picture(860, 300)
        axes = figure.subplots(1, len(rates), sharey=True, squeeze=False)[0]
        for ax, rate in zip(axes, rates, strict=True):
            factor = 1 - rate * curvature
            walk = factor ** np.arange(steps + 1)
            ax.plot(wide, curvature * wide**2 / 2, color=FAINT, lw=2)
            ax.plot(walk, curvature * walk**2 / 2, "-", color=GRADIENT, lw=1)
            ax.scatter(
                walk, curvature * walk**2 / 2, s=36, c=range(steps + 1), cmap="cividis", zorder=3
            )
            aside = (-2.1, curvature / 6) if abs(factor) < 1 else (0.75, curvature * 3.4)
            for words, place, error in (
                (say("start"), (1.3, curvature / 6), walk[0]),
                (say("step {step}", step=steps), aside, walk[-1]),
            ):
                ax.annotate(
                    words, (error, curvature * error**2 / 2), place, va="center", fontsize=11,
                    arrowprops={"arrowstyle": "-", "color": "#555555"},
                )  # fmt: skip
            ax.set(xlim=(-2.75, 2.75), ylim=(0, curvature * 3.6), yticks=[0], xticks=range(-2, 3))
            title = say("rate {rate:g}: e times {factor} a step", rate=rate, factor=plain(factor))
            ax.set_title(title + "\n" + _course(factor))
            ax.set_xlabel(say("error e"))
        axes[0].set_ylabel(say("loss L"))
    figure.alt = say(
        "A parabola in each of {count} panels, and the first {steps} steps of gradient descent on "
        "it as dots. The error is multiplied by a fixed number a step: {factors}. Between 0 and "
        "1 it shrinks on one side; between −1 and 0 it jumps across and shrinks; below −1 it "
        "jumps across and grows.",
        count=len(rates),
        steps=steps,
        factors=", ".join(plain(1 - rate * curvature) for rate in rates),
    )
    return figure


def _course(factor):
    """How an error goes that is multiplied by this factor a step."""
    if factor >= 0:
        return say("stays on one side, nearer")
    if factor > -1:
        return say("jumps across, nearer")
    return say("jumps across, further away") if factor < -1 else ""


def kernels_picture(before, after, changes):
    """Kernels as they began and as they were learned, and what two lines do to their maps.

    before, after (N, C, k, k): the mean over the channels is drawn. changes (2, N, rows, columns):
    how the pooled maps differ from those of a black picture, for a line across and for one down.
    Raises ValueError for other shapes.
    """
    before = validate.real("before", before, ndim=4)
    after = validate.array("after", after, before.shape, "of `before`", float)
    changes = validate.real("changes", changes, ndim=4)
    if changes.shape[:2] != (2, len(before)):
        raise ValueError(
            f"changes: expected (2, {len(before)}, rows, columns), got {changes.shape}"
        )
    both = np.stack([before, after]).mean(axis=2)  # -> (2, N, k, k)
    scales = [max(np.abs(values).max(), 1e-12) for values in (both, changes)]
    rows = (say("as it began"), say("learned"), say("line across"), say("line down"))
    with matplotlib.rc_context(RC):
        figure = picture(140 * len(before) + 60, 700)
        axes = figure.subplots(4, len(before), squeeze=False)
        for row, (words, tables) in enumerate(zip(rows, [*both, *changes], strict=True)):
            for ax, table in zip(axes[row], tables, strict=True):
                canvas(ax, "", *table.shape)
                image = image_on(ax, SIGNED)
                show_signed(image, table)
                image.set_clim(-scales[row // 2], scales[row // 2])
            axes[row, 0].set_ylabel(words, fontsize=12)
        for n, ax in enumerate(axes[0]):
            ax.set_title(say("kernel {n}", n=n))
        figure.supxlabel(
            say(
                "rows 1, 2: the weights, mean over the channels, to ±{most:.1f}\n"
                "rows 3, 4: how a line changes the pooled map, to ±{change:.1f}; blue −, orange +",
                most=scales[0],
                change=scales[1],
            ),
            fontsize=11,
        )
    figure.alt = say(
        "{count} kernels, the mean over their channels, blue below 0 and orange above, to "
        "±{most:.1f}: as they began and as they were learned. Below, how a line across and a line "
        "down change each kernel's pooled map, by up to {largest}.",
        count=len(before),
        most=scales[0],
        largest=", ".join(
            f"{plain(np.abs(across).max())} / {plain(np.abs(down).max())}"
            for across, down in zip(*changes, strict=True)
        ),
    )
    return figure
