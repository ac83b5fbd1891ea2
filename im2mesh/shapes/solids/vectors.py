"""Vectors as (…, 3) tensors, and intervals of lines."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def stack_xyz(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """Stack (…) coordinates to (…, 3), each coordinate contiguous in memory."""
    return torch.stack([x, y, z]).movedim(0, -1)


def norm(vector: Tensor) -> Tensor:
    """Return (…) the lengths of (…, 3) vectors."""
    x, y, z = vector.unbind(-1)
    return (x * x + y * y + z * z).sqrt()


def normalize(vector: Tensor) -> Tensor:
    """Return (…, 3) unit vectors; a zero vector gives the x axis."""
    length = norm(vector)[..., None]
    nowhere = length == 0
    anywhere = torch.zeros_like(vector)
    anywhere[..., 0] = 1.0
    return torch.where(nowhere, anywhere, vector / torch.where(nowhere, 1.0, length))


def axis_distance(point: Tensor) -> Tensor:
    """Return (…) the distances of (…, 3) points from the y axis."""
    return torch.hypot(point[..., 0], point[..., 2])


def radial_direction(point: Tensor) -> tuple[Tensor, Tensor]:
    """Return x and z of the unit vectors away from the y axis; on the axis, the x axis."""
    x, z = point[..., 0], point[..., 2]
    out = torch.hypot(x, z)
    centre = out == 0
    safe = torch.where(centre, 1.0, out)
    return torch.where(centre, 1.0, x / safe), z / safe


def interval_start(enters: Tensor, leaves: Tensor) -> Tensor:
    """Return the start of an interval, ∞ where it is empty."""
    return torch.where(enters <= leaves, enters, math.inf)


def slab_interval(half: Tensor, origin: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """Return the interval of a line where one coordinate is within ±half: its two ends."""
    along = direction == 0
    inverse = 1 / torch.where(along, 1.0, direction)
    one, other = (-half - origin) * inverse, (half - origin) * inverse
    first, last = torch.minimum(one, other), torch.maximum(one, other)
    if bool(along.any()):
        within = origin.abs() <= half
        endless = torch.where(within, math.inf, -math.inf)
        first, last = torch.where(along, -endless, first), torch.where(along, endless, last)
    return first, last
