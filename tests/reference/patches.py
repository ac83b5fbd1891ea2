"""Patches one point and one window at a time, straight from the definition."""

from __future__ import annotations

import numpy as np


def reference_owners(point: np.ndarray, size: int, stride: int, image: int = 256) -> list[int]:
    """Numbers of the windows (row by row) whose column of space holds the point."""
    x, y = float(point[0]), float(point[1])
    owners = []
    tops = range(0, image - size + 1, stride)
    for r, i in enumerate(tops):
        for c, j in enumerate(tops):
            x_low, x_high = j / image - 0.5, (j + size) / image - 0.5
            y_low, y_high = 0.5 - (i + size) / image, 0.5 - i / image
            x_in = x_low <= x < x_high or (x == x_high == 0.5)
            y_in = y_low <= y < y_high or (y == y_high == 0.5)
            if x_in and y_in:
                owners.append(r * len(tops) + c)
    return owners


def reference_local(
    point: np.ndarray, window: int, size: int, stride: int, image: int = 256
) -> np.ndarray:
    """The point in the window's own coordinates."""
    per_side = (image - size) // stride + 1
    i, j = (window // per_side) * stride, (window % per_side) * stride
    x_middle = (j + size / 2) / image - 0.5
    y_middle = 0.5 - (i + size / 2) / image
    extent = size / image
    return np.array([(point[0] - x_middle) / extent, (point[1] - y_middle) / extent, point[2]])


def reference_weight(x: float, y: float, weighting: str) -> float:
    """Return how much a window counts at a point of its own coordinates."""
    sigma = 0.5
    return {
        "gaussian": np.exp(-4 * np.log(2) * (x**2 + y**2) / sigma**2),
        "flat": 1.0,
        "hann": max((np.cos(np.pi * x) * np.cos(np.pi * y)) ** 2, 1e-6),
    }[weighting]


def reference_blend(point, functions, size, stride, image=256, weighting="gaussian"):
    """Σ w f / Σ w over the windows at a point; ``functions`` maps window → f(local)."""
    total = weights = 0.0
    for window in reference_owners(point, size, stride, image):
        if window in functions:
            local = reference_local(point, window, size, stride, image)
            weight = reference_weight(local[0], local[1], weighting)
            total += weight * functions[window](local)
            weights += weight
    return total / weights if weights else -10.0
