"""The pose rule, by what a viewer would see."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from im2mesh.errors import InputError
from im2mesh.geometry.poses import (
    CONVENTIONS,
    centre_and_extent,
    normalise,
    pose,
    pose_rotation,
    uniform_rotation,
)

ANGLES = st.floats(-720, 720)
CLOUDS = hnp.arrays(
    np.float64, st.tuples(st.integers(2, 12), st.just(3)), elements=st.floats(-1e6, 1e6)
).filter(lambda points: np.ptp(points, axis=0).max() > 1e-3)


def test_positive_elevation_moves_the_top_towards_the_viewer() -> None:
    top = pose_rotation(0, 20) @ [0, 1, 0]
    np.testing.assert_allclose(top, [0, np.cos(np.radians(20)), np.sin(np.radians(20))])
    # From whatever side: the top of the model is the axis about which the azimuth turns.
    np.testing.assert_allclose(pose_rotation(123, 20) @ [0, 1, 0], top, atol=1e-15)


def test_azimuth_turns_the_front_to_the_right() -> None:
    np.testing.assert_array_equal(pose_rotation(90, 0) @ [0, 0, 1], [1, 0, 0])
    np.testing.assert_array_equal(pose_rotation(180, 0) @ [0, 0, 1], [0, 0, -1])
    np.testing.assert_array_equal(pose_rotation(90, 0) @ [0, 1, 0], [0, 1, 0])


def test_azimuth_comes_first() -> None:
    about_x, about_y = pose_rotation(0, 30), pose_rotation(50, 0)
    np.testing.assert_allclose(pose_rotation(50, 30), about_x @ about_y, atol=1e-15)
    assert np.abs(about_x @ about_y - about_y @ about_x).max() > 0.1


def test_released_script_looks_from_below() -> None:
    azimuth, elevation = 123, 20
    about_y, about_x = pose_rotation(azimuth, 0), pose_rotation(0, -elevation)
    turned = pose_rotation(azimuth, elevation, "released-script")
    np.testing.assert_allclose(turned, about_x @ about_y, atol=1e-15)
    # So it is the camera's view from the other elevation: the top moves away.
    np.testing.assert_array_equal(turned, pose_rotation(azimuth, -elevation))
    assert (turned @ [0, 1, 0])[2] < 0 < (pose_rotation(azimuth, elevation) @ [0, 1, 0])[2]
    points = np.random.default_rng(0).normal(size=(5, 3))
    for convention in CONVENTIONS:
        np.testing.assert_allclose(
            pose(points, azimuth, elevation, convention),
            normalise(points @ pose_rotation(azimuth, elevation, convention).T),
            atol=1e-15,
        )
    with pytest.raises(InputError, match="choose camera or released-script"):
        pose_rotation(0, 0, "left-handed")  # type: ignore[arg-type]


def test_no_turn_is_exact() -> None:
    for turns in range(-2, 3):
        np.testing.assert_array_equal(pose_rotation(360 * turns, 0), np.eye(3))


@given(ANGLES, ANGLES)
def test_rotations_are_rotations(azimuth: float, elevation: float) -> None:
    rotation = pose_rotation(azimuth, elevation)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1)
    radians = np.radians([azimuth, elevation])
    assert rotation[1, 1] == pytest.approx(np.cos(radians[1]), abs=1e-9)
    assert rotation[0, 2] == pytest.approx(np.sin(radians[0]), abs=1e-9)


@settings(max_examples=60)
@given(CLOUDS)
def test_normalised_points_fill_the_cube(points: np.ndarray) -> None:
    result = normalise(points)
    low, high = result.min(axis=0), result.max(axis=0)
    assert result.min() >= -0.5 and result.max() <= 0.5
    assert (high - low).max() == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(low + high, 0, atol=1e-9)
    # Nothing but a shift and one scale: distances keep their ratios.
    scale = np.ptp(points, axis=0).max()
    np.testing.assert_allclose(np.diff(result, axis=0) * scale, np.diff(points, axis=0), atol=1e-3)


@settings(max_examples=40)
@given(CLOUDS, ANGLES, ANGLES)
def test_pose_turns_and_then_normalises(
    points: np.ndarray, azimuth: float, elevation: float
) -> None:
    turned = np.array([pose_rotation(azimuth, elevation) @ point for point in points])
    if np.ptp(turned, axis=0).max() > 0:
        expected = normalise(turned)
        np.testing.assert_allclose(pose(points, azimuth, elevation), expected, atol=1e-6)


def test_uniform_rotations_are_rotations_and_even() -> None:
    points = np.random.default_rng(0).random((2000, 3))
    turns = np.stack([uniform_rotation(*point) for point in points])
    assert np.allclose(turns @ turns.transpose(0, 2, 1), np.eye(3), atol=1e-12)
    assert np.allclose(np.linalg.det(turns), 1)
    # Of even rotations each entry has mean 0 and variance 1/3, and a half has angles above 2.31.
    assert np.abs(turns.mean(axis=0)).max() < 0.05
    assert np.abs((turns**2).mean(axis=0) - 1 / 3).max() < 0.03
    angles = np.arccos(np.clip((np.trace(turns, axis1=1, axis2=2) - 1) / 2, -1, 1))
    assert abs(np.median(angles) - 2.3099) < 0.05
    assert np.allclose(uniform_rotation(0, 0, 0), np.diag([-1, 1, -1]))


def test_centre_and_extent() -> None:
    centre, extent = centre_and_extent([[0, -1, 2], [1, 3, 2]])
    np.testing.assert_array_equal(centre, [0.5, 1, 2])
    assert extent == 4


def test_input_is_not_changed() -> None:
    points = np.arange(9.0).reshape(3, 3)
    normalise(points)
    np.testing.assert_array_equal(points, np.arange(9.0).reshape(3, 3))


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (np.zeros((0, 3)), r"shape \(0, 3\)"),
        (np.zeros((4, 2)), r"shape \(4, 2\)"),
        (np.zeros(3), r"shape \(3,\)"),
        (np.ones((4, 3)), "no extent"),
        (np.array([[0, 0, 0], [1, np.nan, 1]]), "not finite"),
        (np.array([[0, 0, 0], [1, np.inf, 1]]), "not finite"),
    ],
)
def test_what_cannot_be_posed(points: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        normalise(points)
    with np.errstate(invalid="ignore"), pytest.raises(InputError, match=message):
        pose(points, 0, 0)


@pytest.mark.parametrize(("azimuth", "elevation"), [(np.nan, 0), (0, np.inf)])
def test_angles_that_are_not_finite(azimuth: float, elevation: float) -> None:
    with pytest.raises(InputError, match=r"(nan|inf) degrees"):
        pose_rotation(azimuth, elevation)
