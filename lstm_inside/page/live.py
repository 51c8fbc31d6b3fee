"""A training that is watched while it runs: buttons, a bar, and sliders that answer meanwhile."""

import asyncio
import html
import threading
import time
import weakref
from collections.abc import Callable
from typing import ClassVar

import ipywidgets as widgets

from lstm_inside import validate
from lstm_inside.words import Sentences

from .explorer import Explorer

WORDS = Sentences(
    {
        "train": "Train",
        "train_tip": "Start the training",
        "go_on": "Continue",
        "go_on_tip": "Go on from what was learned",
        "stop": "Stop",
        "stop_tip": "Stop after this step and keep what was learned",
        "ready": "not started",
        "started": "step {step} of {goal}",
        "running": "step {step} of {goal} · {left:.0f} s left",
        "stopped": "stopped at step {step} of {goal}; nothing is lost",
        "done": "done: {step} steps",
        "failed": "stopped at step {step}, as the next one failed: {error}",
    }
)
_BREATH = 0.02  # seconds between two chances for sliders and buttons


async def train(training, count, *, show: Callable = lambda: None, share=0.07):
    """Take `count` steps as a coroutine; sliders, buttons and the kernel answer meanwhile.

    training: whatever has `.step`, how many steps were taken, and `.steps(count)`, an iterator
    that takes them. show: called now and then to redraw. How often is a matter of time: it may
    cost `share` of the time that the steps take, and no more. It is called once more at the end,
    however that comes about. Returns the steps taken: fewer than `count` if `.steps` ended sooner.
    Raises ValueError or TypeError for what is no training or no function, a count below 1, a
    share not above 0, and what `.steps` raises on the way.
    """
    if not (hasattr(training, "steps") and hasattr(training, "step")):
        raise TypeError(
            f"training: expected a Training or SideBySide, got {validate.describe(training)}"
        )
    validate.count("count", count)
    validate.function("show", show)
    validate.positive("share", share)
    before, clock = training.step, time.perf_counter
    breathed = shown = clock()
    cost = 0.0
    try:
        for _ in training.steps(count):
            now = clock()
            if now - shown >= cost / share:
                show()
                shown = clock()
                cost = max(shown - now, _BREATH * share)
            if now - breathed >= _BREATH:
                await asyncio.sleep(0)
                breathed = clock()
    finally:
        show()
    return training.step - before


class LiveExplorer(Explorer):
    """An explorer of a training that runs, with Train / Continue and Stop under its controls.

    name: as for `Explorer`; of one name only one trains: a new one stops the one made before it,
    which keeps what it learned. run: the training, with `.step`, `.steps(count)` and `.stop()`.
    goal: the number of steps that Train aims at. steps_on: the axes whose x axis counts training
    steps; it grows with the goal. above: widgets in a row of their own above the buttons. about:
    what it is about, for where nothing runs and the figures in its caption are one run's only.
    All else as for `Explorer`.

    `await view.train()` runs it from a cell; the buttons run it beside the kernel's other work.
    Either way sliders and buttons answer meanwhile.
    """

    _also_asleep = ("untrained",)
    _latest: ClassVar[weakref.WeakValueDictionary] = (
        weakref.WeakValueDictionary()
    )  # name -> the one made last

    def __init__(self, name, run, goal, *, steps_on, above=(), about=None, **parts):
        self.run, self.goal, self._first_goal = run, goal, goal
        self.running, self._task = False, None
        self._steps_on, self._above, self._about = steps_on, above, about
        self._drawing = threading.RLock()  # a cell may move a slider while a task trains
        self._before = before = self._latest.get(name)
        if before is not None:
            before.stop()
            if not before.running:  # no longer waited for, nor held
                self._before = before._before
        self._latest[name] = self
        super().__init__(name, **parts)
        # What it shows depends on what was learned, not on its controls alone.
        self.remove_class("lstm-explorer").add_class("lstm-live")

    def _buttons(self, play, interval):
        self.start_button = live_button("train", "play", self._start_beside)
        self.stop_button = live_button("stop", "stop", self.stop)
        self.stop_button.disabled = True
        self.bar = widgets.IntProgress(max=self.goal, layout={"width": "180px"})
        # HTML, as a Label never breaks its line, and an error can be long
        self.status = widgets.HTML(WORDS["ready"], layout={"flex": "1 1 0", "min_width": "0"})
        rows = [widgets.HBox([self.start_button, self.stop_button, self.bar, self.status])]
        if self._above:
            rows.insert(0, widgets.HBox(self._above))
        return [widgets.VBox(rows)]

    def _repr_mimebundle_(self, **kwargs):
        data, metadata = super()._repr_mimebundle_(**kwargs)
        if self._about is not None:
            data["text/plain"] = f"Explorer {self.name}: {self._about}"
        return data, metadata

    # ------------------------------------------------------------ what it shows

    def _show(self, changed):
        with self._drawing:
            super()._show(changed)

    def refresh(self):
        """Draw what the training has come to, after steps that were taken elsewhere."""
        step = self.run.step
        self._say("ready" if not step else "stopped" if step < self.goal else "done")
        self._show(set())

    def set_out(self, run):
        """Watch another training, from its first step; what stands still is drawn anew."""
        self.run = run
        self.goal = self.bar.max = self._first_goal
        self._steps_on.set_xlim(0, self.goal)
        self._name_start("train")
        with self._drawing:
            self._draw_still()
        self.refresh()

    # ------------------------------------------------------------ running

    def stop(self):
        """Ask for an end after the step under way; what was learned is kept."""
        self.run.stop()

    async def train(self, steps=None) -> int:
        """Train until `steps` steps are done (what was aimed at, if missing); watch meanwhile.

        Once there, another call without `steps` aims as far again. What a button, or a view of
        the same name, has begun is waited for first. Returns the steps taken in this call; fewer
        than asked after Stop.
        """
        await self._others()
        first = self.run.step
        if steps is None:
            steps = self.goal if first < self.goal else first + self._first_goal
        if self.running or steps <= first:
            return 0
        self._now_running(True)
        self.goal = self.bar.max = steps
        self._say("started")
        self._make_room()
        began = time.perf_counter()

        def show():
            if self.figure is None:  # closed meanwhile
                return
            done = self.run.step - first
            left = (time.perf_counter() - began) / max(done, 1) * (self.goal - self.run.step)
            self._say("running", left=left)
            self._show(set())

        try:
            return await self._take(steps - first, show)
        finally:
            self._now_running(False)
            if self.figure is not None:
                self._say("done" if self.run.step >= self.goal else "stopped")

    async def _take(self, count, show):
        """Take the steps of one call of `train`; one that pauses on the way does so here."""
        return await train(self.run, count, show=show)

    async def _others(self):
        """Wait until nothing else moves what this one trains."""
        before, self._before = self._before, None
        while before is not None and before.running:
            await asyncio.sleep(0)
        if self.running and self._task is not None and self._task is not asyncio.current_task():
            await self._task

    def _make_room(self):
        if self._steps_on.get_xlim()[1] < self.goal:
            self._steps_on.set_xlim(0, self.goal)
            with self._drawing:
                self._draw_still()

    def _now_running(self, running):
        self.running = running
        if self.figure is None:
            return
        self.start_button.disabled, self.stop_button.disabled = running, not running
        for widget in self._above:
            widget.disabled = running
        self._name_start("go_on")

    def _name_start(self, what):
        self.start_button.description = WORDS[what]
        self.start_button.tooltip = WORDS[what + "_tip"]

    def _say(self, what, **details):
        step = self.run.step
        self.bar.value = step
        said = WORDS[what].format(step=step, goal=self.goal, **details)
        self.status.value = html.escape(said, quote=False)
        if step and not self.running:
            self._name_start("go_on")

    def _start_beside(self):
        """Train as a task beside the kernel's other work; what goes wrong is said here."""

        async def guarded():
            try:
                await self.train()
            except Exception as error:  # nobody awaits a task, so nobody else would tell
                if self.figure is not None:
                    self._say("failed", error=error)

        self._task = asyncio.ensure_future(guarded())

    def close(self):
        """Stop, and let go of figure and widgets."""
        self.stop()
        super().close()


def live_button(what, icon, press, words=WORDS) -> widgets.Button:
    """A button of a live explorer; `what` names its words and, with "_tip", its tooltip."""
    button = widgets.Button(
        description=words[what], tooltip=words[what + "_tip"], icon=icon, layout={"width": "110px"}
    )
    button.on_click(lambda _: press())
    return button
