"""From a fused field to its values on a lattice: dense, or coarse to fine.

Coarse to fine is MISE, multiresolution iso-surface extraction (Mescheder et al., Occupancy
Networks, CVPR 2019, section 3). It follows the surface of the fused field, so the levels are
evaluated near that surface only.
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
"""A coarse cell whose corners all lie on one side is refined, too, if one of them is this near to
the iso-level, in units of the corners' spread. This catches parts that pass between coarse nodes;
tests/test_generation.py counts the parts that are missed."""


def in_slabs(function: Callable[[Tensor], Tensor], points: Tensor, device: torch.device) -> Tensor:
    """Evaluate a function at (N, 3) CPU points, a slab at a time; return its values on the CPU."""
    parts = [function(part.to(device)).cpu() for part in torch.split(points, SLAB)]
    return torch.cat(parts, dim=-1)


def calibrate(field: FusedField, resolution: int, device: torch.device) -> None:
    """Calibrate a field by its levels' ranges on a coarse lattice.

    The full lattice's ranges would cost a dense evaluation. MISE starts with these nodes anyway,
    and dense extraction uses them, too, so that both see the same field.
    """
    lattice = exact_lattice(resolution)
    points = lattice.points(lattice.slab(0, lattice.nodes))
    values = in_slabs(field.values, points, device)
    field.calibrate([(float(row.min()), float(row.max())) for row in values])


def extract_dense(
    field: FusedField | ObservedField, lattice: Lattice, device: torch.device, watch: Stopwatch
) -> np.ndarray:
    """Evaluate a field at every node of a lattice; return (n, n, n) float32 along (x, y, z).

    A field that is not calibrated yet is calibrated by the ranges on this lattice, as in the
    released code.
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
    """Evaluate a field at the nodes near its surface; other nodes get a value of the same side.

    Args:
        field: calibrated.
        lattice: the final lattice, ``coarse`` · 2^k cells along each axis.
        coarse: cells of the lattice that MISE starts with.
        depth: (S, S) the depth map; cells with an observed point are always refined, so that no
            thin visible part is lost between coarse nodes. No part that an observation decides is
            lost either (:func:`thin_parts`).
        device: where the field is evaluated.
        watch: takes the time of the stages ``eval points`` and ``mise``.
        margin: see :data:`MARGIN`.
    """
    with watch("mise"):
        observed = np.floor(lattice.coordinates(back_project(depth))).astype(np.int64)
        forced = [np.clip(observed, 0, lattice.cells - 1)]
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
    """Find the cells in which coarser lattices would miss a part.

    Such a cell has a node of the finest lattice, in or on it, that is on the other side (inside or
    outside) than all of its corners. The (n, n, n) nodes of the finest lattice are ``inside`` or
    not; the coarsest one has ``coarse`` cells, n − 1 = ``coarse`` · 2^k.

    Returns:
        (M, 3) int64, for each such cell the first of the finest cells in it.
    """
    some, every = _at_corners(inside, np.logical_or), _at_corners(inside, np.logical_and)
    found = [np.empty((0, 3), np.int64)]
    cells = len(inside) - 1
    side = 2
    while side * coarse <= cells:
        # A cell has the nodes of its eight parts.
        some, every = _of_parts(some, np.logical_or), _of_parts(every, np.logical_and)
        corners = inside[::side, ::side, ::side]
        unseen = some & ~_at_corners(corners, np.logical_or)
        unseen |= ~every & _at_corners(corners, np.logical_and)
        found.append(np.argwhere(unseen) * side)
        side *= 2
    return np.concatenate(found)


def _at_corners(inside: np.ndarray, combine: np.ufunc) -> np.ndarray:
    """Combine (n, n, n) bool at nodes over each cell's corners; return (n−1, n−1, n−1)."""
    for axis in range(3):
        first = np.moveaxis(inside, axis, 0)
        inside = np.moveaxis(combine(first[1:], first[:-1]), 0, axis)
    return inside


def _of_parts(cells: np.ndarray, combine: np.ufunc) -> np.ndarray:
    """Combine (2n, 2n, 2n) bool in cells over the eight parts of each coarser cell."""
    for axis in range(3):
        first = np.moveaxis(cells, axis, 0)
        cells = np.moveaxis(combine(first[::2], first[1::2]), 0, axis)
    return cells
