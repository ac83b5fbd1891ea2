"""The rule by which the camera sees a surface point."""

from __future__ import annotations

import numpy as np

from im2mesh.geometry.pixels import pixels_at

TOLERANCE = 0.01
"""Largest distance behind the depth map of a seen point, in sides of the cube."""


def visible(points: np.ndarray, depth: np.ndarray, tolerance: float = TOLERANCE) -> np.ndarray:
    """Return whether points are seen: not behind the depth map at their pixel, with a tolerance.

    A pixel is the square around its ray. A point over a background pixel is not seen.

    Args:
        points: (N, 3) in the camera frame, in the cube.
        depth: (S, S), d ≥ 0 where the first surface is at z = 0.5 − d; background < 0.
        tolerance: see :data:`TOLERANCE`.

    Returns:
        (N,) bool.
    """
    seen = depth[pixels_at(points, len(depth))]
    return (seen >= 0) & (0.5 - points[:, 2] <= seen + tolerance)
