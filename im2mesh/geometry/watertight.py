"""Watertight solids of arbitrary meshes, from the surface that is seen from outside.

Meshes made for pictures are soups of triangles: open, self-intersecting, with flipped normals,
inner walls and sheets without thickness. But the surface that can be seen from outside is well
defined. The solid is made from it:

- **Outside** is the space that can be reached from far away without crossing a triangle or
  squeezing through a gap narrower than two cells, 1/128 of the object. The rest is **inside**:
  closed cavities and their contents count as full, and the direction of the normals is ignored.
- A triangle with the outside on one of its sides is a **wall**, one with the outside on both is a
  **sheet**, one with it on neither is an **inner wall** and has no part in the solid.
- A sheet encloses nothing, so it is given a thickness, half of it on either side. Walls stay
  where they are.

Nothing is voxelised or remeshed. The grid only decides which side of a triangle is outside; points,
distances and normals are those of the triangles themselves. So thin legs keep their width and
edges stay sharp. docs/data.md compares this with other methods.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from im2mesh.errors import InputError
from im2mesh.geometry.ray_casting import Obstacles
from im2mesh.geometry.surface import sample_triangles

CELLS = 256
"""Cells of the grid along the object's largest extent: a cell is a pixel of the depth map."""

THICKNESS = 1 / 128
"""Thickness of a sheet, in the object's largest extent: a cell of the output's lattice."""

# Distance from a triangle at which its two sides are tested. A slab thinner than this is a sheet.
SIDE = 1 / 2048

# Longest edge of the pieces into which triangles are cut to tell walls from sheets. Pieces of
# several kinds are cut again, to the next length.
PIECES = (1 / 32, 1 / 64, 1 / 128)

# Barycentric coordinates at which a piece is tested: its middle, and near its corners.
PLACES = np.array([[1, 1, 1], [2.6, 0.2, 0.2], [0.2, 2.6, 0.2], [0.2, 0.2, 2.6]]) / 3

# A point sampled on a triangle is on the solid's surface if its distance to that is below this.
ON_SURFACE = 1e-5

# Thickness of the thinnest object, in its largest extent; a thinner one counts as a plane.
FLAT = 1e-4

# Points that are tested together, which bounds the memory.
POINTS_AT_ONCE = 1 << 18

NEIGHBOURS = np.array(
    sorted(
        np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3).tolist(),
        key=lambda step: sum(map(abs, step)),
    )
)
"""(27, 3) steps to a cell and to all around it, short ones first."""


@dataclass(frozen=True)
class Shares:
    """Shares of a mesh's area by kind, with sum 1."""

    wall: float
    sheet: float
    inner: float


class MeshSolid:
    """The solid of a mesh; see the module. ``shares`` are those of the mesh's area."""

    def __init__(
        self, vertices: np.ndarray, faces: np.ndarray, thickness: float = THICKNESS
    ) -> None:
        """Find the outside of a mesh whose largest extent is 1.

        Raises:
            InputError: no triangle has an area, the object is flat, or embreex is not installed.
        """
        if not 0 < thickness <= 0.1:
            raise InputError(f"sheets cannot be {thickness:g} thick; use 0 < thickness <= 0.1")
        self._half = thickness / 2
        triangles = vertices[faces]
        area = _areas(triangles)
        triangles, area = triangles[area > 0], area[area > 0]
        if not len(triangles):
            raise InputError("no triangle of the mesh has an area; it bounds nothing")
        _check_not_flat(triangles)
        self._triangles, self._areas = triangles, area
        self._outside = _Outside(triangles)
        walls, sheets, self.shares = self._sort()
        self._walls = _Distance(walls)
        self._sheets = _Distance(sheets)

    def _sort(self) -> tuple[np.ndarray, np.ndarray, Shares]:
        """Sort the triangles, or pieces of them, into walls (A, 3, 3) and sheets (B, 3, 3).

        A triangle of one kind stays whole. A smallest piece of several kinds counts as each of
        them.
        """
        kinds = np.zeros((len(self._triangles), 3), dtype=bool)  # wall, sheet, inner
        pieces, parent = self._triangles, np.arange(len(self._triangles))
        mixed: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        for longest in PIECES:
            pieces, parent = _cut(pieces, parent, longest)
            found = self._kinds(pieces)
            np.logical_or.at(kinds, parent, found)
            several = found.sum(axis=1) > 1
            mixed.append((pieces[~several], parent[~several], found[~several]))
            pieces, parent = pieces[several], parent[several]
        mixed.append((pieces, parent, found[several]))
        whole = kinds.sum(axis=1) == 1
        corners, parents, kind = (np.concatenate([entry[k] for entry in mixed]) for k in range(3))
        pieces, kind = corners[~whole[parents]], kind[~whole[parents]]
        areas = _areas(pieces)[:, None] * kind / np.maximum(kind.sum(axis=1, keepdims=True), 1)
        total = (self._areas[whole, None] * kinds[whole]).sum(axis=0) + areas.sum(axis=0)
        walls, sheets = (
            np.concatenate([self._triangles[whole & kinds[:, k]], pieces[kind[:, k]]])
            for k in range(2)
        )
        return walls, sheets, Shares(*(total / total.sum()).tolist())

    def _kinds(self, pieces: np.ndarray) -> np.ndarray:
        """Return (N, 3) bool: some of the piece is a wall, a sheet, an inner wall."""
        kinds = np.zeros((len(pieces), 3), dtype=bool)
        step = SIDE * _normals(pieces)
        for number, place in enumerate(PLACES):
            # A piece smaller than a cell is tested at its middle only.
            here = np.flatnonzero(_longest(pieces) > 1 / CELLS) if number else slice(None)
            at = np.einsum("k,nkd->nd", place, pieces[here])
            front, back = self._outside(at + step[here]), self._outside(at - step[here])
            kinds[here] |= np.stack([front != back, front & back, ~front & ~back], axis=1)
        return kinds

    def signed_distance(self, points: np.ndarray) -> np.ndarray:
        """Return (N,) distances of (N, 3) points to the solid's surface, negative inside.

        Where sheets meet walls, and in the gaps that are closed, it may be smaller than the
        distance by up to the sheet's thickness; its sign is that of :meth:`occupancy`.
        """
        points = np.asarray(points, dtype=np.float64)
        walls, sheets = self._walls(points), self._sheets(points)
        # From inside, walls are nearer than sheets, but for a point in the very plane of a sheet,
        # whose side is a matter of rounding.
        body = np.where(self._outside(points), walls, -np.minimum(walls, sheets))
        return np.minimum(body, sheets - self._half)

    def occupancy(self, points: np.ndarray) -> np.ndarray:
        """Return (N,) bool, whether (N, 3) points are inside the solid or on its surface."""
        return self.signed_distance(points) <= 0

    def sample_surface(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Sample (count, 3) points and outward normals evenly on the surface, but for sheets' rims.

        Raises:
            InputError: hardly any of the mesh can be seen from outside.
        """
        places, directions, found = [], [], 0
        for _ in range(200):
            at, normals = sample_triangles(self._triangles, count, rng)
            front = self._outside(at + SIDE * normals)
            back = self._outside(at - SIDE * normals)
            wall, sheet = front != back, front & back
            # Both sides of a sheet are surface, so it counts twice.
            turned = np.where(front[wall, None], normals[wall], -normals[wall])
            faced = np.concatenate([normals[sheet], -normals[sheet]])
            on = np.concatenate([at[wall], np.tile(at[sheet], (2, 1)) + self._half * faced])
            outward = np.concatenate([turned, faced])
            kept = np.abs(self.signed_distance(on)) <= ON_SURFACE
            order = rng.permutation(np.flatnonzero(kept))
            places.append(on[order])
            directions.append(outward[order])
            found += len(order)
            if found >= count:
                return np.concatenate(places)[:count], np.concatenate(directions)[:count]
        raise InputError("hardly any of the mesh can be seen from outside")


class _Outside:
    """A test of points for being outside: reachable from far away.

    A cell of the grid is *free* if no triangle is within half a cell of its centre. Between the
    centres of two cells that share a face no triangle fits if both are free, so a flood fill
    from a corner finds the free centres that are outside and never passes a triangle. A point
    near triangles is outside if it sees such a centre in a cell next to its own.
    """

    def __init__(self, triangles: np.ndarray) -> None:
        from scipy import ndimage

        corners = triangles.reshape(-1, 3)
        self.step = float(np.ptp(corners, axis=0).max()) / CELLS
        margin = 3 * self.step  # at least, so that the grid's own border is outside
        self.origin = corners.min(axis=0) - margin
        size = np.ceil((corners.max(axis=0) + margin - self.origin) / self.step).astype(int)
        self.size = -(-size // 16) * 16
        distance = self._distance(_Distance(triangles))
        labels, _ = ndimage.label(distance > self.step / 2)
        self.free = labels == labels[0, 0, 0]
        # All points of a cell are on the same side of every triangle.
        self.clear = distance > math.sqrt(3) / 2 * self.step * (1 + 1e-6)
        self.obstacles = Obstacles(corners, np.arange(len(corners)).reshape(-1, 3))

    def _distance(self, nearest: _Distance) -> np.ndarray:
        """Return (X, Y, Z) float32 distances at the cells' centres, ∞ where more than a cell."""
        cells = np.stack(np.meshgrid(*[np.arange(n // 16) for n in self.size], indexing="ij"), -1)
        cells = cells.reshape(-1, 3)
        halves = np.stack(np.meshgrid(*[[0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
        for width in (16, 8, 4, 2):  # in cells; those near no triangle are not looked into
            reach = self.step * (1 + math.sqrt(3) / 2 * (width - 1))
            cells = cells[nearest(self._centre(cells, width)) <= reach]
            cells = (2 * cells[:, None] + halves).reshape(-1, 3)
        distance = np.full(self.size, np.inf, dtype=np.float32)
        distance[tuple(cells.T)] = nearest(self._centre(cells))
        return distance

    def _centre(self, cells: np.ndarray, width: int = 1) -> np.ndarray:
        return self.origin + (cells + 0.5) * (width * self.step)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Return (N,) bool, whether (N, 3) points are outside."""
        parts = range(0, len(points), POINTS_AT_ONCE)
        return np.concatenate(
            [np.zeros(0, dtype=bool), *(self._test(points[k : k + POINTS_AT_ONCE]) for k in parts)]
        )

    def _test(self, points: np.ndarray) -> np.ndarray:
        cells = np.floor((points - self.origin) / self.step).astype(int)
        # The outermost cells are outside, and so is what lies beyond them.
        beyond = ((cells < 1) | (cells >= self.size - 1)).any(axis=1)
        cells = np.clip(cells, 1, self.size - 2)
        at = tuple(cells.T)
        outside = beyond | (self.free[at] & self.clear[at])
        open_ = np.flatnonzero(~beyond & ~self.clear[at])
        for step in NEIGHBOURS:
            ahead = cells[open_] + step
            free = np.flatnonzero(self.free[tuple(ahead.T)])
            seen = ~self.obstacles.block(points[open_[free]], self._centre(ahead[free]))
            outside[open_[free[seen]]] = True
            open_ = np.delete(open_, free[seen])
        return outside


class _Distance:
    """The distance to the nearest of some triangles."""

    def __init__(self, triangles: np.ndarray) -> None:
        self.vertices = np.ascontiguousarray(triangles.reshape(-1, 3))
        self.faces = np.arange(len(self.vertices), dtype=np.int64).reshape(-1, 3)
        import igl

        self.tree = igl.AABB()
        if len(triangles):
            self.tree.init(self.vertices, self.faces)

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Return the (N,) float64 distances of (N, 3) points; ∞ where there are no triangles."""
        distances = np.full(len(points), np.inf)
        if len(self.faces) and len(points):
            # Neighbours in space take the same path down the tree, which is several times as fast.
            order = _along_a_curve(points)
            ordered = np.ascontiguousarray(points[order])
            squared = self.tree.squared_distance(self.vertices, self.faces, ordered)[0]
            distances[order] = np.sqrt(squared)
        return distances


def _along_a_curve(points: np.ndarray) -> np.ndarray:
    """Return the indices that sort points along a Z-order curve, 256 cells along a side."""
    extent = max(float(np.ptp(points, axis=0).max()), 1e-9)
    cells = ((points - points.min(axis=0)) * (255.99 / extent)).astype(np.uint32)
    code = np.zeros(len(points), dtype=np.uint32)
    for bit in range(8):
        for axis in range(3):
            code |= (cells[:, axis] >> bit & 1) << (3 * bit + axis)
    return np.argsort(code, kind="stable")


def _cut(
    triangles: np.ndarray, parent: np.ndarray, longest: float
) -> tuple[np.ndarray, np.ndarray]:
    """Halve (N, 3, 3) triangles across their longest edges until none is longer than ``longest``.

    The pieces inherit the (N,) parents.
    """
    done: list[tuple[np.ndarray, np.ndarray]] = []
    while len(triangles):
        edges = np.linalg.norm(np.roll(triangles, -1, axis=1) - triangles, axis=2)
        short = edges.max(axis=1) <= longest
        done.append((triangles[short], parent[short]))
        triangles, parent, edges = triangles[~short], parent[~short], edges[~short]
        rows, first = np.arange(len(triangles)), edges.argmax(axis=1)
        a, b, c = (triangles[rows, (first + k) % 3] for k in range(3))
        middle = (a + b) / 2
        triangles = np.concatenate([np.stack([a, middle, c], 1), np.stack([middle, b, c], 1)])
        parent = np.tile(parent, 2)
    if not done:
        return triangles, parent
    return np.concatenate([t for t, _ in done]), np.concatenate([p for _, p in done])


def _check_not_flat(triangles: np.ndarray) -> None:
    corners = triangles.reshape(-1, 3)
    corners = corners - corners.mean(axis=0)
    axes = np.linalg.eigh(corners.T @ corners)[1]
    extents = np.ptp(corners @ axes, axis=0)
    if extents.min() <= FLAT * extents.max():
        raise InputError("the mesh is flat: all of it lies in a plane, so it is no solid object")


def _longest(triangles: np.ndarray) -> np.ndarray:
    """Return (N,) lengths of the longest edges of (N, 3, 3) triangles."""
    return np.linalg.norm(np.roll(triangles, -1, axis=1) - triangles, axis=2).max(axis=1)


def _areas(triangles: np.ndarray) -> np.ndarray:
    return np.linalg.norm(_crosses(triangles), axis=1) / 2


def _normals(triangles: np.ndarray) -> np.ndarray:
    """Return (N, 3) unit normals of (N, 3, 3) triangles, by the right-hand rule."""
    crosses = _crosses(triangles)
    return crosses / np.maximum(np.linalg.norm(crosses, axis=1, keepdims=True), 1e-300)


def _crosses(triangles: np.ndarray) -> np.ndarray:
    return np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
