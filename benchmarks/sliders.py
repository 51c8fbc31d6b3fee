"""Slider to picture, in a real JupyterLab: the heaviest explorer of every notebook.

From the key press on the slider's handle to the frame that shows the changed picture, in
milliseconds, beside the same content drawn as tutorials do it: `interact` and `plt.show()`.
Both in one run, in the same browser; only the ratio says much on another machine. Kernel is
the time that one change costs in Python alone, MB what a thousand changes leave behind.
Arguments: modules of lstm_viz to measure (all of them without any).
"""

import json
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parent.parent))  # a script's own folder is not the root
from lstm_viz import EXPLORERS
from tools import lab

CHANGES, TUTORIAL_CHANGES = 45, 15
TARGETS = {"p50": 50, "p95": 90, "times": 15, "kernel": 15, "memory": 10}
AT_LEAST = {"times"}

OURS = """
from lstm_viz import {module}
explorer = {module}.{function}({arguments})
explorer
"""
# The same figure, artists and update, but built anew and shown with pyplot on every change.
TUTORIAL = """
import matplotlib.pyplot as plt
from ipywidgets import interact
control = explorer.controls["{slider}"]

def plain_init(self, name, *, controls, update, **_):
    self.plain_settings, self.plain_update = {{k: c.value for k, c in controls.items()}}, update

def pyplot_picture(width, height, alt=""):
    return plt.figure(figsize=(width / 72, height / 72), layout="constrained")

{module}.Explorer.__init__, {module}.picture = plain_init, pyplot_picture

@interact({slider}=(control.min, control.max, control.step))
def tutorial({slider}=control.value):
    view = {module}.{function}({arguments})
    view.plain_update(**view.plain_settings | dict({slider}={slider}))
    plt.show()
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


def kernel_milliseconds(explorer, slider, changes=60):
    """Milliseconds of each of `changes` steps of a slider to and fro, in this process."""
    control, times = explorer.controls[slider], []
    step = control.step if control.value + control.step <= control.max else -control.step
    for n in range(changes):
        start = time.perf_counter()
        control.value += -step if n % 2 else step
        times.append(1e3 * (time.perf_counter() - start))
    return np.array(times)


def memory_growth(explorer, slider, changes=1000):
    """Megabytes that `changes` changes leave behind in this process."""
    process = psutil.Process()
    kernel_milliseconds(explorer, slider, 100)
    before = process.memory_info().rss
    kernel_milliseconds(explorer, slider, changes)
    return (process.memory_info().rss - before) / 1e6


def source_of(make):
    """How a notebook makes this explorer: module, function, arguments as source."""
    arguments = ", ".join(map(repr, make.args)) if isinstance(make, partial) else ""
    function = make.func if isinstance(make, partial) else make
    return function.__module__.rsplit(".", 1)[1], function.__name__, arguments


def heaviest_of_each_module(wanted):
    """module -> (kernel median, explorer's name, slider) of the dearest slider in it."""
    found = {}
    for name, make in EXPLORERS.items():
        module, *_ = source_of(make)
        if wanted and module not in wanted:
            continue
        explorer = make()
        for slider, control in explorer.controls.items():
            if hasattr(control, "step"):
                row = float(np.median(kernel_milliseconds(explorer, slider, 20))), name, slider
                found[module] = max(found.get(module, row), row)
        explorer.close()
    return found


def press_and_measure(page, handle, target, changes):
    """Milliseconds from key press on the handle to the new picture in the target."""
    page.evaluate(WATCH, target.element_handle())
    handle.scroll_into_view_if_needed()
    handle.focus()
    page.wait_for_timeout(500)
    keys = ["ArrowRight", "ArrowLeft"]
    if handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax"):
        keys.reverse()
    for n in range(changes):
        page.keyboard.press(keys[n % 2])
        page.wait_for_function(f"window.times.length > {n}", polling=20)
        page.wait_for_timeout(250)  # a hand that taps, and looks before it taps again
    return np.array(page.evaluate("window.times"))


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


def in_the_browser(name, slider):
    """Milliseconds of ours and of the tutorial's way, from key press to picture."""
    module, function, arguments = source_of(EXPLORERS[name])
    names = {"module": module, "function": function, "arguments": arguments, "slider": slider}
    explorer = EXPLORERS[name]()
    sliders = [k for k, c in explorer.controls.items() if hasattr(c, "step")]
    explorer.close()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.ipynb"
        path.write_text(json.dumps(notebook([s.format(**names) for s in (OURS, TUTORIAL)])))
        with lab.server([path]) as served, lab.browser() as page:
            lab.open_notebook(page, *served, path.name)
            if lab.run_all(page):
                raise RuntimeError(f"{name}: a cell of the benchmark failed")
            ours, theirs = page.locator(".jp-CodeCell").all()
            picture = ours.locator(".widget-html:has(svg)").last
            handle = ours.locator(".noUi-handle").nth(sliders.index(slider))
            t_ours = press_and_measure(page, handle, picture, CHANGES)
            theirs.locator("img").wait_for()
            handle, picture = theirs.locator(".noUi-handle"), theirs.locator(".widget-output")
            return t_ours, press_and_measure(page, handle, picture, TUTORIAL_CHANGES)


def report(name, slider):
    """Measure one explorer and print its line, with the figures that fall short."""
    explorer = EXPLORERS[name]()
    kernel = np.percentile(kernel_milliseconds(explorer, slider), 95)
    memory = memory_growth(explorer, slider)
    explorer.close()
    ours, theirs = in_the_browser(name, slider)
    p50, p95 = np.percentile(ours, (50, 95))
    other = np.median(theirs)
    print(f"{name + ', ' + slider:28} {p50:6.0f} {p95:6.0f} {other:9.0f} {other / p50:8.1f}"
          f" {kernel:8.1f} {memory:8.1f}", end="  ", flush=True)  # fmt: skip
    got = {"p50": p50, "p95": p95, "times": other / p50, "kernel": kernel, "memory": memory}
    short = [k for k, v in got.items() if (v < TARGETS[k] if k in AT_LEAST else v > TARGETS[k])]
    print("short: " + ", ".join(short) if short else "pass", flush=True)


def main():
    print(f"{'explorer, slider':28} {'p50 ms':>6} {'p95 ms':>6} {'interact':>9} {'faster':>8}"
          f" {'kernel95':>8} {'MB/1000':>8}")  # fmt: skip
    print(f"{'wanted':28} {'<= 50':>6} {'<= 90':>6} {'':9} {'>= 15':>8} {'<= 15':>8} {'<= 10':>8}")
    for _, name, slider in heaviest_of_each_module(sys.argv[1:]).values():
        report(name, slider)


if __name__ == "__main__":
    main()
