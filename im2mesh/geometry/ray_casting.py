"""Ray casting on the CPU: one ray for each pixel, along −z or from a pinhole camera.

Nothing else calls embreex. Its scenes are built *robust*: a ray that meets a shared edge
or vertex exactly hits one of the faces there, so closed surfaces have no pinholes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from im2mesh.errors import InputError
from im2mesh.geometry.mesh_files import drop_unused
from im2mesh.geometry.pixels import from_pixels, to_pixels

# How far beyond a face, in widths of the frame, embree's float32 may still see it.
SLACK = 1e-5

# How far beside a ray that meets nothing another one is sent, over its length.
BESIDE = np.array([1.1e-6, 0.7e-6, -0.3e-6])


def require_embreex() -> None:
    """Raise InputError, with the line that installs it, where embreex is missing."""
    try:
        import embreex  # noqa: F401
    except ImportError as error:
        raise InputError("casting rays needs embreex: pip install embreex") from error


def _scene(points: np.ndarray, triangles: np.ndarray) -> Any:
    require_embreex()
    from embreex.mesh_construction import TriangleMesh
    from embreex.rtcore_scene import EmbreeScene

    scene = EmbreeScene(robust=True)
    TriangleMesh(
        scene=scene, vertices=points.astype(np.float32), indices=triangles.astype(np.int32)
    )
    return scene


def cast(
    points: np.ndarray, triangles: np.ndarray, size: int, zoom: float = 1.0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Send one ray through the middle of each of size² pixels, from the front of all faces.

    Args:
        points: (V, 3) finite vertices; z towards the viewer.
        triangles: (F, 3) vertex numbers; both sides of a face are hit.
        size: pixels along a side, S.
        zoom: width of the frame. Row i, column j is the ray through
            x = zoom · ((j + 0.5)/S − 0.5), y = zoom · (0.5 − (i + 0.5)/S).

    Returns:
        (M,) int64 the rays that hit, row by row; (M,) int64 the first face of each; (M, 3)
        float64 the barycentric coordinates there, as exact as embree's float32.

    Raises:
        InputError: embreex is not installed.
    """
    require_embreex()
    # Where faces are smaller than pixels most of them meet no ray, and building a scene takes
    # longer than finding that out.
    kept = np.flatnonzero(_meets_a_ray(points, triangles, size, zoom))
    if not len(kept):
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 3))
    vertices, faces = drop_unused(points, triangles[kept])
    x, y = from_pixels(np.arange(size)[:, None], np.arange(size), size)
    origins = np.empty((size, size, 3), dtype=np.float32)
    origins[..., 0] = x * zoom
    origins[..., 1] = y * zoom
    origins[..., 2] = vertices[:, 2].max() + 1.0
    scene = _scene(vertices, faces)
    found = scene.run(origins.reshape(-1, 3), np.array([[0, 0, -1]], np.float32), output=1)
    hit = np.flatnonzero(found["primID"] >= 0)
    u, v = found["u"][hit].astype(np.float64), found["v"][hit].astype(np.float64)
    return hit, kept[found["primID"][hit]], np.stack([1 - u - v, u, v], axis=1)


def _meets_a_ray(points: np.ndarray, triangles: np.ndarray, size: int, zoom: float) -> np.ndarray:
    """Return (F,) bool, whether a ray passes a face's bounds, widened by :data:`SLACK`."""
    meets = np.ones(len(triangles), dtype=bool)
    for place in to_pixels(points / zoom, size):
        corners = place[triangles]
        first = np.ceil(corners.min(axis=1) - SLACK * size)
        last = np.floor(corners.max(axis=1) + SLACK * size)
        meets &= np.maximum(first, 0) <= np.minimum(last, size - 1)
    return meets


def cast_from_origin(
    points: np.ndarray, triangles: np.ndarray, rays: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Send (N, 3) rays of any length from the origin; both sides of F > 0 faces are hit.

    Returns:
        (M,) int64 the rays that hit, in order; (M,) int64 the first face of each.

    Raises:
        InputError: embreex is not installed.
    """
    scene = _scene(*drop_unused(points, triangles))
    origins = np.zeros((len(rays), 3), np.float32)
    face = scene.run(origins, rays.astype(np.float32), output=1)["primID"].astype(np.int64)
    # Far from the origin a ray through a vertex may slip between small faces: ask beside it.
    missed = np.flatnonzero(face < 0)
    length = np.linalg.norm(rays[missed], axis=1, keepdims=True)
    beside = (rays[missed] + BESIDE * length).astype(np.float32)
    face[missed] = scene.run(origins[missed], beside, output=1)["primID"]
    hit = np.flatnonzero(face >= 0)
    return hit, face[hit]


class Obstacles:
    """Triangles that block the view between two points.

    They lie in any frame about as large as the unit cube: places are told apart to 1e-7.
    """

    def __init__(self, points: np.ndarray, triangles: np.ndarray) -> None:
        self._scene = _scene(points, triangles)

    def block(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Return (N,) bool, whether a triangle meets the segment from start to end, (N, 3) each."""
        if not len(start):
            return np.zeros(0, dtype=bool)
        found = self._scene.run(
            start.astype(np.float32),
            (end - start).astype(np.float32),
            dists=np.ones(len(start), dtype=np.float32),  # in lengths of the direction
            query="OCCLUDED",
        )
        return found >= 0
