"""Hierarchical prior networks: one depth map in, one complete mesh out.

Meshes are closed, unless they are simplified (``generation.simplify_nfaces``).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from im2mesh.data.depth import load_depth
    from im2mesh.generation.pipeline import Reconstruction, Reconstructor
    from im2mesh.generation.sensor import SensorReconstruction, reconstruct

__version__ = "0.1.0"
__all__ = [
    "Reconstruction",
    "Reconstructor",
    "SensorReconstruction",
    "__version__",
    "load_depth",
    "reconstruct",
]

_HOMES = {
    "Reconstruction": "im2mesh.generation.pipeline",
    "Reconstructor": "im2mesh.generation.pipeline",
    "SensorReconstruction": "im2mesh.generation.sensor",
    "load_depth": "im2mesh.data.depth",
    "reconstruct": "im2mesh.generation.sensor",
}


def __getattr__(name: str) -> object:
    # Looked up on first use: `--help` and the compiled kernels need neither torch nor trimesh.
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
