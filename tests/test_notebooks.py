"""What every stored notebook must be, beyond running: nbval sees to that."""

import json
import platform
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CHINESE = sorted((ROOT / "notebooks" / "zh").glob("*.ipynb"))
OPENING = {
    "notebooks": ("**You will see**", "**You need**", "**Time**"),
    "zh": ("**你会看到**", "**你需要**", "**时间**"),
}
CLOSING = {
    "notebooks": ("## What to keep", "## On your own", "## Further reading"),
    "zh": ("## 要点", "## 自己动手", "## 延伸阅读"),
}
FORBIDDEN = re.compile(r"sys\.path|%cd|!pip|%pip|^\s*!|https?://(?!doi\.org|arxiv\.org)", re.M)
PLACES = re.compile(r"(?<![\w.])/(?:home|root|Users|tmp|work|usr|opt|mnt)/|[A-Z]:\\\\")


@pytest.fixture(params=[*NOTEBOOKS, *CHINESE], ids=lambda p: f"{p.parent.name}/{p.stem}")
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return json.loads(path.read_text(encoding="utf-8"))


def code_cells(notebook):
    return [c for c in notebook["cells"] if c["cell_type"] == "code" and "".join(c["source"])]


def words(notebook):
    return "\n".join("".join(c["source"]) for c in notebook["cells"])


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 1


def test_every_code_cell_was_run_in_order_and_stored(notebook):
    counts = [c["execution_count"] for c in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1))
    assert any(c["outputs"] for c in code_cells(notebook))


def test_no_errors_and_no_stderr_are_stored(notebook):
    for cell in code_cells(notebook):
        assert "raises-exception" not in cell["metadata"].get("tags", [])
        for output in cell["outputs"]:
            assert output["output_type"] != "error"
            assert output.get("name") != "stderr", output["text"]


def test_nothing_of_a_machine_is_stored(notebook):
    text = json.dumps(notebook, ensure_ascii=False)
    text = re.sub(r'"image/png": "[^"]*"', "", text)
    assert not PLACES.search(text)
    assert not re.search(r" at 0x[0-9a-f]{6,}", text)
    assert "widgets" not in notebook["metadata"]
    assert "widget-view" not in text


def test_no_detours_in_the_code(notebook):
    for cell in code_cells(notebook):
        source = "".join(cell["source"])
        assert not FORBIDDEN.search(source), source
        assert not source.rstrip().endswith(";")
        assert len(source.splitlines()) <= 25, source


def test_it_opens_and_closes_as_agreed(notebook, path):
    first, all_words = "".join(notebook["cells"][0]["source"]), words(notebook)
    for wanted in OPENING[path.parent.name]:
        assert wanted in first
    for wanted in CLOSING[path.parent.name]:
        assert wanted in all_words


def test_solutions_and_answers_are_folded(notebook):
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        assert source.count("<details>") == source.count("</details>")
        if cell["cell_type"] == "code":  # GitHub and VS Code show the code above the question
            assert not re.search(r"\bquestion\(|right=", source)


def test_pictures_are_stored_with_a_sentence(notebook):
    """Where nothing runs, an explorer is a picture, and its alternative text says what is seen."""
    shown = [
        o for c in code_cells(notebook) for o in c["outputs"] if "image/png" in o.get("data", {})
    ]
    assert shown
    for output in shown:
        assert len("".join(output["data"]["text/plain"]).encode()) > 30
        assert output["metadata"]["image/png"]["alt"]


def test_readme_lists_the_notebooks_that_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\(notebooks/([\w.]+\.ipynb)\)", readme) == [p.name for p in NOTEBOOKS]


def test_as_html_the_pictures_show_and_no_error(notebook):
    read = nbformat.reads(json.dumps(notebook), as_version=4)
    page, _ = HTMLExporter().from_notebook_node(read)
    pictures = sum(
        "image/png" in o.get("data", {}) for c in code_cells(notebook) for o in c["outputs"]
    )
    assert page.count('src="data:image/png;base64,') == pictures
    assert "Error displaying widget" not in page
    assert "Explorer(children" not in page
    assert "VBox(children" not in page


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="not an x86-64 machine")
def test_what_a_test_starts_computes_as_what_was_stored():
    """A kernel takes its settings from here: no loops wider than AVX2, whatever the processor."""
    ask = "import numpy; print(numpy.show_config('dicts')['SIMD Extensions'].get('found', []))"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert "X86_V4" not in done.stdout
    assert "AVX512" not in done.stdout
