"""The running mean of a network's weights (``training.ema``)."""

from __future__ import annotations

import torch

from im2mesh.models.network import Network


@torch.no_grad()
def update_mean(mean: Network, network: Network, most: float, it: int) -> None:
    """Move the mean towards the weights after step ``it``.

    The mean keeps the share ``most``; less in the first steps, so that it soon forgets the random
    weights.
    """
    share = min(most, (1 + it) / (10 + it))
    pairs = zip(mean.state_dict().values(), network.state_dict().values(), strict=True)
    for old, new in pairs:
        if old.dtype.is_floating_point:
            old.lerp_(new, 1 - share)
        else:
            old.copy_(new)
