"""The command line of train.py: from a configuration to a trained level."""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Sequence

from im2mesh.cli import (
    BAD_INPUT,
    DONE,
    INTERRUPTED,
    SOME_FAILED,
    add_device,
    natural,
    new_parser,
    parse,
    run_script,
)

LIMIT = 3
"""Exit code: a limit on time, epochs, iterations or the metric's change ended the run."""

CODES = {
    DONE: "training.max_iterations is reached: training is complete",
    SOME_FAILED: "the loss is no longer finite; model.pt holds the state before",
    BAD_INPUT: "bad input: one line says why",
    LIMIT: "a limit (--exit-after, --exit-after-epochs, --exit-after-it, --exit-threshold) "
    "ended it",
    INTERRUPTED: "interrupted (Ctrl-C, SIGTERM, HUP, USR1, USR2); model.pt is saved",
}


def parser() -> argparse.ArgumentParser:
    result = new_parser(
        "Train one level (global or patch, occupancy or SDF); go on where it stopped.",
        "After exit codes 1, 3 and 130 the same command goes on where the run stopped.\n",
        CODES,
    )
    result.add_argument("config", metavar="CONFIG", help="the level's YAML file")
    add_device(result, by_name=False)
    result.add_argument("--exit-after", type=_positive, metavar="S", help="stop after S seconds")
    result.add_argument(
        "--exit-after-epochs",
        type=natural,
        metavar="N",
        help="stop after epoch N of the run, earlier starts included; writes model_end.pt",
    )
    result.add_argument(
        "--exit-after-it",
        type=natural,
        metavar="N",
        help="stop after step N of the run, earlier starts included; writes model_end.pt",
    )
    result.add_argument(
        "--exit-threshold",
        type=_not_negative,
        metavar="T",
        help="stop at a validation whose metric is within T of the best one before it",
    )
    return result


def _positive(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text} is not positive")
    return value


def _not_negative(text: str) -> float:
    value = float(text)
    if not value >= 0:
        raise argparse.ArgumentTypeError(f"{text} is not 0 or more")
    return value


def main(argv: Sequence[str] | None = None) -> int:
    started = time.monotonic()
    args = parse(parser(), argv)
    from im2mesh.config import load_config

    config = load_config(args.config)
    config.check_supported()
    # These import torch, which takes seconds: only for a configuration that can be read.
    from im2mesh.training.limits import End, Limits
    from im2mesh.training.run import launch, train

    fabric = launch(config, args.no_cuda)
    if fabric.global_rank:
        logging.getLogger("im2mesh").setLevel(logging.ERROR)
    limits = Limits(
        None if args.exit_after is None else started + args.exit_after,
        args.exit_after_epochs,
        args.exit_after_it,
        args.exit_threshold,
    )
    end = train(config, fabric, limits)
    return {End.COMPLETE: DONE, End.STOPPED: INTERRUPTED, None: SOME_FAILED}.get(end, LIMIT)


if __name__ == "__main__":
    run_script(main)
