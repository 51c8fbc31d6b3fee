"""The line that a reader moves in notebook 11, in front of a network that has learned."""

from typing import NamedTuple

import matplotlib
import numpy as np

from lstm_inside import validate
from lstm_inside.page import Explorer, Words, choice, plain, whole
from lstm_inside.page.style import RC, SIGNED
from lstm_inside.words import Sentences, say

from .figures import canvas, frame_on, image_on, notes_under, place_image, stage
from .lab import least_squares
from .layers import conv2d_forward, pool_forward
from .lines import LENGTH, SIDE, short_lines

FIRST, FARTHEST = 2, 6  # where the square begins that the lines were learned in; the longest move
ROWS = ("_moved", "_home")  # the lower row and the upper one
KINDS = Sentences({"horizontal": "horizontal", "vertical": "vertical"})
_BLUE, _ORANGE = "#2166AC", "#D55E00"


class _Seen(NamedTuple):
    """What a network makes of every line, one row a line; (kind, down, right) -> row is `_row`."""

    maps: np.ndarray  # (98, N, 10, 10), each without the map of a black picture, as the next
    cells: np.ndarray  # (98, N, r, r)
    weights: np.ndarray  # (N, r, r): the last layer's, for the first answer minus the second
    parts: np.ndarray  # (98, N): what each kernel adds to that difference
    black: float  # the difference for a black picture
    answers: np.ndarray  # (98, 2)
    most: float  # what a bar of full length stands for


def line_explorer(networks=None) -> Explorer:
    """A line in its square, and moved: which of a network's layers move along (11.1), (11.10).

    networks: name -> (weights, size), the weights (W1, b1, W2, b2) of a network of convolution,
    tanh, max pooling over size x size and a fully connected layer with two answers, horizontal
    first; None for two with random kernels and a fitted last layer.
    Raises ValueError or TypeError for weights of other shapes.
    """
    given = networks is not None
    networks = networks if given else _fitted()
    if not isinstance(networks, dict) or not networks:
        raise TypeError(
            "networks: expected name -> (weights, size), at least one, "
            f"got {validate.describe(networks)}"
        )
    seen = {name: _read(name, *parts) for name, parts in networks.items()}
    first = next(iter(seen))
    kernels = min(s.parts.shape[1] for s in seen.values())
    with matplotlib.rc_context(RC):
        figure, ax = stage(960, 500, **{
            name + row: (left, bottom, width, 180)
            for row, bottom in zip(ROWS, (72, 290), strict=True)
            for name, left, width in (
                ("line", 12, 158), ("map", 188, 158), ("cells", 364, 158), ("weights", 540, 158),
                ("parts", 800, 150),
            )
        })  # fmt: skip
        titles = {
            "line": say("the line"), "map": say("its map"), "cells": say("pooled"),
            "weights": say("last layer's weights"),
        }  # fmt: skip
        sides = {"line": SIDE, "map": SIDE - 2, "cells": 1, "weights": 1}
        images, notes, frames, bars, numbers = {}, {}, {}, {}, {}
        rows = kernels + 2
        names = [say("kernel {n}", n=n) for n in range(kernels)]
        for row in ROWS:
            for key, side in sides.items():
                at = ax[key + row]
                canvas(at, titles[key] if row == ROWS[1] else "", side, side, margin=0.04 * side)
                images[key + row] = image_on(at, "gray" if key == "line" else SIGNED)
                notes[key + row] = notes_under({"": at}, 1, 1, 0)[""]
                notes[key + row].set_position((side / 2, -1.12 * side))
            frame_on(ax["line" + row]).set_bounds(FIRST, -FIRST - LENGTH, LENGTH, LENGTH)
            frames[row] = frame_on(ax["weights" + row])
            at = ax["parts" + row]
            bars[row] = at.barh(range(rows), np.zeros(rows), height=0.66)
            at.set(xlim=(-1, 1), ylim=(rows - 0.4, -0.6), xticks=[])
            at.set_yticks(range(rows), [*names, say("black picture"), say("together")])
            at.tick_params(axis="y", length=0, pad=9)
            at.grid(visible=False)
            at.spines[:].set_visible(False)
            at.axvline(0, color="#555555", lw=0.8)
            at.axhline(rows - 1.5, color="#555555", lw=0.8)
            numbers[row] = [Words(at, 0, n, fontsize=11) for n in range(rows)]
            notes["parts" + row] = Words(
                at, 0.5, -0.1, fontsize=11, weight="bold", transform=at.transAxes
            )
        ax["parts" + ROWS[1]].set_title(say("1st − 2nd answer"))
        figure.text(
            0.5, 14 / 500,
            say("map and pooled: the change against a black picture; blue below 0, orange above"),
            ha="center", fontsize=11,
        )  # fmt: skip

    def draw(row, found, line, kernel, wanted):
        """Fill one of the two rows; returns the answers' difference and if it is right."""
        maps, cells, weights = found.maps[line, kernel], found.cells[line, kernel], found.weights
        place_image(images["line" + row], _lines()[line, 0])
        most = max(np.abs(found.maps).max(), 1e-12)
        for key, table, scale in (
            ("map", maps, most), ("cells", cells, most),
            ("weights", weights[kernel], max(np.abs(weights).max(), 1e-12)),
        ):  # fmt: skip
            side = sides[key] / len(table)
            place_image(images[key + row], table, window=side, stride=side)
            images[key + row].set_clim(-scale, scale)
        reached, side = np.argwhere(np.abs(found.cells[line]).max(axis=0) > 0), 1 / len(cells)
        (top, left), (low, right) = reached.min(axis=0), reached.max(axis=0) + 1
        frames[row].set_bounds(left * side, -low * side, (right - left) * side, (low - top) * side)
        total = found.answers[line, 0] - found.answers[line, 1]
        values = [*found.parts[line, :kernels], found.black, total]
        for n, (bar, words, value) in enumerate(zip(bars[row], numbers[row], values, strict=True)):
            bar.set_width(value / found.most)
            bar.set_color(_ORANGE if value > 0 else _BLUE)
            bar.set_alpha(1 if n in (kernel, rows - 1) else 0.45)
            words.set_text(plain(value))
            words.set_position((value / found.most + np.copysign(0.03, value), n))
            words.set_ha("left" if value >= 0 else "right")
            words.set_weight("bold" if n in (kernel, rows - 1) else "normal")
        said, fine = "horizontal" if total > 0 else "vertical", bool((total > 0) == wanted)
        notes["map" + row].set_text(say("kernel {n}", n=kernel))
        notes["cells" + row].set_text(
            say("{rows} × {columns} cells", rows=len(cells), columns=len(cells))
        )
        notes["weights" + row].set_text(say("kernel {n}; framed: the line's cells", n=kernel))
        notes["parts" + row].set_text(
            say("“{said}”: right", said=KINDS[said])
            if fine
            else say("“{said}”: wrong", said=KINDS[said])
        )
        notes["parts" + row].set_color("#00684B" if fine else "#B34700")
        return said, fine

    def update(network, kind, down, right, kernel):
        found, moved, home = seen[network], _row(kind, down, right), _row(kind, 0, 0)
        said, fine = draw(ROWS[0], found, moved, kernel, kind == "horizontal")
        at_home, _ = draw(ROWS[1], found, home, kernel, kind == "horizontal")
        notes["line" + ROWS[0]].set_text(
            say("moved: {down} down, {right} right", down=down, right=right)
        )
        notes["line" + ROWS[1]].set_text(say("in the training square"))
        return {
            "network": network, "kind": kind, "down": down, "right": right, "kernel": kernel,
            "map": found.maps[moved, kernel], "cells": found.cells[moved, kernel],
            "answers": found.answers[moved], "parts": found.parts[moved], "black": found.black,
            "said": said, "fine": fine, "parts_at_home": found.parts[home], "at_home": at_home,
        }  # fmt: skip

    def describe(v):
        return say(
            "{network}: a {kind} line, {down} down and {right} to the right of where it trained. "
            "The answers are {one} and {two}: “{said}”, {verdict}. To their difference kernel "
            "{kernel} adds {part}, all kernels together {parts}, the black picture {black}. In the "
            "square kernel {kernel} adds {part_there}, all kernels {parts_there}: “{there}”.",
            network=v["network"].replace("\n", " "),
            kind=KINDS[v["kind"]],
            down=v["down"],
            right=v["right"],
            one=plain(v["answers"][0]),
            two=plain(v["answers"][1]),
            said=KINDS[v["said"]],
            verdict=say("right") if v["fine"] else say("wrong"),
            kernel=v["kernel"],
            part=plain(v["parts"][v["kernel"]]),
            parts=plain(v["parts"].sum()),
            black=plain(v["black"]),
            part_there=plain(v["parts_at_home"][v["kernel"]]),
            parts_there=plain(v["parts_at_home"].sum()),
            there=KINDS[v["at_home"]],
        )

    in_one_line = [(name.replace("\n", " "), name) for name in seen]
    start = int(np.abs(seen[first].parts[_row("vertical", 0, 0)]).argmax())
    return Explorer(
        "moved_line_own" if given else "moved_line",  # with a page's networks it has no twin
        figure=figure,
        controls={
            "network": choice("network", in_one_line, first),
            "kind": choice("line", list(KINDS), "vertical"),
            "down": whole("moved down", 0, FARTHEST, 4),
            "right": whole("moved right", 0, FARTHEST, 4),
            "kernel": whole("kernel shown", 0, kernels - 1, min(start, kernels - 1)),
        },
        moving=[
            *images.values(),
            *frames.values(),
            *notes.values(),
            *(one for row in ROWS for one in (*bars[row], *numbers[row])),
        ],
        update=update,
        describe=describe,
        presets={
            "where it trained": {"down": 0, "right": 0},
            "one pixel each way": {"down": 1, "right": 1},
            "horizontal": {"kind": "horizontal"},
            "the other network": {"network": list(seen)[-1]},
        },
    )


def _row(kind, down, right):
    return ((kind == "vertical") * (FARTHEST + 1) + down) * (FARTHEST + 1) + right


def _lines():
    """Every line without noise: (98, 3, 12, 12), in the order of `_row`."""
    lines = np.zeros((2, FARTHEST + 1, FARTHEST + 1, 3, SIDE, SIDE))
    for down, right in np.ndindex(FARTHEST + 1, FARTHEST + 1):
        top, left = FIRST + down, FIRST + right
        lines[0, down, right, :, top + 1, left : left + LENGTH] = 1
        lines[1, down, right, :, top : top + LENGTH, left + 1] = 1
    return lines.reshape(-1, 3, SIDE, SIDE)


def _read(name, weights, size):
    """What a network makes of all lines, and of a black picture."""
    W1, b1, W2, b2 = weights
    images = np.concatenate([_lines(), np.zeros((1, 3, SIDE, SIDE))])
    maps = np.tanh(conv2d_forward(images, W1, b1)[0])
    cells = pool_forward(maps, size, "max")[0]
    W2 = validate.array(
        f"networks[{name!r}], W2", W2, (cells[0].size, 2), "(pooled values, 2)", float
    )
    answers = cells.reshape(len(cells), -1) @ W2 + b2
    last = (W2[:, 0] - W2[:, 1]).reshape(cells.shape[1:])
    maps, cells = maps[:-1] - maps[-1], cells[:-1] - cells[-1]
    parts = (cells * last).sum(axis=(2, 3))
    told = answers[:, 0] - answers[:, 1]
    most = 1.75 * max(np.abs(parts).max(), np.abs(told).max())
    return _Seen(maps, cells, last, parts, float(told[-1]), answers[:-1], float(most))


def _fitted():
    """Two networks with random kernels; the last layer is fitted to lines in the square."""
    rng = np.random.default_rng(11)
    W1, b1 = rng.normal(size=(4, 3, 3, 3)) / 3, np.zeros(4)
    images, wanted = short_lines(400, rng, low=FIRST, high=FIRST + LENGTH)
    maps, made = np.tanh(conv2d_forward(images, W1, b1)[0]), {}
    for name, size in ((say("pooled 2 × 2"), 2), (say("pooled over the whole map"), 10)):
        cells = pool_forward(maps, size, "max")[0].reshape(len(images), -1)
        made[name] = (W1, b1, *least_squares(cells, wanted)), size
    return made
