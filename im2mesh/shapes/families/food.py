"""Food: fruit, vegetables, bread, cakes and what is eaten from the hand."""

from __future__ import annotations

import math

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, RIGHT, UP, around, roll, tilt
from im2mesh.shapes.kit.bars import arc, ball, chain, column, point, sweep
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, pick, uniform
from im2mesh.shapes.kit.copies import Solids, moved, ringed, stand, turned
from im2mesh.shapes.kit.outlines import both_sides, extrude, xy
from im2mesh.shapes.kit.profiles import lathe, smooth_profile, vessel
from im2mesh.shapes.kit.soft import rounded_box
from im2mesh.shapes.kit.vessels import filling
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import box, capsule, ellipsoid, frustum, torus


def fruit(rng: Rng) -> Shape:
    """Draw a fruit, a vegetable, a mushroom, bread, a cake, a burger or an ice cream."""
    kinds: dict[Make, float] = {
        _apple: 2.5, _pear: 1.5, _banana: 2.0, _citrus: 1.5, _carrot: 1.2, _pepper: 1.2,
        _bunch: 1.2, _pineapple: 1.0, _pumpkin: 1.0, _mushroom: 1.2, _egg: 0.8, _loaf: 1.5,
        _slice: 1.0, _sandwich: 1.0, _burger: 1.5, _cake: 1.5, _ring: 1.0, _ice: 1.2,
        _croissant: 0.8, _hotdog: 0.8, _broccoli: 0.8, _cheese: 0.7,
    }  # fmt: skip
    return stand(draw(rng, kinds))


def _stalk(rng: Rng, at: float, leaf: float = 0.4) -> Solids:
    """Return a stalk that stands at a height, with or without a leaf."""
    high, lean = uniform(rng, 0.2, 0.5), uniform(rng, -0.15, 0.15)
    solids = sweep([(0, at - 0.1, 0), (lean, at + high, 0)], [0.05, 0.07])
    if chance(rng, leaf):
        blade = ellipsoid((0.3, 0.04, 0.14), (0.28, 0, 0))
        solids += moved(turned([blade], roll(uniform(rng, 0, 40))), (lean, at + 0.8 * high, 0))
    return solids


def _apple(rng: Rng) -> Solids:
    tall, low = uniform(rng, 0.8, 1.0), uniform(rng, 0.4, 0.6)
    profile = xy((low, 0.85, 1, 0.8, 0.3), (0, 0.25 * tall, 0.9 * tall, 1.5 * tall, 1.75 * tall))
    dent = vessel([(0.5, 1.5 * tall), (0.33, 1.8 * tall)], 0.2, 0)
    solids = lathe(smooth_profile(profile, 12)) + dent
    return solids + _stalk(rng, 1.75 * tall)


def _pear(rng: Rng) -> Solids:
    tall, neck = uniform(rng, 2.0, 2.9), uniform(rng, 0.35, 0.55)
    profile = xy((0.4, 1, neck, 0.8 * neck, 0.1), (0, 0.35 * tall, 0.75 * tall, 0.92 * tall, tall))
    solids = lathe(smooth_profile(profile, 14)) + _stalk(rng, tall, 0.3)
    if chance(rng, 0.3):  # an aubergine, or a pear that lies
        solids = turned(solids, tilt(uniform(rng, 70, 95)))
    return solids


def _banana(rng: Rng) -> Solids:
    bend, thick = uniform(rng, 60, 130), uniform(rng, 0.16, 0.26)
    points = arc((0, 0, 0), 1.0, -bend / 2, bend / 2, -UP, RIGHT, 8)
    radii = thick * np.array([0.35, 0.75, 0.95, 1, 1, 1, 0.95, 0.7, 0.3])
    one = sweep(points, list(radii))
    tip = points[0] + 0.2 * (points[0] - points[1]) / np.linalg.norm(points[0] - points[1])
    one += [capsule(points[0], tip, 0.3 * thick)]
    lying = turned(one, tilt(pick(rng, 0, 90)))
    if chance(rng, 0.35):  # a hand of them
        return [
            s
            for k in range(count(rng, 2, 4))
            for s in moved(moved(one, -points[0]), azimuth=22.0 * k)
        ]
    return lying


def _citrus(rng: Rng) -> Solids:
    long = uniform(rng, 0.9, 1.5)
    solids = [ellipsoid((1, 1, long))]
    if chance(rng, 0.5):  # a lemon's nipples
        solids += [ellipsoid((0.25, 0.25, 0.3), (0, 0, s * long)) for s in (-1, 1)]
    if chance(rng, 0.3):  # half of it
        half = [(1.0, 0.0), (0.95, 0.3), (0.75, 0.68), (0.4, 0.92), (0.05, 1.0)]
        return turned(lathe(half), tilt(uniform(rng, -90, 0)))
    return solids + [column(0.95, 1.05, 0.08)]


def _carrot(rng: Rng) -> Solids:
    long, wide = uniform(rng, 2, 4.5), uniform(rng, 0.35, 0.8)
    shape = [(0.05, 0), (0.6 * wide, 0.4 * long), (wide, 0.9 * long), (0.5 * wide, long)]
    solids = lathe(smooth_profile(shape, 8))
    for _ in range(count(rng, 0, 6)):
        out = uniform(rng, 0.1, 0.5) * around(uniform(rng, 0, 360))
        top = point(0, long - 0.1, 0)
        solids += sweep([top, top + out + (0, uniform(rng, 0.6, 1.2), 0)], [0.07, 0.1])
    return turned(solids, tilt(90)) if chance(rng, 0.8) else solids


def _pepper(rng: Rng) -> Solids:
    tall, lobes = uniform(rng, 1.4, 2.4), count(rng, 3, 4)
    solids: Solids = []
    for k in range(lobes):
        out = around(360 * k / lobes)
        solids += sweep([0.42 * out + (0, 0.45, 0), 0.5 * out + (0, tall - 0.55, 0)], [0.42, 0.55])
    return solids + _stalk(rng, tall - 0.15, 0.1)


def _bunch(rng: Rng) -> Solids:
    """Grapes: balls that fill a cone."""
    solids = [capsule((0, -1.2, 0), (0, 1.5, 0), 0.12)]
    r = uniform(rng, 0.28, 0.4)
    for y in np.arange(1.0, -1.7, -0.85 * 1.25 * r):
        ring = 0.22 + 0.7 * (y + 1.7) / 2.7
        number = max(round(2 * math.pi * ring / (1.9 * r)), 1)
        solids += ringed([ellipsoid((r, 1.1 * r, r), (0, y, ring))], number, uniform(rng, 0, 360))
    return solids


def _pineapple(rng: Rng) -> Solids:
    tall = uniform(rng, 2.2, 3.0)
    solids = lathe(smooth_profile([(0.7, 0), (1, 0.45 * tall), (0.6, tall)], 8))
    for ring, number, high in ((0.5, 7, 0.9), (0.3, 5, 1.3)):
        for k in range(number):
            out = around(360 * k / number + 40 * ring)
            base = point(0, tall - 0.15, 0)
            solids += sweep(
                [
                    base + 0.25 * out,
                    base + 0.9 * ring * out + (0, 0.6 * high, 0),
                    base + 1.7 * ring * out + (0, high, 0),
                ],
                [0.16, 0.12, 0.03],
            )
    return solids


def _pumpkin(rng: Rng) -> Solids:
    ribs, flat = count(rng, 7, 10), uniform(rng, 0.6, 0.95)
    solids = ringed([ellipsoid((0.4, flat, 0.5), (0, 0, 0.55))], ribs)
    return [
        *solids,
        *sweep([(0, 0.5 * flat, 0), (0, flat + 0.2, 0), (0.15, flat + 0.4, 0)], [0.2, 0.12, 0.14]),
    ]


def _mushroom(rng: Rng) -> Solids:
    stem, high = uniform(rng, 0.2, 0.5), uniform(rng, 0.6, 1.6)
    dome = uniform(rng, 0.4, 1.0)
    cap = smooth_profile([(1, 0), (0.95, 0.3 * dome), (0.6, 0.8 * dome), (0.1, dome)], 7)
    foot = smooth_profile([(1.1 * stem, 0), (0.85 * stem, 0.6 * high), (stem, high + 0.05)], 4)
    if chance(rng, 0.6):
        return lathe(foot) + moved(lathe(cap), (0, high, 0))
    # Hollow below: an upturned bowl.
    bowl = vessel([(r, dome - y) for r, y in cap[::-1]], 0.14, 0.35 * dome)
    return (
        lathe(foot)
        + moved(turned(bowl, roll(180)), (0, high + 0.62 * dome, 0))
        + [column(high - 0.1, high + 0.4 * dome, 0.9 * stem)]
    )


def _egg(rng: Rng) -> Solids:
    tall = uniform(rng, 2.4, 2.9)
    shape = [(0.1, 0), (0.75, 0.12 * tall), (1, 0.4 * tall), (0.65, 0.8 * tall), (0.1, tall)]
    egg = lathe(smooth_profile(shape, 12))
    if chance(rng, 0.4):
        holder = vessel(smooth_profile([(0.8, 0), (0.35, 0.6), (1.0, 1.5)], 7), 0.12, 0.5)
        return holder + moved(egg, (0, 0.65, 0))
    return turned(egg, tilt(pick(rng, 0, 90)))


def _loaf(rng: Rng) -> Solids:
    long, wide, tall = uniform(rng, 1.5, 3), uniform(rng, 0.8, 1.1), uniform(rng, 0.6, 1)
    if chance(rng, 0.4):  # a baguette or a roll
        solids = [ellipsoid((long * 0.8, 0.4 * tall, 0.45 * wide))]
        cuts = np.linspace(-0.45, 0.45, count(rng, 2, 5)) * long
        return solids + [
            capsule((x - 0.12, 0.36 * tall, -0.12), (x + 0.12, 0.36 * tall, 0.12), 0.09)
            for x in cuts
        ]
    solids = rounded_box((long, tall, wide), 0.12, (0, tall / 2, 0))
    return solids + [
        capsule((-long / 2 + 0.2, tall, z), (long / 2 - 0.2, tall, z), 0.33 * wide)
        for z in (-0.22 * wide, 0.22 * wide)
    ]


def _slice(rng: Rng) -> Solids:
    """Make a slice of bread, of toast or of a melon."""
    thick = uniform(rng, 0.12, 0.35)
    if chance(rng, 0.5):
        side = [(0.85, 0), (0.85, 1.1), (1, 1.4), (0.9, 1.75), (0.5, 1.85)]
        outline = both_sides(np.array(side))
        return turned(extrude(outline, thick), tilt(pick(rng, 0, 90, -20)))
    bow = [(math.cos(a), math.sin(a)) for a in np.linspace(math.pi, 2 * math.pi, 13)]
    if chance(rng, 0.5):
        bow += [
            (0.45 * math.cos(a), 0.3 + 0.45 * math.sin(a))
            for a in np.linspace(2 * math.pi, math.pi, 7)
        ]
    return extrude(np.array(bow), thick * 2)


def _sandwich(rng: Rng) -> Solids:
    outline = (
        np.array([(-1, 0), (1, 0), (0, 1)])
        if chance(rng, 0.5)
        else np.array([(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)])
    )
    solids, z = [], 0.0
    for k in range(pick(rng, 3, 5)):
        thick = uniform(rng, 0.16, 0.25) if k % 2 == 0 else uniform(rng, 0.06, 0.15)
        solids += extrude(
            (1.0 if k % 2 == 0 else 1.06) * outline, thick + 0.01, (0, 0, z + thick / 2)
        )
        z += thick
    return turned(solids, tilt(pick(rng, 90, -90, 0)))


def _burger(rng: Rng) -> Solids:
    solids = lathe([(0.9, 0), (1, 0.1), (1, 0.3)])
    y = 0.28
    for _ in range(count(rng, 2, 5)):
        thick, wide = uniform(rng, 0.08, 0.25), uniform(rng, 0.95, 1.1)
        if chance(rng, 0.25):
            solids += [box((1.65 * wide, 0.07, 1.65 * wide), (0, y + 0.03, 0))]
            thick = 0.06
        else:
            solids += [column(y - 0.01, y + thick, wide)]
        y += thick - 0.005
    dome = uniform(rng, 0.4, 0.7)
    return solids + lathe(
        smooth_profile([(1, y), (0.95, y + 0.4 * dome), (0.6, y + 0.85 * dome), (0.1, y + dome)], 6)
    )


def _cake(rng: Rng) -> Solids:
    solids: Solids = []
    y, r = 0.0, 1.0
    if chance(rng, 0.35):  # a muffin
        solids = lathe([(0.55, 0), (0.8, 0.8)]) + [ellipsoid((0.95, 0.55, 0.95), (0, 0.85, 0))]
        return solids + ([ball(0.15, (0, 1.45, 0))] if chance(rng, 0.6) else [])
    for _ in range(pick(rng, 1, 1, 2, 3)):
        tall = uniform(rng, 0.35, 0.8)
        solids += [column(y, y + tall, r)]
        if chance(rng, 0.5):
            dot = ellipsoid((0.13, 0.1, 0.13), (0, y + tall, 0.85 * r))
            solids += ringed([dot], count(rng, 6, 12))
        y, r = y + tall - 0.01, r * uniform(rng, 0.55, 0.8)
    for _ in range(count(rng, 0, 5)):
        at = uniform(rng, 0, 0.7) * r * around(uniform(rng, 0, 360))
        solids += [frustum(at + (0, y - 0.05, 0), at + (0, y + 0.5, 0), 0.05)]
    return solids + [column(-0.05, 0.01, 1.25)] if chance(rng, 0.4) else solids


def _ring(rng: Rng) -> Solids:
    """Make a doughnut or a pretzel."""
    tube = uniform(rng, 0.3, 0.48)
    solids = [torus(1 - tube, tube)]
    if chance(rng, 0.5):
        solids += [torus(1 - tube, tube, (0, 0.06, 0))]
    if chance(rng, 0.3):
        knot = [(0.2, -0.9), (1, -0.3), (0.9, 0.6), (0.35, 0.6), (-0.1, -0.1), (-0.5, -0.75)]
        line = [(x, 0, z) for x, z in knot]
        return chain(line, 0.15) + chain([(-x, 0.05, z) for x, _, z in line], 0.15)
    return turned(solids, tilt(90)) if chance(rng, 0.2) else solids


def _ice(rng: Rng) -> Solids:
    if chance(rng, 0.3):  # on a stick
        tall = uniform(rng, 1.4, 2)
        solids = rounded_box((0.9, tall, 0.4), 0.19, (0, tall / 2, 0))
        return turned([*solids, box((0.2, 1.0, 0.1), (0, -0.4, 0))], tilt(pick(rng, 0, 90)))
    tall, scoops = uniform(rng, 1.4, 2.4), count(rng, 1, 3)
    if chance(rng, 0.3):
        cup = [(0.5, 0.0), (0.9, tall * 0.6)]
        solids = vessel(cup, 0.07, 0.1) + filling(rng, cup, 0.07, 0.1)
        return solids + [
            ball(0.5, (x, 0.6 * tall, z)) for x, z in ((0.25, 0), (-0.25, 0.2), (-0.2, -0.25))
        ]
    solids = lathe([(0.03, 0), (0.7, tall)])
    y = tall + 0.2
    for _ in range(scoops):
        solids += [ellipsoid((0.75, 0.7, 0.75), (uniform(rng, -0.1, 0.1), y, 0))]
        y += uniform(rng, 0.7, 0.9)
    return solids


def _croissant(rng: Rng) -> Solids:
    bend = uniform(rng, 100, 220)
    points = arc((0, 0, 0), 1.0, -bend / 2, bend / 2, FRONT, RIGHT, 8)
    thick = np.array([0.12, 0.24, 0.36, 0.46, 0.52, 0.46, 0.36, 0.24, 0.12]) * uniform(
        rng, 0.7, 1.1
    )
    return [ellipsoid((r, 0.9 * r, r), p) for p, r in zip(points, thick, strict=True)] + sweep(
        points, list(0.75 * thick)
    )


def _hotdog(rng: Rng) -> Solids:
    long, r = uniform(rng, 1.6, 2.4), uniform(rng, 0.22, 0.3)
    solids = [capsule((-long / 2, 0, z), (long / 2, 0, z), 1.3 * r) for z in (-r, r)]
    more = long / 2 + uniform(rng, 0, 0.3)
    return [*solids, capsule((-more, 0.9 * r, 0), (more, 0.9 * r, 0), r)]


def _broccoli(rng: Rng) -> Solids:
    """Make a tree of balls on a trunk: broccoli, or a tree."""
    high = uniform(rng, 0.8, 1.8)
    solids = lathe([(0.35, 0), (0.25, high * 0.6), (0.4, high)])
    for k in range(count(rng, 6, 14)):
        out = uniform(rng, 0.2, 0.6) * around(137.5 * k)
        r = uniform(rng, 0.3, 0.5)
        solids += [ball(r, out + (0, high + uniform(rng, 0.0, 0.5), 0))]
    return solids


def _cheese(rng: Rng) -> Solids:
    """Make a piece of a round cheese or of a pie."""
    angle, tall = uniform(rng, 25, 300), uniform(rng, 0.3, 0.8)
    rim = [
        (math.cos(a), math.sin(a)) for a in np.radians(np.linspace(0, angle, 3 + int(angle / 15)))
    ]
    return turned(extrude(np.array([(0, 0), *rim]), tall), tilt(-90))
