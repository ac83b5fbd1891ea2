"""Furniture to keep things in: shelf, cabinet."""

from __future__ import annotations

import itertools

import numpy as np

from im2mesh.shapes.families.parts import (
    FRONT,
    RIGHT,
    SIDES,
    UP,
    Make,
    arc,
    books,
    chain,
    chance,
    count,
    draw,
    four,
    front,
    handle,
    mirrored,
    moved,
    pick,
    stand,
    strip,
    tilt,
    uniform,
)
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import (
    Primitives,
    beam,
    box,
    capsule,
    ellipsoid,
    frustum,
    torus,
)

# --- shelf ------------------------------------------------------------------------------------


def shelf(rng: np.random.Generator) -> Shape:
    """Make a shelf: bookcase, cubes, ladder or wall unit, with books and other things on it."""
    kinds: dict[Make, float] = {
        _bookcase: 5.0,
        _cubes: 2.5,
        _ladder: 2.0,
        _wall_unit: 2.0,
        _rack: 1.5,
    }
    return stand(*draw(rng, kinds))


def _things(
    rng: np.random.Generator,
    left: float,
    right: float,
    floor: float,
    tall: float,
    deep: float,
) -> list[Primitives]:
    """Make a compartment's contents about z = 0: books, a vase, a box, or nothing."""
    width = right - left
    style = pick(rng, "books", "books", "books", "lying", "vase", "box", "empty", "empty")
    if style == "books":
        start = left + (uniform(rng, 0, 0.3) * width if chance(rng, 0.4) else 0.004)
        end = start + (right - start) * uniform(rng, 0.4, 1.0)
        return books(rng, start, end, floor, -0.46 * deep, tall, deep)
    middle = uniform(rng, left + 0.35 * width, right - 0.35 * width)
    solids: list[Primitives] = []
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


def _behind(
    rng: np.random.Generator, half: float, low: float, high: float, z: float
) -> list[Primitives]:
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
        return [box((2 * half - 0.01, 0.07, 0.02), (0, float(y), z)) for y in places]
    if style == "boards":
        number = count(rng, 2, 5)
        wide = 2 * half / number * uniform(rng, 0.3, 0.6)
        return [
            box((wide, high - low, 0.02), (float(x), (high + low) / 2, z))
            for x in np.linspace(-half, half, 2 * number + 1)[1::2]
        ]
    return []


def _bookcase(rng: np.random.Generator) -> list[Primitives]:
    """Sides, boards, perhaps a back, uprights, a plinth or a cornice."""
    half, high = uniform(rng, 0.3, 0.6), uniform(rng, 1.2, 2.1)
    deep, thick = uniform(rng, 0.26, 0.36), uniform(rng, 0.022, 0.04)
    number = count(rng, 3, 6)
    low = uniform(rng, 0.03, 0.1)
    boards = np.linspace(low, high - thick / 2, number + 1)
    solids: list[Primitives] = mirrored([box((thick, high, deep), (half - thick / 2, high / 2, 0))])
    solids += _behind(rng, half, low, high, -deep / 2 + 0.01)
    for y in boards:
        solids.append(box((2 * half - 0.01, thick, deep - 0.01), (0, float(y), 0)))
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
            solids += _things(rng, inner, outer, float(y) + thick / 2, tall, deep - 0.02)
    return solids


def _cubes(rng: np.random.Generator) -> list[Primitives]:
    """Make a grid of open cubes, some with a front or boxes in them."""
    columns, rows = count(rng, 1, 4), count(rng, 2, 4)
    cell, deep = uniform(rng, 0.34, 0.42), uniform(rng, 0.3, 0.38)
    thick = uniform(rng, 0.025, 0.04)
    wide, high = columns * cell, rows * cell
    feet = pick(rng, 0.0, 0.0, uniform(rng, 0.08, 0.16))
    solids: list[Primitives] = []
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


def _ladder(rng: np.random.Generator) -> list[Primitives]:
    """Two leaning ladders, or uprights with a strut behind, and boards that are deeper below."""
    half, high = uniform(rng, 0.26, 0.42), uniform(rng, 1.4, 1.9)
    low_deep, top_deep = uniform(rng, 0.4, 0.5), uniform(rng, 0.16, 0.22)
    size, number = uniform(rng, 0.028, 0.04), count(rng, 4, 6)
    rear = -low_deep / 2
    solids = mirrored(
        [
            beam((half, 0, low_deep / 2), (half, high, rear + top_deep), size, size, RIGHT),
            beam((half, 0, rear), (half, high, rear), size, size, RIGHT),
        ]
    )
    shares = np.linspace(0.1, 0.97, number)
    for place, share in enumerate(shares):
        y = float(share) * high
        deep = low_deep + (top_deep - low_deep) * share
        solids.append(box((2 * half + size, 0.026, deep), (0, y, rear + deep / 2)))
        solids.append(box((2 * half, 0.05, 0.02), (0, y + 0.02, rear)))
        if place + 1 < number:
            tall = float(shares[place + 1] - share) * high - 0.026
            things = _things(rng, -half + 0.03, half - 0.03, y + 0.013, tall, 0.75 * deep)
            solids += moved(things, (0, 0, rear + deep / 2))
    return solids


def _wall_unit(rng: np.random.Generator) -> list[Primitives]:
    """Make a broad unit: cupboards below, open boards above, perhaps a place for a television."""
    half, high = uniform(rng, 0.7, 1.1), uniform(rng, 1.5, 2.0)
    deep, thick = uniform(rng, 0.32, 0.42), 0.032
    base = uniform(rng, 0.4, 0.6)
    solids: list[Primitives] = [
        box((2 * half, base, deep), (0, base / 2, 0)),
        box((2 * half + 0.03, 0.035, deep + 0.02), (0, base, 0)),
        box((2 * half, thick, 0.8 * deep), (0, high, -0.1 * deep)),
    ]
    solids += _behind(rng, half, base, high, -deep / 2 + 0.01)
    doors = count(rng, 3, 5)
    edges = np.linspace(-half, half, doors + 1)
    style = pick(rng, "bow", "ball", "bar")
    for k, (a, b) in enumerate(itertools.pairwise(edges)):
        solids.append(front((float(a), 0.05), (float(b), base - 0.02), deep / 2))
        x = b - 0.07 if k % 2 == 0 else a + 0.07
        solids += handle(style, (float(x), 0.6 * base, deep / 2 + 0.014), 0.16, True, 0.014)
    columns = count(rng, 2, 3)
    walls = np.linspace(-half + thick / 2, half - thick / 2, columns + 1)
    z, shallow = -0.1 * deep, 0.8 * deep
    for x in walls:
        solids.append(box((thick, high - base, shallow), (float(x), (high + base) / 2, z)))
    television = pick(rng, -1, columns // 2)
    for k, (a, b) in enumerate(itertools.pairwise(walls)):
        left, right = float(a) + thick / 2, float(b) - thick / 2
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
                    box((right - left + 0.01, thick, shallow), ((left + right) / 2, float(y), z))
                )
        for y, above in itertools.pairwise(rows):
            things = _things(
                rng, left, right, float(y) + thick / 2, float(above - y) - thick, 0.9 * shallow
            )
            solids += moved(things, (0, 0, z))
    return solids


def _rack(rng: np.random.Generator) -> list[Primitives]:
    """Make posts and boards, with crossed braces behind; boxes and books on the boards."""
    half, high = uniform(rng, 0.35, 0.6), uniform(rng, 1.2, 1.9)
    deep, size = uniform(rng, 0.18, 0.24), uniform(rng, 0.03, 0.045)
    number = count(rng, 3, 5)
    solids: list[Primitives] = mirrored(
        mirrored([box((size, high, size), (half, high / 2, deep))], 2)
    )
    boards = np.linspace(uniform(rng, 0.08, 0.16), high - 0.04, number)
    for y in boards:
        solids.append(box((2 * half, 0.03, 2 * deep), (0, float(y), 0)))
    low, top = float(boards[0]), float(boards[-1])
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
        solids += mirrored(strip([(half, low, deep), (half, top, -deep)], 0.03, 0.02, FRONT))
    for y, above in itertools.pairwise(boards):
        middle = uniform(rng, -0.2, 0.2) * half
        for a, b in ((-half + size, middle), (middle, half - size)):
            solids += _things(rng, a, b, float(y) + 0.015, float(above - y) - 0.03, 1.8 * deep)
    return solids


# --- cabinet ----------------------------------------------------------------------------------


def cabinet(rng: np.random.Generator) -> Shape:
    """Make a cabinet.

    Wardrobe, chest of drawers, sideboard, television board, kitchen, glass front.
    """
    kinds: dict[Make, float] = {
        _wardrobe: 3.0,
        _chest: 3.0,
        _sideboard: 3.0,
        _tv_board: 1.5,
        _kitchen: 1.5,
    }
    return stand(*draw(rng, kinds))


def _rear(half: float, low: float, high: float, z: float) -> list[Primitives]:
    """Make the back of a carcass: a frame around a panel, with battens."""
    size, out = 0.05, 0.035
    solids = mirrored([box((size, high - low, out), (half - size / 2, (high + low) / 2, z))])
    for y in (low + size / 2, high - size / 2):
        solids.append(box((2 * half, size, out), (0, y, z)))
    if high - low > 2 * half:
        solids.append(box((2 * half, size, out), (0, (high + low) / 2, z)))
    else:
        solids.append(box((size, high - low, out), (0, (high + low) / 2, z)))
    return solids


def _decoration(rng: np.random.Generator, half: float, top: float) -> list[Primitives]:
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
    rng: np.random.Generator,
    low: tuple[float, float],
    high: tuple[float, float],
    face: float,
    style: str,
    grip: str,
    opens: int,
) -> list[Primitives]:
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
            slat = box((0.75 * width, 0.045, 0.02), (middle[0], float(y), face + 0.02), tilt(25))
            solids.append(slat)
    x = middle[0] - opens * (width / 2 - 0.055)
    y = middle[1] if height > 0.7 else middle[1] + 0.2 * height
    lift = 0.03 if style == "framed" else 0.015
    return solids + handle(grip, (x, y, face + lift), min(0.3, 0.35 * height), True, 0.016)


def _base(
    rng: np.random.Generator, half: float, deep: float, low: float, tall: bool
) -> list[Primitives]:
    """Make the base of a carcass, up to y = ``low``."""
    style = pick(rng, "plinth", "feet", "feet") if tall else pick(rng, "feet", "splayed", "sled")
    if style == "plinth" or low < 0.04:
        return [box((2 * half - 0.04, low + 0.02, 2 * deep - 0.05), (0, low / 2 + 0.005, -0.015))]
    if style == "sled":
        size = 0.03
        x, z = half * 0.85, deep - 0.03
        solids = mirrored(mirrored([box((size, low + 0.01, size), (x, low / 2, z))], axis=2))
        return solids + mirrored([box((size, size, 2 * z), (x, size / 2, 0))])
    corner = (half - 0.06, low + 0.02, deep - 0.06)
    out = 0.05 if style == "splayed" else 0.0
    kind = "taper" if out else pick(rng, "square", "taper", "round")
    return four(corner, (corner[0] + out, corner[2] + out), kind, uniform(rng, 0.045, 0.07))


def _wardrobe(rng: np.random.Generator) -> list[Primitives]:
    """Tall, two or three doors, perhaps drawers below and a cornice; a door may be open."""
    half, high, deep = uniform(rng, 0.42, 0.8), uniform(rng, 1.6, 2.1), uniform(rng, 0.26, 0.32)
    low = uniform(rng, 0.05, 0.14)
    solids = _base(rng, half, deep, low, True)
    doors = 2 if half < 0.58 else pick(rng, 2, 3, 4)
    drawers = chance(rng, 0.4)
    sill = low + (uniform(rng, 0.22, 0.35) if drawers else 0.0)
    style, grip = pick(rng, "plain", "framed", "raised", "louvred"), pick(rng, "bow", "ball", "bar")
    edges = [float(x) for x in np.linspace(-half, half, doors + 1)]
    ajar = chance(rng, 0.5)
    if ajar:  # hollow, so that one sees in
        thick = 0.03
        solids += mirrored(
            [box((thick, high - low, 2 * deep), (half - thick / 2, (high + low) / 2, 0))]
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
            solids.append(front((float(a), low), (float(b), sill), deep))
            solids += handle(
                grip, ((a + b) / 2, (low + sill) / 2, deep + 0.014), 0.22, False, 0.014
            )
    for k, (a, b) in enumerate(itertools.pairwise(edges)):
        opens = -1 if k % 2 == 0 else 1
        if doors == 3 and k == 2:
            opens = 1
        door = _door(rng, (a, sill), (b, high), deep, style, grip, opens)
        if ajar and k in (0, doors - 1) and chance(rng, 0.7):
            hinge = np.array([-half if k == 0 else half, 0, deep])
            angle = uniform(rng, 50, 110) * (-1 if k == 0 else 1)
            door = moved(moved(moved(door, -hinge), azimuth=angle), hinge)
            for y in (sill + 0.15, high - 0.15):
                at = hinge + np.array([0, y, 0.005])
                door.append(frustum(at - [0, 0.05, 0], at + [0, 0.05, 0], 0.022))
        solids += door
    if chance(rng, 0.5):
        solids.append(box((2 * half + 0.09, 0.05, 2 * deep + 0.09), (0, high + 0.015, 0.005)))
        if chance(rng, 0.5):
            solids.append(box((2 * half + 0.05, 0.05, 2 * deep + 0.05), (0, high + 0.055, 0.005)))
    return solids


def _chest(rng: np.random.Generator) -> list[Primitives]:
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
                    box(
                        (wide, 0.02, out + 0.05),
                        ((left + right) / 2, float(a) + 0.035, deep + out / 2),
                    )
                )
                for x in (left + 0.04, right - 0.04):
                    solids.append(
                        box(
                            (0.02, 0.75 * (b - a), out + 0.05),
                            (float(x), y - 0.08 * (b - a), deep + out / 2),
                        )
                    )
            solids.append(front((float(left), float(a)), (float(right), float(b)), deep + out))
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


def _sideboard(rng: np.random.Generator) -> list[Primitives]:
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
    edges = [float(x) for x in np.linspace(-half, half, columns + 1)]
    for k, (a, b) in enumerate(itertools.pairwise(edges)):
        if k == stack:
            rows = np.linspace(low, high - 0.015, count(rng, 3, 4) + 1)
            for y, above in itertools.pairwise(rows):
                solids.append(front((a, float(y)), (b, float(above)), deep))
                solids += handle(
                    grip, ((a + b) / 2, (y + above) / 2, deep + 0.014), 0.16, False, 0.013
                )
        else:
            solids += _door(rng, (a, low), (b, high - 0.015), deep, style, grip, -1 if k % 2 else 1)
    if chance(rng, 0.6):
        solids += _decoration(rng, half, high + 0.015)
    return solids


def _tv_board(rng: np.random.Generator) -> list[Primitives]:
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
                solids.append(front((a, float(at)), (b, float(above)), deep - 0.01))
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


def _kitchen(rng: np.random.Generator) -> list[Primitives]:
    """Base units under a worktop with a tap or a hob, a wall behind, cupboards above."""
    units, unit = count(rng, 2, 4), uniform(rng, 0.42, 0.58)
    half, deep, high = units * unit / 2, 0.29, 0.88
    solids: list[Primitives] = [
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
                solids.append(front((a, float(y)), (b, float(above)), deep))
                solids += handle(
                    grip, ((a + b) / 2, (y + above) / 2, deep + 0.014), 0.2, False, 0.014
                )
        else:
            solids.append(front((a, 0.2), (b, 0.7), deep))
            solids.append(box((0.62 * unit, 0.26, 0.02), ((a + b) / 2, 0.42, deep + 0.02)))
            solids += handle("bow", ((a + b) / 2, 0.64, deep + 0.014), 0.7 * unit, False, 0.014)
            for x in np.linspace(a + 0.1, b - 0.1, 4):
                solids += handle("knob", (float(x), 0.78, deep), 0.1, False, 0.014)
            for x in (-0.13, 0.13):
                for z in (-0.1, 0.14):
                    solids.append(torus(0.075, 0.014, ((a + b) / 2 + x, high + 0.022, z)))
    if chance(rng, 0.6):  # a tap
        x = half - 1.5 * unit
        tap = arc((x, high + 0.22, -0.12), 0.08, 180, 0, FRONT, UP, 6)
        solids += chain([np.array([x, high, -0.2]), *tap, tap[-1] - [0, 0.06, 0]], 0.016)
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
