"""The objects of a data set, and objects in a pose.

Only this module distinguishes meshes from procedural shapes. A view of either has a depth map,
signed distances and points on the surface, all of the same solid and in the camera frame.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property

import numpy as np
import torch

from im2mesh.geometry.pixels import IMAGE_SIZE
from im2mesh.geometry.poses import centre_and_extent, normalise, pose, pose_rotation
from im2mesh.geometry.rendering import render_depth
from im2mesh.geometry.watertight import ON_SURFACE, THICKNESS, MeshSolid
from im2mesh.shapes.shape import Shape

SPARE = 1.25
"""Factor of the points that are drawn on a mesh. Sheets at the object's border extend beyond the
cube by half their thickness and are cut off there, with some of their points."""


class PosedObject(ABC):
    """An object in the camera frame, its solid cut off at the cube's faces."""

    @abstractmethod
    def depth(self) -> np.ndarray:
        """Return (256, 256) float32: d ≥ 0 where the surface is at z = 0.5 − d, background −1."""

    @abstractmethod
    def signed_distance(self, points: np.ndarray) -> np.ndarray:
        """Return (N,) float64 distances of (N, 3) points in the cube, negative inside."""

    def mesh(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Return (V, 3) vertices and (F, 3) faces of the solid, or None where it has no mesh."""
        return None

    @abstractmethod
    def surface(self) -> tuple[np.ndarray, np.ndarray]:
        """Return (N, 3) float64 points on the surface, even by area, and (N, 3) outward normals."""


class MeshObject:
    """The solid of a mesh (:mod:`im2mesh.geometry.watertight`)."""

    def __init__(
        self,
        vertices: np.ndarray,
        faces: np.ndarray,
        count: int,
        rng: np.random.Generator,
        thickness: float = THICKNESS,
    ) -> None:
        """Make a mesh of any unit, y up, with all vertices used, solid and sample its surface.

        Raises:
            InputError: the mesh has no extent, is flat, or cannot be seen.
        """
        self.vertices = normalise(vertices)
        self.faces = faces
        self.count = count
        self.solid = MeshSolid(self.vertices, faces, thickness)
        self.points, self.normals = self.solid.sample_surface(int(SPARE * count) + 100, rng)

    def posed(self, azimuth: float, elevation: float) -> PosedMesh:
        return PosedMesh(self, azimuth, elevation)


class PosedMesh(PosedObject):
    """A view of a :class:`MeshObject`."""

    def __init__(self, original: MeshObject, azimuth: float, elevation: float) -> None:
        self.original = original
        self.rotation = pose_rotation(azimuth, elevation)
        turned = original.vertices @ self.rotation.T
        self.centre, self.extent = centre_and_extent([turned.min(axis=0), turned.max(axis=0)])
        self.vertices = pose(original.vertices, azimuth, elevation)

    def depth(self) -> np.ndarray:
        """Cast rays onto the mesh's own triangles, from both sides."""
        return render_depth(self.vertices, self.original.faces, IMAGE_SIZE)

    def signed_distance(self, points: np.ndarray) -> np.ndarray:
        in_model = (points * self.extent + self.centre) @ self.rotation
        solid = self.original.solid.signed_distance(in_model) / self.extent
        return np.maximum(solid, np.abs(points).max(axis=1) - 0.5)

    def surface(self) -> tuple[np.ndarray, np.ndarray]:
        turned = (self.original.points @ self.rotation.T - self.centre) / self.extent
        points, normals = np.clip(turned, -0.5, 0.5), self.original.normals @ self.rotation.T
        cut = np.flatnonzero((points != turned).any(axis=1))
        # Where a sheet is cut off, the cube's face is the surface.
        beyond = turned[cut] - points[cut]
        normals[cut] = beyond / np.linalg.norm(beyond, axis=1, keepdims=True)
        gone = cut[self.signed_distance(points[cut]) > ON_SURFACE]
        kept = np.delete(np.arange(len(points)), gone)[: self.original.count]
        return points[kept], normals[kept]


class ShapeObject:
    """A procedural shape (:mod:`im2mesh.shapes.shape`)."""

    def __init__(self, shape: Shape, count: int, rng: np.random.Generator) -> None:
        self.shape = shape
        generator = torch.Generator().manual_seed(int(rng.integers(1 << 62)))
        points, normals = shape.sample_surface(count, generator)
        self.points, self.normals = points.numpy(), normals.numpy()

    @cached_property
    def mesh(self) -> tuple[np.ndarray, np.ndarray]:
        """Mesh of the surface, in the shape's frame."""
        return self.shape.mesh()

    def posed(self, azimuth: float, elevation: float) -> PosedShape:
        return PosedShape(self, azimuth, elevation)


class PosedShape(PosedObject):
    """A view of a :class:`ShapeObject`."""

    def __init__(self, original: ShapeObject, azimuth: float, elevation: float) -> None:
        self.original = original
        self.rotation = pose_rotation(azimuth, elevation)
        self.centre, self.extent = centre_and_extent(
            original.shape.transformed(self.rotation).bounds()
        )
        self.shape = original.shape.posed(azimuth, elevation)

    def depth(self) -> np.ndarray:
        return self.shape.depth().numpy()

    def signed_distance(self, points: np.ndarray) -> np.ndarray:
        return self.shape.signed_distance(points).numpy()

    def mesh(self) -> tuple[np.ndarray, np.ndarray]:
        vertices, faces = self.original.mesh
        return self._placed(vertices), faces

    def surface(self) -> tuple[np.ndarray, np.ndarray]:
        return self._placed(self.original.points), self.original.normals @ self.rotation.T

    def _placed(self, points: np.ndarray) -> np.ndarray:
        # Rounding can step over the cube's faces.
        return np.clip((points @ self.rotation.T - self.centre) / self.extent, -0.5, 0.5)


Object = MeshObject | ShapeObject
"""An object that can be posed."""
