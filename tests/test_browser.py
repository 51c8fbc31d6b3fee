"""Notebooks 00 to 04 as a reader meets them; `reader.py` says how."""

import pytest
from reader import NOTEBOOKS, every_slider_answers, in_a_browser

pytestmark = in_a_browser


@pytest.mark.parametrize("name", [path.name for path in NOTEBOOKS if path.name < "05"])
def test_every_slider_answers_to_keyboard_and_mouse(page, served, name):
    every_slider_answers(page, served, name)
