"""A real JupyterLab on the loopback and a headless Chromium that reads a notebook in it.

Used by the browser tests, by `look.py` and by the slider benchmark. Folders, settings and
the port are the server's own, and notebooks are copied, so nothing of the reader's own
JupyterLab is seen or changed.
"""

import contextlib
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NOTEBOOKS = Path(__file__).parent.parent / "notebooks"


@contextlib.contextmanager
def server(notebooks=(), dark=False, patch=None, without=()):
    """Serve copies of notebooks; yields (address, token).

    patch: (name, notebook) -> notebook. without: parts of JupyterLab that are switched off.
    """
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        root = scratch / "notebooks"
        root.mkdir()
        for path in notebooks or sorted(NOTEBOOKS.glob("*.ipynb")):
            path = Path(path)
            notebook = json.loads(path.read_text(encoding="utf-8"))
            if patch:
                notebook = patch(path.name, notebook)
            (root / path.name).write_text(json.dumps(notebook), encoding="utf-8")
        _write_settings(scratch / "settings", dark)
        page = scratch / "config" / "labconfig" / "page_config.json"
        page.parent.mkdir(parents=True)
        page.write_text(json.dumps({"disabledExtensions": dict.fromkeys(without, True)}))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        token = secrets.token_hex(16)
        environment = os.environ | {
            "JUPYTERLAB_SETTINGS_DIR": str(scratch / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(scratch / "workspaces"),
            "JUPYTER_CONFIG_DIR": str(scratch / "config"),
            "JUPYTER_DATA_DIR": str(scratch / "data"),
            "JUPYTER_RUNTIME_DIR": str(scratch / "runtime"),
            "IPYTHONDIR": str(scratch / "ipython"),
            "PYTHONPATH": str(NOTEBOOKS.parent),
        }
        log = (scratch / "log").open("w+", encoding="utf-8")
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1",
             f"--port={port}", "--ServerApp.port_retries=0", "--allow-root",
             f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}",
             "--LabApp.expose_app_in_browser=True"],
            env=environment, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(f"{address}/api?token={token}", process, log)
            yield address, token
        finally:
            process.terminate()
            process.wait(30)
            log.close()


def _write_settings(folder, dark):
    theme = "JupyterLab Dark" if dark else "JupyterLab Light"
    for name, settings in {
        "notebook-extension/tracker": {"windowingMode": "none"},
        "apputils-extension/themes": {"theme": theme, "adaptive-theme": False},
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    }.items():
        path = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(settings), encoding="utf-8")


def _wait_for(address, process, log):
    until = time.monotonic() + 90
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    log.seek(0)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read()[-3000:]}")


@contextlib.contextmanager
def browser(width=1400, height=1000, flags=()):
    """A page of a fresh headless Chromium, `width` x `height` pixels, with these further flags."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*CHROMIUM_FLAGS, *flags]
        )
        try:
            page = chromium.new_page(viewport={"width": width, "height": height})
            page.set_default_timeout(120_000)
            yield page
        finally:
            chromium.close()


def open_notebook(page, address, token, name, sidebar=False):
    """Open a notebook and wait until it is drawn and its kernel is idle.

    In a page that shows this JupyterLab already, what is open there is closed first. A kernel
    that does not answer, as has been seen, gets one successor.
    """
    from playwright.sync_api import TimeoutError as TooLong

    _open(page, address, token, name)
    try:
        until_idle(page, timeout=60_000)
    except TooLong:
        _open(page, address, token, name)
        until_idle(page)
    if not sidebar:
        page.evaluate("window.jupyterapp.shell.collapseLeft()")


def _open(page, address, token, name):
    if page.url.startswith(address):
        page.evaluate(
            """async (name) => {
                const {commands, serviceManager, shell} = window.jupyterapp;
                for (const open of [...shell.widgets('main')]) open.dispose();  // and never ask
                await serviceManager.sessions.shutdownAll();
                await commands.execute('docmanager:open', {path: name});
            }""",
            name,
        )
    else:
        page.goto(f"{address}/lab/tree/{name}?token={token}&reset")


def until_idle(page, timeout=None):
    """Wait until the notebook is drawn and its kernel is idle, the page's own timeout if none.

    Asks again and again: the promise of a kernel's answer that was lost is kept by nobody.
    """
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
    page.wait_for_function(
        """() => {
            const context = window.jupyterapp.shell.currentWidget?.sessionContext;
            return context?.isReady && context.session?.kernel?.status === 'idle';
        }""",
        polling=100,
        timeout=timeout,
    )


def run_all(page):
    """Run every cell and wait until all outputs are there, or an error that stops the run.

    Returns the count of errors.
    """
    for command in ("clear-all-cell-outputs", "run-all-cells"):  # void: not awaited here
        page.evaluate(f"void window.jupyterapp.commands.execute('notebook:{command}')")
    page.wait_for_function(
        """() => {
            const cells = window.jupyterapp.shell.currentWidget.content.widgets
                .map(cell => cell.model)
                .filter(model => model.type === 'code' && model.sharedModel.source.trim());
            const failed = cell => cell.outputs.toJSON().some(o => o.output_type === 'error');
            return cells.some(failed)
                || cells.every(c => c.executionCount && c.executionState !== 'running');
        }"""
    )
    return len(errors(page))


def errors(page):
    """The errors in the outputs of the notebook, a line each."""
    return page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.widgets
            .filter(cell => cell.model.type === 'code')
            .flatMap(cell => cell.model.outputs.toJSON())
            .filter(output => output.output_type === 'error')
            .map(output => `${output.ename}: ${output.evalue}`)"""
    )
