"""Wavefront OBJ files: their vertices and polygons."""

from __future__ import annotations

import re

import numpy as np

from im2mesh.errors import InputError
from im2mesh.geometry.formats.polygons import triangulate
from im2mesh.geometry.formats.words import Words, plain, whole

# A backslash at a line's end continues it, but names of files and groups may end with one, too:
# then a statement follows.
_CONTINUED = re.compile(rb"\\[ \t]*\n(?![ \t]*(?:v|vt|vn|vp|f|l|p|g|o|s|usemtl|mtllib)[ \t])")

LEFT_OUT = frozenset(
    b"vt vn vp l p g o s mg usemtl mtllib usemap maplib lod bevel c_interp d_interp shadow_o "
    b"trace_ob deg bmat step cstype parm ctech stech".split()
)
"""Statements that say nothing about faces; words are cut to eight letters."""

FREE_FORM = frozenset(b"curv curv2 surf trim hole scrv sp con end bzp bsp cdc cdp res".split())
"""Statements of free-form curves and surfaces."""


def read(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Read a mesh; see :mod:`im2mesh.geometry.formats`."""
    text = plain(data)
    words = Words(_CONTINUED.sub(b" ", text) if b"\\" in text else text)
    is_vertex, is_face = words.heads == b"v", words.heads == b"f"
    rest = ~is_vertex & ~is_face
    unknown = set(words.heads[rest].tolist()) - LEFT_OUT
    if unknown:
        row = np.flatnonzero(np.isin(words.heads, list(unknown)))[0]
        word = bytes(words.heads[row]).decode("ascii", "replace")
        kind = "a free-form shape" if words.heads[row] in FREE_FORM else "a statement"
        raise InputError(f"line {words.lines[row]}: {word!r} is {kind} that is not read")
    vertices = _vertices(words, is_vertex)
    counts = words.counts[is_face] - 1
    corners = whole(words.numbers(is_face, 1, slashes=True), "the vertex number")
    if (corners == 0).any():
        raise InputError("a face names vertex 0; they are counted from 1")
    if len(corners) and corners.min() < 0:  # counted back from the face's own line
        before = np.repeat(np.cumsum(is_vertex)[is_face], counts)
        if (corners < -before).any():
            wrong = corners[corners < -before][0]
            raise InputError(f"a face names vertex {wrong}, before the first one")
        corners = np.where(corners < 0, corners + before + 1, corners)
    return vertices, triangulate(vertices, corners - 1, counts)


def _vertices(words: Words, chosen: np.ndarray) -> np.ndarray:
    """Return (V, 3) points: the first three of three numbers, with a weight or a colour or both."""
    counts = words.counts[chosen] - 1
    values = words.numbers(chosen, 1)
    wrong = ~np.isin(counts, (3, 4, 6, 7))
    if wrong.any():
        line = words.lines[chosen][wrong][0]
        raise InputError(f"line {line}: a vertex of {counts[wrong][0]} numbers; expected three")
    starts = np.cumsum(counts) - counts
    if (values[starts[counts == 4] + 3] != 1).any():
        raise InputError("vertices with a weight other than 1 (v x y z w) are not read")
    return values[starts[:, None] + np.arange(3)]
