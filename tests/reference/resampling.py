"""Slow, readable counterparts of :mod:`im2mesh.data.resampling` and of the cleaning's filter."""

from __future__ import annotations

import numpy as np


def rasterised(vertices: np.ndarray, faces: np.ndarray, size: int) -> np.ndarray:
    """(S, S) depth of the nearest triangle at each pixel of the cube's front, −1 where none is."""
    depth = np.full((size, size), -1.0)
    for i, j in np.ndindex(size, size):
        x, y = (j + 0.5) / size - 0.5, 0.5 - (i + 0.5) / size
        for a, b, c in vertices[faces]:
            left, bottom = min(a[0], b[0], c[0]), min(a[1], b[1], c[1])
            right, top = max(a[0], b[0], c[0]), max(a[1], b[1], c[1])
            if not (left <= x <= right and bottom <= y <= top):
                continue
            edges = np.stack([b[:2] - a[:2], c[:2] - a[:2]], axis=1)
            if abs(np.linalg.det(edges)) < 1e-15:
                continue
            u, v = np.linalg.solve(edges, np.array([x, y]) - a[:2])
            if u >= 0 and v >= 0 and u + v <= 1:
                d = min(max(0.5 - (a[2] + u * (b[2] - a[2]) + v * (c[2] - a[2])), 0.0), 1.0)
                depth[i, j] = d if depth[i, j] < 0 else min(depth[i, j], d)
    return depth


def smoothed(
    depth: np.ndarray, noise: float, sigma: float, reach: int, sigmas: float
) -> np.ndarray:
    """(H, W) depth, NaN where there is none: at each pixel the plane that fits best around it."""
    result = depth.copy()
    for i, j in np.argwhere(np.isfinite(depth)):
        own = 1 / depth[i, j]
        span = sigmas * noise * own**2
        rows, values, weights = [], [], []
        for k, m in np.argwhere(np.isfinite(depth)):
            down, right = int(k - i), int(m - j)
            square = (down**2 + right**2) / sigma**2
            if max(abs(down), abs(right)) > reach or square > (reach / sigma) ** 2 + 0.25:
                continue
            step = 1 / depth[k, m] - own
            rows.append([1.0, down, right])
            values.append(step)
            weights.append(np.exp(-0.5 * (square + (step / span) ** 2)))
        a, w = np.array(rows), np.array(weights)
        normal = a.T @ (a * w[:, None]) + np.diag([0.0, 1.0, 1.0]) * 0.01 * w.sum()
        change = np.linalg.solve(normal, a.T @ (w * np.array(values)))[0]
        result[i, j] = 1 / (own + np.clip(change, -span, span))
    return result
