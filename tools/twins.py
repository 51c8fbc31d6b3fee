"""The Chinese pages beside the English ones: `python tools/twins.py` names what has drifted apart.

Cells pair by their ids. A Chinese cell of words keeps a fingerprint of the English cell that it
renders; code must be the same program once comments, words and the choice of language are taken
out. After a Chinese cell has been brought up to its English one, `python tools/twins.py --settle
NAME ...` takes the fingerprints of these pages anew.
"""

import argparse
import ast
import hashlib
import re
import sys
from pathlib import Path

import nbformat

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
CHINESE = NOTEBOOKS / "zh"


def fingerprint(source: str) -> str:
    """What a Chinese cell remembers of its English one."""
    return hashlib.sha256(source.encode()).hexdigest()[:12]


class _Program(ast.NodeTransformer):
    """A cell's program without its words; what a sentence is filled with stays, in any order."""

    def visit_Constant(self, node):
        return ast.Constant("") if isinstance(node.value, str) else node

    def visit_FormattedValue(self, node):
        """How a value is written stays, digits and sign; not its width, as letters differ in it."""
        node.value = self.visit(node.value)
        for part in node.format_spec.values if node.format_spec else ():
            if isinstance(part, ast.Constant):
                part.value = re.sub(r"^(?:.?[<>^])?([+ -]?)0?[0-9]*", r"\1", part.value)
        if node.format_spec and ast.unparse(node.format_spec) == "f''":
            node.format_spec = None
        return node

    def visit_JoinedStr(self, node):
        parts = (self.visit(part) for part in node.values if isinstance(part, ast.FormattedValue))
        return ast.Tuple(sorted(parts, key=ast.dump), ast.Load())


_CHOICE = ("import lstm_inside", "lstm_inside.language('zh')")


def program(source: str) -> str:
    """What a cell computes, comparable with its twin."""
    tree = compile(source, "a cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | ast.PyCF_ONLY_AST)
    tree.body = [step for step in tree.body if ast.unparse(step) not in _CHOICE]
    for node in ast.walk(tree):  # docstrings are words, too
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            del node.body[0]
    return ast.dump(_Program().visit(tree))


def drifted(english: Path, chinese: Path) -> list[str]:
    """A line for each cell without a twin, in another place, or behind its twin."""
    pages = [nbformat.read(path, as_version=4).cells for path in (english, chinese)]
    ours, theirs = ({cell.id: cell for cell in cells} for cells in pages)
    found = [f"{name}: no Chinese twin" for name in ours if name not in theirs]
    found += [f"{name}: no English twin" for name in theirs if name not in ours]
    if not found and list(ours) != list(theirs):
        found.append("the cells stand in another order")
    for name in ours.keys() & theirs.keys():
        one, other = ours[name], theirs[name]
        if one.cell_type != other.cell_type:
            found.append(f"{name}: {one.cell_type} here, {other.cell_type} there")
        elif one.cell_type == "code" and program(one.source) != program(other.source):
            found.append(f"{name}: another program")
        elif one.cell_type != "code" and other.metadata.get("english") != fingerprint(one.source):
            found.append(f"{name}: the English has moved on")
    return found


def settle(name: str):
    """Take the fingerprints of a page's cells of words anew."""
    english = {cell.id: cell for cell in nbformat.read(NOTEBOOKS / name, as_version=4).cells}
    page = nbformat.read(CHINESE / name, as_version=4)
    for cell in page.cells:
        if cell.cell_type != "code" and cell.id in english:
            cell.metadata["english"] = fingerprint(english[cell.id].source)
    (CHINESE / name).write_text(nbformat.writes(page) + "\n", encoding="utf-8")


def main() -> int:
    """Name what has drifted, or settle pages."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--settle", nargs="+", default=[], metavar="NAME")
    for name in parser.parse_args().settle:
        settle(name)
    lines = [
        f"{path.name}: {line}"
        for path in sorted(NOTEBOOKS.glob("*.ipynb"))
        for line in (
            drifted(path, CHINESE / path.name)
            if (CHINESE / path.name).exists()
            else ["no Chinese page"]
        )
    ]
    print("\n".join(lines) or "every cell has its twin")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())
