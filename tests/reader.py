"""A reader of the notebooks: JupyterLab in Chromium, keyboard and mouse.

A slider counts as moved only when the page's picture and caption are those that the same
explorer, made here, has for the value that the page shows.
"""

import ast
import contextlib
import dis
import json
import os
import re
import time

import pytest
from axe_playwright_python.sync_playwright import Axe

from lstm_inside import EXPLORERS
from lstm_inside.words import say
from tools import lab

in_a_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(
        lab.CHROMIUM is None and not os.environ.get("REQUIRE_BROWSER"),
        reason="no chromium here: on Debian, apt-get install chromium",
    ),
]
NOTEBOOKS = sorted(lab.NOTEBOOKS.glob("*.ipynb"))
LIVE = "from lstm_inside.training import explorers\nduel = explorers.live_duel(T=20, steps=20_000)\nduel"
# Trainings that go on for less long here: what they make is needed, how good it is is not.
WIDGETS = ('"Explorer ', "○")  # how explorers and questions are stored as text
LANGUAGE = "lstm_inside.language("  # what comes after it is said in that language
FEWER = {"07_simulation.ipynb": ("unseen = {}", "STEPS, unseen = 100, {}")}


def shortened(name, notebook):
    """The words, the cells that show a widget, and those whose names these need; FEWER steps.

    What else a notebook computes nbval has run; here it would only be waited for. A notebook
    that was never run stays as it is.
    """
    if not any(cell.get("outputs") for cell in notebook["cells"]):
        return notebook
    if name in FEWER:
        text = json.dumps(notebook)
        assert text.count(FEWER[name][0]) == 1, f"{name}: {FEWER[name][0]} is not there"
        notebook = json.loads(text.replace(*FEWER[name]))
    needed, kept = set(), []
    for cell in reversed(notebook["cells"]):
        if cell["cell_type"] == "code":
            made, used = names_of("".join(cell["source"]))
            stored = json.dumps(cell["outputs"], ensure_ascii=False)
            shows = any(sign in stored for sign in WIDGETS)
            shows |= LANGUAGE in "".join(cell["source"])
            if not shows and not made & needed:
                continue
            needed = needed - made | used
        kept.append(cell)
    return notebook | {"cells": kept[::-1]}


def without_words(name, notebook):
    """What is `shortened`, its code cells only: words and formulas take long to be set."""
    notebook = shortened(name, notebook)
    return notebook | {"cells": [c for c in notebook["cells"] if c["cell_type"] == "code"]}


def names_of(source):
    """(names that a cell makes, names that it has from elsewhere), read off its bytecode."""
    cell = compile(source, "a cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    made, used, inside = set(), set(), [cell]
    for code in inside:  # functions are added on the way; they may use what comes after them
        for step in dis.get_instructions(code):
            if step.opname in ("STORE_NAME", "STORE_GLOBAL"):
                made.add(step.argval)
            elif step.opname not in ("LOAD_NAME", "LOAD_GLOBAL"):
                continue
            elif code is not cell or step.argval not in made:
                used.add((step.argval, code is cell))
        inside += [part for part in code.co_consts if hasattr(part, "co_code")]
    return made, {name for name, at_once in used if at_once or name not in made}


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
    return curves(markup(box))


def move_until_changed(page, box, handle, how, what):
    """Move until the picture answers: some settings answer to every second or third step only."""
    shown = "box.querySelector('.lstm-caption').parentElement.querySelector('svg')"
    box.evaluate(f"box => {{ {shown}.seen = true; }}")  # what is drawn anew is another element
    for _ in range(4):
        how(page, handle)
        with contextlib.suppress(Exception):
            page.wait_for_function(f"box => !{shown}.seen", arg=box.element_handle(), timeout=3_000)
            return
    raise AssertionError(f"{what} was moved and the picture stayed")


def until_caption(page, box, words):
    words = re.sub(" +", " ", words)  # as the browser shows them
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
    return box.locator(".lstm-caption").evaluate(
        "c => c.parentElement.querySelector('svg').outerHTML"
    )


def slider_names(explorer):
    return [k for k, c in explorer.controls.items() if hasattr(c, "min") and hasattr(c, "step")]


def move_and_compare(page, box, name, most=None):
    """Move every slider by key, the first by mouse; the page must show what this process computes.

    most: of how many sliders; None for all, and for every preset.
    """
    twin = EXPLORERS[name]()
    reset = box.locator(f"button:has-text('{say('Reset')}')")
    try:
        reset.click()  # a cell may have left it elsewhere
        until_caption(page, box, twin.caption)
        sliders = list(enumerate(slider_names(twin)))[:most]
        moves = [(by_keyboard, *slider) for slider in sliders]
        moves += [(by_mouse, *slider) for slider in sliders[:1]]
        for how, n, key in moves:
            handle = box.locator(".noUi-handle").nth(n)
            move_until_changed(page, box, handle, how, f"{name}: {key}")
            value = follow(box, n, twin.controls[key])
            until_shown(page, box, twin, f"{name}: {key} = {value}")
        for preset in twin.presets if most is None else ():
            box.get_by_role("button", name=say(preset), exact=True).click()
            twin.show_preset(preset)
            until_shown(page, box, twin, f"{name}: preset {preset}")
        reset.click()
        twin.reset()
        until_caption(page, box, twin.caption)
    finally:
        twin.close()


def until_shown(page, box, twin, what):
    """Caption, picture and goal on the page are those of the twin."""
    until_caption(page, box, twin.caption)
    shapes = curves(twin.frame.decode())  # other threads' sums may round otherwise
    wanted, ends = pytest.approx(shapes, abs=0.02), time.monotonic() + 10
    while (shown := picture(box)) != wanted and time.monotonic() < ends:
        page.wait_for_timeout(50)  # two settings can have one caption
    assert shown == wanted, what
    if twin.challenge is not None:
        goal = twin.challenge.words(twin.values)
        assert box.locator(".lstm-goal").inner_text() == re.sub(" +", " ", goal), what


def follow(box, n, control):
    """Put a twin's control to the value that the page's n-th slider has settled on."""
    value = float(box.locator(".widget-readout").nth(n).inner_text().replace("−", "-"))
    steps = round((value - control.min) / control.step)
    value = control.min + steps * control.step
    control.value = round(value) if isinstance(control.value, int) else value
    # To the last bit: on a knife's edge the page's own rounding decides.
    control.value = control.get_state(["value"])["value"]
    return control.value


def by_keyboard(page, handle):
    now, lowest, highest, _ = where(handle)
    handle.focus()  # near the upper end to the left, so that several presses lead somewhere
    page.keyboard.press("ArrowLeft" if highest - now < (highest - lowest) / 5 else "ArrowRight")


def by_mouse(page, handle):
    handle.scroll_into_view_if_needed()
    before, lowest, highest, (x, y) = where(handle)
    way = 1 if before - lowest < (highest - lowest) / 2 else -1
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 16):
        page.mouse.move(x + way * 12 * step, y)
        if step > 2 and where(handle)[0] != before:
            break  # a slider with few places has them far apart
    page.mouse.up()


def where(handle):
    """A handle's value, the lowest and the highest that it can have, and its middle on the page."""
    return handle.evaluate(
        """handle => {
            const {x, y, width, height} = handle.getBoundingClientRect();
            const numbers = ['now', 'min', 'max'].map(k => +handle.getAttribute('aria-value' + k));
            return [...numbers, [x + width / 2, y + height / 2]];
        }"""
    )


def every_slider_answers(page, served, name, most=None):
    opened(page, served, name)
    found = list(explorers(page))
    assert found, f"{name} shows no explorer"
    stored = (lab.NOTEBOOKS / name).read_text(encoding="utf-8").count('"Explorer ')
    on_the_page = page.locator("[class*='lstm-explorer-']").count()
    assert on_the_page == stored, f"{name}: {on_the_page} explorers of {stored}"
    assert not barriers(page)
    assert not crowded(page), f"{name}: cut labels, or numbers below their own slider"
    for explorer, box in found:
        if explorer in EXPLORERS:
            move_and_compare(page, box, explorer, most)
        else:  # it shows what its page has trained: there is no twin of it here
            move_until_changed(page, box, box.locator(".noUi-handle").first, by_keyboard, explorer)


def crowded(page):
    """Labels of controls that are cut, and those whose slider's number stands in a line below."""
    return page.locator(".lstm-panel :is(.widget-slider, .widget-dropdown)").evaluate_all(
        """all => all.filter(control => {
            const label = control.querySelector('.widget-label');
            const number = control.querySelector('.widget-readout') || label;
            const top = part => part.getBoundingClientRect().top;
            return label.scrollWidth > label.clientWidth || top(number) > top(label) + 8;
        }).map(control => control.querySelector('.widget-label').innerText)"""
    )


def barriers(page):
    """What axe-core finds in the notebook's outputs that shuts somebody out."""
    report = Axe().run(page, context={"include": [[".jp-OutputArea-output"]]}).response
    assert report["passes"], "axe looked at nothing"
    return [
        f"{found['id']}: {node['html']}"
        for found in report["violations"]
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]
