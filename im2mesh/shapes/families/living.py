"""Families of living things and their likenesses: animal, figure, toy."""

from __future__ import annotations

import math

import numpy as np

from im2mesh.shapes.families.generators import (
    extrude,
    lathe,
    rounded_box,
    smooth_profile,
    sweep,
)
from im2mesh.shapes.families.parts import (
    FRONT,
    UP,
    Make,
    arc,
    chance,
    count,
    draw,
    log_uniform,
    mirrored,
    moved,
    pick,
    roll,
    stand,
    tilt,
    turned,
    uniform,
    xy,
    xyz,
)
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import Primitives, box, capsule, ellipsoid, frustum, torus

# --- animal -----------------------------------------------------------------------------------


def animal(rng: np.random.Generator) -> Shape:
    """Draw a quadruped, a bird, a fish, a snake, a turtle, an insect or an elephant."""
    kinds: dict[Make, float] = {
        _quadruped: 5.0, _bird: 2.0, _fish: 2.0, _snake: 0.7, _turtle: 1.0, _insect: 1.0,
        _elephant: 1.0, _octopus: 0.5, _snail: 0.5,
    }  # fmt: skip
    return stand(*draw(rng, kinds))


def _quadruped(rng: np.random.Generator) -> list[Primitives]:
    """Make a dog, a cat, a horse, a pig, a cow, a giraffe: it looks towards +z."""
    long, girth = uniform(rng, 1.2, 2.4), uniform(rng, 0.25, 0.55)
    leg, thin = log_uniform(rng, 0.4, 1.8), uniform(rng, 0.07, 0.15)
    neck, rise = log_uniform(rng, 0.25, 1.5), uniform(rng, 0.2, 1.3)
    high, half = leg + 0.7 * girth, long / 2
    waist = uniform(rng, 0.7, 1.0) * girth
    solids = sweep(
        [(0, high, -half + girth), (0, high + 0.03, 0), (0, high, half - girth)],
        [girth, waist, girth],
    )
    reach = np.array((0, math.sin(rise), math.cos(rise))) * neck
    chest = np.array((0, high + 0.2 * girth, half - girth))
    nape = chest + reach + (0, 0.3 * girth, 0.4 * girth)
    solids += sweep([chest, nape], [0.75 * girth, 0.5 * girth])
    head = uniform(rng, 0.55, 0.85) * girth
    snout = uniform(rng, 0.6, 1.8) * head
    tip = nape + (0, -uniform(rng, 0.1, 0.6) * snout, head * 0.3 + snout)
    solids += [
        ellipsoid((0.85 * head, 0.9 * head, head), nape),
        *sweep([nape, tip], [0.7 * head, uniform(rng, 0.3, 0.55) * head]),
    ]
    style = pick(rng, "pointed", "round", "hanging", "horns")
    side = nape + (0.55 * head, 0.6 * head, -0.2 * head)
    if style == "horns":
        horn = [
            side,
            side + (0.3 * head, 0.6 * head, 0),
            side + (0.2 * head, 1.3 * head, 0.2 * head),
        ]
        solids += mirrored(sweep(horn, [0.22 * head, 0.16 * head, 0.05 * head]))
    elif style == "round":
        solids += mirrored([ellipsoid((0.35 * head, 0.35 * head, 0.12 * head), side)])
    elif style == "pointed":
        solids += mirrored(
            [
                frustum(
                    side,
                    side + (0.1 * head, log_uniform(rng, 0.5, 1.6) * head, 0),
                    0.3 * head,
                    0.05 * head,
                )
            ]
        )
    else:
        solids += mirrored(
            [ellipsoid((0.15 * head, 0.6 * head, 0.3 * head), side + (0.25 * head, -0.5 * head, 0))]
        )
    x, sway = 0.6 * girth, uniform(rng, -0.3, 0.3)
    for z, bend in ((half - girth, 0.1), (-half + girth, -0.12)):
        for s in (-1, 1):
            step = s * sway * leg * (1 if z > 0 else -1) * pick(rng, 0, 1)
            joints = [
                (s * x, high - 0.2 * girth, z),
                (s * x, 0.45 * leg, z + bend * leg + 0.5 * step),
                (s * x, thin, z + step),
            ]
            solids += sweep(joints, [0.5 * girth, 1.2 * thin, thin])
            solids += [
                ellipsoid(
                    (1.1 * thin, 0.7 * thin, 1.5 * thin), (s * x, 0.7 * thin, z + step + 0.5 * thin)
                )
            ]
    tail, droop = log_uniform(rng, 0.15, 1.2), uniform(rng, -1.2, 1.0)
    root = np.array((0, high + 0.5 * girth, -half + 0.2 * girth))
    end = root + tail * np.array((0, math.sin(droop), -math.cos(droop)))
    return solids + sweep(
        [root, (root + end) / 2 + (0, 0.15 * tail, -0.1 * tail), end],
        [0.12 * girth + 0.04, 0.08, 0.05],
    )


def _bird(rng: np.random.Generator) -> list[Primitives]:
    long, girth = uniform(rng, 0.7, 1.1), uniform(rng, 0.35, 0.55)
    leg = log_uniform(rng, 0.15, 1.6)
    high, lean = leg + girth, uniform(rng, 0, 60)
    solids = moved(turned([ellipsoid((girth, girth, long))], tilt(-lean)), (0, high, 0))
    front = np.array(
        (0, math.sin(math.radians(lean)), math.cos(math.radians(lean)))
    ) * 0.75 * long + (0, high, 0)
    neck = log_uniform(rng, 0.2, 1.3)
    head = front + (0, neck, uniform(rng, 0.1, 0.4))
    r = uniform(rng, 0.45, 0.65) * girth
    solids += sweep(
        [front, (front + head) / 2 + (0, 0, 0.1 * neck), head], [0.7 * girth, 0.6 * r, 0.7 * r]
    )
    beak = head + (0, -0.1, r + log_uniform(rng, 0.15, 0.8))
    solids += [ellipsoid((r, r, r), head), frustum(head, beak, 0.5 * r, 0.05)]
    back = np.array((0, high, 0)) * 2 - front
    solids += sweep(
        [back + (0, 0, 0.3), back - (0, uniform(rng, -0.3, 0.2), uniform(rng, 0.3, 0.9))],
        [0.22, 0.12],
    )
    if chance(rng, 0.35):  # it flies
        span = uniform(rng, 1.0, 1.8)
        wing = np.array([(0, -0.4), (0, 0.4), (0.5 * span, 0.45), (span, 0.0), (0.6 * span, -0.25)])
        lift = roll(uniform(rng, -5, 30))
        return solids + mirrored(
            moved(turned(turned(extrude(wing, 0.08), tilt(90)), lift), (0.5 * girth, high + 0.1, 0))
        )
    solids += mirrored(
        moved(
            turned([ellipsoid((0.12, 0.7 * girth, 0.8 * long))], tilt(-lean)),
            (0.93 * girth, high, -0.1),
        )
    )
    foot = [(0.4 * girth, high - 0.6 * girth, 0), (0.4 * girth, 0.04, 0), (0.4 * girth, 0.04, 0.3)]
    solids += mirrored(
        [
            *sweep(foot, 0.05),
            capsule(foot[1], (0.6 * girth, 0.04, 0.25), 0.04),
            capsule(foot[1], (0.2 * girth, 0.04, 0.25), 0.04),
        ]
    )
    if chance(rng, 0.25):
        solids += [ellipsoid((0.06, 0.25, 0.25), head + (0, r, 0))]
    return solids


def _fish(rng: np.random.Generator) -> list[Primitives]:
    long, tall, wide = uniform(rng, 1.2, 2.2), uniform(rng, 0.3, 0.9), uniform(rng, 0.18, 0.5)
    thick = 0.07
    solids: list[Primitives] = [ellipsoid((wide, tall, long))]
    end = -long + 0.15
    solids += [ellipsoid((0.5 * wide, 0.4 * tall, 0.6 * long), (0, 0, -0.55 * long))]
    fork, fin = uniform(rng, 0.2, 0.6), uniform(rng, 0.5, 1.0)
    tail = xy(
        (end + 0.1, end - fin, end - fin + fork * fin, end - fin, end + 0.1),
        (0.1, tall, 0, -tall, -0.1),
    )
    fluke = moved(extrude(tail, thick), azimuth=-90)
    solids += turned(fluke, roll(90)) if chance(rng, 0.25) else fluke  # a whale's lies flat
    top = uniform(rng, 0.3, 0.8) * tall + 0.1
    dorsal = np.array(
        [(0.4, 0.7 * tall), (-0.5, 0.7 * tall), (uniform(rng, -0.6, -0.2), 0.8 * tall + top)]
    )
    solids += moved(extrude(dorsal * (long / 2, 1), thick), azimuth=-90)
    side = np.array([(0, -0.2), (0, 0.25), (uniform(rng, 0.4, 0.9), -0.5)])
    solids += mirrored(
        moved(
            turned(turned(extrude(side, thick), tilt(90)), roll(-uniform(rng, 10, 50))),
            (0.7 * wide, -0.2 * tall, 0.3 * long),
        )
    )
    return solids


def _snake(rng: np.random.Generator) -> list[Primitives]:
    t = np.linspace(0, 1, 22)
    turns, wide = uniform(rng, 1, 2.5), uniform(rng, 0.2, 0.6)
    if chance(rng, 0.4):  # coiled
        r = 0.25 + 0.6 * t
        points = np.stack([r * np.cos(9 * t * turns), 0.6 - 0.55 * t, r * np.sin(9 * t * turns)], 1)
    else:
        points = np.stack([wide * np.sin(2 * math.pi * turns * t), 0 * t, 2.5 * t], 1)
    radii = uniform(rng, 0.09, 0.16) * np.minimum(1, 0.3 + 4 * (1 - t))
    return [*sweep(list(points), list(radii)), ellipsoid((0.2, 0.13, 0.24), points[0])]


def _turtle(rng: np.random.Generator) -> list[Primitives]:
    high = uniform(rng, 0.45, 0.8)
    shell = lathe(smooth_profile([(1.05, 0), (1, 0.15), (0.7, 0.75 * high), (0.1, high)], 6))
    solids = moved(shell, (0, 0.25, 0)) + [frustum((0, 0.12, 0), (0, 0.3, 0), 0.85, 1.05)]
    solids += sweep([(0, 0.35, 0.8), (0, 0.5, 1.3)], [0.25, 0.3]) + sweep(
        [(0, 0.25, -0.9), (0, 0.15, -1.3)], [0.15, 0.05]
    )
    return solids + mirrored(
        [capsule((0.6, 0.25, z), (0.9, 0.05, 1.3 * z), 0.2) for z in (0.65, -0.65)]
    )


def _insect(rng: np.random.Generator) -> list[Primitives]:
    solids: list[Primitives] = []
    z, sizes = -0.8, [uniform(rng, 0.35, 0.6), uniform(rng, 0.25, 0.4), uniform(rng, 0.2, 0.3)]
    for r in sizes:
        z += r
        solids += [ellipsoid((0.8 * r, 0.75 * r, 1.15 * r), (0, 0.5, z))]
        z += 0.9 * r
    reach, r = uniform(rng, 0.7, 1.4), uniform(rng, 0.03, 0.06)
    for k in range(pick(rng, 3, 4)):
        base, out = -0.1 + 0.28 * k, (k - 1) * 0.5
        solids += mirrored(
            sweep(
                [
                    (0.1, 0.5, base),
                    (0.55 * reach, uniform(rng, 0.7, 1.1), base + 0.6 * out),
                    (reach, 0.05, base + out),
                ],
                r,
            )
        )
    solids += mirrored(sweep([(0.05, 0.6, z - 0.2), (0.2, 0.9, z + 0.2), (0.3, 0.8, z + 0.5)], r))
    if chance(rng, 0.4):
        wing = np.array([(0, 0), (1.2, 0.5), (1.5, 0.1), (1.1, -0.5)])
        solids += mirrored(
            moved(
                turned(turned(extrude(wing, 0.05), tilt(90)), roll(uniform(rng, 10, 50))),
                (0.05, 0.68, 0.25),
            )
        )
    return solids


def _elephant(rng: np.random.Generator) -> list[Primitives]:
    solids: list[Primitives] = [
        ellipsoid((0.62, 0.65, 0.95), (0, 1.25, 0)),
        ellipsoid((0.42, 0.48, 0.42), (0, 1.6, 1.05)),
    ]
    solids += mirrored([frustum((0.35, 0, z), (0.35, 1.1, z), 0.2, 0.24) for z in (0.55, -0.55)])
    trunk = xyz(
        0, (1.5, 1.0, 0.5, uniform(rng, 0.2, 0.9)), (1.35, 1.6, 1.6, 1.6 + uniform(rng, 0.1, 0.5))
    )
    solids += sweep(trunk, [0.22, 0.17, 0.13, 0.09])
    solids += mirrored(
        [
            ellipsoid((0.38, 0.45, 0.06), (0.62, 1.65, 0.9)),
            *sweep([(0.2, 1.35, 1.35), (0.28, 1.05, 1.7), (0.26, 1.1, 2.0)], [0.08, 0.07, 0.03]),
        ]
    )
    return solids + sweep([(0, 1.5, -0.9), (0, 1.0, -1.1)], 0.05)


def _octopus(rng: np.random.Generator) -> list[Primitives]:
    tall, arms = uniform(rng, 0.7, 1.2), count(rng, 5, 8)
    solids: list[Primitives] = [ellipsoid((0.55, tall, 0.55), (0, 0.5 + 0.7 * tall, 0))]
    for k in range(arms):
        one = xyz(
            (0, 0, uniform(rng, -0.3, 0.3), uniform(rng, -0.6, 0.6)),
            (0.5, 0.12, 0.12, uniform(rng, 0.1, 0.5)),
            (0.2, 0.7, 1.2, 1.6),
        )
        solids += moved(sweep(one, [0.25, 0.17, 0.12, 0.06]), azimuth=360 * k / arms)
    return solids


def _snail(rng: np.random.Generator) -> list[Primitives]:
    t = np.linspace(0, 1, 18)
    angle, r = 4.5 * math.pi * t, 0.6 * (1 - 0.85 * t)
    curl = np.stack([0.25 * t, 0.85 + r * np.sin(angle - 1.5), r * np.cos(angle - 1.5)], 1)
    solids = sweep(list(curl), list(0.32 * (1 - 0.7 * t)))
    solids += sweep(
        [(0, 0.1, -1.1), (0, 0.2, 0), (0, 0.22, 0.7), (0, 0.55, 1.1)], [0.06, 0.22, 0.22, 0.2]
    )
    return solids + mirrored(sweep([(0.08, 0.65, 1.15), (0.18, 1.0, 1.3)], 0.045))


# --- figure -----------------------------------------------------------------------------------


def figure(rng: np.random.Generator) -> Shape:
    """Draw a human being: standing, walking, sitting, with arms anywhere, at times on a base."""
    solids = body(rng)
    if chance(rng, 0.25):
        low = float(Shape.of(*solids).bounds()[0, 1])
        high = uniform(rng, 0.05, 0.6)
        base = pick(
            rng,
            box((0.9, high, 0.9), (0, low - high / 2 + 0.03, 0)),
            frustum((0, low - high + 0.03, 0), (0, low + 0.03, 0), 0.5),
        )
        solids += [base, box((0.4, 0.1, 0.5), (0, low + 0.03, 0.05))]
    return stand(*solids)


def body(rng: np.random.Generator) -> list[Primitives]:
    """Return a human body about 1.8 high, its hips at the origin, looking towards +z."""
    stout = uniform(rng, 0.75, 1.45)
    torso, head = uniform(rng, 0.5, 0.6), uniform(rng, 0.1, 0.13)
    hip, shoulder = 0.1 * stout, uniform(rng, 0.16, 0.23)
    top = np.array((0, torso, uniform(rng, -0.05, 0.12)))
    trunk = [capsule((-0.5 * hip, 0.02, 0), (0.5 * hip, 0.02, 0), 0.11 * stout)]
    trunk += sweep([(0, 0, 0), 0.5 * top, 0.85 * top], [0.13 * stout, 0.115 * stout, 0.14 * stout])
    trunk += [
        capsule(0.92 * top + (-shoulder, 0, 0), 0.92 * top + (shoulder, 0, 0), 0.065 * stout**0.5)
    ]
    crown = top + (0, 0.1 + head, 0.02)
    trunk += [capsule(0.9 * top, crown, 0.055), ellipsoid((0.8 * head, 1.15 * head, head), crown)]
    hat = pick(rng, "none", "none", "hair", "hat")
    if hat == "hair":
        trunk += [
            ellipsoid((0.95 * head, head, 1.05 * head), crown + (0, 0.25 * head, -0.2 * head))
        ]
    elif hat == "hat":
        trunk += lathe(
            [(0.2, 0), (0.2, 0.02), (0.1, 0.03), (0.09, 0.13)], crown + (0, 0.7 * head, 0)
        )
    sitting, stride = chance(rng, 0.2), uniform(rng, -35, 35) * pick(rng, 0, 1)
    thigh, shin = uniform(rng, 0.4, 0.46), uniform(rng, 0.4, 0.46)
    for side in (-1, 1):
        swing = math.radians(80 if sitting else side * stride)
        bend = math.radians(85 if sitting else max(0, -side * stride) * uniform(rng, 0.2, 1.5))
        root = np.array((side * hip, -0.02, 0))
        knee = root + thigh * np.array((side * 0.04, -math.cos(swing), math.sin(swing)))
        ankle = knee + shin * np.array((0, -math.cos(swing - bend), math.sin(swing - bend)))
        trunk += sweep([root, knee, ankle], [0.09 * stout, 0.065 * stout**0.5, 0.045])
        trunk += [ellipsoid((0.045, 0.04, 0.11), ankle + (0, -0.03, 0.06))]
        joint = 0.92 * top + (side * shoulder, 0, 0)
        out, fore, elbow = (
            math.radians(pick(rng, uniform(rng, 5, 25), uniform(rng, 5, 150))),
            uniform(rng, -0.5, 0.8),
            uniform(rng, 0, 2.0),
        )
        upper = np.array((side * math.sin(out), -math.cos(out), fore))
        upper /= np.linalg.norm(upper)
        lower = math.cos(elbow) * upper + math.sin(elbow) * np.array((0, 0.2, 1))
        lower /= np.linalg.norm(lower)
        hand = joint + 0.3 * upper + 0.27 * lower
        trunk += sweep([joint, joint + 0.3 * upper, hand], [0.055 * stout**0.5, 0.045, 0.033])
        trunk += [ellipsoid((0.035, 0.05, 0.05), hand + 0.04 * lower)]
    if chance(rng, 0.2):  # a skirt or a coat
        long = uniform(rng, 0.3, 0.75)
        trunk += lathe([(uniform(rng, 0.2, 0.35), -long), (0.12 * stout, 0.1)])
    return trunk


# --- toy --------------------------------------------------------------------------------------


def toy(rng: np.random.Generator) -> Shape:
    """Draw blocks, a teddy bear, a duck, a robot, a rocking horse, a ball, a top and the like."""
    kinds: dict[Make, float] = {
        _blocks: 2.0, _brick: 1.0, _teddy: 2.0, _duck: 1.5, _robot: 2.0, _rocking: 1.0, _top: 1.0,
        _ball: 0.8, _stack: 1.0, _doll: 1.0, _cart: 1.0, _dice: 0.6, _house: 1.2, _chess: 1.2,
        _snowman: 0.7,
    }  # fmt: skip
    return stand(*draw(rng, kinds))


def _blocks(rng: np.random.Generator) -> list[Primitives]:
    solids: list[Primitives] = []
    y, wide = 0.0, 1.0
    for _ in range(count(rng, 3, 6)):
        tall = uniform(rng, 0.3, 0.7)
        if chance(rng, 0.25):  # a gate
            solids += mirrored([box((0.3, tall, 0.45), (0.42, y + tall / 2, 0))])
            solids += [box((1.2, 0.25, 0.45), (0, y + tall + 0.12, 0))]
            y += tall + 0.24
            continue
        wide = uniform(rng, 0.5, 1.1)
        turn, aside = uniform(rng, -25, 25), uniform(rng, -0.12, 0.12)
        one = pick(
            rng,
            [box((wide, tall, uniform(rng, 0.4, 0.7)))],
            [frustum((0, -tall / 2, 0), (0, tall / 2, 0), 0.35)],
        )
        solids += moved(one, (aside, y + tall / 2, 0), turn)
        y += 0.997 * tall
    roof = pick(rng, "cone", "gable", "ball", "none")
    if roof == "cone":
        solids += [frustum((0, y - 0.01, 0), (0, y + 0.6, 0), 0.4, 0.02)]
    elif roof == "gable":
        solids += extrude(np.array([(-0.5, 0), (0.5, 0), (0, 0.5)]), 0.5, (0, y - 0.01, 0))
    elif roof == "ball":
        solids += [ellipsoid((0.3, 0.3, 0.3), (0, y + 0.27, 0))]
    return solids


def _brick(rng: np.random.Generator) -> list[Primitives]:
    """Make a building brick with studs, or a few of them."""
    solids: list[Primitives] = []
    y = 0.0
    for _ in range(pick(rng, 1, 1, 2, 3)):
        columns, rows, tall = count(rng, 1, 4), count(rng, 1, 2), pick(rng, 0.4, 1.2)
        x0 = count(rng, -1, 1) * 0.5 * (y > 0)
        solids += [box((columns, tall, rows), (x0, y + tall / 2, 0))]
        y += tall
        for i in range(columns):
            for j in range(rows):
                at = np.array((x0 + i - (columns - 1) / 2, y - 0.02, j - (rows - 1) / 2))
                solids += [frustum(at, at + (0, 0.24, 0), 0.3)]
    return solids


def _teddy(rng: np.random.Generator) -> list[Primitives]:
    belly, head = uniform(rng, 0.5, 0.7), uniform(rng, 0.36, 0.5)
    ear = uniform(rng, 0.14, 0.22)
    y = 1.2 * belly + 0.75 * head
    solids: list[Primitives] = [
        ellipsoid((belly, 1.2 * belly, 0.9 * belly)),
        ellipsoid((head, 0.92 * head, 0.9 * head), (0, y, 0.05)),
    ]
    solids += [
        ellipsoid((0.5 * head, 0.4 * head, 0.5 * head), (0, y - 0.15 * head, 0.8 * head)),
        ellipsoid((0.12, 0.1, 0.1), (0, y, 1.25 * head)),
    ]
    solids += mirrored(
        [
            ellipsoid(
                (ear, ear if chance(rng, 0.7) else 3 * ear, 0.6 * ear),
                (0.7 * head, y + 0.75 * head, 0),
            )
        ]
    )
    raise_by = uniform(rng, -0.5, 0.5)
    solids += mirrored(
        sweep(
            [(0.7 * belly, 0.6 * belly, 0), (1.3 * belly, 0.4 * belly + raise_by, 0.35)],
            [0.24, 0.2],
        )
    )
    if chance(rng, 0.7):
        return solids + mirrored(
            [
                capsule(
                    (0.5 * belly, -0.85 * belly, 0.1), (0.75 * belly, -0.95 * belly, 0.95), 0.25
                ),
                ellipsoid((0.24, 0.3, 0.15), (0.77 * belly, -0.85 * belly, 1.1)),
            ]
        )
    return solids + mirrored(
        [
            capsule((0.45 * belly, -0.8 * belly, 0), (0.5 * belly, -1.7 * belly, 0), 0.25),
            ellipsoid((0.22, 0.15, 0.32), (0.5 * belly, -1.95 * belly, 0.1)),
        ]
    )


def _duck(rng: np.random.Generator) -> list[Primitives]:
    head, y = uniform(rng, 0.35, 0.5), uniform(rng, 0.75, 1.0)
    solids: list[Primitives] = [
        ellipsoid((0.65, 0.5, 0.9), (0, 0.35, 0)),
        ellipsoid((head, head, head), (0, y + 0.25, 0.5)),
    ]
    solids += [
        ellipsoid((0.22, 0.07, 0.25), (0, y + 0.18, 0.55 + head)),
        capsule((0, 0.4, 0.4), (0, y, 0.5), 0.28),
    ]
    solids += sweep([(0, 0.45, -0.6), (0, 0.85, -1.05)], [0.3, 0.08])
    return solids + mirrored([ellipsoid((0.12, 0.25, 0.45), (0.62, 0.45, -0.1))])


def _robot(rng: np.random.Generator) -> list[Primitives]:
    wide, tall, deep = uniform(rng, 0.7, 1.2), uniform(rng, 0.7, 1.2), uniform(rng, 0.4, 0.7)
    head, leg = uniform(rng, 0.4, 0.7), uniform(rng, 0.4, 0.9)
    solids = (
        rounded_box((wide, tall, deep), 0.08, (0, 0, 0))
        if chance(rng, 0.4)
        else [box((wide, tall, deep))]
    )
    y = tall / 2 + head / 2 + 0.1
    solids += [frustum((0, tall / 2 - 0.02, 0), (0, y, 0), 0.13)]
    solids += (
        [box((1.2 * head, head, head), (0, y, 0))]
        if chance(rng, 0.7)
        else [ellipsoid((0.6 * head, 0.6 * head, 0.6 * head), (0, y, 0))]
    )
    solids += mirrored(
        [
            frustum(
                (0.28 * head, y + 0.1, 0.3 * head), (0.28 * head, y + 0.1, 0.6 * head), 0.12 * head
            )
        ]
    )
    if chance(rng, 0.6):
        solids += [
            frustum((0, y + 0.4 * head, 0), (0, y + head, 0), 0.03),
            ellipsoid((0.07, 0.07, 0.07), (0, y + head, 0)),
        ]
    shoulder, fore = np.array((wide / 2 + 0.08, 0.3 * tall, 0)), uniform(rng, 0.0, 0.9)
    elbow = shoulder + (0.1, -0.45, 0.1)
    solids += mirrored(
        [
            *sweep([shoulder - (0.15, 0, 0), shoulder, elbow, elbow + (0, -0.4 + fore, fore)], 0.1),
            ellipsoid((0.15, 0.15, 0.15), elbow + (0, -0.4 + fore, fore)),
        ]
    )
    if chance(rng, 0.25):  # on tracks
        return solids + mirrored(
            [box((0.25, 0.4, 1.3 * deep + 0.2), (0.35 * wide, -tall / 2 - 0.15, 0))]
        )
    foot = -tall / 2 - leg
    return solids + mirrored(
        [
            box((0.24, leg + 0.1, 0.26), (0.27 * wide, -tall / 2 - leg / 2, 0)),
            box((0.3, 0.16, 0.5), (0.27 * wide, foot, 0.08)),
        ]
    )


def _rocking(rng: np.random.Generator) -> list[Primitives]:
    shape = Shape.of(*_quadruped(rng))
    shape = shape.transformed(offset=(0, -float(shape.bounds()[0, 1]) + 0.12, 0))
    long = float(shape.bounds()[1, 2] - shape.bounds()[0, 2])
    r, half = 1.2 * long, 0.5 * float(shape.bounds()[1, 0])
    turn = math.degrees(math.asin(min(0.62 * long / r, 0.9)))
    runner = arc((max(half, 0.2), r, 0), r, -turn, turn, -np.array(UP), FRONT, 8)
    rails = mirrored(sweep([p + (0, 0.08, 0) for p in runner], 0.07))
    rails += [
        capsule((-max(half, 0.2), 0.12, z), (max(half, 0.2), 0.12, z), 0.06)
        for z in (-0.3 * long, 0.3 * long)
    ]
    legs = [capsule((0, 0.12, z), (0, 0.8, 0.6 * z), 0.05) for z in (-0.3 * long, 0.3 * long)]
    return [*shape.groups, *rails, *legs]


def _top(rng: np.random.Generator) -> list[Primitives]:
    tall = uniform(rng, 0.8, 1.6)
    solids = lathe(
        smooth_profile([(0.03, 0), (1, 0.55 * tall), (0.4, 0.85 * tall), (0.1, tall)], 9)
    )
    solids += [frustum((0, 0.9 * tall, 0), (0, tall + uniform(rng, 0.3, 0.7), 0), 0.1)]
    return turned(solids, roll(uniform(rng, 0, 50)))


def _ball(rng: np.random.Generator) -> list[Primitives]:
    """Make a ball, a rugby ball, a dumbbell or a shuttlecock."""
    style = pick(rng, "ball", "rugby", "dumbbell", "shuttle")
    if style == "dumbbell":
        r, long = uniform(rng, 0.3, 0.6), uniform(rng, 0.5, 1.2)
        return [
            frustum((-long, 0, 0), (long, 0, 0), 0.12),
            *mirrored(
                [
                    frustum((long - 0.2, 0, 0), (long + 0.3, 0, 0), r)
                    if chance(rng, 0.5)
                    else ellipsoid((r, r, r), (long, 0, 0))
                ]
            ),
        ]
    if style == "shuttle":
        return [ellipsoid((0.35, 0.3, 0.35)), *lathe([(0.32, 0.05), (0.95, 1.3)])]
    long = 1.0 if style == "ball" else uniform(rng, 1.3, 1.7)
    solids: list[Primitives] = [ellipsoid((1, 1, long))]
    if chance(rng, 0.4):
        solids += [torus(0.99, 0.03, (0, 0, 0), FRONT)]
    return solids


def _stack(rng: np.random.Generator) -> list[Primitives]:
    """Make rings on a peg."""
    r, tube = 0.75, 0.24
    solids: list[Primitives] = [frustum((0, 0, 0), (0, 0.12, 0), 1.05)]
    y = 0.1
    for _ in range(count(rng, 3, 6)):
        solids += [torus(max(r - tube, tube), tube, (0, y + tube, 0))]
        y += 1.85 * tube
        r, tube = 0.88 * r, 0.92 * tube
    return [
        *solids,
        frustum((0, 0, 0), (0, y + 0.2, 0), 0.2, 0.12),
        ellipsoid((0.22, 0.22, 0.22), (0, y + 0.25, 0)),
    ]


def _doll(rng: np.random.Generator) -> list[Primitives]:
    """Make a pawn-like figure or a nesting doll."""
    head, tall = uniform(rng, 0.3, 0.55), uniform(rng, 1.0, 1.8)
    skirt = smooth_profile([(uniform(rng, 0.5, 0.8), 0), (0.7, 0.35 * tall), (0.3, tall)], 8)
    solids = lathe(skirt) + [ellipsoid((head, head, head), (0, tall + 0.6 * head, 0))]
    if chance(rng, 0.4):
        solids += mirrored(sweep([(0.3, 0.8 * tall, 0), (0.8, 0.5 * tall, 0.3)], 0.13))
    return solids


def _cart(rng: np.random.Generator) -> list[Primitives]:
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
    wheels: list[Primitives] = [
        frustum((0.4 * wide, r, z * long), (0.4 * wide + 0.22, r, z * long), r)
        for z in (-0.32, 0.32)
    ]
    return solids + mirrored(wheels)


def _dice(rng: np.random.Generator) -> list[Primitives]:
    solids = rounded_box((1, 1, 1), uniform(rng, 0.08, 0.25))
    spots = [(x, y) for x in (-0.26, 0.26) for y in (-0.26, 0.26)][: count(rng, 1, 4)]
    return (
        solids
        + [ellipsoid((0.1, 0.1, 0.06), (x, y, 0.5)) for x, y in spots]
        + [ellipsoid((0.06, 0.12, 0.12), (0.5, 0, 0))]
    )


def _house(rng: np.random.Generator) -> list[Primitives]:
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
    ]
    solids += [
        box((0.22, 0.45 * tall, 0.06), (uniform(rng, -0.25, 0.25) * wide, 0.22 * tall, deep / 2))
    ]
    solids += mirrored(
        [
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


def _chess(rng: np.random.Generator) -> list[Primitives]:
    """Make a chessman, a skittle or a turned post."""
    tall = uniform(rng, 1.2, 2.4)
    solids = lathe([(0.55, 0), (0.55, 0.12), (0.42, 0.2)]) + lathe(
        smooth_profile([(0.42, 0.2), (0.2, 0.6 * tall), (0.25, tall)], 6)
    )
    solids += [torus(0.24, 0.07, (0, 0.92 * tall, 0))]
    style = pick(rng, "pawn", "bishop", "rook", "king", "queen")
    if style == "pawn":
        return [*solids, ellipsoid((0.32, 0.32, 0.32), (0, tall + 0.22, 0))]
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
        ellipsoid((0.1, 0.1, 0.1), (0, tall + 0.68, 0)),
    ]


def _snowman(rng: np.random.Generator) -> list[Primitives]:
    solids: list[Primitives] = []
    y, r = 0.0, 0.8
    for _ in range(pick(rng, 2, 3)):
        solids += [ellipsoid((r, 0.95 * r, r), (0, y + 0.9 * r, 0))]
        y += 1.6 * r
        last, r = r, r * uniform(rng, 0.65, 0.8)
    solids += [
        frustum((0, y - 0.75 * last, 0.8 * last), (0, y - 0.75 * last, 0.8 * last + 0.5), 0.1, 0.02)
    ]
    solids += lathe([(0.55, 0), (0.55, 0.06), (0.36, 0.07), (0.34, 0.5)], (0, y - 0.1, 0))
    return solids + mirrored(sweep([(0.4, 1.4, 0), (1.3, 1.7, 0.1), (1.5, 2.0, 0.1)], 0.05))
