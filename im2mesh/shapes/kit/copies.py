"""Copies of solids, mirrored, moved or turned, and the shape that they make."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch

from im2mesh.geometry.poses import pose_rotation
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import Primitives, Vector

Solids = list[Primitives]


def mirrored(*solids: Primitives, axis: int = 0) -> Solids:
    """Return the solids and their mirror images in the plane through the origin across an axis."""
    return [*solids, *(solid.mirrored(axis) for solid in solids)]


def corners(*solids: Primitives) -> Solids:
    """Return solids at the right front corner (x, z > 0), such as a leg, at all four corners."""
    return mirrored(*mirrored(*solids), axis=2)


def moved(
    solids: Iterable[Primitives], offset: Vector = (0.0, 0.0, 0.0), azimuth: float = 0.0
) -> Solids:
    """Return the solids, turned about the y axis by an angle in degrees, then moved."""
    turn = torch.from_numpy(pose_rotation(azimuth, 0.0))
    step = torch.from_numpy(np.array(offset, dtype=np.float64))
    return [solid.transformed(turn, step, 1.0) for solid in solids]


def ringed(solids: Iterable[Primitives], number: int, start: float = 0.0) -> Solids:
    """Return copies of the solids, spread evenly around the y axis, from an angle in degrees on."""
    solids = list(solids)
    return [s for k in range(number) for s in moved(solids, azimuth=start + 360 * k / number)]


def turned(solids: Iterable[Primitives], rotation: Vector) -> Solids:
    """Return the solids, turned about the origin by a (3, 3) rotation, such as :func:`tilt`."""
    turn = torch.from_numpy(np.array(rotation, dtype=np.float64))
    still = torch.zeros(3, dtype=torch.float64)
    return [solid.transformed(turn, still, 1.0) for solid in solids]


def stand(solids: Iterable[Primitives], scale: float = 1.0) -> Shape:
    """Return the union of the solids, scaled, then moved along y to a lowest point at y = 0."""
    shape = Shape.of(*solids).transformed(scale=scale)
    return shape.transformed(offset=(0, -float(shape.bounds()[0, 1]), 0))
