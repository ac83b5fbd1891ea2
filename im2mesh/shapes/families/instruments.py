"""Musical instruments: strings, drums, wind and keys."""

from __future__ import annotations

import math

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, RIGHT, UP, around, roll, tilt
from im2mesh.shapes.kit.bars import arc, ball, column, point, sweep, xyz
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, log_uniform, pick, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored, moved, ringed, stand, turned
from im2mesh.shapes.kit.outlines import both_sides, extrude, xy
from im2mesh.shapes.kit.profiles import lathe, smooth_profile, vessel
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import box, capsule, ellipsoid, frustum, torus


def instrument(rng: Rng) -> Shape:
    """Draw a guitar, a violin, a harp, a drum, a trumpet, a flute, a piano, a bell and so on."""
    kinds: dict[Make, float] = {
        _guitar: 3.0, _electric: 2.0, _violin: 2.0, _harp: 1.0, _drum: 2.0, _kit: 0.7,
        _trumpet: 2.0, _horn: 1.0, _saxophone: 1.0, _flute: 1.5, _upright: 1.2, _grand: 1.2,
        _keys: 1.2, _accordion: 1.0, _xylophone: 1.0, _tambourine: 0.8, _maracas: 0.8, _bell: 1.0,
        _lute: 1.0, _microphone: 0.8,
    }  # fmt: skip
    return stand(draw(rng, kinds))


def _placed(rng: Rng, solids: Solids) -> Solids:
    """Return an instrument that faces +z upright, leaning back or lying."""
    return turned(solids, tilt(pick(rng, 0.0, -15.0, -90.0)))


def _waisted(upper: float, waist: float, lower: float, tall: float) -> np.ndarray:
    """Return the outline of a body with a waist, from y = 0 up."""
    control = xy((0.05, 0.8 * lower, lower, waist, upper, 0.15), (0, 0.05, 0.26, 0.58, 0.8, 1))
    curve = np.array(smooth_profile(control, 12)) * (1, tall)
    return both_sides(curve)


def _neck(rng: Rng, start: float, length: float, wide: float, z: float) -> Solids:
    """Return a neck with its head and pegs, upwards from a height, its face at a depth."""
    end, head = start + length, uniform(rng, 0.35, 0.55)
    solids = [box((wide, length, 0.09), (0, start + length / 2, z))]
    board = [box((1.5 * wide, head, 0.08), (0, 0.48 * head, 0))]
    pegs = np.linspace(0.2, 0.85, count(rng, 2, 3)) * head
    board += mirrored(*[capsule((0.6 * wide, y, 0), (1.25 * wide, y, 0), 0.04) for y in pegs])
    return solids + moved(turned(board, tilt(-uniform(rng, 0, 20))), (0, end - 0.02, z))


def _guitar(rng: Rng) -> Solids:
    tall, deep, wide = 1.3, uniform(rng, 0.25, 0.4), uniform(rng, 0.13, 0.18)
    lower = uniform(rng, 0.48, 0.6)
    upper, waist = lower * uniform(rng, 0.65, 0.85), lower * uniform(rng, 0.5, 0.65)
    solids = extrude(_waisted(upper, waist, lower, tall), deep)
    face = deep / 2
    solids += _neck(rng, tall - 0.35, uniform(rng, 1.1, 1.7), wide, face + 0.03)
    solids += [
        box((0.45, 0.1, 0.06), (0, 0.3, face + 0.02)),
        torus(0.17, 0.025, (0, 0.78, face), FRONT),
    ]
    # The strings are one strip: a depth map shows no more of them.
    strings = box((0.6 * wide, 0.9, 0.02), (0, 0.75, face + 0.05))
    return _placed(rng, [*solids, strings])


def _electric(rng: Rng) -> Solids:
    thick, wide = uniform(rng, 0.13, 0.2), uniform(rng, 0.12, 0.16)
    style = pick(rng, "horned", "single", "V", "star")
    if style == "horned":
        half = xy((0.3, 0.5, 0.32, 0.45, 0.4, 0.25, 0.15), (0, 0.2, 0.6, 0.95, 1.2, 0.95, 0.9))
        other = xy(
            (-0.15, -0.28, -0.42, -0.45, -0.32, -0.5, -0.3),
            (0.9, 0.95, 1.0 + uniform(rng, 0, 0.3), 0.9, 0.55, 0.2, 0),
        )
        outline = np.concatenate([half, other])
    elif style == "single":
        outline = _waisted(0.38, 0.3, 0.5, 1.1)
    elif style == "V":
        outline = xy(
            (0, 0.5, 0.62, 0.15, -0.15, -0.62, -0.5), (0.45, -0.1, 0.05, 1.0, 1.0, 0.05, -0.1)
        )
    else:
        outline = xy(
            (0, 0.6, 0.3, 0.65, 0.12, -0.12, -0.5, -0.3, -0.6),
            (0.2, -0.2, 0.45, 0.95, 0.85, 0.85, 1.1, 0.4, 0),
        )
    solids = extrude(outline, thick) + _neck(rng, 0.7, uniform(rng, 1.1, 1.6), wide, thick / 2)
    solids += [
        box((0.32, 0.08, 0.06), (0, y, thick / 2)) for y in np.linspace(0.5, 0.75, count(rng, 1, 3))
    ]
    return _placed(rng, solids)


def _violin(rng: Rng) -> Solids:
    """Make a violin or a cello, on its spike or with its bow."""
    tall, deep = 1.3, uniform(rng, 0.18, 0.32)
    solids = extrude(_waisted(0.38, uniform(rng, 0.2, 0.27), 0.46, tall), deep)
    z = deep / 2
    solids += [
        box((0.1, 1.0, 0.08), (0, tall + 0.1, z + 0.08)),
        box((0.09, 0.8, 0.08), (0, tall + 0.4, z)),
        torus(0.06, 0.045, (0, tall + 0.82, z), RIGHT),
        box((0.28, 0.18, 0.14), (0, 0.55, z + 0.04)),
        box((0.14, 0.4, 0.12), (0, 0.25, z + 0.04)),
    ]
    solids += mirrored(
        *[capsule((0.0, y, z), (0.2, y, z), 0.03) for y in (tall + 0.62, tall + 0.72)]
    )
    if chance(rng, 0.5):
        solids += [column(0.05, -uniform(rng, 0.2, 0.5), 0.03)]
    if chance(rng, 0.3):
        solids += [capsule((-0.6, 0.4, z + 0.1), (0.7, 0.75, z + 0.1), 0.025)]
    return _placed(rng, solids)


def _lute(rng: Rng) -> Solids:
    """Make a banjo, a mandolin, a balalaika or a ukulele."""
    wide = uniform(rng, 0.1, 0.16)
    style = pick(rng, "banjo", "pear", "triangle")
    deep = uniform(rng, 0.15, 0.3)
    if style == "banjo":
        solids = [
            frustum((0, 0, -deep / 2), (0, 0, deep / 2), 0.5),
            torus(0.5, 0.05, (0, 0, deep / 2), FRONT),
        ]
    elif style == "pear":
        solids = [
            ellipsoid((0.45, 0.6, deep)),
            *sweep([(0, 0.3, 0), (0, 0.8, 0)], [0.3 * deep + 0.15, 0.09]),
        ]
    else:
        solids = extrude(np.array([(-0.65, -0.5), (0.65, -0.5), (0.08, 0.65), (-0.08, 0.65)]), deep)
    z = deep / 2 - 0.05
    return _placed(
        rng,
        solids
        + _neck(rng, 0.3, uniform(rng, 0.9, 1.6), wide, z)
        + [box((0.3, 0.07, 0.08), (0, -0.25, deep / 2 + 0.01 if style != "pear" else 0.8 * deep))],
    )


def _harp(rng: Rng) -> Solids:
    tall, wide = uniform(rng, 1.6, 2.2), uniform(rng, 0.9, 1.3)
    top = xyz(
        (0, 0.25 * wide, 0.55 * wide, 0.8 * wide, wide),
        (tall, tall + 0.05, 0.85 * tall, 0.85 * tall, 0.95 * tall),
        0,
    )
    solids = (
        sweep([(0, 0, 0), (0, tall, 0)], 0.06)
        + sweep(top, 0.06)
        + sweep([(0, 0.05, 0), top[-1]], [0.16, 0.07])
    )
    for share in np.linspace(0.2, 0.9, count(rng, 5, 9)):
        x = share * wide
        y = np.interp(x, [p[0] for p in top], [p[1] for p in top])
        solids += [frustum((x, share * 0.95 * tall, 0), (x, y, 0), 0.014)]
    return [*solids, box((0.5, 0.1, 0.4), (0.1, 0, 0))]


def _drum(rng: Rng) -> Solids:
    """Make a drum of any height: straight, a barrel or a goblet; at times on legs."""
    tall = log_uniform(rng, 0.4, 3)
    style, foot = pick(rng, "straight", "straight", "barrel", "goblet"), 1.0
    if style == "straight":
        solids = lathe([(1, 0), (1, tall)])
        solids += [torus(1.0, 0.06, (0, y, 0)) for y in (0.06, tall - 0.06)]
        rod = capsule((0, 0.1, 1.04), (0, tall - 0.1, 1.04), 0.035)
        solids += ringed([rod], count(rng, 5, 10))
    else:
        tall = max(tall, 1.3)
        mid = uniform(rng, 1.1, 1.25) if style == "barrel" else uniform(rng, 0.35, 0.55)
        foot = 0.8 if style == "barrel" else uniform(rng, 0.6, 0.85)
        solids = lathe(
            smooth_profile([(foot, 0), (mid, 0.45 * tall), (1, 0.9 * tall), (1, tall)], 9)
        )
        solids += [torus(1.0, 0.05, (0, tall - 0.03, 0))]
    if chance(rng, 0.3):
        reach, top = uniform(rng, 0.6, 1.5), 0.95 * foot
        legs = [(top * around(120 * k), 1.2 * foot * around(120 * k)) for k in range(3)]
        solids += [capsule(a + (0, 0.1, 0), b - (0, reach, 0), 0.05) for a, b in legs]
    if chance(rng, 0.3):
        solids += [
            capsule((-0.4, tall + 0.05, 0.2 * s), (0.9, tall + 0.06, 0.5 * s), 0.05)
            for s in (-1, 1)
        ]
    return turned(solids, tilt(90)) if chance(rng, 0.2) else solids


def _kit(rng: Rng) -> Solids:
    solids = [frustum((0, 0.6, -0.4), (0, 0.6, 0.4), 0.6), torus(0.6, 0.04, (0, 0.6, 0.4), FRONT)]
    for x, y, r in ((-0.38, 1.35, 0.3), (0.38, 1.35, 0.32)):
        solids += [
            frustum((x, y, -0.1), (x, y + 0.3, -0.18), r),
            capsule((0, 1.1, 0), (x, y + 0.1, -0.1), 0.05),
        ]
    for x, y, z, r in ((1.1, 1.5, -0.4, 0.42), (-1.1, 1.1, -0.5, 0.34)):
        solids += [
            frustum((x, 0.0, z), (x, y, z), 0.03),
            frustum((x, y - 0.02, z), (x, y + 0.06, z), r, 0.06),
            frustum((x, 0, z), (x, 0.05, z), 0.25),
        ]
        solids += [capsule((x, 0.3, z), (0.3 * x, 0.5, 0), 0.03)]
    return [
        *solids,
        frustum((0.85, 0.45, -0.9), (0.85, 0.85, -0.9), 0.42),
        capsule((0.85, 0.5, -0.9), (0.1, 0.5, -0.2), 0.04),
    ]


def _bellmouth(rng: Rng, wide: float, long: float, thin: float) -> list[tuple[float, float]]:
    """Return the profile of a horn's bell, from its tube to its mouth."""
    curve = [(thin, 0), (1.4 * thin, 0.55 * long), (0.4 * wide, 0.85 * long), (wide, long)]
    return smooth_profile(curve, 7)


def _trumpet(rng: Rng) -> Solids:
    """Make a trumpet or a trombone along x."""
    thin, wide, long = 0.05, uniform(rng, 0.25, 0.4), uniform(rng, 1.4, 1.9)
    bell = vessel(_bellmouth(rng, wide, 0.7, thin), 0.03, 0, (0.5 * long - 0.7, 0, 0), RIGHT)
    drop, x = uniform(rng, 0.25, 0.4), 0.32 * long
    loop = xyz(
        (0.5 * long - 0.65, -x, -x - 0.12, -x, 0.3 * x, 0.3 * x + 0.12, 0.3 * x, -0.5 * long),
        (0, 0, -drop / 2, -drop, -drop, -0.6 * drop, -0.1 * drop, 0),
        (0, 0, 0, 0, 0, 0.06, 0.1, 0.1),
    )
    solids = (
        bell
        + sweep(loop, thin)
        + [frustum((-0.5 * long - 0.02, 0, 0.1), (-0.5 * long - 0.15, 0, 0.1), 0.04, 0.1)]
    )
    if chance(rng, 0.7):
        solids += [
            s
            for k in range(3)
            for s in (
                frustum((0.14 * k - 0.15, -drop - 0.1, 0.03), (0.14 * k - 0.15, 0.18, 0.03), 0.065),
                frustum((0.14 * k - 0.15, 0.15, 0.03), (0.14 * k - 0.15, 0.28, 0.03), 0.03),
            )
        ]
    else:
        slide = uniform(rng, 0.6, 1.4)
        solids += sweep(
            xyz(
                (0.3 * x, 0.3 * x + slide, 0.3 * x + slide + 0.1, 0.3 * x, 0.0),
                -drop,
                (0, 0, 0.25, 0.25, 0),
            ),
            thin,
        )
    return turned(solids, roll(pick(rng, 0, 90, -90, 20)))


def _horn(rng: Rng) -> Solids:
    """Make a French horn or a tuba: a coil and a wide bell."""
    t = np.linspace(0, 1, 18)
    angle, r = 2 * math.pi * (1.5 * t), 0.45 + 0.12 * np.sin(5 * t)
    coil = np.stack([r * np.cos(angle), r * np.sin(angle), 0.15 * t], 1)
    wide = uniform(rng, 0.4, 0.55)
    solids = sweep(list(coil), list(np.linspace(0.04, 0.1, 18)))
    end, way = coil[-1], coil[-1] - coil[-2]
    way = way / np.linalg.norm(way)
    solids += vessel(_bellmouth(rng, wide, 0.9, 0.1), 0.035, 0, end - 0.05 * way, way)
    solids += [capsule(coil[0], coil[0] * 1.5 + (0, 0.25, 0), 0.04)]
    solids += [frustum((x, -0.5, 0.05), (x, 0.3, 0.05), 0.06) for x in (-0.14, 0, 0.14)]
    return solids


def _saxophone(rng: Rng) -> Solids:
    long = uniform(rng, 1.4, 1.9)
    bend = [point(0, long, 0), *arc((0.2, 0.1, 0), 0.2, 180, 360, RIGHT, UP, 5)]
    solids = sweep(bend, list(np.linspace(0.05, 0.15, len(bend))))
    solids += vessel(
        _bellmouth(rng, uniform(rng, 0.28, 0.4), 0.8, 0.15), 0.03, 0, (0.4, 0.05, 0), (0.15, 1, 0)
    )
    solids += sweep(
        [(0, long - 0.02, 0), (-0.08, long + 0.12, 0), (-0.35, long + 0.08, 0), (-0.5, long, 0)],
        0.045,
    )
    solids += [
        frustum((0, y, 0), (0, y, 0.17), 0.09)
        for y in np.linspace(0.4, 0.9 * long, count(rng, 4, 7))
    ]
    return solids + [capsule((0.11, 0.3, 0.1), (0.08, 0.8 * long, 0.1), 0.025)]


def _flute(rng: Rng) -> Solids:
    """Make a flute, a recorder, a clarinet or pan pipes."""
    if chance(rng, 0.2):
        number = count(rng, 5, 9)
        pipes: Solids = []
        for k in range(number):
            pipes += vessel(
                [(0.11, 0), (0.11, 1.6 - 0.13 * k)], 0.03, 0.05, (0.2 * k, -(1.6 - 0.13 * k), 0)
            )
        return [*pipes, box((0.2 * number, 0.12, 0.26), (0.1 * (number - 1), -0.4, 0))]
    long, r = uniform(rng, 1.8, 3), uniform(rng, 0.07, 0.13)
    solids = vessel([(1.1 * r, 0), (r, 0.1 * long), (r, long)], 0.35 * r, 0)
    solids += [column(0.12 * long, long, 0.8 * r)]
    solids += [torus(r, 0.35 * r, (0, y * long, 0)) for y in (0.25, 0.75)]
    if chance(rng, 0.5):
        solids += [
            frustum((0, y, 0), (0, y, 1.5 * r), 0.6 * r)
            for y in np.linspace(0.3, 0.7, count(rng, 3, 7)) * long
        ]
    end = pick(rng, "beak", "bell", "plain")
    if end == "bell":
        solids += vessel(
            [(uniform(rng, 2, 3) * r, -0.3), (1.4 * r, -0.12), (1.1 * r, 0.02)], 0.3 * r, 0
        )
    if end != "plain":
        solids += [column(long - 0.01, long + 0.35, r, 0.35 * r)]
    return turned(solids, pick(rng, tilt(90), roll(90), np.eye(3)))


def _upright(rng: Rng) -> Solids:
    wide, tall, deep = 1.45, uniform(rng, 1.0, 1.35), uniform(rng, 0.35, 0.5)
    solids = [
        box((wide, tall, deep), (0, tall / 2, -deep / 2)),
        box((wide + 0.06, 0.04, deep + 0.06), (0, tall, -deep / 2)),
        box((wide, 0.14, 0.35), (0, 0.66, 0.16)),
        box((0.88 * wide, 0.04, 0.18), (0, 0.745, 0.2)),
    ]
    solids += mirrored(
        box((0.08, 0.66, 0.08), (wide / 2 - 0.05, 0.33, 0.28)),
        box((0.07, 0.22, 0.35), (wide / 2 - 0.035, 0.7, 0.16)),
    )
    keys = np.linspace(-0.4, 0.4, count(rng, 7, 12)) * wide
    solids += [box((0.035, 0.05, 0.1), (x, 0.775, 0.14)) for x in keys]
    if chance(rng, 0.4):
        solids += [box((0.6, 0.3, 0.06), (0, 0.95, 0.02))]
    return solids


def _grand(rng: Rng) -> Solids:
    long = uniform(rng, 1.3, 2.2)
    outline = xy(
        (-0.75, 0.75, 0.75, 0.45, 0.2, 0.05, -0.3, -0.65, -0.75),
        (
            0,
            0,
            -0.35 * long,
            -0.55 * long,
            -0.75 * long,
            -0.97 * long,
            -long,
            -0.95 * long,
            -0.8 * long,
        ),
    )
    thick, y = 0.28, 0.8
    solids = extrude(outline, thick, (0, y, 0), tilt(90))
    solids += [
        box((1.5, 0.13, 0.3), (0, y - 0.07, 0.14)),
        box((1.3, 0.05, 0.2), (0, y + 0.01, 0.16)),
        *mirrored(box((0.08, 0.2, 0.3), (0.71, y - 0.02, 0.14))),
    ]
    for x, z in ((-0.6, -0.05), (0.6, -0.05), (-0.3, -0.8 * long)):
        solids += [frustum((x, 0, z), (x, y - 0.1, z), 0.05, 0.09)]
    if chance(rng, 0.6):
        lid = moved(extrude(outline, 0.04, (0, 0, 0), tilt(90)), (0.75, 0, 0))
        solids += moved(turned(lid, roll(uniform(rng, 15, 45))), (-0.75, y + thick / 2 + 0.01, 0))
    return [*solids, box((0.1, 0.7, 0.06), (0, 0.4, -0.25))]


def _keys(rng: Rng) -> Solids:
    """Make a keyboard on a stand, or on the table."""
    wide, deep, thick = uniform(rng, 1.1, 1.9), uniform(rng, 0.3, 0.5), uniform(rng, 0.08, 0.16)
    solids = [
        box((wide, thick, deep)),
        box((0.95 * wide, 0.04, 0.45 * deep), (0, thick / 2, 0.22 * deep)),
    ]
    solids += [
        box((0.35 * wide / 14, 0.06, 0.25 * deep), (x * wide, thick / 2 + 0.02, 0.12 * deep))
        for x in np.linspace(-0.43, 0.43, count(rng, 8, 16))
    ]
    solids += [
        box(
            (0.5 * wide, 0.04, 0.2 * deep), (uniform(rng, -0.2, 0.2) * wide, thick / 2, -0.3 * deep)
        )
    ]
    if chance(rng, 0.6):  # crossed legs
        x, low = 0.35 * wide, -uniform(rng, 0.7, 0.9)
        solids += [
            capsule((s * x, -0.03, z), (-s * x, low, z), 0.03)
            for s in (-1, 1)
            for z in (-0.3 * deep, 0.3 * deep)
        ]
        solids += [
            capsule((s * x, low, -0.7 * deep), (s * x, low, 0.7 * deep), 0.035) for s in (-1, 1)
        ]
    return solids


def _accordion(rng: Rng) -> Solids:
    wide, tall, deep = uniform(rng, 0.2, 0.35), uniform(rng, 0.8, 1.1), uniform(rng, 0.4, 0.5)
    folds, step = count(rng, 5, 9), uniform(rng, 0.07, 0.12)
    solids: Solids = []
    for k in range(folds):
        x = k * step
        solids += [
            box((0.6 * step, tall, deep), (x, 0, 0)),
            box((step, 0.85 * tall, 0.85 * deep), (x + step / 2, 0, 0)),
        ]
    for x in (-wide / 2 - step / 4, folds * step + wide / 2):
        solids += [box((wide, 1.05 * tall, 1.1 * deep), (x, 0, 0))]
    solids += [box((0.15, 0.9 * tall, 0.2), (-wide - 0.05, 0, 0.5 * deep))]
    return solids + [
        box((0.03, 0.05, 0.1), (-wide - 0.06, y * tall, 0.72 * deep))
        for y in np.linspace(-0.4, 0.4, 8)
    ]


def _xylophone(rng: Rng) -> Solids:
    number, long = count(rng, 6, 12), uniform(rng, 0.8, 1.2)
    step = uniform(rng, 0.16, 0.24)
    solids = [
        box((0.8 * step, 0.06, long * (1 - 0.5 * k / number)), (k * step, 0.1, 0))
        for k in range(number)
    ]
    for s in (-1, 1):
        ends = [
            (-0.5 * step, 0.04, s * 0.32 * long),
            ((number - 0.5) * step, 0.04, s * 0.18 * long),
        ]
        solids += [capsule(ends[0], ends[1], 0.05)]
    if chance(rng, 0.5):
        solids += [
            capsule((0.2, 0.17, -0.1), (1.0, 0.17, 0.5), 0.03),
            ball(0.08, (0.2, 0.18, -0.1)),
        ]
    return solids


def _tambourine(rng: Rng) -> Solids:
    solids = vessel([(1, 0), (1, 0.3)], 0.09, 0)
    if chance(rng, 0.5):
        solids += [column(0.24, 0.29, 0.98)]
    for k in range(count(rng, 4, 7)):
        at = 0.97 * around(55 * k)
        solids += [frustum(at + (0, 0.12, 0), at + (0, 0.18, 0), 0.16)]
    return turned(solids, tilt(pick(rng, 0, 80)))


def _maracas(rng: Rng) -> Solids:
    long, r = uniform(rng, 0.9, 1.5), uniform(rng, 0.35, 0.5)
    one = [
        column(0, long, 0.1),
        ellipsoid((r, uniform(rng, 1, 1.5) * r, r), (0, long + 0.7 * r, 0)),
    ]
    if chance(rng, 0.5):
        return turned(one, tilt(pick(rng, 0, 90)))
    return turned(one, roll(25)) + turned(one, roll(-25))


def _bell(rng: Rng) -> Solids:
    tall = uniform(rng, 0.9, 1.5)
    shape = smooth_profile([(0.3, 0), (0.55, 0.2 * tall), (0.65, 0.65 * tall), (1, tall)], 7)
    solids = turned(vessel(shape, 0.09, 0.12), roll(180))
    solids += [column(-0.1, -0.95 * tall, 0.04), ball(0.16, (0, -0.95 * tall, 0))]
    if chance(rng, 0.5):
        return [*solids, torus(0.2, 0.06, (0, 0.18, 0), FRONT)]
    return solids + lathe(smooth_profile([(0.1, -0.02), (0.17, 0.5), (0.1, 0.9)], 4))


def _microphone(rng: Rng) -> Solids:
    r = uniform(rng, 0.2, 0.3)
    solids = [
        column(0, 1.2, 0.5 * r, 0.8 * r),
        ellipsoid((r, 1.1 * r, r), (0, 1.35, 0)),
        torus(r, 0.2 * r, (0, 1.33, 0)),
    ]
    if chance(rng, 0.6):
        solids = moved(turned(solids, tilt(uniform(rng, -60, 60))), (0, 2.4, 0))
        solids += [column(0, 2.5, 0.05), column(0, 0.08, 0.7, 0.6)]
    return solids if chance(rng, 0.7) else turned(solids, tilt(90))
