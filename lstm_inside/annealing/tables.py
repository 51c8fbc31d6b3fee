"""What notebook 06 prints as a table, in the language spoken."""

from unicodedata import east_asian_width

import numpy as np

from lstm_inside.annealing import comparisons
from lstm_inside.annealing.figures import IN_WORDS, TRIPS, search_in_words
from lstm_inside.annealing.landscape import valley_map
from lstm_inside.annealing.recall import r_squared
from lstm_inside.annealing.tours import reversal_change, way_out
from lstm_inside.words import say


def ridge() -> str:
    """How many % of the walks on the map met a low place, and end in one. Section 4."""
    found, heats = comparisons.ridge_walks(), comparisons.RIDGE_HEATS
    head = [
        "",
        IN_WORDS["downhill"],
        say("fixed T, best"),
        say("annealed, best"),
        IN_WORDS["blind"],
    ]
    rows = [head]
    for which, (key, words) in enumerate((("met", say("MET low")), ("end", say("END low")))):
        cells = []
        for name, n in (("fixed", 0), *comparisons.best_heats(key).items(), ("fixed", -1)):
            percent = 100 * found[name][which, n] / comparisons.RIDGE_WALKS
            inner = 0 < n < len(heats) - 1
            shown = say("{percent:.0f} % (T = {T:g})", percent=percent, T=heats[n])
            cells.append(shown if inner else f"{percent:.0f} %")
        rows.append([words, *cells])
    T, less = comparisons.ridge_cooled_less()
    guesses = comparisons.guesses_on_map()
    leaps = comparisons.leaps_on_map()
    lines = say(
        "downhill walks with steps of 1.5: {leaps} of {walks} meet a low place and stay\n"
        "annealed, but cooled to a fifth only: best END low {less:.0f} % (T = {T:g})\n"
        "guessing: {guesses} of {tries} runs met a low place\n"
        "places with a loss below 0.05: {share:.0%} of the map",
        leaps=leaps.found, walks=leaps.runs,
        less=less.percent, T=T, guesses=guesses.found, tries=guesses.runs,
        share=(valley_map() < comparisons.LOW_LOSS).mean(),
    )  # fmt: skip
    return _aligned(rows) + "\n" + lines


def practice() -> str:
    """The starts and kicks tried on the map for practice, with the mean length of their tours.

    The temperatures stand in `heats`. Appendix.
    """
    found = comparisons.practice_trips()
    row = [say("downhill walk, starts:")]
    row += [f"{n} → {lengths.mean():.2f}" for n, lengths in found["downhill"].items()]
    rows = [[say("kicked after looks:"), *(f"{n:,}" for n in comparisons.KICK_EVERY)]]
    for moves in comparisons.KICK_MOVES:
        words = (say("by a double bridge") if moves == comparisons.BRIDGE
                 else say("by blind moves: {moves}", moves=moves))  # fmt: skip
        each = [found["kicked"][n, moves] for n in comparisons.KICK_EVERY]
        rows.append([words, *(f"{lengths.mean():.2f}" for lengths in each)])
    return _aligned([row]) + "\n\n" + _aligned(rows)


def heats() -> str:
    """The temperatures tried on the map for practice, and the share of candidates taken. Appendix.

    Beside them the shares on the map of section 4.
    """
    found, shares = comparisons.practice_trips(), comparisons.shares_taken()
    heats = sorted({*found["fixed"], *found["annealed"]})
    means = {
        name: {T: f"{each.mean():.2f}" for T, each in found[name].items()}
        for name in ("fixed", "annealed")
    }
    trip = [
        [say("round trip, T:"), *(f"{T:g}" for T in heats)],
        [say("fixed: taken"), *(_share(shares["trip"].get(T)) for T in heats)],
        [say("fixed: length"), *(means["fixed"].get(T, "–") for T in heats)],
        [say("annealed from T"), *(means["annealed"].get(T, "–") for T in heats)],
    ]
    on_map = [
        [say("map, T:"), *(f"{T:g}" for T in shares["map"])],
        [say("fixed: taken"), *map(_share, shares["map"].values())],
    ]
    return _aligned(trip) + "\n\n" + _aligned(on_map)


def _share(share):
    if share is None:
        return "–"
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


def trips() -> str:
    """How long the tours of each search are beside the shortest: what it met, where it ends."""
    found = comparisons.round_trips()
    head = ["", say("MET: % longer, median"), say("MET: within 2 %"), say("END: within 2 %")]
    rows = []
    for name in TRIPS:
        lengths, ended = found.met[name], found.last.get(name)
        end = "" if ended is None else _count(found.near(ended))
        median = np.median(found.beyond(lengths))
        rows.append([TRIPS[name], f"{median:.1f}", _count(found.near(lengths)), end])
    tours = found.downhill.reshape(-1, 40)
    first, last = 1 + np.array(np.triu_indices(39, 1))  # of every stretch
    change = reversal_change(found.maps, tours, first, last)
    medians = {name: np.median(each, axis=0) for name, each in found.met.items()}
    ways = [way_out(found.maps[m : m + 1], tour) for m, tour in enumerate(found.downhill[0])]
    words = say(
        "median shorter than four starts and kicks: annealed on {annealed} of {maps} maps, "
        "fixed T on {fixed}\n"
        "median shorter than four starts: kicked on {kicked} of {maps} maps, "
        "by a double bridge on {bridge}\n"
        "downhill tours that no reversal of a stretch shortens: {stuck} of {runs}\n"
        "the first downhill tour of each map: two reversals shorten {out} of {maps}\n"
        "yardstick: the shortest tour of each map, proved by an exact program; annealed runs\n"
        "    met it {shortest} times",
        stuck=(change > -1e-9).all(axis=1).sum(), runs=len(change),
        kicked=(medians["kicked"] < medians["four"]).sum(),
        bridge=(medians["bridge"] < medians["four"]).sum(),
        out=sum(way is not None for way in ways), maps=len(ways),
        annealed=found.better("annealed"), fixed=found.better("fixed"),
        shortest=(found.beyond(found.met["annealed"]) < 1e-6).sum(),
    )  # fmt: skip
    return _aligned([head, *rows]) + "\n" + words


def recall() -> str:
    """Guesses within other ranges, stuck descents, walks that go on, more sequences. Section 6."""
    hunt = comparisons.recall_searches()[0]
    lines = []
    for width in comparisons.WIDTHS:
        r2 = r_squared(hunt.unseen, comparisons.recall_found()[f"guessing, ±{width}"])
        lines.append(say(
            "guesses within ±{width}: {found} of {runs} runs recall, best R² {best:.2f}",
            width=width, found=(r2 > comparisons.ENOUGH).sum(), runs=len(r2), best=r2.max(),
        ))  # fmt: skip
    rows = comparisons.recall_found()["descent"]
    losses, unseen = hunt.crowd.losses(rows), hunt.unseen.losses(rows)
    right = r_squared(hunt.unseen, rows) > comparisons.ENOUGH
    lines.append(say(
        "descent, the {failed} runs that fail: training loss {low:.3f} to {high:.3f},\n"
        "    unseen {least:.2f} to {worst:.2f}; the others: training loss at most {most:.3f}",
        low=losses[~right].min(), high=losses[~right].max(), failed=(~right).sum(),
        least=unseen[~right].min(), worst=unseen[~right].max(), most=losses[right].max(),
    ))  # fmt: skip
    count, (own, unseen) = comparisons.recall_with_more()
    lines.append(say(
        "annealed from 0.003 on {many} sequences: {found} of {runs} runs recall; median loss\n"
        "    {own:.2f} in training, {unseen:.2f} on unseen sequences",
        many=comparisons.MORE, found=count.found, runs=count.runs, own=own, unseen=unseen,
    ))  # fmt: skip
    lines.append(say(
        "starts from which some walk recalls: {ever} of {starts}",
        ever=comparisons.recall_starts(), starts=len(hunt.starts),
    ))  # fmt: skip
    *annealed, steady = comparisons.recall_shrinking().values()
    lines.append(say(
        "annealed from {heats}: {even} of {runs} runs recall;\n"
        "    with shrinking steps {counts}, and {steady} at a fixed T = {T:g}",
        even=" / ".join(map(str, comparisons.recall_annealed().values())),
        heats=" / ".join(f"{T:g}" for T in comparisons.HEATS), T=comparisons.HEATS[0],
        counts=" / ".join(f"{count.found}" for count in annealed), runs=steady.runs,
        steady=steady.found,
    ))  # fmt: skip
    more = comparisons.going_on()
    lines.append(say(
        "downhill walks, median training loss: {before:.2f}. After {looks:,} more looks\n"
        "    with steps of 0.01: {walked:.2f}, and {found} of {runs} runs recall\n"
        "    by descent: {learned:.3f}, and {others} of {runs}",
        looks=comparisons.BUDGET, before=more["before"][1], walked=more["downhill"][1],
        learned=more["descent"][1], found=more["downhill"][0].found,
        others=more["descent"][0].found, runs=more["descent"][0].runs,
    ))  # fmt: skip
    return "\n".join(lines)


def ways_down() -> str:
    """The numbers in the picture of the same name: shares of steps, looks on a bowl. Section 6."""
    down, bowl = comparisons.ways_down(), comparisons.bowl_looks()
    steps = [
        [say("recall, size of a step:"), *(f"{step:g}" for step in comparisons.DOWN_STEPS)],
        [say("lead down from the starts"), *(f"{share:.1f} %" for share in down["starts"])],
        [say("from where walks ended"), *(f"{share:.1f} %" for share in down["ends"])],
    ]
    looks = [[say("bowl, number of weights:"), *map(str, comparisons.BOWL_SIZES)]]
    looks += [[IN_WORDS[name], *(f"{n:,.0f}" if n < 1e5 else f"{n:.0e}" for n in bowl[name])]
              for name in ("guessing", "downhill", "descent")]  # fmt: skip
    times = say("downhill walk: with 200 weights {times:.0f} times as many looks as with 2",
                times=bowl["downhill"][-1] / bowl["downhill"][0])  # fmt: skip
    return _aligned(steps) + "\n\n" + _aligned(looks) + "\n" + times


def starts() -> str:
    """How many runs from one to twenty starts anywhere on the map meet a low place. Section 7."""
    found = comparisons.starts_on_map()
    hot = comparisons.RIDGE_HEATS[comparisons.best_heats()["annealed"]]
    names = {
        "starts": say("some start is low already"),
        "descent": IN_WORDS["descent"],
        "downhill": IN_WORDS["downhill"],
        "annealed": search_in_words(f"annealed, T = {hot:g}"),
    }
    head = [say("map, starts anywhere:"), *map(str, comparisons.STARTS)]
    more = [[words, *map(_percent, found[name].values())] for name, words in names.items()]
    title = say("% of {runs} runs that met a low place", runs=comparisons.START_RUNS)
    return title + "\n" + _aligned([head, *more])


def _percent(count):
    return f"{count.percent:.0f} %"


def _count(count):
    return f"{count.found}/{count.runs}"


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
