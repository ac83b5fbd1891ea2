"""Point in mesh by its definition: every triangle against the vertical line of every point."""

from __future__ import annotations

import numpy as np


def crossings(
    vertices: np.ndarray, faces: np.ndarray, points: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(N,) numbers of crossings above and below each point, none of them through an edge."""
    above = np.zeros(len(points), int)
    below = np.zeros(len(points), int)
    for a, b, c in np.asarray(vertices, float)[faces]:
        # Barycentric coordinates of the line's place in the triangle, seen along z.
        plane = np.array([b[:2] - a[:2], c[:2] - a[:2]]).T
        if np.linalg.det(plane) == 0:
            continue  # seen edge on: the line runs beside it, or within it
        u, v = np.linalg.solve(plane, (points[:, :2] - a[:2]).T)
        crossed = (u > 0) & (v > 0) & (u + v < 1)
        z = a[2] + u * (b[2] - a[2]) + v * (c[2] - a[2])
        above += crossed & (z > points[:, 2])
        below += crossed & (z <= points[:, 2])
    return above, below


def contains(vertices: np.ndarray, faces: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(N,) bool: both rays cross the surface an odd number of times."""
    above, below = crossings(vertices, faces, points)
    return (above % 2 == 1) & (below % 2 == 1)
