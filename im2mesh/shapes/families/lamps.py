"""Lamps."""

from __future__ import annotations

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, SIDES, UP, around
from im2mesh.shapes.kit.bars import arc, ball, chain, column, point
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, pick, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored, stand
from im2mesh.shapes.kit.furniture import shade
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import box, capsule, ellipsoid, frustum, torus


def lamp(rng: Rng) -> Shape:
    """Make a lamp: desk, table, floor, arc, tripod, pendant, chandelier or street lamp."""
    kinds: dict[Make, float] = {
        _desk_lamp: 3.0, _table_lamp: 3.0, _floor_lamp: 2.0, _arc_lamp: 1.5, _tripod: 1.5,
        _pendant: 1.0, _chandelier: 1.5, _street: 1.5,
    }  # fmt: skip
    return stand(draw(rng, kinds))


def _hood(rng: Rng, at: np.ndarray, aim: np.ndarray, size: float) -> Solids:
    """Make a reflector at the end of an arm: a cone or a bell that opens towards ``aim``."""
    solids = [
        capsule(at - 0.1 * size * aim, at + 0.1 * size * aim, 0.17 * size),
        frustum(at, at + 0.32 * size * aim, 0.2 * size, 0.26 * size),
    ]
    wide = uniform(rng, 0.48, 0.62) * size
    start = at + 0.3 * size * aim
    length = uniform(rng, 0.5, 0.8) * size
    if chance(rng, 0.5):
        solids += shade(start + length * aim, -aim, length, wide, 0.25 * size, 0.05 * size)
        solids.append(ball(0.2 * size, start + 0.3 * length * aim))
    else:
        solids.append(frustum(start, start + length * aim, 0.26 * size, wide))
        solids.append(torus(wide, 0.035 * size, start + length * aim, aim))
    return solids


def _desk_lamp(rng: Rng) -> Solids:
    """Two arms with joints between a foot and a reflector."""
    one, two = uniform(rng, 0.30, 0.42), uniform(rng, 0.28, 0.40)
    lean = np.radians(uniform(rng, 8, 35))
    reach = np.radians(uniform(rng, 40, 72))
    foot = point(0, 0.03, -0.05)
    elbow = foot + one * point(0, np.cos(lean), -np.sin(lean))
    head = elbow + two * point(0, np.cos(reach), np.sin(reach))
    down = np.radians(uniform(rng, 15, 60))
    aim = point(0, -np.cos(down), np.sin(down))
    radius = uniform(rng, 0.010, 0.014)
    solids: Solids = []
    base = uniform(rng, 0.09, 0.13)
    if chance(rng, 0.7):
        solids.append(frustum((0, 0, -0.05), (0, 0.028, -0.05), base, 0.95 * base))
        solids.append(frustum((0, 0.02, -0.05), (0, 0.06, -0.05), 0.4 * base, 0.2 * base))
    else:
        solids.append(box((2 * base, 0.03, 1.6 * base), (0, 0.015, -0.05)))
        solids.append(box((0.05, 0.05, 0.05), (0, 0.04, -0.05)))
    if chance(rng, 0.4):  # double arms
        for start, end in ((foot, elbow), (elbow, head)):
            solids += mirrored(capsule(start + [0.018, 0, 0], end + [0.018, 0, 0], 0.008))
    else:
        solids += [capsule(foot, elbow, radius), capsule(elbow, head, radius)]
    for joint in (foot, elbow, head):
        solids.append(capsule(joint - [0.03, 0, 0], joint + [0.03, 0, 0], 0.018))
    return solids + _hood(rng, head, aim, uniform(rng, 0.18, 0.26))


def _drum(rng: Rng, low: float, high: float, radius: float, stem: float) -> Solids:
    """Make a textile shade around a stem that reaches up to y = ``stem``: hollow, or closed."""
    top = radius * uniform(rng, 0.45, 1.0)
    length = high - low
    solids: Solids = []
    if chance(rng, 0.65):
        solids += shade((0, low, 0), UP, length, radius, top, 0.018 * max(1.0, high))
        hub = point(0, low + 0.55 * length, 0)
        reach = radius + (top - radius) * 0.55
        for k in range(3):
            solids.append(capsule(hub, hub + reach * around(120 * k + 20), 0.009 * max(1, high)))
        solids.append(frustum((0, stem - 0.05, 0), hub, 0.012 * max(1, high)))
        solids.append(ellipsoid((0.035, 0.05, 0.035), hub))
    else:
        solids.append(column(low, high, radius, top))
        solids.append(column(stem - 0.05, low + 0.01, 0.014))
        solids.append(column(high - 0.005, high + 0.03, 0.012))
        solids.append(ball(0.018, (0, high + 0.04, 0)))
    return solids


def _table_lamp(rng: Rng) -> Solids:
    """Make a turned or thrown body under a shade."""
    body, radius = uniform(rng, 0.2, 0.36), uniform(rng, 0.05, 0.1)
    style = pick(rng, "urn", "balls", "column", "bottle", "block")
    foot = uniform(rng, 0.07, 0.11)
    solids = [column(0, 0.025, foot, 0.9 * foot)]
    if style == "urn":
        solids += [
            ellipsoid((radius, 0.4 * body, radius), (0, 0.45 * body, 0)),
            column(0.7 * body, body, 0.5 * radius, 0.25 * radius),
            torus(0.45 * radius, 0.014, (0, 0.78 * body, 0)),
        ]
    elif style == "balls":
        number = count(rng, 2, 4)
        ball = body / number / 2
        for k in range(number):
            scale = 1.1 + 0.35 * (number - 1 - k) / number
            solids.append(
                ellipsoid(
                    (scale * ball, 1.08 * ball, scale * ball), (0, 0.02 + (2 * k + 1) * ball, 0)
                )
            )
    elif style == "column":
        solids.append(column(0.02, body, 0.4 * radius, 0.3 * radius))
        for share in (0.12, 0.5, 0.9):
            solids.append(torus(0.4 * radius, 0.018, (0, share * body, 0)))
    elif style == "bottle":
        solids += [
            column(0.02, 0.6 * body, radius, 1.1 * radius),
            column(0.6 * body, 0.8 * body, 1.1 * radius, 0.3 * radius),
        ]
    else:
        solids.append(box((1.6 * radius, body, 1.6 * radius), (0, body / 2, 0)))
    solids.append(column(0.7 * body, body + 0.09, 0.013))
    low = body + uniform(rng, 0.01, 0.05)
    return solids + _drum(
        rng, low, low + uniform(rng, 0.16, 0.26), uniform(rng, 0.14, 0.21), body + 0.09
    )


def _floor_lamp(rng: Rng) -> Solids:
    """Make a tall pole: a shade on top, a bowl that shines up, or a reading arm."""
    high, foot = uniform(rng, 1.25, 1.6), uniform(rng, 0.13, 0.2)
    radius = uniform(rng, 0.014, 0.022)
    solids = [
        column(0, 0.035, foot, 0.93 * foot),
        column(0.03, 0.09, 0.35 * foot, radius),
        column(0, high, radius),
    ]
    for share in pick(rng, (), (0.5,), (0.33, 0.66)):
        solids.append(ellipsoid((2 * radius, 1.4 * radius, 2 * radius), (0, share * high, 0)))
    style = pick(rng, "shade", "shade", "bowl", "reading")
    if style == "bowl":
        wide = uniform(rng, 0.16, 0.24)
        solids.append(column(high - 0.02, high + 0.10, 0.04, wide))
        solids.append(torus(wide, 0.014, (0, high + 0.10, 0)))
    else:
        low = high - 0.05
        solids += _drum(rng, low, low + uniform(rng, 0.22, 0.34), uniform(rng, 0.18, 0.28), high)
    if style == "reading":
        y = 0.68 * high
        tip = point(0, y + 0.05, 0.28)
        solids += chain([(0, y - 0.08, 0), (0, y + 0.08, 0.16), tip], 0.014)
        solids += _hood(rng, tip, point(0, -0.9, np.sqrt(0.19)), 0.2)
    return solids


def _arc_lamp(rng: Rng) -> Solids:
    """Make a heavy foot and a long bow from which a shade hangs."""
    high, reach = uniform(rng, 0.9, 1.2), uniform(rng, 0.45, 0.65)
    radius = uniform(rng, 0.016, 0.024)
    foot = uniform(rng, 0.15, 0.22)
    solids: Solids = []
    if chance(rng, 0.5):
        solids.append(box((1.6 * foot, 0.12, 1.6 * foot), (0, 0.06, -reach)))
    else:
        solids.append(frustum((0, 0, -reach), (0, 0.07, -reach), foot, 0.9 * foot))
    end = uniform(rng, 5, 35)
    bow = arc((0, high, 0), reach, 180, end, FRONT, UP, 14)
    solids += chain([point(0, 0.05, -reach), *bow], radius)
    tip = bow[-1]
    drop = uniform(rng, 0.05, 0.2)
    hang = tip - [0, drop, 0]
    solids.append(capsule(tip, hang, 0.014))
    wide, tall = uniform(rng, 0.16, 0.25), uniform(rng, 0.14, 0.22)
    if chance(rng, 0.5):
        solids += shade(hang - [0, tall, 0], UP, tall, wide, 0.3 * wide, 0.022)
        solids.append(frustum(hang - [0, 0.03, 0], hang, 0.34 * wide, 0.02))
        solids.append(ellipsoid((0.05, 0.06, 0.05), hang - [0, 0.07, 0]))
    else:
        solids.append(frustum(hang - [0, tall, 0], hang, wide, 0.25 * wide))
        solids.append(torus(wide, 0.014, hang - [0, tall, 0]))
    return solids


def _tripod(rng: Rng) -> Solids:
    """Three long legs that meet below a shade."""
    high, spread = uniform(rng, 1.0, 1.35), uniform(rng, 0.28, 0.42)
    radius = uniform(rng, 0.014, 0.024)
    hub = point(0, high, 0)
    solids = [frustum(hub - [0, 0.08, 0], hub + [0, 0.06, 0], 0.04, 0.035)]
    for k in range(3):
        out = around(120 * k + 10)
        solids.append(frustum(spread * out, hub + 0.03 * out, 0.8 * radius, radius))
    if chance(rng, 0.5):
        y = uniform(rng, 0.3, 0.5)
        at = [spread * (1 - y) * around(120 * k + 10) + y * hub for k in range(3)]
        for k in range(3):
            solids.append(capsule(at[k], at[(k + 1) % 3], 0.012))
    low = high + 0.02
    return solids + _drum(rng, low, low + uniform(rng, 0.24, 0.34), uniform(rng, 0.2, 0.29), low)


def _pendant(rng: Rng) -> Solids:
    """Make a shade on a cord below a ceiling rose."""
    cord = uniform(rng, 0.25, 0.5)
    wide, tall = uniform(rng, 0.16, 0.26), uniform(rng, 0.14, 0.24)
    top = tall + cord
    solids = [
        column(top, top + 0.035, 0.07, 0.055),
        column(tall - 0.01, top + 0.01, 0.010),
        column(tall - 0.03, tall + 0.05, 0.04, 0.022),
    ]
    style = pick(rng, "cone", "globe", "drum", "rings")
    if style == "cone":
        solids += shade((0, 0, 0), UP, tall, wide, 0.035, 0.016)
        solids.append(ellipsoid((0.045, 0.06, 0.045), (0, tall - 0.07, 0)))
    elif style == "globe":
        solids.append(ball(0.8 * wide, (0, tall - 0.75 * wide, 0)))
    elif style == "drum":
        solids += shade((0, 0, 0), UP, tall, wide, wide, 0.016)
        for k in range(3):
            solids.append(
                capsule((0, tall - 0.02, 0), wide * around(120 * k) + [0, tall - 0.02, 0], 0.009)
            )
        solids.append(ellipsoid((0.045, 0.06, 0.045), (0, tall - 0.07, 0)))
    else:
        staves = 10
        for k in range(staves):
            out = around(360 * k / staves)
            side = arc((0, tall / 2, 0), 1.0, 90, -90, out, UP, 8)
            points = [
                p * [wide, 1, wide] + [0, (p[1] - tall / 2) * (tall / 2 - 1), 0] for p in side
            ]
            solids += chain(points, 0.008)
        solids.append(ellipsoid((0.06, 0.08, 0.06), (0, tall - 0.09, 0)))
        solids.append(torus(wide, 0.011, (0, tall / 2, 0)))
    return solids


def _chandelier(rng: Rng) -> Solids:
    """Make a stem below the ceiling with curved arms that bear candles or small shades."""
    arms, reach = count(rng, 5, 8), uniform(rng, 0.28, 0.4)
    top = uniform(rng, 0.5, 0.7)
    solids = [
        column(top, top + 0.03, 0.07, 0.06),
        column(0.05, top + 0.005, 0.014),
        ellipsoid((0.05, 0.07, 0.05), (0, 0.10, 0)),
        ellipsoid((0.035, 0.05, 0.035), (0, 0.24, 0)),
        ellipsoid((0.025, 0.03, 0.025), (0, 0.01, 0)),
    ]
    shades = chance(rng, 0.5)
    for k in range(arms):
        out = around(360 * k / arms)
        # Down from the stem, then up to the cup.
        shares = np.linspace(0, 1, 8)
        points = [
            (0.03 + (reach - 0.03) * s) * out
            + point(0, 0.12 - 0.09 * np.sin(np.pi * s * 1.0) + 0.04 * s**3, 0)
            for s in shares
        ]
        solids += chain(points, 0.011)
        cup = points[-1]
        solids.append(frustum(cup, cup + [0, 0.025, 0], 0.018, 0.045))
        solids.append(frustum(cup, cup + [0, 0.12, 0], 0.014))
        if shades:
            solids.append(frustum(cup + [0, 0.09, 0], cup + [0, 0.18, 0], 0.065, 0.035))
        else:
            solids.append(ellipsoid((0.016, 0.032, 0.016), cup + [0, 0.14, 0]))
    return solids


def _street(rng: Rng) -> Solids:
    """Make a lamp post: a lantern on top, or one or two arms."""
    high = uniform(rng, 1.5, 2.0)
    radius = uniform(rng, 0.026, 0.036)
    solids = [
        column(0, 0.05, 3.4 * radius, 3 * radius),
        column(0.04, 0.3, 2 * radius, 1.5 * radius),
        torus(1.4 * radius, 0.5 * radius, (0, 0.3, 0)),
        column(0.2, high, 1.2 * radius, 0.8 * radius),
    ]
    style = pick(rng, "lantern", "lantern", "arm", "arms", "globes")
    if style == "lantern":
        top, wide = high + uniform(rng, 0.2, 0.28), uniform(rng, 0.10, 0.14)
        solids += [
            column(high - 0.03, high + 0.03, 0.03, 0.6 * wide),
            column(top, top + 0.10, 1.25 * wide, 0.25 * wide),
            ellipsoid((0.03, 0.035, 0.03), (0, top + 0.12, 0)),
            ellipsoid((0.04, 0.07, 0.04), (0, high + 0.08, 0)),
        ]
        panes = pick(rng, 4, 6)
        for k in range(panes):
            out = around(360 * k / panes)
            solids.append(
                capsule(
                    0.55 * wide * out + [0, high + 0.02, 0], wide * out + [0, top + 0.01, 0], 0.016
                )
            )
        if chance(rng, 0.5):
            solids.append(capsule((-0.16, high - 0.15, 0), (0.16, high - 0.15, 0), 0.018))
    elif style == "globes":
        solids.append(ball(0.11, (0, high + 0.08, 0)))
        for side in SIDES:
            bend = arc((side * 0.13, high - 0.12, 0), 0.13, 180, 360, (side * 1.0, 0, 0), UP, 6)
            solids += chain(bend, 0.017)
            solids.append(ball(0.1, bend[-1] + [0, 0.08, 0]))
    else:
        for side in SIDES if style == "arms" else (1,):
            bow = arc((side * 0.3, high, 0), 0.3, 180, 95, (side * 1.0, 0, 0), UP, 5)
            tip = bow[-1] + point(side * uniform(rng, 0.1, 0.3), 0.0, 0)
            solids += chain([*bow, tip], 0.022)
            head = tip + point(side * 0.15, -0.01, 0)
            solids.append(ellipsoid((0.2, 0.045, 0.085), head))
            solids.append(ellipsoid((0.12, 0.05, 0.06), head - [0, 0.03, 0]))
    return solids
