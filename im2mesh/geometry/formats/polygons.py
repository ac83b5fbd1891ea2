"""Polygons and strips as triangles."""

from __future__ import annotations

import manifold3d
import numpy as np

from im2mesh.errors import InputError

# A fan's triangle is turned over if its area is below this, in the area of the whole fan.
_FLAT = -1e-9


def triangulate(vertices: np.ndarray, corners: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Cut polygons into triangles that cover them, concave ones included.

    A polygon that its first corner sees whole becomes a fan around that corner. Others are cut by
    ear clipping in the plane of their area vector (Newell's normal).

    Args:
        vertices: (V, 3) points.
        corners: (sum of counts,) vertex numbers, polygon by polygon.
        counts: (P,) number of corners of each polygon.

    Returns:
        (F, 3) int64 vertex numbers, in the polygons' order and turned as they are.

    Raises:
        InputError: a polygon has fewer than three corners, or a corner is no vertex.
    """
    if len(counts) and counts.min() < 3:
        raise InputError(f"it has a face of {counts.min()} corners; a face has three or more")
    if len(corners) and not 0 <= corners.min() <= corners.max() < len(vertices):
        wrong = corners.min() if corners.min() < 0 else corners.max()
        raise InputError(f"a face names vertex {wrong} (counted from 0) of {len(vertices)}")
    corners = corners.astype(np.int64)
    if (counts == 3).all():
        return corners.reshape(-1, 3)
    starts = np.cumsum(counts) - counts
    triangles, owners = [], []
    for size in np.unique(counts).tolist():
        rows = np.flatnonzero(counts == size)
        polygons = corners[starts[rows, None] + np.arange(size)]
        good, normals = _seen_from_first(vertices[polygons])
        steps = np.arange(1, size - 1)
        fans = np.stack([np.zeros_like(steps), steps, steps + 1], axis=1)
        triangles.append(polygons[good][:, fans].reshape(-1, 3))
        owners.append(np.repeat(rows[good], size - 2))
        for row in np.flatnonzero(~good).tolist():
            cut = polygons[row][_clip_ears(vertices[polygons[row]], normals[row])]
            triangles.append(cut)
            owners.append(np.full(len(cut), rows[row]))
    return np.concatenate(triangles)[np.argsort(np.concatenate(owners), kind="stable")]


def strip(corners: np.ndarray) -> np.ndarray:
    """Return the (N − 2, 3) triangles of a strip of N corners; every second one is turned over."""
    triangles = np.stack([corners[:-2], corners[1:-1], corners[2:]], axis=1)
    triangles[1::2] = triangles[1::2, [1, 0, 2]]
    return triangles


def _seen_from_first(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (P,) bool, whether a fan covers each polygon, and (P, 3) doubled area vectors."""
    with np.errstate(invalid="ignore", over="ignore"):  # points may be infinite; that is told later
        arms = points[:, 1:] - points[:, :1]
        areas = np.cross(arms[:, :-1], arms[:, 1:])
        normals = areas.sum(axis=1)
        turns = np.einsum("pnd,pd->pn", areas, normals)
        return ~(turns < _FLAT * np.abs(turns).sum(axis=1, keepdims=True)).any(axis=1), normals


def _clip_ears(points: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Cut an (n, 3) polygon into triangles, (m, 3) numbers of corners."""
    across = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))])
    plane = np.stack([across, np.cross(normal / np.linalg.norm(normal), across)], axis=1)
    flat = (points - points[0]) @ (plane / np.linalg.norm(across))
    return np.asarray(manifold3d.triangulate([flat]), dtype=np.int64)
