"""What a reader moves in notebook 00: gates by hand, one step, the way back, a unit that learns."""

import matplotlib
import numpy as np

from lstm_core import lstm_backward, lstm_forward
from lstm_inside.page import (
    Challenge,
    Explorer,
    Words,
    plain,
    signed,
    slider,
    strokes,
    toggle,
    whole,
)
from lstm_inside.page.live import LiveExplorer
from lstm_inside.page.style import (
    CELL_LINE,
    FAINT,
    GATES,
    GRADIENT,
    HIDDEN_LINE,
    RC,
    SIGNAL,
    picture,
)
from lstm_inside.start.figures import FLAGGED, ROWS, draw_gate_rows, draw_stream, draw_wiring
from lstm_inside.start.learning import LEARNING_STEPS, unseen
from lstm_inside.start.recall import READOUT, driven, flagged_at, latch, one_stream, said, score
from lstm_inside.tasks import Sequences, recall_problem
from lstm_inside.training import answers, run_cell
from lstm_inside.words import say

STEPS, FLAG, STREAMS = 20, 6, 100
SCORED = 2000  # streams that `hands_explorer` scores; the first STREAMS of them are drawn
SECOND = 14  # where one more flag goes up in `wiring_explorer`


def hands_explorer() -> Explorer:
    """You are the gates: set write, keep and show along a stream and hear the answer."""
    rng = np.random.default_rng(11)
    stream = one_stream(FLAG, STEPS)
    timed = flagged_at(FLAG, STEPS, SCORED, rng=rng)
    elsewhere = _flagged_elsewhere(rng)
    xs = np.concatenate([stream.xs, timed.xs, elsewhere.xs], axis=1)
    target = stream.targets[0, 0]
    steps = np.arange(1, STEPS + 1)
    with matplotlib.rc_context(RC):
        figure = picture(940, 480)
        ax = figure.subplot_mosaic(
            [["stream", "dots"], ["gates", "dots"], ["cell", "dots"]],
            width_ratios=(5, 3), height_ratios=(4, 4, 3),
        )  # fmt: skip
        draw_stream(ax["stream"], stream.xs[:, 0])
        ax["stream"].set_title(say("The stream, and the answer at its end"))
        ax["stream"].plot(STEPS + 1.5, target, "o", ms=13, mfc="none", mec=FLAGGED, mew=2)
        ax["stream"].text(STEPS + 2.2, target, say("wanted"), color=FLAGGED, va="center")
        answer_words = Words(ax["stream"], STEPS + 2.2, 0, ha="left", color=HIDDEN_LINE)
        answer_words.set_text(say("answer"))
        draw_gate_rows(ax["gates"])
        ax["gates"].set_title(say("Your gates: the higher, the more goes through"))
        ax["cell"].set(ylim=(-1.25, 1.25), xlabel=say("step t"))
        ax["cell"].set_title(say("What the cell holds"))
        ax["cell"].plot([0, STEPS + 0.3], [np.tanh(target / 2)] * 2, color=FLAGGED, ls=":", lw=1.6)
        ax["cell"].text(
            STEPS + 0.45,
            np.tanh(target / 2),
            f"tanh({plain(target)}/2)",
            color=FLAGGED,
            va="center",
        )
        for name in ("stream", "gates", "cell"):
            ax[name].set(xlim=(0.3, STEPS + 4.6), xticks=(1, 5, 10, 15, 20))
        ax["dots"].set(xlim=(-1.1, 1.1), ylim=(-2.3, 3), xlabel=say("flagged number"),
                       ylabel=say("answer"))  # fmt: skip
        ax["dots"].set(xticks=(-1, 0, 1), yticks=(-2, -1, 0, 1, 2))
        ax["dots"].set_title(
            say("Answers to {STREAMS} of {SCORED} streams", STREAMS=STREAMS, SCORED=SCORED)
        )
        ax["dots"].plot([-1, 1], [-1, 1], color=FAINT, lw=2)
        (answer,) = ax["stream"].plot([], [], "o", ms=8, color=HIDDEN_LINE)
        (cell,) = ax["cell"].plot([], [], "-o", ms=4, color=CELL_LINE)
        beyond = [*_arrows(ax["stream"], HIDDEN_LINE), *_arrows(ax["cell"], CELL_LINE)]
        (dots,) = ax["dots"].plot([], [], "o", ms=5, color=HIDDEN_LINE, mec="none")
        points = Words(ax["dots"], -1.05, 2.8, ha="left", color=SIGNAL, weight="bold")
        flagged = Words(ax["dots"], -1.05, 2.48, ha="left", color=FLAGGED)
        sizes = {
            letter: Words(ax["gates"], STEPS + 0.8, ROWS[letter] + 0.4, ha="left",
                          color=GATES[letter].line, weight="bold")
            for letter in "fo"
        }  # fmt: skip
        rows = [
            ax["gates"].fill_between(steps, 0, 0, step="mid", color=GATES[letter].line, lw=0)
            for letter in ROWS
        ]

    def update(write_at, write_for, keep, show, moved):
        write = np.zeros(STEPS)
        write[write_at - 1 : write_at - 1 + write_for] = 1
        trace = driven(xs, write=write, keep=keep, show=show)
        answer_now, here, there = np.split(said(trace), (1, SCORED + 1))
        for row, (letter, base) in zip(rows, ROWS.items(), strict=True):
            gate = getattr(trace, letter)[:, 0, 0]
            row.set_data(steps, np.full(STEPS, base), base + 0.8 * gate)
        sizes["f"].set_text(plain(keep))
        sizes["o"].set_text(plain(show))
        _show_inside(answer, beyond[:2], np.array([STEPS + 1.5]), answer_now, -1.2, 1.2)
        beside = float(np.clip(answer_now[0], -1.2, 1.2))
        if abs(beside - target) < 0.35:  # clear of "wanted"
            beside = target + 0.4
        answer_words.set_y(beside)
        _show_inside(cell, beyond[2:], np.arange(STEPS + 1), trace.c[:, 0, 0], -1.2, 1.2)
        r2, r2_elsewhere = _score(here, timed.targets), _score(there, elsewhere.targets)
        streams, answers_drawn = (elsewhere, there) if moved else (timed, here)
        dots.set_data(streams.targets[:STREAMS, 0], answers_drawn[:STREAMS])
        points.set_text(say("score {r2}", r2=plain(r2_elsewhere if moved else r2)))
        flagged.set_text(_where(moved))
        return {
            "write": write, "keep": keep, "show": show, "answer": answer_now[0], "target": target,
            "r2": r2, "r2_elsewhere": r2_elsewhere, "moved": moved, "c": trace.c[:, 0, 0],
        }  # fmt: skip

    def describe(v):
        opened = np.flatnonzero(v["write"]) + 1
        return say(
            "Writing at step {opened} only, keeping {keep:.2f} a step: the answer is {answer}, "
            "wanted {target}. Score on {SCORED} streams {where}: {r2}."
            if len(opened) == 1
            else "Writing from step {opened} to {opened_2}, keeping {keep:.2f} a step: the "
            "answer is {answer}, wanted {target}. Score on {SCORED} streams {where}: {r2}.",
            opened=opened[0],
            opened_2=opened[-1],
            keep=v["keep"],
            answer=signed(v["answer"]),
            target=signed(v["target"]),
            SCORED=SCORED,
            where=_where(v["moved"]),
            r2=plain(v["r2_elsewhere" if v["moved"] else "r2"]),
        )

    return Explorer(
        "hands",
        figure=figure,
        controls={
            "write_at": whole("write opens at step", 1, STEPS, 4, quantity="i"),
            "write_for": whole("write stays open for", 1, STEPS, 6, quantity="i"),
            "keep": slider("keep, each step", 0, 1, 0.01, 0.9, quantity="f"),
            "show": slider("show", 0, 1, 0.01, 1, quantity="o"),
            "moved": toggle("flags at other steps"),
        },
        moving=[*rows, *sizes.values(), answer, answer_words, cell, *beyond, dots, points, flagged],
        update=update,
        describe=describe,
        presets={
            "write always": {"write_at": 1, "write_for": STEPS},
            "keep nothing": {"write_at": FLAG, "write_for": 1, "keep": 0},
            "show nothing": {"write_at": FLAG, "write_for": 1, "keep": 1, "show": 0},
            "the solution": {"write_at": FLAG, "write_for": 1, "keep": 1, "show": 1},
        },
        challenge=Challenge(
            "Get the flagged number through to the end.",
            lambda values: values["r2"],
            0.9,
        ),
    )


def _where(moved):
    """In words: where the streams of `hands_explorer` are flagged."""
    return say("flagged at other steps") if moved else say("flagged at step {FLAG}", FLAG=FLAG)


def _flagged_elsewhere(rng):
    """SCORED streams of recall whose flag is anywhere but at FLAG."""
    drawn = recall_problem(STEPS, 2 * SCORED, rng=rng)
    there = np.flatnonzero(drawn.xs[FLAG - 1, :, 1] == 0)[:SCORED]
    return Sequences(drawn.xs[:, there], drawn.targets[there], drawn.last[there])


def _arrows(ax, colour):
    """Two artists for what lies above and below the axes: triangles at their edges."""
    return [ax.plot([], [], mark, ls="none", ms=8, color=colour)[0] for mark in "^v"]


def _show_inside(line, arrows, x, y, low, high):
    """Draw of y (N,) over x what lies from low to high, and arrows at the edge for the rest."""
    above, below = y > high, y < low
    line.set_data(x, np.where(above | below, np.nan, y))
    for arrow, out, edge in zip(arrows, (above, below), (high, low), strict=True):
        arrow.set_data(x[out], np.full(out.sum(), edge))


def _score(answers, targets):
    """The score to two decimals; nothing is never minus nothing."""
    return round(score(answers, targets), 2) + 0.0


# ---------------------------------------------------------------- one step, all its numbers


def wiring_explorer() -> Explorer:
    """One step of the latch on a stream with two flags: its wires, equations in numbers.

    A coloured wire is as thick as what it carries is large. It opens on the step before the
    second flag.
    """
    xs = one_stream(FLAG, STEPS).xs
    xs[SECOND - 1, :, 1] = 1
    numbers, flags = xs[:, 0].T
    with matplotlib.rc_context(RC):
        figure = picture(940, 540)
        figure.set_layout_engine("none")
        course = figure.add_axes((0.035, 0.8, 0.95, 0.155))
        draw_stream(course, xs[:, 0])
        course.set(xlim=(-0.5, STEPS + 0.6), xticks=(1, 5, 10, 15, 20))
        course.set_title(say("The stream, flagged twice, and the cell"))
        ax = figure.add_axes((0.005, 0.01, 0.99, 0.72))
        wires, equations = draw_wiring(ax)
        step_words = Words(ax, 0.1, 5.55, ha="left", fontsize=13.5, weight="bold", color=SIGNAL)
        (cell,) = course.plot([], [], "-o", ms=4, color=CELL_LINE)
        (now,) = course.plot([], [], "o", ms=9, color=CELL_LINE)

    def update(t, sure):
        trace = lstm_forward(xs, latch(sure))
        x, flag = numbers[t - 1], flags[t - 1]
        i, f, g, o = (a[t - 1, 0, 0] for a in (trace.i, trace.f, trace.g, trace.o))
        c_prev, c, h = trace.c[t - 1, 0, 0], trace.c[t, 0, 0], trace.h[t, 0, 0]
        carried = {
            "c_prev": c_prev, "kept": f * c_prev, "written": i * g, "c": c, "seen": c,
            "bent": np.tanh(c), "h": h,
            "f": f, "i": i, "g": g, "o": o,
        }  # fmt: skip
        for name, wire in wires.items():
            wire.set_linewidth(1 + 7 * min(abs(carried[name]), 1))
        cell.set_data(np.arange(t + 1), trace.c[: t + 1, 0, 0])
        now.set_data([t], [c])
        a = sure * (2 * flag - 1)  # pre-activation of the input gate; the forget gate has -a
        for equation, words in zip(
            equations,
            (
                f"f = σ({signed(-a)}) = {f:.3f}",
                f"i = σ({signed(a)}) = {i:.3f}",
                f"g = tanh({signed(x / 2, 3)}) = {signed(g, 3)}",
                f"o = σ({signed(12)}) = {o:.3f}",
                f"c = {f:.3f}·({signed(c_prev, 3)}) + {i:.3f}·({signed(g, 3)})\n"
                f"   = {signed(c, 3)}",
                f"h = {o:.3f}·tanh({signed(c, 3)}) = {signed(h, 3)}",
            ),
            strict=True,
        ):
            equation.set_text(words)
        step_words.set_text(
            say(
                "Step {t} of {STEPS}: number {x}, FLAG"
                if flag
                else "Step {t} of {STEPS}: number {x}, no flag",
                t=t,
                STEPS=STEPS,
                x=signed(x),
            )
        )
        return {"t": t, "flag": flag, **carried}

    def describe(v):
        what = say("the flag is up") if v["flag"] else say("no flag")
        return say(
            "Step {t}, {what}: {f:.3f} of the old cell {c_prev} is kept, {i:.3f} of the "
            "candidate {g} is written, so the cell holds {c} and shows h = {h}. "
            "The thicker a coloured wire, the larger its number, plus or minus.",
            t=v["t"],
            what=what,
            f=v["f"],
            c_prev=signed(v["c_prev"], 3),
            i=v["i"],
            g=signed(v["g"], 3),
            c=signed(v["c"], 3),
            h=signed(v["h"], 3),
        )

    return Explorer(
        "one_step",
        figure=figure,
        controls={
            "t": whole("step t", 1, STEPS, SECOND - 1, quantity="x"),
            "sure": slider("how sure the gates are", 0, 12, 0.5, 12, quantity="f", digits=1),
        },
        moving=[*wires.values(), *equations, step_words, cell, now],
        update=update,
        describe=describe,
        play="t",
        interval=900,
    )


# ---------------------------------------------------------------- the way back


def way_back_explorer() -> Explorer:
    """How much of the last step's gradient gets back to each along the cell line."""
    streams = [one_stream(step, STEPS).xs for step in range(1, STEPS + 1)]
    dhs = np.zeros((STEPS, 1, 1))
    dhs[-1] = READOUT  # the answer itself is what is differentiated
    steps = np.arange(STEPS + 1)
    with matplotlib.rc_context(RC):
        figure = picture(940, 400)
        stream_ax, keep_ax, back_ax = figure.subplots(3, 1, sharex=True, height_ratios=(3, 2, 4))
        draw_stream(stream_ax, streams[0][:, 0], bars=False)
        stream_ax.set_title(say("The stream"))
        keep_ax.set(ylim=(0, 1.1), yticks=(0, 1))
        keep_ax.set_title(
            say("keep f: a step back along the cell line multiplies by it"), color=GATES["f"].line
        )
        back_ax.set_title(
            say("Of the gradient at step {STEPS}, what gets back to step t", STEPS=STEPS),
            color=CELL_LINE,
        )
        back_ax.set(xlim=(-0.4, STEPS + 0.8), ylim=(-0.08, 1.1), xlabel=say("step t"))
        back_ax.set(xticks=(1, 5, 10, 15, 20), yticks=(0, 0.5, 1))
        back = say("← back in time")
        back_ax.text(STEPS + 0.4, 0.1, back, color=GRADIENT, ha="right", va="center")
        bars = {"lw": 7, "solid_capstyle": "butt"}
        (numbers,) = stream_ax.plot([], [], color=FAINT, **bars)
        (mark,) = stream_ax.plot([], [], color=FLAGGED, **bars)
        flag_words = Words(stream_ax, 0, 1.2, color=FLAGGED, fontsize=15)
        flag_words.set_text("⚑")
        (kept,) = keep_ax.plot([], [], color=GATES["f"].line, **bars)
        (line,) = back_ax.plot([], [], "-o", ms=5, color=CELL_LINE)

    def update(flag, sure):
        xs = streams[flag - 1]
        params = latch(sure)
        trace = lstm_forward(xs, params)
        grads = lstm_backward(dhs, trace, params)
        back, keep = grads.c[:, 0, 0] / grads.c[-1, 0, 0], trace.f[:, 0, 0]
        numbers.set_data(*strokes(steps[1:], 0, xs[:, 0, 0]))
        mark.set_data([flag, flag], [0, xs[flag - 1, 0, 0]])
        flag_words.set_x(flag)
        kept.set_data(*strokes(steps[1:], 0, keep))
        line.set_data(steps, back)
        return {"flag": flag, "keep": keep, "back": back}

    def describe(v):
        flag = v["flag"]
        return say(
            "Of the gradient at step {STEPS}, the cell line brings {back} back to the flagged "
            "step {flag}, and {past} to the step before it.",
            STEPS=STEPS,
            flag=flag,
            back=plain(v["back"][flag]),
            past=plain(v["back"][flag - 1]),
        )

    return Explorer(
        "way_back",
        figure=figure,
        controls={
            "flag": whole("flag at step", 1, STEPS, FLAG, quantity="x"),
            "sure": slider("how sure the gates are", 0, 12, 0.5, 1.5, quantity="f", digits=1),
        },
        moving=[numbers, mark, flag_words, kept, line],
        update=update,
        describe=describe,
        presets={
            "unsure gates": {},
            "the latch": {"sure": 12},
        },
    )


# ---------------------------------------------------------------- one unit learns

LAZY = 1 / 3  # mean squared error of always answering 0


def unit_view(run) -> LiveExplorer:
    """Watch a training of one LSTM unit by `learner`: loss, answers, gates beside the latch."""
    batch = unseen()
    hand = lstm_forward(batch.xs, latch())
    flags = batch.xs[..., 1].argmax(axis=0) + 1
    steps = np.arange(1, STEPS + 1)
    with matplotlib.rc_context(RC):
        figure = picture(940, 520)
        ax = figure.subplot_mosaic(
            [["loss", "write"], ["loss", "keep"], ["dots", "show"], ["dots", "cell"]],
            width_ratios=(2, 3),
        )  # fmt: skip
        ax["loss"].set(
            xlim=(0, LEARNING_STEPS), ylim=(3e-4, 2), yscale="log", xlabel=say("updates")
        )
        ax["loss"].set_title(say("Squared error of each batch"))
        ax["loss"].axhline(LAZY, color=FAINT, lw=1.5)
        ax["loss"].text(LEARNING_STEPS - 10, 1.2 * LAZY, say("always answering 0"), color=SIGNAL,
                        ha="right", va="bottom")  # fmt: skip
        ax["dots"].set(xlim=(-1.1, 1.1), ylim=(-1.4, 1.4), xticks=(-1, 0, 1), yticks=(-1, 0, 1),
                       xlabel=say("flagged number"), ylabel=say("answer"))  # fmt: skip
        ax["dots"].set_title(say("{STREAMS} streams never trained on", STREAMS=STREAMS))
        ax["dots"].plot([-1, 1], [-1, 1], color=FAINT, lw=2)
        colours = {"write": GATES["i"].line, "keep": GATES["f"].line, "show": GATES["o"].line,
                   "cell": CELL_LINE}  # fmt: skip
        for key, title in (
            ("write", say("write: input gate i")),
            ("keep", say("keep: forget gate f")),
            ("show", say("show: output gate o")),
            ("cell", say("the cell c")),
        ):
            ax[key].set(xlim=(0.5, STEPS + 0.5), ylim=(-0.08, 1.15), xticks=(1, 5, 10, 15, 20))
            ax[key].set_title(title, color=colours[key])
        for y, words, colour in (  # to the right: all flags are in the first half
            (0.9, say("solid: this unit"), GATES["i"].line),
            (0.68, say("dashed: set by hand"), SIGNAL),
        ):
            ax["write"].text(STEPS + 0.2, y, words, ha="right", color=colour, fontsize=11)
        flag_words = Words(ax["write"], STEPS + 0.2, 0.22, ha="right", fontsize=11, color=FLAGGED)
        ax["cell"].set(ylim=(-2.2, 2.2), xlabel=say("step t"))
        turned = Words(ax["cell"], STEPS + 0.2, -1.65, ha="right", fontsize=11, color=CELL_LINE)
        (loss,) = ax["loss"].plot([], [], color=GRADIENT, lw=1.2)
        (dots,) = ax["dots"].plot([], [], "o", ms=5, color=HIDDEN_LINE, mec="none")
        curves = {
            key: (ax[key].plot([], [], color=colour)[0],
                  ax[key].plot([], [], color=SIGNAL, ls="--", lw=1.5)[0])
            for key, colour in colours.items()
        }  # fmt: skip
        marks = [ax[key].axvline(0, color=FLAGGED, ls=":", lw=1.5) for key in curves]

    def update(stream):
        n = stream - 1
        trace = run_cell(batch.xs, run.params.cell)
        answer = answers(run.params, batch, trace)[:, 0]
        losses = run.losses
        loss.set_data(np.arange(1, len(losses) + 1), np.clip(losses, 3e-4, 1))
        dots.set_data(batch.targets[:, 0], np.clip(answer, -1.4, 1.4))
        for key, name in (("write", "i"), ("keep", "f"), ("show", "o"), ("cell", "c")):
            for line, one in zip(curves[key], (trace, hand), strict=True):
                course = getattr(one, name)[-STEPS:, n, 0]
                line.set_data(steps, np.clip(course, -2.2, 2.2))
        r2 = score(answer, batch.targets)
        mirrored = r2 > 0.9 and trace.c[-1, n, 0] * hand.c[-1, n, 0] < 0
        turned.set_text(say("upside down; the read-out turns it back") if mirrored else "")
        flag_words.set_text(say("dotted: the flag, here at step {flag}", flag=flags[n]))
        for mark in marks:
            mark.set_xdata([flags[n], flags[n]])
        return {"step": run.step, "answer": answer[n], "target": batch.targets[n, 0],
                "r2": r2, "i": trace.i[:, n, 0],
                "f": trace.f[:, n, 0]}  # fmt: skip

    def describe(v):
        return say(
            "After {step} updates the score on {STREAMS} streams never trained on is "
            "{r2}. To the stream shown the answer is {answer}, wanted {target}.",
            step=v["step"],
            STREAMS=STREAMS,
            r2=plain(v["r2"], 3),
            answer=signed(v["answer"]),
            target=signed(v["target"]),
        )

    return LiveExplorer(
        "unit",
        run,
        LEARNING_STEPS,
        steps_on=ax["loss"],
        about=say("one LSTM unit that learns recall, its gates beside the hand-set ones."),
        figure=figure,
        controls={"stream": whole("stream shown", 1, STREAMS, 1, quantity="x")},
        moving=[
            loss,
            dots,
            turned,
            flag_words,
            *(line for pair in curves.values() for line in pair),
            *marks,
        ],
        update=update,
        describe=describe,
    )


EXPLORERS = {
    "hands": hands_explorer,
    "one_step": wiring_explorer,
    "way_back": way_back_explorer,
}
