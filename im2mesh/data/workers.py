"""Work that goes on in other processes while the training process is busy."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from torch.utils.data import DataLoader, Dataset

from im2mesh.errors import InputError

Key = TypeVar("Key")
Made = TypeVar("Made")


class _Function(Dataset[Any], Generic[Key, Made]):
    """A function of keys, as torch's loader wants it."""

    def __init__(self, function: Callable[[Key], Made]) -> None:
        self._function = function

    def __getitem__(self, key: Key) -> Made | InputError:
        try:
            return self._function(key)
        except InputError as error:
            return error  # raised in the training process, where it stays one line


def in_order(
    function: Callable[[Key], Made], keys: Iterable[Key], workers: int, pin_memory: bool = False
) -> Iterator[Made]:
    """``map(function, keys)``, computed ahead by worker processes.

    Args:
        function: what to compute; workers are forked, so they share what it holds.
        keys: any number, even endless.
        workers: how many processes; 0: compute each value when it is asked for.
        pin_memory: put tensors into page-locked memory.

    Raises:
        InputError: what the function raised, when its value's turn comes.
    """
    loader: DataLoader[Any] = DataLoader(
        _Function(function),
        batch_size=None,
        sampler=keys,
        num_workers=workers,
        collate_fn=_as_it_is,
        pin_memory=pin_memory,
        worker_init_fn=_leave_signals_to_the_parent,
        multiprocessing_context="fork" if workers else None,
    )
    others = set(multiprocessing.active_children())
    values = iter(loader)
    own = set(multiprocessing.active_children()) - others
    try:
        for made in values:
            if isinstance(made, InputError):
                raise made
            yield made
    finally:
        del values  # asks the workers to end, and waits for some seconds
        for process in own:
            process.kill()
            process.join()


def _as_it_is(value: Any) -> Any:
    return value


def _leave_signals_to_the_parent(_: int) -> None:
    """A terminal's Ctrl-C and a scheduler's SIGTERM go to all processes of a run.

    The parent then finishes its step, for which it needs the workers; they end when it lets go of
    them, at the latest by SIGKILL, or dies.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
