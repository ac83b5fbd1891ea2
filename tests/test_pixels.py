"""The map between pixels and the cube, for numpy and torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from im2mesh.geometry.patches import Windows
from im2mesh.geometry.pixels import back_project, from_corner, from_pixels, pixels_at, to_pixels

both = pytest.mark.parametrize("array", [np.array, torch.tensor], ids=["numpy", "torch"])
SIZES = st.sampled_from([8, 100, 256])


@both
@given(size=SIZES, row=st.integers(0, 7), column=st.integers(0, 7))
def test_a_pixel_is_where_its_ray_is(
    array: Callable[..., Any], size: int, row: int, column: int
) -> None:
    x, y = from_pixels(array([row]), array([column]), size)
    assert x[0] == pytest.approx((column + 0.5) / size - 0.5, abs=1e-7)
    assert y[0] == pytest.approx(0.5 - (row + 0.5) / size, abs=1e-7)
    points = array([[float(x[0]), float(y[0]), 0.25]])
    assert [int(place[0]) for place in pixels_at(points, size)] == [row, column]
    np.testing.assert_allclose(np.ravel(to_pixels(points, size)), [row, column], atol=1e-4)
    np.testing.assert_allclose(
        np.ravel(from_corner(points, size)), [row + 0.5, column + 0.5], atol=1e-4
    )


@both
def test_points_outside_have_the_nearest_pixel(array: Callable[..., Any]) -> None:
    points = array([[-0.6, 0.6, 0.0], [0.5, -0.5, 0.0], [0.7, 0.0, 0.0]])
    rows, columns = pixels_at(points, 16)
    assert rows.tolist() == [0, 15, 8] and columns.tolist() == [0, 15, 15]


def test_back_projected_pixels() -> None:
    depth = np.full((256, 256), -1, np.float32)
    depth[10, 20], depth[255, 0] = 0.25, 0.0
    points = back_project(depth)
    expected = [[20.5 / 256 - 0.5, 0.5 - 10.5 / 256, 0.25], [0.5 / 256 - 0.5, 0.5 / 256 - 0.5, 0.5]]
    np.testing.assert_allclose(points, expected)
    windows = Windows(16, 16)
    for point, (i, j) in zip(points, [(10, 20), (255, 0)], strict=True):
        (owner,) = np.flatnonzero(windows.assign(torch.from_numpy(point[None])).counts)
        top, left = windows.corners()[owner]
        assert top <= i < top + 16 and left <= j < left + 16
