"""Bottles and jars. Lengths are in units of a body's radius."""

from __future__ import annotations

import numpy as np

from im2mesh.shapes.kit.axes import RIGHT, tilt
from im2mesh.shapes.kit.bars import column, strip, sweep, xyz
from im2mesh.shapes.kit.choices import Make, Rng, chance, draw, log_uniform, pick, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored, moved, stand, turned
from im2mesh.shapes.kit.outlines import both_sides, extrude, xy
from im2mesh.shapes.kit.profiles import Profile, lathe, smooth_profile, vessel
from im2mesh.shapes.kit.soft import rounded_box
from im2mesh.shapes.kit.vessels import ear, filling, knob, radius_at, wall_of
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import box, frustum, torus


def bottle(rng: Rng) -> Shape:
    """Draw a bottle: round, square, flat, with a pump, a trigger or a handle."""
    kinds: dict[Make, float] = {
        _round_bottle: 5.0, _square_bottle: 1.5, _flask: 1.5, _sprayer: 1.5, _detergent: 1.5,
        _canteen: 1.0,
    }  # fmt: skip
    solids = draw(rng, kinds)
    return stand(turned(solids, tilt(90)) if chance(rng, 0.12) else solids)


def _neck(rng: Rng, low: float, radius: float) -> Solids:
    """Return a bottle's neck from a height up, with a cap, a cork, a pump or open."""
    tall = radius * log_uniform(rng, 0.5, 2.5)
    solids = [column(low - 0.2 * radius, low + tall, radius, radius * uniform(rng, 0.8, 1))]
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
            column(top - 0.5 * radius, top + 0.3 * radius, 1.2 * radius),
            column(top, top + high, 0.35 * radius),
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


def _round_bottle(rng: Rng) -> Solids:
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


def _square_bottle(rng: Rng) -> Solids:
    wide, tall, deep = 2.0, uniform(rng, 1.5, 5), uniform(rng, 0.9, 2.0)
    neck, shoulder = uniform(rng, 0.2, 0.45) * deep, uniform(rng, 0.1, 0.8)
    solids = rounded_box((wide, tall, deep), uniform(rng, 0.05, 0.3) * deep, (0, tall / 2, 0))
    solids += lathe([(0.47 * deep, tall - 0.15), (neck, tall + shoulder)])
    return solids + _neck(rng, tall + shoulder, neck)


def _flask(rng: Rng) -> Solids:
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


def _sprayer(rng: Rng) -> Solids:
    tall, neck = uniform(rng, 2.2, 3.8), uniform(rng, 0.28, 0.45)
    solids = lathe(
        smooth_profile([(0.9, 0), (1, 0.2), (1, 0.55 * tall), (0.75, 0.8 * tall), (neck, tall)], 8)
    )
    collar = column(tall - 0.1, tall + 0.35, neck + 0.12)
    head = [
        box((0.5, 0.4, 1.7), (0, tall + 0.85, 0.25)),
        column(tall + 0.2, tall + 0.9, 0.3),
        frustum((0, tall + 0.87, 1.0), (0, tall + 0.87, 1.4), 0.2, 0.14),
        *strip(
            [(0, tall + 0.75, 0.75), (0, tall + 0.4, 0.95), (0, tall - 0.15, 0.8)], 0.3, 0.12, RIGHT
        ),
    ]
    return [*solids, collar, *head]


def _detergent(rng: Rng) -> Solids:
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


def _canteen(rng: Rng) -> Solids:
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


def jar(rng: Rng) -> Shape:
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
        solids += mirrored(*loop) if chance(rng, 0.6) else loop
    return stand(solids)
