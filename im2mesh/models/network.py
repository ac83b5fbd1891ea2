"""The implicit network of one level: an encoder and a decoder."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from im2mesh.models.decoder import CBatchNormDecoder, FoldedDecoder
from im2mesh.models.encoder import ResNet18Encoder


class ImplicitNetwork(nn.Module):
    """Depth and points → values. The same network serves every level.

    A global level sees the whole depth map and points of the cube; a patch level sees a
    window of it and points in the window's own coordinates (:mod:`im2mesh.patches`). The
    values are logits or signed distances (:mod:`im2mesh.objectives`).
    """

    def __init__(self, encoder: ResNet18Encoder, decoder: CBatchNormDecoder) -> None:
        super().__init__()
        self.decoder = decoder
        self.encoder = encoder

    def forward(self, images: Tensor, points: Tensor) -> Tensor:
        """(B, 1, H, W) depth and (B, T, 3) points → (B, T) values."""
        return self.decoder(points, self.encoder(images))

    @torch.inference_mode()
    def bind(self, images: Tensor, batch: int = 256) -> FoldedDecoder:
        """Encode K images (K, 1, H, W), ``batch`` at a time, and fold the decoder for them.

        The network must be in evaluation mode.
        """
        assert not self.training
        codes = torch.cat([self.encoder(part) for part in torch.split(images, batch)])
        return FoldedDecoder(self.decoder, codes)
