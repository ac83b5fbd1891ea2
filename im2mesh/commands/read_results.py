"""Tables of scored runs: one run by class, or several runs side by side."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from im2mesh.cli import DONE, new_parser, parse, run_script
from im2mesh.errors import InputError

EPILOG = """\
One run gives the published printout: meshes sorted from worst to best, the classes' max, min and
mean, the mean over classes (mean) and over meshes (mean_sample), all ×100, the last table again as
LaTeX and CSV. Several runs, or one with baselines (eval_meshes.py --baselines), give one table of
means: a column for each run in each group (all, seen, unseen, visible, invisible).
"""


def _parser() -> argparse.ArgumentParser:
    parser = new_parser(__doc__, EPILOG)
    parser.add_argument(
        "runs",
        nargs="+",
        metavar="CONFIG",
        help="a configuration, or a folder that eval_meshes.py --meshes wrote to",
    )
    parser.add_argument(
        "--format",
        choices=("text", "latex", "markdown", "csv"),
        help="print one table only, in this form (default: all tables as text)",
    )
    parser.add_argument("--names", nargs="+", metavar="NAME", help="names of the runs")
    parser.add_argument("--raw", action="store_true", help="the scores without alignment")
    parser.add_argument(
        "--over",
        choices=("class", "sample"),
        default="class",
        help="comparisons take means over class means, or over meshes (default %(default)s)",
    )
    parser.add_argument(
        "--common", action="store_true", help="compare only the meshes that all runs have"
    )
    parser.add_argument("--plot", metavar="FILE.png", help="also draw bars and curves")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    args = parse(_parser(), argv)
    from im2mesh.metrics import report, scored_runs

    if args.plot is not None:
        from im2mesh.metrics.plot import check_format

        check_format(Path(args.plot))
    runs = [scored_runs.ScoredRun.of(target) for target in args.runs]
    if args.names is not None:
        if len(args.names) != len(runs):
            raise InputError(f"--names: {len(args.names)} names for {len(runs)} runs")
        runs = [replace(run, name=name) for run, name in zip(runs, args.names, strict=True)]
    methods = scored_runs.load_methods(runs)
    if args.common:
        methods = scored_runs.common_models(methods)
    raw = args.raw or not any(method.aligned for method in methods)
    scored_runs.check_scores(methods, raw)
    main_table = (
        report.comparison(methods, raw, args.over)
        if len(methods) > 1
        else report.class_table(methods[0], raw)
    )
    if args.format is not None:
        print(main_table.render(args.format))
    else:
        texts = report.printout(methods[0], raw) if len(runs) == 1 else []
        if len(methods) > 1:
            texts.append(main_table.render("text"))
            if any(method.class_names.nunique() > 1 for method in methods):
                texts.append(report.comparison_by_class(methods, raw).render("text"))
        print("\n\n".join(texts))
    for remark in report.remarks(methods, runs):
        print(remark, file=sys.stderr)
    if args.plot is not None:
        from im2mesh.metrics.plot import plot

        plot(methods, Path(args.plot), raw, args.over)
    return DONE


if __name__ == "__main__":
    run_script(main)
