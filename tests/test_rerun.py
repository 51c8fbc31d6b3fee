"""Notebooks as readers use them: run twice, out of order, without a network, in odd folders.

Slow, so `make test` leaves these out and `make trust` runs them.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
pytestmark = pytest.mark.slow
# Python runs this at the start of the kernel: whoever dials out is told off.
CUT_OFF = """
import socket
dial, look_up = socket.socket.connect, socket.getaddrinfo
HERE = ("127.0.0.1", "::1", "localhost", socket.gethostname(), None)
def connect(self, address):
    if self.family != socket.AF_UNIX and address[0] not in HERE:
        raise AssertionError(f"the network was used: {address}")
    return dial(self, address)
def getaddrinfo(host, *more, **named):
    if host not in HERE:
        raise AssertionError(f"the network was used: {host}")
    return look_up(host, *more, **named)
socket.socket.connect, socket.getaddrinfo = connect, getaddrinfo
"""


def run(cells, tmp_path, monkeypatch, folder=ROOT / "notebooks"):
    """Run cells in one fresh kernel that has no network; returns the text of every cell."""
    (tmp_path / "sitecustomize.py").write_text(CUT_OFF)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT)]))
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return [
        "".join(o.get("text") or o.get("data", {}).get("text/plain", "") for o in c.outputs)
        for c in notebook.cells
    ]


def code(path):
    notebook = nbformat.read(path, as_version=4)
    return [nbformat.v4.new_code_cell(c.source) for c in notebook.cells if c.cell_type == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_run_all_twice_in_one_kernel_without_a_network(path, tmp_path, monkeypatch):
    texts = run(code(path) + code(path), tmp_path, monkeypatch)
    half = len(texts) // 2
    assert texts[:half] == texts[half:]


def sections(path):
    """The code cells under each heading of a page; those before the first are its set-up."""
    found = [[]]
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown" and re.search(r"^## ", cell.source, re.M):
            found.append([])
        elif cell.cell_type == "code":
            found[-1].append(nbformat.v4.new_code_cell(cell.source))
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_after_running_all_any_section_may_be_run_again(path, tmp_path, monkeypatch):
    """A reader at the end goes back to a section and runs it again; here the last one first."""
    again = [cell for section in sections(path)[::-1] for cell in section]
    run(code(path) + again, tmp_path, monkeypatch)


# What a page's set-up has made stays; every other name goes, as after a restart.
KEEP = "_made = dict(globals())"
FRESH = """
for _name in set(globals()) - set(_made) - {"_made"}:
    del globals()[_name]
globals().update(_made)
"""


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_after_the_set_up_any_section_may_be_run_alone(path, tmp_path, monkeypatch):
    """A reader comes back the next day, runs the imports and starts at any section."""
    set_up, *others = sections(path)
    if not set_up:  # 00 sets up under its first heading, below a picture
        set_up, *others = others
    cells = [*set_up, nbformat.v4.new_code_cell(KEEP)]
    for section in others:
        cells += [nbformat.v4.new_code_cell(FRESH), *section]
    run(cells, tmp_path, monkeypatch)


def test_a_section_that_needs_another_would_be_found(tmp_path, monkeypatch):
    cells = ["import math", KEEP, FRESH, "x = math.pi", FRESH, "x + 1"]
    with pytest.raises(Exception, match="name 'x' is not defined"):
        run([nbformat.v4.new_code_cell(cell) for cell in cells], tmp_path, monkeypatch)


HELD = """
import gc, psutil
from ipywidgets.widgets import widget
gc.collect()
print(len(widget._instances), psutil.Process().memory_info().rss)
"""


def test_ten_times_through_a_notebook_leaves_widgets_and_memory_where_they_were(
    tmp_path, monkeypatch
):
    """03, the one with most explorers. Memory once all is warm, 60 MB of slack."""
    path, cells = ROOT / "notebooks" / "03_gates.ipynb", []
    for _ in range(10):
        cells += [*code(path), nbformat.v4.new_code_cell(HELD)]
    last = len(cells) // 10 - 1
    texts = run(cells, tmp_path, monkeypatch)
    held = [tuple(map(int, text.split())) for text in texts[last :: last + 1]]
    assert len({widgets for widgets, _ in held}) == 1, held
    assert held[-1][1] - held[1][1] < 60e6, held


def test_the_network_is_really_cut_off(tmp_path, monkeypatch):
    for dial in ("create_connection(('192.0.2.1', 80), 1)", "getaddrinfo('example.org', 80)",
                 "socket().connect(('192.0.2.1', 80))"):  # fmt: skip
        cell = nbformat.v4.new_code_cell(f"import socket; socket.{dial}")
        with pytest.raises(Exception, match="the network was used"):
            run([cell], tmp_path, monkeypatch)


def test_a_folder_with_a_space_and_foreign_letters(tmp_path):
    """Cloned there, installed there, a notebook runs there and is served from there."""
    home = tmp_path / "séries LSTM 长短期"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(home)], check=True)
    subprocess.run(["make", ".venv/ready-dev"], cwd=home, check=True)
    python = home / ".venv" / "bin" / "python"
    command = [str(python), "-m", "pytest", "-q", "--nbval", "--nbval-current-env", "notebooks"]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]
    assert re.search(r"\d+ passed", done.stdout)
    where = "import lstm_core; print(lstm_core.__file__)"
    found = subprocess.run(  # from elsewhere: where Python stands comes first
        [str(python), "-c", where], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert Path(found.stdout.strip()) == home / "lstm_core.py"


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_other_pythons(version, tmp_path):
    """The whole but the browser, with the newest packages that this Python can get."""
    python = shutil.which(f"python{version}")
    if python is None or subprocess.run([python, "-V"], capture_output=True).returncode:
        pytest.skip(f"no Python {version} here")
    home = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(home)], check=True)
    subprocess.run(["make", f"PYTHON={python}", ".venv/ready-dev"], cwd=home, check=True)
    quick_tests(home)


def test_the_oldest_packages_that_requirements_allow(tmp_path):
    """Every lower bound of requirements.txt taken at its word."""
    home = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(home)], check=True)
    subprocess.run(["make", f"PYTHON={sys.executable}", ".venv/ready-dev"], cwd=home, check=True)
    bounds = re.findall(r"^(\w+)>=([\d.]+)", (ROOT / "requirements.txt").read_text(), re.M)
    oldest = [f"{name}~={version}.0" for name, version in bounds]
    pip = [str(home / ".venv/bin/python"), "-m", "pip", "install", "--quiet", *oldest]
    subprocess.run(pip, check=True)
    quick_tests(home)


def quick_tests(home):
    """Everything that needs no browser, notebooks included, in a clone that is set up."""
    done = subprocess.run(
        [".venv/bin/python", "-m", "pytest", "-q", "--nbval", "--nbval-current-env",
         "-m", "not browser and not slow", "tests", "notebooks"],
        cwd=home, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
