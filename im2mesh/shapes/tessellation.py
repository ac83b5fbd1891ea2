"""Unions of analytic solids as closed triangle meshes.

Each solid becomes a polyhedron whose faces stray from it by no more than a tolerance; the
polyhedra are united exactly (manifold3d), so that edges and creases stay sharp and nothing inside
is left. Round solids get as many sides as the tolerance asks for, half of them inside and half of
them outside the true surface, so that thickness and volume come out right.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from im2mesh.errors import InputError
from im2mesh.shapes.solids import (
    Box,
    Capsule,
    Ellipsoid,
    Frustum,
    Primitives,
    Prism,
    Shell,
    union_bounds,
)

TOLERANCE = 1e-4
"""Largest distance of faces from the surface, as a share of the shape's extent."""

SKIN = 1e-6
"""Solids are taken larger by this share of the extent: faces that touch leave no wall between."""

LEAST_SIDES, MOST_SIDES = 16, 128


def tessellate(
    groups: Sequence[Primitives], tolerance: float = TOLERANCE
) -> tuple[np.ndarray, np.ndarray]:
    """Return the surface of a union as triangles.

    Args:
        groups: the solids of the union.
        tolerance: see :data:`TOLERANCE`, > 0.

    Returns:
        vertices (V, 3) float64 in the shape's frame and faces (F, 3) int64, closed and oriented
        outwards; a union whose parts do not touch gives a mesh of as many pieces.

    Raises:
        InputError: a tolerance that is not positive, or manifold3d is not installed.
    """
    if not tolerance > 0:
        raise InputError(f"a mesh cannot have a tolerance of {tolerance}; it must be positive")
    try:
        import manifold3d
    except ImportError as error:
        raise InputError(
            "meshes of procedural shapes need manifold3d: pip install manifold3d"
        ) from (error)
    low, high = union_bounds(groups)
    extent = float((high - low).max())
    bodies = [
        body
        for group in groups
        for body in _bodies(manifold3d, group.to("cpu"), tolerance * extent, SKIN * extent)
    ]
    union = manifold3d.Manifold.batch_boolean(bodies, manifold3d.OpType.Add)
    mesh = union.to_mesh64()
    return (
        np.array(mesh.vert_properties[:, :3], dtype=np.float64),
        np.array(mesh.tri_verts, dtype=np.int64),
    )


def _bodies(manifold3d: Any, group: Primitives, allowed: float, skin: float) -> Iterator[Any]:
    """Yield a polyhedron for each solid of a batch, in the shape's frame."""
    kind = type(group)
    for size, rotation, centre in zip(
        group.size.numpy(), group.rotation.numpy(), group.centre.numpy(), strict=True
    ):
        pose = np.column_stack([rotation, centre])
        if kind is Prism:
            corners = _widened(size[:8].reshape(4, 2), skin)
            thick = np.full(len(corners), size[8] + skin)
            ends = [np.column_stack([corners, side * thick]) for side in (-1, 1)]
            yield manifold3d.Manifold.hull_points(np.concatenate(ends)).transform(pose)
            continue
        if kind is Shell:
            size = np.where(size > 0, size + skin * np.array([-1, -1, 1, 1, 1]), 0.0).clip(min=0)
        else:
            size = np.where(size > 0, size + skin, 0.0)  # a cone's tip stays one
        if kind is Box:
            yield manifold3d.Manifold.cube(2 * size, True).transform(pose)
            continue
        # A profile of height over radius, turned about what is then the z axis: own x, y, z are
        # its y, z, x.
        profile, wide = _profile(kind, size, allowed)
        body = manifold3d.Manifold.revolve(
            manifold3d.CrossSection([profile]), _sides(wide, allowed)
        )
        pose[:, :3] = pose[:, [2, 0, 1]]
        if kind is Ellipsoid:
            pose[:, :3] *= size[[2, 0, 1]]
        yield body.transform(pose)


def _widened(corners: np.ndarray, skin: float) -> np.ndarray:
    """Move each side of a convex polygon, (4, 2) corners in turn, one perhaps repeated, out."""
    edges = np.roll(corners, -1, axis=0) - corners
    kept = np.hypot(*edges.T) > 0
    corners, edges = corners[kept], edges[kept]
    edges /= np.hypot(*edges.T)[:, None]
    before = np.roll(edges, 1, axis=0)
    # A corner moves along both of its edges, away from where they come from and go to.
    sine = before[:, 0] * edges[:, 1] - before[:, 1] * edges[:, 0]
    straight = sine < 1e-9  # a corner that is none
    moved = corners + skin * (before - edges) / np.where(straight, 1.0, sine)[:, None]
    return moved[~straight]


def _profile(kind: type[Primitives], size: np.ndarray, allowed: float) -> tuple[np.ndarray, float]:
    """Return a round solid's outline, (P, 2) radius and height counter-clockwise; its radius."""
    if kind is Frustum:
        start, end, half = size
        wide = max(start, end)
        grow = _grow(_sides(wide, allowed))
        outline = [(0, -half), (start * grow, -half), (end * grow, half), (0, half)]
        if start == 0:
            del outline[1]
        elif end == 0:
            del outline[2]
        return np.array(outline), wide
    if kind is Shell and size[:2].max() > 0:
        inner, inner_end, start, end, half = size
        wide = max(start, end)
        grow = _grow(_sides(wide, allowed))
        corners = [(inner, -half), (start, -half), (end, half), (inner_end, half)]
        return np.array([(radius * grow, height) for radius, height in corners]), wide
    if kind is Shell:
        return _profile(Frustum, size[2:], allowed)
    if kind is Ellipsoid:
        wide = float(size.max())
        radius, height = _arc(-90, 90, 1.0, _sides(wide, allowed))
        return np.column_stack([radius * _grow(_sides(wide, allowed)), height]), wide
    if kind is Capsule:
        wide, half = size
        sides = _sides(wide, allowed)
        radius, height = _arc(-90, 90, wide, sides)
        radius = radius * _grow(sides)
        lower = len(radius) // 2 + 1
        outline = [
            *zip(radius[:lower], height[:lower] - half, strict=True),
            *zip(radius[lower - 1 :], height[lower - 1 :] + half, strict=True),
        ]
        return np.array(outline), float(wide)
    ring, tube = size
    radius, height = _arc(-180, 180, tube, _sides(tube, allowed))
    grow = _grow(_sides(ring + tube, allowed))
    # At 0 the tube would touch itself in the middle.
    around = np.maximum((ring + radius) * grow, 1e-3 * tube)
    return np.column_stack([around, height])[:-1], float(ring + tube)


def _sides(radius: float, allowed: float) -> int:
    """Return the number of sides of a circle, a multiple of four so that its extents are met."""
    wanted = math.pi / math.sqrt(2 * allowed / radius) if radius > allowed else 0.0
    return 4 * math.ceil(min(max(wanted, LEAST_SIDES), MOST_SIDES) / 4)


def _grow(sides: int) -> float:
    """Return the factor of a polygon's radius that gives it the area of the circle."""
    angle = 2 * math.pi / sides
    return math.sqrt(angle / math.sin(angle))


def _arc(begin: float, end: float, radius: float, sides: int) -> tuple[np.ndarray, np.ndarray]:
    """Return radii and heights of a circle's points between two angles in degrees, inclusive."""
    count = round(sides * (end - begin) / 360)
    angle = np.radians(np.linspace(begin, end, count + 1))
    grow = _grow(sides)
    out, up = np.cos(angle) * radius * grow, np.sin(angle) * radius * grow
    if (begin, end) == (-90, 90):
        out[[0, -1]] = 0.0  # exactly on the axis
    return out, up
