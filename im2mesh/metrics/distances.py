"""Point clouds with a search tree."""

from __future__ import annotations

import math

import numpy as np
from pykdtree.kdtree import KDTree
from scipy.spatial import cKDTree
from threadpoolctl import ThreadpoolController

_POOLS = ThreadpoolController()
"""Thread pools of the loaded libraries; limits the threads of pykdtree, which has no argument."""


class Cloud:
    """Points, with their normals and visibility where known, and a search tree over them.

    The points are kept in the order of a tree's leaves. Neighbours in space are then neighbours
    in memory, which makes searches between two such clouds about twice as fast. The searches are
    pykdtree's and not scipy's: a point far from a surface is about as far from much of it, and
    where predictions are poor scipy's best-first search is several times slower.

    Attributes:
        points: (N, 3) float64.
        normals: (N, 3) float64 unit vectors, or None.
        visible: (N,) bool, seen by the camera, or None.
    """

    def __init__(
        self,
        points: np.ndarray,
        normals: np.ndarray | None = None,
        visible: np.ndarray | None = None,
        threads: int = -1,
    ) -> None:
        """Sort the points and build the tree.

        Args:
            points: (N, 3) finite numbers, N ≥ 0.
            normals: (N, 3) of any length; those of length 0 stay so.
            visible: (N,) bool.
            threads: of each search; −1: all cores.

        Raises:
            ValueError: shapes that do not fit, or coordinates that are not finite.
        """
        places = np.asarray(points, np.float64)
        if places.ndim != 2 or places.shape[1] != 3:
            raise ValueError(f"points have shape {places.shape}; expected (N, 3)")
        if not np.isfinite(places).all():
            raise ValueError("points have coordinates that are not finite")
        for name, array, shape in (
            ("normals", normals, places.shape),
            ("visible", visible, places.shape[:1]),
        ):
            if array is not None and np.shape(array) != shape:
                raise ValueError(f"{name} have shape {np.shape(array)}; expected {shape}")
        order = cKDTree(places, balanced_tree=False, compact_nodes=False).indices
        self.points = np.ascontiguousarray(places[order])
        self.normals = None if normals is None else _unit(np.asarray(normals, np.float64)[order])
        self.visible = None if visible is None else np.asarray(visible, bool)[order]
        self._tree = KDTree(self.points) if len(self.points) else None
        self._threads = threads if threads > 0 else None

    def __len__(self) -> int:
        return len(self.points)

    def nearest(
        self, points: np.ndarray, within: float = math.inf
    ) -> tuple[np.ndarray, np.ndarray]:
        """Find the cloud's nearest point to each of (M, 3) other points, if nearer than ``within``.

        Returns:
            (M,) float64 distances, ∞ where none is found, and (M,) int64 numbers of the points,
            N where none is found.
        """
        places = np.ascontiguousarray(points, np.float64)
        if self._tree is None or not len(places):
            return np.full(len(places), math.inf), np.zeros(len(places), np.int64)
        with _POOLS.limit(limits=self._threads, user_api="openmp"):
            distance, number = self._tree.query(places, distance_upper_bound=within)
        return distance, number.astype(np.int64)


def _unit(vectors: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length > 0, length, 1.0)
