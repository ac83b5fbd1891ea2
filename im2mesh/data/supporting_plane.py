"""The plane that an object stands on: finding it, and the object on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from im2mesh.data.surfaces import SIGMAS, default_noise, surface_pieces
from im2mesh.errors import DepthError
from im2mesh.geometry.cameras import Camera

BESIDE = 2
"""The ring around a mask in which its plane is looked for starts so many pixels beside it."""

FOOT, FOOT_ASIDE = 0.015, 0.003
"""Metres above its plane, and metres aside, up to which an object is followed below its mask.
Sensors round the corner between object and plane off, so it is not followed further."""

LEAST_OBJECT = 50
"""Least number of pixels of an object that is found without a mask."""

CUT_OFF = 0.05
"""Weight of a piece's pixels if the border of the image cuts it off. Such a piece is more likely a
hand, a gripper or furniture than the object."""

ASIDE = 5
"""Pixels beside an object up to which a click still means it."""

STANDING = 0.25
"""Least share of the measured pixels around an object that must be the plane."""

PLANE_TRIALS, PLANE_POINTS = 100, 20_000
"""Planes that are tried, and about the most points that they are fitted to."""

PLANE_EXTENTS = 2
"""The plane is looked for up to so many of the object's extents in front of and behind it."""

PLANE_SHARE = 0.3
"""Least share of the ring's pixels that lie on a supporting plane."""

PLANE_ABOVE = 0.9
"""Least share of the object's points above the plane."""

TABLE_HEIGHT = 0.5
"""Most of the table is measured within so much of :meth:`Plane.tolerance`."""

TABLE_WINDOW, TABLE_SHARE = 11, 0.85
"""A pixel belongs to the table if so much of the mask in a window of so many pixels lies on it."""


@dataclass(frozen=True)
class Plane:
    """The supporting plane {p: normal·p = offset}, in the camera frame."""

    normal: np.ndarray  # (3,) float64 unit vector, towards the object
    offset: float  # in metres

    def height(self, points: np.ndarray) -> np.ndarray:
        """Return the heights of (…, 3) points above the plane, in metres."""
        return points @ self.normal - self.offset

    def tolerance(self, rays: np.ndarray, noise: float) -> np.ndarray:
        """Return the largest measured distance in metres of the plane's own points on (…, 3) rays.

        Rays are given by their points at z = 1; noise is along them, in metres.
        """
        # Noise is along the ray, which is aslant to the plane.
        slant = np.abs(rays @ self.normal) / np.sqrt((rays**2).sum(axis=-1))
        return slant * (SIGMAS * noise + 1e-3)

    def depth_along(self, rays: np.ndarray) -> np.ndarray:
        """Return z where rays (their points at z = 1) meet the plane, ∞ where they do not."""
        towards = rays @ self.normal
        with np.errstate(divide="ignore", invalid="ignore"):
            z = self.offset / towards
        return np.where((towards != 0) & (z > 0), z, np.inf)


def find_plane(
    points: np.ndarray, kept: np.ndarray, mask: np.ndarray, noise: float
) -> Plane | None:
    """Find the plane that the object stands on, around the mask of pixels that may be the object.

    It has the most pixels of the ring around the mask; None if they are few or the object,
    ``kept``, is not above it. Points (H, W, 3) are NaN where nothing was measured. The same image
    gives the same plane.
    """
    if not kept.any():
        return None
    around = np.isfinite(points[..., 2]) & ~ndimage.binary_dilation(mask, iterations=BESIDE)
    ring = points[around]
    own = points[kept]
    extent = float(np.linalg.norm(np.ptp(own, axis=0)))
    near = ring[np.abs(ring[:, 2] - np.median(own[:, 2])) < PLANE_EXTENTS * extent]
    if len(near) < 100:
        return None
    plane = _dominant_plane(near[:: 1 + len(near) // PLANE_POINTS], noise)
    if plane is None:
        return None
    tolerance = SIGMAS * noise + 1e-3
    share = (np.abs(plane.height(near)) < tolerance).mean()
    above = (plane.height(own) > -tolerance).mean()
    return plane if share >= PLANE_SHARE and above >= PLANE_ABOVE else None


def _dominant_plane(points: np.ndarray, noise: float) -> Plane | None:
    """Find the plane that holds the most of (N, 3) points (RANSAC), with the camera above it.

    None if the points lie on a line. The same points give the same plane.
    """
    rng = np.random.default_rng(0)
    some = points[rng.permutation(len(points))[:1000]]
    corners = some[rng.integers(len(some), size=(PLANE_TRIALS, 3))]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normals, axis=1)
    good = length > 1e-12
    normals, corners = normals[good] / length[good, None], corners[good]
    if not len(normals):
        return None
    tolerance = SIGMAS * noise + 1e-3
    distance = some @ normals.T - (corners[:, 0] * normals).sum(axis=1)
    best = int((np.abs(distance) < tolerance).sum(axis=0).argmax())
    normal, offset = normals[best], float(corners[best, 0] @ normals[best])
    for _ in range(3):  # least squares over the points on it
        on = points[np.abs(points @ normal - offset) < tolerance]
        if len(on) < 10:
            return None
        normal = np.linalg.eigh(np.cov(on.T))[1][:, 0]
        offset = float(normal @ on.mean(axis=0))
    return Plane(normal, offset) if offset <= 0 else Plane(-normal, -offset)


def foot(
    mask: np.ndarray, points: np.ndarray, above: np.ndarray, plane: Plane, camera: Camera
) -> np.ndarray:
    """Find the object's lowest pixels, if the mask ends above the plane that it stands on.

    ``above`` has the (H, W) pixels that are above the plane; the found ones are outside the mask.
    """
    depth, height = points[..., 2], plane.height(points)
    low = np.isfinite(depth) & ~mask & above & (height < FOOT)
    start = mask & (height < 2 * FOOT)
    if not low.any() or not start.any():
        return np.zeros_like(mask)
    footprint = cKDTree(points[start] - height[start][:, None] * plane.normal)
    below = points[low] - height[low][:, None] * plane.normal
    low[low] = footprint.query(below, distance_upper_bound=FOOT_ASIDE)[0] < FOOT_ASIDE
    pieces, count = surface_pieces(np.where(low | start, depth, np.nan), camera, 0.0)
    own = np.bincount(pieces[start & (pieces >= 0)], minlength=count) > 0
    return low & own[pieces]


def find_object(
    depth: np.ndarray, camera: Camera, noise: float | None = None, at: tuple[int, int] | None = None
) -> np.ndarray:
    """Find the largest object that stands on the dominant plane of an image, or a chosen one.

    An object that the border of the image cuts off comes last.

    Args:
        depth: (H, W) float64, z in metres, NaN where nothing was measured.
        camera: the image's.
        noise: standard deviation in metres; None: :func:`default_noise`.
        at: row and column of a pixel on the object, or up to :data:`ASIDE` pixels beside it;
            None: the largest.

    Returns:
        (H, W) bool, its pixels.

    Raises:
        DepthError: there is no such plane, or nothing on it, or nothing at that pixel.
    """
    there = np.isfinite(depth)
    if not there.any():
        raise DepthError("no pixel of the depth image has a depth")
    noise = default_noise(float(np.median(depth[there]))) if noise is None else noise
    rays = camera.rays_of(depth.shape)
    points = rays * depth[..., None]
    plane = _dominant_plane(points[there], noise)
    if plane is None:
        raise DepthError("no plane is found that an object could stand on; give the object's mask")
    height = np.where(there, plane.height(points), np.nan)
    with np.errstate(invalid="ignore"):
        # Sensors round the corner between object and plane off.
        above = height > 2 * plane.tolerance(rays, noise)
    pieces, count = surface_pieces(np.where(above, depth, np.nan), camera, noise)
    if at is not None:
        return _with_torn_parts(pieces == _piece_at(pieces, at), pieces, above)
    sizes = np.bincount(pieces[above], minlength=count) if count else np.zeros(0, np.int64)
    rank = np.where(_reach_border(pieces, there, count), CUT_OFF, 1.0) * sizes
    on_plane = there & (np.abs(height) <= 2 * plane.tolerance(rays, noise))
    largest = None
    for piece in np.argsort(-rank, kind="stable"):
        if sizes[piece] < LEAST_OBJECT:
            continue
        own = pieces == piece
        border = ndimage.binary_dilation(own, np.ones((3, 3)), iterations=3) & there & ~own
        if on_plane[border].sum() >= STANDING * border.sum():
            largest = own
            break
    if largest is None:
        raise DepthError("nothing stands on the plane that is seen; give the object's mask")
    return _with_torn_parts(largest, pieces, above)


def _piece_at(pieces: np.ndarray, at: tuple[int, int]) -> int:
    """Return the number of the piece at a pixel, else of the one with most pixels around it."""
    row, column = at
    for aside in (0, ASIDE):
        rows, columns = (slice(max(k - aside, 0), k + aside + 1) for k in at)
        there = pieces[rows, columns][pieces[rows, columns] >= 0]
        if len(there):
            return int(np.bincount(there).argmax())
    raise DepthError(f"no object is at column {column}, row {row}: only the plane, or a hole")


def _with_torn_parts(own: np.ndarray, pieces: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Return an object's pixels with those of the parts that the sensor tore off it."""
    near = ndimage.binary_dilation(own, np.ones((3, 3)), iterations=2)
    return np.asarray(np.isin(pieces, np.unique(pieces[near & above])) & above)


def _reach_border(pieces: np.ndarray, there: np.ndarray, count: int) -> np.ndarray:
    """Tell which pieces reach the border of the measured part of the image, (count,) bool."""
    (top, bottom), (left, right) = (
        np.flatnonzero(there.any(axis=axis))[[0, -1]] for axis in (1, 0)
    )
    rim = [pieces[top], pieces[bottom], pieces[:, left], pieces[:, right]]
    return np.isin(np.arange(count), np.concatenate(rim))


def table_pixels(kept: np.ndarray, height: np.ndarray) -> np.ndarray:
    """Find pixels that show the table and not the object's lowest edge.

    ``height`` (H, W) is over the plane, in units of :meth:`Plane.tolerance`.
    """
    on = kept & (np.abs(height) < TABLE_HEIGHT)
    if not on.any():
        return on
    around = ndimage.uniform_filter(kept.astype(np.float64), TABLE_WINDOW, mode="constant")
    share = ndimage.uniform_filter(on.astype(np.float64), TABLE_WINDOW, mode="constant")
    return on & (share >= TABLE_SHARE * around)
