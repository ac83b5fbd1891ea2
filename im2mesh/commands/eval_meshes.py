"""Score the meshes of a run against ground truth, or against the depth maps they were made from."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from im2mesh.cli import BAD_INPUT, DONE, SOME_FAILED, run_script, set_up_logging
from im2mesh.errors import InputError

EPILOG = """\
The tables go into the run's folder, <out_dir>/<generation_dir> of CONFIG (or into --meshes DIR):
eval_meshes_full_<class>.{pkl,csv}, a row a mesh, and eval_meshes_<class>.csv, a row a class.
Rows that are there already, of the same files and with the same settings, are kept.

exit codes:
  0    every model of the split has its scores
  1    some meshes are missing or could not be scored; they are named, the others are scored
  2    bad input: nothing could be scored, one line says why
  70   a bug in this program, with its traceback
  130  interrupted (Ctrl-C); what is scored is kept, the same call goes on from there
"""

MOST_WORKERS = 8


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", metavar="CONFIG", help="names the data and the run's folder")
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--eval_input", action="store_true", help="score the input's points instead of meshes"
    )
    what.add_argument(
        "--baselines",
        action="store_true",
        help="also score the input's points and, where its meshes are, the global level alone",
    )
    what.add_argument(
        "--against-input",
        action="store_true",
        help="compare the meshes, rendered, with the depth maps; needs no ground truth",
    )
    parser.add_argument(
        "--input",
        nargs="+",
        metavar="DIR|FILE",
        help="with --against-input: the depth maps, instead of the config's test split",
    )
    parser.add_argument(
        "--meshes",
        metavar="DIR",
        help="folder of <class>/<model>.{ply,off} or <model>.{ply,off}; also takes the tables",
    )
    parser.add_argument("--no-icp", action="store_true", help="only the scores without alignment")
    parser.add_argument("--seed", type=int, default=0, help="of the points drawn (default 0)")
    parser.add_argument(
        "--workers",
        type=int,
        default=min(MOST_WORKERS, os.cpu_count() or 1),
        metavar="N",
        help="processes (default %(default)s)",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="also log debug lines")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Score, print the table, return the exit code."""
    parser = _parser()
    args = parser.parse_args(argv)
    if args.input and not args.against_input:
        parser.error("--input goes with --against-input")
    if args.workers < 1:
        parser.error("--workers must be at least 1")
    if args.seed < 0:
        parser.error("--seed must be 0 or more")
    set_up_logging(args.verbose)
    from im2mesh.config import load_config
    from im2mesh.data.run_folders import run_folder
    from im2mesh.metrics import results
    from im2mesh.metrics.report import class_table
    from im2mesh.metrics.run import evaluate, log_report
    from im2mesh.metrics.scored_runs import ScoredRun, load_methods
    from im2mesh.metrics.tasks import Settings

    config = load_config(args.config)
    folder = Path(args.meshes) if args.meshes else run_folder([config])
    if args.meshes and not folder.is_dir():
        raise InputError(f"{folder}: no such folder (--meshes)")
    kinds = [results.MESHES]
    if args.eval_input:
        kinds = [results.INPUT]
    elif args.baselines:
        kinds = [results.MESHES, results.INPUT, results.GLOBAL]
    elif args.against_input:
        kinds = [results.OBSERVED]
    reports = evaluate(
        config,
        folder,
        Settings(args.seed, not args.no_icp, iou=config.data.points_iou_file is not None),
        args.workers,
        kinds,
        args.input,
    )
    if any(report.scored or report.kept for report in reports.values()):
        run = ScoredRun.of_config(
            config, folder, folder.name if args.meshes else Path(args.config).stem
        )
        # Not beside scores of another kind, which may be of earlier meshes.
        for method in load_methods([replace(run, class_ids=None) if args.input else run], kinds):
            print(class_table(method, raw=not method.aligned).render("text"), end="\n\n")
    for kind, report in reports.items():
        log_report(report, folder, kind)
    if not any(report.scored or report.kept for report in reports.values()):
        return BAD_INPUT
    return DONE if all(report.complete for report in reports.values()) else SOME_FAILED


if __name__ == "__main__":
    run_script(main)
