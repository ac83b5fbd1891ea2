"""The decoder, which turns points and codes into values, and its folded form for inference."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from threading import Lock

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from im2mesh.models.layers import ConditionalBatchNorm, ConditionalResnetBlock, PointLinear
from im2mesh.models.pixel_features import PixelFeatures
from im2mesh.models.precision import clearly_faster, far_slower

BLOCKS = 5
"""Residual blocks of the published decoder."""

CPU_ROWS = 1536
"""Rows of one pass on a CPU. A (1536, 256) float32 matrix takes 1.5 MB. The three matrices that a
pass works on stay in the cache, so it runs at the rate of its matrix products
(benchmarks/generate.py measures both)."""

TRIAL_ROWS = 16
"""Rows that tell whether bfloat16 is emulated, of which a pass of all rows can take seconds."""

ROW_MULTIPLE = 8
"""Every pass works on a multiple of this many rows, and its last product has this many columns.
Products of single rows or columns use other kernels, which round differently. With the multiple, a
point's value does not depend on the points that it is evaluated with, and coarse to fine extraction
sees the same signs as the dense one."""


class CBatchNormDecoder(nn.Module):
    """Decoder with conditional batch normalisation.

    A linear map to ``hidden_size`` channels, five conditional residual blocks, a last
    conditional batch norm, relu, and a linear map to one value: a logit (occupancy) or a
    signed distance (SDF). A decoder with further inputs also reads a point's pixel features
    (:mod:`im2mesh.models.pixel_features`).

    Source: Mescheder et al., Occupancy Networks, CVPR 2019, supplementary, section 1.2.
    """

    def __init__(self, c_dim: int, hidden_size: int = 256, features: int = 0) -> None:
        super().__init__()
        self.fc_p = PointLinear(3 + features, hidden_size)
        for k in range(BLOCKS):
            self.add_module(f"block{k}", ConditionalResnetBlock(c_dim, hidden_size))
        self.bn = ConditionalBatchNorm(c_dim, hidden_size)
        self.fc_out = PointLinear(hidden_size, 1)

    @property
    def blocks(self) -> list[ConditionalResnetBlock]:
        return [self.get_submodule(f"block{k}") for k in range(BLOCKS)]  # type: ignore[misc]

    def forward(
        self, points: Tensor, codes: Tensor, features: PixelFeatures | None = None
    ) -> Tensor:
        """Decode in the plain form: for training, and as the reference of :class:`FoldedDecoder`.

        Maps (B, T, 3) points in [−0.5, 0.5]³ of the cube or of the patch, (B, c_dim) codes and, for
        a decoder that has such inputs, the images' pixel features to (B, T) values.
        """
        inputs = points if features is None else torch.cat([points, features(points)], dim=2)
        # Coordinates need more digits than bfloat16's 8 bits (0.002 of the cube).
        with torch.autocast(points.device.type, enabled=False):
            x = self.fc_p(inputs)
        for block in self.blocks:
            x = block(x, codes)
        return self.bn.relu_linear(x, codes, self.fc_out).squeeze(2)


class Counts:
    """Counts of passes and rows (pairs of a point and a code), for several threads at a time."""

    def __init__(self) -> None:
        self.passes = 0
        self.rows = 0
        self._lock = Lock()

    def count(self, passes: int, rows: int) -> None:
        with self._lock:
            self.passes += passes
            self.rows += rows


class FoldedDecoder(Counts):
    """A decoder in evaluation mode, bound to K codes, with folded norms.

    With known running statistics and code, a conditional batch norm is one scale and one shift
    per channel (:meth:`ConditionalBatchNorm.fold`), computed once per code. Those of bn_1 are
    folded into the product before it, and the biases of fc_p and fc_1 into the shifts of the next
    norms.
    """

    def __init__(
        self, decoder: CBatchNormDecoder, codes: Tensor, features: PixelFeatures | None = None
    ) -> None:
        """Fold ``decoder`` for ``codes`` (K, c_dim), with the pixel features of the K images."""
        assert features is None or features.images == len(codes)
        super().__init__()
        self.codes = len(codes)
        self._features = features
        self._rounded = False
        self.device = codes.device
        with torch.inference_mode():
            bias = decoder.fc_p.bias
            self._first = decoder.fc_p.matrix.T.contiguous()
            self._blocks = []
            for block in decoder.blocks:
                scale_0, shift_0 = block.bn_0.fold(codes)
                scale_1, shift_1 = block.bn_1.fold(codes)
                self._blocks.append(
                    (
                        scale_0,
                        shift_0 + bias * scale_0,
                        block.fc_0.matrix.T.contiguous(),
                        scale_1,
                        shift_1 + block.fc_0.bias * scale_1,
                        block.fc_1.matrix.T.contiguous(),
                    )
                )
                bias = bias + block.fc_1.bias
            scale, shift = decoder.bn.fold(codes)
            self._last = scale, shift + bias * scale
            self._out = F.pad(decoder.fc_out.matrix.T, (0, ROW_MULTIPLE - 1)).contiguous()
            self._out_bias = decoder.fc_out.bias

    def rounded(self) -> FoldedDecoder:
        """Return the same decoder with the products of its blocks in bfloat16.

        The first and the last layer and the sum over the blocks stay float32.
        """
        own = copy.copy(self)
        Counts.__init__(own)
        own._rounded = True
        own._blocks = [
            (scale_0, shift_0, fc_0, scale_1, shift_1.bfloat16(), fc_1.bfloat16())
            for scale_0, shift_0, fc_0, scale_1, shift_1, fc_1 in self._blocks
        ]
        return own

    @torch.inference_mode()
    def __call__(self, points: Tensor, counts: list[int], batch_size: int) -> Tensor:
        """Evaluate each point under its own code; see :class:`im2mesh.models.network.BoundDecoder`.

        On a CPU a pass has at most :data:`CPU_ROWS` rows.
        """
        assert len(counts) == self.codes and sum(counts) == len(points)
        most = min(batch_size, CPU_ROWS) if self.device.type == "cpu" else batch_size
        most = -(-min(most, max(counts, default=0)) // ROW_MULTIPLE) * ROW_MULTIPLE
        buffers = tuple(self._first.new_zeros(most, self._first.shape[1]) for _ in range(3))
        if self._rounded:
            buffers += (*(torch.zeros_like(buffers[0], dtype=torch.bfloat16) for _ in range(2)),)
        inputs = self._first.new_zeros(most, len(self._first))
        features = None
        if self._features is not None:
            image = torch.repeat_interleave(torch.tensor(counts, device=points.device))
            features = self._features.of(image, points)
        values = self._first.new_empty(len(points))
        start = passes = 0
        for code, count in enumerate(counts):
            end = start + count
            if count:
                weights = self._weights(code)
            while start < end:
                stop = min(start + most, end)
                used = stop - start
                rows = -(-used // ROW_MULTIPLE) * ROW_MULTIPLE
                inputs[:used, :3] = points[start:stop]
                if features is not None:
                    inputs[:used, 3:] = features[start:stop]
                values[start:stop] = self._pass(inputs[:rows], weights, buffers)[:used]
                passes += 1
                start = stop
        self.count(passes, len(points))
        return values

    def _weights(self, code: int) -> tuple[list[tuple[Tensor, ...]], tuple[Tensor, Tensor]]:
        blocks: list[tuple[Tensor, ...]] = [
            (scale_0[code], shift_0[code], (fc_0 * scale_1[code]).to(fc_1), shift_1[code], fc_1)
            for scale_0, shift_0, fc_0, scale_1, shift_1, fc_1 in self._blocks
        ]
        return blocks, (self._last[0][code], self._last[1][code])

    def _pass(
        self,
        inputs: Tensor,
        weights: tuple[list[tuple[Tensor, ...]], tuple[Tensor, Tensor]],
        buffers: tuple[Tensor, ...],
    ) -> Tensor:
        """Evaluate (rows, inputs) under one code; return (rows,) values."""
        x, normed, hidden, *rounded = (buffer[: len(inputs)] for buffer in buffers)
        blocks, (scale, shift) = weights
        torch.mm(inputs, self._first, out=x)
        for scale_0, shift_0, fc_0, shift_1, fc_1 in blocks:
            torch.addcmul(shift_0, x, scale_0, out=normed).relu_()
            if rounded:
                torch.addmm(shift_1, rounded[0].copy_(normed), fc_0, out=rounded[1]).relu_()
                torch.mm(rounded[1], fc_1, out=rounded[0])
                x.add_(hidden.copy_(rounded[0]))
            else:
                torch.addmm(shift_1, normed, fc_0, out=hidden).relu_()
                x.addmm_(hidden, fc_1)
        torch.addcmul(shift, x, scale, out=normed).relu_()
        return torch.mm(normed, self._out)[:, 0] + self._out_bias


@cache
@torch.inference_mode()
def bfloat16_pays(device: torch.device, hidden_size: int) -> bool:
    """Measure, once in a process, whether :meth:`FoldedDecoder.rounded` is clearly faster here."""
    exact = FoldedDecoder(
        CBatchNormDecoder(8, hidden_size).eval().to(device), torch.zeros(1, 8, device=device)
    )
    rounded = exact.rounded()

    def both(rows: int) -> tuple[Callable[[], Tensor], Callable[[], Tensor]]:
        points = torch.zeros(rows, 3, device=device)
        return lambda: rounded(points, [rows], rows), lambda: exact(points, [rows], rows)

    if device.type == "cpu":
        return not far_slower(*both(TRIAL_ROWS), device) and clearly_faster(*both(CPU_ROWS), device)
    return clearly_faster(*both(1 << 16), device)
