"""Orthographic depth maps from meshes: one ShapeNet shape, one mesh file, or a pose list."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from im2mesh.cli import (
    BAD_INPUT,
    DONE,
    INTERRUPTED,
    SOME_FAILED,
    exit_code,
    new_parser,
    parse,
    run_script,
)
from im2mesh.errors import InputError
from im2mesh.geometry.mesh_files import FORMATS, SHAPENET_PLACE, shapenet_mesh
from im2mesh.geometry.pixels import IMAGE_SIZE
from im2mesh.geometry.poses import CONVENTIONS
from im2mesh.geometry.rendering import RENDERERS

if TYPE_CHECKING:
    from im2mesh.preparation.depth_maps import Rendering

log = logging.getLogger(__name__)

ANGLE = 10.0

EPILOG = f"""\
what is written:
  --filename CLASSID_MODELID   <out_dir>/CLASSID_MODELID.npz
  --mesh FILE                  <out_dir>/<the file's stem>.npz
  --poses FILE.csv             <out_dir>/<first column>/000.npz for each row, <out_dir>/<stem>.lst
                               (a split list of these maps) and <out_dir>/<stem>.yaml (how they
                               were made); maps that are there are left alone
ShapeNetCore.v2 keeps its meshes at <shapenet_dir>/{SHAPENET_PLACE}
"""

CODES = {
    DONE: "everything was rendered",
    SOME_FAILED: "some views of the pose list could not be rendered, each mesh is named at the end "
    "with the reason; the others were",
    BAD_INPUT: "bad input: nothing was rendered, or nothing more could be written; one line "
    "says why",
    INTERRUPTED: "interrupted (Ctrl-C, SIGTERM, HUP, USR1, USR2); what is finished is kept, "
    "and the same command goes on with a list",
}


def main(argv: Sequence[str] | None = None) -> int:
    args = parse(_parser(), argv)
    from im2mesh.preparation.depth_maps import Rendering, write_view

    rendering = Rendering(args.renderer, args.pose_convention, args.size)
    if args.poses is not None:
        return _render_list(args, rendering)
    if args.mesh is not None:
        mesh, name = Path(args.mesh), Path(args.mesh).stem
    else:
        class_id, found, model = args.filename.partition("_")
        if not (found and class_id and model) or "/" in args.filename:
            raise InputError(f"--filename {args.filename}: expected CLASSID_MODELID")
        mesh, name = shapenet_mesh(args.shapenet_dir, class_id, model), args.filename
    path = Path(args.out_dir) / f"{name}.npz"
    azimuth = ANGLE if args.azimuth is None else args.azimuth
    elevation = ANGLE if args.elevation is None else args.elevation
    posed = path.with_suffix(".ply") if args.posed_mesh else None
    write_view(mesh, path, azimuth, elevation, rendering, posed)
    log.info("%s%s", path, f", {posed}" if posed else "")
    return DONE


def _render_list(args: argparse.Namespace, rendering: Rendering) -> int:
    from im2mesh.preparation.depth_maps import write_views

    if args.posed_mesh:
        raise InputError("--posed-mesh: is of one view; leave it out, or name a --mesh")
    for key in ("azimuth", "elevation"):
        if getattr(args, key) is not None:
            raise InputError(f"--{key}: {args.poses} says where each view is from; leave it out")
    report = write_views(args.poses, args.shapenet_dir, args.out_dir, rendering, args.overwrite)
    for problem in report.problems:
        log.error("%s", problem)
    kept = f", {len(report.skipped)} there already" if report.skipped else ""
    failed = f", {len(report.failed)} not rendered" if report.failed else ""
    log.info("%s: %d rendered%s%s", args.out_dir, len(report.written), kept, failed)
    return exit_code(len(report.written) + len(report.skipped), len(report.failed))


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(__doc__, EPILOG, CODES)
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--filename",
        default="02691156_ffc1b82bec23a50995b8d6bdd18d56e8",
        metavar="CLASSID_MODELID",
        help="a ShapeNet shape (default: %(default)s)",
    )
    what.add_argument("--mesh", metavar="FILE", help=f"a mesh file ({' '.join(FORMATS)}), y up")
    what.add_argument(
        "--poses",
        metavar="FILE.csv",
        help="many views of ShapeNet shapes: classname_modelid-view,classid,azimuth,elevation",
    )
    parser.add_argument(
        "--azimuth",
        type=float,
        metavar="A",
        help=f"degrees that the model turns about its up axis (default: {ANGLE:g})",
    )
    parser.add_argument(
        "--elevation",
        type=float,
        metavar="E",
        help=f"degrees; a positive one looks from above (default: {ANGLE:g})",
    )
    parser.add_argument(
        "--posed-mesh",
        action="store_true",
        help="also write the mesh in the map's frame beside it, <name>.ply: the ground truth",
    )
    parser.add_argument(
        "--out_dir", default="data/renders/", metavar="DIR", help="default: %(default)s"
    )
    parser.add_argument(
        "--shapenet_dir",
        default="data/ShapeNetCore.v2/",
        metavar="ROOT",
        help="folder of ShapeNetCore.v2 (default: %(default)s)",
    )
    parser.add_argument(
        "--renderer", choices=tuple(RENDERERS), default="embreex", help="default: %(default)s"
    )
    parser.add_argument(
        "--pose-convention",
        choices=CONVENTIONS,
        default="camera",
        help="camera: Rx(+elevation)·Ry(+azimuth), as the released maps were made; "
        "released-script: Rx(-elevation)·Ry(+azimuth) (default: %(default)s)",
    )
    parser.add_argument(
        "--size",
        type=int,
        default=IMAGE_SIZE,
        metavar="PIXELS",
        help="pixels along a side; the networks see %(default)s, to which readers resample "
        "any other size (default: %(default)s)",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="remove the pose list's maps, then render all"
    )
    return parser


if __name__ == "__main__":
    run_script(main)
