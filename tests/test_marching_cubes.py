"""Marching cubes: the fast kernel and the readable one, mostly by properties."""

from __future__ import annotations

import io
import itertools
import math

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from im2mesh.native import marching_cubes as native
from tests.fixtures import ball_field
from tests.reference import marching_cubes as reference

both = pytest.mark.parametrize(
    "marching_cubes",
    [native.marching_cubes, reference.marching_cubes],
    ids=["native", "reference"],
)
quick = settings(deadline=None, max_examples=25, derandomize=True)

OUTSIDE = -1e6


# -- what any result must be ---------------------------------------------------------------------


def directed_edges(faces: np.ndarray) -> list[tuple[int, int]]:
    return [(int(f[i]), int(f[(i + 1) % 3])) for f in faces for i in range(3)]


def assert_closed(faces: np.ndarray) -> None:
    """Each directed edge occurs once, and so does its opposite: two faces an edge, oriented."""
    edges = directed_edges(faces)
    assert len(set(edges)) == len(edges)
    assert {(b, a) for a, b in edges} == set(edges)


def assert_sound(volume: np.ndarray, iso: float, vertices: np.ndarray, faces: np.ndarray) -> None:
    """Assert the properties of every volume, closed or not."""
    assert vertices.dtype == np.float64 and vertices.shape[1:] == (3,)
    assert faces.dtype == np.int64 and faces.shape[1:] == (3,)
    # Exactly one vertex on each lattice edge that straddles the level, clear of both ends.
    low = np.floor(vertices).astype(int)
    assert ((vertices != low).sum(axis=1) == 1).all()
    high = low + (vertices != low)
    offset = (vertices - low).sum(axis=1)
    assert (offset > native.CLEARANCE * (1 - 1e-9)).all()
    assert (offset < 1 - native.CLEARANCE * (1 - 1e-9)).all()
    inside = volume > iso
    assert (inside[tuple(low.T)] != inside[tuple(high.T)]).all()
    assert len(np.unique(np.hstack([low, high]), axis=0)) == len(vertices)
    crossed = sum(int(np.diff(inside, axis=axis).sum()) for axis in range(3))
    assert len(vertices) == crossed
    # Every vertex is used, no triangle is degenerate.
    assert np.array_equal(np.unique(faces), np.arange(len(vertices)))
    a, b, c = vertices[faces].transpose(1, 0, 2)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    assert (area > native.CLEARANCE**2 / 4).all()
    # No directed edge twice; an edge with one triangle only lies on the border of the volume.
    edges = directed_edges(faces)
    assert len(set(edges)) == len(edges)
    single = set(edges) - {(b, a) for a, b in edges}
    last = np.array(volume.shape) - 1
    for edge in single:
        ends = vertices[list(edge)]
        assert ((ends == 0).all(axis=0) | (ends == last).all(axis=0)).any()


def winding_numbers(points: np.ndarray, vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return how often the mesh encloses each point (van Oosterom and Strackee's solid angles)."""
    a, b, c = (vertices[faces[:, i]][None] - points[:, None] for i in range(3))
    la, lb, lc = (np.linalg.norm(v, axis=2) for v in (a, b, c))
    top = (a * np.cross(b, c)).sum(2)
    bottom = la * lb * lc + (a * b).sum(2) * lc + (b * c).sum(2) * la + (c * a).sum(2) * lb
    return np.arctan2(top, bottom).sum(axis=1) / (2 * np.pi)


def assert_encloses(volume: np.ndarray, iso: float, mesh: tuple[np.ndarray, np.ndarray]) -> None:
    nodes = np.argwhere(np.ones(volume.shape, bool)).astype(float)
    expected = (volume > iso).ravel().astype(float)
    assert np.allclose(winding_numbers(nodes, *mesh), expected, atol=1e-6)


def in_cell_faces(vertices: np.ndarray, faces: np.ndarray) -> set[tuple[float, ...]]:
    """The directed edges that lie in a face of a cell: they do not depend on how loops are cut."""
    found = set()
    for a, b in directed_edges(faces):
        p, q = vertices[a], vertices[b]
        if ((p == q) & (p == np.floor(p))).any():
            found.add((*p, *q))
    return found


def rows(array: np.ndarray) -> list[tuple[float, ...]]:
    return sorted(map(tuple, array.tolist()))


def cell_volume(case: int) -> np.ndarray:
    """A cell with the given corners inside (bit c: corner (c&1, c>>1&1, c>>2&1)), padded."""
    cell = np.full((2, 2, 2), -1.0)
    for corner in range(8):
        if case >> corner & 1:
            cell[corner & 1, corner >> 1 & 1, corner >> 2 & 1] = 1.0
    return np.pad(cell, 1, constant_values=-1.0)


def sphere_volume(n: int, radius: float, centre: np.ndarray) -> np.ndarray:
    """Distance inside a sphere, in units of nodes."""
    return ball_field(radius, centre)(np.moveaxis(np.indices((n,) * 3), 0, -1))


@st.composite
def volumes(draw: st.DrawFn, largest: int = 5) -> np.ndarray:
    """Noise with ties at 0, values a hair off it, and huge ones, in any small shape."""
    shape = tuple(draw(st.integers(2, largest)) for _ in range(3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    kind = draw(st.sampled_from(["normal", "ties", "tiny", "huge"]))
    if kind == "normal":
        return rng.normal(size=shape)
    if kind == "ties":
        return rng.integers(-1, 2, shape).astype(np.float64)
    if kind == "tiny":
        return rng.choice([-1.0, -1e-300, 0.0, 5e-324, 1.0], shape)
    return rng.choice([-1.7e308, -1.0, 1e-3, 1.7e308], shape)


# -- the table -----------------------------------------------------------------------------------


def corner_positions(edge: int) -> np.ndarray:
    return np.array([[c & 1, c >> 1 & 1, c >> 2 & 1] for c in native.EDGES[edge]])


def links(case: int) -> set[tuple[int, int]]:
    """The directed segments that the loops of a case consist of."""
    return {(loop[i - 1], loop[i]) for loop in native.case_loops(case) for i in range(len(loop))}


def test_edges_are_numbered_as_the_kernel_expects():
    assert len(native.EDGES) == 12
    for edge in range(12):
        low, high = corner_positions(edge)
        assert np.array_equal(high - low, np.eye(3)[edge // 4])


def test_the_table_of_cases():
    for case in range(256):
        check_table_case(case)


def check_table_case(case: int) -> None:
    crossed = {e for e, (a, b) in enumerate(native.EDGES) if (case >> a ^ case >> b) & 1}
    loops = native.case_loops(case)
    assert sorted(e for loop in loops for e in loop) == sorted(crossed)
    table, counts = native.case_table()
    triangles = table[case, : 3 * counts[case]].reshape(-1, 3)
    assert len(triangles) == sum(len(loop) - 2 for loop in loops)
    assert not table[case, 3 * counts[case] :].any()
    # Two triangles an edge, but for the loops' own edges; those alone lie in faces of the cell.
    edges = directed_edges(triangles)
    assert len(set(edges)) == len(edges)
    border = set(edges) - {(b, a) for a, b in edges}
    assert border == links(case)
    for a, b in set(edges) - border:
        points = np.concatenate([corner_positions(a), corner_positions(b)])
        assert not (points == points[0]).all(axis=0).any()


def turns() -> list[np.ndarray]:
    """The 48 symmetries of the cube as signed permutation matrices."""
    return [
        np.eye(3, dtype=int)[list(order)] * np.array(signs)[:, None]
        for order in itertools.permutations(range(3))
        for signs in itertools.product((1, -1), repeat=3)
    ]


def test_the_linking_has_the_cubes_symmetries():
    def moved(corner: int, turn: np.ndarray) -> int:
        at = 2 * np.array([corner & 1, corner >> 1 & 1, corner >> 2 & 1]) - 1
        return int(((turn @ at + 1) // 2) @ [1, 2, 4])

    linked = [links(case) for case in range(256)]
    for turn in turns():
        corners = [moved(c, turn) for c in range(8)]
        edges = [native.EDGE_NUMBER[frozenset(corners[c] for c in e)] for e in native.EDGES]
        for case in range(256):
            image = sum(1 << corners[c] for c in range(8) if case >> c & 1)
            pairs = {(edges[a], edges[b]) for a, b in linked[case]}
            if np.linalg.det(turn) < 0:
                pairs = {(b, a) for a, b in pairs}
            assert pairs == linked[image]


# -- the fifteen cases and single cells ----------------------------------------------------------

# Corner sets of the fifteen canonical cases with the number of triangles and separate sheets
# that linking around inside corners gives.
CANONICAL = {
    "none": ([], 0, 0),
    "corner": ([0], 1, 1),
    "edge": ([0, 1], 2, 1),
    "face diagonal": ([0, 3], 2, 2),
    "space diagonal": ([0, 7], 2, 2),
    "three of a face": ([0, 1, 2], 3, 1),
    "edge and corner": ([0, 1, 7], 3, 2),
    "three apart": ([0, 3, 5], 3, 3),
    "face": ([0, 1, 2, 3], 2, 1),
    "corner and its neighbours": ([0, 1, 2, 4], 4, 1),
    "two opposite edges": ([0, 1, 6, 7], 4, 2),
    "path": ([0, 1, 3, 7], 4, 1),
    "mirrored path": ([0, 2, 3, 7], 4, 1),
    "three of a face and corner": ([0, 1, 2, 7], 4, 2),
    "four apart": ([0, 3, 5, 6], 4, 4),
}


@both
@pytest.mark.parametrize("name", CANONICAL)
def test_canonical_cases(marching_cubes, name):
    corners, triangles, sheets = CANONICAL[name]
    cell = cell_volume(sum(1 << c for c in corners))[1:3, 1:3, 1:3]
    vertices, faces = marching_cubes(cell, 0.0)
    assert_sound(cell, 0.0, vertices, faces)
    assert len(faces) == triangles
    assert trimesh.Trimesh(vertices, faces, process=False).body_count == sheets


@both
def test_a_single_corner_faces_away_from_it(marching_cubes):
    cell = -np.ones((2, 2, 2), np.float32)
    cell[0, 0, 0] = 3.0
    vertices, faces = marching_cubes(cell, 0.0)
    assert rows(vertices) == [(0, 0, 0.75), (0, 0.75, 0), (0.75, 0, 0)]
    (face,) = vertices[faces]
    assert (np.cross(face[1] - face[0], face[2] - face[0]) > 0).all()


@both
def test_all_256_cells_are_closed_and_enclose_their_inside_corners(marching_cubes):
    for case in range(1, 256):
        volume = cell_volume(case)
        vertices, faces = marching_cubes(volume, 0.0)
        assert_closed(faces)
        assert_encloses(volume, 0.0, (vertices, faces))


def test_all_pairs_of_neighbouring_cells_are_closed():
    for case in range(1, 4096):
        bits = (case >> np.arange(12) & 1).astype(np.float32).reshape(3, 2, 2)
        _, faces = native.marching_cubes(np.pad(bits, 1), 0.5)
        assert_closed(faces)


# -- noise ---------------------------------------------------------------------------------------


@both
@quick
@given(volume=volumes())
def test_noise_is_sound(marching_cubes, volume):
    assert_sound(volume, 0.0, *marching_cubes(volume, 0.0))


@both
@quick
@given(volume=volumes(largest=4), padding=st.sampled_from([0.0, -1.0, OUTSIDE]))
def test_padded_noise_is_closed_and_encloses_what_is_inside(marching_cubes, volume, padding):
    volume = np.pad(volume, 1, constant_values=padding)
    vertices, faces = marching_cubes(volume, 0.0)
    assert_sound(volume, 0.0, vertices, faces)
    assert_closed(faces)
    assert_encloses(volume, 0.0, (vertices, faces))


@quick
@given(volume=volumes())
def test_both_kernels_find_the_same_surface(volume):
    vertices, faces = native.marching_cubes(volume, 0.0)
    expected_vertices, expected_faces = reference.marching_cubes(volume, 0.0)
    vertices, expected_vertices = vertices.round(9), expected_vertices.round(9)
    assert rows(vertices) == rows(expected_vertices)
    assert len(faces) == len(expected_faces)
    assert in_cell_faces(vertices, faces) == in_cell_faces(expected_vertices, expected_faces)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_larger_noise_volume_is_closed(dtype):
    noise = np.random.default_rng(0).normal(size=(21, 34, 27)).astype(dtype)
    vertices, faces = native.marching_cubes(np.pad(noise, 1, constant_values=OUTSIDE), 0.1)
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    codes = edges @ [len(vertices), 1]
    assert len(np.unique(codes)) == len(codes)
    assert np.array_equal(np.sort(codes), np.sort(edges @ [1, len(vertices)]))
    assert np.array_equal(np.unique(faces), np.arange(len(vertices)))


@pytest.mark.parametrize("values", ["normal", "ties"])
def test_noise_stays_watertight_through_a_float32_file(values):
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(20,) * 3) if values == "normal" else rng.integers(-1, 2, (20,) * 3)
    volume = np.pad(noise.astype(np.float32), 1, constant_values=OUTSIDE)
    vertices, faces = native.marching_cubes(volume, 0.0)
    unit = ((vertices - 1) / 128 - 0.5).astype(np.float32)  # spaced as on the usual lattice
    written = trimesh.Trimesh(unit, faces, process=False).export(file_type="ply")
    read = trimesh.load(io.BytesIO(written), file_type="ply", process=True)
    assert len(read.vertices) == len(vertices) and len(read.faces) == len(faces)
    assert read.is_watertight and read.is_winding_consistent and read.volume > 0


# -- shapes whose surface is known ---------------------------------------------------------------


@both
def test_sphere(marching_cubes):
    radius, centre = 4.4, np.array([6.1, 5.9, 6.3])
    volume = sphere_volume(13, radius, centre)
    vertices, faces = marching_cubes(volume, 0.0)
    assert_sound(volume, 0.0, vertices, faces)
    assert_closed(faces)
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    assert np.allclose(np.linalg.norm(vertices - centre, axis=1), radius, atol=0.03)
    assert np.allclose(mesh.center_mass, centre, atol=0.01)
    assert mesh.volume == pytest.approx(4 / 3 * math.pi * radius**3, rel=0.04)
    assert mesh.area == pytest.approx(4 * math.pi * radius**2, rel=0.04)
    assert mesh.euler_number == 2
    outward = (mesh.face_normals * (mesh.triangles_center - centre)).sum(axis=1)
    assert (outward > 0).all()


def test_fine_sphere_is_near_the_analytic_one():
    volume = sphere_volume(65, 25.3, np.array([32.0, 31.5, 32.25])).astype(np.float32)
    mesh = trimesh.Trimesh(*native.marching_cubes(volume, 0.0), process=False)
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(4 / 3 * math.pi * 25.3**3, rel=2e-3)
    assert mesh.area == pytest.approx(4 * math.pi * 25.3**2, rel=2e-3)
    assert np.allclose(mesh.center_mass, [32.0, 31.5, 32.25], atol=1e-3)


@both
@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("position", [1.5, 2.999])
def test_plane_at_a_fraction_of_a_cell(marching_cubes, axis, sign, position):
    volume = sign * (position - np.indices((5, 4, 6))[axis].astype(np.float64))
    vertices, faces = marching_cubes(volume, 0.0)
    assert np.allclose(vertices[:, axis], position)
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    area = np.prod(np.delete(np.array(volume.shape) - 1, axis))
    assert mesh.area == pytest.approx(float(area))
    assert np.allclose(mesh.face_normals, sign * np.eye(3)[axis])


@both
def test_a_node_at_the_level_is_outside(marching_cubes):
    volume = np.zeros((4, 4, 4))
    volume[1:3, 1:3, 1:3] = 1.0
    vertices, faces = marching_cubes(volume, 0.0)
    assert_closed(faces)
    assert np.allclose(vertices.min(axis=0), native.CLEARANCE)
    assert len(marching_cubes(volume, 1.0)[1]) == 0


# -- how the volume is given ---------------------------------------------------------------------


@both
@pytest.mark.parametrize("value", [-3.0, 0.0, 2.0])
def test_nothing_inside_or_nothing_outside_is_an_empty_mesh(marching_cubes, value):
    vertices, faces = marching_cubes(np.full((3, 2, 4), value, np.float32), 0.0)
    assert vertices.shape == (0, 3) and vertices.dtype == np.float64
    assert faces.shape == (0, 3) and faces.dtype == np.int64


@both
def test_types_and_memory_layout_do_not_matter(marching_cubes):
    volume = np.random.default_rng(2).normal(size=(6, 5, 4)).astype(np.float32)
    expected = marching_cubes(volume, 0.1)
    wide = np.zeros((12, 5, 8))
    wide[::2, :, ::2] = volume
    reversed_twice = np.ascontiguousarray(volume[::-1])[::-1]
    read_only = volume.copy()
    read_only.flags.writeable = False
    double = volume.astype(np.float64)
    for other in (double, np.asfortranarray(volume), wide[::2, :, ::2], reversed_twice, read_only):
        before = other.copy()
        for a, b in zip(marching_cubes(other, 0.1), expected, strict=True):
            assert np.array_equal(a, b)
        assert np.array_equal(other, before)
    assert rows(marching_cubes(volume.T, 0.1)[0][:, ::-1]) == rows(expected[0])


@both
@pytest.mark.parametrize("iso", [-7.5, 0.3, 1e5])
def test_a_shifted_level_gives_the_same_surface(marching_cubes, iso):
    volume = sphere_volume(7, 2.2, np.array([3.0, 3.1, 2.8]))
    vertices, faces = marching_cubes(volume + iso, iso)
    expected = marching_cubes(volume, 0.0)
    assert np.allclose(vertices, expected[0], atol=1e-8)
    assert np.array_equal(faces, expected[1])


@both
def test_the_negated_volume_has_the_same_surface_inside_out(marching_cubes):
    volume = sphere_volume(9, 3.3, np.array([4.0, 4.1, 3.9]))
    vertices, faces = marching_cubes(volume, 0.0)
    flipped_vertices, flipped_faces = marching_cubes(-volume, 0.0)
    assert rows(vertices) == rows(flipped_vertices)
    forward = in_cell_faces(vertices, faces)
    assert {(*e[3:], *e[:3]) for e in in_cell_faces(flipped_vertices, flipped_faces)} == forward
    mesh = trimesh.Trimesh(flipped_vertices, flipped_faces, process=False)
    assert mesh.volume == pytest.approx(-4 / 3 * math.pi * 3.3**3, rel=0.1)
    # Noise has cells with diagonal corners, which are linked around the inside ones: its triangles
    # may differ.
    noise = np.random.default_rng(4).normal(size=(5, 5, 5))
    assert rows(marching_cubes(noise, 0.2)[0]) == rows(marching_cubes(-noise, -0.2)[0])


# -- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("volume", "iso", "message"),
    [
        (np.zeros((3, 3)), 0.0, r"shape \(3, 3\)"),
        (np.zeros((3, 3, 3, 3)), 0.0, r"shape \(3, 3, 3, 3\)"),
        (np.zeros((3, 1, 3)), 0.0, r"at least 2 nodes, not shape \(3, 1, 3\)"),
        (np.zeros((0, 3, 3)), 0.0, r"shape \(0, 3, 3\)"),
        (np.zeros((3, 3, 3), np.int64), 0.0, "not int64"),
        (np.zeros((3, 3, 3), bool), 0.0, "not bool"),
        (np.zeros((3, 3, 3), np.float16), 0.0, "not float16"),
        (np.zeros((3, 3, 3), np.complex64), 0.0, "not complex64"),
        (np.zeros((3, 3, 3), object), 0.0, "not object"),
        (np.zeros((3, 3, 3)), math.nan, "iso-level must be finite, not nan"),
        (np.zeros((3, 3, 3)), -math.inf, "iso-level must be finite, not -inf"),
    ],
)
def test_errors(volume, iso, message):
    with pytest.raises(ValueError, match=message):
        native.marching_cubes(volume, iso)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_that_are_not_finite_are_named(value, dtype):
    volume = np.zeros((3, 4, 5), dtype)
    volume[2, 0, 3] = value
    with pytest.raises(ValueError, match=rf"{value} at node \(2, 0, 3\)"):
        native.marching_cubes(volume, 0.0)
