"""What notebook 04 draws graphs of gradients with: nodes, and arrows that bear a factor."""

from lstm_inside.page.style import FAINT

PRE_ACTIVATION, WEIGHTS = "#7A4FA0", "#7B5A1E"  # quantities that have no colour in the series
FORWARD = {"arrowstyle": "-", "color": FAINT, "lw": 2.2, "shrinkA": 15, "shrinkB": 15}


def node(ax, place, words, size=30, square=False):
    ax.plot(*place, "s" if square else "o", ms=size, mfc="white", mec="#666666", mew=1.4, zorder=3)
    ax.text(*place, words, ha="center", va="center", fontsize=13, zorder=4)


def back(ax, start, end, colour, words, number, label, bend=0.0, thick=2.6):
    """A gradient's arrow from `start` back to `end`.

    words: what the gradient is multiplied by there, at `label`, and, small and grey behind it,
    the number of the equation. thick: the arrow's line width. Returns the four things drawn.
    """
    forward = ax.annotate(
        "",
        start,
        end,
        arrowprops=FORWARD | {"connectionstyle": f"arc3,rad={-bend}"},
    )
    style = {
        "arrowstyle": "-|>",
        "color": colour,
        "lw": thick,
        "shrinkA": 17,
        "shrinkB": 17,
    }
    arrow = ax.annotate("", end, start, zorder=5,
                        arrowprops=style | {"connectionstyle": f"arc3,rad={bend}"})  # fmt: skip
    factor = ax.text(*label, words, color=colour, ha="center", va="center", fontsize=14.5,
                     weight="bold", zorder=6,
                     bbox={"fc": "white", "ec": "none", "pad": 0.5})  # fmt: skip
    equation = ax.annotate(f"({number})", (1, 0.5), xycoords=factor, xytext=(5, 0), va="center",
                           textcoords="offset points", fontsize=9.5, color="#777777",
                           zorder=6)  # fmt: skip
    return forward, arrow, factor, equation
