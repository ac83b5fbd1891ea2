"""Benches."""

from __future__ import annotations

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, RIGHT, UP
from im2mesh.shapes.kit.bars import arc, line, point, strip
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, pick, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored, stand
from im2mesh.shapes.kit.furniture import four
from im2mesh.shapes.kit.soft import cushion
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import beam, box, capsule, ellipsoid, frustum


def bench(rng: Rng) -> Shape:
    """Make a bench: park, garden, backless, piano, picnic or stone."""
    kinds: dict[Make, float] = {
        _park: 7.0, _garden: 5.0, _slatted: 1.5, _piano: 1.0, _picnic: 0.5, _stone: 1.2,
    }  # fmt: skip
    return stand(draw(rng, kinds))


def _park(rng: Rng) -> Solids:
    """Make slats along a seat and a leaning back, on two or three frames of iron."""
    half, seat = uniform(rng, 0.6, 1.0), uniform(rng, 0.40, 0.46)
    deep, high = uniform(rng, 0.38, 0.48), uniform(rng, 0.32, 0.44)
    size, lean = uniform(rng, 0.03, 0.045), uniform(rng, 0.08, 0.18)
    rear, lead = -deep / 2, deep / 2
    top = point(0, seat + high, rear - lean)
    corner = point(0, seat, rear)
    arms = chance(rng, 0.7)
    bent = chance(rng, 0.5)
    frames = [-half * 0.9, half * 0.9] + ([0.0] if half > 0.85 else [])
    solids: Solids = []
    for x in frames:
        at = point(x, 0, 0)
        solids.append(beam(at + [0, seat, lead], at + corner, size, size, RIGHT))
        solids.append(beam(at + corner - [0, 0.02, 0], at + top, size, size, RIGHT))
        if bent:
            middle = (x, 0, 0)
            solids += strip(arc(middle, deep / 2 * 1.05, -8, 188, FRONT, UP, 9), size, size, RIGHT)
            solids.append(beam((x, deep / 2, 0), (x, seat, 0), size, 1.5 * size, RIGHT))
        else:
            solids.append(beam((x, 0, lead + 0.03), (x, seat, lead - 0.02), size, size, RIGHT))
            solids.append(beam((x, 0, rear - 0.06), (x, seat, rear + 0.02), size, size, RIGHT))
        if arms and x != 0:
            y = seat + uniform(rng, 0.19, 0.2)
            rest = line(corner, top, (y - seat) / high)
            solids.append(beam(at + rest, (x, y, lead + 0.02), 1.3 * size, 0.7 * size, RIGHT))
            solids.append(beam((x, seat, lead - 0.03), (x, y, lead - 0.02), size, size, RIGHT))
    thick = uniform(rng, 0.02, 0.035)
    number = count(rng, 3, 7)
    wide = uniform(rng, 0.6, 0.85) * deep / number
    for z in np.linspace(lead - wide / 2 + 0.02, rear + wide, number):
        solids.append(box((2 * half, thick, wide), (0, seat + size / 2 + thick / 2 - 0.004, z)))
    number = count(rng, 2, 5)
    share = uniform(rng, 0.6, 0.85) / number
    ahead = point(0, lean, -high) / np.hypot(lean, high) * [0, -1, -1]
    for place in np.linspace(0.98 - share / 2, 0.3, number):
        at = line(corner, top, place) + ahead * (size / 2 + thick / 2 - 0.004)
        ends = at - [half, 0, 0], at + [half, 0, 0]
        solids.append(beam(*ends, share * 0.75 * high, thick, top - corner))
    return solids


def _garden(rng: Rng) -> Solids:
    """Make a wooden bench: posts, arms, a slatted seat, a back of upright slats or a lattice."""
    half, seat = uniform(rng, 0.55, 0.95), uniform(rng, 0.40, 0.46)
    deep, high = uniform(rng, 0.20, 0.25), uniform(rng, 0.38, 0.5)
    post = uniform(rng, 0.045, 0.065)
    lean = uniform(rng, 0.03, 0.12)
    top = seat + high
    solids: Solids = mirrored(
        box((post, seat + 0.22, post), (half, (seat + 0.22) / 2, deep)),
        box((post, seat + 0.02, post), (half, (seat + 0.02) / 2, -deep)),
        beam((half, seat, -deep), (half, top, -deep - lean), post, post, RIGHT),
        box((0.04, 0.06, 2 * deep), (half, seat - 0.05, 0)),
        box((0.04, 0.04, 2 * deep), (half, 0.14, 0)),
        box((1.5 * post, 0.028, 2 * deep + 0.10), (half, seat + 0.225, 0.0)),
    )
    solids += mirrored(box((2 * half, 0.07, 0.03), (0, seat - 0.05, deep)), axis=2)
    number = count(rng, 4, 7)
    wide = 2 * deep / number
    for z in np.linspace(-deep + wide / 2, deep, number):
        solids.append(box((2 * half + 0.01, 0.022, 0.75 * wide), (0, seat - 0.008, z)))
    curved = chance(rng, 0.35)
    rise = uniform(rng, 0.08, 0.14) if curved else 0.0

    def head(u: float) -> np.ndarray:
        return point(u * half, top + rise * (1 - u * u), -deep - lean)

    def foot(u: float) -> np.ndarray:
        return point(u * half, seat + 0.10, -deep - 0.2 * lean)

    solids += strip([head(u) for u in np.linspace(-1, 1, 9 if curved else 2)], 0.07, 0.03, UP)
    solids.append(beam(foot(-1), foot(1), 0.05, 0.03, UP))
    style = pick(rng, "slats", "slats", "lattice", "rails")
    if style == "slats":
        number = count(rng, 8, 17)
        width = uniform(rng, 0.4, 0.6) * 2 * half / number
        for u in np.linspace(-1, 1, number + 2)[1:-1]:
            solids.append(beam(foot(u), head(u), width, 0.018, RIGHT))
    elif style == "rails":
        for share in np.linspace(0.25, 0.75, count(rng, 2, 3)):
            ends = line(foot(-1), head(-1), share), line(foot(1), head(1), share)
            solids.append(beam(*ends, 0.06, 0.024, UP))
    else:
        step = 2 / count(rng, 3, 5)
        for u in np.arange(-1, 1 - 1e-9, step):
            solids.append(beam(foot(u), head(u + step), 0.03, 0.018, RIGHT))
            solids.append(beam(foot(u + step), head(u), 0.03, 0.018, RIGHT))
            solids.append(beam(foot(u), head(u), 0.04, 0.024, RIGHT))
    return solids


def _slatted(rng: Rng) -> Solids:
    """No back: planks on two or three trestles."""
    half, seat, deep = uniform(rng, 0.6, 1.0), uniform(rng, 0.40, 0.46), uniform(rng, 0.17, 0.23)
    number, thick = count(rng, 2, 5), uniform(rng, 0.03, 0.05)
    wide = 2 * deep / number
    solids = [
        box((2 * half, thick, 0.86 * wide), (0, seat, -deep + (k + 0.5) * wide))
        for k in range(number)
    ]
    inset = half * uniform(rng, 0.72, 0.9)
    style = pick(rng, "A", "U", "X")
    size = uniform(rng, 0.045, 0.08)
    low = seat - thick / 2 + 0.006
    trestle = [
        beam((inset, low - size / 2, -deep), (inset, low - size / 2, deep), size, size, RIGHT)
    ]
    if style == "X":
        trestle += mirrored(
            beam((inset, 0, -deep), (inset, low - size / 2, deep), size, 0.7 * size, RIGHT), axis=2
        )
    else:
        out = 0.03 if style == "A" else -size / 2
        trestle += mirrored(
            beam((inset, 0, deep + out), (inset, low, deep - size / 2), size, size, RIGHT), axis=2
        )
    solids += mirrored(*trestle)
    if style != "U":
        y = low / 2 if style == "X" else low - size / 2
        solids.append(beam((-inset, y, 0), (inset, y, 0), 0.05, 0.03, UP))
    return solids


def _piano(rng: Rng) -> Solids:
    """Make a padded, buttoned seat on four legs with an apron."""
    half, deep = uniform(rng, 0.36, 0.55), uniform(rng, 0.16, 0.2)
    seat = uniform(rng, 0.44, 0.5)
    pad = uniform(rng, 0.09, 0.13)
    solids: Solids = cushion((2 * half, pad, 2 * deep), (0, seat, 0))
    apron = uniform(rng, 0.05, 0.09)
    y = seat - pad / 2 - apron / 2 + 0.01
    solids.append(box((2 * half - 0.03, apron, 2 * deep - 0.03), (0, y, 0)))
    for x in np.linspace(-0.75, 0.75, count(rng, 3, 6)):
        for z in (-0.45, 0.45):
            solids.append(ellipsoid((0.02, 0.014, 0.02), (x * half, seat + pad / 2, z * deep)))
    style = pick(rng, "turned", "taper", "square", "cone")
    top = (half - 0.05, y, deep - 0.045)
    solids += four(top, (top[0], top[2]), style, uniform(rng, 0.05, 0.07))
    if chance(rng, 0.6):
        solids += mirrored(capsule((top[0], 0.12, -top[2]), (top[0], 0.12, top[2]), 0.012))
        solids.append(capsule((-top[0], 0.12, 0), (top[0], 0.12, 0), 0.012))
    return solids


def _picnic(rng: Rng) -> Solids:
    """Two benches in one piece with a table between them, on A-shaped frames."""
    half, high = uniform(rng, 0.75, 1.0), uniform(rng, 0.68, 0.76)
    seat, out = uniform(rng, 0.40, 0.46), uniform(rng, 0.62, 0.72)
    number, wide = count(rng, 4, 6), uniform(rng, 0.7, 0.8)
    solids = [
        box((2 * half, 0.04, 0.9 * wide / number), (0, high, wide * ((k + 0.5) / number - 0.5)))
        for k in range(number)
    ]
    solids += mirrored(
        *[box((2 * half, 0.04, 0.12), (0, seat, out + z)) for z in (-0.066, 0.066)], axis=2
    )
    x = 0.72 * half
    side = [
        beam((x, seat - 0.06, -out - 0.1), (x, seat - 0.06, out + 0.1), 0.045, 0.09, RIGHT),
        beam((x, high - 0.055, -wide * 0.48), (x, high - 0.055, wide * 0.48), 0.045, 0.08, RIGHT),
    ]
    side += mirrored(beam((x, 0, out - 0.02), (x, high - 0.03, 0.2), 0.045, 0.085, RIGHT), axis=2)
    solids += mirrored(*side)
    solids += mirrored(beam((x, seat - 0.06, 0), (0.1, high - 0.03, 0), 0.06, 0.04, FRONT))
    return solids


def _stone(rng: Rng) -> Solids:
    """Make a slab on two blocks or scrolls, perhaps with a slab for a back."""
    half, seat = uniform(rng, 0.55, 0.85), uniform(rng, 0.42, 0.48)
    deep, thick = uniform(rng, 0.2, 0.25), uniform(rng, 0.07, 0.12)
    x = half * uniform(rng, 0.6, 0.8)
    block = uniform(rng, 0.12, 0.2)
    solids = [box((2 * half, thick, 2 * deep), (0, seat, 0))]
    if chance(rng, 0.5):
        solids += mirrored(
            box((block, seat, 1.6 * deep), (x, seat / 2, 0)),
            box((1.3 * block, 0.07, 1.9 * deep), (x, 0.035, 0)),
        )
    else:
        solids += mirrored(
            box((1.2 * block, 0.06, 1.8 * deep), (x, 0.03, 0)),
            box((block, seat, 0.8 * deep), (x, seat / 2, 0)),
            frustum((x - block / 2, 0.14, 0), (x + block / 2, 0.14, 0), 0.1),
            frustum((x - block / 2, seat - 0.1, 0), (x + block / 2, seat - 0.1, 0), 0.13),
        )
    if chance(rng, 0.85):
        high = uniform(rng, 0.35, 0.45)
        thin = 0.6 * thick
        z = -deep + thin / 2 + 0.01
        solids.append(beam((0, seat, z), (0, seat + high, z - 0.05), 2 * half, thin, RIGHT))
        if chance(rng, 0.5):
            solids += mirrored(box((thin, 0.25, 1.9 * deep), (half - thin / 2, seat + 0.12, 0)))
    return solids
