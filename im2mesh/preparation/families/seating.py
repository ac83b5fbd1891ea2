"""Chairs, sofas and benches."""

from __future__ import annotations

import itertools
import math

import numpy as np

from im2mesh.preparation.families.parts import (
    RIGHT,
    SIDES,
    UP,
    Rng,
    arc,
    bar,
    chance,
    cushion,
    leg,
    mix,
    one_of,
    pick,
    pillow,
    slab,
    spread,
    tube,
    turn,
    vec,
)
from im2mesh.preparation.procedural import Shape
from im2mesh.preparation.solids import Primitives, beam, box, capsule, ellipsoid, frustum, torus

# --- chairs -----------------------------------------------------------------------------------


def chair(rng: Rng) -> Shape:
    """A chair of one of ten types."""
    return one_of(
        rng,
        (
            (dining_chair, 5.0),
            (windsor_chair, 1.2),
            (easy_chair, 1.6),
            (office_chair, 1.6),
            (bar_chair, 1.2),
            (stool_with_back, 0.8),
            (cantilever_chair, 1.0),
            (shell_chair, 1.2),
            (rocking_chair, 0.8),
            (deck_chair, 0.7),
        ),
    )


def _back_rails(width: float, low: float, high: float, back: float, lean: float) -> np.ndarray:
    """(2, 2, 3): the feet and the tops of the two posts of a back."""
    return np.array(
        [
            [vec(x * width / 2, low, back), vec(x * width / 2 * 1.04, high, back - lean)]
            for x in SIDES
        ]
    )


def _back(rng: Rng, posts: np.ndarray, gap: float, thin: float) -> list[Primitives]:
    """What is between two posts: slats, a ladder, a panel, a cross, a lattice, spindles.

    Args:
        rng: the choices.
        posts: (2, 2, 3) feet and tops.
        gap: the share of the posts' height, from their feet, that stays free.
        thin: thickness of what is made.
    """
    (left_low, left_high), (right_low, right_high) = posts

    def at(x: float, y: float) -> np.ndarray:
        """x from 0 (left) to 1, y from 0 (the free part's end) to 1 (the posts' tops)."""
        share = gap + (1 - gap) * y
        return mix(mix(left_low, left_high, share), mix(right_low, right_high, share), x)

    up = at(0.5, 1) - at(0.5, 0)
    height = float(np.linalg.norm(up))
    style = pick(
        rng,
        ("slats", "slats", "ladder", "ladder", "panel", "splat", "cross", "lattice", "spindles"),
    )
    top = rng.uniform(0.08, 0.16)
    parts = [beam(at(0, 1 - top / 2), at(1, 1 - top / 2), top * height, thin * 1.3, up)]
    if style == "ladder":
        count = int(rng.integers(2, 5))
        for y in spread(0.08, 0.78, count):
            parts.append(beam(at(0, y), at(1, y), rng.uniform(0.07, 0.13) * height, thin, up))
        return parts
    if style == "panel":
        low = rng.uniform(0.0, 0.25)
        return [beam(at(0, (1 + low) / 2), at(1, (1 + low) / 2), (1 - low) * height, thin, up)]
    if style == "cross":
        for a, b in ((0, 1), (1, 0)):
            parts.append(beam(at(a, 0.04), at(b, 0.95), 0.09 * height, thin, RIGHT))
        return [*parts, beam(at(0, 0.04), at(1, 0.04), 0.08 * height, thin, up)]
    parts.append(beam(at(0, 0.03), at(1, 0.03), 0.09 * height, thin * 1.2, up))
    if style == "splat":
        wide = rng.uniform(0.22, 0.42)
        wide *= float(np.linalg.norm(at(1, 0) - at(0, 0)))
        return [*parts, beam(at(0.5, 0), at(0.5, 0.97), wide, thin, RIGHT)]
    if style == "lattice":
        for x in spread(0.2, 0.8, 3):
            parts.append(beam(at(x, 0), at(x, 0.97), thin * 1.2, thin, RIGHT))
        for y in spread(0.25, 0.75, int(rng.integers(2, 4))):
            parts.append(beam(at(0, y), at(1, y), thin * 1.2, thin, up))
        return parts
    if style == "spindles":
        for x in spread(0.12, 0.88, int(rng.integers(5, 9))):
            parts.append(capsule(at(x, 0), at(x, 0.97), 0.45 * thin))
        return parts
    count = int(rng.integers(3, 7))
    wide = rng.uniform(0.35, 0.6) / count * float(np.linalg.norm(at(1, 0) - at(0, 0)))
    for x in spread(0.14, 0.86, count):
        parts.append(beam(at(x, 0), at(x, 0.97), max(wide, thin), thin, RIGHT))
    return parts


def _stretchers(rng: Rng, feet: np.ndarray, tops: np.ndarray, thin: float) -> list[Primitives]:
    """Bars between four legs: along the sides, across, or all around.

    ``feet`` and ``tops`` are (4, 3): left back, left front, right back, right front.
    """
    style = pick(rng, ("none", "none", "sides", "h", "box", "steps"))
    low = rng.uniform(0.2, 0.4)

    def at(number: int, share: float) -> np.ndarray:
        return mix(feet[number], tops[number], share)

    square = chance(rng, 0.4)
    parts: list[Primitives] = []
    if style in ("sides", "h", "box"):
        parts += [bar(at(a, low), at(b, low), thin, square) for a, b in ((0, 1), (2, 3))]
    if style == "h":
        parts.append(bar(mix(at(0, low), at(1, low), 0.5), mix(at(2, low), at(3, low), 0.5), thin))
    if style == "box":
        parts += [bar(at(a, low), at(b, low), thin, square) for a, b in ((0, 2), (1, 3))]
    if style == "steps":
        for share in (low, low + 0.2):
            parts += [bar(at(a, share), at(b, share), thin) for a, b in ((0, 1), (2, 3))]
        parts.append(bar(at(1, low + 0.1), at(3, low + 0.1), thin))
        parts.append(bar(at(0, low), at(2, low), thin))
    return parts


def _seat(rng: Rng, width: float, depth: float, top: float, thick: float) -> list[Primitives]:
    """A wooden seat, with or without a pad, round or square; its top about at ``top``."""
    style = pick(rng, ("board", "board", "pad", "pad", "soft", "slats", "frame"))
    y = top - thick / 2
    if style == "board":
        return slab(width, thick, depth, (0, y, 0), 0.45 * thick if chance(rng, 0.5) else 0.0)
    if style == "pad":
        pad = ellipsoid(
            (0.47 * width, 0.9 * thick + 0.012, 0.47 * depth), (0, top - 0.25 * thick, 0)
        )
        return [box((width, thick, depth), (0, y, 0)), pad]
    if style == "soft":
        return [
            *cushion(width, max(1.2 * thick, 0.05), depth, (0, top, 0)),
            box((0.96 * width, thick, 0.96 * depth), (0, y, 0)),
        ]
    if style == "slats":
        count = int(rng.integers(4, 7))
        parts: list[Primitives] = [
            box((0.94 * width / count * 0.8, 0.6 * thick, depth), (x, top - 0.3 * thick, 0))
            for x in spread(-0.5 * width * (1 - 1 / count), 0.5 * width * (1 - 1 / count), count)
        ]
        for z in SIDES:
            parts.append(box((width, thick, 0.09 * depth), (0, y - 0.2 * thick, z * 0.4 * depth)))
        return parts
    frame = max(0.02, 0.7 * thick)
    inner = box((0.9 * width, 0.5 * thick, 0.9 * depth), (0, y, 0))
    parts = [inner]
    for s in SIDES:
        parts.append(
            capsule((s * width / 2, y, -depth / 2), (s * width / 2, y, depth / 2), frame / 2)
        )
        parts.append(
            capsule((-width / 2, y, s * depth / 2), (width / 2, y, s * depth / 2), frame / 2)
        )
    return parts


def dining_chair(rng: Rng) -> Shape:
    """Four legs, a seat, a back of many kinds; sometimes with arms."""
    width, depth = rng.uniform(0.40, 0.54), rng.uniform(0.40, 0.50)
    top, high = rng.uniform(0.41, 0.49), rng.uniform(0.78, 1.12)
    thick, thin = rng.uniform(0.025, 0.06), rng.uniform(0.014, 0.028)
    style = pick(rng, ("square", "round", "rod", "turned"))
    legs = rng.uniform(0.032, 0.052) * (1.15 if style in ("rod", "turned") else 1.0)
    splay = rng.uniform(0.0, 0.07) if chance(rng, 0.6) else 0.0
    under = top - thick
    inset = legs / 2
    tops = np.array(
        [(x * (width / 2 - inset), under, z * (depth / 2 - inset)) for x in SIDES for z in SIDES]
    )
    feet = tops + [(x * splay, -under, z * splay) for x in SIDES for z in SIDES]
    parts = _seat(rng, width, depth, top, thick)
    for foot, upper in zip(feet, tops, strict=True):
        parts += leg(upper + (0, 0.4 * thick, 0), foot, legs, style)
    parts += _stretchers(rng, feet, tops, max(0.018, 0.5 * legs))
    if chance(rng, 0.35):  # an apron
        for s in SIDES:
            parts.append(box((width * 0.9, 0.06, 0.02), (0, under - 0.03, s * (depth / 2 - inset))))
            parts.append(box((0.02, 0.06, depth * 0.9), (s * (width / 2 - inset), under - 0.03, 0)))
    lean = rng.uniform(0.02, 0.16)
    posts = _back_rails(width - legs, under + 0.3 * thick, high, -depth / 2 + inset, lean)
    for low, upper in posts:
        if style == "square":
            parts.append(beam(low, upper, 0.8 * legs, 0.8 * legs, RIGHT))
        else:
            parts.append(frustum(low, upper, 0.42 * legs, 0.34 * legs))
    parts += _back(rng, posts, rng.uniform(0.12, 0.35), thin)
    if chance(rng, 0.3):
        parts += _arms(rng, posts, width - legs, depth, top, max(0.03, thin * 1.4))
    return Shape.of(*parts)


def _arms(
    rng: Rng, posts: np.ndarray, width: float, depth: float, seat: float, thick: float
) -> list[Primitives]:
    """Armrests from the back's posts to supports on the seat's front corners."""
    height = seat + rng.uniform(0.17, 0.25)
    flat, front = chance(rng, 0.5), depth / 2 * rng.uniform(0.6, 0.95)
    parts: list[Primitives] = []
    for side, (low, upper) in zip(SIDES, posts, strict=True):
        share = (height - low[1]) / (upper[1] - low[1])
        back = mix(low, upper, share)
        end = vec(side * width / 2, height, front)
        foot = vec(side * (width / 2 - 0.005), seat - 0.02, front * 0.9)
        parts.append(
            beam(back, end, 1.7 * thick, 0.7 * thick, RIGHT) if flat else bar(back, end, thick)
        )
        parts.append(capsule(foot, mix(end, back, 0.12), 0.45 * thick))
    return parts


def windsor_chair(rng: Rng) -> Shape:
    """A thick seat, splayed turned legs, a hoop or a comb over many spindles."""
    width, depth, top = rng.uniform(0.42, 0.5), rng.uniform(0.4, 0.46), rng.uniform(0.42, 0.47)
    radius = width / 2
    parts: list[Primitives] = [
        ellipsoid((radius, 0.03, depth / 2), (0, top - 0.02, 0)),
        frustum((0, top - 0.04, 0), (0, top - 0.005, 0), 0.86 * depth / 2, 0.9 * depth / 2),
    ]
    tops = np.array([(x * 0.15, top - 0.03, z * 0.13) for x in SIDES for z in SIDES])
    feet = np.array([(x * 0.24, 0, z * 0.23) for x in SIDES for z in SIDES])
    for upper, foot in zip(tops, feet, strict=True):
        parts += leg(upper, foot, 0.042, pick(rng, ("turned", "round")))
    parts += _stretchers(rng, feet, tops, 0.02)
    high = rng.uniform(0.85, 1.1)
    lean, count = rng.uniform(0.06, 0.14), int(rng.integers(5, 9))
    if chance(rng, 0.6):  # a hoop
        hoop = [
            vec(-math.cos(a) * radius * 0.88, top - 0.03 + math.sin(a) * (high - top), 0)
            for a in np.linspace(0, math.pi, 11)
        ]
        shifted = [p + (0, 0, -0.12 - lean * (p[1] - top) / (high - top)) for p in hoop]
        parts += tube(shifted, 0.013)
        for x in spread(-0.6, 0.6, count):
            rise = (high - top) * math.sqrt(1 - (x / 0.98) ** 2)
            foot = vec(x * radius * 0.75, top - 0.03, -0.12)
            parts.append(
                capsule(
                    foot,
                    (x * radius * 0.88, top + rise - 0.03, -0.12 - lean * rise / (high - top)),
                    0.008,
                )
            )
    else:
        comb = vec(0, high, -0.12 - lean)
        parts.append(beam(comb - (0.22, 0, 0), comb + (0.22, 0, 0), 0.07, 0.022, UP))
        for x in spread(-0.8, 0.8, count):
            parts.append(
                capsule((x * 0.17, top - 0.03, -0.12), (x * 0.23, high, -0.12 - lean), 0.009)
            )
    return Shape.of(*parts)


def easy_chair(rng: Rng) -> Shape:
    """An upholstered armchair: blocky, tub-shaped or with wings."""
    width, depth = rng.uniform(0.7, 0.9), rng.uniform(0.7, 0.85)
    seat, high = rng.uniform(0.38, 0.45), rng.uniform(0.75, 1.1)
    arm, arm_top = rng.uniform(0.09, 0.16), seat + rng.uniform(0.12, 0.22)
    low = rng.uniform(0.06, 0.16)
    inner = width - 2 * arm
    parts: list[Primitives] = [
        box((inner + 0.02, seat - low - 0.09, depth - 0.04), (0, (seat + low - 0.09) / 2, 0))
    ]
    parts += cushion(inner - 0.01, 0.13, depth * 0.8, (0, seat - 0.05, 0.06))
    lean = turn(0, -rng.uniform(4, 14))
    back_height = high - seat + 0.25
    back = vec(0, seat + (high - seat - 0.25) / 2, -depth / 2 + 0.10)
    parts += slab(inner + 0.04, back_height, 0.14, back, 0.05, lean)
    parts += cushion(
        inner * 0.9, 0.11, back_height * 0.6, back + lean @ vec(0, 0.08, 0.09), lean @ turn(0, 90)
    )
    wings = high > 0.92 and chance(rng, 0.6)
    rolled = chance(rng, 0.45)
    for side in SIDES:
        x = side * (width - arm) / 2
        parts.append(box((arm, arm_top - low, depth - 0.02), (x, (arm_top + low) / 2, 0)))
        if rolled:
            parts.append(
                capsule(
                    (x + side * 0.01, arm_top, -depth / 2 + 0.06),
                    (x + side * 0.01, arm_top, depth / 2 - 0.04),
                    0.6 * arm,
                )
            )
        else:
            parts += slab(arm, 0.06, depth, (x, arm_top, 0), 0.03)
        if wings:
            middle = vec(x - side * 0.02, (arm_top + high) / 2, -depth / 2 + 0.14)
            parts += slab(0.7 * arm, high - arm_top + 0.04, 0.2, middle, 0.03, lean)
        for z in (-depth / 2 + 0.08, depth / 2 - 0.08):
            parts.append(frustum((x, 0, z), (x, low + 0.02, z), 0.018, 0.03))
    return Shape.of(*parts)


def office_chair(rng: Rng) -> Shape:
    """A swivel chair: a star of five feet on castors, a column, a padded seat and back."""
    seat, width = rng.uniform(0.44, 0.54), rng.uniform(0.44, 0.52)
    count = int(rng.choice([4, 5, 5, 5]))
    reach = rng.uniform(0.28, 0.34)
    parts: list[Primitives] = []
    for angle in 360 / count * np.arange(count) + rng.uniform(0, 90):
        out = turn(angle) @ vec(0, 0, 1)
        end = reach * out + (0, 0.075, 0)
        parts.append(beam(vec(0, 0.11, 0), end, 0.05, 0.032, np.cross(out, UP)))
        parts.append(capsule(end + (0, 0.005, 0), end - (0, 0.03, 0), 0.014))
        across = np.cross(out, UP) * 0.022
        parts.append(frustum(end - (0, 0.045, 0) - across, end - (0, 0.045, 0) + across, 0.03))
    parts += [
        frustum((0, 0.06, 0), (0, 0.2, 0), 0.04, 0.032),
        frustum((0, 0.18, 0), (0, seat - 0.06, 0), 0.022),
        box((0.2, 0.05, 0.22), (0, seat - 0.07, 0)),
    ]
    parts += cushion(width, 0.08, width * 0.96, (0, seat, 0.02))
    lean = turn(0, -rng.uniform(4, 12))
    back_wide, back_high = width * rng.uniform(0.75, 0.98), rng.uniform(0.32, 0.68)
    middle = vec(0, seat + 0.16 + back_high / 2, -width / 2 - 0.03)
    if chance(rng, 0.35):  # a mesh in a frame
        x, y = back_wide / 2 - 0.02, back_high / 2
        corners = [
            middle + lean @ vec(a * x, b * y, 0) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ]
        parts += tube([*corners, corners[0]], 0.018)
        for share in spread(0.12, 0.88, 7):
            parts.append(
                bar(mix(corners[0], corners[3], share), mix(corners[1], corners[2], share), 0.014)
            )
        for share in spread(0.2, 0.8, 4):
            parts.append(
                bar(mix(corners[0], corners[1], share), mix(corners[3], corners[2], share), 0.014)
            )
    else:
        parts += cushion(back_wide, 0.07, back_high, middle, lean @ turn(0, 90))
    low = middle + lean @ vec(0, -back_high / 2 + 0.05, -0.03)
    stem = vec(0, seat - 0.07, -width / 2 - 0.05)
    parts += [
        beam(vec(0, seat - 0.07, 0), stem, 0.06, 0.025, RIGHT),
        beam(stem, low, 0.06, 0.025, RIGHT),
    ]
    if chance(rng, 0.25):
        head = middle + lean @ vec(0, back_high / 2 + 0.1, 0.01)
        parts += cushion(back_wide * 0.6, 0.06, 0.13, head, lean @ turn(0, 90))
        parts.append(bar(middle + lean @ vec(0, back_high / 2 - 0.05, 0), head, 0.03))
    if chance(rng, 0.65):
        for side in SIDES:
            x, y = side * (width / 2 + 0.05), seat + rng.uniform(0.18, 0.22)
            root = vec(side * 0.08, seat - 0.07, 0)
            parts += tube([root, (x, seat - 0.07, 0), (x, y, -0.02)], 0.014)
            parts += slab(0.07, 0.035, 0.25, (x, y, 0.0), 0.017)
    return Shape.of(*parts)


def bar_chair(rng: Rng) -> Shape:
    """A high stool with a low back and a foot rest."""
    seat, width = rng.uniform(0.66, 0.8), rng.uniform(0.34, 0.42)
    high = seat + rng.uniform(0.16, 0.34)
    if chance(rng, 0.35):  # on a column
        parts: list[Primitives] = [
            frustum((0, 0, 0), (0, 0.022, 0), 0.22, 0.2),
            frustum((0, 0.02, 0), (0, 0.05, 0), 0.09, 0.04),
            frustum((0, 0, 0), (0, seat - 0.02, 0), 0.027),
            torus(0.15, 0.012, (0, 0.3, 0.06)),
            bar((0, 0.3, 0), (0, 0.3, -0.09), 0.022),
            frustum((0, seat - 0.05, 0), (0, seat, 0), 0.4 * width, 0.5 * width),
            torus(0.47 * width, 0.024, (0, seat, 0)),
        ]
        points = [p + (0, high - seat, 0) for p in arc((0, seat, 0), 0.5 * width, 100, 260, 8)]
        parts += tube(points, 0.022)
        for k in (1, 4, 7):
            parts.append(capsule(points[k], points[k] - (0, high - seat + 0.01, 0), 0.011))
        return Shape.of(*parts)
    splay, legs = rng.uniform(0.02, 0.08), rng.uniform(0.03, 0.042)
    style = pick(rng, ("square", "round", "rod"))
    tops = np.array(
        [
            (x * (width / 2 - 0.03), seat - 0.03, z * (width / 2 - 0.03))
            for x in SIDES
            for z in SIDES
        ]
    )
    feet = tops + [(x * splay, -tops[0, 1], z * splay) for x in SIDES for z in SIDES]
    parts = _seat(rng, width, width, seat, rng.uniform(0.03, 0.05))
    for upper, foot in zip(tops, feet, strict=True):
        parts += leg(upper, foot, legs, style)
    for share in (0.3, 0.34):
        pairs = ((0, 1), (2, 3)) if share == 0.34 else ((0, 2), (1, 3))
        parts += [
            bar(mix(feet[a], tops[a], share), mix(feet[b], tops[b], share), 0.02) for a, b in pairs
        ]
    posts = _back_rails(width - 0.05, seat - 0.03, high, -width / 2 + 0.02, rng.uniform(0.02, 0.07))
    parts += [frustum(low, upper, 0.016, 0.013) for low, upper in posts]
    parts += _back(rng, posts, 0.4, 0.016)
    return Shape.of(*parts)


def stool_with_back(rng: Rng) -> Shape:
    """A round seat on three or four legs, and a small curved back on two rods."""
    seat, radius = rng.uniform(0.42, 0.5), rng.uniform(0.18, 0.22)
    count = int(rng.choice([3, 4]))
    parts: list[Primitives] = [
        frustum((0, seat - 0.035, 0), (0, seat, 0), radius),
        torus(radius - 0.006, 0.02, (0, seat - 0.018, 0)),
    ]
    for angle in 360 / count * np.arange(count) + 180 / count:
        out = turn(angle) @ vec(0, 0, 1)
        parts += leg(out * radius * 0.75 + (0, seat - 0.02, 0), out * radius * 1.15, 0.04, "round")
    low = seat * rng.uniform(0.3, 0.45)
    parts.append(torus(radius * (1.15 - 0.4 * low / (seat - 0.02)), 0.009, (0, low, 0)))
    height = rng.uniform(0.25, 0.42)
    back = arc((0, seat + height, -0.02), radius, 125, 235, 8)
    for a, b in itertools.pairwise(back):
        parts.append(beam(a, b + 0.1 * (b - a), rng.uniform(0.11, 0.12), 0.018, UP))
    for k in (2, 6):
        foot = vec(back[k][0] * 0.92, seat - 0.03, back[k][2] * 0.9)
        parts.append(capsule(foot, back[k], 0.011))
    return Shape.of(*parts)


def cantilever_chair(rng: Rng) -> Shape:
    """A tube bent into a frame without back legs, a seat and a back held by it."""
    width, depth = rng.uniform(0.42, 0.5), rng.uniform(0.42, 0.5)
    seat, high = rng.uniform(0.42, 0.47), rng.uniform(0.8, 0.95)
    radius = rng.uniform(0.011, 0.016)
    parts: list[Primitives] = []
    arms = chance(rng, 0.4)
    for side in SIDES:
        x = side * width / 2
        line = [
            vec(x, radius, -depth / 2 + 0.02),
            vec(x, radius, depth / 2 - 0.03),
            vec(x, 0.03 + radius, depth / 2),
            vec(x, seat - 0.04, depth / 2),
            vec(x, seat - 0.01, depth / 2 - 0.03),
            vec(x, seat - 0.02, -depth / 2 + 0.03),
            vec(x, seat + 0.03, -depth / 2),
            vec(x, high, -depth / 2 - 0.1),
        ]
        parts += tube(line, radius)
        if arms:
            y = seat + 0.2
            parts += tube(
                [
                    line[3],
                    (x, y - 0.02, depth / 2 - 0.01),
                    (x, y, depth / 2 - 0.04),
                    (x, y, -depth / 2 - 0.03),
                ],
                radius,
            )
    parts.append(
        capsule(
            (-width / 2, radius, -depth / 2 + 0.02), (width / 2, radius, -depth / 2 + 0.02), radius
        )
    )
    parts += slab(width, 0.03, depth - 0.02, (0, seat, 0), 0.014)
    low = seat + rng.uniform(0.1, 0.24)
    z = -depth / 2 - 0.1 * ((low + high) / 2 - seat) / (high - seat)
    lean = turn(0, -math.degrees(math.atan2(0.1, high - seat)))
    parts += slab(width, high - low, 0.028, (0, (low + high) / 2, z + 0.005), 0.013, lean)
    return Shape.of(*parts)


def shell_chair(rng: Rng) -> Shape:
    """A moulded shell on thin rods, on a tulip foot or on wooden dowels."""
    seat, width = rng.uniform(0.41, 0.46), rng.uniform(0.44, 0.54)
    high = rng.uniform(0.76, 0.9)
    parts: list[Primitives] = []
    # Bands of the shell from the seat's front to the back's top, each a row of three pieces.
    depth = 0.42
    line = [
        vec(0, seat - 0.02, depth / 2 + 0.02),
        vec(0, seat + 0.005, depth / 2 - 0.06),
        vec(0, seat - 0.01, 0.0),
        vec(0, seat, -depth / 2 + 0.06),
        vec(0, seat + 0.07, -depth / 2),
        vec(0, seat + 0.2, -depth / 2 - 0.04),
        vec(0, high, -depth / 2 - 0.08),
    ]
    wide = width * np.array([0.86, 0.96, 1.0, 1.0, 1.0, 0.95, 0.72])
    lift = np.array([0.0, 0.015, 0.03, 0.05, 0.06, 0.05, 0.03]) * rng.uniform(0.7, 1.6)
    for k in range(len(line) - 1):
        along = line[k + 1] - line[k]
        inward = np.cross(along, RIGHT)
        inward = inward / np.linalg.norm(inward)
        inward *= np.sign(inward @ vec(0, 1, 1)) or 1.0
        mean = (wide[k] + wide[k + 1]) / 2
        a, b = line[k] - 0.06 * along, line[k + 1] + 0.06 * along
        parts.append(beam(a, b, 0.62 * mean, 0.016, RIGHT))
        for side in SIDES:
            rise = inward * (lift[k] + lift[k + 1]) / 2
            inner, outer = vec(side * 0.28 * mean, 0, 0), vec(side * 0.5 * mean, 0, 0)
            across = outer + rise - inner
            middle = (inner + outer + rise) / 2
            parts.append(
                beam(a + middle, b + middle, 1.12 * float(np.linalg.norm(across)), 0.016, across)
            )
    base = pick(rng, ("rods", "dowels", "tulip", "star"))
    under = seat - 0.02
    if base == "tulip":
        heights = np.linspace(0, 1, 8)
        radii = 0.024 + 0.2 * (1 - heights) ** 6 + 0.03 * heights**4
        parts += [
            frustum((0, a * under, 0), (0, b * under + 0.004, 0), r, s)
            for a, b, r, s in zip(heights[:-1], heights[1:], radii[:-1], radii[1:], strict=True)
        ]
        return Shape.of(*parts)
    if base == "star":
        parts.append(frustum((0, 0.1, 0), (0, under + 0.01, 0), 0.025))
        for angle in (45, 135, 225, 315):
            out = turn(angle) @ vec(0, 0, 1)
            parts.append(capsule((0, 0.12, 0), 0.26 * out + (0, 0.014, 0), 0.014))
        parts.append(frustum((0, under - 0.03, 0), (0, under + 0.012, 0), 0.06, 0.12))
        return Shape.of(*parts)
    thick = 0.011 if base == "rods" else 0.019
    tops = np.array([(x * 0.13, under + 0.012, z * 0.13) for x in SIDES for z in SIDES])
    feet = np.array([(x * 0.23, thick, z * 0.22) for x in SIDES for z in SIDES])
    parts += [
        capsule(foot, upper, thick)
        if base == "rods"
        else frustum(foot - (0, thick, 0), upper, 0.6 * thick, thick)
        for foot, upper in zip(feet, tops, strict=True)
    ]
    for a, b in ((0, 3), (1, 2)):
        parts.append(capsule(mix(feet[a], tops[a], 0.75), mix(feet[b], tops[b], 0.75), 0.007))
    for a, b in ((0, 1), (2, 3), (0, 2), (1, 3)):
        parts.append(
            capsule(tops[a] - (0, 0.004, 0), tops[b] - (0, 0.004, 0), max(thick * 0.7, 0.008))
        )
    return Shape.of(*parts)


def rocking_chair(rng: Rng) -> Shape:
    """Legs that stand on two runners bent like bows."""
    width, depth, seat = rng.uniform(0.46, 0.54), rng.uniform(0.44, 0.5), rng.uniform(0.42, 0.47)
    high, radius = rng.uniform(1.0, 1.15), rng.uniform(0.95, 1.3)
    parts = _seat(rng, width, depth, seat, 0.035)
    half = math.degrees(math.asin(min(0.9, rng.uniform(0.42, 0.5) / radius)))
    posts = _back_rails(width - 0.04, seat - 0.03, high, -depth / 2 + 0.02, rng.uniform(0.12, 0.2))
    for side, (low, upper) in zip(SIDES, posts, strict=True):
        x = side * (width / 2 - 0.02)
        bow = arc((x, radius, -0.05), radius - 0.018, -90 - half, -90 + half, 8, "zy")
        for a, b in itertools.pairwise(bow):
            parts.append(beam(a, b + 0.08 * (b - a), 0.028, 0.036, RIGHT))
        for z in (-depth / 2 + 0.03, depth / 2 - 0.03):
            drop = radius - math.sqrt(radius**2 - (z + 0.05) ** 2) + 0.01
            parts.append(frustum((x, drop, z * 1.12), (x, seat - 0.01, z), 0.016, 0.02))
        parts.append(frustum(low, upper, 0.02, 0.015))
    parts += _back(rng, posts, 0.15, 0.016)
    parts += _arms(rng, posts, width - 0.04, depth, seat, 0.034)
    return Shape.of(*parts)


def deck_chair(rng: Rng) -> Shape:
    """A low garden chair: a slanted seat, a tall fan of slats, broad arms."""
    width, count = rng.uniform(0.52, 0.6), int(rng.integers(5, 8))
    front, back = vec(0, 0.38, 0.38), vec(0, 0.2, -0.16)
    top = vec(0, rng.uniform(0.88, 1.0), -0.45)
    parts: list[Primitives] = []
    for share in spread(0.04, 0.96, int(rng.integers(5, 8))):
        at = mix(front, back, share)
        parts.append(
            beam(at - (width / 2, 0, 0), at + (width / 2, 0, 0), 0.07, 0.018, back - front)
        )
    for x in spread(-1, 1, count):
        end = top + (x * width * 0.56, -0.1 * x * x, 0)
        parts.append(
            beam(back + (x * width * 0.42, -0.03, 0), end, 0.8 * width / count, 0.016, RIGHT)
        )
    for share in (0.06, 0.62):
        at = mix(back, top, share) - (0, 0, 0.018)
        parts.append(beam(at - (width / 2, 0, 0), at + (width / 2, 0, 0), 0.06, 0.024, top - back))
    for side in SIDES:
        x = side * width / 2
        arm_back, arm_front = vec(x, 0.56, -0.4), vec(x, 0.58, 0.42)
        parts += [
            beam((x, 0.0, 0.33), (x, 0.58, 0.33), 0.07, 0.03, (0, 0, 1)),
            beam((x, 0.37, 0.4), (x, 0.0, -0.42), 0.09, 0.028, UP),
            beam((x, 0.02, -0.4), arm_back + (0, 0.01, 0.03), 0.05, 0.028, (0, 0, 1)),
            beam(arm_back, arm_front, 0.12, 0.024, RIGHT),
        ]
    parts.append(beam((-width / 2, 0.545, -0.36), (width / 2, 0.545, -0.36), 0.05, 0.03, UP))
    return Shape.of(*parts)


# --- sofas ------------------------------------------------------------------------------------


def sofa(rng: Rng) -> Shape:
    """A sofa of one of six types."""
    return one_of(
        rng,
        (
            (classic_sofa, 4.0),
            (corner_sofa, 1.4),
            (chesterfield, 1.2),
            (wooden_sofa, 1.3),
            (chaise_longue, 0.7),
            (camel_sofa, 0.8),
        ),
    )


def _sofa_feet(rng: Rng, places: list[tuple[float, float]], height: float) -> list[Primitives]:
    """Feet under the places (x, z), up into what stands on them."""
    style = pick(rng, ("cone", "block", "peg"))
    top = height + 0.03
    if style == "block":
        return [box((0.07, top, 0.07), (x, top / 2, z)) for x, z in places]
    if style == "peg":
        return [frustum((x, 0, z), (x, top, z), 0.022) for x, z in places]
    return [frustum((x, 0, z), (x, top, z), 0.02, 0.036) for x, z in places]


def _sofa_arm(
    rng: Rng, style: str, side: int, x: float, wide: float, low: float, top: float, depth: float
) -> list[Primitives]:
    """One arm: box, soft (rounded), rolled, slanted; ``x`` is its middle."""
    middle = (low + top) / 2
    if style == "rolled":
        radius = 0.62 * wide
        return [
            box((0.85 * wide, top - low, depth), (x, middle, 0)),
            capsule(
                (x + side * 0.02, top, -depth / 2 + radius),
                (x + side * 0.02, top, depth / 2 - radius / 2),
                radius,
            ),
        ]
    if style == "soft":
        edge = 0.35 * wide
        return slab(wide, top - low, depth, (x, middle, 0), edge)
    if style == "slanted":
        foot, end = vec(x - side * 0.2 * wide, low + 0.02, 0), vec(x + side * 0.35 * wide, top, 0)
        return [
            beam(foot, end, depth, 0.75 * wide, (0, 0, 1)),
            box((wide, 0.5 * (top - low), depth * 0.99), (x, low + 0.25 * (top - low), 0)),
        ]
    return [box((wide, top - low, depth), (x, middle, 0))]


def _sofa_body(
    rng: Rng,
    seats: int,
    seat_width: float,
    depth: float,
    seat: float,
    high: float,
    low: float,
    lean: float,
) -> tuple[list[Primitives], float]:
    """Base, seat cushions, back and back cushions; and the whole width."""
    width = seats * seat_width
    base_top = seat - 0.14
    parts: list[Primitives] = [
        box((width + 0.04, base_top - low + 0.01, depth - 0.06), (0, (base_top + low) / 2, 0))
    ]
    tilt = turn(0, -lean)
    back_thick = rng.uniform(0.14, 0.2)
    back = vec(0, (base_top + high) / 2, -depth / 2 + back_thick / 2 + 0.02)
    parts += slab(width + 0.04, high - base_top + 0.06, back_thick, back, 0.05, tilt)
    front = depth / 2
    rear = -depth / 2 + back_thick
    many = seats if chance(rng, 0.75) else 1
    each = width / many
    backs = chance(rng, 0.8)
    for x in spread(-width / 2 + each / 2, width / 2 - each / 2, many):
        parts += cushion(
            each + 0.004, 0.17, front - rear + 0.04, (x, seat - 0.07, (front + rear) / 2 + 0.03)
        )
        if backs:
            tall = (high - seat) * rng.uniform(0.9, 1.08)
            at = vec(x, seat + tall / 2 - 0.01, rear + 0.05)
            parts += cushion(each + 0.004, 0.15, tall, at, tilt @ turn(0, 90))
    return parts, width


def classic_sofa(rng: Rng) -> Shape:
    """Two or three seats between two arms."""
    seats = int(rng.choice([2, 2, 3, 3, 4]))
    each, depth = rng.uniform(0.56, 0.7), rng.uniform(0.8, 0.95)
    seat, high = rng.uniform(0.4, 0.46), rng.uniform(0.74, 0.95)
    low = rng.uniform(0.03, 0.16)
    parts, width = _sofa_body(rng, seats, each, depth, seat, high, low, rng.uniform(3, 10))
    style = pick(rng, ("box", "soft", "rolled", "slanted"))
    arm = rng.uniform(0.1, 0.24)
    top = seat + rng.uniform(0.1, 0.26)
    for side in SIDES:
        parts += _sofa_arm(rng, style, side, side * (width + arm) / 2, arm, low, top, depth)
    reach = width / 2 + arm - 0.07
    places = [(x * reach, z * (depth / 2 - 0.08)) for x in SIDES for z in SIDES]
    parts += _sofa_feet(rng, places, low)
    for side in SIDES:
        if chance(rng, 0.4):
            size = rng.uniform(0.36, 0.44)
            spin = turn(side * -rng.uniform(15, 35), 0) @ turn(0, -20)
            at = (side * (width / 2 - 0.22), seat + size / 2, -0.02)
            parts += pillow(size, size, 0.15, at, spin)
    return Shape.of(*parts)


def corner_sofa(rng: Rng) -> Shape:
    """An L: a row of seats and a long seat or a second row at one end."""
    seats, each = int(rng.choice([2, 3])), rng.uniform(0.6, 0.7)
    depth, seat = rng.uniform(0.85, 0.95), rng.uniform(0.38, 0.44)
    high, low = rng.uniform(0.7, 0.85), rng.uniform(0.03, 0.1)
    parts, width = _sofa_body(rng, seats, each, depth, seat, high, low, rng.uniform(3, 7))
    side = pick(rng, SIDES)
    arm, top = rng.uniform(0.12, 0.22), seat + rng.uniform(0.12, 0.22)
    parts += _sofa_arm(
        rng, pick(rng, ("box", "soft")), -side, -side * (width + arm) / 2, arm, low, top, depth
    )
    wide, long = rng.uniform(0.7, 0.85), rng.uniform(1.45, 1.8)
    x = side * (width + wide) / 2
    z = -depth / 2 + long / 2
    parts.append(
        box((wide + 0.04, seat - 0.14 - low, long - 0.05), (x, (seat - 0.14 + low) / 2, z))
    )
    parts += cushion(wide, 0.17, long - 0.14, (x, seat - 0.07, z + 0.07))
    back = (x, (seat - 0.14 + high) / 2, -depth / 2 + 0.1)
    parts += slab(wide + 0.02, high - seat + 0.2, 0.17, back, 0.05)
    if chance(rng, 0.6):  # a back along the long side, too
        outer = (x + side * (wide / 2 + 0.06), (low + high) / 2, z)
        parts += slab(0.17, high - low, long, outer, 0.05)
        at = (x + side * (wide / 2 - 0.07), (seat + high) / 2, z + 0.1)
        parts += cushion(long * 0.6, 0.14, high - seat, at, turn(90) @ turn(0, 90))
    places = [(-side * (width / 2 + 0.05), s * (depth / 2 - 0.08)) for s in SIDES]
    places += [(x + a * (wide / 2 - 0.08), z + b * (long / 2 - 0.08)) for a in SIDES for b in SIDES]
    parts += _sofa_feet(rng, places, low)
    return Shape.of(*parts)


def chesterfield(rng: Rng) -> Shape:
    """Arms and back of one height, rolled outwards, with rows of buttons."""
    width, depth = rng.uniform(1.5, 2.2), rng.uniform(0.85, 0.95)
    seat, high, low = rng.uniform(0.4, 0.45), rng.uniform(0.68, 0.78), rng.uniform(0.06, 0.12)
    roll = rng.uniform(0.09, 0.12)
    parts: list[Primitives] = [
        box((width, seat - 0.12 - low, depth - 0.05), (0, (seat - 0.12 + low) / 2, 0)),
        box((width, high - low, 0.16), (0, (high + low) / 2, -depth / 2 + 0.1)),
        capsule((-width / 2, high, -depth / 2 + 0.09), (width / 2, high, -depth / 2 + 0.09), roll),
    ]
    for side in SIDES:
        x = side * width / 2
        parts.append(box((0.16, high - low, depth - 0.04), (x, (high + low) / 2, 0)))
        parts.append(capsule((x, high, -depth / 2 + 0.09), (x, high, depth / 2 - 0.06), roll))
        parts.append(frustum((x, high, depth / 2 - 0.1), (x, high, depth / 2 + 0.005), roll * 0.9))
    inner, count = width - 0.16, int(rng.choice([2, 3]))
    for x in spread(-inner / 2 * (1 - 1 / count), inner / 2 * (1 - 1 / count), count):
        parts += cushion(inner / count + 0.004, 0.16, depth - 0.2, (x, seat - 0.06, 0.08))
    for row in range(2):
        for x in np.linspace(-inner / 2 + 0.12, inner / 2 - 0.12, 7 + row):
            y = seat + 0.1 + row * (high - seat - 0.14) * 0.8
            parts.append(ellipsoid((0.045, 0.045, 0.03), (x, y, -depth / 2 + 0.185)))
    parts += _sofa_feet(
        rng, [(x * (width / 2 - 0.03), z * (depth / 2 - 0.1)) for x in SIDES for z in SIDES], low
    )
    return Shape.of(*parts)


def wooden_sofa(rng: Rng) -> Shape:
    """Cushions on an open wooden or steel frame."""
    seats, each = int(rng.choice([2, 3])), rng.uniform(0.58, 0.68)
    width, depth = seats * each, rng.uniform(0.72, 0.82)
    seat, high = rng.uniform(0.4, 0.45), rng.uniform(0.74, 0.86)
    thick, square = rng.uniform(0.035, 0.055), chance(rng, 0.5)
    parts: list[Primitives] = []
    frame = seat - 0.15
    arm = seat + rng.uniform(0.14, 0.22)
    for side in SIDES:
        x = side * (width / 2 + thick / 2)
        for z, top in ((-depth / 2, high - 0.1), (depth / 2, arm)):
            foot = (x + side * 0.02, 0, z * 1.08)
            parts.append(bar(foot if not square else (x, 0, z), (x, top, z), thick, square))
        parts.append(
            beam((x, arm, -depth / 2), (x, arm, depth / 2 + 0.02), 1.6 * thick, 0.03, RIGHT)
        )
        parts.append(bar((x, frame, -depth / 2), (x, frame, depth / 2), thick, square))
        if chance(rng, 0.3):
            for z in spread(-0.3 * depth, 0.3 * depth, 4):
                parts.append(bar((x, frame, z), (x, arm, z), 0.022, square))
    for z in (-depth / 2, depth / 2):
        parts.append(
            bar(
                (-width / 2 - thick / 2, frame, z), (width / 2 + thick / 2, frame, z), thick, square
            )
        )
    for y in spread(frame + 0.12, high - 0.12, 3):
        parts.append(
            bar(
                (-width / 2 - thick / 2, y, -depth / 2),
                (width / 2 + thick / 2, y, -depth / 2),
                0.8 * thick,
                square,
            )
        )
    tilt = turn(0, -rng.uniform(6, 12))
    parts.append(box((width + 0.02, 0.025, depth - 0.02), (0, frame + 0.02, 0)))
    for x in spread(-width / 2 + each / 2, width / 2 - each / 2, seats):
        parts += cushion(each - 0.004, 0.15, depth - 0.1, (x, seat - 0.06, 0.07))
        parts += cushion(
            each - 0.004,
            0.14,
            high - seat + 0.05,
            (x, (seat + high) / 2, -depth / 2 + 0.1),
            tilt @ turn(0, 90),
        )
    return Shape.of(*parts)


def chaise_longue(rng: Rng) -> Shape:
    """A long seat with one high rolled end and half a back."""
    length, depth = rng.uniform(1.5, 1.8), rng.uniform(0.62, 0.72)
    seat, high, low = rng.uniform(0.4, 0.46), rng.uniform(0.8, 0.92), rng.uniform(0.12, 0.2)
    side = pick(rng, SIDES)
    end = side * length / 2
    parts: list[Primitives] = [
        box((length, seat - 0.1 - low, depth), (0, (seat - 0.1 + low) / 2, 0))
    ]
    parts += cushion(length - 0.1, 0.16, depth - 0.02, (-side * 0.04, seat - 0.05, 0))
    parts.append(
        beam(
            (end - side * 0.12, seat - 0.12, 0),
            (end + side * 0.02, high - 0.08, 0),
            depth,
            0.14,
            (0, 0, 1),
        )
    )
    parts.append(
        capsule(
            (end + side * 0.03, high - 0.06, -depth / 2 + 0.08),
            (end + side * 0.03, high - 0.06, depth / 2 - 0.08),
            0.09,
        )
    )
    points = [
        vec(end, high - 0.08, 0),
        vec(end - side * 0.5 * length, seat + 0.2, 0),
        vec(end - side * 0.8 * length, seat + 0.04, 0),
    ]
    rear = vec(0, 0, -depth / 2 + 0.06)
    parts += tube([p + rear for p in points], 0.05)
    for a, b in itertools.pairwise(points):
        below_a, below_b = vec(a[0], seat - 0.1, 0), vec(b[0], seat - 0.1, 0)
        tall = ((a + b) / 2)[1] - seat + 0.1
        parts.append(beam((a + below_a) / 2 + rear, (b + below_b) / 2 + rear, tall, 0.08, UP))
    parts += _sofa_feet(
        rng, [(x * (length / 2 - 0.1), z * (depth / 2 - 0.08)) for x in SIDES for z in SIDES], low
    )
    return Shape.of(*parts)


def camel_sofa(rng: Rng) -> Shape:
    """A back that rises in the middle, slim rolled arms, six legs."""
    width, depth = rng.uniform(1.6, 2.0), rng.uniform(0.78, 0.88)
    seat, high, low = rng.uniform(0.42, 0.46), rng.uniform(0.82, 0.95), rng.uniform(0.14, 0.2)
    parts: list[Primitives] = [
        box((width, seat - 0.1 - low, depth - 0.04), (0, (seat - 0.1 + low) / 2, 0))
    ]
    parts += cushion(width - 0.1, 0.16, depth - 0.14, (0, seat - 0.05, 0.07))
    places = np.linspace(-width / 2, width / 2, 9)
    tops = [high - 0.17 * (abs(x) / (width / 2)) ** 1.5 for x in places]
    rear = -depth / 2 + 0.09
    parts += tube([vec(x, y, rear) for x, y in zip(places, tops, strict=True)], 0.065)
    for x0, x1, y0, y1 in zip(places[:-1], places[1:], tops[:-1], tops[1:], strict=True):
        y = (y0 + y1) / 2
        parts.append(
            box(
                (x1 - x0 + 0.002, y - seat + 0.12, 0.12),
                ((x0 + x1) / 2, (y + seat - 0.12) / 2, rear),
            )
        )
    top = seat + rng.uniform(0.16, 0.22)
    for side in SIDES:
        parts += _sofa_arm(rng, "rolled", side, side * width / 2, 0.12, low, top, depth)
    feet = [(x * (width / 2 - 0.06), z * (depth / 2 - 0.07)) for x in (-1, 0, 1) for z in SIDES]
    parts += [frustum((x, 0, z), (x, low + 0.03, z), 0.018, 0.032) for x, z in feet]
    return Shape.of(*parts)


# --- benches ----------------------------------------------------------------------------------


def bench(rng: Rng) -> Shape:
    """A bench of one of five types, most with a back."""
    return one_of(
        rng,
        (
            (park_bench, 3.0),
            (garden_bench, 2.0),
            (slatted_bench, 1.0),
            (pew, 1.0),
            (curved_bench, 0.8),
        ),
    )


def park_bench(rng: Rng) -> Shape:
    """Slats along the seat and the back, held by two or three frames of iron or concrete."""
    width, seat, depth = rng.uniform(1.3, 2.0), rng.uniform(0.42, 0.46), rng.uniform(0.42, 0.5)
    high, lean = rng.uniform(0.78, 0.92), rng.uniform(0.08, 0.18)
    count, thick = int(rng.integers(3, 7)), rng.uniform(0.022, 0.04)
    parts: list[Primitives] = []
    gap = depth / count
    for z in spread(-depth / 2 + gap / 2, depth / 2 - gap / 2, count):
        parts.append(box((width, thick, 0.78 * gap), (0, seat, z)))
    rear, top = vec(0, seat + 0.02, -depth / 2 - 0.02), vec(0, high, -depth / 2 - 0.02 - lean)
    rows = int(rng.integers(2, 5))
    for share in spread(0.32, 0.97, rows):
        at = mix(rear, top, share) + (0, 0, 0.02)
        tall = 0.5 * (high - seat) / rows
        parts.append(beam(at - (width / 2, 0, 0), at + (width / 2, 0, 0), tall, thick, top - rear))
    arms, style = chance(rng, 0.65), pick(rng, ("iron", "iron", "block", "wood"))
    frames = [-width / 2 + 0.12, width / 2 - 0.12]
    if width > 1.6 and chance(rng, 0.5):
        frames.append(0.0)
    for x in frames:
        wide = 0.10 if style == "block" else 0.045
        if style == "block":
            parts.append(
                box((wide, seat - thick / 2 + 0.004, depth * 0.8), (x, (seat - thick / 2) / 2, 0))
            )
        elif style == "iron":
            parts += tube(
                [
                    (x, 0.02, depth / 2 + 0.04),
                    (x, 0.24, depth / 2 - 0.05),
                    (x, seat - 0.02, depth / 2 - 0.01),
                ],
                0.022,
            )
            parts += tube(
                [
                    (x, 0.02, -depth / 2 - 0.1),
                    (x, 0.24, -depth / 2 + 0.06),
                    (x, seat - 0.02, -depth / 2),
                ],
                0.022,
            )
            parts.append(torus(0.09, 0.016, (x, 0.22, 0), RIGHT))
            parts += [
                bar((x, 0.24, z * (depth / 2 - 0.055)), (x, 0.23, z * 0.09), 0.032) for z in SIDES
            ]
        else:
            for z in SIDES:
                parts.append(box((0.06, seat, 0.06), (x, seat / 2, z * (depth / 2 - 0.05))))
        parts.append(
            beam(
                (x, seat - 0.02, depth / 2), (x, seat - 0.02, -depth / 2 - 0.02), wide, 0.05, RIGHT
            )
        )
        parts.append(
            beam(rear + (x, -0.04, -0.01), top + (x, 0.02, -0.01), 0.9 * wide, 0.04, RIGHT)
        )
        if arms and x != 0.0:
            y = seat + 0.22
            back = mix(rear, top, (y - rear[1]) / (top[1] - rear[1])) + (x, 0, 0)
            parts += tube(
                [
                    back,
                    (x, y, depth / 2 - 0.08),
                    (x, y - 0.05, depth / 2),
                    (x, seat - 0.02, depth / 2 - 0.02),
                ],
                0.022,
            )
    return Shape.of(*parts)


def garden_bench(rng: Rng) -> Shape:
    """Wooden, with square posts, arms and a back of upright slats or a lattice."""
    width, seat, depth = rng.uniform(1.25, 1.8), rng.uniform(0.42, 0.46), rng.uniform(0.44, 0.5)
    high, thick = rng.uniform(0.85, 1.0), rng.uniform(0.05, 0.065)
    x, z = width / 2 - thick / 2, depth / 2 - thick / 2
    arm = seat + rng.uniform(0.18, 0.24)
    parts: list[Primitives] = []
    for side in SIDES:
        parts += [
            box((thick, arm, thick), (side * x, arm / 2, z)),
            box((thick, high, thick), (side * x, high / 2, -z)),
            box((1.4 * thick, 0.03, depth), (side * x, arm + 0.01, 0.03)),
            box((0.7 * thick, 0.06, depth - 0.02), (side * x, seat - 0.06, 0)),
            box((0.5 * thick, 0.045, depth - 0.02), (side * x, 0.14, 0)),
        ]
    for side in SIDES:
        parts.append(box((width - thick, 0.07, 0.6 * thick), (0, seat - 0.06, side * z)))
    for at in spread(-0.5 * depth + 0.06, 0.5 * depth - 0.03, 5):
        parts.append(box((width - 0.02, 0.024, 0.72 * depth / 5), (0, seat - 0.015, at)))
    low = seat + 0.12
    parts.append(box((width - thick, 0.07, 0.7 * thick), (0, high - 0.05, -z)))
    parts.append(box((width - thick, 0.05, 0.7 * thick), (0, low, -z)))
    style = pick(rng, ("slats", "slats", "crosses", "arch"))
    if style == "crosses":
        bays = int(rng.choice([2, 3]))
        edges = np.linspace(-x, x, bays + 1)
        for left, right in itertools.pairwise(edges):
            for a, b in ((left, right), (right, left)):
                parts.append(beam((a, low, -z), (b, high - 0.05, -z), 0.04, 0.022, UP))
            parts.append(box((0.04, high - low, 0.03), (right, (high + low) / 2, -z)))
        return Shape.of(*parts)
    for at in np.linspace(-x + 0.09, x - 0.09, int(rng.integers(8, 14))):
        parts.append(box((0.035, high - low - 0.03, 0.022), (at, (high + low) / 2 - 0.02, -z)))
    if style == "arch":
        rise = rng.uniform(0.1, 0.16)
        points = [vec(t * x, high - 0.04 + rise * (1 - t * t), -z) for t in np.linspace(-1, 1, 9)]
        for a, b in itertools.pairwise(points):
            parts.append(beam(a, b + 0.05 * (b - a), 0.06, 0.035, UP))
        parts += [
            bar((t * x, high - 0.06, -z), (t * x, high - 0.04 + rise * (1 - t * t), -z), 0.03)
            for t in (-0.4, 0, 0.4)
        ]
    return Shape.of(*parts)


def slatted_bench(rng: Rng) -> Shape:
    """Long and low without a back: slats or a thick plank on sturdy legs."""
    width, seat, depth = rng.uniform(1.4, 1.9), rng.uniform(0.4, 0.45), rng.uniform(0.34, 0.4)
    parts: list[Primitives] = []
    count = int(rng.integers(3, 8))
    for z in spread(-depth / 2 * (1 - 1 / count), depth / 2 * (1 - 1 / count), count):
        parts.append(box((width, 0.04, 0.74 * depth / count), (0, seat - 0.02, z)))
    for side in SIDES:
        x = side * width * rng.uniform(0.38, 0.42)
        parts.append(box((0.07, 0.05, depth), (x, seat - 0.06, 0)))
        if chance(rng, 0.5):
            for z in SIDES:
                parts.append(
                    beam(
                        (x, seat - 0.05, z * depth * 0.3),
                        (x, 0, z * depth * 0.48),
                        0.06,
                        0.06,
                        RIGHT,
                    )
                )
            parts.append(box((0.04, 0.04, 0.7 * depth), (x, 0.15, 0)))
        else:
            parts.append(box((0.09, seat - 0.05, depth * 0.85), (x, (seat - 0.05) / 2, 0)))
    if chance(rng, 0.6):
        parts.append(box((width * 0.85, 0.05, 0.035), (0, 0.18, 0)))
        parts += [box((0.05, 0.06, depth * 0.6), (s * width * 0.4, 0.18, 0)) for s in SIDES]
    return Shape.of(*parts)


def pew(rng: Rng) -> Shape:
    """A church bench: solid shaped ends, a plain high back, a ledge behind."""
    width, seat, depth = rng.uniform(1.4, 2.0), rng.uniform(0.43, 0.46), rng.uniform(0.42, 0.48)
    high = rng.uniform(0.85, 0.98)
    back = vec(0, seat + (high - seat) / 2, -depth / 2 - 0.06)
    parts: list[Primitives] = [
        box((width, 0.035, depth), (0, seat, 0)),
        box((width, high - seat + 0.06, 0.03), back, turn(0, -8)),
        box((width, 0.03, 0.1), (0, high, -depth / 2 - 0.12)),
        box((width, 0.1, 0.025), (0, seat - 0.05, depth / 2 - 0.06)),
    ]
    for side in SIDES:
        x = side * width / 2
        parts += [
            box((0.05, high + 0.03, 0.3), (x, (high + 0.03) / 2, -depth / 2)),
            box((0.05, seat + 0.18, depth + 0.05), (x, (seat + 0.18) / 2, 0)),
            capsule((x, seat + 0.2, -depth / 2), (x, seat + 0.2, depth / 2), 0.033),
            capsule(
                (x, high + 0.03, -depth / 2 - 0.13), (x, high + 0.03, -depth / 2 + 0.13), 0.034
            ),
        ]
    if width > 1.7:
        parts.append(box((0.04, seat, depth * 0.8), (0, seat / 2, 0)))
    return Shape.of(*parts)


def curved_bench(rng: Rng) -> Shape:
    """A bench bent around a centre, with legs and a back that follow it."""
    radius, half = rng.uniform(1.0, 1.6), rng.uniform(32, 48)
    seat, depth, high = rng.uniform(0.42, 0.46), rng.uniform(0.38, 0.44), rng.uniform(0.78, 0.9)
    pieces = 8
    parts: list[Primitives] = []
    rows = int(rng.integers(3, 5))
    for row in spread(-depth / 2 * (1 - 1 / rows), depth / 2 * (1 - 1 / rows), rows):
        points = arc((0, seat, radius), radius - row, 180 - half, 180 + half, pieces)
        for a, b in itertools.pairwise(points):
            out = np.cross(UP, b - a)
            parts.append(beam(a, b + 0.04 * (b - a), 0.8 * depth / rows, 0.03, out))
    for y in (high - 0.05, high - 0.2):
        points = arc((0, y, radius), radius + depth / 2 + 0.03, 180 - half, 180 + half, pieces)
        for a, b in itertools.pairwise(points):
            parts.append(beam(a, b + 0.04 * (b - a), 0.1, 0.025, UP))
    for angle in spread(180 - 0.85 * half, 180 + 0.85 * half, 3):
        out = turn(angle) @ vec(0, 0, 1)
        middle = vec(0, 0, radius) + out * radius
        across = np.cross(UP, out)
        parts += [
            beam(
                middle - out * depth * 0.46 + (0, seat - 0.03, 0),
                middle + out * (depth / 2 + 0.03) + (0, seat - 0.03, 0),
                0.05,
                0.05,
                across,
            ),
            beam(
                middle - out * depth * 0.4,
                middle - out * depth * 0.4 + (0, seat - 0.01, 0),
                0.05,
                0.05,
                across,
            ),
            beam(
                middle + out * (depth / 2 + 0.01),
                middle + out * (depth / 2 + 0.03) + (0, high, 0),
                0.05,
                0.04,
                across,
            ),
        ]
    return Shape.of(*parts)
