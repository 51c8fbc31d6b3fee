"""Nudges on their way to the loss: one chain of factors, then two paths that add (notebook 01)."""

import matplotlib
import numpy as np

from lstm_inside.page import Explorer, Words, choice, picture, slider
from lstm_inside.page.style import FAINT, FORGET, GRADIENT, HIDDEN_LINE, INPUT, RC, SIGNAL
from lstm_inside.words import say

from .explorers_walk import minus
from .network import (
    CLASSIC,
    EXAMPLE,
    activation,
    half_squared_error,
    mlp_backward,
    mlp_forward,
    slope,
)

CIRCLE = {"ls": "none", "marker": "o", "color": "white", "mec": "#555555", "mew": 1.6}


# ---------------------------------------------------------------- one chain of nudges


def chain_explorer() -> Explorer:
    """x -> a -> h -> L: a nudge at the start, its size at each place, and the loss it makes."""
    places, names = (0.0, 2.5, 5.0, 7.5), ("", "a = w·x", "h = σ(a)", "L = ½(h − y*)²")
    with matplotlib.rc_context(RC):
        figure = picture(920, 400)
        chain, curve_ax = figure.subplots(1, 2, width_ratios=(3, 2))
        chain.set(xlim=(-0.9, 8.6), ylim=(-1.5, 2.1))
        chain.set_axis_off()
        chain.set_title(say("A nudge is multiplied by each factor it passes"))
        chain.plot(places, [0.6] * 4, **CIRCLE, ms=58)
        for x, name in zip(places, names, strict=True):
            chain.text(x, 1.62, name, ha="center", va="center", color="#333333", weight="bold")
        start = Words(chain, places[0], 1.62, color=SIGNAL, weight="bold")
        goal = Words(chain, 7.95, 1.2, color="#333333", fontsize=11.5)
        for x in places[:-1]:
            chain.annotate(
                "",
                (x + 1.86, 0.6),
                (x + 0.64, 0.6),
                arrowprops={"arrowstyle": "->", "color": "#555555"},
            )
        values = [Words(chain, x, 0.6) for x in places]
        slopes = [Words(chain, x + 1.25, 1.2, color=GRADIENT, fontsize=11.5) for x in places[:-1]]
        arrive = [Words(chain, x, -0.36, color=GRADIENT, weight="bold") for x in places]
        chain.text(
            -0.8,
            -0.0,
            say("the nudge, as the factors predict it:"),
            color=GRADIENT,
            ha="left",
            va="center",
        )
        lines = [
            Words(chain, -0.8, -0.95 - 0.36 * k, ha="left", color=colour)
            for k, colour in enumerate((GRADIENT, HIDDEN_LINE))
        ]
        curve_ax.set(xlim=(-3.7, 3.7), ylim=(-0.09, 0.56), ylabel=say("loss L"))
        figure.get_layout_engine().set(rect=(0, 0.06, 1, 0.94))  # room below for what is nudged
        nudged = Words(curve_ax, 0, -0.16, color="#333333")
        curve_ax.set_title(say("The line predicts, the curve decides"))
        at = np.linspace(-3.7, 3.7, 161)
        (curve,) = curve_ax.plot([], [], color=FAINT, lw=3)
        (tangent,) = curve_ax.plot([], [], color=GRADIENT, lw=1.6)
        (gap,) = curve_ax.plot([], [], color=FORGET, lw=2.8, zorder=5)
        gap_note = Words(curve_ax, -3.5, 0.53, ha="left", color=FORGET, weight="bold")
        (here,) = curve_ax.plot([], [], "o", color="#111111", ms=9)
        (there,) = curve_ax.plot([], [], "o", color=HIDDEN_LINE, ms=9)
        (told,) = curve_ax.plot([], [], "o", color="none", mec=GRADIENT, mew=1.8, ms=14)
        for x, words, colour in (
            (0.03, say("● before"), "#111111"),
            (0.27, say("● run again"), HIDDEN_LINE),
            (0.58, say("○ predicted"), GRADIENT),
        ):
            curve_ax.text(x, 0.02, words, color=colour, transform=curve_ax.transAxes, fontsize=11)

    def update(what, x, w, target, nudge):
        def loss(moved):
            w_, x_ = (moved, x) if what == "w" else (w, moved)
            return (activation(w_ * x_) - target) ** 2 / 2

        a = w * x
        trace = mlp_forward([[x]], (np.array([[w]]), np.zeros(1)))
        h = trace.y.item()
        steps = np.array([x if what == "w" else w, slope(h).item(), h - target])
        sizes = nudge * np.cumprod([1, *steps])
        from_ = w if what == "w" else x
        before, after = loss(from_), loss(from_ + nudge)
        derivative = steps.prod()
        start.set_text(say("the weight w") if what == "w" else say("the input x"))
        nudged.set_text(
            say("the weight w (the number nudged)")
            if what == "w"
            else say("the input x (the number nudged)")
        )
        shown = (from_, a, h, before)
        for text, value, digits in zip(values, shown, (2, 2, 3, 4), strict=True):
            text.set_text(minus(f"{_plain(value, digits):.{digits}f}"))
        for text, name, value in zip(
            slopes, ("x" if what == "w" else "w", "h(1−h)", "h−y*"), steps, strict=True
        ):
            text.set_text(minus(f"· {name} = {value:.3f}"))
        for text, size in zip(arrive, sizes, strict=True):
            text.set_text(minus(f"{_plain(size, 5):+.5f}"))
        lines[0].set_text(
            minus(
                say(
                    "factors multiplied: {derivative:+.4f}; times the nudge: {sizes:+.5f}",
                    derivative=_plain(derivative, 4),
                    sizes=_plain(sizes[-1], 5),
                )
            )
        )
        lines[1].set_text(
            minus(
                say(
                    "run again with the nudge: L changes by {after:+.5f}",
                    after=_plain(after - before, 5),
                )
            )
        )
        goal.set_text(f"y* = {target:.2f}")
        curve.set_data(at, loss(at))
        reach = np.linspace(-1.8, 1.8, 161)
        line = before + derivative * reach
        seen = line > -0.035  # clear of the key below
        tangent.set_data(from_ + reach[seen], line[seen])
        here.set_data([from_], [before])
        there.set_data([from_ + nudge], [after])
        told.set_data([from_ + nudge], [before + sizes[-1]])
        low, high = np.clip(sorted((after, before + sizes[-1])), -0.03, 0.56)
        beside = from_ + nudge + (0.4 if from_ + nudge < 3.1 else -0.4)
        hook = beside - np.sign(beside - from_ - nudge) * 0.12  # the bracket opens to the dots
        gap.set_data([hook, beside, beside, hook], [low, low, high, high])
        shown = abs(round(sizes[-1], 5) - round(after - before, 5))  # of the two numbers on show
        changed = abs(round(after - before, 5))
        gap_note.set_text(
            say("] gap: {gap:.5f} = {share:.1%} of L's change", gap=shown, share=shown / changed)
            if shown < 10 * changed
            else say("] gap: {gap:.5f}", gap=shown)
        )
        return {
            "what": what, "steps": steps, "sizes": sizes, "derivative": derivative,
            "told": sizes[-1], "change": after - before, "nudge": nudge,
        }  # fmt: skip

    def describe(v):
        one, two, three = v["steps"]
        return minus(
            say(
                "A nudge of {nudge:+.2f} of {what} is multiplied by {one:.3f}, {two:.3f} and "
                "{three:.3f}: the factors predict a change of L by {told:+.5f}. Run again, it is "
                "{change:+.5f}.",
                nudge=v["nudge"],
                what=v["what"],
                one=one,
                two=two,
                three=three,
                told=_plain(v["told"], 5),
                change=_plain(v["change"], 5),
            )
        )

    return Explorer(
        "chain",
        figure=figure,
        controls={
            "what": choice("nudge the", [("input x", "x"), ("weight w", "w")], "x"),
            "nudge": slider("nudge", -1.5, 1.5, 0.05, 1, quantity="gradient"),
            "x": slider("input x", -2, 2, 0.1, 0.8, quantity="x", digits=1),
            "w": slider("weight w", -2, 2, 0.1, 1.5, digits=1),
            "target": slider("target y*", 0, 1, 0.05, 0.2, quantity="x"),
        },
        moving=[
            start,
            nudged,
            goal,
            *values,
            *slopes,
            *arrive,
            *lines,
            curve,
            tangent,
            gap,
            gap_note,
            here,
            there,
            told,
        ],
        update=update,
        describe=describe,
        presets={
            "a small nudge": {"nudge": 0.1},
            "saturated": {"x": 2, "w": 2},
            "on target": {"target": 0.75},
        },
    )


def _plain(value, digits):
    """A number rounded; what rounds to 0 has no sign."""
    return round(float(value), digits) + 0.0


# ---------------------------------------------------------------- two paths that add


def paths_explorer() -> Explorer:
    """Neuron 1 of the drawing reaches the loss through neurons 4 and 5: two products, added."""
    spots = {1: (0, 1), 4: (3, 2), 5: (3, 0), 6: (6, 1)}
    with matplotlib.rc_context(RC):
        figure = picture(920, 440)
        ax, bars = figure.subplots(1, 2, width_ratios=(13, 10))
        ax.set(xlim=(-0.9, 8.9), ylim=(-1.75, 2.5))
        ax.set_axis_off()
        ax.set_title(say("From neuron 1 to the loss: two paths"))
        for start, end in ((1, 4), (1, 5), (4, 6), (5, 6)):
            (x, y), (u, v) = spots[start], spots[end]
            ax.plot([x, u], [y, v], color=FAINT, lw=1.6, zorder=1)
        ax.plot([6, 7.9], [1, 1], color=FAINT, lw=1.6, zorder=1)
        ax.text(8.15, 1, "L", ha="center", va="center", weight="bold")
        for number, (x, y) in spots.items():
            ax.plot([x], [y], **CIRCLE, ms=48)
            ax.text(x, y, f"{number}", ha="center", va="center", weight="bold")
        looks = {"fontsize": 11.5, "color": GRADIENT}
        own = {n: Words(ax, x, y - 0.57, **looks) for n, (x, y) in spots.items()}
        weights = {
            (1, 4): Words(ax, 1.35, 1.72, **looks), (1, 5): Words(ax, 1.35, 0.28, **looks),
            (4, 6): Words(ax, 4.65, 1.72, **looks), (5, 6): Words(ax, 4.65, 0.28, **looks),
        }  # fmt: skip
        loss_note = Words(ax, 7.2, 1.34, **looks)
        products = [
            Words(ax, -0.8, y, ha="left", fontsize=11.5, color=c)
            for y, c in ((-1.15, INPUT), (-1.6, FORGET))
        ]
        bars.set(xlim=(-0.6, 2.6), ylim=(-0.03, 0.03), ylabel=say("change of L per nudge of a₁"))
        bars.set_xticks([0, 1, 2], [say("through 4"), say("through 5"), say("together: dL/da₁")])
        bars.axhline(0, color="#555555", lw=1)
        bars.grid(False, axis="x")
        bars.set_title(say("Multiply along each path, then add"))
        blocks = [
            bars.fill([], [], color=c, alpha=0.85, lw=0)[0] for c in (INPUT, FORGET, GRADIENT)
        ]
        (measured,) = bars.plot([], [], "o", color="white", mec="#111111", mew=2, ms=12, zorder=5)
        bars.text(2.55, 0.0276, say("○ measured: change of L / nudge"), ha="right", va="center",
                  color="#111111")  # fmt: skip
        tags = [Words(bars, n, 0, weight="bold", fontsize=11.5) for n in range(3)]

    def update(w_14, w_15, nudge):
        W_2 = CLASSIC.W_2.copy()
        W_2[0] = w_14, w_15
        params = CLASSIC._replace(W_2=W_2)
        x, target = EXAMPLE
        trace = mlp_forward(x, params)
        before, dy = half_squared_error(trace.y, target)
        delta_1, delta_2, _ = mlp_backward(dy, trace, params).deltas
        own_slopes = {1: slope(trace.h[1][0, 0]), 4: slope(trace.h[2][0, 0]),
                      5: slope(trace.h[2][0, 1]), 6: slope(trace.y[0, 0])}  # fmt: skip
        paths = own_slopes[1] * W_2[0] * delta_2[0]
        together = delta_1[0, 0]
        # A bias is added to its pre-activation: nudging the one nudges the other.
        moved = params._replace(b_1=np.array([nudge, 0, 0]))
        change = half_squared_error(mlp_forward(x, moved).y, target)[0] - before
        for number, text in own.items():
            text.set_text(say("slope {own_slopes:.3f}", own_slopes=own_slopes[number]))
        for edge, value in (((1, 4), w_14), ((1, 5), w_15), ((4, 6), 1.4), ((5, 6), -0.9)):
            weights[edge].set_text(minus(f"× {value:.1f}"))
        loss_note.set_text(minus(f"y − y* = {dy.item():.3f}"))
        for text, number, w, w_6, path in (
            (products[0], 4, w_14, 1.4, paths[0]), (products[1], 5, w_15, -0.9, paths[1]),
        ):  # fmt: skip
            factors = (own_slopes[1], w, own_slopes[number], w_6, own_slopes[6], dy.item())
            shown = [f"{v:.{d}f}" for v, d in zip(factors, (3, 1, 3, 1, 3, 3), strict=True)]
            shown = " · ".join(f"({v})" if v.startswith("-") else v for v in shown)
            text.set_text(
                minus(
                    say(
                        "through {number}: {shown} = {path:+.4f}",
                        number=number,
                        shown=shown,
                        path=path,
                    )
                )
            )
        ring = change / nudge
        ends = (*paths, max(together, ring) if together >= 0 else min(together, ring))
        sizes = (*paths, together)
        for n, (block, tag, size, end) in enumerate(zip(blocks, tags, sizes, ends, strict=True)):
            block.set_xy([(n - 0.3, 0), (n + 0.3, 0), (n + 0.3, size), (n - 0.3, size)])
            tag.set_text(minus(f"{size:+.4f}") if abs(size) >= 0.00005 else "0")
            tag.set_y(np.clip(end, -0.021, 0.021) + (0.0024 if size >= 0 else -0.0024))
        measured.set_data([2], [ring])
        return {
            "paths": paths, "together": together, "measured": ring, "nudge": nudge,
            "w_14": w_14, "w_15": w_15,
        }  # fmt: skip

    def describe(v):
        one, two = v["paths"]
        return minus(
            say(
                "Through neuron 4: {one:+.4f}. Through neuron 5: {two:+.4f}. Together dL/da₁ = "
                "{together:+.4f}. Measured, the change of L over a nudge of {nudge:.2f}: "
                "{measured:+.4f}.",
                one=_plain(one, 4),
                two=_plain(two, 4),
                together=_plain(v["together"], 4),
                nudge=v["nudge"],
                measured=_plain(v["measured"], 4),
            )
        )

    return Explorer(
        "paths",
        figure=figure,
        controls={
            "w_14": slider("weight w₁₄", -2, 2, 0.1, 1.1, digits=1),
            "w_15": slider("weight w₁₅", -2, 2, 0.1, -0.7, digits=1),
            "nudge": slider("nudge of a₁", 0.05, 2, 0.05, 0.05, quantity="gradient"),
        },
        moving=[*own.values(), *weights.values(), loss_note, *products, *blocks, measured, *tags],
        update=update,
        describe=describe,
        presets={
            "as drawn": {},
            "they cancel": {"w_14": -1.6, "w_15": -1.9},
            "one path only": {"w_15": 0},
        },
    )
