"""Tools and cutlery: what has a handle. Each is built along y and then laid down, or stands."""

from __future__ import annotations

import math

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, RIGHT, UP, roll, tilt
from im2mesh.shapes.kit.bars import arc, bars, column, point, sweep, xyz
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, log_uniform, pick, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored, moved, stand, turned
from im2mesh.shapes.kit.outlines import both_sides, extrude, xy
from im2mesh.shapes.kit.profiles import lathe, smooth_profile, vessel
from im2mesh.shapes.kit.soft import rounded_box
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import beam, box, capsule, ellipsoid, frustum, torus


def tool(rng: Rng) -> Shape:
    """Draw a hand tool, a power tool, cutlery, a brush, a key or a pen."""
    kinds: dict[Make, float] = {
        _hammer: 2.5, _axe: 1.0, _screwdriver: 1.5, _wrench: 2.0, _pliers: 1.5, _scissors: 2.0,
        _saw: 1.5, _clamp: 1.0, _spade: 1.5, _drill: 3.0, _knife: 1.5, _fork: 1.0, _spoon: 2.0,
        _brush: 2.0, _flashlight: 1.5, _spatula: 0.7, _pen: 0.7, _key: 0.7, _iron_bar: 0.5,
    }  # fmt: skip
    solids = draw(rng, kinds)
    if chance(rng, 0.6):  # laid on its flat side
        solids = turned(solids, tilt(90))
    elif chance(rng, 0.4):
        solids = turned(solids, roll(uniform(rng, -180, 180)))
    return stand(solids)


def grip(rng: Rng, low: float, high: float, radius: float) -> Solids:
    """Return a handle along the y axis, between two heights: round, waisted, flat or square."""
    style, length = pick(rng, "round", "waist", "flat", "capsule"), high - low
    if style == "waist":
        shape = [(0.85 * radius, low), (1.1 * radius, low + 0.15 * length),
                 (0.75 * radius, low + 0.6 * length), (radius, high)]  # fmt: skip
        return lathe(smooth_profile(shape, 7))
    if style == "flat":
        size = (2.2 * radius, length, 1.3 * radius)
        return rounded_box(size, 0.3 * radius, (0, (low + high) / 2, 0))
    if style == "capsule":
        return [capsule((0, low + radius, 0), (0, high - 0.2 * radius, 0), radius)]
    return [column(low, high, radius, radius * uniform(rng, 0.7, 1))]


def _hammer(rng: Rng) -> Solids:
    length, thick = uniform(rng, 2, 4), uniform(rng, 0.1, 0.2)
    solids = grip(rng, 0, 0.45 * length, thick) + [column(0.4 * length, length + 0.1, 0.7 * thick)]
    half = uniform(rng, 0.4, 0.8)
    face, style = uniform(rng, 0.2, 0.35), pick(rng, "claw", "mallet", "peen", "sledge")
    if style in ("mallet", "sledge"):
        big = face * uniform(rng, 1.2, 2)
        if chance(rng, 0.5):
            return [*solids, frustum((-half, length, 0), (half, length, 0), big)]
        return [*solids, box((2 * half, 1.8 * big, 1.6 * big), (0, length, 0))]
    solids += [
        frustum((half, length, 0), (0.7 * half, length, 0), face),
        frustum((0.72 * half, length, 0), (-0.2 * half, length, 0), 0.7 * face, 0.8 * face),
        box((0.5 * half, 1.5 * face, 1.5 * face), (0, length, 0)),
    ]
    if style == "peen":
        solids += [beam((0, length, 0), (-half, length, 0), 1.4 * face, 0.5 * face, FRONT)]
        return solids + [frustum((0, length, 0), (-half, length, 0), 0.8 * face, 0.2 * face)]
    curve = [(-0.1 * half, length, 0.3 * face), (-0.7 * half, length - 0.05, 0.35 * face),
             (-1.3 * half, length - 0.35, 0.5 * face)]  # fmt: skip
    return solids + mirrored(*sweep(curve, [0.45 * face, 0.35 * face, 0.12 * face]), axis=2)


def _axe(rng: Rng) -> Solids:
    length, thick = uniform(rng, 2, 4), uniform(rng, 0.1, 0.18)
    edge, reach = uniform(rng, 0.5, 1.0), uniform(rng, 0.6, 1.1)
    outline = np.array(
        [(-0.3, -0.2), (0.2, -0.22), (reach, -edge / 2 - uniform(rng, 0, 0.3)),
         (reach + 0.1, 0), (reach, edge / 2), (0.2, 0.22), (-0.3, 0.2)]
    )  # fmt: skip
    bend = uniform(rng, 0, 0.15)
    shaft = [(bend, 0, 0), (0, 0.3 * length, 0), (bend, 0.7 * length, 0), (0, length + 0.15, 0)]
    head = extrude(outline, uniform(rng, 0.1, 0.25), (0, length - 0.1, 0))
    return head + sweep(shaft, thick)


def _screwdriver(rng: Rng) -> Solids:
    shaft, thick = log_uniform(rng, 0.8, 3), uniform(rng, 0.08, 0.16)
    radius = uniform(rng, 0.22, 0.42)
    solids = grip(rng, 0, 1.4, radius)
    if chance(rng, 0.5):
        solids += [torus(0.85 * radius, 0.12, (0, y, 0)) for y in (0.25, 1.15)]
    solids += [column(1.3, 1.4 + shaft, thick)]
    tip = 1.4 + shaft
    if chance(rng, 0.6):
        return [*solids, box((2.6 * thick, 0.4, 0.8 * thick), (0, tip, 0))]
    return [*solids, column(tip - 0.02, tip + 0.25, 1.1 * thick, 0.3 * thick)]


def _wrench(rng: Rng) -> Solids:
    length, thick = uniform(rng, 2, 4.5), uniform(rng, 0.12, 0.3)
    wide, head = uniform(rng, 0.25, 0.45), uniform(rng, 0.4, 0.65)
    bar = box((wide, length, 0.8 * thick), (0, length / 2, 0))

    def jaw() -> Solids:
        outer = [(math.cos(a) * head, math.sin(a) * head) for a in np.linspace(2.1, 7.3, 12)]
        gap = 0.45 * head
        inner = [(gap, 0.75 * head), (gap, -0.1 * head), (-gap, -0.1 * head), (-gap, 0.75 * head)]
        turn = roll(uniform(rng, -20, 20))
        return turned(extrude(np.array(outer + inner), thick), turn)

    def ring() -> Solids:
        return vessel([(head, -thick / 2), (head, thick / 2)], 0.4 * head, 0, (0, 0, 0), FRONT)

    if chance(rng, 0.25):  # an adjustable one: a fixed jaw, a sliding one and a wheel
        slide = uniform(rng, 0.3, 0.6)
        solids = [
            box((1.1, 0.35, thick), (0.2, length, 0)),
            box((0.3, 0.7, thick), (-0.25, length + 0.4, 0)),
            box((0.28, 0.7, thick), (slide - 0.02, length + 0.4, 0)),
            frustum((0.35, length - 0.15, 0), (0.35, length - 0.3, 0), 0.16),
        ]
        return [bar, *solids, *ring()] if chance(rng, 0.3) else [bar, *solids]
    solids = [bar, *moved(pick(rng, jaw, jaw, ring)(), (0, length + 0.75 * head, 0))]
    if chance(rng, 0.3):
        return [*solids, capsule((0, -0.02, 0), (0, 0.02, 0), 0.6 * wide)]
    return solids + turned(moved(pick(rng, jaw, ring, ring)(), (0, 0.75 * head, 0)), roll(180))


def _pliers(rng: Rng) -> Solids:
    spread, length = uniform(rng, 0.25, 0.7), uniform(rng, 1.6, 2.6)
    thick, jaw = uniform(rng, 0.12, 0.2), log_uniform(rng, 0.6, 1.6)
    open_by = uniform(rng, 0.02, 0.25)
    points = xyz((-0.12, 0.1, spread, 0.8 * spread), (0.15, -0.25, -0.45 * length, -length), 0)
    half = sweep(points, [thick, thick, 1.2 * thick, 1.1 * thick])
    outline = np.array(
        [(-0.18, -0.1), (0.2, -0.1), (0.26, 0.3), (0.12, jaw), (0.02, jaw), (0.0, 0.1)]
    )
    half += turned(extrude(outline, 1.6 * thick), roll(-math.degrees(open_by)))
    return [*mirrored(*half), frustum((0, 0, -thick), (0, 0, thick), 0.25)]


def _scissors(rng: Rng) -> Solids:
    angle, blade = uniform(rng, 4, 32), uniform(rng, 1.2, 2.4)
    thick, wide = uniform(rng, 0.07, 0.12), uniform(rng, 0.16, 0.3)
    loop, shank = uniform(rng, 0.28, 0.45), uniform(rng, 0.4, 1.0)
    outline = (
        np.array([(-0.5, 0), (0.5, 0), (0.4, 0.75 * blade / wide), (-0.4, blade / wide)]) * wide
    )
    half = extrude(outline, thick, (0, 0, 0.45 * thick))
    tube = loop * uniform(rng, 0.22, 0.35)
    half += [beam((0, 0.1, 0), (0.1, -shank, 0), wide, thick, RIGHT)]
    half += [torus(loop, tube, (0.55 * loop, -shank - 0.9 * loop, 0), FRONT)]
    if chance(rng, 0.4):
        half += [torus(loop, tube, (0.55 * loop, -shank - 1.3 * loop, 0), FRONT)]
    one = turned(half, roll(angle / 2))
    return [*mirrored(*one), frustum((0, 0, -1.2 * thick), (0, 0, 1.2 * thick), 0.35 * wide)]


def _saw(rng: Rng) -> Solids:
    length, high = uniform(rng, 2.5, 4), uniform(rng, 0.6, 1.1)
    thick = uniform(rng, 0.05, 0.1)
    if chance(rng, 0.35):  # a hacksaw
        bow = [(0.2, 0, 0), (0.2, high, 0), (length, high, 0), (length, 0, 0)]
        solids = sweep(bow, 0.08) + [box((length - 0.1, 0.18, thick), (length / 2 + 0.1, 0, 0))]
        return solids + moved(
            turned(grip(rng, -0.1, 1, 0.2), roll(uniform(rng, 95, 150))), (0.2, 0.1, 0)
        )
    teeth = count(rng, 12, 24)
    low = [
        (x, 0.0 if k % 2 else -0.07) for k, x in enumerate(np.linspace(length, 0.2, 2 * teeth + 1))
    ]
    outline = [(0, 0), (0, high), (length, uniform(rng, 0.3, 0.6) * high)]
    if chance(rng, 0.5):
        outline += [(length, 0)]
    else:
        outline += low
    solids = extrude(np.array(outline), thick)
    ring = [(0.1, 0.1, 0), (0.2, high, 0), (-0.5, 1.05 * high, 0), (-0.75, 0.5 * high, 0),
            (-0.6, 0, 0), (0.1, 0.1, 0)]  # fmt: skip
    return solids + sweep(ring, uniform(rng, 0.1, 0.16))


def _clamp(rng: Rng) -> Solids:
    wide, tall, thick = uniform(rng, 0.8, 1.4), uniform(rng, 1.2, 2.2), uniform(rng, 0.12, 0.22)
    reach = uniform(rng, 0.2, 0.8) * tall
    frame = [(0, 0, 0), (wide, 0, 0), (wide, tall, 0), (0, tall, 0)]
    solids = (
        sweep(frame, thick)
        if chance(rng, 0.5)
        else [
            box((thick * 1.6, tall, thick), (wide, tall / 2, 0)),
            *[box((wide + 0.2, 0.3, thick), (wide / 2, y, 0)) for y in (0, tall)],
        ]
    )
    solids += [
        column(tall - reach, tall + 0.9, 0.09),
        column(tall - reach - 0.1, tall - reach + 0.05, 0.2),
        column(tall - 0.2, tall + 0.2, 0.22),
        capsule((-0.4, tall + 0.85, 0), (0.4, tall + 0.85, 0), 0.06),
        column(-0.05, 0.2, 0.2),
    ]
    return solids


def _spade(rng: Rng) -> Solids:
    shaft, wide, long = uniform(rng, 1, 4), uniform(rng, 0.7, 1.1), uniform(rng, 0.9, 1.4)
    style = pick(rng, "spade", "rake", "trowel", "hoe")
    solids = [column(0, shaft, 0.08)]
    if style == "rake":
        solids += [box((1.6 * wide, 0.1, 0.1), (0, 0, 0))]
        x = 0.75 * wide
        low, high = (((-x, y, z), (x, y, z)) for y, z in ((0, 0), (-0.4, 0.2)))
        solids += bars(low, high, count(rng, 5, 9), 0.045)
    elif style == "hoe":
        solids += [box((wide, 0.08, 0.6), (0, 0, 0.25))]
    else:
        tip = 0.0 if style == "trowel" else uniform(rng, 0.5, 1)
        half = np.array(
            [(wide / 2, 0), (wide / 2, -0.55 * long), (tip * wide / 2 * 0.9 + 0.02, -long)]
        )
        outline = both_sides(half)
        solids += turned(extrude(outline, uniform(rng, 0.06, 0.1)), tilt(uniform(rng, -15, 10)))
        solids += [column(-0.3, 0.25, 0.11)]
    end = pick(rng, "D", "T", "grip")
    if end == "D":
        ring = [(0, shaft - 0.05, 0), (0.3, shaft + 0.25, 0), (0.3, shaft + 0.5, 0),
                (-0.3, shaft + 0.5, 0), (-0.3, shaft + 0.25, 0), (0, shaft - 0.05, 0)]  # fmt: skip
        return solids + sweep(ring, 0.07)
    if end == "T":
        return [*solids, capsule((-0.35, shaft, 0), (0.35, shaft, 0), 0.1)]
    return solids + moved(grip(rng, 0, 0.9, 0.14), (0, shaft - 0.1, 0))


def _drill(rng: Rng) -> Solids:
    """Make a power drill: a motor along x, a grip below it, a battery, a chuck and a bit."""
    long, radius = uniform(rng, 1.2, 2.0), uniform(rng, 0.32, 0.5)
    deep = uniform(rng, 1.2, 1.8)
    grip_wide = uniform(rng, 0.35, 0.5)
    curve = np.array([(0.8, 0), (1.05, 0.3), (1, 0.75), (0.7, 1)]) * (radius, long)
    body = lathe(smooth_profile(curve, 5), (0, 0, 0), RIGHT)
    at, lean = uniform(rng, 0.1, 0.4) * long, uniform(rng, -0.35, 0.05)
    foot = point(at + lean, -deep, 0)
    solids = body + [beam((at, 0, 0), foot, grip_wide, 0.75 * grip_wide, RIGHT)]
    if chance(rng, 0.75):
        size = (uniform(rng, 0.8, 1.2), uniform(rng, 0.3, 0.55), uniform(rng, 0.5, 0.75))
        solids += rounded_box(size, 0.08, foot + (0.08, 0, 0))
    else:
        cord = [
            foot + (0, 0.05, 0),
            foot - (0.1, 0.3, 0),
            foot - (0.4, 0.5, 0),
            foot - (0.8, 0.5, 0),
        ]
        solids += sweep(cord, 0.07)
    solids += [box((0.25, 0.3, 0.2), (at + 0.5 * grip_wide + 0.05, -radius - 0.15, 0))]
    chuck = uniform(rng, 0.3, 0.5)
    solids += [frustum((long - 0.05, 0, 0), (long + chuck, 0, 0), 0.55 * radius, 0.35 * radius)]
    if chance(rng, 0.7):
        solids += [
            frustum(
                (long, 0, 0),
                (long + chuck + uniform(rng, 0.3, 1.2), 0, 0),
                uniform(rng, 0.05, 0.09),
            )
        ]
    if chance(rng, 0.2):
        solids += [frustum((long - 0.2, 0, 0), (long - 0.2, 0, 1.0), 0.13)]
    return solids


def _knife(rng: Rng) -> Solids:
    blade, wide = log_uniform(rng, 0.9, 3), uniform(rng, 0.25, 0.6)
    thick = uniform(rng, 0.04, 0.09)
    point = uniform(rng, 0.5, 0.95)
    edge = [(-0.5, 0), (0.5, 0), (0.5, point), (uniform(rng, -0.4, 0.3), 1), (-0.5, 0.9 * point)]
    solids = extrude(np.array(edge) * (wide, blade), thick)
    high = uniform(rng, 0.18, 0.3)
    size = (0.55 * wide + 0.1, 1.3, high)
    solids += rounded_box(size, 0.3 * high, (-0.1 * wide, -0.6, 0))
    if chance(rng, 0.2):
        solids += [box((1.6 * wide, 0.12, 1.3 * high), (0, 0, 0))]
    return solids


def _handle(rng: Rng, length: float) -> Solids:
    """Return the flat handle of a fork or a spoon, from the origin downwards."""
    thick, wide = uniform(rng, 0.06, 0.1), uniform(rng, 0.1, 0.2)
    end = wide * uniform(rng, 1.0, 1.9)
    outline = np.array([(0.4 * wide, 0.2), (0.45 * wide, -0.4 * length), (end / 2, -0.9 * length),
                        (0.3 * end, -length)])  # fmt: skip
    return extrude(both_sides(outline), thick)


def _fork(rng: Rng) -> Solids:
    wide, tines, long = uniform(rng, 0.35, 0.55), count(rng, 2, 4), uniform(rng, 0.6, 1.0)
    solids = _handle(rng, uniform(rng, 1.6, 2.6))
    palm = xy(
        (-0.08, 0.08, wide / 2, wide / 2, -wide / 2, -wide / 2), (0.05, 0.05, 0.4, 0.6, 0.6, 0.4)
    )
    solids += extrude(palm, 0.09)
    x = wide / 2 - 0.04
    low, high = (((-x, y, z), (x, y, z)) for y, z in ((0.55, 0), (0.6 + long, 0.1)))
    return solids + bars(low, high, tines, 0.04, 0.0)


def _spoon(rng: Rng) -> Solids:
    """Make a spoon or a ladle, whose bowl is hollow."""
    radius, length = uniform(rng, 0.3, 0.6), uniform(rng, 1.6, 3.2)
    ladle = chance(rng, 0.4)
    deep = radius * (uniform(rng, 0.6, 1.0) if ladle else uniform(rng, 0.25, 0.45))
    curve = smooth_profile([(0.35 * radius, 0), (0.8 * radius, 0.4 * deep), (radius, deep)], 5)
    dish = vessel(curve, uniform(rng, 0.04, 0.08), 0.06)
    if ladle:  # its handle rises from the rim
        top = (radius + uniform(rng, 0, 0.6), deep + length, 0)
        return dish + sweep(
            [(radius - 0.02, deep - 0.05, 0), (radius + 0.1, deep + 0.3, 0), top], 0.07
        )
    dish = turned(moved(dish, (0, -deep, 0)), tilt(90))  # opens to the front
    return moved(dish, (0, radius + 0.02, 0)) + _handle(rng, length)


def _brush(rng: Rng) -> Solids:
    style = pick(rng, "paint", "tooth", "broom", "hair", "roller")
    length = uniform(rng, 1.6, 3.5)
    if style == "roller":
        bow = [(0, length - 0.1, 0), (0, length + 0.3, 0), (0.9, length + 0.4, 0),
               (0.9, length + 0.9, 0), (0.5, length + 0.9, 0)]  # fmt: skip
        roller = frustum((-0.8, length + 0.9, 0), (0.7, length + 0.9, 0), uniform(rng, 0.2, 0.35))
        return grip(rng, 0.6, length, 0.16) + sweep(bow, 0.05) + [roller]
    if style == "paint":
        wide, thick = uniform(rng, 0.3, 1.0), uniform(rng, 0.15, 0.3)
        return grip(rng, 0, 1.2, 0.16) + [
            column(1.1, 1.4, 0.14, 0.2),
            box((wide, 0.4, thick), (0, 1.5, 0)),
            box((0.95 * wide, uniform(rng, 0.5, 0.9), 0.85 * thick), (0, 1.9, 0)),
        ]
    if style == "broom":
        wide = uniform(rng, 0.8, 1.6)
        return [
            column(0.2, 2 * length, 0.07),
            box((wide, 0.2, 0.35), (0, 0.2, 0)),
            box((1.05 * wide, uniform(rng, 0.3, 0.6), 0.3), (0, -0.1, 0)),
        ]
    head, wide = uniform(rng, 0.5, 1.3), 0.2 if style == "tooth" else uniform(rng, 0.4, 0.8)
    solids = grip(rng, 0, length, 0.12) + rounded_box(
        (wide, head, 0.16), 0.05, (0, length + head / 2 - 0.08, 0)
    )
    return [
        *solids,
        box((0.8 * wide, 0.8 * head, uniform(rng, 0.25, 0.45)), (0, length + head / 2, 0.2)),
    ]


def _flashlight(rng: Rng) -> Solids:
    length, radius, head = (
        log_uniform(rng, 1.2, 4),
        uniform(rng, 0.22, 0.4),
        uniform(rng, 0.4, 0.75),
    )
    solids = [column(0, length, radius), column(length, length + 0.4, radius, head)]
    solids += vessel([(head, length + 0.38), (head, length + 0.75)], 0.1 * head, 0)
    solids += [box((0.15, 0.3, 0.15), (0, 0.75 * length, radius))]
    if chance(rng, 0.5):
        solids += [torus(radius, 0.06, (0, y * length, 0)) for y in (0.05, 0.2, 0.35, 0.5)]
    return solids


def _spatula(rng: Rng) -> Solids:
    wide, long, length = uniform(rng, 0.6, 1.0), uniform(rng, 0.8, 1.3), uniform(rng, 1.6, 2.8)
    blade = [box((wide, 0.15, 0.06), (0, y, 0)) for y in (0.05, long)]
    x = wide / 2 - 0.05
    low, high = (((-x, y, 0), (x, y, 0)) for y in (0, long))
    blade += bars(low, high, count(rng, 3, 6), (0.11, 0.06), 0.0)
    blade = turned(blade, tilt(uniform(rng, 0, 30)))
    neck = column(-0.6, 0.05, 0.06)
    return [*blade, *grip(rng, -length, -0.5, 0.13), neck]


def _pen(rng: Rng) -> Solids:
    length, radius = uniform(rng, 3, 6), uniform(rng, 0.15, 0.3)
    solids = [column(0, length, radius), column(length, length + 3 * radius, radius, 0.15 * radius)]
    if chance(rng, 0.5):
        solids += [column(-0.2, 0.8, 1.15 * radius), box((0.12, 1.2, 0.1), (0, 0.6, 1.3 * radius))]
    return solids


def _key(rng: Rng) -> Solids:
    length, ring, thick = uniform(rng, 1.5, 2.5), uniform(rng, 0.4, 0.6), uniform(rng, 0.1, 0.18)
    solids = vessel(
        [(ring, -thick / 2), (ring, thick / 2)], uniform(rng, 0.3, 0.6) * ring, 0, (0, 0, 0), FRONT
    )
    solids += [box((0.22, length, thick), (0, ring + length / 2 - 0.1, 0))]
    for y in np.linspace(0.65, 0.95, count(rng, 2, 4)):
        reach = uniform(rng, 0.15, 0.4)
        solids += [box((reach + 0.1, 0.14, thick), (0.05 + reach / 2, ring + y * length - 0.1, 0))]
    return solids


def _iron_bar(rng: Rng) -> Solids:
    """Make a crowbar, a hook or a walking stick: a long bar with a bent end."""
    length, bend = uniform(rng, 2, 4), uniform(rng, 0.3, 0.7)
    hook = arc((bend, length, 0), bend, 180, pick(rng, 80, 20, -10), RIGHT, UP, 7)
    radius = uniform(rng, 0.08, 0.15)
    solids = sweep([(0, 0, 0), *hook], radius)
    if chance(rng, 0.5):
        solids += [beam((0, 0.1, 0), (0, -0.4, 0.1), 2.4 * radius, radius, RIGHT)]
    return (
        solids if chance(rng, 0.7) else [*solids, ellipsoid((2 * radius, 3 * radius, 2 * radius))]
    )
