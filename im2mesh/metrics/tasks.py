"""Tasks that score one model: its mesh, its input's points, or its mesh against the input."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from im2mesh.data.sources import DepthSource
from im2mesh.data.splits import row_keys
from im2mesh.data.storage import Sample
from im2mesh.errors import DataError, InputError
from im2mesh.files import file_version
from im2mesh.geometry.mesh_files import read_mesh, read_pointcloud
from im2mesh.geometry.pixels import back_project
from im2mesh.geometry.rendering import render_depth
from im2mesh.metrics.evaluation import (
    SAMPLES,
    Evaluation,
    GroundTruth,
    evaluate_cloud,
    evaluate_mesh,
    finite_faces,
)
from im2mesh.metrics.observation import observation_scores
from im2mesh.metrics.results import MESH, digest, mesh_version

DEFINITIONS = 2
"""Version of the scores; raise it when they change, so that older rows are scored again."""

LEAST_POINTS = 1_000
"""A cloud with fewer ground-truth points cannot be scored against."""

SPARSE_POINTS = 50_000
"""With fewer, distances to ground truth are mostly the gaps between its points."""


@dataclass(frozen=True)
class ScoringSettings:
    """Settings that the scores depend on, besides the files."""

    seed: int = 0  # of the points drawn on meshes; each mesh has its own stream, by its name
    align: bool = True  # score with ICP too
    samples: int = SAMPLES  # points drawn on a mesh
    iou: bool = True  # score the IoU where ground truth has points of the volume


@dataclass
class Row:
    """The scores of one model."""

    columns: dict[str, Any] = field(default_factory=dict)  # name → value, as tables hold them
    # `""` and `" raw"` → (50,) F-scores; none where there is no such curve
    curves: dict[str, np.ndarray] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)  # what a reader should know, one phrase each
    error: str | None = None  # why there are no scores, in one line; None if there are


@dataclass(frozen=True)
class ScoringTask(ABC):
    """One row to be scored; ``idx`` is the model's number in the split."""

    idx: int
    class_id: str
    model: str
    settings: ScoringSettings

    @property
    def name(self) -> str:
        return f"{self.class_id}/{self.model}"

    @property
    def keys(self) -> dict[str, Any]:
        return row_keys(self.idx, self.class_id, self.model)

    @property
    def seed(self) -> list[int]:
        """The seed of this model, which does not depend on its number in the split."""
        digest = hashlib.sha256(self.name.encode()).digest()
        return [self.settings.seed, *np.frombuffer(digest[:16], "<u4").tolist()]

    def fingerprint(self) -> str:
        """Return a digest of everything that the scores depend on, 16 hexadecimal digits.

        Where a mesh is scored, the digest of its file and a hyphen precede it
        (:func:`im2mesh.metrics.results.mesh_versions`).

        Raises:
            InputError, OSError: a file is missing.
        """
        depends = [DEFINITIONS, type(self).__name__, asdict(self.settings), self._files()]
        mesh = self._mesh()
        version = "" if mesh is None else f"{mesh_version(mesh)}-"
        return version + digest(depends)

    def _mesh(self) -> Path | None:
        """Return the file of the scored mesh, if there is one."""
        return None

    @abstractmethod
    def _files(self) -> list[Any]:
        """Return values that change when a file changes."""

    @abstractmethod
    def score(self, threads: int) -> Row:
        """Read the files and score them.

        Raises:
            InputError, OSError: a file is missing or cannot be used.
        """


@dataclass(frozen=True)
class MeshTask(ScoringTask):
    """A mesh, and maybe a point cloud, against ground truth.

    ``files`` maps :data:`MESH` and :data:`CLOUD` to a file.
    """

    sample: Sample
    files: Mapping[str, Path]

    def _files(self) -> list[Any]:
        files = [[kind, *file_version(path)] for kind, path in self.files.items()]
        return [*files, self.sample.truth_version()]

    def _mesh(self) -> Path | None:
        return self.files.get(MESH)

    def score(self, threads: int) -> Row:
        truth, notes = _ground_truth(self.sample, self.settings.iou and MESH in self.files)
        row = Row(notes=notes)
        for kind, path in self.files.items():
            settings = self.settings
            if kind == MESH:
                result = evaluate_mesh(
                    read_mesh(path),
                    truth,
                    align=settings.align,
                    seed=self.seed,
                    samples=settings.samples,
                    threads=threads,
                )
            else:
                points = read_pointcloud(path)
                result = evaluate_cloud(points, truth, align=settings.align, threads=threads)
            _add(row, result, kind)
        return row


@dataclass(frozen=True)
class InputTask(ScoringTask):
    """The points that the camera saw against ground truth; columns are named as for a mesh."""

    sample: Sample

    def _files(self) -> list[Any]:
        return [self.sample.changed(), self.sample.truth_version()]

    def score(self, threads: int) -> Row:
        truth, notes = _ground_truth(self.sample, iou=False)
        row = Row(notes=notes)
        points = back_project(self.sample.depth())
        _add(row, evaluate_cloud(points, truth, align=self.settings.align, threads=threads), MESH)
        return row


@dataclass(frozen=True)
class AgainstInputTask(ScoringTask):
    """A mesh against the depth map that it was made from; needs no ground truth."""

    source: DepthSource
    file: Path

    def _files(self) -> list[Any]:
        return [*file_version(self.file), self.source.changed()]

    def _mesh(self) -> Path | None:
        return self.file

    def score(self, threads: int) -> Row:
        mesh = read_mesh(self.file)
        vertices, faces, left_out = finite_faces(mesh)
        try:
            rendered = render_depth(vertices, faces)
        except InputError as error:
            raise InputError(f"{self.file}: {error}") from error
        scores = observation_scores(rendered, self.source.load(), self.source.known())
        columns = {f"{name}{MESH}": value for name, value in scores.items()}
        return Row(
            {**columns, f"empty{MESH}": not len(faces)}, notes=[left_out] if left_out else []
        )


def _add(row: Row, result: Evaluation, kind: str) -> None:
    """Put the scores of a mesh or a cloud into a row; keep the curves of the first one."""
    for name, value in result.items():
        raw = name.endswith(" raw")
        row.columns[f"{name.removesuffix(' raw')}{kind}{' raw' if raw else ''}"] = value
    row.columns[f"empty{kind}"] = result.empty
    if result.closed is not None:
        row.columns[f"closed{kind}"] = result.closed
    if not row.curves:
        row.curves = {" raw": result.curve_raw}
        if result.curve is not None:
            row.curves[""] = result.curve
    row.notes += [note for note in result.notes if note not in row.notes]


def _ground_truth(model: Sample, iou: bool) -> tuple[GroundTruth, list[str]]:
    """Return the ground truth of a model, and notes for the reader."""
    cloud = model.pointcloud(chamfer=True)
    if len(cloud.points) < LEAST_POINTS:
        raise DataError(
            f"{model.origin}: its point cloud has {len(cloud.points)} points, too few to score "
            f"against (at least {LEAST_POINTS:,}, better 100,000); sample it again"
        )
    if not np.isfinite(cloud.points).all():
        raise DataError(f"{model.origin}: its point cloud has coordinates that are not finite")
    notes = []
    if len(cloud.points) < SPARSE_POINTS:
        notes.append(
            "few ground-truth points, distances and F-scores suffer from their gaps: "
            f"{len(cloud.points)}"
        )
    queries = occupancies = None
    if iou:
        try:
            points = model.points(iou=True)
            occupancies = points.inside
            if occupancies is None:
                raise DataError(f"{model.origin}: its points have neither occupancies nor sdf")
            if not len(points.points):
                raise DataError(f"{model.origin}: has no points in the volume")
            if not np.isfinite(points.points).all():
                raise DataError(f"{model.origin}: its points have coordinates that are not finite")
            queries = points.points
        except DataError as error:
            notes.append(f"no IoU: {error}")
            queries = occupancies = None
    return GroundTruth(cloud.points, cloud.normals, cloud.visible, queries, occupancies), notes
