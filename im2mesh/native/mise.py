"""MISE, multiresolution iso-surface extraction: evaluate a field only near its surface.

Mescheder, Oechsle, Niemeyer, Nowozin and Geiger, *Occupancy Networks*, CVPR 2019, section 3.
"""

from __future__ import annotations

import math
import operator

import numpy as np

from im2mesh.native import MAX_RESOLUTION, extension

_mise = extension("_mise")


def _integers(name: str, array: np.ndarray, largest: int) -> np.ndarray:
    """Check an (N, 3) array of integers in 0 … largest; return it as contiguous int64."""
    array = np.asarray(array)
    if array.ndim != 2 or array.shape[1] != 3:
        raise ValueError(f"MISE: {name} must have shape (N, 3), not {array.shape}")
    if array.dtype.kind not in "iu":
        raise ValueError(f"MISE: {name} must be integers, not {array.dtype}")
    if len(array) and (array.min() < 0 or array.max() > largest):
        row = array[np.argmax(((array < 0) | (array > largest)).any(axis=1))]
        raise ValueError(f"MISE: {name} must lie in 0 … {largest}; {row.tolist()} does not")
    return np.ascontiguousarray(array, np.int64)


class MISE:
    """An octree that requests the values of a field near its surface only.

    The finest lattice has R = resolution_0 · 2^upsampling_steps cells along each axis. All nodes
    of the coarsest one, with resolution_0 cells, are requested. A cell is split into eight, down
    to the finest lattice, if

    - its corners are not all on one side of the threshold, or
    - it contains a forced cell, or
    - ``margin`` > 0 and its corners, all on one side, come nearer to the threshold than
      ``margin`` times their own spread (largest minus smallest), or
    - a known node on its border is on another side than its corners: the surface passes through
      the face to a finer neighbour, and is followed.

    In the end no known node contradicts an unsplit cell that it touches. The evaluated nodes do
    not depend on the order of the updates. Usage::

        mise = MISE(32, 2, threshold)
        nodes = mise.query()
        while len(nodes):
            mise.update(nodes, field(nodes))
            nodes = mise.query()
        grid = mise.to_dense()

    Memory: 5 bytes a node of the finest lattice and 1/7 byte a cell, the grid of ``to_dense``
    included (R = 512: 0.7 GB). Not for use by several threads at once.

    Args:
        resolution_0: cells of the coarsest lattice along each axis, ≥ 1.
        upsampling_steps: number of times that cells are halved, ≥ 0; 0 asks for every node.
        threshold: finite; a node is inside where its value is strictly greater.
        forced: (M, 3) integers, cells of the FINEST lattice (0 … R−1, cell i between the nodes
            i and i + 1 on each axis) that are always reached.
        margin: ≥ 0, finite; 0 is the classical method.

    Raises:
        ValueError: an argument is not as above, or R is more than :data:`MAX_RESOLUTION`.
    """

    def __init__(
        self,
        resolution_0: int,
        upsampling_steps: int,
        threshold: float,
        forced: np.ndarray | None = None,
        margin: float = 0.0,
    ) -> None:
        try:
            coarse, steps = operator.index(resolution_0), operator.index(upsampling_steps)
        except TypeError:
            raise ValueError(
                "MISE: resolution_0 and upsampling_steps must be integers, "
                f"not {resolution_0!r} and {upsampling_steps!r}"
            ) from None
        if coarse < 1:
            raise ValueError(f"MISE: resolution_0 must be at least 1, not {coarse}")
        if steps < 0:
            raise ValueError(f"MISE: upsampling_steps must be at least 0, not {steps}")
        if steps >= MAX_RESOLUTION.bit_length() or coarse << steps > MAX_RESOLUTION:
            raise ValueError(
                f"MISE: {coarse} · 2^{steps} cells along an axis are more than {MAX_RESOLUTION}"
            )
        threshold, margin = float(threshold), float(margin)
        if not math.isfinite(threshold):
            raise ValueError(f"MISE: the threshold must be finite, not {threshold}")
        if not (math.isfinite(margin) and margin >= 0):
            raise ValueError(f"MISE: the margin must be finite and at least 0, not {margin}")
        if forced is None:
            forced = np.empty((0, 3), np.int64)
        forced = _integers("forced cells", forced, (coarse << steps) - 1)
        self._octree = _mise.Octree(coarse, steps, threshold, margin, forced)

    @property
    def resolution(self) -> int:
        return int(self._octree.resolution)

    @property
    def evaluated(self) -> int:
        return int(self._octree.evaluated)

    def query(self) -> np.ndarray:
        """Return the nodes that are needed now and have not been given to :meth:`update` yet.

        Returns:
            (N, 3) int64 in 0 … R, coordinates on the finest lattice, each node once, in
            ascending order; N = 0 when nothing is left to evaluate.
        """
        numbers = self._octree.ask()
        side = self.resolution + 1
        rest, z = np.divmod(numbers, side)
        x, y = np.divmod(rest, side)
        return np.stack([x, y, z], axis=1)

    def update(self, nodes: np.ndarray, values: np.ndarray) -> None:
        """Give the values of nodes that :meth:`query` returned, some or all, in any order.

        Values are finite; they are kept, and compared with the threshold, as float32.

        Raises:
            ValueError: shape, type or range are not as above, or a node has not been asked
                for, has its value already, or occurs twice. Nothing is stored then.
        """
        nodes = _integers("nodes", nodes, self.resolution)
        values = np.asarray(values)
        if values.dtype not in (np.float32, np.float64):
            raise ValueError(f"MISE: values must be float32 or float64, not {values.dtype}")
        if values.shape != (len(nodes),):
            raise ValueError(
                f"MISE: values must have shape ({len(nodes)},) like the nodes, not {values.shape}"
            )
        with np.errstate(over="ignore"):  # values too large for float32 are reported below
            stored = np.ascontiguousarray(values, np.float32)
        finite = np.isfinite(stored)
        if not finite.all():
            row = int(np.argmin(finite))
            raise ValueError(
                f"MISE: the value {values[row]} at node {nodes[row].tolist()} is not finite "
                "(in float32)"
            )
        bad = self._octree.take(nodes, stored)
        if bad >= 0:
            raise ValueError(
                f"MISE: node {nodes[bad].tolist()} was not asked for, or has its value already"
            )

    def to_dense(self) -> np.ndarray:
        """Return the values at all nodes, (R+1, R+1, R+1) float32 along (x, y, z).

        Nodes that were not evaluated get the trilinear interpolation of the corners of the smallest
        cell that contains them, so they are on the same side as that cell. It is a read-only view
        of this object's storage, to save memory; later updates show in it.

        Raises:
            ValueError: nodes of the last :meth:`query` have no values yet.
        """
        missing = self._octree.missing
        if missing:
            raise ValueError(f"MISE: {missing} nodes have no value yet; query and update first")
        grid: np.ndarray = self._octree.fill().view()
        grid.flags.writeable = False
        return grid
