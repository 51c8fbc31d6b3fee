"""What stands still in notebook 01, and the drawing of the 2-3-2-1 network that its walk moves."""

import matplotlib
import numpy as np
from matplotlib.patches import Circle

from lstm_inside.page import Words, picture
from lstm_inside.page.style import FAINT, GRADIENT, HIDDEN_LINE, RC, SIGNAL, SIGNED
from lstm_inside.words import say

from .learning import XOR_INPUTS
from .network import CLASSIC, mlp_forward

WRONG = "#7B3294"  # what the missing-slope rule says
FRESH = "#fff0b3"  # behind a number that has just changed

# Places of the neurons, layer by layer, the inputs first; neurons are numbered 1 to 6.
PLACES = [
    [(0.6, 3.4), (0.6, 1.6)],
    [(3.3, 4.5), (3.3, 2.5), (3.3, 0.5)],
    [(6.2, 3.5), (6.2, 1.5)],
    [(8.8, 2.5)],
]
NAMES = ["₁₂", "₁₂₃", "₄₅", "₆"]  # subscripts
_LABEL_AT = (0.62, 0.32, 0.45)  # where on an edge its weight stands, by layer
_RADIUS = 0.37
_TILE = [(-1, -0.4), (1, -0.4), (1, 0.4), (-1, 0.4), (-1, -0.4)]  # a marker: a flat box


def edges():
    """(layer, from, to) of each of the 14 weights."""
    sizes = [len(layer) for layer in PLACES]
    return [(n, i, j) for n in range(3) for j in range(sizes[n + 1]) for i in range(sizes[n])]


def neuron_number(n, j):
    """What the equations call neuron j of layer n, both counted from 0: a number 1 to 6."""
    return 1 + j + (0, 3, 5)[n]


def neurons():
    """(layer, place in it) of the six neurons, in the order of their numbers."""
    return [(n, j) for n in range(3) for j in range(len(PLACES[n + 1]))]


class NetworkDrawing:
    """The 2-3-2-1 network: a line and a number for each weight, numbers in and at each neuron.

    Lines and circles stand still; what moves is the numbers and the marks of one step.
    """

    def __init__(self, ax):
        ax.set(xlim=(-0.2, 11.2), ylim=(-2.35, 5.41))
        ax.set_axis_off()
        self.paths, self.weights, self.insides, self.deltas = {}, {}, {}, {}
        self.errors = {}  # what the missing-slope rule sends on, below the deltas of layers 2 and 3
        (self.fresh,) = ax.plot([], [], ls="none", marker=_TILE, ms=42, color=FRESH, zorder=2)
        (self.used,) = ax.plot([], [], lw=3.4, zorder=3)
        for edge in edges():
            self._put_weight(ax, edge)
        for n, layer in enumerate(PLACES):
            for j, place in enumerate(layer):
                self._put_neuron(ax, n, j, *place)
        self.body = ax.add_patch(Circle((0, 0), _RADIUS, ec="#333333", lw=3, zorder=5))
        x, y = PLACES[3][0]
        ax.plot([x + _RADIUS, 9.75], [y, y], color=FAINT, lw=1.3, zorder=1)
        self.loss = [Words(ax, 9.85, y - 0.4 * k, ha="left") for k in range(3)]
        self.settings = [
            Words(ax, 9.05, 4.9 - 0.4 * k, ha="left", color="#555555") for k in range(2)
        ]
        heading = {"fontsize": 13.5, "weight": "bold"}
        self.lines = [
            Words(ax, -0.1, -0.5 - 0.44 * k, ha="left", color="#222222", **looks)
            for k, looks in enumerate([heading, {}, {}, {}])
        ]
        self.moving = [
            self.fresh, self.used, self.body, *self.weights.values(), *self.insides.values(),
            *self.deltas.values(), *self.errors.values(), *self.loss, *self.settings, *self.lines,
        ]  # fmt: skip

    def _put_weight(self, ax, edge):
        """A line with a gap, and the weight's number in the gap."""
        n, i, j = edge
        start, end = np.array([PLACES[n][i], PLACES[n + 1][j]])
        along = end - start
        middle = start + _LABEL_AT[n] * along
        length = np.hypot(*along)
        gap = along * min(0.3 / along[0], 0.17 / abs(along[1]))
        rim = along * _RADIUS / length
        self.paths[edge] = np.array(
            [start + rim, middle - gap, [np.nan, np.nan], middle + gap, end - rim]
        )
        ax.plot(*self.paths[edge].T, color=FAINT, lw=1.3, zorder=1)
        self.weights[edge] = Words(ax, *middle, fontsize=11, zorder=4)

    def _put_neuron(self, ax, n, j, x, y):
        """A circle with its name above it, room for its value inside and its delta below."""
        ax.add_patch(Circle((x, y), _RADIUS, fc="white", ec="#555555", lw=1.6, zorder=2))
        name, colour = ("x", SIGNAL) if n == 0 else ("h", HIDDEN_LINE)
        name += NAMES[n][j] + (" = y" if n == 3 else "")
        above = y + _RADIUS + 0.2
        ax.text(x, above, name, color=colour, weight="bold", ha="center", va="center")
        self.insides[n, j] = Words(ax, x, y, zorder=6)
        if n:
            self.deltas[n - 1, j] = Words(
                ax, x, y - _RADIUS - 0.23, weight="bold", fontsize=11.5, zorder=6
            )
        if n > 1:
            self.errors[n - 1, j] = Words(
                ax, x, y - _RADIUS - 0.53, fontsize=11.5, color=WRONG, zorder=6
            )

    def mark(self, edges=(), neuron=None, colour="black", fill="white"):
        """Mark the edges that a step uses and the neuron (its layer with inputs) it is about."""
        path = np.concatenate(
            [[[np.nan, np.nan]], *([*self.paths[e], [np.nan] * 2] for e in edges)]
        )
        self.used.set_data(*path.T)
        self.used.set_color(colour)
        self.body.set_visible(neuron is not None)
        if neuron is not None:
            self.body.set_center(PLACES[neuron[0]][neuron[1]])
            self.body.set_facecolor(fill)

    def tint(self, edges):
        """Put a light tile behind the weights that have just changed."""
        places = np.array([self.weights[edge].get_position() for edge in edges]).reshape(-1, 2)
        self.fresh.set_data(*places.T)


def network_picture():
    """The 2-3-2-1 network before any sum: which number goes where, and its 14 weights."""
    with matplotlib.rc_context(RC):
        figure = picture(790, 470)  # circles, not ellipses
        figure.set_layout_engine("none")
        ax = figure.add_axes((0.01, 0.01, 0.98, 0.98))
        drawing = NetworkDrawing(ax)
        ax.set(xlim=(-0.4, 10.6), ylim=(-0.55, 6.05))
        for (n, i, j), text in drawing.weights.items():
            text.set_text(f"{CLASSIC[2 * n][i, j]:.1f}".replace("-", "−"))
        for (n, j), text in drawing.insides.items():
            text.set_text(str(neuron_number(n - 1, j)) if n else "")
        drawing.mark()
        for (x, _), words in zip(
            (layer[0] for layer in PLACES),
            (
                say("2 inputs"),
                say("hidden layer 1:\n3 neurons"),
                say("hidden layer 2:\n2 neurons"),
                say("output"),
            ),
            strict=True,
        ):
            ax.text(x, 5.72, words, ha="center", va="center", color="#333333", weight="bold")
    figure.alt = say(
        "Two inputs on the left, three neurons numbered 1 to 3, two numbered 4 and 5, one output "
        "neuron numbered 6. A line runs from every number to every neuron of the next layer, 14 "
        "lines, and each carries its weight."
    )
    return figure


def rules_picture(measured):
    """How many times as large as the measured gradient the faulty one is, and the true one.

    measured: what `measure_rules` returns. A bar a layer for the faulty gradient, a ring for the
    true one.
    """
    sizes, at = measured["sizes"], np.arange(3)
    true, faulty = (
        np.median(sizes[rule] / sizes["differences"], axis=0) for rule in ("true", "missing")
    )
    count = len(sizes["true"])
    with matplotlib.rc_context(RC):
        figure, ax = _layer_bars(560, faulty, WRONG, "{:.1f}")
        ax.axhline(1, color="#111111", lw=1.5, ls=(0, (4, 3)))
        ax.plot(at, true, "o", mfc="white", mec=GRADIENT, mew=2.2, ms=9, zorder=5)
        for row, (words, colour) in enumerate(
            (
                (say("bars: slopes left out"), WRONG),
                (say("rings: true gradient"), GRADIENT),
                (say("dashed: finite differences"), "#111111"),
            )
        ):
            ax.text(0.98, 0.93 - 0.1 * row, words, color=colour, ha="right",
                    transform=ax.transAxes)  # fmt: skip
        ax.set_ylabel(say("times the measured size\n(median of {count})", count=count))
        ax.set_title(
            say("Slopes left out: layer 1 is {factor:.0f} times too large", factor=faulty[0])
        )
    figure.alt = say(
        "Medians of {count} networks, layers 1, 2, 3: the gradient's size in units of the one "
        "measured by finite differences. With the slopes left out {faulty}, the true one {true}.",
        count=count,
        faulty=", ".join(f"{value:.1f}" for value in faulty),
        true=", ".join(f"{value:.1f}" for value in true),
    )
    return figure


def deltas_picture(measured):
    """How large a true delta is, a bar a layer: the median of the networks in `measured`."""
    deltas = measured["sizes"]["deltas"]
    small, count = np.median(deltas, axis=0), len(deltas)
    with matplotlib.rc_context(RC):
        figure, ax = _layer_bars(460, small, GRADIENT, "{:.4f}")
        ax.set_ylabel(say("size of a δ (median of {count})", count=count))
        ax.set_title(say("The true δ: smallest in layer 1"))
    figure.alt = say(
        "The size of a true δ in layers 1, 2, 3, medians of {count} networks: {small}.",
        count=count,
        small=", ".join(f"{value:.4f}" for value in small),
    )
    return figure


def _layer_bars(width, heights, colour, shown):
    """A figure of a bar a layer, the heights (3,) written above it: figure, its axes."""
    at = np.arange(3)
    figure = picture(width, 300)
    ax = figure.subplots()
    ax.bar(at, heights, 0.55, color=colour)
    ax.set_xticks(at, [say("layer {n}", n=n + 1) for n in at])
    ax.grid(visible=False)
    ax.set_ylim(0, 1.17 * heights.max())
    for x, height in zip(at, heights, strict=True):
        ax.annotate(shown.format(height), (x, height), (0, 9), textcoords="offset points",
                    ha="center", color=colour, weight="bold")  # fmt: skip
    return figure, ax


def corners_picture(params):
    """What each neuron of a trained 2-3-2-1 network says at XOR's corners, below a plan by hand.

    params: MLPParams of a network with 2 inputs, layers of 3 and 2 neurons, 1 output.
    """
    plan = [
        (say("at least one"), (0, 1, 1, 1)),
        (say("both"), (0, 0, 0, 1)),
        (say("output"), (0, 1, 1, 0)),
    ]
    layers = mlp_forward(XOR_INPUTS, params).h[1:]
    found = [
        (
            say("neuron {n} = y", n=neuron_number(n, j))
            if n == 2
            else say("neuron {n}", n=neuron_number(n, j)),
            layers[n][:, j],
        )
        for n, j in neurons()
    ]
    with matplotlib.rc_context(RC):
        figure = picture(900, 360)
        figure.set_layout_engine("none")
        figure.text(
            0.02, 0.02, say("In each square: $x_1$ to the right, $x_2$ upwards"), color="#333333"
        )
        for row, (words, answers, places) in enumerate(
            (
                (say("by hand"), plan, (0, 1, 5.5)),
                (say("by training"), found, (0, 1, 2, 3.25, 4.25, 5.5)),
            )
        ):
            bottom = 0.6 - 0.47 * row
            figure.text(0.02, bottom + 0.156, words, va="center", weight="bold")
            for (name, says), place in zip(answers, places, strict=True):
                ax = figure.add_axes((0.14 + 0.132 * place, bottom, 0.125, 0.312))
                ax.imshow(np.reshape(says, (2, 2)).T, cmap=SIGNED, vmin=-1, vmax=2, origin="lower")
                ax.set_axis_off()
                ax.set_title(name, loc="center", fontsize=12)
                for (x, y), value in zip(XOR_INPUTS, says, strict=True):
                    shown = f"{value:.2f}" if row else f"{value}"
                    ax.text(x, y, shown, ha="center", va="center", color="#111111", fontsize=11.5)
    shown = [
        say("{name} {answers}", name=name, answers=", ".join(f"{v:.2f}" for v in says))
        for name, says in found
    ]
    figure.alt = say(
        "At the corners (0,0), (0,1), (1,0), (1,1): {found}.", found=say("; ").join(shown)
    )
    return figure
