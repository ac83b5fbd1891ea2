"""A generation run: many depth maps, one folder of results."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import trimesh

from im2mesh import __version__
from im2mesh.config import (
    Config,
    GenerationConfig,
    to_dict,
    with_defaults,
)
from im2mesh.data import run_folders as outputs
from im2mesh.data.depth_picture import depth_picture
from im2mesh.data.fitting import warn_if_small
from im2mesh.data.records import changed_settings, write_record
from im2mesh.data.sources import DepthSource
from im2mesh.data.splits import row_keys
from im2mesh.errors import CheckpointError, ConfigError, InputError
from im2mesh.files import atomic, check_writable, file_digest, locked
from im2mesh.generation.pipeline import STAGES, Reconstruction, Reconstructor
from im2mesh.geometry.mesh_files import read_mesh, write_mesh
from im2mesh.progress import progress_bar
from im2mesh.timing import Stopwatch

log = logging.getLogger(__name__)

GROUND_TRUTH_FILES = ("model.off", "model_watertight.off")
"""Files of a model folder that ``generation.copy_groundtruth`` looks for."""

RESULTS = ("meshes", "pointcloud")
"""Folders of a run with results that take long to make."""


Writers = dict[Path, Callable[[trimesh.Trimesh, Path], None]]
"""A writer for each file of a map's results."""

_LISTS = ("classes", "train_split", "val_split", "test_split")
_NOT_DECISIVE = ("mesh_formats", "vis_n_outputs", "copy_input", "copy_groundtruth", "batch_size")
"""Keys of ``data`` and of ``generation`` that do not change any mesh."""


@dataclass
class RunReport:
    """The outcome of each map, by its name ``<class>/<model>``; failed ones with the reason."""

    written: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)


def check_same_data(configs: Sequence[Config]) -> None:
    """Check that levels to be fused name the same inputs.

    Raises:
        ConfigError: naming the first key that differs and both values.
    """
    first = configs[0]
    for other in configs[1:]:
        for key in ("path", "classes", "test_split", "img_folder"):
            a, b = getattr(first.data, key), getattr(other.data, key)
            if a != b:
                raise ConfigError(
                    f"{other.source}: data.{key} is {b!r} but {first.source} has {a!r}; "
                    "levels that are fused must read the same depth maps"
                )
        if other.is_h5 != first.is_h5:
            raise ConfigError(
                f"{other.source}: data.dataset is {other.data.dataset} but {first.source} has "
                f"{first.data.dataset}; levels that are fused must read the same depth maps"
            )


def run(
    reconstructor: Reconstructor,
    sources: Sequence[DepthSource],
    folder: Path,
    resume: bool = False,
    overwrite: bool = False,
) -> RunReport:
    """Reconstruct every source into ``folder`` (:mod:`im2mesh.data.run_folders`).

    A bad depth map, or one with a name that is too long, is reported and does not stop the run.
    Files are written whole, and a map's timings with its results, so an interrupted run loses one
    map at the most. The tables of timings, written in the end, are of these sources only, numbered
    in their order.

    Args:
        reconstructor: the levels.
        sources: the maps.
        folder: the run's folder; made when missing.
        resume: skip maps with results that are newer than their depth file; missing pictures and
            copies of these are made.
        overwrite: remove all results of other settings, also those of maps that are not among the
            sources.

    Raises:
        ConfigError: no results are to be written.
        InputError: the folder is not writable, another run writes to it, or it holds results of
            other settings: any with ``resume``, or some that are not made again without
            ``overwrite``.
        CheckpointError: a level's weights give values that are not finite.
    """
    settings = reconstructor.settings
    if not (settings.generate_mesh or settings.generate_pointcloud):
        raise ConfigError(
            "generation.generate_mesh and generation.generate_pointcloud are both false: "
            "there is nothing to write"
        )
    advice = "choose another place with --out"
    check_writable(folder, advice)
    with locked(folder / outputs.GENERATION_LOCK, f"wait for it to end, or {advice}"):
        return _run(reconstructor, sources, folder, resume, overwrite)


def _run(
    reconstructor: Reconstructor,
    sources: Sequence[DepthSource],
    folder: Path,
    resume: bool,
    overwrite: bool,
) -> RunReport:
    settings = reconstructor.settings
    writers = [_writers(settings, source, folder) for source in sources]
    again = {path for each in writers for path in each}
    _record_settings(reconstructor, folder, resume, overwrite, again)
    report = RunReport()
    try:
        _make(reconstructor, sources, writers, folder, resume, report)
    finally:
        _write_tables(sources, writers, folder)
    return report


def _make(
    reconstructor: Reconstructor,
    sources: Sequence[DepthSource],
    writers: Sequence[Writers],
    folder: Path,
    resume: bool,
    report: RunReport,
) -> None:
    """Make the results of all maps, or with ``resume`` of those that have none, and report them."""
    settings = reconstructor.settings
    in_class: dict[str, int] = {}
    with progress_bar(sources, unit="map") as bar:
        for index, (source, files) in enumerate(zip(bar, writers, strict=True)):
            name = f"{source.class_name}/{source.model}"
            bar.set_description(name)
            number = in_class.get(source.class_name, 0)
            in_class[source.class_name] = number + 1
            try:
                if resume and _is_done(files, source):
                    _write_copies(source, source.load, settings, folder, number, missing=True)
                    report.skipped.append(name)
                    continue
                depth = source.load()
                if not settings.fit:
                    warn_if_small(depth, name)
                result = reconstructor(depth, source.known())
                seconds = _write(result, files, outputs.timings_path(folder, *_key(source)))
                _write_copies(source, partial(np.asarray, depth), settings, folder, number)
            except CheckpointError:
                raise  # such weights give no result for any map
            except InputError as error:
                report.failed.append((name, str(error)))
                continue
            except OSError as error:
                if error.errno != errno.ENAMETOOLONG:
                    raise
                message = f"{source.origin}: its name is too long for files of results; rename it"
                report.failed.append((name, message))
                continue
            if not len(result.faces):
                report.empty.append(name)
                log.warning("%s: empty mesh: the field stays below the iso-level", name)
            if settings.symmetry == "auto":
                found = "no symmetry" if result.symmetry is None else result.symmetry.name
                log.debug("%s: %s found", name, found)
            report.written.append(name)
            if bar.disable:
                log.info("%s: %.1f s (%d of %d)", name, seconds, index + 1, len(sources))


def _key(source: DepthSource) -> outputs.Key:
    return source.class_name, source.model


def _record_settings(
    reconstructor: Reconstructor,
    folder: Path,
    resume: bool,
    overwrite: bool,
    again: Collection[Path],
) -> None:
    """Write ``config.yaml``; with ``resume``, refuse other settings than it has.

    Without ``resume``, results made with other settings are removed first. So the record is never
    wrong about the results beside it, wherever the run is interrupted.

    Args:
        reconstructor: has the settings.
        folder: of the run.
        resume: refuse other settings.
        overwrite: all results may be removed.
        again: the results that this run makes; without ``overwrite`` only these, pictures and
            timings may be removed.

    Raises:
        InputError: the settings differ, and ``resume`` is set or other results would be removed.
    """
    record: dict[str, Any] = {
        "version": __version__,
        "generation": to_dict(reconstructor.settings),
        "levels": [
            {
                "name": level.name,
                "source": str(level.config.source),
                "weights": str(level.weights),
                "sha256": file_digest(level.weights),
                "config": to_dict(level.config),
            }
            for level in reconstructor.levels
        ],
    }
    path = folder / outputs.RECORD
    changed = changed_settings(path, record, lambda r: _decisive(_completed(r)))
    former = outputs.written(folder) if changed else []
    if former and resume:
        raise InputError(
            f"{folder}: holds results made with other settings ({changed[0]}); "
            "make them again with --overwrite, or choose another place with --out"
        )
    others = [
        result
        for result in former
        if result not in again and result.relative_to(folder).parts[0] in RESULTS
    ]
    if others and not overwrite:
        raise InputError(
            f"{folder}: holds results made with other settings ({changed[0]}) that this run "
            f"does not make again, such as {others[0].relative_to(folder)}; remove them all "
            "with --overwrite, or choose another place with --out"
        )
    for result in former:
        result.unlink()
    if former:
        log.info("%s: %d files made with other settings were removed", folder, len(former))
    write_record(path, record)


def _completed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Complete a record by the keys that did not exist when it was written, at their defaults."""
    level = {"config": to_dict(Config())}
    levels = record.get("levels")
    if isinstance(levels, list):
        record = {**record, "levels": [with_defaults(each, level) for each in levels]}
    return with_defaults(record, {"generation": to_dict(GenerationConfig())})


def _decisive(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record without values that change no mesh: version, lists of maps, training."""
    record = {key: value for key, value in record.items() if key != "version"}
    if isinstance(record.get("generation"), dict):
        record["generation"] = _without(record["generation"], *_NOT_DECISIVE)
    if isinstance(record.get("levels"), list):
        record["levels"] = [_decisive_of_level(level) for level in record["levels"]]
    return record


def _decisive_of_level(level: Any) -> Any:
    if not (isinstance(level, dict) and isinstance(level.get("config"), dict)):
        return level
    config = _without(level["config"], "training")
    for section, keys in (("data", _LISTS), ("generation", _NOT_DECISIVE)):
        if isinstance(config.get(section), dict):
            config[section] = _without(config[section], *keys)
    return {**level, "config": config}


def _without(values: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key not in keys}


def _write_tables(sources: Sequence[DepthSource], writers: Sequence[Writers], folder: Path) -> None:
    """Write the tables of timings, with a row for each map that has results and timings."""
    rows = [
        {**row_keys(index, *_key(source)), **timings}
        for index, (source, files) in enumerate(zip(sources, writers, strict=True))
        if all(os.path.isfile(path) for path in files)
        and (timings := outputs.read_timings(outputs.timings_path(folder, *_key(source))))
    ]
    if rows:
        outputs.write_tables(pd.DataFrame(rows).set_index("idx"), folder)
    else:
        outputs.remove_tables(folder)


def _writers(settings: GenerationConfig, source: DepthSource, folder: Path) -> Writers:
    """Return a writer for each file that a map must have to count as done."""
    writers: Writers = {}
    if settings.generate_pointcloud:
        path = outputs.pointcloud_path(folder, *_key(source))
        writers[path] = partial(outputs.write_pointcloud, seed=settings.seed)
    if settings.generate_mesh:
        for path in outputs.mesh_paths(folder, *_key(source), settings.mesh_formats).values():
            writers[path] = partial(write_mesh, normals=settings.vertex_normals)
    return writers


def _is_done(files: Collection[Path], source: DepthSource) -> bool:
    try:
        changed = source.changed()
        return all(os.path.getmtime(path) > changed for path in files)
    except (OSError, InputError):
        return False


def _write(result: Reconstruction, writers: Writers, timings: Path) -> float:
    """Write the results of one map and its timings; return all seconds that it took.

    The timings appear before the last result does, so a map that is done has them.
    """
    mesh = result.mesh
    watch = Stopwatch()
    *others, last = writers
    with atomic(last) as beside:
        with watch("write"):
            for path in others:
                writers[path](mesh, path)
            writers[last](mesh, beside)
        seconds = {**{stage: result.seconds[stage] for stage in STAGES}, **watch.seconds}
        seconds["total"] = sum(seconds.values())
        outputs.write_timings(
            {
                **{f"time ({stage})": value for stage, value in seconds.items()},
                "decoder passes": result.decoder_passes,
                "decoder rows": result.decoder_rows,
                "vertices": len(result.vertices),
                "faces": len(result.faces),
            },
            timings,
        )
    return seconds["total"]


def _write_copies(
    source: DepthSource,
    load: Callable[[], np.ndarray],
    settings: GenerationConfig,
    folder: Path,
    number: int,
    missing: bool = False,
) -> None:
    """Write what is quickly made beside the results of one map: its picture and ``vis/``.

    Args:
        source: the map.
        load: returns the map's array.
        settings: say which copies there are.
        folder: of the run.
        number: of the map in its class.
        missing: write only those that are not there, as after a full disk.
    """
    vis = folder / "vis" / source.class_name
    picture = folder / "input" / source.class_name / f"{source.model}.jpg"
    formats = settings.mesh_formats
    meshes = outputs.mesh_paths(folder, source.class_name, source.model, formats).values()
    writers: dict[Path, Callable[[Path], None]] = {}
    if settings.copy_input:
        writers[picture] = lambda path: outputs.write_picture(depth_picture(load()), path)
    if number < settings.vis_n_outputs:
        if settings.copy_input:
            writers[vis / f"{number:02d}_in.jpg"] = partial(outputs.copy_file, picture)
        if settings.copy_groundtruth:
            writers[vis / f"{number:02d}_gt.off"] = partial(_copy_ground_truth, source)
        if settings.generate_mesh:
            writers[vis / f"{number:02d}_mesh.ply"] = partial(
                _copy_mesh, next(iter(meshes)), settings
            )
    for path, write in writers.items():
        if not (missing and path.is_file()):
            write(path)


def _copy_mesh(mesh: Path, settings: GenerationConfig, path: Path) -> None:
    if mesh.suffix == path.suffix:
        outputs.copy_file(mesh, path)
    else:
        write_mesh(read_mesh(mesh), path, settings.vertex_normals)


def _copy_ground_truth(source: DepthSource, path: Path) -> None:
    for name in GROUND_TRUTH_FILES:
        if source.folder is not None and (source.folder / name).is_file():
            outputs.copy_file(source.folder / name, path)
            return
    log.warning("%s: no ground-truth mesh (%s)", source.origin, " or ".join(GROUND_TRUTH_FILES))
