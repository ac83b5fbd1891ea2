"""Procedural objects that no network has seen, and the demo's network: for benchmarks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from im2mesh.bundled import DEMO_LEVELS, demo_config
from im2mesh.config import load_config
from im2mesh.generation.level import Level
from im2mesh.metrics.evaluation import GroundTruth
from im2mesh.shapes.families import make_shape
from im2mesh.shapes.shape import Shape

CONFIGS = [demo_config(name) for name in DEMO_LEVELS]
SEED = 1 << 35
"""Seed of the first object; training and validation draw smaller ones."""


@dataclass(frozen=True)
class FreshObject:
    """A posed object.

    Attributes:
        shape: it, in the camera's frame.
        depth: its depth map, (256, 256).
        truth: points of its surface and of the volume, for the scores.
    """

    shape: Shape
    depth: np.ndarray
    truth: GroundTruth


def fresh_objects(family: str, count: int, seed: int = SEED) -> Iterator[FreshObject]:
    """Objects of a family under random views; the same ones each time."""
    for k in range(count):
        draw = np.random.default_rng([seed, k, *family.encode()])
        azimuth, elevation = draw.uniform(0, 360), draw.uniform(-20, 50)
        shape = make_shape(family, seed + k).posed(azimuth, elevation)
        yield FreshObject(shape, shape.depth().numpy(), _truth(shape, k))


def _truth(shape: Shape, seed: int) -> GroundTruth:
    generator = torch.Generator().manual_seed(seed)
    points, normals = shape.sample_surface(30_000, generator)
    queries = torch.rand(20_000, 3, generator=generator, dtype=torch.float64) - 0.5
    return GroundTruth(
        points.numpy(),
        normals.numpy(),
        queries=queries.numpy(),
        occupancies=np.asarray(shape.occupancy(queries)),
    )


def demo_levels() -> list[Level]:
    """Return the levels of ``make demo``."""
    return [Level.load(load_config(path)) for path in CONFIGS]
