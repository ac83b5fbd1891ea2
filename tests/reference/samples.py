"""Training samples as they are defined: from a model's whole arrays, one window at a time."""

from __future__ import annotations

import numpy as np

from tests.reference.patches import reference_local, reference_owners


def reference_pools(
    points: np.ndarray, inside: np.ndarray, size: int, stride: int, image: int = 256
) -> dict[int, np.ndarray]:
    """The points of each window, by index.

    They stand in the order in which a draw numbers them: by the cells of the window, row by row
    (a cell is the largest square that all windows are made of), outside before inside, and then
    as in the file.
    """
    cell = np.gcd(size, stride)
    pools: dict[int, list[tuple]] = {}
    for k, point in enumerate(points.astype(np.float64)):
        owners = reference_owners(point, size, stride, image)
        if owners:
            (place,) = reference_owners(point, cell, cell, image)
        for window in owners:
            pools.setdefault(window, []).append((place, bool(inside[k]), k))
    return {
        window: np.array([k for _, _, k in sorted(pool)], dtype=int)
        for window, pool in pools.items()
    }


def reference_usable(
    depth: np.ndarray, pools: dict[int, np.ndarray], inside: np.ndarray, size: int, stride: int
) -> list[int]:
    """Windows with a foreground pixel and a point inside."""
    per_side = (len(depth) - size) // stride + 1
    usable = []
    for window in range(per_side**2):
        i, j = window // per_side * stride, window % per_side * stride
        seen = (depth[i : i + size, j : j + size] >= 0).any()
        if seen and inside[pools.get(window, np.array([], dtype=int))].any():
            usable.append(window)
    return usable


def reference_place(points: np.ndarray, window: int, size: int, stride: int) -> np.ndarray:
    """(N, 3) points in a window's own coordinates."""
    return np.array([reference_local(p, window, size, stride) for p in points.astype(np.float64)])
