"""Muon: matrices by orthogonal steps, all else by Adam, and a state that both can load."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from im2mesh.training.muon import Muon, orthogonalize
from tests.reference import muon as reference

Kind = type[torch.optim.Adam]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40), st.floats(1e-6, 1e6))
def test_singular_values_are_near_one(seed: int, rows: int, columns: int, scale: float) -> None:
    matrix = scale * np.random.default_rng(seed).normal(size=(rows, columns))
    found = orthogonalize(torch.from_numpy(matrix).float()).numpy()
    np.testing.assert_allclose(found, reference.orthogonalize(matrix), atol=2e-3)
    given_values = np.linalg.svd(matrix, compute_uv=False) / np.linalg.norm(matrix)
    values = np.linalg.svd(found, compute_uv=False)
    assert values.max() < 1.21 and (values > 0.66).sum() >= (given_values > 0.003).sum()


def test_nothing_to_go_by() -> None:
    assert not orthogonalize(torch.zeros(3, 5)).any()
    low_rank = torch.outer(torch.arange(5.0), torch.ones(7))
    np.testing.assert_allclose(
        orthogonalize(low_rank), reference.orthogonalize(low_rank.numpy()), atol=1e-4
    )


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv1d(3, 6, 2), nn.ReLU(), nn.Conv1d(6, 4, 1), nn.Conv1d(4, 1, 1))


def train(model: nn.Module, optimizer: torch.optim.Optimizer, steps: range) -> None:
    for step in steps:
        x = torch.randn(8, 3, 5, generator=torch.Generator().manual_seed(step))
        optimizer.zero_grad()
        ((model(x) - x.mean(1, keepdim=True)[..., :4]) ** 2).mean().backward()
        optimizer.step()


def test_steps_are_the_reference() -> None:
    """Matrices by the reference; biases and single rows by Adam; what has no gradient stays."""
    rng = np.random.default_rng(0)
    shapes = [(6, 3, 2), (4, 6), (4,), (1, 6), (2, 2)]
    start = [rng.normal(size=shape).astype(np.float32) for shape in shapes]
    gradients = [[rng.normal(size=shape) for shape in shapes] for _ in range(3)]
    muon, adam = ([nn.Parameter(torch.from_numpy(w.copy())) for w in start] for _ in range(2))
    optimizers = [(muon, Muon(muon, lr=0.01)), (adam, torch.optim.Adam(adam, lr=0.01))]
    for step in gradients:
        for parameters, optimizer in optimizers:
            for parameter, gradient in zip(parameters[:-1], step, strict=False):
                parameter.grad = torch.from_numpy(gradient).float()
            optimizer.step()
            assert parameters[0].grad is not None and parameters[-1].grad is None
    for k in (0, 1):
        rows = shapes[k][0]
        expected = reference.train(
            start[k].reshape(rows, -1), [step[k].reshape(rows, -1) for step in gradients], 0.01
        )
        np.testing.assert_allclose(muon[k].detach().flatten(1), expected, atol=1e-5)
    for k in (2, 3, 4):
        assert torch.equal(muon[k], adam[k])


@pytest.mark.parametrize("first", [Muon, torch.optim.Adam])
@pytest.mark.parametrize("then", [Muon, torch.optim.Adam])
def test_either_goes_on_from_the_other(first: Kind, then: Kind) -> None:
    model = network()
    optimizer = first(model.parameters(), lr=1e-3)
    train(model, optimizer, range(2))
    again = copy.deepcopy(model)
    other = then(again.parameters(), lr=1e-3)
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    before = copy.deepcopy(again)
    train(again, other, range(2, 4))
    for new, old in zip(again.parameters(), before.parameters(), strict=True):
        # No entry leaps because a moment is missing: two steps of at most a few rates.
        assert (new - old).abs().max() < 2 * 3e-3
    if first is then:
        train(model, optimizer, range(2, 4))
        for new, same in zip(again.parameters(), model.parameters(), strict=True):
            assert torch.equal(new, same)
