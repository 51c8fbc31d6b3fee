"""What a reader moves in notebook 00: a plain state, gates by hand, one step; and EXPLORERS.

What is about gradients and learning stands in `explorers_learning`.
"""

import matplotlib
import numpy as np

from lstm_core import lstm_forward, rnn_forward
from lstm_inside.page import (
    Challenge,
    Explorer,
    Words,
    plain,
    signed,
    slider,
    toggle,
    whole,
)
from lstm_inside.page.style import CELL_LINE, FAINT, GATES, HIDDEN_LINE, RC, SIGNAL, picture
from lstm_inside.start.explorers_learning import (
    FLAG,
    STEPS,
    STREAMS,
    one_weight_explorer,
    unit_view,
    way_back_explorer,
)
from lstm_inside.start.figures import FLAGGED, ROWS, draw_gate_rows, draw_stream, draw_wiring
from lstm_inside.start.figures_plain import (
    best_column,
    last_states,
    plain_unit,
    plain_units,
    searched,
)
from lstm_inside.start.recall import driven, flag_gates, flagged_at, one_stream, said, score
from lstm_inside.tasks import Sequences, recall_problem
from lstm_inside.words import say

__all__ = [
    "EXPLORERS",
    "hands_explorer",
    "one_weight_explorer",
    "plain_state_explorer",
    "unit_view",
    "way_back_explorer",
    "wiring_explorer",
]

ELSEWHERE = 3  # where the stream of `hands_explorer` is flagged when it is not at FLAG
SCORED = 2000  # streams that `hands_explorer` scores; the first STREAMS of them are drawn
SECOND = 14  # where one more flag goes up in `wiring_explorer`
UNITS = 300  # random plain units tried at each w
STRENGTHS = np.arange(0, 4.5, 0.5)  # the values of w


# ---------------------------------------------------------------- a plain state


def plain_state_explorer() -> Explorer:
    """A plain state (0.1) at the w chosen: the best of UNITS random ones, and its answers.

    Each unit gets random weights for number and flag and a random bias; its answer is the
    straight line through its last state that has the smallest squared error on these very
    streams. Of a unit and its mirror image (all signs turned) the one whose line rises is drawn,
    over the stream that is flagged at FLAG, and over the same with the flagged number's sign
    turned. The grey line among the scores tells what half of the number's sign would score:
    one bit that is always right.
    """
    stream, streams = one_stream(FLAG, STEPS), searched(STEPS)
    number, target = stream.targets[0, 0], streams.targets[:, 0]
    pair = np.repeat(stream.xs, 2, axis=1)
    pair[FLAG - 1, 1, 0] = -number
    best = {float(w): _best_plain(w, pair, streams) for w in STRENGTHS}
    one_bit = score(np.sign(target) / 2, target)
    with matplotlib.rc_context(RC):
        figure = picture(940, 380)
        ax = figure.subplot_mosaic(
            [["state", "answers"], ["scores", "answers"]],
            width_ratios=(4, 3), height_ratios=(4, 3),
        )  # fmt: skip
        ax["state"].set(xlim=(-0.4, STEPS + 0.4), ylim=(-1.15, 1.75), xticks=(0, 5, 10, 15, 20),
                        yticks=(-1, 0, 1), xlabel=say("step t"))  # fmt: skip
        ax["state"].set_title(
            say("The state h, with {x} flagged (solid) or {x_2} (dashed)",
                x=signed(number), x_2=signed(-number)),
        )  # fmt: skip
        ax["state"].axvline(FLAG, ymax=0.83, color=FLAGGED, ls=":", lw=1.5)
        ax["state"].text(FLAG, 1.45, "⚑", color=FLAGGED, ha="center", va="center", fontsize=15,
                         family="DejaVu Sans")  # fmt: skip
        ax["answers"].set(xlim=(-1.1, 1.1), ylim=(-1.2, 1.35), xticks=(-1, 0, 1),
                          yticks=(-1, 0, 1), xlabel=say("flagged number"),
                          ylabel=say("answer"))  # fmt: skip
        ax["answers"].set_title(
            say("Its answers to {STREAMS} of {n} streams", STREAMS=STREAMS, n=len(target))
        )
        ax["answers"].plot([-1, 1], [-1, 1], color=FAINT, lw=2)
        ax["scores"].set(xlim=(-0.1, 4.1), ylim=(-0.05, 1.05), xticks=range(5), yticks=(0, 0.5, 1),
                         xlabel="w")  # fmt: skip
        ax["scores"].set_title(say("The best score of {UNITS} random u, v, b", UNITS=UNITS))
        ax["scores"].axhline(one_bit, color=FAINT, lw=1.5)
        ax["scores"].text(
            0, one_bit + 0.04, say("always ±½, with the right sign: {r2:.2f}", r2=one_bit),
            color=SIGNAL, va="bottom", fontsize=11,
        )  # fmt: skip
        ax["scores"].plot(list(best), [r2 for _, _, r2 in best.values()], "o", color=FAINT, ms=6)
        states = [ax["state"].plot([], [], ls, color=HIDDEN_LINE)[0] for ls in ("-", "--")]
        (dots,) = ax["answers"].plot([], [], "o", ms=4, color=HIDDEN_LINE, mec="none")
        (now,) = ax["scores"].plot([], [], "o", ms=10, color=HIDDEN_LINE)
        points = Words(ax["answers"], -1.05, 1.2, ha="left", color=SIGNAL, weight="bold")

    def update(w):
        courses, answers, r2 = best[float(w)]
        for line, course in zip(states, courses, strict=True):
            line.set_data(np.arange(STEPS + 1), course)
        dots.set_data(target[:STREAMS], answers[:STREAMS])
        now.set_data([w], [r2])
        points.set_text(say("score {r2}", r2=plain(r2)))
        return {"w": w, "r2": r2, "states": courses, "number": number}

    def describe(v):
        return say(
            "At w = {w:g} the best of {UNITS} random units scores {r2}; one bit, always right, "
            "would score {one_bit:.2f}. With {x} or {x_2} flagged at step {FLAG}, its state ends "
            "at {h} or {h_2}.",
            w=v["w"],
            UNITS=UNITS,
            r2=plain(v["r2"]),
            one_bit=one_bit,
            x=signed(v["number"]),
            x_2=signed(-v["number"]),
            FLAG=FLAG,
            h=signed(v["states"][0][-1]),
            h_2=signed(v["states"][1][-1]),
        )

    return Explorer(
        "plain_state",
        figure=figure,
        controls={"w": slider("w, from state to state", 0, 4, 0.5, 3, quantity="h", digits=1)},
        moving=[*states, dots, now, points],
        update=update,
        describe=describe,
        presets={"a small w": {"w": 0.5}, "one bit": {"w": 3}},
    )


def _best_plain(w, pair, streams):
    """The best of the random plain units at w: states over pair (2, STEPS + 1), answers, score."""
    W_x, b = plain_units(UNITS, np.random.default_rng(1))
    h = last_states(streams.xs, w, W_x, b)
    k, line, r2 = best_column(h, streams.targets[:, 0])
    courses = rnn_forward(pair, plain_unit(w, W_x, b, k)).h[:, :, 0].T
    return np.sign(line.deriv()(0)) * courses, line(h[:, k]), r2


# ---------------------------------------------------------------- gates by hand


def hands_explorer() -> Explorer:
    """You are the gates: set write, keep and show along a stream and hear the answer."""
    rng = np.random.default_rng(11)
    stream = one_stream(FLAG, STEPS)
    timed = flagged_at(FLAG, STEPS, SCORED, rng=rng)
    elsewhere = _flagged_elsewhere(rng)
    numbers = stream.xs[:, 0, 0]
    steps = np.arange(1, STEPS + 1)
    with matplotlib.rc_context(RC):
        figure = picture(940, 480)
        ax = figure.subplot_mosaic(
            [["stream", "dots"], ["gates", "dots"], ["cell", "dots"]],
            width_ratios=(5, 3), height_ratios=(4, 4, 3),
        )  # fmt: skip
        draw_stream(ax["stream"], numbers[:, None] * [1, 0])
        ax["stream"].set(ylim=(-1.6, 2.4), yticks=(-1, 0, 1, 2))
        ax["stream"].set_title(say("The stream, and the answer at its end"))
        (bar,) = ax["stream"].bar(FLAG, 1, 0.55, color=FLAGGED)
        flag_up = ax["stream"].text(FLAG, 1.3, "⚑", color=FLAGGED, ha="center", fontsize=15,
                                    family="DejaVu Sans")  # fmt: skip
        (ring,) = ax["stream"].plot([], [], "o", ms=13, mfc="none", mec=FLAGGED, mew=2)
        wanted = ax["stream"].text(STEPS + 2.2, 0, say("wanted"), color=FLAGGED, va="center")
        answer_words = Words(ax["stream"], STEPS + 2.2, 0, ha="left", color=HIDDEN_LINE)
        answer_words.set_text(say("answer"))
        draw_gate_rows(ax["gates"])
        ax["gates"].set_title(say("Your gates: the higher, the more goes through"))
        ax["cell"].set(ylim=(-2.3, 2.3), yticks=(-2, 0, 2), xlabel=say("step t"))
        ax["cell"].set_title(say("What the cell holds"))
        (held,) = ax["cell"].plot([], [], color=FLAGGED, ls=":", lw=1.6)
        to_hold = ax["cell"].text(STEPS + 0.45, 0, "", color=FLAGGED, va="center")
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

    def put_flag(at):
        """Flag the stream at another step: what stands still until then, and what is wanted."""
        number = numbers[at - 1]
        bar.set(x=at - 0.275, height=number)
        flag_up.set_x(at)
        ring.set_data([STEPS + 1.5], [number])
        wanted.set_y(number)
        held.set_data([0, STEPS + 0.3], [np.tanh(number / 2)] * 2)
        to_hold.set(y=np.tanh(number / 2), text=f"tanh({plain(number)}/2)")
        return number

    def update(write_at, write_for, keep, show, moved):
        target = put_flag(ELSEWHERE if moved else FLAG)
        write = np.zeros(STEPS)
        write[write_at - 1 : write_at - 1 + write_for] = 1
        streams = elsewhere if moved else timed
        xs = np.concatenate([stream.xs, streams.xs], axis=1)
        trace = driven(xs, write=write, keep=keep, show=show)
        c, (answer_now, to_streams) = trace.c[:, 0, 0], np.split(said(trace), [1])
        for row, (letter, base) in zip(rows, ROWS.items(), strict=True):
            gate = getattr(trace, letter)[:, 0, 0]
            row.set_data(steps, np.full(STEPS, base), base + 0.8 * gate)
        sizes["f"].set_text(plain(keep))
        sizes["o"].set_text(plain(show))
        answer.set_data([STEPS + 1.5], answer_now)
        beside = float(answer_now[0])
        if abs(beside - target) < 0.5:  # clear of "wanted"
            beside = target + 0.55
        answer_words.set_y(beside)
        cell.set_data(np.arange(STEPS + 1), c)
        r2 = _score(to_streams, streams.targets)
        dots.set_data(streams.targets[:STREAMS, 0], to_streams[:STREAMS])
        points.set_text(say("score {r2}", r2=plain(r2)))
        flagged.set_text(_where(moved))
        return {
            "write": write, "keep": keep, "show": show, "answer": answer_now[0], "target": target,
            "r2": r2, "moved": moved, "c": c,
        }  # fmt: skip

    def describe(v):
        opened = np.flatnonzero(v["write"]) + 1
        return say(
            "Writing at step {opened} only, keeping {keep:.2f} a step: the cell ends at {c}. With "
            "{show:.2f} of its tanh shown, the answer is {answer}, wanted {target}. Score on "
            "{SCORED} streams {where}: {r2}."
            if len(opened) == 1
            else "Writing from step {opened} to {opened_2}, keeping {keep:.2f} a step: the cell "
            "ends at {c}. With {show:.2f} of its tanh shown, the answer is {answer}, wanted "
            "{target}. Score on {SCORED} streams {where}: {r2}.",
            opened=opened[0],
            opened_2=opened[-1],
            keep=v["keep"],
            c=signed(v["c"][-1]),
            show=v["show"],
            answer=signed(v["answer"]),
            target=signed(v["target"]),
            SCORED=SCORED,
            where=_where(v["moved"]),
            r2=plain(v["r2"]),
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
        moving=[*rows, *sizes.values(), answer, answer_words, cell, dots, points, flagged],
        update=update,
        describe=describe,
        presets={
            "write always": {"write_at": 1, "write_for": STEPS},
            "keep nothing": {"write_at": FLAG, "write_for": 1, "keep": 0},
            "show nothing": {"write_at": FLAG, "write_for": 1, "keep": 1, "show": 0},
            "the solution": {"write_at": FLAG, "write_for": 1, "keep": 1, "show": 1},
        },
        stays=("moved",),
        redraw_on=("moved",),
        challenge=Challenge(
            "Get the flagged number through to the end.",
            lambda values: values["r2"],
            0.99,
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


def _score(answers, targets):
    """The score to two decimals; nothing is never minus nothing."""
    return round(score(answers, targets), 2) + 0.0


# ---------------------------------------------------------------- one step, all its numbers


def wiring_explorer() -> Explorer:
    """One step of the latch on a stream with two flags: its wires, equations in numbers.

    A coloured wire is as thick as what it carries is large. It opens on the step before the
    second flag. A tick takes the flag's weight from keep: it stays open, and the numbers add up.
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
        came_in = Words(ax, 0.1, 0.42, ha="left", fontsize=10.5, color=SIGNAL)
        (cell,) = course.plot([], [], "-o", ms=4, color=CELL_LINE)
        (now,) = course.plot([], [], "o", ms=9, color=CELL_LINE)

    def update(t, sure, open_keep):
        unit = flag_gates((-sure, sure), (sure, sure if open_keep else -sure))
        trace = lstm_forward(xs, unit)
        x, flag = numbers[t - 1], flags[t - 1]
        i, f, g, o = (a[t - 1, 0, 0] for a in (trace.i, trace.f, trace.g, trace.o))
        c_prev, c, h = trace.c[t - 1, 0, 0], trace.c[t, 0, 0], trace.h[t, 0, 0]
        h_prev = trace.h[t - 1, 0, 0]
        i_sum, f_sum, g_sum, o_sum = (
            _weighted((x, int(flag), h_prev), (*unit.W_x[:, n], unit.W_h[0, n]), unit.b[n])
            for n in range(4)
        )
        carried = {
            "c_prev": c_prev, "kept": f * c_prev, "written": i * g, "c": c, "seen": c,
            "bent": np.tanh(c), "h": h,
            "f": f, "i": i, "g": g, "o": o,
        }  # fmt: skip
        for name, wire in wires.items():
            wire.set_linewidth(1 + 7 * min(abs(carried[name]), 1))
        cell.set_data(np.arange(t + 1), trace.c[: t + 1, 0, 0])
        now.set_data([t], [c])
        for equation, words in zip(
            equations,
            (
                f"f = σ({f_sum}) = {f:.3f}",
                f"i = σ({i_sum}) = {i:.3f}",
                f"g = tanh({g_sum}) = {signed(g, 3)}",
                f"o = σ({o_sum}) = {o:.3f}",
                f"c = {f:.3f}·({signed(c_prev, 3)}) + {i:.3f}·({signed(g, 3)})\n"
                f"   = {signed(c, 3)}",
                f"h = {o:.3f}·tanh({signed(c, 3)}) = {signed(h, 3)}",
            ),
            strict=True,
        ):
            equation.set_text(words)
        came_in.set_text(f"{plain(x)}, {flag:g}\n{plain(h_prev, 3)}")
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
            "sure": slider("write and keep at ±", 0, 12, 0.5, 12, quantity="f", digits=1),
            "open_keep": toggle("keep stays open at a flag"),
        },
        moving=[*wires.values(), *equations, step_words, came_in, cell, now],
        update=update,
        describe=describe,
        play="t",
        interval=900,
    )


def _weighted(inputs, weights, bias):
    """A pre-activation as a sum in numbers: each weight times its input, and the bias."""
    terms = [
        (w, f"·{x}" if isinstance(x, int) else f"·{plain(x)}" if x >= 0 else f"·({plain(x)})")
        for x, w in zip(inputs, weights, strict=True)
    ]
    if bias:
        terms.append((bias, ""))
    words = (f"{'−' if w < 0 else '+'} {abs(w):g}{times}" for w, times in terms)
    return " ".join(words).removeprefix("+ ")


EXPLORERS = {
    "plain_state": plain_state_explorer,
    "hands": hands_explorer,
    "one_step": wiring_explorer,
    "way_back": way_back_explorer,
    "one_weight": one_weight_explorer,
}
