"""Batches of solids of one kind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import torch
from torch import Tensor

from im2mesh.shapes.solids.vectors import norm


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
    """Names of the columns of ``size``."""

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
        """Return where whole lines (t from −∞) first meet solids.

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
        """Return (…) bool: whether (…, 3) points are inside or on the surface of (…, S) solids."""

    @staticmethod
    @abstractmethod
    def distance(size: Tensor, point: Tensor) -> Tensor:
        """Return (…) distances of (…, 3) points to the surface, negative inside."""

    exact_bound: ClassVar[bool] = True
    """True if :meth:`least_distance` is the distance itself."""

    @classmethod
    def least_distance(cls, size: Tensor, point: Tensor) -> Tensor:
        """Return a lower bound of :meth:`distance` that takes no iteration."""
        return cls.distance(size, point)

    @staticmethod
    @abstractmethod
    def nearest(size: Tensor, point: Tensor) -> Tensor:
        """Return (…, 3) a surface point nearest to each (…, 3) point, inside or outside."""

    @staticmethod
    @abstractmethod
    def normal(size: Tensor, point: Tensor) -> Tensor:
        """Return (…, 3) outward unit normals at surface points; at an edge, that of one side."""

    @classmethod
    def face(cls, size: Tensor, point: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
        """Return a plane that separates each point from the solid.

        Among the faces that the point is beyond, the one whose normal is nearest to
        ``direction`` gives the plane. A solid without flat faces gives the tangent plane at its
        point nearest to the point.

        Args:
            size: (…, S).
            point: (…, 3) outside or on the surface.
            direction: (…, 3) from places below the surface to the points.

        Returns:
            (…, 3) a point of the plane and (…, 3) its unit normal, away from the solid.
        """
        nearest = cls.nearest(size, point)
        away = point - nearest
        length = norm(away)[..., None]
        known = length > 1e-7  # a direction
        normal = away / torch.where(known, length, 1.0)
        return nearest, torch.where(known, normal, cls.normal(size, nearest))

    @staticmethod
    @abstractmethod
    def area(size: Tensor) -> Tensor:
        """Return (…) the area that proposals of :meth:`sample` cover; ≥ the surface's."""

    @staticmethod
    @abstractmethod
    def sample(size: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
        """Return points spread evenly over the surface, some of them to be rejected.

        Args:
            size: (…, S).
            uniform: (…, 3) random numbers, uniform in [0, 1)³.

        Returns:
            (…, 3) points in the own frame, and (…) bool, which of them to keep. The kept ones
            have uniform density: the number of proposals over ``area``.
        """

    @staticmethod
    @abstractmethod
    def support(size: Tensor, direction: Tensor) -> Tensor:
        """Return (…) the largest direction · p over the solid's points, for unit directions."""

    @staticmethod
    @abstractmethod
    def half_extents(size: Tensor) -> Tensor:
        """Return (…, 3) half the sides of the least box about the own origin that holds it."""

    def bounds(self) -> tuple[Tensor, Tensor]:
        """Return (K, 3) least and (K, 3) largest coordinates in the shape frame, exact."""
        axes = self.rotation.reshape(-1, 3)  # row i of a rotation: axis i in the own frame
        size = self.size.repeat_interleave(3, dim=0)
        high = self.centre + self.support(size, axes).reshape(-1, 3)
        low = self.centre - self.support(size, -axes).reshape(-1, 3)
        return low, high

    def transformed(self, rotation: Tensor, offset: Tensor, scale: float) -> Primitives:
        """Move every point p of every solid to scale · rotation · p + offset."""
        return replace(
            self,
            size=self.size * scale,
            rotation=rotation @ self.rotation,
            centre=scale * self.centre @ rotation.T + offset,
        )

    def mirrored(self, axis: int) -> Primitives:
        """Mirror the solids in the plane through the shape frame's origin across an axis, 0–2."""
        sign = torch.ones(3, dtype=torch.float64, device=self.size.device)
        sign[axis] = -1
        # Every kind is its own mirror image across its own z, so the image is a turned solid.
        own = sign.new_tensor([1.0, 1.0, -1.0])
        return replace(
            self, rotation=sign[:, None] * self.rotation * own, centre=sign * self.centre
        )

    def to(self, device: torch.device | str) -> Primitives:
        """Return the same solids on another device."""
        return replace(
            self,
            size=self.size.to(device),
            rotation=self.rotation.to(device),
            centre=self.centre.to(device),
        )

    def own_frame(self, points: Tensor, index: Tensor) -> Tensor:
        """Take (M, 3) points from the shape frame to the frames of the solids (M,) ``index``."""
        moved = points - self.centre[index]
        return torch.einsum("mji,mj->mi", self.rotation[index], moved)

    def shape_frame(self, points: Tensor, index: Tensor) -> Tensor:
        """Take (M, 3) points from the frames of the solids (M,) ``index`` to the shape frame."""
        return self.turned(points, index) + self.centre[index]

    def turned(self, directions: Tensor, index: Tensor) -> Tensor:
        """Take (M, 3) directions from the frames of the solids ``index`` to the shape frame."""
        return torch.einsum("mij,mj->mi", self.rotation[index], directions)


def union_bounds(groups: Iterable[Primitives]) -> Tensor:
    """Return (2, 3) float64, the least and the largest x, y, z of a union of solids, exact."""
    low, high = zip(*(group.bounds() for group in groups), strict=True)
    return torch.stack([torch.cat(low).amin(dim=0), torch.cat(high).amax(dim=0)])
