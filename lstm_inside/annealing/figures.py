"""What stands still in notebook 06: the landscape, visits of a walk, scores of many starts."""

import re

import matplotlib
import numpy as np

from lstm_inside.annealing.comparisons import ENOUGH
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

SEARCHES = {"walk": FORGET, "guessing": INPUT, "descent": OUTPUT}
IN_WORDS = Sentences(
    {
        "walk": "walk",
        "annealing": "annealing",
        "guessing": "guessing",
        "descent": "descent",
        "by hand": "by hand",
    }
)
_SETTINGS = Sentences(
    {
        "step": "step {number}",
        "rate": "rate {number}",
        "T =": "T from {number}",
        "T = 0": "cold",
        "open": "open",
        "five starts": "five starts",
        "fresh": "fresh sequences",
        "more": "{first}, {others}",
    }
)


def search_in_words(name) -> str:
    """A search and its settings, such as "walk, step 0.3, T = 0", in the language spoken."""
    first, _, others = name.partition(", ")
    number = re.fullmatch(r"(step|rate|T =) ([\d.]+)", first)
    if number and first not in _SETTINGS:
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


def heat(temperatures, counts, *, titles, alt):
    """Of 16 walks, how many end low and how many met a low place, against the start temperature.

    counts: (step, end) -> an array (2, number of temperatures), these two; end is the last
    temperature as a share of the first, 1 for walks that never cool. These are drawn, and of the
    others those that cool least. titles: of the two panels.
    """
    steps = list(dict.fromkeys(step for step, _ in counts))
    mild = max(end for _, end in counts if end < 1)
    with matplotlib.rc_context(RC):
        figure = picture(900, 330, alt)
        panels = figure.subplots(1, 2, sharey=True)
        for row, (ax, title) in enumerate(zip(panels, titles, strict=True)):
            for colour, step in zip((INPUT, FORGET), steps, strict=True):
                for end, dashes in ((mild, "-"), (1, (0, (2, 1.5)))):
                    line = counts[step, end][row]
                    ax.plot(temperatures, line, "o", ls=dashes, color=colour, ms=5, clip_on=False)
            ax.set(xlim=(0, max(temperatures)), ylim=(-0.3, 17.6), yticks=(0, 4, 8, 12, 16))
            ax.set(xlabel=say("start temperature"), title=title, xticks=(0, 0.5, 1, 1.5, 2))
        panels[0].set_ylabel(say("of 16 walks, with a loss below 0.05"))
        for row, (ax, off) in enumerate(zip(panels, ((0.7, 0.7), (0.5, -1.6)), strict=True)):
            for colour, step, up in zip((INPUT, FORGET), steps, off, strict=True):
                at = temperatures[-2] + 0.04, counts[step, mild][row][-2] + up  # off its own line
                ax.text(*at, search_in_words(f"step {step:g}"), color=colour, weight="bold")
        words = say("solid: cooled; dashed: never cooled")
        panels[0].text(0.97, 0.94, words, ha="right", fontsize=11, transform=panels[0].transAxes)
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


def tours(maps, kinds, *, drawn, shortest, farthest, title, xlabel, beyond, place, alt):
    """For every run of each kind of search how long its round trip is, and two typical trips.

    maps (3, N, 2). kinds: name -> tours (R, 3, N), of five: guessing, the cold walk, the restarted
    one, that at a fixed temperature, the one that cools. drawn: the two whose tour of median length
    on the first map is shown. shortest (3,): the lengths that all are measured by, in percent
    beyond them, on axes that end at `farthest`; a tick is the median. What lies beyond is an
    arrowhead there, and where the median does the words `beyond` say how many {times} as long it
    is. place: the name of a map, with its {number}.
    """
    looks = ((INPUT, "s"), (GRADIENT, "o"), ("#777777", "o"), (FORGET, "o"), (FORGET, "o"))
    with matplotlib.rc_context(RC):
        figure = picture(900, 430, alt)
        figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=13)
        grid = figure.add_gridspec(2, 4, width_ratios=(5, 4, 4, 4))
        columns = [figure.add_subplot(grid[:, m + 1]) for m in range(len(maps))]
        rng = np.random.default_rng(0)
        lengths = {name: tour_lengths(maps, found) for name, found in kinds.items()}
        for y, (name, (colour, marker)) in enumerate(zip(kinds, looks, strict=True)):
            for m, ax in enumerate(columns):
                longer = 100 * (lengths[name][:, m] / shortest[m] - 1)
                spread = rng.uniform(-0.22, 0.22, len(longer))
                within = longer <= farthest
                ax.plot(longer[within], y + spread[within], marker, color=colour, ms=6, alpha=0.5)
                off = y + spread[~within]
                ax.plot(np.full(len(off), farthest), off, ">", color=colour, ms=8)
                middle = np.median(longer)
                if middle <= farthest:
                    ax.plot(middle, y, "|", color="#111111", ms=26, mew=2.5)
                else:
                    words = beyond.format(times=1 + middle / 100)
                    ax.text(0.93 * farthest, y, words, color=colour, ha="right", va="center")
        for row, name in enumerate(drawn):
            of_map = lengths[name][:, 0]
            typical = np.argsort(of_map)[(len(of_map) - 1) // 2]
            colour = looks[list(kinds).index(name)][0]
            ax = figure.add_subplot(grid[row, 0])
            draw_trip(ax, maps[0], kinds[name][typical, 0], colour)
            length = say("{name}: {length:.2f}", name=name, length=of_map[typical])
            ax.set_title(length, color=colour, fontsize=12)
            ax.set_xlabel(place.format(number=1))
        for m, ax in enumerate(columns):
            ax.set(xlim=(-0.03 * farthest, 1.02 * farthest), ylim=(len(kinds) - 0.5, -0.5))
            ax.set_yticks(range(len(kinds)), kinds if m == 0 else ())
            ax.set(xticks=range(0, int(farthest) + 1, 5))
            ax.set_title(place.format(number=m + 1), weight="normal", fontsize=12)
            ax.grid(False, axis="y")
        columns[1].set_xlabel(xlabel)
    return figure


def score(tasks, *, cold, hot, fixed, other, title, xlabel, alt):
    """What each search came to on each task, from best to worst; the rows of the best are shaded.

    tasks: name -> `comparisons.Score`. A bar leads from the walk without heat, a ring, to the one
    with it, a dot, pale if they differ by less than _LUCK runs; the counts stand beside the marks.
    The words `cold` and `hot` stand in the longest bar, `fixed` beside a walk that never cools,
    `other` beside searches in another network, which come last and are hollow. Shaded is what is
    less than _LUCK runs behind the best. All the counts stand after alt.
    """
    rows = [
        row
        for name, score in tasks.items()
        for row in ((name, None), *_ranked(score), *_others(score))
    ]
    widest = max((abs(_gap(marks)), y) for y, (_, marks) in enumerate(rows) if marks)[1]
    with matplotlib.rc_context(RC):
        said = " ".join(f"{name} ({_counts(score, fixed)})" for name, score in tasks.items())
        figure = picture(900, 80 + 27 * len(rows), f"{alt} {said}")
        ax = figure.subplots()
        shaded, best, lone, steady = [], None, False, None
        for y, (name, marks) in enumerate(rows):
            if marks is None:
                score = tasks[name]
                steady, best = score.fixed, _best(score)
                ax.axhline(y - 0.5, color=FAINT, lw=1)
                continue
            lone = name in score.others
            last = _draw_marks(ax, y, name, marks, hollow=lone)
            if y == widest:
                left, right = sorted(each.percent for each in marks)
                words = (cold, hot) if marks[0].percent == left else (hot, cold)
                for x, word, side in (
                    (left + 1.5, words[0], "left"),
                    (right - 1.5, words[1], "right"),
                ):
                    ax.text(x, y, word, ha=side, va="center", fontsize=11)
            if lone:
                ax.text(last - 9, y, other, ha="right", va="center", fontsize=11, color="#555555")
            walked = name in score.walks
            if walked and steady is not None:
                ax.plot(steady.percent, y, "o", color=FORGET, mfc="white", mew=2, ms=8)
                words = f"{fixed} {steady.found}/{steady.runs}"
                ax.text(steady.percent, y - 0.42, words, color=FORGET, ha="center", va="center",
                        fontsize=10)  # fmt: skip
                marks = (*marks, steady)
            if not lone and _behind(marks, best) < _LUCK:
                shaded.append(y)
                ax.axhspan(y - 0.45, y + 0.45, color=FAINT, alpha=0.35, lw=0, zorder=0)
        ax.set_yticks(range(len(rows)), [n if m is None else search_in_words(n) for n, m in rows])
        for y, ((name, marks), label) in enumerate(zip(rows, ax.get_yticklabels(), strict=True)):
            label.set_weight("bold" if marks is None or y in shaded else "normal")
            label.set_color("#111111" if marks is None else _colour_of(name))
        ax.set(xlim=(-9, 110), ylim=(len(rows) - 0.4, -0.6), xlabel=xlabel, title=title)
        ax.set_xticks(range(0, 101, 20))
        ax.grid(False)
    return figure


_LUCK = 4  # runs; smaller differences are not told apart


def _marks(score):
    """Every row of a score but those in another network: name -> its counts."""
    return {**score.walks, **{name: (count,) for name, count in score.rivals.items()}}


def _ranked(score):
    """From best to worst, each with its best count."""
    return sorted(_marks(score).items(), key=lambda row: -max(each.percent for each in row[1]))


def _others(score):
    return [(name, (count,)) for name, count in score.others.items()]


def _best(score):
    """The best count of a task, without searches in another network."""
    each = [count for marks in _marks(score).values() for count in marks]
    return max([*each, *([score.fixed] if score.fixed else [])], key=lambda count: count.percent)


def _behind(marks, best):
    """By how many runs the best of some counts is behind the best of the task."""
    return (best.percent - max(each.percent for each in marks)) * best.runs / 100


def _gap(marks):
    """By how many per cent the hot walk is ahead of the cold one."""
    return marks[-1].percent - marks[0].percent


def _draw_marks(ax, y, name, marks, *, hollow):
    """The marks of one row and their counts beside them; returns where the last mark stands."""
    colour, at = _colour_of(name), [each.percent for each in marks]
    if len(marks) == 2:
        pale = abs(_gap(marks)) * marks[0].runs / 100 < _LUCK
        ax.plot(at, [y, y], color=FORGET, lw=7, alpha=0.12 if pale else 0.35,
                solid_capstyle="butt")  # fmt: skip
        ax.plot(at[0], y, "o", color="#111111", mfc="white", mew=2, ms=13)
        ax.plot(at[1], y, "o", color=FORGET, ms=8)
    else:
        marker = "s" if "guessing" in name else "^"
        face = "white" if hollow else colour
        ax.plot(at[0], y, marker, color=colour, mfc=face, mew=1.5, ms=9)
    sides = {round(x, 6): each for x, each in zip(at, marks, strict=True)}
    for x, each in sides.items():
        left = len(sides) == 2 and x == min(sides)
        ax.text(x - 1.5 if left else x + 1.5, y, f"{each.found}/{each.runs}", color="#555555",
                ha="right" if left else "left", va="center", fontsize=10)  # fmt: skip
    return at[-1]


def _counts(score, fixed):
    """All of one `comparisons.Score` in a line, for who does not see the picture."""

    def in_short(count):
        return f"{count.found}/{count.runs}"

    steady = [] if score.fixed is None else [f"{fixed} {in_short(score.fixed)}"]
    rows = [*_ranked(score), *_others(score)]
    each = [f"{search_in_words(name)} {' – '.join(map(in_short, marks))}" for name, marks in rows]
    return " · ".join([*each, *steady])


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
