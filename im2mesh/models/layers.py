"""Conditional batch normalisation and the residual block made of it.

Features are (rows, channels) matrices, one row a query point, because a matrix product on this
layout is several times faster than a 1×1 convolution. The parameters keep the shapes of the
published checkpoints, in which every linear map over points is a ``Conv1d`` with a kernel of one.

Source: Mescheder et al., Occupancy Networks, CVPR 2019, supplementary material, section 1.2
(conditional batch normalisation after Dumoulin et al., 2017).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from im2mesh.models.blocked import norm_relu_linear


class PointLinear(nn.Conv1d):
    """A linear map over the channels of each point, stored as a ``Conv1d`` of kernel 1."""

    bias: Tensor  # never None

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(channels_in, channels_out, kernel_size=1)

    @property
    def matrix(self) -> Tensor:
        """(out, in) weights."""
        return self.weight.squeeze(2)

    def forward(self, features: Tensor) -> Tensor:
        """Map (rows, in) to (rows, out)."""
        return F.linear(features, self.matrix, self.bias)


class ConditionalBatchNorm(nn.Module):
    """Conditional batch norm, gamma(c) · BN(x) + beta(c), with gamma and beta linear in the code c.

    It starts as a plain batch normalisation: gamma is one and beta zero for every code.
    """

    def __init__(self, c_dim: int, channels: int) -> None:
        super().__init__()
        self.conv_gamma = PointLinear(c_dim, channels)
        self.conv_beta = PointLinear(c_dim, channels)
        self.bn = nn.BatchNorm1d(channels, affine=False)
        for layer, bias in ((self.conv_gamma, 1.0), (self.conv_beta, 0.0)):
            nn.init.zeros_(layer.weight)
            nn.init.constant_(layer.bias, bias)

    def forward(self, x: Tensor, codes: Tensor) -> Tensor:
        """Normalise (B, T, channels) over batch and points together, by (B, c_dim) codes."""
        batch, points, channels = x.shape
        normalised = self.bn(x.reshape(batch * points, channels)).view_as(x)
        gamma, beta = self.conv_gamma(codes), self.conv_beta(codes)
        return torch.addcmul(beta.unsqueeze(1), gamma.unsqueeze(1), normalised)

    def relu_linear(
        self, x: Tensor, codes: Tensor, linear: PointLinear, residual: Tensor | None = None
    ) -> Tensor:
        """Compute linear(relu(norm(x, codes))) [+ residual], in training on a CPU as one operation.

        Maps (B, T, channels), codes (B, c_dim) and a residual (B, T, O) to (B, T, O).
        """
        blocked = (
            self.training
            and x.device.type == "cpu"
            and x.dtype == codes.dtype == linear.weight.dtype
            and not torch.is_autocast_enabled("cpu")
            and not torch.compiler.is_compiling()
        )
        if not blocked:
            y = linear(F.relu(self(x, codes)))
            return y if residual is None else residual + y
        gamma, beta = self.conv_gamma(codes), self.conv_beta(codes)
        y, mean, variance = norm_relu_linear(
            x, gamma, beta, linear.matrix, linear.bias, residual, self.bn.eps
        )
        self._track(mean, variance, x.shape[0] * x.shape[1])
        return y

    @torch.no_grad()
    def _track(self, mean: Tensor, variance: Tensor, rows: int) -> None:
        """Update the running statistics like torch's batch norm, by unbiased variances."""
        bn = self.bn
        assert bn.running_mean is not None and bn.running_var is not None
        assert bn.num_batches_tracked is not None and bn.momentum is not None
        bn.num_batches_tracked += 1
        bn.running_mean.lerp_(mean, bn.momentum)
        bn.running_var.lerp_(variance * (rows / (rows - 1)), bn.momentum)

    def fold(self, codes: Tensor) -> tuple[Tensor, Tensor]:
        """Fold the norm for inference: (K, channels) scales and shifts of (K, c_dim) codes.

        With running statistics (mean, var) the layer is x · scale + shift, where
        scale = gamma(c) / sqrt(var + eps) and shift = beta(c) − mean · scale.
        """
        mean, var = self.bn.running_mean, self.bn.running_var
        assert mean is not None and var is not None
        scale = self.conv_gamma(codes) * torch.rsqrt(var + self.bn.eps)
        return scale, self.conv_beta(codes) - mean * scale


class ConditionalResnetBlock(nn.Module):
    """A residual block, x + fc_1(relu(bn_1(fc_0(relu(bn_0(x, c))), c))), all of the same width.

    fc_1's weight starts at zero, so a fresh block adds a constant, its bias.
    """

    def __init__(self, c_dim: int, channels: int) -> None:
        super().__init__()
        self.bn_0 = ConditionalBatchNorm(c_dim, channels)
        self.bn_1 = ConditionalBatchNorm(c_dim, channels)
        self.fc_0 = PointLinear(channels, channels)
        self.fc_1 = PointLinear(channels, channels)
        nn.init.zeros_(self.fc_1.weight)

    def forward(self, x: Tensor, codes: Tensor) -> Tensor:
        """Map (B, T, channels) and codes (B, c_dim) to (B, T, channels)."""
        hidden = self.bn_0.relu_linear(x, codes, self.fc_0)
        return self.bn_1.relu_linear(hidden, codes, self.fc_1, residual=x)
