"""Check of a data set as a configuration reads it: keys, shapes, types, ranges, agreement.

The readers of training and evaluation read every file, which finds their errors. Then the arrays
are compared with each other, which finds another frame, another sign or another object. Each
problem is one line that names the file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from im2mesh.config import Config, load_config
from im2mesh.data.splits import shape_of
from im2mesh.data.storage import H5_GROUPS, H5Sample, NpzSample, PointCloud, Points, Sample, open_h5
from im2mesh.errors import ConfigError, DataError, DepthError, InputError
from im2mesh.files import open_npz
from im2mesh.geometry.pixels import back_project, pixels_at
from im2mesh.geometry.visibility import TOLERANCE, visible
from im2mesh.parallel import WorkerDied, run_tasks
from im2mesh.preparation.listing import SplitList, lists_of_config, lists_of_folder
from im2mesh.progress import progress_bar

# Coordinates and signs may be off by the rounding of float16.
ROUNDING = 1e-3

# Clouds, distances and depth maps of one object agree to this, and to the cloud's own spacing, at
# all but a small share of places (rims of sheets, gaps that were closed).
AGREEMENT, EXCEPTIONS = 0.01, 0.02

# Points of each array that are compared with the others.
PROBES = 4096

POINT_TYPES = ("float16", "float32")
TYPES: Mapping[str, tuple[str, ...]] = {
    "points": POINT_TYPES,
    "sdf": POINT_TYPES,
    "normals": POINT_TYPES,
    "occupancies": ("uint8", "bool"),
    "visible": ("bool", "uint8"),
}
"""Array of ``points.npz`` or ``pointcloud.npz`` → its allowed types."""


@dataclass(frozen=True)
class CheckTask:
    """A model to be checked, and which of its files are."""

    model: Sample
    config: Config
    uses: frozenset[str]  # as of a SplitList


def check_dataset(path: str | os.PathLike[str], workers: int = 1) -> tuple[int, list[str]]:
    """Check a data set; return the number of models and the problems, one line each.

    Args:
        path: its folder, to check all lists in it; or a configuration (``.yaml``), to check the
            files that it reads.
        workers: processes.

    Raises:
        InputError: there is no such folder or configuration.
    """
    path = Path(path)
    problems: list[str] = []
    if path.is_dir():
        splits, problems = lists_of_folder(path)
    elif path.suffix.lower() in (".yaml", ".yml"):
        splits = list(lists_of_config(load_config(path)))
    else:
        raise InputError(f"{path}: neither the folder of a data set nor a configuration (.yaml)")
    tasks: dict[tuple[str, str], CheckTask] = {}
    lists: dict[tuple[str, str], list[str]] = {}
    for split in splits:
        problems += _read_split(split, tasks, lists)
    if not path.is_dir():
        problems += _empty_splits(path, splits, lists)
    problems += _overlaps(lists)
    done = run_tasks(check_model, list(tasks.values()), workers)
    found: dict[tuple[str, str], list[str]] = {}
    with closing(done), progress_bar(done, total=len(tasks), unit="model") as bar:
        for task, lines in bar:
            if isinstance(lines, WorkerDied):
                lines = [f"{task.model.origin}: {lines}"]
            found[task.model.class_name, task.model.name] = lines
    problems += [line for key in tasks for line in found[key]]
    return len(tasks), list(dict.fromkeys(problems))  # a file of many models is named once


def _read_split(
    split: SplitList,
    tasks: dict[tuple[str, str], CheckTask],
    lists: dict[tuple[str, str], list[str]],
) -> list[str]:
    """Add a split's models to the tasks, and its path to the lists of each shape."""
    path = split.path
    if not path.is_file():
        return [f"{path}: no such split list"]
    try:
        models = split.models()
    except ConfigError as error:
        return [str(error)]
    problems = []
    seen: set[str] = set()
    for model in models:
        if model.name in seen:
            problems.append(f"{path}: names {model.name} twice")
            continue
        seen.add(model.name)
        shape = (split.class_name, shape_of(model.name))
        if str(path) not in lists.setdefault(shape, []):
            lists[shape].append(str(path))
        key = (split.class_name, model.name)
        uses = tasks[key].uses if key in tasks else frozenset()
        tasks[key] = CheckTask(model, split.config, uses | split.uses)
    return problems


def _empty_splits(
    config: Path, splits: Sequence[SplitList], lists: Mapping[tuple[str, str], Sequence[str]]
) -> list[str]:
    """Return a line for each split of a configuration whose lists are there and name no model."""
    used = {path for paths in lists.values() for path in paths}
    by_name: dict[str, list[Path]] = {}
    for split in splits:
        by_name.setdefault(split.name, []).append(split.path)
    return [
        f"{config}: the split {name} names no model ({paths[0]} is empty); training and evaluation "
        "refuse it"
        for name, paths in by_name.items()
        if all(path.is_file() for path in paths) and not used & {str(path) for path in paths}
    ]


def _overlaps(lists: Mapping[tuple[str, str], Sequence[str]]) -> list[str]:
    """Return a line for each pair of lists that share shapes."""
    pairs: dict[tuple[str, str], list[str]] = {}
    for (_, shape), paths in lists.items():
        for k, first in enumerate(paths):
            for second in paths[k + 1 :]:
                pairs.setdefault((first, second), []).append(shape)
    return [
        f"{second}: shares {len(shapes)} shapes with {Path(first).name}, such as {shapes[0]}; "
        "splits must be disjoint by shape"
        for (first, second), shapes in pairs.items()
    ]


# --- one model --------------------------------------------------------------------------------


def check_model(task: CheckTask) -> list[str]:
    """Return the problems of a model, one line each, with the file."""
    model, data = task.model, task.config.data
    problems: list[str] = []
    depth: np.ndarray | None = None
    try:
        depth = model.depth()
    except (DepthError, OSError) as error:
        problems.append(str(error))
    cloud: PointCloud | None = None
    if "cloud" in task.uses:
        file = data.pointcloud_chamfer_file or data.pointcloud_file
        where = _where(model, file)
        try:
            cloud = model.pointcloud(chamfer=data.pointcloud_chamfer_file is not None)
        except DataError as error:
            problems.append(str(error))
        else:
            found = _wrong_types(model, file, "pointcloud") + _wrong_cloud(cloud)
            if depth is not None and not found:
                found += _cloud_against_depth(cloud, depth)
            problems += [f"{where}: {problem}" for problem in found]
            cloud = None if found else cloud
    files = [(data.points_file, False)] if "points" in task.uses else []
    if (
        "iou" in task.uses
        and data.points_iou_file
        and (not files or data.points_iou_file != files[0][0])
    ):
        files.append((data.points_iou_file, True))
    for file, iou in files:
        try:
            points = model.points(iou)
        except DataError as error:
            problems.append(str(error))
            continue
        found = _wrong_types(model, file, "points") + _wrong_points(points, task.config)
        if not found and depth is not None:
            found += _points_against_depth(points, depth)
        if not found and cloud is not None:
            found += _points_against_cloud(points, cloud)
        problems += [f"{_where(model, file)}: {problem}" for problem in found]
    return problems


def _where(model: Sample, file: str) -> str:
    if isinstance(model, NpzSample):
        return str(model.folder / file)
    assert isinstance(model, H5Sample)
    return f"{model.file}[{model.name}]"


def _wrong_types(model: Sample, file: str, kind: str) -> list[str]:
    """Return a problem for each array that is stored in another type than the format's."""
    types: dict[str, str] = {}
    if isinstance(model, NpzSample):
        with open_npz(model.folder / file, DataError) as arrays:
            types = {key: str(arrays[key].dtype) for key in arrays.files}
    elif isinstance(model, H5Sample):
        with open_h5(model.file) as h5:
            for key, group in H5_GROUPS[kind].items():
                if f"{group}/{model.name}" in h5:
                    types[key] = str(h5[f"{group}/{model.name}"].dtype)
    return [
        f"{key} are {types[key]}; expected {' or '.join(allowed)}"
        for key, allowed in TYPES.items()
        if key in types and types[key] not in allowed
    ]


def _wrong_points(points: Points, config: Config) -> list[str]:
    problems = _wrong_coordinates(points.points)
    inside, sdf = points.occupancies, points.sdf
    if inside is None and not config.is_sdf:
        problems.append("holds no occupancies")
    if sdf is None and config.is_sdf:
        problems.append("holds no sdf")
    if inside is not None and len(inside) and inside.all():
        problems.append("every point is inside; are the occupancies those of the object?")
    if sdf is not None:
        if not np.isfinite(sdf).all():
            problems.append(f"{np.sum(~np.isfinite(sdf))} values of sdf are not finite")
        elif len(sdf) and np.abs(sdf).max() > np.sqrt(3):
            problems.append(
                f"sdf reaches {np.abs(sdf).max():.3g}, beyond the cube's diagonal: is it in the "
                "unit of the points?"
            )
        elif inside is not None:
            wrong = (inside & (sdf > ROUNDING)) | (~inside & (sdf < -ROUNDING))
            if wrong.any():
                opposite = wrong.mean() > 0.5
                problems.append(
                    f"sdf contradicts the occupancies at {wrong.sum()} of {len(wrong)} points"
                    + ("; it must be negative inside" if opposite else "")
                )
    return problems


def _wrong_cloud(cloud: PointCloud) -> list[str]:
    problems = _wrong_coordinates(cloud.points)
    if cloud.normals is not None and len(cloud.normals):
        off = np.abs(np.linalg.norm(cloud.normals, axis=1) - 1)
        if not (off < AGREEMENT).all():
            problems.append(f"{np.sum(~(off < AGREEMENT))} normals are not of length 1")
    return problems


def _wrong_coordinates(points: np.ndarray) -> list[str]:
    if not len(points):
        return ["holds no points"]
    if not np.isfinite(points).all():
        return [f"{np.sum(~np.isfinite(points).all(axis=1))} points are not finite"]
    beyond = (np.abs(points) > 0.5 + ROUNDING).any(axis=1)
    if beyond.any():
        reach = np.abs(points).max()
        return [f"{beyond.sum()} points are outside the cube [-0.5, 0.5]³ (up to {reach:.4g})"]
    return []


# --- comparison of arrays ----------------------------------------------------------------


def _cloud_against_depth(cloud: PointCloud, depth: np.ndarray) -> list[str]:
    problems = []
    if cloud.visible is not None:
        wrong = np.mean(cloud.visible != visible(cloud.points, depth))
        if wrong > EXCEPTIONS:
            problems.append(
                f"visible is wrong at {wrong:.1%} of the points: a point is seen if it is over the "
                f"object and not behind the depth map by more than {TOLERANCE:g}"
            )
    tree, spacing = _tree(cloud)
    distance, _ = tree.query(_probes(back_project(depth)))
    off = np.mean(distance > AGREEMENT + spacing)
    if off > EXCEPTIONS:
        problems.append(
            f"{off:.1%} of what the depth map shows is not in the cloud: is it another object, "
            "pose or frame?"
        )
    return problems


def _points_against_depth(points: Points, depth: np.ndarray) -> list[str]:
    if points.occupancies is None or not points.occupancies.any():
        return []
    inside = points.points[points.occupancies]
    rows, columns = pixels_at(inside, len(depth))
    # The nearest surface around a pixel: at a silhouette, a pixel may see past the object.
    first = ndimage.minimum_filter(np.where(depth >= 0, depth, np.inf), size=5)[rows, columns]
    over = depth[rows, columns] >= 0
    before = np.mean(0.5 - inside[over, 2] < first[over] - AGREEMENT) if over.any() else 1.0
    if before > 2 * EXCEPTIONS:
        return [
            f"{before:.1%} of the occupied points are in front of what the depth map shows: is it "
            "another object, pose or frame, or are the occupancies inverted?"
        ]
    return []


def _points_against_cloud(points: Points, cloud: PointCloud) -> list[str]:
    problems = []
    tree, spacing = _tree(cloud)
    chosen = _probes(np.arange(len(points.points)))
    places = points.points[chosen]
    distance, nearest = tree.query(places)
    if points.sdf is not None:
        sdf = np.abs(points.sdf[chosen])
        off = np.mean((sdf > distance + AGREEMENT) | (distance > sdf + AGREEMENT + spacing))
        if off > EXCEPTIONS:
            problems.append(
                f"sdf is not the distance to the cloud at {off:.1%} of the points: is it of "
                "another object, pose or unit?"
            )
    if points.occupancies is not None and cloud.normals is not None:
        near = distance < 0.1
        behind = ((places - cloud.points[nearest]) * cloud.normals[nearest]).sum(axis=1) < 0
        agree = np.mean((behind == points.occupancies[chosen])[near]) if near.any() else 1.0
        if agree < 0.75:
            problems.append(
                f"occupancies fit the cloud's normals at only {agree:.1%} of the points near it: "
                "normals point outwards, occupied is inside"
            )
    return problems


def _tree(cloud: PointCloud) -> tuple[cKDTree, float]:
    """Return the cloud's tree and the largest distance from the surface to its nearest point."""
    tree = cKDTree(cloud.points)
    if len(cloud.points) < 2:
        return tree, float("inf")
    neighbours, _ = tree.query(_probes(cloud.points), k=2)
    return tree, 3 * float(np.quantile(neighbours[:, 1], 0.95))


def _probes(array: np.ndarray) -> np.ndarray:
    return array[:: -(-len(array) // PROBES)] if len(array) else array
