"""Data sets from shapes: the files of training and evaluation, in one folder.

    <out>/<class>/<model>/000.npz         depth map
                          points.npz      points in the cube: occupancies, signed distances
                          pointcloud.npz  points on the surface: normals, visible
    <out>/<class>/<split>.lst             names of models, disjoint by shape
    <out>/poses.csv                       the pose of every model
    <out>/rejected.csv                    shapes that could not be used, and why
    <out>/dataset.yaml                    how all this was made
    <out>/build_dataset.lock              locked while a program writes here, else meaningless

A model's files depend on the shape, the settings and the seed alone, not on the number of
processes or the order of work. They are written atomically, the cloud last, and a model with a
cloud is not made again, so an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import importlib.metadata
import logging
import os
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import trimesh

from im2mesh import __version__
from im2mesh.config import differences, read_yaml
from im2mesh.data.records import changed_settings, write_record
from im2mesh.data.storage import write_depth, write_pointcloud, write_points
from im2mesh.errors import ConfigError, InputError
from im2mesh.files import check_writable, locked, write_text
from im2mesh.geometry.mesh_files import write_mesh
from im2mesh.parallel import WorkerDied, run_tasks
from im2mesh.preparation.collection import POINTS, Entry
from im2mesh.preparation.packing import pack_class, packed_models
from im2mesh.preparation.partition import UNSEEN, Partition
from im2mesh.preparation.pose_lists import HEADER, View, read_poses
from im2mesh.preparation.sampling import sample_cloud, sample_points
from im2mesh.preparation.settings import DatasetSettings
from im2mesh.progress import progress_bar

log = logging.getLogger(__name__)

FILES = ("000.npz", "points.npz", "pointcloud.npz")
"""Files of a model; the last one marks it as complete."""

MESH = "model.off"
"""Mesh of a procedural model's surface in the camera frame."""

LOCK = "build_dataset.lock"
"""Lock file of the program that writes to a data set."""

LIBRARIES = ("numpy", "scipy", "torch", "trimesh", "libigl", "embreex", "h5py")
"""Libraries whose versions may change a data set's bytes."""


@dataclass(frozen=True)
class ShapeTask:
    """A shape whose models are to be made in a folder."""

    shape: Entry
    settings: DatasetSettings
    out: Path


@dataclass(frozen=True)
class Outcome:
    """Result of a shape: models made, models kept, or the problem."""

    made: int = 0
    kept: int = 0
    problem: str | None = None


@dataclass
class BuildReport:
    """Numbers of models made and of models that existed; (shape, reason) of the rejected ones."""

    made: int = 0
    kept: int = 0
    rejected: list[tuple[str, str]] = field(default_factory=list)


# --- one shape --------------------------------------------------------------------------------


def build_shape(task: ShapeTask) -> Outcome:
    """Make the missing models of a shape.

    Raises:
        OSError: the folder cannot be written to.
    """
    try:
        return _build_shape(task)
    except MemoryError:
        return Outcome(problem="needs more memory than there is")


def _build_shape(task: ShapeTask) -> Outcome:
    shape, settings = task.shape, task.settings
    views = shape.views
    missing = [view for view in views if not is_whole(task.out / shape.folder / view.name)]
    if not missing:
        return Outcome(kept=len(views))
    try:
        original = shape.load(settings.cloud, settings.thickness, settings.seed)
    except InputError as error:
        return Outcome(problem=str(error))
    for view in missing:
        folder = task.out / shape.folder / view.name
        posed = original.posed(view.azimuth, view.elevation)
        depth = posed.depth()
        if not (depth >= 0).any():
            return Outcome(problem=f"nothing is seen of it in the pose of {view.name}")
        rng = shape.rng(settings.seed, POINTS, view.number)
        points = sample_points(posed, settings.points, rng, settings.dtype)
        cloud = sample_cloud(posed, depth)
        mesh = posed.mesh()
        _remove_leftovers(folder)
        write_depth(folder / FILES[0], depth)
        write_points(folder / FILES[1], points, settings.dtype)
        if mesh is not None:
            write_mesh(trimesh.Trimesh(*mesh, process=False), folder / MESH)
        write_pointcloud(folder / FILES[2], cloud)
    return Outcome(made=len(missing), kept=len(views) - len(missing))


def is_whole(folder: Path) -> bool:
    """Return whether a model has all its files, each of them whole."""
    # The end of an .npz file is its table of contents.
    return all(zipfile.is_zipfile(folder / name) for name in reversed(FILES))


def _remove_leftovers(folder: Path) -> None:
    """Remove partial files of a run that was killed (:mod:`im2mesh.files`)."""
    if folder.is_dir():
        for path in folder.glob(".*.part.*"):
            path.unlink(missing_ok=True)


# --- all shapes -------------------------------------------------------------------------------


def build_dataset(
    shapes: Sequence[Entry],
    problems: Iterable[tuple[str, str]],
    out: str | os.PathLike[str],
    settings: DatasetSettings,
    partition: Partition,
    origin: Mapping[str, Any],
    h5: bool = False,
    workers: int = 1,
    cluster: str | None = None,
    overwrite: bool = False,
) -> BuildReport:
    """Make a data set, or its missing models.

    Args:
        shapes: of the data set.
        problems: (name, reason) of shapes that cannot be used.
        out: folder of the data set; models of other shapes in it stay.
        settings: of the models.
        partition: into splits.
        origin: source of the shapes, for ``dataset.yaml``.
        h5: pack the models of each class into an HDF5 file when they are done.
        workers: processes; see :func:`im2mesh.parallel.run_tasks`, also for ``cluster``.
        cluster: its workers can read the meshes and write to ``out``.
        overwrite: make existing models again.

    Raises:
        InputError: an unknown class to hold out, a folder with models of other settings (without
            ``overwrite``), or one that cannot be written to or that another process writes to.
    """
    out = Path(out).absolute()
    settings.check()
    shapes = [shape.with_views(settings.views, settings.seed) for shape in shapes]
    unknown = partition.unseen - {shape.folder for shape in shapes}
    if unknown:
        raise InputError(f"--unseen {' '.join(sorted(unknown))}: no shape is of such a class")
    partition.assign(shapes, settings.seed)  # its errors come before the work
    advice = "choose another folder with --out"
    check_writable(out, advice)
    record = _record(settings, partition, origin, h5)
    report = BuildReport(rejected=sorted(problems))
    with locked(out / LOCK, f"wait for it to end, or {advice}"):
        before = _begin(out, shapes, record, overwrite)
        good = _make(shapes, out, settings, report, workers, cluster)
        splits = partition.assign(good, settings.seed)
        names = [n for n in {*partition.names, *map(str, before.get("splits", {})), UNSEEN} if n]
        _finish(out, shapes, good, splits, sorted(names), record)
    for name in partition.names:
        if partition.shares.get(name, 1) > 0 and name not in splits.values():
            log.warning(
                "the split %s is empty, so nothing can be trained or evaluated on it: %d usable "
                "shapes; add shapes, or change --splits",
                name,
                len(good),
            )
    left_out = sum(split is None for split in splits.values())
    if left_out:
        log.warning("%d shapes are in none of the lists, so in no split", left_out)
    return report


def _begin(
    out: Path, shapes: Sequence[Entry], record: Mapping[str, Any], overwrite: bool
) -> dict[str, Any]:
    """Check that existing models have the same settings, and replace ``dataset.yaml``.

    The old one is returned.
    """
    path = out / "dataset.yaml"
    before = _read_record(path)
    views = {view.name: view for shape in shapes for view in shape.views}
    if overwrite:
        for shape in shapes:
            for name in packed_models(out / shape.folder).values():
                (out / shape.folder / name).unlink(missing_ok=True)
        for view in views.values():
            (out / view.class_id / view.name / FILES[-1]).unlink(missing_ok=True)
    elif path.is_file():
        changed = changed_settings(
            path, record, lambda r: {**r["settings"], "format": r.get("format")}
        )
        for old in _read_poses(out):
            new = views.get(old.name)
            if new is not None and new != old:
                changed.append(f"the pose of {old.name}")
        if changed:
            raise InputError(
                f"{out}: holds models made in another way ({changed[0]}); make them again with "
                "--overwrite, or choose another folder with --out"
            )
        for line in differences(before.get("versions", {}), record["versions"]):
            log.warning("%s: begun with other versions: %s", out, line)
    write_record(path, record)
    _write_poses(out, shapes, shapes)
    return before


def _make(
    shapes: Sequence[Entry],
    out: Path,
    settings: DatasetSettings,
    report: BuildReport,
    workers: int,
    cluster: str | None,
) -> list[Entry]:
    """Make the missing models; return the usable shapes in order."""
    packed = {shape.folder: set[str]() for shape in shapes}
    for folder, names in packed.items():
        names |= packed_models(out / folder).keys()
    tasks, bad = [], set()
    for shape in shapes:
        models = {view.name for view in shape.views}
        if models <= packed[shape.folder]:
            report.kept += len(models)
        else:
            tasks.append(ShapeTask(shape, settings, out))
    _write_rejected(out, report)
    results = run_tasks(build_shape, tasks, workers, cluster)
    with (
        closing(results),  # ends the processes when the loop is left
        progress_bar(results, total=len(tasks), unit="shape") as bar,
    ):
        for task, outcome in bar:
            if isinstance(outcome, WorkerDied):
                outcome = Outcome(problem=str(outcome))
            report.made += outcome.made
            report.kept += outcome.kept
            if outcome.problem is not None:
                bad.add(task.shape.label)
                report.rejected = sorted([*report.rejected, (task.shape.label, outcome.problem)])
                _write_rejected(out, report)
    return [shape for shape in shapes if shape.label not in bad]


def _finish(
    out: Path,
    shapes: Sequence[Entry],
    good: Sequence[Entry],
    splits: Mapping[str, str | None],
    names: Sequence[str],
    record: Mapping[str, Any],
) -> None:
    """Pack the models for HDF5, then write the lists and the poses.

    ``names`` are those of all splits, old ones included; ``good`` shapes have models.
    """
    for folder in sorted({shape.folder for shape in shapes}):
        models = {
            shape.label: [view.name for view in shape.views]
            for shape in good
            if shape.folder == folder
        }
        files: Mapping[str, str] = {}
        if record["format"] == "h5":
            files = pack_class(out / folder, [name for names in models.values() for name in names])
        wanted = [UNSEEN] if folder in record["unseen"] else list(record["splits"])
        for split in names:
            path = out / folder / f"{split}.lst"
            if split not in wanted:
                path.unlink(missing_ok=True)
                continue
            lines = [n for label, ns in models.items() if splits[label] == split for n in ns]
            write_text(path, "".join(f"{n} {files[n]}\n" if files else f"{n}\n" for n in lines))
    _write_poses(out, shapes, good)


# --- files beside the models ------------------------------------------------------------------


def _record(
    settings: DatasetSettings, partition: Partition, origin: Mapping[str, Any], h5: bool
) -> dict[str, Any]:
    """Return ``dataset.yaml``; its ``settings`` and ``format`` decide the models' bytes."""
    return {
        "format": "h5" if h5 else "npz",
        "origin": dict(origin),
        "settings": asdict(settings),
        "splits": dict(partition.shares) or {n: str(path) for n, path in partition.lists.items()},
        "unseen": sorted(partition.unseen),
        "versions": {"im2mesh": __version__}
        | {name: importlib.metadata.version(name) for name in LIBRARIES},
    }


def _read_record(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        record = read_yaml(path)
    except ConfigError:
        record = {}
    if not all(isinstance(record.get(key), dict) for key in ("settings", "splits", "versions")):
        raise InputError(f"{path}: is no record of a data set; remove it, or choose another --out")
    return record


def _read_poses(out: Path) -> list[View]:
    path = out / "poses.csv"
    return read_poses(path) if path.is_file() else []


def _write_poses(out: Path, shapes: Sequence[Entry], good: Sequence[Entry]) -> None:
    """Write ``poses.csv`` with the good shapes and with shapes of other runs."""
    labels = {(shape.folder, shape.class_name, shape.name) for shape in shapes}
    views = [v for v in _read_poses(out) if (v.class_id, v.class_name, v.model) not in labels]
    views += [view for shape in good for view in shape.views]
    if not views:
        (out / "poses.csv").unlink(missing_ok=True)
        return
    rows = [(v.name, v.class_id, repr(v.azimuth), repr(v.elevation)) for v in views]
    _write_csv(out / "poses.csv", HEADER, rows)


def _write_rejected(out: Path, report: BuildReport) -> None:
    _write_csv(out / "rejected.csv", ("name", "reason"), report.rejected)


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    write_text(path, pd.DataFrame(rows, columns=list(header)).to_csv(index=False))
