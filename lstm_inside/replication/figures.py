"""The pictures of notebook 08 of what was measured: success rates, and how far gates open."""

import matplotlib
import numpy as np

from lstm_inside.page.style import FAINT, FORGET, INPUT, RC, Picture, picture
from lstm_inside.replication import wilson
from lstm_inside.words import say


def success_picture(records, names=None) -> Picture:
    """The share of trials solved with its 95 % interval, ours and the paper's, a row each.

    records: of `replication.stored_results`. names: what to call each row, else its own name.
    The paper's interval is Wilson's for its own number of trials, and its marker is hollow where
    the share is not reported but assumed; where a row has no figure in a paper, there is none.
    """
    names = names or [record["row"] for record in records]
    with matplotlib.rc_context(RC):
        figure = picture(900, 60 + 30 * len(records))
        ax = figure.subplots()
        for place, record in enumerate(records):
            found, paper = record["summary"], record["paper"]
            low, high = found["share_low"], found["share_high"]
            ax.plot([low, high], [place, place], color=INPUT, lw=3, solid_capstyle="butt")
            ax.plot(found["solved"] / found["of"], place, "o", color=INPUT, ms=7)
            if paper:
                share = paper["solved"]
                low, high = wilson(round(share * paper["trials"]), paper["trials"])
                ax.plot([low, high], [place + 0.28] * 2, color=FORGET, lw=1.5)
                filled = "white" if paper.get("assumed") else FORGET
                ax.plot(share, place + 0.28, "D", color=FORGET, mfc=filled, ms=6)
        ax.set(xlim=(-0.03, 1.03), ylim=(len(records) - 0.4, -0.7), yticks=range(len(records)))
        ax.set_yticklabels(names)
        ax.set_xlabel(say("share of trials solved, with its 95 % interval"))
        ax.set_title(say("Here (dots) and in the papers (diamonds; hollow: assumed)"))
        ax.axvline(0, color=FAINT, lw=1)
        ax.axvline(1, color=FAINT, lw=1)
    shares = say("; ").join(
        say(
            "{name} {solved} of {of}",
            name=name,
            solved=record["summary"]["solved"],
            of=record["summary"]["of"],
        )
        for name, record in zip(names, records, strict=True)
    )
    figure.alt = say("Share of trials solved, here and in the papers: {shares}", shares=shares)
    return figure


def opening_picture(records, names) -> Picture:
    """How far each block's input gate opens at most, over training: a panel a record.

    records: rows of the adding problem whose trials say how far gates `opened`, by the compiled
    engine. names: a title each. A line a trial, block 1 blue, block 2 orange.
    """
    with matplotlib.rc_context(RC):
        figure = picture(900, 300)
        axes = figure.subplots(1, len(records), sharey=True)
        for ax, record, name in zip(axes, records, names, strict=True):
            for trial in record["trials"]:
                one, two = trial["opened"][:2]
                reach = np.linspace(0, trial["sequences"], len(one))
                ax.plot(reach, one, color=INPUT, lw=1.2)
                ax.plot(reach, two, color=FORGET, lw=1.2)
            ax.set(ylim=(1e-3, 2), yscale="log", xlim=(0, 1e6), xticks=(0, 5e5, 1e6))
            ax.set_xticklabels(say("0 | 0.5 | 1 million").split(" | "), fontsize=8)
            ax.set_title(name)
        axes[0].text(4e4, 1.1, say("block 1"), color=INPUT, weight="bold")
        axes[0].text(5.5e5, 1.1, say("block 2"), color=FORGET, weight="bold")
    reached = say("; ").join(
        say(
            "{name}: block 1 ends at {ends:.2g} to {ends_2:.2g}, block 2 at {ends_3:.2g} to "
            "{ends_4:.2g}",
            name=name,
            ends=min(ends[0]),
            ends_2=max(ends[0]),
            ends_3=min(ends[1]),
            ends_4=max(ends[1]),
        )
        for name, ends in zip(names, map(_ends, records), strict=True)
    )
    figure.alt = say(
        "How far each block's input gate opens at most while it is trained: {ends}", ends=reached
    )
    return figure


def _ends(record):
    """How far the input gates of block 1 and of block 2 opened last, over the trials."""
    return [[trial["opened"][block][-1] for trial in record["trials"]] for block in (0, 1)]
