"""Animals."""

from __future__ import annotations

import math

import numpy as np

from im2mesh.shapes.kit.axes import roll, tilt
from im2mesh.shapes.kit.bars import ball, column, point, sweep, xyz
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, log_uniform, pick, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored, moved, stand, turned
from im2mesh.shapes.kit.outlines import extrude, xy
from im2mesh.shapes.kit.profiles import lathe, smooth_profile
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import capsule, ellipsoid, frustum


def animal(rng: Rng) -> Shape:
    """Draw a quadruped, a bird, a fish, a snake, a turtle, an insect or an elephant."""
    kinds: dict[Make, float] = {
        quadruped: 5.0, _bird: 2.0, _fish: 2.0, _snake: 0.7, _turtle: 1.0, _insect: 1.0,
        _elephant: 1.0, _octopus: 0.5, _snail: 0.5,
    }  # fmt: skip
    return stand(draw(rng, kinds))


def quadruped(rng: Rng) -> Solids:
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
    reach = point(0, math.sin(rise), math.cos(rise)) * neck
    chest = point(0, high + 0.2 * girth, half - girth)
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
        solids += mirrored(*sweep(horn, [0.22 * head, 0.16 * head, 0.05 * head]))
    elif style == "round":
        solids += mirrored(ellipsoid((0.35 * head, 0.35 * head, 0.12 * head), side))
    elif style == "pointed":
        solids += mirrored(
            frustum(
                side,
                side + (0.1 * head, log_uniform(rng, 0.5, 1.6) * head, 0),
                0.3 * head,
                0.05 * head,
            )
        )
    else:
        solids += mirrored(
            ellipsoid((0.15 * head, 0.6 * head, 0.3 * head), side + (0.25 * head, -0.5 * head, 0))
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
    root = point(0, high + 0.5 * girth, -half + 0.2 * girth)
    end = root + tail * point(0, math.sin(droop), -math.cos(droop))
    return solids + sweep(
        [root, (root + end) / 2 + (0, 0.15 * tail, -0.1 * tail), end],
        [0.12 * girth + 0.04, 0.08, 0.05],
    )


def _bird(rng: Rng) -> Solids:
    long, girth = uniform(rng, 0.7, 1.1), uniform(rng, 0.35, 0.55)
    leg = log_uniform(rng, 0.15, 1.6)
    high, lean = leg + girth, uniform(rng, 0, 60)
    solids = moved(turned([ellipsoid((girth, girth, long))], tilt(-lean)), (0, high, 0))
    front = point(0, math.sin(math.radians(lean)), math.cos(math.radians(lean))) * 0.75 * long + (
        0,
        high,
        0,
    )
    neck = log_uniform(rng, 0.2, 1.3)
    head = front + (0, neck, uniform(rng, 0.1, 0.4))
    r = uniform(rng, 0.45, 0.65) * girth
    solids += sweep(
        [front, (front + head) / 2 + (0, 0, 0.1 * neck), head], [0.7 * girth, 0.6 * r, 0.7 * r]
    )
    beak = head + (0, -0.1, r + log_uniform(rng, 0.15, 0.8))
    solids += [ball(r, head), frustum(head, beak, 0.5 * r, 0.05)]
    back = point(0, high, 0) * 2 - front
    solids += sweep(
        [back + (0, 0, 0.3), back - (0, uniform(rng, -0.3, 0.2), uniform(rng, 0.3, 0.9))],
        [0.22, 0.12],
    )
    if chance(rng, 0.35):  # it flies
        span = uniform(rng, 1.0, 1.8)
        wing = np.array([(0, -0.4), (0, 0.4), (0.5 * span, 0.45), (span, 0.0), (0.6 * span, -0.25)])
        lift = roll(uniform(rng, -5, 30))
        return solids + mirrored(
            *moved(
                turned(turned(extrude(wing, 0.08), tilt(90)), lift), (0.5 * girth, high + 0.1, 0)
            )
        )
    solids += mirrored(
        *moved(
            turned([ellipsoid((0.12, 0.7 * girth, 0.8 * long))], tilt(-lean)),
            (0.93 * girth, high, -0.1),
        )
    )
    foot = [(0.4 * girth, high - 0.6 * girth, 0), (0.4 * girth, 0.04, 0), (0.4 * girth, 0.04, 0.3)]
    solids += mirrored(
        *sweep(foot, 0.05),
        capsule(foot[1], (0.6 * girth, 0.04, 0.25), 0.04),
        capsule(foot[1], (0.2 * girth, 0.04, 0.25), 0.04),
    )
    if chance(rng, 0.25):
        solids += [ellipsoid((0.06, 0.25, 0.25), head + (0, r, 0))]
    return solids


def _fish(rng: Rng) -> Solids:
    long, tall, wide = uniform(rng, 1.2, 2.2), uniform(rng, 0.3, 0.9), uniform(rng, 0.18, 0.5)
    thick = 0.07
    solids = [ellipsoid((wide, tall, long))]
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
        *moved(
            turned(turned(extrude(side, thick), tilt(90)), roll(-uniform(rng, 10, 50))),
            (0.7 * wide, -0.2 * tall, 0.3 * long),
        )
    )
    return solids


def _snake(rng: Rng) -> Solids:
    t = np.linspace(0, 1, 22)
    turns, wide = uniform(rng, 1, 2.5), uniform(rng, 0.2, 0.6)
    if chance(rng, 0.4):  # coiled
        r = 0.25 + 0.6 * t
        points = np.stack([r * np.cos(9 * t * turns), 0.6 - 0.55 * t, r * np.sin(9 * t * turns)], 1)
    else:
        points = np.stack([wide * np.sin(2 * math.pi * turns * t), 0 * t, 2.5 * t], 1)
    radii = uniform(rng, 0.09, 0.16) * np.minimum(1, 0.3 + 4 * (1 - t))
    return [*sweep(list(points), list(radii)), ellipsoid((0.2, 0.13, 0.24), points[0])]


def _turtle(rng: Rng) -> Solids:
    high = uniform(rng, 0.45, 0.8)
    shell = lathe(smooth_profile([(1.05, 0), (1, 0.15), (0.7, 0.75 * high), (0.1, high)], 6))
    solids = moved(shell, (0, 0.25, 0)) + [column(0.12, 0.3, 0.85, 1.05)]
    solids += sweep([(0, 0.35, 0.8), (0, 0.5, 1.3)], [0.25, 0.3]) + sweep(
        [(0, 0.25, -0.9), (0, 0.15, -1.3)], [0.15, 0.05]
    )
    return solids + mirrored(
        *[capsule((0.6, 0.25, z), (0.9, 0.05, 1.3 * z), 0.2) for z in (0.65, -0.65)]
    )


def _insect(rng: Rng) -> Solids:
    solids: Solids = []
    z, sizes = -0.8, [uniform(rng, 0.35, 0.6), uniform(rng, 0.25, 0.4), uniform(rng, 0.2, 0.3)]
    for r in sizes:
        z += r
        solids += [ellipsoid((0.8 * r, 0.75 * r, 1.15 * r), (0, 0.5, z))]
        z += 0.9 * r
    reach, r = uniform(rng, 0.7, 1.4), uniform(rng, 0.03, 0.06)
    for k in range(pick(rng, 3, 4)):
        base, out = -0.1 + 0.28 * k, (k - 1) * 0.5
        solids += mirrored(
            *sweep(
                [
                    (0.1, 0.5, base),
                    (0.55 * reach, uniform(rng, 0.7, 1.1), base + 0.6 * out),
                    (reach, 0.05, base + out),
                ],
                r,
            )
        )
    solids += mirrored(*sweep([(0.05, 0.6, z - 0.2), (0.2, 0.9, z + 0.2), (0.3, 0.8, z + 0.5)], r))
    if chance(rng, 0.4):
        wing = np.array([(0, 0), (1.2, 0.5), (1.5, 0.1), (1.1, -0.5)])
        solids += mirrored(
            *moved(
                turned(turned(extrude(wing, 0.05), tilt(90)), roll(uniform(rng, 10, 50))),
                (0.05, 0.68, 0.25),
            )
        )
    return solids


def _elephant(rng: Rng) -> Solids:
    solids = [
        ellipsoid((0.62, 0.65, 0.95), (0, 1.25, 0)),
        ellipsoid((0.42, 0.48, 0.42), (0, 1.6, 1.05)),
    ]
    solids += mirrored(*[frustum((0.35, 0, z), (0.35, 1.1, z), 0.2, 0.24) for z in (0.55, -0.55)])
    trunk = xyz(
        0, (1.5, 1.0, 0.5, uniform(rng, 0.2, 0.9)), (1.35, 1.6, 1.6, 1.6 + uniform(rng, 0.1, 0.5))
    )
    solids += sweep(trunk, [0.22, 0.17, 0.13, 0.09])
    solids += mirrored(
        ellipsoid((0.38, 0.45, 0.06), (0.62, 1.65, 0.9)),
        *sweep([(0.2, 1.35, 1.35), (0.28, 1.05, 1.7), (0.26, 1.1, 2.0)], [0.08, 0.07, 0.03]),
    )
    return solids + sweep([(0, 1.5, -0.9), (0, 1.0, -1.1)], 0.05)


def _octopus(rng: Rng) -> Solids:
    tall, arms = uniform(rng, 0.7, 1.2), count(rng, 5, 8)
    solids = [ellipsoid((0.55, tall, 0.55), (0, 0.5 + 0.7 * tall, 0))]
    for k in range(arms):
        one = xyz(
            (0, 0, uniform(rng, -0.3, 0.3), uniform(rng, -0.6, 0.6)),
            (0.5, 0.12, 0.12, uniform(rng, 0.1, 0.5)),
            (0.2, 0.7, 1.2, 1.6),
        )
        solids += moved(sweep(one, [0.25, 0.17, 0.12, 0.06]), azimuth=360 * k / arms)
    return solids


def _snail(rng: Rng) -> Solids:
    t = np.linspace(0, 1, 18)
    angle, r = 4.5 * math.pi * t, 0.6 * (1 - 0.85 * t)
    curl = np.stack([0.25 * t, 0.85 + r * np.sin(angle - 1.5), r * np.cos(angle - 1.5)], 1)
    solids = sweep(list(curl), list(0.32 * (1 - 0.7 * t)))
    solids += sweep(
        [(0, 0.1, -1.1), (0, 0.2, 0), (0, 0.22, 0.7), (0, 0.55, 1.1)], [0.06, 0.22, 0.22, 0.2]
    )
    return solids + mirrored(*sweep([(0.08, 0.65, 1.15), (0.18, 1.0, 1.3)], 0.045))
