"""Procedural shapes: unions of posed analytic solids, with everything about them exact.

Solids of one kind are kept together as one batch (:class:`Primitives` and its kinds, see
:mod:`im2mesh.shapes.solids`); a :class:`Shape` is a handful of such batches. Depth, occupancy,
distances and surface samples are computed for each solid and combined.

Frames: x right, y up, z towards the viewer. Everything is float64 on one device. For many shapes
at once, as in training, there is :class:`ShapeBatch` (:mod:`im2mesh.shapes.batch`); objects
that look like chairs and cars are in :mod:`im2mesh.shapes.families`.

>>> table = Shape.of(box((1.2, 0.05, 0.7), (0, 0.7, 0)), *(
...     frustum((x, 0, z), (x, 0.7, z), 0.03) for x in (-0.5, 0.5) for z in (-0.3, 0.3)))
>>> depth = table.posed(azimuth=30, elevation=20).depth()  # (256, 256) float32
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from im2mesh.errors import InputError
from im2mesh.geometry.pixels import IMAGE_SIZE, from_pixels
from im2mesh.geometry.poses import centre_and_extent, pose_rotation
from im2mesh.shapes.batch import OUTSIDE, ShapeBatch
from im2mesh.shapes.solids import (
    KINDS,
    Primitives,
    Vector,
    beam,
    box,
    capsule,
    ellipsoid,
    frustum,
    prism,
    rotation_matrix,
    shell,
    torus,
    union_bounds,
    vector,
)
from im2mesh.shapes.tessellation import TOLERANCE, tessellate

# Pairs of a solid and a ray or point that are handled at once: bounds the memory.
PAIRS_AT_ONCE = 1 << 22

__all__ = [
    "Primitives",
    "Shape",
    "ShapeBatch",
    "beam",
    "box",
    "capsule",
    "ellipsoid",
    "frustum",
    "prism",
    "shell",
    "torus",
]

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
        """Return the union of solids and shapes, in any mix.

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
                merged.append(kind.joined(same))
        if not merged:
            raise InputError("a shape needs at least one solid")
        return cls(tuple(merged))

    def __len__(self) -> int:
        return sum(len(group) for group in self.groups)

    @property
    def device(self) -> torch.device:
        """The device of the solids, where everything is computed."""
        return self.groups[0].size.device

    def to(self, device: torch.device | str) -> Shape:
        """Return the same shape on another device."""
        return Shape(tuple(group.to(device) for group in self.groups))

    def bounds(self) -> Tensor:
        """Return (2, 3) float64: the least and the largest x, y, z of the union, exact."""
        return union_bounds(self.groups)

    def transformed(
        self,
        rotation: Vector | None = None,
        offset: Vector = (0.0, 0.0, 0.0),
        scale: float = 1.0,
    ) -> Shape:
        """Move every point p to scale · rotation · p + offset.

        Args:
            rotation: (3, 3) rotation matrix; None: none.
            offset: (3,).
            scale: positive.

        Raises:
            InputError: not a rotation, not three numbers, or a scale that is not positive.
        """
        turn = torch.from_numpy(rotation_matrix(rotation))
        move = torch.from_numpy(vector(offset, "offset"))
        if not (math.isfinite(scale) and scale > 0):
            raise InputError(f"a shape cannot be scaled by {scale}; the scale must be positive")
        turn, move = turn.to(self.device), move.to(self.device)
        return Shape(tuple(group.transformed(turn, move, scale) for group in self.groups))

    def normalised(self) -> Shape:
        """Centre the shape on the origin and scale its largest extent to 1 (up to rounding)."""
        centre, extent = centre_and_extent(self.bounds().cpu().numpy())
        return self.transformed(offset=-centre / extent, scale=1 / extent)

    def posed(self, azimuth: float, elevation: float) -> Shape:
        """Rotate the shape to a pose, centre it, then scale its largest extent to 1.

        Args:
            azimuth: degrees, see :func:`im2mesh.geometry.poses.pose_rotation`.
            elevation: degrees.
        """
        return self.transformed(pose_rotation(azimuth, elevation)).normalised()

    def occupancy(self, points: Tensor | np.ndarray) -> Tensor:
        """Return which points are in the union, its surface included.

        Args:
            points: (N, 3) in the shape's frame, anywhere.

        Returns:
            (N,) bool, on the shape's device.

        Raises:
            InputError: an array of another shape.
        """
        points = self._checked(points)
        inside = torch.zeros(len(points), dtype=torch.bool, device=self.device)
        for group in self.groups:
            for rows, pair, index in _pairs(group, points):
                own = group.own_frame(points[rows][pair], index)
                inside[rows][pair[group.contains(group.size[index], own)]] = True
        return inside

    def _checked(self, points: Tensor | np.ndarray) -> Tensor:
        points = torch.as_tensor(points).to(self.device, torch.float64)
        if points.ndim != 2 or points.shape[1] != 3:
            raise InputError(f"points have shape {tuple(points.shape)}; expected (N, 3)")
        return points

    def signed_distance(self, points: Tensor | np.ndarray) -> Tensor:
        """Return the distance to the surface of the union, negative inside.

        The sign is that of :meth:`occupancy`. Outside, the distance is exact to 1e-6 of the
        shape's extent; for its error inside see :mod:`im2mesh.shapes.interior`.

        Args:
            points: (N, 3) in the shape's frame, anywhere.

        Returns:
            (N,) float64.

        Raises:
            InputError: an array of another shape.
        """
        points = self._checked(points)
        return ShapeBatch.of([self]).signed_distance(points[None], torch.float64)[0]

    def sample_surface(
        self, count: int, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return random points on the surface of the union, even by area.

        Args:
            count: number of points, M.
            generator: on the shape's device; None: torch's own.

        Returns:
            (M, 3) float64 points and (M, 3) float64 outward unit normals; see
            :meth:`ShapeBatch.sample_surface`.

        Raises:
            InputError: a negative count.
        """
        points, normals = ShapeBatch.of([self]).sample_surface(count, generator, torch.float64)
        return points[0], normals[0]

    def mesh(self, tolerance: float = TOLERANCE) -> tuple[np.ndarray, np.ndarray]:
        """Return the surface of the union as a closed mesh with sharp edges.

        Args:
            tolerance: how far faces may stray from the surface, as a share of the extent.

        Returns:
            vertices (V, 3) float64 in the shape's frame and faces (F, 3) int64, oriented outwards.

        Raises:
            InputError: see :func:`im2mesh.shapes.tessellation.tessellate`.
        """
        return tessellate(self.groups, tolerance)

    def first_hit(self, xy: Tensor | np.ndarray) -> Tensor:
        """Cast orthographic rays from z = +∞ along −z.

        Args:
            xy: (N, 2) x and y of the rays, in the shape's frame.

        Returns:
            (N,) float64: the z of the first surface point, −∞ where the ray misses.

        Raises:
            InputError: an array of another shape.
        """
        xy = torch.as_tensor(xy).to(self.device, torch.float64)
        if xy.ndim != 2 or xy.shape[1] != 2:
            raise InputError(f"rays have shape {tuple(xy.shape)}; expected (N, 2)")
        first = torch.full((len(xy),), math.inf, dtype=torch.float64, device=self.device)
        for group in self.groups:
            for rows, pair, index in _pairs(group, xy):
                # Rays start beside their solid's centre, so t stays small and precise.
                start = torch.cat([xy[rows][pair], group.centre[index, 2:]], dim=1)
                t = group.intersect(
                    group.size[index], group.own_frame(start, index), -group.rotation[index, 2]
                )
                first[rows].scatter_reduce_(0, pair, t - start[:, 2], "amin")
        return -first

    def depth(self, size: int = IMAGE_SIZE) -> Tensor:
        """Return the orthographic depth map of a shape in the cube [−0.5, 0.5]³.

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
        pixels = torch.arange(size, dtype=torch.float64, device=self.device)
        x, y = from_pixels(pixels[:, None], pixels, size)
        rays = torch.stack([x.expand(size, size), y.expand(size, size)], dim=-1)
        z = self.first_hit(rays.reshape(-1, 2))
        # Clamped first: a front face at z = 0.5 must not become background by rounding.
        depth = (0.5 - z).clamp(0.0, 1.0)
        return torch.where(z == -math.inf, -1.0, depth).float().reshape(size, size)


# --- parts of the above -----------------------------------------------------------------------


def _pairs(group: Primitives, places: Tensor) -> Iterable[tuple[slice, Tensor, Tensor]]:
    """Yield points or rays and the solids of a batch whose bounds hold them.

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
    if not len(places):
        return
    within = ((low <= places.amax(dim=0)) & (high >= places.amin(dim=0))).all(dim=1)
    some = torch.nonzero(within).squeeze(1)
    low, high = low[some], high[some]
    step = max(1, PAIRS_AT_ONCE // max(1, len(some)))
    for begin in range(0, len(places), step):
        rows = slice(begin, begin + step)
        near = torch.ones(1, 1, dtype=torch.bool, device=places.device)
        for axis in range(dimensions):
            at = places[rows, axis, None]
            near = near & (at >= low[:, axis]) & (at <= high[:, axis])
        pair, index = torch.nonzero(near, as_tuple=True)
        if len(pair):
            yield rows, pair, some[index]
