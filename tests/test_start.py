"""Notebook 00: the set-up check with faked faults, the map, the checker, the explorers."""

import json
from importlib import metadata

import numpy as np
import pytest

from lstm_inside.start import check
from lstm_inside.start import explorers as start
from lstm_inside.start import setup as lstm_setup


@pytest.fixture
def kernel(monkeypatch):
    monkeypatch.setattr(lstm_setup, "in_kernel", lambda: True)


def test_a_healthy_machine_is_ready(kernel):
    assert lstm_setup.check_setup() == lstm_setup.READY


def test_no_kernel_is_said():
    said = lstm_setup.check_setup()
    assert "jupyter lab" in said
    assert len(said.splitlines()) == 1


def test_an_old_package_is_said(kernel, monkeypatch):
    real = metadata.version
    monkeypatch.setattr(metadata, "version", lambda n: "1.9.0" if n == "numpy" else real(n))
    said = lstm_setup.check_setup()
    wanted = next(w for w in metadata.requires(lstm_setup.SERIES) if w.startswith("numpy>"))
    bound = wanted.removeprefix("numpy")
    assert said.startswith(f"numpy 1.9.0 is installed, {bound} is needed: run `pip install")
    assert len(said.splitlines()) == 1


def test_a_missing_package_is_said(kernel, monkeypatch):
    real = metadata.version

    def version(name):
        if name == "ipywidgets":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", version)
    assert lstm_setup.check_setup().startswith("ipywidgets is missing: run `pip install")


def test_an_old_python_is_said(kernel, monkeypatch):
    monkeypatch.setattr(lstm_setup.platform, "python_version", lambda: "3.9.1")
    assert lstm_setup.check_setup().startswith("Python 3.9.1 is running, >=3.11 is needed")


def test_the_series_not_installed_or_broken_is_said(kernel, monkeypatch):
    monkeypatch.setattr(lstm_setup, "SERIES", "no-such-series")
    monkeypatch.setattr(lstm_setup, "MODULES", ("lstm_no_such",))
    first, second = lstm_setup.check_setup().splitlines()
    assert first.startswith("The series is not installed")
    assert second.startswith("lstm_no_such cannot be imported (ModuleNotFoundError)")


@pytest.mark.parametrize(
    ("version", "bounds", "within"),
    [("1.26.4", ">=1.26", True), ("1.9", ">=1.26", False), ("9.0", "<9,>=8.1", False),
     ("8.1.5", "<9,>=8.1", True), ("2.1.0rc1", ">=1.26", True), ("3.0", "==3", True)],
)  # fmt: skip
def test_bounds(version, bounds, within):
    assert lstm_setup._within(version, bounds) is within


def put(folder, name, text):
    cells = [{"cell_type": "markdown", "source": [text]}]
    (folder / name).write_text(json.dumps({"cells": cells}), encoding="utf-8")


def test_the_map(tmp_path):
    own = "**Time** 15 minutes.\n| [A](01_a.ipynb) | x | 20 |\n"
    put(tmp_path, "00_start_here.ipynb", own)
    put(tmp_path, "01_a.ipynb", "**Time** 20 minutes.")
    assert lstm_setup.map_faults(tmp_path) == []
    put(tmp_path, "01_a.ipynb", "**Time** 40 minutes.")
    put(tmp_path, "02_b.ipynb", "**Time** 20 minutes.")
    put(tmp_path, "00_start_here.ipynb", own + "| [C](03_c.ipynb) | x | 20 |\n")
    time, unknown, gone = lstm_setup.map_faults(tmp_path)
    assert "20 minutes that the map says" in time
    assert unknown == "02_b.ipynb is here, but not on the map."
    assert gone == "03_c.ipynb is on the map, but not here."


def loop(f, k):
    left = 1.0
    for _ in range(k):
        left *= f
    return left


RIGHT = [
    lambda f, k: f**k,
    loop,
    lambda f, k: np.prod(np.full(k, f)),
    lambda f, k: np.exp(k * np.log(f)),
]
WRONG = {
    "product": lambda f, k: f * k,
    "line": lambda f, k: 1 - k * (1 - f),
    "forgotten": lambda f, k: (1 - f) ** k,
    "swapped": lambda f, k: k**f,
    "early": lambda f, k: f ** (k - 1),
    "late": lambda f, k: f ** (k + 1),
    "lost": lambda f, k: 1 - f**k,
}


@pytest.mark.parametrize("answer", RIGHT)
def test_keep_accepts(answer):
    assert check.keep(answer)


@pytest.mark.parametrize("slip", WRONG)
def test_keep_refuses_with_the_right_hint(slip):
    verdict = check.keep(WRONG[slip])
    assert not verdict
    assert check.WORDS[slip] in verdict.message


def test_keep_not_begun():
    assert "returned None" in repr(check.keep(lambda f, k: None))


@pytest.mark.parametrize("f", [0.75, 0.9, 0.95, 1.0])
@pytest.mark.parametrize("bit", [1, -1])
def test_the_bit(f, bit):
    explorer = start.bit_explorer()
    explorer.set(f=f, bit=bit, noise=0.1)
    powers = f ** np.arange(101)
    np.testing.assert_allclose(explorer.values["c"], bit * powers, rtol=1e-9)
    np.testing.assert_allclose(explorer.values["gradient"], powers[::-1], rtol=1e-9)
    assert explorer.values["last"] == np.flatnonzero(powers >= 0.2)[-1]


def test_a_small_reader_noise_tells_longer_and_a_large_one_never():
    explorer = start.bit_explorer()
    explorer.set(noise=0.02)
    longer = explorer.values["last"]
    explorer.set(noise=0.5)
    assert longer > 31 > explorer.values["last"]


def test_the_flow():
    explorer = start.flow_explorer()
    size = explorer.values["rnn"]
    assert size[-1] == explorer.values["lstm"][-1] == 1
    assert size[0] < 1e-6
    explorer.set(w=2.0)
    assert explorer.values["rnn"][0] > 10
    shares = []
    for b_f in (-2, 1, 2):
        explorer.set(b_f=b_f)
        shares.append(explorer.values["lstm"][0])
    assert shares == sorted(shares)
