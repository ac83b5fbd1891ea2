"""Random points on triangles, uniform by area."""

from __future__ import annotations

import numpy as np


def sample_triangles(
    triangles: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw points on (F, 3, 3) triangles, uniformly by area.

    Returns:
        (count, 3) float64 points and (count, 3) float64 unit normals of their triangles; (0, 3)
        where the triangles have no area.
    """
    a = triangles[:, 0]
    along, across = triangles[:, 1] - a, triangles[:, 2] - a
    normals = np.cross(along, across)
    areas = np.linalg.norm(normals, axis=1)
    up_to = np.cumsum(areas)
    if not len(areas) or not up_to[-1] > 0:
        return np.empty((0, 3)), np.empty((0, 3))
    # side="right": a triangle without area is never chosen.
    chosen = np.searchsorted(up_to, rng.random(count) * up_to[-1], side="right")
    chosen = np.minimum(chosen, np.flatnonzero(areas)[-1])
    u, v = rng.random((2, count, 1))
    beyond = u + v > 1  # the other half of the parallelogram, folded back
    u, v = np.where(beyond, 1 - u, u), np.where(beyond, 1 - v, v)
    points = a[chosen] + u * along[chosen] + v * across[chosen]
    return points, normals[chosen] / areas[chosen, None]


def sample_surface(
    vertices: np.ndarray, faces: np.ndarray, count: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw points on a mesh of (V, 3) vertices and (F, 3) faces; see :func:`sample_triangles`."""
    return sample_triangles(np.asarray(vertices, np.float64)[np.asarray(faces)], count, rng)
