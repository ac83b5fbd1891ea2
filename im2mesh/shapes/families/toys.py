"""Toys."""

from __future__ import annotations

import math

import numpy as np

from im2mesh.shapes.families.animals import quadruped
from im2mesh.shapes.kit.axes import FRONT, UP, roll
from im2mesh.shapes.kit.bars import arc, ball, column, point, sweep
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, pick, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored, moved, stand, turned
from im2mesh.shapes.kit.outlines import extrude, xy
from im2mesh.shapes.kit.profiles import lathe, smooth_profile
from im2mesh.shapes.kit.soft import rounded_box
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import box, capsule, ellipsoid, frustum, torus


def toy(rng: Rng) -> Shape:
    """Draw blocks, a teddy bear, a duck, a robot, a rocking horse, a ball, a top and the like."""
    kinds: dict[Make, float] = {
        _blocks: 2.0, _brick: 1.0, _teddy: 2.0, _duck: 1.5, _robot: 2.0, _rocking: 1.0, _top: 1.0,
        _ball: 0.8, _stack: 1.0, _doll: 1.0, _cart: 1.0, _dice: 0.6, _house: 1.2, _chess: 1.2,
        _snowman: 0.7,
    }  # fmt: skip
    return stand(draw(rng, kinds))


def _blocks(rng: Rng) -> Solids:
    solids: Solids = []
    y, wide = 0.0, 1.0
    for _ in range(count(rng, 3, 6)):
        tall = uniform(rng, 0.3, 0.7)
        if chance(rng, 0.25):  # a gate
            solids += mirrored(box((0.3, tall, 0.45), (0.42, y + tall / 2, 0)))
            solids += [box((1.2, 0.25, 0.45), (0, y + tall + 0.12, 0))]
            y += tall + 0.24
            continue
        wide = uniform(rng, 0.5, 1.1)
        turn, aside = uniform(rng, -25, 25), uniform(rng, -0.12, 0.12)
        one = pick(
            rng, [box((wide, tall, uniform(rng, 0.4, 0.7)))], [column(-tall / 2, tall / 2, 0.35)]
        )
        solids += moved(one, (aside, y + tall / 2, 0), turn)
        y += 0.997 * tall
    roof = pick(rng, "cone", "gable", "ball", "none")
    if roof == "cone":
        solids += [column(y - 0.01, y + 0.6, 0.4, 0.02)]
    elif roof == "gable":
        solids += extrude(np.array([(-0.5, 0), (0.5, 0), (0, 0.5)]), 0.5, (0, y - 0.01, 0))
    elif roof == "ball":
        solids += [ball(0.3, (0, y + 0.27, 0))]
    return solids


def _brick(rng: Rng) -> Solids:
    """Make a building brick with studs, or a few of them."""
    solids: Solids = []
    y = 0.0
    for _ in range(pick(rng, 1, 1, 2, 3)):
        columns, rows, tall = count(rng, 1, 4), count(rng, 1, 2), pick(rng, 0.4, 1.2)
        x0 = count(rng, -1, 1) * 0.5 * (y > 0)
        solids += [box((columns, tall, rows), (x0, y + tall / 2, 0))]
        y += tall
        for i in range(columns):
            for j in range(rows):
                at = point(x0 + i - (columns - 1) / 2, y - 0.02, j - (rows - 1) / 2)
                solids += [frustum(at, at + (0, 0.24, 0), 0.3)]
    return solids


def _teddy(rng: Rng) -> Solids:
    belly, head = uniform(rng, 0.5, 0.7), uniform(rng, 0.36, 0.5)
    ear = uniform(rng, 0.14, 0.22)
    y = 1.2 * belly + 0.75 * head
    solids = [
        ellipsoid((belly, 1.2 * belly, 0.9 * belly)),
        ellipsoid((head, 0.92 * head, 0.9 * head), (0, y, 0.05)),
        ellipsoid((0.5 * head, 0.4 * head, 0.5 * head), (0, y - 0.15 * head, 0.8 * head)),
        ellipsoid((0.12, 0.1, 0.1), (0, y, 1.25 * head)),
    ]
    solids += mirrored(
        ellipsoid(
            (ear, ear if chance(rng, 0.7) else 3 * ear, 0.6 * ear), (0.7 * head, y + 0.75 * head, 0)
        )
    )
    raise_by = uniform(rng, -0.5, 0.5)
    solids += mirrored(
        *sweep(
            [(0.7 * belly, 0.6 * belly, 0), (1.3 * belly, 0.4 * belly + raise_by, 0.35)],
            [0.24, 0.2],
        )
    )
    if chance(rng, 0.7):
        return solids + mirrored(
            capsule((0.5 * belly, -0.85 * belly, 0.1), (0.75 * belly, -0.95 * belly, 0.95), 0.25),
            ellipsoid((0.24, 0.3, 0.15), (0.77 * belly, -0.85 * belly, 1.1)),
        )
    return solids + mirrored(
        capsule((0.45 * belly, -0.8 * belly, 0), (0.5 * belly, -1.7 * belly, 0), 0.25),
        ellipsoid((0.22, 0.15, 0.32), (0.5 * belly, -1.95 * belly, 0.1)),
    )


def _duck(rng: Rng) -> Solids:
    head, y = uniform(rng, 0.35, 0.5), uniform(rng, 0.75, 1.0)
    solids = [ellipsoid((0.65, 0.5, 0.9), (0, 0.35, 0)), ball(head, (0, y + 0.25, 0.5))]
    solids += [
        ellipsoid((0.22, 0.07, 0.25), (0, y + 0.18, 0.55 + head)),
        capsule((0, 0.4, 0.4), (0, y, 0.5), 0.28),
    ]
    solids += sweep([(0, 0.45, -0.6), (0, 0.85, -1.05)], [0.3, 0.08])
    return solids + mirrored(ellipsoid((0.12, 0.25, 0.45), (0.62, 0.45, -0.1)))


def _robot(rng: Rng) -> Solids:
    wide, tall, deep = uniform(rng, 0.7, 1.2), uniform(rng, 0.7, 1.2), uniform(rng, 0.4, 0.7)
    head, leg = uniform(rng, 0.4, 0.7), uniform(rng, 0.4, 0.9)
    solids = (
        rounded_box((wide, tall, deep), 0.08, (0, 0, 0))
        if chance(rng, 0.4)
        else [box((wide, tall, deep))]
    )
    y = tall / 2 + head / 2 + 0.1
    solids += [column(tall / 2 - 0.02, y, 0.13)]
    solids += (
        [box((1.2 * head, head, head), (0, y, 0))]
        if chance(rng, 0.7)
        else [ball(0.6 * head, (0, y, 0))]
    )
    solids += mirrored(
        frustum((0.28 * head, y + 0.1, 0.3 * head), (0.28 * head, y + 0.1, 0.6 * head), 0.12 * head)
    )
    if chance(rng, 0.6):
        solids += [column(y + 0.4 * head, y + head, 0.03), ball(0.07, (0, y + head, 0))]
    shoulder, fore = point(wide / 2 + 0.08, 0.3 * tall, 0), uniform(rng, 0.0, 0.9)
    elbow = shoulder + (0.1, -0.45, 0.1)
    solids += mirrored(
        *sweep([shoulder - (0.15, 0, 0), shoulder, elbow, elbow + (0, -0.4 + fore, fore)], 0.1),
        ball(0.15, elbow + (0, -0.4 + fore, fore)),
    )
    if chance(rng, 0.25):  # on tracks
        return solids + mirrored(
            box((0.25, 0.4, 1.3 * deep + 0.2), (0.35 * wide, -tall / 2 - 0.15, 0))
        )
    foot = -tall / 2 - leg
    return solids + mirrored(
        box((0.24, leg + 0.1, 0.26), (0.27 * wide, -tall / 2 - leg / 2, 0)),
        box((0.3, 0.16, 0.5), (0.27 * wide, foot, 0.08)),
    )


def _rocking(rng: Rng) -> Solids:
    shape = Shape.of(*quadruped(rng))
    shape = shape.transformed(offset=(0, -float(shape.bounds()[0, 1]) + 0.12, 0))
    long = float(shape.bounds()[1, 2] - shape.bounds()[0, 2])
    r, half = 1.2 * long, 0.5 * float(shape.bounds()[1, 0])
    turn = math.degrees(math.asin(min(0.62 * long / r, 0.9)))
    runner = arc((max(half, 0.2), r, 0), r, -turn, turn, -UP, FRONT, 8)
    rails = mirrored(*sweep([p + (0, 0.08, 0) for p in runner], 0.07))
    rails += [
        capsule((-max(half, 0.2), 0.12, z), (max(half, 0.2), 0.12, z), 0.06)
        for z in (-0.3 * long, 0.3 * long)
    ]
    legs = [capsule((0, 0.12, z), (0, 0.8, 0.6 * z), 0.05) for z in (-0.3 * long, 0.3 * long)]
    return [*shape.groups, *rails, *legs]


def _top(rng: Rng) -> Solids:
    tall = uniform(rng, 0.8, 1.6)
    solids = lathe(
        smooth_profile([(0.03, 0), (1, 0.55 * tall), (0.4, 0.85 * tall), (0.1, tall)], 9)
    )
    solids += [column(0.9 * tall, tall + uniform(rng, 0.3, 0.7), 0.1)]
    return turned(solids, roll(uniform(rng, 0, 50)))


def _ball(rng: Rng) -> Solids:
    """Make a ball, a rugby ball, a dumbbell or a shuttlecock."""
    style = pick(rng, "ball", "rugby", "dumbbell", "shuttle")
    if style == "dumbbell":
        r, long = uniform(rng, 0.3, 0.6), uniform(rng, 0.5, 1.2)
        return [
            frustum((-long, 0, 0), (long, 0, 0), 0.12),
            *mirrored(
                frustum((long - 0.2, 0, 0), (long + 0.3, 0, 0), r)
                if chance(rng, 0.5)
                else ball(r, (long, 0, 0))
            ),
        ]
    if style == "shuttle":
        return [ellipsoid((0.35, 0.3, 0.35)), *lathe([(0.32, 0.05), (0.95, 1.3)])]
    long = 1.0 if style == "ball" else uniform(rng, 1.3, 1.7)
    solids = [ellipsoid((1, 1, long))]
    if chance(rng, 0.4):
        solids += [torus(0.99, 0.03, (0, 0, 0), FRONT)]
    return solids


def _stack(rng: Rng) -> Solids:
    """Make rings on a peg."""
    r, tube = 0.75, 0.24
    solids = [column(0, 0.12, 1.05)]
    y = 0.1
    for _ in range(count(rng, 3, 6)):
        solids += [torus(max(r - tube, tube), tube, (0, y + tube, 0))]
        y += 1.85 * tube
        r, tube = 0.88 * r, 0.92 * tube
    return [*solids, column(0, y + 0.2, 0.2, 0.12), ball(0.22, (0, y + 0.25, 0))]


def _doll(rng: Rng) -> Solids:
    """Make a pawn-like figure or a nesting doll."""
    head, tall = uniform(rng, 0.3, 0.55), uniform(rng, 1.0, 1.8)
    skirt = smooth_profile([(uniform(rng, 0.5, 0.8), 0), (0.7, 0.35 * tall), (0.3, tall)], 8)
    solids = lathe(skirt) + [ball(head, (0, tall + 0.6 * head, 0))]
    if chance(rng, 0.4):
        solids += mirrored(*sweep([(0.3, 0.8 * tall, 0), (0.8, 0.5 * tall, 0.3)], 0.13))
    return solids


def _cart(rng: Rng) -> Solids:
    """Make a toy car or an animal on wheels."""
    wide, long, r = uniform(rng, 0.7, 1.0), uniform(rng, 1.5, 2.2), uniform(rng, 0.25, 0.4)
    y = r + 0.1
    if chance(rng, 0.6):
        side = xy(
            (-0.5, 0.5, 0.5, 0.3, 0.12, -0.25, -0.38, -0.5),
            (0, 0, 0.3, 0.35, 0.65, 0.65, 0.35, 0.3),
        )
        solids = moved(moved(extrude(side * (long, 1), wide), azimuth=-90), (0, y - 0.1, 0))
    else:
        solids = [box((wide, 0.15, long), (0, y, 0)), *moved(_duck(rng), (0, y + 0.1, 0))]
    wheels = [
        frustum((0.4 * wide, r, z * long), (0.4 * wide + 0.22, r, z * long), r)
        for z in (-0.32, 0.32)
    ]
    return solids + mirrored(*wheels)


def _dice(rng: Rng) -> Solids:
    solids = rounded_box((1, 1, 1), uniform(rng, 0.08, 0.25))
    spots = [(x, y) for x in (-0.26, 0.26) for y in (-0.26, 0.26)][: count(rng, 1, 4)]
    return (
        solids
        + [ellipsoid((0.1, 0.1, 0.06), (x, y, 0.5)) for x, y in spots]
        + [ellipsoid((0.06, 0.12, 0.12), (0.5, 0, 0))]
    )


def _house(rng: Rng) -> Solids:
    wide, tall, deep, roof = (
        uniform(rng, 0.8, 1.3),
        uniform(rng, 0.5, 1.1),
        uniform(rng, 0.8, 1.6),
        uniform(rng, 0.3, 0.8),
    )
    over = uniform(rng, 1.02, 1.25)
    gable = np.array([(-wide / 2 * over, 0), (wide / 2 * over, 0), (0, roof)])
    solids = [
        box((wide, tall, deep), (0, tall / 2, 0)),
        *extrude(gable, over * deep, (0, tall - 0.01, 0)),
        box((0.22, 0.45 * tall, 0.06), (uniform(rng, -0.25, 0.25) * wide, 0.22 * tall, deep / 2)),
    ]
    solids += mirrored(
        *[
            box((0.06, 0.25 * tall, 0.25), (wide / 2, 0.6 * tall, z))
            for z in (-0.25 * deep, 0.25 * deep)
        ]
    )
    if chance(rng, 0.6):
        solids += [
            box(
                (0.18, 0.5 * roof + 0.15, 0.18),
                (0.28 * wide, tall + 0.65 * roof, uniform(rng, -0.3, 0.3) * deep),
            )
        ]
    if chance(rng, 0.3):
        solids += [
            box((0.4, 1.6 * tall + roof, 0.4), (0.5 * wide, 0.8 * tall + roof / 2, -0.3 * deep)),
            frustum(
                (0.5 * wide, 1.58 * tall + roof, -0.3 * deep),
                (0.5 * wide, 1.6 * tall + roof + 0.5, -0.3 * deep),
                0.35,
                0.02,
            ),
        ]
    return solids


def _chess(rng: Rng) -> Solids:
    """Make a chessman, a skittle or a turned post."""
    tall = uniform(rng, 1.2, 2.4)
    solids = lathe([(0.55, 0), (0.55, 0.12), (0.42, 0.2)]) + lathe(
        smooth_profile([(0.42, 0.2), (0.2, 0.6 * tall), (0.25, tall)], 6)
    )
    solids += [torus(0.24, 0.07, (0, 0.92 * tall, 0))]
    style = pick(rng, "pawn", "bishop", "rook", "king", "queen")
    if style == "pawn":
        return [*solids, ball(0.32, (0, tall + 0.22, 0))]
    if style == "bishop":
        return solids + lathe(
            smooth_profile([(0.25, tall), (0.32, tall + 0.25), (0.06, tall + 0.65)], 6)
        )
    if style == "rook":
        solids += lathe([(0.25, tall - 0.02), (0.38, tall + 0.15), (0.38, tall + 0.3)])
        return solids + [
            s
            for k in range(6)
            for s in moved([box((0.2, 0.2, 0.14), (0, tall + 0.38, 0.31))], azimuth=60 * k)
        ]
    solids += lathe([(0.22, tall - 0.02), (0.38, tall + 0.45)])
    if style == "king":
        return [
            *solids,
            box((0.1, 0.45, 0.1), (0, tall + 0.6, 0)),
            box((0.3, 0.1, 0.1), (0, tall + 0.66, 0)),
        ]
    return [
        *solids,
        ellipsoid((0.3, 0.2, 0.3), (0, tall + 0.45, 0)),
        ball(0.1, (0, tall + 0.68, 0)),
    ]


def _snowman(rng: Rng) -> Solids:
    solids: Solids = []
    y, r = 0.0, 0.8
    for _ in range(pick(rng, 2, 3)):
        solids += [ellipsoid((r, 0.95 * r, r), (0, y + 0.9 * r, 0))]
        y += 1.6 * r
        last, r = r, r * uniform(rng, 0.65, 0.8)
    solids += [
        frustum((0, y - 0.75 * last, 0.8 * last), (0, y - 0.75 * last, 0.8 * last + 0.5), 0.1, 0.02)
    ]
    solids += lathe([(0.55, 0), (0.55, 0.06), (0.36, 0.07), (0.34, 0.5)], (0, y - 0.1, 0))
    return solids + mirrored(*sweep([(0.4, 1.4, 0), (1.3, 1.7, 0.1), (1.5, 2.0, 0.1)], 0.05))
