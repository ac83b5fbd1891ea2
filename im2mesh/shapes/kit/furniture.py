"""Parts of furniture: legs, fronts, handles, books, lampshades."""

from __future__ import annotations

import math

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, RIGHT, SIDES, UP, around
from im2mesh.shapes.kit.bars import arc, ball, line, point
from im2mesh.shapes.kit.choices import Rng, uniform
from im2mesh.shapes.kit.copies import Solids, corners
from im2mesh.shapes.solids import Primitives, Vector, beam, box, capsule, ellipsoid, frustum


def four(
    top: tuple[float, float, float], foot: tuple[float, float], style: str, thickness: float
) -> Solids:
    """Four legs, alike.

    Args:
        top: x, y, z > 0 of the upper end of the right front leg's axis.
        foot: x, z > 0 of its lower end, at y = 0.
        style: "square", "taper" (round, thinner below), "round", "cone" (square block on top of
            a taper) or "turned" (round, with beads).
        thickness: the leg's full width at the top.
    """
    start, end = point(foot[0], 0.0, foot[1]), np.array(top)
    half = thickness / 2
    if style == "square":
        leg = [_upright(start, end, thickness)]
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
    return corners(*leg)


def _upright(start: np.ndarray, end: np.ndarray, thickness: float) -> Primitives:
    """Make a square post that stays parallel to x as far as it can."""
    return beam(start, end, thickness, thickness, RIGHT)


def star(arms: int, radius: float, hub: float, height: float, thickness: float) -> Solids:
    """Make a star base: arms that fall from a hub at the height ``hub`` to feet at ``height``."""
    solids = []
    for k in range(arms):
        out = around(360.0 * k / arms + 180.0)
        solids.append(
            frustum((0, hub, 0), radius * out + point(0, height, 0), thickness, 0.7 * thickness)
        )
    return solids


def shade(
    bottom: Vector, axis: Vector, height: float, radius: float, top: float, thickness: float
) -> Solids:
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


def handle(
    style: str, centre: Vector, length: float, upright: bool, thickness: float = 0.012
) -> Solids:
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
            ball(1.6 * thickness, middle + 2.6 * thickness * out),
        ]
    if style == "bow":
        ends = [middle + side * length / 2 * along for side in SIDES]
        away = 3 * thickness * out
        posts = [capsule(end - 0.005 * out, end + away, 0.8 * thickness) for end in ends]
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
    rng: Rng, left: float, right: float, floor: float, back: float, tall: float, deep: float
) -> Solids:
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
    solids: Solids = []
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
