"""Tables of scored runs: one run by class, several side by side. All scores are ×100."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from im2mesh.config import Config, load_config
from im2mesh.data.run_folders import (
    find_mesh,
    find_meshes,
    global_level,
    mesh_folder,
    recorded_levels,
    run_folder,
)
from im2mesh.errors import DataError, InputError
from im2mesh.metrics import results
from im2mesh.metrics.results import CLOUD, MESH, Scores, read_scores
from im2mesh.metrics.tables import Table

SHOWN = {
    "fscore@05": "F@0.5%",
    "fscore@1": "F@1%",
    "fscore@2": "F@2%",
    "precision@1": "Precision @1%",
    "recall@1": "Recall @1%",
    "chamfer": "Chamfer",
    "normals": "Normals",
    "iou": "IoU",
    "silhouette iou": "Silhouette IoU",
    "depth error mean": "Depth error mean",
    "depth error median": "Depth error median",
}
"""Scores that tables show → their heads. The files have all of them."""

PARTS_SHOWN = {
    "fscore@1_vis": "F@1% visible",
    "fscore@1_invis": "F@1% invisible",
    "chamfer_vis": "Chamfer visible",
    "chamfer_invis": "Chamfer invisible",
}
"""The same of the parts of an object, where visibility is known."""

NEVER_RAW = ("iou", "silhouette iou", "depth error mean", "depth error median")
"""Scores that alignment does not touch; the others exist with `` raw`` too."""

MAIN = "fscore@1"
"""The score that rows are sorted by and that classes are compared by."""

WORST_AND_BEST = 10
"""Rows shown from either end of the sorted ones, where there are many."""


@dataclass(frozen=True)
class Method:
    """One scored run, or a baseline.

    Attributes:
        name: as tables call it.
        scores: its rows.
        seen: classes of the training set; None: not known.
        kind: of the scores (:data:`im2mesh.metrics.results.KINDS`).
        outdated: the models whose mesh is another file than was scored, by size and time.
    """

    name: str
    scores: Scores
    seen: frozenset[str] | None = None
    kind: str = results.MESHES
    outdated: frozenset[tuple[str, str]] = frozenset()

    @property
    def table(self) -> pd.DataFrame:
        """A row a mesh."""
        return self.scores.table

    def column(self, score: str, raw: bool) -> str | None:
        """The column of a score; None where it does not exist."""
        suffix = " raw" if raw and score.split("_")[0] not in NEVER_RAW else ""
        names = [f"{score}{kind}{suffix}" for kind in (MESH, CLOUD)]
        return next((name for name in names if name in self.table), None)

    @property
    def aligned(self) -> bool:
        """There are scores after alignment."""
        return self.column(MAIN, raw=False) is not None

    def values(self, score: str, raw: bool) -> pd.Series:
        """The (rows,) values of a score, ×100; NaN where it does not exist."""
        column = self.column(score, raw)
        if column is None:
            return pd.Series(np.nan, self.table.index)
        return self.table[column].astype(float) * 100

    def of_models(self, models: Iterable[tuple[str, str]]) -> Method:
        """The same with these models only, by class folder and name; none of them is missing."""
        wanted = set(models)
        kept = [key in wanted for key in self.models()]
        curves = self.scores.curves
        return replace(
            self,
            scores=replace(
                self.scores,
                table=self.table[kept],
                curves=None if curves is None else curves[[k in wanted for k in _keys(curves)]],
                missing={},
            ),
        )

    def models(self) -> list[tuple[str, str]]:
        """Class folder and name of each row."""
        return _keys(self.table)

    def in_group(self, group: str) -> pd.Series:
        """(rows,) bool: which belong to ``seen`` or ``unseen``; all of them for another group."""
        if group not in ("seen", "unseen"):
            return pd.Series(True, self.table.index)
        belongs = self.table["class name"].isin(self.seen or ())
        return belongs if group == "seen" else ~belongs

    def mean(self, score: str, raw: bool, over: str, group: str = "all") -> float:
        """Mean over the class means (``over`` class) or over the rows (sample) of a group."""
        rows = self.in_group(group)
        values = self.values(score, raw)[rows]
        if over == "class":
            values = values.groupby(self.table["class name"][rows]).mean()
        return float(values.mean())


def _keys(table: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(table["class id"].map(str), table["modelname"].map(str), strict=True))


# --- reading ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ScoredRun:
    """Where scores lie, and what is known about them.

    Attributes:
        folder: holds the tables.
        name: as tables call it.
        class_ids: the class folders that count; None: all that there are.
        seen: classes of the training set; None: not known.
    """

    folder: Path
    name: str
    class_ids: Sequence[str] | None = None
    seen: frozenset[str] | None = None

    @classmethod
    def of(cls, target: str) -> ScoredRun:
        """The run that a configuration file names, or a folder.

        Raises:
            InputError: there is no such file, or it is no configuration.
        """
        path = Path(target)
        if path.is_dir():
            return cls(path, path.resolve().name)
        config = load_config(path)
        return cls.of_config(config, run_folder([config]), path.stem)

    @classmethod
    def of_config(cls, config: Config, folder: Path, name: str) -> ScoredRun:
        """A folder with the classes of a configuration."""
        seen = config.test.seen_classes
        return cls(folder, name, config.data.classes, None if seen is None else frozenset(seen))


def load_methods(
    runs: Sequence[ScoredRun], kinds: Collection[str] = tuple(results.KINDS)
) -> list[Method]:
    """The scores of runs, and of the baselines scored with them.

    Args:
        runs: in the order of the tables' columns.
        kinds: of scores; others are left out.

    Returns:
        A method for each run, then the raw input points and the global level alone, each of the
        first run that has it.

    Raises:
        DataError: a table cannot be read, or a run has none.
    """
    methods: list[Method] = []
    baselines: dict[str, Method] = {}
    for run in runs:
        found = {
            kind: read_scores(run.folder, kind, run.class_ids) if kind in kinds else None
            for kind in results.KINDS
        }
        if not any(found.values()):
            raise DataError(
                f"{run.folder}: holds no scores ({results.MESHES}_full_<class>.pkl); run "
                "eval_meshes.py first"
            )
        main = _joined(found[results.MESHES], found[results.OBSERVED])
        if main is not None:
            kind = results.MESHES if found[results.MESHES] else results.OBSERVED
            name, outdated = _unlike(run.name, methods), _outdated(run.folder, main.table)
            methods.append(Method(name, main, run.seen, kind, outdated))
        for kind in (results.INPUT, results.GLOBAL):
            scores = found[kind]
            if scores is not None:
                baselines.setdefault(kind, Method(results.KINDS[kind], scores, run.seen, kind))
    for baseline in baselines.values():
        methods.append(replace(baseline, name=_unlike(baseline.name, methods)))
    known = next((method.seen for method in methods if method.seen is not None), None)
    return [m if m.seen is not None else replace(m, seen=known) for m in methods]


def _unlike(name: str, methods: Sequence[Method]) -> str:
    """The name, numbered where another method has it."""
    taken = [method.name for method in methods]
    numbered = (name if k == 1 else f"{name} {k}" for k in range(1, len(taken) + 2))
    return next(free for free in numbered if free not in taken)


def _joined(meshes: Scores | None, observed: Scores | None) -> Scores | None:
    """Scores against ground truth and those against the input, in one table.

    The latter are left out where they are of another version of the mesh than the former, and
    whether the mesh is empty is told by the former.
    """
    if meshes is None or observed is None:
        return meshes or observed
    key = ["class id", "modelname"]
    names = [
        name
        for name in results.score_columns(observed.table)
        if name not in meshes.table and name not in results.EMPTY
    ]
    extra = observed.table[[*key, *names]].assign(version=results.mesh_versions(observed.table))
    table = meshes.table.join(extra.set_index(key), on=key)
    now, then = results.mesh_versions(meshes.table), table.pop("version").fillna("")
    table[names] = table[names].where((now == then) | (now == "") | (then == ""))
    return replace(meshes, table=table)


def _outdated(folder: Path, table: pd.DataFrame) -> frozenset[tuple[str, str]]:
    """The models of a table whose mesh in the run's folder is another than was scored."""
    meshes, found = mesh_folder(folder), []
    for (class_id, name), version in zip(_keys(table), results.mesh_versions(table), strict=True):
        path = find_mesh(meshes, class_id, name) if version else None
        if path is not None and results.mesh_version(path) != version:
            found.append((class_id, name))
    return frozenset(found)


def check_scores(methods: Sequence[Method], raw: bool) -> None:
    """Refuse methods of which there is nothing to show.

    Raises:
        DataError: for the first whose tables have none of the scores that are shown.
    """
    for method in methods:
        if not _available(method, raw):
            other = "without --raw" if raw else "with --raw"
            hint = f"; try {other}" if _available(method, not raw) else ""
            raise DataError(
                f"{method.name}: its tables have no {'unaligned ' if raw else ''}scores{hint}"
            )


def common_models(methods: Sequence[Method]) -> list[Method]:
    """The methods with only the models that all of them have."""
    shared = set(methods[0].models()).intersection(*(m.models() for m in methods[1:]))
    if not shared:
        raise InputError("the runs have no mesh in common; compare runs of the same data")
    return [method.of_models(shared) for method in methods]


# --- one run ----------------------------------------------------------------------------------


def class_table(method: Method, raw: bool, how: str = "mean") -> Table:
    """A row a class: the mean, max or min of its meshes; below a mean, the means of all."""
    scores = _available(method, raw)
    by_class = {
        s: method.values(s, raw).groupby(method.table["class name"]).agg(how) for s in scores
    }
    classes = sorted(method.table["class name"].unique())
    rows: list[tuple[str, list[float | str]]] = [
        (name, [float(by_class[score][name]) for score in scores]) for name in classes
    ]
    if how == "mean":
        rows.append(("", []))
        for label, over, group in _summaries(method):
            rows.append((label, [method.mean(score, raw, over, group) for score in scores]))
    title = f"{method.name}: class {how} ×100{_alignment(method, raw)}"
    return Table(title, _heads(scores), rows)


def sorted_rows(method: Method, raw: bool, most: int = 2 * WORST_AND_BEST) -> Table:
    """A row a mesh, the worst first; of more than ``most`` only those at both ends."""
    scores = _available(method, raw)
    columns = {score: method.values(score, raw) for score in scores}
    by = columns.get(MAIN, columns[scores[0]]).reset_index(drop=True)
    order = by.sort_values(kind="stable").index.tolist()
    names = [f"{class_id}/{model}".lstrip("/") for class_id, model in method.models()]
    rows: list[tuple[str, list[float | str]]] = [
        (names[k], [float(columns[score].iloc[k]) for score in scores]) for k in order
    ]
    if len(rows) > most:
        left_out = len(rows) - 2 * (most // 2)
        gap: tuple[str, list[float | str]] = (f"… {left_out} more", ["…"] * len(scores))
        rows = [*rows[: most // 2], gap, *rows[len(rows) - most // 2 :]]
    title = f"{method.name}: meshes from worst to best ×100{_alignment(method, raw)}"
    return Table(title, _heads(scores), rows)


def printout(method: Method, raw: bool) -> list[str]:
    """The published printout: rows, classes, means, and those as LaTeX and CSV.

    Where there are scores with and without alignment, the means come with both.
    """
    means = class_table(method, raw)
    tables = [
        sorted_rows(method, raw),
        class_table(method, raw, "max"),
        class_table(method, raw, "min"),
        means,
    ]
    if method.aligned and not raw:
        tables.append(class_table(method, raw=True))
    texts = [table.render("text") for table in tables]
    return [*texts, means.render("latex"), f"{means.title}\n{means.render('csv')}"]


def _summaries(method: Method) -> list[tuple[str, str, str]]:
    """Label, ``over`` and group of the means below a class table."""
    found = [("mean", "class", "all"), ("mean_sample", "sample", "all")]
    if method.seen is not None:
        for group in ("seen", "unseen"):
            if method.in_group(group).any():
                found += [(f"mean {group}", "class", group)]
                found += [(f"mean_sample {group}", "sample", group)]
    return found


def _available(method: Method, raw: bool) -> list[str]:
    return [s for s in [*SHOWN, *PARTS_SHOWN] if method.values(s, raw).notna().any()]


def _heads(scores: Iterable[str]) -> list[tuple[str, str]]:
    return [("", (SHOWN | PARTS_SHOWN)[score]) for score in scores]


def _alignment(method: Method, raw: bool) -> str:
    if method.column(MAIN, raw) is None:
        return ""
    return ", not aligned" if raw else ", aligned by ICP (as published)"


# --- several runs -----------------------------------------------------------------------------

GROUPS = {"all": "", "seen": "", "unseen": "", "visible": "_vis", "invisible": "_invis"}
"""Groups of a comparison → the suffix of their scores."""


def comparison(methods: Sequence[Method], raw: bool, over: str) -> Table:
    """A row a score, a column a method in each group."""
    columns: list[tuple[str, str]] = []
    values: list[dict[str, float]] = []
    for group, part in GROUPS.items():
        if group in ("seen", "unseen") and not any(
            m.seen is not None and m.in_group(group).any() for m in methods
        ):
            continue
        of_group = [
            {score: m.mean(score + part, raw, over, group) for score in SHOWN} for m in methods
        ]
        if any(not np.isnan(v) for scores in of_group for v in scores.values()):
            columns += [(group, method.name) for method in methods]
            values += of_group
    rows: list[tuple[str, list[float | str]]] = [
        (head, [scores[score] for scores in values])
        for score, head in SHOWN.items()
        if not all(np.isnan(scores[score]) for scores in values)
    ]
    words = "not aligned" if raw else "aligned by ICP (as published)"
    return Table(f"means over {_plural(over)} ×100, {words}", columns, rows)


def comparison_by_class(methods: Sequence[Method], raw: bool) -> Table:
    """A row a class, a column a method: the main score."""
    by_class = class_means(methods, raw)
    rows: list[tuple[str, list[float | str]]] = [
        (str(name), [float(v) for v in values]) for name, *values in by_class.itertuples()
    ]
    rows.append(("", []))
    rows.append(("mean", [m.mean(MAIN, raw, "class") for m in methods]))
    rows.append(("mean_sample", [m.mean(MAIN, raw, "sample") for m in methods]))
    return Table(f"{SHOWN[MAIN]} by class ×100", [("", m.name) for m in methods], rows)


def class_means(methods: Sequence[Method], raw: bool) -> pd.DataFrame:
    """Mean main score ×100, a row a class, a column a method."""
    means = {m.name: m.values(MAIN, raw).groupby(m.table["class name"]).mean() for m in methods}
    return pd.DataFrame(means).sort_index()


def mean_curve(method: Method, raw: bool, over: str) -> np.ndarray | None:
    """(50,) mean F-score ×100 at :data:`im2mesh.metrics.scores.CURVE`; None: not known."""
    curves = method.scores.curves
    names = results.curve_columns(raw)
    if curves is None or not set(names) <= set(curves) or not len(curves):
        return None
    values = curves[names].astype(float) * 100
    if over == "class":
        class_name = dict(zip(method.models(), method.table["class name"], strict=True))
        values = values.groupby([class_name.get(key, "") for key in _keys(curves)]).mean()
    return values.mean().to_numpy()


def remarks(methods: Sequence[Method], runs: Sequence[ScoredRun]) -> list[str]:
    """What the numbers do not say.

    That is: missing and empty meshes, meshes without scores against the input where others have
    them, runs over different meshes, baselines that are not there.

    Args:
        methods: what is shown.
        runs: where it comes from (:func:`load_methods`).
    """
    found = []
    for method in methods:
        missing, rows = sum(method.scores.missing.values()), len(method.table)
        if missing:
            found.append(
                f"{method.name}: {missing} of {rows + missing} meshes have no scores and are in no "
                "mean"
            )
        outdated = len(method.outdated.intersection(method.models()))
        if outdated:
            found.append(
                f"{method.name}: {outdated} of {rows} meshes are files of another size or time "
                "than were scored; if they were made again, run eval_meshes.py again"
            )
        empty = next((name for name in results.EMPTY if name in method.table), None)
        if empty is not None and method.table[empty].astype(bool).any():
            found.append(
                f"{method.name}: {int(method.table[empty].sum())} of {rows} meshes are empty and "
                "count as the worst"
            )
        # A score that is never NaN where a mesh was compared with the input.
        against_input = method.column("depth error mean", raw=False)
        lacking = 0 if against_input is None else int(method.table[against_input].isna().sum())
        if lacking:
            found.append(
                f"{method.name}: {lacking} of {rows} meshes have no scores against the input, or "
                "such of another version of the mesh; eval_meshes.py CONFIG --against-input adds "
                "them"
            )
    if len({frozenset(method.models()) for method in methods}) > 1:
        sizes = ", ".join(f"{method.name} {len(method.table)}" for method in methods)
        found.append(
            f"the means are over different meshes ({sizes}); --common compares those that all have"
        )
    absent = _missing_baselines(methods, runs)
    if absent:
        found.append(
            f"baselines not in the table: {', '.join(absent)}; eval_meshes.py CONFIG --baselines "
            "adds them"
        )
    return found


def _missing_baselines(methods: Sequence[Method], runs: Sequence[ScoredRun]) -> list[str]:
    """The baselines that belong beside scores of meshes and are not there, and what they want.

    The global level alone belongs beside fused runs, where it is none of the runs itself.
    """
    kinds = {method.kind for method in methods}
    if results.MESHES not in kinds:
        return []
    missing = [] if results.INPUT in kinds else [results.KINDS[results.INPUT]]
    folders = {run.folder.resolve() for run in runs}
    recorded = [recorded_levels(run.folder) for run in runs]
    alone = {levels[0][1] for levels in recorded if len(levels) == 1} - {""}
    fused = [level for run in runs if (level := global_level(run.folder)) is not None]
    wanted = [
        config
        for config, digest in fused
        if run_folder([config]).resolve() not in folders and digest not in alone
    ]
    if wanted and results.GLOBAL not in kinds:
        made = any(find_meshes(mesh_folder(run_folder([config]))) for config in wanted)
        first = "" if made else f" (its meshes first: generate.py {wanted[0].source})"
        missing.append(results.KINDS[results.GLOBAL] + first)
    return missing


def _plural(over: str) -> str:
    return {"class": "classes", "sample": "samples"}[over]
