"""One look for the series: a colour per quantity, and figures that describe themselves."""

import base64
import html
import io
import re
import warnings
from importlib.resources import as_file, files
from pathlib import Path
from typing import NamedTuple

import ipywidgets as widgets
import matplotlib
from matplotlib import font_manager
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from PIL import Image

from lstm_inside.words import Sentences, when_changed

from . import cells

FORGET, INPUT, CANDIDATE, OUTPUT = "#D55E00", "#0072B2", "#CC79A7", "#009E73"
CELL, HIDDEN = "#E69F00", "#56B4E9"
CELL_LINE = "#B87800"  # the cell's colour darkened, for thin lines and for text
HIDDEN_LINE = "#2B87BD"
CANDIDATE_LINE = "#B0528A"
GRADIENT = "#333333"  # RNN dashed, LSTM solid
SIGNAL = "#555555"  # inputs and targets
FAINT = "#BBBBBB"

COLOURS = {
    "f": FORGET,
    "i": INPUT,
    "g": CANDIDATE,
    "o": OUTPUT,
    "c": CELL,
    "h": HIDDEN,
    "x": SIGNAL,
    "gradient": GRADIENT,
}


class Gate(NamedTuple):
    """One of the four boxes of an LSTM: how it is called, drawn and found in the weights.

    called: its `name` ("forget gate"), `short` ("forget") and `word` for what it decides. act:
    what squashes it. colour is for areas, line for thin lines and text. block: which quarter of
    the columns is its own.
    """

    called: Sentences
    act: str
    colour: str
    line: str
    block: int

    @property
    def name(self):
        """Such as "forget gate", in the language spoken."""
        return self.called["name"]

    @property
    def short(self):
        """The name without "gate", in the language spoken."""
        return self.called["short"]

    @property
    def word(self):
        """What it decides, in a word of the language spoken."""
        return self.called["word"]


# In the order of the equations (3.2)-(3.5); the column blocks stand in PyTorch's order.
GATES = {
    "f": Gate(
        Sentences({"name": "forget gate", "short": "forget", "word": "keep"}),
        "σ",
        FORGET,
        FORGET,
        block=1,
    ),
    "i": Gate(
        Sentences({"name": "input gate", "short": "input", "word": "write"}),
        "σ",
        INPUT,
        INPUT,
        block=0,
    ),
    "g": Gate(
        Sentences({"name": "candidate", "short": "candidate", "word": "what"}),
        "tanh",
        CANDIDATE,
        CANDIDATE_LINE,
        block=2,
    ),
    "o": Gate(
        Sentences({"name": "output gate", "short": "output", "word": "show"}),
        "σ",
        OUTPUT,
        OUTPUT,
        block=3,
    ),
}
BLOCKS = sorted(GATES, key=lambda letter: GATES[letter].block)  # i f g o, as the columns stand

# Signed values: blue below zero, white at it, orange above. Sizes: white to near-black.
SIGNED = LinearSegmentedColormap.from_list("signed", ["#0b4f8a", "#f7f7f7", "#b34700"])
SIZE = LinearSegmentedColormap.from_list("size", ["#fbfbfb", "#9fb4c7", "#2a3f5f", "#0b1626"])

with as_file(files(__package__) / "lstm.mplstyle") as _path:
    RC = matplotlib.rc_params_from_file(_path, use_default_template=False)

_PNG_DPI = 100
# Chinese fonts, the best first, and how their files begin.
_CHINESE = {
    "Noto Sans CJK SC": "notosanscjk",
    "Source Han Sans SC": "sourcehansans",
    "PingFang SC": "pingfang",
    "Microsoft YaHei": "msyh",
    "WenQuanYi Micro Hei": "wqy-microhei",
}


def _choose_fonts(code):
    """Chinese letters from the best font that is here; where none is, a browser has its own."""
    RC["font.family"] = ["sans-serif"]
    if code != "zh":
        return
    if not _CHINESE.keys() & set(
        font_manager.get_font_names()
    ):  # installed since matplotlib looked
        for path in font_manager.findSystemFonts():
            if Path(path).name.lower().startswith(tuple(_CHINESE.values())):
                font_manager.fontManager.addfont(path)
    here = set(font_manager.get_font_names())
    RC["font.family"] = ["sans-serif", *[name for name in _CHINESE if name in here][:1]]
    warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font", UserWarning)


when_changed(_choose_fonts)


class Picture(Figure):
    """A figure with alternative text: a notebook shows it by naming it on a cell's last line.

    alt: what the picture shows, in a sentence; it is what a reader gets who cannot see it.
    colours: how many its PNG may hold; None, for photographs, keeps them all.
    """

    alt = ""
    colours: int | None = 256

    def png(self) -> bytes:
        """The whole figure as a small PNG, the same bytes for the same content."""
        drawn, packed = io.BytesIO(), io.BytesIO()
        with matplotlib.rc_context(RC):
            self.savefig(drawn, format="png", dpi=_PNG_DPI)
        image = Image.open(drawn).convert("RGB")
        if self.colours:
            image = image.quantize(self.colours)
        image.save(packed, format="png", optimize=True)
        return packed.getvalue()

    def _repr_mimebundle_(self, include=None, exclude=None):
        """As a widget, whose picture has its alternative text; as PNG where nothing runs."""
        source, alt = base64.b64encode(self.png()).decode(), true_minus(self.alt)
        shown = widgets.HTML(
            f'<img alt="{html.escape(alt, quote=True)}" src="data:image/png;base64,{source}"'
            f' style="display:block;width:100%;max-width:{self.get_figwidth() * 72:.0f}px;'
            'border-radius:6px">'
        )
        cells.made(shown, self)
        cells.shown(shown)
        data = shown._repr_mimebundle_()
        data |= {"image/png": source, "text/plain": f"Picture: {alt}"}
        return data, {"image/png": {"alt": alt}}


def true_minus(words) -> str:
    """Words whose negative numbers have a true minus; nothing is never minus nothing.

    A hyphen inside a word, a range or an exponent (1e-5) stays one.
    """
    words = re.sub(r"(?<![A-Za-z0-9_)\]-])-(?=\.?\d)", "−", words)
    return re.sub(r"−(?=0(\.0+)?(?![.\de]))", "", words)


def signed(value, digits=2) -> str:
    """A number with its sign, a true minus; nothing is never minus nothing."""
    return f"{round(float(value), digits) + 0.0:+.{digits}f}".replace("-", "−")


def plain(value, digits=2) -> str:
    """A number without a plus, a true minus; nothing is never minus nothing."""
    return true_minus(f"{float(value):.{digits}f}")


def picture(width, height, alt="") -> Picture:
    """An empty figure of the series, `width` x `height` in CSS pixels at full size."""
    with matplotlib.rc_context(RC):
        figure = Picture(figsize=(width / 72, height / 72), dpi=72, layout="constrained")
    figure.alt = alt
    return figure
