"""The site as a reader in a browser meets it, with every other host out of reach.

PYODIDE_DIST names the folder of a Pyodide distribution; without it these tests are skipped.
They build the site; with SITE_BUILT=1 they take what lies in build/site/, and may then run in
several processes (`-n 2`). Figures are printed (`-rP` shows them): seconds from Run All to the first
slider and to the end, milliseconds from a key press on a slider to the frame with the new picture.
"""

import contextlib
import functools
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time
from html import unescape
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import TimeoutError as PlaywrightTimeout
from reader import LIVE, explorers, in_a_browser

import lstm_inside
from benchmarks.sliders import WATCH
from lstm_inside.page.live import WORDS
from tools import lab

ROOT = Path(__file__).parent.parent
OUT = ROOT / "build" / "site"
NAMES = [
    path.relative_to(lab.NOTEBOOKS).with_suffix("").as_posix()
    for folder in (lab.NOTEBOOKS, lab.NOTEBOOKS / "zh")
    for path in sorted(folder.glob("*.ipynb"))
]
RUN = [name for name in NAMES if "09_" not in name]  # 09 needs PyTorch and processes
ALONE = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
PRESSES = 8
WANTED = 100  # milliseconds, 95 of 100 answers of a notebook's sliders

pytestmark = [
    *in_a_browser,
    pytest.mark.skipif(
        not (os.environ.get("PYODIDE_DIST") or os.environ.get("REQUIRE_SITE")),
        reason="PYODIDE_DIST names no Pyodide distribution to make the site with",
    ),
]


class Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map: ClassVar = {
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site():
    """The folder of the built site."""
    if os.environ.get("SITE_BUILT"):
        return OUT
    command = [sys.executable, str(ROOT / "tools" / "build_site.py")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    print("\n" + done.stdout.splitlines()[-1])
    return OUT


@pytest.fixture(scope="module")
def address(site):
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=site)
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


class Rooms:
    """Pages of the site, each in a context of its own; the next one starts while one is read."""

    def __init__(self, browser, address):
        self.browser, self.address, self.waiting, self.asked = browser, address, {}, []

    def page(self, path, **looks):
        context = self.browser.new_context(viewport={"width": 1200, "height": 900}, **looks)
        page = context.new_page()
        page.set_default_timeout(900_000)  # 05 and 07 train for minutes
        context.on("request", lambda request: self.asked.append(request.url))
        page.route("**/jupyter-lite.json*", _with_the_app_in_reach)
        page.goto(f"{self.address}/{path}")
        return page

    def lab(self, name):
        """JupyterLab with this notebook, its kernel idle."""
        page = self.waiting.pop(name, None) or self.page(f"lab/index.html?path={name}.ipynb")
        lab.until_idle(page)
        return page

    def start(self, names):
        """Let these notebooks' kernels start, to be asked for later.

        Not beside other processes: they have their own kernels to start.
        """
        for name in () if "PYTEST_XDIST_WORKER" in os.environ else names:
            self.waiting[name] = self.page(f"lab/index.html?path={name}.ipynb")

    def settle(self):
        """Wait until nothing starts any more."""
        for page in self.waiting.values():
            lab.until_idle(page)


def _with_the_app_in_reach(route):
    answer = route.fetch()
    config = answer.json()
    config["jupyter-config-data"]["exposeAppInBrowser"] = True
    route.fulfill(response=answer, json=config)


@pytest.fixture(scope="module")
def rooms(address):
    with lab.browser(flags=ALONE) as first:
        rooms = Rooms(first.context.browser, address)
        yield rooms
        foreign = [url for url in rooms.asked if not url.startswith((address, "data:", "blob:"))]
        assert not foreign, f"other hosts were asked: {foreign[:5]}"
        assert rooms.asked


def answers(page, box):
    """Milliseconds from key press to new picture, of the first slider that moves this picture."""
    picture = box.locator(".lstm-caption").locator(
        "xpath=ancestor::*[contains(@class,'widget-html')][1]"
    )
    for handle in box.locator(".noUi-handle").all():
        page.evaluate(WATCH, picture.element_handle())
        handle.scroll_into_view_if_needed()
        handle.focus()
        page.wait_for_timeout(100)
        for key in ("ArrowRight", "ArrowLeft") * (PRESSES // 2):
            seen = page.evaluate("window.times.length")
            page.keyboard.press(key)
            with contextlib.suppress(PlaywrightTimeout):
                page.wait_for_function(f"window.times.length > {seen}", polling=10, timeout=1000)
            page.wait_for_timeout(40)
        if times := page.evaluate("window.times"):
            return times
    raise AssertionError("no slider changes the picture")


@pytest.mark.parametrize("name", RUN)
def test_a_notebook_runs_from_top_to_bottom_and_its_sliders_answer(rooms, name):
    page = rooms.lab(name)
    rooms.start(RUN[RUN.index(name) + 1 :][:1])
    page.evaluate(
        """() => {
            const began = performance.now();
            const seen = new MutationObserver(() => {
                if (!document.querySelector('.noUi-handle')) return;
                window.first = performance.now() - began;
                seen.disconnect();
            });
            seen.observe(document.body, {childList: true, subtree: true});
        }"""
    )
    began = time.perf_counter()
    lab.run_all(page)
    whole = time.perf_counter() - began
    assert not lab.errors(page)
    stored = json.loads((lab.NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))
    wanted = re.findall(r'"Explorer (\w+):', json.dumps(stored))
    page.wait_for_function(
        "all => all.every(name => document.querySelector(`.lstm-explorer-${name} .lstm-caption`))",
        arg=wanted,
        timeout=20_000,
    )
    shown = [explorer for explorer, _ in explorers(page)]  # the others are live trainings
    assert shown == [explorer for explorer in wanted if explorer in shown]
    rooms.settle()
    times = [time for _, box in explorers(page) for time in answers(page, box)]
    first = page.evaluate("window.first") / 1000
    p50, p95 = np.percentile(times, (50, 95))
    verdict = "pass" if p95 <= WANTED else "short"
    print(f"\n{name}: first slider {first:.1f} s, Run All {whole:.1f} s, {len(wanted)} explorers, "
          f"a slider {p50:.0f} ms (p50), {p95:.0f} ms (p95): {verdict}")  # fmt: skip
    if "05_" in name:
        with in_the_language_of(name):
            stop_and_continue(page)
    page.context.close()


@contextlib.contextmanager
def in_the_language_of(name):
    """What this process says is what a page of that name says."""
    lstm_inside.language("zh" if name.startswith("zh/") else "en")
    try:
        yield
    finally:
        lstm_inside.language("en")


def stop_and_continue(page):
    """A training gives way to its Stop button, and goes on from there."""
    page.evaluate(
        """source => {
            const {content} = window.jupyterapp.shell.currentWidget;
            content.model.sharedModel.addCell({cell_type: 'code', source});
            content.activeCellIndex = content.widgets.length - 1;
            return window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
        LIVE,
    )
    view = page.locator(".lstm-live").last

    def press(what):
        view.locator("button", has_text=WORDS[what]).click()  # its name has its icon in it

    def until_said(what):
        said = re.escape(WORDS[what].replace("{step}", "1111").replace("{goal}", "2222"))
        said = said.replace("1111", "[1-9]\\d*").replace("2222", "\\d+")
        page.wait_for_function(
            "([v, said]) => new RegExp(said).test(v.innerText)",
            arg=[view.element_handle(), said],
            timeout=60_000,
        )

    press("train")
    until_said("started")
    press("stop")
    until_said("stopped")
    before = view.locator(".lstm-caption").inner_text()
    press("go_on")
    page.wait_for_function(
        "([v, before]) => v.querySelector('.lstm-caption').innerText !== before",
        arg=[view.element_handle(), before],
    )
    press("stop")


QUESTIONS = ["read/questions.html", "read/zh/questions.html"]
PAGES = ["index.html", "index.zh.html", *QUESTIONS, *(f"read/{name}.html" for name in NAMES)]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_reads_well(rooms, site, path):
    """Narrow and wide, light and dark: nothing sticks out, nothing shuts anybody out."""
    page = rooms.page(path, reduced_motion="reduce")
    for width in (390, 1000):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    for scheme in ("light", "dark") if path in PAGES[:5] else ("light",):
        page.emulate_media(color_scheme=scheme)
        report = Axe().run(page).response
        assert report["passes"], "axe looked at nothing"
        found = [(v["id"], n["html"]) for v in report["violations"] for n in v["nodes"]]
        assert not found, found[:5]
    page.context.close()
    html = (site / path).read_text(encoding="utf-8")
    assert not re.search(r'src="(?:https?:)?//', html)
    for link in re.findall(r'(?:src|href)="([^"#?:]+)["#?]', html):
        assert (site / path).parent.joinpath(link).exists(), link
    for file, anchor in re.findall(r'href="([^"#?:]*)#([^"]+)"', html):
        target = (site / path).parent / file if file else site / path
        places = map(unescape, re.findall(r'\bid="([^"]+)"', target.read_text(encoding="utf-8")))
        assert unquote(unescape(anchor)) in set(places), f"{file}#{anchor}"


def test_a_reading_page_has_the_stored_pictures_with_their_words(rooms, site):
    for name in NAMES:
        stored = json.loads((lab.NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))
        outputs = [o for cell in stored["cells"] for o in cell.get("outputs", ())]
        words = [
            o["metadata"]["image/png"]["alt"] for o in outputs if "image/png" in o.get("data", {})
        ]
        page = rooms.page(f"read/{name}.html")
        shown = page.locator("figure img").evaluate_all("all => all.map(image => image.alt)")
        assert shown == words
        assert page.locator("details").count() >= 1
        prose = re.sub(r"<(pre|code)\b.*?</\1>", "", page.content(), flags=re.S)
        assert "$" not in prose, "an equation is left in TeX"
        page.context.close()


@pytest.mark.parametrize("path", QUESTIONS)
def test_a_question_leads_to_its_section(rooms, site, path):
    """Every link's place is a heading's; and people find the page from the front and from others."""
    page = rooms.page(path)
    places = page.locator("main li a").evaluate_all("all => all.map(a => a.href.split('#'))")
    assert len(places) > 60
    for file, place in sorted(set(map(tuple, places))):
        if not file.endswith("questions.html"):  # what is on this page
            html = (site / file.removeprefix(f"{rooms.address}/")).read_text(encoding="utf-8")
            assert f'<a id="{place}"></a><h' in html, (file, place)
    page.locator("header a").first.click()
    page.locator("header .door[href$='questions.html']").click()
    page.locator("main li a", has_text="03").first.click()
    page.locator("footer a[href='questions.html']").click()
    assert page.url.endswith(path)
    page.context.close()


@pytest.mark.parametrize("path", ["index.html", "read/03_gates.html", "read/questions.html"])
def test_the_other_language_is_the_same_page(rooms, path):
    page = rooms.page(path)
    page.locator("a[hreflang=zh]").click()
    assert page.locator("html").get_attribute("lang") == "zh"
    page.locator("a[hreflang=en]").click()
    assert page.url.endswith(path)
    page.context.close()


def test_the_slider_on_the_front_page_moves_its_picture(rooms):
    page = rooms.page("index.html", reduced_motion="reduce")
    before = page.locator("#moving").get_attribute("src"), page.locator("#caption").inner_text()
    page.locator("#handle").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#moving").get_attribute("src") != before[0]
    assert page.locator("#caption").inner_text() != before[1]
    page.context.close()
