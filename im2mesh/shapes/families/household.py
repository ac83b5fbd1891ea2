"""Things of a household: appliance, display (screens, cameras, clocks), bathroom."""

from __future__ import annotations

import math

import numpy as np

from im2mesh.shapes.families.containers import ear, knob, open_box, radius_at, spout
from im2mesh.shapes.families.generators import (
    extrude,
    lathe,
    rounded_box,
    rounded_outline,
    smooth_profile,
    sweep,
    vessel,
)
from im2mesh.shapes.families.parts import (
    FRONT,
    RIGHT,
    UP,
    Make,
    arc,
    both_sides,
    chance,
    count,
    draw,
    front,
    handle,
    log_uniform,
    mirrored,
    moved,
    pick,
    ringed,
    roll,
    stand,
    tilt,
    turned,
    uniform,
    xy,
    xyz,
)
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import Primitives, beam, box, capsule, ellipsoid, frustum, torus


def slab(
    size: tuple[float, float, float], radius: float, centre: tuple[float, float, float]
) -> list[Primitives]:
    """Return a block whose four edges along z are round; 3 solids or so.

    Args:
        size: (3,) width, height and depth.
        radius: of the edges.
        centre: (3,).
    """
    wide, tall, deep = size
    return extrude(rounded_outline(wide, tall, radius, 3), deep, centre)


# --- appliance --------------------------------------------------------------------------------


def appliance(rng: np.random.Generator) -> Shape:
    """Draw a kettle, a toaster, a microwave, a washing machine, a fridge, an iron and so on."""
    kinds: dict[Make, float] = {
        _kettle: 2.0, _toaster: 1.5, _microwave: 1.5, _washer: 1.5, _fridge: 1.5, _stove: 1.0,
        _iron: 1.5, _blender: 1.5, _coffee: 1.5, _fan: 1.5, _vacuum: 1.0, _hairdryer: 1.5,
        _mixer: 1.0, _heater: 0.7, _speaker: 1.0,
    }  # fmt: skip
    return stand(*draw(rng, kinds))


def _kettle(rng: np.random.Generator) -> list[Primitives]:
    tall, top = uniform(rng, 1.4, 2.6), uniform(rng, 0.55, 0.85)
    profile = smooth_profile([(1, 0), (uniform(rng, 0.9, 1.1), 0.4 * tall), (top, tall)], 5)
    lid = [(top, tall - 0.02), (0.8 * top, tall + 0.12), (0.1, tall + 0.18)]
    solids = lathe(profile) + lathe(lid) + knob(rng, 0.1, tall + 0.17)
    if chance(rng, 0.6):
        solids += [frustum((0, -0.15, 0), (0, 0.02, 0), 1.08)]
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


def _toaster(rng: np.random.Generator) -> list[Primitives]:
    wide, tall, deep = uniform(rng, 1.4, 2), uniform(rng, 0.9, 1.3), uniform(rng, 0.7, 1.1)
    gap, low = uniform(rng, 0.12, 0.2), uniform(rng, 0.4, 0.7)
    side = slab((wide, tall, (deep - 2 * gap) / 3), 0.2, (0, tall / 2, 0))
    solids = [s for k in (-1, 0, 1) for s in moved(side, (0, 0, k * (deep + gap) / 3))]
    solids += [box((0.9 * wide, low, deep), (0, low / 2 + 0.05, 0))]
    solids += mirrored([box((0.12, tall - 0.2, deep), (wide / 2 - 0.06, tall / 2 - 0.05, 0))])
    solids += [box((0.25, 0.12, 0.3), (wide / 2 + 0.08, uniform(rng, 0.4, 0.8) * tall, 0))]
    if chance(rng, 0.5):  # bread
        for z in (-0.5, 0.5):
            size, y = (0.7 * wide, tall + 0.3 - low, 0.8 * gap), (tall + 0.3 + low) / 2
            solids += slab(size, 0.15, (0, y, z * (deep + gap) / 3))
    return solids


def _microwave(rng: np.random.Generator) -> list[Primitives]:
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


def _washer(rng: np.random.Generator) -> list[Primitives]:
    wide, tall, deep = 1.2, uniform(rng, 1.5, 1.9), uniform(rng, 1.0, 1.4)
    ring, y, face = uniform(rng, 0.32, 0.42), uniform(rng, 0.42, 0.5) * tall, deep / 2
    solids = [box((wide, tall, deep), (0, tall / 2, 0)), torus(ring, 0.07, (0, y, face), FRONT)]
    solids += [ellipsoid((0.9 * ring, 0.9 * ring, 0.12), (0, y, face))]
    solids += [
        box((0.3, 0.14, 0.05), (-0.38, tall - 0.15, face)),
        frustum((0.3, tall - 0.15, face), (0.3, tall - 0.15, face + 0.08), 0.08),
    ]
    return solids + [box((1.02 * wide, 0.05, 1.02 * deep), (0, tall, 0))]


def _fridge(rng: np.random.Generator) -> list[Primitives]:
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


def _stove(rng: np.random.Generator) -> list[Primitives]:
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


def _iron(rng: np.random.Generator) -> list[Primitives]:
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


def _blender(rng: np.random.Generator) -> list[Primitives]:
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


def _coffee(rng: np.random.Generator) -> list[Primitives]:
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


def _fan(rng: np.random.Generator) -> list[Primitives]:
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


def _vacuum(rng: np.random.Generator) -> list[Primitives]:
    long, tall, wide = uniform(rng, 1.0, 1.5), uniform(rng, 0.5, 0.8), uniform(rng, 0.6, 0.9)
    solids = [ellipsoid((wide / 2, tall / 2, long / 2), (0, tall / 2 + 0.08, 0))]
    solids += mirrored(
        [frustum((wide / 2 - 0.15, 0.25, -0.3 * long), (wide / 2 + 0.02, 0.25, -0.3 * long), 0.25)]
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


def _hairdryer(rng: np.random.Generator) -> list[Primitives]:
    long, radius, deep = uniform(rng, 1.3, 1.9), uniform(rng, 0.35, 0.5), uniform(rng, 1.0, 1.5)
    curve = np.array([(0.6, 0), (1, 0.15), (1, 0.5), (0.65, 1)]) * (radius, long)
    nose = [(0.65 * radius, long - 0.05), (0.6 * radius, long + uniform(rng, 0.2, 0.5))]
    solids = lathe(smooth_profile(curve, 6), (0, 0, 0), RIGHT) + vessel(
        nose, 0.08, 0, (0, 0, 0), RIGHT
    )
    lean = uniform(rng, -0.3, 0.1)
    solids += sweep([(0.3 * long, 0, 0), (0.3 * long + lean, -deep, 0)], [0.22, 0.18])
    if chance(rng, 0.4):
        end = np.array((0.3 * long + lean, -deep, 0))
        solids += sweep([end, end - (0, 0.3, 0), end - (0.3, 0.5, 0)], 0.05)
    return turned(solids, tilt(90)) if chance(rng, 0.5) else solids


def _mixer(rng: np.random.Generator) -> list[Primitives]:
    """Make a stand mixer over its bowl."""
    tall, long = uniform(rng, 1.2, 1.5), uniform(rng, 1.5, 1.9)
    solids = [
        box((0.8, 0.15, long), (0, 0.075, 0)),
        box((0.5, tall, 0.4), (0, tall / 2, -long / 2 + 0.25)),
    ]
    solids += [
        capsule((0, tall, -long / 2 + 0.3), (0, tall, long / 2 - 0.15), uniform(rng, 0.28, 0.36))
    ]
    dish = smooth_profile([(0.25, 0), (0.48, 0.3), (0.55, 0.75)], 5)
    solids += moved(vessel(dish, 0.05, 0.05), (0, 0.14, 0.2))
    return [
        *solids,
        frustum((0, 0.5, 0.2), (0, tall, 0.2), 0.05),
        ellipsoid((0.2, 0.25, 0.2), (0, 0.5, 0.2)),
    ]


def _heater(rng: np.random.Generator) -> list[Primitives]:
    ribs, tall, deep = count(rng, 5, 12), uniform(rng, 0.6, 1.0), uniform(rng, 0.12, 0.3)
    wide = ribs * uniform(rng, 0.09, 0.14)
    rib = 0.75 * wide / ribs
    solids: list[Primitives] = [
        box((rib, tall, deep), (x, tall / 2 + 0.1, 0))
        for x in np.linspace(-wide / 2, wide / 2, ribs)
    ]
    solids += [capsule((-wide / 2, y, 0), (wide / 2, y, 0), 0.04) for y in (0.18, tall)]
    return solids + mirrored([box((0.04, 0.2, 1.6 * deep), (0.4 * wide, 0.1, 0))])


def _speaker(rng: np.random.Generator) -> list[Primitives]:
    wide, tall, deep = uniform(rng, 0.5, 1), uniform(rng, 0.7, 2.2), uniform(rng, 0.5, 0.9)
    solids = [box((wide, tall, deep), (0, tall / 2, 0))]
    y, number = 0.0, pick(rng, 1, 2, 2, 3)
    for k in range(number):
        r = 0.4 * wide * (0.55 if k == number - 1 and number > 1 else 1)
        y = (k + 0.5) / number * tall
        solids += vessel([(r, 0), (0.95 * r, 0.08)], 0.2 * r, 0, (0, y, deep / 2 - 0.02), FRONT)
        solids += [ellipsoid((0.35 * r, 0.35 * r, 0.06), (0, y, deep / 2))]
    return solids


# --- display ----------------------------------------------------------------------------------


def display(rng: np.random.Generator) -> Shape:
    """Draw a monitor, a laptop, a television, a phone, a camera, a clock or a game pad."""
    kinds: dict[Make, float] = {
        _monitor: 3.0, _laptop: 2.5, _tube: 1.2, _phone: 1.5, _camera: 2.0, _clock: 1.5,
        _gamepad: 1.2, _frame: 1.0, _keyboard: 1.0, _telephone: 1.0, _radio: 1.0,
    }  # fmt: skip
    return stand(*draw(rng, kinds))


def _monitor(rng: np.random.Generator) -> list[Primitives]:
    wide, thick = log_uniform(rng, 0.8, 2.2), uniform(rng, 0.04, 0.14)
    tall, high = wide / uniform(rng, 1.2, 2.1), uniform(rng, 0.1, 0.5)
    angle, edge = uniform(rng, 0, 15), uniform(rng, 0.02, 0.06)
    panel = [box((wide, tall, thick))]
    panel += mirrored([box((edge, tall, 0.05), ((wide - edge) / 2, 0, thick / 2 + 0.01))])
    panel += mirrored([box((wide, edge, 0.05), (0, (tall - edge) / 2, thick / 2 + 0.01))], axis=1)
    if chance(rng, 0.5):
        panel += [box((0.5 * wide, 0.5 * tall, 0.12), (0, -0.1 * tall, -thick / 2 - 0.05))]
    solids = moved(turned(panel, tilt(-angle)), (0, high + tall / 2, 0))
    style, back = pick(rng, "round", "plate", "feet", "V"), -thick / 2
    if style == "feet":
        top = (0.3 * wide, high + 0.1, (tall / 2 - 0.1) * math.sin(math.radians(angle)))
        ends = [(0.35 * wide, 0, z) for z in (0.3, -0.3)]
        return solids + mirrored([beam(top, end, 0.06, 0.04, RIGHT) for end in ends])
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
        return [*solids, frustum((0, 0, 0), (0, 0.04, 0), uniform(rng, 0.2, 0.35) * wide**0.5)]
    if style == "plate":
        return [
            *solids,
            box((uniform(rng, 0.3, 0.6) * wide, 0.04, uniform(rng, 0.3, 0.5)), (0, 0.02, 0)),
        ]
    return solids + mirrored([capsule((0, 0.03, back - 0.04), (0.3 * wide, 0.03, 0.25), 0.03)])


def _laptop(rng: np.random.Generator) -> list[Primitives]:
    wide, deep = uniform(rng, 1.2, 1.8), uniform(rng, 0.9, 1.2)
    thick, lid = uniform(rng, 0.06, 0.13), uniform(rng, 0.04, 0.08)
    angle = uniform(rng, 0, 45) if chance(rng, 0.85) else 88.0
    solids = [box((wide, thick, deep), (0, thick / 2, 0))]
    solids += [
        box((0.86 * wide, 0.04, 0.45 * deep), (0, thick, -0.12 * deep)),
        box((0.3 * wide, 0.03, 0.25 * deep), (0, thick, 0.32 * deep)),
    ]
    cover = [box((wide, deep, lid), (0, deep / 2, -lid / 2))]
    cover += mirrored([box((0.05, deep, 0.03), (wide / 2 - 0.03, deep / 2, 0.01))])
    shut = angle > 60
    hinge = np.array((0, thick + lid * shut, -deep / 2 + 0.03))
    solids += [capsule(hinge - (0.4 * wide, 0, 0), hinge + (0.4 * wide, 0, 0), 1.05 * lid)]
    return solids + moved(turned(cover, tilt(angle if shut else -angle)), hinge)


def _tube(rng: np.random.Generator) -> list[Primitives]:
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


def _phone(rng: np.random.Generator) -> list[Primitives]:
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


def _camera(rng: np.random.Generator) -> list[Primitives]:
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


def _clock(rng: np.random.Generator) -> list[Primitives]:
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
        solids += mirrored(bells) + sweep(
            arc((0, 1.2, -deep / 2), 0.45, 20, 160, RIGHT, UP, 5), 0.05
        )
    elif style == "mantel":
        solids += [
            box((2.6, 0.3, deep + 0.3), (0, -1.1, -deep / 2)),
            box((1.8, 1, deep), (0, -0.6, -deep / 2 - 0.01)),
        ]
    return solids


def _gamepad(rng: np.random.Generator) -> list[Primitives]:
    solids = (
        rounded_box((1.5, 0.8, 0.4), 0.18, (0, 0, 0))
        if chance(rng, 0.4)
        else [ellipsoid((0.85, 0.5, 0.25))]
    )
    solids += mirrored(
        [
            capsule(
                (0.6, 0, 0),
                (uniform(rng, 0.75, 1.0), -uniform(rng, 0.6, 0.9), -0.1),
                uniform(rng, 0.2, 0.27),
            )
        ]
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


def _frame(rng: np.random.Generator) -> list[Primitives]:
    """Make a picture or a mirror in its frame, with a stay behind."""
    wide, tall, edge = uniform(rng, 0.8, 1.6), uniform(rng, 0.8, 1.6), uniform(rng, 0.08, 0.2)
    thick = uniform(rng, 0.08, 0.15)
    solids = [box((wide, tall, 0.4 * thick), (0, 0, -0.2 * thick))]
    solids += mirrored([box((edge, tall, thick), ((wide - edge) / 2, 0, 0))])
    solids += mirrored([box((wide, edge, thick), (0, (tall - edge) / 2, 0))], axis=1)
    angle, y = uniform(rng, 8, 20), 0.15 * tall
    solids = turned(solids, tilt(-angle))
    top = (0, y, -y * math.tan(math.radians(angle)) - 0.2 * thick)
    return [*solids, beam(top, (0, -tall / 2, -0.45 * tall), 0.25, 0.05, RIGHT)]


def _keyboard(rng: np.random.Generator) -> list[Primitives]:
    wide, deep, thick = uniform(rng, 1.6, 2.4), uniform(rng, 0.6, 0.8), uniform(rng, 0.06, 0.12)
    rows = count(rng, 4, 5)
    solids: list[Primitives] = [box((wide, thick, deep), (0, 0, 0))]
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


def _telephone(rng: np.random.Generator) -> list[Primitives]:
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
        [
            frustum((0.6 * wide, rise + 0.05, -0.35), (0.6 * wide, rise - 0.2, -0.35), 0.22),
            box((0.12, 0.3, 0.3), (0.3 * wide, 0.65, -0.35)),
        ]
    )
    return solids


def _radio(rng: np.random.Generator) -> list[Primitives]:
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
            sweep(
                [(0.42 * wide, tall - 0.05, 0), (0.42 * wide, tall + high, 0), (0, tall + high, 0)],
                0.05,
            )
        )
    if chance(rng, 0.5):
        solids += [
            capsule((0.4 * wide, tall, -deep / 3), (0.7 * wide, tall + 0.9, -deep / 3), 0.025)
        ]
    return solids


# --- bathroom ---------------------------------------------------------------------------------


def bathroom(rng: np.random.Generator) -> Shape:
    """Draw a toilet, a basin, a bathtub, a tap or a shower."""
    kinds: dict[Make, float] = {_toilet: 3.0, _basin: 2.0, _tub: 2.0, _tap: 1.5}
    return stand(*draw(rng, kinds))


def _oval(
    rng: np.random.Generator, wide: float, deep: float, tall: float, wall: float
) -> list[Primitives]:
    """Return a hollow basin of a rounded outline: a wall around a floor, at the origin."""
    angle = 2 * math.pi * (np.arange(14) + 0.5) / 14
    power = uniform(rng, 0.55, 1.0)
    x, z = (np.sign(f) * np.abs(f) ** power / 2 for f in (np.cos(angle), np.sin(angle)))
    outer = np.stack([x * wide, z * deep], 1)
    inner = np.stack([x * (wide - 2 * wall), z * (deep - 2 * wall)], 1)
    solids = []
    for k in range(14):
        n = (k + 1) % 14
        piece = np.array([outer[k], outer[n], inner[n], inner[k]])
        solids += extrude(piece, tall, (0, tall / 2, 0), tilt(90))
    return solids + extrude(0.99 * outer, wall, (0, wall / 2, 0), tilt(90))


def _faucet(rng: np.random.Generator, high: float, reach: float, r: float) -> list[Primitives]:
    """Return a tap that stands at the origin and pours towards +z."""
    top = arc((0, high, reach / 2), reach / 2, 180, 0, FRONT, UP, 5)
    if chance(rng, 0.4):
        top = [point + (0, 0.2 * high, 0) for point in (top[0], top[-1])]
    foot, mouth = np.zeros(3), np.array((0, 0.75 * high, reach))
    solids = sweep([foot, *top, mouth], r)
    if chance(rng, 0.5):
        return [*solids, capsule((0, 0.4 * high, 0), (2.5 * r + 0.1, 0.6 * high, 0), 0.7 * r)]
    handles = [
        frustum((4 * r, 0, 0), (4 * r, 3 * r, 0), r),
        capsule((2.5 * r, 3 * r, 0), (5.5 * r, 3 * r, 0), 0.6 * r),
        capsule((4 * r, 3 * r, -1.5 * r), (4 * r, 3 * r, 1.5 * r), 0.6 * r),
    ]
    return solids + mirrored(handles) + [box((9 * r, 0.8 * r, 2.5 * r), (0, 0, 0))]


def _toilet(rng: np.random.Generator) -> list[Primitives]:
    wide, long, high = 0.38, uniform(rng, 0.45, 0.55), uniform(rng, 0.36, 0.44)
    deep = 0.2
    dish = _oval(rng, wide, long, deep, 0.04)
    solids = moved(dish, (0, high - deep, 0.05))
    solids += [
        frustum(
            (0, 0, -0.04),
            (0, high - deep + 0.02, 0),
            uniform(rng, 0.09, 0.13),
            uniform(rng, 0.11, 0.16),
        )
    ]
    solids += [box((0.2, high - 0.05, 0.2), (0, (high - 0.05) / 2, -long / 2 + 0.08))]
    if chance(rng, 0.85):
        tall = uniform(rng, 0.3, 0.42)
        solids += [
            box((0.42, tall, 0.18), (0, high + tall / 2 - 0.04, -long / 2 - 0.03)),
            box((0.44, 0.03, 0.2), (0, high + tall - 0.04, -long / 2 - 0.03)),
        ]
    style = pick(rng, "open", "up", "closed")
    if style != "open":
        lid = [ellipsoid((0.19, 0.015, long / 2), (0, 0, long / 2))]
        angle = -100.0 if style == "up" else 0.0
        lid = turned(lid, tilt(angle + 10)) if style == "up" else lid
        hinge = (
            (0, high - 0.03, -long / 2 + 0.075) if style == "up" else (0, high, -long / 2 + 0.04)
        )
        solids += moved(lid, hinge)
    return solids


def _basin(rng: np.random.Generator) -> list[Primitives]:
    wide, deep, tall = uniform(rng, 0.45, 0.7), uniform(rng, 0.38, 0.5), uniform(rng, 0.14, 0.22)
    high = uniform(rng, 0.7, 0.85)
    wall = uniform(rng, 0.025, 0.05)
    dish = (
        _oval(rng, wide, deep, tall, wall)
        if chance(rng, 0.6)
        else open_box((wide, tall, deep), wall)
    )
    solids = moved(dish, (0, high - tall, 0))
    solids += moved(_faucet(rng, 0.16, 0.14, 0.018), (0, high - 0.02, -deep / 2 + 0.02))
    style = pick(rng, "column", "cabinet", "wall")
    if style == "column":
        solids += lathe(smooth_profile([(0.14, 0), (0.08, 0.3), (0.1, high - tall + 0.01)], 5))
    elif style == "cabinet":
        low = high - tall + 0.05
        solids += [box((wide + 0.1, low, deep + 0.04), (0, low / 2, 0))]
        solids += [
            front((-wide / 2, 0.05), (0, low), deep / 2 + 0.02),
            front((0, 0.05), (wide / 2, low), deep / 2 + 0.02),
        ]
    return solids


def _tub(rng: np.random.Generator) -> list[Primitives]:
    wide, long, tall = uniform(rng, 0.65, 0.85), uniform(rng, 1.4, 1.9), uniform(rng, 0.45, 0.62)
    wall = uniform(rng, 0.03, 0.06)
    boxy = chance(rng, 0.4)
    solids = open_box((long, tall, wide), wall) if boxy else _oval(rng, long, wide, tall, wall)
    if boxy:  # its inside is round at the ends
        solids += mirrored(
            [beam((long / 2 - 0.25, 0.03, 0), (long / 2 - 0.04, tall - 0.05, 0), wide, 0.1, FRONT)]
        )
    else:
        if chance(rng, 0.6):
            feet = [
                capsule((0.33 * long, 0.05, 0.2 * wide), (0.36 * long, -0.12, 0.26 * wide), 0.04)
            ]
            solids += mirrored(mirrored(feet), axis=2)
    if chance(rng, 0.7):
        solids += moved(_faucet(rng, 0.25, 0.2, 0.02), (-long / 2 + 0.02, tall - 0.02, 0), 90)
    if chance(rng, 0.2):
        solids += (
            [box((long - 3 * wall, 0.6 * tall, wide - 3 * wall), (0, 0.32 * tall, 0))]
            if boxy
            else []
        )
    return solids


def _tap(rng: np.random.Generator) -> list[Primitives]:
    high = uniform(rng, 0.6, 1.5)
    solids = _faucet(rng, high, uniform(rng, 0.5, 1.1), uniform(rng, 0.06, 0.13))
    return [*solids, frustum((0, -0.08, 0), (0, 0.02, 0), uniform(rng, 0.2, 0.35))]
