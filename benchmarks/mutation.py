"""Break the code in every small way and see whether the tests notice.

    python benchmarks/mutation.py                       every math module: hours on 2 cores
    python benchmarks/mutation.py lstm_core training    some of them: modules, rooms
    python benchmarks/mutation.py training.optimisers   a module of a room
    python benchmarks/mutation.py training:clip         functions whose names contain "clip"
    python benchmarks/mutation.py --sample 50 training  50 of its mutants, always the same ones
    python benchmarks/mutation.py --list ...            what would be changed, and no test

A mutant is the module with one change: an operator, a comparison or a number exchanged, a
condition turned round, a `not` or a minus dropped, a statement left out. Texts, docstrings,
annotations and what a `raise` says are left alone. Each mutant meets, in a forked process of its
own, those of the module's tests that call its function, the quick ones first; one that runs for
too long counts as noticed. Survivors that docs/mutation.md names are equivalent: no test can tell
them from the original. Ends with 1 when fewer than 95 in 100 mutants are noticed, those not
counted.
"""

import argparse
import ast
import concurrent.futures
import contextlib
import copy
import gc
import importlib.machinery
import importlib.util
import inspect
import json
import os
import random
import re
import resource
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # nbval alone takes seconds to load
ROOT = Path(__file__).parent.parent
EQUIVALENT = ROOT / "docs" / "mutation.md"
HOUSE = ROOT / "lstm_inside"
NOT_MATH = re.compile(r"explorers|figures|lab|check|__init__")
# Modules of page/ that decide something, and their tests; the others draw.
PAGE = {
    "verdict": ["test_page_verdict.py"],
    "measure": ["test_training_runs.py"],
}
SELECTION = "not browser and not slow"
WANTED, PATIENCE = 95, 120  # per cent; seconds of processor time, which a busy machine keeps
EVERYWHERE = "*"
TOO_LONG = {signal.SIGKILL, signal.SIGXCPU}

SWAPS = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.MatMult: ast.Mult,
    ast.LShift: ast.RShift, ast.RShift: ast.LShift,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr, ast.And: ast.Or, ast.Or: ast.And,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip


class Mutant(NamedTuple):
    """One change: where it is, what stood there and what stands there now, the whole module."""

    module: str
    function: str
    line: int
    before: str
    after: str
    source: str

    def __str__(self):
        return f"{self.module}.{self.function}: `{self.before}` -> `{self.after}`"


# ---------------------------------------------------------------- making mutants


def changes(node):
    """What may stand in place of a node."""
    if isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign):
        new = copy.copy(node)
        new.op = SWAPS[type(node.op)]()
        yield new
    elif isinstance(node, ast.Compare):
        for n, op in enumerate(node.ops):
            new = copy.copy(node)
            new.ops = [*node.ops[:n], SWAPS[type(op)](), *node.ops[n + 1 :]]
            yield new
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        yield node.operand
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield ast.Constant(node.value + 1)
    elif isinstance(node, ast.IfExp | ast.If | ast.While):
        new = copy.copy(node)
        new.test = ast.UnaryOp(ast.Not(), node.test)
        yield new
    if isinstance(node, ast.AugAssign | ast.Raise) or (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ):
        yield ast.Pass()
    if isinstance(node, ast.Return) and ast.unparse(node) not in ("return", "return None"):
        yield ast.Return(ast.Constant(None))


def places(node, function=""):
    """(function's name, node) of every node that may change, in order."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list", "exc", "cause"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if not isinstance(child, ast.AST) or isinstance(child, ast.JoinedStr):
                continue
            if isinstance(child, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                inner = ".".join(filter(None, (function, child.name)))
            else:
                inner = function
            yield inner, child
            yield from places(child, inner)


def modules() -> dict[str, Path]:
    """Every math module by its short name, and page's logic: "lstm_core", "training.model"."""
    found = {"lstm_core": ROOT / "lstm_core.py"}
    found |= {f"page.{name}": HOUSE / "page" / f"{name}.py" for name in PAGE}
    found |= {path.stem: path for path in sorted(HOUSE.glob("*.py")) if path.stem != "__init__"}
    for path in sorted(HOUSE.glob("*/*.py")):
        if path.parent.name != "page" and not NOT_MATH.match(path.stem):
            found[f"{path.parent.name}.{path.stem}"] = path
    return found


def tests_of(module):
    """The files whose tests a module's mutants meet, its own ones first."""
    if module.startswith("page."):
        return [str(ROOT / "tests" / file) for file in PAGE[module.removeprefix("page.")]]
    own = module.split(".")[0].removeprefix("lstm_")
    files = sorted(ROOT.glob(f"tests/test_{own}*.py"))
    files += [ROOT / "tests" / f"test_{name}.py" for name in ("properties", "bad_input")]
    return [str(path) for path in files]


def chosen_modules(where):
    """(module, part of a function's name) for a module, a room, or either with ":function"."""
    name, _, wanted = where.partition(":")
    found = [m for m in modules() if m == name or m.startswith(f"{name}.")]
    if not found:
        sys.exit(f"{name}: expected a module or a room among {', '.join(modules())}")
    return [(module, wanted) for module in found]


def mutants(module, wanted=""):
    """Every mutant of a module whose function's name contains `wanted`."""
    source = modules()[module].read_text(encoding="utf-8")
    for function, node in places(ast.parse(source)):
        if wanted in function:
            for new in changes(node):
                changed = with_change(source, node, new)
                yield Mutant(module, function, node.lineno, shown(node), shown(new), changed)


def with_change(source, node, new):
    """The source with `new` where `node` stood, every other character as it was."""
    if isinstance(node, ast.If | ast.While | ast.IfExp):  # only the condition is another
        node, new = node.test, new.test
    text = f"({ast.unparse(new)})" if isinstance(node, ast.expr) else ast.unparse(new)
    lines = source.encode().splitlines(keepends=True)  # columns count bytes
    head, tail = lines[node.lineno - 1], lines[node.end_lineno - 1]
    lines[node.lineno - 1 : node.end_lineno] = [
        head[: node.col_offset] + text.encode() + tail[node.end_col_offset :]
    ]
    return b"".join(lines).decode()


def shown(node):
    """A node as one short line; of a compound statement its head."""
    return " ".join(ast.unparse(node).split("\n")[0].split())[:90]


# ---------------------------------------------------------------- running them


class Reach:
    """A pytest plugin: which tests call which function of some modules, and what each test takes.

    What a fixture calls, every test of its file may hang on; what an import calls, all tests.
    """

    def __init__(self, names):
        self.names, self.where = {str(modules()[name]): name for name in names}, ""
        self.calls, self.seconds = {}, Counter()  # "module function" -> tests, files; test -> s
        sys.setprofile(self.note)

    def note(self, frame, event, _):
        """What Python's profiler tells: a call. A class's body is no function, and runs once."""
        code = frame.f_code
        if event != "call" or not code.co_flags & inspect.CO_OPTIMIZED:
            return
        if module := self.names.get(code.co_filename):
            parts = code.co_qualname.replace(".<locals>", "").split(".")
            function = ".".join(part for part in parts if not part.startswith("<"))
            self.calls.setdefault(f"{module} {function}", set()).add(self.where)

    def pytest_pycollect_makemodule(self):
        """A file is about to be imported; what it imports itself, others find there."""
        self.where = EVERYWHERE

    def pytest_runtest_setup(self, item):
        """A test's fixtures."""
        self.where = str(item.path)

    def pytest_runtest_call(self, item):
        """The test itself."""
        self.where = item.nodeid

    def pytest_runtest_teardown(self, item):
        """What fixtures do at their end."""
        self.where = str(item.path)

    def pytest_runtest_logreport(self, report):
        """A part of a test is done."""
        self.seconds[report.nodeid] += report.duration


class Chosen(NamedTuple):
    """A pytest plugin: of the tests only those that can notice, the quick ones first."""

    wanted: set  # tests, and files of which all are wanted
    seconds: dict

    def pytest_collection_modifyitems(self, items):
        """Leave out and sort: under 0.1 s, under 1 s, the rest; in each file by file.

        By file, because a fixture of a file is made anew whenever another file comes between.
        """

        def order(item):
            seconds = self.seconds.get(item.nodeid, 0)
            return seconds >= 1, seconds >= 0.1, str(item.path), seconds

        items[:] = [i for i in items if not self.wanted.isdisjoint((i.nodeid, str(i.path)))]
        items.sort(key=order)

    def files(self, module):
        """Those of the module's test files that have any of them."""
        names = {name.split("::")[0] for name in self.wanted}
        return [f for f in tests_of(module) if names & {f, str(Path(f).relative_to(ROOT))}]


def reach(names, files):
    """Calls and seconds of `Reach` for modules as they are, from a fork; None if a test fails."""
    with tempfile.TemporaryFile("w+") as told:
        child = os.fork()
        if not child:
            plugin = Reach(names)
            failed = tested(plugin, files)
            sys.setprofile(None)
            json.dump([{name: list(at) for name, at in plugin.calls.items()}, plugin.seconds], told)
            told.flush()
            os._exit(failed)
        _, status = os.waitpid(child, 0)
        told.seek(0)
        return None if status else json.load(told)


def chosen_tests(mutant, reached):
    """The tests that may notice a mutant; all of them for what no test was seen to call.

    Such is what stands outside of functions, in a class too.
    """
    calls, seconds = reached
    files = tests_of(mutant.module)
    wanted = set(calls.get(f"{mutant.module} {mutant.function}", ()))
    if not wanted or EVERYWHERE in wanted:
        wanted.update(files)
    return Chosen(wanted, seconds)


def outcome(mutant, chosen):
    """ "noticed", "too long" or "survived"; the tests run in a fork, so that nothing stays."""
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE))
        sys.meta_path.insert(0, Exchange(mutant))
        os._exit(tested(chosen, chosen.files(mutant.module)))
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.alarm(20 * PATIENCE)  # one that waits for ever takes no processor time
    _, status = os.waitpid(child, 0)
    signal.alarm(0)
    if os.WIFSIGNALED(status):
        return "too long" if os.WTERMSIG(status) in TOO_LONG else "noticed"
    return "noticed" if os.WEXITSTATUS(status) else "survived"


def tested(plugin, files):
    """0 when those tests of some files pass that a plugin lets through."""
    import pytest

    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    options = ["-x", "-q", "--assert=plain", "-m", SELECTION]  # nobody reads what is printed
    for needless in ("cacheprovider", "unraisableexception"):  # the latter collects garbage
        options += ["-p", f"no:{needless}"]
    fine = pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED
    return int(bool(files) and pytest.main([*options, *files], [plugin]) not in fine)


class Exchange(importlib.machinery.SourceFileLoader):
    """Finds one module of ours, and loads the mutant in its place."""

    def __init__(self, mutant):
        path = modules()[mutant.module]
        super().__init__(".".join(path.relative_to(ROOT).with_suffix("").parts), str(path))
        self.source = mutant.source

    def find_spec(self, name, path=None, target=None):
        """Where to find `name`: here, if it is the module to be exchanged."""
        return importlib.util.spec_from_loader(name, self) if name == self.name else None

    def get_code(self, fullname):
        """The mutant, compiled; what is cached on the disk is the original's."""
        return compile(self.source, self.path, "exec")

    def get_source(self, fullname):
        """What `inspect` shows of it."""
        return self.source


def warm_up():
    """Import what every mutant's tests import anyway, so that a fork starts with it."""
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    for name in (
        "anywidget", "babel.messages", "hypothesis.strategies", "IPython.display", "ipywidgets",
        "matplotlib.backends.backend_agg", "matplotlib.figure", "nbformat", "numba", "numpy",
        "PIL.Image", "pytest", "torch",
    ):  # fmt: skip
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.freeze()  # or every fork's garbage collector goes through all of it, and copies it


def equivalents():
    """The mutants that docs/mutation.md explains, each with the times it is listed."""
    if not EQUIVALENT.exists():
        return Counter()
    return Counter(re.findall(r"^- ([\w.]+: `.*?` -> `.*?`)", EQUIVALENT.read_text(), re.M))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("where", nargs="*", default=[*modules()], metavar="module[:function]")
    parser.add_argument("--sample", type=int, help="so many mutants of each place that is named")
    parser.add_argument("--list", action="store_true", help="the mutants, and no test")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="as many as cores")
    chosen = parser.parse_args()
    found = []
    for where in dict.fromkeys(chosen.where):
        there = [mutant for place in chosen_modules(where) for mutant in mutants(*place)]
        if chosen.sample and chosen.sample < len(there):
            picked = sorted(random.Random(0).sample(range(len(there)), chosen.sample))
            there = [there[n] for n in picked]
        found += there
    if chosen.list:
        print(*found, f"{len(found)} mutants", sep="\n")
        return 0
    warm_up()
    rooms = {}  # modules by the tests that they share
    for module in dict.fromkeys(m.module for m in found):
        rooms.setdefault(tuple(tests_of(module)), []).append(module)
    reached = {}
    for files, names in rooms.items():
        if not (there := reach(names, files)):
            sys.exit(
                f"{', '.join(names)}: tests fail as it is, so they can tell nothing of mutants"
            )
        reached |= dict.fromkeys(names, there)
    tests = [chosen_tests(mutant, reached[mutant.module]) for mutant in found]
    explained, counts = equivalents(), {module: Counter() for module in modules()}
    with concurrent.futures.ProcessPoolExecutor(chosen.processes) as pool:
        for mutant, result in zip(found, pool.map(outcome, found, tests), strict=True):
            if result == "survived" and explained[str(mutant)]:
                explained[str(mutant)] -= 1
                result = "equivalent"
            if result == "survived":
                print(f"survived: {mutant} (line {mutant.line})", flush=True)
            counts[mutant.module][result] += 1
    short = False
    for module, count in counts.items():
        total = sum(count.values())
        if total:
            noticed = count["noticed"] + count["too long"]
            share = 100 * noticed / max(1, total - count["equivalent"])
            short |= share < WANTED
            print(
                f"{module}: {total} mutants, {noticed} noticed ({count['too long']} by time), "
                f"{count['equivalent']} equivalent, {count['survived']} survived: {share:.1f} % "
                f"({100 * noticed / total:.1f} % with the equivalent ones)"
            )
    return int(short)


if __name__ == "__main__":
    sys.exit(main())
