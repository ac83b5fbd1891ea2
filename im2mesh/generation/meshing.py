"""From lattice values to a closed mesh in the camera frame."""

from __future__ import annotations

import logging
from collections.abc import Callable

import fast_simplification
import numpy as np
import torch
from torch import Tensor

from im2mesh.generation.lattice import Lattice
from im2mesh.native.marching_cubes import marching_cubes

log = logging.getLogger(__name__)


def extract_mesh(
    values: np.ndarray, lattice: Lattice, iso_level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Marching cubes on the closed volume.

    Args:
        values: (n, n, n) on the lattice's nodes, larger inside.
        lattice: where the nodes lie.
        iso_level: value on the surface.

    Returns:
        vertices (V, 3) float64 in the camera frame, faces (F, 3) int64, oriented outward;
        V = F = 0 where nothing is inside.
    """
    vertices, faces = marching_cubes(lattice.close(values), iso_level)
    return lattice.place(vertices), faces


def simplify(
    vertices: np.ndarray, faces: np.ndarray, most_faces: int
) -> tuple[np.ndarray, np.ndarray]:
    """Quadric simplification to at most ``most_faces`` triangles, where it is not so already.

    Small parts of a closed mesh may collapse into pairs of faces with the same corners
    (:func:`without_doubles`).

    Args:
        vertices: (V, 3).
        faces: (F, 3) vertex numbers.
        most_faces: at least 1.

    Returns:
        vertices (V, 3) float64 and faces (F, 3) int64.
    """
    if len(faces) <= most_faces:
        return vertices, faces
    points, triangles = fast_simplification.simplify(
        vertices, faces.astype(np.int32), target_count=most_faces
    )
    return np.asarray(points, np.float64), np.asarray(triangles, np.int64)


def without_doubles(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drop pairs of faces with the same corners, and the vertices that only they use.

    Every edge of a closed mesh that was simplified then still belongs to an even number of faces,
    to two but for a few where the mesh touches itself: there it belongs to four. Where nothing
    else would be left, all stays.

    Args:
        vertices: (V, 3).
        faces: (F, 3) vertex numbers. Of an odd number of faces with the same corners one is kept,
            turned as most of them are.

    Returns:
        The vertices (W, 3) and faces (G, 3) that are left.
    """
    order = np.argsort(faces, axis=1)
    turn = np.where((order[:, 1] - order[:, 0]) % 3 == 1, 1, -1)  # of the corners, in order
    _, group = np.unique(np.sort(faces, axis=1), axis=0, return_inverse=True)
    group = group.reshape(-1)
    of_most = turn == np.sign(np.bincount(group, turn))[group]
    candidates = np.flatnonzero(of_most & (np.bincount(group)[group] % 2 == 1))
    kept = np.sort(candidates[np.unique(group[candidates], return_index=True)[1]])
    if len(kept) in (0, len(faces)):
        return vertices, faces
    used, numbers = np.unique(faces[kept], return_inverse=True)
    return vertices[used], numbers.reshape(-1, 3)


def refine(
    vertices: np.ndarray,
    field: Callable[[Tensor], Tensor],
    iso_level: float,
    steps: int,
    cell: float,
) -> np.ndarray:
    """Move the vertices onto the field's surface, which marching cubes only interpolates.

    Each step is one of Newton's along the gradient, by central differences a tenth of a cell
    wide. No vertex leaves half a cell's distance from where it started, and a step that does
    not bring the value nearer to the iso-level is not taken, so the mesh keeps its shape where
    the field is flat or jumps. Vertices on the faces of the cube stay.

    Args:
        vertices: (V, 3) in the camera frame.
        field: (N, 3) float32 points → (N,) values, on the CPU.
        iso_level: value on the surface.
        steps: number of steps.
        cell: side of a lattice cell.

    Returns:
        (V, 3) float64 vertices.
    """
    start = torch.from_numpy(vertices).float()
    offsets = torch.eye(3).repeat_interleave(2, 0) * torch.tensor([1.0, -1.0]).repeat(3)[:, None]
    offsets = offsets * (cell / 10)

    def error(points: Tensor) -> Tensor:
        return field(points) - iso_level

    # Vertices on the cube's faces close the mesh where the object is cut; they stay.
    movable = (start.abs() < 0.5).all(1)
    at, off = start, error(start)
    for _ in range(steps):
        around = (at[:, None] + offsets).clamp(-0.5, 0.5)
        width = (around[:, 0::2] - around[:, 1::2]).sum(2)
        sides = error(around.reshape(-1, 3)).reshape(-1, 3, 2)
        gradient = (sides[..., 0] - sides[..., 1]) / width
        step = -off[:, None] * gradient / gradient.square().sum(1, keepdim=True).clamp_min(1e-12)
        move = at + step - start
        length = move.norm(dim=1, keepdim=True)
        move = move * (cell / 2 / length.clamp_min(1e-12)).clamp_max(1.0)
        proposed = (start + move).clamp(-0.5, 0.5)
        off_there = error(proposed)
        better = (off_there.abs() < off.abs()) & movable
        at = torch.where(better[:, None], proposed, at)
        off = torch.where(better, off_there, off)
        if not better.any():
            break
    return at.double().numpy()
