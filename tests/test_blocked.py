"""The blocked training kernel: its values, its gradients, and the layers that use it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from im2mesh.models import layers
from im2mesh.models.blocked import moments, norm_relu_linear
from im2mesh.models.decoder import CBatchNormDecoder
from tests.reference.networks import reference_norm_relu_linear

EPS = 1e-5


def arguments(
    seed: int, batch: int, points: int, channels: int, out: int, residual: bool
) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)

    def random(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()

    return (
        random(batch, points, channels),
        random(batch, channels),
        random(batch, channels),
        random(out, channels),
        random(out),
        *([random(batch, points, out)] if residual else []),
    )


sizes = st.integers(1, 6)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 99), sizes, st.integers(2, 9), sizes, sizes, st.booleans())
def test_values(seed: int, batch: int, points: int, channels: int, out: int, extra: bool) -> None:
    tensors = arguments(seed, batch, points, channels, out, extra)
    x, gamma, beta, weight, bias, *residual = tensors
    y, mean, variance = norm_relu_linear(
        x, gamma, beta, weight, bias, residual[0] if extra else None, EPS
    )
    arrays = [tensor.detach().numpy() for tensor in tensors]
    expected = reference_norm_relu_linear(*arrays[:5], arrays[5] if extra else None, EPS)
    np.testing.assert_allclose(y.detach().numpy(), expected, atol=1e-9)
    rows = arrays[0].reshape(-1, channels)
    np.testing.assert_allclose(mean.numpy(), rows.mean(0), atol=1e-12)
    np.testing.assert_allclose(variance.numpy(), rows.var(0), atol=1e-12)


@pytest.mark.parametrize("residual", [False, True])
def test_gradients(residual: bool) -> None:
    tensors = arguments(1, 3, 5, 4, 4, residual)

    def value(x: Tensor, gamma: Tensor, beta: Tensor, w: Tensor, b: Tensor, *r: Tensor) -> Tensor:
        return norm_relu_linear(x, gamma, beta, w, b, r[0] if r else None, EPS)[0]

    assert torch.autograd.gradcheck(value, tensors)


def test_moments_keep_their_digits_far_from_zero() -> None:
    x = torch.randn(4, 500, 3) * 0.01 + 1000
    mean, variance = moments(x)
    rows = x.double().reshape(-1, 3)
    torch.testing.assert_close(variance.double(), rows.var(0, unbiased=False), rtol=1e-2, atol=0)
    torch.testing.assert_close(mean.double(), rows.mean(0), rtol=1e-6, atol=0)


def test_the_decoder_trains_alike_with_and_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values, gradients of every parameter, and running statistics."""
    results = []
    for blocked in (True, False):
        torch.manual_seed(0)
        decoder = CBatchNormDecoder(8, 16).double().train()
        for parameter in decoder.parameters():
            torch.nn.init.normal_(parameter, std=0.4)
        if not blocked:
            monkeypatch.setattr(layers, "norm_relu_linear", None)  # not to be called
            monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
        points = torch.rand(4, 30, 3, dtype=torch.float64) - 0.5
        codes = torch.randn(4, 8, dtype=torch.float64, requires_grad=True)
        values = decoder(points, codes)
        values.square().sum().backward()
        assert codes.grad is not None
        gradients = {name: p.grad for name, p in decoder.named_parameters()}
        results.append((values, codes.grad, gradients, dict(decoder.named_buffers())))
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)
