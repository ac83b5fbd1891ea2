"""Tables and lamps."""

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
    around,
    bars,
    chain,
    chance,
    count,
    cushion,
    draw,
    four,
    front,
    handle,
    mirrored,
    moved,
    pick,
    shade,
    stand,
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

# --- table ------------------------------------------------------------------------------------


def table(rng: np.random.Generator) -> Shape:
    """Make a table: on legs, a pedestal or trestles; a desk; a glass table; a round side table."""
    kinds: dict[Make, float] = {
        _on_legs: 5.0,
        _pedestal: 3.0,
        _trestle: 2.0,
        _desk: 2.5,
        _framed: 1.5,
        _side: 1.5,
        _hairpin: 1.0,
        _console: 0.8,
        _tennis: 0.6,
    }
    return stand(*draw(rng, kinds))


def _top(
    rng: np.random.Generator, style: str, half: float, deep: float, high: float, thick: float
) -> list[Primitives]:
    """Make a table's top whose upper face is at y = ``high``."""
    y = high - thick / 2
    if style == "round":
        solids: list[Primitives] = [frustum((0, high - thick, 0), (0, high, 0), half)]
        if chance(rng, 0.4):
            solids.append(torus(half, thick / 2, (0, y, 0)))
        return solids
    if style == "oval":  # a rectangle between two half discs
        straight = half - deep
        solids = [box((2 * straight, thick, 2 * deep), (0, y, 0))]
        return solids + mirrored([frustum((straight, high - thick, 0), (straight, high, 0), deep)])
    if style == "planks":
        number = count(rng, 4, 7)
        wide = 2 * deep / number
        solids = [
            box((2 * half, thick, 0.93 * wide), (0, y, (k + 0.5) * wide - deep))
            for k in range(number)
        ]
        return solids + mirrored([box((0.09, thick + 0.012, 2 * deep), (half - 0.045, y, 0))])
    if style == "soft":
        return cushion((2 * half, thick, 2 * deep), (0, y, 0))
    return [box((2 * half, thick, 2 * deep), (0, y, 0))]


def _on_legs(rng: np.random.Generator) -> list[Primitives]:
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
        solids += mirrored([box((0.024, apron, 2 * z), (x, y, 0))])
        solids += mirrored([box((2 * x, apron, 0.024), (0, y, z))], axis=2)
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
            solids += mirrored([beam((x, y, -z), (x, y, z), size, size, UP)])
            solids.append(beam((-x, y, 0), (x, y, 0), size, size, UP))
    return solids


def _pedestal(rng: np.random.Generator) -> list[Primitives]:
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
    solids.append(frustum((0, high - thick - 0.05, 0), (0, high - thick + 0.005, 0), 0.07, 0.2))
    radius = uniform(rng, 0.03, 0.06)
    if style == "tulip":
        middle = high * uniform(rng, 0.35, 0.55)
        solids += [
            frustum((0, 0, 0), (0, 0.02, 0), foot, 0.97 * foot),
            frustum((0, 0.02, 0), (0, 0.09, 0), 0.95 * foot, 0.4 * foot),
            frustum((0, 0.09, 0), (0, middle, 0), 0.4 * foot, radius),
            frustum((0, middle, 0), (0, high - thick, 0), radius, 2.2 * radius),
        ]
        return solids
    solids.append(frustum((0, 0.06, 0), (0, high - thick, 0), radius))
    if style == "disc":
        solids.append(frustum((0, 0, 0), (0, 0.03, 0), foot, 0.96 * foot))
        solids.append(frustum((0, 0.03, 0), (0, 0.08, 0), 2.6 * radius, radius))
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
        solids.append(frustum((0, 0.15, 0), (0, 0.32 * high, 0), 1.6 * radius, 1.2 * radius))
    for k in range(arms):
        out = around(360 * k / arms + 30)
        knee = 0.6 * foot * out + np.array([0, 0.15, 0])
        tip = foot * out + np.array([0, 0.02, 0])
        solids += chain([np.array([0, 0.22, 0]), knee, tip], 0.026)
        solids.append(ellipsoid((0.045, 0.022, 0.045), tip))
    return solids


def _trestle(rng: np.random.Generator) -> list[Primitives]:
    """Make a long top on two trestles with a beam between them."""
    high, half = uniform(rng, 0.72, 0.78), uniform(rng, 0.75, 1.15)
    deep = half * uniform(rng, 0.38, 0.5)
    thick, size = uniform(rng, 0.035, 0.06), uniform(rng, 0.05, 0.09)
    solids = _top(rng, pick(rng, "plain", "planks"), half, deep, high, thick)
    x, wide = half * uniform(rng, 0.6, 0.8), 0.85 * deep
    low = high - thick + 0.008
    style = pick(rng, "A", "X", "I")
    side: list[Primitives] = [
        beam((x, low - size / 2, -wide), (x, low - size / 2, wide), size, size, RIGHT)
    ]
    if style == "I":
        side += [
            box((size, low, 2.2 * size), (x, low / 2, 0)),
            box((size, size, 2 * wide), (x, size / 2, 0)),
        ]
    elif style == "X":
        side += mirrored([beam((x, 0, wide), (x, low - size / 2, -wide), size, size, RIGHT)], 2)
    else:
        side += mirrored([beam((x, 0, wide), (x, low, 0.3 * wide), size, 0.8 * size, RIGHT)], 2)
        y = 0.3 * low
        side.append(beam((x, y, -0.8 * wide), (x, y, 0.8 * wide), 0.7 * size, 0.7 * size, RIGHT))
    solids += mirrored(side)
    y = low / 2 if style == "X" else (0.3 * low if style == "A" else uniform(rng, 0.15, 0.5) * low)
    solids.append(beam((-x, y, 0), (x, y, 0), 0.09, 0.035, UP))
    return solids


def _desk(rng: np.random.Generator) -> list[Primitives]:
    """Make a writing desk.

    One or two stacks of drawers, a modesty panel, perhaps a screen on it.
    """
    high, half, deep = uniform(rng, 0.72, 0.77), uniform(rng, 0.55, 0.85), uniform(rng, 0.28, 0.38)
    thick = uniform(rng, 0.025, 0.045)
    solids: list[Primitives] = [box((2 * half, thick, 2 * deep), (0, high - thick / 2, 0))]
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
            solids.append(front((x - wide / 2, float(a)), (x + wide / 2, float(b)), face))
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


def _framed(rng: np.random.Generator) -> list[Primitives]:
    """Make a low table: a plate on a frame of square tube, a second plate or bars below."""
    high, half = uniform(rng, 0.36, 0.48), uniform(rng, 0.45, 0.65)
    deep, size = half * uniform(rng, 0.5, 1.0), uniform(rng, 0.025, 0.045)
    x, z = half - size / 2, deep - size / 2
    solids: list[Primitives] = [
        box((2 * half + 0.04, 0.018, 2 * deep + 0.04), (0, high + 0.004, 0))
    ]
    for y in (high - size / 2, pick(rng, size / 2, 0.14)):
        solids += mirrored([box((size, size, 2 * deep), (x, y, 0))])
        solids += mirrored([box((2 * half, size, size), (0, y, z))], axis=2)
    solids += four((x, high - 0.002, z), (x, z), "square", size)
    style = pick(rng, "none", "plate", "bars", "cross")
    if style == "plate":
        solids.append(box((2 * x, 0.018, 2 * z), (0, 0.14, 0)))
        if chance(rng, 0.9):
            solids += mirrored([box((size, size, 2 * deep), (x, 0.14, 0))])
    elif style == "bars":
        y = 0.5 * high
        solids += mirrored(
            bars(
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


def _side(rng: np.random.Generator) -> list[Primitives]:
    """Make a small round table on three or four splayed legs, perhaps with a shelf."""
    high, radius = uniform(rng, 0.48, 0.65), uniform(rng, 0.22, 0.34)
    legs = pick(rng, 3, 3, 4)
    size = uniform(rng, 0.014, 0.024)
    spread = uniform(rng, 0.75, 1.05) * radius
    solids: list[Primitives] = [frustum((0, high - 0.025, 0), (0, high, 0), radius)]
    if chance(rng, 0.4):
        solids.append(torus(radius, 0.02, (0, high, 0)))
    for k in range(legs):
        out = around(360 * k / legs + 15)
        top = 0.6 * radius * out + np.array([0, high - 0.015, 0])
        solids.append(frustum(spread * out, top, 0.7 * size, size))
    if chance(rng, 0.5):
        y = uniform(rng, 0.25, 0.4) * high
        reach = spread + (0.6 * radius - spread) * y / high
        solids.append(frustum((0, y, 0), (0, y + 0.02, 0), reach))
    if chance(rng, 0.4):
        solids += [
            ellipsoid((0.05, 0.08, 0.05), (0.02, high + 0.075, 0)),
            frustum((0.02, high + 0.12, 0), (0.02, high + 0.22, 0), 0.02, 0.035),
        ]
    return solids


def _hairpin(rng: np.random.Generator) -> list[Primitives]:
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
    foot = np.array([x + out, radius, z + out])
    top = high - thick + 0.005
    leg = chain([(x - 0.13, top, z), foot, (x, top, z - 0.13)], radius)
    if chance(rng, 0.5):
        leg.append(capsule((x, top, z), foot, radius))
    return solids + mirrored(mirrored(leg), axis=2)


def _console(rng: np.random.Generator) -> list[Primitives]:
    """Make a narrow, high table for a wall: drawers, slim legs, a board low down."""
    half, deep, high = uniform(rng, 0.5, 0.75), uniform(rng, 0.15, 0.2), uniform(rng, 0.74, 0.88)
    body, size = uniform(rng, 0.1, 0.16), uniform(rng, 0.035, 0.05)
    solids: list[Primitives] = [
        box((2 * half + 0.06, 0.03, 2 * deep + 0.05), (0, high, 0)),
        box((2 * half, body, 2 * deep), (0, high - body / 2, 0)),
    ]
    edges = np.linspace(-half, half, count(rng, 2, 3) + 1)
    grip = pick(rng, "ball", "bow", "knob")
    for a, b in itertools.pairwise(edges):
        solids.append(front((float(a), high - body), (float(b), high - 0.015), deep))
        solids += handle(grip, (float(a + b) / 2, high - body / 2, deep + 0.02), 0.14, False, 0.013)
    corner = (half - size / 2, high - body + 0.02, deep - size / 2)
    solids += four(corner, (corner[0], corner[2]), pick(rng, "square", "taper", "turned"), size)
    if chance(rng, 0.7):
        solids.append(
            box((2 * half - 0.02, 0.025, 2 * deep - 0.02), (0, uniform(rng, 0.1, 0.2), 0))
        )
    return solids


def _tennis(rng: np.random.Generator) -> list[Primitives]:
    """Make a table tennis table: two halves, a net between them, folding legs."""
    half, deep, high = uniform(rng, 1.2, 1.4), uniform(rng, 0.68, 0.78), 0.76
    solids: list[Primitives] = mirrored(
        [box((half - 0.006, 0.035, 2 * deep), (half / 2 + 0.003, high - 0.018, 0))]
    )
    solids.append(box((0.1, 0.03, 1.6 * deep), (0, high - 0.045, 0)))
    net = uniform(rng, 0.14, 0.17)
    solids += [
        box((0.026, 0.026, 2 * deep + 0.3), (0, high + net, 0)),
        box((0.026, 0.026, 2 * deep + 0.3), (0, high + 0.02, 0)),
    ]
    for z in np.linspace(-deep - 0.14, deep + 0.14, 15):
        solids.append(box((0.024, net, 0.024), (0, high + net / 2, float(z))))
    for y in np.linspace(0.3, 0.7, 2) * net:
        solids.append(box((0.024, 0.022, 2 * deep + 0.28), (0, high + float(y), 0)))
    x, z = half * uniform(rng, 0.62, 0.8), 0.75 * deep
    leg: list[Primitives] = [
        box((0.05, high, 0.05), (x, high / 2, z)),
        beam((x, 0.22, z), (x - 0.42, high - 0.03, z), 0.035, 0.035, FRONT),
    ]
    solids += mirrored(mirrored(leg), axis=2)
    return solids + mirrored([box((0.04, 0.04, 2 * z), (x, 0.25, 0))])


# --- lamp -------------------------------------------------------------------------------------


def lamp(rng: np.random.Generator) -> Shape:
    """Make a lamp: desk, table, floor, arc, tripod, pendant, chandelier or street lamp."""
    kinds: dict[Make, float] = {
        _desk_lamp: 3.0,
        _table_lamp: 3.0,
        _floor_lamp: 2.0,
        _arc_lamp: 1.5,
        _tripod: 1.5,
        _pendant: 1.0,
        _chandelier: 1.5,
        _street: 1.5,
    }
    return stand(*draw(rng, kinds))


def _hood(
    rng: np.random.Generator, at: np.ndarray, aim: np.ndarray, size: float
) -> list[Primitives]:
    """Make a reflector at the end of an arm: a cone or a bell that opens towards ``aim``."""
    solids: list[Primitives] = [
        capsule(at - 0.1 * size * aim, at + 0.1 * size * aim, 0.17 * size),
        frustum(at, at + 0.32 * size * aim, 0.2 * size, 0.26 * size),
    ]
    wide = uniform(rng, 0.48, 0.62) * size
    start = at + 0.3 * size * aim
    length = uniform(rng, 0.5, 0.8) * size
    if chance(rng, 0.5):
        solids += shade(start + length * aim, -aim, length, wide, 0.25 * size, 0.05 * size)
        solids.append(ellipsoid((0.2 * size,) * 3, start + 0.3 * length * aim))
    else:
        solids.append(frustum(start, start + length * aim, 0.26 * size, wide))
        solids.append(torus(wide, 0.035 * size, start + length * aim, aim))
    return solids


def _desk_lamp(rng: np.random.Generator) -> list[Primitives]:
    """Two arms with joints between a foot and a reflector."""
    one, two = uniform(rng, 0.30, 0.42), uniform(rng, 0.28, 0.40)
    lean = np.radians(uniform(rng, 8, 35))
    reach = np.radians(uniform(rng, 40, 72))
    foot = np.array([0, 0.03, -0.05])
    elbow = foot + one * np.array([0, np.cos(lean), -np.sin(lean)])
    head = elbow + two * np.array([0, np.cos(reach), np.sin(reach)])
    down = np.radians(uniform(rng, 15, 60))
    aim = np.array([0, -np.cos(down), np.sin(down)])
    radius = uniform(rng, 0.010, 0.014)
    solids: list[Primitives] = []
    base = uniform(rng, 0.09, 0.13)
    if chance(rng, 0.7):
        solids.append(frustum((0, 0, -0.05), (0, 0.028, -0.05), base, 0.95 * base))
        solids.append(frustum((0, 0.02, -0.05), (0, 0.06, -0.05), 0.4 * base, 0.2 * base))
    else:
        solids.append(box((2 * base, 0.03, 1.6 * base), (0, 0.015, -0.05)))
        solids.append(box((0.05, 0.05, 0.05), (0, 0.04, -0.05)))
    if chance(rng, 0.4):  # double arms
        for start, end in ((foot, elbow), (elbow, head)):
            solids += mirrored([capsule(start + [0.018, 0, 0], end + [0.018, 0, 0], 0.008)])
    else:
        solids += [capsule(foot, elbow, radius), capsule(elbow, head, radius)]
    for joint in (foot, elbow, head):
        solids.append(capsule(joint - [0.03, 0, 0], joint + [0.03, 0, 0], 0.018))
    return solids + _hood(rng, head, aim, uniform(rng, 0.18, 0.26))


def _drum(
    rng: np.random.Generator, low: float, high: float, radius: float, stem: float
) -> list[Primitives]:
    """Make a textile shade around a stem that reaches up to y = ``stem``: hollow, or closed."""
    top = radius * uniform(rng, 0.45, 1.0)
    length = high - low
    solids: list[Primitives] = []
    if chance(rng, 0.65):
        solids += shade((0, low, 0), UP, length, radius, top, 0.018 * max(1.0, high))
        hub = np.array([0, low + 0.55 * length, 0])
        reach = radius + (top - radius) * 0.55
        for k in range(3):
            solids.append(capsule(hub, hub + reach * around(120 * k + 20), 0.009 * max(1, high)))
        solids.append(frustum((0, stem - 0.05, 0), hub, 0.012 * max(1, high)))
        solids.append(ellipsoid((0.035, 0.05, 0.035), hub))
    else:
        solids.append(frustum((0, low, 0), (0, high, 0), radius, top))
        solids.append(frustum((0, stem - 0.05, 0), (0, low + 0.01, 0), 0.014))
        solids.append(frustum((0, high - 0.005, 0), (0, high + 0.03, 0), 0.012))
        solids.append(ellipsoid((0.018, 0.018, 0.018), (0, high + 0.04, 0)))
    return solids


def _table_lamp(rng: np.random.Generator) -> list[Primitives]:
    """Make a turned or thrown body under a shade."""
    body, radius = uniform(rng, 0.2, 0.36), uniform(rng, 0.05, 0.1)
    style = pick(rng, "urn", "balls", "column", "bottle", "block")
    foot = uniform(rng, 0.07, 0.11)
    solids: list[Primitives] = [frustum((0, 0, 0), (0, 0.025, 0), foot, 0.9 * foot)]
    if style == "urn":
        solids += [
            ellipsoid((radius, 0.4 * body, radius), (0, 0.45 * body, 0)),
            frustum((0, 0.7 * body, 0), (0, body, 0), 0.5 * radius, 0.25 * radius),
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
        solids.append(frustum((0, 0.02, 0), (0, body, 0), 0.4 * radius, 0.3 * radius))
        for share in (0.12, 0.5, 0.9):
            solids.append(torus(0.4 * radius, 0.018, (0, share * body, 0)))
    elif style == "bottle":
        solids += [
            frustum((0, 0.02, 0), (0, 0.6 * body, 0), radius, 1.1 * radius),
            frustum((0, 0.6 * body, 0), (0, 0.8 * body, 0), 1.1 * radius, 0.3 * radius),
        ]
    else:
        solids.append(box((1.6 * radius, body, 1.6 * radius), (0, body / 2, 0)))
    solids.append(frustum((0, 0.7 * body, 0), (0, body + 0.09, 0), 0.013))
    low = body + uniform(rng, 0.01, 0.05)
    return solids + _drum(
        rng, low, low + uniform(rng, 0.16, 0.26), uniform(rng, 0.14, 0.21), body + 0.09
    )


def _floor_lamp(rng: np.random.Generator) -> list[Primitives]:
    """Make a tall pole: a shade on top, a bowl that shines up, or a reading arm."""
    high, foot = uniform(rng, 1.25, 1.6), uniform(rng, 0.13, 0.2)
    radius = uniform(rng, 0.014, 0.022)
    solids: list[Primitives] = [
        frustum((0, 0, 0), (0, 0.035, 0), foot, 0.93 * foot),
        frustum((0, 0.03, 0), (0, 0.09, 0), 0.35 * foot, radius),
        frustum((0, 0, 0), (0, high, 0), radius),
    ]
    for share in pick(rng, (), (0.5,), (0.33, 0.66)):
        solids.append(ellipsoid((2 * radius, 1.4 * radius, 2 * radius), (0, share * high, 0)))
    style = pick(rng, "shade", "shade", "bowl", "reading")
    if style == "bowl":
        wide = uniform(rng, 0.16, 0.24)
        solids.append(frustum((0, high - 0.02, 0), (0, high + 0.10, 0), 0.04, wide))
        solids.append(torus(wide, 0.014, (0, high + 0.10, 0)))
    else:
        low = high - 0.05
        solids += _drum(rng, low, low + uniform(rng, 0.22, 0.34), uniform(rng, 0.18, 0.28), high)
    if style == "reading":
        y = 0.68 * high
        tip = np.array([0, y + 0.05, 0.28])
        solids += chain([(0, y - 0.08, 0), (0, y + 0.08, 0.16), tip], 0.014)
        solids += _hood(rng, tip, np.array([0, -0.9, np.sqrt(0.19)]), 0.2)
    return solids


def _arc_lamp(rng: np.random.Generator) -> list[Primitives]:
    """Make a heavy foot and a long bow from which a shade hangs."""
    high, reach = uniform(rng, 0.9, 1.2), uniform(rng, 0.45, 0.65)
    radius = uniform(rng, 0.016, 0.024)
    foot = uniform(rng, 0.15, 0.22)
    solids: list[Primitives] = []
    if chance(rng, 0.5):
        solids.append(box((1.6 * foot, 0.12, 1.6 * foot), (0, 0.06, -reach)))
    else:
        solids.append(frustum((0, 0, -reach), (0, 0.07, -reach), foot, 0.9 * foot))
    end = uniform(rng, 5, 35)
    bow = arc((0, high, 0), reach, 180, end, FRONT, UP, 14)
    solids += chain([np.array([0, 0.05, -reach]), *bow], radius)
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


def _tripod(rng: np.random.Generator) -> list[Primitives]:
    """Three long legs that meet below a shade."""
    high, spread = uniform(rng, 1.0, 1.35), uniform(rng, 0.28, 0.42)
    radius = uniform(rng, 0.014, 0.024)
    hub = np.array([0, high, 0])
    solids: list[Primitives] = [frustum(hub - [0, 0.08, 0], hub + [0, 0.06, 0], 0.04, 0.035)]
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


def _pendant(rng: np.random.Generator) -> list[Primitives]:
    """Make a shade on a cord below a ceiling rose."""
    cord = uniform(rng, 0.25, 0.5)
    wide, tall = uniform(rng, 0.16, 0.26), uniform(rng, 0.14, 0.24)
    top = tall + cord
    solids: list[Primitives] = [
        frustum((0, top, 0), (0, top + 0.035, 0), 0.07, 0.055),
        frustum((0, tall - 0.01, 0), (0, top + 0.01, 0), 0.010),
        frustum((0, tall - 0.03, 0), (0, tall + 0.05, 0), 0.04, 0.022),
    ]
    style = pick(rng, "cone", "globe", "drum", "rings")
    if style == "cone":
        solids += shade((0, 0, 0), UP, tall, wide, 0.035, 0.016)
        solids.append(ellipsoid((0.045, 0.06, 0.045), (0, tall - 0.07, 0)))
    elif style == "globe":
        solids.append(ellipsoid((0.8 * wide,) * 3, (0, tall - 0.75 * wide, 0)))
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


def _chandelier(rng: np.random.Generator) -> list[Primitives]:
    """Make a stem below the ceiling with curved arms that bear candles or small shades."""
    arms, reach = count(rng, 5, 8), uniform(rng, 0.28, 0.4)
    top = uniform(rng, 0.5, 0.7)
    solids: list[Primitives] = [
        frustum((0, top, 0), (0, top + 0.03, 0), 0.07, 0.06),
        frustum((0, 0.05, 0), (0, top + 0.005, 0), 0.014),
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
            + np.array([0, 0.12 - 0.09 * np.sin(np.pi * s * 1.0) + 0.04 * s**3, 0])
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


def _street(rng: np.random.Generator) -> list[Primitives]:
    """Make a lamp post: a lantern on top, or one or two arms."""
    high = uniform(rng, 1.5, 2.0)
    radius = uniform(rng, 0.026, 0.036)
    solids: list[Primitives] = [
        frustum((0, 0, 0), (0, 0.05, 0), 3.4 * radius, 3 * radius),
        frustum((0, 0.04, 0), (0, 0.3, 0), 2 * radius, 1.5 * radius),
        torus(1.4 * radius, 0.5 * radius, (0, 0.3, 0)),
        frustum((0, 0.2, 0), (0, high, 0), 1.2 * radius, 0.8 * radius),
    ]
    style = pick(rng, "lantern", "lantern", "arm", "arms", "globes")
    if style == "lantern":
        top, wide = high + uniform(rng, 0.2, 0.28), uniform(rng, 0.10, 0.14)
        solids += [
            frustum((0, high - 0.03, 0), (0, high + 0.03, 0), 0.03, 0.6 * wide),
            frustum((0, top, 0), (0, top + 0.10, 0), 1.25 * wide, 0.25 * wide),
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
        solids.append(ellipsoid((0.11, 0.11, 0.11), (0, high + 0.08, 0)))
        for side in SIDES:
            bend = arc((side * 0.13, high - 0.12, 0), 0.13, 180, 360, (side * 1.0, 0, 0), UP, 6)
            solids += chain(bend, 0.017)
            solids.append(ellipsoid((0.1, 0.1, 0.1), bend[-1] + [0, 0.08, 0]))
    else:
        for side in SIDES if style == "arms" else (1,):
            bow = arc((side * 0.3, high, 0), 0.3, 180, 95, (side * 1.0, 0, 0), UP, 5)
            tip = bow[-1] + np.array([side * uniform(rng, 0.1, 0.3), 0.0, 0])
            solids += chain([*bow, tip], 0.022)
            head = tip + np.array([side * 0.15, -0.01, 0])
            solids.append(ellipsoid((0.2, 0.045, 0.085), head))
            solids.append(ellipsoid((0.12, 0.05, 0.06), head - [0, 0.03, 0]))
    return solids
