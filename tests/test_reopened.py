"""A page that was run and saved, seen again without its kernel: pictures, questions, a word."""

import nbformat
import pytest
from reader import in_a_browser

from tools import lab

pytestmark = in_a_browser

CELLS = [
    "from lstm_inside import EXPLORERS\nEXPLORERS['half_life']()",
    "from lstm_inside.page import Question\n"
    "Question('Which gate keeps?', {'forget': (True, 'Yes.'), 'output': (False, 'It shows.')})",
]


@pytest.fixture
def page(tmp_path):
    """A page that was run and saved, its picture moved away from the first one."""
    cells = [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    spec = {"kernelspec": {"display_name": "Python 3", "name": "python3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=spec), tmp_path / "kept.ipynb")
    with lab.server([tmp_path / "kept.ipynb"]) as served, lab.browser(1100, 1000) as page:
        lab.open_notebook(page, *served, "kept.ipynb")
        assert lab.run_all(page) == 0
        page.locator(".noUi-handle").first.focus()
        before = page.locator(".lstm-caption").inner_text()
        page.keyboard.press("ArrowRight")
        page.wait_for_function(
            "before => document.querySelector('.lstm-caption').innerText !== before", arg=before
        )
        assert not page.locator(".lstm-asleep >> visible=true").count()
        page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
        page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
        yield page


def is_as_it_was_left(page, caption):
    page.wait_for_selector(".jupyter-widgets-disconnected .lstm-caption")
    assert page.locator(".lstm-caption").inner_text() == caption
    assert page.locator(".lstm-explorer img").evaluate("image => image.naturalWidth") > 0
    assert page.locator(".lstm-explorer svg path").count() > 3
    question = page.locator(".lstm-wakes").last.inner_text()
    for words in ("Which gate keeps?", "forget", "output"):
        assert words in question
    assert page.locator(".lstm-asleep >> visible=true").count() == 2
    assert "Run this cell" in page.locator(".lstm-asleep").first.inner_text()
    assert not page.get_by_text("model not found").count()
    marks = page.locator(".jupyter-widgets-disconnected").evaluate_all(
        "all => all.map(e => getComputedStyle(e, '::before').content).filter(c => c !== 'none')"
    )
    assert not marks


def test_what_was_saved_stays_to_be_seen(page):
    """After a restart with the page left open, and opened again without its kernel."""
    caption = page.locator(".lstm-caption").inner_text()
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    is_as_it_was_left(page, caption)
    page.evaluate(
        """async () => {
            const {commands, serviceManager, shell} = window.jupyterapp;
            for (const open of [...shell.widgets('main')]) open.dispose();
            await serviceManager.sessions.shutdownAll();
            await commands.execute('docmanager:open', {path: 'kept.ipynb'});
        }"""
    )
    is_as_it_was_left(page, caption)
    assert lab.run_all(page) == 0  # and running it makes it live
    page.wait_for_selector(".lstm-explorer:not(.jupyter-widgets-disconnected)")
    assert not page.locator(".lstm-asleep >> visible=true").count()
