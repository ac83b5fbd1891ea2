"""The schedule of a run: the samples of each step and its learning rate."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from im2mesh.config import TrainingConfig


@dataclass(frozen=True)
class BatchSlice:
    """The samples of one step."""

    epoch: int  # number of the pass over the data, from 0
    start: int  # position of the first sample in the epoch
    stop: int  # position behind the last one
    last: bool  # no other step follows in this epoch

    def share(self, rank: int, ranks: int) -> tuple[int, int]:
        """Return begin and end of one process's samples, the same number for each."""
        each = (self.stop - self.start) // ranks
        return self.start + rank * each, self.start + (rank + 1) * each


def batch_slices(
    samples: int, batch_size: int, ranks: int, epoch: int, start: int
) -> Iterator[BatchSlice]:
    """Yield the samples of each step, epoch after epoch without end.

    The last step of an epoch takes the remaining samples, rounded down to a multiple of the
    processes. It is left out where a process would get fewer than two, which batch norm needs.

    Args:
        samples: of an epoch; at least two for each process.
        batch_size: samples of a step, of all processes together; at least two for each.
        ranks: number of processes.
        epoch: of the first step.
        start: position in that epoch where the first step begins.
    """
    least = 2 * ranks
    assert samples >= least and batch_size >= least and batch_size % ranks == 0
    while True:
        while samples - start >= least:
            stop = min(start + batch_size, samples)
            stop -= (stop - start) % ranks
            yield BatchSlice(epoch, start, stop, last=samples - stop < least)
            start = stop
        epoch, start = epoch + 1, 0


def learning_rate(training: TrainingConfig, it: int) -> float:
    """Return the learning rate of the step that follows ``it`` others.

    ``constant``: ``training.lr``. ``cosine``: a linear rise over ``lr_warmup`` steps, then half
    a cosine from ``lr`` down to 0 at ``max_iterations``.
    """
    if training.lr_schedule == "constant":
        return training.lr
    assert training.max_iterations is not None
    if it < training.lr_warmup:
        return training.lr * (it + 1) / training.lr_warmup
    length = max(1, training.max_iterations - training.lr_warmup)
    share = min(1.0, (it - training.lr_warmup) / length)
    return training.lr * 0.5 * (1 + math.cos(math.pi * share))
