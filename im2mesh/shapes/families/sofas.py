"""Sofas."""

from __future__ import annotations

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, RIGHT, SIDES, UP, tilt
from im2mesh.shapes.kit.bars import bars, chain, line, point
from im2mesh.shapes.kit.choices import Rng, chance, count, draw, pick, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored, stand
from im2mesh.shapes.kit.furniture import four
from im2mesh.shapes.kit.soft import cushion, pillow
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import beam, box, ellipsoid, frustum, torus


def sofa(rng: Rng) -> Shape:
    """Make a sofa.

    Upholstered, straight, with a chaise or around a corner; or on a wooden frame.
    """
    return stand(draw(rng, {_upholstered: 5.0, _settee: 1.2, _buttoned: 1.0}))


def _upholstered(rng: Rng) -> Solids:
    """Two or three seats, straight, with a chaise, or around a corner."""
    kind = pick(rng, "straight", "straight", "straight", "chaise", "corner")
    seats = count(rng, 2, 3) if kind != "corner" else 2
    one, deep = uniform(rng, 0.56, 0.78), uniform(rng, 0.36, 0.46)  # half the depth
    arm = uniform(rng, 0.08, 0.24)
    legs = pick(rng, 0.0, uniform(rng, 0.04, 0.1), uniform(rng, 0.12, 0.2))
    seat = legs + uniform(rng, 0.28, 0.36)
    top, high = seat + uniform(rng, 0.32, 0.52), seat + uniform(rng, 0.12, 0.28)
    lean = tilt(-uniform(rng, 3, 14))
    half = seats * one / 2
    pad = uniform(rng, 0.12, 0.18)
    solids = [
        box(
            (2 * half + 0.02, seat - pad - legs + 0.03, 2 * deep),
            (0, (seat - pad + legs + 0.03) / 2, 0),
        )
    ]
    wall = uniform(rng, 0.12, 0.18)
    middles = (np.arange(seats) + 0.5) * one - half
    length = top - legs
    behind = point(0, legs + 0.02, -deep + wall / 2)
    solids += cushion((2 * half + 0.06, length, wall), behind + lean[:, 1] * length / 2, lean, 2)
    loose = chance(rng, 0.7)
    for x in middles:
        size = (one - 0.015, pad, 2 * deep - wall)
        solids += cushion(size, (x, seat - pad / 2, wall / 2 + 0.04))
        if loose:
            size = (one - 0.02, top - seat + uniform(rng, -0.06, 0.06), 0.17)
            middle = (x, seat + size[1] / 2 - 0.03, -deep + wall + 0.07)
            solids += cushion(size, middle, lean, 2)
    left_arm = right_arm = True
    if kind != "straight":
        long = uniform(rng, 0.6, 0.85) if kind == "chaise" else uniform(rng, 0.8, 1.3)
        side = half + one / 2 if kind == "corner" else half - one / 2
        width = one if kind == "chaise" else one + wall
        solids.append(
            box(
                (width, seat - pad - legs + 0.03, long + 0.1),
                (side, (seat - pad + legs + 0.03) / 2, deep + long / 2 - 0.05),
            )
        )
        solids += cushion(
            (width - 0.015, pad, long + 0.06), (side, seat - pad / 2, deep + long / 2)
        )
        if kind == "corner":
            right_arm = False
            whole = 2 * deep + long
            x = side + width / 2
            solids.append(box((width, seat - legs, 2 * deep), (side, (seat + legs) / 2, 0)))
            solids += cushion((wall, top - legs, whole), (x, (top + legs) / 2, long / 2), None, 0)
            solids += cushion(
                (width + half, top - legs - 0.01, wall),
                (side - half / 2, (top + legs) / 2, -deep + wall / 2),
                None,
                2,
            )
            if loose:
                for z in np.linspace(0, deep + long - one / 2, 2):
                    solids += cushion(
                        (0.16, top - seat, 0.9 * one),
                        (x - wall / 2 - 0.05, (top + seat) / 2 - 0.03, z),
                        None,
                        0,
                    )
        foot = deep + long - 0.06
        solids += _feet(side, 0.3 * one, foot, legs)
    style = pick(rng, "box", "box", "rolled", "round", "sloped")
    for at, wanted in ((-1, left_arm), (1, right_arm)):
        if wanted:
            solids += _sofa_arm(style, at * (half + arm / 2), arm, legs, high, deep)
    if legs:
        solids += four(
            (half - 0.06, legs + 0.04, deep - 0.07),
            (half - 0.06, deep - 0.07),
            pick(rng, "square", "taper", "round"),
            uniform(rng, 0.04, 0.06),
        )
        for side in SIDES:
            solids += _feet(side * (half + arm / 2), 0.0, deep - 0.07, legs)
    for _ in range(pick(rng, 0, 1, 2, 2, 3)):  # scatter cushions
        x = uniform(rng, -half + 0.22, half - 0.22)
        turn = tilt(-uniform(rng, 14, 30))
        size = (0.40, 0.36, 0.15)
        place = (x, seat + 0.15, -deep + wall + (0.22 if loose else 0.08))
        solids.append(pillow(size, place, turn))
    return solids


def _settee(rng: Rng) -> Solids:
    """Make a wooden frame with slats or rails for a back, open arms, and loose cushions."""
    seats, one = count(rng, 2, 3), uniform(rng, 0.52, 0.68)
    half, deep = seats * one / 2, uniform(rng, 0.33, 0.4)
    seat, high = uniform(rng, 0.28, 0.34), uniform(rng, 0.42, 0.52)
    size, lean = uniform(rng, 0.04, 0.06), uniform(rng, 0.10, 0.2)
    x, arm = half + size / 2, seat + uniform(rng, 0.26, 0.32)
    foot, head = point(x, seat, -deep), point(x, seat + high, -deep - lean)
    splay = pick(rng, 0.0, 0.06)
    solids: Solids = mirrored(
        beam((x, 0, deep + splay), (x, arm, deep - 0.05), size, size, RIGHT),
        beam((x, 0, -deep - splay), foot, size, size, RIGHT),
        beam(foot - [0, 0.03, 0], head, size, 0.8 * size, RIGHT),
        beam((x, arm, deep + 0.02), line(foot, head, (arm - seat) / high), 0.08, 0.03, RIGHT),
        box((size, 0.07, 2 * deep), (x, seat - 0.03, 0)),
    )
    solids += mirrored(box((2 * x, 0.08, 0.03), (0, seat - 0.03, deep - 0.03)), axis=2)
    for z in np.linspace(-0.8, 0.8, count(rng, 3, 6)) * deep:
        solids.append(box((2 * x, 0.03, 0.06), (0, seat - 0.02, z)))
    aside = point(2 * x, 0, 0)
    solids.append(beam(head - aside, head, 0.07, 0.035, UP))
    if chance(rng, 0.5):
        low = line(foot, head, 0.12)
        solids.append(beam(low - aside, low, 0.05, 0.03, UP))
        slat = (uniform(rng, 0.03, 0.06), 0.02)
        solids += bars((low - aside, low), (head - aside, head), count(rng, 9, 16), slat)
    else:
        for share in np.linspace(0.2, 0.75, count(rng, 2, 3)):
            at = line(foot, head, share)
            solids.append(beam(at - aside, at, 0.06, 0.025, UP))
    pad = uniform(rng, 0.10, 0.15)
    turn = tilt(-float(np.degrees(np.arctan2(lean, high))))
    for middle in (np.arange(seats) + 0.5) * one - half:
        solids += cushion(
            (one - 0.01, pad, 2 * deep - 0.05), (middle, seat - 0.012 + pad / 2, 0.03)
        )
        if chance(rng, 0.8):
            length = high * uniform(rng, 0.75, 0.95)
            at = line(foot, head, 0.5 * length / high + 0.1) * [0, 1, 1] + [middle, 0, 0]
            solids += cushion((one - 0.02, length, 0.14), at + 0.07 * turn[:, 2], turn, 2)
    return solids


def _buttoned(rng: Rng) -> Solids:
    """Make rolled arms as high as the back, which is studded with buttons and may rise in a bow."""
    half, deep = uniform(rng, 0.62, 0.95), uniform(rng, 0.36, 0.42)
    legs = uniform(rng, 0.08, 0.16)
    seat, top = uniform(rng, 0.40, 0.46), uniform(rng, 0.70, 0.80)
    roll, rise = uniform(rng, 0.09, 0.13), pick(rng, 0.0, 0.0, uniform(rng, 0.1, 0.22))
    solids = [
        box((2 * half, seat - 0.14 - legs, 2 * deep), (0, (seat - 0.14 + legs) / 2, 0)),
        box((2 * half, top - legs, 0.14), (0, (top + legs) / 2, -deep)),
    ]
    seats = count(rng, 1, 3)
    one = 2 * half / seats
    for k in range(seats):
        middle = (k + 0.5) * one - half
        solids += cushion((one - 0.01, 0.18, 2 * deep - 0.02), (middle, seat - 0.09, 0.05))

    def crest(u: float) -> np.ndarray:
        return point(u * half, top + rise * float(np.cos(np.pi * u / 2)) ** 2, -deep - 0.04)

    rim = [crest(u) for u in np.linspace(-1, 1, 13 if rise else 2)]
    solids += chain(rim, roll)
    if rise:
        for k in range(11):
            x, y, _ = crest((k + 0.5) / 5.5 - 1)
            solids.append(box((2.1 * half / 11, y - seat, 0.12), (x, (y + seat) / 2, -deep)))
    x, arm = half + 0.06, top - uniform(rng, 0.0, 0.12)
    solids += mirrored(
        box((0.15, arm - legs, 2 * deep), (x, (arm + legs) / 2, 0)),
        frustum((x + 0.02, arm, -deep), (x + 0.02, arm, deep + 0.02), roll),
        torus(0.55 * roll, 0.02, (x + 0.02, arm, deep + 0.02), FRONT),
        ellipsoid((0.025, 0.025, 0.02), (x + 0.02, arm, deep + 0.03)),
    )
    columns, rows = count(rng, 6, 11), count(rng, 2, 3)
    for row, y in enumerate(np.linspace(seat + 0.09, top - 0.06, rows)):
        for u in np.linspace(-0.9, 0.9, columns - row % 2):
            solids.append(ellipsoid((0.022, 0.022, 0.016), (u * half, y, -deep + 0.07)))
    corner = (half + 0.04, legs + 0.02, deep - 0.05)
    style = pick(rng, "turned", "taper", "round")
    return solids + four(corner, (corner[0], corner[2]), style, 0.07)


def _feet(x: float, apart: float, z: float, height: float) -> Solids:
    """Two feet, ``apart`` to the left and the right of x; none without height."""
    if not height:
        return []
    places = (x - apart, x + apart) if apart else (x,)
    return [
        frustum((at, 0, depth), (at, height + 0.04, depth), 0.02, 0.028)
        for at in places
        for depth in ((z,) if apart else (-z, z))
    ]


def _sofa_arm(style: str, x: float, arm: float, low: float, high: float, deep: float) -> Solids:
    """Make one arm, from y = low to high, its middle at x."""
    if style == "box":
        return [box((arm, high - low, 2 * deep), (x, (high + low) / 2, 0))]
    if style == "rolled":
        roll = max(0.62 * arm, 0.09)
        y = high - roll
        return [
            box((arm, y - low, 2 * deep - 0.04), (x, (y + low) / 2, 0)),
            frustum((x, y, -deep), (x, y, deep + 0.01), roll),
            torus(0.6 * roll, 0.02, (x, y, deep + 0.01), FRONT),
        ]
    if style == "round":
        return cushion((arm, high - low, 2 * deep + 0.02), (x, (high + low) / 2, 0), None, 0)
    return [
        box((arm, high - low - 0.10, 2 * deep), (x, (high + low - 0.10) / 2, 0)),
        beam((x, high + 0.05, -deep), (x, high - 0.12, deep), arm, 0.09, RIGHT),
        box((arm, 0.12, 0.9 * deep), (x, high - 0.06, -deep / 2)),
    ]
