"""Readers of mesh files, one module a format.

Each has ``read(data)``, which takes a file's bytes and returns (V, 3) float64 vertices and (F, 3)
int64 faces, F = 0 for a point cloud. It reads a file right or raises an :class:`InputError` whose
message is the reason alone; :mod:`im2mesh.geometry.mesh_files` names the file. docs/data.md lists
the features of each format.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from im2mesh.geometry.formats import glb, obj, off, ply, stl

Reader = Callable[[bytes], tuple[np.ndarray, np.ndarray]]

READERS: dict[str, Reader] = {
    ".obj": obj.read,
    ".off": off.read,
    ".ply": ply.read,
    ".stl": stl.read,
    ".glb": glb.read,
}
"""Reader of each format, by the file's extension in lower case."""
