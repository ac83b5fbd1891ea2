"""Files that are either whole or not there."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import filelock
import numpy as np

from im2mesh.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


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


def open_npz(path: str | os.PathLike[str]) -> np.lib.npyio.NpzFile:
    """Open an ``.npz`` file, which runs no code; to be used in a ``with``.

    Raises:
        OSError, ValueError, EOFError, zipfile.BadZipFile: it is missing, or not such a file.
    """
    arrays = np.load(path, allow_pickle=False)
    if not isinstance(arrays, np.lib.npyio.NpzFile):
        raise ValueError("it holds one bare array; numpy.savez writes .npz files")
    return arrays


NAMES = ("class id", "class name", "modelname")
"""Columns of tables that hold the names of classes and models."""


def read_csv(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a table whose :data:`NAMES` stay as they are: ``0042`` is no number, ``nan`` a name.

    Raises:
        ValueError: it is not readable.
    """
    import pandas as pd  # takes a while, and few who write files need it

    table = pd.read_csv(path)
    names = pd.read_csv(path, usecols=lambda c: c in NAMES, dtype=str, keep_default_na=False)
    return table.assign(**dict(names.items()))


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


@contextmanager
def locked(path: Path, advice: str) -> Iterator[None]:
    """Hold a lock file for as long as the block runs.

    The system releases it however the process ends, kill −9 included; the file stays and means
    nothing by itself. Forked processes do not hold the lock.

    Args:
        path: of the lock file, in the folder that only one process may write to.
        advice: what to do if another process holds it.

    Raises:
        InputError: another process holds it; one line that names the folder.
    """
    # Not a soft lock, which would outlive a killed process.
    lock = filelock.FileLock(path, timeout=0, fallback_to_soft=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise InputError(f"{path.parent}: another process writes there; {advice}") from None
    except OSError as error:
        log.warning("%s: cannot be locked (%s); let no other process write there", path, error)
    try:
        yield
    finally:
        lock.release()
