"""Marching cubes without a table: every cell links and cuts its own loops."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np

Node = tuple[int, ...]
Edge = tuple[Node, Node]  # lower node first

CLEARANCE = 1e-3


def _ring(cell: Node, axis: int, side: int) -> list[Node]:
    """The nodes of one face of a cell, counter-clockwise as seen from outside the cell."""
    u, v = np.eye(3, dtype=int)[[(axis + 1) % 3, (axis + 2) % 3]]  # u × v points along axis
    if side == 0:
        u, v = v, u
    origin = np.array(cell) + side * np.eye(3, dtype=int)[axis]
    return [tuple(map(int, origin + step)) for step in (0 * u, u, u + v, v)]


def _loops(cell: Node, inside: np.ndarray) -> list[list[Edge]]:
    """The crossed edges of a cell, in closed loops, counter-clockwise as seen from outside."""
    following: dict[Edge, Edge] = {}
    for axis, side in itertools.product(range(3), range(2)):
        ring = _ring(cell, axis, side)
        crossings = []
        for here, there in zip(ring, ring[1:] + ring[:1], strict=True):
            if inside[here] != inside[there]:
                crossings.append(((min(here, there), max(here, there)), bool(inside[there])))
        # Along the ring, ways in and ways out alternate: each way in is linked to the way out
        # that comes next, around the inside nodes between the two.
        for (edge, enters), (following_edge, _) in zip(
            crossings, crossings[1:] + crossings[:1], strict=True
        ):
            if enters:
                following[edge] = following_edge
    loops = []
    while following:
        edge, loop = next(iter(following)), []
        while edge in following:
            loop.append(edge)
            edge = following.pop(edge)
        loops.append(loop)
    return loops


def _in_one_face(a: Edge, b: Edge) -> bool:
    return any(len({node[axis] for node in (*a, *b)}) == 1 for axis in range(3))


def _cut(loop: list[Edge]) -> list[list[Edge]] | None:
    """The first triangulation with no diagonal within a face of the cell; None if there is none."""
    if len(loop) < 3:
        return []
    for apex in range(1, len(loop) - 1):
        if apex > 1 and _in_one_face(loop[0], loop[apex]):
            continue
        if apex < len(loop) - 2 and _in_one_face(loop[apex], loop[-1]):
            continue
        before, behind = _cut(loop[: apex + 1]), _cut(loop[apex:])
        if before is not None and behind is not None:
            return [*before, [loop[0], loop[apex], loop[-1]], *behind]
    return None


def marching_cubes(volume: np.ndarray, iso: float) -> tuple[np.ndarray, np.ndarray]:
    """(X, Y, Z) values → vertices (V, 3) float64, faces (F, 3) int64, as the fast kernel's."""
    volume = np.asarray(volume).astype(np.float64)
    inside = volume > iso
    number: dict[Edge, int] = {}
    faces = []
    for cell in np.ndindex(*(n - 1 for n in volume.shape)):
        box = inside[tuple(slice(i, i + 2) for i in cell)]
        if box.all() or not box.any():
            continue
        for loop in _loops(cell, inside):
            triangles = _cut(loop)
            assert triangles is not None, f"the loop {loop} cannot be cut"
            faces += [[number.setdefault(e, len(number)) for e in t] for t in triangles]
    vertices = []
    for low, high in number:
        start, end, level = (Fraction(float(v)) for v in (volume[low], volume[high], iso))
        along = float((level - start) / (end - start))  # exact: nothing overflows
        along = min(max(along, CLEARANCE), 1 - CLEARANCE)
        vertices.append([i + along * (j - i) for i, j in zip(low, high, strict=True)])
    return (
        np.array(vertices, np.float64).reshape(-1, 3),
        np.array(faces, np.int64).reshape(-1, 3),
    )
