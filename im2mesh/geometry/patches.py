"""Windows of the image, and the columns of space whose points they own."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from im2mesh.geometry.pixels import IMAGE_SIZE

RELEASED_NODES = 128
"""Nodes along a side of the released lattice (``generation.lattice: released``)."""


def gaussian(x: Tensor, y: Tensor) -> Tensor:
    """Return the published weights exp(−4 ln2 r² / σ²), σ half the patch: 1/16 at an edge."""
    return torch.exp(-4 * math.log(2) / 0.25 * (x * x + y * y))


def flat(x: Tensor, _: Tensor) -> Tensor:
    """Return equal weights for all windows that own a point."""
    return torch.ones_like(x)


def hann(x: Tensor, y: Tensor) -> Tensor:
    """Return cos²(πx) cos²(πy): about 0 at the edges, so the blend has no jump there."""
    # Not to 0 itself: on the cube's faces there is no other window.
    return ((torch.cos(math.pi * x) * torch.cos(math.pi * y)) ** 2).clamp(min=1e-6)


WEIGHTINGS = {"gaussian": gaussian, "flat": flat, "hann": hann}
"""Name → weight of a window's value at a point, by the point's local x and y in [−0.5, 0.5]."""


@dataclass(frozen=True)
class PatchAssignment:
    """Pairs of a point and a window that owns it, grouped by window."""

    point: Tensor  # (M,) int64 index of the point
    counts: list[int]  # number of pairs of each window, in the order of the windows
    local: Tensor  # (M, 3) float32, the point in the window's own coordinates, [−0.5, 0.5]³
    weight: Tensor  # (M,) float32 in (0, 1], weight of the window's value at the point


@dataclass(frozen=True)
class Windows:
    """All windows of ``size``² pixels at steps of ``stride`` pixels, numbered row by row.

    A window with its top-left pixel at (row i, column j) owns the points with
    x ∈ [j/S − 0.5, (j+size)/S − 0.5) and y ∈ [0.5 − (i+size)/S, 0.5 − i/S), all z, where
    S = ``image_size``; the outermost windows also own the cube's faces. In the window's own
    coordinates x and y are rescaled by these bounds to [−0.5, 0.5]; z stays.

    Raises:
        ValueError: the windows do not tile the image.
    """

    size: int
    stride: int
    image_size: int = IMAGE_SIZE

    def __post_init__(self) -> None:
        if not 0 < self.size <= self.image_size or self.stride <= 0:
            raise ValueError(
                f"windows of {self.size} pixels at stride {self.stride} "
                f"do not fit an image of {self.image_size}"
            )
        if (self.image_size - self.size) % self.stride:
            raise ValueError(
                f"windows of {self.size} pixels at stride {self.stride} do not tile an image of "
                f"{self.image_size}: ({self.image_size} - {self.size}) must be a multiple of "
                f"{self.stride}"
            )

    @property
    def per_side(self) -> int:
        """Number of windows along each side of the image."""
        return (self.image_size - self.size) // self.stride + 1

    def __len__(self) -> int:
        return self.per_side**2

    def corners(self) -> np.ndarray:
        """Return (P, 2) int, row and column of each window's top-left pixel."""
        steps = np.arange(self.per_side) * self.stride
        return np.stack(np.meshgrid(steps, steps, indexing="ij"), axis=-1).reshape(-1, 2)

    def crop(self, image: Tensor) -> Tensor:
        """Cut an (S, S) image into (P, size, size) windows."""
        if tuple(image.shape) != (self.image_size, self.image_size):
            raise ValueError(
                f"expected a ({self.image_size}, {self.image_size}) image, "
                f"found {tuple(image.shape)}"
            )
        strips = image.unfold(0, self.size, self.stride).unfold(1, self.size, self.stride)
        return strips.reshape(len(self), self.size, self.size)

    def pick(self, images: Tensor, image: Tensor, window: Tensor) -> Tensor:
        """Cut (B,) windows out of (B,) of the (M, S, S) images: (B, size, size)."""
        if self.size == self.image_size:
            return images[image]
        row = torch.div(window, self.per_side, rounding_mode="floor")
        strips = images.unfold(1, self.size, self.stride).unfold(2, self.size, self.stride)
        return strips[image, row, window % self.per_side]

    def to_local(self, points: Tensor, window: Tensor) -> Tensor:
        """Convert (…, 3) points of the cube to the coordinates of the windows that own them.

        ``window`` is broadcast against (…).
        """
        scale, middle = self._placed(window)
        return torch.addcmul(-middle * scale, points, scale)

    def to_cube(self, local: Tensor, window: Tensor) -> Tensor:
        """Convert points of windows back to the cube; the inverse of :meth:`to_local`."""
        scale, middle = self._placed(window)
        return torch.addcmul(middle, local, 1 / scale)

    def _placed(self, window: Tensor) -> tuple[Tensor, Tensor]:
        """Return the (3,) scale from the cube to a window's cube, and (…, 3) windows' middles."""
        left, bottom = self._bounds(window)
        middle = torch.stack([left, bottom, torch.zeros_like(left)], dim=-1) + self.size / 2
        middle = middle / self.image_size - 0.5
        middle[..., 2] = 0
        ratio = self.image_size / self.size
        return torch.tensor([ratio, ratio, 1.0], device=window.device), middle

    def _bounds(self, window: Tensor) -> tuple[Tensor, Tensor]:
        """Return the lower bounds of windows in pixels, counted from the left and from BELOW."""
        side = self.per_side
        row = torch.div(window, side, rounding_mode="floor")
        return (window % side) * self.stride, (side - 1 - row) * self.stride

    def _rescaled(self, right: Tensor, up: Tensor, window: Tensor) -> tuple[Tensor, Tensor]:
        """Convert pixels, counted from the left and from BELOW, to windows' own x and y."""
        left, bottom = self._bounds(window)
        return (right - left) / self.size - 0.5, (up - bottom) / self.size - 0.5

    def _owners(self, coordinate: Tensor) -> Tensor:
        """Return the (N, k) windows along one axis that own (N,) coordinates in [0, S] pixels.

        They are in rising coordinate, −1 where there is none.
        """
        most = math.ceil(self.size / self.stride) + 1
        last = torch.div(coordinate, self.stride, rounding_mode="floor").long()
        window = last[:, None] - torch.arange(most - 1, -1, -1, device=coordinate.device)
        begin = window * self.stride
        at = coordinate[:, None]
        inside = (at >= begin) & (at < begin + self.size)
        # The far face of the cube belongs to the last window, though its range is half open.
        inside |= (at == self.image_size) & (window == self.per_side - 1)
        inside &= (window >= 0) & (window < self.per_side)
        return torch.where(inside, window, -1)

    def assign(
        self, points: Tensor, active: Tensor | None = None, weighting: str = "gaussian"
    ) -> PatchAssignment:
        """Assign (N, 3) float32 points to the windows that own them.

        Args:
            points: in the camera frame; a point outside the cube is owned by no window.
            active: (P,) bool, the windows that predict; None: all. Only these appear, and
                ``PatchAssignment.counts`` has one entry for each active window.
            weighting: one of :data:`WEIGHTINGS`.
        """
        return self._pair(points, points, active, 1.0, weighting)

    def assign_released(self, points: Tensor, active: Tensor | None = None) -> PatchAssignment:
        """Assign nodes as :meth:`assign` does, but with the released lattice's misregistration.

        The points must be nodes of that lattice, k/127 − 0.5. A patch's own lattice there
        has n = size/2 nodes at linspace(−0.5, 0.5, n), pasted at the half-open cells
        j/2 … j/2 + n − 1 of the image's 128 nodes. So a node is owned as the point
        k/128 − 0.5 is, and its local x and y are stretched by n/(n − 1).
        """
        node = torch.round((points + 0.5) * (RELEASED_NODES - 1))
        nodes_of_patch = self.size * RELEASED_NODES // self.image_size
        stretch = nodes_of_patch / (nodes_of_patch - 1)
        return self._pair(points, node / RELEASED_NODES - 0.5, active, stretch, "gaussian")

    def _pair(
        self,
        points: Tensor,
        owned_as: Tensor,
        active: Tensor | None,
        stretch: float,
        weighting: str,
    ) -> PatchAssignment:
        """Pair each point with the windows that own the point of ``owned_as`` in its row."""
        side, device = self.per_side, points.device
        right = (owned_as[:, 0] + 0.5) * self.image_size
        up = (owned_as[:, 1] + 0.5) * self.image_size
        columns = self._owners(right)
        # Counted from below, windows start at the same multiples of the stride as from above.
        levels = self._owners(up)
        if active is None:
            active = torch.ones(len(self), dtype=torch.bool, device=device)
        number = torch.cumsum(active, 0) - 1
        found: list[tuple[Tensor, Tensor]] = []
        for a in range(columns.shape[1]):
            for b in range(levels.shape[1]):
                column, row = columns[:, a], side - 1 - levels[:, b]
                window = torch.where((column >= 0) & (levels[:, b] >= 0), row * side + column, 0)
                keep = (column >= 0) & (levels[:, b] >= 0) & active[window]
                index = torch.nonzero(keep).squeeze(1)
                found.append((index, window[index]))
        point = torch.cat([index for index, _ in found])
        window = torch.cat([w for _, w in found])
        order = _stable_order(window)
        point, window = point[order], window[order]
        x, y = self._rescaled(right[point], up[point], window)
        weight = WEIGHTINGS[weighting](x, y)
        x, y = (((c + 0.5) * stretch - 0.5) if stretch != 1.0 else c for c in (x, y))
        counts = torch.bincount(number[window], minlength=int(active.sum()))
        return PatchAssignment(
            point, counts.tolist(), torch.stack([x, y, points[point, 2]], 1), weight
        )


def _stable_order(keys: Tensor) -> Tensor:
    """Return the indices that sort small non-negative integers; equal ones keep their order."""
    if keys.device.type != "cpu":
        return torch.argsort(keys, stable=True)
    # numpy sorts 16-bit integers by radix, ten times faster than a comparison sort.
    return torch.from_numpy(np.argsort(keys.numpy().astype(np.uint16), kind="stable"))
