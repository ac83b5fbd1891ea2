"""The gradient of a batch on a CPU, in threads that own whole samples.

Threads that share an operation wait for one another at its end, hundreds of times a step. Where
another process is busy, that takes many times as long as the work. A thread that computes some
samples from beginning to end waits for nobody.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from im2mesh.data.batch import Batch
from im2mesh.objectives import Objective
from im2mesh.processors import add_in_turn
from im2mesh.training.validation import batch_loss

SAMPLES = 2
"""Samples that a thread computes at once. The number is fixed, so that sums of gradients are
rounded in the same way with any number of threads."""


def couples_samples(network: nn.Module) -> bool:
    """Return whether a sample's value depends on the others of its batch, by batch statistics."""
    return any(isinstance(module, _BatchNorm) for module in network.modules())


def backward_by_samples(
    network: nn.Module, objective: Objective, batch: Batch, bfloat16: bool
) -> Tensor:
    """Set the gradients of a batch's loss, as ``backward()`` does, up to rounding.

    Args:
        network: on the CPU, one that does not couple samples; its gradients are None.
        objective: gives the loss.
        batch: the samples.
        bfloat16: compute layers in it.

    Returns:
        The loss, a number without a gradient.
    """
    parameters = [p for p in network.parameters() if p.requires_grad]

    def compute(part: Batch) -> tuple[Tensor, tuple[Tensor | None, ...]]:
        # Threads must not share the cache of weights in bfloat16, which one of them clears.
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16, cache_enabled=False):
            values = network(part.images, part.points)
        loss = batch_loss(objective, values.float(), part) * (len(part) / len(batch))
        return loss.detach(), torch.autograd.grad(loss, parameters, allow_unused=True)

    losses: list[Tensor] = []

    def add(part: tuple[Tensor, tuple[Tensor | None, ...]]) -> None:
        loss, gradients = part
        losses.append(loss)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            if gradient is not None:
                # Not in place: gradients may share memory.
                before = parameter.grad
                parameter.grad = gradient if before is None else before + gradient

    add_in_turn(compute, batch.split(SAMPLES), add)
    return torch.stack(losses).sum()
