"""Trains. Lengths are in units of a body's width or so."""

from __future__ import annotations

import math

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, roll
from im2mesh.shapes.kit.bars import column, sweep
from im2mesh.shapes.kit.choices import Rng, chance, count, draw, pick, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored, moved, stand, turned
from im2mesh.shapes.kit.machines import wheels
from im2mesh.shapes.kit.outlines import extrude, side_on, xy
from im2mesh.shapes.kit.profiles import lathe
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import box, capsule, ellipsoid, frustum, torus


def train(rng: Rng) -> Shape:
    """Draw a steam engine, a locomotive, a coach, a tram or a goods wagon; one or a few."""
    solids = draw(rng, {_steam: 2.0, _engine: 2.0, _coach: 2.5, _fast: 1.5, _wagon: 2.0})
    for _ in range(pick(rng, 0, 0, 0, 0, 1, 2)):
        low = float(Shape.of(*solids).bounds()[0, 2])
        second = draw(rng, {_coach: 1.0, _wagon: 1.5})
        high = float(Shape.of(*second).bounds()[1, 2])
        solids += [capsule((0, 0.45, low - 0.3), (0, 0.45, low + 0.4), 0.08)]
        solids += moved(second, (0, 0, low - high - 0.15))
    return stand(solids)


def _bogies(rng: Rng, long: float) -> Solids:
    """Return the running gear below a floor at 0.45: two bogies, buffers and couplings."""
    at = uniform(rng, 0.28, 0.36) * long
    places = [s * at + t for s in (-1, 1) for t in (-0.3, 0.3)]
    solids = [frustum((-0.42, 0.24, z), (0.42, 0.24, z), 0.08) for z in places]
    solids += mirrored(*[frustum((0.32, 0.24, z), (0.42, 0.24, z), 0.24) for z in places])
    solids += mirrored(*[box((0.07, 0.16, 1.0), (0.36, 0.28, s * at)) for s in (-1, 1)])
    solids += [box((0.5, 0.25, 0.5), (0, 0.36, s * at)) for s in (-1, 1)]
    return solids + mirrored(
        *[
            frustum((0.33, 0.45, s * long / 2 - 0.1 * s), (0.33, 0.45, s * (long / 2 + 0.12)), 0.07)
            for s in (-1, 1)
        ]
    )


def _steam(rng: Rng) -> Solids:
    long, r = uniform(rng, 1.8, 3), uniform(rng, 0.36, 0.46)
    y = 0.6 + r
    solids = [
        box((0.8, 0.14, long + 1.2), (0, 0.55, -0.3)),
        frustum((0, y, -long / 2), (0, y, long / 2), r),
        frustum((0, y, long / 2), (0, y, long / 2 + 0.1), 0.85 * r),
        *lathe(
            [(0.13, 0), (0.12, 0.4), (uniform(rng, 0.13, 0.25), 0.55)],
            (0, y + r - 0.08, 0.38 * long),
        ),
    ]
    solids += [
        ellipsoid((0.17, 0.24, 0.17), (0, y + r, z * long))
        for z in np.linspace(0.1, -0.25, count(rng, 1, 2))
    ]
    cab, back = uniform(rng, 0.7, 1), -long / 2
    tall = y + r + 0.25
    solids += mirrored(box((0.06, 0.7, cab), (0.45, 0.9, back - cab / 2 + 0.1)))
    solids += [
        box((0.96, tall - 0.6, 0.08), (0, 0.3 + tall / 2, back + 0.1)),
        box((1.06, 0.08, cab + 0.2), (0, tall, back - cab / 2 + 0.12)),
    ]
    solids += mirrored(
        frustum((0.42, 0.6, back - cab + 0.15), (0.42, tall, back - cab + 0.15), 0.04)
    )
    big, number = uniform(rng, 0.28, 0.42), count(rng, 2, 4)
    places = list(np.linspace(-0.5 * long, 0.1 * long, number))
    solids += wheels(rng, places, 0.45, big, 0.1) + wheels(rng, [0.42 * long], 0.4, 0.2, 0.1)
    solids += mirrored(
        box((0.06, 0.07, places[-1] - places[0] + 0.2), (0.47, big, (places[-1] + places[0]) / 2)),
        frustum((0.4, 0.5, 0.4 * long), (0.4, 0.5, 0.4 * long + 0.4), 0.13),
    )
    nose = np.array([(0, 0.05), (0.35, 0.05), (0, 0.55)])
    return solids + moved(side_on(nose, 0.8), (0, 0, long / 2 + 0.28))


def _engine(rng: Rng) -> Solids:
    """Make an electric or Diesel locomotive: a body with one or two cabs, or a hood and a cab."""
    long, tall, wide = uniform(rng, 2.6, 4.2), uniform(rng, 0.9, 1.2), uniform(rng, 0.9, 1.05)
    solids = _bogies(rng, long) + [box((wide, 0.12, long), (0, 0.5, 0))]
    h, boxy = long / 2, chance(rng, 0.5)
    if boxy:
        slope = uniform(rng, 0.05, 0.5)
        side = xy(
            (-h, h, h, h - slope, -h + slope, -h),
            (0.5, 0.5, 0.5 + 0.4 * tall, 0.5 + tall, 0.5 + tall, 0.5 + 0.4 * tall),
        )
        solids += side_on(side, wide)
    else:
        at = uniform(rng, -0.35, 0.1) * long
        solids += [
            box((wide, tall, 0.9), (0, 0.5 + tall / 2, at)),
            box((1.08 * wide, 0.06, 1.0), (0, 0.5 + tall, at)),
            box(
                (0.7 * wide, uniform(rng, 0.5, 0.8) * tall, 0.94 * long), (0, 0.5 + 0.33 * tall, 0)
            ),
        ]
        solids += mirrored(
            capsule((0.46 * wide, 0.8, -h + 0.1), (0.46 * wide, 0.8, h - 0.1), 0.025),
            *[
                capsule((0.46 * wide, 0.5, z), (0.46 * wide, 0.8, z), 0.02)
                for z in np.linspace(-h + 0.15, h - 0.15, 5)
            ],
        )
    top = 0.5 + tall
    if boxy:
        solids += [box((0.5 * wide, 0.24, uniform(rng, 0.2, 0.5) * long), (0, top - 0.05, 0))]
    if boxy and chance(rng, 0.5):  # a pantograph
        z = uniform(rng, -0.2, 0.2) * long
        solids += mirrored(
            *sweep(
                [
                    (0.25, top - 0.15, z - 0.25),
                    (0.3, top + 0.3, z + 0.25),
                    (0.3, top + 0.6, z - 0.1),
                ],
                0.025,
            )
        )
        solids += [
            capsule((-0.45, top + 0.6, z - 0.1), (0.45, top + 0.6, z - 0.1), 0.025),
            box((0.6, 0.2, 0.5), (0, top - 0.12, z - 0.1)),
        ]
    return solids


def windows(rng: Rng, long: float, wide: float, y: float, tall: float) -> Solids:
    """Return raised window frames and doors along both sides."""
    number = count(rng, 2, 7)
    step = 0.9 * long / number
    return mirrored(
        *[
            box(
                (0.03, tall, uniform(rng, 0.5, 0.8) * step),
                (wide / 2, y, (k - (number - 1) / 2) * step),
            )
            for k in range(number)
        ]
    )


def _coach(rng: Rng) -> Solids:
    """Make a coach or a tram with a round roof."""
    long, tall, wide = uniform(rng, 2.6, 5), uniform(rng, 0.9, 1.15), 1.0
    solids = _bogies(rng, long) + [box((wide, tall, long), (0, 0.48 + tall / 2, 0))]
    top = 0.48 + tall
    bow = [(0.52 * math.cos(a), 0.2 * math.sin(a)) for a in np.linspace(0, math.pi, 7)]
    solids += extrude(np.array(bow), long + 0.1, (0, top - 0.01, 0))
    solids += windows(rng, long, wide, 0.48 + 0.65 * tall, 0.35 * tall)
    if chance(rng, 0.35):  # a tram: lamps, a rod on its roof
        solids += mirrored(frustum((0.3, 0.8, long / 2 - 0.02), (0.3, 0.8, long / 2 + 0.06), 0.08))
        solids += [
            capsule((0, top + 0.15, 0), (0, top + 0.8, -0.4 * long), 0.03),
            box((0.4, 0.2, 0.6), (0, top + 0.15, 0)),
        ]
    return solids


def _fast(rng: Rng) -> Solids:
    """Make a high-speed train's head."""
    long, nose, tall = uniform(rng, 2.5, 4.5), uniform(rng, 0.8, 1.8), uniform(rng, 0.85, 1.05)
    h = long / 2
    curve = xy(
        (h, h + nose, h + 0.93 * nose, h + 0.6 * nose, h + 0.25 * nose, h - 0.1, -h, -h),
        (0.25, 0.3, 0.45, 0.55 + 0.3 * tall, 0.5 + 0.8 * tall, 0.5 + tall, 0.5 + tall, 0.25),
    )
    solids = side_on(curve, 0.85) + [
        box((1.0, 0.7 * tall, long), (0, 0.4 + 0.4 * tall, 0)),
        ellipsoid((0.46, 0.36 * tall, nose), (0, 0.3 + 0.36 * tall, h - 0.05)),
    ]
    solids += [
        capsule((x, 0.5 + tall - 0.1, -h + 0.1), (x, 0.5 + tall - 0.1, h - 0.2), 0.14)
        for x in (-0.3, 0.3)
    ]
    return (
        solids
        + windows(rng, 0.9 * long, 1.0, 0.45 + 0.55 * tall, 0.2)
        + wheels(rng, [-0.6 * h, -0.4 * h, 0.5 * h, 0.7 * h], 0.4, 0.22, 0.1)
    )


def _wagon(rng: Rng) -> Solids:
    """Make a goods wagon: a tank, an open box, a closed van, logs or a flat one with containers."""
    long, wide = uniform(rng, 2, 3.8), uniform(rng, 0.85, 1)
    solids = _bogies(rng, long) + [box((wide, 0.12, long), (0, 0.5, 0))]
    style = pick(rng, "tank", "open", "van", "logs", "container", "hopper")
    if style == "tank":
        r = uniform(rng, 0.38, 0.48)
        solids += [
            capsule((0, 0.54 + r, -long / 2 + r), (0, 0.54 + r, long / 2 - r), r),
            column(0.5 + 2 * r, 0.66 + 2 * r, 0.17),
        ]
        solids += [torus(r, 0.035, (0, 0.54 + r, z * long), FRONT) for z in (-0.25, 0.25)]
    elif style in ("open", "hopper"):
        tall, t = uniform(rng, 0.35, 0.9), 0.06
        lean = uniform(rng, 0, 20) if style == "hopper" else 0
        wall = turned([box((t, tall, long), (0, tall / 2, 0))], roll(-lean))
        solids += mirrored(*moved(wall, (wide / 2 - t / 2, 0.5, 0)))
        solids += mirrored(box((wide, tall, t), (0, 0.5 + tall / 2, long / 2 - t / 2)), axis=2)
        if chance(rng, 0.5):
            solids += [
                ellipsoid((0.44 * wide, 0.4 * tall, 0.47 * long), (0, 0.5 + 0.6 * tall, 0)),
                box((0.9 * wide, 0.6 * tall, 0.9 * long), (0, 0.5 + 0.3 * tall, 0)),
            ]
    elif style == "logs":
        solids += [
            frustum((x, y, -0.48 * long), (x, y, 0.48 * long), 0.16)
            for x, y in ((-0.3, 0.7), (0, 0.7), (0.3, 0.7), (-0.15, 0.97), (0.15, 0.97), (0, 1.22))
        ]
        solids += mirrored(
            *[box((0.05, 0.6, 0.08), (wide / 2 - 0.02, 0.8, z * long)) for z in (-0.3, 0.3)]
        )
    elif style == "van":
        tall = uniform(rng, 0.8, 1.1)
        gable = np.array(
            [(-wide / 2, 0), (wide / 2, 0), (wide / 2, tall), (0, tall + 0.18), (-wide / 2, tall)]
        )
        solids += extrude(gable, long, (0, 0.5, 0)) + mirrored(
            box((0.06, 0.85 * tall, 0.3 * long), (wide / 2, 0.5 + 0.45 * tall, 0))
        )
    else:
        number = count(rng, 1, 2)
        for k in range(number):
            each = 0.94 * long / number
            solids += [
                box((0.9 * wide, 0.85, 0.96 * each), (0, 0.97, (k - (number - 1) / 2) * each))
            ]
    return solids
