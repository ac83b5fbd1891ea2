"""Tables of scored runs: one run by class, or several side by side. All scores are ×100."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from im2mesh.data.run_folders import (
    find_meshes,
    global_level,
    mesh_folder,
    recorded_levels,
    run_folder,
)
from im2mesh.metrics import results
from im2mesh.metrics.scored_runs import MAIN, SHOWN, ScoredMethod, ScoredRun, model_keys
from im2mesh.metrics.tables import Table

MOST_ROWS = 20
"""Meshes that the sorted table shows; where there are more, half of them from either end."""

GROUPS = {"all": "", "seen": "", "unseen": "", "visible": "_vis", "invisible": "_invis"}
"""Groups of a comparison → the suffix of their scores."""

PLURALS = {"class": "classes", "sample": "samples"}


def class_table(method: ScoredMethod, raw: bool, how: str = "mean") -> Table:
    """Return a row a class: the mean, max or min of its meshes.

    Overall means follow the means of several classes; those of one class would repeat its row.
    """
    values = method.all_values(raw)
    frame = values.groupby(method.class_names).agg(how).rename_axis(None)
    summaries = {}
    if how == "mean" and len(frame) > 1:
        groups = ["all"] if method.seen is None else ["all", "seen", "unseen"]
        for group in groups:
            if method.in_group(group).any():
                for over, label in (("class", "mean"), ("sample", "mean_sample")):
                    name = label if group == "all" else f"{label} {group}"
                    summaries[name] = method.mean(values, over, group)
    frame = pd.concat([frame, pd.DataFrame(summaries, frame.columns).T])
    title = f"{method.name}: class {how} ×100{_alignment(method, raw)}"
    return Table(title, frame, len(summaries))


def _one_class_table(method: ScoredMethod, raw: bool) -> Table:
    frame = method.all_values(raw).agg(["max", "min", "mean"])
    name = method.class_names.iloc[0]
    return Table(f"{method.name}: {name} ×100{_alignment(method, raw)}", frame, 1)


def sorted_rows(method: ScoredMethod, raw: bool) -> Table:
    """Return a row a mesh, the worst first."""
    names = [f"{class_id}/{model}".lstrip("/") for class_id, model in method.models()]
    frame = method.all_values(raw).set_axis(names)
    by = SHOWN[MAIN] if SHOWN[MAIN] in frame else frame.columns[0]
    title = f"{method.name}: meshes from worst to best ×100{_alignment(method, raw)}"
    return Table(title, frame.sort_values(by, kind="stable"), most=MOST_ROWS)


def printout(method: ScoredMethod, raw: bool) -> list[str]:
    """Return the published printout: rows, classes, means, and the means as LaTeX and CSV.

    A run with one class has one table of its max, min and mean.
    Where there are scores with and without alignment, both means are shown.
    """
    one = method.class_names.nunique() == 1
    means = _one_class_table(method, raw) if one else class_table(method, raw)
    extremes = [] if one else [class_table(method, raw, how) for how in ("max", "min")]
    tables = [sorted_rows(method, raw), *extremes, means]
    if method.aligned and not raw:
        tables.append(_one_class_table(method, raw=True) if one else class_table(method, raw=True))
    texts = [table.render("text") for table in tables]
    return [*texts, means.render("latex"), f"{means.title}\n{means.render('csv')}"]


def comparison(methods: Sequence[ScoredMethod], raw: bool, over: str) -> Table:
    """Return the means of several methods: a row a score, a column a method in each group."""
    groups = {}
    for group, part in GROUPS.items():
        if group in ("seen", "unseen") and not any(
            method.seen is not None and method.in_group(group).any() for method in methods
        ):
            continue
        means = {}
        for method in methods:
            values = {head: method.values(score + part, raw) for score, head in SHOWN.items()}
            means[method.name] = method.mean(pd.DataFrame(values), over, group)
        frame = pd.DataFrame(means)
        if frame.notna().any(axis=None):
            groups[group] = frame
    frame = pd.concat(groups, axis=1).dropna(how="all")
    alignment = "not aligned" if raw else "aligned by ICP (as published)"
    return Table(f"means over {PLURALS[over]} ×100, {alignment}", frame)


def comparison_by_class(methods: Sequence[ScoredMethod], raw: bool) -> Table:
    """Return the main score of several methods: a row a class, a column a method, and means."""
    by_class = class_means(methods, raw)
    values = {method.name: method.values(MAIN, raw).to_frame() for method in methods}
    summaries = {
        label: {m.name: m.mean(values[m.name], over).item() for m in methods}
        for over, label in (("class", "mean"), ("sample", "mean_sample"))
        if len(by_class) > 1
    }
    frame = pd.concat([by_class, pd.DataFrame(summaries).T])
    return Table(f"{SHOWN[MAIN]} by class ×100", frame, len(summaries))


def class_means(methods: Sequence[ScoredMethod], raw: bool) -> pd.DataFrame:
    """Return the mean main score ×100: a row a class, a column a method."""
    means = {m.name: m.values(MAIN, raw).groupby(m.class_names).mean() for m in methods}
    return pd.DataFrame(means).sort_index().rename_axis(None)


def _alignment(method: ScoredMethod, raw: bool) -> str:
    if method.column(MAIN, raw) is None:
        return ""
    return ", not aligned" if raw else ", aligned by ICP (as published)"


def mean_curve(method: ScoredMethod, raw: bool, over: str) -> np.ndarray | None:
    """Return the (50,) mean F-scores ×100 at :data:`im2mesh.metrics.scores.CURVE`, or None."""
    curves = method.scores.curves
    names = results.curve_columns(raw)
    if curves is None or not set(names) <= set(curves) or not len(curves):
        return None
    values = curves[names].astype(float) * 100
    if over == "class":
        class_name = dict(zip(method.models(), method.class_names, strict=True))
        values = values.groupby([class_name.get(key, "") for key in model_keys(curves)]).mean()
    return values.mean().to_numpy()


def remarks(methods: Sequence[ScoredMethod], runs: Sequence[ScoredRun]) -> list[str]:
    """Return remarks on the numbers, a line each.

    They name missing, outdated and empty meshes, meshes without scores against the input where
    others have them, means over different meshes, and absent baselines.
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
        # This score is never NaN where a mesh was compared with the input.
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


def _missing_baselines(methods: Sequence[ScoredMethod], runs: Sequence[ScoredRun]) -> list[str]:
    """Return the names of absent baselines, with what to do first.

    Baselines belong beside scores of meshes. The global level alone belongs beside fused runs,
    unless one of the runs is that level.
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
