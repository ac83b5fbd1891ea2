"""The only pools of processes; those of threads are in :mod:`im2mesh.processors`.

* :func:`run_tasks` calls a function on each of a finite number of tasks, in spawned processes or on
  a Dask cluster, and yields the results as they are finished.
* :func:`in_order` maps a function over an endless stream of keys, in order and ahead of their use.
  Its processes are forked, because they share the caller's data, and send tensors through torch's
  shared memory, or through pipes where there is too little of it.

Neither leaves a process behind, whatever ends it. (``reproduction/jobs.py`` runs commands that save
and exit on a signal. It needs threads that wait for them, not a pool of processes.)
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import platform
import re
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from logging.handlers import QueueHandler
from multiprocessing import connection
from multiprocessing.reduction import ForkingPickler
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from im2mesh.errors import InputError

Task = TypeVar("Task")
Result = TypeVar("Result")

_PACKAGE = __name__.partition(".")[0]

CLUSTER_INSTALL = "pip install 'hierarchical-prior-networks[cluster]'"

ADDRESS = r"([a-z]+://)?(\[[0-9a-fA-F:.]+\]|[^\s:/\[\]]+)(:\d{1,5})?"
"""Pattern of a scheduler's address."""

CLUSTER_TIMEOUT = 30
"""Seconds to wait for a cluster's first answer."""


FEWER = "start fewer: lower training.num_workers or --workers"


END_SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)  # Windows has the first two only
)
"""Signals that end a run: Ctrl-C, a scheduler's end, a closed terminal, a scheduler's warnings."""


class WorkerDied(Exception):
    """Every process that worked on a task died: it was killed, ran out of memory or crashed."""


def run_tasks(
    function: Callable[[Task], Result],
    tasks: Sequence[Task],
    workers: int = 1,
    cluster: str | None = None,
    threads: int = 1,
) -> Generator[tuple[Task, Result | WorkerDied], None, None]:
    """Call a function on each task.

    A task whose process dies is tried once more, alone, and the others go on. Close the generator
    to stop: tasks at work are then terminated, not waited for.

    Args:
        function: importable by name, as are its tasks and results by ``pickle``. An exception that
            it raises ends the run.
        tasks: in the order in which they are begun.
        workers: processes of this machine; 1: this process. Their log is that of this process.
        cluster: address of a Dask scheduler to use instead (``tcp://host:8786``). Its workers must
            see the same files; they work in the folder that this process works in.
        threads: of torch, for each of the processes of this machine; those of a cluster have one.

    Yields:
        (task, result), in the order in which they are finished.

    Raises:
        InputError: no such cluster, or Dask is not installed.
    """
    if cluster is None and (workers <= 1 or len(tasks) <= 1):
        for task in tasks:
            yield task, function(task)
        return
    logged = partial(_with_log, function, logging.getLogger(_PACKAGE).getEffectiveLevel())
    results = (
        _in_processes(logged, tasks, workers, threads)
        if cluster is None
        else _on_cluster(logged, tasks, cluster)
    )
    with closing(results):
        for task, result in results:
            if isinstance(result, WorkerDied):
                yield task, result
                continue
            for record in result.log:
                logging.getLogger(record.name).handle(record)
            yield task, result.value


def in_order(
    function: Callable[[Task], Result], keys: Iterable[Task], workers: int, pin_memory: bool = False
) -> Iterator[Result]:
    """Compute ``map(function, keys)`` ahead of its use, in worker processes.

    Args:
        function: any, even a closure: workers are forked and share its data.
        keys: any number, even endless.
        workers: number of processes; 0: compute each value when it is asked for.
        pin_memory: put tensors into page-locked memory.

    Raises:
        InputError, OSError, MemoryError: raised by the function, when the turn of its value comes;
            or the processes cannot be started.
        RuntimeError: a process died; :func:`is_death` recognises it. It may be raised wherever the
            caller is.
    """
    from torch.utils.data import DataLoader, Dataset

    class Values(Dataset[Any]):
        def __getitem__(self, key: Task) -> Any:
            try:
                value: Result | _Failure = function(key)
            except _ERRORS as error:
                value = _Failure(error)  # the loader would make a traceback of it
            return _Sent(value) if workers else value

    loader: DataLoader[Any] = DataLoader(
        Values(),
        batch_size=None,
        sampler=keys,
        num_workers=workers,
        collate_fn=lambda value: value,
        pin_memory=pin_memory,
        worker_init_fn=_start_loader,
        multiprocessing_context="fork" if workers else None,
    )
    others = set(multiprocessing.active_children())
    if workers:
        try:
            multiprocessing.Lock()  # a loader that fails to make its own leaves a traceback
        except OSError as error:
            raise _not_started(error) from error
    values = iter(loader)
    own = set(multiprocessing.active_children()) - others
    try:
        while True:
            try:
                value = next(values)
            except StopIteration:
                return
            except (OSError, EOFError) as error:  # the other end of a pipe is gone
                raise RuntimeError(f"{_DEATHS[0]} (pid ?) {_DEATHS[1]}: {error}") from error
            if isinstance(value, _Failure):
                raise value.error
            yield value
    finally:
        if workers:  # now, even if an error's traceback still holds the iterator
            values._shutdown_workers()  # type: ignore[attr-defined]
        for process in own:
            process.kill()
            process.join()


_ERRORS = (InputError, OSError, MemoryError)
"""Errors of a function that :func:`in_order` hands on as they are."""


class _Failure:
    def __init__(self, error: Exception) -> None:
        self.error = error


class _Sent:
    """A value that is pickled at once, and is itself again when it is unpickled.

    A queue pickles in a thread of its own, which drops a value that cannot be pickled, and the
    reader waits for it for ever. Tensors cannot be where shared memory is full, or where TMPDIR is
    longer than a socket's path may be.
    """

    shares_memory = True
    """True while tensors go through shared memory, in this process."""

    def __init__(self, value: Any) -> None:
        if _Sent.shares_memory:
            try:
                self.pickled = bytes(ForkingPickler.dumps(value))
                return
            except (OSError, RuntimeError):
                # From now on, because each attempt would leave a file open.
                _Sent.shares_memory = False
        self.pickled = pickle.dumps(value)

    def __reduce__(self) -> tuple[Callable[[bytes], Any], tuple[bytes]]:
        return pickle.loads, (self.pickled,)


_DEATHS = ("DataLoader worker", "exited unexpectedly", "killed by signal", "Pin memory thread")


def is_death(error: BaseException) -> bool:
    """Return whether an error says that a process of :func:`in_order` died."""
    words = [word in str(error) for word in _DEATHS]
    return isinstance(error, RuntimeError) and (words[0] or words[3]) and (words[1] or words[2])


def _not_started(error: OSError) -> InputError:
    return InputError(
        f"worker processes cannot be started ({error.strerror or error}; they need room in "
        f"/dev/shm); {FEWER}"
    )


def _start_loader(_: int) -> None:
    """Make a loading process end with its parent, and ignore the signals that end a run.

    They go to all processes of a run, and the parent still needs the loaders to finish its step.
    """
    for number in END_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    _follow_parent()


# --- log of other processes -------------------------------------------------------------------


@dataclass(frozen=True)
class _Logged(Generic[Result]):
    """A result of another process, with what it logged on the way."""

    value: Result
    log: list[logging.LogRecord]


def _with_log(function: Callable[[Task], Result], level: int, task: Task) -> _Logged[Result]:
    """Call a function and collect this thread's log, from ``level``, instead of showing it."""
    logger = logging.getLogger(_PACKAGE)
    logger.setLevel(level)
    logger.propagate = False
    with thread_log() as records:
        value = function(task)
    return _Logged(value, records)


@contextmanager
def thread_log() -> Iterator[list[logging.LogRecord]]:
    """Collect the package's log records of this thread; they are there when the block ends."""
    queue: SimpleQueue[logging.LogRecord] = SimpleQueue()
    handler = QueueHandler(queue)  # its records can be sent to other processes
    thread = threading.get_ident()
    handler.addFilter(lambda record: record.thread == thread)
    logger = logging.getLogger(_PACKAGE)
    logger.addHandler(handler)
    records: list[logging.LogRecord] = []
    try:
        yield records
    finally:
        logger.removeHandler(handler)
        records += [queue.get() for _ in range(queue.qsize())]


# --- this machine -----------------------------------------------------------------------------


def _in_processes(
    function: Callable[[Task], Result], tasks: Sequence[Task], workers: int, threads: int
) -> Generator[tuple[Task, Result | WorkerDied], None, None]:
    """Run tasks in spawned processes: a fork would break the threads of the libraries."""
    waiting = list(reversed(tasks))
    while waiting:
        # Any of the tasks at work when a process died may have killed it. Each gets a process of
        # its own to find out.
        for task in (yield from _pool(function, waiting, workers, threads)):
            if (yield from _pool(function, [task], 1, threads)):
                yield task, WorkerDied("its process died twice: it crashes, or needs more memory")


def _pool(
    function: Callable[[Task], Result], waiting: list[Task], workers: int, threads: int
) -> Generator[tuple[Task, Result | WorkerDied], None, list[Task]]:
    """Work off ``waiting`` from its end; return the tasks at work when a process died."""
    others = {child.pid for child in multiprocessing.active_children()}
    try:
        executor = ProcessPoolExecutor(
            min(workers, len(waiting)),
            multiprocessing.get_context("spawn"),
            _start_worker,
            (threads,),
        )
    except OSError as error:
        raise _not_started(error) from error
    running: dict[Future[Result], Task] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                with _without_interrupts():
                    future = executor.submit(function, waiting[-1])
                running[future] = waiting.pop()
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


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back, in this thread and in processes that it starts.

    A process that is just starting would answer with a traceback.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker(threads: int) -> None:
    """Make a process of the pool leave quietly on Ctrl-C, and with its parent."""
    prepare_process(threads)
    signal.signal(signal.SIGINT, lambda *_: sys.exit(130))
    _follow_parent()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])


def _follow_parent() -> None:
    """End this process with its parent: if that was killed, nobody will read any result."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def prepare_process(threads: int = 1) -> None:
    """Give torch ``threads``, other libraries one: the processes of a pool share the processors."""
    # Both are read when the libraries are imported.
    os.environ |= {"IGL_NUM_THREADS": "1", "OMP_NUM_THREADS": str(threads)}
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)


# --- a cluster --------------------------------------------------------------------------------


def _on_cluster(
    function: Callable[[Task], Result], tasks: Sequence[Task], address: str
) -> Generator[tuple[Task, Result | WorkerDied], None, None]:
    if not re.fullmatch(ADDRESS, address):
        raise InputError(f"--cluster {address}: no address; write it as tcp://host:8786")
    try:
        import dask

        # Its own lines on lost connections are tracebacks; one line of ours says the same.
        dask.config.set(logging=dict.fromkeys(("distributed", "distributed.client"), "critical"))
        from distributed import Client, KilledWorker, as_completed
        from distributed.comm import CommClosedError
    except ImportError as error:
        raise InputError(f"--cluster needs Dask: {CLUSTER_INSTALL}") from error
    if "://" not in address:
        address = f"tcp://{address}"
    client: Any = None
    try:
        client = Client(address, timeout=CLUSTER_TIMEOUT, set_as_default=False)
        client.wait_for_workers(1, timeout=CLUSTER_TIMEOUT)
    except Exception as error:  # a malformed address raises all there is
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
        folder = os.getcwd()
        for task in tasks:
            futures[client.submit(_on_worker, function, folder, task, pure=False)] = task
        for future in as_completed(list(futures), loop=client.loop):
            task = futures.pop(future)
            if isinstance(future.exception(), KilledWorker):
                yield (task, WorkerDied("several workers died: it crashes, or needs more memory"))
            else:
                yield task, future.result()
            future.release()
    except (CancelledError, CommClosedError) as error:
        raise InputError(
            f"--cluster {address}: the connection to the scheduler was lost; what is finished is "
            "kept: start it again, then run the same command"
        ) from error
    finally:
        with suppress(CommClosedError, TimeoutError):
            client.cancel(list(futures))
            client.close()


def _on_worker(function: Callable[[Task], Result], folder: str, task: Task) -> Result:
    """Call a function in a folder of a cluster's machine, against which it reads relative paths."""
    prepare_process()
    try:
        os.chdir(folder)
    except OSError as error:
        raise InputError(
            f"{folder}: {platform.node()}, a worker of the cluster, has no such folder; start the "
            "command where all workers see the same files"
        ) from error
    return function(task)
