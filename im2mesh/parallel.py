"""One function over many tasks: in processes of this machine, or on a Dask cluster.

Both give the results as they come, survive a worker that dies, and leave nothing running behind.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from typing import Any, TypeVar

from im2mesh.errors import InputError

log = logging.getLogger(__name__)

Task = TypeVar("Task")
Result = TypeVar("Result")

CLUSTER_INSTALL = "pip install 'hierarchical-prior-networks[cluster]'"

# Seconds to wait for a cluster's first answer.
PATIENCE = 30


class WorkerDied(Exception):
    """A task took its worker with it, more than once: killed, out of memory, or crashed."""


def cpus() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_tasks(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    workers: int = 1,
    cluster: str | None = None,
) -> Generator[tuple[Task, Result | WorkerDied], None, None]:
    """Call a function on each task.

    Args:
        function: importable by name, as are its tasks and results by ``pickle``. What it raises
            ends the run.
        tasks: in the order in which they are begun.
        workers: processes of this machine; 1: this one.
        cluster: address of a Dask scheduler instead (``tcp://host:8786``), whose workers see the
            same files.

    Yields:
        (task, result), in the order in which they are finished.

    Raises:
        InputError: no such cluster, or Dask is not installed.
    """
    if cluster is not None:
        yield from _on_cluster(function, tasks, cluster)
    elif workers <= 1 or len(tasks) <= 1:
        for task in tasks:
            yield task, function(task)
    else:
        yield from _in_processes(function, tasks, workers)


# --- this machine -----------------------------------------------------------------------------


def _in_processes(
    function: Callable[[Task], Result], tasks: Sequence[Task], workers: int
) -> Generator[tuple[Task, Result | WorkerDied], None, None]:
    """Processes are spawned, not forked: the libraries have threads, which a fork loses."""
    waiting = list(reversed(tasks))
    while waiting:
        suspects = yield from _pool(function, waiting, workers)
        # Whatever was in work when a process died may be what killed it: each gets a process of
        # its own to find out.
        for task in suspects:
            alone = [task]
            if (yield from _pool(function, alone, 1)):
                yield task, WorkerDied("the process that worked on it died, twice")


def _pool(
    function: Callable[[Task], Result], waiting: list[Task], workers: int
) -> Generator[tuple[Task, Result | WorkerDied], None, list[Task]]:
    """Work off ``waiting`` from its end until it is empty or a process dies.

    Returns:
        The tasks that were in work when a process died.
    """
    others = {child.pid for child in multiprocessing.active_children()}
    executor = ProcessPoolExecutor(
        min(workers, len(waiting)), multiprocessing.get_context("spawn"), _start_worker
    )
    running: dict[Future[Result], Task] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                running[executor.submit(function, waiting[-1])] = waiting[-1]
                waiting.pop()
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                if isinstance(future.exception(), BrokenProcessPool):
                    return list(running.values())
                yield running.pop(future), future.result()
        return []
    except BrokenProcessPool:  # it broke while a task was being handed in
        return list(running.values())
    except BaseException:
        # Ctrl-C, a full disk, or the caller had enough: do not wait for what is in work.
        for process in multiprocessing.active_children():
            if process.pid not in others:
                process.terminate()
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _start_worker() -> None:
    """Make a process of the pool quiet, and not outlive its parent."""
    prepare_process()
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)  # the parent was killed; nobody will read any result

    threading.Thread(target=follow, daemon=True).start()


def prepare_process() -> None:
    """One thread for each of the libraries: the processes share the processors."""
    os.environ["IGL_NUM_THREADS"] = "1"
    import torch

    torch.set_num_threads(1)


# --- a cluster --------------------------------------------------------------------------------


def _on_cluster(
    function: Callable[[Task], Result], tasks: Sequence[Task], address: str
) -> Generator[tuple[Task, Result | WorkerDied], None, None]:
    try:
        from distributed import Client, KilledWorker, as_completed
    except ImportError as error:
        raise InputError(f"--cluster needs Dask: {CLUSTER_INSTALL}") from error
    client: Any = None
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
        client.wait_for_workers(1, timeout=PATIENCE)
    except (OSError, ValueError, TimeoutError) as error:
        if client is not None:
            client.close()
            raise InputError(f"--cluster {address}: has no workers; start dask worker") from error
        raise InputError(
            f"--cluster {address}: no Dask scheduler answers there; start one with dask scheduler"
        ) from error
    futures: dict[Any, Task] = {}
    try:
        try:
            client.submit(prepare_process, pure=False).result()
        except Exception as error:
            if not isinstance(error.__cause__ or error, ImportError):
                raise
            raise InputError(
                f"--cluster {address}: the scheduler or a worker cannot import im2mesh; start "
                "them in this repository, with python -m dask"
            ) from error
        # A task whose worker is lost goes to another one; dask gives up on it after a few.
        for task in tasks:
            futures[client.submit(_on_worker, function, task, pure=False)] = task
        for future in as_completed(list(futures), loop=client.loop):
            task = futures.pop(future)
            if isinstance(future.exception(), KilledWorker):
                yield task, WorkerDied("several workers died while they worked on it")
            else:
                yield task, future.result()
            future.release()
    finally:
        client.cancel(list(futures))
        client.close()


def _on_worker(function: Callable[[Task], Result], task: Task) -> Result:
    prepare_process()
    return function(task)
