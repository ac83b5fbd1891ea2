"""Layout of a run's folder, and writers of its files.

.. code-block:: text

    <run>/config.yaml                      the settings of the run
    <run>/meshes/<class>/<model>.{ply,off} as generation.mesh_formats names them
    <run>/pointcloud/<class>/<model>.ply   if generation.generate_pointcloud
    <run>/input/<class>/<model>.jpg        if generation.copy_input
    <run>/vis/<class>/NN_{mesh.ply,in.jpg,gt.off}
                                           copies of the first generation.vis_n_outputs
    <run>/timings/<class>/<model>.json     what a map took
    <run>/time_generation_full.{pkl,csv}   the same of all maps, one row each
    <run>/time_generation.{pkl,csv}        their means by class
    <run>/{generate,eval_meshes}.lock      locked while a program writes here, else meaningless

Meshes are also found where other methods put them.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from im2mesh.config import MESH_FORMATS, Config, from_dict, read_yaml
from im2mesh.errors import ConfigError, InputError
from im2mesh.files import atomic, first_line, write_text
from im2mesh.geometry.mesh_files import Surface
from im2mesh.geometry.surface import sample_surface

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

POINTCLOUD_POINTS = 100_000
"""Points sampled on a mesh for ``generate_pointcloud``, as many as the evaluation draws."""

GENERATION_LOCK, SCORING_LOCK = "generate.lock", "eval_meshes.lock"
"""Lock files of a generator and of an evaluation that writes to the run."""

RECORD = "config.yaml"
"""The file with the settings of a run."""

Key = tuple[str, str]
"""Class folder and name of a model."""

_TABLES = ("time_generation*.pkl", "time_generation*.csv")
_WRITTEN = (
    *(f"meshes/*/*.{kind}" for kind in MESH_FORMATS),
    "pointcloud/*/*.ply",
    "input/*/*.jpg",
    "vis/*/[0-9][0-9]*_mesh.ply",
    "vis/*/[0-9][0-9]*_in.jpg",
    "vis/*/[0-9][0-9]*_gt.off",
    "timings/*/*.json",
    *_TABLES,
)


def run_folder(configs: Sequence[Config]) -> Path:
    """Return the published folder of a run, by its first patch level and number of levels.

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
    """Return configuration and SHA-256 of the weights ("": not known) of each level of a run.

    There are none where the run's ``config.yaml`` is missing or damaged.
    """
    try:
        return [
            (from_dict(level["config"], Path(level.get("source", ""))), level.get("sha256", ""))
            for level in read_yaml(folder / RECORD)["levels"]
        ]
    except (KeyError, TypeError, AttributeError, ConfigError):
        return []


def global_level(folder: Path) -> tuple[Config, str] | None:
    """Return the global level of a fused run, as :func:`recorded_levels` does.

    Its configuration names the folder of the level's own run. None where there is no record, or
    the run has one level, or has no global level.
    """
    levels = recorded_levels(folder)
    found = next((level for level in levels if not level[0].is_patch), None)
    return found if len(levels) > 1 else None


def mesh_paths(run: Path, class_name: str, model: str, formats: Sequence[str]) -> dict[str, Path]:
    """Return the files of one mesh by their type."""
    folder = run / "meshes" / class_name
    return {suffix: folder / f"{model}.{suffix}" for suffix in formats}


def pointcloud_path(run: Path, class_name: str, model: str) -> Path:
    """Return the file of the points of one mesh."""
    return run / "pointcloud" / class_name / f"{model}.ply"


def timings_path(run: Path, class_name: str, model: str) -> Path:
    """Return the file of the timings of one map."""
    return run / "timings" / class_name / f"{model}.json"


def written(run: Path) -> list[Path]:
    """List all results in a run's folder, by the names that generators give them.

    ``config.yaml`` and other files, such as ``meshes/<class>/notes.txt``, are not among them.
    """
    return sorted(path for pattern in _WRITTEN for path in run.glob(pattern) if not path.is_dir())


# --- finding meshes ---------------------------------------------------------------------------


def mesh_folder(folder: Path) -> Path:
    """Return the folder of a run's or another method's meshes: ``meshes`` in it, or itself."""
    return folder / "meshes" if (folder / "meshes").is_dir() else folder


def find_mesh(meshes: Path, class_id: str, model: str) -> Path | None:
    """Find the mesh of a model: ``<class>/<model>.ply``, else ``<model>.ply``.

    ``.off``, ``.obj``, ``.stl`` and ``.glb`` are looked for where there is no ``.ply``.
    """
    names = [f"{model}.{kind}" for kind in MESH_FORMATS]
    places = [meshes / class_id / name for name in names] + [meshes / name for name in names]
    return next((path for path in places if os.path.isfile(path)), None)


def find_meshes(meshes: Path) -> dict[Key, Path]:
    """List every mesh that :func:`find_mesh` can find; without a class folder the class is ""."""
    found: dict[Key, Path] = {}
    for kind in reversed(MESH_FORMATS):
        found |= {("", path.stem): path for path in sorted(meshes.glob(f"[!.]*.{kind}"))}
        found |= {(p.parent.name, p.stem): p for p in sorted(meshes.glob(f"[!.]*/[!.]*.{kind}"))}
    return found


# --- writing ----------------------------------------------------------------------------------


def write_pointcloud(mesh: Surface, path: Path, seed: int) -> None:
    """Write points sampled on the mesh, uniformly by area, with a fixed seed; may be empty."""
    rng = np.random.default_rng(seed)
    points, _ = sample_surface(mesh.vertices, mesh.faces, POINTCLOUD_POINTS, rng)
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


def read_picture(path: Path) -> np.ndarray:
    """Read an (H, W, 3) uint8 picture."""
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(
            f"{path}: not a readable picture ({first_line(error)}); make it again or remove it"
        ) from error


def copy_file(source: str | os.PathLike[str], path: Path) -> None:
    """Copy a file, whole or not at all."""
    with atomic(path) as beside:
        shutil.copyfile(source, beside)


def write_timings(numbers: Mapping[str, float], path: Path) -> None:
    """Write what one map took."""
    write_text(path, json.dumps(numbers, indent=2) + "\n")


def read_timings(path: Path) -> dict[str, float]:
    """Read a file of :func:`write_timings`; return nothing where it is missing or damaged."""
    try:
        numbers: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(number, int | float) for number in numbers.values()):
            raise ValueError("not all are numbers")
        return numbers
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        log.warning("%s: not readable, left out (%s)", path, first_line(error))
        return {}


def write_tables(rows: pd.DataFrame, run: Path) -> None:
    """Write the rows and their class means, each as ``.pkl`` and ``.csv``.

    There is a row a map, indexed by ``idx``, with ``class id``, ``class name``, ``modelname`` and
    numbers.
    """
    means = rows.drop(columns=["class id", "modelname"]).groupby("class name").mean()
    for table, stem in ((rows, "time_generation_full"), (means, "time_generation")):
        with atomic(run / f"{stem}.pkl") as beside:
            table.to_pickle(beside)
        with atomic(run / f"{stem}.csv") as beside:
            table.to_csv(beside)


def remove_tables(run: Path) -> None:
    """Remove the files of :func:`write_tables`, if there are any."""
    for pattern in _TABLES:
        for path in run.glob(pattern):
            path.unlink()
