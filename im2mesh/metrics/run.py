"""Score a run: find its files, score them in parallel, keep the tables up to date."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from im2mesh.config import Config, GenerationConfig, differences, read_yaml
from im2mesh.data.run_folders import (
    RECORD,
    SCORING_LOCK,
    find_mesh,
    global_level,
    mesh_folder,
    pointcloud_path,
    recorded_levels,
    run_folder,
)
from im2mesh.data.sources import DepthSource, sources_of_paths, sources_of_split
from im2mesh.data.splits import class_of
from im2mesh.data.storage import Sample, samples_of_split
from im2mesh.errors import ConfigError, DataError, InputError
from im2mesh.files import check_writable, locked
from im2mesh.metrics import results
from im2mesh.metrics.results import CLOUD, MESH
from im2mesh.metrics.tasks import (
    AgainstInputTask,
    InputTask,
    MeshTask,
    Row,
    ScoringSettings,
    ScoringTask,
)
from im2mesh.parallel import WorkerDied, cpus, run_tasks
from im2mesh.progress import progress_bar

log = logging.getLogger(__name__)

SAVE_EVERY = 10.0
"""Seconds between two writes of the tables."""

SEPARATOR = " | "
"""String between the notes of one row."""

DECISIVE_KEYS = (
    "lattice",
    "extraction",
    "observation",
    "observation_noise",
    "symmetry",
    "min_piece",
    "refinement_step",
    "simplify_nfaces",
)
"""Keys of ``generation``, besides the resolution, that change a level's meshes."""

NAMED = 10
"""The most models that one line of the log names."""


@dataclass
class ScoringSummary:
    """The outcome of scoring a split: names of models, ``<class folder>/<model>``.

    Attributes:
        scored: anew.
        kept: scored before, from the same files and with the same settings.
        empty: scored or kept, without a surface.
        missing: there is nothing to score.
        failed: with the reason, in one line.
        notes: note → the models that have it.
    """

    scored: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """True if every model has its scores."""
        return not self.missing and not self.failed


def evaluate(
    config: Config,
    folder: Path,
    settings: ScoringSettings,
    workers: int,
    kinds: Sequence[str] = (results.MESHES,),
    inputs: Sequence[str] | None = None,
    cluster: str | None = None,
) -> dict[str, ScoringSummary]:
    """Score a run.

    Args:
        config: names the data.
        folder: holds the meshes; the tables are written there.
        settings: of the scoring.
        workers: processes; 1: this one.
        kinds: of scores (:data:`im2mesh.metrics.results.KINDS`). The global level alone is
            skipped, with a log line, where its meshes are missing.
        inputs: for the scores against the input: depth maps or folders of them, instead of the
            configuration's test split.
        cluster: see :func:`im2mesh.parallel.run_tasks`.

    Returns:
        A summary for each kind that was not skipped.

    Raises:
        InputError: there is nothing to score or nothing to score against; or no such cluster.
    """
    summaries = {}
    if results.OBSERVED in kinds:
        split = config.data.test_split
        sources = (
            sources_of_paths(inputs, config.generation.depth_scale)
            if inputs
            else sources_of_split(config, split)
        )
        tasks, missing = against_input_tasks(sources, folder, settings)
        summaries[results.OBSERVED] = score(
            folder, results.OBSERVED, tasks, missing, workers, cluster
        )
    against_truth = [kind for kind in kinds if kind != results.OBSERVED]
    if not against_truth:
        return summaries
    samples = samples_of_split(config, config.data.test_split, once=True)
    check_ground_truth(samples, config)
    for kind in against_truth:
        missing = []
        if kind == results.INPUT:
            tasks = input_tasks(samples, settings)
        elif kind == results.GLOBAL:
            level = global_level(folder)
            if level is None:
                log.info(
                    "%s: passed over: %s names no fused levels, one of them global",
                    results.KINDS[kind],
                    folder / RECORD,
                )
                continue
            alone = run_folder([level[0]])
            if not _has_meshes(alone, samples):
                log.info(
                    "%s: passed over: %s holds no meshes; make them with generate.py %s",
                    results.KINDS[kind],
                    alone,
                    level[0].source,
                )
                continue
            for line in _changes_from_fused(folder, alone, *level):
                log.warning(
                    "%s: %s: made otherwise than the run: %s", results.KINDS[kind], alone, line
                )
            only_mesh = replace(config.test, eval_mesh=True, eval_pointcloud=False)
            tasks, missing = mesh_tasks(replace(config, test=only_mesh), samples, alone, settings)
        else:
            tasks, missing = mesh_tasks(config, samples, folder, settings)
        summaries[kind] = score(folder, kind, tasks, missing, workers, cluster)
    return summaries


# --- tasks ------------------------------------------------------------------------------------


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
    """Return tasks for meshes against their depth maps; as :func:`mesh_tasks`, raising as well."""
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


def _has_meshes(folder: Path, samples: Sequence[Sample]) -> bool:
    meshes = mesh_folder(folder)
    return any(find_mesh(meshes, sample.class_name, sample.name) for sample in samples)


def _changes_from_fused(fused: Path, alone: Path, level: Config, digest: str) -> list[str]:
    """Compare the settings of a global level's own run with those of the level in a fused run.

    Args:
        fused: folder of the fused run.
        alone: folder of the level's own run.
        level: its configuration in the fused run.
        digest: of its weights there.

    Returns:
        A line for each difference that changes meshes; none if one of the two records is missing
        or damaged.
    """
    try:
        records = [read_yaml(folder / RECORD) for folder in (fused, alone)]
        ((own, own_digest),) = recorded_levels(alone)
        settings = [
            {
                "generation": {
                    key: record["generation"].get(key, getattr(GenerationConfig, key))
                    for key in DECISIVE_KEYS
                }
                | {"resolution": config.resolution},
                "test": {"threshold": config.test.threshold},
            }
            for record, config in zip(records, (level, own), strict=True)
        ]
    except (KeyError, ValueError, TypeError, AttributeError, ConfigError):
        return []
    weights = [] if own_digest == digest else ["other weights"]
    return weights + differences(*settings)


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


# --- scoring ----------------------------------------------------------------------------------


def score(
    folder: Path,
    kind: str,
    tasks: Sequence[ScoringTask],
    missing: Sequence[str],
    workers: int,
    cluster: str | None = None,
) -> ScoringSummary:
    """Score every task and keep the tables in ``folder`` up to date.

    Existing rows of the same files and settings are kept. A file that cannot be used is named in
    the summary and does not stop the others. The tables are written every :data:`SAVE_EVERY`
    seconds, at the end and on Ctrl-C.

    Args:
        folder: where the tables go; made when missing.
        kind: one of :data:`im2mesh.metrics.results.KINDS`.
        tasks: what to score.
        missing: names of the models without anything to score.
        workers: processes; 1: this one. The rows do not depend on it.
        cluster: see :func:`im2mesh.parallel.run_tasks`.

    Raises:
        InputError: nothing can be written there, or another evaluation writes there.
    """
    check_writable(folder, "its tables go there")
    summary = ScoringSummary(missing=list(missing))
    with locked(folder / SCORING_LOCK, "wait for it to end"):
        tables = _Tables(folder, kind, tasks, missing)
        todo: list[tuple[ScoringTask, str]] = []
        for task in tasks:
            try:
                fingerprint = task.fingerprint()
            except (InputError, OSError) as error:
                summary.failed.append((task.name, _line(error)))
                continue
            if tables.keep(task, fingerprint):
                summary.kept.append(task.name)
                _note(summary, task, tables.rows[task.name])
            else:
                todo.append((task, fingerprint))
        workers = min(workers, len(todo))
        threads = -1 if workers <= 1 else max(1, cpus() // workers)
        if cluster is not None:
            threads = 1
        rows = run_tasks(partial(_score, threads=threads), todo, workers, cluster)
        try:
            saved = time.monotonic()
            with progress_bar(total=len(todo), unit="mesh") as bar:
                for (task, fingerprint), row in rows:
                    bar.update()
                    if isinstance(row, WorkerDied):
                        row = Row(error=str(row))
                    if row.error is not None:
                        summary.failed.append((task.name, row.error))
                        continue
                    tables.add(task, fingerprint, row)
                    summary.scored.append(task.name)
                    _note(summary, task, tables.rows[task.name])
                    if time.monotonic() - saved > SAVE_EVERY:
                        tables.save()
                        saved = time.monotonic()
        finally:
            rows.close()
            tables.save()
    summary.failed.sort()
    return summary


class _Tables:
    """The rows of one kind of scores: those on the disk that are still valid, and new ones."""

    def __init__(
        self, folder: Path, kind: str, tasks: Sequence[ScoringTask], missing: Iterable[str]
    ) -> None:
        self.folder, self.kind = folder, kind
        self.rows: dict[str, dict[str, Any]] = {}
        self.curves: dict[str, dict[str, Any]] = {}
        names = [task.name for task in tasks] + list(missing)
        self._models: dict[str, list[str]] = {}
        for name in names:
            class_id, _, model = name.partition("/")
            self._models.setdefault(class_id, []).append(class_of(model, class_id))
        self._before: dict[str, tuple[dict[str, Any], dict[str, Any] | None]] = {}
        for class_id in self._models:
            self._before |= _rows_on_disk(folder, kind, class_id)

    def keep(self, task: ScoringTask, fingerprint: str) -> bool:
        """Take over a task's row from the disk if it has this fingerprint."""
        row, curve = self._before.get(task.name, ({}, None))
        if row.get("fingerprint") != fingerprint:
            return False
        self.rows[task.name] = {**row, **task.keys}
        if curve is not None:
            self.curves[task.name] = {**curve, "idx": task.idx}
        return True

    def add(self, task: ScoringTask, fingerprint: str, row: Row) -> None:
        """Add a new row and its curve."""
        note = SEPARATOR.join(row.notes)
        columns = {**task.keys, **row.columns, "note": note, "fingerprint": fingerprint}
        self.rows[task.name] = columns
        if row.curves:
            curve: dict[str, Any] = {
                key: task.keys[key] for key in ("idx", "class id", "modelname")
            }
            for raw in ("", " raw"):
                if raw in row.curves:
                    names = results.curve_columns(bool(raw))
                    curve |= dict(zip(names, row.curves[raw].tolist(), strict=True))
            self.curves[task.name] = curve

    def save(self) -> None:
        """Write the tables of every class folder, also of those without a row."""
        for class_id, models in self._models.items():
            rows, curves = (
                sorted(
                    (row for row in table.values() if row["class id"] == class_id),
                    key=lambda row: row["idx"],
                )
                for table in (self.rows, self.curves)
            )
            results.write_scores(self.folder, self.kind, class_id, rows, curves, models)


def _rows_on_disk(
    folder: Path, kind: str, class_id: str
) -> dict[str, tuple[dict[str, Any], dict[str, Any] | None]]:
    """Return name → row and curve of one class folder; empty if a file is damaged.

    Rows that should have a curve but have none are left out.
    """
    files = results.paths(folder, kind, class_id)
    if not files["full"].is_file():
        return {}
    try:
        table, curves = results.read_table(files["full"]), results.read_curves(files["curves"])
    except DataError as error:
        log.warning("%s: its meshes are scored anew", str(error).split(";")[0])
        return {}
    of_model = {} if curves is None else {str(row["modelname"]): row for row in _records(curves)}
    return {
        f"{class_id}/{row['modelname']}": (row, of_model.get(str(row["modelname"])))
        for row in _records(table)
        if kind == results.OBSERVED or str(row["modelname"]) in of_model
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(name): value for name, value in row.items()} for row in table.to_dict(orient="records")
    ]


def _score(item: tuple[ScoringTask, str], threads: int) -> Row:
    """Score a task of ``todo``; turn errors about its files into the row's ``error``."""
    try:
        return item[0].score(threads)
    except (InputError, OSError) as error:
        return Row(error=_line(error))


def _line(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _note(summary: ScoringSummary, task: ScoringTask, row: dict[str, Any]) -> None:
    if row.get(f"empty{MESH}", row.get(f"empty{CLOUD}", False)):
        summary.empty.append(task.name)
    notes = row.get("note")  # tables that users have edited may lack it
    for note in notes.split(SEPARATOR) if isinstance(notes, str) and notes else ():
        kind, _, detail = note.partition(": ")
        summary.notes.setdefault(kind, []).append(
            f"{task.name} ({detail})" if detail else task.name
        )


def log_summary(summary: ScoringSummary, folder: Path, kind: str) -> None:
    """Log how many models were scored, and name those that were not and those with notes."""
    for name, message in summary.failed:
        log.error("%s: not scored: %s", name, message)
    for note, names in [
        *summary.notes.items(),
        ("empty, scored as the worst", summary.empty),
    ]:
        if names:
            log.warning("%s: %s", note, _named(names))
    if summary.missing:
        log.warning(
            "missing, and in no mean: %d of %d: %s",
            len(summary.missing),
            len(summary.missing) + len(summary.failed) + len(summary.kept) + len(summary.scored),
            _named(summary.missing),
        )
    log.info(
        "%s: %s: %d scored%s%s",
        folder,
        results.KINDS[kind],
        len(summary.scored),
        f", {len(summary.kept)} there already" if summary.kept else "",
        f", {len(summary.failed)} not usable" if summary.failed else "",
    )


def _named(names: Sequence[str]) -> str:
    more = f", … ({len(names) - NAMED} more)" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
