"""Meshes as pictures: an orthographic ray cast on the CPU."""

from __future__ import annotations

import numpy as np
import trimesh

from im2mesh.geometry.poses import pose_rotation
from im2mesh.geometry.ray_casting import cast

BACKGROUND = (255, 255, 255)
BACK = (228, 184, 156)
"""Colour of a face's inner side, seen through a hole."""

SUPERSAMPLING = 2
"""Rays along each side of a pixel."""

# Directions to the lights in the camera frame, and how much each adds (Lambert).
HEADLIGHT = np.array([0.0, 0.0, 1.0])
KEY = np.array([-0.45, 0.65, 0.6]) / np.linalg.norm([-0.45, 0.65, 0.6])
AMBIENT, FROM_HEADLIGHT, FROM_KEY = 0.26, 0.38, 0.52

# Corners whose face is turned further than this from the smooth normal stay sharp.
CREASE = np.cos(np.radians(40.0))


def zoom_out(azimuth: float, elevation: float) -> float:
    """Return the width of a view's frame, in sides of the cube.

    It is the larger of the width and the height of the cube [−0.5, 0.5]³ in the view, so the whole
    cube stays in the frame: 1 for the camera's own view and for quarter turns, √2 at (45, 0), √3 at
    most.
    """
    return float(np.abs(pose_rotation(azimuth, elevation)[:2]).sum(axis=1).max())


def to_pixels(rays: np.ndarray) -> np.ndarray:
    """Average (S², 3) colours of rays, row by row, to (S / :data:`SUPERSAMPLING`)² uint8 pixels."""
    size = round(len(rays) ** 0.5) // SUPERSAMPLING
    blocks = rays.reshape(size, SUPERSAMPLING, size, SUPERSAMPLING, 3)
    return np.rint(blocks.mean(axis=(1, 3))).astype(np.uint8)


def shaded_hits(
    points: np.ndarray,
    triangles: np.ndarray,
    size: int,
    zoom: float,
    colours: np.ndarray,
    shading: float = 1.0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cast the rays of a picture onto a mesh and shade the hits.

    Args:
        points: (V, 3) float64, turned into the view: z towards the viewer.
        triangles: (F, 3) vertex numbers, F > 0.
        size: rays along a side of the picture.
        zoom: width of the frame.
        colours: (V, 3) of the vertices, 0 … 255, for both sides of the faces; (3,): one colour
            of their outer sides, the inner ones are :data:`BACK`.
        shading: how much of the brightness depends on the lights: 0 gives the bare colours.

    Returns:
        (M,) int64 the rays that hit, row by row; (M,) z there; (M, 3) float64 colours, 0 … 255.
    """
    hit, face, corners = cast(points, triangles, size, zoom)
    normals = _shading_normals(points, triangles, face, corners)
    outer = _face_normals(points, triangles[face])[:, 2] >= 0
    if colours.ndim == 2:
        own = (colours[triangles[face]] * corners[..., None]).sum(axis=1)
    else:
        own = np.where(outer[:, None], colours, np.array(BACK))
    light = _light(np.where(outer[:, None], normals, -normals))
    colour = np.clip(own * (1 - shading + shading * light)[:, None], 0, 255)
    z = (points[triangles[face], 2] * corners).sum(axis=1)
    return hit, z, colour


def _face_normals(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return (F, 3) normals as long as twice the face's area."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    return np.cross(b - a, c - a)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-30)


def corner_normals(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return (F, 3, 3) unit normals at the corners of (F, 3) triangles.

    A corner has its vertex's normal, or the face's own where the two differ by more than the crease
    angle.
    """
    of_faces = _face_normals(points, triangles)
    return _at_corners(of_faces, _vertex_normals(points, triangles, of_faces), triangles)


def _vertex_normals(points: np.ndarray, triangles: np.ndarray, of_faces: np.ndarray) -> np.ndarray:
    """Return (V, 3) means of the faces' normals, weighted by their angles at the vertex.

    Unlike areas or counts, this does not depend on how a flat side is cut into triangles.
    """
    return trimesh.geometry.weighted_vertex_normals(
        len(points), triangles, _unit(of_faces), trimesh.triangles.angles(points[triangles])
    )


def _at_corners(of_faces: np.ndarray, of_vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Return (M, 3, 3) normals at the corners of M triangles with normals (M, 3)."""
    flat = _unit(of_faces)
    at_corners = _unit(of_vertices[triangles])
    sharp = (at_corners @ flat[:, :, None])[..., 0] < CREASE
    return np.where(sharp[..., None], flat[:, None], at_corners)


def _shading_normals(
    points: np.ndarray, triangles: np.ndarray, face: np.ndarray, corners: np.ndarray
) -> np.ndarray:
    """Return (M, 3) unit normals where faces ``face`` were hit at ``corners`` (barycentric)."""
    of_faces = _face_normals(points, triangles)
    of_vertices = _vertex_normals(points, triangles, of_faces)
    at_corners = _at_corners(of_faces[face], of_vertices, triangles[face])
    return _unit((at_corners * corners[..., None]).sum(axis=1))


def _light(facing: np.ndarray) -> np.ndarray:
    return (
        AMBIENT
        + FROM_HEADLIGHT * np.clip(facing @ HEADLIGHT, 0, 1)
        + FROM_KEY * np.clip(facing @ KEY, 0, 1)
    )
