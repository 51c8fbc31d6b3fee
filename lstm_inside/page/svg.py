"""The one file that knows matplotlib's SVG from the inside; its bounds are tested.

A figure is drawn in two parts: what stands still, once, by `savefig`, and what moves, on every
change, by matplotlib's own SVG renderer. Both are strings to be laid over each other.
"""

import base64
import contextlib
import io
from typing import ClassVar

import matplotlib
import numpy as np
from matplotlib import _path
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.colors import to_rgba
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform

from .style import RC


def still(figure, moving, salt) -> str:
    """The figure without its moving artists, as the source of an <img>: an SVG in base64.

    salt: text that keeps the ids of two figures on a page apart.
    """
    visible = [artist.get_visible() for artist in moving]
    for artist in moving:
        artist.set_visible(False)
    out = io.BytesIO()
    try:
        with matplotlib.rc_context({**RC, "svg.fonttype": "path", "svg.hashsalt": salt}):
            figure.savefig(out, format="svg", metadata={"Date": None})
    finally:
        for artist, was in zip(moving, visible, strict=True):
            artist.set_visible(was)
    figure.set_layout_engine("none")  # laid out once: axes stay where they are
    return "data:image/svg+xml;base64," + base64.b64encode(out.getvalue()).decode()


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


def on_a_page(svg, prefix, attributes) -> str:
    """An <svg> of `moving` for a page: ids with a prefix, and no style rule for the whole page."""
    size = svg[svg.index("viewBox=") :].split('"')[1]
    body = svg[svg.index("</defs>") + len("</defs>") :]  # what follows opening tag and style
    for use in (' id="', "url(#", 'href="#'):
        body = body.replace(use, use + prefix)
    return (
        f'<svg viewBox="{size}" {attributes}'
        f' style="display:block;width:100%;height:auto;{_SVG_STYLE}">{body}'
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
