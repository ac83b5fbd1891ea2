"""A sensor's depth image in, a closed mesh in metres in the camera's frame out.

>>> from im2mesh import reconstruct
>>> result = reconstruct(depth, (fx, fy, cx, cy), mask)    # metres, OpenCV's frame
>>> result.mesh                                            # a trimesh.Trimesh, in metres

The image is cleaned (:mod:`im2mesh.data.cleaning`), the cube is placed around the object
(:mod:`im2mesh.data.placement`), the pixels are resampled into it (:mod:`im2mesh.data.resampling`),
a :class:`im2mesh.generation.pipeline.Reconstructor` does its work there, and the mesh goes back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import trimesh
from numpy.typing import ArrayLike

from im2mesh.cameras import Camera, RayMap
from im2mesh.data.cleaning import RESIDUAL, Cleaned, clean
from im2mesh.data.placement import Placement, place
from im2mesh.data.resampling import orthographic_map, pixel_fans, ray_map
from im2mesh.errors import DepthError, InputError
from im2mesh.generation.pipeline import Reconstruction, Reconstructor

DEMO_LEVELS = ("global", "p64s32", "p32s16")
"""Configurations in ``configs/demo`` that are used where none are given."""

NEAREST, FARTHEST = 0.01, 3.0
"""Distances in metres between which objects are expected; beyond them units are asked about."""


@dataclass(frozen=True)
class SensorReconstruction:
    """A metric mesh and how it came about.

    Attributes:
        mesh: in metres, in the camera frame (OpenCV's); closed unless it was simplified.
        placement: the cube's place, and how its size was chosen.
        cleaned: the object's pixels and what was removed.
        shown: (256, 256) float32 depth map that the networks were shown.
        rays: what the camera's own rays saw.
        reconstruction: the mesh in the cube, and what it took.
    """

    mesh: trimesh.Trimesh
    placement: Placement
    cleaned: Cleaned
    shown: np.ndarray
    rays: RayMap
    reconstruction: Reconstruction

    @property
    def points(self) -> np.ndarray:
        """(N, 3) float64, the object's measured points, in metres in the camera frame."""
        return self._points

    _points: np.ndarray


def demo_levels() -> list[Path]:
    """Return the configuration files of the bundled networks.

    Raises:
        InputError: the package is installed without them.
    """
    folder = Path(__file__).resolve().parents[2] / "configs" / "demo"
    paths = [folder / f"{name}.yaml" for name in DEMO_LEVELS]
    if not all(path.is_file() for path in paths):
        raise InputError(f"{folder}: the bundled configurations are not here; give a Reconstructor")
    return paths


@lru_cache(maxsize=1)
def _demo(device: str) -> Reconstructor:
    return Reconstructor.from_configs(demo_levels(), device)


def reconstruct(
    depth: ArrayLike,
    intrinsics: ArrayLike | Camera,
    mask: ArrayLike | None = None,
    *,
    reconstructor: Reconstructor | None = None,
    noise: float | None = None,
    size: float | None = None,
    extent: float | None = None,
    device: torch.device | str = "cpu",
) -> SensorReconstruction:
    """Make a closed mesh of one object in a depth image.

    Args:
        depth: (H, W) z in metres; holes are 0, negative, NaN or infinite.
        intrinsics: fx, fy, cx, cy in pixels, a 3×3 matrix, or a camera.
        mask: (H, W) bool, the object's pixels.
        reconstructor: the levels; None: the bundled ones.
        noise: standard deviation of the depths in metres; None: what is usual at that distance
            (:func:`im2mesh.data.cleaning.default_noise`).
        size: the object's largest extent in metres; None: estimated.
        extent: its extent along the direction of view in metres; None: estimated.
        device: where the bundled levels run; a given reconstructor has its own.

    Raises:
        DepthError: shapes differ, or nothing of the object can be used.
        InputError: intrinsics that are none.
    """
    camera = as_camera(intrinsics)
    z, inside = _checked(depth, mask)
    cleaned = clean(z, inside, camera, noise)
    if not cleaned.measured:
        raise DepthError(
            "no pixel of the object is left: "
            + ", ".join(f"{count} {reason}" for reason, count in cleaned.removed.items())
            + f", {cleaned.holes} holes; check the mask and the depth's unit"
        )
    placement = place(cleaned, camera, size, extent)
    frame = placement.frame
    fans = pixel_fans(cleaned.depth, camera, cleaned.noise)
    shown = orthographic_map(fans, frame)
    rays = ray_map(fans, cleaned.unknown, frame)
    levels = reconstructor or _demo(str(device))
    settings = levels.settings
    if settings.observation != "none":
        settings = replace(settings, observation_noise=RESIDUAL * cleaned.noise / frame.size)
    result = Reconstructor(levels.levels, settings, levels.device)(shown, rays=rays)
    mesh = trimesh.Trimesh(frame.to_camera(result.vertices), result.faces, process=False)
    return SensorReconstruction(
        mesh, placement, cleaned, shown, rays, result, measured_points(cleaned, z, camera)
    )


def measured_points(cleaned: Cleaned, depth: np.ndarray, camera: Camera) -> np.ndarray:
    """(N, 3) the object's measured points; filled holes are none."""
    rows, columns = np.nonzero(cleaned.seen & np.isfinite(depth))
    return camera.rays(columns, rows) * depth[rows, columns, None]


def as_camera(intrinsics: ArrayLike | Camera) -> Camera:
    """Return the camera of fx, fy, cx, cy or a 3×3 matrix.

    Raises:
        InputError: it is neither.
    """
    if isinstance(intrinsics, Camera):
        return intrinsics
    values = np.asarray(intrinsics)
    if values.dtype.kind not in "fiu":
        raise InputError(f"intrinsics hold {values.dtype} values; give fx fy cx cy, or 3×3")
    if values.shape == (4,):
        return Camera(*(float(v) for v in values))
    return Camera.from_matrix(values)


def _checked(depth: ArrayLike, mask: ArrayLike | None) -> tuple[np.ndarray, np.ndarray]:
    """Depth with NaN for holes, and the mask as bool."""
    z = np.array(depth, dtype=np.float64)
    if z.ndim == 3 and z.shape[2] == 1:
        z = z[..., 0]
    if z.ndim != 2:
        raise DepthError(f"depth has shape {z.shape}; expected (H, W), z in metres")
    z[~np.isfinite(z) | (z <= 0)] = np.nan
    if not np.isfinite(z).any():
        raise DepthError("no pixel of the depth image has a depth")
    if mask is None:
        raise DepthError("give the mask of the object")
    inside = np.asarray(mask).astype(bool)
    if inside.shape != z.shape:
        raise DepthError(f"the mask has shape {inside.shape}, the depth image {z.shape}")
    if not inside.any():
        raise DepthError("the mask is empty")
    if not np.isfinite(z[inside]).any():
        raise DepthError(
            "no pixel of the mask has a depth; are mask and depth of the same view and size?"
        )
    return z, inside
