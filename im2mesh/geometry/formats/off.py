"""OFF files (Geomview's object file format), in text."""

from __future__ import annotations

import re

import numpy as np

from im2mesh.errors import InputError
from im2mesh.geometry.formats.polygons import triangulate
from im2mesh.geometry.formats.words import Words, plain, whole

# The keyword may be missing, and ModelNet's files have the counts right behind it: "OFF490 518 0".
_HEADER = re.compile(rb"\s*(?:((?:ST)?C?N?4?n?)OFF)?(?=[\s\d-]|$)", re.IGNORECASE)

# Numbers behind a face's corners: none, a colour map's index, RGB, RGBA.
_COLOURS = (0, 1, 3, 4)


def read(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Read a mesh; see :mod:`im2mesh.geometry.formats`."""
    text = plain(data)
    header = _HEADER.match(text)
    if header is None:
        raise InputError("it does not start with OFF")
    kind, rest = header[1] or b"", text[header.end() :]
    if b"4" in kind or (kind.endswith(b"n") and b"OFF" in header[0]):
        raise InputError(
            f"{header[0].decode().strip()}, vertices of other than three numbers, is not read"
        )
    if rest.lstrip()[:6].upper() == b"BINARY":
        raise InputError("OFF BINARY is not read")
    words = Words(rest, first_line=text[: header.end()].count(b"\n") + 1)
    values = words.numbers(np.ones(len(words.counts), dtype=bool))
    # Three counts have a line of their own, or all is in one line. The edges' may be missing.
    lead = 2 if len(words.counts) and words.counts[0] == 2 else 3
    if len(values) < lead:
        raise InputError("it ends before its counts of vertices and faces")
    vertex_count, face_count = whole(values[:2], "the count").tolist()
    if min(vertex_count, face_count) < 0 or vertex_count + face_count > len(values):
        raise InputError(_disagree(vertex_count, face_count))
    lengths, values = words.counts[1:], values[lead:]
    kind = kind.upper()
    size = 3 + 3 * (b"N" in kind) + 2 * (b"ST" in kind)
    sizes: tuple[int, ...] = (size + 3, size + 4) if b"C" in kind else (size,)
    if words.counts[0] == lead and len(lengths) == vertex_count + face_count:
        if kind == b"":
            sizes = (3, 6, 7)  # colours and normals are there without being declared, too
        rows, faces = lengths[:vertex_count], lengths[vertex_count:]
        if vertex_count and (rows[0] not in sizes or (rows != rows[0]).any()):
            raise InputError(
                f"its vertices have {rows.min()} to {rows.max()} numbers; expected {sizes[0]}"
            )
        size = int(rows[0]) if vertex_count else size
        corners, counts = _rows(values[vertex_count * size :], faces)
    else:  # lines mean nothing
        size = sizes[-1]
        counts, corners, used = _lists(values[vertex_count * size :], face_count)
        if vertex_count * size + used != len(values):
            raise InputError(_disagree(vertex_count, face_count))
    vertices = values[: vertex_count * size].reshape(vertex_count, size)[:, :3]
    return vertices, triangulate(vertices, whole(corners, "the vertex number"), counts)


def _rows(values: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners of faces that have a line each, and the counts of them."""
    starts = np.cumsum(lengths) - lengths
    counts = whole(values[starts], "the count of corners")
    wrong = ~np.isin(lengths - 1 - counts, _COLOURS)
    if wrong.any():
        raise InputError(
            f"a face of {counts[wrong][0]} corners has {lengths[wrong][0] - 1} numbers"
        )
    place = np.arange(len(values)) - np.repeat(starts, lengths)
    return values[(place > 0) & (place <= np.repeat(counts, lengths))], counts


def _lists(values: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Cut a row of numbers into faces, each led by the count of its corners.

    Returns:
        (count,) counts, the corners of all faces, and how many numbers were used.
    """
    if not count:
        return np.zeros(0, np.int64), values[:0], 0
    first = values[0] if len(values) else -1
    size = int(first) + 1 if 0 <= first < len(values) else 0
    if (
        size and len(values) >= count * size
    ):  # most files: all faces have as many corners as the first
        table = values[: count * size].reshape(count, size)
        if (table[:, 0] == size - 1).all():
            return np.full(count, size - 1), table[:, 1:].reshape(-1), count * size
    lengths, at, numbers = np.empty(count, np.int64), 0, values.tolist()
    is_length = np.zeros(len(values), dtype=bool)
    for index in range(count):
        length = numbers[at] if at < len(numbers) else -1
        if length < 0 or length != int(length) or at + 1 + length > len(numbers):
            raise InputError(f"it ends, or is damaged, in face {index + 1} of {count}")
        is_length[at], lengths[index] = True, length
        at += 1 + int(length)
    return lengths, values[:at][~is_length[:at]], at


def _disagree(vertices: int, faces: int) -> str:
    return (
        f"it says that it has {vertices} vertices and {faces} faces, but its numbers are for others"
    )
