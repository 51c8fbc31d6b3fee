"""What a reader moves: sliders, lists and tick boxes that look and answer alike."""

import math

import ipywidgets as widgets
import traitlets

from lstm_inside.words import say

from .style import COLOURS

_SAME = 1e-9  # values this near are one place of a slider


def _snapped(value, slider):
    """The value as the browser's slider will have it, by the very sums of noUiSlider 15.

    From -2 to 2 by 0.1, set to 0.8, it goes to the nearest step in percent of its range and back:
    0.7999999999999998. A value between two places stays: where it goes is news to Python.
    """
    low, high = slider.min, slider.max
    if value >= high or not slider.step:
        return value
    share = (value - low) * 100 / (high - low)
    step = slider.step * 100 / (high - low)
    share = math.floor(share / step + 0.5) * step
    there = high if share >= 100 else share * (high - low) / 100 + low
    return there if abs(there - value) < _SAME else value


class Slider(widgets.FloatSlider):
    """A FloatSlider whose values the browser has nothing to report of, but for the reader's moves.

    A browser's slider that is set to a value off its own grid, be it by rounding only, reports
    where it went. The report waits behind all cells that are still to run, and would undo what
    Python has set meanwhile. So the browser is told the value as its grid has it.
    """

    value = traitlets.CFloat(0.0).tag(sync=True, to_json=_snapped)

    def set_state(self, sync_data):
        reported = sync_data.get("value")
        if reported is not None and abs(reported - self.value) < _SAME:
            # Nothing new, but answered: a tab that waits for its echo does not hear other tabs.
            echo = {"method": "echo_update", "state": {"value": reported}, "buffer_paths": []}
            self.comm.send(echo)
        else:
            super().set_state(sync_data)


class Player(widgets.Play):
    """A Play button that is not told again where the slider, linked to it, was moved.

    Two tabs that show it would otherwise send each other back and forth by their links.
    """

    value = traitlets.CInt(0).tag(sync=True, echo_update=False)


def slider(label, low, high, step, value, *, quantity=None, tip="", digits=2):
    """A slider over real numbers; `quantity` ("f", "c", ...) gives it that colour."""
    return Slider(
        value=value, min=low, max=high, step=step, readout_format=f".{digits}f",
        **_looks(label, quantity, tip),
    )  # fmt: skip


def whole(label, low, high, value, *, quantity=None, tip="", step=1):
    """A slider over whole numbers."""
    return widgets.IntSlider(
        value=value, min=low, max=high, step=step, **_looks(label, quantity, tip)
    )


def choice(label, options, value):
    """A drop-down list; `options` are values or (text, value) pairs; what is text is said."""
    pairs = [option if isinstance(option, tuple) else (option, option) for option in options]
    said = [(say(text) if isinstance(text, str) else str(text), of) for text, of in pairs]
    if all(text == str(of) for text, of in said):
        said = [of for _, of in said]  # then a reader of the widget sees the values themselves
    return widgets.Dropdown(options=said, value=value, **_looks(label, None, ""))


def toggle(label, value=False):
    """A tick box."""
    layout = widgets.Layout(flex="0 1 auto", width="auto", margin="2px 16px")
    return widgets.Checkbox(value=value, description=say(label), indent=False, layout=layout)


def _looks(label, quantity, tip):
    looks = {
        "description": say(label),
        "style": {"description_width": "165px"},
        "layout": widgets.Layout(flex="1 1 380px", max_width="470px", margin="1px 8px 1px 0"),
    }
    if quantity:
        looks["style"]["handle_color"] = COLOURS[quantity]
    if tip:
        looks["tooltip"] = tip
    return looks
