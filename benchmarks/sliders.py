"""Slider to picture, in a real JupyterLab: the heaviest explorer of every notebook.

Heaviest is the explorer, of those that a notebook shows, whose whole picture takes longest to
draw; of its sliders the one that costs the kernel most. Where another explorer's change costs the
kernel more, that one has a second row.

Measured is from the key press on the slider's handle to the frame that shows the changed
picture, in milliseconds. *Bare* is what a change takes with nothing to compute and to draw: a
slider whose answer is a number, in the same page and run. *Over* is what ours takes longer than
that, which alone says much on another machine. Kernel is the time that one change costs in Python
alone, MB what a thousand changes leave behind, *drag* whether the picture is that of the value on
which a fast drag of the mouse ends. Arguments: numbers of notebooks (all without any).
"""

import argparse
import contextlib
import io
import json
import re
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import TimeoutError as PlaywrightTimeout

sys.path.insert(0, str(Path(__file__).parent.parent))  # a script's own folder is not the root
from lstm_inside import EXPLORERS
from tests.reader import curves, markup, slider_names, where
from tools import lab

CHANGES = 45
TARGETS = {"p50": 50, "p95": 90, "over p50": 8, "over p95": 15, "kernel": 15, "MB": 10}

OURS = """
import {module} as explorers
explorer = explorers.{function}({arguments})
explorer
"""
BARE = """
from ipywidgets import HTML, VBox
from lstm_inside.page import whole
bare, answer = whole("bare", 0, 10, 5), HTML("<svg></svg>")
bare.observe(lambda change: answer.set_trait("value", f"<svg></svg>{change.new}"), "value")
VBox([bare, answer])
"""
WATCH = """(target) => {
    window.times = [];
    let pressed = null;
    document.addEventListener('keydown', () => { pressed = performance.now(); }, true);
    new MutationObserver(async () => {
        const images = [...target.querySelectorAll('img')];
        if (pressed === null || !(images.length || target.querySelector('svg'))) return;
        const since = pressed;
        pressed = null;
        await Promise.all(images.map(image => image.decode().catch(() => {})));
        requestAnimationFrame(() => {  // runs before the frame is painted, the message after it
            const painted = new MessageChannel();
            painted.port1.onmessage = () => window.times.push(performance.now() - since);
            painted.port2.postMessage(null);
        });
    }).observe(target, {childList: true, subtree: true, attributes: true});
}"""


# ---------------------------------------------------------------- in this process


def kernel_milliseconds(explorer, slider, changes=60):
    """Milliseconds of each of `changes` steps of a slider, in this process.

    On to its end and back again: between two values an explorer may remember both pictures.
    """
    control, times, step = explorer.controls[slider], [], explorer.controls[slider].step
    for _ in range(changes):
        if not control.min <= control.value + step <= control.max:
            step = -step
        start = time.perf_counter()
        control.value += step
        times.append(1e3 * (time.perf_counter() - start))
    return np.array(times)


def memory_growth(explorer, slider, changes=1000):
    """Megabytes that `changes` changes leave behind in this process."""
    process = psutil.Process()
    kernel_milliseconds(explorer, slider, 100)
    before = process.memory_info().rss
    kernel_milliseconds(explorer, slider, changes)
    return (process.memory_info().rss - before) / 1e6


def drawing_milliseconds(explorer):
    """Milliseconds that the whole picture takes to draw, the shortest of three times."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        explorer.figure.savefig(io.BytesIO(), format="png")
        times.append(1e3 * (time.perf_counter() - start))
    return min(times)


def heaviest(names):
    """(name, slider) of the explorer that is dearest to draw, and of that dearest to change."""
    drawing, changing = {}, {}
    for name in names:
        explorer = EXPLORERS[name]()
        drawing[name] = drawing_milliseconds(explorer)
        changing[name] = max(
            (float(np.median(kernel_milliseconds(explorer, slider, 20))), slider)
            for slider in slider_names(explorer)
        )
        explorer.close()
    chosen = [max(costs, key=costs.get) for costs in (drawing, changing)]
    return [(name, changing[name][1]) for name in dict.fromkeys(chosen)]


def shown_in(path):
    """Names of the explorers that a notebook's stored outputs show, in order, of EXPLORERS."""
    outputs = (
        output.get("data", {}).get("text/plain", "")
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        for output in cell.get("outputs", ())
    )
    found = (re.match(r"Explorer (\w+):", "".join(text)) for text in outputs)
    return list(dict.fromkeys(m[1] for m in found if m and m[1] in EXPLORERS))


# ---------------------------------------------------------------- in the browser


def source_of(make):
    """How a notebook makes this explorer: module, function, arguments as source."""
    arguments = ", ".join(map(repr, make.args)) if isinstance(make, partial) else ""
    function = make.func if isinstance(make, partial) else make
    return function.__module__, function.__name__, arguments


def notebook(cells):
    return {
        "nbformat": 4, "nbformat_minor": 5,
        "metadata": {"kernelspec": {"display_name": "Python 3", "name": "python3"}},
        "cells": [
            {"cell_type": "code", "id": f"c{n}", "source": source, "metadata": {}, "outputs": [],
             "execution_count": None}
            for n, source in enumerate(cells)
        ],
    }  # fmt: skip


def page_of(name):
    """A notebook of two cells: ours and a bare slider."""
    module, function, arguments = source_of(EXPLORERS[name])
    ours = OURS.format(module=module, function=function, arguments=arguments)
    return notebook([ours, BARE])


def press_and_measure(page, handle, target, changes):
    """Milliseconds from key press on the handle to the new picture in the target.

    Some settings answer to every second or third step only: those steps are no changes.
    """
    page.evaluate(WATCH, target.element_handle())
    handle.scroll_into_view_if_needed()
    handle.focus()
    page.wait_for_timeout(500)
    key, seen = "ArrowRight", 0
    for _ in range(4 * changes):
        now, lowest, highest, _ = where(handle)
        if now in (lowest, highest):
            key = "ArrowRight" if now == lowest else "ArrowLeft"
        page.keyboard.press(key)
        with contextlib.suppress(PlaywrightTimeout):
            page.wait_for_function(f"window.times.length > {seen}", polling=20, timeout=3_000)
            seen += 1
        if seen == changes:
            return np.array(page.evaluate("window.times"))
        page.wait_for_timeout(250)  # a hand that taps, and looks before it taps again
    raise RuntimeError(f"{seen} changed pictures after {4 * changes} key presses")


def drag(page, handle, moves=60):
    """Take the handle to the far end of its slider and a fifth of the way back, without a stop."""
    handle.scroll_into_view_if_needed()
    *_, (x, y) = where(handle)
    left, width = handle.evaluate(
        """handle => {
            const {x, width} = handle.closest('.noUi-target').getBoundingClientRect();
            return [x, width];
        }"""
    )
    end, back = (1, 0.8) if x < left + width / 2 else (0, 0.2)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(left + end * width, y, steps=moves)
    page.mouse.move(left + back * width, y, steps=moves // 3)
    page.mouse.up()


def until_quiet(page, box):
    """Wait until a second has changed nothing in the picture."""
    before = None
    while (now := markup(box)) != before:
        before = now
        page.wait_for_timeout(1_000)


def shows_its_value(page, box, name, slider):
    """Whether, after a drag, caption and picture are those of the value that the slider shows."""
    twin = EXPLORERS[name]()
    n, control = slider_names(twin).index(slider), twin.controls[slider]
    readout = box.locator(".widget-readout").nth(n)
    before = readout.inner_text()
    drag(page, box.locator(".noUi-handle").nth(n))
    until_quiet(page, box)
    moved = readout.inner_text() != before
    steps = round((float(readout.inner_text().replace("−", "-")) - control.min) / control.step)
    control.value = type(control.value)(control.min + steps * control.step)
    words = box.locator(".lstm-caption").inner_text() == twin.caption
    shown, wanted = curves(markup(box)), curves(twin.frame.decode())
    twin.close()
    same = len(shown) == len(wanted) and np.allclose(shown, wanted, rtol=0, atol=0.02)
    return moved and words and same


def in_the_browser(page, served, name, slider):
    """Milliseconds of ours and of a bare slider; whether a drag ends well."""
    explorer = EXPLORERS[name]()
    nth = slider_names(explorer).index(slider)
    explorer.close()
    lab.open_notebook(page, *served, f"{name}.ipynb")
    if lab.run_all(page):
        raise RuntimeError(f"{name}: a cell of the benchmark failed")
    ours, bare = page.locator(".jp-CodeCell").all()
    pictures = ours.locator(".widget-html:has(svg)").last, bare.locator(".widget-html:has(svg)")
    times = [press_and_measure(page, ours.locator(".noUi-handle").nth(nth), pictures[0], CHANGES)]
    ends_well = shows_its_value(page, ours, name, slider)
    handle = bare.locator(".noUi-handle")
    times.append(press_and_measure(page, handle, pictures[1], CHANGES))
    return *times, ends_well


# ---------------------------------------------------------------- the table


def measure(page, served, name, slider):
    """Everything that a row shows."""
    explorer = EXPLORERS[name]()
    kernel = np.percentile(kernel_milliseconds(explorer, slider), 95)
    memory = memory_growth(explorer, slider)
    explorer.close()
    ours, bare, ends_well = in_the_browser(page, served, name, slider)
    p50, p95 = np.percentile(ours, (50, 95))
    least, most = np.percentile(bare, (50, 95))
    return {
        "p50": p50, "p95": p95, "over p50": p50 - least, "over p95": p95 - most,
        "kernel": kernel, "MB": memory, "drag": ends_well, "bare": least,
    }  # fmt: skip


def verdict(key, value):
    """A figure as the table shows it: the number, if it is one, with pass or short."""
    if key == "drag":
        return "pass" if value else "short"
    if key not in TARGETS:
        return f"{value:.0f}"
    return f"{value:.1f} {'pass' if value <= TARGETS[key] else 'short'}"


HEAD = """
Of each notebook the explorer whose picture takes longest to draw whole, with the slider of it
that costs the kernel most; below it, if it is another, the explorer whose change costs most.
Milliseconds, and megabytes after 1,000 changes."""
COLUMNS = ("p50", "p95", "over p50", "over p95", "kernel", "MB", "drag", "bare")


def line(what, cells):
    print(f"{what:32}" + "".join(f"{cell:>12}" for cell in cells), flush=True)


def main(numbers):
    notebooks = [
        path
        for path in sorted(lab.NOTEBOOKS.glob("*.ipynb"))
        if not numbers or path.name[:2] in numbers
    ]
    rows = [(path.name[:2], *row) for path in notebooks for row in heaviest(shown_in(path))]
    print(HEAD)
    line("notebook explorer, slider", COLUMNS)
    targets = (f"<= {TARGETS[k]}" for k in COLUMNS if k in TARGETS)
    line("wanted", [*targets, "the value's", ""])
    with tempfile.TemporaryDirectory() as folder:
        pages = [Path(folder) / f"{name}.ipynb" for _, name, _ in rows]
        for path, (_, name, _) in zip(pages, rows, strict=True):
            path.write_text(json.dumps(page_of(name)))
        with lab.server(pages) as served, lab.browser() as page:
            for number, name, slider in rows:
                found = measure(page, served, name, slider)
                line(f"{number} {name}, {slider}", [verdict(k, found[k]) for k in COLUMNS])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "numbers", nargs="*", metavar="NUMBER", help="of notebooks, as 03; all without any"
    )
    main(parser.parse_args().numbers)
