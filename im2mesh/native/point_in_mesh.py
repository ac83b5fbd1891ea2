"""Which points lie inside a mesh, by the parity of ray crossings.

A vertical line (along z) through the point is cut into two rays. Inside is where BOTH cross the
surface an odd number of times, as in the parent project (Mescheder et al., CVPR 2019), so where the
two disagree, which takes a surface with holes, the point counts as outside.

Whether the line passes a triangle is decided in the plane: it does if an odd number of the
triangle's three edges pass the point on its right. Both triangles of an edge get the same answer
about it, so in a closed mesh every line crosses the surface an even number of times, also where it
runs through an edge or a vertex, and the two rays always agree.
"""

from __future__ import annotations

import importlib

import numpy as np
from numpy.typing import ArrayLike

try:
    _point_in_mesh = importlib.import_module("im2mesh.native._point_in_mesh")
except ModuleNotFoundError:
    raise ImportError(
        "im2mesh's extensions are not built: run `python setup.py build_ext --inplace` "
        "(or `make build`)"
    ) from None

MOST_CELLS = 1024
"""Cells of the grid along an axis, at the most."""

MOST_ENTRIES = 16
"""Cells that a triangle may cover on average; the grid is made coarser where it would be more."""


def contains(vertices: ArrayLike, faces: ArrayLike, points: ArrayLike) -> np.ndarray:
    """Whether the mesh contains each point.

    The result does not depend on the orientation of the faces. Points on the surface itself may
    get either answer. A mesh without faces contains nothing.

    Args:
        vertices: (V, 3) numbers; those that a face uses must be finite.
        faces: (F, 3) integers in 0 … V − 1.
        points: (N, 3) finite numbers.

    Returns:
        (N,) bool.

    Raises:
        ValueError: shapes, types or values are not as above.
    """
    corners = _corners(vertices, faces)
    queries = _numbers("points", points)
    if not np.isfinite(queries).all():
        row = int(np.argmin(np.isfinite(queries).all(axis=1)))
        raise ValueError(f"contains: point {row} is {queries[row].tolist()}, not finite")
    if not len(corners) or not len(queries):
        return np.zeros(len(queries), bool)
    low, high = corners.min(axis=1)[:, :2], corners.max(axis=1)[:, :2]
    bottom, top = low.min(axis=0), high.max(axis=0)
    side = min(MOST_CELLS, int(np.sqrt(len(corners))) + 1)
    while True:
        # Cells are found by one expression for triangles and points, and it grows with the
        # coordinate; so a point within a triangle's bounds is in one of the triangle's cells.
        first, last = (_cell(ends, bottom, top, side) for ends in (low, high))
        if (last - first + 1).prod(axis=1).sum() <= MOST_ENTRIES * len(corners) or side == 1:
            break
        side = (side + 1) // 2
    covered = np.stack([first[:, 0], last[:, 0], first[:, 1], last[:, 1]], axis=1)
    outside = ((queries[:, :2] < bottom) | (queries[:, :2] > top)).any(axis=1)
    cells = _cell(np.clip(queries[:, :2], bottom, top), bottom, top, side)
    cells[outside] = -1
    inside: np.ndarray = _point_in_mesh.contains(corners, covered, queries, cells, side)
    return inside.astype(bool)


def _cell(at: np.ndarray, bottom: np.ndarray, top: np.ndarray, side: int) -> np.ndarray:
    """(N, 2) cells, 0 … side − 1, of (N, 2) coordinates between ``bottom`` and ``top``."""
    extent = np.where(top > bottom, top - bottom, 1.0)
    return np.minimum(((at - bottom) / extent * side).astype(np.int64), side - 1)


def _corners(vertices: ArrayLike, faces: ArrayLike) -> np.ndarray:
    """(F, 3, 3) float64 corners of the faces, checked."""
    places = _numbers("vertices", vertices)
    triangles = np.asarray(faces)
    triangles = triangles.reshape(0, 3) if triangles.size == 0 else triangles
    if triangles.ndim != 2 or triangles.shape[1] != 3:
        raise ValueError(f"contains: faces must have shape (F, 3), not {triangles.shape}")
    if not len(triangles):
        return np.empty((0, 3, 3))
    if triangles.dtype.kind not in "iu":
        raise ValueError(f"contains: faces must be integers, not {triangles.dtype}")
    if triangles.min() < 0 or triangles.max() >= len(places):
        raise ValueError(
            f"contains: faces name vertices {triangles.min()} … {triangles.max()} of {len(places)}"
        )
    corners = np.ascontiguousarray(places[triangles])
    if not np.isfinite(corners).all():
        row = int(np.argmin(np.isfinite(corners).all(axis=(1, 2))))
        raise ValueError(f"contains: face {row} has a vertex that is not finite")
    return corners


def _numbers(name: str, values: ArrayLike) -> np.ndarray:
    array = np.asarray(values)
    array = array.reshape(0, 3) if array.size == 0 else array
    if array.ndim != 2 or array.shape[1] != 3 or array.dtype.kind not in "fiu":
        raise ValueError(
            f"contains: {name} must be (N, 3) numbers, not {array.shape} ({array.dtype})"
        )
    return np.ascontiguousarray(array, np.float64)
