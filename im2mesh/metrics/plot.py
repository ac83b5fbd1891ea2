"""Scored runs as a picture: bars by class, F-score over distance."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from im2mesh.errors import InputError
from im2mesh.files import atomic
from im2mesh.metrics.report import class_means, mean_curve
from im2mesh.metrics.scored_runs import MAIN, SHOWN, ScoredMethod
from im2mesh.metrics.scores import CURVE

BAR_WIDTH = 0.8
"""Width of all bars of one class together, in classes."""

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
"""Okabe and Ito's colours, which colour-blind readers can tell from each other, also in grey."""

FORMATS = (".png", ".pdf", ".svg")
"""Extensions of the pictures that are written. Others need programs beside matplotlib."""


def check_format(path: Path) -> None:
    """Raise InputError where the extension of a picture is none of :data:`FORMATS`."""
    if path.suffix.lower() not in FORMATS:
        raise InputError(f"{path}: plots are written as {' '.join(FORMATS)}; use one of these")


def plot(methods: Sequence[ScoredMethod], path: Path, raw: bool, over: str) -> None:
    """Draw the mean main score of every class and the mean F-score curves, one colour a method.

    Raises:
        InputError: the extension is none of :data:`FORMATS`, or no method has the main score.
    """
    check_format(path)
    from matplotlib.figure import Figure  # imported late: it is slow

    means = class_means(methods, raw).dropna(how="all", axis=1)
    if means.empty:
        raise InputError(f"there is no {SHOWN[MAIN]} to plot; run eval_meshes.py with ground truth")
    colour = {m.name: COLOURS[k % len(COLOURS)] for k, m in enumerate(methods)}
    figure = Figure(figsize=(max(9.0, 5.0 + 0.5 * len(means)), 4.2), layout="constrained")
    share = len(means) / (len(means) + 8)
    bars, curves = figure.subplots(1, 2, width_ratios=[max(share, 0.4), 1 - max(share, 0.4)])
    width = BAR_WIDTH / len(means.columns)
    for k, name in enumerate(means.columns):
        at = np.arange(len(means)) + (k - (len(means.columns) - 1) / 2) * width
        bars.bar(at, means[name], width, label=name, color=colour[name])
    bars.set_xticks(np.arange(len(means)), means.index, rotation=45, ha="right")
    bars.set_ylabel(f"{SHOWN[MAIN]} ×100")
    bars.set_title("mean by class")
    bars.set_ylim(0, 100)
    drawn = False
    for method in methods:
        curve = mean_curve(method, raw, over)
        if curve is not None:
            curves.plot(CURVE * 100, curve, label=method.name, color=colour[method.name])
            drawn = True
    curves.set_xlabel("distance, % of the cube's side")
    curves.set_ylabel("F-score ×100")
    curves.set_title("F-score over distance" if drawn else "no curves: scored elsewhere")
    curves.set_ylim(0, 100)
    curves.set_xlim(0, CURVE[-1] * 100)
    for axes in (bars, curves):
        axes.grid(alpha=0.3)
        axes.set_axisbelow(True)
    handles, labels = bars.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(4, len(labels)))
    figure.suptitle("not aligned" if raw else "aligned by ICP (as published)", fontsize="medium")
    with atomic(path) as beside:
        figure.savefig(beside, dpi=150)
