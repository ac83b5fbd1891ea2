"""A family of cars: saloon to bus, convertible, pickup, single-seater."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, RIGHT, SIDES, UP
from im2mesh.shapes.kit.bars import chain, point
from im2mesh.shapes.kit.choices import Rng, chance
from im2mesh.shapes.kit.copies import Solids, stand
from im2mesh.shapes.kit.machines import band, panel, road_wheel, slope
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import beam, box, capsule, ellipsoid, frustum, torus


@dataclass(frozen=True)
class Body:
    """A car's proportions: metres across and up, shares of the length along (0 in the middle)."""

    length: tuple[float, float]
    width: tuple[float, float]
    height: tuple[float, float]
    belt: float
    """Height of the windows' lower edge, as a share of the height."""
    wheel: tuple[float, float]
    axles: tuple[float, float]
    """Shares of the length at which the front and the rear axle are."""
    screen: tuple[float, float]
    """Shares of the length at which the windscreen's lower and upper edge are."""
    back: tuple[float, float]
    """Shares of the length at which the rear window's upper and lower edge are."""
    pillars: tuple[float, ...]
    """Shares of the length at which the side windows are divided."""


BODIES = {
    "saloon": Body(
        (4.3, 5.0),
        (1.75, 1.9),
        (1.38, 1.5),
        0.63,
        (0.31, 0.35),
        (0.31, -0.29),
        (0.22, 0.06),
        (-0.17, -0.33),
        (-0.05,),
    ),
    "hatchback": Body(
        (3.5, 4.2),
        (1.65, 1.82),
        (1.42, 1.55),
        0.61,
        (0.29, 0.34),
        (0.32, -0.31),
        (0.25, 0.1),
        (-0.35, -0.46),
        (-0.08,),
    ),
    "estate": Body(
        (4.5, 5.0),
        (1.75, 1.88),
        (1.42, 1.55),
        0.62,
        (0.31, 0.35),
        (0.32, -0.28),
        (0.24, 0.09),
        (-0.42, -0.485),
        (-0.03, -0.24),
    ),
    "suv": Body(
        (4.2, 5.0),
        (1.8, 2.0),
        (1.66, 1.95),
        0.62,
        (0.36, 0.42),
        (0.31, -0.29),
        (0.22, 0.12),
        (-0.43, -0.48),
        (-0.03, -0.24),
    ),
    "pickup": Body(
        (5.0, 5.7),
        (1.8, 2.0),
        (1.68, 1.9),
        0.6,
        (0.36, 0.42),
        (0.32, -0.3),
        (0.22, 0.13),
        (-0.07, -0.09),
        (0.03,),
    ),
    "van": Body(
        (4.6, 5.9),
        (1.85, 2.1),
        (1.9, 2.5),
        0.52,
        (0.32, 0.37),
        (0.33, -0.3),
        (0.4, 0.27),
        (-0.475, -0.49),
        (0.12, -0.15),
    ),
    "bus": Body(
        (9.0, 12.0),
        (2.4, 2.6),
        (2.9, 3.3),
        0.45,
        (0.46, 0.52),
        (0.31, -0.27),
        (0.492, 0.475),
        (-0.485, -0.495),
        (0.34, 0.2, 0.06, -0.08, -0.22, -0.36),
    ),
    "convertible": Body(
        (3.8, 4.6),
        (1.7, 1.85),
        (1.25, 1.4),
        0.66,
        (0.3, 0.34),
        (0.32, -0.31),
        (0.16, 0.05),
        (-0.2, -0.25),
        (),
    ),
}


def road_car(rng: Rng, kind: str) -> Shape:
    """Make a car of one of the kinds in :data:`BODIES`."""
    u, body = rng.uniform, BODIES[kind]
    length, width, height = u(*body.length), u(*body.width), u(*body.height)
    belt, radius = body.belt * height * u(0.97, 1.03), u(*body.wheel)
    low, end = radius * u(0.62, 0.9), length / 2
    corner = u(0.06, 0.12) if kind in ("van", "bus") else u(0.14, 0.3)
    gap = radius * u(1.12, 1.2)  # of the wheel arch
    top = radius + gap
    belt = max(belt, top + 0.12)
    front, back = (share * length for share in body.axles)
    cowl, roof_front = (share * length for share in body.screen)
    roof_back, rear = (share * length for share in body.back)
    tyre = u(0.2, 0.25) if kind != "bus" else 0.3
    boxy = kind in ("van", "bus")
    nose = belt - (u(0.0, 0.04) if boxy else u(0.08, 0.2))
    nose = max(nose, top + 0.04)

    # Below: a narrow body between the wheels, full width where there are none.
    parts = [
        box((width - 2 * tyre - 0.12, belt - low - 0.02, length - 0.2), (0, (belt + low) / 2, 0))
    ]
    wide_end = end - corner
    for first, last in (
        (back + gap, front - gap),
        (front + gap, wide_end),
        (-wide_end, back - gap),
    ):
        middle = (0, (low + top) / 2, (first + last) / 2)
        if last - first > 0.05:
            parts.append(box((width, top - low + 0.02, last - first), middle))
    # Above the arches: cabin's flanks, a sloping bonnet, a boot.
    bed = kind == "pickup"
    flank_end = rear if bed else -wide_end
    parts.append(
        box((width, belt - top, cowl - flank_end), (0, (belt + top) / 2, (cowl + flank_end) / 2))
    )
    parts += panel(
        point(0, belt, cowl - 0.05), point(0, nose, wide_end), belt - top, nose - top, width, -UP
    )
    parts.append(
        ellipsoid(
            (0.42 * width, 0.09, 0.5 * (end - cowl) + 0.1),
            (0, (belt + nose) / 2 - 0.01, (cowl + end) / 2 - 0.05),
        )
    )
    parts += _ends(rng, (width, end, corner), (low, top), (nose, belt))
    shoulder = (belt + top) / 2
    for axle in (front, back):
        parts.append(frustum((-0.45 * width, radius, axle), (0.45 * width, radius, axle), 0.07))
    for side in SIDES:
        if not boxy:
            bulge = side * (width / 2 - 0.06)
            parts.append(
                capsule(
                    (bulge, shoulder, 0.05 - wide_end), (bulge, shoulder, wide_end - 0.05), 0.09
                )
            )
        for axle in (front, back):
            wheel = point(side * (width / 2 - tyre / 2 - 0.01), radius, axle)
            phase, count = 0.3, 5 if kind != "bus" else 8
            parts += road_wheel(wheel, radius, tyre, side, count, phase)
            lip = point(side * (width / 2 - 0.08), radius, axle)
            parts += band(lip, 1.2 * gap, 0.18, 0.4 * gap, 12, 168, 6)
        mirror = point(side * (width / 2 + 0.06), belt + 0.08, cowl - 0.25 * (cowl - roof_front))
        parts.append(ellipsoid((0.10, 0.075, 0.055), mirror))
        parts.append(capsule(mirror, mirror + point(-side * 0.16, -0.09, 0.0), 0.025))
    if kind == "convertible":
        parts += _open_cabin(rng, width, belt, height, cowl, roof_front, rear)
        return stand(parts)
    parts += _cabin(rng, body, kind, (length, width, belt, height))
    if bed:
        parts += _bed(width, low, top, belt, rear, end)
    if kind in ("suv", "estate") and chance(rng, 0.7):
        for side in SIDES:
            x = side * 0.34 * width
            parts.append(
                capsule(
                    (x, height + 0.06, roof_back + 0.1), (x, height + 0.06, roof_front - 0.1), 0.03
                )
            )
            for z in np.linspace(roof_back + 0.15, roof_front - 0.15, 3):
                parts.append(capsule((x, height - 0.03, z), (x, height + 0.06, z), 0.025))
    if kind == "suv" and chance(rng, 0.5):
        spare = point(0, (belt + top) / 2, -end - 0.07)
        parts.append(torus(0.72 * radius, 0.28 * radius, spare, FRONT))
        parts.append(frustum(spare - 0.08 * FRONT, spare + 0.12 * FRONT, 0.6 * radius))
    if kind == "saloon" and chance(rng, 0.25):
        parts.append(
            beam(
                (-0.4 * width, belt + 0.12, -end + 0.2),
                (0.4 * width, belt + 0.12, -end + 0.2),
                0.2,
                0.04,
                FRONT,
            )
        )
        for side in SIDES:
            parts.append(box((0.05, 0.16, 0.1), (side * 0.33 * width, belt + 0.05, -end + 0.2)))
    return stand(parts)


def _ends(
    rng: Rng,
    outline: tuple[float, float, float],
    bumper: tuple[float, float],
    crests: tuple[float, float],
) -> Solids:
    """Round corners, bumpers, lamps, grille and number plates of a car.

    Args:
        rng: draws the grille's width.
        outline: the body's width, half its length, and its corners' radius from above.
        bumper: the heights between which the bumpers are.
        crests: how high the body is in front and behind.
    """
    (width, end, corner), (low, top) = outline, bumper
    half, inner = width / 2, width / 2 - corner
    grille = rng.uniform(0.2, 0.3) * width
    middle = low + 0.45 * (top - low)
    parts: Solids = []
    for face, crest in zip((1, -1), crests, strict=True):
        z = face * (end - corner)
        parts.append(box((2 * inner, crest - low, 2 * corner), (0, (crest + low) / 2, z)))
        rim = face * (end - 0.03)
        parts.append(capsule((-inner, middle, rim), (inner, middle, rim), 0.10))
        parts.append(capsule((-inner, crest - 0.09, rim), (inner, crest - 0.09, rim), 0.08))
        parts.append(box((0.5, 0.13, 0.06), (0, middle, rim + face * 0.09)))
        for side in SIDES:
            bend = point(side * inner, 0, z)
            parts.append(frustum(bend + low * UP, bend + crest * UP, corner))
            side_end = point(side * (half - 0.02), middle, face * (end - corner - 0.4))
            turn = point(side * (half - 0.05), middle, face * (end - 0.7 * corner))
            parts += chain([side_end, turn, point(side * inner, middle, rim)], 0.075)
            lamp = bend + point(side * 0.5 * corner, crest - 0.14, face * 0.72 * corner)
            size = (0.15, 0.09, 0.10) if face > 0 else (0.10, 0.15, 0.10)
            parts.append(ellipsoid(size, lamp))
    for y in np.linspace(middle + 0.14, crests[0] - 0.12, 3):
        parts.append(capsule((-grille, y, end + 0.02), (grille, y, end + 0.02), 0.03))
    return parts


def _cabin(rng: Rng, body: Body, kind: str, lengths: tuple[float, float, float, float]) -> Solids:
    """Roof, pillars and glass that is set back; ``lengths``: length, width, belt, height."""
    length, width, belt, height = lengths
    cowl, roof_front = (share * length for share in body.screen)
    roof_back, rear = (share * length for share in body.back)
    boxy = kind in ("van", "bus")
    wide, narrow = (0.49, 0.47) if boxy else (0.47, rng.uniform(0.37, 0.41))
    wide, narrow = wide * width, narrow * width
    under = height - 0.06
    glass = 2 * narrow - 0.10
    run = roof_front - roof_back
    parts = [
        box((2 * narrow, 0.07, run), (0, height - 0.045, (roof_front + roof_back) / 2)),
        ellipsoid(
            (0.95 * narrow, 0.06, 0.5 * run), (0, height - 0.02, (roof_front + roof_back) / 2)
        ),
        box(
            (glass, under - belt + 0.1, run), (0, (under + belt) / 2, (roof_front + roof_back) / 2)
        ),
    ]
    inset = 0.05
    parts += slope(
        point(0, belt - 0.02, cowl - inset), point(0, under, roof_front - inset), glass, -1, 0.09
    )
    parts += slope(
        point(0, belt - 0.02, rear + inset), point(0, under, roof_back + inset), glass, 1, 0.09
    )
    thick = 0.11 if boxy else 0.09
    for side in SIDES:
        foot, head = side * (wide - 0.04), side * (narrow - 0.03)
        ends = ((cowl - 0.04, roof_front - 0.03, thick), (rear + 0.08, roof_back + 0.05, 0.17))
        for below, above, across in ends:
            parts.append(
                beam((foot, belt - 0.05, below), (head, under, above), across, 0.07, FRONT)
            )
        for share in body.pillars:
            z = share * length
            parts.append(beam((foot, belt - 0.05, z), (head, under, z), thick, 0.06, FRONT))
        rail = height - 0.06
        parts.append(capsule((head, rail, roof_back + 0.05), (head, rail, roof_front - 0.05), 0.05))
        if not boxy:
            parts.append(capsule((foot, belt, rear + 0.06), (foot, belt, cowl - 0.06), 0.035))
        if kind == "van":
            # A van for goods: closed sides behind the front doors.
            first, last = roof_back, body.pillars[0] * length
            middle = (side * (narrow - 0.04), (under + belt) / 2, (first + last) / 2)
            parts.append(box((0.08, under - belt + 0.06, last - first), middle))
            # A sliding door and its rail.
            door = point(side * (narrow - 0.01), (0.8 * under + 1.2 * belt) / 2, 0)
            door[2] = last - 0.13 * length
            parts.append(box((0.08, 0.85 * (under - belt) + 0.3, 0.22 * length), door))
            rail_y = belt + 0.12
            parts.append(
                capsule((side * wide, rail_y, first + 0.15), (side * wide, rail_y, last), 0.03)
            )
    for z in (roof_front - 0.03, roof_back + 0.03):
        parts.append(capsule((0.05 - narrow, under, z), (narrow - 0.05, under, z), 0.055))
    if kind == "bus":
        # The windscreens' middle posts, and a board with the destination.
        for top, foot in ((roof_front, cowl), (roof_back, rear)):
            face = math.copysign(1.0, foot)
            parts.append(
                beam((0, belt, foot - face * 0.02), (0, under, top - face * 0.02), 0.09, 0.1, RIGHT)
            )
            board = (0, under - 0.16, top - face * 0.03)
            parts.append(box((1.9 * narrow, 0.3, 0.14), board))
        parts.append(box((0.8, 0.18, 0.25 * length), (0, height + 0.06, -0.2 * length)))
        for side in SIDES:
            rim = side * (wide - 0.01)
            parts.append(box((0.06, 0.1, 0.97 * length), (rim, 0.62 * belt, 0)))
            parts.append(
                box((0.08, 0.22, 0.97 * length), (side * (narrow - 0.01), under - 0.08, 0))
            )
    return parts


def _open_cabin(
    rng: Rng, width: float, belt: float, height: float, cowl: float, top: float, rear: float
) -> Solids:
    """Make a convertible's windscreen in its frame, seats, steering wheel and folded hood."""
    half, back = 0.42 * width, belt + 0.35
    parts: Solids = []
    header = (top, height)
    for side in SIDES:
        foot = point(side * half, belt - 0.05, cowl)
        head = point(side * 0.9 * half, header[1], header[0])
        parts.append(beam(foot, head, 0.07, 0.05, FRONT))
        # Doors stand above the cockpit's floor.
        parts.append(
            capsule((side * half * 1.08, belt, rear), (side * half * 1.08, belt, cowl), 0.06)
        )
    parts.append(capsule((-0.9 * half, height, top), (0.9 * half, height, top), 0.035))
    parts.append(beam((0, belt - 0.05, cowl), (0, height, top), 1.7 * half, 0.036, RIGHT))
    parts.append(capsule((-half, belt + 0.02, cowl), (half, belt + 0.02, cowl), 0.06))
    for side in SIDES:
        x = side * 0.22 * width
        seat = (cowl + rear) / 2 - 0.15
        parts.append(beam((x, belt - 0.1, seat), (x, back, seat - 0.16), 0.24 * width, 0.14, RIGHT))
        parts.append(box((0.25 * width, 0.14, 0.5), (x, belt - 0.02, seat + 0.2)))
        parts.append(ellipsoid((0.13, 0.10, 0.08), (x, back + 0.08, seat - 0.18)))
    wheel = point(0.22 * width, belt + 0.16, cowl - 0.38)
    parts.append(torus(0.18, 0.022, wheel, (0, 0.45, -1)))
    parts.append(capsule(wheel, (0.22 * width, belt, cowl), 0.03))
    parts.append(capsule(wheel - 0.17 * RIGHT, wheel + 0.17 * RIGHT, 0.02))
    hood = rng.uniform(0.1, 0.14)
    parts.append(
        capsule((-0.36 * width, belt + 0.03, rear), (0.36 * width, belt + 0.03, rear), hood)
    )
    return parts


def _bed(width: float, low: float, top: float, belt: float, first: float, end: float) -> Solids:
    """Make a pickup's open bed behind its cabin: side walls, tailgate, floor."""
    middle, run, rise = (first - end) / 2, first + end, belt - top + 0.05
    parts = [
        box((width, belt - low, 0.09), (0, (belt + low) / 2, -end + 0.03)),
        box((width, rise, 0.09), (0, belt - rise / 2, first)),
    ]
    for side in SIDES:
        parts.append(box((0.1, rise, run), (side * (width / 2 - 0.05), belt - rise / 2, middle)))
        parts.append(
            capsule(
                (side * (width / 2 - 0.05), belt, 0.04 - end),
                (side * (width / 2 - 0.05), belt, first),
                0.06,
            )
        )
    return parts


def race_car(rng: Rng) -> Shape:
    """Make a single-seater for races: open wheels on wishbones, wings, a halo over the cockpit."""
    u = rng.uniform
    length, track = u(4.6, 5.4), u(0.76, 0.85)
    front, back = 0.32 * length, -0.34 * length
    parts = [
        frustum((0, 0.42, 0.05 * length), (0, 0.30, 0.47 * length), 0.27, 0.09),
        ellipsoid((0.09, 0.08, 0.2), (0, 0.30, 0.47 * length)),
        box((1.3, 0.06, 0.62 * length), (0, 0.13, -0.06 * length)),
        ellipsoid((0.33, 0.30, 0.22 * length), (0, 0.48, -0.12 * length)),
        frustum((0, 0.60, -0.08 * length), (0, 0.42, back - 0.1), 0.26, 0.12),
        capsule((0, 0.88, -0.1 * length), (0, 0.55, back), 0.11),
        torus(0.11, 0.04, (0, 0.90, -0.085 * length), FRONT),
        torus(0.29, 0.05, (0, 0.66, 0.06 * length), UP),
        ellipsoid((0.13, 0.16, 0.14), (0, 0.76, 0.05 * length)),
        box((0.5, 0.3, 0.36 * length), (0, 0.3, back + 0.07 * length)),
    ]
    if chance(rng, 0.6):
        halo = point(0, 0.9, 0.1 * length)
        parts.append(capsule((0, 0.6, 0.13 * length), halo, 0.03))
        for side in SIDES:
            bend = point(side * 0.27, 0.92, 0.03 * length)
            parts += chain([halo, bend, point(side * 0.27, 0.68, -0.04 * length)], 0.035)
    wide = u(0.75, 0.9)
    high = u(0.82, 0.98)
    for side in SIDES:
        pod = side * 0.46
        parts.append(capsule((pod, 0.36, 0.0), (pod * 0.75, 0.32, back + 0.35), 0.21))
        parts.append(beam((pod, 0.38, 0.0), (pod, 0.38, 0.06 * length), 0.4, 0.36, RIGHT))
        for axle, radius, tyre in ((front, 0.32, 0.32), (back, 0.34, 0.40)):
            wheel = point(side * track, radius, axle)
            parts += road_wheel(wheel, radius, tyre, side, 8, 0.0)
            for z in (-0.2, 0.2):
                for y in (-0.08, 0.10):
                    inner = point(side * 0.12, radius + y, axle + z)
                    parts.append(capsule(inner, wheel + point(-side * 0.1, y, 0), 0.022))
        parts += [
            box((0.04, 0.24, 0.5), (side * wide, 0.2, 0.47 * length)),
            box((0.045, 0.48, 0.5), (side * 0.5, high - 0.12, -0.47 * length)),
            box((0.05, high - 0.35, 0.2), (side * 0.12, 0.5 * high + 0.17, -0.44 * length)),
            ellipsoid((0.08, 0.06, 0.05), (side * 0.5, 0.68, 0.1 * length)),
            capsule((side * 0.5, 0.66, 0.1 * length), (side * 0.2, 0.5, 0.1 * length), 0.02),
        ]
    for y, z, chord in ((0.12, 0.48, 0.30), (0.20, 0.45, 0.18)):
        parts.append(box((2 * wide, 0.04, chord), (0, y, z * length)))
    parts.append(box((0.12, 0.3, 0.25), (0, 0.22, 0.46 * length)))
    for y, z in ((high, -0.47), (high - 0.14, -0.455)):
        parts.append(box((1.0, 0.045, 0.3), (0, y, z * length)))
    parts.append(box((0.3, 0.16, 0.45), (0, 0.40, -0.45 * length)))
    return stand(parts)


def car(rng: Rng) -> Shape:
    """Make a car: saloon, hatchback, estate, off-roader, pickup, van, bus, convertible or racer."""
    kinds = (*BODIES, "race")
    kind = str(rng.choice(kinds, p=[0.18, 0.14, 0.1, 0.14, 0.12, 0.09, 0.07, 0.08, 0.08]))
    return race_car(rng) if kind == "race" else road_car(rng, kind)
