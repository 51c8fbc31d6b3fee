"""Is this machine ready for the series, and is its map true? Standard library only."""

import importlib
import json
import operator
import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path

SERIES = "lstm-from-the-inside"
MODULES = ("lstm_core", "lstm_inside.page")
READY = "Everything is ready."
MEND = "run `pip install -r requirements.txt` in the series' folder, then restart the kernel"
_COMPARE = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
_BOUND = re.compile(r"(>=|<=|==|!=|>|<)\s*([\d.]+)")
_ROW = re.compile(r"^\|.*\]\((\d\d_\w+\.ipynb)\).*\|\s*(\d+)\s*\|\s*$", re.M)
_TIME = re.compile(r"\*\*Time\*\*\s*(\d+) minutes")


def check_setup() -> str:
    """One line for each thing that is wrong, with how to mend it, or READY."""
    faults = [*_versions(), *_modules()]
    if not in_kernel():
        faults.append(
            "This is not a Jupyter kernel, so no slider can move: run `jupyter lab` and open "
            "the notebook there."
        )
    return "\n".join(faults) or READY


def in_kernel() -> bool:
    """Whether this Python answers to a Jupyter page."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and getattr(ipython.get_ipython(), "kernel", None) is not None


def map_faults(folder=".", start="00_start_here.ipynb") -> list[str]:
    """What is untrue in the map of the notebook `start`: files and times, one line a fault.

    Raises TypeError for what is no path, FileNotFoundError where there is no such notebook.
    """
    for name, path in (("folder", folder), ("start", start)):
        if not isinstance(path, str | os.PathLike):
            raise TypeError(f"{name}: expected a path, got {type(path).__name__}")
    folder = Path(folder)
    said = {name: int(minutes) for name, minutes in _ROW.findall(_text(folder / start))}
    faults = []
    here = {path.name for path in folder.glob("[0-9][0-9]_*.ipynb")} - {start}
    for name in sorted(here | set(said)):
        if name not in said:
            faults.append(f"{name} is here, but not on the map.")
        elif not (folder / name).exists():
            faults.append(f"{name} is on the map, but not here.")
        elif (time := _TIME.search(_text(folder / name))) is None or int(time[1]) != said[name]:
            faults.append(f"{name} does not take the {said[name]} minutes that the map says.")
    return faults


def _versions():
    """Faults of Python and of the packages, against the bounds the series was installed with."""
    try:
        series = metadata.metadata(SERIES)
        wanted = metadata.requires(SERIES) or []
    except metadata.PackageNotFoundError:
        yield f"The series is not installed in this Python: {MEND}."
        return
    python = series["Requires-Python"] or ""
    if not _within(platform.python_version(), python):
        yield (
            f"Python {platform.python_version()} is running, {python} is needed: install a "
            "newer Python and make the environment anew with it."
        )
    for line in wanted:
        if "extra ==" in line:
            continue
        name = re.match(r"[\w.-]+", line)[0]
        bounds = line.partition(";")[0][len(name) :].strip()
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield f"{name} is missing: {MEND}."
            continue
        if not _within(found, bounds):
            yield f"{name} {found} is installed, {bounds} is needed: {MEND}."


def _modules():
    for name in MODULES:
        try:
            importlib.import_module(name)
        except Exception as error:  # a broken install can raise anything
            yield f"{name} cannot be imported ({type(error).__name__}): {MEND}."


def _within(version, bounds):
    """Whether a version such as 2.1.0rc1 keeps bounds such as >=1.26,<3."""
    found = _numbers(version)
    return all(_COMPARE[sign](found, _numbers(bound)) for sign, bound in _BOUND.findall(bounds))


def _numbers(version):
    numbers = [int(n) for n in re.match(r"[\d.]*", version)[0].split(".") if n]
    return (numbers + [0] * 4)[:4]


def _text(path):
    """The prose of a notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
