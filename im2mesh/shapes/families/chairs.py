"""Chairs."""

from __future__ import annotations

import numpy as np

from im2mesh.shapes.kit.axes import FRONT, RIGHT, SIDES, UP, around, tilt
from im2mesh.shapes.kit.bars import arc, ball, chain, column, line, point, strip
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, pick, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored, stand
from im2mesh.shapes.kit.furniture import four, star
from im2mesh.shapes.kit.soft import cushion
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import beam, box, capsule, ellipsoid, frustum, torus


def chair(rng: Rng) -> Shape:
    """Make a chair: dining, rocking, easy, wing, office, bar, cantilever or folding."""
    kinds: dict[Make, float] = {
        _dining: 8.0, _easy: 2.0, _wing: 1.5, _office: 3.0, _bar_stool: 2.0, _cantilever: 1.5,
        _folding: 1.5, _tub: 1.5,
    }  # fmt: skip
    return stand(draw(rng, kinds))


class _Back:
    """The surface of a chair's back: wider or narrower, leaning, and curved as drawn."""

    def __init__(self, rng: Rng, half: float, seat: float, rear: float) -> None:
        self.low, self.high = half, half * uniform(rng, 0.85, 1.12)
        self.seat, self.top = seat, seat + uniform(rng, 0.34, 0.62)
        self.rear, self.lean = rear, uniform(rng, 0.02, 0.28) * (self.top - seat)
        self.curve = uniform(rng, 0.02, 0.07) if chance(rng, 0.5) else 0.0

    def at(self, across: float, share: float) -> np.ndarray:
        """Return the (3,) point at −1…1 from left to right and 0…1 from the seat to the top."""
        return point(
            across * (self.low + (self.high - self.low) * share),
            self.seat + (self.top - self.seat) * share,
            -self.rear - self.lean * share - self.curve * (1 - across * across),
        )

    def rail(self, share: float, height: float, thickness: float) -> Solids:
        """Make a board from side to side."""
        places = np.linspace(-1, 1, 6 if self.curve else 2)
        points = [self.at(u, share) for u in places]
        return strip(points, height, thickness, self.at(0, 1) - self.at(0, 0))

    def post(self, low: float, high: float, radius: float, square: bool) -> Solids:
        """Make the two posts at the sides."""
        start, end = self.at(1, low), self.at(1, high)
        if square:
            return mirrored(beam(start, end, 1.8 * radius, 1.8 * radius, RIGHT))
        return mirrored(frustum(start, end, radius, 0.8 * radius))

    def filled(self, rng: Rng, thickness: float) -> Solids:
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
                        solids.append(ball(1.8 * radius, line(start, end, 0.5)))
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


def _dining(rng: Rng) -> Solids:
    """Four legs, a seat, a back of many kinds; perhaps arms, perhaps rockers."""
    half, deep = uniform(rng, 0.19, 0.27), uniform(rng, 0.19, 0.26)
    seat, board = uniform(rng, 0.40, 0.50), uniform(rng, 0.025, 0.06)
    radius = uniform(rng, 0.013, 0.026)
    style = pick(rng, "square", "taper", "taper", "round", "turned", "cone")
    splay = uniform(rng, 0.0, 0.06) if style in ("taper", "round") else 0.0
    inset = radius + 0.005
    solids: Solids = []
    if chance(rng, 0.4):
        solids += cushion((2 * half, board + 0.02, 2 * deep), (0, seat, 0))
    elif chance(rng, 0.25):
        solids.append(column(seat - board / 2, seat + board / 2, half * 1.05))
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
        solids += mirrored(box((0.018, apron, 2 * top[2]), (top[0], seat - apron / 2, 0)))
        solids += mirrored(box((2 * top[0], apron, 0.018), (0, seat - apron / 2, top[2])), axis=2)
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
    rng: Rng, top: tuple[float, float, float], foot: tuple[float, float], radius: float
) -> Solids:
    """Make bars between four legs, low down, or none."""
    style = pick(rng, "none", "none", "H", "box", "sides")
    if style == "none":
        return []
    share = uniform(rng, 0.2, 0.5)
    x, z = foot[0] + (top[0] - foot[0]) * share, foot[1] + (top[2] - foot[1]) * share
    y = share * top[1]
    radius = max(radius, 0.008)
    solids = mirrored(capsule((x, y, z), (x, y, -z), radius))
    if style == "H":
        solids.append(capsule((-x, y, 0), (x, y, 0), radius))
    if style == "box":
        solids += mirrored(capsule((-x, y + 0.04, z), (x, y + 0.04, z), radius), axis=2)
    return solids


def _arms(rng: Rng, back: _Back, corner: tuple[float, float, float], radius: float) -> Solids:
    """Arm rests from the back's posts to a support above the front legs."""
    height = uniform(rng, 0.18, 0.26)
    share = height / (back.top - back.seat)
    rear = back.at(1, share)
    x, y, z = corner
    out = uniform(rng, 0.0, 0.05)
    end = point(x + out, y + height, z * uniform(rng, 0.5, 1.0))
    return mirrored(
        beam(rear, end + 0.04 * FRONT, uniform(rng, 0.03, 0.06), 0.024, RIGHT),
        frustum((x, y - 0.02, z * 0.9), end, 0.9 * radius, 0.7 * radius),
    )


def _easy(rng: Rng) -> Solids:
    """Make an upholstered armchair on short legs."""
    half, deep = uniform(rng, 0.27, 0.34), uniform(rng, 0.30, 0.38)
    seat, arm = uniform(rng, 0.36, 0.44), uniform(rng, 0.09, 0.18)
    high, top = seat + uniform(rng, 0.14, 0.24), seat + uniform(rng, 0.36, 0.55)
    legs = uniform(rng, 0.07, 0.18)
    lean = tilt(-uniform(rng, 4, 16))
    solids = [box((2 * half, seat - legs - 0.10, 2 * deep), (0, (seat - 0.10 + legs) / 2, 0))]
    solids += cushion((2 * half, 0.16, 1.9 * deep), (0, seat - 0.06, 0.1 * deep))
    length = top - legs - 0.05
    solids += cushion((2 * half + arm, length, 0.15), (0, top - length / 2, -deep), lean, thin=2)
    if chance(rng, 0.6):
        solids += cushion((1.8 * half, 0.34, 0.13), (0, seat + 0.17, -deep + 0.12), lean, thin=2)
    x = half + arm / 2
    if chance(rng, 0.4):  # rolled arms
        roll = arm * 0.62
        solids += mirrored(
            box((arm, high - roll - legs, 2 * deep), (x, (high - roll + legs) / 2, 0)),
            frustum((x, high - roll, -deep), (x, high - roll, deep + 0.02), roll),
        )
    else:
        solids += mirrored(
            *cushion((arm, high - legs, 2 * deep + 0.04), (x, (high + legs) / 2, 0), None, thin=0)
        )
    style = pick(rng, "taper", "round", "square")
    spread = 0.03 if style == "taper" else 0.0
    corner = (half + 0.3 * arm, legs + 0.03, deep - 0.06)
    solids += four(corner, (corner[0] + spread, corner[2] + spread), style, 0.05)
    return solids


def _wing(rng: Rng) -> Solids:
    """Make a high back with wings at the head, upholstered arms, turned or bent legs."""
    half, deep = uniform(rng, 0.26, 0.31), uniform(rng, 0.28, 0.34)
    seat, top = uniform(rng, 0.40, 0.46), uniform(rng, 1.02, 1.2)
    lean = uniform(rng, 6, 14)
    turn = tilt(-lean)
    back = point(0, seat - 0.05, -deep + 0.05)
    length = top - seat + 0.1
    solids = [box((2 * half + 0.1, 0.16, 2 * deep), (0, seat - 0.16, 0))]
    solids += cushion((2 * half, 0.14, 2 * deep), (0, seat - 0.03, 0.05))
    solids += cushion((2 * half + 0.12, length, 0.14), back + turn[:, 1] * length / 2, turn, 2)
    wing = uniform(rng, 0.16, 0.24)
    high = length * uniform(rng, 0.5, 0.62)
    middle = back + turn @ point(half + 0.05, length - high / 2, wing / 2)
    solids += mirrored(*cushion((0.08, high, wing + 0.1), middle, turn, 0))
    arm = seat + uniform(rng, 0.16, 0.22)
    solids += mirrored(
        box((0.09, arm - seat + 0.2, 2 * deep - 0.05), (half + 0.05, (arm + seat) / 2 - 0.1, 0)),
        capsule((half + 0.06, arm, -deep), (half + 0.06, arm, deep - 0.06), 0.065),
    )
    corner = (half, seat - 0.2, deep - 0.05)
    solids += four(corner, (half + 0.02, deep - 0.02), pick(rng, "taper", "turned"), 0.06)
    return solids


def _office(rng: Rng) -> Solids:
    """Make a swivel chair: star base on castors, column, padded seat and back, perhaps arms."""
    radius, seat = uniform(rng, 0.28, 0.34), uniform(rng, 0.44, 0.54)
    half, deep = uniform(rng, 0.22, 0.27), uniform(rng, 0.22, 0.26)
    arms = pick(rng, 5, 5, 5, 4, 6)
    solids = star(arms, radius, 0.13, 0.085, uniform(rng, 0.018, 0.028))
    for k in range(arms):
        out = around(360.0 * k / arms + 180.0)
        across = point(out[2], 0, -out[0])
        wheel = radius * out + point(0, 0.035, 0)
        for side in SIDES:
            middle = wheel + side * 0.016 * across
            solids.append(frustum(middle - 0.012 * across, middle + 0.012 * across, 0.035))
        solids.append(frustum(wheel, wheel + 0.05 * UP, 0.014))
    solids.append(column(0.09, 0.17, 0.045, 0.035))
    solids.append(column(0.15, seat - 0.05, 0.028, 0.022))
    solids.append(box((0.2, 0.04, 0.24), (0, seat - 0.045, -0.02)))
    solids += cushion((2 * half, uniform(rng, 0.06, 0.1), 2 * deep), (0, seat, 0))
    lean = uniform(rng, 4, 14)
    turn = tilt(-lean)
    low, length = uniform(rng, 0.06, 0.2), uniform(rng, 0.34, 0.68)
    foot = point(0, seat, -deep - 0.01)
    middle = foot + turn[:, 1] * (low + length / 2)
    if chance(rng, 0.3):  # a mesh back: a frame with cross pieces
        for share in np.linspace(-0.48, 0.48, count(rng, 5, 8)):
            at = middle + turn[:, 1] * length * share
            solids.append(capsule(at - [half * 0.88, 0, 0], at + [half * 0.88, 0, 0], 0.013))
        aside = point(half * 0.88, 0, 0)
        end = turn[:, 1] * length / 2
        solids += mirrored(capsule(middle - end + aside, middle + end + aside, 0.018))
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
        solids += mirrored(*rest, *cushion((0.075, 0.03, 0.26), (x, y, 0)))
    return solids


def _bar_stool(rng: Rng) -> Solids:
    """Make a tall stool with a low back, on four legs or on a column with a foot."""
    half, seat = uniform(rng, 0.17, 0.22), uniform(rng, 0.62, 0.80)
    solids: Solids = []
    if chance(rng, 0.5):
        solids.append(column(seat - 0.03, seat + 0.03, half))
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
            solids += mirrored(capsule((x, y, x), (x, y, -x), 0.011))
            solids += mirrored(capsule((-x, y, x), (x, y, x), 0.011), axis=2)
    else:
        foot_radius = uniform(rng, 0.18, 0.24)
        solids += [
            column(0, 0.025, foot_radius, 0.9 * foot_radius),
            column(0.02, 0.08, 0.4 * foot_radius, 0.03),
            column(0.02, seat, 0.028),
            torus(0.15, 0.012, (0, 0.26, 0.0)),
            capsule((-0.15, 0.26, 0), (0.15, 0.26, 0), 0.011),
        ]
    back = _Back(rng, 0.9 * half, seat, 0.85 * half)
    back.top = seat + uniform(rng, 0.22, 0.38)
    solids += back.post(-0.05, 0.9, 0.016, chance(rng, 0.5))
    height = uniform(rng, 0.35, 0.6) * (back.top - seat)
    solids += back.rail(1 - height / 2 / (back.top - seat), height, uniform(rng, 0.02, 0.04))
    return solids


def _cantilever(rng: Rng) -> Solids:
    """Make a bent tube: on the floor, up at the front, back under the seat, up again."""
    half, deep = uniform(rng, 0.20, 0.25), uniform(rng, 0.21, 0.25)
    seat, top = uniform(rng, 0.42, 0.48), uniform(rng, 0.78, 0.92)
    radius, lean = uniform(rng, 0.011, 0.016), uniform(rng, 0.02, 0.12)
    bend = 0.07
    low = arc((half, bend, deep - bend), bend, -90, 0, FRONT, UP, 3)
    high = arc((half, seat - bend, deep - bend), bend, 0, 90, FRONT, UP, 3)
    rear, head = point(half, seat, -deep), point(half, top, -deep - lean)
    side = [point(half, 0.0, -deep), *low, *high, rear, head]
    solids = mirrored(*chain(side, radius))
    solids.append(capsule((-half, 0, -deep), (half, 0, -deep), radius))
    solids += cushion((2 * half, uniform(rng, 0.03, 0.07), 2 * deep), (0, seat + 0.015, 0.01))
    height = uniform(rng, 0.5, 0.9) * (top - seat - 0.08)
    middle = line(rear, head, 1 - height / 2 / (top - seat)) * [0, 1, 1]
    turn = tilt(-float(np.degrees(np.arctan2(lean, top - seat))))
    solids += cushion((2 * half + 0.02, height + 0.03, 0.04), middle, turn, 2)
    if chance(rng, 0.4):
        arm = seat + 0.2
        tip = point(half, arm, deep - 0.05)
        solids += mirrored(*chain([line(rear, head, 0.2 / (top - seat)), tip, high[0]], radius))
    return solids


def _folding(rng: Rng) -> Solids:
    """Make crossed legs, the rear pair rising to the back; slats or plates."""
    half, seat = uniform(rng, 0.19, 0.24), uniform(rng, 0.42, 0.48)
    top, reach = uniform(rng, 0.78, 0.95), uniform(rng, 0.19, 0.25)
    size = uniform(rng, 0.02, 0.032)
    front_foot = point(half, 0, reach)
    head = point(half, top, -reach * uniform(rng, 0.9, 1.3))
    rear_foot = point(half - size, 0, -reach * 1.1)
    seat_front = point(half - size, seat, reach * 0.9)
    solids = mirrored(
        beam(front_foot, head, size, size, RIGHT), beam(rear_foot, seat_front, size, size, RIGHT)
    )
    rear = line(front_foot, head, seat / top)
    for foot, end in ((front_foot, head), (rear_foot, seat_front)):
        at = line(foot, end, uniform(rng, 0.15, 0.3))
        solids.append(capsule(at * [-1, 1, 1], at, 0.5 * size))
    wide = 2 * half + size
    low_z = min(rear[2], -0.6 * reach)
    if chance(rng, 0.6):
        number = count(rng, 4, 7)
        places = np.linspace(low_z, reach, number)
        deep = 0.7 * (reach - low_z) / (number - 1)
        solids += [box((wide, 0.02, deep), (0, seat + 0.005, z)) for z in places]
        solids += mirrored(
            beam((half - size, seat, low_z), (half - size, seat, reach), size, 0.02, RIGHT)
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


def _tub(rng: Rng) -> Solids:
    """Make a round back that runs into the arms.

    A shell, or a bow on spindles; legs or a column.
    """
    radius, seat = uniform(rng, 0.25, 0.30), uniform(rng, 0.42, 0.47)
    low = seat + uniform(rng, 0.14, 0.22)
    shell = chance(rng, 0.5)
    high = seat + (uniform(rng, 0.36, 0.46) if shell else uniform(rng, 0.26, 0.34))
    gap = uniform(rng, 62, 85)  # degrees from the front where the arms start
    solids = [column(seat - 0.03, seat + 0.02, radius)]
    if shell or chance(rng, 0.5):
        solids.append(ellipsoid((0.95 * radius, 0.06, 0.95 * radius), (0, seat + 0.02, 0)))

    def edge(angle: float) -> np.ndarray:
        # Low along the arms, rising steeply towards the middle of the back.
        share = (0.5 - 0.5 * np.cos(2 * np.pi * (angle - gap) / (360 - 2 * gap))) ** 1.7
        return (radius + 0.03 + 0.05 * share) * around(angle) + point(
            0, low + (high - low) * share, 0
        )

    if shell:
        angles = np.linspace(gap, 360 - gap, 19)
        wide = 2 * np.pi * radius * (360 - 2 * gap) / 360 / len(angles) * 1.45
        for angle in angles:
            out, end = around(angle), edge(angle)
            solids.append(
                beam(radius * out + [0, seat - 0.03, 0], end, wide, 0.035, np.cross(out, UP))
            )
    else:
        angles = np.linspace(gap, 360 - gap, 2 * count(rng, 4, 7) + 1)
        for angle in angles:
            foot = 0.9 * radius * around(angle) + point(0, seat, 0)
            solids.append(frustum(foot, edge(angle), 0.011))
    rim = [edge(angle) for angle in np.linspace(gap - 2, 362 - gap, 23)]
    solids += chain(rim, 0.024)
    if chance(rng, 0.7):
        spread = uniform(rng, 0.02, 0.08)
        top = (0.6 * radius, seat - 0.02, 0.6 * radius)
        solids += four(top, (top[0] + spread, top[2] + spread), pick(rng, "taper", "round"), 0.036)
    else:
        solids += star(count(rng, 4, 5), 0.9 * radius, 0.09, 0.02, 0.02)
        solids.append(column(0.07, seat, 0.03))
    return solids
