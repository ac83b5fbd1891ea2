"""Procedural shapes again, slowly: one solid at a time, marched, meshed, sampled; numpy only."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import trimesh
from scipy.spatial import cKDTree

from im2mesh.shapes.shape import Shape


def solids(shape: Shape) -> Iterator[tuple[str, list[float], np.ndarray, np.ndarray]]:
    """Kind, lengths, (3, 3) rotation and (3,) centre of each solid."""
    for group in shape.groups:
        for size, rotation, centre in zip(group.size, group.rotation, group.centre, strict=True):
            yield type(group).__name__, size.tolist(), rotation.numpy(), centre.numpy()


def excess(kind: str, size: list[float], p: np.ndarray) -> np.ndarray:
    """Something that is ≤ 0 exactly at the points p (N, 3) of the solid, in its own frame."""
    x, y, z = p.T
    from_axis = np.sqrt(x**2 + z**2)
    if kind == "Box":
        return np.max(np.abs(p) - size, axis=1)
    if kind == "Frustum":
        start, end, half = size
        radius = np.interp(y, [-half, half], [start, end])
        return np.maximum(from_axis - radius, np.abs(y) - half)
    if kind == "Ellipsoid":
        return (x / size[0]) ** 2 + (y / size[1]) ** 2 + (z / size[2]) ** 2 - 1
    if kind == "Capsule":
        radius, half = size
        nearest = np.stack([0 * x, np.clip(y, -half, half), 0 * z], axis=1)
        return np.linalg.norm(p - nearest, axis=1) - radius
    if kind == "Torus":
        ring, tube = size
        around = np.maximum(from_axis, 1e-300)
        nearest = np.stack([x / around * ring, 0 * y, z / around * ring], axis=1)
        return np.linalg.norm(p - nearest, axis=1) - tube
    if kind == "Shell":
        inner, inner_end, start, end, half = size
        hole = np.interp(y, [-half, half], [inner, inner_end])
        radius = np.interp(y, [-half, half], [start, end])
        return np.max([from_axis - radius, hole - from_axis, np.abs(y) - half], axis=0)
    if kind == "Prism":
        beyond = [np.abs(z) - size[8]]
        corners = np.reshape(size[:8], (4, 2))
        for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            if (a != b).any():
                out = np.array([b[1] - a[1], a[0] - b[0]]) / np.hypot(*(b - a))
                beyond.append((p[:, :2] - a) @ out)
        return np.max(beyond, axis=0)
    raise AssertionError(kind)


def occupancy(shape: Shape, points: np.ndarray, grow: float = 0.0) -> np.ndarray:
    """Return which of (N, 3) points are in any solid, made larger by about ``grow``."""
    inside = np.zeros(len(points), dtype=bool)
    for kind, size, rotation, centre in solids(shape):
        inside |= excess(kind, size, (points - centre) @ rotation) <= grow
    return inside


def march(shape: Shape, xy: np.ndarray, start: float, stop: float, steps: int) -> np.ndarray:
    """z of the first inside point of rays along −z, stepped through; −∞ where there is none."""
    heights = np.linspace(start, stop, steps)
    z = np.repeat(heights[None], len(xy), axis=0)
    points = np.column_stack([np.repeat(xy, steps, axis=0), z.reshape(-1)])
    inside = occupancy(shape, points).reshape(z.shape)
    return np.where(inside.any(axis=1), heights[inside.argmax(axis=1)], -np.inf)


def mesh(shape: Shape, sections: int = 256) -> trimesh.Trimesh:
    """All solids' surfaces together, inner ones too; round ones are inscribed polyhedra."""
    vertices, faces, count = [], [], 0
    for kind, size, rotation, centre in solids(shape):
        if kind == "Box":
            part = trimesh.creation.box(2 * np.array(size))
        elif kind == "Prism":
            corners = np.reshape(size[:8], (4, 2))
            ends = [np.column_stack([corners, np.full(4, z)]) for z in (-size[8], size[8])]
            part = trimesh.Trimesh(np.concatenate(ends), process=False).convex_hull
        else:
            profile = _profile(kind, size, sections)
            part = trimesh.creation.revolve(profile, sections=sections)
            part.vertices = part.vertices[:, [1, 2, 0]]  # its axis is z; this keeps orientation
            if kind == "Ellipsoid":
                part.vertices *= size
        vertices.append(part.vertices @ rotation.T + centre)
        faces.append(part.faces + count)
        count += len(part.vertices)
    return trimesh.Trimesh(np.concatenate(vertices), np.concatenate(faces), process=False)


def surface(shape: Shape, count: int, seed: int = 0) -> np.ndarray:
    """Dense samples of the union's surface: of all solids', without what is inside others.

    Round solids are sampled on polyhedra of 256 sides, which stray by 1e-4 of their radius. What
    is within 1e-4 of a solid counts as inside, so that faces which touch are no surface.
    """
    everything = mesh(shape, sections=256)
    rng = np.random.default_rng(seed)
    corners = everything.triangles
    area = everything.area_faces
    face = rng.choice(len(area), count, p=area / area.sum())
    a, b = np.sqrt(rng.random(count)), rng.random(count)
    weights = np.stack([1 - a, a * (1 - b), a * b], axis=1)
    points = np.einsum("ik,ikj->ij", weights, corners[face])
    outward = everything.face_normals[face]
    return points[~occupancy(shape, points + 3e-4 * outward, grow=1e-4)]


def distance(shape: Shape, points: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """Signed distance by dense samples of the surface; never too near to it, but by their error."""
    apart, _ = cKDTree(samples).query(points)
    return np.where(occupancy(shape, points), -apart, apart)


def _profile(kind: str, size: list[float], sections: int) -> np.ndarray:
    """(P, 2) radius and height along the outline of a round solid, from below to above."""
    angle = np.linspace(-np.pi / 2, np.pi / 2, sections // 2 + 1)
    if kind == "Frustum":
        start, end, half = size
        return np.array([(0, -half), (start, -half), (end, half), (0, half)])
    if kind == "Ellipsoid":
        return np.column_stack([np.cos(angle), np.sin(angle)])
    if kind == "Capsule":
        radius, half = size
        height = radius * np.sin(angle) + np.where(angle < 0, -half, half)
        return np.column_stack([radius * np.cos(angle), height])
    if kind == "Shell":
        inner, inner_end, start, end, half = size
        return np.array(
            [(inner, -half), (start, -half), (end, half), (inner_end, half), (inner, -half)]
        )
    ring, tube = size
    angle = np.linspace(-np.pi, np.pi, sections + 1)
    return np.column_stack([ring + tube * np.cos(angle), tube * np.sin(angle)])
