"""docs/trust.md: every command names tests that are there, slow ones by `-m slow`."""

import re
import shlex
import subprocess
import sys

import pytest

from tools import lab

ROOT = lab.NOTEBOOKS.parent
TEXT = (ROOT / "docs" / "trust.md").read_text(encoding="utf-8")
COMMANDS = [c for c in re.findall(r"`([^`]*pytest [^`]*)`", TEXT) if "tests/" in c]


def test_there_is_a_command_in_every_row():
    rows = [row for row in TEXT.splitlines() if row.startswith("| ") and "| command |" not in row]
    assert len(rows) >= 20
    assert all("tests/" in row.split("|")[3] for row in rows)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_finds_tests(command):
    words = [word for word in shlex.split(command) if "=" not in word][1:]
    ask = [sys.executable, "-m", "pytest", "--collect-only", "-q", *words]
    done = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-500:]
