"""What the package says, gathered and compiled: `python tools/words.py`.

Sentences are found in the code by the calls that say them, added to every catalogue under
`lstm_inside/locale/` (what the code no longer says is dropped), and the catalogues compiled.
Prints how many sentences each still lacks. With `--check` nothing is written, and the exit is 1
where a catalogue is not what the code and its own text make of it.
"""

import argparse
import ast
import datetime
import io
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages import mofile, pofile
from babel.messages.catalog import Catalog

HOUSE = Path(__file__).parent.parent / "lstm_inside"
CATALOGUES = sorted(HOUSE.glob("locale/*/LC_MESSAGES/*.po"))
# Calls whose first argument is said.
FIRST = {"say", "slider", "whole", "toggle", "Challenge"}


def strings(node) -> Iterator[ast.Constant]:
    """Every text in a part of the syntax tree; of an option (text, value) the text."""
    if isinstance(node, ast.List):
        node.elts = [e.elts[0] if isinstance(e, ast.Tuple) else e for e in node.elts]
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner


def keys(node) -> Iterator[ast.expr]:
    """The keys of a dictionary, and of those taken into it by `**`, on a condition or not."""
    if isinstance(node, ast.IfExp):
        yield from (*keys(node.body), *keys(node.orelse))
    elif isinstance(node, ast.Dict):
        for key, value in zip(node.keys, node.values, strict=True):
            yield from [key] if key is not None else keys(value)


def said(source: str) -> Iterator[tuple[int, str]]:
    """(line, text) of everything that a module says."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            name = node.func.id
            if name in FIRST and node.args:
                found = [node.args[0]]
            elif name == "choice":  # label, options; an option is a text or (text, value)
                found = node.args[:2]
            elif name == "Sentences":  # keys are never said
                found = [v for d in ast.walk(node) if isinstance(d, ast.Dict) for v in d.values]
            elif name == "question":
                found = [*node.args, *(k.value for k in node.keywords if k.arg != "right")]
            else:
                found = []
            found += [k.value for k in node.keywords if k.arg == "task"]
            for keyword in node.keywords:  # the names of presets are shown on their buttons
                if keyword.arg == "presets":
                    found += keys(keyword.value)
            for part in found:
                yield from ((text.lineno, text.value) for text in strings(part) if text.value)


def gathered() -> Catalog:
    """Everything that the package says, in the order of its files."""
    catalogue = Catalog(charset="utf-8")
    for path in sorted(HOUSE.rglob("*.py")):
        for _, text in sorted(set(said(path.read_text(encoding="utf-8")))):
            catalogue.add(text, locations=[(path.relative_to(HOUSE.parent).as_posix(), None)])
    return catalogue


def renewed(path: Path, template: Catalog) -> tuple[Catalog, bytes, bytes]:
    """A catalogue as the code now wants it, with its text and its compiled form."""
    with path.open("rb") as file:
        catalogue = pofile.read_po(file, locale=path.parent.parent.name)
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    catalogue.creation_date = catalogue.revision_date = _NO_DATE  # the same bytes every time
    text, compiled = io.BytesIO(), io.BytesIO()
    pofile.write_po(text, catalogue, width=100, omit_header=True, sort_by_file=True)
    mofile.write_mo(compiled, catalogue)
    return catalogue, HEADER + text.getvalue(), compiled.getvalue()


def rendered(compiled: bytes) -> dict:
    """What a compiled catalogue says: sentence -> rendering; Babel's versions differ in headers."""
    return {m.id: m.string for m in mofile.read_mo(io.BytesIO(compiled)) if m.id}


_NO_DATE = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
HEADER = b"""msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def main() -> int:
    """Gather and compile, or only check."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    template, stale = gathered(), False
    for path in CATALOGUES:
        catalogue, text, compiled = renewed(path, template)
        lacking = [str(m.id) for m in catalogue if m.id and not m.string]
        print(f"{path.parent.parent.name}: {len(catalogue)} sentences, {len(lacking)} lacking")
        machine = path.with_suffix(".mo")
        if check:
            stale |= path.read_bytes() != text
            stale |= not machine.exists() or rendered(machine.read_bytes()) != rendered(compiled)
        else:
            path.write_bytes(text)
            machine.write_bytes(compiled)
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
