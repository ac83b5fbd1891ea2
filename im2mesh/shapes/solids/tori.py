"""Tori."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from im2mesh.shapes.solids.primitives import Primitives
from im2mesh.shapes.solids.vectors import axis_distance, normalize, radial_direction, stack_xyz

# Steps towards a line's first hit, enough for the resolution of the type.
TORUS_STEPS = {torch.float32: 12, torch.float64: 18}


class Torus(Primitives):
    """Tori about y: all points within the tube's radius of a circle in the plane y = 0."""

    lengths = ("radius of the circle", "radius of the tube")

    @staticmethod
    def intersect(size: Tensor, origin: Tensor, direction: Tensor) -> Tensor:
        """Return the first hits; every root is bracketed where the quartic is monotone."""
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
        return torch.hypot(axis_distance(point) - size[..., 0], point[..., 1]) <= size[..., 1]

    @staticmethod
    def distance(size: Tensor, point: Tensor) -> Tensor:
        ring, tube = size.unbind(-1)
        x, y, z = point.unbind(-1)
        out = (x * x + z * z).sqrt() - ring
        return (out * out + y * y).sqrt() - tube

    @staticmethod
    def nearest(size: Tensor, point: Tensor) -> Tensor:
        circle = Torus._circle(size, point)
        return circle + size[..., 1:] * normalize(point - circle)

    @staticmethod
    def normal(size: Tensor, point: Tensor) -> Tensor:
        return normalize(point - Torus._circle(size, point))

    @staticmethod
    def _circle(size: Tensor, point: Tensor) -> Tensor:
        """Return the nearest points of the circle in the tube's middle."""
        right, front = radial_direction(point)
        ring = size[..., 0]
        return stack_xyz(ring * right, torch.zeros_like(right), ring * front)

    @staticmethod
    def area(size: Tensor) -> Tensor:
        return 4 * math.pi**2 * size[..., 0] * size[..., 1]

    @staticmethod
    def sample(size: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
        ring, tube = size.unbind(-1)
        _, turn, share = uniform.unbind(-1)
        # The area up to an angle v of the tube, from −π, grows as v + (tube/ring) sin v.
        thick, low = tube / ring, torch.full_like(share, -math.pi)
        wanted = (2 * share - 1) * math.pi
        v = _bisect(lambda v: v + thick * v.sin() >= wanted, low, -low, 32)
        around, angle = ring + tube * v.cos(), 2 * math.pi * turn
        point = stack_xyz(around * angle.cos(), tube * v.sin(), around * angle.sin())
        return point, torch.ones_like(share, dtype=torch.bool)

    @staticmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        return size[..., 0] * axis_distance(direction) + size[..., 1]

    @staticmethod
    def half_extents(size: Tensor) -> Tensor:
        wide = size.sum(dim=-1)
        return torch.stack([wide, size[..., 1], wide], dim=-1)


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
        """Return the selected lines."""
        return _Line(*(getattr(self, column.name)[mask] for column in fields(self)))

    def coefficients(self) -> tuple[Tensor, Tensor]:
        """Return p and q of the quartic t⁴ + p t² + q t + …, which is negative in the torus."""
        squared = self.x**2 + self.y**2 + self.z**2
        sideways = self.dx**2 + self.dz**2
        p = 2 * (squared + self.ring**2 - self.tube**2) - 4 * self.ring**2 * sideways
        return p, -8 * self.ring**2 * (self.x * self.dx + self.z * self.dz)

    def outside(self, t: Tensor) -> Tensor:
        """Return a value of the quartic's sign at t, without its cancellation."""
        from_axis = ((self.x + t * self.dx) ** 2 + (self.z + t * self.dz) ** 2).sqrt()
        return (from_axis - self.ring) ** 2 + (self.y + t * self.dy) ** 2 - self.tube**2


def _depressed_cubic(p: Tensor, q: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the real roots of t³ + p t + q, rising; a single one three times."""
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
    """Find the root of a function that falls from > 0 at ``low`` to its minimum ≤ 0 at ``high``.

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
    """Return the least t in [low, high] where ``reached`` holds; ``high`` if it never does."""
    for _ in range(steps):
        middle = (low + high) / 2
        there = reached(middle)
        high = torch.where(there, middle, high)
        low = torch.where(there, low, middle)
    return high
