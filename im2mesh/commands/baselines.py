"""Print the IoU of trivial predictions and of a level on its validation points.

python -m im2mesh.commands.baselines CONFIG [--no-cuda]

The predictions: always empty, always full, and a shell of constant thickness behind the observed
surface (the thickness that is best on these data). Then follow the level's model_best.pt and its
validations (``validation.csv``).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from im2mesh.cli import DONE, add_device, new_parser, parse, pick_device, run_script
from im2mesh.config import Config, load_config
from im2mesh.data.batch import EvaluationPoints
from im2mesh.errors import ConfigError, DataError
from im2mesh.files import read_csv
from im2mesh.geometry.pixels import pixels_at
from im2mesh.models.build import build_network
from im2mesh.models.checkpoints import load_weights
from im2mesh.objectives import build_objective
from im2mesh.training.checkpoint import BEST
from im2mesh.training.run import open_validation
from im2mesh.training.validation import HISTORY, Validator

log = logging.getLogger(__name__)

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


def main(argv: Sequence[str] | None = None) -> int:
    parser = new_parser((__doc__ or "").splitlines()[0])
    parser.add_argument("config", metavar="CONFIG", help="the level's YAML file")
    add_device(parser, by_name=False)
    args = parse(parser, argv)
    config = load_config(args.config)
    config.check_supported()
    table = measure(config, pick_device(None, args.no_cuda))
    lines = [f"{name:<48} {iou:.4f}" for name, iou in table.items()]
    log.info("%s", "\n".join([f"{'prediction':<48} IoU", *lines]))
    history = Path(config.training.out_dir) / HISTORY
    if history.is_file():
        try:
            log.info("\n%s", read_csv(history, ["it"]).to_string(index=False))
        except DataError as error:
            log.warning("%s", error)
    return DONE


if __name__ == "__main__":
    run_script(main)
