"""The house: a room imports what comes before it, and nobody reaches for another's privates."""

import ast
from pathlib import Path

import pytest

import lstm_inside

HOUSE = Path(lstm_inside.__file__).parent
ROOT = HOUSE.parent
TUPLES = {"_asdict", "_field_defaults", "_fields", "_make", "_replace"}  # public, says namedtuple
SHARED = {"validate", "words", "page", "tasks", "compiled"}
MODULES = sorted(HOUSE.rglob("*.py"))
OUTSIDE = [*sorted(ROOT.glob("benchmarks/*.py")), *sorted(ROOT.glob("tools/**/*.py"))]


def imports(source, package):
    """(line, module, name) of everything a source imports; `package` is where it stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) + 1 - node.level]
            module = ".".join([*above, *([node.module] if node.module else [])])
            module = module if node.level else node.module
            yield from ((node.lineno, module, alias.name) for alias in node.names)


def room_of(module, name=None):
    """The room (or shared module) that an import goes to; None outside the house."""
    parts = [*module.split("."), *([name] if name else [])]
    return parts[1] if parts[0] == "lstm_inside" and len(parts) > 1 else None


def allowed(room):
    """What a room may import of the house."""
    rooms = lstm_inside.ROOMS
    if room in rooms:
        return {*SHARED, *rooms[: rooms.index(room) + 1]}
    return {
        "page": {"page", "validate", "words"},
        "validate": {"words"},
        "words": set(),
        "lstm_inside": {"lstm_inside", "words"},
    }.get(room, {"validate"})


def back_arrows(source, room, package):
    """Imports of rooms that come after, in words."""
    for line, module, name in imports(source, package):
        to = room_of(module, name)
        if to is not None and to not in allowed(room) and name not in ("EXPLORERS", "ROOMS"):
            yield f"line {line}: {room} imports {to}"


def private_imports(source, package):
    """Names and modules with a leading underscore that are another module's, in words."""
    tree, ours = ast.parse(source), set()
    for line, module, name in imports(source, package):
        if not module.startswith(("lstm_core", "lstm_inside")):
            continue
        ours.add((name or module).split(".")[-1])
        if any(part.startswith("_") for part in [*module.split("."), name or ""]):
            yield f"line {line}: {module} {name or ''}"
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in ours
            and node.attr.startswith("_")
            and not node.attr.endswith("__")
            and node.attr not in TUPLES
        ):
            yield f"line {node.lineno}: {node.value.id}.{node.attr}"


def place(path):
    """(room, package) of a module of the house."""
    parts = path.relative_to(HOUSE).with_suffix("").parts
    package = ".".join(["lstm_inside", *parts[:-1]])
    return (parts[0] if parts != ("__init__",) else "lstm_inside"), package


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(HOUSE)))
def test_a_room_imports_only_what_comes_before_it(path):
    room, package = place(path)
    assert not list(back_arrows(path.read_text(encoding="utf-8"), room, package))


@pytest.mark.parametrize("path", [*MODULES, *OUTSIDE], ids=lambda p: str(p.relative_to(ROOT)))
def test_nobody_imports_anothers_private_name(path):
    package = place(path)[1] if path in MODULES else ""
    assert not list(private_imports(path.read_text(encoding="utf-8"), package))


def test_every_room_is_on_the_list():
    rooms = {p.parent.name for p in HOUSE.glob("*/__init__.py")} - {"page"}
    assert rooms == set(lstm_inside.ROOMS)


def test_the_core_stands_alone():
    found = imports((ROOT / "lstm_core.py").read_text(encoding="utf-8"), "")
    assert not [m for _, m, _ in found if m.startswith("lstm_inside")]


@pytest.mark.parametrize(
    "planted",
    [
        "from lstm_inside.training import Adam",
        "from lstm_inside import training",
        "import lstm_inside.training.model",
        "from ..training import Adam",
        "def f():\n    from lstm_inside.training.model import Model",
    ],
)
def test_a_planted_back_arrow_is_seen(planted):
    assert list(back_arrows(planted, "gates", "lstm_inside.gates"))
    assert not list(back_arrows(planted, "annealing", "lstm_inside.annealing"))


@pytest.mark.parametrize(
    "planted",
    [
        "from lstm_core import _inner",
        "from lstm_inside.page.svg import _Overlay",
        "from .search import _take",
        "import lstm_core\nlstm_core._inner()",
        "from lstm_inside.page import svg\nsvg._settings({})",
    ],
)
def test_a_planted_private_import_is_seen(planted):
    assert list(private_imports(planted, "lstm_inside.annealing"))


def test_a_sunken_import_of_another_library_is_not_ours():
    assert not list(private_imports("from matplotlib import _path", "lstm_inside.page"))
