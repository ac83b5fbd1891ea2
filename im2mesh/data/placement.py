"""Placement of the cube: an object's centre and size from its visible side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from im2mesh.data.cleaning import Cleaned
from im2mesh.errors import DepthError
from im2mesh.geometry.cameras import Camera, CubeFrame

MARGIN = 1.03
"""The cube's side over the largest extent that is seen: an object is a little larger."""

ROUNDS = 6
"""Iterations for the centre and the direction of view, which depend on each other."""


@dataclass(frozen=True)
class Placement:
    """The cube of one object."""

    frame: CubeFrame  # its centre, side and axes
    seen: np.ndarray  # (3,) the visible side's extents along the cube's axes, in metres
    extent: float  # the object's extent along the direction of view, in metres, given or estimated
    how: str  # the way in which the extent was found, a phrase for messages
    # The largest extent that the supporting plane allows; ∞ if it sets no limit
    most: float = np.inf


def depth_extent(seen: np.ndarray) -> float:
    """Estimate how deep an object is from its (3,) seen extents: across, up, along the view.

    A regression on views of real objects with known meshes: with m the largest seen extent, n the
    smaller of the two across and e the seen depth, m·(0.10 + 0.87·e/m + 0.14·n/m + 0.04·(e/m)²).
    The depth is at least the seen one.
    """
    m = float(seen.max())
    n, e = float(seen[:2].min()) / m, float(seen[2]) / m
    return m * max(e, 0.10 + 0.87 * e + 0.14 * n + 0.04 * e * e)


def place(
    cleaned: Cleaned, camera: Camera, size: float | None = None, extent: float | None = None
) -> Placement:
    """Find the cube of an object.

    Args:
        cleaned: the object.
        camera: the image's.
        size: the object's largest extent in metres, if it is known; None: the largest of the seen
            extents across and the depth.
        extent: its extent along the direction of view in metres, if it is known; None:
            :func:`depth_extent`, but not through the plane that it stands on.

    Raises:
        DepthError: fewer than three points, or the object reaches behind the camera.
    """
    rows, columns = np.nonzero(cleaned.seen)
    rays = camera.rays(columns, rows)
    z = cleaned.depth[rows, columns]
    points = rays.T * z
    if len(z) < 3 or not np.ptp(points, axis=1).max() > 0:
        raise DepthError(f"only {len(z)} pixels of the object have a depth; too few")
    # A pixel is a small square, not a point.
    half = 0.5 * z / min(camera.fx, camera.fy)
    far = None
    if cleaned.plane is not None:
        reach = cleaned.plane.depth_along(rays)
        if np.isfinite(reach).all():
            far = rays.T * np.maximum(reach, z)
    centre = (points.min(axis=1) + points.max(axis=1)) / 2
    most = np.inf
    how = "given" if extent is not None else "estimated from the visible side"
    for _ in range(ROUNDS):
        frame = CubeFrame.looking_at(centre, 1.0)
        turned = frame.rotation @ points
        low = np.append((turned[:2] - half).min(axis=1), turned[2].min())
        high = np.append((turned[:2] + half).max(axis=1), turned[2].max())
        seen = high - low
        deep = depth_extent(seen) if extent is None else extent
        if far is not None:
            most = high[2] - float((frame.rotation[2] @ far).min())
            if extent is None and most < deep:
                deep, how = max(most, float(seen[2])), "bounded by the supporting plane"
        middle = (low + high) / 2
        middle[2] = high[2] - deep / 2
        centre = middle @ frame.rotation
        if centre[2] <= 0:
            raise DepthError("the object reaches behind the camera; check units and intrinsics")
    side = MARGIN * max(float(seen[0]), float(seen[1]), deep) if size is None else MARGIN * size
    return Placement(CubeFrame.looking_at(centre, side), seen, deep, how, most)
