"""Division of long edges, so that the colours of vertices represent the faces between them."""

from __future__ import annotations

import numpy as np


def divide(
    vertices: np.ndarray, faces: np.ndarray, longest: float
) -> tuple[np.ndarray, np.ndarray]:
    """Cut faces until no edge is longer than a length, without changing the surface.

    Every round halves the longest edge of each face where that is too long, for both faces of the
    edge, so faces keep sharing vertices and a closed mesh stays closed. A sliver is only cut
    across: one that is L lengths long becomes about L^1.6 faces. ``subdivide_to_size`` of trimesh
    makes L^2 faces and opens the mesh.

    Returns:
        vertices (V', 3) float64, the given ones first, and faces (F', 3) int64, turned as before.
    """
    points, triangles = np.asarray(vertices, np.float64), np.asarray(faces, np.int64)
    while len(triangles):
        corners = points[triangles]
        # Edge k of a face runs from corner k to the next one.
        lengths = np.linalg.norm(np.roll(corners, -1, axis=1) - corners, axis=2)
        if not (lengths > longest).any():
            break
        edges = np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1)
        pairs = np.sort(edges.reshape(-1, 2), axis=1)
        _, first, of_edge = np.unique(
            pairs[:, 0] * len(points) + pairs[:, 1], return_index=True, return_inverse=True
        )
        too_long = (lengths > longest) & (lengths == lengths.max(axis=1, keepdims=True))
        cut = np.zeros(len(first), bool)
        cut[of_edge.reshape(-1)[too_long.reshape(-1)]] = True
        number = np.full(len(first), -1)
        number[cut] = len(points) + np.arange(cut.sum())
        middles = points[pairs[first[cut]]].mean(axis=1)
        points = np.concatenate([points, middles])
        triangles = _cut(triangles, number[of_edge.reshape(-1)].reshape(-1, 3))
    return points, triangles


def _cut(triangles: np.ndarray, middles: np.ndarray) -> np.ndarray:
    """Divide (F, 3) triangles; ``middles[:, k]`` is the new vertex on edge k, or −1."""
    count = (middles >= 0).sum(axis=1)
    pieces = [triangles[count == 0]]
    for edges in (1, 2, 3):
        some, halves = triangles[count == edges], middles[count == edges]
        # Turned so that with one edge it is edge 0, with two the one that stays whole is edge 2.
        if edges == 1:
            start = (halves >= 0).argmax(axis=1)
        elif edges == 2:
            start = ((halves < 0).argmax(axis=1) + 1) % 3
        else:
            start = np.zeros(len(some), np.int64)
        turn = (np.arange(3) + start[:, None]) % 3
        a, b, c = np.take_along_axis(some, turn, axis=1).T
        ab, bc, ca = np.take_along_axis(halves, turn, axis=1).T
        if edges == 1:
            parts = [(a, ab, c), (ab, b, c)]
        elif edges == 2:
            parts = [(ab, b, bc), (a, ab, c), (ab, bc, c)]
        else:
            parts = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
        pieces += [np.stack(part, axis=1) for part in parts]
    return np.concatenate(pieces)
