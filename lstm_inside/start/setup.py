"""Is this machine ready for the series, and is its map true?"""

import importlib
import json
import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path

from lstm_inside.start.times import TIME, length
from lstm_inside.words import say

SERIES = "lstm-from-the-inside"
MODULES = ("lstm_core", "lstm_inside.page")
KERNEL = "ipykernel>=7.4"  # from there on sliders and Stop answer while a cell trains
_ROW = re.compile(r"^\|.*\]\((\d\d_\w+\.ipynb)\).*\|\s*(\d+)\s*\|\s*$", re.M)


def check_setup() -> list[str]:
    """What is wrong with this machine, with how to mend it: a line a fault, none when ready."""
    faults = [*_python(), *_packages(), *_modules()]
    if not in_kernel():
        faults.append(
            say(
                "This is not a Jupyter kernel, so no slider can move: run `jupyter lab` and open "
                "the notebook there."
            )
        )
    return faults


def in_kernel() -> bool:
    """Whether this Python answers to a Jupyter page."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and getattr(ipython.get_ipython(), "kernel", None) is not None


def map_faults(folder=".", start="00_start_here.ipynb") -> list[str]:
    """What is untrue in the map of the notebook `start`: files and times, one line a fault.

    The time that a notebook takes is measured, not read: `times.length`. Both the map and the
    notebook's own first lines must say it.
    Raises TypeError for what is no path, FileNotFoundError where there is no such notebook.
    """
    for name, path in (("folder", folder), ("start", start)):
        if not isinstance(path, str | os.PathLike):
            raise TypeError(f"{name}: expected a path, got {type(path).__name__}")
    folder = Path(folder)
    on_the_map = {name: int(minutes) for name, minutes in _ROW.findall(_text(folder / start))}
    here = {path.name for path in folder.glob("[0-9][0-9]_*.ipynb")} - {str(start)}
    faults = _time_faults(folder / start, None)
    for name in sorted(here | set(on_the_map)):
        if name not in on_the_map:
            faults.append(say("{name} is here, but not on the map.", name=name))
        elif name not in here:
            faults.append(say("{name} is on the map, but not here.", name=name))
        else:
            faults += _time_faults(folder / name, on_the_map[name])
    return faults


def _mend():
    """What to do where a package is missing or too old."""
    return say(
        "run `pip install -r requirements.txt` in the series' folder, then restart the kernel"
    )


def _time_faults(path, on_the_map):
    """Where a notebook's first lines or the map say another time than it takes."""
    true, own = length(path).minutes, TIME.search(_text(path))
    faults = []
    if own is None or int(own[2]) != true:
        faults.append(
            say(
                "{name} takes {true} minutes; its own first lines say nothing of it."
                if own is None
                else "{name} takes {true} minutes; its own first lines say {said}.",
                name=path.name,
                true=true,
                said=own and own[2],
            )
        )
    if on_the_map not in (None, true):
        faults.append(
            say(
                "{name} takes {true} minutes; the map says {on_the_map}.",
                name=path.name,
                true=true,
                on_the_map=on_the_map,
            )
        )
    return faults


def _python():
    """A line when this Python is none that the series was made for."""
    try:
        from packaging.specifiers import SpecifierSet

        wanted = metadata.metadata(SERIES)["Requires-Python"] or ""
    except (ImportError, metadata.PackageNotFoundError):
        return  # _packages says so
    running = platform.python_version()
    if not SpecifierSet(wanted).contains(running, prereleases=True):
        yield (
            say(
                "Python {running} is running, {wanted} is needed: install a newer Python and make "
                "the environment anew with it.",
                running=running,
                wanted=wanted,
            )
        )


def _packages():
    """A line for each package that is missing, or outside the bounds the series asks for."""
    try:
        from packaging.requirements import Requirement
    except ImportError:
        yield say("packaging is missing: {MEND}.", MEND=_mend())
        return
    try:
        wanted = [Requirement(line) for line in metadata.requires(SERIES) or []]
    except metadata.PackageNotFoundError:
        yield say("The series is not installed in this Python: {MEND}.", MEND=_mend())
        return
    if in_kernel() and sys.platform != "emscripten":  # a browser's kernel is another one
        wanted.append(Requirement(KERNEL))
    for need in wanted:
        if need.marker and not need.marker.evaluate({"extra": ""}):
            continue
        try:
            found = metadata.version(need.name)
        except metadata.PackageNotFoundError:
            yield say("{name} is missing: {MEND}.", name=need.name, MEND=_mend())
            continue
        if not need.specifier.contains(found, prereleases=True):
            live = need.name == "ipykernel"
            yield say(
                "{name} {found} is installed, {specifier} is needed for sliders to answer while "
                "a cell trains: {MEND}."
                if live
                else "{name} {found} is installed, {specifier} is needed: {MEND}.",
                name=need.name,
                found=found,
                specifier=need.specifier,
                MEND=_mend(),
            )


def _modules():
    for name in MODULES:
        try:
            importlib.import_module(name)
        except Exception as error:  # a broken install can raise anything
            yield say(
                "{name} cannot be imported ({name_2}): {MEND}.",
                name=name,
                name_2=type(error).__name__,
                MEND=_mend(),
            )


def _text(path):
    """The prose of a notebook."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
