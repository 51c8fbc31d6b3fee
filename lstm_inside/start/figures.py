"""What stands still in notebook 00: streams, ways back, a sentence, the wiring."""

import matplotlib
import numpy as np
from matplotlib.patches import Circle, FancyBboxPatch

from lstm_core import (
    LSTMParams,
    RNNParams,
    lstm_backward,
    lstm_forward,
    rnn_backward,
    rnn_forward,
)
from lstm_inside import validate
from lstm_inside.page import Picture, Words, picture, plain, signed
from lstm_inside.page.style import (
    CELL,
    CELL_LINE,
    FAINT,
    GATES,
    GRADIENT,
    HIDDEN,
    HIDDEN_LINE,
    RC,
    SIGNAL,
)
from lstm_inside.start.figures_plain import (
    best_column,
    last_states,
    plain_unit,
    plain_units,
    searched,
)
from lstm_inside.start.learning import FAR, far_streams, judged, of_two_flags, scores, unseen
from lstm_inside.start.recall import (
    READOUT,
    habits,
    latch,
    one_stream,
    said,
    score,
)
from lstm_inside.tasks import recall_problem
from lstm_inside.training import Model, ReadoutParams, Training, is_lstm
from lstm_inside.words import Sentences, say

FLAGGED = "#7B3294"  # the flagged number, and what is wanted at the end: no gate's colour
# Why a step back multiplies by what it does, in plain states of three strengths.
WHY = Sentences(
    {
        0.5: "w is small",
        3: "h sits near ±1, where tanh is flat",
        1: "by hand, u = 0.05, v = b = 0: every number stays",
    }
)
ROWS = {"i": 2, "f": 1, "o": 0}  # gate: the height at which its row stands


def draw_stream(ax, stream, bars=True):
    """A stream (T, 2) as bars, those that are flagged marked; or the axes for it alone."""
    ax.set(ylim=(-1.35, 1.5), yticks=(-1, 0, 1))
    ax.axhline(0, color=FAINT, lw=1)
    if bars:
        steps, flagged = np.arange(1, len(stream) + 1), stream[:, 1] == 1
        ax.bar(steps[~flagged], stream[~flagged, 0], width=0.55, color=FAINT)
        ax.bar(steps[flagged], stream[flagged, 0], width=0.55, color=FLAGGED)
        for step in steps[flagged]:
            ax.text(step, 1.2, "⚑", color=FLAGGED, ha="center", fontsize=15,
                    family="DejaVu Sans")  # fmt: skip


def draw_gate_rows(ax):
    """Axes for three gates over time, one above the other."""
    ax.set(ylim=(-0.1, 3), yticks=[base + 0.4 for base in ROWS.values()])
    ax.set_yticklabels(
        [say("{name} {letter}", name=GATES[letter].word, letter=letter) for letter in ROWS]
    )
    for label, letter in zip(ax.get_yticklabels(), ROWS, strict=True):
        label.set(color=GATES[letter].line, weight="bold")
    for base in ROWS.values():
        ax.axhline(base, color=FAINT, lw=0.8)
        ax.axhline(base + 0.8, color=FAINT, lw=0.8, ls=":")  # wide open
    ax.grid(False)


def stream_picture(steps=20, flag=6) -> Picture:
    """Recall: one stream of random numbers, its flag, and the question at its end."""
    stream = one_stream(flag, steps).xs[:, 0]
    number = stream[flag - 1, 0]
    with matplotlib.rc_context(RC):
        figure = picture(900, 210, alt=(
            say(
                "A stream of {steps} random numbers between −1 and 1. Number {flag}, "
                "{number}, carries a flag. After the last number stands a question mark: "
                "what was flagged?", steps=steps, flag=flag, number=signed(number))
        ))  # fmt: skip
        ax = figure.subplots()
        draw_stream(ax, stream)
        ax.set(xlim=(0.3, steps + 4.6), xticks=(1, 5, 10, 15, 20), xlabel=say("step t"))
        ax.set_title(say("Recall: keep the flagged number, through all the others, to the end"))
        ax.annotate(signed(number), (flag, number / 2), (flag + 0.5, 1.15),
                    color=FLAGGED, weight="bold")  # fmt: skip
        ax.text(steps + 1.2, 0, "= ?", color=FLAGGED, fontsize=24, va="center")
    return figure


def hundred_streams_picture(params, steps=100) -> Picture:
    """Run a unit whose gates read the flag over a hundred streams: one of them, all answers.

    params: LSTMParams of one unit with inputs number and flag. Its answer is `recall.said`.
    """
    streams = recall_problem(steps, 100, rng=np.random.default_rng(15))
    trace = lstm_forward(streams.xs, params)
    answer, target = said(trace), streams.targets[:, 0]
    flag = int(np.argmax(streams.xs[:, 0, 1])) + 1
    r2 = score(answer, target)
    with matplotlib.rc_context(RC):
        figure = picture(
            900,
            330,
            alt=(
                say(
                    "Left: one stream of {steps} numbers, flagged at step {flag}, and the "
                    "cell, which holds {c} after the flag and {c_2} at the end. "
                    "Right: the answers to a hundred streams against the flagged numbers; the "
                    "score is {r2}.",
                    steps=steps,
                    flag=flag,
                    c=signed(trace.c[flag, 0, 0]),
                    c_2=signed(trace.c[-1, 0, 0]),
                    r2=plain(r2, 3),
                )
            ),
        )
        course, dots = figure.subplots(1, 2, width_ratios=(5, 3))
        course.vlines(np.arange(1, steps + 1), 0, streams.xs[:, 0, 0], color=FAINT, lw=2.5)
        course.vlines(flag, 0, streams.xs[flag - 1, 0, 0], color=FLAGGED, lw=4)
        course.plot(np.arange(steps + 1), trace.c[:, 0, 0], color=CELL_LINE, lw=2.8)
        course.text(
            steps * 0.98,
            1.1,
            say("cell c: it holds tanh(number / 2)"),
            color=CELL_LINE,
            weight="bold",
            ha="right",
        )
        course.text(flag, 1.1, "⚑", color=FLAGGED, ha="center", fontsize=15, family="DejaVu Sans")
        course.set(xlim=(0, steps + 1), ylim=(-1.3, 1.4), xlabel=say("step t"))
        course.set_title(say("One stream of {steps} numbers, and the cell", steps=steps))
        dots.plot([-1, 1], [-1, 1], color=FAINT, lw=2)
        dots.plot(target, answer, "o", ms=5, color=HIDDEN_LINE, mec="none")
        dots.set(
            xlim=(-1.1, 1.1), ylim=(-1.4, 1.4), xlabel=say("flagged number"), ylabel=say("answer")
        )
        dots.set(xticks=(-1, 0, 1), yticks=(-1, 0, 1))
        dots.set_title(say("A hundred streams: score {r2}", r2=plain(r2, 3)))
    return figure


def sentence_picture(words, xs, unit, ends) -> Picture:
    """Run a unit whose gates read the flag over a sentence: its write, keep and cell, its answer.

    words: T of them. xs (T, 1, 2): number and flag of each; of several flagged ones the last is
    told. unit: LSTMParams of one unit; its answer is `recall.said`. ends: what a negative and a
    positive answer say. Raises TypeError for a unit that is no LSTMParams, ValueError for xs of
    another shape and for no flag, and as `lstm_forward` does.
    """
    validate.of_kind("unit", unit, LSTMParams)
    xs = validate.real("xs", xs, ndim=3)
    if xs.shape != (len(words), 1, 2):
        raise ValueError(f"xs: expected ({len(words)}, 1, 2), a pair a word, got {xs.shape}")
    flagged = xs[:, 0, 1] == 1
    if not flagged.any():
        raise ValueError("xs: expected a flag, got none")
    trace, T, at = lstm_forward(xs, unit), len(words), int(np.flatnonzero(flagged)[-1])
    c, answer = trace.c[:, 0, 0], float(said(trace)[0])
    gates = {letter: getattr(trace, letter)[:, 0, 0] for letter in "if"}
    told = {
        "word": words[at],
        "c": signed(c[at + 1]),
        "c_2": signed(c[-1]),
        "answer": signed(answer),
        "end": ends[answer > 0],
    }
    with matplotlib.rc_context(RC):
        figure = picture(940, 400)
        figure.alt = say(
            "The sentence “{sentence}”, a number for each word, and a flag on “{word}”. There "
            "write is {i:.2f} and keep {f:.2f}; at the other words write is at most {i_2:.2f} and "
            "keep at least {f_2:.2f}. The cell holds {c} after “{word}” and {c_2} after the last "
            "word; the answer is {answer}: “{end}”.",
            sentence=" ".join(words),
            i=gates["i"][at],
            f=gates["f"][at],
            i_2=gates["i"][~flagged].max(initial=0),
            f_2=gates["f"][~flagged].min(initial=1),
            **told,
        )
        stream, write, keep, cell = figure.subplots(4, 1, sharex=True, height_ratios=(5, 2, 2, 4))
        title = say(
            "{c} goes in at “{word}”, {c_2} is left at the end: the answer is “{end}”", **told
        )
        figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=13)
        steps, beside = np.arange(1, T + 1), T + 0.75
        stream.bar(steps, xs[:, 0, 0], 0.5, color=np.where(flagged, FLAGGED, "#9a9a9a"))
        stream.set(xlim=(0, T + 2.4), xticks=(), ylim=(-1.3, 2.6), yticks=(-1, 0, 1))
        for step, word, up in zip(steps, words, flagged, strict=True):
            stream.text(step, 2.1, word, ha="center", va="center", color=FLAGGED if up else SIGNAL,
                        weight="bold" if up else "normal")  # fmt: skip
            if up:
                stream.text(step, 1.4, "⚑", color=FLAGGED, ha="center", va="center", fontsize=15,
                            family="DejaVu Sans")  # fmt: skip
        for ax, letter in ((write, "i"), (keep, "f")):
            ax.bar(steps, gates[letter], 0.9, color=GATES[letter].line)
            ax.set(ylim=(-0.05, 1.15), yticks=(0, 1))
        cell.plot(np.arange(T + 1), c, "-o", ms=5, color=CELL_LINE)
        cell.set(ylim=(-0.8, 0.8), yticks=(-0.5, 0, 0.5))
        for step in {at + 1, T}:
            cell.text(step, c[step] + np.copysign(0.2, c[step]), signed(c[step]), color=CELL_LINE,
                      weight="bold", ha="center", va="center")  # fmt: skip
        for ax, y, what, colour in (
            (stream, 2.1, f"{ends[0]} / {ends[1]} ?", FLAGGED),
            (stream, 0, say("+1 plural,\n−1 singular"), SIGNAL),
            (write, 0.5, GATES["i"].word, GATES["i"].line),
            (keep, 0.5, GATES["f"].word, GATES["f"].line),
            (cell, c[-1], say("the cell c"), CELL_LINE),
            (cell, -c[-1], say("answer {answer}:\n“{end}”", **told), FLAGGED),
        ):
            ax.text(beside, y, what, color=colour, weight="bold", va="center")
        for ax in (stream, write, keep, cell):
            ax.grid(False)
            ax.plot((0, T + 0.5), (0, 0), color=FAINT, lw=1, zorder=0)
    return figure


def ways_back_picture(steps=20, flag=6, units=300) -> Picture:
    """How much of the last step's gradient gets back to each step: two cell lines, plain states.

    Two plain states are those of `plain_state_explorer`; a third is set by hand, w = 1 and a
    small u, which lets the gradient back. It and the latch have colours. Beside each
    stands what gets back to the flag, and the score of the straight line through its last state
    over the streams of that explorer.
    """
    xs, back, streams = one_stream(flag, steps).xs, [], searched(steps)
    ends = np.zeros((steps, 1, 1))
    ends[-1] = 1
    for name, unit, style, why in (
        (say("the latch, ±12"), latch(), "-", say("keep is 1 after the flag, and 0 at it")),
        (say("unsure gates, ±1.5"), latch(1.5), "-.", say("keep is σ(1.5) after the flag")),
    ):
        grads = lstm_backward(ends, lstm_forward(xs, unit), unit)
        *_, r2 = best_column(lstm_forward(streams.xs, unit).h[-1], streams.targets[:, 0])
        colour = CELL_LINE if style == "-" else SIGNAL
        back.append((name, grads.c[:, 0, 0], r2, colour, style, why))
    W_x, b = plain_units(units, np.random.default_rng(1))
    for w, style in zip(WHY, ("--", ":", "-"), strict=True):
        name = say("a plain state, w = {w:g}", w=w)
        if w != 1:
            k, *_ = best_column(last_states(streams.xs, w, W_x, b), streams.targets[:, 0])
            unit = plain_unit(w, W_x, b, k)
        else:
            unit = RNNParams(np.array([[0.05], [0.0]]), np.ones((1, 1)), np.zeros(1))
        grads = rnn_backward(ends, rnn_forward(xs, unit), unit)
        *_, r2 = best_column(rnn_forward(streams.xs, unit).h[-1], streams.targets[:, 0])
        colour = HIDDEN_LINE if style == "-" else SIGNAL
        back.append((name, grads.h[:, 0, 0], r2, colour, style, WHY[w]))
    found = []
    with matplotlib.rc_context(RC):
        figure = picture(940, 400)
        figure.suptitle(
            say(
                "None of these plain states lets the gradient back and picks the number out; "
                "the latch does both"
            ),
            x=0.01, ha="left", weight="bold", fontsize=13,
        )  # fmt: skip
        ax, legend = figure.subplots(1, 2, width_ratios=(4, 5))
        legend.set(xlim=(0, 10), ylim=(5.8, -1))
        legend.set_axis_off()
        for x, words in ((7.9, say("gets back to {flag}", flag=flag)), (9.8, say("score"))):
            legend.text(x, -0.75, words, color=SIGNAL, ha="right", va="center", weight="bold")
        told = say(
            "Gets back: on the stream of section 1. Score: over 500 streams, each unit\n"
            "with its best straight line. w = 0.5 and w = 3 are the best of section 2."
        )
        legend.text(0, 5.35, told, color=SIGNAL, va="center", fontsize=11)
        ax.set(xlim=(0.5, steps + 0.5), ylim=(-0.05, 1.2), xticks=(1, 5, 10, 15, 20))
        ax.set(xlabel=say("step t"), yticks=(0, 0.5, 1))
        ax.set_title(say("What gets back to step t"), fontsize=11, weight="normal")
        ax.axvline(flag, ymax=0.88, color=FLAGGED, ls=":", lw=1.5)
        ax.text(flag, 1.12, "⚑", color=FLAGGED, ha="center", va="center", fontsize=15,
                family="DejaVu Sans")  # fmt: skip
        ax.text(steps, 1.1, say("← back in time"), color=GRADIENT, ha="right", va="center")
        for row, (name, way, r2, colour, style, why) in enumerate(back):
            left = _share(way[flag] / way[-1])
            found.append(
                say(
                    "{name}: leaves {left}, score {r2} ({why})",
                    name=name,
                    left=left,
                    r2=plain(r2),
                    why=why,
                )
            )
            looks = {"color": colour, "lw": 3 if style == "-" else 1.5}
            ax.plot(np.arange(1, steps + 1), way[1:] / way[-1], style, **looks)
            legend.plot([0, 0.9], [row, row], style, **looks)
            legend.text(1.2, row, name, color=colour, va="center")
            legend.text(1.2, row + 0.4, why, color=SIGNAL, va="center", fontsize=11)
            for x, number in ((7.9, left), (9.8, plain(r2))):
                legend.text(x, row, number, color=colour, ha="right", va="center", weight="bold")
    figure.alt = say(
        "Of the gradient at the last step, what gets back to the flag at step {flag}, and what "
        "each scores. {found}.",
        flag=flag,
        found=say("; ").join(found),
    )
    return figure


def _share(left):
    """A share in two decimals, a tiny one in the first digit that counts."""
    return f"{left:.2f}" if left >= 0.005 else f"{left:.1g}".replace("e-0", "e-")


def habits_picture(models, title) -> Picture:
    """The gates of units that learned recall, at the flag and elsewhere, beside the latch's.

    A dot is the mean over streams and steps.

    models: dict name -> Model of one unit; those of RNNs show a score only.
    """
    streams, longer = unseen(), far_streams()
    trace = lstm_forward(streams.xs, latch())
    names = [say("the latch"), *models]
    units = [(score(said(trace), streams.targets), habits(trace, streams.xs[..., 1]))]
    units += [judged(model) for model in models.values()]
    far = [score(said(lstm_forward(longer.xs, latch())), longer.targets)]
    far += [*scores(list(models.values()), longer)]
    with matplotlib.rc_context(RC):
        figure = picture(940, 320)
        figure.suptitle(title, x=0.01, ha="left", weight="bold", fontsize=13)
        found = [
            _in_words(name, r2, gates, at_far)
            for name, (r2, gates), at_far in zip(names, units, far, strict=True)
        ]
        figure.alt = say(
            "Each unit's gates on 20 steps, at the flag and at other steps: {found}",
            found=say("; ").join(found),
        )
        *axes, scored = figure.subplots(1, 4, sharey=True, width_ratios=(6, 6, 6, 5))
        rows = np.arange(len(units))
        for ax, letter, title in zip(
            axes,
            "ifg",
            (
                say("write: input gate i"),
                say("keep: forget gate f"),
                say("size of the candidate g"),
            ),
            strict=True,
        ):
            colour = GATES[letter].line
            ax.set(xlim=(-0.05, 1.05), ylim=(len(units) - 0.4, -0.6), xticks=(0, 0.5, 1))
            ax.set_yticks(rows, names)
            ax.set_title(title, color=colour)
            for row, (_, gates) in zip(rows, units, strict=True):
                if gates is None:
                    ax.text(0.5, row, say("no gates"), color=SIGNAL, ha="center", va="center")
                else:
                    at_flag, elsewhere = getattr(gates, letter)
                    ax.plot([at_flag, elsewhere], [row, row], color=colour, lw=1.5)
                    ax.plot(elsewhere, row, "o", ms=8, mfc="white", mec=colour, mew=1.8)
                    ax.plot(at_flag, row, "o", ms=9, color=colour)
        scored.set_axis_off()
        scored.set_title(say("score: 20 | {FAR} steps", FAR=FAR))
        for row, (r2, _), at_far in zip(rows, units, far, strict=True):
            for x, points in ((0.45, r2), (0.85, at_far)):
                scored.text(x, row, plain(points), ha="right", va="center")
    return figure


def _in_words(name, near, gates, far):
    """A unit's scores and what its gates do on average; an RNN has no gates."""
    scores = {"name": name, "near": plain(near), "FAR": FAR, "far": plain(far)}
    if gates is None:
        return say("{name}, score {near}, through {FAR} steps {far}", **scores)
    return say(
        "{name}, score {near}, write {i:.2f} and {i_2:.2f}, keep {f:.2f} and {f_2:.2f}, size of g "
        "{g:.2f} and {g_2:.2f}, through {FAR} steps {far}",
        i=gates.i[0],
        i_2=gates.i[1],
        f=gates.f[0],
        f_2=gates.f[1],
        g=gates.g[0],
        g_2=gates.g[1],
        **scores,
    )


def second_flag_picture(run) -> Picture:
    """What a second flag does to the latch, and to a learned unit: whole, a wire cut, show shut.

    run: a `Training` of one LSTM unit by `learner`. The stream is `one_stream` with one more flag
    at step 14. What each cell holds is drawn as the answer it would give if show stood open; how
    much of each number is in the answers is measured by `of_two_flags`, on other streams.
    Raises TypeError for what is no `Training`, ValueError for one that is not of one LSTM unit.
    """
    validate.of_kind("run", run, Training)
    cell, readout = run.params
    if not is_lstm(cell) or cell.W_h.shape != (1, 4):
        raise ValueError("run: expected a training of one LSTM unit")
    blind, hidden = (cell._replace(W_h=cell.W_h * reads) for reads in ([1, 1, 0, 1], 0))
    by_hand = Model(latch(), ReadoutParams(np.full((1, 1), READOUT), np.zeros(1)))
    xs = one_stream().xs.copy()
    xs[13, 0, 1] = 1
    (first, second), steps = xs[[5, 13], 0, 0], np.arange(1, len(xs) + 1)
    units = (
        (say("the latch"), by_hand),
        (say("the learned unit"), run.params),
        (say("its candidate no longer reads h"), Model(blind, readout)),
        (say("its show shut until the end"), Model(hidden, readout)),
    )
    with matplotlib.rc_context(RC):
        figure = picture(940, 540)
        figure.suptitle(
            say("The latch answers with the second number, the learned unit with nearly the sum"),
            x=0.01, ha="left", weight="bold", fontsize=13,
        )  # fmt: skip
        told = []
        axes = figure.subplots(len(units), 1, sharex=True, sharey=True)
        for ax, (name, model) in zip(axes, units, strict=True):
            share, share_2, _ = of_two_flags(model)
            held = (
                np.tanh(lstm_forward(xs, model.cell).c[1:, 0]) @ model.readout.W_y
                + model.readout.b_y
            )
            mix = say(
                "answer ≈ {first} × first + {second} × second",
                first=plain(share), second=plain(share_2),
            )  # fmt: skip
            told.append(say("{name}: {mix}", name=name, mix=mix))
            ax.set_title(told[-1], fontsize=11.5)
            draw_stream(ax, xs[:, 0])
            ax.set(xlim=(0.3, len(xs) + 3.4), xticks=(1, 5, 10, 15, 20))
            for number, words in ((first, say("first number")), (second, say("second number"))):
                ax.axhline(number, color=FLAGGED, ls=":", lw=1.2)
                ax.text(20.7, number + 0.2, words, color=FLAGGED, fontsize=10, va="center")
            ax.plot(steps, held, "-o", ms=4, color=CELL_LINE, lw=2.4)
            ax.grid(False)
        axes[-1].set_xlabel(
            say(
                "step t; the curve: the cell, as the answer it would give if show were 1\n"
                "answer ≈ …: fitted to {n} streams; a single one may be off",
                n=len(unseen().targets),
            )
        )
        figure.alt = say(
            "A stream flagged at steps 6 and 14, four cells over it, and over {n} other streams "
            "what is in the answers, by least squares. {told}.",
            n=len(unseen().targets), told=say("; ").join(told),
        )  # fmt: skip
    return figure


def learning_picture(found, every) -> Picture:
    """What the gates of one unit came to while it learned, beside its score, over the updates.

    found: list of `judged` results, (score, `Habits`), one after each `every` updates.
    Raises ValueError for none.
    """
    if not found:
        raise ValueError("found: expected at least one, got none")
    updates = every * np.arange(1, len(found) + 1)
    rows = (
        (say("the score"), [r2 for r2, _ in found], GRADIENT, "-"),
        (say("write at the flag"), [gates.i[0] for _, gates in found], GATES["i"].line, "-"),
        (say("write at other steps"), [gates.i[1] for _, gates in found], GATES["i"].line, "--"),
        (say("keep at the flag"), [gates.f[0] for _, gates in found], GATES["f"].line, "-"),
    )
    told = [
        say("{name} {start} and {end}", name=name, start=plain(course[0]), end=plain(course[-1]))
        for name, course, *_ in rows
    ]
    with matplotlib.rc_context(RC):
        figure = picture(900, 280)
        figure.alt = say(
            "Over {updates} updates, after the first {every} and at the end: {told}. The score "
            "stays near 0 until write falls at other steps and keep falls at the flag.",
            updates=updates[-1], every=every, told=say("; ").join(told),
        )  # fmt: skip
        ax = figure.subplots()
        for name, course, colour, style in rows:
            ax.plot(updates, course, style, color=colour)
            ax.text(updates[-1] * 1.01, course[-1], name, color=colour, va="center")
        ax.set(xlim=(0, updates[-1] * 1.24), ylim=(-0.12, 1.06), yticks=(0, 0.5, 1))
        ax.set(xticks=np.linspace(0, updates[-1], 7).round(), xlabel=say("updates"))
        ax.set_title(say("Write shuts at other steps, keep at the flag: the score rises"))
    return figure


def luck_picture(found, plain_states=0) -> Picture:
    """How many of several starts learned recall, a row a recipe.

    found: dict name -> scores (starts,) on streams as long as in training and on those of 100.
    plain_states: how many of the last rows are plain states, in a colour of their own.
    Raises ValueError for no rows, ValueError or TypeError for what is no such number.
    """
    if not found:
        raise ValueError("found: expected at least one recipe, got none")
    validate.whole("plain_states", plain_states, least=0, most=len(found))
    told = []
    with matplotlib.rc_context(RC):
        figure = picture(940, 60 + 38 * len(found))
        ax = figure.subplots()
        for row, (name, (near, far)) in enumerate(found.items()):
            learned, holds = (int((r2 > 0.8).sum()) for r2 in (near, far))
            best = near.max() + 0.0
            told.append(
                say(
                    "{name}: {learned} of {starts} (best {best:.2f}), over {FAR} steps {holds}",
                    name=name, learned=learned, starts=len(near), best=best, FAR=FAR, holds=holds,
                )
            )  # fmt: skip
            colour = HIDDEN if row >= len(found) - plain_states else CELL
            ax.barh(row, learned, 0.5, color=colour)
            ax.text(learned + 0.25, row, f"{learned}", va="center", weight="bold", color=SIGNAL)
            ax.plot(holds, row, "o", ms=9, mfc="white", mec=GRADIENT, mew=1.8, clip_on=False)
        ax.set_yticks(range(len(found)), list(found))
        ax.tick_params("y", length=0, pad=11)  # clear of circles at 0
        ax.set(xlim=(0, len(near) + 0.5), ylim=(len(found) - 0.5, -0.6), xticks=(0, 5, 10, 15))
        ax.grid(False)
        ax.set_xlabel(say("starts of {starts}", starts=len(near)))
        ax.set_title(
            say("Bar: how many of {starts} starts learn; circle: how many hold over {FAR} steps",
                starts=len(near), FAR=FAR),
        )  # fmt: skip
        figure.alt = say("How many starts learn. {told}.", told=say("; ").join(told))
    return figure


# ---------------------------------------------------------------- the wiring

# name: colour, the wire's corners
_WIRES = {
    "c_prev": (CELL, [(0.2, 4.4), (1.57, 4.4)]),
    "kept": (CELL, [(2.03, 4.4), (3.57, 4.4)]),
    "c": (CELL, [(4.03, 4.4), (7.4, 4.4)]),
    "f": (GATES["f"].colour, [(1.8, 1.85), (1.8, 4.17)]),
    "i": (GATES["i"].colour, [(3.1, 1.85), (3.1, 2.9), (3.57, 2.9)]),
    "g": (GATES["g"].colour, [(4.5, 1.85), (4.5, 2.9), (4.03, 2.9)]),
    "written": (CELL, [(3.8, 3.13), (3.8, 4.17)]),
    "o": (GATES["o"].colour, [(5.8, 1.85), (5.8, 2.4), (6.07, 2.4)]),
    "h": (HIDDEN, [(6.53, 2.4), (7.4, 2.4)]),
    "seen": (CELL, [(6.3, 4.4), (6.3, 3.66)]),
    "bent": (CELL, [(6.3, 3.14), (6.3, 2.63)]),
}
_EQUATIONS = Sentences(
    {
        "f": "(0.3) keep",
        "i": "(0.4) write",
        "g": "(0.5) candidate",
        "o": "(0.6) show",
        "c": "(0.7) the cell",
        "h": "(0.8) the hidden state",
    }
)
_COLOURS = {k: gate.line for k, gate in GATES.items()} | {"c": CELL_LINE, "h": HIDDEN_LINE}


# gate: where its box stands, and what stands on its wire, sign and place
_BOXES = {"f": 1.8, "i": 3.1, "g": 4.5, "o": 5.8}
_SIGNS = {"f": [(1.8, 4.4, "×")], "i": [(3.8, 4.4, "+"), (3.8, 2.9, "×")], "o": [(6.3, 2.4, "×")]}


def _draw_body(ax, letters, wide=1.0, acts=True):
    """The boxes of some gates and the signs on their wires; with their functions, or not."""
    for letter in letters:
        x, gate = _BOXES[letter], GATES[letter]
        looks = {"color": "#9a9a9a"} if acts else {"color": FAINT, "ls": ":"}
        ax.plot([x, x], [0.75, 1.1], lw=2, zorder=1, **looks)
        ax.add_patch(FancyBboxPatch(
            (x - wide / 2, 1.1), wide, 0.75, boxstyle="round,pad=0,rounding_size=0.08",
            fc=gate.line, ec="none", zorder=4,
        ))  # fmt: skip
        name = gate.name if letter == "g" else gate.word
        lines = ((1.65, f"{letter}: {gate.act}", 12), (1.31, name, 10))
        for y, words, size in lines if acts else ((1.46, name, 10),):
            ax.text(x, y, words, color="white", ha="center", va="center", weight="bold",
                    fontsize=size, zorder=5)  # fmt: skip
        for x, y, sign in _SIGNS.get(letter, ()):
            ax.add_patch(Circle((x, y), 0.23, fc="white", ec="#555555", lw=1.6, zorder=4))
            ax.text(x, y - 0.01, sign, ha="center", va="center", fontsize=17, zorder=5)
    if "o" in letters:
        box = {"boxstyle": "round,pad=0.3", "fc": "white", "ec": "#555555", "lw": 1.6}
        ax.text(6.3, 3.4, "tanh", ha="center", va="center", fontsize=11.5, zorder=5, bbox=box)


def parts_picture() -> Picture:
    """An LSTM step in three parts: keep on the cell line, write with its candidate, and show."""
    parts = (
        ("f", 2.75, say("1  keep × the old cell"), ("c_prev", "f")),
        ("fig", 5.25, say("2  + write × candidate"), ("c_prev", "kept", "f", "i", "g", "written")),
        ("figo", 7.6, say("3  show × tanh(cell) is seen outside"), tuple(_WIRES)),
    )
    with matplotlib.rc_context(RC):
        figure = picture(940, 300)
        figure.alt = say(
            "An LSTM step built up in three parts. 1: the old cell, c at step t − 1, is multiplied "
            "by keep. 2: write times the candidate is added, which gives the cell at step t. 3: "
            "show times tanh of the cell is what is seen outside, the hidden state h. All four "
            "boxes will read the input and h of the step before; for now the gates are set by hand."
        )
        axes = figure.subplots(1, 3, width_ratios=[end for _, end, *_ in parts])
        for ax, (letters, end, title, wires) in zip(axes, parts, strict=True):
            ax.set(xlim=(0, end), ylim=(0.1, 5.1))
            ax.set_axis_off()
            ax.set_title(title, fontsize=11.5)
            last = "c" if "o" in letters else "kept" if "i" not in letters else "c"
            for name in {*wires, last}:
                colour, path = _WIRES[name]
                path = [(min(x, end - 0.2), y) for x, y in path]
                ax.plot(
                    *zip(*path, strict=True), color=colour, lw=4, solid_capstyle="butt", zorder=2
                )
            ax.plot([0.2, _BOXES[letters[-1]]], [0.75, 0.75], color=FAINT, lw=2, ls=":", zorder=1)
            _draw_body(ax, letters, wide=1.22, acts=False)
            ax.text(0.1, 0.38, "x$_t$, h$_{t-1}$", color=SIGNAL, va="center", fontsize=12)
            ax.text(0.1, 4.8, "c$_{t-1}$", color=CELL_LINE, va="center", weight="bold", fontsize=13)
            if "i" in letters:
                ax.text(end - 0.2, 4.8, "c$_t$", color=CELL_LINE, ha="right", va="center",
                        weight="bold", fontsize=13)  # fmt: skip
        words = say("You set the gates now; from section 4 on, these wires do.")
        axes[2].text(1.6, 0.38, words, color=SIGNAL, va="center", fontsize=11)
        axes[2].text(7.4, 2.75, "h$_t$", color=HIDDEN_LINE, ha="right", va="center", weight="bold",
                     fontsize=13)  # fmt: skip
    return figure


def draw_wiring(ax):
    """One LSTM step: its body stands still; returns (wires by name, texts of the equations)."""
    ax.set(xlim=(0, 13), ylim=(0.1, 5.8))
    ax.set_axis_off()
    ax.add_patch(FancyBboxPatch(
        (1.0, 0.45), 5.95, 4.5, boxstyle="round,pad=0.1,rounding_size=0.25",
        fc="#f6f6f4", ec="#cfcfca", lw=1.5, zorder=0,
    ))  # fmt: skip
    words = say("coloured wires: the thicker, the larger the number")
    ax.text(3.98, 0.53, words, color=SIGNAL, ha="center", va="center", fontsize=11)
    ax.plot([0.2, 5.8], [0.75, 0.75], color="#9a9a9a", lw=2, zorder=1)
    _draw_body(ax, "figo")
    for x, y, words, colour in (
        (0.1, 4.75, "c$_{t-1}$", CELL_LINE),
        (7.15, 4.75, "c$_t$", CELL_LINE),
        (7.15, 2.75, "h$_t$", HIDDEN_LINE),
        (0.1, 1.05, "x$_t$, h$_{t-1}$", SIGNAL),
    ):
        ax.text(x, y, words, color=colour, va="center", weight="bold", fontsize=13)
    wires = {
        name: ax.plot(*zip(*path, strict=True), color=colour, solid_capstyle="butt", zorder=2)[0]
        for name, (colour, path) in _WIRES.items()
    }
    equations = []
    for n, (key, name) in enumerate(_EQUATIONS.items()):
        y = 5.3 - 0.83 * n - (0.3 if n == 5 else 0)
        ax.text(8.0, y, name, color=_COLOURS[key], weight="bold", va="center")
        equations.append(Words(ax, 8.15, y - 0.38, ha="left", fontsize=13, color="#333333"))
    return wires, equations
