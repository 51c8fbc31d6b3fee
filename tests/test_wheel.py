"""The series as an ordinary installation has it: from its wheel, not from this folder."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
import zlib
from pathlib import Path

import pytest

from lstm_inside.replication import stored_results
from lstm_inside.simulation import text

ROOT = Path(__file__).parent.parent
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
ASK = """
import json, lstm_core, lstm_inside
from lstm_inside.replication import stored_results
explorer = lstm_inside.EXPLORERS["half_life"]()
lstm_inside.language("zh")
print(json.dumps({
    "chinese": lstm_inside.EXPLORERS["half_life"]().caption,
    "files": [lstm_core.__file__, lstm_inside.__file__],
    "rows": stored_results(),
    "caption": explorer.caption,
    "picture": len(explorer.figure.png()),
}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    shutil.rmtree(ROOT / "build" / "lib", ignore_errors=True)  # else what was there once comes too
    subprocess.run([*PIP, "wheel", "--no-deps", f"--wheel-dir={folder}", str(ROOT)], check=True)
    return next(folder.glob("*.whl"))


def test_an_ordinary_installation_has_all_that_the_notebooks_read(wheel, tmp_path):
    home = tmp_path / "installed"
    subprocess.run([*PIP, "install", "--no-deps", f"--target={home}", str(wheel)], check=True)
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(home)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert all(Path(file).is_relative_to(home) for file in found["files"])
    assert found["rows"] == stored_results()
    assert found["caption"].isascii()
    assert "步" in found["chinese"]
    assert found["picture"] > 1000


def test_every_file_that_is_no_source_is_in_the_wheel(wheel):
    house = ROOT / "lstm_inside"
    files = {path.relative_to(ROOT).as_posix() for path in house.rglob("*.*")}
    data = {f for f in files if "__pycache__" not in f and not f.endswith((".py", ".po"))}
    assert len(data) >= 6
    assert data <= set(zipfile.ZipFile(wheel).namelist())


def test_a_zipped_package_speaks_chinese(wheel, tmp_path):
    ask = "import lstm_inside.words as w; w.language('zh'); print(ascii(w.say('Stop')), w.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(wheel)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    said, file = done.stdout.split()
    assert said == ascii("停止")
    assert ".whl" in file


def test_the_wheel_holds_nothing_but_the_series(wheel):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.startswith("lstm_from_the_inside")} == {
        "lstm_core.py",
        "lstm_inside",
    }


def a_name_of(part):
    """A module's name that `standard_library` puts into this part of the corpus."""
    names = sorted(n for n in sys.stdlib_module_names if not n.startswith("_"))
    return next(n for n in names if zlib.crc32(n.encode()) % 10 == part)


def test_a_zipped_standard_library_is_read_as_well(tmp_path, monkeypatch):
    """As Python in a browser has it; an archive without sources is told."""
    archive = tmp_path / f"python{sys.version_info[0]}{sys.version_info[1]}.zip"
    sources = {a_name_of(part): f"# part {part}: café\n" for part in (0, 1, 2)}
    paths = sysconfig.get_paths() | {"stdlib": str(tmp_path / "lib")}
    monkeypatch.setattr(sysconfig, "get_paths", lambda: paths)
    with zipfile.ZipFile(archive, "w") as file:
        for name, source in sources.items():
            file.writestr(f"{name}.py", source)
    read = text.standard_library.__wrapped__()
    assert list(read.search.values()) == ["# part 0: café\n"]
    assert list(read.measure.values()) == ["# part 1: café\n"]
    assert list(read.learn.values()) == ["# part 2: café\n"]
    archive.unlink()
    sys.path_importer_cache.pop(str(archive), None)
    with pytest.raises(RuntimeError, match="without the source"):
        text.standard_library.__wrapped__()


def test_make_does_not_install_again_for_what_an_installation_left():
    """pip writes into settings/ after .venv/ready was made, each time."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (patterns,) = re.findall(r"^\.venv/ready:.*\$\(wildcard (.*)\)$", makefile, re.M)
    found = {
        path.relative_to(ROOT).as_posix() for each in patterns.split() for path in ROOT.glob(each)
    }
    assert {"settings/html/conf.json", "settings/lstm-from-the-inside.json"} <= found
    left = ("settings/build", "settings/lstm_from_the_inside_settings.egg-info")
    assert not [path for path in found if path.startswith(left)]
