"""Measure wholeness: pieces, hidden surface found and volume, beside F-scores.

    python benchmarks/wholeness.py MESHES CONFIG [CONFIG …] [--threshold 0.5 0.3] [--objects 4]

MESHES holds real meshes, ``<class>/<file>``. One view each is made as ``reproduce.py`` makes it
(``build_dataset.py --views 1``), once, in ``--data``. The levels that the configurations name
reconstruct every k-th object (``--objects k``), once for each combination of ``--threshold``,
``--symmetry`` and ``--min-piece``. Not aligned, no randomness but that of ``build_dataset.py``.

For each combination it prints means over the objects (pieces: also the median): F@1% and that of
the visible and invisible part, IoU, pieces and cavities of a mesh, share of the objects in one
piece among those that truly are, hidden true surface with predicted surface within 2% and 5%, and
predicted volume over true volume (mean, median, mean distance from 1), all times 100 but for the
counts. ``--out`` has a row an object and combination; an error or Ctrl-C leaves those of finished
objects. An object whose process died is named, the others are done, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from im2mesh.cli import DONE, INTERRUPTED, SOME_FAILED  # noqa: E402
from im2mesh.config import DataConfig, load_config  # noqa: E402
from im2mesh.data.storage import NpzSample  # noqa: E402
from im2mesh.files import write_text  # noqa: E402
from im2mesh.generation.level import Level  # noqa: E402
from im2mesh.generation.pipeline import Reconstructor  # noqa: E402
from im2mesh.geometry.mesh_files import write_mesh  # noqa: E402
from im2mesh.metrics.evaluation import GroundTruth, evaluate_mesh  # noqa: E402
from im2mesh.metrics.wholeness import pieces_of_cloud, wholeness_scores  # noqa: E402
from im2mesh.parallel import WorkerDied, run_tasks  # noqa: E402
from im2mesh.preparation.collection import Entry, find_shapes  # noqa: E402
from im2mesh.preparation.dataset import build_dataset  # noqa: E402
from im2mesh.preparation.partition import Partition  # noqa: E402
from im2mesh.preparation.settings import DatasetSettings  # noqa: E402

SCORES = {
    "F@1%": "fscore@1 raw",
    "vis": "fscore@1_vis raw",
    "invis": "fscore@1_invis raw",
    "IoU": "iou",
    "hid@2": "hidden found@2",
    "hid@5": "hidden found@5",
}
"""Column of the table → score, printed times 100."""

WAY = ["threshold", "symmetry", "min piece"]
"""Columns that tell the combinations apart."""


@dataclass(frozen=True)
class Way:
    """One combination of settings; None: what the configuration says."""

    threshold: float | None
    symmetry: str | None
    min_piece: float | None


@dataclass(frozen=True)
class Task:
    """One object and all that is to be done with it."""

    entry: Entry
    configs: tuple[str, ...]
    ways: tuple[Way, ...]
    observation: str | None
    resolution: int | None
    data: Path
    meshes: Path | None


_levels: dict[tuple[str, ...], list[Level]] = {}
"""The networks that this process has loaded."""


def measure(task: Task) -> list[dict[str, Any]]:
    """Reconstruct an object in every way; a row each."""
    view = task.entry.views[0]
    model = NpzSample(task.entry.folder, view.name, DataConfig(path=str(task.data), img_folder=""))
    cloud, points = model.pointcloud(), model.points()
    truth = GroundTruth(cloud.points, cloud.normals, cloud.visible, points.points, points.inside)
    pieces = pieces_of_cloud(cloud.points)
    levels = _levels.get(task.configs)
    if levels is None:
        levels = _levels[task.configs] = [Level.load(load_config(path)) for path in task.configs]
    rows = []
    for number, way in enumerate(task.ways):
        result = reconstructor(levels, way, task.observation, task.resolution)(model.depth())
        if task.meshes is not None:
            write_mesh(result.mesh, task.meshes / str(number) / f"{view.name}.ply")
        scores = evaluate_mesh(result.mesh, truth, align=False, threads=1)
        scores |= wholeness_scores(result.mesh, truth)
        rows.append(
            {
                "object": view.name,
                "threshold": levels[0].config.test.threshold
                if way.threshold is None
                else way.threshold,
                "symmetry": way.symmetry or levels[0].config.generation.symmetry,
                "min piece": levels[0].config.generation.min_piece
                if way.min_piece is None
                else way.min_piece,
                "found": "" if result.symmetry is None else result.symmetry.name,
                "true pieces": pieces,
                **scores,
                "seconds": sum(result.seconds.values()),
            }
        )
    return rows


def reconstructor(
    levels: Sequence[Level], way: Way, observation: str | None, resolution: int | None
) -> Reconstructor:
    """The levels, which share their networks with those given, in one way."""
    own = []
    for level in levels:
        config = level.config
        if way.threshold is not None:
            config = replace(config, test=replace(config.test, threshold=way.threshold))
        own.append(Level(config, level.network))
    changes = {
        "symmetry": way.symmetry,
        "min_piece": way.min_piece,
        "observation": observation,
        "resolution": resolution,
    }
    changes = {key: value for key, value in changes.items() if value is not None}
    return Reconstructor(own, replace(levels[0].config.generation, **changes))


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """A row for each combination."""
    lines = []
    for way, of_way in rows.groupby(WAY, sort=False):
        one = of_way[of_way["true pieces"] == 1]
        ratio = of_way["volume ratio"]
        lines.append(
            dict(zip(WAY, way, strict=True))
            | {"objects": len(of_way)}
            | {name: 100 * of_way[score].mean() for name, score in SCORES.items()}
            | {
                "pieces": of_way["pieces"].mean(),
                "median": of_way["pieces"].median(),
                "cavities": of_way["cavities"].mean(),
                "in one": 100 * (one["pieces"] == 1).mean(),
                "volume": 100 * ratio.mean(),
                "med.": 100 * ratio.median(),
                "off": 100 * (ratio - 1).abs().mean(),
                "s": of_way["seconds"].mean(),
            }
        )
    return pd.DataFrame(lines)


def write(rows: list[dict[str, Any]], out: Path) -> None:
    """Write all rows, and print the table of their means."""
    if not rows:
        return
    table = pd.DataFrame(rows)
    write_text(out, table.to_csv(index=False, float_format="%.5g"))
    means = summary(table)
    means = means.round(dict.fromkeys(means.columns.difference(WAY), 1))
    with pd.option_context("display.width", 250, "display.max_columns", None):
        print(means.to_string(index=False))
    print(out)


def main() -> int:
    """Measure, print the table, and write all rows."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("meshes", type=Path, metavar="MESHES")
    parser.add_argument("configs", nargs="+", metavar="CONFIG", help="one YAML file a level")
    parser.add_argument("--threshold", nargs="+", type=float, default=[None], help="test.threshold")
    parser.add_argument("--symmetry", nargs="+", choices=("none", "auto"), default=[None])
    parser.add_argument("--min-piece", nargs="+", type=float, default=[None])
    parser.add_argument("--observation", choices=("none", "carve", "surface"))
    parser.add_argument("--resolution", type=int, help="cells of the lattice")
    parser.add_argument("--objects", type=int, default=1, metavar="K", help="every k-th object")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="beginning with this one")
    parser.add_argument("--data", type=Path, default=ROOT / "out/wholeness/data", help="the views")
    parser.add_argument("--out", type=Path, default=ROOT / "out/wholeness/scores.csv")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="write the meshes, too")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    args = parser.parse_args()
    settings = DatasetSettings(views=1)
    found, problems = find_shapes(args.meshes)
    entries = found[args.first :: args.objects]
    build_dataset(
        entries, problems, args.data, settings, Partition.parse("test=1"),
        {"meshes": str(args.meshes)}, workers=args.jobs,
    )  # fmt: skip
    entries = [entry.with_views(1, settings.seed) for entry in entries]
    ways = tuple(
        Way(*way) for way in itertools.product(args.threshold, args.symmetry, args.min_piece)
    )
    tasks = [
        Task(e, tuple(args.configs), ways, args.observation, args.resolution, args.data, args.keep)
        for e in entries
        if (args.data / e.folder / e.views[0].name / "pointcloud.npz").is_file()  # not rejected
    ]
    rows: list[dict[str, Any]] = []
    failed = False
    try:
        with torch.inference_mode(), tqdm(total=len(tasks), unit="object", disable=None) as bar:
            for task, of_object in run_tasks(measure, tasks, args.jobs):
                if isinstance(of_object, WorkerDied):
                    failed = True
                    bar.write(f"{task.entry.folder}: {of_object}", file=sys.stderr)
                else:
                    rows += of_object
                bar.update()
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        write(rows, args.out)
    return SOME_FAILED if failed else DONE


if __name__ == "__main__":
    sys.exit(main())
