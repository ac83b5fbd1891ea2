"""Configurations, weights and samples that come with the package.

In a clone they lie where git has them. Building a wheel copies those of :data:`FILES` to
``im2mesh/_bundled``, in the same folders (``setup.py``, which runs this module alone).
"""

from __future__ import annotations

import os
from pathlib import Path

DEMO_LEVELS = ("volume",)
"""Levels of ``make demo`` and of :meth:`im2mesh.Reconstructor.bundled`, in order.

The configuration of a level is ``configs/demo/<name>.yaml``, its weights are
``out/pretrained/<name>/model_best.pt``.
"""

FILES = (
    "configs/**/*.yaml",
    "data/demo/**/*.*",
    "data/demo_sensor/*",
    *(f"out/pretrained/{name}/model_best.pt" for name in DEMO_LEVELS),
)
"""Patterns of the files that a wheel holds."""

_INSTALLED = Path(__file__).resolve().with_name("_bundled")

ROOT = _INSTALLED if _INSTALLED.is_dir() else _INSTALLED.parents[1]
"""Folder of the bundled files: the clone or ``im2mesh/_bundled``."""


def find(path: str | os.PathLike[str]) -> Path:
    """Return a path as it is, or the bundled file of that name if only that exists."""
    other = ROOT / path
    return other if not os.path.exists(path) and os.path.exists(other) else Path(path)


def demo_config(name: str) -> Path:
    """Return the configuration of one of the :data:`DEMO_LEVELS`."""
    return ROOT / "configs" / "demo" / f"{name}.yaml"
