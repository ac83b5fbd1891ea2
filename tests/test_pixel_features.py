"""Pixel features: the decoder's further inputs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from im2mesh.config import Config, DecoderConfig, from_dict, to_dict
from im2mesh.errors import CheckpointError
from im2mesh.generation.level import Level
from im2mesh.geometry.patches import Windows
from im2mesh.geometry.pixels import IMAGE_SIZE
from im2mesh.models.build import build_network
from im2mesh.models.network import ImplicitNetwork
from im2mesh.models.pixel_features import (
    CHANNELS,
    SILHOUETTE_RANGE,
    PixelFeatures,
    silhouette_distance,
)
from im2mesh.shapes.families import make_shape
from tests.fixtures import random_depth
from tests.reference.pixel_features import reference_pixel_features, reference_silhouette_distance

KINDS = ("offset", "silhouette")

SLIM = {
    "data": {"input_type": "depth", "img_size": 256},
    "model": {
        "decoder": "cbatchnorm",
        "decoder_kwargs": {"hidden_size": 16},
        "encoder_kwargs": {"width": 4},
        "c_dim": 12,
        "z_dim": 0,
    },
}


def slim(observed: object, patch: bool = False) -> Config:
    model = {**SLIM["model"], "decoder_kwargs": {"hidden_size": 16, "observed": observed}}
    data = dict(SLIM["data"])
    if patch:
        data |= {"dataset": "Parts3D", "parts_size": 64, "parts_stride": 32}
    return from_dict({"data": data, "model": model})


def random_network(config: Config, seed: int = 0) -> ImplicitNetwork:
    """Everything random in the decoder, the encoder as it starts."""
    network = build_network(config)
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in network.decoder.state_dict().items():
        if tensor.dtype.is_floating_point:
            tensor.copy_(0.5 * torch.randn(tensor.shape, generator=generator))
            if name.endswith("running_var"):
                tensor.square_().add_(0.5)
    return network.eval()


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0, 1), reach=st.integers(1, 20))
def test_silhouette_distance_equals_the_reference(seed: int, share: float, reach: int) -> None:
    foreground = np.random.default_rng(seed).uniform(size=(2, 12, 24)) < share
    ours = silhouette_distance(torch.from_numpy(foreground), reach).numpy()
    for mask, distance in zip(foreground, ours, strict=True):
        expected = reference_silhouette_distance(mask, reach)
        np.testing.assert_allclose(distance, expected, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_features_equal_the_reference(seed: int) -> None:
    depth = random_depth(seed, 16)
    points = np.random.default_rng(seed).uniform(-0.5, 0.5, (40, 3)).astype(np.float32)
    features = PixelFeatures(torch.from_numpy(depth)[None, None], "silhouette")
    ours = features(torch.from_numpy(points)[None])[0].numpy()
    expected = [
        reference_pixel_features(depth.astype(float), point) for point in points.astype(float)
    ]
    np.testing.assert_allclose(ours, expected, atol=2e-4)
    assert np.array_equal(features.of(0, torch.from_numpy(points)).numpy(), ours)


def test_the_offset_is_zero_on_the_observed_surface() -> None:
    """A slope, seen in sub-pixel detail: no staircase."""
    size = 64
    column = (np.arange(size) + 0.5) / size - 0.5
    depth = np.broadcast_to(0.5 - 0.3 * column, (size, size)).astype(np.float32)
    x = torch.linspace(-0.45, 0.45, 200)
    points = torch.stack([x, 0.3 * x, 0.3 * x], dim=1)  # z = 0.3 x is the surface
    features = PixelFeatures(torch.from_numpy(depth.copy())[None, None], "offset")(points[None])[0]
    assert features.shape == (200, 2)
    assert features.abs().max() < 1e-3
    behind = points - torch.tensor([0, 0, 0.01])
    features = PixelFeatures(torch.from_numpy(depth.copy())[None, None], "offset")(behind[None])[0]
    torch.testing.assert_close(features[:, 0], torch.full((200,), 0.5), atol=1e-3, rtol=0)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_window_sees_what_the_whole_map_shows(seed: int) -> None:
    """The same features in a patch as in the whole image, but for what lies beyond its border."""
    depth = torch.from_numpy(random_depth(seed, IMAGE_SIZE))
    windows, window = Windows(64, 32), torch.tensor(seed % 49)
    local = torch.rand(50, 3, generator=torch.Generator().manual_seed(seed)) - 0.5
    local[:, :2] *= 0.5  # at least 16 pixels from the border
    whole = PixelFeatures(depth[None, None], "silhouette").of(0, windows.to_cube(local, window))
    patch = windows.crop(depth)[window][None, None]
    torch.testing.assert_close(
        PixelFeatures(patch, "silhouette").of(0, local), whole, atol=1e-3, rtol=0
    )
    assert SILHOUETTE_RANGE == 16


@pytest.mark.parametrize("kind", KINDS)
def test_the_folded_decoder_equals_the_plain_one(kind: str) -> None:
    network = random_network(slim(kind))
    images = torch.stack([torch.from_numpy(random_depth(k, 32)) for k in range(3)])[:, None]
    points = torch.rand(3, 50, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    with torch.no_grad():
        plain = network(images, points)
    folded = network.bind(images)(points.flatten(0, 1), [50] * 3, 17).view(3, 50)
    assert (folded - plain).abs().max() <= 1e-4 * plain.abs().max()
    assert network.decoder.fc_p.matrix.shape[1] == 3 + CHANNELS[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_does_not_depend_on_its_company(kind: str) -> None:
    network = random_network(slim(kind))
    folded = network.bind(torch.from_numpy(random_depth(0, 32))[None, None])
    points = torch.rand(3000, 3, generator=torch.Generator().manual_seed(0)) - 0.5
    together = folded(points, [3000], 100_000)
    for start, stop in ((0, 1), (5, 7), (100, 1000), (1234, 2999)):
        alone = folded(points[start:stop], [stop - start], 100_000)
        assert torch.equal(alone, together[start:stop])


@pytest.mark.parametrize("patch", [False, True])
def test_levels_can_be_asked_anywhere(patch: bool) -> None:
    config = slim(True, patch)
    level = Level(config, random_network(config))
    depth = make_shape("chair", 3).posed(30, 20).depth()
    field = level.bind(torch.as_tensor(depth).float(), 1000)
    values = field(torch.rand(500, 3) - 0.5)
    assert values.shape == (500,) and torch.isfinite(values).all()


@pytest.mark.parametrize(
    ("value", "kind"), [(True, "silhouette"), (False, "none"), *((kind, kind) for kind in KINDS)]
)
def test_the_key(value: object, kind: str) -> None:
    config = slim(value)
    assert config.model.decoder_kwargs.observed == kind
    assert from_dict(to_dict(config)) == config


def test_weights_of_another_kind_are_refused(tmp_path: Path) -> None:
    config = slim(True)
    config = replace(config, training=replace(config.training, out_dir=str(tmp_path)))
    torch.save({"model": build_network(config).state_dict()}, config.model_path)
    Level.load(config)
    decoder = DecoderConfig(hidden_size=16)
    plain = replace(config, model=replace(config.model, decoder_kwargs=decoder))
    with pytest.raises(CheckpointError, match=r"decoder\.fc_p\.weight.*observed silhouette"):
        Level.load(plain)
