"""The depth map as the finest level: what is carved, what is kept, what is left to the field."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from im2mesh.bundled import DEMO_LEVELS, demo_config
from im2mesh.config import load_config
from im2mesh.data.depth import load_depth, load_known
from im2mesh.data.sources import sources_of_paths
from im2mesh.errors import ConfigError, DepthError
from im2mesh.generation.extraction import (
    calibrate,
    extract_dense,
    extract_mise,
    in_slabs,
    thin_parts,
)
from im2mesh.generation.field import FusedField, ObservedField
from im2mesh.generation.lattice import exact_lattice
from im2mesh.generation.level import Level
from im2mesh.generation.meshing import extract_mesh, refine
from im2mesh.generation.observation import Observation, _shell
from im2mesh.generation.outlines import (
    half_width,
    smooth_outline,
    smoothed,
    stepped_outline,
)
from im2mesh.generation.pipeline import Reconstructor
from im2mesh.geometry.cameras import Perspective
from im2mesh.geometry.pixels import back_project
from im2mesh.geometry.rendering import render_depth
from im2mesh.metrics.observation import observation_scores
from im2mesh.shapes.families import FAMILIES, make_shape
from im2mesh.shapes.shape import Shape
from im2mesh.timing import Stopwatch
from tests.conftest import REPOSITORY
from tests.fixtures import SHAPES, ball_depth
from tests.reference import observation as reference
from tests.reference.mise import thin_parts as slow_thin_parts

CPU = torch.device("cpu")
N, PIXEL = 128, 1 / 256
CELL = 1 / N


def some_slow(*values, slow=()):
    """Parameters, some of them for the slow set."""
    rows = (value if isinstance(value, tuple) else (value,) for value in slow)
    return [*values, *(pytest.param(*row, marks=pytest.mark.slow) for row in rows)]


def empty(points: Tensor) -> Tensor:
    return torch.full((len(points),), -10.0)


def full(points: Tensor) -> Tensor:
    return torch.full((len(points),), 10.0)


def random(points: Tensor) -> Tensor:
    """A random value for every block of four cells."""
    mixed = (points.double() * 32).floor() @ torch.tensor([12.9898, 78.233, 37.719]).double()
    return (torch.frac(torch.sin(mixed) * 43758.5453) * 10).float()


FIELDS = {"empty": empty, "full": full, "random": random}


def observed(
    depth: np.ndarray,
    field=empty,
    surface: bool = True,
    noise: float = 0.0,
    known: np.ndarray | None = None,
    resolution: int = N,
    is_sdf: bool = False,
) -> ObservedField:
    seen = Observation(depth, resolution, noise, known)
    return ObservedField(FusedField([field], 0.0), seen, surface, is_sdf)


def mesh_of(field: ObservedField, depth: np.ndarray, resolution: int = N) -> trimesh.Trimesh:
    lattice = exact_lattice(resolution)
    values = extract_mise(field, lattice, 32, depth, CPU, Stopwatch())
    return trimesh.Trimesh(*extract_mesh(values, lattice, field.iso_level), process=False)


def scores(mesh: trimesh.Trimesh, depth: np.ndarray) -> dict[str, float]:
    return observation_scores(render_depth(mesh.vertices, mesh.faces), depth)


def depth_of(shape: Shape) -> np.ndarray:
    return shape.depth().numpy()


# --- the surface is where the camera saw it ---------------------------------------------------


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(
    "shape", some_slow("ring before a wall", slow=["ball", "sticks", "tilted box"])
)
def test_the_mesh_renders_to_what_was_seen_whatever_the_field(shape: str, field: str) -> None:
    depth = depth_of(SHAPES[shape])
    mesh = mesh_of(observed(depth, FIELDS[field]), depth)
    found = scores(mesh, depth)
    assert mesh.is_watertight
    assert found["silhouette iou"] >= 0.98
    assert found["depth error median"] <= 0.002


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("shape", some_slow("tilted box", slow=["ball", "ring before a wall"]))
def test_visible_vertices_lie_on_the_true_surface(shape: str, field: str) -> None:
    depth = depth_of(SHAPES[shape])
    mesh = mesh_of(observed(depth, FIELDS[field]), depth)
    # Away from silhouettes and edges: three pixels around show one smooth surface.
    rows = np.clip(((0.5 - mesh.vertices[:, 1]) * 256).astype(int), 3, 252)
    columns = np.clip(((mesh.vertices[:, 0] + 0.5) * 256).astype(int), 3, 252)
    around = np.lib.stride_tricks.sliding_window_view(depth, (7, 7))[rows - 3, columns - 3]
    low, high = around.min(axis=(1, 2)), around.max(axis=(1, 2))
    visible = (low >= 0) & (high - low < 0.03)
    visible &= np.abs(0.5 - depth[rows, columns] - mesh.vertices[:, 2]) < 2 * CELL
    front = visible & (mesh.vertices[:, 2] > 0.5 - high - CELL / 2)
    assert front.sum() > 500
    off = SHAPES[shape].signed_distance(mesh.vertices[front]).abs().numpy()
    # Sharp edges between nodes are cut off by a little more.
    assert np.quantile(off, 0.999) < CELL / 4 and off.max() < CELL / 3


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("surface", [False, True])
@pytest.mark.parametrize(
    "shape", some_slow("sticks", slow=["ball", "ring before a wall", "tilted box"])
)
def test_nothing_is_in_free_space(shape: str, surface: bool, field: str) -> None:
    """Half a cell around every vertex there is a pixel's ray that is hidden."""
    depth = depth_of(SHAPES[shape])
    vertices = mesh_of(observed(depth, FIELDS[field], surface), depth).vertices
    height = np.pad(np.where(depth >= 0, (0.5 - depth) * 256, -np.inf), 3, constant_values=-np.inf)
    row, column = (0.5 - vertices[:, 1]) * 256 - 0.5, (vertices[:, 0] + 0.5) * 256 - 0.5
    z = vertices[:, 2] * 256
    reach = 1 + np.sqrt(0.5)  # half a cell, and half a pixel's diagonal
    near = np.zeros(len(vertices), dtype=bool)
    for i in range(-2, 3):
        for j in range(-2, 3):
            r, c = np.round(row).astype(int) + i, np.round(column).astype(int) + j
            square = reach**2 - (r - row) ** 2 - (c - column) ** 2
            rest = np.sqrt(np.maximum(square, 0))
            near |= (square >= 0) & (z - rest <= height[r + 3, c + 3])
    assert near.all()


def test_an_empty_field_leaves_a_closed_thin_shell() -> None:
    depth = depth_of(SHAPES["tilted box"])
    mesh = mesh_of(observed(depth), depth)
    assert mesh.is_watertight and mesh.body_count == 1
    # Two cells thick, on the half of the surface that is seen.
    seen = mesh.area / 2
    assert CELL < mesh.volume / seen < 2.5 * CELL


def test_a_good_field_is_left_alone_behind() -> None:
    shape = SHAPES["ball"]
    depth = depth_of(shape)

    def truth(points: Tensor) -> Tensor:
        return (0.5 - points.norm(dim=1)) * N

    mesh = mesh_of(observed(depth, truth), depth)
    assert mesh.body_count == 1
    radii = np.linalg.norm(mesh.vertices, axis=1)
    off = np.abs(radii - 0.5)
    assert np.quantile(off, 0.95) < CELL / 10 and off.max() < 1.5 * CELL
    assert off[mesh.vertices[:, 2] < -0.2].max() < CELL / 20


@pytest.mark.parametrize("resolution", some_slow(128, slow=[64, 256]))
@pytest.mark.parametrize(
    ("width", "slope", "wall"),
    [
        (1, 0.0, False),
        (1, 0.3, True),
        (1, 1.0, False),
        (2, 0.0, True),
        (2, 0.3, False),
        (1, 1.0, True),
    ],
)
def test_thin_parts_stay_in_one_piece(
    resolution: int, width: int, slope: float, wall: bool
) -> None:
    depth = np.full((256, 256), 0.8 if wall else -1, np.float32)
    for row in range(100, 160):
        start = int(80 + slope * row)
        depth[row, start : start + width] = 0.3 + 0.0005 * row
    mesh = mesh_of(observed(depth, resolution=resolution), depth, resolution)
    pieces = [p for p in mesh.split() if p.bounds[1, 2] > 0]
    assert len(pieces) == 1
    assert pieces[0].extents[1] > 58 / 256
    # Believable: about as thick as it is wide, and no wider than the lattice asks for.
    across = max(width * PIXEL, 2 / resolution)
    inside = pieces[0].vertices[np.abs(pieces[0].vertices[:, 1]) < 0.02]
    extents = np.ptp(inside, axis=0)
    assert extents[0] < 3 * across + slope * 0.04
    assert 0.5 / resolution < extents[2] < 4 * across + 0.005 * 256 * 0.04


@pytest.mark.parametrize("field", ["empty", "full"])
@pytest.mark.parametrize(("resolution", "width"), some_slow((128, 2), slow=[(128, 3), (256, 1)]))
@pytest.mark.parametrize("phase", [0, 1])
def test_gaps_of_one_cell_stay_open(resolution: int, width: int, phase: int, field: str) -> None:
    depth = np.full((256, 256), -1, np.float32)
    depth[60:200, 60:200] = 0.4
    for k in range(10):
        depth[80:180, 70 + phase + 12 * k :][:, :width] = -1
    mesh = mesh_of(observed(depth, FIELDS[field], resolution=resolution), depth, resolution)
    rendered = render_depth(mesh.vertices, mesh.faces)
    gaps = (depth < 0)[100:160, 62:198]
    assert (rendered[100:160, 62:198][gaps] < 0).all()


def test_parts_are_not_joined_by_curtains() -> None:
    shape = SHAPES["ring before a wall"]
    depth = depth_of(shape)
    mesh = mesh_of(observed(depth), depth)
    wall = 0.5 - depth.max()
    pieces = mesh.split()
    before = [piece for piece in pieces if piece.bounds[0, 2] > wall + 0.05]
    assert before and all(p.bounds[1, 2] < wall + CELL for p in pieces if p not in before)


# --- carving ----------------------------------------------------------------------------------


@settings(max_examples=4, deadline=None)
@given(
    st.sampled_from(sorted(FAMILIES)),
    st.integers(0, 10**6),
    st.floats(0, 360),
    st.floats(-20, 60),
)
def test_carving_never_removes_a_point_of_the_object(
    family: str, seed: int, azimuth: float, elevation: float
) -> None:
    """Not on any pixel's ray, and elsewhere none that is a cell deep."""
    shape = make_shape(family, seed).posed(azimuth, elevation)
    depth = depth_of(shape)
    seen = Observation(depth, N)
    rng = np.random.default_rng(seed)
    pixels = np.argwhere(depth >= 0)
    row, column = pixels[rng.integers(len(pixels), size=4000)].T
    z = 0.5 - depth[row, column] - rng.random(4000) ** 2 * 0.3
    on_rays = np.stack([(column + 0.5) / 256 - 0.5, 0.5 - (row + 0.5) / 256, z], axis=1)
    hidden, _ = seen(torch.from_numpy(on_rays).float())
    assert hidden.min() > -0.01 * PIXEL  # float32, on steep surfaces

    points = torch.from_numpy(rng.random((4000, 3)) - 0.5)
    points = points[shape.occupancy(points)]
    if len(points):
        hidden, _ = seen(points.float())
        carved = hidden < 0
        assert not (shape.signed_distance(points[carved]) < -CELL).any()


@pytest.mark.parametrize("shape", SHAPES)
def test_carving_only_removes(shape: str) -> None:
    depth = depth_of(SHAPES[shape])
    field = observed(depth, random, surface=False)
    points = torch.rand(20000, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    hidden, _ = field.observation(points)
    values, plain = field(points), random(points)
    assert ((values > 0) == ((plain > 0) & (hidden > 0))).all()


def test_a_full_field_becomes_all_that_is_hidden() -> None:
    depth = depth_of(SHAPES["ball"])
    mesh = mesh_of(observed(depth, full, surface=False), depth)
    # Half a ball and a cylinder behind it.
    assert mesh.volume == pytest.approx(np.pi * 0.5**3 * (2 / 3 + 1), rel=0.01)


# --- noise and holes --------------------------------------------------------------------------


@pytest.mark.parametrize("shape", some_slow("tilted box", slow=["ball"]))
@pytest.mark.parametrize("masked", [False, True])
def test_noise_and_missing_pixels_degrade_gently(shape: str, masked: bool) -> None:
    depth = depth_of(SHAPES[shape])
    rng = np.random.default_rng(0)
    noisy = np.where(depth >= 0, depth + 0.01 * rng.standard_normal(depth.shape), -1)
    missing = (rng.random(depth.shape) < 0.2) & (depth >= 0)
    noisy = np.where(missing, -1, noisy.clip(-1, 1)).astype(np.float32)
    known = ~missing if masked else None
    truth = SHAPES[shape]
    for field in (
        empty,
        lambda points: -truth.signed_distance(points).float() * N,
    ):
        mesh = mesh_of(observed(noisy, field, noise=0.01, known=known), noisy)
        found = scores(mesh, depth)
        assert found["silhouette iou"] > 0.95
        assert found["depth error median"] < (0.025 if field is empty else 0.01)


def test_the_field_decides_within_two_standard_deviations() -> None:
    """A field that is off by one standard deviation is followed, at least half the way."""
    depth = np.full((256, 256), -1, np.float32)
    depth[40:216, 40:216] = 0.5
    for offset in (-0.01, 0.01):
        mesh = mesh_of(
            observed(depth, lambda points, at=offset: (at - points[:, 2]) * N, noise=0.01), depth
        )
        rendered = render_depth(mesh.vertices, mesh.faces)
        assert 0.5 - rendered[128, 128] == pytest.approx(offset, abs=0.006)
    for field, limit in ((full, 0.02), (empty, -0.02)):
        mesh = mesh_of(observed(depth, field, noise=0.01), depth)
        rendered = render_depth(mesh.vertices, mesh.faces)
        assert 0.5 - rendered[128, 128] == pytest.approx(limit, abs=1e-3)


def test_what_is_not_known_is_left_to_the_field() -> None:
    depth = np.full((256, 256), -1, np.float32)
    depth[40:216, 40:216] = 0.5
    depth[100:150, 100:150] = -1
    known = np.ones((256, 256), bool)
    known[100:150, 100:150] = False
    hole, front = torch.tensor([[0.0, 0.0, -0.1], [0.0, 0.0, 0.4]]).split(1)
    for surface in (False, True):
        field = observed(depth, random, surface, known=known)
        for point in (hole, front):
            assert field(point) == pytest.approx(random(point), abs=1e-5)
        assert observed(depth, full, surface)(hole) < 0  # without the mask: background


def test_small_holes_are_closed_where_a_mask_says_so() -> None:
    depth = depth_of(SHAPES["tilted box"])
    rng = np.random.default_rng(1)
    missing = (rng.random(depth.shape) < 0.05) & (depth >= 0)
    holed = np.where(missing, -1, depth).astype(np.float32)
    mesh = mesh_of(observed(holed, known=~missing), holed)
    found = scores(mesh, depth)
    assert found["silhouette iou"] > 0.98 and found["depth error median"] < 0.002


# --- extraction -------------------------------------------------------------------------------


def waves(points: Tensor) -> Tensor:
    return 4 * torch.sin(points @ torch.tensor([9.0, 5.0, 7.0])) + 1


@pytest.mark.parametrize(
    ("surface", "field"), [(False, full), (False, waves), (True, empty), (True, waves)]
)
def test_coarse_to_fine_equals_dense(surface: bool, field) -> None:
    depth = load_depth(REPOSITORY / "data/demo/compositional_demo-00/000.npz")
    both = observed(depth, field, surface, resolution=64)
    lattice, watch = exact_lattice(64), Stopwatch()
    mise = extract_mise(both, lattice, 16, depth, CPU, watch)
    dense = extract_dense(both, lattice, CPU, watch)
    assert ((mise > 0) != (dense > 0)).sum() == 0
    meshes = [extract_mesh(values, lattice, 0.0)[0] for values in (mise, dense)]
    np.testing.assert_array_equal(*meshes)


@pytest.mark.parametrize("name", some_slow("lamp", slow=["airplane", "bookshelf"]))
def test_coarse_to_fine_finds_all_that_is_observed(name: str) -> None:
    """Signs at all nodes, also of what is thinner than the cells that MISE starts with."""
    depth, watch = load_depth(REPOSITORY / f"data/demo/{name}_demo-00/000.npz"), Stopwatch()
    lattice, seen = exact_lattice(64), Observation(depth, 64)
    hidden, shell = seen.sides(lattice)
    for surface in (False, True):
        # With a constant field the signs are those of the observation alone.
        for field, inside in ((empty, shell & surface), (full, hidden)):
            for is_sdf in (False, True):
                fused = FusedField([field], -0.02 if is_sdf else 0.0)
                both = ObservedField(fused, seen, surface, is_sdf)
                mise = extract_mise(both, lattice, 8, depth, CPU, watch)
                np.testing.assert_array_equal(mise > both.iso_level, inside)
        both = ObservedField(FusedField([random], 0.0), seen, surface, is_sdf=False)
        mise = extract_mise(both, lattice, 32, depth, CPU, watch)
        np.testing.assert_array_equal(mise > 0, extract_dense(both, lattice, CPU, watch) > 0)


def test_sides_of_nodes_are_those_of_points() -> None:
    depth = load_depth(REPOSITORY / "data/demo/lamp_demo-00/000.npz")
    known = np.ones_like(depth, bool)
    known[60:90, 100:140] = False
    lattice = exact_lattice(32)
    points = lattice.points(lattice.slab(0, lattice.nodes))
    for seen in (Observation(depth, 32), Observation(depth, 32, 0.01, known)):
        for sides, distances in zip(seen.sides(lattice), seen(points), strict=True):
            np.testing.assert_array_equal(sides.ravel(), distances > 0)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([(2, 1), (1, 2), (3, 4), (1, 8)]))
def test_thin_parts_are_those_of_the_reference(seed: int, cells: tuple[int, int]) -> None:
    coarse, ratio = cells
    inside = np.random.default_rng(seed).random((coarse * ratio + 1,) * 3) < 0.04
    inside ^= bool(seed % 2)
    fast = thin_parts(inside, coarse)
    assert set(map(tuple, fast.tolist())) == slow_thin_parts(inside, coarse)


def test_networks_are_asked_only_where_it_matters() -> None:
    depth = load_depth(REPOSITORY / "data/demo/lamp_demo-00/000.npz")
    asked: list[Tensor] = []

    def field(points: Tensor) -> Tensor:
        asked.append(points)
        return waves(points)

    counts = []
    for surface in (None, False, True):
        asked.clear()
        levels = FusedField([field], 0.0)
        seen = Observation(depth, 64)
        both = levels if surface is None else ObservedField(levels, seen, surface, False)
        extract_mise(both, exact_lattice(64), 16, depth, CPU, Stopwatch())
        points = torch.cat(asked)
        counts.append(len(points))
        if surface is not None:
            hidden, shell = seen(points)
            assert (hidden > 0).all()
            assert not surface or (shell < hidden).all()
    assert counts[1] < counts[0] / 2 and counts[2] < counts[0] / 2


def test_refinement_keeps_the_surface_in_place() -> None:
    shape = SHAPES["ball"]
    depth = depth_of(shape)
    field = observed(depth)
    mesh = mesh_of(field, depth)
    moved = refine(mesh.vertices, lambda p: in_slabs(field, p, CPU), 0.0, 3, CELL)
    found = scores(trimesh.Trimesh(moved, mesh.faces, process=False), depth)
    assert found["silhouette iou"] >= 0.98 and found["depth error median"] <= 0.0005


def test_levels_that_measure_different_things_are_moved_as_without() -> None:
    depth = depth_of(SHAPES["ball"])

    def distance(points: Tensor) -> Tensor:
        return 0.3 - points.norm(dim=1)

    fused = [FusedField([distance, waves], -0.02, [None, -1.0]) for _ in range(2)]
    for field in fused:
        calibrate(field, 32, CPU)
    both = ObservedField(fused[0], Observation(depth, N), surface=True, is_sdf=True)
    points = torch.rand(4000, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    hidden, shell = both.observation(points)
    deep = (hidden > 0.1) & (shell < -0.1)
    assert deep.sum() > 100
    alone = torch.minimum(fused[1](points) + 0.02, hidden)
    np.testing.assert_allclose(both(points)[deep], alone[deep], atol=1e-6)


# --- the slow reference -----------------------------------------------------------------------


def test_maps_agree_with_the_reference() -> None:
    rng = np.random.default_rng(3)
    solid = rng.random((12, 14)) < 0.5
    solid[3:9, 2:8] = True
    fast = stepped_outline(solid)
    slow = [[reference.outline(solid, i / 2, j / 2) for j in range(27)] for i in range(23)]
    np.testing.assert_allclose(fast, slow, atol=1e-12)
    smooth = smooth_outline(solid)
    assert np.abs(smooth - fast)[np.abs(fast) < 2].max() <= 0.3 + 1e-9
    assert ((smooth > 0)[::2, ::2] == solid).all()
    slow_width = reference.half_width(smooth, 1.5)
    np.testing.assert_allclose(half_width(smooth, 1.5), slow_width, atol=1e-12)
    np.testing.assert_allclose(half_width(smooth.T, 1.5), slow_width.T, atol=1e-12)
    some = half_width(smooth, 1.5, smooth > 0)
    np.testing.assert_allclose(some[smooth > 0], slow_width[smooth > 0], atol=1e-12)


@given(st.integers(0, 2**31), st.sampled_from([1, 2]))
@settings(max_examples=20, deadline=None)
def test_outlines_are_smoothed_as_by_the_reference(seed: int, fine: int) -> None:
    rng = np.random.default_rng(seed)
    signed = np.linspace(-9, 9, 30) + rng.normal(0, 1.5, (25, 30))
    signed[rng.random(signed.shape) < 0.2] = -1000  # as beside two edges
    for shift in (0.3, rng.uniform(0, 0.3, signed.shape)):
        slow = reference.smoothed(signed, fine, shift)
        np.testing.assert_allclose(smoothed(signed, fine, shift), slow, atol=1e-12)


@given(st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_values_agree_with_the_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    behind, within = rng.normal(0, 3, (2, 20))
    cosine, radius = rng.uniform(0.1, 1, 20), rng.uniform(0.25, 2, 20)
    fast = _shell(
        *(torch.from_numpy(v) for v in (behind, cosine, within, radius)), torch.tensor(2.0).double()
    )
    slow = [reference.shell(*row, 2.0) for row in zip(behind, cosine, within, radius, strict=True)]
    np.testing.assert_allclose(fast, slow, atol=1e-12)


def test_fields_agree_with_the_reference() -> None:
    depth = depth_of(SHAPES["ring before a wall"])
    points = torch.rand(1000, 3, generator=torch.Generator().manual_seed(1)) - 0.5
    for surface in (False, True):
        for is_sdf in (False, True):
            field = observed(depth, waves, surface, is_sdf=is_sdf)
            hidden, shell = field.observation(points)
            slow = [
                reference.observed(f, h, s, surface, CELL, 1.0 if is_sdf else N)
                for f, h, s in zip(
                    waves(points).tolist(), hidden.tolist(), shell.tolist(), strict=True
                )
            ]
            np.testing.assert_allclose(field(points), slow, rtol=1e-5, atol=1e-5)
    e, o, near, far, near_cosine, far_cosine, _, _, own, own_cosine, *_ = (
        m.double() for m in field.observation._sample(points)
    )
    z = points[:, 2].double() * 256
    slow = [
        reference.hidden(*row)
        for row in zip(
            e.tolist(),
            o.tolist(),
            ((near - z) * near_cosine).tolist(),
            ((far - z) * far_cosine).tolist(),
            ((own - z) * own_cosine).tolist(),
            strict=True,
        )
    ]
    np.testing.assert_allclose(hidden * 256, slow, rtol=1e-4, atol=1e-3)


# --- settings ---------------------------------------------------------------------------------

DEMO = [demo_config(name) for name in DEMO_LEVELS]


def test_none_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    levels = [Level.load(load_config(path)) for path in DEMO[:1]]
    depth = load_depth(REPOSITORY / "data/demo/lamp_demo-00/000.npz")
    settings = replace(
        levels[0].config.generation,
        observation="none",
        level_weight=1.0,
        resolution=32,
        mise_resolution=16,
    )
    levels[0].config = replace(levels[0].config, generation=settings)
    plain = FusedField(
        [levels[0].bind(torch.from_numpy(depth), settings.batch_size)],
        levels[0].objective.iso_level,
    )
    expected = extract_mise(plain, exact_lattice(32), 16, depth, CPU, Stopwatch())
    noisy = replace(settings, observation_noise=0.01)
    for given_settings in (settings, noisy):
        reconstructor = Reconstructor(levels, given_settings)
        field = reconstructor.field(depth, known=np.zeros((256, 256), bool))
        assert isinstance(field, FusedField)
        np.testing.assert_array_equal(reconstructor.grid(field, depth), expected)


def test_published_configs_observe_nothing() -> None:
    published = list((REPOSITORY / "configs").glob("00_paper*/**/*.yaml"))
    assert published
    for path in published:
        assert load_config(path).generation.observation == "none", path
    assert load_config(DEMO[0]).generation.observation == "surface"


def test_bad_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    levels = [Level.load(load_config(DEMO[0]))]
    settings = replace(levels[0].config.generation, lattice="released", observation="carve")
    with pytest.raises(ConfigError, match="carve needs generation.lattice exact"):
        Reconstructor(levels, settings)
    path = tmp_path / "c.yaml"
    path.write_text("generation: {observation: behind}")
    with pytest.raises(ConfigError, match="none, carve or surface"):
        load_config(path)
    path.write_text("generation: {observation_noise: -1}")
    with pytest.raises(ConfigError, match="observation_noise"):
        load_config(path)


def test_masks_are_read_beside_the_depth_map(tmp_path: Path) -> None:
    depth = np.full((256, 256), -1, np.float32)
    depth[50:200, 50:200] = 0.4
    mask = np.ones((256, 256), bool)
    mask[:60] = False
    np.savez(tmp_path / "a.npz", depth=depth)
    np.savez(tmp_path / "b.npz", depth=depth, mask=mask.astype(np.uint8))
    first, second = sources_of_paths([tmp_path / "a.npz", tmp_path / "b.npz"])
    assert first.known() is None
    known = second.known()
    assert known is not None and known.dtype == bool
    np.testing.assert_array_equal(known, mask)
    for bad, words in ((mask[0], "square"), (mask * 2.5, "float64 values"), (mask * 7, "true")):
        np.savez(tmp_path / "c.npz", depth=depth, mask=bad)
        with pytest.raises(DepthError, match=words):
            load_known(tmp_path / "c.npz")


@pytest.mark.parametrize("perspective", [None, Perspective(2.0)])
def test_hidden_space_alone_is_measured_the_same(perspective: Perspective | None) -> None:
    seen = Observation(ball_depth(0.3), 32, 0.002, None, CPU, perspective)
    points = torch.rand(2000, 3, generator=torch.Generator().manual_seed(0)) * 1.4 - 0.7
    assert torch.equal(seen.hidden_in_cube(points), seen.in_cube(points)[0])
    assert torch.equal(seen.beside_surface(points)[0], seen.in_cube(points)[0])


@pytest.mark.parametrize("perspective", [None, Perspective(2.0)])
def test_distance_from_the_observed_surface(perspective: Perspective | None) -> None:
    """On a ball's surface it is 0, along its normals and beside its outline about the length."""
    radius, depth = 0.3, ball_depth(0.3)
    seen = Observation(depth, 64, perspective=perspective)

    def distance(points: np.ndarray) -> np.ndarray:
        if perspective is not None:
            points = perspective.inverse(points)
        return seen.beside_surface(torch.from_numpy(points).float())[1].numpy()

    points = back_project(depth).astype(np.float64)
    assert distance(points).max() < 1e-4
    if perspective is not None:
        return  # it is no ball in the cube
    facing = points[points[:, 2] > 0.15]
    for off in (-0.02, 0.01, 0.02):
        moved = facing * (1 + off / radius)
        np.testing.assert_allclose(distance(moved), abs(off), atol=0.2 * abs(off))
    angle = np.linspace(0, 6, 50)
    for off, least in ((0.02, 0.016), (0.1, 0.096), (0.4, 0.15)):  # the last is outside the image
        beside = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1) * (radius + off)
        assert (distance(beside) > least).all()


@pytest.mark.parametrize("at", [0.4, 0.0, -0.4])
@pytest.mark.parametrize("distance", [None, 0.75, 1.3, 4.0])
@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_distances_along_a_ray_are_those_in_the_cube(
    at: float, distance: float | None, noise: float
) -> None:
    """Before a plate; with noise, hidden space begins 2σ before it and the shell 2σ behind it."""
    perspective, seen_at = None, at
    if distance is not None:
        perspective = Perspective(distance)
        seen_at = float(perspective(np.array([0.0, 0.0, at]))[2])
    depth = np.full((256, 256), 0.5 - seen_at, np.float32)
    seen = Observation(depth, 128, noise, None, CPU, perspective)
    off = torch.tensor([-0.05, -0.004, 0.0, 0.004, 0.05])  # along z
    points = torch.stack([0 * off, 0 * off, at + off], dim=1)
    hidden, shell = seen(points)
    torch.testing.assert_close(hidden, 2 * noise - off, atol=2e-5, rtol=1e-3)
    torch.testing.assert_close(shell[1:], (-2 * noise - off)[1:], atol=2e-5, rtol=1e-3)
    inside, away = seen.beside_surface(points)
    torch.testing.assert_close(inside, hidden.minimum(0.5 - points[:, 2].abs()))
    torch.testing.assert_close(away, off.abs(), atol=2e-5, rtol=1e-3)


def test_distance_from_parts_at_different_heights() -> None:
    """Beside an occlusion edge the nearer part counts, with the distance from its edge."""
    depth = np.full((256, 256), -1, np.float32)
    depth[64:192, 64:128], depth[64:192, 128:192] = 0.2, 0.6  # the edge is at x = 0
    seen = Observation(depth, 64)

    def distance(x: float, z: float) -> float:
        return float(seen.beside_surface(torch.tensor([[x, 0.0, z]]))[1][0])

    for x in (-0.1, -0.01, 0.0):
        assert distance(x, 0.3) == pytest.approx(0, abs=0.003)
        assert distance(x, 0.31) == pytest.approx(0.01, abs=0.003)
    for x in (0.1, 0.02):
        assert distance(x, -0.1) == pytest.approx(0, abs=0.003)
        assert distance(x, -0.09) == pytest.approx(0.01, abs=0.003)
    assert distance(0.008, 0.3) == pytest.approx(0.008, abs=0.003)
    assert distance(-0.008, -0.1) == pytest.approx(0.008, abs=0.003)
