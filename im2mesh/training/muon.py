"""Muon: steps of equal size along all directions of a weight matrix.

The momentum of a matrix is replaced by the nearest orthogonal matrix, found by a few Newton–Schulz
iterations (Jordan et al., "Muon: An optimizer for hidden layers in neural networks", 2024). The
root mean square of a step is brought to that of Adam, with decoupled weight decay (Liu et al.,
"Muon is scalable for LLM training", 2025), so that Adam's learning rates and schedules hold.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

MOMENTUM = 0.95
WEIGHT_DECAY = 0.02
"""Each step shrinks a matrix by the learning rate times this."""

UPDATE_RMS = 0.2
"""Root mean square of a step's entries at a learning rate of 1, as Adam's typically is."""

ITERATIONS = 5
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Jordan et al.'s polynomial a s + b s³ + c s⁵ of the singular values s in [0, 1]. After five
iterations it takes those above 0.003 to between 0.67 and 1.21."""


def orthogonalize(matrix: Tensor) -> Tensor:
    """Bring all singular values of a matrix near 1 and keep its singular vectors.

    All iterations work on the smaller Gram matrix, which takes two large products instead of ten.
    Singular values below 0.003 of the matrix's norm stay smaller than 0.67.
    """
    tall = len(matrix) > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / x.norm().clamp(min=1e-20)
    a, b, c = COEFFICIENTS
    # With G = X Xᵀ, an iteration takes X to P X and G to P G P, where P = a + b G + c G².
    gram = x @ x.T
    identity = torch.eye(len(x), dtype=x.dtype, device=x.device)
    product = identity
    for _ in range(ITERATIONS):
        factor = a * identity + b * gram + c * (gram @ gram)
        product = factor @ product
        gram = factor @ gram @ factor
    x = product @ x
    return x.T if tall else x


def is_matrix(parameter: Tensor) -> bool:
    """Return whether Muon trains a parameter: it has two or more dimensions, and several rows."""
    return parameter.ndim >= 2 and len(parameter) > 1


class Muon(torch.optim.Adam):
    """Muon for matrices and convolutions, flattened to (out, rest); Adam for all else.

    The state is Adam's, both moments included, so a run may change from one to the other.
    """

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        matrices = [
            (parameter, parameter.grad, group)
            for group in self.param_groups
            for parameter in group["params"]
            if parameter.grad is not None and is_matrix(parameter)
        ]
        for parameter, _, _ in matrices:
            parameter.grad = None  # Adam leaves alone what has no gradient
        super().step(closure)
        for parameter, gradient, group in matrices:
            parameter.grad = gradient
            self._step_matrix(parameter, gradient, group["lr"], group["betas"][1])

    def _step_matrix(self, parameter: Tensor, gradient: Tensor, lr: float, beta: float) -> None:
        state = self.state[parameter]
        if not state:
            state["step"] = torch.tensor(0.0)
            state["exp_avg"] = torch.zeros_like(parameter)
            state["exp_avg_sq"] = torch.zeros_like(parameter)
        state["step"] += 1
        momentum = state["exp_avg"].lerp_(gradient, 1 - MOMENTUM)
        # Not used here: it is for Adam, should the run go on with it.
        state["exp_avg_sq"].mul_(beta).addcmul_(gradient, gradient, value=1 - beta)
        direction = gradient.lerp(momentum, MOMENTUM).flatten(1)  # Nesterov's look ahead
        update = orthogonalize(direction).view_as(parameter)
        parameter.mul_(1 - lr * WEIGHT_DECAY)
        parameter.add_(update, alpha=-lr * UPDATE_RMS * math.sqrt(max(direction.shape)))
