"""What stands still in notebook 03."""

import matplotlib
import numpy as np

from lstm_inside.page.style import RC, Picture, picture
from lstm_inside.words import say


def recall(sequences) -> Picture:
    """The first of some `Sequences` of the recall problem: its numbers, the flag, the question."""
    numbers, flags = sequences.xs[:, 0].T
    steps, at = len(numbers), int(flags.argmax())
    with matplotlib.rc_context(RC):
        figure = picture(900, 220)
        figure.alt = say(
            "A stream of {steps} numbers between -1 and 1. The one at step {at}, {numbers:+.2f}, "
            "carries a flag. After step {steps} it is asked for.",
            steps=steps,
            at=at + 1,
            numbers=numbers[at],
        )
        ax = figure.subplots()
        ax.set(xlim=(0, steps + 13), ylim=(-1.25, 1.6), yticks=(-1, 0, 1), xlabel=say("step t"))
        ax.set_xticks(range(0, steps + 1, 20))
        ax.set_title(say("Which number carried the flag?"))
        ax.vlines(np.arange(1, steps + 1), 0, numbers, color="#b9b9b9", lw=1.5)
        ax.plot(np.arange(1, steps + 1), numbers, "o", color="#b9b9b9", ms=3.5)
        ax.vlines(at + 1, 0, numbers[at], color="#111111", lw=2.5)
        ax.plot([at + 1], [numbers[at]], "o", color="#111111", ms=9)
        ax.annotate(say("flag"), (at + 1, 1.12), ha="center", weight="bold")
        ax.text(steps + 4, 0, "?", fontsize=22, weight="bold", va="center")
    return figure
