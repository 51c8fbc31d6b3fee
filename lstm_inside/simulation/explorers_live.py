"""A character model that learns while the reader watches (notebook 07)."""

from functools import partial

import matplotlib
import numpy as np

from lstm_inside.page import Lines, Words, slider, whole
from lstm_inside.page.live import LiveExplorer, train
from lstm_inside.page.style import FAINT, GRADIENT, OUTPUT, RC, SIGNAL, picture
from lstm_inside.simulation.explorers_parts import (
    dotted,
    named,
    passage,
    spread,
    title,
    two_inks,
)
from lstm_inside.simulation.text import V, library_ids
from lstm_inside.simulation.writer import states_after, text_training, write
from lstm_inside.training import smoothed
from lstm_inside.words import say


class _Learning:
    """The picture of a character model that learns: its loss against counting, what it writes."""

    def __init__(self, run, bits, unseen, steps):
        self._unseen = unseen
        self._run, self._start_text, self._read = run, passage().before, None
        with matplotlib.rc_context(RC):
            self.figure = picture(900, 400)
            self.figure.set_layout_engine("none")
            self.loss = self.figure.add_axes((0.06, 0.13, 0.3, 0.77))
            page = self.figure.add_axes((0.49, 0.06, 0.5, 0.86))
            self.loss.set(xlim=(0, steps), ylim=(1.5, 6.8), xlabel=say("training step"))
            title(self.loss, say("Bits per character, batch by batch"))
            heights = spread(bits.values(), 0.3)
            for (name, level), height in zip(bits.items(), heights, strict=True):
                self.loss.axhline(level, color=SIGNAL, lw=1.4, ls=(0, (4, 2)))
                self.loss.text(1.02, height, f"{named(name).replace(' ', chr(10))} {level:.2f}",
                               color=SIGNAL, fontsize=11.5, va="center",
                               transform=self.loss.get_yaxis_transform())  # fmt: skip
            page.set_axis_off()
            page.set(xlim=(0, 1), ylim=(0, 1))
            page.text(0, 1.03, say("What it writes now"), color=OUTPUT, weight="bold")
            (self._noise,) = self.loss.plot([], [], color=FAINT, lw=1)
            (self._mean,) = self.loss.plot([], [], color=GRADIENT)
            (self._judged,) = self.loss.plot([], [], "o", color=OUTPUT, ms=8, clip_on=False)
            legend = ((0.9, say("each batch"), "#8a8a8a"),
                      (0.84, say("mean of the last 50"), GRADIENT),
                      (0.78, say("● on the measuring part"), OUTPUT))  # fmt: skip
            for y, words, colour in legend[: 2 if unseen is None else 3]:
                self.loss.text(0.98, y, words, color=colour, fontsize=11.5, ha="right", va="top",
                               weight="bold", transform=self.loss.transAxes)  # fmt: skip
            self._page = Lines(page, 0, 0.98, fontsize=14, color=OUTPUT)
            looks = {"ha": "left", "fontsize": 12.5, "color": "#333333", "weight": "bold"}
            self._still = [Words(self.loss, 0.05 * steps, y, **looks) for y in (5.25, 4.9)]
        self.moving = [self._noise, self._mean, self._judged, self._page, *self._still]

    def update(self, temperature, draw):
        """Draw the losses until now, and a sample of what was learned."""
        run = self._run
        losses = run.losses / np.log(2)  # once: a step may be under way
        hints = say("Not a step yet."), say("Press Train, or run the next block of code.")
        for words, hint in zip(self._still, hints, strict=True):
            words.set_text("" if len(losses) else hint)
        stride = max(1, len(losses) // 400)
        steps = np.arange(1, len(losses) + 1)[::stride]
        self._noise.set_data(steps, np.clip(losses[::stride], 1.5, 6.8))
        if len(losses):
            self._mean.set_data(steps, np.clip(smoothed(losses, 50)[::stride], 1.5, 6.8))
        if self._unseen:
            self._judged.set_data(*zip(*self._unseen.items(), strict=True))
        h, c = self._start_states(run.params)
        rng = np.random.default_rng(draw)
        text = write(run.params, h, c, 400, temperature=temperature, rng=rng)
        self._page.set_text(two_inks("", dotted(text), 53, 14)[1])
        bits = float(smoothed(losses, 50)[-1]) if len(losses) else np.log2(V)
        return {"step": run.step, "text": text, "temperature": temperature, "bits": bits}

    def _start_states(self, params):
        """h and c after the page it starts from: read once a training step, not once a slider."""
        if self._read is None or self._read[0] is not params:
            self._read = params, states_after(params, self._start_text)
        return self._read[1]

    @staticmethod
    def describe(v):
        """What is on show, in two sentences."""
        if not v["step"]:
            return say(
                "Before the first step every character costs about {bits:.2f} bits. On the right, "
                "{text} characters drawn at temperature {temperature:.2f} after a page of real "
                "code.",
                bits=v["bits"],
                text=len(v["text"]),
                temperature=v["temperature"],
            )
        steps = say("1 step") if v["step"] == 1 else say("{step} steps", step=v["step"])
        return say(
            "After {steps} a character costs {bits:.2f} bits (mean of the last 50 batches). On "
            "the right, {text} characters drawn at temperature {temperature:.2f} after a page of "
            "real code.",
            steps=steps,
            bits=v["bits"],
            text=len(v["text"]),
            temperature=v["temperature"],
        )


class _Pausing(LiveExplorer):
    """A training that pauses to be measured, whether a button runs it or a cell."""

    def __init__(self, *args, pauses, measure, **parts):
        self._pauses, self._measure = sorted(pauses), measure
        super().__init__(*args, **parts)

    async def _take(self, count, show):
        first = self.run.step
        while self.run.step < first + count:
            here = self.run.step
            ahead = (step for step in self._pauses if step > here)
            to = min(next(ahead, (here // 200 + 1) * 200), first + count)
            await train(self.run, to - here, show=show)
            self._measure(self.run)
            show()
            if self.run.step < to:  # Stop was pressed
                break
        return self.run.step - first


def live_text(
    run=None, bits=None, unseen=None, *, steps=800, pauses=(), measure=None
) -> LiveExplorer:
    """Watch a character model learn, its loss beside baselines; a small one if none is given.

    run: a `text_training`. bits: name -> bits per character of a baseline. unseen: step -> bits per
    character on text not learned from; what is put in there later is drawn, too. steps: what
    Train aims at. measure: called as measure(run) at the steps `pauses`, every 200 steps after
    them, and wherever the training ends. `await live_text().train()` runs it from a cell.
    """
    if run is None:
        run = text_training(
            library_ids("learn"), H=32, B=16, steps=steps, rng=np.random.default_rng(72)
        )
    drawn = _Learning(run, bits or {}, unseen, steps)
    kind = LiveExplorer if measure is None else partial(_Pausing, pauses=pauses, measure=measure)
    return kind(
        "live_text",
        run,
        steps,
        steps_on=drawn.loss,
        about=say(
            "a character model's training as it runs, its loss beside those of counting, and "
            "the text it writes at each moment."
        ),
        figure=drawn.figure,
        controls={
            "temperature": slider("temperature", 0, 2, 0.05, 0.6, quantity="h"),
            "draw": whole("another draw", 1, 20, 1, quantity="x"),
        },
        moving=drawn.moving,
        update=drawn.update,
        describe=drawn.describe,
    )
