"""The volume level: the depth map as a volume, a 3D U-Net on it, and a decoder that reads it.

One code for a whole object loses positions. Here every pixel describes the column of space behind
it, voxel by voxel, and a 3D U-Net completes the volume; a point then reads the volume's features
at its own place. Convolutions treat all places alike, so the network need not learn each of them.

A volume has its axes in the order (z, row, column): z rises towards the viewer, rows run down as
in the depth map, columns run right.

Related work: 3D U-Net (Çiçek et al., MICCAI 2016) and Convolutional Occupancy Networks
(Peng et al., ECCV 2020), whose points read a feature volume in the same way.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from im2mesh.geometry.pixels import to_pixels
from im2mesh.models.decoder import CPU_ROWS, ROW_MULTIPLE, Counts
from im2mesh.models.group_norm import GroupNorm
from im2mesh.models.network import Network
from im2mesh.models.pixel_features import (
    CHANNELS,
    SILHOUETTE_RANGE,
    PixelFeatures,
    silhouette_distance,
)
from im2mesh.processors import in_chunks

OFFSET_RANGES = (0.02, 0.2, 1.0)
"""Offsets behind a block's mean depth are divided by each of these and clamped to ±1, in sides of
the cube."""

BOUND_RANGE = 0.05
"""The same for the offsets behind the nearest and the farthest depth of a block."""

FEATURES = len(OFFSET_RANGES) + 5
"""Channels of :func:`volume_features`."""

ONEDNN: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
"""Whether torch has oneDNN's convolutions, as on x86 processors."""

GROUPS = 8
"""Groups of channels in every group normalisation."""


def volume_features(images: Tensor, cells: int) -> Tensor:
    """Compute the features of voxels from the blocks of pixels in front of them.

    A block is the square of pixels in front of one column of voxels.

    Args:
        images: (B, 1, S, S) depth in [0, 1], background negative; S is a multiple of ``cells``.
        cells: voxels along a side, N.

    Returns:
        (B, :data:`FEATURES`, N, N, N) float32: the voxel middle's offset behind the mean depth of
        the block's foreground over each of :data:`OFFSET_RANGES`; its offsets behind the nearest
        and the farthest one over :data:`BOUND_RANGE`; all of them clamped to [−1, 1], and −1
        where the block has no foreground; the share of foreground in [0, 1]; the mean distance to
        the silhouette over 16 pixels in [−1, 1]; and the middle's z in [−0.5, 0.5].
    """
    block = images.shape[-1] // cells
    foreground = images >= 0
    share = F.avg_pool2d(foreground.float(), block)
    mean = F.avg_pool2d(images.clamp(min=0), block) / share.clamp(min=1e-6)
    nearest = -F.max_pool2d(torch.where(foreground, -images, -torch.inf), block)
    farthest = F.max_pool2d(images, block)
    silhouette = (
        F.avg_pool2d(silhouette_distance(foreground[:, 0])[:, None], block) / SILHOUETTE_RANGE
    )
    amp = torch.is_autocast_enabled(images.device.type)
    z = (torch.arange(cells, device=images.device) + 0.5) / cells - 0.5
    depth = (0.5 - z)[:, None, None]  # of the voxels' middles
    empty = share == 0
    offsets = [((depth - mean) / width).clamp(-1, 1) for width in OFFSET_RANGES]
    offsets += [((depth - bound) / BOUND_RANGE).clamp(-1, 1) for bound in (nearest, farthest)]
    parts = [torch.where(empty, -1.0, offset) for offset in offsets]
    parts += [share, silhouette, z[:, None, None]]
    whole = (len(images), cells, cells, cells)
    dtype = torch.get_autocast_dtype(images.device.type) if amp else torch.float32
    # The channels of a voxel side by side, as the convolutions want them.
    return torch.stack([p.to(dtype).expand(whole) for p in parts], dim=4).permute(0, 4, 1, 2, 3)


class Conv3d(nn.Conv3d):
    """A 3D convolution that is fast for a single volume, too.

    For one small volume torch leaves oneDNN aside and takes twice as long.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, N, N, N) to (B, D, M, M, M)."""
        plain = torch.is_grad_enabled() or torch.is_autocast_enabled("cpu")
        if plain or x.device.type != "cpu" or not ONEDNN:
            return super().forward(x)
        assert not isinstance(self.padding, str)
        return torch.mkldnn_convolution(
            x, self.weight, self.bias, self.padding, self.stride, self.dilation, self.groups
        )


class ResidualBlock(nn.Module):
    """3×3 or 3³ convolutions, x + conv(relu(conv(relu(norm(x))))); first the identity."""

    def __init__(self, channels: int, conv: type[nn.Conv2d] | type[nn.Conv3d]) -> None:
        super().__init__()
        self.norm = GroupNorm(GROUPS, channels)
        self.conv_0 = conv(channels, channels, 3, padding=1)
        self.conv_1 = conv(channels, channels, 3, padding=1)
        nn.init.zeros_(self.conv_1.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W), or (B, channels, N, N, N), to the same shape."""
        hidden: Tensor = self.conv_1(self.conv_0(self.norm(x).relu_()).relu_())
        return x + hidden


class Lift(nn.Module):
    """A 2D branch: image features at full detail, the same for all voxels of a column."""

    def __init__(self, size: int, features: int, out: int) -> None:
        """Build the layers; 256 / size, columns along a side, must be a power of two."""
        super().__init__()
        steps = (256 // size).bit_length() - 1
        widths = [2, *(max(GROUPS, features >> k) for k in reversed(range(steps)))]
        self.stem = nn.ModuleList(
            nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in itertools.pairwise(widths)
        )
        self.blocks = nn.ModuleList(ResidualBlock(features, nn.Conv2d) for _ in range(2))
        self.out = nn.Conv2d(features, out, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, 1, 256, 256) depth to (B, out, 1, size, size)."""
        silhouette = silhouette_distance(images[:, 0] >= 0)[:, None] / SILHOUETTE_RANGE
        x = torch.cat([images, silhouette], dim=1)
        # Depth needs more digits than bfloat16's 8 bits.
        with torch.autocast(images.device.type, enabled=False):
            x = self.stem[0](x)
        for conv in list(self.stem)[1:]:
            x = conv(F.relu(x))
        for block in self.blocks:
            x = block(x)
        lifted: Tensor = self.out(F.relu(x))
        return lifted.unsqueeze(2)


class VolumeEncoder(nn.Module):
    """The encoder from depth maps to feature volumes: a stride-2 convolution, then a 3D U-Net."""

    def __init__(self, cells: int, widths: Sequence[int], features: int, lift: int) -> None:
        """Build the layers.

        Args:
            cells: voxels along a side of the input, N; the result has N / 2.
            widths: channels of each resolution, from N / 2 down; multiples of 8.
            features: channels of the result.
            lift: channels of the 2D branch; 0: none.
        """
        super().__init__()
        self.cells = cells
        steps = list(itertools.pairwise(widths))
        self.stem = nn.Conv3d(FEATURES, widths[0], 3, stride=2, padding=1)
        self.lift = Lift(cells // 2, lift, widths[0]) if lift else None
        self.encoder = nn.ModuleList(ResidualBlock(width, Conv3d) for width in widths)
        self.down = nn.ModuleList(nn.Conv3d(fine, coarse, 2, stride=2) for fine, coarse in steps)
        self.context = nn.Linear(widths[-1], widths[-1])
        self.bottom = ResidualBlock(widths[-1], Conv3d)
        self.up = nn.ModuleList(nn.Conv3d(coarse, fine, 1) for fine, coarse in steps)
        self.decoder = nn.ModuleList(ResidualBlock(width, Conv3d) for width in widths[:-1])
        self.norm = GroupNorm(GROUPS, widths[0])
        self.out = nn.Conv3d(widths[0], features, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Map (B, 1, S, S) to (B, N / 2, N / 2, N / 2, features) float32 (z, row, column)."""
        x = self.stem(volume_features(images, self.cells))
        if self.lift is not None:
            x = x + self.lift(images)
        skipped = []
        for level, block in enumerate(self.encoder):
            x = block(x)
            if level < len(self.down):
                skipped.append(x)
                x = self.down[level](x)
        # Tell every place about the whole object.
        mean = self.context(F.relu(x.mean(dim=(2, 3, 4))))
        x = self.bottom(x + mean[:, :, None, None, None])
        for level in reversed(range(len(self.up))):
            raised = F.interpolate(self.up[level](x), scale_factor=2.0)
            x = self.decoder[level](skipped[level] + raised)
        x = self.out(self.norm(x).relu_())
        return x.permute(0, 2, 3, 4, 1).float().contiguous()


def corners(points: Tensor, cells: int) -> tuple[Tensor, Tensor]:
    """Return the voxels around (…, 3) points of the cube and their trilinear weights.

    Returns:
        (…, 8) int64 numbers of voxels in the order (z, row, column), and (…, 8) float32 weights
        with sum 1. Beyond the outermost voxels' middles, points read those.
    """
    row, column = to_pixels(points, cells)
    height = (points[..., 2] + 0.5) * cells - 0.5
    number = torch.zeros((), dtype=torch.int64, device=points.device)
    weight = torch.ones((), device=points.device)
    for place in (height, row, column):
        place = place.clamp(0, cells - 1)
        low = place.floor().clamp(max=cells - 2)
        share = place - low
        both = torch.stack([low, low + 1], dim=-1).long()
        shares = torch.stack([1 - share, share], dim=-1)
        number = (number[..., None] * cells + both[..., None, :]).flatten(-2)
        weight = (weight[..., None] * shares[..., None, :]).flatten(-2)
    return number, weight


def read_volume(volume: Tensor, points: Tensor) -> Tensor:
    """Return the (B, T, C) features at (B, T, 3) points, trilinear between the voxels' middles.

    The axes of the (B, N, N, N, C) volume are (z, row, column).
    """
    batch, cells, channels_ = len(volume), volume.shape[1], volume.shape[-1]
    number, weight = corners(points, cells)
    first = torch.arange(batch, device=volume.device)[:, None, None] * cells**3
    # One row a voxel, one bag a point: torch's fastest gather, forward and backward.
    read: Tensor = F.embedding_bag(
        (number + first).view(-1, 8),
        volume.view(-1, channels_),
        per_sample_weights=weight.to(volume.dtype).view(-1, 8),
        mode="sum",
    )
    return read.view(batch, -1, channels_)


class PointBlock(nn.Module):
    """A residual block, x + linear(relu(linear(relu(x)))); first the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc_0 = nn.Linear(channels, channels)
        self.fc_1 = nn.Linear(channels, channels)
        nn.init.zeros_(self.fc_1.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Map (rows, channels) to the same shape."""
        hidden: Tensor = self.fc_1(self.fc_0(F.relu(x)).relu_())
        return x + hidden


class VolumeDecoder(nn.Module):
    """The decoder from a point's readings to its value: residual blocks and a linear map."""

    def __init__(self, inputs: int, hidden_size: int, blocks: int) -> None:
        super().__init__()
        self.fc_in = nn.Linear(inputs, hidden_size)
        self.blocks = nn.ModuleList(PointBlock(hidden_size) for _ in range(blocks))
        # Products of few columns use kernels whose rounding depends on the rows: see ROW_MULTIPLE.
        self.fc_out = nn.Linear(hidden_size, 1)

    def forward(self, inputs: Tensor) -> Tensor:
        """Map (rows, inputs) to (rows,)."""
        x = self.fc_in(inputs)
        for block in self.blocks:
            x = block(x)
        out = F.pad(self.fc_out.weight, (0, 0, 0, ROW_MULTIPLE - 1))
        values: Tensor = F.linear(F.relu(x), out)[:, 0] + self.fc_out.bias
        return values


class VolumeNetwork(Network):
    """The network of a global level that reads a volume of features at points."""

    def __init__(self, encoder: VolumeEncoder, decoder: VolumeDecoder, kind: str) -> None:
        """Combine both; ``kind`` names the pixel features that the decoder reads, or ``none``."""
        super().__init__()
        self._kind = kind
        self.encoder = encoder
        self.decoder = decoder

    def forward(self, images: Tensor, points: Tensor) -> Tensor:
        """Map (B, 1, 256, 256) depth and (B, T, 3) points of the cube to (B, T) values."""
        volume, pixel_features = self.encode(images)
        inputs = _inputs(volume, pixel_features, points)
        # Coordinates and offsets need more digits than bfloat16's 8 bits.
        with torch.autocast(points.device.type, enabled=False):
            return self.decoder(inputs.flatten(0, 1)).view(points.shape[:2])

    def encode(self, images: Tensor) -> tuple[Tensor, PixelFeatures | None]:
        """Return (B, N, N, N, C) volumes and the pixel features of (B, 1, 256, 256) depth."""
        pixel_features = None if self._kind == "none" else PixelFeatures(images, self._kind)
        return self.encoder(images), pixel_features

    @torch.inference_mode()
    def bind(self, images: Tensor, batch: int = 8) -> BoundVolume:
        """Make the volumes of K images (K, 1, 256, 256), ``batch`` in a thread.

        The network must be in evaluation mode.
        """
        assert not self.training
        volume = torch.cat(in_chunks(self.encoder, images, batch))
        pixel_features = None if self._kind == "none" else PixelFeatures(images, self._kind)
        return BoundVolume(self.decoder, volume, pixel_features)


class BoundVolume(Counts):
    """A decoder bound to K volumes, with the interface of a ``FoldedDecoder``."""

    def __init__(
        self, decoder: VolumeDecoder, volume: Tensor, pixel_features: PixelFeatures | None
    ) -> None:
        super().__init__()
        self.codes = len(volume)
        self.device = volume.device
        self._decoder, self._volume, self._pixel_features = decoder, volume, pixel_features

    @torch.inference_mode()
    def __call__(self, points: Tensor, counts: list[int], batch_size: int) -> Tensor:
        """Evaluate each point under its own volume; see :meth:`FoldedDecoder.__call__`."""
        assert len(counts) == self.codes and sum(counts) == len(points)
        most = min(batch_size, CPU_ROWS) if self.device.type == "cpu" else batch_size
        most = -(-most // ROW_MULTIPLE) * ROW_MULTIPLE
        values = [points.new_zeros(0)]
        passes = 0
        for k, own in enumerate(torch.split(points, counts)):
            if not len(own):
                continue
            read = [read_volume(self._volume[k : k + 1], own[None])[0], own]
            if self._pixel_features is not None:
                read.append(self._pixel_features.of(k, own))
            for part in torch.split(torch.cat(read, dim=1), most):
                rows = -(-len(part) // ROW_MULTIPLE) * ROW_MULTIPLE
                padded = F.pad(part, (0, 0, 0, rows - len(part)))
                values.append(self._decoder(padded)[: len(part)])
                passes += 1
        self.count(passes, len(points))
        return torch.cat(values)


def _inputs(volume: Tensor, pixel_features: PixelFeatures | None, points: Tensor) -> Tensor:
    """Return the decoder's (B, T, C + 3 + pixel features) inputs at points."""
    read = [read_volume(volume, points), points]
    if pixel_features is not None:
        read.append(pixel_features(points))
    return torch.cat(read, dim=2)


def decoder_inputs(features: int, kind: str) -> int:
    """Return the number of the decoder's input channels."""
    return features + 3 + CHANNELS[kind]
