"""An L-shaped prism, whose two ends are concave hexagons, for tests of mesh files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from im2mesh.errors import InputError
from im2mesh.geometry.formats.polygons import triangulate

CORNERS = np.array([[0, 0], [3, 0], [3, 1], [1, 1], [1, 2.5], [0, 2.5]])
VERTICES = np.concatenate([np.column_stack([CORNERS, np.full(6, z)]) for z in (0, 0.75)])
FACES = [
    [1, 0, 5, 4, 3, 2],
    [8, 9, 10, 11, 6, 7],
    *([k, (k + 1) % 6, (k + 1) % 6 + 6, k + 6] for k in range(6)),
]
TRIANGLES = triangulate(VERTICES, np.concatenate(FACES), np.array([len(f) for f in FACES]))

Mesh = tuple[np.ndarray, np.ndarray]


def measures(mesh: Mesh) -> np.ndarray:
    """Return area, volume, their first moments and the bounds; they tell solids apart."""
    vertices, faces = mesh
    corners = vertices[faces]
    a, b, c = (corners[:, k] for k in range(3))
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    volumes = (a * np.cross(b, c)).sum(axis=1) / 6
    middles = corners.mean(axis=1)
    used = corners.reshape(-1, 3)
    moments = [areas @ middles, volumes @ middles, used.min(axis=0), used.max(axis=0)]
    return np.concatenate([[areas.sum(), volumes.sum()], *moments])


def same(mesh: Mesh, factor: float = 1) -> None:
    """Assert that a mesh is the L-shaped prism."""
    expected = measures((VERTICES * factor, TRIANGLES))
    np.testing.assert_allclose(measures(mesh), expected, atol=2e-6 * factor**3)


def refused(read: Callable[[bytes], Mesh], data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        read(data)
    assert "\n" not in str(raised.value)


def rows(table: Any) -> list[str]:
    return [" ".join(str(value) for value in row) for row in table]
