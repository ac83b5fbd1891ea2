"""Beds."""

from __future__ import annotations

import itertools

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, RIGHT, SIDES, UP, tilt
from im2mesh.shapes.kit.bars import ball, bars, column, line, point, strip
from im2mesh.shapes.kit.choices import Rng, chance, count, draw, pick, uniform
from im2mesh.shapes.kit.copies import Solids, corners, mirrored, moved, stand
from im2mesh.shapes.kit.furniture import four, front, handle
from im2mesh.shapes.kit.soft import cushion
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import beam, box, ellipsoid, frustum


def bed(rng: Rng) -> Shape:
    """Make a bed: single or double, with a headboard; bunk, four-poster, or a cot."""
    return stand(draw(rng, {_bed: 6.0, _bunk: 1.5, _four_poster: 1.5, _cot: 1.0}))


def _bedding(rng: Rng, half: float, long: float, base: float, doubled: bool) -> Solids:
    """Mattress, duvet and pillows; the head is at −z, the mattress stands on y = ``base``."""
    thick = uniform(rng, 0.16, 0.26)
    solids = [
        box((2 * half - 0.03, thick - 0.06, 2 * long - 0.03), (0, base + thick / 2 - 0.03, 0)),
        *cushion((2 * half - 0.01, 0.12, 2 * long - 0.01), (0, base + thick - 0.06, 0)),
    ]
    top = base + thick
    if chance(rng, 0.75):
        reach = uniform(rng, 1.1, 1.5) * long
        solids += cushion((2 * half + 0.07, 0.12, reach), (0, top - 0.01, long - reach / 2 + 0.02))
        solids += mirrored(
            box((0.05, 0.5 * thick, reach - 0.06), (half, top - 0.25 * thick, long - reach / 2))
        )
        if chance(rng, 0.6):  # turned back
            solids += cushion((2 * half + 0.06, 0.06, 0.3), (0, top + 0.055, long - reach + 0.17))
    turn = tilt(-uniform(rng, 10, 40))
    places = (-half / 2, half / 2) if doubled else (0.0,)
    for x in places:
        wide = min(0.7, 0.85 * (half if doubled else 2 * half))
        solids += cushion((wide, 0.14, 0.42), (x, top + 0.08, -long + 0.27), turn)
        if chance(rng, 0.3):
            solids += cushion((0.6 * wide, 0.12, 0.3), (x, top + 0.09, -long + 0.5), turn)
    return solids


def _headboard(rng: Rng, half: float, z: float, low: float, high: float) -> Solids:
    """Make an upright end of a bed between y = 0 and ``high``; its filling starts at ``low``."""
    size = uniform(rng, 0.05, 0.08)
    style = pick(rng, "panel", "slats", "padded", "arch", "spindles", "rails")
    solids: Solids = []
    if style == "padded":
        solids += cushion(
            (2 * half + 0.06, high - 0.5 * low, 0.1), (0, (high + 0.5 * low) / 2, z), None, 2
        )
        for y in np.linspace(low + 0.15, high - 0.12, count(rng, 2, 3)):
            for x in np.linspace(-0.8, 0.8, count(rng, 4, 7)):
                solids.append(ellipsoid((0.025, 0.025, 0.016), (x * half, y, z + 0.05)))
        solids += mirrored(box((size, low + 0.1, size), (half - 0.05, low / 2 + 0.05, z)))
        return solids
    posts = high + (0.04 if style != "arch" else -0.1)
    solids += mirrored(box((size, posts, size), (half, posts / 2, z)))
    if chance(rng, 0.4):
        solids += mirrored(ball(0.6 * size, (half, posts + 0.4 * size, z)))
    if style == "panel":
        solids.append(box((2 * half, high - low, 0.035), (0, (high + low) / 2, z)))
        solids.append(box((2 * half + 0.02, 0.06, 0.07), (0, high - 0.02, z)))
        wide = 0.85 * half
        solids += mirrored(
            box((0.82 * half, 0.6 * (high - low), 0.06), (0.5 * wide, (high + low) / 2, z))
        )
        return solids
    rise = uniform(rng, 0.1, 0.2) if style == "arch" else 0.0

    def head(u: float) -> np.ndarray:
        return point(u * half, high - 0.04 - (rise * u * u if rise else 0), z)

    def foot(u: float) -> np.ndarray:
        return point(u * half, low, z)

    solids += strip([head(u) for u in np.linspace(-1, 1, 9 if rise else 2)], 0.08, 0.045, UP)
    solids.append(beam(foot(-1), foot(1), 0.07, 0.035, UP))
    if style == "rails":
        for share in np.linspace(0.3, 0.75, count(rng, 1, 2)):
            ends = line(foot(-1), head(-1), share), line(foot(1), head(1), share)
            solids.append(beam(*ends, 0.09, 0.03, UP))
        return solids
    number = count(rng, 5, 11) * (2 if half > 0.6 else 1)
    for u in np.linspace(-1, 1, number + 2)[1:-1]:
        if style == "spindles":
            solids.append(frustum(foot(u), head(u), 0.014))
        else:
            solids.append(beam(foot(u), head(u), 0.9 * half / number, 0.022, RIGHT))
    return solids


def _bed(rng: Rng) -> Solids:
    """Make a frame on legs, drawers or the floor, with a headboard and perhaps a footboard."""
    doubled = chance(rng, 0.6)
    half = uniform(rng, 0.68, 0.95) if doubled else uniform(rng, 0.43, 0.56)
    long = uniform(rng, 0.95, 1.08)
    base = uniform(rng, 0.24, 0.38)
    solids: Solids = _bedding(rng, half - 0.02, long - 0.02, base - 0.05, doubled)
    rail = uniform(rng, 0.12, 0.2)
    style = pick(rng, "legs", "legs", "box", "drawers")
    low = base - rail if style == "legs" else 0.03
    solids += mirrored(box((0.05, base - low, 2 * long), (half, (base + low) / 2, 0)))
    solids += mirrored(box((2 * half, base - low, 0.05), (0, (base + low) / 2, long)), axis=2)
    solids.append(box((2 * half, 0.04, 2 * long), (0, base - 0.06, 0)))
    if style == "legs":
        solids += four(
            (half - 0.02, base - rail / 2, long - 0.03),
            (half - 0.02, long - 0.03),
            pick(rng, "square", "taper", "round"),
            uniform(rng, 0.06, 0.09),
        )
        if doubled:
            solids.append(column(0, base - 0.05, 0.03))
    else:
        solids.append(box((2 * half - 0.03, low + 0.03, 2 * long - 0.03), (0, low / 2 + 0.01, 0)))
    if style == "drawers":
        for side in SIDES:
            edges = np.linspace(-0.8 * long, 0.9 * long, count(rng, 2, 3) + 1)
            fronts = []
            for a, b in itertools.pairwise(edges):
                fronts.append(front((a, low + 0.01), (b, base - 0.02), half + 0.02))
                fronts += handle("bow", ((a + b) / 2, (base + low) / 2, half + 0.035), 0.2, False)
            solids += moved(fronts, azimuth=90.0 * side)
    high = uniform(rng, 0.75, 1.2)
    solids += _headboard(rng, half, -long - 0.01, base, high)
    if chance(rng, 0.4):
        solids += _headboard(rng, half, long + 0.01, low + 0.03, base + uniform(rng, 0.2, 0.35))
    return solids


def _bunk(rng: Rng) -> Solids:
    """Two beds above each other, with a ladder and rails."""
    half, long = uniform(rng, 0.44, 0.52), uniform(rng, 0.96, 1.05)
    high, size = uniform(rng, 1.5, 1.75), uniform(rng, 0.06, 0.08)
    low, upper = uniform(rng, 0.26, 0.36), uniform(rng, 1.05, 1.2)
    solids: Solids = mirrored(*mirrored(box((size, high, size), (half, high / 2, long)), axis=2))
    for base in (low, upper):
        solids.append(box((2 * half, 0.04, 2 * long), (0, base, 0)))
        solids += mirrored(box((0.035, 0.14, 2 * long), (half, base, 0)))
        solids += mirrored(box((2 * half, 0.14, 0.035), (0, base, long)), axis=2)
        solids.append(box((2 * half - 0.04, 0.13, 2 * long - 0.04), (0, base + 0.08, 0)))
        solids += cushion((0.75 * 2 * half, 0.12, 0.36), (0, base + 0.19, -long + 0.27), tilt(-12))
        if chance(rng, 0.7):
            solids += cushion((2 * half - 0.02, 0.1, 1.3 * long), (0, base + 0.15, 0.32 * long))
        for end in SIDES:
            for y in np.linspace(base + 0.16, base + 0.4, count(rng, 2, 3)):
                solids.append(box((2 * half, 0.06, 0.025), (0, min(y, high - 0.03), end * long)))
    top = min(high - 0.04, upper + 0.36)
    solids.append(box((0.03, 0.07, 2 * long), (-half, top, 0)))
    gap = long * uniform(rng, 0.1, 0.35)
    solids.append(box((0.03, 0.07, long + gap), (half, top, (gap - long) / 2)))
    solids.append(box((0.04, top - upper + 0.05, 0.04), (half, (top + upper) / 2, gap - 0.02)))
    # A ladder at the gap in the rail.
    x, foot = half + 0.03, half + uniform(rng, 0.05, 0.25)
    sides = (gap + 0.06, gap + 0.42)
    for z in sides:
        solids.append(beam((foot, 0, z), (x, top, z), 0.05, 0.03, FRONT))
    for share in np.linspace(0.14, 0.72, count(rng, 4, 5)):
        at = line((foot, 0, 0), (x, top, 0), share)
        solids.append(box((0.045, 0.03, sides[1] - sides[0]), at + [0, 0, sum(sides) / 2]))
    solids.append(
        box((0.13, 0.05, sides[1] - sides[0] + 0.03), (half + 0.05, upper, sum(sides) / 2))
    )
    return solids


def _four_poster(rng: Rng) -> Solids:
    """Four tall posts, joined by a frame at the top; perhaps a canopy."""
    half, long = uniform(rng, 0.7, 0.92), uniform(rng, 0.98, 1.08)
    base, high = uniform(rng, 0.32, 0.42), uniform(rng, 1.6, 2.0)
    size = uniform(rng, 0.055, 0.085)
    solids: Solids = _bedding(rng, half - 0.03, long - 0.03, base - 0.04, True)
    solids += mirrored(box((0.05, 0.18, 2 * long), (half, base - 0.06, 0)))
    solids += mirrored(box((2 * half, 0.18, 0.05), (0, base - 0.06, long)), axis=2)
    solids.append(box((2 * half, 0.04, 2 * long), (0, base - 0.05, 0)))
    if chance(rng, 0.5):
        post = [box((size, high, size), (half, high / 2, long))]
    else:
        post = [
            box((1.2 * size, base + 0.1, 1.2 * size), (half, (base + 0.1) / 2, long)),
            frustum((half, base, long), (half, high, long), 0.55 * size, 0.38 * size),
        ]
        for y in np.linspace(base + 0.2, high - 0.25, 3):
            post.append(ellipsoid((0.75 * size, 0.07, 0.75 * size), (half, y, long)))
    solids += corners(*post)
    y = high - 0.03
    solids += mirrored(box((0.04, 0.05, 2 * long), (half, y, 0)))
    solids += mirrored(box((2 * half, 0.05, 0.04), (0, y, long)), axis=2)
    style = pick(rng, "open", "slats", "valance", "curtains")
    if style == "slats":
        for z in np.linspace(-long, long, count(rng, 4, 7))[1:-1]:
            solids.append(box((2 * half, 0.03, 0.05), (0, y, z)))
    elif style == "valance":
        solids += mirrored(box((0.03, 0.2, 2 * long), (half + 0.015, y - 0.08, 0)))
        solids += mirrored(box((2 * half, 0.2, 0.03), (0, y - 0.08, long + 0.015)), axis=2)
    elif style == "curtains":
        for k in range(4):
            z = long - 0.05 - 0.06 * k
            solids += corners(frustum((half, 0.1, z), (half, y, z), 0.045, 0.035))
    solids += _headboard(rng, half, -long, base, uniform(rng, 0.9, 1.15))
    return solids


def _cot(rng: Rng) -> Solids:
    """Make a child's bed with barred sides."""
    half, long = uniform(rng, 0.3, 0.38), uniform(rng, 0.6, 0.72)
    high, base = uniform(rng, 0.75, 0.95), uniform(rng, 0.28, 0.4)
    size = uniform(rng, 0.04, 0.055)
    solids: Solids = mirrored(
        *mirrored(box((size, high + 0.03, size), (half, (high + 0.03) / 2, long)), axis=2)
    )
    low = base - 0.06
    side = [
        box((0.03, 0.05, 2 * long), (half, high - 0.03, 0)),
        box((0.03, 0.06, 2 * long), (half, low, 0)),
    ]
    number = count(rng, 8, 13)
    side += bars(
        ((half, low, -long), (half, low, long)),
        ((half, high, -long), (half, high, long)),
        number,
        0.011,
        1.0,
    )
    solids += mirrored(*side)
    if chance(rng, 0.5):
        solids += mirrored(box((2 * half, high - low, 0.025), (0, (high + low) / 2, long)), axis=2)
    else:
        end = [
            box((2 * half, 0.05, 0.03), (0, high - 0.03, long)),
            box((2 * half, 0.06, 0.03), (0, low, long)),
        ]
        end += bars(
            ((-half, low, long), (half, low, long)),
            ((-half, high, long), (half, high, long)),
            number // 2,
            0.011,
            1.0,
        )
        solids += mirrored(*end, axis=2)
    solids.append(box((2 * half, 0.03, 2 * long), (0, low, 0)))
    solids += cushion((2 * half - 0.02, 0.1, 2 * long - 0.02), (0, base, 0))
    solids += cushion((1.3 * half, 0.08, 0.24), (0, base + 0.07, -long + 0.17))
    return solids
