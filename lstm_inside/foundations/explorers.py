"""What a reader moves in notebook 01; the walk and the nudges have modules of their own."""

import matplotlib
import numpy as np

from lstm_inside.page import (
    Challenge,
    Explorer,
    Pixels,
    Words,
    choice,
    picture,
    slider,
    toggle,
    whole,
)
from lstm_inside.page.style import (
    FAINT,
    GRADIENT,
    RC,
    SIGNED,
)
from lstm_inside.words import say

from .explorers_depth import many_layers_explorer
from .explorers_nudges import chain_explorer, paths_explorer
from .explorers_order import fading_explorer, order_explorer
from .explorers_walk import backprop_explorer, minus
from .learning import LEARNED, XOR_INPUTS, XOR_TARGETS, push_left, train_cohort
from .network import (
    activation,
    init_mlp,
    mlp_backward,
    mlp_forward,
    slope,
)

LOW, HIGH = "#0b4f8a", "#b34700"  # targets 0 and 1, the two ends of the signed map


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
            xlim=(-3, 3),
            ylim=(-3, 3),
            aspect="equal",
            xlabel=say("input $x_1$"),
            ylabel=say("input $x_2$"),
        )
        ax["plane"].set_title(say("Output h for every input: blue low, orange high"))
        ax["act"].set(xlim=(-8, 8))
        ax["act"].set_title(say("Output h = φ(a)"))
        ax["slope"].set(xlim=(-8, 8), ylim=(-0.05, 1.12), xlabel=say("pre-activation a"))
        ax["slope"].set_title(say("Slope φ′(a) = dh/da"))
        (border,) = ax["plane"].plot([], [], color="#111111", lw=1.6, ls=(0, (4, 3)))
        plate, (border_tag,) = _border_tags(ax["plane"], ["a = 0"])
        yours = Words(ax["plane"], 0, 0, weight="bold", fontsize=11.5)
        (here,) = ax["plane"].plot(
            [], [], "o", color="white", mec="#111111", mew=1.8, ms=11, clip_on=False
        )
        (curve,) = ax["act"].plot([], [], color=FAINT, lw=3)
        (bump,) = ax["slope"].plot([], [], color=FAINT, lw=3)
        (dot,) = ax["act"].plot([], [], "o", mec="#111111", mew=1.5, ms=11, clip_on=False)
        (slope_dot,) = ax["slope"].plot([], [], "o", color=GRADIENT, ms=11, clip_on=False)
        notes = [
            Words(ax[key], x, y, color=colour, weight="bold", ha=ha)
            for key, x, y, ha, colour in (
                ("act", 7.7, -0.75, "right", "#111111"), ("slope", -7.7, 0.93, "left", GRADIENT),
            )
        ]  # fmt: skip

    def update(w_1, w_2, b, x_1, x_2, act):
        params = (np.array([[w_1], [w_2]]), np.array([b]))
        trace = mlp_forward([[x_1, x_2]], params, act)
        grads = mlp_backward([[1.0]], trace, params)  # the "loss" is the output itself
        a, h, delta = trace.a[0].item(), trace.y.item(), grads.deltas[0].item()
        whole_plane = mlp_forward(plane, params, act).y.reshape(41, 41)
        output.set_data(whole_plane)
        low, high = {"sigmoid": (0, 1), "tanh": (-1, 1), "relu": (0, 8)}[act]
        output.set_clim(low, high)
        ax["act"].set_ylim((-1.6, 8.4) if act == "relu" else (-1.12, 1.12))
        line = border_line(w_1, w_2, b)
        border.set_data(*line)
        _put_border_tags(plate, [border_tag], [line], (-3, 3))
        here.set_data([x_1], [x_2])
        yours.set(x=x_1, y=x_2 + (0.36 if x_2 < 2.5 else -0.36), text=say("your input"))
        yours.set_ha("left" if x_1 < -2 else "right" if x_1 > 2 else "center")
        h_line = activation(a_line, act)
        curve.set_data(a_line, h_line)
        bump.set_data(a_line, slope(h_line, act))
        inside = np.clip(a, -8, 8)
        dot.set_data([inside], [min(h, 8)])
        for mark in (dot, slope_dot):  # an arrow where a lies beyond the axis
            mark.set_marker(">" if a > 8 else "<" if a < -8 else "o")
        bright = (min(h, high) - low) / (high - low)
        dot.set_markerfacecolor(SIGNED(bright))  # as on the plane
        yours.set_color("white" if abs(bright - 0.5) > 0.25 else "#111111")
        slope_dot.set_data([inside], [delta])
        notes[0].set_text(minus(f"a = {a:.2f}, h = {h:.3f}"))
        notes[1].set_text(say("slope {delta:.3f}", delta=delta))
        dw = grads.params[0][:, 0]
        return {
            "a": a, "h": h, "slope": delta, "dw": dw, "dx": grads.x[0], "plane": whole_plane,
            "act": act, "x": (x_1, x_2),
        }  # fmt: skip

    def describe(v):
        return minus(
            say(
                "The weighted sum is a = {a:+.2f}, so h = {h:+.3f}. A nudge of w₁ moves h by slope "
                "· x₁ = {slope:.3f} · {x:.1f} = {dw:+.3f} times the nudge, of w₂ by slope · x₂ = "
                "{slope:.3f} · {x_2:.1f} = {dw_2:+.3f} times.",
                a=v["a"],
                h=v["h"] + 0.0,
                slope=v["slope"],
                x=v["x"][0],
                x_2=v["x"][1],
                dw=v["dw"][0] + 0.0,
                dw_2=v["dw"][1] + 0.0,
            )
        )

    return Explorer(
        "neuron",
        figure=figure,
        controls={
            "w_1": slider("weight w₁", -4, 4, 0.1, 2, digits=1),
            "w_2": slider("weight w₂", -4, 4, 0.1, 1, digits=1),
            "b": slider("bias b", -6, 6, 0.1, -0.5, digits=1),
            "act": choice(
                "activation φ",
                [("sigmoid", "sigmoid"), ("tanh", "tanh"), ("ReLU", "relu")],
                "sigmoid",
            ),
            "x_1": slider("input x₁", -3, 3, 0.1, 1, quantity="x", digits=1),
            "x_2": slider("input x₂", -3, 3, 0.1, 0.5, quantity="x", digits=1),
        },
        moving=[
            output,
            border,
            plate,
            border_tag,
            yours,
            here,
            curve,
            bump,
            dot,
            slope_dot,
            *notes,
        ],
        update=update,
        describe=describe,
        redraw_on=("act",),  # the outputs of a ReLU need another axis
    )


# ---------------------------------------------------------------- four points and a line

CORNERS = ["(0,0)", "(0,1)", "(1,0)", "(1,1)"]  # XOR_INPUTS, written
ROWS, MIDDLE_ROWS = np.array([6, 2, 1, 5]), (4, 0)  # where the sums stand: diagonal by diagonal
POINTS = {"OR": (0, 1, 1, 1), "AND": (0, 0, 0, 1), "XOR": (0, 1, 1, 0)}  # wanted at XOR_INPUTS


def _input_plane(width, height):
    """A figure whose left half maps two inputs to colours.

    Returns figure, the map's axes, the other axes, the map (41, 41), its inputs (1681, 2).
    """
    figure = picture(width, height)
    figure.colours = None
    ax, other = figure.subplots(1, 2, width_ratios=(10, 11))
    colours = Pixels.on(ax, np.zeros((41, 41)), cmap=SIGNED, vmin=0, vmax=1)
    colours.set_extent((-0.5, 1.5, -0.5, 1.5))
    ax.set(
        xlim=(-0.5, 1.5),
        ylim=(-0.5, 1.5),
        aspect="equal",
        xticks=(0, 1),
        yticks=(0, 1),
        xlabel=say("input $x_1$"),
        ylabel=say("input $x_2$"),
    )
    grid = np.linspace(-0.5, 1.5, 83)[1::2]
    inputs = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    return figure, ax, other, colours, inputs


def line_explorer() -> Explorer:
    """One neuron and four points: which of them it gets right, and why XOR is out of reach."""
    with matplotlib.rc_context(RC):
        figure, ax, sums, output, plane = _input_plane(900, 420)
        ax.set_title(say("Background: output h, blue below ½, orange above"))
        output.set_clim(-1, 2)  # a pale ground for the corners
        diagonals = ax.plot([0, 1], [0, 1], [0, 1], [1, 0], color="#777777", lw=1.2)
        (border,) = ax.plot([], [], color="#111111", lw=1.8, ls=(0, (4, 3)))
        look = {"ls": "none", "marker": "o", "ms": 17, "mec": "white", "mew": 3, "clip_on": False}
        low, high = (ax.plot([], [], color=c, zorder=5, **look)[0] for c in (LOW, HIGH))
        (wrong,) = ax.plot([], [], "x", color="#111111", ms=29, mew=4, clip_on=False)
        tags = [
            Words(ax, x, y + (0.19 if y else -0.19), fontsize=11.5, color="#111111")
            for x, y in XOR_INPUTS
        ]
        sums.set(xlim=(-15, 15), ylim=(-0.6, 6.6), xlabel=say("sum a"))
        sums.set_yticks(
            [*ROWS, *MIDDLE_ROWS], [*CORNERS, say("their midpoint ◆"), say("their midpoint ◆")]
        )
        sums.axvspan(0, 15, color=HIGH, alpha=0.1, lw=0)
        sums.text(14.7, 3.5, say("counts as 1"), ha="right", va="center", color=HIGH)
        sums.axvline(0, color="#111111", lw=1.8, ls=(0, (4, 3)))
        sums.set_title(say("The sum a at each corner, and at the midpoints ◆"))
        (tie,) = sums.plot([], [], color="#333333", lw=1.4)
        (middles,) = sums.plot([], [], "D", color="#333333", ms=10)
        (sum_wrong,) = sums.plot([], [], "x", color="#111111", ms=23, mew=4, clip_on=False)
        look |= {"ms": 14, "mew": 1.5}
        sum_low, sum_high = (sums.plot([], [], color=c, **look)[0] for c in (LOW, HIGH))

    def update(task, w_1, w_2, b):
        params = (np.array([[w_1], [w_2]]), np.array([b]))
        trace = mlp_forward(XOR_INPUTS, params)
        a, wanted = trace.a[0][:, 0], np.array(POINTS[task], bool)
        output.set_data(mlp_forward(plane, params).y.reshape(41, 41))
        border.set_data(*border_line(w_1, w_2, b, (-0.5, 1.5)))
        for mark, which in ((low, ~wanted), (high, wanted)):
            mark.set_data(*XOR_INPUTS[which].T)
        missed = (a > 0) != wanted
        wrong.set_data(*XOR_INPUTS[missed].T)
        sum_wrong.set_data(a[missed], ROWS[missed])
        for tag, one_wanted, off in zip(tags, wanted, missed, strict=True):
            want = say("wanted 1") if one_wanted else say("wanted 0")
            tag.set_text(say("{want}: wrong side", want=want) if off else want)
        for mark, which in ((sum_low, ~wanted), (sum_high, wanted)):
            mark.set_data(a[which], ROWS[which])
        middle = [(a[0] + a[3]) / 2, (a[1] + a[2]) / 2]
        middles.set_data(middle, MIDDLE_ROWS)
        tie.set_data(middle, MIDDLE_ROWS)
        right = int((~missed).sum())
        return {"task": task, "a": a, "wanted": wanted, "right": right, "middle": a.mean()}

    def describe(v):
        sums_ = ", ".join(
            f"({x:.0f},{y:.0f}): {a:+.1f}" for (x, y), a in zip(XOR_INPUTS, v["a"], strict=True)
        )
        return minus(
            say(
                "{task}: {right} of 4 points right (a above 0 counts as 1, the rest as 0). The "
                "sums a are {sums}. Either pair of opposite corners has its midpoint at "
                "{middle:+.1f}.",
                task=v["task"],
                right=v["right"],
                sums=sums_,
                middle=v["middle"],
            )
        )

    return Explorer(
        "line",
        figure=figure,
        controls={
            "task": choice("task", list(POINTS), "AND"),
            "w_1": slider("weight w₁", -4, 4, 0.2, 0.4, digits=1),
            "w_2": slider("weight w₂", -4, 4, 0.2, 3, digits=1),
            "b": slider("bias b", -6, 6, 0.2, -2.4, digits=1),
        },
        moving=[
            output,
            *diagonals,
            border,
            wrong,
            low,
            high,
            *tags,
            tie,
            middles,
            sum_wrong,
            sum_low,
            sum_high,
        ],
        update=update,
        describe=describe,
        presets={
            "OR": {"task": "OR", "w_1": 2, "w_2": 0.4, "b": -1},
            "AND": {},
            "XOR": {"task": "XOR", "w_1": 3},
        },
        challenge=FourPoints(
            *Challenge(
                "Put all four points on their side of the line.", lambda v: v["right"], 4, "d"
            )
        ),
    )


class FourPoints(Challenge):
    """The goal of the four points, which for XOR is a question."""

    def words(self, values) -> str:
        """How far the reader has come, in a sentence."""
        if values["task"] != "XOR":
            return super().words(values)
        return say(
            "Now {right} of 4. Can you beat 3? If not, look at the two midpoints.",
            right=values["right"],
        )


def border_line(w_1, w_2, b, limits=(-3, 3)):
    """The line w_1 x_1 + w_2 x_2 + b = 0 inside a square, as (xs, ys); none for no weights.

    limits: where the square's sides begin and end.
    """
    if w_1 == w_2 == 0:
        return [], []
    # Walk along the line from its point nearest to the centre; keep what is inside.
    low, high = limits
    centre, w = (low + high) / 2, np.array([w_1, w_2])
    unit = w / np.linalg.norm(w)
    from_centre = (b + centre * w.sum()) / np.linalg.norm(w)
    along = np.linspace(-0.84, 0.84, 201) * (high - low)
    xs, ys = centre - from_centre * unit[:, None] + along * np.array([[-unit[1]], [unit[0]]])
    inside = (xs >= low) & (xs <= high) & (ys >= low) & (ys <= high)
    return xs[inside], ys[inside]


_PLATE = [(-1, -0.5), (1, -0.5), (1, 0.5), (-1, 0.5), (-1, -0.5)]  # a marker: a flat box


def _plates(ax):
    """Pale boxes on which words stand out from the colours below them."""
    (plates,) = ax.plot([], [], ls="none", marker=_PLATE, ms=44, mew=0, color="white", alpha=0.8)
    return plates


def _border_tags(ax, names):
    """Plates and words that `_put_border_tags` puts on dashed lines."""
    tags = [Words(ax, 0, 0, fontsize=11, zorder=4) for _ in names]
    for tag, name in zip(tags, names, strict=True):
        tag.set_text(name)
    return _plates(ax), tags


def _put_border_tags(plates, tags, lines, limits):
    """Put each tag near the upper end of its line (xs, ys); a line outside the square has none."""
    low, high = limits
    margin = 0.04 * (high - low) * np.array([[1.7], [1]])  # words are wider than high
    places = []
    for tag, line in zip(tags, lines, strict=True):
        line = np.array(line)
        well_inside = line[:, ((line > low + margin) & (line < high - margin)).all(axis=0)]
        tag.set_visible(well_inside.size > 0)
        if well_inside.size:
            places.append(_free_place(well_inside, places, 0.2 * (high - low)))
            tag.set_position(places[-1])
    plates.set_data(*np.reshape(places, (-1, 2)).T)


def _free_place(line, taken, apart):
    """The highest point of a line (2, points) that keeps away from the places taken."""
    far = [np.abs(line - np.reshape(place, (2, 1))) / [[1], [0.4]] > apart for place in taken]
    free = np.all([one.any(axis=0) for one in far], axis=0) if far else np.True_
    return line[:, np.where(free, line[1], line[1] - 9).argmax()]


# ---------------------------------------------------------------- learning, seen

STARTS, STEPS, KEEP = 12, 1500, 10
RATES = (1, 2, 5, 40)
LOWEST = 2e-5  # the losses that the picture has room for


def learning_explorer() -> Explorer:
    """XOR learned: the answers at a step of the training, and the loss curves of twelve starts."""
    starts = [init_mlp((2, 3, 2, 1), rng=np.random.default_rng(seed)) for seed in range(STARTS)]
    cohorts = {
        rate: train_cohort(starts, XOR_INPUTS, XOR_TARGETS, rate, STEPS, keep=KEEP)
        for rate in RATES
    }
    at = np.arange(0, STEPS + 1, KEEP)
    with matplotlib.rc_context(RC):
        figure, ax, losses, surface, plane = _input_plane(920, 430)
        ax.set_title(" ")  # room for the ones that move
        losses.set_title(" ")
        titles = [
            Words(axes, x, y, ha="left", weight="bold", fontsize=12, clip_on=False)
            for axes, x, y in ((ax, -0.5, 1.57), (losses, 0, 2.8))
        ]
        wanted = np.array(POINTS["XOR"], bool)
        look = {"ls": "none", "marker": "o", "ms": 16, "mec": "white", "mew": 3, "zorder": 5}
        corners = [
            ax.plot(*XOR_INPUTS[which].T, color=colour, clip_on=False, **look)[0]
            for which, colour in ((~wanted, LOW), (wanted, HIGH))
        ]
        lines = [ax.plot([], [], color="#111111", lw=1.4, ls=(0, (4, 3)))[0] for _ in range(3)]
        tags = XOR_INPUTS + np.array(
            [0.17, 0.14]
        )  # where the answers stand, on a plate over the lines
        plates = _plates(ax)
        plates.set_data(*tags.T)
        border_plates, border_tags = _border_tags(ax, ["a₁ = 0", "a₂ = 0", "a₃ = 0"])
        answers = [Words(ax, *tag, weight="bold", zorder=4) for tag in tags]
        losses.set(
            xlim=(0, STEPS),
            ylim=(LOWEST, 2),
            yscale="log",
            xlabel=say("training step"),
            ylabel=say("loss L of all four examples"),
        )
        (others,) = losses.plot([], [], color=FAINT, lw=1.2)
        (mine,) = losses.plot([], [], color=GRADIENT, lw=2.6)
        (now,) = losses.plot([], [], "o", color="#D55E00", ms=10, zorder=5)
        here = Words(losses, 0, 1, ha="left", color="#B34700", fontsize=11, weight="bold")
        late = Words(losses, 0.98 * STEPS, 1, ha="right", color="#555555", fontsize=11)

    def update(step, start, rate, eleven):
        cohort = cohorts[rate]
        params = cohort.network(step, start - 1)
        surface.set_data(mlp_forward(plane, params).y.reshape(41, 41))
        borders = [
            border_line(*w, b, (-0.5, 1.5)) for w, b in zip(params[0].T, params[1], strict=True)
        ]
        for line, border in zip(lines, borders, strict=True):
            line.set_data(*border)
        _put_border_tags(border_plates, border_tags, borders, (-0.5, 1.5))
        y = mlp_forward(XOR_INPUTS, params).y[:, 0]
        for text, answer in zip(answers, y, strict=True):
            text.set_text(f"{answer:.2f}")
        curves = cohort.losses[::KEEP]
        rest = np.delete(curves, start - 1, axis=1)
        gaps = np.full((1, STARTS - 1), np.nan)
        others.set_data(np.tile([*at, np.nan], STARTS - 1), np.concatenate([rest, gaps]).T.ravel())
        others.set_visible(eleven)
        mine.set_data(at, curves[:, start - 1])
        height = cohort.losses[step, start - 1]
        now.set_data([step], [height])
        right = step > 0.7 * STEPS  # the words stand beside the dot, inside the picture
        here.set(
            x=step + (-40 if right else 40),
            y=height / 1.7 if right else 1.4 * height,  # beside a curve that falls
            ha="right" if right else "left",
        )
        here.set_text(say("start {start}, step {step}", start=start, step=step))
        final = cohort.losses[-1]
        left = [n for n in np.flatnonzero(final >= LEARNED) if n != start - 1]
        late.set_text(
            say("start {value}", value=", ".join(str(n + 1) for n in left))
            if eleven and 0 < len(left) < 4
            else ""
        )
        late.set_y(0.75 * final.max())
        so_far = cohort.losses[: step + 1, start - 1]
        for words, text in zip(titles, (_about_corners(y), _about_losses(so_far)), strict=True):
            words.set_text(text)
        return {
            "step": step, "start": start, "rate": rate, "y": y, "eleven": eleven,
            "loss": height, "solved": int((final < LEARNED).sum()),
            "left": push_left(params, XOR_INPUTS, XOR_TARGETS),
        }  # fmt: skip

    def describe(v):
        answers = ", ".join(
            f"({a:.0f},{b:.0f}): {y:.2f}" for (a, b), y in zip(XOR_INPUTS, v["y"], strict=True)
        )
        here = {name: v[name] for name in ("start", "rate", "step", "loss", "left")}
        here["answers"] = answers
        if not v["eleven"]:
            return say(
                "Start {start} at rate {rate}, step {step}: loss {loss:.4f}. Answers {answers}. Of "
                "the corners' pushes on layer 1, {left:.0%} is left.",
                **here,
            )
        return say(
            "Start {start} at rate {rate}, step {step}: loss {loss:.4f}. Answers {answers}. Of "
            "the corners' pushes on layer 1, {left:.0%} is left. By step {STEPS}, {solved} of "
            "{STARTS} starts come to a loss below 0.05.",
            **here,
            STEPS=STEPS,
            solved=v["solved"],
            STARTS=STARTS,
        )

    return Explorer(
        "learning",
        figure=figure,
        controls={
            "step": whole("training step", 0, STEPS, 460, step=KEEP),
            "start": whole("random start", 1, STARTS, 2),
            "rate": choice("learning rate", list(RATES), 2),
            "eleven": toggle("show the other eleven starts", True),
        },
        # corners: above the surface
        moving=[
            surface,
            *lines,
            border_plates,
            *border_tags,
            plates,
            *corners,
            *answers,
            others,
            mine,
            now,
            here,
            late,
            *titles,
        ],
        update=update,
        describe=describe,
        play="step",
        interval=80,
        presets={
            "before": {"step": 0},
            "they come apart": {},
            "learned": {"step": STEPS},
            "not learned": {"step": STEPS, "start": 12, "eleven": True},
            "steps too long": {"step": STEPS, "start": 2, "rate": 40},
        },
    )


def _about_corners(y):
    """What the four answers y (4,) look like, in a title."""
    low, *_, high = np.sort(y)
    three = min(np.ptp(np.sort(y)[:3]), np.ptp(np.sort(y)[1:]))
    if ((y > 0.8) | (y < 0.2)).all() and ((y > 0.5) == np.array(POINTS["XOR"])).all():
        return say("All four corners are right (blue 0, orange 1)")
    if high - low < 0.1:
        return say("All corners get nearly the same answer")
    if three < 0.1:
        return say("Three corners get the same answer")
    return say("The corners come apart (blue 0, orange 1)")


def _about_losses(losses):
    """What a loss has done up to now, losses (steps + 1,), in a title."""
    learned, jumps = losses[-1] < LEARNED, len(losses) > 1 and np.diff(losses).max() > 0.1
    if jumps:
        if learned:
            return say("The loss jumps up, then falls")
        return say("Steps too long: the loss jumps up")
    if losses[-1] > 0.45:
        return say("The loss waits near ½")
    if len(losses) > 200 and losses[-200] - losses[-1] < 0.01:
        return say("The loss stops at {loss:.2f}", loss=losses[-1])
    return say("The loss waits near ½, then falls")


EXPLORERS = {
    "neuron": neuron_explorer,
    "line": line_explorer,
    "chain": chain_explorer,
    "paths": paths_explorer,
    "backprop": backprop_explorer,
    "learning": learning_explorer,
    "many_layers": many_layers_explorer,
    "item_order": order_explorer,
    "fading": fading_explorer,
}
