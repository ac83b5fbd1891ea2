"""Meshes of procedural shapes: closed, on the surface, and with the same depth."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh

from im2mesh.errors import InputError
from im2mesh.geometry.rendering import render_depth
from im2mesh.preparation import demo
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import box, capsule, ellipsoid, frustum, prism, shell, torus
from tests.test_procedural import random_shape


def agreement(shape: Shape) -> float:
    """The share of foreground pixels whose depths differ by at most 0.005."""
    exact, meshed = shape.depth().numpy(), render_depth(*shape.mesh())
    foreground = (exact >= 0) | (meshed >= 0)
    equal = (np.abs(exact - meshed) <= 0.005) & ((exact < 0) == (meshed < 0))
    return float(equal[foreground].mean())


@pytest.mark.parametrize("model", demo.MODELS)
def test_depth_of_the_mesh_is_that_of_the_shape(model: str) -> None:
    build, azimuth, elevation = demo.MODELS[model]
    assert agreement(build().posed(azimuth, elevation)) >= 0.99


@pytest.mark.parametrize("seed", range(4))
def test_meshes_of_any_shapes(seed: int) -> None:
    shape = random_shape(seed).posed(20 + seed, 10)
    vertices, faces = shape.mesh()
    assert vertices.dtype == np.float64 and faces.dtype == np.int64
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    assert mesh.is_watertight and mesh.is_winding_consistent and mesh.volume > 0
    for places in (vertices, mesh.triangles_center):
        off = shape.signed_distance(places).abs()
        # Where surfaces cross at a small angle, their crease strays farther than they do.
        assert off.quantile(0.99) < 2e-4 and off.max() < 3e-3
    low, high = shape.bounds().numpy()
    np.testing.assert_allclose([vertices.min(axis=0), vertices.max(axis=0)], [low, high], atol=3e-4)
    points = np.random.default_rng(seed).uniform(-0.5, 0.5, (40000, 3))
    inside = float(shape.occupancy(points).double().mean())
    assert mesh.volume == pytest.approx(inside, abs=4 * (inside / len(points)) ** 0.5)
    assert agreement(shape) >= 0.99


@pytest.mark.parametrize(
    ("solid", "volume"),
    [
        (box((0.5, 0.4, 0.3)), 0.06),
        (frustum((0, -0.2, 0), (0, 0.3, 0), 0.3, 0.1), np.pi * 0.5 * (0.09 + 0.03 + 0.01) / 3),
        (frustum((0, -0.2, 0), (0, 0.3, 0), 0.3, 0.0), np.pi * 0.5 * 0.09 / 3),
        (frustum((0, -0.2, 0), (0, 0.3, 0), 0.0, 0.3), np.pi * 0.5 * 0.09 / 3),
        (ellipsoid((0.4, 0.2, 0.1)), np.pi * 4 / 3 * 0.008),
        (capsule((-0.2, 0, 0), (0.1, 0, 0), 0.1), np.pi * (0.003 + 4 / 3 * 0.001)),
        (torus(0.3, 0.1), 2 * np.pi**2 * 0.003),
        (torus(0.2, 0.2), 2 * np.pi**2 * 0.008),
        (shell((0, 0, 0), (0, 0.5, 0), (0.1, 0.1), (0.3, 0.3)), np.pi * 0.5 * 0.08),
        (shell((0, 0, 0), (0, 0.3, 0), (0.0, 0.3), (0.3, 0.3)), np.pi * 0.2 * 0.09),
        (shell((0, 0, 0), (0, 0.5, 0), (0.0, 0.0), (0.3, 0.1)), np.pi * 0.5 * 0.13 / 3),
        (prism([(0, 0), (0.4, 0), (0, 0.3)], 0.2, (0.1, 0, 0)), 0.012),
        (prism([(0, 0), (0.2, 0), (0.4, 0), (0, 0.3)], 0.2), 0.012),
        (prism([(0.1, 0.1), (0.1, 0.4), (0.3, 0.3), (0.5, 0)], 0.2), 0.016),
    ],
)
def test_volumes(solid: object, volume: float) -> None:
    vertices, faces = Shape.of(solid).mesh()  # type: ignore[arg-type]
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(volume, rel=2e-3)


def test_boxes_that_touch_are_one_body() -> None:
    shape = Shape.of(box((0.5, 1, 1), (-0.25, 0, 0)), box((0.5, 0.5, 1), (0.25, 0.25, 0)))
    vertices, faces = shape.mesh()
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    assert mesh.body_count == 1 and mesh.volume == pytest.approx(0.75, abs=1e-4)


def test_tolerance() -> None:
    ball = Shape.of(ellipsoid((0.5, 0.5, 0.5)))
    coarse, fine = ball.mesh(1e-2), ball.mesh(1e-4)
    assert len(coarse[1]) < len(fine[1]) / 5
    assert ball.signed_distance(coarse[0]).abs().max() < 2e-2
    for bad in (0.0, -1.0, float("nan")):
        with pytest.raises(InputError, match="tolerance"):
            ball.mesh(bad)


def test_the_same_mesh_every_time() -> None:
    for one, other in zip(demo.lamp().mesh(), demo.lamp().mesh(), strict=True):
        np.testing.assert_array_equal(one, other)
