"""Cabinets."""

from __future__ import annotations

import itertools

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, SIDES, UP, tilt
from im2mesh.shapes.kit.bars import arc, chain, point
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, pick, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored, moved, stand
from im2mesh.shapes.kit.furniture import books, four, front, handle
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import box, capsule, ellipsoid, frustum, torus


def cabinet(rng: Rng) -> Shape:
    """Make a cabinet.

    Wardrobe, chest of drawers, sideboard, television board, kitchen, glass front.
    """
    kinds: dict[Make, float] = {
        _wardrobe: 3.0, _chest: 3.0, _sideboard: 3.0, _tv_board: 1.5, _kitchen: 1.5,
    }  # fmt: skip
    return stand(draw(rng, kinds))


def _rear(half: float, low: float, high: float, z: float) -> Solids:
    """Make the back of a carcass: a frame around a panel, with battens."""
    size, out = 0.05, 0.035
    solids = mirrored(box((size, high - low, out), (half - size / 2, (high + low) / 2, z)))
    for y in (low + size / 2, high - size / 2):
        solids.append(box((2 * half, size, out), (0, y, z)))
    if high - low > 2 * half:
        solids.append(box((2 * half, size, out), (0, (high + low) / 2, z)))
    else:
        solids.append(box((size, high - low, out), (0, (high + low) / 2, z)))
    return solids


def _decoration(rng: Rng, half: float, top: float) -> Solids:
    """Make things on a chest or a sideboard: a vase, books, a lamp, or a tray with cups."""
    x = uniform(rng, -0.5, 0.5) * half
    style = pick(rng, "vase", "books", "lamp", "tray")
    if style == "vase":
        return [
            ellipsoid((0.07, 0.1, 0.07), (x, top + 0.095, 0)),
            frustum((x, top + 0.17, 0), (x, top + 0.27, 0), 0.025, 0.05),
        ]
    if style == "books":
        return books(rng, x - 0.15, x + 0.15, top, -0.1, 0.28, 0.22)
    if style == "lamp":
        return [
            frustum((x, top - 0.005, 0), (x, top + 0.02, 0), 0.06),
            frustum((x, top, 0), (x, top + 0.2, 0), 0.018),
            frustum((x, top + 0.15, 0), (x, top + 0.3, 0), 0.11, 0.07),
        ]
    return [
        box((0.3, 0.02, 0.2), (x, top + 0.005, 0)),
        frustum((x - 0.07, top, 0), (x - 0.07, top + 0.1, 0), 0.035),
        frustum((x + 0.06, top, 0.02), (x + 0.06, top + 0.14, 0.02), 0.04, 0.025),
    ]


def _door(
    rng: Rng,
    low: tuple[float, float],
    high: tuple[float, float],
    face: float,
    style: str,
    grip: str,
    opens: int,
) -> Solids:
    """Make a door with its handle; ``opens``: −1 if it is hinged at the left, 1 at the right."""
    solids = [front(low, high, face)]
    width, height = high[0] - low[0], high[1] - low[1]
    middle = ((low[0] + high[0]) / 2, (low[1] + high[1]) / 2)
    if style == "framed":
        size = min(0.07, 0.2 * width)
        y = face + 0.022
        for side in SIDES:
            x = middle[0] + side * (width / 2 - 0.012 - size / 2)
            solids.append(box((size, height - 0.024, 0.02), (x, middle[1], y)))
            top = middle[1] + side * (height / 2 - 0.012 - size / 2)
            solids.append(box((width - 0.024, size, 0.02), (middle[0], top, y)))
    elif style == "raised":
        solids.append(box((0.6 * width, 0.8 * height, 0.02), (middle[0], middle[1], face + 0.02)))
    elif style == "louvred":
        for y in np.linspace(low[1] + 0.08, high[1] - 0.08, max(3, int(height / 0.11))):
            slat = box((0.75 * width, 0.045, 0.02), (middle[0], y, face + 0.02), tilt(25))
            solids.append(slat)
    x = middle[0] - opens * (width / 2 - 0.055)
    y = middle[1] if height > 0.7 else middle[1] + 0.2 * height
    lift = 0.03 if style == "framed" else 0.015
    return solids + handle(grip, (x, y, face + lift), min(0.3, 0.35 * height), True, 0.016)


def _base(rng: Rng, half: float, deep: float, low: float, tall: bool) -> Solids:
    """Make the base of a carcass, up to y = ``low``."""
    style = pick(rng, "plinth", "feet", "feet") if tall else pick(rng, "feet", "splayed", "sled")
    if style == "plinth" or low < 0.04:
        return [box((2 * half - 0.04, low + 0.02, 2 * deep - 0.05), (0, low / 2 + 0.005, -0.015))]
    if style == "sled":
        size = 0.03
        x, z = half * 0.85, deep - 0.03
        solids = mirrored(*mirrored(box((size, low + 0.01, size), (x, low / 2, z)), axis=2))
        return solids + mirrored(box((size, size, 2 * z), (x, size / 2, 0)))
    corner = (half - 0.06, low + 0.02, deep - 0.06)
    out = 0.05 if style == "splayed" else 0.0
    kind = "taper" if out else pick(rng, "square", "taper", "round")
    return four(corner, (corner[0] + out, corner[2] + out), kind, uniform(rng, 0.045, 0.07))


def _wardrobe(rng: Rng) -> Solids:
    """Tall, two or three doors, perhaps drawers below and a cornice; a door may be open."""
    half, high, deep = uniform(rng, 0.42, 0.8), uniform(rng, 1.6, 2.1), uniform(rng, 0.26, 0.32)
    low = uniform(rng, 0.05, 0.14)
    solids = _base(rng, half, deep, low, True)
    doors = 2 if half < 0.58 else pick(rng, 2, 3, 4)
    drawers = chance(rng, 0.4)
    sill = low + (uniform(rng, 0.22, 0.35) if drawers else 0.0)
    style, grip = pick(rng, "plain", "framed", "raised", "louvred"), pick(rng, "bow", "ball", "bar")
    edges = np.linspace(-half, half, doors + 1)
    ajar = chance(rng, 0.5)
    if ajar:  # hollow, so that one sees in
        thick = 0.03
        solids += mirrored(
            box((thick, high - low, 2 * deep), (half - thick / 2, (high + low) / 2, 0))
        )
        solids.append(box((2 * half, high - low, thick), (0, (high + low) / 2, -deep + thick / 2)))
        for y in (low + thick / 2, sill, high - thick / 2, high - 0.35):
            solids.append(box((2 * half - 0.01, thick, 2 * deep - 0.01), (0, y, 0)))
        if drawers:
            solids.append(
                box((2 * half - 0.01, sill - low, 2 * deep - 0.01), (0, (sill + low) / 2, 0))
            )
        if chance(rng, 0.6):
            y = high - 0.43
            solids.append(capsule((-half + 0.02, y, 0), (half - 0.02, y, 0), 0.014))
            for x in np.linspace(-0.8, 0.8, count(rng, 4, 8)):
                long = uniform(rng, 0.35, 0.75) * (y - sill)
                solids.append(box((0.05, long, 0.36), (x * half, y - long / 2 + 0.01, 0)))
    else:
        solids.append(box((2 * half, high - low, 2 * deep), (0, (high + low) / 2, 0)))
    solids += _rear(half, low, high, -deep)
    if drawers:
        columns = np.linspace(-half, half, pick(rng, 1, 2) + 1)
        for a, b in itertools.pairwise(columns):
            solids.append(front((a, low), (b, sill), deep))
            solids += handle(
                grip, ((a + b) / 2, (low + sill) / 2, deep + 0.014), 0.22, False, 0.014
            )
    for k, (a, b) in enumerate(itertools.pairwise(edges)):
        opens = -1 if k % 2 == 0 else 1
        if doors == 3 and k == 2:
            opens = 1
        door = _door(rng, (a, sill), (b, high), deep, style, grip, opens)
        if ajar and k in (0, doors - 1) and chance(rng, 0.7):
            hinge = point(-half if k == 0 else half, 0, deep)
            angle = uniform(rng, 50, 110) * (-1 if k == 0 else 1)
            door = moved(moved(moved(door, -hinge), azimuth=angle), hinge)
            for y in (sill + 0.15, high - 0.15):
                at = hinge + point(0, y, 0.005)
                door.append(frustum(at - [0, 0.05, 0], at + [0, 0.05, 0], 0.022))
        solids += door
    if chance(rng, 0.5):
        solids.append(box((2 * half + 0.09, 0.05, 2 * deep + 0.09), (0, high + 0.015, 0.005)))
        if chance(rng, 0.5):
            solids.append(box((2 * half + 0.05, 0.05, 2 * deep + 0.05), (0, high + 0.055, 0.005)))
    return solids


def _chest(rng: Rng) -> Solids:
    """Make a chest of drawers, from a bedside cabinet to a tallboy."""
    half, high, deep = uniform(rng, 0.22, 0.6), uniform(rng, 0.55, 1.2), uniform(rng, 0.2, 0.26)
    high = max(high, 0.9 * half)
    low = pick(rng, uniform(rng, 0.04, 0.07), uniform(rng, 0.1, 0.2))
    solids = _base(rng, half, deep, low, chance(rng, 0.5))
    solids.append(box((2 * half, high - low, 2 * deep), (0, (high + low) / 2, 0)))
    solids += _rear(half, low, high, -deep)
    over = uniform(rng, 0.0, 0.03)
    solids.append(box((2 * half + 2 * over, 0.03, 2 * deep + 2 * over + 0.01), (0, high, 0.005)))
    rows = max(2, round((high - low) / uniform(rng, 0.16, 0.26)))
    edges = low + (high - 0.015 - low) * np.linspace(0, 1, rows + 1) ** uniform(rng, 0.8, 1.0)
    grip = pick(rng, "bow", "ball", "ball", "bar", "knob")
    split = half > 0.4 and chance(rng, 0.5)
    pulled = count(rng, 0, rows - 1) if chance(rng, 0.5) else -1
    for k, (a, b) in enumerate(itertools.pairwise(edges)):
        parts = 2 if split and (k == rows - 1 or half > 0.52) else 1
        columns = np.linspace(-half, half, parts + 1)
        for left, right in itertools.pairwise(columns):
            out = 0.0
            y = float(a + b) / 2
            if k == pulled:  # a drawer that stands open
                out = uniform(rng, 0.1, 0.22)
                wide = float(right - left) - 0.06
                solids.append(
                    box((wide, 0.02, out + 0.05), ((left + right) / 2, a + 0.035, deep + out / 2))
                )
                for x in (left + 0.04, right - 0.04):
                    solids.append(
                        box(
                            (0.02, 0.75 * (b - a), out + 0.05),
                            (x, y - 0.08 * (b - a), deep + out / 2),
                        )
                    )
            solids.append(front((left, a), (right, b), deep + out))
            middle = float(left + right) / 2
            face = deep + out + 0.014
            if right - left > 0.5 and grip in ("ball", "knob"):
                for side in SIDES:
                    solids += handle(
                        grip, (middle + side * 0.27 * (right - left), y, face), 0.1, False, 0.015
                    )
            else:
                solids += handle(grip, (middle, y, face), 0.35 * float(right - left), False, 0.013)
    if half > 0.4 and high < 1.05 and chance(rng, 0.25):  # a mirror on top
        tall = uniform(rng, 0.4, 0.6)
        solids.append(ellipsoid((0.26, tall / 2, 0.02), (0, high + tall / 2 + 0.06, -deep + 0.06)))
        solids.append(box((0.4, 0.1, 0.035), (0, high + 0.05, -deep + 0.06)))
    elif chance(rng, 0.5):
        solids += _decoration(rng, half, high + 0.015)
    return solids


def _sideboard(rng: Rng) -> Solids:
    """Make a long, low sideboard on legs: doors and drawers side by side."""
    half, deep = uniform(rng, 0.6, 0.95), uniform(rng, 0.2, 0.26)
    low, body = uniform(rng, 0.12, 0.26), uniform(rng, 0.42, 0.65)
    high = low + body
    solids = _base(rng, half, deep, low, False)
    solids.append(box((2 * half, body, 2 * deep), (0, (high + low) / 2, 0)))
    solids.append(box((2 * half + 0.03, 0.03, 2 * deep + 0.03), (0, high, 0)))
    solids += _rear(half, low, high, -deep)
    columns = count(rng, 3, 4)
    stack = count(rng, 0, columns - 1)
    style, grip = pick(rng, "plain", "plain", "framed", "raised"), pick(rng, "bow", "ball", "bar")
    edges = np.linspace(-half, half, columns + 1)
    for k, (a, b) in enumerate(itertools.pairwise(edges)):
        if k == stack:
            rows = np.linspace(low, high - 0.015, count(rng, 3, 4) + 1)
            for y, above in itertools.pairwise(rows):
                solids.append(front((a, y), (b, above), deep))
                solids += handle(
                    grip, ((a + b) / 2, (y + above) / 2, deep + 0.014), 0.16, False, 0.013
                )
        else:
            solids += _door(rng, (a, low), (b, high - 0.015), deep, style, grip, -1 if k % 2 else 1)
    if chance(rng, 0.6):
        solids += _decoration(rng, half, high + 0.015)
    return solids


def _tv_board(rng: Rng) -> Solids:
    """Make a low board with open compartments and drawers, and a television on it."""
    half, deep = uniform(rng, 0.65, 0.95), uniform(rng, 0.19, 0.24)
    low, body, thick = uniform(rng, 0.05, 0.16), uniform(rng, 0.3, 0.42), 0.03
    high = low + body
    solids = _base(rng, half, deep, low, False)
    for y in (low + thick / 2, high - thick / 2):
        solids.append(box((2 * half, thick, 2 * deep), (0, y, 0)))
    edges = [-half + thick / 2, -half * 0.36, half * 0.36, half - thick / 2]
    for x in edges:
        solids.append(box((thick, body, 2 * deep), (x, (high + low) / 2, 0)))
    solids.append(box((2 * half - 0.01, body, 0.02), (0, (high + low) / 2, -deep + 0.012)))
    grip = pick(rng, "bow", "ball", "bar")
    for a, b, closed in zip(edges[:-1], edges[1:], (True, False, True), strict=True):
        middle, y = (a + b) / 2, (high + low) / 2
        if closed:
            solids.append(box((b - a, body - 0.01, 2 * deep - 0.02), (middle, y, 0)))
            rows = np.linspace(low, high, pick(rng, 1, 2) + 1)
            for at, above in itertools.pairwise(rows):
                solids.append(front((a, at), (b, above), deep - 0.01))
                solids += handle(grip, (middle, (at + above) / 2, deep + 0.005), 0.2, False)
        else:
            solids.append(box((b - a, 0.024, 2 * deep - 0.02), (middle, y, 0)))
            solids.append(box((0.6 * (b - a), 0.07, 1.2 * deep), (middle, y + 0.045, 0)))
    if chance(rng, 0.7):
        wide = uniform(rng, 0.6, 0.85) * 2 * half
        tall = 0.57 * wide
        y = high + 0.09 + tall / 2
        solids += [
            box((wide, tall, 0.035), (0, y, 0)),
            box((wide - 0.05, tall - 0.05, 0.035), (0, y, -0.014)),
            box((0.5 * wide, 0.4 * tall, 0.07), (0, y - 0.1 * tall, -0.02)),
            box((0.14, 0.14, 0.03), (0, high + 0.06, -0.01)),
            box((0.4 * wide, 0.02, 0.22), (0, high + 0.006, 0)),
        ]
    return solids


def _kitchen(rng: Rng) -> Solids:
    """Base units under a worktop with a tap or a hob, a wall behind, cupboards above."""
    units, unit = count(rng, 2, 4), uniform(rng, 0.42, 0.58)
    half, deep, high = units * unit / 2, 0.29, 0.88
    solids = [
        box((2 * half, high - 0.1, 2 * deep), (0, (high + 0.1) / 2, 0)),
        box((2 * half, 0.12, 2 * deep - 0.08), (0, 0.06, -0.04)),
        box((2 * half + 0.03, 0.04, 2 * deep + 0.05), (0, high, 0.02)),
    ]
    grip, style = pick(rng, "bow", "ball", "bar"), pick(rng, "plain", "framed", "raised")
    for k in range(units):
        a, b = k * unit - half, (k + 1) * unit - half
        kind = pick(rng, "door", "door", "drawers", "oven")
        if kind == "door":
            solids.append(front((a, 0.7), (b, high - 0.02), deep))
            solids += handle(grip, ((a + b) / 2, 0.78, deep + 0.014), 0.18, False, 0.014)
            solids += _door(rng, (a, 0.1), (b, 0.7), deep, style, grip, -1 if k % 2 else 1)
        elif kind == "drawers":
            rows = np.array([0.1, 0.4, 0.66, high - 0.02])
            for y, above in itertools.pairwise(rows):
                solids.append(front((a, y), (b, above), deep))
                solids += handle(
                    grip, ((a + b) / 2, (y + above) / 2, deep + 0.014), 0.2, False, 0.014
                )
        else:
            solids.append(front((a, 0.2), (b, 0.7), deep))
            solids.append(box((0.62 * unit, 0.26, 0.02), ((a + b) / 2, 0.42, deep + 0.02)))
            solids += handle("bow", ((a + b) / 2, 0.64, deep + 0.014), 0.7 * unit, False, 0.014)
            for x in np.linspace(a + 0.1, b - 0.1, 4):
                solids += handle("knob", (x, 0.78, deep), 0.1, False, 0.014)
            for x in (-0.13, 0.13):
                for z in (-0.1, 0.14):
                    solids.append(torus(0.075, 0.014, ((a + b) / 2 + x, high + 0.022, z)))
    if chance(rng, 0.6):  # a tap
        x = half - 1.5 * unit
        tap = arc((x, high + 0.22, -0.12), 0.08, 180, 0, FRONT, UP, 6)
        solids += chain([point(x, high, -0.2), *tap, tap[-1] - [0, 0.06, 0]], 0.016)
    if chance(rng, 0.5):
        top = uniform(rng, 1.85, 2.05)
        low = top - uniform(rng, 0.5, 0.62)
        solids.append(box((2 * half, top, 0.03), (0, top / 2, -deep)))
        solids.append(box((2 * half, top - low, 0.32), (0, (top + low) / 2, -deep + 0.17)))
        for k in range(units):
            a, b = k * unit - half, (k + 1) * unit - half
            solids += _door(rng, (a, low), (b, top), -deep + 0.33, style, grip, -1 if k % 2 else 1)
    else:
        solids += _rear(half, 0.1, high, -deep)
    return solids
