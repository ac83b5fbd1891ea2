"""Conditional norm, relu and linear map as one operation, for training on a CPU.

One after the other, these operations stream matrices of a hundred megabytes through memory a
dozen times for each product, and torch's batch norm takes longer than the product. Here each
sample, whose rows share one scale and shift, goes through all of them while it is in the cache.
The backward pass computes the activations again instead of keeping them. So a training step runs
near the rate of its matrix products (``benchmarks/train.py``) and keeps one matrix a layer.

:func:`tests.reference.networks.reference_norm_relu_linear` is the plain definition.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable


def norm_relu_linear(
    x: Tensor,
    gamma: Tensor,
    beta: Tensor,
    weight: Tensor,
    bias: Tensor,
    residual: Tensor | None,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Compute relu(gamma_b · (x − mean) / sqrt(var + eps) + beta_b) · weightᵀ + bias (+ residual).

    mean and var are taken over all B · T rows, as in batch normalisation.

    Args:
        x: (B, T, C) features of T points for each of B samples.
        gamma: (B, C) the scale of each sample.
        beta: (B, C) its shift.
        weight: (O, C).
        bias: (O,).
        residual: (B, T, O) or None.
        eps: added to the variance.

    Returns:
        (B, T, O), differentiable in all tensors; (C,) mean and (C,) biased variance of x, without
        gradients.
    """
    return _NormReluLinear.apply(x, gamma, beta, weight, bias, residual, eps)  # type: ignore


def moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean and biased variance over samples and points: (B, T, C) → (C,), (C,).

    Each sample is centred on its own mean, so that a large common offset costs no digits.
    """
    means = torch.empty_like(x[:, 0])
    variances = torch.empty_like(means)
    centred = torch.empty_like(x[0])
    for sample, mean, variance in zip(x, means, variances, strict=True):
        torch.mean(sample, 0, out=mean)
        torch.sub(sample, mean, out=centred).square_()
        torch.mean(centred, 0, out=variance)
    mean = means.mean(0)
    return mean, variances.mean(0) + (means - mean).square_().mean(0)


class _NormReluLinear(Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        gamma: Tensor,
        beta: Tensor,
        weight: Tensor,
        bias: Tensor,
        residual: Tensor | None,
        eps: float,
    ) -> tuple[Tensor, Tensor, Tensor]:
        mean, variance = moments(x)
        inverse = torch.rsqrt(variance + eps)
        scale = gamma * inverse
        shift = beta - mean * scale
        y = x.new_empty(*x.shape[:2], len(weight))
        active = torch.empty_like(x[0])
        columns = weight.T
        for b, sample in enumerate(x):
            torch.addcmul(shift[b], sample, scale[b], out=active).relu_()
            torch.addmm(bias, active, columns, out=y[b])
            if residual is not None:
                y[b] += residual[b]
        ctx.save_for_backward(x, gamma, weight, mean, inverse, scale, shift)
        ctx.mark_non_differentiable(mean, variance)
        return y, mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_y: Tensor, *_: Any) -> tuple[Tensor | None, ...]:
        x, gamma, weight, mean, inverse, scale, shift = ctx.saved_tensors
        grad_y = grad_y.contiguous()
        grad_x = torch.empty_like(x)  # at first the gradient of the relu's input
        grad_gamma, grad_beta = torch.empty_like(gamma), torch.empty_like(gamma)
        grad_weight, grad_bias = torch.zeros_like(weight), torch.zeros_like(weight[:, 0])
        work, active = torch.empty_like(x[0]), torch.empty_like(x[0])
        offset = mean * inverse
        for b, sample in enumerate(x):
            torch.addcmul(shift[b], sample, scale[b], out=active).relu_()
            grad_weight.addmm_(grad_y[b].T, active)
            grad_bias += grad_y[b].sum(0)
            torch.mm(grad_y[b], weight, out=work)
            torch.ops.aten.threshold_backward.grad_input(work, active, 0, grad_input=grad_x[b])
            torch.sum(grad_x[b], 0, out=grad_beta[b])
            torch.addcmul(-offset, sample, inverse, out=work).mul_(grad_x[b])
            torch.sum(work, 0, out=grad_gamma[b])
        # Through the statistics: (g − mean(g) − x̂ mean(g x̂)) / sqrt(var + eps), g = gamma · grad.
        rows = x.shape[0] * x.shape[1]
        level = (gamma * grad_beta).sum(0) / rows
        slope = (gamma * grad_gamma).sum(0) / rows * inverse
        for b, sample in enumerate(x):
            torch.addcmul((mean * slope - level) * inverse, sample, -slope * inverse, out=work)
            grad_x[b].mul_(scale[b]).add_(work)
        grad_residual = grad_y if ctx.needs_input_grad[5] else None
        return grad_x, grad_gamma, grad_beta, grad_weight, grad_bias, grad_residual, None
