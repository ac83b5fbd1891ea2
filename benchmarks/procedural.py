"""Measure procedural samples a second: shapes in batches, against one shape at a time.

    python benchmarks/procedural.py [--shapes 32] [--points 4096] [--threads 1] [--device cuda]

A sample is what training draws of a shape: its depth map (256²), the occupancy and the signed
distance of points, half of them even in the cube and half near the surface. The same shapes and
the same points go through ShapeBatch (in batches of 16) and through Shape, one by one, in this
run; both are timed as the best of three. Building and posing a shape is timed apart.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from im2mesh.shapes.families import FAMILIES, make_shape  # noqa: E402
from im2mesh.shapes.shape import Shape, ShapeBatch  # noqa: E402

BATCH, NEAR = 16, 0.02


def seconds(call: Callable[[], object], device: torch.device, rounds: int = 3) -> float:
    """The best of a few rounds, after one to warm up.

    On one thread of the CPU this is the thread's own time, so that a busy machine does not count.
    """
    own = device.type == "cpu" and torch.get_num_threads() == 1
    clock = time.process_time if own else time.perf_counter
    best = float("inf")
    for k in range(rounds + 1):
        start = clock()
        call()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        if k:
            best = min(best, clock() - start)
    return best


def draw(shapes: list[Shape], count: int) -> torch.Tensor:
    """(B, count, 3) points: half even in the cube, half near the surface."""
    device = shapes[0].device
    generator = torch.Generator(device).manual_seed(0)
    even = torch.rand((len(shapes), count - count // 2, 3), generator=generator, device=device)
    near, _ = ShapeBatch.of(shapes).sample_surface(count // 2, generator)
    noise = torch.randn(near.shape, generator=generator, device=device)
    return torch.cat([even - 0.5, near + NEAR * noise], dim=1)


def compare(shapes: list[Shape], count: int) -> None:
    """Time one device and print a table."""
    device, points = shapes[0].device, draw(shapes, count)
    parts = [
        (ShapeBatch.of(shapes[k : k + BATCH]), points[k : k + BATCH])
        for k in range(0, len(shapes), BATCH)
    ]
    singles = list(zip(shapes, points, strict=True))
    rows: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
        (
            "depth",
            lambda: [batch.depth() for batch, _ in parts],
            lambda: [shape.depth() for shape in shapes],
        ),
        (
            "occupancy",
            lambda: [batch.occupancy(some) for batch, some in parts],
            lambda: [shape.occupancy(some) for shape, some in singles],
        ),
        (
            "signed distance",
            lambda: [batch.signed_distance(some) for batch, some in parts],
            lambda: [shape.signed_distance(some) for shape, some in singles],
        ),
        (
            "surface samples",
            lambda: [batch.sample_surface(count // 2) for batch, _ in parts],
            lambda: [shape.sample_surface(count // 2) for shape in shapes],
        ),
    ]
    threads = f", {torch.get_num_threads()} thread(s)" if device.type == "cpu" else ""
    print(f"\n{device}{threads}, {count} points: ms a shape")
    print(f"{'':18}{'batched':>10}{'one by one':>12}{'ratio':>8}")
    batched, single = 0.0, 0.0
    for label, *calls in rows:
        one, other = (1e3 * seconds(call, device) / len(shapes) for call in calls)
        print(f"{label:18}{one:10.2f}{other:12.2f}{other / one:8.1f}")
        batched, single = batched + one, single + other
        if label == "signed distance":
            print(
                f"samples a second (the three): {1e3 / batched:.1f} batched, {1e3 / single:.1f} "
                f"one by one, {single / batched:.1f} times as many"
            )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shapes", type=int, default=32)
    parser.add_argument("--points", type=int, default=4096)
    parser.add_argument("--threads", type=int, default=1, help="of the CPU")
    parser.add_argument("--device", help="default: cpu, and cuda as well where there is one")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    names = sorted(FAMILIES)
    rng = np.random.default_rng(0)
    start = time.process_time()
    shapes = [
        make_shape(names[k % len(names)], k).posed(rng.uniform(0, 360), rng.uniform(-20, 50))
        for k in range(args.shapes)
    ]
    building = (time.process_time() - start) / args.shapes
    solids = np.mean([len(shape) for shape in shapes])
    print(f"{args.shapes} shapes of {len(names)} families, {solids:.0f} solids each on average")
    print(f"building and posing: {1 / building:.0f} shapes/s (always on the CPU)")
    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    for name in [args.device] if args.device else devices:
        compare([shape.to(name) for shape in shapes], args.points)


if __name__ == "__main__":
    main()
