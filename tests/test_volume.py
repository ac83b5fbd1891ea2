"""The volume level: its features, its normalisation, its network, and meshes made with it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from im2mesh.config import Config
from im2mesh.errors import CheckpointError, ConfigError
from im2mesh.generation.extraction import extract_dense, extract_mise
from im2mesh.generation.field import FusedField
from im2mesh.generation.lattice import exact_lattice
from im2mesh.generation.level import Level
from im2mesh.generation.pipeline import Reconstructor
from im2mesh.geometry.pixels import to_pixels
from im2mesh.models.build import build_network
from im2mesh.models.group_norm import GroupNorm
from im2mesh.models.volume import Conv3d, VolumeNetwork, corners, read_volume, volume_features
from im2mesh.timing import Stopwatch
from tests.fixtures import (
    VOLUME,
    balls_depth,
    balls_distance,
    level_config,
    random_balls,
    random_depth,
)
from tests.reference.volume import reference_read, reference_volume_features


def volume_config(tmp_path: Path = Path("out"), **changes: dict[str, object]) -> Config:
    return level_config(tmp_path, tmp_path, **{"model": dict(VOLUME)} | changes)


def wider_config() -> Config:
    """On some processors products of 8 columns are rounded by the number of rows."""
    return volume_config(
        model=VOLUME | {"decoder_kwargs": {"hidden_size": 16, "blocks": 1, "observed": True}}
    )


def random_network(config: Config, seed: int = 0) -> VolumeNetwork:
    """A network with every parameter random, in evaluation mode."""
    network = build_network(config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
    assert isinstance(network, VolumeNetwork)
    return network.eval()


def ball_map(seed: int) -> Tensor:
    return torch.from_numpy(balls_depth(*random_balls(seed)))[None, None]


# --- features ---------------------------------------------------------------------------------


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_features_equal_the_reference(seed: int) -> None:
    depth = random_depth(seed, 16)
    ours = volume_features(torch.from_numpy(depth)[None, None], 4)[0].numpy()
    np.testing.assert_allclose(ours, reference_volume_features(depth, 4), atol=2e-5)


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    steps=st.tuples(st.integers(-1, 1), st.integers(-1, 1), st.integers(-1, 1)),
)
def test_a_shift_by_whole_voxels_shifts_the_features(
    seed: int, steps: tuple[int, int, int]
) -> None:
    """All channels but z itself, away from the border that things come in at."""
    towards, down, right = steps
    size, cells = 64, 8
    depth = np.full((size, size), -1, dtype=np.float32)
    depth[24:40, 24:40] = np.clip(random_depth(seed, 16), -1, 0.6)
    depth[(depth >= 0) & (depth < 0.3)] = 0.3
    # Depths that the shift does not round away: multiples of 2⁻¹⁶.
    depth = np.where(depth >= 0, np.round(depth * 65536) / 65536, -1).astype(np.float32)
    moved = np.roll(depth, (down * size // cells, right * size // cells), axis=(0, 1))
    moved[moved >= 0] -= towards / cells
    before, after = (
        volume_features(torch.from_numpy(d)[None, None], cells)[0, :-1] for d in (depth, moved)
    )
    expected = torch.roll(before, (towards, down, right), dims=(1, 2, 3))
    inner = (slice(None), *(slice(1, -1),) * 3)
    torch.testing.assert_close(after[inner], expected[inner], atol=1e-5, rtol=0)


# --- reading ----------------------------------------------------------------------------------


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), cells=st.integers(2, 5))
def test_readings_equal_the_reference(seed: int, cells: int) -> None:
    rng = np.random.default_rng(seed)
    volume = rng.normal(size=(2, cells, cells, cells, 3)).astype(np.float32)
    points = rng.uniform(-0.5, 0.5, (2, 6, 3)).astype(np.float32)
    points[:, 0] = np.sign(points[:, 0]) / 2  # a corner of the cube
    ours = read_volume(torch.from_numpy(volume), torch.from_numpy(points)).numpy()
    for own, its, places in zip(ours, volume, points, strict=True):
        expected = [reference_read(its.astype(float), place) for place in places.astype(float)]
        np.testing.assert_allclose(own, expected, atol=1e-5)


def test_a_linear_field_is_read_exactly() -> None:
    """Each voxel holds where its middle is seen; between the middles a point reads its own."""
    cells = 8
    axis = (torch.arange(cells) + 0.5) / cells - 0.5
    z, y, x = torch.meshgrid(axis, -axis, axis, indexing="ij")
    volume = torch.stack([x, y, z], dim=-1)[None]
    points = (torch.rand(1, 100, 3, generator=torch.Generator().manual_seed(0)) - 0.5) * 7 / 8
    torch.testing.assert_close(read_volume(volume, points), points, atol=1e-6, rtol=0)
    number, weight = corners(points, cells)
    row, column = to_pixels(points, cells)
    assert torch.equal(number[0, :, 0] % cells, column[0].floor().long())
    assert torch.equal(number[0, :, 0] // cells % cells, row[0].floor().long())
    torch.testing.assert_close(weight.sum(-1), torch.ones(1, 100))


# --- group normalisation ----------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(2, 16, 4, 4, 4), (3, 8, 5, 3), (1, 32, 1, 1, 1)])
def test_group_norm_is_torchs(shape: tuple[int, ...]) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(shape, generator=generator, dtype=torch.float64)
    if x.ndim == 5:
        x = x.contiguous(memory_format=torch.channels_last_3d)
    x.requires_grad_()
    norm = GroupNorm(8, shape[1]).double()
    with torch.no_grad():
        norm.weight.copy_(torch.rand(shape[1], generator=generator) + 0.5)
        norm.bias.copy_(torch.randn(shape[1], generator=generator))
    gradient = torch.randn(shape, generator=generator, dtype=torch.float64)
    ours, theirs = norm(x), F.group_norm(x, 8, norm.weight, norm.bias, norm.eps)
    torch.testing.assert_close(ours, theirs)
    inputs = (x, norm.weight, norm.bias)
    found = torch.autograd.grad(ours, inputs, gradient)
    expected = torch.autograd.grad(theirs, inputs, gradient)
    for one, other in zip(found, expected, strict=True):
        # Its sums are float32 whatever the type.
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


# --- the network ------------------------------------------------------------------------------


@pytest.mark.parametrize("batch", [1, 2])
@pytest.mark.parametrize(("channels", "cells"), [(3, 5), (32, 4)])
def test_a_convolution_without_gradients_is_torchs(batch: int, channels: int, cells: int) -> None:
    torch.manual_seed(0)
    conv, x = Conv3d(channels, 8, 3, padding=1), torch.randn(batch, channels, *[cells] * 3)
    plain = torch.nn.Conv3d.forward(conv, x)
    with torch.inference_mode():
        np.testing.assert_allclose(conv(x), plain.detach(), atol=1e-5)


@pytest.mark.parametrize("observed", ["none", "offset", "silhouette"])
def test_the_bound_network_equals_the_plain_one(observed: str) -> None:
    model = VOLUME | {"decoder_kwargs": {"hidden_size": 8, "observed": observed}}
    network = random_network(volume_config(model=model))
    images = torch.cat([ball_map(k) for k in range(3)])
    points = torch.rand(3, 50, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    with torch.no_grad():
        plain = network(images, points)
    bound = network.bind(images, batch=2)
    values = bound(points[:2].flatten(0, 1), [50, 50, 0], 17).view(2, 50)
    assert (values - plain[:2]).abs().max() <= 1e-5 * plain.abs().max()
    assert bound.rows == 100 and bound.passes == 2 * -(-50 // 24)


def test_a_value_does_not_depend_on_its_company() -> None:
    bound = random_network(wider_config()).bind(ball_map(0))
    points = torch.rand(3000, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    together = bound(points, [3000], 100_000)
    for start, stop in ((0, 1), (5, 7), (100, 1000), (1234, 2999)):
        assert torch.equal(bound(points[start:stop], [stop - start], 100_000), together[start:stop])


def test_a_map_does_not_depend_on_its_company() -> None:
    network = random_network(volume_config())
    images = torch.cat([ball_map(k) for k in range(3)])
    points = torch.rand(3, 40, 3) - 0.5
    with torch.no_grad():
        together = network(images, points)
        for k in range(3):
            alone = network(images[k : k + 1], points[k : k + 1])[0]
            torch.testing.assert_close(alone, together[k], rtol=1e-4, atol=1e-5)


def test_a_fresh_level_learns_one_shape() -> None:
    """The whole way from depth to loss: thirty steps tell inside from outside."""
    torch.manual_seed(0)
    network = build_network(volume_config())
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
    images = ball_map(1)
    centres, radii = random_balls(1)
    points = torch.rand(1, 2000, 3) - 0.5
    points[:, 1000:] *= 0.6
    inside = torch.from_numpy(balls_distance(points[0].numpy(), centres, radii) <= 0).float()[None]
    for _ in range(30):
        loss = F.binary_cross_entropy_with_logits(network(images, points), inside)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    found, true = network(images, points) > 0, inside > 0
    assert (found & true).sum() / (found | true).sum() > 0.85


# --- meshes -----------------------------------------------------------------------------------


def test_coarse_to_fine_equals_dense() -> None:
    config = wider_config()
    level = Level(config, random_network(config))
    field = level.bind(ball_map(0)[0, 0], 1000)
    iso_level = float(field(torch.rand(1000, 3) - 0.5).median())
    fused = FusedField([field], iso_level)
    lattice, device = exact_lattice(32), torch.device("cpu")
    dense = extract_dense(fused, lattice, device, Stopwatch(device))
    depth = ball_map(0)[0, 0].numpy()
    mise = extract_mise(fused, lattice, 8, depth, device, Stopwatch(device))
    # Marching cubes reads the nodes of cells that the surface passes through.
    inside = mise > iso_level
    crossed = np.zeros_like(inside)
    corners_of = [np.s_[i : i + 32, j : j + 32, k : k + 32] for i, j, k in np.ndindex(2, 2, 2)]
    count = sum(inside[corner].astype(int) for corner in corners_of)
    for corner in corners_of:
        crossed[corner] |= (count > 0) & (count < 8)
    assert crossed.sum() > 500
    assert np.array_equal(mise[crossed], dense[crossed])


@pytest.mark.parametrize("method", ["onet", "onet_sdf"])
def test_it_fuses_with_other_levels(method: str) -> None:
    test = {"threshold": 0.5 if method == "onet" else -0.02}
    volume = volume_config(method=method, test=test)
    patch = level_config(
        Path("out"),
        Path("out"),
        data={"dataset": "Parts3D", "parts_size": 64, "parts_stride": 32},
        test={"threshold": 0.5},
    )
    levels = [Level(volume, random_network(volume)), Level(patch, build_network(patch))]
    result = Reconstructor(levels)(ball_map(0)[0, 0].numpy())
    assert result.decoder_rows > 0 and np.isfinite(result.vertices).all()
    assert levels[0].name == ("volume" if method == "onet" else "volume_sdf")


# --- configurations ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"data": {"dataset": "Parts3D", "parts_size": 64, "parts_stride": 32}},
            "model.encoder volume is for global levels",
        ),
        ({"model": VOLUME | {"decoder": "cbatchnorm"}}, "only 'residual' is supported with"),
        (
            {"model": VOLUME | {"encoder_kwargs": {"cells": 16, "channels": [8] * 5}}},
            "16 cells cannot be halved so often",
        ),
    ],
)
def test_what_a_volume_level_cannot_be(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_network(volume_config(**changes))  # type: ignore[arg-type]


def test_weights_of_another_size_are_refused(tmp_path: Path) -> None:
    config = volume_config(tmp_path)
    torch.save({"model": build_network(config).state_dict()}, config.model_path)
    Level.load(config)
    wider = VOLUME | {"encoder_kwargs": {"cells": 16, "channels": [16, 32], "features": 8}}
    other = replace(config, model=volume_config(tmp_path, model=wider).model)
    with pytest.raises(CheckpointError, match=r"encoder\.stem\.weight is \(8, 8, 3, 3, 3\) where"):
        Level.load(other)
