"""Furniture to sit on: chair, sofa, bench."""

from __future__ import annotations

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
    line,
    mirrored,
    pick,
    pillow,
    stand,
    star,
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

# --- chair ------------------------------------------------------------------------------------


def chair(rng: np.random.Generator) -> Shape:
    """Make a chair: dining, rocking, easy, wing, office, bar, cantilever or folding."""
    kinds: dict[Make, float] = {
        _dining: 8.0,
        _easy: 2.0,
        _wing: 1.5,
        _office: 3.0,
        _bar_stool: 2.0,
        _cantilever: 1.5,
        _folding: 1.5,
        _tub: 1.5,
    }
    return stand(*draw(rng, kinds))


class _Back:
    """The surface of a chair's back: wider or narrower, leaning, and curved as drawn."""

    def __init__(self, rng: np.random.Generator, half: float, seat: float, rear: float) -> None:
        self.low, self.high = half, half * uniform(rng, 0.85, 1.12)
        self.seat, self.top = seat, seat + uniform(rng, 0.34, 0.62)
        self.rear, self.lean = rear, uniform(rng, 0.02, 0.28) * (self.top - seat)
        self.curve = uniform(rng, 0.02, 0.07) if chance(rng, 0.5) else 0.0

    def at(self, across: float, share: float) -> np.ndarray:
        """Return the (3,) point at −1…1 from left to right and 0…1 from the seat to the top."""
        return np.array(
            [
                across * (self.low + (self.high - self.low) * share),
                self.seat + (self.top - self.seat) * share,
                -self.rear - self.lean * share - self.curve * (1 - across * across),
            ]
        )

    def rail(self, share: float, height: float, thickness: float) -> list[Primitives]:
        """Make a board from side to side."""
        places = np.linspace(-1, 1, 6 if self.curve else 2)
        points = [self.at(u, share) for u in places]
        return strip(points, height, thickness, self.at(0, 1) - self.at(0, 0))

    def post(self, low: float, high: float, radius: float, square: bool) -> list[Primitives]:
        """Make the two posts at the sides."""
        start, end = self.at(1, low), self.at(1, high)
        if square:
            return mirrored([beam(start, end, 1.8 * radius, 1.8 * radius, RIGHT)])
        return mirrored([frustum(start, end, radius, 0.8 * radius)])

    def filled(self, rng: np.random.Generator, thickness: float) -> list[Primitives]:
        """Make the rails and the parts between them."""
        style = pick(rng, "slats", "ladder", "panel", "spindles", "cross", "splat")
        length = self.top - self.seat
        crest = uniform(rng, 0.05, 0.13)
        solids = self.rail(1 - crest / 2 / length, crest, thickness)
        bottom = uniform(rng, 0.1, 0.3)
        high = 1 - crest / length
        if style == "ladder":
            number = count(rng, 2, 5)
            height = uniform(rng, 0.25, 0.6) * (high - bottom) * length / number
            for share in np.linspace(bottom, high - 0.5 * (high - bottom) / number, number):
                solids += self.rail(share, height, thickness)
        elif style == "panel":
            if chance(rng, 0.5):
                bottom = 0.0
            solids += self.rail((bottom + high) / 2, (high - bottom) * length * 1.05, thickness)
        else:
            solids += self.rail(bottom, uniform(rng, 0.025, 0.05), thickness)
            if style == "slats":
                number, width = count(rng, 3, 6), uniform(rng, 0.3, 0.6)
                width *= 2 * self.low / (number + 1)
                for u in np.linspace(-1, 1, number + 2)[1:-1]:
                    start, end = self.at(u, bottom), self.at(u, high + 0.03)
                    solids.append(beam(start, end, width, 0.8 * thickness, RIGHT))
            elif style == "spindles":
                number, radius = count(rng, 4, 8), uniform(rng, 0.006, 0.011)
                for u in np.linspace(-1, 1, number + 2)[1:-1]:
                    start, end = self.at(u, bottom), self.at(u, high + 0.03)
                    solids.append(frustum(start, end, radius))
                    if chance(rng, 0.3):
                        solids.append(ellipsoid((1.8 * radius,) * 3, line(start, end, 0.5)))
            elif style == "cross":
                width = uniform(rng, 0.022, 0.045)
                for side in SIDES:
                    points = [
                        self.at(side * u, share)
                        for u, share in zip(
                            np.linspace(-1, 1, 5), np.linspace(bottom, high, 5), strict=True
                        )
                    ]
                    solids += strip(points, width, 0.8 * thickness, RIGHT)
            else:  # a splat: one broad board in the middle, narrower half way up
                width = uniform(rng, 0.5, 0.9) * self.low
                start, end = self.at(0, bottom), self.at(0, high + 0.03)
                middle = line(start, end, 0.5)
                solids.append(beam(start, end, 0.6 * width, 0.8 * thickness, RIGHT))
                solids.append(beam(line(start, end, 0.6), end, width, 0.8 * thickness, RIGHT))
                solids.append(torus(0.27 * width, 0.012, middle, self.normal))
        return solids

    @property
    def normal(self) -> np.ndarray:
        """(3,) the direction in which one leans on it."""
        along = self.at(0, 1) - self.at(0, 0)
        return np.cross(along, RIGHT)


def _dining(rng: np.random.Generator) -> list[Primitives]:
    """Four legs, a seat, a back of many kinds; perhaps arms, perhaps rockers."""
    half, deep = uniform(rng, 0.19, 0.27), uniform(rng, 0.19, 0.26)
    seat, board = uniform(rng, 0.40, 0.50), uniform(rng, 0.025, 0.06)
    radius = uniform(rng, 0.013, 0.026)
    style = pick(rng, "square", "taper", "taper", "round", "turned", "cone")
    splay = uniform(rng, 0.0, 0.06) if style in ("taper", "round") else 0.0
    inset = radius + 0.005
    solids: list[Primitives] = []
    if chance(rng, 0.4):
        solids += cushion((2 * half, board + 0.02, 2 * deep), (0, seat, 0))
    elif chance(rng, 0.25):
        solids.append(frustum((0, seat - board / 2, 0), (0, seat + board / 2, 0), half * 1.05))
        deep, inset = half, 0.32 * half
    else:
        solids.append(box((2 * half, board, 2 * deep), (0, seat, 0)))
        if chance(rng, 0.4):
            solids += cushion((1.85 * half, 0.045, 1.85 * deep), (0, seat + board / 2 + 0.015, 0))
    top = (half - inset, seat, deep - inset)
    foot = (top[0] + splay, top[2] + splay)
    solids += four(top, foot, style, 2.2 * radius)
    rear = deep - inset
    back = _Back(rng, half - inset, seat, rear)
    square = style in ("square", "cone") or chance(rng, 0.3)
    solids += back.post(-0.04, 1, radius, square)
    solids += back.filled(rng, uniform(rng, 0.014, 0.028))
    if style != "turned" and chance(rng, 0.6):  # an apron
        apron = uniform(rng, 0.04, 0.07)
        solids += mirrored([box((0.018, apron, 2 * top[2]), (top[0], seat - apron / 2, 0))])
        solids += mirrored([box((2 * top[0], apron, 0.018), (0, seat - apron / 2, top[2]))], 2)
    solids += _stretchers(rng, top, foot, 0.55 * radius)
    if chance(rng, 0.3):
        solids += _arms(rng, back, (top[0], seat, top[2]), radius)
    if style in ("taper", "round", "square") and chance(rng, 0.12):  # a rocking chair
        bend = uniform(rng, 0.75, 1.0)
        for side in SIDES:
            middle = (side * foot[0], bend - 0.035, -0.04)
            points = arc(middle, bend, -117, -66, FRONT, UP, 8)
            solids += strip(points, 0.035, 0.03, RIGHT)
    return solids


def _stretchers(
    rng: np.random.Generator,
    top: tuple[float, float, float],
    foot: tuple[float, float],
    radius: float,
) -> list[Primitives]:
    """Make bars between four legs, low down, or none."""
    style = pick(rng, "none", "none", "H", "box", "sides")
    if style == "none":
        return []
    share = uniform(rng, 0.2, 0.5)
    x, z = foot[0] + (top[0] - foot[0]) * share, foot[1] + (top[2] - foot[1]) * share
    y = share * top[1]
    radius = max(radius, 0.008)
    solids = mirrored([capsule((x, y, z), (x, y, -z), radius)])
    if style == "H":
        solids.append(capsule((-x, y, 0), (x, y, 0), radius))
    if style == "box":
        solids += mirrored([capsule((-x, y + 0.04, z), (x, y + 0.04, z), radius)], axis=2)
    return solids


def _arms(
    rng: np.random.Generator, back: _Back, corner: tuple[float, float, float], radius: float
) -> list[Primitives]:
    """Arm rests from the back's posts to a support above the front legs."""
    height = uniform(rng, 0.18, 0.26)
    share = height / (back.top - back.seat)
    rear = back.at(1, share)
    x, y, z = corner
    out = uniform(rng, 0.0, 0.05)
    end = np.array([x + out, y + height, z * uniform(rng, 0.5, 1.0)])
    return mirrored(
        [
            beam(rear, end + 0.04 * np.array(FRONT), uniform(rng, 0.03, 0.06), 0.024, RIGHT),
            frustum((x, y - 0.02, z * 0.9), end, 0.9 * radius, 0.7 * radius),
        ]
    )


def _easy(rng: np.random.Generator) -> list[Primitives]:
    """Make an upholstered armchair on short legs."""
    half, deep = uniform(rng, 0.27, 0.34), uniform(rng, 0.30, 0.38)
    seat, arm = uniform(rng, 0.36, 0.44), uniform(rng, 0.09, 0.18)
    high, top = seat + uniform(rng, 0.14, 0.24), seat + uniform(rng, 0.36, 0.55)
    legs = uniform(rng, 0.07, 0.18)
    lean = tilt(-uniform(rng, 4, 16))
    solids: list[Primitives] = [
        box((2 * half, seat - legs - 0.10, 2 * deep), (0, (seat - 0.10 + legs) / 2, 0))
    ]
    solids += cushion((2 * half, 0.16, 1.9 * deep), (0, seat - 0.06, 0.1 * deep))
    length = top - legs - 0.05
    solids += cushion((2 * half + arm, length, 0.15), (0, top - length / 2, -deep), lean, thin=2)
    if chance(rng, 0.6):
        solids += cushion((1.8 * half, 0.34, 0.13), (0, seat + 0.17, -deep + 0.12), lean, thin=2)
    x = half + arm / 2
    if chance(rng, 0.4):  # rolled arms
        roll = arm * 0.62
        solids += mirrored(
            [
                box((arm, high - roll - legs, 2 * deep), (x, (high - roll + legs) / 2, 0)),
                frustum((x, high - roll, -deep), (x, high - roll, deep + 0.02), roll),
            ]
        )
    else:
        solids += mirrored(
            cushion((arm, high - legs, 2 * deep + 0.04), (x, (high + legs) / 2, 0), None, thin=0)
        )
    style = pick(rng, "taper", "round", "square")
    spread = 0.03 if style == "taper" else 0.0
    corner = (half + 0.3 * arm, legs + 0.03, deep - 0.06)
    solids += four(corner, (corner[0] + spread, corner[2] + spread), style, 0.05)
    return solids


def _wing(rng: np.random.Generator) -> list[Primitives]:
    """Make a high back with wings at the head, upholstered arms, turned or bent legs."""
    half, deep = uniform(rng, 0.26, 0.31), uniform(rng, 0.28, 0.34)
    seat, top = uniform(rng, 0.40, 0.46), uniform(rng, 1.02, 1.2)
    lean = uniform(rng, 6, 14)
    turn = tilt(-lean)
    back = np.array([0, seat - 0.05, -deep + 0.05])
    length = top - seat + 0.1
    solids: list[Primitives] = [box((2 * half + 0.1, 0.16, 2 * deep), (0, seat - 0.16, 0))]
    solids += cushion((2 * half, 0.14, 2 * deep), (0, seat - 0.03, 0.05))
    solids += cushion((2 * half + 0.12, length, 0.14), back + turn[:, 1] * length / 2, turn, 2)
    wing = uniform(rng, 0.16, 0.24)
    high = length * uniform(rng, 0.5, 0.62)
    middle = back + turn @ np.array([half + 0.05, length - high / 2, wing / 2])
    solids += mirrored(cushion((0.08, high, wing + 0.1), middle, turn, 0))
    arm = seat + uniform(rng, 0.16, 0.22)
    solids += mirrored(
        [
            box(
                (0.09, arm - seat + 0.2, 2 * deep - 0.05), (half + 0.05, (arm + seat) / 2 - 0.1, 0)
            ),
            capsule((half + 0.06, arm, -deep), (half + 0.06, arm, deep - 0.06), 0.065),
        ]
    )
    corner = (half, seat - 0.2, deep - 0.05)
    solids += four(corner, (half + 0.02, deep - 0.02), pick(rng, "taper", "turned"), 0.06)
    return solids


def _office(rng: np.random.Generator) -> list[Primitives]:
    """Make a swivel chair: star base on castors, column, padded seat and back, perhaps arms."""
    radius, seat = uniform(rng, 0.28, 0.34), uniform(rng, 0.44, 0.54)
    half, deep = uniform(rng, 0.22, 0.27), uniform(rng, 0.22, 0.26)
    arms = pick(rng, 5, 5, 5, 4, 6)
    solids = star(arms, radius, 0.13, 0.085, uniform(rng, 0.018, 0.028))
    for k in range(arms):
        out = around(360.0 * k / arms + 180.0)
        across = np.array([out[2], 0, -out[0]])
        wheel = radius * out + np.array([0, 0.035, 0])
        for side in SIDES:
            middle = wheel + side * 0.016 * across
            solids.append(frustum(middle - 0.012 * across, middle + 0.012 * across, 0.035))
        solids.append(frustum(wheel, wheel + 0.05 * np.array(UP), 0.014))
    solids.append(frustum((0, 0.09, 0), (0, 0.17, 0), 0.045, 0.035))
    solids.append(frustum((0, 0.15, 0), (0, seat - 0.05, 0), 0.028, 0.022))
    solids.append(box((0.2, 0.04, 0.24), (0, seat - 0.045, -0.02)))
    solids += cushion((2 * half, uniform(rng, 0.06, 0.1), 2 * deep), (0, seat, 0))
    lean = uniform(rng, 4, 14)
    turn = tilt(-lean)
    low, length = uniform(rng, 0.06, 0.2), uniform(rng, 0.34, 0.68)
    foot = np.array([0, seat, -deep - 0.01])
    middle = foot + turn[:, 1] * (low + length / 2)
    if chance(rng, 0.3):  # a mesh back: a frame with cross pieces
        for share in np.linspace(-0.48, 0.48, count(rng, 5, 8)):
            at = middle + turn[:, 1] * length * share
            solids.append(capsule(at - [half * 0.88, 0, 0], at + [half * 0.88, 0, 0], 0.013))
        aside = np.array([half * 0.88, 0, 0])
        end = turn[:, 1] * length / 2
        solids += mirrored([capsule(middle - end + aside, middle + end + aside, 0.018)])
    else:
        width = 2 * half * uniform(rng, 0.8, 1.0)
        solids += cushion((width, length, uniform(rng, 0.05, 0.09)), middle, turn, 2)
        if length < 0.5 and chance(rng, 0.4):  # a head rest
            head = middle + turn[:, 1] * (length / 2 + 0.11)
            solids += cushion((0.28, 0.13, 0.06), head, turn, 2)
            solids.append(beam(middle, head, 0.05, 0.025, RIGHT))
    solids.append(beam((0, seat - 0.06, -0.05), (0, seat - 0.06, -deep - 0.05), 0.07, 0.025, RIGHT))
    spine = middle - turn[:, 2] * 0.02
    solids.append(beam((0, seat - 0.07, -deep - 0.04), spine, 0.07, 0.03, RIGHT))
    if chance(rng, 0.7):
        x, y = half + 0.03, seat + uniform(rng, 0.17, 0.24)
        rest = [
            beam((x - 0.18, seat - 0.025, 0), (x, seat - 0.025, 0), 0.05, 0.02, FRONT),
            beam((x, seat - 0.035, 0), (x, y, 0), 0.05, 0.022, FRONT),
        ]
        if chance(rng, 0.4):  # a loop
            rest.append(beam((x, y, 0), (x, y - 0.02, -deep), 0.045, 0.025, RIGHT))
        solids += mirrored(rest + cushion((0.075, 0.03, 0.26), (x, y, 0)))
    return solids


def _bar_stool(rng: np.random.Generator) -> list[Primitives]:
    """Make a tall stool with a low back, on four legs or on a column with a foot."""
    half, seat = uniform(rng, 0.17, 0.22), uniform(rng, 0.62, 0.80)
    solids: list[Primitives] = []
    if chance(rng, 0.5):
        solids.append(frustum((0, seat - 0.03, 0), (0, seat + 0.03, 0), half))
        solids.append(torus(half, 0.03, (0, seat, 0)))
    else:
        solids += cushion((2 * half, 0.07, 2 * half), (0, seat, 0))
    if chance(rng, 0.6):
        spread, radius = uniform(rng, 0.02, 0.08), uniform(rng, 0.013, 0.02)
        top = (0.75 * half, seat, 0.75 * half)
        foot = (top[0] + spread, top[2] + spread)
        style = pick(rng, "round", "taper", "square")
        solids += four(top, foot, style, 2 * radius)
        for share in pick(rng, (0.35,), (0.3, 0.5)):
            x = foot[0] + (top[0] - foot[0]) * share
            y = seat * share
            solids += mirrored([capsule((x, y, x), (x, y, -x), 0.011)])
            solids += mirrored([capsule((-x, y, x), (x, y, x), 0.011)], axis=2)
    else:
        foot_radius = uniform(rng, 0.18, 0.24)
        solids += [
            frustum((0, 0, 0), (0, 0.025, 0), foot_radius, 0.9 * foot_radius),
            frustum((0, 0.02, 0), (0, 0.08, 0), 0.4 * foot_radius, 0.03),
            frustum((0, 0.02, 0), (0, seat, 0), 0.028),
            torus(0.15, 0.012, (0, 0.26, 0.0)),
            capsule((-0.15, 0.26, 0), (0.15, 0.26, 0), 0.011),
        ]
    back = _Back(rng, 0.9 * half, seat, 0.85 * half)
    back.top = seat + uniform(rng, 0.22, 0.38)
    solids += back.post(-0.05, 0.9, 0.016, chance(rng, 0.5))
    height = uniform(rng, 0.35, 0.6) * (back.top - seat)
    solids += back.rail(1 - height / 2 / (back.top - seat), height, uniform(rng, 0.02, 0.04))
    return solids


def _cantilever(rng: np.random.Generator) -> list[Primitives]:
    """Make a bent tube: on the floor, up at the front, back under the seat, up again."""
    half, deep = uniform(rng, 0.20, 0.25), uniform(rng, 0.21, 0.25)
    seat, top = uniform(rng, 0.42, 0.48), uniform(rng, 0.78, 0.92)
    radius, lean = uniform(rng, 0.011, 0.016), uniform(rng, 0.02, 0.12)
    bend = 0.07
    low = arc((half, bend, deep - bend), bend, -90, 0, FRONT, UP, 3)
    high = arc((half, seat - bend, deep - bend), bend, 0, 90, FRONT, UP, 3)
    rear, head = np.array([half, seat, -deep]), np.array([half, top, -deep - lean])
    side = [np.array([half, 0.0, -deep]), *low, *high, rear, head]
    solids = mirrored(chain(side, radius))
    solids.append(capsule((-half, 0, -deep), (half, 0, -deep), radius))
    solids += cushion((2 * half, uniform(rng, 0.03, 0.07), 2 * deep), (0, seat + 0.015, 0.01))
    height = uniform(rng, 0.5, 0.9) * (top - seat - 0.08)
    middle = line(rear, head, 1 - height / 2 / (top - seat)) * [0, 1, 1]
    turn = tilt(-float(np.degrees(np.arctan2(lean, top - seat))))
    solids += cushion((2 * half + 0.02, height + 0.03, 0.04), middle, turn, 2)
    if chance(rng, 0.4):
        arm = seat + 0.2
        tip = np.array([half, arm, deep - 0.05])
        solids += mirrored(chain([line(rear, head, 0.2 / (top - seat)), tip, high[0]], radius))
    return solids


def _folding(rng: np.random.Generator) -> list[Primitives]:
    """Make crossed legs, the rear pair rising to the back; slats or plates."""
    half, seat = uniform(rng, 0.19, 0.24), uniform(rng, 0.42, 0.48)
    top, reach = uniform(rng, 0.78, 0.95), uniform(rng, 0.19, 0.25)
    size = uniform(rng, 0.02, 0.032)
    front_foot = np.array([half, 0, reach])
    head = np.array([half, top, -reach * uniform(rng, 0.9, 1.3)])
    rear_foot = np.array([half - size, 0, -reach * 1.1])
    seat_front = np.array([half - size, seat, reach * 0.9])
    solids = mirrored(
        [
            beam(front_foot, head, size, size, RIGHT),
            beam(rear_foot, seat_front, size, size, RIGHT),
        ]
    )
    rear = line(front_foot, head, seat / top)
    for foot, end in ((front_foot, head), (rear_foot, seat_front)):
        at = line(foot, end, uniform(rng, 0.15, 0.3))
        solids.append(capsule(at * [-1, 1, 1], at, 0.5 * size))
    wide = 2 * half + size
    low_z = min(float(rear[2]), -0.6 * reach)
    if chance(rng, 0.6):
        number = count(rng, 4, 7)
        places = np.linspace(low_z, reach, number)
        deep = 0.7 * (reach - low_z) / (number - 1)
        solids += [box((wide, 0.02, deep), (0, seat + 0.005, z)) for z in places]
        solids += mirrored(
            [beam((half - size, seat, low_z), (half - size, seat, reach), size, 0.02, RIGHT)]
        )
        shares = np.linspace(0.97, 0.7, count(rng, 2, 4))
    else:
        solids += cushion((wide, 0.035, reach - low_z + 0.04), (0, seat, (reach + low_z) / 2))
        shares = np.array([0.89])
    height = 0.75 * (0.3 if len(shares) == 1 else 0.27 / (len(shares) - 1)) * top
    for share in shares:
        at = line(front_foot, head, share) * [0, 1, 1]
        ends = at - [half, 0, 0], at + [half, 0, 0]
        solids.append(beam(*ends, height, 0.02, head - front_foot))
    return solids


def _tub(rng: np.random.Generator) -> list[Primitives]:
    """Make a round back that runs into the arms.

    A shell, or a bow on spindles; legs or a column.
    """
    radius, seat = uniform(rng, 0.25, 0.30), uniform(rng, 0.42, 0.47)
    low = seat + uniform(rng, 0.14, 0.22)
    shell = chance(rng, 0.5)
    high = seat + (uniform(rng, 0.36, 0.46) if shell else uniform(rng, 0.26, 0.34))
    gap = uniform(rng, 62, 85)  # degrees from the front where the arms start
    solids: list[Primitives] = [frustum((0, seat - 0.03, 0), (0, seat + 0.02, 0), radius)]
    if shell or chance(rng, 0.5):
        solids.append(ellipsoid((0.95 * radius, 0.06, 0.95 * radius), (0, seat + 0.02, 0)))

    def edge(angle: float) -> np.ndarray:
        # Low along the arms, rising steeply towards the middle of the back.
        share = (0.5 - 0.5 * np.cos(2 * np.pi * (angle - gap) / (360 - 2 * gap))) ** 1.7
        return (radius + 0.03 + 0.05 * share) * around(angle) + np.array(
            [0, low + (high - low) * share, 0]
        )

    if shell:
        angles = np.linspace(gap, 360 - gap, 19)
        wide = 2 * np.pi * radius * (360 - 2 * gap) / 360 / len(angles) * 1.45
        for angle in angles:
            out, end = around(float(angle)), edge(float(angle))
            solids.append(
                beam(radius * out + [0, seat - 0.03, 0], end, wide, 0.035, np.cross(out, UP))
            )
    else:
        angles = np.linspace(gap, 360 - gap, 2 * count(rng, 4, 7) + 1)
        for angle in angles:
            foot = 0.9 * radius * around(float(angle)) + np.array([0, seat, 0])
            solids.append(frustum(foot, edge(float(angle)), 0.011))
    rim = [edge(float(angle)) for angle in np.linspace(gap - 2, 362 - gap, 23)]
    solids += chain(rim, 0.024)
    if chance(rng, 0.7):
        spread = uniform(rng, 0.02, 0.08)
        top = (0.6 * radius, seat - 0.02, 0.6 * radius)
        solids += four(top, (top[0] + spread, top[2] + spread), pick(rng, "taper", "round"), 0.036)
    else:
        solids += star(count(rng, 4, 5), 0.9 * radius, 0.09, 0.02, 0.02)
        solids.append(frustum((0, 0.07, 0), (0, seat, 0), 0.03))
    return solids


# --- sofa -------------------------------------------------------------------------------------


def sofa(rng: np.random.Generator) -> Shape:
    """Make a sofa.

    Upholstered, straight, with a chaise or around a corner; or on a wooden frame.
    """
    return stand(*draw(rng, {_upholstered: 5.0, _settee: 1.2, _buttoned: 1.0}))


def _upholstered(rng: np.random.Generator) -> list[Primitives]:
    """Two or three seats, straight, with a chaise, or around a corner."""
    kind = pick(rng, "straight", "straight", "straight", "chaise", "corner")
    seats = count(rng, 2, 3) if kind != "corner" else 2
    one, deep = uniform(rng, 0.56, 0.78), uniform(rng, 0.36, 0.46)  # half the depth
    arm = uniform(rng, 0.08, 0.24)
    legs = pick(rng, 0.0, uniform(rng, 0.04, 0.1), uniform(rng, 0.12, 0.2))
    seat = legs + uniform(rng, 0.28, 0.36)
    top, high = seat + uniform(rng, 0.32, 0.52), seat + uniform(rng, 0.12, 0.28)
    lean = tilt(-uniform(rng, 3, 14))
    half = seats * one / 2
    pad = uniform(rng, 0.12, 0.18)
    solids: list[Primitives] = [
        box(
            (2 * half + 0.02, seat - pad - legs + 0.03, 2 * deep),
            (0, (seat - pad + legs + 0.03) / 2, 0),
        )
    ]
    wall = uniform(rng, 0.12, 0.18)
    middles = (np.arange(seats) + 0.5) * one - half
    length = top - legs
    behind = np.array([0, legs + 0.02, -deep + wall / 2])
    solids += cushion((2 * half + 0.06, length, wall), behind + lean[:, 1] * length / 2, lean, 2)
    loose = chance(rng, 0.7)
    for x in middles:
        size = (one - 0.015, pad, 2 * deep - wall)
        solids += cushion(size, (x, seat - pad / 2, wall / 2 + 0.04))
        if loose:
            size = (one - 0.02, top - seat + uniform(rng, -0.06, 0.06), 0.17)
            middle = (x, seat + size[1] / 2 - 0.03, -deep + wall + 0.07)
            solids += cushion(size, middle, lean, 2)
    left_arm = right_arm = True
    if kind != "straight":
        long = uniform(rng, 0.6, 0.85) if kind == "chaise" else uniform(rng, 0.8, 1.3)
        side = half + one / 2 if kind == "corner" else half - one / 2
        width = one if kind == "chaise" else one + wall
        solids.append(
            box(
                (width, seat - pad - legs + 0.03, long + 0.1),
                (side, (seat - pad + legs + 0.03) / 2, deep + long / 2 - 0.05),
            )
        )
        solids += cushion(
            (width - 0.015, pad, long + 0.06), (side, seat - pad / 2, deep + long / 2)
        )
        if kind == "corner":
            right_arm = False
            whole = 2 * deep + long
            x = side + width / 2
            solids.append(box((width, seat - legs, 2 * deep), (side, (seat + legs) / 2, 0)))
            solids += cushion((wall, top - legs, whole), (x, (top + legs) / 2, long / 2), None, 0)
            solids += cushion(
                (width + half, top - legs - 0.01, wall),
                (side - half / 2, (top + legs) / 2, -deep + wall / 2),
                None,
                2,
            )
            if loose:
                for z in np.linspace(0, deep + long - one / 2, 2):
                    solids += cushion(
                        (0.16, top - seat, 0.9 * one),
                        (x - wall / 2 - 0.05, (top + seat) / 2 - 0.03, z),
                        None,
                        0,
                    )
        foot = deep + long - 0.06
        solids += _feet(side, 0.3 * one, foot, legs)
    style = pick(rng, "box", "box", "rolled", "round", "sloped")
    for at, wanted in ((-1, left_arm), (1, right_arm)):
        if wanted:
            solids += _sofa_arm(style, at * (half + arm / 2), arm, legs, high, deep)
    if legs:
        solids += four(
            (half - 0.06, legs + 0.04, deep - 0.07),
            (half - 0.06, deep - 0.07),
            pick(rng, "square", "taper", "round"),
            uniform(rng, 0.04, 0.06),
        )
        for side in SIDES:
            solids += _feet(side * (half + arm / 2), 0.0, deep - 0.07, legs)
    for _ in range(pick(rng, 0, 1, 2, 2, 3)):  # scatter cushions
        x = uniform(rng, -half + 0.22, half - 0.22)
        turn = tilt(-uniform(rng, 14, 30))
        size = (0.40, 0.36, 0.15)
        place = (x, seat + 0.15, -deep + wall + (0.22 if loose else 0.08))
        solids.append(pillow(size, place, turn))
    return solids


def _settee(rng: np.random.Generator) -> list[Primitives]:
    """Make a wooden frame with slats or rails for a back, open arms, and loose cushions."""
    seats, one = count(rng, 2, 3), uniform(rng, 0.52, 0.68)
    half, deep = seats * one / 2, uniform(rng, 0.33, 0.4)
    seat, high = uniform(rng, 0.28, 0.34), uniform(rng, 0.42, 0.52)
    size, lean = uniform(rng, 0.04, 0.06), uniform(rng, 0.10, 0.2)
    x, arm = half + size / 2, seat + uniform(rng, 0.26, 0.32)
    foot, head = np.array([x, seat, -deep]), np.array([x, seat + high, -deep - lean])
    splay = pick(rng, 0.0, 0.06)
    solids: list[Primitives] = mirrored(
        [
            beam((x, 0, deep + splay), (x, arm, deep - 0.05), size, size, RIGHT),
            beam((x, 0, -deep - splay), foot, size, size, RIGHT),
            beam(foot - [0, 0.03, 0], head, size, 0.8 * size, RIGHT),
            beam((x, arm, deep + 0.02), line(foot, head, (arm - seat) / high), 0.08, 0.03, RIGHT),
            box((size, 0.07, 2 * deep), (x, seat - 0.03, 0)),
        ]
    )
    solids += mirrored([box((2 * x, 0.08, 0.03), (0, seat - 0.03, deep - 0.03))], axis=2)
    for z in np.linspace(-0.8, 0.8, count(rng, 3, 6)) * deep:
        solids.append(box((2 * x, 0.03, 0.06), (0, seat - 0.02, float(z))))
    aside = np.array([2 * x, 0, 0])
    solids.append(beam(head - aside, head, 0.07, 0.035, UP))
    if chance(rng, 0.5):
        low = line(foot, head, 0.12)
        solids.append(beam(low - aside, low, 0.05, 0.03, UP))
        slat = (uniform(rng, 0.03, 0.06), 0.02)
        solids += bars((low - aside, low), (head - aside, head), count(rng, 9, 16), slat)
    else:
        for share in np.linspace(0.2, 0.75, count(rng, 2, 3)):
            at = line(foot, head, float(share))
            solids.append(beam(at - aside, at, 0.06, 0.025, UP))
    pad = uniform(rng, 0.10, 0.15)
    turn = tilt(-float(np.degrees(np.arctan2(lean, high))))
    for middle in (np.arange(seats) + 0.5) * one - half:
        solids += cushion(
            (one - 0.01, pad, 2 * deep - 0.05), (middle, seat - 0.012 + pad / 2, 0.03)
        )
        if chance(rng, 0.8):
            length = high * uniform(rng, 0.75, 0.95)
            at = line(foot, head, 0.5 * length / high + 0.1) * [0, 1, 1] + [middle, 0, 0]
            solids += cushion((one - 0.02, length, 0.14), at + 0.07 * turn[:, 2], turn, 2)
    return solids


def _buttoned(rng: np.random.Generator) -> list[Primitives]:
    """Make rolled arms as high as the back, which is studded with buttons and may rise in a bow."""
    half, deep = uniform(rng, 0.62, 0.95), uniform(rng, 0.36, 0.42)
    legs = uniform(rng, 0.08, 0.16)
    seat, top = uniform(rng, 0.40, 0.46), uniform(rng, 0.70, 0.80)
    roll, rise = uniform(rng, 0.09, 0.13), pick(rng, 0.0, 0.0, uniform(rng, 0.1, 0.22))
    solids: list[Primitives] = [
        box((2 * half, seat - 0.14 - legs, 2 * deep), (0, (seat - 0.14 + legs) / 2, 0)),
        box((2 * half, top - legs, 0.14), (0, (top + legs) / 2, -deep)),
    ]
    seats = count(rng, 1, 3)
    one = 2 * half / seats
    for k in range(seats):
        middle = (k + 0.5) * one - half
        solids += cushion((one - 0.01, 0.18, 2 * deep - 0.02), (middle, seat - 0.09, 0.05))

    def crest(u: float) -> np.ndarray:
        return np.array([u * half, top + rise * float(np.cos(np.pi * u / 2)) ** 2, -deep - 0.04])

    rim = [crest(float(u)) for u in np.linspace(-1, 1, 13 if rise else 2)]
    solids += chain(rim, roll)
    if rise:
        for k in range(11):
            point = crest((k + 0.5) / 5.5 - 1)
            solids.append(
                box(
                    (2.1 * half / 11, point[1] - seat, 0.12),
                    (point[0], (point[1] + seat) / 2, -deep),
                )
            )
    x, arm = half + 0.06, top - uniform(rng, 0.0, 0.12)
    solids += mirrored(
        [
            box((0.15, arm - legs, 2 * deep), (x, (arm + legs) / 2, 0)),
            frustum((x + 0.02, arm, -deep), (x + 0.02, arm, deep + 0.02), roll),
            torus(0.55 * roll, 0.02, (x + 0.02, arm, deep + 0.02), FRONT),
            ellipsoid((0.025, 0.025, 0.02), (x + 0.02, arm, deep + 0.03)),
        ]
    )
    columns, rows = count(rng, 6, 11), count(rng, 2, 3)
    for row, y in enumerate(np.linspace(seat + 0.09, top - 0.06, rows)):
        for u in np.linspace(-0.9, 0.9, columns - row % 2):
            solids.append(
                ellipsoid((0.022, 0.022, 0.016), (float(u) * half, float(y), -deep + 0.07))
            )
    corner = (half + 0.04, legs + 0.02, deep - 0.05)
    style = pick(rng, "turned", "taper", "round")
    return solids + four(corner, (corner[0], corner[2]), style, 0.07)


def _feet(x: float, apart: float, z: float, height: float) -> list[Primitives]:
    """Two feet, ``apart`` to the left and the right of x; none without height."""
    if not height:
        return []
    places = (x - apart, x + apart) if apart else (x,)
    return [
        frustum((at, 0, depth), (at, height + 0.04, depth), 0.02, 0.028)
        for at in places
        for depth in ((z,) if apart else (-z, z))
    ]


def _sofa_arm(
    style: str, x: float, arm: float, low: float, high: float, deep: float
) -> list[Primitives]:
    """Make one arm, from y = low to high, its middle at x."""
    if style == "box":
        return [box((arm, high - low, 2 * deep), (x, (high + low) / 2, 0))]
    if style == "rolled":
        roll = max(0.62 * arm, 0.09)
        y = high - roll
        return [
            box((arm, y - low, 2 * deep - 0.04), (x, (y + low) / 2, 0)),
            frustum((x, y, -deep), (x, y, deep + 0.01), roll),
            torus(0.6 * roll, 0.02, (x, y, deep + 0.01), FRONT),
        ]
    if style == "round":
        return cushion((arm, high - low, 2 * deep + 0.02), (x, (high + low) / 2, 0), None, 0)
    return [
        box((arm, high - low - 0.10, 2 * deep), (x, (high + low - 0.10) / 2, 0)),
        beam((x, high + 0.05, -deep), (x, high - 0.12, deep), arm, 0.09, RIGHT),
        box((arm, 0.12, 0.9 * deep), (x, high - 0.06, -deep / 2)),
    ]


# --- bench ------------------------------------------------------------------------------------


def bench(rng: np.random.Generator) -> Shape:
    """Make a bench: park, garden, backless, piano, picnic or stone."""
    kinds: dict[Make, float] = {
        _park: 7.0,
        _garden: 5.0,
        _slatted: 1.5,
        _piano: 1.0,
        _picnic: 0.5,
        _stone: 1.2,
    }
    return stand(*draw(rng, kinds))


def _park(rng: np.random.Generator) -> list[Primitives]:
    """Make slats along a seat and a leaning back, on two or three frames of iron."""
    half, seat = uniform(rng, 0.6, 1.0), uniform(rng, 0.40, 0.46)
    deep, high = uniform(rng, 0.38, 0.48), uniform(rng, 0.32, 0.44)
    size, lean = uniform(rng, 0.03, 0.045), uniform(rng, 0.08, 0.18)
    rear, lead = -deep / 2, deep / 2
    top = np.array([0, seat + high, rear - lean])
    corner = np.array([0, seat, rear])
    arms = chance(rng, 0.7)
    bent = chance(rng, 0.5)
    frames = [-half * 0.9, half * 0.9] + ([0.0] if half > 0.85 else [])
    solids: list[Primitives] = []
    for x in frames:
        at = np.array([x, 0, 0])
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
    ahead = np.array([0, lean, -high]) / np.hypot(lean, high) * [0, -1, -1]
    for place in np.linspace(0.98 - share / 2, 0.3, number):
        point = line(corner, top, place) + ahead * (size / 2 + thick / 2 - 0.004)
        ends = point - [half, 0, 0], point + [half, 0, 0]
        solids.append(beam(*ends, share * 0.75 * high, thick, top - corner))
    return solids


def _garden(rng: np.random.Generator) -> list[Primitives]:
    """Make a wooden bench: posts, arms, a slatted seat, a back of upright slats or a lattice."""
    half, seat = uniform(rng, 0.55, 0.95), uniform(rng, 0.40, 0.46)
    deep, high = uniform(rng, 0.20, 0.25), uniform(rng, 0.38, 0.5)
    post = uniform(rng, 0.045, 0.065)
    lean = uniform(rng, 0.03, 0.12)
    top = seat + high
    solids: list[Primitives] = mirrored(
        [
            box((post, seat + 0.22, post), (half, (seat + 0.22) / 2, deep)),
            box((post, seat + 0.02, post), (half, (seat + 0.02) / 2, -deep)),
            beam((half, seat, -deep), (half, top, -deep - lean), post, post, RIGHT),
            box((0.04, 0.06, 2 * deep), (half, seat - 0.05, 0)),
            box((0.04, 0.04, 2 * deep), (half, 0.14, 0)),
            box((1.5 * post, 0.028, 2 * deep + 0.10), (half, seat + 0.225, 0.0)),
        ]
    )
    solids += mirrored([box((2 * half, 0.07, 0.03), (0, seat - 0.05, deep))], axis=2)
    number = count(rng, 4, 7)
    wide = 2 * deep / number
    for z in np.linspace(-deep + wide / 2, deep, number):
        solids.append(box((2 * half + 0.01, 0.022, 0.75 * wide), (0, seat - 0.008, z)))
    curved = chance(rng, 0.35)
    rise = uniform(rng, 0.08, 0.14) if curved else 0.0

    def head(u: float) -> np.ndarray:
        return np.array([u * half, top + rise * (1 - u * u), -deep - lean])

    def foot(u: float) -> np.ndarray:
        return np.array([u * half, seat + 0.10, -deep - 0.2 * lean])

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


def _slatted(rng: np.random.Generator) -> list[Primitives]:
    """No back: planks on two or three trestles."""
    half, seat, deep = uniform(rng, 0.6, 1.0), uniform(rng, 0.40, 0.46), uniform(rng, 0.17, 0.23)
    number, thick = count(rng, 2, 5), uniform(rng, 0.03, 0.05)
    wide = 2 * deep / number
    solids: list[Primitives] = [
        box((2 * half, thick, 0.86 * wide), (0, seat, -deep + (k + 0.5) * wide))
        for k in range(number)
    ]
    inset = half * uniform(rng, 0.72, 0.9)
    style = pick(rng, "A", "U", "X")
    size = uniform(rng, 0.045, 0.08)
    low = seat - thick / 2 + 0.006
    trestle: list[Primitives] = [
        beam((inset, low - size / 2, -deep), (inset, low - size / 2, deep), size, size, RIGHT)
    ]
    if style == "X":
        trestle += mirrored(
            [beam((inset, 0, -deep), (inset, low - size / 2, deep), size, 0.7 * size, RIGHT)], 2
        )
    else:
        out = 0.03 if style == "A" else -size / 2
        trestle += mirrored(
            [beam((inset, 0, deep + out), (inset, low, deep - size / 2), size, size, RIGHT)], 2
        )
    solids += mirrored(trestle)
    if style != "U":
        y = low / 2 if style == "X" else low - size / 2
        solids.append(beam((-inset, y, 0), (inset, y, 0), 0.05, 0.03, UP))
    return solids


def _piano(rng: np.random.Generator) -> list[Primitives]:
    """Make a padded, buttoned seat on four legs with an apron."""
    half, deep = uniform(rng, 0.36, 0.55), uniform(rng, 0.16, 0.2)
    seat = uniform(rng, 0.44, 0.5)
    pad = uniform(rng, 0.09, 0.13)
    solids: list[Primitives] = cushion((2 * half, pad, 2 * deep), (0, seat, 0))
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
        solids += mirrored([capsule((top[0], 0.12, -top[2]), (top[0], 0.12, top[2]), 0.012)])
        solids.append(capsule((-top[0], 0.12, 0), (top[0], 0.12, 0), 0.012))
    return solids


def _picnic(rng: np.random.Generator) -> list[Primitives]:
    """Two benches in one piece with a table between them, on A-shaped frames."""
    half, high = uniform(rng, 0.75, 1.0), uniform(rng, 0.68, 0.76)
    seat, out = uniform(rng, 0.40, 0.46), uniform(rng, 0.62, 0.72)
    number, wide = count(rng, 4, 6), uniform(rng, 0.7, 0.8)
    solids: list[Primitives] = [
        box((2 * half, 0.04, 0.9 * wide / number), (0, high, wide * ((k + 0.5) / number - 0.5)))
        for k in range(number)
    ]
    solids += mirrored(
        [box((2 * half, 0.04, 0.12), (0, seat, out + z)) for z in (-0.066, 0.066)], axis=2
    )
    x = 0.72 * half
    side = [
        beam((x, seat - 0.06, -out - 0.1), (x, seat - 0.06, out + 0.1), 0.045, 0.09, RIGHT),
        beam((x, high - 0.055, -wide * 0.48), (x, high - 0.055, wide * 0.48), 0.045, 0.08, RIGHT),
    ]
    side += mirrored([beam((x, 0, out - 0.02), (x, high - 0.03, 0.2), 0.045, 0.085, RIGHT)], axis=2)
    solids += mirrored(side)
    solids += mirrored([beam((x, seat - 0.06, 0), (0.1, high - 0.03, 0), 0.06, 0.04, FRONT)])
    return solids


def _stone(rng: np.random.Generator) -> list[Primitives]:
    """Make a slab on two blocks or scrolls, perhaps with a slab for a back."""
    half, seat = uniform(rng, 0.55, 0.85), uniform(rng, 0.42, 0.48)
    deep, thick = uniform(rng, 0.2, 0.25), uniform(rng, 0.07, 0.12)
    x = half * uniform(rng, 0.6, 0.8)
    block = uniform(rng, 0.12, 0.2)
    solids: list[Primitives] = [box((2 * half, thick, 2 * deep), (0, seat, 0))]
    if chance(rng, 0.5):
        solids += mirrored(
            [
                box((block, seat, 1.6 * deep), (x, seat / 2, 0)),
                box((1.3 * block, 0.07, 1.9 * deep), (x, 0.035, 0)),
            ]
        )
    else:
        solids += mirrored(
            [
                box((1.2 * block, 0.06, 1.8 * deep), (x, 0.03, 0)),
                box((block, seat, 0.8 * deep), (x, seat / 2, 0)),
                frustum((x - block / 2, 0.14, 0), (x + block / 2, 0.14, 0), 0.1),
                frustum((x - block / 2, seat - 0.1, 0), (x + block / 2, seat - 0.1, 0), 0.13),
            ]
        )
    if chance(rng, 0.85):
        high = uniform(rng, 0.35, 0.45)
        thin = 0.6 * thick
        z = -deep + thin / 2 + 0.01
        solids.append(beam((0, seat, z), (0, seat + high, z - 0.05), 2 * half, thin, RIGHT))
        if chance(rng, 0.5):
            solids += mirrored([box((thin, 0.25, 1.9 * deep), (half - thin / 2, seat + 0.12, 0))])
    return solids
