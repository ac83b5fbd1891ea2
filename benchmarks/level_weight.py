"""Measure scores against the weight of the global level in the fused mean.

    python benchmarks/level_weight.py [--weights 1 3 6 1000] [--objects 2] [--resolution 64]

Procedural objects of seeds that no training draws, under random views, reconstructed by
``configs/demo`` without a mirror plane: F@1% (not aligned) and IoU, means over all objects, for
each ``generation.level_weight`` of the global level, that of the patch levels being 1. The objects
are others than those of ``benchmarks/symmetry.py``.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.fresh import SEED, demo_levels, fresh_objects  # noqa: E402
from im2mesh.generation.pipeline import Reconstructor  # noqa: E402
from im2mesh.metrics.evaluation import evaluate_mesh  # noqa: E402
from im2mesh.shapes.families import FAMILIES  # noqa: E402


def main() -> None:
    """Print a row a weight."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", nargs="+", type=float, default=[1, 3, 6, 1000])
    parser.add_argument("--objects", type=int, default=2, help="of each family")
    parser.add_argument("--resolution", type=int, default=64)
    args = parser.parse_args()
    ways = []
    for weight in args.weights:
        levels = demo_levels()
        own = replace(levels[0].config.generation, level_weight=weight, symmetry="none")
        levels[0].config = replace(levels[0].config, generation=own)
        ways.append(Reconstructor(levels, replace(own, resolution=args.resolution)))
    scores = []
    for family in tqdm(FAMILIES, unit="family"):
        for fresh in fresh_objects(family, args.objects, SEED << 1):
            meshes = [way(fresh.depth).mesh for way in ways]
            own_scores = [evaluate_mesh(mesh, fresh.truth, align=False) for mesh in meshes]
            scores.append([(s["fscore@1 raw"], s["iou"]) for s in own_scores])
    print(f"{len(scores)} objects\nweight     F@1%     IoU")
    for weight, (fscore, iou) in zip(args.weights, 100 * np.mean(scores, axis=0), strict=True):
        print(f"{weight:6g}{fscore:9.1f}{iou:8.1f}")


if __name__ == "__main__":
    main()
