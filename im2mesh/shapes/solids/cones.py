"""Solids of revolution with a straight side: frusta and conical shells."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from im2mesh.shapes.solids.primitives import Primitives
from im2mesh.shapes.solids.vectors import (
    axis_distance,
    interval_start,
    radial_direction,
    slab_interval,
    stack_xyz,
)

# A squared sine of the angle between a ray and the axis: below it, a start at the point nearest
# to the axis loses more digits than it saves.
END_ON = 1e-2


class Frustum(Primitives):
    """Cylinders and (truncated) cones about y: a radius at −half height, another at the top."""

    lengths = ("radius at the start", "radius at the end", "half height")

    @staticmethod
    def intersect(size: Tensor, origin: Tensor, direction: Tensor) -> Tensor:
        start, end, half = size.unbind(-1)
        line = _AxisLine.of(origin, direction)
        first, last, miss = line.within_cone(start, end, half)
        enters, leaves = slab_interval(half, line.y, line.dy)
        first = torch.maximum(first, enters)
        last = torch.minimum(last, leaves)
        return torch.where(miss, math.inf, interval_start(first, last)) + line.shift

    @staticmethod
    def contains(size: Tensor, point: Tensor) -> Tensor:
        start, end, half = size.unbind(-1)
        share = (point[..., 1] / half + 1) / 2
        radius = start + (end - start) * share
        return (point[..., 1].abs() <= half) & (axis_distance(point) <= radius)

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
        y, out = point[..., 1], axis_distance(point)
        side = _on_slant(start, end, half, out, y)
        top = torch.minimum(out, end), half.expand_as(out)
        bottom = torch.minimum(out, start), -half.expand_as(out)
        return _nearest_of(point, (side, top, bottom))

    @staticmethod
    def normal(size: Tensor, point: Tensor) -> Tensor:
        start, end, half = size.unbind(-1)
        y = point[..., 1]
        widening, height = end - start, 2 * half
        length = torch.hypot(widening, height)
        side = ((axis_distance(point) - start) * height - (y + half) * widening) / length
        flat = y.abs() - half > side
        right, front = radial_direction(point)
        out = torch.where(flat, 0.0, height / length)
        up = torch.where(flat, torch.copysign(torch.ones_like(y), y), -widening / length)
        return stack_xyz(out * right, up, out * front)

    @classmethod
    def face(cls, size: Tensor, point: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
        start, end, half = size.unbind(-1)
        y, out = point[..., 1], axis_distance(point)
        widening, height = end - start, 2 * half
        length = torch.hypot(widening, height)
        right, front = radial_direction(point)
        slanted = stack_xyz(height / length * right, -widening / length, height / length * front)
        flat = torch.zeros_like(point)
        flat[..., 1] = torch.copysign(torch.ones_like(y), y)
        tiny = 1e-9 * length
        beyond_flat = y.abs() >= half - tiny
        beyond_side = ((out - start) * height - (y + half) * widening) / length >= -tiny
        looks_up = (flat * direction).sum(dim=-1) > (slanted * direction).sum(dim=-1)
        choose_flat = (beyond_flat & (looks_up | ~beyond_side))[..., None]
        rim = stack_xyz(start * right, -half, start * front)
        return torch.where(choose_flat, flat * half[..., None], rim), torch.where(
            choose_flat, flat, slanted
        )

    @staticmethod
    def area(size: Tensor) -> Tensor:
        start, end, half = size.unbind(-1)
        slant = torch.hypot(end - start, 2 * half)
        return math.pi * ((start + end) * slant + start * start + end * end)

    @staticmethod
    def sample(size: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
        start, end, half = size.unbind(-1)
        pick, turn, along = uniform.unbind(-1)
        slant = torch.hypot(end - start, 2 * half)
        side = (start + end) * slant
        pick = pick * (side + start * start + end * end)
        # The area up to a radius grows with its square, on the flat ends and on the side.
        radius, y = _on_cone(start, end, half, along)
        flat, at_end = pick >= side, pick >= side + start * start
        radius = torch.where(flat, along.sqrt() * torch.where(at_end, end, start), radius)
        y = torch.where(flat, torch.where(at_end, half, -half), y)
        angle = 2 * math.pi * turn
        point = stack_xyz(radius * angle.cos(), y, radius * angle.sin())
        return point, torch.ones_like(pick, dtype=torch.bool)

    @staticmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        start, end, half = size.unbind(-1)
        sideways, up = axis_distance(direction), direction[..., 1] * half
        return torch.maximum(start * sideways - up, end * sideways + up)

    @staticmethod
    def half_extents(size: Tensor) -> Tensor:
        wide = torch.maximum(size[..., 0], size[..., 1])
        return torch.stack([wide, size[..., 2], wide], dim=-1)


class Shell(Primitives):
    """Conical shells: a trapezoid with level ends, turned about y.

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
        enters, leaves = slab_interval(half, line.y, line.dy)
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
        out = axis_distance(point)
        within = out <= start + (end - start) * share
        within &= out >= inner + (inner_end - inner) * share
        return within & (point[..., 1].abs() <= half)

    @staticmethod
    def distance(size: Tensor, point: Tensor) -> Tensor:
        inner, inner_end, start, end, half = size.unbind(-1)
        x, y, z = point.unbind(-1)
        out, up = (x * x + z * z).sqrt(), y + half
        outer_square, outside = _slant_distance(start, end, half, out, up)
        inner_square, hollow = _slant_distance(inner, inner_end, half, out, up)
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
        y, out = point[..., 1], axis_distance(point)
        # An inner side on the axis is no surface: it is nowhere.
        solid = torch.maximum(inner, inner_end) == 0
        inner_out, inner_y = _on_slant(inner, inner_end, half, out, y)
        places = (
            _on_slant(start, end, half, out, y),
            (torch.where(solid, math.inf, inner_out), inner_y),
            (torch.clamp(out, inner_end, end), half.expand_as(out)),
            (torch.clamp(out, inner, start), -half.expand_as(out)),
        )
        return _nearest_of(point, places)

    @staticmethod
    def normal(size: Tensor, point: Tensor) -> Tensor:
        inner, inner_end, start, end, half = size.unbind(-1)
        y, out = point[..., 1], axis_distance(point)
        up = y + half
        _, outside = _slant_distance(start, end, half, out, up)
        _, hollow = _slant_distance(inner, inner_end, half, out, up)
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
        right, front = radial_direction(point)
        level = torch.copysign(torch.ones_like(y), y)
        is_flat &= ~in_hole
        sideways = torch.where(is_flat, 0.0, sign * 2 * half / length)
        upwards = torch.where(is_flat, level, -sign * widening / length)
        return stack_xyz(sideways * right, upwards, sideways * front)

    @classmethod
    def face(cls, size: Tensor, point: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
        """Return a separating plane; in the hole, where there is none, that of the near wall.

        The wall is taken beside the place that ``direction`` comes from. The hole is convex: its
        point nearest to that place is beyond this plane.
        """
        inner, inner_end, start, end, half = size.unbind(-1)
        y, out = point[..., 1], axis_distance(point)
        up, height = y + half, 2 * half
        _, outside = _slant_distance(start, end, half, out, up)
        _, hollow = _slant_distance(inner, inner_end, half, out, up)
        hollow = torch.where(torch.maximum(inner, inner_end) == 0, math.inf, hollow)
        tiny = 1e-9 * height
        level = torch.copysign(torch.ones_like(y), y)
        zero = torch.zeros_like(y)
        place, normal = point, torch.zeros_like(point)
        best = torch.full_like(y, -math.inf)

        def side(low: Tensor, high: Tensor, at: Tensor, sign: float) -> tuple[Tensor, Tensor]:
            right, front = radial_direction(at)
            length = torch.hypot(high - low, height)
            sideways = sign * height / length
            normal = stack_xyz(sideways * right, -sign * (high - low) / length, sideways * front)
            return stack_xyz(low * right, -half, low * front), normal

        candidates = (
            (outside >= -tiny, *side(start, end, point, 1.0)),
            (hollow <= tiny, *side(inner, inner_end, point - direction, -1.0)),
            (
                y.abs() >= half - tiny,
                stack_xyz(zero, level * half, zero),
                stack_xyz(zero, level, zero),
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
        """Return the areas of the outer and the inner side, the start and the end, over π."""
        inner, inner_end, start, end, half = size.unbind(-1)
        return (
            (start + end) * torch.hypot(end - start, 2 * half),
            (inner + inner_end) * torch.hypot(inner_end - inner, 2 * half),
            start * start - inner * inner,
            end * end - inner_end * inner_end,
        )

    @staticmethod
    def sample(size: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
        inner, inner_end, start, end, half = size.unbind(-1)
        pick, turn, along = uniform.unbind(-1)
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
        point = stack_xyz(radius * angle.cos(), y, radius * angle.sin())
        return point, torch.ones_like(pick, dtype=torch.bool)

    @staticmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        return Frustum.support(size[..., 2:], direction)

    @staticmethod
    def half_extents(size: Tensor) -> Tensor:
        return Frustum.half_extents(size[..., 2:])


def _on_slant(
    start: Tensor, end: Tensor, half: Tensor, out: Tensor, y: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the place on the side of a cone that is nearest to (out, y), in their half plane."""
    widening, height = end - start, 2 * half
    share = ((out - start) * widening + (y + half) * height) / (
        widening * widening + height * height
    )
    share = share.clamp(0, 1)
    return start + share * widening, share * height - half


def _nearest_of(point: Tensor, places: Iterable[tuple[Tensor, Tensor]]) -> Tensor:
    """Return the nearest of some places, the first of equally near ones.

    Args:
        point: (…, 3).
        places: distance from the y axis and y of each, in the half plane of the axis and the point.

    Returns:
        (…, 3).
    """
    y, out = point[..., 1], axis_distance(point)
    (best_out, best_y), *others = places
    best = (best_out - out) ** 2 + (best_y - y) ** 2
    for other_out, other_y in others:
        squared = (other_out - out) ** 2 + (other_y - y) ** 2
        nearer = squared < best
        best = torch.where(nearer, squared, best)
        best_out = torch.where(nearer, other_out, best_out)
        best_y = torch.where(nearer, other_y, best_y)
    right, front = radial_direction(point)
    return stack_xyz(best_out * right, best_y, best_out * front)


def _slant_distance(
    start: Tensor, end: Tensor, half: Tensor, out: Tensor, up: Tensor
) -> tuple[Tensor, Tensor]:
    """Measure places against a cone's slanted side, in the half-plane through the axis.

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


def _quadratic(a: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the roots of a t² + 2 b t + c.

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
        """Return where lines are in the endless cone through both ends' circles.

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
    """Map (…) uniform numbers in [0, 1) to radius and height on a cone's side, even by area.

    The area up to a radius grows with its square.
    """
    radius = (start * start + along * (end * end - start * start)).clamp(min=0).sqrt()
    share = along * (start + end) / (radius + start).clamp(min=torch.finfo(radius.dtype).tiny)
    return radius, (2 * share - 1) * half
