"""Single solids, and rows of them, from lengths and places."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from im2mesh.errors import InputError
from im2mesh.shapes.solids.cones import Frustum, Shell
from im2mesh.shapes.solids.polyhedra import Box, Prism
from im2mesh.shapes.solids.primitives import Primitives
from im2mesh.shapes.solids.rounded import Capsule, Ellipsoid
from im2mesh.shapes.solids.tori import Torus

Vector = Sequence[float] | np.ndarray | Tensor

ORIGIN, UP = (0.0, 0.0, 0.0), (0.0, 1.0, 0.0)


def box(size: Vector, centre: Vector = ORIGIN, rotation: Vector | None = None) -> Primitives:
    """Make a cuboid.

    Args:
        size: (3,) whole width, height and depth, > 0.
        centre: (3,).
        rotation: (3, 3) about the centre; None: along the axes.

    Raises:
        InputError: a length that is not positive, or a malformed vector or rotation.
    """
    return _solid(Box, vector(size, "size") / 2, centre, rotation_matrix(rotation))


def beam(start: Vector, end: Vector, width: float, thickness: float, across: Vector) -> Primitives:
    """Make a cuboid from the middle of one end face to the middle of the other.

    Args:
        start: (3,).
        end: (3,), another point than ``start``.
        width: length of the sides that are as near to ``across`` as they can be, > 0.
        thickness: length of the third sides, > 0.
        across: (3,) any direction that is not along the beam.
    """
    middle, rotation, length = segment_frame(start, end, across)
    return _solid(Box, np.array([width, length, thickness]) / 2, middle, rotation)


def frustum(
    start: Vector, end: Vector, radius: float, end_radius: float | None = None
) -> Primitives:
    """Make a cylinder or a (truncated) cone between two points.

    Args:
        start: (3,) the middle of one flat face.
        end: (3,) the middle of the other, another point than ``start``.
        radius: at the start, ≥ 0.
        end_radius: at the end, ≥ 0, not both 0; None: as at the start, a cylinder.
    """
    middle, rotation, length = segment_frame(start, end)
    radii = (radius, radius if end_radius is None else end_radius)
    if not min(radii) >= 0 or not max(radii) > 0:
        raise InputError(f"a frustum cannot have the radii {radii}")
    return _solid(Frustum, np.array([*radii, length / 2]), middle, rotation, least=0.0)


def ellipsoid(
    semi_axes: Vector, centre: Vector = ORIGIN, rotation: Vector | None = None
) -> Primitives:
    """Make an ellipsoid; (3,) semi-axes > 0 along x, y, z before the (3, 3) rotation."""
    return _solid(Ellipsoid, vector(semi_axes, "semi_axes"), centre, rotation_matrix(rotation))


def capsule(start: Vector, end: Vector, radius: float) -> Primitives:
    """Make all points within ``radius`` > 0 of the segment from ``start`` to ``end`` (3,)."""
    middle, rotation, length = segment_frame(start, end)
    return _solid(Capsule, np.array([radius, length / 2]), middle, rotation)


def torus(radius: float, tube: float, centre: Vector = ORIGIN, axis: Vector = UP) -> Primitives:
    """Make a torus.

    Args:
        radius: of the circle in the tube's middle; at least ``tube``.
        tube: the tube's own radius, > 0.
        centre: (3,).
        axis: (3,) the direction about which the ring is round, of any length > 0.
    """
    if not radius >= tube:
        raise InputError(f"a torus of radius {radius} cannot have a tube of radius {tube}")
    middle = vector(centre, "centre")
    _, rotation, _ = segment_frame(middle, middle + vector(axis, "axis"))
    return _solid(Torus, np.array([radius, tube]), middle, rotation)


def shell(
    start: Vector, end: Vector, inner: tuple[float, float], outer: tuple[float, float]
) -> Primitives:
    """Make a ring, a tube or a hollow (truncated) cone between two points, open at both ends.

    Args:
        start: (3,) the middle of one end.
        end: (3,) the middle of the other, another point than ``start``.
        inner: radii of the hole at the start and at the end, ≥ 0.
        outer: radii of the outside there, ≥ those of the hole, not the same at both ends.
    """
    middle, rotation, length = segment_frame(start, end)
    return _shells(np.array([[*inner, *outer, length / 2]]), middle[None], rotation)


def frusta(
    radii: np.ndarray, heights: np.ndarray, centre: Vector = ORIGIN, axis: Vector = UP
) -> Primitives:
    """Make K cylinders and (truncated) cones about one axis.

    Args:
        radii: (K, 2) at the lower and the upper end, ≥ 0, not both 0.
        heights: (K, 2) of the ends along the axis, rising.
        centre: (3,) where the axis is at height 0.
        axis: (3,) the direction in which heights grow, of any length > 0.
    """
    if not (radii.min(axis=1) >= 0).all() or not (radii.max(axis=1) > 0).all():
        raise InputError(f"frusta cannot have the radii {radii.tolist()}")
    places, rotation, half = _along(heights, centre, axis)
    return _solids(Frustum, np.column_stack([radii, half]), places, rotation, least=0.0)


def shells(
    inner: np.ndarray,
    outer: np.ndarray,
    heights: np.ndarray,
    centre: Vector = ORIGIN,
    axis: Vector = UP,
) -> Primitives:
    """Make K shells about one axis; arguments as in :func:`frusta`, radii as in :func:`shell`."""
    places, rotation, half = _along(heights, centre, axis)
    return _shells(np.column_stack([inner, outer, half]), places, rotation)


def _along(
    heights: np.ndarray, centre: Vector, axis: Vector
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (K, 3) middles, the rotation and (K,) half lengths of pieces (K, 2) of an axis."""
    origin = vector(centre, "centre")
    _, rotation, _ = segment_frame(origin, origin + vector(axis, "axis"))
    places = origin + heights.mean(axis=1)[:, None] * rotation[:, 1]
    return places, rotation, (heights[:, 1] - heights[:, 0]) / 2


def _shells(size: np.ndarray, centre: np.ndarray, rotation: np.ndarray) -> Primitives:
    """Make shells of (K, 5) sizes about (K, 3) places, with one rotation."""
    inner, outer = size[:, :2], size[:, 2:4]
    walls = outer - inner
    if not min(inner.min(), walls.min()) >= 0 or not (walls.max(axis=1) > 0).all():
        raise InputError(
            f"a shell cannot have the inner radii {inner.tolist()} "
            f"and the outer radii {outer.tolist()}"
        )
    return _solids(Shell, size, centre, rotation, least=0.0)


def prism(
    corners: Sequence[Sequence[float]] | np.ndarray,
    thickness: float,
    centre: Vector = ORIGIN,
    rotation: Vector | None = None,
) -> Primitives:
    """Make an upright prism over a triangle or a convex quadrilateral in the x-y plane.

    Args:
        corners: (3, 2) or (4, 2) x and y about the centre, in turn, either way round.
        thickness: along z, half of it on each side, > 0.
        centre: (3,).
        rotation: (3, 3) about the centre; None: none.

    Raises:
        InputError: not a convex triangle or quadrilateral, or a length that is not positive.
    """
    places = np.array(corners, dtype=np.float64)
    if places.shape not in ((3, 2), (4, 2)):
        raise InputError(f"a prism needs three or four corners (x, y), not {places.tolist()}")
    if len(places) == 3:
        places = np.concatenate([places, places[:1]])
    return prisms(places[None], thickness, centre, rotation)


def prisms(
    corners: np.ndarray,
    thickness: float,
    centre: Vector = ORIGIN,
    rotation: Vector | None = None,
) -> Primitives:
    """Make K prisms with one frame from (K, 4, 2) corners; the rest as in :func:`prism`.

    Those that share a side leave no gap between them.
    """
    before, after = corners[:, [3, 0, 1, 2]] - corners, corners[:, [1, 2, 3, 0]] - corners
    turns = after[..., 0] * before[..., 1] - after[..., 1] * before[..., 0]  # > 0: to the left
    clockwise = turns.sum(axis=1) < 0
    corners = np.where(clockwise[:, None, None], corners[:, ::-1], corners)
    turns = np.where(clockwise[:, None], -turns, turns)
    allowed = 1e-12 * np.ptp(corners, axis=1).max(axis=1) ** 2
    convex = (turns.min(axis=1) >= -allowed) & (turns.sum(axis=1) > allowed)
    if not convex.all():
        raise InputError(f"the corners of a prism are not convex: {corners[~convex][0].tolist()}")
    if not (math.isfinite(thickness) and thickness > 0):
        raise InputError(f"prism: the thickness must be positive ({thickness:g})")
    size = np.column_stack([corners.reshape(-1, 8), np.full(len(corners), thickness / 2)])
    places = np.tile(vector(centre, "centre"), (len(corners), 1))
    return _solids(Prism, size, places, rotation_matrix(rotation), least=-math.inf)


def _solid(
    kind: type[Primitives],
    size: np.ndarray,
    centre: Vector,
    rotation: np.ndarray,
    least: float | None = None,
) -> Primitives:
    """Make one solid; see :func:`_solids`."""
    return _solids(kind, size[None], vector(centre, "centre")[None], rotation, least)


def _solids(
    kind: type[Primitives],
    size: np.ndarray,
    centre: np.ndarray,
    rotation: np.ndarray,
    least: float | None = None,
) -> Primitives:
    """Make solids of (K, S) sizes about (K, 3) places, all turned by one (3, 3) rotation.

    ``least`` is the smallest length allowed; None: lengths must be positive.
    """
    size = np.asarray(size, dtype=np.float64)
    good = ((size > 0) if least is None else (size >= least)) & np.isfinite(size)
    if not good.all():
        bad = ~good.all(axis=1)
        named = ", ".join(
            f"{name} {value:g}"
            for name, value in zip(kind.lengths, size[bad][0].tolist(), strict=True)
        )
        raise InputError(f"{kind.__name__.lower()}: lengths must be positive ({named})")
    turns = rotation[None].repeat(len(size), axis=0)
    return kind(torch.from_numpy(size), torch.from_numpy(turns), torch.from_numpy(centre))


def vector(value: Vector, name: str) -> np.ndarray:
    """Return (3,) float64, a copy; errors call the vector ``name``."""
    found = np.array(value, dtype=np.float64)
    if found.shape != (3,) or not all(map(math.isfinite, found.tolist())):
        raise InputError(f"{name} is {value}; expected three finite numbers")
    return found


def rotation_matrix(value: Vector | None) -> np.ndarray:
    """Return (3, 3) float64, a copy; None: the identity.

    Raises:
        InputError: not a rotation.
    """
    if value is None:
        return np.eye(3)
    matrix = np.array(value, dtype=np.float64)
    if (
        matrix.shape != (3, 3)
        or not (np.abs(matrix @ matrix.T - np.eye(3)) <= 1e-9).all()
        or np.linalg.det(matrix) < 0
    ):
        raise InputError(f"not a rotation matrix: {matrix.tolist()}")
    return matrix


def segment_frame(
    start: Vector, end: Vector, across: Vector | None = None
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return a segment's middle, rotation (y along it, x near ``across``) and length."""
    begin, finish = vector(start, "start"), vector(end, "end")
    length = math.dist(begin, finish)
    if length == 0:
        raise InputError(f"start and end are the same point, {begin.tolist()}")
    y = (finish - begin) / length
    y1, y2, y3 = y.tolist()
    if across is None:  # any direction will do: the axis that is least along the segment
        sizes = [abs(y1), abs(y2), abs(y3)]
        side = [0.0, 0.0, 0.0]
        least = sizes.index(min(sizes))
        side[least], along = 1.0, (y1, y2, y3)[least]
    else:
        side_vector = vector(across, "across")
        side, along = side_vector.tolist(), float(side_vector @ y)
    x1, x2, x3 = side[0] - along * y1, side[1] - along * y2, side[2] - along * y3
    size = math.hypot(x1, x2, x3)
    if size <= 1e-9 * math.hypot(*side):
        raise InputError(f"across {side} runs along the beam; give another direction")
    x1, x2, x3 = x1 / size, x2 / size, x3 / size
    z1, z2, z3 = x2 * y3 - x3 * y2, x3 * y1 - x1 * y3, x1 * y2 - x2 * y1
    frame = np.array([[x1, y1, z1], [x2, y2, z2], [x3, y3, z3]])
    return (begin + finish) / 2, frame, length
