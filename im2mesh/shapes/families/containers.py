"""Things to keep things in: box, can, bottle, jar, cup, bowl, vase.

Vessels are hollow: their walls take 1.5 to 8% of the width. Lengths are in units of a body's
radius or so; shapes are scaled to the unit cube anyway.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from im2mesh.shapes.families.generators import (
    extrude,
    lathe,
    rounded_box,
    smooth_profile,
    sweep,
    vessel,
)
from im2mesh.shapes.families.parts import (
    FRONT,
    RIGHT,
    SIDES,
    UP,
    Make,
    arc,
    around,
    both_sides,
    chance,
    count,
    draw,
    log_uniform,
    mirrored,
    moved,
    pick,
    stand,
    strip,
    tilt,
    turned,
    uniform,
    xy,
    xyz,
)
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import Primitives, Vector, ellipsoid, frustum, torus
from im2mesh.shapes.solids import box as cuboid

Profile = list[tuple[float, float]]
"""Radius and height of points of an outline, from the bottom to the top."""

# --- shared parts -----------------------------------------------------------------------------


def radius_at(profile: Sequence[tuple[float, float]], height: float) -> float:
    """Return the radius of a profile at a height."""
    radii, heights = zip(*profile, strict=True)
    return float(np.interp(height, heights, radii))


def wall_of(rng: np.random.Generator, radius: float) -> float:
    """Draw a vessel's wall: 1.5 to 8% of its width."""
    return 2 * radius * log_uniform(rng, 0.015, 0.08)


def filling(
    rng: np.random.Generator, profile: Profile, wall: float, floor: float
) -> list[Primitives]:
    """Return what is in a vessel, up to some height."""
    tall = profile[-1][1]
    level = max(uniform(rng, 0.4, 0.95) * tall, 1.5 * floor)
    heights = np.linspace(0.7 * floor, level, 2 if len(profile) == 2 else 4)
    return lathe([(max(radius_at(profile, h) - 0.6 * wall, 0.01), float(h)) for h in heights])


def ear(
    rng: np.random.Generator, profile: Profile, low: float, high: float, out: float, thick: float
) -> list[Primitives]:
    """Return a handle at a vessel's right side, between two heights.

    Args:
        rng: draws its form.
        profile: of the vessel.
        low: where it ends below.
        high: where it ends above.
        out: how far its middle line stands away from the wall.
        thick: its thickness.
    """
    start, end = (np.array([radius_at(profile, y) + 0.3 * thick, y, 0]) for y in (low, high))
    widest = max(start[0], end[0]) + out
    style = pick(rng, "round", "round", "square", "drop")
    if style == "round":
        between = [
            np.array(
                [
                    widest - out * (1 - math.sin(a)),
                    (low + high) / 2 - (high - low) / 2 * math.cos(a) * 0.95,
                    0,
                ]
            )
            for a in np.linspace(0.15 * math.pi, 0.85 * math.pi, 6)
        ]
    elif style == "square":
        slope = uniform(rng, 0, 0.2) * (high - low)
        between = [np.array([widest, low + slope, 0]), np.array([widest, high, 0])]
    else:
        between = [
            np.array([widest - (1 - x) * out, low + y * (high - low), 0])
            for x, y in ((0.3, 0.12), (0.75, 0.4), (1, 0.7), (0.9, 0.92), (0.5, 1.03))
        ]
    points = [start, *between, end]
    if chance(rng, 0.3):
        return strip(points, uniform(rng, 1.2, 3) * thick, 0.7 * thick, FRONT)
    return sweep(points, thick / 2)


def bail(rng: np.random.Generator, radius: float, height: float, thick: float) -> list[Primitives]:
    """Return a bucket's handle: half a ring that is up, down or between."""
    lean = tilt(pick(rng, 0.0, 75.0, -75.0, uniform(rng, -90, 90)))
    points = arc((0, 0, 0), radius + 0.4 * thick, 0, 180, RIGHT, lean @ UP, 10)
    return moved(sweep(points, thick / 2), (0, height, 0))


def open_box(
    size: Vector, wall: float, centre: Sequence[float] = (0.0, 0.0, 0.0)
) -> list[Primitives]:
    """Return a box without a lid, of five boards.

    Args:
        size: (3,) outer width, height and depth.
        wall: thickness of the boards.
        centre: (3,) the middle of the bottom's lower face.
    """
    wide, tall, deep = size
    boards = [
        cuboid((wide, wall, deep), (0, wall / 2, 0)),
        *mirrored([cuboid((wall, tall, deep), ((wide - wall) / 2, tall / 2, 0))]),
        *mirrored([cuboid((wide, tall, wall), (0, tall / 2, (deep - wall) / 2))], axis=2),
    ]
    return moved(boards, centre)


def knob(rng: np.random.Generator, radius: float, height: float) -> list[Primitives]:
    """Return a lid's knob that stands at a height."""
    if chance(rng, 0.4):
        return [
            frustum((0, height - 0.2 * radius, 0), (0, height + radius, 0), 0.5 * radius),
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


# --- box --------------------------------------------------------------------------------------


def box(rng: np.random.Generator) -> Shape:
    """Draw a carton, an open box, a crate, a milk carton, parcels, books or a brick."""
    kinds: dict[Make, float] = {
        _carton: 5.0, _open_carton: 2.0, _crate: 1.0, _milk: 1.0, _parcels: 1.5, _books: 2.0,
        _brick: 0.7,
    }  # fmt: skip
    return stand(*draw(rng, kinds))


def _sides(rng: np.random.Generator) -> np.ndarray:
    """Draw a box's width, height and depth: flat, tall, long or a cube."""
    return np.array([log_uniform(rng, 0.25, 1.6) for _ in range(3)])


def _block(rng: np.random.Generator, size: np.ndarray, centre: Sequence[float]) -> list[Primitives]:
    """Return a box with sharp or round edges."""
    if chance(rng, 0.6):
        return [cuboid(size, centre)]
    return rounded_box(size, log_uniform(rng, 0.03, 0.3) * min(size), centre)


def _carton(rng: np.random.Generator) -> list[Primitives]:
    wide, tall, deep = size = _sides(rng)
    if chance(rng, 0.3):
        size[pick(rng, 0, 1, 2)] *= log_uniform(rng, 0.1, 0.5)  # flat, as a cereal box
        wide, tall, deep = size
    solids = _block(rng, size, (0, tall / 2, 0))
    extra = pick(rng, "none", "none", "lid", "strip", "label")
    if extra == "lid":
        rim = uniform(rng, 1.02, 1.08)
        lid = tall * uniform(rng, 0.1, 0.45)
        solids += [cuboid((wide * rim, lid, deep * rim), (0, tall - 0.48 * lid, 0))]
    elif extra == "strip":
        across = uniform(rng, 0.06, 0.2)
        solids += [
            cuboid((wide * across, 1.02 * tall, 1.02 * deep), (0, tall / 2, 0)),
            cuboid((1.02 * wide, 1.02 * tall, deep * across), (0, tall / 2, 0)),
        ]
    elif extra == "label":
        solids += [
            cuboid((0.7 * wide, uniform(rng, 0.3, 0.7) * tall, 1.03 * deep), (0, tall / 2, 0))
        ]
    return solids


def _open_carton(rng: np.random.Generator) -> list[Primitives]:
    wide, tall, deep = size = _sides(rng)
    wall = max(wide, deep) * log_uniform(rng, 0.015, 0.08)
    solids = open_box(size, wall)
    if chance(rng, 0.5):  # flaps, each at its own angle
        for across, out, azimuth in ((wide, deep, 0), (deep, wide, 90)):
            for side in (0, 180):
                angle, reach = uniform(rng, -20, 150), uniform(rng, 0.3, 0.5) * min(wide, deep)
                flap = cuboid((0.97 * across, reach, wall), (0, reach / 2 - wall / 2, 0))
                placed = moved(turned([flap], tilt(angle)), (0, tall, out / 2 - wall / 2))
                solids += moved(placed, azimuth=azimuth + side)
    elif chance(rng, 0.4):  # its lid is open
        lid = cuboid((wide, deep, wall), (0, deep / 2 - wall / 2, 0))
        angle = uniform(rng, -100, 60)
        solids += moved(turned([lid], tilt(angle)), (0, tall, -deep / 2 + wall / 2))
    if chance(rng, 0.25):
        inside = tall * uniform(rng, 0.3, 0.9)
        solids.append(cuboid((wide - wall, inside, deep - wall), (0, inside / 2 + 0.2 * wall, 0)))
    return solids


def _crate(rng: np.random.Generator) -> list[Primitives]:
    wide, tall, deep = uniform(rng, 0.8, 1.6), uniform(rng, 0.3, 1.0), uniform(rng, 0.6, 1.2)
    wall, rows = uniform(rng, 0.02, 0.05), count(rng, 2, 4)
    solids = [cuboid((wide, wall, deep), (0, wall / 2, 0))]
    post = cuboid((2 * wall, tall, 2 * wall), (wide / 2 - wall, tall / 2, deep / 2 - wall))
    solids += mirrored(mirrored([post]), axis=2)
    board = tall / rows * uniform(rng, 0.6, 0.95)
    for y in (np.arange(rows) + 0.5) * tall / rows:
        solids += mirrored([cuboid((wall, board, deep), ((wide - wall) / 2, y, 0))])
        solids += mirrored([cuboid((wide, board, wall), (0, y, (deep - wall) / 2))], axis=2)
    return solids


def _milk(rng: np.random.Generator) -> list[Primitives]:
    wide, tall, deep = uniform(rng, 0.6, 1), uniform(rng, 0.8, 2.0), uniform(rng, 0.6, 1)
    ridge = uniform(rng, 0.25, 0.5) * deep
    roof = extrude(
        np.array([(-deep / 2, -0.01), (deep / 2, -0.01), (0.01, ridge), (-0.01, ridge)]), wide
    )
    strip_high = uniform(rng, 0.08, 0.2)
    solids = [
        cuboid((wide, tall, deep), (0, tall / 2, 0)),
        *moved(roof, (0, tall, 0), azimuth=90),
        cuboid((wide, strip_high + 0.1, 0.04), (0, tall + ridge + strip_high / 2 - 0.06, 0)),
    ]
    if chance(rng, 0.5):
        lean = tilt(math.degrees(math.atan2(2 * ridge, deep)))
        lid = turned([frustum((0, 0, 0), (0, 0.12, 0), 0.13)], lean)
        solids += moved(lid, (0, tall + 0.45 * ridge, 0.27 * deep))
    return solids


def _parcels(rng: np.random.Generator) -> list[Primitives]:
    solids: list[Primitives] = []
    height, size = 0.0, _sides(rng)
    for _ in range(count(rng, 2, 4)):
        tall = log_uniform(rng, 0.15, 0.8)
        size[[0, 2]] *= rng.uniform(0.6, 1.05, 2)
        size[1] = tall
        aside = (uniform(rng, -0.1, 0.1), height, uniform(rng, -0.1, 0.1))
        turn = pick(rng, 0.0, uniform(rng, -10, 10))
        solids += moved(_block(rng, size, (0, tall / 2, 0)), aside, turn)
        height += 0.998 * tall
    return solids


def _books(rng: np.random.Generator) -> list[Primitives]:
    solids: list[Primitives] = []
    height = 0.0
    for _ in range(pick(rng, 1, 1, 2, 3, 4, 5)):
        wide, deep, thick = uniform(rng, 0.7, 1), uniform(rng, 1, 1.4), log_uniform(rng, 0.06, 0.4)
        cover = min(uniform(rng, 0.015, 0.03), 0.25 * thick)
        book = [
            *mirrored([cuboid((wide, cover, deep), (0, (thick - cover) / 2, 0))], axis=1),
            cuboid((0.95 * wide, 0.97 * thick, 0.94 * deep), (-0.02 * wide, 0, 0)),
            cuboid((cover, thick, deep), (-wide / 2 + cover / 2, 0, 0)),
        ]
        step = (uniform(rng, -0.1, 0.1), height + thick / 2, uniform(rng, -0.1, 0.1))
        solids += moved(book, step, uniform(rng, -20, 20))
        height += 0.998 * thick
    return turned(solids, tilt(90)) if chance(rng, 0.3) else solids


def _brick(rng: np.random.Generator) -> list[Primitives]:
    wide, tall, deep = uniform(rng, 1.6, 2.4), uniform(rng, 0.5, 1.1), uniform(rng, 0.8, 1.2)
    if chance(rng, 0.4):
        return [cuboid((wide, tall, deep))]
    # Holes through it: bars along and across, between which it is empty.
    bar, holes = uniform(rng, 0.08, 0.16), count(rng, 2, 4)
    solids = mirrored([cuboid((wide, tall, bar), (0, 0, (deep - bar) / 2))], axis=2)
    for x in np.linspace(-(wide - bar) / 2, (wide - bar) / 2, holes + 1):
        solids.append(cuboid((bar, tall, deep), (x, 0, 0)))
    return solids


# --- can --------------------------------------------------------------------------------------


def can(rng: np.random.Generator) -> Shape:
    """Draw a tin, a drink's can, a drum, a roll or tube, a battery or a spray can."""
    kinds: dict[Make, float] = {
        _tin: 4.0, _drink: 2.0, _drum: 1.5, _roll: 2.0, _battery: 1.0, _spray_can: 1.5,
    }  # fmt: skip
    solids = draw(rng, kinds)
    return stand(*(turned(solids, tilt(90)) if chance(rng, 0.15) else solids))


def _tin(rng: np.random.Generator) -> list[Primitives]:
    tall, rim = log_uniform(rng, 0.4, 4), uniform(rng, 0.02, 0.06)
    deep = uniform(rng, 0.02, 0.12) * min(tall, 1)
    outer = [(1.0, 0.0), (1.0, tall)]
    solids = [frustum((0, deep, 0), (0, tall - deep, 0), 1 - rim / 2)]
    if chance(rng, 0.3):  # empty
        solids = vessel(outer, uniform(rng, 0.03, 0.08), 0.1)
    else:
        solids += vessel(outer, 1.2 * rim, 0)
    if chance(rng, 0.7):
        solids += [torus(1.0, rim, (0, y, 0)) for y in (rim, tall - rim)]
    ribs = count(rng, 3, 6) if chance(rng, 0.4) else 0
    solids += [torus(0.98, 0.04, (0, y * tall, 0)) for y in np.linspace(0.3, 0.7, ribs)]
    if chance(rng, 0.25):
        solids += bail(rng, 1.0, 0.9 * tall, 0.06)
    return solids


def _drink(rng: np.random.Generator) -> list[Primitives]:
    tall, neck = uniform(rng, 2.5, 5.2), uniform(rng, 0.72, 0.9)
    solids = lathe([(0.75, 0.0), (1, 0.25), (1, tall - 0.45), (neck, tall - 0.08)])
    solids += vessel([(neck, tall - 0.1), (neck + 0.02, tall)], 0.06, 0)
    if chance(rng, 0.6):
        solids += [cuboid((0.3, 0.05, 0.6), (0, tall - 0.06, 0.1))]
    return solids


def _drum(rng: np.random.Generator) -> list[Primitives]:
    tall = uniform(rng, 1.8, 3.2)
    solids = [frustum((0, 0.04, 0), (0, tall - 0.06, 0), 0.97)]
    solids += vessel([(1, 0), (1, tall)], 0.06, 0)
    if chance(rng, 0.4):  # a barrel
        belly = uniform(rng, 1.1, 1.3)
        profile = smooth_profile([(1, 0), (belly, tall / 2), (1, tall)], 7)
        solids = lathe(profile)
        solids += [
            torus(radius_at(profile, y * tall) + 0.01, 0.05, (0, y * tall, 0))
            for y in (0.06, 0.3, 0.7, 0.94)
        ]
        return solids
    solids += [torus(1.0, 0.06, (0, y * tall, 0)) for y in (0.02, 0.34, 0.66, 0.98)]
    solids += [frustum((0.55, tall - 0.1, 0), (0.55, tall + 0.01, 0), 0.14)]
    return solids


def _roll(rng: np.random.Generator) -> list[Primitives]:
    hole, tall = uniform(rng, 0.15, 0.92), log_uniform(rng, 0.15, 5)
    solids = vessel([(1, 0), (1, tall)], 1 - hole, 0)
    if chance(rng, 0.4):  # a spool
        rim, flange = uniform(rng, 1.1, 1.6), uniform(rng, 0.06, 0.15)
        for y in (0, tall):
            solids += vessel([(rim, y - flange / 2), (rim, y + flange / 2)], rim - hole, 0)
    elif chance(rng, 0.4):  # a core that reaches out
        more = uniform(rng, 0.02, 0.2)
        solids += vessel([(hole + 0.1, -more), (hole + 0.1, tall + more)], 0.1, 0)
    return solids


def _battery(rng: np.random.Generator) -> list[Primitives]:
    tall, nub = uniform(rng, 1.8, 7), uniform(rng, 0.25, 0.6)
    solids = lathe([(0.95, 0), (1, 0.06), (1, tall), (0.93, tall + 0.05)])
    return [*solids, frustum((0, tall, 0), (0, tall + uniform(rng, 0.12, 0.3), 0), nub)]


def _spray_can(rng: np.random.Generator) -> list[Primitives]:
    tall, neck = uniform(rng, 3, 6.5), uniform(rng, 0.35, 0.7)
    dome = uniform(rng, 0.3, 0.8)
    profile = smooth_profile([(1, tall), (0.93, tall + 0.5 * dome), (neck, tall + dome)], 4)
    solids = [frustum((0, 0, 0), (0, tall, 0), 1), *lathe(profile), torus(0.98, 0.05, (0, tall, 0))]
    top = tall + dome
    if chance(rng, 0.5):
        return [
            *solids,
            frustum(
                (0, top - 0.05, 0), (0, top + uniform(rng, 0.4, 1), 0), 0.95 * neck, 0.85 * neck
            ),
        ]
    solids += [frustum((0, top - 0.05, 0), (0, top + 0.4, 0), 0.25)]
    return [*solids, frustum((0, top + 0.3, -0.2), (0, top + 0.35, 0.4), 0.18, 0.12)]


# --- bottle -----------------------------------------------------------------------------------


def bottle(rng: np.random.Generator) -> Shape:
    """Draw a bottle: round, square, flat, with a pump, a trigger or a handle."""
    kinds: dict[Make, float] = {
        _round_bottle: 5.0, _square_bottle: 1.5, _flask: 1.5, _sprayer: 1.5, _detergent: 1.5,
        _canteen: 1.0,
    }  # fmt: skip
    solids = draw(rng, kinds)
    return stand(*(turned(solids, tilt(90)) if chance(rng, 0.12) else solids))


def _neck(rng: np.random.Generator, low: float, radius: float) -> list[Primitives]:
    """Return a bottle's neck from a height up, with a cap, a cork, a pump or open."""
    tall = radius * log_uniform(rng, 0.5, 2.5)
    solids = [
        frustum(
            (0, low - 0.2 * radius, 0), (0, low + tall, 0), radius, radius * uniform(rng, 0.8, 1)
        )
    ]
    top = low + tall
    style = pick(rng, "cap", "cap", "cap", "ring", "pump", "sport")
    if style == "cap":
        wide = radius * uniform(rng, 1.05, 1.5)
        high = radius * log_uniform(rng, 0.6, 3)
        solids += lathe([(wide, top - 0.3 * high), (wide * uniform(rng, 0.8, 1), top + 0.7 * high)])
    elif style == "ring":
        solids += [torus(radius, 0.2 * radius, (0, top - 0.3 * radius, 0))]
        solids += vessel(
            [(0.95 * radius, top - 0.3 * radius), (0.95 * radius, top + 0.4 * radius)],
            0.2 * radius,
            0,
        )
    elif style == "pump":
        high = uniform(rng, 1, 2.5) * radius
        solids += [
            frustum((0, top - 0.5 * radius, 0), (0, top + 0.3 * radius, 0), 1.2 * radius),
            frustum((0, top, 0), (0, top + high, 0), 0.35 * radius),
            *sweep(
                [
                    (0, top + high, -0.5 * radius),
                    (0, top + high, 1.5 * radius),
                    (0, top + high - 0.5 * radius, 2.2 * radius),
                ],
                0.35 * radius,
            ),
        ]
    else:
        solids += lathe(
            xy(
                (1.2 * radius, 1.1 * radius, 0.5 * radius, 0.6 * radius),
                (top - 0.5 * radius, top + 0.3 * radius, top + 0.8 * radius, top + 1.4 * radius),
            )
        )
    return solids


def _round_bottle(rng: np.random.Generator) -> list[Primitives]:
    tall, neck = log_uniform(rng, 1.5, 6), uniform(rng, 0.22, 0.6)
    shoulder = uniform(rng, 0.3, 1.6)
    waist = uniform(rng, 0.75, 1.0) if chance(rng, 0.35) else 1.0
    foot = uniform(rng, 0.8, 1.0)
    if chance(rng, 0.3):  # sharp
        profile: Profile = [(foot, 0), (1, 0.1), (1, tall), (neck, tall + shoulder)]
    else:
        top = (0.5 + 0.5 * neck) * uniform(rng, 0.85, 1.25)
        curve = smooth_profile(
            [(1, 0), (1, 0.45 * shoulder), (top, 0.75 * shoulder), (neck, 1.2 * shoulder)], 6
        )
        profile = [(foot, 0), (1, 0.12), (1, 0.25 * tall), (waist, 0.5 * tall), (1, 0.75 * tall)]
        profile += [(r, tall + y) for r, y in curve]
    solids = lathe(profile)
    if chance(rng, 0.2):  # a hollow base is not seen; ribs are
        solids += [
            torus(radius_at(profile, y), 0.05, (0, y, 0)) for y in tall * np.linspace(0.15, 0.85, 5)
        ]
    return solids + _neck(rng, profile[-1][1], profile[-1][0])


def _square_bottle(rng: np.random.Generator) -> list[Primitives]:
    wide, tall, deep = 2.0, uniform(rng, 1.5, 5), uniform(rng, 0.9, 2.0)
    neck, shoulder = uniform(rng, 0.2, 0.45) * deep, uniform(rng, 0.1, 0.8)
    solids = rounded_box((wide, tall, deep), uniform(rng, 0.05, 0.3) * deep, (0, tall / 2, 0))
    solids += lathe([(0.47 * deep, tall - 0.15), (neck, tall + shoulder)])
    return solids + _neck(rng, tall + shoulder, neck)


def _flask(rng: np.random.Generator) -> list[Primitives]:
    """Make a flat bottle: the outline of a bottle, in any thickness."""
    tall, thick = uniform(rng, 1.8, 4.5), uniform(rng, 0.5, 1.2)
    neck = 0.5 * thick * uniform(rng, 0.6, 0.9)
    foot, waist = uniform(rng, 0.7, 1.05), uniform(rng, 0.75, 1.1)
    curve = xy(
        (foot - 0.12, foot, waist, uniform(rng, 0.8, 1.1), 1.3 * neck),
        (0, 0.12, 0.45 * tall, 0.75 * tall, tall),
    )
    curve = np.array(smooth_profile(curve, 9))
    outline = both_sides(curve)
    solids = extrude(outline, thick)
    if chance(rng, 0.5):
        inner = outline * (0.86, 0.9) + (0, 0.05 * tall)
        solids += extrude(inner, 1.25 * thick)
    return solids + _neck(rng, tall - 0.02, neck)


def _sprayer(rng: np.random.Generator) -> list[Primitives]:
    tall, neck = uniform(rng, 2.2, 3.8), uniform(rng, 0.28, 0.45)
    solids = lathe(
        smooth_profile([(0.9, 0), (1, 0.2), (1, 0.55 * tall), (0.75, 0.8 * tall), (neck, tall)], 8)
    )
    collar = frustum((0, tall - 0.1, 0), (0, tall + 0.35, 0), neck + 0.12)
    head = [
        cuboid((0.5, 0.4, 1.7), (0, tall + 0.85, 0.25)),
        frustum((0, tall + 0.2, 0), (0, tall + 0.9, 0), 0.3),
        frustum((0, tall + 0.87, 1.0), (0, tall + 0.87, 1.4), 0.2, 0.14),
        *strip(
            [(0, tall + 0.75, 0.75), (0, tall + 0.4, 0.95), (0, tall - 0.15, 0.8)], 0.3, 0.12, RIGHT
        ),
    ]
    return [*solids, collar, *head]


def _detergent(rng: np.random.Generator) -> list[Primitives]:
    """Make a bottle whose grip is at its side, before a gap."""
    tall, thick = uniform(rng, 1.8, 3.0), uniform(rng, 0.7, 1.3)
    grip = uniform(rng, 0.2, 0.3)
    outline = np.array(
        [(-1, 0), (1, 0), (1, 0.35 * tall), (0.2, 0.5 * tall), (0.2, 0.85 * tall), (0, tall),
         (-0.7, tall), (-1, 0.75 * tall)]
    )  # fmt: skip
    solids = extrude(outline, thick)
    points = xyz(
        (1 - grip, 0.95 - grip / 2, 0.75, 0.2, -0.1),
        (0.3 * tall, 0.6 * tall, 0.85 * tall, 0.9 * tall, 0.9 * tall),
        0,
    )
    solids += sweep(points, grip)
    return solids + moved(_neck(rng, tall - 0.02, min(0.3, 0.42 * thick)), (-0.35, 0, 0))


def _canteen(rng: np.random.Generator) -> list[Primitives]:
    """Make a jug or a can with its handle on top and its spout at a corner."""
    wide, tall, deep = uniform(rng, 1.4, 2.2), uniform(rng, 1.6, 2.6), uniform(rng, 0.6, 1.2)
    solids = rounded_box((wide, tall, deep), uniform(rng, 0.1, 0.3) * deep, (0, tall / 2, 0))
    high, r = uniform(rng, 0.25, 0.5), 0.12
    solids += sweep(
        xyz(
            (-0.42 * wide, -0.35 * wide, 0.1 * wide, 0.15 * wide),
            (tall - 0.1, tall + high, tall + high, tall - 0.1),
            0,
        ),
        r,
    )
    return solids + moved(_neck(rng, tall, 0.2), (0.35 * wide, 0, 0))


# --- jar --------------------------------------------------------------------------------------


def jar(rng: np.random.Generator) -> Shape:
    """Draw a jar with or without a lid, a canister or a closed pot."""
    tall, neck = log_uniform(rng, 0.8, 3.5), uniform(rng, 0.6, 0.98)
    style = pick(rng, "straight", "shoulder", "belly")
    if style == "straight":
        profile: Profile = [(uniform(rng, 0.8, 1), 0), (1, 0.1), (1, tall)]
    elif style == "shoulder":
        curve = smooth_profile([(1, 0.7 * tall), (1, 0.85 * tall), (neck, tall)], 4)
        profile = [(0.92, 0), (1, 0.08 * tall), *curve]
    else:
        belly = uniform(rng, 1.05, 1.4)
        profile = smooth_profile(
            [(uniform(rng, 0.6, 0.9), 0), (belly, uniform(rng, 0.4, 0.65) * tall), (neck, tall)], 8
        )
    rim = profile[-1][0]
    wall = wall_of(rng, rim)
    if chance(rng, 0.3):  # open
        solids = vessel(profile, wall, 1.5 * wall)
        solids += vessel([(rim, tall - 0.01), (rim + 0.02, tall + 0.15)], wall, 0)
        if chance(rng, 0.4):
            solids += filling(rng, profile, wall, 1.5 * wall)
    else:
        solids = lathe(profile)
        lid, wide = log_uniform(rng, 0.12, 0.7), rim * uniform(rng, 0.97, 1.15)
        if chance(rng, 0.6):  # a screw lid
            solids += lathe(
                [(wide, tall - 0.05), (wide, tall + 0.9 * lid), (0.95 * wide, tall + lid)]
            )
        else:
            solids += lathe(
                smooth_profile(
                    [
                        (wide, tall - 0.03),
                        (0.8 * wide, tall + 0.6 * lid),
                        (0.15 * wide, tall + lid),
                    ],
                    5,
                )
            )
            solids += knob(rng, uniform(rng, 0.12, 0.25), tall + lid)
    if chance(rng, 0.2):
        solids += [torus(radius_at(profile, y * tall), 0.06, (0, y * tall, 0)) for y in (0.1, 0.9)]
    if chance(rng, 0.15):
        loop = ear(rng, profile, 0.45 * tall, 0.85 * tall, 0.4, 0.16)
        solids += mirrored(loop) if chance(rng, 0.6) else loop
    return stand(*solids)


# --- cup --------------------------------------------------------------------------------------


def cup(rng: np.random.Generator) -> Shape:
    """Draw a mug, a teacup, a tumbler, a glass with a stem or a bucket."""
    kinds: dict[Make, float] = {
        _mug: 5.0, _teacup: 2.0, _tumbler: 2.5, _stem_glass: 2.0, _bucket: 1.5,
    }  # fmt: skip
    return stand(*draw(rng, kinds))


def _mug(rng: np.random.Generator) -> list[Primitives]:
    tall, foot = log_uniform(rng, 1.2, 3.4), uniform(rng, 0.7, 1.05)
    profile: Profile = [(foot, 0), (1, tall)]
    if chance(rng, 0.5):
        profile = smooth_profile(
            [(foot, 0), (uniform(rng, 0.9, 1.2), uniform(rng, 0.3, 0.6) * tall), (1, tall)], 6
        )
    wall = wall_of(rng, 1)
    floor = wall * uniform(rng, 1, 2)
    solids = vessel(profile, wall, floor)
    thick = max(log_uniform(rng, 0.12, 0.35), wall)
    out = uniform(rng, 0.35, 1.0)
    solids += ear(
        rng, profile, uniform(rng, 0.1, 0.35) * tall, uniform(rng, 0.65, 0.95) * tall, out, thick
    )
    if chance(rng, 0.2):
        solids += filling(rng, profile, wall, floor)
    if chance(rng, 0.3):
        solids += [torus(1.0, wall / 1.5, (0, tall, 0))]
    return solids


def _teacup(rng: np.random.Generator) -> list[Primitives]:
    tall, foot = uniform(rng, 0.8, 1.5), uniform(rng, 0.3, 0.6)
    profile = smooth_profile([(foot, 0), (uniform(rng, 0.7, 0.95), 0.35 * tall), (1, tall)], 7)
    wall = wall_of(rng, 1)
    solids = vessel(profile, wall, 1.3 * wall)
    solids += lathe([(foot * 1.05, -0.1), (foot * 0.95, 0.02)])
    solids += ear(
        rng, profile, 0.35 * tall, 0.85 * tall, uniform(rng, 0.3, 0.6), uniform(rng, 0.1, 0.2)
    )
    if chance(rng, 0.25):
        solids += filling(rng, profile, wall, 1.3 * wall)
    if chance(rng, 0.4):  # a saucer
        wide = uniform(rng, 1.4, 2.0)
        plate: Profile = [(0.5 * wide, 0), (0.7 * wide, 0.06), (wide, 0.28)]
        solids += moved(vessel(plate, 0.08, 0.08), (0, -0.17, 0))
    return solids


def _tumbler(rng: np.random.Generator) -> list[Primitives]:
    tall, foot = log_uniform(rng, 1.2, 4.5), uniform(rng, 0.6, 1.0)
    profile: Profile = [(foot, 0), (1, tall)]
    if chance(rng, 0.35):
        profile = smooth_profile([(foot, 0), (uniform(rng, 0.8, 1.25), 0.5 * tall), (1, tall)], 7)
    wall = wall_of(rng, 1)
    floor = wall * uniform(rng, 1, 4)
    solids = vessel(profile, wall, floor)
    extra = pick(rng, "none", "fill", "rim", "lid", "sleeve")
    if extra == "fill":
        solids += filling(rng, profile, wall, floor)
    elif extra == "rim":
        solids += [torus(1.0, max(wall, 0.05), (0, tall, 0))]
    elif extra == "lid":  # for coffee to go
        solids += lathe(
            [(1.06, tall - 0.08), (1.04, tall + 0.12), (0.9, tall + 0.15), (0.85, tall + 0.3)]
        )
    elif extra == "sleeve":
        heights = np.linspace(0.3, 0.7, 4) * tall
        solids += vessel([(radius_at(profile, h) + 0.06, float(h)) for h in heights], 0.1, 0)
    return solids


def _stem_glass(rng: np.random.Generator) -> list[Primitives]:
    tall, stem = uniform(rng, 0.9, 3.0), log_uniform(rng, 0.3, 2.5)
    style = pick(rng, "wine", "flute", "cone", "goblet")
    foot, thin = uniform(rng, 0.6, 1.0), uniform(rng, 0.06, 0.16)
    mouth = uniform(rng, 0.65, 1.0)
    if style == "cone":
        profile: Profile = [(0.1, 0), (mouth + 0.2, 0.7 * tall)]
    elif style == "flute":
        profile = smooth_profile([(0.15, 0), (0.5, 0.35 * tall), (0.55, tall)], 7)
    else:
        profile = smooth_profile([(0.2, 0), (1.15, 0.4 * tall), (mouth, tall)], 8)
    wall = wall_of(rng, max(r for r, _ in profile))
    solids = moved(vessel(profile, wall, 1.5 * wall), (0, stem, 0))
    solids += lathe(
        xy(
            (foot, 0.9 * foot, thin * 1.6, thin, thin, max(0.1, 1.3 * thin)),
            (0, 0.06, 0.2, 0.4 * stem + 0.2, stem + 0.02, stem + 0.1),
        )
    )
    if style == "goblet":
        solids += [ellipsoid((2.2 * thin, 2 * thin, 2.2 * thin), (0, 0.6 * stem, 0))]
    if chance(rng, 0.2):
        solids += moved(filling(rng, profile, wall, 1.5 * wall), (0, stem, 0))
    return solids


def _bucket(rng: np.random.Generator) -> list[Primitives]:
    tall, foot = uniform(rng, 1.3, 2.6), uniform(rng, 0.65, 1)
    profile: Profile = [(foot, 0), (1, tall)]
    wall = wall_of(rng, 1)
    solids = vessel(profile, wall, wall)
    solids += [torus(1.0, max(0.04, 0.7 * wall), (0, tall, 0))]
    if chance(rng, 0.85):
        height = 0.93 * tall
        solids += bail(rng, radius_at(profile, height), height, uniform(rng, 0.06, 0.14))
    if chance(rng, 0.2):
        solids += filling(rng, profile, wall, wall)
    return solids


# --- bowl -------------------------------------------------------------------------------------


def bowl(rng: np.random.Generator) -> Shape:
    """Draw a bowl, a plate, a pan, a pot, a tray or a basket."""
    kinds: dict[Make, float] = {
        _bowl: 4.0, _plate: 2.0, _pan: 2.5, _pot: 3.0, _tray: 1.5, _basket: 1.0,
    }  # fmt: skip
    return stand(*draw(rng, kinds))


def _bowl(rng: np.random.Generator) -> list[Primitives]:
    tall, foot = log_uniform(rng, 0.35, 1.3), uniform(rng, 0.3, 0.75)
    profile = smooth_profile(
        [(foot, 0), (uniform(rng, 0.78, 1.0), uniform(rng, 0.35, 0.55) * tall), (1, tall)], 8
    )
    wall = wall_of(rng, 1)
    solids = vessel(profile, wall, wall)
    if chance(rng, 0.5):
        solids += vessel([(0.9 * foot, -uniform(rng, 0.05, 0.2)), (0.95 * foot, 0.02)], 0.12, 0)
    if chance(rng, 0.25):
        solids += [torus(1.0, max(0.04, 0.7 * wall), (0, tall, 0))]
    if chance(rng, 0.25):
        solids += filling(rng, profile, wall, wall)
    if chance(rng, 0.1):  # fruit or dough, heaped
        solids += [ellipsoid((0.85, 0.85 * tall, 0.85), (0, 0.8 * tall, 0))]
    return solids


def _plate(rng: np.random.Generator) -> list[Primitives]:
    rim, tall = uniform(rng, 0.55, 0.8), uniform(rng, 0.08, 0.28)
    profile: Profile = [(rim * 0.9, 0), (rim, 0.35 * tall), (1, tall)]
    solids: list[Primitives] = []
    wall, number = uniform(rng, 0.03, 0.07), pick(rng, 1, 1, 1, 2, 4, 6)
    for k in range(number):
        solids += moved(vessel(profile, wall, wall), (0, k * 0.98 * wall, 0))
    if number == 1 and chance(rng, 0.3):
        solids += [ellipsoid((uniform(rng, 0.3, 0.55), 0.25, uniform(rng, 0.3, 0.5)), (0, 0.15, 0))]
    return turned(solids, tilt(uniform(rng, 60, 85))) if chance(rng, 0.15) else solids


def _grip(
    rng: np.random.Generator, start: float, height: float, length: float, thick: float
) -> list[Primitives]:
    """Return a pan's long handle, towards +x."""
    rise = uniform(rng, -0.05, 0.3) * length
    points = [
        (start - 0.3 * thick, height, 0),
        (start + 0.35 * length, height + 0.6 * rise, 0),
        (start + length, height + rise, 0),
    ]
    if chance(rng, 0.5):
        return sweep(points, [0.35 * thick, 0.4 * thick, 0.6 * thick])
    return strip(points, 1.3 * thick, 0.5 * thick, FRONT)


def _pan(rng: np.random.Generator) -> list[Primitives]:
    tall = log_uniform(rng, 0.2, 1.0)
    profile: Profile = [(uniform(rng, 0.75, 1), 0), (1, tall)]
    if chance(rng, 0.4):
        profile = smooth_profile([(0.5, 0), (0.85, 0.25 * tall), (1, tall)], 6)
    wall = wall_of(rng, 1) * 0.7
    solids = vessel(profile, wall, wall)
    solids += _grip(
        rng,
        radius_at(profile, 0.75 * tall),
        0.75 * tall,
        uniform(rng, 1, 2.2),
        uniform(rng, 0.12, 0.28),
    )
    if chance(rng, 0.3):
        solids += filling(rng, profile, wall, wall)
    return solids


def _pot(rng: np.random.Generator) -> list[Primitives]:
    tall = log_uniform(rng, 0.6, 2.0)
    profile: Profile = [(0.92, 0), (1, 0.1), (1, tall)]
    if chance(rng, 0.35):
        profile = smooth_profile([(0.7, 0), (1.12, 0.45 * tall), (1, tall)], 7)
    wall = wall_of(rng, 1) * 0.8
    lid = chance(rng, 0.5)
    solids = lathe(profile) if lid else vessel(profile, wall, wall)
    if lid:
        high = uniform(rng, 0.1, 0.4)
        solids += lathe(
            smooth_profile([(1.05, tall - 0.02), (0.85, tall + 0.6 * high), (0.2, tall + high)], 4)
        )
        solids += knob(rng, uniform(rng, 0.1, 0.18), tall + high)
    elif chance(rng, 0.3):
        solids += filling(rng, profile, wall, wall)
    style, y = pick(rng, "ears", "ears", "long", "bail"), uniform(rng, 0.6, 0.85) * tall
    thick = uniform(rng, 0.1, 0.2)
    if style == "ears":
        side = radius_at(profile, y)
        reach, half = side + uniform(rng, 0.2, 0.45), uniform(rng, 0.2, 0.4)
        at = math.sqrt(side**2 - half**2) + 0.2 * thick
        loop = sweep(
            [(at, y, -half), (reach, y, -0.8 * half), (reach, y, 0.8 * half), (at, y, half)],
            thick / 2,
        )
        solids += mirrored(loop)
    elif style == "long":
        solids += _grip(rng, radius_at(profile, y), y, uniform(rng, 0.8, 1.8), thick * 1.3)
    else:
        solids += bail(rng, radius_at(profile, y), y, thick)
    return solids


def _tray(rng: np.random.Generator) -> list[Primitives]:
    wide, deep = uniform(rng, 1, 2), uniform(rng, 0.8, 1.4)
    tall = log_uniform(rng, 0.1, 0.5)
    wall = uniform(rng, 0.03, 0.08)
    solids = open_box((wide, tall, deep), wall)
    if chance(rng, 0.6):  # a flat rim
        edge = uniform(rng, 0.08, 0.2)
        rims = [
            cuboid((edge, wall, deep + 2 * edge), ((wide + edge) / 2 - 0.01, tall - wall / 2, 0))
        ]
        solids += mirrored(rims)
        solids += mirrored(
            [cuboid((wide, wall, edge), (0, tall - wall / 2, (deep + edge) / 2 - 0.01))], axis=2
        )
    if chance(rng, 0.4):
        arch = sweep(
            xyz(
                (wide / 2, wide / 2 + 0.2, wide / 2 + 0.2, wide / 2),
                (tall * 0.8, tall, tall, tall * 0.8),
                (-0.2, -0.16, 0.16, 0.2),
            ),
            0.05,
        )
        solids += mirrored(arch)
    if chance(rng, 0.3):
        level = uniform(rng, 0.4, 0.9) * tall
        solids += [cuboid((wide - wall, level, deep - wall), (0, level / 2 + 0.2 * wall, 0))]
    return solids


def _basket(rng: np.random.Generator) -> list[Primitives]:
    tall, foot, bars = uniform(rng, 0.7, 1.8), uniform(rng, 0.6, 0.95), count(rng, 14, 24)
    r = uniform(rng, 0.025, 0.05)
    profile: Profile = [(foot, 0), (1, tall)]
    solids: list[Primitives] = [frustum((0, -r, 0), (0, r, 0), foot + r)]
    solids += [torus(radius_at(profile, y * tall), 1.2 * r, (0, y * tall, 0)) for y in (0.5, 1.0)]
    for k in range(bars):
        out = around(360 * k / bars)
        solids += [frustum(foot * out, out + np.array((0, tall, 0)), r)]
    if chance(rng, 0.5):
        solids += bail(rng, 1.0, tall, 3 * r)
    return solids


# --- vase -------------------------------------------------------------------------------------


def vase(rng: np.random.Generator) -> Shape:
    """Draw a vase, a jug, a teapot or a watering can."""
    kinds: dict[Make, float] = {_vase: 3.0, _jug: 3.0, _teapot: 2.0, _watering_can: 1.5}
    return stand(*draw(rng, kinds))


def _belly(rng: np.random.Generator, tall: float) -> Profile:
    """Draw the outline of a vase: a foot, a belly, a neck and a mouth."""
    foot, neck = uniform(rng, 0.35, 0.8), uniform(rng, 0.25, 0.75)
    mouth = neck * uniform(rng, 1.0, 1.7)
    belly = uniform(rng, 0.3, 0.6)
    points = xy((foot, 1.1, neck, mouth), (0.0, belly * tall, uniform(rng, 0.78, 0.9) * tall, tall))
    return smooth_profile(points, 10)


def _vase(rng: np.random.Generator) -> list[Primitives]:
    tall = log_uniform(rng, 1.5, 5)
    profile = _belly(rng, tall)
    if chance(rng, 0.25):  # or a plain cone or cylinder
        profile = [(uniform(rng, 0.5, 1), 0), (1, tall)]
    wall = min(wall_of(rng, 1), 0.5 * min(r for r, _ in profile))
    solids = vessel(profile, wall, 1.5 * wall)
    if chance(rng, 0.3):
        solids += [torus(profile[-1][0], max(0.05, 0.6 * wall), (0, tall, 0))]
    if chance(rng, 0.25):
        solids += mirrored(
            ear(rng, profile, 0.55 * tall, 0.85 * tall, uniform(rng, 0.2, 0.5), 0.16)
        )
    if chance(rng, 0.2):  # flowers
        for _ in range(count(rng, 3, 6)):
            out = 0.5 * profile[-1][0] * around(uniform(rng, 0, 360))
            top = 2.5 * out + np.array((0, tall * uniform(rng, 1.2, 1.7), 0))
            solids += sweep([(0, 0.05, 0), out + np.array((0, tall, 0)), top], 0.04)
            solids += [ellipsoid((0.25, 0.2, 0.25), top)]
    return solids


def _jug(rng: np.random.Generator) -> list[Primitives]:
    tall = log_uniform(rng, 1.5, 3.5)
    profile = (
        _belly(rng, tall)
        if chance(rng, 0.6)
        else [(uniform(rng, 0.8, 1.1), 0.0), (uniform(rng, 0.7, 1), tall)]
    )
    rim = profile[-1][0]
    wall = min(wall_of(rng, 1), 0.4 * min(r for r, _ in profile))
    solids = vessel(profile, wall, 1.5 * wall)
    out = uniform(rng, 0.4, 0.8)
    solids += ear(
        rng,
        profile,
        uniform(rng, 0.2, 0.45) * tall,
        uniform(rng, 0.8, 0.95) * tall,
        out,
        uniform(rng, 0.14, 0.28),
    )
    if chance(rng, 0.7):  # a lip
        lip = uniform(rng, 0.25, 0.5) * rim
        for side in SIDES:
            start, end = (-0.8 * rim, tall - 0.02, side * 0.45 * rim), (-rim - lip, tall + 0.1, 0)
            solids += strip([start, end], 0.35 * rim, wall, (0, 1, 0))
    return solids


def spout(
    profile: Profile, low: float, reach: float, high: float, radii: tuple[float, float], bend: float
) -> list[Primitives]:
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


def _teapot(rng: np.random.Generator) -> list[Primitives]:
    tall, mouth = uniform(rng, 1.0, 1.9), uniform(rng, 0.35, 0.6)
    foot = uniform(rng, 0.5, 0.8)
    profile = smooth_profile([(foot, 0), (1.2, uniform(rng, 0.35, 0.55) * tall), (mouth, tall)], 8)
    high = uniform(rng, 0.1, 0.3)
    solids = lathe(profile)
    solids += lathe(
        [(1.06 * mouth, tall - 0.05), (0.8 * mouth, tall + 0.5 * high), (0.2 * mouth, tall + high)]
    )
    solids += knob(rng, uniform(rng, 0.09, 0.14), tall + high)
    radii = uniform(rng, 0.2, 0.3), uniform(rng, 0.08, 0.13)
    solids += spout(
        profile,
        uniform(rng, 0.25, 0.4) * tall,
        uniform(rng, 0.6, 1),
        uniform(rng, 0.85, 1.1) * tall,
        radii,
        1.0,
    )
    if chance(rng, 0.7):
        solids += ear(
            rng, profile, 0.25 * tall, 0.8 * tall, uniform(rng, 0.35, 0.6), uniform(rng, 0.13, 0.22)
        )
    else:
        y = 0.8 * tall
        solids += moved(
            turned(
                sweep(
                    arc((0, 0, 0), 1.0 * radius_at(profile, y) + 0.02, 0, 180, RIGHT, UP, 10), 0.08
                ),
                np.eye(3),
            ),
            (0, y, 0),
        )
    return solids


def _watering_can(rng: np.random.Generator) -> list[Primitives]:
    tall, top = uniform(rng, 1.2, 2.4), uniform(rng, 0.7, 1.0)
    profile: Profile = [(1, 0), (top, tall)]
    wall = wall_of(rng, 1)
    solids = vessel(profile, wall, wall)
    if chance(rng, 0.5):  # half of the top is covered
        solids += [frustum((0, tall - wall, 0), (0, tall, 0), top)]
    reach, high = uniform(rng, 1.2, 2.2), uniform(rng, 0.9, 1.3) * tall
    radii = uniform(rng, 0.15, 0.25), uniform(rng, 0.07, 0.12)
    low = uniform(rng, 0.15, 0.35) * tall
    solids += spout(profile, low, reach, high, radii, 0.0)
    if chance(rng, 0.6):
        tip = np.array((-radius_at(profile, low) - reach, high, 0))
        out = np.array((-1.0, (high - low) / reach, 0)) * 0.25
        solids += [frustum(tip - 0.3 * out, tip + out, radii[1], uniform(rng, 0.2, 0.35))]
    thick = uniform(rng, 0.12, 0.22)
    solids += ear(rng, profile, 0.25 * tall, 0.93 * tall, uniform(rng, 0.5, 0.9), thick)
    if chance(rng, 0.4):
        solids += sweep(
            xyz((-0.9 * top, -0.4, 0.4, top), (tall - 0.1, tall + 0.5, tall + 0.6, tall - 0.1), 0),
            thick / 2,
        )
    return solids
