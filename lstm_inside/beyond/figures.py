"""The still pictures of notebook 09: two engines compared, losses apart, what a restart needs."""

import matplotlib
import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

from lstm_inside.page.measure import step_lengths
from lstm_inside.page.style import (
    CELL_LINE,
    FAINT,
    FORGET,
    GRADIENT,
    HIDDEN_LINE,
    RC,
    SIGNED,
    picture,
    signed,
)
from lstm_inside.words import say

SAME = 1e-10  # what differs by less, as a share, is the same but for rounding
_ALL = 17  # digits: drawn there is what is equal to the last bit
_ALONE = "#7A4FA3"  # of no quantity in the series: the second of three trainings


# ---------------------------------------------------------------- number by number


def digits_alike(ours, theirs):
    """In how many digits two arrays agree, entry by entry, counted in the largest entry: (n,).

    What is equal to the last bit counts as 17; float64 has about 16 digits.
    """
    share = np.abs(ours - theirs).ravel() / np.abs(ours).max()
    return -np.log10(np.maximum(share, 10.0**-_ALL))


def agreement(cases):
    """In how many digits two engines agree: a row for each case, a dot for each number.

    cases: dict name -> dict quantity -> (ours, theirs), two arrays of one shape.
    """
    found = {
        name: np.concatenate([digits_alike(*pair) for pair in quantities.values()])
        for name, quantities in cases.items()
    }
    with matplotlib.rc_context(RC):
        figure = picture(920, 60 + 66 * len(found))
        ax = figure.subplots()
        for row, digits in enumerate(found.values()):
            colour = GRADIENT if digits.min() > -np.log10(SAME) else FORGET
            height = row + np.linspace(0.33, -0.33, len(digits))  # one by one, as they came
            ax.plot(digits, height, "o", ms=3.2, mew=0, alpha=0.4, color=colour)
        ax.set(xlim=(-0.4, _ALL + 0.4), ylim=(len(found) - 0.45, -0.55))
        ax.set_xticks([*range(0, _ALL - 2, 2), _ALL], [*range(0, _ALL - 2, 2), say("all")])
        ax.set_yticks(range(len(found)), found, fontsize=12)
        ax.tick_params(axis="y", length=0)
        ax.grid(visible=False, axis="y")
        ax.set_xlabel(say("digits that agree"))
        ax.set_title(say("A dot for every output and every derivative"))
    figure.alt = say(
        "In how many digits two engines agree, a dot for each number. {cases}.",
        cases=say("; ").join(
            say("{name}: at least {digits}", name=name, digits=int(digits.min()))
            for name, digits in found.items()
        ),
    )
    return figure


def what_comes_back(output, h_n, c_n):
    """The three things that torch.nn.LSTM returns, for the first sequence of a batch.

    output (T, B, H); h_n and c_n (1, B, H): of one layer in one direction.
    """
    output, h_n, c_n = (np.asarray(array) for array in (output, h_n, c_n))
    T, _, H = output.shape
    parts = (
        (output[:, 0].T, HIDDEN_LINE, say("output {shape}: h of every step", shape=output.shape)),
        (c_n[0, :1].T, CELL_LINE, say("c: only the last step's is handed out")),
    )
    most = max(np.abs(output).max(), np.abs(c_n).max())
    with matplotlib.rc_context(RC):
        figure = picture(920, 330)
        axes = figure.subplots(2, 1, sharex=True)
        for ax, (shown, colour, words) in zip(axes, parts, strict=True):
            first = T - shown.shape[1] + 0.5  # c_n has the last step only
            drawn = ax.imshow(
                shown, cmap=SIGNED, vmin=-most, vmax=most, aspect="auto",
                extent=(first, T + 0.5, H - 0.5, -0.5),
            )  # fmt: skip
            ax.add_patch(
                Rectangle((0.5, -0.5), T, H, fill=False, lw=1.2, ec="#777777", ls=(0, (4, 3)))
            )
            ax.add_patch(
                Rectangle((T - 0.5, -0.5), 1, H, fill=False, lw=3, ec=colour, clip_on=False)
            )
            ax.set(xlim=(0.5, T + 5), ylim=(H - 0.5, -0.5), yticks=[])
            ax.set_title(words, fontsize=12.5)
            ax.grid(visible=False)
            ax.spines[:].set_visible(False)
        for ax, name, array, colour in (
            (axes[0], "h_n", h_n, HIDDEN_LINE),
            (axes[1], "c_n", c_n, CELL_LINE),
        ):
            look = {"color": colour, "weight": "bold", "va": "center"}
            ax.text(T + 1.1, H / 2 - 0.5, f"{name} {array.shape}", **look)
        axes[1].set_xticks([1, *range(5, T + 1, 5)])
        axes[1].set_xlabel(say("step t"), loc="left")
        bar = figure.colorbar(drawn, ax=axes, fraction=0.02, pad=0.01, ticks=[-most, 0, most])
        bar.ax.set_yticklabels([signed(-most, 1), "0", signed(most, 1)])
    same = np.array_equal(output[-1], h_n[0])
    figure.alt = (
        say(
            "output {output} holds h of {T} steps; its last column is h_n {h_n}. Of the cells only "
            "the last comes back, as c_n {c_n}.",
            output=output.shape, T=T, h_n=h_n.shape, c_n=c_n.shape,
        )
        if same
        else say("output's last step is NOT h_n.")
    )  # fmt: skip
    return figure


def two_flows(core, peer):
    """The gradient flow of one LSTM by two engines, laid over each other.

    core: LSTMGrads. peer: (dL/dh, dL/dc), (T+1, B, H) each, from the other engine.
    """
    T = len(core.h) - 1
    t = np.arange(T + 1)
    most = max(
        np.abs(p - g).max() / np.abs(g).max() for p, g in zip(peer, (core.h, core.c), strict=True)
    )
    if most < SAME:
        title = say("Gradient flow by two engines: they agree within 1e-10")
        alt = say(
            "Gradient flow dL/dh and dL/dc over {T} steps by lstm_core and by PyTorch, "
            "two curves each that lie on each other: they agree within 1e-10.",
            T=T,
        )
    else:
        title = say("Gradient flow by two engines: they DIFFER")
        alt = say(
            "Gradient flow dL/dh and dL/dc over {T} steps by lstm_core and by PyTorch, "
            "two curves each: they DIFFER.",
            T=T,
        )
    with matplotlib.rc_context(RC):
        figure = picture(820, 320, alt)
        ax = figure.subplots()
        ax.set(xlim=(0, T), yscale="log", xlabel=say("step t"))
        ax.set_ylabel(say("length of the gradient"))
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.yaxis.set_minor_formatter(NullFormatter())
        ax.set_title(title)
        for name, mine, theirs, colour in (
            ("dL/dh", core.h, peer[0], HIDDEN_LINE),
            ("dL/dc", core.c, peer[1], CELL_LINE),
        ):
            size = step_lengths(mine)
            ax.plot(t, size, color=colour, lw=6, alpha=0.35)
            ax.plot(t, step_lengths(theirs), color=colour, ls=(0, (3, 2)), lw=1.8)
            ax.text(1, size[1] * 1.6, name, color=colour, weight="bold", va="bottom")
        ax.text(
            0.98,
            0.06,
            say("wide: lstm_core    dashed: PyTorch"),
            transform=ax.transAxes,
            ha="right",
            color="#444444",
        )
    return figure


# ---------------------------------------------------------------- losses of several trainings


def off_by_step(losses, first):
    """How far losses (n,) are off the first n of `first`, as a share, step by step: (n,)."""
    return np.abs(np.divide(losses, first[: len(losses)]) - 1)


def _draw_off(ax, gaps, looks, floor, floor_name):
    """Draw how far the losses of trainings are off another's, on a log axis.

    gaps: dict name -> (steps,), shares. looks: dict name -> what `plot` takes. What is off by less
    than `floor` is drawn at it, under a name of its own.
    """
    top = 10 * max(floor * 10, *(off.max() for off in gaps.values()))
    for name, off in gaps.items():
        ax.plot(np.arange(1, len(off) + 1), np.maximum(off, floor), clip_on=False, **looks[name])
    ax.set(yscale="log", ylim=(floor / 2, top), xlabel=say("step"))
    ax.set_xlim(1, max(map(len, gaps.values())))
    powers = range(-16, int(np.floor(np.log10(top))) + 1, 2)
    powers = [power for power in powers if 10.0**power > 5 * floor]
    ax.set_yticks(
        [floor, *(10.0**power for power in powers)],
        [floor_name, *(f"$10^{{{power}}}$" for power in powers)],
    )
    ax.yaxis.set_minor_locator(NullLocator())


def how_far_off(losses):
    """How far the losses of trainings are off those of the first: dict name -> (steps,).

    Differences below 1e-14 are rounding and drawn at that floor.
    """
    first, *others = losses
    steps = len(losses[first])
    gaps = {name: off_by_step(losses[name], losses[first]) for name in others}
    colours = dict(zip(others, ("#111111", FORGET, _ALONE), strict=False))
    with matplotlib.rc_context(RC):
        figure = picture(820, 320)
        ax = figure.subplots()
        looks = {n: {"color": c, "marker": "o", "ms": 5, "lw": 1.4} for n, c in colours.items()}
        _draw_off(ax, gaps, looks, 1e-14, say("rounding"))
        ax.set_xlim(1, 1.36 * steps)
        ax.set_xticks(range(1, steps + 1, 2))
        for name, off in gaps.items():
            end = max(off[-1], 1e-14)
            ax.text(steps + 0.3, end, name, color=colours[name], weight="bold", va="center")
        ax.set_title(say("How far the loss is off that of {first}, as a share", first=first))
    figure.alt = say(
        "How far each loss is off that of {first}, over {steps} steps. {others}.",
        first=first, steps=steps,
        others=say("; ").join(_off_in_words(name, off) for name, off in gaps.items()),
    )  # fmt: skip
    return figure


def _off_in_words(name, off):
    if off.max() < SAME:
        return say("{name}: rounding only", name=name)
    step = 1 + int(np.argmax(off > SAME))
    return say(
        "{name}: from step {step} on, by up to {most:.1%}", name=name, step=step, most=off.max()
    )


def loss_curves(losses, longer):
    """Losses of trainings that ought to be one and the same: dict name -> (steps,).

    Drawn one on the other, each thinner than the one below it. longer: the same trainings, some
    of them with more steps; on the right, how far they are off the first.
    """
    first, *others = losses
    t = np.arange(1, len(losses[first]) + 1)
    most = max((off_by_step(losses[n], losses[first]).max() for n in others), default=0)
    drawn = {"t": len(t), "losses": say(", ").join(losses)}
    if most < SAME:
        title = say("The loss: the same, one on the other")
        alt = say("Losses over {t} steps of {losses}: the same.", **drawn)
    else:
        title = say("The loss: NOT the same, one on the other")
        alt = say("Losses over {t} steps of {losses}: NOT the same.", **drawn)
    colours = dict(zip(losses, (FAINT, _ALONE, "#111111"), strict=False))
    with matplotlib.rc_context(RC):
        figure = picture(920, 320, alt)
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        left.set(xlim=(1, len(t)), xlabel=say("step"))
        left.set_title(title)
        for n, (name, curve) in enumerate(losses.items()):
            left.plot(t, curve, color=colours[name], lw=(12, 6, 1.4)[n])
            left.text(
                0.97, 0.93 - 0.09 * n, name, transform=left.transAxes, ha="right", va="top",
                weight="bold", color="#888888" if name == first else colours[name],
            )  # fmt: skip
        looks = {n: {"color": colours[n], "lw": w} for n, w in zip(others, (4, 1.4), strict=False)}
        so_far = {n: np.maximum.accumulate(off_by_step(longer[n], longer[first])) for n in others}
        _draw_off(right, so_far, looks, 2e-17, say("equal"))
        right.set_title(say("How far off {first} so far, as a share", first=first))
    return figure


# ---------------------------------------------------------------- what a restart needs


def what_was_lost(lengths, losses, start):
    """How a training goes on when a part of its state is lost: the first step's length, the loss.

    lengths: dict of what was lost -> how far the first step moves the weights; losses: the same
    -> (n,) from step `start` on. The first of them has lost nothing; the others are drawn as
    differences from it.
    """
    first, *others = losses
    steps, edge = start + np.arange(len(losses[first])), 0.1
    with matplotlib.rc_context(RC):
        figure = picture(920, 40 + 62 * len(others))
        axes = figure.subplots(len(others), 2, sharex="col", width_ratios=(2, 3), squeeze=False)
        for (bar, off), name in zip(axes, others, strict=True):
            bar.barh([0], [lengths[name]], color=GRADIENT, height=0.5)
            bar.axvline(lengths[first], color=FORGET, lw=2, ls=(0, (3, 2)))
            bar.set(ylim=(-0.5, 0.5), xlim=(0, 1.1 * max(lengths.values())))
            bar.set_yticks([0], [name], fontsize=12)
            bar.tick_params(axis="y", length=0)
            differences = np.subtract(losses[name], losses[first])
            off.bar(steps, np.clip(differences, -edge, edge), width=0.8, color=GRADIENT)
            off.axhline(0, color=FORGET, lw=1.2)
            off.set(ylim=(-edge, edge), yticks=[-edge, 0, edge])
            off.set_xlim(steps[0] - 0.6, steps[-1] + 0.6)
            off.set_xticks(steps[::2])
        axes[0, 0].set_title(say("Step {start} moves the weights by", start=start))
        axes[0, 1].set_title(say("The loss is off by"))
        axes[-1, 1].set_xlabel(
            say("step (what is off by more than {edge} is drawn there)", edge=edge)
        )
        axes[-1, 0].set_xlabel(say("dashed: nothing lost"), color=FORGET)
    figure.alt = say(
        "What step {start} does when a part of the state is lost. Nothing lost: it moves the "
        "weights by {length:.2f}. {others}.",
        start=start,
        length=lengths[first],
        others=say("; ").join(
            say(
                "{name} lost: by {length:.2f}, its loss off by {off:+.4f}, later ones by up to "
                "{most:.3f}",
                name=name,
                length=lengths[name],
                off=losses[name][0] - losses[first][0],
                most=np.abs(np.subtract(losses[name], losses[first])[1:]).max(),
            )
            for name in others
        ),
    )
    return figure
