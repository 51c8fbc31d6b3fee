"""A saved training on disk: one .npz file, written whole or not at all, read without pickle."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

import numpy as np

FORMAT = 1


def write(path: Path, about: dict, arrays: dict):
    """Write arrays and what `about` tells of them to `path`; an old file stays until the end.

    A new file gets the mode that the umask leaves, an old one keeps its own, and a link stays a
    link to the file that it names. Raises OSError where that file cannot be written, as on a
    full disk; it says that nothing is lost.
    """
    path = Path(os.path.realpath(path))
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with partial.open("xb") as file:
            np.savez(file, **arrays, about=np.array(json.dumps({"format": FORMAT, **about})))
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            partial.chmod(path.stat().st_mode)
        partial.replace(path)
    except BaseException as error:
        partial.unlink(missing_ok=True)
        if not isinstance(error, OSError) or error.errno is None:
            raise
        kept = "what it held before is still there" if path.exists() else "no file was made"
        words = f"{error.strerror}: not saved, {kept}; the training is as it was"
        raise OSError(error.errno, words, str(path)) from None


def read(path: Path):
    """The arrays of a saved training, and what it tells of them.

    Raises FileNotFoundError, PermissionError or IsADirectoryError for no file that can be read,
    ValueError for one that is damaged or of another format.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        about = json.loads(str(arrays.pop("about")))
        kept = about["format"], about["optimiser"], about["step"], about["random"]
        arrays["losses"], arrays["norms"], generator(about["random"])
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except Exception as error:  # a damaged archive raises nearly anything
        raise ValueError(
            f"{path}: not a whole saved training ({type(error).__name__}: {error})"
        ) from None
    if kept[0] != FORMAT:
        raise ValueError(f"{path}: expected format {FORMAT}, got {kept[0]}")
    return arrays, about


def check_same_form(path, mine, arrays):
    """That the arrays of a file are those of this training: names, shapes and dtypes.

    Raises ValueError for one that is missing, other or too many.
    """
    for name, array in mine.items():
        if name not in arrays:
            raise ValueError(f"{path}: {name} is missing")
        got = arrays[name]
        if (got.shape, got.dtype) != (array.shape, array.dtype):
            raise ValueError(
                f"{path}: expected {name} of shape {array.shape}, {array.dtype}, "
                f"got {got.shape}, {got.dtype}"
            )
    if more := set(arrays) - set(mine) - {"losses", "norms"}:
        raise ValueError(f"{path}: {min(more)} has no place in this training")


def generator(random: Any) -> np.random.Generator:
    """The Generator whose bit generator (PCG64) has this state."""
    bits = np.random.PCG64()
    bits.state = random
    return np.random.Generator(bits)
