"""The campaign of damaged inputs and killed runs; prints its counts (docs/reliability.md)."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch

from tests.fuzz import inputs, kills

INPUTS, KILLS = 22, 25
"""Number for each kind of input and each command: 550 inputs and 125 kills in all."""


def damage(name: str, whole: Path, count: int, seed: int) -> inputs.Counts:
    """Damage one kind of input."""
    with tempfile.TemporaryDirectory() as scratch:
        return inputs.campaign(whole, Path(scratch), name, inputs.kinds()[name], count, seed)


def stop(name: str, whole: Path, count: int, seed: int) -> kills.Counts:
    """Stop one command."""
    with tempfile.TemporaryDirectory() as scratch:
        return kills.campaign(whole, Path(scratch), name, kills.JOBS[name], count, seed)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the campaign; the exit code is 1 if there is a fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="kinds of input and commands (default: all)")
    parser.add_argument("--inputs", type=int, default=INPUTS, help="of each kind")
    parser.add_argument("--kills", type=int, default=KILLS, help="of each command")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    names = args.names or [*inputs.kinds(), *kills.JOBS]
    faults: list[str] = []
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as root:
        for folder, prepare in (("inputs", inputs.prepare), ("kills", kills.prepare)):
            os.mkdir(f"{root}/{folder}")
            os.chdir(f"{root}/{folder}")
            prepare()
            os.chdir(before)
        for name in names:
            if name in kills.JOBS:
                stopped = stop(name, Path(root) / "kills", args.kills, args.seed)
                line = f"{stopped.kills} kills, {stopped.signals} other signals, "
                line += f"{stopped.resumed} runs compared"
                found = stopped.faults
            else:
                read = damage(name, Path(root) / "inputs", args.inputs, args.seed)
                line, found = (
                    f"{read.inputs} inputs: {read.read} read, {read.refused} refused",
                    read.faults,
                )
            sys.stdout.write(f"{name}: {line}, {len(found)} faults\n")
            sys.stdout.flush()
            faults += found
    sys.stdout.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
