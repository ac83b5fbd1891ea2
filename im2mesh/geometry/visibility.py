"""Which surface points the camera saw: the one home of the rule."""

from __future__ import annotations

import numpy as np

from im2mesh.geometry.pixels import pixels_at

TOLERANCE = 0.01
"""How far behind the depth map, in sides of the cube, a point still counts as seen."""


def visible(points: np.ndarray, depth: np.ndarray, tolerance: float = TOLERANCE) -> np.ndarray:
    """Whether points are in the depth map: not behind it at their pixel by more than a little.

    A pixel is the square around its ray; a point over a background pixel is not seen, as nothing
    is there in the depth map.

    Args:
        points: (N, 3) in the camera frame, in the cube.
        depth: (S, S), d ≥ 0 where the first surface is at z = 0.5 − d; background < 0.
        tolerance: see :data:`TOLERANCE`.

    Returns:
        (N,) bool.
    """
    seen = depth[pixels_at(points, len(depth))]
    return (seen >= 0) & (0.5 - points[:, 2] <= seen + tolerance)
