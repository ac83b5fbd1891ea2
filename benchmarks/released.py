"""The released way of generating, written down plainly, as the benchmark's yardstick.

One patch at a time: encode the window, lay its own dense lattice, decode 100,000 points at a
time by 1×1 convolutions with the norms computed anew for each call, paste the weighted values
into the volume. Then the mean of the levels' volumes. The numbers are those of
``generation.lattice: released`` (the benchmark checks it); only the way there differs.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from im2mesh.generation.level import Level
from im2mesh.models.pixel_features import PixelFeatures

NODES = 128
POINTS_PER_CALL = 100_000


def decode(weights: dict[str, Tensor], points: Tensor, code: Tensor) -> Tensor:
    """(1, T, 3) points, or more inputs, and a (1, c_dim) code → (T,) values; (channels, points)."""

    def conv(name: str, x: Tensor) -> Tensor:
        return F.conv1d(x, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def norm(name: str, x: Tensor) -> Tensor:
        gamma = conv(f"{name}.conv_gamma", code.unsqueeze(2))
        beta = conv(f"{name}.conv_beta", code.unsqueeze(2))
        mean, var = weights[f"{name}.bn.running_mean"], weights[f"{name}.bn.running_var"]
        return gamma * F.batch_norm(x, mean, var) + beta

    x = conv("fc_p", points.transpose(1, 2))
    for k in range(5):
        hidden = conv(f"block{k}.fc_0", F.relu(norm(f"block{k}.bn_0", x)))
        x = x + conv(f"block{k}.fc_1", F.relu(norm(f"block{k}.bn_1", hidden)))
    return conv("fc_out", F.relu(norm("bn", x)))[0, 0]


def decode_lattice(
    weights: dict[str, Tensor],
    nodes: tuple[int, int, int],
    code: Tensor,
    features: PixelFeatures | None,
) -> tuple[Tensor, int]:
    """Values on a lattice with both end points on every axis, and the number of calls."""
    axes = [torch.linspace(-0.5, 0.5, n) for n in nodes]
    points = torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3)
    parts = torch.split(points, POINTS_PER_CALL)
    values = []
    for part in parts:
        inputs = part[None]
        if features is not None:  # the released networks have no such inputs, ours may
            inputs = torch.cat([inputs, features(inputs)], dim=2)
        values.append(decode(weights, inputs, code))
    return torch.cat(values).reshape(nodes), len(parts)


def level_volume(level: Level, depth: np.ndarray) -> tuple[np.ndarray, int, int]:
    """One level's (128, 128, 128) field, and its numbers of decoder calls and points."""
    weights = dict(level.network.decoder.state_dict())
    image = torch.from_numpy(depth)
    if level.windows is None:
        code, features = level.network.encode(image[None, None])
        values, calls = decode_lattice(weights, (NODES,) * 3, code, features)
        return level.objective.field(values).numpy(), calls, NODES**3
    size = level.windows.size
    n = size * NODES // len(depth)
    offset = (torch.arange(n) - n / 2) / (n / 2)
    window = torch.exp(-4 * math.log(2) * (offset[:, None] ** 2 + offset[None] ** 2))[..., None]
    total = torch.zeros((NODES,) * 3)
    weight = torch.zeros((NODES,) * 3)
    calls = points = 0
    for i, j in level.windows.corners():
        crop = image[i : i + size, j : j + size]
        if not (crop >= 0).any():
            continue
        code, features = level.network.encode(crop[None, None])
        values, more = decode_lattice(weights, (n, n, NODES), code, features)
        calls, points = calls + more, points + values.numel()
        x, y = j // 2, NODES - (i + size) // 2
        total[x : x + n, y : y + n] += window * level.objective.field(values)
        weight[x : x + n, y : y + n] += window
    blended = torch.where(weight > 0, total / weight, -10.0)
    return blended.numpy(), calls, points


def fused_volume(levels: list[Level], depth: np.ndarray) -> tuple[np.ndarray, int, int]:
    """The mean of the levels' volumes, and the numbers of decoder calls and points."""
    with torch.inference_mode():
        volumes = [level_volume(level, depth) for level in levels]
    mean = sum(volume for volume, _, _ in volumes) / len(volumes)
    return mean, sum(v[1] for v in volumes), sum(v[2] for v in volumes)
