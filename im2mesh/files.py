"""Reading, writing and locking of files: each is whole or not there."""

from __future__ import annotations

import codecs
import hashlib
import logging
import lzma
import os
import re
import struct
import tempfile
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import filelock
import numpy as np

from im2mesh.errors import DataError, InputError

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


@contextmanager
def atomic(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield a path beside ``path`` to write to; rename it to ``path`` on success.

    The folder is made when it is missing. The temporary name keeps the suffix of
    ``path`` (writers choose their format by it) and starts with a dot and ends in
    ``.part<suffix>``, so no reader picks it up. On any exception, Ctrl-C included,
    the half-written file is removed and ``path`` stays as it was. An OSError names ``path``.

    Raises:
        InputError: ``path`` ends in no name.
        OSError: it cannot be written; the error names ``path``, not the temporary file.
    """
    path = Path(path)
    if not path.name:
        raise InputError(f"'{path}': names no file; give the path of a file to write")
    path.parent.mkdir(parents=True, exist_ok=True)
    # Names have a limit of 255 bytes: a long one must not fail for its temporary name.
    beside = path.with_name(f".{path.stem[:40]}.{os.getpid()}.part{path.suffix}")
    try:
        yield beside
        os.replace(beside, path)
    except OSError as error:
        if error.errno is None or error.filename not in (None, beside, str(beside)):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: str | os.PathLike[str], text: str) -> None:
    """Write a text in UTF-8 by :func:`atomic`."""
    with atomic(path) as beside:
        beside.write_text(text, encoding="utf-8")


@contextmanager
def reading(path: str | os.PathLike[str], refuse: type[InputError] = InputError) -> Iterator[None]:
    """Convert OSError to ``refuse``, so that one bad file does not stop the run."""
    try:
        yield
    except OSError as error:
        raise refuse(f"{path}: cannot be read ({error.strerror or first_line(error)})") from error


_FOREIGN = (
    (b"version https://git-lfs", "a Git LFS pointer; fetch the file itself with: git lfs pull"),
    (b"/annex/objects/", "a git-annex pointer; fetch the file itself with: git annex get"),
    (b"\x1f\x8b", "compressed by gzip; unpack it first"),
    (b"BZh", "compressed by bzip2; unpack it first"),
    (b"\xfd7zXZ\0", "compressed by xz; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd; unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"Rar!", "a rar archive; unpack it first"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
)
"""First bytes of files that often stand in the place of others, and how they are called."""


def foreign_kind(path: str | os.PathLike[str]) -> str | None:
    """Return the kind of a file that holds neither arrays nor weights; None for any other.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        start = file.read(1024)
    for first, kind in _FOREIGN:
        if start.startswith(first):
            return kind
    text = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        words = text.decode(start)
    except UnicodeDecodeError:
        return None
    if re.match(r"\s*<(!doctype|!--|html|head)", words, re.IGNORECASE):
        return "a web page (HTML); download the file itself"
    if words and all(letter.isprintable() or letter.isspace() for letter in words):
        return "a text file"
    return None


def why_missing(path: Path) -> str:
    """Return why there is no file at a path: it does not exist, or is a link to nothing."""
    if path.is_symlink():
        return (
            f"is a link to {os.readlink(path)}, which is not there; fetch it from where your data "
            "are kept (git annex get, dvc pull, …)"
        )
    return "no such file"


_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"\x93NUMPY")
"""First bytes of zip archives, empty ones, and bare arrays; numpy takes others for pickles."""

DAMAGED = (
    ValueError,
    TypeError,
    LookupError,
    EOFError,
    RuntimeError,
    MemoryError,
    OverflowError,
    SyntaxError,
    tokenize.TokenError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
"""Errors that numpy and zipfile raise for damaged bytes: headers that are cut off, shapes that no
memory holds, members that are encrypted or packed in an unknown way."""


@contextmanager
def open_npz(
    path: str | os.PathLike[str], refuse: type[InputError] = InputError
) -> Iterator[np.lib.npyio.NpzFile]:
    """Open an ``.npz`` file, which runs no code; read its arrays in the ``with`` block.

    Raises:
        InputError: of the type ``refuse``, on opening or in the block: the file is missing, cannot
            be read, is damaged, or is of another format.
    """
    try:
        with open(path, "rb") as file:
            start = file.peek()
            if start and not start.startswith(_STARTS):
                kind = foreign_kind(path) or "something else, whatever its name says"
                raise refuse(f"{path}: is no .npz file but {kind}; numpy.savez writes them")
            arrays = np.load(file, allow_pickle=False)
            if not isinstance(arrays, np.lib.npyio.NpzFile):
                raise ValueError("it holds one bare array; numpy.savez writes .npz files")
            with arrays:
                yield arrays
    except InputError:
        raise
    except OSError as error:
        raise refuse(f"{path}: cannot be read ({error.strerror or first_line(error)})") from error
    except DAMAGED as error:
        raise refuse(
            f"{path}: not a readable .npz file ({first_line(error)}); write it again"
        ) from error


def file_version(path: str | os.PathLike[str]) -> list[int]:
    """Return size in bytes and time of the last change in ns, which differ between versions.

    Raises:
        OSError: there is no such file, or its folder cannot be read.
    """
    status = os.stat(path)
    return [status.st_size, status.st_mtime_ns]


def file_digest(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def last_change(path: str | os.PathLike[str]) -> float:
    """Return the time of a file's last change, in seconds since the epoch.

    A link that was pointed elsewhere has changed, however old the file that it now names.

    Raises:
        OSError: there is no such file, or its folder cannot be read.
    """
    return max(os.stat(path).st_mtime, os.lstat(path).st_mtime)


def is_utf8(name: str) -> bool:
    """Return whether a name from the file system can be written into tables and records."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_listed(path: Path) -> bool:
    """Return whether a file or folder counts when a folder is listed.

    Hidden ones do not, nor those whose names are not UTF-8, of which the log warns.
    """
    if path.name.startswith("."):
        return False
    if not is_utf8(path.name):
        log.warning("%s: passed over: its name is not UTF-8; rename it", path)
        return False
    return True


def folder_name(path: str | os.PathLike[str]) -> str:
    """Return the name of a folder, that of the link where it is one; ``.`` and ``..`` have one."""
    return os.path.basename(os.path.abspath(path))


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message."""
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__


NAMES = ("class id", "class name", "modelname")
"""Columns of tables that hold the names of classes and models."""


def read_csv(
    path: str | os.PathLike[str],
    needs: Sequence[str] = (),
    gaps: Sequence[str] = (),
    advice: str = "remove it",
) -> pd.DataFrame:
    """Read a table of numbers and :data:`NAMES`, which stay as they are: ``nan`` is one, too.

    The columns ``needs`` and ``gaps`` must be there, the first ones without gaps.

    Raises:
        DataError: one line that ends with ``advice``: it cannot be read, or is no such table.
    """
    try:
        return _read_csv(path, needs, gaps)
    except (ValueError, OSError) as error:
        raise DataError(f"{path}: not a readable table ({first_line(error)}); {advice}") from error


def _read_csv(
    path: str | os.PathLike[str], needs: Sequence[str], gaps: Sequence[str]
) -> pd.DataFrame:
    import pandas as pd  # takes a while, and few who write files need it

    table = pd.read_csv(path)
    names = pd.read_csv(path, usecols=lambda c: c in NAMES, dtype=str, keep_default_na=False)
    table = table.assign(**dict(names.items()))
    for column in (*needs, *gaps):
        if column not in table:
            raise ValueError(f"it has no column {column}")
    for column in table.columns.difference(names.columns):
        # A column without any value is read as one of gaps.
        if not pd.api.types.is_numeric_dtype(table[column]):
            raise ValueError(f"its column {column} holds text")
        if column in needs and not np.isfinite(table[column].astype(float)).all():
            raise ValueError(f"its column {column} has gaps")
    return table


def check_writable(folder: Path, advice: str) -> None:
    """Make a folder where it is missing, and check early that it can be written to.

    The error ends with ``advice``.

    Raises:
        InputError: one line that names the folder and ends with ``advice``.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reason = "it is a file" if isinstance(error, FileExistsError) else error.strerror
        raise InputError(f"{folder}: cannot be written to ({reason}); {advice}") from error


@contextmanager
def locked(
    path: Path, advice: str, wait: bool = False, target: Path | None = None
) -> Iterator[None]:
    """Hold a lock file for as long as the block runs.

    The system releases it when the process ends, even by kill −9; the file stays and means nothing
    by itself. Forked processes do not hold the lock.

    Args:
        path: of the lock file.
        advice: what to do if another process holds it.
        wait: wait until no other process holds it.
        target: what only one process may write to; None: the lock file's folder.

    Raises:
        InputError: another process holds it, without ``wait``; one line that names the target.
    """
    target = target or path.parent
    # Not a soft lock, which would outlive a killed process.
    lock = filelock.FileLock(path, timeout=-1 if wait else 0, fallback_to_soft=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise InputError(f"{target}: another process writes there; {advice}") from None
    except OSError as error:
        log.warning("%s: cannot be locked (%s); let no other process write there", target, error)
    try:
        yield
    finally:
        lock.release()


@contextmanager
def locked_file(path: Path, advice: str) -> Iterator[None]:
    """Hold a lock on one file, as :func:`locked` does; nothing stays beside it.

    Raises:
        InputError: another process writes it.
    """
    lock = path.with_name(f".{path.name[:200]}.lock")
    with locked(lock, advice, target=path):
        try:
            yield
        finally:
            # While it is held: whoever has opened it by now finds it gone, and makes another.
            lock.unlink(missing_ok=True)
