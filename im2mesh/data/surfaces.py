"""Surfaces in a depth image: pixels that belong together, pieces of them, their smoothing.

Depth is (H, W) float64 z in metres, NaN where nothing was measured. Two neighbouring pixels are on
the same surface if a steep slope and the noise explain the difference of their depths.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from im2mesh.geometry.cameras import Camera

STEEPEST = 5.0
"""Largest slope, in metres of depth a metre across, of one surface between neighbours."""

SIGMAS = 3.0
"""Depths of one surface may also differ by this many standard deviations of the noise."""

SMOOTHING, SMOOTHING_REACH = 2.0, 4
"""Standard deviation and half width, in pixels, of the window in which noise is averaged."""

RESIDUAL = 0.2
"""Share of the noise that is left after averaging; it is correlated between neighbours."""


def default_noise(distance: float) -> float:
    """Return the standard deviation to be expected of depths at ``distance``, in metres."""
    return 1e-3 + 1.5e-3 * distance**2


def same_surface(a: np.ndarray, b: np.ndarray, camera: Camera, noise: float) -> np.ndarray:
    """Return whether depths of neighbouring pixels belong to one surface; NaN belongs to none."""
    reach = STEEPEST / min(camera.fx, camera.fy)
    return np.abs(a - b) <= np.minimum(a, b) * reach + SIGMAS * noise


Part = tuple[slice, slice]


def links(
    depth: np.ndarray, camera: Camera, noise: float
) -> Iterator[tuple[Part, Part, np.ndarray]]:
    """Compare all pairs of neighbouring pixels, in four directions.

    Yields:
        two parts of the image whose pixels are neighbours, and whether they are on the same
        surface.
    """
    for here, there in (
        (np.s_[:, 1:], np.s_[:, :-1]),
        (np.s_[1:, :], np.s_[:-1, :]),
        (np.s_[1:, 1:], np.s_[:-1, :-1]),
        (np.s_[1:, :-1], np.s_[:-1, 1:]),
    ):
        yield here, there, same_surface(depth[here], depth[there], camera, noise)


def neighbours_on_surface(depth: np.ndarray, camera: Camera, noise: float) -> np.ndarray:
    """Count those of each pixel's eight neighbours that are on its own surface, (H, W) int."""
    count = np.zeros(depth.shape, np.int64)
    for here, there, same in links(depth, camera, noise):
        count[here] += same
        count[there] += same
    return count


def surface_pieces(depth: np.ndarray, camera: Camera, noise: float) -> tuple[np.ndarray, int]:
    """Number the connected pieces of surface in a depth image.

    Returns:
        (H, W) int64 piece of each pixel, −1 where there is nothing; the number of pieces.
    """
    numbers = np.full(depth.shape, -1)
    there = np.isfinite(depth)
    size = int(there.sum())
    numbers[there] = np.arange(size)
    pairs = [
        np.stack([numbers[here][same], numbers[other][same]])
        for here, other, same in links(depth, camera, noise)
    ]
    one, two = np.concatenate(pairs, axis=1)
    graph = coo_matrix((np.ones(len(one), bool), (one, two)), shape=(size, size))
    count, labels = connected_components(graph, directed=False)
    pieces = np.full(depth.shape, -1)
    pieces[there] = labels
    return pieces, int(count)


def smoothed(depth: np.ndarray, camera: Camera, noise: float) -> np.ndarray:
    """Average the noise within surfaces; ``noise`` 0 changes nothing.

    Each pixel gets the value of the plane that fits the pixels around it best, weighted by their
    distance in the image and in depth. So slanted surfaces keep their place up to their borders.
    """
    at = np.nonzero(np.isfinite(depth))
    if not noise or not len(at[0]):
        return depth
    reach = SMOOTHING_REACH
    padded = np.pad(depth, reach, constant_values=np.nan)
    with np.errstate(invalid="ignore"):
        disparity = np.nan_to_num(1 / padded)
    flat = disparity.ravel()
    start = (at[0] + reach) * padded.shape[1] + at[1] + reach
    own = flat[start]
    span = SIGMAS * noise * own**2  # a step of depth dz is one of dz/z² in disparity
    sums = np.zeros((9, len(own)))
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            square = (down**2 + right**2) / SMOOTHING**2
            if square > (reach / SMOOTHING) ** 2 + 0.25:
                continue
            other = flat[start + down * padded.shape[1] + right]
            step = other - own
            weight = np.exp(-0.5 * (square + (step / span) ** 2))
            weight[other == 0] = 0
            moved = weight * step
            for k, value in enumerate((1, down, right, down**2, down * right, right**2)):
                if value:
                    sums[k] += value * weight
            for k, value in enumerate((1, down, right)):
                if value:
                    sums[6 + k] += value * moved
    total, y, x, yy, xy, xx, d, yd, xd = sums
    # A little ridge keeps lines of pixels, whose slope across is not known, from swinging.
    yy, xx = yy + 0.01 * total, xx + 0.01 * total
    minors = yy * xx - xy**2, x * xy - y * xx, y * xy - x * yy
    determinant = total * minors[0] + y * minors[1] + x * minors[2]
    change = (d * minors[0] + yd * minors[1] + xd * minors[2]) / determinant
    result = depth.copy()
    result[at] = 1 / (own + np.clip(change, -span, span))
    return result
