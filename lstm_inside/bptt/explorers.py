"""What a reader of notebook 04 moves: the walk back, recall, stretches; and the room's EXPLORERS.

The graph of two steps stands in `explorers_graph`, the microscope and truncation in
`explorers_flow`, the patients in `lab`.
"""

import matplotlib
import numpy as np

from lstm_core import (
    RNNParams,
    lstm_backward,
    lstm_forward,
    rnn_backward,
    rnn_forward,
    sigmoid,
)
from lstm_inside.bptt.explorers_flow import (
    gradient_flow_explorer,
    name_lines,
    truncation_explorer,
)
from lstm_inside.bptt.explorers_graph import two_steps_explorer
from lstm_inside.bptt.lab import patient_explorer
from lstm_inside.bptt.shares import products_to_end, rnn_jacobians
from lstm_inside.gates import latch
from lstm_inside.page import Explorer, Words, slider, whole
from lstm_inside.page.style import (
    CELL_LINE,
    FAINT,
    FORGET,
    GRADIENT,
    HIDDEN,
    HIDDEN_LINE,
    INPUT,
    RC,
    SIGNAL,
    picture,
)
from lstm_inside.words import say

# ---------------------------------------------------------------- the walk back


def walk_back_explorer(steps=8, far=50) -> Explorer:
    """The gradient walks back through an unrolled RNN of one unit at rest, times w a step.

    At rest h = 0 and the slope of tanh is 1, so that w is all that a step back multiplies by.
    """
    with matplotlib.rc_context(RC):
        figure = picture(940, 470)
        ax = figure.subplot_mosaic([["graph", "graph"], ["adds", "far"]], height_ratios=(5, 6))
        _draw_chain(ax["graph"], steps)
        ax["adds"].set(xlim=(0.4, steps + 0.6), ylim=(0, 1.25), xlabel=say("step t"))
        ax["adds"].set_title(say("What step t adds to the gradient of u (equal x)"))
        ax["adds"].set_yticks([0, 0.5, 1], ["0", "½", say("largest")])
        ax["far"].set(xlim=(0, far), yscale="log", ylim=(1e-11, 1e11), xlabel=say("steps back"))
        ax["far"].set_title(say("The same walk, {far} steps back", far=far))
        back = np.arange(far + 1)
        power = str(far).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
        # where 50 steps lead, to compare any w with: the number stands at the line's end
        others = {}
        for each, y in ((0.7, 1e-9), (1.3, 1e7)):
            ax["far"].plot(back, each**back, color=FAINT, lw=1.6)
            others[each] = Words(ax["far"], far - 0.5, y, ha="right", fontsize=12, color="#777777")
        end = Words(ax["far"], far - 0.5, 0, ha="right", fontsize=12, weight="bold", color=GRADIENT)
        arrows = [
            ax["graph"].plot([], [], color=GRADIENT, solid_capstyle="butt")[0] for _ in range(steps)
        ]
        heads = [ax["graph"].plot([], [], "<", color=GRADIENT, ms=13)[0] for _ in range(steps)]
        sizes = [Words(ax["graph"], 0, 0, fontsize=12, color=GRADIENT) for _ in range(steps)]
        times = [Words(ax["graph"], t + 0.52, 0.72, fontsize=12) for t in range(steps - 1)]
        bars = ax["adds"].bar(range(1, steps + 1), np.zeros(steps), color=GRADIENT, width=0.6)
        (line,) = ax["far"].plot([], [], color=GRADIENT, lw=1.2)
        (gone,) = ax["far"].plot([], [], color=GRADIENT, lw=5, solid_capstyle="butt")
        ends = [Words(ax["adds"], 0, 0, fontsize=12, color=GRADIENT) for _ in range(2)]

    def update(w, walked):
        params = RNNParams(np.ones((1, 1)), np.full((1, 1), w), np.zeros(1))
        trace = rnn_forward(np.zeros((far, 1, 1)), params)
        dhs = np.zeros((far, 1, 1))
        dhs[-1] = 1
        dh = rnn_backward(dhs, trace, params).h[:, 0, 0]  # of the far walk; its end is ours
        near = dh[far - steps + 1 :]  # steps 1 to `steps` of the drawn chain
        largest = near.max()  # of all eight, so that no bar changes while the walk goes on
        for t, (arrow, head, size) in enumerate(zip(arrows, heads, sizes, strict=True)):
            seen = t >= steps - 1 - walked  # index t is step t + 1; the last has its loss
            size.set_text(_short(near[t]) if seen else "")
            size.set_position((t, 0.72))
            bars[t].set_height(near[t] / largest if seen else 0)
            seen &= t < steps - 1
            if t < steps - 1:
                times[t].set_text("× w" if seen else "")
            arrow.set_data(([t + 0.3, t + 0.78], [0.33, 0.33]) if seen else ([], []))
            head.set_data(([t + 0.26], [0.33]) if seen else ([], []))
            arrow.set_linewidth(0.8 + 6 * near[t] / largest)
        for t, words in zip((steps - 1 - walked, steps - 1), ends, strict=True):
            words.set_text(_short(near[t]))
            words.set_position((t + 1, near[t] / largest + 0.08))
        line.set_data(back, dh[::-1])
        gone.set_data(back[: walked + 1], dh[::-1][: walked + 1])
        end.set_text(f"w{power} = {dh[0]:.1e}")
        # near the line's end, on the side of 1, where the two other numbers do not stand
        y = np.clip(dh[0] ** 0.5 * (10 if dh[0] <= 1 else 0.1), 1.3e-3, 70)
        for each, words in others.items():
            same = np.isclose(w, each)
            words.set_text("" if same else f"{each}{power} = {each**far:.1e}")
            y = words.get_position()[1] if same else y  # one number for one line
        end.set_position((far - 0.5, y))
        return {"dh": near, "far": dh[0], "w": w, "walked": walked}

    def describe(v):
        here = v["dh"][steps - 1 - v["walked"]]
        values = {"w": v["w"], "here": here, "walked": v["walked"], "far": far, "far_2": v["far"]}
        if v["walked"] == 1:
            return say(
                "Each step back multiplies by {w:.2f}: 1 step back the gradient is {here:.3g}, "
                "and {far} steps back it is {far_2:.2g}.",
                **values,
            )
        return say(
            "Each step back multiplies by {w:.2f}: {walked} steps back the gradient is {here:.3g}, "
            "and {far} steps back it is {far_2:.2g}.",
            **values,
        )

    return Explorer(
        "walk_back",
        figure=figure,
        controls={
            "w": slider("w: times w a step back", 0.3, 1.5, 0.05, 0.7, quantity="h"),
            "walked": whole("steps walked back", 0, steps - 1, steps - 1, quantity="gradient"),
        },
        presets={"fading": {"w": 0.7}, "steady": {"w": 1.0}, "growing": {"w": 1.3}},
        stays=("walked",),
        moving=[*arrows, *heads, *sizes, *times, *bars, *ends, line, gone, end, *others.values()],
        update=update,
        describe=describe,
        play="walked",
        interval=500,
    )


def _short(size):
    return f"{size:.2f}" if 0.01 <= size < 100 else f"{size:.0e}".replace("e-0", "e-")


def _draw_chain(ax, steps):
    """The unrolled network: states in a row, an input under each, the loss at the end."""
    ax.set(xlim=(-0.6, steps + 0.5), ylim=(-1.35, 1.05))
    ax.set_axis_off()
    ax.set_title(say("One network, drawn once for every step: forward grey, the gradient black"))
    forward = {"arrowstyle": "-|>", "color": FAINT, "lw": 1.6, "shrinkA": 0, "shrinkB": 0}
    for t in range(steps):
        ax.plot([t], [0], "o", ms=30, mfc=HIDDEN, mec=HIDDEN_LINE, zorder=3)
        ax.text(t, 0, f"h$_{t + 1}$", ha="center", va="center", zorder=4)
        ax.text(t, -1.15, f"x$_{t + 1}$", ha="center", va="center", color=SIGNAL)
        ax.annotate("", (t, -0.28), (t, -0.92), arrowprops=forward)
        if t:
            ax.annotate("", (t - 0.26, 0), (t - 0.74, 0), arrowprops=forward)
    ax.annotate("", (steps - 0.26, 0), (steps - 0.74, 0), arrowprops=forward)
    ax.text(steps - 0.2, 0, say("loss L"), va="center", weight="bold", color=GRADIENT)
    ax.text(steps - 0.2, 0.72, "dL/dh$_t$", va="center", color=GRADIENT)


# ---------------------------------------------------------------- recall


def recall_gradient_explorer(steps=60) -> Explorer:
    """The gradient of the last hidden state walks back through notebook 03's latch."""
    numbers = np.random.default_rng(3).uniform(-1, 1, steps)
    t = np.arange(1, steps + 1)

    with matplotlib.rc_context(RC):
        figure = picture(940, 520)
        ax = figure.subplot_mosaic([["x"], ["gates"], ["flow"]], height_ratios=(3, 3, 5))
        for key, low, high in (("x", -1.1, 1.5), ("gates", -0.06, 1.4), ("flow", -0.04, 1.2)):
            ax[key].set(xlim=(0, steps + 1), ylim=(low, high))
        ax["x"].set_title(say("What comes in: numbers, one of them flagged"))
        ax["x"].bar(t, numbers, color="#cccccc", width=0.7)
        ax["gates"].set_title(say("The gates"))
        ax["flow"].set_title(say("Where the answer's gradient goes"))
        ax["flow"].set_xlabel(say("step t"))
        name_lines(
            ax["gates"],
            (0.1, 1.0, say("forget gate f: keep"), FORGET),
            (0.3, 1.0, say("input gate i: write"), INPUT),
        )
        bars = say("to the number that came in: dL/dx$_t$ (one bar per step, most nearly 0)")
        name_lines(
            ax["flow"],
            (0.02, 1.0, say("to the cell: dL/dc$_t$"), CELL_LINE),
            (0.27, 1.0, bars, GRADIENT),
        )
        (flagged,) = ax["x"].bar([0], [0], color=SIGNAL, width=0.7)
        flag = Words(ax["x"], 0, 1.3, fontsize=12, color=SIGNAL)
        (f_line,) = ax["gates"].plot([], [], color=FORGET, lw=5, drawstyle="steps-mid")
        (i_line,) = ax["gates"].plot([], [], color=INPUT, lw=2, drawstyle="steps-mid")
        (cell,) = ax["flow"].plot([], [], color=CELL_LINE, lw=3, drawstyle="steps-mid")
        (bars,) = ax["flow"].plot([], [], color=GRADIENT, lw=8, solid_capstyle="butt")

    def update(at, drive):
        xs = np.zeros((steps, 1, 2))
        xs[:, 0, 0], xs[at - 1, 0, 1] = numbers, 1
        params = latch(b_i=-drive, w_i=2 * drive, b_f=drive, w_f=-2 * drive, w_g=0.5)
        trace = lstm_forward(xs, params)
        dhs = np.zeros((steps, 1, 1))
        dhs[-1] = 1
        grads = lstm_backward(dhs, trace, params)
        dc, dx = grads.c[:, 0, 0], grads.xs[:, 0, 0]
        flagged.set(x=at - 0.35, height=numbers[at - 1])
        flag.set_text(say("flag"))
        flag.set_position((at, 1.3))
        f_line.set_data(t, trace.f[:, 0, 0])
        i_line.set_data(t, trace.i[:, 0, 0])
        cell.set_data(np.arange(steps + 1), dc)
        bars.set_data(np.repeat(t, 3), np.stack([0 * dx, dx, np.nan * dx], axis=1).ravel())
        return {
            "at": at, "dc": dc, "dx": dx, "number": numbers[at - 1],
            "at_flag": abs(dx[at - 1]) / np.abs(dx).sum(), "f": sigmoid(drive),
        }  # fmt: skip

    def describe(v):
        return say(
            "The flag stands at step {at}; everywhere else f = {f:.4f}. Of the cell's gradient at "
            "the end, {kept:.0%} arrives just after the flag, and {past:.1g} of it goes on to the "
            "step before. Of what the numbers get, {at_flag:.1%} goes to the flagged one, "
            "{others:.1%} to all others together.",
            at=v["at"],
            f=v["f"],
            kept=v["dc"][v["at"]] / v["dc"][-1],
            past=v["dc"][v["at"] - 1] / v["dc"][-1],
            at_flag=v["at_flag"],
            others=1 - v["at_flag"],
        )

    return Explorer(
        "recall_gradient",
        figure=figure,
        controls={
            "at": whole("the flag's step", 1, steps - 1, 15, quantity="c"),
            "drive": slider("i, f driven to ±", 0, 14, 0.1, 8, quantity="f", digits=1),
        },
        presets={"latch": {}, "half-hearted": {"drive": 4.0}, "gates at half": {"drive": 0.0}},
        moving=[flagged, flag, f_line, i_line, cell, bars],
        update=update,
        describe=describe,
    )


# ---------------------------------------------------------------- circle to ellipse


def ellipse_explorer(most=30) -> Explorer:
    """What one step back, and many, make of all gradients of length 1: a circle, an ellipse.

    An RNN of two units at rest, whose W_h stretches one direction, shrinks the one across, and
    then turns both; its Jacobians come from the step's backward pass.
    """
    circle = np.stack([f(np.linspace(0, 2 * np.pi, 121)) for f in (np.cos, np.sin)], axis=1)

    with matplotlib.rc_context(RC):
        figure = picture(940, 400)
        plane, sizes = figure.subplots(1, 2, width_ratios=(4, 5))
        plane.set(xlim=(-2.1, 2.1), ylim=(-2.1, 2.1), aspect="equal", xlabel=say("unit 1"),
                  ylabel=say("unit 2"))  # fmt: skip
        plane.set_title(say("All gradients of length 1, step by step back"))
        plane.plot(*circle.T, color="#bbbbbb", lw=4)
        name_lines(
            plane,
            (0.02, 0.99, say("at the end"), "#999999"),
            (0.32, 0.99, say("1 step back"), HIDDEN_LINE),
            (0.66, 0.99, say("n steps back"), GRADIENT),
        )
        sizes.set(xlim=(0, most), yscale="log", ylim=(1e-6, 1e6), xlabel=say("steps back n"))
        sizes.set_title(say("The largest stretch"))
        sizes.axhline(1, color="#999999", lw=1.2)
        name_lines(
            sizes,
            (0.02, 0.98, say("of each step alone"), HIDDEN_LINE),
            (0.34, 0.98, say("of n steps together"), GRADIENT),
            (0.66, 0.98, say("product of each"), "#999999"),
        )
        (one,) = plane.plot([], [], color=HIDDEN_LINE)
        (many,) = plane.plot([], [], color=GRADIENT)
        (each,) = sizes.plot([], [], "o", color=HIDDEN_LINE, ms=4)
        (ceiling,) = sizes.plot([], [], color=FAINT, lw=3)
        (together,) = sizes.plot([], [], color=GRADIENT)
        (here,) = sizes.plot([], [], "o", color=GRADIENT, ms=9)
        n_back = np.arange(most + 1)

    def update(long, short, turn, n):
        angle = np.deg2rad(turn)
        rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        params = RNNParams(np.ones((1, 2)), np.diag([long, short]) @ rotation, np.zeros(2))
        jacobians = rnn_jacobians(rnn_forward(np.zeros((most, 1, 1)), params), params)
        products = products_to_end(jacobians)[::-1]  # entry n: n steps back
        stretch = np.linalg.svd(products, compute_uv=False)
        steps = np.linalg.svd(jacobians, compute_uv=False)[:, 0]
        one.set_data(*(circle @ products[1]).T)
        many.set_data(*(circle @ products[n]).T)
        each.set_data(n_back[1:], steps)
        ceiling.set_data(n_back, np.concatenate([[1], steps.cumprod()]))
        together.set_data(n_back, stretch[:, 0])
        here.set_data([n], [stretch[n, 0]])
        return {
            "n": n, "each": steps, "together": stretch[:, 0], "least": stretch[:, 1],
        }  # fmt: skip

    def describe(v):
        n, each = v["n"], v["each"][0]
        values = {"each": each, "together": v["together"][n], "least": v["least"][n]}
        if n == 1:
            return say(
                "Every step back stretches one direction by {each:.2f}. 1 step stretches by at "
                "most {together:.2g} and by at least {least:.2g}.",
                **values,
            )
        return say(
            "Every step back stretches one direction by {each:.2f}. {n} steps together stretch by "
            "at most {together:.2g} and by at least {least:.2g}.",
            n=n,
            **values,
        )

    return Explorer(
        "ellipse",
        figure=figure,
        controls={
            "long": slider("largest stretch", 0.5, 2, 0.05, 1.5, quantity="h"),
            "short": slider("smallest stretch", 0.1, 1, 0.05, 0.4, quantity="h"),
            "turn": whole("then it turns, in degrees", 0, 90, 90, quantity="h"),
            "n": whole("steps back n", 1, most, 6, quantity="gradient"),
        },
        presets={
            "turned by 90°": {},
            "turned by 20°": {"turn": 20},
            "not turned": {"turn": 0},
            "no step stretches": {"long": 0.9},
        },
        moving=[one, many, ceiling, each, together, here],
        update=update,
        describe=describe,
        play="n",
    )


EXPLORERS = {
    "walk_back": walk_back_explorer,
    "two_steps": two_steps_explorer,
    "recall_gradient": recall_gradient_explorer,
    "gradient_flow": gradient_flow_explorer,
    "ellipse": ellipse_explorer,
    "truncation": truncation_explorer,
    "patients": patient_explorer,
}
