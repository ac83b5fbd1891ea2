"""From a fused field to its values on a lattice: dense, or coarse to fine.

Coarse to fine (MISE, multiresolution iso-surface extraction: Mescheder et al., Occupancy
Networks, CVPR 2019, section 3) is driven by the FUSED field: the levels are only asked near
the surface of their mean.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from im2mesh.generation.field import FusedField, ObservedField
from im2mesh.generation.lattice import SLAB, Lattice, exact_lattice
from im2mesh.geometry.pixels import back_project
from im2mesh.native.mise import MISE
from im2mesh.timing import Stopwatch

MARGIN = 0.5
"""How near to the iso-level, in units of their own spread, the corners of a coarse cell may
come before it is refined though they all lie on one side. It catches parts that pass between
coarse nodes; tests/test_generation.py counts what is missed."""


def in_slabs(function: Callable[[Tensor], Tensor], points: Tensor, device: torch.device) -> Tensor:
    """Evaluate ``function`` on (N, 3) CPU points, a slab at a time; values come back to the CPU."""
    parts = [function(part.to(device)).cpu() for part in torch.split(points, SLAB)]
    return torch.cat(parts, dim=-1)


def calibrate(field: FusedField, resolution: int, device: torch.device) -> None:
    """Fix a field's moves between levels by the ranges on the nodes of a coarse lattice.

    The ranges of the full lattice would do as well but cost a dense evaluation; the coarse
    nodes are among those that MISE starts with, and dense extraction uses the same ones so
    that both see the same field.
    """
    lattice = exact_lattice(resolution)
    points = lattice.points(lattice.slab(0, lattice.nodes))
    values = in_slabs(field.values, points, device)
    field.calibrate([(float(row.min()), float(row.max())) for row in values])


def extract_dense(
    field: FusedField | ObservedField, lattice: Lattice, device: torch.device, watch: Stopwatch
) -> np.ndarray:
    """The field at every node.

    A field that is not calibrated yet is calibrated by the ranges on this very lattice, as the
    released code does.

    Returns:
        (n, n, n) float32 values along (x, y, z).
    """
    planes = max(1, SLAB // lattice.nodes**2)
    raw = field if isinstance(field, FusedField) and not field.calibrated else None
    evaluate = field if raw is None else raw.values
    slabs = []
    for start in range(0, lattice.nodes, planes):
        points = lattice.points(lattice.slab(start, min(start + planes, lattice.nodes)))
        with watch("eval points"):
            slabs.append(in_slabs(evaluate, points, device))
    values = torch.cat(slabs, dim=-1)
    if raw is not None:
        raw.calibrate([(float(row.min()), float(row.max())) for row in values])
        values = raw.combine(values)
    return values.numpy().reshape((lattice.nodes,) * 3)


def extract_mise(
    field: FusedField | ObservedField,
    lattice: Lattice,
    coarse: int,
    depth: np.ndarray,
    device: torch.device,
    watch: Stopwatch,
    margin: float = MARGIN,
) -> np.ndarray:
    """The field at the nodes near its surface; elsewhere a value on the same side of it.

    Args:
        field: calibrated.
        lattice: the final lattice, ``coarse`` · 2^k cells along each axis.
        coarse: cells of the lattice that MISE starts with.
        depth: (S, S) the depth map; cells that hold an observed point are always refined, so
            that a thin visible part is not lost between coarse nodes. Of an observed field no
            part at all of what the observation decides is lost (:func:`thin_parts`).
        device: where the field lives.
        watch: gets the time of the stages ``eval points`` and ``mise``.
        margin: see :data:`MARGIN`.

    Returns:
        (n, n, n) float32 values along (x, y, z).
    """
    with watch("mise"):
        observed = np.floor((back_project(depth) + 0.5) * lattice.cells).astype(np.int64)
        forced = [np.unique(np.clip(observed, 0, lattice.cells - 1), axis=0)]
        if isinstance(field, ObservedField):
            hidden, shell = field.observation.sides(lattice)
            forced += [thin_parts(hidden, coarse)]
            forced += [thin_parts(shell, coarse)] if field.surface else []
        steps = (lattice.cells // coarse).bit_length() - 1
        mise = MISE(coarse, steps, field.iso_level, forced=np.concatenate(forced), margin=margin)
        nodes = mise.query()
        while len(nodes):
            with watch("eval points"):
                values = in_slabs(field, lattice.points(nodes), device)
            mise.update(nodes, values.numpy())
            nodes = mise.query()
        return np.asarray(mise.to_dense())


def thin_parts(inside: np.ndarray, coarse: int) -> np.ndarray:
    """What would slip between the nodes of the coarser lattices, coarse to fine.

    Args:
        inside: (n, n, n) bool at the nodes of the finest lattice.
        coarse: cells of the coarsest lattice, n − 1 = ``coarse`` · 2^k.

    Returns:
        (M, 3) int64, the first of the finest cells in each cell of a coarser lattice that has
        nodes, in or on it, of a side on which none of its corners is.
    """
    some, every = _at_corners(inside, np.logical_or), _at_corners(inside, np.logical_and)
    found = [np.empty((0, 3), np.int64)]
    cells = len(inside) - 1
    side = 2
    while side * coarse <= cells:
        # A cell has the nodes of its eight parts.
        parts = (cells // side, 2) * 3
        some = np.logical_or.reduce(some.reshape(parts), axis=(1, 3, 5))
        every = np.logical_and.reduce(every.reshape(parts), axis=(1, 3, 5))
        corners = inside[::side, ::side, ::side]
        unseen = some & ~_at_corners(corners, np.logical_or)
        unseen |= ~every & _at_corners(corners, np.logical_and)
        found.append(np.argwhere(unseen) * side)
        side *= 2
    return np.concatenate(found)


def _at_corners(inside: np.ndarray, combine: np.ufunc) -> np.ndarray:
    """(n, n, n) bool at nodes → (n−1, n−1, n−1), the corners of each cell combined."""
    for axis in range(3):
        first = np.moveaxis(inside, axis, 0)
        inside = np.moveaxis(combine(first[1:], first[:-1]), 0, axis)
    return inside
