"""Two strips of a photograph change places: whose answers move, and how long the swap is kept."""

import matplotlib
import numpy as np

from lstm_core import init_rnn, rnn_forward
from lstm_inside.page import Explorer, Pixels, Words, picture, slider, whole
from lstm_inside.page.style import FAINT, GRADIENT, HIDDEN_LINE, RC
from lstm_inside.words import say

from .figures import short
from .memory import measure_memory, readings, swapped
from .pictures import strips

SWAPPED = "#D55E00"  # around the two strips that change places


def order_explorer() -> Explorer:
    """Ten strips of the photograph, two of them swapped: which answers move."""
    items, y = strips(), readings()
    T = len(items)
    params = init_rnn(4, 6, rng=np.random.default_rng(17), recurrent="orthogonal")

    def states(order, strength):
        """The RNN's state after each strip, (T, 6)."""
        return rnn_forward(y[order][:, None], params._replace(W_h=params.W_h * strength)).h[1:, 0]

    def in_a_row(order):
        """The strips side by side in an order; the gaps stay empty."""
        row = np.full((72, 8 * T - 2), np.nan)
        for n, item in enumerate(order):
            row[:, 8 * n : 8 * n + 6] = items[item, 0]
        return row

    with matplotlib.rc_context(RC):
        figure = picture(900, 390)
        figure.colours = None
        strip_ax, ax = figure.subplots(1, 2, width_ratios=(6, 14))
        strip_ax.set(xticks=[], yticks=[], aspect="equal")
        strip_ax.grid(False)
        strip_ax.spines[:].set_visible(False)
        strip_ax.set_title(say("The original order"))
        strip_ax.text(0, -94, say("Fed in this order"), weight="bold", va="center")
        image = Pixels.on(strip_ax, np.zeros((1, 1)), cmap="gray", vmin=0, vmax=1)
        image.set_extent((0, 8 * T - 2, -174, -102))
        strip_ax.imshow(in_a_row(np.arange(T)), cmap="gray", vmin=0, vmax=1,
                        extent=(0, 8 * T - 2, -72, 0))  # fmt: skip
        for n in range(T):
            strip_ax.text(8 * n + 3, -78, f"{n + 1}", fontsize=11, ha="center", va="center")
        strip_ax.set(xlim=(-1, 8 * T), ylim=(-184, 0))
        numbers = [Words(strip_ax, 8 * n + 3, -180, fontsize=11) for n in range(T)]
        (frames,) = strip_ax.plot([], [], color=SWAPPED, lw=2.6, clip_on=False)
        ax.set(xlim=(-0.6, T - 0.4), ylim=(-0.06, 1.85))
        ax.set_xlabel(say("strip, in the order fed"), labelpad=20)
        ax.set_ylabel(say("how far its answer moves"))
        ax.set_title(say("A swap moves the RNN's later answers, never the MLP's"))
        ax.set_xticks(range(T), [""] * T)
        ax.grid(False, axis="x")
        bars = [ax.fill([], [], color=HIDDEN_LINE, lw=0)[0] for _ in range(T)]
        (rings,) = ax.plot([], [], "o", mfc="white", mec="#111111", mew=1.8, ms=8, zorder=5)
        counts = [
            Words(ax, T - 0.5, y, ha="right", color=colour, weight="bold")
            for y, colour in ((1.74, HIDDEN_LINE), (1.59, "#111111"))
        ]
        names = [Words(ax, n, -0.15, fontsize=11) for n in range(T)]
        tags = [Words(ax, n, 0, color=HIDDEN_LINE, weight="bold", fontsize=11) for n in range(T)]

    def update(one, other, strength):
        order = swapped(one - 1, other - 1)
        first, again = states(np.arange(T), strength), states(order, strength)
        # Both answers to the same strip, in the order in which the strips are fed now.
        rnn = np.linalg.norm(again - first[order], axis=1)
        mlp = np.linalg.norm(y[order] - y[np.arange(T)][order], axis=1)
        for x, (move, bar, tag) in enumerate(zip(rnn, bars, tags, strict=True)):
            size = min(move, 1.75)
            bar.set_xy([(x - 0.3, 0), (x + 0.3, 0), (x + 0.3, size), (x - 0.3, size)])
            tag.set_text(f"{move:.2f}")
            tag.set_y(size + 0.08)
        for n in range(T):
            for words in (names[n], numbers[n]):
                words.set_text(f"{order[n] + 1}")
                words.set_color("#111111" if order[n] == n else SWAPPED)
        rings.set_data(np.arange(T), mlp)
        counts[0].set_text(say("bars, RNN: {count} of 10 move", count=int((rnn >= 0.005).sum())))
        counts[1].set_text(say("rings, MLP: {count} of 10", count=int((mlp >= 0.005).sum())))
        corners = [
            [(8 * n - 1, -175), (8 * n + 7, -175), (8 * n + 7, -101), (8 * n - 1, -101),
             (8 * n - 1, -175), (np.nan, np.nan)]
            for n in np.flatnonzero(order != np.arange(T))
        ]  # fmt: skip
        frames.set_data(*np.reshape(corners, (-1, 2)).T)
        image.set_data(in_a_row(order)[::-1])
        return {"order": order + 1, "strength": strength, "mlp": mlp, "rnn": rnn}  # fmt: skip

    def describe(v):
        return say(
            "Fed in the order {order}. The MLP's answers move by {mlp:.2f} at most. The RNN's, "
            "with W_h × {strength:.1f}, move by {rnn}.",
            order=", ".join(map(str, v["order"])),
            mlp=v["mlp"].max(),
            strength=v["strength"],
            rnn=", ".join(f"{move:.2f}" for move in v["rnn"]),
        )

    return Explorer(
        "item_order",
        figure=figure,
        controls={
            "one": whole("swap strip", 1, T, 2),
            "other": whole("with strip", 1, T, 6),
            "strength": slider("old state: × W_h", 0, 1, 0.1, 1, quantity="h", digits=1),
        },
        moving=[
            image,
            frames,
            *numbers,
            *bars,
            rings,
            *counts,
            *names,
            *tags,
        ],
        update=update,
        describe=describe,
        presets={
            "original order": {"other": 2},
            "swap 2 and 6": {},
            "swap the first and the last": {"one": 1, "other": T},
            "without the old state": {"strength": 0},
        },
    )


def fading_explorer() -> Explorer:
    """What ten random RNNs still know of a swap, strip after strip, and a gradient sent back."""
    at = np.arange(51)
    with matplotlib.rc_context(RC):
        figure = picture(860, 400)
        ax = figure.subplots()
        ax.set(yscale="log", xlim=(-10, 62), ylim=(1e-6, 3e5), xticks=range(-10, 51, 10),
               xlabel=say("strips read since the photograph with the swap"))  # fmt: skip
        for left, right, colour, words in (
            (-10, 0, SWAPPED, say("2 and 6\nswapped")),
            (0, 50, HIDDEN_LINE, say("the photograph five times more, the same in both readings")),
        ):
            for n in range(left, right, 10):
                ax.fill([n + 0.2, n + 9.8, n + 9.8, n + 0.2], [2e3, 2e3, 1e4, 1e4], color=colour,
                        alpha=0.3, lw=0)  # fmt: skip
                ax.text(n + 5, 4.5e3, say("10 strips"), ha="center", va="center", fontsize=11)
            ax.text((left + right) / 2, 5e4, words, ha="center", va="center", fontsize=11)
        ax.set_yticks(10.0 ** np.arange(-6, 3))
        ax.minorticks_off()
        ax.set_ylabel(say("what is left of the difference"))
        ax.set_title(" ")  # room for the one that moves
        title = Words(ax, -10, 7e5, ha="left", weight="bold", fontsize=12, clip_on=False)
        ax.plot([0, 50], [1, 1], color="#777777", lw=1)
        each = [ax.plot([], [], color=FAINT, lw=1.2)[0] for _ in range(10)]
        (bare,) = ax.plot([], [], color="#111111", lw=2, ls=(0, (4, 3)))
        (middle,) = ax.plot([], [], color=HIDDEN_LINE, lw=3)
        (sent,) = ax.plot([], [], color=GRADIENT, lw=2, ls=":")
        looks = {"ha": "left", "weight": "bold", "fontsize": 11}
        names = [Words(ax, 50.7, 1, color=colour, **looks) for colour in ("#111111", HIDDEN_LINE)]
        notes = [
            Words(ax, 1, y, color=colour, **looks)
            for y, colour in ((2e-5, HIDDEN_LINE), (6e-6, "#111111"), (1.9e-6, GRADIENT))
        ]

    def update(inputs, recurrent):
        measured = measure_memory(inputs, recurrent)
        kept, back = measured["kept"], np.median(measured["gradient"], axis=1)
        gradient = back[-1]
        half = np.median(kept, axis=1)
        for line, one in zip(each, kept.T, strict=True):
            line.set_data(at, one)
        middle.set_data(at, half)
        bare.set_data(at, recurrent**at)
        sent.set_data(at, back)
        title.set_text(
            say("Reading on, the RNN forgets the swap")
            if half[-1] < 0.05
            else say("Reading on, the RNN still keeps a part of the swap")
        )
        ends = recurrent**50, half[-1]
        apart = ends[0] > 3 * ends[1] or ends[1] > 3 * ends[0]
        for words, text, end, lift in zip(
            names, (say("without tanh"), say("median of 10")), ends, (1.9, 1 / 1.9), strict=True
        ):
            words.set_text(text)
            words.set_y(np.clip(end if apart else end * lift, 2e-6, 150))
        steps = half[-1] ** (1 / 50), gradient ** (1 / 50)
        told = (
            say("with tanh: {left} left, × {step:.2f} per step",
                left=short(half[-1]), step=steps[0]),
            say("without: {left} left, × {step:.2f} per step", left=short(ends[0]), step=recurrent),
            say("dotted, a gradient sent back over as many strips: {left}, × {step:.2f} per step",
                left=short(gradient), step=steps[1]),
        )  # fmt: skip
        for words, text in zip(notes, told, strict=True):
            words.set_text(text)
        return {"inputs": inputs, "recurrent": recurrent, "kept": half[-1], "bare": ends[0],
                "gradient": gradient, "steps": steps}  # fmt: skip

    def describe(v):
        return say(
            "Inputs × {inputs:.2f}, W_h × {recurrent:.2f}. Fifty strips on, the ten RNNs keep "
            "{kept} of the difference (median), × {step:.2f} per step; without tanh {bare}. Of a "
            "gradient sent back over these strips {gradient} arrives, × {back:.2f} per step.",
            inputs=v["inputs"],
            recurrent=v["recurrent"],
            kept=short(v["kept"]),
            step=v["steps"][0],
            bare=short(v["bare"]),
            gradient=short(v["gradient"]),
            back=v["steps"][1],
        )

    return Explorer(
        "fading",
        figure=figure,
        controls={
            "inputs": slider("inputs ×", 0.25, 2, 0.25, 1, quantity="x"),
            "recurrent": slider("rotation W_h ×", 0.9, 1.1, 0.05, 1, quantity="h"),
        },
        moving=[*each, bare, middle, sent, *names, *notes, title],
        update=update,
        describe=describe,
        presets={
            "a rotation": {},
            "small inputs": {"inputs": 0.25},
            "large inputs": {"inputs": 2},
            "larger W_h": {"recurrent": 1.1},
        },
    )
