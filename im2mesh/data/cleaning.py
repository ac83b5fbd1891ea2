"""Cleaning a sensor's depth: the pixels of a masked depth image that show the object.

Depth is (H, W) float64 z in metres, NaN where nothing was measured.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from im2mesh.data.supporting_plane import Plane, find_plane, foot, table_pixels
from im2mesh.data.surfaces import (
    default_noise,
    neighbours_on_surface,
    same_surface,
    smoothed,
    surface_pieces,
)
from im2mesh.geometry.cameras import Camera

LEAST_NEIGHBOURS = 4
"""A pixel with fewer of its eight neighbours on its own surface is a flying pixel."""

SMALL_PIECE, FAR_PIECE = 0.05, 0.1
"""A detached piece is removed if it has less than this share of the object's pixels and is further
from the rest than this share of the rest's extent."""

FARTHEST_PIECE = 1.0
"""A piece of any size is removed if it is further from the rest than this many extents."""

GAP_CLOSING = 9
"""A gap counts as enclosed by the mask if its openings are narrower than this, in pixels."""

GAP_LINKS = 0.3
"""Least share of a gap's border that continues the object's surface, for the gap to be filled."""

RIM = 2
"""Width in pixels of the rim around the mask that is unknown where nothing was measured."""

GUESSED = 7
"""Unknown strips between the object's pixels that are narrower count as the object, in pixels."""

SMALL_HOLE = 30
"""Largest number of pixels of a hole that is filled from its border."""

PLANE_RING = 0.35
"""Width of the ring around the mask in which a supporting plane is looked for, in extents of the
mask."""

FLAT = 0.5
"""A mask with a larger share of its pixels on the plane means a flat object: all of it is kept."""


@dataclass(frozen=True)
class Cleaned:
    """The pixels of a depth image that show one object."""

    # (H, W) float64, z in metres at the object's pixels, small holes filled; NaN elsewhere
    depth: np.ndarray
    # The same; at unknown pixels that the object encloses, the depth of its nearest pixel. This is
    # the networks' input, because they take gaps for background.
    guess: np.ndarray
    # (H, W) bool, pixels that may or may not show the object: holes, occluders in front of it,
    # removed pixels, an unmeasured rim. They have no `depth`.
    unknown: np.ndarray
    measured: int  # number of the object's pixels that were measured and kept
    removed: dict[str, int]  # reason → number of pixels of the mask that were removed
    holes: int  # pixels of the mask without a measurement
    filled: int  # pixels that were filled from their surroundings
    plane: Plane | None  # the plane that the object stands on, None where none was found
    dropped: np.ndarray  # (H, W) bool, the removed pixels
    noise: float  # standard deviation of the depths in metres

    @property
    def seen(self) -> np.ndarray:
        """(H, W) bool, the object's pixels with a depth."""
        return np.isfinite(self.depth)


def clean(
    depth: np.ndarray, mask: np.ndarray, camera: Camera, noise: float | None = None
) -> Cleaned:
    """Find an object's pixels and what is unknown around them.

    ``mask`` (H, W) bool has the object's pixels. ``noise`` is the standard deviation of the depths
    in metres; None: :func:`default_noise`.
    """
    inside = depth[mask & np.isfinite(depth)]
    if noise is None:
        noise = default_noise(float(np.median(inside))) if len(inside) else 0.0
    window = _window(mask, depth.shape)
    own = Camera(camera.fx, camera.fy, camera.cx - window[1].start, camera.cy - window[0].start)
    cleaned = _clean(depth[window], mask[window], own, noise)
    if window == np.s_[0 : depth.shape[0], 0 : depth.shape[1]]:
        return cleaned
    # Back into the whole image.
    depths, flags = np.full((2, *depth.shape), np.nan), np.zeros((2, *depth.shape), bool)
    for image, part in zip(
        [*depths, *flags],
        (cleaned.depth, cleaned.guess, cleaned.unknown, cleaned.dropped),
        strict=True,
    ):
        image[window] = part
    return replace(cleaned, depth=depths[0], guess=depths[1], unknown=flags[0], dropped=flags[1])


def _window(mask: np.ndarray, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return the part of the image that is used: the mask's bounds and the ring around them."""
    if not mask.any():
        return np.s_[0 : shape[0], 0 : shape[1]]
    bounds = [np.flatnonzero(mask.any(axis=1 - axis))[[0, -1]] for axis in (0, 1)]
    extent = max(int(high - low) + 1 for low, high in bounds)
    ring = int(np.ceil(PLANE_RING * extent)) + RIM + 2
    rows, columns = (
        slice(max(int(low) - ring, 0), min(int(high) + 1 + ring, side))
        for (low, high), side in zip(bounds, shape, strict=True)
    )
    return rows, columns


def _clean(depth: np.ndarray, mask: np.ndarray, camera: Camera, noise: float) -> Cleaned:
    rays = camera.rays_of(depth.shape)
    points = rays * depth[..., None]
    measured = np.isfinite(depth)
    holes = int((mask & ~measured).sum())
    plane = find_plane(points, mask & measured, mask, noise)
    # Heights over the plane, in units of the largest measured distance of the plane's own points.
    height = np.full(depth.shape, np.inf)
    if plane is not None:
        height = plane.height(points) / plane.tolerance(rays, noise)
    whole = ndimage.binary_fill_holes(_closed(mask))
    mask = mask | _continued_gaps(mask, whole, depth, height, camera, noise)
    if plane is not None:
        mask = mask | foot(mask, points, height > 1, plane, camera)
    kept = mask & measured

    removed = {}
    flying = kept & (
        neighbours_on_surface(np.where(kept, depth, np.nan), camera, noise) < LEAST_NEIGHBOURS
    )
    removed["flying pixels"] = int(flying.sum())
    kept &= ~flying
    on_plane = np.abs(height) < 1
    table = table_pixels(kept, height)
    if table.sum() > FLAT * kept.sum():
        plane, on_plane, table = None, np.zeros_like(mask), np.zeros_like(mask)
    removed["supporting plane"] = int(table.sum())
    kept &= ~table
    far = _far_pieces(points, depth, kept, camera, noise)
    removed["far pieces"] = int(far.sum())
    kept &= ~far
    count = int(kept.sum())

    object_depth = np.where(kept, depth, np.nan)
    dropped = mask & measured & ~kept
    # A gap of the mask is background where the camera sees past the object through it.
    unknown = (dropped & ~far & ~on_plane) | (whole & ~measured)
    unknown |= ndimage.binary_dilation(mask, iterations=RIM) & ~measured
    occluder = _occluders(depth, object_depth, mask | on_plane, mask, camera, noise)
    unknown |= occluder
    object_depth, filled = _filled(object_depth, unknown & whole & ~occluder, camera, noise)
    unknown &= ~np.isfinite(object_depth)
    object_depth = smoothed(object_depth, camera, noise)
    guess = _guessed(object_depth, unknown & ~occluder, mask)
    return Cleaned(
        object_depth, guess, unknown, count, removed, holes, filled, plane, dropped, noise
    )


def _closed(mask: np.ndarray, width: int = GAP_CLOSING) -> np.ndarray:
    """Return a mask with the gaps between its parts that are narrower than ``width``."""
    # Filters that run along rows and columns separately are faster than binary_closing.
    closed = ndimage.maximum_filter(np.pad(mask, width), width)
    return np.asarray(ndimage.minimum_filter(closed, width)[width:-width, width:-width])


def _continued_gaps(
    mask: np.ndarray,
    whole: np.ndarray,
    depth: np.ndarray,
    height: np.ndarray,
    camera: Camera,
    noise: float,
) -> np.ndarray:
    """Find the gaps of the mask across which the object's surface continues."""
    gaps, count = ndimage.label(whole & ~mask & np.isfinite(depth))
    if not count:
        return np.zeros_like(mask)
    across, linked = np.zeros((2, count + 1), np.int64)
    for axis in (0, 1):
        for here, there in ((np.s_[1:], np.s_[:-1]), (np.s_[:-1], np.s_[1:])):
            gap = np.moveaxis(gaps, axis, 0)[here]
            border = (gap > 0) & np.moveaxis(mask, axis, 0)[there]
            a, b = (np.moveaxis(depth, axis, 0)[side] for side in (here, there))
            border &= np.isfinite(b)
            across += np.bincount(gap[border], minlength=count + 1)
            same = border & same_surface(a, b, camera, noise)
            linked += np.bincount(gap[same], minlength=count + 1)
    continued = (across > 0) & (linked >= GAP_LINKS * across)
    # Not where the table is seen through an opening.
    above = np.bincount(gaps[height > 1], minlength=count + 1)
    continued &= above >= np.bincount(gaps.ravel(), minlength=count + 1) / 2
    return np.asarray(continued[gaps])


def _far_pieces(
    points: np.ndarray, depth: np.ndarray, kept: np.ndarray, camera: Camera, noise: float
) -> np.ndarray:
    """Find detached pieces that are small and far from the largest."""
    pieces, count = surface_pieces(np.where(kept, depth, np.nan), camera, noise)
    far = np.zeros_like(kept)
    if count < 2:
        return far
    sizes = np.bincount(pieces[kept], minlength=count)
    largest = int(sizes.argmax())
    main = points[pieces == largest]
    low, high = main.min(axis=0), main.max(axis=0)
    extent = float((high - low).max())
    for piece in np.flatnonzero(sizes):
        if piece == largest:
            continue
        own = points[pieces == piece]
        # The distance from the largest piece's bounds is enough to tell far from near.
        gap = float(np.linalg.norm(np.maximum(0, np.maximum(low - own, own - high)), axis=1).min())
        small = sizes[piece] < SMALL_PIECE * sizes[largest]
        if gap > FARTHEST_PIECE * extent or (small and gap > FAR_PIECE * extent):
            far |= pieces == piece
    return far


def _occluders(
    depth: np.ndarray,
    object_depth: np.ndarray,
    never: np.ndarray,
    mask: np.ndarray,
    camera: Camera,
    noise: float,
) -> np.ndarray:
    """Find pixels beside the mask that show something in front of the object."""
    seen = np.isfinite(object_depth)
    if not seen.any():
        return np.zeros_like(seen)
    nearest = ndimage.distance_transform_edt(~seen, return_distances=False, return_indices=True)
    own = object_depth[tuple(nearest)]
    front = np.isfinite(depth) & ~never & (depth < own)
    front &= ~same_surface(depth, own, camera, noise)
    pieces, _ = ndimage.label(front)
    touching = np.unique(pieces[ndimage.binary_dilation(mask, iterations=RIM + 1) & front])
    return np.asarray(np.isin(pieces, touching[touching > 0]))


def _filled(
    depth: np.ndarray, holes: np.ndarray, camera: Camera, noise: float
) -> tuple[np.ndarray, int]:
    """Fill small holes within one surface by the mean around them; return also their pixels."""
    pieces, count = ndimage.label(holes)
    if not count:
        return depth, 0
    # Fill holes that are small and whose border is one surface.
    there = np.isfinite(depth)
    low = ndimage.minimum_filter(np.where(there, depth, np.inf), 3)
    high = ndimage.maximum_filter(np.where(there, depth, -np.inf), 3)
    numbers, own = np.arange(count + 1), pieces[holes]
    low, high = (
        extreme(values[holes], own, numbers)
        for extreme, values in ((ndimage.minimum, low), (ndimage.maximum, high))
    )
    small = np.bincount(pieces.ravel(), minlength=count + 1) <= SMALL_HOLE
    small &= same_surface(low, high, camera, noise) & np.isfinite(low)
    small[0] = False
    # Do not fill those beside background or beside a hole that stays.
    fill = small[pieces]
    open_ends = ndimage.binary_dilation(~(there | fill)) & fill
    small[np.unique(pieces[open_ends])] = False
    fill = small[pieces]
    if not fill.any():
        return depth, 0
    # Disparity is affine over a plane, so that means of it lie on the plane.
    disparity = np.where(there, 1 / np.where(there, depth, 1.0), 0.0)
    weights = ndimage.gaussian_filter(there.astype(np.float64), 2.0)
    smooth = ndimage.gaussian_filter(disparity, 2.0)
    fill &= weights > 1e-6
    result = depth.copy()
    result[fill] = weights[fill] / smooth[fill]
    return result, int(fill.sum())


def _guessed(depth: np.ndarray, unknown: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return depth with the object's unknown pixels taken from the nearest known one."""
    seen = np.isfinite(depth)
    if not seen.any():
        return depth
    own = _closed(seen | (unknown & mask), GUESSED) & unknown
    nearest = ndimage.distance_transform_edt(~seen, return_distances=False, return_indices=True)
    return np.where(own, depth[tuple(nearest)], depth)
