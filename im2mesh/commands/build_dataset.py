"""Training and evaluation data from a folder of meshes, or from procedural shapes."""

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
    add_workers,
    exit_code,
    new_parser,
    parse,
    run_script,
)
from im2mesh.errors import InputError
from im2mesh.files import file_digest
from im2mesh.geometry.mesh_files import FORMATS, SHAPENET_PLACE
from im2mesh.preparation.partition import DEFAULT, UNSEEN, Partition
from im2mesh.preparation.settings import DatasetSettings

if TYPE_CHECKING:
    from im2mesh.preparation.collection import Entry

log = logging.getLogger(__name__)

EPILOG = f"""\
MESHES holds <class>/<name>.EXT ({" ".join(FORMATS)}), y up,
or ShapeNet's {SHAPENET_PLACE}, or the files of one class, named after the folder

files that are written (more in docs/data.md):
  <out>/<class>/<model>/{{000,points,pointcloud}}.npz   <model> is <class>_<name>-<view>
  <out>/<class>/<split>.lst     names of models
  <out>/poses.csv               the pose of each model, as --poses reads it
  <out>/rejected.csv            shapes that could not be used, and why
  <out>/dataset.yaml            the arguments, and the versions of the libraries
With --format h5 a class's models are in <out>/<class>/<class>_<number>.h5 instead.
Models that are there are left alone, so an interrupted run goes on with the same command."""

CODES = {
    DONE: "everything was done; --check: no problem was found",
    SOME_FAILED: "some shapes could not be used and are in rejected.csv, the others are done; "
    "--check: there are problems, one line each",
    BAD_INPUT: "bad input, or a full disk: one line says what to do",
    INTERRUPTED: "interrupted (Ctrl-C, SIGTERM, HUP, USR1, USR2); what is finished is kept, "
    "and the same command goes on",
}


def main(argv: Sequence[str] | None = None) -> int:
    args = parse(_parser(), argv)
    modes = [args.meshes, args.procedural, args.check, args.preview]
    if sum(mode is not None for mode in modes) != 1:
        raise InputError("name one of: a folder of meshes, --procedural, --check, --preview")
    if args.check is not None:
        return _check(args)
    if args.preview is not None:
        return _preview(args)
    return _build(args)


def _build(args: argparse.Namespace) -> int:
    if args.out is None:
        raise InputError("--out is missing: name the folder of the data set")
    from im2mesh.preparation.collection import find_families, find_shapes, find_shapes_of_poses
    from im2mesh.preparation.dataset import build_dataset

    settings = DatasetSettings(
        args.views, args.points, args.cloud, args.dtype, args.thickness, args.seed
    )
    partition = Partition.parse(args.splits, args.unseen)
    entries: Sequence[Entry]
    problems: Sequence[tuple[str, str]] = ()
    origin: dict[str, object] = {"meshes": str(args.meshes)}
    if args.procedural is not None:
        if args.poses or args.classes:
            raise InputError("--procedural: has no --poses and no --classes; drop them")
        counts = _counts(args.procedural)
        entries, origin = find_families(counts), {"procedural": counts}
    elif args.poses:
        if args.classes:
            raise InputError("--classes: the pose lists name the classes; drop it")
        entries, problems = find_shapes_of_poses(args.meshes, args.poses)
        origin["poses"] = {str(path): file_digest(path) for path in args.poses}
    else:
        entries, problems = find_shapes(args.meshes, args.classes)
    report = build_dataset(
        entries,
        problems,
        args.out,
        settings,
        partition,
        origin,
        h5=args.format == "h5",
        workers=args.workers,
        cluster=args.cluster,
        overwrite=args.overwrite,
    )
    for name, reason in report.rejected:
        log.warning("%s: %s", name, reason)
    kept = f", {report.kept} there already" if report.kept else ""
    rejected = f", {len(report.rejected)} shapes rejected" if report.rejected else ""
    log.info("%s: %d models made%s%s", args.out, report.made, kept, rejected)
    return exit_code(report.made + report.kept, len(report.rejected))


def _check(args: argparse.Namespace) -> int:
    from im2mesh.preparation.check import check_dataset

    count, problems = check_dataset(args.check, args.workers)
    for problem in problems:
        log.error("%s", problem)
    log.info("%s: %d models, %d problems", args.check, count, len(problems))
    return SOME_FAILED if problems else DONE


def _preview(args: argparse.Namespace) -> int:
    from im2mesh.visualize.dataset_sheet import dataset_sheet

    path = args.out or args.preview / "preview.png"
    drawn, count = dataset_sheet(args.preview, path, args.rows)
    log.info("%s: %d of %d models", path, drawn, count)
    return DONE


def _counts(text: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for entry in text.split(","):
        family, _, count = (part.strip() for part in entry.partition("="))
        if not count.isdecimal() or family in counts:
            raise InputError(f"--procedural {text}: expected FAMILY=N,FAMILY=N, found '{entry}'")
        counts[family] = int(count)
    return counts


def _parser() -> argparse.ArgumentParser:
    defaults = DatasetSettings()
    parser = new_parser(__doc__, EPILOG, CODES)
    parser.add_argument("meshes", nargs="?", type=Path, metavar="MESHES", help="folder of meshes")
    parser.add_argument(
        "--procedural", metavar="FAMILY=N,…", help="make N shapes of each of these families instead"
    )
    parser.add_argument(
        "--check",
        type=Path,
        metavar="DIR|CONFIG.yaml",
        help="check a data set, or all files of a configuration, and change nothing",
    )
    parser.add_argument(
        "--preview", type=Path, metavar="DIR", help="draw a data set to DIR/preview.png (or --out)"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the data set")
    parser.add_argument(
        "--classes", nargs="+", metavar="CLASS", help="class folders (default: all)"
    )
    parser.add_argument(
        "--poses",
        nargs="+",
        type=Path,
        metavar="FILE.csv",
        help="make these views only: classname_modelid-view,classid,azimuth,elevation",
    )
    parser.add_argument(
        "--views",
        type=int,
        default=defaults.views,
        metavar="N",
        help="random views of each shape: azimuth 0 to 360, elevation -20 to 50 degrees "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=defaults.seed, metavar="N", help="default: %(default)s"
    )
    parser.add_argument(
        "--points",
        type=int,
        default=defaults.points,
        metavar="N",
        help="points in the cube (default: %(default)s)",
    )
    parser.add_argument(
        "--cloud",
        type=int,
        default=defaults.cloud,
        metavar="N",
        help="points on the surface (default: %(default)s)",
    )
    parser.add_argument(
        "--dtype",
        choices=("float16", "float32"),
        default=defaults.dtype,
        help="of stored points and distances (default: %(default)s)",
    )
    parser.add_argument(
        "--thickness",
        type=float,
        default=defaults.thickness,
        metavar="T",
        help="of sheets, in the object's largest extent (default: %(default)s)",
    )
    parser.add_argument(
        "--splits",
        default=DEFAULT,
        metavar="NAME=SHARE,…",
        help="by shape; or NAME=FILE,…, lists of shapes or models (default: %(default)s)",
    )
    parser.add_argument(
        "--unseen",
        nargs="+",
        default=(),
        metavar="CLASS",
        help=f"classes that are in no split but {UNSEEN}",
    )
    parser.add_argument(
        "--format", choices=("npz", "h5"), default="npz", help="default: %(default)s"
    )
    add_workers(parser, cluster=True)
    parser.add_argument("--overwrite", action="store_true", help="make models again that are there")
    parser.add_argument(
        "--rows", type=int, default=12, metavar="N", help="of --preview (default: %(default)s)"
    )
    return parser


if __name__ == "__main__":
    run_script(main)
