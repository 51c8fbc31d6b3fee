"""The explorer engine: sliders to picture in a few milliseconds of kernel time.

An explorer's author writes three things: a figure, the artists in it that move, and one
function from the controls' values to the artists' data. All else is done here. The figure
is drawn once without its moving artists: that is the still background. On every change
only the moving artists are drawn, by matplotlib's own SVG renderer, and laid over it.
"""

import base64
import contextlib
import html
import io
import itertools
import sys
import traceback
from collections.abc import Callable
from typing import ClassVar

import ipywidgets as widgets
import matplotlib
import numpy as np
import traitlets
from matplotlib import _path
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.colors import to_hex, to_rgba
from matplotlib.image import AxesImage
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform
from PIL import Image

from .style import COLOURS, RC, Picture

WORDS = {
    "reset": "Reset",
    "reset_tip": "Put every control back to where it started",
    "play_tip": "Let time run",
    "failed": "This setting could not be drawn; the picture still shows the one before it.",
}

# ---------------------------------------------------------------- controls


class _Slider(widgets.FloatSlider):
    """A FloatSlider that does not take its own values back from the browser.

    Set to 4 from Python, the browser's slider snaps to 4.000000000000002 and reports that. The
    report waits behind all cells that are still to run, and by then Python may have set another
    value; it must not win. Reports come in order: one that the reader made ends the waiting.
    """

    _SAME = 1e-9
    # Without `echo_update` ipywidgets would send every value back: a message more, and no use.
    value = traitlets.CFloat(0.0).tag(sync=True, echo_update=False)

    def __init__(self, **settings):
        self._set_here = []  # values set by Python whose echo may still come, oldest first
        self._told = False  # while a report of the browser is taken over
        super().__init__(**settings)
        self.observe(self._remember, names="value")

    def _remember(self, change):
        if not self._told:
            self._set_here = [*self._set_here[-99:], change.new]

    def set_state(self, sync_data):
        reported = sync_data.get("value")
        if reported is None or not self._echoes(reported):
            self._set_here.clear()
            self._told = True
            try:
                super().set_state(sync_data)
            finally:
                self._told = False

    def _echoes(self, reported):
        """Whether a report is a value of Python's on its way back; if so the browser is told."""
        if abs(reported - self.value) < self._SAME:
            return True
        for n, value in enumerate(self._set_here):
            if value != reported and abs(value - reported) < self._SAME:
                del self._set_here[: n + 1]
                self.send_state("value")
                return True
        return False


class _Whole(widgets.IntSlider):
    """An IntSlider whose values are not sent back to the browser they came from."""

    value = traitlets.CInt(0).tag(sync=True, echo_update=False)


class _Player(widgets.Play):
    """A Play button that is not told again where the slider, linked to it, was moved."""

    value = traitlets.CInt(0).tag(sync=True, echo_update=False)


def slider(label, low, high, step, value, *, quantity=None, tip="", digits=2):
    """A slider over real numbers; `quantity` ("f", "c", ...) gives it that colour."""
    return _Slider(
        value=value, min=low, max=high, step=step, readout_format=f".{digits}f",
        **_looks(label, quantity, tip),
    )  # fmt: skip


def whole(label, low, high, value, *, quantity=None, tip="", step=1):
    """A slider over whole numbers."""
    return _Whole(value=value, min=low, max=high, step=step, **_looks(label, quantity, tip))


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


# ---------------------------------------------------------------- a heatmap that moves cheaply


class Pixels(AxesImage):
    """An `imshow` whose SVG is a PNG of one pixel a value, enlarged by the browser."""

    @classmethod
    def on(cls, ax, data, *, cmap, vmin, vmax):
        """Put data (rows, columns) on ax; cell centres stand at whole numbers."""
        data = np.asarray(data)
        image = cls(ax, cmap=cmap, origin="lower", interpolation="nearest")
        image.set_data(data)
        image.set_clim(vmin, vmax)
        rows, columns = data.shape
        image.set_extent((-0.5, columns - 0.5, -0.5, rows - 0.5))
        ax.add_image(image)
        ax.set(xlim=(-0.5, columns - 0.5), ylim=(-0.5, rows - 0.5))
        ax.grid(False)
        return image

    def draw(self, renderer):
        if not isinstance(renderer, RendererSVG):
            super().draw(renderer)
            return
        if not self.get_visible():
            return
        rgba = (self.cmap(self.norm(self._A)) * 255).round().astype(np.uint8)
        png = io.BytesIO()
        Image.fromarray(rgba[::-1]).save(png, format="png", compress_level=1)
        left, right, bottom, top = self.get_extent()
        (x0, y0), (x1, y1) = self.axes.transData.transform([(left, bottom), (right, top)])
        renderer.writer.element(
            "image",
            x=f"{x0:.2f}",
            y=f"{renderer.height - y1:.2f}",
            width=f"{x1 - x0:.2f}",
            height=f"{y1 - y0:.2f}",
            preserveAspectRatio="none",
            style="image-rendering: pixelated",
            href="data:image/png;base64," + base64.b64encode(png.getvalue()).decode(),
        )


class Words(Text):
    """A line of text, centred on its height, whose SVG is written without measuring it first.

    The browser aligns it: with forty numbers in motion that saves two thirds of the time.
    Plain text only, no mathtext.
    """

    _ANCHORS: ClassVar = {"center": "middle", "left": "start", "right": "end"}
    _FONTS = "'DejaVu Sans', Verdana, sans-serif"
    _BASELINE = 0.36  # of the first line, below the anchor, in font sizes

    def __init__(self, ax, x, y, *, ha="center", va="center", **looks):
        super().__init__(x, y, "", ha=ha, va=va, parse_math=False, **looks)
        ax.add_artist(self)
        self.set_clip_on(False)

    def draw(self, renderer):
        if not isinstance(renderer, RendererSVG):
            super().draw(renderer)
            return
        if not (self.get_visible() and self.get_text()):
            return
        x, y = self.get_transform().transform(self.get_unitless_position())
        size = self.get_fontsize()
        for n, line in enumerate(self.get_text().split("\n")):
            if not line.strip():
                continue
            renderer.writer.element(
                "text",
                line,
                x=f"{x:.2f}",
                y=f"{renderer.height - y + (self._BASELINE + n * _LINE) * size:.2f}",
                style=f"font: {self.get_weight()} {size:g}px {self._FONTS}; white-space: pre; "
                f"text-anchor: {self._ANCHORS[self.get_ha()]}; fill: {to_hex(self.get_color())}",
            )


_LINE = 1.28  # from one line's foot to the next, in font sizes


class Lines(Words):
    """Lines of text in letters of one width, from their top left corner on; see `Words`."""

    _FONTS = "'DejaVu Sans Mono', monospace"
    _BASELINE = 0.93

    def __init__(self, ax, x, y, **looks):
        super().__init__(ax, x, y, ha="left", va="top", family="DejaVu Sans Mono",
                         linespacing=_LINE, **looks)  # fmt: skip


# ---------------------------------------------------------------- the explorer


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
    redraw_on: names of controls whose change alters what stands still (slow: about 150 ms).

    An exception inside `update` is shown under the picture; the explorer lives on.
    """

    _count = itertools.count(1)

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
    ):
        self.name, self.figure, self.controls = name, figure, controls
        self.values, self.frame, self.caption = {}, b"", ""
        self._update, self._describe, self._redraw_on = update, describe, redraw_on
        self._moving = sorted(moving, key=lambda artist: artist.get_zorder())
        self._start = {key: control.value for key, control in controls.items()}
        self._waiting = None  # names of changed controls while changes are held together
        self._prefix = f"e{next(self._count)}-"  # keeps ids of two explorers on a page apart

        width = figure.get_figwidth() * 72
        self._still, self._over = (
            widgets.HTML(
                layout=widgets.Layout(
                    grid_area="1/1/2/2", width="100%", margin="0", align_self="flex-start"
                )
            )
            for _ in range(2)
        )
        stage = widgets.GridBox(
            [self._still, self._over],
            layout=widgets.Layout(width="100%", max_width=f"{width:.0f}px", overflow="hidden"),
        )
        panel = widgets.Box(
            [*controls.values(), widgets.HBox(self._buttons(play, interval))],
            layout=widgets.Layout(
                display="flex", flex_flow="row wrap", width="100%", max_width=f"{width:.0f}px"
            ),
        )
        super().__init__([panel, stage], layout=widgets.Layout(margin="4px 0"))
        self.add_class("lstm-explorer").add_class(f"lstm-explorer-{name}")

        self._refresh()
        self._draw_still()
        self._draw_moving()
        for key, control in controls.items():
            control.observe(lambda change, key=key: self._changed(key), names="value")

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
        player = _Player(
            value=moved.value, min=moved.min, max=moved.max, step=moved.step, interval=interval,
            tooltip=WORDS["play_tip"],
        )  # fmt: skip
        # Linked in the browser, where messages are coalesced: time never runs ahead.
        self._link = widgets.jslink((player, "value"), (moved, "value"))
        return [player, reset]

    # ------------------------------------------------------------ what a notebook calls

    def reset(self):
        """Put every control back to where it started."""
        self.set(**self._start)

    def set(self, **settings):
        """Set several controls and draw once."""
        with self._together():
            for key, value in settings.items():
                self.controls[key].value = value

    def close(self):
        """Let go of the figure and of every widget."""
        if self.figure is None or sys.is_finalizing():  # ipywidgets closes at shutdown too
            return
        for control in self.controls.values():
            control.unobserve_all("value")
        for part in _parts(self):
            if part is not self:
                part.close()
        if hasattr(self, "_link"):
            self._link.close()
        super().close()
        self.figure.clear()
        self.figure, self._moving, self._update = None, [], None

    def _repr_mimebundle_(self, **kwargs):
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

    def _changed(self, key):
        if self._waiting is None:
            self._show({key})
        else:
            self._waiting.add(key)

    def _show(self, changed):
        try:
            self._refresh()
            if changed & set(self._redraw_on):
                self._draw_still()
            self._draw_moving()
        except Exception as error:  # whatever it is, the reader keeps a live explorer
            self._over.value = self._stack(self.frame, _in_words(error), failed=True)

    def _refresh(self):
        settings = {key: control.value for key, control in self.controls.items()}
        self.values = self._update(**settings)
        self.caption = self._describe(self.values)
        self.figure.alt = self.caption

    def _draw_still(self):
        visible = [artist.get_visible() for artist in self._moving]
        for artist in self._moving:
            artist.set_visible(False)
        out = io.BytesIO()
        try:
            with matplotlib.rc_context({**RC, "svg.fonttype": "path", "svg.hashsalt": self.name}):
                self.figure.savefig(out, format="svg", metadata={"Date": None})
        finally:
            for artist, was in zip(self._moving, visible, strict=True):
                artist.set_visible(was)
        self.figure.set_layout_engine("none")  # laid out once: axes stay where they are
        source = base64.b64encode(out.getvalue()).decode()
        self._still.value = (
            f'<img alt="" src="data:image/svg+xml;base64,{source}"'
            ' style="display:block;width:100%;background:white;border-radius:6px">'
        )

    def _draw_moving(self):
        out = io.StringIO()
        width, height = self.figure.get_size_inches() * 72
        with _settings({**RC, "svg.fonttype": "none", "svg.hashsalt": self.name}):
            renderer = _Overlay(width, height, out, metadata=_NO_METADATA)
            for artist in self._moving:
                artist.draw(renderer)
            renderer.finalize()
        svg = out.getvalue()
        self.frame = svg[svg.index("<svg") :].encode()
        self._over.value = self._stack(self.frame, self.caption)

    def _stack(self, frame, words, failed=False):
        """The moving part with its caption (or what went wrong) below it, as HTML."""
        width, height = self.figure.get_size_inches() * 72
        svg = frame.decode()
        svg = svg[svg.index("</defs>") + len("</defs>") :]  # what follows opening tag and style
        for use in (' id="', "url(#", 'href="#'):
            svg = svg.replace(use, use + self._prefix)
        label = html.escape(self.caption, quote=True)
        svg = (
            f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{label}"'
            f' style="display:block;width:100%;height:auto;{_SVG_STYLE}">{svg}'
        )
        role = 'role="alert"' if failed else ""
        edge = "border-left:4px solid #D55E00;padding-left:8px;" if failed else ""
        return (
            f'<div style="contain:content">{svg}<div class="lstm-caption" {role}'
            f' style="{edge}line-height:1.45;padding-top:6px;white-space:pre-line">'
            f"{html.escape(words)}</div></div>"
        )


_NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))


# Matplotlib writes this as a rule for "*", which would style, and restyle, the whole page.
_SVG_STYLE = "stroke-linejoin:round;stroke-linecap:butt"


class _Overlay(RendererSVG):
    """Matplotlib's SVG with paths to a hundredth of a pixel: half as much to send and read."""

    _COMMANDS: ClassVar = [b"M", b"L", b"Q", b"C", b"z"]

    def _convert_path(self, path, transform=None, clip=None, simplify=None, sketch=None):
        # As the method replaced, which writes six places: to cut them off takes as long again.
        clip = (0.0, 0.0, self.width, self.height) if clip else None
        return _path.convert_to_string(
            path, transform, clip, simplify, sketch, 2, self._COMMANDS, False
        ).decode("ascii")

    def draw_markers(self, gc, marker_path, marker_trans, path, trans, rgbFace=None):
        """Full opaque dots as one path of points with round ends, not an element for each."""
        edge = gc.get_linewidth() if to_rgba(gc.get_rgb())[3] else 0
        plain = rgbFace is not None and (not edge or to_rgba(gc.get_rgb()) == to_rgba(rgbFace))
        if marker_path is not Path.unit_circle() or not plain or to_rgba(rgbFace)[3] < 1:
            super().draw_markers(gc, marker_path, marker_trans, path, trans, rgbFace)
            return
        dots = self.new_gc()
        dots.copy_properties(gc)
        dots.set_foreground(rgbFace)
        dots.set_linewidth(2 * marker_trans.transform((1, 0))[0] + edge)
        dots.set_capstyle("round")
        places = trans.transform(path.vertices)
        ends = np.repeat(places[np.isfinite(places).all(axis=1)], 2, axis=0)
        ends[1::2, 0] += 0.02  # matplotlib leaves out lines without any length
        codes = np.tile([Path.MOVETO, Path.LINETO], len(ends) // 2)
        self.draw_path(dots, Path(ends, codes), IdentityTransform())


@contextlib.contextmanager
def _settings(settings):
    """`rc_context` without its two copies of all of matplotlib's settings."""
    before = {key: matplotlib.rcParams[key] for key in settings}
    try:
        matplotlib.rcParams.update(settings)
        yield
    finally:
        matplotlib.rcParams.update(before)


def _parts(widget):
    """The widget and everything below it, with layouts and styles."""
    for child in getattr(widget, "children", ()):
        yield from _parts(child)
    for trait in ("layout", "style"):
        if (part := getattr(widget, trait, None)) is not None:
            yield part
    yield widget


def _in_words(error):
    last = traceback.extract_tb(error.__traceback__)[-1]
    return (
        f"{WORDS['failed']}\n{type(error).__name__}: {error} (in {last.name}, line {last.lineno})"
    )
