"""The series in motion: one slider of a real explorer, moved from end to end.

`python tools/moving_picture.py` writes docs/moving.webp, which README shows; the site's front
page shows the same pictures under a slider.
"""

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from lstm_inside import EXPLORERS

NAME, CONTROL, LABEL = "sequence", "b_f", "forget gate's bias: add"
VALUES = np.linspace(-2, 6, 21)
START = 7  # the place in VALUES that is shown before anybody moves
INVITATION = (
    "Move the forget gate. The higher its bias, the more of each cell is kept from step to step, "
    "and the further back the gradient reaches."
)
FILE = Path(__file__).parent.parent / "docs" / "moving.webp"


class Move(NamedTuple):
    """One position of the slider: its value in words, the caption there, the picture as WebP."""

    value: str
    caption: str
    webp: bytes


def moves() -> list[Move]:
    """A Move for every value of VALUES."""
    explorer = EXPLORERS[NAME]()
    try:
        shown = []
        for value in VALUES:
            explorer.set(**{CONTROL: round(float(value), 2)})
            webp = io.BytesIO()
            Image.open(io.BytesIO(explorer.figure.png())).save(webp, "webp", lossless=True)
            shown.append(Move(f"{value:+.2f}", explorer.caption, webp.getvalue()))
        return shown
    finally:
        explorer.close()


def main():
    """Write the pictures to and fro into one animated file."""
    pictures = [Image.open(io.BytesIO(move.webp)).convert("RGB") for move in moves()]
    size = (760, round(760 * pictures[0].height / pictures[0].width))
    pictures = [picture.resize(size, Image.Resampling.LANCZOS) for picture in pictures]
    first, *others = pictures + pictures[-2:0:-1]
    first.save(FILE, save_all=True, append_images=others, duration=120, loop=0, quality=50)
    print(f"{FILE.name}: {FILE.stat().st_size / 1000:.0f} kB, {len(others) + 1} pictures")


if __name__ == "__main__":
    main()
