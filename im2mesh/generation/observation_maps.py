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
    nearest,
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
    """Maps of (2H−1, 2W−1) points at half-pixel steps, float64 or float32, in pixels.

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
        # The nearest pixel's surface goes on where there is none.
        heights, slopes = _continued(heights, slopes, ~seen, nearest(seen))
        radius = OBSERVATION.shell_thickness / 2 * cell
        moved = OBSERVATION.max_outline_shift + OBSERVATION.max_growth * cell
        edge, near, far, clear = _layers(heights, slopes, jumps, 2 * radius, moved)

        outline, edge = smooth_outline(seen | missing), refined(edge)
        grow = grow_near = growth(outline, cell)
        if any(each.any() for each in jumps):
            grow_near = growth(np.minimum(outline, edge), cell)
        outline = outline + np.where(edge > 0, np.maximum(grow, grow_near), grow)
        edge = edge + grow_near
        near_width = half_width(np.minimum(outline, edge), radius, edge > 0)
        near_width = np.where(edge > 0, near_width, radius)
        return cls(
            outline=outline,
            edge=edge,
            near=refined(near[0], np.float32),
            far=refined(far[0], np.float32),
            near_cosine=refined(_cosine(near[1]), np.float32),
            far_cosine=refined(_cosine(far[1]), np.float32),
            near_width=np.where(_joins_parts(near[0], jump), -1, near_width),
            far_width=np.where(_joins_parts(far[0], jump), -1, half_width(outline, radius)),
            own=np.where(_between(jumps), -FAR, refined(heights)),
            own_cosine=refined(_cosine(slopes), np.float32),
            clear=refined(clear, np.float32),
            unknown=refined(signed_distance(missing), np.float32),
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
    own = heights.ravel()[nearest(seen)]
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
        both = there[1:] & there[:-1]
        step = np.where(both, h[1:] - h[:-1], 0)
        torn = _torn(step, jump)
        step[torn] = 0
        whole = both & ~torn
        total, count = np.zeros_like(h), np.zeros_like(h)
        for side in (np.s_[1:], np.s_[:-1]):
            total[side] += step
            count[side] += whole
        slopes.append(np.moveaxis(total / np.maximum(count, 1), 0, axis))
        jumps.append(np.moveaxis(torn, 0, axis))
    return (slopes[0], slopes[1]), (jumps[0], jumps[1])


def _torn(steps: np.ndarray, jump: float) -> np.ndarray:
    """Find the steps along axis 0 that are too large to be a slope."""
    torn = np.abs(steps) > jump
    at = row, column = np.nonzero(torn)
    padded = np.pad(steps, ((1, 1), (0, 0)))
    # A neighbouring slope explains a step in its own direction only.
    direction = np.sign(steps[at])
    beside = np.maximum(padded[row, column] * direction, padded[row + 2, column] * direction)
    torn[at] = np.abs(steps[at]) > jump + OBSERVATION.steepening * beside.clip(0)
    return torn


def _continued(heights: np.ndarray, slopes: Pair, where: np.ndarray, source: np.ndarray) -> Surface:
    """Give some pixels the height and slopes of other pixels' tangent planes.

    Args:
        heights: (H, W).
        slopes: along both axes.
        where: (H, W) bool, the pixels that are changed.
        source: (H, W) number of the other pixel: row · W + column.
    """
    here = np.flatnonzero(where)
    there = source.ravel()[here]
    values, tilts = heights.ravel()[there], []
    steepest, radius = OBSERVATION.max_continued_slope, OBSERVATION.hole_radius
    columns = heights.shape[1]
    for axis, offset in enumerate(np.subtract(np.divmod(here, columns), np.divmod(there, columns))):
        tilt = slopes[axis].ravel()[there]
        values += tilt.clip(-steepest, steepest) * offset.clip(-radius, radius)
        tilts.append(_changed(slopes[axis], here, tilt))
    return _changed(heights, here, values), (tilts[0], tilts[1])


def _changed(pixels: np.ndarray, at: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return a copy with other values at some pixels, which are given by number."""
    changed = pixels.copy(order="C")
    changed.ravel()[at] = values
    return changed


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
    drop = heights - heights.ravel()[yonder]
    rise = heights.ravel()[hither] - heights
    faces_far = np.where(narrow, rise > drop, hidden < hiding)
    is_far = (hidden < beside + 1.5) & np.where(narrow, faces_far, True)
    smooth = smoothed(np.where(faces_far, -hidden, hiding))
    edge = np.where(is_far, -np.abs(smooth), np.where(faces_far, hiding, smooth))
    near = _continued(heights, slopes, is_far & (hidden < beside), hither)
    behind = ~is_far & (hiding < reach + 1) & ((narrow & ~faces_far) | (hidden > beside + 3))
    far = _continued(heights, slopes, behind, yonder)
    return edge, near, far, np.minimum(hiding, hidden) - 2


def _nearest_edges(
    heights: np.ndarray, jumps: Pair, reach: float, lower: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Find the nearest edge of each pixel's own part along paths that cross no edge.

    Args:
        heights: (H, W).
        jumps: edges between neighbours along both axes, see :func:`_slopes`.
        reach: largest distance that is searched.
        lower: look for edges to lower surfaces; else to higher ones.

    Returns:
        (H, W) distances, FAR where there is none; (H, W) number of the pixel across the edge.
    """
    shape, level = heights.shape, heights.ravel()
    pixel = np.arange(level.size)
    # Places and squared distances are in half pixels: whole numbers, also between two pixels.
    row, column = (2 * each for each in np.divmod(pixel, shape[1]))
    mark_row, mark_column, across = row.copy(), column.copy(), pixel.copy()
    none = int(4 * FAR**2)
    square = np.full(level.size, none)
    # A step to a neighbour; at the first pixel of each such pair, whether an edge separates it.
    ways = []
    for axis, step in ((0, shape[1]), (1, 1)):
        torn, whole = np.zeros((2, *shape), dtype=bool)
        first = (np.s_[:-1], np.s_[:, :-1])[axis]
        torn[first], whole[first] = jumps[axis], ~jumps[axis]
        ways += [(side, torn.ravel(), whole.ravel()) for side in (step, -step)]
    for step, torn, _ in ways:
        here = np.flatnonzero(torn) + max(0, -step)
        here = here[((level[here + step] < level[here]) == lower) & (square[here] > 1)]
        square[here], across[here] = 1, here + step
        mark_row[here] = (row[here] + row[here + step]) // 2
        mark_column[here] = (column[here] + column[here + step]) // 2
    changed = np.flatnonzero(square < none)
    for _ in range(int(np.ceil(1.5 * reach))):
        start = len(changed)
        for step, _, whole in ways:
            there = changed[whole[np.minimum(changed, changed - step)]]
            here = there - step
            candidate = (row[here] - mark_row[there]) ** 2
            candidate += (column[here] - mark_column[there]) ** 2
            better = candidate < square[here]
            here, there = here[better], there[better]
            square[here], across[here] = candidate[better], across[there]
            mark_row[here], mark_column[here] = mark_row[there], mark_column[there]
            changed = np.concatenate([changed, here])
        # Only neighbours of pixels that have just changed can change.
        changed = np.unique(changed[start:])
    return (np.sqrt(square) / 2).reshape(shape), across.reshape(shape)


def _joins_parts(heights: np.ndarray, jump: float) -> np.ndarray:
    """Find the points at which interpolation would join parts at very different heights."""
    largest = OBSERVATION.max_shell_step + jump
    down, along = np.diff(heights, axis=0), np.diff(heights, axis=1)
    return _between((_torn(down, largest), _torn(along.T, largest).T))


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
