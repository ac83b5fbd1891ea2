"""Real sensor views to metric meshes, with scores where the true mesh is known.

    python benchmarks/sensor.py FOLDER [CONFIG …] [--out out/sensor]

FOLDER and its sub-folders are searched for views: ``<name>_mask.png`` with ``<name>.npz``
(``depth`` in metres, ``K``), or with ``depth.png`` and BOP's ``camera.json``; or
``segmask_<name>.png`` with ``depth_<name>.npy`` and ``primesense.intr``. The true mesh, if there is
one, is ``<name>_gt_camera.ply`` (metres, the camera's frame). The levels that the configurations
name (default: those of ``configs/demo``) reconstruct each view.

Prints a row a view: F-scores (times 100) at 1% and 2% of the true object's largest extent and
Chamfer in mm, of the mesh and of the measured points; the mesh's recall and precision at 2%; the
IoU of the true mesh's silhouette and the mask, which bounds what any mesh can reach; the median
distance of the measured points from the mesh in mm; pieces; whether it is closed. ``--out`` gets a
mesh, a picture (camera, side, behind, above) of each view, and the table. The other options
override the configurations.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from im2mesh.bundled import DEMO_LEVELS, demo_config  # noqa: E402
from im2mesh.config import load_config  # noqa: E402
from im2mesh.data.sensor_frames import SensorFrame, SensorImage  # noqa: E402
from im2mesh.generation.level import Level  # noqa: E402
from im2mesh.generation.pipeline import Reconstructor  # noqa: E402
from im2mesh.generation.sensor import SensorReconstruction, reconstruct  # noqa: E402
from im2mesh.geometry.mesh_files import load_mesh  # noqa: E402
from im2mesh.metrics.distances import Cloud  # noqa: E402
from im2mesh.metrics.sensor import camera_scores, metric_scores, surface_points  # noqa: E402
from im2mesh.visualize.sensor_picture import sensor_sheet  # noqa: E402

OVERRIDES = ("observation", "symmetry", "resolution")


LAYOUTS = (
    ("{}_mask.png", "{}.npz", "{}.npz"),
    ("{}_mask.png", "depth.png", "camera.json"),
    ("segmask_{}.png", "depth_{}.npy", "primesense.intr"),
)
"""Files of a view's mask, depth and intrinsics, with its name for the braces."""


@dataclass(frozen=True)
class View:
    """One object in one depth image, in metres, and its true mesh where that is known."""

    name: str
    frame: SensorFrame
    truth: tuple[np.ndarray, np.ndarray] | None


def find_views(folder: Path) -> Iterator[View]:
    """Read all views below a folder, by name."""
    for mask_name, depth_name, intrinsics_name in LAYOUTS:
        start, end = mask_name.split("{}")
        for mask in sorted(folder.rglob(mask_name.format("*"))):
            name = mask.name.removeprefix(start).removesuffix(end)
            depth, intrinsics = (
                mask.with_name(other.format(name)) for other in (depth_name, intrinsics_name)
            )
            if not (depth.is_file() and intrinsics.is_file()):
                continue
            (frame,) = SensorImage(depth, [str(intrinsics)], [mask]).frames(label=None)
            truth = mask.with_name(f"{name}_gt_camera.ply")
            yield View(name, frame, load_mesh(truth) if truth.is_file() else None)


def measure(view: View, result: SensorReconstruction, seconds: float) -> dict[str, Any]:
    """Score a mesh; distances in metres."""
    mesh = result.mesh
    vertices, faces = np.asarray(mesh.vertices), np.asarray(mesh.faces)
    predicted = surface_points(vertices, faces)
    gaps = Cloud(predicted).nearest(result.points)[0]
    seen = camera_scores(vertices, faces, view.frame.depth, view.frame.mask, view.frame.camera)
    row: dict[str, Any] = {"view": view.name}
    if view.truth is not None:
        truth = surface_points(*view.truth, seed=1)
        size = float(np.ptp(view.truth[0], axis=0).max())
        for name, points in (("", predicted), (" raw", result.points)):
            scores = metric_scores(points, truth, size)
            row |= {f"F@{p}%{name}": 100 * scores[f"fscore@{p}%"] for p in (1, 2)}
            row[f"chamfer mm{name}"] = scores["chamfer mm"]
            if not name:
                row |= {part: 100 * scores[f"{part}@2%"] for part in ("recall", "precision")}
        row["true size mm"] = 1e3 * size
        # A low one: the truth is not the object of the image, or the mask not all of it.
        image = camera_scores(*view.truth, view.frame.depth, view.frame.mask, view.frame.camera)
        row["true sil. IoU"] = 100 * image["silhouette iou"]
    return row | {
        "off mm": 1e3 * float(np.median(gaps)),
        "sil. IoU": 100 * seen["silhouette iou"],
        "symmetry": getattr(result.reconstruction.symmetry, "name", ""),
        "closed": result.closed,
        "pieces": len(mesh.split(only_watertight=False)) if len(faces) else 0,
        "seen mm": "×".join(f"{1e3 * e:.0f}" for e in result.placement.seen),
        "mesh mm": "×".join(f"{1e3 * e:.0f}" for e in result.extents),
        "removed": sum(result.cleaned.removed.values()),
        "s": seconds,
    }


def main() -> int:
    """Reconstruct, score and draw every view."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("configs", nargs="*", metavar="CONFIG", help="one YAML file a level")
    parser.add_argument("--out", type=Path, default=ROOT / "out/sensor")
    parser.add_argument("--views", nargs="+", metavar="NAME", help="only these")
    parser.add_argument("--observation", choices=("none", "carve", "surface"))
    parser.add_argument("--symmetry", choices=("none", "auto"))
    parser.add_argument("--threshold", type=float, help="test.threshold of all levels")
    parser.add_argument("--resolution", type=int, help="cells of the lattice")
    parser.add_argument("--noise", type=float, metavar="MM", help="of the depths, in mm")
    args = parser.parse_args()
    levels = []
    for config in map(load_config, args.configs or map(demo_config, DEMO_LEVELS)):
        level = Level.load(config)
        if args.threshold is not None:
            test = replace(level.config.test, threshold=args.threshold)
            level = Level(replace(level.config, test=test), level.network)
        levels.append(level)
    changes = {k: getattr(args, k) for k in OVERRIDES if getattr(args, k)}
    reconstructor = Reconstructor(levels, replace(levels[0].config.generation, **changes))
    args.out.mkdir(parents=True, exist_ok=True)
    rows = []
    for view in find_views(args.folder):
        if args.views and view.name not in args.views:
            continue
        start = time.perf_counter()
        with torch.inference_mode():
            result = reconstruct(
                view.frame.depth, view.frame.camera, view.frame.mask, reconstructor=reconstructor,
                noise=None if args.noise is None else args.noise / 1e3,
            )  # fmt: skip
        rows.append(measure(view, result, time.perf_counter() - start))
        print(
            ", ".join(
                f"{k} {v:.3g}" if isinstance(v, float) else f"{k} {v}" for k, v in rows[-1].items()
            ),
            flush=True,
        )
        result.mesh.export(args.out / f"{view.name}.ply")
        sheet = sensor_sheet(view.name, view.frame.depth, result, view.truth)
        Image.fromarray(sheet).save(args.out / f"{view.name}.png")
    table = pd.DataFrame(rows)
    table.to_csv(args.out / "scores.csv", index=False, float_format="%.5g")
    with pd.option_context("display.width", 250, "display.max_columns", None):
        print(table.round(1).to_string(index=False))
        print("mean", table.select_dtypes("number").mean().round(1).to_dict())
    return 0


if __name__ == "__main__":
    sys.exit(main())
