"""The volume level's features and readings in numpy, one voxel and one point at a time."""

from __future__ import annotations

import numpy as np

from tests.reference.pixel_features import reference_silhouette_distance


def reference_volume_features(depth: np.ndarray, cells: int) -> np.ndarray:
    """(S, S) depth, background negative → (8, N, N, N), axes (z, row, column)."""
    block = len(depth) // cells
    silhouette = reference_silhouette_distance(depth >= 0, 16)
    features = np.empty((8, cells, cells, cells))
    for row in range(cells):
        for column in range(cells):
            pixels = np.s_[row * block : (row + 1) * block, column * block : (column + 1) * block]
            seen = depth[pixels][depth[pixels] >= 0]
            for k in range(cells):
                z = (k + 0.5) / cells - 0.5
                offsets = [-1.0] * 5
                if len(seen):
                    behind = [0.5 - z - d for d in (seen.mean(), seen.min(), seen.max())]
                    offsets = [behind[0] / 0.02, behind[0] / 0.2, behind[0]]
                    offsets += [behind[1] / 0.05, behind[2] / 0.05]
                share = len(seen) / block**2
                near = silhouette[pixels].mean() / 16
                features[:, k, row, column] = [*np.clip(offsets, -1, 1), share, near, z]
    return features


def reference_read(volume: np.ndarray, point: np.ndarray) -> np.ndarray:
    """(N, N, N, C) with axes (z, row, column) at one point of the cube: trilinear, (C,)."""
    cells = len(volume)
    x, y, z = point
    places = [(z + 0.5) * cells - 0.5, (0.5 - y) * cells - 0.5, (x + 0.5) * cells - 0.5]
    value = np.zeros(volume.shape[3])
    for k in range(cells):
        for i in range(cells):
            for j in range(cells):
                weight = 1.0
                for place, index in zip(places, (k, i, j), strict=True):
                    weight *= max(0.0, 1 - abs(min(max(place, 0), cells - 1) - index))
                value += weight * volume[k, i, j]
    return value
