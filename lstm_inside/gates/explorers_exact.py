"""How exact weights must be, and the gradient of a memory (notebook 03): the latch, unset."""

import matplotlib
import numpy as np

from lstm_core import init_lstm, lstm_backward, lstm_forward, sigmoid
from lstm_inside.gates.explorers_gradients import MIDDLE, untrained
from lstm_inside.gates.explorers_time import name_curves
from lstm_inside.gates.recall import last_flag_problem, latch
from lstm_inside.page import Explorer, Words, slider, strokes, whole
from lstm_inside.page.measure import step_lengths
from lstm_inside.page.style import CELL_LINE, FAINT, GATES, GRADIENT, RC, picture
from lstm_inside.words import say

_FLOOR = 1e-30  # below every log axis here
_DRAWS = 20
_PLAIN = "#6b6b6b"

# ---------------------------------------------------------------- flat places


def _rested(start, own, steps):
    """r_t = tanh(own r_{t-1}) from each start, (steps + 1, starts)."""
    r = [start]
    for _ in range(steps):
        r.append(np.tanh(own * r[-1]))
    return np.array(r)


def flat_explorer(steps=50) -> Explorer:
    """The same error in a plain unit's weight to itself and in a forget gate's pre-activation.

    Left the factors of one step, right what becomes of numbers in three units: a weight of 1 to
    itself, one of 2, and the forget gate of `LATCH` at 8.
    """
    small, large = np.array([0.01, 0.03, 0.09]), np.array([0.1, 0.5, 0.9])
    time, z = np.arange(steps + 1), np.linspace(0, 11, 111)
    forget = GATES["f"].line
    starts = [", ".join(f"{n:g}" for n in numbers) for numbers in (small, large)]

    with matplotlib.rc_context(RC):
        figure = picture(940, 340)
        left, *right = figure.subplots(1, 4, width_ratios=(4, 3, 3, 3))
        left.set(xlim=(0, 11), ylim=(0, 1.45), yticks=(0, 0.5, 1), xticks=(0, 2, 4, 6, 8, 10))
        left.set_title(say("The factor of a step"))
        left.set_xlabel(say("weight, or pre-activation"))
        left.plot(z, sigmoid(z), color=forget, lw=3)
        left.plot([0, 1.4], [0, 1.4], color=_PLAIN, lw=3, ls=(0, (4, 2)))
        left.plot([8], [sigmoid(8)], "o", ms=9, color=forget)
        left.plot([1], [1], "o", ms=9, color=_PLAIN)
        (at_weight,) = left.plot([], [], "o", ms=9, mec=_PLAIN, mew=2, mfc="white")
        (at_gate,) = left.plot([], [], "o", ms=9, mec=forget, mew=2, mfc="white")
        looks = {"ha": "left", "fontsize": 12, "weight": "bold"}
        name_weight = Words(left, 1.6, 0.25, color=_PLAIN, **looks)
        name_gate = Words(left, 2.6, 0.72, color=forget, **looks)
        panels = []
        for ax, colour in zip(right, (_PLAIN, _PLAIN, CELL_LINE), strict=True):
            ax.set(xlim=(0, steps), ylim=(0, 1.12), xticks=(0, steps), yticks=(0, 0.5, 1))
            ax.set_xlabel(say("step t"))
            ax.set_ylabel(say("the number that is held"))
            panels.append([ax.plot([], [], color=colour, lw=3)[0] for _ in small])
        right[0].set(yscale="log", ylim=(1e-5, 2), yticks=(1e-4, 1e-2, 1))
        heads = [Words(ax, steps / 2, 1, fontsize=12, weight="bold") for ax in right]
        for head, ax in zip(heads, right, strict=True):
            ax.set_title(" \n ")  # room for what moves
            head.set_transform(ax.transAxes)
            head.set_position((0.5, 1.08))

    def update(error):
        weight, two, inside = (own * (1 + error / 100) for own in (1, 2, 8))
        factor = float(sigmoid(inside))
        runs = (
            _rested(small, weight, steps),
            _rested(large, two, steps),
            large * factor ** time[:, None],
        )
        at_weight.set_data([weight], [weight])
        at_gate.set_data([inside], [factor])
        name_weight.set_text(say("a weight: 1 → {weight:g}", weight=weight))
        name_gate.set_text(
            say("a gate: {before:.4f} → {after:.4f}", before=sigmoid(8), after=factor)
        )
        for lines, numbers in zip(panels, runs, strict=True):
            for line, one in zip(lines, numbers.T, strict=True):
                line.set_data(time, np.maximum(one, _FLOOR))
        heads[0].set_text(say("weight {weight:g}\nfrom {starts}", weight=weight, starts=starts[0]))
        heads[1].set_text(say("weight {weight:g}\nfrom {starts}", weight=two, starts=starts[1]))
        heads[2].set_text(say("gate at {weight:g}\nfrom {starts}", weight=inside, starts=starts[1]))
        return {
            "error": error, "weight": weight, "two": two, "inside": inside, "factor": factor,
            "plain": runs[0], "flat": runs[1], "gate": runs[2],
        }  # fmt: skip

    def describe(v):
        share = v["plain"][-1, 0] / v["plain"][0, 0]
        return say(
            "A weight of {weight:g}: {steps} steps turn 0.01 into {end:.2g}, {share:.2g} times as "
            "much. A weight of 2 leads from 0.1, 0.5 and 0.9 to {exact:.3f}, one of {two:g} to "
            "{flat}. A forget gate at {inside:g} has the factor {factor:.4f}, and {left:.2g} of "
            "any number is left.",
            steps=steps,
            end=v["plain"][-1, 0],
            share=share,
            exact=_rested(large, 2, steps)[-1, 1],
            flat=", ".join(f"{number:.3f}" for number in v["flat"][-1]),
            left=v["factor"] ** steps,
            **{key: v[key] for key in ("weight", "two", "inside", "factor")},
        )

    return Explorer(
        "flat",
        figure=figure,
        controls={"error": whole("error of all three, in %", -30, 30, -10, step=1)},
        moving=[
            at_weight, at_gate, name_weight, name_gate, *heads,
            *(line for lines in panels for line in lines),
        ],
        update=update,
        describe=describe,
        presets={"10 % too small": {}, "exact": {"error": 0}, "10 % too large": {"error": 10}},
    )  # fmt: skip


# ---------------------------------------------------------------- the gradient of a memory


def memory_gradient_explorer(steps=100) -> Explorer:
    """How far the gradient of one unit gets back, and which numbers it reaches.

    One stream with two flags; the loss is the sum of the last h, which of one unit is that h. It
    starts as `LATCH`; an untrained LSTM stands beside it.
    """
    xs = last_flag_problem(steps, 1, rng=np.random.default_rng(2)).xs
    flagged = np.flatnonzero(xs[:, 0, 1]) + 1
    time = np.arange(steps + 1)

    def back(params):
        loss = np.zeros((steps, 1, len(params.W_h)))
        loss[-1] = 1
        grads = lstm_backward(loss, lstm_forward(xs, params), params)
        lengths, sizes = step_lengths(grads.c), np.abs(grads.xs[:, 0, 0])
        return lengths / lengths[-1], sizes, sizes[flagged - 1] / sizes.sum()

    drawn = [back(untrained(init_lstm, seed, forget_bias=5.0)[0]) for seed in range(_DRAWS)]
    random_left, random_sizes, random_shares = drawn[MIDDLE]
    at_last = [shares[1] for *_, shares in drawn]
    with matplotlib.rc_context(RC):
        figure = picture(900, 560)
        ax, *rows = figure.subplots(3, sharex=True, height_ratios=(5, 2, 2))
        ax.set(xlim=(0, steps), yscale="log", ylim=(1e-9, 1e5), yticks=[1e-8, 1e-4, 1, 1e4])
        ax.set_title(say("The gradient at step t: read from right to left"))
        ax.set_ylabel(say("relative to step {steps}", steps=steps))
        for at, words in zip(flagged, (say("first flag"), say("last flag")), strict=True):
            ax.text(at, 6e3, words, ha="center", va="center", weight="bold", fontsize=11.5)
            for each in (ax, *rows):
                high = 0.86 if each is ax else 1
                each.axvline(at, ymax=high, color="#111111", lw=1.2, ls=(0, (1, 2)), zorder=1)
        ax.plot(random_left, color="#777777", lw=2, ls="--")
        name_curves(
            ax,
            (0.62, "LATCH", GRADIENT),
            (0.72, say("untrained LSTM (dashed)"), "#777777"),
        )
        for row, title in zip(
            rows,
            (
                say("LATCH: how much the loss depends on each number"),
                say("Untrained LSTM, forget bias 5"),
            ),
            strict=True,
        ):
            row.set(ylim=(0, 0.46), yticks=(0, 0.4))
            row.set_title(title)
            row.axhline(0, color=FAINT, lw=1)
        rows[1].vlines(time[1:], 0, random_sizes, color=GRADIENT, lw=3)
        rows[0].set_ylabel("$|dL/dn_t|$")
        rows[1].set_xlabel(say("step t: the loss is at the right end"))
        (left,) = ax.plot([], [], color=GRADIENT, lw=3)
        (sizes_drawn,) = rows[0].plot([], [], color=GRADIENT, lw=3, solid_capstyle="butt")
        told = [
            Words(row, 1, 1.1, ha="right", fontsize=11.5, color="#777777", transform=row.transAxes)
            for row in rows
        ]

    def shares_told(early, late):
        return say("first flag {early:.1%}, last flag {late:.1%}", early=early, late=late)

    def update(w_f, b_f, b_i):
        lengths, sizes, shares = back(latch(b_i, 16, b_f, w_f, 0.5))
        left.set_data(time, np.maximum(lengths, _FLOOR))
        sizes_drawn.set_data(*strokes(time[1:], 0, sizes))
        told[0].set_text(shares_told(*shares))
        told[1].set_text(shares_told(*random_shares))
        return {"left": lengths, "sizes": sizes, "shares": shares, "flagged": flagged}

    def describe(v):
        first, last = flagged
        return say(
            "Going back from step {steps}, {kept:.2g} of the gradient is left at the last flag, "
            "{before:.2g} a step before it and {start:.2g} a step before the first. Of the "
            "influence the first flag's number has {early:.1%}, the last one's {late:.1%}. In the "
            "untrained LSTM the gradient ends at {random:.2g}, and the last one's number has "
            "{one:.1%}; in {draws} such LSTMs {low:.1%} to {high:.1%}.",
            steps=steps,
            kept=v["left"][last],
            before=v["left"][last - 1],
            start=v["left"][first - 1],
            early=v["shares"][0],
            late=v["shares"][1],
            random=random_left[0],
            one=random_shares[1],
            draws=_DRAWS,
            low=min(at_last),
            high=max(at_last),
        )

    return Explorer(
        "memory_gradient",
        figure=figure,
        controls={
            "w_f": slider("flag to forget gate: w_f", -24, 0, 0.5, -16, quantity="f", digits=1),
            "b_f": slider("forget bias b_f", 0, 12, 0.5, 8, quantity="f", digits=1),
            "b_i": slider("input bias b_i", -12, 0, 0.5, -8, quantity="i", digits=1),
        },
        moving=[left, sizes_drawn, *told],
        update=update,
        describe=describe,
        presets={
            "LATCH": {},
            "only keeps": {"w_f": 0},
            "leaks": {"b_f": 3},
            "input gate half open": {"b_i": 0},
        },
    )
