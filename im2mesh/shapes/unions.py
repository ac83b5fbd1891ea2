"""Unions of analytic solids, many at once: which solids are near which points, and how near.

A batch keeps the solids of all its unions by kind and remembers which union each one belongs to.
Loops run over the kinds, and over blocks that fit into a cache, never over unions.
:class:`im2mesh.shapes.batch.ShapeBatch` adds depth maps, signed distances and surface samples.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import torch
from torch import Tensor

from im2mesh.shapes.solids import Primitives

# Pairs of a solid and a ray or point that are handled at once: few enough for a CPU's cache.
BLOCK = 1 << 16
GPU_BLOCK = 1 << 24

# Bounds are compared in float32; this share of the largest coordinate covers its rounding.
ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Unions:
    """B unions of solids.

    Attributes:
        groups: the solids of all unions, at most one batch of each kind, on one device.
        owners: for each group (K,) int64, rising: the number of the union a solid belongs to.
        count: the number of unions, B.
    """

    groups: tuple[Primitives, ...]
    owners: tuple[Tensor, ...]
    count: int

    def __len__(self) -> int:
        return self.count

    @property
    def device(self) -> torch.device:
        """The device of the solids, where everything is computed."""
        return self.groups[0].size.device

    def to(self, device: torch.device | str) -> Self:
        """Return the same unions on another device."""
        return type(self)(
            tuple(group.to(device) for group in self.groups),
            tuple(owner.to(device) for owner in self.owners),
            self.count,
        )

    @cached_property
    def limits(self) -> tuple[tuple[Tensor, Tensor], ...]:
        """For each group (K, 3) least and (K, 3) largest coordinates of its solids, exact."""
        return tuple(group.bounds() for group in self.groups)

    def bounds(self) -> Tensor:
        """Return (B, 2, 3) float64: the least and the largest x, y, z of each union, exact."""
        low = torch.full((self.count, 3), math.inf, dtype=torch.float64, device=self.device)
        high = -low
        for owner, (least, largest) in zip(self.owners, self.limits, strict=True):
            whose = owner[:, None].expand(-1, 3)
            low.scatter_reduce_(0, whose, least, "amin")
            high.scatter_reduce_(0, whose, largest, "amax")
        return torch.stack([low, high], dim=1)

    @cached_property
    def extent(self) -> Tensor:
        """(B,) float64: the largest extent of each union."""
        low, high = self.bounds().unbind(1)
        return (high - low).amax(dim=1)

    def blocks(self, rows: int, width: int) -> Iterator[slice]:
        """Yield slices of rows, so that a block of ``width`` numbers a row fits into the cache."""
        block = BLOCK if self.device.type == "cpu" else GPU_BLOCK
        step = max(1, block // max(1, width))
        for begin in range(0, rows, step):
            yield slice(begin, min(begin + step, rows))

    def pairs(self, points: Tensor, margin: float = 0.0) -> Iterator[tuple[int, Tensor, Tensor]]:
        """Yield points and the solids of their union whose bounds hold them.

        Args:
            points: (B, N, 3) float64; NaN is nowhere.
            margin: widens the bounds by this share of the union's extent.

        Yields:
            the group's number; (M,) numbers of points, counted through the batch; (M,) numbers
            of solids in the group.
        """
        columns = points.float().movedim(2, 0).contiguous()
        count = points.shape[1]
        for number, (group, owner) in enumerate(zip(self.groups, self.owners, strict=True)):
            low, high = (limit.float() for limit in self.limits[number])
            wider = ROUNDING * (1 + torch.maximum(low.abs(), high.abs()))
            wider = wider + margin * self.extent[owner, None].float()
            low, high = low - wider, high + wider
            for rows in self.blocks(len(group), count):
                whose = owner[rows]
                near = torch.ones(1, dtype=torch.bool, device=self.device)
                for axis in range(3):
                    at = columns[axis][whose]
                    near = near & (at >= low[rows, axis, None]) & (at <= high[rows, axis, None])
                solid, place = torch.nonzero(near, as_tuple=True)
                if len(solid):
                    yield number, place + whose[solid] * count, solid + rows.start

    def inside(self, points: Tensor) -> Tensor:
        """Return (B, N) bool: which (B, N, 3) float64 points are in or on a solid."""
        inside = torch.zeros(points.shape[:2], dtype=torch.bool, device=self.device)
        flat = inside.view(-1)
        places = points.reshape(-1, 3)
        for number, place, solid in self.pairs(points):
            group = self.groups[number]
            own = group.own_frame(places[place], solid)
            flat[place[group.contains(group.size[solid], own)]] = True
        return inside

    def distances(self, points: Tensor, bound: bool = False) -> Iterator[tuple[int, slice, Tensor]]:
        """Yield the signed distances of all points to all solids of their union.

        Args:
            points: (B, N, 3), of the type to compute in.
            bound: where a distance takes steps to find, give a lower bound instead.

        Yields:
            the group's number; the slice of its solids, k of them; (k, N) distances.
        """
        columns = points.transpose(1, 2).contiguous()
        for number, (group, owner) in enumerate(zip(self.groups, self.owners, strict=True)):
            turn = group.rotation.transpose(1, 2)
            shift = -(turn @ group.centre[:, :, None]).to(points)
            turn, size = turn.to(points).contiguous(), group.size.to(points)
            measure = group.least_distance if bound else group.distance
            for rows in self.blocks(len(group), points.shape[1]):
                own = torch.baddbmm(shift[rows], turn[rows], columns[owner[rows]])
                yield number, rows, measure(size[rows, None], own.movedim(1, -1))

    def clearance(self, points: Tensor) -> Tensor:
        """Return (B, N) the least signed distance of (B, N, 3) points to any solid.

        Outside, this is the distance to the union. Inside, it is negative, and the surface is no
        nearer than its absolute value. It is computed in the points' type.
        """
        least = points.new_full(points.shape[:2], math.inf)
        later: list[tuple[int, slice, Tensor]] = []
        for number, rows, distance in self.distances(points, bound=True):
            if self.groups[number].exact_bound:
                whose = self.owners[number][rows, None].expand(distance.shape)
                least.scatter_reduce_(0, whose, distance, "amin")
            else:
                later.append((number, rows, distance))
        # Iterate only for solids that may be nearer than the nearest one so far.
        flat, count = least.view(-1), points.shape[1]
        for number, rows, bound in later:
            group, whose = self.groups[number], self.owners[number][rows]
            solid, place = torch.nonzero(bound < least[whose], as_tuple=True)
            place = place + whose[solid] * count
            solid = solid + rows.start
            own = group.own_frame(points.reshape(-1, 3)[place].double(), solid).to(points)
            distance = group.distance(group.size[solid].to(points), own)
            flat.scatter_reduce_(0, place, distance, "amin")
        return least

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """For each group, the number of its first solid, counted through all groups."""
        lengths = [len(group) for group in self.groups]
        return tuple(sum(lengths[:k]) for k in range(len(lengths)))

    @cached_property
    def owner(self) -> Tensor:
        """(K,) the union of each solid, counted through all groups."""
        return torch.cat(self.owners)

    def by_group(self, solids: Tensor) -> Iterator[tuple[Primitives, Tensor, Tensor]]:
        """Yield groups, the rows of (M,) ``solids`` in each, and their numbers within it."""
        for group, first in zip(self.groups, self.offsets, strict=True):
            rows = torch.nonzero((solids >= first) & (solids < first + len(group))).squeeze(1)
            if len(rows):
                yield group, rows, solids[rows] - first

    def on_solids(self, solids: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return points on the surfaces of given solids.

        Args:
            solids: (M,) numbers, counted through.
            uniform: (M, 3) float64 random numbers, uniform in [0, 1)³.

        Returns:
            (M, 3) float64 points, (M, 3) outward normals, (M,) bool which of them to keep, see
            :meth:`Primitives.sample`.
        """
        points, normals = torch.empty_like(uniform), torch.empty_like(uniform)
        keep = torch.empty_like(solids, dtype=torch.bool)
        for group, rows, index in self.by_group(solids):
            own, kept = group.sample(group.size[index], uniform[rows])
            points[rows] = group.shape_frame(own, index)
            normals[rows] = group.turned(group.normal(group.size[index], own), index)
            keep[rows] = kept
        return points, normals, keep


def pad(rows: Tensor, shapes: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Pad (M, …) rows of shapes (M,), rising, to (count, N, …) with NaN; also (M,) columns."""
    lengths = torch.bincount(shapes, minlength=count)
    place = torch.arange(len(rows), device=rows.device) - (lengths.cumsum(0) - lengths)[shapes]
    padded = rows.new_full((count, max(1, int(lengths.max())), *rows.shape[1:]), math.nan)
    padded[shapes, place] = rows
    return padded, place
