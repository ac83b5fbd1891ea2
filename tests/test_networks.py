"""The networks: published layout, released numbers, and the folded decoder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from im2mesh.config import from_dict
from im2mesh.errors import ConfigError
from im2mesh.models import build
from im2mesh.models.decoder import CBatchNormDecoder, FoldedDecoder
from im2mesh.models.encoder import BasicBlock, ResNet18Encoder
from im2mesh.models.network import ImplicitNetwork
from tests.reference.networks import reference_decoder
from tests.released import SEEDS, chair_depth, demo_maps, relative_error, seeded_network


def small_network(seed: int = 0, hidden: int = 16, c_dim: int = 12) -> ImplicitNetwork:
    """A tiny network with every parameter and statistic random."""
    generator = torch.Generator().manual_seed(seed)
    network = ImplicitNetwork(
        ResNet18Encoder(c_dim, width=4), CBatchNormDecoder(c_dim, hidden_size=hidden)
    )
    for name, tensor in network.state_dict().items():
        if tensor.dtype.is_floating_point:
            tensor.copy_(0.5 * torch.randn(tensor.shape, generator=generator))
            if name.endswith("running_var"):
                tensor.square_().add_(0.5)
    return network.eval()


def test_layout_is_the_published_one(shared: Path) -> None:
    published = json.loads((shared / "conformance/state_dict.json").read_text())
    network = ImplicitNetwork(ResNet18Encoder(256), CBatchNormDecoder(256))
    ours = {key: list(tensor.shape) for key, tensor in network.state_dict().items()}
    assert ours == published


def test_more_than_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    config = from_dict(
        {
            "data": {"input_type": "depth", "img_size": 256},
            "model": {"decoder": "cbatchnorm", "z_dim": 0, "c_dim": 12},
        },
        Path("x.yaml"),
    )
    monkeypatch.setattr(build, "CBatchNormDecoder", lambda *_: torch.empty(1 << 50))
    with pytest.raises(ConfigError) as caught:
        build.build_network(config)
    assert str(caught.value) == (
        "x.yaml: a network of model.encoder_kwargs.width 64, model.decoder_kwargs.hidden_size 256 "
        "and model.c_dim 12 does not fit into memory; lower them"
    )


@pytest.mark.parametrize("level", ["global", "p32s16", "p64s32"])
def test_released_codes_and_logits(shared: Path, level: str) -> None:
    released = np.load(shared / "conformance/released_networks.npz")
    network = seeded_network(shared, SEEDS[level]).eval()
    top, bottom, left, right = released[f"{level}_rows_cols"]
    image = torch.from_numpy(chair_depth(shared)[top:bottom, left:right])[None, None]
    points = torch.from_numpy(released[f"{level}_points"])
    with torch.inference_mode():
        code = network.encoder(image)[0]
        plain = network(image, points[None])[0]
        folded = network.bind(image)(points, [len(points)], 100_000)
    assert relative_error(code, released[f"{level}_code"]) < 1e-4
    assert relative_error(plain, released[f"{level}_logits"]) < 1e-4
    assert relative_error(folded, released[f"{level}_logits"]) < 1e-4


@pytest.mark.parametrize("level", ["global", "p32s16", "p64s32"])
def test_released_training_mode(shared: Path, level: str) -> None:
    released = np.load(shared / "conformance/released_networks.npz")
    network = seeded_network(shared, SEEDS[level]).train()
    if level == "global":
        images = demo_maps(shared)
        images = torch.cat([images, images.flip(2)])
    else:
        images = torch.from_numpy(released[f"{level}_train_inputs"])
    points = torch.from_numpy(released[f"{level}_train_points"])
    with torch.no_grad():
        values = network(images[:, None], points)
    assert relative_error(values, released[f"{level}_train_logits"]) < 1e-4


@settings(max_examples=25, deadline=None)
@given(
    counts=st.lists(st.integers(0, 40), min_size=1, max_size=5),
    batch_size=st.integers(1, 50),
    seed=st.integers(0, 100),
)
def test_folded_decoder_equals_the_plain_one(counts: list[int], batch_size: int, seed: int) -> None:
    network = small_network(seed)
    generator = torch.Generator().manual_seed(seed)
    points = torch.rand(sum(counts), 3, generator=generator) - 0.5
    codes = torch.randn(len(counts), 12, generator=generator)
    folded = FoldedDecoder(network.decoder, codes)
    values = folded(points, counts, batch_size)
    with torch.no_grad():
        parts = torch.split(points, counts)
        plain = [network.decoder(p[None], c[None])[0] for p, c in zip(parts, codes, strict=True)]
    expected = torch.cat(plain)
    if len(expected):
        assert (values - expected).abs().max() <= 1e-4 * expected.abs().max()
    assert folded.rows == sum(counts)


def test_plain_decoder_equals_the_reference() -> None:
    network = small_network(3)
    points, codes = torch.rand(2, 7, 3) - 0.5, torch.randn(2, 12)
    with torch.no_grad():
        values = network.decoder(points, codes).numpy()
    weights = {k: v.double().numpy() for k, v in network.decoder.state_dict().items()}
    for b in range(2):
        expected = reference_decoder(weights, points[b].double().numpy(), codes[b].double().numpy())
        assert np.abs(values[b] - expected).max() <= 1e-4 * np.abs(expected).max()


def test_a_value_does_not_depend_on_its_company() -> None:
    """The coarse and the dense extraction must see the same signs, to the last bit."""
    network = small_network(1, hidden=128)
    points = torch.rand(4000, 3) - 0.5
    folded = FoldedDecoder(network.decoder, torch.randn(1, 12))
    together = folded(points, [4000], 100_000)
    for start, stop in ((0, 1), (5, 7), (100, 1000), (1234, 3999)):
        alone = folded(points[start:stop], [stop - start], 100_000)
        assert torch.equal(alone, together[start:stop])


def test_conditional_batch_norm_starts_plain() -> None:
    decoder = CBatchNormDecoder(12, 16)
    scale, shift = decoder.bn.fold(torch.randn(3, 12))
    torch.testing.assert_close(scale, torch.ones(3, 16), rtol=1e-4, atol=1e-4)
    assert torch.equal(shift, torch.zeros(3, 16))
    for block in decoder.blocks:
        x = torch.randn(2, 5, 16)
        bias = block.fc_1.bias
        torch.testing.assert_close(block(x, torch.randn(2, 12)), x + bias)


@pytest.mark.parametrize("size", [16, 32, 64, 128, 256])
def test_any_window_can_be_encoded(size: int) -> None:
    network = small_network()
    assert network.encoder(torch.rand(2, 1, size, size)).shape == (2, 12)


@pytest.mark.parametrize("channels", [4, 32])
@pytest.mark.parametrize("side", [1, 2, 3])
def test_block_gradient_in_bfloat16(channels: int, side: int) -> None:
    """Small images too: of one pixel, memory that nobody wrote once came into the gradient."""
    torch.manual_seed(0)
    block = BasicBlock(channels, 2 * channels, stride=2)
    images = torch.randn(16, channels, side, side)
    expected = torch.autograd.grad(block.conv1(images).square().sum(), block.conv1.weight)[0]
    for _ in range(20):
        torch.full((200_000,), 3e38)  # what the next one may find in memory
        with torch.autocast("cpu", torch.bfloat16):
            hidden = block._first(images)
        found = torch.autograd.grad(hidden.float().square().sum(), block.conv1.weight)[0]
        assert relative_error(found, expected.numpy()) < 0.05


def test_the_rounded_decoder_is_near_and_keeps_its_company_apart() -> None:
    network = small_network(1, hidden=64)
    points = torch.rand(900, 3) - 0.5
    folded = FoldedDecoder(network.decoder, torch.randn(2, 12))
    rounded = folded.rounded()
    exact, values = folded(points, [400, 500], 300), rounded(points, [400, 500], 300)
    assert values.dtype == torch.float32 and not torch.equal(values, exact)
    assert (values - exact).abs().max() < 0.1 * exact.abs().max()
    assert (folded.rows, rounded.rows) == (900, 900)
    assert torch.equal(rounded(points[:7], [7, 0], 300), values[:7])
    assert torch.equal(folded(points, [400, 500], 300), exact)
