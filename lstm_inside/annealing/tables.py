"""What notebook 06 prints as a table, in the language spoken."""

from unicodedata import east_asian_width

import numpy as np

from lstm_inside.annealing import comparisons
from lstm_inside.annealing.figures import TRIPS, search_in_words
from lstm_inside.annealing.recall import r_squared
from lstm_inside.annealing.tours import reversal_change, way_out
from lstm_inside.words import say


def ridge() -> str:
    """How many % of the walks on the map meet a low place, and end in one. Section 4."""
    found, heats = comparisons.ridge_walks(), comparisons.RIDGE_HEATS[:-1]
    head = ["", say("no heat"), say("cooled, best T"), say("one T, best"), say("T = ∞")]
    rows, steps = [], {0.3: say("small steps"), 1.5: say("large steps")}
    for step, name in steps.items():
        hot, steady = found[step, True], found[step, False]
        best = [1 + each[0, 1 : len(heats)].argmax() for each in (hot, steady)]  # with some heat
        for which, words in enumerate((say("END low"), say("MET low"))):
            cells = [f"{hot[which, 0]:.0f} %"]
            cells += [say("{percent:.0f} % (T = {T:g})", percent=each[which, n], T=heats[n])
                      for each, n in zip((hot, steady), best, strict=True)]  # fmt: skip
            cells.append(f"{steady[which, -1]:.0f} %")
            rows.append([say("{steps}, {what}", steps=name, what=words), *cells])
    return _aligned([head, *rows])


def practice() -> str:
    """The settings tried on the map for practice, and the length of their tours. Section 5."""
    found = comparisons.practice_trips()
    names = {
        "cold": say("cold, starts:"),
        "fixed": say("one T throughout:"),
        "cooled": say("cooled, T from:"),
    }
    lines = []
    for kind, name in names.items():
        each = " ".join(f"{setting:>7g} {length:.2f}" for setting, length in found[kind].items())
        lines.append([name, each])
    width = max(_width(name) for name, _ in lines)
    return "\n".join(name + " " * (width - _width(name)) + each for name, each in lines)


def trips() -> str:
    """How long the tours of each search are beside the shortest: what it met, where it ends."""
    found = comparisons.round_trips()
    head = ["", say("% longer, median"), say("MET: within 2 %"), say("END: within 2 %")]
    rows = []
    for name in TRIPS:
        lengths, ended = found.met[name], found.last.get(name)
        end = "" if ended is None else f"{found.near(ended).percent:.0f} %"
        median = np.median(found.beyond(lengths))
        rows.append([TRIPS[name], f"{median:.1f}", f"{found.near(lengths).percent:.0f} %", end])
    tours = found.cold.reshape(-1, 40)
    first, last = 1 + np.array(np.triu_indices(39, 1))  # of every stretch
    change = reversal_change(found.maps, tours, first, last)
    ways = [way_out(found.maps[m : m + 1], tour) for m, tour in enumerate(found.cold[0])]
    words = say(
        "cold tours that none of the {count} reversals shortens: {stuck} of {runs}\n"
        "the first cold tour of each map: two reversals shorten {out} of {maps}",
        count=len(first), stuck=(change > -1e-9).all(axis=1).sum(), runs=len(change),
        out=sum(way is not None for way in ways), maps=len(ways),
    )  # fmt: skip
    return _aligned([head, *rows]) + "\n" + words


def recall() -> str:
    """Guesses within other ranges, and how many candidates lead down. Section 6."""
    hunt = comparisons.recall_searches()[0]
    lines = []
    for width in comparisons.WIDTHS:
        r2 = r_squared(hunt.unseen, comparisons.recall_found()[f"guessing, ±{width}"])
        lines.append(say(
            "guesses within ±{width}: {found} of {runs} runs recall, best R² {best:.2f}",
            width=width, found=(r2 > comparisons.ENOUGH).sum(), runs=len(r2), best=r2.max(),
        ))  # fmt: skip
    names = {
        "recall, starts": say("recall, where walks start"),
        "recall, cold ends": say("recall, where cold walks end"),
        "map, cold ends": say("map, where cold walks end"),
    }
    rows = [[say("of 1,000 candidates lead down"), say("median"), say("none leads down")]]
    for key, name in names.items():
        ways = comparisons.ways_down()[key]
        none = say("{found} of {runs:,}", found=(ways == 0).sum(), runs=len(ways))
        rows.append([name, f"{np.median(ways):.0f}", none])
    return "\n".join(lines) + "\n\n" + _aligned(rows)


def sign() -> str:
    """How many runs find the rule, by two measures. Appendix."""
    head = ["", say("above 90 % right"), say("above 95 %")]
    rows = []
    for name, search in comparisons.sign_searches().items():
        cells = [
            say("{found} of {runs:,}", found=(search.right > share).sum(), runs=len(search.right))
            for share in (0.9, 0.95)
        ]
        rows.append([search_in_words(name), *cells])
    return _aligned([head, *rows])


def _aligned(rows):
    """Rows of words as lines, the first column flush left and the others right."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        cells = [first + " " * (widths[0] - _width(first))]
        cells += [" " * (w - _width(x)) + x for x, w in zip(others, widths[1:], strict=True)]
        lines.append("   ".join(cells).rstrip())
    return "\n".join(lines)


def _width(words):
    """How many columns of a terminal the words take; a Chinese character takes two."""
    return sum(1 + (east_asian_width(letter) in "WF") for letter in words)
