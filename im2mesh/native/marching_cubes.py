"""Marching cubes: the surface where a volume crosses a level, as a closed oriented mesh.

Lorensen and Cline, *Marching cubes: a high resolution 3D surface construction algorithm*,
SIGGRAPH 1987. The table of the 256 cases is built here from one rule instead of being listed:

1. On each face of a cell, the crossed edges are linked by segments that cut off every run of
   inside corners. Where the inside corners of a face are diagonal, they are therefore kept
   apart. The rule looks at nothing but the face's four corners, so two cells agree about the
   face that they share.
2. Every crossed edge lies on two faces of the cell, so the segments chain into closed loops.
3. Each loop is cut into triangles along diagonals that do not lie in a face of the cell. A
   diagonal within a face could be chosen by the neighbouring cell as well, and its edge
   would then have four triangles. (With the first rule every loop can be cut in this way.)

So each edge of the mesh has exactly two triangles, or one on the border of the volume,
whatever the values are.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from im2mesh.native import extension

_marching_cubes = extension("_marching_cubes")

CLEARANCE = 1e-3
"""Least distance of a vertex from the ends of its edge, in edge lengths.

A value very near the iso-level (or a neighbour of -1e6) would move the vertices of up to six edges
onto their common node. At this distance they stay distinct when a mesh is moved to the unit cube
and written as float32. So readers that merge equal vertices see a closed mesh, and no triangle
loses its area.
"""

# Corner c of a cell lies at (c & 1, c >> 1 & 1, c >> 2 & 1). Edges are pairs of corners that
# differ in one bit, along x first, then y, then z; the kernel relies on this order.
EDGES = [(c, c | 1 << axis) for axis in range(3) for c in range(8) if not c >> axis & 1]
EDGE_NUMBER = {frozenset(edge): number for number, edge in enumerate(EDGES)}


def _faces() -> list[list[int]]:
    """Return the corners of each of the six faces, counter-clockwise as seen from outside."""
    rings = []
    for axis in range(3):
        u, v = 1 << (axis + 1) % 3, 1 << (axis + 2) % 3
        rings.append([0, v, u | v, u])
        rings.append([corner | 1 << axis for corner in (0, u, u | v, v)])
    return rings


FACES = _faces()
FACE_EDGES = [{EDGE_NUMBER[frozenset((r[i - 1], r[i]))] for i in range(4)} for r in FACES]


def case_loops(case: int) -> list[list[int]]:
    """Return the closed loops of crossed edges of one case, counter-clockwise from outside.

    Bit c of the case is set if corner c is inside. There is no loop where all corners are on one
    side.
    """
    following: dict[int, int] = {}
    for ring in FACES:
        inside = [case >> corner & 1 for corner in ring]
        for start in range(4):
            if inside[start] or not inside[(start + 1) % 4]:
                continue
            # A run of inside corners begins behind `start`; the segment leads from the edge on
            # which the run is entered to the one on which it is left.
            end = (start + 1) % 4
            while inside[(end + 1) % 4]:
                end = (end + 1) % 4
            entered = EDGE_NUMBER[frozenset((ring[start], ring[(start + 1) % 4]))]
            left = EDGE_NUMBER[frozenset((ring[end], ring[(end + 1) % 4]))]
            following[entered] = left
    loops = []
    while following:
        edge = min(following)
        loop = []
        while edge in following:
            loop.append(edge)
            edge = following.pop(edge)
        loops.append(loop)
    return loops


@cache
def _diagonal_cost(a: int, b: int) -> float:
    """Return the squared distance of two edges' middles, infinite within a face of the cell."""
    if any(a in edges and b in edges for edges in FACE_EDGES):
        return math.inf
    squared = 0
    for axis in range(3):
        twice = sum(c >> axis & 1 for c in EDGES[a]) - sum(c >> axis & 1 for c in EDGES[b])
        squared += twice * twice
    return squared / 4


def triangulate(loop: list[int]) -> tuple[float, list[tuple[int, int, int]]]:
    """Triangulate a loop by the shortest diagonals, none of them within a face.

    Returns:
        total cost of the diagonals (infinite where every triangulation has one within a face),
        and triangles of edge numbers in the loop's orientation.
    """
    if len(loop) < 3:
        return 0.0, []
    best: tuple[float, list[tuple[int, int, int]]] = (math.inf, [])
    for apex in range(1, len(loop) - 1):
        cost = 0.0
        if apex > 1:
            cost += _diagonal_cost(loop[0], loop[apex])
        if apex < len(loop) - 2:
            cost += _diagonal_cost(loop[apex], loop[-1])
        if cost >= best[0]:
            continue
        low_cost, low = triangulate(loop[: apex + 1])
        high_cost, high = triangulate(loop[apex:])
        cost += low_cost + high_cost
        if cost < best[0]:
            best = cost, [*low, (loop[0], loop[apex], loop[-1]), *high]
    return best


@cache
def case_table() -> tuple[np.ndarray, np.ndarray]:
    """Return (256, 3·n) uint8 edge numbers of all triangles, and (256,) uint8 counts of triangles.

    Rows have three edges a triangle and are filled up with zeros.
    """
    cases = []
    for case in range(256):
        triangles: list[tuple[int, int, int]] = []
        for loop in case_loops(case):
            cost, part = triangulate(loop)
            assert cost < math.inf, f"case {case} has a loop that cannot be cut: {loop}"
            triangles += part
        cases.append(triangles)
    counts = np.array([len(triangles) for triangles in cases], np.uint8)
    table = np.zeros((256, 3 * int(counts.max())), np.uint8)
    for row, triangles in zip(table, cases, strict=True):
        row[: 3 * len(triangles)] = np.ravel(triangles)
    table.flags.writeable = counts.flags.writeable = False  # every caller gets the same arrays
    return table, counts


def marching_cubes(volume: np.ndarray, iso: float) -> tuple[np.ndarray, np.ndarray]:
    """Extract the surface that separates the nodes above a level from the others.

    A node is inside if its value is greater than ``iso``; a node at the level is outside.
    There is one vertex on each lattice edge that joins an inside and an outside node, linearly
    interpolated but at least :data:`CLEARANCE` from both, and every vertex belongs to a triangle.
    Triangles have an area and are counter-clockwise as seen from outside, so normals point from
    larger to smaller values. If the border nodes of the volume are all outside, the mesh is
    closed: each directed edge occurs once, and so does its opposite. The same input gives the
    same arrays.

    Args:
        volume: (X, Y, Z) float32 or float64 in any memory layout, each side ≥ 2, finite.
        iso: the level, finite.

    Returns:
        vertices (V, 3) float64 in node indices of the volume, in the order of its axes, and
        faces (F, 3) int64 into them; both empty where no edge is crossed.

    Raises:
        ValueError: the volume's shape, type or values, or the level, are not as above.
    """
    volume = np.asarray(volume)
    if volume.dtype not in (np.float32, np.float64):
        raise ValueError(
            f"marching_cubes: the volume must be float32 or float64, not {volume.dtype}"
        )
    if volume.ndim != 3 or min(volume.shape) < 2:
        raise ValueError(
            "marching_cubes: the volume must have three axes of at least 2 nodes, "
            f"not shape {volume.shape}"
        )
    iso = float(iso)
    if not math.isfinite(iso):
        raise ValueError(f"marching_cubes: the iso-level must be finite, not {iso}")
    volume = np.ascontiguousarray(volume)
    finite = np.isfinite(volume)
    if not finite.all():
        at = tuple(int(i) for i in np.unravel_index(np.argmin(finite), volume.shape))
        raise ValueError(f"marching_cubes: the volume is {volume[at]} at node {at}, not finite")
    vertices, faces = _marching_cubes.polygonise(volume, iso, CLEARANCE, *case_table())
    return vertices, faces
