"""The kit of the families: against profiles, polygons and distances, slowly computed."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from im2mesh.errors import InputError
from im2mesh.geometry.poses import pose_rotation
from im2mesh.shapes.kit.bars import loop_handle, sweep
from im2mesh.shapes.kit.copies import mirrored
from im2mesh.shapes.kit.outlines import (
    convex_pieces,
    extrude,
    polygon_area,
    random_outline,
    rounded_outline,
)
from im2mesh.shapes.kit.profiles import lathe, random_profile, smooth_profile, vessel
from im2mesh.shapes.kit.soft import blob, rounded_box
from im2mesh.shapes.shape import Shape
from im2mesh.shapes.solids import Primitives

SEEDS = st.integers(0, 2**32 - 1)
MUG = [(0.4, 0.0), (0.5, 0.3), (0.45, 1.0)]


def points_about(shape: Shape, count: int, seed: int) -> np.ndarray:
    """(count, 3) points in the bounds of a shape and a little beyond."""
    low, high = shape.bounds().numpy()
    at = np.random.default_rng(seed).uniform(-0.05, 1.05, (count, 3))
    return low + at * (high - low)


def body(solids: list[Primitives], tolerance: float = 1e-4) -> trimesh.Trimesh:
    """The mesh of a union, which is closed."""
    mesh = trimesh.Trimesh(*Shape.of(*solids).mesh(tolerance), process=False)
    assert mesh.is_watertight and mesh.is_winding_consistent
    return mesh


def in_profile(points: np.ndarray, profile: list[tuple[float, float]]) -> np.ndarray:
    """Return which points (N, 3) are within any trapezoid between two points of a profile."""
    out, y = np.hypot(points[:, 0], points[:, 2]), points[:, 1]
    inside = np.zeros(len(points), dtype=bool)
    for (radius, low), (end, high) in itertools.pairwise(profile):
        if high > low:
            share = (y - low) / (high - low)
            inside |= (share >= 0) & (share <= 1) & (out <= radius + share * (end - radius))
    return inside


def in_polygon(points: np.ndarray, outline: list[tuple[float, float]]) -> np.ndarray:
    """Test whether points (N, 2) are in a polygon: their rays to the right cross it an odd time."""
    inside = np.zeros(len(points), dtype=bool)
    for (x, y), (u, v) in zip(outline, [*outline[1:], outline[0]], strict=True):
        between = (points[:, 1] < y) != (points[:, 1] < v)
        with np.errstate(divide="ignore", invalid="ignore"):
            crosses = points[:, 0] < x + (points[:, 1] - y) / (v - y) * (u - x)
        inside ^= between & crosses
    return inside


def from_profile(points: np.ndarray, profile: list[tuple[float, float]]) -> np.ndarray:
    """The distances of points (N, 3) to dense points of a profile, without its ends."""
    share = np.linspace(0, 1, 300)[:, None]
    corners = itertools.pairwise(np.array(profile))
    dense = np.concatenate([a + share * (b - a) for a, b in corners])
    place = np.column_stack([np.hypot(points[:, 0], points[:, 2]), points[:, 1]])
    return np.asarray(cKDTree(dense).query(place)[0])


# --- solids of revolution ---------------------------------------------------------------------


@settings(max_examples=8, deadline=None)
@given(SEEDS)
def test_lathe_fills_its_profile(seed: int) -> None:
    profile = random_profile(np.random.default_rng(seed))
    shape = Shape.of(*lathe(profile))
    points = points_about(shape, 4000, seed)
    inside = in_profile(points, profile)
    assert 0.1 < inside.mean() < 0.95
    np.testing.assert_array_equal(shape.occupancy(points).numpy(), inside)


def test_lathe_about_any_axis() -> None:
    profile = [(0.2, -0.1), (0.5, 0.3), (0.3, 0.3), (0.0, 1.0)]
    turn, centre = pose_rotation(30, 50), np.array([0.3, -0.2, 0.1])
    upright = Shape.of(*lathe(profile))
    leaning = Shape.of(*lathe(profile, centre, 3 * turn[:, 1]))
    points = points_about(upright, 4000, 0)
    moved = leaning.occupancy(points @ turn.T + centre)
    assert torch.equal(upright.occupancy(points), moved)


@settings(max_examples=8, deadline=None)
@given(SEEDS)
def test_walls_of_vessels_are_as_thick_as_they_should_be(seed: int) -> None:
    rng = np.random.default_rng(seed)
    profile = random_profile(rng)
    tall = profile[-1][1]
    wall, floor = rng.uniform(0.01, 0.1), rng.uniform(0, 0.5) * tall
    shape, full = Shape.of(*vessel(profile, wall, floor)), Shape.of(*lathe(profile))
    points = points_about(full, 3000, seed)
    filled, inside = shape.occupancy(points).numpy(), full.occupancy(points).numpy()
    assert not filled[~inside].any()
    assert filled[inside & (points[:, 1] < floor)].all()
    apart = from_profile(points, profile)
    above = inside & (points[:, 1] > floor)
    # Between two heights the hole is straight, so walls vary: of 250 profiles the thinnest
    # place had 0.58 of the wall.
    assert filled[above & (apart < 0.4 * wall)].all()
    # What is far from the outside is empty, mostly.
    assert (~filled[above & (apart > 1.5 * wall)]).sum() >= 0.9 * (
        above & (apart > 1.5 * wall)
    ).sum()


def test_a_straight_vessel_exactly() -> None:
    profile = [(0.5, 0.0), (0.5, 0.4), (0.3, 0.4), (0.3, 1.0)]
    shape = Shape.of(*vessel(profile, 0.1, 0.1))
    points = points_about(shape, 20000, 0)
    out, y = np.hypot(points[:, 0], points[:, 2]), points[:, 1]
    # The shoulder at 0.4 is as thick as the wall.
    hollow = (y > 0.1) & (y < 1) & (out < np.where(y < 0.3, 0.4, 0.2))
    expected = (out <= np.where(y < 0.4, 0.5, 0.3)) & (y >= 0) & (y <= 1) & ~hollow
    np.testing.assert_array_equal(shape.occupancy(points).numpy(), expected)
    widening = Shape.of(*vessel([(0.3, 0), (0.3, 0.6), (0.5, 0.6), (0.5, 1)], 0.1, 0.1))
    hollow = (y > 0.1) & (y < 1) & (out < np.where(y < 0.7, 0.2, 0.4))
    expected = (out <= np.where(y < 0.6, 0.3, 0.5)) & (y >= 0) & (y <= 1) & ~hollow
    np.testing.assert_array_equal(widening.occupancy(points).numpy(), expected)


def test_a_vessel_is_hollow_from_above_and_open_below_without_a_floor() -> None:
    cup = Shape.of(*vessel(MUG, 0.05, 0.1)).posed(0, 90)
    depth = cup.depth().numpy()
    low, high = cup.bounds().numpy()
    assert depth[128, 128] == pytest.approx(0.5 - (low[2] + 0.1), abs=1e-6)
    rim = depth[128, 128 + round(256 * 0.43)]
    assert rim == pytest.approx(0.5 - high[2], abs=1e-6)
    tube = Shape.of(*vessel(MUG, 0.05, 0)).posed(0, 90).depth().numpy()
    assert tube[128, 128] == -1 and (tube[:, 128] >= 0).any()


def test_a_vessel_is_one_closed_body() -> None:
    profile = smooth_profile([(0.3, 0), (0.5, 0.4), (0.2, 0.9), (0.25, 1)], 12)
    handle = loop_handle((0.46, 0.3, 0), (0.22, 0.8, 0), (0.35, 0, 0), 0.04)
    mesh = body(vessel(profile, 0.05, 0.06))
    assert mesh.body_count == 1 and mesh.euler_number == 2
    mug = body(vessel(profile, 0.05, 0.06) + handle)
    assert mug.body_count == 1 and mug.euler_number == 0  # a handle to put fingers through
    ring = body(vessel(profile, 0.05, 0))
    assert ring.body_count == 1 and ring.euler_number == 0


def test_smooth_profiles_keep_between_their_points() -> None:
    points = [(0.3, 0.0), (0.5, 0.1), (0.5, 0.5), (0.1, 0.8), (0.12, 1.0)]
    curve = np.array(smooth_profile(points, 40))
    assert curve.shape == (41, 2)
    np.testing.assert_allclose(curve[[0, -1]], [points[0], points[-1]], atol=1e-12)
    assert (np.diff(curve[:, 1]) >= 0).all()
    assert curve[:, 0].min() >= 0.1 - 1e-12 and curve[:, 0].max() <= 0.5 + 1e-12
    for radius, height in points:
        assert np.hypot(*(curve - [radius, height]).T).min() < 0.03


# --- prisms -----------------------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(SEEDS, st.booleans())
def test_extrusions_fill_their_outline(seed: int, backwards: bool) -> None:
    outline = random_outline(np.random.default_rng(seed))
    assert np.abs(outline).max() <= 0.5 + 1e-9
    pieces = convex_pieces(outline[::-1] if backwards else outline)
    assert polygon_area(pieces).min() > 0
    area = abs(polygon_area(np.array(outline)))
    assert polygon_area(pieces).sum() == pytest.approx(area)
    shape = Shape.of(*extrude(outline, 0.3))
    points = points_about(shape, 6000, seed)
    inside = in_polygon(points[:, :2], outline) & (np.abs(points[:, 2]) <= 0.15)
    assert (shape.occupancy(points).numpy() != inside).sum() <= 1
    low, high = shape.bounds().numpy()
    np.testing.assert_allclose(low[:2], np.min(outline, axis=0), atol=1e-12)
    np.testing.assert_allclose(high[:2], np.max(outline, axis=0), atol=1e-12)
    share = 0.3 * area / (1.1**3 * np.prod(high - low))
    assert inside.mean() == pytest.approx(share, abs=5 * (share / 6000) ** 0.5)


def test_a_letter() -> None:
    letter = [(0, 0), (1, 0), (1, 0.2), (0.2, 0.2), (0.2, 0.4), (0.7, 0.4), (0.7, 0.6)]
    letter += [(0.2, 0.6), (0.2, 0.8), (1, 0.8), (1, 1), (0, 1)]  # an E
    turn = pose_rotation(20, 30)
    solids = extrude(letter, 0.2, (1, 2, 3), turn)
    mesh = body(solids)
    assert mesh.body_count == 1 and mesh.euler_number == 2
    assert mesh.volume == pytest.approx(0.2 * 0.62, rel=1e-4)
    shape, pieces = Shape.of(*solids), convex_pieces(letter)
    assert len(shape) == len(pieces) <= 6
    samples, normals = shape.sample_surface(4000, torch.Generator().manual_seed(0))
    own = (samples.numpy() - [1, 2, 3]) @ turn
    # Nothing of the cuts between the pieces is surface.
    level = np.abs(normals.numpy() @ turn[:, 2]) < 0.5
    straight = np.array(letter + letter[:1])
    share = np.linspace(0, 1, 2000)[:, None]
    edge = np.concatenate([a + share * (b - a) for a, b in itertools.pairwise(straight)])
    assert cKDTree(edge).query(own[level, :2])[0].max() < 1e-3
    assert (np.abs(np.abs(own[~level, 2]) - 0.1) < 1e-9).all()


def test_mirrored_prisms_are_mirrored() -> None:
    outline = [(0.1, 0), (0.6, 0.1), (0.3, 0.7), (0.3, 0.2)]
    one = extrude(outline, 0.2, (0.2, 0.1, 0.3), pose_rotation(25, 10))
    for axis in range(3):
        both = Shape.of(*mirrored(*one, axis=axis))
        points = points_about(both, 5000, axis)
        there = points.copy()
        there[:, axis] *= -1
        inside = Shape.of(*one).occupancy(points) | Shape.of(*one).occupancy(there)
        assert inside.double().mean() > 0.03
        assert torch.equal(both.occupancy(points), inside)


def test_rounded_outlines() -> None:
    outline = np.array(rounded_outline(1.0, 0.6, 0.1, 8))
    np.testing.assert_allclose(
        [outline.min(axis=0), outline.max(axis=0)], [(-0.5, -0.3), (0.5, 0.3)]
    )
    assert polygon_area(outline) == pytest.approx(0.6 - (4 - math.pi) * 0.01, rel=1e-3)


# --- bars and soft solids ---------------------------------------------------------------------


def test_sweeps_are_one_body() -> None:
    points = [(0, 0, 0), (0, 1, 0), (0.6, 1.2, 0.3), (1, 0.5, 0)]
    plain, tapered = sweep(points, 0.1), sweep(points, [0.2, 0.1, 0.15, 0.05])
    for solids in (plain, tapered):
        mesh = body(solids)
        assert mesh.body_count == 1 and mesh.euler_number == 2
    inside = Shape.of(*tapered).occupancy(np.array(points) + [0, 0, 0.04])
    assert inside.all()
    low, high = Shape.of(*tapered).bounds().numpy()
    np.testing.assert_allclose(low, [-0.2, -0.2, -0.2])
    assert high[1] == pytest.approx(1.35)


def test_rounded_boxes_are_as_far_as_their_radius_from_a_box() -> None:
    size, radius = np.array([0.8, 0.6, 0.5]), 0.15
    turn = pose_rotation(40, 20)
    solids = rounded_box(size, radius, (0.1, 0.2, 0.3), turn)
    assert len(Shape.of(*solids)) == 15
    shape = Shape.of(*solids)
    points = points_about(shape, 20000, 0)
    own = (points - [0.1, 0.2, 0.3]) @ turn
    beyond = (np.abs(own) - (size / 2 - radius)).clip(0)
    np.testing.assert_array_equal(
        shape.occupancy(points).numpy(), np.linalg.norm(beyond, axis=1) <= radius
    )
    assert body(rounded_box((1, 0.2, 0.7), 0.1)).body_count == 1
    low, high = Shape.of(*rounded_box((1, 0.2, 0.7), 0.1)).bounds().numpy()
    np.testing.assert_allclose(high - low, (1, 0.2, 0.7))


@settings(max_examples=4, deadline=None)
@given(SEEDS)
def test_blobs_are_one_body(seed: int) -> None:
    rng = np.random.default_rng(seed)
    solids = blob(rng, size=0.8)
    assert 5 <= len(solids) <= 12
    assert body(solids, 1e-3).body_count == 1
    low, high = Shape.of(*solids).bounds().numpy()
    assert (high - low).max() == pytest.approx(0.8)
    assert len(blob(rng, 3)) == 3


# --- all of them ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lathe([(1, 0)]), "rising height"),
        (lambda: lathe([(1, 0), (1, -1)]), "rising height"),
        (lambda: lathe([(1, 0), (1, 0)]), "rising height"),
        (lambda: lathe([(-1, 0), (1, 1)]), "radius ≥ 0"),
        (lambda: lathe([(0, 0), (0, 1)]), "radius ≥ 0"),
        (lambda: lathe([(1, 0), (1, 1)], axis=(0, 0, 0)), "same point"),
        (lambda: vessel(MUG, 0, 0.1), "a wall of 0"),
        (lambda: vessel(MUG, 0.1, 1.0), "a floor of 1"),
        (lambda: vessel(MUG, 0.1, -0.1), "a floor of -0.1"),
        (lambda: extrude([(0, 0), (1, 0)], 1), "three corners"),
        (lambda: extrude([(0, 0), (1, 0), (2, 0)], 1), "needs an area"),
        (lambda: extrude([(0, 0), (1, 0), (0, 1)], 0), "thickness must be positive"),
        (lambda: sweep([(0, 0, 0), (1, 0, 0)], [0.1]), "2 points cannot have 1 radii"),
    ],
)
def test_errors(call: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        call()  # type: ignore[operator]
