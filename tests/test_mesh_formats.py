"""OFF, OBJ, STL and PLY in the variations that other programs write: read, or refused by name."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from im2mesh.errors import InputError
from im2mesh.geometry.formats import READERS, obj, off, ply, stl
from im2mesh.geometry.formats.polygons import triangulate
from im2mesh.geometry.mesh_files import FORMATS, load_mesh, read_mesh
from tests.prism import FACES, TRIANGLES, VERTICES, measures, refused, rows, same


def test_the_prism() -> None:
    area, volume = measures((VERTICES, TRIANGLES))[:2]
    assert area == pytest.approx(2 * 4.5 + 0.75 * 11) and volume == pytest.approx(4.5 * 0.75)


# --- polygons -----------------------------------------------------------------------------------


def star(angles: Sequence[float], radii: Sequence[float]) -> np.ndarray:
    """Return the (n, 2) corners of a polygon that its centre sees whole."""
    turns = np.cumsum(angles) / np.sum(angles) * 2 * np.pi
    return np.stack([np.cos(turns), np.sin(turns)], axis=1) * np.array(radii)[:, None]


@given(st.data(), st.integers(3, 12), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_triangles_cover_a_simple_polygon_once(data: st.DataObject, n: int, seed: int) -> None:
    sizes = st.floats(0.3, 1)
    angles = data.draw(st.lists(sizes, min_size=n, max_size=n))
    radii = data.draw(st.lists(sizes, min_size=n, max_size=n))
    flat = star(angles, radii) if n > 4 else star(angles, np.ones(n))
    rng = np.random.default_rng(seed)
    axes, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    points = flat @ axes[:2] + rng.normal(size=3)
    order = np.roll(np.arange(n), rng.integers(n))
    triangles = triangulate(points, order, np.array([n]))
    a, b, c = (flat[triangles[:, k]] for k in range(3))
    areas = np.linalg.det(np.stack([b - a, c - a], axis=1)) / 2
    following = np.roll(flat, -1, axis=0)
    area = (flat[:, 0] * following[:, 1] - flat[:, 1] * following[:, 0]).sum() / 2
    assert areas.min() > -1e-9 and areas.sum() == pytest.approx(area)
    edges = np.sort(np.concatenate([triangles[:, [k, (k + 1) % 3]] for k in range(3)]), axis=1)
    counts = np.unique(edges, axis=0, return_counts=True)[1]
    assert (counts == 1).sum() == n and counts.max() <= 2


def test_a_polygon_with_a_hole_reached_by_a_bridge() -> None:
    square = np.array([[0, 0], [4, 0], [4, 4], [0, 4]])
    hole = np.array([[1, 1], [1, 3], [3, 3], [3, 1]])
    flat = np.concatenate([square, square[:1], hole, hole[:1]])
    points = np.column_stack([flat, np.ones(len(flat))])
    mesh = points, triangulate(points, np.arange(10), np.array([10]))
    assert measures(mesh)[0] == pytest.approx(16 - 4)


@pytest.mark.parametrize("order", ["0123", "1230", "2301", "3012"])
def test_a_concave_quad_is_cut_at_its_inner_corner(order: str) -> None:
    points = np.array([[0, 0, 0], [2, 1, 0], [0, 2, 0], [0.5, 1, 0]])
    triangles = triangulate(points, np.array([int(k) for k in order]), np.array([4]))
    assert all(3 in triangle and 1 in triangle for triangle in triangles.tolist())
    assert measures((points, triangles))[0] == pytest.approx(1.5)


@pytest.mark.parametrize("counts", [[2, 4], [0, 6], [1, 5]])
def test_faces_of_fewer_than_three_corners_are_refused(counts: list[int]) -> None:
    with pytest.raises(InputError, match="a face of [012] corners"):
        triangulate(VERTICES, np.arange(6), np.array(counts))


# --- OFF ----------------------------------------------------------------------------------------

OFF_VERTICES, OFF_FACES = rows(VERTICES), rows([len(face), *face] for face in FACES)
OFF = "\n".join(["OFF", "12 8 0", *OFF_VERTICES, *OFF_FACES, ""])

OFF_READ = {
    "plain": OFF,
    "lower case": OFF.replace("OFF", "off"),
    "counts behind the header": OFF.replace("OFF\n", "OFF "),
    "ModelNet's": OFF.replace("OFF\n", "OFF"),
    "no header": OFF.removeprefix("OFF\n"),
    "two counts": OFF.replace("12 8 0", "12 8"),
    "comments": "# a\nOFF # b\n#c\n12 8 0 # d\n" + "\n# e\n".join(OFF.split("\n")[2:]),
    "comments without a blank": OFF.replace("\n", "# no\n"),
    "blank lines": OFF.replace("\n", "\n\n \t\n"),
    "CR LF": OFF.replace("\n", "\r\n"),
    "CR": OFF.replace("\n", "\r"),
    "byte order mark": "\ufeff" + OFF,
    "tabs": OFF.replace(" ", "\t"),
    "indented": OFF.replace("\n", "\n   "),
    "one line": OFF.replace("\n", " "),
    "a number a line": OFF.replace(" ", "\n"),
    "faces in one line": "\n".join(["OFF", "12 8 0", *OFF_VERTICES, " ".join(OFF_FACES)]),
    "no newline at the end": OFF.rstrip(),
    "two vertices in a line": OFF.replace("\n3.0 0.0 0.0", " 3.0 0.0 0.0"),
    "colours of faces": "\n".join(
        ["OFF", "12 8 0", *OFF_VERTICES]
        + [
            f"{face} {colour}"
            for face, colour in zip(
                OFF_FACES, ["", "7", "255 0 0", "0.1 0.2 0.3 1", "", "0 0 0", "1", "2"], strict=True
            )
        ]
    ),
    "COFF": "\n".join(["COFF", "12 8 0", *(v + " 9 9 9 255" for v in OFF_VERTICES), *OFF_FACES]),
    "COFF, RGB": "\n".join(["COFF", "12 8 0", *(v + " 9 9 9" for v in OFF_VERTICES), *OFF_FACES]),
    "NOFF": "\n".join(["NOFF", "12 8 0", *(v + " 0 0 1" for v in OFF_VERTICES), *OFF_FACES]),
    "NOFF in one line": " ".join(
        ["NOFF 12 8 0", *(v + " 0 0 1" for v in OFF_VERTICES), *OFF_FACES]
    ),
    "STCNOFF": "\n".join(
        ["STCNOFF", "12 8 0", *(v + " 0 0 1 1 1 1 1 0.5 0.5" for v in OFF_VERTICES), *OFF_FACES]
    ),
    "exponents": OFF.replace("2.5", "25e-1").replace("0.75", "+7.5E-01"),
}

OFF_REFUSED = {
    "fewer faces than counted": (OFF.replace("12 8 0", "12 9 0"), "in face 9 of 9"),
    "more faces than counted": (OFF.replace("12 8 0", "12 7 0"), "12 vertices and 7 faces"),
    "cut in a line": (OFF.rstrip()[:-2], "corners has|is for others|are for others"),
    "cut at a line": (OFF.rstrip().rpartition("\n")[0], "in face 8 of 8"),
    "cut in the vertices": ("\n".join(OFF.split("\n")[:9]), "in face 1 of 8"),
    "negative counts": ("OFF\n-1 -1 0\n", "-1 vertices"),
    "an index too large": (OFF.replace("4 5 0 6 11", "4 5 0 6 12"), "vertex 12 .* of 12"),
    "a negative index": (OFF.replace("4 5 0 6 11", "4 5 0 -6 11"), "vertex -6"),
    "a fraction": (OFF.replace("4 5 0 6 11", "4 5 0 6.5 11"), "6.5 is no whole number"),
    "two corners": ("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n2 0 1\n", "a face of 2 corners"),
    "a corner short": ("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1\n", "of 3 corners has 2 numbers"),
    "flat vertices": ("OFF\n3 1 0\n0 0\n1 0\n0 1\n3 0 1 2\n", "2 to 2 numbers; expected 3"),
    "a word": (OFF.replace("3.0 1.0 0.0", "3.0 x 0.0"), "line 5: 'x' is no number"),
    "no number": (OFF.replace("3.0 1.0 0.0", "3.0 1.#INF 0.0"), "line 5: '1.#INF' is no number"),
    "4OFF": ("4" + OFF.replace("OFF", "OFF"), "4OFF"),
    "nOFF": ("n" + OFF.replace("OFF\n", "OFF 3\n"), "nOFF"),
    "binary": ("OFF BINARY\n\1\2", "OFF BINARY"),
    "zero bytes": ("OFF BINARY\n\0", "zero bytes"),
    "UTF-16": ("O\0F\0F\0", "zero bytes"),
    "another format": ("ply\n", "does not start with OFF"),
    "only a header": ("OFF\n", "ends before its counts"),
}


@pytest.mark.parametrize("name", OFF_READ)
def test_off(name: str) -> None:
    same(off.read(OFF_READ[name].encode()))


@pytest.mark.parametrize("name", OFF_REFUSED)
def test_off_refused(name: str) -> None:
    text, message = OFF_REFUSED[name]
    refused(off.read, text.encode(), message)


# --- OBJ ----------------------------------------------------------------------------------------

OBJ_VERTICES = ["v " + row for row in rows(VERTICES)]
OBJ_FACES = ["f " + row for row in rows([k + 1 for k in face] for face in FACES)]
OBJ = "\n".join([*OBJ_VERTICES, *OBJ_FACES, ""])


def corners(pattern: str) -> str:
    """Return the file with each corner of a face written by a pattern."""
    faces = [re.sub(r"\d+", lambda found: pattern.format(found[0]), face) for face in OBJ_FACES]
    return "\n".join([*OBJ_VERTICES, "vt 0 0", "vn 0 0 1", *faces])


def relative_obj() -> str:
    """Return the file with each face behind its own vertices, which it counts backwards."""
    lines = []
    for face in FACES:
        lines += [OBJ_VERTICES[k] for k in face]
        lines.append("f " + " ".join(str(k - len(face)) for k in range(len(face))))
    return "\n".join(lines)


OBJ_READ = {
    "plain": OBJ,
    "faces first": "\n".join([*OBJ_FACES, *OBJ_VERTICES]),
    "negative, behind each face's vertices": relative_obj(),
    "negative, behind all": "\n".join(
        [*OBJ_VERTICES, *("f " + row for row in rows([k - 12 for k in face] for face in FACES))]
    ),
    "a/b": corners("{}/1"),
    "a//c": corners("{}//1"),
    "a/b/c": corners("{}/1/1"),
    "a/b/c, negative": corners("{}/-1/-1"),
    "a/": corners("{}/"),
    "mixed corners": OBJ.replace("f 2 1 6", "f 2/1 1//1 6/1/1"),
    "tabs": OBJ.replace(" ", "\t"),
    "indented": "  " + OBJ.replace("\n", "\n \t "),
    "CR LF": OBJ.replace("\n", "\r\n"),
    "CR": OBJ.replace("\n", "\r"),
    "all three": OBJ.replace("\n", "\r\n", 3).replace("\nv 0.0 0.0 0.75", "\rv 0.0 0.0 0.75"),
    "byte order mark": "\ufeff" + OBJ,
    "comments": "# v 9 9 9\n" + OBJ.replace("\n", " # 9 9\n# f 1 2 3\n"),
    "comments without a blank": OBJ.replace("\n", "#9\n"),
    "comments that end with a backslash": OBJ.replace("\nf ", "\n# C:\\models\\\nf "),
    "continued": OBJ.replace("f 2 1 6 ", "f 2 1 6 \\\n"),
    "continued without a blank": OBJ.replace("f 2 1 6 ", "f 2 1 6\\\r\n"),
    "continued vertices": OBJ.replace("v 3.0 1.0 ", "v 3.0 \\\n 1.0\\\n "),
    "names that end with a backslash": OBJ.replace("\nf ", "\nmtllib C:\\\nusemtl a\\\nf "),
    "groups and materials": OBJ.replace("\nf ", "\ng a b\no f\ns off\nusemtl v 1\nf "),
    "groups with keywords": OBJ.replace("\nf ", "\ng v\ng f 1 2 3\nf "),
    "points and lines": OBJ + "p 1 2 3\nl 1 2 3\nl 1/1 2/2\n",
    "weights of 1": OBJ.replace("\nf", "#\nf").replace("0.0\n", "0.0 1.0\n", 3),
    "colours": "\n".join([*(row + " 0.1 0.2 0.3" for row in OBJ_VERTICES), *OBJ_FACES]),
    "weights and colours": "\n".join([*(row + " 1 0 0 1" for row in OBJ_VERTICES), *OBJ_FACES]),
    "unused vertices": OBJ + "v 9 9 9\nv 1e9 0 nan\n",
    "names in Latin-1": OBJ.replace("\nf ", "\nusemtl St\xfchle\nf "),
    "no newline at the end": OBJ.rstrip(),
    "exponents": OBJ.replace("2.5", "25e-1").replace("0.75", ".75E0"),
}

OBJ_REFUSED = {
    "vertex 0": (OBJ.replace("f 2 1 6", "f 2 0 6"), "vertex 0; they are counted from 1"),
    "an index too large": (OBJ.replace("f 2 1 6", "f 2 13 6"), "vertex 12 .* of 12"),
    "an index before the first": ("v 0 0 0\nf -1 -2 -3\n" + OBJ, "vertex -2, before the first"),
    "two corners": (OBJ + "f 1 2\n", "a face of 2 corners"),
    "a fraction": (OBJ.replace("f 2 1 6", "f 2 1.5 6"), "1.5 is no whole number"),
    "a word in a face": (OBJ.replace("f 2 1 6", "f 2 a/1 6"), "line 13: 'a/1' is no number"),
    "a slash alone": (OBJ.replace("f 2 1 6", "f 2 / 6"), "no number"),
    "a word in a vertex": (OBJ.replace("v 3.0 1.0", "v 3.0 1,0"), "line 3: '1,0' is no number"),
    "two numbers": (OBJ.replace("v 3.0 1.0 0.0", "v 3.0 1.0"), "line 3: a vertex of 2 numbers"),
    "five numbers": (OBJ.replace("v 3.0 1.0", "v 1 1 3.0 1.0"), "line 3: a vertex of 5 numbers"),
    "weights": (OBJ.replace("v 3.0 1.0 0.0", "v 3.0 1.0 0.0 2"), "weight other than 1"),
    "infinite": (OBJ.replace("v 3.0 1.0 0.0", "v 3.0 1.0 -1.#IND"), "line 3: '-1.#IND'"),
    "a surface": (OBJ + "cstype bspline\nsurf 0 1 0 1 1 2 3 4\n", "'surf' is a free-form"),
    "a curve": (OBJ + "curv 0 1 1 2 3\n", "line 21: 'curv' is a free-form"),
    "a call": (OBJ + "call other.obj\n", "line 21: 'call' is a statement that is not read"),
    "upper case": (OBJ.replace("f ", "F "), "line 13: 'F'"),
    "text": ("Once upon a time\n", "line 1: 'Once' is a statement"),
    "zero bytes": (OBJ + "\0" * 100, "zero bytes"),
}


@pytest.mark.parametrize("name", OBJ_READ)
def test_obj(name: str) -> None:
    same(obj.read(OBJ_READ[name].encode("latin-1" if "Latin" in name else "utf-8")))


@pytest.mark.parametrize("name", OBJ_REFUSED)
def test_obj_refused(name: str) -> None:
    text, message = OBJ_REFUSED[name]
    refused(obj.read, text.encode(), message)


# --- STL ----------------------------------------------------------------------------------------


def binary_stl(triangles: np.ndarray = TRIANGLES, header: bytes = b"", count: int = -1) -> bytes:
    facets = np.zeros(len(triangles), [("n", "<f4", 3), ("v", "<f4", (3, 3)), ("a", "<u2")])
    facets["v"] = VERTICES[triangles]
    normals = np.cross(*np.diff(VERTICES[triangles], axis=1).transpose(1, 0, 2))
    facets["n"] = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    count = len(triangles) if count < 0 else count
    return header.ljust(80, b" " if header else b"\0") + struct.pack("<I", count) + facets.tobytes()


def solid(name: str = "a", triangles: np.ndarray = TRIANGLES) -> str:
    lines = [f"solid {name}"]
    for triangle in VERTICES[triangles]:
        lines += ["  facet normal 0 0 0", "    outer loop"]
        lines += [f"      vertex {row}" for row in rows(triangle)]
        lines += ["    endloop", "  endfacet"]
    return "\n".join([*lines, f"endsolid {name}", ""])


STL = solid()

STL_READ = {
    "binary": binary_stl(),
    "binary that starts with solid": binary_stl(header=b"solid binary"),
    "binary, solid, bytes behind": binary_stl(header=b"solid facet") + b"\0" * 7,
    "zeros behind": binary_stl() + bytes(150),
    "text behind": binary_stl() + b"made by a program that signs its files at the end, as some do",
    "a byte behind": binary_stl() + b"\n",
    "text": STL.encode(),
    "upper case": STL.upper().encode(),
    "CR LF": STL.replace("\n", "\r\n").encode(),
    "CR": STL.replace("\n", "\r").encode(),
    "byte order mark": b"\xef\xbb\xbf" + STL.encode(),
    "blank lines first": b"\n \n" + STL.encode(),
    "tabs": STL.replace("  ", "\t").encode(),
    "not indented": re.sub(r"\n +", "\n", STL).encode(),
    "no name": re.sub("solid a", "solid", STL).encode(),
    "no newline at the end": STL.rstrip().encode(),
    **{
        f"solid {name}": solid(name).encode()
        for name in ("vertex", "endsolid", "facet normal", "#1")
    },
    "name in Latin-1": solid("St\xfchle").encode("latin-1"),
    "several solids": (solid("a", TRIANGLES[:5]) + solid("b", TRIANGLES[5:])).encode(),
    "an empty solid": ("solid x\nendsolid x\n" + STL).encode(),
    "colours": STL.replace("\n  facet", "\ncolor 1 0 0\n  facet", 1).encode(),
}

STL_REFUSED = {
    "a triangle missing": (binary_stl()[:-50], "20 triangles, but ends after 19"),
    "bytes missing": (binary_stl()[:-7], "20 triangles, but ends after 19"),
    "no triangle counted": (binary_stl(count=0), "0 triangles, but holds 20"),
    "too few counted": (binary_stl(count=19), "19 triangles, but holds 20"),
    "too few counted, bytes behind": (binary_stl(count=19) + b"\n", "19 triangles, but holds 20"),
    "two files in one": (binary_stl() + binary_stl(), "20 triangles stands behind its 20"),
    "too many counted": (binary_stl(count=2**32 - 1), "4294967295 triangles, but ends after 20"),
    "only a header": (b"\0" * 80, "neither text"),
    "cut in a line": (STL[: len(STL) // 2].encode(), "cut off|no number|expected|three numbers"),
    "cut between triangles": (STL.rpartition("endsolid")[0].encode(), "cut off"),
    "the last solid cut": ((STL + STL[:-15]).encode(), "cut off|expected"),
    "the first solid cut": ((STL.rpartition("endsolid")[0] + STL).encode(), "cut off"),
    "a facet of four corners": (
        STL.replace("    endloop", "      vertex 0 0 0\n    endloop", 1).encode(),
        "line 7: expected 'endloop', found 'vertex'",
    ),
    "one line": (STL.replace("\n", " ").encode(), "cut off"),
    "two numbers": (
        STL.replace("vertex 0.0 0.0 0.75", "vertex 0.0 0.75", 1).encode(),
        "three numbers",
    ),
    "a word": (STL.replace("vertex 0.0 0.0", "vertex 0.0 zero", 1).encode(), "'zero' is no number"),
    "zero bytes": ((STL + "\0" * 20).encode(), "zero bytes"),
    "text": (b"Once upon a time" * 9, "triangles, but ends after"),
}


@pytest.mark.parametrize("name", STL_READ)
def test_stl(name: str) -> None:
    same(stl.read(STL_READ[name]))


@pytest.mark.parametrize("name", STL_REFUSED)
def test_stl_refused(name: str) -> None:
    refused(stl.read, *STL_REFUSED[name])


# --- PLY ----------------------------------------------------------------------------------------

SIZES = {"char": "b", "uchar": "B", "short": "h", "ushort": "H", "int": "i", "uint": "I"}
SIZES |= {"float": "f", "double": "d", "int32": "i", "uint8": "B", "float64": "d", "uint16": "H"}

Element = tuple[str, list[str], list[list[Any]]]
VERTEX: Element = ("vertex", ["float x", "float y", "float z"], VERTICES.tolist())
FACE: Element = ("face", ["list uchar int vertex_indices"], [[face] for face in FACES])
TRIANGLE: Element = ("face", FACE[1], [[face] for face in TRIANGLES.tolist()])


def write_ply(
    *elements: Element, order: str = "ascii", newline: str = "\n", head: str = ""
) -> bytes:
    """Write elements: a name, types with names, and rows of numbers and lists."""
    lines = (
        ["ply", f"format {order} 1.0", *head.split("\n")]
        if head
        else ["ply", f"format {order} 1.0"]
    )
    data = b""
    for name, types, table in elements:
        lines += [f"element {name} {len(table)}", *(f"property {entry}" for entry in types)]
        for row in table:
            words = list[str]()
            for entry, value in zip(types, row, strict=True):
                mark = ">" if "big" in order else "<"
                codes = [SIZES[word] for word in entry.split() if word in SIZES]
                values = [len(value), *value] if entry.startswith("list") else [value]
                words += map(str, values)
                if order != "ascii":
                    code = codes[0] + codes[-1] * (len(values) - 1)
                    data += struct.pack(mark + code, *values)
            if order == "ascii":
                data += (" ".join(words) + newline).encode()
    return (newline.join([*lines, "end_header"]) + newline).encode() + data


def strips() -> Element:
    """Return the sides as two strips in one list, the ends as triangles in others."""
    around = [k + 6 * up for k in [*range(6), 0] for up in (1, 0)]
    ends = [face for face in TRIANGLES.tolist() if max(face) < 6 or min(face) > 5]
    first, second = around[:8], around[6:]
    return (
        "tristrips",
        ["list int int vertex_indices"],
        [[[*first, -1, *second]], *([e] for e in ends)],
    )


EDGE: Element = ("edge", ["int vertex1", "int vertex2"], [[0, 1], [2, 3]])
COLOURED: Element = (
    "vertex",
    ["uchar red", "double z", "float y", "list uchar float extra", "double x", "short q"],
    [[7, z, y, [1.5] * (k % 3), x, -1] for k, (x, y, z) in enumerate(VERTICES.tolist())],
)
TEXTURED: Element = (
    "face",
    ["uchar flags", "list uchar float texcoord", "list ushort uint vertex_index", "int number"],
    [[1, [0.5] * 2 * len(face), face, k] for k, face in enumerate(FACES)],
)

PLY_LAYOUTS: dict[str, tuple[Element, ...]] = {
    "triangles": (VERTEX, TRIANGLE),
    "polygons": (VERTEX, FACE),
    "faces first": (FACE, VERTEX),
    "other elements": (
        EDGE,
        VERTEX,
        ("extra", *EDGE[1:]),
        FACE,
        ("x", ["uchar a"], []),
    ),
    "other properties": (COLOURED, TEXTURED),
    "vertex_index": (VERTEX, ("face", ["list uint8 int32 vertex_index"], FACE[2])),
    "short indices": (VERTEX, ("face", ["list int uchar vertex_indices"], FACE[2])),
    "strips": (VERTEX, strips()),
    "no faces but strips": (VERTEX, ("face", FACE[1], []), strips()),
}

ORDERS = ("ascii", "binary_little_endian", "binary_big_endian")
ASCII, BINARY = (write_ply(VERTEX, FACE, order=order) for order in ORDERS[:2])
EVEN = write_ply(VERTEX, TRIANGLE, order=ORDERS[1])

PLY_READ = {
    "bytes behind": BINARY + b"\n",
    "zeros behind": EVEN + bytes(100),
    "text behind": EVEN + b"signed by a program",
    "comments": write_ply(
        VERTEX, FACE, head="comment element vertex 9\nobj_info end_header no\ncomment"
    ),
    "comments before the format": ASCII.replace(b"ply\n", b"ply\ncomment no\n"),
    "a comment in Latin-1": ASCII.replace(b"ply\n", b"ply\ncomment St\xfchle\n"),
    "tabs and blanks": ASCII.replace(b" ", b"\t").replace(b"\n", b" \n"),
    "in one line": re.sub(rb"(?s)(?<=end_header\n).*", lambda m: m[0].replace(b"\n", b" "), ASCII),
    "blank lines": re.sub(
        rb"(?s)(?<=end_header\n).*", lambda m: m[0].replace(b"\n", b"\n\n"), ASCII
    ),
    "CR LF in most lines of the header": re.sub(
        rb"(?s)(?<=ply\n).*(?<=end_header\n)", lambda m: m[0].replace(b"\n", b"\r\n"), BINARY
    ),
    "a texture's name": ASCII.replace(b"ply\n", b"ply\ncomment TextureFile lost.png\n"),
}

PLY_REFUSED = {
    "cut": (BINARY[:-3], "ends, or is damaged, in element face 8 of 8"),
    "cut in the vertices": (BINARY[: BINARY.index(b"end_header") + 100], "element vertex"),
    "cut, text": (ASCII.rstrip()[:-3], "element face 8 of 8"),
    "fewer counted": (EVEN.replace(b"face 20", b"face 19"), "more of its element face"),
    "fewer counted, polygons": (BINARY.replace(b"face 8", b"face 7"), "more of its element face"),
    "fewer counted, text": (ASCII.replace(b"face 8", b"face 7"), "more of its element face"),
    "fewer vertices counted": (ASCII.replace(b"vertex 12", b"vertex 11"), "."),
    "more counted": (EVEN.replace(b"face 20", b"face 21"), "element face 2[01] of 21"),
    "a huge count": (EVEN.replace(b"face 20", b"face 99999999999"), "element face"),
    "columns that are not declared": (
        write_ply(
            ("vertex", [f"float {c}" for c in "xyzabc"], np.tile(VERTICES, 2).tolist()), FACE
        ).replace(b"property float a\nproperty float b\nproperty float c\n", b""),
        ".",
    ),
    "a negative length": (
        write_ply(
            VERTEX, ("face", ["list char int vertex_indices"], FACE[2]), order=ORDERS[1]
        ).replace(b"\6\1\0\0\0\0", b"\xfa\1\0\0\0\0"),
        "element face 1 of 8",
    ),
    "an index too large": (
        write_ply(VERTEX, ("face", FACE[1], [*FACE[2], [[0, 1, 12]]]), order=ORDERS[1]),
        "vertex 12 .* of 12",
    ),
    "two corners": (write_ply(VERTEX, ("face", FACE[1], [*FACE[2], [[0, 1]]])), "of 2 corners"),
    "an index in a strip": (
        write_ply(VERTEX, ("tristrips", FACE[1], [[[0, 1, 2, -5]]])),
        "vertex -5",
    ),
    "no z": (write_ply(("vertex", ["float x", "float y"], [[0, 0]] * 12), FACE), "x, y or z"),
    "no list": (
        write_ply(VERTEX, ("face", ["int a"], [[1]])),
        "no list; expected a list vertex_ind",
    ),
    "several lists": (
        write_ply(VERTEX, ("face", ["list uchar int a", "list uchar int b"], [[[1], [2]]])),
        "has a, b; expected",
    ),
    "no vertices": (write_ply(FACE), "its elements are face"),
    "two elements of one name": (write_ply(VERTEX, FACE, FACE), "vertex, face, face"),
    "an unknown type": (ASCII.replace(b"float x", b"real x"), "'property real x'"),
    "a property before an element": (
        ASCII.replace(b"element vertex 12\n", b""),
        "'property float x'",
    ),
    "another version": (ASCII.replace(b"1.0", b"2.0", 1), "'format ascii 2.0'"),
    "another encoding": (ASCII.replace(b"ascii", b"binary", 1), "'format binary 1.0'"),
    "no format": (ASCII.replace(b"format ascii 1.0\n", b""), "no format"),
    "no end": (ASCII.replace(b"end_header", b"end"), "no end_header"),
    "a word": (ASCII.replace(b"3.0 1.0 0.0", b"3.0 one 0.0"), "line 12: 'one' is no number"),
    "compressed": (b"\x1f\x8b\x08\0", "does not start with a line that is ply"),
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("name", PLY_LAYOUTS)
def test_ply(name: str, newline: str, order: str) -> None:
    same(ply.read(write_ply(*PLY_LAYOUTS[name], order=order, newline=newline)))


@pytest.mark.parametrize("name", PLY_READ)
def test_ply_variations(name: str) -> None:
    same(ply.read(PLY_READ[name]))


@pytest.mark.parametrize("name", PLY_REFUSED)
def test_ply_refused(name: str) -> None:
    refused(ply.read, *PLY_REFUSED[name])


# --- all formats --------------------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1), st.sampled_from(FORMATS))
@settings(max_examples=40, deadline=None)
def test_other_writers_files_come_back(seed: int, kind: str) -> None:
    """Random soups, written by trimesh."""
    rng = np.random.default_rng(seed)
    vertices = rng.normal(size=(rng.integers(3, 30), 3)).astype(np.float32).astype(np.float64)
    faces = np.array([rng.permutation(len(vertices))[:3] for _ in range(rng.integers(1, 40))])
    data = trimesh.Trimesh(vertices, faces, process=False).export(file_type=kind[1:])
    points, triangles = READERS[kind](data.encode() if isinstance(data, str) else data)
    np.testing.assert_allclose(points[triangles], vertices[faces], atol=1e-7)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_cut_anywhere_is_refused_or_whole(tmp_path: Path, kind: str) -> None:
    data = {".off": OFF.encode(), ".obj": OBJ.encode(), ".ply": BINARY, ".stl": STL.encode()}
    exported = trimesh.Trimesh(VERTICES, TRIANGLES, process=False).export(file_type="glb")
    whole = data.get(kind, exported)
    path = tmp_path / f"a{kind}"
    rng = np.random.default_rng(0)
    for end in rng.integers(1, len(whole), 60).tolist():
        path.write_bytes(whole[:end])
        try:
            faces = load_mesh(path)[1]
        except InputError as error:
            assert str(error).startswith(f"{path}: ") and "\n" not in str(error)
        else:  # OBJ counts nothing: what is there is read
            assert kind == ".obj" or len(faces) == len(TRIANGLES)


@pytest.mark.parametrize("far", ["1 1 1", "1e6 1e6 1e6"])
def test_faces_without_area_do_not_count(tmp_path: Path, far: str) -> None:
    path = tmp_path / "a.obj"
    path.write_text(OBJ + f"v {far}\nv 0.5 0.5 0.5\nf 13 13 13\nf 13 14 1\nf 13 1 13 14\n")
    vertices, faces = load_mesh(path)
    assert len(vertices) == 12
    same((vertices, faces))
    assert len(read_mesh(path).faces) == len(TRIANGLES) + 4
    path.write_text(f"v 0 0 0\nv {far}\nf 1 2 1\n")
    with pytest.raises(InputError, match="no face has an area"):
        load_mesh(path)
