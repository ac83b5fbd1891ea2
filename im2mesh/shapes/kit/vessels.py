"""Parts of vessels: handles, knobs, contents."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, RIGHT, UP, tilt
from im2mesh.shapes.kit.bars import arc, column, point, strip, sweep
from im2mesh.shapes.kit.choices import Rng, chance, log_uniform, pick, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored, moved
from im2mesh.shapes.kit.outlines import xy
from im2mesh.shapes.kit.profiles import Profile, lathe
from im2mesh.shapes.solids import Vector, box, ellipsoid


def radius_at(profile: Profile, height: float) -> float:
    """Return the radius of a profile at a height."""
    radii, heights = np.asarray(profile, dtype=np.float64).T
    return float(np.interp(height, heights, radii))


def wall_of(rng: Rng, radius: float) -> float:
    """Draw a vessel's wall: 1.5 to 8% of its width."""
    return 2 * radius * log_uniform(rng, 0.015, 0.08)


def filling(rng: Rng, profile: Profile, wall: float, floor: float) -> Solids:
    """Return what is in a vessel, up to some height."""
    tall = profile[-1][1]
    level = max(uniform(rng, 0.4, 0.95) * tall, 1.5 * floor)
    heights = np.linspace(0.7 * floor, level, 2 if len(profile) == 2 else 4)
    return lathe([(max(radius_at(profile, h) - 0.6 * wall, 0.01), float(h)) for h in heights])


def ear(rng: Rng, profile: Profile, low: float, high: float, out: float, thick: float) -> Solids:
    """Return a handle at a vessel's right side, between two heights.

    Args:
        rng: draws its form.
        profile: of the vessel.
        low: where it ends below.
        high: where it ends above.
        out: how far its middle line stands away from the wall.
        thick: its thickness.
    """
    start, end = (point(radius_at(profile, y) + 0.3 * thick, y, 0) for y in (low, high))
    widest = max(start[0], end[0]) + out
    style = pick(rng, "round", "round", "square", "drop")
    if style == "round":
        between = [
            point(
                widest - out * (1 - math.sin(a)),
                (low + high) / 2 - (high - low) / 2 * math.cos(a) * 0.95,
                0,
            )
            for a in np.linspace(0.15 * math.pi, 0.85 * math.pi, 6)
        ]
    elif style == "square":
        slope = uniform(rng, 0, 0.2) * (high - low)
        between = [point(widest, low + slope, 0), point(widest, high, 0)]
    else:
        between = [
            point(widest - (1 - x) * out, low + y * (high - low), 0)
            for x, y in ((0.3, 0.12), (0.75, 0.4), (1, 0.7), (0.9, 0.92), (0.5, 1.03))
        ]
    points = [start, *between, end]
    if chance(rng, 0.3):
        return strip(points, uniform(rng, 1.2, 3) * thick, 0.7 * thick, FRONT)
    return sweep(points, thick / 2)


def bail(rng: Rng, radius: float, height: float, thick: float) -> Solids:
    """Return a bucket's handle: half a ring that is up, down or between."""
    lean = tilt(pick(rng, 0.0, 75.0, -75.0, uniform(rng, -90, 90)))
    points = arc((0, 0, 0), radius + 0.4 * thick, 0, 180, RIGHT, lean @ UP, 10)
    return moved(sweep(points, thick / 2), (0, height, 0))


def open_box(size: Vector, wall: float, centre: Sequence[float] = (0.0, 0.0, 0.0)) -> Solids:
    """Return a box without a lid, of five boards.

    Args:
        size: (3,) outer width, height and depth.
        wall: thickness of the boards.
        centre: (3,) the middle of the bottom's lower face.
    """
    wide, tall, deep = size
    boards = [
        box((wide, wall, deep), (0, wall / 2, 0)),
        *mirrored(box((wall, tall, deep), ((wide - wall) / 2, tall / 2, 0))),
        *mirrored(box((wide, tall, wall), (0, tall / 2, (deep - wall) / 2)), axis=2),
    ]
    return moved(boards, centre)


def knob(rng: Rng, radius: float, height: float) -> Solids:
    """Return a lid's knob that stands at a height."""
    if chance(rng, 0.4):
        return [
            column(height - 0.2 * radius, height + radius, 0.5 * radius),
            ellipsoid((radius, 0.8 * radius, radius), (0, height + 1.3 * radius, 0)),
        ]
    return lathe(
        xy(
            (0.6 * radius, 0.5 * radius, radius, 0.9 * radius),
            (
                height - 0.1 * radius,
                height + 0.4 * radius,
                height + 0.8 * radius,
                height + 1.3 * radius,
            ),
        )
    )


def spout(
    profile: Profile, low: float, reach: float, high: float, radii: tuple[float, float], bend: float
) -> Solids:
    """Return a spout at a vessel's left side.

    Args:
        profile: of the vessel.
        low: height where it begins.
        reach: how far it goes out.
        high: height of its end.
        radii: at its start and at its end.
        bend: 0 for a straight one, 1 for an S.
    """
    side = -radius_at(profile, low) + 0.4 * radii[0]
    shares = np.linspace(0, 1, 6 if bend else 2)
    ease = shares + bend * 0.12 * -np.sin(2 * np.pi * shares)
    points = [
        (side - x * (reach + 0.4 * radii[0]), low + y * (high - low), 0)
        for x, y in zip(shares, ease, strict=True)
    ]
    return sweep(points, list(np.linspace(*radii, len(points))))
