"""What a reader of notebook 07 moves: writing, one cell over text, the clamp; and EXPLORERS.

Learning live stands in `explorers_live`, forecasts in `explorers_forecast`.
"""

import matplotlib
import numpy as np

from lstm_core import lstm_forward
from lstm_inside.page import Challenge, Explorer, Lines, Words, choice, slider, toggle, whole
from lstm_inside.page.style import (
    CANDIDATE_LINE,
    CELL_LINE,
    FAINT,
    FORGET,
    INPUT,
    OUTPUT,
    RC,
    SIGNAL,
    picture,
)
from lstm_inside.simulation.dissection import (
    ANSWERS,
    USUAL,
    WARM,
    clamped_forward,
    correlation,
    held_curves,
    share_of,
    suspects,
)
from lstm_inside.simulation.explorers_forecast import forecast_explorer
from lstm_inside.simulation.explorers_live import live_text
from lstm_inside.simulation.explorers_parts import (
    CHANCE,
    CHOICES,
    CONTROL,
    GREY,
    Bars,
    Page,
    before_closing,
    dotted,
    learned,
    named,
    own_passage,
    passage,
    places,
    said,
    spread,
    title,
    two_inks,
)
from lstm_inside.simulation.reading import check_reading, read
from lstm_inside.simulation.text import SYMBOLS, encode, one_hot
from lstm_inside.simulation.writer import next_shares, sketch, write
from lstm_inside.words import say

# ---------------------------------------------------------------- writing at a temperature


def temperature_explorer(model=None, *, count=120) -> Explorer:
    """The next character's shares at a place in real text, and text drawn from there (7.4)."""
    given, model = model, sketch() if model is None else model
    before, text, _ = passage()
    columns, rows = 62, 11
    trace = lstm_forward(one_hot(encode(before + text))[:, None], model.cell)
    with matplotlib.rc_context(RC):
        figure = picture(900, 400)
        figure.set_layout_engine("none")
        shares = figure.add_axes((0.07, 0.11, 0.2, 0.79))
        page = figure.add_axes((0.32, 0.06, 0.67, 0.86))
        shares.set_xlabel(say("probability"))
        title(shares, say("The next character"))
        bars = Bars(shares, 10, [CHANCE], thick=14)
        looks = {"ha": "right", "fontsize": 12, "color": GREY, "weight": "bold"}
        arrived, warmth, unsure = (Words(shares, 0.98, y, **looks) for y in (7.4, 8.2, 9.0))
        page.set(xlim=(0, 1), ylim=(0, 1))
        page.set_axis_off()
        page.text(0, 1.03, say("Real text, read so far"), color=GREY, weight="bold")
        page.text(0.4, 1.03, say("and what the model writes next"), color=OUTPUT, weight="bold")
        real, written = (Lines(page, 0, 0.97, color=c, fontsize=15) for c in (GREY, OUTPUT))

    def update(temperature, at, draw):
        k = len(before) + at
        h, c = trace.h[k + 1], trace.c[k + 1]
        share = next_shares(h[0], model.readout, temperature)
        rng = np.random.default_rng(draw)
        sample = write(model, h, c, count, temperature=temperature, rng=rng)
        order = np.argsort(-share, kind="stable")[:10]
        bars.set([said(SYMBOLS[n]) if share[n] else "" for n in order], share[order])
        shown = (before + text)[: k + 1].split("\n")[-3:]
        inks = two_inks("\n".join(shown), dotted(sample), columns, rows)
        for artist, part in zip((real, written), inks, strict=True):
            artist.set_text(part)
        kept = share[share > 0]
        entropy = float(-(kept * np.log2(kept)).sum()) + 0.0
        warmth.set_text(say("temperature {temperature:.2f}", temperature=temperature))
        unsure.set_text(say("entropy {entropy:.2f} bits", entropy=entropy))
        came = text[at + 1]
        p = share[encode(came)[0]]
        arrived.set_text(say("came: {text}  {share:.1%}", text=said(came), share=p))
        return {"temperature": temperature, "shares": share, "text": sample, "entropy": entropy,
                "came": came, "p": p}  # fmt: skip

    def describe(v):
        best = said(SYMBOLS[int(v["shares"].argmax())])
        return say(
            "At temperature {temperature:.2f} the likeliest next character is “{best}” with "
            "{max:.1%}; what really came, “{came}”, has {p:.1%}. The entropy of the choice is "
            "{entropy:.2f} bits.",
            temperature=v["temperature"],
            best=best,
            max=v["shares"].max(),
            came=said(v["came"]),
            p=v["p"],
            entropy=v["entropy"],
        )

    return learned(
        "temperature",
        say(
            "the next character's probabilities at a place in real text, and the text that the "
            "model writes from there at the temperature of the slider."
        ),
        given,
        figure=figure,
        controls={
            "temperature": slider("temperature", 0, 2, 0.05, 0.7, quantity="h"),
            "at": whole("place in the text", 0, len(text) - 2, 60, quantity="x"),
            "draw": whole("another draw", 1, 20, 1, quantity="x"),
        },
        moving=[*bars.moving, arrived, warmth, unsure, real, written],
        update=update,
        describe=describe,
        presets={
            "always the likeliest": {"temperature": 0},
            "as learned": {"temperature": 1},
            "nearly noise": {"temperature": 2},
        },
    )


# ---------------------------------------------------------------- a cell over text


_PALE = "#d3a7c3"  # of CANDIDATE_LINE
_FOLLOWS_STRINGS = Challenge(
    "Find a cell that goes along with strings on this page, with an |r| of 0.60 or more (mark "
    "underlined: string).",
    score=lambda v: abs(v["r"]) if v["mark"] == "string" else 0,
    goal=0.6,
)


def cell_explorer(model=None, *, unit=0, text=None, searched=None) -> Explorer:
    """One cell over real text, its gates, and the next character's probabilities (3.1).

    model: a writer of `text_training`'s form. text: lines of your own, 11 at most; Python's are
    marked, others can be read all the same. searched: a `Reading` of the model, from which the
    cells' thresholds are taken; a small one is made if none is given.

        cell_explorer(stored_writer().model, unit=42, text="for n in range(3):\n    print(n)")

    Raises ValueError or TypeError for no such model, unit, text or Reading.
    """
    given, model = model, sketch() if model is None else model
    before, text, found = passage() if text is None else own_passage(text)
    presets = places(text)
    closed = presets.get("its partner closes", {"at": before_closing(text)})["at"]
    start = min(closed + 1, len(text) - 2)  # all of it can be seen: opened, held, let go
    back = 40  # characters before the cursor that are drawn in detail
    challenge = _FOLLOWS_STRINGS if found["string"].any() else None
    ids = encode(before + text)
    trace = lstm_forward(one_hot(ids)[:, None], model.cell)
    shown = np.tanh(trace.c[len(before) + 1 :, 0])  # (n, H)
    searched = read(model, "search", B=16, T=200) if searched is None else searched
    check_reading(searched)
    middles = np.quantile(searched.c[1 + WARM :], USUAL, axis=(0, 1)).mean(axis=0)  # (H,)
    with matplotlib.rc_context(RC):
        figure = picture(900, 520)
        figure.set_layout_engine("none")
        figure.colours = 128  # a page of text is large enough to store
        page = Page(figure, text, 34)
        page.ax.text(
            -0.5,
            len(page._heat) - 0.1,
            say(
                "tanh(c) of the cell after each character: gold +1, white 0, grey −1. "
                "Underlined: the mark. Dashed in the curves: the threshold."
            ),
            fontsize=12.5,
            color="#333333",
        )
        gates = figure.add_axes((0.07, 0.27, 0.62, 0.14))
        course = figure.add_axes((0.07, 0.08, 0.62, 0.16))
        shares = figure.add_axes((0.82, 0.1, 0.165, 0.31))
        slots = np.arange(1 - back, 1)
        for ax, low in ((gates, -0.04), (course, -1.05)):
            ax.set(xlim=(0.5 - back, 0.9), ylim=(low, 1.08), xticks=[])
        gates.set_yticks([0, 0.5, 1], ["0", "½", "1"])
        course.set_yticks((-1, 0, 1))
        for ax, level in ((gates, 0.5), (course, 0)):
            ax.axhline(level, color=FAINT, lw=1, zorder=0)
        headings = (
            (0, say("forget f"), FORGET),
            (0.14, say("input i"), INPUT),
            (0.26, say("upright lines: i above ½ or f below ½"), GREY),
        )
        for x, words, colour in headings:
            gates.text(x, 1.08, words, color=colour, weight="bold", transform=gates.transAxes)
        gates.text(
            1, 1.08, say("at the cursor ↓"), color=GREY, ha="right", transform=gates.transAxes
        )
        looks = {"ha": "left", "fontsize": 12, "weight": "bold"}
        extra = [Words(gates, 1.2, 0.8, color=OUTPUT, **looks),
                 Words(course, 1.2, 0.35, color=CANDIDATE_LINE, **looks)]  # fmt: skip
        course.text(1.012, 0.1, "tanh(c)", color=CELL_LINE, weight="bold", fontsize=12,
                    transform=course.transAxes)  # fmt: skip
        letters = [Words(course, x, -1.34, fontsize=12, color="#222222") for x in slots]
        looks = {"ha": "right", "fontsize": 12, "color": CELL_LINE, "weight": "bold"}
        told = [Words(course, 0, -0.6, **looks) for _ in range(3)]
        turns = [  # where the input gate opens, where the forget gate lets go
            (key, [ax.plot([], [], color=colour, lw=1, alpha=0.5, zorder=0)[0]
                   for ax in (gates, course)])
            for key, colour in (("i", INPUT), ("f", FORGET))
        ]  # fmt: skip
        curves = {
            key: ax.plot([], [], color=colour, lw=width, ls=dashes)[0]
            for key, ax, colour, width, dashes in (
                ("g", course, _PALE, 1, "-"),  # it matters only where i is open
                ("o", gates, OUTPUT, 1, "-"),
                ("i", gates, INPUT, 1.8, "-"),
                ("f", gates, FORGET, 2.2, (0, (3, 1))),
            )
        }
        (cell,) = course.plot([], [], color=CELL_LINE, lw=3)
        (middle,) = course.plot([], [], color=CELL_LINE, lw=1, ls=(0, (4, 3)))
        title(shares, say("The next character"))
        shares.set_xlabel(say("probability"))
        bars = Bars(shares, 7, [CHANCE], thick=15)
        shares.set_ylim(7.6, -0.6)
        came = Words(shares, 0.98, 7.1, ha="right", fontsize=12, color=SIGNAL, weight="bold")

    def update(unit, at, mark, more):
        k = len(before) + at + 1  # the place of the cursor in h and c
        now = slice(k - back, k)
        page.colour(shown[:, unit])
        page.point(at)
        page.underline(found[mark])
        for key, curve in curves.items():
            drawn = getattr(trace, key)[now, 0, unit] if more or key in "if" else slots * np.nan
            curve.set_data(slots, drawn)
        for words, name in zip(extra, (say("output o"), say("candidate g")), strict=True):
            words.set_text(name if more else "")
        turned = [(trace.i if key == "i" else 1 - trace.f)[now, 0, unit] > 0.5 for key, _ in turns]
        for (_, lines), here in zip(turns, turned, strict=True):
            for line in lines:
                line.set_data(*_upright(slots[here], -1.1, 1.1))
        r = correlation(shown[:, [unit]], found[mark])[0]
        course_c = trace.c[k - back + 1 : k + 1, 0, unit]
        on = (course_c > middles[unit]) == (r >= 0)
        for words, (text_there, slot) in zip(told, _what_it_did(*turned, on), strict=True):
            words.set_text(text_there)
            words.set_x(max(slots[slot] - 0.3, slots[0] + 4))
        cell.set_data(slots, np.tanh(course_c))
        middle.set_data(slots[[0, -1]], [np.tanh(middles[unit])] * 2)
        for letter, symbol in zip(letters, (before + text)[now], strict=True):
            letter.set_text(said(symbol))
        share = next_shares(trace.h[k, 0], model.readout)
        order = np.argsort(-share, kind="stable")[:7]
        bars.set([said(SYMBOLS[n]) for n in order], share[order])
        came.set_text(
            say("came: {text}  {share:.1%}", text=said(text[at + 1]), share=share[ids[k]])
        )
        numbers = {key: float(getattr(trace, key)[k - 1, 0, unit]) for key in "ifgo"}
        before_c, c = trace.c[k - 1 : k + 1, 0, unit]
        return {**numbers, "unit": unit, "mark": mark, "symbol": text[at], "c_prev": before_c,
                "c": c, "r": r, "loss": float(-np.log2(max(share[ids[k]], 1e-12))),
                "shares": share, "shown": shown[:, unit]}  # fmt: skip

    def describe(v):
        return say(
            "Cell {unit} at {symbol}: c = f c_before + i g = {f:.2f} × ({c_prev:+.2f}) + {i:.2f} "
            "× ({g:+.2f}) = {c:+.2f}, shown through o = {o:.2f}. Over this page its tanh(c) goes "
            "along with the mark “{mark}” by r = {r:+.2f}. The next character costs {loss:.2f} "
            "bits.",
            unit=v["unit"],
            symbol=said(v["symbol"]),
            f=v["f"],
            c_prev=v["c_prev"],
            i=v["i"],
            g=v["g"],
            c=v["c"],
            o=v["o"],
            mark=named(v["mark"]),
            r=v["r"],
            loss=v["loss"],
        )

    return learned(
        "cell_over_text",
        say(
            "real text coloured by one cell, its gates over the characters before the cursor, and "
            "the next character's probabilities."
        ),
        given,
        figure=figure,
        controls={
            "unit": whole("which cell", 0, len(model.cell.W_h) - 1, unit, quantity="c"),
            "at": whole("cursor in the text", 0, len(text) - 2, start, quantity="x"),
            "mark": choice("mark underlined", CHOICES, "brackets"),
            "more": toggle("candidate g and output o, too"),
        },
        moving=[
            *page.moving,
            *(line for _, lines in turns for line in lines),
            *told,
            *extra,
            *curves.values(),
            cell,
            middle,
            *letters,
            *bars.moving,
            came,
        ],
        update=update,
        describe=describe,
        presets=presets,
        play="at",
        challenge=challenge,
    )


def _what_it_did(opened, fell, on):
    """What a cell did last, with the slot where each word ends: written, held, let go.

    opened, fell, on (slots,) bool: where the input gate is open, the forget gate shut, and the
    cell above its threshold. It was written where it came on while the input gate was open, and
    let go where it went off again while the forget gate was shut.
    """
    came = np.flatnonzero(on[1:] & ~on[:-1] & (opened[1:] | opened[:-1])) + 1
    came = came[-1] if len(came) else 0
    gone = np.flatnonzero(~on[came:] & (on[0] | came > 0)) + came
    end = gone[0] if len(gone) else len(on) - 1
    held = (say("held"), (came + end) // 2 + 2) if end - came > 12 and on[came] else ("", 0)
    shut = len(gone) and fell[max(end - 1, 0) : end + 1].any()
    return [(say("written") if came else "", came), held, (say("let go") if shut else "", end)]


def _upright(at, low, high):
    """x and y of a line of upright strokes at these places."""
    return np.repeat(at, 3), np.tile([low, high, np.nan], len(at))


# ---------------------------------------------------------------- one cell held

SETS = {  # what the bars of the clamp explorer add up
    ") ] }": ")]}",
    ",": ",",
    "␣": " ",
    "↵": "\n",
    "' \"": "'\"",
    "letter": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_",
}


_LEAST = 1e-4  # lower probabilities are drawn here


def clamp_explorer(model=None, found=None) -> Explorer:
    """Hold one cell over the last characters and see the prediction change (7.6), (7.7).

    The control is held as far along its own scale as the cell is along its own.

    found: mark -> `Suspect` of this model; searched for on a small part if none is given.
    """
    given, model = model, sketch() if model is None else model
    before, text, _ = passage(lines=3)
    start, outside = before_closing(text), min(15, len(text) - 2)
    found = suspects(read(model, "search", B=24, T=300)) if found is None else found
    curves = held_curves(model, found, B=64)
    xs = one_hot(encode(before + text))[:, None]
    trace = lstm_forward(xs, model.cell)
    colours = ("#aaaaaa", CELL_LINE, CONTROL)
    with matplotlib.rc_context(RC):
        figure = picture(900, 420)
        figure.set_layout_engine("none")
        page = Page(figure, text, 34)
        page.lines.set_color(CELL_LINE)  # not the mark, which is underlined in another colour
        page.ax.text(
            -0.5,
            page.shape[0] - 0.1,
            say("Underlined in gold: held there. tanh(c) of the cell: gold +1, white 0, grey −1"),
            fontsize=12.5,
            color="#333333",
        )
        shares = figure.add_axes((0.1, 0.13, 0.36, 0.52))
        dose = figure.add_axes((0.54, 0.13, 0.31, 0.52))
        bars = Bars(shares, len(SETS), colours, thick=7)
        shares.set_xlabel(say("probability, for the character after the cursor"))
        for x, words, colour in (
            (-0.2, say("left alone"), "#888888"),
            (0.12, say("cell held"), CELL_LINE),
            (0.4, say("control, as far along its own scale"), CONTROL),
        ):
            shares.text(x, 1.03, words, color=colour, weight="bold", transform=shares.transAxes)
        dose.set(
            xlim=(-3.05, 3.05),
            yscale="log",
            ylim=(_LEAST, 1.5),
            xlabel=say("held at (the control: the same share of its own range)"),
        )
        dose.set_yticks([1e-4, 1e-3, 0.01, 0.1, 1], ["0.01 %", "0.1 %", "1 %", "10 %", "100 %"])
        shares.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25 %", "50 %", "75 %", "100 %"])
        title = Words(dose, -3.05, 2.05, ha="left", fontsize=12.5, color="#333333", weight="bold")
        alone = [dose.plot([], [], color=colours[0], lw=6, ls=ls)[0] for ls in ("-", (0, (2, 0.8)))]
        lines = [dose.plot([], [], color=colours[1], ls=ls)[0] for ls in ("-", "--")]
        others = [dose.plot([], [], color=CONTROL, lw=1.4, ls=ls)[0] for ls in ("-", "--")]
        ends = {  # those of the held cell stand at the left ends of their curves
            (kind, row): Words(dose, x, _LEAST, ha="left", fontsize=11.5, color=colour)
            for kind, colour, x in (
                ("alone", "#888888", 3.2),
                ("control", CONTROL, 3.2),
                ("held", colours[1], -2.95),
            )
            for row in (0, 1)
        }
        names = {
            "alone": say("left alone"), "control": say("control held"), "held": say("cell held")
        }  # fmt: skip
        for (kind, row), words in ends.items():
            name = names[kind]
            words.set_text(
                say("{name}, outside", name=name) if row else say("{name}, inside", name=name)
            )
        now = dose.axvline(0, color="#111111", lw=1.2, ls=(0, (3, 2)))
        (scale,) = dose.plot([], [], color=CELL_LINE, lw=6, alpha=0.5, solid_capstyle="butt")
        dose.text(0.52, 0.045, say("the cell's own scale"), color=CELL_LINE, fontsize=11.5,
                  va="bottom", transform=dose.transAxes)  # fmt: skip

    def update(mark, value, at, length):
        suspect, measured = found[mark], curves[mark]
        k = len(before) + at + 1
        first = k - length
        h, _ = clamped_forward(
            np.repeat(xs[first:k], 2, axis=1), model.cell, [suspect.unit, suspect.control],
            [value, suspect.matched(value)], trace.h[first], trace.c[first],
        )  # fmt: skip
        three = np.stack([trace.h[k, 0], *h[-1]])
        shares_now = np.array([share_of(model, three, symbols) for symbols in SETS.values()])
        bars.set(map(named, SETS), *shares_now.T)
        page.point(at)
        held = slice(max(at + 1 - length, 0), at + 1)
        page.underline(np.isin(np.arange(len(text)), np.arange(len(text))[held]))
        shown = np.tanh(trace.c[len(before) + 1 :, 0, suspect.unit])
        shown[held] = np.tanh(value)
        page.colour(shown)
        scale.set_data(np.clip(suspect.scale, -3, 3), [_LEAST * 1.25] * 2)
        for row in (0, 1):
            alone[row].set_data([-3, 3], [max(measured.alone[row], _LEAST)] * 2)
            lines[row].set_data(measured.values, np.clip(measured.held[row], _LEAST, 1))
            others[row].set_data(measured.values, np.clip(measured.control[row], _LEAST, 1))
        right = np.log10(np.maximum([measured.alone, measured.control[:, -1]], _LEAST)).ravel()
        right = np.reshape(spread(right, 0.19), (2, 2))
        left = np.log10(np.maximum(measured.held[:, 0], _LEAST))
        above = left + np.where(left == left.max(), 0.16, -0.14)  # the higher name, the lower one
        for kind, heights in (("alone", right[0]), ("control", right[1]), ("held", above)):
            for row, height in enumerate(heights):  # names keep 0.19 of a decade apart
                ends[kind, row].set_y(10**height)
        now.set_xdata([value, value])
        title.set_text(
            say(
                "Probability of {said} on the measuring part",
                said=" ".join(map(said, ANSWERS[mark])),
            )
        )
        return {"mark": mark, "suspect": suspect, "value": value, "symbol": text[at],
                "length": length, "shares": shares_now, "names": list(SETS),
                "measured": measured}  # fmt: skip

    def describe(v):
        row = _ROW[v["mark"]]
        p, s = v["shares"][row], v["suspect"]
        held = (
            say("1 character")
            if v["length"] == 1
            else say("{length} characters", length=v["length"])
        )
        return say(
            "Mark “{mark}”: cell {unit} has r = {r:.2f}, the control, cell {control}, "
            "{control_r:.2f}. Held at {value:.1f} for {held}, the chance of {names} after "
            "{symbol} goes from {p:.2%} to {p_2:.2%}; with the control held instead, at "
            "{matched:.1f}, it is {p_3:.2%}.",
            mark=named(v["mark"]),
            unit=s.unit,
            r=s.r,
            control=s.control,
            control_r=round(s.control_r, 2) + 0.0,
            value=v["value"] + 0.0,
            matched=round(s.matched(v["value"]), 1) + 0.0,
            held=held,
            names=v["names"][row],
            symbol=said(v["symbol"]),
            p=p[0],
            p_2=p[1],
            p_3=p[2],
        )

    return learned(
        "clamp",
        say(
            "one cell is held at the slider's value while the model reads real text; the next "
            "character's probabilities before and after, with a control cell beside it."
        ),
        given,
        figure=figure,
        controls={
            "mark": choice("cell found for", CHOICES, "brackets"),
            "value": slider("hold the cell at", -3, 3, 0.1, 1.4, quantity="c", digits=1),
            "at": whole("cursor in the text", 0, len(text) - 2, outside, quantity="x"),
            "length": whole("held for (characters)", 1, 40, 20, quantity="x"),
        },
        moving=[
            *page.moving,
            *bars.moving,
            *alone,
            *others,
            *lines,
            *ends.values(),
            now,
            scale,
            title,
        ],
        update=update,
        describe=describe,
        presets={
            "on, outside brackets": {"value": 1.4, "at": outside},
            "on, inside a bracket": {"value": 1.4, "at": start},
            "off, inside a bracket": {"value": -0.2, "at": start},
            "off for one character": {"value": -0.2, "at": start, "length": 1},
        },
    )


_ROW = {"brackets": 0, "string": 4, "indentation": 2, "comment": 3, "line": 0}  # of SETS


EXPLORERS = {
    "cell_over_text": cell_explorer,
    "clamp": clamp_explorer,
    "forecast": forecast_explorer,
    "live_text": live_text,
    "temperature": temperature_explorer,
}
