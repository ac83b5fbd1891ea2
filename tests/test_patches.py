"""Windows: which of them own a point, and how patches blend."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from im2mesh.geometry.patches import RELEASED_NODES, Windows
from tests.reference.patches import reference_local, reference_owners

PUBLISHED = [(128, 64), (64, 32), (32, 16), (16, 16), (16, 8)]
TILINGS = [*PUBLISHED, (256, 256), (256, 7), (96, 32), (96, 80), (48, 16), (16, 48)]

# Lattice nodes hit every window bound exactly; other floats fall between.
COORDINATES = st.one_of(
    st.integers(0, 256).map(lambda k: k / 256 - 0.5),
    st.floats(-0.5, 0.5, width=32),
)


@pytest.mark.parametrize(("size", "stride"), TILINGS)
def test_windows_cover_the_image(size: int, stride: int) -> None:
    windows = Windows(size, stride)
    seen = np.zeros((256, 256), int)
    for i, j in windows.corners():
        seen[i : i + size, j : j + size] += 1
    assert len(windows.corners()) == len(windows)
    if stride <= size:
        assert seen.min() >= 1
    assert seen[0, 0] and seen[-1, -1]


@pytest.mark.parametrize(("size", "stride"), TILINGS)
def test_crops_are_the_windows(size: int, stride: int) -> None:
    image = torch.rand(256, 256)
    windows = Windows(size, stride)
    crops = windows.crop(image)
    for crop, (i, j) in zip(crops, windows.corners(), strict=True):
        assert torch.equal(crop, image[i : i + size, j : j + size])


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(TILINGS), st.lists(st.tuples(COORDINATES, COORDINATES), min_size=1, max_size=8)
)
def test_owners_are_the_definition(tiling: tuple[int, int], xy: list[tuple[float, float]]) -> None:
    size, stride = tiling
    windows = Windows(size, stride)
    points = torch.tensor([(x, y, 0.25 * x) for x, y in xy], dtype=torch.float32)
    assignment = windows.assign(points)
    window = np.repeat(np.arange(len(windows)), assignment.counts)
    found = {(int(p), int(w)) for p, w in zip(assignment.point, window, strict=True)}
    expected = {
        (k, w)
        for k, point in enumerate(points.numpy())
        for w in reference_owners(point, size, stride)
    }
    assert len(found) == len(assignment.point)
    # A float32 pixel coordinate can round onto a bound that the point itself only comes near.
    pixels = points[:, :2].double() * 256
    near = (pixels - pixels.round()).abs().lt(1e-4) & (pixels != pixels.round())
    settled = {k for k in range(len(points)) if not near[k].any()}
    assert {pair for pair in found if pair[0] in settled} == {
        pair for pair in expected if pair[0] in settled
    }
    for (p, w), local in zip(
        zip(assignment.point, window, strict=True), assignment.local, strict=True
    ):
        reference = reference_local(points[p].double().numpy(), int(w), size, stride)
        np.testing.assert_allclose(local, reference, atol=1e-4)
        assert local.abs().max() <= 0.5 + 1e-4


@pytest.mark.parametrize(("size", "stride"), PUBLISHED)
def test_every_point_of_the_cube_has_an_owner(size: int, stride: int) -> None:
    axis = torch.arange(129) / 128 - 0.5
    x, y = torch.meshgrid(axis, axis, indexing="ij")
    points = torch.stack([x.ravel(), y.ravel(), torch.zeros(129 * 129)], 1)
    owners = torch.bincount(Windows(size, stride).assign(points).point, minlength=len(points))
    assert owners.min() >= 1
    assert owners.max() <= (size // stride) ** 2


def test_points_outside_the_cube_have_no_owner() -> None:
    points = torch.tensor([[0.51, 0, 0], [-0.51, 0, 0], [0, 0.51, 0], [0, -0.51, 0]])
    assert len(Windows(32, 16).assign(points).point) == 0


def test_only_active_windows_are_assigned() -> None:
    windows = Windows(64, 32)
    active = torch.zeros(len(windows), dtype=torch.bool)
    active[[3, 10]] = True
    points = torch.rand(500, 3) - 0.5
    every, some = windows.assign(points), windows.assign(points, active)
    assert some.counts == [every.counts[3], every.counts[10]]
    assert torch.all(every.weight > 0) and torch.all(every.weight <= 1)


@pytest.mark.parametrize(("size", "stride"), PUBLISHED)
def test_released_lattice_pastes_patch_nodes(size: int, stride: int) -> None:
    """Every node (k, l) of every patch goes to x = j/2 + k, y = 128 − (i + size)/2 + l."""
    windows = Windows(size, stride)
    nodes = size // 2
    expected = set()
    for w, (i, j) in enumerate(windows.corners()):
        for k in range(nodes):
            for m in range(nodes):
                expected.add((w, j // 2 + k, 128 - (i + size) // 2 + m, k, m))
    axis = torch.arange(RELEASED_NODES) / (RELEASED_NODES - 1) - 0.5
    x, y = torch.meshgrid(axis, axis, indexing="ij")
    points = torch.stack([x.ravel(), y.ravel(), torch.full((128 * 128,), 0.125)], 1)
    assignment = windows.assign_released(points)
    window = np.repeat(np.arange(len(windows)), assignment.counts)
    at = torch.round((points[assignment.point] + 0.5) * 127).int().numpy()
    local = torch.round((assignment.local + 0.5) * (nodes - 1)).int().numpy()
    found = set(zip(window, at[:, 0], at[:, 1], local[:, 0], local[:, 1], strict=True))
    assert found == expected
    centred = (local[:, :2] - nodes / 2) ** 2
    weight = np.exp(-4 * np.log(2) * centred.sum(1) / (nodes / 2) ** 2)
    np.testing.assert_allclose(assignment.weight, weight, rtol=1e-4)
    assert torch.all(assignment.local[:, 2] == 0.125)


@pytest.mark.parametrize(("size", "stride"), [(32, 15), (300, 1), (0, 1), (32, 0)])
def test_windows_that_do_not_tile(size: int, stride: int) -> None:
    with pytest.raises(ValueError, match=str(size)):
        Windows(size, stride)


def test_crop_rejects_another_size() -> None:
    with pytest.raises(ValueError, match=r"\(256, 256\).*\(100, 100\)"):
        Windows(32, 16).crop(torch.zeros(100, 100))
