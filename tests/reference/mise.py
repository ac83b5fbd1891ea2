"""MISE by its definition: the tree of cells is derived anew from the known values each time."""

from __future__ import annotations

import itertools

import numpy as np

CORNERS = np.array(list(itertools.product((0, 1), repeat=3)))


class MISE:
    """The interface of :class:`im2mesh.native.mise.MISE`, without its checks."""

    def __init__(self, resolution_0, upsampling_steps, threshold, forced=None, margin=0.0):
        self.coarse = 2**upsampling_steps  # side of a coarse cell, in finest cells
        self.resolution = resolution_0 * self.coarse
        self.threshold = threshold
        self.margin = margin
        self.forced = np.zeros((self.resolution,) * 3, bool)
        if forced is not None:
            self.forced[tuple(np.asarray(forced, int).reshape(-1, 3).T)] = True
        self.values = np.full((self.resolution + 1,) * 3, np.nan, np.float32)  # NaN: unknown

    @property
    def evaluated(self) -> int:
        return int((~np.isnan(self.values)).sum())

    def _is_split(self, low: np.ndarray, side: int) -> bool:
        if self.forced[tuple(slice(i, i + side) for i in low)].any():
            return True
        corners = self.values[tuple((low + side * CORNERS).T)].astype(np.float64)
        if np.isnan(corners).any():
            return False  # not yet
        if (corners > self.threshold).any() != (corners > self.threshold).all():
            return True
        box = self.values[tuple(slice(i, i + side + 1) for i in low)]
        known = box[~np.isnan(box)]
        if ((known > self.threshold) != (corners[0] > self.threshold)).any():
            return True
        gap = max(corners.min() - self.threshold, self.threshold - corners.max())
        return bool(gap < self.margin * (corners.max() - corners.min()))

    def leaves(self) -> list[tuple[np.ndarray, int]]:
        """(lowest node, side) of every cell that is not split."""
        found = []

        def visit(low: np.ndarray, side: int) -> None:
            if side > 1 and self._is_split(low, side):
                for corner in CORNERS:
                    visit(low + side // 2 * corner, side // 2)
            else:
                found.append((low, side))

        for index in np.ndindex(*(self.resolution // self.coarse,) * 3):
            visit(self.coarse * np.array(index), self.coarse)
        return found

    def query(self) -> np.ndarray:
        # The corners of a split cell are corners of its parts.
        corners = np.concatenate([low + side * CORNERS for low, side in self.leaves()])
        corners = np.unique(corners, axis=0)
        return corners[np.isnan(self.values[tuple(corners.T)])]

    def update(self, nodes: np.ndarray, values: np.ndarray) -> None:
        self.values[tuple(np.asarray(nodes).T)] = values

    def to_dense(self) -> np.ndarray:
        grid = self.values.copy()
        for low, side in sorted(self.leaves(), key=lambda leaf: -leaf[1]):
            corners = self.values[tuple((low + side * CORNERS).T)].astype(np.float64)
            u = np.arange(side + 1) / side
            hats = np.stack([1 - u, u])
            smooth = np.einsum("abc,ai,bj,ck->ijk", corners.reshape(2, 2, 2), hats, hats, hats)
            box = tuple(slice(i, i + side + 1) for i in low)
            unknown = np.isnan(self.values[box])
            grid[box][unknown] = smooth[unknown]
        return grid


def thin_parts(inside: np.ndarray, coarse: int) -> set[tuple[int, ...]]:
    """First finest cells of the coarser cells with nodes of a side on which no corner is."""
    found = set()
    side = (len(inside) - 1) // coarse
    while side > 1:
        for low in itertools.product(range(0, len(inside) - 1, side), repeat=3):
            nodes = inside[tuple(slice(i, i + side + 1) for i in low)]
            corners = inside[tuple((np.array(low) + side * CORNERS).T)]
            if set(nodes.ravel()) != set(corners):
                found.add(low)
        side //= 2
    return found
