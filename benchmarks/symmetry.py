"""Count the mirror planes and axes of revolution that are found, and measure their worth.

    python benchmarks/symmetry.py [--families chair car …] [--objects 3] [--resolution 64]

For procedural objects of seeds that no training draws, under random views, reconstructed by
``configs/demo``: how often a symmetry is found, how often it is right (its images of the true
surface are the true surface, to 0.01, at 90% of the points: each plane's, and turns about an axis),
how often it is several planes, and how often an axis; seconds of the search; F@1% (not aligned) and
IoU without and with it. Objects of the families ``assembly`` and ``compositional`` need not have a
plane, and others need not be exactly symmetric.
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

from benchmarks.fresh import FreshObject, demo_levels, fresh_objects  # noqa: E402
from im2mesh.generation.axis_search import turn  # noqa: E402
from im2mesh.generation.pipeline import Reconstructor  # noqa: E402
from im2mesh.generation.symmetry import MirrorPlanes, RevolutionAxis, Symmetry  # noqa: E402
from im2mesh.metrics.evaluation import evaluate_mesh  # noqa: E402
from im2mesh.shapes.families import FAMILIES  # noqa: E402


def right(symmetry: Symmetry, fresh: FreshObject) -> bool:
    """Return whether a symmetry takes the true surface to itself."""
    points = fresh.truth.points[:2000]
    if isinstance(symmetry, RevolutionAxis):
        images = [turn(points, symmetry.direction, symmetry.point, angle) for angle in (1, 2.5, 4)]
    else:
        images = [plane(torch.from_numpy(points)).numpy() for plane in symmetry.planes]
    off = (np.abs(fresh.shape.signed_distance(torch.from_numpy(i)).numpy()) for i in images)
    return all((distance < 0.01).mean() > 0.9 for distance in off)


def main() -> None:
    """Print a row a family."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=list(FAMILIES))
    parser.add_argument("--objects", type=int, default=3, help="of each family")
    parser.add_argument("--resolution", type=int, default=64)
    args = parser.parse_args()
    levels = demo_levels()
    own = replace(levels[0].config.generation, resolution=args.resolution)
    ways = [Reconstructor(levels, replace(own, symmetry=how)) for how in ("none", "auto")]
    print("family         found right several  axis     s  F: none    auto IoU: none    auto")
    rows = []
    for family in args.families:
        own_rows = []
        for fresh in fresh_objects(family, args.objects):
            results = [way(fresh.depth) for way in ways]
            found = results[1].symmetry
            scores = [evaluate_mesh(r.mesh, fresh.truth, align=False) for r in results]
            own_rows.append(
                [
                    found is not None,
                    found is not None and right(found, fresh),
                    isinstance(found, MirrorPlanes) and len(found.planes) > 1,
                    isinstance(found, RevolutionAxis),
                    results[1].seconds["symmetry"],
                    *(100 * s[name] for name in ("fscore@1 raw", "iou") for s in scores),
                ]
            )
        rows += own_rows
        print_row(family, own_rows)
    print_row("all", rows)


def print_row(name: str, rows: list[list[float]]) -> None:
    """Counts and means of some objects."""
    counts = [int(sum(row[k] for row in rows)) for k in range(4)]
    seconds, *scores = np.mean([row[4:] for row in rows], axis=0)
    shown = "".join(f"{score:8.1f}" for score in scores)
    found, right_ones, several, axes = counts
    print(f"{name:14}{found:6}{right_ones:6}{several:8}{axes:6}{seconds:6.1f}{shown}", flush=True)


if __name__ == "__main__":
    main()
