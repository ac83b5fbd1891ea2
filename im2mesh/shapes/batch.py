"""Many shapes at once, in torch on any device, for training without files.

Occupancy, samples and depths below the surface are computed in float64, to be exact; depth maps
and distances from outside in float32, which errs by 1e-6.

A batch returns the same as :class:`im2mesh.shapes.shape.Shape` does for each shape alone;
tests/test_procedural.py compares them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import torch
from torch import Tensor

from im2mesh.errors import InputError
from im2mesh.geometry.pixels import IMAGE_SIZE, from_pixels, to_pixels
from im2mesh.shapes.interior import depth_inside
from im2mesh.shapes.solids import KINDS, Box, Primitives
from im2mesh.shapes.unions import ROUNDING, Unions, pad

TILE = 8
"""Pixels along the side of a tile; solids are intersected with the rays of the tiles they touch."""

OUTSIDE = 1e-9
"""A shape may reach out of the cube by this much (rounding of a scaled extent)."""

SKIN = 1e-6
"""Surfaces nearer to each other than twice this share of a shape's extent count as touching."""


class Union(Protocol):
    """A union of solids; :class:`im2mesh.shapes.shape.Shape` is one."""

    @property
    def groups(self) -> tuple[Primitives, ...]:
        """The solids, at most one batch of each kind, all on one device."""


class ShapeBatch(Unions):
    """B shapes whose solids are kept in common arrays, one for each kind of solid."""

    @classmethod
    def of(cls, shapes: Sequence[Union]) -> ShapeBatch:
        """Return the given shapes as a batch, on their device.

        Raises:
            InputError: there are none.
        """
        if not shapes:
            raise InputError("a batch needs at least one shape")
        groups, owners = [], []
        for kind in KINDS:
            found = [(i, g) for i, shape in enumerate(shapes) for g in shape.groups]
            found = [(i, group) for i, group in found if type(group) is kind]
            if not found:
                continue
            groups.append(kind.joined([group for _, group in found]))
            numbers = torch.tensor([i for i, _ in found])
            lengths = torch.tensor([len(group) for _, group in found])
            owners.append(numbers.repeat_interleave(lengths).to(groups[-1].size.device))
        return cls(tuple(groups), tuple(owners), len(shapes))

    # --- poses ---

    def transformed(
        self,
        rotation: Tensor | None = None,
        offset: Tensor | None = None,
        scale: Tensor | None = None,
    ) -> ShapeBatch:
        """Move every point p of a shape to scale · rotation · p + offset, each shape its own way.

        Args:
            rotation: (B, 3, 3) float64 rotation matrices; None: none.
            offset: (B, 3) float64; None: none.
            scale: (B,) float64, positive; None: 1.
        """
        groups = []
        for group, owner in zip(self.groups, self.owners, strict=True):
            size, turn, centre = group.size, group.rotation, group.centre
            if rotation is not None:
                turn = rotation[owner] @ turn
                centre = (rotation[owner] @ centre[..., None]).squeeze(-1)
            if scale is not None:
                size, centre = size * scale[owner, None], centre * scale[owner, None]
            if offset is not None:
                centre = centre + offset[owner]
            groups.append(replace(group, size=size, rotation=turn, centre=centre))
        return ShapeBatch(tuple(groups), self.owners, self.count)

    def normalised(self) -> ShapeBatch:
        """Centre each shape on the origin and scale its largest extent to 1 (up to rounding)."""
        low, high = self.bounds().unbind(1)
        return self.transformed(
            offset=-(low + high) / 2 / self.extent[:, None], scale=1 / self.extent
        )

    # --- depth ---

    def depth(self, size: int = IMAGE_SIZE) -> Tensor:
        """Return the orthographic depth maps of shapes in the cube [−0.5, 0.5]³.

        Args:
            size: pixels along a side, S; see :meth:`im2mesh.shapes.shape.Shape.depth`.

        Returns:
            (B, S, S) float32: d in [0, 1] where the first surface is at z = 0.5 − d, background
            exactly −1. Computed in float32: within 1e-5 of :meth:`Shape.depth`, but where a
            surface is seen at a grazing angle.

        Raises:
            InputError: a shape reaches out of the cube.
        """
        reach = self.bounds().abs().amax(dim=(1, 2))
        if float(reach.max()) > 0.5 + OUTSIDE:
            raise InputError(
                f"shape {int(reach.argmax())} of the batch reaches out of the cube "
                "[-0.5, 0.5]³: pose or normalise it first"
            )
        side = -(-size // TILE)
        shape = (self.count * side * side, TILE * TILE)
        nearest = torch.full(shape, math.inf, device=self.device)
        # Pixels' middles within a tile, from the tile's middle.
        pixels = torch.arange(TILE, device=self.device)
        x, y = from_pixels(pixels.repeat_interleave(TILE), pixels.repeat(TILE), TILE)
        basis = torch.stack([torch.ones_like(x), x * (TILE / size), y * (TILE / size)])
        for group, owner, limits in zip(self.groups, self.owners, self.limits, strict=True):
            solid, tile, middle = _tiles(group, owner, limits, size, side)
            rotation, lengths = group.rotation.float(), group.size.float()
            back = (0.5 - group.centre[:, 2]).float()
            for rows in self.blocks(len(solid), TILE * TILE):
                index = solid[rows]
                turned = rotation[index]
                own = torch.stack([middle[rows], turned[:, 0], turned[:, 1]], dim=2)
                origin = (own.transpose(0, 1).reshape(-1, 3) @ basis).view(3, len(index), -1)
                t = group.intersect(
                    lengths[index, None], origin.movedim(0, -1), -turned[:, None, 2]
                )
                whose = tile[rows, None].expand(t.shape)
                nearest.scatter_reduce_(0, whose, t + back[index, None], "amin")
        image = nearest.view(self.count, side, side, TILE, TILE).transpose(2, 3)
        image = image.reshape(self.count, side * TILE, side * TILE)[:, :size, :size]
        return torch.where(image == math.inf, -1.0, image.clamp(0.0, 1.0))

    # --- points ---

    def occupancy(self, points: Tensor) -> Tensor:
        """Return which points are in their shape, its surface included.

        Args:
            points: (B, N, 3) in each shape's frame, anywhere.

        Returns:
            (B, N) bool.

        Raises:
            InputError: points of another shape.
        """
        return self.inside(self._checked(points))

    def signed_distance(self, points: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """Return the distance to the surface of the union, negative inside.

        The sign is that of :meth:`occupancy`. Outside, the distance is exact: to 1e-6 of the
        shape's extent. For its error inside see :mod:`im2mesh.shapes.interior`: one point in a
        thousand is too deep by more than 0.001 of the extent.

        Args:
            points: (B, N, 3) in each shape's frame, anywhere.
            dtype: in which distances from outside are computed; that of the result.

        Returns:
            (B, N).

        Raises:
            InputError: points of another shape.
        """
        points = self._checked(points)
        inside = self.inside(points)
        distance = self.clearance(points.to(dtype)).clamp(min=0)
        shape, place = torch.nonzero(inside, as_tuple=True)
        distance[shape, place] = -depth_inside(self, points[shape, place], shape).to(dtype)
        return distance

    def _checked(self, points: Tensor) -> Tensor:
        points = torch.as_tensor(points).to(self.device, torch.float64)
        if points.ndim != 3 or points.shape[0] != self.count or points.shape[2] != 3:
            raise InputError(
                f"points have shape {tuple(points.shape)}; expected ({self.count}, N, 3)"
            )
        return points

    # --- surface samples ---

    def sample_surface(
        self,
        count: int,
        generator: torch.Generator | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> tuple[Tensor, Tensor]:
        """Return random points on the surfaces of the unions, even by area.

        Points inside another solid of the shape are left out. A face that two solids share counts
        once if both lie on the same side of it; if they lie on opposite sides, it is no surface.

        Args:
            count: points of each shape, M.
            generator: on the batch's device; None: torch's own.
            dtype: of the result; the points are computed in float64.

        Returns:
            (B, M, 3) points and (B, M, 3) outward unit normals.

        Raises:
            InputError: a negative count.
        """
        if count < 0:
            raise InputError(f"cannot sample {count} points")
        points = torch.empty(self.count, count, 3, dtype=torch.float64, device=self.device)
        normals = torch.empty_like(points)
        have = torch.zeros(self.count, dtype=torch.int64, device=self.device)
        tried, proposals = 0, 2 * count + 16
        # Shapes with much hidden surface take more rounds than the others.
        batch, shapes = self, torch.arange(self.count, device=self.device)
        while count and len(shapes):
            proposed, outward, good = batch._propose(proposals, generator)
            rank = have[shapes, None] + good.cumsum(1) - 1
            row, place = torch.nonzero(good & (rank < count), as_tuple=True)
            at = shapes[row], rank[row, place]
            points[at], normals[at] = proposed[row, place], outward[row, place]
            have[shapes] += good.sum(1)
            tried += proposals
            lacking = torch.nonzero(have[shapes] < count).squeeze(1)
            batch, shapes = batch._subset(lacking), shapes[lacking]
            if len(shapes):
                need = (count - have[shapes]) * (tried / have[shapes].clamp(min=1))
                proposals = min(int(1.1 * need.max()) + 16, 16 * count)
        return points.to(dtype), normals.to(dtype)

    def surface_in_columns(
        self,
        low: Tensor,
        high: Tensor,
        proposals: int,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Return random points on the surfaces of the unions, those in some columns along z.

        As :meth:`sample_surface`, but only where it is wanted, which is several times as fast.

        Args:
            low: (B, C, 2) least x and y of each shape's columns.
            high: (B, C, 2) largest x and y.
            proposals: points on the surfaces of a shape's solids, in the columns or not, hidden in
                other solids or not. About 0.6 of those of a procedural object are not hidden.
            generator: on the batch's device; None: torch's own.

        Returns:
            (B, N, 3) float64 points, N as large as it must be; NaN where a shape has fewer.
        """
        solids, uniform = self._pick(proposals, generator)
        least, largest = (torch.cat(part)[:, :2] for part in zip(*self.limits, strict=True))
        margin = 2 * ROUNDING * (1 + torch.maximum(least.abs(), largest.abs()))
        wanted = _in_columns(least - margin, largest + margin, self.owner, low, high)
        shape, place = torch.nonzero(wanted[solids], as_tuple=True)
        solid = solids[shape, place]
        points, normals, good = self.on_solids(solid, uniform[shape, place])
        good &= _in_columns(points, points, shape, low, high)
        shape, solid, points, normals = (part[good] for part in (shape, solid, points, normals))
        found, place = pad(points, shape, self.count)
        outward, of_point = torch.zeros_like(found), solids.new_zeros(found.shape[:2])
        outward[shape, place], of_point[shape, place] = normals, solid
        return found.masked_fill(~self._exposed(found, outward, of_point)[..., None], math.nan)

    def _subset(self, shapes: Tensor) -> ShapeBatch:
        """Return only the shapes with these numbers, rising."""
        number = torch.full((self.count,), -1, dtype=torch.int64, device=self.device)
        number[shapes] = torch.arange(len(shapes), device=self.device)
        groups, owners = [], []
        for group, owner in zip(self.groups, self.owners, strict=True):
            kept = number[owner] >= 0
            if bool(kept.any()):
                groups.append(replace(group, **{k: v[kept] for k, v in vars(group).items()}))
                owners.append(number[owner[kept]])
        return ShapeBatch(tuple(groups), tuple(owners), len(shapes))

    def _propose(
        self, proposals: int, generator: torch.Generator | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Draw points uniformly from the surfaces of all solids.

        Returns:
            (B, proposals, 3) points and normals, and (B, proposals) bool: on the surface.
        """
        pick, uniform = self._pick(proposals, generator)
        points, normals, good = (
            part.view(self.count, proposals, *part.shape[1:])
            for part in self.on_solids(pick.view(-1), uniform.reshape(-1, 3))
        )
        return points, normals, good & self._exposed(points, normals, pick)

    def _pick(self, proposals: int, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        """Pick solids by their area.

        Returns:
            (B, proposals) their numbers, counted through, and (B, proposals, 3) random numbers for
            :meth:`on_solids`.
        """
        by_shape = torch.argsort(self.owner, stable=True)
        area = torch.cat([group.area(group.size) for group in self.groups])[by_shape]
        until = area.cumsum(0)
        whole = area.new_zeros(self.count).index_add_(0, self.owner[by_shape], area)
        random = torch.rand(
            (self.count, proposals, 4), generator=generator, dtype=torch.float64, device=self.device
        )
        at = (whole.cumsum(0) - whole)[:, None] + random[..., 3] * whole[:, None]
        pick = by_shape[torch.searchsorted(until, at).clamp(max=len(by_shape) - 1)]
        return pick, random[..., :3]

    def _exposed(self, points: Tensor, normals: Tensor, solids: Tensor) -> Tensor:
        """Return which points of solids' surfaces are on the union's surface.

        Args:
            points: (B, N, 3) float64 on the surface of one solid of the shape each.
            normals: (B, N, 3) that solid's outward normals there.
            solids: (B, N) its number, counted through.

        Returns:
            (B, N) bool; a face of several solids on the same side of it belongs to the first one.
        """
        skin = (SKIN * self.extent)[:, None, None] * normals
        above, below = (points + skin).view(-1, 3), (points - skin).view(-1, 3)
        exposed = torch.ones(points.shape[:2], dtype=torch.bool, device=self.device)
        flat, of_point = exposed.view(-1), solids.reshape(-1)
        for number, place, solid in self.pairs(points, margin=2 * SKIN):
            # No solid hides its own surface.
            others = solid + self.offsets[number] != of_point[place]
            place, solid = place[others], solid[others]
            group = self.groups[number]
            size = group.size[solid]
            hides = group.contains(size, group.own_frame(above[place], solid))
            flat[place[hides]] = False
            # Just below the surface, and not just above it: this solid has a face here, too.
            earlier = ~hides & (solid + self.offsets[number] < of_point[place])
            place, solid, size = place[earlier], solid[earlier], size[earlier]
            shares = group.contains(size, group.own_frame(below[place], solid))
            flat[place[shares]] = False
        return exposed


def _in_columns(least: Tensor, largest: Tensor, shape: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Return which boxes, of (M, ≥ 2) bounds, meet any column of their shapes (M,).

    The columns' bounds are (B, C, 2), as in :meth:`ShapeBatch.surface_in_columns`.
    """
    # The columns come first: reductions over a few numbers in a row are slow.
    first, last = low.movedim(0, -1)[..., shape], high.movedim(0, -1)[..., shape]  # (C, 2, M)
    meets = (last >= least[:, :2].T) & (first <= largest[:, :2].T)
    return (meets[:, 0] & meets[:, 1]).any(dim=0)


def _tiles(
    group: Primitives, owner: Tensor, limits: tuple[Tensor, Tensor], size: int, side: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Find the tiles of the depth maps in which each solid may be seen.

    Args:
        group: K solids in the cube.
        owner: (K,) their shapes.
        limits: their (K, 3) bounds.
        size: pixels along a side.
        side: tiles along a side.

    Returns:
        (T,) solids; (T,) tiles, counted through the batch row by row; (T, 3) float32: where the
        line of sight through a tile's middle passes beside the solid's centre, in its own frame.
    """
    low, high = limits
    # The first and the last pixels that may be hit.
    top, left = to_pixels(torch.stack([low[:, 0], high[:, 1]], dim=1), size)
    bottom, right = to_pixels(torch.stack([high[:, 0], low[:, 1]], dim=1), size)
    margin = ROUNDING * size
    first, last = torch.stack([top, left]), torch.stack([bottom, right])
    begin = (first - margin).ceil().clamp(0, size - 1).long() // TILE
    end = (last + margin).floor().clamp(0, size - 1).long() // TILE
    down, across = (end - begin + 1).clamp(min=0)
    number = across * down
    solid = torch.arange(len(group), device=owner.device).repeat_interleave(number)
    within = torch.arange(len(solid), device=owner.device)
    within = within - (number.cumsum(0) - number).repeat_interleave(number)
    column = begin[1, solid] + within % across[solid]
    row = begin[0, solid] + within // across[solid]
    centre, turn = group.centre[solid], group.rotation[solid]
    x, y = from_pixels(row, column, size / TILE)
    x, y = x - centre[:, 0], y - centre[:, 1]
    middle = x[:, None] * turn[:, 0] + y[:, None] * turn[:, 1]
    # No ray of the tile meets the solid unless the middle one meets a box about it, grown by the
    # distance of the outermost ray.
    grown = group.half_extents(group.size)[solid] + (TILE - 1) / 2 / size * math.sqrt(2) + margin
    seen = Box.intersect(grown, middle, -turn[:, 2]) < math.inf
    solid, tile = solid[seen], ((owner[solid] * side + row) * side + column)[seen]
    return solid, tile, middle[seen].float()
