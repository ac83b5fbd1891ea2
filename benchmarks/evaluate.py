"""Time the scoring of meshes against the plain definition.

    python benchmarks/evaluate.py [--points 100000] [--meshes 8] [--workers N] [--far]

One mesh, marching cubes of a smooth field at 128 cells, is scored against another sample of
itself, scaled, turned, moved and bent a little, so that ICP has work to do. It prints

* the seconds of the plain definition (tests/reference/metrics.py: one thread, clouds in the order
  in which they were drawn, a new tree for every search) and of ours on one thread and on all
  cores, for the same clouds: raw and after ICP, with the parts; and how far their scores differ.
  With --far also for a small ball that is far from most of the ground truth, where searches are
  slow (minutes by the plain definition);
* the seconds of each part of ours: drawing, trees, distances, ICP, IoU;
* whole meshes scored per second, IoU included, by one process and by several.

All numbers and ratios are of one run; what takes seconds is the best of three.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import trimesh

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from im2mesh.geometry.surface import sample_surface  # noqa: E402
from im2mesh.metrics.alignment import icp  # noqa: E402
from im2mesh.metrics.distances import Cloud  # noqa: E402
from im2mesh.metrics.evaluation import (  # noqa: E402
    GroundTruth,
    evaluate_cloud,
    evaluate_mesh,
)
from im2mesh.metrics.volume import inside, is_closed  # noqa: E402
from im2mesh.native.marching_cubes import marching_cubes  # noqa: E402
from im2mesh.parallel import run_tasks  # noqa: E402
from tests.reference import metrics as reference  # noqa: E402


def blob(cells: int = 128) -> trimesh.Trimesh:
    """A closed mesh with arms and holes, about 90,000 triangles at 128 cells."""
    axis = np.linspace(-0.5, 0.5, cells + 1)
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    waves = np.sin(17 * x) * np.cos(15 * y) + np.sin(15 * y) * np.cos(16 * z)
    field = 0.9 + waves + np.sin(16 * z) * np.cos(17 * x) - 14 * (x**2 + y**2 + z**2)
    padded = np.pad(field, 1, constant_values=-10.0)
    vertices, faces = marching_cubes(padded, 0.0)
    return trimesh.Trimesh((vertices - 1) / cells - 0.5, faces, process=False)


def truth(mesh: trimesh.Trimesh, count: int) -> GroundTruth:
    """The mesh as ground truth: another sample, moved and bent by about 0.01."""
    random = np.random.default_rng(1)
    points, normals = sample_surface(mesh.vertices, mesh.faces, count, random)
    turn = trimesh.transformations.rotation_matrix(0.02, [1, 2, 3])[:3, :3]
    bent = points + 0.004 * np.sin(9 * points[:, [1, 2, 0]])
    queries = random.uniform(-0.5, 0.5, (count, 3))
    return GroundTruth(
        1.02 * bent @ turn.T + [0.004, -0.003, 0.002],
        normals @ turn.T,
        points[:, 2] > 0,
        queries,
        inside(mesh.vertices, mesh.faces, queries),
    )


def seconds(call: Callable[[], Any], times: int = 3) -> tuple[float, float, Any]:
    """Wall and CPU time of the fastest of some calls, and what they gave.

    CPU time suffers less from whatever else the machine does, but adds up all threads.
    """
    taken = []
    for _ in range(times):
        start = time.perf_counter(), time.process_time()
        result = call()
        taken.append((time.perf_counter() - start[0], time.process_time() - start[1]))
    return min(wall for wall, _ in taken), min(cpu for _, cpu in taken), result


def plain(predicted: np.ndarray, ground_truth: GroundTruth) -> dict[str, float]:
    """Raw and aligned scores by the plain definition."""
    both = {}
    for suffix, align in ((" raw", False), ("", True)):
        scores = reference.scores(predicted, ground_truth.points, ground_truth.visible, align)
        both |= {name + suffix: value for name, value in scores.items()}
    return both


def parts(mesh: trimesh.Trimesh, ground_truth: GroundTruth, threads: int) -> dict[str, float]:
    """Seconds of each part."""
    found = {}
    count = len(ground_truth.points)
    random = np.random.default_rng(0)
    found["draw points"], _, (points, normals) = seconds(
        lambda: sample_surface(mesh.vertices, mesh.faces, count, random)
    )
    found["sort, trees"], _, (a, b) = seconds(
        lambda: (Cloud(points, normals, threads=threads), ground_truth.cloud(threads))
    )
    found["distances, once"], *_ = seconds(lambda: (a.nearest(b.points), b.nearest(a.points)))
    found["ICP"], *_ = seconds(lambda: icp(b.points, a))
    vertices, faces = np.asarray(mesh.vertices), np.asarray(mesh.faces)
    assert ground_truth.queries is not None
    found["IoU, parity"], *_ = seconds(lambda: inside(vertices, faces, ground_truth.queries))
    found["closed?"], *_ = seconds(lambda: is_closed(vertices, faces))
    found["IoU, winding"], *_ = seconds(
        lambda: inside(vertices, faces, ground_truth.queries, "winding")
    )
    return found


def _scored(score: Callable[..., Any], seed: int | None) -> Any:
    """Score the mesh, or do nothing but start the process."""
    return None if seed is None else score(seed=seed)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--points", type=int, default=100_000, help="of each cloud")
    parser.add_argument("--meshes", type=int, default=8, help="scored for the rates")
    parser.add_argument("--far", action="store_true", help="also a prediction that is far off")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args()
    mesh = blob()
    ground_truth = truth(mesh, args.points)
    print(
        f"{len(mesh.faces)} triangles, {args.points} points against {args.points}, "
        f"{os.cpu_count()} cores"
    )

    ball = trimesh.creation.icosphere(4, 0.05)
    ball.apply_translation([0.2, 0.1, -0.2])
    cases = [("close to ground truth", mesh, 3), ("a small ball, far off", ball, 1)]
    for words, prediction, times in cases[: 2 if args.far else 1]:
        predicted, _ = sample_surface(
            prediction.vertices, prediction.faces, args.points, np.random.default_rng(0)
        )
        print(f"\nsurface scores of one mesh, {words}")
        calls = {
            "plain definition": partial(plain, predicted, ground_truth),
            "ours, one thread": partial(evaluate_cloud, predicted, ground_truth, threads=1),
            "ours, all cores": partial(evaluate_cloud, predicted, ground_truth),
        }
        base: tuple[float, float, dict[str, float]] | None = None
        for name, call in calls.items():
            wall, cpu, found = seconds(call, times)
            base = base or (wall, cpu, found)
            worst = max(abs(found[key] - value) for key, value in base[2].items())
            print(
                f"  {name:16} {wall:7.2f} s ({base[0] / wall:4.1f} times as fast), {cpu:7.2f} s "
                f"CPU time ({base[1] / cpu:4.1f} times); scores differ by {worst:.0e} at the most"
            )

    print("\nparts of one mesh           one thread   all cores")
    one, every = parts(mesh, ground_truth, 1), parts(mesh, ground_truth, -1)
    for name, taken in one.items():
        print(f"  {name:24} {taken:9.3f} s {every[name]:9.3f} s")

    score = partial(evaluate_mesh, mesh, ground_truth)
    alone, *_ = seconds(lambda: [score(seed=k) for k in range(args.meshes)], 1)
    print(f"\nwhole meshes, IoU included\n  one process      {args.meshes / alone:5.2f} meshes/s")
    if args.workers > 1:
        threads = max(1, (os.cpu_count() or 1) // args.workers)
        tasks = [None] * args.workers + list(range(args.meshes))
        results = run_tasks(partial(_scored, partial(score, threads=threads)), tasks, args.workers)
        for _ in range(args.workers):
            next(results)  # every process has started
        together, *_ = seconds(lambda: list(results), 1)
        print(
            f"  {args.workers} processes      {args.meshes / together:5.2f} meshes/s, "
            f"{alone / together:.1f} times as fast"
        )


if __name__ == "__main__":
    main()
