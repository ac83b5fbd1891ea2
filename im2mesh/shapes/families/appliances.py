"""Appliances of a household."""

from __future__ import annotations

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, RIGHT, UP, tilt
from im2mesh.shapes.kit.bars import arc, column, point, sweep, xyz
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, pick, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored, moved, ringed, stand, turned
from im2mesh.shapes.kit.furniture import front, handle
from im2mesh.shapes.kit.outlines import both_sides, extrude, xy
from im2mesh.shapes.kit.profiles import lathe, smooth_profile, vessel
from im2mesh.shapes.kit.soft import slab
from im2mesh.shapes.kit.vessels import ear, knob, radius_at, spout
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import beam, box, capsule, ellipsoid, frustum, torus


def appliance(rng: Rng) -> Shape:
    """Draw a kettle, a toaster, a microwave, a washing machine, a fridge, an iron and so on."""
    kinds: dict[Make, float] = {
        _kettle: 2.0, _toaster: 1.5, _microwave: 1.5, _washer: 1.5, _fridge: 1.5, _stove: 1.0,
        _iron: 1.5, _blender: 1.5, _coffee: 1.5, _fan: 1.5, _vacuum: 1.0, _hairdryer: 1.5,
        _mixer: 1.0, _heater: 0.7, _speaker: 1.0,
    }  # fmt: skip
    return stand(draw(rng, kinds))


def _kettle(rng: Rng) -> Solids:
    tall, top = uniform(rng, 1.4, 2.6), uniform(rng, 0.55, 0.85)
    profile = smooth_profile([(1, 0), (uniform(rng, 0.9, 1.1), 0.4 * tall), (top, tall)], 5)
    lid = [(top, tall - 0.02), (0.8 * top, tall + 0.12), (0.1, tall + 0.18)]
    solids = lathe(profile) + lathe(lid) + knob(rng, 0.1, tall + 0.17)
    if chance(rng, 0.6):
        solids += [column(-0.15, 0.02, 1.08)]
    if chance(rng, 0.5):  # electric: a lip; else a spout
        solids += [frustum((-0.5 * top, 0.85 * tall, 0), (-top - 0.4, tall, 0), 0.4, 0.15)]
    else:
        solids += spout(profile, 0.45 * tall, 0.5, 0.95 * tall, (0.25, 0.12), 0.0)
    if chance(rng, 0.65):
        return solids + ear(rng, profile, 0.2 * tall, 0.92 * tall, uniform(rng, 0.35, 0.6), 0.22)
    reach = radius_at(profile, 0.9 * tall)
    return solids + moved(
        sweep(arc((0, 0, 0), reach, 0, 180, RIGHT, UP, 8), 0.09), (0, 0.9 * tall, 0)
    )


def _toaster(rng: Rng) -> Solids:
    wide, tall, deep = uniform(rng, 1.4, 2), uniform(rng, 0.9, 1.3), uniform(rng, 0.7, 1.1)
    gap, low = uniform(rng, 0.12, 0.2), uniform(rng, 0.4, 0.7)
    side = slab((wide, tall, (deep - 2 * gap) / 3), 0.2, (0, tall / 2, 0))
    solids = [s for k in (-1, 0, 1) for s in moved(side, (0, 0, k * (deep + gap) / 3))]
    solids += [box((0.9 * wide, low, deep), (0, low / 2 + 0.05, 0))]
    solids += mirrored(box((0.12, tall - 0.2, deep), (wide / 2 - 0.06, tall / 2 - 0.05, 0)))
    solids += [box((0.25, 0.12, 0.3), (wide / 2 + 0.08, uniform(rng, 0.4, 0.8) * tall, 0))]
    if chance(rng, 0.5):  # bread
        for z in (-0.5, 0.5):
            size, y = (0.7 * wide, tall + 0.3 - low, 0.8 * gap), (tall + 0.3 + low) / 2
            solids += slab(size, 0.15, (0, y, z * (deep + gap) / 3))
    return solids


def _microwave(rng: Rng) -> Solids:
    wide, tall, deep = uniform(rng, 1.5, 2.2), uniform(rng, 0.8, 1.2), uniform(rng, 0.9, 1.4)
    door, face = uniform(rng, 0.7, 0.8) * wide, deep / 2
    solids = [box((wide, tall, deep), (0, tall / 2, 0))]
    solids += [front((-wide / 2, 0), (-wide / 2 + door, tall), face, 0.06, 0.03)]
    solids += handle(
        pick(rng, "bow", "bar"),
        (-wide / 2 + door - 0.12, tall / 2, face + 0.06),
        0.6 * tall,
        True,
        0.04,
    )
    x = (door + wide) / 2 - wide / 2
    for y in (0.3, 0.55) if chance(rng, 0.6) else ():
        solids += [frustum((x, y * tall, face - 0.01), (x, y * tall, face + 0.08), 0.09)]
    return solids + [box((0.2 * wide, 0.12, 0.04), (x, 0.82 * tall, face))]


def _washer(rng: Rng) -> Solids:
    wide, tall, deep = 1.2, uniform(rng, 1.5, 1.9), uniform(rng, 1.0, 1.4)
    ring, y, face = uniform(rng, 0.32, 0.42), uniform(rng, 0.42, 0.5) * tall, deep / 2
    solids = [box((wide, tall, deep), (0, tall / 2, 0)), torus(ring, 0.07, (0, y, face), FRONT)]
    solids += [ellipsoid((0.9 * ring, 0.9 * ring, 0.12), (0, y, face))]
    solids += [
        box((0.3, 0.14, 0.05), (-0.38, tall - 0.15, face)),
        frustum((0.3, tall - 0.15, face), (0.3, tall - 0.15, face + 0.08), 0.08),
    ]
    return solids + [box((1.02 * wide, 0.05, 1.02 * deep), (0, tall, 0))]


def _fridge(rng: Rng) -> Solids:
    wide, tall, deep = uniform(rng, 0.6, 1.0), uniform(rng, 0.9, 2.1), uniform(rng, 0.6, 0.8)
    split = uniform(rng, 0.3, 0.7) * tall
    x = 0.5 * wide - 0.1
    solids = [box((wide, tall, deep), (0, tall / 2, 0))]
    doors = [((-wide / 2, 0.05), (wide / 2, split)), ((-wide / 2, split), (wide / 2, tall))]
    if wide > 0.85:
        doors = [((-wide / 2, 0.05), (0, tall)), ((0, 0.05), (wide / 2, tall))]
    for k, (low, high) in enumerate(doors):
        solids += [front(low, high, deep / 2, 0.06, 0.01)]
        middle = (low[1] + high[1]) / 2
        at = x if wide <= 0.85 else (0.07 if k else -0.07)
        solids += handle(
            "bow", (at, middle, deep / 2 + 0.06), 0.6 * (high[1] - low[1]), True, 0.018
        )
    return solids


def _stove(rng: Rng) -> Solids:
    wide, tall, deep = uniform(rng, 0.6, 0.9), 0.85, 0.65
    face = deep / 2
    solids = [
        box((wide, tall, deep), (0, tall / 2, 0)),
        front((-wide / 2, 0.12), (wide / 2, 0.68), face, 0.04),
    ]
    solids += handle("bow", (0, 0.62, face + 0.04), 0.7 * wide, False, 0.015)
    for x in np.linspace(-0.35, 0.35, count(rng, 3, 6)) * wide:
        solids += [frustum((x, 0.77, face - 0.01), (x, 0.77, face + 0.05), 0.03)]
    for x in (-0.25, 0.25):
        for z in (-0.16, 0.16):
            solids += [torus(0.09, 0.012, (x * wide, tall + 0.005, z))]
    if chance(rng, 0.4):
        solids += [box((wide, 0.2, 0.05), (0, tall + 0.09, -face + 0.025))]
    return solids


def _iron(rng: Rng) -> Solids:
    long, wide, tall = uniform(rng, 2, 2.6), uniform(rng, 0.45, 0.6), uniform(rng, 0.35, 0.6)
    half = np.array([(wide, -long / 2), (wide, 0), (0.6 * wide, 0.3 * long), (0.03, long / 2)])
    sole = both_sides(half)
    solids = []
    for y, scale, thick in (
        (0.06, 1.0, 0.12),
        (0.1 + tall / 4, 0.93, tall / 2),
        (0.05 + 0.7 * tall, 0.8, 0.6 * tall),
    ):
        solids += extrude(scale * sole, thick, (0, y, 0), tilt(90))
    rear, fore, top = -0.38 * long, 0.12 * long, tall + uniform(rng, 0.4, 0.6)
    solids += sweep(
        [(0, 0.8 * tall, rear), (0, top, 0.9 * rear), (0, top, 0.4 * fore), (0, 0.8 * tall, fore)],
        0.15,
    )
    if chance(rng, 0.4):
        solids += sweep(
            [(0, tall + 0.1, rear), (0, 1.2 * tall, 1.5 * rear), (0.3, tall, 2 * rear)], 0.05
        )
    return turned(solids, tilt(-80)) if chance(rng, 0.25) else solids


def _blender(rng: Rng) -> Solids:
    base, tall = uniform(rng, 0.6, 1.0), uniform(rng, 1.3, 2.0)
    foot = smooth_profile([(0.75, 0), (0.7, 0.6 * base), (0.5, base)], 4)
    jug = [(0.5, 0.0), (uniform(rng, 0.6, 0.8), tall)]
    solids = lathe(foot) + moved(vessel(jug, 0.06, 0.06), (0, base - 0.02, 0))
    solids += [frustum((0, 0.3 * base, 0.6), (0, 0.35 * base, 0.78), 0.13)]
    top = base + tall
    if chance(rng, 0.75):
        solids += lathe(
            xy(
                (jug[-1][0] + 0.03, 0.6, 0.25, 0.22),
                (top - 0.1, top + 0.08, top + 0.12, top + 0.25),
            )
        )
    return solids + moved(ear(rng, jug, 0.3 * tall, 0.9 * tall, 0.35, 0.16), (0, base, 0))


def _coffee(rng: Rng) -> Solids:
    """Make a machine with a column at its back, a head above and a jug or a cup below."""
    wide, tall, deep = uniform(rng, 0.9, 1.5), uniform(rng, 1.5, 2.1), uniform(rng, 1.2, 1.6)
    head, foot, back = uniform(rng, 0.35, 0.6), uniform(rng, 0.12, 0.25), 0.4 * deep
    solids = [
        box((wide, foot, deep), (0, foot / 2, 0)),
        box((wide, tall, back), (0, tall / 2, -deep / 2 + back / 2)),
        *slab((wide, head, deep), 0.1, (0, tall - head / 2, 0)),
    ]
    at, free = 0.22 * deep, tall - head - foot
    if chance(rng, 0.65):
        r = 0.4 * min(wide, deep - back) + 0.05
        jug = smooth_profile([(0.8 * r, 0), (1.05 * r, 0.35 * free), (0.7 * r, 0.8 * free)], 5)
        pot = vessel(jug, 0.05, 0.05) + ear(rng, jug, 0.15 * free, 0.7 * free, 0.2, 0.1)
        solids += moved(pot, (0, foot - 0.01, at), pick(rng, 0, -90, 180))
    else:
        solids += [frustum((0, tall - head - 0.15, at), (0, tall - head + 0.02, at), 0.16)]
        solids += [capsule((0, tall - head - 0.08, at), (0, tall - head - 0.1, at + 0.7), 0.07)]
        solids += moved(vessel([(0.18, 0), (0.24, 0.35)], 0.04, 0.04), (0, foot - 0.01, at))
    return solids


def _fan(rng: Rng) -> Solids:
    radius, high = uniform(rng, 0.6, 1.0), uniform(rng, 0.9, 2.6)
    deep = uniform(rng, 0.12, 0.22)
    cage = [torus(radius, 0.03, (0, 0, z), FRONT) for z in (-deep, deep)]
    spoke = sweep(xyz(0, (0.1, radius, radius, 0.1), deep * np.array((1.3, 1, -1, -1.3))), 0.016)
    blade = ellipsoid((0.24 * radius, 0.42 * radius, 0.03), (0, 0.5 * radius, 0))
    # Spread around the y axis, which then is turned to the front.
    fan = ringed(turned(spoke, tilt(90)), count(rng, 8, 14))
    fan += ringed(turned([blade], tilt(90)), count(rng, 3, 5))
    cage += turned(fan, tilt(-90))
    cage += [
        frustum((0, 0, -1.4 * deep), (0, 0, 1.4 * deep), 0.16),
        frustum((0, 0, -deep - 0.4), (0, 0, -deep), 0.2),
    ]
    solids = moved(turned(cage, tilt(-uniform(rng, 0, 20))), (0, high, 0.2))
    solids += [
        frustum((0, 0, -0.15), (0, high, -0.1), 0.06),
        frustum((0, 0, -0.1), (0, 0.1, -0.1), 0.45, 0.4),
    ]
    return [*solids, beam((0, high, -0.12), (0, high, 0), 0.16, 0.16, UP)]


def _vacuum(rng: Rng) -> Solids:
    long, tall, wide = uniform(rng, 1.0, 1.5), uniform(rng, 0.5, 0.8), uniform(rng, 0.6, 0.9)
    solids = [ellipsoid((wide / 2, tall / 2, long / 2), (0, tall / 2 + 0.08, 0))]
    solids += mirrored(
        frustum((wide / 2 - 0.15, 0.25, -0.3 * long), (wide / 2 + 0.02, 0.25, -0.3 * long), 0.25)
    )
    solids += sweep(
        [(0, tall, -0.2), (0, tall + 0.2, -0.15), (0, tall + 0.2, 0.2), (0, tall, 0.25)], 0.06
    )
    far, high = long / 2 + uniform(rng, 0.8, 1.4), uniform(rng, 1.3, 2)
    hose = xyz(
        (0, 0, 0.3, 0.4),
        (0.55 * tall, 0.9, high, high - 0.1),
        (long / 2 - 0.1, long / 2 + 0.25, long / 2 + 0.3, far - 0.5),
    )
    solids += sweep(hose, 0.08) + sweep([hose[-1], (0.4, 0.1, far + 0.5)], 0.06)
    return [*solids, box((0.7, 0.1, 0.25), (0.4, 0.05, far + 0.55))]


def _hairdryer(rng: Rng) -> Solids:
    long, radius, deep = uniform(rng, 1.3, 1.9), uniform(rng, 0.35, 0.5), uniform(rng, 1.0, 1.5)
    curve = np.array([(0.6, 0), (1, 0.15), (1, 0.5), (0.65, 1)]) * (radius, long)
    nose = [(0.65 * radius, long - 0.05), (0.6 * radius, long + uniform(rng, 0.2, 0.5))]
    solids = lathe(smooth_profile(curve, 6), (0, 0, 0), RIGHT) + vessel(
        nose, 0.08, 0, (0, 0, 0), RIGHT
    )
    lean = uniform(rng, -0.3, 0.1)
    solids += sweep([(0.3 * long, 0, 0), (0.3 * long + lean, -deep, 0)], [0.22, 0.18])
    if chance(rng, 0.4):
        end = point(0.3 * long + lean, -deep, 0)
        solids += sweep([end, end - (0, 0.3, 0), end - (0.3, 0.5, 0)], 0.05)
    return turned(solids, tilt(90)) if chance(rng, 0.5) else solids


def _mixer(rng: Rng) -> Solids:
    """Make a stand mixer over its bowl."""
    tall, long = uniform(rng, 1.2, 1.5), uniform(rng, 1.5, 1.9)
    solids = [
        box((0.8, 0.15, long), (0, 0.075, 0)),
        box((0.5, tall, 0.4), (0, tall / 2, -long / 2 + 0.25)),
        capsule((0, tall, -long / 2 + 0.3), (0, tall, long / 2 - 0.15), uniform(rng, 0.28, 0.36)),
    ]
    dish = smooth_profile([(0.25, 0), (0.48, 0.3), (0.55, 0.75)], 5)
    solids += moved(vessel(dish, 0.05, 0.05), (0, 0.14, 0.2))
    return [
        *solids,
        frustum((0, 0.5, 0.2), (0, tall, 0.2), 0.05),
        ellipsoid((0.2, 0.25, 0.2), (0, 0.5, 0.2)),
    ]


def _heater(rng: Rng) -> Solids:
    ribs, tall, deep = count(rng, 5, 12), uniform(rng, 0.6, 1.0), uniform(rng, 0.12, 0.3)
    wide = ribs * uniform(rng, 0.09, 0.14)
    rib = 0.75 * wide / ribs
    solids = [
        box((rib, tall, deep), (x, tall / 2 + 0.1, 0))
        for x in np.linspace(-wide / 2, wide / 2, ribs)
    ]
    solids += [capsule((-wide / 2, y, 0), (wide / 2, y, 0), 0.04) for y in (0.18, tall)]
    return solids + mirrored(box((0.04, 0.2, 1.6 * deep), (0.4 * wide, 0.1, 0)))


def _speaker(rng: Rng) -> Solids:
    wide, tall, deep = uniform(rng, 0.5, 1), uniform(rng, 0.7, 2.2), uniform(rng, 0.5, 0.9)
    solids = [box((wide, tall, deep), (0, tall / 2, 0))]
    y, number = 0.0, pick(rng, 1, 2, 2, 3)
    for k in range(number):
        r = 0.4 * wide * (0.55 if k == number - 1 and number > 1 else 1)
        y = (k + 0.5) / number * tall
        solids += vessel([(r, 0), (0.95 * r, 0.08)], 0.2 * r, 0, (0, y, deep / 2 - 0.02), FRONT)
        solids += [ellipsoid((0.35 * r, 0.35 * r, 0.06), (0, y, deep / 2))]
    return solids
