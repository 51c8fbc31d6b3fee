"""Notebooks from 05 on as a reader meets them, single views, and whether `reader.py` would see."""

import json
import time

import pytest
from reader import (
    NOTEBOOKS,
    barriers,
    every_slider_answers,
    explorers,
    in_a_browser,
    move_and_compare,
    opened,
    shortened,
    until_caption,
)

from lstm_inside import EXPLORERS
from lstm_inside.simulation import explorers as simulation
from lstm_inside.simulation import sketch
from tools import lab

pytestmark = in_a_browser


@pytest.mark.parametrize("name", [path.name for path in NOTEBOOKS if path.name > "05"])
def test_every_slider_answers_to_keyboard_and_mouse(page, served, name):
    every_slider_answers(page, served, name)


def test_a_reader_stops_and_continues_the_live_training(page, served):
    opened(page, served, "live.ipynb")
    view = page.locator(".lstm-live").first
    view.scroll_into_view_if_needed()
    view.locator("button:has-text('Train')").click()
    page.wait_for_function(
        "() => /^step [1-9]\\d* of 20000/m.test(document.querySelector('.lstm-live').innerText)"
    )
    began = time.perf_counter()
    view.locator("button:has-text('Stop')").click()
    page.wait_for_function(
        "() => /stopped at step/.test(document.querySelector('.lstm-live').innerText)"
    )
    assert time.perf_counter() - began < 2  # a second, and the browser's own slowness
    assert "nothing is lost" in view.inner_text()
    before = view.locator(".lstm-caption").inner_text()
    view.locator("button:has-text('Continue')").click()
    page.wait_for_function(
        "before => document.querySelector('.lstm-live .lstm-caption').innerText !== before",
        arg=before,
    )


def test_an_explorer_that_was_given_a_model_answers(page, served):
    """Those of the notebook's own model have no twin here; this one is given the sketch."""
    opened(page, served, "given.ipynb")
    twin = simulation.temperature_explorer(sketch())
    for n, key in enumerate(twin.controls):
        page.locator(".lstm-trained .noUi-handle").nth(n).focus()
        page.keyboard.press("ArrowRight")
        twin.controls[key].value += twin.controls[key].step
        until_caption(page, page.locator(".lstm-trained").first, twin.caption)
    twin.close()


def test_a_picture_without_words_would_be_found(page, served):
    opened(page, served, "put_back.ipynb")
    page.evaluate("document.querySelector('.lstm-explorer svg').removeAttribute('aria-label')")
    assert any(found.startswith("svg-img-alt") for found in barriers(page))


def test_without_the_observer_these_tests_would_fail(page, served):
    opened(page, served, "deaf.ipynb")
    ((explorer, box),) = explorers(page)
    with pytest.raises(AssertionError, match="was moved and the picture stayed"):
        move_and_compare(page, box, explorer)


def test_what_a_cell_put_back_stays_put_back(page, served):
    """The browser's reports of values set on the way wait until all cells have run."""
    opened(page, served, "put_back.ipynb")
    page.wait_for_timeout(2_000)  # nothing to wait for: the fault is what comes late
    ((name, box),) = explorers(page)
    twin = EXPLORERS[name]()
    until_caption(page, box, twin.caption)
    shown = [r.inner_text() for r in box.locator(".widget-readout").all()]
    sliders = [c for c in twin.controls.values() if hasattr(c, "readout_format")]
    wanted = [format(slider.value, slider.readout_format) for slider in sliders]
    twin.close()
    assert shown == wanted


def test_opened_without_running_the_pictures_show(page, served):
    lab.open_notebook(page, *served, "03_gates.ipynb")
    path = lab.NOTEBOOKS / "03_gates.ipynb"
    kept = shortened(path.name, json.loads(path.read_text(encoding="utf-8")))["cells"]
    outputs = [output for cell in kept for output in cell.get("outputs", ())]
    stored = sum("image/png" in output.get("data", {}) for output in outputs)
    assert stored >= 5
    shown = "i => i.complete && i.naturalWidth > 300"
    page.wait_for_function(
        f"""count => {{
            const pictures = [...document.querySelectorAll('.jp-OutputArea-output img')];
            return pictures.length === count && pictures.every({shown});
        }}""",
        arg=stored,
    )
    assert page.get_by_text("Error displaying widget").count() == 0
