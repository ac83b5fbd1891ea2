"""Points as pictures."""

from __future__ import annotations

import numpy as np

from im2mesh.data.depth_picture import WHITE
from im2mesh.geometry.pixels import IMAGE_SIZE, from_corner


def points_picture(
    points: np.ndarray, colours: np.ndarray, size: int = IMAGE_SIZE, width: int = 2
) -> np.ndarray:
    """Draw (N, 3) points in the cube as the camera sees them, the nearer in front of the farther.

    Args:
        points: in the camera frame, in [−0.5, 0.5]³; N may be 0.
        colours: (N, 3) uint8, or one (3,) for all.
        size: pixels along a side of the picture.
        width: pixels along a side of a point.
    """
    picture = np.full((size, size, 3), WHITE, dtype=np.uint8)
    order = np.argsort(points[:, 2], kind="stable")
    colours = np.broadcast_to(np.asarray(colours, dtype=np.uint8), (len(points), 3))[order]
    top, left = (
        np.floor(place - (width - 1) / 2).astype(int) for place in from_corner(points[order], size)
    )
    # A pixel is written by all its points at once: the last one, the nearest, must win.
    pixels = np.concatenate(
        [
            np.clip(top + i, 0, size - 1) * size + np.clip(left + j, 0, size - 1)
            for i in range(width)
            for j in range(width)
        ]
    )
    ranks = np.tile(np.arange(len(points)), width * width)
    nearest = np.full(size * size, -1)
    np.maximum.at(nearest, pixels, ranks)
    shown = nearest >= 0
    picture.reshape(-1, 3)[shown] = colours[nearest[shown]]
    return picture
