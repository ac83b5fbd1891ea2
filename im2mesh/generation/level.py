"""A level of the hierarchy: a configured network that turns a depth map into a field."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from im2mesh.config import Config
from im2mesh.generation.field import Field, GlobalField, PatchField
from im2mesh.geometry.patches import Windows
from im2mesh.models.build import build_network
from im2mesh.models.checkpoints import load_weights
from im2mesh.models.network import Network
from im2mesh.objectives import build_objective


class Level:
    """A trained network with its windows and objective.

    Attributes:
        config: of the network and its data.
        network: in evaluation mode.
        windows: its patches; None for a global level.
        objective: sign and iso-level of its values.
    """

    def __init__(self, config: Config, network: Network) -> None:
        self.config = config
        self.network = network.eval()
        self.objective = build_objective(config.method, config.test.threshold)
        self.windows: Windows | None = None
        if config.is_patch:
            size, stride = config.data.parts_size, config.data.parts_stride
            assert size is not None and stride is not None
            self.windows = Windows(size, stride)

    @classmethod
    def load(cls, config: Config, device: torch.device | str = "cpu") -> Level:
        """Build a configured network and load its weights.

        Raises:
            ConfigError: the configuration has a value that is not supported.
            CheckpointError: the weights are missing or belong to another architecture.
        """
        network = build_network(config)
        load_weights(network, config.model_path)
        return cls(config, network.to(device))

    @property
    def name(self) -> str:
        """Name for logs and tables: ``global``, ``global_sdf``, ``p32s16``."""
        sdf = "_sdf" if self.config.is_sdf else ""
        if self.windows is None:
            kind = "volume" if self.config.is_volume else "global"
            return f"{kind}{sdf}"
        return f"p{self.windows.size}s{self.windows.stride}{sdf}"

    @property
    def weights(self) -> Path:
        return Path(self.config.model_path)

    @torch.inference_mode()
    def bind(
        self, depth: Tensor, batch_size: int, released: bool = False, patch_window: str = "gaussian"
    ) -> Field:
        """Return the level's field under one (256, 256) depth map.

        Args:
            depth: float32 on the network's device, background −1.
            batch_size: most rows of a decoder pass.
            released: with the released lattice's misregistration of patches; such a field
                may be evaluated at that lattice's nodes only.
            patch_window: how patches are blended, see :data:`im2mesh.geometry.patches.WEIGHTINGS`;
                the released lattice has its own.
        """
        if self.windows is None:
            return GlobalField(self.network.bind(depth[None, None]), self.objective, batch_size)
        crops = self.windows.crop(depth)
        # A patch without foreground predicts nothing.
        active = (crops >= 0).flatten(1).any(1)
        if released:
            assign = partial(self.windows.assign_released, active=active)
        else:
            assign = partial(self.windows.assign, active=active, weighting=patch_window)
        return PatchField(
            self.network.bind(crops[active].unsqueeze(1)), self.objective, assign, batch_size
        )
