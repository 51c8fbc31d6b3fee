"""The one file that knows matplotlib's SVG from the inside; its bounds are tested.

A figure is drawn in two parts: what stands still, once, by `savefig`, and what moves, on every
change, by matplotlib's own SVG renderer. Both are strings to be laid over each other.
"""

import base64
import contextlib
import io
from functools import lru_cache
from typing import ClassVar

import matplotlib
import numpy as np
from matplotlib import _path
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
from matplotlib.colors import to_rgba
from matplotlib.path import Path
from matplotlib.transforms import Affine2D, IdentityTransform

from .style import RC


def still(figure, moving, salt) -> str:
    """The figure without its moving artists, as the source of an <img>: an SVG in base64.

    salt: text that keeps the ids of two figures on a page apart.
    """
    canvas = _Canvas(figure)
    visible = [artist.get_visible() for artist in moving]
    for artist in moving:
        artist.set_visible(False)
    out = io.StringIO()
    width, height = figure.get_size_inches() * 72
    try:
        with matplotlib.rc_context({**RC, "svg.fonttype": "path", "svg.hashsalt": salt}):
            renderer = canvas.renderer = _Background(width, height, out, metadata=_NO_METADATA)
            with renderer._draw_disabled():  # type: ignore[attr-defined]
                figure.draw(renderer)  # each time the axes come nearer to their places
            figure.draw(renderer)
            renderer.finalize()
    finally:
        for artist, was in zip(moving, visible, strict=True):
            artist.set_visible(was)
    figure.set_layout_engine("none")  # laid out once: axes stay where they are
    return "data:image/svg+xml;base64," + base64.b64encode(out.getvalue().encode()).decode()


def moving(figure, artists, salt) -> str:
    """The artists alone as an <svg> of the figure's size."""
    out = io.StringIO()
    width, height = figure.get_size_inches() * 72
    with _settings({**RC, "svg.fonttype": "none", "svg.hashsalt": salt}):
        renderer = _Overlay(width, height, out, metadata=_NO_METADATA)
        for artist in artists:
            artist.draw(renderer)
        renderer.finalize()
    svg = out.getvalue()
    return svg[svg.index("<svg") :]


def on_a_page(svg, attributes) -> str:
    """An <svg> of `moving` for a page: without matplotlib's style rule, which is for all of it."""
    size = svg[svg.index("viewBox=") :].split('"')[1]
    body = svg[svg.index("</defs>") + len("</defs>") :]  # what follows opening tag and style
    return (
        f'<svg viewBox="{size}" {attributes}'
        f' style="display:block;width:100%;height:auto;{_SVG_STYLE}">{body}'
    )


_CHINESE = "\u2e80"  # where that part of Unicode begins; Greek, arrows, dashes lie below
_NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))


# Matplotlib writes this as a rule for "*", which would style, and restyle, the whole page.
_SVG_STYLE = "stroke-linejoin:round;stroke-linecap:butt"


@lru_cache(4096)
def _measured(measure, text, prop, ismath):
    return measure(text, prop, ismath)


class _Measured(RendererSVG):
    """Matplotlib's SVG, each text measured once and not once a picture."""

    def get_text_width_height_descent(self, s, prop, ismath):
        measure = self._text2path.get_text_width_height_descent
        return _measured(measure, s, prop, ismath)  # prop is a copy: nobody changes it


class _Canvas(FigureCanvasSVG):
    """A canvas whose letters are measured by the renderer that draws them."""

    renderer: RendererSVG

    def get_renderer(self):
        return self.renderer


class _Background(_Measured):
    """Matplotlib's SVG: letters as outlines, alike everywhere; Chinese as text.

    Python's fonts mostly have no Chinese letters, a reader's browser has.
    """

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        with _settings({"svg.fonttype": "path" if max(s, default="") < _CHINESE else "none"}):
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)


class _Overlay(_Measured):
    """Matplotlib's SVG with short paths and without a single id.

    Paths go to a hundredth of a pixel: half as much to send and read. An id is one thing on a
    page, and a picture may be on it twice ("Create New View for Output"), so what matplotlib
    writes once and refers to is written where it stands: a clip is an <svg> in the <svg>.
    """

    _COMMANDS: ClassVar = [b"M", b"L", b"Q", b"C", b"z"]

    def open_group(self, s, gid=None):
        self.writer.start("g")

    def _convert_path(self, path, transform=None, clip=None, simplify=None, sketch=None):
        # As the method replaced, which writes six places: to cut them off takes as long again.
        clip = (0.0, 0.0, self.width, self.height) if clip else None
        return _path.convert_to_string(
            path, transform, clip, simplify, sketch, 2, self._COMMANDS, False
        ).decode("ascii")

    def _get_clip_attrs(self, gc):
        return {}  # `_inside` clips

    @contextlib.contextmanager
    def _inside(self, gc):
        """What is drawn meanwhile is cut off at the artist's clip rectangle."""
        box = gc.get_clip_rectangle()
        if box is None:
            yield
            return
        x, y, width, height = box.bounds
        x, y, width, height = (f"{v:.2f}" for v in (x, self.height - y - height, width, height))
        view = f"{x} {y} {width} {height}"
        self.writer.start("svg", x=x, y=y, width=width, height=height, viewBox=view)
        yield
        self.writer.end("svg")

    def draw_path(self, gc, path, transform, rgbFace=None):
        with self._inside(gc):
            super().draw_path(gc, path, transform, rgbFace)

    draw_path_collection = RendererBase.draw_path_collection  # path by path

    def draw_image(self, gc, x, y, im, transform=None):
        with self._inside(gc):
            super().draw_image(gc, x, y, im, transform)

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        with self._inside(gc):
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)

    def draw_markers(self, gc, marker_path, marker_trans, path, trans, rgbFace=None):
        """Full opaque dots as one path of points with round ends, others one by one."""
        places = trans.transform(path.vertices)
        places = places[np.isfinite(places).all(axis=1)]
        edge = gc.get_linewidth() if to_rgba(gc.get_rgb())[3] else 0
        plain = rgbFace is not None and (not edge or to_rgba(gc.get_rgb()) == to_rgba(rgbFace))
        if marker_path is not Path.unit_circle() or not plain or to_rgba(rgbFace)[3] < 1:
            shape = self._convert_path(marker_path, marker_trans + Affine2D().scale(1, -1))
            style = self._get_style(gc, rgbFace)
            with self._inside(gc):
                for x, y in places:
                    at = f"translate({x:.2f},{self.height - y:.2f})"
                    self.writer.element("path", d=shape, transform=at, style=style)
            return
        dots = self.new_gc()
        dots.copy_properties(gc)
        dots.set_foreground(rgbFace)
        dots.set_linewidth(2 * marker_trans.transform((1, 0))[0] + edge)
        dots.set_capstyle("round")
        ends = np.repeat(places, 2, axis=0)
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
