"""Generators: objects from a profile, an outline or a path, as lists of solids.

A profile is a sequence of (radius, height) points from the lowest to the highest, an outline a
sequence of (x, y) corners in turn, a path a sequence of points in space. Solids of one object
share faces or overlap, so that their union has no seam. Frames: x right, y up, z to the front.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
from scipy.interpolate import PchipInterpolator

from im2mesh.errors import InputError
from im2mesh.preparation.families.parts import (
    UP,
    chain,
    chance,
    count,
    cushion,
    uniform,
)
from im2mesh.preparation.solids import (
    Primitives,
    Vector,
    box,
    capsule,
    ellipsoid,
    frustum,
    prism,
    rotation_matrix,
    shell,
    vector,
)

Profile = Sequence[tuple[float, float]] | np.ndarray
Outline = Sequence[tuple[float, float]] | np.ndarray

ORIGIN = (0.0, 0.0, 0.0)

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
    points, along = _profile(profile), _Along(centre, axis)
    return [
        frustum(along(low), along(high), radius, end)
        for (radius, low), (end, high) in itertools.pairwise(points.tolist())
        if high > low and max(radius, end) > 0
    ]


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
    level, along = bottom + floor, _Along(centre, axis)
    solids = lathe(_cut(points, bottom, level), centre, axis) if floor else []
    hollow = _hollow(points, wall)
    for (radius, low), (end, high) in itertools.pairwise(_cut(points, level, top).tolist()):
        if not high > low or not max(radius, end) > 0:
            continue
        inner = tuple(min(hollow(y), out) for y, out in ((low, radius), (high, end)))
        if max(inner) == 0:
            solids.append(frustum(along(low), along(high), radius, end))
        elif inner != (radius, end):
            solids.append(shell(along(low), along(high), inner, (radius, end)))
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
    length = np.hypot(*np.diff(control, axis=0).T)
    control = control[np.concatenate([[True], length > 0])]
    until = np.concatenate([[0.0], np.cumsum(length[length > 0])])
    curve = PchipInterpolator(until, control)(np.linspace(0, until[-1], pieces + 1))
    # Up to rounding the curve keeps between its control points.
    curve[:, 0] = curve[:, 0].clip(min=0)
    curve[:, 1] = np.maximum.accumulate(curve[:, 1])
    return [(float(radius), float(height)) for radius, height in curve]


def random_profile(rng: np.random.Generator) -> list[tuple[float, float]]:
    """Return a random profile for :func:`lathe` or :func:`vessel`.

    Returns:
        Radii from 0 to 0.5 (the largest is at least 0.15), heights from 0 to a top of 0.3 to 1;
        smooth, with edges, or with steps.
    """
    tall, number = uniform(rng, 0.3, 1.0), count(rng, 2, 6)
    gaps = rng.uniform(0.3, 1.0, number - 1)
    heights = np.concatenate([[0.0], np.cumsum(gaps)]) / gaps.sum() * tall
    radii = uniform(rng, 0.15, 0.5) * np.exp(rng.uniform(-1.2, 0.0, number))
    radii *= uniform(rng, 0.15, 0.5) / radii.max()
    style = rng.random()
    if style < 0.5:
        if chance(rng, 0.3):
            radii[-1] = 0.0
        return smooth_profile(list(zip(radii, heights, strict=True)), 3 * number)
    if style < 0.8:
        return [(float(r), float(y)) for r, y in zip(radii, heights, strict=True)]
    # Steps: each piece is a disc or a tapered one.
    points = []
    for k in range(number - 1):
        taper = uniform(rng, 0.7, 1.0) if chance(rng, 0.4) else 1.0
        points += [(float(radii[k]), heights[k]), (float(radii[k]) * taper, heights[k + 1])]
    return points


class _Along:
    """The points of an axis by their height."""

    def __init__(self, centre: Vector, axis: Vector) -> None:
        self.centre, direction = vector(centre, "centre"), vector(axis, "axis")
        length = float(np.linalg.norm(direction))
        if length == 0:
            raise InputError("an axis needs a direction")
        self.direction = direction / length

    def __call__(self, height: float) -> np.ndarray:
        return np.asarray(self.centre + height * self.direction)


def _profile(profile: Profile) -> np.ndarray:
    """(P, 2) float64, checked."""
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
    return points


def _cut(points: np.ndarray, low: float, high: float) -> np.ndarray:
    """The part of a profile between two heights."""
    radius, height = points.T
    kept = [(r, y) for r, y in points.tolist() if low < y < high]
    # At a step the radius is that of the part that is kept.
    first = (
        points[height == low][-1:, 0] if (height == low).any() else np.interp([low], height, radius)
    )
    last = (
        points[height == high][:1, 0]
        if (height == high).any()
        else np.interp([high], height, radius)
    )
    return np.array([(first[0], low), *kept, (last[0], high)])


def _hollow(points: np.ndarray, wall: float):
    """The radius of the hole at a height: no point of the outside is nearer than the wall."""
    share = np.linspace(0, 1, 33)[:, None]
    dense = np.concatenate([a + share * (b - a) for a, b in itertools.pairwise(points)])

    def radius(height: float) -> float:
        apart = dense[:, 1] - height
        near = np.abs(apart) < wall
        if not near.any():
            near = np.abs(apart) <= np.abs(apart).min()
            apart = 0 * apart
        inner = dense[near, 0] - np.sqrt(wall**2 - apart[near] ** 2)
        return max(0.0, float(inner.min()))

    return radius


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
    return [prism(piece, thickness, centre, rotation) for piece in convex_pieces(outline)]


def convex_pieces(outline: Outline) -> list[np.ndarray]:
    """Return triangles and convex quadrilaterals (3 or 4, 2) that a simple polygon consists of.

    Args:
        outline: (M, 2) corners in turn, M ≥ 3.

    Raises:
        InputError: fewer corners, or an outline without area.
    """
    corners = np.array(outline, dtype=np.float64)
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3:
        raise InputError(f"an outline needs three corners (x, y) or more, not {corners.tolist()}")
    area = signed_area(corners)
    extent = float(np.ptp(corners, axis=0).max())
    if not abs(area) > 1e-9 * extent**2:
        raise InputError("an outline needs an area")
    if area < 0:
        corners = corners[::-1]
    import manifold3d

    faces = [tuple(face) for face in manifold3d.triangulate([corners]).tolist()]
    faces = [face for face in faces if signed_area(corners[list(face)]) > 1e-12 * extent**2]
    # Two triangles that share an edge are one piece where they are convex together, the pairs
    # with the longest shared edges first.
    sides = {
        (face[k], face[(k + 1) % 3]): (number, face[(k + 2) % 3])
        for number, face in enumerate(faces)
        for k in range(3)
    }
    shared = sorted(
        (-math.dist(corners[a], corners[b]), a, b) for a, b in sides if a < b and (b, a) in sides
    )
    free, pieces = set(range(len(faces))), []
    for _, a, b in shared:
        (one, apex), (other, opposite) = sides[a, b], sides[b, a]
        four = corners[[a, opposite, b, apex]]
        if {one, other} <= free and _is_convex(four):
            free -= {one, other}
            pieces.append(four)
    return pieces + [corners[list(faces[number])] for number in sorted(free)]


def signed_area(corners: np.ndarray) -> float:
    """Return the area of a polygon (M, 2), positive where its corners run counter-clockwise."""
    x, y = corners.T
    return float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2)


def _is_convex(corners: np.ndarray) -> bool:
    """Whether a polygon (M, 2) turns to the left at each corner."""
    before, after = corners - np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0) - corners
    turns = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    return bool((turns >= 0).all())


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
        return [(float(x), float(y)) for x, y in points]
    # A skyline on a base: columns of different heights below and above a middle line.
    columns = count(rng, 2, 5)
    edges = np.sort(rng.uniform(-0.5, 0.5, columns + 1))
    edges = np.linspace(-0.5, 0.5, columns + 1) + 0.25 / columns * (edges - edges.mean())
    high, low = rng.uniform(0.08, 0.5, columns), -rng.uniform(0.08, 0.5, columns)
    if chance(rng, 0.5):
        low[:] = low.min()
    top = [(x, y) for k, y in enumerate(high) for x in (edges[k], edges[k + 1])]
    bottom = [(x, y) for k, y in enumerate(low) for x in (edges[k], edges[k + 1])]
    return [(float(x), float(y)) for x, y in [*bottom, *top[::-1]]]


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
