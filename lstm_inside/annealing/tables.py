"""What notebook 06 prints as a table, in the language spoken."""

from unicodedata import east_asian_width

import numpy as np

from lstm_inside.annealing import comparisons
from lstm_inside.annealing.figures import search_in_words
from lstm_inside.annealing.tours import reversal_change
from lstm_inside.words import say

_SHOWN = ((1.5, 0.5), (0.3, 0.1), (0.3, 0.5), (0.3, 1))  # step, start temperature


def ridge() -> str:
    """Of 16 walks on the map, how many end low under each cooling schedule. Section 4."""
    heat, ends = comparisons.ridge_walks(), comparisons.RIDGE_ENDS
    head = [say("of 16 walks END low"), "T = 0", say("cooled to 0.22"), say("to 0.01"),
            say("never cooled")]  # fmt: skip

    def row(name, step, which, n):
        cold, *each = heat[step, 1][which, 0], *(heat[step, end][which, n] for end in ends)
        return [name, *(f"{count:.1f}" for count in (cold, *each))]

    rows = [
        row(search_in_words(f"step {step}, T = {T}"), step, 0, comparisons.RIDGE_HEATS.index(T))
        for step, T in _SHOWN
    ]
    best = [heat[0.3, end][0].max() for end in ends]
    rows.append([say("step 0.3, each at its best T"), "", *(f"{count:.1f}" for count in best)])
    rows.append(row(say("step 0.3, T from 0.5: MET low"), 0.3, 1,
                    comparisons.RIDGE_HEATS.index(0.5)))  # fmt: skip
    return _aligned([head, *rows])


def aim() -> str:
    """How exactly a guess must hit on the sign and on recall. Section 7."""
    head = ["", say("good single guesses"), say("still good if moved by up to 10 %"), say("50 %")]
    tried = zip(comparisons.single_guesses(), *comparisons.moved().values(), strict=True)
    rows = [
        [name, say("{found} of {runs:,}", found=single.found, runs=single.runs),
         *(f"{each.percent:.0f} %" for each in kept)]
        for name, (single, *kept) in zip((say("sign"), say("recall")), tried, strict=True)
    ]  # fmt: skip
    learned = comparisons.recall_learned()
    within = (abs(learned - comparisons.AROUND) <= comparisons.WIDTH).all(axis=1).sum()
    words = say(
        "of the {count} networks of descent that recall, {within} lie where the guesses do",
        count=len(learned), within=within,
    )  # fmt: skip
    return _aligned([head, *rows]) + "\n" + words


def trips(kinds) -> str:
    """By how many % each kind of tours (R, 3, 40) is longer than the shortest. Section 8."""
    found = comparisons.round_trips()
    head = [
        say("% longer, median"),
        *(say("map {number}", number=m + 1) for m in range(3)),
        say("at most 2 %"),
    ]
    rows = [
        [name, *(f"{x:.1f}" for x in np.median(found.beyond(tours), axis=0)),
         say("{found} of {runs:,}", found=found.near(tours), runs=3 * len(tours))]
        for name, tours in kinds.items()
    ]  # fmt: skip
    first, last = 1 + np.array(np.triu_indices(39, 1))  # of every stretch
    change = reversal_change(found.maps, found.cold.reshape(-1, 40), first, last)
    words = say(
        "cold tours that none of the {count} reversals shortens: {stuck} of {runs}",
        count=len(first), stuck=(change > -1e-9).all(axis=1).sum(), runs=len(change),
    )  # fmt: skip
    return _aligned([head, *rows]) + "\n" + words


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
