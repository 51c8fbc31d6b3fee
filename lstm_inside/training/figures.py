"""Pictures of notebook 05 that stand still: losses, starts, rates, gates, cells that drift."""

import matplotlib
import numpy as np

from lstm_core import split_gates
from lstm_inside.page.style import (
    BLOCKS,
    CANDIDATE_LINE,
    CELL_LINE,
    FAINT,
    FORGET,
    GATES,
    GRADIENT,
    INPUT,
    OUTPUT,
    RC,
    SIGNAL,
    SIZE,
    picture,
    plain,
)
from lstm_inside.words import say

from .landscapes import ANSWERS, POINTS, cliff
from .model import run_cell
from .runs import ADDING, smoothed

_GREY = "#777777"


def label(ax, x, y, words, colour, **looks):
    """Words in the colour of what they name, at shares x, y of the axes."""
    looks = {"weight": "bold", "fontsize": 11.5} | looks
    return ax.text(x, y, words, color=colour, transform=ax.transAxes, **looks)


def thinned(*curves, most=300):
    """Curves of one length with at most about `most` points: what a screen can show."""
    stride = max(1, len(curves[0]) // most)
    return [np.append(c[:-1:stride], c[-1:]) for c in curves]


def compare_runs(races, *, alt, title, goal, least=0.02):
    """A picture of smoothed losses on the adding problem, a panel a race, each loss to its end.

    races: words -> kind of network ("LSTM", "RNN", or "held": an LSTM with its gates held) ->
    losses, a row for each seed. goal: a loss to draw a dotted line at; a dot stands where a
    training reached it.
    """
    looks = {
        "LSTM": (GRADIENT, "-", GRADIENT),
        "RNN": (_GREY, (0, (3, 1.5)), "white"),
        "held": (FORGET, (0, (1, 0.8)), FORGET),
    }
    steps = max(len(losses) for race in races.values() for rows in race.values() for losses in rows)
    with matplotlib.rc_context(RC):
        figure = picture(900, 340, alt)
        figure.suptitle(title, weight="bold")
        panels = figure.subplots(1, len(races), sharex=True, sharey=True, squeeze=False)[0]
        for ax, (words, race) in zip(panels, races.items(), strict=True):
            ax.set(xlim=(0, steps * 1.03), yscale="log", ylim=(least, 2))
            ax.set(xlabel=say("training step"), title=words)
            ax.axhline(ADDING.lazy_loss, color=FAINT, lw=2.5)
            ax.axhline(goal, color=_GREY, lw=1, ls=":")
            for kind, rows in race.items():
                colour, dash, face = looks[kind]
                for losses in rows:
                    t, curve = thinned(np.arange(1, len(losses) + 1), smoothed(losses))
                    ax.plot(t, np.maximum(curve, least), color=colour, ls=dash, lw=1.8)
                    if curve[-1] < goal:
                        end = np.maximum(curve[-1:], least)
                        ax.plot(t[-1:], end, "o", color=colour, ms=6, mfc=face)
        panels[0].set_ylabel(say("mean squared error"))
        label(panels[0], 0.98, 0.92, say("LSTM: solid, full dots"), GRADIENT, ha="right")
        label(panels[0], 0.98, 0.83, say("RNN: dashed, rings"), _GREY, ha="right")
        if any("held" in race for race in races.values()):
            words = say("LSTM, gates held: dotted")
            label(panels[0], 0.98, 0.74, words, FORGET, ha="right")
        panels[0].text(0.99 * steps, 1.4 * ADDING.lazy_loss, say("always answering 1"),
                       color=_GREY, ha="right")  # fmt: skip
        panels[0].text(0.01 * steps, 0.9 * goal, say("solved"), color=_GREY, va="top")
    return figure


def compare_starts(results, *, most, alt, title=""):
    """A picture of how kinds of start fare: name -> list of (share of gradient, steps or None).

    share: of the gradient by the last input, what reaches the first. steps: until the problem
    was solved, None for not within `most` steps. Trainings are numbered, alike on both sides.
    """
    with matplotlib.rc_context(RC):
        figure = picture(900, (90 if title else 60) + 52 * len(results), alt)
        if title:
            figure.suptitle(title, weight="bold")
        shares, steps = figure.subplots(1, 2, sharey=True)
        shares.set(xscale="log", xlim=(1e-8, 1e2), ylim=(len(results) - 0.5, -0.5))
        shares.set(yticks=range(len(results)), yticklabels=list(results))
        shares.set_title(say("Gradient at the first input / at the last"))
        steps.set(xlim=(0, most * 1.15), xlabel=say("training step; the numbers are seeds"))
        steps.set_title(say("Steps until solved (grey: not within {most})", most=most))
        steps.axvspan(most, most * 1.15, color="#f0f0f0", lw=0)
        for row, dots in enumerate(results.values()):
            spread = row + 0.28 * (np.arange(len(dots)) - (len(dots) - 1) / 2)
            share = np.clip([s for s, _ in dots], 1e-8, 1e2)
            until = [most * 1.075 if n is None else n for _, n in dots]
            for ax, places, colour in ((shares, share, GRADIENT), (steps, until, OUTPUT)):
                ax.plot(places, spread, "o", color=colour, ms=13, alpha=0.25, mec="none")
                for seed, (x, y) in enumerate(zip(places, spread, strict=True)):
                    ax.text(x, y, str(seed), color=colour, ha="center", va="center",
                            weight="bold", fontsize=10)  # fmt: skip
    return figure


# ---------------------------------------------------------------- gates, rates, unseen loss, cliff


def compare_gates(cells, batch, sequence=0, *, trained, alt, title=""):
    """A picture of one-unit LSTMs at work on one sequence: name -> LSTMParams, a row each.

    Left the two gates, in the middle the candidate, over as many steps as they were `trained` on.
    Right the cell over all steps, and as a pale line what it held after the flagged step, which
    is dotted.
    """
    t = np.arange(1, len(batch.xs) + 1)
    flagged = np.flatnonzero(batch.xs[:, sequence, 1])[0] + 1
    number = batch.targets[sequence, 0]
    with matplotlib.rc_context(RC):
        figure = picture(900, 110 + 110 * len(cells), alt)
        figure.colours = 64  # few lines, and a quarter more to store otherwise
        if title:
            figure.suptitle(title, weight="bold")
        rows = figure.subplots(len(cells), 3, sharex="col", squeeze=False)
        for (name, cell), axes in zip(cells.items(), rows, strict=True):
            trace = run_cell(batch.xs, cell)
            gates, candidate, memory = axes
            gates.plot(t[:trained], trace.f[:trained, sequence, 0], color=FORGET)
            gates.plot(t[:trained], trace.i[:trained, sequence, 0], color=INPUT)
            gates.set(ylim=(-0.05, 1.05), yticks=(0, 0.5, 1))
            gates.set_ylabel(name, rotation=0, ha="right", va="center", weight="bold")
            candidate.plot(t[:trained], trace.g[:trained, sequence, 0], color=CANDIDATE_LINE)
            candidate.set(ylim=(-1.05, 1.05), yticks=(-1, 0, 1))
            memory.axvspan(0, trained, color="#f0f0f0", lw=0)
            kept = trace.c[1:, sequence, 0]
            written = np.full(len(t) - flagged + 1, kept[flagged - 1])
            memory.plot(t[flagged - 1 :], written, color=FAINT, lw=3)
            memory.plot(t, kept, color=CELL_LINE)
            memory.set(xlim=(0, len(t)), ylim=(-2.4, 2.4), yticks=(-2, 0, 2))
            for ax in axes:
                ax.axvline(flagged, color=SIGNAL, lw=1.3, ls=":")
        for ax, words in zip(
            rows[0],
            (
                say("Gates, first {steps} steps", steps=trained),
                say("Candidate g"),
                say("Cell c, all {steps} steps", steps=len(t)),
            ),
            strict=True,
        ):
            ax.set_title(words)
        label(rows[0, 0], 0.98, 0.75, GATES["f"].short, FORGET, ha="right")
        label(rows[0, 0], 0.98, 0.13, GATES["i"].short, INPUT, ha="right")
        for y, words in (
            (0.82, say("pale line: as written")),
            (0.06, say("shaded: trained length")),
        ):
            rows[0, 2].text(0.98, y, words, color=_GREY, ha="right", fontsize=11,
                            transform=rows[0, 2].transAxes)  # fmt: skip
        words = say("step (dotted: the flagged one; its number is {number})", number=plain(number))
        figure.supxlabel(words, fontsize=12)
    return figure


def compare_rates(steps, *, most, alt, title):
    """A picture of sweeps: rule -> rate -> steps until solved, a seed each.

    steps: None for not within `most`. A line a rule, through the middle one of the seeds; the
    rate whose slowest seed is quickest has larger marks.
    """
    looks = (
        (_GREY, "--", "s"), (INPUT, ":", "D"), (OUTPUT, "-", "o"),
        (CANDIDATE_LINE, (0, (5, 1, 1, 1)), "^"),
    )  # fmt: skip
    missed = 1.18 * most  # where they stand that are not done
    with matplotlib.rc_context(RC):
        figure = picture(760, 380, alt)
        ax = figure.subplots()
        rates = sorted({rate for sweep in steps.values() for rate in sweep})
        ax.set(xscale="log", yscale="log", xlim=(rates[0] / 1.6, rates[-1] * 1.6))
        ax.set_ylim(min(n for s in steps.values() for v in s.values() for n in v if n) / 1.7,
                    1.4 * most)  # fmt: skip
        ax.axhspan(most, 1.4 * most, color="#f0f0f0", lw=0)
        ax.set_xticks(rates, [f"{rate:g}" for rate in rates])
        marks = [n for n in (50, 100, 200, 500, 1000, 2000) if ax.get_ylim()[0] < n < most]
        ax.set_yticks(marks, [f"{n:,}" for n in marks])
        ax.minorticks_off()
        ax.set(xlabel=say("learning rate"), ylabel=say("steps until solved"))
        ax.set_title(title)
        ax.text(0.3, 0.97, say("not within {most} steps", most=f"{most:,}"), color=_GREY,
                va="top", transform=ax.transAxes)  # fmt: skip
        rule = say("line: the middle seed; large marks: the rate whose slowest seed is quickest")
        ax.text(0.98, 0.03, rule, color=_GREY, ha="right", transform=ax.transAxes)
        slowest = {name: {rate: max(n or missed for n in seeds) for rate, seeds in sweep.items()}
                   for name, sweep in steps.items()}  # fmt: skip
        best_rates = {name: min(sweep, key=sweep.get) for name, sweep in slowest.items()}
        for (name, sweep), (colour, dash, mark) in zip(steps.items(), looks, strict=False):
            at = np.array(list(sweep))
            places = [[n or missed for n in seeds] for seeds in sweep.values()]
            middle = [float(np.median(seeds)) for seeds in places]
            best = list(sweep).index(best_rates[name])
            ax.plot(at, middle, color=colour, ls=dash, lw=1.8)
            for k, (rate, seeds) in enumerate(zip(at, places, strict=True)):
                ax.plot([rate] * len(seeds), seeds, mark, color=colour, mec="none",
                        ms=9 if k == best else 6, alpha=0.9 if k == best else 0.5)  # fmt: skip
            right = best > 0
            place = (at[best] * (1.12 if right else 0.9), min(places[best]))
            if mark == looks[-1][2]:  # its valley is crowded: its name stands on the way down
                place = (at[0] * 1.1, 1.15 * middle[0])
            up = "center" if mark == looks[-1][2] else "top"  # below its line
            ax.text(*place, name, color=colour, ha="left" if right else "right", va=up,
                    weight="bold", fontsize=12.5)  # fmt: skip
    return figure


def draw_bowl(ax):
    """The contours of `bowl` over weight and bias, and a cross at the lowest point."""
    w, b = np.meshgrid(np.linspace(-2.2, 4.2, 201), np.linspace(-4, 4, 201))
    off = w[..., None] * POINTS[:, 0] + b[..., None] - ANSWERS[:, 0]
    ax.contour(w, b, (off**2).mean(axis=2), levels=np.geomspace(0.05, 200, 7), cmap=SIZE,
               vmin=-150, linewidths=1.1)  # fmt: skip
    ax.set(xlim=(-2.2, 4.2), ylim=(-4, 4))
    ax.plot([1], [-0.5], "x", color=OUTPUT, ms=8, mew=2.5)


def bowl_walks(walks, *, alt, title):
    """A picture of several walks over the bowl: words -> places (steps + 1, 2), a panel each.

    A ring marks where a walk ends; one that climbs out is drawn until it leaves its panel.
    """
    with matplotlib.rc_context(RC):
        figure = picture(900, 260, alt)
        figure.colours = 64  # few lines, and a quarter more to store otherwise
        figure.suptitle(title, weight="bold")
        panels = figure.subplots(1, len(walks), sharex=True, sharey=True, squeeze=False)[0]
        for ax, (words, places) in zip(panels, walks.items(), strict=True):
            draw_bowl(ax)
            beyond = np.flatnonzero((np.abs(places - (1, 0)) > (3.2, 4)).any(axis=1))
            seen = places[: beyond[0] + 1] if len(beyond) else places  # until it leaves the panel
            ax.plot(*np.transpose(seen), color=GRADIENT, lw=1.2, marker="o", ms=2.8)
            if not len(beyond):
                ax.plot(*places[-1], "o", color=FORGET, ms=12, mew=2.2, mfc="none")
            ax.set_title(words, fontsize=11.5)
            ax.set_xlabel(say("weight w"))
        panels[0].set_ylabel(say("bias b"))
    return figure


def compare_lengths(costs, lengths, *, lazy, alt, title):
    """A picture of losses against the length tested at: words -> a row of losses a training.

    lengths: where each row was tested. lazy: what always answering the same costs. Rows that lie
    on that line at every length are counted beside it.
    """
    looks = ((FORGET, "-"), (_GREY, (0, (3, 1.5))), (OUTPUT, "-"))
    with matplotlib.rc_context(RC):
        figure = picture(760, 360, alt)
        ax = figure.subplots()
        ax.set(xscale="log", yscale="log", xlim=(lengths[0] / 1.1, lengths[-1] * 1.15))
        ax.set(xlabel=say("steps in a test sequence"), ylabel=say("mean squared error"))
        ax.set_xticks(lengths, [f"{length:,}" for length in lengths])
        ax.minorticks_off()
        ax.set_title(title)
        ax.axhline(lazy, color=FAINT, lw=3, zorder=1)
        for place, ((words, rows), (colour, dash)) in enumerate(
            zip(costs.items(), looks, strict=False)
        ):
            rows = np.asarray(rows)
            for row in rows:
                ax.plot(lengths, row, color=colour, ls=dash, lw=1.6, marker="o", ms=4, alpha=0.8)
            idle = int((np.abs(np.log(rows / lazy)) < 0.2).all(axis=1).sum())
            if idle:
                words = say("{words} ({some} of {all} learned nothing)", words=words, some=idle,
                            all=len(rows))  # fmt: skip
            label(ax, 0.98, 0.2 - 0.075 * place, words, colour, ha="right")
        ax.text(lengths[-1] * 1.1, lazy * 0.88, say("always answering 0"), color=_GREY,
                ha="right", va="top", fontsize=11)  # fmt: skip
    return figure


def cell_drift(panels, *, alt, title):
    """A picture of how cells change in a step, by what they hold: a line a unit.

    panels: words of a panel -> (most, words of a kind -> its units' (held, change)), as
    `leaks.drift` gives them; at most three kinds. most: the last change on the axis, to both
    sides. A unit may be (held, change, words): the words stand at the middle of its line. Small
    arrows point where the cell goes.
    """
    looks = ((OUTPUT, "-", 2.4), (FORGET, (0, (4, 2)), 1.8), (GRADIENT, ":", 2.4))
    with matplotlib.rc_context(RC):
        figure = picture(900, 320, alt)
        figure.suptitle(title, weight="bold")
        axes = figure.subplots(1, len(panels), squeeze=False)[0]
        for ax, (words, (most, kinds)) in zip(axes, panels.items(), strict=True):
            ax.axhline(0, color=FAINT, lw=4, alpha=0.7)
            for place, (kind, (colour, dash, width)) in enumerate(zip(kinds, looks, strict=False)):
                for held, change, *names in kinds[kind]:
                    ax.plot(held, change, color=colour, ls=dash, lw=width)
                    moves = (np.abs(change) > 0.03 * most) & (np.arange(len(held)) % 2 == 1)
                    for mark, goes in (("<", change < 0), (">", change > 0)):
                        some = moves & goes
                        ax.plot(held[some], change[some], mark, color=colour, ms=7)
                    for name in names:
                        middle = held[len(held) // 2], change[len(held) // 2]
                        ax.annotate(name, middle, (8, 8), textcoords="offset points",
                                    color=colour)  # fmt: skip
                if len(kinds) > 1:
                    label(ax, 0.97, 0.9 - 0.1 * place, kind, colour, ha="right")
            ax.set(ylim=(-most, most), title=words, xlabel=say("the cell c that is held"))
        for y, words in ((0.9, say("arrows: where the cell goes")), (0.43, say("on 0: it stays"))):
            axes[0].text(0.97, y, words, color=_GREY, ha="right", transform=axes[0].transAxes)
        axes[0].set_ylabel(say("mean change of c in a step"))
    return figure


def compare_batches(runs, *, alt, title, goal):
    """A picture of losses against sequences read: B -> losses, a row for each seed, to their ends.

    goal: a loss to draw a dotted line at. A curve is the mean of the last 20 losses and begins,
    with a dot, where there are 20.
    """
    colours = (FORGET, OUTPUT, INPUT, GRADIENT)
    with matplotlib.rc_context(RC):
        figure = picture(760, 300, alt)
        ax = figure.subplots()
        most = max(B * len(losses) for B, rows in runs.items() for losses in rows)
        ax.set(xscale="log", yscale="log", xlim=(min(runs) * 18, 1.6 * most), ylim=(0.035, 0.6))
        ax.set(xlabel=say("sequences read"), ylabel=say("mean squared error"), title=title)
        ax.set_yticks((0.05, 0.1, 0.2, 0.5), ("0.05", "0.1", "0.2", "0.5"))
        ax.axhline(goal, color=_GREY, lw=1, ls=":")
        ax.minorticks_off()
        ax.text(0.98, 0.96, say("dots: the first 20 steps, which no size can spare"), color=_GREY,
                ha="right", va="top", transform=ax.transAxes)  # fmt: skip
        for (B, rows), colour in zip(runs.items(), colours, strict=False):
            for losses in rows:
                read = B * np.arange(1, len(losses) + 1)
                ax.plot(read[19:], smoothed(losses)[19:], color=colour, lw=1.7, marker="o",
                        markevery=[0], ms=5)  # fmt: skip
            at = B * max(map(len, rows))
            ax.text(at, 0.9 * goal, f"B = {B}", color=colour, weight="bold", ha="center", va="top")
    return figure


def gradient_sizes(sizes, *, alt, title):
    """A picture of how large the gradient of each of an LSTM's weights is, a row a gate.

    sizes: a `Model` of an LSTM that holds each weight's size in that weight's place. Dotted: the
    root of the mean square of all. The larger dot of a row is its median.
    """
    blocks = split_gates(np.vstack([sizes.cell.W_x, sizes.cell.W_h, sizes.cell.b]))
    rows = {
        GATES[key].name: (block.ravel(), GATES[key].line)
        for key, block in zip(BLOCKS, blocks, strict=True)
    }
    rows[say("read-out")] = np.concatenate([a.ravel() for a in sizes.readout]), GRADIENT
    every = np.concatenate([numbers for numbers, _ in rows.values()])
    common = np.sqrt((every**2).mean())
    with matplotlib.rc_context(RC):
        figure = picture(760, 280, alt)
        ax = figure.subplots()
        for row, (numbers, colour) in enumerate(rows.values()):
            beside = row + 0.5 * (np.arange(len(numbers)) * 0.618 % 1 - 0.5)  # none over another
            ax.plot(numbers, beside, "o", color=colour, ms=5, alpha=0.35, mec="none")
            ax.plot([np.median(numbers)], [row], "o", color=colour, ms=12)
        ax.axvline(common, color=SIGNAL, lw=1.3, ls=":")
        ax.set(xscale="log", ylim=(len(rows) - 0.4, -1.0), xlabel=say("size of its gradient"))
        ax.set_yticks(range(len(rows)), rows)
        for words, (_, colour) in zip(ax.get_yticklabels(), rows.values(), strict=True):
            words.set(color=colour, weight="bold")
        ax.text(common * 0.9, -0.62, say("root mean square of all"), color=SIGNAL, ha="right",
                va="center")  # fmt: skip
        ax.set_title(title)
    return figure


def seen_and_unseen(steps, seen, unseen, *, lazy, alt, rule=None):
    """A picture of overfitting: the loss on the training set and on unseen sequences.

    rule: what the right rule costs on the training set, drawn as a dashed line.
    """
    best = int(np.argmin(unseen))
    with matplotlib.rc_context(RC):
        figure = picture(760, 320, alt)
        ax = figure.subplots()
        low, high = np.log10([min(*seen, *unseen), max(*seen, *unseen)])
        ax.set(xlim=(0, steps[-1] * 1.25), yscale="log")
        ax.set_ylim(10 ** np.floor(low), 10 ** np.ceil(high))
        ax.set(xlabel=say("training step"), ylabel=say("mean squared error"))
        ax.set_title(say("The training loss goes on falling; on held-out sequences it turns"))
        ax.axhline(lazy, color=FORGET, lw=1.2, ls=(0, (5, 3)))
        for curve, words, colour in (
            (seen, say("training set"), INPUT),
            (unseen, say("held out"), FORGET),
        ):
            ax.plot(steps, curve, color=colour)
            ax.text(steps[-1] * 1.01, curve[-1], words, color=colour, va="center",
                    weight="bold")  # fmt: skip
        ax.set_xticks(np.linspace(0, steps[-1], 5))
        ax.text(steps[-1] * 1.24, lazy * 1.12, say("always answering 1, on exact answers"),
                color=FORGET, ha="right", va="bottom", fontsize=10.5)  # fmt: skip
        if rule is not None:
            ax.axhline(rule, color=INPUT, lw=1.2, ls=(0, (5, 3)))
            ax.text(steps[-1] * 0.01, rule * 0.94, say("the right rule, on the faulty answers"),
                    color=INPUT, va="top", fontsize=10.5)  # fmt: skip
        ax.text(steps[best] * 1.01, 10 ** np.floor(low) * 1.15, say("lowest"), color=SIGNAL)
        ax.axvline(steps[best], color=SIGNAL, lw=1.3, ls=":")
    return figure


def cliff_cut(walk, *, alt):
    """A picture of the cliff, cut along the longest step that the walk without clipping took.

    walk: the `.values` of a `cliff_explorer`.
    """
    k = int(np.argmax(walk["lengths"][:, 1]))
    here, there = walk["free"][k : k + 2]
    leap, short = np.linalg.norm(there - here), walk["rate"] * walk["limit"]
    along = np.linspace(-0.5, 1.08 * leap, 4000)

    def loss(s):
        return cliff(*(here[:, None] + np.outer((there - here) / leap, s)))[0]

    with matplotlib.rc_context(RC):
        figure = picture(760, 300, alt)
        ax = figure.subplots()
        ax.plot(along, loss(along), color=GRADIENT)
        ax.set(xlim=(along[0], along[-1]), ylim=(-0.02, 1.25), ylabel=say("loss"))
        ax.set_xlabel(say("distance along the step"))
        ax.set_title(
            say("Step {step} leaps {far:.1f} onto the plain; clipped, it would stay by the canyon",
                step=k + 1, far=leap)
        )  # fmt: skip
        for far, colour, words, side, up in (
            (0, SIGNAL, say("here"), "right", 0),
            (short, INPUT, say("clipped: {far:.1f} further", far=short), "left", -4),
            (leap, FORGET, say("not clipped: {far:.1f} further", far=leap), "right", 10),
        ):
            at = far, loss([far])[0]
            ax.plot(*at, "o", color=colour, ms=9)
            ax.annotate(words, at, (10 if side == "left" else -10, up), ha=side,
                        textcoords="offset points", color=colour, weight="bold")  # fmt: skip
    return figure
