"""The explorer: sliders to picture in a few milliseconds of kernel time.

An explorer's author writes three things: a figure, the artists in it that move, and one
function from the controls' values to the artists' data. All else is done here. The figure
is drawn once without its moving artists: that is the still background. On every change
only the moving artists are drawn, by matplotlib's own SVG renderer, and laid over it.
"""

import base64
import contextlib
import html
import sys
import traceback
from collections.abc import Callable
from typing import NamedTuple

import ipywidgets as widgets

from lstm_inside.words import Sentences, say

from . import cells, svg
from .access import Access
from .asleep import WAKES, asleep
from .controls import Player
from .style import Picture, true_minus
from .verdict import unreached

WORDS = Sentences(
    {
        "reset": "Reset",
        "reset_tip": "Put every control back to where it started",
        "play_tip": "Let time run",
        "wide_tip": "Fill the window, for a lecture room; once more: back",
        "failed": "This setting could not be drawn; the picture still shows the one before it.\n"
        "{error} (in {function}, line {line})",
        "preset_tip": "Put the controls to this example",
        "goal": "Your goal: {task} Now {score}, wanted {goal}.",
        "reached": "✓ Reached: {task} Your score is {score}.",
    }
)


class Challenge(NamedTuple):
    """A goal to reach with the controls, scored live.

    task: a sentence that says what to reach. score: called as score(values), a number, the
    higher the better. goal: the score from which on the goal is reached. shown: how the two
    numbers are written, a format specification.
    """

    task: str
    score: Callable[[dict], float]
    goal: float
    shown: str = ".2f"

    def words(self, values) -> str:
        """How far the reader has come, in a sentence."""
        score = self.score(values)
        return WORDS["reached" if score >= self.goal else "goal"].format(
            task=say(self.task),
            score=unreached(score, self.goal, self.shown),
            goal=true_minus(format(self.goal, self.shown)),
        )


class Explorer(widgets.VBox):
    """A picture that answers to controls; name it on a cell's last line to show it.

    name: the explorer's name in `EXPLORERS`.
    figure: a `Picture`, laid out once; everything on it that is not moving stays still.
    controls: dict name -> widget with a `.value`.
    moving: the artists that `update` changes.
    update: called as update(**settings), sets the moving artists' data and returns `values`,
        a dict name -> number or array of what the picture shows.
    describe: called as describe(values), says in a sentence or two what is on show: the
        caption under the picture, its alternative text, and its text where nothing runs.
    play: the name of the control (a `whole` slider) that a play button moves, a step every
        `interval` milliseconds.
    redraw_on: names of controls whose change alters what stands still (slow the
        first time, about 150 ms; a setting that was met before is remembered).
    presets: dict name -> settings of some controls (the others go to their start): a button each.
    stays: names of controls that a preset without a setting of theirs leaves as they are.
    brings: dict name of a control -> its value -> settings of others that come with that value.
    challenge: a `Challenge`, whose live score stands between picture and caption.

    Beside `.values`, `.caption` and `.frame`, which say what is on show, `.error` says in words
    what the last update raised (None: nothing).

    An exception inside `update` is shown under the picture; the explorer lives on.
    """

    _also_asleep: tuple[str, ...] = ()  # what is said beside, where Python no longer runs

    def __init__(
        self,
        name: str,
        *,
        figure: Picture,
        controls: dict[str, widgets.Widget],
        moving: list,
        update: Callable[..., dict],
        describe: Callable[[dict], str],
        play: str | None = None,
        interval: int = 150,
        redraw_on: tuple[str, ...] = (),
        presets: dict[str, dict] | None = None,
        challenge: Challenge | None = None,
        stays: tuple[str, ...] = (),
        brings: dict[str, dict] | None = None,
    ):
        self.name, self.figure, self.controls = name, figure, controls
        self.values: dict = {}
        self.frame, self.caption = b"", ""
        self.error: str | None = None
        self.presets, self.challenge = presets or {}, challenge
        self._stays, self._brings = stays, brings or {}
        for preset, settings in self.presets.items():
            _check_names(f"preset {preset!r}", settings, controls)
        self._update, self._describe, self._redraw_on = update, describe, redraw_on
        self._moving = sorted(moving, key=lambda artist: artist.get_zorder())
        self._start = {key: control.value for key, control in controls.items()}
        self._stills: dict[tuple, str] = {}  # what stands still, for each setting of redraw_on
        self._waiting = None  # names of changed controls while changes are held together

        width, height = (72 * size for size in figure.get_size_inches())
        self._narrow = f"{width:.0f}px"
        fitting = f"(100vh - 360px) * {width / height:.3f}"
        self._fills = f"min(100%, max({self._narrow}, {fitting}))"  # never smaller than it was
        self._still, self._over = (
            widgets.HTML(
                layout=widgets.Layout(
                    grid_area="1/1/2/2", width="100%", margin="0", align_self="flex-start"
                )
            )
            for _ in range(2)
        )
        self._stage = widgets.GridBox(
            [self._still, self._over],
            layout=widgets.Layout(width="100%", max_width=self._narrow, overflow="hidden"),
        )
        row = self._buttons(play, interval)
        players = [button for button in row if isinstance(button, Player)]
        buttons = widgets.HBox([*row, self._wide_button()])
        self._panel = widgets.Box(
            [*controls.values(), buttons, *self._examples(), Access(players)],
            layout=widgets.Layout(
                display="flex", flex_flow="row wrap", width="100%", max_width=self._narrow
            ),
        ).add_class("lstm-panel")
        parts = [self._panel, asleep(*self._also_asleep), self._stage]
        super().__init__(parts, layout=widgets.Layout(margin="4px 0"))
        self.add_class(WAKES).add_class("lstm-explorer").add_class(f"lstm-explorer-{name}")

        self._refresh()
        self._change_still()
        self._draw_moving()
        for key, control in controls.items():
            control.observe(lambda change, key=key: self._changed(key), names="value")
        cells.made(self)

    def _buttons(self, play, interval):
        reset = widgets.Button(
            description=WORDS["reset"],
            tooltip=WORDS["reset_tip"],
            icon="undo",
            layout=widgets.Layout(width="90px"),
        )
        reset.on_click(lambda _: self.reset())
        if play is None:
            return [reset]
        moved = self.controls[play]
        player = Player(
            value=moved.value, min=moved.min, max=moved.max, step=moved.step, interval=interval,
            tooltip=WORDS["play_tip"],
        )  # fmt: skip
        # Linked in the browser, where messages are coalesced: time never runs ahead.
        self._link = widgets.jslink((player, "value"), (moved, "value"))
        return [player, reset]

    def _wide_button(self):
        button = widgets.Button(
            icon="arrows-alt", tooltip=WORDS["wide_tip"], layout=widgets.Layout(width="40px")
        )
        button.on_click(lambda _: setattr(self, "wide", not self.wide))
        return button

    def _examples(self):
        """A row with a button for each preset; nothing where there is none."""
        buttons = []
        for preset in self.presets:
            button = widgets.Button(
                description=say(preset),
                tooltip=WORDS["preset_tip"],
                layout=widgets.Layout(width="auto"),
            )
            button.on_click(lambda _, preset=preset: self.show_preset(preset))
            buttons.append(button)
        if not buttons:
            return []
        row = widgets.Box(buttons, layout=widgets.Layout(flex_flow="row wrap", width="100%"))
        return [row.add_class("lstm-presets")]

    # ------------------------------------------------------------ what a notebook calls

    @property
    def wide(self) -> bool:
        """Whether it fills the window, with larger letters; settable, as its button does."""
        return self._stage.layout.max_width != self._narrow

    @wide.setter
    def wide(self, fills: bool):
        self._stage.layout.max_width = self._fills if fills else self._narrow
        self._panel.layout.max_width = None if fills else self._narrow
        (self.add_class if fills else self.remove_class)("lstm-wide")

    def reset(self):
        """Put every control back to where it started."""
        self.set(**self._start)

    def show_preset(self, preset):
        """Do what the preset's button does: its settings, all others but `stays` at their start.

        Raises ValueError for a name that is none of `presets`.
        """
        if preset not in self.presets:
            raise ValueError(f"preset: expected one of {list(self.presets)}, got {preset!r}")
        start = {key: value for key, value in self._start.items() if key not in self._stays}
        self.set(**{**start, **self.presets[preset]})

    def set(self, **settings):
        """Set several controls, with what their values bring, and draw once.

        Raises ValueError for a name that is none of `controls`; nothing is set then.
        """
        _check_names("set", settings, self.controls)
        with self._together():
            for key in self._brings.keys() & settings.keys():
                self.controls[key].value = settings[key]
                if key in self._waiting:
                    settings = {**self._brought(key), **settings}
            for key, value in settings.items():
                self.controls[key].value = value

    def close(self):
        """Let go of the figure and of every widget."""
        if self.figure is None or sys.is_finalizing():  # ipywidgets closes at shutdown too
            return
        for control in self.controls.values():
            control.unobserve_all("value")
        cells.close_below(self)
        super().close()
        self.figure.clear()
        self.figure, self._moving, self._update = None, [], None

    def _repr_mimebundle_(self, **kwargs):
        cells.shown(self)
        data = super()._repr_mimebundle_(**kwargs)
        data["text/plain"] = f"Explorer {self.name}: {self.caption}"
        data["image/png"] = base64.b64encode(self.figure.png()).decode()
        return data, {"image/png": {"alt": self.caption}}

    # ------------------------------------------------------------ from a change to a picture

    @contextlib.contextmanager
    def _together(self):
        """Hold back drawing while several controls change."""
        self._waiting = set()
        try:
            yield
        finally:
            changed, self._waiting = self._waiting, None
            if changed:
                self._show(changed)

    def _brought(self, key):
        """The settings that the value of this control brings along."""
        return self._brings.get(key, {}).get(self.controls[key].value, {})

    def _changed(self, key):
        if self._waiting is not None:
            self._waiting.add(key)
            return
        with self._together():
            self._waiting.add(key)
            for other, value in self._brought(key).items():
                self.controls[other].value = value

    def _show(self, changed):
        try:
            self._refresh()
            if changed & set(self._redraw_on):
                self._change_still()
            self._draw_moving()
            self.error = None
        except Exception as error:  # whatever it is, the reader keeps a live explorer
            self.error = _in_words(error)
            self._over.value = self._stack(self.frame, self.error, failed=True)

    def _refresh(self):
        settings = {key: control.value for key, control in self.controls.items()}
        self.values = self._update(**settings)
        self.caption = true_minus(self._describe(self.values))
        self.figure.alt = self.caption

    def _change_still(self):
        """Put what stands still at these settings of redraw_on; only what is new is drawn."""
        setting = tuple(self.controls[key].value for key in self._redraw_on)
        if setting not in self._stills:
            self._draw_still()
            self._stills[setting] = self._still.value
        self._still.value = self._stills[setting]

    def _draw_still(self):
        source = svg.still(self.figure, self._moving, self.name)
        self._still.value = (
            f'<img alt="" src="{source}"'
            ' style="display:block;width:100%;background:white;border-radius:6px">'
        )

    def _draw_moving(self):
        self.frame = svg.moving(self.figure, self._moving, self.name).encode()
        self._over.value = self._stack(self.frame, self.caption)

    def _stack(self, frame, words, failed=False):
        """The moving part with its caption (or what went wrong) below it, as HTML."""
        label = html.escape(self.caption, quote=True)
        shown = svg.on_a_page(frame.decode(), f'role="img" aria-label="{label}"')
        role = 'role="alert"' if failed else ""
        edge = "border-left:4px solid #D55E00;padding-left:8px;" if failed else ""
        goal = ""
        if self.challenge is not None and not failed:
            words_of_goal = html.escape(self.challenge.words(self.values))
            goal = f'<div class="lstm-goal" role="status">{words_of_goal}</div>'
        return (
            f'<div style="contain:content">{shown}{goal}<div class="lstm-caption" {role}'
            f' style="{edge}line-height:1.45;padding-top:6px;white-space:pre-line">'
            f"{html.escape(words)}</div></div>"
        )


def _check_names(what, settings, controls):
    for name in settings:
        if name not in controls:
            raise ValueError(f"{what}: expected controls among {list(controls)}, got {name!r}")


def _in_words(error):
    last = traceback.extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__}: {error}"
    return WORDS["failed"].format(error=what, function=last.name, line=last.lineno)
