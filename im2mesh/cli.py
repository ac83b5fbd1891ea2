"""What the scripts share: devices, logging, exit codes, and the generators' command line."""

from __future__ import annotations

import argparse
import io
import logging
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from im2mesh.errors import ConfigError, InputError

if TYPE_CHECKING:
    import torch

    from im2mesh.config import Config

log = logging.getLogger(__name__)

DONE = 0
SOME_FAILED = 1
BAD_INPUT = 2
BUG = 70
INTERRUPTED = 130

EXIT_CODES = """\
exit codes:
  0    everything was done
  1    some depth maps could not be used and are named at the end; the others were done
  2    bad input: nothing could be done, one line says why
  70   a bug in this program, with its traceback
  130  interrupted (Ctrl-C); what is finished is kept
"""


class _Handler(logging.Handler):
    """Log lines on stderr that do not tear a progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        tqdm.write(level + record.getMessage(), file=sys.stderr)


def set_up_logging(verbose: bool) -> None:
    """Send the package's log to stderr; ``verbose`` adds the debug lines."""
    logger = logging.getLogger("im2mesh")
    logger.handlers = [_Handler()]
    logger.setLevel(logging.DEBUG if verbose else logging.INFO)
    logger.propagate = False


def run_script(main: Callable[[Sequence[str] | None], int]) -> None:
    """Run a script's ``main(argv)`` and leave with its exit code.

    What the user can cause (:class:`InputError`, ``OSError``, too little memory) becomes one line
    on stderr and exit code 2, and Ctrl-C one line and 130. Anything else is a bug: it keeps its
    traceback, and has an exit code of its own, since Python's would be :data:`SOME_FAILED`.

    Characters that standard output cannot encode are printed as ``?``.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # stderr is never strict
        sys.stdout.reconfigure(errors="replace")
    set_up_logging(verbose=False)
    try:
        refuse_empty(sys.argv)
        code = main(None)
    except InputError as error:
        log.error("%s", error)
        code = BAD_INPUT
    except OSError as error:
        log.error("%s%s", f"{error.filename}: " if error.filename else "", error.strerror or error)
        code = BAD_INPUT
    except KeyboardInterrupt:
        log.error("interrupted; what is finished is kept")
        code = INTERRUPTED
    except Exception as error:
        if _is_memory(error):
            log.error(
                "memory ran out: %s; lower generation.batch_size, training.batch_size or --workers",
                str(error).split("\n")[0],
            )
            code = BAD_INPUT
        else:
            traceback.print_exc()
            code = BUG
    sys.exit(code)


def _is_memory(error: Exception) -> bool:
    """Whether memory ran out; torch has an error class for that of a GPU only."""
    words = ("can't allocate memory", "out of memory")
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(word in str(error) for word in words)
    )


def refuse_empty(command: Sequence[str]) -> None:
    """Refuse empty arguments, which a shell makes of ``"$UNSET"``.

    As a path they would be the current folder, and elsewhere often the default.

    Args:
        command: the script and its arguments, as in ``sys.argv``.

    Raises:
        InputError: an argument is empty, or an option is as in ``--out=``.
    """
    for before, word in pairwise(command):
        option, equals, value = word.partition("=")
        if not word:
            raise InputError(
                f"the argument after '{before}' is empty; give a value or leave it out"
            )
        if option.startswith("--") and equals and not value:
            raise InputError(f"{option}: is empty; give a value or leave it out")


def pick_device(name: str | None, no_cuda: bool) -> torch.device:
    """The device to run on.

    Args:
        name: as torch names it (``cpu``, ``cuda``, ``cuda:1``); None: CUDA where there is one.
        no_cuda: stay on the CPU.

    Raises:
        InputError: the name is not a device of this machine.
    """
    import torch

    if no_cuda:
        if name is not None and name.split(":")[0] == "cuda":
            raise InputError(f"--device {name} and --no-cuda contradict each other; drop one")
        name = name or "cpu"
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        if device.type not in ("cpu", "cuda"):
            raise RuntimeError("a backend that nothing here is tested on")
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(
            f"--device {name}: not available here; use --device cpu, or leave it out"
        ) from error
    return device


# --- generators -------------------------------------------------------------------------------

GLOBAL, PATCH, GLOBAL_SDF = "GLOBAL", "PATCH", "GLOBAL_SDF"


def generator(
    description: str, roles: Sequence[str] | None
) -> Callable[[Sequence[str] | None], int]:
    """The ``main`` of a generator script.

    Args:
        description: for ``--help``.
        roles: what each configuration must be, in order; None: any number of any kind.
    """

    def main(argv: Sequence[str] | None = None) -> int:
        return _generate(_generator_parser(description, roles).parse_args(argv), roles)

    return main


def _generator_parser(description: str, roles: Sequence[str] | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=description,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if roles is None:
        parser.add_argument("configs", nargs="+", metavar="CONFIG", help="one YAML file a level")
    else:
        for role in roles:  # one by one: argparse's help cannot show several names of one argument
            parser.add_argument(
                "configs", action="append", metavar=role, help="a YAML file of this kind of level"
            )
    parser.add_argument(
        "--input",
        nargs="+",
        metavar="DIR|FILE",
        help="depth maps (.npz) or folders of them, instead of the configs' test split",
    )
    parser.add_argument("--out", metavar="DIR", help="folder of the results (default: the run's)")
    parser.add_argument("--device", help="cpu, cuda, cuda:1, … (default: CUDA where there is one)")
    parser.add_argument("--no-cuda", action="store_true", help="do not use CUDA")
    parser.add_argument("--lattice", choices=("exact", "released"), help="overrides the config")
    parser.add_argument("--extraction", choices=("mise", "dense"), help="overrides the config")
    parser.add_argument(
        "--observation", choices=("none", "carve", "surface"), help="overrides the config"
    )
    parser.add_argument("--symmetry", choices=("none", "auto"), help="overrides the config")
    again = parser.add_mutually_exclusive_group()
    again.add_argument(
        "--resume",
        action="store_true",
        help="skip maps whose results are there (the default where --input names a folder)",
    )
    again.add_argument(
        "--overwrite",
        action="store_true",
        help="make all results again; all results made with other settings are removed first",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="also log debug lines")
    return parser


def _generate(args: argparse.Namespace, roles: Sequence[str] | None) -> int:
    from im2mesh.config import load_config
    from im2mesh.data.sources import sources_of_paths, sources_of_split
    from im2mesh.generation.outputs import run_folder
    from im2mesh.generation.pipeline import Reconstructor
    from im2mesh.generation.run import check_same_data, run

    set_up_logging(args.verbose)
    configs = [load_config(path) for path in args.configs]
    if roles is not None:
        for config, role in zip(configs, roles, strict=True):
            _check_role(config, role)
    if args.input:
        sources = sources_of_paths(args.input)
    else:
        check_same_data(configs)
        sources = sources_of_split(configs[0], configs[0].data.test_split)
    overrides = {
        key: value
        for key in ("lattice", "extraction", "observation", "symmetry")
        if (value := getattr(args, key)) is not None
    }
    configs[0] = replace(configs[0], generation=replace(configs[0].generation, **overrides))
    reconstructor = Reconstructor.from_configs(configs, pick_device(args.device, args.no_cuda))
    folder = Path(args.out) if args.out else run_folder(configs)
    resume = args.resume or (
        not args.overwrite and any(Path(path).is_dir() for path in args.input or ())
    )
    report = run(reconstructor, sources, folder, resume, args.overwrite)
    for _, message in report.failed:
        log.error("%s", message)
    kept = f", {len(report.skipped)} there already" if report.skipped else ""
    failed = f", {len(report.failed)} not usable" if report.failed else ""
    log.info("%s: %d done%s%s", folder, len(report.written), kept, failed)
    if not report.failed:
        return DONE
    return SOME_FAILED if report.written or report.skipped else BAD_INPUT


def _check_role(config: Config, role: str) -> None:
    """A fixed place of a generator's command line takes one kind of level only."""
    kind = "a patch level" if config.is_patch else "a global level"
    method = "SDF" if config.is_sdf else "occupancy"
    wanted = {
        GLOBAL: not config.is_patch and not config.is_sdf,
        GLOBAL_SDF: not config.is_patch and config.is_sdf,
        PATCH: config.is_patch,
    }
    if not wanted[role]:
        raise ConfigError(
            f"{config.source}: is {kind} ({method}) where {role} is expected; "
            "generate.py takes any mix of levels"
        )
