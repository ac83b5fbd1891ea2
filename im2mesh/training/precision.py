"""Whether a training step is faster in bfloat16 (``training.amp: auto``)."""

from __future__ import annotations

import copy

import torch

from im2mesh.config import Config
from im2mesh.geometry.pixels import IMAGE_SIZE
from im2mesh.models.network import Network
from im2mesh.models.precision import clearly_faster

SAMPLES = 16
"""Most samples of a batch that is measured."""


def bfloat16_pays(config: Config, network: Network, device: torch.device) -> bool:
    """Measure forward and backward passes; the network and torch's random numbers stay as they are.

    Args:
        config: of the level.
        network: on the device.
        device: where it trains.
    """
    trial = copy.deepcopy(network).train()
    subsample = config.data.points_subsample
    count = subsample if isinstance(subsample, int) else sum(subsample)
    samples = min(config.training.batch_size, SAMPLES)
    size = config.data.parts_size if config.is_patch else IMAGE_SIZE
    assert size is not None
    images = torch.full((samples, 1, size, size), 0.5, device=device)
    points = torch.linspace(-0.5, 0.5, samples * count * 3, device=device).view(samples, count, 3)

    def step(amp: bool) -> None:
        with torch.autocast(device.type, torch.bfloat16, enabled=amp):
            values = trial(images, points)
        values.float().sum().backward()

    return clearly_faster(lambda: step(True), lambda: step(False), device)
