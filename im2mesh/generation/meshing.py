"""From lattice values to a closed mesh in the camera frame."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from itertools import permutations

import fast_simplification
import numpy as np
import torch
from scipy import ndimage
from scipy.spatial import cKDTree
from torch import Tensor

from im2mesh.generation.lattice import Lattice
from im2mesh.geometry.pixels import back_project
from im2mesh.native.marching_cubes import marching_cubes

log = logging.getLogger(__name__)

TIE_DISTANCE = 2.5
"""Small pieces nearer than this to the rest of the object are tied to it, in cells. The lattice
cannot resolve such a gap."""


def extract_mesh(
    values: np.ndarray, lattice: Lattice, iso_level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Extract the surface of the padded (n, n, n) values by marching cubes.

    Returns:
        vertices (V, 3) float64 in the camera frame, faces (F, 3) int64, oriented outward;
        V = F = 0 where nothing is inside.
    """
    vertices, faces = marching_cubes(lattice.close(values), iso_level)
    return lattice.place(vertices), faces


def seen_nodes(depth: np.ndarray, lattice: Lattice, slack: float = 0.0) -> np.ndarray:
    """Find the (n, n, n) nodes around the observed points, and just behind them.

    They are the corners of the cells with points from an observed one to a cell and the slack
    behind it. The slack says how far the surface may lie behind the measured one, in sides of the
    cube.
    """
    points = lattice.coordinates(back_project(depth).astype(np.float64))
    seen = np.zeros((lattice.nodes,) * 3, bool)
    for behind in range(math.ceil(1 + slack * lattice.cells) + 1):
        cells = np.floor(points - [0, 0, behind]).astype(np.int64)
        for corner in np.ndindex(2, 2, 2):
            seen[tuple((cells + corner).clip(0, lattice.cells).T)] = True
    return seen


def without_small_pieces(
    values: np.ndarray,
    iso_level: float,
    seen: Callable[[], np.ndarray],
    least: float,
    unit: float = 1.0,
) -> np.ndarray:
    """Remove small detached pieces that the camera did not see; connect seen ones to the rest.

    A piece is a set of inside nodes that are neighbours along the axes; marching cubes gives it
    one surface. Its size is the sum of tanh(v/2) over its nodes, v being the value above the
    iso-level: 2p − 1 for a probability p and the iso-level of p = 0.5. So a large piece counts as
    small if its values are near the iso-level.

    Pieces that the camera saw stay. Most small ones are nodes beside the rest of the object that
    touch it at a corner or an edge of a cell only. Such a piece is tied to the rest by the nodes
    in between if it is less than :data:`TIE_DISTANCE` cells away.

    Args:
        values: (n, n, n) on the lattice's nodes, larger inside.
        iso_level: value on the surface.
        seen: returns (n, n, n) bool, nodes where the camera saw the object; asked for only where
            there is a small piece.
        least: share of the largest piece's size, in [0, 1], below which a piece is small.
        unit: value of a logit, or of a cell's distance, in the field.

    Returns:
        (n, n, n) values. Those of removed nodes are mirrored to below the iso-level; those of tying
        nodes are a quarter of a unit above it.
    """
    inside = values > iso_level
    box = _box(inside)
    pieces, count = ndimage.label(inside[box])
    if count < 2:
        return values
    own = values[box]
    sizes = _sizes(pieces, own, iso_level, unit)
    small = sizes < least * sizes.max()
    small[0] = False
    if not small.any():
        return values
    is_seen = np.zeros(count + 1, bool)
    is_seen[pieces[seen()[box]]] = True
    gone = (small & ~is_seen)[pieces]
    own = np.where(gone, 2 * iso_level - own, own)
    tied = _ties(own, pieces, np.flatnonzero(small & is_seen), (~small)[pieces] & inside[box])
    own[tuple(tied.T)] = iso_level + unit / 4
    values = values.copy()
    values[box] = own
    return values


def without_small_cavities(
    values: np.ndarray, iso_level: float, least: float, unit: float = 1.0
) -> np.ndarray:
    """Fill small cavities: closed bubbles inside the object, which no camera can see.

    A cavity is a set of outside nodes that are neighbours, also across the faces of cells, as
    marching cubes has it, and that do not reach the lattice's border. Its size and the arguments
    are as those of :func:`without_small_pieces`; it is small compared with the largest piece.

    Returns:
        (n, n, n) values; those of filled nodes are a quarter of a unit above the iso-level.
    """
    inside = values > iso_level
    if not inside.any():
        return values
    box = _box(inside)  # around the object there are no cavities
    cavities, count = ndimage.label(~inside[box], ndimage.generate_binary_structure(3, 2))
    is_open = np.zeros(count + 1, bool)
    is_open[0] = True
    for axis in range(3):
        is_open[np.take(cavities, (0, -1), axis)] = True
    if is_open.all():
        return values

    cavities[is_open[cavities]] = 0
    pieces = ndimage.label(inside[box])[0]
    largest = _sizes(pieces, values[box], iso_level, unit).max()
    small = _sizes(cavities, values[box], iso_level, unit) < least * largest
    small[0] = False
    filled = np.pad(small, (0, count + 1 - len(small)))[cavities]
    values = values.copy()
    values[box][filled] = iso_level + unit / 4
    return values


def _box(inside: np.ndarray) -> tuple[slice, slice, slice]:
    """Return the box of the true nodes of an (n, n, n) array; an empty one if there are none."""
    found = [np.flatnonzero(inside.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    first, second, third = (slice(at[0], at[-1] + 1) if len(at) else slice(0) for at in found)
    return first, second, third


def _sizes(numbers: np.ndarray, values: np.ndarray, iso_level: float, unit: float) -> np.ndarray:
    """Return the size of each set of nodes, by its number from 1; 0 stands for no set."""
    nodes = numbers > 0
    return np.bincount(numbers[nodes], np.tanh(np.abs(values[nodes] - iso_level) / (2 * unit)))


def _ties(
    values: np.ndarray, pieces: np.ndarray, loose: np.ndarray, rest: np.ndarray
) -> np.ndarray:
    """Find the (M, 3) int64 nodes that tie pieces to the rest.

    Args:
        values: (n, n, n); of several paths, the one with the largest minimum is taken.
        pieces: (n, n, n) number of the piece of each node.
        loose: numbers of the pieces to tie.
        rest: (n, n, n) bool, the nodes to tie them to; tied pieces are added to it.
    """
    reach = math.ceil(TIE_DISTANCE)
    boxes = ndimage.find_objects(pieces)
    ties = [np.empty((0, 3), np.int64)]
    left, before = list(loose), -1
    while len(left) != before:
        before = len(left)
        for piece in list(left):
            box = tuple(
                slice(max(side.start - reach, 0), side.stop + reach) for side in boxes[piece - 1]
            )
            own, others = np.argwhere(pieces[box] == piece), np.argwhere(rest[box])
            if not len(others):
                continue
            distance, nearest = cKDTree(others).query(own)
            at = int(distance.argmin())
            if distance[at] >= TIE_DISTANCE:
                continue
            left.remove(piece)
            corner = np.array([side.start for side in box])
            paths = [corner + path for path in _paths(own[at], others[nearest[at]])]
            best = max(paths, key=lambda path: values[tuple(path.T)].min(initial=np.inf))
            ties.append(best)
            rest[tuple(best.T)] = True
            rest[box] |= pieces[box] == piece
    return np.concatenate(ties)


def _paths(start: np.ndarray, end: np.ndarray) -> list[np.ndarray]:
    """Return all shortest paths of (M, 3) nodes between two others along the axes."""
    steps = [axis for axis in range(3) for _ in range(abs(int(end[axis] - start[axis])))]
    forward = np.sign(end - start)
    paths = []
    for order in sorted(set(permutations(steps))):
        moves = np.eye(3, dtype=np.int64)[list(order[:-1])] * forward
        paths.append(start + np.cumsum(moves, axis=0))
    return paths


def simplify(
    vertices: np.ndarray, faces: np.ndarray, most_faces: int
) -> tuple[np.ndarray, np.ndarray]:
    """Simplify a mesh of more than ``most_faces`` triangles to at most so many, by quadrics.

    Small parts of a closed mesh may collapse into pairs of faces with the same corners;
    :func:`without_doubles` removes them.
    """
    if len(faces) <= most_faces:
        return vertices, faces
    points, triangles = fast_simplification.simplify(
        vertices, faces.astype(np.int32), target_count=most_faces
    )
    return np.asarray(points, np.float64), np.asarray(triangles, np.int64)


def without_doubles(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drop pairs of faces with the same corners, and the vertices that only they use.

    One of an odd number of faces with the same corners is kept, oriented as most of them are. Every
    edge of a simplified closed mesh then still belongs to an even number of faces: to two, or to
    four at a few edges where the mesh touches itself. A mesh of such pairs only stays as it is.
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
    """Move (V, 3) vertices onto the field's surface by Newton steps along the gradient.

    Marching cubes only interpolates the surface. Gradients are central differences a tenth of a
    cell wide. No vertex moves by more than half a cell, and a step that does not bring the value
    nearer to the iso-level is not taken, so the mesh keeps its shape where the field is flat or
    jumps. Vertices on the faces of the cube stay. Points and values are on the CPU.
    """
    start = torch.from_numpy(vertices).float()
    offsets = torch.eye(3).repeat_interleave(2, 0) * torch.tensor([1.0, -1.0]).repeat(3)[:, None]
    offsets = offsets * (cell / 10)

    def error(points: Tensor) -> Tensor:
        return field(points) - iso_level

    # Vertices on the cube's faces close the mesh where the object is cut.
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
