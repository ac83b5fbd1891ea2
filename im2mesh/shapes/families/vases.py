"""Vases, jugs and pots. Their walls take 1.5 to 8% of their width."""

from __future__ import annotations

import numpy as np

from im2mesh.shapes.kit.axes import RIGHT, SIDES, UP, around
from im2mesh.shapes.kit.bars import arc, column, point, strip, sweep, xyz
from im2mesh.shapes.kit.choices import Rng, chance, count, draw, log_uniform, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored, moved, stand, turned
from im2mesh.shapes.kit.outlines import xy
from im2mesh.shapes.kit.profiles import Profile, lathe, smooth_profile, vessel
from im2mesh.shapes.kit.vessels import ear, knob, radius_at, spout, wall_of
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import ellipsoid, frustum, torus


def vase(rng: Rng) -> Shape:
    """Draw a vase, a jug, a teapot or a watering can."""
    return stand(draw(rng, {_vase: 3.0, _jug: 3.0, _teapot: 2.0, _watering_can: 1.5}))


def _belly(rng: Rng, tall: float) -> Profile:
    """Draw the outline of a vase: a foot, a belly, a neck and a mouth."""
    foot, neck = uniform(rng, 0.35, 0.8), uniform(rng, 0.25, 0.75)
    mouth = neck * uniform(rng, 1.0, 1.7)
    belly = uniform(rng, 0.3, 0.6)
    points = xy((foot, 1.1, neck, mouth), (0.0, belly * tall, uniform(rng, 0.78, 0.9) * tall, tall))
    return smooth_profile(points, 10)


def _vase(rng: Rng) -> Solids:
    tall = log_uniform(rng, 1.5, 5)
    profile = _belly(rng, tall)
    if chance(rng, 0.25):  # or a plain cone or cylinder
        profile = [(uniform(rng, 0.5, 1), 0), (1, tall)]
    wall = min(wall_of(rng, 1), 0.5 * min(r for r, _ in profile))
    solids = vessel(profile, wall, 1.5 * wall)
    if chance(rng, 0.3):
        solids += [torus(profile[-1][0], max(0.05, 0.6 * wall), (0, tall, 0))]
    if chance(rng, 0.25):
        solids += mirrored(
            *ear(rng, profile, 0.55 * tall, 0.85 * tall, uniform(rng, 0.2, 0.5), 0.16)
        )
    if chance(rng, 0.2):  # flowers
        for _ in range(count(rng, 3, 6)):
            out = 0.5 * profile[-1][0] * around(uniform(rng, 0, 360))
            top = 2.5 * out + point(0, tall * uniform(rng, 1.2, 1.7), 0)
            solids += sweep([(0, 0.05, 0), out + point(0, tall, 0), top], 0.04)
            solids += [ellipsoid((0.25, 0.2, 0.25), top)]
    return solids


def _jug(rng: Rng) -> Solids:
    tall = log_uniform(rng, 1.5, 3.5)
    profile = (
        _belly(rng, tall)
        if chance(rng, 0.6)
        else [(uniform(rng, 0.8, 1.1), 0.0), (uniform(rng, 0.7, 1), tall)]
    )
    rim = profile[-1][0]
    wall = min(wall_of(rng, 1), 0.4 * min(r for r, _ in profile))
    solids = vessel(profile, wall, 1.5 * wall)
    out = uniform(rng, 0.4, 0.8)
    solids += ear(
        rng,
        profile,
        uniform(rng, 0.2, 0.45) * tall,
        uniform(rng, 0.8, 0.95) * tall,
        out,
        uniform(rng, 0.14, 0.28),
    )
    if chance(rng, 0.7):  # a lip
        lip = uniform(rng, 0.25, 0.5) * rim
        for side in SIDES:
            start, end = (-0.8 * rim, tall - 0.02, side * 0.45 * rim), (-rim - lip, tall + 0.1, 0)
            solids += strip([start, end], 0.35 * rim, wall, (0, 1, 0))
    return solids


def _teapot(rng: Rng) -> Solids:
    tall, mouth = uniform(rng, 1.0, 1.9), uniform(rng, 0.35, 0.6)
    foot = uniform(rng, 0.5, 0.8)
    profile = smooth_profile([(foot, 0), (1.2, uniform(rng, 0.35, 0.55) * tall), (mouth, tall)], 8)
    high = uniform(rng, 0.1, 0.3)
    solids = lathe(profile)
    solids += lathe(
        [(1.06 * mouth, tall - 0.05), (0.8 * mouth, tall + 0.5 * high), (0.2 * mouth, tall + high)]
    )
    solids += knob(rng, uniform(rng, 0.09, 0.14), tall + high)
    radii = uniform(rng, 0.2, 0.3), uniform(rng, 0.08, 0.13)
    solids += spout(
        profile,
        uniform(rng, 0.25, 0.4) * tall,
        uniform(rng, 0.6, 1),
        uniform(rng, 0.85, 1.1) * tall,
        radii,
        1.0,
    )
    if chance(rng, 0.7):
        solids += ear(
            rng, profile, 0.25 * tall, 0.8 * tall, uniform(rng, 0.35, 0.6), uniform(rng, 0.13, 0.22)
        )
    else:
        y = 0.8 * tall
        solids += moved(
            turned(
                sweep(
                    arc((0, 0, 0), 1.0 * radius_at(profile, y) + 0.02, 0, 180, RIGHT, UP, 10), 0.08
                ),
                np.eye(3),
            ),
            (0, y, 0),
        )
    return solids


def _watering_can(rng: Rng) -> Solids:
    tall, top = uniform(rng, 1.2, 2.4), uniform(rng, 0.7, 1.0)
    profile: Profile = [(1, 0), (top, tall)]
    wall = wall_of(rng, 1)
    solids = vessel(profile, wall, wall)
    if chance(rng, 0.5):  # half of the top is covered
        solids += [column(tall - wall, tall, top)]
    reach, high = uniform(rng, 1.2, 2.2), uniform(rng, 0.9, 1.3) * tall
    radii = uniform(rng, 0.15, 0.25), uniform(rng, 0.07, 0.12)
    low = uniform(rng, 0.15, 0.35) * tall
    solids += spout(profile, low, reach, high, radii, 0.0)
    if chance(rng, 0.6):
        tip = point(-radius_at(profile, low) - reach, high, 0)
        out = point(-1.0, (high - low) / reach, 0) * 0.25
        solids += [frustum(tip - 0.3 * out, tip + out, radii[1], uniform(rng, 0.2, 0.35))]
    thick = uniform(rng, 0.12, 0.22)
    solids += ear(rng, profile, 0.25 * tall, 0.93 * tall, uniform(rng, 0.5, 0.9), thick)
    if chance(rng, 0.4):
        solids += sweep(
            xyz((-0.9 * top, -0.4, 0.4, top), (tall - 0.1, tall + 0.5, tall + 0.6, tall - 0.1), 0),
            thick / 2,
        )
    return solids
