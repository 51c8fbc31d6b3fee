"""What a reader moves in notebook 00 to see learning: the way back, one weight, one unit."""

import matplotlib
import numpy as np

from lstm_core import lstm_backward, lstm_forward
from lstm_inside.page import Explorer, Words, plain, signed, slider, strokes, whole
from lstm_inside.page.live import LiveExplorer, live_button
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
from lstm_inside.start.figures import FLAGGED, draw_stream
from lstm_inside.start.learning import LEARNING_STEPS, unseen
from lstm_inside.start.recall import READOUT, by_step, latch, one_stream, score
from lstm_inside.training import Training, answers, run_cell
from lstm_inside.training.saving import generator
from lstm_inside.words import Sentences, say

STEPS, FLAG, STREAMS = 20, 6, 100

# ---------------------------------------------------------------- the way back


def way_back_explorer() -> Explorer:
    """How much of the last step's gradient gets back to each along the cell line."""
    streams = [one_stream(step, STEPS).xs for step in range(1, STEPS // 2 + 1)]
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
            back=_share(v["back"][flag]),
            past=_share(v["back"][flag - 1]),
        )

    return Explorer(
        "way_back",
        figure=figure,
        controls={
            "flag": whole("flag at step", 1, STEPS // 2, FLAG, quantity="x"),
            "sure": slider("write and keep at ±", 0, 12, 0.5, 1.5, quantity="f", digits=1),
        },
        moving=[numbers, mark, flag_words, kept, line],
        update=update,
        describe=describe,
        presets={
            "unsure gates": {},
            "the latch": {"sure": 12},
        },
    )


def _share(left):
    """A share in two decimals; a small one to its first digit, as 0.00006."""
    return plain(left, 2 if left >= 0.005 else -int(np.floor(np.log10(left))))


# ---------------------------------------------------------------- one weight


def one_weight_explorer() -> Explorer:
    """The loss of the latch over its candidate's weight, and updates against the slope (0.9)."""
    stream = one_stream(FLAG, STEPS)
    wanted = stream.targets[0, 0]
    weights = np.linspace(0, 2.4, 97)
    with matplotlib.rc_context(RC):
        figure = picture(940, 330)
        ax, told = figure.subplots(1, 2, width_ratios=(4, 3))
        ax.set(xlim=(-0.1, 2.5), ylim=(-0.04, 0.85), yticks=(0, 0.2, 0.4, 0.6, 0.8))
        ax.set(xlabel="$w_g$", ylabel=say("loss"))
        ax.set_title(say("The loss over one weight, and updates against its slope"))
        ax.plot(weights, [_slope_at(w, stream)["loss"] for w in weights], color=GRADIENT)
        told.set(xlim=(0, 10), ylim=(0, 10))
        told.set_axis_off()
        told.set_title(say("The first update"))
        (tangent,) = ax.plot([], [], "--", color=SIGNAL)
        (path,) = ax.plot([], [], "-o", ms=5, lw=1, color=GATES["g"].line)
        (begins,) = ax.plot([], [], "o", ms=10, color=GATES["g"].line)
        names = [
            say("loss to answer"),
            say("answer to c6"),
            say("c6 to w_g"),
            say("the product: dL/dw_g"),
            say("the new w_g"),
        ]
        for n, name in enumerate(names):
            told.text(0, 9 - 2 * n, name, color=SIGNAL, va="center")
        numbers = [Words(told, 10, 9 - 2 * n, ha="right", weight="bold") for n in range(len(names))]

    def update(w_g, rate, updates):
        found = [_slope_at(w_g, stream)]
        for _ in range(updates):
            last = found[-1]
            found.append(_slope_at(last["w"] - rate * last["slope"], stream))
        first, second = found[:2]
        near = np.array([-0.12, 0.12])
        tangent.set_data(w_g + near, first["loss"] + first["slope"] * near)
        path.set_data([one["w"] for one in found], [one["loss"] for one in found])
        begins.set_data([w_g], [first["loss"]])
        # three decimals, so that the product of what is shown is the product shown
        words = [signed(value, 3) for value in (*first["factors"], first["slope"])]
        words.append(f"{w_g:.2f} − {rate:.2f}·({words[-1]}) = {plain(second['w'], 3)}")
        for number, text in zip(numbers, words, strict=True):
            number.set_text(text)
        return {"rate": rate, "updates": updates, "wanted": wanted, "path": found, **first}

    def describe(v):
        last = v["path"][-1]
        return say(
            "At w_g = {w:.2f} the slope is {slope}. An update at learning rate {rate:.2f} takes "
            "w_g to {w_2} and the loss from {loss:.4f} to {loss_2:.4f}."
            if v["updates"] == 1
            else "At w_g = {w:.2f} the slope is {slope}. {updates} updates at learning rate "
            "{rate:.2f} take w_g to {w_2} and the loss from {loss:.4f} to {loss_2:.4f}.",
            w=v["w"],
            slope=signed(v["slope"]),
            rate=v["rate"],
            updates=v["updates"],
            w_2=plain(last["w"], 3),
            loss=v["loss"],
            loss_2=last["loss"],
        )

    return Explorer(
        "one_weight",
        figure=figure,
        controls={
            "w_g": slider("w_g before the update", 0, 1, 0.05, 0.3, quantity="g"),
            "rate": slider("learning rate", 0.05, 1, 0.05, 0.2, quantity="gradient"),
            "updates": whole("updates", 1, 8, 1, quantity="gradient"),
        },
        moving=[tangent, path, begins, *numbers],
        update=update,
        describe=describe,
        presets={
            "one update": {},
            "small steps": {"rate": 0.05, "updates": 8},
            "too large a step": {"rate": 1, "updates": 8},
        },
    )


def _slope_at(w, stream):
    """The latch with w for w_g on one stream: its loss, and (0.9), by its factors and by BPTT."""
    unit = latch()
    unit.W_x[0, 2] = w
    s, trace = by_step(stream, unit), lstm_forward(stream.xs, unit)
    off = READOUT * s.h[-1] - stream.targets[0, 0]
    carried = READOUT * s.o[-1] * (1 - np.tanh(s.c[-1]) ** 2) * np.prod(s.f[FLAG + 1 :])
    into = s.i[FLAG] * (1 - s.g[FLAG] ** 2) * s.number[FLAG]
    dhs = np.zeros((STEPS, 1, 1))
    dhs[-1] = 2 * off * READOUT
    slope = float(lstm_backward(dhs, trace, unit).params.W_x[0, 2])
    return {"w": w, "loss": off**2, "slope": slope, "factors": (2 * off, carried, into)}


# ---------------------------------------------------------------- one unit learns

LAZY = 1 / 3  # mean squared error of always answering 0
WORDS = Sentences(
    {
        "again": "Start again",
        "again_tip": "Forget what was learned and set out from the same random weights",
    }
)


class UnitExplorer(LiveExplorer):
    """A training that is watched, looked back at by the control "after", and begun again.

    remembered: as `unit_view` makes it. parts: as for `LiveExplorer`.
    """

    def __init__(self, remembered, **parts):
        self.again_button = live_button("again", "undo", self.start_again, WORDS)
        super().__init__("unit", remembered, LEARNING_STEPS, above=[self.again_button], **parts)

    def start_again(self):
        """Forget what was learned: the same weights and the same streams, from update 0."""
        if not self.running:
            self.run.begin_again()
            self.set(after=LEARNING_STEPS)
            self.set_out(self.run)

    async def train(self, steps=None) -> int:
        """Train as `LiveExplorer.train` does, and show what is newest meanwhile."""
        self.set(after=LEARNING_STEPS)
        return await super().train(steps)


class _Remembered:
    """A `Training` that remembers what it was after every update, and can begin again."""

    def __init__(self, run):
        self.run, self._first = run, run.state
        self._models = {run.step: run.params}

    @property
    def step(self):
        return self.run.step

    @property
    def losses(self):
        return self.run.losses

    def steps(self, count):
        for loss in self.run.steps(count):
            self._models[self.step] = self.run.params
            yield loss

    def stop(self):
        self.run.stop()

    def after(self, step):
        """The newest model that is no older than `step` updates, and its age."""
        if step >= self.step:
            return self.run.params, self.step
        age = max((known for known in self._models if known <= step), default=min(self._models))
        return self._models[age], age

    def begin_again(self):
        run, first = self.run, self._first
        self.run = Training(
            first.params, run.loss, run.batches, run.optimiser, rng=generator(first.random)
        )
        self._models = {0: first.params}


def unit_view(run) -> UnitExplorer:
    """Watch a training of one LSTM unit by `learner`: loss, answers, gates beside the latch."""
    batch, remembered = unseen(), _Remembered(run)
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
            ("cell", say("tanh of the cell c")),
        ):
            ax[key].set(xlim=(0.5, STEPS + 0.5), ylim=(-0.08, 1.15), xticks=(1, 5, 10, 15, 20))
            ax[key].set_title(title, color=colours[key])
        ax["write"].set(ylim=(-0.08, 1.75), yticks=(0, 0.5, 1))
        for x, words, colour in (  # above the curves
            (6.4, say("solid: this unit"), GATES["i"].line),
            (11.6, say("dashed: set by hand"), SIGNAL),
        ):
            ax["write"].text(x, 1.45, words, ha="right", va="center", color=colour, fontsize=11)
        flag_words = Words(ax["write"], STEPS + 0.2, 1.45, ha="right", fontsize=11, color=FLAGGED)
        ax["cell"].set(ylim=(-1.15, 1.15), yticks=(-1, 0, 1), xlabel=say("step t"))
        turned = Words(ax["cell"], STEPS + 0.2, -0.8, ha="right", fontsize=11, color=CELL_LINE)
        points = Words(ax["dots"], -1.05, 1.2, ha="left", color=SIGNAL, weight="bold")
        waits = Words(ax["loss"], LEARNING_STEPS / 2, 1e-2, ha="center", color=SIGNAL)
        (loss,) = ax["loss"].plot([], [], color=GRADIENT, lw=1.2)
        here = ax["loss"].axvline(0, color=SIGNAL, ls=":", lw=1.5)
        (dots,) = ax["dots"].plot([], [], "o", ms=5, color=HIDDEN_LINE, mec="none")
        curves = {
            key: (ax[key].plot([], [], color=colour)[0],
                  ax[key].plot([], [], color=SIGNAL, ls="--", lw=1.5)[0])
            for key, colour in colours.items()
        }  # fmt: skip
        marks = [
            ax[key].axvline(0, ymax=0.7 if key == "write" else 1, color=FLAGGED, ls=":", lw=1.5)
            for key in curves
        ]

    def update(stream, after):
        n, newest = stream - 1, after == LEARNING_STEPS
        model, age = remembered.after(remembered.step if newest else after)
        trace = run_cell(batch.xs, model.cell)
        answer = answers(model, batch, trace)[:, 0]
        losses = remembered.losses
        loss.set_data(np.arange(1, len(losses) + 1), np.clip(losses, 3e-4, 1))
        here.set_xdata([age, age])
        dots.set_data(batch.targets[:, 0], np.clip(answer, -1.4, 1.4))
        for key, name in (("write", "i"), ("keep", "f"), ("show", "o"), ("cell", "tanh_c")):
            for line, one in zip(curves[key], (trace, hand), strict=True):
                line.set_data(steps, getattr(one, name)[:, n, 0])
        r2 = score(answer, batch.targets)
        points.set_text(say("score {r2}", r2=plain(r2)))
        waits.set_text("" if len(losses) else say("press Train, or see the next picture"))
        mirrored = r2 > 0.9 and trace.c[-1, n, 0] * hand.c[-1, n, 0] < 0
        turned.set_text(say("upside down; the read-out turns it back") if mirrored else "")
        flag_words.set_text(say("dotted: the flag, here at step {flag}", flag=flags[n]))
        for mark in marks:
            mark.set_xdata([flags[n], flags[n]])
        return {"step": age, "answer": answer[n], "target": batch.targets[n, 0],
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

    return UnitExplorer(
        remembered,
        steps_on=ax["loss"],
        about=say("one LSTM unit that learns recall, its gates beside the hand-set ones."),
        figure=figure,
        controls={
            "after": whole("look back: after update", 0, LEARNING_STEPS, LEARNING_STEPS, step=10,
                           quantity="gradient"),
            "stream": whole("stream shown", 1, STREAMS, 1, quantity="x"),
        },
        moving=[
            loss,
            here,
            dots,
            points,
            waits,
            turned,
            flag_words,
            *(line for pair in curves.values() for line in pair),
            *marks,
        ],
        update=update,
        describe=describe,
        presets={
            "update 60": {"after": 60},
            "update 100": {"after": 100},
            "update 150": {"after": 150},
            "the newest": {},
        },
        stays=("stream",),
    )  # fmt: skip
