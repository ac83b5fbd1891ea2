"""Things of a bathroom."""

from __future__ import annotations

import math

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, UP, tilt
from im2mesh.shapes.kit.bars import arc, column, point, sweep
from im2mesh.shapes.kit.choices import Rng, chance, draw, pick, uniform
from im2mesh.shapes.kit.copies import Solids, corners, mirrored, moved, stand, turned
from im2mesh.shapes.kit.furniture import front
from im2mesh.shapes.kit.outlines import extrude
from im2mesh.shapes.kit.profiles import lathe, smooth_profile
from im2mesh.shapes.kit.vessels import open_box
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import beam, box, capsule, ellipsoid, frustum


def bathroom(rng: Rng) -> Shape:
    """Draw a toilet, a basin, a bathtub, a tap or a shower."""
    return stand(draw(rng, {_toilet: 3.0, _basin: 2.0, _tub: 2.0, _tap: 1.5}))


def _oval(rng: Rng, wide: float, deep: float, tall: float, wall: float) -> Solids:
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


def _faucet(rng: Rng, high: float, reach: float, r: float) -> Solids:
    """Return a tap that stands at the origin and pours towards +z."""
    top = arc((0, high, reach / 2), reach / 2, 180, 0, FRONT, UP, 5)
    if chance(rng, 0.4):
        top = [end + (0, 0.2 * high, 0) for end in (top[0], top[-1])]
    foot, mouth = np.zeros(3), point(0, 0.75 * high, reach)
    solids = sweep([foot, *top, mouth], r)
    if chance(rng, 0.5):
        return [*solids, capsule((0, 0.4 * high, 0), (2.5 * r + 0.1, 0.6 * high, 0), 0.7 * r)]
    handles = [
        frustum((4 * r, 0, 0), (4 * r, 3 * r, 0), r),
        capsule((2.5 * r, 3 * r, 0), (5.5 * r, 3 * r, 0), 0.6 * r),
        capsule((4 * r, 3 * r, -1.5 * r), (4 * r, 3 * r, 1.5 * r), 0.6 * r),
    ]
    return solids + mirrored(*handles) + [box((9 * r, 0.8 * r, 2.5 * r), (0, 0, 0))]


def _toilet(rng: Rng) -> Solids:
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


def _basin(rng: Rng) -> Solids:
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


def _tub(rng: Rng) -> Solids:
    wide, long, tall = uniform(rng, 0.65, 0.85), uniform(rng, 1.4, 1.9), uniform(rng, 0.45, 0.62)
    wall = uniform(rng, 0.03, 0.06)
    boxy = chance(rng, 0.4)
    solids = open_box((long, tall, wide), wall) if boxy else _oval(rng, long, wide, tall, wall)
    if boxy:  # its inside is round at the ends
        solids += mirrored(
            beam((long / 2 - 0.25, 0.03, 0), (long / 2 - 0.04, tall - 0.05, 0), wide, 0.1, FRONT)
        )
    else:
        if chance(rng, 0.6):
            feet = [
                capsule((0.33 * long, 0.05, 0.2 * wide), (0.36 * long, -0.12, 0.26 * wide), 0.04)
            ]
            solids += corners(*feet)
    if chance(rng, 0.7):
        solids += moved(_faucet(rng, 0.25, 0.2, 0.02), (-long / 2 + 0.02, tall - 0.02, 0), 90)
    if chance(rng, 0.2):
        solids += (
            [box((long - 3 * wall, 0.6 * tall, wide - 3 * wall), (0, 0.32 * tall, 0))]
            if boxy
            else []
        )
    return solids


def _tap(rng: Rng) -> Solids:
    high = uniform(rng, 0.6, 1.5)
    solids = _faucet(rng, high, uniform(rng, 0.5, 1.1), uniform(rng, 0.06, 0.13))
    return [*solids, column(-0.08, 0.02, uniform(rng, 0.2, 0.35))]
