"""The depth map as the finest level: what the camera saw of a point of space.

A depth map divides the cube in two: *free* space, in front of the observed surface and beside
the silhouette, and *hidden* space behind it. The boundary of hidden space is the observed
surface, continued away from the camera by walls at the silhouette and at occlusion edges
(where a near part of the object hides a far one). :class:`Observation` measures, at any point,
the distance c to that boundary and the distance s to the boundary of a thin closed *shell* just
behind the observed surface. :class:`im2mesh.generation.field.ObservedField` combines them with a
fused field.

``docs/observation.md`` draws this, and says what holds and what does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor
from torch.nn import functional

from im2mesh.generation.lattice import SLAB, Lattice
from im2mesh.geometry.cameras import Perspective
from im2mesh.geometry.pixels import IMAGE_SIZE, to_pixels

SHELL = 2.0
"""Thickness of the shell, in cells of the lattice: at least one node lies in it on any line."""

UPRIGHT = 1.0
"""How far behind the surface the shell's sides are straight, in cells. Marching cubes would cut
off a rim that is round at once."""

SIGMAS = 2.0
"""Within how many standard deviations of the depth the field decides where the surface is."""

# All that follows is in pixels.

JUMP = 4.0
"""Neighbours whose depths differ by this much more than the slope beside them explains belong
to different parts."""

STEEPER = 2.5
"""How much a smooth surface may steepen from one pixel to the next."""

GROWTH = 0.75
"""Most that thin parts are widened by on each side, in cells, about."""

GIVE = 0.3
"""How far outlines may move to become smooth: less than half a pixel, so that the middle of
every pixel stays on its own side."""

GAP = 4
"""Gaps narrower than this are not smoothed, which would close them."""

OPEN = 0.1
"""How much wider on each side they are, so that in a gap of one cell there is always a node."""

LEVEL_OUT = 0.1
"""Least cosine of the observed surface's slope."""

STREAK = 0.5
"""The same at an outline, for the back of the shell: there the slope is a guess, and the shell of
a surface that is all but upright is deep."""

CURTAIN = 24.0
"""Interpolation over a longer step than this makes no shell."""

STEEPEST = 3.0
"""Largest slope with which a surface is continued beyond its outline."""

HOLE = 3
"""Holes in the object up to this radius are closed."""

PADDING = 2
"""Background around the map, so that the object ends at the cube's faces."""

FAR = 1e3
SPARE = 0.3
"""How much wider than it must be is a part that would else slip between the nodes."""


@dataclass(frozen=True)
class _Maps:
    """What is known at each pixel, (H, W) float64 each, in pixels; see :func:`_draw`."""

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


class Observation:
    """Distances to what one depth map shows.

    Attributes:
        cell: side of a cell of the lattice that the shell is made for.
    """

    def __init__(
        self,
        depth: np.ndarray,
        resolution: int,
        noise: float = 0.0,
        known: np.ndarray | None = None,
        device: torch.device | str = "cpu",
        perspective: Perspective | None = None,
    ) -> None:
        """Prepare a depth map.

        Args:
            depth: (S, S) float32, d ≥ 0 where the surface is at z = 0.5 − d, background −1;
                S = 256, unless a camera is given.
            resolution: cells of the final lattice along a side of the cube.
            noise: standard deviation of the depths, ≥ 0, in sides of the cube.
            known: (256, 256) bool, False where it is not known what the ray meets; whatever the
                map says there is ignored. None: background is background, except, with noise,
                for small holes in the object.
            device: where points will be.
            perspective: where the camera is; the map is then one of its rays
                (:class:`im2mesh.geometry.cameras.RayMap`), and all that follows happens in the
                cube that they are parallel in. None: the map is orthographic.
        """
        self.cell = 1 / resolution
        self._perspective = perspective
        self._side = len(depth)
        self._pixels = self._side / resolution  # in a cell
        if perspective is not None:
            # Of a cell at the nearest point, so that the shell is thick enough everywhere.
            nearest = 0.5 - depth[depth >= 0].min(initial=1.0)
            z = perspective.inverse(np.array([0.0, 0.0, nearest]))[2:]
            self._pixels *= float(perspective.magnification(z)[0])
        self._slack = SIGMAS * noise * IMAGE_SIZE
        maps = _draw(depth, self._pixels, noise * IMAGE_SIZE, known)
        stack = np.stack([getattr(maps, name) for name in _Maps.__dataclass_fields__])
        self._maps = torch.from_numpy(stack).float()[None].to(device)

    @property
    def device(self) -> torch.device:
        """Where points must be."""
        return self._maps.device

    def __call__(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Measure points.

        Args:
            points: (N, 3) float32 in the camera frame.

        Returns:
            (N,) float32 each, in sides of the cube:

            * c, the distance to hidden space's boundary, positive in hidden space;
            * s ≤ c, the distance to the shell's boundary, positive in the shell.
        """
        if self._perspective is None:
            return self._measured(self._sample(points), points[:, 2])
        seen = self._perspective(points)
        hidden, shell = self._measured(self._sample(seen), seen[:, 2])
        scale = self._perspective.magnification(points[:, 2])
        return hidden / scale, shell / scale

    def in_cube(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Measure points anywhere: before and behind the cube all is free.

        Args:
            points: (N, 3) float32 in the camera frame.

        Returns:
            (N,) float32 each, c and s as above, positive within the cube only.
        """
        hidden, shell = self(points)
        hidden = torch.minimum(hidden, 0.5 - points[:, 2].abs())
        return hidden, torch.minimum(shell, hidden)

    def sides(self, lattice: Lattice) -> tuple[np.ndarray, np.ndarray]:
        """On which sides of both boundaries a lattice's nodes lie.

        What depends on the pixel alone is looked up once for a column of nodes, and columns
        outside the silhouette are not measured at all.

        Args:
            lattice: exact.

        Returns:
            (n, n, n) bool along (x, y, z) each: in hidden space; in the shell.
        """
        if self._perspective is not None:
            return self._sides_along_rays(lattice)
        nodes = lattice.nodes
        column = np.zeros((nodes, 3), np.int32)
        column[:, 2] = np.arange(nodes)
        z = lattice.points(column)[:, 2].to(self._maps.device)
        first = lattice.slab(0, nodes)[::nodes]
        hidden, shell = np.zeros((2, len(first), nodes), dtype=bool)
        step = max(1, SLAB // nodes)
        for start in range(0, len(first), step):
            maps = self._sample(lattice.points(first[start : start + step]).to(z.device))
            used = torch.maximum(maps[0], maps[-1]) > 0  # within the silhouette, or unknown
            if used.any():
                found = self._measured([m[used, None] for m in maps], z)
                at = start + used.nonzero().squeeze(1).cpu().numpy()
                hidden[at], shell[at] = ((distance > 0).cpu().numpy() for distance in found)
        return hidden.reshape((nodes,) * 3), shell.reshape((nodes,) * 3)

    def _sides_along_rays(self, lattice: Lattice) -> tuple[np.ndarray, np.ndarray]:
        """:meth:`sides` where each node is on a ray of its own."""
        assert self._perspective is not None
        nodes = lattice.nodes
        hidden, shell = np.zeros((2, nodes**3), dtype=bool)
        # Pixels within the silhouette, or unknown, and those beside them.
        used = torch.maximum(self._maps[:, :1], self._maps[:, -1:]) > 0
        used = functional.max_pool2d(used.float(), 3, 1, 1)
        planes = max(1, SLAB // nodes**2)
        for start in range(0, nodes, planes):
            points = lattice.points(lattice.slab(start, min(start + planes, nodes)))
            seen = self._perspective(points.to(self._maps.device))
            index = (_looked_up(used, seen, self._side, "nearest")[0] > 0).nonzero().squeeze(1)
            found = self._measured(self._sample(seen[index]), seen[index, 2])
            at = start * nodes**2 + index.cpu().numpy()
            hidden[at], shell[at] = ((distance > 0).cpu().numpy() for distance in found)
        return hidden.reshape((nodes,) * 3), shell.reshape((nodes,) * 3)

    def _measured(self, maps: Sequence[Tensor], z: Tensor) -> tuple[Tensor, Tensor]:
        """Both distances at points from the maps at their pixels and their z."""
        e, o, near, far, near_cosine, far_cosine, near_width, far_width, *rest = maps
        own, own_cosine, clear, unknown = rest
        z = z * self._side
        near, far, own = near - z, far - z, own - z
        # Hidden: behind the far surface, or, within the near part's outline, behind that one.
        hidden = torch.maximum(
            (far + self._slack) * far_cosine,
            torch.minimum(o, (near + self._slack) * near_cosine),
        )
        hidden = torch.maximum(hidden, (own + self._slack) * own_cosine)
        hidden = torch.maximum(torch.minimum(e, hidden), unknown)
        reach = SHELL * self._pixels
        upright = z.new_tensor(UPRIGHT * self._pixels)
        shell = torch.full_like(hidden, -FAR)
        layers = (
            (near, near_cosine, o, near_width),
            (far, far_cosine, reach - o, far_width),
            (own, own_cosine, clear, near_width.clamp_min(0.25)),
        )
        for seen, cosine, within, width in layers:
            layer = _shell(seen - self._slack, cosine, torch.minimum(e, within), width, upright)
            shell = torch.maximum(shell, layer)
        shell = torch.minimum(torch.minimum(shell, hidden), -unknown)
        return hidden / self._side, shell / self._side

    def _sample(self, points: Tensor) -> Sequence[Tensor]:
        """All maps at the points' pixels, bilinear between the pixels' middles."""
        return _looked_up(self._maps, points, self._side).unbind(0)


def _looked_up(maps: Tensor, points: Tensor, side: int, mode: str = "bilinear") -> Tensor:
    """Values of maps at the pixels of points.

    Args:
        maps: (1, C, H, W) on the fine grid, padded.
        points: (N, 3).
        side: pixels along a side of the depth map.
        mode: of interpolation.

    Returns:
        (C, N).
    """
    rows, columns = to_pixels(points, side)
    height, width = maps.shape[2:]
    at = torch.stack(
        [
            (columns + PADDING) * (4 / (width - 1)) - 1,
            (rows + PADDING) * (4 / (height - 1)) - 1,
        ],
        dim=1,
    )
    found: Tensor = functional.grid_sample(
        maps, at[None, None], mode, padding_mode="border", align_corners=True
    )
    return found[0, :, 0]


def _shell(
    behind: Tensor, cosine: Tensor, within: Tensor, radius: Tensor, upright: Tensor
) -> Tensor:
    """Distance to the boundary of a layer's shell, positive in it.

    The shell is twice its radius thick; towards the outline its back is round, so that a thin
    part whose front is flat becomes half a rod, and one whose front is round, a rod.

    Args:
        behind: (N,) distance behind the observed surface along the ray.
        cosine: (N,) of the surface's slope.
        within: (N,) distance within its outline.
        radius: (N,) of the shell, > 0.
        upright: as far behind the surface its sides are straight.
    """
    from_middle = (radius - within).clamp_min(0)
    guessed = (1 - within / (2 * radius)).clamp(0, 1)
    deep = behind * torch.maximum(cosine, STREAK * guessed)
    behind = behind * cosine
    middle = (radius**2 - from_middle**2).clamp_min(0).sqrt()
    middle = torch.maximum(middle, upright * cosine)
    back = radius - torch.hypot(from_middle, (deep - middle).clamp_min(0))
    return torch.minimum(torch.minimum(behind, within), back)


def surface_normals(depth: np.ndarray) -> np.ndarray:
    """The observed surface's normals.

    Args:
        depth: (S, S), background < 0.

    Returns:
        (N, 3) float64 unit vectors in the camera frame, z > 0, at the foreground's pixels, row by
        row, from the differences to neighbours on the same surface; (0, 0, 1) where there is none.
    """
    seen = depth >= 0
    along, across = _slopes(np.where(seen, (0.5 - depth) * len(depth), 0), seen, JUMP)[0]
    normals = np.stack([-across[seen], along[seen], np.ones(seen.sum())], axis=1)
    return np.asarray(normals / np.linalg.norm(normals, axis=1, keepdims=True))


# --- maps -------------------------------------------------------------------------------------


def _draw(depth: np.ndarray, cell: float, noise: float, known: np.ndarray | None) -> _Maps:
    """All maps of a depth map.

    Args:
        depth: (S, S), background < 0.
        cell: side of a cell, in pixels.
        noise: standard deviation, in pixels.
        known: (S, S) bool or None.

    Returns:
        ``outline``: distance from the silhouette, positive in the object. ``edge``: distance
        from the nearest occlusion edge, positive on its near side. ``near``, ``far``: z of the
        observed surface; beside an occlusion edge that of the part on its near side and on its
        far side, each continued across the edge; ``…_cosine``: of its slope. ``…_width``: half
        the width of the visible part, at most that of the shell. ``unknown``: distance from the
        border of what is not known, positive where it is not.
        ``own``: z of the observed surface, whatever part it belongs to, far away where there are
        two; ``clear``: the distance from all edges, less a little.
    """
    side = len(depth)
    depth = np.pad(depth.astype(np.float64), PADDING, constant_values=-1)
    seen = depth >= 0
    missing = np.zeros_like(seen)
    if known is not None:
        missing = ~np.pad(known, PADDING, constant_values=True)
        seen &= ~missing
    elif noise:
        missing = _small_holes(seen)
    height = np.where(seen, (0.5 - depth) * side, 0)
    closed = missing & ndimage.binary_closing(seen, _disc(HOLE))
    jump = JUMP + 4 * noise
    if noise or closed.any():
        height = _filtered(height, seen, closed, noise, jump)
    seen |= closed
    missing &= ~closed
    solid = seen | missing

    slopes, jumps = _slopes(height, seen, jump)
    height, slopes = _continued(height, slopes, seen)
    radius = SHELL / 2 * cell
    reach = 2 * radius
    edge, near, far, clear = _layers(height, slopes, jumps, reach, GIVE + GROWTH * cell)

    # From here on on a grid twice as fine: thin parts have their middle between pixels.
    outline = _outline(solid)
    edge = _refined(edge)
    grow, grow_near = _growth(outline, cell), _growth(np.minimum(outline, edge), cell)
    outline = outline + np.where(edge > 0, np.maximum(grow, grow_near), grow)
    edge = edge + grow_near
    near_width = _half_width(np.minimum(outline, edge), radius)
    return _Maps(
        outline,
        edge,
        _refined(near[0]),
        _refined(far[0]),
        _refined(_cosine(near[1])),
        _refined(_cosine(far[1])),
        np.where(_between_parts(near[0], jump), -1, np.where(edge > 0, near_width, radius)),
        np.where(_between_parts(far[0], jump), -1, _half_width(outline, radius)),
        np.where(_between(jumps), -FAR, _refined(height)),
        _refined(_cosine(slopes)),
        _refined(clear),
        _refined(_signed(missing)),
    )


def _disc(radius: int) -> np.ndarray:
    rows, columns = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    return np.asarray(rows**2 + columns**2 <= radius**2)


def _small_holes(seen: np.ndarray) -> np.ndarray:
    """Background that the object encloses, in pieces no larger than a disc of radius HOLE."""
    pieces, _ = ndimage.label(~seen)
    sizes = np.bincount(pieces.ravel())
    small = sizes <= _disc(HOLE).sum()
    small[0] = False
    return np.asarray(small[pieces])


def _filtered(
    height: np.ndarray, seen: np.ndarray, closed: np.ndarray, noise: float, jump: float
) -> np.ndarray:
    """Heights without their noise, and interpolated where holes are closed.

    A mean over a neighbourhood that leaves out other parts of the object (a bilateral filter).
    """
    index = ndimage.distance_transform_edt(~seen, return_distances=False, return_indices=True)
    own = height[tuple(index)]
    span = 3 * noise if noise else jump
    total, weights = np.zeros_like(height), np.zeros_like(height)
    reach = HOLE + 1
    padded, there = np.pad(height, reach), np.pad(seen, reach)
    size = len(height)
    for row in range(2 * reach + 1):
        for column in range(2 * reach + 1):
            at = np.s_[row : row + size, column : column + size]
            square = ((row - reach) ** 2 + (column - reach) ** 2) / (HOLE / 2) ** 2
            difference = (padded[at] - own) / span
            weight = there[at] * np.exp(-0.5 * (square + difference**2))
            total += weight * padded[at]
            weights += weight
    mean = total / np.maximum(weights, 1e-300)
    changed = closed | seen if noise else closed
    return np.where(changed & (weights > 0), mean, own)


def _slopes(
    height: np.ndarray, seen: np.ndarray, jump: float
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """The slope of the surface along rows and columns (axes 0 and 1), and where it jumps.

    Returns:
        Two (H, W) slopes, 0 where nothing is known; for each axis a bool array, one shorter
        along it: the surface is torn between a pixel and the next.
    """
    slopes, jumps = [], []
    for axis in (0, 1):
        h, there = np.moveaxis(height, axis, 0), np.moveaxis(seen, axis, 0)
        step = np.where(there[1:] & there[:-1], h[1:] - h[:-1], 0)
        before, after = np.zeros_like(step), np.zeros_like(step)
        before[1:], after[:-1] = step[:-1], step[1:]
        # A neighbouring slope explains a step in its own direction only.
        beside = np.maximum(before * np.sign(step), after * np.sign(step)).clip(0)
        torn = np.abs(step) > jump + STEEPER * beside
        whole = there[1:] & there[:-1] & ~torn
        total, count = np.zeros_like(h), np.zeros_like(h)
        for side in (np.s_[1:], np.s_[:-1]):
            total[side] += np.where(whole, step, 0)
            count[side] += whole
        slopes.append(np.moveaxis(total / np.maximum(count, 1), 0, axis))
        jumps.append(np.moveaxis(torn, 0, axis))
    return (slopes[0], slopes[1]), (jumps[0], jumps[1])


def _continued(
    height: np.ndarray, slopes: tuple[np.ndarray, np.ndarray], seen: np.ndarray
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Heights and slopes of the nearest pixel's surface where there is none."""
    source = ndimage.distance_transform_edt(~seen, return_distances=False, return_indices=True)
    return _extended(height, slopes, source)


def _extended(
    height: np.ndarray, slopes: tuple[np.ndarray, np.ndarray], source: np.ndarray
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Each pixel's height and slopes from the plane of another one.

    Args:
        height: (H, W).
        slopes: along both axes.
        source: (2, H, W) which pixel.
    """
    at = tuple(source)
    extended = height[at]
    for axis in (0, 1):
        offset = np.indices(height.shape)[axis] - source[axis]
        slope = slopes[axis][at].clip(-STEEPEST, STEEPEST)
        extended = extended + slope * offset.clip(-HOLE, HOLE)
    return extended, (slopes[0][at], slopes[1][at])


_Surface = tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]


def _layers(
    height: np.ndarray,
    slopes: tuple[np.ndarray, np.ndarray],
    jumps: tuple[np.ndarray, np.ndarray],
    reach: float,
    moved: float,
) -> tuple[np.ndarray, _Surface, _Surface, np.ndarray]:
    """The parts on both sides of occlusion edges.

    A part may hide one and be hidden by another, so which of the two a pixel belongs to is a
    matter of the edge that is looked at. Beside an edge that hides it a pixel counts as far,
    everywhere else as near; where the role changes both surfaces are the pixel's own, so that
    interpolation between pixels never mixes two parts.

    Args:
        height: (H, W).
        slopes: along both axes.
        jumps: edges, see :func:`_slopes`.
        reach: how far far parts are continued behind near ones.
        moved: how far the contour of near parts may be moved.

    Returns:
        Distance from the edge, positive on its near side; heights and slopes of the near part,
        continued beyond the edge; those of the far part, continued behind the near one;
        distance from all edges, less two pixels.
    """
    own = height, slopes
    if not (jumps[0].any() or jumps[1].any()):
        nowhere = np.full_like(height, FAR)
        return nowhere, own, own, nowhere
    # A pixel more than the contour may move, so that interpolation finds the near part there.
    beside = moved + 1.5
    search = max(reach + 1, beside + 3)
    hiding, yonder = _to_edges(height, jumps, search, lower=True)
    hidden, hither = _to_edges(height, jumps, search, lower=False)
    narrow = hiding + hidden < beside + 4.5
    # Of a narrow part only one edge can be kept; the other becomes a slope, a pixel wide.
    drop = height - height[tuple(yonder)]
    rise = height[tuple(hither)] - height
    faces_far = np.where(narrow, rise > drop, hidden < hiding)
    is_far = (hidden < beside + 1.5) & np.where(narrow, faces_far, True)
    smooth = _smooth(np.where(faces_far, -hidden, hiding))
    edge = np.where(is_far, -np.abs(smooth), np.where(faces_far, hiding, smooth))
    itself = np.indices(height.shape)
    near = _extended(height, slopes, np.where(is_far & (hidden < beside), hither, itself))
    behind = ~is_far & (hiding < reach + 1) & ((narrow & ~faces_far) | (hidden > beside + 3))
    far = _extended(height, slopes, np.where(behind, yonder, itself))
    return edge, near, far, np.minimum(hiding, hidden) - 2


def _to_edges(
    height: np.ndarray, jumps: tuple[np.ndarray, np.ndarray], reach: float, lower: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest edge of each pixel's own part, by ways that cross no edge.

    Args:
        height: (H, W).
        jumps: edges between neighbours along both axes, see :func:`_slopes`.
        reach: how far to look.
        lower: look for edges to lower surfaces; else to higher ones.

    Returns:
        (H, W) distances, FAR where there is none; (2, H, W) the pixel across the edge.
    """
    shape = height.shape
    itself = np.indices(shape)
    distance = np.full(shape, FAR)
    mark, across = itself.astype(np.float64), itself.copy()
    # Pixel `here` and its neighbour `there`, both ways along both axes.
    ways = []
    for axis in (0, 1):
        first = tuple(np.s_[:-1] if k == axis else np.s_[:] for k in (0, 1))
        second = tuple(np.s_[1:] if k == axis else np.s_[:] for k in (0, 1))
        ways += [(axis, first, second), (axis, second, first)]
    for axis, here, there in ways:
        drop = (height[there] < height[here]) == lower
        found = jumps[axis] & drop & (distance[here] > 0.5)
        distance[here] = np.where(found, 0.5, distance[here])
        for k in (0, 1):
            middle = (itself[k][here] + itself[k][there]) / 2
            mark[k][here] = np.where(found, middle, mark[k][here])
            across[k][here] = np.where(found, itself[k][there], across[k][here])
    for _ in range(int(np.ceil(1.5 * reach))):
        for axis, here, there in ways:
            offset = [itself[k][here] - mark[k][there] for k in (0, 1)]
            candidate = np.hypot(offset[0], offset[1])
            better = ~jumps[axis] & (distance[there] < FAR) & (candidate < distance[here])
            distance[here] = np.where(better, candidate, distance[here])
            for k in (0, 1):
                mark[k][here] = np.where(better, mark[k][there], mark[k][here])
                across[k][here] = np.where(better, across[k][there], across[k][here])
    return distance, across


def _between_parts(height: np.ndarray, jump: float) -> np.ndarray:
    """Points of the fine grid where interpolation joins parts that are far apart."""
    return _between(_slopes(height, np.ones_like(height, bool), CURTAIN + jump)[1])


def _between(jumps: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Points of the fine grid between pixels that edges separate."""
    rows, columns = jumps[1].shape[0], jumps[0].shape[1]
    torn = np.zeros((2 * rows - 1, 2 * columns - 1), dtype=bool)
    torn[1::2, ::2], torn[::2, 1::2] = jumps
    # Between four pixels: beside any of the torn pairs.
    torn[1::2, 1::2] = torn[1::2, :-2:2] | torn[1::2, 2::2] | torn[:-2:2, 1::2] | torn[2::2, 1::2]
    return torn


def _signed(inside: np.ndarray) -> np.ndarray:
    """Distance to the border of a set of pixels, positive inside."""
    if not inside.any():
        return np.full(inside.shape, -FAR)
    within = ndimage.distance_transform_edt(inside)
    beside = ndimage.distance_transform_edt(~inside)
    return np.where(inside, within - 0.5, 0.5 - beside)


def _smooth(signed: np.ndarray, fine: int = 1, give: np.ndarray | float = GIVE) -> np.ndarray:
    """Take the pixels' stairs out of the zero contour of a signed distance.

    Repeated blurring, each time with all values put back to near where they were, lets the
    contour become as straight as the pixels allow.

    Args:
        signed: in pixels.
        fine: grid points in a pixel.
        give: how far the contour may move, at each point.
    """
    values = signed
    for _ in range(4):
        values = ndimage.gaussian_filter(values.clip(-2.5, 2.5), 0.8 * fine, mode="nearest")
        values = values.clip(signed - give, signed + give)
    return values


def _refined(pixels: np.ndarray) -> np.ndarray:
    """(H, W) → (2H−1, 2W−1), bilinear: points between pixels get their mean."""
    for axis in (0, 1):
        first = np.moveaxis(pixels, axis, 0)
        fine = np.empty((2 * len(first) - 1, first.shape[1]))
        fine[::2], fine[1::2] = first, (first[1:] + first[:-1]) / 2
        pixels = np.moveaxis(fine, 0, axis)
    return pixels


def _apart(solid: np.ndarray) -> np.ndarray:
    """Distance from the silhouette on the fine grid, positive in the object, stairs and all.

    Args:
        solid: (H, W) bool, the object's pixels.
    """
    sites = np.zeros((2,) + tuple(2 * side - 1 for side in solid.shape), dtype=bool)
    sites[:, ::2, ::2] = solid, ~solid
    to_object, to_background = (ndimage.distance_transform_edt(~s) / 2 for s in sites)
    signed = np.where(to_background > to_object, to_background - 0.5, 0.5 - to_object)
    # A point as near to the one as to the other goes with most of the pixels around it.
    even = to_background == to_object
    return np.where(even, _refined(_signed(solid)), signed)


def _outline(solid: np.ndarray) -> np.ndarray:
    """The same as smooth as the pixels allow.

    Blurring fills what is narrower than itself, so gaps are left as they are. (Narrow parts of
    the object lose less by it, and there stairs would be seen.)
    """
    signed = _apart(solid)
    around = np.pad(~solid, GAP, constant_values=True)  # what is outside the map is no gap
    gaps = around & ~ndimage.binary_opening(around, np.ones((GAP, GAP)))
    gaps = gaps[GAP:-GAP, GAP:-GAP]
    if not gaps.any():
        return _smooth(signed, 2)
    beside = ndimage.distance_transform_edt(~gaps)
    free = ((_refined(beside) - 1) / 2).clip(0, 1)  # of gaps: 0 in them, 1 three pixels off
    return _smooth(signed, 2, GIVE * free) - OPEN * (1 - free)


def _growth(within: np.ndarray, cell: float) -> np.ndarray:
    """How much wider on each side a thin part must be lest it slip between the nodes.

    Along an axis half a cell lies between a line and the nearest node, but a line across the
    cells' diagonal must reach the corners to stay in one piece: (|n_x| + |n_y|)/2 cells for a
    line with normal n.

    Args:
        within: distance within the part, on the fine grid.
        cell: in pixels.
    """
    slope = [ndimage.gaussian_filter(within.clip(-2, 2), 2.0, order=o) for o in ((1, 0), (0, 1))]
    a, b, c = (
        ndimage.gaussian_filter(slope[i] * slope[k], 4.0) for i, k in ((0, 0), (1, 1), (0, 1))
    )
    least = cell / 2 * np.sqrt(1 + (2 * np.abs(c) / np.maximum(a + b, 1e-12)).clip(0, 1)) + SPARE
    width = _half_width(within, float(least.max()))
    grow = np.where(within > 0, (least - width).clip(0), 0)
    nearest = ndimage.distance_transform_edt(
        within <= 0, return_distances=False, return_indices=True
    )
    return np.asarray(grow[tuple(nearest)])


def _half_width(within: np.ndarray, most: float) -> np.ndarray:
    """Radius of the largest disc in a part that holds a point of the fine grid, up to ``most``."""
    reach = int(np.ceil(2 * most)) + 1
    height, width = within.shape
    padded = np.pad(within, reach, constant_values=-FAR)
    widest = within.copy()
    step = max(1, reach // 6)  # where cells are many pixels, not every disc is looked at
    for row in range(reach % step, 2 * reach + 1, step):
        for column in range(reach % step, 2 * reach + 1, step):
            far = np.hypot(row - reach, column - reach) / 2
            if far <= most + 0.5:
                other = padded[row : row + height, column : column + width]
                widest = np.maximum(widest, np.where(far <= other + 0.5 + step / 4, other, -FAR))
    return widest.clip(0.25, most)


def _cosine(slopes: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return (1 / np.sqrt(1 + slopes[0] ** 2 + slopes[1] ** 2)).clip(LEVEL_OUT)
