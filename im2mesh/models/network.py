"""The interface of a level's network, and the published network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

import torch
from torch import Tensor, nn

from im2mesh.models.decoder import CBatchNormDecoder, FoldedDecoder
from im2mesh.models.encoder import ResNet18Encoder
from im2mesh.models.pixel_features import PixelFeatures
from im2mesh.processors import in_chunks


class BoundDecoder(Protocol):
    """A network in evaluation mode, bound to K images: its ``codes``.

    ``passes`` and ``rows``, pairs of a point and an image, count what was evaluated so far.
    """

    codes: int
    device: torch.device
    passes: int
    rows: int

    def __call__(self, points: Tensor, counts: list[int], batch_size: int) -> Tensor:
        """Evaluate each point under its own image; a value depends on nothing else.

        Points (N, 3) of image 0 come first, then those of image 1, …; ``counts`` are the K numbers
        of points. A pass has at most ``batch_size`` rows.
        """
        ...


class Network(nn.Module, ABC):
    """A network from depth and points to logits or signed distances."""

    @abstractmethod
    def forward(self, images: Tensor, points: Tensor) -> Tensor:
        """Map (B, 1, H, W) depth and (B, T, 3) points to (B, T) values."""

    @abstractmethod
    def bind(self, images: Tensor) -> BoundDecoder:
        """Encode K images (K, 1, H, W) once; the network must be in evaluation mode."""


class ImplicitNetwork(Network):
    """The published network: an encoder from image to code, and a decoder conditioned on the code.

    All levels use it. A global level sees the whole depth map and points of the cube. A patch
    level sees a window of the map and points in the window's own coordinates
    (:mod:`im2mesh.geometry.patches`).
    """

    def __init__(
        self, encoder: ResNet18Encoder, decoder: CBatchNormDecoder, kind: str = "none"
    ) -> None:
        """Combine both; ``kind`` names the pixel features that the decoder reads, or ``none``."""
        super().__init__()
        self._kind = kind
        self.decoder = decoder
        self.encoder = encoder

    def forward(self, images: Tensor, points: Tensor) -> Tensor:
        """Map (B, 1, H, W) depth and (B, T, 3) points to (B, T) values."""
        codes, features = self.encode(images)
        return self.decoder(points, codes, features)

    def encode(self, images: Tensor) -> tuple[Tensor, PixelFeatures | None]:
        """Encode (B, 1, H, W) depth; return (B, c_dim) codes and the decoder's pixel features."""
        features = None if self._kind == "none" else PixelFeatures(images, self._kind)
        return self.encoder(images), features

    @torch.inference_mode()
    def bind(self, images: Tensor, batch: int = 64) -> FoldedDecoder:
        """Encode K images (K, 1, H, W), ``batch`` in a thread, and fold the decoder for them.

        The network must be in evaluation mode.
        """
        assert not self.training
        codes = torch.cat(in_chunks(self.encoder, images, batch))
        features = None if self._kind == "none" else PixelFeatures(images, self._kind)
        return FoldedDecoder(self.decoder, codes, features)
