"""How long a notebook takes, by the rule of the course. Standard library only.

Prose words / 150, and 2 minutes an explorer, and 5 an exercise, rounded up to 5 minutes. Prose
is what is read from top to bottom: not code, formulas, tables or the list of further reading.
A Chinese word counts two characters.
"""

import json
import math
import os
import re
from pathlib import Path
from typing import NamedTuple

TIME = re.compile(r"(\*\*Time\*\*\s*)(\d+)( minutes)")
_NO_PROSE = re.compile(
    r"```.*?```"  # code
    r"|\$\$.*?\$\$"  # formulas
    r"|</?[a-z!][^<>$]*>"  # tags; what is less than something, $s < k$, is none
    r"|^[ \t]*\|[^\n]*$"  # tables
    r"|^## Further reading.*?(?=^## |\Z)"
    r"|\]\([^)]*\)",  # where links lead
    re.S | re.M,
)
_WORD = re.compile(r"\$[^$\n]+\$|`[^`\n]+`|[^\W_\u4e00-\u9fff][^\s\u4e00-\u9fff/–—]*")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_EXERCISE = re.compile(r"\*\*(?:Exercise|练习)\b")


class Length(NamedTuple):
    """What a notebook asks of its reader; `.minutes` is the time it takes by the rule."""

    words: int
    explorers: int
    exercises: int

    @property
    def minutes(self) -> int:
        """The rule: words / 150 + 2 an explorer + 5 an exercise, rounded up to 5."""
        return 5 * math.ceil((self.words / 150 + 2 * self.explorers + 5 * self.exercises) / 5)


def prose_words(text) -> int:
    """How many words of a markdown text are prose. Raises TypeError for what is no text."""
    if not isinstance(text, str):
        raise TypeError(f"text: expected a str, got {type(text).__name__}")
    prose = _NO_PROSE.sub(" ", text)
    return len(_WORD.findall(prose)) + math.ceil(len(_CHINESE.findall(prose)) / 2)


def length(path) -> Length:
    """Measure a stored notebook: its prose, the explorers among its outputs, its exercises.

    Raises TypeError for what is no path, FileNotFoundError where there is no such file.
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path: expected a path, got {type(path).__name__}")
    cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    shown = [
        "".join(output.get("data", {}).get("text/plain", ""))
        for cell in cells
        for output in cell.get("outputs", ())
    ]
    explorers = sum(words.startswith("Explorer ") for words in shown)
    return Length(prose_words(text), explorers, len(_EXERCISE.findall(text)))
