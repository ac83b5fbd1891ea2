"""Objects without a name: revolution, extrusion, sweep, blob, and mixtures of them."""

from __future__ import annotations

import math

import numpy as np
import torch

from im2mesh.geometry.poses import pose_rotation
from im2mesh.shapes.kit.axes import FRONT, around, roll, tilt
from im2mesh.shapes.kit.bars import ball, column, loop_handle, point, strip
from im2mesh.shapes.kit.bars import sweep as bar
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, log_uniform, pick, uniform
from im2mesh.shapes.kit.copies import Solids, mirrored, moved, ringed, stand, turned
from im2mesh.shapes.kit.outlines import (
    both_sides,
    convex_pieces,
    extrude,
    random_outline,
    rounded_outline,
)
from im2mesh.shapes.kit.profiles import lathe, random_profile, vessel
from im2mesh.shapes.kit.soft import blob, rounded_box
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import Shell, Torus, box, ellipsoid, frustum, torus


def revolution(rng: Rng) -> Shape:
    """Draw a solid of revolution: closed, hollow or a tube, often with handles or a spout."""
    return stand(_lying(rng, _revolution(rng)))


def extrusion(rng: Rng) -> Shape:
    """Draw a plate, a bar or a block of any outline, with holes, steps or a frame."""
    return stand(_lying(rng, _extrusion(rng)))


def sweep(rng: Rng) -> Shape:
    """Draw a bent bar: a hook, a wave, a ring, a spring or a pipe with branches."""
    return stand(_lying(rng, draw(rng, _PATHS)))


def soft(rng: Rng) -> Shape:
    """Draw a blob of ellipsoids, at times symmetric."""
    return stand(_blob(rng))


def mixture(rng: Rng) -> Shape:
    """Draw two to four of the others, grown together where their surfaces meet."""
    kinds: dict[Make, float] = {
        _revolution: 3.0, _extrusion: 3.0, _any_path: 1.5, _blob: 2.0, _plain: 2.5,
    }  # fmt: skip
    parts = [_sized(rng, draw(rng, kinds), 1.0)]
    for _ in range(count(rng, 1, 3)):
        part = _sized(rng, draw(rng, kinds), log_uniform(rng, 0.3, 1.0))
        parts.append(_grown(rng, pick(rng, *parts), part))
    return stand(solid for part in parts for solid in part.groups)


def _lying(rng: Rng, solids: Solids) -> Solids:
    """Return the solids as they are or laid down."""
    return turned(solids, tilt(90)) if chance(rng, 0.3) else solids


def _sized(rng: Rng, solids: Solids, extent: float) -> Shape:
    """Return the solids as a shape of an extent about the origin, turned in any way."""
    turn = pose_rotation(uniform(rng, 0, 360), pick(rng, 0.0, 90.0, uniform(rng, -180, 180)))
    return Shape.of(*solids).transformed(turn).normalised().transformed(scale=extent)


def _grown(rng: Rng, first: Shape, second: Shape) -> Shape:
    """Return the second shape, moved so that it overlaps the first one a little, from outside."""
    out = torch.from_numpy(pose_rotation(uniform(rng, 0, 360), uniform(rng, -90, 90))[:, 2].copy())
    step = _outermost(rng, first, out) - _outermost(rng, second, -out)
    return second.transformed(offset=step.numpy())


def _outermost(rng: Rng, shape: Shape, out: torch.Tensor) -> torch.Tensor:
    """Return a point close below the surface, about as far in a direction as there are any."""
    points = []
    for group in shape.groups:
        random = torch.from_numpy(rng.random((len(group), 16, 3)))
        own, _ = group.sample(group.size[:, None].expand(-1, 16, -1), random)
        if not isinstance(group, (Shell, Torus)):  # convex: towards its middle is inside
            own = own.lerp(own.mean(dim=1, keepdim=True), log_uniform(rng, 0.02, 0.3))
        index = torch.arange(len(group)).repeat_interleave(16)
        points.append(group.shape_frame(own.flatten(0, 1), index))
    every = torch.cat(points)
    return every[(every @ out).argmax()]


def _revolution(rng: Rng) -> Solids:
    profile = np.array(random_profile(rng))
    profile[:, 1] *= log_uniform(rng, 0.3, 2.5)
    wide, tall = float(profile[:, 0].max()), profile[-1, 1]
    wall = 2 * wide * log_uniform(rng, 0.015, 0.15)
    style = pick(rng, "closed", "closed", "open", "open", "tube")
    if style == "closed":
        solids = lathe(profile)
    else:
        profile[:, 0] = profile[:, 0].clip(min=1.2 * wall)
        if chance(rng, 0.3):
            profile[:, 0] = np.sort(profile[:, 0])  # widest at the top
        floor = 0.0 if style == "tube" else min(wall * uniform(rng, 0.8, 2), 0.5 * tall)
        solids = vessel(profile, wall, floor)
    thick = max(wide * log_uniform(rng, 0.04, 0.15), 0.6 * wall)
    if chance(rng, 0.25):  # handles around it
        low, high = uniform(rng, 0.05, 0.5), uniform(rng, 0.55, 0.95)
        top, end = ((_radius(profile, y * tall) + 0.2 * thick, y * tall, 0) for y in (high, low))
        reach = wide - min(top[0], end[0]) + wide * uniform(rng, 0.2, 0.8)
        loop = loop_handle(top, end, (reach, 0, 0), thick)
        number = pick(rng, 1, 1, 2, 3)
        solids += ringed(loop, number)
    if chance(rng, 0.15):  # a spout
        y = uniform(rng, 0.2, 0.8) * tall
        start = (-_radius(profile, y) + thick, y, 0)
        end = (-wide - uniform(rng, 0.3, 1) * wide, y + uniform(rng, 0, 1) * tall, 0)
        solids += bar([start, end], [1.5 * thick, 0.8 * thick])
    if chance(rng, 0.2):  # rings
        solids += [
            torus(_radius(profile, y) + 0.3 * thick, thick, (0, y, 0))
            for y in tall * rng.uniform(0.1, 0.9, count(rng, 1, 3))
            if _radius(profile, y) > thick
        ]
    if chance(rng, 0.12):  # fins or flutes
        number, y = count(rng, 3, 8), 0.5 * tall
        fin = box((wide * 0.5, 0.5 * tall, thick), (_radius(profile, y) + 0.1 * wide, y, 0))
        solids += ringed([fin], number)
    return solids


def _radius(profile: np.ndarray, height: float) -> float:
    return float(np.interp(height, profile[:, 1], profile[:, 0]))


def _outline(rng: Rng) -> np.ndarray:
    """Draw an outline: of no pattern, mirrored, a polygon, a wheel or a rounded rectangle."""
    style = pick(rng, "random", "random", "mirrored", "polygon", "gear", "rounded")
    if style == "random":
        return np.array(random_outline(rng))
    if style == "mirrored":
        number = count(rng, 3, 6)
        heights = np.sort(rng.uniform(-0.5, 0.5, number))
        half = np.stack([rng.uniform(0.08, 0.5, number), heights + np.arange(number) * 1e-3], 1)
        return both_sides(half)
    if style == "rounded":
        wide, high = uniform(rng, 0.3, 1), uniform(rng, 0.3, 1)
        return np.array(rounded_outline(wide, high, uniform(rng, 0.1, 0.5) * min(wide, high), 3))
    number = count(rng, 3, 8) if style == "polygon" else 2 * count(rng, 4, 9)
    angle = 2 * math.pi * (np.arange(number) + 0.5) / number
    radius = np.full(number, 0.5)
    if style == "gear":
        radius[::2] *= uniform(rng, 0.55, 0.9)
    return radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], 1)


def _extrusion(rng: Rng) -> Solids:
    outline = _outline(rng) * (1, log_uniform(rng, 0.5, 2))
    thick = log_uniform(rng, 0.04, 2)
    style = pick(rng, "plain", "plain", "plain", "steps", "frame", "taper", "pair")
    if style == "frame":  # a hole, or a tray where there is a floor
        angle = 2 * math.pi * (np.arange(count(rng, 3, 10)) + 0.5)
        outline = 0.5 * np.stack([np.cos(angle / len(angle)), np.sin(angle / len(angle))], 1)
        outline = outline * (1, log_uniform(rng, 0.5, 2))
        solids, inner = [], outline * uniform(rng, 0.4, 0.93)
        for k, after in enumerate(np.roll(np.arange(len(outline)), -1)):
            piece = np.array([outline[k], outline[after], inner[after], inner[k]])
            solids += extrude(piece, thick)
        if chance(rng, 0.4):
            floor = min(uniform(rng, 0.03, 0.1), 0.5 * thick)
            solids += extrude(0.97 * outline, floor, (0, 0, -(thick - floor) / 2))
        return solids
    solids = extrude(outline, thick)
    if style == "steps":
        z, scale = thick / 2, 1.0
        for _ in range(count(rng, 1, 3)):
            scale, high = scale * uniform(rng, 0.5, 0.9), log_uniform(rng, 0.05, 0.5)
            solids += extrude(scale * outline, high + 0.01, (0, 0, z + high / 2 - 0.005))
            z += high
    elif style == "taper":
        for k in range(count(rng, 2, 5)):
            z = thick * (0.5 + 0.25 * k)
            solids += extrude(
                (1 - 0.15 * (k + 1)) * outline, 0.27 * thick, (0, 0, z + 0.12 * thick)
            )
    elif style == "pair":  # two plates on pillars: what is between them is empty
        apart = uniform(rng, 0.1, 0.6) + thick
        solids += moved(solids, (0, 0, apart))
        x, y = convex_pieces(outline)[0].mean(axis=0)
        solids += [frustum((x, y, 0), (x, y, apart), 0.1)]
    return solids


def _bent(rng: Rng, points: np.ndarray, radius: float, ends: bool = True) -> Solids:
    """Return a bar along points: of one radius or tapered, round or flat, with ends."""
    style = pick(rng, "round", "round", "taper", "flat")
    if style == "flat" and np.ptp(points[:, 2]) == 0:
        return strip(list(points), uniform(rng, 2, 8) * radius, 1.2 * radius, FRONT)
    if style == "taper":
        solids = bar(
            list(points), list(radius * np.linspace(1.3, uniform(rng, 0.3, 1), len(points)))
        )
    else:
        solids = bar(list(points), radius)
    if ends and chance(rng, 0.4):
        big = radius * uniform(rng, 1.5, 3)
        for end, before in ((points[0], points[1]), (points[-1], points[-2]))[: pick(rng, 1, 2)]:
            out = (end - before) / np.linalg.norm(end - before)
            if chance(rng, 0.5):
                solids += [ball(big, end)]
            else:
                solids += [frustum(end - 0.5 * big * out, end + 0.3 * big * out, big)]
    return solids


def _hook(rng: Rng) -> Solids:
    """Make a straight piece and an arc, or two arcs: hooks, canes, S and U."""
    radius, long = uniform(rng, 0.15, 0.5), uniform(rng, 0.1, 1.2)
    turn = math.radians(uniform(rng, 60, 300))
    angle = np.linspace(0, turn, 9)
    curl = np.stack([radius * (1 - np.cos(angle)), long + radius * np.sin(angle), 0 * angle], 1)
    points = np.concatenate([[(0, 0, 0)], curl])
    if chance(rng, 0.4):  # and another at the other end
        points = np.concatenate([(curl * (pick(rng, -1, 1), -1, 1) + (0, 0, 0))[::-1], curl])
    return _bent(rng, points, uniform(rng, 0.03, 0.14))


def _wave(rng: Rng) -> Solids:
    """Make a random smooth line, flat or in space."""
    number, flat = 14, chance(rng, 0.4)
    share = np.linspace(0, 1, number)
    points = np.stack([share * uniform(rng, 0.4, 1.2), 0 * share, 0 * share], 1)
    for axis in (1,) if flat else (1, 2):
        for wave in range(1, 4):
            size = uniform(rng, 0.0, 0.35) / wave
            points[:, axis] += size * np.sin(math.pi * wave * share + uniform(rng, 0, 6.3))
    return _bent(rng, points, uniform(rng, 0.03, 0.12))


def _ring(rng: Rng) -> Solids:
    """Make a ring, a chain's links, or a ring with a bar or a plate."""
    tube = log_uniform(rng, 0.04, 0.45) * 0.5
    solids = [torus(0.5, tube, (0, 0, 0), FRONT)]
    extra = pick(rng, "none", "none", "links", "spokes", "seat")
    if extra == "links":
        for k in range(1, count(rng, 2, 5)):
            solids += [torus(0.5, tube, (0, k, 0), (1, 0, 0) if k % 2 else FRONT)]
    elif extra == "spokes":
        number = count(rng, 2, 8)
        hub = uniform(rng, 0.08, 0.2)
        solids += [frustum((0, 0, -tube), (0, 0, tube), hub)]
        for k in range(number):
            spoke = column(0, 0.5, 0.6 * min(tube, 0.08))
            solids += turned([spoke], roll(360 * k / number))
    elif extra == "seat":
        solids += [box((0.5, 0.3, 2 * tube), (0, -0.5 - tube, 0))]
    return solids


def _spring(rng: Rng) -> Solids:
    """Make a coil, a spiral or a cone of wire."""
    turns = uniform(rng, 1.5, 4)
    number = round(11 * turns)
    angle = np.linspace(0, 2 * math.pi * turns, number)
    radius = 0.5 * np.linspace(1, pick(rng, 1.0, 1.0, 0.3), number)
    rise = uniform(rng, 0.15, 0.6) if radius[0] == radius[-1] or chance(rng, 0.5) else 0.0
    points = np.stack(
        [radius * np.cos(angle), rise * angle / (2 * math.pi), radius * np.sin(angle)], 1
    )
    return bar(list(points), uniform(rng, 0.03, 0.12))


def _pipes(rng: Rng) -> Solids:
    """Make pipes with right-angled bends and flanges, whose ends are open."""
    radius, at, direction = uniform(rng, 0.06, 0.16), np.zeros(3), np.eye(3)[0]
    wall = radius * uniform(rng, 0.15, 0.4)
    solids: Solids = []
    number = count(rng, 2, 5)
    for k in range(number):
        end = at + direction * uniform(rng, 4, 8) * radius
        first, last = k == 0, k == number - 1
        if first or last:  # open ends
            mouth, way = (at, -direction) if first else (end, direction)
            long = 0.5 * float(np.linalg.norm(end - at))
            solids += vessel([(radius, -long), (radius, 0)], wall, 0, mouth, way)
            solids += [frustum(mouth - way * long * 0.98, (end if first else at), radius)]
            flange = vessel(
                [(1.5 * radius, -0.5 * radius), (1.5 * radius, 0)],
                0.5 * radius + wall,
                0,
                mouth,
                way,
            )
            solids += flange if chance(rng, 0.6) else []
        else:
            solids += [frustum(at, end, radius)]
        if not last:
            solids += [ball(radius, end)]
        at = end
        axis = pick(rng, *(a for a in range(3) if direction[a] == 0))
        direction = pick(rng, -1, 1) * np.eye(3)[axis] if k % 2 else np.abs(np.eye(3)[axis])
    return solids


def _branches(rng: Rng) -> Solids:
    """Make a trunk with twigs, or antlers."""
    tall = uniform(rng, 0.6, 1.2)
    radius = uniform(rng, 0.04, 0.1)
    solids = bar(
        [(0, 0, 0), (uniform(rng, -0.1, 0.1), 0.5 * tall, 0), (0, tall, 0)],
        [radius, 0.8 * radius, 0.4 * radius],
    )
    for _ in range(count(rng, 3, 8)):
        y, out = uniform(rng, 0.3, 0.9) * tall, around(uniform(rng, 0, 360))
        long, rise = uniform(rng, 0.2, 0.6), uniform(rng, 0, 0.4)
        start = point(0, y, 0)
        middle = start + 0.6 * long * out + (0, 0.3 * rise, 0)
        solids += bar(
            [start, middle, start + long * out + (0, rise, 0)],
            [0.7 * radius, 0.5 * radius, 0.25 * radius],
        )
    if chance(rng, 0.3):
        solids += [column(-0.05, 0.02, uniform(rng, 0.2, 0.4))]
    return solids


_PATHS: dict[Make, float] = {
    _hook: 2.0, _wave: 2.0, _ring: 2.0, _spring: 1.5, _pipes: 2.0, _branches: 1.0,
}  # fmt: skip


def _any_path(rng: Rng) -> Solids:
    return draw(rng, _PATHS)


def _blob(rng: Rng) -> Solids:
    solids = blob(rng)
    if chance(rng, 0.35):
        solids = mirrored(*moved(solids, (uniform(rng, 0, 0.1), 0, 0)))
    return solids


def _plain(rng: Rng) -> Solids:
    """Make one plain solid."""
    size = np.array([log_uniform(rng, 0.15, 1) for _ in range(3)])
    style = pick(rng, "box", "rounded", "ellipsoid", "cylinder", "cone")
    if style == "box":
        return [box(size)]
    if style == "rounded":
        return rounded_box(size, uniform(rng, 0.1, 0.45) * size.min())
    if style == "ellipsoid":
        return [ellipsoid(size / 2)]
    end = size[0] / 2 if style == "cylinder" else size[2] / 2 * pick(rng, 0, 1)
    return [column(0, size[1], size[0] / 2, end)]
