"""Reconstruction of a sensor's depth image as a closed mesh in metres in the camera's frame.

>>> from im2mesh import reconstruct
>>> result = reconstruct(depth, (fx, fy, cx, cy), mask)    # metres, OpenCV's frame
>>> result.mesh                                            # a trimesh.Trimesh, in metres

:mod:`im2mesh.data.cleaning` finds the object's pixels, :mod:`im2mesh.data.placement` places the
cube around them, :mod:`im2mesh.data.resampling` resamples them into it, a
:class:`im2mesh.generation.pipeline.Reconstructor` makes the mesh in the cube, and the cube's frame
takes it back to metres.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from im2mesh.data.cleaning import Cleaned, clean
from im2mesh.data.placement import Placement, place
from im2mesh.data.resampling import Fans, orthographic_map, pixel_fans, ray_map
from im2mesh.data.sensor_files import without_holes
from im2mesh.data.supporting_plane import find_object
from im2mesh.data.surfaces import RESIDUAL
from im2mesh.errors import DepthError, InputError
from im2mesh.generation.pipeline import Reconstruction, Reconstructor
from im2mesh.geometry.cameras import Camera, CubeFrame, RayMap
from im2mesh.models.build import default_device

if TYPE_CHECKING:
    import trimesh

log = logging.getLogger(__name__)

NEAREST, FARTHEST = 0.01, 3.0
"""Distances, in metres, outside of which a warning says that the unit may be wrong."""

COARSE = 32
"""Cells of the coarse lattice on which the cube's depth is checked."""

DEEPENINGS, DEEPENING = 2, 0.2
"""Number of times that the cube may be made deeper, and the share of its side each time."""

CUT_OFF = 0.03
"""Share of the coarse mesh's vertices at the cube's back from which the cube is made deeper."""

DEEPENED = "deepened, because a coarse mesh reached the cube's back"

LEAST_GIVEN = 0.9
"""Least share of a seen length that a given one may have: a rim of wrong pixels is possible."""

LEAST_DISTANCE = 0.75
"""Least distance of the camera from the cube's centre, in sides of the cube."""

MIN_PIECE = 0.01
"""``generation.min_piece`` of sensor depth, whose ragged rims leave crumbs that no pixel shows."""


@dataclass(frozen=True)
class SensorReconstruction:
    """A metric mesh and the intermediate results on the way to it.

    Attributes:
        mesh: in metres, in the camera frame (OpenCV's); closed unless it was simplified.
        camera: the image's intrinsics.
        placement: the cube, and the way in which its size was chosen.
        cleaned: the object's pixels, and the removed ones.
        shown: (256, 256) float32 orthographic depth map, the networks' input.
        rays: the map of the camera's own rays.
        reconstruction: the mesh in the cube, with times and counts.
        points: (N, 3) float64, the object's measured points, in metres in the camera frame.
    """

    mesh: trimesh.Trimesh
    camera: Camera
    placement: Placement
    cleaned: Cleaned
    shown: np.ndarray
    rays: RayMap
    reconstruction: Reconstruction
    points: np.ndarray

    @property
    def closed(self) -> bool:
        """True if the mesh has faces and every edge belongs to two of them."""
        return bool(len(self.mesh.faces)) and self.mesh.is_watertight

    @property
    def extents(self) -> np.ndarray:
        """(3,) extents of the mesh along the cube's axes, in metres; 0 if it is empty."""
        vertices = self.reconstruction.vertices
        return self.placement.frame.size * (
            np.ptp(vertices, axis=0) if len(vertices) else np.zeros(3)
        )

    @property
    def summary(self) -> str:
        """One line: the object's distance, its seen extents and those of the mesh."""
        seen, mesh = (
            "×".join(f"{1e3 * length:.0f}" for length in lengths)
            for lengths in (self.placement.seen, self.extents)
        )
        state = "closed" if self.closed else "not closed" if len(self.mesh.faces) else "empty"
        distance = float(np.median(self.points[:, 2]))
        return f"object at {distance:.2f} m, seen {seen} mm, mesh {mesh} mm, {state}"


_bundled = lru_cache(maxsize=1)(Reconstructor.bundled)


def reconstruct(
    depth: ArrayLike,
    intrinsics: ArrayLike | Camera,
    mask: ArrayLike | None = None,
    *,
    reconstructor: Reconstructor | None = None,
    noise: float | None = None,
    size: float | None = None,
    extent: float | None = None,
    device: torch.device | str | None = None,
) -> SensorReconstruction:
    """Make a closed mesh of one object in a depth image.

    Args:
        depth: (H, W) z in metres; holes are 0, negative, NaN or infinite.
        intrinsics: fx, fy, cx, cy in pixels, a 3×3 matrix, or a camera.
        mask: (H, W) bool, the object's pixels; None: the largest object on the dominant plane
            (:func:`im2mesh.data.supporting_plane.find_object`).
        reconstructor: the levels; None: the bundled ones.
        noise: standard deviation of the depths in metres; None: the usual one at that distance
            (:func:`im2mesh.data.surfaces.default_noise`).
        size: the object's largest extent in metres; None: estimated.
        extent: its extent along the direction of view in metres; None: estimated.
        device: where the bundled levels run, None: CUDA where there is one; a given reconstructor
            has its own.

    Raises:
        DepthError: shapes differ, or no pixel of the object can be used.
        InputError: the intrinsics or a number cannot be used, or less than what is seen.
    """
    import trimesh

    camera = Camera.of(intrinsics)
    z = _checked_depth(depth)
    _check_numbers(noise=noise, size=size, extent=extent)
    inside = find_object(z, camera, noise) if mask is None else _checked_mask(mask, z)
    cleaned = clean(z, inside, camera, noise)
    if not cleaned.measured:
        raise DepthError(
            "no pixel of the object is left: "
            + ", ".join(f"{count} {reason}" for reason, count in cleaned.removed.items())
            + f", {cleaned.holes} holes; check the mask and the depth's unit"
        )
    placement = place(cleaned, camera, size, extent)
    _check_size("size", size, float(placement.seen.max()))
    _check_size("extent", extent, float(placement.seen[2]))
    frame = placement.frame
    if frame.distance < LEAST_DISTANCE:
        raise DepthError(
            f"the object's size, {frame.size:.3g} m, is too much for its distance, "
            f"{np.linalg.norm(frame.centre):.3g} m; "
            + ("give its mask" if mask is None else "check the mask, intrinsics and size")
        )
    _warn_of_units(cleaned)
    levels = reconstructor or _bundled(str(device or default_device()))
    fans = pixel_fans(cleaned.depth, camera, cleaned.noise)
    guess = pixel_fans(cleaned.guess, camera, cleaned.noise)
    if extent is None and size is None:
        placement = _deepened(placement, fans, guess, cleaned, camera, levels)
        frame = placement.frame
    shown, rays = orthographic_map(guess, frame), ray_map(fans, cleaned.unknown, frame)
    if not (shown >= 0).any():
        raise DepthError("the object covers less than a pixel of its own map; check size and mask")
    result = _adapted(levels, cleaned, frame)(shown, rays=rays)
    mesh = trimesh.Trimesh(frame.to_camera(result.vertices), result.faces, process=False)
    return SensorReconstruction(
        mesh, camera, placement, cleaned, shown, rays, result, measured_points(cleaned, z, camera)
    )


def _adapted(
    levels: Reconstructor, cleaned: Cleaned, frame: CubeFrame, **changes: Any
) -> Reconstructor:
    """Return the same levels with settings for an object's noise, and with other changes."""
    changes["min_piece"] = levels.settings.min_piece or MIN_PIECE
    if levels.settings.observation != "none":
        changes["observation_noise"] = RESIDUAL * cleaned.noise / frame.size
    return Reconstructor(levels.levels, replace(levels.settings, **changes), levels.device)


def _deepened(
    placement: Placement,
    fans: Fans,
    guess: Fans,
    cleaned: Cleaned,
    camera: Camera,
    levels: Reconstructor,
) -> Placement:
    """Make the cube deeper if a coarse mesh of the object reaches its back.

    The supporting plane stays the limit. The cube is never made less deep: the estimate rarely
    exceeds the coarse mesh by much, and scores hardly depend on the scale.
    """
    if levels.settings.lattice == "released":
        return placement
    coarse = {
        "resolution": COARSE,
        "mise_resolution": COARSE,
        "extraction": "dense",
        "symmetry": "none",
        "refinement_step": 0,
        "simplify_nfaces": None,
    }
    for _ in range(DEEPENINGS):
        frame = placement.frame
        more = min(placement.extent + DEEPENING * frame.size, placement.most)
        if more < placement.extent + frame.size / COARSE:
            break
        rough = _adapted(levels, cleaned, frame, **coarse)
        shown = orthographic_map(guess, frame)
        if not (shown >= 0).any():
            break
        z = rough(shown, rays=ray_map(fans, cleaned.unknown, frame)).vertices[:, 2]
        if not len(z) or (z < -0.5 + 1.5 / COARSE).mean() < CUT_OFF:
            break
        deeper = place(cleaned, camera, extent=more)
        placement = replace(deeper, how=DEEPENED, most=placement.most)
    return placement


def measured_points(cleaned: Cleaned, depth: np.ndarray, camera: Camera) -> np.ndarray:
    """Return the object's measured points, (N, 3), without filled holes."""
    rows, columns = np.nonzero(cleaned.seen & np.isfinite(depth))
    return camera.rays(columns, rows) * depth[rows, columns, None]


def _warn_of_units(cleaned: Cleaned) -> None:
    distance = float(np.nanmedian(cleaned.depth))
    if not NEAREST <= distance <= FARTHEST:
        log.warning(
            "the object is at %.4g m; if it is not, depth is in another unit (depth scale)",
            distance,
        )


def _checked_depth(depth: ArrayLike) -> np.ndarray:
    """Return depth with NaN for holes, as a new array."""
    stored = np.asarray(depth)
    if stored.dtype.kind not in "fiu":
        raise DepthError(f"depth holds {stored.dtype} values; expected z in metres")
    z = without_holes(stored)
    if z.ndim == 3 and z.shape[2] == 1:
        z = z[..., 0]
    if z.ndim != 2:
        raise DepthError(f"depth has shape {z.shape}; expected (H, W), z in metres")
    if not np.isfinite(z).any():
        raise DepthError("no pixel of the depth image has a depth")
    return z


def _checked_mask(mask: ArrayLike, depth: np.ndarray) -> np.ndarray:
    inside = np.asarray(mask).astype(bool)
    if inside.shape != depth.shape:
        raise DepthError(f"the mask has shape {inside.shape}, the depth image {depth.shape}")
    if not inside.any():
        raise DepthError("the mask is empty: no pixel is set")
    if not np.isfinite(depth[inside]).any():
        raise DepthError(
            "no pixel of the mask has a depth; are mask and depth image of the same view?"
        )
    return inside


def _check_numbers(**numbers: float | None) -> None:
    for name, value in numbers.items():
        if value is not None and not (np.isfinite(value) and value >= 0):
            raise InputError(f"{name} {value}: must be a length in metres, not negative")
        if value == 0 and name != "noise":
            raise InputError(f"{name} 0: must be more than 0 metres")


def _check_size(name: str, given: float | None, seen: float) -> None:
    """Refuse a length of the object that is clearly less than what the camera saw of it."""
    if given is not None and given < LEAST_GIVEN * seen:
        raise InputError(
            f"{name} {given:.3g}: the seen part of the object is {seen:.3g} m long; give the whole "
            "object's length in metres, or check the mask"
        )
