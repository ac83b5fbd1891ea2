"""Meshes as arrays, and the only readers and writers of mesh files.

A mesh is (V, 3) float64 vertices and (F, 3) int64 vertex numbers, a *soup*: it may be open, its
faces may be turned either way, and they may share vertices or not.

:func:`load_mesh` and :func:`load_mesh_or_cloud` are for users' models, whose unused vertices are
dropped. :func:`read_mesh` is for results, which are scored as they are, empty ones included.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import ArrayLike

from im2mesh.errors import EmptyError, InputError
from im2mesh.files import atomic, first_line, foreign_kind, reading, why_missing
from im2mesh.geometry.formats import READERS

if TYPE_CHECKING:
    import trimesh

FORMATS = tuple(READERS)
"""Extensions, in lower or upper case, of the mesh files that are read and written."""

_PLY_NORMALS = "property float nx\nproperty float ny\nproperty float nz\n"

FARTHEST = 1e6
"""Largest coordinate of a result, in or near the unit cube; squares of it are sound."""

FLAT = 1e-6
"""A face has no area if it is no wider than this, in the length of its longest edge."""

SHAPENET_PLACE = "<class id>/<model id>/models/model_normalized.obj"
"""Place of a ShapeNetCore.v2 mesh below the data set's folder."""


class Surface(Protocol):
    """A mesh that can be written: a ``trimesh.Trimesh``, or anything else with such arrays."""

    @property
    def vertices(self) -> np.ndarray: ...  # (V, 3)

    @property
    def faces(self) -> np.ndarray: ...  # (F, 3)


def check_mesh(vertices: ArrayLike, faces: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Validate (V, 3) vertices and (F, 3) faces as a mesh; return them as float64 and int64.

    Only vertices that a face uses must be finite. Empty faces of any shape are a mesh without
    faces.

    Raises:
        InputError: malformed arrays, a face that names no vertex, or a vertex that is not finite.
    """
    points = np.asarray(vertices, dtype=np.float64)
    triangles = np.asarray(faces)
    # np.empty(0) and [] are meshes without anything, too.
    points = points.reshape(0, 3) if points.size == 0 else points
    triangles = triangles.reshape(0, 3) if triangles.size == 0 else triangles
    if points.ndim != 2 or points.shape[1] != 3:
        raise InputError(f"vertices have shape {points.shape}; expected (V, 3)")
    if triangles.ndim != 2 or triangles.shape[1] != 3:
        raise InputError(f"faces have shape {triangles.shape}; expected (F, 3)")
    if len(triangles):
        if triangles.dtype.kind not in "iu":
            raise InputError(f"faces hold {triangles.dtype} values; expected vertex numbers")
        if triangles.min() < 0 or triangles.max() >= len(points):
            raise InputError(
                f"faces name vertices {triangles.min()} … {triangles.max()} of {len(points)}"
            )
        if not np.isfinite(points[triangles.reshape(-1)]).all():
            raise InputError("the mesh has vertices that are not finite; repair or drop it")
    return points, triangles.astype(np.int64)


def drop_unused(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drop the vertices that no face uses; the others and all faces keep their order."""
    used = np.zeros(len(vertices), dtype=bool)
    used[faces.reshape(-1)] = True
    if used.all():
        return vertices, faces
    return vertices[used], (np.cumsum(used) - 1)[faces]


def load_mesh(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """Read a mesh file as one soup.

    The parts of a scene are put together, each moved by the transforms of its nodes. Polygons
    are cut into triangles. Materials and textures are not read. Faces without area, and points
    and lines beside the faces, are left out.

    Args:
        path: a file with one of :data:`FORMATS`.

    Returns:
        (V, 3) float64 vertices in the file's frame and unit, all used and finite, and (F, 3)
        int64 faces, F > 0.

    Raises:
        InputError: one line that names the file: missing, empty, another format, malformed, with
            a feature that is not read, a point cloud, without a face that has an area, or with
            vertices that are not finite.
    """
    vertices, faces = load_mesh_or_cloud(path)
    _refuse_cloud(path, vertices, faces)
    return vertices, faces


def load_mesh_or_cloud(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """Read a mesh file as :func:`load_mesh` does, or a point cloud, whose faces are (0, 3).

    Raises:
        EmptyError: neither faces nor points.
        InputError: as :func:`load_mesh`.
    """
    path = Path(path)
    vertices, faces = _read(path)
    if not len(vertices):
        raise EmptyError(f"{path}: has no faces; a mesh needs triangles or polygons")
    if not len(faces) and not np.isfinite(vertices).all():
        raise InputError(f"{path}: has points that are not finite; repair or drop it")
    try:
        vertices, faces = check_mesh(vertices, faces)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    if not len(faces):
        return vertices, faces
    vertices, faces = _drop_flat(*drop_unused(vertices, faces))
    if not len(faces):
        raise InputError(f"{path}: no face has an area; it shows nothing")
    return vertices, faces


def _drop_flat(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drop faces without area (:data:`FLAT`), and the vertices that only they use."""
    corners = vertices[faces]
    edges = corners - np.roll(corners, 1, axis=1)
    longest = np.einsum("fkd,fkd->fk", edges, edges).max(axis=1, initial=0)
    area = np.linalg.norm(np.cross(edges[:, 0], edges[:, 1]), axis=1)
    has_area = area > FLAT * longest
    return (vertices, faces) if has_area.all() else drop_unused(vertices, faces[has_area])


def read_mesh(path: str | os.PathLike[str]) -> trimesh.Trimesh:
    """Read the file of a result, its vertices and faces as they are.

    Args:
        path: a file with one of :data:`FORMATS`; a mesh without anything is a result, and so is
            one with vertices that are not finite.

    Raises:
        InputError: it cannot be read, is a point cloud, or reaches beyond :data:`FARTHEST`.
    """
    import trimesh

    vertices, faces = _read_result(path)
    if len(vertices):
        _refuse_cloud(path, vertices, faces)
    return trimesh.Trimesh(vertices, faces, process=False)


def read_pointcloud(path: str | os.PathLike[str]) -> np.ndarray:
    """Read the (N, 3) points of a result; N may be 0.

    Raises:
        InputError: it cannot be read, or reaches beyond :data:`FARTHEST`.
    """
    return _read_result(path)[0]


def _read_result(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    vertices, faces = _read(Path(path))
    if np.abs(vertices[np.isfinite(vertices)]).max(initial=0) > FARTHEST:
        raise InputError(
            f"{path}: has coordinates beyond {FARTHEST:g}; a mesh lies in the unit cube, make it "
            "again"
        )
    return vertices, faces


def _refuse_cloud(path: str | os.PathLike[str], vertices: np.ndarray, faces: np.ndarray) -> None:
    if not len(faces):
        raise InputError(
            f"{path}: is a point cloud ({len(vertices)} points, no faces); reconstruct a mesh "
            "from it"
        )


def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    kind = path.suffix.lower()
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give a mesh file in it")
    if not path.is_file():
        missing = why_missing(path).replace("no such file", "no such mesh file")
        raise InputError(f"{path}: {missing}")
    if kind not in FORMATS:
        raise InputError(f"{path}: not a mesh file that is read ({' '.join(FORMATS)}); convert it")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: is empty; write it again")
    with reading(path):
        other, data = foreign_kind(path), path.read_bytes()
    try:
        if other is not None and "text" not in other:
            raise InputError(f"it is {other}")
        return READERS[kind](data)
    except Exception as error:  # malformed JSON and numbers raise all there is
        reason = str(error) if isinstance(error, InputError) else f"damaged: {first_line(error)}"
        raise InputError(
            f"{path}: not a readable {kind} file ({reason}); write it again or convert it"
        ) from error


def write_mesh(mesh: Surface, path: Path, normals: bool = False) -> None:
    """Write a mesh, which may be empty, whole or not at all.

    Vertices are float32 in ``.ply`` (binary) and ``.off``, so that both files hold the same mesh.

    Args:
        mesh: the mesh.
        path: a file with one of :data:`FORMATS`.
        normals: write the unit normals of the vertices, too, where the format has them: ``.ply``,
            ``.obj`` and ``.glb``.
    """
    vertices, faces = np.asarray(mesh.vertices, np.float32), np.asarray(mesh.faces, np.int32)
    kind, normals = path.suffix.lower(), normals and len(faces) > 0
    with atomic(path) as beside:
        if kind == ".ply":
            directions = np.asarray(_full(mesh).vertex_normals, "f4") if normals else None
            beside.write_bytes(_ply(vertices, faces, directions))
        elif kind == ".off":
            beside.write_text(_off(vertices, faces))
        elif kind == ".obj" and not len(faces):
            beside.write_text("# a mesh without faces\n")
        elif kind == ".stl" or not normals:
            _full(mesh).export(beside, file_type=kind[1:])
        else:
            _full(mesh).export(beside, file_type=kind[1:], include_normals=True)


def _full(mesh: Surface) -> trimesh.Trimesh:
    import trimesh  # late, because most runs need no more of it than two arrays

    return trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)


def _ply(vertices: np.ndarray, faces: np.ndarray, normals: np.ndarray | None) -> bytes:
    # trimesh's own writer refuses a mesh without faces, which is a result like any other.
    rows = np.empty(len(faces), [("count", "u1"), ("index", "<i4", 3)])
    rows["count"], rows["index"] = 3, faces
    header = (
        "ply\nformat binary_little_endian 1.0\n"
        f"element vertex {len(vertices)}\n"
        "property float x\nproperty float y\nproperty float z\n"
        f"{'' if normals is None else _PLY_NORMALS}"
        f"element face {len(faces)}\n"
        "property list uchar int vertex_indices\nend_header\n"
    )
    table = vertices if normals is None else np.hstack([vertices, normals])
    return header.encode() + table.astype("<f4").tobytes() + rows.tobytes()


def _off(vertices: np.ndarray, faces: np.ndarray) -> str:
    # Nine significant digits hold every float32 exactly.
    points = "%.9g %.9g %.9g\n" * len(vertices) % tuple(vertices.ravel().tolist())
    triangles = "3 %d %d %d\n" * len(faces) % tuple(faces.ravel().tolist())
    return f"OFF\n{len(vertices)} {len(faces)} 0\n{points}{triangles}"


def shapenet_mesh(root: str | os.PathLike[str], class_id: str, model: str) -> Path:
    """Return the path of a ShapeNet mesh, at :data:`SHAPENET_PLACE`; it is there.

    Raises:
        InputError: it is not there; the line says where ShapeNet belongs.
    """
    root = Path(root)
    path = root / class_id / model / "models" / "model_normalized.obj"
    if path.is_file():
        return path
    if not root.is_dir():
        raise InputError(
            f"{path}: no such file: ShapeNetCore.v2 (shapenet.org) belongs in {root}, its meshes "
            f"at {SHAPENET_PLACE} there; or name the folder where yours is"
        )
    raise InputError(
        f"{path}: no such file: {root} lacks this mesh; ShapeNetCore.v2 keeps it at "
        f"{SHAPENET_PLACE}"
    )
