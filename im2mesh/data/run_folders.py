"""Where a run's files go, and how each is written.

.. code-block:: text

    <run>/config.yaml                      what the run was made with
    <run>/meshes/<class>/<model>.{ply,off}
    <run>/pointcloud/<class>/<model>.ply   if generation.generate_pointcloud
    <run>/input/<class>/<model>.jpg        if generation.copy_input
    <run>/vis/<class>/NN_{mesh.ply,in.jpg,gt.off}
                                           copies of the first generation.vis_n_outputs
    <run>/time_generation_full.{pkl,csv}   one row a map
    <run>/time_generation.{pkl,csv}        their means by class

Meshes are also found, and read, where other methods put them.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import trimesh
from PIL import Image

from im2mesh.config import Config, from_dict, read_yaml
from im2mesh.errors import ConfigError, InputError
from im2mesh.files import atomic

POINTCLOUD_POINTS = 100_000
"""Points sampled on a mesh for ``generate_pointcloud``, as many as the evaluation draws."""

MESH_FILES = ("ply", "off")
"""Extensions of a mesh, in the order in which they are looked for."""

FARTHEST = 1e6
"""Largest coordinate of a mesh, which lies in or near the unit cube; squares of this are sound."""

Key = tuple[str, str]
"""Class folder and name of a model."""

_TIMINGS = ("time_generation*.pkl", "time_generation*.csv")
_WRITTEN = (
    *(f"meshes/*/*.{kind}" for kind in MESH_FILES),
    "pointcloud/*/*.ply",
    "input/*/*.jpg",
    "vis/*/[0-9][0-9]*_mesh.ply",
    "vis/*/[0-9][0-9]*_in.jpg",
    "vis/*/[0-9][0-9]*_gt.off",
    *_TIMINGS,
)


def run_folder(configs: Sequence[Config]) -> Path:
    """The published name of a run: by the first patch level and the number of levels.

    ``<out_dir>/<generation_dir>`` of the first patch config (of the first config, if none is a
    patch level), then ``_hierarchical`` for two levels and ``_hierarchical<N>`` for any other
    number but one, then ``_sdf`` where an SDF global level is fused with occupancy patches.
    """
    named_by = next((config for config in configs if config.is_patch), configs[0])
    levels = len(configs)
    suffix = {1: "", 2: "_hierarchical"}.get(levels, f"_hierarchical{levels}")
    mixed = len({config.is_sdf for config in configs}) > 1
    if mixed and any(config.is_sdf and not config.is_patch for config in configs):
        suffix += "_sdf"
    return Path(named_by.training.out_dir) / (named_by.generation.generation_dir + suffix)


def recorded_levels(folder: Path) -> list[tuple[Config, str]]:
    """The levels of a run, by its own record.

    Returns:
        Configuration and SHA-256 of the weights ("" where that is not known) of each; none where
        the run's ``config.yaml`` is missing or damaged.
    """
    try:
        return [
            (from_dict(level["config"], Path(level.get("source", ""))), level.get("sha256", ""))
            for level in read_yaml(folder / "config.yaml")["levels"]
        ]
    except (KeyError, TypeError, AttributeError, ConfigError):
        return []


def global_level(folder: Path) -> tuple[Config, str] | None:
    """The global level of a fused run, as :func:`recorded_levels` has it.

    Its configuration names where it writes when it is alone. None where there is no record, or
    the run is a level alone, or has no global one.
    """
    levels = recorded_levels(folder)
    found = next((level for level in levels if not level[0].is_patch), None)
    return found if len(levels) > 1 else None


def mesh_paths(run: Path, class_name: str, model: str) -> dict[str, Path]:
    """The files of one mesh by their type."""
    folder = run / "meshes" / class_name
    return {suffix: folder / f"{model}.{suffix}" for suffix in MESH_FILES}


def pointcloud_path(run: Path, class_name: str, model: str) -> Path:
    """The file of the points of one mesh."""
    return run / "pointcloud" / class_name / f"{model}.ply"


def written(run: Path) -> list[Path]:
    """Every file in a run's folder that is called as generators call theirs, but ``config.yaml``.

    Other files in its folders, such as ``meshes/<class>/notes.txt``, are not among them.
    """
    return sorted(path for pattern in _WRITTEN for path in run.glob(pattern) if not path.is_dir())


# --- finding and reading meshes ---------------------------------------------------------------


def mesh_folder(folder: Path) -> Path:
    """Where the meshes of a run, or of another method, lie: ``meshes`` in it, or it itself."""
    return folder / "meshes" if (folder / "meshes").is_dir() else folder


def find_mesh(meshes: Path, class_id: str, model: str) -> Path | None:
    """The mesh of a model: ``<class>/<model>.{ply,off}``, else ``<model>.{ply,off}``.

    Args:
        meshes: as :func:`mesh_folder` names it.
        class_id: folder of the class.
        model: its name.
    """
    names = [f"{model}.{kind}" for kind in MESH_FILES]
    places = [meshes / class_id / name for name in names] + [meshes / name for name in names]
    return next((path for path in places if os.path.isfile(path)), None)


def find_meshes(meshes: Path) -> dict[Key, Path]:
    """Every mesh that :func:`find_mesh` can find; the class of those in no class folder is ""."""
    found: dict[Key, Path] = {}
    for kind in reversed(MESH_FILES):
        found |= {("", path.stem): path for path in sorted(meshes.glob(f"[!.]*.{kind}"))}
        found |= {(p.parent.name, p.stem): p for p in sorted(meshes.glob(f"*/[!.]*.{kind}"))}
    return found


def read_mesh(path: Path) -> trimesh.Trimesh:
    """Read a mesh file; one without faces is a result too.

    Raises:
        InputError: it cannot be read as a mesh of triangles, they name vertices that are not
            there, or it reaches beyond :data:`FARTHEST`.
    """
    try:
        loaded = trimesh.load(path, process=False)
    except Exception as error:  # trimesh's readers raise anything on a damaged file
        raise InputError(f"{path}: not a readable mesh ({error}); make it again") from error
    vertices = np.asarray(getattr(loaded, "vertices", np.zeros((0, 3))))
    if np.abs(vertices[np.isfinite(vertices)]).max(initial=0) > FARTHEST:
        raise InputError(
            f"{path}: has coordinates beyond {FARTHEST:g}; a mesh lies in the unit cube, make it "
            "again"
        )
    if not isinstance(loaded, trimesh.Trimesh):
        return trimesh.Trimesh(vertices)
    faces = loaded.faces
    if not faces.size and not _counts_faces(path):
        return trimesh.Trimesh(loaded.vertices, process=False)
    if loaded.vertices.shape[1:] != (3,) or faces.shape[1:] != (3,):
        raise InputError(f"{path}: not a readable mesh (its faces are no triangles); make it again")
    if len(faces) and not 0 <= faces.min() <= faces.max() < len(loaded.vertices):
        raise InputError(
            f"{path}: its faces name vertices {faces.min()} … {faces.max()} of "
            f"{len(loaded.vertices)}; make it again"
        )
    return loaded


def _counts_faces(path: Path) -> bool:
    """Whether an OFF file says that it has faces; its reader drops what is no polygon."""
    if path.suffix.lower() != ".off":
        return False
    counts = re.search(rb"OFF\s+-?\d+\s+(-?\d+)", path.read_bytes())
    return counts is not None and int(counts[1]) != 0


# --- writing ----------------------------------------------------------------------------------


def write_mesh(mesh: trimesh.Trimesh, path: Path) -> None:
    """Write a mesh as ``.ply`` (binary) or ``.off``, whole or not at all; it may be empty.

    Vertices are float32 in both, so that both files hold the same mesh.
    """
    vertices = np.asarray(mesh.vertices, np.float32)
    faces = np.asarray(mesh.faces, np.int32)
    with atomic(path) as beside:
        if path.suffix == ".off":
            _write_off(vertices, faces, beside)
        else:
            _write_ply(vertices, faces, beside)


def _write_ply(vertices: np.ndarray, faces: np.ndarray, path: Path) -> None:
    # trimesh's own writer refuses a mesh without faces, which is a result like any other.
    rows = np.empty(len(faces), [("count", "u1"), ("index", "<i4", 3)])
    rows["count"], rows["index"] = 3, faces
    header = (
        "ply\nformat binary_little_endian 1.0\n"
        f"element vertex {len(vertices)}\n"
        "property float x\nproperty float y\nproperty float z\n"
        f"element face {len(faces)}\n"
        "property list uchar int vertex_indices\nend_header\n"
    )
    path.write_bytes(header.encode() + vertices.astype("<f4").tobytes() + rows.tobytes())


def _write_off(vertices: np.ndarray, faces: np.ndarray, path: Path) -> None:
    # Nine significant digits hold every float32 exactly.
    table = pd.DataFrame(vertices).to_csv(
        None, sep=" ", header=False, index=False, float_format="%.9g", na_rep="nan"
    )
    rows = pd.DataFrame(np.column_stack([np.full(len(faces), 3), faces]))
    lines = rows.to_csv(None, sep=" ", header=False, index=False)
    path.write_text(f"OFF\n{len(vertices)} {len(faces)} 0\n{table}{lines}")


def write_pointcloud(mesh: trimesh.Trimesh, path: Path, seed: int) -> None:
    """Write points sampled on the mesh, uniformly by area, with a fixed seed; may be empty."""
    points = np.zeros((0, 3))
    if len(mesh.faces):
        points, _ = trimesh.sample.sample_surface(mesh, POINTCLOUD_POINTS, seed=seed)
    cloud = np.asarray(points, "<f4")
    header = (
        "ply\nformat binary_little_endian 1.0\n"
        f"element vertex {len(cloud)}\n"
        "property float x\nproperty float y\nproperty float z\nend_header\n"
    )
    with atomic(path) as beside:
        beside.write_bytes(header.encode() + cloud.tobytes())


def write_picture(picture: np.ndarray, path: Path) -> None:
    """Write an (H, W, 3) uint8 picture."""
    with atomic(path) as beside:
        Image.fromarray(picture).save(beside, quality=95)


def copy_file(source: str | os.PathLike[str], path: Path) -> None:
    """Copy a file, whole or not at all."""
    with atomic(path) as beside:
        shutil.copyfile(source, beside)


def write_timings(rows: pd.DataFrame, run: Path) -> None:
    """Write the rows and their class means, each as ``.pkl`` and ``.csv``.

    Args:
        rows: one row a map, indexed by ``idx``, with ``class id``, ``class name``,
            ``modelname`` and numbers.
        run: the run's folder.
    """
    means = rows.drop(columns=["class id", "modelname"]).groupby("class name").mean()
    for table, stem in ((rows, "time_generation_full"), (means, "time_generation")):
        with atomic(run / f"{stem}.pkl") as beside:
            table.to_pickle(beside)
        with atomic(run / f"{stem}.csv") as beside:
            table.to_csv(beside)


def remove_timings(run: Path) -> None:
    """Remove what :func:`write_timings` wrote, where there is any."""
    for pattern in _TIMINGS:
        for path in run.glob(pattern):
            path.unlink()
