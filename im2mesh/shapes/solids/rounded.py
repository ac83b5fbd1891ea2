"""Ellipsoids and capsules."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from im2mesh.shapes.solids.primitives import Primitives
from im2mesh.shapes.solids.vectors import axis_distance, norm, normalize, stack_xyz

# Newton's steps towards the nearest point of an ellipsoid: to 1e-6 of a length
# (tests/test_solids.py).
ELLIPSOID_STEPS = 14

# A coordinate is moved off a plane of symmetry by this share of a semi-axis.
TINY = 1e-8

# A squared sine of the angle between a ray and the axis: below it, they are parallel.
ALONG = 1e-12


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
        distance = norm(point - Ellipsoid.nearest(size, point))
        return torch.copysign(distance, norm(point / size) - 1)

    exact_bound = False

    @classmethod
    def least_distance(cls, size: Tensor, point: Tensor) -> Tensor:
        """Return a lower bound of the distance.

        The gauge |p/size| grows by at most 1 over the least semi-axis, which bounds the distance
        from below outside. Inside, the largest semi-axis does.
        """
        gauge = norm(point / size)
        return (gauge - 1) * size.amax(dim=-1).where(gauge < 1, size.amin(dim=-1))

    @staticmethod
    def nearest(size: Tensor, point: Tensor) -> Tensor:
        """Return a nearest surface point.

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
        return stack_xyz(
            *(
                torch.copysign(axis * unit / length, at)
                for axis, unit, at in zip(axes, found, places, strict=True)
            )
        )

    @staticmethod
    def normal(size: Tensor, point: Tensor) -> Tensor:
        normal = point / (size * size)
        return normal / norm(normal)[..., None]

    @staticmethod
    def area(size: Tensor) -> Tensor:
        # Of as many proposals as the sphere needs where it is stretched most.
        return 4 * math.pi * size.prod(dim=-1) / size.amin(dim=-1)

    @staticmethod
    def sample(size: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
        pick, turn, height = uniform.unbind(-1)
        y = 2 * height - 1
        around, angle = (1 - y * y).clamp(min=0).sqrt(), 2 * math.pi * turn
        ball = stack_xyz(around * angle.cos(), y, around * angle.sin())
        # The sphere's area is stretched by |ball/size| times the product of the semi-axes.
        stretch = norm(ball / size) * size.amin(dim=-1)
        return ball * size, pick < stretch

    @staticmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        return norm(size * direction)

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
        across = sideways > ALONG
        inverse = torch.where(across, 1 / sideways, 0.0)
        shift = -(x * dx + z * dz) * inverse
        x, z = x + shift * dx, z + shift * dz
        left = radius * radius - (x * x + z * z)
        # The surface is a tube closed by balls. Where the ray enters the endless tube says which
        # of the three it meets; a ray along the axis meets the ball at the end it comes from.
        tube = shift - (left.clamp(min=0) * inverse).sqrt()
        where = torch.where(across, y + tube * dy, -math.inf * dy)
        ball = where.clamp(-half, half)
        end = _intersect_ball(
            stack_xyz(origin[..., 0], y - ball, origin[..., 2]), direction, radius
        )
        side = across & (where.abs() <= half)
        return torch.where(side, torch.where(left >= 0, tube, math.inf), end)

    @staticmethod
    def contains(size: Tensor, point: Tensor) -> Tensor:
        radius, half = size.unbind(-1)
        beyond = (point[..., 1].abs() - half).clamp(min=0)
        return torch.hypot(axis_distance(point), beyond) <= radius

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
        out = stack_xyz(x, y - on_axis, z)
        found = radius * normalize(out)
        return torch.stack([found[..., 0], found[..., 1] + on_axis, found[..., 2]], dim=-1)

    @staticmethod
    def normal(size: Tensor, point: Tensor) -> Tensor:
        half = size[..., 1]
        x, y, z = point.unbind(-1)
        return normalize(
            torch.stack([x, y - torch.minimum(torch.maximum(y, -half), half), z], dim=-1)
        )

    @staticmethod
    def area(size: Tensor) -> Tensor:
        radius, half = size.unbind(-1)
        return 4 * math.pi * radius * (half + radius)

    @staticmethod
    def sample(size: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
        radius, half = size.unbind(-1)
        pick, turn, height = uniform.unbind(-1)
        # On a ball as on a cylinder, the area is even along the axis (Archimedes).
        y = (2 * height - 1) * (radius + half)
        beyond = (y.abs() - half).clamp(min=0)
        around, angle = (radius * radius - beyond * beyond).clamp(min=0).sqrt(), 2 * math.pi * turn
        point = stack_xyz(around * angle.cos(), y, around * angle.sin())
        return point, torch.ones_like(pick, dtype=torch.bool)

    @staticmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        return size[..., 0] + size[..., 1] * direction[..., 1].abs()

    @staticmethod
    def half_extents(size: Tensor) -> Tensor:
        radius, half = size.unbind(-1)
        return stack_xyz(radius, radius + half, radius)


def _intersect_ball(origin: Tensor, direction: Tensor, radius: Tensor) -> Tensor:
    """Return where lines (directions of any length) first meet balls about the origin."""
    squared = (direction * direction).sum(dim=-1)
    closest = -(origin * direction).sum(dim=-1) / squared
    # From the nearest point: no cancellation for rays that start far away.
    near = origin + closest[..., None] * direction
    left = radius * radius - (near * near).sum(dim=-1)
    return torch.where(left >= 0, closest - (left.clamp(min=0) / squared).sqrt(), math.inf)
