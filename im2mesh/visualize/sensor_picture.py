"""A picture of a sensor's object: its pixels in the image, and the mesh from four sides."""

from __future__ import annotations

import numpy as np
from PIL import Image

from im2mesh.data.depth_picture import depth_picture
from im2mesh.generation.sensor import SensorReconstruction
from im2mesh.visualize.contact_sheet import picture_sheet
from im2mesh.visualize.picture import View, mesh_views

SIDES: tuple[View, ...] = (
    ("from the camera", 0.0, 0.0),
    ("from the side", 90.0, 0.0),
    ("from behind", 180.0, 0.0),
    ("from above", 20.0, 60.0),
)

USED, UNKNOWN, DROPPED = (90, 170, 110), (150, 90, 150), (220, 90, 70)
"""Colours over the image of the object's, unknown and removed pixels."""


def sensor_sheet(
    name: str,
    depth: np.ndarray,
    result: SensorReconstruction,
    truth: tuple[np.ndarray, np.ndarray] | None = None,
    size: int = 256,
) -> np.ndarray:
    """Draw a page of an object and, where known, the true mesh, in metres in the camera frame."""
    rays = depth_picture(result.rays.depth)
    rays[(result.rays.depth < 0) & ~result.rays.known] = UNKNOWN
    frame = result.placement.frame
    first = ("the image: object, unknown, removed", image_picture(depth, result, size))
    second = ("its rays in the cube", _resized(rays, size))
    views = mesh_views(result.reconstruction.vertices, result.reconstruction.faces, size, SIDES)
    rows = [(name, [first, second, *views])]
    if truth is not None:
        blank = ("", np.full((size, size, 3), 255, np.uint8))
        views = mesh_views(frame.to_cube(truth[0]), truth[1], size, SIDES)
        rows.append(("the true one", [blank, blank, *views]))
    return picture_sheet(rows)


def image_picture(depth: np.ndarray, result: SensorReconstruction, size: int) -> np.ndarray:
    """Draw the image around the object in grey, its pixels coloured, (size, size, 3) uint8."""
    cleaned = result.cleaned
    picture = grey_picture(
        depth, (cleaned.seen, USED), (cleaned.unknown, UNKNOWN), (cleaned.dropped, DROPPED)
    )
    picture = picture[_around(cleaned.seen)]
    height, width = picture.shape[:2]
    scale = size / max(height, width)
    small = Image.fromarray(picture).resize(
        (max(1, round(width * scale)), max(1, round(height * scale)))
    )
    canvas = Image.new("RGB", (size, size), (255, 255, 255))
    canvas.paste(small, (0, 0))
    return np.asarray(canvas)


def grey_picture(
    depth: np.ndarray, *painted: tuple[np.ndarray, tuple[int, int, int]]
) -> np.ndarray:
    """Draw an (H, W) depth image in grey, near bright, holes (NaN) black, as (H, W, 3) uint8.

    Each (H, W) bool of ``painted`` has a colour that is laid over its pixels.
    """
    there = np.isfinite(depth)
    near, far = np.nanpercentile(depth, [1, 99]) if there.any() else (0.0, 1.0)
    grey = 230 - 180 * np.clip((np.where(there, depth, far) - near) / max(far - near, 1e-9), 0, 1)
    picture = np.repeat(np.where(there, grey, 0)[..., None], 3, axis=2)
    for where, colour in painted:
        picture[where] = 0.5 * picture[where] + 0.5 * np.array(colour)
    return picture.astype(np.uint8)


def _around(seen: np.ndarray) -> tuple[slice, slice]:
    """Return the part of the image that holds the object, and half as much on each side."""
    bounds = [np.flatnonzero(seen.any(axis=1 - axis))[[0, -1]] for axis in (0, 1)]
    more = max(int(high - low) for low, high in bounds) // 2 + 1
    rows, columns = (slice(max(int(low) - more, 0), int(high) + more + 1) for low, high in bounds)
    return rows, columns


def _resized(picture: np.ndarray, size: int) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).resize((size, size), Image.Resampling.NEAREST))
