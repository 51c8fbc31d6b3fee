"""Screen reader, keyboard, narrow window, lecture room: what the page does for each."""

import pytest
from reader import barriers, crowded, in_a_browser, opened

pytestmark = in_a_browser
BOXES = ".lstm-explorer, .lstm-live"


@pytest.fixture(scope="module")
def opened_once(page, served):
    page.set_viewport_size({"width": 1400, "height": 900})
    opened(page, served, "shapes.ipynb")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.noUi-handle')]"
        ".every(handle => handle.getAttribute('aria-label'))"
    )
    return page


@pytest.fixture
def shapes(opened_once):
    opened_once.set_viewport_size({"width": 1400, "height": 900})
    return opened_once


def test_handles_and_play_buttons_have_a_name_and_the_value_that_is_read(shapes):
    sliders = shapes.locator(".lstm-panel .widget-slider")
    assert sliders.count() > 15
    for slider in sliders.all():
        handle = slider.locator(".noUi-handle")
        handle.focus()
        for _ in range(3):  # by steps of 0.1 a plain slider comes to 0.30000000000000004
            shapes.keyboard.press("ArrowRight")
        label, shown = (
            slider.locator(f".widget-{part}").inner_text() for part in ("label", "readout")
        )
        shapes.wait_for_function(
            "([handle, shown]) => handle.ariaValueText === shown",
            arg=[handle.element_handle(), shown],
            timeout=10_000,
        )
        assert handle.get_attribute("aria-label") == label
        assert handle.evaluate("handle => getComputedStyle(handle).outlineWidth") == "3px"
    names = [
        button.get_attribute("aria-label") for button in shapes.locator(".widget-play button").all()
    ]
    assert names == ["Play", "Stop", "Repeat"]
    assert not barriers(shapes)


@pytest.mark.parametrize("width", [1000, 1100, 1400])
def test_a_sliders_number_stands_in_its_line_and_no_label_is_cut(shapes, width):
    shapes.set_viewport_size({"width": width, "height": 900})
    shapes.wait_for_timeout(500)  # the panel follows the window
    assert not crowded(shapes)


@pytest.mark.parametrize("width", [640, 850])
def test_where_there_is_little_room_every_slider_has_a_track_and_buttons_whole_words(shapes, width):
    shapes.set_viewport_size({"width": width, "height": 1080})
    shapes.wait_for_function(
        "width => document.querySelector('.lstm-panel').getBoundingClientRect().right <= width",
        arg=width,
    )
    tracks = shapes.locator(".lstm-panel .slider-container").evaluate_all(
        "all => all.map(track => track.getBoundingClientRect().width)"
    )
    assert min(tracks) >= 120, tracks
    cut = shapes.locator(".lstm-panel .jupyter-button").evaluate_all(
        "all => all.filter(button => button.scrollWidth > button.clientWidth + 1).map(b => b.innerText)"
    )
    assert not cut
    for box in shapes.locator(BOXES).all():
        inner, outer = (box.evaluate(f"box => box.{side}Width") for side in ("scroll", "client"))
        assert inner <= outer + 1


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1366, 650)])
def test_one_button_fills_the_window_and_gives_it_back(shapes, width, height):
    shapes.set_viewport_size({"width": width, "height": height})
    for box in shapes.locator(BOXES).all():
        size = "box => [box.querySelector('svg').getBoundingClientRect().width, " \
               "parseFloat(getComputedStyle(box.querySelector('.widget-label')).fontSize)]"  # fmt: skip
        before = box.evaluate(size)
        for larger in (True, False):
            box.locator("button:has(.fa-arrows-alt)").click()
            shapes.wait_for_function(
                "([box, wide]) => box.classList.contains('lstm-wide') === wide",
                arg=[box.element_handle(), larger],
            )
            shapes.wait_for_timeout(200)  # layout follows the class in a message of its own
            across, letters = box.evaluate(size)
            if not larger:
                assert [across, letters] == before
                continue
            assert letters >= 1.4 * before[1]
            assert across >= before[0]  # on a laptop it has all the room that there is already
            if height == 1080:
                assert across > before[0]
                tall = box.evaluate(
                    "box => box.querySelector('svg').getBoundingClientRect().height"
                )
                assert tall < height


def test_in_a_second_view_of_an_output_play_goes_on(shapes):
    """The menu's "Create New View for Cell Output": ipywidgets alone stops after one step."""
    shapes.evaluate(
        """async () => {
            const {commands, shell} = window.jupyterapp;
            const cells = shell.currentWidget.content;
            cells.activeCellIndex = cells.widgets.findIndex(
                cell => cell.node.querySelector('.lstm-explorer-unrolling'));
            await commands.execute('notebook:create-output-view');
        }"""
    )
    views = shapes.locator(".lstm-explorer-unrolling")
    shapes.wait_for_function(
        "() => document.querySelectorAll('.lstm-explorer-unrolling .widget-play').length === 2"
    )
    second = views.nth(1)
    readout = second.locator(".widget-readout").first
    before = int(readout.inner_text())
    second.locator(".widget-play button").first.click()
    shapes.wait_for_function(
        "([readout, past]) => Number(readout.innerText) > past",
        arg=[readout.element_handle(), before + 3],
        timeout=10_000,
    )
    second.locator(".widget-play button").nth(1).click()  # Stop goes back to the start
    shapes.wait_for_function(
        "readouts => readouts.every(readout => readout.innerText === '0')",
        arg=[views.nth(n).locator(".widget-readout").first.element_handle() for n in (0, 1)],
        timeout=10_000,
    )


def test_arrow_keys_go_from_answer_to_answer(page, served):  # the last: another page
    opened(page, served, "quiz.ipynb")
    page.wait_for_selector(".noUi-handle[aria-label]")  # access.js is at work
    answers = page.locator(".lstm-question input[type=radio]")
    answers.first.focus()
    for chosen in (1, 2):
        page.keyboard.press("ArrowDown")
        page.wait_for_function(
            "answer => answer.checked", arg=answers.nth(chosen).element_handle(), timeout=10_000
        )
    page.wait_for_selector(".lstm-question [role=status]")
