"""Analytic solids: batches of one kind, and single ones.

The kinds are box, frustum, ellipsoid, capsule, torus, shell and prism.

A kind is a set of pure functions in the solid's own frame, over any shape of batch that the
sizes and the places broadcast to:

- ``intersect``: where a line first meets the solid;
- ``contains``: whether a point is inside or on the surface;
- ``distance``: the signed distance, negative inside;
- ``nearest``: the nearest point of the surface, and ``normal``: the outward normal there;
- ``sample``: points spread evenly over the surface;
- ``support``: how far the solid reaches in a direction, which gives exact extents;
- ``half_extents``: half the sides of a box about the own origin that holds it.

They compute in the type of their arguments. Lengths and frames: a solid's own frame has its axis
of symmetry along y; ``rotation`` and ``centre`` take it to the shape's frame (x right, y up, z
towards the viewer). What a batch stores is float64 on one device.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from im2mesh.errors import InputError

# Steps towards a line's first hit on a torus, and towards the nearest point of an ellipsoid: to
# the resolution of the type, and to 1e-6 of a length (tests/test_solids.py).
TORUS_STEPS = {torch.float32: 12, torch.float64: 18}
ELLIPSOID_STEPS = 14

# Where a coordinate is moved off a plane of symmetry, by this share of a semi-axis.
TINY = 1e-8

# Squared sines of the angle between a ray and an axis: below the first, a start at the point
# nearest to the axis loses more digits than it saves; below the second, they are parallel.
END_ON, ALONG = 1e-2, 1e-12

Vector = Sequence[float] | np.ndarray | Tensor

ORIGIN, UP = (0.0, 0.0, 0.0), (0.0, 1.0, 0.0)


# --- batches ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Primitives(ABC):
    """K solids of one kind, each with its own size and pose.

    Attributes:
        size: (K, S) float64, the lengths that define each solid (see the kind); all scale
            together.
        rotation: (K, 3, 3) float64, own frame → shape frame.
        centre: (K, 3) float64, the own frame's origin in the shape frame.
    """

    size: Tensor
    rotation: Tensor
    centre: Tensor

    lengths: ClassVar[tuple[str, ...]]
    """What the columns of ``size`` are."""

    def __len__(self) -> int:
        return len(self.size)

    @classmethod
    def joined(cls, batches: Sequence[Primitives]) -> Self:
        """Return the solids of several batches of this kind, on one device, as one batch."""
        columns = ("size", "rotation", "centre")
        return cls(*(torch.cat([getattr(b, name) for b in batches]) for name in columns))

    @staticmethod
    @abstractmethod
    def intersect(size: Tensor, origin: Tensor, direction: Tensor) -> Tensor:
        """Where whole lines (t from −∞) first meet solids.

        Args:
            size: (…, S).
            origin: (…, 3) in the own frame.
            direction: (…, 3) unit vectors in the own frame.

        Returns:
            (…): the least t with origin + t · direction in the solid, ∞ if none.
        """

    @staticmethod
    @abstractmethod
    def contains(size: Tensor, point: Tensor) -> Tensor:
        """(…, S), (…, 3) in the own frame → (…) bool, the surface included."""

    @staticmethod
    @abstractmethod
    def distance(size: Tensor, point: Tensor) -> Tensor:
        """(…, S), (…, 3) → (…) distance to the surface, negative inside."""

    exact_bound: ClassVar[bool] = True
    """Whether :meth:`least_distance` is the distance itself."""

    @classmethod
    def least_distance(cls, size: Tensor, point: Tensor) -> Tensor:
        """(…, S), (…, 3) → (…): no more than :meth:`distance`, quickly found."""
        return cls.distance(size, point)

    @staticmethod
    @abstractmethod
    def nearest(size: Tensor, point: Tensor) -> Tensor:
        """(…, S), (…, 3) inside or outside → (…, 3) a nearest point of the surface."""

    @staticmethod
    @abstractmethod
    def normal(size: Tensor, point: Tensor) -> Tensor:
        """(…, S), (…, 3) on the surface → (…, 3) outward unit normal; at an edge, of a side."""

    @classmethod
    def face(cls, size: Tensor, point: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
        """A plane that separates a point from the solid, that of a face where it has such.

        Of the faces that the point is beyond, it is the one that looks most in a direction. A
        solid without flat faces has the plane through its point nearest to the point.

        Args:
            size: (…, S).
            point: (…, 3) outside or on the surface.
            direction: (…, 3) vectors to the points from the places that look for a way out.

        Returns:
            (…, 3) a point of the plane and (…, 3) its unit normal, away from the solid.
        """
        nearest = cls.nearest(size, point)
        away = point - nearest
        length = _length(away)[..., None]
        apart = length > 1e-7
        normal = away / torch.where(apart, length, 1.0)
        return nearest, torch.where(apart, normal, cls.normal(size, nearest))

    @staticmethod
    @abstractmethod
    def area(size: Tensor) -> Tensor:
        """(…, S) → (…): the area over which :meth:`sample` is even; no less than the surface's."""

    @staticmethod
    @abstractmethod
    def sample(size: Tensor, random: Tensor) -> tuple[Tensor, Tensor]:
        """Points spread evenly over the surface.

        Args:
            size: (…, S).
            random: (…, 3) even in [0, 1)³.

        Returns:
            (…, 3) points in the own frame, and (…) bool, which of them to keep: those are even,
            ``area`` of proposals for each unit of area.
        """

    @staticmethod
    @abstractmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        """(…, S), (…, 3) unit vectors → (…): max of direction · p over the solid's points."""

    @staticmethod
    @abstractmethod
    def half_extents(size: Tensor) -> Tensor:
        """(…, S) → (…, 3): half the sides of the least box about the own origin that holds it."""

    def bounds(self) -> tuple[Tensor, Tensor]:
        """(K, 3) least and (K, 3) largest coordinates of each solid in the shape frame, exact."""
        axes = self.rotation.reshape(-1, 3)  # row i of a rotation: axis i in the own frame
        size = self.size.repeat_interleave(3, dim=0)
        high = self.centre + self.support(size, axes).reshape(-1, 3)
        low = self.centre - self.support(size, -axes).reshape(-1, 3)
        return low, high

    def transformed(self, rotation: Tensor, offset: Tensor, scale: float) -> Primitives:
        """p → scale · rotation · p + offset, for every point p of every solid."""
        return replace(
            self,
            size=self.size * scale,
            rotation=rotation @ self.rotation,
            centre=scale * self.centre @ rotation.T + offset,
        )

    def mirrored(self, axis: int) -> Primitives:
        """The mirror images in the plane through the shape frame's origin across an axis, 0–2."""
        sign = torch.ones(3, dtype=torch.float64, device=self.size.device)
        sign[axis] = -1
        # Every kind is its own mirror image across its own z, so the image is a turned solid.
        own = sign.new_tensor([1.0, 1.0, -1.0])
        return replace(
            self, rotation=sign[:, None] * self.rotation * own, centre=sign * self.centre
        )

    def to(self, device: torch.device | str) -> Primitives:
        """The same solids on another device."""
        return replace(
            self,
            size=self.size.to(device),
            rotation=self.rotation.to(device),
            centre=self.centre.to(device),
        )

    def own_frame(self, points: Tensor, index: Tensor) -> Tensor:
        """(M, 3) points of the shape frame → the own frames of the solids (M,) ``index``."""
        moved = points - self.centre[index]
        return torch.einsum("mji,mj->mi", self.rotation[index], moved)

    def shape_frame(self, points: Tensor, index: Tensor) -> Tensor:
        """(M, 3) points in the own frames of the solids (M,) ``index`` → the shape frame."""
        return self.turned(points, index) + self.centre[index]

    def turned(self, directions: Tensor, index: Tensor) -> Tensor:
        """(M, 3) directions in the own frames of the solids (M,) ``index`` → the shape frame."""
        return torch.einsum("mij,mj->mi", self.rotation[index], directions)


class Box(Primitives):
    """Cuboids: the points with |x|, |y|, |z| at most half the width, height and depth."""

    lengths = ("half width", "half height", "half depth")

    @staticmethod
    def intersect(size: Tensor, origin: Tensor, direction: Tensor) -> Tensor:
        slabs = [
            _slab(half, at, along)
            for half, at, along in zip(
                size.unbind(-1), origin.unbind(-1), direction.unbind(-1), strict=True
            )
        ]
        (x, x_end), (y, y_end), (z, z_end) = slabs
        first = torch.maximum(torch.maximum(x, y), z)
        return _first(first, torch.minimum(torch.minimum(x_end, y_end), z_end))

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
    def sample(size: Tensor, random: Tensor) -> tuple[Tensor, Tensor]:
        x, y, z = size.unbind(-1)
        sides = _vectors(y * z, z * x, x * y)
        pick, one, other = random.unbind(-1)
        # Which pair of faces, which of the two, and where on it.
        share = sides.cumsum(-1) / sides.sum(-1, keepdim=True)
        axis = (pick[..., None] >= share[..., :2]).sum(dim=-1)
        end = torch.where(one < 0.5, -1.0, 1.0).to(random)
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


class Frustum(Primitives):
    """Cylinders and (truncated) cones about y: a radius at −half height, another at the top."""

    lengths = ("radius at the start", "radius at the end", "half height")

    @staticmethod
    def intersect(size: Tensor, origin: Tensor, direction: Tensor) -> Tensor:
        start, end, half = size.unbind(-1)
        line = _AxisLine.of(origin, direction)
        first, last, miss = line.within_cone(start, end, half)
        enters, leaves = _slab(half, line.y, line.dy)
        first = torch.maximum(first, enters)
        last = torch.minimum(last, leaves)
        return torch.where(miss, math.inf, _first(first, last)) + line.shift

    @staticmethod
    def contains(size: Tensor, point: Tensor) -> Tensor:
        start, end, half = size.unbind(-1)
        share = (point[..., 1] / half + 1) / 2
        radius = start + (end - start) * share
        return (point[..., 1].abs() <= half) & (_from_axis(point) <= radius)

    @staticmethod
    def distance(size: Tensor, point: Tensor) -> Tensor:
        start, end, half = size.unbind(-1)
        x, y, z = point.unbind(-1)
        widening, height = end - start, 2 * half
        length = (widening * widening + height * height).sqrt()
        out, up = (x * x + z * z).sqrt() - start, y + half
        # In the half-plane of distance from the axis and height: the slanted side, then the end
        # that is nearer. The other end is never nearer than both.
        share = ((out * widening + up * height) / (length * length)).clamp(0, 1)
        side_out, side_up = out - share * widening, up - share * height
        beyond = y.abs() - half
        past_rim = (out - widening * (y > 0).to(y)).clamp(min=0)
        nearer = torch.minimum(
            side_out * side_out + side_up * side_up, past_rim * past_rim + beyond * beyond
        )
        outside = torch.maximum(beyond, out * (height / length) - up * (widening / length))
        return torch.copysign(nearer.sqrt(), outside)

    @staticmethod
    def nearest(size: Tensor, point: Tensor) -> Tensor:
        start, end, half = size.unbind(-1)
        y, out = point[..., 1], _from_axis(point)
        widening, height = end - start, 2 * half
        share = ((out - start) * widening + (y + half) * height) / (
            widening * widening + height * height
        )
        share = share.clamp(0, 1)
        side = start + share * widening, share * height - half
        top = torch.minimum(out, end), half.expand_as(out)
        bottom = torch.minimum(out, start), -half.expand_as(out)
        best_out, best_y = side
        best = (side[0] - out) ** 2 + (side[1] - y) ** 2
        for cap_out, cap_y in (top, bottom):
            squared = (cap_out - out) ** 2 + (cap_y - y) ** 2
            nearer = squared < best
            best = torch.where(nearer, squared, best)
            best_out = torch.where(nearer, cap_out, best_out)
            best_y = torch.where(nearer, cap_y, best_y)
        right, front = _around(point)
        return _vectors(best_out * right, best_y, best_out * front)

    @staticmethod
    def normal(size: Tensor, point: Tensor) -> Tensor:
        start, end, half = size.unbind(-1)
        y = point[..., 1]
        widening, height = end - start, 2 * half
        length = torch.hypot(widening, height)
        side = ((_from_axis(point) - start) * height - (y + half) * widening) / length
        flat = y.abs() - half > side
        right, front = _around(point)
        out = torch.where(flat, 0.0, height / length)
        up = torch.where(flat, torch.copysign(torch.ones_like(y), y), -widening / length)
        return _vectors(out * right, up, out * front)

    @classmethod
    def face(cls, size: Tensor, point: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
        start, end, half = size.unbind(-1)
        y, out = point[..., 1], _from_axis(point)
        widening, height = end - start, 2 * half
        length = torch.hypot(widening, height)
        right, front = _around(point)
        slanted = _vectors(height / length * right, -widening / length, height / length * front)
        flat = torch.zeros_like(point)
        flat[..., 1] = torch.copysign(torch.ones_like(y), y)
        tiny = 1e-9 * length
        beyond_flat = y.abs() >= half - tiny
        beyond_side = ((out - start) * height - (y + half) * widening) / length >= -tiny
        looks_up = (flat * direction).sum(dim=-1) > (slanted * direction).sum(dim=-1)
        choose_flat = (beyond_flat & (looks_up | ~beyond_side))[..., None]
        rim = _vectors(start * right, -half, start * front)
        return torch.where(choose_flat, flat * half[..., None], rim), torch.where(
            choose_flat, flat, slanted
        )

    @staticmethod
    def area(size: Tensor) -> Tensor:
        start, end, half = size.unbind(-1)
        slant = torch.hypot(end - start, 2 * half)
        return math.pi * ((start + end) * slant + start * start + end * end)

    @staticmethod
    def sample(size: Tensor, random: Tensor) -> tuple[Tensor, Tensor]:
        start, end, half = size.unbind(-1)
        pick, turn, along = random.unbind(-1)
        slant = torch.hypot(end - start, 2 * half)
        side = (start + end) * slant
        pick = pick * (side + start * start + end * end)
        # The area up to a radius grows with its square, on the flat ends and on the side.
        radius, y = _on_cone(start, end, half, along)
        flat, at_end = pick >= side, pick >= side + start * start
        radius = torch.where(flat, along.sqrt() * torch.where(at_end, end, start), radius)
        y = torch.where(flat, torch.where(at_end, half, -half), y)
        angle = 2 * math.pi * turn
        point = _vectors(radius * angle.cos(), y, radius * angle.sin())
        return point, torch.ones_like(pick, dtype=torch.bool)

    @staticmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        start, end, half = size.unbind(-1)
        sideways, up = _from_axis(direction), direction[..., 1] * half
        return torch.maximum(start * sideways - up, end * sideways + up)

    @staticmethod
    def half_extents(size: Tensor) -> Tensor:
        wide = torch.maximum(size[..., 0], size[..., 1])
        return torch.stack([wide, size[..., 2], wide], dim=-1)


class Ellipsoid(Primitives):
    """Ellipsoids along the own axes; three equal semi-axes make a ball."""

    lengths = ("semi-axis x", "semi-axis y", "semi-axis z")

    @staticmethod
    def intersect(size: Tensor, origin: Tensor, direction: Tensor) -> Tensor:
        return _intersect_ball(origin / size, direction / size, torch.ones_like(size[..., 0]))

    @staticmethod
    def contains(size: Tensor, point: Tensor) -> Tensor:
        return ((point / size) ** 2).sum(dim=-1) <= 1

    @staticmethod
    def distance(size: Tensor, point: Tensor) -> Tensor:
        apart = _length(point - Ellipsoid.nearest(size, point))
        return torch.copysign(apart, _length(point / size) - 1)

    exact_bound = False

    @classmethod
    def least_distance(cls, size: Tensor, point: Tensor) -> Tensor:
        """As in the base class: the gauge grows by at most 1 over the least semi-axis.

        That bounds the distance from below outside; inside, the surface may be farther.
        """
        gauge = _length(point / size)
        return (gauge - 1) * size.amax(dim=-1).where(gauge < 1, size.amin(dim=-1))

    @staticmethod
    def nearest(size: Tensor, point: Tensor) -> Tensor:
        """As in the base class.

        The nearest point is a_i² p_i/(τ + a_i² − a²), a the least semi-axis, where τ is the
        largest root of S(τ) = Σ (a_i p_i/(τ + a_i² − a²))² = 1 (Eberly, Distance from a point to
        an ellipse, an ellipsoid, or a hyperellipsoid, 2013). 1/√S is concave and nearly straight,
        so Newton's steps on it from below never overshoot and are few, as in Moré and Sorensen's
        trust-region steps.
        """
        axes, places = size.unbind(-1), point.unbind(-1)
        # A coordinate of 0 inside would have a double pole at the root; a tiny one does no harm.
        scaled = [
            axis * torch.maximum(at.abs(), TINY * axis)
            for axis, at in zip(axes, places, strict=True)
        ]
        least = size.amin(dim=-1)
        excess = [(axis - least) * (axis + least) for axis in axes]
        starts = [c - e for c, e in zip(scaled, excess, strict=True)]  # one term of S is 1 there
        tau = torch.maximum(torch.maximum(starts[0], starts[1]), starts[2])
        for _ in range(ELLIPSOID_STEPS):
            inverse = [1 / (tau + e) for e in excess]
            terms = [(c * w) ** 2 for c, w in zip(scaled, inverse, strict=True)]
            squared = terms[0] + terms[1] + terms[2]
            slope = terms[0] * inverse[0] + terms[1] * inverse[1] + terms[2] * inverse[2]
            tau = tau + squared * (squared.sqrt() - 1) / slope
        # In units of the semi-axes, and back onto the surface.
        found = [c / (tau + e) for c, e in zip(scaled, excess, strict=True)]
        length = (found[0] ** 2 + found[1] ** 2 + found[2] ** 2).sqrt()
        return _vectors(
            *(
                torch.copysign(axis * unit / length, at)
                for axis, unit, at in zip(axes, found, places, strict=True)
            )
        )

    @staticmethod
    def normal(size: Tensor, point: Tensor) -> Tensor:
        normal = point / (size * size)
        return normal / _length(normal)[..., None]

    @staticmethod
    def area(size: Tensor) -> Tensor:
        # Of as many proposals as the sphere needs where it is stretched most.
        return 4 * math.pi * size.prod(dim=-1) / size.amin(dim=-1)

    @staticmethod
    def sample(size: Tensor, random: Tensor) -> tuple[Tensor, Tensor]:
        pick, turn, height = random.unbind(-1)
        y = 2 * height - 1
        around, angle = (1 - y * y).clamp(min=0).sqrt(), 2 * math.pi * turn
        ball = _vectors(around * angle.cos(), y, around * angle.sin())
        # The sphere's area is stretched by |ball/size| times the product of the semi-axes.
        stretch = _length(ball / size) * size.amin(dim=-1)
        return ball * size, pick < stretch

    @staticmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        return _length(size * direction)

    @staticmethod
    def half_extents(size: Tensor) -> Tensor:
        return size


class Capsule(Primitives):
    """All points within a radius of a segment along y, from −half length to +half length."""

    lengths = ("radius", "half length")

    @staticmethod
    def intersect(size: Tensor, origin: Tensor, direction: Tensor) -> Tensor:
        radius, half = size.unbind(-1)
        x, y, z = origin.unbind(-1)
        dx, dy, dz = direction.unbind(-1)
        sideways = dx * dx + dz * dz
        apart = sideways > ALONG
        inverse = torch.where(apart, 1 / sideways, 0.0)
        shift = -(x * dx + z * dz) * inverse
        x, z = x + shift * dx, z + shift * dz
        left = radius * radius - (x * x + z * z)
        # The surface is a tube closed by balls. Where the ray enters the endless tube says which
        # of the three it meets; a ray along the axis meets the ball at the end it comes from.
        tube = shift - (left.clamp(min=0) * inverse).sqrt()
        where = torch.where(apart, y + tube * dy, -math.inf * dy)
        ball = where.clamp(-half, half)
        end = _intersect_ball(_vectors(origin[..., 0], y - ball, origin[..., 2]), direction, radius)
        side = apart & (where.abs() <= half)
        return torch.where(side, torch.where(left >= 0, tube, math.inf), end)

    @staticmethod
    def contains(size: Tensor, point: Tensor) -> Tensor:
        radius, half = size.unbind(-1)
        beyond = (point[..., 1].abs() - half).clamp(min=0)
        return torch.hypot(_from_axis(point), beyond) <= radius

    @staticmethod
    def distance(size: Tensor, point: Tensor) -> Tensor:
        radius, half = size.unbind(-1)
        x, y, z = point.unbind(-1)
        beyond = (y.abs() - half).clamp(min=0)
        return (x * x + z * z + beyond * beyond).sqrt() - radius

    @staticmethod
    def nearest(size: Tensor, point: Tensor) -> Tensor:
        radius, half = size[..., :1], size[..., 1]
        x, y, z = point.unbind(-1)
        on_axis = torch.minimum(torch.maximum(y, -half), half)
        out = _vectors(x, y - on_axis, z)
        found = radius * _unit(out)
        return torch.stack([found[..., 0], found[..., 1] + on_axis, found[..., 2]], dim=-1)

    @staticmethod
    def normal(size: Tensor, point: Tensor) -> Tensor:
        half = size[..., 1]
        x, y, z = point.unbind(-1)
        return _unit(torch.stack([x, y - torch.minimum(torch.maximum(y, -half), half), z], dim=-1))

    @staticmethod
    def area(size: Tensor) -> Tensor:
        radius, half = size.unbind(-1)
        return 4 * math.pi * radius * (half + radius)

    @staticmethod
    def sample(size: Tensor, random: Tensor) -> tuple[Tensor, Tensor]:
        radius, half = size.unbind(-1)
        pick, turn, height = random.unbind(-1)
        # On a ball as on a cylinder, the area is even along the axis (Archimedes).
        y = (2 * height - 1) * (radius + half)
        beyond = (y.abs() - half).clamp(min=0)
        around, angle = (radius * radius - beyond * beyond).clamp(min=0).sqrt(), 2 * math.pi * turn
        point = _vectors(around * angle.cos(), y, around * angle.sin())
        return point, torch.ones_like(pick, dtype=torch.bool)

    @staticmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        return size[..., 0] + size[..., 1] * direction[..., 1].abs()

    @staticmethod
    def half_extents(size: Tensor) -> Tensor:
        radius, half = size.unbind(-1)
        return _vectors(radius, radius + half, radius)


class Torus(Primitives):
    """Tori about y: all points within the tube's radius of a circle in the plane y = 0."""

    lengths = ("radius of the circle", "radius of the tube")

    @staticmethod
    def intersect(size: Tensor, origin: Tensor, direction: Tensor) -> Tensor:
        """As in the base class; robust: every root is bracketed where the quartic is monotone."""
        # From the point nearest to the centre, the quartic has no cubic term:
        # t⁴ + p t² + q t + …, its derivative 4 t³ + 2 p t + q.
        shift = -(origin * direction).sum(dim=-1)
        near = origin + shift[..., None] * direction
        ring, tube = size.unbind(-1)
        meets = (near * near).sum(dim=-1) <= (ring + tube) ** 2
        found = torch.full_like(shift, math.inf)
        line = _Line.of(near, direction, ring, tube).where(meets)
        p, q = line.coefficients()
        reach = (line.ring + line.tube) ** 2 - line.x**2 - line.y**2 - line.z**2
        far = reach.clamp(min=0).sqrt() * (1 + 1e-6)
        # A needless split does no harm, so an inexact or repeated one does not.
        turns = [turn.clamp(-far, far) for turn in _depressed_cubic(p / 2, q / 4)]
        splits = [-far, *turns, far]
        inside = [line.outside(t) <= 0 for t in splits]
        # The first interval that leads from outside to inside.
        low, high, hit = far, far, torch.zeros_like(inside[0])
        for k in (3, 2, 1, 0):
            entered = inside[k + 1] & ~inside[k]
            low, high = (
                torch.where(entered, splits[k], low),
                torch.where(entered, splits[k + 1], high),
            )
            hit = hit | entered
        first = torch.full_like(far, math.inf)
        first[hit] = _find_root(line.where(hit).outside, low[hit], high[hit])
        found[meets] = first
        return found + shift

    @staticmethod
    def contains(size: Tensor, point: Tensor) -> Tensor:
        return torch.hypot(_from_axis(point) - size[..., 0], point[..., 1]) <= size[..., 1]

    @staticmethod
    def distance(size: Tensor, point: Tensor) -> Tensor:
        ring, tube = size.unbind(-1)
        x, y, z = point.unbind(-1)
        out = (x * x + z * z).sqrt() - ring
        return (out * out + y * y).sqrt() - tube

    @staticmethod
    def nearest(size: Tensor, point: Tensor) -> Tensor:
        circle = Torus._circle(size, point)
        return circle + size[..., 1:] * _unit(point - circle)

    @staticmethod
    def normal(size: Tensor, point: Tensor) -> Tensor:
        return _unit(point - Torus._circle(size, point))

    @staticmethod
    def _circle(size: Tensor, point: Tensor) -> Tensor:
        """The nearest points of the circle in the tube's middle."""
        right, front = _around(point)
        ring = size[..., 0]
        return _vectors(ring * right, torch.zeros_like(right), ring * front)

    @staticmethod
    def area(size: Tensor) -> Tensor:
        return 4 * math.pi**2 * size[..., 0] * size[..., 1]

    @staticmethod
    def sample(size: Tensor, random: Tensor) -> tuple[Tensor, Tensor]:
        ring, tube = size.unbind(-1)
        _, turn, share = random.unbind(-1)
        # The area up to an angle v of the tube, from −π, grows as v + (tube/ring) sin v.
        thick, low = tube / ring, torch.full_like(share, -math.pi)
        wanted = (2 * share - 1) * math.pi
        v = _bisect(lambda v: v + thick * v.sin() >= wanted, low, -low, 32)
        around, angle = ring + tube * v.cos(), 2 * math.pi * turn
        point = _vectors(around * angle.cos(), tube * v.sin(), around * angle.sin())
        return point, torch.ones_like(share, dtype=torch.bool)

    @staticmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        return size[..., 0] * _from_axis(direction) + size[..., 1]

    @staticmethod
    def half_extents(size: Tensor) -> Tensor:
        wide = size.sum(dim=-1)
        return torch.stack([wide, size[..., 1], wide], dim=-1)


class Shell(Primitives):
    """Conical shells: what a trapezoid with level ends sweeps when it turns about y.

    A point is in a shell where |y| ≤ half height and its distance from the axis lies between the
    inner and the outer radius at its height. With inner radii of 0 this is a frustum. 0 ≤ inner
    radius ≤ outer radius at both ends.
    """

    lengths = (
        "inner radius at the start",
        "inner radius at the end",
        "outer radius at the start",
        "outer radius at the end",
        "half height",
    )

    @staticmethod
    def intersect(size: Tensor, origin: Tensor, direction: Tensor) -> Tensor:
        inner, inner_end, start, end, half = size.unbind(-1)
        line = _AxisLine.of(origin, direction)
        enters, leaves = _slab(half, line.y, line.dy)
        first, last, miss = line.within_cone(start, end, half)
        first = torch.maximum(first, enters)
        met = ~miss & (first <= torch.minimum(last, leaves))
        # A line that comes through an end into the hole meets the wall where it leaves the hole,
        # unless it leaves it through the other end.
        into, out, past = line.within_cone(inner, inner_end, half)
        through = ~past & (into <= enters) & (enters < out)
        through &= torch.maximum(inner, inner_end) > 0
        first = torch.where(through, out, first)
        met &= ~through | (out <= leaves)
        return torch.where(met, first, math.inf) + line.shift

    @staticmethod
    def contains(size: Tensor, point: Tensor) -> Tensor:
        inner, inner_end, start, end, half = size.unbind(-1)
        share = (point[..., 1] / half + 1) / 2
        out = _from_axis(point)
        within = out <= start + (end - start) * share
        within &= out >= inner + (inner_end - inner) * share
        return within & (point[..., 1].abs() <= half)

    @staticmethod
    def distance(size: Tensor, point: Tensor) -> Tensor:
        inner, inner_end, start, end, half = size.unbind(-1)
        x, y, z = point.unbind(-1)
        out, up = (x * x + z * z).sqrt(), y + half
        outer_square, outside = _from_slant(start, end, half, out, up)
        inner_square, hollow = _from_slant(inner, inner_end, half, out, up)
        # An inner side on the axis is no surface.
        solid = torch.maximum(inner, inner_end) == 0
        inner_square = torch.where(solid, math.inf, inner_square)
        hollow = torch.where(solid, math.inf, hollow)
        # The end that is nearer; the other one is never nearer than both sides.
        at_end = (y > 0).to(y)
        beyond = y.abs() - half
        past_rim = out - start - (end - start) * at_end
        past_rim = torch.maximum(past_rim, inner + (inner_end - inner) * at_end - out)
        past_rim = past_rim.clamp(min=0)
        nearer = torch.minimum(outer_square, inner_square)
        nearer = torch.minimum(nearer, past_rim * past_rim + beyond * beyond)
        outside = torch.maximum(torch.maximum(beyond, outside), -hollow)
        return torch.copysign(nearer.sqrt(), outside)

    @staticmethod
    def nearest(size: Tensor, point: Tensor) -> Tensor:
        inner, inner_end, start, end, half = size.unbind(-1)
        y, out = point[..., 1], _from_axis(point)
        height = 2 * half

        def on_side(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
            wider = high - low
            share = ((out - low) * wider + (y + half) * height) / (wider * wider + height * height)
            share = share.clamp(0, 1)
            return low + share * wider, share * height - half

        # An inner side on the axis is no surface: it is nowhere.
        solid = torch.maximum(inner, inner_end) == 0
        inner_out, inner_y = on_side(inner, inner_end)
        places = (
            (torch.where(solid, math.inf, inner_out), inner_y),
            (torch.clamp(out, inner_end, end), half.expand_as(out)),
            (torch.clamp(out, inner, start), -half.expand_as(out)),
        )
        best_out, best_y = on_side(start, end)
        best = (best_out - out) ** 2 + (best_y - y) ** 2
        for other_out, other_y in places:
            squared = (other_out - out) ** 2 + (other_y - y) ** 2
            nearer = squared < best
            best = torch.where(nearer, squared, best)
            best_out = torch.where(nearer, other_out, best_out)
            best_y = torch.where(nearer, other_y, best_y)
        right, front = _around(point)
        return _vectors(best_out * right, best_y, best_out * front)

    @staticmethod
    def normal(size: Tensor, point: Tensor) -> Tensor:
        inner, inner_end, start, end, half = size.unbind(-1)
        y, out = point[..., 1], _from_axis(point)
        up = y + half
        _, outside = _from_slant(start, end, half, out, up)
        _, hollow = _from_slant(inner, inner_end, half, out, up)
        hollow = torch.where(torch.maximum(inner, inner_end) == 0, math.inf, hollow)
        flat = y.abs() - half
        is_flat = flat > outside
        # Where the hole ends in a point on the axis, the end's: a step into the hole from there
        # would be one into the wall across.
        tiny = 8 * torch.finfo(y.dtype).eps * (half + torch.maximum(start, end))
        in_hole = -hollow > torch.maximum(flat + tiny, outside)
        sign = torch.where(in_hole, -1.0, 1.0).to(y)
        widening = torch.where(in_hole, inner_end - inner, end - start)
        length = torch.hypot(widening, 2 * half)
        right, front = _around(point)
        level = torch.copysign(torch.ones_like(y), y)
        is_flat &= ~in_hole
        sideways = torch.where(is_flat, 0.0, sign * 2 * half / length)
        upwards = torch.where(is_flat, level, -sign * widening / length)
        return _vectors(sideways * right, upwards, sideways * front)

    @classmethod
    def face(cls, size: Tensor, point: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
        """As in the base class; in the hole, where no plane separates, that of the near wall.

        The wall is taken beside the place that ``direction`` comes from. The hole is convex: its
        point nearest to that place is beyond this plane.
        """
        inner, inner_end, start, end, half = size.unbind(-1)
        y, out = point[..., 1], _from_axis(point)
        up, height = y + half, 2 * half
        _, outside = _from_slant(start, end, half, out, up)
        _, hollow = _from_slant(inner, inner_end, half, out, up)
        hollow = torch.where(torch.maximum(inner, inner_end) == 0, math.inf, hollow)
        tiny = 1e-9 * height
        level = torch.copysign(torch.ones_like(y), y)
        zero = torch.zeros_like(y)
        place, normal = point, torch.zeros_like(point)
        best = torch.full_like(y, -math.inf)

        def side(low: Tensor, high: Tensor, at: Tensor, sign: float) -> tuple[Tensor, Tensor]:
            right, front = _around(at)
            length = torch.hypot(high - low, height)
            sideways = sign * height / length
            normal = _vectors(sideways * right, -sign * (high - low) / length, sideways * front)
            return _vectors(low * right, -half, low * front), normal

        candidates = (
            (outside >= -tiny, *side(start, end, point, 1.0)),
            (hollow <= tiny, *side(inner, inner_end, point - direction, -1.0)),
            (
                y.abs() >= half - tiny,
                _vectors(zero, level * half, zero),
                _vectors(zero, level, zero),
            ),
        )
        for beyond, at, outward in candidates:
            looks = (outward * direction).sum(dim=-1)
            better = beyond & (looks > best)
            best = torch.where(better, looks, best)
            place = torch.where(better[..., None], at, place)
            normal = torch.where(better[..., None], outward, normal)
        return place, normal

    @staticmethod
    def area(size: Tensor) -> Tensor:
        return math.pi * torch.stack(Shell._areas(size)).sum(dim=0)

    @staticmethod
    def _areas(size: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The areas of the outer and the inner side, the start and the end, over π."""
        inner, inner_end, start, end, half = size.unbind(-1)
        return (
            (start + end) * torch.hypot(end - start, 2 * half),
            (inner + inner_end) * torch.hypot(inner_end - inner, 2 * half),
            start * start - inner * inner,
            end * end - inner_end * inner_end,
        )

    @staticmethod
    def sample(size: Tensor, random: Tensor) -> tuple[Tensor, Tensor]:
        inner, inner_end, start, end, half = size.unbind(-1)
        pick, turn, along = random.unbind(-1)
        outer_side, inner_side, bottom, top = Shell._areas(size)
        sides = outer_side + inner_side
        pick = pick * (sides + bottom + top)
        within, flat, at_end = pick >= outer_side, pick >= sides, pick >= sides + bottom
        low, high = torch.where(within, inner, start), torch.where(within, inner_end, end)
        radius, y = _on_cone(low, high, half, along)
        # The area of a ring up to a radius grows with its square, too.
        least = torch.where(at_end, inner_end, inner)
        ring = least * least + along * torch.where(at_end, top, bottom)
        radius = torch.where(flat, ring.sqrt(), radius)
        y = torch.where(flat, torch.where(at_end, half, -half), y)
        angle = 2 * math.pi * turn
        point = _vectors(radius * angle.cos(), y, radius * angle.sin())
        return point, torch.ones_like(pick, dtype=torch.bool)

    @staticmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        return Frustum.support(size[..., 2:], direction)

    @staticmethod
    def half_extents(size: Tensor) -> Tensor:
        return Frustum.half_extents(size[..., 2:])


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
        first, last = _slab(size[..., 8], z, dz)
        for edge in _edges(size):
            outside, rate = edge.outside(x, y), dx * edge.ey - dy * edge.ex
            along = rate == 0
            t = -outside / torch.where(along, 1.0, rate)
            never = torch.where(along & (outside > 0), math.inf, -math.inf)
            first = torch.maximum(first, torch.where(rate < 0, t, never))
            last = torch.minimum(last, torch.where(rate > 0, t, math.inf))
        return _first(first, last)

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
        return _vectors(
            torch.where(to_side, side_x, x),
            torch.where(to_side, side_y, y),
            torch.where(to_end, end, z),
        )

    @staticmethod
    def normal(size: Tensor, point: Tensor) -> Tensor:
        z = point[..., 2]
        best = z.abs() - size[..., 8]
        normal = _vectors(
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
        place, normal = _vectors(zero, zero, end * half), _vectors(zero, zero, end)
        best = torch.where(z.abs() - half >= -tiny, end * direction[..., 2], -math.inf)
        for edge in _edges(size):
            outside, outward = edge.plane(point)
            looks = torch.where(outside >= -tiny, (outward * direction).sum(dim=-1), -math.inf)
            better = looks > best
            best = torch.where(better, looks, best)
            corner = _vectors(edge.x.expand_as(z), edge.y.expand_as(z), zero)
            place = torch.where(better[..., None], corner, place)
            normal = torch.where(better[..., None], outward, normal)
        return place, normal

    @staticmethod
    def area(size: Tensor) -> Tensor:
        return Prism._areas(size).sum(dim=-1)

    @staticmethod
    def _areas(size: Tensor) -> Tensor:
        """(…, 6): the areas of the four sides, and of both ends' triangles 1-2-3 and 1-3-4."""
        x1, y1, x2, y2, x3, y3, x4, y4, half = size.unbind(-1)
        sides = [2 * half * edge.squared.sqrt() for edge in _edges(size)]
        # Both ends: twice the half of a parallelogram.
        one = (x2 - x1) * (y3 - y1) - (y2 - y1) * (x3 - x1)
        other = (x3 - x1) * (y4 - y1) - (y3 - y1) * (x4 - x1)
        return torch.stack([*sides, one.clamp(min=0), other.clamp(min=0)], dim=-1)

    @staticmethod
    def sample(size: Tensor, random: Tensor) -> tuple[Tensor, Tensor]:
        pick, one, other = random.unbind(-1)
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
        return _vectors(x, y, z), torch.ones_like(pick, dtype=torch.bool)

    @staticmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        dx, dy, dz = direction.unbind(-1)
        corners = [edge.x * dx + edge.y * dy for edge in _edges(size)]
        return torch.stack(corners).amax(dim=0) + size[..., 8] * dz.abs()

    @staticmethod
    def half_extents(size: Tensor) -> Tensor:
        far = size.abs()
        return _vectors(far[..., 0:8:2].amax(-1), far[..., 1:8:2].amax(-1), far[..., 8])


KINDS: tuple[type[Primitives], ...] = (Box, Frustum, Ellipsoid, Capsule, Torus, Shell, Prism)


def union_bounds(groups: Iterable[Primitives]) -> Tensor:
    """Return (2, 3) float64, the least and the largest x, y, z of a union of solids, exact."""
    low, high = zip(*(group.bounds() for group in groups), strict=True)
    return torch.stack([torch.cat(low).amin(dim=0), torch.cat(high).amax(dim=0)])


# --- single solids ----------------------------------------------------------------------------


def box(size: Vector, centre: Vector = ORIGIN, rotation: Vector | None = None) -> Primitives:
    """A cuboid.

    Args:
        size: (3,) whole width, height and depth, > 0.
        centre: (3,).
        rotation: (3, 3) about the centre; None: along the axes.

    Raises:
        InputError: a length that is not positive, or a malformed vector or rotation.
    """
    return _solid(Box, vector(size, "size") / 2, centre, rotation_matrix(rotation))


def beam(start: Vector, end: Vector, width: float, thickness: float, across: Vector) -> Primitives:
    """A cuboid from the middle of one end face to the middle of the other.

    Args:
        start: (3,).
        end: (3,), another point than ``start``.
        width: length of the sides that are as near to ``across`` as they can be, > 0.
        thickness: length of the third sides, > 0.
        across: (3,) any direction that is not along the beam.
    """
    middle, rotation, length = _between(start, end, across)
    return _solid(Box, np.array([width, length, thickness]) / 2, middle, rotation)


def frustum(
    start: Vector, end: Vector, radius: float, end_radius: float | None = None
) -> Primitives:
    """A cylinder or a (truncated) cone between two points.

    Args:
        start: (3,) the middle of one flat face.
        end: (3,) the middle of the other, another point than ``start``.
        radius: at the start, ≥ 0.
        end_radius: at the end, ≥ 0, not both 0; None: as at the start, a cylinder.
    """
    middle, rotation, length = _between(start, end)
    radii = (radius, radius if end_radius is None else end_radius)
    if not min(radii) >= 0 or not max(radii) > 0:
        raise InputError(f"a frustum cannot have the radii {radii}")
    return _solid(Frustum, np.array([*radii, length / 2]), middle, rotation, least=0.0)


def ellipsoid(
    semi_axes: Vector, centre: Vector = ORIGIN, rotation: Vector | None = None
) -> Primitives:
    """An ellipsoid; (3,) semi-axes > 0 along x, y, z before the (3, 3) rotation."""
    return _solid(Ellipsoid, vector(semi_axes, "semi_axes"), centre, rotation_matrix(rotation))


def capsule(start: Vector, end: Vector, radius: float) -> Primitives:
    """All points within ``radius`` > 0 of the segment from ``start`` to ``end`` (3,)."""
    middle, rotation, length = _between(start, end)
    return _solid(Capsule, np.array([radius, length / 2]), middle, rotation)


def torus(radius: float, tube: float, centre: Vector = ORIGIN, axis: Vector = UP) -> Primitives:
    """A ring.

    Args:
        radius: of the circle in the tube's middle; at least ``tube``.
        tube: the tube's own radius, > 0.
        centre: (3,).
        axis: (3,) the direction about which the ring is round, of any length > 0.
    """
    if not radius >= tube:
        raise InputError(f"a torus of radius {radius} cannot have a tube of radius {tube}")
    middle = vector(centre, "centre")
    _, rotation, _ = _between(middle, middle + vector(axis, "axis"))
    return _solid(Torus, np.array([radius, tube]), middle, rotation)


def shell(
    start: Vector, end: Vector, inner: tuple[float, float], outer: tuple[float, float]
) -> Primitives:
    """A ring, a tube or a hollow (truncated) cone between two points, open at both ends.

    Args:
        start: (3,) the middle of one end.
        end: (3,) the middle of the other, another point than ``start``.
        inner: radii of the hole at the start and at the end, ≥ 0.
        outer: radii of the outside there, ≥ those of the hole, not the same at both ends.
    """
    middle, rotation, length = _between(start, end)
    return _shells(np.array([[*inner, *outer, length / 2]]), middle[None], rotation)


def frusta(
    radii: np.ndarray, heights: np.ndarray, centre: Vector = ORIGIN, axis: Vector = UP
) -> Primitives:
    """K cylinders and (truncated) cones about one axis.

    Args:
        radii: (K, 2) at the lower and the upper end, ≥ 0, not both 0.
        heights: (K, 2) of the ends along the axis, rising.
        centre: (3,) where the axis is at height 0.
        axis: (3,) the direction in which heights grow, of any length > 0.
    """
    if not (radii.min(axis=1) >= 0).all() or not (radii.max(axis=1) > 0).all():
        raise InputError(f"frusta cannot have the radii {radii.tolist()}")
    places, rotation, half = _along(heights, centre, axis)
    return _solids(Frustum, np.column_stack([radii, half]), places, rotation, least=0.0)


def shells(
    inner: np.ndarray,
    outer: np.ndarray,
    heights: np.ndarray,
    centre: Vector = ORIGIN,
    axis: Vector = UP,
) -> Primitives:
    """K shells about one axis; for (K, 2) radii see :func:`shell`, for the rest :func:`frusta`."""
    places, rotation, half = _along(heights, centre, axis)
    return _shells(np.column_stack([inner, outer, half]), places, rotation)


def _along(
    heights: np.ndarray, centre: Vector, axis: Vector
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(K, 3) middles, the rotation and (K,) half lengths of pieces (K, 2) of an axis."""
    origin = vector(centre, "centre")
    _, rotation, _ = _between(origin, origin + vector(axis, "axis"))
    places = origin + heights.mean(axis=1)[:, None] * rotation[:, 1]
    return places, rotation, (heights[:, 1] - heights[:, 0]) / 2


def _shells(size: np.ndarray, centre: np.ndarray, rotation: np.ndarray) -> Primitives:
    """(K, 5) and (K, 3), with one rotation."""
    inner, outer = size[:, :2], size[:, 2:4]
    walls = outer - inner
    if not min(inner.min(), walls.min()) >= 0 or not (walls.max(axis=1) > 0).all():
        raise InputError(
            f"a shell cannot have the inner radii {inner.tolist()} "
            f"and the outer radii {outer.tolist()}"
        )
    return _solids(Shell, size, centre, rotation, least=0.0)


def prism(
    corners: Sequence[Sequence[float]] | np.ndarray,
    thickness: float,
    centre: Vector = ORIGIN,
    rotation: Vector | None = None,
) -> Primitives:
    """An upright prism over a triangle or a convex quadrilateral in the x-y plane.

    Args:
        corners: (3, 2) or (4, 2) x and y about the centre, in turn, either way round.
        thickness: along z, half of it on each side, > 0.
        centre: (3,).
        rotation: (3, 3) about the centre; None: none.

    Raises:
        InputError: not a convex triangle or quadrilateral, or a length that is not positive.
    """
    places = np.array(corners, dtype=np.float64)
    if places.shape not in ((3, 2), (4, 2)):
        raise InputError(f"a prism needs three or four corners (x, y), not {places.tolist()}")
    if len(places) == 3:
        places = np.concatenate([places, places[:1]])
    return prisms(places[None], thickness, centre, rotation)


def prisms(
    corners: np.ndarray,
    thickness: float,
    centre: Vector = ORIGIN,
    rotation: Vector | None = None,
) -> Primitives:
    """K prisms with one frame; corners (K, 4, 2), for the rest see :func:`prism`.

    Those that share a side leave no gap between them.
    """
    before = np.roll(corners, 1, axis=1) - corners
    after = np.roll(corners, -1, axis=1) - corners
    turns = after[..., 0] * before[..., 1] - after[..., 1] * before[..., 0]  # > 0: to the left
    clockwise = turns.sum(axis=1) < 0
    corners = np.where(clockwise[:, None, None], corners[:, ::-1], corners)
    turns = np.where(clockwise[:, None], -turns, turns)
    allowed = 1e-12 * np.ptp(corners, axis=1).max(axis=1) ** 2
    convex = (turns.min(axis=1) >= -allowed) & (turns.sum(axis=1) > allowed)
    if not convex.all():
        raise InputError(f"the corners of a prism are not convex: {corners[~convex][0].tolist()}")
    if not (math.isfinite(thickness) and thickness > 0):
        raise InputError(f"prism: the thickness must be positive ({thickness:g})")
    size = np.column_stack([corners.reshape(-1, 8), np.full(len(corners), thickness / 2)])
    places = np.tile(vector(centre, "centre"), (len(corners), 1))
    return _solids(Prism, size, places, rotation_matrix(rotation), least=-math.inf)


def _solid(
    kind: type[Primitives],
    size: np.ndarray,
    centre: Vector,
    rotation: np.ndarray,
    least: float | None = None,
) -> Primitives:
    """One solid; ``least``: a length may be as small as this, None: it must be positive."""
    return _solids(kind, size[None], vector(centre, "centre")[None], rotation, least)


def _solids(
    kind: type[Primitives],
    size: np.ndarray,
    centre: np.ndarray,
    rotation: np.ndarray,
    least: float | None = None,
) -> Primitives:
    """Solids of (K, S) sizes about (K, 3) places, all turned by one (3, 3) rotation."""
    size = np.asarray(size, dtype=np.float64)
    large_enough = (size > 0) if least is None else (size >= least)
    bad = ~(large_enough & np.isfinite(size)).all(axis=1)
    if bad.any():
        named = ", ".join(
            f"{name} {value:g}"
            for name, value in zip(kind.lengths, size[bad][0].tolist(), strict=True)
        )
        raise InputError(f"{kind.__name__.lower()}: lengths must be positive ({named})")
    turns = np.tile(rotation, (len(size), 1, 1))
    return kind(*(torch.from_numpy(part) for part in (size, turns, centre)))


def vector(value: Vector, name: str) -> np.ndarray:
    """(3,) float64, a copy; ``name`` is what an error calls it."""
    found = np.array(value, dtype=np.float64)
    if found.shape != (3,) or not np.isfinite(found).all():
        raise InputError(f"{name} is {value}; expected three finite numbers")
    return found


def rotation_matrix(value: Vector | None) -> np.ndarray:
    """(3, 3) float64, a copy; None: no turn.

    Raises:
        InputError: not a rotation.
    """
    if value is None:
        return np.eye(3)
    matrix = np.array(value, dtype=np.float64)
    if (
        matrix.shape != (3, 3)
        or not (np.abs(matrix @ matrix.T - np.eye(3)) <= 1e-9).all()
        or np.linalg.det(matrix) < 0
    ):
        raise InputError(f"not a rotation matrix: {matrix.tolist()}")
    return matrix


def _between(
    start: Vector, end: Vector, across: Vector | None = None
) -> tuple[np.ndarray, np.ndarray, float]:
    """The middle, the rotation (y along the segment, x near ``across``) and the length."""
    begin, finish = vector(start, "start"), vector(end, "end")
    length = math.dist(begin, finish)
    if length == 0:
        raise InputError(f"start and end are the same point, {begin.tolist()}")
    y = (finish - begin) / length
    if across is None:  # any direction will do: the axis that is least along the segment
        side = np.zeros(3)
        side[np.abs(y).argmin()] = 1
    else:
        side = vector(across, "across")
    x = side - (side @ y) * y
    size = math.hypot(*x)
    if size <= 1e-9 * math.hypot(*side):
        raise InputError(f"across {side.tolist()} runs along the beam; give another direction")
    x /= size
    z = (x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0])
    return (begin + finish) / 2, np.stack([x, y, z], axis=1), length


# --- parts of the kinds -----------------------------------------------------------------------


def _vectors(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """(…) coordinates → (…, 3), with each coordinate's numbers side by side in memory."""
    return torch.stack([x, y, z]).movedim(0, -1)


def _length(vector: Tensor) -> Tensor:
    """(…, 3) → (…)."""
    x, y, z = vector.unbind(-1)
    return (x * x + y * y + z * z).sqrt()


def _from_axis(point: Tensor) -> Tensor:
    """(…, 3) → (…) distance from the y axis."""
    return torch.hypot(point[..., 0], point[..., 2])


def _around(point: Tensor) -> tuple[Tensor, Tensor]:
    """(…, 3) → x and z of the unit vectors away from the y axis; on the axis, any."""
    x, z = point[..., 0], point[..., 2]
    out = torch.hypot(x, z)
    centre = out == 0
    safe = torch.where(centre, 1.0, out)
    return torch.where(centre, 1.0, x / safe), z / safe


def _unit(vector: Tensor) -> Tensor:
    """(…, 3) → unit vectors; for no length, any."""
    length = _length(vector)[..., None]
    nowhere = length == 0
    anywhere = torch.zeros_like(vector)
    anywhere[..., 0] = 1.0
    return torch.where(nowhere, anywhere, vector / torch.where(nowhere, 1.0, length))


def _first(enters: Tensor, leaves: Tensor) -> Tensor:
    """The start of an interval, ∞ where it is empty."""
    return torch.where(enters <= leaves, enters, math.inf)


def _slab(half: Tensor, origin: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """Where lines are within |coordinate| ≤ half, one coordinate: the interval's two ends."""
    along = direction == 0
    inverse = 1 / torch.where(along, 1.0, direction)
    one, other = (-half - origin) * inverse, (half - origin) * inverse
    first, last = torch.minimum(one, other), torch.maximum(one, other)
    if bool(along.any()):
        within = origin.abs() <= half
        endless = torch.where(within, math.inf, -math.inf)
        first, last = torch.where(along, -endless, first), torch.where(along, endless, last)
    return first, last


def _from_slant(
    start: Tensor, end: Tensor, half: Tensor, out: Tensor, up: Tensor
) -> tuple[Tensor, Tensor]:
    """Places against the slanted side of a cone, in the half-plane of distance from the axis.

    Args:
        start: the radius at the height 0.
        end: that at the height of 2 · half.
        half: half the height.
        out: distances from the axis.
        up: heights.

    Returns:
        (…) the squared distance to the side, and (…) that to its line, positive outside the cone.
    """
    widening, height = end - start, 2 * half
    length = (widening * widening + height * height).sqrt()
    out = out - start
    share = ((out * widening + up * height) / (length * length)).clamp(0, 1)
    side_out, side_up = out - share * widening, up - share * height
    line = out * (height / length) - up * (widening / length)
    return side_out * side_out + side_up * side_up, line


@dataclass(frozen=True, eq=False)
class _Edge:
    """One edge of prisms' quadrilaterals, from its first corner to the next."""

    x: Tensor
    y: Tensor
    end_x: Tensor
    end_y: Tensor

    @property
    def ex(self) -> Tensor:
        """The difference of the two corners along x."""
        return self.end_x - self.x

    @property
    def ey(self) -> Tensor:
        """The difference of the two corners along y."""
        return self.end_y - self.y

    @property
    def squared(self) -> Tensor:
        """The squared length; 0: no edge, a repeated corner."""
        return self.ex * self.ex + self.ey * self.ey

    def outside(self, x: Tensor, y: Tensor) -> Tensor:
        """How far places are outside of the edge, times its length.

        Exactly the opposite for the same edge the other way round: no place is outside of both
        prisms that share it.
        """
        return (self.y - y) * (self.end_x - x) - (self.x - x) * (self.end_y - y)

    def nearest(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The nearest points of the edge."""
        squared = self.squared.clamp(min=torch.finfo(x.dtype).tiny)
        share = (((x - self.x) * self.ex + (y - self.y) * self.ey) / squared).clamp(0, 1)
        return self.x + share * self.ex, self.y + share * self.ey

    def plane(self, point: Tensor) -> tuple[Tensor, Tensor]:
        """(…, 3) → (…) distances from the edge's side, −∞ if there is none; its (…, 3) normals."""
        length = self.squared.sqrt()
        none = length == 0
        safe = torch.where(none, 1.0, length)
        outside = self.outside(point[..., 0], point[..., 1]) / safe
        zero = torch.zeros_like(outside)
        normal = _vectors((self.ey / safe).expand_as(zero), (-self.ex / safe).expand_as(zero), zero)
        return torch.where(none, -math.inf, outside), normal


def _edges(size: Tensor) -> list[_Edge]:
    """The four edges of (…, 9) prisms."""
    columns = size.unbind(-1)
    corners = [columns[2 * k : 2 * k + 2] for k in range(4)]
    return [_Edge(*corners[k], *corners[(k + 1) % 4]) for k in range(4)]


def _quadratic(a: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Roots of a t² + 2 b t + c.

    Returns:
        (…) the lesser and the larger root, ±∞ where a is 0; for a = b = 0 the whole line if
        c ≤ 0; and (…) bool where there is none.
    """
    discriminant = b * b - a * c
    root = discriminant.clamp(min=0).sqrt()
    # Adding numbers of one sign loses no digits.
    q = -(b + torch.copysign(root, b))
    flat, still = a == 0, q == 0
    one = q / torch.where(flat, 1.0, a)
    other = torch.where(still, 0.0, c / torch.where(still, 1.0, q))
    miss = discriminant < 0
    if not bool(flat.any()):
        return torch.minimum(one, other), torch.maximum(one, other), miss
    one = torch.where(flat, torch.where(q < 0, -math.inf, math.inf), one)
    constant = flat & still
    low = torch.where(constant, -math.inf, torch.minimum(one, other))
    high = torch.where(constant, math.inf, torch.maximum(one, other))
    return low, high, miss | (constant & (c > 0))


@dataclass(frozen=True, eq=False)
class _AxisLine:
    """Lines from their points nearest to the y axis, where that is well defined.

    From there the roots of :meth:`within_cone` lose no digits.
    """

    x: Tensor
    y: Tensor
    z: Tensor
    dx: Tensor
    dy: Tensor
    dz: Tensor
    sideways: Tensor
    """dx² + dz²."""
    shift: Tensor
    """The t of those points on the lines as they were given."""

    @classmethod
    def of(cls, origin: Tensor, direction: Tensor) -> _AxisLine:
        x, y, z = origin.unbind(-1)
        dx, dy, dz = direction.unbind(-1)
        sideways = dx * dx + dz * dz
        shift = -(x * dx + z * dz) * torch.where(sideways > END_ON, 1 / sideways, 0.0)
        return cls(x + shift * dx, y + shift * dy, z + shift * dz, dx, dy, dz, sideways, shift)

    def within_cone(
        self, start: Tensor, end: Tensor, half: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Where lines are in the endless cone of a radius at −half height and one at +half.

        Returns:
            (…) the first and (…) the last t, and (…) bool where the line misses it. Where the
            radius is negative, the cone may be there or not.
        """
        slope = (end - start) / (2 * half)
        radius = (start + end) / 2 + slope * self.y
        growth = slope * self.dy
        # Inside the double cone where a t² + 2 b t + c ≤ 0.
        a = self.sideways - growth * growth
        b = self.x * self.dx + self.z * self.dz - growth * radius
        low, high, miss = _quadratic(a, b, self.x * self.x + self.z * self.z - radius * radius)
        # Steeper than the cone (a < 0): inside on both sides of the roots, each side in one of
        # the two nappes; the solid is in the one where the radius is positive.
        steep, up = a < 0, growth > 0
        if not bool(steep.any()):
            return low, high, miss
        first = torch.where(steep, torch.where(up, high, -math.inf), low)
        last = torch.where(steep & up, math.inf, torch.where(steep, low, high))
        return first, last, miss & ~steep


def _on_cone(start: Tensor, end: Tensor, half: Tensor, along: Tensor) -> tuple[Tensor, Tensor]:
    """Radius and height on a cone's side for (…) numbers, even by area for numbers even in [0, 1).

    The area up to a radius grows with its square.
    """
    radius = (start * start + along * (end * end - start * start)).clamp(min=0).sqrt()
    share = along * (start + end) / (radius + start).clamp(min=torch.finfo(radius.dtype).tiny)
    return radius, (2 * share - 1) * half


def _intersect_ball(origin: Tensor, direction: Tensor, radius: Tensor) -> Tensor:
    """Where lines (directions of any length) first meet balls about the origin."""
    squared = (direction * direction).sum(dim=-1)
    closest = -(origin * direction).sum(dim=-1) / squared
    # From the nearest point: no cancellation for rays that start far away.
    near = origin + closest[..., None] * direction
    left = radius * radius - (near * near).sum(dim=-1)
    return torch.where(left >= 0, closest - (left.clamp(min=0) / squared).sqrt(), math.inf)


@dataclass(frozen=True, eq=False)
class _Line:
    """(M,) lines from their points nearest to a torus's centre, their directions, the tori."""

    x: Tensor
    y: Tensor
    z: Tensor
    dx: Tensor
    dy: Tensor
    dz: Tensor
    ring: Tensor
    tube: Tensor

    @classmethod
    def of(cls, near: Tensor, direction: Tensor, ring: Tensor, tube: Tensor) -> _Line:
        columns = (*near.unbind(-1), *direction.unbind(-1), ring, tube)
        return cls(*(column.expand(near.shape[:-1]) for column in columns))

    def where(self, mask: Tensor) -> _Line:
        """Some of them."""
        return _Line(*(getattr(self, column.name)[mask] for column in fields(self)))

    def coefficients(self) -> tuple[Tensor, Tensor]:
        """p and q of the quartic t⁴ + p t² + q t + …, negative in the torus."""
        squared = self.x**2 + self.y**2 + self.z**2
        sideways = self.dx**2 + self.dz**2
        p = 2 * (squared + self.ring**2 - self.tube**2) - 4 * self.ring**2 * sideways
        return p, -8 * self.ring**2 * (self.x * self.dx + self.z * self.dz)

    def outside(self, t: Tensor) -> Tensor:
        """The quartic's sign at t, without its cancellation."""
        from_axis = ((self.x + t * self.dx) ** 2 + (self.z + t * self.dz) ** 2).sqrt()
        return (from_axis - self.ring) ** 2 + (self.y + t * self.dy) ** 2 - self.tube**2


def _depressed_cubic(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The real roots of t³ + p t + q, rising; a single one is given three times."""
    # Three: 2 r cos(angle + 120° k), after François Viète.
    radius = (-p / 3).clamp(min=0).sqrt()
    cosine = -q / (2 * radius**3).clamp(min=torch.finfo(p.dtype).tiny)
    angle = cosine.clamp(-1, 1).acos() / 3
    third = 2 * math.pi / 3
    roots = [2 * radius * (angle + third * k).cos() for k in (1, 2, 0)]
    # One: Cardano's, the sum of numbers of one sign.
    discriminant = q * q / 4 + p**3 / 27
    larger = (q.abs() / 2 + discriminant.clamp(min=0).sqrt()) ** (1 / 3)
    single = larger - p / (3 * larger.clamp(min=torch.finfo(p.dtype).tiny ** (1 / 3)))
    single = torch.copysign(single, -q)
    low, middle, high = (torch.where(discriminant > 0, single, root) for root in roots)
    return low, middle, high


def _find_root(function: Callable[[Tensor], Tensor], low: Tensor, high: Tensor) -> Tensor:
    """Where a function that falls from above 0 at ``low`` to its minimum ≤ 0 at ``high`` is 0.

    About its minimum the function is nearly a parabola. So the regula falsi (in its Illinois
    form, which keeps the root in the interval) looks for the SQUARE of the distance from there,
    in which the function is nearly straight. Where the function has no such root: any place.
    """
    span = high - low
    inner, outer = torch.zeros_like(low), torch.ones_like(low)
    at_inner, at_outer = function(high), function(low)
    was_inside = torch.zeros_like(low)  # 1: the inner end moved last; −1: the outer one
    for _ in range(TORUS_STEPS[low.dtype]):
        rise = (at_outer - at_inner).clamp(min=torch.finfo(low.dtype).tiny)
        middle = inner - at_inner / rise * (outer - inner)
        value = function(high - span * middle.sqrt())
        inside = value <= 0
        # An end that stays for the second time counts half, or it might stay for ever.
        at_outer = torch.where(inside & (was_inside > 0), at_outer / 2, at_outer)
        at_inner = torch.where(~inside & (was_inside < 0), at_inner / 2, at_inner)
        inner, outer = torch.where(inside, middle, inner), torch.where(inside, outer, middle)
        at_inner, at_outer = (
            torch.where(inside, value, at_inner),
            torch.where(inside, at_outer, value),
        )
        was_inside = 2 * inside.to(low) - 1
    return high - span * inner.sqrt()


def _bisect(reached: Callable[[Tensor], Tensor], low: Tensor, high: Tensor, steps: int) -> Tensor:
    """The least t in [low, high] from which on ``reached`` holds; ``high`` if it never does."""
    for _ in range(steps):
        middle = (low + high) / 2
        there = reached(middle)
        high = torch.where(there, middle, high)
        low = torch.where(there, low, middle)
    return high
