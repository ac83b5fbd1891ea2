"""Square cells of the image. Sorted by them, the points of a window are a few slices."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from im2mesh.config import Config
from im2mesh.geometry.patches import Windows
from im2mesh.geometry.pixels import IMAGE_SIZE


def windows_of(config: Config) -> Windows:
    """Return the windows of a patch level, or the whole image as one for a global level."""
    if not config.is_patch:
        return Windows(IMAGE_SIZE, IMAGE_SIZE)
    assert config.data.parts_size is not None and config.data.parts_stride is not None
    return Windows(config.data.parts_size, config.data.parts_stride)


@dataclass(frozen=True)
class Cells:
    """The largest square cells of the image of which every window consists."""

    windows: Windows

    @property
    def size(self) -> int:
        """Pixels along a side of a cell."""
        return math.gcd(self.windows.size, self.windows.stride)

    @property
    def per_side(self) -> int:
        """Cells along a side of the image."""
        return self.windows.image_size // self.size

    @property
    def across(self) -> int:
        """Cells along a side of a window."""
        return self.windows.size // self.size

    @property
    def groups(self) -> int:
        """Number of groups of points: 2 c is the outside of cell c, 2 c + 1 its inside.

        Cells are numbered row by row from the image's top left.
        """
        return 2 * self.per_side**2

    def first(self, window: Tensor) -> tuple[Tensor, Tensor]:
        """Return row and column of the top left cell of windows."""
        step = self.windows.stride // self.size
        row = torch.div(window, self.windows.per_side, rounding_mode="floor")
        return row * step, window % self.windows.per_side * step

    def sort(self, points: np.ndarray, inside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Sort (N, 3) points into groups, in their order within each.

        Returns:
            Indices of the points in the order of their groups, and (groups,) the number of points
            of each. Points that lie in no cell are left out; a single cell takes every point.
        """
        if self.per_side == 1:
            index, cell = np.arange(len(points)), np.zeros(len(points), np.int64)
        else:
            assignment = Windows(self.size, self.size, self.windows.image_size).assign(
                torch.from_numpy(points)
            )
            index = assignment.point.numpy()
            cell = np.repeat(np.arange(self.per_side**2), assignment.counts)
        group = 2 * cell + inside[index]
        order = np.argsort(group, kind="stable")
        return index[order], np.bincount(group, minlength=self.groups)

    def usable(self, depth: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """Return the windows with a foreground pixel and, by :meth:`sort`, a point inside."""
        n, size = self.per_side, self.size
        seen = (depth >= 0).reshape(n, size, n, size).any(axis=(1, 3))
        inside = counts[1::2].reshape(n, n) > 0
        step = self.windows.stride // size
        across = (self.across, self.across)
        found = np.ones(len(self.windows), dtype=bool)
        for grid in (seen, inside):
            squares = np.lib.stride_tricks.sliding_window_view(grid, across)[::step, ::step]
            found &= np.any(squares, axis=(2, 3)).ravel()
        return np.flatnonzero(found)
