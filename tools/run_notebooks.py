"""Run notebooks from top to bottom and store their outputs: `make notebooks`.

The same content gives the same bytes: no times, no widget state, no model ids, no counters
of any machine are kept. With names as arguments, only those notebooks run. A notebook that
fails is left as it was.
"""

import argparse
from pathlib import Path

import arithmetic
import metadata
import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parent.parent / "notebooks"
WIDGET = "application/vnd.jupyter.widget-view+json"


def run(path: Path):
    """Execute one notebook in its own folder and write it back, normalised."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": str(path.parent)}},
        store_widget_state=False,
    )  # fmt: skip
    client.execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs = merged(cell.outputs)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)  # dead without its kernel
    metadata.mark(notebook)
    text = nbformat.writes(notebook) + "\n"
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def merged(outputs):
    """Neighbouring pieces of one stream as one: how a kernel cuts them is a matter of time."""
    whole = []
    for output in outputs:
        if whole and output.get("name") and output.get("name") == whole[-1].get("name"):
            whole[-1].text += output.text
        else:
            whole.append(output)
    return whole


def main(names):
    arithmetic.settle()
    paths = [Path(n) for n in names] or sorted(NOTEBOOKS.glob("**/*.ipynb"))
    for path in paths:
        print(f"running {path.name} ...", flush=True)
        run(path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help="all without any")
    main(parser.parse_args().notebooks)
