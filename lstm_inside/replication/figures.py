"""The pictures of notebook 08, and in words what a stored row does otherwise than the paper."""

import matplotlib
import numpy as np
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from lstm_inside.page.style import (
    CELL_LINE,
    FORGET,
    INPUT,
    RC,
    SIGNAL,
    Picture,
    picture,
    true_minus,
)
from lstm_inside.replication import END, REBER, stored_results, wilson
from lstm_inside.words import Sentences, say

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


_DEPARTURES = Sentences(
    {
        "trials": "{value} trials",
        "on_pairs": "{value[0]} trials on {value[1]} pairs of sets",
        "sequences": "at most {value:,} sequences",
        "with_cell": "at most {value:,} sequences with the cell",
        "strings": "at most {value:,} strings",
        "symbols": "at most {value[0]:,} training symbols, not {value[1]:,} streams",
        "from_start": "the cell is there from the start",
        "cell_after": "the cell comes in after {value:,} sequences, which are not counted",
        "settled": "the cell comes in when the loss falls by less than {value[0]} % in {value[1]} "
        "sequences",
        "both_right": "solved is both sequences right, looked at every {value[0]}, not "
        "{value[1]:,} in a row",
        "any_mean": "solved is the last {value[0]:,} within {value[1]}, whatever their mean",
        "exam": "looked at every {value} strings",
        "test": "a test every {value:,} symbols",
        "test_streams": "{value[0]} test streams, of {value[1]:,} symbols at most",
        "p": "p = {value[0]} instead of {value[1]}",
        "rate": "rate {value[0]:g} instead of {value[1]}",
        "biases": "input-gate biases {value[0]:.0f} and {value[1]:.0f}",
        "input_bias": "input-gate biases start at {value:.0f}",
        "ranges": "g within {value[0]} and h within {value[1]}",
        "table_10": "g within {value[0]} and h within {value[1]}, as in table 10",
        "all_legal": "told all legal symbols, not the one that came",
        "different": "{value} different strings in a set",
        "by_string": "an update a string",
        "by_chunk": "an update every {value} symbols",
        "adam": "Adam at {value}",
        "entropy": "cross-entropy",
        "own_gates": "{value} cells, each with gates of its own",
    }
)


def departures(record) -> str:
    """What a stored row does otherwise than the paper, in the language spoken.

    record: of `replication.stored_results`; its "departures" are keys, each with its value.
    """
    said = (_DEPARTURES[key].format(value=value) for key, value in record["departures"].items())
    return true_minus(say("; ").join(said))


def rows_picture(names) -> Picture:
    """Stored rows: the share of trials solved, and how many sequences each solved trial took.

    names: row -> what to call it. Blue is here, with Wilson's interval, a dot a solved trial and
    the mean as a bar. Orange is the paper: its interval is Wilson's for its own number of trials,
    and its marker is hollow where the share is not reported but assumed; it stands at the first of
    several rows that are held against the same.
    """
    found = {record["row"]: record for record in stored_results()}
    records = [found[row] for row in names]
    papers = [
        record["paper"] if n == 0 or record["paper"] != records[n - 1]["paper"] else None
        for n, record in enumerate(records)
    ]
    with matplotlib.rc_context(RC):
        figure = picture(900, 78 + 36 * len(records))
        shares, until = figure.subplots(1, 2, sharey=True, width_ratios=(4, 5))
        for place, (record, paper) in enumerate(zip(records, papers, strict=True)):
            _draw_share(shares, place, record["summary"], paper)
            _draw_until(until, place, record, paper)
        shares.set(
            xlim=(-0.03, 1.03), ylim=(len(records) - 0.35, -1.15), yticks=range(len(records))
        )
        shares.set_yticklabels([
            say("{name}: {solved} of {of}", name=name, solved=record["summary"]["solved"],
                of=record["summary"]["of"])
            for name, record in zip(names.values(), records, strict=True)
        ])  # fmt: skip
        shares.set_title(say("Share of trials solved"))
        _scale(until, records)
        for ax in (shares, until):
            ax.grid(visible=False, axis="y")
            ax.tick_params(axis="y", length=0)
        if any(papers):
            _beside(until, -0.95, 8, say("here"), INPUT, weight="bold")
            _beside(until, -0.55, 8, say("the paper"), FORGET, weight="bold")
    figure.alt = say("; ").join(map(_row_in_words, names.values(), records, papers))
    return figure


def _draw_share(ax, place, found, paper):
    """The share of trials solved with its interval, here and in the paper."""
    ax.plot([found["share_low"], found["share_high"]], [place, place], color=INPUT, lw=3,
            solid_capstyle="butt")  # fmt: skip
    ax.plot(found["solved"] / found["of"], place, "o", color=INPUT, ms=7, clip_on=False)
    if paper:
        ends = wilson(round(paper["solved"] * paper["trials"]), paper["trials"])
        ax.plot(ends, [place + 0.32] * 2, color=FORGET, lw=1.5)
        ax.plot(paper["solved"], place + 0.32, "D", color=FORGET, ms=6, clip_on=False,
                mfc="white" if paper.get("assumed") else FORGET)  # fmt: skip


def _draw_until(ax, place, record, paper):
    """How long each solved trial took, their mean and the paper's; what was stopped, and where."""
    found = record["summary"]
    if found["solved"]:
        solved = [trial["sequences"] for trial in record["trials"] if trial["solved"]]
        ax.plot(solved, [place] * len(solved), "o", color=INPUT, ms=5, alpha=0.35, mew=0)
        ax.plot(found["sequences"], place, "|", color=INPUT, ms=15, mew=3)
        _beside(ax, place, 8, f"{found['sequences']:,}", INPUT)
    if paper:
        ax.plot(paper["sequences"], place + 0.32, "D", color=FORGET, ms=6)
        _beside(ax, place + 0.36, 8, f"{paper['sequences']:,}", FORGET)
    if stopped := found["of"] - found["solved"]:
        left = say("{count} stopped at {cap:,}", count=stopped, cap=record["cap"])
        _beside(ax, place, 62, left, SIGNAL)


def _beside(ax, height, points, text, colour, **style):
    """Words to the right of an axis, so many points from its edge."""
    ax.annotate(text, (1, height), xycoords=ax.get_yaxis_transform(), xytext=(points, 0),
                textcoords="offset points", va="center", color=colour, fontsize=10,
                **style)  # fmt: skip


def _scale(ax, records):
    """An axis for all the trials' lengths: even, logarithmic where they differ by much."""
    lengths = [trial["sequences"] for r in records for trial in r["trials"] if trial["solved"]]
    lengths += [record["paper"]["sequences"] for record in records if record["paper"]]
    if max(lengths) > 30 * min(lengths):
        ax.set(xscale="log", xlim=(min(lengths) / 1.5, 1.5 * max(lengths)))
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set_title(say("Sequences until solved (logarithmic)"))
    else:
        ax.set_xlim(0, 1.05 * max(lengths))
        ax.locator_params(axis="x", nbins=5)
        ax.set_title(say("Sequences until solved"))
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def _row_in_words(name, record, paper):
    """What the picture of a row shows, in numbers."""
    found = record["summary"]
    parts = [
        say("{name}: {solved} of {of} solved, {low:.0f} to {high:.0f} %", name=name,
            solved=found["solved"], of=found["of"], low=100 * found["share_low"],
            high=100 * found["share_high"])
    ]  # fmt: skip
    if found["solved"]:
        parts.append(say("after {least:,} to {most:,} sequences, {mean:,} on average",
                         least=found["least"], most=found["most"],
                         mean=found["sequences"]))  # fmt: skip
    if paper:
        parts.append(say("the paper {share:.0f} %{sure} of {trials}, {mean:,} on average",
                         share=100 * paper["solved"], sure="?" * bool(paper.get("assumed")),
                         trials=paper["trials"], mean=paper["sequences"]))  # fmt: skip
    return say(", ").join(parts)


def cell_picture(curves, titles) -> Picture:
    """What the cell of experiment 2a holds at each step, in both sequences: a panel a network.

    curves: (T + 1, 2) a network, the cell's value in the one and in the other sequence. titles: one
    a network.
    """
    with matplotlib.rc_context(RC):
        figure = picture(900, 230)
        axes = figure.subplots(1, len(curves), sharey=True)
        for ax, c, title in zip(axes, curves, titles, strict=True):
            ax.plot(c[:, 0], color=CELL_LINE, lw=4, alpha=0.55)
            ax.plot(c[:, 1], color=SIGNAL, lw=1.8, ls=(0, (4, 2)))
            ax.set(xlim=(0, len(c) - 1), xlabel=say("step t"))
            ax.locator_params(axis="x", nbins=5, integer=True)
            ax.set_title(title)
        axes[0].set_ylabel(say("the cell c"))
        end = max(c.max() for c in curves)
        axes[-1].text(1, 0.9 * end, say("one sequence"), color=CELL_LINE, weight="bold")
        axes[-1].text(1, 0.75 * end, say("dashed: the other"), color=SIGNAL)
    last = say("; ").join(
        say("{title}: at the last step {one:.2f} and {other:.2f}", title=title, one=c[-1, 0],
            other=c[-1, 1])
        for title, c in zip(titles, curves, strict=True)
    )  # fmt: skip
    figure.alt = say("What the cell holds in the two sequences. {last}", last=last)
    return figure


_OPEN = 0.05  # a gate that has once been beyond this counts as open


def opening_picture(records, names) -> Picture:
    """How far each block's input gate opens at most, over training: a panel a record.

    records: rows of the adding problem whose trials say how far gates `opened`, by the compiled
    engine. names: a title each. A line a trial, block 1 blue, block 2 orange; it ends with a dot
    where the trial was solved, with a bar where it was stopped.
    """
    with matplotlib.rc_context(RC):
        figure = picture(900, 310)
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
            found = record["summary"]
            solved = say("{solved} of {of} solved", solved=found["solved"], of=found["of"])
            ax.set_title(f"{name}\n{solved}")
        axes[0].set_ylabel(say("the gate's highest value"))
        below = say("millions of sequences learned; dot: solved, bar: stopped")
        figure.supxlabel(below, fontsize=10)
        axes[0].text(4e4, 1.1, say("block 1"), color=INPUT, weight="bold")
        axes[0].text(5.5e5, 1.1, say("block 2"), color=FORGET, weight="bold")
    reached = say("; ").join(map(_opened_in_words, names, records))
    figure.alt = say(
        "How far each block's input gate opens at most while it is trained: {ends}", ends=reached
    )
    return figure


def _opened_in_words(name, record):
    """How far the input gates of block 1 and of block 2 ever opened, and what it led to."""
    top = np.array([[max(gate) for gate in trial["opened"][:2]] for trial in record["trials"]])
    found = record["summary"]
    parts = [
        say("{name}: at most {one:.2g} to {one_2:.2g} in block 1, {two:.2g} to {two_2:.2g} in "
            "block 2", name=name, one=top[:, 0].min(), one_2=top[:, 0].max(),
            two=top[:, 1].min(), two_2=top[:, 1].max()),
        say("both beyond {limit} in {both} of {of}", limit=_OPEN,
            both=int((top > _OPEN).all(axis=1).sum()), of=len(top)),
        say("{solved} of {of} solved", solved=found["solved"], of=found["of"]),
    ]  # fmt: skip
    if found["solved"]:
        parts.append(say("after {least:,} to {most:,} sequences, {mean:,} on average",
                         least=found["least"], most=found["most"],
                         mean=found["sequences"]))  # fmt: skip
    return say(", ").join(parts)


def places_picture(names) -> Picture:
    """Where in the embedded grammar unsolved networks are wrong: a panel a row.

    names: rows of experiment 1 -> what to call them. A bar is the share of a row's unsolved
    networks that are wrong there in some string: at the nodes of the Reber graph (blue), at the
    remembered symbol (orange), or before and after (grey).
    """
    found = {record["row"]: record for record in stored_results()}
    colours = [SIGNAL, *[INPUT] * END, CELL_LINE, SIGNAL]  # in the order of `grammar.PLACES`
    ticks = say("“which”"), *map(str, range(END)), say("“kept”"), say("“end”")
    said = []
    with matplotlib.rc_context(RC):
        figure = picture(900, 240)
        axes = figure.subplots(1, len(names), sharey=True)
        for ax, (row, name) in zip(axes, names.items(), strict=True):
            wrong = np.array([t["places"] for t in found[row]["trials"] if not t["solved"]]) > 0
            ax.bar(range(len(ticks)), wrong.mean(axis=0), color=colours)
            ax.set_xticks(range(len(ticks)), ticks, fontsize=9)
            for place in (0, END + 1, END + 2):  # the long ones
                ax.get_xticklabels()[place].set(rotation=40, ha="right", rotation_mode="anchor")
            ax.set(ylim=(0, 1), yticks=(0, 0.5, 1))
            ax.set_title(name)
            inside, kept = wrong[:, 1 : 1 + END].any(axis=1), wrong[:, 1 + END]
            said.append(say(
                "{name}: of {of} unsolved networks {inside} are wrong in the Reber graph only, "
                "{kept} at the remembered symbol only, {both} at both",
                name=name, of=len(wrong), inside=(inside & ~kept).sum(),
                kept=(kept & ~inside).sum(), both=(inside & kept).sum(),
            ))  # fmt: skip
        axes[0].set_ylabel(say("share wrong there"))
        figure.supxlabel(say("place in the grammar; numbers: nodes of the graph"), fontsize=10)
    figure.alt = say("; ").join(said)
    return figure


def streams_picture(names, guessing) -> Picture:
    """Networks on a stream without resets: right answers, and how far the memory has run away.

    names: rows of the stream -> what to call them. guessing: the share of right steps of one that
    knows the grammar and guesses the remembered symbol. A dot a network.
    """
    found = {record["row"]: record for record in stored_results()}
    said = []
    with matplotlib.rc_context(RC):
        figure = picture(900, 62 + 30 * len(names))
        rights, sizes = figure.subplots(1, 2, sharey=True)
        for place, (row, name) in enumerate(names.items()):
            trials = found[row]["trials"]
            right = np.array([np.mean(trial["right"]) for trial in trials])
            size = np.array([trial["state"][-1] for trial in trials])
            dots = {"color": CELL_LINE, "ms": 7, "alpha": 0.45, "mew": 0}
            rights.plot(right, [place] * len(right), "o", **dots | {"color": INPUT})
            rights.plot(right.mean(), place, "|", color=INPUT, ms=15, mew=3)
            sizes.plot(size, [place] * len(size), "o", **dots)
            said.append(say(
                "{name}: {low:.1f} to {high:.1f} % right, {mean:.1f} on average; largest |c| "
                "{least:,.0f} to {most:,.0f}",
                name=name, low=100 * right.min(), high=100 * right.max(), mean=100 * right.mean(),
                least=size.min(), most=size.max(),
            ))  # fmt: skip
        rights.axvline(guessing, color=SIGNAL, ls=":", lw=1.5)
        rights.set(xlim=(0.55, 1), ylim=(len(names) - 0.5, -0.9), yticks=range(len(names)))
        rights.text(guessing - 0.005, -0.6, say("grammar known, memory guessed"), color=SIGNAL,
                    ha="right", va="center", fontsize=10)  # fmt: skip
        rights.set_yticklabels(list(names.values()))
        rights.set_title(say("Share of right steps"))
        sizes.set(xscale="log", xlim=(0.5, 3e5))
        sizes.set_title(say("Largest memory |c| (logarithmic)"))
        for ax in (rights, sizes):
            ax.tick_params(axis="y", length=0)
    figure.alt = say("; ").join(said)
    return figure
