"""What stands still in notebook 01, and the drawing of the 2-3-2-1 network that its walk moves."""

import matplotlib
import numpy as np
from matplotlib.patches import Circle, FancyArrowPatch

from lstm_inside.page import Words, picture
from lstm_inside.page.style import (
    FAINT,
    FORGET,
    GRADIENT,
    HIDDEN_LINE,
    RC,
    SIGNAL,
    SIGNED,
)
from lstm_inside.words import say

from .learning import STEP, XOR_INPUTS
from .network import CLASSIC, mlp_forward

WRONG = "#7B3294"  # what the missing-slope rule says
FRESH = "#fff0b3"  # behind a number that has just changed

# Places of the neurons, layer by layer, the inputs first; neurons are numbered 1 to 6.
PLACES = [
    [(0.45, 3.4), (0.45, 1.6)],
    [(2.6, 4.5), (2.6, 2.5), (2.6, 0.5)],
    [(6.3, 3.5), (6.3, 1.5)],
    [(8.95, 2.5)],
]
NAMES = ["₁₂", "₁₂₃", "₄₅", "₆"]  # subscripts
_LABEL_AT = (0.62, 0.76, 0.71)  # where on an edge its weight stands, by layer
_BACK_AT = (None, 0.265, 0.34)  # and where what comes back along it
_RADIUS = 0.37
_TILE = [(-1, -0.4), (1, -0.4), (1, 0.4), (-1, 0.4), (-1, -0.4)]  # a marker: a flat box
_PLATE = [(-1, -0.25), (1, -0.25), (1, 0.25), (-1, 0.25), (-1, -0.25)]  # a flatter one


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
        ax.set(xlim=(-0.2, 11.2), ylim=(-1.85, 5.91))
        ax.set_axis_off()
        self.paths, self.weights, self.insides, self.deltas = {}, {}, {}, {}
        self.brought = {}  # what comes back along a line: weight times delta
        self.errors = {}  # what the missing-slope rule sends on, below the deltas of layers 2 and 3
        (self.fresh,) = ax.plot([], [], ls="none", marker=_TILE, ms=42, color=FRESH, zorder=2)
        (self.used,) = ax.plot([], [], lw=3.4, zorder=3)
        (self.plates,) = ax.plot([], [], ls="none", marker=_PLATE, ms=65, color="white", zorder=3)
        (self.signs,) = ax.plot(
            [], [], ls="none", marker=_PLATE, ms=68, color=GRADIENT, mew=0, zorder=4
        )  # a dark one behind every delta
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
            Words(ax, -0.1, y, ha="left", color="#222222", **looks)
            for y, looks in ((5.6, heading), (-0.76, {}), (-1.2, {}), (-1.64, {}))
        ]
        self.moving = [
            self.fresh, self.used, self.body, self.plates, self.signs, *self.weights.values(),
            *self.brought.values(), *self.insides.values(), *self.deltas.values(),
            *self.errors.values(), *self.loss, *self.settings, *self.lines,
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
        self.weights[edge] = Words(ax, *middle, fontsize=11, color=HIDDEN_LINE, zorder=4)
        if n:
            self.brought[edge] = Words(
                ax, *(start + _BACK_AT[n] * along), fontsize=11, color=GRADIENT, weight="bold",
                zorder=4,
            )  # fmt: skip

    def _put_neuron(self, ax, n, j, x, y):
        """A circle with its name above it, room for its value inside and its delta below."""
        ax.add_patch(Circle((x, y), _RADIUS, fc="white", ec="#555555", lw=1.6, zorder=2))
        name, colour = ("x", SIGNAL) if n == 0 else ("h", HIDDEN_LINE)
        name += NAMES[n][j] + (" = y" if n == 3 else "")
        above = y + _RADIUS + 0.2
        ax.text(x, above, name, color=colour, weight="bold", ha="center", va="center")
        self.insides[n, j] = Words(ax, x, y, color=colour, zorder=6)
        if n:
            self.deltas[n - 1, j] = Words(
                ax, x, y - _RADIUS - 0.23, color="white", weight="bold", fontsize=11, zorder=6
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

    def bring(self, edges, neurons, colour):
        """Put a white plate behind each number that comes back, a dark one behind each delta."""
        for plates, words in (
            (self.plates, [self.brought[edge] for edge in edges]),
            (self.signs, [self.deltas[neuron] for neuron in neurons]),
        ):
            plates.set_data(*np.array([w.get_position() for w in words]).reshape(-1, 2).T)
        self.signs.set_color(colour)


def network_picture():
    """The 2-3-2-1 network before any sum: which number goes where, and its 14 weights."""
    with matplotlib.rc_context(RC):
        figure = picture(790, 510)  # circles, not ellipses
        figure.set_layout_engine("none")
        ax = figure.add_axes((0.01, 0.01, 0.98, 0.98))
        drawing = NetworkDrawing(ax)
        ax.set(xlim=(-0.4, 10.6), ylim=(-0.55, 6.61))
        ax.text(-0.3, 6.4, say("Neuron 1 reaches the output along two paths"), va="center",
                fontsize=13, color="#111111", weight="bold")  # fmt: skip
        for (n, i, j), text in drawing.weights.items():
            text.set_text(f"{CLASSIC[2 * n][i, j]:.1f}".replace("-", "−"))
        for (n, j), text in drawing.insides.items():
            text.set_text(str(neuron_number(n - 1, j)) if n else "")
        drawing.mark([(1, 0, 0)], colour=HIDDEN_LINE)
        x, y = drawing.weights[1, 0, 0].get_position()
        ax.text(x, y + 0.3, "w₁₄", ha="center", va="center", color=HIDDEN_LINE, weight="bold")
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
        "lines, and each carries its weight; the marked one, w₁₄ = 1.1, leads from neuron 1 to 4."
    )
    return figure


def rules_picture(measured):
    """The faulty gradient against the measured one, and what a step against it does to the loss.

    measured: what `measure_rules` returns. On the left a bar a layer for the faulty gradient, a
    ring for the true one; on the right the change of every network's loss by a step against the
    faulty gradient, against the true one, and against the true one with its sign flipped.
    """
    sizes, at = measured["sizes"], np.arange(3)
    true, faulty = (
        np.median(sizes[rule] / sizes["differences"], axis=0) for rule in ("true", "missing")
    )
    before, *after = measured["losses"].T[:4]
    changes = [np.sort(100 * (loss - before) / before) for loss in after]
    count, fallen = len(before), [int((change < 0).sum()) for change in changes]
    with matplotlib.rc_context(RC):
        figure = picture(900, 360)
        ax, losses = figure.subplots(1, 2, width_ratios=(5, 4))
        ax.bar(at, faulty, 0.55, color=WRONG)
        ax.set_xticks(at, [say("layer {n}", n=n + 1) for n in at])
        ax.grid(visible=False)
        ax.set_ylim(0, 1.17 * faulty.max())
        for x, height in zip(at, faulty, strict=True):
            ax.annotate(f"{height:.1f}", (x, height), (0, 9), textcoords="offset points",
                        ha="center", color=WRONG, weight="bold")  # fmt: skip
        ax.axhline(1, color="#111111", lw=1.5, ls=(0, (4, 3)))
        ax.plot(at, true, "o", mfc="white", mec=GRADIENT, mew=2.2, ms=9, zorder=5)
        for row, (words, colour) in enumerate(
            (
                (say("bars: slopes left out"), WRONG),
                (say("rings: true gradient"), GRADIENT),
                (say("dashed: finite differences"), "#111111"),
            )
        ):
            ax.text(0.98, 0.93 - 0.09 * row, words, color=colour, ha="right",
                    transform=ax.transAxes)  # fmt: skip
        ax.set_ylabel(say("times the measured size\n(median of {count})", count=count))
        ax.set_title(
            say("The referee sees it: layer 1 is {factor:.0f} times too large", factor=faulty[0])
        )
        losses.axhline(0, color="#111111", lw=1.5)
        losses.fill_between(np.arange(count), changes[1], color=WRONG, alpha=0.35, lw=0)
        told = [{"fallen": fell, "count": count} for fell in fallen]
        for change, words, colour, look, at in (
            (changes[0], say("true gradient: falls in {fallen} of {count}", **told[0]),
             GRADIENT, "-", (0.98, 0.15)),
            (changes[1], say("slopes left out: falls in {fallen} of {count}", **told[1]),
             WRONG, "-", (0.98, 0.06)),
            (changes[2], say("sign flipped: falls in {fallen} of {count}", **told[2]),
             FORGET, "--", (0.98, 0.93)),
        ):  # fmt: skip
            losses.plot(change, look, color=colour, lw=2.4)
            losses.text(*at, words, color=colour, ha="right", weight="bold",
                        transform=losses.transAxes)  # fmt: skip
        losses.set(
            xlim=(0, count), xlabel=say("the {count} networks, each curve sorted", count=count)
        )
        losses.set_ylim(min(1.05 * changes[1][0], -1), max(1.25 * changes[2][-1], 1))
        losses.set_ylabel(say("change of the loss, in %"))
        losses.set_title(say("One step's loss hides it (rate {rate})", rate=STEP))
    figure.alt = say(
        "Medians of {count} networks, layers 1, 2, 3: the gradient's size in units of the one "
        "measured by finite differences. With the slopes left out {faulty}, the true one {true}. "
        "A step lowers the loss in {right} of the {count} by the true gradient, in {fallen} by the "
        "faulty one, and in {flipped} with the true one's sign flipped.",
        count=count,
        faulty=", ".join(f"{value:.1f}" for value in faulty),
        true=", ".join(f"{value:.1f}" for value in true),
        right=fallen[0],
        fallen=fallen[1],
        flipped=fallen[2],
    )
    return figure


LOOP = {"inputs": (1.0, 0.0, 0.0), "W_x": 1.0, "W_h": 0.9}  # an RNN of one neuron, by hand


def loop_picture():
    """Three steps of an RNN of one neuron: its states, and what multiplies a nudge on its way."""
    h, before = [], 0.0
    for x in LOOP["inputs"]:
        before = np.tanh(LOOP["W_x"] * x + LOOP["W_h"] * before)  # (1.11), b = 0
        h.append(before)
    passed = [LOOP["W_h"] * (1 - value**2) for value in h[1:]]
    with matplotlib.rc_context(RC):
        figure = picture(620, 300)
        steps = figure.subplots()
        steps.set_axis_off()
        steps.set(xlim=(-1.15, 7.2), ylim=(-1.1, 2.5))
        steps.set_title(say("One neuron, three steps: the 1 echoes on"))
        for t, (x, value) in enumerate(zip(LOOP["inputs"], h, strict=True)):
            at = 3 * t
            steps.plot([at], [1.1], "o", ms=50, color="white", mec=HIDDEN_LINE, mew=2)
            steps.text(at, 1.1, f"{value:.3f}", ha="center", va="center", weight="bold")
            steps.text(at, 2.05, f"$h_{t + 1}$", ha="center", va="center", color=HIDDEN_LINE)
            steps.text(at, -0.75, f"$x_{t + 1} = {x:.0f}$", ha="center", va="center", color=SIGNAL)
            _arrow(steps, (at, -0.45), (at, 0.5), SIGNAL)
            if t:
                _arrow(steps, (at - 2.4, 1.1), (at - 0.6, 1.1), HIDDEN_LINE)
                steps.text(at - 1.5, 1.36, f"$W_h = {LOOP['W_h']}$", ha="center", va="center",
                           color=HIDDEN_LINE)  # fmt: skip
                nudge = say("a nudge:\n× {factor:.3f}", factor=passed[t - 1])
                steps.text(at - 1.5, 0.88, nudge, ha="center", va="top", color=GRADIENT)
    figure.alt = say(
        "One neuron fed 1, 0, 0: its states are {states}, the same W_h leads from each to the "
        "next, and a nudge of the state is multiplied by {one:.3f} and {other:.3f}.",
        states=", ".join(f"{value:.3f}" for value in h),
        one=passed[0],
        other=passed[1],
    )
    return figure


def _arrow(ax, start, end, colour):
    """An arrow of a drawing."""
    ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 2})


def short(value):
    """A number from 0 on with two digits that count, small and large ones with a power of ten."""
    if value == 0:
        return "0"
    power = int(np.floor(np.log10(value)))
    if -3 <= power < 3:
        return f"{value:.{max(0, 1 - power)}f}"
    raised = str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{value / 10.0**power:.1f}·10{raised}"


def corners_picture(params, roles=("",) * 6, signs=(1, 1, 1)):
    """What each neuron of a trained 2-3-2-1 network says at XOR's corners, below a plan by hand.

    params: MLPParams of a network with 2 inputs, layers of 3 and 2 neurons, 1 output. roles: what
    to call what each of the six neurons has learned, below its name. signs: 1 or -1 for each of
    neurons 1 to 3, whose answers are added up with them in a square of its own.
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
    mixed = "".join(f" {'−' if sign < 0 else '+'} {n}" for n, sign in enumerate(signs, 1))
    mixed = mixed.removeprefix(" + ").strip()
    found.insert(3, (mixed, layers[0] @ np.array(signs, dtype=float)))
    roles = (*roles[:3], say("added up"), *roles[3:])
    titles = (
        [name for name, _ in plan],
        [
            f"{name}:\n{role}" if role else name
            for (name, _), role in zip(found, roles, strict=True)
        ],
    )
    places = (0, 1.08, 2.16, 3.24, 4.5, 5.42, 6.62)  # of the squares, in widths and a bit
    with matplotlib.rc_context(RC):
        figure = picture(960, 430)
        figure.set_layout_engine("none")
        figure.text(0.02, 0.955, say("Trained, no neuron says “both”: three of them add up to XOR"),
                    fontsize=13, weight="bold", va="center")  # fmt: skip
        figure.text(
            0.02, 0.02, say("In each square: $x_1$ to the right, $x_2$ upwards"), color="#333333"
        )
        for row, (words, answers, spots) in enumerate(
            (
                (say("by hand"), plan, (0, 1.08, 6.62)),
                (say("by training"), found, places),
            )
        ):
            bottom = 0.55 - 0.43 * row
            figure.text(0.02, bottom + 0.13, words, va="center", weight="bold")
            for title, (_, says), place in zip(titles[row], answers, spots, strict=True):
                ax = figure.add_axes((0.125 + 0.1145 * place, bottom, 0.1, 0.25))
                ax.imshow(np.reshape(says, (2, 2)).T, cmap=SIGNED, vmin=-1, vmax=2, origin="lower")
                ax.set_axis_off()
                ax.set_title(title, loc="center", fontsize=11.5)
                for (x, y), value in zip(XOR_INPUTS, says, strict=True):
                    shown = f"{value:.2f}".replace("-", "−") if row else f"{value}"
                    ax.text(x, y, shown, ha="center", va="center", color="#111111", fontsize=11.5)
        between = ["−" if sign < 0 else "+" for sign in signs[1:]] + ["="]
        for place, sign in zip(places[1:4], between, strict=True):
            figure.text(0.113 + 0.1145 * place, 0.245, sign, ha="center", va="center",
                        fontsize=15, weight="bold")  # fmt: skip
        figure.add_artist(
            FancyArrowPatch((0.365, 0.68), (0.87, 0.68), arrowstyle="-|>", mutation_scale=14,
                            color="#777777", transform=figure.transFigure)
        )  # fmt: skip
    shown = [
        say(
            "{name}: {answers}",
            name=name,
            answers=", ".join(f"{v:.2f}" for v in says).replace("-", "−"),
        )
        for name, says in found
    ]
    figure.alt = say(
        "At the corners (0,0), (0,1), (1,0), (1,1): {found}.", found=say("; ").join(shown)
    )
    return figure
