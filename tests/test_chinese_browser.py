"""The Chinese pages as a reader meets them: every explorer there, in Chinese, and alive."""

import pytest
from reader import every_slider_answers, in_a_browser, without_words

import lstm_inside
from tools import lab

pytestmark = in_a_browser
PAGES = sorted((lab.NOTEBOOKS / "zh").glob("*.ipynb"))


@pytest.fixture(scope="module")
def chinese():
    lstm_inside.language("zh")
    yield
    lstm_inside.language("en")


@pytest.fixture(scope="module")
def served():
    with lab.server(PAGES, patch=without_words) as address:
        yield address


@pytest.mark.parametrize("name", [path.name for path in PAGES])
def test_explorers_answer_in_chinese(page, served, chinese, name):
    """The captions are those of this process, which speaks Chinese; one slider of each moves."""
    every_slider_answers(page, served, name, most=1)
