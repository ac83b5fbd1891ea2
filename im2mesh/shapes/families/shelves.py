"""Shelves."""

from __future__ import annotations

import itertools

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, RIGHT, SIDES, UP
from im2mesh.shapes.kit.bars import strip
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, pick, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored, moved, stand
from im2mesh.shapes.kit.furniture import books, four, front, handle
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import beam, box, ellipsoid, frustum


def shelf(rng: Rng) -> Shape:
    """Make a shelf: bookcase, cubes, ladder or wall unit, with books and other things on it."""
    kinds: dict[Make, float] = {
        _bookcase: 5.0, _cubes: 2.5, _ladder: 2.0, _wall_unit: 2.0, _rack: 1.5,
    }  # fmt: skip
    return stand(draw(rng, kinds))


def _things(rng: Rng, left: float, right: float, floor: float, tall: float, deep: float) -> Solids:
    """Make a compartment's contents about z = 0: books, a vase, a box, or nothing."""
    width = right - left
    style = pick(rng, "books", "books", "books", "lying", "vase", "box", "empty", "empty")
    if style == "books":
        start = left + (uniform(rng, 0, 0.3) * width if chance(rng, 0.4) else 0.004)
        end = start + (right - start) * uniform(rng, 0.4, 1.0)
        return books(rng, start, end, floor, -0.46 * deep, tall, deep)
    middle = uniform(rng, left + 0.35 * width, right - 0.35 * width)
    solids: Solids = []
    if style == "lying":
        wide = min(0.24, 0.6 * width)
        y = floor - 0.005
        for _ in range(count(rng, 2, 4)):
            thick = uniform(rng, 0.03, 0.055)
            if y + thick > floor + 0.9 * tall:
                break
            length = wide * uniform(rng, 0.8, 1.0)
            solids.append(box((length, thick, 0.6 * deep), (middle, y + thick / 2, 0)))
            y += thick - 0.001
        return solids
    if style == "vase":
        high = min(0.28, 0.8 * tall)
        radius = min(0.3 * high, 0.3 * width, 0.4 * deep)
        return [
            ellipsoid((radius, 0.36 * high, radius), (middle, floor + 0.35 * high, 0)),
            frustum(
                (middle, floor + 0.6 * high, 0),
                (middle, floor + high, 0),
                0.4 * radius,
                0.65 * radius,
            ),
        ]
    if style == "box":
        high = uniform(rng, 0.35, 0.75) * tall
        return [
            box((0.55 * width, high, 0.8 * deep), ((left + right) / 2, floor + high / 2 - 0.005, 0))
        ]
    return []


def _behind(rng: Rng, half: float, low: float, high: float, z: float) -> Solids:
    """Make the back of a shelf: open, crossed braces, boards with gaps, or seldom closed."""
    style = pick(rng, "open", "cross", "boards", "boards", "rails", "closed")
    if style == "closed":
        return [box((2 * half - 0.01, high - low, 0.02), (0, (high + low) / 2, z))]
    if style == "cross":
        solids = []
        for side in SIDES:
            start, end = (-side * half * 0.97, low, z), (side * half * 0.97, high - 0.01, z)
            solids.append(beam(start, end, 0.035, 0.02, RIGHT))
        return solids
    if style == "rails":
        places = np.linspace(low + 0.05, high - 0.05, count(rng, 2, 4))
        return [box((2 * half - 0.01, 0.07, 0.02), (0, y, z)) for y in places]
    if style == "boards":
        number = count(rng, 2, 5)
        wide = 2 * half / number * uniform(rng, 0.3, 0.6)
        return [
            box((wide, high - low, 0.02), (x, (high + low) / 2, z))
            for x in np.linspace(-half, half, 2 * number + 1)[1::2]
        ]
    return []


def _bookcase(rng: Rng) -> Solids:
    """Sides, boards, perhaps a back, uprights, a plinth or a cornice."""
    half, high = uniform(rng, 0.3, 0.6), uniform(rng, 1.2, 2.1)
    deep, thick = uniform(rng, 0.26, 0.36), uniform(rng, 0.022, 0.04)
    number = count(rng, 3, 6)
    low = uniform(rng, 0.03, 0.1)
    boards = np.linspace(low, high - thick / 2, number + 1)
    solids: Solids = mirrored(box((thick, high, deep), (half - thick / 2, high / 2, 0)))
    solids += _behind(rng, half, low, high, -deep / 2 + 0.01)
    for y in boards:
        solids.append(box((2 * half - 0.01, thick, deep - 0.01), (0, y, 0)))
    if chance(rng, 0.4):
        solids.append(box((2 * half - 0.01, low, 0.02), (0, low / 2, deep / 2 - 0.04)))
    if chance(rng, 0.3):
        solids.append(box((2 * half + 0.06, 0.04, deep + 0.04), (0, high, 0.01)))
    edges = [-half + thick, half - thick]
    if half > 0.42 and chance(rng, 0.6):
        edges.insert(1, uniform(rng, -0.3, 0.3) * half)
        x = edges[1]
        solids.append(box((thick, high - low, deep - 0.01), (x, (high + low) / 2, 0)))
    tall = float(boards[1] - boards[0]) - thick
    for y in boards[:-1]:
        for a, b in itertools.pairwise(edges):
            inner = a + (thick / 2 if a == edges[1] and len(edges) == 3 else 0)
            outer = b - (thick / 2 if b == edges[1] and len(edges) == 3 else 0)
            solids += _things(rng, inner, outer, y + thick / 2, tall, deep - 0.02)
    return solids


def _cubes(rng: Rng) -> Solids:
    """Make a grid of open cubes, some with a front or boxes in them."""
    columns, rows = count(rng, 1, 4), count(rng, 2, 4)
    cell, deep = uniform(rng, 0.34, 0.42), uniform(rng, 0.3, 0.38)
    thick = uniform(rng, 0.025, 0.04)
    wide, high = columns * cell, rows * cell
    feet = pick(rng, 0.0, 0.0, uniform(rng, 0.08, 0.16))
    solids: Solids = []
    for k in range(columns + 1):
        size = 1.5 * thick if k in (0, columns) else thick
        solids.append(box((size, high + thick, deep), (k * cell - wide / 2, feet + high / 2, 0)))
    for k in range(rows + 1):
        size = 1.5 * thick if k in (0, rows) else thick
        solids.append(box((wide + 1.5 * thick, size, deep), (0, feet + k * cell, 0)))
    for k in range(columns):
        for j in range(rows):
            left, low = k * cell - wide / 2, feet + j * cell
            if chance(rng, 0.22):
                face = deep / 2 - 0.03
                solids.append(
                    box((cell - 0.01, cell - 0.01, 0.03), (left + cell / 2, low + cell / 2, face))
                )
                solids += handle(
                    pick(rng, "ball", "knob"),
                    (left + 0.8 * cell, low + cell / 2, face + 0.012),
                    0.1,
                    True,
                )
            else:
                solids += _things(
                    rng, left + thick, left + cell - thick, low + thick / 2, cell - thick, deep
                )
    if feet:
        solids += four(
            (wide / 2 - 0.04, feet, deep / 2 - 0.04),
            (wide / 2 - 0.02, deep / 2 - 0.03),
            "taper",
            0.04,
        )
    return solids


def _ladder(rng: Rng) -> Solids:
    """Two leaning ladders, or uprights with a strut behind, and boards that are deeper below."""
    half, high = uniform(rng, 0.26, 0.42), uniform(rng, 1.4, 1.9)
    low_deep, top_deep = uniform(rng, 0.4, 0.5), uniform(rng, 0.16, 0.22)
    size, number = uniform(rng, 0.028, 0.04), count(rng, 4, 6)
    rear = -low_deep / 2
    solids = mirrored(
        beam((half, 0, low_deep / 2), (half, high, rear + top_deep), size, size, RIGHT),
        beam((half, 0, rear), (half, high, rear), size, size, RIGHT),
    )
    shares = np.linspace(0.1, 0.97, number)
    for place, share in enumerate(shares):
        y = share * high
        deep = low_deep + (top_deep - low_deep) * share
        solids.append(box((2 * half + size, 0.026, deep), (0, y, rear + deep / 2)))
        solids.append(box((2 * half, 0.05, 0.02), (0, y + 0.02, rear)))
        if place + 1 < number:
            tall = float(shares[place + 1] - share) * high - 0.026
            things = _things(rng, -half + 0.03, half - 0.03, y + 0.013, tall, 0.75 * deep)
            solids += moved(things, (0, 0, rear + deep / 2))
    return solids


def _wall_unit(rng: Rng) -> Solids:
    """Make a broad unit: cupboards below, open boards above, perhaps a place for a television."""
    half, high = uniform(rng, 0.7, 1.1), uniform(rng, 1.5, 2.0)
    deep, thick = uniform(rng, 0.32, 0.42), 0.032
    base = uniform(rng, 0.4, 0.6)
    solids = [
        box((2 * half, base, deep), (0, base / 2, 0)),
        box((2 * half + 0.03, 0.035, deep + 0.02), (0, base, 0)),
        box((2 * half, thick, 0.8 * deep), (0, high, -0.1 * deep)),
    ]
    solids += _behind(rng, half, base, high, -deep / 2 + 0.01)
    doors = count(rng, 3, 5)
    edges = np.linspace(-half, half, doors + 1)
    style = pick(rng, "bow", "ball", "bar")
    for k, (a, b) in enumerate(itertools.pairwise(edges)):
        solids.append(front((a, 0.05), (b, base - 0.02), deep / 2))
        x = b - 0.07 if k % 2 == 0 else a + 0.07
        solids += handle(style, (x, 0.6 * base, deep / 2 + 0.014), 0.16, True, 0.014)
    columns = count(rng, 2, 3)
    walls = np.linspace(-half + thick / 2, half - thick / 2, columns + 1)
    z, shallow = -0.1 * deep, 0.8 * deep
    for x in walls:
        solids.append(box((thick, high - base, shallow), (x, (high + base) / 2, z)))
    television = pick(rng, -1, columns // 2)
    for k, (a, b) in enumerate(itertools.pairwise(walls)):
        left, right = a + thick / 2, b - thick / 2
        if k == television:
            wide = right - left
            tall = min(0.6 * wide, 0.6 * (high - base))
            solids.append(
                box((0.92 * wide, tall, 0.05), ((left + right) / 2, base + 0.08 + tall / 2, 0))
            )
            solids.append(box((0.3 * wide, 0.1, 0.12), ((left + right) / 2, base + 0.06, 0)))
            rows = np.array([base + 0.16 + tall, high])
            solids.append(box((wide + 0.01, thick, shallow), ((left + right) / 2, rows[0], z)))
        else:
            rows = np.linspace(base + 0.001, high, count(rng, 2, 4) + 1)
            for y in rows[1:-1]:
                solids.append(
                    box((right - left + 0.01, thick, shallow), ((left + right) / 2, y, z))
                )
        for y, above in itertools.pairwise(rows):
            things = _things(
                rng, left, right, y + thick / 2, float(above - y) - thick, 0.9 * shallow
            )
            solids += moved(things, (0, 0, z))
    return solids


def _rack(rng: Rng) -> Solids:
    """Make posts and boards, with crossed braces behind; boxes and books on the boards."""
    half, high = uniform(rng, 0.35, 0.6), uniform(rng, 1.2, 1.9)
    deep, size = uniform(rng, 0.18, 0.24), uniform(rng, 0.03, 0.045)
    number = count(rng, 3, 5)
    solids: Solids = mirrored(*mirrored(box((size, high, size), (half, high / 2, deep)), axis=2))
    boards = np.linspace(uniform(rng, 0.08, 0.16), high - 0.04, number)
    for y in boards:
        solids.append(box((2 * half, 0.03, 2 * deep), (0, y, 0)))
    low, top = boards[0], boards[-1]
    if chance(rng, 0.7):
        for side in SIDES:
            solids.append(
                beam(
                    (-half, low if side > 0 else top, -deep),
                    (half, top if side > 0 else low, -deep),
                    0.03,
                    0.02,
                    UP,
                )
            )
    if chance(rng, 0.4):
        solids += mirrored(*strip([(half, low, deep), (half, top, -deep)], 0.03, 0.02, FRONT))
    for y, above in itertools.pairwise(boards):
        middle = uniform(rng, -0.2, 0.2) * half
        for a, b in ((-half + size, middle), (middle, half - size)):
            solids += _things(rng, a, b, y + 0.015, float(above - y) - 0.03, 1.8 * deep)
    return solids
