"""Symmetries: which are found, and what they do to a field."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, replace
from functools import cache
from itertools import pairwise
from typing import Literal

import numpy as np
import pytest
import torch
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial.transform import Rotation
from torch import Tensor

from im2mesh.config import load_config
from im2mesh.data.depth import load_depth
from im2mesh.generation.axis_search import find_axis, fit_axes, met_axes, misses, turn
from im2mesh.generation.constants import SYMMETRY
from im2mesh.generation.extraction import extract_dense, extract_mise
from im2mesh.generation.field import FusedField, ObservedField
from im2mesh.generation.lattice import exact_lattice
from im2mesh.generation.level import Level
from im2mesh.generation.meshing import extract_mesh
from im2mesh.generation.observation import Observation
from im2mesh.generation.observation_maps import surface_normals
from im2mesh.generation.pipeline import Reconstructor
from im2mesh.generation.plane_search import cell_distances, find_plane, hemisphere, scan
from im2mesh.generation.symmetry import MirrorPlane, MirrorPlanes, RevolutionAxis, RevolutionProfile
from im2mesh.generation.symmetry_evidence import Evidence, maximised, reflect, score
from im2mesh.generation.symmetry_search import find_symmetry
from im2mesh.geometry.pixels import back_project
from im2mesh.geometry.rendering import render_depth
from im2mesh.metrics.observation import observation_scores
from im2mesh.shapes.families import make_shape
from im2mesh.shapes.kit.outlines import extrude
from im2mesh.shapes.shape import Shape, box, capsule, ellipsoid, frustum
from im2mesh.timing import Stopwatch
from tests.conftest import REPOSITORY
from tests.fixtures import ball_depth
from tests.reference import symmetry as reference

NOTHING = np.empty((0, 3))
CELL = 1 / 64


def plane(seed: int) -> MirrorPlane:
    rng = np.random.default_rng(seed)
    normal = rng.normal(size=3)
    return MirrorPlane(normal / np.linalg.norm(normal), rng.uniform(-0.2, 0.2))


def cloud(seed: int, count: int = 200) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (count, 3))


def line(seed: int) -> RevolutionAxis:
    rng = np.random.default_rng(seed)
    direction = rng.normal(size=3)
    direction /= np.linalg.norm(direction)
    start = rng.uniform(-0.2, 0.2, 3)
    return RevolutionAxis(direction, start - (start @ direction) * direction, 0.6)


def agreement(shape: Shape, image: Callable[[Tensor], Tensor]) -> float:
    """Share of the surface whose image is the surface, to 0.01."""
    points = shape.sample_surface(2000, torch.Generator().manual_seed(0))[0]
    return float((shape.signed_distance(image(points)).abs() < 0.01).double().mean())


def turned(axis: RevolutionAxis, angle: float) -> Callable[[Tensor], Tensor]:
    return lambda points: torch.from_numpy(turn(points.numpy(), axis.direction, axis.point, angle))


def evidence(depth: np.ndarray, predicted: np.ndarray = NOTHING) -> Evidence:
    return Evidence.gather(depth, Observation(depth, 64), predicted)


def lying(shape: Shape, seed: int) -> Shape:
    """The shape in any orientation."""
    turn = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    return shape.transformed(turn).posed(0, 0)


def bottle() -> Shape:
    body, shoulder = frustum((0, -0.5, 0), (0, 0.1, 0), 0.2, 0.2), (0, 0.28, 0)
    return Shape.of(
        body, frustum((0, 0.1, 0), shoulder, 0.2, 0.06), frustum(shoulder, (0, 0.5, 0), 0.06, 0.06)
    )


def slab() -> Shape:
    return Shape.of(box((0.9, 0.6, 0.4)))


def mug() -> Shape:
    """Full, with a handle."""
    corners = [(0.38, 0.25, 0), (0.6, 0.2, 0), (0.6, -0.2, 0), (0.38, -0.25, 0)]
    handle = [capsule(a, b, 0.04) for a, b in pairwise(corners)]
    return Shape.of(frustum((0, -0.45, 0), (0, 0.45, 0), 0.4, 0.4), *handle)


# --- planes -----------------------------------------------------------------------------------


@given(st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_reflection(seed: int) -> None:
    mirror, points = plane(seed), torch.from_numpy(cloud(seed))
    images = mirror(points)
    torch.testing.assert_close(mirror(images), points)
    torch.testing.assert_close(torch.cdist(images, images), torch.cdist(points, points))
    middles = ((points + images) / 2).numpy()
    np.testing.assert_allclose(middles @ mirror.normal, mirror.offset, atol=1e-12)
    slow = [reference.image(p, mirror.normal, mirror.offset) for p in points.numpy()]
    np.testing.assert_allclose(images, slow, atol=1e-12)
    np.testing.assert_allclose(
        reflect(points.numpy(), mirror.normal, mirror.offset), slow, atol=1e-12
    )


@given(st.integers(0, 2**31), st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_images_of_several_planes(seed: int, count: int) -> None:
    turn = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    mirrors = MirrorPlanes(tuple(MirrorPlane(turn[k], 0.1 * k - 0.05) for k in range(count)))
    points = torch.from_numpy(cloud(seed, 30))
    images = mirrors.images(points)
    assert images.shape == (2**count - 1, 30, 3)
    np.testing.assert_allclose(images, reference.images(points.numpy(), mirrors), atol=1e-12)
    # The images of an image are the point and its other images.
    own, others = (
        torch.cat([p[None], mirrors.images(p)]).sort(dim=0).values for p in (points, images[-1])
    )
    torch.testing.assert_close(own, others)


# --- axes -------------------------------------------------------------------------------------


@given(st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_circles_about_an_axis(seed: int) -> None:
    axis, points = line(seed), cloud(seed, 50)
    radius, height = axis.cylindrical(torch.from_numpy(points))
    slow = [reference.cylindrical(p, axis.direction, axis.point) for p in points]
    np.testing.assert_allclose(torch.stack([radius, height], dim=1), slow, atol=1e-12)
    angle = torch.from_numpy(np.random.default_rng(seed).uniform(-4, 4, 50))
    placed = axis.placed(radius, height, angle)
    again = axis.cylindrical(placed)
    torch.testing.assert_close(again[0], radius)
    torch.testing.assert_close(again[1], height)
    front = axis.placed(radius, height, torch.zeros_like(radius))
    assert (front[:, 2] >= placed[:, 2] - 1e-9).all(), "angle 0 faces the camera"
    for point, at, start in zip(front.numpy(), placed.numpy(), angle.tolist(), strict=True):
        np.testing.assert_allclose(
            turn(point[None], axis.direction, axis.point, start)[0], at, atol=1e-9
        )


@given(st.integers(0, 2**31), st.floats(-7, 7))
@settings(max_examples=20, deadline=None)
def test_turning(seed: int, angle: float) -> None:
    axis, points = line(seed), cloud(seed, 20)
    rotation = Rotation.from_rotvec(angle * axis.direction)
    slow = rotation.apply(points - axis.point) + axis.point
    np.testing.assert_allclose(turn(points, axis.direction, axis.point, angle), slow, atol=1e-9)


def revolved(seed: int, count: int = 400) -> tuple[RevolutionAxis, np.ndarray, np.ndarray]:
    """An axis, and points and normals of a wavy vase about it, all around."""
    rng, axis = np.random.default_rng(seed), line(seed)
    height, angle = rng.uniform(-0.4, 0.4, count), rng.uniform(0, 2 * np.pi, count)
    radius = 0.2 + 0.08 * np.sin(9 * height)
    slope = 0.72 * np.cos(9 * height)
    points = axis.placed(*map(torch.from_numpy, (radius, height, angle)))
    steps = axis.placed(*map(torch.from_numpy, (radius + 1, height - slope, angle))) - points
    return axis, points.numpy(), (steps / steps.norm(dim=1, keepdim=True)).numpy()


@given(st.integers(0, 2**31))
@settings(max_examples=10, deadline=None)
def test_normals_of_a_solid_of_revolution_tell_its_axis(seed: int) -> None:
    axis, points, normals = revolved(seed)
    middle = points.mean(axis=0)
    scale = np.sqrt(((points - middle) ** 2).sum(axis=1).mean())
    (direction,), (start,) = fit_axes(
        ((points - middle) / scale)[None], normals[None], np.ones((1, len(points)))
    )
    assert abs(direction @ axis.direction) > 1 - 1e-5
    offset = np.cross(start * scale + middle - axis.point, direction)
    assert np.linalg.norm(offset) < 1e-2
    # Half of the normals are anything.
    normals[::2] = cloud(seed, len(normals))[::2]
    normals[::2] /= np.linalg.norm(normals[::2], axis=1, keepdims=True)
    directions, starts = met_axes(points, normals, 3)
    assert abs(directions[0] @ axis.direction) > 1 - 1e-4
    assert np.linalg.norm(np.cross(starts[0] - axis.point, directions[0])) < 1e-2


@given(st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_how_far_lines_miss_an_axis(seed: int) -> None:
    axis, points = line(seed), cloud(seed, 20)
    normals = cloud(seed + 1, 20)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    found = misses(points, normals, (axis.direction[None], axis.point[None]))[0]
    slow = [
        reference.missed(p, n, axis.direction, axis.point)
        for p, n in zip(points, normals, strict=True)
    ]
    np.testing.assert_allclose(np.abs(found), slow, atol=1e-9)


# --- evidence ---------------------------------------------------------------------------------


@given(st.integers(0, 2**31))
@settings(max_examples=10, deadline=None)
def test_the_scan_agrees_with_the_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    table = rng.uniform(-4, 1, (SYMMETRY.table_cells,) * 3)
    points, normals = cloud(seed, 7), np.stack([plane(seed + k).normal for k in range(3)])
    fast = scan(table.ravel(), points, normals)
    slow = [
        [reference.support(table, points, normal, offset) for offset in SYMMETRY.offsets]
        for normal in normals
    ]
    # In single precision, an image on a cell's face may count for the cell beyond.
    assert np.isclose(fast, slow, atol=1e-5).mean() > 0.95


@given(st.integers(0, 2**31), st.integers(0, 5))
@settings(max_examples=5, deadline=None)
def test_distances_of_cells_agree_with_the_reference(seed: int, count: int) -> None:
    size, points = SYMMETRY.table_cells, cloud(seed, count)
    fast = cell_distances(points, most=0.15).reshape((size,) * 3)
    assert fast.dtype == np.float32
    probes = np.random.default_rng(seed).integers(size, size=(200, 3))
    slow = np.array([reference.cell_distance(probe, points, size) for probe in probes])
    found = fast[tuple(probes.T)]
    near = slow <= 0.15
    np.testing.assert_allclose(found[near], slow[near], rtol=1e-6)
    assert (found[~near] > 0.15).all()


@given(st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_scores_agree_with_the_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    hidden = rng.normal(0, 0.02, 50)
    observed, predicted = rng.uniform(0, 0.05, (2, 50))
    observed[:10] = np.inf  # nothing near
    width = SYMMETRY.final_width
    fast = score(hidden, observed, predicted, width)
    rows = zip(hidden, observed, predicted, strict=True)
    np.testing.assert_allclose(fast, [reference.score(*row, width) for row in rows])


def test_maxima_are_found() -> None:
    """Those of rotated paraboloids at once, also beyond the first steps."""
    rng = np.random.default_rng(0)
    summits = rng.uniform(-0.03, 0.03, (5, 1, 3))
    turns = Rotation.random(5, rng=rng).as_matrix()

    def support(x: np.ndarray) -> np.ndarray:
        return np.asarray(-((((x - summits) @ turns) * [1, 1.2, 1.5]) ** 2).sum(axis=-1))

    steps = np.full(3, 0.02)
    found = maximised(support, 5, steps, 8)
    assert found.shape == (5, 3)
    np.testing.assert_allclose(found, summits[:, 0], atol=2e-3)
    np.testing.assert_array_equal(found[:1], maximised(lambda x: support(x)[:1], 1, steps, 8))


def test_maxima_of_a_flat_function_stay_where_they_are() -> None:
    assert not maximised(lambda x: np.zeros(x.shape[:2]), 2, np.full(4, 0.02), 3).any()


def test_directions_cover_the_hemisphere() -> None:
    directions = hemisphere()
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)
    probes = np.stack([plane(seed).normal for seed in range(2000)])
    assert np.abs(probes @ directions.T).max(axis=1).min() > np.cos(SYMMETRY.normal_spacing)


def test_normals_of_the_observed_surface() -> None:
    ball = Shape.of(ellipsoid((0.5, 0.5, 0.5)))
    depth = ball.depth().numpy()
    points, normals = back_project(depth), surface_normals(depth)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1)
    facing = points[:, 2] > 0.2
    assert ((points / 0.5 * normals).sum(axis=1)[facing] > 0.999).all()


# --- what is found ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "azimuth", "elevation"),
    [
        ("car", 40, 20),
        ("aircraft", 35, 30),
        *(
            pytest.param(*row, marks=pytest.mark.slow)
            for row in (("chair", 60, 25), ("boat", 125, 25))
        ),
    ],
)
def test_the_plane_is_found_from_the_map_alone(family: str, azimuth: int, elevation: int) -> None:
    shape = make_shape(family, 3).posed(azimuth, elevation)
    mirror = find_plane(evidence(shape.depth().numpy()))
    assert mirror is not None and agreement(shape, mirror) > 0.9
    assert mirror.support >= SYMMETRY.min_support
    assert mirror.contradicted <= SYMMETRY.max_contradicted


def test_a_predicted_surface_is_evidence_too() -> None:
    shape = make_shape("car", 5).posed(80, 10)  # hardly more than one side
    depth = shape.depth().numpy()
    points = np.asarray(shape.sample_surface(5000, torch.Generator().manual_seed(1))[0])
    with_it, without = (find_plane(evidence(depth, p)) for p in (points, NOTHING))
    assert with_it is not None and agreement(shape, with_it) > 0.9
    assert without is None or agreement(shape, without) < agreement(shape, with_it)


def assert_same(one: MirrorPlane | RevolutionAxis, other: MirrorPlane | RevolutionAxis) -> None:
    """The same map gives the same symmetry, to the last bit."""
    for key, value in asdict(one).items():
        np.testing.assert_array_equal(value, asdict(other)[key])


CROOKED = Shape.of(
    box((1.0, 0.1, 0.1), (0, 0, 0)),
    box((0.1, 0.7, 0.1), (0.3, 0.35, 0.05)),
    box((0.15, 0.1, 0.5), (-0.3, 0.1, 0.2)),
    ellipsoid((0.15, 0.2, 0.1), (0.0, -0.2, 0.1)),
    box((0.3, 0.05, 0.2), (-0.45, 0.3, -0.1)),
)


def test_all_planes_are_found() -> None:
    shape = slab().posed(35, 25)
    depth = shape.depth().numpy()
    found = find_symmetry(depth, Observation(depth, 64), NOTHING)
    assert isinstance(found, MirrorPlanes) and len(found.planes) == 3
    assert all(agreement(shape, mirror) > 0.95 for mirror in found.planes)
    normals = np.stack([mirror.normal for mirror in found.planes])
    np.testing.assert_allclose(normals @ normals.T, np.eye(3), atol=1e-9)
    again = find_plane(evidence(depth))
    assert again is not None
    assert_same(again, found.planes[0])


def test_nothing_is_found_where_nothing_is() -> None:
    depth = CROOKED.posed(30, 20).depth().numpy()
    assert find_symmetry(depth, Observation(depth, 64), NOTHING) is None


@pytest.mark.parametrize(
    "shape",
    [
        bottle().posed(0, 20),
        bottle().posed(0, -60),
        lying(bottle(), 1),
        lying(Shape.of(ellipsoid((0.5, 0.3, 0.3))), 2),
        Shape.of(frustum((0, -0.05, 0), (0, 0.05, 0), 0.5, 0.5)).posed(10, 35),  # a disc
        mug().posed(30, 30),
        lying(mug(), 3),
    ],
)
def test_an_axis_of_revolution_is_found(shape: Shape) -> None:
    depth = shape.depth().numpy()
    axis = find_axis(evidence(depth))
    assert axis is not None
    assert np.linalg.norm(axis.direction) == pytest.approx(1)
    assert axis.point @ axis.direction == pytest.approx(0, abs=1e-9)
    points = back_project(depth) - axis.point
    furthest = np.linalg.norm(np.cross(points, axis.direction), axis=1).max()
    assert axis.radius == pytest.approx(furthest, rel=1e-5)
    # The handle of a mug is a tenth of its surface.
    assert min(agreement(shape, turned(axis, angle)) for angle in (1.0, 2.5, 4.0)) > 0.85


@pytest.mark.parametrize(("sides", "elevation"), [(3, 15), (4, 75), (6, 15)])
def test_a_prism_is_no_solid_of_revolution(sides: int, elevation: int) -> None:
    around = np.arange(sides) * 2 * np.pi / sides
    outline = 0.35 * np.stack([np.cos(around), np.sin(around)], axis=1)
    shape = Shape.of(*extrude(outline, 0.8)).posed(25, elevation)
    assert find_axis(evidence(shape.depth().numpy())) is None


def measured(depth: np.ndarray, seed: int) -> np.ndarray:
    """The map as a sensor sees it: waves on the surface, and a torn rim."""
    rng = np.random.default_rng(seed)
    waves, tears = (ndimage.gaussian_filter(rng.normal(size=depth.shape), s) for s in (6, 4))
    seen = depth >= 0
    kept = seen & (ndimage.binary_erosion(seen, iterations=3) | (tears < 0))
    noisy = (depth + 0.003 * waves / waves.std()).clip(0, 1)
    return np.where(kept, noisy, -1).astype(np.float32)


@pytest.mark.parametrize(
    ("shape", "seed"),
    [(mug().posed(30, 30), 1), (lying(mug(), 3), 0), (lying(bottle(), 1), 1)],
)
def test_a_measured_solid_of_revolution_comes_out_whole(shape: Shape, seed: int) -> None:
    """A torn rim neither refutes the axis nor cuts a ring out of the solid."""
    depth = measured(shape.depth().numpy(), seed)
    seen = Observation(depth, 64, noise=0.0018)
    axis = find_axis(Evidence.gather(depth, seen, NOTHING))
    assert axis is not None
    assert min(agreement(shape, turned(axis, angle)) for angle in (1.0, 2.5, 4.0)) > 0.85
    points = cloud(0, 20000)
    field = ObservedField(FusedField([lambda p: 0.2 + 0 * p[:, 0]], 0.0), seen, True, False)
    field.use(axis)
    inside = (field(torch.from_numpy(points).float()) > 0).numpy()
    truth = np.asarray(shape.occupancy(points))
    assert (inside & truth).sum() / (inside | truth).sum() > 0.8


@pytest.mark.parametrize("seed", [0, 1])
def test_a_measured_box_is_no_solid_of_revolution(seed: int) -> None:
    depth = measured(slab().posed(30, 30).depth().numpy(), seed)
    assert find_axis(Evidence.gather(depth, Observation(depth, 64, 0.0018), NOTHING)) is None


@pytest.mark.parametrize("pixels", [0, 1, SYMMETRY.min_points - 1, SYMMETRY.min_points])
def test_few_pixels(pixels: int) -> None:
    depth = np.full((256, 256), -1, np.float32)
    depth.reshape(-1)[30000 : 30000 + pixels] = 0.5
    found = find_symmetry(depth, Observation(depth, 64), NOTHING)
    if isinstance(found, MirrorPlanes):
        assert all(np.isfinite([*mirror.normal, mirror.offset]).all() for mirror in found.planes)
    elif found is not None:
        assert np.isfinite([found.direction, found.point]).all()
    if pixels < SYMMETRY.min_points:
        assert found is None


# --- what it does to a field ------------------------------------------------------------------


@cache
def chair_map() -> np.ndarray:
    return make_shape("chair", 3).posed(60, 25).depth().numpy()


def waves(points: Tensor) -> Tensor:
    return 6 * torch.sin(points * torch.tensor([9.0, 13.0, 7.0])).sum(1)


@pytest.mark.parametrize(
    ("surface", "is_sdf", "planes"), [(False, False, 1), (True, False, 2), (True, True, 3)]
)
def test_fields_agree_with_the_reference(surface: bool, is_sdf: bool, planes: int) -> None:
    fused = FusedField([waves], 0.5)
    field = ObservedField(fused, Observation(chair_map(), 64), surface, is_sdf)
    points = torch.rand(1000, 3, generator=torch.Generator().manual_seed(2)) - 0.5
    plain = field(points)
    mirrors = MirrorPlanes((plane(4), plane(5), plane(6))[:planes])
    field.use(mirrors)
    values = field(points)
    hidden, shell = field.observation(points)
    images = [torch.from_numpy(i).float() for i in reference.images(points.numpy(), mirrors)]
    other = torch.stack([field.observation.in_cube(i)[0] for i in images]).amin(dim=0)
    at_images = [fused(i.clamp(-0.5, 0.5)) - 0.5 for i in images]
    learned = torch.stack([fused(points) - 0.5, *at_images]).mean(dim=0)
    ruled = (hidden <= 0) | ((hidden <= shell) if surface else False)
    np.testing.assert_array_equal(values[ruled], plain[ruled], "what was seen stays")
    assert (values[~ruled] != plain[~ruled]).any()
    columns = (learned, hidden, other, shell)
    for row in torch.stack([*columns, values], dim=1)[~ruled].tolist():
        slow = reference.mirrored(*row[:-1], surface, CELL, 1.0 if is_sdf else 64)
        assert row[-1] == pytest.approx(slow, rel=1e-5, abs=1e-4)


@pytest.fixture(scope="module")
def mug_map() -> tuple[np.ndarray, RevolutionAxis]:
    """A mug from above, and the axis of its body."""
    shape = mug().posed(30, 30)
    depth = shape.depth().numpy()
    axis = find_axis(evidence(depth))
    assert axis is not None
    return depth, axis


def test_the_same_map_gives_the_same_axis(mug_map: tuple[np.ndarray, RevolutionAxis]) -> None:
    depth, axis = mug_map
    again = find_axis(evidence(depth))
    assert again is not None
    assert_same(again, axis)


def test_a_profile_agrees_with_the_reference(mug_map: tuple[np.ndarray, RevolutionAxis]) -> None:
    depth, axis = mug_map
    seen = Observation(depth, 64)
    profile = RevolutionProfile(axis, seen, lambda p: waves(p))
    points = torch.rand(12, 3, generator=torch.Generator().manual_seed(3)) - 0.5
    free, shell, learned = profile(points)

    def c(point: np.ndarray) -> float:
        return float(seen.in_cube(torch.from_numpy(point[None]).float())[0])

    def s(point: np.ndarray) -> float:
        return float(seen.in_cube(torch.from_numpy(point[None]).float())[1])

    for number, point in enumerate(points.double().numpy()):
        radius, height = reference.cylindrical(point, axis.direction, axis.point)
        least = min(reference.on_circle(c, axis, radius, height, 300))
        if least < -1 / 64:  # how far outside does not matter
            assert free[number] < -0.5 / 64 and shell[number] <= free[number] + 1e-6
            continue
        most = min(max(reference.on_circle(s, axis, radius, height, 300)), least)
        assert float(free[number]) == pytest.approx(least, abs=0.4 / 64)
        assert float(shell[number]) == pytest.approx(most, abs=0.6 / 64)
    around = torch.from_numpy(turn(points.numpy(), axis.direction, axis.point, 2.0)).float()
    inside = axis.cylindrical(points)[0] < axis.radius
    for one, other in zip((free, shell, learned), profile(around), strict=True):
        torch.testing.assert_close(one[inside], other[inside], atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(("surface", "is_sdf"), [(False, False), (True, False), (True, True)])
def test_fields_about_an_axis_agree_with_the_reference(
    surface: bool, is_sdf: bool, mug_map: tuple[np.ndarray, RevolutionAxis]
) -> None:
    depth, axis = mug_map
    fused = FusedField([waves], 0.5)
    field = ObservedField(fused, Observation(depth, 64), surface, is_sdf)
    points = torch.rand(1000, 3, generator=torch.Generator().manual_seed(2)) - 0.5
    plain = field(points)
    field.use(axis)
    values = field(points)
    hidden, shell = field.observation(points)
    free, shell_other, learned = RevolutionProfile(
        axis, field.observation, lambda p: fused(p) - 0.5
    )(points)
    if not surface:  # the shell stays where images are free, and the field decides about it
        learned = torch.where((free <= 0) & (shell > 0), fused(points) - 0.5, learned)
    ruled = (hidden <= 0) | ((hidden <= shell) if surface else False)
    np.testing.assert_array_equal(values[ruled], plain[ruled], "what was seen stays")
    columns = (learned, hidden, free, shell, shell_other)
    for row in torch.stack([*columns, values], dim=1)[~ruled].tolist():
        slow = reference.revolved(*row[:-1], surface, 1 / 64, 1.0 if is_sdf else 64)
        assert row[-1] == pytest.approx(slow, rel=1e-5, abs=1e-5)


def test_a_solid_of_revolution_comes_out_whole(mug_map: tuple[np.ndarray, RevolutionAxis]) -> None:
    """From a field that knows nothing, and with the handle that the camera saw."""
    depth, axis = mug_map
    shape, lattice = mug().posed(30, 30), exact_lattice(64)
    nodes = lattice.points(lattice.slab(0, lattice.nodes))
    truth = np.asarray(shape.occupancy(nodes.double()))
    ious = {}
    for symmetry in (None, axis):
        fused = FusedField([lambda p: 0.2 + 0 * p[:, 0]], 0.0)
        field = ObservedField(fused, Observation(depth, 64), True, False)
        field.use(symmetry)
        watch = Stopwatch()
        dense = extract_dense(field, lattice, torch.device("cpu"), watch)
        mise = extract_mise(field, lattice, 16, depth, torch.device("cpu"), watch)
        np.testing.assert_array_equal(dense > 0, mise > 0)
        inside = dense.ravel() > 0
        ious[symmetry is None] = (inside & truth).sum() / (inside | truth).sum()
    assert ious[True] < 0.7 and ious[False] > 0.9
    handle = axis.cylindrical(nodes)[0] > 1.1 * axis.radius * 0.4 / 0.64
    seen = (field.observation(nodes)[1] > 0) & handle & torch.from_numpy(truth)
    assert seen.sum() > 20 and (field(nodes[seen]) > 0).all()


@pytest.mark.parametrize("is_known", [True, False])
def test_nothing_stands_outside_the_cube(is_known: bool) -> None:
    depth, known = np.zeros((256, 256), np.float32), np.ones((256, 256), bool)
    known[100:150, 100:150] = is_known
    seen = Observation(depth, 128, known=known)
    points = torch.tensor([[0.0, 0.0, -0.4], [0.0, 0.0, -0.6], [0.0, 0.7, 0.0], [0.0, 0.0, 0.6]])
    assert (seen.in_cube(points)[0] > 0).tolist() == [True, False, False, False]


@pytest.mark.parametrize("surface", [False, True])
def test_what_was_seen_stays(surface: bool) -> None:
    """Just behind the observed surface, whatever the image of it says."""
    depth = chair_map()
    field = ObservedField(
        FusedField([lambda p: torch.ones(len(p))], 0.5), Observation(depth, 64), surface, False
    )
    points = torch.from_numpy(back_project(depth)).float() - torch.tensor([0, 0, CELL / 2])
    shell = field.observation(points)[1] > 0
    points = points[shell]
    mirror = plane(4)
    assert (field.observation.in_cube(mirror(points))[0] < 0).float().mean() > 0.3
    assert shell.float().mean() > 0.9
    for symmetry in (MirrorPlanes((mirror,)), MirrorPlanes((mirror, plane(5))), line(6)):
        field.use(symmetry)
        assert (field(points) > 0).all()
    field.use(None)
    assert (field(points) > 0).all()


@pytest.fixture(scope="module")
def demo_levels() -> list[Level]:
    """The demo's level at 32 cells."""
    config = load_config(REPOSITORY / "configs/demo/volume.yaml")
    generation = replace(config.generation, resolution=32, mise_resolution=16)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(REPOSITORY)
        return [Level.load(replace(config, generation=generation))]


def test_the_far_side_gets_better(demo_levels: list[Level]) -> None:
    """With a bundled network, on an object that nothing here was tuned on."""
    shape = make_shape("car", 1 << 34).posed(50, 20)
    depth, points = shape.depth().numpy(), cloud(0, 20000)
    truth = np.asarray(shape.occupancy(points))
    ious = {}
    for how in ("none", "auto"):
        settings = replace(demo_levels[0].config.generation, symmetry=how)
        reconstructor = Reconstructor(demo_levels, settings)
        field = reconstructor.field(depth)
        assert isinstance(field, ObservedField) and (field.symmetry is None) == (how == "none")
        inside = (field(torch.from_numpy(points).float()) > 0).numpy()
        ious[how] = (inside & truth).sum() / (inside | truth).sum()
        values = reconstructor.grid(field, depth)
        mesh = trimesh.Trimesh(*extract_mesh(values, reconstructor.lattice, 0.0), process=False)
        assert mesh.is_watertight
        seen = observation_scores(render_depth(mesh.vertices, mesh.faces), depth)
        assert seen["silhouette iou"] > 0.95 and seen["depth error median"] < 0.005
    assert ious["auto"] > ious["none"] + 0.01


@pytest.mark.parametrize("observation", ["none", "carve"])
def test_nothing_is_looked_for_without_an_observation(
    caplog: pytest.LogCaptureFixture, observation: Literal["none", "carve"]
) -> None:
    keys = {"symmetry": "auto", "observation": observation, "resolution": 8, "fit": True}
    with caplog.at_level(logging.WARNING, "im2mesh"):
        Reconstructor.bundled("cpu", **keys)(ball_depth(0.2))
    said = (
        "generation.symmetry auto does nothing without an observation; set generation.observation"
    )
    assert [said in message for message in caplog.messages] == [True] * (observation == "none")


def test_no_bundled_configuration_asks_in_vain() -> None:
    for path in (REPOSITORY / "configs/demo").glob("*.yaml"):
        own = load_config(path).generation
        assert own.symmetry == "none" or own.observation != "none", path


def test_a_mask_is_minded(demo_levels: list[Level]) -> None:
    """Where nothing is known the map changes neither the symmetry nor the field."""
    depth = load_depth(REPOSITORY / "data/demo/car_demo-00/000.npz")
    known = np.ones((256, 256), bool)
    known[:, :110] = False
    reconstructor = Reconstructor(demo_levels)
    spoilt = np.where(known, depth, 0.1).astype(np.float32)
    points = torch.from_numpy(cloud(0, 2000)).float()
    field, other = (reconstructor.field(d, known=known) for d in (depth, spoilt))
    assert isinstance(field, ObservedField) and isinstance(other, ObservedField)
    assert isinstance(field.symmetry, MirrorPlanes) and isinstance(other.symmetry, MirrorPlanes)
    for one, another in zip(field.symmetry.planes, other.symmetry.planes, strict=True):
        np.testing.assert_array_equal(one.normal, another.normal)
    torch.testing.assert_close(field(points), other(points), rtol=0, atol=0)
    values = reconstructor.grid(field, spoilt)
    vertices, faces = extract_mesh(values, reconstructor.lattice, 0.0)
    assert len(faces) and trimesh.Trimesh(vertices, faces, process=False).is_watertight
