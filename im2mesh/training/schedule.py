"""What depends on how far a run has come: which samples a step takes, and its learning rate."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from im2mesh.config import TrainingConfig


@dataclass(frozen=True)
class Place:
    """The samples of one step.

    Attributes:
        epoch: number of the pass over the data, from 0.
        start: the first sample's place in the epoch.
        stop: behind the last one.
        last: no other step follows in this epoch.
    """

    epoch: int
    start: int
    stop: int
    last: bool

    def share(self, rank: int, ranks: int) -> tuple[int, int]:
        """Begin and end of one process's samples, the same number for each."""
        each = (self.stop - self.start) // ranks
        return self.start + rank * each, self.start + (rank + 1) * each


def places(samples: int, batch_size: int, ranks: int, epoch: int, start: int) -> Iterator[Place]:
    """Endlessly, the samples of each step.

    The last step of an epoch takes what is left, rounded down to a multiple of the processes,
    and is left out where that would give one of them fewer than two samples: a batch norm
    cannot learn from one.

    Args:
        samples: of an epoch; at least two for each process.
        batch_size: samples of a step, of all processes together; at least two for each.
        ranks: number of processes.
        epoch: of the first step.
        start: where in that epoch the first step begins.
    """
    least = 2 * ranks
    assert samples >= least and batch_size >= least and batch_size % ranks == 0
    while True:
        while samples - start >= least:
            stop = min(start + batch_size, samples)
            stop -= (stop - start) % ranks
            yield Place(epoch, start, stop, last=samples - stop < least)
            start = stop
        epoch, start = epoch + 1, 0


def learning_rate(training: TrainingConfig, it: int) -> float:
    """The learning rate of the step that follows ``it`` others.

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
