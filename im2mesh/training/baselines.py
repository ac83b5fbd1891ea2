"""The IoU of predictions that need no training, which a level has to beat."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from im2mesh.config import Config
from im2mesh.data.batch import EvaluationPoints
from im2mesh.errors import ConfigError
from im2mesh.geometry.pixels import pixels_at
from im2mesh.models.build import build_network
from im2mesh.models.checkpoints import load_weights
from im2mesh.objectives import build_objective
from im2mesh.training.checkpoint import BEST
from im2mesh.training.run import open_validation
from im2mesh.training.validation import Validator

THICKNESSES = (0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)
"""Thicknesses of the shells, in units of the cube's side."""


def shell(given: EvaluationPoints, thickness: float) -> Tensor:
    """Predict as inside the points at most ``thickness`` behind the observed surface."""
    counts = torch.tensor(given.counts, device=given.points.device)
    image = torch.arange(len(counts), device=counts.device).repeat_interleave(counts)
    rows, columns = pixels_at(given.points, given.images.shape[-1])
    depth = given.images[image, 0, rows, columns]
    behind = (0.5 - depth) - given.points[:, 2]
    return (depth >= 0) & (behind >= 0) & (behind <= thickness)


def measure(config: Config, device: torch.device) -> dict[str, float]:
    """Return prediction → IoU, in the order of the table.

    Raises:
        ConfigError: the configuration names no points for the IoU.
    """
    if config.data.points_iou_file is None:
        raise ConfigError(f"{config.source}: data.points_iou_file is null; there is no IoU")
    objective = build_objective(config.method, config.test.threshold)
    validator = Validator(config, open_validation(config, device), objective)
    shells = {t: validator.iou_of(partial(shell, thickness=t)) for t in THICKNESSES}
    best = max(shells, key=shells.__getitem__)
    table = {
        "always empty": validator.iou_of(lambda given: torch.zeros_like(given.targets).bool()),
        "always full": validator.iou_of(lambda given: torch.ones_like(given.targets).bool()),
        f"shell of {best:g} behind the depth": shells[best],
    }
    path = Path(config.training.out_dir) / BEST
    if path.is_file():
        network = build_network(config)
        it = load_weights(network, path).get("it", "?")
        table[f"{path} (step {it})"] = validator(network.to(device), device)["iou"]
    return table
