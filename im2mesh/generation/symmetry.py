"""Symmetries of an object: mirror planes, or an axis of revolution.

If a depth map shows a point to be free or occupied, the point's images are so, too. This module
computes the images.
:mod:`im2mesh.generation.symmetry_search` finds symmetries, and
:class:`im2mesh.generation.field.ObservedField` applies them to a field.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from im2mesh.generation.constants import SYMMETRY
from im2mesh.generation.observation import Observation


@dataclass(frozen=True)
class MirrorPlane:
    """A plane {p: n·p = offset} in which an object is its own image.

    Attributes:
        normal: (3,) float64, n, a unit vector in the camera frame.
        offset: from the cube's centre along the normal, in sides of the cube.
        support: mean score of the observed points' images, at most 1
            (:class:`~im2mesh.generation.constants.SymmetryConstants`).
        contradicted: share of the observed points whose images are in free space, in [0, 1].
    """

    normal: np.ndarray
    offset: float
    support: float = 0.0
    contradicted: float = 0.0

    def __call__(self, points: Tensor) -> Tensor:
        """Reflect (N, 3) points."""
        normal = torch.as_tensor(self.normal, dtype=points.dtype, device=points.device)
        return points - 2 * (points @ normal - self.offset)[:, None] * normal


@dataclass(frozen=True)
class MirrorPlanes:
    """Up to three mirror planes, perpendicular to each other, in the order of being found."""

    planes: tuple[MirrorPlane, ...]

    @property
    def name(self) -> str:
        count = len(self.planes)
        return "mirror plane" if count == 1 else f"{count} mirror planes"

    def images(self, points: Tensor) -> Tensor:
        """Return the (K, N, 3) images of (N, 3) points by each one, two … of the planes.

        K = 2^P − 1 for P planes.
        """
        images = []
        for count in range(1, len(self.planes) + 1):
            for planes in combinations(self.planes, count):
                image = points
                for plane in planes:
                    image = plane(image)
                images.append(image)
        return torch.stack(images)


@dataclass(frozen=True)
class RevolutionAxis:
    """A line {point + t·direction} about which an object is a solid of revolution.

    Attributes:
        direction: (3,) float64 unit vector in the camera frame.
        point: (3,) float64, the line's nearest point to the cube's centre.
        radius: largest distance of an observed point from the line. The widest circle of a solid
            of revolution is on its silhouette, so nothing is further out.
        support: mean score of the observed points, each the mean of its images at several angles,
            or ``SYMMETRY.outlier_score`` for an outlier.
        contradicted: share of the other points' images that are in free space, in [0, 1].
        outliers: share of the observed points that do not belong to the solid, such as a handle's:
            more than half of their images are in free space.
    """

    direction: np.ndarray
    point: np.ndarray
    radius: float
    support: float = 0.0
    contradicted: float = 0.0
    outliers: float = 0.0

    @property
    def name(self) -> str:
        return "axis of revolution"

    def frame(self) -> np.ndarray:
        """Return (3, 3) unit vectors: as far as possible towards the camera, aside, and along."""
        facing = np.array([0.0, 0.0, 1.0]) - self.direction[2] * self.direction
        if np.linalg.norm(facing) < SYMMETRY.min_component:
            facing = np.cross(self.direction, np.eye(3)[np.abs(self.direction).argmin()])
        facing = facing / np.linalg.norm(facing)
        return np.stack([facing, np.cross(self.direction, facing), self.direction])

    def cylindrical(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Return the (N,) distances of (N, 3) points from the axis, and (N,) heights along it."""
        start, direction = self._as_tensors(points)
        relative = points - start
        height = relative @ direction
        return (relative - height[:, None] * direction).norm(dim=1), height

    def placed(self, radius: Tensor, height: Tensor, angle: Tensor) -> Tensor:
        """Return the (…, 3) point of each circle at an angle.

        Radius and height, from :attr:`point`, are cylindrical; the angle is in radians from the
        side that faces the camera.
        """
        facing, aside, along = (torch.as_tensor(v).to(radius) for v in self.frame())
        around = torch.cos(angle)[..., None] * facing + torch.sin(angle)[..., None] * aside
        start = torch.as_tensor(self.point).to(radius)
        return start + height[..., None] * along + radius[..., None] * around

    def _as_tensors(self, like: Tensor) -> tuple[Tensor, Tensor]:
        return torch.as_tensor(self.point).to(like), torch.as_tensor(self.direction).to(like)


Symmetry = MirrorPlanes | RevolutionAxis
"""A result of :func:`im2mesh.generation.symmetry_search.find_symmetry`."""


def image_margin(observation: Observation) -> float:
    """Return how far in free space an image must be to count as free, in sides of the cube."""
    return SYMMETRY.noise_sigmas * observation.noise


class RevolutionProfile:
    """Tables of a solid of revolution by radius and height, from a depth map and a field.

    Nodes are a cell of the lattice apart, and values between them are bilinear:

    * free: the least distance c to hidden space's boundary on the circle, negative where any
      point of the circle was seen to be empty;
    * shell: the largest distance s to the shell's boundary on the circle, at most the one above;
    * learned: mean of the field's values at some points of the circle that face the camera.

    On a map with noise a tenth of the circle does not count for the first two, and an image is
    free only beyond :func:`image_margin`.

    A value does not depend on the other points of a call, so coarse to fine equals dense.
    """

    def __init__(
        self, axis: RevolutionAxis, observation: Observation, field: Callable[[Tensor], Tensor]
    ) -> None:
        self.axis = axis
        self.cell = observation.cell
        corners = torch.cartesian_prod(*[torch.tensor([-0.5, 0.5], dtype=torch.float64)] * 3)
        height = axis.cylindrical(corners)[1]
        self._lowest = float(height.min())
        steps = math.ceil(float(height.max() - height.min()) / self.cell)
        heights = torch.arange(steps + 1, device=observation.device) * self.cell + self._lowest
        # The outermost nodes are free, and all points further out take their values.
        rings = math.ceil(axis.radius / self.cell) + 3
        radii = torch.arange(rings, device=observation.device) * self.cell
        free, shell = self._observed(observation, radii, heights)
        learned = torch.zeros_like(free)
        # Also a little outside of hidden space, for the interpolation between nodes.
        learns = free > -2 * self.cell
        circles = torch.meshgrid(radii, heights, indexing="ij")
        radius, height = (values[learns] for values in circles)
        angles = SYMMETRY.field_angles
        places = [axis.placed(radius, height, torch.full_like(radius, angle)) for angle in angles]
        values = field(torch.cat(places).clamp(-0.5, 0.5))
        learned[learns] = values.view(len(angles), -1).mean(dim=0)
        self._tables = torch.stack([free, shell, learned])[None]

    def _observed(
        self, observation: Observation, radii: Tensor, heights: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the (R, H) least c and largest s on each circle."""
        free, shell = [], []
        for radius in radii:
            circumference = 2 * math.pi * float(radius)
            turns = max(SYMMETRY.min_circle_points, math.ceil(circumference / self.cell))
            angles = torch.arange(turns, device=radii.device) * (2 * math.pi / turns)
            points = self.axis.placed(radius.expand(turns, 1), heights[None], angles[:, None])
            hidden, within = (v.view(turns, -1) for v in observation.in_cube(points.flatten(0, 1)))
            ignored = round(SYMMETRY.noise_share * turns) if observation.noise else 0
            free.append(_least(hidden, ignored) + image_margin(observation))
            shell.append(torch.minimum(-_least(-within, ignored), free[-1]))
        return torch.stack(free), torch.stack(shell)

    def __call__(self, points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return (N,) free, shell and learned at the circles of (N, 3) points."""
        radius, height = self.axis.cylindrical(points)
        rows, columns = self._tables.shape[2:]
        at = torch.stack(
            [
                (height - self._lowest) / self.cell * (2 / (columns - 1)) - 1,
                radius / self.cell * (2 / (rows - 1)) - 1,
            ],
            dim=1,
        )
        found = functional.grid_sample(
            self._tables, at[None, None], padding_mode="border", align_corners=True
        )
        free, shell, learned = found[0, :, 0].unbind(0)
        return free, shell, learned


def _least(values: Tensor, ignored: int) -> Tensor:
    """Return each column's least value but for some smaller ones."""
    return values.kthvalue(ignored + 1, dim=0)[0] if ignored else values.amin(dim=0)
