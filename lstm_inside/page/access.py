"""For keyboards, screen readers, narrow windows and lecture rooms: what ipywidgets leaves out."""

from importlib.resources import files

import anywidget
import traitlets

from lstm_inside.words import Sentences

WORDS = Sentences({"play": "Play", "pause": "Pause", "stop": "Stop", "retweet": "Repeat"})


class Access(anywidget.AnyWidget):
    """Names the sliders and play buttons of the panel in which it stands; shows nothing itself.

    players: the panel's `Play` widgets, which go on playing when they are shown twice.

    Its style sheet goes for every `.lstm-panel` on the page.
    """

    _esm = files(__package__).joinpath("access.js").read_text(encoding="utf-8")
    _css = files(__package__).joinpath("access.css").read_text(encoding="utf-8")
    words = traitlets.Dict().tag(sync=True)  # the part of an icon's name -> what is said for it

    players: traitlets.List = traitlets.List().tag(sync=True)  # ids of their models

    def __init__(self, players=()):
        ids = [player.model_id for player in players]
        super().__init__(words=dict(WORDS), players=ids, layout={"display": "none"})
