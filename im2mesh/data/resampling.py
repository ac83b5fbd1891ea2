"""From a camera's image to square maps of the cube: pixel fans, rasterised.

Each pixel with a depth is a square of four triangles around its centre (a *fan*). Corners are
shared where the pixels around them are on one surface; elsewhere a pixel's own slope continues to
its border. The fans are moved into the cube and rays are cast at them: along −z for the
orthographic map that the networks are shown, from the camera's own place for the map that free
space is tested with.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from im2mesh.cameras import Camera, CubeFrame
from im2mesh.data.cleaning import STEEPEST, Cleaned, same_surface
from im2mesh.data.depth import BACKGROUND
from im2mesh.patches import IMAGE_SIZE, back_project
from im2mesh.preparation.raycast import cast

CRACK = 2
"""Cracks between fans up to about this many pixels of a map are closed."""

SAMPLES = 32
"""Points of a column that are looked up to find out whether all of it is free."""

CORNERS = ((-1, -1), (-1, 1), (1, 1), (1, -1))
"""Rows and columns of a pixel's corners, in half pixels, clockwise in the image."""


@dataclass(frozen=True)
class SquareMap:
    """A depth map of the cube.

    Attributes:
        depth: (S, S) float32 as :func:`im2mesh.data.depth.check_depth` has it, background −1.
        known: (S, S) bool, False where the camera could not tell what a ray meets.
    """

    depth: np.ndarray
    known: np.ndarray


def pixel_fans(depth: np.ndarray, camera: Camera, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Make a surface of an image's pixels.

    Args:
        depth: (H, W) float64, z in metres, NaN where there is nothing.
        camera: the image's.
        noise: standard deviation of the depths in metres.

    Returns:
        (V, 3) float64 vertices in the camera frame and (F, 3) int64 faces, four for each pixel;
        seen from the camera they run clockwise.
    """
    rows, columns = np.nonzero(np.isfinite(depth))
    if not len(rows):
        return np.zeros((0, 3)), np.zeros((0, 3), np.int64)
    window = np.s_[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    depth = np.pad(depth[window], 1, constant_values=np.nan)
    at = np.nonzero(np.isfinite(depth))
    # Disparity is affine in the pixels over a plane.
    disparity = 1 / depth
    linked = {
        (down, right): _linked(depth, down, right, camera, noise)
        for down in (-1, 0, 1)
        for right in (-1, 0, 1)
    }
    steepest = STEEPEST * disparity / min(camera.fx, camera.fy)
    slopes = []
    for down, right in ((1, 0), (0, 1)):
        ahead = np.where(linked[down, right], np.roll(disparity, (-down, -right), (0, 1)), np.nan)
        behind = np.where(linked[-down, -right], np.roll(disparity, (down, right), (0, 1)), np.nan)
        ahead, behind = ahead - disparity, disparity - behind
        both = np.isfinite(ahead).astype(np.int64) + np.isfinite(behind)
        slope = (np.nan_to_num(ahead) + np.nan_to_num(behind)) / np.maximum(both, 1)
        slopes.append(np.clip(slope, -steepest, steepest))
    centre = disparity[at]
    vertices = [_placed(at[0], at[1], centre, camera, window)]
    for down, right in CORNERS:
        total, count = np.zeros((2, len(centre)))
        flat = np.zeros(len(centre))
        for i in (0, down):
            for j in (0, right):
                there = linked[i, j][at]
                other = at[0] + i, at[1] + j
                own = disparity[other]
                # From the other pixel's centre to the corner.
                offset = down / 2 - i, right / 2 - j
                continued = own + slopes[0][other] * offset[0] + slopes[1][other] * offset[1]
                total += np.where(there, continued, 0.0)
                flat += np.where(there, own, 0.0)
                count += there
        # Amid four pixels of one surface their mean needs no slopes.
        corner = np.where(count == 4, flat, total) / count
        # No corner is behind the camera or runs away.
        corner = np.clip(corner, centre / 2, centre * 2)
        vertices.append(_placed(at[0] + down / 2, at[1] + right / 2, corner, camera, window))
    number = np.arange(len(centre))
    faces = [
        np.stack([number, number + (k + 1) * len(centre), number + ((k + 1) % 4 + 1) * len(centre)])
        for k in range(4)
    ]
    return np.concatenate(vertices), np.concatenate(faces, axis=1).T


def _linked(depth: np.ndarray, down: int, right: int, camera: Camera, noise: float) -> np.ndarray:
    """(H, W) bool, whether each pixel is on one surface with its neighbour."""
    with np.errstate(invalid="ignore"):
        return same_surface(depth, np.roll(depth, (-down, -right), (0, 1)), camera, noise)


def _placed(
    rows: np.ndarray,
    columns: np.ndarray,
    disparity: np.ndarray,
    camera: Camera,
    window: tuple[slice, slice],
) -> np.ndarray:
    """(N, 3) points from places in a padded window and their disparity."""
    rays = camera.rays(columns + window[1].start - 1, rows + window[0].start - 1)
    return rays / disparity[:, None]


def rasterise(vertices: np.ndarray, faces: np.ndarray, size: int) -> np.ndarray:
    """Draw a surface in the cube as the depth map of its nearest points.

    Args:
        vertices: (V, 3) in the cube; what is outside its columns is not seen.
        faces: (F, 3).
        size: pixels along a side, S.

    Returns:
        (S, S) float64 depths, d = 0.5 − z, in [0, 1]; NaN where there is nothing.
    """
    depth = np.full(size * size, np.nan)
    if len(faces):
        hit, face, weights = cast(vertices, faces, size)
        z = (vertices[faces[face], 2] * weights).sum(axis=1)
        depth[hit] = np.clip(0.5 - z, 0.0, 1.0)
    return depth.reshape(size, size)


def orthographic_map(
    cleaned: Cleaned, camera: Camera, frame: CubeFrame, size: int = IMAGE_SIZE
) -> SquareMap:
    """Resample an object into the map that networks are shown.

    A column is background where the camera sees all of it to be free; where it neither shows the
    object nor is all free, it is not known.

    Args:
        cleaned: the object.
        camera: the image's.
        frame: where the cube lies.
        size: pixels along a side, S.
    """
    vertices, faces = pixel_fans(cleaned.depth, camera, cleaned.noise)
    depth = _closed_cracks(rasterise(frame.to_cube(vertices), faces, size))
    seen = np.isfinite(depth)
    known = seen.copy()
    known[~seen] = _columns_free(~seen, cleaned, camera, frame)
    return SquareMap(np.where(seen, depth, BACKGROUND).astype(np.float32), known)


def _closed_cracks(depth: np.ndarray) -> np.ndarray:
    """A map without the narrow cracks that steep surfaces leave, filled by the mean beside them."""
    seen = np.isfinite(depth)
    # A crack has the object on both of its sides.
    cracks = ndimage.binary_closing(np.pad(seen, 4), np.ones((CRACK + 1, CRACK + 1)))[4:-4, 4:-4]
    cracks &= ~seen & ndimage.binary_fill_holes(seen)
    if not cracks.any():
        return depth
    weights = ndimage.uniform_filter(seen.astype(np.float64), 2 * CRACK + 1)
    total = ndimage.uniform_filter(np.where(seen, depth, 0.0), 2 * CRACK + 1)
    return np.where(cracks & (weights > 1e-9), total / np.maximum(weights, 1e-9), depth)


def _columns_free(
    columns: np.ndarray, cleaned: Cleaned, camera: Camera, frame: CubeFrame
) -> np.ndarray:
    """Whether the camera sees all of some columns of the cube to be free.

    Args:
        columns: (S, S) bool, which columns; M of them.
        cleaned: the object.
        camera: the image's.
        frame: where the cube lies.

    Returns:
        (M,) bool.
    """
    size = len(columns)
    hidden = blocked_depth(cleaned)
    points = back_project(np.where(columns, np.float32(0.5), np.float32(-1))).astype(np.float64)
    free = np.ones(len(points), bool)
    for z in np.linspace(0.5, -0.5, min(SAMPLES, size)):
        points[:, 2] = z
        free &= is_free(frame.to_camera(points), hidden, camera)
    return free


def blocked_depth(cleaned: Cleaned) -> np.ndarray:
    """Return from which depth on each pixel's ray is hidden.

    That is the object's depth, 0 where nothing is known, ∞ where the object is not.
    """
    hidden = np.where(cleaned.seen, cleaned.depth, np.inf)
    return np.where(cleaned.unknown, 0.0, hidden)


def is_free(points: np.ndarray, hidden: np.ndarray, camera: Camera) -> np.ndarray:
    """Whether the camera sees points to be free.

    Args:
        points: (N, 3) in the camera frame.
        hidden: (H, W) from which depth on each ray is hidden.
        camera: the image's.

    Returns:
        (N,) bool; False for points that are outside the image.
    """
    ahead = points[:, 2] > 0
    at = camera.project(np.where(ahead[:, None], points, 1.0))
    columns, rows = np.rint(at).astype(np.int64).T
    height, width = hidden.shape
    within = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width) & ahead
    limit = hidden[np.where(within, rows, 0), np.where(within, columns, 0)]
    return within & (points[:, 2] < limit)
