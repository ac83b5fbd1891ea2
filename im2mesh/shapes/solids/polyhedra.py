"""Solids with flat faces: boxes and upright prisms."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from im2mesh.shapes.solids.primitives import Primitives
from im2mesh.shapes.solids.vectors import interval_start, slab_interval, stack_xyz


class Box(Primitives):
    """Cuboids: the points with |x|, |y|, |z| at most half the width, height and depth."""

    lengths = ("half width", "half height", "half depth")

    @staticmethod
    def intersect(size: Tensor, origin: Tensor, direction: Tensor) -> Tensor:
        slabs = [
            slab_interval(half, at, along)
            for half, at, along in zip(
                size.unbind(-1), origin.unbind(-1), direction.unbind(-1), strict=True
            )
        ]
        (x, x_end), (y, y_end), (z, z_end) = slabs
        first = torch.maximum(torch.maximum(x, y), z)
        return interval_start(first, torch.minimum(torch.minimum(x_end, y_end), z_end))

    @staticmethod
    def contains(size: Tensor, point: Tensor) -> Tensor:
        return (point.abs() <= size).all(dim=-1)

    @staticmethod
    def distance(size: Tensor, point: Tensor) -> Tensor:
        x, y, z = (
            at.abs() - half for at, half in zip(point.unbind(-1), size.unbind(-1), strict=True)
        )
        inside = torch.maximum(torch.maximum(x, y), z).clamp(max=0)
        x, y, z = x.clamp(min=0), y.clamp(min=0), z.clamp(min=0)
        return (x * x + y * y + z * z).sqrt() + inside

    @staticmethod
    def nearest(size: Tensor, point: Tensor) -> Tensor:
        gap = size - point.abs()
        # From inside, to one face that is nearest.
        face = torch.zeros_like(gap, dtype=torch.bool)
        face.scatter_(-1, gap.argmin(dim=-1, keepdim=True), True)
        face &= (gap > 0).all(dim=-1, keepdim=True)
        on_surface = torch.where(face, size.expand_as(gap), torch.minimum(point.abs(), size))
        return torch.copysign(on_surface, point)

    @staticmethod
    def normal(size: Tensor, point: Tensor) -> Tensor:
        face = (point.abs() - size).argmax(dim=-1, keepdim=True)
        normal = torch.zeros_like(point).scatter_(-1, face, 1.0)
        return torch.copysign(normal, point) * normal

    @classmethod
    def face(cls, size: Tensor, point: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
        outward = torch.copysign(torch.ones_like(point), point)
        beyond = point.abs() >= size * (1 - 1e-9)
        looks = (outward * direction).masked_fill(~beyond, -math.inf)
        normal = torch.zeros_like(point)
        normal.scatter_(-1, looks.argmax(dim=-1, keepdim=True), 1.0)
        normal = normal * outward
        return normal * size, normal

    @staticmethod
    def area(size: Tensor) -> Tensor:
        x, y, z = size.unbind(-1)
        return 8 * (x * y + y * z + z * x)

    @staticmethod
    def sample(size: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
        x, y, z = size.unbind(-1)
        sides = stack_xyz(y * z, z * x, x * y)
        pick, one, other = uniform.unbind(-1)
        # Which pair of faces, which of the two, and where on it.
        share = sides.cumsum(-1) / sides.sum(-1, keepdim=True)
        axis = (pick[..., None] >= share[..., :2]).sum(dim=-1)
        end = torch.where(one < 0.5, -1.0, 1.0).to(uniform)
        coordinates = [end, 2 * ((2 * one) % 1) - 1, 2 * other - 1]
        point = torch.stack(
            [torch.stack([coordinates[(k - a) % 3] for k in range(3)], -1) for a in range(3)], -2
        )
        chosen = point.gather(-2, axis[..., None, None].expand(*axis.shape, 1, 3)).squeeze(-2)
        return chosen * size, torch.ones_like(pick, dtype=torch.bool)

    @staticmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        return (size * direction.abs()).sum(dim=-1)

    @staticmethod
    def half_extents(size: Tensor) -> Tensor:
        return size


class Prism(Primitives):
    """Upright prisms: a convex quadrilateral in the own x-y plane, as thick along z on both sides.

    The corners run counter-clockwise, seen from +z. A triangle repeats a corner. The own origin
    may be anywhere: prisms that share a frame and a side leave no gap between them, not even for
    rounding.
    """

    lengths = ("x 1", "y 1", "x 2", "y 2", "x 3", "y 3", "x 4", "y 4", "half thickness")

    @staticmethod
    def intersect(size: Tensor, origin: Tensor, direction: Tensor) -> Tensor:
        x, y, z = origin.unbind(-1)
        dx, dy, dz = direction.unbind(-1)
        first, last = slab_interval(size[..., 8], z, dz)
        for edge in _edges(size):
            outside, rate = edge.outside(x, y), dx * edge.ey - dy * edge.ex
            along = rate == 0
            t = -outside / torch.where(along, 1.0, rate)
            never = torch.where(along & (outside > 0), math.inf, -math.inf)
            first = torch.maximum(first, torch.where(rate < 0, t, never))
            last = torch.minimum(last, torch.where(rate > 0, t, math.inf))
        return interval_start(first, last)

    @staticmethod
    def contains(size: Tensor, point: Tensor) -> Tensor:
        x, y, z = point.unbind(-1)
        inside = z.abs() <= size[..., 8]
        for edge in _edges(size):
            inside = inside & (edge.outside(x, y) <= 0)
        return inside

    @staticmethod
    def distance(size: Tensor, point: Tensor) -> Tensor:
        x, y, z = point.unbind(-1)
        nearest: Tensor | None = None
        outside: Tensor | None = None
        for edge in _edges(size):
            at_x, at_y = edge.nearest(x, y)
            squared = (at_x - x) ** 2 + (at_y - y) ** 2
            beyond = torch.where(edge.squared > 0, edge.outside(x, y), -math.inf)
            nearest = squared if nearest is None else torch.minimum(nearest, squared)
            outside = beyond if outside is None else torch.maximum(outside, beyond)
        assert nearest is not None and outside is not None
        flat = torch.copysign(nearest.sqrt(), outside)
        above = z.abs() - size[..., 8]
        inside = torch.maximum(flat, above).clamp(max=0)
        flat, above = flat.clamp(min=0), above.clamp(min=0)
        return (flat * flat + above * above).sqrt() + inside

    @staticmethod
    def nearest(size: Tensor, point: Tensor) -> Tensor:
        x, y, z = point.unbind(-1)
        half = size[..., 8]
        best = torch.full_like(x + half, math.inf)
        side_x, side_y = best, best
        outside = torch.zeros_like(best, dtype=torch.bool)
        for edge in _edges(size):
            at_x, at_y = edge.nearest(x, y)
            squared = (at_x - x) ** 2 + (at_y - y) ** 2
            nearer = squared < best
            best = torch.where(nearer, squared, best)
            side_x, side_y = torch.where(nearer, at_x, side_x), torch.where(nearer, at_y, side_y)
            outside = outside | ((edge.outside(x, y) > 0) & (edge.squared > 0))
        above = z.abs() - half
        # From inside, to a side or to an end, whichever is nearer.
        to_side = outside | ((above <= 0) & (best.sqrt() < -above))
        to_end = (above > 0) | ~to_side
        end = torch.copysign(half.expand_as(z), z)
        return stack_xyz(
            torch.where(to_side, side_x, x),
            torch.where(to_side, side_y, y),
            torch.where(to_end, end, z),
        )

    @staticmethod
    def normal(size: Tensor, point: Tensor) -> Tensor:
        z = point[..., 2]
        best = z.abs() - size[..., 8]
        normal = stack_xyz(
            torch.zeros_like(best), torch.zeros_like(best), torch.copysign(torch.ones_like(z), z)
        )
        for edge in _edges(size):
            outside, outward = edge.plane(point)
            better = outside >= best
            best = torch.where(better, outside, best)
            normal = torch.where(better[..., None], outward, normal)
        return normal

    @classmethod
    def face(cls, size: Tensor, point: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
        z, half = point[..., 2], size[..., 8]
        tiny = 1e-9 * cls.half_extents(size).amax(dim=-1)
        zero, end = torch.zeros_like(z), torch.copysign(torch.ones_like(z), z)
        place, normal = stack_xyz(zero, zero, end * half), stack_xyz(zero, zero, end)
        best = torch.where(z.abs() - half >= -tiny, end * direction[..., 2], -math.inf)
        for edge in _edges(size):
            outside, outward = edge.plane(point)
            looks = torch.where(outside >= -tiny, (outward * direction).sum(dim=-1), -math.inf)
            better = looks > best
            best = torch.where(better, looks, best)
            corner = stack_xyz(edge.x.expand_as(z), edge.y.expand_as(z), zero)
            place = torch.where(better[..., None], corner, place)
            normal = torch.where(better[..., None], outward, normal)
        return place, normal

    @staticmethod
    def area(size: Tensor) -> Tensor:
        return Prism._areas(size).sum(dim=-1)

    @staticmethod
    def _areas(size: Tensor) -> Tensor:
        """Return (…, 6): the areas of four sides, and of both ends' triangles 1-2-3 and 1-3-4."""
        x1, y1, x2, y2, x3, y3, x4, y4, half = size.unbind(-1)
        sides = [2 * half * edge.squared.sqrt() for edge in _edges(size)]
        # Both ends: twice the half of a parallelogram.
        one = (x2 - x1) * (y3 - y1) - (y2 - y1) * (x3 - x1)
        other = (x3 - x1) * (y4 - y1) - (y3 - y1) * (x4 - x1)
        return torch.stack([*sides, one.clamp(min=0), other.clamp(min=0)], dim=-1)

    @staticmethod
    def sample(size: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
        pick, one, other = uniform.unbind(-1)
        areas = Prism._areas(size)
        share = areas.cumsum(-1) / areas.sum(-1, keepdim=True)
        part = (pick[..., None] >= share[..., :5]).sum(dim=-1)
        half, edges = size[..., 8], _edges(size)
        # On an end: in a triangle of it, even by a root; ``one`` says which end, too.
        end = torch.where(one < 0.5, half, -half)
        root = ((2 * one) % 1).sqrt()
        first, second, third = 1 - root, root * (1 - other), root * other
        b = torch.where(part == 4, edges[1].x, edges[2].x)
        c = torch.where(part == 4, edges[2].x, edges[3].x)
        x = first * edges[0].x + second * b + third * c
        b = torch.where(part == 4, edges[1].y, edges[2].y)
        c = torch.where(part == 4, edges[2].y, edges[3].y)
        y = first * edges[0].y + second * b + third * c
        for number, edge in enumerate(edges):
            x = torch.where(part == number, edge.x + one * edge.ex, x)
            y = torch.where(part == number, edge.y + one * edge.ey, y)
        z = torch.where(part < 4, (2 * other - 1) * half, end)
        return stack_xyz(x, y, z), torch.ones_like(pick, dtype=torch.bool)

    @staticmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        dx, dy, dz = direction.unbind(-1)
        corners = [edge.x * dx + edge.y * dy for edge in _edges(size)]
        return torch.stack(corners).amax(dim=0) + size[..., 8] * dz.abs()

    @staticmethod
    def half_extents(size: Tensor) -> Tensor:
        far = size.abs()
        return stack_xyz(far[..., 0:8:2].amax(-1), far[..., 1:8:2].amax(-1), far[..., 8])


@dataclass(frozen=True, eq=False)
class _Edge:
    """One edge of prisms' quadrilaterals, from its first corner to the next."""

    x: Tensor
    y: Tensor
    end_x: Tensor
    end_y: Tensor

    @property
    def ex(self) -> Tensor:
        """The edge's extent along x, signed."""
        return self.end_x - self.x

    @property
    def ey(self) -> Tensor:
        """The edge's extent along y, signed."""
        return self.end_y - self.y

    @property
    def squared(self) -> Tensor:
        """The squared length; 0: a repeated corner, no edge."""
        return self.ex * self.ex + self.ey * self.ey

    def outside(self, x: Tensor, y: Tensor) -> Tensor:
        """Return how far places are outside of the edge, times its length.

        The same edge the other way round gives exactly the opposite, so that no place is outside
        of both prisms that share the edge.
        """
        return (self.y - y) * (self.end_x - x) - (self.x - x) * (self.end_y - y)

    def nearest(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return x and y of the edge's nearest points."""
        squared = self.squared.clamp(min=torch.finfo(x.dtype).tiny)
        share = (((x - self.x) * self.ex + (y - self.y) * self.ey) / squared).clamp(0, 1)
        return self.x + share * self.ex, self.y + share * self.ey

    def plane(self, point: Tensor) -> tuple[Tensor, Tensor]:
        """Return (…) distances of points from the edge's side, −∞ without one; (…, 3) normals."""
        length = self.squared.sqrt()
        none = length == 0
        safe = torch.where(none, 1.0, length)
        outside = self.outside(point[..., 0], point[..., 1]) / safe
        zero = torch.zeros_like(outside)
        normal = stack_xyz(
            (self.ey / safe).expand_as(zero), (-self.ex / safe).expand_as(zero), zero
        )
        return torch.where(none, -math.inf, outside), normal


def _edges(size: Tensor) -> list[_Edge]:
    """Return the four edges of (…, 9) prisms."""
    columns = size.unbind(-1)
    corners = [columns[2 * k : 2 * k + 2] for k in range(4)]
    return [_Edge(*corners[k], *corners[(k + 1) % 4]) for k in range(4)]
