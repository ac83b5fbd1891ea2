"""Score a run: find its files, score them in parallel, keep the tables up to date."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from im2mesh.config import Config
from im2mesh.data.run_folders import SCORING_LOCK
from im2mesh.data.sources import sources_of_paths, sources_of_split
from im2mesh.data.splits import class_of
from im2mesh.data.storage import samples_of_split
from im2mesh.errors import DataError, InputError
from im2mesh.files import check_writable, locked
from im2mesh.metrics import results
from im2mesh.metrics.results import CLOUD, MESH
from im2mesh.metrics.task_lists import (
    against_input_tasks,
    check_ground_truth,
    global_tasks,
    input_tasks,
    mesh_tasks,
)
from im2mesh.metrics.tasks import Row, ScoringSettings, ScoringTask
from im2mesh.parallel import WorkerDied, run_tasks
from im2mesh.processors import cpus
from im2mesh.progress import progress_bar

log = logging.getLogger(__name__)

SAVE_EVERY = 10.0
"""Seconds between two writes of the tables."""

SEPARATOR = " | "
"""String between the notes of one row."""

NAMED = 10
"""The most models that one line of the log names."""


@dataclass
class ScoringSummary:
    """The outcome of scoring a split: names of models, ``<class folder>/<model>``."""

    scored: list[str] = field(default_factory=list)  # anew
    # Scored before, from the same files and with the same settings
    kept: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)  # scored or kept, without a surface
    missing: list[str] = field(default_factory=list)  # there is nothing to score
    failed: list[tuple[str, str]] = field(default_factory=list)  # with the reason, in one line
    notes: dict[str, list[str]] = field(default_factory=dict)  # note → the models that have it


def evaluate(
    config: Config,
    folder: Path,
    settings: ScoringSettings,
    workers: int,
    kinds: Sequence[str] = (results.MESHES,),
    inputs: Sequence[str] | None = None,
    cluster: str | None = None,
) -> dict[str, ScoringSummary]:
    """Score a run; the tables are written to its folder. Return a summary for each kind of scores.

    Args:
        config: names the data.
        folder: holds the meshes.
        settings: of the scoring.
        workers: processes; 1: this one.
        kinds: of scores (:data:`im2mesh.metrics.results.KINDS`). The global level alone is
            skipped, with a log line, where its meshes are missing.
        inputs: for the scores against the input: depth maps or folders of them, instead of the
            configuration's test split.
        cluster: see :func:`im2mesh.parallel.run_tasks`.

    Raises:
        InputError: there is nothing to score or nothing to score against.
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
            found = global_tasks(config, samples, folder, settings)
            if found is None:
                continue
            tasks, missing = found
        else:
            tasks, missing = mesh_tasks(config, samples, folder, settings)
        summaries[kind] = score(folder, kind, tasks, missing, workers, cluster)
    return summaries


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
    seconds, at the end and on Ctrl-C. They do not depend on the number of workers.

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
    for note, names in [*summary.notes.items(), ("empty, scored as the worst", summary.empty)]:
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
