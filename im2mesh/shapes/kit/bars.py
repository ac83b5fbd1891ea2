"""Points, and bars through them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from im2mesh.errors import InputError
from im2mesh.shapes.kit.copies import Solids
from im2mesh.shapes.solids import (
    ORIGIN,
    Primitives,
    Vector,
    beam,
    capsule,
    ellipsoid,
    frustum,
    vector,
)


def point(x: float, y: float, z: float) -> np.ndarray:
    """Return a (3,) float64 point."""
    return np.array((x, y, z), dtype=np.float64)


def on_side(place: np.ndarray, side: int) -> np.ndarray:
    """Return a point of the right side (x > 0) on the side −1 (left) or 1 (right)."""
    return place * (side, 1, 1)


def xyz(x: ArrayLike, y: ArrayLike, z: ArrayLike) -> list[np.ndarray]:
    """Return the points (3,) of a path by their coordinates; one number stands for all."""
    return list(np.stack(np.broadcast_arrays(x, y, z), axis=1).astype(np.float64))


def line(start: Vector, end: Vector, share: float) -> np.ndarray:
    """Return the (3,) point at a share of the way from start to end."""
    start = np.asarray(start, dtype=np.float64)
    return start + share * (np.asarray(end, dtype=np.float64) - start)


def arc(
    centre: Vector, radius: float, start: float, end: float, one: Vector, other: Vector, pieces: int
) -> list[np.ndarray]:
    """Return points on an arc.

    Args:
        centre: (3,).
        radius: > 0.
        start: degrees; 0 is in the direction ``one``, 90 in the direction ``other``.
        end: degrees.
        one: (3,) a unit vector.
        other: (3,) a unit vector at a right angle to ``one``.
        pieces: number of points less one.
    """
    middle, one, other = (np.asarray(v, dtype=np.float64) for v in (centre, one, other))
    return [
        middle + radius * (math.cos(angle) * one + math.sin(angle) * other)
        for angle in np.radians(np.linspace(start, end, pieces + 1))
    ]


def column(low: float, high: float, radius: float, top: float | None = None) -> Primitives:
    """Return a frustum about the y axis, between two heights; ``top`` is its upper radius."""
    return frustum((0, low, 0), (0, high, 0), radius, top)


def ball(radius: float, centre: Vector = ORIGIN) -> Primitives:
    """Return a ball."""
    return ellipsoid((radius, radius, radius), centre)


def chain(points: Sequence[Vector], radius: float) -> Solids:
    """Make a round bar through points, with round joints."""
    return [capsule(a, b, radius) for a, b in itertools.pairwise(points)]


def sweep(points: Sequence[Vector], radius: float | Sequence[float]) -> Solids:
    """Return a bent round bar.

    Args:
        points: (P, 3), P ≥ 2, no two in a row the same.
        radius: > 0; one for all points, or one for each.

    Raises:
        InputError: another number of radii than of points.
    """
    if np.ndim(radius) == 0:
        return chain(points, float(radius))  # type: ignore[arg-type]
    radii = [float(value) for value in radius]  # type: ignore[union-attr]
    if len(radii) != len(points):
        raise InputError(f"a bar through {len(points)} points cannot have {len(radii)} radii")
    return [
        *(
            frustum(a, b, start, end)
            for (a, start), (b, end) in itertools.pairwise(zip(points, radii, strict=True))
        ),
        *(ellipsoid((r, r, r), at) for at, r in zip(points, radii, strict=True) if r > 0),
    ]


def loop_handle(
    start: Vector, end: Vector, bulge: Vector, radius: float, pieces: int = 6
) -> Solids:
    """Return a handle like a mug's: half an ellipse from one point to another.

    Args:
        start: (3,) one end of the bar's middle line; put it into the wall.
        end: (3,) the other end.
        bulge: (3,) how far and where the middle stands out, away from the line between the ends.
        radius: of the bar, > 0.
        pieces: straight pieces, ≥ 2.
    """
    begin, finish = vector(start, "start"), vector(end, "end")
    half, out = (begin - finish) / 2, vector(bulge, "bulge")
    angles = np.linspace(0, math.pi, pieces + 1)
    middle = (begin + finish) / 2
    return chain([middle + math.cos(a) * half + math.sin(a) * out for a in angles], radius)


def strip(points: Sequence[Vector], width: float, thickness: float, across: Vector) -> Solids:
    """Make a flat bar through points; neighbouring pieces overlap so that the bend is closed."""
    solids = []
    for a, b in itertools.pairwise(points):
        a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
        reach = (b - a) / np.linalg.norm(b - a) * thickness / 2
        solids.append(beam(a - reach, b + reach, width, thickness, across))
    return solids


def bars(
    low: tuple[Vector, Vector],
    high: tuple[Vector, Vector],
    number: int,
    size: float | tuple[float, float],
    margin: float = 0.5,
) -> Solids:
    """Make spindles or slats, evenly spaced, from one rail to another.

    Args:
        low: the ends of one rail.
        high: the ends of the other, in the same order.
        number: how many.
        size: radius of round spindles; or width (along the rails) and thickness of flat slats.
        margin: gap before the first and after the last, in gaps between two.
    """
    shares = (np.arange(number) + margin) / (number - 1 + 2 * margin)
    along = np.asarray(low[1], dtype=np.float64) - np.asarray(low[0], dtype=np.float64)
    solids = []
    for share in shares:
        start, end = line(*low, share), line(*high, share)
        if isinstance(size, tuple):
            solids.append(beam(start, end, size[0], size[1], along))
        else:
            solids.append(frustum(start, end, size))
    return solids
