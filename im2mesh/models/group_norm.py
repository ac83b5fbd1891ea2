"""Group normalisation of images and volumes with their channels last in memory, for training.

torch's own backward pass over this layout takes several times as long in bfloat16 as the
convolutions around it. Group normalisation is affine in x once its statistics are known, so its
gradient takes two sums and one pass. tests/test_volume.py compares it with
``torch.nn.functional.group_norm``, the plain definition.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import Function, once_differentiable

ROW = 512
"""Numbers in a row of the matrices that the backward pass works on: short rows are slow."""


class GroupNorm(nn.GroupNorm):
    """Group normalisation over (B, C, …), with the parameters of ``torch.nn.GroupNorm``."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, …) to the same shape and type."""
        weight, bias = self.weight.to(x.dtype), self.bias.to(x.dtype)
        if x.device.type != "cpu":
            # CUDA's kernel takes no other layout than the plain one, which torch's own call makes;
            # and autocast would compute in float32.
            with torch.autocast(x.device.type, enabled=False):
                return torch.nn.functional.group_norm(x, self.num_groups, weight, bias, self.eps)
        normed: Tensor = _GroupNorm.apply(x, weight, bias, self.num_groups, self.eps)  # type: ignore
        return normed


class _GroupNorm(Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, groups: int, eps: float
    ) -> Tensor:
        batch, channels = x.shape[:2]
        size = x[0, 0].numel()
        y, mean, inverse = torch.native_group_norm(
            x, weight, bias, batch, channels, size, groups, eps
        )
        ctx.save_for_backward(x, weight, mean, inverse)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, inverse = ctx.saved_tensors
        (batch, channels), groups = x.shape[:2], mean.shape[1]
        each = channels // groups
        mean, inverse = (t.float().repeat_interleave(each, dim=1) for t in (mean, inverse))
        scale = weight.float() * inverse  # (B, C)
        rows, grads = _rows(x), _rows(grad)
        fold = rows.shape[2] // channels
        sums = [rows.new_empty(batch, rows.shape[2], dtype=torch.float32) for _ in range(2)]
        for b in range(batch):
            torch.sum(grads[b], 0, dtype=torch.float32, out=sums[0][b])
            torch.sum(grads[b] * rows[b], 0, dtype=torch.float32, out=sums[1][b])
        grad_bias, with_x = (total.view(batch, fold, channels).sum(1) for total in sums)
        grad_weight = (with_x - mean * grad_bias) * inverse
        # Through the statistics: scale · g − inverse (mean(w g) + x̂ mean(w g x̂)).
        count = x[0].numel() // groups
        level, slope = (
            (weight.float() * total).view(batch, groups, each).sum(2).repeat_interleave(each, 1)
            * inverse
            / count
            for total in (grad_bias, grad_weight)
        )
        slope = slope * inverse
        by_grad, by_x, constant = (
            t.to(x.dtype).repeat(1, fold) for t in (scale, -slope, mean * slope - level)
        )
        out = torch.empty_like(rows)
        for b in range(batch):
            torch.addcmul(constant[b], rows[b], by_x[b], out=out[b]).addcmul_(grads[b], by_grad[b])
        grad_x = out.view(batch, *x.shape[2:], channels).movedim(-1, 1)
        dtype = weight.dtype
        return grad_x, grad_weight.sum(0).to(dtype), grad_bias.sum(0).to(dtype), None, None


def _rows(x: Tensor) -> Tensor:
    """Reshape (B, C, …) to (B, R, fold · C): whole voxels, at most :data:`ROW` numbers a row."""
    channels, size = x.shape[1], x[0, 0].numel()
    fold = max(1, ROW // channels)
    while size % fold:
        fold -= 1
    return x.movedim(1, -1).reshape(len(x), size // fold, fold * channels)
