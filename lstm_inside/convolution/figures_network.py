"""What stands still in sections 5 and 6 of notebook 11: a small network, before and after."""

import re

import matplotlib
import numpy as np
from matplotlib.patches import FancyArrowPatch, Rectangle

from lstm_inside import validate
from lstm_inside.page import picture, plain
from lstm_inside.page.style import GRADIENT, RC, SIGNED
from lstm_inside.words import say

from .figures import canvas, frame_on, image_on, place_image
from .lab import span


def chain_picture():
    """The network of notebook 11: what goes forward between its layers, and what comes back."""
    boxes = (
        (say("picture"), "3 × 12 × 12"),
        (say("4 maps"), "4 × 10 × 10"),
        (say("after tanh"), "4 × 10 × 10"),
        (say("pooled"), "4 × 5 × 5"),
        (say("in a row"), "100"),
        (say("2 answers"), "2"),
    )
    steps = (
        (say("convolution"), "(11.1b)", "(11.3), (11.4)"),
        ("tanh", "", "(1.3)"),
        (say("max pooling"), "(11.7)", "(11.9)"),
        (say("reshape"), "", ""),
        (say("fully\nconnected"), "(11.10)", "(11.11)–(11.13)"),
    )
    with matplotlib.rc_context(RC):
        figure = picture(980, 250)
        ax = figure.subplots()
        ax.set(xlim=(-0.1, 11.05), ylim=(-1.3, 1.45))
        ax.axis("off")
        looks = {"arrowstyle": "-|>", "mutation_scale": 13, "shrinkA": 0, "shrinkB": 0}
        for n, (name, shape) in enumerate(boxes):
            ax.add_patch(Rectangle((2 * n, -0.42), 0.95, 0.84, fc="#f2f2f2", ec="#555555"))
            ax.text(2 * n + 0.475, 0.16, name, ha="center", va="center", fontsize=10)
            ax.text(
                2 * n + 0.475, -0.16, shape, ha="center", va="center", fontsize=9.5, weight="bold"
            )
        for n, (name, equation, back) in enumerate(steps):
            left, right = 2 * n + 1.0, 2 * n + 1.95
            for start, end, y, colour in (
                (left, right, 0.2, "#0072B2"),
                (right, left, -0.2, GRADIENT),
            ):
                ax.add_patch(FancyArrowPatch((start, y), (end, y), color=colour, lw=1.6, **looks))
            words = f"{name}\n{equation}" if equation else name
            ax.text((left + right) / 2, 0.5, words, ha="center", va="bottom", color="#0072B2")
            ax.text((left + right) / 2, -0.5, back, ha="center", va="top", color=GRADIENT)
        ax.text(-0.05, 1.3, say("forward: the picture becomes two answers"), color="#0072B2")
        ax.text(10.95, -1.2, say("backward: the gradient returns"), color=GRADIENT, ha="right")
    figure.alt = say(
        "A row of boxes with the shape of what is in each: the picture, 3 × 12 × 12; four maps, "
        "4 × 10 × 10; the same after tanh; pooled, 4 × 5 × 5; laid in a row, 100 numbers; 2 "
        "answers. Arrows to the right name the layers, arrows back name the equations that carry "
        "the gradient."
    )
    return figure


def lines_picture(images, titles, corners=None):
    """Pictures with lines as the network gets them, in colour, side by side.

    images (n, 3, rows, columns); titles: one a picture; corners: for each, the first row and
    column of a square of 4 × 4 pixels to be framed, or None for no frames.
    Raises ValueError or TypeError for other shapes.
    """
    images = validate.real("images", images, ndim=4)
    if images.shape[1] != 3 or len(titles) != len(images):
        raise ValueError(f"images: expected ({len(titles)}, 3, rows, columns), got {images.shape}")
    rows, columns = images.shape[2:]
    with matplotlib.rc_context(RC):
        side = 200 if len(images) > 2 else 300
        figure = picture(side * len(images) + 20, side + 62)
        axes = figure.subplots(1, len(images), squeeze=False)[0]
        for n, (ax, image, title) in enumerate(zip(axes, images, titles, strict=True)):
            canvas(ax, title, rows, columns)
            colours = np.clip(0.25 + 0.6 * np.moveaxis(image, 0, -1), 0, 1)
            ax.imshow(colours, extent=(0, columns, -rows, 0))
            if corners is not None:
                top, left = corners[n]
                frame_on(ax).set_bounds(left, -top - 4, 4, 4)
        figure.supxlabel(
            say("0 is drawn as dark grey, so that noise below 0 is seen, too"), fontsize=11
        )
    figure.alt = say(
        "{count} pictures of {rows} × {columns} pixels, coloured noise with a short bright line in "
        "each: {titles}.",
        count=len(images),
        rows=rows,
        columns=columns,
        titles=", ".join(titles),
    )
    return figure


def kernels_picture(before, after, lines, changes, kernels):
    """Two kernels as they began and as they were learned, and how they respond to two lines.

    before, after (N, C, k, k): the mean over the channels is drawn. lines (2, rows, columns): a
    horizontal line and a vertical one. changes (2, N, rows, columns): how the pooled maps differ
    from those of a black picture. kernels: the one that prefers horizontal lines, and the one
    that prefers vertical lines.
    Raises ValueError for other shapes.
    """
    before = validate.real("before", before, ndim=4)
    after = validate.array("after", after, before.shape, "of `before`", float)
    lines = validate.real("lines", lines, ndim=3)
    changes = validate.real("changes", changes, ndim=4)
    if changes.shape[:2] != (2, len(before)):
        raise ValueError(
            f"changes: expected (2, {len(before)}, rows, columns), got {changes.shape}"
        )
    both = np.stack([before, after]).mean(axis=2)[:, list(kernels)]  # -> (2, 2, k, k)
    shown = changes[:, list(kernels)]
    most, largest = (max(np.abs(values).max(), 1e-12) for values in (both, shown))
    columns = (
        say("as it began"), say("learned"),
        say("horizontal line"), say("its response"), say("vertical line"), say("its response"),
    )  # fmt: skip
    with matplotlib.rc_context(RC):
        figure = picture(920, 420)
        axes = figure.subplots(2, 6)
        for row, n in enumerate(kernels):
            tables = (
                (both[0, row], most), (both[1, row], most),
                (lines[0], None), (shown[0, row], largest), (lines[1], None),
                (shown[1, row], largest),
            )  # fmt: skip
            for ax, (table, scale), title in zip(axes[row], tables, columns, strict=True):
                canvas(ax, "", *table.shape)
                image = image_on(ax, "gray" if scale is None else SIGNED)
                place_image(image, table)
                if scale is not None:
                    image.set_clim(-scale, scale)
                if row == 0:
                    ax.set_title(title, loc="center", fontsize=12)
            for column, answer in ((3, shown[0, row]), (5, shown[1, row])):
                total = say("added up: {total}", total=plain(answer.sum()))
                axes[row, column].set_xlabel(total, fontsize=12, weight="bold")
            axes[row, 0].set_ylabel(say("kernel {n}", n=n), fontsize=12, weight="bold")
        figure.suptitle(
            say(
                "Kernel {n} prefers horizontal lines, kernel {m} vertical ones",
                n=kernels[0],
                m=kernels[1],
            ),
            weight="bold",
        )
        figure.supxlabel(
            say(
                "blue −, orange +; weights, their mean over the channels: from −{most:.1f} to "
                "{most:.1f}; changes of the pooled map: from −{change:.1f} to {change:.1f}",
                most=most,
                change=largest,
            ),
            fontsize=11,
        )
    figure.alt = say(
        "Kernels {n} and {m}, as they began and as they were learned, blue below 0 and orange "
        "above. Beside them a horizontal and a vertical line, each with the pooled map's changes; "
        "added up, {first} for kernel {n}, {second} for kernel {m}.",
        n=kernels[0],
        m=kernels[1],
        first=" / ".join(plain(change.sum()) for change in shown[:, 0]),
        second=" / ".join(plain(change.sum()) for change in shown[:, 1]),
    )
    return figure


def dots_picture(shares, guess, title, kinds):
    """What several networks answered correctly: a row each, a dot a seed.

    shares: the row's name -> (seeds, kinds), shares right. guess: the lowest and highest share
    right of one who always gives the same answer. title: what is seen. kinds: what each of the one
    or two columns of dots is, in words.
    Raises ValueError or TypeError for other shapes.
    """
    if not 1 <= len(kinds) <= 2:
        raise ValueError(f"kinds: expected one or two, got {len(kinds)}")
    shares = {
        name: validate.array(
            f"shares[{name!r}]", values, (len(values), len(kinds)), "(seeds, kinds)", float
        )
        for name, values in shares.items()
    }
    guess = validate.array("guess", guess, (2,), "lowest, highest", float)
    with matplotlib.rc_context(RC):
        figure = picture(860, 120 + 62 * len(shares))
        ax = figure.subplots()
        ax.grid(visible=False)
        ax.axvspan(*guess, color="#e8e8e8", zorder=0)
        ax.text(guess.mean(), -0.72, say("guessing"), ha="center", va="center", color="#555555")
        looks = (
            {"mfc": "white", "mec": "#555555"}, {"mfc": "#D55E00", "mec": "#D55E00"},
        )[-len(kinds) :]  # fmt: skip
        lifts = (-0.17, 0.17)[: len(kinds)] if len(kinds) > 1 else (0,)
        for row, values in enumerate(shares.values()):
            if row:
                ax.axhline(row - 0.5, color="#dddddd", lw=0.8)
            for column, (words, lift, look) in enumerate(zip(kinds, lifts, looks, strict=True)):
                places = row + lift + np.linspace(-0.1, 0.1, len(values))
                ax.plot(values[:, column], places, "o", ms=6.5, clip_on=False, **look)
                if row == 0:
                    left = values[:, column].max() > 0.8
                    ax.text(
                        values[:, column].min() - 0.02 if left else values[:, column].max() + 0.02,
                        lift, words, ha="right" if left else "left", va="center",
                        color=look["mec"], weight="bold", fontsize=11,
                    )  # fmt: skip
        ax.set(xlim=(0.3, 1.01), ylim=(len(shares) - 0.5, -0.95))
        ax.set_xlabel(say("answered correctly; a dot a seed, its height in the row means nothing"))
        ax.set_yticks(range(len(shares)), list(shares))
        ax.tick_params(axis="y", length=0)
        ax.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        ax.set_title(title)
    figure.alt = say(
        "A row for each, with a dot for each seed: what was answered correctly. {listed}. Guessing "
        "is right {low:.0%} to {high:.0%} of the time.",
        listed=say("; ").join(
            say(
                "{name}, {kind}: {span}", name=name.replace("\n", " "), kind=kind, span=span(column)
            )
            for name, values in shares.items()
            for kind, column in zip(kinds, values.T, strict=True)
        ),
        low=guess[0],
        high=guess[1],
    )
    return figure


def curves_picture(shares, seen, title):
    """How fast several networks learn: a panel each, a thin line for each seed.

    shares: the network's name -> (seeds, marks), shares right. seen: how many pictures a network
    had seen at each mark; one that stopped earlier has fewer marks. title: what is seen.
    Raises ValueError or TypeError for other shapes.
    """
    seen = validate.real("seen", seen, ndim=1)
    shares = {name: validate.real(f"shares[{name!r}]", v, ndim=2) for name, v in shares.items()}
    for name, values in shares.items():
        if not 1 <= values.shape[1] <= len(seen):
            raise ValueError(
                f"shares[{name!r}]: expected 1 to {len(seen)} marks, got {values.shape[1]}"
            )
    with matplotlib.rc_context(RC):
        figure = picture(900, 330)
        axes = figure.subplots(1, len(shares), sharey=True, squeeze=False)[0]
        for ax, (name, values) in zip(axes, shares.items(), strict=True):
            marks = seen[: values.shape[1]]
            ax.plot(marks, values.T, "-o", color=GRADIENT, lw=1, ms=3, clip_on=False)
            for mark, least in zip(marks, values.min(axis=0), strict=True):
                words = re.sub(r"% ?(?=\D)", "%\n", span(values[:, marks == mark][:, 0]), count=1)
                ax.text(mark, least - 0.03, words, ha="center", va="top", fontsize=10)
            ax.set(
                xscale="log", xlim=(seen[0] / 1.7, seen[-1] * 1.7), ylim=(0.45, 1.01),
                xlabel=say("pictures seen"),
            )  # fmt: skip
            ax.set_xticks(seen, [f"{count:,.0f}" for count in seen])
            ax.minorticks_off()
            ax.set_title(name)
        axes[0].set_ylabel(say("new pictures\nanswered correctly"))
        axes[0].yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        figure.suptitle(title, weight="bold")
    figure.alt = say(
        "The share of new pictures answered correctly, by pictures seen, a line for each seed. "
        "{listed}.",
        listed=say("; ").join(
            say(
                "{name}: {spans}",
                name=name.replace("\n", " "),
                spans=", ".join(
                    say("after {count:,.0f} {span}", count=count, span=span(column))
                    for count, column in zip(seen, values.T, strict=False)
                ),
            )
            for name, values in shares.items()
        ),
    )
    return figure
