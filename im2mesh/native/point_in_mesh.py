"""Tell which points are inside a mesh, by the parity of ray crossings.

The point cuts a vertical line (along z) into two rays. The point is inside if both rays cross the
surface an odd number of times, as in the parent project (Mescheder et al., CVPR 2019). The rays
disagree only where the surface has holes; the point then counts as outside.

The line passes a triangle if, in the plane, an odd number of the triangle's three edges pass the
point on its right. Both triangles of an edge get the same answer about it. So every line crosses a
closed mesh an even number of times, even through an edge or a vertex, and the rays agree.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from im2mesh.native import extension

_point_in_mesh = extension("_point_in_mesh")

MOST_CELLS = 1024
"""Most cells of the grid along an axis."""

MOST_ENTRIES = 16
"""Most cells that a triangle covers on average; the grid is made coarser until this holds."""


def contains(vertices: ArrayLike, faces: ArrayLike, points: ArrayLike) -> np.ndarray:
    """Return (N,) bool, which (N, 3) points a mesh contains.

    The result does not depend on the orientation of the faces. Points on the surface itself may
    get either answer. A mesh without faces contains nothing.

    Raises:
        ValueError: shapes or types are wrong, or a point or a face's vertex is not finite.
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
        # The same monotonic expression gives the cells of triangles and points, so a point within
        # a triangle's bounds is in one of the triangle's cells.
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
    """Return (N, 2) cells, 0 … side − 1, of (N, 2) coordinates between two corners."""
    extent = np.where(top > bottom, top - bottom, 1.0)
    return np.minimum(((at - bottom) / extent * side).astype(np.int64), side - 1)


def _corners(vertices: ArrayLike, faces: ArrayLike) -> np.ndarray:
    """Check a mesh and return the (F, 3, 3) float64 corners of its faces."""
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
