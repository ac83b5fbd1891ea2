"""What the commands share: devices, logging, exit codes."""

from __future__ import annotations

import io
import logging
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from types import FrameType
from typing import TYPE_CHECKING

from tqdm import tqdm

from im2mesh.errors import InputError

if TYPE_CHECKING:
    import torch

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
    on stderr and exit code 2, and Ctrl-C one line and 130. SIGTERM, and the SIGHUP of a terminal
    that is closed, are like Ctrl-C. Anything else is a bug: it keeps its traceback, and has an exit
    code of its own, since Python's would be :data:`SOME_FAILED`.

    Characters that standard output cannot encode are printed as ``?``.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # stderr is never strict
        sys.stdout.reconfigure(errors="replace")
    set_up_logging(verbose=False)
    try:
        refuse_empty(sys.argv)
        with _signals_interrupt():
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


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise KeyboardInterrupt, unless they are ignored, as nohup does."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = (signal.SIGTERM, signal.SIGHUP)
    caught = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    for number in caught:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in caught:
            signal.signal(number, signal.SIG_DFL)


def _is_memory(error: Exception) -> bool:
    """Return whether memory ran out, in this process or, as far as torch says, in a worker."""
    words = ("can't allocate memory", "out of memory", "is killed by signal: Killed")
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
