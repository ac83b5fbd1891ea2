"""Winding numbers and distances of meshes, slowly: each point against all faces."""

from __future__ import annotations

import numpy as np


def winding_number(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Return the turns of a mesh around each point: 1 inside a closed mesh that is turned outwards.

    The sum of the solid angles of the faces (Van Oosterom and Strackee, 1983), over 4π.

    Args:
        points: (N, 3).
        corners: (F, 3, 3) the faces, anticlockwise as seen from outside.

    Returns:
        (N,) float64.
    """
    numbers = np.empty(len(points))
    for k, point in enumerate(points):
        a, b, c = (corners[:, i] - point for i in range(3))
        la, lb, lc = (np.linalg.norm(v, axis=1) for v in (a, b, c))
        volume = (a * np.cross(b, c)).sum(axis=1)
        dots = (a * b).sum(1) * lc + (b * c).sum(1) * la + (c * a).sum(1) * lb
        numbers[k] = 2 * np.arctan2(volume, la * lb * lc + dots).sum() / (4 * np.pi)
    return numbers


def distance(points: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The distance to the nearest face: (N, 3), (F, 3, 3) → (N,).

    The nearest place of a triangle is inside it, where the foot of the perpendicular is, or on
    one of its edges.
    """
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    normal = np.cross(b - a, c - a)
    normal = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    result = np.empty(len(points))
    for k, point in enumerate(points):
        height = ((point - a) * normal).sum(axis=1)
        foot = point - height[:, None] * normal
        inside = np.ones(len(corners), dtype=bool)
        edges = np.full(len(corners), np.inf)
        for start, end in ((a, b), (b, c), (c, a)):
            along = end - start
            inside &= (np.cross(along, foot - start) * normal).sum(axis=1) >= 0
            share = ((point - start) * along).sum(axis=1) / (along * along).sum(axis=1)
            nearest = start + np.clip(share, 0, 1)[:, None] * along
            edges = np.minimum(edges, np.linalg.norm(point - nearest, axis=1))
        result[k] = np.where(inside, np.abs(height), edges).min()
    return result
