"""The only pools of processes.

* :func:`run_tasks` calls a function on each of a finite number of tasks, in spawned processes or on
  a Dask cluster, and yields the results as they are finished.
* :func:`in_order` maps a function over an endless stream of keys, in order and ahead of their use.
  Its processes are forked, because they share the caller's data, and send tensors through torch's
  shared memory.

Both leave no process behind, whatever ends them. (``reproduction/jobs.py`` runs commands, which
save and leave on a signal; that needs threads that wait for them, and no pool of processes.)
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from typing import Any, TypeVar

from im2mesh.errors import InputError

Task = TypeVar("Task")
Result = TypeVar("Result")

CLUSTER_INSTALL = "pip install 'hierarchical-prior-networks[cluster]'"

CLUSTER_TIMEOUT = 30
"""Seconds to wait for a cluster's first answer."""


class WorkerDied(Exception):
    """Every process that worked on a task died: it was killed, ran out of memory or crashed."""


def cpus() -> int:
    """Return the number of processors that this process may use."""
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

    A task whose process dies is tried once more, alone, and the others go on. Close the generator
    to stop: tasks at work are then terminated, not waited for.

    Args:
        function: importable by name, as are its tasks and results by ``pickle``. An exception that
            it raises ends the run.
        tasks: in the order in which they are begun.
        workers: processes of this machine, each with one thread for torch; 1: this process.
        cluster: address of a Dask scheduler to use instead (``tcp://host:8786``). Its workers must
            see the same files.

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


def in_order(
    function: Callable[[Task], Result],
    keys: Iterable[Task],
    workers: int,
    pin_memory: bool = False,
) -> Iterator[Result]:
    """Compute ``map(function, keys)`` ahead of its use, in worker processes.

    Args:
        function: any, even a closure: workers are forked and share its data.
        keys: any number, even endless.
        workers: number of processes; 0: compute each value when it is asked for.
        pin_memory: put tensors into page-locked memory.

    Raises:
        InputError: raised by the function, when the turn of its value comes.
    """
    from torch.utils.data import DataLoader, Dataset

    class Values(Dataset[Any]):
        def __getitem__(self, key: Task) -> Result | InputError:
            try:
                return function(key)
            except InputError as error:
                return error  # the loader would make a traceback of it

    loader: DataLoader[Any] = DataLoader(
        Values(),
        batch_size=None,
        sampler=keys,
        num_workers=workers,
        collate_fn=lambda value: value,
        pin_memory=pin_memory,
        worker_init_fn=_ignore_signals,
        multiprocessing_context="fork" if workers else None,
    )
    others = set(multiprocessing.active_children())
    values = iter(loader)
    own = set(multiprocessing.active_children()) - others
    try:
        for value in values:
            if isinstance(value, InputError):
                raise value
            yield value
    finally:
        del values  # asks the workers to end, and waits for some seconds
        for process in own:
            process.kill()
            process.join()


def _ignore_signals(_: int) -> None:
    """Ignore Ctrl-C and a scheduler's SIGTERM, which go to all processes of a run.

    The parent still needs the workers to finish its step. They end with it, or when it kills them.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


# --- this machine -----------------------------------------------------------------------------


def _in_processes(
    function: Callable[[Task], Result], tasks: Sequence[Task], workers: int
) -> Generator[tuple[Task, Result | WorkerDied], None, None]:
    """Run tasks in spawned processes: a fork would break the threads of the libraries."""
    waiting = list(reversed(tasks))
    while waiting:
        # Any of the tasks at work when a process died may have killed it. Each gets a process of
        # its own to find out.
        for task in (yield from _pool(function, waiting, workers)):
            if (yield from _pool(function, [task], 1)):
                yield task, WorkerDied("its process died twice: it crashes, or needs more memory")


def _pool(
    function: Callable[[Task], Result], waiting: list[Task], workers: int
) -> Generator[tuple[Task, Result | WorkerDied], None, list[Task]]:
    """Work off ``waiting`` from its end until it is empty or a process dies.

    Returns:
        The tasks that were at work when a process died.
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
    except BrokenProcessPool:  # raised by submit
        return list(running.values())
    except BaseException:  # Ctrl-C, a full disk, or the caller closed the generator
        for process in multiprocessing.active_children():
            if process.pid not in others:
                process.terminate()
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _start_worker() -> None:
    """Make a process of the pool leave quietly on Ctrl-C, and with its parent."""
    prepare_process()
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)  # the parent was killed; nobody will read any result

    threading.Thread(target=follow, daemon=True).start()


def prepare_process() -> None:
    """Give the libraries one thread each: the processes of a pool share the processors."""
    os.environ |= {"IGL_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # read when they are imported
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


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
        client = Client(address, timeout=CLUSTER_TIMEOUT, set_as_default=False)
        client.wait_for_workers(1, timeout=CLUSTER_TIMEOUT)
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
        # Dask gives a task whose worker is lost to another one, and gives up after a few.
        for task in tasks:
            futures[client.submit(_on_worker, function, task, pure=False)] = task
        for future in as_completed(list(futures), loop=client.loop):
            task = futures.pop(future)
            if isinstance(future.exception(), KilledWorker):
                yield (
                    task,
                    WorkerDied("several workers died: it crashes, or needs more memory"),
                )
            else:
                yield task, future.result()
            future.release()
    finally:
        client.cancel(list(futures))
        client.close()


def _on_worker(function: Callable[[Task], Result], task: Task) -> Result:
    prepare_process()
    return function(task)
