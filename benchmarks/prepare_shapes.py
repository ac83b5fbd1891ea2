"""Time the making of a data set from meshes and procedural shapes, step by step.

    python benchmarks/prepare_shapes.py [--meshes DIR] [--shapes 6] [--views 10] [--workers 2]

* stages: seconds of each step for one shape with all its views, one process, one thread;
* rates: shapes per second of build_dataset in ``--workers`` processes, against one process a
  file, as a script for one shape is called in a loop.

Without ``--meshes`` the shapes are meshes of procedural chairs. All numbers and their ratio are
measured in this run.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import trimesh

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from im2mesh.data.storage import write_depth, write_pointcloud, write_points  # noqa: E402
from im2mesh.geometry.mesh_files import load_mesh  # noqa: E402
from im2mesh.geometry.poses import normalise  # noqa: E402
from im2mesh.geometry.watertight import MeshSolid  # noqa: E402
from im2mesh.parallel import prepare_process  # noqa: E402
from im2mesh.preparation.collection import POINTS, SURFACE, MeshEntry, find_shapes  # noqa: E402
from im2mesh.preparation.dataset import build_dataset  # noqa: E402
from im2mesh.preparation.objects import SPARE, MeshObject  # noqa: E402
from im2mesh.preparation.partition import DEFAULT, Partition  # noqa: E402
from im2mesh.preparation.sampling import sample_cloud, sample_points  # noqa: E402
from im2mesh.preparation.settings import DatasetSettings  # noqa: E402
from im2mesh.processors import cpus  # noqa: E402
from im2mesh.shapes.families import make_shape  # noqa: E402
from im2mesh.timing import Stopwatch  # noqa: E402


def stages(entries: list[MeshEntry], settings: DatasetSettings, folder: Path) -> dict[str, float]:
    """Seconds a shape, by stage."""
    watch = Stopwatch()
    for entry in entries:
        with watch("read the mesh"):
            vertices, faces = load_mesh(entry.source)
        with watch("make it solid"):
            solid = MeshSolid(normalise(vertices), faces)
        with watch("sample the surface"):
            solid.sample_surface(int(SPARE * settings.cloud), entry.rng(0, SURFACE))
        mesh = MeshObject(vertices, faces, settings.cloud, entry.rng(0, SURFACE))  # both again
        for view in entry.views:
            posed = mesh.posed(view.azimuth, view.elevation)
            with watch("depth maps"):
                depth = posed.depth()
            with watch("points, distances"):
                points = sample_points(posed, settings.points, entry.rng(0, POINTS, view.number))
            with watch("clouds, visibility"):
                cloud = sample_cloud(posed, depth)
            with watch("write"):
                write_depth(folder / view.name / "000.npz", depth)
                write_points(folder / view.name / "points.npz", points)
                write_pointcloud(folder / view.name / "pointcloud.npz", cloud)
    return {name: seconds / len(entries) for name, seconds in watch.seconds.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--meshes", type=Path, metavar="DIR", help="folder of class folders")
    parser.add_argument("--shapes", type=int, default=6, metavar="N", help="default: %(default)s")
    parser.add_argument("--views", type=int, default=10, metavar="N", help="default: %(default)s")
    parser.add_argument("--workers", type=int, default=cpus(), metavar="N")
    args = parser.parse_args()
    settings = DatasetSettings(views=args.views)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        root = args.meshes
        if root is None:
            root = work / "meshes"
            (root / "chair").mkdir(parents=True)
            for seed in range(args.shapes):
                mesh = trimesh.Trimesh(*make_shape("chair", seed).mesh(), process=False)
                mesh.export(root / "chair" / f"{seed}.ply")
        found = find_shapes(root)[0]
        entries = [
            entry.with_views(settings.views, 0)
            for entry in found[:: max(1, len(found) // args.shapes)][: args.shapes]
        ]
        print(f"{len(entries)} meshes, {settings.views} views each")
        start = time.perf_counter()
        build_dataset(
            entries,
            [],
            work / "data",
            settings,
            Partition.parse(DEFAULT),
            {},
            workers=args.workers,
        )
        together = len(entries) / (time.perf_counter() - start)
        start = time.perf_counter()
        for number, entry in enumerate(entries):
            alone = work / "alone" / str(number) / entry.folder
            alone.mkdir(parents=True)
            (alone / entry.source.name).write_bytes(entry.source.read_bytes())
            command = [sys.executable, str(ROOT / "build_dataset.py"), str(alone.parent)]
            command += ["--out", str(work / "single" / str(number)), "--workers", "1"]
            command += ["--views", str(settings.views)]
            subprocess.run(command, check=True, capture_output=True)
        single = len(entries) / (time.perf_counter() - start)
        print(f"{args.workers} processes: {together:.3f} shapes/s")
        print(f"one process a file: {single:.3f} shapes/s")
        print(f"ratio {together / single:.2f}")
        prepare_process()
        seconds = stages(entries, settings, work / "stages")
        print(f"seconds a shape with {settings.views} views, one thread:")
        for name, value in seconds.items():
            print(f"  {name:20}{value:7.2f}")
        print(f"  {'together':20}{sum(seconds.values()):7.2f}")


if __name__ == "__main__":
    main()
