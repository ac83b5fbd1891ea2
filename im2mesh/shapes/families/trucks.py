"""Lorries and machines of building and farming. Lengths are in units of a body's width or so."""

from __future__ import annotations

import math

import numpy as np

from im2mesh.shapes.families.trains import windows
from im2mesh.shapes.kit.axes import FRONT, RIGHT, UP, tilt
from im2mesh.shapes.kit.bars import arc, column, line, point, sweep, xyz
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, pick, uniform
from im2mesh.shapes.kit.copies import Solids, corners, mirrored, moved, stand, turned
from im2mesh.shapes.kit.machines import wheels
from im2mesh.shapes.kit.outlines import extrude, rounded_outline, side_on, xy
from im2mesh.shapes.kit.profiles import lathe, smooth_profile
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import beam, box, capsule, ellipsoid, frustum, torus


def truck(rng: Rng) -> Shape:
    """Draw a lorry, a tipper, a tanker, a fire engine, a bus, a tractor or a digger."""
    kinds: dict[Make, float] = {
        _lorry: 4.0, _semitrailer: 2.0, _bus: 2.0, _tractor: 2.0, _excavator: 2.0, _loader: 1.5,
        _forklift: 1.0, _steamroller: 0.7,
    }  # fmt: skip
    return stand(draw(rng, kinds))


def _cab(rng: Rng, z: float, wide: float, tall: float) -> Solids:
    """Return a lorry's cab whose back is at z, on a frame at 0.5, with or without a bonnet."""
    long, hood = uniform(rng, 0.8, 1.2), uniform(rng, 0.5, 0.9) if chance(rng, 0.4) else 0.0
    y, rake = 0.4, uniform(rng, 0.02, 0.3)
    side = xy(
        (z, z + long + hood, z + long + hood, z + long, z + long - rake, z),
        (y, y, y + 0.45 * tall, y + 0.5 * tall, y + tall, y + tall),
    )
    solids = side_on(side, wide)
    front = z + long + hood
    solids += [
        box((1.04 * wide, 0.18, 0.12), (0, 0.42, front)),
        *mirrored(
            frustum((0.36 * wide, 0.68, front - 0.02), (0.36 * wide, 0.68, front + 0.05), 0.09),
            box((0.1, 0.25, 0.06), (0.56 * wide, y + 0.7 * tall, z + long - 0.5 * rake - 0.05)),
            capsule(
                (0.4 * wide, y + 0.7 * tall, z + long - 0.15 - rake / 2),
                (0.56 * wide, y + 0.7 * tall, z + long - rake / 2 - 0.05),
                0.03,
            ),
        ),
    ]
    if chance(rng, 0.4):
        solids += mirrored(
            frustum(
                (0.42 * wide, y + 0.2, z - 0.04), (0.42 * wide, y + 1.25 * tall, z - 0.04), 0.05
            )
        )
    if chance(rng, 0.3):
        solids += [box((0.7 * wide, 0.12, 0.2), (0, y + tall + 0.04, z + 0.5 * long))]
    return solids


def _lorry(rng: Rng) -> Solids:
    long, wide, tall = uniform(rng, 1.8, 3.5), uniform(rng, 1.0, 1.2), uniform(rng, 0.9, 1.3)
    solids = [
        box((0.5 * wide, 0.16, long + 0.8), (0, 0.42, 0.4)),
        *_cab(rng, long / 2 + 0.05, wide, tall),
    ]
    r = uniform(rng, 0.27, 0.36)
    places = [long / 2 + 0.65, -long / 2 + 0.5] + (
        [-long / 2 + 0.5 + 2.1 * r] if chance(rng, 0.5) else []
    )
    solids += wheels(rng, places, wide / 2, r, 0.25)
    style, high = (
        pick(rng, "box", "box", "tipper", "tank", "flat", "crane", "mixer", "ladder"),
        uniform(rng, 0.9, 1.5),
    )
    if style == "box":
        return [
            *solids,
            box((1.06 * wide, high, long), (0, 0.48 + high / 2, 0)),
            box((1.08 * wide, 0.05, long), (0, 0.48 + high, 0)),
        ]
    if style == "tank":
        q = 0.5 * wide
        return [
            *solids,
            ellipsoid((q, 0.8 * q, 0.3), (0, 0.48 + 0.8 * q, -long / 2)),
            *extrude(
                np.array(
                    [
                        (q * math.cos(a), 0.8 * q * math.sin(a))
                        for a in np.linspace(0, 2 * math.pi, 13)[:-1]
                    ]
                ),
                0.98 * long,
                (0, 0.48 + 0.8 * q, 0),
            ),
            column(0.4 + 1.6 * q, 0.62 + 1.6 * q, 0.2),
        ]
    if style == "mixer":
        drum = smooth_profile([(0.25, 0), (0.62, 0.45 * long), (0.3, 0.95 * long)], 6)
        return (
            solids
            + lathe(drum, (0, 1.35, long / 2 - 0.05), (0, uniform(rng, -0.05, 0.25), -1))
            + [
                box((0.4, 0.9, 0.3), (0, 0.85, long / 2 - 0.2)),
                box((0.4, 0.8, 0.3), (0, 0.8, -long / 2 + 0.2)),
            ]
        )
    bed = [box((1.06 * wide, 0.1, long), (0, 0.52, 0))]
    wall = uniform(rng, 0.2, 0.6)
    bed += mirrored(box((0.06, wall, long), (0.5 * wide, 0.52 + wall / 2, 0)))
    bed += [box((wide, wall, 0.06), (0, 0.52 + wall / 2, s * (long / 2 - 0.03))) for s in (-1, 1)]
    if style == "tipper":
        hinge = point(0, 0.5, -long / 2)
        tipped = moved(turned(moved(bed, -hinge), tilt(-uniform(rng, 0, 40))), hinge)
        return [
            *solids,
            *tipped,
            capsule((0, 0.45, 0.1 * long), (0, 0.55 + 0.05 * long, 0), 0.08),
            box((0.5 * wide, 0.2, 0.2), (0, 0.46, -long / 2 + 0.05)),
        ]
    if style == "flat":
        load = pick(
            rng,
            [box((0.8 * wide, 0.6, 0.6 * long), (0, 0.85, -0.1))],
            [frustum((x, 0.74, -0.5 * long), (x, 0.74, 0.45 * long), 0.18) for x in (-0.3, 0, 0.3)],
            [],
        )
        return solids + bed + load
    if style == "ladder":  # a fire engine
        rise = uniform(rng, 0.02, 0.5)
        top = 0.5 + 0.7 * high
        solids += [
            box((1.04 * wide, 0.7 * high, long), (0, 0.5 + 0.35 * high, 0)),
            frustum((0, top - 0.05, -0.4 * long), (0, top + 0.2, -0.4 * long), 0.25),
        ]
        ends = (
            point(0, top + 0.15, -0.42 * long),
            point(0, top + 0.15 + rise * 1.2 * long, 0.75 * long),
        )
        half = 0.16 * RIGHT
        solids += [capsule(ends[0] + aside, ends[1] + aside, 0.045) for aside in (-half, half)]
        rungs = [line(*ends, share) for share in np.linspace(0.05, 1, 9)]
        return solids + [capsule(rung - half, rung + half, 0.03) for rung in rungs]
    boom = xyz(
        0,
        (1.0, uniform(rng, 1.3, 2.4), uniform(rng, 1.3, 3), uniform(rng, 1.0, 2.0)),
        (long / 2 - 0.15, long / 2 - 0.1, -0.5 * long, -0.75 * long),
    )
    return solids + bed + [box((0.3, 0.9, 0.3), (0, 0.75, long / 2 - 0.15)), *sweep(boom, 0.09)]


def _semitrailer(rng: Rng) -> Solids:
    long, wide, tall = uniform(rng, 3, 4.5), 1.1, uniform(rng, 1.1, 1.4)
    high = uniform(rng, 1.2, 1.5)
    solids = [box((0.5, 0.14, 1.6), (0, 0.42, 0.75)), *_cab(rng, 1.05, wide, tall)]
    solids += wheels(rng, [1.65, 0.35], wide / 2, 0.3, 0.25)
    back = 0.85 - long
    if chance(rng, 0.7):
        solids += [box((wide, high, long), (0, 0.6 + high / 2, 0.85 - long / 2))]
    else:
        r = 0.55
        solids += [
            capsule((0, 0.6 + r, back + r), (0, 0.6 + r, 0.85 - r), r),
            box((0.8, 0.15, long), (0, 0.6, 0.85 - long / 2)),
        ]
    solids += wheels(
        rng, [back + 0.4 + 0.65 * k for k in range(count(rng, 2, 3))], wide / 2, 0.29, 0.25
    )
    solids += mirrored(
        box((0.08, 0.5, 0.1), (0.35, 0.4, -0.5)), box((0.1, 0.4, 2.0), (0.4, 0.45, back + 1.0))
    )
    return [*solids, frustum((0, 0.4, 0.4), (0, 0.65, 0.4), 0.3)]


def _bus(rng: Rng) -> Solids:
    long, tall, wide = uniform(rng, 2.6, 4), uniform(rng, 1.0, 1.3), 1.0
    if chance(rng, 0.35):
        tall = uniform(rng, 1.6, 1.9)  # two decks
    rake = uniform(rng, 0.02, 0.2)
    h = long / 2
    side = xy(
        (-h, h, h, h - rake, h - rake - 0.1, -h + 0.08, -h),
        (0.25, 0.25, 0.25 + 0.4 * tall, 0.25 + 0.95 * tall, 0.25 + tall, 0.25 + tall, 0.2 + tall),
    )
    solids = side_on(side, wide) + wheels(rng, [0.6 * h, -0.55 * h], wide / 2 + 0.01, 0.26, 0.2)
    for level in (0.72,) if tall < 1.5 else (0.36, 0.8):
        solids += windows(
            rng, 0.92 * long, wide, 0.25 + level * tall, 0.28 * tall * (1 if tall < 1.5 else 0.75)
        )
    return [
        *solids,
        box((1.03, 0.15, 0.1), (0, 0.33, h)),
        box((0.8 * wide, 0.1, 0.5), (0, 0.28 + tall, -0.3 * h)),
    ]


def _tractor(rng: Rng) -> Solids:
    big, small = uniform(rng, 0.55, 0.75), uniform(rng, 0.3, 0.45)
    long, wide = uniform(rng, 1.3, 1.8), 0.55
    y = big + 0.05
    solids = [
        box((wide, 0.5, long), (0, y + 0.15, long / 2 - 0.1)),
        box((0.35, 0.3, long + 0.3), (0, y - 0.15, long / 2 - 0.3)),
    ]
    solids += wheels(rng, [0], 0.75, big, 0.32) + wheels(rng, [0.8 * long], 0.6, small, 0.22)
    solids += [
        box((0.3, y - small + 0.2, 0.25), (0, (y + small) / 2, 0.8 * long)),
        frustum((0.12, y + 0.3, 0.6 * long), (0.12, y + 0.9, 0.6 * long), 0.05),
    ]
    solids += mirrored(*sweep(arc((0.62, big, 0), big + 0.06, 0, 150, FRONT, UP, 5), 0.07))
    solids += [
        capsule((-0.62, big + 0.55 * big, 0.55 * big), (0.62, big + 0.55 * big, 0.55 * big), 0.05)
    ]
    if chance(rng, 0.6):  # a cab
        top = y + uniform(rng, 1.1, 1.4)
        solids += [box((0.95, 0.1, 0.95), (0, top, 0)), box((0.9, 0.5, 0.85), (0, y + 0.2, 0))]
        return solids + corners(capsule((0.42, y + 0.4, 0.4), (0.42, top, 0.4), 0.04))
    solids += [
        box((0.4, 0.12, 0.4), (0, y + 0.35, -0.05)),
        box((0.4, 0.4, 0.1), (0, y + 0.55, -0.28)),
        capsule((0, y + 0.3, 0.5), (0, y + 0.7, 0.32), 0.04),
    ]
    return [
        *solids,
        torus(0.18, 0.03, (0, y + 0.72, 0.3), (0, 0.8, -0.6)),
        capsule((-0.17, y + 0.72, 0.3), (0.17, y + 0.72, 0.3), 0.03),
        box((0.3, 0.3, 0.3), (0, y + 0.2, -0.1)),
    ]


def track(long: float, high: float, x: float, width: float) -> Solids:
    """Return a pair of crawler tracks with their wheels showing."""
    outline = np.array(rounded_outline(long, high, 0.45 * high, 3)) + (0, high / 2)
    solids = moved(side_on(outline, width), (x, 0, 0))
    number = max(3, round(long / high))
    for z in np.linspace(-long / 2 + high / 2, long / 2 - high / 2, number):
        solids += [frustum((x, high / 2, z), (x + width / 2 + 0.04, high / 2, z), 0.36 * high)]
    return mirrored(*solids)


def _excavator(rng: Rng) -> Solids:
    long = uniform(rng, 1.6, 2.2)
    solids = track(long, 0.45, 0.55, 0.3) + [
        box((1.0, 0.2, 0.8), (0, 0.35, 0)),
        column(0.3, 0.6, 0.35),
    ]
    upper = [
        box((1.1, 0.5, 1.3), (0, 0.8, -0.25)),
        box((0.45, 0.8, 0.6), (-0.33, 1.2, 0.15)),
        box((1.15, 0.4, 0.4), (0, 0.8, -0.85)),
    ]
    reach, rise = uniform(rng, 0.9, 1.6), uniform(rng, 0.9, 1.8)
    knee = point(0.15, 0.9 + rise, 0.2 + reach)
    wrist = knee + (0, -uniform(rng, 0.6, 1.5), uniform(rng, 0.1, 0.8))
    for a, b in (
        ((0.15, 0.9, 0.2), (0.15, 0.9 + 0.75 * rise, 0.2 + 0.35 * reach)),
        ((0.15, 0.9 + 0.72 * rise, 0.2 + 0.33 * reach), knee),
        (knee, wrist),
    ):
        upper += [beam(a, b, 0.2, 0.28, RIGHT)]
    upper += [
        capsule(knee - (0.1, 0, 0), knee + (0.1, 0, 0), 0.16),
        capsule((0.15, 0.8, 0.4), (0.15, 0.85 + 0.6 * rise, 0.25 + 0.35 * reach), 0.06),
    ]
    outline = xy(
        (0, -0.12, 0.1, 0.5, 0.45, 0.15, 0.02, 0.1), (0.1, -0.4, -0.6, -0.5, -0.4, -0.45, -0.3, 0.1)
    )
    upper += moved(side_on(outline * (-1, 1), 0.5), wrist)
    return solids + moved(upper, azimuth=uniform(rng, -90, 90) if chance(rng, 0.5) else 0.0)


def _loader(rng: Rng) -> Solids:
    """Make a bulldozer or a wheel loader: a blade or a shovel before it."""
    high = uniform(rng, 0.0, 0.8)
    if chance(rng, 0.5):
        solids, high = track(1.9, 0.6, 0.5, 0.28), min(high, 0.4)
    else:
        solids = wheels(rng, [0.7, -0.6], 0.68, 0.42, 0.3)
    solids += [
        box((0.8, 0.5, 1.9), (0, 0.65, 0)),
        box((0.65, 0.45, 0.9), (0, 1.05, -0.5)),
        box((0.7, 0.75, 0.7), (0, 1.2, 0.1)),
        box((0.8, 0.07, 0.85), (0, 1.6, 0.1)),
    ]
    blade = np.array(
        [(0, 0), (0.35, -0.02), (0.3, 0.06), (0.08, 0.08), (0.06, 0.55), (-0.05, 0.6), (-0.08, 0.3)]
    )
    arm = [(0.4, 0.75, 0.5), (0.4, 0.8 + 0.8 * high, 1.1), (0.4, 0.3 + high, 1.5)]
    solids += mirrored(*sweep(arm, 0.08), capsule((0.3, 0.75, 0.5), (0.4, 0.75, 0.5), 0.1))
    return solids + moved(side_on(blade * (1, 1.2), 1.5), (0, high, 1.5))


def _forklift(rng: Rng) -> Solids:
    mast, lift = uniform(rng, 1.6, 2.4), uniform(rng, 0.05, 0.9)
    solids = wheels(rng, [0.5, -0.5], 0.48, 0.24, 0.2) + [
        box((0.85, 0.5, 1.4), (0, 0.5, 0)),
        box((0.85, 0.35, 0.5), (0, 0.85, -0.45)),
    ]
    solids += mirrored(
        box((0.1, mast, 0.12), (0.3, mast / 2 + 0.08, 0.75)),
        box((0.14, 0.06, 0.9), (0.22, lift, 1.2)),
        box((0.14, 0.6, 0.06), (0.22, lift + 0.28, 0.82)),
    )
    solids += [box((0.7, 0.1, 0.1), (0, y, 0.75)) for y in (0.3, mast)] + [
        box((0.7, 0.12, 0.08), (0, lift + 0.4, 0.81))
    ]
    frame = [(0.36, 0.7, 0.55), (0.36, 1.65, 0.35), (0.36, 1.65, -0.4), (0.36, 0.9, -0.6)]
    solids += mirrored(*sweep(frame, 0.04)) + [
        box((0.76, 0.04, 0.7), (0, 1.66, 0)),
        box((0.4, 0.5, 0.1), (0, 1.1, -0.25)),
    ]
    return solids


def _steamroller(rng: Rng) -> Solids:
    r = uniform(rng, 0.4, 0.55)
    drum = frustum((-0.5, r, 0.9), (0.5, r, 0.9), r)
    back = (
        [frustum((-0.5, r, -0.7), (0.5, r, -0.7), r)]
        if chance(rng, 0.4)
        else wheels(rng, [-0.7], 0.6, r, 0.3)
    )
    solids = [
        drum,
        *back,
        *mirrored(
            box((0.07, 0.15, 1.2), (0.53, r, 0.65)), frustum((0.4, r, 0.9), (0.56, r, 0.9), 0.1)
        ),
        box((0.9, 0.55, 1.3), (0, 0.4 + r, -0.3)),
        box((1.13, 0.15, 0.3), (0, r + 0.05, 0.12)),
    ]
    top = 1.5 + r
    solids += corners(capsule((0.38, r + 0.6, 0.25), (0.38, top, 0.25), 0.04))
    return [*solids, box((0.95, 0.06, 0.9), (0, top, 0))]
