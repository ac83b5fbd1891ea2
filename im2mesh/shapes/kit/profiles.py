"""Solids of revolution from a profile: (radius, height) points, from the lowest to the highest."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy.interpolate import PchipInterpolator

from im2mesh.errors import InputError
from im2mesh.shapes.kit.axes import UP
from im2mesh.shapes.kit.choices import Rng, chance, count, uniform
from im2mesh.shapes.kit.copies import Solids
from im2mesh.shapes.solids import ORIGIN, Vector, frusta, shells

Profile = Sequence[tuple[float, float]] | np.ndarray


def lathe(profile: Profile, centre: Vector = ORIGIN, axis: Vector = UP) -> Solids:
    """Return a solid of revolution, one frustum for each step of its profile.

    Args:
        profile: (P, 2) radius ≥ 0 and height, heights rising; a height that is repeated is a
            step from one radius to another.
        centre: (3,) where the axis is at height 0.
        axis: (3,) the direction in which heights grow, of any length > 0.

    Raises:
        InputError: a profile that is not as above.
    """
    points = _profile(profile)
    radii, heights = _pieces(points)
    return [frusta(radii, heights, centre, axis)]


def vessel(
    profile: Profile, wall: float, floor: float, centre: Vector = ORIGIN, axis: Vector = UP
) -> Solids:
    """Return a hollow solid of revolution that is open at the top.

    Args:
        profile: of the outside, as for :func:`lathe`.
        wall: thickness, > 0. Where it is more than the radius, the vessel is solid.
        floor: thickness at the bottom; 0: open at both ends, a tube or a ring.
        centre: (3,) where the axis is at height 0.
        axis: (3,) the direction in which heights grow, of any length > 0.

    Raises:
        InputError: a profile that is not as above, a wall that is not positive, or a floor that
            is negative or as high as the vessel.
    """
    points = _profile(profile)
    bottom, top = points[0, 1], points[-1, 1]
    if not wall > 0 or not 0 <= floor < top - bottom:
        raise InputError(
            f"a vessel cannot be {top - bottom:g} high with a wall of {wall:g} and a floor of "
            f"{floor:g}"
        )
    level = bottom + floor
    radii, heights = _pieces(_cut(points, level, top, _bends(points, wall)))
    # On both sides of a step, each piece has its own radius.
    inside = 1e-9 * (heights[:, 1] - heights[:, 0])[:, None] * (1, -1)
    inner = _hole(points, wall, heights + inside).clip(max=radii)
    hollow = inner.max(axis=1) > 0
    solids = lathe(_cut(points, bottom, level), centre, axis) if floor else []
    if not hollow.all():
        solids.append(frusta(radii[~hollow], heights[~hollow], centre, axis))
    if hollow.any():
        solids.append(shells(inner[hollow], radii[hollow], heights[hollow], centre, axis))
    return solids


def smooth_profile(points: Profile, pieces: int) -> list[tuple[float, float]]:
    """Return a smooth profile through a few control points, for bottles, vases and bulbs.

    The curve turns back in radius only at control points, and never in height.

    Args:
        points: (P, 2) radius ≥ 0 and height, heights rising.
        pieces: how many frusta it makes, ≥ 1.

    Returns:
        (radius, height) for each of pieces + 1 points, even by the length of the control polygon.
    """
    control = _profile(points)
    until = np.append(0.0, np.cumsum(np.hypot(*np.diff(control, axis=0).T)))
    curve = PchipInterpolator(until, control)(np.linspace(0, until[-1], pieces + 1))
    # Up to rounding the curve keeps between its control points.
    curve[:, 0] = curve[:, 0].clip(min=0)
    curve[:, 1] = np.maximum.accumulate(curve[:, 1])
    return [(float(radius), float(height)) for radius, height in curve]


def random_profile(rng: Rng) -> list[tuple[float, float]]:
    """Return a random profile for :func:`lathe` or :func:`vessel`.

    Returns:
        Radii up to 0.15 to 0.5, heights from 0 to a top of 0.3 to 1; smooth, with edges, or with
        steps. Only a smooth one may end in a point.
    """
    tall, number = uniform(rng, 0.3, 1.0), count(rng, 2, 6)
    gaps = rng.uniform(0.3, 1.0, number - 1)
    heights = np.concatenate([[0.0], np.cumsum(gaps)]) / gaps.sum() * tall
    radii = np.exp(rng.uniform(-1.2, 0.0, number))
    radii *= uniform(rng, 0.15, 0.5) / radii.max()
    style = rng.random()
    points = np.column_stack([radii, heights])
    if style < 0.5:
        if chance(rng, 0.3):
            points = np.concatenate([points, [(0.0, tall + radii[-1] * uniform(rng, 0.5, 1.2))]])
            points[:, 1] *= tall / points[-1, 1]
        return smooth_profile(points, 3 * number)
    if style > 0.8:  # each piece is a disc or a tapered one
        low, high = points[:-1], points[1:] * (0.0, 1.0)
        high[:, 0] = low[:, 0] * np.where(rng.random(number - 1) < 0.4, uniform(rng, 0.7, 1.0), 1)
        points = np.stack([low, high], axis=1).reshape(-1, 2)
    return [(radius, height) for radius, height in points.tolist()]


def _profile(profile: Profile) -> np.ndarray:
    """Check a profile and return it as (P, 2) float64."""
    points = np.array(profile, dtype=np.float64)
    if (
        points.ndim != 2
        or points.shape[1] != 2
        or len(points) < 2
        or not np.isfinite(points).all()
        or not (points[:, 0] >= 0).all()
        or not (np.diff(points[:, 1]) >= 0).all()
        or not points[-1, 1] > points[0, 1]
        or not points[:, 0].max() > 0
    ):
        raise InputError(
            f"a profile needs (radius ≥ 0, height) points of rising height, not {points.tolist()}"
        )
    return points[np.append(True, np.diff(points, axis=0).any(axis=1))]


def _pieces(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return (K, 2) radii and (K, 2) heights of the ends of pieces that are not flat or a line."""
    radii, heights = (np.column_stack([column[:-1], column[1:]]) for column in points.T)
    kept = (heights[:, 1] > heights[:, 0]) & (radii.max(axis=1) > 0)
    return radii[kept], heights[kept]


def _cut(points: np.ndarray, low: float, high: float, more: np.ndarray | None = None) -> np.ndarray:
    """Return the part of a profile between two heights, with points at ``more`` heights."""
    radius, height = points.T
    # At a step, the radius is that of the part that is kept.
    begin = int(np.searchsorted(height, low, side="right"))
    end = int(np.searchsorted(height, high, side="left"))
    kept = [(_at(points, begin, low), low), (_at(points, end, high), high)]
    kept[1:1] = points[begin:end].tolist()
    if more is not None:
        more = more[(more > low) & (more < high) & ~np.isin(more, height)]
        kept += zip(np.interp(more, height, radius).tolist(), more.tolist(), strict=True)
    # The two points of a step keep their order.
    return np.array(sorted(kept, key=lambda point: point[1]))


def _at(points: np.ndarray, after: int, height: float) -> float:
    """Return the radius at a height on the piece of a profile that ends at the point ``after``."""
    return float(np.interp(height, *points[after - 1 : after + 1, ::-1].T))


def _bends(points: np.ndarray, wall: float) -> np.ndarray:
    """Return further heights between which the hole of a vessel is nearly straight.

    Where the outside bends outwards, the hole is at first an arc about the corner. It ends where
    the hole runs beside the next piece.
    """
    along = np.diff(points, axis=0)
    widening, rise = along.T / np.hypot(*along.T)
    thickness = 1 / rise.clip(min=1e-3)  # along the radius, in units of the wall
    bends = (np.diff(widening) > 0) & (np.abs(np.diff(thickness)) > 0.3)
    corner = points[1:-1, 1][bends]
    ends = [corner + wall * sides[bends] for sides in (widening[:-1], widening[1:])]
    return np.concatenate(ends)


def _hole(points: np.ndarray, wall: float, heights: np.ndarray) -> np.ndarray:
    """Return the radii within which nothing is nearer to the outside of a profile than the wall.

    Args:
        points: (P, 2) the profile.
        wall: > 0.
        heights: (…).

    Returns:
        (…) ≥ 0, to a thousandth of the wall.
    """
    (radius, low), (end, high) = points[:-1].T, points[1:].T
    at = heights[..., None]
    first, last = np.maximum(low, at - wall), np.minimum(high, at + wall)
    near = first[..., None] + (last - first)[..., None] * np.linspace(0, 1, 33)
    # A step is kept away from by the whole wall: what is hollow stays square there.
    step = (high == low)[:, None]
    near = np.where(step, at[..., None], near)
    slope = (end - radius) / np.where(high > low, high - low, math.inf)
    out = np.where(
        step,
        np.minimum(radius, end)[:, None],
        radius[:, None] + slope[:, None] * (near - low[:, None]),
    )
    inner = out - np.sqrt((wall**2 - (near - at[..., None]) ** 2).clip(0))
    inner = np.where((first <= last)[..., None], inner, math.inf)
    return np.asarray(inner.min(axis=(-2, -1)).clip(0))
