"""Fields: patches blended, levels fused, ranges moved."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from im2mesh.generation.field import FusedField, PatchField, Rescale
from im2mesh.geometry.patches import WEIGHTINGS, Windows
from im2mesh.objectives import Occupancy, SignedDistance, build_objective
from tests.fixtures import ball_field
from tests.reference.patches import reference_blend


class FakeDecoder:
    """Stands in for a folded decoder: value = function(window number, local points)."""

    def __init__(self, windows: list[int], function) -> None:
        self.windows, self.function = windows, function
        self.codes = len(windows)

    def __call__(self, points: Tensor, counts: list[int], batch_size: int) -> Tensor:
        parts = torch.split(points, counts)
        return torch.cat([self.function(w, p) for w, p in zip(self.windows, parts, strict=True)])


def patch_field(
    size: int, stride: int, chosen: list[int], function, weighting: str = "gaussian"
) -> PatchField:
    windows = Windows(size, stride)
    active = torch.zeros(len(windows), dtype=torch.bool)
    active[chosen] = True
    return PatchField(
        FakeDecoder(sorted(chosen), function),  # type: ignore[arg-type]
        Occupancy(0.5),
        lambda points: windows.assign(points, active, weighting),
        100_000,
    )


@settings(max_examples=30, deadline=None)
@given(
    tiling=st.sampled_from([(128, 64), (64, 32), (32, 16), (16, 16), (16, 8), (96, 32)]),
    weighting=st.sampled_from(list(WEIGHTINGS)),
    constant=st.floats(-50, 50, width=32),
    seed=st.integers(0, 99),
)
def test_a_constant_blends_to_itself(
    tiling: tuple[int, int], weighting: str, constant: float, seed: int
) -> None:
    windows = Windows(*tiling)
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.nonzero(torch.rand(len(windows), generator=generator) < 0.6).ravel().tolist()
    field = patch_field(*tiling, chosen, lambda _, p: torch.full((len(p),), constant), weighting)
    points = torch.rand(300, 3, generator=generator) - 0.5
    points[:8] = torch.cartesian_prod(*[torch.tensor([-0.5, 0.5])] * 3)
    values = field(points)
    owned = torch.bincount(windows.assign(points).point, minlength=300) > 0
    active = torch.zeros(len(windows), dtype=torch.bool)
    active[chosen] = True
    covered = torch.bincount(windows.assign(points, active).point, minlength=300) > 0
    assert owned.all()
    torch.testing.assert_close(values[covered], torch.full((int(covered.sum()),), constant))
    assert torch.all(values[~covered] == Occupancy(0.5).empty)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("tiling", [(64, 32), (32, 16), (16, 8), (96, 32)])
def test_blend_is_the_definition(tiling: tuple[int, int], weighting: str) -> None:
    def function(window: int, local: Tensor) -> Tensor:
        return window + local[:, 0] * 3 - local[:, 1] + 5 * local[:, 2]

    windows = Windows(*tiling)
    chosen = [w for w in range(len(windows)) if w % 3]
    field = patch_field(*tiling, chosen, function, weighting)
    points = torch.rand(60, 3, generator=torch.Generator().manual_seed(5)) - 0.5
    functions = {w: (lambda q, w=w: w + q[0] * 3 - q[1] + 5 * q[2]) for w in chosen}
    expected = [
        reference_blend(p, functions, *tiling, weighting=weighting) for p in points.double().numpy()
    ]
    np.testing.assert_allclose(field(points), expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("weighting", "jump"), [("gaussian", 1 / 17), ("flat", 1 / 2), ("hann", 0)]
)
def test_the_jump_where_a_patch_ends(weighting: str, jump: float) -> None:
    """Patches that disagree: at the middle of an edge of the second one, one side and the other."""
    windows = Windows(64, 32)
    field = patch_field(64, 32, [0, 1], lambda window, p: torch.full((len(p),), window), weighting)
    edge = (windows.corners()[1][1] - 0.01) / 256 - 0.5, 0.5 - 32 / 256, 0.0
    before, behind = field(torch.tensor([edge, (edge[0] + 0.02 / 256, *edge[1:])])).tolist()
    # The first window counts 1 there, and the second 1/16, as much as the first, or nothing.
    assert before == 0
    assert behind == pytest.approx(jump, abs=1e-3)


sphere = ball_field(0.3)


@pytest.mark.parametrize("levels", [1, 2, 3, 5])
def test_a_level_fused_with_itself_is_itself(levels: int) -> None:
    points = torch.rand(1000, 3) - 0.5
    fused = FusedField([sphere] * levels, iso_level=0.0)
    torch.testing.assert_close(fused(points), sphere(points), rtol=0, atol=1e-6)


def test_fusion_is_the_mean() -> None:
    fused = FusedField([lambda p: p[:, 0], lambda p: p[:, 1], lambda p: p[:, 2]], 0.0)
    points = torch.rand(100, 3)
    torch.testing.assert_close(fused(points), points.mean(1))


def test_fusion_by_weights() -> None:
    values = torch.tensor([[1.0, -2.0], [3.0, 4.0], [0.0, 8.0]])
    levels = [lambda points, row=row: row for row in values]
    points = torch.zeros(2, 3)
    weighted = FusedField(levels, 0.0, weights=[3.0, 1.0, 1.0])(points)
    torch.testing.assert_close(weighted, torch.tensor([6 / 5, 6 / 5]))
    same = FusedField(levels, 0.0, weights=[2.0] * 3)(points)
    torch.testing.assert_close(same, FusedField(levels, 0.0)(points))


def test_fusing_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one level"):
        FusedField([], 0.0)


@settings(max_examples=50, deadline=None)
@given(
    iso_from=st.floats(-3, 3),
    iso_to=st.floats(-0.1, 0.1),
    low=st.floats(-20, -4),
    high=st.floats(4, 20),
)
def test_rescaling_makes_iso_levels_and_larger_ends_meet(
    iso_from: float, iso_to: float, low: float, high: float
) -> None:
    reference = (-0.7, 0.3)
    move = Rescale.between(iso_from, (low, high), iso_to, reference)
    values = torch.tensor([low, iso_from, high], dtype=torch.float64)
    moved = move(values)
    assert math.isclose(moved[1], iso_to, abs_tol=1e-9)
    if abs(low - iso_from) > abs(high - iso_from):
        assert math.isclose(moved[0], reference[0], abs_tol=1e-9)
    else:
        assert math.isclose(moved[2], reference[1], abs_tol=1e-9)


def test_rescaling_a_silent_level() -> None:
    """All cells at one value, exactly the iso-level: nothing to scale, nothing to divide by."""
    move = Rescale.between(0.5, (0.5, 0.5), -0.02, (-1.0, 1.0))
    torch.testing.assert_close(move(torch.tensor(0.5)), torch.tensor(-0.02))


def test_fused_field_must_be_calibrated_where_levels_differ() -> None:
    fused = FusedField([sphere, lambda p: 10 * sphere(p)], -0.02, [None, 0.0])
    assert not fused.calibrated
    fused.calibrate([(-0.5, 0.3), (-5.0, 3.0)])
    points = torch.rand(50, 3) - 0.5
    # −5 is the larger end of the second level and lands on −0.5; its iso-level on −0.02.
    moved = 10 * sphere(points) * (0.48 / 5) - 0.02
    torch.testing.assert_close(fused(points), (sphere(points) + moved) / 2)


def test_a_patch_level_of_distances_counts_beside_logits() -> None:
    """Where no patch is it says a distance, not a logit, so its range is that of distances."""
    objective, windows = SignedDistance(0.0), Windows(64, 64)
    active = torch.arange(len(windows)) % 2 == 0
    numbers = active.nonzero().ravel().tolist()
    decoder = FakeDecoder(numbers, lambda _, p: torch.full((len(p),), 0.3))
    assign = partial(windows.assign, active=active)
    values = PatchField(decoder, objective, assign, 1000)(torch.rand(2000, 3) - 0.5)  # type: ignore
    assert values.min() == objective.empty and values.max().item() == pytest.approx(-0.3)
    move = Rescale.between(0.0, (float(values.min()), float(values.max())), 0.0, (-10.0, 10.0))
    assert move(torch.tensor(-0.3)) == pytest.approx(-3)


def test_occupancy_and_signed_distance_differ_in_sign_and_iso_level() -> None:
    occupancy, sdf = build_objective("onet", 0.2), build_objective("onet_sdf", -0.02)
    assert isinstance(occupancy, Occupancy) and isinstance(sdf, SignedDistance)
    assert math.isclose(occupancy.iso_level, math.log(0.2 / 0.8))
    assert sdf.iso_level == -0.02
    values = torch.tensor([-1.0, 2.0])
    assert torch.equal(occupancy.field(values), values)
    assert torch.equal(sdf.field(values), -values)
    # inside where sdf < +0.02
    assert bool(sdf.field(torch.tensor(0.019)) > sdf.iso_level)
    assert not bool(sdf.field(torch.tensor(0.021)) > sdf.iso_level)
