"""Mesh files: what is read, and what each bad one is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import trimesh

from im2mesh.config import MESH_FORMATS
from im2mesh.errors import InputError
from im2mesh.geometry.mesh_files import (
    FORMATS,
    drop_unused,
    load_mesh,
    read_mesh,
    shapenet_mesh,
    write_mesh,
)
from tests.prism import measures


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("upper", [False, True])
def test_formats(tmp_path: Path, kind: str, upper: bool) -> None:
    mesh = trimesh.creation.box((1, 2, 3))
    path = tmp_path / f"box{kind.upper() if upper else kind}"
    mesh.export(path, file_type=kind[1:])
    vertices, faces = load_mesh(path)
    assert vertices.dtype == np.float64 and faces.dtype == np.int64
    assert faces.shape == (12, 3)
    area, volume = measures((vertices, faces))[:2]
    assert (area, volume) == (pytest.approx(22), pytest.approx(6))
    np.testing.assert_allclose([vertices.min(0), vertices.max(0)], mesh.bounds)


def test_unused_vertices_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "a.off"
    path.write_text("OFF\n5 1 0\n9 9 nan\n0 0 0\n1 0 0\n8 8 8\n0 1 0\n3 1 2 4\n")
    vertices, faces = load_mesh(path)
    np.testing.assert_array_equal(vertices, [[0, 0, 0], [1, 0, 0], [0, 1, 0]])
    np.testing.assert_array_equal(faces, [[0, 1, 2]])
    same = drop_unused(vertices, faces)
    assert same[0] is vertices and same[1] is faces


def _cloud(path: Path) -> None:
    trimesh.PointCloud(np.random.default_rng(0).random((7, 3))).export(path)


def _nan(path: Path) -> None:
    mesh = trimesh.creation.box()
    vertices = np.array(mesh.vertices)
    vertices[3] = np.nan
    trimesh.Trimesh(vertices, mesh.faces, process=False).export(path)


def _text(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text)


BAD: list[tuple[str, Callable[[Path], object], str]] = [
    ("absent.obj", lambda path: None, "no such mesh file"),
    ("folder.obj", Path.mkdir, "is a folder"),
    *((f"empty{kind}", Path.touch, "is empty") for kind in FORMATS),
    *(
        (f"rubbish{kind}", lambda path: path.write_bytes(bytes(range(256)) * 3), "no")
        for kind in FORMATS
    ),
    ("none.off", _text("OFF\n3 0 0\n0 0 0\n1 0 0\n0 1 0\n"), r"point cloud \(3 points"),
    ("words.stl", _text("solid\nendsolid\n"), "has no faces"),
    ("cloud.ply", _cloud, r"is a point cloud \(7 points, no faces\)"),
    *((f"nan{kind}", _nan, "not finite") for kind in (".ply", ".off", ".obj", ".stl")),
    ("range.off", _text("OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 7\n"), r"not a readable \.off"),
    ("mesh.xyz", _text("0 0 0\n"), r"not a mesh file that is read \(\.obj"),
    ("mesh", _text("0 0 0\n"), "not a mesh file that is read"),
]


@pytest.mark.parametrize(("name", "write", "message"), BAD, ids=[name for name, *_ in BAD])
def test_bad_files(
    tmp_path: Path, name: str, write: Callable[[Path], object], message: str
) -> None:
    path = tmp_path / name
    write(path)
    with pytest.raises(InputError, match=message) as raised:
        load_mesh(path)
    assert str(raised.value).startswith(f"{path}: ") and "\n" not in str(raised.value)


def test_where_shapenet_belongs(tmp_path: Path) -> None:
    root = tmp_path / "ShapeNetCore.v2"
    with pytest.raises(InputError, match=rf"ShapeNetCore\.v2 .* belongs in {root}, its meshes at"):
        shapenet_mesh(root, "03001627", "abc")
    path = root / "03001627" / "abc" / "models" / "model_normalized.obj"
    path.parent.mkdir(parents=True)
    with pytest.raises(InputError, match="lacks this mesh"):
        shapenet_mesh(root, "03001627", "abc")
    path.touch()
    assert shapenet_mesh(root, "03001627", "abc") == path


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("normals", [False, True])
def test_a_result_may_be_empty(tmp_path: Path, kind: str, normals: bool) -> None:
    path = tmp_path / f"empty{kind}"
    write_mesh(trimesh.Trimesh(), path, normals)
    assert read_mesh(path).is_empty


def test_normals_of_a_ply(tmp_path: Path) -> None:
    """They are those of a ball: along its points."""
    ball = trimesh.creation.icosphere(subdivisions=2)
    write_mesh(ball, tmp_path / "a.ply", normals=True)
    rows = (tmp_path / "a.ply").read_bytes().partition(b"end_header\n")[2]
    table = np.frombuffer(rows, "<f4", 6 * len(ball.vertices)).reshape(-1, 6)
    np.testing.assert_allclose(table[:, :3], ball.vertices, atol=1e-6)
    np.testing.assert_allclose(table[:, 3:], ball.vertices, atol=0.02)
    np.testing.assert_allclose(read_mesh(tmp_path / "a.ply").vertices, ball.vertices, atol=1e-6)


def test_the_formats_of_a_run_are_those_that_are_read() -> None:
    assert {f".{kind}" for kind in MESH_FORMATS} == set(FORMATS)
