"""What stands still in notebook 06: the landscape, visits of a walk, scores of many starts."""

import re

import matplotlib
import numpy as np

from lstm_inside.annealing import comparisons
from lstm_inside.annealing.comparisons import ENOUGH
from lstm_inside.annealing.landscape import HIGH, LOW, descent_path, valley_loss, valley_map
from lstm_inside.annealing.search import anneal_many
from lstm_inside.annealing.tours import tour_lengths, way_out
from lstm_inside.page import Pixels
from lstm_inside.page.style import (
    FORGET,
    GRADIENT,
    INPUT,
    OUTPUT,
    RC,
    SIZE,
    picture,
)
from lstm_inside.words import Sentences, say

SEARCHES = {"walk": FORGET, "guessing": INPUT, "descent": OUTPUT}
IN_WORDS = Sentences(
    {
        "walk": "walk",
        "annealing": "annealing",
        "guessing": "guessing",
        "descent": "descent",
    }
)
_SETTINGS = Sentences(
    {
        "T =": "T from {number}",
        "T = 0": "cold",
        "fresh": "fresh sequences",
        "more": "{first}, {others}",
    }
)


def search_in_words(name) -> str:
    """A search and its settings, such as "walk, T = 0.01", in the language spoken."""
    first, _, others = name.partition(", ")
    number = re.fullmatch(r"T = ([\d.]+)", first)
    if number and first not in _SETTINGS:
        first = _SETTINGS["T ="].format(number=number[1])
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
        for x, y, words in ((-1.7, 0.4, say("wrong valley")), (2.1, 0.13, say("good valley")),
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
        "exp(-L/T) over them: they agree. Cold, nearly all visits are in the good valley; hot, "
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


def heat():
    """How many walks on the map end low, and how many met a low place, by start temperature.

    A panel for each step size; what `comparisons.ridge_walks` found.
    """
    found, at = comparisons.ridge_walks(), np.arange(len(comparisons.RIDGE_HEATS))
    titles = {0.3: say("Small steps (0.3): cross, then stay"),
              1.5: say("Large steps (1.5): heat only harms")}  # fmt: skip
    with matplotlib.rc_context(RC):
        figure = picture(900, 350)
        panels = figure.subplots(1, 2, sharey=True)
        for ax, (step, title) in zip(panels, titles.items(), strict=True):
            (ends, _), (steady, met) = found[step, True], found[step, False]
            ax.plot(at, met, "o-", color=INPUT, ms=5, clip_on=False)
            ax.plot(at[:-1], ends[:-1], "o-", color=FORGET, ms=5, lw=2.5, clip_on=False)
            ax.plot(at, steady, "o", ls=(0, (2, 1.5)), color=FORGET, ms=5, clip_on=False)
            ax.set_xticks(at, [f"{T:g}" for T in comparisons.RIDGE_HEATS[:-1]] + ["∞"])
            ax.set(xlim=(0, at[-1]), ylim=(-2, 112), yticks=range(0, 101, 25), title=title)
        panels[0].set_ylabel(say("% of the walks"))
        figure.supxlabel(say("start temperature (∞: every candidate is taken)"), fontsize=12)
        for x, y, words, colour, side in (
            (3.0, 97, say("met low, never cooled"), INPUT, "right"),
            (6.9, 66, say("end low,\ncooled"), FORGET, "right"),
            (4.05, 15, say("end low,\nnever cooled"), FORGET, "right"),
        ):
            panels[0].text(x, y, words, color=colour, weight="bold", ha=side, va="center",
                           fontsize=11)  # fmt: skip
    figure.alt = say(
        "Two panels, % of the walks against the start temperature. With small steps none meets "
        "or ends in a low place without heat; those that met one rise to nearly all, those that "
        "end in one rise and fall again, soon if never cooled, late if cooled. With large steps "
        "all meet one; those that end in one fall with the temperature, first if never cooled."
    )
    return figure


def starts(scores, *, title, xlabel, alt, lazy, limits, enough, losses, panel, hand=None):
    """A row of dots for each search, one a start and draw: name -> (K,) scores on unseen sequences.

    A name says which of SEARCHES it is, in English or in the language spoken; that colours the row.
    lazy: the score of who knows nothing. enough: what more than a score of 0.9 is called; how
    many have it stands at the end of each row, and after alt. hand: name and score of one more
    line. limits: of the axis; what lies beyond is drawn at its end as an arrowhead. losses: name
    -> the median loss on training sequences (None for no such set) and on unseen ones, drawn in a
    second panel. panel: its title, its label, and the loss of who knows nothing.
    """
    counts = {k: f"{(values > ENOUGH).sum()}/{len(values)}" for k, values in scores.items()}
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
        marks = [(say("knows nothing"), lazy), (enough, ENOUGH), *([hand] if hand else [])]
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


TRIPS = Sentences(
    {
        "guessing": "guessing",
        "cold": "cold, one start",
        "four": "cold, four starts",
        "fixed": "T = 0.02 always",
        "cooled": "cooled from 0.1",
    }
)
_SHOWN = 0, 4  # run and map of a stuck tour whose fault is seen


def stuck():
    """A tour that no reversal shortens, a longer one beside it, and the shorter one behind that."""
    found = comparisons.round_trips()
    run, m = _SHOWN
    cities = found.maps[m]
    tours = [found.cold[run, m], *way_out(found.maps[m : m + 1], found.cold[run, m])]
    lengths = tour_lengths(found.maps[m : m + 1], np.array(tours)[:, None])[:, 0]
    legs = [_legs(tour) for tour in tours]
    titles = (
        say("Stuck: length {length:.2f}", length=lengths[0]),
        say("One reversal: {length:.2f}, longer", length=lengths[1]),
        say("A second one: {length:.2f}, shorter", length=lengths[2]),
    )
    with matplotlib.rc_context(RC):
        figure = picture(900, 330)
        panels = figure.subplots(1, 3)
        for ax, tour, own, title in zip(panels, tours, legs, titles, strict=True):
            draw_trip(ax, cities, tour, GRADIENT)
            for leg in own - (legs[2] if own == legs[0] else legs[0]):
                dashes = (0, (1.5, 1)) if own == legs[0] else "-"
                ax.plot(*cities[list(leg)].T, color=FORGET, lw=4, ls=dashes, zorder=2.2)
            ax.set_title(title, fontsize=12)
        panels[0].set_xlabel(say("dotted: legs that will go"))
        panels[1].set_xlabel(say("orange: legs that are new"))
        panels[2].set_xlabel(say("orange: legs that are new"))
    figure.alt = say(
        "Three round trips through the same cities. In the first, {first:.2f} long, one city is "
        "reached from the wrong side. One reversal makes it longer, {second:.2f}; a second one "
        "shorter than the first, {third:.2f}: now the city lies on the road that passes it.",
        first=lengths[0], second=lengths[1], third=lengths[2],
    )  # fmt: skip
    return figure


def _legs(tour):
    """The legs of a tour as pairs of cities."""
    return {frozenset(leg) for leg in zip(tour.tolist(), np.roll(tour, -1).tolist(), strict=True)}


def trips():
    """On each map how far cold walks with restarts and cooled walks end from the shortest tour."""
    found = comparisons.round_trips()
    cold, hot = (np.median(found.beyond(found.met[name]), axis=0) for name in ("four", "cooled"))
    title = say(
        "Cooled tours are shorter on {better} of {maps} maps",
        better=(hot < cold).sum(), maps=len(cold),
    )  # fmt: skip
    with matplotlib.rc_context(RC):
        figure = picture(900, 390)
        ax, bars = figure.subplots(1, 2, width_ratios=(3, 2))
        for y, (far, near) in enumerate(zip(cold, hot, strict=True)):
            ax.plot([far, near], [y, y], color="#BBBBBB", lw=2, zorder=1)
        ax.plot(cold, range(len(cold)), "o", color=GRADIENT, ms=9)
        ax.plot(hot, range(len(hot)), "o", color=FORGET, ms=9)
        ax.set(xlim=(-0.15, 1.12 * cold.max()), ylim=(len(cold) - 0.5, -1.3), title=title)
        ax.set_yticks(
            range(len(cold)), [say("map {number}", number=m + 1) for m in range(len(cold))]
        )
        ax.set_xlabel(say("% longer than the shortest tour found, median of 12"))
        ax.text(hot[0], -0.75, say("cooled"), color=FORGET, weight="bold", ha="center")
        ax.text(
            cold[0], -0.75, say("cold, four starts"), color=GRADIENT, weight="bold", ha="center"
        )
        ax.grid(False, axis="y")
        kinds = {"guessing": INPUT, "cold": GRADIENT, "four": GRADIENT, "fixed": FORGET,
                 "cooled": FORGET}  # fmt: skip
        percent = [found.near(found.met[name]).percent for name in kinds]
        bars.barh(range(len(kinds)), percent, color=list(kinds.values()), height=0.55)
        for y, x in enumerate(percent):
            bars.text(x + 1.5, y, f"{x:.0f} %", va="center", fontsize=11)
        bars.set_yticks(range(len(kinds)), [TRIPS[name] for name in kinds])
        bars.set(xlim=(0, 85), ylim=(len(kinds) - 0.5, -0.5))
        bars.set_title(say("Within 2 % of the shortest"))
        bars.set_xlabel(say("% of all tours"))
        bars.grid(False, axis="y")
    said = " · ".join(f"{TRIPS[name]} {x:.0f} %" for name, x in zip(kinds, percent, strict=True))
    figure.alt = say(
        "Left, two dots for each of ten maps, how much longer than the shortest the median tour "
        "is: that of cooled walks lies left of that of the best of four cold ones. Right, how "
        "many tours are within 2 %: {said}",
        said=said,
    )  # fmt: skip
    return figure


def answer():
    """How many runs succeed on the map, on the round trip and at recall, by search."""
    tasks = {
        say("Map: guessing"): say("small steps; meets a loss below 0.05"),
        say("Round trip: heat"): say("within 2 % of the shortest"),
        say("Recall: descent"): say("R² above 0.9"),
    }
    names = {
        "guessing": say("guessing"),
        "descent": say("descent"),
        "cold": say("walk, no heat"),
        "heat": say("walk, with heat"),
    }
    colours = {"guessing": INPUT, "descent": OUTPUT, "cold": GRADIENT, "heat": FORGET}
    lines = []
    with matplotlib.rc_context(RC):
        figure = picture(900, 270)
        panels = figure.subplots(1, 3, sharey=True)
        for ax, (title, goal), counts in zip(panels, tasks.items(), comparisons.successes(),
                                             strict=True):  # fmt: skip
            best = max(count.percent for count in counts.values() if count)
            said = []
            for y, (name, words) in enumerate(names.items()):
                count = counts[name]
                if count is None:
                    ax.text(2, y, say("no gradient"), va="center", fontsize=11, color="#555555")
                    continue
                first = count.percent == best
                ax.barh(
                    y, count.percent, color=colours[name], height=0.6, alpha=1 if first else 0.45
                )
                ax.text(count.percent + 2, y, f"{count.percent:.0f} %", va="center", fontsize=11,
                        weight="bold" if first else "normal")  # fmt: skip
                said.append(f"{words} {count.found}/{count.runs}")
            lines.append(f"{title} ({' · '.join(said)})")
            ax.set(xlim=(0, 125), ylim=(3.6, -0.6), title=title, xlabel=goal, xticks=(0, 50, 100))
            ax.grid(False)
        panels[0].set_yticks(range(len(names)), names.values())
    figure.alt = say("% of the runs that succeed.") + " " + " ".join(lines)
    return figure
