"""Prisms over an outline: (x, y) corners in turn."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import manifold3d
import numpy as np
from numpy.typing import ArrayLike

from im2mesh.errors import InputError
from im2mesh.shapes.kit.choices import Rng, chance, count, uniform
from im2mesh.shapes.kit.copies import Solids, moved
from im2mesh.shapes.solids import ORIGIN, Vector, prisms

Outline = Sequence[tuple[float, float]] | np.ndarray


def xy(x: ArrayLike, y: ArrayLike) -> np.ndarray:
    """Return points by their coordinates, for outlines, and for profiles by radii and heights.

    Args:
        x: of all points in turn; one number stands for all.
        y: the same.

    Returns:
        (M, 2).
    """
    return np.stack(np.broadcast_arrays(x, y), axis=1).astype(np.float64)


def both_sides(half: np.ndarray) -> np.ndarray:
    """Return an outline (2M, 2) from its right half (M, 2), from the bottom to the top."""
    return np.concatenate([half, half[::-1] * (-1, 1)])


def extrude(
    outline: Outline, thickness: float, centre: Vector = ORIGIN, rotation: Vector | None = None
) -> Solids:
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


def side_on(outline: Outline, width: float) -> Solids:
    """Return a body from its side view: corners (z, y), z to the front, as wide as given."""
    return moved(extrude(outline, width), azimuth=-90)


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


def random_outline(rng: Rng) -> list[tuple[float, float]]:
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
