"""PLY files, in text and in binary of either byte order."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

import numpy as np

from im2mesh.errors import InputError
from im2mesh.geometry.formats.polygons import strip, triangulate
from im2mesh.geometry.formats.words import Words, plain, whole

# Codes that struct and numpy share, by the types' names.
_NAMES = (
    "char:b uchar:B short:h ushort:H int:i uint:I float:f double:d int8:b uint8:B int16:h uint16:H "
    "int32:i uint32:I int64:q uint64:Q float16:e float32:f float64:d"
)
_TYPES = dict(entry.split(":") for entry in _NAMES.split())

_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}

_CORNERS = ("vertex_indices", "vertex_index")
"""Names of the list of a face's or a strip's corners."""


@dataclass
class _Property:
    name: str
    type: str  # byte order and code, as in "<f"
    length: str = ""  # type of a list's length


@dataclass
class _Element:
    name: str
    count: int
    properties: list[_Property] = field(default_factory=list)

    def corners(self) -> str:
        lists = [entry.name for entry in self.properties if entry.length]
        found = [name for name in lists if name in _CORNERS] or lists
        if len(found) != 1:
            raise InputError(
                f"its element {self.name} has {', '.join(lists) or 'no list'}; expected a list "
                "vertex_indices"
            )
        return found[0]


Columns = dict[str, tuple[np.ndarray, np.ndarray]]
"""Values of each property of an element, row by row, and their number in each row."""


def read(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Read a mesh; see :mod:`im2mesh.geometry.formats`. Triangle strips are read as well."""
    order, elements, start = _header(data)
    names = [element.name for element in elements]
    if names.count("vertex") != 1 or len(set(names)) < len(names):
        raise InputError(
            f"its elements are {', '.join(names) or 'none'}; expected one called vertex"
        )
    if not order:
        data, start = _as_binary(data, start, elements), 0
    table = _read_rows(data, start, elements)
    vertex = table["vertex"]
    if any(axis not in vertex or (vertex[axis][1] != 1).any() for axis in "xyz"):
        raise InputError("its vertices lack x, y or z")
    vertices = np.stack([vertex[axis][0] for axis in "xyz"], axis=1).astype(np.float64)
    faces = [np.zeros((0, 3), np.int64)]
    for element in elements:
        if not element.count or element.name not in ("face", "tristrips"):
            continue
        corners, counts = table[element.name][element.corners()]
        corners = whole(corners, "the vertex number")
        if element.name == "tristrips":
            corners, counts = _strips(corners, counts)
        faces.append(triangulate(vertices, corners, counts))
    return vertices, np.concatenate(faces)


def _strips(corners: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return strips as corners and counts of triangles; −1 starts a strip anew."""
    triangles = [np.zeros((0, 3), np.int64)]
    for row in np.split(corners, np.cumsum(counts)[:-1]):
        triangles += [strip(part[part != -1]) for part in np.split(row, np.flatnonzero(row == -1))]
    corners = np.concatenate(triangles).reshape(-1)
    return corners, np.full(len(corners) // 3, 3)


# --- the header -------------------------------------------------------------------------------


def _header(data: bytes) -> tuple[str, list[_Element], int]:
    """Return byte order ("" of text), elements, and where the data start."""
    magic = re.match(rb"ply[ \t]*(\r\n|\n|\r)", data)
    if magic is None:
        raise InputError("it does not start with a line that is ply")
    newline = magic[1]
    stray = rb"\r?" if newline == b"\n" else b""
    end = re.compile(newline + rb"end_header[ \t]*" + stray + newline).search(data)
    if end is None:
        raise InputError("its header has no end_header")
    order, elements = None, list[_Element]()
    for line in data[magic.end() : end.start()].decode("ascii", "replace").split(newline.decode()):
        match line.split():
            case [] | ["comment" | "obj_info", *_]:
                pass
            case ["format", name, "1.0"] if name in _ORDERS and order is None:
                order = _ORDERS[name]
            case ["element", name, count] if count.isdecimal():
                elements.append(_Element(name, int(count)))
            case ["property", kind, name] if elements and kind in _TYPES:
                elements[-1].properties.append(_Property(name, _type(kind, order)))
            case ["property", "list", length, kind, name] if (
                elements and kind in _TYPES and length in _TYPES
            ):
                elements[-1].properties.append(
                    _Property(name, _type(kind, order), _type(length, order))
                )
            case _:
                raise InputError(f"its header has the line {line.strip()[:60]!r}")
    if order is None:
        raise InputError("its header has no format")
    for element in elements:
        names = [entry.name for entry in element.properties]
        if not names or len(set(names)) < len(names):
            raise InputError(f"its element {element.name} has no property, or two of one name")
        if any(
            entry.length[-1:] in ("e", "f", "d") and entry.length for entry in element.properties
        ):
            raise InputError(f"lengths of lists of its element {element.name} are no whole numbers")
    return order, elements, end.end()


def _type(name: str, order: str | None) -> str:
    return (order or "") + _TYPES[name]


# --- the data ---------------------------------------------------------------------------------


def _as_binary(data: bytes, start: int, elements: list[_Element]) -> bytes:
    """Return the numbers of a text as float64, and make the elements' types that."""
    words = Words(plain(data[start:], comments=False), 1 + len(data[:start].splitlines()))
    for element in elements:
        element.properties = [
            _Property(entry.name, "<d", "<d" if entry.length else "")
            for entry in element.properties
        ]
    return words.numbers(np.ones(len(words.counts), dtype=bool)).tobytes()


def _read_rows(data: bytes, start: int, elements: list[_Element]) -> dict[str, Columns]:
    table = {}
    for element in elements:
        table[element.name], start = _rows(data, start, element)
    # Bytes behind the data mean nothing, unless they can be one more row.
    if any(data[start:]) and _is_row(data, start, elements[-1], table):
        raise InputError(f"it has more of its element {elements[-1].name} than its header says")
    return table


def _is_row(data: bytes, start: int, element: _Element, table: dict[str, Columns]) -> bool:
    """Return whether bytes look like a row of the element."""
    try:
        row, _ = _rows(data, start, _Element(element.name, 1, element.properties))
    except InputError:
        return False
    if element.name not in ("face", "tristrips"):
        return all(bool(np.isfinite(values).all()) for values, _ in row.values())
    corners = row[element.corners()][0]
    return len(corners) > 2 and corners.min() >= 0 and corners.max() < len(table["vertex"]["x"][0])


def _rows(data: bytes, start: int, element: _Element) -> tuple[Columns, int]:
    """Read the rows of an element from ``start``; return them and where they end."""
    # Most files: all lists are as long as in the first row.
    first, _ = _walk(data, start, element, min(1, element.count))
    fields: list[tuple[str, str, tuple[int, ...]]] = []
    for number, (entry, (_, lengths)) in enumerate(zip(element.properties, first, strict=True)):
        if entry.length:
            fields.append((f"length{number}", entry.length, ()))
        fields.append((f"values{number}", entry.type, (int(lengths.sum()),)))
    row = np.dtype(fields)
    end = start + element.count * row.itemsize
    columns: Columns = {}
    if end <= len(data):
        rows = np.frombuffer(data, row, element.count, start)
        for number, entry in enumerate(element.properties):
            values = rows[f"values{number}"]
            if entry.length and (rows[f"length{number}"] != values.shape[1]).any():
                break
            columns[entry.name] = values.reshape(-1), np.full(element.count, values.shape[1])
        else:
            return columns, end
    places, end = _walk(data, start, element, element.count)
    return {
        entry.name: (_gather(data, begins, lengths, np.dtype(entry.type)), lengths)
        for entry, (begins, lengths) in zip(element.properties, places, strict=True)
    }, end


def _walk(
    data: bytes, at: int, element: _Element, count: int
) -> tuple[list[tuple[np.ndarray, np.ndarray]], int]:
    """Find the values in rows whose lists have any length.

    Returns:
        The start and the number of the values of each property in each row; the end.
    """
    steps = [
        (struct.Struct(entry.length) if entry.length else None, struct.calcsize(entry.type), [], [])
        for entry in element.properties
    ]  # type: list[tuple[struct.Struct | None, int, list[int], list[int]]]
    for row in range(count):
        for length, size, begins, lengths in steps:
            number = 1
            if length and at + length.size <= len(data):
                number = length.unpack_from(data, at)[0]
                at += length.size
            elif length:
                number = -1
            if not 0 <= number <= len(data) or number != int(number):
                at = len(data) + 1
                break
            begins.append(at)
            lengths.append(int(number))
            at += size * int(number)
        if at > len(data):
            raise InputError(
                f"it ends, or is damaged, in element {element.name} {row + 1} of {element.count}"
            )
    return [(np.array(b, np.int64), np.array(n, np.int64)) for _, _, b, n in steps], at


def _gather(data: bytes, begins: np.ndarray, lengths: np.ndarray, kind: np.dtype) -> np.ndarray:
    """Return the values of lists, one behind the other."""
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    places = np.repeat(begins, lengths) + within * kind.itemsize
    values = np.frombuffer(data, np.uint8)[places[:, None] + np.arange(kind.itemsize)]
    return values.view(kind)[:, 0]
