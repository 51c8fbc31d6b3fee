"""What the room's explorers and pictures are made of: a page of text, bars, learned views."""

import re
import tokenize
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from lstm_inside.page import Explorer, Lines, Pixels, Words
from lstm_inside.page.style import SIGNAL, Picture
from lstm_inside.simulation.reading import MARKS, marks, opened_on_line
from lstm_inside.simulation.text import check_text, encode, standard_library
from lstm_inside.words import Sentences

MONO = "DejaVu Sans Mono"
GREY = "#777777"
_VISIBLE = {" ": "␣", "\n": "↵"}
CONTROL = "#6A5D99"  # the control cell, wherever it is drawn
SECOND = "#9A9A9A"  # the second-best cell
CHANCE = "#9AA5AF"  # what a model that is left alone gives to the next character
# Grey below zero, nothing at it, the cell's gold above: letters show through.
TINT = LinearSegmentedColormap.from_list(
    "tint", [(0.35, 0.35, 0.4, 0.6), (1, 1, 1, 0.0), (0.9, 0.58, 0, 0.75)]
)


class Learned(Explorer):
    """An explorer of a trained model: figures differ with the Python whose library was read.

    Where nothing runs, its text says what it is about; the figures are in the picture.
    """

    about = ""

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        data["text/plain"] = f"Explorer {self.name}: {self.about}"
        return data, metadata


class LearnedPicture(Picture):
    """A picture of what a trained model came to; its text, too, is free of figures."""

    about = ""

    def _repr_mimebundle_(self, include=None, exclude=None):
        data, metadata = super()._repr_mimebundle_(include, exclude)
        data["text/plain"] = f"Picture: {self.about}"
        return data, metadata


def learned_picture(width, height, about) -> LearnedPicture:
    figure = LearnedPicture(figsize=(width / 72, height / 72), dpi=72, layout="constrained")
    figure.about = about
    return figure


def learned(name, about, given, **parts) -> Learned:
    view = Learned(name, **parts)
    view.about = about
    if given is not None:
        # What it shows depends on what was learned, not on its controls alone.
        view.remove_class("lstm-explorer").add_class("lstm-trained")
    return view


def said(symbol) -> str:
    """A symbol as it can be seen: ␣ for a space, ↵ for the end of a line."""
    return _VISIBLE.get(symbol, symbol)


def dotted(text):
    """Text whose runs of spaces and line ends can be seen: what is wrapped has no ↵."""
    return re.sub(" {2,}", lambda run: "·" * len(run[0]), text).replace("\n", said("\n") + "\n")


CHOICES = [*MARKS, ("bracket of this line", "line")]  # marks in a drop-down list

NAMES = Sentences(  # what pictures and captions name; a key is what the code calls it
    {
        # marks
        "brackets": "brackets",
        "string": "string",
        "indentation": "indentation",
        "comment": "comment",
        "line": "bracket of this line",
        # kinds of character
        "space after a space": "space after a space",
        "letter inside a word": "letter inside a word",
        "first letter of a word": "first letter of a word",
        "closing bracket": "closing bracket",
        "every character": "every character",
        "letter": "letter",
        # models of text
        "single characters": "single characters",
        "bigram": "bigram",
        "trigram": "trigram",
        # forecasters
        "mean": "the mean",
        "persistence": "persistence",
        "linear": "linear",
        # where a bracket is open, or none
        "at an opening bracket and 3 on": "at an opening bracket, or up to 3 characters on",
        "the same in a string, none open": "the same in a string, no real one open",
        "just before a line break": "just before a line break",
        "2 characters after that break": "2 characters after that break",
        "inside brackets, all places": "inside brackets, all places",
        "in no bracket, all places": "in no bracket, all places",
        "both": "open, and opened on this line",
        "open, but not opened on this line": "open, but opened on an earlier line",
        "opened on this line, as text": "opened on this line, but only as text",
        "neither": "neither",
        "of an earlier line, after a comma": "the same, after a comma on this line",
        "of an earlier line, no comma yet": "the same, no comma on this line yet",
        "opened on this line, all places": "opened on this line, all places",
        "not so, all places": "not so, all places",
        # cursors worth a look
        "a bracket opens": "a bracket opens",
        "its partner closes": "its partner closes",
        "after a line break": "after a line break",
    }
)


def named(name) -> str:
    """A name as a reader sees it; a notebook's own stays as it is."""
    return NAMES.get(name, name)


# ---------------------------------------------------------------- what they show by default


class Passage(NamedTuple):
    """A few lines of a file: what stands before them, the lines, and their marks (n,).

    The marks are Python's and "line", that of `line_brackets`.
    """

    before: str
    text: str
    marks: dict[str, np.ndarray]


@lru_cache(maxsize=4)
def passage(module="csv", start="class DictWriter", lines=11, before=300) -> Passage:
    """Lines of a module that no model here learned from, from `start` on.

    Of a library that lacks these, another file's first lines are shown instead.
    """
    parts = standard_library()
    sources = parts.measure | parts.search
    source = sources.get(module) or next(iter(sources.values()))
    at = max(source.find(start), 0)
    end = at + len("\n".join(source[at:].split("\n")[:lines])) + 1
    found = {name: mark[at:end] for name, mark in marks(source).items()}
    text = source[at:end]
    return Passage("\n" + source[max(at - before, 0) : at], text, _and_line(text, found))


def own_passage(text) -> Passage:
    """A reader's own lines as a passage; what is no Python has no marks.

    Raises TypeError for what is no text, ValueError for other than 1 to 11 lines of at most 100
    characters, two at least in all.
    """
    check_text("text", text)
    text = text.rstrip("\n") + "\n"
    rows = text.split("\n")[:-1]
    longest = max(map(len, rows))
    if len(text) < 3 or len(rows) > 11 or longest > 100:
        raise ValueError(
            "text: expected 1 to 11 lines of at most 100 characters, two at least in all, got "
            f"{len(rows)} lines, the longest of {longest} characters"
        )
    try:
        found = marks(text)
    except (SyntaxError, tokenize.TokenError):
        found = {name: np.zeros(len(text), bool) for name in MARKS}
    return Passage("\n" * 40, text, _and_line(text, found))


def _and_line(text, found):
    """Marks of whole lines, with that of `line_brackets` among them."""
    return found | {"line": opened_on_line(encode(text)[:, None])[:, 0]}


def places(text):
    """Cursors worth a look, as presets: name -> settings, as far as the text has them."""
    wanted = {
        "a bracket opens": ("writer(f", len("writer(f, dia")),
        "its partner closes": ("kwds)\n", len("kwds")),
        "after a line break": ('"excel"', len('"excel')),
    }
    return {
        name: {"at": text.find(piece) + on} for name, (piece, on) in wanted.items() if piece in text
    }


def before_closing(text):
    """The place right before the first closing bracket, or the first one."""
    return max(text.find(")") - 1, 0)


class _Letters(Lines):
    """A word of a page: it stands on its anchor, above the tint."""

    _BASELINE = 0

    def __init__(self, ax, x, y, **looks):
        super().__init__(ax, x, y, zorder=3, **looks)
        self.set_va("baseline")


class Page:
    """Lines of text on a grid, a cell a character; k-th character of the text at `.places[k]`."""

    WIDTH, LINE = 850, 19  # of the whole page, and the height of a line, in pixels

    def __init__(self, figure, text, top):
        rows = text.split("\n")[:-1]
        columns = max(80, 1 + max(map(len, rows)))
        width, height = figure.get_size_inches() * 72
        ax = figure.add_axes(
            (22 / width, 1 - (top + len(rows) * self.LINE) / height,
             self.WIDTH / width, len(rows) * self.LINE / height)
        )  # fmt: skip
        self.ax, self.shape = ax, (len(rows), columns)
        size = self.WIDTH / columns / 0.602  # of a font whose letters are a cell wide
        self.places = np.array(
            [(c, len(rows) - 1 - r) for r, row in enumerate(rows) for c in range(len(row) + 1)]
        )
        self._heat = np.zeros(self.shape)
        self.tint = Pixels.on(ax, self._heat, cmap=TINT, vmin=-1, vmax=1)
        self.tint.set_zorder(1)
        ax.set_aspect("auto")
        ax.set_axis_off()
        self._letters = []  # they move, as what stands still lies below the tint
        for r, row in enumerate(rows):
            for column, word in _words(row + "↵"):
                letters = _Letters(ax, column - 0.5, len(rows) - 1 - r - 0.27, fontsize=size,
                                   color="#999999" if word == "↵" else "#111111")  # fmt: skip
                letters.set_text(word)
                self._letters.append(letters)
        box = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5), (-0.5, -0.5)]
        self._box = np.array(box)
        (self.cursor,) = ax.plot([], [], color="#111111", lw=2, zorder=6, clip_on=False)
        (self.lines,) = ax.plot([], [], color=SIGNAL, lw=3, zorder=5, solid_capstyle="butt")
        self.moving = [self.tint, *self._letters, self.cursor, self.lines]

    def colour(self, values):
        """Tint every character by its value in (-1, 1)."""
        self._heat[self.places[:, 1], self.places[:, 0]] = values
        self.tint.set_data(self._heat)

    def point(self, k):
        """Put the cursor's box round character k."""
        self.cursor.set_data(*(self.places[k] + self._box).T)

    def underline(self, mark):
        """Draw a line under every character where mark (n,) holds."""
        at = self.places[np.flatnonzero(mark)]
        x = np.stack([at[:, 0] - 0.5, at[:, 0] + 0.5, np.full(len(at), np.nan)], axis=1)
        self.lines.set_data(x.ravel(), np.repeat(at[:, 1] - 0.44, 3))


def _words(row):
    """(column, word) of the words of a line; the line's end counts as a word of its own."""
    column = 0
    for word in row[:-1].split(" "):
        if word:
            yield column, word
        column += len(word) + 1
    yield len(row) - 1, row[-1]


class Bars:
    """Rows of horizontal bars whose lengths and names move."""

    def __init__(self, ax, count, colours, *, most=1.0, thick=11):
        ax.set(xlim=(0, most), ylim=(count - 0.5, -0.6), yticks=[])
        ax.grid(False, axis="y")
        self._most, self._count = most, count
        shift = 0.26 if len(colours) > 1 else 0
        self._shifts = (np.arange(len(colours)) - (len(colours) - 1) / 2) * shift
        self._lines = [
            ax.plot([], [], color=c, lw=thick, solid_capstyle="butt")[0] for c in colours
        ]
        self.names = [
            Words(ax, -0.03 * most, k, ha="right", fontsize=13, color="#222222")
            for k in range(count)
        ]
        self.moving = [*self._lines, *self.names]

    def set(self, names, *lengths):
        """Names, and for each colour a row of lengths."""
        y = np.arange(self._count)
        for line, shift, length in zip(self._lines, self._shifts, lengths, strict=True):
            x = np.stack([0 * y, np.minimum(length, self._most), np.full(self._count, np.nan)])
            line.set_data(x.T.ravel(), np.repeat(y + shift, 3))
        for words, name in zip(self.names, names, strict=True):
            words.set_text(name)


def title(ax, words, **looks):
    ax.set_title(words, fontsize=12.5, **looks)


def two_inks(first, second, columns, rows):
    """Two texts in one flow, wrapped: each with blanks where the other stands.

    Blanks are no-break spaces, which SVG does not collapse. At most `rows` lines.
    """
    inks = [], []
    for ink, text in enumerate((first, second)):
        for symbol in text:
            for k in (0, 1):
                inks[k].append("\n" if symbol == "\n" else symbol if k == ink else " ")
    lines = [[], []]
    for k in (0, 1):
        for line in "".join(inks[k]).split("\n"):
            cuts = range(0, max(len(line), 1), columns)
            lines[k] += [line[cut : cut + columns].replace(" ", "\u00a0") for cut in cuts]
    return ["\n".join(part[:rows]) for part in lines]


def spread(heights, gap):
    """Heights moved up where needed, so that labels at them do not overlap."""
    heights, highest = list(heights), -np.inf
    for k in sorted(range(len(heights)), key=lambda k: heights[k]):
        heights[k] = highest = max(heights[k], highest + gap)
    return heights
