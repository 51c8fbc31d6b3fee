"""Every notebook as a reader meets it: JupyterLab in Chromium, keyboard and mouse.

A slider counts as moved only when the page's picture and caption are those that the same
explorer, made here, has for the value that the page shows.
"""

import contextlib
import itertools
import os
import re
import time

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe

from lstm_viz import EXPLORERS
from tools import lab

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        lab.CHROMIUM is None and not os.environ.get("REQUIRE_BROWSER"),
        reason="no chromium here: on Debian, apt-get install chromium",
    ),
]
DEAF = {
    "cell_type": "code", "id": "deaf", "metadata": {}, "outputs": [], "execution_count": None,
    "source": "from lstm_viz import Explorer\nExplorer._changed = lambda self, key: None",
}  # fmt: skip
NOTEBOOKS = sorted(path.name for path in lab.NOTEBOOKS.glob("*.ipynb"))


@pytest.fixture(scope="module")
def served():
    with lab.server() as (address, token):
        yield address, token


@pytest.fixture(scope="module")
def page():
    with lab.browser(1100, 700) as page:
        yield page


def opened(page, served, name):
    lab.open_notebook(page, *served, name)
    assert lab.run_all(page) == 0, f"{name}: cells end in errors"
    page.wait_for_function(
        "() => [...document.querySelectorAll('.lstm-explorer')]"
        ".every(e => e.querySelector('.lstm-caption') && e.querySelector('img'))"
    )


def explorers(page):
    """(name, box) of every explorer on the page, from top to bottom."""
    boxes = page.locator(".lstm-explorer")
    for n in range(boxes.count()):
        box = boxes.nth(n)
        yield re.search(r"lstm-explorer-(\w+)", box.get_attribute("class"))[1], box


def curves(svg):
    """The shapes of a picture: the coordinates of every path, in order."""
    paths = re.findall(r'\bd="([^"]*)"', svg)
    return [float(n) for path in paths for n in re.findall(r"-?[\d.]+(?:e-?\d+)?", path)]


def picture(box):
    return curves(box.locator(".lstm-caption").evaluate("c => c.previousElementSibling.outerHTML"))


def move_until_changed(page, box, handle, how, what):
    """Move until the picture answers: some settings answer to every second or third step only."""
    before = markup(box)
    for _ in range(4):
        how(page, handle)
        with contextlib.suppress(Exception):
            page.wait_for_function(
                "([box, before]) => box.querySelector('.lstm-caption').previousElementSibling"
                ".outerHTML !== before",
                arg=[box.element_handle(), before],
                timeout=3_000,
            )
            return
    raise AssertionError(f"{what} was moved and the picture stayed")


def until_caption(page, box, words):
    try:
        page.wait_for_function(
            "([box, words]) => box.querySelector('.lstm-caption').innerText === words",
            arg=[box.element_handle(), words],
            timeout=10_000,
        )
    except Exception as error:
        shown = box.locator(".lstm-caption").inner_text()
        raise AssertionError(f"expected {words!r}, the page shows {shown!r}") from error


def markup(box):
    return box.locator(".lstm-caption").evaluate("c => c.previousElementSibling.outerHTML")


def slider_names(explorer):
    return [k for k, c in explorer.controls.items() if hasattr(c, "min") and hasattr(c, "step")]


def move_and_compare(page, box, name, *ways):
    """Move every slider in each way; the page must show what this process computes."""
    twin = EXPLORERS[name]()
    try:
        box.locator("button:has-text('Reset')").click()  # a cell may have left it elsewhere
        until_caption(page, box, twin.caption)
        for how, (n, key) in itertools.product(ways, enumerate(slider_names(twin))):
            handle = box.locator(".noUi-handle").nth(n)
            move_until_changed(page, box, handle, how, f"{name}: {key}")
            # ask the page for the value it settled on, then wait for that value's picture
            value = float(box.locator(".widget-readout").nth(n).inner_text().replace("−", "-"))
            control = twin.controls[key]
            steps = round((value - control.min) / control.step)
            value = control.min + steps * control.step
            control.value = round(value) if isinstance(control.value, int) else value
            until_caption(page, box, twin.caption)
            shapes = curves(twin.frame.decode())  # other threads' sums may round otherwise
            wanted, ends = pytest.approx(shapes, abs=0.02), time.monotonic() + 10
            while picture(box) != wanted and time.monotonic() < ends:  # two settings, one caption
                page.wait_for_timeout(50)
            assert picture(box) == wanted, f"{name}: {key} = {value}"
        box.locator("button:has-text('Reset')").click()
        twin.reset()
        until_caption(page, box, twin.caption)
    finally:
        twin.close()


def by_keyboard(page, handle):
    handle.scroll_into_view_if_needed()
    handle.focus()
    lowest = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
    page.keyboard.press("ArrowLeft" if lowest else "ArrowRight")


def by_mouse(page, handle):
    handle.scroll_into_view_if_needed()
    at = handle.bounding_box()
    x, y = at["x"] + at["width"] / 2, at["y"] + at["height"] / 2
    share = float(handle.get_attribute("aria-valuenow")) - float(
        handle.get_attribute("aria-valuemin")
    )
    span = float(handle.get_attribute("aria-valuemax")) - float(
        handle.get_attribute("aria-valuemin")
    )
    way = 1 if share < span / 2 else -1
    page.mouse.move(x, y)
    page.mouse.down()
    before = handle.get_attribute("aria-valuenow")
    for step in range(1, 16):
        page.mouse.move(x + way * 12 * step, y)
        if step > 2 and handle.get_attribute("aria-valuenow") != before:
            break  # a slider with few places has them far apart
    page.mouse.up()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_every_slider_answers_to_keyboard_and_mouse(page, served, name):
    opened(page, served, name)
    found = list(explorers(page))
    assert found, f"{name} shows no explorer"
    assert not barriers(page)
    for explorer, box in found:
        move_and_compare(page, box, explorer, by_keyboard, by_mouse)


# Handles and play buttons are drawn by ipywidgets, which gives them no name.
NOT_OURS = {"aria-input-field-name": "noUi-handle", "button-name": "fa fa-"}


def barriers(page):
    """What axe-core finds in the notebook's outputs that shuts somebody out, and that is ours."""
    report = Axe().run(page, context={"include": [[".jp-OutputArea-output"]]}).response
    assert report["passes"], "axe looked at nothing"
    return [
        f"{found['id']}: {node['html']}"
        for found in report["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
        if NOT_OURS.get(found["id"], "nowhere") not in node["html"]
    ]


def test_a_picture_without_words_would_be_found(page, served):
    opened(page, served, "00_start_here.ipynb")
    page.evaluate("document.querySelector('.lstm-explorer svg').removeAttribute('aria-label')")
    assert any(found.startswith("svg-img-alt") for found in barriers(page))


def test_without_the_observer_this_test_would_fail(page):
    def deafen(name, notebook):
        notebook["cells"].insert(1, DEAF)
        return notebook

    with lab.server([lab.NOTEBOOKS / "02_rnn.ipynb"], patch=deafen) as served:
        opened(page, served, "02_rnn.ipynb")
        page.locator(".lstm-explorer").first.wait_for()
        explorer, box = next(explorers(page))
        with pytest.raises(AssertionError, match="was moved and the picture stayed"):
            move_and_compare(page, box, explorer, by_keyboard)


def test_what_a_cell_put_back_stays_put_back(page, tmp_path):
    """The browser's reports of values set on the way wait until all cells have run."""
    cells = [
        "from lstm_viz import EXPLORERS\nflow = EXPLORERS['gradient_flow']()\nflow",
        "for b_f in (-3.3, 4, 0.7, 6.1):\n    flow.set(b_f=b_f)\nflow.reset()",
        "import time\ntime.sleep(3)",
        "for s in (5.3, 0.1, 2.3):\n    flow.set(strength=s)\nflow.reset()",
    ]
    path = tmp_path / "put_back.ipynb"
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(c) for c in cells],
        metadata={"kernelspec": {"display_name": "Python 3", "name": "python3"}},
    )
    nbformat.write(notebook, path)
    with lab.server([path]) as served:
        opened(page, served, path.name)
        page.wait_for_timeout(2_000)  # nothing to wait for: the fault is what comes late
        ((name, box),) = explorers(page)
        twin = EXPLORERS[name]()
        until_caption(page, box, twin.caption)
        shown = [r.inner_text() for r in box.locator(".widget-readout").all()]
        twin.close()
    assert shown == ["1.0", "1.0", "100"]


def test_opened_without_running_the_pictures_show(page, served):
    lab.open_notebook(page, *served, "03_gates.ipynb")
    pictures = page.locator(".jp-OutputArea-output img")
    assert pictures.count() >= 8
    for n in range(pictures.count()):
        assert pictures.nth(n).evaluate("i => i.complete && i.naturalWidth") > 300
    assert page.get_by_text("Error displaying widget").count() == 0
