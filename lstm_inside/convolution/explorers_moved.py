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
    """A line moves over the picture; which of a network's layers move along (11.1), (11.10).

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
        figure, ax = stage(
            960, 270, line=(12, 50, 158, 180), map=(188, 50, 158, 180), cells=(364, 50, 158, 180),
            weights=(540, 50, 158, 180), parts=(800, 50, 150, 180),
        )  # fmt: skip
        titles = (
            say("the line"), say("its map"), say("pooled"), say("last layer's weights"),
        )  # fmt: skip
        sides = {"line": SIDE, "map": SIDE - 2, "cells": 1, "weights": 1}
        images = {}
        for (key, side), title in zip(sides.items(), titles, strict=True):
            canvas(ax[key], title, side, side, margin=0.04 * side)
            images[key] = image_on(ax[key], "gray" if key == "line" else SIGNED)
        square = frame_on(ax["line"])
        square.set_bounds(FIRST, -FIRST - LENGTH, LENGTH, LENGTH)
        notes = notes_under({key: ax[key] for key in sides}, 1, 1, 0)
        for key, side in sides.items():
            notes[key].set_position((side / 2, -1.12 * side))
        rows = kernels + 2
        bars = ax["parts"].barh(range(rows), np.zeros(rows), height=0.66)
        ax["parts"].set(xlim=(-1, 1), ylim=(rows - 0.4, -0.6), xticks=[])
        names = [say("kernel {n}", n=n) for n in range(kernels)]
        ax["parts"].set_yticks(range(rows), [*names, say("black picture"), say("together")])
        ax["parts"].tick_params(axis="y", length=0)
        ax["parts"].spines[:].set_visible(False)
        ax["parts"].axvline(0, color="#555555", lw=0.8)
        ax["parts"].axhline(rows - 1.5, color="#555555", lw=0.8)
        ax["parts"].set_title(say("1st − 2nd answer"))
        numbers = [Words(ax["parts"], 0, n, fontsize=11) for n in range(rows)]
        notes["parts"] = Words(
            ax["parts"], 0.5, -0.14, fontsize=11, weight="bold", transform=ax["parts"].transAxes
        )

    def update(network, kind, down, right, kernel):
        found, row = seen[network], _row(kind, down, right)
        maps, cells, weights = found.maps[row, kernel], found.cells[row, kernel], found.weights
        place_image(images["line"], _lines()[row, 0])
        most = max(np.abs(found.maps).max(), 1e-12)
        for key, table, scale in (
            ("map", maps, most), ("cells", cells, most),
            ("weights", weights[kernel], max(np.abs(weights).max(), 1e-12)),
        ):  # fmt: skip
            side = sides[key] / len(table)
            place_image(images[key], table, window=side, stride=side)
            images[key].set_clim(-scale, scale)
        told, wanted = found.answers[row], kind == "horizontal"
        total = told[0] - told[1]
        values = [*found.parts[row, :kernels], found.black, total]
        for n, (bar, words, value) in enumerate(zip(bars, numbers, values, strict=True)):
            bar.set_width(value / found.most)
            bar.set_color(_ORANGE if value > 0 else _BLUE)
            bar.set_alpha(1 if n in (kernel, rows - 1) else 0.45)
            words.set_text(plain(value))
            words.set_position((value / found.most + np.copysign(0.03, value), n))
            words.set_ha("left" if value >= 0 else "right")
            words.set_weight("bold" if n in (kernel, rows - 1) else "normal")
        said = "horizontal" if total > 0 else "vertical"
        fine = (total > 0) == wanted
        notes["line"].set_text(say("frame: where it trained"))
        notes["map"].set_text(say("kernel {n}; largest {value}", n=kernel, value=plain(maps.max())))
        notes["cells"].set_text(
            say("{rows} × {columns} cells", rows=len(cells), columns=len(cells))
        )
        notes["weights"].set_text(say("they stay"))
        notes["parts"].set_text(
            say("“{said}”: right", said=KINDS[said])
            if fine
            else say("“{said}”: wrong", said=KINDS[said])
        )
        notes["parts"].set_color("#00684B" if fine else "#B34700")
        return {
            "network": network, "kind": kind, "down": down, "right": right, "kernel": kernel,
            "map": maps, "cells": cells, "answers": told, "parts": found.parts[row],
            "black": found.black, "said": said, "fine": fine,
        }  # fmt: skip

    def describe(v):
        return say(
            "{network}: a {kind} line, {down} down and {right} to the right of where it trained. "
            "The answers are {one} and {two}: “{said}”, {verdict}. To their difference kernel "
            "{kernel} adds {part}, all kernels together {parts}, the black picture {black}.",
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
        moving=[*images.values(), *bars, *numbers, *notes.values()],
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
    most = 1.6 * max(np.abs(parts).max(), np.abs(told).max())
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
