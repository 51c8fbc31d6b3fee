"""What the browser tests share: one JupyterLab and one page for all tests of a file."""

import nbformat
import pytest
from reader import LIVE, NOTEBOOKS, without_words

from tools import lab

GIVEN = "from lstm_inside.simulation import sketch\nfrom lstm_inside.simulation.explorers import temperature_explorer\ntemperature_explorer(sketch())"
DEAF = "from lstm_inside.page import Explorer\nExplorer._changed = lambda self, key: None"
GATES = "from lstm_inside import EXPLORERS\nEXPLORERS['half_life']()"
PUT_BACK = [
    "from lstm_inside import EXPLORERS\nflow = EXPLORERS['gradient_flow']()\nflow",
    "for b_f in (-3.3, 4, 0.7, 6.1):\n    flow.set(b_f=b_f)\nflow.reset()",
    "import time\ntime.sleep(3)",
    "for s in (5.3, 0.1, 2.3):\n    flow.set(strength=s)\nflow.reset()",
]
SHAPES = [f"from lstm_inside import EXPLORERS\nEXPLORERS[{name!r}]()"
          for name in ("live", "wiring", "unrolling", "patients")]  # fmt: skip
QUIZ = [
    "from lstm_inside import EXPLORERS\nEXPLORERS['chain']()",
    "from lstm_inside.foundations import check\ncheck.ask('two_paths')",
]
# Beside the series' notebooks, some that show one thing.
OWN = {
    "live": [LIVE],
    "given": [GIVEN],
    "deaf": [DEAF, GATES],
    "put_back": PUT_BACK,
    "shapes": SHAPES,
    "quiz": QUIZ,
}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    for name, cells in OWN.items():
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"display_name": "Python 3", "name": "python3"}},
        )
        nbformat.write(notebook, folder / f"{name}.ipynb")
    with lab.server([*NOTEBOOKS, *folder.glob("*.ipynb")], patch=without_words) as address:
        yield address


@pytest.fixture(scope="module")
def page():
    with lab.browser(1100, 700) as page:
        yield page
