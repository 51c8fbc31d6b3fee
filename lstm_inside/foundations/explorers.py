"""The views of notebook 01, first half: a neuron, backpropagation step by step, two rules."""

import matplotlib
import numpy as np
from matplotlib.patches import Circle

from lstm_inside.foundations.network import (
    MLPParams,
    activation,
    descend,
    finite_differences,
    half_squared_error,
    mlp_backward,
    mlp_backward_picture_rule,
    mlp_forward,
    random_case,
    slope,
)
from lstm_inside.page import Explorer, Pixels, Words, choice, slider, whole
from lstm_inside.page.style import FAINT, GRADIENT, HIDDEN, HIDDEN_LINE, RC, SIGNAL, SIGNED, picture

TRUE, PICTURE = "true gradient", "picture rule"
RULES = {TRUE: mlp_backward, PICTURE: mlp_backward_picture_rule}
NETWORKS = 200  # as many random networks as the notebook measures
WRONG = "#7B3294"  # what the picture rule says
_FRESH = "#fff0b3"  # behind a number that has just changed

# The network of the walk through: small weights of both signs, all three layers alive.
CLASSIC = MLPParams(
    np.array([[0.4, -0.6, 0.9], [0.7, 0.5, -0.8]]),
    np.zeros(3),
    np.array([[1.1, -0.7], [0.6, 0.9], [-0.5, 1.2]]),
    np.zeros(2),
    np.array([[1.4], [-0.9]]),
    np.zeros(1),
)


def _minus(text):
    """A true minus sign in place of each hyphen."""
    return text.replace("-", "−")


# ---------------------------------------------------------------- one neuron


def neuron_explorer() -> Explorer:
    """One neuron of two inputs (1.2): its output over the plane, and the slope where it works."""
    grid = np.linspace(-3, 3, 83)[1::2]  # the middles of 41 cells that fill the square
    plane = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    a_line = np.linspace(-8, 8, 161)
    with matplotlib.rc_context(RC):
        figure = picture(900, 430)
        figure.colours = None
        ax = figure.subplot_mosaic([["plane", "act"], ["plane", "slope"]], width_ratios=(10, 11))
        output = Pixels.on(ax["plane"], np.zeros((41, 41)), cmap=SIGNED, vmin=-1, vmax=1)
        output.set_extent((-3, 3, -3, 3))
        ax["plane"].set(
            xlim=(-3, 3), ylim=(-3, 3), aspect="equal", xlabel="input $x_1$", ylabel="input $x_2$"
        )
        ax["plane"].set_title("Output h for every input: blue low, orange high")
        ax["act"].set(xlim=(-8, 8), ylim=(-1.12, 1.12))
        ax["act"].set_title("Output h = φ(a)")
        ax["slope"].set(xlim=(-8, 8), ylim=(-0.05, 1.12), xlabel="pre-activation a")
        ax["slope"].set_title("Slope φ′(a) = dh/da")
        (border,) = ax["plane"].plot([], [], color="#111111", lw=1.6, ls=(0, (4, 3)))
        (here,) = ax["plane"].plot(
            [], [], "o", color="white", mec="#111111", mew=1.8, ms=11, clip_on=False
        )
        (curve,) = ax["act"].plot([], [], color=FAINT, lw=3)
        (bump,) = ax["slope"].plot([], [], color=FAINT, lw=3)
        (dot,) = ax["act"].plot([], [], "o", color=HIDDEN_LINE, ms=11, clip_on=False)
        (slope_dot,) = ax["slope"].plot([], [], "o", color=GRADIENT, ms=11, clip_on=False)
        notes = [
            Words(ax[key], 7.7, y, color=colour, weight="bold", ha="right")
            for key, y, colour in (("act", -0.75, HIDDEN_LINE), ("slope", 0.9, GRADIENT))
        ]

    def update(w_1, w_2, b, x_1, x_2, act):
        params = (np.array([[w_1], [w_2]]), np.array([b]))
        trace = mlp_forward([[x_1, x_2]], params, act)
        grads = mlp_backward([[1.0]], trace, params)  # the "loss" is the output itself
        a, h, delta = trace.a[0].item(), trace.y.item(), grads.deltas[0].item()
        whole_plane = mlp_forward(plane, params, act).y.reshape(41, 41)
        output.set_data(whole_plane)
        output.set_clim(*((-1, 1) if act == "tanh" else (0, 1)))
        border.set_data(*_border(w_1, w_2, b))
        here.set_data([x_1], [x_2])
        h_line = activation(a_line, act)
        curve.set_data(a_line, h_line)
        bump.set_data(a_line, slope(h_line, act))
        inside = np.clip(a, -8, 8)
        dot.set_data([inside], [h])
        slope_dot.set_data([inside], [delta])
        notes[0].set_text(_minus(f"a = {a:.2f}, h = {h:.3f}"))
        notes[1].set_text(f"slope {delta:.3f}")
        dw = grads.params[0][:, 0]
        return {
            "a": a, "h": h, "slope": delta, "dw": dw, "dx": grads.x[0], "plane": whole_plane,
            "act": act,
        }  # fmt: skip

    def describe(v):
        return _minus(
            f"The weighted sum is a = {v['a']:+.2f}, so h = {v['h']:+.3f}. Slope {v['slope']:.3f}: "
            f"a nudge of w₁ moves h by {v['dw'][0]:+.3f} times the nudge, of w₂ by "
            f"{v['dw'][1]:+.3f}."
        )

    return Explorer(
        "neuron",
        figure=figure,
        controls={
            "w_1": slider("weight w₁", -4, 4, 0.1, 2, digits=1),
            "w_2": slider("weight w₂", -4, 4, 0.1, 1, digits=1),
            "b": slider("bias b", -6, 6, 0.1, -0.5, digits=1),
            "act": choice("activation φ", ["sigmoid", "tanh"], "sigmoid"),
            "x_1": slider("input x₁", -3, 3, 0.1, 1, quantity="x", digits=1),
            "x_2": slider("input x₂", -3, 3, 0.1, 0.5, quantity="x", digits=1),
        },
        moving=[output, border, here, curve, bump, dot, slope_dot, *notes],
        update=update,
        describe=describe,
    )


def _border(w_1, w_2, b):
    """The line w_1 x_1 + w_2 x_2 + b = 0 inside the square of side 6, as (xs, ys)."""
    if w_1 == w_2 == 0:
        return [], []
    # Walk along the line from its point nearest to the centre; keep what is inside.
    length = np.hypot(w_1, w_2)
    n = np.array([w_1, w_2]) / length
    s = np.linspace(-5, 5, 201)
    xs, ys = (-b / length) * n[:, None] + s * np.array([[-n[1]], [n[0]]])
    inside = (np.abs(xs) <= 3) & (np.abs(ys) <= 3)
    return xs[inside], ys[inside]


# ---------------------------------------------------------------- the drawing

# Places of the neurons, layer by layer, the inputs first; neurons are numbered 1 to 6.
_PLACES = [
    [(0.6, 3.4), (0.6, 1.6)],
    [(3.3, 4.5), (3.3, 2.5), (3.3, 0.5)],
    [(6.2, 3.5), (6.2, 1.5)],
    [(8.8, 2.5)],
]
_NAMES = ["₁₂", "₁₂₃", "₄₅", "₆"]  # subscripts
_LABEL_AT = (0.62, 0.32, 0.45)  # where on an edge its weight stands, by layer
_RADIUS = 0.37
_TILE = [(-1, -0.4), (1, -0.4), (1, 0.4), (-1, 0.4), (-1, -0.4)]  # a marker: a flat box


def _edges():
    """(layer, from, to) of each of the 14 weights."""
    sizes = [len(layer) for layer in _PLACES]
    return [(n, i, j) for n in range(3) for j in range(sizes[n + 1]) for i in range(sizes[n])]


def _neurons():
    """(layer, place in it) of the six neurons, in the order of their numbers."""
    return [(n, j) for n in range(3) for j in range(len(_PLACES[n + 1]))]


class _Drawing:
    """The 2-3-2-1 network: a line and a number for each weight, numbers in and at each neuron.

    Lines and circles stand still; what moves is the numbers and the marks of one step.
    """

    def __init__(self, ax):
        ax.set(xlim=(-0.2, 11.2), ylim=(-2.35, 5.41))
        ax.set_axis_off()
        self.paths, self.weights, self.insides, self.deltas = {}, {}, {}, {}
        self.errors = {}  # what the picture rule sends on, below the deltas of layers 2 and 3
        (self.fresh,) = ax.plot([], [], ls="none", marker=_TILE, ms=42, color=_FRESH, zorder=2)
        (self.used,) = ax.plot([], [], lw=3.4, zorder=3)
        for edge in _edges():
            self._put_weight(ax, edge)
        for n, layer in enumerate(_PLACES):
            for j, place in enumerate(layer):
                self._put_neuron(ax, n, j, *place)
        self.body = ax.add_patch(Circle((0, 0), _RADIUS, ec="#333333", lw=3, zorder=5))
        x, y = _PLACES[3][0]
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
        start, end = np.array([_PLACES[n][i], _PLACES[n + 1][j]])
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
        name += _NAMES[n][j] + (" = y" if n == 3 else "")
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
            self.body.set_center(_PLACES[neuron[0]][neuron[1]])
            self.body.set_facecolor(fill)

    def tint(self, edges):
        """Put a light tile behind the weights that have just changed."""
        places = np.array([self.weights[edge].get_position() for edge in edges]).reshape(-1, 2)
        self.fresh.set_data(*places.T)


# ---------------------------------------------------------------- backpropagation, step by step

# ---------------------------------------------------------------- backpropagation, step by step

# The walk, each step (phase, neuron): six forward, the loss, six deltas from the output back,
# six neurons' weights, and the new loss.
_WALK = [
    ("start", None),
    *(("forward", n) for n in _neurons()),
    ("loss", None),
    *(("delta", n) for n in sorted(_neurons(), key=lambda n: -n[0])),
    *(("update", n) for n in _neurons()),
    ("again", None),
]
STEPS = len(_WALK) - 1


def backprop_explorer() -> Explorer:
    """Backpropagation by hand (1.4)-(1.9) on the drawing of the 2-3-2-1 network, in 20 steps."""
    with matplotlib.rc_context(RC):
        figure = picture(940, 640)
        figure.set_layout_engine("none")
        drawing = _Drawing(figure.add_axes((0.01, 0.01, 0.98, 0.98)))

    def update(step, x_1, x_2, target, rate, rule):
        x, target = np.array([[x_1, x_2]]), np.array([[target]])
        trace = mlp_forward(x, CLASSIC)
        loss, dy = half_squared_error(trace.y, target)
        grads = RULES[rule](dy, trace, CLASSIC)
        right = mlp_backward(dy, trace, CLASSIC)
        stepped = descend(CLASSIC, grads.params, rate)
        new = CLASSIC._replace(W_1=stepped.W_1, W_2=stepped.W_2, W_3=stepped.W_3)  # no biases
        trace_new = mlp_forward(x, new)
        loss_new, _ = half_squared_error(trace_new.y, target)
        walk = {
            "step": step, "rule": rule, "rate": rate, "x": x[0], "target": target.item(),
            "y": trace.y.item(), "loss": loss, "y_new": trace_new.y.item(), "loss_new": loss_new,
            "h": _flat(trace.h), "h_new": _flat(trace_new.h), "deltas": _flat(grads.deltas),
            "true_deltas": _flat(right.deltas), "W": CLASSIC[::2], "W_new": new[::2],
            "grads": grads.params[::2],
        }  # fmt: skip
        walk["lines"] = _lines(walk, *_WALK[step])
        _draw_walk(drawing, walk)
        for words, text in zip(drawing.settings, (rule, f"rate η = {rate:.1f}"), strict=True):
            words.set_text(text)
        return walk

    return Explorer(
        "backprop",
        figure=figure,
        controls={
            "step": whole("step", 0, STEPS, 0),
            "rule": choice("backward by the", list(RULES), TRUE),
            "x_1": slider("input x₁", -2, 2, 0.1, 0.8, quantity="x", digits=1),
            "x_2": slider("input x₂", -2, 2, 0.1, 0.3, quantity="x", digits=1),
            "target": slider("target y*", 0, 1, 0.05, 1, quantity="x"),
            "rate": slider("learning rate η", 0, 40, 0.5, 2, digits=1),
        },
        moving=drawing.moving,
        update=update,
        describe=lambda walk: f"Step {walk['step']} of {STEPS}. " + " ".join(walk["lines"]),
        play="step",
        interval=1200,
    )


def _flat(layers):
    """One example's numbers, (1, N) a layer, as a dict (layer, place) -> float."""
    return {(n, j): float(v) for n, row in enumerate(layers) for j, v in enumerate(row[0])}


def _after(walk, phase, neuron):
    """Whether the walk has come to this step."""
    return walk["step"] >= _WALK.index((phase, neuron))


def _draw_walk(drawing, walk):
    """Put every number that is known at this step on the drawing, and mark what is used."""
    phase, now = _WALK[walk["step"]]
    h = walk["h_new"] if phase == "again" else walk["h"]
    for (n, j), text in drawing.insides.items():
        known = n == 0 or _after(walk, "forward", (n - 1, j))
        text.set_text(_minus(f"{h[n, j]:.3f}" if n else f"{h[n, j]:.1f}") if known else "")
    came = {n for n in walk["deltas"] if _after(walk, "delta", n) and phase != "again"}
    for neuron, text in drawing.deltas.items():
        text.set_text(_minus(f"δ {walk['deltas'][neuron]:+.4f}") if neuron in came else "")
        text.set_color(GRADIENT if walk["rule"] == TRUE else WRONG)
    for neuron, text in drawing.errors.items():
        sent = walk["rule"] == PICTURE and neuron in came
        text.set_text(_minus(f"-e = {_carried(walk)[neuron]:.5f}") if sent else "")
    changed = [e for e in drawing.weights if _after(walk, "update", (e[0], e[2]))]
    drawing.tint(changed)
    for edge, text in drawing.weights.items():
        n, i, j = edge
        new = walk["W_new"][n][i, j]
        new = f"{new:.{3 if abs(new) < 9.9995 else 2}f}"  # as much as fits on its tile
        text.set_text(_minus(new if edge in changed else f"{walk['W'][n][i, j]:.1f}"))
    losses = (
        f"target {walk['target']:.2f}",
        f"loss {walk['loss']:.4f}" if _after(walk, "loss", None) else "",
        f"new {walk['loss_new']:.4f}" if phase == "again" else "",
    )
    for line, text in zip(drawing.loss, losses, strict=True):
        line.set_text(text)
    for line, text in zip(drawing.lines, [*walk["lines"], "", "", ""], strict=False):
        line.set_text(text)
    if now is None:
        drawing.mark()
        return
    n, j = now
    into = [edge for edge in drawing.paths if edge[0] == n and edge[2] == j]
    out = [edge for edge in drawing.paths if edge[0] == n + 1 and edge[1] == j]
    if phase == "delta":
        drawing.mark(out, (n + 1, j), GRADIENT if walk["rule"] == TRUE else WRONG, "#dedede")
    else:
        colour, fill = (HIDDEN, "#d9eefb") if phase == "forward" else ("#D9A400", _FRESH)
        drawing.mark(into, (n + 1, j), colour, fill)


def _signed(value, digits=3):
    """A number, in brackets where its sign would stand next to another one."""
    text = f"{value:.{digits}f}"
    return f"({text})" if text.startswith("-") else text


def _lines(walk, phase, neuron):
    """The words and the equation of a step, numbers put in: a heading and up to three lines."""
    if phase in ("start", "loss", "again"):
        lines = _lines_between(walk, phase)
    else:
        say = {"forward": _lines_forward, "delta": _lines_delta, "update": _lines_update}[phase]
        lines = say(walk, *neuron)
    return [_minus(line) for line in lines]


def _lines_between(walk, phase):
    y, loss, target = walk["y"], walk["loss"], walk["target"]
    if phase == "start":
        return [
            "The start: two inputs on the left, a weight on each line.",
            "Press play, or click the step slider and use the arrow keys: → goes on, ← goes back.",
            f"To come: backward by the {walk['rule']}, then a step of learning rate η = "
            f"{walk['rate']:.1f}.",
        ]
    if phase == "loss":
        return [
            "The loss: how far is the output from the target?",
            f"L = ½ (y - y*)² = ½ ({y:.3f} - {target:.2f})² = {loss:.4f}",
            f"Its slope there: dL/dy = y - y* = {y - target:+.3f}",
        ]
    return [
        "Forward again, with the new weights.",
        f"The output went from {y:.3f} to {walk['y_new']:.3f}; the target is {target:.2f}.",
        f"The loss went from {loss:.4f} to {walk['loss_new']:.4f}.",
    ]


def _number(n, j):
    """What a neuron is called in the equations: a subscript 1 to 6."""
    return _NAMES[n + 1][j]


def _lines_forward(walk, n, j):
    W, h = walk["W"][n], walk["h"]
    terms = [f"{_signed(h[n, i], 3 if n else 1)}·{_signed(W[i, j], 1)}" for i in range(len(W))]
    a = sum(h[n, i] * W[i, j] for i in range(len(W)))
    k = _number(n, j)
    return [
        f"Forward, neuron {_plain(n, j)}: weigh what comes in, add up, squash.",
        f"a{k} = {' + '.join(terms)} = {a:.3f}",
        f"h{k} = σ(a{k}) = {h[n + 1, j]:.3f}" + ("   This is the output y." if n == 2 else ""),
    ]


def _lines_delta(walk, n, j):
    k, h, delta = _number(n, j), walk["h"][n + 1, j], walk["deltas"][n, j]
    local = h * (1 - h)
    own = f"own slope h{k}(1 - h{k}) = {h:.4f}·{1 - h:.4f} = {local:.4f}"
    if n == 2:
        return [
            "Backward, neuron 6: the loss's slope times the neuron's own.",
            f"dL/dy = {walk['y'] - walk['target']:+.4f},   {own}",
            f"δ{k} = {_signed(walk['y'] - walk['target'], 4)}·{local:.4f} = {delta:+.5f}",
        ]
    W, above = walk["W"][n + 1], _carried(walk)
    terms = [f"{_signed(W[j, m], 1)}·{_signed(above[n + 1, m], 5)}" for m in range(W.shape[1])]
    come = sum(W[j, m] * above[n + 1, m] for m in range(W.shape[1]))
    lines = [
        f"Backward, neuron {_plain(n, j)}: weigh the δ it feeds, add up, times its own slope.",
        f"comes back: {' + '.join(terms)} = {come:+.5f}",
        f"{own},   so δ{k} = {_signed(come, 5)}·{local:.4f} = {delta:+.5f}",
    ]
    if walk["rule"] == PICTURE:
        lines[0] = f"Backward, neuron {_plain(n, j)}, as in the pictures: -e, not δ, goes on."
        lines.append(f"The true δ{k} is {walk['true_deltas'][n, j]:+.5f}.")
    return lines


def _carried(walk):
    """What the rule sends back through the weights: delta, or -e, which is without the slope."""
    if walk["rule"] == TRUE:
        return walk["deltas"]
    return {
        (n, j): d / (walk["h"][n + 1, j] * (1 - walk["h"][n + 1, j]))
        for (n, j), d in walk["deltas"].items()
    }


def _lines_update(walk, n, j):
    W, W_new, h = walk["W"][n], walk["W_new"][n], walk["h"]
    sums = [
        f"{W[i, j]:.1f} - {walk['rate']:.1f}·{_signed(walk['deltas'][n, j], 5)}"
        f"·{_signed(h[n, i], 3 if n else 1)} = {W_new[i, j]:.4f}"
        for i in range(len(W))
    ]
    k = _plain(n, j)
    return [f"Update the weights into neuron {k}: weight - η · δ · what came along it.", *sums]


def _plain(n, j):
    """The neuron's number as an ordinary digit."""
    return 1 + j + (0, 3, 5)[n]


# ---------------------------------------------------------------- two rules, one truth


def compare_rules(params, x, target, act="sigmoid"):
    """All derivatives by the weights, three ways, and how much too large the picture rule is.

    params: MLPParams. x (B, D), target (B, N). Returns a dict: "true", "picture" and
    "differences" hold the three layers' weight gradients; "ratio" (3,) the length of the
    picture rule's gradient over the true one's, by layer; "turned" how many of the signs differ.
    """
    trace = mlp_forward(x, params, act)
    _, dy = half_squared_error(trace.y, target)
    found = {
        "true": mlp_backward(dy, trace, params).params[::2],
        "picture": mlp_backward_picture_rule(dy, trace, params).params[::2],
    }

    def loss(weights):
        moved = [part for pair in zip(weights, params[1::2], strict=True) for part in pair]
        return half_squared_error(mlp_forward(x, MLPParams(*moved), act).y, target)[0]

    found["differences"] = finite_differences(loss, params[::2])
    pairs = list(zip(found["picture"], found["true"], strict=True))
    found["ratio"] = np.array([_length(p) / max(_length(t), 1e-300) for p, t in pairs])
    found["turned"] = int(sum((np.sign(p) != np.sign(t)).sum() for p, t in pairs))
    return found


def _length(array):
    return np.sqrt((array**2).sum())


def measure_ratios(count=NETWORKS, act="sigmoid"):
    """The picture rule's gradient over the true one's, by layer, on random networks: (count, 3)."""
    ratios = np.empty((count, 3))
    for seed in range(count):
        params, x, target = random_case(np.random.default_rng(seed))
        trace = mlp_forward(x, params, act)
        _, dy = half_squared_error(trace.y, target)
        true, picture_rule = (rule(dy, trace, params).params[::2] for rule in RULES.values())
        ratios[seed] = [_length(p) / _length(t) for p, t in zip(picture_rule, true, strict=True)]
    return ratios


def _hill(middle, bins, values, floor):
    """The outline of a histogram that stands on a floor, 0.85 high: (2 + bins, 2)."""
    count, _ = np.histogram(values, bins)
    tops = floor + 0.85 * count / count.max()
    xs = [middle[0], *middle, middle[-1]]
    return np.column_stack([xs, [floor, *tops, floor]])


def rules_explorer() -> Explorer:
    """The true gradient, the picture rule and finite differences on one of 200 random networks."""
    ratios = {act: measure_ratios(act=act) for act in ("sigmoid", "tanh")}
    medians = {act: np.median(found, axis=0) for act, found in ratios.items()}
    at = np.array([0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 14, 15])
    with matplotlib.rc_context(RC):
        figure = picture(920, 440)
        sizes, spread = figure.subplots(1, 2, width_ratios=(11, 9))
        sizes.set(xlim=(-0.8, 15.8), ylim=(1e-8, 3), yscale="log", ylabel="size of dL/dw")
        sizes.set_xticks([2.5, 9.5, 14.5], ["layer 1: 6 weights", "layer 2: 6", "layer 3: 2"])
        sizes.grid(False, axis="x")
        sizes.set_title("One network: its 14 derivatives, three ways", pad=26)
        for x in (6, 13):
            sizes.axvline(x, color=FAINT, lw=1)
        looks = {
            "differences": {"marker": "s", "ms": 12, "mfc": "none", "mec": "#999999", "mew": 1.6},
            "true": {"marker": "o", "ms": 6, "color": GRADIENT},
            "picture": {"marker": "X", "ms": 9, "color": WRONG, "mec": "white"},
        }
        marks = {name: sizes.plot([], [], ls="none", **look)[0] for name, look in looks.items()}
        for ax, x, colour, words in (
            (sizes, 0.0, WRONG, "× picture rule"),
            (sizes, 0.31, GRADIENT, "● true gradient"),
            (sizes, 0.65, "#777777", "□ finite differences"),
            (spread, 0.0, WRONG, "× the network on the left"),
        ):
            ax.text(x, 1.025, words, color=colour, weight="bold", transform=ax.transAxes)
        bins = np.geomspace(0.3, 1000, 71)
        middle = np.sqrt(bins[1:] * bins[:-1])
        spread.set(xlim=(0.3, 1000), ylim=(-0.15, 3.1), xscale="log", xlabel="picture rule / true")
        spread.set_yticks([2, 1, 0], ["layer 1", "layer 2", "layer 3"])
        spread.axvline(1, color=FAINT, lw=1.5, zorder=0)
        spread.set_title(f"Off by what factor? {NETWORKS} networks", pad=26)
        outlines = {
            act: [_hill(middle, bins, r[:, n], 2 - n) for n in range(3)]
            for act, r in ratios.items()
        }
        hills = [spread.fill([], [], color=WRONG, alpha=0.3, lw=0)[0] for _ in range(3)]
        dots = spread.plot([], [], "X", color=WRONG, mec="white", ms=11)[0]
        notes = [
            Words(spread, 950, 2.62 - n, ha="right", color=WRONG, weight="bold") for n in range(3)
        ]

    def update(network, act):
        params, x, target = random_case(np.random.default_rng(network - 1))
        found = compare_rules(params, x, target, act)
        for name, mark in marks.items():
            size = np.abs(np.concatenate([layer.ravel() for layer in found[name]]))
            mark.set_data(at, np.clip(size, 1.2e-8, 2.5))
        for hill, outline in zip(hills, outlines[act], strict=True):
            hill.set_xy(outline)
        for note, median in zip(notes, medians[act], strict=True):
            note.set_text(f"median {median:.1f}")
        dots.set_data(found["ratio"], [2, 1, 0])
        agree = all(
            np.allclose(t, d, rtol=0, atol=1e-9)
            for t, d in zip(found["true"], found["differences"], strict=True)
        )
        return {"network": network, "act": act, "medians": medians[act], "agree": agree, **found}

    def describe(v):
        one, two, three = v["ratio"]
        signs = "no sign differs" if not v["turned"] else f"{v['turned']} of 14 signs differ"
        agree = "agree" if v["agree"] else "DISAGREE"
        return (
            f"Network {v['network']}: true gradient and finite differences {agree}; the picture "
            f"rule's gradient is {one:.1f} times the true one in layer 1, {two:.1f} times in layer "
            f"2 and {three:.1f} times in layer 3; {signs}."
        )

    return Explorer(
        "two_rules",
        figure=figure,
        controls={
            "network": whole("random network", 1, NETWORKS, 1),
            "act": choice("activation φ", ["sigmoid", "tanh"], "sigmoid"),
        },
        moving=[*marks.values(), *hills, dots, *notes],
        update=update,
        describe=describe,
        play="network",
    )


EXPLORERS = {
    "neuron": neuron_explorer,
    "backprop": backprop_explorer,
    "two_rules": rules_explorer,
}
