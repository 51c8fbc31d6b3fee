"""The picture of notebook 08 of what was measured: success rates, with their intervals."""

import matplotlib

from lstm_inside.page.style import FAINT, FORGET, INPUT, RC, Picture, picture
from lstm_inside.replication import wilson


def success_picture(records) -> Picture:
    """The share of trials solved with its 95 % interval, ours and the paper's, a row each.

    records: of `replication.stored_results`. The paper's interval is Wilson's for its own
    number of trials; where a row has no figure in a paper, there is none.
    """
    with matplotlib.rc_context(RC):
        figure = picture(900, 60 + 26 * len(records))
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
                ax.plot(share, place + 0.28, "D", color=FORGET, ms=5)
        ax.set(xlim=(-0.03, 1.03), ylim=(len(records) - 0.4, -0.7), yticks=range(len(records)))
        ax.set_yticklabels([record["row"] for record in records])
        ax.set_xlabel("share of trials solved, with its 95 % interval")
        ax.set_title("Here (blue dots) and in the papers (orange diamonds)")
        ax.axvline(0, color=FAINT, lw=1)
        ax.axvline(1, color=FAINT, lw=1)
    figure.alt = "Share of trials solved, here and in the papers: " + "; ".join(
        f"{r['row']} {r['summary']['solved']} of {r['summary']['of']}" for r in records
    )
    return figure
