"""Boxes. Lengths are in units of about a body's width."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from im2mesh.shapes.kit.axes import tilt
from im2mesh.shapes.kit.bars import column
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, log_uniform, pick, uniform
from im2mesh.shapes.kit.copies import Solids, corners, mirrored, moved, stand, turned
from im2mesh.shapes.kit.outlines import extrude
from im2mesh.shapes.kit.soft import rounded_box
from im2mesh.shapes.kit.vessels import open_box
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import box as cuboid


def box(rng: Rng) -> Shape:
    """Draw a carton, an open box, a crate, a milk carton, parcels, books or a brick."""
    kinds: dict[Make, float] = {
        _carton: 5.0, _open_carton: 2.0, _crate: 1.0, _milk: 1.0, _parcels: 1.5, _books: 2.0,
        _brick: 0.7,
    }  # fmt: skip
    return stand(draw(rng, kinds))


def _sides(rng: Rng) -> np.ndarray:
    """Draw a box's width, height and depth: flat, tall, long or a cube."""
    return np.array([log_uniform(rng, 0.25, 1.6) for _ in range(3)])


def _block(rng: Rng, size: np.ndarray, centre: Sequence[float]) -> Solids:
    """Return a box with sharp or round edges."""
    if chance(rng, 0.6):
        return [cuboid(size, centre)]
    return rounded_box(size, log_uniform(rng, 0.03, 0.3) * min(size), centre)


def _carton(rng: Rng) -> Solids:
    wide, tall, deep = size = _sides(rng)
    if chance(rng, 0.3):
        size[pick(rng, 0, 1, 2)] *= log_uniform(rng, 0.1, 0.5)  # flat, as a cereal box
        wide, tall, deep = size
    solids = _block(rng, size, (0, tall / 2, 0))
    extra = pick(rng, "none", "none", "lid", "strip", "label")
    if extra == "lid":
        rim = uniform(rng, 1.02, 1.08)
        lid = tall * uniform(rng, 0.1, 0.45)
        solids += [cuboid((wide * rim, lid, deep * rim), (0, tall - 0.48 * lid, 0))]
    elif extra == "strip":
        across = uniform(rng, 0.06, 0.2)
        solids += [
            cuboid((wide * across, 1.02 * tall, 1.02 * deep), (0, tall / 2, 0)),
            cuboid((1.02 * wide, 1.02 * tall, deep * across), (0, tall / 2, 0)),
        ]
    elif extra == "label":
        solids += [
            cuboid((0.7 * wide, uniform(rng, 0.3, 0.7) * tall, 1.03 * deep), (0, tall / 2, 0))
        ]
    return solids


def _open_carton(rng: Rng) -> Solids:
    wide, tall, deep = size = _sides(rng)
    wall = max(wide, deep) * log_uniform(rng, 0.015, 0.08)
    solids = open_box(size, wall)
    if chance(rng, 0.5):  # flaps, each at its own angle
        for across, out, azimuth in ((wide, deep, 0), (deep, wide, 90)):
            for side in (0, 180):
                angle, reach = uniform(rng, -20, 150), uniform(rng, 0.3, 0.5) * min(wide, deep)
                flap = cuboid((0.97 * across, reach, wall), (0, reach / 2 - wall / 2, 0))
                placed = moved(turned([flap], tilt(angle)), (0, tall, out / 2 - wall / 2))
                solids += moved(placed, azimuth=azimuth + side)
    elif chance(rng, 0.4):  # its lid is open
        lid = cuboid((wide, deep, wall), (0, deep / 2 - wall / 2, 0))
        angle = uniform(rng, -100, 60)
        solids += moved(turned([lid], tilt(angle)), (0, tall, -deep / 2 + wall / 2))
    if chance(rng, 0.25):
        inside = tall * uniform(rng, 0.3, 0.9)
        solids.append(cuboid((wide - wall, inside, deep - wall), (0, inside / 2 + 0.2 * wall, 0)))
    return solids


def _crate(rng: Rng) -> Solids:
    wide, tall, deep = uniform(rng, 0.8, 1.6), uniform(rng, 0.3, 1.0), uniform(rng, 0.6, 1.2)
    wall, rows = uniform(rng, 0.02, 0.05), count(rng, 2, 4)
    solids = [cuboid((wide, wall, deep), (0, wall / 2, 0))]
    post = cuboid((2 * wall, tall, 2 * wall), (wide / 2 - wall, tall / 2, deep / 2 - wall))
    solids += corners(post)
    board = tall / rows * uniform(rng, 0.6, 0.95)
    for y in (np.arange(rows) + 0.5) * tall / rows:
        solids += mirrored(cuboid((wall, board, deep), ((wide - wall) / 2, y, 0)))
        solids += mirrored(cuboid((wide, board, wall), (0, y, (deep - wall) / 2)), axis=2)
    return solids


def _milk(rng: Rng) -> Solids:
    wide, tall, deep = uniform(rng, 0.6, 1), uniform(rng, 0.8, 2.0), uniform(rng, 0.6, 1)
    ridge = uniform(rng, 0.25, 0.5) * deep
    roof = extrude(
        np.array([(-deep / 2, -0.01), (deep / 2, -0.01), (0.01, ridge), (-0.01, ridge)]), wide
    )
    strip_high = uniform(rng, 0.08, 0.2)
    solids = [
        cuboid((wide, tall, deep), (0, tall / 2, 0)),
        *moved(roof, (0, tall, 0), azimuth=90),
        cuboid((wide, strip_high + 0.1, 0.04), (0, tall + ridge + strip_high / 2 - 0.06, 0)),
    ]
    if chance(rng, 0.5):
        lean = tilt(math.degrees(math.atan2(2 * ridge, deep)))
        lid = turned([column(0, 0.12, 0.13)], lean)
        solids += moved(lid, (0, tall + 0.45 * ridge, 0.27 * deep))
    return solids


def _parcels(rng: Rng) -> Solids:
    solids: Solids = []
    height, size = 0.0, _sides(rng)
    for _ in range(count(rng, 2, 4)):
        tall = log_uniform(rng, 0.15, 0.8)
        size[[0, 2]] *= rng.uniform(0.6, 1.05, 2)
        size[1] = tall
        aside = (uniform(rng, -0.1, 0.1), height, uniform(rng, -0.1, 0.1))
        turn = pick(rng, 0.0, uniform(rng, -10, 10))
        solids += moved(_block(rng, size, (0, tall / 2, 0)), aside, turn)
        height += 0.998 * tall
    return solids


def _books(rng: Rng) -> Solids:
    solids: Solids = []
    height = 0.0
    for _ in range(pick(rng, 1, 1, 2, 3, 4, 5)):
        wide, deep, thick = uniform(rng, 0.7, 1), uniform(rng, 1, 1.4), log_uniform(rng, 0.06, 0.4)
        cover = min(uniform(rng, 0.015, 0.03), 0.25 * thick)
        book = [
            *mirrored(cuboid((wide, cover, deep), (0, (thick - cover) / 2, 0)), axis=1),
            cuboid((0.95 * wide, 0.97 * thick, 0.94 * deep), (-0.02 * wide, 0, 0)),
            cuboid((cover, thick, deep), (-wide / 2 + cover / 2, 0, 0)),
        ]
        step = (uniform(rng, -0.1, 0.1), height + thick / 2, uniform(rng, -0.1, 0.1))
        solids += moved(book, step, uniform(rng, -20, 20))
        height += 0.998 * thick
    return turned(solids, tilt(90)) if chance(rng, 0.3) else solids


def _brick(rng: Rng) -> Solids:
    wide, tall, deep = uniform(rng, 1.6, 2.4), uniform(rng, 0.5, 1.1), uniform(rng, 0.8, 1.2)
    if chance(rng, 0.4):
        return [cuboid((wide, tall, deep))]
    # Holes through it: bars along and across, between which it is empty.
    bar, holes = uniform(rng, 0.08, 0.16), count(rng, 2, 4)
    solids = mirrored(cuboid((wide, tall, bar), (0, 0, (deep - bar) / 2)), axis=2)
    for x in np.linspace(-(wide - bar) / 2, (wide - bar) / 2, holes + 1):
        solids.append(cuboid((bar, tall, deep), (x, 0, 0)))
    return solids
