"""Procedural shapes: unions of posed analytic solids, with exact depth and occupancy.

Solids of one kind are kept together as one batch (:class:`Primitives` and its subclasses: box,
frustum, ellipsoid, capsule, torus); a :class:`Shape` is a handful of such batches. A kind is
three pure functions over flat lists of pairs (of a solid and a ray, a point or a direction) in
the solid's own frame:

- ``enter``: where a line first meets the solid;
- ``contains``: whether a point is inside or on the surface;
- ``support``: how far the solid reaches in a direction, which gives exact extents.

Lengths and frames: a solid's own frame has its axis of symmetry along y; ``rotation`` and
``centre`` take it to the shape's frame (x right, y up, z towards the viewer). Everything is
float64 on one device.

>>> table = Shape.of(box((1.2, 0.05, 0.7), (0, 0.7, 0)), *(
...     frustum((x, 0, z), (x, 0.7, z), 0.03) for x in (-0.5, 0.5) for z in (-0.3, 0.3)))
>>> depth = table.posed(azimuth=30, elevation=20).depth()  # (256, 256) float32
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from im2mesh.errors import InputError
from im2mesh.patches import IMAGE_SIZE
from im2mesh.preparation.posing import centre_and_extent, pose_rotation

# Pairs of a solid and a ray or point that are looked at together: bounds the memory.
PAIRS_AT_ONCE = 1 << 22

# Halvings of an interval of length ~1: to float64's resolution, and to its root, which is enough
# for an extremum, where the value depends on the square of the error.
BISECTIONS, TO_EXTREMUM = 54, 28

# The shape may step out of the cube by this much (rounding of a scaled extent).
OUTSIDE = 1e-9

Vector = Sequence[float] | np.ndarray | Tensor


# --- solids -----------------------------------------------------------------------------------


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

    @staticmethod
    @abstractmethod
    def enter(size: Tensor, origin: Tensor, direction: Tensor) -> Tensor:
        """Where whole lines (t from −∞) first meet solids.

        Args:
            size: (M, S).
            origin: (M, 3) in the own frame.
            direction: (M, 3) unit vectors in the own frame.

        Returns:
            (M,) float64: the least t with origin + t · direction in the solid, ∞ if none.
        """

    @staticmethod
    @abstractmethod
    def contains(size: Tensor, point: Tensor) -> Tensor:
        """(M, S), (M, 3) in the own frame → (M,) bool, the surface included."""

    @staticmethod
    @abstractmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        """(M, S), (M, 3) unit vectors → (M,): max of direction · p over the solid's points."""

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


class Box(Primitives):
    """Cuboids: the points with |x|, |y|, |z| at most half the width, height and depth."""

    lengths = ("half width", "half height", "half depth")

    @staticmethod
    def enter(size: Tensor, origin: Tensor, direction: Tensor) -> Tensor:
        first, last = _slab(size, origin, direction)
        return _first(first.amax(dim=1), last.amin(dim=1))

    @staticmethod
    def contains(size: Tensor, point: Tensor) -> Tensor:
        return (point.abs() <= size).all(dim=1)

    @staticmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        return (size * direction.abs()).sum(dim=1)


class Frustum(Primitives):
    """Cylinders and (truncated) cones about y: a radius at −half height, another at the top."""

    lengths = ("radius at the start", "radius at the end", "half height")

    @staticmethod
    def enter(size: Tensor, origin: Tensor, direction: Tensor) -> Tensor:
        start, end, half = size.unbind(1)
        slope = (end - start) / (2 * half)
        x, y, z = origin.unbind(1)
        dx, dy, dz = direction.unbind(1)
        radius = (start + end) / 2 + slope * y
        growth = slope * dy
        # Inside the double cone where a t² + 2 b t + c ≤ 0.
        a = dx * dx + dz * dz - growth * growth
        low, high, miss = _quadratic(
            a, x * dx + z * dz - growth * radius, x * x + z * z - radius * radius
        )
        # Steeper than the cone (a < 0): inside on both sides of the roots, each side in one of
        # the two nappes; the solid is in the one where the radius is positive.
        steep, up = a < 0, growth > 0
        first = torch.where(steep, torch.where(up, high, -math.inf), low)
        last = torch.where(steep & up, math.inf, torch.where(steep, low, high))
        enters, leaves = _slab(half[:, None], y[:, None], dy[:, None])
        first = torch.maximum(first, enters[:, 0])
        last = torch.minimum(last, leaves[:, 0])
        return torch.where(miss & ~steep, math.inf, _first(first, last))

    @staticmethod
    def contains(size: Tensor, point: Tensor) -> Tensor:
        start, end, half = size.unbind(1)
        share = (point[:, 1] / half + 1) / 2
        radius = start + (end - start) * share
        return (point[:, 1].abs() <= half) & (_from_axis(point) <= radius)

    @staticmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        start, end, half = size.unbind(1)
        sideways, up = _from_axis(direction), direction[:, 1] * half
        return torch.maximum(start * sideways - up, end * sideways + up)


class Ellipsoid(Primitives):
    """Ellipsoids along the own axes; three equal semi-axes make a ball."""

    lengths = ("semi-axis x", "semi-axis y", "semi-axis z")

    @staticmethod
    def enter(size: Tensor, origin: Tensor, direction: Tensor) -> Tensor:
        return _enter_ball(origin / size, direction / size, torch.ones_like(size[:, 0]))

    @staticmethod
    def contains(size: Tensor, point: Tensor) -> Tensor:
        return ((point / size) ** 2).sum(dim=1) <= 1

    @staticmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        return (size * direction).norm(dim=1)


class Capsule(Primitives):
    """All points within a radius of a segment along y, from −half length to +half length."""

    lengths = ("radius", "half length")

    @staticmethod
    def enter(size: Tensor, origin: Tensor, direction: Tensor) -> Tensor:
        radius, half = size.unbind(1)
        tip = torch.zeros_like(origin)
        tip[:, 1] = half
        # The union of a cylinder and the balls at its ends, which cover its flat faces.
        cylinder = Frustum.enter(torch.stack([radius, radius, half], 1), origin, direction)
        ends = torch.minimum(
            _enter_ball(origin - tip, direction, radius),
            _enter_ball(origin + tip, direction, radius),
        )
        return torch.minimum(cylinder, ends)

    @staticmethod
    def contains(size: Tensor, point: Tensor) -> Tensor:
        radius, half = size.unbind(1)
        beyond = (point[:, 1].abs() - half).clamp(min=0)
        return torch.hypot(_from_axis(point), beyond) <= radius

    @staticmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        return size[:, 0] + size[:, 1] * direction[:, 1].abs()


class Torus(Primitives):
    """Tori about y: all points within the tube's radius of a circle in the plane y = 0."""

    lengths = ("radius of the circle", "radius of the tube")

    @staticmethod
    def enter(size: Tensor, origin: Tensor, direction: Tensor) -> Tensor:
        """As in the base class; robust: every root is bracketed where the quartic is monotone."""
        ring, tube = size.unbind(1)
        # From the point nearest to the centre, the quartic has no cubic term:
        # t⁴ + p t² + q t + …, its derivative 4 t³ + 2 p t + q, and that one's 12 t² + 2 p.
        shift = -(origin * direction).sum(dim=1)
        near = origin + shift[:, None] * direction
        x, y, z = near.unbind(1)
        dx, dy, dz = direction.unbind(1)
        squared = (near * near).sum(dim=1)
        p = 2 * (squared + ring**2 - tube**2) - 4 * ring**2 * (dx * dx + dz * dz)
        q = -8 * ring**2 * (x * dx + z * dz)

        def slope(t: Tensor) -> Tensor:
            return (4 * t * t + 2 * p) * t + q

        def outside(t: Tensor) -> Tensor:
            # The same sign as the quartic, without its cancellation.
            from_axis = ((x + t * dx) ** 2 + (z + t * dz) ** 2).sqrt()
            return (from_axis - ring) ** 2 + (y + t * dy) ** 2 - tube**2

        reach = ((ring + tube) * (1 + 1e-6)) ** 2 - squared
        far = reach.clamp(min=0).sqrt()
        turn = torch.minimum((-p / 6).clamp(min=0).sqrt(), far)
        # Bisection ends at an interval's end where there is no root; a needless split is harmless.
        splits = torch.stack(
            [
                -far,
                _bisect(lambda t: slope(t) >= 0, -far, -turn, TO_EXTREMUM),
                _bisect(lambda t: slope(t) <= 0, -turn, turn, TO_EXTREMUM),
                _bisect(lambda t: slope(t) >= 0, turn, far, TO_EXTREMUM),
                far,
            ]
        )
        inside = torch.stack([outside(t) <= 0 for t in splits])
        entered = ~inside[:-1] & inside[1:]
        begin = entered.to(torch.uint8).argmax(dim=0, keepdim=True)  # the first such interval
        t = _bisect(
            lambda t: outside(t) <= 0,
            splits.gather(0, begin)[0],
            splits.gather(0, begin + 1)[0],
            BISECTIONS,
        )
        hit = entered.any(dim=0) & (reach > 0)
        return torch.where(hit, t + shift, math.inf)

    @staticmethod
    def contains(size: Tensor, point: Tensor) -> Tensor:
        return torch.hypot(_from_axis(point) - size[:, 0], point[:, 1]) <= size[:, 1]

    @staticmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        return size[:, 0] * _from_axis(direction) + size[:, 1]


KINDS: tuple[type[Primitives], ...] = (Box, Frustum, Ellipsoid, Capsule, Torus)


# --- shapes -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Shape:
    """A union of solids.

    Attributes:
        groups: batches of solids, at most one of each kind, all on one device.
    """

    groups: tuple[Primitives, ...]

    @classmethod
    def of(cls, *parts: Primitives | Shape) -> Shape:
        """The union of solids and shapes, in any mix.

        Raises:
            InputError: there are none.
        """
        batches = [
            g for part in parts for g in (part.groups if isinstance(part, Shape) else [part])
        ]
        merged = []
        for kind in KINDS:
            same = [batch for batch in batches if type(batch) is kind]
            if same:
                merged.append(
                    kind(
                        torch.cat([b.size for b in same]),
                        torch.cat([b.rotation for b in same]),
                        torch.cat([b.centre for b in same]),
                    )
                )
        if not merged:
            raise InputError("a shape needs at least one solid")
        return cls(tuple(merged))

    def __len__(self) -> int:
        return sum(len(group) for group in self.groups)

    @property
    def device(self) -> torch.device:
        """Where the solids are kept and everything is computed."""
        return self.groups[0].size.device

    def to(self, device: torch.device | str) -> Shape:
        """The same shape on another device."""
        return Shape(tuple(group.to(device) for group in self.groups))

    def bounds(self) -> Tensor:
        """(2, 3) float64: the least and the largest x, y, z of the union, exact."""
        each = [group.bounds() for group in self.groups]
        return torch.stack(
            [
                torch.cat([low for low, _ in each]).amin(dim=0),
                torch.cat([high for _, high in each]).amax(dim=0),
            ]
        )

    def transformed(
        self,
        rotation: Vector | None = None,
        offset: Vector = (0.0, 0.0, 0.0),
        scale: float = 1.0,
    ) -> Shape:
        """Every point p becomes scale · rotation · p + offset.

        Args:
            rotation: (3, 3) rotation matrix; None: none.
            offset: (3,).
            scale: > 0.

        Raises:
            InputError: not a rotation, not three numbers, or a scale that is not positive.
        """
        turn, move = _rotation(rotation), _vector(offset, "offset")
        if not (math.isfinite(scale) and scale > 0):
            raise InputError(f"a shape cannot be scaled by {scale}; the scale must be positive")
        turn, move = turn.to(self.device), move.to(self.device)
        return Shape(tuple(group.transformed(turn, move, scale) for group in self.groups))

    def normalised(self) -> Shape:
        """Centred on the origin, its largest extent exactly 1 (up to rounding)."""
        centre, extent = centre_and_extent(self.bounds().cpu().numpy())
        return self.transformed(offset=-centre / extent, scale=1 / extent)

    def posed(self, azimuth: float, elevation: float) -> Shape:
        """The view of the shape: rotated, then centred, then scaled to a largest extent of 1.

        Args:
            azimuth: degrees, see :func:`im2mesh.preparation.posing.pose_rotation`.
            elevation: degrees.
        """
        return self.transformed(pose_rotation(azimuth, elevation)).normalised()

    def occupancy(self, points: Tensor | np.ndarray) -> Tensor:
        """Which points are in the union, its surface included.

        Args:
            points: (N, 3) in the shape's frame, anywhere.

        Returns:
            (N,) bool, on the shape's device.

        Raises:
            InputError: another shape.
        """
        points = torch.as_tensor(points).to(self.device, torch.float64)
        if points.ndim != 2 or points.shape[1] != 3:
            raise InputError(f"points have shape {tuple(points.shape)}; expected (N, 3)")
        inside = torch.zeros(len(points), dtype=torch.bool, device=self.device)
        for group in self.groups:
            for rows, pair, index in _pairs(group, points):
                own = group.own_frame(points[rows][pair], index)
                inside[rows][pair[group.contains(group.size[index], own)]] = True
        return inside

    def first_hit(self, xy: Tensor | np.ndarray) -> Tensor:
        """The surface that an orthographic camera at z = +∞ sees, looking along −z.

        Args:
            xy: (N, 2) where the rays run, in the shape's frame.

        Returns:
            (N,) float64: the z of the first surface point, −∞ where the ray misses.

        Raises:
            InputError: another shape.
        """
        xy = torch.as_tensor(xy).to(self.device, torch.float64)
        if xy.ndim != 2 or xy.shape[1] != 2:
            raise InputError(f"rays have shape {tuple(xy.shape)}; expected (N, 2)")
        first = torch.full((len(xy),), math.inf, dtype=torch.float64, device=self.device)
        for group in self.groups:
            for rows, pair, index in _pairs(group, xy):
                # Rays start beside their solid's centre, so t stays small and precise.
                start = torch.cat([xy[rows][pair], group.centre[index, 2:]], dim=1)
                t = group.enter(
                    group.size[index], group.own_frame(start, index), -group.rotation[index, 2]
                )
                first[rows].scatter_reduce_(0, pair, t - start[:, 2], "amin")
        return -first

    def depth(self, size: int = IMAGE_SIZE) -> Tensor:
        """The orthographic depth map of a shape in the cube [−0.5, 0.5]³.

        Args:
            size: pixels along a side, S. Row i, column j is the ray through
                x = (j + 0.5)/S − 0.5, y = 0.5 − (i + 0.5)/S.

        Returns:
            (S, S) float32 on the shape's device: d in [0, 1] where the first surface is at
            z = 0.5 − d, background exactly −1.

        Raises:
            InputError: the shape reaches out of the cube; see :meth:`posed`, :meth:`normalised`.
        """
        bounds = self.bounds()
        if float(bounds.abs().max()) > 0.5 + OUTSIDE:
            raise InputError(
                f"the shape reaches out of the cube [-0.5, 0.5]³ ({bounds.tolist()}): "
                "pose or normalise it first"
            )
        x = (torch.arange(size, dtype=torch.float64, device=self.device) + 0.5) / size - 0.5
        rows, columns = torch.meshgrid(-x, x, indexing="ij")
        z = self.first_hit(torch.stack([columns, rows], dim=-1).reshape(-1, 2))
        # Clamped first: a front face at z = 0.5 must not become background by rounding.
        depth = (0.5 - z).clamp(0.0, 1.0)
        return torch.where(z == -math.inf, -1.0, depth).float().reshape(size, size)


# --- one solid at a time ----------------------------------------------------------------------


def box(
    size: Vector, centre: Vector = (0.0, 0.0, 0.0), rotation: Vector | None = None
) -> Primitives:
    """A cuboid.

    Args:
        size: (3,) whole width, height and depth, > 0.
        centre: (3,).
        rotation: (3, 3) about the centre; None: along the axes.

    Raises:
        InputError: a length that is not positive, or a malformed vector or rotation.
    """
    return _solid(Box, _vector(size, "size") / 2, centre, rotation)


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
    size = torch.tensor([width, length, thickness], dtype=torch.float64) / 2
    return _solid(Box, size, middle, rotation)


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
    size = torch.tensor([*radii, length / 2], dtype=torch.float64)
    return _solid(Frustum, size, middle, rotation, least=0.0)


def ellipsoid(
    semi_axes: Vector, centre: Vector = (0.0, 0.0, 0.0), rotation: Vector | None = None
) -> Primitives:
    """An ellipsoid; (3,) semi-axes > 0 along x, y, z before the (3, 3) rotation."""
    return _solid(Ellipsoid, _vector(semi_axes, "semi_axes"), centre, rotation)


def capsule(start: Vector, end: Vector, radius: float) -> Primitives:
    """All points within ``radius`` > 0 of the segment from ``start`` to ``end`` (3,)."""
    middle, rotation, length = _between(start, end)
    size = torch.tensor([radius, length / 2], dtype=torch.float64)
    return _solid(Capsule, size, middle, rotation)


def torus(
    radius: float, tube: float, centre: Vector = (0.0, 0.0, 0.0), axis: Vector = (0.0, 1.0, 0.0)
) -> Primitives:
    """A ring.

    Args:
        radius: of the circle in the tube's middle; at least ``tube``.
        tube: the tube's own radius, > 0.
        centre: (3,).
        axis: (3,) the direction about which the ring is round, of any length > 0.
    """
    if not radius >= tube:
        raise InputError(f"a torus of radius {radius} cannot have a tube of radius {tube}")
    middle = _vector(centre, "centre")
    _, rotation, _ = _between(middle, middle + _vector(axis, "axis"))
    return _solid(Torus, torch.tensor([radius, tube], dtype=torch.float64), middle, rotation)


# --- parts of the above -----------------------------------------------------------------------


def _pairs(group: Primitives, places: Tensor) -> Iterable[tuple[slice, Tensor, Tensor]]:
    """Solids of a batch and the points or rays that their bounds do not rule out.

    Args:
        group: the K solids.
        places: (N, 3) points, or (N, 2) for rays along z.

    Yields:
        rows, a slice of the places; (M,) their indices within it; (M,) the solids' indices.
    """
    low, high = group.bounds()
    dimensions = places.shape[1]
    # Bounds are exact up to rounding; the kernels decide, so widen them a little.
    low, high = low[:, :dimensions] - OUTSIDE, high[:, :dimensions] + OUTSIDE
    step = max(1, PAIRS_AT_ONCE // len(group))
    for begin in range(0, len(places), step):
        rows = slice(begin, begin + step)
        near = torch.ones(1, 1, dtype=torch.bool, device=places.device)
        for axis in range(dimensions):
            at = places[rows, axis, None]
            near = near & (at >= low[:, axis]) & (at <= high[:, axis])
        pair, index = torch.nonzero(near, as_tuple=True)
        if len(pair):
            yield rows, pair, index


def _from_axis(point: Tensor) -> Tensor:
    """(M, 3) → (M,) distance from the y axis."""
    return torch.hypot(point[:, 0], point[:, 2])


def _first(enters: Tensor, leaves: Tensor) -> Tensor:
    """The start of an interval, ∞ where it is empty."""
    return torch.where(enters <= leaves, enters, math.inf)


def _slab(half: Tensor, origin: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """Where lines are within |coordinate| ≤ half: (M, A) each → the interval's two ends."""
    along = direction == 0
    safe = torch.where(along, 1.0, direction)
    one, other = (-half - origin) / safe, (half - origin) / safe
    within = origin.abs() <= half
    first = torch.where(along, torch.where(within, -math.inf, math.inf), torch.minimum(one, other))
    last = torch.where(along, torch.where(within, math.inf, -math.inf), torch.maximum(one, other))
    return first, last


def _quadratic(a: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Roots of a t² + 2 b t + c.

    Returns:
        (M,) the lesser and the larger root, ±∞ where a is 0; for a = b = 0 the whole line if
        c ≤ 0; and (M,) bool where there is none.
    """
    discriminant = b * b - a * c
    root = discriminant.clamp(min=0).sqrt()
    # Adding numbers of one sign loses no digits.
    q = -(b + torch.where(b < 0, -root, root))
    flat, still = a == 0, q == 0
    one = torch.where(flat, torch.where(q < 0, -math.inf, math.inf), q / torch.where(flat, 1.0, a))
    other = torch.where(still, 0.0, c / torch.where(still, 1.0, q))
    low, high = torch.minimum(one, other), torch.maximum(one, other)
    constant = flat & still
    low = torch.where(constant, -math.inf, low)
    return low, high.where(~constant, math.inf), (discriminant < 0) | (constant & (c > 0))


def _enter_ball(origin: Tensor, direction: Tensor, radius: Tensor) -> Tensor:
    """Where lines (directions of any length) first meet balls about the origin."""
    squared = (direction * direction).sum(dim=1)
    closest = -(origin * direction).sum(dim=1) / squared
    # From the nearest point: no cancellation for rays that start far away.
    near = origin + closest[:, None] * direction
    left = radius * radius - (near * near).sum(dim=1)
    return torch.where(left >= 0, closest - (left.clamp(min=0) / squared).sqrt(), math.inf)


def _bisect(reached: Callable[[Tensor], Tensor], low: Tensor, high: Tensor, steps: int) -> Tensor:
    """The least t in [low, high] from which on ``reached`` holds; ``high`` if it never does."""
    for _ in range(steps):
        middle = (low + high) / 2
        there = reached(middle)
        high = torch.where(there, middle, high)
        low = torch.where(there, low, middle)
    return high


def _solid(
    kind: type[Primitives],
    size: Tensor,
    centre: Vector,
    rotation: Vector | None,
    least: float | None = None,
) -> Primitives:
    """One solid; ``least``: a length may be as small as this, None: it must be positive."""
    large_enough = (size > 0) if least is None else (size >= least)
    if not (large_enough & torch.isfinite(size)).all():
        named = ", ".join(
            f"{name} {value:g}" for name, value in zip(kind.lengths, size.tolist(), strict=True)
        )
        raise InputError(f"{kind.__name__.lower()}: lengths must be positive ({named})")
    return kind(size[None], _rotation(rotation)[None], _vector(centre, "centre")[None])


def _vector(value: Vector, name: str) -> Tensor:
    vector = torch.as_tensor(value, dtype=torch.float64)
    if vector.shape != (3,) or not torch.isfinite(vector).all():
        raise InputError(f"{name} is {value}; expected three finite numbers")
    return vector


def _rotation(value: Vector | None) -> Tensor:
    if value is None:
        return torch.eye(3, dtype=torch.float64)
    matrix = torch.as_tensor(value, dtype=torch.float64)
    identity = torch.eye(3, dtype=torch.float64, device=matrix.device)
    if (
        matrix.shape != (3, 3)
        or not torch.allclose(matrix @ matrix.T, identity, rtol=0, atol=1e-9)
        or torch.linalg.det(matrix) < 0
    ):
        raise InputError(f"not a rotation matrix: {matrix.tolist()}")
    return matrix


def _between(
    start: Vector, end: Vector, across: Vector | None = None
) -> tuple[Tensor, Tensor, float]:
    """The middle, the rotation (y along the segment, x near ``across``) and the length."""
    begin, finish = _vector(start, "start"), _vector(end, "end")
    length = float((finish - begin).norm())
    if length == 0:
        raise InputError(f"start and end are the same point, {begin.tolist()}")
    y = (finish - begin) / length
    if across is None:  # any direction will do: the axis that is least along the segment
        side = torch.zeros(3, dtype=torch.float64)
        side[int(y.abs().argmin())] = 1
    else:
        side = _vector(across, "across")
    x = side - (side @ y) * y
    if float(x.norm()) <= 1e-9 * float(side.norm()):
        raise InputError(f"across {side.tolist()} runs along the beam; give another direction")
    x = x / x.norm()
    return (begin + finish) / 2, torch.stack([x, y, torch.linalg.cross(x, y)], dim=1), length
