"""Write the time that each notebook takes, by the rule, wherever it is said.

python tools/times.py [FOLDER]; the last thing to run after `make notebooks`. It is said in the
notebook's first lines, in 00's map and in the README beside the folder, and in the Chinese twins of
all three. A notebook that the map
does not have yet gets a row, which takes its words from "You will see"; a row whose notebook is
gone is taken out. It prints what the rule counted.
"""

import argparse
import re
from pathlib import Path

import nbformat

from lstm_inside.start.times import TIME, length

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
_ROW = re.compile(r"^\| \[[^]]*\]\((\d\d_\w+\.ipynb)\) \| (.*) \| \d+ \|$", re.M)
_CHINESE_TIME = re.compile(r"(\*\*时间\*\*[^\d\n]*)\d+")
_HEADER = re.compile(r"^\|[- |]+\|\n", re.M)


def write_time(path, minutes):
    """Put the minutes into a notebook's **Time** line. Raises ValueError where there is none."""
    notebook = nbformat.read(path, as_version=4)
    first = notebook.cells[0]
    first.source, count = TIME.subn(rf"\g<1>{minutes}\g<3>", first.source, count=1)
    if not count:
        raise ValueError(f"{path.name}: expected '**Time** ... minutes' in the first cell")
    _store(notebook, path)


def write_map(start, minutes):
    """Make the rows of 00's map those of `minutes`, notebook path -> minutes, in their order.

    Raises ValueError where the notebook has no map.
    """
    notebook = nbformat.read(start, as_version=4)
    for cell in notebook.cells:
        rows = dict(_ROW.findall(cell.source))
        if cell.cell_type == "markdown" and rows:
            break
    else:
        raise ValueError(f"{start.name}: expected a table of the notebooks, got none")
    table = "\n".join(
        f"| [{_title(path)}]({path.name}) | {rows.get(path.name) or _seen(path)} | {time} |"
        for path, time in minutes.items()
    )
    without = _ROW.sub("", cell.source)
    before, header, after = re.split(rf"({_HEADER.pattern})", without, maxsplit=1, flags=re.M)
    cell.source = f"{before}{header}{table}\n\n{after.lstrip()}".rstrip("\n")
    _store(notebook, start)


def write_readme(readme, minutes):
    """Put the minutes into the README's rows that end with some, notebook path -> minutes."""
    text = readme.read_text(encoding="utf-8")
    readme.write_text(_with_rows(text, minutes), encoding="utf-8")


def write_twins(folder, minutes):
    """Put the minutes, notebook path -> minutes, into the Chinese pages there are."""
    for path, time in minutes.items():
        twin = folder / path.name
        if not twin.exists():
            continue
        notebook = nbformat.read(twin, as_version=4)
        first = notebook.cells[0]
        first.source = _CHINESE_TIME.sub(rf"\g<1>{time}", first.source, count=1)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = _with_rows(cell.source, minutes)
        _store(notebook, twin)


def _with_rows(text, minutes):
    """A text with the minutes in those rows of its tables that link to a notebook."""
    for path, time in minutes.items():
        row = rf"^(\|.*\((?:notebooks/(?:zh/)?)?{re.escape(path.name)}\).*\| )\d+( \|)$"
        text = re.sub(row, rf"\g<1>{time}\g<2>", text, flags=re.M)
    return text


def _title(path):
    """A notebook's heading without its dot and its Chinese: "03 Open the gates"."""
    heading = nbformat.read(path, as_version=4).cells[0].source.splitlines()[0]
    return re.sub(r"\s*\([^)]*\)", "", heading.lstrip("# ")).replace(" · ", " ")


def _seen(path):
    found = re.search(r"\*\*You will see\*\*\s*([^.\n]*)", nbformat.read(path, 4).cells[0].source)
    return found[1].strip() if found else ""


def _store(notebook, path):
    text = nbformat.writes(notebook) + "\n"
    if text != path.read_text(encoding="utf-8"):
        path.write_text(text, encoding="utf-8")


def main(folder):
    start, *others = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    minutes = {}
    for path in (start, *others):
        taken = length(path)
        minutes[path] = taken.minutes
        write_time(path, taken.minutes)
        print(
            f"{path.name}: {taken.words} words, {taken.explorers} explorers, "
            f"{taken.exercises} exercises: {taken.minutes} minutes"
        )
    for name in ("README.md", "README.zh.md"):
        if (readme := folder.parent / name).exists():
            write_readme(readme, minutes)
    if (chinese := folder / "zh").exists():
        write_twins(chinese, minutes)
    del minutes[start]
    write_map(start, minutes)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=NOTEBOOKS, help="of notebooks")
    main(parser.parse_args().folder)
