"""The map between a depth map's pixels and the unit cube, with its y flip, for numpy and torch.

Image rows run down, the cube's y runs up. Row i, column j of an image with S pixels along a side is
the ray through x = (j + 0.5)/S − 0.5, y = 0.5 − (i + 0.5)/S. ``docs/conventions.md`` draws it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from im2mesh.config import IMAGE_SIZE as IMAGE_SIZE

if TYPE_CHECKING:
    from torch import Tensor

    Array = TypeVar("Array", np.ndarray, Tensor)

BACKGROUND = -1.0
"""Depth where there is no surface."""

DEEPEST = 1.0 + 1e-3
"""Largest depth that is read: the cube's far face, and a little for rounding."""


def from_pixels(rows: Array, columns: Array, size: float) -> tuple[Array, Array]:
    """Return the x and y, in [−0.5, 0.5], of places in an image of ``size``² pixels.

    The middle of pixel (i, j) is at row i and column j.
    """
    return (columns + 0.5) / size - 0.5, 0.5 - (rows + 0.5) / size


def from_corner(points: Array, size: float) -> tuple[Array, Array]:
    """Return the rows and columns, in [0, size], at which (…, 2 or 3) points are seen.

    They count from the top-left corner of the image or of a window, whose own cube the points are
    in. Pixel (i, j) reaches from (i, j) to (i + 1, j + 1).
    """
    return (0.5 - points[..., 1]) * size, (points[..., 0] + 0.5) * size


def to_pixels(points: Array, size: float) -> tuple[Array, Array]:
    """Return where points are seen, as :func:`from_corner` but with (i, j) in a pixel's middle."""
    rows, columns = from_corner(points, size)
    return rows - 0.5, columns - 0.5


def pixels_at(points: Array, size: int) -> tuple[Array, Array]:
    """Return int64 rows and columns of the pixels through which (…, 2 or 3) points are seen.

    Points outside the image get the nearest pixel.
    """
    rows, columns = (_integers(place, size) for place in from_corner(points, size))
    return rows, columns


def _integers(places: Any, size: int) -> Any:
    if isinstance(places, np.ndarray):
        return np.clip(np.floor(places), 0, size - 1).astype(np.int64)
    return places.floor().long().clamp(0, size - 1)


def back_project(depth: np.ndarray) -> np.ndarray:
    """Return the (M, 3) float32 points that the camera saw, one a foreground pixel, row by row."""
    rows, columns = np.nonzero(depth >= 0)
    x, y = from_pixels(rows, columns, len(depth))
    return np.stack([x, y, 0.5 - depth[rows, columns]], axis=1).astype(np.float32)
