"""What a page says when Python no longer runs behind it: the picture stays, and how to wake it.

JupyterLab marks every widget that lost its kernel, or that was read from a saved page, with the
class `jupyter-widgets-disconnected`. The words below are always there and shown only then.
"""

import html

import ipywidgets as widgets

from lstm_inside.words import Sentences

WORDS = Sentences(
    {
        "asleep": "As you left it: Python is not running behind this any more. Run this cell again "
        "(Shift + Enter) to make it live, or the whole page with Run, Run All Cells.",
        "untrained": "What was trained went with it, but for what `.run.save(path)` has written: "
        "`.run.load(path)` goes on from there.",
        "both": "{one} {other}",
    }
)
WAKES = "lstm-wakes"  # the class of a box that says so in words, not with a mark on every part
_PARTS = "widget-slider, .widget-dropdown, .widget-checkbox, .widget-radio, .jupyter-button"
_STYLE = f"""
.lstm-asleep {{ display: none; }}
.jupyter-widgets-disconnected .lstm-asleep {{
  display: block; border-left: 4px solid #0072B2; padding-left: 8px; line-height: 1.45;
}}
.{WAKES}.jupyter-widgets-disconnected::before,
.{WAKES} .jupyter-widgets-disconnected::before {{ content: none; display: none; }}
.{WAKES} .jupyter-widgets-disconnected:is(.{_PARTS}) {{ opacity: 0.5; pointer-events: none; }}
"""


def asleep(*more) -> widgets.HTML:
    """The words, for a box that has the class WAKES; more: keys of WORDS that are said, too."""
    words = WORDS["asleep"]
    for key in more:
        words = WORDS["both"].format(one=words, other=WORDS[key])
    return widgets.HTML(
        f'<style>{_STYLE}</style><div class="lstm-asleep" role="note">{html.escape(words)}</div>',
        layout=widgets.Layout(margin="0"),
    )
