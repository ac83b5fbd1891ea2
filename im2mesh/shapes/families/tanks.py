"""Tanks, armoured cars and guns. Lengths are in units of a body's width or so."""

from __future__ import annotations

import numpy as np

from im2mesh.shapes.families.trucks import track
from im2mesh.shapes.kit.axes import FRONT, RIGHT, tilt
from im2mesh.shapes.kit.bars import ball
from im2mesh.shapes.kit.choices import Rng, chance, count, draw, log_uniform, pick, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored, moved, stand, turned
from im2mesh.shapes.kit.machines import wheels
from im2mesh.shapes.kit.outlines import extrude, side_on, xy
from im2mesh.shapes.kit.profiles import lathe, smooth_profile
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import beam, box, capsule, frustum, torus


def tank(rng: Rng) -> Shape:
    """Draw a tank, an armoured car, a gun on wheels or a rocket launcher."""
    return stand(draw(rng, {_tank: 4.0, _armoured: 1.2, _cannon: 1.2}))


def _turret(rng: Rng, y: float) -> Solids:
    """Return a turret with its gun, on a hull whose top is at y."""
    wide, tall, long = uniform(rng, 0.75, 1.2), uniform(rng, 0.28, 0.5), uniform(rng, 0.8, 1.4)
    style = pick(rng, "block", "round", "wedge", "box")
    base: Solids
    if style == "block":
        base = [
            *extrude(
                np.array([(-wide / 2, 0), (wide / 2, 0), (0.4 * wide, tall), (-0.4 * wide, tall)]),
                long,
            )
        ]
    elif style == "round":
        base = lathe(
            smooth_profile([(wide / 2, 0), (0.46 * wide, 0.5 * tall), (0.25 * wide, tall)], 4)
        )
    elif style == "box":
        base = [box((wide, tall, long), (0, tall / 2, 0))]
    else:
        side = xy(
            (-long / 2, 0.4 * long, 0.55 * long, 0.1 * long, -long / 2),
            (0, 0, 0.4 * tall, tall, 0.9 * tall),
        )
        base = side_on(side, wide)
    length, r = log_uniform(rng, 0.9, 2.6), uniform(rng, 0.05, 0.09)
    rise = tilt(-uniform(rng, -2, 18))
    gun = [
        frustum((0, 0, 0), (0, 0, length), 1.2 * r, r),
        frustum((0, 0, 0), (0, 0, 0.25), 2.4 * r, 1.8 * r),
    ]
    if chance(rng, 0.6):
        at = pick(rng, length - 0.12, 0.6 * length)
        gun += [frustum((0, 0, at - 0.1), (0, 0, at + 0.12), 1.7 * r)]
    x = pick(rng, 0.0, 0.0, 0.15)
    start = 0.42 * (wide if style == "round" else long)
    solids = base + [
        s
        for k in ((-1, 1) if x else (1,))
        for s in moved(turned(gun, rise), (k * x, 0.5 * tall, start - 0.08))
    ]
    solids += [
        frustum((s * 0.2 * wide, tall - 0.08, -0.15), (s * 0.2 * wide, tall + 0.07, -0.15), 0.14)
        for s in pick(rng, (1,), (-1, 1))
    ]
    if chance(rng, 0.4):
        solids += [capsule((-0.2 * wide, tall, -0.1), (-0.2 * wide, tall + 0.8, -0.2), 0.02)]
    if chance(rng, 0.4):
        solids += [
            capsule((0.2 * wide, tall + 0.14, -0.2), (0.2 * wide, tall + 0.16, 0.4), 0.035),
            capsule((0.2 * wide, tall, -0.1), (0.2 * wide, tall + 0.15, -0.1), 0.04),
        ]
    return moved(
        solids,
        (0, y - 0.01, uniform(rng, -0.25, 0.15)),
        uniform(rng, -40, 40) if chance(rng, 0.5) else pick(rng, 0.0, 180.0, 0.0),
    )


def _tank(rng: Rng) -> Solids:
    long, high, wide = uniform(rng, 2.2, 3.2), uniform(rng, 0.5, 0.75), uniform(rng, 1.3, 1.7)
    band = uniform(rng, 0.22, 0.35)
    h, top = 0.48 * long, high + uniform(rng, 0.12, 0.35)
    solids = track(long, high, wide / 2 - band / 2, band)
    side = xy(
        (-h, 0.85 * h, h, uniform(rng, 0.45, 0.75) * h, -0.85 * h, -h),
        (0.3 * high, 0.25 * high, 0.55 * high, top, top, 0.9 * high),
    )
    solids += side_on(side, wide - 1.9 * band)
    if chance(rng, 0.7):  # skirts above the tracks
        solids += mirrored(
            box((band * 1.1, 0.06, 0.92 * long), (wide / 2 - band / 2, high + 0.02, 0))
        )
    if chance(rng, 0.3):
        solids += [frustum((-0.4, top, -0.8 * h), (0.4, top, -0.8 * h), 0.12)]
    return solids + _turret(rng, top)


def _armoured(rng: Rng) -> Solids:
    long, wide, r = uniform(rng, 2.2, 3), 1.1, uniform(rng, 0.28, 0.38)
    h, top = long / 2, uniform(rng, 0.95, 1.2)
    side = [(-h, 0.4), (0.9 * h, 0.4), (h, 0.65), (0.6 * h, top), (-0.9 * h, top), (-h, 0.7)]
    solids = side_on(side, wide) + wheels(
        rng, list(np.linspace(-0.7 * h, 0.7 * h, count(rng, 2, 4))), wide / 2 + 0.1, r, 0.25
    )
    if chance(rng, 0.25):
        tubes = [
            frustum((x, y, -0.6), (x, y, 0.7), 0.11) for x in (-0.26, 0, 0.26) for y in (0.12, 0.34)
        ]
        frame = [
            box((0.7, 0.06, 1.1), (0, 0, 0)),
            box((0.66, 0.45, 0.1), (0, 0.22, -0.3)),
            box((0.66, 0.45, 0.1), (0, 0.22, 0.4)),
        ]
        return (
            solids
            + moved(turned(tubes + frame, tilt(-uniform(rng, 5, 40))), (0, top + 0.2, -0.2 * h))
            + [box((0.5, 0.5, 0.5), (0, top, -0.2 * h))]
        )
    return solids + _turret(rng, top)


def _cannon(rng: Rng) -> Solids:
    """Make a field gun: a barrel between two wheels, and a trail or two."""
    r, length = uniform(rng, 0.4, 0.65), uniform(rng, 1.2, 2.4)
    old = chance(rng, 0.5)
    curve = (
        [(0.2, -0.5), (0.19, 0), (0.12, length - 0.1), (0.16, length)]
        if old
        else [(0.14, -0.4), (0.13, 0.3), (0.08, 0.35), (0.07, length)]
    )
    barrel = lathe(curve, (0, 0, 0), FRONT) + ([ball(0.12, (0, 0, -0.55))] if old else [])
    solids = moved(turned(barrel, tilt(-uniform(rng, 0, 30))), (0, r + 0.2, 0))
    for s in (-1, 1):
        x = 0.5 * s
        solids += [
            torus(r, 0.07, (x, r + 0.05, 0), RIGHT),
            frustum((x - 0.1, r + 0.05, 0), (x + 0.1, r + 0.05, 0), 0.12),
        ]
        for k in range(4):
            spoke = box((0.05, 2 * r, 0.06))
            solids += moved(turned([spoke], tilt(45 * k)), (x, r + 0.05, 0))
    solids += [
        frustum((-0.5, r + 0.05, 0), (0.5, r + 0.05, 0), 0.08),
        box((0.36, 0.24, 0.5), (0, r + 0.1, 0)),
    ]
    for x in (0.14, -0.14):
        solids += [beam((x, r + 0.05, 0.1), (x * (1 if old else 4), 0.06, -1.7), 0.12, 0.12, RIGHT)]
    return (
        solids
        if old
        else [*solids, beam((0, r - 0.1, 0.25), (0, r + 0.75, 0.15), 0.85, 0.06, RIGHT)]
    )
