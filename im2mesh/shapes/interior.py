"""The depth of a point inside a union of solids.

From outside, the distance to a union is the least distance to its solids. From inside it is not
the greatest depth in one of them: parts of each solid's surface are buried in others, and the
visible parts meet in creases. The depth of a point p is the distance from p to the nearest point
that is in no solid. It is found in two steps.

1. Take the point of any solid's surface that is nearest to p. If it is not buried in another
   solid, its distance is the depth, exactly. This step is enough for most points, among them all
   that are nearer to the surface than to a crease.

2. For the others, a descent through points that are in no solid, each nearer to p than the last:

   - A step. A convex solid and a point x that is not in it are separated by the plane through
     the solid's point nearest to x. All x' beyond these planes are in no solid either, so the
     nearest of them to p (a projection onto an intersection of half-spaces) is nearer than x, or
     x is the nearest in its surroundings. A few steps end at a face, crease or corner to 1e-5.
     A torus is not convex; a step into it is not taken. Nor is a shell, but its hole is: from
     there the plane is that of the hole's wall nearest to p (:meth:`Shell.face`), beyond which
     is the hole's point nearest to p.
   - A look around, so that the descent does not end in the wrong place: directions spread over
     a sphere about p, a little within the best point so far. Any that is in no solid is better.

   It starts at the nearest of some samples of the surface, and at p itself, where the planes are
   those of the surfaces nearest to it: if p is right beneath a crease, that ends it.

The result of step 2 is never too small by more than 3e-5 of the extent, as it is the distance of
a point in no solid. It can be too large where the nearest opening is so narrow that no sample
and no direction falls into it. Against dense samples (tests/test_interior.py), of all
points inside the demo's objects and random ones, 0.2% were too deep by more than 1e-3 of the
extent, the worst by 0.042, beside the narrow slits between a sofa's cushions.
"""

from __future__ import annotations

import itertools
import math
from functools import cache

import torch
from torch import Tensor

from im2mesh.shapes.unions import Unions, pad

SKIN = 1e-5
"""Solids count as larger by this share of the extent, so that faces that touch leave no gap."""

SAMPLES = 1000
"""Samples of the surfaces of a shape, before those in other solids are left out."""

FAR = 1e6
"""A coordinate that is far away, and whose square float32 still holds."""

DIRECTIONS = 128
LOOKS = (0.93, 0.97, 0.99)
"""Number of directions of a look around; distance of each look, as a share of the best so far."""

PLANES = 5
"""Number of solids, nearest to p first, whose planes a step uses. The others can only forbid it."""


def depth_inside(batch: Unions, points: Tensor, shapes: Tensor) -> Tensor:
    """Return the distance of points inside unions to the surface of their union.

    Args:
        batch: the shapes.
        points: (M, 3) float64, each in its union.
        shapes: (M,) the number of each point's shape, rising.

    Returns:
        (M,) float64, ≥ 0.
    """
    depth = points.new_zeros(len(points))
    if not len(points):
        return depth
    padded, place = pad(points, shapes, len(batch))
    distances = _table(batch, padded)  # (K, N), NaN where padded
    skin = SKIN * batch.extent
    least, open_ = _nearest_surface(batch, padded, distances, skin)
    depth = least[shapes, place]
    buried = ~open_[shapes, place]
    if bool(buried.any()):
        points, shapes, place = points[buried], shapes[buried], place[buried]
        depth[buried] = _Descent(batch, points, shapes, distances[:, place], skin).run()
    return depth


def _table(batch: Unions, points: Tensor) -> Tensor:
    """Return (K, N) float32 signed distances of each solid to its shape's (B, N, 3) points."""
    return torch.cat([distances for _, _, distances in batch.distances(points.float())])


def _nearest_surface(
    batch: Unions, points: Tensor, distances: Tensor, skin: Tensor
) -> tuple[Tensor, Tensor]:
    """Find the nearest surface of any solid, step 1 of the module's text.

    Returns:
        (B, N) float64 distance to that surface; (B, N) bool: its nearest point is in no other
        solid.
    """
    size = distances.abs()
    least = points.new_full(points.shape[:2], math.inf, dtype=torch.float32)
    least.scatter_reduce_(0, batch.owner[:, None].expand(size.shape), size, "amin")
    # All that are nearest up to rounding: a face that two solids share has two.
    solid, place = torch.nonzero(size <= least[batch.owner] * (1 + 1e-5) + 1e-7, as_tuple=True)
    order = torch.argsort(batch.owner[solid], stable=True)
    solid, place = solid[order], place[order]
    shape = batch.owner[solid]
    at = points[shape, place]
    surface, normal = nearest_on(batch, at, solid)
    foot, column = pad(surface + 2 * skin[shape, None] * normal, shape, len(batch))
    free = batch.clearance(foot)[shape, column] >= 0.999 * skin[shape]
    exact = torch.full_like(points[..., 0], math.inf)
    number = shape * points.shape[1] + place
    exact.view(-1).scatter_reduce_(0, number, (surface - at).norm(dim=1), "amin")
    opened = torch.zeros_like(exact, dtype=torch.bool)
    opened[shape[free], place[free]] = True
    return exact, opened


def nearest_on(batch: Unions, points: Tensor, solids: Tensor) -> tuple[Tensor, Tensor]:
    """Return the nearest points of solids' surfaces.

    Args:
        batch: the shapes.
        points: (M, 3) float64.
        solids: (M,) numbers of solids, counted through.

    Returns:
        (M, 3) float64 points of the surfaces and (M, 3) their outward unit normals; for a point
        off the surface, along the line to it, which at an edge is one of many.
    """
    surface, normal = torch.empty_like(points), torch.empty_like(points)
    for group, rows, index in batch.by_group(solids):
        size, own = group.size[index], group.own_frame(points[rows], index)
        found = group.nearest(size, own)
        line = own - found
        length = line.norm(dim=1, keepdim=True)
        inside = group.contains(size, own)[:, None]
        away = torch.where(inside, -line, line) / length.clamp(min=1e-300)
        own_normal = torch.where(length > 1e-7, away, group.normal(size, found))
        surface[rows] = group.shape_frame(found, index)
        normal[rows] = group.turned(own_normal, index)
    return surface, normal


def faces_on(
    batch: Unions, points: Tensor, solids: Tensor, directions: Tensor
) -> tuple[Tensor, Tensor]:
    """Return planes that separate points from solids, see :meth:`Primitives.face`.

    Args:
        batch: the shapes.
        points: (M, 3) float64.
        solids: (M,) numbers of solids, counted through, that the points are not in.
        directions: (M, 3) where the faces should look: from the place below the surface to the
            points.

    Returns:
        (M, 3) float64 points of the planes and (M, 3) their unit normals.
    """
    places, normal = torch.empty_like(points), torch.empty_like(points)
    for group, rows, index in batch.by_group(solids):
        own = group.own_frame(points[rows], index)
        looks = torch.einsum("mji,mj->mi", group.rotation[index], directions[rows])
        place, outward = group.face(group.size[index], own, looks)
        places[rows] = group.shape_frame(place, index)
        normal[rows] = group.turned(outward, index)
    return places, normal


class _Descent:
    """The descent, step 2 of the module's text, for (M,) points at once."""

    def __init__(
        self, batch: Unions, points: Tensor, shapes: Tensor, distances: Tensor, skin: Tensor
    ) -> None:
        self.batch, self.points, self.shapes = batch, points, shapes
        self.skin = skin[shapes]
        # (K, M), ∞ for the solids of other shapes.
        distances = distances.where(batch.owner[:, None] == shapes, math.inf)
        nearest = distances.topk(min(PLANES, len(distances)), dim=0, largest=False)
        self.distances = distances
        self.planes, self.used = nearest.indices, nearest.values < math.inf
        self.least = distances.abs().amin(dim=0).double()

    def run(self) -> Tensor:
        """Return (M,) the distance of the nearest point found that is in no solid."""
        self.at, self.best = self._start()
        everyone = torch.arange(len(self.points), device=self.points.device)
        # From p itself: to the crease or corner that it may be right beneath.
        self._step(everyone, self.points)
        self._step(everyone, self.at)
        for number, share in enumerate(LOOKS):
            self._step(self._look(share, number), self.at)
        # The same planes again would leave a point at an edge where it is: now the faces' own.
        self._step(self._step(everyone), self.at)
        return torch.maximum(self.best - self.skin, self.least)

    def _start(self) -> tuple[Tensor, Tensor]:
        """Return the nearest of the surface samples and its distance."""
        samples = surface_samples(self.batch)
        padded, place = pad(self.points, self.shapes, len(self.batch))
        distances = torch.cdist(padded.nan_to_num().float(), samples.float())
        index = distances.argmin(dim=2)[self.shapes, place]
        at = samples[self.shapes, index]
        return at, (at - self.points).norm(dim=1)

    def _take(self, candidate: Tensor, rows: Tensor, gain: float) -> Tensor:
        """Move the points ``rows`` to (R, 3) candidates that are nearer by ``gain`` and free.

        Returns:
            the rows that moved.
        """
        length = (candidate - self.points[rows]).norm(dim=1)
        better = length < self.best[rows] - gain * self.skin[rows]
        rows, candidate, length = rows[better], candidate[better], length[better]
        clear = self._clear(candidate, rows, length)
        rows = rows[clear]
        self.at[rows], self.best[rows] = candidate[clear], length[clear]
        return rows

    def _clear(self, places: Tensor, rows: Tensor, length: Tensor) -> Tensor:
        """Return which of (R, 3) places, ``length`` away from points ``rows``, are in no solid."""
        clear = torch.ones_like(rows, dtype=torch.bool)
        reached = self.distances[:, rows] < length + self.skin[rows]
        for group, first in zip(self.batch.groups, self.batch.offsets, strict=True):
            solid, place = torch.nonzero(reached[first : first + len(group)], as_tuple=True)
            own = group.own_frame(places[place], solid)
            distances = group.distance(group.size[solid], own)
            clear[place[distances < 0.9 * self.skin[rows[place]]]] = False
        return clear

    def _step(self, rows: Tensor, origin: Tensor | None = None) -> Tensor:
        """Take one step with the points ``rows``.

        Args:
            rows: (R,) which.
            origin: (M, 3) places whose nearest points in the solids give the planes; None: where
                the points are now, and the faces there that look away from p most.

        Returns:
            the rows that moved.
        """
        moved = []
        for block in self.batch.blocks(len(rows), 64):
            some = rows[block]
            used = self.used[:, some]
            whose = some[torch.nonzero(used)[:, 1]]
            solids = self.planes[:, some][used]
            if origin is None:
                at, away = self.at[whose], self.at[whose] - self.points[whose]
                place, outward = faces_on(self.batch, at, solids, away)
            else:
                place, outward = nearest_on(self.batch, origin[whose], solids)
            normal = outward.new_zeros(3, *used.shape)
            normal[:, used] = outward.T
            offset = outward.new_full(used.shape, -math.inf)
            behind = ((place - self.points[whose]) * outward).sum(dim=1)
            offset[used] = behind + self.skin[whose]
            move = beyond_planes(normal, offset)
            found = torch.isfinite(move[0])
            some = some[found]
            moved.append(self._take(self.points[some] + move.T[found], some, gain=1.0))
        return torch.cat(moved) if moved else rows

    def _look(self, share: float, number: int) -> Tensor:
        """Look around at ``share`` of the best distance, in the directions of ``number``.

        Returns:
            (R,) the points that moved.
        """
        radius = torch.maximum(share * self.best, self.least)
        directions = _directions(DIRECTIONS, number).to(self.points)
        shape = (len(self.points), DIRECTIONS)
        clear = torch.full(shape, math.inf, dtype=torch.float32, device=self.points.device)
        batch = self.batch
        for group, first in zip(batch.groups, batch.offsets, strict=True):
            mine = self.distances[first : first + len(group)]
            solid, place = torch.nonzero(mine < radius + self.skin, as_tuple=True)
            size = group.size.float()
            for block in batch.blocks(len(solid), DIRECTIONS):
                index, whose = solid[block], place[block]
                middle = group.own_frame(self.points[whose], index)
                turned = (radius[whose, None, None] * group.rotation[index]).transpose(1, 2)
                own = torch.baddbmm(
                    middle[..., None].float(),
                    turned.float(),
                    directions.T.float().expand(len(index), 3, DIRECTIONS),
                )
                distances = group.least_distance(size[index, None], own.movedim(1, -1))
                clear.scatter_reduce_(0, whose[:, None].expand(distances.shape), distances, "amin")
        free = clear >= self.skin[:, None]
        # Amid the free directions, not at their rim.
        towards = (free[..., None] * directions).sum(dim=1)
        along = (towards @ directions.T).masked_fill(~free, -math.inf)
        pick = directions[along.argmax(dim=1)]
        rows = torch.nonzero(free.any(dim=1)).squeeze(1)
        return self._take((self.points + radius[:, None] * pick)[rows], rows, gain=0.0)


def surface_samples(batch: Unions) -> Tensor:
    """Return samples of the surfaces of a batch's shapes, the same ones every time.

    Returns:
        (B, S, 3) float64 a little off the surface, in no solid grown by :data:`SKIN`; far away
        where a shape has fewer.
    """
    area = torch.cat([group.area(group.size) for group in batch.groups])
    whole = area.new_zeros(len(batch)).index_add_(0, batch.owner, area)
    number = (SAMPLES * area / whole[batch.owner]).ceil().long().clamp(min=4)
    solid = torch.arange(len(area), device=area.device).repeat_interleave(number)
    within = torch.arange(len(solid), device=area.device)
    within = within - (number.cumsum(0) - number).repeat_interleave(number)
    solid = solid[order := torch.argsort(batch.owner[solid], stable=True)]
    # Evenly spread in three dimensions: Roberts' sequence, by the root of x⁴ = x + 1.
    step = torch.tensor([1 / 1.2207440846057596**k for k in (1, 2, 3)], dtype=area.dtype)
    spread = (0.5 + (within[order] + 1)[:, None] * step.to(area.device)) % 1
    surface, normal, keep = batch.on_solids(solid, spread)
    shape = batch.owner[solid]
    skin = SKIN * batch.extent[shape]
    padded, place = pad(surface + 2 * skin[:, None] * normal, shape, len(batch))
    keep &= batch.clearance(padded)[shape, place] >= 0.999 * skin
    samples = torch.full_like(padded, FAR)
    samples[shape[keep], place[keep]] = padded[shape[keep], place[keep]]
    return samples


@cache
def _directions(count: int, number: int) -> Tensor:
    """Return (count, 3) unit vectors on a spiral, turned differently for each ``number``."""
    at = torch.arange(count, dtype=torch.float64) + 0.5
    height, angle = 1 - 2 * at / count, math.pi * (1 + math.sqrt(5)) * at
    around = (1 - height**2).sqrt()
    spiral = torch.stack([around * angle.cos(), around * angle.sin(), height], dim=1)
    # Turned about a slanted axis: neither the poles nor the spacing repeat.
    turn = torch.linalg.matrix_exp(
        (number + 1.0)
        * torch.tensor([[0, -0.7, 1.9], [0.7, 0, -1.1], [-1.9, 1.1, 0]], dtype=torch.float64)
    )
    return spiral @ turn.T


def beyond_planes(normals: Tensor, offsets: Tensor) -> Tensor:
    """Return the shortest vectors that go beyond all of a few planes.

    This is a projection onto an intersection of half-spaces: of the vectors that end on one plane,
    on the line of two or in the corner of three, the shortest that is beyond the others.

    Args:
        normals: (3, P, M) unit vectors n.
        offsets: (P, M) o; the half-spaces are n · v ≥ o. −∞: no plane.

    Returns:
        (3, M) the shortest v, NaN where there is none (up to rounding and planes that are parallel
        up to 1e-4).
    """
    offsets = offsets.clamp(min=-1e30)
    planes = range(len(offsets))
    candidates = [normals * offsets]
    if len(planes) > 1:
        i, j = (list(k) for k in zip(*itertools.combinations(planes, 2), strict=True))
        a, b, at_a, at_b = normals[:, i], normals[:, j], offsets[i], offsets[j]
        cosine = _dot(a, b)
        sine = 1 - cosine * cosine
        sine = sine.where(sine > 1e-8, math.nan)
        candidates.append(a * ((at_a - cosine * at_b) / sine) + b * ((at_b - cosine * at_a) / sine))
    if len(planes) > 2:
        i, j, k = (list(n) for n in zip(*itertools.combinations(planes, 3), strict=True))
        a, b, c = normals[:, i], normals[:, j], normals[:, k]
        across = _cross(b, c)
        volume = _dot(a, across)
        volume = volume.where(volume.abs() > 1e-4, math.nan)
        corner = across * offsets[i] + _cross(c, a) * offsets[j] + _cross(a, b) * offsets[k]
        candidates.append(corner / volume)
    vectors = torch.cat(candidates, dim=1)
    length = _dot(vectors, vectors)
    beyond = torch.isfinite(length)
    for normal, offset in zip(normals.unbind(1), offsets, strict=True):
        beyond &= _dot(vectors, normal[:, None]) >= offset - 1e-9
    length = length.masked_fill(~beyond, math.inf)
    shortest, at = length.min(dim=0)
    best = vectors.gather(1, at.expand(3, 1, len(at)))[:, 0]
    return best.masked_fill(shortest == math.inf, math.nan)


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """Return the dot product of (3, …) and (3, …)."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _cross(a: Tensor, b: Tensor) -> Tensor:
    """Return the cross product of (3, …) and (3, …)."""
    return torch.stack(
        [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
    )
