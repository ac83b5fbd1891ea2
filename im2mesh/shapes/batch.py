"""Many unions of analytic solids at once, in torch on any device, for training without files.

A batch keeps the solids of all its shapes by kind, as a shape does, and remembers whose each one
is. Nothing loops over shapes: loops run over the kinds, and over blocks that fit into a cache.
What must be exact is computed in float64 (occupancy, samples, what is inside); depth and the
distance from outside in float32, where it costs nothing that anyone sees (1e-6).

Everything a batch gives equals what :class:`im2mesh.shapes.shape.Shape` gives one by
one; tests/test_procedural.py compares them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from im2mesh.errors import InputError
from im2mesh.geometry.pixels import IMAGE_SIZE
from im2mesh.shapes.solids import KINDS, Box, Primitives

if TYPE_CHECKING:
    from im2mesh.shapes.shape import Shape

# Pairs of a solid and a ray or point that are looked at together: few enough for a CPU's cache.
BLOCK = 1 << 16
GPU_BLOCK = 1 << 24

TILE = 8
"""Pixels along the side of a tile of the depth map, which a solid touches or does not."""

OUTSIDE = 1e-9
"""A shape may step out of the cube by this much (rounding of a scaled extent)."""

SKIN = 1e-6
"""Surfaces nearer to each other than twice this share of a shape's extent lie on each other."""

# Bounds are compared in float32; this share of the largest coordinate covers its rounding.
ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class ShapeBatch:
    """Shapes, kept together.

    Attributes:
        groups: the solids of all shapes, at most one batch of each kind, on one device.
        owners: for each group (K,) int64, rising: the number of the shape a solid belongs to.
        count: the number of shapes, B.
    """

    groups: tuple[Primitives, ...]
    owners: tuple[Tensor, ...]
    count: int

    @classmethod
    def of(cls, shapes: Sequence[Shape]) -> ShapeBatch:
        """The given shapes, on their device.

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
            size, rotation, centre = (
                torch.cat([getattr(group, name) for _, group in found])
                for name in ("size", "rotation", "centre")
            )
            groups.append(kind(size, rotation, centre))
            numbers = torch.tensor([i for i, _ in found])
            lengths = torch.tensor([len(group) for _, group in found])
            owners.append(numbers.repeat_interleave(lengths).to(size.device))
        return cls(tuple(groups), tuple(owners), len(shapes))

    def __len__(self) -> int:
        return self.count

    @property
    def device(self) -> torch.device:
        """Where the solids are kept and everything is computed."""
        return self.groups[0].size.device

    def to(self, device: torch.device | str) -> ShapeBatch:
        """The same shapes on another device."""
        return ShapeBatch(
            tuple(group.to(device) for group in self.groups),
            tuple(owner.to(device) for owner in self.owners),
            self.count,
        )

    @cached_property
    def limits(self) -> tuple[tuple[Tensor, Tensor], ...]:
        """For each group (K, 3) least and (K, 3) largest coordinates of its solids, exact."""
        return tuple(group.bounds() for group in self.groups)

    def bounds(self) -> Tensor:
        """(B, 2, 3) float64: the least and the largest x, y, z of each shape, exact."""
        low = torch.full((self.count, 3), math.inf, dtype=torch.float64, device=self.device)
        high = -low
        for owner, (least, largest) in zip(self.owners, self.limits, strict=True):
            whose = owner[:, None].expand(-1, 3)
            low.scatter_reduce_(0, whose, least, "amin")
            high.scatter_reduce_(0, whose, largest, "amax")
        return torch.stack([low, high], dim=1)

    @cached_property
    def extent(self) -> Tensor:
        """(B,) float64: the largest extent of each shape."""
        low, high = self.bounds().unbind(1)
        return (high - low).amax(dim=1)

    # --- depth ---

    def depth(self, size: int = IMAGE_SIZE) -> Tensor:
        """The orthographic depth maps of shapes in the cube [−0.5, 0.5]³.

        Args:
            size: pixels along a side, S; see :meth:`Shape.depth`.

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
        # Pixel middles within a tile, from the tile's middle: columns to the right, rows down.
        offset = (torch.arange(TILE, device=self.device) - (TILE - 1) / 2) / size
        across, down = offset.repeat(TILE), offset.repeat_interleave(TILE)
        basis = torch.stack([torch.ones_like(across), across, -down])
        for group, owner, limits in zip(self.groups, self.owners, self.limits, strict=True):
            solid, tile, middle = _tiles(group, owner, limits, size, side)
            rotation, lengths = group.rotation.float(), group.size.float()
            back = (0.5 - group.centre[:, 2]).float()
            for rows in self.blocks(len(solid), TILE * TILE):
                index = solid[rows]
                turned = rotation[index]
                own = torch.stack([middle[rows], turned[:, 0], turned[:, 1]], dim=2)
                origin = (own.transpose(0, 1).reshape(-1, 3) @ basis).view(3, len(index), -1)
                t = group.enter(lengths[index, None], origin.movedim(0, -1), -turned[:, None, 2])
                whose = tile[rows, None].expand(t.shape)
                nearest.scatter_reduce_(0, whose, t + back[index, None], "amin")
        image = nearest.view(self.count, side, side, TILE, TILE).transpose(2, 3)
        image = image.reshape(self.count, side * TILE, side * TILE)[:, :size, :size]
        return torch.where(image == math.inf, -1.0, image.clamp(0.0, 1.0))

    # --- points ---

    def occupancy(self, points: Tensor) -> Tensor:
        """Which points are in their union, its surface included; exactly as single shapes say.

        Args:
            points: (B, N, 3) in each shape's frame, anywhere.

        Returns:
            (B, N) bool.

        Raises:
            InputError: another shape.
        """
        return self._inside(self._checked(points))

    def signed_distance(self, points: Tensor) -> Tensor:
        """The distance to the surface of the union, negative inside.

        The sign is that of :meth:`occupancy`. Outside, the distance is exact: to 1e-6 of the
        shape's extent. Inside, see :func:`im2mesh.shapes.interior.depth_inside`: mostly
        exact, too; a point in a thousand is too deep by more than 0.001 of the extent.

        Args:
            points: (B, N, 3) in each shape's frame, anywhere.

        Returns:
            (B, N) float32.

        Raises:
            InputError: another shape.
        """
        return self._signed_distance(self._checked(points), torch.float32).float()

    def sample_surface(
        self, count: int, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Random points on the surfaces of the unions, even by area.

        Points come from the solids' surfaces; what lies in another solid of the same shape is
        left out, a face that two solids share outwards counts once, and where one solid's face
        lies on another's there is no surface.

        Args:
            count: points of each shape, M.
            generator: on the batch's device; None: torch's own.

        Returns:
            (B, M, 3) float32 points and (B, M, 3) float32 outward unit normals.

        Raises:
            InputError: a negative count.
        """
        points, normals = self._sample_surface(count, generator)
        return points.float(), normals.float()

    # --- the same in float64, for single shapes, too ---

    def _checked(self, points: Tensor) -> Tensor:
        points = torch.as_tensor(points).to(self.device, torch.float64)
        if points.ndim != 3 or points.shape[0] != self.count or points.shape[2] != 3:
            raise InputError(
                f"points have shape {tuple(points.shape)}; expected ({self.count}, N, 3)"
            )
        return points

    def blocks(self, rows: int, width: int) -> Iterator[slice]:
        """Slices of rows so that a block of ``width`` numbers a row is not too large."""
        block = BLOCK if self.device.type == "cpu" else GPU_BLOCK
        step = max(1, block // max(1, width))
        for begin in range(0, rows, step):
            yield slice(begin, min(begin + step, rows))

    def pairs(
        self, points: Tensor, margin: float = 0.0
    ) -> Iterator[tuple[int, Tensor, Tensor, Tensor]]:
        """Points and the solids of their shape whose bounds hold them.

        Args:
            points: (B, N, 3) float64; NaN is nowhere.
            margin: widens the bounds by this share of the shape's extent.

        Yields:
            the group's number; (M,) numbers of points, counted through the batch; (M,) numbers
            of solids in the group; (M, 3) the points in the solids' own frames.
        """
        places = points.reshape(-1, 3)
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
                    place = place + whose[solid] * count
                    solid = solid + rows.start
                    yield number, place, solid, group.own_frame(places[place], solid)

    def _inside(self, points: Tensor) -> Tensor:
        """(B, N, 3) float64 → (B, N) bool."""
        inside = torch.zeros(points.shape[:2], dtype=torch.bool, device=self.device)
        flat = inside.view(-1)
        for number, place, solid, own in self.pairs(points):
            group = self.groups[number]
            flat[place[group.contains(group.size[solid], own)]] = True
        return inside

    def distances(self, points: Tensor, bound: bool = False) -> Iterator[tuple[int, slice, Tensor]]:
        """The signed distances of all points to all solids of their shape.

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
        """(B, N, 3) of the type to compute in → (B, N) the least distance to any solid.

        Outside the union this is the distance to it. Inside it is negative, and the surface is
        no nearer than that.
        """
        least = points.new_full(points.shape[:2], math.inf)
        later: list[tuple[int, slice, Tensor]] = []
        for number, rows, apart in self.distances(points, bound=True):
            if self.groups[number].exact_bound:
                whose = self.owners[number][rows, None].expand(apart.shape)
                least.scatter_reduce_(0, whose, apart, "amin")
            else:
                later.append((number, rows, apart))
        # Those that take steps, only where the bound leaves them a chance to be nearest.
        flat, count = least.view(-1), points.shape[1]
        for number, rows, bound in later:
            group, whose = self.groups[number], self.owners[number][rows]
            solid, place = torch.nonzero(bound < least[whose], as_tuple=True)
            place = place + whose[solid] * count
            solid = solid + rows.start
            own = group.own_frame(points.reshape(-1, 3)[place].double(), solid).to(points)
            apart = group.distance(group.size[solid].to(points), own)
            flat.scatter_reduce_(0, place, apart, "amin")
        return least

    def _signed_distance(self, points: Tensor, dtype: torch.dtype) -> Tensor:
        """(B, N, 3) float64 → (B, N); outside computed in ``dtype``."""
        from im2mesh.shapes.interior import depth_inside

        inside = self._inside(points)
        apart = self.clearance(points.to(dtype)).clamp(min=0).double()
        shape, place = torch.nonzero(inside, as_tuple=True)
        apart[shape, place] = -depth_inside(self, points[shape, place], shape)
        return apart

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """For each group, the number of its first solid when all are counted through."""
        lengths = [len(group) for group in self.groups]
        return tuple(sum(lengths[:k]) for k in range(len(lengths)))

    @cached_property
    def owner(self) -> Tensor:
        """(K,) the shape of each solid when all are counted through."""
        return torch.cat(self.owners)

    def by_group(self, solids: Tensor) -> Iterator[tuple[Primitives, Tensor, Tensor]]:
        """(M,) numbers of solids, counted through → groups, rows of theirs, numbers in them."""
        for group, first in zip(self.groups, self.offsets, strict=True):
            rows = torch.nonzero((solids >= first) & (solids < first + len(group))).squeeze(1)
            if len(rows):
                yield group, rows, solids[rows] - first

    def on_solids(self, solids: Tensor, random: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Points on the surfaces of given solids.

        Args:
            solids: (M,) numbers, counted through.
            random: (M, 3) float64 even in [0, 1)³.

        Returns:
            (M, 3) float64 points, (M, 3) outward normals, (M,) bool which of them to keep, see
            :meth:`Primitives.sample`.
        """
        points, normals = torch.empty_like(random), torch.empty_like(random)
        keep = torch.empty_like(solids, dtype=torch.bool)
        for group, rows, index in self.by_group(solids):
            own, kept = group.sample(group.size[index], random[rows])
            points[rows] = group.shape_frame(own, index)
            normals[rows] = group.turned(group.normal(group.size[index], own), index)
            keep[rows] = kept
        return points, normals, keep

    def _exposed(self, points: Tensor, normals: Tensor, solids: Tensor) -> Tensor:
        """Which points of solids' surfaces are the union's surface.

        Args:
            points: (B, N, 3) float64 on the surface of one solid of the shape each.
            normals: (B, N, 3) that solid's outward normals there.
            solids: (B, N) its number, counted through.

        Returns:
            (B, N) bool; of solids that share a face outwards, the first one has it.
        """
        skin = (SKIN * self.extent)[:, None, None] * normals
        above, below = (points + skin).view(-1, 3), (points - skin).view(-1, 3)
        exposed = torch.ones(points.shape[:2], dtype=torch.bool, device=self.device)
        flat, of_point = exposed.view(-1), solids.reshape(-1)
        for number, place, solid, _ in self.pairs(points, margin=2 * SKIN):
            group = self.groups[number]
            size = group.size[solid]
            hides = group.contains(size, group.own_frame(above[place], solid))
            # Just below the surface, and not just above it: this solid has a face here, too.
            earlier = solid + self.offsets[number] < of_point[place]
            shares = earlier & group.contains(size, group.own_frame(below[place], solid))
            flat[place[hides | shares]] = False
        return exposed

    def _sample_surface(
        self, count: int, generator: torch.Generator | None
    ) -> tuple[Tensor, Tensor]:
        """(B, count, 3) points and normals, float64."""
        if count < 0:
            raise InputError(f"cannot sample {count} points")
        points = torch.empty(self.count, count, 3, dtype=torch.float64, device=self.device)
        normals = torch.empty_like(points)
        have = torch.zeros(self.count, dtype=torch.int64, device=self.device)
        tried, draws = 0, 2 * count + 16
        # Shapes much of whose surface is hidden take more rounds; the others wait for them.
        batch, shapes = self, torch.arange(self.count, device=self.device)
        while count and len(shapes):
            proposed, outward, good = batch._propose(draws, generator)
            rank = have[shapes, None] + good.cumsum(1) - 1
            row, place = torch.nonzero(good & (rank < count), as_tuple=True)
            at = shapes[row], rank[row, place]
            points[at], normals[at] = proposed[row, place], outward[row, place]
            have[shapes] += good.sum(1)
            tried += draws
            lacking = torch.nonzero(have[shapes] < count).squeeze(1)
            batch, shapes = batch._subset(lacking), shapes[lacking]
            if len(shapes):
                need = (count - have[shapes]) * (tried / have[shapes].clamp(min=1))
                draws = min(int(1.1 * need.max()) + 16, 16 * count)
        return points, normals

    def _subset(self, shapes: Tensor) -> ShapeBatch:
        """Only the shapes with these numbers, rising."""
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
        self, draws: int, generator: torch.Generator | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Points even over the solids' surfaces.

        Returns:
            (B, draws, 3) points, (B, draws, 3) normals, and (B, draws) bool: on the surface.
        """
        by_shape = torch.argsort(self.owner, stable=True)
        area = torch.cat([group.area(group.size) for group in self.groups])[by_shape]
        until = area.cumsum(0)
        whole = area.new_zeros(self.count).index_add_(0, self.owner[by_shape], area)
        random = torch.rand(
            (self.count, draws, 4), generator=generator, dtype=torch.float64, device=self.device
        )
        at = (whole.cumsum(0) - whole)[:, None] + random[..., 3] * whole[:, None]
        pick = by_shape[torch.searchsorted(until, at).clamp(max=len(by_shape) - 1)]
        points, normals, good = (
            part.view(self.count, draws, *part.shape[1:])
            for part in self.on_solids(pick.view(-1), random[..., :3].reshape(-1, 3))
        )
        return points, normals, good & self._exposed(points, normals, pick)


def _tiles(
    group: Primitives, owner: Tensor, limits: tuple[Tensor, Tensor], size: int, side: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Which tiles of the depth maps each solid may be seen in.

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
    # In pixels, columns to the right and rows down: the first and the last that may be hit.
    first = torch.stack([low[:, 0] + 0.5, 0.5 - high[:, 1]], dim=1) * size - 0.5
    last = torch.stack([high[:, 0] + 0.5, 0.5 - low[:, 1]], dim=1) * size - 0.5
    margin = ROUNDING * size
    begin = (first - margin).ceil().clamp(0, size - 1).long() // TILE
    end = (last + margin).floor().clamp(0, size - 1).long() // TILE
    across, down = (end - begin + 1).clamp(min=0).unbind(1)
    number = across * down
    solid = torch.arange(len(group), device=owner.device).repeat_interleave(number)
    within = torch.arange(len(solid), device=owner.device)
    within = within - (number.cumsum(0) - number).repeat_interleave(number)
    column = begin[solid, 0] + within % across[solid]
    row = begin[solid, 1] + within // across[solid]
    centre, turn = group.centre[solid], group.rotation[solid]
    x = (column + 0.5) * (TILE / size) - 0.5 - centre[:, 0]
    y = 0.5 - (row + 0.5) * (TILE / size) - centre[:, 1]
    middle = x[:, None] * turn[:, 0] + y[:, None] * turn[:, 1]
    # No ray of the tile meets the solid unless the middle one meets a box about it, grown by the
    # distance of the outermost ray.
    grown = group.reach(group.size)[solid] + (TILE - 1) / 2 / size * math.sqrt(2) + margin
    seen = Box.enter(grown, middle, -turn[:, 2]) < math.inf
    solid, tile = solid[seen], ((owner[solid] * side + row) * side + column)[seen]
    return solid, tile, middle[seen].float()
