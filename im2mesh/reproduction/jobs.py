"""Run commands side by side, each in a process of its own that can be interrupted and continued.

Threads wait for the processes. :mod:`im2mesh.parallel` does not fit: it terminates its workers, but
an interrupted command must get one SIGINT and time to save.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from im2mesh.errors import InputError
from im2mesh.progress import progress_bar

log = logging.getLogger(__name__)

POLL_EVERY = 1.0
"""Seconds between two updates of the progress bar."""

SHOWN = 50
"""Characters of a job's last log line that the progress bar shows."""


@dataclass(frozen=True)
class Job:
    """Commands to be run one after the other."""

    name: str  # as the progress bar shows it
    # Each a program and its arguments. A command that was interrupted by SIGINT must go on from
    # there when it is run again.
    commands: Sequence[Sequence[str]]
    log: Path  # gets everything that they print
    accept: Sequence[int] = (0,)  # exit codes that do not mean a failure


@dataclass
class _Processes:
    """The running processes, and a flag that stops them all."""

    stopped: bool = False
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self, job: Job, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start a command; raise InterruptedError after :meth:`stop`."""
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        with self.lock, open(job.log, "ab") as output:
            if self.stopped:
                raise InterruptedError
            # In a session of its own, a process does not get the terminal's Ctrl-C beside the
            # signal from stop(): a second one would end it before it has saved.
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
            self.running[job.name] = process
        return process

    def finish(self, job: Job) -> None:
        with self.lock:
            self.running.pop(job.name, None)

    def stop(self) -> None:
        """Interrupt all processes, so that they save and exit."""
        with self.lock:
            self.stopped = True
            for process in self.running.values():
                process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        with self.lock:
            for process in self.running.values():
                process.kill()


def run_jobs(jobs: Sequence[Job], workers: int, title: str) -> None:
    """Run jobs, at most ``workers`` at a time, each with one thread (``OMP_NUM_THREADS``).

    The first failure, or Ctrl-C, interrupts the others, which save what they have; the same call
    goes on from there. Nothing is left running.

    Raises:
        InputError: a job failed; the message has the log's path and last line.
    """
    processes = _Processes()

    def work(job: Job) -> None:
        job.log.parent.mkdir(parents=True, exist_ok=True)
        job.log.write_bytes(b"")
        for command in job.commands:
            try:
                code = processes.start(job, command).wait()
            except InterruptedError:
                return
            finally:
                processes.finish(job)
            if not code or processes.stopped:
                continue
            said = f"{last_line(job.log)} (all that it said is in {job.log})"
            if code not in job.accept:
                raise InputError(f"{job.name} failed with exit code {code}: {said}")
            log.warning("%s: %s", job.name, said)

    with ThreadPoolExecutor(workers) as pool:
        names = {pool.submit(work, job): job.name for job in jobs}
        pending = set(names)
        with progress_bar(total=len(jobs), desc=title, unit="job") as bar:
            try:
                while pending:
                    done, pending = wait(pending, POLL_EVERY, FIRST_EXCEPTION)
                    for future in done:
                        future.result()
                        log.info("%s: %s done", title, names[future])
                        bar.update()
                    bar.set_postfix_str(_at_work(jobs, processes))
            except KeyboardInterrupt:
                log.info("interrupted: waiting for %s to save", " and ".join(processes.running))
                _stop(processes, pool)
                raise
            except BaseException:
                _stop(processes, pool)
                raise


def _stop(processes: _Processes, pool: ThreadPoolExecutor) -> None:
    processes.stop()
    try:
        pool.shutdown(cancel_futures=True)
    except KeyboardInterrupt:  # a second Ctrl-C: do not wait any longer
        processes.kill()
        raise


def _at_work(jobs: Sequence[Job], processes: _Processes) -> str:
    running = [job for job in jobs if job.name in processes.running]
    return " | ".join(f"{job.name}: {last_line(job.log)[:SHOWN]}" for job in running)


def last_line(path: Path) -> str:
    """Return the last line of a log that is not blank, "" where there is none yet."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 4096))
            lines = file.read().decode(errors="replace").replace("\r", "\n").split("\n")
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
