"""Scores of a mesh's wholeness: its pieces, its volume, and its share of the hidden surface.

An F-score measures how near the predicted surface is to the true one. It hardly changes if a mug
comes out in nine pieces, or without its back wall. These scores do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import trimesh
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from im2mesh.geometry.surface import sample_surface
from im2mesh.metrics.evaluation import SAMPLES, GroundTruth, finite_faces
from im2mesh.metrics.volume import is_closed

FOUND = {"2": 0.02, "5": 0.05}
"""Name in ``hidden found@…`` (in percent of the cube's side) → distance."""

GAP = 0.015
"""Points of a true surface that are this near to each other belong to the same piece. It is three
times the mean distance of neighbours among 100,000 points on an area of 2."""

LEAST_SHARE = 5e-4
"""Clusters with less than this share of a true surface's points are stray points, not pieces."""


@dataclass(frozen=True)
class Components:
    """The connected surfaces of a mesh.

    Attributes:
        of_face: (F,) int, the number of each face's component.
        volumes: (C,) float64 enclosed volumes; negative for a cavity, whose faces are turned
            inwards. That of an open surface depends on its place and says nothing.
    """

    of_face: np.ndarray
    volumes: np.ndarray

    @property
    def pieces(self) -> int:
        """The number of components that are not cavities."""
        return int((self.volumes > 0).sum())

    @property
    def cavities(self) -> int:
        """The number of components that bound a cavity."""
        return int((self.volumes < 0).sum())

    @property
    def largest(self) -> float:
        """Share of the largest piece in the volume of all pieces; NaN without any."""
        of_pieces = self.volumes[self.volumes > 0]
        return float(of_pieces.max() / of_pieces.sum()) if len(of_pieces) else float("nan")


def components(vertices: np.ndarray, faces: np.ndarray) -> Components:
    """Split a mesh into connected surfaces.

    Args:
        vertices: (V, 3) finite numbers. Coincident vertices count as one.
        faces: (F, 3) vertex numbers, oriented outward.
    """
    places = np.unique(vertices[faces].reshape(-1, 3), axis=0, return_inverse=True)[1]
    corners = places.reshape(-1, 3)
    of_vertex = _connected(
        np.concatenate([corners[:, :2], corners[:, 1:]]), int(corners.max(initial=-1)) + 1
    )
    of_face = of_vertex[corners[:, 0]]
    a, b, c = np.moveaxis(vertices[faces].astype(np.float64), 1, 0)
    volumes = np.bincount(of_face, (a * np.cross(b, c)).sum(axis=1) / 6)
    return Components(of_face, volumes)


def pieces_of_cloud(points: np.ndarray) -> int:
    """Count the pieces of a surface that is known by (N, 3) points, spread evenly over it."""
    pairs = cKDTree(points).query_pairs(GAP, output_type="ndarray")
    sizes = np.bincount(_connected(pairs, len(points)))
    return int((sizes >= max(LEAST_SHARE * len(points), 1)).sum())


def wholeness_scores(
    mesh: trimesh.Trimesh,
    ground_truth: GroundTruth,
    *,
    seed: int | Sequence[int] = 0,
    samples: int = SAMPLES,
) -> dict[str, float]:
    """Measure how whole a predicted mesh is.

    Args:
        mesh: in the camera frame. Faces with a vertex that is not finite are left out.
        ground_truth: what it is compared with; its queries are spread evenly over the cube.
        seed: of the points drawn on the mesh.
        samples: number of those points.

    Returns:
        Name → value:

        * ``pieces`` and ``cavities`` of the mesh (:class:`Components`), and ``largest piece``,
          the share of the largest in the volume of all pieces, NaN for an empty mesh; all three
          are NaN where the mesh is not closed, as an open surface has no volume;
        * ``hidden found@2`` and ``hidden found@5``: of the true surface that the camera did not
          see, the share with predicted surface nearer than 2% or 5% of the cube's side; NaN where
          visibility is not known, or all is visible;
        * ``volume ratio``: the volume of the mesh over that of the object; NaN where the mesh is
          not closed, or ground truth has no queries or none inside.
    """
    vertices, faces, _ = finite_faces(mesh)
    scores = dict.fromkeys(("pieces", "cavities", "largest piece", "volume ratio"), float("nan"))
    if not len(faces) or is_closed(vertices, faces):
        found = components(vertices, faces)
        scores["pieces"], scores["cavities"] = float(found.pieces), float(found.cavities)
        scores["largest piece"] = found.largest
        occupancies = ground_truth.occupancies
        volume = 0.0 if occupancies is None else float(np.mean(occupancies))  # the cube's is 1
        if volume:
            scores["volume ratio"] = float(found.volumes.sum()) / volume
    return scores | _hidden_found(vertices, faces, ground_truth, seed, samples)


def _hidden_found(
    vertices: np.ndarray,
    faces: np.ndarray,
    ground_truth: GroundTruth,
    seed: int | Sequence[int],
    samples: int,
) -> dict[str, float]:
    hidden = np.empty((0, 3))
    if ground_truth.visible is not None:
        hidden = ground_truth.points[~np.asarray(ground_truth.visible, bool)]
    if not len(hidden):
        return dict.fromkeys((f"hidden found@{name}" for name in FOUND), float("nan"))
    points, _ = sample_surface(vertices, faces, samples, np.random.default_rng(seed))
    distance = cKDTree(points).query(hidden, distance_upper_bound=max(FOUND.values()))[0]
    return {f"hidden found@{name}": float((distance < at).mean()) for name, at in FOUND.items()}


def _connected(pairs: np.ndarray, count: int) -> np.ndarray:
    """Return the (count,) component numbers of a graph's nodes; ``pairs`` are its (M, 2) edges."""
    ones = np.ones(len(pairs), bool)
    graph = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1])
