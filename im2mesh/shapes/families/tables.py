"""Tables."""

from __future__ import annotations

import itertools

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, RIGHT, SIDES, UP, around
from im2mesh.shapes.kit.bars import bars, chain, column, point
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, pick, uniform
from im2mesh.shapes.kit.copies import Solids, corners, mirrored, moved, stand
from im2mesh.shapes.kit.furniture import four, front, handle
from im2mesh.shapes.kit.soft import cushion
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import beam, box, capsule, ellipsoid, frustum, torus


def table(rng: Rng) -> Shape:
    """Make a table: on legs, a pedestal or trestles; a desk; a glass table; a round side table."""
    kinds: dict[Make, float] = {
        _on_legs: 5.0, _pedestal: 3.0, _trestle: 2.0, _desk: 2.5, _framed: 1.5, _side: 1.5,
        _hairpin: 1.0, _console: 0.8, _tennis: 0.6,
    }  # fmt: skip
    return stand(draw(rng, kinds))


def _top(rng: Rng, style: str, half: float, deep: float, high: float, thick: float) -> Solids:
    """Make a table's top whose upper face is at y = ``high``."""
    y = high - thick / 2
    if style == "round":
        solids = [column(high - thick, high, half)]
        if chance(rng, 0.4):
            solids.append(torus(half, thick / 2, (0, y, 0)))
        return solids
    if style == "oval":  # a rectangle between two half discs
        straight = half - deep
        solids = [box((2 * straight, thick, 2 * deep), (0, y, 0))]
        return solids + mirrored(frustum((straight, high - thick, 0), (straight, high, 0), deep))
    if style == "planks":
        number = count(rng, 4, 7)
        wide = 2 * deep / number
        solids = [
            box((2 * half, thick, 0.93 * wide), (0, y, (k + 0.5) * wide - deep))
            for k in range(number)
        ]
        return solids + mirrored(box((0.09, thick + 0.012, 2 * deep), (half - 0.045, y, 0)))
    if style == "soft":
        return cushion((2 * half, thick, 2 * deep), (0, y, 0))
    return [box((2 * half, thick, 2 * deep), (0, y, 0))]


def _on_legs(rng: Rng) -> Solids:
    """Four legs under a top, with an apron, a drawer, stretchers or a lower board."""
    shape = pick(rng, "plain", "plain", "planks", "soft", "oval", "round")
    high = pick(rng, uniform(rng, 0.70, 0.78), uniform(rng, 0.70, 0.78), uniform(rng, 0.38, 0.48))
    half = uniform(rng, 0.45, 1.0)
    deep = half if shape == "round" else half * uniform(rng, 0.42, 0.9 if shape != "oval" else 0.6)
    thick = uniform(rng, 0.025, 0.06)
    leg = uniform(rng, 0.04, 0.1)
    solids = _top(rng, shape, half, deep, high, thick)
    style = pick(rng, "square", "taper", "round", "turned", "cone")
    if shape == "round":
        x = z = half * uniform(rng, 0.5, 0.62)
    elif shape == "oval":
        x, z = half - 0.6 * deep, 0.7 * deep
    else:
        inset = leg / 2 + uniform(rng, 0.0, 0.08)
        x, z = half - inset, deep - inset
    splay = uniform(rng, 0.0, 0.12) if style in ("taper", "round") else 0.0
    top = (x, high - thick + 0.01, z)
    solids += four(top, (x + splay, z + splay), style, leg)
    apron = uniform(rng, 0.06, 0.12)
    if style in ("turned", "cone") or chance(rng, 0.6):
        y = high - thick - apron / 2 + 0.008
        solids += mirrored(box((0.024, apron, 2 * z), (x, y, 0)))
        solids += mirrored(box((2 * x, apron, 0.024), (0, y, z)), axis=2)
        if apron > 0.085 and chance(rng, 0.6):
            wide = 0.45 * x
            solids.append(front((-wide, y - apron / 2), (wide, y + apron / 2), z + 0.012))
            solids += handle("ball", (0, y, z + 0.025), 0.1, False, 0.014)
    if not splay and chance(rng, 0.4):
        y = uniform(rng, 0.1, 0.25) * high
        size = 0.5 * leg
        if chance(rng, 0.4) and shape not in ("round", "oval"):
            solids.append(box((2 * x, 0.025, 2 * z), (0, y, 0)))
        else:
            solids += mirrored(beam((x, y, -z), (x, y, z), size, size, UP))
            solids.append(beam((-x, y, 0), (x, y, 0), size, size, UP))
    return solids


def _pedestal(rng: Rng) -> Solids:
    """Make a column under a round, oval or square top, on feet, a disc or a cone."""
    shape = pick(rng, "round", "round", "oval", "plain")
    high, half = uniform(rng, 0.68, 0.78), uniform(rng, 0.40, 0.65)
    if shape == "oval":
        half *= 1.5
    deep = half * (uniform(rng, 0.55, 0.65) if shape == "oval" else 1.0)
    thick = uniform(rng, 0.025, 0.05)
    solids = _top(rng, shape, half, deep, high, thick)
    foot = min(half, deep) * uniform(rng, 0.6, 0.85)
    style = pick(rng, "disc", "feet", "tulip", "turned", "cross")
    solids.append(column(high - thick - 0.05, high - thick + 0.005, 0.07, 0.2))
    radius = uniform(rng, 0.03, 0.06)
    if style == "tulip":
        middle = high * uniform(rng, 0.35, 0.55)
        solids += [
            column(0, 0.02, foot, 0.97 * foot),
            column(0.02, 0.09, 0.95 * foot, 0.4 * foot),
            column(0.09, middle, 0.4 * foot, radius),
            column(middle, high - thick, radius, 2.2 * radius),
        ]
        return solids
    solids.append(column(0.06, high - thick, radius))
    if style == "disc":
        solids.append(column(0, 0.03, foot, 0.96 * foot))
        solids.append(column(0.03, 0.08, 2.6 * radius, radius))
        return solids
    if style == "cross":
        size = uniform(rng, 0.05, 0.09)
        solids += [
            beam((-foot, size / 2, 0), (foot, size / 2, 0), size, size, UP),
            beam((0, size / 2, -foot), (0, size / 2, foot), size, size, UP),
            box((2 * radius + size,) * 3, (0, 0.8 * size, 0)),
        ]
        return solids
    arms = pick(rng, 3, 4)
    if style == "turned":
        solids.append(ellipsoid((2 * radius, 0.09, 2 * radius), (0, 0.36 * high, 0)))
        solids.append(torus(radius, 0.5 * radius, (0, 0.55 * high, 0)))
        solids.append(column(0.15, 0.32 * high, 1.6 * radius, 1.2 * radius))
    for k in range(arms):
        out = around(360 * k / arms + 30)
        knee = 0.6 * foot * out + point(0, 0.15, 0)
        tip = foot * out + point(0, 0.02, 0)
        solids += chain([point(0, 0.22, 0), knee, tip], 0.026)
        solids.append(ellipsoid((0.045, 0.022, 0.045), tip))
    return solids


def _trestle(rng: Rng) -> Solids:
    """Make a long top on two trestles with a beam between them."""
    high, half = uniform(rng, 0.72, 0.78), uniform(rng, 0.75, 1.15)
    deep = half * uniform(rng, 0.38, 0.5)
    thick, size = uniform(rng, 0.035, 0.06), uniform(rng, 0.05, 0.09)
    solids = _top(rng, pick(rng, "plain", "planks"), half, deep, high, thick)
    x, wide = half * uniform(rng, 0.6, 0.8), 0.85 * deep
    low = high - thick + 0.008
    style = pick(rng, "A", "X", "I")
    side = [beam((x, low - size / 2, -wide), (x, low - size / 2, wide), size, size, RIGHT)]
    if style == "I":
        side += [
            box((size, low, 2.2 * size), (x, low / 2, 0)),
            box((size, size, 2 * wide), (x, size / 2, 0)),
        ]
    elif style == "X":
        side += mirrored(beam((x, 0, wide), (x, low - size / 2, -wide), size, size, RIGHT), axis=2)
    else:
        side += mirrored(beam((x, 0, wide), (x, low, 0.3 * wide), size, 0.8 * size, RIGHT), axis=2)
        y = 0.3 * low
        side.append(beam((x, y, -0.8 * wide), (x, y, 0.8 * wide), 0.7 * size, 0.7 * size, RIGHT))
    solids += mirrored(*side)
    y = low / 2 if style == "X" else (0.3 * low if style == "A" else uniform(rng, 0.15, 0.5) * low)
    solids.append(beam((-x, y, 0), (x, y, 0), 0.09, 0.035, UP))
    return solids


def _desk(rng: Rng) -> Solids:
    """Make a writing desk.

    One or two stacks of drawers, a modesty panel, perhaps a screen on it.
    """
    high, half, deep = uniform(rng, 0.72, 0.77), uniform(rng, 0.55, 0.85), uniform(rng, 0.28, 0.38)
    thick = uniform(rng, 0.025, 0.045)
    solids = [box((2 * half, thick, 2 * deep), (0, high - thick / 2, 0))]
    wide = uniform(rng, 0.32, 0.44)
    low = pick(rng, 0.0, 0.04, uniform(rng, 0.1, 0.2))
    number = count(rng, 2, 4)
    style = pick(rng, "bow", "ball", "bar", "knob")
    top = high - thick + 0.005
    both = chance(rng, 0.4)
    for side in SIDES if both else (pick(rng, -1, 1),):
        x = side * (half - wide / 2 - 0.02)
        solids.append(box((wide, top - low, 2 * deep - 0.05), (x, (top + low) / 2, -0.01)))
        face = deep - 0.035
        edges = np.linspace(low, top, number + 1)
        for a, b in itertools.pairwise(edges):
            solids.append(front((x - wide / 2, a), (x + wide / 2, b), face))
            solids += handle(style, (x, (a + b) / 2, face + 0.015), 0.4 * wide, False, 0.014)
        if low > 0:
            corners = four(
                (wide / 2 - 0.03, low + 0.02, deep - 0.06),
                (wide / 2 - 0.03, deep - 0.06),
                "taper",
                0.04,
            )
            solids += moved(corners, (x, 0, 0))
        if not both:
            x = -side * (half - 0.03)
            if chance(rng, 0.5):
                solids.append(box((0.03, top, 2 * deep - 0.04), (x, top / 2, 0)))
            else:
                for z in (-deep + 0.04, deep - 0.04):
                    solids.append(box((0.05, top, 0.05), (x, top / 2, z)))
    if chance(rng, 0.6):
        panel = uniform(rng, 0.25, 0.5)
        solids.append(box((2 * half - 0.08, panel, 0.02), (0, top - panel / 2, -deep + 0.06)))
    if chance(rng, 0.3):
        solids += [
            box((0.52, 0.31, 0.028), (0, high + 0.28, -0.1)),
            beam((0, high + 0.005, -0.13), (0, high + 0.24, -0.12), 0.06, 0.02, RIGHT),
            box((0.22, 0.016, 0.16), (0, high + 0.005, -0.11)),
            box((0.42, 0.02, 0.14), (0, high + 0.006, 0.13)),
        ]
    return solids


def _framed(rng: Rng) -> Solids:
    """Make a low table: a plate on a frame of square tube, a second plate or bars below."""
    high, half = uniform(rng, 0.36, 0.48), uniform(rng, 0.45, 0.65)
    deep, size = half * uniform(rng, 0.5, 1.0), uniform(rng, 0.025, 0.045)
    x, z = half - size / 2, deep - size / 2
    solids = [box((2 * half + 0.04, 0.018, 2 * deep + 0.04), (0, high + 0.004, 0))]
    for y in (high - size / 2, pick(rng, size / 2, 0.14)):
        solids += mirrored(box((size, size, 2 * deep), (x, y, 0)))
        solids += mirrored(box((2 * half, size, size), (0, y, z)), axis=2)
    solids += four((x, high - 0.002, z), (x, z), "square", size)
    style = pick(rng, "none", "plate", "bars", "cross")
    if style == "plate":
        solids.append(box((2 * x, 0.018, 2 * z), (0, 0.14, 0)))
        if chance(rng, 0.9):
            solids += mirrored(box((size, size, 2 * deep), (x, 0.14, 0)))
    elif style == "bars":
        y = 0.5 * high
        solids += mirrored(
            *bars(
                ((x, size, -z), (x, size, z)),
                ((x, high, -z), (x, high, z)),
                count(rng, 3, 6),
                (size * 0.7, size * 0.7),
            )
        )
    elif style == "cross":
        solids.append(beam((x, high - size / 2, z), (-x, high - size / 2, -z), size, size, UP))
        solids.append(beam((-x, high - size / 2, z), (x, high - size / 2, -z), size, size, UP))
    if chance(rng, 0.5):  # a bowl
        solids.append(frustum((0.1, high + 0.01, 0), (0.1, high + 0.09, 0), 0.05, 0.13))
    return solids


def _side(rng: Rng) -> Solids:
    """Make a small round table on three or four splayed legs, perhaps with a shelf."""
    high, radius = uniform(rng, 0.48, 0.65), uniform(rng, 0.22, 0.34)
    legs = pick(rng, 3, 3, 4)
    size = uniform(rng, 0.014, 0.024)
    spread = uniform(rng, 0.75, 1.05) * radius
    solids = [column(high - 0.025, high, radius)]
    if chance(rng, 0.4):
        solids.append(torus(radius, 0.02, (0, high, 0)))
    for k in range(legs):
        out = around(360 * k / legs + 15)
        top = 0.6 * radius * out + point(0, high - 0.015, 0)
        solids.append(frustum(spread * out, top, 0.7 * size, size))
    if chance(rng, 0.5):
        y = uniform(rng, 0.25, 0.4) * high
        reach = spread + (0.6 * radius - spread) * y / high
        solids.append(column(y, y + 0.02, reach))
    if chance(rng, 0.4):
        solids += [
            ellipsoid((0.05, 0.08, 0.05), (0.02, high + 0.075, 0)),
            frustum((0.02, high + 0.12, 0), (0.02, high + 0.22, 0), 0.02, 0.035),
        ]
    return solids


def _hairpin(rng: Rng) -> Solids:
    """Make a thick top on bent rods, two or three a leg."""
    half, high = (
        uniform(rng, 0.4, 0.9),
        pick(rng, uniform(rng, 0.38, 0.46), uniform(rng, 0.7, 0.76)),
    )
    deep, thick = half * uniform(rng, 0.45, 0.9), uniform(rng, 0.03, 0.05)
    shape = pick(rng, "plain", "planks", "round", "soft")
    deep = half if shape == "round" else deep
    solids = _top(rng, shape, half, deep, high, thick)
    reach = 0.62 if shape == "round" else 0.86
    x, z = reach * half, reach * deep
    out = uniform(rng, 0.02, 0.08)
    radius = max(0.009 * 2 * half, 0.009)
    foot = point(x + out, radius, z + out)
    top = high - thick + 0.005
    leg = chain([(x - 0.13, top, z), foot, (x, top, z - 0.13)], radius)
    if chance(rng, 0.5):
        leg.append(capsule((x, top, z), foot, radius))
    return solids + corners(*leg)


def _console(rng: Rng) -> Solids:
    """Make a narrow, high table for a wall: drawers, slim legs, a board low down."""
    half, deep, high = uniform(rng, 0.5, 0.75), uniform(rng, 0.15, 0.2), uniform(rng, 0.74, 0.88)
    body, size = uniform(rng, 0.1, 0.16), uniform(rng, 0.035, 0.05)
    solids = [
        box((2 * half + 0.06, 0.03, 2 * deep + 0.05), (0, high, 0)),
        box((2 * half, body, 2 * deep), (0, high - body / 2, 0)),
    ]
    edges = np.linspace(-half, half, count(rng, 2, 3) + 1)
    grip = pick(rng, "ball", "bow", "knob")
    for a, b in itertools.pairwise(edges):
        solids.append(front((a, high - body), (b, high - 0.015), deep))
        solids += handle(grip, (float(a + b) / 2, high - body / 2, deep + 0.02), 0.14, False, 0.013)
    corner = (half - size / 2, high - body + 0.02, deep - size / 2)
    solids += four(corner, (corner[0], corner[2]), pick(rng, "square", "taper", "turned"), size)
    if chance(rng, 0.7):
        solids.append(
            box((2 * half - 0.02, 0.025, 2 * deep - 0.02), (0, uniform(rng, 0.1, 0.2), 0))
        )
    return solids


def _tennis(rng: Rng) -> Solids:
    """Make a table tennis table: two halves, a net between them, folding legs."""
    half, deep, high = uniform(rng, 1.2, 1.4), uniform(rng, 0.68, 0.78), 0.76
    solids: Solids = mirrored(
        box((half - 0.006, 0.035, 2 * deep), (half / 2 + 0.003, high - 0.018, 0))
    )
    solids.append(box((0.1, 0.03, 1.6 * deep), (0, high - 0.045, 0)))
    net = uniform(rng, 0.14, 0.17)
    solids += [
        box((0.026, 0.026, 2 * deep + 0.3), (0, high + net, 0)),
        box((0.026, 0.026, 2 * deep + 0.3), (0, high + 0.02, 0)),
    ]
    for z in np.linspace(-deep - 0.14, deep + 0.14, 15):
        solids.append(box((0.024, net, 0.024), (0, high + net / 2, z)))
    for y in np.linspace(0.3, 0.7, 2) * net:
        solids.append(box((0.024, 0.022, 2 * deep + 0.28), (0, high + y, 0)))
    x, z = half * uniform(rng, 0.62, 0.8), 0.75 * deep
    leg = [
        box((0.05, high, 0.05), (x, high / 2, z)),
        beam((x, 0.22, z), (x - 0.42, high - 0.03, z), 0.035, 0.035, FRONT),
    ]
    solids += corners(*leg)
    return solids + mirrored(box((0.04, 0.04, 2 * z), (x, 0.25, 0)))
