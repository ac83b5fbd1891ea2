"""Files that are either whole or not there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from im2mesh.errors import InputError


@contextmanager
def atomic(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; rename it to ``path`` on success.

    The folder is made when it is missing. The temporary name keeps the suffix of
    ``path`` (writers choose their format by it) and starts with a dot and ends in
    ``.part<suffix>``, so no reader picks it up. On any exception, Ctrl-C included,
    the half-written file is removed and ``path`` stays as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield beside
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def check_writable(folder: Path, advice: str) -> None:
    """Make a folder where it is missing, and find out early that nothing can be written there.

    Raises:
        InputError: one line that names the folder and ends with ``advice``.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(f"{folder}: cannot be written to ({error.strerror}); {advice}") from error
