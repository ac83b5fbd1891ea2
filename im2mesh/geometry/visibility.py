"""The rule by which the camera sees a surface point."""

from __future__ import annotations

import numpy as np

from im2mesh.geometry.pixels import pixels_at

TOLERANCE = 0.01
"""Largest distance behind the depth map of a seen point, in sides of the cube."""


def visible(points: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """Return (N,) bool, which (N, 3) points in the cube are seen.

    Those are not behind the (S, S) depth map at their pixel by more than :data:`TOLERANCE`. A pixel
    is the square around its ray. A point over a background pixel is not seen.
    """
    seen = depth[pixels_at(points, len(depth))]
    return (seen >= 0) & (0.5 - points[:, 2] <= seen + TOLERANCE)
