"""Centring and scaling of depth maps whose object does not fill the cube."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from im2mesh.data.placement import depth_extent
from im2mesh.geometry.pixels import BACKGROUND, IMAGE_SIZE, from_pixels, to_pixels

log = logging.getLogger(__name__)

SMALL = 0.5
"""Largest extent in sides of the cube below which an object is much smaller than trained ones."""

CENTRED = 0.05
"""Distance from the cube's axis, in its sides, within which an object counts as centred."""

SAME_SURFACE = 4.0
"""Steepest slope, depth over distance, between neighbouring pixels of one surface."""


@dataclass(frozen=True)
class Fit:
    """A cube around a seen object: its (3,) centre and side in the frame of its map's cube."""

    centre: np.ndarray
    side: float

    def back(self, points: np.ndarray) -> np.ndarray:
        """Move (N, 3) points from the object's cube to the map's."""
        return self.centre + self.side * points


def fit_of(depth: np.ndarray) -> Fit:
    """Return the cube of the object of a (256, 256) map: as wide as its largest extent.

    The extents across are seen. That along the direction of view is estimated
    (:func:`im2mesh.data.placement.depth_extent`).
    """
    rows, columns = np.nonzero(depth >= 0)
    ends = [np.array([k.min() - 0.5, k.max() + 0.5]) for k in (rows, columns)]
    (left, right), (top, bottom) = from_pixels(ends[0], ends[1], IMAGE_SIZE)
    near, far = (float(f(depth[rows, columns])) for f in (np.min, np.max))
    seen = np.array([right - left, top - bottom, far - near])
    deep = depth_extent(seen)
    centre = np.array([(left + right) / 2, (top + bottom) / 2, 0.5 - near - deep / 2])
    return Fit(centre, float(max(seen[0], seen[1], deep)))


def fitted(image: np.ndarray, fit: Fit, known: np.ndarray | None = None) -> tuple[np.ndarray, ...]:
    """Return a depth map as its object's cube sees it, and the mask of known pixels.

    Depths are interpolated within a surface; silhouettes are those of the nearest pixels. What the
    map does not show is known to be background. Maps and masks are (256, 256).
    """
    pixels: np.ndarray = np.indices(image.shape)
    x, y = from_pixels(pixels[0], pixels[1], IMAGE_SIZE)
    places = fit.centre[:2] + fit.side * np.stack([x, y], axis=-1)
    rows, columns = to_pixels(places, IMAGE_SIZE)

    def at(i: np.ndarray, j: np.ndarray) -> np.ndarray:
        inside = (i >= 0) & (i < IMAGE_SIZE) & (j >= 0) & (j < IMAGE_SIZE)
        i, j = (np.clip(k, 0, IMAGE_SIZE - 1) for k in (i, j))
        return np.where(inside, image[i, j], BACKGROUND)

    near_row, near_column = (np.rint(k).astype(int) for k in (rows, columns))
    nearest = at(near_row, near_column)
    total, weights = np.zeros(image.shape), np.zeros(image.shape)
    low_row, low_column = (np.floor(k).astype(int) for k in (rows, columns))
    for i in (low_row, low_row + 1):
        for j in (low_column, low_column + 1):
            value = at(i, j)
            weight = (1 - np.abs(rows - i)) * (1 - np.abs(columns - j))
            weight *= (value >= 0) & (np.abs(value - nearest) < SAME_SURFACE / IMAGE_SIZE)
            total, weights = total + weight * value, weights + weight
    surface = nearest >= 0
    depth = np.full(image.shape, BACKGROUND, np.float32)
    z = 0.5 - total[surface] / weights[surface]
    depth[surface] = np.clip(0.5 - (z - fit.centre[2]) / fit.side, 0, 1)
    shown = np.ones(image.shape, dtype=bool)
    if known is not None:
        inside = (np.abs(places) < 0.5).all(axis=-1)
        i, j = (np.clip(k, 0, IMAGE_SIZE - 1) for k in (near_row, near_column))
        shown = known[i, j] | ~inside
    return depth, shown


def warn_if_small(depth: np.ndarray, name: str) -> None:
    """Log a warning for a (256, 256) map whose object is much smaller than the cube."""
    fit = fit_of(depth)
    extent = fit.side
    if np.abs(fit.centre[:2]).max() < CENTRED:
        # A long object seen end-on reaches from the cube's front to its back.
        extent = max(extent, 1 - 2 * float(depth[depth >= 0].min()))
    if extent < SMALL:
        log.warning(
            "%s: the object fills %.2f of the cube, and the networks know objects that fill it; "
            "--fit (generation.fit) scales it for them",
            name,
            extent,
        )
