"""Score a metric mesh against the true object, and against the camera's image.

    python -m im2mesh.commands.score_sensor mug.ply --ground-truth mug_gt.ply
    python -m im2mesh.commands.score_sensor mug.ply --depth d.png
        --intrinsics camera.json --mask m.png

The mesh is in metres in the camera's frame, as ``reconstruct.py`` writes it; so is the truth, a
mesh or a cloud. ``--ground-truth`` gives F-scores at 5 and 10 mm and at 1 and 2% of the true
object's largest extent, and Chamfer. ``--depth`` renders the mesh through the camera and gives the
silhouette IoU with the mask and the depth error; with a truth, it also scores the measured
points.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path

from im2mesh.cli import DONE, add_sensor_image, new_parser, parse, run_script
from im2mesh.errors import InputError

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    parser = new_parser(__doc__)
    parser.add_argument("mesh", metavar="MESH", help="a mesh in metres, in the camera's frame")
    parser.add_argument(
        "--ground-truth", metavar="MESH", help="the true mesh or cloud, in the same frame"
    )
    add_sensor_image(parser)
    parser.add_argument("--json", metavar="FILE", help="also write the scores there")
    args = parse(parser, argv)
    if not args.ground_truth and not args.depth:
        parser.error("give --ground-truth, or --depth with --intrinsics and --mask")
    if args.depth and not (args.intrinsics and args.mask):
        parser.error("--depth needs --intrinsics and --mask")
    import numpy as np

    from im2mesh.data.sensor_files import parse_scale
    from im2mesh.data.sensor_frames import SensorImage
    from im2mesh.geometry.mesh_files import load_mesh, load_mesh_or_cloud
    from im2mesh.metrics.sensor import camera_scores, metric_scores, surface_points

    vertices, faces = load_mesh(args.mesh)
    scores: dict[str, dict[str, float]] = {"mesh": {}}
    depth = mask = camera = None
    if args.depth:
        image = SensorImage(Path(args.depth), args.intrinsics, [Path(args.mask)])
        frames = list(image.frames(parse_scale(args.depth_scale), args.depth_kind, args.label))
        if len(frames) > 1:
            raise InputError("--label all: one mesh is of one object; give its label")
        depth, mask, camera = frames[0].depth, frames[0].mask, frames[0].camera
        assert mask is not None, "it was given"
        scores["mesh"] |= camera_scores(vertices, faces, depth, mask, camera)
    if args.ground_truth:
        truth, truth_faces = load_mesh_or_cloud(args.ground_truth)
        size = float(np.ptp(truth, axis=0).max())
        target = surface_points(truth, truth_faces, seed=1)
        scores["mesh"] |= metric_scores(surface_points(vertices, faces), target, size)
        if depth is not None and mask is not None and camera is not None:
            raw = (camera.rays_of((depth.shape[0], depth.shape[1])) * depth[..., None])[mask]
            raw = raw[np.isfinite(raw[:, 2])]
            scores["measured points"] = metric_scores(raw, target, size)
    for scored, values in scores.items():
        for name, value in values.items():
            log.info("%-12s %-24s %8.4g", scored, name, value)
    if args.json:
        Path(args.json).write_text(json.dumps(scores, indent=2) + "\n", encoding="utf-8")
    return DONE


if __name__ == "__main__":
    run_script(main)
