"""Smooth outlines of the parts that a depth map shows, at half-pixel steps.

A map of (H, W) pixels becomes one of (2H−1, 2W−1) points: the pixels' middles and the points
halfway between them, where thin parts have their middle. Distances are in pixels.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from im2mesh.generation.constants import OBSERVATION

FAR = 1e3
"""Stands for a distance that is never reached, in pixels."""

MIN_HALF_WIDTH = 0.25
"""Half the width of the thinnest part, in pixels."""


def refined(pixels: np.ndarray, dtype: type[np.floating] = np.float64) -> np.ndarray:
    """Interpolate (H, W) float64 values to the (2H−1, 2W−1) points, linearly."""
    rows, columns = pixels.shape
    tall = np.empty((2 * rows - 1, columns))
    tall[::2], tall[1::2] = pixels, (pixels[1:] + pixels[:-1]) / 2
    fine = np.empty((2 * rows - 1, 2 * columns - 1), dtype)
    fine[:, ::2], fine[:, 1::2] = tall, (tall[:, 1:] + tall[:, :-1]) / 2
    return fine


def nearest(sites: np.ndarray) -> np.ndarray:
    """Return the number of the nearest of some pixels, (H, W) bool, for each pixel.

    A pixel's number is row · W + column.
    """
    rows, columns = ndimage.distance_transform_edt(
        ~sites, return_distances=False, return_indices=True
    )
    return np.asarray(rows * sites.shape[1] + columns)


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
    least, most, largest = signed - shift, signed + shift, 2.5
    values = signed.clip(-largest, largest)
    # Elsewhere blurred values, which are no larger, are moved back all the way.
    near = (least < largest) & (most > -largest)
    result = values.clip(least, most)
    if not near.any():
        return result
    window = _around(near, 4 * fine)
    values, at = values[window].copy(), np.flatnonzero(near[window])
    bounds = least[near], most[near]
    for _ in range(4):
        blurred = ndimage.gaussian_filter(values, 0.8 * fine, mode="nearest")
        moved = blurred.ravel()[at].clip(*bounds)
        values.ravel()[at] = moved.clip(-largest, largest)
    result[near] = moved
    return result


def _around(where: np.ndarray, margin: int) -> tuple[slice, slice]:
    """Return the smallest window around some pixels, with a margin."""
    spans = []
    for axis in (1, 0):
        found = np.flatnonzero(where.any(axis=axis))
        spans.append(slice(max(0, found[0] - margin), found[-1] + 1 + margin))
    return spans[0], spans[1]


def _refined_window(pixels: tuple[slice, slice]) -> tuple[slice, slice]:
    """Return the window of all points between the pixels of a window."""
    rows, columns = (slice(2 * span.start, 2 * span.stop - 1) for span in pixels)
    return rows, columns


def stepped_outline(solid: np.ndarray) -> np.ndarray:
    """Return the points' distances from the silhouette, which follows the pixels' stairs.

    Args:
        solid: (H, W) bool, the object's pixels.

    Returns:
        (2H−1, 2W−1), positive in the object.
    """
    if not solid.any():
        return np.full([2 * side - 1 for side in solid.shape], -FAR)
    object_sites, other_sites = np.zeros((2, *(2 * side - 1 for side in solid.shape)), dtype=bool)
    object_sites[::2, ::2], other_sites[::2, ::2] = solid, ~solid
    signed = 0.5 - ndimage.distance_transform_edt(~object_sites) / 2
    # All points in the object, and what is nearest to them in the background.
    window = _refined_window(_around(solid, 1))
    to_object = 0.5 - signed[window]
    to_background = ndimage.distance_transform_edt(~other_sites[window]) / 2
    inside = np.where(to_background > to_object, to_background - 0.5, signed[window])
    # A point that is as near to the one as to the other goes with most of the pixels around it.
    even = to_background == to_object
    signed[window] = np.where(even, refined(inside[::2, ::2]), inside)
    return signed


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
    window = _around(gaps, 4)
    distance = ndimage.distance_transform_edt(~gaps[window])
    free = np.ones_like(signed)  # 0 in gaps, 1 from three pixels off
    free[_refined_window(window)] = ((refined(distance) - 1) / 2).clip(0, 1)
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
    largest = cell / 2 * math.sqrt(2) + OBSERVATION.growth_margin
    width = half_width(within, largest, within > 0)
    thin = (within > 0) & (width < largest)
    if not thin.any():
        return np.zeros_like(within)
    # All pixels that matter at thin points: the filters reach twelve pixels far.
    rows, columns = (
        slice(max(0, span.start // 2 - 12), span.stop // 2 + 13) for span in _around(thin, 0)
    )
    window = rows, columns
    pixels = within[::2, ::2][window].clip(-2, 2)
    slope = [ndimage.gaussian_filter(pixels, 1.0, order=o) for o in ((1, 0), (0, 1))]
    a, b, c = (
        ndimage.gaussian_filter(slope[i] * slope[k], 2.0) for i, k in ((0, 0), (1, 1), (0, 1))
    )
    diagonal = refined((2 * np.abs(c) / np.maximum(a + b, 1e-12)).clip(0, 1))
    diagonal = diagonal[thin[_refined_window(window)]]
    least = cell / 2 * np.sqrt(1 + diagonal) + OBSERVATION.growth_margin
    grow = np.zeros_like(within)
    grow[thin] = (least - width[thin]).clip(0)
    return grow.ravel().take(nearest(within > 0))


def half_width(within: np.ndarray, most: float, where: np.ndarray | None = None) -> np.ndarray:
    """Return the radius of the largest disc in a part that contains each point.

    Args:
        within: (2H−1, 2W−1) distances within the part.
        most: radii are clamped to this.
        where: (2H−1, 2W−1) bool, the points that are measured. The others' radius is their distance
            within the part. None: all.
    """
    reach = int(np.ceil(2 * most)) + 1
    padded = np.pad(within, reach, constant_values=-FAR)
    flat, columns = padded.ravel(), padded.shape[1]
    radius = within.clip(MIN_HALF_WIDTH, most)
    # Only beside the outline is the answer neither the largest radius nor the smallest one.
    unclear = (within > -most - 0.5) & (within < most)
    index = np.flatnonzero(unclear if where is None else unclear & where)
    # The corner of the square of discs around each point, in the padded array.
    at = index // within.shape[1] * columns + index % within.shape[1]
    widest = within.ravel()[index]
    step = max(1, reach // 6)  # where cells have many pixels, some discs are left out
    offsets = np.arange(reach % step, 2 * reach + 1, step) - reach
    places = ((math.hypot(i, j) / 2, i, j) for i in offsets for j in offsets)
    # The farthest first: most points are in one of the largest discs, and near its border.
    discs = sorted((place for place in places if place[0] <= most + 0.5), reverse=True)
    for number, (far, i, j) in enumerate(discs):
        if number % 8 == 1:  # those that are in a largest disc are done
            more = widest < most
            np.put(radius, index[~more], most)
            index, at, widest = index[more], at[more], widest[more]
        other = flat[(reach + i) * columns + reach + j :].take(at)
        wider = np.flatnonzero((other > widest) & (other >= far - 0.5 - step / 4))
        widest[wider] = other[wider]
    np.put(radius, index, widest.clip(MIN_HALF_WIDTH, most))
    return radius
