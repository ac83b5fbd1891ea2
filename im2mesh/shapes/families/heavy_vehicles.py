"""Heavy and flying machines: train, truck, tank, helicopter (drones and rockets too).

Models look towards +z and stand on y = 0; lengths are in units of a body's width or so.
"""

from __future__ import annotations

import math

import numpy as np

from im2mesh.shapes.families.generators import (
    extrude,
    lathe,
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
    around,
    chance,
    count,
    draw,
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


def wheels(
    rng: np.random.Generator, places: list[float], x: float, radius: float, width: float
) -> list[Primitives]:
    """Return pairs of wheels that stand on the floor, and their axles.

    Args:
        rng: draws their hubs.
        places: z of each axle.
        x: of the wheels' outer faces.
        radius: of the wheels.
        width: of each.
    """
    hub, solids = uniform(rng, 0.3, 0.6) * radius, []
    for z in places:
        wheel = [frustum((x - width, radius, z), (x, radius, z), radius)]
        wheel += [frustum((x - width / 2, radius, z), (x + 0.1 * width, radius, z), hub)]
        solids += mirrored(wheel) + [frustum((-x, radius, z), (x, radius, z), 0.25 * radius)]
    return solids


def side_on(outline: np.ndarray, width: float) -> list[Primitives]:
    """Return a body from its side view: corners (z, y), z to the front, as wide as given."""
    return moved(extrude(outline, width), azimuth=-90)


# --- train ------------------------------------------------------------------------------------


def train(rng: np.random.Generator) -> Shape:
    """Draw a steam engine, a locomotive, a coach, a tram or a goods wagon; one or a few."""
    kinds: dict[Make, float] = {_steam: 2.0, _engine: 2.0, _coach: 2.5, _fast: 1.5, _wagon: 2.0}
    solids = draw(rng, kinds)
    for _ in range(pick(rng, 0, 0, 0, 0, 1, 2)):
        low = float(Shape.of(*solids).bounds()[0, 2])
        second = draw(rng, {_coach: 1.0, _wagon: 1.5})
        high = float(Shape.of(*second).bounds()[1, 2])
        solids += [capsule((0, 0.45, low - 0.3), (0, 0.45, low + 0.4), 0.08)]
        solids += moved(second, (0, 0, low - high - 0.15))
    return stand(*solids)


def _bogies(rng: np.random.Generator, long: float) -> list[Primitives]:
    """Return the running gear below a floor at 0.45: two bogies, buffers and couplings."""
    at = uniform(rng, 0.28, 0.36) * long
    places = [s * at + t for s in (-1, 1) for t in (-0.3, 0.3)]
    solids: list[Primitives] = [frustum((-0.42, 0.24, z), (0.42, 0.24, z), 0.08) for z in places]
    solids += mirrored([frustum((0.32, 0.24, z), (0.42, 0.24, z), 0.24) for z in places])
    solids += mirrored([box((0.07, 0.16, 1.0), (0.36, 0.28, s * at)) for s in (-1, 1)])
    solids += [box((0.5, 0.25, 0.5), (0, 0.36, s * at)) for s in (-1, 1)]
    return solids + mirrored(
        [
            frustum((0.33, 0.45, s * long / 2 - 0.1 * s), (0.33, 0.45, s * (long / 2 + 0.12)), 0.07)
            for s in (-1, 1)
        ]
    )


def _steam(rng: np.random.Generator) -> list[Primitives]:
    long, r = uniform(rng, 1.8, 3), uniform(rng, 0.36, 0.46)
    y = 0.6 + r
    solids = [
        box((0.8, 0.14, long + 1.2), (0, 0.55, -0.3)),
        frustum((0, y, -long / 2), (0, y, long / 2), r),
    ]
    solids += [
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
    solids += mirrored([box((0.06, 0.7, cab), (0.45, 0.9, back - cab / 2 + 0.1))])
    solids += [
        box((0.96, tall - 0.6, 0.08), (0, 0.3 + tall / 2, back + 0.1)),
        box((1.06, 0.08, cab + 0.2), (0, tall, back - cab / 2 + 0.12)),
    ]
    solids += mirrored(
        [frustum((0.42, 0.6, back - cab + 0.15), (0.42, tall, back - cab + 0.15), 0.04)]
    )
    big, number = uniform(rng, 0.28, 0.42), count(rng, 2, 4)
    places = list(np.linspace(-0.5 * long, 0.1 * long, number))
    solids += wheels(rng, places, 0.45, big, 0.1) + wheels(rng, [0.42 * long], 0.4, 0.2, 0.1)
    solids += mirrored(
        [
            box(
                (0.06, 0.07, places[-1] - places[0] + 0.2),
                (0.47, big, (places[-1] + places[0]) / 2),
            ),
            frustum((0.4, 0.5, 0.4 * long), (0.4, 0.5, 0.4 * long + 0.4), 0.13),
        ]
    )
    nose = np.array([(0, 0.05), (0.35, 0.05), (0, 0.55)])
    return solids + moved(side_on(nose, 0.8), (0, 0, long / 2 + 0.28))


def _engine(rng: np.random.Generator) -> list[Primitives]:
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
            [
                capsule((0.46 * wide, 0.8, -h + 0.1), (0.46 * wide, 0.8, h - 0.1), 0.025),
                *[
                    capsule((0.46 * wide, 0.5, z), (0.46 * wide, 0.8, z), 0.02)
                    for z in np.linspace(-h + 0.15, h - 0.15, 5)
                ],
            ]
        )
    top = 0.5 + tall
    if boxy:
        solids += [box((0.5 * wide, 0.24, uniform(rng, 0.2, 0.5) * long), (0, top - 0.05, 0))]
    if boxy and chance(rng, 0.5):  # a pantograph
        z = uniform(rng, -0.2, 0.2) * long
        solids += mirrored(
            [
                *sweep(
                    [
                        (0.25, top - 0.15, z - 0.25),
                        (0.3, top + 0.3, z + 0.25),
                        (0.3, top + 0.6, z - 0.1),
                    ],
                    0.025,
                )
            ]
        )
        solids += [
            capsule((-0.45, top + 0.6, z - 0.1), (0.45, top + 0.6, z - 0.1), 0.025),
            box((0.6, 0.2, 0.5), (0, top - 0.12, z - 0.1)),
        ]
    return solids


def _windows(
    rng: np.random.Generator, long: float, wide: float, y: float, tall: float
) -> list[Primitives]:
    """Return raised window frames and doors along both sides."""
    number = count(rng, 2, 7)
    step = 0.9 * long / number
    return mirrored(
        [
            box(
                (0.03, tall, uniform(rng, 0.5, 0.8) * step),
                (wide / 2, y, (k - (number - 1) / 2) * step),
            )
            for k in range(number)
        ]
    )


def _coach(rng: np.random.Generator) -> list[Primitives]:
    """Make a coach or a tram with a round roof."""
    long, tall, wide = uniform(rng, 2.6, 5), uniform(rng, 0.9, 1.15), 1.0
    solids = _bogies(rng, long) + [box((wide, tall, long), (0, 0.48 + tall / 2, 0))]
    top = 0.48 + tall
    bow = [(0.52 * math.cos(a), 0.2 * math.sin(a)) for a in np.linspace(0, math.pi, 7)]
    solids += extrude(np.array(bow), long + 0.1, (0, top - 0.01, 0))
    solids += _windows(rng, long, wide, 0.48 + 0.65 * tall, 0.35 * tall)
    if chance(rng, 0.35):  # a tram: lamps, a rod on its roof
        solids += mirrored(
            [frustum((0.3, 0.8, long / 2 - 0.02), (0.3, 0.8, long / 2 + 0.06), 0.08)]
        )
        solids += [
            capsule((0, top + 0.15, 0), (0, top + 0.8, -0.4 * long), 0.03),
            box((0.4, 0.2, 0.6), (0, top + 0.15, 0)),
        ]
    return solids


def _fast(rng: np.random.Generator) -> list[Primitives]:
    """Make a high-speed train's head."""
    long, nose, tall = uniform(rng, 2.5, 4.5), uniform(rng, 0.8, 1.8), uniform(rng, 0.85, 1.05)
    h = long / 2
    curve = xy(
        (h, h + nose, h + 0.93 * nose, h + 0.6 * nose, h + 0.25 * nose, h - 0.1, -h, -h),
        (0.25, 0.3, 0.45, 0.55 + 0.3 * tall, 0.5 + 0.8 * tall, 0.5 + tall, 0.5 + tall, 0.25),
    )
    solids = side_on(np.array(curve), 0.85) + [
        box((1.0, 0.7 * tall, long), (0, 0.4 + 0.4 * tall, 0)),
        ellipsoid((0.46, 0.36 * tall, nose), (0, 0.3 + 0.36 * tall, h - 0.05)),
    ]
    solids += [
        capsule((x, 0.5 + tall - 0.1, -h + 0.1), (x, 0.5 + tall - 0.1, h - 0.2), 0.14)
        for x in (-0.3, 0.3)
    ]
    return (
        solids
        + _windows(rng, 0.9 * long, 1.0, 0.45 + 0.55 * tall, 0.2)
        + wheels(rng, [-0.6 * h, -0.4 * h, 0.5 * h, 0.7 * h], 0.4, 0.22, 0.1)
    )


def _wagon(rng: np.random.Generator) -> list[Primitives]:
    """Make a goods wagon: a tank, an open box, a closed van, logs or a flat one with containers."""
    long, wide = uniform(rng, 2, 3.8), uniform(rng, 0.85, 1)
    solids = _bogies(rng, long) + [box((wide, 0.12, long), (0, 0.5, 0))]
    style = pick(rng, "tank", "open", "van", "logs", "container", "hopper")
    if style == "tank":
        r = uniform(rng, 0.38, 0.48)
        solids += [
            capsule((0, 0.54 + r, -long / 2 + r), (0, 0.54 + r, long / 2 - r), r),
            frustum((0, 0.5 + 2 * r, 0), (0, 0.66 + 2 * r, 0), 0.17),
        ]
        solids += [torus(r, 0.035, (0, 0.54 + r, z * long), FRONT) for z in (-0.25, 0.25)]
    elif style in ("open", "hopper"):
        tall, t = uniform(rng, 0.35, 0.9), 0.06
        lean = uniform(rng, 0, 20) if style == "hopper" else 0
        wall = turned([box((t, tall, long), (0, tall / 2, 0))], roll(-lean))
        solids += mirrored(moved(wall, (wide / 2 - t / 2, 0.5, 0)))
        solids += mirrored([box((wide, tall, t), (0, 0.5 + tall / 2, long / 2 - t / 2))], axis=2)
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
            [box((0.05, 0.6, 0.08), (wide / 2 - 0.02, 0.8, z * long)) for z in (-0.3, 0.3)]
        )
    elif style == "van":
        tall = uniform(rng, 0.8, 1.1)
        gable = np.array(
            [(-wide / 2, 0), (wide / 2, 0), (wide / 2, tall), (0, tall + 0.18), (-wide / 2, tall)]
        )
        solids += extrude(gable, long, (0, 0.5, 0)) + mirrored(
            [box((0.06, 0.85 * tall, 0.3 * long), (wide / 2, 0.5 + 0.45 * tall, 0))]
        )
    else:
        number = count(rng, 1, 2)
        for k in range(number):
            each = 0.94 * long / number
            solids += [
                box((0.9 * wide, 0.85, 0.96 * each), (0, 0.97, (k - (number - 1) / 2) * each))
            ]
    return solids


# --- truck ------------------------------------------------------------------------------------


def truck(rng: np.random.Generator) -> Shape:
    """Draw a lorry, a tipper, a tanker, a fire engine, a bus, a tractor or a digger."""
    kinds: dict[Make, float] = {
        _lorry: 4.0, _semitrailer: 2.0, _bus: 2.0, _tractor: 2.0, _excavator: 2.0, _loader: 1.5,
        _forklift: 1.0, _steamroller: 0.7,
    }  # fmt: skip
    return stand(*draw(rng, kinds))


def _cab(rng: np.random.Generator, z: float, wide: float, tall: float) -> list[Primitives]:
    """Return a lorry's cab whose back is at z, on a frame at 0.5, with or without a bonnet."""
    long, hood = uniform(rng, 0.8, 1.2), uniform(rng, 0.5, 0.9) if chance(rng, 0.4) else 0.0
    y, rake = 0.4, uniform(rng, 0.02, 0.3)
    side = xy(
        (z, z + long + hood, z + long + hood, z + long, z + long - rake, z),
        (y, y, y + 0.45 * tall, y + 0.5 * tall, y + tall, y + tall),
    )
    solids = side_on(np.array(side), wide)
    front = z + long + hood
    solids += [
        box((1.04 * wide, 0.18, 0.12), (0, 0.42, front)),
        *mirrored(
            [
                frustum((0.36 * wide, 0.68, front - 0.02), (0.36 * wide, 0.68, front + 0.05), 0.09),
                box((0.1, 0.25, 0.06), (0.56 * wide, y + 0.7 * tall, z + long - 0.5 * rake - 0.05)),
                capsule(
                    (0.4 * wide, y + 0.7 * tall, z + long - 0.15 - rake / 2),
                    (0.56 * wide, y + 0.7 * tall, z + long - rake / 2 - 0.05),
                    0.03,
                ),
            ]
        ),
    ]
    if chance(rng, 0.4):
        solids += mirrored(
            [
                frustum(
                    (0.42 * wide, y + 0.2, z - 0.04), (0.42 * wide, y + 1.25 * tall, z - 0.04), 0.05
                )
            ]
        )
    if chance(rng, 0.3):
        solids += [box((0.7 * wide, 0.12, 0.2), (0, y + tall + 0.04, z + 0.5 * long))]
    return solids


def _lorry(rng: np.random.Generator) -> list[Primitives]:
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
            frustum((0, 0.4 + 1.6 * q, 0), (0, 0.62 + 1.6 * q, 0), 0.2),
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
    bed += mirrored([box((0.06, wall, long), (0.5 * wide, 0.52 + wall / 2, 0))])
    bed += [box((wide, wall, 0.06), (0, 0.52 + wall / 2, s * (long / 2 - 0.03))) for s in (-1, 1)]
    if style == "tipper":
        hinge = np.array((0, 0.5, -long / 2))
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
        ends = [
            np.array((0, top + 0.15, -0.42 * long)),
            np.array((0, top + 0.15 + rise * 1.2 * long, 0.75 * long)),
        ]
        solids += [
            s
            for x in (-0.16, 0.16)
            for s in (capsule(ends[0] + (x, 0, 0), ends[1] + (x, 0, 0), 0.045),)
        ]
        return solids + [
            capsule(
                ends[0] + k * (ends[1] - ends[0]) - (0.16, 0, 0),
                ends[0] + k * (ends[1] - ends[0]) + (0.16, 0, 0),
                0.03,
            )
            for k in np.linspace(0.05, 1, 9)
        ]
    boom = xyz(
        0,
        (1.0, uniform(rng, 1.3, 2.4), uniform(rng, 1.3, 3), uniform(rng, 1.0, 2.0)),
        (long / 2 - 0.15, long / 2 - 0.1, -0.5 * long, -0.75 * long),
    )
    return solids + bed + [box((0.3, 0.9, 0.3), (0, 0.75, long / 2 - 0.15)), *sweep(boom, 0.09)]


def _semitrailer(rng: np.random.Generator) -> list[Primitives]:
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
        [box((0.08, 0.5, 0.1), (0.35, 0.4, -0.5)), box((0.1, 0.4, 2.0), (0.4, 0.45, back + 1.0))]
    )
    return [*solids, frustum((0, 0.4, 0.4), (0, 0.65, 0.4), 0.3)]


def _bus(rng: np.random.Generator) -> list[Primitives]:
    long, tall, wide = uniform(rng, 2.6, 4), uniform(rng, 1.0, 1.3), 1.0
    if chance(rng, 0.35):
        tall = uniform(rng, 1.6, 1.9)  # two decks
    rake = uniform(rng, 0.02, 0.2)
    h = long / 2
    side = xy(
        (-h, h, h, h - rake, h - rake - 0.1, -h + 0.08, -h),
        (0.25, 0.25, 0.25 + 0.4 * tall, 0.25 + 0.95 * tall, 0.25 + tall, 0.25 + tall, 0.2 + tall),
    )
    solids = side_on(np.array(side), wide) + wheels(
        rng, [0.6 * h, -0.55 * h], wide / 2 + 0.01, 0.26, 0.2
    )
    for level in (0.72,) if tall < 1.5 else (0.36, 0.8):
        solids += _windows(
            rng, 0.92 * long, wide, 0.25 + level * tall, 0.28 * tall * (1 if tall < 1.5 else 0.75)
        )
    return [
        *solids,
        box((1.03, 0.15, 0.1), (0, 0.33, h)),
        box((0.8 * wide, 0.1, 0.5), (0, 0.28 + tall, -0.3 * h)),
    ]


def _tractor(rng: np.random.Generator) -> list[Primitives]:
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
    solids += mirrored(sweep(arc((0.62, big, 0), big + 0.06, 0, 150, FRONT, UP, 5), 0.07))
    solids += [
        capsule((-0.62, big + 0.55 * big, 0.55 * big), (0.62, big + 0.55 * big, 0.55 * big), 0.05)
    ]
    if chance(rng, 0.6):  # a cab
        top = y + uniform(rng, 1.1, 1.4)
        solids += [box((0.95, 0.1, 0.95), (0, top, 0)), box((0.9, 0.5, 0.85), (0, y + 0.2, 0))]
        return solids + mirrored(
            mirrored([capsule((0.42, y + 0.4, 0.4), (0.42, top, 0.4), 0.04)]), axis=2
        )
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


def _track(long: float, high: float, x: float, width: float) -> list[Primitives]:
    """Return a pair of crawler tracks with their wheels showing."""
    outline = np.array(rounded_outline(long, high, 0.45 * high, 3)) + (0, high / 2)
    solids = moved(side_on(outline, width), (x, 0, 0))
    number = max(3, round(long / high))
    for z in np.linspace(-long / 2 + high / 2, long / 2 - high / 2, number):
        solids += [frustum((x, high / 2, z), (x + width / 2 + 0.04, high / 2, z), 0.36 * high)]
    return mirrored(solids)


def _excavator(rng: np.random.Generator) -> list[Primitives]:
    long = uniform(rng, 1.6, 2.2)
    solids = _track(long, 0.45, 0.55, 0.3) + [
        box((1.0, 0.2, 0.8), (0, 0.35, 0)),
        frustum((0, 0.3, 0), (0, 0.6, 0), 0.35),
    ]
    upper: list[Primitives] = [
        box((1.1, 0.5, 1.3), (0, 0.8, -0.25)),
        box((0.45, 0.8, 0.6), (-0.33, 1.2, 0.15)),
        box((1.15, 0.4, 0.4), (0, 0.8, -0.85)),
    ]
    reach, rise = uniform(rng, 0.9, 1.6), uniform(rng, 0.9, 1.8)
    knee = np.array((0.15, 0.9 + rise, 0.2 + reach))
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


def _loader(rng: np.random.Generator) -> list[Primitives]:
    """Make a bulldozer or a wheel loader: a blade or a shovel before it."""
    high = uniform(rng, 0.0, 0.8)
    if chance(rng, 0.5):
        solids, high = _track(1.9, 0.6, 0.5, 0.28), min(high, 0.4)
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
    solids += mirrored([*sweep(arm, 0.08), capsule((0.3, 0.75, 0.5), (0.4, 0.75, 0.5), 0.1)])
    return solids + moved(side_on(blade * (1, 1.2), 1.5), (0, high, 1.5))


def _forklift(rng: np.random.Generator) -> list[Primitives]:
    mast, lift = uniform(rng, 1.6, 2.4), uniform(rng, 0.05, 0.9)
    solids = wheels(rng, [0.5, -0.5], 0.48, 0.24, 0.2) + [
        box((0.85, 0.5, 1.4), (0, 0.5, 0)),
        box((0.85, 0.35, 0.5), (0, 0.85, -0.45)),
    ]
    solids += mirrored(
        [
            box((0.1, mast, 0.12), (0.3, mast / 2 + 0.08, 0.75)),
            box((0.14, 0.06, 0.9), (0.22, lift, 1.2)),
            box((0.14, 0.6, 0.06), (0.22, lift + 0.28, 0.82)),
        ]
    )
    solids += [box((0.7, 0.1, 0.1), (0, y, 0.75)) for y in (0.3, mast)] + [
        box((0.7, 0.12, 0.08), (0, lift + 0.4, 0.81))
    ]
    frame = [(0.36, 0.7, 0.55), (0.36, 1.65, 0.35), (0.36, 1.65, -0.4), (0.36, 0.9, -0.6)]
    solids += mirrored(sweep(frame, 0.04)) + [
        box((0.76, 0.04, 0.7), (0, 1.66, 0)),
        box((0.4, 0.5, 0.1), (0, 1.1, -0.25)),
    ]
    return solids


def _steamroller(rng: np.random.Generator) -> list[Primitives]:
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
            [box((0.07, 0.15, 1.2), (0.53, r, 0.65)), frustum((0.4, r, 0.9), (0.56, r, 0.9), 0.1)]
        ),
    ]
    solids += [
        box((0.9, 0.55, 1.3), (0, 0.4 + r, -0.3)),
        box((1.13, 0.15, 0.3), (0, r + 0.05, 0.12)),
    ]
    top = 1.5 + r
    solids += mirrored(mirrored([capsule((0.38, r + 0.6, 0.25), (0.38, top, 0.25), 0.04)]), axis=2)
    return [*solids, box((0.95, 0.06, 0.9), (0, top, 0))]


# --- tank -------------------------------------------------------------------------------------


def tank(rng: np.random.Generator) -> Shape:
    """Draw a tank, an armoured car, a gun on wheels or a rocket launcher."""
    kinds: dict[Make, float] = {_tank: 4.0, _armoured: 1.2, _cannon: 1.2}
    return stand(*draw(rng, kinds))


def _turret(rng: np.random.Generator, y: float) -> list[Primitives]:
    """Return a turret with its gun, on a hull whose top is at y."""
    wide, tall, long = uniform(rng, 0.75, 1.2), uniform(rng, 0.28, 0.5), uniform(rng, 0.8, 1.4)
    style = pick(rng, "block", "round", "wedge", "box")
    base: list[Primitives]
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
    gun: list[Primitives] = [
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


def _tank(rng: np.random.Generator) -> list[Primitives]:
    long, high, wide = uniform(rng, 2.2, 3.2), uniform(rng, 0.5, 0.75), uniform(rng, 1.3, 1.7)
    band = uniform(rng, 0.22, 0.35)
    h, top = 0.48 * long, high + uniform(rng, 0.12, 0.35)
    solids = _track(long, high, wide / 2 - band / 2, band)
    side = xy(
        (-h, 0.85 * h, h, uniform(rng, 0.45, 0.75) * h, -0.85 * h, -h),
        (0.3 * high, 0.25 * high, 0.55 * high, top, top, 0.9 * high),
    )
    solids += side_on(np.array(side), wide - 1.9 * band)
    if chance(rng, 0.7):  # skirts above the tracks
        solids += mirrored(
            [box((band * 1.1, 0.06, 0.92 * long), (wide / 2 - band / 2, high + 0.02, 0))]
        )
    if chance(rng, 0.3):
        solids += [frustum((-0.4, top, -0.8 * h), (0.4, top, -0.8 * h), 0.12)]
    return solids + _turret(rng, top)


def _armoured(rng: np.random.Generator) -> list[Primitives]:
    long, wide, r = uniform(rng, 2.2, 3), 1.1, uniform(rng, 0.28, 0.38)
    h, top = long / 2, uniform(rng, 0.95, 1.2)
    side = [(-h, 0.4), (0.9 * h, 0.4), (h, 0.65), (0.6 * h, top), (-0.9 * h, top), (-h, 0.7)]
    solids = side_on(np.array(side), wide) + wheels(
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


def _cannon(rng: np.random.Generator) -> list[Primitives]:
    """Make a field gun: a barrel between two wheels, and a trail or two."""
    r, length = uniform(rng, 0.4, 0.65), uniform(rng, 1.2, 2.4)
    old = chance(rng, 0.5)
    curve = (
        [(0.2, -0.5), (0.19, 0), (0.12, length - 0.1), (0.16, length)]
        if old
        else [(0.14, -0.4), (0.13, 0.3), (0.08, 0.35), (0.07, length)]
    )
    barrel = lathe(curve, (0, 0, 0), FRONT) + (
        [ellipsoid((0.12, 0.12, 0.12), (0, 0, -0.55))] if old else []
    )
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


# --- helicopter -------------------------------------------------------------------------------


def helicopter(rng: np.random.Generator) -> Shape:
    """Draw a helicopter, a drone, a rocket, a space shuttle, a satellite or a saucer."""
    kinds: dict[Make, float] = {
        _helicopter: 4.0, _drone: 1.5, _rocket: 2.0, _ship: 2.0, _satellite: 1.2, _saucer: 0.8,
        _balloon: 0.8, _airship: 0.6,
    }  # fmt: skip
    return stand(*draw(rng, kinds))


def _rotor(
    rng: np.random.Generator, radius: float, blades: int, chord: float, thick: float = 0.05
) -> list[Primitives]:
    """Return a rotor about the y axis at the origin."""
    hub = frustum((0, -0.12, 0), (0, 0.08, 0), max(0.8 * chord, 0.06))
    blade = box((chord, thick, radius), (0, 0, radius / 2))
    return [hub, *ringed([blade], blades, uniform(rng, 0, 360))]


def _helicopter(rng: np.random.Generator) -> list[Primitives]:
    long, wide, tall = uniform(rng, 0.8, 1.7), uniform(rng, 0.4, 0.6), uniform(rng, 0.45, 0.65)
    boom, radius = uniform(rng, 1.3, 2.4), uniform(rng, 1.6, 2.6)
    y = tall + uniform(rng, 0.25, 0.5)
    solids: list[Primitives] = [
        ellipsoid((wide, tall, 0.9), (0, y, 0.45 * long)),
        ellipsoid((wide, tall, 0.9), (0, y, -0.3 * long)),
    ]
    solids += [
        *extrude(
            np.array(rounded_outline(1.8 * wide, 1.8 * tall, 0.6 * wide, 2)),
            0.8 * long,
            (0, y, 0.08 * long),
        )
    ]
    top, tail = y + tall, np.array((0, y + 0.35 * tall, -0.3 * long - 0.6 - boom))
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
        frustum((0, top - 0.3, 0), (0, top + mast, 0), 0.08),
        *moved(_rotor(rng, radius, count(rng, 2, 5), uniform(rng, 0.1, 0.17)), (0, top + mast, 0)),
    ]
    if chance(rng, 0.65):  # skids
        x = uniform(rng, 0.9, 1.2) * wide
        skid = [(x, 0.04, -0.75), (x, 0.04, 0.8), (x, 0.16, 1.0)]
        legs = [
            s
            for z in (-0.4, 0.4)
            for s in (capsule((0.4 * wide, y - 0.7 * tall, z), (x, 0.04, z), 0.045),)
        ]
        return solids + mirrored(sweep(skid, 0.045) + legs)
    solids += wheels(rng, [-0.4], 0.95 * wide, 0.15, 0.12) + [
        capsule((0, y - 0.5 * tall, -0.4), (0, 0.15, -0.4), 0.06)
    ]
    return [
        *solids,
        frustum((-0.06, 0.13, 0.6), (0.06, 0.13, 0.6), 0.13),
        capsule((0, 0.13, 0.6), (0, y - 0.5 * tall, 0.5), 0.05),
    ]


def _drone(rng: np.random.Generator) -> list[Primitives]:
    arms, reach = pick(rng, 4, 4, 4, 6), uniform(rng, 0.8, 1.3)
    solids: list[Primitives] = (
        [ellipsoid((0.42, 0.18, 0.5))] if chance(rng, 0.5) else [box((0.6, 0.2, 0.8))]
    )
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
        sweep([(0.2, -0.05, 0.3), (0.4, -0.4, 0.3), (0.4, -0.4, -0.3), (0.2, -0.05, -0.3)], 0.035)
    )
    return [*solids, ellipsoid((0.13, 0.13, 0.13), (0, -0.2, 0.25))]


def _rocket(rng: np.random.Generator) -> list[Primitives]:
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
            [
                frustum((0.8, 0, 0), (0.8, 0.5 * tall, 0), 0.28),
                frustum((0.8, 0.5 * tall, 0), (0.8, 0.5 * tall + 0.5, 0), 0.28, 0.02),
                box((0.5, 0.1, 0.1), (0.5, 0.3 * tall, 0)),
            ]
        )
    if chance(rng, 0.4):
        solids += [torus(0.18, 0.05, (0, 0.62 * tall, 0.47), FRONT)]
    return turned(solids, tilt(pick(rng, 0, 0, 90)))


def _ship(rng: np.random.Generator) -> list[Primitives]:
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
        turned(
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
    solids += nozzle if chance(rng, 0.5) else mirrored(moved(nozzle, (0.5 * r, 0, 0)))
    if chance(rng, 0.6):
        solids += [ellipsoid((0.55 * r, 0.55 * r, 0.3 * long), (0, 0.65 * r, 0.2 * long))]
    if chance(rng, 0.5):  # guns or engines at the wings
        c, s = math.cos(math.radians(bend)), math.sin(math.radians(bend))
        at = np.array((0.6 * span * c + 0.3 * r * s, 0.6 * span * s - 0.3 * r * c, -0.35 * long))
        solids += mirrored(
            [
                frustum(
                    at - (0, 0, 0.3), at + (0, 0, uniform(rng, 0.4, 1.2)), uniform(rng, 0.08, 0.2)
                )
            ]
        )
    return solids


def _satellite(rng: np.random.Generator) -> list[Primitives]:
    wide, tall = uniform(rng, 0.5, 0.9), uniform(rng, 0.7, 1.4)
    solids: list[Primitives] = [
        pick(rng, box((wide, tall, wide)), frustum((0, -tall / 2, 0), (0, tall / 2, 0), wide / 2))
    ]
    number, size = count(rng, 1, 3), uniform(rng, 0.5, 0.9)
    turn, x = tilt(uniform(rng, -60, 60)), wide / 2 + 0.2
    panels: list[Primitives] = [capsule((0, 0, 0), (x + number * size, 0, 0), 0.04)]
    panels += [
        box((0.94 * size, uniform(rng, 0.5, 0.9), 0.05), (x + (k + 0.5) * size, 0, 0))
        for k in range(number)
    ]
    solids += mirrored(turned(panels, turn))
    dish = vessel(smooth_profile([(0.08, 0), (0.35, 0.1), (0.5, 0.25)], 4), 0.05, 0.04)
    solids += moved(turned(dish, tilt(uniform(rng, 0, 90))), (0, tall / 2 + 0.12, 0)) + [
        capsule((0, 0, 0), (0, tall / 2 + 0.15, 0), 0.05)
    ]
    return solids + [frustum((0, -tall / 2 - 0.25, 0), (0, -tall / 2 + 0.02, 0), 0.25, 0.12)]


def _saucer(rng: np.random.Generator) -> list[Primitives]:
    deep = uniform(rng, 0.3, 0.6)
    solids = lathe(smooth_profile([(0.4, 0), (1.3, deep), (0.5, 1.8 * deep)], 8)) + [
        ellipsoid((0.5, 0.45, 0.5), (0, 1.75 * deep, 0))
    ]
    solids += ringed([ellipsoid((0.1, 0.08, 0.1), (0, 1.28 * deep, 1.0))], count(rng, 6, 10))
    return solids + [
        capsule((0, deep / 2, 0) + 0.4 * around(120 * k), 0.9 * around(120 * k) - (0, 0.5, 0), 0.05)
        for k in range(3)
    ]


def _balloon(rng: np.random.Generator) -> list[Primitives]:
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


def _airship(rng: np.random.Generator) -> list[Primitives]:
    long, r = uniform(rng, 1.8, 3), uniform(rng, 0.5, 0.8)
    solids: list[Primitives] = [ellipsoid((r, r, long))]
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
