"""Artists that move cheaply: a heatmap as a picture of one pixel a value, and unmeasured text."""

import base64
import io
from typing import ClassVar

import numpy as np
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.colors import to_hex
from matplotlib.image import AxesImage
from matplotlib.text import Text
from PIL import Image


def strokes(x, low, high, across=0):
    """Strokes at each x (N,) from low to high as one broken line: its x and y, (3 N,) each.

    low, high: (N,) or one number. across: how far to the right a stroke ends.
    """
    x = np.asarray(x, dtype=float)
    gap = np.full(len(x), np.nan)
    low, high = (np.broadcast_to(y, x.shape) for y in (low, high))
    ends = (x, x + across, gap), (low, high, gap)
    return tuple(np.stack(parts, axis=1).ravel() for parts in ends)


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
