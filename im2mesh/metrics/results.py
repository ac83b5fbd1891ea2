"""The files of scores in a run's folder.

.. code-block:: text

    <run>/eval_meshes_full_<class folder>.{pkl,csv}   one row a mesh
    <run>/eval_meshes_<class folder>.csv              one row a class: means and counts
    <run>/eval_meshes_curve_<class folder>.csv        one row a mesh: F-score over distance

and the same under the other :data:`KINDS`. The columns of a row are ``idx`` (the index),
``class id`` (folder), ``class name``, ``modelname``, the scores as ``<published name> (mesh)`` and
``<published name> (mesh) raw``, a ``note`` about the mesh, and the ``fingerprint`` of everything
that the scores depend on. A scored class folder without a row has these tables, too, but no curves.
"""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from im2mesh.errors import DataError
from im2mesh.files import NAMES, atomic, file_version, first_line, read_csv
from im2mesh.metrics.scores import CURVE

MESHES, INPUT, GLOBAL, OBSERVED = "eval_meshes", "eval_input", "eval_global", "eval_observed"
KINDS = {
    MESHES: "the meshes of the run",
    INPUT: "input points",
    GLOBAL: "global level alone",
    OBSERVED: "the meshes of the run against the input",
}
"""Kind of scores, the first part of its file names → what is scored."""

MESH, CLOUD = " (mesh)", " (pcl)"
"""Suffixes of the names of scores: of a mesh, of a generated point cloud."""

KEYS = list(NAMES)
COUNTS = ["meshes", "empty", "missing"]
"""Columns of a class: its rows, those that are empty, its models without a row."""

EMPTY = [f"empty{MESH}", f"empty{CLOUD}"]
"""Columns of a row that say whether there was anything to score; the first one counts."""

AGAIN = "remove it and run eval_meshes.py again"
"""Advice in the error for a damaged table."""

TEXTS = [*KEYS, "note", "fingerprint"]
NOT_SCORES = [*TEXTS, *COUNTS]


@dataclass(frozen=True)
class Scores:
    """All rows of one kind in one run."""

    table: pd.DataFrame  # a row a mesh
    # A row a mesh, too: `class id`, `modelname` and F-scores, `0.001` … and `0.001 raw` …; None
    # where the run has none (published results)
    curves: pd.DataFrame | None
    # Class name → models of the split that have no row; 0 where that is not known
    missing: dict[str, int]


def curve_columns(raw: bool) -> list[str]:
    """Return the names of the columns that hold the F-score curve."""
    return [f"{at:.3f}{' raw' if raw else ''}" for at in CURVE]


def paths(run: Path, kind: str, class_id: str) -> dict[str, Path]:
    """Return the paths of one class folder's tables."""
    return {
        "full": run / f"{kind}_full_{class_id}.pkl",
        "full csv": run / f"{kind}_full_{class_id}.csv",
        "classes": run / f"{kind}_{class_id}.csv",
        "curves": run / f"{kind}_curve_{class_id}.csv",
    }


def write_scores(
    run: Path,
    kind: str,
    class_id: str,
    rows: Sequence[dict[str, Any]],
    curves: Sequence[dict[str, Any]],
    models: Iterable[str],
) -> None:
    """Write the tables of one class folder, each whole or not at all.

    The table with the fingerprints, by which rows are kept, is written last. If the process is
    killed before, the rows are scored again and never disagree with their curves.

    Args:
        run: the folder.
        kind: one of :data:`KINDS`.
        class_id: the class folder.
        rows: the columns of each scored model, ``idx`` among them; may be empty.
        curves: the F-score curve of each, under :func:`curve_columns`, with ``idx`` and
            ``modelname``; if empty, no file is written.
        models: the class name of every model of the split in this folder.
    """
    files = paths(run, kind, class_id)
    table = _portable(pd.DataFrame(list(rows), columns=_columns(rows)).set_index("idx"))
    if curves:
        with atomic(files["curves"]) as beside:
            pd.DataFrame(list(curves)).set_index("idx").to_csv(beside)
    else:
        files["curves"].unlink(missing_ok=True)
    with atomic(files["classes"]) as beside:
        _by_class(table, pd.Series(list(models)).value_counts()).to_csv(beside)
    with atomic(files["full csv"]) as beside:
        table.to_csv(beside)
    with atomic(files["full"]) as beside:
        table.to_pickle(beside)


def read_scores(run: Path, kind: str, class_ids: Iterable[str] | None = None) -> Scores | None:
    """Read the scores of one kind, of some class folders (None: all) together.

    Returns:
        The scores; None where there is no row of this kind.

    Raises:
        DataError: a file cannot be read, or is not a table of scores.
    """
    found = sorted(run.glob(f"{kind}_full_*.pkl"))
    if class_ids is not None:
        wanted = [paths(run, kind, class_id)["full"] for class_id in class_ids]
        found = [path for path in wanted if path.is_file()]
    tables, curves, missing = [], [], dict[str, int]()
    for path in found:
        class_id = path.stem.removeprefix(f"{kind}_full_")
        files = paths(run, kind, class_id)
        table = read_table(path)
        if len(table):
            tables.append(table)
            curve = read_curves(files["curves"])
            if curve is not None:
                curves.append(curve)
        if files["classes"].is_file():
            classes = read_csv(files["classes"], ["class name"], advice=AGAIN)
            if "missing" in classes:
                if not np.isfinite(classes["missing"]).all():
                    raise _unreadable(files["classes"], "its column missing has gaps")
                for name, count in zip(classes["class name"], classes["missing"], strict=True):
                    missing[str(name)] = missing.get(str(name), 0) + int(count)
    if not tables:
        return None
    complete = len(curves) == len(tables)
    curve = pd.concat(curves, ignore_index=True) if complete else None
    return Scores(pd.concat(tables, ignore_index=True), curve, missing)


def read_table(path: Path) -> pd.DataFrame:
    """Read the rows of one class folder.

    Raises:
        DataError: the file is damaged, holds something else, or asks for code to be run.
    """
    try:
        with open(path, "rb") as file:
            table = _Unpickler(file).load()
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except Exception as error:  # a damaged pickle can raise anything
        raise _unreadable(path, first_line(error)) from error
    if not isinstance(table, pd.DataFrame) or not {"class name", "modelname"} <= set(table):
        raise DataError(f"{path}: holds no table of scores; {AGAIN}")
    if "class id" not in table:
        table.insert(0, "class id", "")
    if not table.columns.is_unique or not all(isinstance(name, str) for name in table):
        raise _unreadable(path, "a column is there twice, or has no name")
    for name in table:
        wanted: tuple[type, ...] = (str,) if name in TEXTS else (Real, np.bool_)
        values = table[name] if name in KEYS else table[name].dropna()
        if not all(isinstance(value, wanted) for value in values):
            raise _unreadable(path, f"its column {name} does not hold what it should")
    return table


def read_curves(path: Path) -> pd.DataFrame | None:
    """Read the F-score curves of one class folder, if there are any.

    Raises:
        DataError: the file is damaged.
    """
    if not path.is_file():
        return None
    return read_csv(path, ["idx", "class id", "modelname"], advice=AGAIN).set_index("idx")


def _unreadable(path: Path, reason: str) -> DataError:
    return DataError(f"{path}: not a readable table ({reason}); {AGAIN}")


_ALLOWED = {
    "pandas": "DataFrame Index RangeIndex MultiIndex StringDtype StringArray BlockManager "
    "_new_Index _unpickle_block new_block __pyx_unpickle_NDArrayBacked",
    "numpy": "ndarray dtype _reconstruct _frombuffer scalar",
    "builtins": "slice",
}
"""Package → the names that the pickle of a table may call."""

_BEFORE_PANDAS_2 = ("Int64Index", "UInt64Index", "Float64Index")
"""Classes of ``pandas.core.indexes.numeric``, which published tables have; they became Index."""


class _Unpickler(pickle.Unpickler):
    """An unpickler of tables that refuses every other call that a pickle may ask for."""

    def find_class(self, module: str, name: str) -> Any:
        if module == "pandas.core.indexes.numeric" and name in _BEFORE_PANDAS_2:
            return pd.Index
        if name in _ALLOWED.get(module.split(".")[0], "").split():
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def _columns(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return the columns: keys, then scores in the order of first occurrence, then the rest."""
    names = dict.fromkeys(name for row in rows for name in row)
    last = ["note", "fingerprint"]
    return ["idx", *KEYS, *(n for n in names if n not in ["idx", *KEYS, *last]), *last]


def _portable(table: pd.DataFrame) -> pd.DataFrame:
    """Make strings plain objects, which every version of pandas unpickles."""
    texts = [name for name in table if not np.issubdtype(np.asarray(table[name]).dtype, np.number)]
    texts = [name for name in texts if table[name].dtype != bool]
    table = table.astype(dict.fromkeys(texts, object))
    table.columns = pd.Index(list(table.columns), dtype=object)
    return table


def mesh_version(path: Path) -> str:
    """Return a digest of a mesh file's version, to compare it with that of a scored row.

    Raises:
        OSError: there is no such file.
    """
    return digest(file_version(path))


def digest(values: Sequence[Any]) -> str:
    """Return 16 hexadecimal digits for values that JSON can hold."""
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]


def mesh_versions(table: pd.DataFrame) -> pd.Series:
    """Return (rows,) str, the :func:`mesh_version` that each row was scored from.

    It is a part of the fingerprint; ``""`` in tables of earlier releases, which do not have it.
    """
    if "fingerprint" not in table:
        return pd.Series("", table.index)
    return table["fingerprint"].map(lambda text: str(text).rpartition("-")[0])


def score_columns(table: pd.DataFrame) -> list[str]:
    """Return the columns of a table of rows or classes that hold scores."""
    return [name for name in table if name not in NOT_SCORES]


def _by_class(table: pd.DataFrame, models: pd.Series) -> pd.DataFrame:
    """Return counts and means by class name; NaN means for a class without a row."""
    classes = pd.Index(sorted(models.index), name="class name")
    of_class = table.groupby("class name")
    rows = of_class.size().reindex(classes, fill_value=0)
    empty = next((name for name in EMPTY if name in table), None)
    counts = {
        "meshes": rows,
        "empty": 0 if empty is None else of_class[empty].sum().reindex(classes, fill_value=0),
        "missing": models.reindex(classes) - rows,
    }
    scores = table[score_columns(table)].astype(float)
    means = scores.groupby(table["class name"]).mean().reindex(classes)
    return pd.concat([pd.DataFrame(counts, classes).astype(int), means], axis=1)
