"""Slider to picture, in a real JupyterLab: every notebook's heaviest explorer.

From the key press on the slider's handle to the frame that shows the changed picture, in
milliseconds, beside the same content drawn as tutorials do it: `interact` and `plt.show()`.
Both in one run, in the same browser; only the ratio says much on another machine.
"""

import importlib
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))  # a script's own folder is not the root
from tools import lab

CHANGES = 45
# module, function, the slider that is moved: the heaviest of each notebook
HEAVIEST = [("gates", "sequence_explorer", "b_f")]

OURS = """
from lstm_viz import {module}
explorer = {module}.{function}()
explorer
"""
# The same figure, artists and update, but built anew and shown with pyplot on every change.
TUTORIAL = """
import matplotlib.pyplot as plt
from ipywidgets import interact
start = explorer.controls["{slider}"]

class Plain:
    def __init__(self, name, *, controls, update, **_):
        self.settings, self.update = {{k: c.value for k, c in controls.items()}}, update

def pyplot_picture(width, height, alt=""):
    return plt.figure(figsize=(width / 72, height / 72), layout="constrained")

{module}.Explorer, {module}.picture = Plain, pyplot_picture

@interact({slider}=(start.min, start.max, start.step))
def tutorial({slider}=start.value):
    view = {module}.{function}()
    view.update(**view.settings | dict({slider}={slider}))
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
        requestAnimationFrame(() => requestAnimationFrame(() => {
            window.times.push(performance.now() - since);
        }));
    }).observe(target, {childList: true, subtree: true, attributes: true});
}"""


def measure(page, handle, target):
    """Milliseconds from key press on the handle to the new picture in the target."""
    page.evaluate(WATCH, target.element_handle())
    handle.scroll_into_view_if_needed()
    handle.focus()
    page.wait_for_timeout(500)
    for n in range(CHANGES):
        page.keyboard.press("ArrowRight" if n < CHANGES // 2 else "ArrowLeft")
        page.wait_for_function(f"window.times.length > {n}")
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


def main():
    print(f"{'explorer':28} {'ours p50 / p95':>16}   {'interact p50 / p95':>18}   times faster")
    for module, function, slider in HEAVIEST:
        names = {"module": module, "function": function, "slider": slider}
        cells = [source.format(**names) for source in (OURS, TUTORIAL)]
        explorer = getattr(importlib.import_module(f"lstm_viz.{module}"), function)()
        sliders = [k for k, c in explorer.controls.items() if hasattr(c, "step")]
        explorer.close()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bench.ipynb"
            path.write_text(json.dumps(notebook(cells)))
            with lab.server([path]) as served, lab.browser() as page:
                lab.open_notebook(page, *served, path.name)
                if lab.run_all(page):
                    raise RuntimeError(f"{module}.{function}: a cell of the benchmark failed")
                ours, theirs = page.locator(".jp-CodeCell").all()
                picture = ours.locator(".lstm-caption").locator("..")
                handle = ours.locator(".noUi-handle").nth(sliders.index(slider))
                t_ours = measure(page, handle, picture)
                theirs.locator("img").wait_for()
                t_theirs = measure(
                    page, theirs.locator(".noUi-handle"), theirs.locator(".widget-output")
                )
        (a, b), (c, d) = (np.percentile(t, (50, 95)) for t in (t_ours, t_theirs))
        print(f"{module}.{function:22} {a:7.0f} / {b:4.0f} ms   {c:8.0f} / {d:4.0f} ms"
              f"   {c / a:8.1f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
