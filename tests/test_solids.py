"""Solids one by one: distances, nearest points, normals, samples; of all kinds and sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from im2mesh.preparation.procedural import Shape
from im2mesh.preparation.solids import (
    KINDS,
    Box,
    Capsule,
    Ellipsoid,
    Frustum,
    Primitives,
    Torus,
)
from tests.reference import procedural as reference

SEEDS = st.integers(0, 2**32 - 1)
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
Kind = type[Primitives]


def sizes(kind: Kind, count: int, rng: np.random.Generator) -> Tensor:
    """(count, S) lengths from 0.005 to 0.5, of any proportions."""

    def length() -> np.ndarray:
        return np.exp(rng.uniform(math.log(0.005), math.log(0.5), count))

    if kind in (Box, Ellipsoid):
        columns = [length(), length(), length()]
    elif kind is Capsule:
        columns = [length(), length()]
    elif kind is Frustum:
        start, end = length(), length()
        end = np.where(rng.random(count) < 0.2, 0.0, end)  # cones
        columns = [start, np.where(rng.random(count) < 0.2, start, end), length()]  # cylinders
    else:
        ring = length()
        columns = [ring, ring * rng.uniform(0.02, 1.0, count)]
    return torch.from_numpy(np.column_stack(columns))


def around(kind: Kind, size: Tensor, rng: np.random.Generator) -> Tensor:
    """Points in and about the solids; some on their planes and axes of symmetry."""
    points = rng.uniform(-1, 1, (len(size), 3))
    points *= np.where(rng.random((len(size), 1)) < 0.7, 1.4 * kind.reach(size).numpy(), 0.6)
    return torch.from_numpy(np.where(rng.random(points.shape) < 0.05, 0.0, points))


@every_kind
@settings(max_examples=20, deadline=None)
@given(seed=SEEDS)
def test_distance_is_to_the_nearest_point_of_the_surface(kind: Kind, seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = sizes(kind, 500, rng)
    points = around(kind, size, rng)
    apart, nearest = kind.distance(size, points), kind.nearest(size, points)
    torch.testing.assert_close(apart.abs(), (points - nearest).norm(dim=1), rtol=0, atol=1e-9)
    inside = kind.contains(size, points)
    assert torch.equal(inside[apart.abs() > 1e-9], (apart < 0)[apart.abs() > 1e-9])
    # A step outwards leads that far out. A step inwards may end at a side of an edge, but not
    # beneath a point that is inside.
    normal = kind.normal(size, nearest)
    torch.testing.assert_close(normal.norm(dim=1), torch.ones(500).double(), rtol=0, atol=1e-9)
    out = kind.distance(size, nearest + 1e-6 * normal)
    torch.testing.assert_close(out, torch.full_like(out, 1e-6), rtol=0, atol=2e-7)
    deep = apart < -1e-4
    below = kind.distance(size, nearest - 1e-6 * normal)[deep]
    torch.testing.assert_close(below, torch.full_like(below, -1e-6), rtol=0, atol=2e-7)
    assert (kind.least_distance(size, points) <= apart + 1e-12).all()


@every_kind
@settings(max_examples=5, deadline=None)
@given(seed=SEEDS)
def test_no_sample_of_the_surface_is_nearer(kind: Kind, seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = sizes(kind, 20, rng)
    points = around(kind, size, rng)
    samples, keep = kind.sample(size[:, None], torch.from_numpy(rng.random((20, 20000, 3))))
    assert keep.double().mean(dim=1).min() > 0.45
    onto = kind.distance(size[:, None].expand(20, 20000, -1), samples)
    assert onto.abs().max() < 1e-6
    apart = (points[:, None] - samples).norm(dim=2).masked_fill(~keep, math.inf).amin(dim=1)
    exact = kind.distance(size, points).abs()
    assert (apart >= exact - 1e-6).all()
    assert (apart <= exact + 0.08 * kind.reach(size).norm(dim=1)).all()


@every_kind
@settings(max_examples=10, deadline=None)
@given(seed=SEEDS)
def test_distances_change_no_faster_than_places(kind: Kind, seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = sizes(kind, 1000, rng)
    here, there = around(kind, size, rng), around(kind, size, rng)
    change = kind.distance(size, here) - kind.distance(size, there)
    assert (change.abs() <= (here - there).norm(dim=1) + 1e-6).all()


@every_kind
def test_float32_is_enough(kind: Kind) -> None:
    rng = np.random.default_rng(5)
    size = sizes(kind, 20000, rng)
    points = around(kind, size, rng)
    exact = kind.distance(size, points)
    single = kind.distance(size.float(), points.float())
    assert single.dtype == torch.float32
    torch.testing.assert_close(single.double(), exact, rtol=0, atol=1e-6)


def test_ellipsoids_of_any_flatness(monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps are enough: as near as 60 to 1e-6, for axes of 1 to 100, far, near and inside."""
    rng = np.random.default_rng(0)
    size = sizes(Ellipsoid, 50000, rng)
    points = around(Ellipsoid, size, rng)
    points[::7] *= 1e-3  # near the middle
    points[::5] = 1.00001 * Ellipsoid.nearest(size, points)[::5]
    quick = Ellipsoid.distance(size, points)
    monkeypatch.setattr("im2mesh.preparation.solids.ELLIPSOID_STEPS", 60)
    torch.testing.assert_close(quick, Ellipsoid.distance(size, points), rtol=0, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rays_on_tori(dtype: torch.dtype) -> None:
    rng = np.random.default_rng(1)
    size = sizes(Torus, 50000, rng)
    direction = torch.from_numpy(rng.normal(size=(50000, 3)))
    direction /= direction.norm(dim=1, keepdim=True)
    origin = torch.from_numpy(rng.uniform(-0.3, 0.3, (50000, 3)))
    t = Torus.enter(size.to(dtype), origin.to(dtype), direction.to(dtype)).double()
    hit = torch.isfinite(t)
    assert 0.05 < hit.double().mean() < 0.9
    apart = Torus.distance(size, origin + t[:, None] * direction)[hit]
    assert apart.abs().max() < (1e-6 if dtype == torch.float32 else 1e-12)


@every_kind
def test_samples_are_even_by_area(kind: Kind) -> None:
    """Against samples of a fine polyhedron: means and spreads of the coordinates."""
    rng = np.random.default_rng(3)
    for size in 100 * sizes(kind, 4, rng):  # trimesh drops tiny triangles
        solid = kind(size[None], torch.eye(3).double()[None], torch.zeros(1, 3).double())
        polyhedron = reference.mesh(Shape.of(solid), sections=256)
        area = polyhedron.area_faces
        face = rng.choice(len(area), 40000, p=area / area.sum())
        a, b = np.sqrt(rng.random(40000)), rng.random(40000)
        weights = np.stack([1 - a, a * (1 - b), a * b], axis=1)
        expected = np.einsum("ik,ikj->ij", weights, polyhedron.triangles[face])
        points, keep = kind.sample(size, torch.from_numpy(rng.random((80000, 3))))
        found = points[keep].numpy()
        share = polyhedron.area / float(kind.area(size))
        assert keep.double().mean() == pytest.approx(share, abs=0.01)
        scale = np.abs(expected).max(axis=0)
        np.testing.assert_allclose(
            found.mean(axis=0) / scale, expected.mean(axis=0) / scale, atol=0.02
        )
        np.testing.assert_allclose(
            (found**2).mean(axis=0) / scale**2, (expected**2).mean(axis=0) / scale**2, atol=0.02
        )
        normals = kind.normal(size.expand(len(found), -1), points[keep])
        flux = (normals * points[keep]).sum(dim=1).mean() * polyhedron.area / 3
        assert float(flux) == pytest.approx(polyhedron.volume, rel=0.03)  # Gauss
