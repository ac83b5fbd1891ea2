"""Resampling of a camera's image into square maps of the cube, by pixel fans.

Each pixel with a depth is a square of four triangles around its centre (a *fan*). Corners are
shared where the pixels around them are on one surface; elsewhere a pixel's own slope continues to
its border. The camera sees the fans tile its image. So the map of the camera's own rays, which
free space is tested with, is looked up in them. The orthographic map, which networks are shown, is
rasterised from the fans' triangles in the cube.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from im2mesh.data.surfaces import STEEPEST, same_surface
from im2mesh.geometry.cameras import Camera, CubeFrame, Perspective, RayMap
from im2mesh.geometry.pixels import BACKGROUND, IMAGE_SIZE, back_project, to_pixels

CRACK = 2
"""Largest width of cracks between fans that are closed, in pixels of a map."""

ON_EDGE = 1e-6
"""A pixel so little outside a face, in pixels or shares of the face, is on its edge."""

CORNERS = ((-1, -1), (-1, 1), (1, 1), (1, -1))
"""Rows and columns of a pixel's corners, in half pixels, clockwise in the image."""


@dataclass(frozen=True)
class Fans:
    """A surface made of an image's pixels.

    Depth is kept as disparity, 1/z, which over a plane is affine in rows and columns.
    """

    camera: Camera  # the image's
    number: np.ndarray  # (H, W) int64, number of each pixel's fan; −1: none
    rows: np.ndarray  # (N,) int64 of the pixels
    columns: np.ndarray  # (N,) int64
    centre: np.ndarray  # (N,) float64 disparity at the pixels' centres, in 1/m
    corners: np.ndarray  # (4, N) float64 disparity at their corners, in the order of CORNERS

    def mesh(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (5 N, 3) vertices in the camera frame, (4 N, 3) faces, clockwise to the camera."""
        vertices = [self.camera.rays(self.columns, self.rows) / self.centre[:, None]]
        for (down, right), corner in zip(CORNERS, self.corners, strict=True):
            rays = self.camera.rays(self.columns + right / 2, self.rows + down / 2)
            vertices.append(rays / corner[:, None])
        count = len(self.centre)
        number = np.arange(count)
        faces = [
            np.stack([number, number + (k + 1) * count, number + ((k + 1) % 4 + 1) * count])
            for k in range(4)
        ]
        return np.concatenate(vertices), np.concatenate(faces, axis=1).T

    def disparity_at(self, columns: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Return the surface's disparity at (M,) places of the image, NaN where there is none."""
        nearest = np.rint(rows), np.rint(columns)
        fan = looked_up(nearest[1], nearest[0], self.number, -1)
        there = fan >= 0
        fan = fan[there]
        down, right = (a[there] - b[there] for a, b in ((rows, nearest[0]), (columns, nearest[1])))
        # The triangle's side: above, on the right, below, on the left.
        beside = np.abs(right) > np.abs(down)
        side = np.where(beside, np.where(right > 0, 1, 3), np.where(down > 0, 2, 0))
        outward = 2 * np.where(beside, np.abs(right), np.abs(down))
        along = np.choose(side, [right, down, -right, -down])
        first, second = self.corners[side, fan], self.corners[(side + 1) % 4, fan]
        centre = self.centre[fan]
        values = np.full(len(rows), np.nan)
        middle = (first + second) / 2
        values[there] = centre + outward * (middle - centre) + along * (second - first)
        return values


def pixel_fans(depth: np.ndarray, camera: Camera, noise: float) -> Fans:
    """Make a surface of the pixels of an (H, W) image of z in metres, NaN where there is none."""
    rows, columns = np.nonzero(np.isfinite(depth))
    number = np.full(depth.shape, -1)
    number[rows, columns] = np.arange(len(rows))
    if not len(rows):
        return Fans(camera, number, rows, columns, np.zeros(0), np.zeros((4, 0)))
    top, left = rows.min(), columns.min()
    window = np.pad(
        depth[top : rows.max() + 1, left : columns.max() + 1], 1, constant_values=np.nan
    )
    at = rows - top + 1, columns - left + 1
    disparity = 1 / window
    linked = {(0, 0): np.isfinite(window)}
    for down, right in ((0, 1), (1, -1), (1, 0), (1, 1)):
        there = same_surface(window, np.roll(window, (-down, -right), (0, 1)), camera, noise)
        linked[down, right] = there
        linked[-down, -right] = np.roll(there, (down, right), (0, 1))
    steepest = STEEPEST * disparity / min(camera.fx, camera.fy)
    slopes = []
    for step in ((1, 0), (0, 1)):
        back = -step[0], -step[1]
        ahead = np.where(linked[step], np.roll(disparity, back, (0, 1)) - disparity, 0)
        behind = np.where(linked[back], disparity - np.roll(disparity, step, (0, 1)), 0)
        both = linked[step].astype(np.int64) + linked[back]
        slopes.append(np.clip((ahead + behind) / np.maximum(both, 1), -steepest, steepest))
    centre = disparity[at]
    corners = np.empty((4, len(centre)))
    for k, (down, right) in enumerate(CORNERS):
        total, flat, count = np.zeros((3, len(centre)))
        for i in (0, down):
            for j in (0, right):
                there = linked[i, j][at]
                other = at[0] + i, at[1] + j
                own = np.where(there, disparity[other], 0.0)
                # From the other pixel's centre to the corner.
                rise = slopes[0][other] * (down / 2 - i) + slopes[1][other] * (right / 2 - j)
                flat += own
                total += np.where(there, own + rise, 0.0)
                count += there
        # Amid four pixels of one surface their mean needs no slopes.
        mean = np.where(count == 4, flat, total) / count
        # No corner is behind the camera or runs away.
        corners[k] = np.clip(mean, centre / 2, centre * 2)
    return Fans(camera, number, rows, columns, centre, corners)


def orthographic_map(fans: Fans, frame: CubeFrame, size: int = IMAGE_SIZE) -> np.ndarray:
    """Draw an object as networks are shown it: an (S, S) float32 depth map, background −1.

    The surface outside the cube's columns is left out.
    """
    vertices, faces = fans.mesh()
    depth = np.clip(0.5 - _rasterised(frame.to_cube(vertices), faces, size), 0.0, 1.0)
    depth = _closed_cracks(depth)
    return np.where(np.isfinite(depth), depth, BACKGROUND).astype(np.float32)


def _rasterised(vertices: np.ndarray, faces: np.ndarray, size: int) -> np.ndarray:
    """Return (S, S) z of the foremost face at each pixel's middle, NaN where there is none.

    It enumerates the pixels in each face's bounds, which are few: fans are about as large as
    pixels. For so small faces building a ray caster's scene takes several times as long.
    """
    row, column = to_pixels(vertices, size)
    first, last = np.empty((2, 2, len(faces)), np.int64)
    for axis, at in enumerate((row, column)):
        a, b, c = at[faces.T]
        low, high = np.minimum(np.minimum(a, b), c), np.maximum(np.maximum(a, b), c)
        first[axis] = np.ceil(low - ON_EDGE).clip(0, size)
        last[axis] = np.floor(high + ON_EDGE).clip(-1, size - 1)
    high, wide = (last - first + 1).clip(0)
    count = high * wide
    face = np.repeat(np.arange(len(faces)), count)
    number = np.arange(len(face)) - np.repeat(np.cumsum(count) - count, count)
    i, j = first[0][face] + number // wide[face], first[1][face] + number % wide[face]
    corners = faces[face].T
    (xa, xb, xc), (ya, yb, yc) = column[corners] - j, row[corners] - i
    # Twice the signed areas of the triangles that the pixel makes with the sides.
    weights = np.stack([xb * yc - xc * yb, xc * ya - xa * yc, xa * yb - xb * ya])
    area = weights.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        weights /= area
    inside = (np.abs(area) > 1e-12) & (weights.min(axis=0) >= -ON_EDGE)
    z = (vertices[:, 2][corners] * weights).sum(axis=0)
    found = np.full(size * size, -np.inf)
    np.maximum.at(found, (i * size + j)[inside], z[inside])
    return np.where(np.isfinite(found), found, np.nan).reshape(size, size)


def _closed_cracks(depth: np.ndarray) -> np.ndarray:
    """Fill the narrow cracks that steep surfaces leave with the mean beside them."""
    seen = np.isfinite(depth)
    # A crack has the object on both of its sides.
    cracks = ndimage.binary_closing(np.pad(seen, 4), np.ones((CRACK + 1, CRACK + 1)))[4:-4, 4:-4]
    cracks &= ~seen & ndimage.binary_fill_holes(seen)
    if not cracks.any():
        return depth
    weights = ndimage.uniform_filter(seen.astype(np.float64), 2 * CRACK + 1)
    total = ndimage.uniform_filter(np.where(seen, depth, 0.0), 2 * CRACK + 1)
    return np.where(cracks & (weights > 1e-9), total / np.maximum(weights, 1e-9), depth)


def ray_map(fans: Fans, unknown: np.ndarray, frame: CubeFrame, size: int = IMAGE_SIZE) -> RayMap:
    """Draw an object as the camera's own rays see it.

    ``unknown`` (H, W) pixels of the image may show the object or not, and so may rays outside the
    image. The map has ``size`` pixels along a side of the cube's middle, more at the near face.
    """
    perspective = Perspective(frame.distance)
    side = int(np.ceil(size / perspective.magnification(np.zeros(1))[0]))
    face = back_project(np.zeros((side, side), np.float32)).astype(np.float64)
    rays = frame.to_camera(face)
    rays /= rays[:, 2:]
    columns, rows = fans.camera.project(rays).T
    disparity = fans.disparity_at(columns, rows)
    seen = np.isfinite(disparity)
    points = frame.to_cube(rays[seen] / disparity[seen, None])
    depth = np.full(side * side, BACKGROUND, np.float32)
    depth[seen] = np.clip(0.5 - perspective(points)[:, 2], 0.0, 1.0)
    known = ~looked_up(columns, rows, unknown, True) | seen
    return RayMap(depth.reshape(side, side), known.reshape(side, side), perspective)


def looked_up(columns: np.ndarray, rows: np.ndarray, image: np.ndarray, outside: int) -> np.ndarray:
    """Return an image's values at the pixels nearest to (N,) places; beyond it ``outside``."""
    u, v = np.rint(columns).astype(np.int64), np.rint(rows).astype(np.int64)
    height, width = image.shape
    within = (v >= 0) & (v < height) & (u >= 0) & (u < width)
    return np.where(within, image[np.where(within, v, 0), np.where(within, u, 0)], outside)
