"""The tasks of scoring a run: one for each mesh, cloud or input that is there."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from im2mesh.config import Config, GenerationConfig, from_dict, read_yaml, to_dict
from im2mesh.data.records import Record, changed_settings
from im2mesh.data.run_folders import (
    RECORD,
    find_mesh,
    global_level,
    mesh_folder,
    pointcloud_path,
    recorded_levels,
    run_folder,
)
from im2mesh.data.sources import DepthSource
from im2mesh.data.storage import Sample
from im2mesh.errors import ConfigError, DataError, InputError
from im2mesh.metrics import results
from im2mesh.metrics.results import CLOUD, MESH
from im2mesh.metrics.tasks import (
    AgainstInputTask,
    InputTask,
    MeshTask,
    ScoringSettings,
    ScoringTask,
)

log = logging.getLogger(__name__)

DECISIVE_KEYS = (
    "lattice",
    "extraction",
    "observation",
    "observation_noise",
    "symmetry",
    "min_piece",
    "fit",
    "refinement_step",
    "simplify_nfaces",
)
"""Keys of ``generation``, besides the resolution, that change a level's meshes."""


def mesh_tasks(
    config: Config, samples: Sequence[Sample], folder: Path, settings: ScoringSettings
) -> tuple[list[ScoringTask], list[str]]:
    """Return tasks for the meshes, and for point clouds if ``test`` says so and there are any.

    Returns:
        A task for each sample whose files are there, and the names of the others.

    Raises:
        ConfigError: ``test.eval_mesh`` and ``test.eval_pointcloud`` leave nothing to score.
        InputError: the folder holds no mesh (no cloud) of the split at all.
    """
    meshes, clouds = mesh_folder(folder), folder / "pointcloud"
    with_clouds = config.test.eval_pointcloud and (clouds.is_dir() or not config.test.eval_mesh)
    if not config.test.eval_mesh and not with_clouds:
        raise ConfigError(
            f"{config.source}: test.eval_mesh and test.eval_pointcloud are both false: there is "
            "nothing to score"
        )
    tasks: list[ScoringTask] = []
    missing: list[str] = []
    for idx, sample in enumerate(samples):
        files = {}
        if config.test.eval_mesh:
            files[MESH] = find_mesh(meshes, sample.class_name, sample.name)
        if with_clouds:
            cloud = pointcloud_path(folder, sample.class_name, sample.name)
            files[CLOUD] = cloud if cloud.is_file() else None
        there = {kind: path for kind, path in files.items() if path is not None}
        if next(iter(files)) not in there:  # the mesh, or the cloud where no mesh is asked for
            missing.append(f"{sample.class_name}/{sample.name}")
            continue
        tasks.append(MeshTask(idx, sample.class_name, sample.name, settings, sample, there))
    if not tasks:
        place = meshes if config.test.eval_mesh else clouds
        raise InputError(
            f"{place}: holds none of the {len(samples)} meshes of the split "
            f"{config.data.test_split} of {config.source} (first: {missing[0]}.ply); run a "
            "generator first, or name their "
            "folder with --meshes"
        )
    return tasks, missing


def input_tasks(samples: Sequence[Sample], settings: ScoringSettings) -> list[ScoringTask]:
    """Return a task for the points that the camera saw, of every sample."""
    return [
        InputTask(idx, sample.class_name, sample.name, settings, sample)
        for idx, sample in enumerate(samples)
    ]


def against_input_tasks(
    sources: Sequence[DepthSource], folder: Path, settings: ScoringSettings
) -> tuple[list[ScoringTask], list[str]]:
    """Return tasks for meshes against their depth maps, as :func:`mesh_tasks` does."""
    meshes = mesh_folder(folder)
    tasks: list[ScoringTask] = []
    missing: list[str] = []
    for idx, source in enumerate(sources):
        path = find_mesh(meshes, source.class_name, source.model)
        if path is None:
            missing.append(f"{source.class_name}/{source.model}")
        else:
            tasks.append(
                AgainstInputTask(idx, source.class_name, source.model, settings, source, path)
            )
    if not tasks:
        raise InputError(
            f"{meshes}: holds a mesh of none of the {len(sources)} depth maps (first: "
            f"{missing[0]}.ply); run a generator first, or name their folder with --meshes"
        )
    return tasks, missing


def global_tasks(
    config: Config, samples: Sequence[Sample], fused: Path, settings: ScoringSettings
) -> tuple[list[ScoringTask], list[str]] | None:
    """Return tasks for the global level alone, whose meshes lie in a run of its own.

    The log names settings in which that run differs from the fused one. None, with a log line,
    where there are no such meshes.
    """
    title = results.KINDS[results.GLOBAL]
    level = global_level(fused)
    if level is None:
        log.info(
            "%s: passed over: %s names no fused levels, one of them global", title, fused / RECORD
        )
        return None
    alone = run_folder([level[0]])
    meshes = mesh_folder(alone)
    if not any(find_mesh(meshes, sample.class_name, sample.name) for sample in samples):
        log.info(
            "%s: passed over: %s holds no meshes; make them with generate.py %s "
            "(and with the run's --input, if it had one)",
            title,
            alone,
            level[0].source,
        )
        return None
    for line in _changes_from_fused(fused, alone, level[1]):
        log.warning("%s: %s: made otherwise than the run: %s", title, alone, line)
    only_mesh = replace(config.test, eval_mesh=True, eval_pointcloud=False)
    return mesh_tasks(replace(config, test=only_mesh), samples, alone, settings)


def _changes_from_fused(fused: Path, alone: Path, digest: str) -> list[str]:
    """Compare the settings of a global level's own run with those of the level in a fused run.

    Returns:
        A line for each difference that changes meshes; none if one of the two records is missing
        or damaged.
    """
    try:
        ((_, own_digest),) = recorded_levels(alone)
        changed = changed_settings(fused / RECORD, read_yaml(alone / RECORD), _of_global_level)
    except (LookupError, ValueError, TypeError, AttributeError, ConfigError):
        return []
    return changed if own_digest == digest else ["other weights", *changed]


def _of_global_level(record: Record) -> Record:
    """Pick the settings that change the meshes of a run's global level."""
    levels = [from_dict(level["config"]) for level in record["levels"]]
    (level, *_) = (level for level in levels if not level.is_patch)
    generation = to_dict(GenerationConfig()) | record["generation"]
    return {
        "generation": {key: generation[key] for key in DECISIVE_KEYS}
        | {"resolution": level.resolution},
        "test": {"threshold": level.test.threshold},
    }


def check_ground_truth(samples: Sequence[Sample], config: Config) -> None:
    """Check early that there is ground truth to score against.

    Raises:
        ConfigError: the configuration names no cloud.
        DataError: none of the samples has one.
    """
    if config.data.pointcloud_chamfer_file is None:
        raise ConfigError(
            f"{config.source}: data.pointcloud_chamfer_file is null, so there is no ground truth "
            "to score against; name it, or score against the depth maps with --against-input"
        )
    first: DataError | None = None
    for sample in samples:
        try:
            sample.truth_version()
            return
        except DataError as error:
            first = first or error
    raise DataError(
        f"{first}, and so for all {len(samples)} models of the split {config.data.test_split}: "
        "there is no ground truth; make it with build_dataset.py, or score against the depth maps "
        "with --against-input"
    )
