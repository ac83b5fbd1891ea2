"""The command ``hpn``: one subcommand for each script, and ``info``."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from im2mesh import __version__
from im2mesh.cli import run_script

COMMANDS = {
    "reconstruct": ("reconstruct:main", "a depth camera's image to a closed mesh in metres"),
    "generate": ("generate:main", "orthographic depth maps to meshes, by any levels"),
    "generate-merge3": ("generate:merge3", "the same by the paper's HPN3"),
    "generate-merge5": ("generate:merge5", "the same by the paper's HPN5"),
    "generate-merge3-sdfbl": ("generate:merge3_sdfbl", "the same with an SDF global level"),
    "vis": ("vis:main", "show depth maps, meshes, clouds and runs"),
    "eval": ("eval_meshes:main", "score the meshes of a run"),
    "results": ("read_results:main", "print the tables of a scored run"),
    "score-sensor": ("score_sensor:main", "score metric meshes"),
    "render": ("render_depth:main", "depth maps from meshes"),
    "dataset": ("build_dataset:main", "training and evaluation data from meshes or shapes"),
    "families": ("families:main", "pictures of procedural objects"),
    "train": ("train:main", "train one level"),
    "export": ("export:main", "a level's weights alone, as float16"),
    "baselines": ("baselines:main", "what a level in training must beat"),
    "sheet": ("run_sheet:main", "a picture of a run's meshes"),
    "reproduce": ("reproduce:main", "put the paper's claim to the test"),
    "app": ("app:main", "a page to try it in a browser"),
    "info": ("info:main", "versions, device, weights: what a bug report needs"),
}
"""Subcommands: ``module:function`` in this package, and a line for ``--help``."""

SCRIPTS = {
    "eval_meshes": "eval",
    "read_results": "results",
    "render_depth": "render",
    "build_dataset": "dataset",
}
"""Scripts whose subcommand has another name; the script's name works, too."""


def _parser() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS)) + 2
    parser = argparse.ArgumentParser(
        prog="hpn",
        usage="hpn COMMAND …",
        description="Closed meshes from single depth images.",
        epilog="\n".join(
            ["commands:", *(f"  {name:<{width}}{line}" for name, (_, line) in COMMANDS.items())]
            + ["", "hpn COMMAND --help tells more. The scripts of a clone are the same commands."]
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"hpn {__version__}")
    parser.add_argument("command", metavar="COMMAND", help=argparse.SUPPRESS, type=_command)
    return parser


def _command(name: str) -> str:
    command = SCRIPTS.get(name.replace("-", "_"), name.replace("_", "-"))
    if command not in COMMANDS:
        raise argparse.ArgumentTypeError(f"{name} is not one of " + ", ".join(COMMANDS))
    return command


def main() -> None:
    """Run the subcommand that the arguments of the process name; leave with its exit code."""
    command = _parser().parse_args(sys.argv[1:2]).command
    module, function = COMMANDS[command][0].split(":")
    sys.argv = [f"hpn {command}", *sys.argv[2:]]
    run_script(getattr(import_module(f"im2mesh.commands.{module}"), function))
