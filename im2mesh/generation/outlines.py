"""Smooth outlines of the parts that a depth map shows, at half-pixel steps.

A map of (H, W) pixels becomes one of (2H−1, 2W−1) points: the pixels' middles and the points
halfway between them, where thin parts have their middle. Distances are in pixels.
"""

from __future__ import annotations

import itertools

import numpy as np
from scipy import ndimage

from im2mesh.generation.constants import OBSERVATION

FAR = 1e3
"""Stands for a distance that is never reached, in pixels."""

MIN_HALF_WIDTH = 0.25
"""Half the width of the thinnest part, in pixels."""


def refined(pixels: np.ndarray) -> np.ndarray:
    """Interpolate (H, W) values to the (2H−1, 2W−1) points, linearly."""
    for axis in (0, 1):
        first = np.moveaxis(pixels, axis, 0)
        fine = np.empty((2 * len(first) - 1, first.shape[1]))
        fine[::2], fine[1::2] = first, (first[1:] + first[:-1]) / 2
        pixels = np.moveaxis(fine, 0, axis)
    return pixels


def signed_distance(inside: np.ndarray) -> np.ndarray:
    """Return each pixel's distance to the border of a set of pixels, positive inside."""
    if not inside.any():
        return np.full(inside.shape, -FAR)
    within = ndimage.distance_transform_edt(inside)
    beside = ndimage.distance_transform_edt(~inside)
    return np.where(inside, within - 0.5, 0.5 - beside)


def smoothed(
    signed: np.ndarray, fine: int = 1, shift: np.ndarray | float = OBSERVATION.max_outline_shift
) -> np.ndarray:
    """Smooth the zero contour of a signed distance, which follows the pixels' stairs.

    The values are blurred and moved back to near where they were, several times. So the contour
    becomes as straight as the pixels allow.

    Args:
        signed: (H, W) distances.
        fine: points per pixel.
        shift: how far the contour may move, at each point.
    """
    values = signed
    for _ in range(4):
        values = ndimage.gaussian_filter(values.clip(-2.5, 2.5), 0.8 * fine, mode="nearest")
        values = values.clip(signed - shift, signed + shift)
    return values


def stepped_outline(solid: np.ndarray) -> np.ndarray:
    """Return the points' distances from the silhouette, which follows the pixels' stairs.

    Args:
        solid: (H, W) bool, the object's pixels.

    Returns:
        (2H−1, 2W−1), positive in the object.
    """
    sites = np.zeros((2,) + tuple(2 * side - 1 for side in solid.shape), dtype=bool)
    sites[:, ::2, ::2] = solid, ~solid
    to_object, to_background = (ndimage.distance_transform_edt(~s) / 2 for s in sites)
    signed = np.where(to_background > to_object, to_background - 0.5, 0.5 - to_object)
    # A point that is as near to the one as to the other goes with most of the pixels around it.
    even = to_background == to_object
    return np.where(even, refined(signed[::2, ::2]), signed)


def smooth_outline(solid: np.ndarray) -> np.ndarray:
    """Return :func:`stepped_outline` as smooth as the pixels allow.

    Blurring fills what is narrower than itself, so narrow gaps are left as they are. Narrow parts
    of the object are smoothed: they lose less, and stairs would show there.
    """
    signed = stepped_outline(solid)
    gap = OBSERVATION.narrow_gap
    around = np.pad(~solid, gap, constant_values=True)  # nothing outside the map is a gap
    gaps = around & ~ndimage.binary_opening(around, np.ones((gap, gap)))
    gaps = gaps[gap:-gap, gap:-gap]
    if not gaps.any():
        return smoothed(signed, 2)
    distance = ndimage.distance_transform_edt(~gaps)
    free = ((refined(distance) - 1) / 2).clip(0, 1)  # 0 in gaps, 1 from three pixels off
    shift = OBSERVATION.max_outline_shift * free
    return smoothed(signed, 2, shift) - OBSERVATION.gap_widening * (1 - free)


def growth(within: np.ndarray, cell: float) -> np.ndarray:
    """Return how much a thin part must be widened on each side to contain nodes throughout.

    Along an axis a line is at most half a cell from the nearest node. A line across the cells'
    diagonals must reach their corners to stay in one piece: (|n_x| + |n_y|)/2 cells for a line
    with normal n.

    Args:
        within: (2H−1, 2W−1) distances within the part.
        cell: side of a cell, in pixels.
    """
    pixels = within[::2, ::2].clip(-2, 2)
    slope = [ndimage.gaussian_filter(pixels, 1.0, order=o) for o in ((1, 0), (0, 1))]
    a, b, c = (
        ndimage.gaussian_filter(slope[i] * slope[k], 2.0) for i, k in ((0, 0), (1, 1), (0, 1))
    )
    diagonal = refined((2 * np.abs(c) / np.maximum(a + b, 1e-12)).clip(0, 1))
    least = cell / 2 * np.sqrt(1 + diagonal) + OBSERVATION.growth_margin
    width = half_width(within, float(least.max()))
    grow = np.where(within > 0, (least - width).clip(0), 0)
    nearest = ndimage.distance_transform_edt(
        within <= 0, return_distances=False, return_indices=True
    )
    return np.asarray(grow[tuple(nearest)])


def half_width(within: np.ndarray, most: float) -> np.ndarray:
    """Return the radius of the largest disc in a part that contains each point.

    Args:
        within: (2H−1, 2W−1) distances within the part.
        most: radii are clamped to this.
    """
    reach = int(np.ceil(2 * most)) + 1
    padded = np.pad(within, reach, constant_values=-FAR)
    # Only beside the outline is the answer neither the largest radius nor the smallest one.
    rows, columns = np.nonzero((within > -most - 0.5) & (within < most))
    at = (rows + reach) * padded.shape[1] + columns + reach
    flat, widest = padded.ravel(), within[rows, columns]
    step = max(1, reach // 6)  # where cells have many pixels, some discs are left out
    offsets = np.arange(reach % step, 2 * reach + 1, step) - reach
    for row, column in itertools.product(offsets, offsets):
        far = np.hypot(row, column) / 2
        if far <= most + 0.5:
            other = flat[at + (row * padded.shape[1] + column)]
            np.maximum(widest, other, out=widest, where=other >= far - 0.5 - step / 4)
    radius = within.clip(MIN_HALF_WIDTH, most)
    radius[rows, columns] = widest.clip(MIN_HALF_WIDTH, most)
    return radius
