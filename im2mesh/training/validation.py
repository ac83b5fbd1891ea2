"""Validation of a level: loss, IoU and, for SDF, the mean error, on the validation split."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from im2mesh.config import Config
from im2mesh.data.batch import Batch, EvaluationPoints, ValidationSource
from im2mesh.data.splits import shape_of
from im2mesh.errors import ConfigError, DataError
from im2mesh.files import atomic, read_csv
from im2mesh.models.network import Network
from im2mesh.objectives import Objective

log = logging.getLogger(__name__)


HISTORY = "validation.csv"
"""Table of the validations of a run in its ``out_dir``, one row each, with the step ``it``."""


def append_history(path: Path, row: dict[str, float]) -> None:
    """Add a row to the table, replacing those of the same and later steps, which were undone.

    A damaged table is renamed and a new one begun.
    """
    table = pd.DataFrame([row])
    if path.is_file():
        try:
            before = read_csv(path, ["it"], advice="it is renamed")
            table = pd.concat([before[before["it"] < row["it"]], table])
        except DataError as error:
            broken = path.replace(path.with_name(f"{path.name}.broken"))
            log.warning("%s to %s, and a new one is begun", error, broken)
    with atomic(path) as beside:
        table.to_csv(beside, index=False)


def metric_names(config: Config) -> list[str]:
    """Return the names of the metrics that a validation measures.

    ``loss`` is that of training, on points drawn once. ``iou`` and, for signed distances, ``l1``,
    the mean absolute error, are over all points of ``data.points_iou_file``.
    """
    names = ["loss"]
    if config.data.points_iou_file is not None:
        names.append("iou")
        if config.is_sdf:
            names.append("l1")
    return names


def check_metric(config: Config) -> None:
    """Check that validations measure the selection metric.

    Raises:
        ConfigError: naming the known ones.
    """
    metric, names = config.training.model_selection_metric, metric_names(config)
    if metric not in names:
        raise ConfigError(
            f"{config.source}: training.model_selection_metric is {metric!r}; this level's "
            f"validation measures {', '.join(names)}"
        )


def batch_loss(objective: Objective, values: Tensor, batch: Batch) -> Tensor:
    """Return the loss summed over the valid points, divided by the number of samples."""
    each = objective.loss(values.float(), batch.targets)
    return torch.where(batch.valid, each, 0.0).sum() / len(batch)


Predict = Callable[[EvaluationPoints], Tensor]
"""A predictor: all points of some samples → (M,) bool, inside."""


class IoU:
    """Intersection over union: one ratio over all points of a batch, the mean over batches.

    Batches with nothing inside, predicted or true, are left out.
    """

    def __init__(self) -> None:
        self.total = 0.0
        self.batches = 0

    def add(self, predicted: Tensor, true: Tensor) -> None:
        union = int((predicted | true).sum())
        if union:
            self.total += int((predicted & true).sum()) / union
            self.batches += 1


class Validator:
    """A measurement of networks on a validation source."""

    def __init__(
        self,
        config: Config,
        source: ValidationSource,
        objective: Objective,
        rank: int = 0,
        ranks: int = 1,
        add_up: Callable[[Tensor], Tensor] = lambda sums: sums,
    ) -> None:
        """Bind the pieces; process ``rank`` takes every ``ranks``-th batch, from that one on.

        ``add_up`` sums a tensor over all processes.
        """
        self.config = config
        self.source = source
        self.objective = objective
        self._rank, self._ranks, self._add_up = rank, ranks, add_up

    def batches(self) -> Iterator[tuple[int, int]]:
        """Yield begin and end of each batch of this process."""
        size = self.config.training.batch_size_val
        starts = range(0, len(self.source), size)
        for start in starts[self._rank :: self._ranks]:
            yield start, min(start + size, len(self.source))

    @torch.inference_mode()
    def __call__(self, network: Network, device: torch.device) -> dict[str, float]:
        """Measure a network, and leave it in the mode it was in.

        Returns:
            The metrics of :func:`metric_names` over all processes; ``iou`` is NaN where no batch
            has anything inside.
        """
        training = network.training
        network.eval()
        rows = self.config.generation.batch_size
        loss = error = 0.0
        samples = points = 0
        iou = IoU()
        for start, stop in self.batches():
            batch = self.source.batch(0, start, stop).to(device)
            decoder = network.bind(batch.images)
            size, count = batch.valid.shape
            values = decoder(batch.points.flatten(0, 1), [count] * size, rows).view(size, count)
            loss += float(batch_loss(self.objective, values, batch)) * size
            samples += size
            given = self.source.evaluation_points(start, stop)
            if given is None:
                continue
            values = decoder(given.points.to(device), given.counts, rows)
            targets = given.targets.to(device)
            iou.add(self.objective.inside(values), self.objective.target_inside(targets))
            error += float((values - targets).abs().sum())
            points += len(values)
        network.train(training)
        sums = torch.tensor(
            [loss, samples, iou.total, iou.batches, error, points], dtype=torch.float64
        )
        loss, samples, total, batches, error, points = self._add_up(sums).tolist()
        found = {
            "loss": loss / samples,
            "iou": total / batches if batches else math.nan,
            "l1": error / points if points else math.nan,
        }
        return {name: found[name] for name in metric_names(self.config)}

    def iou_of(self, predict: Predict) -> float:
        iou = IoU()
        for start, stop in self.batches():
            given = self.source.evaluation_points(start, stop)
            assert given is not None
            iou.add(predict(given), self.objective.target_inside(given.targets))
        return iou.total / iou.batches if iou.batches else math.nan


def warn_of_shared_shapes(config: Config, train: list[str], validation: list[str]) -> None:
    """Warn if the two splits share shapes, in whatever views.

    Names are ``<class>/<model>``, the model with a number of its view (``…-03``) or not.
    """
    shared = set(map(shape_of, train)) & set(map(shape_of, validation))
    if shared:
        log.warning(
            "%s: data.val_split %s shares %d shapes with data.train_split %s (%s): validation "
            "does not measure new shapes",
            config.source,
            config.data.val_split,
            len(shared),
            config.data.train_split,
            min(shared),
        )
