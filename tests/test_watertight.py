"""The solid of a mesh: against winding numbers and distances, and on what has neither."""

from __future__ import annotations

from pathlib import Path

import igl
import numpy as np
import pytest
import trimesh

from im2mesh.errors import InputError
from im2mesh.geometry import watertight
from im2mesh.geometry.mesh_files import load_mesh
from im2mesh.geometry.poses import normalise, pose_rotation
from im2mesh.geometry.watertight import CELLS, ON_SURFACE, THICKNESS, MeshSolid
from im2mesh.preparation.objects import MeshObject
from tests.fixtures import ball
from tests.reference import watertight as reference

COARSE = 64


@pytest.fixture
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a grid of larger cells, which decides gaps only and is much quicker to fill."""
    monkeypatch.setattr(watertight, "CELLS", COARSE)


def closed_meshes() -> dict[str, trimesh.Trimesh]:
    return {
        "ball": ball(0.5, subdivisions=1),
        "box": trimesh.creation.box((1.0, 0.6, 0.05)),
        "ring": trimesh.creation.torus(0.4, 0.1, 24, 12),
        "rod": trimesh.creation.cylinder(0.004, 1.0, sections=8),  # thinner than two cells
        "tube": trimesh.creation.annulus(0.2, 0.25, 1.0, 24),
    }


def solid_of(mesh: trimesh.Trimesh, thickness: float = THICKNESS) -> MeshSolid:
    return MeshSolid(np.asarray(mesh.vertices), np.asarray(mesh.faces), thickness)


def places(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.55, 0.55, (count, 3))


# --- closed meshes ----------------------------------------------------------------------------


@pytest.mark.usefixtures("coarse")
@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", closed_meshes())
def test_closed_mesh_is_its_own_solid(name: str, seed: int) -> None:
    """Turned any way, with faces in any order, any of them inside out, none sharing vertices."""
    rng = np.random.default_rng(seed)
    mesh = closed_meshes()[name]
    rotation = pose_rotation(rng.uniform(0, 360), rng.uniform(-90, 90))
    vertices = normalise(np.asarray(mesh.vertices) @ rotation.T)
    corners = vertices[mesh.faces]
    points = rng.uniform(-0.55, 0.55, (80, 3))
    expected = reference.distance(points, corners)
    expected *= np.where(reference.winding_number(points, corners) > 0.5, -1, 1)
    flipped = rng.random(len(corners)) < 0.5
    soup = np.where(flipped[:, None, None], corners[:, ::-1], corners)[
        rng.permutation(len(corners))
    ]
    solid = MeshSolid(soup.reshape(-1, 3), np.arange(3 * len(soup)).reshape(-1, 3))
    np.testing.assert_allclose(solid.signed_distance(points), expected, atol=1e-9)
    assert solid.shares.wall == pytest.approx(1)


def test_occupancy_near_a_surface() -> None:
    """Points less than a cell from it, where rays decide, on both sides, by edges and corners."""
    mesh = trimesh.creation.box((1.0, 0.5, 0.5))
    solid = solid_of(mesh)
    rng = np.random.default_rng(0)
    size = np.array([0.5, 0.25, 0.25])
    points = rng.uniform(-1, 1, (20000, 3)) * (size + 0.01)
    points = points[(np.abs(points) > size - 0.01).any(axis=1)]
    points = points[np.abs(np.abs(points) - size).min(axis=1) > 1e-6]
    np.testing.assert_array_equal(solid.occupancy(points), (np.abs(points) < size).all(axis=1))


@pytest.mark.usefixtures("coarse")
@pytest.mark.parametrize("turn", [1, -1])
def test_a_closed_cavity_is_full(turn: int) -> None:
    """A box in a box, a drawer in a cabinet: what cannot be reached is no surface."""
    outer = trimesh.creation.box((1.0, 0.8, 0.8))
    inner = trimesh.creation.box((0.6, 0.5, 0.5))
    inner = trimesh.Trimesh(inner.vertices, inner.faces[:, ::turn])
    both = trimesh.util.concatenate([outer, inner])
    solid, points = solid_of(both), places(2000)
    expected = solid_of(outer).signed_distance(points)
    np.testing.assert_allclose(solid.signed_distance(points), expected, atol=1e-9)
    cloud, _ = solid.sample_surface(2000, np.random.default_rng(0))
    assert (np.abs(cloud) > [0.499, 0.399, 0.399]).any(axis=1).all()
    assert solid.shares.inner == pytest.approx(inner.area / both.area)


@pytest.mark.usefixtures("coarse")
def test_parts_that_overlap_are_one_solid() -> None:
    """The walls of either part inside the other are gone, from the cloud and from distances."""
    half_a, half_b = np.array([0.5, 0.1, 0.2]), np.array([0.1, 0.3, 0.1])
    a, b = (trimesh.creation.box(2 * half) for half in (half_a, half_b))
    solid = solid_of(trimesh.util.concatenate([a, b]))
    points = places(4000)

    def outside(half: np.ndarray) -> np.ndarray:
        return np.linalg.norm(np.maximum(np.abs(points) - half, 0), axis=1)

    def inside(half: np.ndarray) -> np.ndarray:
        return (np.abs(points) < half).all(axis=1)

    union = inside(half_a) | inside(half_b)
    sdf = solid.signed_distance(points)
    np.testing.assert_array_equal(sdf <= 0, union)
    expected = np.minimum(outside(half_a), outside(half_b))[~union]
    np.testing.assert_allclose(sdf[~union], expected, atol=1e-9)
    # In the middle of the union, far from where a wall runs into the other part.
    middle = np.array([[0.3, 0.0, 0.0], [0.0, 0.2, 0.0], [0.0, 0.0, 0.0]])
    found = -solid.signed_distance(middle)
    np.testing.assert_allclose(found, [0.1, 0.1, np.hypot(0.1, 0.1) - 0.0], atol=0.02)
    cloud, normals = solid.sample_surface(3000, np.random.default_rng(0))
    for half in (half_a, half_b):
        assert not (np.abs(cloud) < half - 1e-4).all(axis=1).any()
    assert (solid.signed_distance(cloud + 1e-3 * normals) > 0).all()
    assert (solid.signed_distance(cloud - 1e-3 * normals) < 0).all()


# --- open meshes ------------------------------------------------------------------------------


def open_box(opening: float) -> trimesh.Trimesh:
    """A unit cube with a square hole of this width in the middle of its top."""
    box = trimesh.creation.box()
    sides = box.faces[np.abs(box.face_normals[:, 1] - 1) > 1e-6]
    w, e = 0.5, opening / 2
    xs = [(-w, -e), (-e, e), (e, w)]
    quads = [(x, z) for i, x in enumerate(xs) for j, z in enumerate(xs) if (i, j) != (1, 1)]
    vertices, faces = list(box.vertices), list(sides)
    for (x0, x1), (z0, z1) in quads:
        n = len(vertices)
        vertices += [(x0, 0.5, z0), (x1, 0.5, z0), (x1, 0.5, z1), (x0, 0.5, z1)]
        faces += [(n, n + 1, n + 2), (n, n + 2, n + 3)]
    return trimesh.Trimesh(vertices, faces, process=False)


@pytest.mark.usefixtures("coarse")
@pytest.mark.parametrize(("cells", "full"), [(0.25, True), (0.75, True), (3, False)])
def test_gaps(cells: float, full: bool) -> None:
    """A crack is closed; what a camera can look into is open, and then the walls are sheets."""
    solid = solid_of(open_box(cells / COARSE))
    assert solid.occupancy(np.zeros((1, 3)))[0] == full
    assert (solid.shares.wall if full else solid.shares.sheet) == pytest.approx(1, abs=1e-3)


@pytest.mark.usefixtures("coarse")
@pytest.mark.parametrize("thickness", [THICKNESS, 0.03])
def test_sheets_get_a_thickness(thickness: float) -> None:
    """Two crossing rectangles, a face of one doubled: half the thickness on either side."""
    vertices = [
        *[(-0.5, 0, -0.3), (0.5, 0, -0.3), (0.5, 0, 0.3), (-0.5, 0, 0.3)],
        *[(0.1, -0.4, -0.3), (0.1, 0.4, -0.3), (0.1, 0.4, 0.3), (0.1, -0.4, 0.3)],
    ]
    faces = [(0, 1, 2), (0, 2, 3), (4, 5, 6), (4, 6, 7), (2, 1, 0)]
    solid = MeshSolid(np.array(vertices, float), np.array(faces), thickness)
    assert solid.shares.sheet == pytest.approx(1)
    points = np.concatenate([places(2000), places(500) * [1, 0.03, 0.5]])
    expected = reference.distance(points, np.array(vertices)[np.array(faces)]) - thickness / 2
    np.testing.assert_allclose(solid.signed_distance(points), expected, atol=1e-9)
    # In the very plane of a sheet no side can be told, and none is needed.
    middle = np.array([[-0.3, 0.0, 0.1], [0.1, 0.2, 0.0]])
    np.testing.assert_allclose(solid.signed_distance(middle), -thickness / 2, atol=1e-9)
    cloud, normals = solid.sample_surface(4000, np.random.default_rng(0))
    flat = np.abs(normals[:, 1]) > 0.5
    np.testing.assert_allclose(np.abs(cloud[flat, 1]), thickness / 2, atol=1e-9)
    assert 0.4 < np.mean(normals[flat, 1] > 0) < 0.6
    assert (np.sign(cloud[flat, 1]) == np.sign(normals[flat, 1])).all()


@pytest.mark.usefixtures("coarse")
def test_a_lamp_shade_stays_open() -> None:
    """The winding number is above 1/2 in an open cylinder, and a camera looks right into it."""
    shade = trimesh.creation.cylinder(0.5, 0.8, sections=24)
    shade = trimesh.Trimesh(shade.vertices, shade.faces[np.abs(shade.face_normals[:, 2]) < 0.5])
    middle = np.zeros((1, 3))
    assert igl.fast_winding_number(shade.vertices, shade.faces, middle)[0] > 0.5
    solid = solid_of(shade)
    assert not solid.occupancy(middle)[0]
    assert solid.shares.sheet == pytest.approx(1)


@pytest.mark.usefixtures("coarse")
def test_faces_without_area_are_nothing() -> None:
    mesh = ball(0.5, subdivisions=1)
    vertices = np.concatenate([mesh.vertices, [[0, 0, 0], [0, 0, 0.4], [0, 0, 0.2]]])
    n = len(mesh.vertices)
    faces = np.concatenate([mesh.faces, [[n, n + 1, n + 2], [n, n, n + 1]]])
    points = places(500)
    np.testing.assert_array_equal(
        MeshSolid(vertices, faces).signed_distance(points), solid_of(mesh).signed_distance(points)
    )


def test_what_is_no_solid() -> None:
    square = np.array([(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0)], float) - 0.5
    faces = np.array([(0, 1, 2), (0, 2, 3)])
    turned = square @ pose_rotation(30, 20).T
    for flat in (square, turned):
        with pytest.raises(InputError, match="flat"):
            MeshSolid(flat, faces)
    with pytest.raises(InputError, match="no triangle of the mesh has an area"):
        MeshSolid(square, np.array([(0, 1, 1)]))
    for thickness in (0.0, -1.0, 0.2, np.nan):
        with pytest.raises(InputError, match="thick"):
            solid_of(ball(0.5, subdivisions=1), thickness)


# --- the surface ------------------------------------------------------------------------------


@pytest.mark.usefixtures("coarse")
def test_samples_are_even_and_seeded() -> None:
    half = np.array([0.5, 0.3, 0.1])
    solid = solid_of(trimesh.creation.box(2 * half))
    cloud, normals = solid.sample_surface(20000, np.random.default_rng(7))
    again, _ = solid.sample_surface(20000, np.random.default_rng(7))
    np.testing.assert_array_equal(cloud, again)
    assert np.abs(solid.signed_distance(cloud)).max() <= ON_SURFACE
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1)
    sides = np.array([half[1] * half[2], half[0] * half[2], half[0] * half[1]])
    found = [np.mean(np.abs(normals[:, k]) > 0.5) for k in range(3)]
    np.testing.assert_allclose(found, sides / sides.sum(), atol=0.01)
    for k in range(3):  # and over a side
        side = normals[:, k] > 0.5
        other = (k + 1) % 3
        assert abs(cloud[side, other].mean()) < 0.03 * half[other] + 0.01
        np.testing.assert_allclose(cloud[side, k], half[k])


@pytest.mark.usefixtures("coarse")
@pytest.mark.parametrize(("azimuth", "elevation"), [(0, 0), (123.4, 31.2), (290, -20)])
def test_posed_mesh_is_cut_off_at_the_cube(azimuth: float, elevation: float) -> None:
    """A sheet at the border reaches out of the cube by half its thickness."""
    shade = trimesh.creation.box((1.0, 0.7, 0.5))
    mesh = MeshObject(
        np.asarray(shade.vertices), shade.faces[:-2], 2000, np.random.default_rng(0), 0.02
    )
    posed = mesh.posed(azimuth, elevation)
    assert np.ptp(posed.vertices, axis=0).max() == pytest.approx(1, abs=1e-12)
    cloud, normals = posed.surface()
    assert cloud.shape == normals.shape == (2000, 3)
    assert np.abs(cloud).max() <= 0.5
    assert np.abs(posed.signed_distance(cloud)).max() <= 2 * ON_SURFACE
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1)
    inside = np.abs(cloud - 1e-3 * normals).max(axis=1) < 0.5
    assert (posed.signed_distance(cloud - 1e-3 * normals)[inside] < 0).mean() > 0.99
    depth = posed.depth()
    assert depth.min() == -1 and 0 <= depth.max() <= 1


# --- real meshes ------------------------------------------------------------------------------

CLOSED = ("bottle/WineBottle", "display/televisionVintage", "table/tableRound", "stool/*17-Stool")


@pytest.mark.parametrize("pattern", CLOSED)
def test_real_closed_meshes(shared: Path, pattern: str) -> None:
    """Against libigl's winding number, which is another way altogether."""
    vertices, faces = load_mesh(next((shared / "meshes").glob(f"{pattern}.ply")))
    vertices = normalise(vertices)
    solid = MeshSolid(vertices, faces)
    points = places(4000)
    inside = igl.winding_number(vertices, faces, points) > 0.5
    np.testing.assert_array_equal(solid.occupancy(points), inside)


def is_closed(vertices: np.ndarray, faces: np.ndarray) -> bool:
    mesh = trimesh.Trimesh(vertices, faces)  # merges vertices at one place
    return bool(mesh.is_watertight and mesh.is_winding_consistent)


@pytest.mark.slow
def test_all_real_meshes(shared: Path) -> None:
    """Occupancy, volume, cloud and depth of each; the exceptions are open, or have cavities."""
    agreement: dict[str, float] = {}
    for path in sorted((shared / "meshes").glob("*/*.ply")):
        vertices, faces = load_mesh(path)
        rng = np.random.default_rng(0)
        mesh = MeshObject(vertices, faces, 2000, rng)
        points = rng.uniform(-0.5, 0.5, (20000, 3))
        inside = mesh.solid.occupancy(points)
        winding = igl.fast_winding_number(mesh.vertices, faces, points)
        squared = igl.point_mesh_squared_distance(points, mesh.vertices, faces)[0]
        away = squared > (1 / CELLS) ** 2
        agreement[path.stem] = float(np.mean((inside == (winding > 0.5))[away]))
        assert np.abs(mesh.solid.signed_distance(mesh.points)).max() <= ON_SURFACE
        if is_closed(mesh.vertices, faces) and agreement[path.stem] == 1:
            # Voxels that the surface touches are half full, but for what is thinner than they.
            voxels = trimesh.Trimesh(mesh.vertices, faces).voxelized(1 / CELLS)
            touched, filled = voxels.filled_count, voxels.fill().filled_count
            volume = (filled - touched / 2) / CELLS**3
            error = 3 * np.sqrt(volume / len(points)) + 0.03 * volume + 0.1 * touched / CELLS**3
            assert abs(inside.mean() - volume) < error, path.stem
    assert len(agreement) == 84
    below = {name: share for name, share in agreement.items() if share < 0.99}
    # An open bed frame and mattress, an open jug, a closed lid, closed cupboards: in the first two
    # a winding number is neither 0 nor 1, in the others a cavity is full.
    assert set(below) <= {"Bed_01", "kitchenBlender", "toilet", "FurniturePack19-Bookcase"}, below
    assert np.mean(list(agreement.values())) > 0.995
