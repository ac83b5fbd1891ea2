"""A generation run: many depth maps, one folder of results."""

from __future__ import annotations

import errno
import logging
import os
import platform
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from im2mesh.config import Config, GenerationConfig
from im2mesh.data import run_folders as outputs
from im2mesh.data.depth_picture import depth_picture
from im2mesh.data.fitting import warn_if_small
from im2mesh.data.sources import DepthSource
from im2mesh.data.splits import row_keys
from im2mesh.errors import CheckpointError, ConfigError, InputError
from im2mesh.files import atomic, check_writable, file_digest, locked
from im2mesh.generation.level import Level
from im2mesh.generation.pipeline import STAGES, Reconstruction, Reconstructor
from im2mesh.generation.record import record_settings, recorded_precision
from im2mesh.geometry.mesh_files import Surface, read_mesh, write_mesh
from im2mesh.parallel import WorkerDied, run_tasks
from im2mesh.processors import threads
from im2mesh.progress import progress_bar
from im2mesh.timing import Stopwatch

log = logging.getLogger(__name__)

GROUND_TRUTH_FILES = ("model.off", "model_watertight.off")
"""Files of a model folder that ``generation.copy_groundtruth`` looks for."""

Writers = dict[Path, Callable[[Surface, Path], None]]
"""A writer for each file of a map's results."""


@dataclass
class RunReport:
    """The outcome of each map, by its name ``<class>/<model>``; failed ones with the reason."""

    written: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
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
    workers: int = 1,
    cluster: str | None = None,
) -> RunReport:
    """Reconstruct every source into ``folder`` (:mod:`im2mesh.data.run_folders`).

    A bad depth map, or one with a name that is too long, is reported and does not stop the run.
    Files are written whole, and a map's timings with its results, so an interrupted run loses the
    maps at work at the most. The tables of timings, written in the end, are of these sources only,
    numbered in their order. Results do not depend on the number of processes.

    Args:
        reconstructor: the levels.
        sources: the maps.
        folder: of the run.
        resume: skip maps with results that are newer than their depth file; missing pictures and
            copies of these are made.
        overwrite: remove all results of other settings, also those of maps that are not among the
            sources.
        workers: processes that share the maps and the processors.
        cluster: see :func:`im2mesh.parallel.run_tasks`.

    Raises:
        InputError: the folder is not writable, another run writes to it, or it holds results of
            other settings: any with ``resume``, or some that are not made again without
            ``overwrite``.
        CheckpointError: a level's weights give values that are not finite, or another process
            finds other weights.
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
        return _run(reconstructor, sources, folder, resume, overwrite, workers, cluster)


def _run(
    reconstructor: Reconstructor,
    sources: Sequence[DepthSource],
    folder: Path,
    resume: bool,
    overwrite: bool,
    workers: int,
    cluster: str | None,
) -> RunReport:
    if reconstructor.settings.precision == "auto":
        # Results of one folder have one precision, whatever a second measurement says.
        released = reconstructor.settings.lattice == "released"
        kept = None if overwrite or released else recorded_precision(folder)
        precision = kept or reconstructor.precision
        settings = replace(reconstructor.settings, precision=precision)
        reconstructor = Reconstructor(reconstructor.levels, settings, reconstructor.device)
        log.debug("hidden layers in %s", precision)
    settings = reconstructor.settings
    writers = [_writers(settings, source, folder) for source in sources]
    again = {path for each in writers for path in each}
    digests = tuple(file_digest(level.weights) for level in reconstructor.levels)
    record_settings(reconstructor, digests, folder, resume, overwrite, again)
    report = RunReport()
    tasks: list[_Map] = []
    try:
        for task, files in zip(_numbered(sources), writers, strict=True):
            if not (resume and _is_done(files, task.source)):
                tasks.append(task)
                continue
            try:
                _write_copies(task, task.source.load, settings, folder, missing=True)
                report.skipped.append(task.name)
            except InputError as error:
                report.failed.append((task.name, str(error)))
        workers = max(1, min(workers, len(tasks)))
        make = partial(_make, _Portable(reconstructor, digests), folder)
        results = run_tasks(make, tasks, workers, cluster, threads=max(1, threads() // workers))
        before = len(sources) - len(tasks)
        waiting = dict.fromkeys(task.name for task in tasks)  # in order; the first is at hand
        with closing(results), progress_bar(total=len(sources), initial=before, unit="map") as bar:
            bar.set_description(next(iter(waiting), None))
            for done, (task, seconds) in enumerate(results, before + 1):
                waiting.pop(task.name, None)
                bar.set_description(next(iter(waiting), task.name), refresh=False)
                bar.update()
                if isinstance(seconds, WorkerDied):
                    seconds = f"{task.source.origin}: {seconds}"
                if isinstance(seconds, str):
                    report.failed.append((task.name, seconds))
                    continue
                report.written.append(task.name)
                if bar.disable:
                    log.info("%s: %.1f s (%d of %d)", task.name, seconds, done, len(sources))
    finally:
        _write_tables(sources, writers, folder)
    report.failed.sort()
    return report


# --- one map ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Map:
    """A map to be reconstructed, and its number in its class."""

    source: DepthSource
    number: int

    @property
    def name(self) -> str:
        return "/".join(_key(self.source))


def _numbered(sources: Sequence[DepthSource]) -> list[_Map]:
    in_class = Counter[str]()
    maps = []
    for source in sources:
        maps.append(_Map(source, in_class[source.class_name]))
        in_class[source.class_name] += 1
    return maps


class _Portable:
    """A reconstructor that goes to other processes as its settings; each reads the weights once."""

    def __init__(self, reconstructor: Reconstructor, digests: tuple[str, ...]) -> None:
        self._own: Reconstructor | None = reconstructor
        configs = tuple(level.config for level in reconstructor.levels)
        self._recipe = configs, reconstructor.settings, str(reconstructor.device), digests

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_own": None}

    @property
    def reconstructor(self) -> Reconstructor:
        return _built(*self._recipe) if self._own is None else self._own


@lru_cache(maxsize=1)
def _built(
    configs: tuple[Config, ...], settings: GenerationConfig, device: str, digests: tuple[str, ...]
) -> Reconstructor:
    """Build a reconstructor that was sent to this process."""
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise InputError(f"{platform.node()}: has no device {device}; use --device cpu")
    levels = [Level.load(config, device) for config in configs]
    for level, digest in zip(levels, digests, strict=True):
        if file_digest(level.weights) != digest:
            raise CheckpointError(
                f"{level.weights}: changed during the run, or differs on {platform.node()}; "
                "start again when nothing writes to it"
            )
    return Reconstructor(levels, settings, device)


def _make(portable: _Portable, folder: Path, task: _Map) -> float | str:
    """Reconstruct a map and write its files; return the seconds, or why it cannot be used.

    Raises:
        CheckpointError: the weights give no result for any map.
    """
    reconstructor, source = portable.reconstructor, task.source
    settings = reconstructor.settings
    try:
        depth = source.load()
        if not settings.fit:
            warn_if_small(depth, task.name)
        result = reconstructor(depth, source.known())
        writers = _writers(settings, source, folder)
        seconds = _write(result, writers, outputs.timings_path(folder, *_key(source)))
        _write_copies(task, partial(np.asarray, depth), settings, folder)
    except CheckpointError:
        raise
    except InputError as error:
        return str(error)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return f"{source.origin}: its name is too long for files of results; rename it"
    if not len(result.faces):
        log.warning("%s: empty mesh: the field stays below the iso-level", task.name)
    if settings.symmetry == "auto":
        found = "no symmetry" if result.symmetry is None else result.symmetry.name
        log.debug("%s: %s found", task.name, found)
    return seconds


# --- files ------------------------------------------------------------------------------------


def _key(source: DepthSource) -> outputs.Key:
    return source.class_name, source.model


def _write_tables(sources: Sequence[DepthSource], writers: Sequence[Writers], folder: Path) -> None:
    """Write the tables of timings, with a row for each map that has results and timings."""
    rows = [
        {**row_keys(index, *_key(source)), **timings}
        for index, (source, files) in enumerate(zip(sources, writers, strict=True))
        if all(os.path.isfile(path) for path in files)
        and (timings := outputs.read_timings(outputs.timings_path(folder, *_key(source))))
    ]
    if rows:
        import pandas as pd

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
    watch = Stopwatch()
    *others, last = writers
    with atomic(last) as beside:
        with watch("write"):
            for path in others:
                writers[path](result, path)
            writers[last](result, beside)
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
    task: _Map,
    load: Callable[[], np.ndarray],
    settings: GenerationConfig,
    folder: Path,
    missing: bool = False,
) -> None:
    """Write what is quickly made beside the results of one map: its picture and ``vis/``.

    With ``missing`` only those that are not there, as after a full disk.
    """
    source, number = task.source, task.number
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
