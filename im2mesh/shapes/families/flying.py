"""Flying machines without wings: helicopters, drones, rockets, balloons."""

from __future__ import annotations

import math

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, around, roll, tilt
from im2mesh.shapes.kit.bars import ball, column, point, sweep
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, log_uniform, pick, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored, moved, ringed, stand, turned
from im2mesh.shapes.kit.machines import wheels
from im2mesh.shapes.kit.outlines import extrude, rounded_outline, side_on, xy
from im2mesh.shapes.kit.profiles import lathe, smooth_profile, vessel
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import box, capsule, ellipsoid, frustum, torus


def helicopter(rng: Rng) -> Shape:
    """Draw a helicopter, a drone, a rocket, a space shuttle, a satellite or a saucer."""
    kinds: dict[Make, float] = {
        _helicopter: 4.0, _drone: 1.5, _rocket: 2.0, _ship: 2.0, _satellite: 1.2, _saucer: 0.8,
        _balloon: 0.8, _airship: 0.6,
    }  # fmt: skip
    return stand(draw(rng, kinds))


def _rotor(rng: Rng, radius: float, blades: int, chord: float, thick: float = 0.05) -> Solids:
    """Return a rotor about the y axis at the origin."""
    hub = column(-0.12, 0.08, max(0.8 * chord, 0.06))
    blade = box((chord, thick, radius), (0, 0, radius / 2))
    return [hub, *ringed([blade], blades, uniform(rng, 0, 360))]


def _helicopter(rng: Rng) -> Solids:
    long, wide, tall = uniform(rng, 0.8, 1.7), uniform(rng, 0.4, 0.6), uniform(rng, 0.45, 0.65)
    boom, radius = uniform(rng, 1.3, 2.4), uniform(rng, 1.6, 2.6)
    y = tall + uniform(rng, 0.25, 0.5)
    solids = [
        ellipsoid((wide, tall, 0.9), (0, y, 0.45 * long)),
        ellipsoid((wide, tall, 0.9), (0, y, -0.3 * long)),
        *extrude(
            rounded_outline(1.8 * wide, 1.8 * tall, 0.6 * wide, 2), 0.8 * long, (0, y, 0.08 * long)
        ),
    ]
    top, tail = y + tall, point(0, y + 0.35 * tall, -0.3 * long - 0.6 - boom)
    solids += [frustum((0, y + 0.2 * tall, -0.5 * long), tail, 0.6 * tall, 0.13)]
    fin = np.array([(0.3, 0), (0.0, 0), (-0.35, 0.7), (-0.1, 0.7)])
    solids += moved(side_on(fin, 0.08), tail) + [
        box((uniform(rng, 0.6, 1.1), 0.05, 0.25), tail + (0, 0, 0.3))
    ]
    hub = turned(_rotor(rng, uniform(rng, 0.35, 0.5), count(rng, 2, 4), 0.09), roll(90))
    solids += moved(hub, tail + (-0.12, 0.35, -0.1)) + [
        capsule(tail + (0, 0.35, -0.1), tail + (-0.15, 0.35, -0.1), 0.06)
    ]
    if chance(rng, 0.6):
        solids += [box((0.8 * wide, 0.3, 0.9 * long), (0, top - 0.05, -0.1))]
    mast = uniform(rng, 0.15, 0.4)
    solids += [
        column(top - 0.3, top + mast, 0.08),
        *moved(_rotor(rng, radius, count(rng, 2, 5), uniform(rng, 0.1, 0.17)), (0, top + mast, 0)),
    ]
    if chance(rng, 0.65):  # skids
        x = uniform(rng, 0.9, 1.2) * wide
        skid = [(x, 0.04, -0.75), (x, 0.04, 0.8), (x, 0.16, 1.0)]
        legs = [capsule((0.4 * wide, y - 0.7 * tall, z), (x, 0.04, z), 0.045) for z in (-0.4, 0.4)]
        return solids + mirrored(*sweep(skid, 0.045), *legs)
    solids += wheels(rng, [-0.4], 0.95 * wide, 0.15, 0.12) + [
        capsule((0, y - 0.5 * tall, -0.4), (0, 0.15, -0.4), 0.06)
    ]
    return [
        *solids,
        frustum((-0.06, 0.13, 0.6), (0.06, 0.13, 0.6), 0.13),
        capsule((0, 0.13, 0.6), (0, y - 0.5 * tall, 0.5), 0.05),
    ]


def _drone(rng: Rng) -> Solids:
    arms, reach = pick(rng, 4, 4, 4, 6), uniform(rng, 0.8, 1.3)
    solids = [ellipsoid((0.42, 0.18, 0.5))] if chance(rng, 0.5) else [box((0.6, 0.2, 0.8))]
    for k in range(arms):
        out = around(360 * (k + 0.5) / arms)
        tip = reach * out + (0, uniform(rng, 0.0, 0.1), 0)
        solids += [
            capsule(0.2 * out, tip, 0.06),
            frustum(tip - (0, 0.1, 0), tip + (0, 0.14, 0), 0.11),
        ]
        if chance(rng, 0.5):
            solids += [
                torus(0.5, 0.03, tip + (0, 0.1, 0)),
                box((1.0, 0.04, 0.07), tip + (0, 0.1, 0)),
            ]
        else:
            solids += moved(_rotor(rng, 0.45, 2, 0.09, 0.035), tip + (0, 0.14, 0))
    solids += mirrored(
        *sweep([(0.2, -0.05, 0.3), (0.4, -0.4, 0.3), (0.4, -0.4, -0.3), (0.2, -0.05, -0.3)], 0.035)
    )
    return [*solids, ball(0.13, (0, -0.2, 0.25))]


def _rocket(rng: Rng) -> Solids:
    tall, fins = log_uniform(rng, 2.5, 8), count(rng, 3, 4)
    belly = uniform(rng, 1.0, 1.5) if chance(rng, 0.3) else 1.0
    curve = smooth_profile([(0.45, 0), (0.5 * belly, 0.35 * tall), (0.5, 0.7 * tall)], 5)
    nose = smooth_profile([(0.5, 0.7 * tall), (0.35, 0.85 * tall), (0.03, tall)], 5)
    solids = lathe(curve) + lathe(nose) + vessel([(0.45, -0.4), (0.25, 0.05)], 0.06, 0)
    fin = xy(
        (0.35, uniform(rng, 0.8, 1.4), uniform(rng, 0.8, 1.4), 0.35),
        (0.25 * tall, uniform(rng, -0.1, 0.1) * tall, -0.12 * tall, 0.02),
    )
    solids += ringed(extrude(fin, 0.1), fins)
    if chance(rng, 0.35):  # boosters
        solids += mirrored(
            frustum((0.8, 0, 0), (0.8, 0.5 * tall, 0), 0.28),
            frustum((0.8, 0.5 * tall, 0), (0.8, 0.5 * tall + 0.5, 0), 0.28, 0.02),
            box((0.5, 0.1, 0.1), (0.5, 0.3 * tall, 0)),
        )
    if chance(rng, 0.4):
        solids += [torus(0.18, 0.05, (0, 0.62 * tall, 0.47), FRONT)]
    return turned(solids, tilt(pick(rng, 0, 0, 90)))


def _ship(rng: Rng) -> Solids:
    """Make a space shuttle or a fighter of space: a body, swept wings, fins and engines."""
    long, r, span = uniform(rng, 1.5, 3), uniform(rng, 0.28, 0.45), uniform(rng, 0.9, 2.0)
    body = smooth_profile(
        [(0.9 * r, -long / 2), (r, 0.1 * long), (0.7 * r, 0.4 * long), (0.08, 0.62 * long)], 7
    )
    solids = lathe(body, (0, 0, 0), FRONT)
    root, sweep_by = uniform(rng, 0.4, 0.9) * long, uniform(rng, 0.1, 1.0)
    wing = xy(
        (0, span, span, 0.5 * span, 0),
        (root / 2, root / 2 - sweep_by - 0.3, root / 2 - sweep_by - 0.6, -root / 2, -root / 2),
    )
    bend = uniform(rng, -20, 20)
    solids += mirrored(
        *turned(
            extrude(
                wing * (1, -1), uniform(rng, 0.06, 0.14), (0, -0.3 * r, -0.15 * long), tilt(90)
            ),
            roll(bend),
        )
    )
    fin = xy(
        (-0.25 * long, -0.5 * long, -0.58 * long, -0.45 * long),
        (0.5 * r, 0.5 * r, r + uniform(rng, 0.3, 0.9), r + 0.4),
    )
    if chance(rng, 0.6):
        solids += side_on(fin, 0.09)
    nozzle = vessel([(0.75 * r, 0), (0.5 * r, 0.35)], 0.15 * r, 0, (0, 0, -long / 2 - 0.3), FRONT)
    solids += nozzle if chance(rng, 0.5) else mirrored(*moved(nozzle, (0.5 * r, 0, 0)))
    if chance(rng, 0.6):
        solids += [ellipsoid((0.55 * r, 0.55 * r, 0.3 * long), (0, 0.65 * r, 0.2 * long))]
    if chance(rng, 0.5):  # guns or engines at the wings
        c, s = math.cos(math.radians(bend)), math.sin(math.radians(bend))
        at = point(0.6 * span * c + 0.3 * r * s, 0.6 * span * s - 0.3 * r * c, -0.35 * long)
        solids += mirrored(
            frustum(at - (0, 0, 0.3), at + (0, 0, uniform(rng, 0.4, 1.2)), uniform(rng, 0.08, 0.2))
        )
    return solids


def _satellite(rng: Rng) -> Solids:
    wide, tall = uniform(rng, 0.5, 0.9), uniform(rng, 0.7, 1.4)
    solids = [pick(rng, box((wide, tall, wide)), column(-tall / 2, tall / 2, wide / 2))]
    number, size = count(rng, 1, 3), uniform(rng, 0.5, 0.9)
    turn, x = tilt(uniform(rng, -60, 60)), wide / 2 + 0.2
    panels = [capsule((0, 0, 0), (x + number * size, 0, 0), 0.04)]
    panels += [
        box((0.94 * size, uniform(rng, 0.5, 0.9), 0.05), (x + (k + 0.5) * size, 0, 0))
        for k in range(number)
    ]
    solids += mirrored(*turned(panels, turn))
    dish = vessel(smooth_profile([(0.08, 0), (0.35, 0.1), (0.5, 0.25)], 4), 0.05, 0.04)
    solids += moved(turned(dish, tilt(uniform(rng, 0, 90))), (0, tall / 2 + 0.12, 0)) + [
        capsule((0, 0, 0), (0, tall / 2 + 0.15, 0), 0.05)
    ]
    return solids + [column(-tall / 2 - 0.25, -tall / 2 + 0.02, 0.25, 0.12)]


def _saucer(rng: Rng) -> Solids:
    deep = uniform(rng, 0.3, 0.6)
    solids = lathe(smooth_profile([(0.4, 0), (1.3, deep), (0.5, 1.8 * deep)], 8)) + [
        ellipsoid((0.5, 0.45, 0.5), (0, 1.75 * deep, 0))
    ]
    solids += ringed([ellipsoid((0.1, 0.08, 0.1), (0, 1.28 * deep, 1.0))], count(rng, 6, 10))
    return solids + [
        capsule((0, deep / 2, 0) + 0.4 * around(120 * k), 0.9 * around(120 * k) - (0, 0.5, 0), 0.05)
        for k in range(3)
    ]


def _balloon(rng: Rng) -> Solids:
    low, w = uniform(rng, 0.5, 1.1), uniform(rng, 0.2, 0.32)
    hull = smooth_profile([(0.3, 0), (1.2, 1.5), (0.9, 2.5), (0.1, 2.9)], 10)
    solids = lathe(hull) + vessel([(0.8 * w, -low - 0.4), (w, -low)], 0.05, 0.05)
    return solids + [
        capsule(
            0.9 * w * around(90 * k + 45) - (0, low + 0.02, 0),
            0.27 * around(90 * k + 45) + (0, 0.05, 0),
            0.025,
        )
        for k in range(4)
    ]


def _airship(rng: Rng) -> Solids:
    long, r = uniform(rng, 1.8, 3), uniform(rng, 0.5, 0.8)
    solids = [ellipsoid((r, r, long))]
    fin = np.array([(-0.6 * long, 0), (-1.0 * long, 0), (-1.02 * long, r), (-0.85 * long, r)])
    for k in range(4):
        solids += turned(side_on(fin, 0.07), roll(90 * k))
    return [
        *solids,
        *extrude(
            np.array([(-0.5, 0.1), (0.5, 0.1), (0.35, -0.25), (-0.4, -0.25)]) * (long / 2, 1),
            0.4,
            (0, -r, 0),
            np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]]),
        ),
    ]
