"""The encoder: a depth map or a patch of one becomes a code.

A ResNet-18 (He et al., CVPR 2016) for one input channel, with the parameter names of the
common implementation, so that published checkpoints load as they are. ``width`` scales
all channel counts: 64 is the standard network.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a shortcut, projected where the shape changes."""

    def __init__(self, channels_in: int, channels_out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels_out)
        self.downsample = None
        if stride != 1 or channels_in != channels_out:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels_in, channels_out, 1, stride, bias=False),
                nn.BatchNorm2d(channels_out),
            )

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, in, H, W) to (B, out, H / stride, W / stride)."""
        shortcut = x if self.downsample is None else self.downsample(x)
        hidden = F.relu(self.bn1(self._first(x)))
        return F.relu(self.bn2(self.conv2(hidden)) + shortcut)

    def _first(self, x: Tensor) -> Tensor:
        # One pixel has no stride; and with one, its gradient in bfloat16 is read from memory that
        # oneDNN did not write (torch 2.13, processors with AVX-512).
        if x.shape[2:] == (1, 1):
            return F.conv2d(x, self.conv1.weight, padding=1)
        hidden: Tensor = self.conv1(x)
        return hidden


class ResNet18Features(nn.Module):
    """ResNet-18 up to the global average pool; no classifier."""

    def __init__(self, input_channels: int, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(input_channels, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = self._stage(width, width, 1)
        self.layer2 = self._stage(width, 2 * width, 2)
        self.layer3 = self._stage(2 * width, 4 * width, 2)
        self.layer4 = self._stage(4 * width, 8 * width, 2)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    @staticmethod
    def _stage(channels_in: int, channels_out: int, stride: int) -> nn.Sequential:
        return nn.Sequential(
            BasicBlock(channels_in, channels_out, stride),
            BasicBlock(channels_out, channels_out, 1),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, input_channels, H, W), any H and W, to (B, 8 · width)."""
        # Depth needs more digits than bfloat16's 8 bits (0.002 of the cube), under autocast too.
        with torch.autocast(images.device.type, enabled=False):
            x = self.conv1(images)
        x = self.layer1(self.maxpool(F.relu(self.bn1(x))))
        return self.layer4(self.layer3(self.layer2(x))).mean(dim=(2, 3))


class ResNet18Encoder(nn.Module):
    """ResNet-18 features and a linear map to the code."""

    def __init__(self, c_dim: int, input_channels: int = 1, width: int = 64) -> None:
        super().__init__()
        self.features = ResNet18Features(input_channels, width)
        self.fc = nn.Linear(8 * width, c_dim)

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, 1, H, W) depth in [0, 1], background −1, not normalised, to (B, c_dim) codes."""
        return self.fc(self.features(images))
