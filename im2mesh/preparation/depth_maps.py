"""Depth maps of mesh files: one view, or all views of a pose list."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

from im2mesh import __version__
from im2mesh.data.records import changed_settings, write_record
from im2mesh.data.storage import write_depth
from im2mesh.errors import InputError
from im2mesh.files import check_writable, file_digest, locked, write_text
from im2mesh.geometry.mesh_files import load_mesh, shapenet_mesh, write_mesh
from im2mesh.geometry.pixels import IMAGE_SIZE
from im2mesh.geometry.poses import PoseConvention, pose
from im2mesh.geometry.rendering import render_depth, require_renderer
from im2mesh.preparation.pose_lists import View, read_poses
from im2mesh.progress import progress_bar

log = logging.getLogger(__name__)

LARGEST = 4096
"""Most pixels along a side; rendering them takes a few GB."""


@dataclass(frozen=True)
class Rendering:
    """Settings of a rendering."""

    renderer: str = "embreex"  # see rendering.render_depth
    convention: PoseConvention = "camera"  # of the pose, see geometry.poses
    size: int = IMAGE_SIZE  # pixels along a side, 2 to LARGEST

    def check(self) -> None:
        require_renderer(self.renderer)
        if not 2 <= self.size <= LARGEST:
            raise InputError(f"--size {self.size}: must be between 2 and {LARGEST}")

    def __call__(
        self, vertices: np.ndarray, faces: np.ndarray, azimuth: float, elevation: float
    ) -> np.ndarray:
        """Return the (size, size) depth map of a view, background −1; angles are degrees.

        Raises:
            InputError: the model cannot be posed, or no ray meets it.
        """
        posed = pose(vertices, azimuth, elevation, self.convention)
        depth = render_depth(posed, faces, self.size, self.renderer)
        if not (depth >= 0).any():
            raise InputError(
                f"nothing is seen at azimuth {azimuth:g}, elevation {elevation:g}: the mesh lies "
                "between the rays, as a flat one does that is seen edge-on"
            )
        return depth


@dataclass
class RenderReport:
    """Results of a pose list: names of views, and problems, one line each."""

    written: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def write_view(
    mesh: str | os.PathLike[str],
    path: str | os.PathLike[str],
    azimuth: float,
    elevation: float,
    rendering: Rendering,
    posed: Path | None = None,
) -> None:
    """Write the depth map of one mesh file's view (:func:`im2mesh.data.storage.write_depth`).

    The mesh in the camera frame, which is the map's ground truth, goes to ``posed`` if that is
    given.

    Raises:
        InputError: one line that names the mesh, or the map if it cannot be written.
    """
    rendering.check()
    vertices, faces = load_mesh(mesh)
    try:
        depth = rendering(vertices, faces, azimuth, elevation)
    except InputError as error:
        raise InputError(f"{mesh}: {error}") from error
    write_depth(path, depth)
    if posed is not None:
        turned = pose(vertices, azimuth, elevation, rendering.convention)
        write_mesh(trimesh.Trimesh(turned, faces, process=False), posed)


def write_views(
    poses: str | os.PathLike[str],
    root: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    rendering: Rendering,
    overwrite: bool = False,
) -> RenderReport:
    """Render a pose list of ShapeNet meshes into a folder that the generators and data sets read.

    The folder gets ``<name>/000.npz`` for each view, ``<list>.lst`` (a split list of the maps, in
    order) and ``<list>.yaml`` (how they were made), where <list> is the pose list's stem. A mesh is
    loaded once for all its views. Maps are written atomically, so an interrupted run is continued
    by starting it again. A mesh that cannot be used is noted in the report and skipped.
    ``overwrite`` removes the list's maps first.

    Raises:
        InputError: the list cannot be read, there is no such root, the folder holds the list's
            maps made with other settings (without ``overwrite``), it cannot be written to, or
            another process renders the list there.
    """
    poses, root, folder = Path(poses), Path(root), Path(folder)
    rendering.check()
    views = read_poses(poses)
    if not root.is_dir():
        shapenet_mesh(root, views[0].class_id, views[0].model)
    advice = "choose another folder with --out_dir"
    check_writable(folder, advice)
    with locked(folder / f"{poses.stem}.lock", f"wait for it to end, or {advice}"):
        return _write_views(poses, views, root, folder, rendering, overwrite)


def _write_views(
    poses: Path,
    views: Sequence[View],
    root: Path,
    folder: Path,
    rendering: Rendering,
    overwrite: bool,
) -> RenderReport:
    if overwrite:  # before the record, which must describe every map
        for view in views:
            _map(folder, view).unlink(missing_ok=True)
    _record(poses, folder, rendering, overwrite)
    by_mesh: dict[tuple[str, str], list[View]] = {}
    report = RenderReport()
    for view in views:
        if _map(folder, view).is_file():
            report.skipped.append(view.name)
        else:
            by_mesh.setdefault((view.class_id, view.model), []).append(view)
    with progress_bar(total=len(views), initial=len(report.skipped), unit="view") as bar:
        for (class_id, model), same in by_mesh.items():
            _write_views_of_mesh(root, class_id, model, same, folder, rendering, report, bar)
    made = {*report.written, *report.skipped}
    write_text(
        folder / f"{poses.stem}.lst", "".join(f"{v.name}\n" for v in views if v.name in made)
    )
    return report


def _write_views_of_mesh(
    root: Path,
    class_id: str,
    model: str,
    views: Sequence[View],
    folder: Path,
    rendering: Rendering,
    report: RenderReport,
    bar: Any,
) -> None:
    bar.set_description(f"{class_id}/{model}")
    try:
        path = shapenet_mesh(root, class_id, model)
        vertices, faces = load_mesh(path)
    except InputError as error:
        report.failed += [view.name for view in views]
        report.problems.append(f"{error} ({_count(len(views), 'view')})")
        bar.update(len(views))
        return
    for view in views:
        try:
            depth = rendering(vertices, faces, view.azimuth, view.elevation)
        except InputError as error:
            report.failed.append(view.name)
            report.problems.append(f"{path}: {view.name}: {error}")
        else:
            write_depth(_map(folder, view), depth)
            report.written.append(view.name)
        bar.update()


def _map(folder: Path, view: View) -> Path:
    return folder / view.name / "000.npz"


def _record(poses: Path, folder: Path, rendering: Rendering, overwrite: bool) -> None:
    """Write ``<list>.yaml``; raise InputError if it has other settings, unless overwriting."""
    record: dict[str, Any] = {
        "version": __version__,
        "poses": str(poses),
        "sha256": file_digest(poses),
        "renderer": rendering.renderer,
        "pose_convention": rendering.convention,
        "size": rendering.size,
    }
    path = folder / f"{poses.stem}.yaml"
    changed = [] if overwrite else changed_settings(path, record, _decisive)
    if changed:
        raise InputError(
            f"{path}: the maps of this list were made in another way ({changed[0]}); make "
            "them again with --overwrite, or choose another folder with --out_dir"
        )
    write_record(path, record)


def _decisive(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key not in ("version", "poses")}


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
