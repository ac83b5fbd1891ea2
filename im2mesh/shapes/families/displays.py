"""Displays: screens, cameras, clocks, keyboards."""

from __future__ import annotations

import math

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, RIGHT, UP, roll, tilt
from im2mesh.shapes.kit.bars import arc, column, point, sweep
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, log_uniform, pick, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored, moved, stand, turned
from im2mesh.shapes.kit.outlines import extrude
from im2mesh.shapes.kit.profiles import lathe, vessel
from im2mesh.shapes.kit.soft import rounded_box, slab
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import beam, box, capsule, ellipsoid, frustum, torus


def display(rng: Rng) -> Shape:
    """Draw a monitor, a laptop, a television, a phone, a camera, a clock or a game pad."""
    kinds: dict[Make, float] = {
        _monitor: 3.0, _laptop: 2.5, _tube: 1.2, _phone: 1.5, _camera: 2.0, _clock: 1.5,
        _gamepad: 1.2, _frame: 1.0, _keyboard: 1.0, _telephone: 1.0, _radio: 1.0,
    }  # fmt: skip
    return stand(draw(rng, kinds))


def _monitor(rng: Rng) -> Solids:
    wide, thick = log_uniform(rng, 0.8, 2.2), uniform(rng, 0.04, 0.14)
    tall, high = wide / uniform(rng, 1.2, 2.1), uniform(rng, 0.1, 0.5)
    angle, edge = uniform(rng, 0, 15), uniform(rng, 0.02, 0.06)
    panel = [box((wide, tall, thick))]
    panel += mirrored(box((edge, tall, 0.05), ((wide - edge) / 2, 0, thick / 2 + 0.01)))
    panel += mirrored(box((wide, edge, 0.05), (0, (tall - edge) / 2, thick / 2 + 0.01)), axis=1)
    if chance(rng, 0.5):
        panel += [box((0.5 * wide, 0.5 * tall, 0.12), (0, -0.1 * tall, -thick / 2 - 0.05))]
    solids = moved(turned(panel, tilt(-angle)), (0, high + tall / 2, 0))
    style, back = pick(rng, "round", "plate", "feet", "V"), -thick / 2
    if style == "feet":
        top = (0.3 * wide, high + 0.1, (tall / 2 - 0.1) * math.sin(math.radians(angle)))
        ends = [(0.35 * wide, 0, z) for z in (0.3, -0.3)]
        return solids + mirrored(*[beam(top, end, 0.06, 0.04, RIGHT) for end in ends])
    solids += [
        beam(
            (0, 0, back - 0.04),
            (0, high + 0.6 * tall, back - 0.02),
            uniform(rng, 0.1, 0.25),
            0.06,
            RIGHT,
        )
    ]
    if style == "round":
        return [*solids, column(0, 0.04, uniform(rng, 0.2, 0.35) * wide**0.5)]
    if style == "plate":
        return [
            *solids,
            box((uniform(rng, 0.3, 0.6) * wide, 0.04, uniform(rng, 0.3, 0.5)), (0, 0.02, 0)),
        ]
    return solids + mirrored(capsule((0, 0.03, back - 0.04), (0.3 * wide, 0.03, 0.25), 0.03))


def _laptop(rng: Rng) -> Solids:
    wide, deep = uniform(rng, 1.2, 1.8), uniform(rng, 0.9, 1.2)
    thick, lid = uniform(rng, 0.06, 0.13), uniform(rng, 0.04, 0.08)
    angle = uniform(rng, 0, 45) if chance(rng, 0.85) else 88.0
    solids = [box((wide, thick, deep), (0, thick / 2, 0))]
    solids += [
        box((0.86 * wide, 0.04, 0.45 * deep), (0, thick, -0.12 * deep)),
        box((0.3 * wide, 0.03, 0.25 * deep), (0, thick, 0.32 * deep)),
    ]
    cover = [box((wide, deep, lid), (0, deep / 2, -lid / 2))]
    cover += mirrored(box((0.05, deep, 0.03), (wide / 2 - 0.03, deep / 2, 0.01)))
    shut = angle > 60
    hinge = point(0, thick + lid * shut, -deep / 2 + 0.03)
    solids += [capsule(hinge - (0.4 * wide, 0, 0), hinge + (0.4 * wide, 0, 0), 1.05 * lid)]
    return solids + moved(turned(cover, tilt(angle if shut else -angle)), hinge)


def _tube(rng: Rng) -> Solids:
    """Make a tube television: a deep box that narrows to its back."""
    wide, deep = uniform(rng, 1, 1.5), uniform(rng, 0.5, 0.9)
    tall = wide * uniform(rng, 0.7, 0.9)
    solids = [box((wide, tall, 0.35), (0, tall / 2, 0))]
    solids += [
        box((s * wide, s * tall, deep), (0, tall / 2, -0.15 - deep * d))
        for s, d in ((0.85, 0.3), (0.6, 0.6))
    ]
    solids += [ellipsoid((0.4 * wide, 0.4 * tall, 0.06), (-0.05 * wide, tall / 2, 0.16))]
    if chance(rng, 0.5):
        solids += [
            frustum((0.44 * wide, y * tall, 0.16), (0.44 * wide, y * tall, 0.22), 0.05)
            for y in (0.5, 0.7)
        ]
    if chance(rng, 0.4):
        solids += [capsule((0, tall, -0.1), (s * 0.5, tall + 0.7, -0.3), 0.02) for s in (-1, 1)]
    return solids


def _phone(rng: Rng) -> Solids:
    wide, tall = uniform(rng, 0.7, 1.4), uniform(rng, 1.4, 2.0)
    thick = log_uniform(rng, 0.06, 0.22)
    solids = slab((wide, tall, thick), uniform(rng, 0.06, 0.2), (0, 0, 0))
    if chance(rng, 0.5):
        solids += slab(
            (0.3 * wide, 0.3 * wide, 0.06), 0.06, (-0.25 * wide, 0.38 * tall, -thick / 2 - 0.02)
        )
    elif chance(rng, 0.5):  # with keys
        solids += [box((0.75 * wide, 0.4 * tall, 0.04), (0, 0.22 * tall, thick / 2))]
        solids += [
            box((0.18 * wide, 0.06 * tall, 0.05), (x * wide, y * tall, thick / 2))
            for x in (-0.25, 0, 0.25)
            for y in (-0.1, -0.2, -0.3, -0.4)
        ]
    style = pick(rng, "flat", "leaning", "upright")
    return solids if style == "upright" else turned(solids, tilt(-90 if style == "flat" else -25))


def _camera(rng: Rng) -> Solids:
    wide, tall, deep = uniform(rng, 1.2, 1.6), uniform(rng, 0.8, 1.1), uniform(rng, 0.35, 0.6)
    r, long = uniform(rng, 0.28, 0.42) * tall, log_uniform(rng, 0.2, 1.3)
    x = uniform(rng, -0.15, 0.1)
    solids = slab((wide, tall, deep), 0.1, (0, tall / 2, 0))
    tube = [(r, 0), (r, 0.5 * long), (1.15 * r, 0.55 * long), (1.15 * r, long)]
    solids += lathe(tube[:2], (x, 0.48 * tall, deep / 2 - 0.02), FRONT)
    solids += vessel(tube[1:], 0.15 * r, 0.3 * long, (x, 0.48 * tall, deep / 2 - 0.03), FRONT)
    if chance(rng, 0.6):
        solids += slab((0.45, 0.3, 0.7 * deep), 0.08, (x, tall + 0.1, 0))
    solids += [frustum((-0.36 * wide, tall - 0.02, 0), (-0.36 * wide, tall + 0.08, 0), 0.12)]
    if chance(rng, 0.5):  # a grip
        solids += [
            capsule(
                (-wide / 2 + 0.12, 0.15, deep / 2), (-wide / 2 + 0.12, tall - 0.15, deep / 2), 0.14
            )
        ]
    if chance(rng, 0.25):  # on a tripod
        legs = [
            capsule((0, 0.05, 0), (0.9 * math.sin(a), -2, 0.9 * math.cos(a)), 0.06)
            for a in (0, 2.1, 4.2)
        ]
        solids += legs
    return solids


def _clock(rng: Rng) -> Solids:
    r, deep = 1.0, uniform(rng, 0.15, 0.6)
    solids = [
        frustum((0, 0, -deep), (0, 0, 0), r),
        torus(r, uniform(rng, 0.06, 0.14), (0, 0, 0), FRONT),
    ]
    for length, angle in ((0.5, uniform(rng, 0, 360)), (0.8, uniform(rng, 0, 360))):
        solids += turned([box((0.09, length, 0.06), (0, length / 2 - 0.05, 0.03))], roll(angle))
    for k in range(12):
        solids += turned([box((0.06, 0.16, 0.05), (0, 0.82, 0.02))], roll(30 * k))
    style = pick(rng, "wall", "alarm", "mantel")
    if style == "alarm":
        bells = [
            frustum((0.55, 0.8, -deep / 2), (0.75, 1.1, -deep / 2), 0.06),
            ellipsoid((0.36, 0.3, 0.3), (0.75, 1.15, -deep / 2)),
        ]
        bells += [capsule((0.5, -0.8, -deep / 2), (0.75, -1.2, -deep / 2), 0.09)]
        solids += mirrored(*bells) + sweep(
            arc((0, 1.2, -deep / 2), 0.45, 20, 160, RIGHT, UP, 5), 0.05
        )
    elif style == "mantel":
        solids += [
            box((2.6, 0.3, deep + 0.3), (0, -1.1, -deep / 2)),
            box((1.8, 1, deep), (0, -0.6, -deep / 2 - 0.01)),
        ]
    return solids


def _gamepad(rng: Rng) -> Solids:
    solids = (
        rounded_box((1.5, 0.8, 0.4), 0.18, (0, 0, 0))
        if chance(rng, 0.4)
        else [ellipsoid((0.85, 0.5, 0.25))]
    )
    solids += mirrored(
        capsule(
            (0.6, 0, 0),
            (uniform(rng, 0.75, 1.0), -uniform(rng, 0.6, 0.9), -0.1),
            uniform(rng, 0.2, 0.27),
        )
    )
    for x, y in ((-0.25, -0.2), (0.25, -0.2)):
        solids += [
            frustum((x, y, 0), (x, y, 0.38), 0.09),
            frustum((x, y, 0.36), (x, y, 0.42), 0.14),
        ]
    solids += [
        frustum((0.6 + x, 0.12 + y, 0), (0.6 + x, 0.12 + y, 0.3), 0.07)
        for x, y in ((0.13, 0), (-0.13, 0), (0, 0.13), (0, -0.13))
    ]
    solids += [box((0.36, 0.11, 0.6), (-0.6, 0.12, 0)), box((0.11, 0.36, 0.6), (-0.6, 0.12, 0))]
    return turned(solids, tilt(-90)) if chance(rng, 0.7) else solids


def _frame(rng: Rng) -> Solids:
    """Make a picture or a mirror in its frame, with a stay behind."""
    wide, tall, edge = uniform(rng, 0.8, 1.6), uniform(rng, 0.8, 1.6), uniform(rng, 0.08, 0.2)
    thick = uniform(rng, 0.08, 0.15)
    solids = [box((wide, tall, 0.4 * thick), (0, 0, -0.2 * thick))]
    solids += mirrored(box((edge, tall, thick), ((wide - edge) / 2, 0, 0)))
    solids += mirrored(box((wide, edge, thick), (0, (tall - edge) / 2, 0)), axis=1)
    angle, y = uniform(rng, 8, 20), 0.15 * tall
    solids = turned(solids, tilt(-angle))
    top = (0, y, -y * math.tan(math.radians(angle)) - 0.2 * thick)
    return [*solids, beam(top, (0, -tall / 2, -0.45 * tall), 0.25, 0.05, RIGHT)]


def _keyboard(rng: Rng) -> Solids:
    wide, deep, thick = uniform(rng, 1.6, 2.4), uniform(rng, 0.6, 0.8), uniform(rng, 0.06, 0.12)
    rows = count(rng, 4, 5)
    solids = [box((wide, thick, deep), (0, 0, 0))]
    for z in np.linspace(-0.38, 0.38, rows) * deep:
        columns = count(rng, 5, 9)
        step = 0.94 * wide / columns
        solids += [
            box(
                (0.85 * step, 0.07, 0.7 * deep / rows),
                ((k - (columns - 1) / 2) * step, thick / 2 + 0.02, z),
            )
            for k in range(columns)
        ]
    return turned(solids, tilt(uniform(rng, 0, 8)))


def _telephone(rng: Rng) -> Solids:
    side = np.array([(-0.6, 0), (0.6, 0), (0.6, 0.15), (-0.1, 0.55), (-0.6, 0.6)])
    wide = uniform(rng, 1.0, 1.5)
    solids = moved(extrude(side, wide), azimuth=-90)
    solids += (
        [frustum((0, 0.2, 0.2), (0, 0.42, 0.3), 0.35)]
        if chance(rng, 0.5)
        else [box((0.5 * wide, 0.5, 0.4), (0, 0.2, 0.25))]
    )
    rise = uniform(rng, 0.72, 0.85)
    ends = [(x * 0.6 * wide, rise, -0.35) for x in (-1, 1)]
    solids += sweep([ends[0], (0, rise + 0.1, -0.35), ends[1]], 0.11)
    solids += mirrored(
        frustum((0.6 * wide, rise + 0.05, -0.35), (0.6 * wide, rise - 0.2, -0.35), 0.22),
        box((0.12, 0.3, 0.3), (0.3 * wide, 0.65, -0.35)),
    )
    return solids


def _radio(rng: Rng) -> Solids:
    wide, tall, deep = uniform(rng, 1.2, 2), uniform(rng, 0.7, 1.1), uniform(rng, 0.3, 0.6)
    r = 0.35 * tall
    solids = slab((wide, tall, deep), uniform(rng, 0.05, 0.25), (0, tall / 2, 0))
    for x in pick(rng, (-0.27,), (-0.3, 0.3)):
        solids += vessel(
            [(r, 0), (r, 0.08)], 0.25 * r, 0, (x * wide, tall / 2, deep / 2 - 0.03), FRONT
        )
    solids += [
        frustum(
            (0.1 * wide + x, 0.3 * tall, deep / 2 - 0.02),
            (0.1 * wide + x, 0.3 * tall, deep / 2 + 0.07),
            0.08,
        )
        for x in (0, 0.22)
    ]
    if chance(rng, 0.6):
        high = uniform(rng, 0.15, 0.35)
        solids += mirrored(
            *sweep(
                [(0.42 * wide, tall - 0.05, 0), (0.42 * wide, tall + high, 0), (0, tall + high, 0)],
                0.05,
            )
        )
    if chance(rng, 0.5):
        solids += [
            capsule((0.4 * wide, tall, -deep / 3), (0.7 * wide, tall + 0.9, -deep / 3), 0.025)
        ]
    return solids
