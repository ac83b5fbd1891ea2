"""A page about generation runs: a card for each depth map, the tables of scores on top."""

from __future__ import annotations

import html
import json
import logging
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from im2mesh.data.run_folders import Key, find_mesh, find_meshes, mesh_folder, read_picture
from im2mesh.data.splits import class_of
from im2mesh.data.storage import read_pointcloud
from im2mesh.errors import DataError, InputError
from im2mesh.files import folder_name, read_csv
from im2mesh.generation.meshing import simplify
from im2mesh.geometry.mesh_files import check_mesh, read_mesh
from im2mesh.metrics import results
from im2mesh.metrics.report import class_table, comparison, comparison_by_class
from im2mesh.metrics.report import remarks as remarks_on
from im2mesh.metrics.scored_runs import PARTS_SHOWN, SHOWN, ScoredRun, load_methods
from im2mesh.metrics.tables import Table
from im2mesh.progress import progress_bar
from im2mesh.visualize.page import FRAME, data_url, pack, page, view
from im2mesh.visualize.picture import render
from im2mesh.visualize.scene import GROUND_TRUTH, Layer, coloured

log = logging.getLogger(__name__)

THUMBNAIL = 240
"""Pixels along a side of the pictures that stand in the page before a mesh is opened."""

AZIMUTH, ELEVATION = 35.0, 12.0
"""The view of the pictures, and the one that the viewer starts from, in degrees."""

CLOUD_POINTS = 12_000
"""Points of a ground-truth cloud that the page holds."""


@dataclass
class Run:
    """One column of a report: a run, or ground truth."""

    name: str  # as the page calls it
    folder: Path  # of its files
    meshes: dict[Key, Path]  # key → file
    # Key → scores and timings by name
    numbers: dict[Key, dict[str, float]] = field(default_factory=dict)
    # Key → the few numbers below the mesh, as text
    shown: dict[Key, str] = field(default_factory=dict)


def report_page(
    folders: Sequence[Path],
    names: Sequence[str] | None = None,
    ground_truth: Path | None = None,
    faces: int = 6000,
) -> str:
    """Return the HTML of one run, or of several on the same depth maps; it needs no other file.

    Args:
        folders: of generators' runs, or as for ``eval_meshes.py --meshes``; a mesh in no class
            folder gets the classes in which other runs, or scores, have a model of its name.
        names: of the runs; None: their folders' names.
        ground_truth: folder of ``[<class>/]<model>.{ply,off}``, or of a data set.
        faces: of a mesh at the most; larger ones are simplified.

    Raises:
        InputError: a folder is missing or holds no mesh, or a table of scores cannot be read.
    """
    if faces < 4:
        raise InputError(f"--faces {faces}: a closed mesh has at least 4")
    called = _names(folders, names)
    runs = [_read_run(folder, name) for folder, name in zip(folders, called, strict=True)]
    shown_tables, remarks = _scores(runs)
    _place(runs)
    keys = sorted({key for run in runs for key in run.meshes})
    columns = list(runs)
    if ground_truth is not None:
        columns.insert(0, _ground_truth(ground_truth, keys))
    data: dict[str, str] = {}
    cards: list[str] = []
    with progress_bar(keys, unit="map") as bar:
        for key in bar:
            bar.set_description("/".join(filter(None, key)))
            panes = [_pane(column, key, faces, data) for column in columns]
            cards.append(_card(columns, key, _input_picture(runs, key), panes))
    about = {
        "runs": [column.name for column in columns],
        "cards": [
            {
                "class": class_of(key[1], key[0]),
                "name": "/".join(filter(None, key)),
                "numbers": [column.numbers.get(key, {}) for column in columns],
            }
            for key in keys
        ],
        "numbers": _number_names(columns),
    }
    data["about"] = json.dumps(about).replace("<", "\\u003c")
    title = "Report: " + ", ".join(run.name for run in runs)
    body = _body(title, runs, cards, shown_tables, remarks)
    return page(title, body, data, ["viewer.js", "report.js"])


# --- reading ----------------------------------------------------------------------------------


def _names(folders: Sequence[Path], names: Sequence[str] | None) -> list[str]:
    if names is None:
        found = [folder_name(folder) for folder in folders]
        if len(set(found)) < len(found):  # as published, every run's folder is called generation…
            found = ["/".join(Path(os.path.abspath(folder)).parts[-2:]) for folder in folders]
        names = found
    elif len(names) != len(folders):
        raise InputError(f"--names: {len(names)} names for {len(folders)} runs")
    if len(set(names)) < len(names):
        raise InputError(f"the runs are called {', '.join(names)}; tell them apart with --names")
    return list(names)


def _read_run(folder: Path, name: str) -> Run:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of a run")
    meshes = find_meshes(mesh_folder(folder))
    if not meshes:
        raise InputError(f"{folder}: holds no meshes/<class>/<model>.ply; run a generator first")
    run = Run(name, folder, meshes, _timings(folder / "time_generation_full.csv"))
    for key, row in run.numbers.items():
        if "time (total)" in row:
            run.shown[key] = f"{row['time (total)']:.2f} s"
    return run


def _timings(path: Path) -> dict[Key, dict[str, float]]:
    if not path.is_file():
        return {}
    try:
        table = read_csv(path, ["class id", "modelname"])
    except DataError as error:
        log.warning("%s", error)
        return {}
    return _numbers(table.drop(columns="idx", errors="ignore"))


def _place(runs: Sequence[Run]) -> None:
    """Assign meshes outside class folders to the classes that have a model of their name."""
    known = {key for run in runs for key in (*run.meshes, *run.numbers) if key[0]}
    for run in runs:
        flat = {model: path for (class_id, model), path in run.meshes.items() if not class_id}
        in_classes = {key: path for key, path in run.meshes.items() if key[0]}
        placed = {key: flat[key[1]] for key in known if key[1] in flat}
        models = {model for _, model in known}
        unknown = {("", model): path for model, path in flat.items() if model not in models}
        run.meshes = unknown | placed | in_classes


def _ground_truth(folder: Path, keys: Sequence[Key]) -> Run:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder (--ground-truth)")
    found: dict[Key, Path] = {}
    for class_id, model in keys:
        cloud = folder / class_id / model / "pointcloud.npz"
        mesh = find_mesh(mesh_folder(folder), class_id, model)
        if mesh is not None or cloud.is_file():
            found[class_id, model] = mesh or cloud
    if not found:
        raise InputError(
            f"{folder}: holds neither <class>/<model>.ply nor <class>/<model>/pointcloud.npz of "
            "any model of the runs (--ground-truth)"
        )
    return Run(GROUND_TRUTH, folder, found)


def _numbers(table: pd.DataFrame) -> dict[Key, dict[str, float]]:
    """Return all finite numbers of a table's rows, to four digits."""
    columns = [name for name in table if pd.api.types.is_numeric_dtype(table[name])]
    rows: dict[Key, dict[str, float]] = {}
    for row in table.to_dict(orient="records"):
        values = {str(name): float(row[name]) for name in columns}
        rows[str(row["class id"]), str(row["modelname"])] = {
            name: float(f"{value:.4g}") for name, value in values.items() if math.isfinite(value)
        }
    return rows


def _scores(runs: Sequence[Run]) -> tuple[list[Table], list[str]]:
    """Add their scores to the runs; return the tables and remarks of ``read_results.py``."""
    kinds = (results.MESHES, results.OBSERVED)
    scored = [run for run in runs if any(results.read_scores(run.folder, kind) for kind in kinds)]
    without = [run.name for run in runs if run not in scored]
    remarks = [f"no scores (eval_meshes.py makes them): {', '.join(without)}"] if without else []
    if not scored:
        return [], remarks
    sources = [ScoredRun(run.folder, run.name) for run in scored]
    methods = load_methods(sources)
    raw = not any(method.aligned for method in methods)
    for run in scored:
        method = next(method for method in methods if method.name == run.name)
        for key, row in _numbers(method.table).items():
            run.numbers[key] = row | run.numbers.get(key, {})
        few = {
            name: method.values(score, raw)
            for score, name in SHOWN.items()
            if score in ("fscore@1", "chamfer", "iou", "silhouette iou")
        }
        for place, key in enumerate(method.models()):
            words = [
                f"{name} {values.iloc[place]:.1f}"
                for name, values in few.items()
                if math.isfinite(values.iloc[place])
            ]
            seconds = run.shown.get(key)
            run.shown[key] = " · ".join(words + ([seconds] if seconds else []))
    found = [class_table(method, raw) for method in methods]
    if len(methods) > 1:
        found = [comparison(methods, raw, "class"), comparison_by_class(methods, raw), *found]
    return found, [*remarks_on(methods, sources), *remarks]


def _number_names(runs: Sequence[Run]) -> list[str]:
    names = dict.fromkeys(
        name for run in runs for numbers in run.numbers.values() for name in numbers
    )
    main = [f"{score}{results.MESH}" for score in [*SHOWN, *PARTS_SHOWN]]
    main += ["time (total)", "faces"]
    return [*(name for name in main if name in names), *(n for n in names if n not in main)]


# --- what the cards show ----------------------------------------------------------------------


def _pane(run: Run, key: Key, faces: int, data: dict[str, str]) -> str:
    """Return the HTML of one mesh of a card, and put the packed mesh into ``data``."""
    picture = '<span class="faint">{}</span>'
    path = run.meshes.get(key)
    try:
        layer = None if path is None else _layer(path, faces)
    except InputError as error:
        log.warning("%s", error)
        shown = picture.format("not readable")
    else:
        if layer is None:
            shown = picture.format("no mesh" if path is None else "empty")
        else:
            place = f"mesh-{len(data)}"
            data[place] = pack([layer], FRAME, AZIMUTH, ELEVATION)
            drawn = render([layer], AZIMUTH, ELEVATION, THUMBNAIL, FRAME)
            shown = view(place, data_url(drawn, lossy=True), f"mesh by {run.name}")
    return _cell(run.name, shown, run.shown.get(key, ""))


def _layer(path: Path, faces: int) -> Layer | None:
    """Read a mesh and simplify it, or a cloud and thin it out; return None if it is empty."""
    if path.suffix == ".npz":
        points = read_pointcloud(path).points.astype(np.float64)
        step = -(-len(points) // CLOUD_POINTS)
        points = points[:: max(step, 1)]
        if not len(points):
            return None
        cloud = Layer(GROUND_TRUTH, points)
        return coloured([cloud]).layers[0]
    mesh = read_mesh(path)
    try:
        vertices, triangles = check_mesh(mesh.vertices, mesh.faces)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    if not len(triangles):
        return None
    vertices, triangles = simplify(vertices, triangles, faces)
    return Layer(path.stem, vertices, triangles)


def _input_picture(runs: Sequence[Run], key: Key) -> str | None:
    """Return the picture of the depth map, from the first run that has one, as a data URL."""
    for run in runs:
        path = run.folder / "input" / key[0] / f"{key[1]}.jpg"
        if path.is_file():
            try:
                picture = Image.fromarray(read_picture(path))
            except InputError as error:
                log.warning("%s", error)
                continue
            return data_url(np.asarray(picture.resize((THUMBNAIL, THUMBNAIL))), lossy=True)
    return None


# --- HTML -------------------------------------------------------------------------------------


def _card(columns: Sequence[Run], key: Key, picture: str | None, panes: Sequence[str]) -> str:
    """Return a card: the input, the meshes, and all numbers folded away."""
    shown = "" if picture is None else _cell("input", f'<img src="{picture}" alt="depth map">')
    numbers = pd.DataFrame({column.name: column.numbers.get(key, {}) for column in columns})
    folded = ""
    if len(numbers):
        table = numbers.to_html(float_format="{:g}".format, na_rep="–", border=0)
        folded = f"<details><summary>all numbers</summary>{table}</details>"
    return (
        f'<section class="card"><h2>{html.escape("/".join(filter(None, key)))}</h2>'
        f'<div class="row">{shown}{"".join(panes)}</div>{folded}</section>'
    )


def _cell(title: str, shown: str, text: str = "") -> str:
    box = shown if shown.startswith('<div class="view">') else f'<div class="view">{shown}</div>'
    words = f'<div class="faint">{html.escape(text)}</div>'
    return f'<div class="cell"><h3>{html.escape(title)}</h3>{box}{words}</div>'


def _body(
    title: str,
    runs: Sequence[Run],
    cards: Sequence[str],
    shown: Sequence[Table],
    remarks: Sequence[str],
) -> str:
    said = "".join(f'<p class="faint">{html.escape(remark)}</p>' for remark in remarks)
    drawn = ""
    for summary, some, state in (("Scores", shown[:2], " open"), ("By class", shown[2:], "")):
        if some:
            inside = "".join(
                f"<div><h3>{html.escape(table.title)}</h3>{table.html()}</div>" for table in some
            )
            drawn += f"<details{state}><summary>{summary}</summary>"
            drawn += f'<div class="tables">{inside}</div></details>'
    width = 250 * (len(runs) + 1) + 30  # of a card with its pictures in one row
    plural = "s" if len(cards) != 1 else ""
    places = ", ".join(f"{run.name}: {run.folder}" for run in runs)
    return f"""\
<header>
<h1>{html.escape(title)}</h1>
<p class="faint">{len(cards)} depth map{plural} · {html.escape(places)}</p>
{said}{drawn}
</header>
<header class="bar sticky">
<label>class <select id="class"></select></label>
<label>name <input type="search" id="name" placeholder="part of a name"></label>
<label>sort by <select id="sort"></select></label>
<label>of <select id="run"></select></label>
<button id="order">largest first</button>
<span class="faint" id="count"></span>
<span class="faint">click on a mesh to turn it</span>
</header>
<main class="cards" id="cards" style="--card: {width}px">{"".join(cards)}</main>
"""
