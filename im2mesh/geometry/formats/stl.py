"""STL files, in text and binary."""

from __future__ import annotations

import numpy as np

from im2mesh.errors import InputError
from im2mesh.geometry.formats.words import Words, plain

_HEADER = 80 + 4  # the count of triangles stands at its end
_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])

_FACET = np.array(b"facet outer vertex vertex vertex endloop endfacet".split(), "S8")
"""First words of the lines of a triangle in text."""


def read(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Read a mesh; see :mod:`im2mesh.geometry.formats`. Each triangle has its own vertices."""
    count = int.from_bytes(data[80:_HEADER], "little")
    exact = len(data) == _HEADER + count * _TRIANGLE.itemsize
    # Binary files may start with "solid", too, but their count of triangles has a zero byte.
    start = data[:_HEADER].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not exact and start[:5].lower() == b"solid" and b"\0" not in start:
        corners = _read_text(data)
    else:
        corners = _read_binary(data, count)
    return corners, np.arange(len(corners)).reshape(-1, 3)


def _read_binary(data: bytes, count: int) -> np.ndarray:
    if len(data) < _HEADER:
        raise InputError("it is neither text that starts with solid nor long enough for binary STL")
    there, rest = divmod(len(data) - _HEADER, _TRIANGLE.itemsize)
    if there < count:
        raise InputError(f"it says that it has {count} triangles, but ends after {there}")
    triangles = np.frombuffer(data, _TRIANGLE, there, _HEADER)
    more = triangles[count:]
    if len(more) and ((not rest and any(data[-len(more) * 50 :])) or _is_triangle(more[0])):
        raise InputError(f"it says that it has {count} triangles, but holds {there}")
    behind = data[_HEADER + count * _TRIANGLE.itemsize :]
    another = int.from_bytes(behind[80:_HEADER], "little")
    if another and _HEADER + another * _TRIANGLE.itemsize <= len(behind):
        raise InputError(f"another file of {another} triangles stands behind its {count}")
    return triangles["corners"][:count].reshape(-1, 3).astype(np.float64)


def _is_triangle(record: np.void) -> bool:
    """Return whether bytes behind the last triangle look like one more."""
    corners = record["corners"]
    length = np.linalg.norm(record["normal"].astype(np.float64))
    distinct = bool((corners != corners[0]).any() and np.isfinite(corners).all())
    return distinct and bool(length == 0 or 0.9 < length < 1.1)


def _read_text(data: bytes) -> np.ndarray:
    words = Words(plain(data, comments=False).lower())
    heads = words.heads
    used = heads != b"color"  # CATIA's, behind solid
    heads, lines = heads[used], words.lines[used]
    opens, closes = np.flatnonzero(heads == b"solid"), np.flatnonzero(heads == b"endsolid")
    inner = np.ones(len(heads), dtype=bool)
    inner[opens] = inner[closes] = False
    expected = np.full(len(heads), b"", "S8")
    # Each solid counts its lines anew.
    expected[inner] = _FACET[
        (np.arange(len(heads)) - _last(opens, len(heads)) - 1)[inner] % len(_FACET)
    ]
    wrong = inner & (heads != expected)
    if wrong.any():
        row = np.flatnonzero(wrong)[0]
        word, wanted = (bytes(a[row]).decode("ascii", "replace") for a in (heads, expected))
        raise InputError(f"line {lines[row]}: expected {wanted!r}, found {word!r}")
    if (
        len(opens) != len(closes)
        or not len(opens)
        or (opens[0], closes[-1]) != (0, len(heads) - 1)
        or not np.array_equal(opens[1:], closes[:-1] + 1)
        or ((closes - opens) % len(_FACET) != 1).any()
    ):
        raise InputError("it is cut off: a triangle is not complete, or a solid has no endsolid")
    chosen = words.heads == b"vertex"
    if (words.counts[chosen] != 4).any():
        line = words.lines[chosen][words.counts[chosen] != 4][0]
        raise InputError(f"line {line}: a vertex has three numbers")
    return words.numbers(chosen, len(b"vertex")).reshape(-1, 3)


def _last(places: np.ndarray, count: int) -> np.ndarray:
    """Return for each of ``count`` rows the last of the places that is not behind it."""
    marks = np.zeros(count, np.int64)
    marks[places] = places
    return np.maximum.accumulate(marks)
