"""Random choices, and parts that the objects of many families share."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike

from im2mesh.geometry.poses import pose_rotation
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import (
    Primitives,
    Vector,
    beam,
    box,
    capsule,
    ellipsoid,
    frustum,
)

RIGHT, UP, FRONT = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
SIDES = (-1, 1)

T = TypeVar("T")

Make = Callable[[np.random.Generator], list[Primitives]]
"""A function that draws the solids of one kind of object."""

# --- random choices ---------------------------------------------------------------------------


def pick(rng: np.random.Generator, *options: T) -> T:
    """Return one of the options, each as likely."""
    return options[int(rng.integers(len(options)))]


def uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Return a number in [low, high)."""
    return float(rng.uniform(low, high))


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Return a number in [low, high) whose logarithm is even, for proportions; 0 < low < high."""
    return math.exp(uniform(rng, math.log(low), math.log(high)))


def count(rng: np.random.Generator, low: int, high: int) -> int:
    """Return a whole number from low to high, both included."""
    return int(rng.integers(low, high + 1))


def chance(rng: np.random.Generator, probability: float) -> bool:
    """Return True with this probability."""
    return bool(rng.random() < probability)


def draw(rng: np.random.Generator, kinds: dict[Make, float]) -> list[Primitives]:
    """Make the solids of one kind of object, drawn by the weights of the kinds."""
    weights = np.array(list(kinds.values()))
    make = list(kinds)[int(rng.choice(len(kinds), p=weights / weights.sum()))]
    return make(rng)


# --- copies -----------------------------------------------------------------------------------


def mirrored(solids: Iterable[Primitives], axis: int = 0) -> list[Primitives]:
    """Return the solids and their mirror images in the plane through the origin across an axis."""
    solids = list(solids)
    return solids + [solid.mirrored(axis) for solid in solids]


def moved(
    solids: Iterable[Primitives], offset: Vector = (0.0, 0.0, 0.0), azimuth: float = 0.0
) -> list[Primitives]:
    """Return the solids, turned about the y axis by an angle in degrees, then moved."""
    turn = torch.from_numpy(pose_rotation(azimuth, 0.0))
    step = torch.from_numpy(np.array(offset, dtype=np.float64))
    return [solid.transformed(turn, step, 1.0) for solid in solids]


def ringed(solids: Iterable[Primitives], number: int, start: float = 0.0) -> list[Primitives]:
    """Return copies of the solids, spread evenly around the y axis, from an angle in degrees on."""
    solids = list(solids)
    return [s for k in range(number) for s in moved(solids, azimuth=start + 360 * k / number)]


def turned(solids: Iterable[Primitives], rotation: Vector) -> list[Primitives]:
    """Return the solids, turned about the origin by a (3, 3) rotation, such as :func:`tilt`."""
    turn = torch.from_numpy(np.array(rotation, dtype=np.float64))
    still = torch.zeros(3, dtype=torch.float64)
    return [solid.transformed(turn, still, 1.0) for solid in solids]


def stand(*solids: Primitives) -> Shape:
    """Return the union of the solids, moved along y so that its lowest point is at y = 0."""
    shape = Shape.of(*solids)
    return shape.transformed(offset=(0, -float(shape.bounds()[0, 1]), 0))


def around(angle: float) -> np.ndarray:
    """Return the (3,) level unit vector at an angle in degrees: 0 is +z, 90 is +x."""
    return pose_rotation(angle, 0.0)[:, 2]


def roll(degrees: float) -> np.ndarray:
    """Return the (3, 3) rotation about z that leans upright things to the left, −x."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def tilt(degrees: float) -> np.ndarray:
    """Return the (3, 3) rotation about x that leans upright things forward; if negative, back."""
    return pose_rotation(0.0, degrees)


# --- points -----------------------------------------------------------------------------------


def xy(x: ArrayLike, y: ArrayLike) -> np.ndarray:
    """Return points by their coordinates, for outlines, and for profiles by radii and heights.

    Args:
        x: of all points in turn; one number stands for all.
        y: the same.

    Returns:
        (M, 2).
    """
    return np.stack(np.broadcast_arrays(x, y), axis=1).astype(np.float64)


def xyz(x: ArrayLike, y: ArrayLike, z: ArrayLike) -> list[np.ndarray]:
    """Return the points (3,) of a path by their coordinates; one number stands for all."""
    return list(np.stack(np.broadcast_arrays(x, y, z), axis=1).astype(np.float64))


def both_sides(half: np.ndarray) -> np.ndarray:
    """Return an outline (2M, 2) from its right half (M, 2), from the bottom to the top."""
    return np.concatenate([half, half[::-1] * (-1, 1)])


# --- bars -------------------------------------------------------------------------------------


def line(start: Vector, end: Vector, share: float) -> np.ndarray:
    """Return the (3,) point at a share of the way from start to end."""
    start = np.asarray(start, dtype=np.float64)
    return start + share * (np.asarray(end, dtype=np.float64) - start)


def chain(points: Sequence[Vector], radius: float) -> list[Primitives]:
    """Make a round bar through points, with round joints."""
    return [capsule(a, b, radius) for a, b in itertools.pairwise(points)]


def strip(
    points: Sequence[Vector], width: float, thickness: float, across: Vector
) -> list[Primitives]:
    """Make a flat bar through points; neighbouring pieces overlap so that the bend is closed."""
    solids = []
    for a, b in itertools.pairwise(points):
        a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
        reach = (b - a) / np.linalg.norm(b - a) * thickness / 2
        solids.append(beam(a - reach, b + reach, width, thickness, across))
    return solids


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


def bars(
    low: tuple[Vector, Vector],
    high: tuple[Vector, Vector],
    number: int,
    size: float | tuple[float, float],
    margin: float = 0.5,
) -> list[Primitives]:
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


# --- legs -------------------------------------------------------------------------------------


def four(
    top: tuple[float, float, float],
    foot: tuple[float, float],
    style: str,
    thickness: float,
) -> list[Primitives]:
    """Four legs, alike.

    Args:
        top: x, y, z > 0 of the upper end of the right front leg's axis.
        foot: x, z > 0 of its lower end, at y = 0.
        style: "square", "taper" (round, thinner below), "round", "cone" (square block on top of
            a taper) or "turned" (round, with beads).
        thickness: the leg's full width at the top.
    """
    start, end = np.array([foot[0], 0.0, foot[1]]), np.array(top)
    half = thickness / 2
    if style == "square":
        leg: list[Primitives] = [_upright(start, end, thickness)]
    elif style == "taper":
        leg = [frustum(start, end, 0.55 * half, half)]
    elif style == "round":
        leg = [frustum(start, end, 0.9 * half)]
    elif style == "cone":
        knee = line(start, end, 0.78)
        leg = [_upright(knee, end, thickness), frustum(start, knee, 0.5 * half, 0.9 * half)]
    else:
        knee, low = line(start, end, 0.76), line(start, end, 0.10)
        leg = [
            _upright(knee, end, thickness),
            frustum(low, line(start, end, 0.62), 0.55 * half, 0.95 * half),
            frustum(line(start, end, 0.6), knee, 0.6 * half),
            ellipsoid((half, 0.6 * half, half), line(start, end, 0.69)),
            frustum(start, line(start, end, 0.12), 0.55 * half, 0.9 * half),
        ]
    return mirrored(mirrored(leg), axis=2)


def _upright(start: np.ndarray, end: np.ndarray, thickness: float) -> Primitives:
    """Make a square post that stays parallel to x as far as it can."""
    return beam(start, end, thickness, thickness, RIGHT)


def star(arms: int, radius: float, hub: float, height: float, thickness: float) -> list[Primitives]:
    """Make a star base: arms that fall from a hub at the height ``hub`` to feet at ``height``."""
    solids = []
    for k in range(arms):
        out = around(360.0 * k / arms + 180.0)
        solids.append(
            frustum(
                (0, hub, 0), radius * out + np.array([0, height, 0]), thickness, 0.7 * thickness
            )
        )
    return solids


def shade(
    bottom: Vector, axis: Vector, height: float, radius: float, top: float, thickness: float
) -> list[Primitives]:
    """Make a hollow lampshade, open at both ends, of flat panels.

    Args:
        bottom: (3,) the middle of the wide end.
        axis: (3,) unit vector from there to the other end.
        height: along the axis.
        radius: of the wide end.
        top: radius of the other end.
        thickness: of the wall.
    """
    up = np.asarray(axis, dtype=np.float64)
    side = np.cross(up, RIGHT if abs(up[0]) < 0.9 else FRONT)
    side /= np.linalg.norm(side)
    panels = 20
    width = 2.1 * math.pi * max(radius, top) / panels
    wide = arc(bottom, radius, 0, 360, side, np.cross(up, side), panels)[:-1]
    end = np.asarray(bottom) + height * up
    narrow = arc(end, top, 0, 360, side, np.cross(up, side), panels)[:-1]
    return [
        beam(a, b, width, thickness, np.cross(up, a - np.asarray(bottom)))
        for a, b in zip(wide, narrow, strict=True)
    ]


# --- upholstery -------------------------------------------------------------------------------


def cushion(
    size: Sequence[float], centre: Vector, rotation: Vector | None = None, thin: int = 1
) -> list[Primitives]:
    """Make a slab with round edges.

    Args:
        size: (3,) whole lengths before the rotation.
        centre: (3,).
        rotation: (3, 3) about the centre; None: none.
        thin: the axis of the least length, whose edges are rounded all the way.
    """
    turn = np.eye(3) if rotation is None else np.asarray(rotation, dtype=np.float64)
    middle = np.asarray(centre, dtype=np.float64)
    radius = size[thin] / 2
    half = np.asarray(size, dtype=np.float64) / 2 - radius
    inner = 2 * half
    inner[thin] = size[thin]
    solids = [box(inner, middle, turn)]
    one, other = (axis for axis in range(3) if axis != thin)
    for along, beside in ((one, other), (other, one)):
        for side in SIDES:
            start, end = np.zeros(3), np.zeros(3)
            start[along], end[along] = -half[along], half[along]
            start[beside] = end[beside] = side * half[beside]
            solids.append(capsule(middle + turn @ start, middle + turn @ end, radius))
    return solids


def pillow(size: Sequence[float], centre: Vector, rotation: Vector | None = None) -> Primitives:
    """Make a scatter cushion or a bed's pillow: an ellipsoid of these whole lengths."""
    return ellipsoid(np.asarray(size) / 2, centre, rotation)


# --- fronts -----------------------------------------------------------------------------------


def handle(
    style: str, centre: Vector, length: float, upright: bool, thickness: float = 0.012
) -> list[Primitives]:
    """Make a handle on a front that faces +z.

    Args:
        style: "knob", "ball", "bow" (a bar on two posts) or "bar" (a solid strip).
        centre: (3,) on the front's face.
        length: of a bow or a bar.
        upright: a bow or a bar that runs along y; else along x.
        thickness: of a bow's rod; the others are in proportion.
    """
    middle = np.asarray(centre, dtype=np.float64)
    along = np.array(UP if upright else RIGHT)
    out = np.array(FRONT)
    if style == "knob":
        return [
            frustum(middle - 0.01 * out, middle + 2 * thickness * out, thickness, 1.5 * thickness)
        ]
    if style == "ball":
        return [
            frustum(middle - 0.01 * out, middle + 2 * thickness * out, 0.6 * thickness),
            ellipsoid([1.6 * thickness] * 3, middle + 2.6 * thickness * out),
        ]
    if style == "bow":
        ends = [middle + side * length / 2 * along for side in SIDES]
        away = 3 * thickness * out
        posts: list[Primitives] = [
            capsule(end - 0.005 * out, end + away, 0.8 * thickness) for end in ends
        ]
        return posts + [capsule(ends[0] + away, ends[1] + away, thickness)]
    size = np.abs(along) * length + (1 - np.abs(along)) * 2 * thickness
    return [box(size, middle + 0.5 * thickness * out)]


def front(
    low: tuple[float, float],
    high: tuple[float, float],
    face: float,
    raised: float = 0.028,
    gap: float = 0.014,
) -> Primitives:
    """Make a door or a drawer's front, raised before a carcass whose face is at z = ``face``.

    Args:
        low: x and y of the opening's lower left corner.
        high: x and y of the upper right one.
        face: z of the carcass.
        raised: how far the front stands before it.
        gap: what is left free along each edge: the groove between two fronts is twice that.
    """
    width, height = high[0] - low[0] - 2 * gap, high[1] - low[1] - 2 * gap
    middle = ((low[0] + high[0]) / 2, (low[1] + high[1]) / 2, face + raised / 2 - 0.005)
    return box((width, height, raised + 0.01), middle)


def books(
    rng: np.random.Generator,
    left: float,
    right: float,
    floor: float,
    back: float,
    tall: float,
    deep: float,
) -> list[Primitives]:
    """Make a row of books that stand on a board, from the left; they fill a part of it.

    Args:
        rng: draws their sizes.
        left: x where the row starts.
        right: x where it ends at the latest.
        floor: y of the board's upper face.
        back: z where the spines' far side stands.
        tall: the height that is free; books take up to 0.9 of it.
        deep: the depth that is free.
    """
    solids: list[Primitives] = []
    x = left
    while True:
        width = uniform(rng, 0.035, 0.07)
        if x + width > right:
            return solids
        height, depth = uniform(rng, 0.6, 0.9) * tall, uniform(rng, 0.6, 0.85) * deep
        # Sunk into the board a little: what touches in numbers may miss by rounding.
        solids.append(
            box(
                (width - 0.008, height + 0.01, depth),
                (x + width / 2, floor + height / 2 - 0.005, back + depth / 2),
            )
        )
        x += width
