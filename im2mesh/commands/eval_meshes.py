"""Score the meshes of a run against ground truth, or against the depth maps they were made from."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

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

EPILOG = """\
The tables go into the run's folder, <out_dir>/<generation_dir> of CONFIG (or into --meshes DIR):
eval_meshes_full_<class>.{pkl,csv}, a row a mesh, and eval_meshes_<class>.csv, a row a class.
Rows that are there already, of the same files and with the same settings, are kept.

A mesh in metres, as reconstruct.py writes it: python -m im2mesh.commands.score_sensor --help
"""

CODES = {
    DONE: "every model of the split has its scores",
    SOME_FAILED: "some meshes are missing or could not be scored; they are named, the others are "
    "scored",
    BAD_INPUT: "bad input: nothing could be scored, one line says why",
    INTERRUPTED: "interrupted (Ctrl-C, SIGTERM, HUP, USR1, USR2); what is scored is kept, "
    "the same call goes on from there",
}


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(__doc__, EPILOG, CODES)
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
        "--depth-scale",
        metavar="S",
        help="with --input: stored value of the maps to sides of the cube (default: the config's)",
    )
    parser.add_argument(
        "--meshes",
        metavar="DIR",
        help="folder of <class>/<model>.{ply,off} or <model>.{ply,off}; also takes the tables",
    )
    parser.add_argument("--no-icp", action="store_true", help="only the scores without alignment")
    parser.add_argument("--seed", type=int, default=0, help="of the points drawn (default 0)")
    add_workers(parser, most=8, cluster=True)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    parser = _parser()
    args = parse(parser, argv)
    if args.input and not args.against_input:
        parser.error("--input goes with --against-input")
    if args.depth_scale and not args.input:
        parser.error("--depth-scale goes with --input")
    if args.seed < 0:
        parser.error("--seed must be 0 or more")
    from im2mesh.config import load_config
    from im2mesh.data.run_folders import run_folder
    from im2mesh.data.sensor_files import parse_scale
    from im2mesh.metrics import results
    from im2mesh.metrics.report import class_table
    from im2mesh.metrics.run import evaluate, log_summary
    from im2mesh.metrics.scored_runs import ScoredRun, load_methods
    from im2mesh.metrics.tasks import ScoringSettings

    config = load_config(args.config)
    if scale := parse_scale(args.depth_scale):
        config = replace(config, generation=replace(config.generation, depth_scale=scale))
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
    summaries = evaluate(
        config,
        folder,
        ScoringSettings(args.seed, not args.no_icp, iou=config.data.points_iou_file is not None),
        args.workers,
        kinds,
        args.input,
        args.cluster,
    )
    done = sum(len(summary.scored) + len(summary.kept) for summary in summaries.values())
    if done:
        run = ScoredRun.of_config(
            config, folder, folder.name if args.meshes else Path(args.config).stem
        )
        # Not beside scores of another kind, which may be of earlier meshes.
        for method in load_methods([replace(run, class_ids=None) if args.input else run], kinds):
            print(class_table(method, raw=not method.aligned).render("text"), end="\n\n")
    for kind, summary in summaries.items():
        log_summary(summary, folder, kind)
    failed = sum(len(summary.missing) + len(summary.failed) for summary in summaries.values())
    return exit_code(done, failed)


if __name__ == "__main__":
    run_script(main)
