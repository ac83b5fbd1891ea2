"""Time the making of training and evaluation data.

    python benchmarks/prepare.py [--only views shapes procedural] [--mesh FILE] [--views 100]

* ``views``: depth maps of a mesh from many poses, written as a pose list is (one process, the
  mesh loaded once), against one process a view, as the published script works;
* ``shapes``: whole data sets, see benchmarks/prepare_shapes.py;
* ``procedural``: samples of procedural shapes, see benchmarks/procedural.py.

Every section prints rates and their ratio, all measured in this run.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import trimesh

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from im2mesh.geometry.mesh_files import load_mesh  # noqa: E402
from im2mesh.preparation.depth_maps import Rendering, write_views  # noqa: E402
from im2mesh.preparation.pose_lists import HEADER  # noqa: E402

CLASS_ID, MODEL = "03001627", "benchmark"
PROCESSES = 5
"""Number of single views that are timed; each takes seconds, nearly all of them to start."""


def views(args: argparse.Namespace) -> None:
    """Views rendered per second."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        mesh = root / "shapenet" / CLASS_ID / MODEL / "models" / "model_normalized.obj"
        mesh.parent.mkdir(parents=True)
        if args.mesh is None:
            trimesh.creation.icosphere(subdivisions=6).export(mesh)
        else:
            trimesh.Trimesh(*load_mesh(args.mesh), process=False).export(mesh)
        poses = root / "poses.csv"
        with open(poses, "w", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(HEADER)
            for k in range(args.views):
                rows.writerow([f"chair_{MODEL}-{k:03d}", CLASS_ID, 37.3 * k % 360, k % 70 - 20])
        start = time.perf_counter()
        write_views(poses, root / "shapenet", root / "maps", Rendering())
        together = args.views / (time.perf_counter() - start)
        start = time.perf_counter()
        for k in range(PROCESSES):
            command = [sys.executable, str(ROOT / "render_depth.py")]
            command += ["--filename", f"{CLASS_ID}_{MODEL}", "--out_dir", str(root / f"single{k}")]
            command += ["--shapenet_dir", str(root / "shapenet"), "--azimuth", str(37.3 * k)]
            subprocess.run(command, check=True, capture_output=True)
        alone = PROCESSES / (time.perf_counter() - start)
        faces = len(load_mesh(mesh)[1])
    print(f"views: a mesh of {faces} faces at 256², written as .npz, {os.cpu_count()} cores")
    print(f"  one process, the mesh loaded once   {together:8.2f} views/s ({args.views} views)")
    print(f"  one process a view, as published    {alone:8.2f} views/s ({PROCESSES} views)")
    print(f"  ratio {together / alone:.0f}")


def script(name: str) -> Callable[[argparse.Namespace], None]:
    """A section that is a benchmark of its own, run with its defaults."""

    def run(_: argparse.Namespace) -> None:
        subprocess.run([sys.executable, str(ROOT / "benchmarks" / name)], check=True)

    return run


SECTIONS: dict[str, Callable[[argparse.Namespace], None]] = {
    "views": views,
    "shapes": script("prepare_shapes.py"),
    "procedural": script("procedural.py"),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--mesh", type=Path, help="what is rendered (default: a ball)")
    parser.add_argument("--views", type=int, default=100, help="of the mesh (default: %(default)s)")
    args = parser.parse_args()
    for name in args.only:
        SECTIONS[name](args)


if __name__ == "__main__":
    main()
