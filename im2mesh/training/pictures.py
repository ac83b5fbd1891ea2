"""Pictures of a level's predictions while it trains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from im2mesh.config import Config
from im2mesh.data.depth_picture import depth_picture
from im2mesh.generation.level import Level
from im2mesh.generation.pipeline import Reconstructor
from im2mesh.models.network import Network
from im2mesh.visualize.picture import mesh_views

RESOLUTION = 64
"""Cells along a side of the pictured meshes: coarse, to take seconds."""


def draw_predictions(
    config: Config,
    network: Network,
    device: torch.device,
    maps: Sequence[tuple[str, np.ndarray]],
    path: Path,
) -> np.ndarray:
    """Write a sheet with each depth map beside the mesh that the level alone makes of it.

    A patch level uses all of its windows, as in generation. The network is left in the mode that it
    was in.
    """
    from im2mesh.visualize.contact_sheet import contact_sheet

    training = network.training
    settings = replace(
        config.generation,
        lattice="exact",
        extraction="mise",
        resolution=RESOLUTION,
        mise_resolution=RESOLUTION // 2,
        refinement_step=0,
        simplify_nfaces=None,
    )
    level = Level(replace(config, generation=settings), network)
    reconstruct = Reconstructor([level], settings, device)
    rows = []
    for name, depth in maps:
        result = reconstruct(depth)
        views = mesh_views(result.vertices, result.faces, size=192)
        rows.append((name, depth_picture(depth), views))
    network.train(training)
    return contact_sheet(rows, path)
