"""Compiled kernels, each behind a wrapper that checks its arguments."""

from __future__ import annotations

import importlib
from types import ModuleType

MAX_RESOLUTION = 2048
"""Cells of a lattice along an axis. More would not fit into any ordinary memory."""


def extension(name: str) -> ModuleType:
    """Import a compiled module of this package.

    Raises:
        ImportError: it is not built.
    """
    try:
        return importlib.import_module(f"im2mesh.native.{name}")
    except ModuleNotFoundError:
        raise ImportError(
            "im2mesh's extensions are not built: run `pip install -e .` (or `make build`)"
        ) from None
