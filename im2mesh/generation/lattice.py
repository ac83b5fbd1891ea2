"""Positions of the lattices' nodes, and of vertices between them.

Nodes are counted along (x, y up, z). A mesh is extracted from the lattice's values after
:meth:`Lattice.close` has padded them, and :meth:`Lattice.place` maps the vertices back.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from im2mesh.geometry.patches import RELEASED_NODES

OUTSIDE = -1e6
"""Value around the volume, so low that every mesh is closed."""

SLAB = 1 << 18
"""Points that are evaluated at a time, to bound the memory; enough for efficient passes."""


@dataclass(frozen=True)
class Lattice:
    """Equally spaced nodes over the cube."""

    nodes: int  # number of nodes along each axis
    padding: tuple[float, ...]  # values of the layers around the volume, from the inside out
    # Number of cells that a mesh is divided by: the true number for the exact lattice, too many for
    # the released one
    span: int

    @property
    def cells(self) -> int:
        return self.nodes - 1

    def points(self, index: np.ndarray) -> Tensor:
        """Return the (N, 3) float32 points of (N, 3) int node indices in the camera frame."""
        at = index.astype(np.float32) / np.float32(self.cells) - np.float32(0.5)
        return torch.from_numpy(at)

    def coordinates(self, points: np.ndarray) -> np.ndarray:
        """Return where (N, 3) points in the camera frame are, in cells from the first node."""
        return (points + 0.5) * self.cells

    def slab(self, start: int, stop: int) -> np.ndarray:
        """Return the (M, 3) int32 indices of the nodes with start ≤ x < stop, x slowest."""
        axis = np.arange(self.nodes, dtype=np.int32)
        planes = np.meshgrid(axis[start:stop], axis, axis, indexing="ij")
        return np.stack([plane.ravel() for plane in planes], axis=1)

    def close(self, values: np.ndarray) -> np.ndarray:
        for layer in self.padding:
            values = np.pad(values, 1, constant_values=layer)
        return values

    def place(self, vertices: np.ndarray) -> np.ndarray:
        """Map (V, 3) vertices from indices of the padded volume to the camera frame."""
        return (vertices - 1.0) / self.span - 0.5


def exact_lattice(resolution: int) -> Lattice:
    """Return the lattice of nodes at i/N − 0.5, i = 0 … N, for N = ``resolution`` cells."""
    return Lattice(nodes=resolution + 1, padding=(OUTSIDE,), span=resolution)


def released_lattice() -> Lattice:
    """Return the released code's lattice: 128 nodes at k/127 − 0.5.

    Its meshing pads twice, by −9 and by −1e6, and divides by the padded size, so its meshes
    are shrunk by 127/129; kept for comparison with published tables.
    """
    return Lattice(nodes=RELEASED_NODES, padding=(-9.0, OUTSIDE), span=RELEASED_NODES + 1)
