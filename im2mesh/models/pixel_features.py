"""Pixel features: further inputs of the decoder, read from the depth map at a point's pixel.

A code describes the object, but not the exact position of its observed surface. The pixel features
of a point are its distance behind the observed surface, the share of background around its pixel,
and the distance to the silhouette. They come from the image that the encoder sees, for global and
patch levels alike.

The published networks have no such inputs; ``model.decoder_kwargs.observed`` adds them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from im2mesh.geometry.pixels import to_pixels

CHANNELS = {"none": 0, "offset": 2, "silhouette": 4}
"""Kind → number of features. ``offset``: the offset behind the surface in both :data:`RANGES`;
``silhouette``: also the share of background and the distance to the silhouette."""

RANGES = (0.02, 0.2)
"""Offsets are given twice, divided by these and clamped to ±1: in detail near the surface (0.02
is five pixels), and in coarse steps."""

SILHOUETTE_RANGE = 16
"""Distances from the silhouette are clamped to this, in pixels."""

JUMP = 0.02
"""Neighbouring pixels whose depths differ by more than this show different surfaces (slope 5)."""


class PixelFeatures:
    """The pixel features of B images."""

    def __init__(self, images: Tensor, kind: str) -> None:
        """Prepare (B, 1, s, s) depth in [0, 1], background negative."""
        assert CHANNELS[kind] > 0
        self.images, self._size = len(images), images.shape[-1]
        depth = images[:, 0]
        self._depth = depth
        self._silhouette = None
        if kind == "silhouette":
            self._silhouette = silhouette_distance(depth >= 0)

    def __call__(self, points: Tensor) -> Tensor:
        """Return the (B, T, F) features of (B, T, 3) points, in each image's own cube.

        They are the offset behind the observed surface over both :data:`RANGES` in [−1, 1],
        positive behind it and −1 where the pixel is background; the share of background around the
        point in [0, 1] and the signed distance to the silhouette over :data:`SILHOUETTE_RANGE`,
        positive in the foreground.
        """
        image = torch.arange(self.images, device=points.device)[:, None]
        return self.of(image, points)

    def of(self, image: int | Tensor, points: Tensor) -> Tensor:
        """Return the (…, F) features of (…, 3) points, each under the image of a number."""
        row, column = to_pixels(points, self._size)
        corners = [
            (index + image * self._size**2, weight)
            for index, weight in _corners(column, row, self._size)
        ]
        weights = [weight for _, weight in corners]
        depths = [self._depth.take(index) for index, _ in corners]
        seen = [torch.where(d >= 0, w, 0.0) for d, w in zip(depths, weights, strict=True)]
        # Only what lies on the same surface as the nearest pixel is averaged.
        most, base = seen[0], depths[0]
        for d, w in zip(depths[1:], seen[1:], strict=True):
            base = torch.where(w > most, d, base)
            most = torch.maximum(most, w)
        total, mean = torch.zeros_like(most), torch.zeros_like(most)
        foreground = torch.zeros_like(most)
        for d, w in zip(depths, seen, strict=True):
            same = torch.where((d - base).abs() < JUMP, w, 0.0)
            total, mean = total + same, mean + same * d
            foreground = foreground + w
        offset = 0.5 - mean / total.clamp(min=1e-12) - points[..., 2]
        values = [torch.where(most > 0, (offset / scale).clamp(-1, 1), -1.0) for scale in RANGES]
        if self._silhouette is not None:
            distance = torch.zeros_like(most)
            for index, w in corners:
                distance = distance + w * self._silhouette.take(index)
            values += [1 - foreground, distance / SILHOUETTE_RANGE]
        return torch.stack(values, dim=-1)


def _corners(column: Tensor, row: Tensor, size: int) -> list[tuple[Tensor, Tensor]]:
    """Return the four pixels around each place: numbers, row by row, and bilinear weights."""
    column, row = column.clamp(0, size - 1), row.clamp(0, size - 1)
    left, top = column.floor().clamp(max=size - 2), row.floor().clamp(max=size - 2)
    right, down = column - left, row - top
    first = (top * size + left).long()
    return [
        (first, (1 - right) * (1 - down)),
        (first + 1, right * (1 - down)),
        (first + size, (1 - right) * down),
        (first + size + 1, right * down),
    ]


def silhouette_distance(foreground: Tensor, reach: int = SILHOUETTE_RANGE) -> Tensor:
    """Return the (B, h, w) signed Euclidean distance to the silhouette, in pixels, within ±reach.

    Positive in the foreground. Measured between pixel middles, less half a pixel, so it is about
    zero on the line between a foreground and a background pixel. What lies beyond the image counts
    as neither.
    """
    # Distances of foreground pixels to the background, and the other way round.
    squared = _squared_distance(torch.cat([~foreground, foreground]), reach)
    inside, outside = squared.float().sqrt().sub(0.5).clamp(max=reach).chunk(2)
    return torch.where(foreground, inside, -outside)


def _squared_distance(target: Tensor, reach: int) -> Tensor:
    """Return int32 squared distances to the nearest True of (B, h, w), exact up to ``reach``."""
    height, width = target.shape[1:]
    across = torch.arange(width, device=target.device, dtype=torch.int32)
    far = reach + 1
    left = torch.where(target, across, -far).cummax(2).values
    right = torch.where(target, across, width + far).flip(2).cummin(2).values.flip(2)
    row = torch.minimum(across - left, right - across).clamp(max=far).square()
    # int16 halves the memory that the column pass streams through. With image rows first, its
    # slices are whole: `out` must be for torch.compile.
    row = row.to(torch.int16).transpose(0, 1).contiguous()
    best = row.clone()
    for k in range(1, reach + 1):
        moved = row + k * k
        if k < height:
            torch.minimum(best[k:], moved[:-k], out=best[k:])
            torch.minimum(best[:-k], moved[k:], out=best[:-k])
    return best.transpose(0, 1).to(torch.int32, memory_format=torch.contiguous_format)
