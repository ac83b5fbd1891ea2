"""What the families share: directions, random choices, and parts made of several solids.

Models have y up, the floor at y = 0, and look towards +z; lengths are about metres.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np

from im2mesh.preparation.posing import pose_rotation
from im2mesh.preparation.procedural import Shape
from im2mesh.preparation.solids import (
    Primitives,
    Vector,
    beam,
    box,
    capsule,
    ellipsoid,
    frustum,
    torus,
)

RIGHT, UP, FRONT = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
SIDES = (-1, 1)

Rng = np.random.Generator
Maker = Callable[[Rng], Shape]
T = TypeVar("T")


def vec(*coordinates: float) -> np.ndarray:
    """A point or a direction."""
    return np.array(coordinates, dtype=np.float64)


def mix(start: Vector, end: Vector, share: float) -> np.ndarray:
    """The point at a share of the way."""
    start, end = np.asarray(start, float), np.asarray(end, float)
    return start + share * (end - start)


def unit(vector: Vector) -> np.ndarray:
    """The vector's direction."""
    vector = np.asarray(vector, float)
    return vector / np.linalg.norm(vector)


def turn(azimuth: float = 0.0, elevation: float = 0.0) -> np.ndarray:
    """A rotation matrix: about y by the azimuth, then about x; see ``pose_rotation``."""
    return pose_rotation(azimuth, elevation)


def roll(angle: float) -> np.ndarray:
    """A rotation about z, degrees; positive leans to the left."""
    c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


# --- choices ----------------------------------------------------------------------------------


def chance(rng: Rng, probability: float) -> bool:
    """True as often as that."""
    return bool(rng.random() < probability)


def pick(rng: Rng, options: Sequence[T]) -> T:
    """One of the options."""
    return options[int(rng.integers(len(options)))]


def one_of(rng: Rng, weighted: Sequence[tuple[Callable[[Rng], T], float]]) -> T:
    """What one of the makers makes; each is chosen as often as its weight says."""
    weights = np.array([weight for _, weight in weighted])
    number = int(np.searchsorted(np.cumsum(weights), rng.random() * weights.sum()))
    return weighted[min(number, len(weighted) - 1)][0](rng)


def spread(low: float, high: float, count: int) -> np.ndarray:
    """Evenly spaced places from low to high; a single one in the middle."""
    return np.linspace(low, high, count) if count > 1 else np.array([(low + high) / 2])


# --- parts ------------------------------------------------------------------------------------


def post(x: float, z: float, low: float, high: float, thick: float, square: bool) -> Primitives:
    """An upright bar."""
    if square:
        return box((thick, high - low, thick), (x, (low + high) / 2, z))
    return frustum((x, low, z), (x, high, z), thick / 2)


def bar(start: Vector, end: Vector, thick: float, square: bool = False) -> Primitives:
    """A bar between two points, round or square."""
    if not square:
        return capsule(start, end, thick / 2)
    along = np.asarray(end, float) - np.asarray(start, float)
    across = RIGHT if abs(along[0]) < 0.9 * np.linalg.norm(along) else UP
    return beam(start, end, thick, thick, across)


def leg(top: Vector, foot: Vector, thick: float, style: str) -> list[Primitives]:
    """A leg from the seat or table top to the floor.

    ``style``: square, round (tapered to the foot), rod, turned (with rings and a bulge).
    """
    top, foot = np.asarray(top, float), np.asarray(foot, float)
    if style == "square":
        return [beam(foot, top, thick, thick, RIGHT)]
    if style == "rod":
        return [frustum(foot, top, 0.35 * thick)]
    if style == "round":
        return [frustum(foot, top, 0.32 * thick, 0.55 * thick)]
    radius, axis = 0.5 * thick, top - foot
    return [
        frustum(foot, mix(foot, top, 0.72), 0.55 * radius, 1.0 * radius),
        frustum(mix(foot, top, 0.72), top, 0.75 * radius, 1.15 * radius),
        torus(0.85 * radius, 0.5 * radius, mix(foot, top, 0.72), axis),
        torus(0.75 * radius, 0.45 * radius, mix(foot, top, 0.12), axis),
    ]


LEGS = ("square", "round", "rod", "turned")


def tube(points: Sequence[Vector], radius: float) -> list[Primitives]:
    """A round bar along a line of points, with round corners."""
    return [capsule(a, b, radius) for a, b in itertools.pairwise(points)]


def arc(
    centre: Vector, radius: float, begin: float, end: float, count: int, plane: str = "xz"
) -> list[np.ndarray]:
    """Points on a circle's arc from one angle to another (degrees), ``count`` pieces.

    In the plane "xz" the angle 0 is at +z and 90 at +x; in "zy" 0 is at +z and 90 at +y; in "xy"
    0 is at +x and 90 at +y.
    """
    angles = np.radians(np.linspace(begin, end, count + 1))
    first, second = np.cos(angles) * radius, np.sin(angles) * radius
    zero = np.zeros_like(angles)
    columns = {
        "xz": (second, zero, first),
        "zy": (zero, second, first),
        "xy": (first, second, zero),
    }[plane]
    return [np.asarray(centre, float) + vec(*point) for point in zip(*columns, strict=True)]


def lathe(
    profile: Iterable[tuple[float, float]], x: float = 0.0, z: float = 0.0
) -> list[Primitives]:
    """A turned body: (height, radius) from below to above, with straight sides between."""
    points = list(profile)
    return [
        frustum((x, low, z), (x, high, z), a, b)
        for (low, a), (high, b) in itertools.pairwise(points)
        if high > low
    ]


def panel(
    root: Vector, tip: Vector, root_chord: float, tip_chord: float, thickness: float
) -> list[Primitives]:
    """A tapered, swept wing: beams that fan out from the tip.

    ``root`` and ``tip`` are the ends of the leading edge; the chords run from there to the back.
    """
    strips = max(2, int(np.ceil(1.4 * root_chord / tip_chord)))
    beams = []
    for back in np.linspace(0, 1, strips):
        start = np.array(root) - (tip_chord / 2 + back * (root_chord - tip_chord)) * np.array(FRONT)
        end = np.array(tip) - tip_chord / 2 * np.array(FRONT)
        beams.append(beam(start, end, tip_chord, thickness, FRONT))
    return beams


def plate(a: Vector, b: Vector, c: Vector, d: Vector, thickness: float) -> Primitives:
    """A flat piece whose sides a–b and d–c are about as long as each other.

    It runs from the middle of a–d to the middle of b–c and is as wide as their mean.
    """
    a, b, c, d = (np.asarray(corner, float) for corner in (a, b, c, d))
    across = (d - a) + (c - b)
    width = float(np.linalg.norm(d - a) + np.linalg.norm(c - b)) / 2
    return beam((a + d) / 2, (b + c) / 2, width, thickness, across)


def slab(
    width: float,
    height: float,
    depth: float,
    centre: Vector,
    edge: float = 0.0,
    rotation: np.ndarray | None = None,
) -> list[Primitives]:
    """A flat box, its long edges rounded by bars of the radius ``edge`` where that is not 0.

    The whole width and depth include the rounding; height is at least twice ``edge``.
    """
    if edge <= 0:
        return [box((width, height, depth), centre, rotation)]
    rotation = np.eye(3) if rotation is None else rotation
    middle = np.asarray(centre, float)
    x, y, z = width / 2 - edge, height / 2 - edge, depth / 2 - edge

    def place(*at: float) -> np.ndarray:
        return middle + rotation @ vec(*at)

    parts = [
        box((2 * x, height, 2 * z), centre, rotation),
        box((width, max(2 * y, 1e-3), 2 * z), centre, rotation),
        box((2 * x, max(2 * y, 1e-3), depth), centre, rotation),
    ]
    levels = (-y, y) if y > 1e-3 else (0.0,)
    for level in levels:
        for side in SIDES:
            parts.append(capsule(place(-x, level, side * z), place(x, level, side * z), edge))
            parts.append(capsule(place(side * x, level, -z), place(side * x, level, z), edge))
    return parts


def cushion(
    width: float, height: float, depth: float, centre: Vector, rotation: np.ndarray | None = None
) -> list[Primitives]:
    """A soft block: rounded edges and a bulging top and bottom."""
    edge = 0.42 * height
    parts = slab(width, 2 * edge, depth, centre, edge, rotation)
    bulge = (0.46 * width, 0.62 * height, 0.46 * depth)
    return [*parts, ellipsoid(bulge, centre, rotation)]


def pillow(
    width: float, height: float, thick: float, centre: Vector, rotation: np.ndarray | None = None
) -> list[Primitives]:
    """A scatter cushion, upright: a flat core that bulges, with four corners."""
    rotation = np.eye(3) if rotation is None else rotation
    middle = np.asarray(centre, float)
    x, y = 0.42 * width, 0.42 * height
    corners = [
        middle + rotation @ vec(a * x, b * y, 0) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    rim = tube([*corners, corners[0]], 0.16 * thick)
    bulge = ellipsoid((0.5 * width, 0.5 * height, 0.5 * thick), centre, rotation)
    return [bulge, box((2 * x, 2 * y, 0.3 * thick), centre, rotation), *rim]


def wheel(
    centre: Vector, radius: float, width: float, outward: Vector, style: str, spokes: int = 5
) -> list[Primitives]:
    """A wheel with its tyre.

    Args:
        centre: (3,) its middle.
        radius: of the whole wheel.
        width: of the tyre, at most the radius.
        outward: (3,) direction of the axle.
        style: disc (a flat rim), dish (a hollow-looking one with a hub), spokes (open).
        spokes: their number.
    """
    centre, axis = np.asarray(centre, float), unit(outward)
    tube_radius = width / 2
    parts = [torus(radius - tube_radius, tube_radius, centre, axis)]
    inner = radius - 1.6 * tube_radius
    if style == "spokes":
        parts.append(torus(max(inner, 0.6 * tube_radius), 0.45 * tube_radius, centre, axis))
        parts.append(
            frustum(centre - 0.55 * width * axis, centre + 0.55 * width * axis, 0.14 * radius)
        )
        side = unit(np.cross(axis, UP if abs(axis[1]) < 0.9 else RIGHT))
        other = np.cross(axis, side)
        for angle in 2 * math.pi * np.arange(spokes) / spokes:
            out = math.cos(angle) * side + math.sin(angle) * other
            parts.append(capsule(centre, centre + inner * out, max(0.022 * radius, 0.09 * width)))
        return parts
    flat = 0.38 * width
    parts.append(frustum(centre - flat * axis, centre + flat * axis, inner + 0.3 * tube_radius))
    if style == "dish":
        parts.append(frustum(centre, centre + 0.62 * width * axis, 0.55 * inner, 0.28 * inner))
    return parts


def book_row(
    rng: Rng, left: float, right: float, floor: float, ceiling: float, back: float, deep: float
) -> list[Primitives]:
    """Books side by side on a board, from the left; some rows end with a leaning one."""
    parts: list[Primitives] = []
    at, room = left, ceiling - floor
    thin = max(0.022, 0.028 * (right - left))
    height = room * rng.uniform(0.6, 0.85)
    while True:
        width = thin * rng.uniform(1.0, 2.0)
        if at + width > right or chance(rng, 0.03):
            break
        tall = min(height * rng.uniform(0.82, 1.12), 0.95 * room)
        depth = deep * rng.uniform(0.65, 0.9)
        parts.append(
            box((width, tall, depth), (at + width / 2, floor + tall / 2 - 0.002, back + depth / 2))
        )
        at += width + (0.012 if chance(rng, 0.08) else 0.0)
    return parts


def vase(rng: Rng, x: float, floor: float, z: float, height: float) -> list[Primitives]:
    """A vase, a bowl or a box on a board."""
    kind = rng.integers(3)
    if kind == 0:
        wide = 0.32 * height
        return [
            ellipsoid((wide, 0.36 * height, wide), (x, floor + 0.35 * height, z)),
            frustum((x, floor + 0.5 * height, z), (x, floor + height, z), 0.3 * wide, 0.55 * wide),
        ]
    if kind == 1:
        return lathe([(floor - 0.002, 0.2 * height), (floor + 0.55 * height, 0.5 * height)], x, z)
    size = (0.7 * height, 0.55 * height, 0.6 * height)
    return [box(size, (x, floor + 0.275 * height - 0.002, z))]


def handle(
    x: float, y: float, z: float, length: float, upright: bool, thick: float
) -> list[Primitives]:
    """A pull handle in front of a door or a drawer, on two feet."""
    half = vec(0, length / 2, 0) if upright else vec(length / 2, 0, 0)
    middle, out = vec(x, y, z), vec(0, 0, 2.2 * thick)
    ends = (middle - half, middle + half)
    return [
        capsule(ends[0] + out, ends[1] + out, thick / 2),
        *(capsule(end - 0.3 * out, end + out, thick / 2) for end in ends),
    ]
