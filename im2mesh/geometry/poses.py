"""Poses of objects before the camera, and the rule of their rotation.

A point v of the model becomes Rx(+elevation) · Ry(+azimuth) · v (column vectors, right-handed
rotations, degrees); then the object is centred on the origin; then it is scaled so that its
largest extent is exactly 1. The result is the camera frame: x right, y up, z towards the viewer.

This is the convention ``camera``, which the released depth maps follow. The script released with
them composes Ry(+azimuth) and then Rx(−elevation), so a positive elevation looks from below; that
is the convention ``released-script``, for those who need its maps.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike

from im2mesh.errors import InputError

PoseConvention: TypeAlias = Literal["camera", "released-script"]
CONVENTIONS: tuple[PoseConvention, ...] = get_args(PoseConvention)

_QUARTERS = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))


def pose_rotation(
    azimuth: float, elevation: float, convention: PoseConvention = "camera"
) -> np.ndarray:
    """Return the rotation of a view, (3, 3) float64; exact at multiples of 90 degrees.

    Args:
        azimuth: degrees; +90 turns the model's +z (its front) to the camera's +x.
        elevation: degrees; a positive one moves the model's top towards the viewer, who then
            looks at it from above (``released-script``: away, so from below).
        convention: see the module.

    Raises:
        InputError: an angle is not finite, or there is no such convention.
    """
    if convention not in CONVENTIONS:
        raise InputError(f"no pose convention {convention!r}; choose {' or '.join(CONVENTIONS)}")
    if convention == "released-script":
        elevation = -elevation
    ca, sa = _cos_sin(azimuth)
    ce, se = _cos_sin(elevation)
    about_y = np.array([[ca, 0.0, sa], [0.0, 1.0, 0.0], [-sa, 0.0, ca]])
    about_x = np.array([[1.0, 0.0, 0.0], [0.0, ce, -se], [0.0, se, ce]])
    return about_x @ about_y + 0.0  # adding 0 turns −0 into 0


def uniform_rotation(u: float, v: float, w: float) -> np.ndarray:
    """Return the (3, 3) rotation that belongs to a point of the unit cube [0, 1]³.

    Points that are even in the cube give rotations that are even among all rotations (Shoemake,
    Graphics Gems III, 1992).
    """
    a, b = math.sqrt(1 - u), math.sqrt(u)
    x, y = a * math.sin(2 * math.pi * v), a * math.cos(2 * math.pi * v)
    z, s = b * math.sin(2 * math.pi * w), b * math.cos(2 * math.pi * w)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * s), 2 * (x * z + y * s)],
            [2 * (x * y + z * s), 1 - 2 * (x * x + z * z), 2 * (y * z - x * s)],
            [2 * (x * z - y * s), 2 * (y * z + x * s), 1 - 2 * (x * x + y * y)],
        ]
    )


def centre_and_extent(bounds: ArrayLike) -> tuple[np.ndarray, float]:
    """Return the (3,) centre and the largest extent, > 0, of an object with (2, 3) bounds.

    Raises:
        InputError: the bounds are not finite, are reversed, or enclose a single point.
    """
    low, high = np.asarray(bounds, dtype=np.float64).reshape(2, 3)
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise InputError("the object has coordinates that are not finite; repair or drop it")
    extent = float((high - low).max())
    if (high < low).any() or extent <= 0:
        raise InputError(f"the object has no extent ({low} … {high}), so it cannot be scaled")
    return (low + high) / 2, extent


def normalise(vertices: ArrayLike) -> np.ndarray:
    """Centre (V, 3) points on the origin and scale them to a largest extent of 1.

    Every point counts, so leave out vertices that no face uses.

    Raises:
        InputError: another shape, no points, a value that is not finite, or a single place.
    """
    points = np.asarray(vertices, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 3 or not len(points):
        raise InputError(f"vertices have shape {points.shape}; expected (V, 3) with V > 0")
    centre, extent = centre_and_extent([points.min(axis=0), points.max(axis=0)])
    # The bounds hold exactly; without clipping, rounding can step over them by one ulp.
    return np.clip((points - centre) / extent, -0.5, 0.5)


def pose(
    vertices: ArrayLike, azimuth: float, elevation: float, convention: PoseConvention = "camera"
) -> np.ndarray:
    """Turn a model's (V, 3) points, y up, into a view in [−0.5, 0.5]³: rotate, centre, scale.

    See :func:`pose_rotation` and :func:`normalise` for arguments and errors.

    Raises:
        InputError: as :func:`normalise` and :func:`pose_rotation`.
    """
    points = np.asarray(vertices, dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 3:
        raise InputError(f"vertices have shape {points.shape}; expected (V, 3)")
    return normalise(points @ pose_rotation(azimuth, elevation, convention).T)


def _cos_sin(degrees: float) -> tuple[float, float]:
    if not math.isfinite(degrees):
        raise InputError(f"an angle of {degrees} degrees is not a pose")
    quarter, rest = divmod(degrees % 360.0, 90.0)
    if rest == 0:
        return _QUARTERS[int(quarter) % 4]
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
