"""Commands in forked processes: their imports are shared, and nothing else is."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from im2mesh.cli import BAD_INPUT, BUG, run_script
from im2mesh.parallel import END_SIGNALS

Main = Callable[[Sequence[str] | None], int]

MEMORY = 16 * 2**30
"""Bytes of address space of a command: one that wants more must say so in a line."""


@dataclass
class Ended:
    """The end of a command.

    Attributes:
        code: its exit code, minus the signal that ended it, or None: it hung, and was killed.
        text: of its output.
    """

    code: int | None
    text: str

    @property
    def fault(self) -> str | None:
        """The kind of fault of a command whose input is bad or good, None if there is none."""
        if self.code is None:
            return "hang"
        if self.code < 0:
            return "crash"
        if self.code == BUG or "Traceback" in self.text:
            return "traceback"
        if self.code == BAD_INPUT and "error: " not in self.text:
            return "no line"
        return None


def run(
    main: Main,
    argv: Sequence[str],
    log: Path,
    limit: float,
    kill: Callable[[int], None] | None = None,
    prepare: Callable[[], None] | None = None,
) -> Ended:
    """Run a command as its script does.

    Args:
        main: of the command.
        argv: its arguments.
        log: a file for its output.
        limit: seconds until it counts as hung.
        kill: called with the process's id, to send it a signal at some time.
        prepare: called in the process before the command.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    # A script has caught these signals long before its work begins.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, END_SIGNALS)
    child = os.fork()
    if not child:
        _become(main, argv, log, prepare)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    if kill is not None:
        kill(child)
    end = time.monotonic() + limit
    status: int | None = None
    while status is None and time.monotonic() < end:
        done, waited = os.waitpid(child, os.WNOHANG)
        if done:
            status = waited
        else:
            time.sleep(0.005)
    hung = status is None
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what it has started, too
    if status is None:
        _, status = os.waitpid(child, 0)
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    return Ended(None if hung else os.waitstatus_to_exitcode(status), text)


def _become(main: Main, argv: Sequence[str], log: Path, prepare: Callable[[], None] | None) -> None:
    """Run the command in this process, a child, and end."""
    code = BUG
    try:
        os.setsid()
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 1)
        os.dup2(file, 2)
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", errors="backslashreplace", closefd=False)  # noqa: SIM115
        sys.stdin = open(os.devnull)  # noqa: SIM115
        sys.argv = ["command"]
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        torch.set_num_threads(1)
        if prepare is not None:
            prepare()

        def caught(_: Sequence[str] | None) -> int:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, END_SIGNALS)
            return main(list(argv))

        run_script(caught)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else BUG
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
