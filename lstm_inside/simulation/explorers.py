"""The views of notebook 07: a text model that learns, writes and is taken apart; forecasts."""

import re
from functools import lru_cache
from typing import NamedTuple

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap

from lstm_core import LSTMTrace, lstm_backward, lstm_forward
from lstm_inside.page import Explorer, Lines, Pixels, Words, choice, slider, whole
from lstm_inside.page.live import LiveExplorer
from lstm_inside.page.style import (
    CANDIDATE_LINE,
    CELL_LINE,
    FAINT,
    FORGET,
    GRADIENT,
    HIDDEN_LINE,
    INPUT,
    OUTPUT,
    RC,
    SIGNAL,
    Picture,
    picture,
)
from lstm_inside.simulation.forecast import (
    HORIZONS,
    LONGEST,
    eeg_windows,
    fit_linear,
    forecast_training,
    linear_forecast,
    lstm_forecast,
    mean_forecast,
    persistence,
    rms_error,
)
from lstm_inside.simulation.text import MARKS, WARM, one_hot, share_of
from lstm_inside.tasks import EEG_RATE
from lstm_inside.training import readout_backward, smoothed

from . import text as model_text

MONO = "DejaVu Sans Mono"
_GREY = "#777777"
_VISIBLE = {" ": "␣", "\n": "↵"}
# Blue below zero, nothing at it, orange above: letters show through.
TINT = LinearSegmentedColormap.from_list(
    "tint", [(0.04, 0.31, 0.54, 0.6), (1, 1, 1, 0.0), (0.84, 0.37, 0, 0.6)]
)
ANSWERS = {"brackets": ")]}", "string": "'\"", "indentation": " ", "comment": "\n"}


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


def _learned_picture(width, height, about) -> LearnedPicture:
    figure = LearnedPicture(figsize=(width / 72, height / 72), dpi=72, layout="constrained")
    figure.about = about
    return figure


def _learned(name, about, given, **parts) -> Learned:
    view = Learned(name, **parts)
    view.about = about
    if given is not None:
        # What it shows depends on what was learned, not on its controls alone.
        view.remove_class("lstm-explorer").add_class("lstm-trained")
    return view


def said(symbol) -> str:
    """A symbol as it can be seen: ␣ for a space, ↵ for the end of a line."""
    return _VISIBLE.get(symbol, symbol)


def _dotted(text):
    """Text whose runs of spaces can be seen: a model in a rut writes little else."""
    return re.sub(" {2,}", lambda run: "·" * len(run[0]), text)


# ---------------------------------------------------------------- what they show by default


class Passage(NamedTuple):
    """A few lines of a file: what stands before them, the lines, and their marks (n,)."""

    before: str
    text: str
    marks: dict[str, np.ndarray]


@lru_cache(maxsize=4)
def passage(module="csv", start="class DictWriter", lines=11, before=300) -> Passage:
    """Lines of a module that no model here learned from, from `start` on.

    Of a library that lacks these, another file's first lines are shown instead.
    """
    parts = model_text.standard_library()
    sources = parts.measure | parts.search
    source = sources.get(module) or next(iter(sources.values()))
    at = max(source.find(start), 0)
    end = at + len("\n".join(source[at:].split("\n")[:lines])) + 1
    found = {name: mark[at:end] for name, mark in model_text.marks(source).items()}
    return Passage("\n" + source[max(at - before, 0) : at], source[at:end], found)


def _before_closing(text):
    """The place right before the first closing bracket, or the first one."""
    return max(text.find(")") - 1, 0)


@lru_cache(maxsize=1)
def sketch():
    """A model that learned for a second or so: what an explorer shows if it is given none."""
    run = model_text.text_training(
        model_text.library_ids("learn"), H=32, B=16, steps=100, rng=np.random.default_rng(70)
    )
    for _ in run.steps(100):
        pass
    return run.params


class _Page:
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
        for r, row in enumerate(rows):
            for column, word in _words(row + "↵"):
                ax.text(column - 0.5, len(rows) - 1 - r - 0.27, word, fontsize=size, family=MONO,
                        color="#bbbbbb" if word == "↵" else "#222222", zorder=3,
                        parse_math=False)  # fmt: skip
        box = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5), (-0.5, -0.5)]
        self._box = np.array(box)
        (self.cursor,) = ax.plot([], [], color="#111111", lw=2, zorder=6, clip_on=False)
        (self.lines,) = ax.plot([], [], color=SIGNAL, lw=3, zorder=5, solid_capstyle="butt")
        self.moving = [self.tint, self.cursor, self.lines]

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


class _Bars:
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


def _title(ax, words, **looks):
    ax.set_title(words, fontsize=12.5, **looks)


# ---------------------------------------------------------------- writing at a temperature


def temperature_explorer(model=None, *, count=80) -> Explorer:
    """The next character's shares at a place in real text, and text drawn from there (7.4)."""
    given, model = model, sketch() if model is None else model
    before, text, _ = passage()
    columns, rows = 62, 11
    trace = lstm_forward(one_hot(model_text.encode(before + text))[:, None], model.cell)
    with matplotlib.rc_context(RC):
        figure = picture(900, 400)
        figure.set_layout_engine("none")
        shares = figure.add_axes((0.07, 0.11, 0.2, 0.79))
        page = figure.add_axes((0.32, 0.06, 0.67, 0.86))
        shares.set_xlabel("probability")
        _title(shares, "The next character")
        bars = _Bars(shares, 10, [HIDDEN_LINE], thick=14)
        page.set(xlim=(0, 1), ylim=(0, 1))
        page.set_axis_off()
        page.text(0, 1.03, "Real text, read so far", color=_GREY, weight="bold")
        page.text(0.4, 1.03, "and what the model writes on", color=INPUT, weight="bold")
        real, written = (Lines(page, 0, 0.97, color=c, fontsize=15) for c in (_GREY, INPUT))

    def update(temperature, at, draw):
        k = len(before) + at
        h, c = trace.h[k + 1], trace.c[k + 1]
        share = model_text.next_shares(h[0], model.readout, temperature)
        rng = np.random.default_rng(draw)
        sample = model_text.write(model, h, c, count, temperature=temperature, rng=rng)
        order = np.argsort(-share, kind="stable")[:10]
        bars.set([said(model_text.SYMBOLS[n]) for n in order], share[order])
        shown = (before + text)[: k + 1].split("\n")[-3:]
        inks = _two_inks("\n".join(shown), _dotted(sample), columns, rows)
        for artist, part in zip((real, written), inks, strict=True):
            artist.set_text(part)
        kept = share[share > 0]
        entropy = float(-(kept * np.log2(kept)).sum()) + 0.0
        came = text[at + 1]
        return {"temperature": temperature, "shares": share, "text": sample, "entropy": entropy,
                "came": came, "p": share[model_text.encode(came)[0]]}  # fmt: skip

    def describe(v):
        best = said(model_text.SYMBOLS[int(v["shares"].argmax())])
        return (
            f"At temperature {v['temperature']:.2f} the likeliest next character is {best} with "
            f"{v['shares'].max():.0%}; what really came, {said(v['came'])}, has {v['p']:.1%}. The "
            f"entropy of the choice is {v['entropy']:.2f} bits."
        )

    return _learned(
        "temperature",
        "the next character's probabilities at a place in real text, and the text that the "
        "model writes from there at the temperature of the slider.",
        given,
        figure=figure,
        controls={
            "temperature": slider("temperature", 0, 2, 0.05, 0.7, quantity="h"),
            "at": whole("place in the text", 0, len(text) - 2, 60, quantity="x"),
            "draw": whole("another draw", 1, 20, 1, quantity="x"),
        },
        moving=[*bars.moving, real, written],
        update=update,
        describe=describe,
    )


def _two_inks(first, second, columns, rows):
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


# ---------------------------------------------------------------- a cell over text


def cell_explorer(model=None, *, unit=0) -> Explorer:
    """One cell over real text, its gates, and the gradient of one prediction (3.1), (4.1)."""
    given, model = model, sketch() if model is None else model
    before, text, found = passage()
    start = _before_closing(text)
    back = 40  # characters before the cursor that are drawn in detail
    ids = model_text.encode(before + text)
    trace = lstm_forward(one_hot(ids)[:, None], model.cell)
    shown = np.tanh(trace.c[len(before) + 1 :, 0])  # (n, H)
    with matplotlib.rc_context(RC):
        figure = picture(900, 640)
        figure.set_layout_engine("none")
        page = _Page(figure, text, 34)
        page.ax.text(-0.5, len(page._heat) - 0.1, "tanh(c) of the cell after each character: blue "
                     "−1, white 0, orange +1. Underlined: the mark.", fontsize=12.5,
                     color="#333333")  # fmt: skip
        gates = figure.add_axes((0.07, 0.29, 0.62, 0.25))
        flow = figure.add_axes((0.07, 0.06, 0.62, 0.15))
        shares = figure.add_axes((0.79, 0.06, 0.19, 0.46))
        slots = np.arange(1 - back, 1)
        gates.set(xlim=(0.5 - back, 0.6), ylim=(-1.1, 1.1), xticks=[], yticks=(-1, 0, 1))
        for x, words, colour in ((0, "forget f", FORGET), (0.14, "input i", INPUT),
                                 (0.26, "candidate g", CANDIDATE_LINE), (0.46, "output o", OUTPUT),
                                 (0.61, "tanh(c)", CELL_LINE)):  # fmt: skip
            gates.text(x, 1.03, words, color=colour, weight="bold", transform=gates.transAxes)
        gates.text(1, 1.03, "at the cursor ↓", color=_GREY, ha="right", transform=gates.transAxes)
        flow.set(xlim=(0.5 - back, 0.6), ylim=(1e-6, 99), yscale="log", xticks=(-30, -20, -10, 0),
                 yticks=(1e-6, 1e-4, 1e-2, 1))  # fmt: skip
        flow.set_xlabel("characters before the cursor")
        for x, words, colour in ((0, "Length of the loss's gradient, all units:", SIGNAL),
                                 (0.62, "by c", CELL_LINE), (0.72, "by h", GRADIENT)):  # fmt: skip
            flow.text(x, 1.06, words, color=colour, weight="bold", fontsize=12,
                      transform=flow.transAxes)  # fmt: skip
        letters = [Words(gates, x, -1.26, fontsize=12, color="#222222") for x in slots]
        curves = {
            key: gates.plot([], [], color=colour, lw=1.8)[0]
            for key, colour in (("i", INPUT), ("g", CANDIDATE_LINE), ("o", OUTPUT), ("f", FORGET))
        }
        (cell,) = gates.plot([], [], color=CELL_LINE, lw=3)
        by = {
            key: flow.plot([], [], color=colour, lw=2.2)[0]
            for key, colour in (("c", CELL_LINE), ("h", GRADIENT))
        }
        _title(shares, "The next character")
        shares.set_xlabel("probability")
        bars = _Bars(shares, 7, [HIDDEN_LINE], thick=15)
        shares.set_ylim(7.6, -0.6)
        came = Words(shares, 0.98, 7.1, ha="right", fontsize=12, color=SIGNAL, weight="bold")

    def update(unit, at, mark):
        k = len(before) + at + 1  # the place of the cursor in h and c
        now = slice(k - back, k)
        page.colour(shown[:, unit])
        page.point(at)
        page.underline(found[mark])
        for key, curve in curves.items():
            curve.set_data(slots, getattr(trace, key)[now, 0, unit])
        cell.set_data(slots, np.tanh(trace.c[k - back + 1 : k + 1, 0, unit]))
        for letter, symbol in zip(letters, (before + text)[now], strict=True):
            letter.set_text(said(symbol))
        loss, share, grads = _backward_from(model, trace, ids, now)
        for key, curve in by.items():
            sizes = np.linalg.norm(getattr(grads, key)[1:, 0], axis=1)
            curve.set_data(slots, np.clip(sizes, 1e-6, 99))
        order = np.argsort(-share, kind="stable")[:7]
        bars.set([said(model_text.SYMBOLS[n]) for n in order], share[order])
        came.set_text(f"came: {said(text[at + 1])}  {share[ids[k]]:.1%}")
        numbers = {key: float(getattr(trace, key)[k - 1, 0, unit]) for key in "ifgo"}
        before_c, c = trace.c[k - 1 : k + 1, 0, unit]
        r = model_text.correlation(shown[:, [unit]], found[mark])[0]
        return {**numbers, "unit": unit, "mark": mark, "symbol": text[at], "c_prev": before_c,
                "c": c, "r": r, "loss": loss, "shares": share, "dc": grads.c[:, 0],
                "dh": grads.h[:, 0], "shown": shown[:, unit]}  # fmt: skip

    def describe(v):
        return (
            f"Unit {v['unit']} at {said(v['symbol'])}: c = f c_before + i g = {v['f']:.2f} × "
            f"({v['c_prev']:+.2f}) + {v['i']:.2f} × ({v['g']:+.2f}) = {v['c']:+.2f}, shown through "
            f"o = {v['o']:.2f}. Over this page its tanh(c) goes along with the mark "
            f"“{v['mark']}” by r = {v['r']:+.2f}. The next character costs {v['loss']:.2f} bits."
        )

    return _learned(
        "cell_over_text",
        "real text coloured by one cell, its gates at the cursor, and the gradient of one "
        "prediction back through the characters before it.",
        given,
        figure=figure,
        controls={
            "unit": whole("unit", 0, len(model.cell.W_h) - 1, unit, quantity="c"),
            "at": whole("cursor in the text", 0, len(text) - 2, start, quantity="x"),
            "mark": choice("mark underlined", list(MARKS), "brackets"),
        },
        moving=[*page.moving, *curves.values(), cell, *by.values(), *letters, *bars.moving, came],
        update=update,
        describe=describe,
        play="at",
    )


def _backward_from(model, trace, ids, now):
    """The loss of predicting the character after the steps `now`, shares, the loss's gradients.

    The loss is in bits, so the gradient of (5.5) is divided by log 2. The trace is cut to these
    steps: what the loss feels of them hangs on nothing earlier.
    """
    k = now.stop
    states = (state[now.start : k + 1] for state in (trace.h, trace.c))
    gates = (gate[now] for gate in (trace.tanh_c, trace.i, trace.f, trace.g, trace.o))
    part = LSTMTrace(trace.xs[now], *states, *gates)
    share = model_text.next_shares(trace.h[k, 0], model.readout)
    dz = share.copy()
    dz[ids[k]] -= 1  # (5.5)
    dhs = np.zeros_like(part.h[1:])
    dhs[-1], _ = readout_backward(dz[None] / np.log(2), part.h[-1], model.readout)
    loss = float(-np.log2(max(share[ids[k]], 1e-12)))
    return loss, share, lstm_backward(dhs, part, model.cell)


# ---------------------------------------------------------------- one cell held

SETS = {  # what the bars of the clamp explorer add up
    ") ] }": ")]}",
    ",": ",",
    "␣": " ",
    "↵": "\n",
    "' \"": "'\"",
    "letter": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_",
}
_HELD = np.linspace(-3, 3, 9)  # values at which the curves are measured
_LEAST = 1e-5  # lower probabilities are drawn here


class Suspect(NamedTuple):
    """What the search found for a mark: its cell with score r, and the control with its own."""

    unit: int
    r: float
    control: int
    control_r: float


def suspects(model, *, B=64, T=500) -> dict[str, Suspect]:
    """The best cell of each mark and its control, by the score (7.5) on the part to search."""
    reading = model_text.read(model, "search", B=B, T=T)
    found = {}
    for mark in MARKS:
        unit, control = model_text.chosen_and_control(reading, mark)
        r = model_text.scores(reading, mark)
        found[mark] = Suspect(unit, float(r[unit]), control, float(r[control]))
    return found


class _Measured(NamedTuple):
    """Mean probability of a mark's answers where it holds (row 0) and where not (row 1)."""

    alone: np.ndarray  # (2,)
    chosen: np.ndarray  # (2, values)
    control: np.ndarray  # (2, values)


def _held_curves(model, found, *, B=32, T=80) -> dict[str, _Measured]:
    """What holding each mark's cell and its control does, on the part to measure (7.7)."""
    reading = model_text.read(model, "measure", B=B, T=T)
    xs = np.tile(reading.trace.xs, (1, len(_HELD), 1))
    values, curves = np.repeat(_HELD, B), {}

    def means(h, mark):
        share = share_of(model, h[1 + WARM :], ANSWERS[mark]).reshape(T - WARM, -1, B)
        inside = reading.marks[mark][WARM:]
        return np.array([[part[at].mean() if at.any() else 0 for part in share.swapaxes(0, 1)]
                         for at in (inside, ~inside)])  # fmt: skip

    for mark, suspect in found.items():
        held = [model_text.clamped_forward(xs, model.cell, unit, values)[0]
                for unit in (suspect.unit, suspect.control)]  # fmt: skip
        curves[mark] = _Measured(
            means(reading.trace.h, mark)[:, 0], *(means(h, mark) for h in held)
        )
    return curves


def clamp_explorer(model=None, found=None) -> Explorer:
    """Hold one cell over the last characters and see the prediction change (7.6), (7.7).

    found: mark -> `Suspect` of this model; searched for on a small part if none is given.
    """
    given, model = model, sketch() if model is None else model
    before, text, _ = passage()
    start = _before_closing(text)
    found = suspects(model, B=24, T=300) if found is None else found
    curves = _held_curves(model, found)
    xs = one_hot(model_text.encode(before + text))[:, None]
    trace = lstm_forward(xs, model.cell)
    colours = ("#aaaaaa", CELL_LINE, HIDDEN_LINE)
    with matplotlib.rc_context(RC):
        figure = picture(900, 590)
        figure.set_layout_engine("none")
        page = _Page(figure, text, 34)
        page.ax.text(-0.5, page.shape[0] - 0.1, "The cell is held at every underlined character, "
                     "up to the cursor", fontsize=12.5, color="#333333")  # fmt: skip
        shares = figure.add_axes((0.1, 0.09, 0.36, 0.38))
        dose = figure.add_axes((0.57, 0.09, 0.41, 0.38))
        bars = _Bars(shares, len(SETS), colours, thick=7)
        shares.set_xlabel("probability, for the character after the cursor")
        for x, words, colour in ((-0.2, "left alone", "#888888"), (0.12, "cell held", CELL_LINE),
                                 (0.4, "control cell held", HIDDEN_LINE)):  # fmt: skip
            shares.text(x, 1.03, words, color=colour, weight="bold", transform=shares.transAxes)
        dose.set(
            xlim=(-3.05, 3.05),
            yscale="log",
            ylim=(_LEAST, 2),
            xlabel="held at (solid: where the mark holds, dashed: elsewhere)",
        )
        title = Words(dose, -3.05, 2.8, ha="left", fontsize=12.5, color="#333333", weight="bold")
        alone = [dose.plot([], [], color=colours[0], lw=6, ls=ls)[0] for ls in ("-", (0, (2, 0.8)))]
        lines = {
            (kind, row): dose.plot([], [], color=colour, ls=ls)[0]
            for kind, colour in (("chosen", colours[1]), ("control", colours[2]))
            for row, ls in enumerate(("-", "--"))
        }
        now = dose.axvline(0, color="#111111", lw=1.2, ls=(0, (3, 2)))

    def update(mark, value, at, length):
        suspect, measured = found[mark], curves[mark]
        k = len(before) + at + 1
        first = k - length
        h, _ = model_text.clamped_forward(
            np.repeat(xs[first:k], 2, axis=1), model.cell, [suspect.unit, suspect.control], value,
            trace.h[first], trace.c[first],
        )  # fmt: skip
        three = np.stack([trace.h[k, 0], *h[-1]])
        shares_now = np.array([share_of(model, three, symbols) for symbols in SETS.values()])
        bars.set(SETS, *shares_now.T)
        page.point(at)
        held = np.arange(len(text))
        page.underline((held <= at) & (held > at - length))
        page.colour(np.tanh(trace.c[len(before) + 1 :, 0, suspect.unit]))
        for row in (0, 1):
            alone[row].set_data([-3, 3], [max(measured.alone[row], _LEAST)] * 2)
            for kind in ("chosen", "control"):
                course = np.clip(getattr(measured, kind)[row], _LEAST, 1)
                lines[kind, row].set_data(_HELD, course)
        now.set_xdata([value, value])
        title.set_text(f"Probability of {' '.join(map(said, ANSWERS[mark]))} on other text")
        return {"mark": mark, "suspect": suspect, "value": value, "symbol": text[at],
                "length": length, "shares": shares_now, "names": list(SETS),
                "measured": measured}  # fmt: skip

    def describe(v):
        row = _ROW[v["mark"]]
        p, s = v["shares"][row], v["suspect"]
        held = "1 character" if v["length"] == 1 else f"{v['length']} characters"
        return (
            f"Mark “{v['mark']}”: unit {s.unit} has r = {s.r:.2f}, the control, unit "
            f"{s.control}, {s.control_r:.2f}. Held at {v['value'] + 0.0:.1f} for {held}, the "
            f"chance of {v['names'][row]} after {said(v['symbol'])} goes from "
            f"{p[0]:.2%} to {p[1]:.2%}; holding the control makes it {p[2]:.2%}."
        )

    return _learned(
        "clamp",
        "one cell is held at the slider's value while the model reads real text; the next "
        "character's probabilities before and after, with a control cell beside it.",
        given,
        figure=figure,
        controls={
            "mark": choice("cell found for", list(MARKS), "brackets"),
            "value": slider("hold the cell at", -3, 3, 0.1, 0, quantity="c", digits=1),
            "at": whole("cursor in the text", 0, len(text) - 2, start, quantity="x"),
            "length": whole("held for (characters)", 1, 40, 20, quantity="x"),
        },
        moving=[*page.moving, *bars.moving, *alone, *lines.values(), now, title],
        update=update,
        describe=describe,
    )


_ROW = {"brackets": 0, "string": 4, "indentation": 2, "comment": 3}  # of SETS


# ---------------------------------------------------------------- forecasts of the EEG

_METHODS = {  # name -> colour
    "mean": "#999999",
    "persistence": "#7A3B00",
    "linear": INPUT,
    "LSTM": OUTPUT,
}


@lru_cache(maxsize=1)
def forecast_sketch():
    """An LSTM that learned the EEG for 100 steps: what the explorer shows if given none."""
    run = forecast_training(eeg_windows()[0], rng=np.random.default_rng(0))
    for _ in run.steps(100):
        pass
    return run.params


def _forecasts(model, learn, test):
    """w -> name -> forecasts (B, K, C) from the last w steps of every test window."""
    return {
        w: {
            "mean": mean_forecast(test.xs),
            "persistence": persistence(test.xs),
            "linear": linear_forecast(
                test.last(w), fit_linear(learn.last(w), learn.ahead[-1])
            ),
            "LSTM": lstm_forecast(model, test.last(w)),
        }
        for w in range(1, LONGEST + 1)
    }  # fmt: skip


def forecast_explorer(model=None) -> Explorer:
    """The EEG's next fifth of a second by four methods, from one window (7.8)-(7.10)."""
    given, model = model, forecast_sketch() if model is None else model
    learn, test = eeg_windows()
    forecasts = _forecasts(model, learn, test)
    truth = test.ahead[-1]
    errors = {
        w: {name: rms_error(f, truth) for name, f in of.items()} for w, of in forecasts.items()
    }
    ahead, past = np.arange(1, HORIZONS + 1), np.arange(1 - LONGEST, 1)
    with matplotlib.rc_context(RC):
        figure = picture(900, 400)
        signal, scale = figure.subplots(1, 2, width_ratios=(3, 2))
        signal.set(xlim=(1 - LONGEST, HORIZONS), ylim=(-6.8, 6.4), xlabel="step (80 a second)")
        signal.set_title("One window of the test part, and what follows")
        signal.axvline(0, color=FAINT, lw=1)
        signal.text(-0.4, 5.9, "now", color=_GREY, va="center", ha="right")
        for x, words, looks in ((0.02, "━ the window", {"color": "#333333", "weight": "bold"}),
                                (0.24, "─ before it", {"color": _GREY}),
                                (0.43, "··· what came", {"color": "#333333"})):  # fmt: skip
            signal.text(x, 0.03, words, transform=signal.transAxes, fontsize=12, **looks)
        scale.set(xlim=(0.5, HORIZONS + 0.5), ylim=(0, 2.2), xlabel="steps ahead")
        scale.set_title("Error over all windows")
        for k, (name, colour) in enumerate(_METHODS.items()):
            scale.text(0.97, 0.26 - 0.075 * k, name, color=colour, weight="bold", ha="right",
                       transform=scale.transAxes)  # fmt: skip
        (seen,) = signal.plot([], [], color="#333333", lw=3)
        (unseen,) = signal.plot([], [], color=FAINT, lw=1.6)
        (came,) = signal.plot([], [], color="#333333", lw=1.6, ls=":")
        courses = {n: signal.plot([], [], color=c)[0] for n, c in _METHODS.items()}
        curves = {n: scale.plot([], [], color=c, marker="o", ms=4)[0] for n, c in _METHODS.items()}
        cursor = scale.axvline(0, ymin=0.31, color="#111111", lw=1.2, ls=(0, (3, 2)))
        at = signal.axvline(0, color="#111111", lw=1.2, ls=(0, (3, 2)))

    def update(window, horizon, start, channel):
        c = channel - 1
        seen.set_data(past[-window:], np.clip(test.xs[-window:, start, c], -6, 6))
        unseen.set_data(past, np.clip(test.xs[:, start, c], -6, 6))
        last = test.xs[-1, start, c]
        came.set_data([0, *ahead], np.clip([last, *truth[start, :, c]], -6, 6))
        for name, line in courses.items():
            line.set_data(
                [0, *ahead], np.clip([last, *forecasts[window][name][start, :, c]], -6, 6)
            )
            curves[name].set_data(ahead, np.minimum(errors[window][name], 2.2))
        for line in (cursor, at):
            line.set_xdata([horizon, horizon])
        off = {name: float(e[horizon - 1]) for name, e in errors[window].items()}
        return {"window": window, "horizon": horizon, "off": off, "errors": errors[window],
                "forecasts": {n: f[start] for n, f in forecasts[window].items()},
                "truth": truth[start]}  # fmt: skip

    def describe(v):
        order = sorted(v["off"], key=v["off"].get)
        ms = 1000 * v["horizon"] / EEG_RATE
        steps = "1 step" if v["window"] == 1 else f"{v['window']} steps"
        return (
            f"From {steps} of all four channels, {v['horizon']} ahead ({ms:g} ms). "
            "Typical error in deviations of the signal: "
            + ", ".join(f"{name} {v['off'][name]:.2f}" for name in order)
            + f". Best here: {order[0]}."
        )

    return _learned(
        "forecast",
        "an EEG forecast by persistence, a linear model, an LSTM and the mean from the same "
        "window, and their errors over all test windows by horizon.",
        given,
        figure=figure,
        controls={
            "window": whole("steps in the window", 1, LONGEST, 8, quantity="x"),
            "horizon": whole("steps ahead", 1, HORIZONS, 4, quantity="x"),
            "start": whole("which test window", 0, test.xs.shape[1] - 1, 60, quantity="x"),
            "channel": whole("channel shown", 1, 4, 1, quantity="x"),
        },
        moving=[seen, unseen, came, *courses.values(), *curves.values(), cursor, at],
        update=update,
        describe=describe,
        play="start",
    )


# ---------------------------------------------------------------- learning to write, live


class _Learning:
    """The picture of a character model that learns: its loss against counting, what it writes."""

    def __init__(self, run, bits, steps):
        self._run, self._start_text, self._read = run, passage().before, None
        with matplotlib.rc_context(RC):
            self.figure = picture(900, 400)
            self.figure.set_layout_engine("none")
            self.loss = self.figure.add_axes((0.06, 0.13, 0.3, 0.77))
            page = self.figure.add_axes((0.49, 0.06, 0.5, 0.86))
            self.loss.set(xlim=(0, steps), ylim=(1.5, 6.8), xlabel="training step")
            _title(self.loss, "Bits a character, batch by batch")
            for name, level in bits.items():
                self.loss.axhline(level, color=SIGNAL, lw=1.4, ls=(0, (4, 2)))
                self.loss.text(1.02, level, f"{name.replace(' ', chr(10))} {level:.2f}",
                               color=SIGNAL, fontsize=11.5, va="center",
                               transform=self.loss.get_yaxis_transform())  # fmt: skip
            page.set_axis_off()
            page.set(xlim=(0, 1), ylim=(0, 1))
            page.text(0, 1.03, "What it writes now", color=INPUT, weight="bold")
            (self._noise,) = self.loss.plot([], [], color=FAINT, lw=1)
            (self._mean,) = self.loss.plot([], [], color=GRADIENT)
            self._page = Lines(page, 0, 0.98, fontsize=14, color=INPUT)
        self.moving = [self._noise, self._mean, self._page]

    def update(self, temperature, draw):
        """Draw the losses until now, and a sample of what was learned."""
        run = self._run
        losses = run.losses / np.log(2)  # once: a step may be under way
        stride = max(1, len(losses) // 400)
        steps = np.arange(1, len(losses) + 1)[::stride]
        self._noise.set_data(steps, np.clip(losses[::stride], 1.5, 6.8))
        if len(losses):
            self._mean.set_data(steps, np.clip(smoothed(losses, 50)[::stride], 1.5, 6.8))
        h, c = self._start_states(run.params)
        rng = np.random.default_rng(draw)
        text = model_text.write(run.params, h, c, 220, temperature=temperature, rng=rng)
        self._page.set_text(_two_inks("", _dotted(text), 53, 14)[1])
        bits = float(smoothed(losses, 50)[-1]) if len(losses) else np.log2(model_text.V)
        return {"step": run.step, "text": text, "temperature": temperature, "bits": bits}

    def _start_states(self, params):
        """h and c after the page it starts from: read once a training step, not once a slider."""
        if self._read is None or self._read[0] is not params:
            self._read = params, model_text.states_after(params, self._start_text)
        return self._read[1]

    @staticmethod
    def describe(v):
        """What is on show, in two sentences."""
        steps = "1 step" if v["step"] == 1 else f"{v['step']} steps"
        return (
            f"After {steps} a character costs {v['bits']:.2f} bits (mean of the last 50 "
            f"batches). On the right, {len(v['text'])} characters drawn at temperature "
            f"{v['temperature']:.2f} after a page of real code."
        )


def live_text(run=None, bits=None, *, steps=1500) -> LiveExplorer:
    """Watch a character model learn, its loss beside baselines; a small one if none is given.

    run: a `text_training`. bits: name -> bits a character of a baseline. steps: what Train aims
    at. `await live_text().train()` runs it from a cell.
    """
    if run is None:
        run = model_text.text_training(
            model_text.library_ids("learn"), H=32, B=16, steps=steps, rng=np.random.default_rng(72)
        )
    drawn = _Learning(run, bits or {}, steps)
    return LiveExplorer(
        "live_text",
        run,
        steps,
        steps_on=drawn.loss,
        about="a character model's training as it runs, its loss beside those of counting, and "
        "the text it writes at each moment.",
        figure=drawn.figure,
        controls={
            "temperature": slider("temperature", 0, 2, 0.05, 0.6, quantity="h"),
            "draw": whole("another draw", 1, 20, 1, quantity="x"),
        },
        moving=drawn.moving,
        update=drawn.update,
        describe=drawn.describe,
    )


# ---------------------------------------------------------------- pictures that stand still


def bits_picture(bits):
    """Bits a character of several models on the same held-out text: name -> number."""
    names, lengths = list(bits), list(bits.values())
    with matplotlib.rc_context(RC):
        figure = _learned_picture(
            900, 60 + 42 * len(bits), "bits a character of each model on the same held-out text."
        )
        figure.alt = (
            "Bits a character on held-out text: "
            + ", ".join(f"{name} {length:.2f}" for name, length in bits.items())
            + "."
        )
        ax = figure.subplots()
        colours = [OUTPUT if "LSTM" in name else "#9fb4c7" for name in names]
        ax.barh(range(len(names)), lengths, color=colours, height=0.62)
        ax.set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5))
        ax.set(xlim=(0, 7), xlabel="bits a character, held-out text (fewer is better)")
        ax.grid(False, axis="y")
        for k, length in enumerate(lengths):
            ax.text(length + 0.06, k, f"{length:.2f}", va="center", weight="bold")
    return figure


def samples_picture(samples):
    """Texts in a row of columns under their names: name -> text."""
    with matplotlib.rc_context(RC):
        figure = _learned_picture(
            900, 330, "text that the model wrote at three temperatures, side by side."
        )
        figure.alt = "Text written by the model at " + ", ".join(samples) + "."
        for ax, (name, text) in zip(figure.subplots(1, len(samples)), samples.items(), strict=True):
            ax.set_axis_off()
            ax.set(xlim=(0, 1), ylim=(0, 1))
            ax.set_title(name, color=INPUT, fontsize=13)
            shown = _two_inks("", _dotted(text), 34, 17)[1]
            ax.text(0, 0.99, shown, family=MONO, fontsize=13, va="top", linespacing=1.25,
                    parse_math=False)  # fmt: skip
    return figure


def scores_picture(reading):
    """|r| of every cell for every mark, sorted; the best is named (7.5)."""
    with matplotlib.rc_context(RC):
        figure = _learned_picture(
            900, 270, "how closely each cell goes along with four marks, sorted, best first."
        )
        axes = figure.subplots(1, len(MARKS), sharey=True)
        best = {}
        for ax, mark in zip(axes, MARKS, strict=True):
            r = model_text.scores(reading, mark)
            order = np.argsort(-np.abs(r))
            unit = int(order[0])
            best[mark] = f"{mark} unit {unit} with {r[unit]:.2f}"
            ax.bar(range(len(r)), np.abs(r[order]), color=[CELL_LINE] + ["#9fb4c7"] * (len(r) - 1),
                   width=0.9)  # fmt: skip
            ax.set(ylim=(0, 1), xlabel="cells, sorted")
            ax.set_xticks([])
            ax.set_title(mark)
            ax.text(0.97, 0.93, f"unit {unit}: r = {r[unit]:.2f}", color=CELL_LINE, ha="right",
                    va="top", weight="bold", transform=ax.transAxes)  # fmt: skip
        axes[0].set_ylabel("|r|")
        figure.alt = (
            "Correlation of each cell with four marks, sorted. Best: "
            + ", ".join(best.values())
            + "."
        )
    return figure


def learning_picture(measured):
    """Bits of four kinds of character while a model learns: step -> name -> bits."""
    steps, names = list(measured), list(next(iter(measured.values())))
    with matplotlib.rc_context(RC):
        figure = _learned_picture(
            900, 330, "bits a character of four kinds of character after more and more steps."
        )
        ax = figure.subplots()
        ax.set(xscale="log", xlim=(steps[0] * 0.9, steps[-1] * 4), ylim=(0, 7.2))
        ax.set_xticks(steps, [str(step) for step in steps])
        ax.minorticks_off()
        ax.set(xlabel="training steps", ylabel="bits a character")
        ends = [measured[steps[-1]][name] for name in names]
        for name, height, colour in zip(names, _spread(ends, 0.55), _KINDS, strict=True):
            ax.plot(steps, [measured[step][name] for step in steps], color=colour, marker="o", ms=5)
            ax.text(steps[-1] * 1.1, height, name, color=colour, weight="bold", va="center")
        ax.set_title("What the next character costs, by its kind, on text not learned from")
        figure.alt = "Bits a character by kind: " + "; ".join(
            f"after {step} steps " + ", ".join(f"{name} {of[name]:.2f}" for name in names)
            for step, of in measured.items()
        ) + "."  # fmt: skip
    return figure


_KINDS = (SIGNAL, INPUT, CANDIDATE_LINE, CELL_LINE)


def turns_picture(reading, mark, unit):
    """Mean course of one unit's gates and cell where a mark begins and where it ends."""
    with matplotlib.rc_context(RC):
        figure = _learned_picture(
            900, 300, "a unit's gates and cell around the places where a mark begins and ends."
        )
        axes = figure.subplots(1, 2, sharey=True)
        values = {
            "forget f": (reading.trace.f[..., unit], FORGET),
            "input i": (reading.trace.i[..., unit], INPUT),
            "size of tanh(c)": (np.abs(np.tanh(reading.trace.c[1:, :, unit])), CELL_LINE),
        }
        told = []
        for ax, event, what in zip(
            axes, model_text.turns(reading.marks[mark]), ("begin", "end"), strict=True
        ):
            for k, (name, (course, colour)) in enumerate(values.items()):
                mean = model_text.around(course[WARM:], event[WARM:])
                steps = np.arange(len(mean)) - 4
                ax.plot(steps, mean, color=colour, marker="o", ms=4)
                told.append(f"{what} {name} {', '.join(f'{m:.2f}' for m in mean[3:7])}")
                if what == "begin":  # between what is held and what is forgotten
                    ax.text(0.02, 0.78 - 0.1 * k, name, color=colour, weight="bold",
                            transform=ax.transAxes)  # fmt: skip
            ax.axvline(0, color=FAINT, lw=1, zorder=0)
            ax.set(ylim=(0, 1.03), xticks=range(-4, 9, 2))
            ax.set_xlabel("characters from there on")
            ax.set_title(f"Where {mark} {what}")
        figure.alt = f"Unit {unit}, from one character before to two after: {'; '.join(told)}."
    return figure


def effects_picture(effects, symbols):
    """Mean probability of some symbols: name -> `model_text.Effect`, on a log axis."""
    with matplotlib.rc_context(RC):
        figure = _learned_picture(
            900, 90 + 40 * len(effects),
            "what holding a cell does to a prediction, with a control cell beside it.",
        )  # fmt: skip
        axes = figure.subplots(1, 3, sharey=True, width_ratios=(3, 3, 2))
        names = list(effects)
        for ax, key, title in zip(
            axes, ("inside", "outside", "bits"),
            (f"Chance of {symbols} where the mark holds", "elsewhere", "bits a character"),
            strict=True,
        ):  # fmt: skip
            lengths = np.array([getattr(effect, key) for effect in effects.values()])
            log = key != "bits"
            low = lengths.min() / 3 if log else 0
            ax.barh(range(len(names)), lengths - low, left=low, height=0.62,
                    color=["#aaaaaa" if k == 0 else HIDDEN_LINE if "control" in n else CELL_LINE
                           for k, n in enumerate(names)])  # fmt: skip
            ax.set(xlim=(low, lengths.max() * (12 if log else 1.35)))
            if log:
                ax.set_xscale("log")
            ax.set_title(title, fontsize=12.5)
            ax.grid(False, axis="y")
            for k, length in enumerate(lengths):
                ax.text(length * 1.08 if log else length + 0.05, k,
                        f"{length:.2%}" if log else f"{length:.2f}", va="center")  # fmt: skip
        axes[0].set(yticks=range(len(names)), yticklabels=names, ylim=(len(names) - 0.5, -0.5))
        told = (f"{n} {e.inside:.2%} and {e.outside:.2%}" for n, e in effects.items())
        figure.alt = f"Mean probability of {symbols}, inside and outside: {'; '.join(told)}."
    return figure


def errors_picture(errors):
    """Forecast errors by horizon: name -> (K,) or (runs, K), of which the range is drawn (7.11)."""
    colours = {**_METHODS, "LSTM, values": CANDIDATE_LINE, "LSTM, changes": OUTPUT}
    ahead = np.arange(1, HORIZONS + 1)
    with matplotlib.rc_context(RC):
        figure = _learned_picture(
            900, 390, "typical forecast error by steps ahead, for five ways to forecast the EEG."
        )
        ax = figure.subplots()
        ends = {name: np.atleast_2d(e).mean(axis=0) for name, e in errors.items()}
        heights = _spread([e[-1] for e in ends.values()], 0.11)
        for (name, runs), height in zip(errors.items(), heights, strict=True):
            runs = np.atleast_2d(runs)
            if len(runs) > 1:
                ax.fill_between(ahead, runs.min(axis=0), runs.max(axis=0), color=colours[name],
                                alpha=0.25, lw=0)  # fmt: skip
            ax.plot(ahead, runs.mean(axis=0), color=colours[name], marker="o", ms=4)
            ax.text(HORIZONS + 0.3, height, name, color=colours[name], weight="bold", va="center")
        ax.set(xlim=(0.5, HORIZONS + 4.2), ylim=(0, 2.05), xlabel="steps ahead (80 a second)")
        ax.set(xticks=(1, 4, 8, 12, 16))
        ax.set_title("Typical error on the last 3 seconds, in deviations of the signal")
        figure.alt = (
            "Typical forecast error 1, 4 and 16 steps ahead: "
            + ", ".join(f"{name} {e[0]:.2f}, {e[3]:.2f}, {e[-1]:.2f}" for name, e in ends.items())
            + "."
        )
    return figure


def _spread(heights, gap):
    """Heights moved up where needed, so that labels at them do not overlap."""
    heights, highest = list(heights), -np.inf
    for k in sorted(range(len(heights)), key=lambda k: heights[k]):
        heights[k] = highest = max(heights[k], highest + gap)
    return heights


EXPLORERS = {
    "cell_over_text": cell_explorer,
    "clamp": clamp_explorer,
    "forecast": forecast_explorer,
    "live_text": live_text,
    "temperature": temperature_explorer,
}
