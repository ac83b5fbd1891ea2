"""Generators: objects from a profile, an outline or a path, as lists of solids.

A profile is a sequence of (radius, height) points from the lowest to the highest, an outline a
sequence of (x, y) corners in turn, a path a sequence of points in space. Solids of one object
share faces or overlap, so that their union has no seam. Frames: x right, y up, z to the front.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import manifold3d
import numpy as np
from scipy.interpolate import PchipInterpolator

from im2mesh.errors import InputError
from im2mesh.shapes.families.parts import chain, chance, count, cushion, uniform
from im2mesh.shapes.solids import (
    ORIGIN,
    UP,
    Primitives,
    Vector,
    box,
    capsule,
    ellipsoid,
    frusta,
    frustum,
    prisms,
    rotation_matrix,
    shells,
    vector,
)

Profile = Sequence[tuple[float, float]] | np.ndarray
Outline = Sequence[tuple[float, float]] | np.ndarray

# --- solids of revolution ---------------------------------------------------------------------


def lathe(profile: Profile, centre: Vector = ORIGIN, axis: Vector = UP) -> list[Primitives]:
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
) -> list[Primitives]:
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


def random_profile(rng: np.random.Generator) -> list[tuple[float, float]]:
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


# --- prisms -----------------------------------------------------------------------------------


def extrude(
    outline: Outline, thickness: float, centre: Vector = ORIGIN, rotation: Vector | None = None
) -> list[Primitives]:
    """Return an upright prism over any simple outline.

    Args:
        outline: (M, 2) x and y of the corners in turn, either way round; it may be concave, but
            must not cross itself.
        thickness: along z, half of it on each side, > 0.
        centre: (3,) where (0, 0) of the outline is.
        rotation: (3, 3) about the centre; None: the outline stands in the x-y plane.

    Raises:
        InputError: not an outline.
    """
    return [prisms(convex_pieces(outline), thickness, centre, rotation)]


def convex_pieces(outline: Outline) -> np.ndarray:
    """Return triangles and convex quadrilaterals that a simple polygon consists of.

    Args:
        outline: (M, 2) corners in turn, M ≥ 3.

    Returns:
        (K, 4, 2) their corners, counter-clockwise; a triangle repeats one.

    Raises:
        InputError: fewer corners, or an outline without area.
    """
    corners = np.array(outline, dtype=np.float64)
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3:
        raise InputError(f"an outline needs three corners (x, y) or more, not {corners.tolist()}")
    area, extent = polygon_area(corners), float(np.ptp(corners, axis=0).max())
    if not abs(area) > 1e-9 * extent**2:
        raise InputError(f"an outline needs an area, not {corners.tolist()}")
    if area < 0:
        corners = corners[::-1]
    faces = manifold3d.triangulate([corners])
    flat = polygon_area(corners[faces]) <= 1e-12 * extent**2
    faces = faces[~flat].tolist()
    # Two triangles that share an edge are one piece where they are convex together, the pairs
    # with the longest shared edges first.
    opposite = {
        (face[k], face[(k + 1) % 3]): (number, face[(k + 2) % 3])
        for number, face in enumerate(faces)
        for k in range(3)
    }
    shared = [(a, b) for a, b in opposite if a < b and (b, a) in opposite]
    shared.sort(key=lambda edge: -math.dist(*corners[list(edge)]))
    free, pieces = set(range(len(faces))), []
    for a, b in shared:
        (one, left), (other, right) = opposite[a, b], opposite[b, a]
        four = [a, right, b, left]
        if {one, other} <= free and _turns_left(corners[four]):
            free -= {one, other}
            pieces.append(four)
    pieces += [[*faces[number], faces[number][0]] for number in sorted(free)]
    return np.asarray(corners[pieces])


def polygon_area(corners: np.ndarray) -> np.ndarray:
    """Return the areas (…) of polygons (…, M, 2), positive where they run counter-clockwise."""
    x, y = np.moveaxis(corners, -1, 0)
    return np.asarray((x * np.roll(y, -1, -1) - y * np.roll(x, -1, -1)).sum(axis=-1) / 2)


def _turns_left(corners: np.ndarray) -> bool:
    """Return whether a polygon (M, 2) turns to the left, or goes straight on, at each corner."""
    edges = np.roll(corners, -1, axis=0) - corners
    after = np.roll(edges, -1, axis=0)
    return bool((edges[:, 0] * after[:, 1] >= edges[:, 1] * after[:, 0]).all())


def rounded_outline(
    width: float, height: float, radius: float, pieces: int = 4
) -> list[tuple[float, float]]:
    """Return a rectangle about the origin with round corners of ``pieces`` edges each."""
    x, y = width / 2 - radius, height / 2 - radius
    corners = ((x, y, 0), (-x, y, 90), (-x, -y, 180), (x, -y, 270))
    return [
        (a + radius * math.cos(angle), b + radius * math.sin(angle))
        for a, b, start in corners
        for angle in np.radians(np.linspace(start, start + 90, pieces + 1))
    ]


def random_outline(rng: np.random.Generator) -> list[tuple[float, float]]:
    """Return a random simple outline about the origin, star-shaped or of right angles.

    Those of right angles look like letters or skylines. All reach 0.5 or less along x and y.
    """
    if chance(rng, 0.55):
        number = count(rng, 3, 12)
        angles = 2 * math.pi * (np.arange(number) + rng.uniform(-0.3, 0.3, number)) / number
        if chance(rng, 0.4):  # a star
            radii = np.where(np.arange(number) % 2 == 0, 0.5, uniform(rng, 0.2, 0.4))
        else:
            radii = rng.uniform(0.2, 0.5, number)
        stretch = uniform(rng, 0.4, 1.0)
        points = np.column_stack([radii * np.cos(angles), stretch * radii * np.sin(angles)])
        return [(x, y) for x, y in points.tolist()]
    # Columns of different heights on a common floor, or up and down from a middle line.
    columns = count(rng, 2, 5)
    edges = np.concatenate([[0.0], np.cumsum(rng.uniform(0.3, 1.0, columns))])
    edges = edges / edges[-1] - 0.5
    if chance(rng, 0.6):
        low, high = np.full(columns, -0.5), rng.uniform(-0.38, 0.5, columns)
    else:
        low, high = -rng.uniform(0.06, 0.5, columns), rng.uniform(0.06, 0.5, columns)
    corners = [(x, y) for k, y in enumerate(low) for x in edges[k : k + 2]]
    corners += [(x, y) for k, y in enumerate(high) for x in edges[k : k + 2]][::-1]
    same = [here == last for last, here in itertools.pairwise([None, *corners])]
    points = np.array(corners)[~np.array(same)]
    if chance(rng, 0.5):
        points = points[:, ::-1]
    return [(x, y) for x, y in points.tolist()]


# --- bars -------------------------------------------------------------------------------------


def sweep(points: Sequence[Vector], radius: float | Sequence[float]) -> list[Primitives]:
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
) -> list[Primitives]:
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


# --- soft solids ------------------------------------------------------------------------------


def rounded_box(
    size: Vector, radius: float, centre: Vector = ORIGIN, rotation: Vector | None = None
) -> list[Primitives]:
    """Return a box with round edges and corners; 15 solids, 5 where it is as thin as its edges.

    Args:
        size: (3,) whole lengths before the rotation, > 0.
        radius: of the edges, > 0; at most half the least length.
        centre: (3,).
        rotation: (3, 3) about the centre; None: none.
    """
    lengths, middle = vector(size, "size"), vector(centre, "centre")
    thin = int(lengths.argmin())
    if radius >= 0.499 * lengths[thin]:
        return cushion(lengths.tolist(), middle, rotation, thin)
    turn = rotation_matrix(rotation)
    inner = lengths / 2 - radius
    solids = []
    for axis in range(3):
        solids.append(box(2 * (inner + radius * (np.arange(3) == axis)), middle, rotation))
        step = inner * (np.arange(3) == axis)
        others = [other for other in range(3) if other != axis]
        for signs in itertools.product((-1, 1), repeat=2):
            edge = np.zeros(3)
            edge[others] = signs * inner[others]
            ends = (middle + turn @ (edge - step), middle + turn @ (edge + step))
            solids.append(capsule(*ends, radius))
    return solids


def blob(
    rng: np.random.Generator, number: int | None = None, size: float = 1.0
) -> list[Primitives]:
    """Return a soft blob about the origin: ellipsoids along a wandering line.

    Args:
        rng: draws them.
        number: how many; None: 5 to 12.
        size: about its largest extent.
    """
    number = count(rng, 5, 12) if number is None else number
    at, heading = np.zeros(3), rng.normal(size=3)
    radius = uniform(rng, 0.12, 0.25)
    places, axes = [], []
    for _ in range(number):
        radius = float(np.clip(radius * np.exp(rng.normal(0, 0.25)), 0.08, 0.32))
        places.append(at)
        axes.append(radius * rng.uniform(0.7, 1.3, 3))
        heading = heading / np.linalg.norm(heading) + rng.normal(0, 0.5, 3)
        # No farther than the least semi-axis of this one: the next one's middle is in it.
        at = at + heading / np.linalg.norm(heading) * uniform(rng, 0.5, 1.0) * axes[-1].min()
    middle = np.mean(places, axis=0)
    extent = np.ptp([p + s * a for p, a in zip(places, axes, strict=True) for s in (-1, 1)], axis=0)
    scale = size / extent.max()
    return [ellipsoid(scale * a, scale * (p - middle)) for p, a in zip(places, axes, strict=True)]
