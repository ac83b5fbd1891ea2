"""Depth maps of meshes: both renderers and the slow reference on the same scenes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from im2mesh.errors import InputError
from im2mesh.geometry.mesh_files import load_mesh
from im2mesh.geometry.poses import pose
from im2mesh.geometry.rendering import render_depth
from im2mesh.shapes.shape import Shape, box
from tests.fixtures import ball, sheet
from tests.reference import rendering

Render = Callable[[np.ndarray, np.ndarray, int], np.ndarray]


def axes(size: int) -> tuple[np.ndarray, np.ndarray]:
    """x of the columns (1, S) and y of the rows (S, 1), written out."""
    x = np.array([(j + 0.5) / size - 0.5 for j in range(size)])
    y = np.array([0.5 - (i + 0.5) / size for i in range(size)])
    return x[None], y[:, None]


# --- PyTorch3D, by its documentation -----------------------------------------------------------


class FakeMeshes:
    """Stand-in for the used part of ``pytorch3d.structures.Meshes``."""

    def __init__(self, verts: list[torch.Tensor], faces: list[torch.Tensor]) -> None:
        assert verts[0].dtype == torch.float32 and faces[0].dtype == torch.int64
        self.corners = verts[0].double().numpy()[faces[0].numpy()]


def fake_rasterize_meshes(
    meshes: FakeMeshes,
    image_size: int = 256,
    blur_radius: float = 0.0,
    faces_per_pixel: int = 8,
    bin_size: int | None = None,
) -> tuple[Any, torch.Tensor, Any, Any]:
    """Its frame: row 0 at y = +1, column 0 at x = +1 (x runs LEFT), z away; −1 where nothing is."""
    assert blur_radius == 0.0 and faces_per_pixel == 1
    # Faces with a vertex at or behind the camera are dropped.
    corners = meshes.corners[(meshes.corners[..., 2] >= 1e-8).all(axis=1)]
    zbuf = torch.full((1, image_size, image_size, 1), -1.0)
    for row in range(image_size):
        for column in range(image_size):
            x, y = 1 - (2 * column + 1) / image_size, 1 - (2 * row + 1) / image_size
            t = rendering.first_hit(np.array([x, y, 0.0]), np.array([0.0, 0.0, 1.0]), corners)
            if np.isfinite(t):
                zbuf[0, row, column, 0] = t
    return None, zbuf, None, None


@pytest.fixture
def pytorch3d(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PyTorch3D that is as slow as it is small."""
    module = ModuleType("pytorch3d.renderer.mesh.rasterize_meshes")
    module.rasterize_meshes = fake_rasterize_meshes  # type: ignore[attr-defined]
    for name in ("pytorch3d", "pytorch3d.renderer", "pytorch3d.renderer.mesh"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "pytorch3d.renderer.mesh.rasterize_meshes", module)
    structures = SimpleNamespace(Meshes=FakeMeshes)
    monkeypatch.setitem(sys.modules, "pytorch3d.structures", structures)


@pytest.fixture(params=["embreex", "pytorch3d", "reference"])
def render(request: pytest.FixtureRequest) -> Render:
    """A renderer: vertices, faces, size → depth."""
    if request.param == "reference":
        return rendering.render_depth
    if request.param == "pytorch3d":
        request.getfixturevalue("pytorch3d")
    return lambda v, f, size: render_depth(v, f, size, renderer=request.param)


# --- analytic scenes ---------------------------------------------------------------------------


def ball_error(depth: np.ndarray, radius: float = 0.45) -> float:
    """Largest error where the surface is not steeper than 73 degrees; outlines to half a pixel."""
    x, y = axes(len(depth))
    distance = np.sqrt(x**2 + y**2)
    edge = 0.5 / len(depth)
    assert (depth[distance < radius - edge] >= 0).all()
    assert (depth[distance > radius] == -1).all()
    flat = distance < 0.95 * radius
    expected = 0.5 - np.sqrt(np.maximum(radius**2 - distance**2, 0))
    return float(np.abs(depth - expected)[flat].max())


def test_sphere() -> None:
    mesh = ball(0.45, subdivisions=7)
    depth = render_depth(mesh.vertices, mesh.faces)
    assert depth.shape == (256, 256) and depth.dtype == np.float32
    assert ball_error(depth) < 1e-4


def test_coarse_sphere(render: Render) -> None:
    mesh = ball(0.45, subdivisions=3)
    assert ball_error(render(mesh.vertices, mesh.faces, 32)) < 6e-3


def test_box_along_the_axes(render: Render) -> None:
    mesh = trimesh.creation.box((0.5, 0.25, 0.6))
    mesh.apply_translation((0.125, 0.25, 0.1))
    depth = render(mesh.vertices, mesh.faces, 32)
    x, y = axes(32)
    inside = (np.abs(x - 0.125) < 0.25) & (np.abs(y - 0.25) < 0.125)
    np.testing.assert_array_equal(depth >= 0, inside)
    np.testing.assert_allclose(depth[inside], 0.5 - 0.4, atol=1e-6)


@settings(max_examples=12, deadline=None)
@given(
    st.tuples(*[st.floats(0.05, 1.0)] * 3), st.floats(0, 360), st.floats(-90, 90), st.integers(0, 9)
)
def test_box_in_any_pose(
    lengths: tuple[float, ...], azimuth: float, elevation: float, seed: int
) -> None:
    """Posing and rendering a mesh is what posing and meeting the solid is."""
    moved = np.random.default_rng(seed).normal(size=3)
    mesh = trimesh.creation.box(lengths)
    posed = pose(mesh.vertices + moved, azimuth, elevation)
    shape = Shape.of(box(lengths, moved)).posed(azimuth, elevation)
    x, y = axes(32)
    xy = np.stack(np.broadcast_arrays(x, y), axis=-1).reshape(-1, 2)
    around = [xy + 1e-6 * np.array([dx, dy]) for dx in (-1, 1) for dy in (-1, 1)]
    z = np.stack([shape.first_hit(place).numpy() for place in around])
    # Rays that do not graze an outline or run along a side.
    hits = np.isfinite(z)
    spread = np.ptp(np.where(hits, z, 0), axis=0)
    clear = (hits.all(axis=0) & (spread < 1e-4)) | ~hits.any(axis=0)
    assert clear.mean() > 0.9
    expected = shape.depth(32).numpy().reshape(-1)[clear]
    for renderer in (render_depth, rendering.render_depth):
        depth = renderer(posed, mesh.faces, 32).reshape(-1)[clear]
        np.testing.assert_allclose(depth, expected, atol=1e-4)


@pytest.mark.parametrize("slopes", [(0.0, 0.0), (0.3, -0.2), (-0.49, 0.5), (0.0, 0.7)])
def test_tilted_plane(render: Render, slopes: tuple[float, float]) -> None:
    along_x, along_y = slopes
    at = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    vertices = np.column_stack([at, at @ np.array(slopes)])
    depth = render(vertices, np.array([[0, 1, 2], [0, 2, 3]]), 32)
    x, y = axes(32)
    np.testing.assert_allclose(depth, 0.5 - (along_x * x + along_y * y), atol=1e-6)


def test_steep_plane_is_as_exact_as_a_flat_one() -> None:
    """A rise of 1 over a ten-thousandth, where float32 is off by more than a thousandth."""
    width = 1e-4
    left = 10.5 / 256 - 0.37 * width
    vertices = np.array([[left, -0.5, -0.5], [left + width, -0.5, 0.5], [left + width, 0.5, 0.5]])
    vertices = np.concatenate([vertices, [[left, 0.5, -0.5]]])
    depth = render_depth(vertices, [[0, 1, 2], [0, 2, 3]])
    column = 128 + 10
    assert (np.delete(depth, column, axis=1) == -1).all()
    np.testing.assert_allclose(depth[:, column], 0.5 - (-0.5 + 0.37), atol=1e-6)


def test_thin_upright_triangles(render: Render) -> None:
    """Needles through a column of pixels and wedges much narrower than one."""
    size = 32
    x = (20.5 / size) - 0.5
    needle = [[x - 1e-4, -0.5, 0.0], [x + 1e-4, -0.5, 0.0], [x, 0.5, 0.3]]
    unseen = [[x + 0.01, -0.5, 0.4], [x + 0.011, -0.5, 0.4], [x + 0.0105, 0.5, 0.4]]
    depth = render(np.array(needle + unseen), np.array([[0, 1, 2], [3, 4, 5]]), size)
    assert (np.delete(depth, 20, axis=1) == -1).all()
    _, y = axes(size)
    np.testing.assert_allclose(depth[:, 20], 0.5 - 0.3 * (y[:, 0] + 0.5), atol=1e-5)


def test_a_wall_seen_edge_on_hides_nothing(render: Render) -> None:
    x = 20.5 / 32 - 0.5  # through the middle of pixels
    wall = [[x, -0.5, -0.2], [x, 0.5, -0.2], [x, 0.5, 0.4], [x, -0.5, 0.4]]
    back = [[-0.5, -0.5, -0.4], [0.5, -0.5, -0.4], [0.5, 0.5, -0.4], [-0.5, 0.5, -0.4]]
    faces = np.array([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]])
    depth = render(np.array(wall + back), faces, 32)
    np.testing.assert_allclose(np.delete(depth, 20, axis=1), 0.9, atol=1e-6)
    # At the wall itself: its front end, or what is behind it; nothing else.
    at_wall = depth[:, 20]
    assert (np.isclose(at_wall, 0.1, atol=1e-6) | np.isclose(at_wall, 0.9, atol=1e-6)).all()


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_rays_through_edges_and_corners_do_not_leak(render: Render, shift: float) -> None:
    """A bumpy sheet whose corners lie on the rays (or its edges, half a pixel further)."""
    size = 16
    at = (np.arange(size + 1) + shift) / size - 0.5
    vertices, faces = sheet(at, lambda x, y: 0.2 * np.sin(7 * x) * np.cos(5 * y))
    depth = render(np.clip(vertices, -0.5, 0.5), faces, size)
    seen = depth[: size - 1, 1:] if shift else depth
    assert (seen >= 0).all()
    if shift:  # rays meet the corners, but for the outermost
        expected = 0.5 - 0.2 * np.sin(7 * axes(size)[0]) * np.cos(5 * axes(size)[1])
        np.testing.assert_allclose(depth[1:-1, 1:-1], expected[1:-1, 1:-1], atol=1e-6)


@pytest.mark.parametrize("z", [0.5, 0.5 + 1e-9, 0.5 + 1e-7])
def test_a_face_at_the_cube_s_front_is_not_background(render: Render, z: float) -> None:
    at = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    front = render(np.column_stack([at, np.full(4, z)]), faces, 8)
    assert (front >= 0).all() and front.max() <= 1e-6
    back = render(np.column_stack([at, np.full(4, -z)]), faces, 8)
    np.testing.assert_allclose(back, 1, atol=1e-6)
    assert back.max() <= 1


def test_the_nearest_face_is_seen_from_both_sides(render: Render) -> None:
    vertices = np.array([[x, y, z] for z in (-0.3, 0.1) for x, y in ((-1, -1), (1, -1), (0, 1))])
    vertices[:, :2] *= 0.5
    for faces in ([[0, 1, 2], [3, 4, 5]], [[5, 4, 3], [0, 1, 2]], [[0, 2, 1], [3, 5, 4]]):
        depth = render(vertices, np.array(faces), 8)
        np.testing.assert_allclose(depth[depth >= 0], 0.4, atol=1e-6)
        assert (depth >= 0).any()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.sampled_from([1.0, 0.1, 0.01]))
def test_soups_are_seen_as_by_the_reference(seed: int, count: int, extent: float) -> None:
    random = np.random.default_rng(seed)
    middles = random.uniform(-0.5, 0.5, (count, 1, 3))
    corners = np.clip(middles + random.normal(scale=extent, size=(count, 3, 3)), -0.5, 0.5)
    vertices, faces = corners.reshape(-1, 3), np.arange(3 * count).reshape(-1, 3)
    depth = render_depth(vertices, faces, 24)
    expected = rendering.render_depth(vertices, faces, 24)
    np.testing.assert_allclose(depth, expected, atol=1e-6)


def test_no_faces_no_foreground(render: Render) -> None:
    for vertices, faces in ((np.zeros((0, 3)), np.zeros((0, 3), int)), (np.eye(3) / 2, [])):
        depth = render(vertices, np.array(faces, dtype=int), 8)
        assert depth.shape == (8, 8) and (depth == -1).all()


# --- poses -------------------------------------------------------------------------------------


def test_a_marker_on_top_comes_towards_the_viewer() -> None:
    block, marker = trimesh.creation.box((1.0, 0.4, 1.0)), ball(0.05, subdivisions=2)
    marker.apply_translation((0, 0.25, 0))
    mesh = trimesh.util.concatenate([block, marker])
    for elevation, convention, side in (
        (40, "camera", 1),
        (-40, "camera", -1),
        (40, "released-script", -1),
        (-40, "released-script", 1),
    ):
        posed = pose(mesh.vertices, 0, elevation, convention)
        x, y, z = posed[len(block.vertices) :].mean(axis=0)
        assert z * side > 0.1
        # From above the marker is seen where it is; from below the block hides it.
        depth = render_depth(posed, mesh.faces)[int((0.5 - y) * 256), int((x + 0.5) * 256)]
        assert (abs(0.5 - depth - z) < 0.05) == (side > 0)


# --- real meshes -------------------------------------------------------------------------------


def test_pytorch3d_s_own_maps(shared: Path) -> None:
    path = shared / "conformance" / "pytorch3d_depth.npz"
    if not path.is_file():
        pytest.skip("no depth maps of PyTorch3D's here")
    with np.load(path) as fixture:
        views = list(zip(fixture["mesh"], fixture["azimuth"], fixture["elevation"], strict=True))
        maps = [fixture[f"depth_{k}"] for k in range(len(views))]
    for (name, azimuth, elevation), expected in zip(views, maps, strict=True):
        vertices, faces = load_mesh(shared / "meshes" / str(name))
        depth = render_depth(pose(vertices, azimuth, elevation), faces)
        seen = (depth >= 0) | (expected >= 0)
        assert (np.abs(depth - expected)[seen] < 1e-3).mean() >= 0.999, (name, azimuth)
        np.testing.assert_array_equal(depth >= 0, expected >= 0)


@pytest.mark.parametrize("name", ["lamp/lampRoundTable", "chair/chairDesk", "table/tableCross"])
def test_real_meshes_fill_the_cube(shared: Path, name: str) -> None:
    vertices, faces = load_mesh(shared / "meshes" / f"{name}.ply")
    for azimuth, elevation in ((0, 0), (311, 24), (90, -20)):
        posed = pose(vertices, azimuth, elevation)
        low, high = posed.min(axis=0), posed.max(axis=0)
        assert (high - low).max() == 1
        np.testing.assert_allclose(low + high, 0, atol=1e-12)
        depth = render_depth(posed, faces, 32)
        np.testing.assert_allclose(depth, rendering.render_depth(posed, faces, 32), atol=1e-6)


@pytest.mark.slow
def test_all_real_meshes(shared: Path) -> None:
    """Every mesh in a random pose has a map that reads back as it is."""
    random = np.random.default_rng(0)
    for path in sorted((shared / "meshes").glob("*/*.ply")):
        vertices, faces = load_mesh(path)
        posed = pose(vertices, random.uniform(0, 360), random.uniform(-20, 50))
        depth = render_depth(posed, faces)
        front = posed[faces.reshape(-1), 2].max()
        assert (depth >= 0).any() and depth[depth >= 0].min() >= 0.5 - front - 1e-6


@pytest.mark.slow
def test_two_million_faces() -> None:
    """Faces much smaller than a pixel: a fine sheet is as tight as a coarse one."""

    def height(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return 0.3 * np.sin(5 * x) * np.sin(4 * y)

    depth = render_depth(*sheet(np.linspace(-0.5, 0.5, 1001), height))
    np.testing.assert_allclose(depth, 0.5 - height(*axes(256)), atol=1e-5)


# --- what cannot be rendered -------------------------------------------------------------------

TRIANGLE = np.array([[-0.5, -0.5, 0], [0.5, -0.5, 0], [0, 0.5, 0]])


@pytest.mark.parametrize(
    ("vertices", "faces", "arguments", "message"),
    [
        (TRIANGLE * 3, [[0, 1, 2]], {}, r"reaches out of the cube .*: pose it first"),
        (TRIANGLE * [1, 1, np.nan], [[0, 1, 2]], {}, "not finite"),
        (TRIANGLE, [[0, 1, 3]], {}, "faces name vertices 0 … 3 of 3"),
        (TRIANGLE, [[0, 1]], {}, r"faces have shape \(1, 2\)"),
        (TRIANGLE[:, :2], [[0, 1, 2]], {}, r"vertices have shape \(3, 2\)"),
        (TRIANGLE, [[0, 1, 2]], {"size": 0}, "0 pixels"),
        (TRIANGLE, [[0, 1, 2]], {"renderer": "opengl"}, "choose embreex or pytorch3d"),
        (TRIANGLE, [[0, 1, 2]], {"renderer": "pytorch3d"}, "conda env create -f pytorch3d.yaml"),
    ],
)
def test_what_cannot_be_rendered(
    vertices: np.ndarray, faces: list, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        render_depth(vertices, faces, **arguments)


def test_without_embreex(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "embreex", None)
    with pytest.raises(InputError, match="pip install embreex"):
        render_depth(TRIANGLE, [[0, 1, 2]])


def test_vertices_that_no_face_uses_are_nowhere() -> None:
    vertices = np.concatenate([[[np.nan, 9, 9]], TRIANGLE, [[7, 7, 7]]])
    np.testing.assert_array_equal(
        render_depth(vertices, [[1, 2, 3]]), render_depth(TRIANGLE, [[0, 1, 2]])
    )
