"""Access to the conformance fixtures: released numbers, their seeded weights and inputs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from im2mesh.data.depth import load_depth
from im2mesh.models.decoder import CBatchNormDecoder
from im2mesh.models.encoder import ResNet18Encoder
from im2mesh.models.network import ImplicitNetwork

SEEDS = {"global": 100, "p32s16": 101, "p64s32": 102, "global_sdf": 103}
CHAIR = "chair_e642ac79a2517d0054f92a30b31f64e-03"


def seeded_weights(shared: Path, network: ImplicitNetwork, seed: int) -> dict[str, Tensor]:
    """The fixtures' deterministic weights for a network."""
    path = shared / "conformance/seeded_weights.py"
    spec = importlib.util.spec_from_file_location("seeded_weights", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.fill(network.state_dict(), seed)


def seeded_network(shared: Path, seed: int) -> ImplicitNetwork:
    """A full-size network with the fixtures' weights."""
    network = ImplicitNetwork(ResNet18Encoder(256), CBatchNormDecoder(256))
    network.load_state_dict(seeded_weights(shared, network, seed))
    return network


def chair_depth(shared: Path) -> np.ndarray:
    """The map that the fixtures were made from, (256, 256)."""
    return load_depth(shared / "depth" / CHAIR / "000.npz")


def demo_maps(shared: Path) -> Tensor:
    """(4, 256, 256): the four real maps in the order of their list."""
    names = (shared / "depth/test_demo.lst").read_text().split()
    return torch.from_numpy(
        np.stack([load_depth(shared / "depth" / name / "000.npz") for name in names])
    )


def relative_error(ours: Tensor, theirs: np.ndarray) -> float:
    """Max abs difference over max abs reference."""
    return float(np.abs(ours.numpy() - theirs).max() / np.abs(theirs).max())
