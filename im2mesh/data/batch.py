"""Batches of training and validation, and the protocols of the sources that make them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Depth and points of B samples: maps of a global level, windows of a patch level."""

    images: Tensor  # (B, 1, S, S) float32 depth, background −1
    points: Tensor  # (B, T, 3) float32 in [−0.5, 0.5]³ of the cube or of the window
    targets: Tensor  # (B, T) float32 values that the network learns (im2mesh.objectives)
    valid: Tensor  # (B, T) bool; the other points are padding, which the loss ignores
    shapes: Tensor  # (B,) int64 numbers of the shapes, for Source.name

    def __len__(self) -> int:
        return len(self.images)

    def _each(self, change: Callable[[Tensor], Tensor]) -> Batch:
        return replace(
            self, **{item.name: change(getattr(self, item.name)) for item in fields(self)}
        )

    def split(self, size: int) -> list[Batch]:
        """Return batches of ``size`` samples each, the last one of what is left."""
        begins = range(0, len(self), size)
        return [self._each(lambda tensor, k=k: tensor[k : k + size]) for k in begins]  # type: ignore[misc]

    def to(self, device: torch.device) -> Batch:
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> Batch:
        """Return the batch in page-locked memory, from which a GPU copies asynchronously."""
        return self._each(lambda tensor: tensor.pin_memory())


@dataclass(frozen=True)
class EvaluationPoints:
    """All points of B samples, for the IoU: as in a `Batch`, but M points one after another."""

    images: Tensor  # (B, 1, S, S)
    points: Tensor  # (M, 3), those of the first sample first
    targets: Tensor  # (M,)
    counts: list[int]  # number of points of each of the B samples, with sum M


class Source(Protocol):
    """Ordered samples, each a function of the epoch and its position in it alone."""

    def __len__(self) -> int: ...

    def batch(self, epoch: int, start: int, stop: int) -> Batch:
        """Return the samples at the positions [start, stop) of an epoch."""
        ...

    def name(self, shape: int) -> str:
        """Return the name of a shape of a batch, for messages."""
        ...


@runtime_checkable
class Staged(Protocol):
    """A source on a GPU whose batches worker processes can prepare on the CPU."""

    def prepare(self, epoch: int, start: int, stop: int) -> Any:
        """Prepare the part of :meth:`Source.batch` that needs no GPU."""
        ...

    def finish(self, prepared: Any) -> Batch:
        """Compute the rest of the batch, in the training process."""
        ...


class ValidationSource(Source, Protocol):
    """A source that is the same in every epoch and has points for the IoU."""

    def evaluation_points(self, start: int, stop: int) -> EvaluationPoints | None:
        """Return all points of the samples at [start, stop); None where the data have none."""
        ...

    def maps(self, count: int) -> Sequence[tuple[str, np.ndarray]]:
        """Return names and (256, 256) depth maps of at most ``count`` shapes, for pictures."""
        ...
