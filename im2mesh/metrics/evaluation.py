"""One prediction against its ground truth: every score of the published evaluation, and more.

>>> scores = evaluate_mesh(mesh, GroundTruth(points, visible=visible))
>>> scores["fscore@1"], scores["fscore@1 raw"]

Scores whose names end in `` raw`` are taken without alignment. The others are taken, as published,
after ground truth has been aligned to the prediction (:mod:`im2mesh.metrics.alignment`), except
for the IoU, which needs none. Definitions: :mod:`im2mesh.metrics.scores`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import trimesh

from im2mesh.geometry.surface import sample_surface
from im2mesh.metrics.alignment import Similarity, icp
from im2mesh.metrics.distances import Cloud
from im2mesh.metrics.scores import FARTHEST, PARTS, fscore_curve, surface_scores
from im2mesh.metrics.volume import inside, iou, is_closed

SAMPLES = 100_000
"""Points drawn on a predicted mesh."""

PART_POINTS = 5_000
"""The most ground-truth points by which a point of the volume is assigned to a part."""

FAR_OUTSIDE = 0.6
"""A coordinate beyond this is probably a mistake; the cube ends at 0.5."""


@dataclass(frozen=True)
class GroundTruth:
    """Ground truth of one object, in the camera frame.

    Attributes:
        points: (G, 3) on the surface, G ≥ 1.
        normals: (G, 3) of any length and either direction; None: no normal consistency.
        visible: (G,) bool, seen by the camera; None: no scores of the parts.
        queries: (N, 3) points of the volume; None: no IoU.
        occupancies: (N,) bool, whether each of those is inside the object.
    """

    points: np.ndarray
    normals: np.ndarray | None = None
    visible: np.ndarray | None = None
    queries: np.ndarray | None = None
    occupancies: np.ndarray | None = None

    def __post_init__(self) -> None:
        if not len(self.points):
            raise ValueError("ground truth without points cannot be compared with")
        queries = None if self.queries is None else np.shape(self.queries)
        expected = None if self.occupancies is None else (*np.shape(self.occupancies), 3)
        if queries != expected:
            raise ValueError(f"queries have shape {queries}; their occupancies need {expected}")

    def cloud(self, threads: int = -1) -> Cloud:
        return Cloud(self.points, self.normals, self.visible, threads)


@dataclass(eq=False, repr=False)
class Evaluation(dict[str, float]):
    """The scores of one prediction, name → value, and what else is known of it."""

    curve: np.ndarray | None  # (50,) F-scores at scores.CURVE, aligned; None without ICP
    curve_raw: np.ndarray  # the same without alignment
    empty: bool  # there is no predicted surface, so everything scores the worst
    closed: bool | None = None  # every edge of the mesh belongs to two faces; None for a cloud
    notes: list[str] = field(default_factory=list)  # for a reader, one phrase each


def evaluate_mesh(
    mesh: trimesh.Trimesh,
    ground_truth: GroundTruth,
    *,
    align: bool = True,
    seed: int | Sequence[int] = 0,
    samples: int = SAMPLES,
    threads: int = -1,
) -> Evaluation:
    """Return all scores of a predicted mesh.

    Args:
        mesh: in the camera frame. Faces with a vertex that is not finite are left out; a mesh
            without any area is empty and scores the worst.
        ground_truth: what it is compared with.
        align: also score after ICP, the published way; without it only the names with `` raw``
            and the IoU are returned.
        seed: of the points drawn on the mesh.
        samples: number of those points.
        threads: of the searches; −1: all cores. The scores do not depend on it.

    Returns:
        Name → value:

        * those of :func:`im2mesh.metrics.scores.surface_scores`, each also with `` raw``;
        * with ``ground_truth.queries``, ``iou`` by the parity rule, as published; ``iou_vis`` and
          ``iou_invis`` over the queries near that part of the surface;
        * ``iou winding`` by the winding number (:func:`im2mesh.metrics.volume.inside`). For a
          closed mesh that does not overlap itself it equals ``iou``, up to points on the surface.
    """
    vertices, used, left_out = finite_faces(mesh)
    points, normals = sample_surface(vertices, used, samples, np.random.default_rng(seed))
    truth = ground_truth.cloud(threads)
    result = _surface(Cloud(points, normals, threads=threads), truth, align)
    if left_out:
        result.notes.append(left_out)
    if len(used) and not len(points):
        result.notes.append("no face has an area")
    result.closed = bool(len(used)) and is_closed(vertices, used)
    if ground_truth.queries is not None and ground_truth.occupancies is not None:
        queries, occupancies = ground_truth.queries, np.asarray(ground_truth.occupancies, bool)
        by_parity, by_winding = (
            inside(vertices, used, queries, rule) for rule in ("parity", "winding")
        )
        result |= _volume(by_parity, queries, occupancies, truth)
        result["iou winding"] = iou(by_winding, occupancies)
    return result


def evaluate_cloud(
    points: np.ndarray, ground_truth: GroundTruth, *, align: bool = True, threads: int = -1
) -> Evaluation:
    """Return all scores of predicted points, (P, 3) in the camera frame, P ≥ 0.

    There are none of normals and no IoU.
    """
    points = np.asarray(points, np.float64).reshape(-1, 3)
    finite = np.isfinite(points).all(axis=1)
    result = _surface(Cloud(points[finite], threads=threads), ground_truth.cloud(threads), align)
    if not finite.all():
        result.notes.append(f"points that are not finite left out: {(~finite).sum()}")
    return result


def finite_faces(mesh: trimesh.Trimesh) -> tuple[np.ndarray, np.ndarray, str]:
    """Return a mesh without the faces that have a vertex that is not finite.

    Returns:
        (V, 3) float64 vertices, all of them; (F, 3) int64 faces that are left; and a note about
        the others, ``""`` where there are none.
    """
    vertices, faces = np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int64)
    finite = np.isfinite(vertices[faces]).all(axis=(1, 2))
    if finite.all():
        return vertices, faces, ""
    count = int((~finite).sum())
    return vertices, faces[finite], f"faces with vertices that are not finite left out: {count}"


def _surface(predicted: Cloud, truth: Cloud, align: bool) -> Evaluation:
    """Score predicted surface points, unaligned and aligned."""
    raw, curve_raw = _compare(predicted, truth, Similarity())
    aligned, curve = raw, curve_raw
    if align and len(predicted):
        aligned, curve = _compare(predicted, truth, icp(truth.points, predicted))
    notes = []
    for name, cloud in (("", predicted), ("ground truth ", truth)):
        largest = float(np.abs(cloud.points).max(initial=0))
        if largest > FAR_OUTSIDE:
            notes.append(
                f"{name}far outside the cube [-0.5, 0.5]³, not in the camera frame?: "
                f"reaches {largest:.3g}"
            )
    result = Evaluation(curve if align else None, curve_raw, not len(predicted), notes=notes)
    result |= aligned if align else {}
    result |= {f"{name} raw": value for name, value in raw.items()}
    return result


def _compare(
    predicted: Cloud, truth: Cloud, moved: Similarity
) -> tuple[dict[str, float], np.ndarray]:
    normals = None
    if not len(predicted):
        completeness = np.full(len(truth), FARTHEST)
        accuracy, nearest = np.empty(0), np.empty(0, np.int64)
        if truth.normals is not None and predicted.normals is not None:
            normals = np.zeros(len(truth)), np.empty(0)
    else:
        completeness, found = predicted.nearest(moved(truth.points))
        # Instead of moving ground truth and building another tree, the prediction moves back.
        accuracy, nearest = truth.nearest(moved.inverse()(predicted.points))
        accuracy = accuracy * moved.scale
        if truth.normals is not None and predicted.normals is not None:
            turned = moved.turn(truth.normals)
            normals = (
                np.abs((turned * predicted.normals[found]).sum(axis=1)),
                np.abs((turned[nearest] * predicted.normals).sum(axis=1)),
            )
    scores = surface_scores(completeness, accuracy, nearest, truth.visible, normals)
    return scores, fscore_curve(completeness, accuracy)


def _volume(
    predicted: np.ndarray, queries: np.ndarray, occupancies: np.ndarray, truth: Cloud
) -> dict[str, float]:
    """Return ``iou`` and, where visibility is known, ``iou_vis`` and ``iou_invis``."""
    scores = {"iou": iou(predicted, occupancies)}
    if truth.visible is not None:
        either = predicted | occupancies
        # From the middle of a thick object everything is about equally far and a search is slow;
        # a few thousand points, evenly spread in the cloud's order, tell the parts apart as well.
        step = -(-len(truth) // PART_POINTS)
        few = Cloud(truth.points[::step], visible=truth.visible[::step])
        assert few.visible is not None
        of_part = few.visible[few.nearest(queries[either])[1]]
        for part, mask in zip(PARTS[1:], (of_part, ~of_part), strict=True):
            scores[f"iou{part}"] = iou(predicted[either][mask], occupancies[either][mask])
    return scores
