"""Cans, drums and rolls. Lengths are in units of a body's radius."""

from __future__ import annotations

import numpy as np

from im2mesh.shapes.kit.axes import tilt
from im2mesh.shapes.kit.bars import column
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, log_uniform, uniform
from im2mesh.shapes.kit.copies import Solids, stand, turned
from im2mesh.shapes.kit.profiles import lathe, smooth_profile, vessel
from im2mesh.shapes.kit.vessels import bail, radius_at
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import box, frustum, torus


def can(rng: Rng) -> Shape:
    """Draw a tin, a drink's can, a drum, a roll or tube, a battery or a spray can."""
    kinds: dict[Make, float] = {
        _tin: 4.0, _drink: 2.0, _drum: 1.5, _roll: 2.0, _battery: 1.0, _spray_can: 1.5,
    }  # fmt: skip
    solids = draw(rng, kinds)
    return stand(turned(solids, tilt(90)) if chance(rng, 0.15) else solids)


def _tin(rng: Rng) -> Solids:
    tall, rim = log_uniform(rng, 0.4, 4), uniform(rng, 0.02, 0.06)
    deep = uniform(rng, 0.02, 0.12) * min(tall, 1)
    outer = [(1.0, 0.0), (1.0, tall)]
    solids = [column(deep, tall - deep, 1 - rim / 2)]
    if chance(rng, 0.3):  # empty
        solids = vessel(outer, uniform(rng, 0.03, 0.08), 0.1)
    else:
        solids += vessel(outer, 1.2 * rim, 0)
    if chance(rng, 0.7):
        solids += [torus(1.0, rim, (0, y, 0)) for y in (rim, tall - rim)]
    ribs = count(rng, 3, 6) if chance(rng, 0.4) else 0
    solids += [torus(0.98, 0.04, (0, y * tall, 0)) for y in np.linspace(0.3, 0.7, ribs)]
    if chance(rng, 0.25):
        solids += bail(rng, 1.0, 0.9 * tall, 0.06)
    return solids


def _drink(rng: Rng) -> Solids:
    tall, neck = uniform(rng, 2.5, 5.2), uniform(rng, 0.72, 0.9)
    solids = lathe([(0.75, 0.0), (1, 0.25), (1, tall - 0.45), (neck, tall - 0.08)])
    solids += vessel([(neck, tall - 0.1), (neck + 0.02, tall)], 0.06, 0)
    if chance(rng, 0.6):
        solids += [box((0.3, 0.05, 0.6), (0, tall - 0.06, 0.1))]
    return solids


def _drum(rng: Rng) -> Solids:
    tall = uniform(rng, 1.8, 3.2)
    solids = [column(0.04, tall - 0.06, 0.97)]
    solids += vessel([(1, 0), (1, tall)], 0.06, 0)
    if chance(rng, 0.4):  # a barrel
        belly = uniform(rng, 1.1, 1.3)
        profile = smooth_profile([(1, 0), (belly, tall / 2), (1, tall)], 7)
        solids = lathe(profile)
        solids += [
            torus(radius_at(profile, y * tall) + 0.01, 0.05, (0, y * tall, 0))
            for y in (0.06, 0.3, 0.7, 0.94)
        ]
        return solids
    solids += [torus(1.0, 0.06, (0, y * tall, 0)) for y in (0.02, 0.34, 0.66, 0.98)]
    solids += [frustum((0.55, tall - 0.1, 0), (0.55, tall + 0.01, 0), 0.14)]
    return solids


def _roll(rng: Rng) -> Solids:
    hole, tall = uniform(rng, 0.15, 0.92), log_uniform(rng, 0.15, 5)
    solids = vessel([(1, 0), (1, tall)], 1 - hole, 0)
    if chance(rng, 0.4):  # a spool
        rim, flange = uniform(rng, 1.1, 1.6), uniform(rng, 0.06, 0.15)
        for y in (0, tall):
            solids += vessel([(rim, y - flange / 2), (rim, y + flange / 2)], rim - hole, 0)
    elif chance(rng, 0.4):  # a core that reaches out
        more = uniform(rng, 0.02, 0.2)
        solids += vessel([(hole + 0.1, -more), (hole + 0.1, tall + more)], 0.1, 0)
    return solids


def _battery(rng: Rng) -> Solids:
    tall, nub = uniform(rng, 1.8, 7), uniform(rng, 0.25, 0.6)
    solids = lathe([(0.95, 0), (1, 0.06), (1, tall), (0.93, tall + 0.05)])
    return [*solids, column(tall, tall + uniform(rng, 0.12, 0.3), nub)]


def _spray_can(rng: Rng) -> Solids:
    tall, neck = uniform(rng, 3, 6.5), uniform(rng, 0.35, 0.7)
    dome = uniform(rng, 0.3, 0.8)
    profile = smooth_profile([(1, tall), (0.93, tall + 0.5 * dome), (neck, tall + dome)], 4)
    solids = [column(0, tall, 1), *lathe(profile), torus(0.98, 0.05, (0, tall, 0))]
    top = tall + dome
    if chance(rng, 0.5):
        return [*solids, column(top - 0.05, top + uniform(rng, 0.4, 1), 0.95 * neck, 0.85 * neck)]
    solids += [column(top - 0.05, top + 0.4, 0.25)]
    return [*solids, frustum((0, top + 0.3, -0.2), (0, top + 0.35, 0.4), 0.18, 0.12)]
