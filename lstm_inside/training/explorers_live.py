"""A training as it runs, on recall, on adding or on your own data: losses, answers, one unit."""

import matplotlib
import numpy as np
from matplotlib.ticker import MaxNLocator

from lstm_core import init_lstm
from lstm_inside import validate
from lstm_inside.page import Words, picture, whole
from lstm_inside.page.live import LiveExplorer, live_button
from lstm_inside.page.style import (
    CELL_LINE,
    FAINT,
    FORGET,
    GATES,
    GRADIENT,
    HIDDEN_LINE,
    INPUT,
    OUTPUT,
    RC,
    SIGNAL,
)
from lstm_inside.words import Sentences, say

from .figures import label, thinned
from .losses import mean_squared_error
from .model import answers, is_lstm, run_cell
from .optimisers import Adam
from .runs import (
    ADDING,
    RECALL,
    Problem,
    adding_duel,
    adding_training,
    data_training,
    recall_training,
    smoothed,
)
from .training import SideBySide

WORDS = Sentences(
    {
        "over": "Start over",
        "over_tip": "Forget what was learned and set out at this length",
        "gates": "Gates of the unit shown",
        "gates_duel": "Gates of the LSTM's unit shown",
        "gates_alone": "Gates of the unit",
        "cell": "Cell c of the unit shown (cut at ±{span:g})",
        "cell_alone": "Cell c of the unit (cut at ±{span:g})",
        "cell_duel": "Its cell c (squeezed beyond ±1, cut at ±{span:g}); dashed: RNN's h",
        "state": "State h of the unit shown",
        "state_alone": "State h of the unit",
    }
)
ASKED = Sentences(  # what a `Problem` asks for
    {"flagged number": "flagged number", "sum": "sum", "target": "target"}
)
_GREY = "#777777"
_LEAST_LOSS = 3e-4  # the lower edge of the losses' axes, where the upper one is 1


class LiveTraining(LiveExplorer):
    """Trainings on a problem with one answer a sequence, watched while they run.

    name: as for `Explorer`. runs: one or two trainings, of a `Model` on sequences with one answer
    at the end; two take their steps in turn. problem: the `Problem` that they learn. batch: the
    `Sequences` that they are judged and shown on. steps: what Train aims at. remake: (T, seed) ->
    (runs, batch) for sequences of T steps; with it there are sliders for both, and a button to
    start over with them.
    """

    def __init__(self, name, runs, problem, batch, *, steps=400, remake=None):
        self._remake = remake
        self._drawn = _Drawn(runs, problem, batch, steps)
        above = []
        if remake is not None:
            self.length = whole("sequence length T", 10, 100, len(batch.xs), step=5, quantity="x")
            self.seed = whole("seed", 1, 20, 1, quantity="x")
            for control, width in ((self.length, "380px"), (self.seed, "290px")):
                control.layout.flex, control.layout.width = "0 1 auto", width
            self.seed.style.description_width = "60px"
            self.over_button = live_button("over", "undo", self.start_over, WORDS)
            above = [self.length, self.seed, self.over_button]
        units = len(runs[0].params.cell.W_h)
        controls = {
            "sequence": whole("sequence shown", 0, batch.xs.shape[1] - 1, 0, quantity="x"),
            "unit": whole("unit shown", 0, units - 1, 0, quantity="c"),
        }
        if units == 1:
            del controls["unit"]
        super().__init__(
            name,
            _as_one(runs),
            steps,
            steps_on=self._drawn.axes["loss"],
            above=above,
            figure=self._drawn.figure,
            controls=controls,
            moving=self._drawn.moving,
            update=self._drawn.update,
            describe=self._drawn.describe,
        )

    @property
    def runs(self):
        """The trainings that are watched."""
        return self._drawn.runs

    @property
    def batch(self):
        """The sequences that they are shown on."""
        return self._drawn.batch

    def start_over(self):
        """Forget what was learned and set out again, at the length and seed of the sliders."""
        if not self.running:
            runs, batch = self._remake(self.length.value, self.seed.value)
            self._drawn.look_at(runs, batch)
            self.set_out(_as_one(runs))


def _as_one(runs):
    return runs[0] if len(runs) == 1 else SideBySide(*runs)


class _Drawn:
    """The picture: what was learned until now, over one batch of sequences."""

    def __init__(self, runs, problem, batch, steps):
        self.runs, self.problem, self.batch = runs, problem, batch
        self._gated = is_lstm(runs[0].params.cell)
        self._alone = len(runs[0].params.cell.W_h) == 1
        # Losses of own data may be of any size: the axes go by the lazy answer's.
        self._most_loss = 1 if problem.draw else 6 * problem.lazy_loss
        with matplotlib.rc_context(RC):
            self.figure = picture(900, 470)
            self.axes = self.figure.subplot_mosaic(
                [["loss", "gates"], ["answers", "memory"]], width_ratios=(2, 3)
            )
            self._draw_losses_axes(steps)
            self._draw_answers_axes()
            self._draw_unit_axes(len(batch.xs))
            self.moving = self._draw_lines()

    def look_at(self, runs, batch):
        """Show other trainings, over sequences that may be longer or shorter."""
        self.runs, self.batch = runs, batch
        for key in ("gates", "memory"):
            self.axes[key].set_xlim(0, len(batch.xs))

    def _draw_losses_axes(self, steps):
        ax, problem = self.axes["loss"], self.problem
        ax.set(xlim=(0, steps), yscale="log", xlabel=say("training step"))
        ax.set_ylim(_LEAST_LOSS * self._most_loss, self._most_loss)
        ax.set_title(say("Loss of each mini-batch"))
        ax.axhline(problem.lazy_loss, color=FAINT, lw=1.2)
        if len(self.runs) == 2:
            rule = say("RNN dashed\ngrey line: always answering {lazy:.3g}", lazy=problem.lazy)
        else:
            rule = say("grey line: always answering {lazy:.3g}", lazy=problem.lazy)
        ax.text(0.98, 0.98, rule, color=_GREY, fontsize=11, ha="right", va="top",
                linespacing=1.05, transform=ax.transAxes)  # fmt: skip

    def _draw_answers_axes(self):
        ax, low, high = self.axes["answers"], self.problem.low, self.problem.high
        room = 0.1 * (high - low)
        ax.set(xlim=(low, high), ylim=(low - room, high + room))
        asked = ASKED.get(self.problem.asked, self.problem.asked)
        ax.set(xlabel=say("true {asked}", asked=asked), ylabel=say("answer"))
        ax.set_title(say("Answers to sequences never seen"))
        ax.plot([low, high], [low, high], color=FAINT, lw=2)
        if len(self.runs) == 2:
            label(ax, 0.03, 0.9, say("● LSTM"), GRADIENT)
            label(ax, 0.28, 0.9, say("○ RNN"), _GREY)

    def _draw_unit_axes(self, T):
        gates, memory = self.axes["gates"], self.axes["memory"]
        gates.set(xlim=(0, T), ylim=(-0.03, 1.25), yticks=(0, 0.5, 1))
        which = "_alone" if self._alone else "_duel" if len(self.runs) == 2 else ""
        gates.set_title(WORDS["gates" + which] if self._gated else say("A plain RNN has no gates"))
        if self._gated:
            for x, key in ((0.02, "f"), (0.15, "i"), (0.27, "o")):
                label(gates, x, 0.89, GATES[key].short, GATES[key].line)
        dotted = say("dotted: flagged") if self.problem.draw else say("dotted: answer due")
        gates.text(0.98, 0.89, dotted, color=_GREY, ha="right", fontsize=11.5,
                   transform=gates.transAxes)  # fmt: skip
        memory.set(xlim=(0, T), xlabel=say("time step t"))
        if len(self.runs) == 2:  # some units count far beyond 1, others stay well within
            span = 8
            memory.set_yscale("symlog", linthresh=1, linscale=1.5)
            memory.set_yticks([-5, -1, 0, 1, 5], ["−5", "−1", "0", "1", "5"])
        else:
            span = (1.2 if self._alone else 2.5) if self._gated else 1.1
            memory.yaxis.set_major_locator(MaxNLocator(4))
        memory.set_ylim(-span, span)
        kept = "cell" if self._gated else "state"
        memory.set_title(WORDS[kept + which].format(span=span))
        self._span = span
        for ax in (gates, memory):
            ax.xaxis.set_major_locator(MaxNLocator(10, integer=True))

    def _draw_lines(self):
        ax = self.axes
        (self._noise,) = ax["loss"].plot([], [], color=FAINT, lw=1)
        (self._loss,) = ax["loss"].plot([], [], color=GRADIENT)
        (self._other_loss,) = ax["loss"].plot([], [], color=_GREY, ls="--", lw=1.8)
        self._ends = [Words(ax["loss"], 0, 1, ha="left", weight="bold", color=colour)
                      for colour in (GRADIENT, _GREY)]  # fmt: skip
        (self._other_dots,) = ax["answers"].plot([], [], "o", color=_GREY, ms=5, mfc="none")
        colour = GRADIENT if len(self.runs) == 2 else HIDDEN_LINE
        (self._dots,) = ax["answers"].plot([], [], "o", color=colour, ms=5, alpha=0.6,
                                           mec="none")  # fmt: skip
        (self._one,) = ax["answers"].plot([], [], "o", color="#111111", ms=9)
        self._gates = {
            key: ax["gates"].plot([], [], color=colour)[0]
            for key, colour in (("f", FORGET), ("i", INPUT), ("o", OUTPUT))
        }
        colour = CELL_LINE if self._gated else HIDDEN_LINE
        (self._other_memory,) = ax["memory"].plot([], [], color=_GREY, ls="--", lw=1.8)
        (self._memory,) = ax["memory"].plot([], [], color=colour)
        self._marks = [
            [ax[key].axvline(t, ymax=0.85, color=SIGNAL, lw=1.3, ls=":") for t in self._marked(0)]
            for key in ("gates", "memory")
        ]
        return [
            self._noise, self._loss, self._other_loss, self._other_dots, self._dots, self._one,
            self._memory, self._other_memory, *self._gates.values(), *self._marks[0],
            *self._marks[1], *self._ends,
        ]  # fmt: skip

    def _marked(self, sequence):
        """The steps, from 1, that the dotted lines mark: flagged, or where own answers are due."""
        if self.problem.draw is None:
            return [int(self.batch.last[sequence]) + 1]
        return (np.flatnonzero(self.batch.xs[:, sequence, 1] == 1) + 1).tolist()

    def update(self, sequence, unit=0):
        """Draw what the trainings answer now, and one unit over one sequence."""
        run, batch, low, high = self.runs[0], self.batch, self.problem.low, self.problem.high
        room = 0.1 * (high - low)
        trace = run_cell(batch.xs, run.params.cell)
        said = answers(run.params, batch, trace)[:, 0]
        truth = batch.targets[:, 0]
        self._update_losses()
        shown = np.clip(said, low - room, high + room)
        self._dots.set_data(truth, shown)
        self._one.set_data(truth[[sequence]], shown[[sequence]])
        time_steps = np.arange(len(trace.h))
        if self._gated:
            for key, line in self._gates.items():
                line.set_data(time_steps[1:], getattr(trace, key)[:, sequence, unit])
        memory = (trace.c if self._gated else trace.h)[:, sequence, unit]
        self._memory.set_data(time_steps, np.clip(memory, -self._span, self._span))
        for marks in self._marks:
            for line, at in zip(marks, self._marked(sequence), strict=True):
                line.set_xdata([at, at])
        values = {"step": run.step, "T": len(batch.xs), "answers": said, "memory": memory,
                  "truth": truth[sequence], "answer": said[sequence],
                  "error": mean_squared_error(said, truth)[0],
                  "lazy_loss": ((truth - self.problem.lazy) ** 2).mean()}  # fmt: skip
        if len(self.runs) == 2:
            rnn = self.runs[1].params
            rnn_trace = run_cell(batch.xs, rnn.cell)
            other = answers(rnn, batch, rnn_trace)[:, 0]
            self._other_memory.set_data(time_steps, rnn_trace.h[:, sequence, unit])
            self._other_dots.set_data(truth, np.clip(other, low - room, high + room))
            values |= {
                "answers_rnn": other,
                "answer_rnn": other[sequence],
                "error_rnn": mean_squared_error(other, truth)[0],
            }
        return values

    def _update_losses(self):
        lines = [(self._noise, self._loss), (None, self._other_loss)]
        names = ("LSTM", "RNN") if len(self.runs) == 2 else ("",)
        most = self._most_loss
        for run, name, end, (noise, mean) in zip(self.runs, names, self._ends, lines, strict=False):
            losses = run.losses  # once: a step may be under way
            if not len(losses):
                steps = raw = curve = []
                end.set_text("")
            else:
                steps = np.arange(1, len(losses) + 1)
                steps, raw, curve = thinned(steps, losses, smoothed(losses))
                end.set_text(f" {name}")
                end.set_position((steps[-1], np.clip(curve[-1], _LEAST_LOSS * most, most)))
            mean.set_data(steps, np.clip(curve, _LEAST_LOSS * most, most))
            if noise is not None:
                noise.set_data(steps, np.clip(raw, _LEAST_LOSS * most, most))

    def describe(self, v):
        """What is on show, in two sentences."""
        errors, answer = _short(v["error"], 3), _short(v["answer"], 2)
        if "error_rnn" in v:
            errors = _of_both(errors, _short(v["error_rnn"], 3))
            answer = _of_both(answer, _short(v["answer_rnn"], 2))
        return say(
            "Sequences of {T} steps. After {step} training steps the mean squared error on "
            "{count} sequences never trained on is {errors}; on the same ones, always answering "
            "{lazy:.3g} gives {lazy_loss:.3g}. On the sequence shown the {asked} is {truth:.2f} "
            "and the answer {answer}.",
            T=v["T"],
            step=v["step"],
            count=len(v["answers"]),
            errors=errors,
            lazy=self.problem.lazy,
            lazy_loss=v["lazy_loss"],
            asked=ASKED.get(self.problem.asked, self.problem.asked),
            truth=v["truth"],
            answer=answer,
        )


def _of_both(lstm, rnn):
    return say("{lstm} (LSTM) and {rnn} (RNN)", lstm=lstm, rnn=rnn)


def _short(x, digits):
    """A number in few characters, even that of a training which has left all bounds."""
    return f"{x:.{digits}f}" if abs(x) < 1e4 else f"{x:.0e}"


# ---------------------------------------------------------------- what the notebook shows


def live_recall(T=20, steps=600) -> LiveTraining:
    """Watch one LSTM unit learn recall, with sliders for length T and seed."""

    def remake(T, seed=1):
        rng = np.random.default_rng(seed)
        cell = init_lstm(2, 1, rng=rng, forget_bias=3.0)
        return (recall_training(cell, T, optimiser=Adam(0.03), rng=rng),), _unseen(RECALL, T)

    runs, batch = remake(T)
    return LiveTraining("live_recall", runs, RECALL, batch, steps=steps, remake=remake)


def live_training(run=None, *, model=None, data=None, optimiser=None, steps=400) -> LiveTraining:
    """Watch a training on the adding problem, a small LSTM's if none is given, or on your own data.

    For your own: model, a `Model` with one answer, such as init_model(D, H, 1, rng=rng); data, a
    function draw(B, *, rng) -> `Sequences` or fixed `Sequences`; optimiser as for `data_training`,
    whose errors it raises, beside TypeError for a run together with any of these, or without
    both model and data, and ValueError for targets that are not (B, 1) or all alike.
    """
    if any(given is not None for given in (model, data, optimiser)):
        return _live_own(run, model, data, optimiser, steps)
    if run is None:
        rng = np.random.default_rng(1)
        run = adding_training(init_lstm(2, 16, rng=rng, forget_bias=2.0), 20, rng=rng)
    return LiveTraining("live_one", (run,), ADDING, _unseen(ADDING, _length(run)), steps=steps)


def _live_own(run, model, data, optimiser, steps):
    if run is not None or model is None or data is None:
        every = {"run": run, "model": model, "data": data, "optimiser": optimiser}
        given = [name for name, value in every.items() if value is not None]
        raise TypeError(f"data: expected model and data, or a run alone, got {' and '.join(given)}")
    rng = np.random.default_rng(1)
    run, batch = data_training(model, data, optimiser=optimiser, rng=rng)
    truth = validate.real("targets", batch.targets)
    if truth.shape[1] != 1:
        raise ValueError(f"targets: expected one answer, (B, 1), got shape {truth.shape}")
    low, high = float(truth.min()), float(truth.max())
    if low == high:
        raise ValueError(f"targets: expected answers that differ, got only {low:g}")
    room = 0.05 * (high - low)
    problem = Problem(
        None, "target", float(truth.mean()), float(truth.var()), low - room, high + room
    )
    return LiveTraining("live_own", (run,), problem, batch, steps=steps)


def live_duel(T=20, steps=1500) -> LiveTraining:
    """Watch the two trainings of `adding_duel` in turn, with sliders for length T and seed."""

    def remake(T, seed=1):
        return adding_duel(T, seed), _unseen(ADDING, T)

    runs, batch = remake(T)
    return LiveTraining("live", runs, ADDING, batch, steps=steps, remake=remake)


def _length(run):
    return len(run.batches(np.random.default_rng(0)).xs)


def _unseen(problem, T):
    return problem.draw(T, 64, rng=np.random.default_rng(53))
