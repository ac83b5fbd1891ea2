"""Depth maps of posed meshes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from im2mesh.errors import InputError
from im2mesh.geometry.cameras import Camera
from im2mesh.geometry.mesh_files import check_mesh, drop_unused
from im2mesh.geometry.pixels import BACKGROUND, DEEPEST, IMAGE_SIZE, from_pixels
from im2mesh.geometry.ray_casting import cast, cast_from_origin, require_embreex

PYTORCH3D_INSTALL = "conda env create -f pytorch3d.yaml && conda activate pt3d"


def render_depth(
    vertices: ArrayLike, faces: ArrayLike, size: int = IMAGE_SIZE, renderer: str = "embreex"
) -> np.ndarray:
    """Render the orthographic depth map of a mesh in the camera frame.

    Args:
        vertices: (V, 3), those that faces use in the cube [−0.5, 0.5]³; see
            :func:`im2mesh.geometry.poses.pose`.
        faces: (F, 3) vertex numbers; both sides of a face are seen.
        size: pixels along a side, S. Row i, column j is the ray through
            x = (j + 0.5)/S − 0.5, y = 0.5 − (i + 0.5)/S.
        renderer: one of :data:`RENDERERS`.

    Returns:
        (S, S) float32: d in [0, 1] where the first surface is at z = 0.5 − d, background exactly
        −1; a mesh without faces gives nothing else.

    Raises:
        InputError: malformed arrays, a mesh that reaches out of the cube by more than 0.001, a
            size below 1, or a renderer that is unknown or not installed.
    """
    require_renderer(renderer)
    points, triangles = drop_unused(*check_mesh(vertices, faces))
    if size < 1:
        raise InputError(f"a depth map of {size} pixels cannot be rendered")
    depth = np.full(size * size, BACKGROUND, dtype=np.float32)
    if not len(triangles):
        return depth.reshape(size, size)
    if np.abs(points).max() > DEEPEST - 0.5:
        low, high = (np.round(b, 4).tolist() for b in (points.min(axis=0), points.max(axis=0)))
        raise InputError(
            f"the mesh reaches out of the cube [-0.5, 0.5]³ ({low} … {high}): pose it first"
        )
    hit, seen = RENDERERS[renderer][0](points, triangles, size)
    # Clipped: a face at the cube's front must not become background by rounding.
    depth[hit] = np.clip(seen, 0.0, 1.0)
    return depth.reshape(size, size)


def render_perspective(
    vertices: ArrayLike, faces: ArrayLike, camera: Camera, shape: tuple[int, int]
) -> np.ndarray:
    """Render the depth image of a mesh, in metres in the camera frame, as a pinhole camera sees it.

    Returns:
        (H, W) float64, z in metres; NaN where there is nothing. Both sides of a face are seen.

    Raises:
        InputError: malformed arrays.
    """
    points, triangles = drop_unused(*check_mesh(vertices, faces))
    depth = np.full(shape[0] * shape[1], np.nan)
    if not len(triangles):
        return depth.reshape(shape)
    rays = camera.rays_of(shape).reshape(-1, 3)
    hit, face = cast_from_origin(points, triangles, rays)
    a, b, c = (points[triangles[face, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    towards = (normal * rays[hit]).sum(axis=1)
    aslant = towards != 0
    z = (normal * a).sum(axis=1) / np.where(aslant, towards, 1.0)
    # As in an orthographic map: a face seen edge-on is met at its front end.
    lowest, highest = (f(f(a[:, 2], b[:, 2]), c[:, 2]) for f in (np.minimum, np.maximum))
    depth[hit] = np.where(aslant, np.clip(z, lowest, highest), lowest)
    return depth.reshape(shape)


def require_renderer(renderer: str) -> None:
    """Raise InputError where a renderer is unknown or not installed."""
    if renderer not in RENDERERS:
        raise InputError(f"no renderer {renderer!r}; choose {' or '.join(RENDERERS)}")
    RENDERERS[renderer][1]()


def _by_embreex(
    points: np.ndarray, triangles: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return (M,) foreground pixels, numbered row by row, and (M,) float64 their depths."""
    hit, face, _ = cast(points, triangles, size)
    rows, columns = np.divmod(hit, size)
    a, b, c = (points[triangles[face, k]] for k in range(3))
    # Embree finds the face in float32. The depth on its plane is computed in float64: on a steep
    # face a rounded distance is off by thousands of times the rounding.
    normal = np.cross(b - a, c - a)
    x, y = from_pixels(rows, columns, size)
    rise = normal[:, 0] * (x - a[:, 0]) + normal[:, 1] * (y - a[:, 1])
    upright = normal[:, 2] == 0
    z = a[:, 2] - rise / np.where(upright, 1.0, normal[:, 2])
    lowest, highest = (f(f(a[:, 2], b[:, 2]), c[:, 2]) for f in (np.minimum, np.maximum))
    # A face seen edge-on is first met at its front end, and no face is met beyond its corners.
    return hit, 0.5 - np.where(upright, highest, np.clip(z, lowest, highest))


def _pytorch3d() -> tuple[Any, Any, Any]:
    try:
        import torch
        from pytorch3d.renderer.mesh.rasterize_meshes import rasterize_meshes
        from pytorch3d.structures import Meshes
    except ImportError as error:
        raise InputError(f"--renderer pytorch3d needs PyTorch3D: {PYTORCH3D_INSTALL}") from error
    return torch, Meshes, rasterize_meshes


def _by_pytorch3d(
    points: np.ndarray, triangles: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the same as :func:`_by_embreex`, by PyTorch3D's rasteriser, on CUDA if there is one.

    It takes vertices in its own normalised frame: x to the LEFT and y up in [−1, 1], z away from
    the viewer. An orthographic camera only turns and scales, so no camera object is needed. Faces
    with a vertex at z ≤ 0 are dropped, hence the camera at z = 1.5, one unit before the cube.
    """
    torch, meshes, rasterize = _pytorch3d()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    view = np.stack([-2 * points[:, 0], 2 * points[:, 1], 1.5 - points[:, 2]], axis=1)
    mesh = meshes(
        verts=[torch.tensor(view, dtype=torch.float32, device=device)],
        faces=[torch.tensor(triangles, device=device)],
    )
    # bin_size 0: the coarse-to-fine rasteriser loses faces where a bin overflows.
    _, zbuf, _, _ = rasterize(mesh, image_size=size, blur_radius=0.0, faces_per_pixel=1, bin_size=0)
    distance = zbuf[0, :, :, 0].reshape(-1).double().cpu().numpy()
    hit = np.flatnonzero(distance >= 0)
    return hit, distance[hit] - 1.0


_Render = Callable[[np.ndarray, np.ndarray, int], tuple[np.ndarray, np.ndarray]]

RENDERERS: dict[str, tuple[_Render, Callable[[], object]]] = {
    "embreex": (_by_embreex, require_embreex),
    "pytorch3d": (_by_pytorch3d, _pytorch3d),
}
"""Name → the function that renders, and the one that raises where it is not installed."""
