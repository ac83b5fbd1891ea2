"""Mirror planes: which are found, and what they do to a field."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from im2mesh.config import load_config
from im2mesh.data.depth import load_depth
from im2mesh.generation import symmetry as kernel
from im2mesh.generation.field import FusedField, ObservedField
from im2mesh.generation.level import Level
from im2mesh.generation.observation import Observation, surface_normals
from im2mesh.generation.pipeline import Reconstructor
from im2mesh.generation.symmetry import Mirror, find_mirror
from im2mesh.metrics.observation import observation_scores
from im2mesh.patches import back_project
from im2mesh.preparation.families import make_shape
from im2mesh.preparation.procedural import Shape, box, ellipsoid
from im2mesh.preparation.rendering import render_depth
from tests.conftest import REPOSITORY
from tests.reference import symmetry as reference

NOTHING = np.empty((0, 3))
CELL = 1 / 128


def plane(seed: int) -> Mirror:
    draw = np.random.default_rng(seed)
    normal = draw.normal(size=3)
    return Mirror(normal / np.linalg.norm(normal), draw.uniform(-0.2, 0.2))


def cloud(seed: int, count: int = 200) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (count, 3))


def agreement(shape: Shape, mirror: Mirror) -> float:
    """Share of the surface whose image is the surface, to 0.01."""
    points = shape.sample_surface(2000, torch.Generator().manual_seed(0))[0]
    images = mirror(points)
    return float((shape.signed_distance(images).abs() < 0.01).double().mean())


# --- planes -----------------------------------------------------------------------------------


@given(st.integers(0, 2**31))
@settings(deadline=None)
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
        kernel._reflect(points.numpy(), mirror.normal, mirror.offset), slow, atol=1e-12
    )


@given(st.integers(0, 2**31))
@settings(max_examples=10, deadline=None)
def test_the_scan_agrees_with_the_reference(seed: int) -> None:
    draw = np.random.default_rng(seed)
    table = draw.uniform(-4, 1, (kernel.TABLE,) * 3)
    points, normals = cloud(seed, 7), np.stack([plane(seed + k).normal for k in range(3)])
    fast = kernel._scan(table.ravel(), points, normals)
    slow = [
        [reference.support(table, points, normal, offset) for offset in kernel.OFFSETS]
        for normal in normals
    ]
    np.testing.assert_allclose(fast, slow, atol=1e-12)


@given(st.integers(0, 2**31))
def test_scores_agree_with_the_reference(seed: int) -> None:
    draw = np.random.default_rng(seed)
    hidden = draw.normal(0, 0.02, 50)
    observed, predicted = draw.uniform(0, 0.05, (2, 50))
    observed[:10] = np.inf  # nothing near
    fast = kernel._score(hidden, observed, predicted, kernel.FINAL_WIDTH)
    rows = zip(hidden, observed, predicted, strict=True)
    np.testing.assert_allclose(fast, [reference.says(*r, kernel.FINAL_WIDTH) for r in rows])


def test_directions_cover_the_hemisphere() -> None:
    directions = kernel._hemisphere(kernel.SPACING)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)
    probes = np.stack([plane(seed).normal for seed in range(2000)])
    assert np.abs(probes @ directions.T).max(axis=1).min() > np.cos(kernel.SPACING)


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
    [("car", 40, 20), ("aircraft", 35, 30), ("chair", 60, 25), ("boat", 125, 25)],
)
def test_the_plane_is_found_from_the_map_alone(family: str, azimuth: int, elevation: int) -> None:
    shape = make_shape(family, 3).posed(azimuth, elevation)
    depth = shape.depth().numpy()
    mirror = find_mirror(depth, Observation(depth, 128), NOTHING)
    assert mirror is not None
    assert agreement(shape, mirror) > 0.9
    assert mirror.support >= kernel.SUPPORT and mirror.contradicted <= kernel.CONTRADICTED


def test_a_predicted_surface_is_evidence_too() -> None:
    shape = make_shape("car", 5).posed(80, 10)  # hardly more than one side
    depth = shape.depth().numpy()
    seen = Observation(depth, 128)
    points = np.asarray(shape.sample_surface(5000, torch.Generator().manual_seed(1))[0])
    with_it, without = (find_mirror(depth, seen, p) for p in (points, NOTHING))
    assert with_it is not None and agreement(shape, with_it) > 0.9
    assert without is None or agreement(shape, without) < agreement(shape, with_it)


def test_the_same_map_gives_the_same_plane() -> None:
    depth = make_shape("car", 3).posed(40, 20).depth().numpy()
    one, other = (find_mirror(depth, Observation(depth, 128), NOTHING) for _ in range(2))
    assert one is not None and other is not None
    np.testing.assert_array_equal(one.normal, other.normal)
    assert one.offset == other.offset


def test_an_object_without_a_plane_gets_none() -> None:
    crooked = Shape.of(
        box((1.0, 0.1, 0.1), (0, 0, 0)),
        box((0.1, 0.7, 0.1), (0.3, 0.35, 0.05)),
        box((0.15, 0.1, 0.5), (-0.3, 0.1, 0.2)),
        ellipsoid((0.15, 0.2, 0.1), (0.0, -0.2, 0.1)),
        box((0.3, 0.05, 0.2), (-0.45, 0.3, -0.1)),
    ).posed(30, 20)
    depth = crooked.depth().numpy()
    mirror = find_mirror(depth, Observation(depth, 128), NOTHING)
    assert mirror is None, (mirror.support, mirror.contradicted)


@pytest.mark.parametrize("pixels", [0, 1, kernel.LEAST - 1, kernel.LEAST, 400])
def test_few_pixels(pixels: int) -> None:
    depth = np.full((256, 256), -1, np.float32)
    depth.reshape(-1)[30000 : 30000 + pixels] = 0.5
    mirror = find_mirror(depth, Observation(depth, 128), NOTHING)
    assert mirror is None or np.isfinite([*mirror.normal, mirror.offset]).all()
    if pixels < kernel.LEAST:
        assert mirror is None


# --- what it does to a field ------------------------------------------------------------------


def waves(points: Tensor) -> Tensor:
    return 6 * torch.sin(points * torch.tensor([9.0, 13.0, 7.0])).sum(1)


@pytest.mark.parametrize("is_sdf", [False, True])
@pytest.mark.parametrize("surface", [False, True])
def test_fields_agree_with_the_reference(surface: bool, is_sdf: bool) -> None:
    depth = make_shape("chair", 3).posed(60, 25).depth().numpy()
    fused = FusedField([waves], 0.5)
    field = ObservedField(fused, Observation(depth, 128), surface, is_sdf)
    points = torch.rand(4000, 3, generator=torch.Generator().manual_seed(2)) - 0.5
    plain = field(points)
    field.mirror = mirror = plane(4)
    values = field(points)
    hidden, shell = field.observation(points)
    images = mirror(points)
    other = field.observation.hidden_in_cube(images)
    own_values, image_values = fused(points) - 0.5, fused(images.clamp(-0.5, 0.5)) - 0.5
    ruled = (hidden <= 0) | ((hidden <= shell) if surface else False)
    np.testing.assert_array_equal(values[ruled], plain[ruled], "what was seen stays")
    assert (values[~ruled] != plain[~ruled]).any()
    columns = (own_values, image_values, hidden, other, shell)
    for row in torch.stack([*columns, values], dim=1)[~ruled].tolist():
        slow = reference.mirrored(*row[:-1], surface, CELL, 1.0 if is_sdf else 128)
        assert row[-1] == pytest.approx(slow, rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("is_known", [True, False])
def test_nothing_stands_outside_the_cube(is_known: bool) -> None:
    depth, known = np.zeros((256, 256), np.float32), np.ones((256, 256), bool)
    known[100:150, 100:150] = is_known
    seen = Observation(depth, 128, known=known)
    points = torch.tensor([[0.0, 0.0, -0.4], [0.0, 0.0, -0.6], [0.0, 0.7, 0.0], [0.0, 0.0, 0.6]])
    assert (seen.hidden_in_cube(points) > 0).tolist() == [True, False, False, False]


@pytest.mark.parametrize("surface", [False, True])
def test_what_was_seen_stays(surface: bool) -> None:
    """Just behind the observed surface, whatever the image of it says."""
    depth = make_shape("chair", 3).posed(60, 25).depth().numpy()
    field = ObservedField(
        FusedField([lambda p: torch.ones(len(p))], 0.5), Observation(depth, 128), surface, False
    )
    points = torch.from_numpy(back_project(depth)).float() - torch.tensor([0, 0, CELL / 2])
    shell = field.observation(points)[1] > 0
    points = points[shell]
    field.mirror = mirror = plane(4)
    assert (field.observation.hidden_in_cube(mirror(points)) < 0).float().mean() > 0.3
    assert shell.float().mean() > 0.9 and (field(points) > 0).all()


@pytest.fixture(scope="module")
def demo_levels() -> list[Level]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(REPOSITORY)
        return [
            Level.load(load_config(REPOSITORY / f"configs/demo/{name}.yaml"))
            for name in ("global", "p64s32", "p32s16")
        ]


def test_the_far_side_gets_better(demo_levels: list[Level]) -> None:
    """With the bundled networks, on an object that nothing here was tuned on."""
    shape = make_shape("car", 1 << 34).posed(50, 20)
    depth = shape.depth().numpy()
    points = cloud(0, 20000)
    truth = np.asarray(shape.occupancy(points))
    ious = {}
    for how in ("none", "auto"):
        own = replace(demo_levels[0].config.generation, symmetry=how, resolution=64)
        for level in demo_levels:
            level.config = replace(
                level.config, generation=replace(level.config.generation, resolution=64)
            )
        reconstructor = Reconstructor(demo_levels, own)
        field = reconstructor.field(depth)
        assert isinstance(field, ObservedField) and (field.mirror is None) == (how == "none")
        inside = (field(torch.from_numpy(points).float()) > 0).numpy()
        ious[how] = (inside & truth).sum() / (inside | truth).sum()
        found = reconstructor(depth)
        mesh = found.mesh
        assert mesh.is_watertight and (found.mirror is None) == (how == "none")
        seen = observation_scores(render_depth(mesh.vertices, mesh.faces), depth)
        assert seen["silhouette iou"] > 0.97 and seen["depth error median"] < 0.003
    assert ious["auto"] > ious["none"] + 0.01


@pytest.mark.parametrize("observation", ["none", "carve"])
def test_nothing_is_looked_for_without_an_observation(
    demo_levels: list[Level],
    caplog: pytest.LogCaptureFixture,
    observation: Literal["none", "carve"],
) -> None:
    own = demo_levels[0].config.generation
    own = replace(own, symmetry="auto", observation=observation, resolution=128)
    with caplog.at_level(logging.WARNING, "im2mesh"):
        Reconstructor(demo_levels, own)
    said = (
        "generation.symmetry auto does nothing without an observation; set generation.observation"
    )
    assert [said in message for message in caplog.messages] == [True] * (observation == "none")


def test_no_bundled_configuration_asks_in_vain() -> None:
    for path in (REPOSITORY / "configs/demo").glob("*.yaml"):
        own = load_config(path).generation
        assert own.symmetry == "none" or own.observation != "none", path


def test_a_mask_is_minded(demo_levels: list[Level]) -> None:
    """What the map says where nothing is known says nothing: of the plane, and to the networks."""
    depth = load_depth(REPOSITORY / "data/demo/car_demo-00/000.npz")
    known = np.ones((256, 256), bool)
    known[:, :110] = False
    own = replace(demo_levels[0].config.generation, symmetry="auto", resolution=64)
    reconstructor = Reconstructor(demo_levels, own)
    mesh = reconstructor(depth, known).mesh
    assert mesh.is_watertight and len(mesh.faces)
    spoilt = np.where(known, depth, 0.1).astype(np.float32)
    points = torch.from_numpy(cloud(0, 2000)).float()
    field, other = (reconstructor.field(d, known=known) for d in (depth, spoilt))
    assert isinstance(field, ObservedField) and isinstance(other, ObservedField)
    assert field.mirror is not None and other.mirror is not None
    np.testing.assert_array_equal(field.mirror.normal, other.mirror.normal)
    torch.testing.assert_close(field(points), other(points), rtol=0, atol=0)
