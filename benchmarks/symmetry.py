"""Which mirror planes are found, and what they are worth.

    python benchmarks/symmetry.py [--families chair car …] [--objects 3] [--resolution 64]

For procedural objects of seeds that no training draws, under random views, reconstructed by
``configs/demo``: how often a plane is found and how often it is right (its image of the true
surface is the true surface, to 0.01, at 90% of the points); seconds of the search; F@1% (not
aligned) and IoU without and with the plane. Objects of the families ``assembly`` and
``compositional`` need not have a plane, and others need not be exactly symmetric.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from im2mesh.config import load_config  # noqa: E402
from im2mesh.generation.level import Level  # noqa: E402
from im2mesh.generation.pipeline import Reconstructor  # noqa: E402
from im2mesh.generation.symmetry import Mirror  # noqa: E402
from im2mesh.metrics.evaluation import GroundTruth, evaluate_mesh  # noqa: E402
from im2mesh.preparation.families import FAMILIES, make_shape  # noqa: E402
from im2mesh.preparation.procedural import Shape  # noqa: E402

CONFIGS = [ROOT / f"configs/demo/{name}.yaml" for name in ("global", "p64s32", "p32s16")]
SEED = 1 << 35
"""Of the first object; training and validation draw smaller ones."""


def symmetric(shape: Shape, mirror: Mirror, points: torch.Tensor) -> bool:
    """Whether a plane is right."""
    off = shape.signed_distance(mirror(points)).abs()
    return bool((off < 0.01).double().mean() > 0.9)


def ground_truth(shape: Shape, generator: torch.Generator) -> GroundTruth:
    """Points of the surface and of the volume."""
    points, normals = shape.sample_surface(30_000, generator)
    queries = torch.rand(20_000, 3, generator=generator, dtype=torch.float64) - 0.5
    return GroundTruth(
        points.numpy(),
        normals.numpy(),
        queries=queries.numpy(),
        occupancies=np.asarray(shape.occupancy(queries)),
    )


def main() -> None:
    """Print a row a family."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--objects", type=int, default=3, help="of each family")
    parser.add_argument("--resolution", type=int, default=64)
    args = parser.parse_args()
    levels = [Level.load(load_config(path)) for path in CONFIGS]
    for level in levels:
        own = replace(level.config.generation, resolution=args.resolution)
        level.config = replace(level.config, generation=own)
    ways = [
        Reconstructor(levels, replace(levels[0].config.generation, symmetry=how))
        for how in ("none", "auto")
    ]
    print("family         found right     s  F: none    auto IoU: none    auto")
    rows = []
    for family in args.families:
        own_rows = []
        for k in range(args.objects):
            draw = np.random.default_rng([SEED, k, *family.encode()])
            azimuth, elevation = draw.uniform(0, 360), draw.uniform(-20, 50)
            shape = make_shape(family, SEED + k).posed(azimuth, elevation)
            truth = ground_truth(shape, torch.Generator().manual_seed(k))
            depth = shape.depth().numpy()
            results = [way(depth) for way in ways]
            plane = results[1].mirror
            right = plane is not None and symmetric(
                shape, plane, torch.from_numpy(truth.points[:2000])
            )
            scores = [evaluate_mesh(r.mesh, truth, align=False) for r in results]
            own_rows.append(
                [plane is not None, right, results[1].seconds["symmetry"]]
                + [100 * score[name] for name in ("fscore@1 raw", "iou") for score in scores]
            )
        rows += own_rows
        print_row(family, own_rows)
    print_row("all", rows)


def print_row(name: str, rows: list[list[float]]) -> None:
    """Counts and means of some objects."""
    found, right = (int(sum(row[k] for row in rows)) for k in (0, 1))
    seconds, *scores = np.mean([row[2:] for row in rows], axis=0)
    shown = "".join(f"{score:8.1f}" for score in scores)
    print(f"{name:14}{found:6}{right:6}{seconds:6.1f}{shown}", flush=True)


if __name__ == "__main__":
    main()
