"""What a reader moves: sliders, lists and tick boxes that look and answer alike."""

import ipywidgets as widgets
import traitlets

from .style import COLOURS


class Slider(widgets.FloatSlider):
    """A FloatSlider that does not take its own values back from the browser.

    Set to 4 from Python, the browser's slider snaps to 4.000000000000002 and reports that. The
    report waits behind all cells that are still to run, and by then Python may have set another
    value; it must not win. Reports come in order: one that the reader made ends the waiting.

    Every report is answered with an `echo_update`, taken over or not: it moves the slider in
    another tab that shows it, and without it the tab that reported hears no more of other tabs.
    """

    _SAME = 1e-9

    def __init__(self, **settings):
        self._echoes_due = []  # values set by Python whose echo may still come, oldest first
        self._from_browser = False  # while a report of the browser is taken over
        super().__init__(**settings)
        self.observe(self._remember, names="value")

    def _remember(self, change):
        if not self._from_browser:
            self._echoes_due = [*self._echoes_due[-99:], change.new]

    def set_state(self, sync_data):
        reported = sync_data.get("value")
        if reported is not None and self._is_due(reported):
            echo = {"method": "echo_update", "state": {"value": reported}, "buffer_paths": []}
            self.comm.send(echo)
            if abs(reported - self.value) >= self._SAME:
                self.send_state("value")
            return
        self._echoes_due.clear()
        self._from_browser = True
        try:
            super().set_state(sync_data)
        finally:
            self._from_browser = False

    def _is_due(self, reported):
        """Whether a report is a value of Python's on its way back."""
        if abs(reported - self.value) < self._SAME:
            return True
        for n, value in enumerate(self._echoes_due):
            if value != reported and abs(value - reported) < self._SAME:
                del self._echoes_due[: n + 1]
                return True
        return False


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
    """A drop-down list; `options` are strings or (text, value) pairs."""
    return widgets.Dropdown(options=options, value=value, **_looks(label, None, ""))


def toggle(label, value=False):
    """A tick box."""
    layout = widgets.Layout(flex="0 1 auto", width="auto", margin="2px 16px")
    return widgets.Checkbox(value=value, description=label, indent=False, layout=layout)


def _looks(label, quantity, tip):
    looks = {
        "description": label,
        "style": {"description_width": "165px"},
        "layout": widgets.Layout(flex="1 1 380px", max_width="470px", margin="1px 8px 1px 0"),
    }
    if quantity:
        looks["style"]["handle_color"] = COLOURS[quantity]
    if tip:
        looks["tooltip"] = tip
    return looks
