"""Notebook 7, nbclassic and Voilà show every explorer of one notebook, and its sliders answer.

Slow, so `make trust` runs them; it installs what requirements-rooms.txt names.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec

import pytest
from reader import by_keyboard, by_mouse, explorers, in_a_browser, move_until_changed

from tools import lab

pytestmark = [*in_a_browser, pytest.mark.slow]

NOTEBOOK = lab.NOTEBOOKS / "03_gates.ipynb"
SERVED = ["--no-browser", "--ip=127.0.0.1", "--allow-root", "--IdentityProvider.token={token}",
          "--port={port}", "--ServerApp.root_dir={folder}"]  # fmt: skip


def words(room):
    return {
        "notebook": [*SERVED, "--JupyterNotebookApp.expose_app_in_browser=True"],
        "nbclassic": SERVED,
        "voila": [
            "--no-browser",
            "--Voila.ip=127.0.0.1",
            "--port={port}",
            "{folder}/" + NOTEBOOK.name,
        ],
    }[room]


@contextlib.contextmanager
def served(room, folder):
    """(address, token) of this room's server, with the notebook in it."""
    if find_spec(room) is None:
        pytest.skip(f"{room} is not installed: pip install -r requirements-rooms.txt")
    shutil.copy(NOTEBOOK, folder)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    names = {"port": port, "token": secrets.token_hex(16), "folder": folder}
    command = [sys.executable, "-m", room, *(word.format(**names) for word in words(room))]
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "PYTHONPATH": str(lab.NOTEBOOKS.parent),
    }
    with (folder / "log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=folder)
        try:
            address = f"http://127.0.0.1:{port}"
            until = time.monotonic() + 120
            while not _answers(address):
                assert process.poll() is None, (folder / "log").read_text(encoding="utf-8")[-2000:]
                assert time.monotonic() < until, "the server does not answer"
                time.sleep(0.3)
            yield address, names["token"]
        finally:
            process.terminate()
            process.wait(30)


def _answers(address):
    try:
        urllib.request.urlopen(f"{address}/static/favicon.ico", timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def run_all(page, room, address, token):
    """Open the notebook there and run it, as far as this room does not do so by itself."""
    if room == "notebook":
        page.goto(f"{address}/notebooks/{NOTEBOOK.name}?token={token}")
        lab.until_idle(page)
        page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
    elif room == "nbclassic":
        page.goto(f"{address}/nbclassic/notebooks/{NOTEBOOK.name}?token={token}")
        page.wait_for_function(
            "() => window.Jupyter && Jupyter.notebook && Jupyter.notebook.kernel"
            " && Jupyter.notebook.kernel.is_connected()"
        )
        # it asks a fresh kernel for widgets to show again, and what was shown before the answer goes
        page.wait_for_function("() => Jupyter.notebook.kernel.widget_manager")
        page.evaluate(
            "() => new Promise(done => Jupyter.notebook.kernel.execute('', {shell: {reply: done}}))"
        )
        page.wait_for_timeout(2_000)
        page.evaluate("Jupyter.notebook.execute_all_cells()")
    else:
        page.goto(address)


@pytest.mark.parametrize("room", ["notebook", "nbclassic", "voila"])
def test_every_explorer_is_there_and_a_slider_answers(room, tmp_path):
    wanted = re.findall(
        r'"Explorer (\w+):', json.dumps(json.loads(NOTEBOOK.read_text(encoding="utf-8")))
    )
    with served(room, tmp_path) as (address, token), lab.browser(1100, 900) as page:
        page.set_default_timeout(300_000)
        run_all(page, room, address, token)
        page.wait_for_function(
            "n => document.querySelectorAll('.lstm-explorer .lstm-caption').length === n",
            arg=len(wanted),
        )
        if room == "nbclassic":  # it shows what is ready while cells still run
            page.wait_for_function("() => !Jupyter.notebook.kernel_busy")
        found = list(explorers(page))
        assert [name for name, _ in found] == wanted
        name, box = found[0]
        handle = box.locator(".noUi-handle").first
        page.wait_for_function("handle => handle.ariaLabel", arg=handle.element_handle())
        for how in (by_keyboard, by_mouse):
            move_until_changed(page, box, handle, how, name)
