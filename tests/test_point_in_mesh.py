"""Point in mesh: the kernel against its definition, closed and open meshes, exact alignments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from im2mesh.metrics.volume import inside, iou, is_closed
from im2mesh.native.point_in_mesh import contains
from tests.reference import point_in_mesh as reference

SEEDS = st.integers(0, 2**32 - 1)


def cube(side: float = 0.5) -> trimesh.Trimesh:
    return trimesh.creation.box((side,) * 3)


def test_released_answers(shared: Path) -> None:
    released = np.load(shared / "conformance/released_metrics.npz")
    vertices, queries = released["torus_vertices"], released["query"]
    for faces, expected in (("torus_faces", "inside"), ("holed_faces", "inside_holed")):
        assert np.array_equal(contains(vertices, released[faces], queries), released[expected])


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.integers(1, 60), st.integers(1, 200))
def test_soups_as_by_definition(seed: int, triangles: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    vertices = rng.uniform(-1, 1, (triangles + 2, 3))
    faces = rng.integers(0, len(vertices), (triangles, 3))
    points = rng.uniform(-1.1, 1.1, (count, 3))
    expected = reference.contains(vertices, faces, points)
    assert np.array_equal(contains(vertices, faces, points), expected)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.floats(0.0, 0.2))
def test_rough_balls_as_by_definition(seed: int, roughness: float) -> None:
    rng = np.random.default_rng(seed)
    ball = trimesh.creation.icosphere(2, 0.4)
    vertices = ball.vertices * (1 + roughness * rng.normal(size=(len(ball.vertices), 1)))
    points = rng.uniform(-0.5, 0.5, (300, 3))
    above, below = reference.crossings(vertices, ball.faces, points)
    assert ((above + below) % 2 == 0).all(), "closed: every line crosses an even number of times"
    assert np.array_equal(contains(vertices, ball.faces, points), above % 2 == 1)


def test_lines_through_edges_and_vertices() -> None:
    """Lines through the corners, along the edges and the diagonals of a cube's faces."""
    mesh = cube()
    axis = np.array([-0.3, -0.25, -0.125, 0.0, 0.0625, 0.25, 0.3])
    points = np.stack(np.meshgrid(axis, axis, [-0.3, -0.2, 0.0, 0.2, 0.3]), -1).reshape(-1, 3)
    off_the_surface = (np.abs(points) != 0.25).all(axis=1)
    expected = (np.abs(points) < 0.25).all(axis=1)
    found = contains(mesh.vertices, mesh.faces, points)
    assert np.array_equal(found[off_the_surface], expected[off_the_surface])
    # On a side wall the rays agree, whatever the answer: never inside above or below the cube.
    assert not found[np.abs(points[:, 2]) > 0.25].any()


def test_a_fine_lattice_through_the_vertices_of_a_ball() -> None:
    """Queries straight above and below all vertices and edge middles are never torn apart."""
    ball = trimesh.creation.icosphere(3, 0.4)
    middles = ball.vertices[ball.edges_unique].mean(axis=1)
    places = np.concatenate([ball.vertices, middles])[:, :2]
    for z in (-0.45, 0.45):
        assert not contains(ball.vertices, ball.faces, np.c_[places, np.full(len(places), z)]).any()
    near = np.linalg.norm(places, axis=1) < 0.35
    assert contains(ball.vertices, ball.faces, np.c_[places, np.zeros(len(places))])[near].all()


def test_orientation_and_integer_types_do_not_matter() -> None:
    ball = trimesh.creation.icosphere(3, 0.4)
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (2000, 3))
    expected = contains(ball.vertices, ball.faces, points)
    mixed = ball.faces.copy()
    mixed[::2] = mixed[::2, ::-1]
    assert np.array_equal(contains(ball.vertices, mixed, points), expected)
    for kind in (np.int32, np.uint16, np.int64):
        assert np.array_equal(contains(ball.vertices, ball.faces.astype(kind), points), expected)
    far = contains(1e6 * ball.vertices + 3e6, ball.faces, 1e6 * points + 3e6)
    assert (far == expected).mean() > 0.999


def test_upright_faces_and_thin_long_ones() -> None:
    """Faces that are seen edge on, and many faces that each cover most of the plane."""
    prism = trimesh.creation.cylinder(0.4, 0.6, sections=300)
    points = np.random.default_rng(1).uniform(-0.5, 0.5, (3000, 3))
    radius = np.linalg.norm(points[:, :2], axis=1)
    clear = (np.abs(radius - 0.4) > 1e-3) & (np.abs(np.abs(points[:, 2]) - 0.3) > 1e-6)
    expected = (radius < 0.4) & (np.abs(points[:, 2]) < 0.3)
    found = contains(prism.vertices, prism.faces, points)
    assert np.array_equal(found[clear], expected[clear])
    rng = np.random.default_rng(2)
    blades = rng.uniform(-1, 1, (900, 3))
    faces = np.arange(900).reshape(-1, 3)
    assert np.array_equal(
        contains(blades, faces, points), reference.contains(blades, faces, points)
    )


def test_nothing_to_ask() -> None:
    mesh = cube()
    assert contains(mesh.vertices, mesh.faces, np.empty((0, 3))).shape == (0,)
    assert not contains(mesh.vertices, np.empty((0, 3), int), np.zeros((4, 3))).any()
    assert not contains([], [], np.zeros((4, 3))).any()
    triangle = contains([[0, 0, 0], [1, 0, 0], [0, 1, 0]], [[0, 1, 2]], [[0.2, 0.2, -1]])
    assert triangle.tolist() == [False]


def test_bad_arguments() -> None:
    mesh = cube()
    for vertices, faces, points, message in (
        (mesh.vertices[:, :2], mesh.faces, [[0, 0, 0]], "vertices must be (N, 3) numbers"),
        (
            mesh.vertices,
            mesh.faces[:, :2],
            [[0, 0, 0]],
            "faces must have shape (F, 3), not (12, 2)",
        ),
        (mesh.vertices, mesh.faces + 0.5, [[0, 0, 0]], "faces must be integers, not float64"),
        (mesh.vertices, mesh.faces + 1, [[0, 0, 0]], "faces name vertices 1 … 8 of 8"),
        (mesh.vertices * np.inf, mesh.faces, [[0, 0, 0]], "face 0 has a vertex that is not finite"),
        (mesh.vertices, mesh.faces, [[0, 0, 0], [0, np.nan, 0]], "point 1 is [0.0, nan, 0.0]"),
        (mesh.vertices, mesh.faces, [["a", "b", "c"]], "points must be (N, 3) numbers"),
    ):
        with pytest.raises(ValueError) as caught:
            contains(vertices, faces, points)
        assert message in str(caught.value)


def test_winding_closes_holes() -> None:
    ball = trimesh.creation.icosphere(3, 0.4)
    points = np.random.default_rng(0).uniform(-0.5, 0.5, (5000, 3))
    expected = np.linalg.norm(points, axis=1) < 0.4
    top = ball.triangles_center[:, 2] > 0.37
    assert is_closed(ball.vertices, ball.faces)
    assert not is_closed(ball.vertices, ball.faces[~top])
    parity = inside(ball.vertices, ball.faces[~top], points)
    winding = inside(ball.vertices, ball.faces[~top], points, "winding")
    assert 0.5 < iou(parity, expected) < 0.95 < iou(winding, expected)
    assert not parity[~expected].any(), "where the rays disagree a point is outside"
    inside_out = inside(ball.vertices, ball.faces[:, ::-1], points, "winding")
    assert iou(inside_out, expected) > 0.97


def test_closed_is_about_places_not_numbers() -> None:
    """Files with three vertices a face are closed if their faces meet."""
    ball = trimesh.creation.icosphere(1, 0.4)
    soup = ball.triangles.reshape(-1, 3)
    assert is_closed(soup, np.arange(len(soup)).reshape(-1, 3))


def test_iou() -> None:
    a = np.array([True, True, False, False])
    assert iou(a, a) == 1.0
    assert iou(a, ~a) == 0.0
    assert iou(a, np.array([True, False, False, True])) == 1 / 3
    assert np.isnan(iou(np.zeros(3, bool), np.zeros(3, bool)))
