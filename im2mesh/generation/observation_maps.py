"""Maps that an :class:`~im2mesh.generation.observation.Observation` reads, made of a depth map.

All lengths are in pixels; depths become heights z.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from im2mesh.generation.constants import OBSERVATION
from im2mesh.generation.outlines import (
    FAR,
    growth,
    half_width,
    refined,
    signed_distance,
    smooth_outline,
    smoothed,
)

Pair = tuple[np.ndarray, np.ndarray]
"""One array for each axis, rows first."""

Surface = tuple[np.ndarray, Pair]
"""(H, W) heights, and their slopes along both axes."""


@dataclass(frozen=True)
class ObservationMaps:
    """Maps of (2H−1, 2W−1) points at half-pixel steps, float64, in pixels.

    The *near* and the *far* surface are the observed one where there is no occlusion edge. Beside
    an edge they are the parts on its two sides, each continued across the edge.

    Attributes:
        outline: distance from the silhouette, positive in the object.
        edge: distance from the nearest occlusion edge, positive on its near side.
        near: z of the near surface.
        far: z of the far surface.
        near_cosine: cosine between the near surface's normal and the ray.
        far_cosine: the same for the far surface.
        near_width: half the width of the visible part, at most that of the shell; −1 where there
            is no shell.
        far_width: the same for the far surface.
        own: z of the observed surface, whichever part it belongs to; far away between two parts.
        own_cosine: cosine of its slope.
        clear: distance from all occlusion edges, less two pixels.
        unknown: distance from the border of the pixels that are not known, positive in them.
    """

    outline: np.ndarray
    edge: np.ndarray
    near: np.ndarray
    far: np.ndarray
    near_cosine: np.ndarray
    far_cosine: np.ndarray
    near_width: np.ndarray
    far_width: np.ndarray
    own: np.ndarray
    own_cosine: np.ndarray
    clear: np.ndarray
    unknown: np.ndarray

    @classmethod
    def draw(
        cls, depth: np.ndarray, cell: float, noise: float, known: np.ndarray | None
    ) -> ObservationMaps:
        """Draw the maps of a depth map.

        Args:
            depth: (S, S), background < 0.
            cell: side of a cell of the lattice, in pixels.
            noise: standard deviation of the depths, in pixels.
            known: (S, S) bool or None.

        Returns:
            Maps with H = W = S + 2 · ``OBSERVATION.padding``.
        """
        heights, seen, missing = _prepared(depth, noise, known)
        jump = _jump(noise)
        slopes, jumps = _slopes(heights, seen, jump)
        heights, slopes = _continued_outside(heights, slopes, seen)
        radius = OBSERVATION.shell_thickness / 2 * cell
        moved = OBSERVATION.max_outline_shift + OBSERVATION.max_growth * cell
        edge, near, far, clear = _layers(heights, slopes, jumps, 2 * radius, moved)

        outline, edge = smooth_outline(seen | missing), refined(edge)
        grow, grow_near = growth(outline, cell), growth(np.minimum(outline, edge), cell)
        outline = outline + np.where(edge > 0, np.maximum(grow, grow_near), grow)
        edge = edge + grow_near
        near_width = half_width(np.minimum(outline, edge), radius)
        near_width = np.where(edge > 0, near_width, radius)
        return cls(
            outline=outline,
            edge=edge,
            near=refined(near[0]),
            far=refined(far[0]),
            near_cosine=refined(_cosine(near[1])),
            far_cosine=refined(_cosine(far[1])),
            near_width=np.where(_joins_parts(near[0], jump), -1, near_width),
            far_width=np.where(_joins_parts(far[0], jump), -1, half_width(outline, radius)),
            own=np.where(_between(jumps), -FAR, refined(heights)),
            own_cosine=refined(_cosine(slopes)),
            clear=refined(clear),
            unknown=refined(signed_distance(missing)),
        )


def surface_normals(depth: np.ndarray) -> np.ndarray:
    """Return the observed surface's normals.

    Args:
        depth: (S, S), background < 0.

    Returns:
        (N, 3) float64 unit vectors in the camera frame, z > 0, at the foreground's pixels, row by
        row, from the differences to neighbours on the same surface; (0, 0, 1) where there is none.
    """
    seen = depth >= 0
    heights = np.where(seen, (0.5 - depth) * len(depth), 0)
    along, across = _slopes(heights, seen, OBSERVATION.jump)[0]
    normals = np.stack([-across[seen], along[seen], np.ones(seen.sum())], axis=1)
    return np.asarray(normals / np.linalg.norm(normals, axis=1, keepdims=True))


def _jump(noise: float) -> float:
    """Return the step between neighbours that separates parts, in pixels."""
    return OBSERVATION.jump + 4 * noise


def _prepared(
    depth: np.ndarray, noise: float, known: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pad a depth map, close its small holes and filter its noise.

    Returns:
        (H, W) heights; (H, W) bool, where a surface is known; (H, W) bool, where nothing is.
    """
    side, padding = len(depth), OBSERVATION.padding
    depth = np.pad(depth.astype(np.float64), padding, constant_values=-1)
    seen = depth >= 0
    missing = np.zeros_like(seen)
    if known is not None:
        missing = ~np.pad(known, padding, constant_values=True)
        seen &= ~missing
    elif noise:
        missing = _small_holes(seen)
    heights = np.where(seen, (0.5 - depth) * side, 0)
    closed = missing & ndimage.binary_closing(seen, _disc(OBSERVATION.hole_radius))
    if noise or closed.any():
        heights = _filtered(heights, seen, closed, noise)
    return heights, seen | closed, missing & ~closed


def _disc(radius: int) -> np.ndarray:
    rows, columns = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(rows**2 + columns**2 <= radius**2)


def _small_holes(seen: np.ndarray) -> np.ndarray:
    """Find background that the object encloses, in pieces no larger than the largest hole."""
    pieces, _ = ndimage.label(~seen)
    sizes = np.bincount(pieces.ravel())
    small = sizes <= _disc(OBSERVATION.hole_radius).sum()
    small[0] = False
    return np.asarray(small[pieces])


def _filtered(
    heights: np.ndarray, seen: np.ndarray, closed: np.ndarray, noise: float
) -> np.ndarray:
    """Filter the heights' noise, and interpolate them where holes are closed.

    A bilateral filter: a mean over a neighbourhood that leaves out other parts of the object.
    """
    index = ndimage.distance_transform_edt(~seen, return_distances=False, return_indices=True)
    own = heights[tuple(index)]
    span = 3 * noise if noise else _jump(noise)
    total, weights = np.zeros_like(heights), np.zeros_like(heights)
    radius = OBSERVATION.hole_radius
    reach = radius + 1
    padded, there = np.pad(heights, reach), np.pad(seen, reach)
    size = len(heights)
    for row in range(2 * reach + 1):
        for column in range(2 * reach + 1):
            at = np.s_[row : row + size, column : column + size]
            square = ((row - reach) ** 2 + (column - reach) ** 2) / (radius / 2) ** 2
            difference = (padded[at] - own) / span
            weight = there[at] * np.exp(-0.5 * (square + difference**2))
            total += weight * padded[at]
            weights += weight
    mean = total / np.maximum(weights, 1e-300)
    changed = closed | seen if noise else closed
    return np.where(changed & (weights > 0), mean, own)


def _slopes(heights: np.ndarray, seen: np.ndarray, jump: float) -> tuple[Pair, Pair]:
    """Return the surface's slopes along rows and columns (axes 0 and 1), and its jumps.

    Returns:
        (H, W) slopes, 0 where nothing is known; for each axis a bool array, one shorter along it,
        true where an occlusion edge lies between a pixel and the next.
    """
    slopes, jumps = [], []
    for axis in (0, 1):
        h, there = np.moveaxis(heights, axis, 0), np.moveaxis(seen, axis, 0)
        step = np.where(there[1:] & there[:-1], h[1:] - h[:-1], 0)
        before, after = np.zeros_like(step), np.zeros_like(step)
        before[1:], after[:-1] = step[:-1], step[1:]
        # A neighbouring slope explains a step in its own direction only.
        beside = np.maximum(before * np.sign(step), after * np.sign(step)).clip(0)
        torn = np.abs(step) > jump + OBSERVATION.steepening * beside
        whole = there[1:] & there[:-1] & ~torn
        total, count = np.zeros_like(h), np.zeros_like(h)
        for side in (np.s_[1:], np.s_[:-1]):
            total[side] += np.where(whole, step, 0)
            count[side] += whole
        slopes.append(np.moveaxis(total / np.maximum(count, 1), 0, axis))
        jumps.append(np.moveaxis(torn, 0, axis))
    return (slopes[0], slopes[1]), (jumps[0], jumps[1])


def _continued_outside(heights: np.ndarray, slopes: Pair, seen: np.ndarray) -> Surface:
    """Continue the nearest pixel's surface to pixels without one."""
    source = ndimage.distance_transform_edt(~seen, return_distances=False, return_indices=True)
    return _continued(heights, slopes, source)


def _continued(heights: np.ndarray, slopes: Pair, source: np.ndarray) -> Surface:
    """Give each pixel the height and slopes of another pixel's tangent plane.

    Args:
        heights: (H, W).
        slopes: along both axes.
        source: (2, H, W) row and column of the other pixel.
    """
    at = tuple(source)
    continued = heights[at]
    steepest, radius = OBSERVATION.max_continued_slope, OBSERVATION.hole_radius
    for axis in (0, 1):
        offset = np.indices(heights.shape)[axis] - source[axis]
        slope = slopes[axis][at].clip(-steepest, steepest)
        continued = continued + slope * offset.clip(-radius, radius)
    return continued, (slopes[0][at], slopes[1][at])


def _layers(
    heights: np.ndarray, slopes: Pair, jumps: Pair, reach: float, moved: float
) -> tuple[np.ndarray, Surface, Surface, np.ndarray]:
    """Continue the parts on both sides of occlusion edges across them.

    A part may hide one part and be hidden by another, so its side depends on the edge. Beside an
    edge that hides it a pixel counts as far, everywhere else as near. Where the side changes both
    surfaces are the pixel's own, so that interpolation between pixels never mixes two parts.

    Args:
        heights: (H, W).
        slopes: along both axes.
        jumps: edges, see :func:`_slopes`.
        reach: distance to which the far parts are continued behind the near ones.
        moved: largest distance by which the near parts' outline is moved.

    Returns:
        Distance from the edge, positive on its near side; the near surface; the far surface;
        distance from all edges, less two pixels.
    """
    own = heights, slopes
    if not (jumps[0].any() or jumps[1].any()):
        nowhere = np.full_like(heights, FAR)
        return nowhere, own, own, nowhere
    # A pixel more than the outline may move, so that interpolation finds the near part there.
    beside = moved + 1.5
    search = max(reach + 1, beside + 3)
    hiding, yonder = _nearest_edges(heights, jumps, search, lower=True)
    hidden, hither = _nearest_edges(heights, jumps, search, lower=False)
    narrow = hiding + hidden < beside + 4.5
    # Only one edge of a narrow part can be kept; the other becomes a slope, a pixel wide.
    drop = heights - heights[tuple(yonder)]
    rise = heights[tuple(hither)] - heights
    faces_far = np.where(narrow, rise > drop, hidden < hiding)
    is_far = (hidden < beside + 1.5) & np.where(narrow, faces_far, True)
    smooth = smoothed(np.where(faces_far, -hidden, hiding))
    edge = np.where(is_far, -np.abs(smooth), np.where(faces_far, hiding, smooth))
    itself = np.indices(heights.shape)
    near = _continued(heights, slopes, np.where(is_far & (hidden < beside), hither, itself))
    behind = ~is_far & (hiding < reach + 1) & ((narrow & ~faces_far) | (hidden > beside + 3))
    far = _continued(heights, slopes, np.where(behind, yonder, itself))
    return edge, near, far, np.minimum(hiding, hidden) - 2


def _nearest_edges(heights: np.ndarray, jumps: Pair, reach: float, lower: bool) -> Pair:
    """Find the nearest edge of each pixel's own part along paths that cross no edge.

    Args:
        heights: (H, W).
        jumps: edges between neighbours along both axes, see :func:`_slopes`.
        reach: largest distance that is searched.
        lower: look for edges to lower surfaces; else to higher ones.

    Returns:
        (H, W) distances, FAR where there is none; (2, H, W) the pixel across the edge.
    """
    shape, level = heights.shape, heights.ravel()
    pixel = np.arange(level.size)
    place = np.stack(np.divmod(pixel, shape[1])).astype(np.float64)
    distance, mark, across = np.full(level.size, FAR), place.copy(), pixel.copy()
    # A step to a neighbour; at the first pixel of each such pair, whether an edge separates it.
    ways = []
    for axis, step in ((0, shape[1]), (1, 1)):
        torn, whole = np.zeros((2, *shape), dtype=bool)
        first = (np.s_[:-1], np.s_[:, :-1])[axis]
        torn[first], whole[first] = jumps[axis], ~jumps[axis]
        ways += [(side, torn.ravel(), whole.ravel()) for side in (step, -step)]
    for step, torn, _ in ways:
        here = pixel[torn] + max(0, -step)
        here = here[((level[here + step] < level[here]) == lower) & (distance[here] > 0.5)]
        distance[here], across[here] = 0.5, here + step
        mark[:, here] = (place[:, here] + place[:, here + step]) / 2
    changed = np.flatnonzero(distance < FAR)
    for _ in range(int(np.ceil(1.5 * reach))):
        start = len(changed)
        for step, _, whole in ways:
            there = changed[whole[np.minimum(changed, changed - step)]]
            here = there - step
            candidate = np.hypot(*(place[:, here] - mark[:, there]))
            better = candidate < distance[here]
            here, there = here[better], there[better]
            distance[here], across[here] = candidate[better], across[there]
            mark[:, here] = mark[:, there]
            changed = np.concatenate([changed, here])
        # Only neighbours of pixels that have just changed can change.
        changed = np.unique(changed[start:])
    return distance.reshape(shape), np.stack(np.divmod(across, shape[1])).reshape(2, *shape)


def _joins_parts(heights: np.ndarray, jump: float) -> np.ndarray:
    """Find the points at which interpolation would join parts at very different heights."""
    step = OBSERVATION.max_shell_step + jump
    return _between(_slopes(heights, np.ones_like(heights, bool), step)[1])


def _between(jumps: Pair) -> np.ndarray:
    """Find the points between pixels that edges separate."""
    rows, columns = jumps[1].shape[0], jumps[0].shape[1]
    torn = np.zeros((2 * rows - 1, 2 * columns - 1), dtype=bool)
    torn[1::2, ::2], torn[::2, 1::2] = jumps
    # Between four pixels: beside any of the torn pairs.
    torn[1::2, 1::2] = torn[1::2, :-2:2] | torn[1::2, 2::2] | torn[:-2:2, 1::2] | torn[2::2, 1::2]
    return torn


def _cosine(slopes: Pair) -> np.ndarray:
    """Return the cosine between the ray and the normal of a surface with such slopes."""
    return (1 / np.sqrt(1 + slopes[0] ** 2 + slopes[1] ** 2)).clip(OBSERVATION.min_cosine)
