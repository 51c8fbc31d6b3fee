"""Notebook 05: a saved training is whole, is its own, or is refused."""

import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from training_nets import adding, same

from lstm_inside.training import (
    SGD,
)


@pytest.fixture
def saved(tmp_path):
    training = adding()
    list(training.steps(3))
    return training.save(tmp_path / "training.npz")


def unchanged_after(path, training, words, error=ValueError):
    before = training.state
    with pytest.raises(error, match=words):
        training.load(path)
    assert training.state is before
    assert training.step == 0


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(saved, share):
    whole = saved.read_bytes()
    saved.write_bytes(whole[: int(len(whole) * share)])
    unchanged_after(saved, adding(), "not a whole saved training")


def test_every_damaged_part_is_refused_or_harmless(saved):
    """One byte changed anywhere: refused with a clear error, or exactly the same state."""
    whole, original = saved.read_bytes(), adding()
    original.load(saved)
    refused = 0
    for at in np.linspace(0, len(whole) - 1, 120).astype(int):
        saved.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        training = adding()
        try:
            training.load(saved)
        except ValueError:  # and nothing else
            refused += 1
        else:
            assert same(training.params, original.params)
            assert training.state.random == original.state.random
    assert refused > 60


def test_files_of_other_shapes_are_refused(saved):
    other = adding(H=5)
    unchanged_after(saved, other, r"expected params.cell.W_x of shape \(2, 20\)")
    other = adding(dtype=np.float32)
    unchanged_after(saved, other, "float32, got")
    unchanged_after(saved, adding(optimiser=SGD()), "expected a training with SGD, got Adam")
    unchanged_after(saved, adding(kind="rnn"), r"W_x of shape \(2, 4\)")


class Evil:
    """What a pickle may do when it is opened."""

    opened = False

    def __reduce__(self):
        return setattr, (Evil, "opened", True)


def rewritten(path, **changes):
    """A saved training with other arrays in it; None takes one out."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files} | changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"losses": np.zeros(2)}, "expected 3 losses and norms"),
        ({"norms": np.zeros(4)}, "expected 3 losses and norms"),
        ({"params.cell.W_x": None}, "params.cell.W_x is missing"),
        ({"more": np.zeros(1)}, "more has no place in this training"),
        ({"losses": np.array([Evil()], dtype=object)}, "not a whole saved training"),
    ],
)
def test_files_with_other_parts_are_refused(saved, changes, words):
    rewritten(saved, **changes)
    unchanged_after(saved, adding(), words)
    assert not Evil.opened


def test_a_file_says_its_format_and_no_other_is_read(saved):
    with np.load(saved) as file:
        about = json.loads(str(file["about"]))
    assert about["format"] == 1
    rewritten(saved, about=np.array(json.dumps(about | {"format": 2})))
    unchanged_after(saved, adding(), "expected format 1, got 2")


def test_what_is_put_in_place_has_reached_the_disk_whole(tmp_path, monkeypatch):
    done = []

    def fsync(number):
        done.append(("on disk", os.fstat(number).st_size))

    def replace(old, new):
        done.append(("in place", os.stat(old).st_size))

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    adding().save(tmp_path / "training.npz")
    (first, size), (second, whole) = done
    assert (first, second) == ("on disk", "in place")
    assert size == whole > 1000


def test_what_went_wrong_is_told_even_if_nothing_was_left_to_clear_away(tmp_path, monkeypatch):
    def replace(old, new):
        os.unlink(old)
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(OSError, match="disk full"):
        adding().save(tmp_path / "training.npz")


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "x.npz"
    unchanged_after(path, adding(), "No such file", FileNotFoundError)
    path.write_text("hello")
    unchanged_after(path, adding(), "not a whole saved training")
    np.savez(path, a=np.zeros(3))
    unchanged_after(path, adding(), "not a whole saved training")
    np.savez(path, about=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    unchanged_after(path, adding(), "not a whole saved training")


def test_saving_fails_whole_and_leaves_the_old_file(saved, monkeypatch):
    old = saved.read_bytes()
    training = adding()
    monkeypatch.setattr(np, "savez", lambda *a, **k: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        training.save(saved)
    assert saved.read_bytes() == old
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]


@pytest.mark.skipif(os.name == "nt", reason="a limit as POSIX has it")
@pytest.mark.parametrize("before", [True, False])
def test_where_the_disk_ends_in_mid_file_nothing_is_lost_and_words_say_so(tmp_path, before):
    """The file may not grow past 1 kB: the write itself fails, as on a full disk."""
    resource = pytest.importorskip("resource")
    path, training = tmp_path / "training.npz", adding()
    if before:
        training.save(path)
    list(training.steps(2))
    old, state = path.read_bytes() if before else None, training.state
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    kept = "what it held before is still there" if before else "no file was made"
    try:
        with pytest.raises(OSError, match=f"not saved, {kept}; the training is as it was") as full:
            training.save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert full.value.errno == errno.EFBIG
    assert full.value.filename == str(path)
    assert training.state is state
    assert [p.read_bytes() for p in tmp_path.iterdir()] == ([old] if before else [])
    list(training.steps(1))
    training.save(path)  # there is room again
    again = adding()
    again.load(path)
    assert same(again.params, training.params)


def test_an_interrupt_while_saving_leaves_the_old_file(saved, monkeypatch):
    old = saved.read_bytes()

    def interrupted(file, **arrays):
        file.write(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", interrupted)
    with pytest.raises(KeyboardInterrupt):
        adding().save(saved)
    assert [p.read_bytes() for p in saved.parent.iterdir()] == [old]


@pytest.mark.skipif(os.name == "nt", reason="modes and links as POSIX has them")
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_a_new_file_has_the_mode_that_the_umask_leaves(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        path = adding().save(tmp_path / "training.npz")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == mode


@pytest.mark.skipif(os.name == "nt", reason="modes and links as POSIX has them")
def test_a_replaced_file_keeps_its_mode_and_a_link_stays_a_link(tmp_path):
    real, link = tmp_path / "elsewhere" / "real.npz", tmp_path / "link.npz"
    real.parent.mkdir()
    adding().save(real)
    real.chmod(0o640)
    link.symlink_to(real)
    training = adding()
    list(training.steps(2))
    assert training.save(link) == link
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    again = adding()
    again.load(real)
    assert again.step == 2
    assert [p.name for p in real.parent.iterdir()] == [real.name]


KILLED = """
import sys
from training_nets import adding
training = adding()
try:
    training.load(sys.argv[1])
except FileNotFoundError:
    pass
while True:
    list(training.steps(1))
    training.save(sys.argv[1])
    print(training.step, flush=True)
"""


@pytest.mark.slow
def test_a_process_killed_while_it_saves_leaves_a_whole_file_that_goes_on(tmp_path):
    """Eight times, at any moment; each goes on where the one before was killed."""
    path, reached, plain = tmp_path / "training.npz", 0, adding()
    folders = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]
    for pause in np.random.default_rng(5).uniform(0, 0.3, 8):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(folders)},
        )  # fmt: skip
        told = int(process.stdout.readline())
        assert told == reached + 1
        time.sleep(pause)
        process.kill()
        told = int(([told, *process.stdout.read().split()])[-1])
        process.wait()
        training = adding()
        training.load(path)
        assert training.step >= told > reached  # no less than was said to be saved
        reached = training.step
        list(plain.steps(reached - plain.step))
        assert same(training.params, plain.params)
        assert training.losses.tolist() == plain.losses.tolist()
