"""Pixel features of a point, one point at a time."""

from __future__ import annotations

import math

import numpy as np
from scipy.ndimage import distance_transform_edt

RANGES, REACH, JUMP = (0.02, 0.2), 16, 0.02


def reference_silhouette_distance(foreground: np.ndarray, reach: int = REACH) -> np.ndarray:
    """(s, s) bool → (s, s) signed distance in pixels, positive in the foreground."""

    def apart(from_: np.ndarray) -> np.ndarray:
        if from_.all():  # nothing to be apart from
            return np.full(from_.shape, np.inf)
        return distance_transform_edt(from_)

    inside = np.minimum(apart(foreground) - 0.5, reach)
    outside = np.minimum(apart(~foreground) - 0.5, reach)
    return np.where(foreground, inside, -outside)


def reference_pixel_features(depth: np.ndarray, point: np.ndarray) -> list[float]:
    """(s, s) depth and one point → its four features."""
    size = len(depth)
    silhouette = reference_silhouette_distance(depth >= 0)
    column = min(max((point[0] + 0.5) * size - 0.5, 0), size - 1)
    row = min(max((0.5 - point[1]) * size - 0.5, 0), size - 1)
    left, top = min(math.floor(column), size - 2), min(math.floor(row), size - 2)
    around = []
    for r in (top, top + 1):
        for c in (left, left + 1):
            weight = (1 - abs(column - c)) * (1 - abs(row - r))
            around.append((weight, depth[r, c], silhouette[r, c]))
    background = sum(w for w, d, _ in around if d < 0)
    apart = sum(w * s for w, _, s in around) / REACH
    seen = [(w, d) for w, d, _ in around if d >= 0 and w > 0]
    if not seen:
        return [-1.0, -1.0, background, apart]
    base = max(seen, key=lambda pair: pair[0])[1]
    same = [(w, d) for w, d in seen if abs(d - base) < JUMP]
    mean = sum(w * d for w, d in same) / sum(w for w, _ in same)
    offset = 0.5 - mean - point[2]
    return [*(max(-1.0, min(1.0, offset / r)) for r in RANGES), background, apart]
