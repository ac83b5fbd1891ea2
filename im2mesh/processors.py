"""Processors, and the only pool of threads."""

from __future__ import annotations

import itertools
import math
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from torch import Tensor

Item = TypeVar("Item")
Result = TypeVar("Result")


def cpus() -> int:
    """Return the number of processors that this process may use.

    It is bounded by the process's affinity and by the quota of its control groups, such as a
    container's.
    """
    if hasattr(os, "sched_getaffinity"):
        count = len(os.sched_getaffinity(0))
    else:
        count = os.cpu_count() or 1
    return max(1, math.ceil(min(count, _quota())))


def _quota(root: Path = Path("/")) -> float:
    """Return the processors that the control groups of this process allow, inf without a limit."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return math.inf
    quota = math.inf
    for line in lines:
        _, controllers, own = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        names = (controllers, "cpu") if controllers else ("", "unified")  # versions 1 and 2
        # In a container the group may be named as outside, and its files lie at the top.
        groups = [PurePosixPath(own), *PurePosixPath(own).parents]
        for name, group in itertools.product(names, groups):
            folder = root / "sys/fs/cgroup" / name / str(group).lstrip("/")
            with suppress(OSError, ValueError, ZeroDivisionError):
                if controllers:
                    limit, period = (
                        (folder / f"cpu.cfs_{key}_us").read_text() for key in ("quota", "period")
                    )
                else:
                    limit, period = (folder / "cpu.max").read_text().split()
                if int(limit) > 0:  # "max", or -1, is no limit
                    quota = min(quota, int(limit) / int(period))
    return quota


_here = threading.local()
"""``threads`` of a thread in :func:`undivided`: those that it had before."""


def threads() -> int:
    """Return the number of threads to compute with.

    It is torch's, which follows ``OMP_NUM_THREADS`` and ``torch.set_num_threads``. Unless the
    environment says it, it is at most one a processor.
    """
    from torch import get_num_threads

    kept: int | None = getattr(_here, "threads", None)
    if kept is not None:
        return kept
    given = "OMP_NUM_THREADS" in os.environ
    return get_num_threads() if given else min(get_num_threads(), cpus())


@contextmanager
def undivided() -> Iterator[None]:
    """Let torch compute each operation in one thread; :func:`in_threads` still takes all.

    Threads that share an operation wait for the slowest of them at its end. Where another process
    is busy, that takes many times as long as the work. The results do not depend on the number of
    threads either. The caller's number is restored. A thread that uses torch for the first time
    meanwhile keeps one, because torch gives new threads the number that was set last.
    """
    from torch import get_num_threads, set_num_threads

    if hasattr(_here, "threads"):
        yield
        return
    _here.threads, before = threads(), get_num_threads()
    if before != 1:
        set_num_threads(1)
    try:
        yield
    finally:
        if before != 1:
            set_num_threads(before)
        del _here.threads


def in_threads(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Compute ``list(map(function, items))`` in threads; one thread computes an item.

    The function releases the interpreter's lock for the most part, as torch's operations do. Its
    grad mode is the caller's.

    Raises:
        Exception: the first one in the order of the items. Items that have not begun are left out.
    """
    with undivided():
        return list(_in_turn(function, items, len(items)))


def add_in_turn(
    function: Callable[[Item], Result], items: Sequence[Item], add: Callable[[Result], None]
) -> None:
    """Call ``add`` on each result of :func:`in_threads` in order, here, while others are computed.

    At most one result more than there are threads is kept, or at work.
    """
    with undivided():
        for _ in map(add, _in_turn(function, items, threads() + 1)):  # keeps no result
            pass


def _in_turn(
    function: Callable[[Item], Result], items: Sequence[Item], ahead: int
) -> Iterator[Result]:
    """Yield ``map(function, items)``; at most ``ahead`` items are begun and not yet yielded."""
    workers = min(threads(), len(items))
    if workers <= 1:
        yield from map(function, items)
        return
    executor, call = _pool(workers), _in_this_mode(function)
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(executor.submit(call, item))
            if len(waiting) == ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def begun(function: Callable[[], Result]) -> Callable[[], Result]:
    """Begin a computation beside this thread's own; return a function that waits for its result.

    With one thread it is computed when it is asked for. Errors are raised there, too.
    """
    if threads() <= 1:
        return function
    executor = _pool(1)
    future = executor.submit(_in_this_mode(lambda _: function()), None)
    executor.shutdown(wait=False)
    return future.result


def _pool(workers: int) -> ThreadPoolExecutor:
    from torch import set_num_threads

    return ThreadPoolExecutor(workers, initializer=set_num_threads, initargs=(1,))


def _in_this_mode(function: Callable[[Item], Result]) -> Callable[[Item], Result]:
    """Return the function with the grad mode of the thread that calls this."""
    import torch

    inference, grad = torch.is_inference_mode_enabled(), torch.is_grad_enabled()

    def call(item: Item) -> Result:
        with torch.inference_mode(inference), torch.set_grad_enabled(grad):
            return function(item)

    return call


def in_chunks(function: Callable[[Tensor], Result], rows: Tensor, size: int) -> list[Result]:
    """Compute a function of ``size`` rows of a tensor at a time, in threads on a CPU."""
    from torch import split

    chunks = split(rows, size)
    if rows.device.type == "cpu":
        return in_threads(function, chunks)
    return [function(chunk) for chunk in chunks]
