"""Put the paper's claim to the test: train, generate, score, and write docs/results.md."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from im2mesh.cli import (
    BAD_INPUT,
    DONE,
    INTERRUPTED,
    add_device,
    add_workers,
    new_parser,
    parse,
    run_script,
)
from im2mesh.errors import InputError

EPILOG = """\
parts:
  claim      networks trained on chair, car and aircraft meet other families and scenes
  real       the bundled networks on --real-meshes, passed over without it
  maps       the bundled networks on --real-maps, passed over without it
  ablations  levels, threshold, lattice, training points, patch window
"""

CODES = {
    BAD_INPUT: "bad input, or a step failed: one line names it and its log",
    INTERRUPTED: "interrupted (Ctrl-C, SIGTERM, HUP, USR1, USR2); what is finished is kept, "
    "and the same command goes on",
}


def main(argv: Sequence[str] | None = None) -> int:
    args = parse(_parser(), argv)
    from im2mesh.reproduction.document import read_document, write_document
    from im2mesh.reproduction.plan import FULL, REDUCED
    from im2mesh.reproduction.run import PARTS, Reproduction

    size = FULL if args.full else REDUCED
    given = {
        key: getattr(args, key)
        for key in ("share", "objects", "ablation_objects", "real_objects", "resolution")
    }
    size = replace(size, **{key: value for key, value in given.items() if value is not None})
    size = replace(size, ablation_objects=min(size.ablation_objects, size.objects))
    _check(args, size.share)
    plan = Reproduction(
        args.out or Path("out/reproduce_full" if args.full else "out/reproduce"),
        size,
        args.real_meshes,
        args.real_maps,
        args.workers,
        align=not args.no_icp,
        device=["--no-cuda"] if args.no_cuda else [],
    )
    read_document(args.document)  # before the work: is it one that may be written?
    command = shlex.join(["python", "reproduce.py", *(sys.argv[1:] if argv is None else argv)])
    for part in plan.run(args.only or PARTS):
        print(f"{write_document(plan, args.document, command, [part])}: {part}")
    return DONE


def _check(args: argparse.Namespace, share: float) -> None:
    if not 0 < share <= 1:
        raise InputError(f"--share {share}: must be above 0 and at most 1")
    for name in ("objects", "ablation_objects", "real_objects", "resolution"):
        value = getattr(args, name)
        if value is not None and value < 1:
            raise InputError(f"--{name.replace('_', '-')} {value}: must be at least 1")
    for part, name in (("real", "real_meshes"), ("maps", "real_maps")):
        folder = getattr(args, name)
        option = f"--{name.replace('_', '-')}"
        if folder is not None and not folder.is_dir():
            raise InputError(f"{option} {folder}: no such folder")
        if folder is None and part in (args.only or ()):
            raise InputError(f"--only {part} needs {option} DIR")


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(__doc__, EPILOG, CODES)
    parser.add_argument(
        "--full",
        action="store_true",
        help="whole schedules, 30 objects of each family, all real meshes, 128 cells (default: "
        "15%% of the schedules, 3 objects, one real mesh of each class, 64 cells; less than an "
        "hour on two CPU cores)",
    )
    parser.add_argument(
        "--share", type=float, metavar="S", help="of the training schedules, at most 1"
    )
    parser.add_argument("--objects", type=int, metavar="N", help="test objects of each family")
    parser.add_argument(
        "--ablation-objects", type=int, metavar="N", help="the first N of them, for the ablations"
    )
    parser.add_argument(
        "--real-objects", type=int, metavar="N", help="real meshes of each class, the first N"
    )
    parser.add_argument("--resolution", type=int, metavar="N", help="cells of the lattice")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=("claim", "real", "maps", "ablations"),
        help="parts to be done (default: all); the document's other sections stay",
    )
    parser.add_argument(
        "--real-meshes", type=Path, metavar="DIR", help="real meshes, <class>/<name>.EXT, y up"
    )
    parser.add_argument("--real-maps", type=Path, metavar="DIR", help="real depth maps, .npz")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="networks, data and meshes (default: out/reproduce, with --full out/reproduce_full)",
    )
    parser.add_argument(
        "--document",
        type=Path,
        default=Path("docs/results.md"),
        metavar="FILE.md",
        help="plots go into the folder FILE beside it (default: %(default)s)",
    )
    add_workers(parser)
    parser.add_argument("--no-icp", action="store_true", help="only the scores without alignment")
    add_device(parser, by_name=False)
    return parser


if __name__ == "__main__":
    run_script(main)
