"""Solids one by one: distances, nearest points, normals, samples; of all kinds and sizes."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import (
    KINDS,
    Box,
    Capsule,
    Ellipsoid,
    Frustum,
    Primitives,
    Prism,
    Shell,
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
    elif kind is Torus:
        ring = length()
        columns = [ring, ring * rng.uniform(0.02, 1.0, count)]
    elif kind is Shell:
        outer = np.stack([length(), length()])
        outer[1] = np.where(rng.random(count) < 0.2, outer[0], outer[1])
        # Full, pointed and sharp ones, too; where both ends are sharp there is no wall.
        share = rng.uniform(0, 1, (2, count)) * (rng.random((2, count)) > 0.15)
        share = np.where(rng.random((2, count)) < 0.1, 1.0, share)
        share[1] = np.where(share.min(axis=0) == 1, 0.5, share[1])
        columns = [*(share * outer), *outer, length()]
    else:
        assert kind is Prism
        # Corners on an ellipse, in turn, so that they are convex; triangles, too.
        angle = np.pi / 2 * (np.arange(4)[:, None] + rng.uniform(-0.4, 0.4, (4, count)))
        angle[3] = np.where(rng.random(count) < 0.3, angle[rng.integers(0, 3)], angle[3])
        angle = np.sort(angle, axis=0)
        middle = rng.uniform(-1, 1, (2, count))
        x, y = length() * (np.cos(angle) + middle[0]), length() * (np.sin(angle) + middle[1])
        columns = [*np.stack([x, y], axis=1).reshape(8, count), length()]
    return torch.from_numpy(np.column_stack(columns))


def around(kind: Kind, size: Tensor, rng: np.random.Generator) -> Tensor:
    """Points in and about the solids; some on their planes and axes of symmetry."""
    points = rng.uniform(-1, 1, (len(size), 3))
    points *= np.where(rng.random((len(size), 1)) < 0.7, 1.4 * kind.half_extents(size).numpy(), 0.6)
    return torch.from_numpy(np.where(rng.random(points.shape) < 0.05, 0.0, points))


@every_kind
@settings(max_examples=8, deadline=None)
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
@settings(max_examples=3, deadline=None)
@given(seed=SEEDS)
def test_no_sample_of_the_surface_is_nearer(kind: Kind, seed: int) -> None:
    rng = np.random.default_rng(seed)
    size = sizes(kind, 8, rng)
    points = around(kind, size, rng)
    samples, keep = kind.sample(size[:, None], torch.from_numpy(rng.random((8, 20000, 3))))
    assert keep.double().mean(dim=1).min() > 0.45
    onto = kind.distance(size[:, None].expand(8, 20000, -1), samples)
    assert onto.abs().max() < 1e-6
    apart = (points[:, None] - samples).norm(dim=2).masked_fill(~keep, math.inf).amin(dim=1)
    exact = kind.distance(size, points).abs()
    assert (apart >= exact - 1e-6).all()
    assert (apart <= exact + 0.08 * kind.half_extents(size).norm(dim=1)).all()


@every_kind
@settings(max_examples=5, deadline=None)
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
    size = sizes(Ellipsoid, 10000, rng)
    points = around(Ellipsoid, size, rng)
    points[::7] *= 1e-3  # near the middle
    points[::5] = 1.00001 * Ellipsoid.nearest(size, points)[::5]
    quick = Ellipsoid.distance(size, points)
    monkeypatch.setattr("im2mesh.shapes.solids.rounded.ELLIPSOID_STEPS", 60)
    torch.testing.assert_close(quick, Ellipsoid.distance(size, points), rtol=0, atol=1e-6)


@every_kind
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rays_meet_the_surface_first(kind: Kind, dtype: torch.dtype) -> None:
    """Against the distances along each ray: where it enters, and that it enters nowhere before."""
    rng = np.random.default_rng(8)
    size = sizes(kind, 1200, rng)
    # From any side, and along or across the own axes.
    along = rng.normal(size=(1200, 3)) * np.where(rng.random((1200, 3)) < 0.2, 0, 1)
    along[:, 2] += np.where(np.abs(along).sum(axis=1) == 0, 1, 0)
    direction = torch.from_numpy(along / np.linalg.norm(along, axis=1, keepdims=True))
    origin = around(kind, size, rng)
    t = kind.intersect(size.to(dtype), origin.to(dtype), direction.to(dtype)).double()
    hit = torch.isfinite(t)
    assert 0.15 < hit.double().mean() < 0.98
    exact = 3e-6 if dtype == torch.float32 else 1e-7
    met = kind.distance(size, origin + t.nan_to_num(posinf=0)[:, None] * direction)
    # A ray along a slanted side of a cone meets it anywhere, if at all.
    assert (met[hit].abs() > exact).double().mean() < (3e-3 if dtype == torch.float32 else 1e-9)
    far = origin.norm(dim=1) + kind.half_extents(size).norm(dim=1)
    before = torch.where(hit, t, far)[:, None]
    share = torch.linspace(0, 1, 300).double()
    places = -far[:, None] + share * (before + far[:, None]) - 1e-5
    on_ray = origin[:, None] + places[..., None] * direction[:, None]
    apart = kind.distance(size[:, None].expand(-1, 300, -1), on_ray).amin(dim=1)
    assert (apart < -exact).double().mean() < (3e-3 if dtype == torch.float32 else 1e-9)


def test_a_shell_without_a_hole_is_a_frustum() -> None:
    rng = np.random.default_rng(2)
    size = sizes(Frustum, 4000, rng)
    hollow = torch.cat([torch.zeros(4000, 2).double(), size], dim=1)
    points = around(Frustum, size, rng)
    direction = torch.from_numpy(rng.normal(size=(4000, 3)))
    direction /= direction.norm(dim=1, keepdim=True)
    uniform = torch.from_numpy(rng.random((4000, 3)))
    on_surface, _ = Frustum.sample(size, uniform)
    pairs = [
        (
            kind.intersect(sizes, points, direction),
            kind.contains(sizes, points),
            kind.distance(sizes, points),
            kind.nearest(sizes, points),
            kind.normal(sizes, on_surface),
            kind.area(sizes),
            kind.sample(sizes, uniform)[0],
            kind.support(sizes, direction),
            kind.half_extents(sizes),
        )
        for kind, sizes in ((Frustum, size), (Shell, hollow))
    ]
    for one, other in zip(*pairs, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-9)


@every_kind
def test_mirror_images_hold_the_mirrored_points(kind: Kind) -> None:
    rng = np.random.default_rng(6)
    size = sizes(kind, 2000, rng)
    turn, _ = np.linalg.qr(rng.normal(size=(2000, 3, 3)))
    turn *= np.linalg.det(turn)[:, None, None]
    solids = kind(size, torch.from_numpy(turn), torch.from_numpy(rng.normal(size=(2000, 3))))
    index = torch.arange(2000)
    points = solids.shape_frame(around(kind, size, rng), index)
    inside = kind.contains(size, solids.own_frame(points, index))
    assert 0.05 < inside.double().mean() < 0.9
    for axis in range(3):
        image = solids.mirrored(axis)
        torch.testing.assert_close(torch.linalg.det(image.rotation), torch.ones(2000).double())
        there = points.clone()
        there[:, axis] *= -1
        found = kind.contains(image.size, image.own_frame(there, index))
        assert (found != inside).sum() <= 4  # on the surface


def test_prisms_that_share_a_side_leave_no_gap() -> None:
    """Rays and points exactly on the cut, in both types, belong to one of the two."""
    rng = np.random.default_rng(7)
    a, c = rng.uniform(-0.5, 0.5, (2, 5000, 2))
    half = np.full((5000, 1), 0.1)
    side = np.column_stack([-(c - a)[:, 1], (c - a)[:, 0]])
    left, right = (
        a + side * rng.uniform(0.1, 1, (5000, 1)),
        a - side * rng.uniform(0.1, 1, (5000, 1)),
    )
    one = torch.from_numpy(np.column_stack([a, c, left, a, half]))
    other = torch.from_numpy(np.column_stack([a, right, c, a, half]))
    on = a + rng.uniform(0, 1, (5000, 1)) * (c - a)
    points = torch.from_numpy(np.column_stack([on, np.zeros(5000)]))
    towards = torch.tensor([0.0, 0.0, -1.0]).double()
    for dtype in (torch.float32, torch.float64):
        at, sizes = points.to(dtype), (one.to(dtype), other.to(dtype))
        assert (Prism.contains(sizes[0], at) | Prism.contains(sizes[1], at)).all()
        t = torch.minimum(*(Prism.intersect(size, at, towards.to(dtype)) for size in sizes))
        torch.testing.assert_close(t, torch.full_like(t, -0.1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_rays_on_tori(dtype: torch.dtype) -> None:
    rng = np.random.default_rng(1)
    size = sizes(Torus, 10000, rng)
    direction = torch.from_numpy(rng.normal(size=(10000, 3)))
    direction /= direction.norm(dim=1, keepdim=True)
    origin = torch.from_numpy(rng.uniform(-0.3, 0.3, (10000, 3)))
    t = Torus.intersect(size.to(dtype), origin.to(dtype), direction.to(dtype)).double()
    hit = torch.isfinite(t)
    assert 0.05 < hit.double().mean() < 0.9
    apart = Torus.distance(size, origin + t[:, None] * direction)[hit]
    assert apart.abs().max() < (1e-6 if dtype == torch.float32 else 1e-12)


@every_kind
def test_samples_are_even_by_area(kind: Kind) -> None:
    """Against samples of a fine polyhedron: means and spreads of the coordinates."""
    rng = np.random.default_rng(3)
    for size in 100 * sizes(kind, 2, rng):  # trimesh drops tiny triangles
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
        flux = (normals * (points[keep] - points[keep].mean(dim=0))).sum(dim=1)
        flux *= polyhedron.area / 3
        error = 4 * float(flux.std()) / len(flux) ** 0.5
        assert float(flux.mean()) == pytest.approx(polyhedron.volume, rel=0.01, abs=error)  # Gauss
