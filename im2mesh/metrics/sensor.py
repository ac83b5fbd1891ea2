"""How good a metric mesh is: against the true object, and against what the camera saw.

    python -m im2mesh.metrics.sensor mug.ply --ground-truth mug_gt.ply
    python -m im2mesh.metrics.sensor mug.ply --depth d.png --intrinsics camera.json --mask m.png

The mesh is in metres in the camera's frame, as ``reconstruct.py`` writes it; so is the truth, a
mesh or a cloud. With ``--ground-truth``: F-scores at 5 and 10 mm and at 1 and 2% of the true
object's largest extent, and Chamfer. With ``--depth``: the same of the raw points, where there is
a truth, and the mesh rendered through the camera: silhouette IoU with the mask, and depth error.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from im2mesh.cameras import Camera
from im2mesh.cli import DONE, run_script, set_up_logging
from im2mesh.errors import InputError
from im2mesh.metrics.distances import Cloud, sample_surface
from im2mesh.preparation.meshes import load_mesh, load_mesh_or_cloud
from im2mesh.preparation.rendering import render_perspective

log = logging.getLogger("im2mesh.metrics.sensor")

SAMPLES = 100_000
"""Points drawn on a mesh."""

MILLIMETRES = (5, 10)
PERCENTS = (1, 2)

EPILOG = """\
exit codes:
  0    done
  2    bad input: one line says why
  70   a bug in this program, with its traceback
"""


def metric_scores(predicted: np.ndarray, truth: np.ndarray, size: float) -> dict[str, float]:
    """Score predicted points.

    Args:
        predicted: (P, 3) in metres; P may be 0, which scores the worst.
        truth: (G, 3), G > 0.
        size: the true object's largest extent in metres.

    Returns:
        ``fscore@5mm``, ``fscore@10mm``, ``fscore@1%``, ``fscore@2%`` of the size, with ``recall…``
        and ``precision…``, in [0, 1]; ``chamfer mm``, mean completeness plus mean accuracy, ∞ where
        nothing is predicted.
    """
    limits = {f"{mm}mm": mm / 1000 for mm in MILLIMETRES}
    limits |= {f"{percent}%": size * percent / 100 for percent in PERCENTS}
    completeness = Cloud(predicted).nearest(truth)[0]
    accuracy = Cloud(truth).nearest(predicted)[0]
    scores = {}
    for name, limit in limits.items():
        recall = float((completeness < limit).mean())
        precision = float((accuracy < limit).mean()) if len(accuracy) else 0.0
        both = recall + precision
        scores[f"fscore@{name}"] = 2 * recall * precision / both if both else 0.0
        scores[f"recall@{name}"], scores[f"precision@{name}"] = recall, precision
    mean = completeness.mean() + accuracy.mean() if len(accuracy) else np.inf
    return scores | {"chamfer mm": float(1000 * mean)}


def camera_scores(
    vertices: np.ndarray, faces: np.ndarray, depth: np.ndarray, mask: np.ndarray, camera: Camera
) -> dict[str, float]:
    """Score a mesh against the image that it was made from.

    Args:
        vertices: (V, 3) in the camera frame, in metres.
        faces: (F, 3).
        depth: (H, W) z in metres, NaN where nothing was measured.
        mask: (H, W) bool, the object's pixels.
        camera: the image's.

    Returns:
        ``silhouette iou`` in [0, 1]; ``depth error median mm`` and ``… mean mm`` over the mask's
        measured pixels that the mesh covers, NaN where there are none.
    """
    rendered = render_perspective(vertices, faces, camera, (depth.shape[0], depth.shape[1]))
    covered = np.isfinite(rendered)
    either = int((covered | mask).sum())
    error = 1000 * np.abs(rendered - depth)[covered & mask & np.isfinite(depth)]
    return {
        "silhouette iou": int((covered & mask).sum()) / either if either else float("nan"),
        "depth error median mm": float(np.median(error)) if len(error) else float("nan"),
        "depth error mean mm": float(error.mean()) if len(error) else float("nan"),
    }


def surface_points(vertices: np.ndarray, faces: np.ndarray, seed: int = 0) -> np.ndarray:
    """Points drawn on a mesh, or those of a cloud."""
    if not len(faces):
        return vertices
    return sample_surface(vertices, faces, SAMPLES, np.random.default_rng(seed))[0]


def main(argv: Sequence[str] | None = None) -> int:
    """Score one mesh; returns the exit code."""
    from im2mesh.data import sensor_frames as files

    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mesh", metavar="MESH", help="in metres, in the camera's frame")
    parser.add_argument("--ground-truth", metavar="MESH", help="the true mesh or cloud, the same")
    parser.add_argument("--depth", metavar="FILE", help="the image, as for reconstruct.py")
    parser.add_argument("--intrinsics", nargs="+", metavar="K")
    parser.add_argument("--mask", metavar="FILE")
    parser.add_argument("--label", metavar="N")
    parser.add_argument("--depth-scale", metavar="S")
    parser.add_argument("--json", metavar="FILE", help="also write the scores there")
    args = parser.parse_args(argv)
    set_up_logging(verbose=False)
    if not args.ground_truth and not args.depth:
        parser.error("give --ground-truth, or --depth with --intrinsics and --mask")
    if args.depth and not (args.intrinsics and args.mask):
        parser.error("--depth needs --intrinsics and --mask")
    vertices, faces = load_mesh(args.mesh)
    scores: dict[str, dict[str, float]] = {"mesh": {}}
    depth = mask = camera = None
    if args.depth:
        facts = files.read_intrinsics(args.intrinsics, Path(args.depth).stem)
        scale = None if args.depth_scale is None else files.parse_scale(args.depth_scale)
        if scale is None and facts.depth_scale is not None:
            scale = facts.depth_scale * files.MILLIMETRE
        depth = files.read_depth(args.depth, scale)
        shape = depth.shape[0], depth.shape[1]
        camera = facts.for_image(shape, " ".join(args.intrinsics))
        found = files.masks_of(files.read_mask_image(args.mask), shape, args.label, args.mask)
        if len(found) > 1:
            raise InputError("--label all: one mesh is of one object; give its label")
        mask = next(iter(found.values()))
        scores["mesh"] |= camera_scores(vertices, faces, depth, mask, camera)
    if args.ground_truth:
        truth, truth_faces = load_mesh_or_cloud(args.ground_truth)
        size = float(np.ptp(truth, axis=0).max())
        target = surface_points(truth, truth_faces, seed=1)
        scores["mesh"] |= metric_scores(surface_points(vertices, faces), target, size)
        if depth is not None and mask is not None and camera is not None:
            raw = (camera.rays_of((depth.shape[0], depth.shape[1])) * depth[..., None])[mask]
            raw = raw[np.isfinite(raw[:, 2])]
            scores["raw points"] = metric_scores(raw, target, size)
    for what, of_it in scores.items():
        for name, value in of_it.items():
            log.info("%-12s %-24s %8.4g", what, name, value)
    if args.json:
        Path(args.json).write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")
    return DONE


if __name__ == "__main__":
    run_script(main)
