"""Soft solids: cushions, round boxes, blobs."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from im2mesh.shapes.kit.axes import SIDES
from im2mesh.shapes.kit.choices import Rng, count, uniform
from im2mesh.shapes.kit.copies import Solids
from im2mesh.shapes.kit.outlines import extrude, rounded_outline
from im2mesh.shapes.solids import (
    ORIGIN,
    Primitives,
    Vector,
    box,
    capsule,
    ellipsoid,
    rotation_matrix,
    vector,
)


def cushion(
    size: Sequence[float], centre: Vector, rotation: Vector | None = None, thin: int = 1
) -> Solids:
    """Make a slab with round edges.

    Args:
        size: (3,) whole lengths before the rotation.
        centre: (3,).
        rotation: (3, 3) about the centre; None: none.
        thin: the axis of the least length, whose edges are rounded all the way.
    """
    turn = np.eye(3) if rotation is None else np.asarray(rotation, dtype=np.float64)
    middle = np.asarray(centre, dtype=np.float64)
    radius = size[thin] / 2
    half = np.asarray(size, dtype=np.float64) / 2 - radius
    inner = 2 * half
    inner[thin] = size[thin]
    solids = [box(inner, middle, turn)]
    one, other = (axis for axis in range(3) if axis != thin)
    for along, beside in ((one, other), (other, one)):
        for side in SIDES:
            start, end = np.zeros(3), np.zeros(3)
            start[along], end[along] = -half[along], half[along]
            start[beside] = end[beside] = side * half[beside]
            solids.append(capsule(middle + turn @ start, middle + turn @ end, radius))
    return solids


def pillow(size: Sequence[float], centre: Vector, rotation: Vector | None = None) -> Primitives:
    """Make a scatter cushion or a bed's pillow: an ellipsoid of these whole lengths."""
    return ellipsoid(np.asarray(size) / 2, centre, rotation)


def rounded_box(
    size: Vector, radius: float, centre: Vector = ORIGIN, rotation: Vector | None = None
) -> Solids:
    """Return a box with round edges and corners; 15 solids, 5 where it is as thin as its edges.

    Args:
        size: (3,) whole lengths before the rotation, > 0.
        radius: of the edges, > 0; at most half the least length.
        centre: (3,).
        rotation: (3, 3) about the centre; None: none.
    """
    lengths, middle = vector(size, "size"), vector(centre, "centre")
    thin = int(lengths.argmin())
    if radius >= 0.499 * lengths[thin]:
        return cushion(lengths.tolist(), middle, rotation, thin)
    turn = rotation_matrix(rotation)
    inner = lengths / 2 - radius
    solids = []
    for axis in range(3):
        solids.append(box(2 * (inner + radius * (np.arange(3) == axis)), middle, rotation))
        step = inner * (np.arange(3) == axis)
        others = [other for other in range(3) if other != axis]
        for signs in itertools.product((-1, 1), repeat=2):
            edge = np.zeros(3)
            edge[others] = signs * inner[others]
            ends = (middle + turn @ (edge - step), middle + turn @ (edge + step))
            solids.append(capsule(*ends, radius))
    return solids


def blob(rng: Rng, number: int | None = None, size: float = 1.0) -> Solids:
    """Return a soft blob about the origin: ellipsoids along a wandering line.

    Args:
        rng: draws them.
        number: how many; None: 5 to 12.
        size: about its largest extent.
    """
    number = count(rng, 5, 12) if number is None else number
    at, heading = np.zeros(3), rng.normal(size=3)
    radius = uniform(rng, 0.12, 0.25)
    places, axes = [], []
    for _ in range(number):
        radius = float(np.clip(radius * np.exp(rng.normal(0, 0.25)), 0.08, 0.32))
        places.append(at)
        axes.append(radius * rng.uniform(0.7, 1.3, 3))
        heading = heading / np.linalg.norm(heading) + rng.normal(0, 0.5, 3)
        # No farther than the least semi-axis of this one: the next one's middle is in it.
        at = at + heading / np.linalg.norm(heading) * uniform(rng, 0.5, 1.0) * axes[-1].min()
    middle = np.mean(places, axis=0)
    extent = np.ptp([p + s * a for p, a in zip(places, axes, strict=True) for s in (-1, 1)], axis=0)
    scale = size / extent.max()
    return [ellipsoid(scale * a, scale * (p - middle)) for p, a in zip(places, axes, strict=True)]


def slab(
    size: tuple[float, float, float], radius: float, centre: tuple[float, float, float]
) -> Solids:
    """Return a block whose four edges along z are round; 3 solids or so.

    Args:
        size: (3,) width, height and depth.
        radius: of the edges.
        centre: (3,).
    """
    wide, tall, deep = size
    return extrude(rounded_outline(wide, tall, radius, 3), deep, centre)
