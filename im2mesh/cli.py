"""Common parts of all commands: arguments, devices, logging, exit codes."""

from __future__ import annotations

import argparse
import errno
import io
import logging
import os
import signal
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from types import FrameType, MappingProxyType
from typing import TYPE_CHECKING

from tqdm import tqdm

from im2mesh.errors import InputError
from im2mesh.files import first_line, is_utf8
from im2mesh.parallel import END_SIGNALS, FEWER, is_death
from im2mesh.processors import cpus

if TYPE_CHECKING:
    import torch

log = logging.getLogger(__name__)

DONE = 0
SOME_FAILED = 1
BAD_INPUT = 2
BUG = 70
INTERRUPTED = 130

_EXIT_CODES = {
    DONE: "everything was done",
    BAD_INPUT: "bad input: nothing could be done, one line says why",
    BUG: "a bug in this program, with its traceback",
    INTERRUPTED: "interrupted (Ctrl-C, SIGTERM, HUP, USR1, USR2); what is finished is kept",
}


# --- arguments --------------------------------------------------------------------------------


def new_parser(
    description: str | None, epilog: str = "", codes: Mapping[int, str] = MappingProxyType({})
) -> argparse.ArgumentParser:
    """Return a parser with ``--verbose`` and a table of the exit codes below its help.

    ``codes`` mean something else than in other commands, or are added.
    """
    lines = [
        textwrap.fill(f"  {code:<5}{text}", 98, subsequent_indent=7 * " ")
        for code, text in sorted({**_EXIT_CODES, **codes}.items())
    ]
    # Python before 3.14 names a module that is run by -m after its file.
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    parser = argparse.ArgumentParser(
        prog=f"python -m {spec.name}" if spec and spec.name.startswith("im2mesh.") else None,
        description=description,
        epilog="\n".join([*([epilog] if epilog else []), "exit codes:", *lines]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="also log debug lines")
    return parser


def parse(parser: argparse.ArgumentParser, argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the arguments (None: those of the process) and set up the log as they ask."""
    args = parser.parse_args(argv)
    set_up_logging(args.verbose)
    return args


def natural(text: str) -> int:
    """Return an argument as an integer of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return value


def add_device(parser: argparse.ArgumentParser, by_name: bool = True) -> None:
    """Add ``--device`` (``by_name``) and ``--no-cuda``, for :func:`pick_device`."""
    if by_name:
        parser.add_argument(
            "--device", help="cpu, cuda, cuda:1, … (default: CUDA where there is one)"
        )
    parser.add_argument("--no-cuda", action="store_true", help="do not use CUDA")


def add_workers(
    parser: argparse._ActionsContainer, most: int | None = None, cluster: bool = False
) -> None:
    """Add ``--workers``, by default one a processor, at the most ``most``; ``--cluster``, too."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--workers",
        type=natural,
        default=min(cpus(), most or cpus()),
        metavar="N",
        help="processes (default: 1)"
        if most == 1
        else "processes (default: one a processor"
        + (f", at the most {most}" if most else "")
        + ", here %(default)s)",
    )
    if cluster:
        group.add_argument(
            "--cluster",
            metavar="ADDRESS",
            help="of a Dask scheduler, tcp://host:8786, whose workers see the same files",
        )


def add_levels(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that override keys of the levels."""
    parser.add_argument(
        "--threshold",
        type=float,
        metavar="T",
        help="overrides test.threshold of the global level: a lower one gives fuller meshes",
    )
    parser.add_argument(
        "--resolution",
        type=natural,
        metavar="N",
        help="overrides the config: cells of the lattice along a side",
    )


def add_sensor_image(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name a sensor's depth image and the object in it."""
    parser.add_argument("--depth", metavar="FILE", help="the depth image")
    parser.add_argument(
        "--intrinsics", nargs="+", metavar="K", help="a file, or fx fy cx cy, of the depth image"
    )
    parser.add_argument(
        "--mask",
        metavar="FILE",
        help="the object's pixels (default: the largest object on a plane)",
    )
    parser.add_argument("--label", metavar="N|all", help="which object of a label image")
    parser.add_argument("--depth-scale", metavar="S", help="stored value to metres, as 1/1000")
    parser.add_argument(
        "--depth-kind", choices=("z", "ray"), default="z", help="along z (default) or the rays"
    )


def exit_code(done: int, failed: int) -> int:
    """Return the exit code of a command that does many things, of which some may fail."""
    return DONE if not failed else SOME_FAILED if done else BAD_INPUT


# --- running ----------------------------------------------------------------------------------


class _Handler(logging.Handler):
    """Log lines on stderr that do not tear a progress bar."""

    def emit(self, record: logging.LogRecord) -> None:
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        tqdm.write(level + record.getMessage(), file=sys.stderr)


def set_up_logging(verbose: bool) -> None:
    """Send the package's log to stderr; ``verbose`` adds the debug lines."""
    for name in ("im2mesh", "__main__"):  # the latter is a command that is run by python -m
        logger = logging.getLogger(name)
        logger.handlers = [_Handler()]
        logger.setLevel(logging.DEBUG if verbose else logging.INFO)
        logger.propagate = False


def run_script(main: Callable[[Sequence[str] | None], int]) -> None:
    """Run a script's ``main(argv)`` and leave with its exit code.

    An error that the user can cause (:class:`InputError`, ``OSError``, too little memory, a killed
    process) becomes one line on stderr and exit code 2, and Ctrl-C one line and 130. SIGTERM, the
    SIGHUP of a terminal that is closed, and a scheduler's SIGUSR1 and SIGUSR2 are like Ctrl-C.
    Anything else is a bug: it keeps its traceback and has an exit code of its own, since Python's
    would be :data:`SOME_FAILED`.

    Output into a pipe that was closed ends quietly, with exit code 0.

    Characters that standard output cannot encode are printed as ``?``.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # stderr is never strict
        sys.stdout.reconfigure(errors="replace")
    set_up_logging(verbose=False)
    try:
        # No command opens a plotting window, and a wrong name here would stop matplotlib's import.
        os.environ.pop("MPLBACKEND", None)
        refuse_empty(sys.argv)
        _refuse_undecodable(sys.argv)
        with _signals_interrupt():
            code = main(None)
            sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = DONE
    except KeyboardInterrupt:
        log.error("interrupted; what is finished is kept")
        code = INTERRUPTED
    except Exception as error:
        line = in_words(error)
        if line is None:
            traceback.print_exc()
        else:
            log.error("%s", line)
        code = BUG if line is None else BAD_INPUT
    sys.exit(code)


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Let the signals that end a run raise KeyboardInterrupt, unless ignored, as nohup does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    caught = [number for number in END_SIGNALS if signal.getsignal(number) is signal.SIG_DFL]
    for number in caught:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in caught:
            signal.signal(number, signal.SIG_DFL)


def in_words(error: Exception) -> str | None:
    """Return a line on an error that the user or the machine caused; None for a bug."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        advice = "; make room and run the same command again" if full else ""
        return f"{place}{error.strerror or error}{advice}"
    line = first_line(error)
    words = ("can't allocate memory", "out of memory", "is killed by signal: Killed")
    if isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(word in str(error) for word in words)
    ):
        return (
            f"memory ran out: {line}; lower generation.batch_size, training.batch_size or --workers"
        )
    return f"a process that loads data died: {line}; {FEWER}" if is_death(error) else None


def _refuse_undecodable(command: Sequence[str]) -> None:
    """Refuse arguments that are not UTF-8: names in tables and records are."""
    for word in command:
        if not is_utf8(word):
            raise InputError(f"{word}: is not UTF-8; rename that file or folder")


def refuse_empty(command: Sequence[str]) -> None:
    """Refuse empty arguments of a command, as in ``sys.argv``, which a shell makes of ``"$UNSET"``.

    As a path they would be the current folder, and elsewhere often the default.

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
    """Return the device of a torch name, or CUDA where there is one.

    Raises:
        InputError: the name is not a device of this machine.
    """
    import torch

    from im2mesh.models.build import default_device

    if no_cuda:
        if name is not None and name.split(":")[0] == "cuda":
            raise InputError(f"--device {name} and --no-cuda contradict each other; drop one")
        name = name or "cpu"
    if name is None:
        return default_device()
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
