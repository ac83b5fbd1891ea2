"""Scored runs and their baselines, as input of tables and plots."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from im2mesh.config import Config, load_config
from im2mesh.data.run_folders import find_mesh, mesh_folder, run_folder
from im2mesh.errors import DataError, InputError
from im2mesh.files import folder_name
from im2mesh.metrics import results
from im2mesh.metrics.results import CLOUD, MESH, Scores, read_scores

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
"""Scores that tables show → their heads. The files hold all scores."""

PARTS_SHOWN = {
    "fscore@1_vis": "F@1% visible",
    "fscore@1_invis": "F@1% invisible",
    "chamfer_vis": "Chamfer visible",
    "chamfer_invis": "Chamfer invisible",
}
"""The same for the visible and the invisible part, where visibility is known."""

NEVER_RAW = ("iou", "silhouette iou", "depth error mean", "depth error median")
"""Scores that alignment does not touch; the others also exist with the suffix `` raw``."""

MAIN = "fscore@1"
"""The score that rows are sorted by and that classes are compared by."""


@dataclass(frozen=True)
class ScoredMethod:
    """One scored run, or a baseline."""

    name: str  # as tables call it
    scores: Scores  # its rows
    seen: frozenset[str] | None = None  # classes of the training set; None: not known
    kind: str = results.MESHES  # of the scores (results.KINDS)
    # The models whose mesh file differs, in size or time, from the one scored
    outdated: frozenset[tuple[str, str]] = frozenset()

    @property
    def table(self) -> pd.DataFrame:
        return self.scores.table

    @property
    def class_names(self) -> pd.Series:
        return self.table["class name"]

    def column(self, score: str, raw: bool) -> str | None:
        """Return the column of a score, if it exists."""
        suffix = " raw" if raw and score.split("_")[0] not in NEVER_RAW else ""
        names = [f"{score}{kind}{suffix}" for kind in (MESH, CLOUD)]
        return next((name for name in names if name in self.table), None)

    @property
    def aligned(self) -> bool:
        return self.column(MAIN, raw=False) is not None

    def values(self, score: str, raw: bool) -> pd.Series:
        """Return the (rows,) values of a score, ×100; NaN where it does not exist."""
        column = self.column(score, raw)
        if column is None:
            return pd.Series(np.nan, self.table.index)
        return self.table[column].astype(float) * 100

    def all_values(self, raw: bool) -> pd.DataFrame:
        """Return the values of all shown scores, a row a mesh; columns are the tables' heads."""
        shown = SHOWN | PARTS_SHOWN
        values = pd.DataFrame({head: self.values(score, raw) for score, head in shown.items()})
        return values.dropna(axis=1, how="all")

    def of_models(self, models: Iterable[tuple[str, str]]) -> ScoredMethod:
        """Return the same with these models only, by class folder and name; none is missing."""
        wanted = set(models)
        curves = self.scores.curves
        kept = Scores(
            self.table[[key in wanted for key in self.models()]],
            None if curves is None else curves[[key in wanted for key in model_keys(curves)]],
            missing={},
        )
        return replace(self, scores=kept)

    def models(self) -> list[tuple[str, str]]:
        return model_keys(self.table)

    def in_group(self, group: str) -> pd.Series:
        """Return (rows,) bool: rows of ``seen`` or ``unseen`` classes; all for another group."""
        if group not in ("seen", "unseen"):
            return pd.Series(True, self.table.index)
        belongs = self.class_names.isin(self.seen or ())
        return belongs if group == "seen" else ~belongs

    def mean(self, values: pd.DataFrame, over: str, group: str = "all") -> pd.Series:
        """Return a group's column means, over class means (``over`` class) or over the rows."""
        values = values[self.in_group(group)]
        return (values.groupby(self.class_names).mean() if over == "class" else values).mean()


def model_keys(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Return the class folder and the name of each row of a table."""
    return list(zip(table["class id"].map(str), table["modelname"].map(str), strict=True))


# --- reading ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class ScoredRun:
    """A folder of scores, with the classes that its configuration names."""

    folder: Path  # holds the tables
    name: str  # as tables call it
    class_ids: Sequence[str] | None = None  # the class folders to read; None: all that there are
    seen: frozenset[str] | None = None  # classes of the training set; None: not known

    @classmethod
    def of(cls, target: str) -> ScoredRun:
        """Return the run that a configuration file or a folder names.

        Raises:
            InputError: there is no such file, or it is no configuration.
        """
        path = Path(target)
        if path.is_dir():
            return cls(path, folder_name(path))
        config = load_config(path)
        return cls.of_config(config, run_folder([config]), path.stem)

    @classmethod
    def of_config(cls, config: Config, folder: Path, name: str) -> ScoredRun:
        seen = config.test.seen_classes
        return cls(folder, name, config.data.classes, None if seen is None else frozenset(seen))


def load_methods(
    runs: Sequence[ScoredRun], kinds: Collection[str] = tuple(results.KINDS)
) -> list[ScoredMethod]:
    """Read the scores of runs, and of the baselines scored with them.

    Returns:
        A method for each run, then the input points and the global level alone, each of the
        first run that has it.

    Raises:
        DataError: a table cannot be read, or a run has none.
    """
    methods: list[ScoredMethod] = []
    baselines: dict[str, ScoredMethod] = {}
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
            methods.append(ScoredMethod(name, main, run.seen, kind, outdated))
        for kind in (results.INPUT, results.GLOBAL):
            scores = found[kind]
            if scores is not None:
                baselines.setdefault(
                    kind, ScoredMethod(results.KINDS[kind], scores, run.seen, kind)
                )
    for baseline in baselines.values():
        methods.append(replace(baseline, name=_unlike(baseline.name, methods)))
    known = next((method.seen for method in methods if method.seen is not None), None)
    return [m if m.seen is not None else replace(m, seen=known) for m in methods]


def _unlike(name: str, methods: Sequence[ScoredMethod]) -> str:
    taken = [method.name for method in methods]
    numbered = (name if k == 1 else f"{name} {k}" for k in range(1, len(taken) + 2))
    return next(free for free in numbered if free not in taken)


def _joined(meshes: Scores | None, observed: Scores | None) -> Scores | None:
    """Join the scores against ground truth and those against the input in one table.

    Scores against the input are left out where they belong to another version of the mesh. The
    scores against ground truth say whether the mesh is empty.
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
    """Return the models whose mesh in the run's folder is not the one that was scored."""
    meshes, found = mesh_folder(folder), []
    for (class_id, name), version in zip(
        model_keys(table), results.mesh_versions(table), strict=True
    ):
        path = find_mesh(meshes, class_id, name) if version else None
        if path is not None and results.mesh_version(path) != version:
            found.append((class_id, name))
    return frozenset(found)


def check_scores(methods: Sequence[ScoredMethod], raw: bool) -> None:
    """Check that every method has some of the scores that are shown.

    Raises:
        DataError: names the first method whose tables have none of the scores that are shown.
    """
    for method in methods:
        if method.all_values(raw).empty:
            other = "without --raw" if raw else "with --raw"
            hint = f"; try {other}" if not method.all_values(not raw).empty else ""
            raise DataError(
                f"{method.name}: its tables have no {'unaligned ' if raw else ''}scores{hint}"
            )


def common_models(methods: Sequence[ScoredMethod]) -> list[ScoredMethod]:
    """Return the methods with only the models that all of them have."""
    shared = set(methods[0].models()).intersection(*(m.models() for m in methods[1:]))
    if not shared:
        raise InputError("the runs have no mesh in common; compare runs of the same data")
    return [method.of_models(shared) for method in methods]
