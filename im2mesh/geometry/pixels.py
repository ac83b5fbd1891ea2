"""The depth map's pixels and the unit cube: the one home of the pixel map and of the y flip.

Image rows run down, the cube's y runs up. ``docs/conventions.md`` draws it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

IMAGE_SIZE = 256
"""Pixels along a side of every depth map that reaches a network."""

BACKGROUND = -1.0
"""Depth where there is no surface."""

DEEPEST = 1.0 + 1e-3
"""Largest depth that is read: the cube's far face, and a little for rounding."""


def back_project(depth: np.ndarray) -> np.ndarray:
    """The points that the camera saw.

    Args:
        depth: (S, S) depth map, d ≥ 0 where the surface is at z = 0.5 − d; background < 0.

    Returns:
        (M, 3) float32 points in the camera frame, one for each foreground pixel, row by row.
    """
    rows, columns = np.nonzero(depth >= 0)
    size = depth.shape[0]
    x = (columns + 0.5) / size - 0.5
    y = 0.5 - (rows + 0.5) / size
    return np.stack([x, y, 0.5 - depth[rows, columns]], axis=1).astype(np.float32)


def to_pixels(points: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Where points of the cube, or of a window's own cube, are seen.

    Args:
        points: (…, 3) in [−0.5, 0.5]³.
        size: pixels along a side of the image or the window.

    Returns:
        (…) rows and columns in pixels; the middle of pixel (i, j) is at (i, j).
    """
    return (0.5 - points[..., 1]) * size - 0.5, (points[..., 0] + 0.5) * size - 0.5


def pixels_at(points: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """The pixels through which points of the cube, or of a window's own cube, are seen.

    Args:
        points: (…, 3) in [−0.5, 0.5]³.
        size: pixels along a side of the image or the window.

    Returns:
        (…) int64 rows and columns.
    """
    columns = ((points[..., 0] + 0.5) * size).floor().long()
    rows = ((0.5 - points[..., 1]) * size).floor().long()
    return rows.clamp(0, size - 1), columns.clamp(0, size - 1)
