"""The series' colours: told apart by everybody, and seen on the white card."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from lstm_inside.page.style import (
    CANDIDATE_LINE,
    CELL_LINE,
    FORGET,
    GRADIENT,
    HIDDEN_LINE,
    INPUT,
    OUTPUT,
    SIGNAL,
    SIGNED,
)

# Full dichromacy in linear RGB: Machado, Oliveira & Fernandes 2009, table for severity 1.
EYES = {
    "usual": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
TOGETHER = {  # lines that share a panel
    "gates": (FORGET, INPUT, CANDIDATE_LINE, OUTPUT),
    "memory": (CELL_LINE, HIDDEN_LINE, SIGNAL, GRADIENT),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)  # fmt: skip


def linear(colour):
    """The light of an sRGB colour, (3,) in 0..1."""
    c = np.array(to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(light):
    """CIE L*a*b* of a light, white point D65: distances in it are about what the eye sees."""
    t = TO_XYZ @ light / (TO_XYZ @ np.ones(3))
    x, y, z = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def seen(colour, eye):
    return lab(np.clip(np.array(EYES[eye]) @ linear(colour), 0, 1))


def contrast_on_white(colour):
    """WCAG 2 contrast ratio; 3 is what graphical objects need."""
    return 1.05 / (linear(colour) @ TO_XYZ[1] + 0.05)


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize("panel", TOGETHER)
def test_lines_of_a_panel_are_told_apart(panel, eye):
    for one, other in itertools.combinations(TOGETHER[panel], 2):
        assert np.linalg.norm(seen(one, eye) - seen(other, eye)) > 14, (one, other)


def test_lines_stand_out_from_the_card():
    for colour in itertools.chain(*TOGETHER.values()):
        assert contrast_on_white(colour) > 3, colour


@pytest.mark.parametrize("eye", EYES)
def test_the_two_signs_of_a_map_are_told_apart(eye):
    below, above = (seen(SIGNED(x)[:3], eye) for x in (0.2, 0.8))
    assert np.linalg.norm(below - above) > 40


def test_the_distance_would_notice_red_beside_green():
    red, green = (seen(c, "deuteranopia") for c in ("#c05000", "#7a8000"))
    assert np.linalg.norm(red - green) < 14
