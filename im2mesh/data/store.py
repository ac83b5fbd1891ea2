"""The stored training data of a split, sorted so that the points of a window are a few slices.

The points of a shape are sorted by the square cell of the image that they lie behind and, within a
cell, into outside and inside (:class:`im2mesh.data.cells.Cells`). Cells are the largest squares of
which every window consists. So the points of a window are one slice for each row of its cells, and
its inner points one slice for each cell. The time to draw a sample does not depend on the number
of windows of a shape.

:mod:`im2mesh.data.store_files` reads a store into memory or maps it from a folder.
``tests/reference/samples.py`` is the plain definition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from im2mesh.config import Config
from im2mesh.data.batch import Batch, EvaluationPoints
from im2mesh.data.cells import Cells, windows_of
from im2mesh.data.rng import random_below, random_seed
from im2mesh.errors import DataError


class PointStore:
    """The shapes of a split, as a :class:`im2mesh.data.batch.ValidationSource`.

    Attributes:
        config: of the level.
        names: ``<class>/<model>`` of each shape.
        crops: (S, 2) int64 (shape, window) of each usable window, shape by shape; a global
            level's window 0 is the whole image.
        iou: the store whose points the IoU is measured on.
    """

    def __init__(
        self,
        config: Config,
        names: Sequence[str],
        arrays: Mapping[str, Tensor],
        iou: PointStore | None = None,
        shuffle: bool = True,
    ) -> None:
        """Bind the arrays.

        Args:
            config: of the level.
            names: of the M shapes.
            arrays: ``depths`` (M, 256, 256), ``points`` (N, 3) and ``targets`` (N,) of all
                shapes one after the other, ``counts`` (M · groups,) of each shape's groups,
                ``windows`` (S,) usable windows, ``usable`` (M,) number of windows of each shape.
            iou: another store of the same shapes with the points for the IoU; None: this one.
            shuffle: draw another order and other points in every epoch; else the crops keep the
                order of the shapes, and all epochs are the same.
        """
        self.config = config
        self.names = list(names)
        self.cells = Cells(windows_of(config))
        self.iou = self if iou is None else iou
        self._shuffle = shuffle
        self._depths, self._points, self._targets = (
            arrays[key] for key in ("depths", "points", "targets")
        )
        zero = arrays["counts"].new_zeros(1)
        self._starts = torch.cat([zero, arrays["counts"].cumsum(0)])
        shape = torch.arange(len(names)).repeat_interleave(arrays["usable"])
        self.crops = torch.stack([shape, arrays["windows"]], dim=1)
        if not len(self.crops):
            raise DataError(
                f"{names[0]} and all other models of {config.data.path}: no window has both a "
                "foreground pixel and a point inside; are depth and points in the same frame?"
            )
        self._order: tuple[int, Tensor] = (-1, torch.empty(0, dtype=torch.int64))

    def __len__(self) -> int:
        return len(self.crops)

    def name(self, shape: int) -> str:
        return self.names[shape]

    @property
    def device(self) -> torch.device:
        return self._points.device

    @property
    def bytes(self) -> int:
        tensors = (self._depths, self._points, self._targets, self._starts)
        return sum(tensor.nbytes for tensor in tensors)

    def to(self, device: torch.device) -> PointStore:
        for key in ("_depths", "_points", "_targets", "_starts", "crops"):
            setattr(self, key, getattr(self, key).to(device))
        if self.iou is not self:
            self.iou.to(device)
        return self

    def batch(self, epoch: int, start: int, stop: int) -> Batch:
        epoch = epoch if self._shuffle else 0
        place = torch.arange(start, stop, device=self.device)
        shape, window = self.crops[self.order(epoch)[start:stop].to(self.device)].unbind(1)
        index, valid = self._draw(shape, window, epoch, place)
        return Batch(
            self._images(shape, window),
            self._local(index, window[:, None]),
            self._targets.take(index).float(),
            valid,
            shape,
        )

    def evaluation_points(self, start: int, stop: int) -> EvaluationPoints | None:
        if self.config.data.points_iou_file is None:
            return None
        shape, window = self.crops[start:stop].unbind(1)
        begin, length = self.iou._rows(shape, window)
        counts = length.sum(1)
        flat = length.flatten()
        within = torch.arange(int(flat.sum()), device=self.device)
        within -= (flat.cumsum(0) - flat).repeat_interleave(flat)
        index = begin.flatten().repeat_interleave(flat) + within
        return EvaluationPoints(
            self._images(shape, window),
            self.iou._local(index, window.repeat_interleave(counts)),
            self.iou._targets[index].float(),
            counts.tolist(),
        )

    def maps(self, count: int) -> list[tuple[str, np.ndarray]]:
        """Choose maps that are spread over the shapes."""
        chosen = np.linspace(0, len(self.names) - 1, min(count, len(self.names))).astype(int)
        # Copies, as a cache on disk must not be written to.
        return [(self.names[k], self._depths[k].cpu().numpy().copy()) for k in chosen]

    def order(self, epoch: int) -> Tensor:
        """Return the order of the crops in an epoch, a permutation on the CPU.

        Up to ``data.windows_per_shape`` random windows of a shape are neighbours.
        """
        if not self._shuffle:
            return torch.arange(len(self.crops))
        if self._order[0] != epoch:
            rng = np.random.default_rng(random_seed(self.config.training.seed, epoch))
            shape = self.crops[:, 0].cpu().numpy()
            order = grouped_permutation(shape, self.config.data.windows_per_shape, rng)
            self._order = (epoch, torch.from_numpy(order))
        return self._order[1]

    def _images(self, shape: Tensor, window: Tensor) -> Tensor:
        return self.cells.windows.pick(self._depths, shape, window)[:, None]

    def _local(self, index: Tensor, window: Tensor) -> Tensor:
        """Return (…) points, by their indices, in their (…) or (…, 1) windows' coordinates."""
        points = self._points.index_select(0, index.flatten()).view(*index.shape, 3).float()
        if self.cells.per_side == 1:
            return points
        return self.cells.windows.to_local(points, window)

    def _draw(
        self, shape: Tensor, window: Tensor, epoch: int, place: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Draw ``data.points_subsample`` points of each window, with replacement.

        Returns:
            (B, T) indices of points, and (B, T) bool: there was a point to draw.
        """
        subsample = self.config.data.points_subsample
        if isinstance(subsample, int):
            slices, counts = [self._rows(shape, window)], [subsample]
        else:
            slices = [self._sides(shape, window, side) for side in (0, 1)]
            counts = list(subsample)
        drawn, valid, first = [], [], 0
        for (begin, length), count in zip(slices, counts, strict=True):
            end = length.cumsum(1)
            total = end[:, -1:]
            number = torch.arange(first, first + count, device=self.device)
            chosen = random_below(
                total, self.config.training.seed, epoch, place[:, None], number[None]
            )
            # Within slice k a number n stands at n + offset[k]; there are few slices.
            offset = begin - (end - length)
            index = chosen + offset[:, :1]
            for k in range(1, end.shape[1]):
                step = (offset[:, k] - offset[:, k - 1])[:, None]
                index += (chosen >= end[:, k - 1, None]) * step
            valid.append((total > 0).expand(index.shape))
            drawn.append(index.clamp_(max=len(self._points) - 1))
            first += count
        return torch.cat(drawn, dim=1), torch.cat(valid, dim=1)

    def _rows(self, shape: Tensor, window: Tensor) -> tuple[Tensor, Tensor]:
        """Return begin and length, (B, across) each, of the slices with all points of windows."""
        row, column = self.cells.first(window)
        down = torch.arange(self.cells.across, device=self.device)
        cell = (row[:, None] + down) * self.cells.per_side + column[:, None]
        return self._slices(shape[:, None], 2 * cell, 2 * (cell + self.cells.across))

    def _sides(self, shape: Tensor, window: Tensor, side: int) -> tuple[Tensor, Tensor]:
        """Return begin and length, (B, across²) each, of the slices with the points on one side.

        Side 0 is outside, 1 is inside.
        """
        row, column = self.cells.first(window)
        step = torch.arange(self.cells.across, device=self.device)
        cell = (row[:, None, None] + step[:, None]) * self.cells.per_side
        group = (2 * (cell + column[:, None, None] + step) + side).flatten(1)
        return self._slices(shape[:, None], group, group + 1)

    def _slices(self, shape: Tensor, group: Tensor, end: Tensor) -> tuple[Tensor, Tensor]:
        first = shape * self.cells.groups
        begin = self._starts[first + group]
        return begin, self._starts[first + end] - begin


def grouped_permutation(shape: np.ndarray, together: int, rng: np.random.Generator) -> np.ndarray:
    """Return a random order in which up to ``together`` windows of a shape are neighbours.

    ``shape`` (S,) is the shape of each window, rising.
    """
    if together == 1:
        return rng.permutation(len(shape))
    order = np.lexsort((rng.random(len(shape)), shape))
    begins = np.flatnonzero(np.diff(shape, prepend=-1))
    within = np.arange(len(shape)) - np.repeat(begins, np.diff(begins, append=len(shape)))
    group = np.cumsum(within % together == 0) - 1
    place = rng.permutation(group[-1] + 1)
    return order[np.argsort(place[group], kind="stable")]
