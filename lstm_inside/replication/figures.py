"""The pictures and the table of notebook 08: the grammar, success rates, how far gates open."""

import unicodedata

import matplotlib
import numpy as np
from matplotlib.patches import FancyBboxPatch

from lstm_inside.page.style import CELL_LINE, FAINT, FORGET, INPUT, RC, SIGNAL, Picture, picture
from lstm_inside.replication import END, REBER, stored_results, wilson
from lstm_inside.words import say

# where each node of the Reber graph stands, and how far an arrow between two bends
_NODES = ((0, 0), (1, 0), (2, 0.9), (2, -0.9), (3.4, 0.9), (3.4, -0.9), (4.4, 0), (5.3, 0))
_ARROW = {"arrowstyle": "-|>", "color": SIGNAL, "shrinkA": 11, "shrinkB": 11, "lw": 1.3}


def reber_picture() -> Picture:
    """The Reber graph with its numbered nodes, and the embedded grammar around it."""
    with matplotlib.rc_context(RC):
        figure = picture(900, 250)
        graph, whole = figure.subplots(1, 2, width_ratios=(4, 3))
        for node, ways in enumerate(REBER):
            for symbol, to in ways:
                _arrow(graph, symbol, _NODES[node], _NODES[to])
        for node, place in enumerate(_NODES):
            _station(graph, place, str(node) if node != END else say("end"))
        graph.set(xlim=(-0.4, 5.8), ylim=(-1.75, 1.75))
        graph.set_title(say("The Reber graph: a walk from node 0 spells a string"))
        stops = (0, 0), (1, 0), (2.2, 0.9), (2.2, -0.9), (3.6, 0.9), (3.6, -0.9), (4.8, 0), (5.8, 0)
        for symbol, start, to in zip("BTPTPE", (0, 1, 1, 4, 5, 6), (1, 2, 3, 6, 6, 7), strict=True):
            _arrow(whole, symbol, stops[start], stops[to])
        for n in (0, 1, 6, 7):
            _station(whole, stops[n], "")
        for height in (0.9, -0.9):
            box = FancyBboxPatch((2.3, height - 0.2), 1.2, 0.4, boxstyle="round,pad=0.08",
                                 fc="white", ec=INPUT)  # fmt: skip
            whole.add_patch(box)
            whole.text(2.9, height, say("Reber graph"), ha="center", va="center", color=INPUT)
        for x, words in ((1.6, say("“which”")), (4.2, say("“kept”")), (5.3, say("“end”"))):
            whole.text(x, -1.6, words, ha="center", color=SIGNAL, fontsize=9)
        whole.set(xlim=(-0.4, 6.3), ylim=(-1.75, 1.75))
        whole.set_title(say("Embedded: T or P before it, the same after it"))
        for ax in (graph, whole):
            ax.axis("off")
    walks = say("; ").join(
        say("from {node} {ways}", node=node, ways=say(", ").join(
            say("{symbol} to {to}", symbol=symbol, to=to if to != END else say("end"))
            for symbol, to in ways
        ))
        for node, ways in enumerate(REBER)
    )  # fmt: skip
    figure.alt = say(
        "The Reber graph: {walks}. The embedded grammar: B, then T or P, a walk through the graph, "
        "the same T or P again, E.",
        walks=walks,
    )
    return figure


def _arrow(ax, symbol, start, end):
    """An arrow with its symbol; from a node to itself a loop away from the middle."""
    (x, y), (x2, y2) = start, end
    if start == end:
        side = np.sign(y)
        ax.annotate("", (x + 0.09, y + 0.16 * side), (x - 0.09, y + 0.16 * side), arrowprops={
            **_ARROW, "connectionstyle": f"arc3,rad={-2.4 * side}", "shrinkA": 0, "shrinkB": 0,
        })  # fmt: skip
        at = x, y + 0.68 * side
    else:
        ax.annotate("", end, start, arrowprops=_ARROW)
        length = np.hypot(x2 - x, y2 - y)
        at = (x + x2) / 2 - 0.2 * (y2 - y) / length, (y + y2) / 2 + 0.22 * (x2 - x) / length
    ax.text(*at, symbol, ha="center", va="center", weight="bold", color=CELL_LINE)


def _station(ax, place, words):
    """A node with what is written in it."""
    ax.text(*place, words or " ", ha="center", va="center", fontsize=9,
            bbox={"boxstyle": "circle,pad=0.35", "fc": "white", "ec": SIGNAL})  # fmt: skip


def rows_table(names) -> str:
    """Stored rows as a table. names: row -> what to call it.

    The share of trials solved, the paper's and ours with Wilson's interval; then the mean number
    of sequences until a trial was solved, over the solved ones, with its bootstrap interval, its
    range and the paper's mean.
    """
    found = {record["row"]: record for record in stored_results()}
    heads = (say("paper"), say("here"), say("95 %"), say("mean"), say("95 %"), say("range"),
             say("paper"))  # fmt: skip
    above = ("", "", say("trials solved"), "", "", say("sequences until solved"), "", "")
    lines = [above, ("", *heads)]
    for row, name in names.items():
        s, paper = found[row]["summary"], found[row]["paper"]
        share = say("{solved} of {of}", solved=s["solved"], of=s["of"])
        theirs = say(
            "{share:.0f} %{sure} of {trials}", share=100 * paper["solved"],
            sure="?" * bool(paper.get("assumed")), trials=paper["trials"],
        ) if paper else "-"  # fmt: skip
        lines.append((
            name, theirs, share, f"{100 * s['share_low']:.0f} - {100 * s['share_high']:.0f} %",
            f"{s['sequences']:,}" if s["solved"] else "-",
            f"{s['low']:,} - {s['high']:,}" if "low" in s else "-",
            f"{s['least']:,} - {s['most']:,}" if s["solved"] else "-",
            f"{paper['sequences']:,}" if paper else "-",
        ))  # fmt: skip
    widths = [max(map(_width, column)) for column in zip(*lines[1:], strict=True)]
    text = []
    for name, *cells in lines:
        padded = [" " * (n - _width(c)) + c for n, c in zip(widths[1:], cells, strict=True)]
        text.append(f"{name}{' ' * (widths[0] - _width(name))}   {'   '.join(padded)}".rstrip())
    return "\n".join(text)


def _width(text):
    """How many columns a text takes: a Chinese letter takes two."""
    return sum(1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text)


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
        ax.set_yticklabels([
            say("{name} (cap {cap:,})", name=name, cap=record["cap"])
            for name, record in zip(names, records, strict=True)
        ])  # fmt: skip
        ax.set_xlabel(say("share of trials solved, with its 95 % interval"))
        ax.set_title(say("Here (dots) and in the paper (diamonds; hollow: assumed)"))
        ax.axvline(0, color=FAINT, lw=1, zorder=0)
        ax.axvline(1, color=FAINT, lw=1, zorder=0)
    shares = say("; ").join(
        say(
            "{name} {solved} of {of}",
            name=name,
            solved=record["summary"]["solved"],
            of=record["summary"]["of"],
        )
        for name, record in zip(names, records, strict=True)
    )
    figure.alt = say("Share of trials solved, here and in the paper: {shares}", shares=shares)
    return figure


def opening_picture(records, names) -> Picture:
    """How far each block's input gate opens at most, over training: a panel a record.

    records: rows of the adding problem whose trials say how far gates `opened`, by the compiled
    engine. names: a title each. A line a trial, block 1 blue, block 2 orange; it ends with a dot
    where the trial was solved, with a bar where it was stopped.
    """
    with matplotlib.rc_context(RC):
        figure = picture(900, 300)
        axes = figure.subplots(1, len(records), sharey=True)
        for ax, record, name in zip(axes, records, names, strict=True):
            for trial in record["trials"]:
                one, two = trial["opened"][:2]
                reach = np.linspace(0, trial["sequences"], len(one))
                ends = {"marker": "o" if trial["solved"] else "|", "ms": 5, "markevery": [-1]}
                ax.plot(reach, one, color=INPUT, lw=1.2, **ends, clip_on=False)
                ax.plot(reach, two, color=FORGET, lw=1.2, **ends, clip_on=False)
            ax.set(ylim=(1e-3, 2), yscale="log", xlim=(0, 1e6), xticks=(0, 5e5, 1e6))
            ax.set_xticklabels(("0", "0.5", "1"), fontsize=8)
            ax.set_title(name)
        axes[0].set_ylabel(say("the gate's highest value"))
        below = say("millions of sequences learned; dot: solved, bar: stopped")
        figure.supxlabel(below, fontsize=10)
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
