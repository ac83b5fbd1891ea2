"""Observation: a depth map's constraints on space, as signed distances.

A depth map divides the cube in two: *free* space, in front of the observed surface and beside
the silhouette, and *hidden* space behind it. The boundary of hidden space is the observed
surface, continued away from the camera by walls at the silhouette and at occlusion edges
(where a near part of the object hides a far one). :class:`Observation` measures, at any point,
the distance c to that boundary and the distance s to the boundary of a thin closed *shell* just
behind the observed surface. :class:`im2mesh.generation.field.ObservedField` combines them with a
fused field.

``docs/observation.md`` shows a drawing, and lists what holds and what does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from im2mesh.generation.constants import OBSERVATION
from im2mesh.generation.lattice import SLAB, Lattice
from im2mesh.generation.observation_maps import ObservationMaps
from im2mesh.generation.outlines import FAR, MIN_HALF_WIDTH
from im2mesh.geometry.cameras import Perspective
from im2mesh.geometry.pixels import to_pixels

NAMES = [each.name for each in fields(ObservationMaps)]
HEIGHTS = [NAMES.index(name) for name in ("near", "far", "own")]
"""Maps of heights z, among all maps."""


class Observation:
    """Distances to the boundaries of hidden space and of the shell of one depth map.

    Attributes:
        cell: side of a cell of the lattice that the shell is made for.
        noise: standard deviation of the depths, in sides of the cube.
    """

    def __init__(
        self,
        depth: np.ndarray,
        resolution: int,
        noise: float = 0.0,
        known: np.ndarray | None = None,
        device: torch.device | str = "cpu",
        perspective: Perspective | None = None,
    ) -> None:
        """Prepare a depth map.

        Args:
            depth: (S, S) float32, d ≥ 0 where the surface is at z = 0.5 − d, background −1;
                S = 256, unless a camera is given.
            resolution: cells of the final lattice along a side of the cube.
            noise: standard deviation of the depths, ≥ 0, in sides of the cube.
            known: (256, 256) bool, False where the map is to be ignored, because nothing was
                measured. None: background is free, except, with noise, for small holes in the
                object.
            device: where points will be.
            perspective: of a camera in front of the cube; the map is then one along its rays
                (:class:`im2mesh.geometry.cameras.RayMap`), and points are measured in the space
                in which these rays are parallel. None: the map is orthographic.
        """
        self.cell, self.noise = 1 / resolution, noise
        self._perspective = perspective
        self._side = len(depth)
        self._pixels = self._side / resolution  # per cell
        deep = 1.0  # how much longer lengths along the rays are in the map than those across
        if perspective is not None:
            # Measured at the nearest point, so that the shell is thick enough everywhere.
            nearest = perspective.inverse_z(0.5 - depth[depth >= 0].min(initial=1.0))
            self._pixels *= float(perspective.magnification(nearest))
            deep = perspective.distance / (perspective.distance - nearest)
        self._slack = OBSERVATION.noise_sigmas * noise
        maps = ObservationMaps.draw(
            depth, self._pixels, noise * self._pixels * resolution * deep, known
        )
        # A point's values lie side by side in memory, where they are read in half the time.
        every = [getattr(maps, name) for name in NAMES]
        stack = np.stack(every, axis=-1, dtype=np.float32, casting="same_kind")
        self._maps = torch.from_numpy(stack).permute(2, 0, 1)[None].to(device)

    @property
    def device(self) -> torch.device:
        return self._maps.device

    def __call__(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Measure (N, 3) float32 points in the camera frame.

        Returns:
            (N,) float32 each, in sides of the cube: c, the distance to hidden space's boundary,
            positive in hidden space; s ≤ c, the distance to the shell's boundary, positive in the
            shell.
        """
        maps, z, scale = self._look(points)
        hidden, shell = self._measured(maps, z, scale)
        return hidden / scale, shell / scale

    def in_cube(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Measure points anywhere: as above, but positive within the cube only."""
        hidden, shell = self(points)
        hidden = torch.minimum(hidden, 0.5 - points[:, 2].abs())
        return hidden, torch.minimum(shell, hidden)

    def hidden_in_cube(self, points: Tensor) -> Tensor:
        """Return the first result of :meth:`in_cube`, in a third of the time."""
        maps, z, scale = self._look(points)
        return torch.minimum(self._hidden(maps, z, scale) / scale, 0.5 - points[:, 2].abs())

    def beside_surface(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Measure (N, 3) float32 points anywhere by one look at each point's pixel.

        Returns:
            (N,) float32 each, in sides of the cube: the result of :meth:`hidden_in_cube`; the
            distance ≥ 0 to the observed surface. This is the distance to the tangent plane at the
            pixel, and to the outline where the pixel is beside it. It is exact for a point close to
            a smooth surface, and only roughly right far away.
        """
        maps, z, scale = self._look(points)
        beside_image = points[:, :2].abs().amax(dim=1) * scale - self._side / 2
        hidden = self._hidden(maps, z, scale) / scale
        surface = _from_surface(maps, z, beside_image) / scale
        return torch.minimum(hidden, 0.5 - points[:, 2].abs()), surface

    def _look(self, points: Tensor) -> tuple[Sequence[Tensor], Tensor, Tensor | float]:
        """Look up (N, 3) points.

        Returns:
            the maps' (N,) values at the points' pixels; the points' z; how many pixels the cube's
            side has there. All lengths are in such pixels, those along the rays, too.
        """
        if self._perspective is None:
            return self._sample(points), points[:, 2] * self._side, self._side
        scale = self._perspective.magnification(points[:, 2]) * self._side
        maps = list(self._sample(self._perspective(points)))
        for k in HEIGHTS:
            maps[k] = self._perspective.inverse_z(maps[k] / self._side) * scale
        return maps, points[:, 2] * scale, scale

    def sides(self, lattice: Lattice) -> tuple[np.ndarray, np.ndarray]:
        """Find the nodes of an exact lattice in hidden space and in the shell, (n, n, n) bool each.

        The maps are looked up once for each column of nodes, and columns outside the silhouette
        are not measured at all.
        """
        if self._perspective is not None:
            return self._sides_along_rays(lattice)
        nodes = lattice.nodes
        column = np.zeros((nodes, 3), np.int32)
        column[:, 2] = np.arange(nodes)
        z = lattice.points(column)[:, 2].to(self._maps.device) * self._side
        first = lattice.slab(0, nodes)[::nodes]
        hidden, shell = np.zeros((2, len(first), nodes), dtype=bool)
        step = max(1, SLAB // nodes)
        for start in range(0, len(first), step):
            maps = self._sample(lattice.points(first[start : start + step]).to(z.device))
            used = torch.maximum(maps[0], maps[-1]) > 0  # within the silhouette, or unknown
            if used.any():
                found = self._measured([m[used, None] for m in maps], z, self._side)
                at = start + used.nonzero().squeeze(1).cpu().numpy()
                hidden[at], shell[at] = ((distance > 0).cpu().numpy() for distance in found)
        return hidden.reshape((nodes,) * 3), shell.reshape((nodes,) * 3)

    def _sides_along_rays(self, lattice: Lattice) -> tuple[np.ndarray, np.ndarray]:
        """Do as :meth:`sides` does for a perspective map; each node is on a ray of its own."""
        assert self._perspective is not None
        nodes = lattice.nodes
        hidden, shell = np.zeros((2, nodes**3), dtype=bool)
        # Pixels within the silhouette, or unknown, and those beside them.
        used = torch.maximum(self._maps[:, :1], self._maps[:, -1:]) > 0
        used = functional.max_pool2d(used.float(), 3, 1, 1)
        planes = max(1, SLAB // nodes**2)
        for start in range(0, nodes, planes):
            points = lattice.points(lattice.slab(start, min(start + planes, nodes)))
            points = points.to(self._maps.device)
            seen = self._perspective(points)
            index = (_looked_up(used, seen, self._side, "nearest")[0] > 0).nonzero().squeeze(1)
            found = self._measured(*self._look(points[index]))
            at = start * nodes**2 + index.cpu().numpy()
            hidden[at], shell[at] = ((distance > 0).cpu().numpy() for distance in found)
        return hidden.reshape((nodes,) * 3), shell.reshape((nodes,) * 3)

    def _measured(
        self, maps: Sequence[Tensor], z: Tensor, scale: Tensor | float
    ) -> tuple[Tensor, Tensor]:
        """Measure points by what :meth:`_look` found; this and the results are in pixels."""
        e, o, near, far, near_cosine, far_cosine, near_width, far_width, *rest = maps
        own, own_cosine, clear, unknown = rest
        hidden = self._hidden(maps, z, scale)
        near, far, own = near - z, far - z, own - z
        slack = self._slack * scale
        thickness = OBSERVATION.shell_thickness * self._pixels
        straight = z.new_tensor(OBSERVATION.straight_rim * self._pixels)
        shell = torch.full_like(hidden, -FAR)
        layers = (
            (near, near_cosine, o, near_width),
            (far, far_cosine, thickness - o, far_width),
            (own, own_cosine, clear, near_width.clamp_min(MIN_HALF_WIDTH)),
        )
        for seen, cosine, within, width in layers:
            layer = _shell(seen - slack, cosine, torch.minimum(e, within), width, straight)
            shell = torch.maximum(shell, layer)
        return hidden, torch.minimum(torch.minimum(shell, hidden), -unknown)

    def _hidden(self, maps: Sequence[Tensor], z: Tensor, scale: Tensor | float) -> Tensor:
        """Return the distance to hidden space's boundary, in pixels."""
        slack = self._slack * scale
        e, o, near, far, near_cosine, far_cosine, _, _, own, own_cosine, _, unknown = maps
        # Hidden is what lies behind the far surface, or behind the near one within its outline.
        hidden = torch.maximum(
            (far - z + slack) * far_cosine,
            torch.minimum(o, (near - z + slack) * near_cosine),
        )
        hidden = torch.maximum(hidden, (own - z + slack) * own_cosine)
        return torch.maximum(torch.minimum(e, hidden), unknown)

    def _sample(self, points: Tensor) -> Sequence[Tensor]:
        """Return all maps at the points' pixels, bilinear between the maps' points."""
        return _looked_up(self._maps, points, self._side).unbind(0)


def _from_surface(maps: Sequence[Tensor], z: Tensor, beside_image: Tensor) -> Tensor:
    """Return the distance ≥ 0 to the observed surface; all is in pixels."""
    e, o, near, far, near_cosine, far_cosine, _, _, own, own_cosine, _, unknown = maps
    # The near part ends where o = 0, and the far part is seen from there on.
    distance = torch.minimum(
        torch.hypot((near - z) * near_cosine, o.clamp_max(0)),
        torch.hypot((far - z) * far_cosine, o.clamp_min(0)),
    )
    distance = torch.minimum(distance, ((own - z) * own_cosine).abs())
    beside = torch.maximum(torch.maximum(-e, unknown), beside_image)
    return torch.hypot(distance, beside.clamp_min(0))


def _looked_up(maps: Tensor, points: Tensor, side: int, mode: str = "bilinear") -> Tensor:
    """Return (C, N) values of padded maps (1, C, H, W) at half-pixel steps, at points' pixels."""
    rows, columns = to_pixels(points, side)
    height, width = maps.shape[2:]
    at = torch.stack(
        [
            (columns + OBSERVATION.padding) * (4 / (width - 1)) - 1,
            (rows + OBSERVATION.padding) * (4 / (height - 1)) - 1,
        ],
        dim=1,
    )
    found: Tensor = functional.grid_sample(
        maps, at[None, None], mode, padding_mode="border", align_corners=True
    )
    return found[0, :, 0]


def _shell(
    behind: Tensor, cosine: Tensor, within: Tensor, radius: Tensor, straight: Tensor
) -> Tensor:
    """Return the distance to the boundary of a surface's shell, positive in the shell.

    The shell is twice its radius thick. Its back is rounded towards the outline, so that a thin
    part becomes half a rod if its front is flat, and a rod if its front is round.

    Args:
        behind: (N,) distance behind the observed surface along the ray, in pixels.
        cosine: (N,) cosine between the surface's normal and the ray.
        within: (N,) distance within the surface's outline, in pixels.
        radius: (N,) half the shell's thickness, > 0, in pixels.
        straight: how far behind the surface the shell's sides are straight, in pixels.
    """
    from_middle = (radius - within).clamp_min(0)
    guessed = (1 - within / (2 * radius)).clamp(0, 1)
    deep = behind * torch.maximum(cosine, OBSERVATION.min_outline_cosine * guessed)
    behind = behind * cosine
    middle = (radius**2 - from_middle**2).clamp_min(0).sqrt()
    middle = torch.maximum(middle, straight * cosine)
    back = radius - torch.hypot(from_middle, (deep - middle).clamp_min(0))
    return torch.minimum(torch.minimum(behind, within), back)
