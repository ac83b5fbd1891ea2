"""Families without a name: free assemblies of solids, and two objects put together."""

from __future__ import annotations

import itertools
import math

import numpy as np
import torch

from im2mesh.geometry.poses import pose_rotation
from im2mesh.shapes.kit.axes import UP
from im2mesh.shapes.kit.bars import ball, point
from im2mesh.shapes.kit.choices import Make, Rng, chance, count, draw, pick
from im2mesh.shapes.kit.copies import Solids, mirrored, moved, stand
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import Primitives, beam, box, capsule, ellipsoid, frustum, torus

# Rays along a side of the grid on which two objects are brought together.
RAYS = 96


# The index of the only solid of a batch.
FIRST = torch.zeros(1, dtype=torch.long)


def assembly(rng: Rng) -> Shape:
    """Make no real object: solids that grow on one another, towers, frames, lattices.

    Returns:
        One piece: every solid overlaps another. 4 to 15 solids where they grow freely, more
        where they are repeated; y up, the lowest point at y = 0.
    """
    kinds: dict[Make, float] = {
        _grown: 0.32, _symmetric: 0.2, _repeated: 0.12, _tower: 0.14, _frame: 0.12, _lattice: 0.1,
    }  # fmt: skip
    return stand(draw(rng, kinds))


def _grown(rng: Rng) -> Solids:
    """From a first solid on, each is stuck to the surface of one that is there."""
    solids = [_solid(rng, 0.5)]
    for _ in range(count(rng, 3, 14)):
        _grow(rng, solids)
    return solids


def _symmetric(rng: Rng) -> Solids:
    """Make a grown assembly and its mirror image."""
    solids = [_solid(rng, 0.5, upright=True)]
    for _ in range(count(rng, 2, 6)):
        _grow(rng, solids)
    return [solids[0], *mirrored(*solids[1:])]


def _repeated(rng: Rng) -> Solids:
    """Make an upright solid, round about y, with 3 to 6 equal branches around it."""
    wide, tall = rng.uniform(0.08, 0.45), rng.uniform(0.08, 0.45)
    trunks = (
        ellipsoid((wide, tall, wide)),
        frustum(-tall * UP, tall * UP, wide, wide * rng.uniform(0.3, 1.0)),
        capsule(-tall * UP, tall * UP, 0.6 * wide),
        torus(max(wide, 0.2), 0.06 + 0.3 * wide),
    )
    solids = [pick(rng, *trunks)]
    for _ in range(count(rng, 1, 3)):
        _grow(rng, solids)
    number = count(rng, 3, 6)
    branches = solids[1:]
    for k in range(1, number):
        solids += moved(branches, azimuth=360 * k / number)
    return solids


def _tower(rng: Rng) -> Solids:
    """Make a pile of upright solids, some with a ring around them or an arm out of them."""
    solids: Solids = []
    y, wide = 0.0, rng.uniform(0.25, 0.5)
    for _ in range(count(rng, 4, 8)):
        tall = rng.uniform(0.08, 0.4)
        wide = float(np.clip(wide * rng.uniform(0.5, 1.4), 0.06, 0.5))
        middle = point(0.0, y + tall / 2, 0.0)
        kind = pick(rng, "box", "frustum", "cone", "ellipsoid", "torus")
        if kind == "box":
            turn = pose_rotation(pick(rng, 0.0, 45.0, rng.uniform(0, 90)), 0.0)
            solids.append(box((2 * wide, tall, 2 * wide * rng.uniform(0.5, 1)), middle, turn))
        elif kind == "ellipsoid":
            solids.append(ellipsoid((wide, 0.56 * tall, wide), middle))
        elif kind == "torus" and tall < wide:
            solids.append(torus(wide, tall / 2, middle))
            solids.append(frustum(middle - tall / 2 * UP, middle + tall / 2 * UP, 0.8 * wide))
        else:
            end = wide * (rng.uniform(0.3, 0.8) if kind == "cone" else 1.0)
            solids.append(frustum(middle - tall / 2 * UP, middle + tall / 2 * UP, wide, end))
            wide = end
        if chance(rng, 0.3):
            out = pose_rotation(rng.uniform(0, 360), rng.uniform(-40, 40))[:, 2]
            end_at = middle + rng.uniform(1.2, 2.2) * max(wide, 0.15) * out
            solids.append(capsule(middle, end_at, rng.uniform(0.015, 0.06)))
            if chance(rng, 0.6):
                solids.append(ball(rng.uniform(0.04, 0.1), end_at))
        # A little into one another.
        y += 0.94 * tall
    return solids


def _frame(rng: Rng) -> Solids:
    """Make the edges of a cuboid or a tapered one, some faces closed or crossed, things inside."""
    half = rng.uniform(0.25, 0.6, 3)
    taper = rng.uniform(0.4, 1.0) if chance(rng, 0.4) else 1.0
    thick = rng.uniform(0.014, 0.05) * 2 * half.max()
    round_bars = chance(rng, 0.5)
    signs = (-1, 1)
    corners = {
        sign: half * sign * (point(taper, 1, taper) if sign[1] > 0 else 1)
        for sign in itertools.product(signs, signs, signs)
    }
    solids: Solids = []
    for a, b in itertools.combinations(corners, 2):
        if sum(x != y for x, y in zip(a, b, strict=True)) == 1:
            solids.append(_bar(corners[a], corners[b], thick, round_bars))
    if not round_bars:
        solids += [box((1.3 * thick,) * 3, corner) for corner in corners.values()]
    # A cross in one face or several.
    for side in signs:
        if chance(rng, 0.5):
            for z in signs:
                ends = corners[side, -1, -z], corners[side, 1, z]
                solids.append(_bar(*ends, 0.7 * thick, round_bars))
    closed = rng.random()
    if closed < 0.6:
        solids.append(box((2 * half[0], 0.8 * thick, 2 * half[2]), (0, -half[1], 0)))
        inner = float(half.min()) * rng.uniform(0.35, 0.75)
        stands = point(0.0, inner - half[1], 0.0)
        foot = stands - inner * UP
        kind = pick(rng, "ball", "cone", "ring", "cube")
        if kind == "ball":
            solids.append(ball(inner, stands))
        elif kind == "cone":
            solids.append(frustum(foot, stands + inner * UP, inner, 0.2 * inner))
        elif kind == "ring":
            solids.append(torus(0.75 * inner, 0.25 * inner, stands, (0, 0.3, 1)))
        else:
            turn = pose_rotation(rng.uniform(0, 90), 0.0)
            solids.append(box((1.4 * inner, 2 * inner, 1.4 * inner), stands, turn))
    elif closed < 0.8:
        solids.append(box((2 * half[0], 0.8 * thick, 2 * half[2]), (0, -half[1], 0)))
        solids.append(box((2 * taper * half[0], 0.8 * thick, 2 * taper * half[2]), (0, half[1], 0)))
    return solids


def _lattice(rng: Rng) -> Solids:
    """Make bars that cross at right angles: a grid in a plane, or in space, perhaps with knots."""
    counts = [count(rng, 2, 3) for _ in range(3)]
    flat = chance(rng, 0.4)
    if flat:
        counts = [count(rng, 3, 5), count(rng, 3, 5), 1]
    gaps = rng.uniform(0.2, 0.45, 3)
    half = [gap * (count - 1) / 2 for gap, count in zip(gaps, counts, strict=True)]
    places = [np.linspace(-h, h, count) for h, count in zip(half, counts, strict=True)]
    thick = rng.uniform(0.05, 0.16) * float(gaps.min())
    thick = max(thick, 0.02 * 2 * max(half))
    round_bars = chance(rng, 0.5)
    beyond = pick(rng, 0.0, 0.3) * float(gaps.min())
    solids: Solids = []
    for axis in range(3):
        if counts[axis] == 1:
            continue
        others = [a for a in range(3) if a != axis]
        for one, two in itertools.product(*(places[a] for a in others)):
            start = np.zeros(3)
            start[others[0]], start[others[1]] = one, two
            end = start.copy()
            start[axis], end[axis] = -half[axis] - beyond, half[axis] + beyond
            solids.append(_bar(start, end, thick, round_bars))
    if chance(rng, 0.5):
        knot = rng.uniform(0.8, 1.6) * thick
        for at in itertools.product(*places):
            solids.append(ball(knot, at))
    if flat:
        tilt = pose_rotation(0.0, pick(rng, 0.0, 90.0, rng.uniform(-60, 60)))
        return list(Shape.of(*solids).transformed(tilt).groups)
    return solids


def _bar(start: np.ndarray, end: np.ndarray, thickness: float, is_round: bool) -> Primitives:
    """Make a round or a square bar."""
    if is_round:
        return capsule(start, end, thickness / 2)
    across = np.eye(3)[int(np.argmin(np.abs(end - start)))]
    return beam(start, end, thickness, thickness, across)


def _solid(rng: Rng, scale: float, upright: bool = False) -> Primitives:
    """Any solid about the origin, about ``scale`` large, thick, flat or long."""
    a, b, c = scale * np.exp(rng.uniform(math.log(0.12), 0.0, 3))
    a = max(a, 0.5 * scale)
    turn = None
    if not upright and chance(rng, 0.5):
        q = rng.normal(size=4)
        turn = _quaternion(q / np.linalg.norm(q))
    half = a * UP if turn is None else a * turn[:, 1]
    kind = count(rng, 0, 5)
    if kind == 0:
        size = rng.permutation([a, b, c])
        return box(2 * size, rotation=turn)
    if kind == 1:
        return frustum(-half, half, b)
    if kind == 2:
        return frustum(-half, half, b, b * rng.uniform(0.0, 0.7))
    if kind == 3:
        return ellipsoid(rng.permutation([a, b, c]), rotation=turn)
    if kind == 4:
        return capsule(-half, half, 0.6 * b)
    return torus(a, a * rng.uniform(0.08, 0.45), axis=half)


def _quaternion(q: np.ndarray) -> np.ndarray:
    """Convert (4,) of length 1, the real part first, to a (3, 3) rotation."""
    w, x, y, z = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def _grow(rng: Rng, solids: Solids) -> None:
    """Stick one more solid to one of those that are there, surface to surface."""
    onto = pick(rng, *solids)
    new = _solid(rng, rng.uniform(0.15, 0.45))
    into = 0.3 * min(
        float(new.half_extents(new.size).min()), float(onto.half_extents(onto.size).min())
    )
    # Not where the solid is so thin that the point below the surface is outside again.
    deep = False
    while not deep:
        place, out = _somewhere(rng, onto)
        below = onto.own_frame(torch.from_numpy(place - into * out)[None], FIRST)
        deep = bool(onto.contains(onto.size, below)[0])
    mine, my_out = _somewhere(rng, new)
    if chance(rng, 0.7):
        # Turned so that the two surfaces face each other.
        turn = torch.from_numpy(_facing(my_out, -out))
    else:
        turn = torch.eye(3, dtype=torch.float64)
    offset = torch.from_numpy(place - into * out) - turn @ torch.from_numpy(mine)
    solids.append(new.transformed(turn, offset, 1.0))


def _somewhere(rng: Rng, solid: Primitives) -> tuple[np.ndarray, np.ndarray]:
    """Return a (3,) point of a solid's surface and the (3,) outward normal there."""
    while True:
        draw = torch.from_numpy(rng.random((1, 3)))
        at, keep = solid.sample(solid.size, draw)
        if bool(keep[0]):
            normal = solid.turned(solid.normal(solid.size, at), FIRST)
            return solid.shape_frame(at, FIRST)[0].numpy(), normal[0].numpy()


def _facing(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a (3, 3) rotation that takes the unit vector a to the unit vector b."""
    half = a + b
    length = float(np.linalg.norm(half))
    if length < 1e-6:
        # Opposite: half a turn about anything across.
        half = np.cross(a, np.eye(3)[int(np.argmin(np.abs(a)))])
        half = half / np.linalg.norm(half)
        return 2 * np.outer(half, half) - np.eye(3)
    half = half / length
    # Half a turn about a, then half a turn about the middle: a stays, then becomes b.
    return (2 * np.outer(half, half) - np.eye(3)) @ (2 * np.outer(a, a) - np.eye(3))


def compositional(rng: Rng) -> Shape:
    """Two pieces of furniture or vehicles: side by side, touching, on or under, or overlapping.

    Each has its own yaw; both stand on the floor, y = 0, unless one is on the other. The larger
    has a largest extent of 1.
    """
    # Here, not above: the package's own module holds this family too.
    from im2mesh.shapes.families import FAMILIES, FURNITURE_AND_VEHICLES

    names = FURNITURE_AND_VEHICLES[:-2]  # all but the two of this module
    one, other = (FAMILIES[names[k]] for k in rng.integers(len(names), size=2))
    first = _placed(rng, one(rng), 1.0)
    how = str(
        rng.choice(["beside", "against", "on", "under", "overlap"], p=(0.3, 0.2, 0.2, 0.1, 0.2))
    )
    drawn = other(rng)
    if how == "under":
        below = _under(rng, first, drawn)
        if below is not None:
            return Shape.of(first, below)
        how = "on"
    size = rng.uniform(0.35, 0.6) if how == "on" else rng.uniform(0.6, 1.0)
    second = _placed(rng, drawn, size)
    low, high = first.bounds().numpy()
    middle = (low + high) / 2
    if how == "on":
        aside = 0.25 * (high - low) * rng.uniform(-1, 1, 3) * (1, 0, 1)
        second = _against(first, second.transformed(offset=(middle + aside) * (1, 0, 1)), UP)
        return Shape.of(first, second)
    angle = rng.uniform(0, 360)
    out = pose_rotation(angle, 0.0)[:, 2]
    across = pose_rotation(angle + 90, 0.0)[:, 2]
    second = second.transformed(offset=middle * (1, 0, 1) + rng.uniform(-0.15, 0.15) * across)
    second = _against(first, second, out)
    step = {"beside": rng.uniform(0.02, 0.15), "against": 0.0, "overlap": -rng.uniform(0.05, 0.15)}
    return Shape.of(first, second.transformed(offset=step[how] * out))


def _under(rng: Rng, first: Shape, second: Shape) -> Shape | None:
    """Put the second shape on the floor below the first; None if there is no room for it.

    Args:
        rng: draws sizes and places.
        first: on the floor.
        second: in any size.
    """
    low, high = first.bounds().numpy()
    for size in np.linspace(0.6, 0.25, 8):
        aside = 0.3 * (high - low) * rng.uniform(-1, 1, 3)
        below = _placed(rng, second, size)
        below = below.transformed(offset=((low + high) / 2 + aside) * (1, 0, 1))
        # No need to lift the first for the second to fit below it.
        if _step(below, first, UP) <= 0:
            return below
    return None


def _placed(rng: Rng, shape: Shape, extent: float) -> Shape:
    """Turn by any yaw, scale to a largest extent, and put on the floor above the origin."""
    turn = pose_rotation(rng.uniform(0, 360), 0.0)
    return stand(shape.transformed(turn).normalised().groups, extent)


def _against(first: Shape, second: Shape, out: np.ndarray) -> Shape:
    """Move the second shape along the unit vector ``out`` until it just touches the first.

    It comes from outside: beyond the place that is returned, the two would not meet. What is
    thinner than the rays are apart may be missed and overlap.
    """
    return second.transformed(offset=_step(first, second, out) * out)


def _step(first: Shape, second: Shape, out: np.ndarray) -> float:
    """Return the distance along ``out`` by which the second shape leaves the first; ≤ 0: it has."""
    # The frame in which ``out`` is z: rays along it see the first's far side, and, from the
    # other end, the second's near side.
    side = np.cross(UP, out) if abs(out[1]) < 0.9 else point(1.0, 0.0, 0.0)
    side = side / np.linalg.norm(side)
    turn = np.stack([side, np.cross(out, side), out])
    behind = np.diag((-1.0, 1.0, -1.0)) @ turn
    one, other = first.transformed(turn), second.transformed(turn)
    low = torch.maximum(one.bounds()[0, :2], other.bounds()[0, :2])
    high = torch.minimum(one.bounds()[1, :2], other.bounds()[1, :2])
    apart = float(one.bounds()[1, 2] - other.bounds()[0, 2])
    if bool((low < high).all()):
        share = (torch.arange(RAYS, dtype=torch.float64) + 0.5) / RAYS
        x, y = (low[k] + share * (high[k] - low[k]) for k in range(2))
        xy = torch.cartesian_prod(x, y)
        far = one.first_hit(xy)
        met = torch.isfinite(far)
        xy, far = xy[met], far[met]
        near = -second.transformed(behind).first_hit(xy * torch.tensor([-1.0, 1.0]))
        gap = (far - near)[torch.isfinite(near)]
        if len(gap):
            apart = float(gap.max())
    return apart
