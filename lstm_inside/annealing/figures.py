"""What stands still in notebook 06: the landscape, visits of a walk, scores of many starts."""

import re

import matplotlib
import numpy as np

from lstm_inside.annealing.landscape import HIGH, LOW, descent_path, valley_loss, valley_map
from lstm_inside.annealing.search import anneal_many
from lstm_inside.annealing.tours import tour_lengths
from lstm_inside.page import Pixels
from lstm_inside.page.style import (
    FAINT,
    FORGET,
    GRADIENT,
    INPUT,
    OUTPUT,
    RC,
    SIZE,
    picture,
)
from lstm_inside.words import Sentences, say

SEARCHES = {"annealing": FORGET, "guessing": INPUT, "descent": OUTPUT}
IN_WORDS = Sentences({"annealing": "annealing", "guessing": "guessing", "descent": "descent"})
_SETTINGS = Sentences(
    {
        "step": "step {number}",
        "rate": "rate {number}",
        "open": "open",
        "half open": "half open",
        "fresh": "fresh sequences",
        "more": "{first}, {others}",
    }
)


def search_in_words(name) -> str:
    """A search and its settings, such as "annealing, step 0.3, T = 0", in the language spoken."""
    first, _, others = name.partition(", ")
    number = re.fullmatch(r"(step|rate) ([\d.]+)", first)
    if number:
        first = _SETTINGS[number[1]].format(number=number[2])
    elif first in IN_WORDS:
        first = IN_WORDS[first]
    elif first in _SETTINGS:
        first = _SETTINGS[first]
    if not others:
        return first
    return _SETTINGS["more"].format(first=first, others=search_in_words(others))


def _colour_of(name):
    """The colour of the search that a name speaks of, in English or in the language spoken."""
    named = (SEARCHES[key] for key in SEARCHES if key in name or IN_WORDS[key] in name)
    return next(named, "#777777")


def draw_map(ax):
    """The map of `valley_loss` on ax, dark where it is low, with its scale beside it."""
    ax.figure.colours = None  # 256 are too few for the map and the lines on it
    ground = Pixels.on(ax, valley_map(), cmap=SIZE.reversed(), vmin=-0.2, vmax=0.9)
    ground.set_extent((LOW[0], HIGH[0], LOW[1], HIGH[1]))
    ax.set(xlim=(LOW[0], HIGH[0]), ylim=(LOW[1], HIGH[1]), aspect="auto")
    ax.set(xlabel=say("recurrent weight w"), ylabel=say("bias b"))
    bar = ax.figure.colorbar(
        ground, ax=ax, ticks=(0, 0.3, 0.6, 0.9), pad=0.02, aspect=30, extend="max"
    )
    bar.ax.set(ylim=(0, 0.9))
    bar.ax.set_title(say("loss"), fontsize=11, fontweight="normal")


def landscape():
    """The loss of a network with two weights, and descent on it from two starts."""
    with matplotlib.rc_context(RC):
        figure = picture(900, 380)
        figure.alt = say(
            "A map of the loss over the weights w and b, dark where it is low: a grey arc on "
            "the left, a much darker wedge on the right. Descent from the left ends in the "
            "arc, descent from the right in the wedge."
        )
        ax, cut = figure.subplots(1, 2, width_ratios=(3, 2))
        draw_map(ax)
        ax.set_title(say("Descent goes down, into the valley below its start"))
        for start, colour, words, at in (
            ((-1.8, 0.6), FORGET, say("stuck in the wrong valley"), (-1.05, -0.22)),
            ((2.2, -0.9), OUTPUT, say("found it"), (2.0, 0.0)),
        ):
            path = descent_path(np.array(start))
            ax.plot(*path.T, color=colour, lw=2.5)
            ax.plot(*path[0], "o", color=colour, ms=9)
            ax.plot(*path[-1], "*", color=colour, ms=15, mec="white")
            box = {"fc": "white", "ec": "none", "pad": 1.5}
            ax.text(*at, words, ha="center", va="center",
                    weight="bold", bbox=box)  # fmt: skip
        w = np.linspace(LOW[0], HIGH[0], 301)
        cut.plot(w, valley_loss(np.stack([w, 0 * w], axis=1)), color=GRADIENT)
        cut.set(xlim=(LOW[0], HIGH[0]), ylim=(-0.03, 0.9))
        cut.set(xlabel=say("recurrent weight w, at b = 0"), ylabel=say("loss"))
        cut.set_title(say("A cut: two valleys and a ridge"))
        for x, y, words in ((-1.7, 0.4, say("wrong valley")), (2.1, 0.13, say("right one")),
                            (0.0, 0.72, say("ridge"))):  # fmt: skip
            cut.text(x, y, words, ha="center", va="center", fontsize=11)
    return figure


def visits(temperatures=(0.1, 0.25, 0.5), walks=600, steps=300, seed=64):
    """How often walks at one temperature stand where, beside exp(-L / T); two weights, b = 0.

    Returns the picture and, for each temperature, the shares of the visits left of w = 0:
    counted and by the formula.
    """
    edges = np.linspace(LOW[0], HIGH[0], 61)
    middles = (edges[1:] + edges[:-1]) / 2
    height = _cut(middles[:, None])
    shares = []
    with matplotlib.rc_context(RC):
        figure = picture(900, 320)
        figure.suptitle(
            say("The visits follow (6.3)"), x=0.01, ha="left", weight="bold", fontsize=13
        )
        for ax, T in zip(figure.subplots(1, len(temperatures), sharey=True), temperatures,
                         strict=True):  # fmt: skip
            rng = np.random.default_rng(seed)
            places, _, _ = anneal_many(
                _cut, rng.uniform(-3, 3, (walks, 1)), np.full((steps, walks), T), step=1.0, rng=rng
            )
            seen = np.histogram(places[steps // 3 :], edges)[0].astype(float)
            formula = np.exp(-height / T)
            seen, formula = seen / seen.sum(), formula / formula.sum()
            left = seen[middles < 0].sum()
            shares.append((T, left, formula[middles < 0].sum()))
            ax.bar(middles, 100 * seen, width=edges[1] - edges[0], color=FORGET, alpha=0.45)
            ax.plot(middles, 100 * formula, color="#111111", lw=1.8)
            ax.set(xlim=(LOW[0], HIGH[0]), xlabel="w")
            title = say("T = {T:g}: {left:.1%} left of w = 0", T=T, left=left)
            ax.set_title(title, weight="normal", fontsize=12)
        figure.axes[0].set_ylabel(say("% of all visits"))
        for y, words, colour in ((0.92, say("bars: visits, counted"), FORGET),
                                 (0.83, say("line: by (6.3)"), "#111111")):  # fmt: skip
            figure.axes[0].text(0.05, y, words, color=colour, transform=figure.axes[0].transAxes)
    figure.alt = say(
        "Visits of random walks along w at three temperatures, as bars, with the curve "
        "exp(-L/T) over them: they agree. Cold, nearly all visits are in the right valley; hot, "
        "they spread over the whole range."
    )
    return figure, shares


def _cut(places):
    """The loss along b = 0 with a wall at both ends, (K, 1) -> (K,)."""
    w = places[:, 0]
    inside = np.clip(w, LOW[0], HIGH[0])
    return np.where(inside == w, valley_loss(np.stack([inside, 0 * w], axis=1)), 1e3)


def apart(heights, gap):
    """Heights moved up as far as it takes to stand at least `gap` apart, the order kept."""
    placed, floor = dict.fromkeys(heights), -np.inf
    for name in sorted(heights, key=heights.get):
        placed[name] = floor = max(heights[name], floor + gap)
    return placed


def heat(temperatures, counts, *, titles, alt):
    """Of 16 walks, how many end low and how many met a low place, against the start temperature.

    counts: (step, end) -> an array (2, number of temperatures), these two; end is the last
    temperature as a share of the first, 1 for walks that never cool. titles: of the two panels.
    """
    steps = list(dict.fromkeys(step for step, _ in counts))
    with matplotlib.rc_context(RC):
        figure = picture(900, 330, alt)
        panels = figure.subplots(1, 2, sharey=True)
        for row, (ax, title) in enumerate(zip(panels, titles, strict=True)):
            for colour, step in zip((INPUT, FORGET), steps, strict=True):
                for end, dashes in ((min(k[1] for k in counts), "-"), (1, (0, (2, 1.5)))):
                    ax.plot(temperatures, counts[step, end][row], color=colour, ls=dashes)
            ax.set(xlim=(0, max(temperatures)), ylim=(-0.3, 16.5), yticks=(0, 4, 8, 12, 16))
            ax.set(xlabel=say("start temperature"), title=title, xticks=(0, 0.5, 1, 1.5, 2))
        panels[0].set_ylabel(say("of 16 walks, with a loss below 0.05"))
        for colour, step in zip((INPUT, FORGET), steps, strict=True):
            cooled = counts[step, min(k[1] for k in counts)][0]
            at = temperatures[-2] + 0.04, cooled[-2] + 0.6  # above its own line
            words = search_in_words(f"step {step:g}")
            panels[0].text(*at, words, color=colour, weight="bold")
        words = say("solid: cooled; dashed: never cooled")
        panels[0].text(0.97, 0.93, words, ha="right", fontsize=11, transform=panels[0].transAxes)
    return figure


def rarer(counts, *, title, alt):
    """A bar for each network, as long as the count of right guesses: name -> count."""
    with matplotlib.rc_context(RC):
        figure = picture(900, 60 + 36 * len(counts), alt)
        ax = figure.subplots()
        for y, count in enumerate(counts.values()):
            ax.barh(y, count, height=0.6, color=INPUT)
            ax.text(count + 0.01 * max(counts.values()), y, f"{count:,}", va="center",
                    color=INPUT, weight="bold")  # fmt: skip
        ax.set_yticks(range(len(counts)), counts)
        ax.set(ylim=(len(counts) - 0.5, -0.5), xlim=(0, 1.1 * max(counts.values())), title=title)
        ax.grid(False)
    return figure


_ENOUGH = 0.9  # from here on a network counts as one that has found the rule, or recalls


def starts(scores, *, title, xlabel, alt, lazy, limits, enough, losses, panel, hand=None):
    """A row of dots for each search, one a start and draw: name -> (K,) scores on unseen sequences.

    A name says which of SEARCHES it is, in English or in the language spoken; that colours the row.
    lazy: the score of who knows nothing. enough: what more than a score of 0.9 is called; how
    many have it stands at the end of each row, and after alt. hand: name and score of one more
    line. limits: of the axis; what lies beyond is drawn at its end as an arrowhead. losses: name
    -> the median loss on training sequences (None for no such set) and on unseen ones, drawn in a
    second panel. panel: its title, its label, and the loss of who knows nothing.
    """
    counts = {k: f"{(values > _ENOUGH).sum()}/{len(values)}" for k, values in scores.items()}
    said = " · ".join(f"{search_in_words(name)} ({count})" for name, count in counts.items())
    with matplotlib.rc_context(RC):
        figure = picture(900, 70 + 42 * len(scores), f"{alt} {said}")
        ax, beside = figure.subplots(1, 2, sharey=True, width_ratios=(5, 2))
        rng = np.random.default_rng(0)
        for y, (name, values) in enumerate(scores.items()):
            colour = _colour_of(name)
            spread = rng.uniform(-0.22, 0.22, len(values))
            shown = values >= limits[0]
            for marker, which in (("o", shown), ("<", ~shown)):
                ax.plot(np.maximum(values[which], limits[0]), y + spread[which], marker,
                        color=colour, ms=7, alpha=0.6, ls="")  # fmt: skip
            ax.text(1.01, y, counts[name], color=colour, va="center",
                    transform=ax.get_yaxis_transform())  # fmt: skip
            own, unseen = losses[name]
            if own is not None:
                beside.plot([own, unseen], [y, y], color=colour, lw=1.5)
                beside.plot(own, y, "o", color=colour, mfc="white", mew=2, ms=9)
            beside.plot(unseen, y, "o", color=colour, ms=9)
        ax.set_yticks(range(len(scores)), map(search_in_words, scores))
        ax.set(xlim=(limits[0] - 0.02, limits[1] + 0.03), ylim=(len(scores) - 0.45, -0.75))
        ax.set(xlabel=xlabel, title=title)
        marks = [(say("knows nothing"), lazy), (enough, _ENOUGH), *([hand] if hand else [])]
        for name, x in marks:
            ax.axvline(x, color="#888888", lw=1.3, ls=":")
            ax.text(x, -0.6, name, ha="right" if name == enough else "left", fontsize=11,
                    va="center", color="#555555")  # fmt: skip
        beside.axvline(panel[2], color="#888888", lw=1.3, ls=":")
        most = max(unseen for _, unseen in losses.values())
        beside.set(xlim=(-0.05 * most, 1.1 * most), xlabel=panel[1], title=panel[0])
        beside.tick_params(left=False)
        for each in (ax, beside):
            each.grid(False)
    return figure


def round_trip(cities, tour):
    """The way of a tour (N,) through cities (N, 2), home again: x and y, (N + 1,) each."""
    return cities[np.append(tour, tour[0])].T


def draw_trip(ax, cities, tour, colour):
    """A tour (N,) on a map of cities (N, 2) that fills the axes; returns its line."""
    (line,) = ax.plot(*round_trip(cities, tour), color=colour, lw=1.6)
    ax.plot(*cities.T, "o", color="#111111", ms=4)
    ax.set(xlim=(-0.04, 1.04), ylim=(-0.04, 1.04), xticks=(), yticks=(), aspect="equal")
    ax.grid(False)
    return line


def tours(cities, kinds, *, shortest, farthest, title, xlabel, beyond, alt):
    """For each kind of search a typical round trip, and for every run how long its own is.

    cities (N, 2). kinds: name -> tours (R, N), of four: guessing, the cold walk, the restarted one,
    the hot one; the typical tour is that of median length. shortest: the length that all are
    measured by, in percent beyond it, on an axis that ends at `farthest`. What lies beyond is an
    arrowhead there, with the words `beyond`, which say how many {times} as long it is.
    """
    looks = ((INPUT, "s"), (GRADIENT, "o"), ("#777777", "o"), (FORGET, "o"))
    with matplotlib.rc_context(RC):
        figure = picture(900, 440, alt)
        panels = figure.subplot_mosaic([list("abcd"), ["runs"] * 4], height_ratios=(5, 4))
        runs, rng = panels.pop("runs"), np.random.default_rng(0)
        named = zip(panels.values(), kinds.items(), looks, strict=True)
        for y, (ax, (name, found), (colour, marker)) in enumerate(named):
            lengths = tour_lengths(cities[None], found)
            typical = np.argsort(lengths)[(len(lengths) - 1) // 2]
            draw_trip(ax, cities, found[typical], colour)
            length = say("{name}: {length:.2f}", name=name, length=lengths[typical])
            ax.set_title(length, color=colour)
            longer = 100 * (lengths / shortest - 1)
            spread = rng.uniform(-0.22, 0.22, len(longer))
            within = longer <= farthest
            runs.plot(longer[within], y + spread[within], marker, color=colour, ms=7, alpha=0.6)
            if not within.all():
                runs.plot(farthest, y, ">", color=colour, ms=9)
                words = beyond.format(times=np.median(lengths[~within]) / shortest)
                runs.text(0.98 * farthest, y, words, color=colour, ha="right", va="center")
        runs.set_yticks(range(len(kinds)), kinds)
        runs.set(xlim=(-0.02 * farthest, 1.01 * farthest), ylim=(len(kinds) - 0.5, -0.5))
        runs.set(xlabel=xlabel, title=title)
        runs.grid(False, axis="y")
    return figure


def score(rows, *, names, title, xlabel, alt):
    """What heat adds on each task: a bar from the cold walk to the hot one, and two rivals.

    rows: task -> the percentage of runs that succeed, of the cold walk, the hot one, guessing and
    descent; None where a task has no such search. names: what these four are called.
    """
    colours, shapes, sizes = ("#111111", FORGET, INPUT, OUTPUT), "oos^", (15, 8, 9, 9)
    with matplotlib.rc_context(RC):
        figure = picture(900, 90 + 56 * len(rows), alt)
        ax = figure.subplots()
        at = np.arange(len(rows)) - 0.17
        drawn = np.array(list(rows.values()), dtype=float).T  # (4, rows)
        ax.hlines(at, *drawn[:2], color=FORGET, lw=7, alpha=0.35)
        for percents, y, colour, shape, size, name in zip(
            drawn, (at, at, at + 0.34, at + 0.34), colours, shapes, sizes, names, strict=True
        ):
            face = "white" if size == max(sizes) else colour  # a ring, with room for a dot in it
            ax.plot(percents, y, shape, color=colour, mfc=face, mew=2, ms=size, label=name)
        for y in at[1:]:
            ax.axhline(y - 0.33, color=FAINT, lw=1)
        ax.set_yticks(range(len(rows)), rows)
        ax.set(xlim=(-3, 103), ylim=(len(rows) - 0.5, -0.5), xlabel=xlabel, title=title)
        ax.grid(False)
        figure.legend(loc="outside right center", labelcolor=colours)
    return figure


def two_numbers(kinds, *, title, xlabel, ylabel, latch, adder, alt):
    """A dot for each network given two flagged numbers: what the earlier and the later one count.

    kinds: name -> `TwoFlags`, at most three, drawn one over the other in this order. latch, adder:
    the names of the places (0, 1) and (1, 1).
    """
    looks = ((FORGET, "^"), (OUTPUT, "o"), (INPUT, "s"))
    with matplotlib.rc_context(RC):
        figure = picture(900, 400, alt)
        ax = figure.subplots()
        for (name, seen), (colour, marker) in zip(kinds.items(), looks, strict=False):
            ax.plot(seen.first, seen.last, marker, color=colour, ms=8, alpha=0.6, mew=0, label=name)
        for x, name in ((0, latch), (1, adder)):
            ax.plot(x, 1, "o", ms=26, mfc="none", mec="#555555", mew=1.3)
            ax.text(x, 1.12, name, ha="center", va="center", weight="bold")
        ax.set(xlim=(-0.2, 1.2), ylim=(-0.07, 1.19), xlabel=xlabel, ylabel=ylabel, title=title)
        figure.legend(loc="outside right center", labelcolor="linecolor")
    return figure
