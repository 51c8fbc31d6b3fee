"""What stands still in notebook 06: the landscape, visits of a walk, scores of many starts."""

import re

import matplotlib
import numpy as np

from lstm_inside import validate
from lstm_inside.annealing import comparisons
from lstm_inside.annealing.comparisons import ENOUGH
from lstm_inside.annealing.landscape import HIGH, LOW, descent_path, valley_loss, valley_map
from lstm_inside.annealing.search import anneal_many
from lstm_inside.annealing.tours import tour_lengths, way_out
from lstm_inside.page import Pixels
from lstm_inside.page.style import (
    CANDIDATE_LINE,
    FORGET,
    GRADIENT,
    INPUT,
    OUTPUT,
    RC,
    SIZE,
    picture,
)
from lstm_inside.words import Sentences, say

SEARCHES = {
    "downhill": GRADIENT,
    "fixed": CANDIDATE_LINE,
    "annealed": FORGET,
    "blind": "#888888",
    "guessing": INPUT,
    "descent": OUTPUT,
}
IN_WORDS = Sentences(
    {
        "downhill": "downhill walk",
        "fixed": "fixed T",
        "annealed": "annealed",
        "blind": "blind, T = ∞",
        "guessing": "guessing",
        "descent": "descent",
    }
)
_SETTINGS = Sentences(
    {
        "fixed": "fixed T = {number}",
        "annealed": "annealed from {number}",
        "shrinking": "shrinking steps",
        "fresh": "fresh sequences",
        "more": "{first}, {others}",
    }
)


def search_in_words(name) -> str:
    """A search and its settings, such as "annealed, T = 0.01", in the language spoken."""
    first, _, others = name.partition(", ")
    number = re.fullmatch(r"T = ([\d.]+)", others)
    if number and first in ("fixed", "annealed"):
        return _SETTINGS[first].format(number=number[1])
    first = IN_WORDS.get(first, first)
    if not others:
        return first
    return _SETTINGS["more"].format(first=first, others=_SETTINGS.get(others, others))


def _colour_of(name):
    """The colour of the search that a name speaks of, in English or in the language spoken."""
    named = (SEARCHES[key] for key in SEARCHES if key in name or IN_WORDS[key] in name)
    return next(named, "#777777")


def draw_map(ax):
    """The map of `valley_loss` on ax, dark where it is low, with its scale beside it."""
    shades = SIZE.reversed().resampled(56)  # so few that 256 colours hold the lines as well
    ground = Pixels.on(ax, valley_map(), cmap=shades, vmin=-0.2, vmax=0.9)
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
        for start, words, at in (
            ((-1.8, 0.6), say("stuck in the wrong valley"), (-1.05, -0.22)),
            ((2.2, -0.9), say("found it"), (2.0, 0.0)),
        ):
            path = descent_path(np.array(start))
            ax.plot(*path.T, color=SEARCHES["descent"], lw=2.5)
            ax.plot(*path[0], "o", color=SEARCHES["descent"], ms=9, mec="white")
            ax.plot(*path[-1], "*", color=SEARCHES["descent"], ms=15, mec="white")
            box = {"fc": "white", "ec": "none", "pad": 1.5}
            ax.text(*at, words, ha="center", va="center",
                    weight="bold", bbox=box)  # fmt: skip
        w = np.linspace(LOW[0], HIGH[0], 301)
        cut.plot(w, valley_loss(np.stack([w, 0 * w], axis=1)), color=GRADIENT)
        cut.set(xlim=(LOW[0], HIGH[0]), ylim=(-0.03, 0.9))
        cut.set(xlabel=say("recurrent weight w, at b = 0"), ylabel=say("loss"))
        cut.set_title(say("A cut at b = 0: two valleys and a ridge"))
        plateau = say("plateau: 1.6")
        for x, y, words in ((0.0, 1.05, plateau), (0.0, -1.05, plateau),
                            (0.0, 0.0, say("pass"))):  # fmt: skip
            ax.text(x, y, words, ha="center", va="center", fontsize=12)
        for x, y, words in ((-1.7, 0.4, say("wrong valley")), (2.1, 0.13, say("good valley")),
                            (0.0, 0.72, say("ridge"))):  # fmt: skip
            cut.text(x, y, words, ha="center", va="center", fontsize=11)
    return figure


def cooling(looks=500, walks=600, step=0.3, seed=5):
    """How many walkers from the wrong valley of the cut stand low, look by look. Section 3.

    Thin, how many have crossed w = 0. Three temperatures stay; a fourth falls from the hottest to
    a twentieth. Returns the picture and, by name, after how many candidates half have crossed, in
    words, and the % that stand low after the last look.
    """
    courses = {
        say("too hot: T = 0.5"): (np.full(looks, 0.5), SEARCHES["fixed"], "--"),
        say("too cold: T = 0.03"): (np.full(looks, 0.03), SEARCHES["fixed"], ":"),
        say("between: T = 0.1"): (np.full(looks, 0.1), SEARCHES["fixed"], "-"),
        say("cooled: T from 0.5 to 0.025"): (
            comparisons.cooled(0.5, looks), SEARCHES["annealed"], "-"
        ),
    }  # fmt: skip
    ends, halves = {}, {}
    bottom = descent_path()[-1, 0]
    with matplotlib.rc_context(RC):
        figure = picture(900, 300)
        ax = figure.subplots()
        for name, (course, colour, dash) in courses.items():
            places, heights, _ = anneal_many(
                loss_on_cut, np.full((walks, 1), bottom), np.outer(course, np.ones(walks)),
                step=step, rng=np.random.default_rng(seed),
            )  # fmt: skip
            percent = 100 * (heights < comparisons.LOW_LOSS).mean(axis=1)
            crossed = np.maximum.accumulate(places[..., 0] > 0, axis=0).mean(axis=1)
            ax.plot(percent, color=colour, lw=2.5, ls=dash)
            ax.plot(100 * crossed, color=colour, lw=0.9, ls=dash)
            ends[name] = percent[-1]
            half = int((crossed >= 0.5).argmax())
            halves[name] = f"{half}" if half else say("more than {looks}", looks=looks)
        for name, height in apart(ends, 11).items():
            ax.text(1.01 * looks, height, name, color=courses[name][1], weight="bold", va="center",
                    fontsize=11)  # fmt: skip
        ax.set(xlim=(0, 1.3 * looks), ylim=(0, 108), xticks=range(0, looks + 1, 100))
        ax.set(yticks=(0, 50, 100), xlabel=say("candidates"), ylabel=say("% of the walkers"))
        ax.set_title(say("Thin: have crossed w = 0; thick: stand low. Heat crosses, cold stays"))
    figure.alt = say(
        "Against the candidates so far the share of walkers that have crossed w = 0, thin, and of "
        "those that stand low, thick. Too cold, both rise slowly; too hot, nearly all cross soon, "
        "but only some of them stand low; at a temperature between them, and cooled, nearly all "
        "cross and in the end stand low."
    )
    return figure, {name: (halves[name], end) for name, end in ends.items()}


def loss_on_cut(places):
    """The loss along b = 0 with a wall at both ends, (K, 1) -> (K,).

    Raises ValueError or TypeError for places that are not (K, 1), and as `valley_loss` does.
    """
    places = validate.real("places", places, ndim=2)
    if places.shape[1] != 1:
        raise ValueError(f"places: expected (K, 1), got {places.shape}")
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
    """How many walks on the map met a low place, and how many end in one, by temperature.

    A panel each; what `comparisons.ridge_walks` found.
    """
    found, at = comparisons.ridge_walks(), np.arange(len(comparisons.RIDGE_HEATS))
    leaps = comparisons.leaps_on_map().percent
    titles = (say("Met a low place: by heat, or by long steps"),
              say("End in one: that takes refusal"))  # fmt: skip
    with matplotlib.rc_context(RC):
        figure = picture(900, 350)
        panels = figure.subplots(1, 2, sharey=True)
        for which, (ax, title) in enumerate(zip(panels, titles, strict=True)):
            for name in ("fixed", "annealed"):
                percent = 100 * found[name][which] / comparisons.RIDGE_WALKS
                ax.plot(at[:-1], percent[:-1], "o-", color=SEARCHES[name], ms=5, lw=2.5,
                        clip_on=False)  # fmt: skip
            ax.plot(at[-1], percent[-1], "s", color=SEARCHES["blind"], ms=9, clip_on=False)
            ax.plot(0, percent[0], "D", color=SEARCHES["downhill"], ms=8, clip_on=False)
            ax.plot(0, leaps, "^", color=SEARCHES["downhill"], ms=9, clip_on=False)
            ax.text(0.2, leaps + 3, say("downhill, steps of 1.5: {share:.0f} %", share=leaps),
                    va="center", weight="bold", fontsize=11,
                    color=SEARCHES["downhill"])  # fmt: skip
            ax.text(at[-1] + 0.15, percent[-1] + 9, say("blind: {share:.0f} %", share=percent[-1]),
                    color="#555555", weight="bold", ha="right", fontsize=11)  # fmt: skip
            ax.text(0.2, -1, say("downhill walk: {share:.0f} %", share=percent[0]), va="center",
                    weight="bold", fontsize=11, color=SEARCHES["downhill"])  # fmt: skip
            ax.set_xticks(at, [f"{T:g}" for T in comparisons.RIDGE_HEATS[:-1]] + ["∞"])
            ax.set(xlim=(0, at[-1]), ylim=(-4, 112), yticks=range(0, 101, 25), title=title)
        panels[0].set_ylabel(say("% of the walks"))
        figure.supxlabel(say("temperature (annealed: at the start)"), fontsize=12)
        for ax, x, y, name, side in ((panels[0], 2.2, 84, "fixed", "right"),
                                     (panels[0], 3.7, 42, "annealed", "left"),
                                     (panels[1], 1.9, 64, "fixed", "center"),
                                     (panels[1], 5.0, 65, "annealed", "center")):  # fmt: skip
            ax.text(x, y, IN_WORDS[name], color=SEARCHES[name], weight="bold", ha=side,
                    va="center", fontsize=11)  # fmt: skip
    figure.alt = say(
        "Two panels, % of the walks against the temperature. Left, those that met a low place: "
        "no downhill walk, more and more with heat, nearly all blind ones. Right, those that end "
        "in one: at a fixed T they rise and soon fall again, annealed they rise later, as high, "
        "and of the blind ones few do. Without heat, but with steps of 1.5, all meet one and stay."
    )
    return figure


def recall():
    """How each search of recall does on unseen sequences, and its losses. Section 6."""
    recalls, losses, by_hand = comparisons.recall_shown()
    return starts(
        recalls, title=say("Descent mostly recalls, walks rarely, guesses never"),
        xlabel=say("R² on 500 unseen sequences (arrowheads: below −0.6)"), lazy=0,
        limits=(-0.6, 1), enough=say("R² above 0.9 →"), hand=(say("by hand"), by_hand),
        losses=losses,
        panel=(say("Median loss"), say("ring: training, dot: unseen"), say("always the mean"),
               1 / 3),
        alt=say(
            "Dots for each search, one a run: R squared on unseen sequences. Most dots of descent "
            "stand near 1, those of walks spread from below −0.6 to 1, those of guessing and of "
            "blind walks stay around 0. Beside them the median losses, training and unseen: both "
            "near 0 for descent only. R squared above 0.9:"
        ),
    )  # fmt: skip


def ways_down():
    """How many steps from a place lead down, by their size; what a bowl costs by its weights.

    A panel each. Section 6.
    """
    down, bowl = comparisons.ways_down(), comparisons.bowl_looks()
    sizes, steps = comparisons.BOWL_SIZES, comparisons.DOWN_STEPS
    with matplotlib.rc_context(RC):
        figure = picture(900, 360)
        ax, beside = figure.subplots(1, 2)
        for name, colour, x, y, words in (
            ("starts", "#777777", 0.13, 42, say("from the starts")),
            ("ends", SEARCHES["downhill"], 0.0034, 8, say("from where\ndownhill walks ended")),
        ):
            ax.plot(steps, down[name], "o-", color=colour, ms=6, lw=2.2)
            ax.text(x, y, words, color=colour, weight="bold", fontsize=11, va="center")
        ax.set(xscale="log", ylim=(-2, 60), xlabel=say("size of a random step"))
        ax.set_ylabel(say("% of the steps that lower the loss"))
        ax.set_title(say("Recall: ways down become rare"))
        for name, x, y in (("guessing", 8, 3e5), ("downhill", 70, 2500), ("descent", 70, 35)):
            beside.plot(sizes, bowl[name], "o-", color=SEARCHES[name], ms=6, lw=2.2)
            beside.text(x, y, IN_WORDS[name], color=SEARCHES[name], weight="bold", ha="left",
                        fontsize=11)  # fmt: skip
        beside.set(xscale="log", yscale="log", ylim=(10, 1e6), xlabel=say("number of weights"))
        beside.set_xticks(sizes, map(str, sizes))
        beside.minorticks_off()
        beside.set_ylabel(say("looks until the loss is a hundredth"))
        beside.set_title(say("A plain bowl: what more weights cost"))
    shares = {name: " / ".join(f"{share:.3g}" for share in each) for name, each in down.items()}
    costs = [
        f"{n}: {bowl['guessing'][k]:.2g} / {bowl['downhill'][k]:.0f} / {bowl['descent'][k]:.0f}"
        for k, n in enumerate(sizes)
    ]
    figure.alt = say(
        "Left, % of the random steps that lower the loss of recall, with steps of {steps}: from "
        "the starts {starts}, from where downhill walks ended {ends}. Right, looks that a plain "
        "bowl takes (weights: guessing / downhill walk / descent): {costs}. With 200 weights the "
        "downhill walk takes {times:.0f} times as many as with 2.",
        times=bowl["downhill"][-1] / bowl["downhill"][0],
        steps=" / ".join(f"{step:g}" for step in steps), costs=" · ".join(costs), **shares,
    )  # fmt: skip
    return figure


def sign():
    """How each search for the sign does on unseen sequences, and its losses. Appendix."""
    two = comparisons.sign_searches()
    return starts(
        {name: each.right for name, each in two.items()},
        title=say("Guesses mostly find the rule, descent hardly ever"),
        xlabel=say("share right on 200 unseen sequences"), lazy=0.5, limits=(0.35, 1),
        enough=say("rule found →"), losses={name: each.losses for name, each in two.items()},
        panel=(say("Median loss"), say("ring: training, dot: unseen"), say("always 1/2"), 0.25),
        alt=say(
            "Dots for each search, one a run: the share right on unseen sequences. Guesses and "
            "walks with steps of 1 stand mostly near 1, descent mostly near a half. Beside them "
            "the median losses, training and unseen: that of descent is low in training and high "
            "on unseen sequences. Rule found:"
        ),
    )  # fmt: skip


def starts(scores, *, title, xlabel, alt, lazy, limits, enough, losses, panel, hand=None):
    """A row of dots for each search, one a start and draw: name -> (K,) scores on unseen sequences.

    A name says which of SEARCHES it is, in English or in the language spoken; that colours the row.
    lazy: the score of who knows nothing. enough: what more than a score of 0.9 is called; how
    many have it stands at the end of each row, and after alt. hand: name and score of one more
    line. limits: of the axis; what lies beyond is drawn at its end as an arrowhead. losses: name
    -> the median loss on training sequences (None for no such set) and on unseen ones, drawn in a
    second panel. panel: its title, its label, and what always answers the same: name and loss.
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
        beside.axvline(panel[3], color="#888888", lw=1.3, ls=":")
        most = max(unseen for _, unseen in losses.values())
        beside.text(panel[3] - 0.02 * most, -0.6, panel[2], ha="right", va="center", fontsize=11,
                    color="#555555")  # fmt: skip
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
        "blind": "blind, T = ∞",
        "downhill": "downhill walk, one start",
        "four": "downhill walk, four starts",
        "kicked": "downhill walk, kicked",
        "bridge": "kicked by a double bridge",
        "fixed": "fixed T = 0.02",
        "annealed": "annealed from 0.08",
    }
)
_TRIP_COLOURS = SEARCHES | dict.fromkeys(("four", "kicked", "bridge"), SEARCHES["downhill"])
_SHOWN = 3, 0  # run and map of a stuck tour whose fault is seen


def stuck():
    """A tour that no reversal shortens, a longer one beside it, and the shorter one behind that."""
    found = comparisons.round_trips()
    run, m = _SHOWN
    cities = found.maps[m]
    tours = [found.downhill[run, m], *way_out(found.maps[m : m + 1], found.downhill[run, m])]
    lengths = tour_lengths(found.maps[m : m + 1], np.array(tours)[:, None])[:, 0]
    legs = [_legs(tour) for tour in tours]
    titles = (
        say("Stuck: length {length:.2f}", length=lengths[0]),
        say("One reversal: {length:.2f}, longer", length=lengths[1]),
        say("A second one: {length:.2f}, shorter", length=lengths[2]),
    )
    notes = (say("dashed: legs that go; blue: what turns"),
             say("new: A–C and B–D; dashed: legs that go next"),
             say("thick: legs that are new"))  # fmt: skip
    new = (set(), legs[1] - legs[0], legs[2] - legs[1])
    gone = (legs[0] - legs[1], legs[1] - legs[2], set())
    with matplotlib.rc_context(RC):
        figure = picture(900, 340)
        for n, ax in enumerate(figure.subplots(1, 3)):
            draw_trip(ax, cities, tours[n], "#999999")
            if n < 2:
                turned = np.flatnonzero(tours[n] != tours[n + 1])
                ax.plot(*cities[tours[n][turned[0] : turned[-1] + 1]].T, color=INPUT, lw=3)
            for marked, dashes in ((new[n] - gone[n], "-"), (gone[n], (0, (1.5, 1)))):
                for leg in marked:
                    ax.plot(*cities[list(leg)].T, color="#111111", lw=4, ls=dashes,
                            zorder=2.2)  # fmt: skip
            ax.set_title(titles[n], fontsize=12)
            ax.set_xlabel(notes[n])
            _name_ends(ax, cities, tours)
    figure.alt = say(
        "Three round trips through the same cities. In the first, {first:.2f} long, no reversal "
        "helps. One reversal replaces the legs from A to B and from C to D and makes the tour "
        "longer, {second:.2f}; a second one makes it shorter than the first, {third:.2f}.",
        first=lengths[0], second=lengths[1], third=lengths[2],
    )  # fmt: skip
    return figure


def own(path, cities, tour):
    """One walk on two tasks: its path on the map beside the stuck descent, its tour. Section 5.

    path (N, 2): where it stood on the map of weights. cities (N, 2), tour (N,).
    Raises ValueError or TypeError for arrays of other shapes, and as `tour_lengths` does.
    """
    path = validate.real("path", path, ndim=2)
    cities = validate.real("cities", cities, ndim=2)
    length = tour_lengths(cities[None], validate.real("tour", tour, ndim=1)[None])[0]
    loss = valley_loss(path[-1:])[0]
    with matplotlib.rc_context(RC):
        figure = picture(900, 360)
        ax, trip = figure.subplots(1, 2, width_ratios=(7, 4))
        draw_map(ax)
        ax.plot(*path.T, color=SEARCHES["annealed"], lw=0.5, aa=False)  # 256 colours are enough
        ax.plot(*path[-1], "o", color=SEARCHES["annealed"], ms=10, mec="white")
        ax.plot(*descent_path().T, color=SEARCHES["descent"], lw=3)
        box = {"fc": "white", "ec": "none", "pad": 1.5}
        for x, y, name in ((-1.9, -1.15, "descent"), (1.9, -1.15, "annealed")):
            ax.text(x, y, IN_WORDS[name], ha="center", va="center", weight="bold", bbox=box,
                    color=SEARCHES[name])  # fmt: skip
        ax.set_title(say("The walk on the map: at last the loss is {loss:.2f}", loss=loss))
        draw_trip(trip, cities, tour, SEARCHES["annealed"])
        trip.set_title(say("The same on the trip: length {length:.2f}", length=length))
    figure.alt = say(
        "Left, the path of the walk over the map, and the descent that is stuck in the wrong "
        "valley; the walk ends at a loss of {loss:.2f}. Right, the tour at which the same walk "
        "ends, {length:.2f} long.",
        loss=loss, length=length,
    )  # fmt: skip
    return figure


def _name_ends(ax, cities, tours):
    """Write A, B, C, D of (6.5) beside the cities between which the first reversal works."""
    before, N = tours[0], len(tours[0])
    first, last = np.flatnonzero(before != tours[1])[[0, -1]]
    for name, place in zip("ABCD", (first - 1, first, last, last + 1), strict=True):
        city = before[place % N]
        around = np.linspace(0, 2 * np.pi, 48, endpoint=False)
        spots = cities[city] + 0.055 * np.stack([np.cos(around), np.sin(around)], axis=1)
        home = cities[np.concatenate(tours)]
        legs = np.linspace(home, np.roll(home, -1, axis=0), 20).reshape(-1, 2)
        gaps = np.linalg.norm(spots[:, None] - legs, axis=-1).min(axis=1)  # to the nearest road
        ax.text(*spots[gaps.argmax()], name, ha="center", va="center", weight="bold",
                color="#111111", fontsize=13)  # fmt: skip


def _legs(tour):
    """The legs of a tour as pairs of cities."""
    return {frozenset(leg) for leg in zip(tour.tolist(), np.roll(tour, -1).tolist(), strict=True)}


def forgiving():
    """The mean length of the shortest tours met in practice, by temperature. Section 5.

    The temperature is told in multiples of each one's best.
    """
    found = comparisons.practice_trips()
    best = {"fixed": comparisons.FIXED, "annealed": comparisons.HEAT}
    with matplotlib.rc_context(RC):
        figure = picture(900, 330)
        ax = figure.subplots()
        for name, T in best.items():
            at = np.log2(np.array([*found[name]]) / T)
            lengths = np.array([*found[name].values()])
            mean, error = lengths.mean(axis=1), 1.96 * _error(lengths)
            ax.errorbar(at, mean, error, color=SEARCHES[name], fmt="o-", ms=6, lw=2.2, capsize=4)
        four = found["downhill"][comparisons.FOUR].mean()
        ax.axhline(four, color=SEARCHES["downhill"], lw=1.3, ls=":")
        ax.text(0.5, four + 0.01, TRIPS["four"], va="bottom", ha="center", fontsize=11,
                color=SEARCHES["downhill"], weight="bold")  # fmt: skip
        ax.set_xticks(range(-3, 4), ["⅛", "¼", "½", "1", "2", "4", "8"])
        ax.set(xlim=(-3.2, 3.3), ylim=(5.5, 6.35), ylabel=say("mean length of 24 best tours"))
        ax.set_xlabel(say("temperature, in multiples of the best one (annealed: at the start)"))
        ax.set_title(say("At four times its best a fixed T is lost, and a walk that cools is not"))
        for x, y, words, name in (
            (1.7, 6.2, say("fixed T: best {T:g}", T=comparisons.FIXED), "fixed"),
            (-1.9, 5.87, say("annealed: best start {T:g}", T=comparisons.HEAT), "annealed"),
        ):
            ax.text(x, y, words, va="center", ha="right" if name == "fixed" else "left",
                    color=SEARCHES[name], weight="bold", fontsize=11)  # fmt: skip
    figure.alt = say(
        "The mean length of the shortest tours met against the temperature, in multiples of the "
        "best one. At a fixed T it is low at the best and at half of it, higher at twice, and "
        "beyond the picture from eight times on; annealed, it is low from the best to four times "
        "the best, and at a quarter and at eight times it is above the downhill walk with four "
        "starts."
    )
    return figure


def _error(lengths):
    """The standard error of the means of rows (..., R)."""
    return lengths.std(axis=-1, ddof=1) / np.sqrt(lengths.shape[-1])


def trips():
    """On each map how far three searches end from the shortest tour; and how many come near it."""
    found = comparisons.round_trips()
    medians = {name: np.median(found.beyond(found.met[name]), axis=0)
               for name in ("four", "kicked", "fixed", "annealed")}  # fmt: skip
    rows = np.arange(len(found.shortest))
    title = say(
        "Heat leads: annealed on {annealed} maps, fixed T on {fixed}",
        annealed=found.better("annealed"), fixed=found.better("fixed"),
    )  # fmt: skip
    with matplotlib.rc_context(RC):
        figure = picture(900, 400)
        ax, bars = figure.subplots(1, 2, width_ratios=(5, 4))
        every = np.array([*medians.values()])
        ax.hlines(rows, every.min(axis=0), every.max(axis=0), color="#BBBBBB", lw=2, zorder=1)
        for name, mark in (("four", "o"), ("kicked", "^"), ("fixed", "s"), ("annealed", "D")):
            ax.plot(medians[name], rows, mark, color=_TRIP_COLOURS[name], ms=9)
        ax.set(xlim=(-0.15, 1.1 * every.max()), ylim=(len(rows) - 0.5, -1.5), title=title)
        ax.set_yticks(rows, [say("map {number}", number=m + 1) for m in rows])
        ax.set_xlabel(say("% longer than the shortest tour, median of 12"))
        for x, words, name in (
            (0.0, say("■ fixed T"), "fixed"),
            (0.25, say("◆ annealed"), "annealed"),
            (0.52, say("▲ kicked"), "kicked"),
            (0.74, say("● four starts"), "four"),
        ):
            ax.text(0.02 + 0.95 * x, -0.75, words, color=_TRIP_COLOURS[name], weight="bold",
                    transform=ax.get_yaxis_transform(), fontsize=11)  # fmt: skip
        ax.grid(False, axis="y")
        percent = [found.near(found.met[name]).percent for name in TRIPS]
        bars.barh(range(len(TRIPS)), percent, color=[_TRIP_COLOURS[name] for name in TRIPS],
                  height=0.5, alpha=0.8)  # fmt: skip
        for y, (name, x) in enumerate(zip(TRIPS, percent, strict=True)):
            bars.text(x + 2, y, f"{x:.0f} %", va="center", fontsize=11)
            if name in ("fixed", "annealed"):
                bars.plot(found.near(found.last[name]).percent, y, "D", ms=10, mfc="white",
                          mec="#111111", mew=1.8)  # fmt: skip
        bars.set_yticks(range(len(TRIPS)), TRIPS.values())
        bars.set(xlim=(0, 80), ylim=(len(TRIPS) - 0.5, -0.5))
        bars.set_title(say("Within 2 % of the shortest"))
        bars.set_xlabel(say("% of all runs; bar: met, ◇: ended there"))
        bars.grid(False, axis="y")
    said = " · ".join(f"{TRIPS[name]} {x:.0f} %" for name, x in zip(TRIPS, percent, strict=True))
    figure.alt = say(
        "Left, four marks for each of ten maps, how much longer than the shortest the median tour "
        "is: on most maps those of annealed walks and of a fixed T lie left of the two without "
        "heat. Right, how many tours are within 2 %: {said}",
        said=said,
    )  # fmt: skip
    return figure


def answer():
    """How many runs succeed on the map, on the round trip and at recall, by search.

    A dot: those that met their goal. A diamond: those that end there.
    """
    tasks = {
        say("Map: guessing suffices"): say("% that meet a loss below 0.05\n(◇ end there)"),
        say("Round trip: heat wins"): say("% within 2 % of the shortest\n(◇ end there)"),
        say("Recall: descent wins"): say("% with R² above 0.9"),
    }
    names = {
        name: say("downhill walk, helped") if name == "helped" else IN_WORDS[name]
        for name in comparisons.SEARCHES
    }
    notes = (
        {"helped": say("steps of 1.5")},
        {"downhill": say("four starts"), "helped": say("kicked")},
        {"helped": say("shrinking steps")},
    )
    for each, heats in zip(notes, comparisons.settings(), strict=True):
        each["fixed"] = say("T = {T:g}", T=heats["fixed"])
        each["annealed"] = say("from {T:g}", T=heats["annealed"])
    colours = SEARCHES | {"helped": SEARCHES["downhill"]}
    lines = []
    with matplotlib.rc_context(RC):
        figure = picture(900, 370)
        panels = figure.subplots(1, 3, sharey=True)
        for ax, (title, goal), counts, ended, own in zip(
            panels, tasks.items(), comparisons.successes(), comparisons.endings(), notes,
            strict=True,
        ):  # fmt: skip
            said = []
            for y, (name, words) in enumerate(names.items()):
                count = counts[name]
                if count is None:
                    ax.text(2, y, say("no gradient"), va="center", fontsize=11, color="#555555")
                    continue
                if count.runs == 1:
                    ax.text(2, y, say("one run, stuck by our choice"), va="center", fontsize=11,
                            color="#555555")  # fmt: skip
                    continue
                ax.plot(count.interval, [y, y], color=colours[name], lw=5, alpha=0.35,
                        solid_capstyle="butt")  # fmt: skip
                ax.plot(count.percent, y, "o", color=colours[name], ms=9, clip_on=False)
                low, high = count.interval
                left = high > 60
                if name in ended:
                    end, same = ended[name].percent, ended[name] == count  # then around the dot
                    ax.plot(end, y, "D", color=colours[name], mfc="none" if same else "white",
                            mew=1.8, ms=12 if same else 8, clip_on=False)  # fmt: skip
                    low = min(low, end - 3) if end > low - 20 else low
                ax.text((low - 5) if left else (high + 5), y, f"{count.found}/{count.runs}",
                        va="center", ha="right" if left else "left", fontsize=11)  # fmt: skip
                said.append(f"{words} {count.found}/{count.runs}")
            lines.append(f"{title} ({' · '.join(said)})")
            for name, words in own.items():
                ax.text(101, 0.36 + [*names].index(name), words, ha="right", va="center",
                        fontsize=10, color="#555555")  # fmt: skip
            ax.set(xlim=(-3, 103), ylim=(6.6, -0.6), title=title, xticks=(0, 50, 100))
            ax.set_xlabel(goal, fontsize=10.5)
            ax.grid(False, axis="y")
        panels[0].set_yticks(range(len(names)), names.values())
    figure.alt = say("% of the runs that succeed, with 95 % intervals.") + " " + " ".join(lines)
    return figure
