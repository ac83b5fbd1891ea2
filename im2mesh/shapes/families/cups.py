"""Cups and bowls. Their walls take 1.5 to 8% of their width."""

from __future__ import annotations

import math

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, around, tilt
from im2mesh.shapes.kit.bars import column, point, strip, sweep, xyz
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, log_uniform, pick, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored, moved, stand, turned
from im2mesh.shapes.kit.outlines import xy
from im2mesh.shapes.kit.profiles import Profile, lathe, smooth_profile, vessel
from im2mesh.shapes.kit.vessels import bail, ear, filling, knob, open_box, radius_at, wall_of
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import box, ellipsoid, frustum, torus


def cup(rng: Rng) -> Shape:
    """Draw a mug, a teacup, a tumbler, a glass with a stem or a bucket."""
    kinds: dict[Make, float] = {
        _mug: 5.0, _teacup: 2.0, _tumbler: 2.5, _stem_glass: 2.0, _bucket: 1.5,
    }  # fmt: skip
    return stand(draw(rng, kinds))


def _mug(rng: Rng) -> Solids:
    tall, foot = log_uniform(rng, 1.2, 3.4), uniform(rng, 0.7, 1.05)
    profile: Profile = [(foot, 0), (1, tall)]
    if chance(rng, 0.5):
        profile = smooth_profile(
            [(foot, 0), (uniform(rng, 0.9, 1.2), uniform(rng, 0.3, 0.6) * tall), (1, tall)], 6
        )
    wall = wall_of(rng, 1)
    floor = wall * uniform(rng, 1, 2)
    solids = vessel(profile, wall, floor)
    thick = max(log_uniform(rng, 0.12, 0.35), wall)
    out = uniform(rng, 0.35, 1.0)
    solids += ear(
        rng, profile, uniform(rng, 0.1, 0.35) * tall, uniform(rng, 0.65, 0.95) * tall, out, thick
    )
    if chance(rng, 0.2):
        solids += filling(rng, profile, wall, floor)
    if chance(rng, 0.3):
        solids += [torus(1.0, wall / 1.5, (0, tall, 0))]
    return solids


def _teacup(rng: Rng) -> Solids:
    tall, foot = uniform(rng, 0.8, 1.5), uniform(rng, 0.3, 0.6)
    profile = smooth_profile([(foot, 0), (uniform(rng, 0.7, 0.95), 0.35 * tall), (1, tall)], 7)
    wall = wall_of(rng, 1)
    solids = vessel(profile, wall, 1.3 * wall)
    solids += lathe([(foot * 1.05, -0.1), (foot * 0.95, 0.02)])
    solids += ear(
        rng, profile, 0.35 * tall, 0.85 * tall, uniform(rng, 0.3, 0.6), uniform(rng, 0.1, 0.2)
    )
    if chance(rng, 0.25):
        solids += filling(rng, profile, wall, 1.3 * wall)
    if chance(rng, 0.4):  # a saucer
        wide = uniform(rng, 1.4, 2.0)
        plate: Profile = [(0.5 * wide, 0), (0.7 * wide, 0.06), (wide, 0.28)]
        solids += moved(vessel(plate, 0.08, 0.08), (0, -0.17, 0))
    return solids


def _tumbler(rng: Rng) -> Solids:
    tall, foot = log_uniform(rng, 1.2, 4.5), uniform(rng, 0.6, 1.0)
    profile: Profile = [(foot, 0), (1, tall)]
    if chance(rng, 0.35):
        profile = smooth_profile([(foot, 0), (uniform(rng, 0.8, 1.25), 0.5 * tall), (1, tall)], 7)
    wall = wall_of(rng, 1)
    floor = wall * uniform(rng, 1, 4)
    solids = vessel(profile, wall, floor)
    extra = pick(rng, "none", "fill", "rim", "lid", "sleeve")
    if extra == "fill":
        solids += filling(rng, profile, wall, floor)
    elif extra == "rim":
        solids += [torus(1.0, max(wall, 0.05), (0, tall, 0))]
    elif extra == "lid":  # for coffee to go
        solids += lathe(
            [(1.06, tall - 0.08), (1.04, tall + 0.12), (0.9, tall + 0.15), (0.85, tall + 0.3)]
        )
    elif extra == "sleeve":
        heights = np.linspace(0.3, 0.7, 4) * tall
        solids += vessel([(radius_at(profile, h) + 0.06, h) for h in heights], 0.1, 0)
    return solids


def _stem_glass(rng: Rng) -> Solids:
    tall, stem = uniform(rng, 0.9, 3.0), log_uniform(rng, 0.3, 2.5)
    style = pick(rng, "wine", "flute", "cone", "goblet")
    foot, thin = uniform(rng, 0.6, 1.0), uniform(rng, 0.06, 0.16)
    mouth = uniform(rng, 0.65, 1.0)
    if style == "cone":
        profile: Profile = [(0.1, 0), (mouth + 0.2, 0.7 * tall)]
    elif style == "flute":
        profile = smooth_profile([(0.15, 0), (0.5, 0.35 * tall), (0.55, tall)], 7)
    else:
        profile = smooth_profile([(0.2, 0), (1.15, 0.4 * tall), (mouth, tall)], 8)
    wall = wall_of(rng, max(r for r, _ in profile))
    solids = moved(vessel(profile, wall, 1.5 * wall), (0, stem, 0))
    solids += lathe(
        xy(
            (foot, 0.9 * foot, thin * 1.6, thin, thin, max(0.1, 1.3 * thin)),
            (0, 0.06, 0.2, 0.4 * stem + 0.2, stem + 0.02, stem + 0.1),
        )
    )
    if style == "goblet":
        solids += [ellipsoid((2.2 * thin, 2 * thin, 2.2 * thin), (0, 0.6 * stem, 0))]
    if chance(rng, 0.2):
        solids += moved(filling(rng, profile, wall, 1.5 * wall), (0, stem, 0))
    return solids


def _bucket(rng: Rng) -> Solids:
    tall, foot = uniform(rng, 1.3, 2.6), uniform(rng, 0.65, 1)
    profile: Profile = [(foot, 0), (1, tall)]
    wall = wall_of(rng, 1)
    solids = vessel(profile, wall, wall)
    solids += [torus(1.0, max(0.04, 0.7 * wall), (0, tall, 0))]
    if chance(rng, 0.85):
        height = 0.93 * tall
        solids += bail(rng, radius_at(profile, height), height, uniform(rng, 0.06, 0.14))
    if chance(rng, 0.2):
        solids += filling(rng, profile, wall, wall)
    return solids


def bowl(rng: Rng) -> Shape:
    """Draw a bowl, a plate, a pan, a pot, a tray or a basket."""
    kinds: dict[Make, float] = {
        _bowl: 4.0, _plate: 2.0, _pan: 2.5, _pot: 3.0, _tray: 1.5, _basket: 1.0,
    }  # fmt: skip
    return stand(draw(rng, kinds))


def _bowl(rng: Rng) -> Solids:
    tall, foot = log_uniform(rng, 0.35, 1.3), uniform(rng, 0.3, 0.75)
    profile = smooth_profile(
        [(foot, 0), (uniform(rng, 0.78, 1.0), uniform(rng, 0.35, 0.55) * tall), (1, tall)], 8
    )
    wall = wall_of(rng, 1)
    solids = vessel(profile, wall, wall)
    if chance(rng, 0.5):
        solids += vessel([(0.9 * foot, -uniform(rng, 0.05, 0.2)), (0.95 * foot, 0.02)], 0.12, 0)
    if chance(rng, 0.25):
        solids += [torus(1.0, max(0.04, 0.7 * wall), (0, tall, 0))]
    if chance(rng, 0.25):
        solids += filling(rng, profile, wall, wall)
    if chance(rng, 0.1):  # fruit or dough, heaped
        solids += [ellipsoid((0.85, 0.85 * tall, 0.85), (0, 0.8 * tall, 0))]
    return solids


def _plate(rng: Rng) -> Solids:
    rim, tall = uniform(rng, 0.55, 0.8), uniform(rng, 0.08, 0.28)
    profile: Profile = [(rim * 0.9, 0), (rim, 0.35 * tall), (1, tall)]
    solids: Solids = []
    wall, number = uniform(rng, 0.03, 0.07), pick(rng, 1, 1, 1, 2, 4, 6)
    for k in range(number):
        solids += moved(vessel(profile, wall, wall), (0, k * 0.98 * wall, 0))
    if number == 1 and chance(rng, 0.3):
        solids += [ellipsoid((uniform(rng, 0.3, 0.55), 0.25, uniform(rng, 0.3, 0.5)), (0, 0.15, 0))]
    return turned(solids, tilt(uniform(rng, 60, 85))) if chance(rng, 0.15) else solids


def _grip(rng: Rng, start: float, height: float, length: float, thick: float) -> Solids:
    """Return a pan's long handle, towards +x."""
    rise = uniform(rng, -0.05, 0.3) * length
    points = [
        (start - 0.3 * thick, height, 0),
        (start + 0.35 * length, height + 0.6 * rise, 0),
        (start + length, height + rise, 0),
    ]
    if chance(rng, 0.5):
        return sweep(points, [0.35 * thick, 0.4 * thick, 0.6 * thick])
    return strip(points, 1.3 * thick, 0.5 * thick, FRONT)


def _pan(rng: Rng) -> Solids:
    tall = log_uniform(rng, 0.2, 1.0)
    profile: Profile = [(uniform(rng, 0.75, 1), 0), (1, tall)]
    if chance(rng, 0.4):
        profile = smooth_profile([(0.5, 0), (0.85, 0.25 * tall), (1, tall)], 6)
    wall = wall_of(rng, 1) * 0.7
    solids = vessel(profile, wall, wall)
    solids += _grip(
        rng,
        radius_at(profile, 0.75 * tall),
        0.75 * tall,
        uniform(rng, 1, 2.2),
        uniform(rng, 0.12, 0.28),
    )
    if chance(rng, 0.3):
        solids += filling(rng, profile, wall, wall)
    return solids


def _pot(rng: Rng) -> Solids:
    tall = log_uniform(rng, 0.6, 2.0)
    profile: Profile = [(0.92, 0), (1, 0.1), (1, tall)]
    if chance(rng, 0.35):
        profile = smooth_profile([(0.7, 0), (1.12, 0.45 * tall), (1, tall)], 7)
    wall = wall_of(rng, 1) * 0.8
    lid = chance(rng, 0.5)
    solids = lathe(profile) if lid else vessel(profile, wall, wall)
    if lid:
        high = uniform(rng, 0.1, 0.4)
        solids += lathe(
            smooth_profile([(1.05, tall - 0.02), (0.85, tall + 0.6 * high), (0.2, tall + high)], 4)
        )
        solids += knob(rng, uniform(rng, 0.1, 0.18), tall + high)
    elif chance(rng, 0.3):
        solids += filling(rng, profile, wall, wall)
    style, y = pick(rng, "ears", "ears", "long", "bail"), uniform(rng, 0.6, 0.85) * tall
    thick = uniform(rng, 0.1, 0.2)
    if style == "ears":
        side = radius_at(profile, y)
        reach, half = side + uniform(rng, 0.2, 0.45), uniform(rng, 0.2, 0.4)
        at = math.sqrt(side**2 - half**2) + 0.2 * thick
        loop = sweep(
            [(at, y, -half), (reach, y, -0.8 * half), (reach, y, 0.8 * half), (at, y, half)],
            thick / 2,
        )
        solids += mirrored(*loop)
    elif style == "long":
        solids += _grip(rng, radius_at(profile, y), y, uniform(rng, 0.8, 1.8), thick * 1.3)
    else:
        solids += bail(rng, radius_at(profile, y), y, thick)
    return solids


def _tray(rng: Rng) -> Solids:
    wide, deep = uniform(rng, 1, 2), uniform(rng, 0.8, 1.4)
    tall = log_uniform(rng, 0.1, 0.5)
    wall = uniform(rng, 0.03, 0.08)
    solids = open_box((wide, tall, deep), wall)
    if chance(rng, 0.6):  # a flat rim
        edge = uniform(rng, 0.08, 0.2)
        rims = [box((edge, wall, deep + 2 * edge), ((wide + edge) / 2 - 0.01, tall - wall / 2, 0))]
        solids += mirrored(*rims)
        solids += mirrored(
            box((wide, wall, edge), (0, tall - wall / 2, (deep + edge) / 2 - 0.01)), axis=2
        )
    if chance(rng, 0.4):
        arch = sweep(
            xyz(
                (wide / 2, wide / 2 + 0.2, wide / 2 + 0.2, wide / 2),
                (tall * 0.8, tall, tall, tall * 0.8),
                (-0.2, -0.16, 0.16, 0.2),
            ),
            0.05,
        )
        solids += mirrored(*arch)
    if chance(rng, 0.3):
        level = uniform(rng, 0.4, 0.9) * tall
        solids += [box((wide - wall, level, deep - wall), (0, level / 2 + 0.2 * wall, 0))]
    return solids


def _basket(rng: Rng) -> Solids:
    tall, foot, bars = uniform(rng, 0.7, 1.8), uniform(rng, 0.6, 0.95), count(rng, 14, 24)
    r = uniform(rng, 0.025, 0.05)
    profile: Profile = [(foot, 0), (1, tall)]
    solids = [column(-r, r, foot + r)]
    solids += [torus(radius_at(profile, y * tall), 1.2 * r, (0, y * tall, 0)) for y in (0.5, 1.0)]
    for k in range(bars):
        out = around(360 * k / bars)
        solids += [frustum(foot * out, out + point(0, tall, 0), r)]
    if chance(rng, 0.5):
        solids += bail(rng, 1.0, tall, 3 * r)
    return solids
