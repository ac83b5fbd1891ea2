"""Depth maps again, slowly: one ray at a time against all faces (Möller and Trumbore, 1997)."""

from __future__ import annotations

import numpy as np


def first_hit(
    origin: np.ndarray, direction: np.ndarray, corners: np.ndarray, slack: float = 1e-9
) -> float:
    """Return where a ray first meets a face.

    Args:
        origin: (3,).
        direction: (3,).
        corners: (F, 3, 3) the faces; both sides count, and so do edges.
        slack: how far, in barycentric coordinates, a face reaches beyond its edges.

    Returns:
        The least t ≥ 0 with origin + t · direction on a face, ∞ if there is none. A face that
        is seen edge-on is not met.
    """
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    across = np.cross(direction, c - a)
    determinant = ((b - a) * across).sum(axis=1)
    seen = determinant != 0
    scale = 1 / np.where(seen, determinant, 1.0)
    u = ((origin - a) * across).sum(axis=1) * scale
    other = np.cross(origin - a, b - a)
    v = (direction * other).sum(axis=1) * scale
    t = ((c - a) * other).sum(axis=1) * scale
    inside = seen & (u >= -slack) & (v >= -slack) & (u + v <= 1 + slack) & (t >= 0)
    return float(t[inside].min()) if inside.any() else np.inf


def render_depth(vertices: np.ndarray, faces: np.ndarray, size: int) -> np.ndarray:
    """As :func:`im2mesh.geometry.rendering.render_depth`."""
    corners = np.asarray(vertices, dtype=np.float64)[np.asarray(faces, dtype=int).reshape(-1, 3)]
    depth = np.full((size, size), -1.0, dtype=np.float32)
    for i in range(size):
        for j in range(size):
            origin = np.array([(j + 0.5) / size - 0.5, 0.5 - (i + 0.5) / size, 1.5])
            t = first_hit(origin, np.array([0.0, 0.0, -1.0]), corners)
            if np.isfinite(t):
                depth[i, j] = np.clip(t - 1.0, 0, 1)
    return depth
