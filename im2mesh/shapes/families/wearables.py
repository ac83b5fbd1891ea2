"""Things that are worn or carried: helmets, hats, shoes, bags, glasses, gloves and the like."""

from __future__ import annotations

import math

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, RIGHT, UP, roll, tilt
from im2mesh.shapes.kit.bars import arc, ball, column, point, strip, sweep, xyz
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, pick, uniform
from im2mesh.shapes.kit.copies import Solids, corners, mirrored, moved, stand, turned
from im2mesh.shapes.kit.outlines import both_sides, extrude, xy
from im2mesh.shapes.kit.profiles import lathe, smooth_profile, vessel
from im2mesh.shapes.kit.soft import rounded_box
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import beam, box, capsule, ellipsoid, frustum, torus


def clothing(rng: Rng) -> Shape:
    """Draw a helmet, a cap, a hat, a shoe, a boot, a bag, a rucksack, glasses or a shirt."""
    kinds: dict[Make, float] = {
        _helmet: 2.5, _cap: 2.0, _hat: 2.5, _shoe: 3.0, _boot: 1.5, _handbag: 2.0, _rucksack: 1.5,
        _suitcase: 1.0, _glasses: 1.5, _glove: 1.0, _shirt: 1.2, _trousers: 1.0, _watch: 1.0,
        _headphones: 1.0, _umbrella: 1.0, _tie: 0.4,
    }  # fmt: skip
    return stand(draw(rng, kinds))


def dome(radius: float, tall: float, wall: float, low: float = 0.0, pieces: int = 7) -> Solids:
    """Return a hollow half of an ellipsoid that opens downwards.

    Args:
        radius: of its rim, at y = ``low``.
        tall: from the rim to the top.
        wall: its thickness.
        low: height of the rim.
        pieces: shells it is made of.
    """
    angle = np.linspace(0.04, math.pi / 2, pieces + 1)
    profile = np.stack([radius * np.sin(angle), tall * (1 - np.cos(angle))], 1)
    return moved(turned(vessel(profile, wall, wall), roll(180)), (0, low + tall, 0))


def _helmet(rng: Rng) -> Solids:
    tall, wall = uniform(rng, 0.85, 1.2), uniform(rng, 0.06, 0.14)
    style = pick(rng, "worker", "rider", "soldier", "cyclist", "viking", "football")
    solids = dome(1.0, tall, wall)
    if style == "worker":
        solids += vessel([(1.12, -0.05), (1.05, 0.05)], 0.2, 0)
        solids += [
            ellipsoid((0.7, 0.06, 0.6), (0, 0, 0.9)),
            *sweep(arc((0, 0, 0), 1.02 * max(tall, 1) * 0.98, 30, 150, FRONT, UP, 6), 0.07),
        ]
    elif style in ("rider", "football"):
        low = uniform(rng, 0.5, 0.8)
        jaw = vessel([(0.92, -low), (1.0, 0.02)], wall, 0)
        if style == "rider":
            solids += jaw
            solids += [
                ellipsoid((0.75, 0.3, 0.3), (0, 0.1, 0.85)),
                ellipsoid((0.5, 0.3, 0.25), (0, -low + 0.1, 0.85)),
            ]
        else:
            solids += mirrored(
                box((wall, low, 0.9), (0.95, -low / 2, -0.15)),
                *sweep([(0.95, -0.2, 0.3), (0.5, -0.3, 1.15), (0, -0.3, 1.25)], 0.05),
                *sweep([(0.95, -0.6, 0.25), (0.5, -0.6, 1.1), (0, -0.6, 1.2)], 0.05),
            )
            solids += mirrored(*sweep([(0.35, -0.3, 1.18), (0.35, -0.6, 1.15)], 0.05))
            solids += [box((1.9, 0.5 * low, wall), (0, -0.2 * low, -0.5))]
    elif style == "soldier":
        solids += vessel([(1.2, -0.3), (1.1, -0.12), (0.99, 0.03)], wall, 0)
    elif style == "cyclist":
        angle = np.radians(np.linspace(15, 165, 7))
        for x in np.linspace(-0.6, 0.6, count(rng, 3, 5)):
            reach = math.sqrt(1 - x * x)
            rib = xyz(x, tall * reach * np.sin(angle), reach * np.cos(angle))
            solids += sweep(rib, uniform(rng, 0.08, 0.12))
    else:
        horn = [(0.85, 0.35, 0), (1.4, 0.4, 0), (1.7, 0.9, 0), (1.65, 1.4, 0)]
        solids += mirrored(*sweep(horn, [0.24, 0.2, 0.13, 0.03]))
        solids += vessel([(1.05, -0.1), (1.05, 0.15)], 0.15, 0)
    if chance(rng, 0.25):
        bow = arc((0, 0, 0), 0.93, 180, 360, RIGHT, UP, 6)
        solids += sweep(bow, 0.05)
    return solids


def _cap(rng: Rng) -> Solids:
    tall = uniform(rng, 0.7, 1.05)
    solids = dome(1.0, tall, uniform(rng, 0.05, 0.1))
    reach = uniform(rng, 0.6, 0.95)
    # The peak is a crescent before the rim: a row of prisms.
    angle = np.linspace(0.12, 0.88, 7) * math.pi
    rim = 0.95 * np.stack([np.cos(angle), -np.sin(angle)], 1)
    edge = rim - np.stack([0 * angle, reach * np.sin(angle)], 1)
    for k in range(6):
        piece = np.array([rim[k], edge[k], edge[k + 1], rim[k + 1]])
        solids += extrude(piece, 0.06, (0, 0.03, 0), tilt(-90))
    return [*solids, ellipsoid((0.1, 0.08, 0.1), (0, tall, 0))]


def _hat(rng: Rng) -> Solids:
    tall, brim = uniform(rng, 0.7, 1.8), uniform(rng, 1.25, 2.2)
    style = pick(rng, "top", "bowler", "cowboy", "witch", "fez", "bobble", "straw")
    wall = uniform(rng, 0.05, 0.1)
    solids = vessel([(brim, -0.03), (brim, 0.03)], brim - 0.93, 0)
    if style == "witch":
        cone = smooth_profile([(1, 0), (0.5, 0.9), (0.05, 1.2 + tall)], 5)
        return solids + turned(
            moved(
                vessel([(r, 1.2 + tall - y) for r, y in cone[::-1]], wall, 0.2), (0, -1.2 - tall, 0)
            ),
            roll(180),
        )
    if style in ("bowler", "bobble"):
        solids = (
            solids if style == "bowler" else vessel([(1.06, 0), (1.06, 0.35)], 0.15, 0)
        ) + dome(1.0, max(tall, 0.8), wall)
        return [*solids, ball(0.3, (0, max(tall, 0.8) + 0.15, 0))] if style == "bobble" else solids
    top = uniform(rng, 0.7, 1.1)
    crown = [(top, 0.0), (1.0, tall)]
    crown_solids = moved(turned(vessel(crown, wall, wall), roll(180)), (0, tall, 0))
    if style == "fez":
        return crown_solids + sweep(
            xyz(
                (0, 0, 0.8 * top, 1.1 * top), (tall - 0.05, tall + 0.05, tall + 0.05, 0.5 * tall), 0
            ),
            0.04,
        )
    if style == "cowboy":
        solids = vessel([(1.4, -0.03), (1.4, 0.03)], 0.47, 0)
        wing = [box((0.5, 0.06, 1.6), (0.25, 0, 0))]
        solids += mirrored(*moved(turned(wing, roll(uniform(rng, 20, 50))), (1.25, 0, 0)))
    elif chance(rng, 0.5):
        solids += vessel([(1.03, 0.02), (1.0, 0.3)], 0.1, 0)
    return solids + crown_solids


def _last(length: float, wide: float) -> np.ndarray:
    """Return the outline of a sole, its heel at −y, its tip at y = length."""
    return np.array(
        [(0.7, 0), (0.85, 0.15), (0.7, 0.45), (1, 0.7), (0.8, 0.92), (0.3, 1.0), (-0.4, 0.99),
         (-0.85, 0.85), (-0.95, 0.65), (-0.75, 0.4), (-0.85, 0.15), (-0.7, 0)]
    ) * (wide / 2, length)  # fmt: skip


def _shoe(rng: Rng, boot: bool = False) -> Solids:
    length, wide = 2.6, uniform(rng, 0.8, 1.05)
    heel, sole = uniform(rng, 0, 0.3), uniform(rng, 0.12, 0.25)
    high = uniform(rng, 0.7, 1.1)
    if not boot and chance(rng, 0.25):
        return _pump(rng)
    solids = extrude(_last(length, wide), sole, (0, heel + sole / 2, 0), tilt(90))
    if heel > 0.1:
        solids += [box((0.75 * wide, heel + 0.05, 0.7), (0, heel / 2, 0.35))]
        solids += [
            beam((0, heel, 1.2), (0, 0.06, 2.0), 0.8 * wide, 0.12, RIGHT),
            box((0.8 * wide, 0.1, 0.5), (0, 0.05, 2.1)),
        ]
    y = heel + sole
    toe = uniform(rng, 0.32, 0.45)
    solids += [ellipsoid((0.46 * wide, toe, 0.75), (0, y, 1.85))]
    solids += sweep([(0, y + 0.15, 1.7), (0, y + 0.5 * high, 0.95)], [0.33, 0.36])
    wall = uniform(rng, 0.07, 0.12)
    # The leg: an oval tube around the ankle.
    low = vessel([(0.5, 0), (0.46, 0.5), (0.5, high)], wall, 0)
    solids += moved(low, (0, y - 0.02, 0.48)) + [
        frustum((0, y - 0.02, 0.48), (0, y + 0.08, 0.48), 0.48)
    ]
    for k in range(count(rng, 0, 4)):
        z = 1.5 - 0.16 * k
        solids += [capsule((-0.22, y + 0.42 + 0.09 * k, z), (0.22, y + 0.42 + 0.09 * k, z), 0.05)]
    return moved(solids, (0, 0, -length / 2))


def _pump(rng: Rng) -> Solids:
    """Make a shoe with a high heel, or a sandal or slipper."""
    heel = uniform(rng, 0.3, 1.1)
    wide, thick = 0.8, 0.1
    solids = [
        beam((0, heel, 0), (0, heel, 0.6), 0.55, thick, RIGHT),
        beam((0, heel, 0.55), (0, 0.07, 1.7), 0.5, thick, RIGHT),
        *extrude(_last(2.6, wide)[2:10], thick, (0, 0.05, 0), tilt(90)),
    ]
    solids += [frustum((0, 0, 0.12), (0, heel, 0.2), uniform(rng, 0.08, 0.2), 0.24)]
    solids += [ellipsoid((0.4, 0.28, 0.5), (0, 0.1, 2.0))]
    cup = vessel([(0.3, 0), (0.27, uniform(rng, 0.15, 0.35))], 0.07, 0)
    return solids + moved(cup, (0, heel - 0.05, 0.27))


def _boot(rng: Rng) -> Solids:
    solids = _shoe(rng, boot=True)
    high = uniform(rng, 1.6, 2.6)
    leg = vessel([(0.48, 0), (uniform(rng, 0.45, 0.6), high)], uniform(rng, 0.06, 0.1), 0)
    return solids + moved(leg, (0, 0.3, -0.82))


def _handbag(rng: Rng) -> Solids:
    wide, tall, deep = uniform(rng, 1.2, 2.2), uniform(rng, 0.8, 1.6), uniform(rng, 0.3, 0.8)
    narrow = uniform(rng, 0.05, 1.0)
    side = np.array(
        [(-deep / 2, 0), (deep / 2, 0), (narrow * deep / 2, tall), (-narrow * deep / 2, tall)]
    )
    solids = moved(extrude(side, wide), azimuth=90)
    high, thick = (
        pick(rng, uniform(rng, 0.25, 0.6), uniform(rng, 0.6, 1.6)),
        uniform(rng, 0.05, 0.1),
    )
    bow = [
        (0.3 * wide * x, tall + high * y, 0)
        for x, y in ((-1, -0.1), (-0.85, 0.6), (-0.4, 1), (0.4, 1), (0.85, 0.6), (1, -0.1))
    ]
    z = narrow * deep / 2 * 0.8
    for step in (-z, z) if chance(rng, 0.6) else (0,):
        solids += moved(
            sweep(bow, thick / 2)
            if chance(rng, 0.6)
            else strip(bow, 2 * thick, 0.6 * thick, FRONT),
            (0, 0, step),
        )
    if chance(rng, 0.5):  # a flap
        z = 0.5 * deep * (narrow + 0.4 * (1 - narrow))
        solids += [
            beam((0, tall, narrow * deep / 2), (0, 0.6 * tall, z + 0.03), 0.95 * wide, 0.06, RIGHT),
            box((0.2, 0.15, 0.1), (0, 0.62 * tall, z + 0.03)),
        ]
    return solids


def _rucksack(rng: Rng) -> Solids:
    wide, tall, deep = uniform(rng, 0.9, 1.2), uniform(rng, 1.3, 1.8), uniform(rng, 0.5, 0.7)
    solids = rounded_box((wide, tall, deep), 0.22, (0, tall / 2, 0))
    solids += rounded_box((0.75 * wide, 0.45 * tall, 0.35), 0.12, (0, 0.3 * tall, deep / 2 + 0.1))
    if chance(rng, 0.6):
        solids += [ellipsoid((0.52 * wide, 0.16, 0.6 * deep), (0, tall - 0.04, 0.05))]
    if chance(rng, 0.4):
        solids += [capsule((-0.5 * wide, tall + 0.1, 0), (0.5 * wide, tall + 0.1, 0), 0.2)]
    x = 0.28 * wide
    strap = xyz(
        (x, x, 1.2 * x, 1.2 * x),
        (0.95 * tall, 0.85 * tall, 0.4 * tall, 0.12 * tall),
        (-deep / 2 + 0.05, -deep / 2 - 0.25, -deep / 2 - 0.22, -deep / 2 + 0.05),
    )
    return (
        solids
        + mirrored(*strip(strap, 0.18, 0.06, RIGHT))
        + sweep(
            xyz(
                (-0.12, -0.1, 0.1, 0.12), (tall - 0.05, tall + 0.15, tall + 0.15, tall - 0.05), -0.2
            ),
            0.03,
        )
    )


def _suitcase(rng: Rng) -> Solids:
    wide, tall, deep = uniform(rng, 1, 1.8), uniform(rng, 1, 1.8), uniform(rng, 0.35, 0.6)
    solids = rounded_box((wide, tall, deep), uniform(rng, 0.05, 0.15), (0, tall / 2 + 0.08, 0))
    top = tall + 0.08
    high = pick(rng, uniform(rng, 0.12, 0.25), uniform(rng, 0.6, 1.1))
    solids += sweep(
        xyz((-0.25, -0.25, 0.25, 0.25), (top - 0.05, top + high, top + high, top - 0.05), 0), 0.045
    )
    for x in np.linspace(-0.35, 0.35, pick(rng, 0, 2, 5)) * wide:
        solids += [box((0.07, 0.9 * tall, deep + 0.08), (x, tall / 2 + 0.08, 0))]
    wheel = [frustum((0.35 * wide, 0.08, 0.3 * deep), (0.45 * wide, 0.08, 0.3 * deep), 0.1)]
    return solids + corners(*wheel)


def _glasses(rng: Rng) -> Solids:
    r, t = uniform(rng, 0.5, 0.7), uniform(rng, 0.05, 0.12)
    x, flat = r + uniform(rng, 0.15, 0.3), uniform(rng, 0.6, 1)
    round_ones, lenses = chance(rng, 0.5), chance(rng, 0.5)
    if round_ones:
        rim = [torus(r, t, (x, 0, 0), FRONT)]
        rim += [frustum((x, 0, -0.03), (x, 0, 0.03), r)] if lenses else []
    else:
        corners = np.array([(-1, 0.8), (1, 1), (0.8, -1), (-0.7, -0.8), (-1, 0.8)]) * r
        rim = sweep([(x + a, flat * b, 0) for a, b in corners], t)
        rim += [box((1.5 * r, 1.5 * r * flat, 0.05), (x, 0, 0))] if lenses else []
    long = uniform(rng, 1.6, 2.2)
    temple = xyz(
        (x + r, x + r + 0.12, x + r, x + r - 0.1),
        (0.35 * r, 0.35 * r, 0.35 * r, -0.3),
        (0, -0.2, -long, -long - 0.5),
    )
    solids = mirrored(*rim, *sweep(temple, 0.8 * t))
    return solids + sweep([(-x + r, 0.1, 0), (0, 0.2, 0.03), (x - r, 0.1, 0)], t)


def _glove(rng: Rng) -> Solids:
    """Make a glove or a hand: a palm, four fingers, a thumb."""
    solids = rounded_box((1.0, 1.1, 0.4), 0.18, (0, 0.55, 0))
    spread, curl = uniform(rng, 2, 12), uniform(rng, 0, 0.5)
    for k, long in enumerate((0.75, 0.95, 1.0, 0.85)):
        x, lean = 0.36 - 0.24 * k, math.radians(spread * (1.5 - k))
        base = point(x, 0.95, 0)
        tip = base + long * point(math.sin(lean), math.cos(lean) * (1 - 0.4 * curl), curl)
        solids += sweep([base, (base + tip) / 2 + (0, 0.1 * curl, 0), tip], [0.15, 0.14, 0.12])
    solids += sweep([(0.35, 0.3, 0), (0.75, 0.65, 0.1), (0.85, 1.0, 0.2)], [0.2, 0.18, 0.14])
    if chance(rng, 0.7):
        solids += [column(-uniform(rng, 0.2, 1.0), 0.2, uniform(rng, 0.28, 0.5), 0.3)]
    return turned(solids, tilt(90)) if chance(rng, 0.4) else solids


def _shirt(rng: Rng) -> Solids:
    wide, tall, deep = 1.0, uniform(rng, 1.2, 2.2), uniform(rng, 0.3, 0.5)
    waist = uniform(rng, 0.8, 1.4)
    side = xy(
        (0.16, 0.5 * wide, 0.46 * wide, 0.5 * waist), (tall + 0.05, tall - 0.1, 0.5 * tall, 0)
    )
    solids = extrude(both_sides(np.array(side)), deep)
    long, droop = uniform(rng, 0.35, 1.1), uniform(rng, 0.1, 0.9)
    end = point(0.45 + long * math.cos(droop), tall - 0.25 - long * math.sin(droop), 0)
    solids += mirrored(frustum((0.35, tall - 0.25, 0), end, 0.24 * deep / 0.4, 0.17))
    return solids + vessel([(0.22, tall - 0.08), (0.2, tall + 0.12)], 0.06, 0)


def _trousers(rng: Rng) -> Solids:
    long, wide = uniform(rng, 0.6, 2.2), uniform(rng, 0.2, 0.3)
    x = uniform(rng, 0.2, 0.4)
    leg = vessel([(wide, 0), (wide, long)], 0.05, 0, (x, 0, 0), (0.2 - x, long, 0))
    return [
        *mirrored(*leg),
        ellipsoid((0.48, 0.3, 0.3), (0, long + 0.05, 0)),
        *vessel([(0.4, long), (0.36, long + 0.4)], 0.05, 0),
    ]


def _watch(rng: Rng) -> Solids:
    r, wide = uniform(rng, 0.45, 0.6), uniform(rng, 0.3, 0.45)
    band = vessel([(1, -wide / 2), (1, wide / 2)], uniform(rng, 0.07, 0.13), 0, (0, 0, 0), RIGHT)
    case = [
        column(0.92, 1.2, r),
        torus(r, 0.06, (0, 1.2, 0)),
        frustum((0, 1.08, 0), (r + 0.14, 1.08, 0), 0.08),
    ]
    for angle in (uniform(rng, 0, 360), uniform(rng, 0, 360)):
        case += moved([box((0.07, 0.06, 0.6 * r), (0, 1.21, 0.3 * r))], azimuth=angle)
    return band + case


def _headphones(rng: Rng) -> Solids:
    bow = arc((0, 0, 0), 1.0, 0, 180, RIGHT, UP, 10)
    solids = sweep(bow, 0.08) if chance(rng, 0.5) else strip(bow, 0.25, 0.09, FRONT)
    r = uniform(rng, 0.35, 0.55)
    cup = [
        frustum((0.85, -0.1, 0), (1.12, -0.1, 0), r, 0.85 * r),
        torus(0.8 * r, 0.13, (0.82, -0.1, 0), RIGHT),
    ]
    return solids + mirrored(*cup)


def _umbrella(rng: Rng) -> Solids:
    if chance(rng, 0.4):  # folded
        solids = lathe([(0.1, 0), (0.22, 1.2), (0.06, 1.4)])
    else:
        deep = uniform(rng, 0.4, 0.7)
        solids = dome(1.3, deep, 0.06, 0.9 + 0.6 - deep)
    solids += sweep(
        [(0.3, -0.9, 0), (0.22, -1.05, 0), (0.1, -1.08, 0), (0, -0.95, 0), (0, 1.6, 0)], 0.045
    )
    return turned(solids, tilt(pick(rng, 0, 0, 90)))


def _tie(rng: Rng) -> Solids:
    blade = np.array([(-0.14, 0), (0.14, 0), (0.3, -2.2), (0, -2.5), (-0.3, -2.2)])
    solids = extrude(blade, 0.1) + [box((0.3, 0.4, 0.25), (0, 0.1, 0))]
    solids += [torus(0.45, 0.08, (0, 0.3, -0.4), UP)]
    return turned(solids, tilt(pick(rng, 0, 90)))
