"""Cleaning a sensor's depth: what of a masked depth image is the object.

Depth is (H, W) float64 z in metres, NaN where nothing was measured. Two neighbouring pixels are on
the same surface if their depths differ by no more than a steep slope and the noise explain.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from im2mesh.errors import DepthError
from im2mesh.geometry.cameras import Camera

STEEPEST = 5.0
"""Largest slope, in metres of depth a metre across, of one surface between neighbours."""

SIGMAS = 3.0
"""By how many standard deviations of the noise depths of one surface may differ on top."""

LEAST_NEIGHBOURS = 4
"""A pixel with fewer of its eight neighbours on its own surface is a flying one."""

SMALL_PIECE, FAR_PIECE = 0.05, 0.1
"""A detached piece goes if it has less than this share of the object's pixels, and is further from
the rest than this share of the rest's extent."""

FARTHEST_PIECE = 1.0
"""A piece goes, whatever its size, if it is further than so many extents."""

GAP_CLOSING = 9
"""What the mask encloses but for openings of fewer pixels is a gap of it."""

GAP_LINKS = 0.3
"""A gap of the mask is filled if so much of its border continues the object's surface."""

FOOT, FOOT_ASIDE = 0.015, 0.003
"""Up to so many metres above its plane an object is followed beyond a mask that ends above it, and
so many metres aside, no more: sensors round the corner between object and plane off."""

SMOOTHING, SMOOTHING_REACH = 2.0, 4
"""Standard deviation and half width, in pixels, of the window in which noise is averaged."""

RESIDUAL = 0.2
"""What that leaves of the noise, which neighbouring pixels share."""

RIM = 2
"""So many pixels beside the mask are unknown where nothing was measured."""

GUESSED = 7
"""Unknown strips of fewer pixels than this between pixels of the object are guessed to be it."""

SMALL_HOLE = 30
"""Holes up to so many pixels are filled from around them."""

PLANE_RING = 0.35
"""Width of the ring around the mask in which a supporting plane is looked for, in extents of the
mask."""

LEAST_OBJECT = 50
"""An object that is looked for without a mask has so many pixels or more."""

CUT_OFF = 0.05
"""What reaches the border of the image counts as so much of its pixels when the largest object is
looked for: it is rather a hand, a gripper or furniture."""

STANDING = 0.25
"""It stands on the plane if so much of what is measured around it in the image is the plane."""

PLANE_TRIALS, PLANE_POINTS = 100, 20_000
PLANE_SHARE = 0.3
"""Least share of the ring's pixels that lie on a supporting plane."""

PLANE_ABOVE = 0.9
"""Least share of the object's points above it."""

FLAT = 0.5
"""A mask of which a larger share lies on the plane is believed."""

TABLE_HEIGHT = 0.5
"""The table itself is measured within so much of the tolerance, mostly."""

TABLE_WINDOW, TABLE_SHARE = 11, 0.85
"""A pixel of the mask is of the table if so much of the mask in a window around it lies on it."""


def default_noise(distance: float) -> float:
    """Return the standard deviation to be expected of depths at ``distance``, in metres."""
    return 1e-3 + 1.5e-3 * distance**2


@dataclass(frozen=True)
class Plane:
    """The supporting plane {p: normal·p = offset}, in the camera frame.

    Attributes:
        normal: (3,) float64 unit vector, towards the object.
        offset: in metres.
    """

    normal: np.ndarray
    offset: float

    def height(self, points: np.ndarray) -> np.ndarray:
        """(…, 3) points → (…) metres above the plane."""
        return points @ self.normal - self.offset

    def tolerance(self, rays: np.ndarray, noise: float) -> np.ndarray:
        """Return how far from the plane, in metres, points of it may be measured.

        Args:
            rays: (…, 3) points at z = 1.
            noise: standard deviation along the rays in metres.
        """
        # Noise is along the ray, which is aslant to the plane.
        slant = np.abs(rays @ self.normal) / np.sqrt((rays**2).sum(axis=-1))
        return slant * (SIGMAS * noise + 1e-3)

    def depth_along(self, rays: np.ndarray) -> np.ndarray:
        """Return z where rays meet the plane, ∞ where they do not.

        Args:
            rays: (…, 3) points at z = 1.
        """
        towards = rays @ self.normal
        with np.errstate(divide="ignore", invalid="ignore"):
            z = self.offset / towards
        return np.where((towards != 0) & (z > 0), z, np.inf)


@dataclass(frozen=True)
class Cleaned:
    """What a depth image shows of one object.

    Attributes:
        depth: (H, W) float64, z in metres at the object's pixels, small holes filled; NaN
            elsewhere.
        guess: the same, moreover at unknown pixels that the object surely or nearly encloses, from
            the nearest of its pixels: what networks are shown, which take gaps for background.
        unknown: (H, W) bool, pixels that may or may not show the object: holes, occluders in
            front of it, removed pixels, an unmeasured rim. None of them is in ``depth``.
        measured: number of the object's pixels that were measured and kept.
        removed: reason → number of pixels of the mask that were removed.
        holes: pixels of the mask without a measurement.
        filled: pixels that were filled from around them.
        plane: the plane that the object stands on, None where none was found.
        dropped: (H, W) bool, the removed pixels.
        noise: standard deviation of the depths in metres.
    """

    depth: np.ndarray
    guess: np.ndarray
    unknown: np.ndarray
    measured: int
    removed: dict[str, int]
    holes: int
    filled: int
    plane: Plane | None
    dropped: np.ndarray
    noise: float
    notes: list[str] = field(default_factory=list)

    @property
    def seen(self) -> np.ndarray:
        """(H, W) bool, the object's pixels with a depth."""
        return np.isfinite(self.depth)


def same_surface(a: np.ndarray, b: np.ndarray, camera: Camera, noise: float) -> np.ndarray:
    """Whether depths of neighbouring pixels belong to one surface, NaN to none; see module."""
    reach = STEEPEST / min(camera.fx, camera.fy)
    return np.abs(a - b) <= np.minimum(a, b) * reach + SIGMAS * noise


def neighbours_on_surface(depth: np.ndarray, camera: Camera, noise: float) -> np.ndarray:
    """(H, W) int, how many of each pixel's eight neighbours are on its own surface."""
    padded = np.pad(depth, 1, constant_values=np.nan)
    height, width = depth.shape
    count = np.zeros(depth.shape, np.int64)
    for row in range(3):
        for column in range(3):
            if (row, column) != (1, 1):
                other = padded[row : row + height, column : column + width]
                count += same_surface(depth, other, camera, noise)
    return count


def clean(
    depth: np.ndarray,
    mask: np.ndarray,
    camera: Camera,
    noise: float | None = None,
) -> Cleaned:
    """Find an object's pixels and what is unknown around them.

    Args:
        depth: (H, W) float64, z in metres, NaN where nothing was measured.
        mask: (H, W) bool, the object's pixels.
        camera: the image's.
        noise: standard deviation of the depths in metres; None: :func:`default_noise`.
    """
    inside = depth[mask & np.isfinite(depth)]
    if noise is None:
        noise = default_noise(float(np.median(inside))) if len(inside) else 0.0
    window = _window(mask, depth.shape)
    part = Camera(camera.fx, camera.fy, camera.cx - window[1].start, camera.cy - window[0].start)
    cleaned = _clean(depth[window], mask[window], part, noise)
    if window == np.s_[0 : depth.shape[0], 0 : depth.shape[1]]:
        return cleaned
    full_depth, full_guess = np.full((2, *depth.shape), np.nan)
    full_depth[window], full_guess[window] = cleaned.depth, cleaned.guess
    unknown, dropped = np.zeros((2, *depth.shape), bool)
    unknown[window], dropped[window] = cleaned.unknown, cleaned.dropped
    return Cleaned(
        full_depth,
        full_guess,
        unknown,
        cleaned.measured,
        cleaned.removed,
        cleaned.holes,
        cleaned.filled,
        cleaned.plane,
        dropped,
        noise,
    )


def _window(mask: np.ndarray, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """The part of the image that matters: the mask's bounds and the ring around them."""
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
    # Heights over the plane, in units of how far from it points of it may be measured.
    height = np.full(depth.shape, np.inf)
    if plane is not None:
        height = plane.height(points) / plane.tolerance(rays, noise)
    whole = ndimage.binary_fill_holes(_closed(mask))
    mask = mask | _continued_gaps(mask, whole, depth, height, camera, noise)
    if plane is not None:
        mask = mask | _foot(mask, points, height > 1, plane, camera)
    kept = mask & measured

    removed = {}
    flying = kept & (
        neighbours_on_surface(np.where(kept, depth, np.nan), camera, noise) < LEAST_NEIGHBOURS
    )
    removed["flying pixels"] = int(flying.sum())
    kept &= ~flying
    on_plane = np.abs(height) < 1
    table = _table(kept, np.abs(height) < TABLE_HEIGHT)
    if table.sum() > FLAT * kept.sum():  # the mask means what is flat
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
    """A mask with what is narrower than ``width`` between its parts."""
    # These filters take rows and columns one after the other.
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
    """Pixels that the mask encloses and leaves out though the object's surface continues there."""
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


def find_plane(
    points: np.ndarray, kept: np.ndarray, mask: np.ndarray, noise: float
) -> Plane | None:
    """Look for the plane that the object stands on, around the mask.

    Args:
        points: (H, W, 3), NaN where nothing was measured.
        kept: (H, W) bool, the object.
        mask: (H, W) bool, what may be the object.
        noise: standard deviation in metres.

    Returns:
        The plane with the most pixels of the ring around the mask, if the object is above it;
        the same for the same image.
    """
    if not kept.any():
        return None
    around = np.isfinite(points[..., 2]) & ~ndimage.binary_dilation(mask, iterations=RIM)
    ring = points[around]
    own = points[kept]
    extent = float(np.linalg.norm(np.ptp(own, axis=0)))
    near = ring[np.abs(ring[:, 2] - np.median(own[:, 2])) < 2 * extent]
    if len(near) < 100:
        return None
    plane = _dominant_plane(near[:: 1 + len(near) // PLANE_POINTS], noise)
    if plane is None:
        return None
    tolerance = SIGMAS * noise + 1e-3
    share = (np.abs(plane.height(near)) < tolerance).mean()
    above = (plane.height(own) > -tolerance).mean()
    return plane if share >= PLANE_SHARE and above >= PLANE_ABOVE else None


def _dominant_plane(points: np.ndarray, noise: float) -> Plane | None:
    """The plane with the most of some points (RANSAC), the camera above it.

    Args:
        points: (N, 3), N ≥ 3.
        noise: standard deviation in metres.

    Returns:
        None where the points lie on a line. The same for the same points.
    """
    rng = np.random.default_rng(0)
    some = points[rng.permutation(len(points))[:1000]]
    corners = some[rng.integers(len(some), size=(PLANE_TRIALS, 3))]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normals, axis=1)
    good = length > 1e-12
    normals, corners = normals[good] / length[good, None], corners[good]
    if not len(normals):
        return None
    tolerance = SIGMAS * noise + 1e-3
    distance = some @ normals.T - (corners[:, 0] * normals).sum(axis=1)
    best = int((np.abs(distance) < tolerance).sum(axis=0).argmax())
    normal, offset = normals[best], float(corners[best, 0] @ normals[best])
    for _ in range(3):  # least squares over the points on it
        on = points[np.abs(points @ normal - offset) < tolerance]
        if len(on) < 10:
            return None
        normal = np.linalg.eigh(np.cov(on.T))[1][:, 0]
        offset = float(normal @ on.mean(axis=0))
    return Plane(normal, offset) if offset <= 0 else Plane(-normal, -offset)


def _foot(
    mask: np.ndarray, points: np.ndarray, above: np.ndarray, plane: Plane, camera: Camera
) -> np.ndarray:
    """The object's lowest pixels, where the mask ends above the plane that it stands on."""
    depth, height = points[..., 2], plane.height(points)
    low = np.isfinite(depth) & ~mask & above & (height < FOOT)
    start = mask & (height < 2 * FOOT)
    if not low.any() or not start.any():
        return np.zeros_like(mask)
    footprint = cKDTree(points[start] - height[start][:, None] * plane.normal)
    below = points[low] - height[low][:, None] * plane.normal
    low[low] = footprint.query(below, distance_upper_bound=FOOT_ASIDE)[0] < FOOT_ASIDE
    pieces, count = surface_pieces(np.where(low | start, depth, np.nan), camera, 0.0)
    own = np.bincount(pieces[start & (pieces >= 0)], minlength=count) > 0
    return low & own[pieces]


def find_object(depth: np.ndarray, camera: Camera, noise: float | None = None) -> np.ndarray:
    """Find the largest object that stands on the dominant plane of an image.

    Args:
        depth: (H, W) float64, z in metres, NaN where nothing was measured.
        camera: the image's.
        noise: standard deviation in metres; None: :func:`default_noise`.

    Returns:
        (H, W) bool, its pixels.

    Raises:
        DepthError: there is no such plane, or nothing on it.
    """
    there = np.isfinite(depth)
    if not there.any():
        raise DepthError("no pixel of the depth image has a depth")
    noise = default_noise(float(np.median(depth[there]))) if noise is None else noise
    rays = camera.rays_of(depth.shape)
    points = rays * depth[..., None]
    plane = _dominant_plane(points[there], noise)
    if plane is None:
        raise DepthError("no plane is found that an object could stand on; give the object's mask")
    height = np.where(there, plane.height(points), np.nan)
    with np.errstate(invalid="ignore"):
        # Sensors round the corner between object and plane off.
        above = height > 2 * plane.tolerance(rays, noise)
    pieces, count = surface_pieces(np.where(above, depth, np.nan), camera, noise)
    sizes = np.bincount(pieces[above], minlength=count) if count else np.zeros(0, np.int64)
    rank = np.where(_reach_border(pieces, there, count), CUT_OFF, 1.0) * sizes
    on_plane = there & (np.abs(height) <= 2 * plane.tolerance(rays, noise))
    largest = None
    for piece in np.argsort(-rank, kind="stable"):
        if sizes[piece] < LEAST_OBJECT:
            continue
        own = pieces == piece
        border = ndimage.binary_dilation(own, np.ones((3, 3)), iterations=3) & there & ~own
        if on_plane[border].sum() >= STANDING * border.sum():
            largest = own
            break
    if largest is None:
        raise DepthError("nothing stands on the plane that is seen; give the object's mask")
    # Parts that the sensor tore off it.
    near = ndimage.binary_dilation(largest, np.ones((3, 3)), iterations=2)
    torn = np.unique(pieces[near & above])
    return np.asarray(np.isin(pieces, torn) & above)


def _reach_border(pieces: np.ndarray, there: np.ndarray, count: int) -> np.ndarray:
    """(count,) bool, pieces that reach the border of what was measured of the image."""
    (top, bottom), (left, right) = (
        np.flatnonzero(there.any(axis=axis))[[0, -1]] for axis in (1, 0)
    )
    rim = [pieces[top], pieces[bottom], pieces[:, left], pieces[:, right]]
    return np.isin(np.arange(count), np.concatenate(rim))


def _table(kept: np.ndarray, low: np.ndarray) -> np.ndarray:
    """Pixels of the mask that show the table, not the object's lowest edge."""
    on = kept & low
    if not on.any():
        return on
    around = ndimage.uniform_filter(kept.astype(np.float64), TABLE_WINDOW, mode="constant")
    share = ndimage.uniform_filter(on.astype(np.float64), TABLE_WINDOW, mode="constant")
    return on & (share >= TABLE_SHARE * around)


def _far_pieces(
    points: np.ndarray, depth: np.ndarray, kept: np.ndarray, camera: Camera, noise: float
) -> np.ndarray:
    """Detached pieces that are small and far from the largest."""
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


def surface_pieces(depth: np.ndarray, camera: Camera, noise: float) -> tuple[np.ndarray, int]:
    """Number the connected pieces of surface in a depth image.

    Args:
        depth: (H, W), NaN where there is nothing.
        camera: the image's.
        noise: standard deviation in metres.

    Returns:
        (H, W) int64 piece of each pixel, −1 where there is nothing; how many there are.
    """
    numbers = np.full(depth.shape, -1)
    there = np.isfinite(depth)
    numbers[there] = np.arange(there.sum())
    pairs = []
    for here, other in (
        (np.s_[:, 1:], np.s_[:, :-1]),
        (np.s_[1:, :], np.s_[:-1, :]),
        (np.s_[1:, 1:], np.s_[:-1, :-1]),
        (np.s_[1:, :-1], np.s_[:-1, 1:]),
    ):
        same = same_surface(depth[here], depth[other], camera, noise)
        pairs.append(np.stack([numbers[here][same], numbers[other][same]]))
    one, two = np.concatenate(pairs, axis=1)
    size = int(there.sum())
    graph = coo_matrix((np.ones(len(one), bool), (one, two)), shape=(size, size))
    count, labels = connected_components(graph, directed=False)
    pieces = np.full(depth.shape, -1)
    pieces[there] = labels
    return pieces, int(count)


def _occluders(
    depth: np.ndarray,
    object_depth: np.ndarray,
    never: np.ndarray,
    mask: np.ndarray,
    camera: Camera,
    noise: float,
) -> np.ndarray:
    """Pixels beside the mask that show something in front of the object."""
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
    """Fill small holes that lie within one surface, by the mean around them."""
    pieces, count = ndimage.label(holes)
    if not count:
        return depth, 0
    # Those that are small, and whose border is one surface.
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
    # Enclosed: nothing that stays a hole, and no background, is beside them.
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
    """Depth with the object's unknown pixels from the nearest known one."""
    seen = np.isfinite(depth)
    if not seen.any():
        return depth
    own = _closed(seen | (unknown & mask), GUESSED) & unknown
    nearest = ndimage.distance_transform_edt(~seen, return_distances=False, return_indices=True)
    return np.where(own, depth[tuple(nearest)], depth)


def smoothed(depth: np.ndarray, camera: Camera, noise: float) -> np.ndarray:
    """Average the noise within surfaces.

    Each pixel gets the value of the plane that fits the pixels around it best, weighted by their
    distance in the image and in depth. So slanted surfaces keep their place up to their borders.

    Args:
        depth: (H, W), z in metres, NaN where there is nothing.
        camera: the image's.
        noise: standard deviation in metres; 0: nothing is changed.
    """
    at = np.nonzero(np.isfinite(depth))
    if not noise or not len(at[0]):
        return depth
    reach = SMOOTHING_REACH
    padded = np.pad(depth, reach, constant_values=np.nan)
    with np.errstate(invalid="ignore"):
        disparity = np.nan_to_num(1 / padded)
    flat = disparity.ravel()
    start = (at[0] + reach) * padded.shape[1] + at[1] + reach
    own = flat[start]
    span = SIGMAS * noise * own**2  # a step of depth dz is one of dz/z² in disparity
    sums = np.zeros((9, len(own)))
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            square = (down**2 + right**2) / SMOOTHING**2
            if square > (reach / SMOOTHING) ** 2 + 0.25:
                continue
            other = flat[start + down * padded.shape[1] + right]
            step = other - own
            weight = np.exp(-0.5 * (square + (step / span) ** 2))
            weight[other == 0] = 0
            moved = weight * step
            for k, value in enumerate((1, down, right, down**2, down * right, right**2)):
                if value:
                    sums[k] += value * weight
            for k, value in enumerate((1, down, right)):
                if value:
                    sums[6 + k] += value * moved
    total, y, x, yy, xy, xx, d, yd, xd = sums
    # A little ridge keeps lines of pixels, whose slope across is not known, from swinging.
    yy, xx = yy + 0.01 * total, xx + 0.01 * total
    minors = yy * xx - xy**2, x * xy - y * xx, y * xy - x * yy
    determinant = total * minors[0] + y * minors[1] + x * minors[2]
    change = (d * minors[0] + yd * minors[1] + xd * minors[2]) / determinant
    result = depth.copy()
    result[at] = 1 / (own + np.clip(change, -span, span))
    return result
